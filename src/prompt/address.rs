//! Leading `@persona` mentions of a question: who is asked.
//!
//! `@edge @infra why?` asks two personas, no mention or `@all` asks all of them. An `@` later in the text, or before a path
//! (`@src/main.rs`), is text.

use crate::domain::PersonaId;

/// A question with its mentions removed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AddressedQuestion {
    /// Personas mentioned by `@id`, in order, each once; empty means all.
    pub targets: Vec<PersonaId>,
    /// Leading `@words` that are no persona.
    pub unknown: Vec<String>,
    /// The question without the leading mentions.
    pub text: String,
}

/// Splits the leading `@persona` mentions off a question.
pub fn split_mentions(question: &str, known: &[PersonaId]) -> AddressedQuestion {
    let mut found = AddressedQuestion::default();
    let mut rest = question;
    let mut all = false;
    while let Some((word, after)) = parse_mention(rest) {
        let id = word.to_lowercase();
        if let Some(id) = known.iter().find(|k| k.as_str() == id) {
            if !found.targets.contains(id) {
                found.targets.push(id.clone());
            }
        } else if id == "all" {
            all = true;
        } else if !found.unknown.iter().any(|w| w == word) {
            found.unknown.push(word.to_owned());
        }
        rest = after;
    }
    if all {
        found.targets.clear();
    }
    rest.clone_into(&mut found.text);
    found
}

/// The mention at the beginning of `text`, and the text after it, without spaces and a separating `,` `:` `;`.
fn parse_mention(text: &str) -> Option<(&str, &str)> {
    let start = text.trim_start().strip_prefix('@')?;
    let is_id = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let (word, after) = start.split_at(start.find(|c| !is_id(c)).unwrap_or(start.len()));
    if word.is_empty() || word.len() > PersonaId::MAX {
        return None;
    }
    let after = after.strip_prefix([',', ':', ';']).unwrap_or(after);
    // `@src/main.rs` and `@name.md` are files, `@edge's` is prose.
    let ends = after.is_empty() || after.starts_with(|c: char| c.is_whitespace() || c == '@');
    ends.then(|| (word, after.trim_start()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_leading_mentions_address() {
        let known: Vec<PersonaId> =
            ["infra", "edge", "ai-lead"].iter().map(|id| PersonaId::from_name(id)).collect();
        for (question, targets, unknown, text) in [
            ("Why?", "", "", "Why?"),
            ("  Why?\n", "", "", "  Why?\n"),
            ("@edge why?", "edge", "", "why?"),
            ("@edge @infra  why @ai-lead?", "edge infra", "", "why @ai-lead?"),
            ("@Edge, @INFRA: why?", "edge infra", "", "why?"),
            ("@edge,@ai-lead\nwhy?\n", "edge ai-lead", "", "why?\n"),
            ("@edge @edge x", "edge", "", "x"),
            ("@all why?", "", "", "why?"),
            ("@edge @all why?", "", "", "why?"),
            ("@nobody @edge why?", "edge", "nobody", "why?"),
            ("@x @y @x", "", "x y", ""),
            ("@edge", "edge", "", ""),
            ("@", "", "", "@"),
            ("@ edge", "", "", "@ edge"),
            ("@src/main.rs what is this?", "", "", "@src/main.rs what is this?"),
            ("@edge @notes.md what?", "edge", "", "@notes.md what?"),
            ("mail me@edge", "", "", "mail me@edge"),
            ("@日本 x", "", "", "@日本 x"),
        ] {
            let found = split_mentions(question, &known);
            let ids: Vec<&str> = found.targets.iter().map(PersonaId::as_str).collect();
            assert_eq!(
                (ids.join(" ").as_str(), found.unknown.join(" ").as_str(), found.text.as_str()),
                (targets, unknown, text),
                "{question:?}"
            );
        }
    }
}
