//! Sessions as text: for a terminal or a pipe, as Markdown, as JSON.
//!
//! A format is one file and one row in [`FORMATS`]. Every export begins with the panel: how many of the
//! asked answered, and who in which state. Model text is neutralised here, as in everything that leaves the
//! program. Nothing is read or written: a string comes out. Called by `cli` (`sessions show`, `ask`) and,
//! for exports out of the TUI, by `runtime`; `ask` passes a session of one turn.

mod contain;
mod json;
mod markdown;
mod panel;
mod text;

use crate::domain::Session;

/// One way to write a session.
#[derive(Debug, Clone, Copy)]
pub struct Format {
    /// The word behind `--format`.
    pub name: &'static str,
    /// What it is for, in a few words.
    pub about: &'static str,
    /// Writes it, with a line end at the end. Model text is neutralised.
    pub write: fn(&Session) -> String,
}

/// Every format there is, the one for people first.
pub const FORMATS: &[Format] = &[
    Format { name: "text", about: "for reading in a terminal or a pipe", write: text::write },
    Format {
        name: "markdown",
        about: "one document, a heading per answer",
        write: markdown::write,
    },
    Format { name: "json", about: "for programs", write: json::write },
];

/// The format of that name.
pub fn format(name: &str) -> Option<&'static Format> {
    FORMATS.iter().find(|format| format.name == name)
}

/// temporary
pub struct Target {
    /** x */
    pub name: &'static str,
    /** x */
    pub about: &'static str,
}
impl Target {
    /** x */
    pub fn file_name(&self, id: &str) -> String {
        format!("{id}-{}.md", self.name)
    }
}
/// temporary
pub static TARGETS: [Target; 1] = [Target { name: "adr", about: "a decision record" }];
