//! The kind `local`: runs a GGUF file inside this program, without a key, a server or the network.
//!
//! Computation uses candle's quantised kernels, which choose SIMD instructions at run time. Downloading model files and
//! choosing one is not handled here.

mod banded_matrix;
mod chat_template;
mod conversation;
mod engine;
mod file_identity;
mod gguf;
mod kv_cache;
mod load_weights;
mod loaded_model;
mod prefix_cache;
mod prefix_snapshot;
mod sampler;
mod tokenizer;
mod transformer;
mod writer;

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use futures_util::stream::{self, StreamExt as _};

use super::{EventStream, Provider};
use crate::domain::{
    ChatRequest, Failure, FailureKind, LocalSpec, ModelFile, ProviderSpec, StreamEvent,
};
use conversation::GenerationJob;
use engine::Engine;
use loaded_model::EngineSettings;

/// The default limit of the context, in tokens. A longer one would take minutes to read and gigabytes of memory.
const DEFAULT_CONTEXT_TOKENS: u32 = 8_192;

/// The number of events that a stream may lag behind before its texts are joined.
const MAX_QUEUED_EVENTS: usize = 256;

struct LocalProvider {
    spec: ProviderSpec,
    /// One engine for each model file.
    engines: Mutex<HashMap<PathBuf, Arc<Engine>>>,
    /// See [`EngineSettings::seed`].
    seed: Option<u64>,
}

/// Opens the provider. No model is loaded before the first request.
pub(super) fn open_local(spec: ProviderSpec) -> Result<Arc<dyn Provider>, Failure> {
    open_with_seed(spec, None)
}

fn open_with_seed(spec: ProviderSpec, seed: Option<u64>) -> Result<Arc<dyn Provider>, Failure> {
    if spec.local.is_none() {
        let message = format!("provider {}: no list of local models was given", spec.name);
        return Err(Failure::new(FailureKind::Internal, message));
    }
    Ok(Arc::new(LocalProvider { spec, engines: Mutex::default(), seed }))
}

impl Provider for LocalProvider {
    fn spec(&self) -> &ProviderSpec {
        &self.spec
    }

    fn stream(&self, request: ChatRequest) -> EventStream {
        let settings = self.engine_settings(&request.model);
        let engine = match settings.and_then(|settings| self.engine_for(settings)) {
            Ok(engine) => engine,
            Err(failure) => return stream::once(async { Err(failure) }).boxed(),
        };
        let (sender, receiver) = tokio::sync::mpsc::channel(MAX_QUEUED_EVENTS);
        // Sent from here, because the engine thread is busy while it loads a model.
        let loading = StreamEvent::Waiting("loads the model".to_owned());
        // Submitted with the first poll, because a stream must do nothing before that.
        let job = Some((engine, GenerationJob { request, events: sender }));
        let answer = stream::unfold((job, receiver), |(job, mut receiver)| async move {
            let is_rejected = job.is_some_and(|(engine, job)| engine.submit_job(job).is_err());
            if is_rejected {
                let failure = Failure::new(FailureKind::Internal, "the local model has ended");
                return Some((Err(failure), (None, receiver)));
            }
            receiver.recv().await.map(|event| (event, (None, receiver)))
        });
        stream::once(async { Ok(loading) }).chain(answer).boxed()
    }

    fn models(&self) -> BoxFuture<'static, Result<Vec<String>, Failure>> {
        let local = self.spec.local.clone();
        async move {
            let is_present =
                |spec: &LocalSpec, weights: &&ModelFile| spec.file_path(weights).is_file();
            let mut ids: Vec<String> = local
                .iter()
                .flat_map(|spec| spec.catalogue.files.iter().filter(|w| is_present(spec, w)))
                .map(|weights| weights.id.clone())
                .collect();
            ids.sort();
            Ok(ids)
        }
        .boxed()
    }
}

impl LocalProvider {
    /// The settings for the model called `name`.
    fn engine_settings(&self, name: &str) -> Result<EngineSettings, Failure> {
        let rejected = |message: String| Failure::new(FailureKind::Rejected, message);
        let Some(local) = &self.spec.local else { return Err(rejected(String::new())) };
        let catalogue = &local.catalogue;
        let Some(weights) = catalogue.find(name) else {
            let ids: Vec<&str> = catalogue.files.iter().map(|w| w.id.as_str()).collect();
            return Err(rejected(format!(
                "there is no local model \"{name}\"; there are {}",
                ids.join(", ")
            )));
        };
        let path = local.file_path(weights);
        if !path.is_file() {
            return Err(rejected(format!(
                "{} is not installed. Run `plenary model pull {}` to download it",
                weights.title, weights.id
            )));
        }
        Ok(EngineSettings {
            name: weights.id.clone(),
            path,
            cache: local.cache.clone(),
            catalogue: Arc::clone(catalogue),
            context: self.spec.context.unwrap_or(DEFAULT_CONTEXT_TOKENS),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            seed: self.seed,
        })
    }

    /// The engine for the model file in `settings`, started if there is none.
    fn engine_for(&self, settings: EngineSettings) -> Result<Arc<Engine>, Failure> {
        let mut engines = self.engines.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(engine) = engines.get(&settings.path) {
            return Ok(Arc::clone(engine));
        }
        let path = settings.path.clone();
        let engine = Engine::start(settings).map_err(|error| {
            Failure::new(FailureKind::Internal, format!("no thread for the local model: {error}"))
        })?;
        let engine = Arc::new(engine);
        engines.insert(path, Arc::clone(&engine));
        Ok(engine)
    }
}
