//! Sessions as text: for a terminal or a pipe, as Markdown, JSON and HTML, as a decision record, as a checklist.
//!
//! A format is one file and one row in [`FORMATS`]. Every export begins with the panel: how many personas answered, how the
//! other runs ended, models, date, tokens, cost. The text of models is sanitised here, and cannot break the structure of
//! the export around it. Nothing is read from or written to disk.

mod adr;
mod checklist;
mod decisions;
mod embed_markdown;
mod excerpt;
mod exported_item;
mod folder;
mod html;
mod inert_markdown;
mod json;
mod markdown;
mod session_header;
mod session_reading;
mod text;

use std::sync::Arc;

use crate::domain::{Contract, Persona, PersonaId, Session};
use crate::review::HeadingSynonyms;
pub use folder::export_folder;

/// What answers are read with, besides the session.
#[derive(Debug, Clone, Copy)]
pub struct ReadingInput<'a> {
    /// Known personas, whose contracts say what their sections are about. Answers of others are read by synonyms alone.
    pub personas: &'a [Arc<Persona>],
    /// Phrases in headings and their facets.
    pub synonyms: &'a HeadingSynonyms,
    /// The project's context, `./.plenary/context.md`, if it exists.
    pub context: Option<&'a str>,
}

impl ReadingInput<'_> {
    fn find_persona(&self, id: &PersonaId) -> Option<&Persona> {
        self.personas.iter().find(|persona| persona.id == *id).map(AsRef::as_ref)
    }

    /// The contract of this persona; an empty one when the persona is unknown.
    fn find_contract(&self, id: &PersonaId) -> Contract {
        self.find_persona(id).map(|persona| persona.contract.clone()).unwrap_or_default()
    }
}

/// A format that a session can be written in.
#[derive(Debug, Clone, Copy)]
pub struct ExportFormat {
    /// The value of `--format`.
    pub name: &'static str,
    /// A short description.
    pub about: &'static str,
    /// Writes the session, with a line end at the end. The text of models is sanitised.
    pub write: fn(&Session, &ReadingInput<'_>) -> String,
    /// The output depends on the [`ReadingInput`].
    pub reads_answers: bool,
    /// File name extension, without the dot.
    pub extension: &'static str,
    /// Media type.
    pub media_type: &'static str,
}

const ROWS: [ExportFormat; 6] = [
    ExportFormat {
        name: "text",
        about: "for reading in a terminal or a pipe",
        write: text::write_text,
        reads_answers: false,
        extension: "txt",
        media_type: "text/plain; charset=utf-8",
    },
    ExportFormat {
        name: "markdown",
        about: "one document, a heading per answer",
        write: markdown::write_markdown,
        reads_answers: false,
        extension: "md",
        media_type: "text/markdown; charset=utf-8",
    },
    ExportFormat {
        name: "json",
        about: "for programs",
        write: json::write_json,
        reads_answers: true,
        extension: "json",
        media_type: "application/json",
    },
    ExportFormat {
        name: "adr",
        about: "a decision record (MADR 4): who proposed what, and what was decided",
        write: adr::write_adr,
        reads_answers: true,
        extension: "md",
        media_type: "text/markdown; charset=utf-8",
    },
    ExportFormat {
        name: "checklist",
        about: "what was accepted as tasks, and what was not",
        write: checklist::write_checklist,
        reads_answers: false,
        extension: "md",
        media_type: "text/markdown; charset=utf-8",
    },
    ExportFormat {
        name: "html",
        about: "one page for a browser, answers side by side",
        write: html::write_html,
        reads_answers: false,
        extension: "html",
        media_type: "text/html; charset=utf-8",
    },
];

/// All formats; the default comes first.
pub const FORMATS: &[ExportFormat] = &ROWS;

/// The format of this name.
pub fn find_format(name: &str) -> Option<&'static ExportFormat> {
    FORMATS.iter().find(|format| format.name == name)
}

/// What a session can be written to disk as: a file in one of the formats, or a folder.
#[derive(Debug, Clone, Copy)]
pub struct ExportTarget {
    /// The value of `--format`.
    pub name: &'static str,
    /// A short description.
    pub about: &'static str,
    /// The format of the file; none for the folder, whose files [`export_folder`] makes.
    pub format: Option<&'static ExportFormat>,
}

const FOLDER: ExportTarget = ExportTarget {
    name: "folder",
    about: "question, answers, decisions and decision record, one file each",
    format: None,
};

/// All targets: the formats, then the folder.
pub static TARGETS: [ExportTarget; ROWS.len() + 1] = {
    let mut targets = [FOLDER; ROWS.len() + 1];
    let mut at = 0;
    while at < ROWS.len() {
        let format = &FORMATS[at];
        targets[at] = ExportTarget { name: format.name, about: format.about, format: Some(format) };
        at += 1;
    }
    targets
};

/// The target of this name.
pub fn find_target(name: &str) -> Option<&'static ExportTarget> {
    TARGETS.iter().find(|target| target.name == name)
}

impl ExportTarget {
    /// The default name of the file or folder for the session with this short id: `1a2b3c4d-adr.md`, `1a2b3c4d.html`,
    /// `plenary-1a2b3c4d`. Only the first format with an extension leaves its name out.
    pub fn file_name(&self, id: &str) -> String {
        let Some(format) = self.format else { return format!("plenary-{id}") };
        let first = FORMATS.iter().find(|other| other.extension == format.extension);
        let plain = first.is_some_and(|first| first.name == format.name);
        let word = if plain { String::new() } else { format!("-{}", format.name) };
        format!("{id}{word}.{}", format.extension)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_target_has_a_different_file_name() {
        let names: Vec<String> = TARGETS.iter().map(|t| t.file_name("1a2b3c4d")).collect();
        assert_eq!(
            names,
            [
                "1a2b3c4d.txt",
                "1a2b3c4d.md",
                "1a2b3c4d.json",
                "1a2b3c4d-adr.md",
                "1a2b3c4d-checklist.md",
                "1a2b3c4d.html",
                "plenary-1a2b3c4d",
            ]
        );
        for target in &TARGETS {
            assert_eq!(find_target(target.name).unwrap().about, target.about);
            assert_eq!(find_format(target.name).is_some(), target.format.is_some());
        }
    }
}
