//! The provider `local`: a GGUF file run inside this program. No key, no server, no network.
//!
//! `gguf` reads and checks a file's head, `load` its tensors into each `matrix`, `decoder` computes with them over `kv`, `model` puts these
//! together with `tokens` and `template`, `conversation` is one run with its `sampler` and `writer`, `engine` the thread
//! that steps all runs; `memories` and `snapshot` keep what need not be computed twice. Fetching files is `crate::weights`'
//! work, naming them `config`'s. The engine is candle's: quantised kernels with SIMD chosen at run time, no build flags.

mod conversation;
mod decoder;
mod engine;
mod gguf;
mod identity;
mod kv;
mod load;
mod matrix;
mod memories;
mod model;
mod sampler;
mod snapshot;
mod template;
mod tokens;
mod writer;

#[cfg(test)]
mod tests;
#[cfg(test)]
#[path = "../../../tests/common/tiny.rs"]
mod tiny;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use futures_util::stream::{self, StreamExt as _};

use super::{EventStream, Provider};
use crate::domain::{
    ChatRequest, FailKind, Failure, LocalSpec, ProviderSpec, StreamEvent, Weights,
};
use conversation::Job;
use engine::Engine;
use model::Source;

/// Tokens of context that are used unless configured: more would take minutes to read and gigabytes to remember.
const CONTEXT: u32 = 8_192;

/// Events that a run's stream may be behind; then its texts are joined.
const EVENTS: usize = 256;

struct Local {
    spec: ProviderSpec,
    engines: Mutex<HashMap<PathBuf, Arc<Engine>>>,
    /// See [`Source`].
    seed: Option<u64>,
}

/// Opens it. Nothing is loaded before the first question.
pub(super) fn open_local(spec: ProviderSpec) -> Result<Arc<dyn Provider>, Failure> {
    open_with(spec, None)
}

fn open_with(spec: ProviderSpec, seed: Option<u64>) -> Result<Arc<dyn Provider>, Failure> {
    if spec.local.is_none() {
        let what = format!("provider {}: no list of local models was given", spec.name);
        return Err(Failure::new(FailKind::Internal, what));
    }
    Ok(Arc::new(Local { spec, engines: Mutex::default(), seed }))
}

impl Provider for Local {
    fn spec(&self) -> &ProviderSpec {
        &self.spec
    }

    fn stream(&self, request: ChatRequest) -> EventStream {
        let engine = match self.source(&request.model).and_then(|source| self.engine(source)) {
            Ok(engine) => engine,
            Err(failure) => return stream::once(async { Err(failure) }).boxed(),
        };
        let (events, heard) = tokio::sync::mpsc::channel(EVENTS);
        // Loading takes seconds, and the engine cannot speak meanwhile.
        let loading = StreamEvent::Waiting("loads the model".to_owned());
        // Given to the engine with the first poll: until then nothing happens.
        let job = Some((engine, Job { request, events }));
        let answer = stream::unfold((job, heard), |(job, mut heard)| async move {
            let refused = job.map(|(engine, job)| engine.ask(job).is_err());
            if refused == Some(true) {
                let failure = Failure::new(FailKind::Internal, "the local model has ended");
                return Some((Err(failure), (None, heard)));
            }
            heard.recv().await.map(|event| (event, (None, heard)))
        });
        stream::once(async { Ok(loading) }).chain(answer).boxed()
    }

    fn models(&self) -> BoxFuture<'static, Result<Vec<String>, Failure>> {
        let local = self.spec.local.clone();
        async move {
            let there = |spec: &LocalSpec, weights: &&Weights| spec.path(weights).is_file();
            let mut ids: Vec<String> = local
                .iter()
                .flat_map(|spec| spec.catalogue.weights.iter().filter(|w| there(spec, w)))
                .map(|weights| weights.id.clone())
                .collect();
            ids.sort();
            Ok(ids)
        }
        .boxed()
    }
}

impl Local {
    /// The file behind a model's name.
    fn source(&self, name: &str) -> Result<Source, Failure> {
        let refused = |what: String| Failure::new(FailKind::Rejected, what);
        let Some(local) = &self.spec.local else { return Err(refused(String::new())) };
        let catalogue = &local.catalogue;
        let Some(weights) = catalogue.find(name) else {
            let ids: Vec<&str> = catalogue.weights.iter().map(|w| w.id.as_str()).collect();
            return Err(refused(format!(
                "there is no local model \"{name}\"; there are {}",
                ids.join(", ")
            )));
        };
        let path = local.path(weights);
        if !path.is_file() {
            return Err(refused(format!(
                "{} is not there yet: plenary model pull {}",
                weights.title, weights.id
            )));
        }
        Ok(Source {
            name: weights.id.clone(),
            path,
            cache: local.cache.clone(),
            catalogue: Arc::clone(catalogue),
            context: self.spec.context.unwrap_or(CONTEXT),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            seed: self.seed,
        })
    }

    fn engine(&self, source: Source) -> Result<Arc<Engine>, Failure> {
        let mut engines = self.engines.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(engine) = engines.get(&source.path) {
            return Ok(Arc::clone(engine));
        }
        let path = source.path.clone();
        let engine = Engine::start(source).map_err(|e| {
            Failure::new(FailKind::Internal, format!("no thread for the local model: {e}"))
        })?;
        let engine = Arc::new(engine);
        engines.insert(path, Arc::clone(&engine));
        Ok(engine)
    }
}
