//! Front matter for other programs: Claude Code, opencode and VS Code agents, aichat roles, notes.
//!
//! These files work unchanged: keys that plenary has no use for are ignored, and values that only the other program
//! understands (`model: sonnet`) are left out with a warning, never an error. Files with a key of plenary's own are not read
//! here.

use std::path::Path;

use serde::Deserialize;

use super::problem::{PersonaProblem, shorten_value};
use super::settings::PersonaSettings;
use super::yaml::{FrontMatter, read_yaml, warn_unknown_keys};
use super::yaml_keys::YamlKeys;
use super::{schema, validate};
use crate::domain::ModelRef;
use crate::domain::lenient::optional_string_or_list;

/// opencode's kinds of agent, under the key that plenary uses for the name of a mode.
const OPENCODE_MODES: &[&str] = &["primary", "subagent", "all"];

/// The few keys that mean the same in all programs.
#[derive(Default, Deserialize)]
#[serde(default)]
struct ForeignFrontMatter {
    name: Option<String>,
    temperature: Option<f32>,
    top_p: Option<f32>,
    #[serde(deserialize_with = "optional_string_or_list")]
    tags: Option<Vec<String>>,
}

/// Reads front matter without any key of plenary's own.
///
/// # Errors
/// A key that means the same in all programs has an invalid value.
pub(super) fn read_foreign(
    yaml: &str,
    keys: YamlKeys,
    file: &Path,
    problems: &mut Vec<PersonaProblem>,
) -> Result<FrontMatter, PersonaProblem> {
    let ForeignFrontMatter { name, temperature, top_p, tags } = read_yaml(yaml, &keys, file)?;
    warn_unknown_keys(&keys, file, problems);
    let mut settings =
        PersonaSettings { name, temperature, top_p, tags, ..PersonaSettings::default() };
    for name in ["model", "color", "mode", "description"] {
        let Some(text) = keys.text(name) else {
            if name == "model" && keys.find(name).is_some_and(|key| is_list(&keys, &key.path)) {
                let line = keys.find(name).map_or(1, |key| key.line);
                problems.push(foreign_model_warning("a list", line, file));
            }
            continue;
        };
        let line = keys.find(name).map_or(1, |key| key.line);
        take_value(&mut settings, name, text, line, file, problems);
    }
    Ok(FrontMatter { id: None, settings, keys })
}

fn is_list(keys: &YamlKeys, path: &str) -> bool {
    keys.find(&format!("{path}[0]")).is_some_and(|key| key.is_item)
}

/// Uses a value of another program, or warns why not.
fn take_value(
    settings: &mut PersonaSettings,
    key: &str,
    value: &str,
    line: usize,
    file: &Path,
    problems: &mut Vec<PersonaProblem>,
) {
    match key {
        "model" if ModelRef::parse(value).is_ok() => settings.model = Some(value.to_owned()),
        "model" => {
            problems.push(foreign_model_warning(
                &format!("`{}`", shorten_value(value)),
                line,
                file,
            ));
        }
        "color" if validate::is_color(value) => settings.color = Some(value.to_owned()),
        "color" => {
            let message = format!(
                "`{}` is not used: expected {}",
                shorten_value(value),
                schema::expected_value(key)
            );
            problems.push(PersonaProblem::warning(file, message).at_line(line + 1).with_key(key));
        }
        "mode" if !OPENCODE_MODES.contains(&value) => settings.mode = Some(value.to_owned()),
        // A one-line description serves as title; a longer one is an instruction to another program.
        "description" if value.chars().count() <= 80 && !value.contains('\n') => {
            settings.title = Some(value.trim().trim_end_matches('.').to_owned());
        }
        _ => {}
    }
}

fn foreign_model_warning(value: &str, line: usize, file: &Path) -> PersonaProblem {
    let message =
        format!("{value} is not used: it is not PROVIDER:MODEL; the configured model answers");
    PersonaProblem::warning(file, message).at_line(line + 1).with_key("model")
}

/// Reads the front matter of an agent file that is not valid YAML line by line, as the other program does.
///
/// Such files are common: `description: Use this when … Context: …` has a second colon that YAML forbids. Returns none for a
/// file that is not clearly an agent file: the YAML error remains.
pub(super) fn read_line_by_line(
    yaml: &str,
    file: &Path,
    reason: &PersonaProblem,
    problems: &mut Vec<PersonaProblem>,
) -> Option<FrontMatter> {
    let mut fields: Vec<(usize, &str, String)> = Vec::new();
    for (i, line) in yaml.lines().enumerate() {
        match line.split_once(':') {
            Some((key, _)) if schema::OWN_KEYS.contains(&key) => return None,
            Some((key, value)) if schema::is_foreign_key(key) || schema::is_known_key(key) => {
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
    let mut settings = PersonaSettings::default();
    for (line, key, value) in &fields {
        let value = strip_quotes(value.trim());
        match *key {
            "name" => settings.name = Some(value.to_owned()),
            "temperature" => settings.temperature = value.parse().ok(),
            "top_p" => settings.top_p = value.parse().ok(),
            _ => take_value(&mut settings, key, value, *line, file, problems),
        }
    }
    let message = format!("{}; read line by line instead", reason.message);
    problems.push(
        PersonaProblem::warning(file, message)
            .at_line(reason.line)
            .with_key(reason.key.clone().unwrap_or_default()),
    );
    Some(FrontMatter { settings, ..FrontMatter::default() })
}

fn strip_quotes(value: &str) -> &str {
    let inner = |quote: char| value.strip_prefix(quote)?.strip_suffix(quote);
    inner('"').or_else(|| inner('\'')).unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::super::front_matter;
    use super::*;

    fn read_with_problems(yaml: &str) -> (FrontMatter, Vec<String>) {
        let mut problems = Vec::new();
        let front =
            front_matter::read_front_matter(yaml, Path::new("a.md"), &mut problems).unwrap();
        (front, problems.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn claude_code_agents_keep_common_values() {
        let (front, problems) = read_with_problems(
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
    fn opencode_modes_are_ignored() {
        let (front, problems) = read_with_problems(
            "description: Audits\nmode: subagent\nmodel: anthropic/claude-sonnet-4-5\ntemperature: 0.1\ntools:\n  write: false\npermission:\n  edit: deny\n",
        );
        assert_eq!(front.settings.mode, None);
        assert_eq!(front.settings.temperature, Some(0.1));
        assert_eq!(problems.len(), 1, "{problems:?}");
    }

    #[test]
    fn aichat_roles_keep_model_temperature_and_top_p() {
        let (front, problems) =
            read_with_problems("model: openai:gpt-4o\ntemperature: 0\ntop_p: 0.5\nuse_tools: fs\n");
        assert_eq!(front.settings.model.as_deref(), Some("openai:gpt-4o"));
        assert_eq!((front.settings.temperature, front.settings.top_p), (Some(0.0), Some(0.5)));
        assert_eq!(problems, [""; 0]);
    }

    #[test]
    fn agent_files_that_are_not_yaml_are_read_line_by_line() {
        let (front, problems) = read_with_problems(
            "name: planner\ndescription: Use this when: planning. Examples:\n\n<example>\nContext: a plan\nuser: \"plan it\"\n</example>\nmodel: inherit\ncolor: \"blue\"\n",
        );
        assert_eq!(front.settings.name.as_deref(), Some("planner"));
        assert_eq!(front.settings.color.as_deref(), Some("blue"));
        assert!(problems.iter().any(|p| p.contains("read line by line")), "{problems:?}");
        assert!(problems.iter().any(|p| p.contains("`inherit` is not used")), "{problems:?}");
    }

    #[test]
    fn invalid_yaml_of_own_files_is_an_error() {
        for yaml in ["id: x\ndescription: a: b\n", "name: [x\n", "prose: without: end\n"] {
            let found = front_matter::read_front_matter(yaml, Path::new("a.md"), &mut Vec::new());
            assert!(found.is_err(), "{yaml:?}");
        }
    }
}
