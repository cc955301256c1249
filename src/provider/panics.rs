//! A provider that panics, when it is asked or (with a `base_url` that ends in `/open`) already when it is opened, which
//! happens on the UI thread. Debug builds only: the tests of the real program show with it that a run's panic is one pane's
//! failure, and that the UI's own gives the terminal back.

use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::StreamExt;
use futures_util::future::BoxFuture;

use super::{EventStream, Provider};
use crate::domain::{ChatRequest, Failure, ProviderSpec};

struct Panics {
    spec: ProviderSpec,
}

/// Opens it.
#[allow(
    clippy::panic,
    clippy::unnecessary_wraps,
    reason = "panicking is what it is for; every kind is opened alike"
)]
pub(super) fn open(spec: ProviderSpec) -> Result<Arc<dyn Provider>, Failure> {
    assert!(!spec.base_url.ends_with("/open"), "asked to panic");
    Ok(Arc::new(Panics { spec }))
}

impl Provider for Panics {
    fn spec(&self) -> &ProviderSpec {
        &self.spec
    }

    #[allow(clippy::panic, reason = "it is what this provider is for")]
    fn stream(&self, _request: ChatRequest) -> EventStream {
        futures_util::stream::once(async { panic!("asked to panic") }).boxed()
    }

    fn models(&self) -> BoxFuture<'static, Result<Vec<String>, Failure>> {
        async { Ok(Vec::new()) }.boxed()
    }
}
