//! The name of a persona whose file does not set one.
//!
//! The first of: an H1 (`# Kael Voss`, `# Persona: X`, `# Role: X`, `# Name: Title`), a sentence
//! `You are **Name**`, the file's name. A fabric pattern is named by its folder.

use std::path::Path;

use pulldown_cmark::{Event, HeadingLevel, Parser, Tag, TagEnd};

/// A name, and a title if the same text has one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct InferredName {
    /// `Kael Voss`
    pub name: String,
    /// `Principal Infrastructure Engineer`; empty when there is none.
    pub title: String,
}

/// Longest name, in characters.
const MAX_NAME_CHARS: usize = 80;

/// Words before the colon of an H1 that label the document and are no name.
const LABELS: &[&str] = &["persona", "role", "agent", "name", "character"];

/// Infers name and title from the prompt text, else from the file name.
pub(super) fn infer_name(body: &str, file: &Path) -> InferredName {
    let by_file = || name_of_file(&base_name(file));
    if is_pattern(file) {
        return by_file();
    }
    name_in_heading(body).or_else(|| name_in_sentence(body)).unwrap_or_else(by_file)
}

/// True for `NAME/system.md`, the form of fabric's patterns.
fn is_pattern(file: &Path) -> bool {
    file.file_name().is_some_and(|name| name == "system.md")
        && file.parent().and_then(Path::file_name).is_some()
}

fn base_name(file: &Path) -> String {
    let part =
        if is_pattern(file) { file.parent().and_then(Path::file_name) } else { file.file_stem() };
    part.map(|p| p.to_string_lossy().into_owned()).unwrap_or_default()
}

fn name_of_file(name: &str) -> InferredName {
    let name = clean_name(name);
    let name = if name.is_empty() { "persona".to_owned() } else { name };
    InferredName { name, title: String::new() }
}

/// The first H1 that is not inside a code block.
fn name_in_heading(body: &str) -> Option<InferredName> {
    let mut text: Option<String> = None;
    for event in Parser::new(body) {
        match (event, &mut text) {
            (Event::Start(Tag::Heading { level: HeadingLevel::H1, .. }), _) => {
                text = Some(String::new());
            }
            (Event::End(TagEnd::Heading(HeadingLevel::H1)), Some(found)) => {
                if let Some(named) = split_heading(found) {
                    return Some(named);
                }
                text = None;
            }
            (Event::Text(part) | Event::Code(part), Some(found)) => found.push_str(&part),
            (Event::SoftBreak | Event::HardBreak, Some(found)) => found.push(' '),
            _ => {}
        }
    }
    None
}

fn split_heading(heading: &str) -> Option<InferredName> {
    let heading = clean_name(heading);
    let (before, after) = match heading.split_once(':') {
        Some((before, after)) => (before.trim(), after.trim()),
        None => (heading.as_str(), ""),
    };
    let (name, title) = match (before, after) {
        (before, "") => (before, ""),
        (label, name) if LABELS.contains(&label.to_lowercase().as_str()) => (name, ""),
        (name, title) => (name, title),
    };
    (!name.is_empty()).then(|| InferredName { name: name.to_owned(), title: title.to_owned() })
}

/// `You are **Kai Lennox**, Principal Lead Edge Computing Engineer.`
fn name_in_sentence(body: &str) -> Option<InferredName> {
    const LEAD: &str = "You are **";
    for line in body.lines() {
        let Some((_, rest)) = line.split_once(LEAD) else { continue };
        let Some((name, rest)) = rest.split_once("**") else { continue };
        let name = clean_name(name);
        if name.is_empty() {
            continue;
        }
        let title = rest.strip_prefix(", ").unwrap_or_default();
        let title = title.split(['.', ',', ';', '(']).next().unwrap_or_default();
        let title = clean_name(
            ["the ", "a ", "an "].iter().fold(title, |t, a| t.strip_prefix(a).unwrap_or(t)),
        );
        // A long remainder is a sentence about the persona, not its title.
        let title = if title.chars().count() <= 60 { title } else { String::new() };
        return Some(InferredName { name, title });
    }
    None
}

/// One line without control, format and other invisible characters, cut to a name's length.
pub(super) fn clean_name(text: &str) -> String {
    let words: Vec<String> = text
        .split_whitespace()
        .map(|word| {
            word.chars().filter(|c| !super::invisible::is_invisible(*c)).collect::<String>()
        })
        .filter(|word| !word.is_empty())
        .collect();
    words.join(" ").chars().take(MAX_NAME_CHARS).collect::<String>().trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_from_heading_sentence_or_file() {
        for (body, name, title) in [
            ("# Kael Voss\n\nYou are **Other**.", "Kael Voss", ""),
            ("# Persona: DevOps Engineer\n", "DevOps Engineer", ""),
            ("# Role: DevOps Engineer\n", "DevOps Engineer", ""),
            ("# Aether: Principal AI Systems Lead\n", "Aether", "Principal AI Systems Lead"),
            ("# **Ada** `L` #\n", "Ada L", ""),
            ("Ada\n===\n", "Ada", ""),
            ("## Not one\n\n```sh\n# a comment\n```\n\n# The name\n", "The name", ""),
            (
                "## 🤖 Identity\n\nYou are **Kai Lennox**, Principal Edge Engineer. You run.",
                "Kai Lennox",
                "Principal Edge Engineer",
            ),
            (
                "Hello. You are **Bo**, a reviewer of all that is written here by anybody at all in the whole wide company",
                "Bo",
                "",
            ),
            ("You are ****, then You are nobody", "some-file", ""),
            ("Just text", "some-file", ""),
            ("#\n", "some-file", ""),
            ("#hashtag\n", "some-file", ""),
        ] {
            let found = infer_name(body, Path::new("dir/some-file.md"));
            assert_eq!((found.name.as_str(), found.title.as_str()), (name, title), "{body:?}");
        }
    }

    #[test]
    fn a_fabric_pattern_is_named_by_its_folder() {
        let body = "# IDENTITY and PURPOSE\n";
        assert_eq!(
            infer_name(body, Path::new("p/extract_wisdom/system.md")).name,
            "extract_wisdom"
        );
        assert_eq!(infer_name(body, Path::new("system.md")).name, "IDENTITY and PURPOSE");
    }

    #[test]
    fn names_have_no_control_characters() {
        assert_eq!(clean_name("a\u{1b}[31mb\u{202e}c\n\t d\u{200b}"), "a[31mbc d");
        assert_eq!(clean_name(&"x".repeat(500)).len(), MAX_NAME_CHARS);
    }
}
