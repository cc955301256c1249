//! Reading one persona file: limits and encodings, nothing about its content.
//!
//! A persona is text from anybody, so what cannot be one (too large, not a regular file, not UTF-8, binary) is
//! refused with words that say what to do.

use std::fs::{self, File};
use std::io::Read;
use std::path::Path;

use super::problem::Problem;

/// The most bytes a persona file may have.
pub(super) const MAX_BYTES: u64 = 256 * 1024;

/// Reads a file as text. The text is the file's bytes, a byte order mark included.
pub(super) fn read(path: &Path) -> Result<String, Problem> {
    let fail = |message: String| Problem::error(path, message);
    let broken = |e: &std::io::Error| Problem::error(path, format!("cannot be read: {e}"));
    // Asked before opening: opening a FIFO waits for a writer.
    let about = fs::metadata(path).map_err(|e| broken(&e))?;
    if about.is_dir() {
        return Err(fail("is a folder, not a file".to_owned()));
    }
    if !about.is_file() {
        return Err(fail(
            "is not a regular file (a pipe, socket or device); a persona is a text file".to_owned(),
        ));
    }
    let file = File::open(path).map_err(|e| broken(&e))?;
    let mut bytes = Vec::new();
    file.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(|e| broken(&e))?;
    if bytes.len() as u64 > MAX_BYTES {
        let size = about.len().max(MAX_BYTES + 1).div_ceil(1024);
        return Err(fail(format!(
            "has {size} kB; a persona file has at most {} kB",
            MAX_BYTES / 1024
        )));
    }
    decode(bytes).map_err(fail)
}

/// UTF-8 text of the bytes, or what is wrong with them.
fn decode(bytes: Vec<u8>) -> Result<String, String> {
    let utf16 = |bytes: &[u8]| {
        matches!(bytes, [0xff, 0xfe, ..] | [0xfe, 0xff, ..]) || {
            let pairs = || bytes.chunks_exact(2).take(64);
            pairs().count() > 0
                && (pairs().all(|p| matches!(p, [_, 0])) || pairs().all(|p| matches!(p, [0, _])))
        }
    };
    if utf16(&bytes) {
        return Err("is UTF-16; save it as UTF-8 (iconv -f UTF-16 -t UTF-8)".to_owned());
    }
    if let Some(at) = bytes.iter().position(|b| *b == 0) {
        return Err(format!("is binary (a NUL at byte {at}); a persona is a text file in UTF-8"));
    }
    String::from_utf8(bytes).map_err(|e| {
        let at = e.utf8_error().valid_up_to();
        let bytes = e.as_bytes();
        let line = 1 + bytes.iter().take(at).filter(|b| **b == b'\n').count();
        let byte = bytes.get(at).copied().unwrap_or_default();
        format!(
            "is not UTF-8 (byte 0x{byte:02X} in line {line}); if it is Latin-1, save it as UTF-8 (iconv -f LATIN1 -t UTF-8)"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_text_or_say_what_they_are() {
        for (bytes, word) in [
            (&b"\xff\xfeA\0"[..], "is UTF-16; save it as UTF-8"),
            (b"A\0B\0C\0", "is UTF-16; save it as UTF-8"),
            (b"\0A\0B", "is UTF-16; save it as UTF-8"),
            (b"\x7fELF\x02\x01\x01\0\0", "is binary (a NUL at byte 7)"),
            (b"one\ntwo \xe9\n", "is not UTF-8 (byte 0xE9 in line 2); if it is Latin-1"),
        ] {
            let found = decode(bytes.to_vec()).unwrap_err();
            assert!(found.starts_with(word), "{found}");
        }
        assert_eq!(decode("\u{feff}é\r\n".into()).unwrap(), "\u{feff}é\r\n");
        assert_eq!(decode(Vec::new()).unwrap(), "");
    }
}
