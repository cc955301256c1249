//! A thread that reads answers, so that no key and no frame waits for it.
//!
//! Of several requests with one subject only the newest is carried out. What a view waits for comes before the answers of runs
//! that have ended. A reading that panics fails alone; without a thread all of them fail. The thread ends when its sender is
//! dropped.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, Sender, channel};

use tokio::sync::mpsc::Sender as MsgSender;
use tokio::sync::mpsc::error::TrySendError;

use crate::app::Msg;
use crate::app::reading::{Finding, ReadingRequest, ReadingResult, ReadingSubject, carry_out};

/// How requests are carried out.
pub(super) type Reader = fn(&ReadingRequest) -> ReadingResult;

/// Handle of the thread.
#[derive(Debug)]
pub struct ReadingWorker {
    requests: Sender<ReadingRequest>,
    /// Where results go.
    results: MsgSender<Msg>,
}

impl ReadingWorker {
    /// Starts the thread; results go to `to`.
    pub fn spawn(to: MsgSender<Msg>) -> Self {
        Self::spawn_reader(to, carry_out)
    }

    /// Starts the thread with another way to carry out requests.
    pub(super) fn spawn_reader(to: MsgSender<Msg>, read: Reader) -> Self {
        let (requests, mailbox) = channel();
        let results = to.clone();
        let spawned = std::thread::Builder::new()
            .name("read".into())
            .spawn(move || run_worker(&mailbox, &to, read));
        if spawned.is_err() {
            tracing::error!("no thread to read answers with");
            let text = "no thread to read answers with: restart plenary when fewer programs run";
            let level = crate::app::NoticeLevel::Error;
            let _ = results.try_send(Msg::Notice(level, text.to_owned()));
        }
        Self { requests, results }
    }

    /// Carries out `request` after those before it, instead of an older one of its subject. Without a thread it fails.
    pub fn request(&self, request: ReadingRequest) {
        let Err(unsent) = self.requests.send(request) else { return };
        let failed = Msg::Read(Box::new(fail(&unsent.0)));
        if let Err(TrySendError::Full(failed)) = self.results.try_send(failed)
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            let results = self.results.clone();
            runtime.spawn(async move { results.send(failed).await });
        }
    }
}

fn run_worker(mailbox: &Receiver<ReadingRequest>, to: &MsgSender<Msg>, read: Reader) {
    let mut waiting = VecDeque::new();
    loop {
        if waiting.is_empty() {
            match mailbox.recv() {
                Ok(request) => enqueue(&mut waiting, request),
                Err(_) => return,
            }
        }
        while let Ok(request) = mailbox.try_recv() {
            enqueue(&mut waiting, request);
        }
        let Some(request) = waiting.pop_front() else { continue };
        let result = read_or_fail(&request, read);
        // Its texts are not needed any more, and sending may block.
        drop(request);
        if to.blocking_send(Msg::Read(Box::new(result))).is_err() {
            return;
        }
    }
}

/// Adds a request, first if a view waits for it; an older one of the same subject is dropped.
fn enqueue(waiting: &mut VecDeque<ReadingRequest>, request: ReadingRequest) {
    let subject = request.task.subject();
    waiting.retain(|other| other.task.subject() != subject);
    if matches!(subject, ReadingSubject::Answer(_)) {
        waiting.push_back(request);
    } else {
        waiting.push_front(request);
    }
}

fn read_or_fail(request: &ReadingRequest, read: Reader) -> ReadingResult {
    catch_unwind(AssertUnwindSafe(|| read(request))).unwrap_or_else(|_| fail(request))
}

fn fail(request: &ReadingRequest) -> ReadingResult {
    let (subject, number) = (request.task.subject(), request.number);
    ReadingResult { subject, number, finding: Finding::Failed }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::reading::{BriefCopy, ReadingTask};
    use crate::domain::RunId;

    fn request(number: u64, task: ReadingTask) -> ReadingRequest {
        ReadingRequest { task, number }
    }

    fn brief(run: u128) -> ReadingTask {
        let copy = BriefCopy {
            text: String::new(),
            ended: true,
            headings: Vec::new(),
            answers: Vec::new(),
        };
        ReadingTask::Brief(RunId::from_number(run), copy)
    }

    #[test]
    fn a_reading_that_panics_fails_alone() {
        let (to, mut results) = tokio::sync::mpsc::channel(8);
        let worker = ReadingWorker::spawn_reader(to, |request| {
            assert!(request.number != 1, "the first reading panics");
            carry_out(request)
        });
        worker.request(request(1, ReadingTask::Ledger(Vec::new())));
        let Some(Msg::Read(failed)) = results.blocking_recv() else { panic!("no result") };
        assert!(matches!(failed.finding, Finding::Failed) && failed.number == 1);
        worker.request(request(2, ReadingTask::Ledger(Vec::new())));
        let Some(Msg::Read(found)) = results.blocking_recv() else { panic!("no result") };
        assert!(matches!(found.finding, Finding::Ledger(..)) && found.number == 2);
    }

    #[test]
    fn without_a_thread_every_reading_fails() {
        let (results, mut failed) = tokio::sync::mpsc::channel(1);
        let worker = ReadingWorker { requests: channel().0, results };
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let numbers = runtime.block_on(async {
            let mut numbers = Vec::new();
            for number in 1..=3 {
                worker.request(request(number, ReadingTask::Ledger(Vec::new())));
            }
            for _ in 1..=3 {
                let Some(Msg::Read(result)) = failed.recv().await else { panic!("no result") };
                assert!(matches!(result.finding, Finding::Failed));
                numbers.push(result.number);
            }
            numbers
        });
        assert_eq!(numbers, [1, 2, 3]);
    }

    #[test]
    fn the_newest_request_of_a_subject_replaces_the_others() {
        let mut waiting = VecDeque::new();
        for (number, task) in [
            (1, ReadingTask::Ledger(Vec::new())),
            (2, brief(7)),
            (3, brief(8)),
            (4, ReadingTask::Ledger(Vec::new())),
            (5, brief(7)),
        ] {
            enqueue(&mut waiting, request(number, task));
        }
        let numbers: Vec<u64> = waiting.iter().map(|request| request.number).collect();
        assert_eq!(numbers, [5, 4, 3]);
    }
}
