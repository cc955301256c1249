//! Front matter that other programs wrote: Claude Code, opencode and VS Code agents, aichat roles, notes.
//!
//! Their files work unchanged: keys of theirs that plenary has no use for are passed over in silence, and values
//! that mean something only to them (`model: sonnet`) are left out with a warning, never an error. Read only
//! where no key is plenary's own; `front_matter` calls it.

use std::path::Path;

use serde::Deserialize;

use super::front_matter::{self, FrontMatter, short};
use super::keys::Keys;
use super::problem::Problem;
use super::wire::Words;
use super::{Settings, schema, validate};
use crate::domain::ModelRef;

/// Top-level keys of other programs, and of notes, that are passed over without a warning.
const KEYS: &[&str] = &[
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

/// opencode's kinds of agent, which stand under the key that plenary uses for the name of a mode.
const OPENCODE_MODES: &[&str] = &["primary", "subagent", "all"];

/// True for a top-level key of another program.
pub(super) fn is_known(key: &str) -> bool {
    KEYS.contains(&key)
}

/// The few keys that mean the same everywhere.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Wire {
    name: Option<String>,
    temperature: Option<f32>,
    top_p: Option<f32>,
    tags: Option<Words>,
}

/// Reads front matter without any key of ours.
pub(super) fn read(
    yaml: &str,
    keys: Keys,
    file: &Path,
    problems: &mut Vec<Problem>,
) -> Result<FrontMatter, Problem> {
    let wire: Wire = front_matter::typed(yaml, &keys, file)?;
    front_matter::warn_unknown(&keys, file, problems);
    let mut settings = Settings {
        name: wire.name,
        temperature: wire.temperature,
        top_p: wire.top_p,
        tags: wire.tags.map(|words| words.0),
        ..Settings::default()
    };
    for name in ["model", "color", "mode", "description"] {
        let Some(text) = keys.text(name) else {
            if name == "model" && keys.find(name).is_some_and(|key| key_has_list(&keys, &key.path))
            {
                let line = keys.find(name).map_or(1, |key| key.line);
                problems.push(foreign_model("a list", line, file));
            }
            continue;
        };
        let line = keys.find(name).map_or(1, |key| key.line);
        take(&mut settings, name, text, line, file, problems);
    }
    Ok(FrontMatter { id: None, settings, keys })
}

fn key_has_list(keys: &Keys, path: &str) -> bool {
    keys.find(&format!("{path}[0]")).is_some_and(|key| key.item)
}

/// Takes one value of another program, or says why not.
fn take(
    settings: &mut Settings,
    key: &str,
    value: &str,
    line: usize,
    file: &Path,
    problems: &mut Vec<Problem>,
) {
    match key {
        "model" if ModelRef::parse(value).is_ok() => settings.model = Some(value.to_owned()),
        "model" => problems.push(foreign_model(&format!("`{}`", short(value)), line, file)),
        "color" if validate::is_color(value) => settings.color = Some(value.to_owned()),
        "color" => {
            let message =
                format!("`{}` is not used: expected {}", short(value), schema::expected(key));
            problems.push(Problem::warning(file, message).at(line + 1).on(key));
        }
        "mode" if !OPENCODE_MODES.contains(&value) => settings.mode = Some(value.to_owned()),
        // A one-line description serves as title; a longer one is an instruction to another program.
        "description" if value.chars().count() <= 80 && !value.contains('\n') => {
            settings.title = Some(value.trim().trim_end_matches('.').to_owned());
        }
        _ => {}
    }
}

fn foreign_model(value: &str, line: usize, file: &Path) -> Problem {
    let message =
        format!("{value} is not used: it is not PROVIDER:MODEL; the configured model answers");
    Problem::warning(file, message).at(line + 1).on("model")
}

/// Reads the front matter of an agent file that is not valid YAML, line by line, as its own program does.
///
/// Such files are common: `description: Use this when … Context: …` has a second colon that YAML forbids.
/// Nothing when the file is not plainly an agent file: then the YAML error stands.
pub(super) fn read_loosely(
    yaml: &str,
    file: &Path,
    reason: &Problem,
    problems: &mut Vec<Problem>,
) -> Option<FrontMatter> {
    let mut fields: Vec<(usize, &str, String)> = Vec::new();
    for (i, line) in yaml.lines().enumerate() {
        match line.split_once(':') {
            Some((key, _)) if schema::OURS.contains(&key) => return None,
            Some((key, value)) if is_known(key) || schema::is_known(key) => {
                fields.push((i + 1, key, value.trim().to_owned()));
            }
            _ => match fields.last_mut() {
                Some((_, _, value)) => {
                    value.push('\n');
                    value.push_str(line);
                }
                None if line.trim().is_empty() => {}
                None => return None,
            },
        }
    }
    let is_agent = fields.iter().any(|(_, key, value)| *key == "description" && !value.is_empty());
    if !is_agent {
        return None;
    }
    let mut settings = Settings::default();
    for (line, key, value) in &fields {
        let value = unquoted(value.trim());
        match *key {
            "name" => settings.name = Some(value.to_owned()),
            "temperature" => settings.temperature = value.parse().ok(),
            "top_p" => settings.top_p = value.parse().ok(),
            _ => take(&mut settings, key, value, *line, file, problems),
        }
    }
    let message = format!("{}; read line by line instead", reason.message);
    problems.push(
        Problem::warning(file, message).at(reason.line).on(reason.key.clone().unwrap_or_default()),
    );
    Some(FrontMatter { settings, ..FrontMatter::default() })
}

fn unquoted(value: &str) -> &str {
    let inner = |quote: char| value.strip_prefix(quote)?.strip_suffix(quote);
    inner('"').or_else(|| inner('\'')).unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(yaml: &str) -> (FrontMatter, Vec<String>) {
        let mut problems = Vec::new();
        let front = front_matter::read(yaml, Path::new("a.md"), &mut problems).unwrap();
        (front, problems.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn a_claude_code_agent_keeps_what_means_something_here() {
        let (front, problems) = read(
            "name: code-reviewer\ndescription: Reviews code.\ntools: Read, Grep\nmodel: sonnet\ncolor: purple\n",
        );
        assert_eq!(front.settings.name.as_deref(), Some("code-reviewer"));
        assert_eq!(front.settings.title.as_deref(), Some("Reviews code"));
        assert_eq!(front.settings.color.as_deref(), Some("purple"));
        assert_eq!(front.settings.model, None);
        assert_eq!(
            problems,
            [
                "a.md:5: model: `sonnet` is not used: it is not PROVIDER:MODEL; the configured model answers"
            ]
        );
    }

    #[test]
    fn an_opencode_agent_has_another_kind_of_mode() {
        let (front, problems) = read(
            "description: Audits\nmode: subagent\nmodel: anthropic/claude-sonnet-4-5\ntemperature: 0.1\ntools:\n  write: false\npermission:\n  edit: deny\n",
        );
        assert_eq!(front.settings.mode, None);
        assert_eq!(front.settings.temperature, Some(0.1));
        assert_eq!(problems.len(), 1, "{problems:?}");
    }

    #[test]
    fn an_aichat_role_keeps_model_temperature_and_top_p() {
        let (front, problems) =
            read("model: openai:gpt-4o\ntemperature: 0\ntop_p: 0.5\nuse_tools: fs\n");
        assert_eq!(front.settings.model.as_deref(), Some("openai:gpt-4o"));
        assert_eq!((front.settings.temperature, front.settings.top_p), (Some(0.0), Some(0.5)));
        assert_eq!(problems, [""; 0]);
    }

    #[test]
    fn an_agent_file_that_is_not_yaml_is_read_line_by_line() {
        let (front, problems) = read(
            "name: planner\ndescription: Use this when: planning. Examples:\n\n<example>\nContext: a plan\nuser: \"plan it\"\n</example>\nmodel: inherit\ncolor: \"blue\"\n",
        );
        assert_eq!(front.settings.name.as_deref(), Some("planner"));
        assert_eq!(front.settings.color.as_deref(), Some("blue"));
        assert!(problems.iter().any(|p| p.contains("read line by line")), "{problems:?}");
        assert!(problems.iter().any(|p| p.contains("`inherit` is not used")), "{problems:?}");
    }

    #[test]
    fn wrong_yaml_of_our_own_stays_an_error() {
        for yaml in ["id: x\ndescription: a: b\n", "name: [x\n", "prose: without: end\n"] {
            let found = front_matter::read(yaml, Path::new("a.md"), &mut Vec::new());
            assert!(found.is_err(), "{yaml:?}");
        }
    }
}
