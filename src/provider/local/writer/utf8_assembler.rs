//! Assembles text from the bytes of tokens, which may end in the middle of a character.
//!
//! The result is the same as that of `String::from_utf8_lossy` for all bytes together.

/// Assembles text from bytes that arrive in parts.
#[derive(Debug, Default)]
pub(super) struct Utf8Assembler {
    /// The beginning of a character.
    partial_char: Vec<u8>,
}

impl Utf8Assembler {
    /// Adds `bytes` and returns the text that is complete now.
    pub(super) fn push(&mut self, bytes: &[u8]) -> String {
        self.partial_char.extend_from_slice(bytes);
        let bytes = std::mem::take(&mut self.partial_char);
        let mut text = String::with_capacity(bytes.len());
        let mut rest = bytes.as_slice();
        loop {
            match std::str::from_utf8(rest) {
                Ok(valid) => {
                    text.push_str(valid);
                    return text;
                }
                Err(error) => {
                    let (valid, invalid) = rest.split_at(error.valid_up_to());
                    text.push_str(&String::from_utf8_lossy(valid));
                    let Some(invalid_len) = error.error_len() else {
                        self.partial_char = invalid.to_vec();
                        return text;
                    };
                    text.push(char::REPLACEMENT_CHARACTER);
                    rest = invalid.get(invalid_len..).unwrap_or_default();
                }
            }
        }
    }

    /// True while a character is incomplete.
    pub(super) fn has_partial_char(&self) -> bool {
        !self.partial_char.is_empty()
    }

    /// The replacement of a character that stays incomplete; empty if there is none.
    pub(super) fn finish(&mut self) -> &'static str {
        if std::mem::take(&mut self.partial_char).is_empty() { "" } else { "\u{fffd}" }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_character_is_returned_with_its_last_byte() {
        let mut assembler = Utf8Assembler::default();
        let bytes = "a👍é".as_bytes();
        let shown: Vec<String> = bytes.iter().map(|byte| assembler.push(&[*byte])).collect();
        assert_eq!(shown, ["a", "", "", "", "👍", "", "é"]);
        assert!(!assembler.has_partial_char());
        assert_eq!(assembler.push(&bytes[1..4]), "");
        assert!(assembler.has_partial_char());
        assert_eq!(assembler.push(b"b"), "\u{fffd}b");
        assembler.push(&[0xf0]);
        assert_eq!((assembler.finish(), assembler.finish()), ("\u{fffd}", ""));
    }

    proptest! {
        #[test]
        fn parts_decode_as_the_whole(parts in proptest::collection::vec(any::<Vec<u8>>(), 0..20)) {
            let mut assembler = Utf8Assembler::default();
            let mut text: String = parts.iter().map(|part| assembler.push(part)).collect();
            text.push_str(assembler.finish());
            prop_assert_eq!(text, String::from_utf8_lossy(&parts.concat()).into_owned());
        }
    }
}
