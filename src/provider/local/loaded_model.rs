//! A model that is ready to answer: network, tokenizer and chat template of one file.
//!
//! Loads and checks the file, and turns a request into the tokens of a prompt.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use thiserror::Error;

use super::chat_template::ChatTemplate;
use super::file_identity::FileIdentity;
use super::gguf::{GgufError, read_header};
use super::load_weights::load_weights;
use super::prefix_cache::common_prefix_len;
use super::sampler::{Sampler, SamplingSettings};
use super::tokenizer::{EncodeChatError, Tokenizer, TokenizerError};
use super::transformer::Transformer;
use super::writer::AnswerWriter;
use crate::domain::format::format_bytes;
use crate::domain::{ChatMessage, ChatRequest, ModelCatalogue, Scaffold};
use crate::machine::available_memory;

/// Why a model cannot be loaded.
#[derive(Debug, Error)]
pub(super) enum LoadModelError {
    /// The file is unusable.
    #[error("{}: {error}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The reason.
        error: ModelFileError,
    },
    /// There is not enough free memory.
    #[error(
        "{model} needs {} of memory, and {} are free: close other programs{}",
        format_bytes(*needed),
        format_bytes(*available),
        alternative.as_ref().map(|id| format!(", or ask local:{id}")).unwrap_or_default()
    )]
    NotEnoughMemory {
        /// The model.
        model: String,
        /// Bytes that the model needs.
        needed: u64,
        /// Bytes that are free.
        available: u64,
        /// A smaller model that fits.
        alternative: Option<String>,
    },
}

/// What is wrong with a model file.
#[derive(Debug, Error)]
pub(super) enum ModelFileError {
    /// The file cannot be read.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// Header or tensors are unusable.
    #[error(transparent)]
    Gguf(#[from] GgufError),
    /// The vocabulary is unusable.
    #[error(transparent)]
    Tokenizer(#[from] TokenizerError),
    /// The vocabulary is larger than the embedding.
    #[error("{tokens} tokens, and room for {room}")]
    TooManyTokens {
        /// Tokens in the vocabulary.
        tokens: usize,
        /// Tokens in the embedding.
        room: usize,
    },
}

/// Why a request cannot be turned into a prompt.
#[derive(Debug, Error)]
pub(super) enum PromptError {
    /// The chat template or the tokenizer fails.
    #[error(transparent)]
    Encode(#[from] EncodeChatError),
    /// The prompt leaves no room for an answer.
    #[error(
        "the prompt has {tokens} tokens, and {model} takes {max_tokens}: shorten the question or attach less"
    )]
    TooLong {
        /// Tokens of the prompt.
        tokens: usize,
        /// The model.
        model: String,
        /// The most tokens of prompt and answer.
        max_tokens: usize,
    },
}

/// Which model file is run, and how.
#[derive(Debug, Clone)]
pub(super) struct EngineSettings {
    /// The name after `local:`.
    pub(super) name: String,
    /// The file.
    pub(super) path: PathBuf,
    /// The cache folder; empty when there is none.
    pub(super) cache: PathBuf,
    /// All models, to suggest one that fits into memory.
    pub(super) catalogue: Arc<ModelCatalogue>,
    /// The most tokens of context.
    pub(super) context: u32,
    /// Number of cores to use.
    pub(super) cores: usize,
    /// A fixed seed makes every answer to the same request the same. Without one, a retry gives another answer.
    pub(super) seed: Option<u64>,
}

/// A model that is ready to answer.
pub(super) struct LoadedModel {
    /// The name after `local:`.
    pub(super) name: String,
    /// The network.
    pub(super) transformer: Transformer,
    /// The most tokens of a conversation.
    pub(super) max_tokens: usize,
    /// The identity of the file.
    pub(super) identity: FileIdentity,
    /// A note for the user about the file.
    pub(super) note: Option<String>,
    seed: Option<u64>,
    tokenizer: Arc<Tokenizer>,
    template: ChatTemplate,
}

/// The tokens of a prompt.
pub(super) struct Prompt {
    /// All tokens.
    pub(super) tokens: Vec<u32>,
    /// Number of tokens of the chat template and the system prompt, which are the same for every question to this
    /// persona.
    pub(super) prefix_tokens: usize,
}

impl LoadedModel {
    /// Loads the model.
    ///
    /// # Errors
    /// The file is unusable, or there is not enough memory.
    pub(super) fn load(settings: &EngineSettings) -> Result<Self, LoadModelError> {
        let path = &settings.path;
        let file_error = |error| LoadModelError::File { path: path.clone(), error };
        let identity = FileIdentity::read(path).map_err(|error| file_error(error.into()))?;
        let header = read_header(path).map_err(|error| file_error(error.into()))?;
        check_memory(settings, available_memory())?;
        let tokenizer = Tokenizer::read(path).map_err(|error| file_error(error.into()))?;
        let (tokens, room) = (tokenizer.len(), header.shape.vocabulary);
        if tokens > room {
            return Err(file_error(ModelFileError::TooManyTokens { tokens, room }));
        }
        let template = header.chat_template.as_deref();
        let (template, note) = ChatTemplate::new(template, tokenizer.bos(), tokenizer.eos());
        let weights = load_weights(path, &header, &settings.cache, &identity, settings.cores)
            .map_err(|error| file_error(error.into()))?;
        Ok(Self {
            name: settings.name.clone(),
            transformer: Transformer::new(weights),
            max_tokens: header.shape.context.min(settings.context as usize),
            identity,
            note,
            seed: settings.seed,
            tokenizer: Arc::new(tokenizer),
            template,
        })
    }

    /// Encodes the prompt of a request.
    ///
    /// # Errors
    /// The chat template or the tokenizer fails.
    pub(super) fn encode_prompt(&self, request: &ChatRequest) -> Result<Prompt, PromptError> {
        let ChatRequest { system, messages, .. } = request;
        let tokens = self.tokenizer.encode_chat(&self.template, system, messages)?;
        // The prefix is what the prompt has in common with that of another question.
        let other_question = [ChatMessage::user("\u{1f}")];
        let prefix_tokens = self
            .tokenizer
            .encode_chat(&self.template, system, &other_question)
            .map_or(0, |other| common_prefix_len(&tokens, &other));
        Ok(Prompt { prefix_tokens: prefix_tokens.min(tokens.len().saturating_sub(1)), tokens })
    }

    /// A writer for an answer of at most `max_tokens` tokens.
    pub(super) fn new_writer(&self, scaffold: Option<Scaffold>, max_tokens: u32) -> AnswerWriter {
        AnswerWriter::new(Arc::clone(&self.tokenizer), scaffold, max_tokens)
    }

    /// A sampler with the settings of `request`.
    pub(super) fn new_sampler(&self, request: &ChatRequest) -> Sampler {
        let defaults = SamplingSettings::default();
        let settings = SamplingSettings {
            temperature: request.temperature.unwrap_or(defaults.temperature),
            top_p: request.top_p.unwrap_or(defaults.top_p),
            ..defaults
        };
        Sampler::new(settings, self.seed.unwrap_or_else(|| fastrand::u64(..)))
    }
}

fn check_memory(settings: &EngineSettings, available: Option<u64>) -> Result<(), LoadModelError> {
    let weights = settings.catalogue.find(&settings.name);
    let (Some(weights), Some(available)) = (weights, available) else { return Ok(()) };
    if weights.memory <= available {
        return Ok(());
    }
    let smaller = settings.catalogue.find_smaller(weights, available);
    Err(LoadModelError::NotEnoughMemory {
        model: settings.name.clone(),
        needed: weights.memory,
        available,
        alternative: smaller.map(|smaller| smaller.id.clone()),
    })
}
