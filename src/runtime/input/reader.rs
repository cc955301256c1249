//! The thread that reads the terminal: it sleeps until bytes come, a sequence is overdue, or the loop calls.

use std::io::{self, IsTerminal, Read};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;

use super::parser::InputParser;
use super::{InputEvent, Shared};

/// Bytes that are read at once; the events of a burst are passed on together.
const MAX_READ: usize = 64 << 10;

/// How long a string may last that bytes of all kinds keep alive: they are keys then.
const STRING_TIMEOUT: Duration = Duration::from_secs(10);

/// What a poll reports of a terminal that is gone.
const GONE: PollFlags = PollFlags::HUP.union(PollFlags::ERR).union(PollFlags::NVAL);

/// The terminal for reading: standard input, or the controlling terminal where that is a pipe. Opened again where
/// possible, so that reading never blocks and no other program sees a changed mode.
pub(in crate::runtime) fn open_terminal() -> io::Result<OwnedFd> {
    let input = io::stdin();
    let flags = OFlags::RDONLY | OFlags::NOCTTY | OFlags::NONBLOCK | OFlags::CLOEXEC;
    if !input.is_terminal() {
        return Ok(rustix::fs::open("/dev/tty", flags, Mode::empty())?);
    }
    let reopened = rustix::termios::ttyname(&input, Vec::new())
        .and_then(|path| rustix::fs::open(path, flags, Mode::empty()));
    reopened.or_else(|_| input.as_fd().try_clone_to_owned())
}

/// True when bytes can be read now.
pub(super) fn has_bytes(tty: &OwnedFd) -> bool {
    let mut fds = [PollFd::new(tty, PollFlags::IN)];
    let polled = poll(&mut fds, Some(&Timespec::default()));
    polled.is_ok_and(|_| fds.iter().any(|fd| fd.revents().contains(PollFlags::IN)))
}

/// What a wait ended with.
enum Woken {
    /// The sequence is overdue.
    Timeout,
    /// Bytes have come.
    Bytes,
    /// The loop called.
    Call,
    /// The terminal is gone.
    Gone,
}

pub(super) struct Reader {
    tty: Arc<OwnedFd>,
    wake: UnixStream,
    shared: Arc<Shared>,
    parser: InputParser,
    /// Since when the parser is in a string.
    string_since: Option<Instant>,
    chunk: Vec<u8>,
}

impl Reader {
    pub(super) fn new(tty: Arc<OwnedFd>, wake: UnixStream, shared: Arc<Shared>) -> Self {
        let parser = InputParser::new();
        Self { tty, wake, shared, parser, string_since: None, chunk: vec![0; 4096] }
    }

    /// Reads until the terminal is gone or the other end was dropped.
    pub(super) fn run(mut self) {
        let mut events = Vec::new();
        loop {
            let wants_bytes = self.shared.lock().wants_bytes();
            let patience = self.parser.patience().filter(|_| wants_bytes);
            let is_open = match self.wait(wants_bytes, patience) {
                Woken::Timeout => {
                    self.parser.time_out(&mut events);
                    true
                }
                Woken::Bytes => self.read_bytes(&mut events).is_ok(),
                Woken::Call => match self.wake.read(&mut self.chunk) {
                    Ok(0) => return,
                    _ => true,
                },
                Woken::Gone => false,
            };
            if events.is_empty() && is_open {
                continue;
            }
            let mut queue = self.shared.lock();
            queue.events.extend(events.drain(..));
            queue.is_closed = !is_open;
            drop(queue);
            self.shared.arrived.notify_one();
            if !is_open {
                return;
            }
        }
    }

    fn wait(&self, wants_bytes: bool, patience: Option<Duration>) -> Woken {
        let wanted = if wants_bytes { PollFlags::IN } else { PollFlags::empty() };
        let timeout = patience.and_then(|patience| Timespec::try_from(patience).ok());
        loop {
            let mut fds = [PollFd::new(&*self.tty, wanted), PollFd::new(&self.wake, PollFlags::IN)];
            let polled = poll(&mut fds, timeout.as_ref());
            let [on_tty, on_wake] = fds.map(|fd| fd.revents());
            return match polled {
                Err(Errno::INTR) => continue,
                Err(_) => Woken::Gone,
                Ok(0) => Woken::Timeout,
                Ok(_) if !on_wake.is_empty() => Woken::Call,
                Ok(_) if on_tty.contains(PollFlags::IN) => Woken::Bytes,
                Ok(_) if on_tty.intersects(GONE) => Woken::Gone,
                Ok(_) => Woken::Timeout,
            };
        }
    }

    /// Reads all that has come. The queue is locked meanwhile: once the loop has stopped listening, no byte is read.
    fn read_bytes(&mut self, events: &mut Vec<InputEvent>) -> io::Result<()> {
        if self.string_since.is_some_and(|since| since.elapsed() > STRING_TIMEOUT) {
            self.parser.abandon_string(events);
        }
        let queue = self.shared.lock();
        let mut read = 0;
        while queue.is_listening && read < MAX_READ && has_bytes(&self.tty) {
            match rustix::io::read(&*self.tty, &mut self.chunk) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(length) => {
                    read += length;
                    self.parser.feed(self.chunk.get(..length).unwrap_or_default(), events);
                }
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => break,
                Err(error) => return Err(error.into()),
            }
        }
        self.string_since = if self.parser.is_in_string() {
            self.string_since.or_else(|| Some(Instant::now()))
        } else {
            None
        };
        Ok(())
    }
}
