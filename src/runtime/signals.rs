//! Signals as messages, and stopping the process as Ctrl+Z does.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::task::Poll;
use std::time::Duration;

use rustix::process::Signal as Number;
use tokio::signal::unix::{Signal as Stream, SignalKind, signal};

use crate::app::Signal;

/// What another process, or the kernel, wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProcessSignal {
    /// The program is to end.
    End(Signal),
    /// It is to stop, until the shell continues it.
    Stop,
    /// The shell continued it: another program may have had the terminal.
    Continued,
    /// The terminal has another size.
    Resized,
}

/// The signals that the screen listens to.
pub struct TuiSignals {
    interrupt: Stream,
    terminate: Stream,
    hangup: Stream,
    quit: Stream,
    others: Vec<(Stream, Signal)>,
    stop: Stream,
    continued: Stream,
    resized: Stream,
}

impl TuiSignals {
    /// Starts listening.
    pub fn listen() -> io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hangup: signal(SignalKind::hangup())?,
            quit: signal(SignalKind::quit())?,
            others: listen_to_others(),
            stop: signal(SignalKind::from_raw(Number::TSTP.as_raw()))?,
            continued: signal(SignalKind::from_raw(Number::CONT.as_raw()))?,
            resized: signal(SignalKind::window_change())?,
        })
    }

    /// Waits for a signal. Cancel safe.
    pub async fn next(&mut self) -> ProcessSignal {
        tokio::select! {
            biased;
            _ = self.terminate.recv() => ProcessSignal::End(Signal::Terminate),
            _ = self.hangup.recv() => ProcessSignal::End(Signal::Hangup),
            _ = self.interrupt.recv() => ProcessSignal::End(Signal::Interrupt),
            _ = self.quit.recv() => ProcessSignal::End(Signal::Quit),
            other = next_of(&mut self.others) => ProcessSignal::End(other),
            _ = self.stop.recv() => ProcessSignal::Stop,
            _ = self.continued.recv() => ProcessSignal::Continued,
            _ = self.resized.recv() => ProcessSignal::Resized,
        }
    }

    /// Whether SIGINT has come since the last wait.
    pub async fn was_interrupted(&mut self) -> bool {
        tokio::select! {
            biased;
            _ = self.interrupt.recv() => true,
            () = tokio::task::yield_now() => false,
        }
    }

    /// Stops the process until it is continued in the foreground, or a signal that ends it came: that one is returned.
    ///
    /// SIGSTOP, since SIGTSTP is listened to, and ignored by the kernel where nothing would continue the process.
    pub async fn stop_process(&mut self) -> Option<Signal> {
        loop {
            if let Err(error) =
                rustix::process::kill_process(rustix::process::getpid(), Number::STOP)
            {
                tracing::warn!(%error, "stop");
                return None;
            }
            // The stop may take effect a little later, and its end may be known a little before the signal.
            let wait_for_stop = Duration::from_millis(250);
            let continued = async {
                loop {
                    match self.next().await {
                        ProcessSignal::End(signal) => return Some(signal),
                        ProcessSignal::Continued => return None,
                        ProcessSignal::Stop | ProcessSignal::Resized => {}
                    }
                }
            };
            let ended = tokio::time::timeout(wait_for_stop, continued).await.ok().flatten();
            if ended.is_some() || is_foreground() {
                return ended;
            }
        }
    }
}

/// Signals that nothing sends in ordinary use, but that would end the program with the terminal in raw mode.
const OTHERS: &[(Number, &str)] = &[
    (Number::USR1, "SIGUSR1"),
    (Number::USR2, "SIGUSR2"),
    (Number::ALARM, "SIGALRM"),
    (Number::VTALARM, "SIGVTALRM"),
    (Number::PROF, "SIGPROF"),
    (Number::XCPU, "SIGXCPU"),
    (Number::ABORT, "SIGABRT"),
    #[cfg(target_os = "linux")]
    (Number::IO, "SIGIO"),
    #[cfg(target_os = "linux")]
    (Number::POWER, "SIGPWR"),
];

/// One that cannot be listened to keeps its default effect.
fn listen_to_others() -> Vec<(Stream, Signal)> {
    let listen = |&(number, name): &(Number, &'static str)| {
        let stream = signal(SignalKind::from_raw(number.as_raw())).ok()?;
        let number = u8::try_from(number.as_raw()).ok()?;
        Some((stream, Signal::Other { number, name }))
    };
    OTHERS.iter().filter_map(listen).collect()
}

/// Waits for any of them. Cancel safe.
async fn next_of(streams: &mut [(Stream, Signal)]) -> Signal {
    std::future::poll_fn(|context| {
        for (stream, signal) in &mut *streams {
            if let Poll::Ready(Some(())) = stream.poll_recv(context) {
                return Poll::Ready(*signal);
            }
        }
        Poll::Pending
    })
    .await
}

/// Whether the terminal is this process's to use: a background process that touches it is stopped by the kernel.
pub fn is_foreground() -> bool {
    let stdin = io::stdin();
    let stdout = io::stdout();
    let is_ours = |fd: BorrowedFd<'_>| {
        rustix::termios::tcgetpgrp(fd).ok().map(|group| group == rustix::process::getpgrp())
    };
    is_ours(stdout.as_fd()).or_else(|| is_ours(stdin.as_fd())).unwrap_or(true)
}

/// A file that reaches the limit of its size (`ulimit -f`) is a write error from now on, not the death of the program.
pub fn survive_file_size_limit() {
    let flag = Arc::new(AtomicBool::new(false));
    if let Err(error) = signal_hook::flag::register(Number::XFSZ.as_raw(), flag) {
        tracing::warn!(%error, "SIGXFSZ");
    }
}
