//! Where answers come from: one [`Provider`] per configured provider, made by kind.
//!
//! A new kind is one file and one row in [`KINDS`]. A provider turns a [`ChatRequest`] into a stream of
//! [`StreamEvent`]s; retrying, queueing and cancelling are the fan-out's work (dropping the stream closes the
//! connection). Used by `runtime::fanout` and by the commands that list models. Sees no other adapter.
//!
//! What kinds share: `url` (checks of the address), `key`, `redact`, `http` (client, status, body), `explain`
//! (errors in words), `sse` (framing and its limits), `drive` (clocks, coalescing).

use std::sync::Arc;

use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;

use crate::domain::{ChatRequest, FailKind, Failure, ProviderSpec, StreamEvent};

mod drive;
mod explain;
mod http;
mod key;
#[cfg(feature = "local")]
mod local;
mod openai;
#[cfg(debug_assertions)]
mod panics;
mod redact;
mod retry_after;
mod sse;
mod url;

pub use key::check_file as check_key_file;

/// The events of one answer. The first item may already be an error; after an error nothing follows.
pub type EventStream = BoxStream<'static, Result<StreamEvent, Failure>>;

/// A source of answers.
pub trait Provider: Send + Sync {
    /// Its settings.
    fn spec(&self) -> &ProviderSpec;

    /// Asks for one answer. Nothing happens until the stream is polled; dropping it closes the connection.
    fn stream(&self, request: ChatRequest) -> EventStream;

    /// The models it offers, sorted.
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
pub const KINDS: &[Kind] = &[
    Kind { name: "openai", open: openai::open },
    #[cfg(feature = "local")]
    Kind { name: "local", open: local::open },
];

/// Kinds that are not for people: faults that the tests of the whole program need. Release builds have none.
#[cfg(debug_assertions)]
const FAULTS: &[Kind] = &[Kind { name: "panics", open: panics::open }];
#[cfg(not(debug_assertions))]
const FAULTS: &[Kind] = &[];

/// The kind of this name.
pub fn kind(name: &str) -> Option<&'static Kind> {
    KINDS.iter().chain(FAULTS).find(|kind| kind.name == name)
}

/// Opens the provider that `spec` describes. No IO: the key is looked up and the connection made when it is asked.
///
/// # Errors
/// A kind that does not exist, or settings that its kind refuses (see `url`).
pub fn open(spec: ProviderSpec) -> Result<Arc<dyn Provider>, Failure> {
    match kind(&spec.kind) {
        Some(kind) => (kind.open)(spec),
        None => Err(unknown_kind(&spec)),
    }
}

fn unknown_kind(spec: &ProviderSpec) -> Failure {
    let names: Vec<&str> = KINDS.iter().map(|kind| kind.name).collect();
    let nearest = names
        .iter()
        .map(|name| (strsim::jaro_winkler(name, &spec.kind.to_lowercase()), name))
        .filter(|(likeness, _)| *likeness > 0.75)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, name)| format!("; did you mean \"{name}\"?"))
        .unwrap_or_default();
    let kind = explain::shorten(&crate::text::sanitize_line(&spec.kind), 40);
    Failure::new(
        FailKind::Rejected,
        format!(
            "provider {}: kind \"{kind}\" is unknown; the kinds there are: {}{nearest}",
            spec.name,
            names.join(", ")
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{LocalSpec, Scaffolding};

    fn kinds() -> String {
        KINDS.iter().map(|kind| kind.name).collect::<Vec<_>>().join(", ")
    }

    #[test]
    fn an_unknown_kind_names_the_kinds_and_the_nearest() {
        let of = |kind: &str| {
            open(ProviderSpec::new("gateway", kind, "https://llm.example.com/v1"))
                .err()
                .map(|failure| failure.message)
                .unwrap()
        };
        assert_eq!(
            of("opnai"),
            format!(
                "provider gateway: kind \"opnai\" is unknown; the kinds there are: {}; did you mean \"openai\"?",
                kinds()
            )
        );
        assert_eq!(
            of("zzz"),
            format!("provider gateway: kind \"zzz\" is unknown; the kinds there are: {}", kinds())
        );
    }

    #[test]
    fn every_kind_opens_and_keeps_its_settings() {
        for kind in KINDS {
            let mut spec = ProviderSpec::new("x", kind.name, "https://llm.example.com/v1");
            spec.local = Some(LocalSpec {
                catalogue: Arc::default(),
                models: "/none".into(),
                cache: "/none".into(),
                scaffold: Scaffolding::Auto,
            });
            assert_eq!(open(spec).unwrap().spec().name, "x");
        }
    }
}
