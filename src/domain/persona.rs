//! A persona: who answers.
//!
//! The system prompt and everything the program knows about it. Made from Markdown files by
//! `config::personas`, turned into messages by `prompt`. Holds no answers.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use serde::Serialize;

use super::{Contract, IntakeField, ModelRef, PersonaId};

/// Where a persona came from; later ones of the same id replace earlier ones.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase", tag = "kind", content = "path")]
pub enum PersonaSource {
    /// Embedded in the program.
    BuiltIn,
    /// The user's own folder.
    User(PathBuf),
    /// The project's `.plenary/personas/`.
    Project(PathBuf),
    /// Named on the command line or in a panel.
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

/// Who answers: settings, contract and system prompt.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Persona {
    /// The word behind the `@`.
    pub id: PersonaId,
    /// `Kael Voss`.
    pub name: String,
    /// `Principal Infrastructure Engineer`; empty when the file names none.
    pub title: String,
    /// The lens: `infra`, `edge`, `devops`, `ai-lead`, or any other word; empty when the file names none.
    pub view: String,
    /// A theme colour name: `teal`.
    pub color: Option<String>,
    /// Tokens the persona allows for prompt, history and answer together.
    pub context_limit: Option<u32>,
    /// The persona's own model.
    pub model: Option<ModelRef>,
    /// Sampling temperature, 0 to 2.
    pub temperature: Option<f32>,
    /// Nucleus sampling, 0 to 1.
    pub top_p: Option<f32>,
    /// Phrases in a question that bring this persona in.
    pub triggers: Vec<String>,
    /// What its pane shows when a trigger brought it in: `DevOps Mode`.
    pub mode: Option<String>,
    /// Areas of knowledge, for lists and search.
    pub tags: Vec<String>,
    /// What it needs to know first.
    pub intake: Vec<IntakeField>,
    /// What its answers promise.
    pub contract: Contract,
    /// The persona in 120 to 250 words, for a small context or a small model.
    pub brief: Option<String>,
    /// The system prompt, byte for byte what is sent.
    #[serde(skip)]
    pub prompt: Arc<str>,
    /// Where it was read.
    pub source: PersonaSource,
}

impl Persona {
    /// A persona of nothing but a prompt: what any plain document becomes.
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
            brief: None,
            prompt: Arc::from(prompt),
            source,
        }
    }

    /// `infra` where a view is set, else the id: what stands behind the name in a pane's title.
    pub fn label(&self) -> &str {
        if self.view.is_empty() { self.id.as_str() } else { &self.view }
    }
}
