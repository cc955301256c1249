//! Personas: settings, contract and system prompt of those who answer.
//!
//! Data only: `config::personas` parses persona files.

use std::borrow::Cow;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use serde::Serialize;

use super::{Contract, IntakeField, ModelRef, PersonaId};

/// Where a persona was read. Of personas with the same id the later source takes precedence.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase", tag = "kind", content = "path")]
pub enum PersonaSource {
    /// Embedded in the program.
    BuiltIn,
    /// The user's own folder.
    User(PathBuf),
    /// A file of the project: in `.plenary/personas/`, or named by a panel of the project.
    Project(PathBuf),
    /// A path on the command line or in a panel.
    Path(PathBuf),
}

impl fmt::Display for PersonaSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BuiltIn => f.write_str("built in"),
            Self::User(path) | Self::Project(path) | Self::Path(path) => {
                write!(f, "{}", path.display())
            }
        }
    }
}

/// Settings, contract and system prompt of one who answers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Persona {
    /// Its id, written after the `@` of a mention.
    pub id: PersonaId,
    /// `Kael Voss`.
    pub name: String,
    /// `Principal Infrastructure Engineer`; empty if the file has none.
    pub title: String,
    /// What it looks at: `infra`, `edge`, `devops`, `ai-lead`, or any other word; empty if the file has none.
    pub view: String,
    /// Name of a theme colour: `teal`.
    pub color: Option<String>,
    /// Token limit for prompt, history and answer together.
    pub context_limit: Option<u32>,
    /// The persona's own model.
    pub model: Option<ModelRef>,
    /// Sampling temperature, 0 to 2.
    pub temperature: Option<f32>,
    /// Nucleus sampling, 0 to 1.
    pub top_p: Option<f32>,
    /// Phrases in a question that add this persona to those who are asked.
    pub triggers: Vec<String>,
    /// Label of its pane if a trigger added it: `DevOps Mode`.
    pub mode: Option<String>,
    /// Areas of knowledge, for lists and search.
    pub tags: Vec<String>,
    /// Questions that it asks before it answers.
    pub intake: Vec<IntakeField>,
    /// What its answers must contain.
    pub contract: Contract,
    /// Condensed system prompt of 120 to 250 words, for small models and tight budgets.
    #[serde(rename = "brief")]
    pub short_prompt: Option<String>,
    /// The system prompt, sent unchanged.
    #[serde(skip)]
    pub prompt: Arc<str>,
    /// Where it was read.
    pub source: PersonaSource,
    /// True when its file, or any of its settings, comes from the project's `.plenary`.
    #[serde(rename = "project")]
    pub is_project: bool,
}

/// Precedes the name of a persona that comes from the project, so that shortening a name never removes it.
pub const PROJECT_MARK: &str = "project: ";

/// The name, marked when the persona comes from the project.
pub fn mark_project(name: &str, is_project: bool) -> Cow<'_, str> {
    if is_project { Cow::Owned(format!("{PROJECT_MARK}{name}")) } else { Cow::Borrowed(name) }
}

/// A word for a persona, marked when it comes from the project: `project:infra`.
pub fn project_tag(word: &str, is_project: bool) -> Cow<'_, str> {
    if is_project { Cow::Owned(format!("project:{word}")) } else { Cow::Borrowed(word) }
}

impl Persona {
    /// Creates a persona with a system prompt and no settings, as from a plain document.
    pub fn from_prompt(id: PersonaId, name: String, prompt: &str, source: PersonaSource) -> Self {
        Self {
            id,
            name,
            title: String::new(),
            view: String::new(),
            color: None,
            context_limit: None,
            model: None,
            temperature: None,
            top_p: None,
            triggers: Vec::new(),
            mode: None,
            tags: Vec::new(),
            intake: Vec::new(),
            contract: Contract::default(),
            short_prompt: None,
            prompt: Arc::from(prompt),
            is_project: matches!(source, PersonaSource::Project(_)),
            source,
        }
    }

    /// The name as it is shown: that of a project's persona is marked.
    pub fn display_name(&self) -> Cow<'_, str> {
        mark_project(&self.name, self.is_project)
    }

    /// The label, marked when the persona comes from the project: what names it in narrow columns.
    pub fn tag(&self) -> Cow<'_, str> {
        project_tag(self.label(), self.is_project)
    }

    /// The view, or the id if there is none. Shown after the name in the title of a pane.
    pub fn label(&self) -> &str {
        if self.view.is_empty() { self.id.as_str() } else { &self.view }
    }
}
