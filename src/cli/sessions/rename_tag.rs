//! `plenary sessions rename` and `plenary sessions tag`.

use super::super::{CliError, print_message, write_stdout};
use super::{load_session, to_cli_error};
use crate::domain::{SessionId, parse_tag};
use crate::store::Store;
use crate::text::sanitize_line;

/// Maximum number of characters of a title.
const MAX_TITLE_CHARS: usize = 200;

/// Gives the session another title.
pub(super) fn rename_session(store: &Store, id: SessionId, title: &str) -> Result<(), CliError> {
    let title = title.split_whitespace().collect::<Vec<_>>().join(" ");
    let length = title.chars().count();
    if title.is_empty() {
        return Err(CliError::usage(
            "the title is empty: plenary sessions rename ID \"the title\"",
        ));
    }
    if length > MAX_TITLE_CHARS {
        return Err(CliError::usage(format!(
            "the title has {length} characters; {MAX_TITLE_CHARS} is the most"
        )));
    }
    let shown = sanitize_line(&title);
    store.rename_session(id, title).map_err(|e| to_cli_error(&e))?;
    print_message(&format!("session {} is now \"{shown}\"", id.short()));
    Ok(())
}

/// Adds and removes tags, then prints the tags of the session, one per line.
pub(super) fn edit_tags(store: &Store, id: SessionId, edits: &[String]) -> Result<(), CliError> {
    let edits = edits.iter().map(|text| TagEdit::parse(text)).collect::<Result<Vec<_>, _>>()?;
    let mut tags = load_session(store, id)?.tags;
    let is_same = |one: &str, other: &str| one.to_lowercase() == other.to_lowercase();
    for edit in &edits {
        let index = tags.iter().position(|tag| is_same(tag, &edit.tag));
        match (edit.add, index) {
            (true, None) => tags.push(edit.tag.clone()),
            (false, Some(index)) => drop(tags.remove(index)),
            (true, Some(_)) => {}
            (false, None) => {
                let tag = sanitize_line(&edit.tag);
                print_message(&format!("session {} has no tag \"{tag}\"", id.short()));
            }
        }
    }
    if !edits.is_empty() {
        store.tag_session(id, tags.clone()).map_err(|e| to_cli_error(&e))?;
    }
    write_stdout(&tags.iter().map(|tag| sanitize_line(tag) + "\n").collect::<String>())
}

/// A tag to add or to remove.
struct TagEdit {
    tag: String,
    add: bool,
}

impl TagEdit {
    /// Parses `TAG`, `+TAG` or `-TAG`.
    fn parse(text: &str) -> Result<Self, CliError> {
        let (word, add) = match text.strip_prefix('-') {
            Some(word) => (word, false),
            None => (text.strip_prefix('+').unwrap_or(text), true),
        };
        let tag = parse_tag(word).ok_or_else(|| {
            CliError::usage(format!(
                "\"{}\" is not a tag: a tag is one word of at most 40 characters, +TAG adds it, -TAG removes it",
                sanitize_line(text)
            ))
        })?;
        Ok(Self { tag, add })
    }
}
