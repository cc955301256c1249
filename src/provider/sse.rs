//! Server-sent events out of the chunks of a body: `sse-stream` behind the limits and repairs of `lines`.
//!
//! Pushed, not pulled: the driver owns the network and its clocks, so parsing is plain code without IO that can be
//! tested at every cut. Knows nothing of what the events mean. Called by `drive`.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use futures_util::Stream;
use sse_stream::SseByteStream;

use super::lines::{Lines, TooMuch};

pub(crate) use sse_stream::Sse;

/// An SSE parser that is fed.
pub(crate) struct SseReader {
    lines: Lines,
    feed: Feed,
    parser: SseByteStream<Feed>,
}

impl SseReader {
    /// At the beginning of a body.
    pub(crate) fn new() -> Self {
        let feed = Feed::default();
        Self { lines: Lines::new(), parser: SseByteStream::new(feed.clone()), feed }
    }

    /// Takes one chunk of the body.
    pub(crate) fn push(&mut self, chunk: &[u8]) -> Result<(), TooMuch> {
        let mut text = String::new();
        let pushed = self.lines.push(chunk, &mut text);
        self.feed.put(text);
        pushed
    }

    /// The body is over; an event that lacks its empty line is still dispatched.
    pub(crate) fn finish(&mut self) {
        let mut text = String::new();
        self.lines.finish(&mut text);
        self.feed.put(text);
    }

    /// The next whole event, until there is none.
    pub(crate) fn next(&mut self) -> Option<Sse> {
        // The feed never wakes anybody: when it is empty, the driver pushes the next chunk and asks again.
        let mut context = Context::from_waker(Waker::noop());
        match Pin::new(&mut self.parser).poll_next(&mut context) {
            Poll::Ready(Some(Ok(event))) => Some(event),
            // Errors are invalid UTF-8, which `lines` has repaired, and those of the feed, which has none.
            Poll::Ready(Some(Err(_)) | None) | Poll::Pending => None,
        }
    }
}

/// What was pushed and is not parsed yet.
#[derive(Clone, Default)]
struct Feed {
    chunks: Arc<Mutex<VecDeque<Bytes>>>,
}

impl Feed {
    fn put(&self, text: String) {
        if !text.is_empty() {
            self.chunks.lock().unwrap_or_else(PoisonError::into_inner).push_back(text.into());
        }
    }
}

impl Stream for Feed {
    type Item = Result<Bytes, Infallible>;

    fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let chunk = self.chunks.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        chunk.map_or(Poll::Pending, |chunk| Poll::Ready(Some(Ok(chunk))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_come_out_whole_at_every_cut_and_the_last_one_without_its_empty_line() {
        let body = ": hi\r\n\r\nevent: a\r\ndata: 1\r\ndata: 2\r\n\r\ndata:3\r\n\r\ndata: é";
        for size in 1..=body.len() {
            let (mut reader, mut events) = (SseReader::new(), Vec::new());
            for chunk in body.as_bytes().chunks(size) {
                reader.push(chunk).unwrap();
                events.extend(std::iter::from_fn(|| reader.next()));
            }
            reader.finish();
            events.extend(std::iter::from_fn(|| reader.next()));
            assert_eq!(
                events,
                [
                    Sse::default().event("a").data("1\n2"),
                    Sse::default().data("3"),
                    Sse::default().data("é")
                ],
                "{size}"
            );
        }
    }
}
