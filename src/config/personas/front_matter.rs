//! The front matter of a persona file: splitting it off, and reading it into settings.
//!
//! Only a `---` on line 1 opens it, and the next line that is `---` closes it. That closing line, with its line end, belongs
//! to the front matter; every byte after it is the system prompt. What values mean is checked by `validate`.

use std::path::Path;

use serde::Deserialize;

use super::problem::PersonaProblem;
use super::yaml::{FrontMatter, parse_keys, read_yaml, warn_unknown_keys};
use super::{foreign, schema};

/// Largest front matter, in bytes.
const MAX_BYTES: usize = 64 * 1024;

/// A persona file, split.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum SplitPersonaFile<'a> {
    /// No front matter: the whole file is the prompt.
    Plain,
    /// `---` on line 1 and no line that closes it.
    Unclosed,
    /// Front matter and prompt.
    Split { yaml: &'a str, body: &'a str },
}

/// Splits the front matter off. A byte order mark before the first `---` is allowed.
pub(super) fn split_front_matter(text: &str) -> SplitPersonaFile<'_> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let is_rule = |line: &str| line.trim_end_matches(['\n', '\r', ' ', '\t']) == "---";
    let mut lines = text.split_inclusive('\n');
    let Some(first) = lines.next().filter(|line| is_rule(line)) else {
        return SplitPersonaFile::Plain;
    };
    let start = first.len();
    let mut end = start;
    for line in lines {
        let after = end + line.len();
        if is_rule(line) {
            return match (text.get(start..end), text.get(after..)) {
                (Some(yaml), Some(body)) => SplitPersonaFile::Split { yaml, body },
                _ => SplitPersonaFile::Unclosed,
            };
        }
        end = after;
    }
    SplitPersonaFile::Unclosed
}

/// The id of a front matter; `[persona.ID]` has none.
#[derive(Default, Deserialize)]
#[serde(default)]
struct FrontMatterId {
    id: Option<String>,
}

/// Reads front matter and adds warnings to `problems`.
///
/// # Errors
/// The front matter cannot be used.
pub(super) fn read_front_matter(
    yaml: &str,
    file: &Path,
    problems: &mut Vec<PersonaProblem>,
) -> Result<FrontMatter, PersonaProblem> {
    if yaml.len() > MAX_BYTES {
        let message = format!(
            "the front matter has {} kB; at most {} kB are read",
            yaml.len().div_ceil(1024),
            MAX_BYTES / 1024
        );
        return Err(PersonaProblem::error(file, message).at_line(1));
    }
    let keys = match parse_keys(yaml, file) {
        Ok(keys) => keys,
        Err(problem) => {
            return foreign::read_line_by_line(yaml, file, &problem, problems).ok_or(problem);
        }
    };
    if !keys.has_any(schema::OWN_KEYS) {
        return foreign::read_foreign(yaml, keys, file, problems);
    }
    let FrontMatterId { id } = read_yaml(yaml, &keys, file)?;
    let settings = read_yaml(yaml, &keys, file)?;
    warn_unknown_keys(&keys, file, problems);
    Ok(FrontMatter { id, settings, keys })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_rule_on_line_one_opens_front_matter() {
        let split = |yaml, body| SplitPersonaFile::Split { yaml, body };
        for (text, expected) in [
            ("---\na: 1\n---\nBody\n", split("a: 1\n", "Body\n")),
            ("---\na: 1\n---\n\nBody", split("a: 1\n", "\nBody")),
            ("---\r\na: 1\r\n---\r\nBody\r\n", split("a: 1\r\n", "Body\r\n")),
            ("\u{feff}---\na: 1\n---\nBody", split("a: 1\n", "Body")),
            ("---  \na: 1\n---\t\nBody", split("a: 1\n", "Body")),
            ("---\n---\n", split("", "")),
            ("---\na: 1\n---", split("a: 1\n", "")),
            ("---\na: |\n  ---\n---\nBody", split("a: |\n  ---\n", "Body")),
            ("---\na: 1\nBody", SplitPersonaFile::Unclosed),
            ("---", SplitPersonaFile::Unclosed),
            ("", SplitPersonaFile::Plain),
            ("\n---\na: 1\n---\n", SplitPersonaFile::Plain),
            (" ---\na: 1\n---\n", SplitPersonaFile::Plain),
            ("----\na: 1\n----\n", SplitPersonaFile::Plain),
            ("# Title\n\n---\n\nText\n\n---\n", SplitPersonaFile::Plain),
        ] {
            assert_eq!(split_front_matter(text), expected, "{text:?}");
        }
    }

    fn problem(yaml: &str) -> String {
        read_front_matter(yaml, Path::new("x.md"), &mut Vec::new()).unwrap_err().to_string()
    }

    #[test]
    fn invalid_values_name_file_line_key_and_expectation() {
        for (yaml, message) in [
            (
                "id: x\ntemperature: hot\n",
                "x.md:3: temperature: `hot` is not a number from 0 to 2, or null",
            ),
            (
                "id: x\ncontext_limit: -5\n",
                "x.md:3: context_limit: `-5` is not a whole number of tokens, at least 256, or null",
            ),
            (
                "id: x\ntitle: [a]\n",
                "x.md:3: title: not valid YAML: expected string scalar; expected one line, at most 120 characters",
            ),
            ("id: x\nid: y\n", "x.md:3: id: is set twice; keep one of them"),
            (
                "contract:\n  sections:\n    - { title: A, facet: riks }\n",
                "x.md:4: contract.sections[0].facet: `riks` is not one of recommendation, assumptions, options, cost, implementation, risks, validation, operations, questions; did you mean `risks`?",
            ),
            ("intake:\n  - { id: a }\n", "x.md:3: intake[0]: `ask` is missing"),
            ("id: [x\n", "x.md:2: id: not valid YAML: unclosed bracket '['"),
            (
                "just words\n",
                "x.md:2: the front matter must be `key: value` lines (a rule on line 1 needs a blank line before it)",
            ),
            (
                "id: !!python/object x\n",
                "x.md:2: id: not valid YAML: unsupported tag `!!python/object`",
            ),
        ] {
            let found = problem(yaml);
            assert!(found.starts_with(message), "{yaml:?}\n found {found}\n wants {message}");
        }
    }

    #[test]
    fn yaml_bombs_are_rejected() {
        let deep = format!("id: {}", "[".repeat(10_000));
        let nested: String = (0..200).flat_map(|i| [" ".repeat(i), "a:\n".to_owned()]).collect();
        let mut laughs = "a: &a [x,x,x,x,x,x,x,x,x]\n".to_owned();
        for (from, to) in "abcdefgh".chars().zip("bcdefghi".chars()) {
            let items = vec![format!("*{from}"); 9].join(",");
            laughs += &[to.to_string(), format!(": &{to} [{items}]\n")].concat();
        }
        let large = format!("id: {}\n", "x".repeat(MAX_BYTES));
        for (yaml, word) in
            [(deep, "limit"), (nested, "refused"), (laughs, "refused"), (large, "64 kB")]
        {
            let found = problem(&yaml);
            assert!(found.contains(word) && found.len() < 300, "{found}");
        }
    }

    #[test]
    fn unknown_keys_of_any_depth_are_warnings() {
        let mut problems = Vec::new();
        let yaml = "id: x\ncolour: teal\ndescription: fine\ncontract:\n  section: []\n  sections:\n    - { title: A, facet: risks, optinal: true }\nzzz:\n  inner: 1\n";
        let front = read_front_matter(yaml, Path::new("x.md"), &mut problems).unwrap();
        let found: Vec<String> = problems.iter().map(ToString::to_string).collect();
        assert_eq!(
            found,
            [
                "x.md:3: colour: unknown key, not used; did you mean `color`?",
                "x.md:6: contract.section: unknown key, not used; did you mean `sections`?",
                "x.md:8: contract.sections[0].optinal: unknown key, not used; did you mean `optional`?",
                "x.md:9: zzz: unknown key, not used",
            ]
        );
        assert_eq!(front.settings.contract.unwrap().sections.len(), 1);
    }

    #[test]
    fn thousands_of_unknown_keys_are_counted() {
        let keys: String = (0..3_000).flat_map(|i| [format!("k{i}"), ": 1\n".to_owned()]).collect();
        let mut problems = Vec::new();
        read_front_matter(&format!("id: x\n{keys}"), Path::new("x.md"), &mut problems).unwrap();
        assert_eq!(problems.len(), 21);
        assert_eq!(problems[20].to_string(), "x.md: 2980 more unknown keys, not used");
    }

    #[test]
    fn null_is_unset_and_one_string_is_a_list_of_one() {
        let yaml = "id: x\nmodel: null\ncolor: ~\ntitle:\ntriggers: Deploy this\ntags: []\ncontract:\n  sections:\n  tables: null\n";
        let front = read_front_matter(yaml, Path::new("x.md"), &mut Vec::new()).unwrap();
        assert_eq!(front.settings.model, None);
        assert_eq!(front.settings.title, None);
        assert_eq!(front.settings.triggers.unwrap(), ["Deploy this"]);
        assert!(front.settings.contract.unwrap().is_empty());
    }
}
