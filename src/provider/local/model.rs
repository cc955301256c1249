//! A model that is ready: decoder, tokens, template, and what it is called.
//!
//! Turns a request into the tokens of a prompt and says how far its system part reaches. Made by `engine` when the first
//! question comes.

use std::path::PathBuf;
use std::sync::Arc;

use super::decoder::Decoder;
use super::identity::Identity;
use super::memories::common;
use super::sampler::{Sampler, Sampling};
use super::template::Template;
use super::tokens::Tokens;
use super::writer::Writer;
use super::{gguf, load};
use crate::domain::format::format_bytes;
use crate::domain::{Catalogue, ChatMessage, ChatRequest, Scaffold};
use crate::machine::memory_available;

/// Which file of weights is run, and how.
#[derive(Debug, Clone)]
pub(super) struct Source {
    /// The word behind `local:`.
    pub(super) name: String,
    /// The file.
    pub(super) path: PathBuf,
    /// The cache folder; empty when there is none.
    pub(super) cache: PathBuf,
    /// All weights that are known, to name one that fits where this one does not.
    pub(super) catalogue: Arc<Catalogue>,
    /// The most tokens of context that are used.
    pub(super) context: u32,
    /// Cores that may be used.
    pub(super) cores: usize,
    /// Makes every answer the same; none draws another each time, as somebody who asks anew expects.
    pub(super) seed: Option<u64>,
}

/// A model that is ready.
pub(super) struct Model {
    /// The word behind `local:`.
    pub(super) name: String,
    /// The weights at work.
    pub(super) decoder: Decoder,
    /// The most tokens of a conversation.
    pub(super) context: usize,
    /// Which weights these are.
    pub(super) identity: Identity,
    /// What the person should know about the file.
    pub(super) note: Option<String>,
    seed: Option<u64>,
    tokens: Arc<Tokens>,
    template: Template,
}

/// The tokens of a prompt.
pub(super) struct Prompt {
    /// All of them.
    pub(super) tokens: Vec<u32>,
    /// How many of them are template and system prompt: the same for every question to this persona.
    pub(super) prefix: usize,
}

impl Model {
    /// Loads the weights.
    ///
    /// # Errors
    /// Says what is wrong with the file, or that there is not enough memory.
    pub(super) fn load(source: &Source) -> Result<Self, String> {
        let wrong = |e: std::io::Error| format!("{}: {e}", source.path.display());
        let identity = Identity::of(&source.path).map_err(wrong)?;
        let head = gguf::read(&source.path)?;
        enough_memory(source, memory_available())?;
        let tokens = Tokens::read(&source.path)
            .map_err(|what| format!("{}: {what}", source.path.display()))?;
        if tokens.len() > head.shape.vocabulary {
            return Err(format!(
                "{}: {} tokens, and room for {}",
                source.path.display(),
                tokens.len(),
                head.shape.vocabulary
            ));
        }
        let (template, note) = Template::new(head.template.as_deref(), tokens.bos(), tokens.eos());
        let weights = load::load(&source.path, &head, &source.cache, &identity, source.cores)?;
        let context = head.shape.context.min(source.context as usize);
        Ok(Self {
            name: source.name.clone(),
            decoder: Decoder::new(weights),
            context,
            identity,
            note,
            seed: source.seed,
            tokens: Arc::new(tokens),
            template,
        })
    }

    /// The tokens of a request.
    ///
    /// # Errors
    /// Says what the template, or the tokenizer, has against it.
    pub(super) fn prompt(&self, request: &ChatRequest) -> Result<Prompt, String> {
        let tokens = self.tokens.prompt(&self.template, &request.system, &request.messages)?;
        // The part that another question would leave as it is. The answer's own mark is not part of it.
        let other = [ChatMessage::user("\u{1f}")];
        let prefix = self
            .tokens
            .prompt(&self.template, &request.system, &other)
            .map_or(0, |other| common(&tokens, &other));
        Ok(Prompt { prefix: prefix.min(tokens.len().saturating_sub(1)), tokens })
    }

    /// What writes an answer of `most` tokens at the most.
    pub(super) fn writer(&self, scaffold: Option<Scaffold>, most: u32) -> Writer {
        Writer::new(Arc::clone(&self.tokens), scaffold, most)
    }

    /// What chooses tokens for this request.
    pub(super) fn sampler(&self, request: &ChatRequest) -> Sampler {
        let usual = Sampling::default();
        let sampling = Sampling {
            temperature: request.temperature.unwrap_or(usual.temperature),
            top_p: request.top_p.unwrap_or(usual.top_p),
            ..usual
        };
        Sampler::new(sampling, self.seed.unwrap_or_else(|| fastrand::u64(..)))
    }
}

fn enough_memory(source: &Source, available: Option<u64>) -> Result<(), String> {
    let known = source.catalogue.find(&source.name);
    let (Some(weights), Some(available)) = (known, available) else { return Ok(()) };
    if weights.memory <= available {
        return Ok(());
    }
    let smaller = source
        .catalogue
        .smaller(weights, available)
        .map(|other| format!(", or ask local:{}", other.id))
        .unwrap_or_default();
    Err(format!(
        "{} needs {} of memory, and {} are free: close other programs{smaller}",
        source.name,
        format_bytes(weights.memory),
        format_bytes(available)
    ))
}
