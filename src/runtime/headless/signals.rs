//! Signals that stop work without a screen. Only listens; the caller cancels runs or downloads and keeps what has arrived.

use std::future::pending;

use tokio::signal::unix::{Signal, SignalKind, signal};

/// Which signal it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StopSignal {
    /// Ctrl-C.
    Interrupt,
    /// `kill`.
    Terminate,
    /// The terminal went away.
    HangUp,
}

impl StopSignal {
    /// The exit code that says so: 128 and the signal's number.
    pub fn exit_code(self) -> u8 {
        match self {
            Self::HangUp => 129,
            Self::Interrupt => 130,
            Self::Terminate => 143,
        }
    }
}

/// Listens for all of them. A signal that cannot be listened for keeps its default effect.
#[derive(Debug)]
pub struct StopSignals {
    interrupt: Option<Signal>,
    terminate: Option<Signal>,
    hang_up: Option<Signal>,
}

impl StopSignals {
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
    pub async fn next(&mut self) -> StopSignal {
        let signal = tokio::select! {
            () = came(&mut self.interrupt) => StopSignal::Interrupt,
            () = came(&mut self.terminate) => StopSignal::Terminate,
            () = came(&mut self.hang_up) => StopSignal::HangUp,
        };
        tracing::info!(?signal, "stopping");
        signal
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
