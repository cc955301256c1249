//! Makes any server's bytes fit for an SSE parser: valid UTF-8, no byte order mark, bounded lines, events and
//! comments, and errors that were sent without the framing put back into it.
//!
//! Two things that servers send are no SSE at all, yet are the only word of a failure: the `error:` field of
//! old llama.cpp servers, and a bare JSON object in the middle of the body. Both come out as proper events.
//! Not a parser: that is `sse`, which calls this for every chunk.

use std::fmt;

/// The longest line, and the longest event with all its lines and line ends.
const MAX_EVENT: usize = 8 * 1024 * 1024;
/// The most comments and empty lines between two events.
const MAX_NOISE: usize = 1024 * 1024;
/// The field with which old llama.cpp servers report an error.
const ERROR_FIELD: &str = "error:";

/// A limit was passed; the words say which.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TooMuch {
    /// A line or an event above 8 MiB.
    Event,
    /// Comments above 1 MiB without an event between them.
    Noise,
}

impl fmt::Display for TooMuch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Event => "a line or an event of more than 8 MiB",
            Self::Noise => "more than 1 MiB of comments without an event",
        })
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Line {
    /// At the beginning of a line.
    Start,
    /// In a field.
    Field,
    /// In a comment.
    Comment,
}

/// The state between chunks. The result does not depend on where the chunks were cut.
#[derive(Debug)]
pub(crate) struct Lines {
    decoder: Utf8,
    /// The beginning of a line that may become `error:`.
    held: String,
    line: Line,
    /// In a bare JSON object: every line of it becomes a data line.
    bare: bool,
    after_cr: bool,
    event: usize,
    max_event: usize,
    noise: usize,
    max_noise: usize,
    /// The event has a field: the next empty line ends it.
    fields: bool,
}

impl Lines {
    /// At the beginning of a body.
    pub(crate) fn new() -> Self {
        Self {
            decoder: Utf8 { partial: Vec::new(), first: true },
            held: String::new(),
            line: Line::Start,
            bare: false,
            after_cr: false,
            event: 0,
            max_event: MAX_EVENT,
            noise: 0,
            max_noise: MAX_NOISE,
            fields: false,
        }
    }

    /// Takes one chunk and appends to `out` what the parser shall see of it.
    pub(crate) fn push(&mut self, chunk: &[u8], out: &mut String) -> Result<(), TooMuch> {
        let text = self.decoder.decode(chunk);
        let mut text = text.as_str();
        out.reserve(text.len());
        while !text.is_empty() {
            text = self.step(text, out)?;
        }
        Ok(())
    }

    /// The body is over: ends the last line and event, which some servers do not.
    pub(crate) fn finish(&mut self, out: &mut String) {
        out.push_str(&std::mem::take(&mut self.held));
        if !self.decoder.partial.is_empty() {
            out.push(char::REPLACEMENT_CHARACTER);
        }
        out.push_str("\n\n");
    }

    /// Takes the rest of one line, or its end; returns what is left.
    fn step<'a>(&mut self, text: &'a str, out: &mut String) -> Result<&'a str, TooMuch> {
        let line_feed_of_crlf = std::mem::take(&mut self.after_cr);
        if let Some(rest) = text.strip_prefix('\n') {
            if line_feed_of_crlf {
                return Ok(rest);
            }
            self.end_line(out)?;
            return Ok(rest);
        }
        if let Some(rest) = text.strip_prefix('\r') {
            self.after_cr = true;
            self.end_line(out)?;
            return Ok(rest);
        }
        let end = text.bytes().position(|byte| matches!(byte, b'\n' | b'\r')).unwrap_or(text.len());
        let (piece, rest) = text.split_at(end);
        if self.line == Line::Start {
            self.begin_line(piece, out);
        } else {
            out.push_str(piece);
        }
        self.count(piece.len())?;
        Ok(rest)
    }

    fn begin_line(&mut self, piece: &str, out: &mut String) {
        let joined;
        let head = if self.held.is_empty() {
            piece
        } else {
            joined = std::mem::take(&mut self.held) + piece;
            &joined
        };
        if head.len() < ERROR_FIELD.len() && ERROR_FIELD.starts_with(head) {
            head.clone_into(&mut self.held);
            return;
        }
        self.line = if head.starts_with(':') { Line::Comment } else { Line::Field };
        if self.bare && head.starts_with(|c: char| c.is_ascii_alphabetic() || c == ':') {
            self.bare = false;
            self.dispatch(out);
        }
        if !self.bare && head.starts_with('{') {
            self.bare = true;
            self.dispatch(out);
        }
        if self.bare {
            out.push_str("data: ");
            out.push_str(head);
        } else if let Some(value) = head.strip_prefix(ERROR_FIELD) {
            self.dispatch(out);
            out.push_str("event: error\ndata:");
            out.push_str(value);
        } else {
            out.push_str(head);
        }
        self.fields |= self.line == Line::Field;
    }

    fn end_line(&mut self, out: &mut String) -> Result<(), TooMuch> {
        let held = std::mem::take(&mut self.held);
        if !held.is_empty() {
            out.push_str(&held);
            self.fields = true;
            self.line = Line::Field;
        }
        out.push('\n');
        if self.line == Line::Start {
            self.bare = false;
            if self.fields {
                self.fields = false;
                self.event = 0;
                self.noise = 0;
            } else {
                self.noise += 1;
            }
        }
        self.count(1)?;
        self.line = Line::Start;
        Ok(())
    }

    /// Ends a pending event, so that a bare error does not become a part of it.
    fn dispatch(&mut self, out: &mut String) {
        if self.fields {
            out.push('\n');
            self.fields = false;
            self.event = 0;
        }
    }

    fn count(&mut self, bytes: usize) -> Result<(), TooMuch> {
        if self.line == Line::Comment {
            self.noise += bytes;
        } else {
            self.event += bytes;
        }
        if self.noise > self.max_noise {
            return Err(TooMuch::Noise);
        }
        if self.event > self.max_event {
            return Err(TooMuch::Event);
        }
        Ok(())
    }
}

/// Makes valid text of bytes that were cut anywhere.
#[derive(Debug)]
struct Utf8 {
    /// Bytes of a character that is not whole yet.
    partial: Vec<u8>,
    /// Nothing came yet: a byte order mark may.
    first: bool,
}

impl Utf8 {
    /// Valid text of the bytes so far; a character that is cut by the chunk's end waits for the next chunk.
    fn decode(&mut self, chunk: &[u8]) -> String {
        let joined;
        let bytes = if self.partial.is_empty() {
            chunk
        } else {
            joined = [std::mem::take(&mut self.partial).as_slice(), chunk].concat();
            &joined
        };
        let mut text = String::with_capacity(bytes.len());
        let mut pieces = bytes.utf8_chunks().peekable();
        while let Some(piece) = pieces.next() {
            text.push_str(piece.valid());
            let bad = piece.invalid();
            if bad.is_empty() {
                continue;
            }
            let cut = std::str::from_utf8(bad).is_err_and(|error| error.error_len().is_none());
            if pieces.peek().is_none() && cut {
                self.partial.extend_from_slice(bad);
            } else {
                text.push(char::REPLACEMENT_CHARACTER);
            }
        }
        if self.first && !text.is_empty() {
            self.first = false;
            if text.starts_with('\u{feff}') {
                text.remove(0);
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn through(bytes: &[u8], size: usize) -> String {
        let (mut lines, mut out) = (Lines::new(), String::new());
        for chunk in bytes.chunks(size) {
            lines.push(chunk, &mut out).unwrap();
        }
        lines.finish(&mut out);
        out
    }

    #[test]
    fn the_same_text_for_every_cut_and_line_end() {
        let text = "data: {\"a\":\"é日🦀\"}\n\n: beat\n\nerr: x\nevent: y\ndata: z\n\n";
        for end in ["\n", "\r", "\r\n"] {
            for mark in ["", "\u{feff}"] {
                let body = format!("{mark}{}", text.replace('\n', end));
                for size in 1..=body.len() {
                    assert_eq!(
                        through(body.as_bytes(), size),
                        format!("{text}\n\n"),
                        "{end:?} {size}"
                    );
                }
            }
        }
    }

    #[test]
    fn invalid_bytes_become_one_mark_each_and_nothing_after_them_is_lost() {
        let body = b"data: a\xffb\xe2\x82c\xf0\x9f\xa6\x80d\n\n";
        for size in 1..=body.len() {
            assert_eq!(through(body, size), "data: a\u{fffd}b\u{fffd}c🦀d\n\n\n\n");
        }
        assert_eq!(through(b"data: a\xe2\x82", 3), "data: a\u{fffd}\n\n");
    }

    #[test]
    fn the_error_field_and_bare_json_become_events() {
        for size in 1..40 {
            assert_eq!(
                through(b"error: {\"code\":500}\n\n", size),
                "event: error\ndata: {\"code\":500}\n\n\n\n"
            );
            assert_eq!(
                through(b"data: a\n\n{\n  \"error\": 1\n}\n\ndata: b\n\n", size),
                "data: a\n\ndata: {\ndata:   \"error\": 1\ndata: }\n\ndata: b\n\n\n\n"
            );
            assert_eq!(
                through(b"data: a\n{\"error\":1}\ndata: b\n\n", size),
                "data: a\n\ndata: {\"error\":1}\n\ndata: b\n\n\n\n"
            );
            assert_eq!(through(b"err", size), "err\n\n");
        }
    }

    #[test]
    fn every_kind_of_flood_ends_at_its_limit() {
        let flood = |unit: &str, head: &str| {
            let (mut lines, mut out) = (Lines::new(), String::new());
            lines.max_event /= 256;
            lines.max_noise /= 256;
            let chunk = unit.repeat(1024 / unit.len());
            lines.push(head.as_bytes(), &mut out).unwrap();
            for _ in 0..60 {
                out.clear();
                if let Err(limit) = lines.push(chunk.as_bytes(), &mut out) {
                    return Some(limit);
                }
            }
            None
        };
        assert_eq!(flood("x", "data: "), Some(TooMuch::Event), "a line without end");
        assert_eq!(flood("data:\n", ""), Some(TooMuch::Event), "empty data lines");
        assert_eq!(flood("data: x\r\n", ""), Some(TooMuch::Event), "an event without end");
        assert_eq!(flood(": beat\n\n", ""), Some(TooMuch::Noise), "comments without end");
        assert_eq!(flood("x", ":"), Some(TooMuch::Noise), "one comment without end");
        assert_eq!(flood("\n", ""), Some(TooMuch::Noise), "empty lines");
        assert_eq!(flood("data: x\n\n: beat\n\n", ""), None, "events with heartbeats");
    }
}
