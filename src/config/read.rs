//! Reading a file that a person named or keeps: regular, of bounded size, UTF-8; everything else in words.
//!
//! Never blocks on a pipe or a device, never reads more than the limit. Used for `config.toml` and
//! `keys.toml` here, and by the command line for attachments.

use std::io::{self, Read};
use std::path::Path;

/// The largest text that is read: 1 MiB.
pub const LIMIT: u64 = 1024 * 1024;

/// Reads the text file at `path`. The error says why not and what to do, without the path.
pub fn text(path: &Path) -> io::Result<String> {
    let meta = std::fs::metadata(path)?;
    if meta.is_dir() {
        return Err(refused("is a directory, not a file"));
    }
    if !meta.is_file() {
        return Err(refused(
            "is not a regular file (a pipe, socket or device cannot be read here)",
        ));
    }
    decode(bytes(std::fs::File::open(path)?)?)
}

/// Reads `from` to its end, at most [`LIMIT`] bytes.
pub fn bytes(from: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.take(LIMIT + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LIMIT {
        return Err(refused(
            "is larger than 1 MiB, the most that is read; give the part that matters",
        ));
    }
    Ok(bytes)
}

/// Takes bytes as text: UTF-8 without NUL; a byte order mark in front is dropped.
pub fn decode(bytes: Vec<u8>) -> io::Result<String> {
    if let Some(at) = bytes.iter().position(|b| *b == 0) {
        return Err(refused(&format!("is not text (a NUL at byte {at})")));
    }
    let mut text = String::from_utf8(bytes).map_err(|e| {
        let at = e.utf8_error().valid_up_to();
        refused(&format!("is not UTF-8 text (byte {at}); convert it first, for example with iconv"))
    })?;
    if text.starts_with('\u{feff}') {
        text.remove(0);
    }
    Ok(text)
}

/// Why a file could not be read, in words.
pub fn why(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "does not exist".to_owned(),
        io::ErrorKind::PermissionDenied => {
            "cannot be read: permission denied (see `ls -l`, then `chmod u+r`)".to_owned()
        }
        io::ErrorKind::InvalidData => error.to_string(),
        _ => format!("cannot be read: {error}"),
    }
}

fn refused(words: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_text_of_bounded_size_comes_through() {
        assert_eq!(decode("\u{feff}a = 1".into()).unwrap(), "a = 1");
        assert_eq!(decode(Vec::new()).unwrap(), "");
        assert!(why(&decode(vec![b'a', 0]).unwrap_err()).contains("NUL at byte 1"));
        assert!(why(&decode(vec![b'a', 0xe9]).unwrap_err()).contains("not UTF-8 text (byte 1)"));
        assert!(why(&bytes(io::repeat(b'x')).unwrap_err()).contains("larger than 1 MiB"));
        assert!(why(&text(Path::new("/dev/zero")).unwrap_err()).contains("not a regular file"));
        assert!(why(&text(Path::new("/")).unwrap_err()).contains("is a directory"));
        assert!(why(&text(Path::new("/no/such")).unwrap_err()).contains("does not exist"));
    }
}
