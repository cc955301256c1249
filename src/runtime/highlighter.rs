//! The worker that colours code: no frame ever waits for a regex.
//!
//! One thread, jobs in command, results as messages. Ends when the sender of the jobs is dropped.

use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, Sender, channel};

use tokio::sync::mpsc::Sender as MsgSender;

use crate::app::Msg;
use crate::domain::RunId;
use crate::text::{HighlightJob, Highlighted, Highlighter};

enum HighlightCommand {
    Warm,
    Lines(RunId, u128, Vec<HighlightJob>),
    Forget,
}

/// The handle to the worker.
#[derive(Debug)]
pub struct HighlightWorker {
    commands: Option<Sender<HighlightCommand>>,
}

impl std::fmt::Debug for HighlightCommand {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("HighlightCommand")
    }
}

impl HighlightWorker {
    /// Starts the thread; results go to `to`.
    pub fn spawn(to: MsgSender<Msg>) -> Self {
        let (commands, mailbox) = channel();
        let spawned = std::thread::Builder::new()
            .name("highlight".into())
            .spawn(move || run_worker(&mailbox, &to));
        Self { commands: spawned.ok().map(|_| commands) }
    }

    /// Compiles the usual languages' regexes before the first block needs them.
    pub fn warm_up(&self) {
        self.send_command(HighlightCommand::Warm);
    }

    /// Colours lines of a run's answer.
    pub fn highlight_lines(&self, run: RunId, jobs: Vec<HighlightJob>) {
        self.send_command(HighlightCommand::Lines(run, run.number(), jobs));
    }

    /// The answers that are shown are gone.
    pub fn clear_answers(&self) {
        self.send_command(HighlightCommand::Forget);
    }

    fn send_command(&self, command: HighlightCommand) {
        if let Some(commands) = &self.commands {
            let _ = commands.send(command);
        }
    }
}

fn run_worker(mailbox: &Receiver<HighlightCommand>, to: &MsgSender<Msg>) {
    let mut highlighter = Highlighter::new();
    let mut waiting = VecDeque::new();
    loop {
        match mailbox.try_recv() {
            Ok(command) => {
                waiting.push_back(command);
                continue;
            }
            Err(_) if waiting.is_empty() => match mailbox.recv() {
                Ok(command) => waiting.push_back(command),
                Err(_) => return,
            },
            Err(_) => {}
        }
        match waiting.pop_front() {
            Some(HighlightCommand::Warm) => highlighter.warm_up(),
            Some(HighlightCommand::Forget) => highlighter = Highlighter::new(),
            Some(HighlightCommand::Lines(run, doc, jobs)) => {
                let done: Vec<Highlighted> =
                    jobs.iter().map(|job| highlighter.run(doc, job)).collect();
                if to.blocking_send(Msg::Highlighted(run, done)).is_err() {
                    return;
                }
            }
            None => {}
        }
    }
}
