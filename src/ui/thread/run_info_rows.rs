//! Rows around an answer that are not part of it: the question, what the run waits for, how it ended and what to do.
//!
//! Pure functions of a run and a width.

use crate::app::{Action, KeyContext, Keymap, RunRef};
use crate::domain::format::format_count;
use crate::domain::{Ending, PROJECT_NOTE, RunState};
use crate::text::sanitize_line;
use crate::text::width::width as columns;
use crate::ui::labels;
use crate::ui::paint::wrap_text;
use crate::ui::theme::UiRole;

/// A row that is not part of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::ui) struct RunInfoRow {
    /// Theme role.
    pub(in crate::ui) role: UiRole,
    /// Sanitised text, truncated to the width of the rows.
    pub(in crate::ui) text: String,
}

/// What the rows around an answer depend on, besides the state of the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct RunInfoInput {
    /// Width of the rows, in columns.
    pub(super) width: u16,
    /// Number of reasoning tokens.
    pub(super) reasoning_tokens: u64,
    /// Whether the answer has no text yet.
    pub(super) is_empty: bool,
    /// Whether the question differs from that of the previous run.
    pub(super) shows_question: bool,
    /// Whether it is the last run of the pane.
    pub(super) is_last: bool,
    /// Columns for notes on the pane's border, 0 without a border.
    pub(super) border: u16,
}

/// Returns the number of reasoning tokens so far, rounded down to tens while they arrive.
pub(super) fn count_reasoning_tokens(run: RunRef<'_>) -> u64 {
    let counted = run.run.usage.map(|u| u.reasoning).filter(|n| *n > 0);
    let tokens = counted.unwrap_or(run.run.reasoning.len().div_ceil(4) as u64);
    if run.is_live() && run.document.is_empty() { tokens / 10 * 10 } else { tokens }
}

/// Maximum characters of a text that are wrapped.
const MAX_TEXT_CHARS: usize = 2_000;
/// Maximum rows of a question.
const MAX_QUESTION_ROWS: usize = 3;
/// Maximum rows of a note.
const MAX_NOTE_ROWS: usize = 3;
/// Maximum rows of a reason.
const MAX_REASON_ROWS: usize = 8;

/// Builds the rows above an answer: question, local model, reasoning, what the run waits for.
pub(super) fn build_rows_above(run: RunRef<'_>, input: RunInfoInput) -> Vec<RunInfoRow> {
    let width = usize::from(input.width);
    let mut rows = Vec::new();
    if input.shows_question {
        let question = truncate_long_text(&run.question);
        push_signed_rows(&mut rows, UiRole::Question, "❯", &question, (width, MAX_QUESTION_ROWS));
        rows.push(blank_row());
    }
    if run.run.notes.is_project() {
        rows.extend(
            wrap_text(PROJECT_NOTE, width, 2)
                .into_iter()
                .map(|text| RunInfoRow { role: UiRole::Note, text }),
        );
        rows.push(blank_row());
    }
    rows.extend(local_model_rows(run, input));
    let mut add_text = |role: UiRole, text: &str, max_rows: usize| {
        rows.extend(
            wrap_text(text, width, max_rows).into_iter().map(|text| RunInfoRow { role, text }),
        );
    };
    if !run.run.reasoning.is_empty() {
        let tokens = format_count(input.reasoning_tokens);
        if input.is_empty && run.is_live() {
            add_text(UiRole::Note, &format!("thinking… {tokens} tokens"), 1);
        } else {
            add_text(UiRole::Note, &format!("thought for {tokens} tokens"), 1);
        }
        if !input.is_empty {
            rows.push(blank_row());
        }
        return rows;
    }
    if input.is_empty {
        let model = || sanitize_line(&run.model().to_string());
        match &run.run.state {
            RunState::Queued => {
                let provider = sanitize_line(&run.run.model.provider);
                add_text(UiRole::Note, &format!("waiting for a free slot at {provider}"), 2);
            }
            RunState::Connecting if !run.waiting.is_empty() => {
                add_text(UiRole::Note, &format!("{}: {}", model(), run.waiting), 2);
            }
            RunState::Connecting => add_text(UiRole::Note, &format!("waiting for {}", model()), 2),
            RunState::Retrying { attempt, of, reason, .. } => {
                add_text(
                    UiRole::Retrying,
                    &sanitize_line(&truncate_long_text(reason)),
                    MAX_REASON_ROWS,
                );
                add_text(UiRole::Note, &format!("next: attempt {attempt} of {of}"), 1);
            }
            RunState::Streaming => add_text(UiRole::Note, &format!("{} answers", model()), 2),
            RunState::Ended(_) => {}
        }
    }
    rows
}

/// Names the local model of a run, where the border is too narrow for it or names that of a later run.
fn local_model_rows(run: RunRef<'_>, input: RunInfoInput) -> Vec<RunInfoRow> {
    let Some(note) = run.run.notes.local_model() else { return Vec::new() };
    let note = sanitize_line(&truncate_long_text(note));
    if input.is_last && columns(&note) + 2 <= usize::from(input.border) {
        return Vec::new();
    }
    let rows = wrap_text(&note, usize::from(input.width), MAX_NOTE_ROWS).into_iter();
    let rows = rows.map(|text| RunInfoRow { role: UiRole::Note, text });
    rows.chain([blank_row()]).collect()
}

/// Builds the rows below an answer: how the run ended and what to do about it.
pub(super) fn build_rows_below(
    run: RunRef<'_>,
    input: RunInfoInput,
    keymap: &Keymap,
) -> Vec<RunInfoRow> {
    let width = usize::from(input.width);
    let mut rows = Vec::new();
    if let RunState::Ended(ending) = &run.run.state {
        let word = ending.as_str();
        let text = match ending {
            Ending::Done if input.is_empty => Some("the answer is empty".to_owned()),
            Ending::Done => None,
            Ending::Cancelled if input.is_empty => Some(format!("{word} before any text arrived")),
            Ending::Cancelled => Some(format!("{word}; the text so far is kept")),
            other => {
                match other
                    .reason()
                    .map(|r| sanitize_line(&truncate_long_text(r)))
                    .filter(|r| !r.is_empty())
                {
                    Some(reason) => Some(format!("{word}: {reason}")),
                    None => Some(word.to_owned()),
                }
            }
        };
        if let Some(text) = text {
            if !input.is_empty {
                rows.push(blank_row());
            }
            let role = labels::state_role(&run.run.state);
            let sign = labels::state_glyph(&run.run.state);
            push_signed_rows(&mut rows, role, sign, &text, (width, MAX_REASON_ROWS));
            let key = labels::key_hint(keymap, KeyContext::Panes, Action::Retry);
            if let Some(key) = key.filter(|_| input.is_last) {
                rows.push(RunInfoRow { role: UiRole::Advice, text: format!("  {key} retry") });
            }
        }
    }
    if !input.is_last {
        rows.push(blank_row());
    }
    rows
}

/// Adds `text` with `sign` in front of its first row, wrapped to `width` columns and at most `max_rows` rows.
fn push_signed_rows(
    rows: &mut Vec<RunInfoRow>,
    role: UiRole,
    sign: &str,
    text: &str,
    (width, max_rows): (usize, usize),
) {
    for (i, row) in wrap_text(text, width.saturating_sub(2), max_rows).into_iter().enumerate() {
        let sign = if i == 0 { sign } else { " " };
        rows.push(RunInfoRow { role, text: format!("{sign} {row}") });
    }
}

/// Keeps enough of a text to fill its rows: questions can contain complete files, which are slow to wrap.
fn truncate_long_text(text: &str) -> String {
    text.chars().take(MAX_TEXT_CHARS).collect()
}

fn blank_row() -> RunInfoRow {
    RunInfoRow { role: UiRole::Note, text: String::new() }
}
