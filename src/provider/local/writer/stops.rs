//! Marks of templates that a model writes as plain text instead of as tokens: they end an answer.
//!
//! Not for the tokens themselves, which the vocabulary knows. Both ways of writing use it.

/// The marks.
const STOPS: &[&str] = &[
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

/// Where the first mark stands.
pub(super) fn find(text: &str) -> Option<usize> {
    STOPS.iter().filter_map(|stop| text.find(stop)).min()
}

/// How many bytes at the end of `text` may be the beginning of a mark.
pub(super) fn beginning(text: &str) -> usize {
    text.rfind('<')
        .and_then(|at| text.get(at..))
        .filter(|end| STOPS.iter().any(|stop| stop.len() > end.len() && stop.starts_with(end)))
        .map_or(0, str::len)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_and_their_beginnings_are_found() {
        assert_eq!(find("a</s>b<|im_end|>"), Some(1));
        assert_eq!(find("a <|im_ end|> </ s> <"), None);
        for (text, held) in
            [("a<", 1), ("a<|im_", 5), ("a</s", 3), ("<<", 1), ("a<b", 0), ("<|x", 0), ("", 0)]
        {
            assert_eq!(beginning(text), held, "{text}");
        }
        for stop in STOPS {
            assert_eq!(stop.matches('<').count(), 1, "`beginning` looks for the last one");
        }
    }
}
