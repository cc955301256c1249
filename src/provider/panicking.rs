//! A provider that panics, for tests of the whole program; only in debug builds.
//!
//! It panics in the task of a run, or, with a `base_url` that ends in `/open`, on the UI thread when it is opened.

use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::StreamExt;
use futures_util::future::BoxFuture;

use super::{EventStream, Provider};
use crate::domain::{ChatRequest, Failure, ProviderSpec};

struct PanickingProvider {
    spec: ProviderSpec,
}

/// Opens the provider.
#[allow(
    clippy::panic,
    clippy::unnecessary_wraps,
    reason = "panicking is its purpose, and every kind has the same signature"
)]
pub(super) fn open_panicking(spec: ProviderSpec) -> Result<Arc<dyn Provider>, Failure> {
    assert!(!spec.base_url.ends_with("/open"), "asked to panic");
    Ok(Arc::new(PanickingProvider { spec }))
}

impl Provider for PanickingProvider {
    fn spec(&self) -> &ProviderSpec {
        &self.spec
    }

    #[allow(clippy::panic, reason = "panicking is its purpose")]
    fn stream(&self, _request: ChatRequest) -> EventStream {
        futures_util::stream::once(async { panic!("asked to panic") }).boxed()
    }

    fn models(&self) -> BoxFuture<'static, Result<Vec<String>, Failure>> {
        async { Ok(Vec::new()) }.boxed()
    }
}
