//! Fetches of weights for the screen: one task each, told in messages, ended by dropping it.
//!
//! What is there is asked of `weights`; what a fetch means to a question is `app`'s business. Used by `effects`.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::mpsc::Sender;
use tokio::task::JoinHandle;

use crate::app::{Msg, PullNews};
use crate::domain::{LocalSpec, ProviderSpec, Weights};
use crate::weights::{self, DownloadProgress, FilePresence};

/// Bytes are told at most this often: nobody reads quicker.
const EVERY: Duration = Duration::from_millis(100);

/// The fetches of this program run.
pub struct Pulls {
    specs: Vec<LocalSpec>,
    messages: Sender<Msg>,
    live: HashMap<String, JoinHandle<()>>,
}

impl Pulls {
    /// Knows the local providers among `specs`, fetches nothing.
    pub fn new(specs: &BTreeMap<String, ProviderSpec>, messages: Sender<Msg>) -> Self {
        let specs = specs.values().filter_map(|spec| spec.local.clone()).collect();
        Self { specs, messages, live: HashMap::new() }
    }

    /// What is there of the weights `id`, and where the rest would come from. Nothing of weights that nobody knows.
    pub fn stock(&self, id: &str) -> Vec<PullNews> {
        let Some((spec, weights)) = self.find(id) else { return Vec::new() };
        let stock = match weights::file_presence(spec, weights) {
            FilePresence::Complete => PullNews::There,
            FilePresence::Partial(bytes) => PullNews::Absent(bytes),
            FilePresence::Missing => PullNews::Absent(0),
        };
        vec![PullNews::From(weights::source_names(weights).join(", else ")), stock]
    }

    /// Fetches the weights `id`, and tells how it goes. Must be called inside a tokio runtime.
    pub fn start(&mut self, id: &str) {
        self.cancel(id);
        let Some((spec, weights)) = self.find(id) else { return };
        let (spec, weights, id) = (spec.clone(), weights.clone(), id.to_owned());
        let (messages, key) = (self.messages.clone(), id.clone());
        let task = tokio::spawn(async move {
            let teller = Teller::new(id.clone(), messages.clone());
            let news =
                match weights::download_model(spec, weights, move |progress| teller.tell(progress))
                    .await
                {
                    Ok(_) => PullNews::There,
                    Err(e) => PullNews::Failed(e.to_string()),
                };
            // The loop ended: nobody wants to know.
            let _ = messages.send(Msg::Pull(id, news)).await;
        });
        self.live.insert(key, task);
    }

    /// Ends a fetch, and tells what is kept of it. Must be called inside a tokio runtime.
    pub fn cancel(&mut self, id: &str) {
        let Some(task) = self.live.remove(id) else { return };
        task.abort();
        let Some((spec, weights)) = self.find(id) else { return };
        let (spec, weights, id) = (spec.clone(), weights.clone(), id.to_owned());
        let messages = self.messages.clone();
        tokio::spawn(async move {
            // Until it has ended it may still write. That it was ended is no error.
            let _ = task.await;
            let news = match weights::file_presence(&spec, &weights) {
                FilePresence::Complete => PullNews::There,
                FilePresence::Partial(bytes) => PullNews::Kept(bytes),
                FilePresence::Missing => PullNews::Kept(0),
            };
            // The loop ended: nobody wants to know.
            let _ = messages.send(Msg::Pull(id, news)).await;
        });
    }

    fn find(&self, id: &str) -> Option<(&LocalSpec, &Weights)> {
        self.specs.iter().find_map(|spec| Some((spec, spec.catalogue.find(id)?)))
    }
}

impl Drop for Pulls {
    fn drop(&mut self) {
        for task in self.live.values() {
            task.abort();
        }
    }
}

/// Makes messages of what a fetch reports.
struct Teller {
    id: String,
    messages: Sender<Msg>,
    /// When bytes were told last.
    told: Mutex<Option<Instant>>,
}

impl Teller {
    fn new(id: String, messages: Sender<Msg>) -> Self {
        Self { id, messages, told: Mutex::new(None) }
    }

    fn tell(&self, progress: DownloadProgress) {
        let news = match progress {
            DownloadProgress::Waiting => PullNews::Waiting,
            DownloadProgress::Trying(source) => PullNews::Trying(source),
            DownloadProgress::Checking => PullNews::Checking,
            DownloadProgress::Bytes { done, total } => {
                if !self.is_time(done >= total) {
                    return;
                }
                PullNews::Bytes(done, total)
            }
        };
        // The loop drains this channel every round; if it is full, one figure is what can be spared.
        let _ = self.messages.try_send(Msg::Pull(self.id.clone(), news));
    }

    fn is_time(&self, last: bool) -> bool {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let due = last || told.is_none_or(|at| at.elapsed() >= EVERY);
        if due {
            *told = Some(Instant::now());
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Package, Source};

    #[test]
    fn bytes_are_told_now_and_then_and_everything_else_at_once() {
        let (messages, mut inbound) = tokio::sync::mpsc::channel(100);
        let teller = Teller::new("m".to_owned(), messages);
        teller.tell(DownloadProgress::Trying("pip".to_owned()));
        for done in 1..=1_000 {
            teller.tell(DownloadProgress::Bytes { done, total: 1_000 });
        }
        teller.tell(DownloadProgress::Checking);
        let mut news = Vec::new();
        while let Ok(Msg::Pull(id, told)) = inbound.try_recv() {
            assert_eq!(id, "m");
            news.push(told);
        }
        assert_eq!(news.first(), Some(&PullNews::Trying("pip".to_owned())));
        assert_eq!(news.get(1), Some(&PullNews::Bytes(1, 1_000)));
        assert!(news.len() < 50, "{}", news.len());
        assert!(news.ends_with(&[PullNews::Bytes(1_000, 1_000), PullNews::Checking]));
    }

    /// A provider whose one model, `m`, no source has.
    fn local(dir: &std::path::Path) -> ProviderSpec {
        let mut spec = ProviderSpec::new("local", "local", "");
        // No index has a package of this name: it is none.
        let (name, version) = ("not a name".to_owned(), "0".to_owned());
        let package = Package { name, version, member: "m".to_owned() };
        let weights = Weights {
            id: "m".to_owned(),
            title: "M".to_owned(),
            alias: None,
            file: "m.gguf".into(),
            bytes: 4,
            sha256: Some("0".repeat(64)),
            licence: "MIT".to_owned(),
            context: 1,
            memory: 1,
            caution: None,
            sources: vec![Source::Packages(vec![package])],
        };
        let catalogue = crate::domain::Catalogue { weights: vec![weights], small_below: 1 };
        spec.local = Some(LocalSpec {
            catalogue: std::sync::Arc::new(catalogue),
            models: dir.to_owned(),
            cache: dir.to_owned(),
            scaffold: crate::domain::Scaffolding::Auto,
        });
        spec
    }

    #[tokio::test]
    async fn what_is_there_is_known_and_a_stranger_is_not() {
        let dir = tempfile::tempdir().unwrap();
        let spec = local(dir.path());
        let (messages, mut inbound) = tokio::sync::mpsc::channel(100);
        let specs = [("local".to_owned(), spec)].into();
        let mut pulls = Pulls::new(&specs, messages);
        let from = || PullNews::From("pip (1 package)".to_owned());
        assert_eq!(pulls.stock("m"), [from(), PullNews::Absent(0)]);
        assert_eq!(pulls.stock("n"), []);
        std::fs::write(dir.path().join("m.gguf"), "GGUF").unwrap();
        assert_eq!(pulls.stock("m"), [from(), PullNews::There]);
        std::fs::remove_file(dir.path().join("m.gguf")).unwrap();
        // The fetch ends in words.
        pulls.start("m");
        pulls.start("n");
        loop {
            match inbound.recv().await.unwrap() {
                Msg::Pull(id, PullNews::Failed(why)) => {
                    break assert!(id == "m" && !why.is_empty());
                }
                Msg::Pull(..) => {}
                other => panic!("{other:?}"),
            }
        }
    }

    #[tokio::test]
    async fn a_cancelled_fetch_tells_what_is_on_the_disk_and_not_what_was_counted() {
        let dir = tempfile::tempdir().unwrap();
        let (messages, mut inbound) = tokio::sync::mpsc::channel(100);
        let specs = [("local".to_owned(), local(dir.path()))].into();
        let mut pulls = Pulls::new(&specs, messages);
        pulls.cancel("m");
        for kept in ["", "GG"] {
            if !kept.is_empty() {
                std::fs::write(dir.path().join("m.gguf.part"), kept).unwrap();
            }
            // Ended before it begins: nothing of it is told but the end.
            pulls.start("m");
            pulls.cancel("m");
            let told = inbound.recv().await.unwrap();
            let Msg::Pull(id, news) = told else { panic!("{told:?}") };
            assert_eq!((id.as_str(), news), ("m", PullNews::Kept(kept.len() as u64)));
        }
    }
}
