//! `plenary sessions rename` and `tag`: what a person calls a session, and finds it by.
//!
//! Called by [`super`].

use super::super::{CliError, out, say};
use super::{failed, load};
use crate::domain::{SessionId, as_tag};
use crate::store::Store;
use crate::text::sanitize_line;

/// The most characters of a title.
const LONGEST: usize = 200;

/// Gives the session another title.
pub(super) fn rename(store: &Store, id: SessionId, title: &str) -> Result<(), CliError> {
    let title = title.split_whitespace().collect::<Vec<_>>().join(" ");
    let length = title.chars().count();
    if title.is_empty() {
        return Err(CliError::usage(
            "the title is empty: plenary sessions rename ID \"the title\"",
        ));
    }
    if length > LONGEST {
        return Err(CliError::usage(format!(
            "the title has {length} characters; {LONGEST} is the most"
        )));
    }
    let shown = sanitize_line(&title);
    store.rename_session(id, title).map_err(|e| failed(&e))?;
    say(&format!("session {} is now \"{shown}\"", id.short()));
    Ok(())
}

/// Adds and takes away tags, then prints those that are left, one a line.
pub(super) fn tag(store: &Store, id: SessionId, wishes: &[String]) -> Result<(), CliError> {
    let wishes = wishes.iter().map(|wish| Wish::of(wish)).collect::<Result<Vec<_>, _>>()?;
    let mut tags = load(store, id)?.tags;
    let same = |one: &str, other: &str| one.to_lowercase() == other.to_lowercase();
    for wish in &wishes {
        let place = tags.iter().position(|tag| same(tag, &wish.tag));
        match (wish.add, place) {
            (true, None) => tags.push(wish.tag.clone()),
            (false, Some(place)) => drop(tags.remove(place)),
            (true, Some(_)) => {}
            (false, None) => {
                let tag = sanitize_line(&wish.tag);
                say(&format!("session {} has no tag \"{tag}\"", id.short()));
            }
        }
    }
    if !wishes.is_empty() {
        store.tag_session(id, tags.clone()).map_err(|e| failed(&e))?;
    }
    out(&tags.iter().map(|tag| sanitize_line(tag) + "\n").collect::<String>())
}

/// What shall happen to one tag.
struct Wish {
    tag: String,
    add: bool,
}

impl Wish {
    fn of(text: &str) -> Result<Self, CliError> {
        let (word, add) = match text.strip_prefix('-') {
            Some(word) => (word, false),
            None => (text.strip_prefix('+').unwrap_or(text), true),
        };
        let tag = as_tag(word).ok_or_else(|| {
            CliError::usage(format!(
                "\"{}\" is not a tag: a tag is one word of at most 40 characters, +TAG adds it, -TAG takes \
                 it away",
                sanitize_line(text)
            ))
        })?;
        Ok(Self { tag, add })
    }
}
