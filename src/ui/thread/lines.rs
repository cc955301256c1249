//! The program's own words around an answer: the question, what is waited for, how it ended and what to do.
//!
//! Pure functions of a run and a width; called by `thread` when one of them changed.

use crate::app::{Action, KeyContext, Keymap, RunRef};
use crate::domain::format::format_count;
use crate::domain::{Ending, RunState};
use crate::text::sanitize_line;
use crate::text::width::width as columns;
use crate::ui::paint::wrap;
use crate::ui::theme::Part;
use crate::ui::words;

/// A row that is not part of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::ui) struct Line {
    /// What it is.
    pub(in crate::ui) part: Part,
    /// Its text, clean, cut to the width it was made for.
    pub(in crate::ui) text: String,
}

/// What the rows around an answer depend on, besides the state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Around {
    /// Columns.
    pub(super) width: u16,
    /// Tokens of reasoning.
    pub(super) thought: u64,
    /// There is no text yet.
    pub(super) empty: bool,
    /// The question differs from that of the run above.
    pub(super) asks: bool,
    /// It is the last run.
    pub(super) last: bool,
    /// Columns for notes on the pane's border; 0 when it has none.
    pub(super) border: u16,
}

/// Tokens of reasoning so far; coarse while it goes on.
pub(super) fn thought(view: RunRef<'_>) -> u64 {
    let counted = view.run.usage.map(|u| u.reasoning).filter(|n| *n > 0);
    let tokens = counted.unwrap_or(view.run.reasoning.len().div_ceil(4) as u64);
    if view.is_live() && view.document.is_empty() { tokens / 10 * 10 } else { tokens }
}

/// Rows of a question that are shown at most.
const QUESTION: usize = 3;
/// Rows of a note that are shown at most.
const NOTE: usize = 3;
/// Rows of a reason that are shown at most.
const REASON: usize = 8;

/// The rows above an answer: question, model, reasoning, what is waited for.
pub(super) fn before(view: RunRef<'_>, around: Around) -> Vec<Line> {
    let width = usize::from(around.width);
    let mut lines = Vec::new();
    if around.asks {
        let rows = wrap(&head(&view.question), width.saturating_sub(2), QUESTION);
        for (i, row) in rows.into_iter().enumerate() {
            let lead = if i == 0 { "❯" } else { " " };
            lines.push(Line { part: Part::Question, text: format!("{lead} {row}") });
        }
        lines.push(blank());
    }
    lines.extend(local(view, around));
    let mut note = |part: Part, text: &str, most: usize| {
        lines.extend(wrap(text, width, most).into_iter().map(|text| Line { part, text }));
    };
    if !view.run.reasoning.is_empty() {
        let tokens = format_count(around.thought);
        if around.empty && view.is_live() {
            note(Part::Note, &format!("thinking… {tokens} tokens"), 1);
        } else {
            note(Part::Note, &format!("thought for {tokens} tokens"), 1);
        }
        if !around.empty {
            lines.push(blank());
        }
        return lines;
    }
    if around.empty {
        let model = || sanitize_line(&view.model().to_string());
        match &view.run.state {
            RunState::Queued => {
                let provider = sanitize_line(&view.run.model.provider);
                note(Part::Note, &format!("waits for a free place at {provider}"), 2);
            }
            RunState::Connecting if !view.waiting.is_empty() => {
                note(Part::Note, &format!("{}: {}", model(), view.waiting), 2);
            }
            RunState::Connecting => note(Part::Note, &format!("waits for {}", model()), 2),
            RunState::Retrying { attempt, of, reason, .. } => {
                note(Part::Retrying, &sanitize_line(&head(reason)), REASON);
                note(Part::Note, &format!("attempt {attempt} of {of} follows"), 1);
            }
            RunState::Streaming => note(Part::Note, &format!("{} answers", model()), 2),
            RunState::Ended(_) => {}
        }
    }
    lines
}

/// Which local model answers, where the border cannot say all of it, or says it of a later run.
fn local(view: RunRef<'_>, around: Around) -> Vec<Line> {
    let Some(note) = view.run.notes.local_model() else { return Vec::new() };
    let note = sanitize_line(&head(note));
    if around.last && columns(&note) + 2 <= usize::from(around.border) {
        return Vec::new();
    }
    let rows = wrap(&note, usize::from(around.width), NOTE).into_iter();
    let rows = rows.map(|text| Line { part: Part::Note, text });
    rows.chain([blank()]).collect()
}

/// The rows below an answer: how it ended and what to do about it.
pub(super) fn after(view: RunRef<'_>, around: Around, keymap: &Keymap) -> Vec<Line> {
    let width = usize::from(around.width);
    let mut lines = Vec::new();
    if let RunState::Ended(ending) = &view.run.state {
        let word = ending.word();
        let text = match ending {
            Ending::Done if around.empty => Some("the answer is empty".to_owned()),
            Ending::Done => None,
            Ending::Cancelled if around.empty => Some(format!("{word} before any text came")),
            Ending::Cancelled => Some(format!("{word}; the text so far is kept")),
            other => {
                match other.reason().map(|r| sanitize_line(&head(r))).filter(|r| !r.is_empty()) {
                    Some(why) => Some(format!("{word}: {why}")),
                    None => Some(word.to_owned()),
                }
            }
        };
        if let Some(text) = text {
            if !around.empty {
                lines.push(blank());
            }
            let part = words::part(&view.run.state);
            let sign = words::glyph(&view.run.state);
            for (i, row) in wrap(&text, width.saturating_sub(2), REASON).into_iter().enumerate() {
                let lead = if i == 0 { sign } else { " " };
                lines.push(Line { part, text: format!("{lead} {row}") });
            }
            let key = words::key(keymap, KeyContext::Panes, Action::Retry);
            if let Some(key) = key.filter(|_| around.last) {
                lines.push(Line { part: Part::Advice, text: format!("  {key} retry") });
            }
        }
    }
    if !around.last {
        lines.push(blank());
    }
    lines
}

/// As much of a text as a few rows can show: questions carry whole files.
fn head(text: &str) -> String {
    text.chars().take(2_000).collect()
}

fn blank() -> Line {
    Line { part: Part::Note, text: String::new() }
}
