//! Keys and pastes of the terminal. A thread reads them, and sleeps until there are some.
//!
//! [`TerminalInput`] owns the reading end of the terminal: standard input, or the controlling terminal where that is a
//! pipe. What the bytes mean is for the parser; what a key does, for `app`. The thread also notices that the terminal is
//! gone: SIGHUP may be ignored (`nohup`) or never come.

mod background;
mod keys;
mod parser;
mod reader;
mod sequence;

use std::collections::VecDeque;
use std::io::{self, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::app::{KeyCode, KeyPress};
pub(super) use reader::open_terminal;

/// Events that may wait; more bytes are read when they have been taken.
const MAX_QUEUED: usize = 4096;

/// Bytes and lines of a burst that are inserted at once: fewer than those of a paste that the composer shows as a chip.
const MAX_TEXT: usize = 512;
const MAX_TEXT_LINES: usize = 8;

/// The key that sends; followed by more keys of the same burst it begins a new line.
pub const ENTER: KeyPress = KeyPress::plain(KeyCode::Enter);

/// What the terminal sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InputEvent {
    /// A key was pressed, or is held and repeated.
    Key(KeyPress),
    /// A marked paste.
    Paste(String),
    /// The reply to the query of the background colour.
    Background {
        /// Dark text is read best on it.
        is_light: bool,
    },
    /// The reply to a query that every terminal answers: nothing asked before it will be answered later.
    DeviceAttributes,
    /// The terminal is gone.
    Closed,
}

/// The reading end of the terminal. Dropping it ends its thread.
#[derive(Debug)]
pub struct TerminalInput {
    shared: Arc<Shared>,
    tty: Arc<OwnedFd>,
    /// A byte wakes the thread; the end of the stream ends it.
    wake: UnixStream,
}

/// What the thread and the loop share.
#[derive(Debug, Default)]
struct Shared {
    queue: Mutex<Queue>,
    arrived: Notify,
}

#[derive(Debug, Default)]
struct Queue {
    events: VecDeque<InputEvent>,
    /// The terminal is ours; otherwise its bytes are another program's.
    is_listening: bool,
    is_closed: bool,
    /// A query was sent, and [`InputEvent::DeviceAttributes`] has not been taken yet.
    owes_reply: bool,
}

impl Queue {
    fn wants_bytes(&self) -> bool {
        self.is_listening && self.events.len() < MAX_QUEUED
    }

    fn has_event(&self) -> bool {
        self.is_closed || (self.is_listening && !self.events.is_empty())
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl TerminalInput {
    /// Starts to listen.
    ///
    /// # Errors
    /// There is no terminal, no file descriptor or no thread left.
    pub fn start() -> io::Result<Self> {
        let tty = Arc::new(reader::open_terminal()?);
        let (wake, woken) = UnixStream::pair()?;
        let shared = Arc::new(Shared::default());
        shared.lock().is_listening = true;
        let reader = reader::Reader::new(Arc::clone(&tty), woken, Arc::clone(&shared));
        std::thread::Builder::new().name("terminal".into()).spawn(move || reader.run())?;
        Ok(Self { shared, tty, wake })
    }

    /// Listens again, after [`stop_listening`](Self::stop_listening). What was typed before that comes first.
    pub fn listen(&self) {
        self.shared.lock().is_listening = true;
        self.wake_reader();
    }

    /// Leaves what is typed from now on to another program. [`InputEvent::Closed`] is still reported.
    pub fn stop_listening(&self) {
        self.shared.lock().is_listening = false;
        self.wake_reader();
    }

    /// Waits until [`take`](Self::take) has something. Cancel safe.
    pub async fn arrived(&self) {
        loop {
            let arrived = self.shared.arrived.notified();
            if self.shared.lock().has_event() {
                return;
            }
            arrived.await;
        }
    }

    /// The next event, if there is one.
    pub fn take(&self) -> Option<InputEvent> {
        let mut queue = self.shared.lock();
        let was_full = !queue.wants_bytes();
        let event = if queue.is_listening { queue.events.pop_front() } else { None };
        queue.owes_reply &= event != Some(InputEvent::DeviceAttributes);
        let has_room = was_full && queue.wants_bytes();
        let is_closed = queue.is_closed;
        drop(queue);
        if has_room {
            self.wake_reader();
        }
        event.or_else(|| is_closed.then_some(InputEvent::Closed))
    }

    /// Of at least `burst` waiting events, the characters and line breaks that come first; none where there are fewer, or
    /// the first is another key. An Enter with nothing behind it is no line break.
    pub fn take_text(&self, burst: usize) -> Option<String> {
        let mut queue = self.shared.lock();
        if !queue.is_listening || queue.events.len() < burst {
            return None;
        }
        let was_full = !queue.wants_bytes();
        let (mut text, mut lines) = (String::new(), 0);
        while text.len() < MAX_TEXT && lines < MAX_TEXT_LINES && queue.events.len() > 1 {
            let Some(InputEvent::Key(key)) = queue.events.front() else { break };
            let Some(c) = key.typed_char().or((*key == ENTER).then_some('\n')) else { break };
            lines += usize::from(c == '\n');
            text.push(c);
            queue.events.pop_front();
        }
        let has_room = was_full && queue.wants_bytes();
        drop(queue);
        if has_room {
            self.wake_reader();
        }
        Some(text).filter(|text| !text.is_empty())
    }

    /// A query is about to be sent that [`InputEvent::DeviceAttributes`] will answer.
    pub fn expect_reply(&self) {
        self.shared.lock().owes_reply = true;
    }

    /// True while that reply has not been taken.
    pub fn owes_reply(&self) -> bool {
        self.shared.lock().owes_reply
    }

    /// Number of events that wait.
    pub fn backlog(&self) -> usize {
        self.shared.lock().events.len()
    }

    /// True when more has arrived: an Enter before it is part of a paste that the terminal did not mark as one.
    pub fn has_pending(&self) -> bool {
        self.backlog() > 0 || reader::has_bytes(&self.tty)
    }

    /// Puts events back that were taken too early; they come first, in this order.
    pub fn put_back(&self, events: Vec<InputEvent>) {
        let mut queue = self.shared.lock();
        for event in events.into_iter().rev() {
            queue.events.push_front(event);
        }
    }

    fn wake_reader(&self) {
        // A full pipe wakes it as well; without a reader there is nothing to wake.
        let _ = (&self.wake).write(&[0]);
    }
}
