//! Local models as the screen knows them: which ones answer for somebody, which of them are there, how a fetch stands.
//!
//! Data, and questions to it; what happens to it is `update::pull`'s. Nothing is fetched here: `runtime` tells.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use super::Roster;
use crate::domain::{PersonaId, Weights};

/// What became of the weights of a local model, as `runtime` tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PullNews {
    /// Where they would be fetched from, in words.
    From(String),
    /// They are there, in full.
    There,
    /// So many bytes of them are there, and nobody is fetching them.
    Absent(u64),
    /// A fetch of them was cancelled, and has ended; so many bytes are kept for the next one.
    Kept(u64),
    /// Another instance fetches them; this one waits for it.
    Waiting,
    /// A source is tried, in words.
    Trying(String),
    /// So many bytes are there, of so many.
    Bytes(u64, u64),
    /// Bytes that are there are being checked.
    Checking,
    /// They could not be fetched: every source with its reason, and what to do.
    Failed(String),
}

/// Where the weights of a local model are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stock {
    /// On this machine.
    There,
    /// Not on this machine, but for so many bytes of them.
    Absent(u64),
    /// To be fetched after others.
    Queued(u64),
    /// Being fetched.
    Coming(Fetch),
    /// Could not be fetched, and why.
    Failed(String),
}

/// How a fetch stands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fetch {
    /// What is being done besides counting bytes: `waits for another plenary`, `checks what is there`.
    pub step: Option<&'static str>,
    /// Which source is tried, in words; empty before the first.
    pub source: String,
    /// Bytes that are there.
    pub done: u64,
    /// Bytes in all.
    pub total: u64,
    /// The last few seconds: when, and how many bytes were there.
    samples: VecDeque<(Duration, u64)>,
}

impl Fetch {
    /// Samples that the rate is taken from, at least a second apart.
    const SAMPLES: usize = 8;

    /// A fetch that goes on behind `done` bytes of `total`.
    pub fn new(done: u64, total: u64) -> Self {
        Self { done, total, ..Self::default() }
    }

    /// So many bytes are there at `now`.
    pub fn count(&mut self, now: Duration, done: u64, total: u64) {
        if done < self.done {
            self.samples.clear();
        }
        (self.step, self.done, self.total) = (None, done, total);
        let last = self.samples.back().map(|(at, _)| *at);
        if last.is_none_or(|at| now.saturating_sub(at) >= Duration::from_secs(1)) {
            self.samples.push_back((now, done));
            if self.samples.len() > Self::SAMPLES {
                self.samples.pop_front();
            }
        }
    }

    /// Another source: what was counted so far says nothing about it.
    pub fn try_source(&mut self, source: String) {
        (self.step, self.source) = (None, source);
        self.samples.clear();
    }

    /// How much is there, in percent.
    pub fn percent(&self) -> u16 {
        let percent = self.done.saturating_mul(100).checked_div(self.total).unwrap_or(0);
        u16::try_from(percent.min(100)).unwrap_or(100)
    }

    /// Bytes a second over the last few seconds, once that is known.
    pub fn rate(&self) -> Option<u64> {
        let ((from, then), (to, now)) = self.samples.front().zip(self.samples.back())?;
        let millis = u64::try_from(to.saturating_sub(*from).as_millis()).ok()?;
        now.saturating_sub(*then).saturating_mul(1_000).checked_div(millis).filter(|rate| *rate > 0)
    }

    /// How long it goes on at this rate.
    pub fn left(&self) -> Option<Duration> {
        self.total.saturating_sub(self.done).checked_div(self.rate()?).map(Duration::from_secs)
    }
}

/// One local model that answers for somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalModel {
    /// Its weights.
    pub weights: Arc<Weights>,
    /// Where they are.
    pub stock: Stock,
    /// Where they would be fetched from, in words; empty until that is told.
    pub from: String,
}

/// The local models that answer for somebody.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Locals {
    /// Each once, in the order of the personas.
    pub models: Vec<LocalModel>,
    /// A question that is sent as soon as its models are there.
    pub waiting: Option<String>,
    /// Models that are not there are fetched without asking.
    pub unasked: bool,
}

impl Locals {
    /// The local models of `roster`; they count as there until something else is told.
    pub fn of(roster: &Roster) -> Self {
        let mut models: Vec<LocalModel> = Vec::new();
        for persona in &roster.personas {
            let Ok(answerer) = roster.answerer(&persona.id) else { continue };
            let Some(weights) = &answerer.weights else { continue };
            if models.iter().all(|known| known.weights.id != weights.id) {
                let weights = Arc::clone(weights);
                models.push(LocalModel { weights, stock: Stock::There, from: String::new() });
            }
        }
        Self { models, ..Self::default() }
    }

    /// The model of this id.
    pub fn get(&self, id: &str) -> Option<&LocalModel> {
        self.models.iter().find(|model| model.weights.id == id)
    }

    /// The model of this id.
    pub fn get_mut(&mut self, id: &str) -> Option<&mut LocalModel> {
        self.models.iter_mut().find(|model| model.weights.id == id)
    }

    /// Those that answer for `personas` and are not there.
    pub fn missing<'a>(
        &self,
        roster: &Roster,
        personas: impl IntoIterator<Item = &'a PersonaId>,
    ) -> Vec<&LocalModel> {
        let mut missing: Vec<&LocalModel> = Vec::new();
        for id in personas {
            let weights = roster.answerer(id).ok().and_then(|a| a.weights.as_ref());
            let Some(model) = weights.and_then(|w| self.get(&w.id)) else { continue };
            if model.stock != Stock::There && !missing.contains(&model) {
                missing.push(model);
            }
        }
        missing
    }

    /// The one that is being fetched, and how that stands.
    pub fn coming(&self) -> Option<(&LocalModel, &Fetch)> {
        self.models.iter().find_map(|model| match &model.stock {
            Stock::Coming(fetch) => Some((model, fetch)),
            _ => None,
        })
    }

    /// `getting qwen2.5-coder-1.5b 43 %`, while something is.
    pub fn status(&self) -> Option<String> {
        let (model, fetch) = self.coming()?;
        Some(format!("getting {} {} %", model.weights.name(), fetch.percent()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_is_that_of_the_last_seconds() {
        let second = Duration::from_secs;
        let mut fetch = Fetch::new(0, 10_000);
        assert_eq!((fetch.percent(), fetch.rate(), fetch.left()), (0, None, None));
        fetch.count(second(1), 0, 10_000);
        assert_eq!(fetch.rate(), None);
        for at in 2..=5 {
            fetch.count(second(at), (at - 1) * 100, 10_000);
        }
        assert_eq!((fetch.rate(), fetch.left()), (Some(100), Some(second(96))));
        // Quicker now: the slow seconds are forgotten.
        for at in 6..=20 {
            fetch.count(second(at), 400 + (at - 5) * 600, 10_000);
        }
        assert_eq!((fetch.rate(), fetch.percent()), (Some(600), 94));
        // Another source begins anew, and says nothing until it is known.
        fetch.try_source("pip".to_owned());
        assert_eq!(fetch.rate(), None);
        fetch.count(second(30), 100, 10_000);
        fetch.count(second(31), 50, 10_000);
        assert_eq!(fetch.rate(), None, "fewer bytes than before are a new beginning");
        assert_eq!(Fetch::new(5, 0).percent(), 0);
        assert_eq!(Fetch::new(u64::MAX, 10).percent(), 100);
    }
}
