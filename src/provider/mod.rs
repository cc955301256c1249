//! Providers of answers: each turns a [`ChatRequest`] into a stream of [`StreamEvent`]s.
//!
//! A new kind of provider is one file and one row in [`KINDS`]. Retries, queueing and concurrency limits are not
//! handled here; a run is cancelled by dropping its stream, which closes the connection.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;

use crate::domain::{ChatRequest, Failure, FailureKind, ProviderSpec, StreamEvent};
use crate::text::did_you_mean;

mod failure_message;
mod http;
mod keyring;
mod lenient_json;
#[cfg(feature = "local")]
mod local;
mod openai;
#[cfg(debug_assertions)]
mod panicking;
mod redact;
mod retry_after;
mod sse;
mod stream_driver;
mod url;

pub use keyring::{KeyError, check_key_file};
pub use redact::redact_keys;

/// The events of one answer. The first item may already be an error; after an error nothing follows.
pub type EventStream = BoxStream<'static, Result<StreamEvent, Failure>>;

/// A source of answers.
pub trait Provider: Send + Sync {
    /// The settings of the provider.
    fn spec(&self) -> &ProviderSpec;

    /// Requests one answer. Nothing happens until the stream is polled; dropping it closes the connection.
    fn stream(&self, request: ChatRequest) -> EventStream;

    /// The names of the available models, sorted.
    fn models(&self) -> BoxFuture<'static, Result<Vec<String>, Failure>>;
}

/// A kind of provider.
pub struct ProviderKind {
    /// The value of `kind` in the configuration, for example `openai`.
    pub name: &'static str,
    /// Opens a provider, or rejects settings that can never work (a key over plain http).
    pub open: fn(ProviderSpec) -> Result<Arc<dyn Provider>, Failure>,
}

/// The kinds of providers that users can configure.
pub const KINDS: &[ProviderKind] = &[
    ProviderKind { name: "openai", open: openai::open_openai },
    #[cfg(feature = "local")]
    ProviderKind { name: "local", open: local::open_local },
];

/// Kinds for tests of the whole program. Release builds have none.
#[cfg(debug_assertions)]
const TEST_KINDS: &[ProviderKind] =
    &[ProviderKind { name: "panics", open: panicking::open_panicking }];
#[cfg(not(debug_assertions))]
const TEST_KINDS: &[ProviderKind] = &[];

/// Finds a kind by its name.
pub fn find_kind(name: &str) -> Option<&'static ProviderKind> {
    KINDS.iter().chain(TEST_KINDS).find(|kind| kind.name == name)
}

/// Opens the provider that `spec` describes. Does no IO: the key is looked up and the connection opened with the first
/// request.
///
/// # Errors
/// The kind is unknown or rejects the settings.
pub fn open_provider(spec: ProviderSpec) -> Result<Arc<dyn Provider>, Failure> {
    match find_kind(&spec.kind) {
        Some(kind) => (kind.open)(spec),
        None => Err(unknown_kind_failure(&spec)),
    }
}

fn unknown_kind_failure(spec: &ProviderSpec) -> Failure {
    let names: Vec<&str> = KINDS.iter().map(|kind| kind.name).collect();
    let hint = did_you_mean(&spec.kind, names.iter().copied());
    let kind = failure_message::shorten_text(&crate::text::sanitize_line(&spec.kind), 40);
    Failure::new(
        FailureKind::Rejected,
        format!(
            "provider {}: kind \"{kind}\" is unknown; known kinds: {}{hint}",
            spec.name,
            names.join(", ")
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{LocalSpec, ScaffoldMode};

    fn kind_names() -> String {
        KINDS.iter().map(|kind| kind.name).collect::<Vec<_>>().join(", ")
    }

    #[test]
    fn unknown_kinds_are_reported_with_a_suggestion() {
        let message_for = |kind: &str| {
            let spec = ProviderSpec::new("gateway", kind, "https://llm.example.com/v1");
            open_provider(spec).err().map(|failure| failure.message).unwrap()
        };
        assert_eq!(
            message_for("opnai"),
            format!(
                "provider gateway: kind \"opnai\" is unknown; known kinds: {}; did you mean \"openai\"?",
                kind_names()
            )
        );
        assert_eq!(
            message_for("zzz"),
            format!("provider gateway: kind \"zzz\" is unknown; known kinds: {}", kind_names())
        );
    }

    #[test]
    fn every_kind_opens_with_its_settings() {
        for kind in KINDS {
            let mut spec = ProviderSpec::new("x", kind.name, "https://llm.example.com/v1");
            spec.local = Some(LocalSpec {
                catalogue: Arc::default(),
                models: "/none".into(),
                cache: "/none".into(),
                scaffold: ScaffoldMode::Auto,
            });
            assert_eq!(open_provider(spec).unwrap().spec().name, "x");
        }
    }
}
