//! What a project would change, as text: its items, the difference to what was trusted last, its files.
//!
//! Everything here comes from a stranger's files, so every line is sanitised. Asks nothing.

use std::fmt::Write as _;
use std::path::Path;

use crate::config::project::{ItemChange, ProjectItem, ReviewPart, SETTINGS};
use crate::domain::format::format_quantity;
use crate::text::{sanitize, sanitize_line};

/// Most lines of all files that are shown; the files themselves have the rest.
const MAX_LINES: usize = 20_000;

/// Most items of a part that are listed; changed ones first.
const MAX_ITEMS: usize = 500;

/// Lines that fit on any screen together with the question.
const SCREEN: usize = 18;

/// Most providers that are listed again.
const MAX_ROUTES: usize = 8;

/// Formats what the parts change, one line for each item.
pub(super) fn format_parts(folder: &Path, parts: &[&ReviewPart]) -> String {
    let mut lines = Vec::new();
    for part in parts {
        let place = folder.join(if part.what == SETTINGS { ".plenary" } else { &part.what });
        let place = sanitize_line(&place.display().to_string());
        let owner = part.foreign_owner.map(|id| format!(" (belongs to another user, id {id})"));
        let owner = owner.unwrap_or_default();
        lines.push(match (part.what.as_str(), &part.previous) {
            (SETTINGS, None) => {
                format!("{place}{owner} changes who is asked or where text goes:")
            }
            (SETTINGS, Some(old)) => format!(
                "{place}{owner} has changed since you trusted it on {}; it changes who is asked or where \
                 text goes (+ new, ~ changed, - gone):",
                sanitize_line(&old.since)
            ),
            (_, None) => format!("{place}{owner} would be used as data:"),
            (_, Some(old)) => {
                let since = sanitize_line(&old.since);
                format!("{place}{owner} has changed since you trusted it on {since}:")
            }
        });
        let mut changes = part.compare();
        if part.previous.is_some() && changes.iter().all(ItemChange::is_same) {
            lines.push(
                "  ~ only comments or text without effect changed; show the text to see them"
                    .to_owned(),
            );
        }
        let more = changes.len().saturating_sub(MAX_ITEMS);
        if more > 0 {
            changes.sort_by_key(ItemChange::is_same);
        }
        let shown = changes.into_iter().take(MAX_ITEMS);
        lines.extend(shown.map(|change| format_change(change, part)));
        if more > 0 {
            lines.push(format!("  {more} more"));
        }
    }
    if lines.len() > SCREEN {
        lines.extend(repeat_routes(parts));
    }
    lines.join("\n") + "\n"
}

/// Lists again, just above the question, where text would go: the beginning of a long list has left the screen.
fn repeat_routes(parts: &[&ReviewPart]) -> Vec<String> {
    let items = || parts.iter().flat_map(|part| &part.items);
    let routes = |key: fn(&str) -> bool| items().filter(move |item| key(&item.key));
    let is_provider = |key: &str| key.starts_with("provider ");
    let total = format_quantity(items().count(), "item");
    let mut lines = vec![format!("{total} in all; where text would go:")];
    let shown = routes(|key| key == "model").chain(routes(is_provider).take(MAX_ROUTES));
    lines
        .extend(shown.map(|item| {
            format!("    {}: {}", sanitize_line(&item.key), sanitize_line(&item.text))
        }));
    if let more @ 1.. = routes(is_provider).count().saturating_sub(MAX_ROUTES) {
        lines.push(format!("    {} more", format_quantity(more, "provider")));
    }
    lines
}

fn format_change(change: ItemChange<'_>, part: &ReviewPart) -> String {
    let line = |sign: &str, item: &ProjectItem| {
        format!("  {sign} {}: {}", sanitize_line(&item.key), sanitize_line(&item.text))
    };
    match change {
        ItemChange::Same(item) => line(" ", item),
        ItemChange::Added(item) if part.previous.is_none() => line("-", item).replacen("- ", "", 1),
        ItemChange::Added(item) => line("+", item),
        ItemChange::Removed(item) => line("-", item),
        ItemChange::Changed(old, new) if old.text == new.text => {
            let what = if new.is_file() { "its text has changed" } else { "not quite as it was" };
            format!("{} ({what})", line("~", new))
        }
        ItemChange::Changed(old, new) => {
            let is_other_file = new.is_file() && old.sha256 != new.sha256;
            let text = if is_other_file { "; its text has changed" } else { "" };
            format!("{} (before: {}{text})", line("~", new), sanitize_line(&old.text))
        }
    }
}

/// Formats the text of every file of the parts.
pub(super) fn format_texts(parts: &[&ReviewPart]) -> String {
    let mut out = String::new();
    let mut left = MAX_LINES;
    for (path, text) in parts.iter().flat_map(|part| &part.texts) {
        let lines = text.lines().count();
        let path = sanitize_line(&path.display().to_string());
        // Writing to a string never fails.
        let _ = writeln!(out, "---- {path} ({})", format_quantity(lines, "line"));
        for line in text.lines().take(left) {
            out.push_str(&sanitize_line(line));
            out.push('\n');
        }
        if lines > left {
            let more = format_quantity(lines - left, "line");
            let _ = writeln!(out, "---- {more} more; open the file");
        }
        left = left.saturating_sub(lines);
    }
    debug_assert_eq!(sanitize(&out), out, "every line is sanitised");
    out
}
