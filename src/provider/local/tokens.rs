//! Text to token ids and back, as llama.cpp does it for the same file.
//!
//! The vocabulary and the merging are `shimmytok`'s; which texts are special tokens, which tokens end an answer and what
//! a token looks like in bytes follow llama.cpp's `llama-vocab.cpp` here and in `markers`. Not for the chat template
//! (`template`). Read once for each file by the engine, shared by all runs.

mod markers;
#[cfg(test)]
mod tests;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use shimmytok::byte_encoder::unicode_to_bytes;
use shimmytok::{GGUFValue, Tokenizer};

use super::template::{Rendered, Template};
use crate::domain::ChatMessage;
use crate::text::sanitize_line;
use markers::{Markers, Piece};

/// Kinds of BPE whose way of splitting text before merging is the same in `shimmytok` and llama.cpp. Others are refused:
/// a model that is fed ids that it was not trained on babbles, and nobody would see why.
const KNOWN_PRE: &[&str] = &[
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

/// Of these, those that begin a prompt with BOS unless the file says otherwise.
const BEGINS_WITH_BOS: &[&str] = &["llama-bpe", "llama-v3", "llama3"];

/// The vocabulary of a model.
pub(super) struct Tokens {
    inner: Tokenizer,
    /// Writes blanks as `▁` and sets one before each text, where BPE has an alphabet for bytes.
    sentence_piece: bool,
    /// `SentencePiece`: a blank goes before each text.
    blank_first: bool,
    markers: Markers,
    bos: Option<u32>,
    eos: Option<u32>,
    begins_with_bos: bool,
}

impl Tokens {
    /// Reads the vocabulary of a GGUF file, whose header must have been checked: sizes in it are trusted.
    ///
    /// # Errors
    /// Words about why this file has no vocabulary that can be used.
    pub(super) fn read(path: &Path) -> Result<Self, String> {
        let inner = catch_unwind(AssertUnwindSafe(|| Tokenizer::from_gguf_file(path)))
            .map_err(|_| "its tokenizer is damaged".to_owned())?
            .map_err(|error| why(&error))?;
        Self::new(inner)
    }

    fn new(inner: Tokenizer) -> Result<Self, String> {
        let kind = text_of(&inner, "tokenizer.ggml.model").unwrap_or_default();
        let pre = text_of(&inner, "tokenizer.ggml.pre").unwrap_or("default");
        let sentence_piece = match kind {
            "llama" => true,
            "gpt2" if KNOWN_PRE.contains(&pre) => false,
            "gpt2" => {
                let pre = sanitize_line(pre);
                return Err(format!(
                    "its tokenizer splits text in a way that is not known here: \"{pre}\""
                ));
            }
            "" => return Err("no tokenizer in the file".to_owned()),
            other => return Err(unsupported(other)),
        };
        let count = inner.vocab_size();
        let id_of = |name: &str| {
            let id = number_of(&inner, &format!("tokenizer.ggml.{name}_token_id"))?;
            usize::try_from(id).is_ok_and(|at| at < count).then_some(id)
        };
        // SentencePiece files may leave these out; llama.cpp then takes LLaMA's own.
        let spm_default = |id: u32| (sentence_piece && count > 2).then_some(id);
        let bos = id_of("bos").or(spm_default(1));
        let eos = id_of("eos").or(spm_default(2));
        let markers = Markers::new(&inner, &[eos, id_of("eot"), id_of("eom"), id_of("fim_pad")]);
        let flag = |name: &str| flag_of(&inner, &format!("tokenizer.ggml.{name}"));
        let begins_with_bos =
            flag("add_bos_token").unwrap_or(sentence_piece || BEGINS_WITH_BOS.contains(&pre));
        let blank_first = sentence_piece && flag("add_space_prefix").unwrap_or(true);
        Ok(Self { inner, sentence_piece, blank_first, markers, bos, eos, begins_with_bos })
    }

    /// The ids of a text in which no special token is recognised. Without BOS.
    ///
    /// # Errors
    /// A text that is too long to be a prompt of any model.
    pub(super) fn encode(&self, text: &str) -> Result<Vec<u32>, String> {
        let mut ids = Vec::new();
        self.append(text, false, None, &mut ids)?;
        Ok(ids)
    }

    /// The ids of a text that goes on from another: no blank is set before it.
    ///
    /// # Errors
    /// A text that is too long to be a prompt of any model.
    pub(super) fn encode_more(&self, text: &str) -> Result<Vec<u32>, String> {
        let mut ids = self.encode(text)?;
        // `SentencePiece` sets one all the same. It merges with a word, which is as models write it, and with nothing else.
        if self.blank_first && ids.first().is_some_and(|first| self.piece(*first) == b" ") {
            ids.remove(0);
        }
        Ok(ids)
    }

    /// The ids of a conversation, up to where the model answers.
    ///
    /// # Errors
    /// Words about what is wrong with the template, or with what was written.
    pub(super) fn prompt(
        &self,
        template: &Template,
        system: &str,
        messages: &[ChatMessage],
    ) -> Result<Vec<u32>, String> {
        let rendered = template.render(system, messages, |text, mark| self.disarm(text, mark))?;
        self.encode_prompt(&rendered)
    }

    /// The ids of a rendered prompt: what the template wrote is recognised as special tokens, what people and models
    /// wrote is not. Begins with BOS if the file says so.
    ///
    /// # Errors
    /// A text that is too long to be a prompt of any model.
    pub(super) fn encode_prompt(&self, prompt: &Rendered) -> Result<Vec<u32>, String> {
        let bos = self.bos.filter(|_| self.begins_with_bos);
        let mut ids: Vec<u32> = bos.into_iter().collect();
        self.append(&prompt.text, true, Some(prompt.mark), &mut ids)?;
        if let (Some(first), [_, second, ..]) = (bos, ids.as_slice())
            && *second == first
        {
            ids.remove(0); // the template wrote it as well
        }
        Ok(ids)
    }

    /// Sets `mark` into every name of a special token in `text`, so that it is no such name any more.
    fn disarm(&self, text: &str, mark: char) -> String {
        self.markers.disarm(text, mark)
    }

    fn append(
        &self,
        text: &str,
        special: bool,
        mark: Option<char>,
        ids: &mut Vec<u32>,
    ) -> Result<(), String> {
        for piece in self.markers.split(text, special) {
            let part = match piece {
                Piece::Token(id) => {
                    ids.push(id);
                    continue;
                }
                Piece::Text(part) => part,
            };
            let plain = match mark {
                Some(mark) if part.contains(mark) => part.replace(mark, ""),
                _ => part.to_owned(),
            };
            let plain = if self.blank_first { format!(" {plain}") } else { plain };
            ids.extend(self.inner.encode(&plain, false).map_err(|error| why(&error))?);
        }
        Ok(())
    }

    /// The bytes of a token, which may be a part of a character; none for a control token.
    pub(super) fn piece(&self, id: u32) -> Vec<u8> {
        let Some(text) = self.text(id) else { return Vec::new() };
        if self.markers.is_control(id) {
            return Vec::new();
        }
        if self.markers.is_user_defined(id) {
            return text.as_bytes().to_vec();
        }
        match (self.inner.token_type(id), self.sentence_piece) {
            (shimmytok::TokenType::Byte, true) => byte_of(text).into_iter().collect(),
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
        self.markers.is_end(id)
    }

    /// How many tokens there are.
    pub(super) fn len(&self) -> usize {
        self.inner.vocab_size()
    }

    /// The text of the token that begins a prompt.
    pub(super) fn bos(&self) -> Option<&str> {
        self.bos.and_then(|id| self.text(id))
    }

    /// The text of the token that ends an answer.
    pub(super) fn eos(&self) -> Option<&str> {
        self.eos.and_then(|id| self.text(id))
    }

    fn text(&self, id: u32) -> Option<&str> {
        token_text(&self.inner, id)
    }
}

/// The text of a token as the file has it.
fn token_text(inner: &Tokenizer, id: u32) -> Option<&str> {
    let Some(GGUFValue::Array(tokens)) = inner.metadata().get("tokenizer.ggml.tokens") else {
        return None;
    };
    match tokens.get(usize::try_from(id).ok()?) {
        Some(GGUFValue::String(text)) => Some(text),
        _ => None,
    }
}

fn text_of<'a>(inner: &'a Tokenizer, key: &str) -> Option<&'a str> {
    match inner.metadata().get(key) {
        Some(GGUFValue::String(text)) => Some(text),
        _ => None,
    }
}

fn number_of(inner: &Tokenizer, key: &str) -> Option<u32> {
    match inner.metadata().get(key) {
        Some(GGUFValue::U32(number)) => Some(*number),
        _ => None,
    }
}

fn flag_of(inner: &Tokenizer, key: &str) -> Option<bool> {
    match inner.metadata().get(key) {
        Some(GGUFValue::Bool(flag)) => Some(*flag),
        _ => None,
    }
}

/// The byte that `SentencePiece` writes as `<0x0A>`.
fn byte_of(text: &str) -> Option<u8> {
    u8::from_str_radix(text.strip_prefix("<0x")?.strip_suffix('>')?, 16).ok()
}

fn unsupported(kind: &str) -> String {
    format!(
        "its tokenizer is of the kind \"{}\"; gpt2 and llama are what can be used here",
        sanitize_line(kind)
    )
}

fn why(error: &shimmytok::Error) -> String {
    match error {
        shimmytok::Error::UnsupportedModel(kind) => unsupported(kind),
        shimmytok::Error::InvalidMetadata(words) if words.contains("tokenizer.ggml.tokens") => {
            "no tokenizer in the file".to_owned()
        }
        other => format!("its tokenizer cannot be used: {}", sanitize_line(&other.to_string())),
    }
}
