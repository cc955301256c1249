//! A thread that highlights code, so that no frame waits for a regex.
//!
//! Commands are carried out in order, results are messages. The thread ends when its sender is dropped.

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

/// Handle of the thread.
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

    /// Compiles the regexes of common languages before the first block needs them.
    pub fn warm_up(&self) {
        self.send_command(HighlightCommand::Warm);
    }

    /// Highlights lines of a run's answer.
    pub fn highlight_lines(&self, run: RunId, jobs: Vec<HighlightJob>) {
        self.send_command(HighlightCommand::Lines(run, run.number(), jobs));
    }

    /// Forgets the state of all answers: another session is displayed.
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
                    jobs.iter().map(|job| highlighter.highlight_lines(doc, job)).collect();
                if to.blocking_send(Msg::Highlighted(run, done)).is_err() {
                    return;
                }
            }
            None => {}
        }
    }
}
