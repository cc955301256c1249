//! Special tokens: which there are, where a text names them, which of them end an answer.
//!
//! Follows llama.cpp (`load`, `tokenizer_st_partition` in `llama-vocab.cpp`), names included: files often give a control
//! token the wrong type. Only `tokens` uses it.

use std::collections::HashMap;

use shimmytok::{TokenType, Tokenizer};

use super::token_text;

/// Tokens of these names end an answer.
const ENDS: &[&str] = &[
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
    // the last three kinds of what code models are trained to fill in
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

/// Tokens of these names are control tokens whatever the file says, but end nothing.
const CONTROLS: &[&str] = &[
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

/// Tokens of these names are text that is one token.
const TEXTS: &[&str] = &["<|channel|>", "<|message|>", "<|start|>", "<|constrain|>"];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Recognised in what a template wrote, never shown.
    Control,
    /// Recognised in every text and shown.
    UserDefined,
}

struct Marker {
    text: String,
    id: u32,
    kind: Kind,
}

/// A part of a text.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    /// The name of a special token.
    Token(u32),
    /// What stands between them; never empty.
    Text(&'a str),
}

/// The special tokens of a vocabulary.
pub(super) struct Markers {
    /// By the first byte of their text, the longest first.
    by_byte: HashMap<u8, Vec<Marker>>,
    kinds: HashMap<u32, Kind>,
    ends: Vec<u32>,
}

impl Markers {
    /// Of a vocabulary, and of the ids that the file says end an answer.
    pub(super) fn new(inner: &Tokenizer, ends: &[Option<u32>]) -> Self {
        let count = u32::try_from(inner.vocab_size()).unwrap_or(u32::MAX);
        let mut all = Vec::new();
        let mut found: Vec<(&str, u32)> = Vec::new();
        for id in 0..count {
            let Some(text) = token_text(inner, id).filter(|text| !text.is_empty()) else {
                continue;
            };
            let ends_answer = ENDS.contains(&text);
            if ends_answer {
                found.push((text, id));
            }
            let kind = if TEXTS.contains(&text) {
                Kind::UserDefined
            } else if ends_answer || CONTROLS.contains(&text) {
                Kind::Control
            } else {
                match inner.token_type(id) {
                    TokenType::Control | TokenType::Unknown => Kind::Control,
                    TokenType::UserDefined => Kind::UserDefined,
                    _ => continue,
                }
            };
            all.push(Marker { text: text.to_owned(), id, kind });
        }
        Self::of(all, &found, ends)
    }

    fn of(mut all: Vec<Marker>, found: &[(&str, u32)], ends: &[Option<u32>]) -> Self {
        let has = |name: &str| found.iter().any(|(text, _)| *text == name);
        let calls = has("<|call|>") || has("<|calls|>");
        let harmony = calls && (has("<|return|>") || has("<|flush|>"));
        // Two families use a usual end for something else.
        let not_an_end = |text: &str| {
            (text == "<|end|>" && harmony) || (text == "</s>" && has("<|tool_response>"))
        };
        let mut ids: Vec<u32> =
            found.iter().filter(|(text, _)| !not_an_end(text)).map(|(_, id)| *id).collect();
        ids.extend(ends.iter().flatten());
        ids.sort_unstable();
        ids.dedup();
        all.retain(|marker| !(marker.text == "</s>" && not_an_end("</s>")));
        for marker in all.iter_mut().filter(|marker| not_an_end(&marker.text)) {
            marker.kind = Kind::UserDefined;
        }

        let kinds = all.iter().map(|marker| (marker.id, marker.kind)).collect();
        all.sort_by_key(|marker| (std::cmp::Reverse(marker.text.len()), marker.id));
        let mut by_byte: HashMap<u8, Vec<Marker>> = HashMap::new();
        // A control token of one character could not be disarmed. No real file has one.
        all.retain(|m| m.kind == Kind::UserDefined || m.text.chars().nth(1).is_some());
        for marker in all {
            if let Some(first) = marker.text.bytes().next() {
                by_byte.entry(first).or_default().push(marker);
            }
        }
        Self { by_byte, kinds, ends: ids }
    }

    /// True for tokens that are never shown.
    pub(super) fn is_control(&self, id: u32) -> bool {
        self.kinds.get(&id) == Some(&Kind::Control)
    }

    /// True for tokens that are shown as they are written in the file.
    pub(super) fn is_user_defined(&self, id: u32) -> bool {
        self.kinds.get(&id) == Some(&Kind::UserDefined)
    }

    /// True for tokens that end an answer.
    pub(super) fn is_end(&self, id: u32) -> bool {
        self.ends.binary_search(&id).is_ok()
    }

    /// The parts of `text`; control tokens are recognised only if `special`.
    ///
    /// Longer names win over shorter ones wherever they stand, then the first in the text.
    pub(super) fn split<'a>(&self, text: &'a str, special: bool) -> Vec<Piece<'a>> {
        let mut names: Vec<(usize, &Marker)> =
            self.named(text).filter(|(_, m)| special || m.kind == Kind::UserDefined).collect();
        names.sort_by_key(|(at, marker)| (std::cmp::Reverse(marker.text.len()), marker.id, *at));
        let mut taken: std::collections::BTreeMap<usize, &Marker> =
            std::collections::BTreeMap::new();
        for (at, marker) in names {
            let end = at + marker.text.len();
            let free_before =
                taken.range(..end).next_back().is_none_or(|(other, m)| other + m.text.len() <= at);
            if free_before {
                taken.insert(at, marker);
            }
        }
        let mut pieces = Vec::new();
        let mut rest = 0;
        for (at, marker) in taken {
            pieces.extend(text.get(rest..at).filter(|part| !part.is_empty()).map(Piece::Text));
            pieces.push(Piece::Token(marker.id));
            rest = at + marker.text.len();
        }
        pieces.extend(text.get(rest..).filter(|part| !part.is_empty()).map(Piece::Text));
        pieces
    }

    /// Sets `mark` after the first character of every name of a control token.
    pub(super) fn disarm(&self, text: &str, mark: char) -> String {
        let mut out = String::with_capacity(text.len());
        let mut names = self.named(text).filter(|(_, m)| m.kind == Kind::Control).peekable();
        for (at, c) in text.char_indices() {
            out.push(c);
            if names.peek().is_some_and(|(name, _)| *name == at) {
                out.push(mark);
            }
            while names.next_if(|(name, _)| *name <= at).is_some() {}
        }
        out
    }

    /// Every place of `text` where a name stands, overlapping ones too, in order.
    fn named<'a>(&'a self, text: &'a str) -> impl Iterator<Item = (usize, &'a Marker)> {
        text.bytes().enumerate().flat_map(move |(at, byte)| {
            let markers = self.by_byte.get(&byte).map(Vec::as_slice).unwrap_or_default();
            let rest = text.get(at..).unwrap_or_default();
            markers
                .iter()
                .filter(move |marker| rest.starts_with(marker.text.as_str()))
                .map(move |marker| (at, marker))
        })
    }
}
