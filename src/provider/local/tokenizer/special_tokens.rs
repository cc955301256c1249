//! The special tokens of a vocabulary: their kinds, their names in a text, and which of them end an answer.
//!
//! Follows `load` and `tokenizer_st_partition` in llama.cpp's `llama-vocab.cpp`, including its lists of names: many
//! files give a control token the wrong type.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};

use shimmytok::TokenType;

use super::token_text;

/// Tokens with these names end an answer.
const END_NAMES: &[&str] = &[
    "<|eot_id|>",
    "<|im_end|>",
    "<|end|>",
    "<|return|>",
    "<|call|>",
    "<|flush|>",
    "<|calls|>",
    "<end_of_turn>",
    "<|endoftext|>",
    "</s>",
    "<|eom_id|>",
    "<EOT>",
    "_<EOT>",
    "[EOT]",
    "[EOS]",
    "<|end_of_text|>",
    "<end_of_utterance>",
    "<eos>",
    "<turn|>",
    "<|tool_response>",
    // Padding, repository and file separators of code models.
    "<|fim_pad|>",
    "<fim-pad>",
    "<fim_pad>",
    "<PAD>",
    "[PAD]",
    "<|fim_repo|>",
    "<|repo_name|>",
    "<fim-repo>",
    "<REPO>",
    "<reponame>",
    "<|file_sep|>",
];

/// Tokens with these names are control tokens, whatever the file says, but do not end an answer.
const CONTROL_NAMES: &[&str] = &[
    "<|fim_prefix|>",
    "<fim-prefix>",
    "<fim_prefix>",
    "<PRE>",
    "<|code_prefix|>",
    "<|prefix|>",
    "<|fim_suffix|>",
    "<fim-suffix>",
    "<fim_suffix>",
    "<SUF>",
    "<|code_suffix|>",
    "<|suffix|>",
    "<|fim_middle|>",
    "<fim-middle>",
    "<fim_middle>",
    "<MID>",
    "<|code_middle|>",
    "<|middle|>",
];

/// Tokens with these names are shown.
const SHOWN_NAMES: &[&str] = &["<|channel|>", "<|message|>", "<|start|>", "<|constrain|>"];

#[derive(Clone, Copy, PartialEq, Eq)]
enum SpecialTokenKind {
    /// Recognised only in the text of a template, and never shown.
    Control,
    /// Recognised in every text, and shown.
    UserDefined,
}

struct SpecialToken {
    text: String,
    id: u32,
    kind: SpecialTokenKind,
}

/// A piece of a text.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum PromptPiece<'a> {
    /// A special token.
    Token(u32),
    /// The text between special tokens; never empty.
    Text(&'a str),
}

/// The special tokens of a vocabulary.
pub(super) struct SpecialTokens {
    /// By the first byte of their text, the longest first.
    by_first_byte: HashMap<u8, Vec<SpecialToken>>,
    kinds: HashMap<u32, SpecialTokenKind>,
    /// Sorted ids of the tokens that end an answer.
    end_ids: Vec<u32>,
}

impl SpecialTokens {
    /// Finds the special tokens of a vocabulary. `end_ids` are the ids that end an answer according to the file.
    pub(super) fn new(inner: &shimmytok::Tokenizer, end_ids: &[Option<u32>]) -> Self {
        let count = u32::try_from(inner.vocab_size()).unwrap_or(u32::MAX);
        let mut all = Vec::new();
        let mut named_ends: Vec<(&str, u32)> = Vec::new();
        for id in 0..count {
            let Some(text) = token_text(inner, id).filter(|text| !text.is_empty()) else {
                continue;
            };
            let ends_answer = END_NAMES.contains(&text);
            if ends_answer {
                named_ends.push((text, id));
            }
            let kind = if SHOWN_NAMES.contains(&text) {
                SpecialTokenKind::UserDefined
            } else if ends_answer || CONTROL_NAMES.contains(&text) {
                SpecialTokenKind::Control
            } else {
                match inner.token_type(id) {
                    TokenType::Control | TokenType::Unknown => SpecialTokenKind::Control,
                    TokenType::UserDefined => SpecialTokenKind::UserDefined,
                    _ => continue,
                }
            };
            all.push(SpecialToken { text: text.to_owned(), id, kind });
        }
        Self::from_tokens(all, &named_ends, end_ids)
    }

    fn from_tokens(
        mut all: Vec<SpecialToken>,
        named_ends: &[(&str, u32)],
        end_ids: &[Option<u32>],
    ) -> Self {
        let has_name = |name: &str| named_ends.iter().any(|(text, _)| *text == name);
        let has_calls = has_name("<|call|>") || has_name("<|calls|>");
        let is_harmony = has_calls && (has_name("<|return|>") || has_name("<|flush|>"));
        // Two model families use a common end token for something else.
        let is_no_end = |text: &str| {
            (text == "<|end|>" && is_harmony) || (text == "</s>" && has_name("<|tool_response>"))
        };
        let mut ids: Vec<u32> =
            named_ends.iter().filter(|(text, _)| !is_no_end(text)).map(|(_, id)| *id).collect();
        ids.extend(end_ids.iter().flatten());
        ids.sort_unstable();
        ids.dedup();
        all.retain(|token| !(token.text == "</s>" && is_no_end("</s>")));
        for token in all.iter_mut().filter(|token| is_no_end(&token.text)) {
            token.kind = SpecialTokenKind::UserDefined;
        }

        let kinds = all.iter().map(|token| (token.id, token.kind)).collect();
        all.sort_by_key(|token| (Reverse(token.text.len()), token.id));
        let mut by_first_byte: HashMap<u8, Vec<SpecialToken>> = HashMap::new();
        // No mark fits into a control token of one character. No real file has one.
        all.retain(|t| t.kind == SpecialTokenKind::UserDefined || t.text.chars().nth(1).is_some());
        for token in all {
            if let Some(first) = token.text.bytes().next() {
                by_first_byte.entry(first).or_default().push(token);
            }
        }
        Self { by_first_byte, kinds, end_ids: ids }
    }

    /// True for tokens that are never shown.
    pub(super) fn is_control(&self, id: u32) -> bool {
        self.kinds.get(&id) == Some(&SpecialTokenKind::Control)
    }

    /// True for tokens that are shown verbatim.
    pub(super) fn is_user_defined(&self, id: u32) -> bool {
        self.kinds.get(&id) == Some(&SpecialTokenKind::UserDefined)
    }

    /// True for tokens that end an answer.
    pub(super) fn is_end(&self, id: u32) -> bool {
        self.end_ids.binary_search(&id).is_ok()
    }

    /// Splits `text` at special tokens. Control tokens are recognised only if `with_control`.
    ///
    /// Of overlapping names, the longest wins, then the one with the lower id, then the first in the text.
    pub(super) fn split_text<'a>(&self, text: &'a str, with_control: bool) -> Vec<PromptPiece<'a>> {
        let is_recognised =
            |token: &SpecialToken| with_control || token.kind == SpecialTokenKind::UserDefined;
        let mut names: Vec<(usize, &SpecialToken)> =
            self.find_names(text).filter(|(_, token)| is_recognised(token)).collect();
        names.sort_by_key(|(start, token)| (Reverse(token.text.len()), token.id, *start));
        let mut chosen: BTreeMap<usize, &SpecialToken> = BTreeMap::new();
        for (start, token) in names {
            let end = start + token.text.len();
            let previous = chosen.range(..end).next_back();
            if previous.is_none_or(|(other, token)| other + token.text.len() <= start) {
                chosen.insert(start, token);
            }
        }
        let mut pieces = Vec::new();
        let mut rest = 0;
        let text_piece =
            |text: Option<&'a str>| text.filter(|text| !text.is_empty()).map(PromptPiece::Text);
        for (start, token) in chosen {
            pieces.extend(text_piece(text.get(rest..start)));
            pieces.push(PromptPiece::Token(token.id));
            rest = start + token.text.len();
        }
        pieces.extend(text_piece(text.get(rest..)));
        pieces
    }

    /// Inserts `mark` after the first character of every name of a control token, so that it is not recognised.
    pub(super) fn mark_names(&self, text: &str, mark: char) -> String {
        let mut out = String::with_capacity(text.len());
        let mut names = self
            .find_names(text)
            .filter(|(_, token)| token.kind == SpecialTokenKind::Control)
            .peekable();
        for (index, c) in text.char_indices() {
            out.push(c);
            if names.peek().is_some_and(|(start, _)| *start == index) {
                out.push(mark);
            }
            while names.next_if(|(start, _)| *start <= index).is_some() {}
        }
        out
    }

    /// Finds all names in `text` with their byte offsets, including overlapping ones, in order.
    fn find_names<'a>(&'a self, text: &'a str) -> impl Iterator<Item = (usize, &'a SpecialToken)> {
        text.bytes().enumerate().flat_map(move |(start, byte)| {
            let tokens = self.by_first_byte.get(&byte).map(Vec::as_slice).unwrap_or_default();
            let rest = text.get(start..).unwrap_or_default();
            tokens
                .iter()
                .filter(move |token| rest.starts_with(token.text.as_str()))
                .map(move |token| (start, token))
        })
    }
}
