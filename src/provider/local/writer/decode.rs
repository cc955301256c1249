//! Bytes of tokens to text: a token may end in the middle of a character, whose bytes wait for the next one.
//!
//! Bytes that are no UTF-8 become U+FFFD, as `String::from_utf8_lossy` does for the whole.

/// Text from bytes that come in parts.
#[derive(Debug, Default)]
pub(super) struct Decoder {
    waiting: Vec<u8>,
}

impl Decoder {
    /// The text that is complete with these bytes.
    pub(super) fn push(&mut self, bytes: &[u8]) -> String {
        self.waiting.extend_from_slice(bytes);
        let bytes = std::mem::take(&mut self.waiting);
        let mut text = String::with_capacity(bytes.len());
        let mut rest = bytes.as_slice();
        loop {
            match std::str::from_utf8(rest) {
                Ok(valid) => {
                    text.push_str(valid);
                    return text;
                }
                Err(error) => {
                    let (valid, after) = rest.split_at(error.valid_up_to());
                    text.push_str(&String::from_utf8_lossy(valid));
                    let Some(bad) = error.error_len() else {
                        self.waiting = after.to_vec();
                        return text;
                    };
                    text.push(char::REPLACEMENT_CHARACTER);
                    rest = after.get(bad..).unwrap_or_default();
                }
            }
        }
    }

    /// True when bytes wait for the rest of their character.
    pub(super) fn is_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// What is left of bytes whose character never became complete.
    pub(super) fn finish(&mut self) -> &'static str {
        if std::mem::take(&mut self.waiting).is_empty() { "" } else { "\u{fffd}" }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_character_waits_for_its_last_byte() {
        let mut decoder = Decoder::default();
        let bytes = "a👍é".as_bytes();
        let shown: Vec<String> = bytes.iter().map(|byte| decoder.push(&[*byte])).collect();
        assert_eq!(shown, ["a", "", "", "", "👍", "", "é"]);
        assert!(!decoder.is_waiting());
        assert_eq!(decoder.push(&bytes[1..4]), "");
        assert!(decoder.is_waiting());
        assert_eq!(decoder.push(b"b"), "\u{fffd}b");
        decoder.push(&[0xf0]);
        assert_eq!((decoder.finish(), decoder.finish()), ("\u{fffd}", ""));
    }

    proptest! {
        #[test]
        fn parts_decode_as_the_whole(parts in proptest::collection::vec(any::<Vec<u8>>(), 0..20)) {
            let mut decoder = Decoder::default();
            let mut text: String = parts.iter().map(|part| decoder.push(part)).collect();
            text.push_str(decoder.finish());
            prop_assert_eq!(text, String::from_utf8_lossy(&parts.concat()).into_owned());
        }
    }
}
