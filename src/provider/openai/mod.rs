//! The kind `openai`: Chat Completions over SSE, at OpenAI and at every `base_url` that speaks the same.
//!
//! `request` writes the body, `chunk` and `decode` read the events, `think` takes reasoning out of the text; everything
//! else is shared. The registry in `provider` opens it.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::{FutureExt as _, StreamExt as _, TryStreamExt as _, stream};
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use reqwest::{Method, RequestBuilder};
use secrecy::{ExposeSecret as _, SecretString};
use tokio::time::Instant;

use super::drive::{Batch, Decode as _, Progress, bounded, drive};
use super::explain::Explain;
use super::http::{self, Answer, Http, Plain};
use super::key::Keyring;
use super::sse::SseEvent;
use super::url::Endpoint;
use super::{EventStream, Provider};
use crate::domain::{ChatRequest, FailKind, Failure, ProviderSpec, Timeouts};

mod chunk;
mod decode;
mod lenient;
mod models;
mod request;
mod think;

use decode::Decoder;

/// What is appended to `base_url` for an answer.
const CHAT: &str = "chat/completions";
/// What is appended to `base_url` for the list of models.
const MODELS: &str = "models";
/// How long a model on this machine may load and read before its first token, unless configured.
const LOCAL_FIRST_TOKEN: Duration = Duration::from_mins(10);
/// How long the list of models may take.
const MODELS_TIME: Duration = Duration::from_secs(30);
/// The most bytes of a list of models.
const MAX_MODELS: usize = 16 * 1024 * 1024;

/// Opens a provider of this kind.
pub(super) fn open(mut spec: ProviderSpec) -> Result<Arc<dyn Provider>, Failure> {
    let endpoint = Endpoint::of(&spec, CHAT)?;
    if endpoint.is_loopback() && spec.timeouts.first_token == Timeouts::default().first_token {
        spec.timeouts.first_token = LOCAL_FIRST_TOKEN;
    }
    spec.timeouts = bounded(spec.timeouts);
    let http = Http::new(&endpoint, spec.timeouts.connect);
    let keys = Keyring::new(&spec.name, &spec.key);
    Ok(Arc::new(OpenAi { inner: Arc::new(Inner { spec, endpoint, http, keys }) }))
}

struct OpenAi {
    inner: Arc<Inner>,
}

struct Inner {
    spec: ProviderSpec,
    endpoint: Endpoint,
    http: Http,
    keys: Keyring,
}

impl Provider for OpenAi {
    fn spec(&self) -> &ProviderSpec {
        &self.inner.spec
    }

    fn stream(&self, request: ChatRequest) -> EventStream {
        let inner = Arc::clone(&self.inner);
        stream::once(async move { inner.ask(&request).await }).try_flatten().boxed()
    }

    fn models(&self) -> BoxFuture<'static, Result<Vec<String>, Failure>> {
        let inner = Arc::clone(&self.inner);
        async move { inner.models().await }.boxed()
    }
}

impl Inner {
    async fn ask(&self, request: &ChatRequest) -> Result<EventStream, Failure> {
        let (key, explain) = self.key().await?;
        let body = request::body(request, &self.spec, self.endpoint.host()).map_err(|error| {
            explain.fail(FailKind::Internal, &format!("the request cannot be written: {error}"))
        })?;
        let first = Instant::now() + self.spec.timeouts.first_token;
        let call = self.http.request(Method::POST, self.endpoint.join(CHAT), &explain).await?;
        let call =
            call.header(CONTENT_TYPE, HeaderValue::from_static("application/json")).body(body);
        let response = self.send(call, key, first, &explain).await?;
        match http::open(response, first, &explain).await? {
            Answer::Stream(body) => {
                let decoder = Decoder::new(explain.clone());
                Ok(drive(body, decoder, explain, self.spec.timeouts, first).boxed())
            }
            Answer::Plain(plain) => whole(&plain, &explain),
        }
    }

    async fn models(&self) -> Result<Vec<String>, Failure> {
        let (key, explain) = self.key().await?;
        let deadline = Instant::now() + MODELS_TIME;
        let call = self.http.request(Method::GET, self.endpoint.join(MODELS), &explain).await?;
        let response = self.send(call, key, deadline, &explain).await?;
        let (status, content_type) = (response.status(), content_type(&response));
        let mut body = Vec::new();
        tokio::time::timeout_at(deadline, http::read(response, MAX_MODELS, &explain, &mut body))
            .await
            .map_err(|_| {
                explain.fail(FailKind::Timeout, "the list of models did not come in time")
            })??;
        models::parse(&body).ok_or_else(|| {
            let mut failure = explain.not_a_stream(status, &content_type, &body);
            failure.message =
                failure.message.replace("instead of a stream", "instead of a list of models");
            failure
        })
    }

    async fn key(&self) -> Result<(Option<SecretString>, Explain), Failure> {
        let key = self.keys.get().await?;
        let explain = Explain::new(&self.endpoint, &self.spec.key, key.clone());
        Ok((key, explain))
    }

    async fn send(
        &self,
        call: RequestBuilder,
        key: Option<SecretString>,
        deadline: Instant,
        explain: &Explain,
    ) -> Result<reqwest::Response, Failure> {
        let call = match key {
            Some(key) => call.header(AUTHORIZATION, bearer(&key, explain)?),
            None => call,
        };
        let sent = self.http.send(call, deadline, explain).await;
        if sent.as_ref().is_err_and(|failure| failure.status == Some(401)) {
            self.keys.forget().await;
        }
        sent
    }
}

fn bearer(key: &SecretString, explain: &Explain) -> Result<HeaderValue, Failure> {
    let mut value = HeaderValue::from_str(&format!("Bearer {}", key.expose_secret()))
        .map_err(|_| explain.fail(FailKind::Auth, "the key cannot be sent in a header"))?;
    value.set_sensitive(true);
    Ok(value)
}

fn content_type(response: &reqwest::Response) -> String {
    let value = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    value.unwrap_or_default().to_owned()
}

/// A server that does not stream answers with the whole completion as one JSON body.
fn whole(plain: &Plain, explain: &Explain) -> Result<EventStream, Failure> {
    let refuse = || explain.not_a_stream(plain.status, &plain.content_type, &plain.body);
    let Ok(text) = std::str::from_utf8(&plain.body) else {
        return Err(refuse());
    };
    let mut decoder = Decoder::new(explain.clone());
    let mut batch = Batch::default();
    let event = SseEvent { name: String::new(), data: text.to_owned() };
    match decoder.event(&event, &mut batch) {
        Ok(_) if decoder.progress() == Progress::Finished => {
            decoder.close(&mut batch);
            Ok(stream::iter(batch.into_events().map(Ok)).boxed())
        }
        _ => Err(refuse()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first_token(base_url: &str, configured: Option<Duration>) -> Duration {
        let mut spec = ProviderSpec::new("x", "openai", base_url);
        if let Some(limit) = configured {
            spec.timeouts.first_token = limit;
        }
        open(spec).unwrap().spec().timeouts.first_token
    }

    #[test]
    fn a_model_on_this_machine_may_take_longer_unless_configured() {
        let (here, there) = ("http://127.0.0.1:8080/v1", "https://llm.example.com/v1");
        assert_eq!(first_token(here, None), LOCAL_FIRST_TOKEN);
        assert_eq!(first_token(there, None), Timeouts::default().first_token);
        let own = Duration::from_secs(7);
        assert_eq!((first_token(here, Some(own)), first_token(there, Some(own))), (own, own));
    }

    #[tokio::test]
    async fn limits_that_no_clock_can_hold_are_shortened() {
        let limit = first_token("http://127.0.0.1:8080/v1", Some(Duration::MAX));
        assert!(Instant::now().checked_add(limit).is_some());
    }
}
