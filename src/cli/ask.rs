//! `plenary ask`: one question and its answers without the screen.
//!
//! Builds the question, resolves its mentions, runs it with `runtime::headless` and returns one of the exit codes of
//! [`exit_status::ASK`].

use std::collections::BTreeMap;
use std::io::{self, IsTerminal};
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};

use super::ask_input::{self, AskInput};
use super::export::ExportInputs;
use super::{
    CliError, build_runtime, download, exit_status, load_setup, open_store, print_message,
    print_messages, write_stdout,
};
use crate::app::Submission;
use crate::config::{AskedHost, Flags, Setup, read_project_status};
use crate::domain::{Ending, PersonaId, project_tag};
use crate::export;
use crate::prompt;
use crate::runtime::headless::jsonl_output::JsonlOutput;
use crate::runtime::headless::text_output::{NoOutput, TextOutput};
use crate::runtime::headless::{
    self, Finished, Output, PreparedAsk, build_headless_roster, ending_of,
};
use crate::store::{Store, StoreError};
use crate::text::did_you_mean;

/// How long the end waits until the answers are on disk.
const SAVE_TIME: Duration = Duration::from_secs(15);

/// Arguments of `plenary ask`.
#[derive(Debug, Clone, Default, Args)]
pub struct AskArgs {
    /// Question; standard input is attached to it, or is the question if none is given
    #[arg(value_name = "QUESTION")]
    pub question: Vec<String>,
    /// Attach a text file of at most 1 MiB (repeatable)
    #[arg(long, value_name = "FILE")]
    pub file: Vec<PathBuf>,
    /// Output format
    #[arg(long, value_enum, default_value_t)]
    pub format: AskFormat,
    /// Download a missing local model without asking
    #[arg(long)]
    pub pull: bool,
}

/// Output format of `plenary ask`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum AskFormat {
    /// Text in the order of the panel; the first unfinished answer is printed as it streams
    #[default]
    Text,
    /// A Markdown document, printed when all answers have ended
    Markdown,
    /// One JSON object, printed when all answers have ended
    Json,
    /// One JSON object per event, printed at once
    Jsonl,
}

impl AskFormat {
    /// Returns the name of the export format, or none for the formats that are written while answers stream.
    fn export_name(self) -> Option<&'static str> {
        match self {
            Self::Markdown => Some("markdown"),
            Self::Json => Some("json"),
            Self::Text | Self::Jsonl => None,
        }
    }
}

/// Runs `plenary ask` and returns the exit code.
pub fn run_ask(args: &AskArgs, flags: &Flags) -> Result<u8, CliError> {
    // Before anything else: --model may name a model of the project.
    let project = read_project_status(flags).map_err(|e| CliError::usage(e.to_string()))?;
    if let Some(refusal) = project.refusal() {
        return Err(CliError::usage(refusal));
    }
    let setup = load_setup(flags)?;
    let input = ask_input::read_question(&args.question.join(" "), &args.file)?;
    let submission = address_question(&setup, &input, !flags.personas.is_empty())?;
    let targets = build_headless_roster(&setup).find_targets(&submission, &[]);
    let asked: Vec<PersonaId> = targets.iter().map(|target| target.persona.id.clone()).collect();
    download::ensure_model_files(&setup, &asked, args.pull)?;
    let mut prepared = PreparedAsk::new(&setup, build_headless_roster(&setup), submission);
    if let Some(obstacles) = prepared.find_obstacles() {
        return Err(CliError::usage(obstacles));
    }
    print_messages(&setup.warnings);
    print_messages(&describe_hosts(&setup, &asked));
    print_messages(&prepared.take_notices());
    let store = open_store(&setup.paths);
    let host = |(name, asked): (&String, &AskedHost)| (name.clone(), asked.host.clone());
    let hosts = setup.hosts.iter().map(host).collect();
    let finished = ask_and_stream(prepared, args.format, hosts, store.clone())?;
    report_unsaved(&store);
    write_results(&setup, &finished, args.format)
}

/// Names the host of each model that is asked elsewhere than its name suggests, and of those that the project chose.
fn describe_hosts(setup: &Setup, asked: &[PersonaId]) -> Vec<String> {
    let mut lines = Vec::new();
    let choices = asked.iter().filter_map(|id| setup.models.get(id)?.as_ref().ok());
    for choice in choices {
        if let Some(asked) = setup.asked_host(&choice.model).filter(|asked| asked.may_mislead) {
            let line = format!("{} is asked at {}", choice.model, asked.host);
            if !lines.contains(&line) {
                lines.push(line);
            }
        }
    }
    lines
}

/// Waits until the answers are on disk, and says on standard error which are not, and why.
fn report_unsaved(store: &Store) {
    let unsaved = store.flush_within(SAVE_TIME);
    let mut is_failing = false;
    while let Some(error) = store.take_error() {
        match error {
            // Says that the changes are in memory, where they soon are not any more.
            StoreError::Failing(_) => is_failing = true,
            StoreError::Recovered { .. } | StoreError::ChangedElsewhere => {}
            other => print_message(&other.to_string()),
        }
    }
    match unsaved {
        Ok(unsaved) if is_failing && !unsaved.is_empty() => print_message(&unsaved.describe_loss()),
        Ok(_) => {}
        Err(e) => print_message(&e.to_string()),
    }
}

/// Resolves the mentions in the question. An unknown mention is an error in a typed question; in piped text, `@` can mean
/// anything, so the text is asked verbatim.
fn address_question(
    setup: &Setup,
    input: &AskInput,
    panel_only: bool,
) -> Result<Submission, CliError> {
    let known: Vec<PersonaId> = setup.personas.iter().map(|p| p.id.clone()).collect();
    let mut addressed = prompt::split_mentions(&input.words, &known);
    if let Some(unknown) = addressed.unknown.first() {
        if !input.is_piped {
            let word = unknown.trim_start_matches('@');
            let hint = did_you_mean(word, known.iter().map(PersonaId::as_str));
            let ids = known.iter().map(|id| format!("@{id}")).collect::<Vec<_>>().join(", ");
            return Err(CliError::usage(format!(
                "@{word} names no persona{hint} (known: {ids}); if it is part of the question, put a word \
                 before it"
            )));
        }
        addressed = prompt::AddressedQuestion { text: input.words.clone(), ..Default::default() };
    }
    if addressed.text.trim().is_empty() {
        return Err(CliError::usage("the question is empty after its mentions"));
    }
    Ok(Submission {
        question: input.with_documents(&input.words),
        sent: input.with_documents(&addressed.text),
        trigger_text: addressed.text,
        targets: addressed.targets,
        panel_only,
    })
}

/// Asks all personas and writes the formats that stream.
fn ask_and_stream(
    prepared: PreparedAsk,
    format: AskFormat,
    hosts: BTreeMap<String, String>,
    store: Store,
) -> Result<Finished, CliError> {
    // The lock on standard output is held until the end: nothing else writes there.
    let mut output: Box<dyn Output> = match format {
        AskFormat::Text => Box::new(TextOutput::new(io::stdout().lock(), io::stderr())),
        AskFormat::Jsonl => Box::new(JsonlOutput::new(io::stdout().lock(), hosts)),
        AskFormat::Markdown | AskFormat::Json => Box::new(NoOutput),
    };
    let runtime = build_runtime()?;
    let finished = runtime.block_on(headless::ask(prepared, output.as_mut(), store));
    // A blocking task that cannot be cancelled (a DNS lookup) must not delay the exit.
    runtime.shutdown_background();
    Ok(finished)
}

/// Writes the formats that need all answers, reports unanswered runs and returns the exit code.
fn write_results(setup: &Setup, finished: &Finished, format: AskFormat) -> Result<u8, CliError> {
    finished.output.as_ref().map_err(CliError::output)?;
    if let Some(name) = format.export_name() {
        let export = export::find_format(name).ok_or_else(|| {
            CliError::failed(format!("this program was built without the format {name}"))
        })?;
        let inputs = ExportInputs::from_setup(setup);
        if let Some(session) = finished.session() {
            write_stdout(&(export.write)(session, &inputs.as_reading()))?;
        }
    }
    let (asked, answered) = (finished.runs().len(), finished.answered());
    if format != AskFormat::Jsonl && (answered < asked || io::stderr().is_terminal()) {
        print_summary(finished, answered);
    }
    Ok(match finished.stopped {
        Some(stop) => stop.exit_code(),
        None if answered == asked => 0,
        None if answered == 0 => exit_status::NONE_ANSWERED,
        None => exit_status::SOME_UNANSWERED,
    })
}

/// Prints how many runs were answered, and the ending of each run that was not.
fn print_summary(finished: &Finished, answered: usize) {
    print_message(&format!("{answered} of {} answered", finished.runs().len()));
    for live in &finished.runs() {
        if let Some(ending) = ending_of(live).filter(|ending| !Ending::is_done(ending)) {
            let who = project_tag(live.run.persona.as_str(), live.run.notes.is_project());
            print_message(&format!("{who} {ending}"));
        }
    }
}
