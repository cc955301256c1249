//! An incremental reader of server-sent events: chunks of a body in, whole events out.
//!
//! Follows the WHATWG algorithm (<https://html.spec.whatwg.org/multipage/server-sent-events.html>) for lines, fields,
//! comments and the byte order mark, with these exceptions that real servers need:
//!
//! - the last event counts even when the body ends without the empty line behind it;
//! - invalid UTF-8 becomes U+FFFD instead of ending the stream;
//! - an `error:` field (llama.cpp before 2025) and a JSON object without `data:` (Vertex) become `error` events and data;
//! - lines, events and comments have limits.
//!
//! Events are pushed in and pulled out without IO, because the caller owns the connection and its time limits. The
//! reader does not look into the data; `id` and `retry` are ignored because answers are never resumed.

use std::collections::VecDeque;

use thiserror::Error;

/// The longest event in bytes, with all its lines and line ends.
const MAX_EVENT_BYTES: usize = 8 * 1024 * 1024;
/// The most bytes of comments and empty lines between two events.
const MAX_COMMENT_BYTES: usize = 1024 * 1024;
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// A limit that the body exceeds. The message completes "it sent …".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub(crate) enum SseLimitError {
    /// A line or an event above 8 MiB.
    #[error("a line or an event of more than 8 MiB")]
    Event,
    /// Comments above 1 MiB without an event between them.
    #[error("more than 1 MiB of comments without an event")]
    Comments,
}

/// One event.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct SseEvent {
    /// Its type; empty where the server names none.
    pub(crate) name: String,
    /// Its data lines, joined with line feeds.
    pub(crate) data: String,
}

/// Reads the events of one body. The events do not depend on where the chunks were cut.
#[derive(Debug)]
pub(crate) struct SseReader {
    /// The beginning of a line whose end has not arrived.
    partial_line: Vec<u8>,
    /// The last byte was a CR: an LF that follows belongs to the same line end.
    after_cr: bool,
    at_first_line: bool,
    /// Inside a JSON object without `data:`: every line of it is data.
    in_bare_json: bool,
    /// The type of the current event.
    name: String,
    /// The data lines of the current event; none before the first one, which may be empty.
    data: Option<String>,
    /// Bytes of the current event, except for comments.
    event_bytes: usize,
    max_event_bytes: usize,
    /// Bytes of comments and empty lines since the last event.
    comment_bytes: usize,
    max_comment_bytes: usize,
    ready: VecDeque<SseEvent>,
}

impl SseReader {
    /// A reader at the beginning of a body.
    pub(crate) fn new() -> Self {
        Self {
            partial_line: Vec::new(),
            after_cr: false,
            at_first_line: true,
            in_bare_json: false,
            name: String::new(),
            data: None,
            event_bytes: 0,
            max_event_bytes: MAX_EVENT_BYTES,
            comment_bytes: 0,
            max_comment_bytes: MAX_COMMENT_BYTES,
            ready: VecDeque::new(),
        }
    }

    /// Reads one chunk. After an error, the events before the limit can still be taken with [`Self::next_event`].
    pub(crate) fn push_chunk(&mut self, chunk: &[u8]) -> Result<(), SseLimitError> {
        let mut rest = chunk;
        while let Some((first, after_first)) = rest.split_first() {
            if std::mem::take(&mut self.after_cr) && *first == b'\n' {
                rest = after_first;
                continue;
            }
            let Some(end) = rest.iter().position(|byte| matches!(byte, b'\n' | b'\r')) else {
                self.partial_line.extend_from_slice(rest);
                return self.check_partial_line();
            };
            let (line, from_end) = rest.split_at(end);
            self.after_cr = from_end.first() == Some(&b'\r');
            rest = from_end.get(1..).unwrap_or_default();
            if self.partial_line.is_empty() {
                self.read_line(line)?;
            } else {
                let mut whole_line = std::mem::take(&mut self.partial_line);
                whole_line.extend_from_slice(line);
                self.read_line(&whole_line)?;
            }
        }
        Ok(())
    }

    /// The body is over: the last line and the last event count without their ends.
    pub(crate) fn finish(&mut self) {
        let line = std::mem::take(&mut self.partial_line);
        if !line.is_empty() {
            // Nothing follows that a limit could protect from.
            self.read_line(&line).unwrap_or_default();
        }
        self.dispatch_event();
    }

    /// The next whole event, if there is one.
    pub(crate) fn next_event(&mut self) -> Option<SseEvent> {
        self.ready.pop_front()
    }

    /// Reads a whole line, without its end.
    fn read_line(&mut self, line: &[u8]) -> Result<(), SseLimitError> {
        let line = if std::mem::take(&mut self.at_first_line) {
            line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(line)
        } else {
            line
        };
        // No byte of a longer UTF-8 sequence is a CR or LF, so that whole lines can be decoded one by one.
        let text = String::from_utf8_lossy(line);
        let is_comment = text.starts_with(':');
        if self.in_bare_json && (is_comment || text.starts_with(|c: char| c.is_ascii_alphabetic()))
        {
            self.in_bare_json = false;
            self.dispatch_event();
        }
        if text.is_empty() {
            self.read_empty_line();
        } else if is_comment {
            self.comment_bytes += line.len() + 1;
        } else {
            self.read_field_line(&text);
            self.event_bytes += line.len() + 1;
        }
        self.check_limits(self.event_bytes, self.comment_bytes)
    }

    fn read_empty_line(&mut self) {
        self.in_bare_json = false;
        if self.event_bytes > 0 {
            self.dispatch_event();
            self.comment_bytes = 0;
        } else {
            self.comment_bytes += 1;
        }
    }

    fn read_field_line(&mut self, line: &str) {
        if !self.in_bare_json && line.starts_with('{') {
            self.dispatch_event();
            self.in_bare_json = true;
        }
        if self.in_bare_json {
            self.append_data(line);
        } else if let Some(value) = line.strip_prefix("error:") {
            self.dispatch_event();
            "error".clone_into(&mut self.name);
            self.append_data(strip_one_space(value));
        } else {
            let (field, value) = line.split_once(':').unwrap_or((line, ""));
            match field {
                "event" => strip_one_space(value).clone_into(&mut self.name),
                "data" => self.append_data(strip_one_space(value)),
                _ => {}
            }
        }
    }

    fn append_data(&mut self, line: &str) {
        match &mut self.data {
            Some(data) => {
                data.push('\n');
                data.push_str(line);
            }
            None => self.data = Some(line.to_owned()),
        }
    }

    /// Ends the event. One with neither name nor data is dropped.
    fn dispatch_event(&mut self) {
        let (name, data) = (std::mem::take(&mut self.name), self.data.take());
        if data.is_some() || !name.is_empty() {
            self.ready.push_back(SseEvent { name, data: data.unwrap_or_default() });
        }
        self.event_bytes = 0;
    }

    /// Checks the limits while a line has no end yet.
    fn check_partial_line(&self) -> Result<(), SseLimitError> {
        let length = self.partial_line.len();
        if self.partial_line.first() == Some(&b':') {
            self.check_limits(self.event_bytes, self.comment_bytes + length)
        } else {
            self.check_limits(self.event_bytes + length, self.comment_bytes)
        }
    }

    fn check_limits(&self, event_bytes: usize, comment_bytes: usize) -> Result<(), SseLimitError> {
        if comment_bytes > self.max_comment_bytes {
            return Err(SseLimitError::Comments);
        }
        if event_bytes > self.max_event_bytes {
            return Err(SseLimitError::Event);
        }
        Ok(())
    }
}

fn strip_one_space(value: &str) -> &str {
    value.strip_prefix(' ').unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The events of `body`, as pairs of name and data, when it arrives in chunks of `size` bytes.
    fn read_events(body: &[u8], size: usize) -> Vec<(String, String)> {
        let mut reader = SseReader::new();
        let mut events = Vec::new();
        for chunk in body.chunks(size) {
            reader.push_chunk(chunk).unwrap();
            events.extend(std::iter::from_fn(|| reader.next_event()));
        }
        reader.finish();
        events.extend(std::iter::from_fn(|| reader.next_event()));
        events.into_iter().map(|event| (event.name, event.data)).collect()
    }

    /// Checks the events of `body` for every size of chunks.
    fn assert_events(body: &[u8], expected: &[(&str, &str)]) {
        for size in 1..=body.len() {
            let events = read_events(body, size);
            let events: Vec<(&str, &str)> =
                events.iter().map(|(name, data)| (name.as_str(), data.as_str())).collect();
            assert_eq!(events, expected, "{:?} by {size}", String::from_utf8_lossy(body));
        }
    }

    #[test]
    fn events_are_the_same_for_every_cut_and_line_end() {
        let text = ": hi\n\nevent: a\ndata: {\"a\":\"é日🦀\"}\ndata:2\n\n: beat\n\nerr: x\nid: 7\nevent\ndata\n\ndata:  z\n\n";
        let expected = [("a", "{\"a\":\"é日🦀\"}\n2"), ("", ""), ("", " z")];
        for end in ["\n", "\r", "\r\n"] {
            for mark in ["", "\u{feff}"] {
                let body = format!("{mark}{}", text.replace('\n', end));
                assert_events(body.as_bytes(), &expected);
            }
        }
    }

    #[test]
    fn the_last_event_counts_without_its_empty_line() {
        assert_events("data: 1\r\n\r\ndata: é".as_bytes(), &[("", "1"), ("", "é")]);
        assert_events(b"data: 1\n", &[("", "1")]);
        assert_events(b"event: error\n", &[("error", "")]);
        assert_events(b"id: 1\nretry: 2\n\n: beat\n\nda", &[]);
    }

    #[test]
    fn the_name_may_follow_the_data() {
        assert_events(b"data: 1\nevent: x\n\ndata: 2\n\n", &[("x", "1"), ("", "2")]);
    }

    #[test]
    fn invalid_bytes_become_one_replacement_character_each() {
        let body = b"data: a\xffb\xe2\x82c\xf0\x9f\xa6\x80d\n\n";
        assert_events(body, &[("", "a\u{fffd}b\u{fffd}c🦀d")]);
        assert_events(b"data: a\xe2\x82", &[("", "a\u{fffd}")]);
    }

    #[test]
    fn the_error_field_and_bare_json_become_events() {
        assert_events(b"error: {\"code\":500}\n\n", &[("error", "{\"code\":500}")]);
        assert_events(
            b"data: a\nerror: {\"code\":500}\n\n",
            &[("", "a"), ("error", "{\"code\":500}")],
        );
        assert_events(
            b"data: a\n\n{\n  \"error\": 1\n}\n\ndata: b\n\n",
            &[("", "a"), ("", "{\n  \"error\": 1\n}"), ("", "b")],
        );
        assert_events(
            b"data: a\n{\"error\":1}\ndata: b\n\n",
            &[("", "a"), ("", "{\"error\":1}"), ("", "b")],
        );
        assert_events(b"err", &[]);
    }

    #[test]
    fn every_kind_of_flood_ends_at_its_limit() {
        let flood = |unit: &str, head: &str| {
            let mut reader = SseReader::new();
            reader.max_event_bytes /= 256;
            reader.max_comment_bytes /= 256;
            let chunk = unit.repeat(1024 / unit.len());
            reader.push_chunk(head.as_bytes()).unwrap();
            (0..60).find_map(|_| reader.push_chunk(chunk.as_bytes()).err())
        };
        assert_eq!(flood("x", "data: "), Some(SseLimitError::Event), "a line without end");
        assert_eq!(flood("data:\n", ""), Some(SseLimitError::Event), "empty data lines");
        assert_eq!(flood("data: x\r\n", ""), Some(SseLimitError::Event), "an event without end");
        assert_eq!(flood(": beat\n\n", ""), Some(SseLimitError::Comments), "comments without end");
        assert_eq!(flood("x", ":"), Some(SseLimitError::Comments), "one comment without end");
        assert_eq!(flood("\n", ""), Some(SseLimitError::Comments), "empty lines");
        assert_eq!(flood("data: x\n\n: beat\n\n", ""), None, "events with heartbeats");
    }
}
