//! `plenary ask`: a question and its answers without a screen.
//!
//! Puts the question together, addresses it, runs it through `runtime::headless` and says by its exit code
//! what came of it: 0 all answered, 1 some did not, 2 usage or configuration, 3 nobody answered, 130
//! interrupted, 143 terminated.

use std::io::{self, IsTerminal};
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::export::Source;
use super::{CliError, attach, configure, fetch, open_store, out, runtime, say};
use crate::app::Submission;
use crate::config::{Flags, Setup, nearest};
use crate::domain::{Ending, PersonaId};
use crate::export;
use crate::prompt;
use crate::runtime::headless::jsonl_output::JsonlOutput;
use crate::runtime::headless::text_output::{NoOutput, TextOutput};
use crate::runtime::headless::{
    self, Finished, Output, PreparedAsk, build_headless_roster, ending_of,
};
use crate::store::Store;

/// `plenary ask`
#[derive(Debug, Clone, Default, Args)]
pub struct Ask {
    /// The question; standard input is attached to it, or is the question when there is none
    #[arg(value_name = "QUESTION")]
    pub question: Vec<String>,
    /// Attach a text file, 1 MiB at most; may be repeated
    #[arg(long, value_name = "FILE")]
    pub file: Vec<PathBuf>,
    /// How the answers are written
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
    /// Fetch the local model without asking when it is not there
    #[arg(long)]
    pub pull: bool,
}

/// How the answers are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// One answer below the other, the first unfinished one as it arrives
    #[default]
    Text,
    /// A Markdown document, when all have ended
    Markdown,
    /// One JSON object, when all have ended
    Json,
    /// One JSON object per event, as it happens
    Jsonl,
}

impl Format {
    /// The export of this name; none for the formats that are written while answers arrive.
    fn export(self) -> Option<&'static str> {
        match self {
            Self::Markdown => Some("markdown"),
            Self::Json => Some("json"),
            Self::Text | Self::Jsonl => None,
        }
    }
}

/// Runs `plenary ask`; the number is the exit code.
pub fn run(ask: &Ask, flags: &Flags) -> Result<u8, CliError> {
    let setup = configure(flags)?;
    let asked = attach::question(&ask.question.join(" "), &ask.file)?;
    let submission = address(&setup, &asked, !flags.personas.is_empty())?;
    let targets = build_headless_roster(&setup).find_targets(&submission, &[]);
    let asked: Vec<PersonaId> = targets.iter().map(|target| target.persona.id.clone()).collect();
    fetch::ensure(&setup, &asked, ask.pull)?;
    let mut prepared = PreparedAsk::new(&setup, build_headless_roster(&setup), submission);
    if let Some(why) = prepared.find_obstacles() {
        return Err(CliError::usage(why));
    }
    for notice in &setup.notices {
        say(notice);
    }
    let store = open_store(&setup.paths);
    let finished = answer(prepared, ask.format, store.clone())?;
    store.flush();
    if let Some(trouble) = store.trouble() {
        say(&trouble.to_string());
    }
    conclude(&setup, &finished, ask.format)
}

/// Finds out who is asked. A mention of nobody is an error where a person typed it; in text that was piped in
/// an `@` may be anything.
fn address(setup: &Setup, asked: &attach::Asked, panel_only: bool) -> Result<Submission, CliError> {
    let known: Vec<PersonaId> = setup.personas.iter().map(|p| p.id.clone()).collect();
    let mut addressed = prompt::split_mentions(&asked.words, &known);
    if let Some(unknown) = addressed.unknown.first() {
        if !asked.piped {
            let word = unknown.trim_start_matches('@');
            let hint = nearest::hint(word, known.iter().map(PersonaId::as_str));
            let ids = known.iter().map(|id| format!("@{id}")).collect::<Vec<_>>().join(", ");
            return Err(CliError::usage(format!(
                "@{word} names no persona{hint} (known: {ids}); if it is part of the question, put a word \
                 before it"
            )));
        }
        addressed = prompt::AddressedQuestion { text: asked.words.clone(), ..Default::default() };
    }
    if addressed.text.trim().is_empty() {
        return Err(CliError::usage("the question is empty behind its mentions"));
    }
    Ok(Submission {
        question: asked.with(&asked.words),
        sent: asked.with(&addressed.text),
        trigger_text: addressed.text,
        targets: addressed.targets,
        panel_only,
    })
}

fn answer(prepared: PreparedAsk, format: Format, store: Store) -> Result<Finished, CliError> {
    // Locking standard output for good costs nothing here: nobody else writes to it.
    let mut output: Box<dyn Output> = match format {
        Format::Text => Box::new(TextOutput::new(io::stdout().lock(), io::stderr())),
        Format::Jsonl => Box::new(JsonlOutput::new(io::stdout().lock())),
        Format::Markdown | Format::Json => Box::new(NoOutput),
    };
    let runtime = runtime()?;
    let finished = runtime.block_on(headless::ask(prepared, output.as_mut(), store));
    // A task that cannot be stopped (a name being looked up) must not hold up the end.
    runtime.shutdown_background();
    Ok(finished)
}

/// Writes what is written at the end, and finds the exit code.
fn conclude(setup: &Setup, finished: &Finished, format: Format) -> Result<u8, CliError> {
    match &finished.output {
        Err(e) if e.kind() == io::ErrorKind::BrokenPipe => return Ok(0),
        Err(e) => return Err(CliError::failed(format!("standard output: {e}"))),
        Ok(()) => {}
    }
    if let Some(name) = format.export() {
        let export = export::find_format(name).ok_or_else(|| {
            CliError::failed(format!("this program was built without the format {name}"))
        })?;
        let source = Source::of(setup);
        if let Some(session) = finished.session() {
            out(&(export.write)(session, &source.reading()))?;
        }
    }
    let (asked, answered) = (finished.runs().len(), finished.answered());
    if format != Format::Jsonl && (answered < asked || io::stderr().is_terminal()) {
        footer(finished, answered);
    }
    Ok(match finished.stopped {
        Some(stop) => stop.exit_code(),
        None if answered == asked => 0,
        None if answered == 0 => 3,
        None => 1,
    })
}

fn footer(finished: &Finished, answered: usize) {
    say(&format!("{answered} of {} answered", finished.runs().len()));
    for live in &finished.runs() {
        if let Some(ending) = ending_of(live).filter(|ending| !Ending::answered(ending)) {
            say(&format!("{} {ending}", live.run.persona));
        }
    }
}
