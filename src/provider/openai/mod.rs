//! The kind `openai`: Chat Completions over SSE, for OpenAI and every `base_url` with a compatible API.
//!
//! Other APIs of OpenAI (Responses, Assistants) are not supported.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::{FutureExt as _, StreamExt as _, TryStreamExt as _, stream};
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use reqwest::{Method, RequestBuilder};
use secrecy::{ExposeSecret as _, SecretString};
use tokio::time::Instant;

use super::failure_message::FailureExplainer;
use super::http::{HttpAnswer, HttpClient, PlainResponse, classify_response, read_body};
use super::keyring::Keyring;
use super::sse::SseEvent;
use super::stream_driver::{
    EventBatch, StreamProgress, WireDecoder as _, drive_stream, limit_timeouts,
};
use super::url::Endpoint;
use super::{EventStream, Provider};
use crate::domain::{ChatRequest, Failure, FailureKind, ProviderSpec, Timeouts};

mod chunk;
mod decode;
mod lenient;
mod models;
mod request;
mod think_filter;
mod wire_text;

use decode::ChatCompletionsDecoder;

/// The path after `base_url` for an answer.
const CHAT_PATH: &str = "chat/completions";
/// The path after `base_url` for the list of models.
const MODELS_PATH: &str = "models";
/// The default timeout for the first token of a server on this machine, which may have to load the model first.
const LOCAL_FIRST_TOKEN_TIMEOUT: Duration = Duration::from_mins(10);
const MODELS_TIMEOUT: Duration = Duration::from_secs(30);
/// The most bytes read of a list of models.
const MAX_MODELS_BYTES: usize = 16 * 1024 * 1024;

/// Opens a provider of this kind.
pub(super) fn open_openai(mut spec: ProviderSpec) -> Result<Arc<dyn Provider>, Failure> {
    let endpoint = Endpoint::new(&spec)?;
    if endpoint.is_loopback() && spec.timeouts.first_token == Timeouts::default().first_token {
        spec.timeouts.first_token = LOCAL_FIRST_TOKEN_TIMEOUT;
    }
    spec.timeouts = limit_timeouts(spec.timeouts);
    let http = HttpClient::new(&endpoint, spec.timeouts.connect);
    let keyring = Keyring::new(&spec.name, &spec.key);
    Ok(Arc::new(OpenAiProvider { inner: Arc::new(OpenAiInner { spec, endpoint, http, keyring }) }))
}

struct OpenAiProvider {
    inner: Arc<OpenAiInner>,
}

struct OpenAiInner {
    spec: ProviderSpec,
    endpoint: Endpoint,
    http: HttpClient,
    keyring: Keyring,
}

impl Provider for OpenAiProvider {
    fn spec(&self) -> &ProviderSpec {
        &self.inner.spec
    }

    fn stream(&self, request: ChatRequest) -> EventStream {
        let inner = Arc::clone(&self.inner);
        stream::once(async move { inner.request_answer(&request).await }).try_flatten().boxed()
    }

    fn models(&self) -> BoxFuture<'static, Result<Vec<String>, Failure>> {
        let inner = Arc::clone(&self.inner);
        async move { inner.list_models().await }.boxed()
    }
}

impl OpenAiInner {
    async fn request_answer(&self, request: &ChatRequest) -> Result<EventStream, Failure> {
        let (key, explainer) = self.look_up_key().await?;
        let host = self.endpoint.host();
        let body = request::build_body(request, &self.spec, host).map_err(|error| {
            let reason = format!("the request cannot be written: {error}");
            explainer.failure(FailureKind::Internal, &reason)
        })?;
        let deadline = Instant::now() + self.spec.timeouts.first_token;
        let url = self.endpoint.join_path(CHAT_PATH);
        let proxy = self.endpoint.proxy().map(|proxy| proxy.variable);
        tracing::debug!(host = self.endpoint.host(), proxy, bytes = body.len(), "request");
        let request = self.http.build_request(Method::POST, url, &explainer).await?;
        let json = HeaderValue::from_static("application/json");
        let request = request.header(CONTENT_TYPE, json).body(body);
        let response = self.send_request(request, key, deadline, &explainer).await?;
        match classify_response(response, deadline, &explainer).await? {
            HttpAnswer::Stream(body) => {
                let decoder = ChatCompletionsDecoder::new(explainer.clone());
                let timeouts = self.spec.timeouts;
                Ok(drive_stream(body, decoder, explainer, timeouts, deadline).boxed())
            }
            HttpAnswer::Plain(response) => decode_plain_response(&response, &explainer),
        }
    }

    async fn list_models(&self) -> Result<Vec<String>, Failure> {
        let (key, explainer) = self.look_up_key().await?;
        let deadline = Instant::now() + MODELS_TIMEOUT;
        let url = self.endpoint.join_path(MODELS_PATH);
        let request = self.http.build_request(Method::GET, url, &explainer).await?;
        let response = self.send_request(request, key, deadline, &explainer).await?;
        let (status, content_type) = (response.status(), content_type_of(&response));
        let mut body = Vec::new();
        let read = read_body(response, MAX_MODELS_BYTES, &explainer, &mut body);
        tokio::time::timeout_at(deadline, read).await.map_err(|_| {
            explainer.failure(FailureKind::Timeout, "the list of models timed out")
        })??;
        models::parse_model_ids(&body).ok_or_else(|| {
            let mut failure = explainer.not_a_stream_failure(status, &content_type, &body);
            failure.message =
                failure.message.replace("instead of a stream", "instead of a list of models");
            failure
        })
    }

    /// The key, and an explainer that removes it from messages.
    async fn look_up_key(&self) -> Result<(Option<SecretString>, FailureExplainer), Failure> {
        let key = self.keyring.get_key().await?;
        let explainer = FailureExplainer::new(&self.endpoint, &self.spec.key, key.clone());
        Ok((key, explainer))
    }

    async fn send_request(
        &self,
        request: RequestBuilder,
        key: Option<SecretString>,
        deadline: Instant,
        explainer: &FailureExplainer,
    ) -> Result<reqwest::Response, Failure> {
        let request = match key {
            Some(key) => request.header(AUTHORIZATION, bearer_header(&key, explainer)?),
            None => request,
        };
        let response = self.http.send_request(request, deadline, explainer).await;
        if response.as_ref().is_err_and(|failure| failure.status == Some(401)) {
            self.keyring.forget_key().await;
        }
        response
    }
}

fn bearer_header(key: &SecretString, explainer: &FailureExplainer) -> Result<HeaderValue, Failure> {
    let mut value = HeaderValue::from_str(&format!("Bearer {}", key.expose_secret()))
        .map_err(|_| explainer.failure(FailureKind::Auth, "the key cannot be sent in a header"))?;
    value.set_sensitive(true);
    Ok(value)
}

fn content_type_of(response: &reqwest::Response) -> String {
    let value = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    value.unwrap_or_default().to_owned()
}

/// Reads the answer of a server that does not stream but sends the complete answer as one JSON body.
fn decode_plain_response(
    response: &PlainResponse,
    explainer: &FailureExplainer,
) -> Result<EventStream, Failure> {
    let PlainResponse { status, content_type, body } = response;
    let failure = || explainer.not_a_stream_failure(*status, content_type, body);
    let data = std::str::from_utf8(body).map_err(|_| failure())?.to_owned();
    let mut decoder = ChatCompletionsDecoder::new(explainer.clone());
    let mut batch = EventBatch::default();
    match decoder.decode_event(&SseEvent { name: String::new(), data }, &mut batch) {
        Ok(_) if decoder.progress() == StreamProgress::Finished => {
            decoder.finish(&mut batch);
            Ok(stream::iter(batch.into_events().map(Ok)).boxed())
        }
        _ => Err(failure()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first_token_timeout(base_url: &str, configured: Option<Duration>) -> Duration {
        let mut spec = ProviderSpec::new("x", "openai", base_url);
        if let Some(limit) = configured {
            spec.timeouts.first_token = limit;
        }
        open_openai(spec).unwrap().spec().timeouts.first_token
    }

    #[test]
    fn servers_on_this_machine_may_take_longer_by_default() {
        let (here, there) = ("http://127.0.0.1:8080/v1", "https://llm.example.com/v1");
        assert_eq!(first_token_timeout(here, None), LOCAL_FIRST_TOKEN_TIMEOUT);
        assert_eq!(first_token_timeout(there, None), Timeouts::default().first_token);
        let own = Duration::from_secs(7);
        assert_eq!(
            (first_token_timeout(here, Some(own)), first_token_timeout(there, Some(own))),
            (own, own)
        );
    }

    #[tokio::test]
    async fn timeouts_that_overflow_the_clock_are_limited() {
        let limit = first_token_timeout("http://127.0.0.1:8080/v1", Some(Duration::MAX));
        assert!(Instant::now().checked_add(limit).is_some());
    }
}
