//! Converts text to token ids and back, with the same results as llama.cpp for the same file.
//!
//! `shimmytok` provides vocabulary and merges. Special tokens, the tokens that end an answer and the bytes of tokens
//! follow llama.cpp's `llama-vocab.cpp`.

mod special_tokens;
#[cfg(test)]
mod tests;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use shimmytok::GGUFValue;
use shimmytok::byte_encoder::unicode_to_bytes;
use thiserror::Error;

use super::chat_template::{ChatTemplate, ChatTemplateError, RenderedPrompt};
use crate::domain::ChatMessage;
use crate::text::sanitize_line;
use special_tokens::{PromptPiece, SpecialTokens};

/// Kinds of BPE for which `shimmytok` and llama.cpp split text in the same way before merging. Others are rejected:
/// with ids that it was not trained on, a model writes nonsense without an obvious reason.
const KNOWN_PRE_TOKENIZERS: &[&str] = &[
    "codeshell",
    "command-r",
    "dbrx",
    "deepseek-coder",
    "deepseek-r1-qwen",
    "default",
    "hunyuan",
    "llama-bpe",
    "llama-v3",
    "llama3",
    "megrez",
    "qwen2",
    "refact",
    "smaug-bpe",
    "smollm",
    "stablelm2",
    "starcoder",
];

/// Those of them whose prompts begin with BOS by default.
const BOS_PRE_TOKENIZERS: &[&str] = &["llama-bpe", "llama-v3", "llama3"];

/// Why a file has no usable tokenizer. Text from the file is sanitised.
#[derive(Debug, Error)]
pub(super) enum TokenizerError {
    /// `shimmytok` panics.
    #[error("its tokenizer is damaged")]
    Damaged,
    /// There is no vocabulary.
    #[error("no tokenizer in the file")]
    NoTokenizer,
    /// The kind of tokenizer is unknown.
    #[error("its tokenizer is of the kind \"{0}\"; gpt2 and llama are what can be used here")]
    UnsupportedKind(String),
    /// The text is split in an unknown way before merging.
    #[error("its tokenizer splits text in a way that is not known here: \"{0}\"")]
    UnknownPreTokenizer(String),
    /// `shimmytok` fails, also for a text that is too long to be a prompt.
    #[error("its tokenizer cannot be used: {0}")]
    Failed(String),
}

impl From<shimmytok::Error> for TokenizerError {
    fn from(error: shimmytok::Error) -> Self {
        match error {
            shimmytok::Error::UnsupportedModel(kind) => Self::UnsupportedKind(sanitize_line(&kind)),
            shimmytok::Error::InvalidMetadata(message)
                if message.contains("tokenizer.ggml.tokens") =>
            {
                Self::NoTokenizer
            }
            other => Self::Failed(sanitize_line(&other.to_string())),
        }
    }
}

/// Why a conversation cannot be encoded.
#[derive(Debug, Error)]
pub(super) enum EncodeChatError {
    /// The chat template fails.
    #[error(transparent)]
    Template(#[from] ChatTemplateError),
    /// The rendered text cannot be encoded.
    #[error(transparent)]
    Tokenizer(#[from] TokenizerError),
}

/// The tokenizer of a model.
pub(super) struct Tokenizer {
    inner: shimmytok::Tokenizer,
    /// `SentencePiece`, which writes spaces as `▁`, rather than BPE, which has an alphabet for bytes.
    is_sentence_piece: bool,
    /// A space is inserted before each text (`SentencePiece`).
    inserts_space: bool,
    special_tokens: SpecialTokens,
    bos: Option<u32>,
    eos: Option<u32>,
    begins_with_bos: bool,
}

impl Tokenizer {
    /// Reads the tokenizer of a GGUF file, whose header must have been checked: sizes in it are trusted.
    ///
    /// # Errors
    /// The file has no usable tokenizer.
    pub(super) fn read(path: &Path) -> Result<Self, TokenizerError> {
        let read = || shimmytok::Tokenizer::from_gguf_file(path);
        let inner = catch_unwind(AssertUnwindSafe(read)).map_err(|_| TokenizerError::Damaged)??;
        Self::new(inner)
    }

    fn new(inner: shimmytok::Tokenizer) -> Result<Self, TokenizerError> {
        let kind = metadata_str(&inner, "tokenizer.ggml.model").unwrap_or_default();
        let pre_tokenizer = metadata_str(&inner, "tokenizer.ggml.pre").unwrap_or("default");
        let is_sentence_piece = match kind {
            "llama" => true,
            "gpt2" if KNOWN_PRE_TOKENIZERS.contains(&pre_tokenizer) => false,
            "gpt2" => {
                let pre_tokenizer = sanitize_line(pre_tokenizer);
                return Err(TokenizerError::UnknownPreTokenizer(pre_tokenizer));
            }
            "" => return Err(TokenizerError::NoTokenizer),
            other => return Err(TokenizerError::UnsupportedKind(sanitize_line(other))),
        };
        let count = inner.vocab_size();
        let special_id = |name: &str| {
            let id = metadata_u32(&inner, &format!("tokenizer.ggml.{name}_token_id"))?;
            usize::try_from(id).is_ok_and(|index| index < count).then_some(id)
        };
        // SentencePiece files may omit these ids; llama.cpp then uses those of LLaMA.
        let llama_default = |id: u32| (is_sentence_piece && count > 2).then_some(id);
        let bos = special_id("bos").or(llama_default(1));
        let eos = special_id("eos").or(llama_default(2));
        let end_ids = [eos, special_id("eot"), special_id("eom"), special_id("fim_pad")];
        let special_tokens = SpecialTokens::new(&inner, &end_ids);
        let flag = |name: &str| metadata_bool(&inner, &format!("tokenizer.ggml.{name}"));
        let begins_with_bos = flag("add_bos_token")
            .unwrap_or(is_sentence_piece || BOS_PRE_TOKENIZERS.contains(&pre_tokenizer));
        let inserts_space = is_sentence_piece && flag("add_space_prefix").unwrap_or(true);
        Ok(Self {
            inner,
            is_sentence_piece,
            inserts_space,
            special_tokens,
            bos,
            eos,
            begins_with_bos,
        })
    }

    /// The ids of a text, without BOS. Special tokens in it are not recognised.
    ///
    /// # Errors
    /// The text is too long to be a prompt of any model.
    pub(super) fn encode_text(&self, text: &str) -> Result<Vec<u32>, TokenizerError> {
        let mut ids = Vec::new();
        self.append_ids(text, false, None, &mut ids)?;
        Ok(ids)
    }

    /// The ids of a text that continues another, without a space before it.
    ///
    /// # Errors
    /// The text is too long to be a prompt of any model.
    pub(super) fn encode_continuation(&self, text: &str) -> Result<Vec<u32>, TokenizerError> {
        let mut ids = self.encode_text(text)?;
        // `SentencePiece` inserts a space anyway. Merged with a word, the space is what models write; alone, it is not.
        if self.inserts_space && ids.first().is_some_and(|first| self.token_bytes(*first) == b" ") {
            ids.remove(0);
        }
        Ok(ids)
    }

    /// The ids of a conversation up to the point where the model answers.
    ///
    /// # Errors
    /// The template fails, or the text is too long.
    pub(super) fn encode_chat(
        &self,
        template: &ChatTemplate,
        system: &str,
        messages: &[ChatMessage],
    ) -> Result<Vec<u32>, EncodeChatError> {
        let mark_names = |text: &str, mark: char| self.special_tokens.mark_names(text, mark);
        let rendered = template.render_prompt(system, messages, mark_names)?;
        Ok(self.encode_rendered(&rendered)?)
    }

    /// The ids of a rendered prompt, beginning with BOS if the file requires it. Special tokens are recognised only in
    /// the text of the template.
    ///
    /// # Errors
    /// The text is too long to be a prompt of any model.
    pub(super) fn encode_rendered(
        &self,
        prompt: &RenderedPrompt,
    ) -> Result<Vec<u32>, TokenizerError> {
        let bos = self.bos.filter(|_| self.begins_with_bos);
        let mut ids: Vec<u32> = bos.into_iter().collect();
        self.append_ids(&prompt.text, true, Some(prompt.mark), &mut ids)?;
        // Many templates write BOS too.
        if let (Some(bos), [_, second, ..]) = (bos, ids.as_slice())
            && *second == bos
        {
            ids.remove(0);
        }
        Ok(ids)
    }

    /// Appends the ids of `text` without `mark`. Control tokens are recognised only if `with_control`.
    fn append_ids(
        &self,
        text: &str,
        with_control: bool,
        mark: Option<char>,
        ids: &mut Vec<u32>,
    ) -> Result<(), TokenizerError> {
        for piece in self.special_tokens.split_text(text, with_control) {
            let text = match piece {
                PromptPiece::Token(id) => {
                    ids.push(id);
                    continue;
                }
                PromptPiece::Text(text) => text,
            };
            let text = match mark {
                Some(mark) if text.contains(mark) => text.replace(mark, ""),
                _ => text.to_owned(),
            };
            let text = if self.inserts_space { format!(" {text}") } else { text };
            ids.extend(self.inner.encode(&text, false)?);
        }
        Ok(())
    }

    /// The bytes of a token, which may be a part of a character. Empty for a control token.
    pub(super) fn token_bytes(&self, id: u32) -> Vec<u8> {
        let Some(text) = token_text(&self.inner, id) else { return Vec::new() };
        if self.special_tokens.is_control(id) {
            return Vec::new();
        }
        if self.special_tokens.is_user_defined(id) {
            return text.as_bytes().to_vec();
        }
        match (self.inner.token_type(id), self.is_sentence_piece) {
            (shimmytok::TokenType::Byte, true) => parse_byte_token(text).into_iter().collect(),
            (shimmytok::TokenType::Normal, true) => text.replace('▁', " ").into_bytes(),
            (shimmytok::TokenType::Normal, false) => {
                let bytes = unicode_to_bytes();
                text.chars().filter_map(|c| bytes.get(&c).copied()).collect()
            }
            _ => Vec::new(),
        }
    }

    /// True for tokens that end an answer.
    pub(super) fn is_end(&self, id: u32) -> bool {
        self.special_tokens.is_end(id)
    }

    /// Number of tokens in the vocabulary.
    pub(super) fn len(&self) -> usize {
        self.inner.vocab_size()
    }

    /// The text of the token that begins a prompt.
    pub(super) fn bos(&self) -> Option<&str> {
        self.bos.and_then(|id| token_text(&self.inner, id))
    }

    /// The text of the token that ends an answer.
    pub(super) fn eos(&self) -> Option<&str> {
        self.eos.and_then(|id| token_text(&self.inner, id))
    }
}

/// The text of a token in the file.
fn token_text(inner: &shimmytok::Tokenizer, id: u32) -> Option<&str> {
    let Some(GGUFValue::Array(tokens)) = inner.metadata().get("tokenizer.ggml.tokens") else {
        return None;
    };
    match tokens.get(usize::try_from(id).ok()?) {
        Some(GGUFValue::String(text)) => Some(text),
        _ => None,
    }
}

fn metadata_str<'a>(inner: &'a shimmytok::Tokenizer, key: &str) -> Option<&'a str> {
    match inner.metadata().get(key) {
        Some(GGUFValue::String(text)) => Some(text),
        _ => None,
    }
}

fn metadata_u32(inner: &shimmytok::Tokenizer, key: &str) -> Option<u32> {
    match inner.metadata().get(key) {
        Some(GGUFValue::U32(number)) => Some(*number),
        _ => None,
    }
}

fn metadata_bool(inner: &shimmytok::Tokenizer, key: &str) -> Option<bool> {
    match inner.metadata().get(key) {
        Some(GGUFValue::Bool(flag)) => Some(*flag),
        _ => None,
    }
}

/// The byte that `SentencePiece` writes as `<0x0A>`.
fn parse_byte_token(text: &str) -> Option<u8> {
    u8::from_str_radix(text.strip_prefix("<0x")?.strip_suffix('>')?, 16).ok()
}
