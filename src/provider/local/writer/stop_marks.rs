//! Special tokens that a model writes as plain text, which end an answer.
//!
//! The tokens themselves are handled by the vocabulary.

/// The names of the tokens.
const STOP_MARKS: &[&str] = &[
    "<|im_end|>",
    "<|im_start|>",
    "<|endoftext|>",
    "<|eot_id|>",
    "<|start_header_id|>",
    "<|end_of_text|>",
    "<start_of_turn>",
    "<end_of_turn>",
    "</s>",
];

/// The byte offset of the first mark in `text`.
pub(super) fn find_stop_mark(text: &str) -> Option<usize> {
    STOP_MARKS.iter().filter_map(|mark| text.find(mark)).min()
}

/// The number of bytes at the end of `text` that may be the beginning of a mark.
pub(super) fn partial_mark_len(text: &str) -> usize {
    text.rfind('<')
        .and_then(|start| text.get(start..))
        .filter(|end| STOP_MARKS.iter().any(|mark| mark.len() > end.len() && mark.starts_with(end)))
        .map_or(0, str::len)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_and_their_beginnings_are_found() {
        assert_eq!(find_stop_mark("a</s>b<|im_end|>"), Some(1));
        assert_eq!(find_stop_mark("a <|im_ end|> </ s> <"), None);
        for (text, held) in
            [("a<", 1), ("a<|im_", 5), ("a</s", 3), ("<<", 1), ("a<b", 0), ("<|x", 0), ("", 0)]
        {
            assert_eq!(partial_mark_len(text), held, "{text}");
        }
        for mark in STOP_MARKS {
            assert_eq!(mark.matches('<').count(), 1, "`partial_mark_len` searches the last one");
        }
    }
}
