//! The front matter of a persona file: cutting it off, and reading it into typed settings.
//!
//! Only a `---` on line 1 opens it, and the next line that is `---` closes it. That closing line, its
//! line end included, belongs to the front matter; every byte after it is the system prompt. Not for what
//! the values mean (`validate`) nor for other programs' keys (`foreign`). `document` calls it.

use std::path::Path;

use serde::Deserialize;

use super::keys::{Key, Keys};
use super::problem::Problem;
use super::wire::Wire;
use super::{Settings, foreign, schema};
use crate::text::nearest_word;

/// The most bytes a front matter may have.
pub(super) const MAX_BYTES: usize = 64 * 1024;

/// The most unknown keys that are told one by one.
const MOST_UNKNOWN: usize = 20;

/// What the file's first lines are.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Cut<'a> {
    /// No front matter: the whole file is the prompt.
    Plain,
    /// `---` on line 1 and no line that closes it.
    Unclosed,
    /// Front matter and prompt.
    Split { yaml: &'a str, body: &'a str },
}

/// Cuts the front matter off. A byte order mark before the first `---` is allowed.
pub(super) fn cut(text: &str) -> Cut<'_> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let is_rule = |line: &str| line.trim_end_matches(['\n', '\r', ' ', '\t']) == "---";
    let mut lines = text.split_inclusive('\n');
    let Some(first) = lines.next().filter(|line| is_rule(line)) else { return Cut::Plain };
    let start = first.len();
    let mut end = start;
    for line in lines {
        let after = end + line.len();
        if is_rule(line) {
            return match (text.get(start..end), text.get(after..)) {
                (Some(yaml), Some(body)) => Cut::Split { yaml, body },
                _ => Cut::Unclosed,
            };
        }
        end = after;
    }
    Cut::Unclosed
}

/// What the front matter says.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct FrontMatter {
    /// The explicit id, not yet checked.
    pub id: Option<String>,
    /// The settings, not yet checked.
    pub settings: Settings,
    /// Where each key stands.
    pub keys: Keys,
}

impl FrontMatter {
    /// The line of the file in which a key stands, or else the nearest one above it.
    pub(super) fn line_of(&self, key: &str) -> Option<usize> {
        self.keys.find(key).map(|key| key.line + 1)
    }
}

/// Reads front matter. Warnings are added to `problems`; on an error the front matter is unusable.
pub(super) fn read(
    yaml: &str,
    file: &Path,
    problems: &mut Vec<Problem>,
) -> Result<FrontMatter, Problem> {
    if yaml.len() > MAX_BYTES {
        let message = format!(
            "the front matter has {} kB; at most {} kB are read",
            yaml.len().div_ceil(1024),
            MAX_BYTES / 1024
        );
        return Err(Problem::error(file, message).at(1));
    }
    let keys = match Keys::read(yaml, options()) {
        Ok(keys) => keys,
        Err(e) => {
            let problem = explain(&e, yaml, &Keys::default(), file);
            return foreign::read_loosely(yaml, file, &problem, problems).ok_or(problem);
        }
    };
    if !keys.has_any(schema::OURS) {
        return foreign::read(yaml, keys, file, problems);
    }
    let wire: Wire = typed(yaml, &keys, file)?;
    warn_unknown(&keys, file, problems);
    Ok(FrontMatter { id: wire.id.clone(), settings: wire.into(), keys })
}

/// Reads YAML into a type; an error names line and key.
pub(super) fn typed<'de, T: Deserialize<'de>>(
    yaml: &'de str,
    keys: &Keys,
    file: &Path,
) -> Result<T, Problem> {
    serde_saphyr::from_str_with_options(yaml, options()).map_err(|e| explain(&e, yaml, keys, file))
}

/// One warning for each key that nobody knows; after the first few they are counted.
pub(super) fn warn_unknown(keys: &Keys, file: &Path, problems: &mut Vec<Problem>) {
    let unknown: Vec<&Key> = keys.iter().filter(|key| !key.item && is_unknown(key)).collect();
    for key in unknown.iter().take(MOST_UNKNOWN) {
        let mut message = "unknown key, not used".to_owned();
        if let Some(nearest) = schema::nearest_key(&key.schema_path()) {
            message.push_str("; did you mean `");
            message.push_str(nearest);
            message.push_str("`?");
        }
        problems.push(Problem::warning(file, message).at(key.line + 1).on(short(&key.path)));
    }
    if unknown.len() > MOST_UNKNOWN {
        let message = format!("{} more unknown keys, not used", unknown.len() - MOST_UNKNOWN);
        problems.push(Problem::warning(file, message));
    }
}

/// True for a key that is neither ours nor another program's. What is below an unknown key is not told again.
fn is_unknown(key: &Key) -> bool {
    let path = key.schema_path();
    let top = path.split('.').next().unwrap_or_default();
    let known_parent = top == path || schema::is_known(top);
    known_parent && !schema::is_known(&path) && !foreign::is_known(top)
}

/// Limits that no honest persona file reaches; what goes over them is refused at once.
fn options() -> serde_saphyr::Options {
    serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_documents: 1,
            max_depth: 16,
            max_events: 20_000,
            max_nodes: 10_000,
            max_aliases: 32,
            max_anchors: 32,
            max_merge_keys: 32,
        },
        reject_unsupported_tags: true,
        with_snippet: false,
        non_finite_float_policy: serde_saphyr::options::NonFiniteFloatPolicy::AsString,
    }
}

/// A parser's error in the words of this program.
fn explain(error: &serde_saphyr::Error, yaml: &str, keys: &Keys, file: &Path) -> Problem {
    use serde_saphyr::Error as E;
    let place = error.location();
    let mut error = error.without_snippet();
    while let E::AliasError { error: inner, .. } = error {
        error = inner;
    }
    let number = |n: u64| usize::try_from(n).unwrap_or(usize::MAX);
    let (line, column) = place.map_or((1, 1), |p| (number(p.line()), number(p.column())));
    let key = keys.at(line, column);
    let name = key.map_or_else(|| key_in_line(yaml, line), |k| short(&k.path));
    let at = |message: String| Problem::error(file, message).at(line + 1).on(name.clone());
    match error {
        E::SerdeMissingField { field, .. } => {
            // The place is that of the table's first key; the table is what lacks something.
            let table = name.rsplit_once('.').map_or(name.as_str(), |(table, _)| table);
            Problem::error(file, format!("`{field}` is missing")).at(line + 1).on(table)
        }
        E::DuplicateMappingKey { key, .. } => {
            let key = key.clone().unwrap_or_else(|| "a key".to_owned());
            Problem::error(file, "stands there twice; keep one of them").at(line + 1).on(short(&key))
        }
        E::Budget { .. }
        | E::AliasReplayLimitExceeded { .. }
        | E::AliasExpansionLimitExceeded { .. }
        | E::AliasReplayStackDepthExceeded { .. } => at(
            "the front matter is too deep, too large or repeats itself too often; it was refused"
                .to_owned(),
        ),
        E::SerdeUnknownVariant { variant, expected, .. } => {
            let mut message = format!("`{}` is not one of {}", short(variant), expected.join(", "));
            if let Some(meant) = nearest_word(variant, expected.iter().copied()) {
                message.push_str("; did you mean `");
                message.push_str(meant);
                message.push_str("`?");
            }
            at(message)
        }
        _ if keys.iter().next().is_none() && is_syntax_free(error) => at(
            "the front matter must be `key: value` lines (a rule on line 1 needs a blank line before it)"
                .to_owned(),
        ),
        other => at(wrong_value(key, &plain_message(other))),
    }
}

/// True for an error about types rather than YAML itself.
fn is_syntax_free(error: &serde_saphyr::Error) -> bool {
    matches!(
        error,
        serde_saphyr::Error::Unexpected { .. } | serde_saphyr::Error::SerdeInvalidType { .. }
    )
}

/// `` `hot` is not a number from 0 to 2``, or the parser's words where the key has no description.
fn wrong_value(key: Option<&Key>, parser: &str) -> String {
    let expected = key.map_or("", |k| schema::expected(&k.schema_path()));
    match (expected, key.and_then(|k| k.text.as_deref())) {
        ("", _) => parser.to_owned(),
        (expected, Some(text)) => format!("`{}` is not {expected}", short(text)),
        (expected, None) => format!("{parser}; expected {expected}"),
    }
}

/// The parser's message without the place, which the problem names itself.
fn plain_message(error: &serde_saphyr::Error) -> String {
    let text = error.to_string();
    let first = text.lines().next().unwrap_or_default();
    let message = first.rsplit_once(" at line ").map_or(first, |(message, _)| message);
    format!("not valid YAML: {}", short(message))
}

/// The start of a text, for a message.
pub(super) fn short(text: &str) -> String {
    let mut out: String =
        text.chars().take(60).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if text.chars().nth(60).is_some() {
        out.push('…');
    }
    out
}

/// The key that a line begins with, where the YAML is too broken for an index.
fn key_in_line(yaml: &str, line: usize) -> String {
    let is_key = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
    let key = |text: &str| {
        let (key, _) = text.trim_start_matches([' ', '-', '{']).split_once(':')?;
        (!key.is_empty() && key.len() <= 64 && key.chars().all(is_key)).then(|| key.to_owned())
    };
    yaml.lines().nth(line.saturating_sub(1)).and_then(key).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_rule_on_line_one_opens_front_matter() {
        let split = |yaml, body| Cut::Split { yaml, body };
        for (text, expected) in [
            ("---\na: 1\n---\nBody\n", split("a: 1\n", "Body\n")),
            ("---\na: 1\n---\n\nBody", split("a: 1\n", "\nBody")),
            ("---\r\na: 1\r\n---\r\nBody\r\n", split("a: 1\r\n", "Body\r\n")),
            ("\u{feff}---\na: 1\n---\nBody", split("a: 1\n", "Body")),
            ("---  \na: 1\n---\t\nBody", split("a: 1\n", "Body")),
            ("---\n---\n", split("", "")),
            ("---\na: 1\n---", split("a: 1\n", "")),
            ("---\na: |\n  ---\n---\nBody", split("a: |\n  ---\n", "Body")),
            ("---\na: 1\nBody", Cut::Unclosed),
            ("---", Cut::Unclosed),
            ("", Cut::Plain),
            ("\n---\na: 1\n---\n", Cut::Plain),
            (" ---\na: 1\n---\n", Cut::Plain),
            ("----\na: 1\n----\n", Cut::Plain),
            ("# Title\n\n---\n\nText\n\n---\n", Cut::Plain),
        ] {
            assert_eq!(cut(text), expected, "{text:?}");
        }
    }

    fn problem(yaml: &str) -> String {
        read(yaml, Path::new("x.md"), &mut Vec::new()).unwrap_err().to_string()
    }

    #[test]
    fn a_wrong_value_names_file_line_key_and_what_was_expected() {
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
            ("id: x\nid: y\n", "x.md:3: id: stands there twice; keep one of them"),
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
    fn bombs_are_refused() {
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
    fn an_unknown_key_warns_at_any_depth_and_never_drops_the_file() {
        let mut problems = Vec::new();
        let yaml = "id: x\ncolour: teal\ndescription: fine\ncontract:\n  section: []\n  sections:\n    - { title: A, facet: risks, optinal: true }\nzzz:\n  inner: 1\n";
        let front = read(yaml, Path::new("x.md"), &mut problems).unwrap();
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
    fn thousands_of_slips_are_told_in_a_few_lines() {
        let keys: String = (0..3_000).flat_map(|i| [format!("k{i}"), ": 1\n".to_owned()]).collect();
        let mut problems = Vec::new();
        read(&format!("id: x\n{keys}"), Path::new("x.md"), &mut problems).unwrap();
        assert_eq!(problems.len(), MOST_UNKNOWN + 1);
        assert_eq!(problems[MOST_UNKNOWN].to_string(), "x.md: 2980 more unknown keys, not used");
    }

    #[test]
    fn null_means_nothing_and_one_word_is_a_list_of_one() {
        let yaml = "id: x\nmodel: null\ncolor: ~\ntitle:\ntriggers: Deploy this\ntags: []\ncontract:\n  sections:\n  tables: null\n";
        let front = read(yaml, Path::new("x.md"), &mut Vec::new()).unwrap();
        assert_eq!(front.settings.model, None);
        assert_eq!(front.settings.title, None);
        assert_eq!(front.settings.triggers.unwrap(), ["Deploy this"]);
        assert!(front.settings.contract.unwrap().is_empty());
    }
}
