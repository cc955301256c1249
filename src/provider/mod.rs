//! Where answers come from: one [`Provider`] per configured provider, made by kind.
//!
//! A new kind is one file and one row in [`KINDS`]. A provider turns a [`ChatRequest`] into a stream of
//! [`StreamEvent`]s; retrying, queueing and cancelling are the fan-out's work (dropping the stream closes the
//! connection). Used by `runtime::fanout` and by the commands that list models. Sees no other adapter.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;

use crate::domain::{ChatRequest, Failure, ProviderSpec, StreamEvent};

/// The events of one answer. The first item may already be an error; after an error nothing follows.
pub type EventStream = BoxStream<'static, Result<StreamEvent, Failure>>;

/// A source of answers.
pub trait Provider: Send + Sync {
    /// Its settings.
    fn spec(&self) -> &ProviderSpec;

    /// Asks for one answer. Nothing happens until the stream is polled; dropping it closes the connection.
    fn stream(&self, request: ChatRequest) -> EventStream;

    /// The models it offers.
    fn models(&self) -> BoxFuture<'static, Result<Vec<String>, Failure>>;
}

/// A kind of provider: its word in the configuration and how it is opened.
pub struct Kind {
    /// `openai`
    pub name: &'static str,
    /// Makes a provider of its settings; refuses settings that can never work (a key over plain http).
    pub open: fn(ProviderSpec) -> Result<Arc<dyn Provider>, Failure>,
}

/// Every kind there is.
pub const KINDS: &[Kind] = &[];

/// Opens the provider that `spec` describes.
pub fn open(spec: ProviderSpec) -> Result<Arc<dyn Provider>, Failure> {
    use crate::domain::FailKind;
    match KINDS.iter().find(|kind| kind.name == spec.kind) {
        Some(kind) => (kind.open)(spec),
        None => Err(Failure::new(
            FailKind::Rejected,
            format!("provider {}: kind \"{}\" is unknown", spec.name, spec.kind),
        )),
    }
}
