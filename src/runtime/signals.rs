//! Signals and the loss of the terminal, as messages; and suspending the process as Ctrl+Z does.

use std::io::{self, IsTerminal};
use std::os::fd::{AsFd, OwnedFd};

use tokio::signal::unix::{Signal as Stream, SignalKind, signal};
use tokio::sync::mpsc::Sender;

use crate::app::{Msg, Signal};

/// The signals that end the program, and the one that wakes it.
pub struct TuiSignals {
    interrupt: Stream,
    terminate: Stream,
    hangup: Stream,
    quit: Stream,
    /// The shell continued the program.
    pub cont: Stream,
}

impl TuiSignals {
    /// Starts listening.
    pub fn listen() -> io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hangup: signal(SignalKind::hangup())?,
            quit: signal(SignalKind::quit())?,
            cont: signal(SignalKind::from_raw(rustix::process::Signal::CONT.as_raw()))?,
        })
    }

    /// Waits for a signal that ends the program. Cancel safe.
    pub async fn next_ending(&mut self) -> Signal {
        tokio::select! {
            _ = self.terminate.recv() => Signal::Terminate,
            _ = self.hangup.recv() => Signal::Hangup,
            _ = self.interrupt.recv() => Signal::Interrupt,
            _ = self.quit.recv() => Signal::Quit,
        }
    }
}

/// Watches the terminal from a thread that sleeps until it hangs up: the terminal library would spin on a dead one, and
/// SIGHUP may be ignored (`nohup`) or never come (not our controlling terminal).
pub fn watch_terminal(to: Sender<Msg>) {
    use rustix::event::{PollFd, PollFlags, poll};
    let Some(tty) = terminal_read() else { return };
    let watch = move || {
        loop {
            let mut fds = [PollFd::new(&tty, PollFlags::empty())];
            match poll(&mut fds, None) {
                Err(rustix::io::Errno::INTR) => {}
                Ok(_) | Err(_) => break,
            }
        }
        let _ = to.blocking_send(Msg::Signal(Signal::Hangup));
    };
    let spawned = std::thread::Builder::new().name("tty-watch".into()).spawn(watch);
    if let Err(error) = spawned {
        tracing::warn!(%error, "no thread to watch the terminal");
    }
}

/// The terminal that keys are read from: standard input, or the controlling terminal where that is a pipe.
fn terminal_read() -> Option<OwnedFd> {
    let input = io::stdin();
    if input.is_terminal() {
        return input.as_fd().try_clone_to_owned().ok();
    }
    std::fs::File::open("/dev/tty").ok().map(OwnedFd::from)
}

/// Stops the process as Ctrl-Z does. Where the process group is orphaned the kernel ignores SIGTSTP; then SIGSTOP. Returns
/// when the process was continued.
pub async fn suspend_process(signals: &mut TuiSignals) {
    use rustix::process::{Signal as Number, getpid, kill_process};
    for number in [Number::TSTP, Number::STOP] {
        if let Err(error) = kill_process(getpid(), number) {
            tracing::warn!(%error, "suspend");
            return;
        }
        let wait_for_stop = std::time::Duration::from_millis(250);
        tokio::select! {
            biased;
            _ = signals.cont.recv() => return,
            () = tokio::time::sleep(wait_for_stop) => {}
        }
    }
}
