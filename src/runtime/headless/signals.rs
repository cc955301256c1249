//! The signals that end work without a screen early: runs are cancelled, a fetch stops, what there is is kept.
//!
//! Only listens; what a signal means is decided by `headless::ask` and `cli::download`.

use std::future::pending;

use tokio::signal::unix::{Signal, SignalKind, signal};

/// Which signal it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// Ctrl-C.
    Interrupt,
    /// `kill`.
    Terminate,
    /// The terminal went away.
    HangUp,
}

impl Stop {
    /// The exit code that says so: 128 and the signal's number.
    pub fn exit_code(self) -> u8 {
        match self {
            Self::HangUp => 129,
            Self::Interrupt => 130,
            Self::Terminate => 143,
        }
    }
}

/// Listens for all of them. One that cannot be listened for keeps its usual effect.
#[derive(Debug)]
pub struct Signals {
    interrupt: Option<Signal>,
    terminate: Option<Signal>,
    hang_up: Option<Signal>,
}

impl Signals {
    /// Listens from now on; needs a tokio runtime.
    pub fn listen() -> Self {
        let listen = |kind| signal(kind).ok();
        Self {
            interrupt: listen(SignalKind::interrupt()),
            terminate: listen(SignalKind::terminate()),
            hang_up: listen(SignalKind::hangup()),
        }
    }

    /// The next signal. Cancel safe.
    pub async fn next(&mut self) -> Stop {
        tokio::select! {
            () = came(&mut self.interrupt) => Stop::Interrupt,
            () = came(&mut self.terminate) => Stop::Terminate,
            () = came(&mut self.hang_up) => Stop::HangUp,
        }
    }
}

async fn came(signal: &mut Option<Signal>) {
    let heard = match signal {
        Some(signal) => signal.recv().await,
        None => None,
    };
    if heard.is_none() {
        pending::<()>().await;
    }
}
