//! The YAML of a front matter: into types and keys, with errors that name line and key.
//!
//! Knows YAML and the table of keys. What plenary's and other programs' files mean is known to `front_matter` and `foreign`.

use std::path::Path;

use serde::Deserialize;

use super::problem::{PersonaProblem, shorten_value};
use super::schema;
use super::settings::PersonaSettings;
use super::yaml_keys::{YamlKey, YamlKeys};
use crate::text::nearest_word;

/// Most unknown keys that are listed one by one.
const MAX_LISTED_KEYS: usize = 20;

/// A parsed front matter.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct FrontMatter {
    /// The id as written, not validated.
    pub id: Option<String>,
    /// The settings, not validated.
    pub settings: PersonaSettings,
    /// The keys with their lines.
    pub keys: YamlKeys,
}

impl FrontMatter {
    /// The line of a key in the file, else that of the innermost key above it.
    pub(super) fn line_of(&self, key: &str) -> Option<usize> {
        self.keys.find(key).map(|key| key.line + 1)
    }
}

/// Parses the keys of a front matter.
///
/// # Errors
/// The text is not valid YAML, or its top level is not a table.
pub(super) fn parse_keys(yaml: &str, file: &Path) -> Result<YamlKeys, PersonaProblem> {
    YamlKeys::parse(yaml, parser_options())
        .map_err(|e| explain_error(&e, yaml, &YamlKeys::default(), file))
}

/// Reads YAML into a type.
///
/// # Errors
/// A value does not fit; the problem names line and key.
pub(super) fn read_yaml<'de, T: Deserialize<'de>>(
    yaml: &'de str,
    keys: &YamlKeys,
    file: &Path,
) -> Result<T, PersonaProblem> {
    serde_saphyr::from_str_with_options(yaml, parser_options())
        .map_err(|e| explain_error(&e, yaml, keys, file))
}

/// Adds a warning for each unknown key; after the first few they are counted.
pub(super) fn warn_unknown_keys(keys: &YamlKeys, file: &Path, problems: &mut Vec<PersonaProblem>) {
    let unknown: Vec<&YamlKey> =
        keys.iter().filter(|key| !key.is_item && is_unknown_key(key)).collect();
    for key in unknown.iter().take(MAX_LISTED_KEYS) {
        let mut message = "unknown key, not used".to_owned();
        if let Some(nearest) = schema::nearest_key(&key.schema_path()) {
            message.push_str("; did you mean `");
            message.push_str(nearest);
            message.push_str("`?");
        }
        problems.push(
            PersonaProblem::warning(file, message)
                .at_line(key.line + 1)
                .with_key(shorten_value(&key.path)),
        );
    }
    if unknown.len() > MAX_LISTED_KEYS {
        let message = format!("{} more unknown keys, not used", unknown.len() - MAX_LISTED_KEYS);
        problems.push(PersonaProblem::warning(file, message));
    }
}

/// True for a key that is neither plenary's nor another program's. Keys below an unknown one are not reported.
fn is_unknown_key(key: &YamlKey) -> bool {
    let path = key.schema_path();
    let top = path.split('.').next().unwrap_or_default();
    let known_parent = top == path || schema::is_known_key(top);
    known_parent && !schema::is_known_key(&path) && !schema::is_foreign_key(top)
}

/// Limits that no honest persona file reaches.
fn parser_options() -> serde_saphyr::Options {
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

/// Words an error of the parser.
fn explain_error(
    error: &serde_saphyr::Error,
    yaml: &str,
    keys: &YamlKeys,
    file: &Path,
) -> PersonaProblem {
    use serde_saphyr::Error as E;
    let location = error.location();
    let mut error = error.without_snippet();
    while let E::AliasError { error: inner, .. } = error {
        error = inner;
    }
    let number = |n: u64| usize::try_from(n).unwrap_or(usize::MAX);
    let (line, column) = location.map_or((1, 1), |p| (number(p.line()), number(p.column())));
    let key = keys.key_at(line, column);
    let name = key.map_or_else(|| key_in_line(yaml, line), |k| shorten_value(&k.path));
    let at = |message: String| {
        PersonaProblem::error(file, message).at_line(line + 1).with_key(name.clone())
    };
    match error {
        E::SerdeMissingField { field, .. } => {
            // The position is that of the table's first key, but the table lacks the field.
            let table = name.rsplit_once('.').map_or(name.as_str(), |(table, _)| table);
            PersonaProblem::error(file, format!("`{field}` is missing")).at_line(line + 1).with_key(table)
        }
        E::DuplicateMappingKey { key, .. } => {
            let key = key.clone().unwrap_or_else(|| "a key".to_owned());
            PersonaProblem::error(file, "is set twice; keep one of them").at_line(line + 1).with_key(shorten_value(&key))
        }
        E::Budget { .. }
        | E::AliasReplayLimitExceeded { .. }
        | E::AliasExpansionLimitExceeded { .. }
        | E::AliasReplayStackDepthExceeded { .. } => at(
            "the front matter is too deep, too large or repeats itself too often; it was refused"
                .to_owned(),
        ),
        E::SerdeUnknownVariant { variant, expected, .. } => {
            let mut message = format!("`{}` is not one of {}", shorten_value(variant), expected.join(", "));
            if let Some(nearest) = nearest_word(variant, expected.iter().copied()) {
                message.push_str("; did you mean `");
                message.push_str(nearest);
                message.push_str("`?");
            }
            at(message)
        }
        _ if keys.iter().next().is_none() && is_type_error(error) => at(
            "the front matter must be `key: value` lines (a rule on line 1 needs a blank line before it)"
                .to_owned(),
        ),
        other => at(invalid_value_message(key, &parser_message(other))),
    }
}

/// True for an error about types, not about the YAML syntax.
fn is_type_error(error: &serde_saphyr::Error) -> bool {
    matches!(
        error,
        serde_saphyr::Error::Unexpected { .. } | serde_saphyr::Error::SerdeInvalidType { .. }
    )
}

/// `` `hot` is not a number from 0 to 2``, or the parser's message if the key has no description.
fn invalid_value_message(key: Option<&YamlKey>, parser: &str) -> String {
    let expected = key.map_or("", |k| schema::expected_value(&k.schema_path()));
    match (expected, key.and_then(|k| k.text.as_deref())) {
        ("", _) => parser.to_owned(),
        (expected, Some(text)) => format!("`{}` is not {expected}", shorten_value(text)),
        (expected, None) => format!("{parser}; expected {expected}"),
    }
}

/// The parser's message without the position, which the problem has.
fn parser_message(error: &serde_saphyr::Error) -> String {
    let text = error.to_string();
    let first = text.lines().next().unwrap_or_default();
    let message = first.rsplit_once(" at line ").map_or(first, |(message, _)| message);
    format!("not valid YAML: {}", shorten_value(message))
}

/// The key that a line begins with, for YAML that is too broken for an index.
fn key_in_line(yaml: &str, line: usize) -> String {
    let is_key = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
    let key = |text: &str| {
        let (key, _) = text.trim_start_matches([' ', '-', '{']).split_once(':')?;
        (!key.is_empty() && key.len() <= 64 && key.chars().all(is_key)).then(|| key.to_owned())
    };
    yaml.lines().nth(line.saturating_sub(1)).and_then(key).unwrap_or_default()
}
