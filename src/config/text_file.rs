//! Reads text files that a user names or keeps: regular files of bounded size in UTF-8.
//!
//! Never blocks on a pipe or a device, never reads more than the limit. What the text means is decided elsewhere.

use std::io::{self, Read};
use std::path::Path;

/// Largest text that is read, in bytes.
pub const MAX_TEXT_BYTES: u64 = 1024 * 1024;

/// Reads the text file at `path`.
///
/// # Errors
/// Says why the file cannot be read and what to do, without the path.
pub fn read_text_file(path: &Path) -> io::Result<String> {
    let meta = std::fs::metadata(path)?;
    if meta.is_dir() {
        return Err(refusal("is a directory, not a file"));
    }
    if !meta.is_file() {
        return Err(refusal(
            "is not a regular file (a pipe, socket or device cannot be read here)",
        ));
    }
    decode_utf8(read_bytes(std::fs::File::open(path)?)?)
}

/// Reads `from` to its end.
///
/// # Errors
/// There are more than [`MAX_TEXT_BYTES`] bytes.
pub fn read_bytes(from: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.take(MAX_TEXT_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_TEXT_BYTES {
        return Err(refusal(
            "is larger than 1 MiB, the most that is read; give the part that matters",
        ));
    }
    Ok(bytes)
}

/// Decodes UTF-8 text without NUL; a byte order mark at the start is dropped.
///
/// # Errors
/// Says which byte is not text.
pub fn decode_utf8(bytes: Vec<u8>) -> io::Result<String> {
    if let Some(offset) = bytes.iter().position(|b| *b == 0) {
        return Err(refusal(&format!("is not text (a NUL at byte {offset})")));
    }
    let mut text = String::from_utf8(bytes).map_err(|e| {
        let offset = e.utf8_error().valid_up_to();
        refusal(&format!(
            "is not UTF-8 text (byte {offset}); convert it first, for example with iconv"
        ))
    })?;
    if text.starts_with('\u{feff}') {
        text.remove(0);
    }
    Ok(text)
}

/// Describes why a file could not be read.
pub fn describe_io_error(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "does not exist".to_owned(),
        io::ErrorKind::PermissionDenied => {
            "cannot be read: permission denied (see `ls -l`, then `chmod u+r`)".to_owned()
        }
        io::ErrorKind::InvalidData => error.to_string(),
        _ => format!("cannot be read: {error}"),
    }
}

fn refusal(reason: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_text_of_bounded_size_is_read() {
        assert_eq!(decode_utf8("\u{feff}a = 1".into()).unwrap(), "a = 1");
        assert_eq!(decode_utf8(Vec::new()).unwrap(), "");
        assert!(
            describe_io_error(&decode_utf8(vec![b'a', 0]).unwrap_err()).contains("NUL at byte 1")
        );
        assert!(
            describe_io_error(&decode_utf8(vec![b'a', 0xe9]).unwrap_err())
                .contains("not UTF-8 text (byte 1)")
        );
        assert!(
            describe_io_error(&read_bytes(io::repeat(b'x')).unwrap_err())
                .contains("larger than 1 MiB")
        );
        assert!(
            describe_io_error(&read_text_file(Path::new("/dev/zero")).unwrap_err())
                .contains("not a regular file")
        );
        assert!(
            describe_io_error(&read_text_file(Path::new("/")).unwrap_err())
                .contains("is a directory")
        );
        assert!(
            describe_io_error(&read_text_file(Path::new("/no/such")).unwrap_err())
                .contains("does not exist")
        );
    }
}
