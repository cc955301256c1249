//! Reads the file on connections and threads of their own: neither a search nor a large session delays the writing of
//! answers.
//!
//! Reads only what has been written; what is in memory is the worker's. Does not open a file that the worker has not
//! opened.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;

use super::errors::describe_error;
use super::search::SearchStop;
use super::worker::{ReadView, ReadableFile};
use super::{StoreError, open};

/// Connections that are kept for the next read.
const MAX_IDLE_READERS: usize = 2;

/// The connections for reading.
#[derive(Default)]
pub(super) struct Readers {
    state: Mutex<ReadersState>,
}

#[derive(Default)]
struct ReadersState {
    idle: Vec<(PathBuf, Connection)>,
    closed: bool,
}

impl Readers {
    /// Calls `read` on a new thread. `stop` interrupts it. The result is sent to the returned channel.
    pub(super) fn spawn_read<T: Send + 'static>(
        self: &Arc<Self>,
        file: ReadableFile,
        stop: &SearchStop,
        read: impl FnOnce(&ReadView<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> io::Result<Receiver<Result<T, StoreError>>> {
        let (reply, answer) = sync_channel(1);
        let (readers, stop) = (Arc::clone(self), stop.clone());
        std::thread::Builder::new().name("store-read".to_owned()).spawn(move || {
            let result = readers.read_file(&file, &stop, read);
            // A caller that timed out is not an error.
            reply.send(result).unwrap_or_default();
        })?;
        Ok(answer)
    }

    fn read_file<T>(
        &self,
        file: &ReadableFile,
        stop: &SearchStop,
        read: impl FnOnce(&ReadView<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let conn = match self.take_idle(&file.path) {
            Some(conn) => conn,
            None => open::open_second_reader(&file.path).map_err(|e| StoreError::Unreadable {
                path: file.path.clone(),
                reason: describe_error(&e),
            })?,
        };
        stop.interrupt_with(conn.get_interrupt_handle());
        let result = read(&ReadView::of_file(&file.path, &conn, &file.instance));
        stop.forget_connection();
        self.keep(&file.path, conn);
        result
    }

    fn take_idle(&self, path: &Path) -> Option<Connection> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.idle.retain(|(known, _)| known == path);
        state.idle.pop().map(|(_, conn)| conn)
    }

    fn keep(&self, path: &Path, conn: Connection) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if !state.closed && state.idle.len() < MAX_IDLE_READERS {
            state.idle.push((path.to_owned(), conn));
        }
    }

    /// Closes the connections: the last one that is closed moves the journal into the file, which only a writer can.
    pub(super) fn close(&self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.closed = true;
        state.idle.clear();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;
    use std::time::{Duration, Instant};

    use super::super::{Store, read};
    use super::*;
    use crate::domain::{Change, ModelRef, NewRun, PersonaId, RunId, RunNotes, SessionId, TurnId};

    fn turn() -> Change {
        Change::Turn {
            session: SessionId::from_number(1),
            title: "t".into(),
            panel: "p".into(),
            turn: TurnId::from_number(2),
            question: "q".into(),
            at: 5,
            runs: vec![NewRun {
                id: RunId::from_number(3),
                persona: PersonaId::from_name("edge"),
                persona_name: "Kai".into(),
                view: "edge".into(),
                model: ModelRef::parse("gateway:").unwrap(),
                notes: RunNotes::default(),
            }],
        }
    }

    /// Text arrives while a search or a large session is being read: it is on disk before the read ends.
    #[test]
    fn slow_read_does_not_delay_writing() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("x.db");
        let store = Store::open(&path);
        store.write(turn());
        let (begun, has_begun) = channel();
        let (release, released) = channel::<()>();
        let reading = {
            let store = store.clone();
            std::thread::spawn(move || {
                store.read(&SearchStop::default(), move |view| {
                    begun.send(()).unwrap();
                    released.recv().unwrap();
                    view.list_sessions(9)
                })
            })
        };
        has_begun.recv().unwrap();
        let run = RunId::from_number(3);
        store.write(Change::Append { run, text: "meanwhile".into(), reasoning: String::new() });
        let conn = Connection::open(&path).unwrap();
        let start = Instant::now();
        loop {
            let id = SessionId::from_number(1);
            let session = read::load_session(&conn, id, |_| true).unwrap().unwrap();
            if session.turns[0].runs[0].text == "meanwhile" {
                break;
            }
            assert!(start.elapsed() < Duration::from_secs(20), "the text waits for the read");
            std::thread::yield_now();
        }
        release.send(()).unwrap();
        assert_eq!(reading.join().unwrap().unwrap().len(), 1);
    }

    #[test]
    fn stopped_search_is_interrupted_within_a_statement() {
        let home = tempfile::tempdir().unwrap();
        let store = Store::open(&home.path().join("x.db"));
        let stop = SearchStop::default();
        let (begun, has_begun) = channel();
        let (ended, has_ended) = channel();
        let stopping = {
            let stop = stop.clone();
            std::thread::spawn(move || {
                has_begun.recv().unwrap();
                // Again and again, as the statement may not have begun.
                while has_ended.recv_timeout(Duration::from_millis(5)).is_err() {
                    stop.stop();
                }
            })
        };
        let found = store.read(&stop, move |view| {
            begun.send(()).unwrap();
            let endless = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) \
                           SELECT count(*) FROM n";
            let counted = view.layers()[0].conn.query_row(endless, [], |row| row.get::<_, i64>(0));
            ended.send(()).unwrap();
            counted.map_err(|e| view.read_error(&e))
        });
        stopping.join().unwrap();
        assert_eq!(found, Err(StoreError::Stopped));
        assert_eq!(store.search_until("word", 9, &stop), Err(StoreError::Stopped));
        assert_eq!(store.search_sessions("word", 9), Ok(Vec::new()));
    }
}
