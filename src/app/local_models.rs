//! Status of the local models in the roster: installed, missing, being downloaded.
//!
//! Data and queries only; downloads are started and reported elsewhere.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use super::Roster;
use crate::domain::{ModelFile, PersonaId};

/// A report on one model file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DownloadReport {
    /// Where the file would be downloaded from, human-readable.
    Source(String),
    /// It is installed.
    Present,
    /// Not installed, no download running; this number of bytes is kept.
    Missing(u64),
    /// A cancelled download has ended; this number of bytes is kept for the next download.
    Cancelled(u64),
    /// Waiting, because another instance is downloading the file.
    Waiting,
    /// This source is being tried, human-readable.
    Trying(String),
    /// Number of bytes received, and in total.
    Bytes(u64, u64),
    /// The received bytes are being verified.
    Verifying,
    /// The download failed: every source with its reason, and what to do.
    Failed(String),
}

/// Status of one model file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ModelFileStatus {
    /// Installed.
    Present,
    /// Missing; this number of bytes is kept.
    Missing(u64),
    /// Queued behind other downloads; this number of bytes is kept.
    Queued(u64),
    /// Being downloaded.
    Downloading(DownloadMeter),
    /// The download failed, with the reason.
    Failed(String),
}

/// Progress of a download.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DownloadMeter {
    /// The current step, when it is not receiving bytes: `checking the file`.
    pub step: Option<&'static str>,
    /// The source being tried, human-readable; empty before the first one.
    pub source: String,
    /// Number of bytes received.
    pub done: u64,
    /// Number of bytes in total.
    pub total: u64,
    /// Samples of the last few seconds: time, and number of bytes at that time.
    samples: VecDeque<(Duration, u64)>,
}

impl DownloadMeter {
    /// Number of samples for the rate, at least a second apart.
    const SAMPLES: usize = 8;

    /// A download that continues after `done` bytes of `total`.
    pub fn new(done: u64, total: u64) -> Self {
        Self { done, total, ..Self::default() }
    }

    /// Records the number of bytes at `now`.
    pub fn record_bytes(&mut self, now: Duration, done: u64, total: u64) {
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

    /// Switches to another source, whose rate is unknown.
    pub fn try_source(&mut self, source: String) {
        (self.step, self.source) = (None, source);
        self.samples.clear();
    }

    /// Percentage received.
    pub fn percent(&self) -> u16 {
        let percent = self.done.saturating_mul(100).checked_div(self.total).unwrap_or(0);
        u16::try_from(percent.min(100)).unwrap_or(100)
    }

    /// Bytes per second over the last few seconds; none until there are two samples.
    pub fn rate(&self) -> Option<u64> {
        let ((from, then), (to, now)) = self.samples.front().zip(self.samples.back())?;
        let millis = u64::try_from(to.saturating_sub(*from).as_millis()).ok()?;
        now.saturating_sub(*then).saturating_mul(1_000).checked_div(millis).filter(|rate| *rate > 0)
    }

    /// Time left at this rate.
    pub fn time_left(&self) -> Option<Duration> {
        self.total.saturating_sub(self.done).checked_div(self.rate()?).map(Duration::from_secs)
    }
}

/// One local model that answers for a persona.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalModel {
    /// Its model file.
    pub weights: Arc<ModelFile>,
    /// Status of its file.
    pub status: ModelFileStatus,
    /// Where the file would be downloaded from, human-readable; empty until reported.
    pub from: String,
}

/// The local models that answer for personas.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LocalModels {
    /// Each model once, in the order of the personas.
    pub models: Vec<LocalModel>,
    /// The question to send as soon as its models are installed.
    pub waiting: Option<String>,
    /// Missing models are downloaded without asking.
    pub without_asking: bool,
}

impl LocalModels {
    /// The local models of `roster`; they count as installed until the runtime reports otherwise.
    pub fn from_roster(roster: &Roster) -> Self {
        let mut models: Vec<LocalModel> = Vec::new();
        for persona in &roster.personas {
            let Ok(answerer) = roster.answerer(&persona.id) else { continue };
            let Some(weights) = &answerer.weights else { continue };
            if models.iter().all(|known| known.weights.id != weights.id) {
                let weights = Arc::clone(weights);
                models.push(LocalModel {
                    weights,
                    status: ModelFileStatus::Present,
                    from: String::new(),
                });
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

    /// The models that answer for `personas` and are not installed.
    pub fn find_missing<'a>(
        &self,
        roster: &Roster,
        personas: impl IntoIterator<Item = &'a PersonaId>,
    ) -> Vec<&LocalModel> {
        let mut missing: Vec<&LocalModel> = Vec::new();
        for id in personas {
            let weights = roster.answerer(id).ok().and_then(|a| a.weights.as_ref());
            let Some(model) = weights.and_then(|w| self.get(&w.id)) else { continue };
            if model.status != ModelFileStatus::Present && !missing.contains(&model) {
                missing.push(model);
            }
        }
        missing
    }

    /// The model that is being downloaded, and the progress.
    pub fn current_download(&self) -> Option<(&LocalModel, &DownloadMeter)> {
        self.models.iter().find_map(|model| match &model.status {
            ModelFileStatus::Downloading(meter) => Some((model, meter)),
            _ => None,
        })
    }

    /// `downloading qwen2.5-coder-1.5b 43 %`, while a download is running.
    pub fn download_status(&self) -> Option<String> {
        let (model, meter) = self.current_download()?;
        Some(format!("downloading {} {} %", model.weights.name(), meter.percent()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_is_that_of_the_last_seconds() {
        let second = Duration::from_secs;
        let mut meter = DownloadMeter::new(0, 10_000);
        assert_eq!((meter.percent(), meter.rate(), meter.time_left()), (0, None, None));
        meter.record_bytes(second(1), 0, 10_000);
        assert_eq!(meter.rate(), None);
        for at in 2..=5 {
            meter.record_bytes(second(at), (at - 1) * 100, 10_000);
        }
        assert_eq!((meter.rate(), meter.time_left()), (Some(100), Some(second(96))));
        // Faster now: the slow seconds no longer count.
        for at in 6..=20 {
            meter.record_bytes(second(at), 400 + (at - 5) * 600, 10_000);
        }
        assert_eq!((meter.rate(), meter.percent()), (Some(600), 94));
        // The rate of another source is unknown at first.
        meter.try_source("pip".to_owned());
        assert_eq!(meter.rate(), None);
        meter.record_bytes(second(30), 100, 10_000);
        meter.record_bytes(second(31), 50, 10_000);
        assert_eq!(meter.rate(), None, "fewer bytes than before restart the measurement");
        assert_eq!(DownloadMeter::new(5, 0).percent(), 0);
        assert_eq!(DownloadMeter::new(u64::MAX, 10).percent(), 100);
    }
}
