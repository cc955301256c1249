//! Why no model answers for a persona. Each text says what to do.

use std::io;

use super::text_file::describe_io_error;
use crate::domain::{ModelRef, ModelRefError, PersonaId};

/// Why a model cannot be used, or why none was chosen.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ModelError {
    /// The text is not `PROVIDER:MODEL`.
    #[error("{error}; providers: {providers}")]
    Syntax {
        /// What is wrong with it.
        error: ModelRefError,
        /// The names of all providers.
        providers: String,
    },
    /// A preset whose wire this version does not have.
    #[error(
        "this version cannot speak to {0} yet; its models answer through openrouter, or through your own provider with \
         kind = \"openai\""
    )]
    NoWire(String),
    /// No provider has this name.
    #[error("there is no provider \"{name}\"{hint} (known: {known})")]
    UnknownProvider {
        /// The name, escaped.
        name: String,
        /// A similar name, or nothing.
        hint: String,
        /// The names of all providers.
        known: String,
    },
    /// A project's persona names the path of a model file.
    #[error("a project's persona may not name a model file by its path")]
    ProjectFile,
    /// The program was built without the local engine.
    #[error("{0}: the local model is not built in (cargo feature local)")]
    NotBuiltIn(String),
    /// The provider is named alone and has no default model.
    #[error(
        "{0} has no default model; write {0}:MODEL, or model = \"MODEL\" in [providers.{0}] (`plenary model list` shows what \
         it offers)"
    )]
    NoDefault(String),
    /// No model of the catalogue has this id.
    #[error("{0}; name your own file by its path: local:./model.gguf")]
    UnknownLocal(String),
    /// The path of the user's own model file is a folder or the like.
    #[error("local model \"{0}\": not a file; name a .gguf file")]
    NotAFile(String),
    /// The user's own model file cannot be read.
    #[error("local model \"{shown}\": {path}: {reason}; name a .gguf file")]
    Unreadable {
        /// The model as written, escaped.
        shown: String,
        /// The path.
        path: String,
        /// Why.
        reason: String,
    },
    /// The persona's own model cannot be used.
    #[error("{persona}: model \"{model}\" of {origin}: {error}")]
    OfPersona {
        /// The persona.
        persona: PersonaId,
        /// Its model as written.
        model: ModelRef,
        /// Where it is set.
        origin: String,
        /// Why not.
        #[source]
        error: Box<Self>,
    },
    /// A provider is available, but none of its models is named.
    #[error(
        "{why}, but nothing says which of its models to ask: write model = \"{provider}:NAME\" in {file}, or --model \
         {provider}:NAME (`plenary model list` shows the names)"
    )]
    NoModelNamed {
        /// Why the provider was found.
        why: String,
        /// Its name.
        provider: String,
        /// The configuration file.
        file: String,
    },
    /// No provider is available.
    #[error(
        "nothing says which model answers: export OPENAI_API_KEY=… or OPENROUTER_API_KEY=…, or start a local server \
         (`ollama serve`) and write model = \"ollama:NAME\" in {0}; `plenary doctor` shows what was looked for"
    )]
    NothingAvailable(String),
}

impl ModelError {
    /// The user's own model file `path`, written as `shown`, cannot be read.
    pub(super) fn unreadable(shown: String, path: &std::path::Path, error: &io::Error) -> Self {
        let (path, reason) = (path.display().to_string(), describe_io_error(error));
        Self::Unreadable { shown, path, reason }
    }
}
