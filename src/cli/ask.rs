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
use crate::config::{Flags, Setup, nearest};
use crate::domain::{Ending, PersonaId};
use crate::export;
use crate::prompt;
use crate::runtime::headless::jsonl::Jsonl;
use crate::runtime::headless::plain::{Plain, Silent};
use crate::runtime::headless::plan::members;
use crate::runtime::headless::{self, Finished, Output, Plan, Question};
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
    let question = address(&setup, &asked, !flags.personas.is_empty())?;
    let asked: Vec<_> = members(&setup, &question).into_iter().map(|p| p.id.clone()).collect();
    fetch::ensure(&setup, &asked, ask.pull)?;
    let mut plan = Plan::new(&setup, &question);
    if let Some(why) = plan.impossible() {
        return Err(CliError::usage(why));
    }
    for notice in &setup.notices {
        say(notice);
    }
    let store = open_store(&setup.paths);
    let finished = answer(&mut plan, ask.format, &store)?;
    store.flush();
    if let Some(trouble) = store.trouble() {
        say(&trouble.to_string());
    }
    conclude(&setup, &plan, &finished, ask.format)
}

/// Finds out who is asked. A mention of nobody is an error where a person typed it; in text that was piped in
/// an `@` may be anything.
fn address(setup: &Setup, asked: &attach::Asked, fixed: bool) -> Result<Question, CliError> {
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
    Ok(Question {
        whole: asked.with(&asked.words),
        sent: asked.with(&addressed.text),
        words: addressed.text,
        targets: addressed.targets,
        fixed,
    })
}

fn answer(plan: &mut Plan, format: Format, store: &Store) -> Result<Finished, CliError> {
    // Locking standard output for good costs nothing here: nobody else writes to it.
    let mut output: Box<dyn Output> = match format {
        Format::Text => Box::new(Plain::new(io::stdout().lock(), io::stderr())),
        Format::Jsonl => Box::new(Jsonl::new(io::stdout().lock())),
        Format::Markdown | Format::Json => Box::new(Silent),
    };
    let runtime = runtime()?;
    let finished = runtime.block_on(headless::ask(plan, output.as_mut(), store));
    // A task that cannot be stopped (a name being looked up) must not hold up the end.
    runtime.shutdown_background();
    Ok(finished)
}

/// Writes what is written at the end, and finds the exit code.
fn conclude(
    setup: &Setup,
    plan: &Plan,
    finished: &Finished,
    format: Format,
) -> Result<u8, CliError> {
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
        out(&(export.write)(&finished.session(plan), &source.reading()))?;
    }
    let (asked, answered) = (finished.runs.len(), finished.answered());
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
    say(&format!("{answered} of {} answered", finished.runs.len()));
    for live in &finished.runs {
        if let Some(ending) = live.ending().filter(|ending| !Ending::answered(ending)) {
            say(&format!("{} {ending}", live.run.persona));
        }
    }
}
