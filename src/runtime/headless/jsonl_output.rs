//! `--format jsonl`: one object per event as it happens. Fields may be added, never renamed.
//!
//! The deltas of a persona join to the text of its `end`. Everything is sanitised.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde::Serialize;

use super::{HeadlessEvent, Output, count_answered, ending_of};
use crate::app::RunRef;
use crate::domain::{Session, Usage};
use crate::text::{sanitize, sanitize_line};

/// Writes events as JSON lines.
pub struct JsonlOutput<W: Write> {
    to: W,
    /// The lines of this wake-up: they leave in one write.
    lines: Vec<u8>,
    /// Hosts by the name of their provider.
    hosts: BTreeMap<String, String>,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
enum JsonlEvent<'a> {
    Turn {
        session: String,
        turn: usize,
        question: String,
        panel: String,
        personas: Vec<&'a str>,
    },
    Start {
        persona: &'a str,
        model: String,
        /// The host that is asked, where it is not the usual one of a built-in provider.
        #[serde(skip_serializing_if = "Option::is_none")]
        host: Option<&'a str>,
        /// True when the persona comes from the project.
        project: bool,
        attempt: u32,
    },
    Reasoning {
        persona: &'a str,
        text: &'a str,
    },
    Delta {
        persona: &'a str,
        text: &'a str,
    },
    Retry {
        persona: &'a str,
        attempt: u32,
        of: u32,
        in_ms: u64,
        reason: String,
    },
    End {
        persona: &'a str,
        state: &'a str,
        text: &'a str,
        reason: Option<String>,
        ms: u64,
        usage: Option<Usage>,
        model: String,
        answered_by: Option<&'a str>,
        notes: Vec<String>,
    },
    Summary {
        session: String,
        asked: usize,
        answered: usize,
    },
}

impl<W: Write> JsonlOutput<W> {
    /// Writes to `to`. `hosts` are those of providers that are not asked at their usual host.
    pub fn new(to: W, hosts: BTreeMap<String, String>) -> Self {
        Self { to, lines: Vec::new(), hosts }
    }

    fn push_line(&mut self, line: &JsonlEvent<'_>) -> io::Result<()> {
        push_json_line(&mut self.lines, line)
    }
}

fn push_json_line(lines: &mut Vec<u8>, line: &JsonlEvent<'_>) -> io::Result<()> {
    serde_json::to_writer(&mut *lines, line)?;
    lines.push(b'\n');
    Ok(())
}

fn millis(time: std::time::Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

impl<W: Write> Output for JsonlOutput<W> {
    fn write_turn(&mut self, session: &Session) -> io::Result<()> {
        let Some(turn) = session.turns.last() else { return Ok(()) };
        self.push_line(&JsonlEvent::Turn {
            session: session.id.to_string(),
            turn: session.turns.len(),
            question: sanitize(&turn.question),
            panel: sanitize_line(&session.panel),
            personas: turn.runs.iter().map(|run| run.persona.as_str()).collect(),
        })
    }

    fn write_event(
        &mut self,
        runs: &[RunRef<'_>],
        index: usize,
        event: &HeadlessEvent<'_>,
    ) -> io::Result<()> {
        let Some(run) = runs.get(index) else { return Ok(()) };
        let persona = run.run.persona.as_str();
        let line = match *event {
            HeadlessEvent::Start { attempt } => {
                let model = sanitize_line(&run.run.model.to_string());
                let host = self.hosts.get(&run.run.model.provider).map(String::as_str);
                let project = run.run.notes.is_project();
                JsonlEvent::Start { persona, model, host, project, attempt }
            }
            HeadlessEvent::Reasoning(text) => JsonlEvent::Reasoning { persona, text },
            HeadlessEvent::Delta(text) => JsonlEvent::Delta { persona, text },
            HeadlessEvent::Retry { attempt, of, wait, reason } => {
                let reason = sanitize(reason);
                JsonlEvent::Retry { persona, attempt, of, in_ms: millis(wait), reason }
            }
            HeadlessEvent::End => {
                let Some(ending) = ending_of(run) else { return Ok(()) };
                JsonlEvent::End {
                    persona,
                    state: ending.as_str(),
                    text: run.display.document.source(),
                    reason: ending.reason().map(sanitize),
                    ms: millis(run.run.elapsed),
                    usage: run.run.usage,
                    model: sanitize_line(&run.run.model.to_string()),
                    answered_by: run.display.served_model.as_deref(),
                    notes: run.run.notes.iter().map(sanitize_line).collect(),
                }
            }
        };
        push_json_line(&mut self.lines, &line)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.write_all(&self.lines)?;
        self.lines.clear();
        self.to.flush()
    }

    fn write_summary(&mut self, session: &Session, runs: &[RunRef<'_>]) -> io::Result<()> {
        self.push_line(&JsonlEvent::Summary {
            session: session.id.to_string(),
            asked: runs.len(),
            answered: count_answered(runs),
        })
    }
}
