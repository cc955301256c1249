//! A provider that panics when it is asked: exists in debug builds only, so that the tests of the real program can show that
//! one run's panic is one pane's failure.

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
#[allow(clippy::unnecessary_wraps, reason = "every kind is opened in the same way")]
pub(super) fn open(spec: ProviderSpec) -> Result<Arc<dyn Provider>, Failure> {
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
