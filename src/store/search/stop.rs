//! Stops a search from another thread, because its words have changed or its result is not wanted any more.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::{InterruptHandle, ffi};

/// Stops one search. Cheap to clone.
#[derive(Clone, Default)]
pub struct SearchStop {
    shared: Arc<SharedStop>,
}

#[derive(Default)]
struct SharedStop {
    stopped: AtomicBool,
    /// Interrupts a running statement of the search.
    running: Mutex<Option<InterruptHandle>>,
}

impl SearchStop {
    /// Stops the search, now or when it begins. Does not wait for its end.
    pub fn stop(&self) {
        self.shared.stopped.store(true, Ordering::Relaxed);
        let running = self.shared.running.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(running) = running.as_ref() {
            running.interrupt();
        }
    }

    /// True once it was stopped.
    pub fn is_stopped(&self) -> bool {
        self.shared.stopped.load(Ordering::Relaxed)
    }

    /// The search runs on the connection of `handle` from now on.
    pub(in crate::store) fn interrupt_with(&self, handle: InterruptHandle) {
        let mut running = self.shared.running.lock().unwrap_or_else(PoisonError::into_inner);
        *running = Some(handle);
    }

    /// The search has ended; its connection may be used for something else.
    pub(in crate::store) fn forget_connection(&self) {
        *self.shared.running.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// An error once the search was stopped, for the steps between statements, which nothing interrupts.
    pub(in crate::store) fn check(&self) -> rusqlite::Result<()> {
        if self.is_stopped() {
            let code = ffi::Error::new(ffi::SQLITE_INTERRUPT);
            return Err(rusqlite::Error::SqliteFailure(code, None));
        }
        Ok(())
    }
}

impl fmt::Debug for SearchStop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SearchStop").field("stopped", &self.shared.stopped).finish_non_exhaustive()
    }
}
