//! The worker that colours code: no frame ever waits for a regex.
//!
//! One thread, jobs in order, results as messages. Ends when the sender of the jobs is dropped.

use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, Sender, channel};

use tokio::sync::mpsc::Sender as MsgSender;

use crate::app::Msg;
use crate::domain::RunId;
use crate::text::{HighlightJob, Highlighted, Highlighter};

enum Order {
    Warm,
    Lines(RunId, u128, Vec<HighlightJob>),
    Forget,
}

/// The handle to the worker.
#[derive(Debug)]
pub struct Worker {
    orders: Option<Sender<Order>>,
}

impl std::fmt::Debug for Order {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Order")
    }
}

impl Worker {
    /// Starts the thread; results go to `to`.
    pub fn start(to: MsgSender<Msg>) -> Self {
        let (orders, inbox) = channel();
        let spawned =
            std::thread::Builder::new().name("highlight".into()).spawn(move || work(&inbox, &to));
        Self { orders: spawned.ok().map(|_| orders) }
    }

    /// Compiles the usual languages' regexes before the first block needs them.
    pub fn warm_up(&self) {
        self.send(Order::Warm);
    }

    /// Colours lines of a run's answer.
    pub fn colour(&self, run: RunId, jobs: Vec<HighlightJob>) {
        self.send(Order::Lines(run, run.number(), jobs));
    }

    /// The answers that are shown are gone.
    pub fn forget(&self) {
        self.send(Order::Forget);
    }

    fn send(&self, order: Order) {
        if let Some(orders) = &self.orders {
            let _ = orders.send(order);
        }
    }
}

fn work(inbox: &Receiver<Order>, to: &MsgSender<Msg>) {
    let mut highlighter = Highlighter::new();
    let mut waiting = VecDeque::new();
    loop {
        match inbox.try_recv() {
            Ok(order) => {
                waiting.push_back(order);
                continue;
            }
            Err(_) if waiting.is_empty() => match inbox.recv() {
                Ok(order) => waiting.push_back(order),
                Err(_) => return,
            },
            Err(_) => {}
        }
        match waiting.pop_front() {
            Some(Order::Warm) => highlighter.warm_up(),
            Some(Order::Forget) => highlighter = Highlighter::new(),
            Some(Order::Lines(run, doc, jobs)) => {
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
