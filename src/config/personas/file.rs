//! Reads a persona file within limits. Knows encodings, nothing about the content.
//!
//! Persona files come from anywhere: a file that is too large, not regular, not UTF-8 or binary is rejected with what to do.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use super::problem::PersonaProblem;

/// Largest persona file, in bytes.
pub(in crate::config) const MAX_FILE_BYTES: u64 = 256 * 1024;

/// The text of a persona file, or why it cannot be used.
#[derive(Debug, Clone)]
pub struct PersonaText {
    /// The file.
    pub path: PathBuf,
    /// The file's bytes as text, including a byte order mark.
    pub text: Result<String, PersonaProblem>,
}

/// Reads a file as text. The text is the file's bytes, including a byte order mark.
///
/// # Errors
/// The file cannot be read or is no text of bounded size.
pub fn read_persona_file(path: &Path) -> Result<String, PersonaProblem> {
    let fail = |message: String| PersonaProblem::error(path, message);
    let unreadable =
        |e: &std::io::Error| PersonaProblem::error(path, format!("cannot be read: {e}"));
    // Checked before opening: opening a FIFO waits for a writer.
    let metadata = fs::metadata(path).map_err(|e| unreadable(&e))?;
    if metadata.is_dir() {
        return Err(fail("is a folder, not a file".to_owned()));
    }
    if !metadata.is_file() {
        return Err(fail(
            "is not a regular file (a pipe, socket or device); a persona is a text file".to_owned(),
        ));
    }
    let file = File::open(path).map_err(|e| unreadable(&e))?;
    let mut bytes = Vec::new();
    file.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes).map_err(|e| unreadable(&e))?;
    if bytes.len() as u64 > MAX_FILE_BYTES {
        let size = metadata.len().max(MAX_FILE_BYTES + 1).div_ceil(1024);
        return Err(fail(format!(
            "has {size} kB; a persona file has at most {} kB",
            MAX_FILE_BYTES / 1024
        )));
    }
    decode_persona_bytes(path, bytes)
}

/// Decodes the content of the file at `path`.
///
/// # Errors
/// The bytes are no text.
pub(in crate::config) fn decode_persona_bytes(
    path: &Path,
    bytes: Vec<u8>,
) -> Result<String, PersonaProblem> {
    decode_persona(bytes).map_err(|message| PersonaProblem::error(path, message))
}

/// Decodes UTF-8, or says what the bytes are.
fn decode_persona(bytes: Vec<u8>) -> Result<String, String> {
    let is_utf16 = |bytes: &[u8]| {
        matches!(bytes, [0xff, 0xfe, ..] | [0xfe, 0xff, ..]) || {
            let pairs = || bytes.chunks_exact(2).take(64);
            pairs().count() > 0
                && (pairs().all(|p| matches!(p, [_, 0])) || pairs().all(|p| matches!(p, [0, _])))
        }
    };
    if is_utf16(&bytes) {
        return Err("is UTF-16; save it as UTF-8 (iconv -f UTF-16 -t UTF-8)".to_owned());
    }
    if let Some(offset) = bytes.iter().position(|b| *b == 0) {
        return Err(format!(
            "is binary (a NUL at byte {offset}); a persona is a text file in UTF-8"
        ));
    }
    String::from_utf8(bytes).map_err(|e| {
        let offset = e.utf8_error().valid_up_to();
        let bytes = e.as_bytes();
        let line = 1 + bytes.iter().take(offset).filter(|b| **b == b'\n').count();
        let byte = bytes.get(offset).copied().unwrap_or_default();
        format!(
            "is not UTF-8 (byte 0x{byte:02X} in line {line}); if it is Latin-1, save it as UTF-8 (iconv -f LATIN1 -t UTF-8)"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_that_are_no_text_are_described() {
        for (bytes, word) in [
            (&b"\xff\xfeA\0"[..], "is UTF-16; save it as UTF-8"),
            (b"A\0B\0C\0", "is UTF-16; save it as UTF-8"),
            (b"\0A\0B", "is UTF-16; save it as UTF-8"),
            (b"\x7fELF\x02\x01\x01\0\0", "is binary (a NUL at byte 7)"),
            (b"one\ntwo \xe9\n", "is not UTF-8 (byte 0xE9 in line 2); if it is Latin-1"),
        ] {
            let found = decode_persona(bytes.to_vec()).unwrap_err();
            assert!(found.starts_with(word), "{found}");
        }
        assert_eq!(decode_persona("\u{feff}é\r\n".into()).unwrap(), "\u{feff}é\r\n");
        assert_eq!(decode_persona(Vec::new()).unwrap(), "");
    }
}
