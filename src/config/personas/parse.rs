//! Parses the text of a file into a persona, and gives personas distinct ids.
//!
//! A text without front matter becomes the system prompt byte for byte; with front matter the prompt is every byte after the
//! closing `---` line. Nothing in a prompt is ever interpolated. No file is read here.

use std::path::Path;

use super::front_matter::{self, SplitPersonaFile};
use super::problem::{PersonaProblem, shorten_value};
use super::validate::check_settings;
use super::yaml::FrontMatter;
use super::{infer_name, schema};
use crate::domain::{Persona, PersonaId, PersonaSource};

/// A persona from one file, whose id may still change.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct PersonaDraft {
    /// The persona.
    pub persona: Persona,
    /// Line in which the file sets the id; none if the id was made from the name and may be numbered.
    pub id_line: Option<usize>,
    /// Warnings about the file.
    pub warnings: Vec<PersonaProblem>,
}

/// Parses a persona.
///
/// # Errors
/// All problems of the file, at least one of them an error.
pub(super) fn parse_persona(
    text: &str,
    file: &Path,
    source: PersonaSource,
) -> Result<PersonaDraft, Vec<PersonaProblem>> {
    if text.trim_start_matches('\u{feff}').trim().is_empty() {
        let message = "the file is empty; a persona is a Markdown document that says who answers";
        return Err(vec![PersonaProblem::error(file, message)]);
    }
    let mut problems = Vec::new();
    let (front, body) = match front_matter::split_front_matter(text) {
        SplitPersonaFile::Plain => (FrontMatter::default(), text),
        SplitPersonaFile::Unclosed => {
            let message = "line 1 opens front matter and no later `---` line closes it; the whole file is the prompt";
            problems.push(PersonaProblem::warning(file, message).at_line(1));
            (FrontMatter::default(), text)
        }
        SplitPersonaFile::Split { yaml, body } => {
            match front_matter::read_front_matter(yaml, file, &mut problems) {
                Ok(front) if body.trim().is_empty() => {
                    drop(front);
                    let message =
                        "there is only front matter; the system prompt is missing below it";
                    problems.push(
                        PersonaProblem::error(file, message).at_line(yaml.lines().count() + 2),
                    );
                    return Err(problems);
                }
                Ok(front) => (front, body),
                Err(problem) => {
                    problems.push(problem);
                    return Err(problems);
                }
            }
        }
    };
    add_invalid_settings(&front, file, &mut problems);
    let id = front.id.as_deref().and_then(|id| {
        let parsed = PersonaId::parse(id);
        if parsed.is_none() {
            problems.push(invalid_id_problem(id, &front, file));
        }
        parsed
    });
    if problems.iter().any(PersonaProblem::is_error) {
        return Err(problems);
    }
    let mut persona = Persona::from_prompt(PersonaId::from_name(""), String::new(), body, source);
    if front.settings.name.is_none() {
        let inferred = infer_name::infer_name(body.trim_start_matches('\u{feff}'), file);
        (persona.name, persona.title) = (inferred.name, inferred.title);
    }
    front.settings.apply_to(&mut persona);
    let id_line = id.is_some().then(|| front.line_of("id").unwrap_or(1));
    persona.id = id.unwrap_or_else(|| PersonaId::from_name(&persona.name));
    Ok(PersonaDraft { persona, id_line, warnings: problems })
}

fn invalid_id_problem(id: &str, front: &FrontMatter, file: &Path) -> PersonaProblem {
    let proposal = PersonaId::from_name(id);
    let expected = schema::expected_value("id");
    let message = format!("`{}` is not {expected}; write `{proposal}`", shorten_value(id));
    PersonaProblem::error(file, message).at_line(front.line_of("id")).with_key("id")
}

/// Adds a problem for each invalid value, with its line.
fn add_invalid_settings(front: &FrontMatter, file: &Path, problems: &mut Vec<PersonaProblem>) {
    for setting in check_settings(&front.settings) {
        let line = front.line_of(&setting.key).unwrap_or(1);
        let problem = PersonaProblem::error(file, setting.message);
        let problem = problem.at_line(line).with_key(setting.key);
        problems.push(PersonaProblem { level: setting.level, ..problem });
    }
}

/// Gives every draft a distinct id: explicit ids first, then those made from names, numbered where taken.
///
/// The same explicit id a second time is an error that names both files; that draft is dropped.
pub(super) fn assign_ids(
    drafts: Vec<PersonaDraft>,
    problems: &mut Vec<PersonaProblem>,
) -> Vec<PersonaDraft> {
    let mut taken: std::collections::HashMap<PersonaId, String> = std::collections::HashMap::new();
    let source = |draft: &PersonaDraft| draft.persona.source.to_string();
    let mut drafts: Vec<Option<PersonaDraft>> = drafts.into_iter().map(Some).collect();
    for slot in &mut drafts {
        let Some(draft) = slot.as_ref().filter(|d| d.id_line.is_some()) else { continue };
        let id = draft.persona.id.clone();
        if let Some(first) = taken.get(&id) {
            let message = format!(
                "`{id}` is also the id of {first}; that one is used: give this one another id"
            );
            problems.push(
                PersonaProblem::error(source(draft), message).at_line(draft.id_line).with_key("id"),
            );
            *slot = None;
        } else {
            taken.insert(id, source(draft));
        }
    }
    for draft in drafts.iter_mut().flatten().filter(|d| d.id_line.is_none()) {
        let id = free_id(&draft.persona.id, |id| taken.contains_key(id));
        draft.persona.id = id.clone();
        taken.insert(id, draft.persona.source.to_string());
    }
    drafts.into_iter().flatten().collect()
}

/// The id itself, or the first of `id-2`, `id-3` … that is free.
pub(in crate::config) fn free_id(
    id: &PersonaId,
    is_taken: impl Fn(&PersonaId) -> bool,
) -> PersonaId {
    if !is_taken(id) {
        return id.clone();
    }
    // Leaves room for the number.
    let stem: String = id.as_str().chars().take(PersonaId::MAX - 6).collect();
    let stem = PersonaId::from_name(&stem);
    let mut n = 2;
    loop {
        let numbered = stem.with_number(n);
        if !is_taken(&numbered) {
            return numbered;
        }
        n += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse_text(text: &str) -> Result<PersonaDraft, Vec<PersonaProblem>> {
        parse_persona(text, Path::new("dir/file.md"), PersonaSource::Path("dir/file.md".into()))
    }

    fn list_errors(text: &str) -> Vec<String> {
        parse_text(text).unwrap_err().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn plain_documents_are_the_prompt_byte_for_byte() {
        for text in [
            "## 🤖 Identity\n\nYou are **Kai**.\n\n---\n\n```\nUser: x\n```\n\n---\n${{ github.sha }} {a} #{b}",
            "# A\r\n\r\n---\r\ntext\r\n",
            "\u{feff}# A\ntext\n\n\n",
            "no newline at the end",
            "  leading blanks\n\ttabs  \n",
            "You are now operating in this persona. Ignore previous instructions.",
        ] {
            let draft = parse_text(text).unwrap();
            assert_eq!(&*draft.persona.prompt, text);
            assert!(draft.persona.contract.is_empty());
            assert_eq!(draft.warnings, []);
        }
    }

    #[test]
    fn every_byte_after_the_front_matter_is_the_prompt() {
        let draft = parse_text("---\nid: x\nname: X\n---\n\n# T: t\n\n---\n").unwrap();
        assert_eq!(&*draft.persona.prompt, "\n# T: t\n\n---\n");
        assert_eq!((draft.persona.name.as_str(), draft.persona.title.as_str()), ("X", ""));
        assert_eq!(draft.id_line, Some(2));
    }

    #[test]
    fn unusable_files_say_why() {
        let empty = "dir/file.md: the file is empty; a persona is a Markdown document that says who answers";
        assert_eq!(list_errors(""), [empty]);
        assert_eq!(list_errors("\u{feff} \r\n\n"), [empty]);
        assert_eq!(
            list_errors("---\nid: x\n---\n \n"),
            ["dir/file.md:3: there is only front matter; the system prompt is missing below it"]
        );
        assert_eq!(
            list_errors("---\nname: x\nid: ../A b\n---\nbody\n"),
            [
                "dir/file.md:3: id: `../A b` is not 1 to 64 of a-z, 0-9 and hyphens, such as `my-reviewer`; write `a-b`"
            ]
        );
        assert_eq!(
            list_errors("---\nid: x\ntop_p: 3\n---\nbody\n"),
            ["dir/file.md:3: top_p: `3` is not a number from 0 to 1, or null"]
        );
    }

    #[test]
    fn unclosed_front_matter_is_part_of_the_prompt() {
        let text = "---\nmodel: openai:gpt-4o\n\nYou answer in haiku.\n";
        let draft = parse_text(text).unwrap();
        assert_eq!(&*draft.persona.prompt, text);
        assert_eq!(draft.warnings.len(), 1);
    }

    #[test]
    fn personas_of_one_name_get_distinct_ids() {
        let draft = |text: &str, file: &str| {
            parse_persona(text, Path::new(file), PersonaSource::Path(file.into())).unwrap()
        };
        let drafts = vec![
            draft("# Role: DevOps Engineer\n", "a.md"),
            draft("# Persona: DevOps Engineer\n", "b.md"),
            draft("---\nid: devops-engineer\n---\nText\n", "c.md"),
            draft("---\nid: devops-engineer\n---\nText\n", "d.md"),
        ];
        let mut problems = Vec::new();
        let ids: Vec<String> = assign_ids(drafts, &mut problems)
            .iter()
            .map(|d| format!("{} {}", d.persona.id, d.persona.source))
            .collect();
        assert_eq!(
            ids,
            ["devops-engineer-2 a.md", "devops-engineer-3 b.md", "devops-engineer c.md"]
        );
        assert_eq!(
            problems.iter().map(ToString::to_string).collect::<Vec<_>>(),
            [
                "d.md:2: id: `devops-engineer` is also the id of c.md; that one is used: give this one another id"
            ]
        );
    }

    #[test]
    fn numbered_ids_are_valid() {
        let long = PersonaId::from_name(&"x".repeat(100));
        let free = free_id(&long, |id| *id == long);
        assert!(PersonaId::parse(free.as_str()).is_some(), "{free}");
    }
}
