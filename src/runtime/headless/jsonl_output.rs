//! `--format jsonl`: one object per event as it happens. Fields may be added, never renamed.
//!
//! The deltas of a persona join to the text of its `end`. Everything is sanitised.

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
    /// Writes to `to`.
    pub fn new(to: W) -> Self {
        Self { to, lines: Vec::new() }
    }

    fn push_line(&mut self, line: &JsonlEvent<'_>) -> io::Result<()> {
        serde_json::to_writer(&mut self.lines, line)?;
        self.lines.push(b'\n');
        Ok(())
    }
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
            HeadlessEvent::Start { attempt } => JsonlEvent::Start {
                persona,
                model: sanitize_line(&run.run.model.to_string()),
                attempt,
            },
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
                    notes: run.run.notes.iter().map(|note| sanitize_line(note)).collect(),
                }
            }
        };
        self.push_line(&line)
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
