//! The keys that a persona file may have, with the value that each expects, and the keys of other programs.
//!
//! One table for three purposes: a key that is not in it is unknown, errors quote the expected value, and the nearest key is
//! suggested.

use crate::text::nearest_word;

/// Keys without list positions, and the value that each expects.
pub(super) const KEYS: &[(&str, &str)] = &[
    ("id", "1 to 64 of a-z, 0-9 and hyphens, such as `my-reviewer`"),
    ("name", "a name of one line, at most 80 characters"),
    ("title", "one line, at most 120 characters"),
    ("view", "a word such as `infra`, at most 40 characters"),
    ("color", "a colour name such as `teal`, or `#rrggbb`"),
    ("context_limit", "a whole number of tokens, at least 256, or null"),
    ("model", "PROVIDER:MODEL such as `openai:gpt-5`, or null"),
    ("temperature", "a number from 0 to 2, or null"),
    ("top_p", "a number from 0 to 1, or null"),
    ("triggers", "a list of phrases"),
    ("mode", "what the pane shows when a trigger brought the persona in, such as `DevOps Mode`"),
    ("tags", "a list of words"),
    ("intake", "a list of `{ id: …, ask: …, confirm: true }`"),
    ("intake.id", "1 to 64 of a-z, 0-9 and hyphens"),
    ("intake.ask", "a question"),
    ("intake.confirm", "true or false"),
    ("contract", "the keys applies, sections, tables, opens_with, closes_with, require, forbid"),
    ("contract.applies", "always, substantial or recommendation"),
    ("contract.sections", "a list of `{ title: …, facet: … }`"),
    ("contract.sections.title", "the heading as the persona writes it"),
    (
        "contract.sections.facet",
        "recommendation, assumptions, options, cost, implementation, risks, validation, operations or questions",
    ),
    ("contract.sections.optional", "true or false"),
    ("contract.tables", "a list of `{ when: …, columns: […] }`"),
    ("contract.tables.when", "words that say when the table is due"),
    ("contract.tables.columns", "a list of at least two column headings"),
    ("contract.opens_with", "the lead of the first block, or null"),
    ("contract.closes_with", "the title of the last section, or null"),
    ("contract.require", "a list of phrases"),
    ("contract.forbid", "a list of phrases"),
    ("brief", "120 to 250 words"),
];

/// Keys that only plenary's own persona files have. A file with one of them is read strictly.
pub(super) const OWN_KEYS: &[&str] =
    &["id", "title", "view", "context_limit", "triggers", "intake", "contract", "brief"];

/// The value that a key expects; empty for an unknown key.
pub(super) fn expected_value(schema_path: &str) -> &'static str {
    KEYS.iter().find(|(key, _)| *key == schema_path).map_or("", |(_, words)| words)
}

/// True for a key in the table.
pub(super) fn is_known_key(schema_path: &str) -> bool {
    KEYS.iter().any(|(key, _)| *key == schema_path)
}

/// The known key of the same level that is nearest to an unknown one, if any is near.
pub(super) fn nearest_key(schema_path: &str) -> Option<&'static str> {
    let parent = |path: &str| path.rfind('.').map_or(0, |dot| dot + 1);
    let level = schema_path.get(..parent(schema_path))?;
    let name = schema_path.get(level.len()..)?;
    let names = KEYS.iter().filter_map(|(key, _)| {
        (key.get(..parent(key)) == Some(level)).then(|| key.get(level.len()..)).flatten()
    });
    nearest_word(name, names)
}

/// Top-level keys of other programs and of notes, which are ignored without a warning.
const FOREIGN_KEYS: &[&str] = &[
    // Claude Code
    "description",
    "tools",
    "disallowedTools",
    "permissionMode",
    "maxTurns",
    "skills",
    "mcpServers",
    "hooks",
    "memory",
    "background",
    "effort",
    "isolation",
    "initialPrompt",
    "allowed-tools",
    // opencode
    "permission",
    "steps",
    "maxSteps",
    "disable",
    "hidden",
    "prompt",
    "options",
    "variant",
    "reasoningEffort",
    // VS Code and Copilot
    "agents",
    "handoffs",
    "target",
    "infer",
    "argument-hint",
    "user-invocable",
    "disable-model-invocation",
    "mcp-servers",
    "applyTo",
    // aichat
    "use_tools",
    "variables",
    // notes and collections
    "author",
    "version",
    "date",
    "created",
    "updated",
    "license",
    "category",
    "categories",
    "keywords",
    "source",
    "url",
    "aliases",
    "slug",
    "layout",
    "emoji",
    "icon",
    "lang",
    "language",
    "metadata",
];

/// True for a top-level key of another program.
pub(super) fn is_foreign_key(key: &str) -> bool {
    FOREIGN_KEYS.contains(&key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn typing_errors_find_the_key_of_the_same_level() {
        for (typed, meant) in [
            ("colour", Some("color")),
            ("temprature", Some("temperature")),
            ("contract.section", Some("sections")),
            ("contract.sections.titel", Some("title")),
            ("colours_of_the_rainbow", None),
            ("x", None),
        ] {
            assert_eq!(nearest_key(typed), meant, "{typed}");
        }
    }

    #[test]
    fn own_keys_are_known_keys() {
        assert!(OWN_KEYS.iter().all(|key| is_known_key(key)));
    }
}
