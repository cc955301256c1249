//! HTTP for all kinds of providers: the client, sending a request, and telling streams from other responses.
//!
//! A client is built once per provider, when it is first used. For `http://`, no root certificates are loaded, because
//! that takes longer than everything else here. Redirects are never followed (a key must not reach another host),
//! loopback is never proxied, streams are requested uncompressed, and the client never retries.

use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt as _;
use futures_util::stream::{self, BoxStream};
use reqwest::header::{
    ACCEPT, ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderValue,
};
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode, Url};
use tokio::sync::OnceCell;
use tokio::time::{Instant, timeout_at};

use super::failure_message::{FailureExplainer, shorten_text};
use super::url::Endpoint;
use crate::domain::{Failure, FailureKind};
use crate::machine::install_tls;
use crate::text::sanitize_line;

/// The most bytes read of an error body.
const MAX_ERROR_BODY_BYTES: usize = 64 * 1024;
/// The most bytes read of a body that is not a stream.
const MAX_PLAIN_BODY_BYTES: usize = 256 * 1024;
/// The most bytes of headers over HTTP/2; over HTTP/1, hyper has its own limits (100 headers).
const MAX_HEADER_BYTES: u32 = 64 * 1024;
/// The number of bytes that tell a stream from a web page.
const SNIFF_BYTES: usize = 6;
/// The headers in which services number their responses.
const REQUEST_ID_HEADERS: &[&str] =
    &["x-request-id", "request-id", "apim-request-id", "x-generation-id"];
/// The most characters of a header in the log.
const MAX_LOGGED_CHARS: usize = 100;
/// The beginnings of lines of a stream.
const STREAM_PREFIXES: &[&[u8]] = &[b"data:", b"event:", b"id:", b"retry:", b"error:", b":"];

/// A body in the chunks in which it arrives.
pub(crate) type ResponseStream = BoxStream<'static, Result<Bytes, Failure>>;

/// The HTTP client of one provider.
pub(crate) struct HttpClient {
    is_https: bool,
    is_loopback: bool,
    connect_timeout: Duration,
    client: OnceCell<Client>,
}

/// A successful response.
pub(crate) enum HttpAnswer {
    /// A stream of events.
    Stream(ResponseStream),
    /// Something else, read completely.
    Plain(PlainResponse),
}

/// A response that is not a stream.
pub(crate) struct PlainResponse {
    /// Its status.
    pub(crate) status: StatusCode,
    /// Its content type; empty if there is none.
    pub(crate) content_type: String,
    /// Its body, cut at 256 kB.
    pub(crate) body: Vec<u8>,
}

impl HttpClient {
    /// A client for `endpoint` that connects within `connect_timeout`. Nothing is built yet.
    pub(crate) fn new(endpoint: &Endpoint, connect_timeout: Duration) -> Self {
        Self {
            is_https: endpoint.is_https(),
            is_loopback: endpoint.is_loopback(),
            connect_timeout,
            client: OnceCell::new(),
        }
    }

    /// A request with the headers that all requests have. The caller adds key and body.
    pub(crate) async fn build_request(
        &self,
        method: Method,
        url: Url,
        explainer: &FailureExplainer,
    ) -> Result<RequestBuilder, Failure> {
        let client = self.client.get_or_try_init(|| self.build_client(explainer)).await?;
        Ok(client
            .request(method, url)
            .header(ACCEPT_ENCODING, HeaderValue::from_static("identity")))
    }

    /// Sends `request` and waits until `deadline` for the headers of the response. A status other than success is a
    /// failure.
    pub(crate) async fn send_request(
        &self,
        request: RequestBuilder,
        deadline: Instant,
        explainer: &FailureExplainer,
    ) -> Result<Response, Failure> {
        let start = Instant::now();
        let response = self.send_within(request, deadline, explainer).await;
        match &response {
            Ok(response) => log_response(response, start),
            // Without a response, no word of the message is the server's.
            Err(failure) => {
                let elapsed = start.elapsed();
                tracing::info!(?elapsed, kind = ?failure.kind, reason = failure.message, "no response");
            }
        }
        let response = response?;
        if response.status().is_success() {
            return Ok(response);
        }
        let (status, headers) = (response.status(), response.headers().clone());
        // The status is reported even if its body breaks off.
        let mut body = Vec::new();
        let read = read_body(response, MAX_ERROR_BODY_BYTES, explainer, &mut body);
        drop(timeout_at(deadline, read).await);
        Err(explainer.status_failure(status, &headers, &body))
    }

    async fn send_within(
        &self,
        request: RequestBuilder,
        deadline: Instant,
        explainer: &FailureExplainer,
    ) -> Result<Response, Failure> {
        let start = Instant::now();
        match timeout_at(deadline, request.send()).await {
            Err(_) => {
                let limit = deadline.duration_since(start).as_secs_f64();
                let reason =
                    format!("no answer within {limit:.1} s; is it loading, or overloaded?");
                Err(explainer.failure(FailureKind::Timeout, &reason))
            }
            Ok(Err(error)) => Err(explainer.transport_failure(&error, self.connect_timeout)),
            Ok(Ok(response)) => Ok(response),
        }
    }

    async fn build_client(&self, explainer: &FailureExplainer) -> Result<Client, Failure> {
        let (is_https, is_loopback, connect_timeout) =
            (self.is_https, self.is_loopback, self.connect_timeout);
        let build = move || build_reqwest_client(is_https, is_loopback, connect_timeout);
        let client = if is_https {
            // Reading the system's certificates would block a thread that streams for tens of milliseconds.
            tokio::task::spawn_blocking(build).await.map_err(|_| {
                explainer.failure(FailureKind::Internal, "the HTTP client could not be built")
            })?
        } else {
            build()
        };
        client.map_err(|error| explainer.transport_failure(&error, connect_timeout))
    }
}

/// Logs what identifies a response to those who run the server. Bodies and other headers may repeat the question or a key.
fn log_response(response: &Response, start: Instant) {
    let header = |name: &str| {
        let value = response.headers().get(name).and_then(|value| value.to_str().ok());
        value.map(|value| shorten_text(&sanitize_line(value), MAX_LOGGED_CHARS))
    };
    tracing::info!(
        status = response.status().as_u16(),
        version = ?response.version(),
        elapsed = ?start.elapsed(),
        host = response.url().host_str(),
        content_type = header("content-type"),
        request_id = REQUEST_ID_HEADERS.iter().find_map(|name| header(name)),
        retry_after = header("retry-after"),
        "response"
    );
}

fn build_reqwest_client(
    is_https: bool,
    is_loopback: bool,
    connect_timeout: Duration,
) -> Result<Client, reqwest::Error> {
    install_tls();
    let mut headers = HeaderMap::new();
    headers.insert(ACCEPT, HeaderValue::from_static("text/event-stream, application/json"));
    let mut builder = Client::builder()
        .user_agent(concat!("plenary/", env!("CARGO_PKG_VERSION")))
        .default_headers(headers)
        .connect_timeout(connect_timeout)
        .redirect(reqwest::redirect::Policy::none())
        // An attempt is one request; whether another follows is not the client's decision.
        .retry(reqwest::retry::never())
        .referer(false)
        .http2_max_header_list_size(MAX_HEADER_BYTES);
    if is_loopback {
        builder = builder.no_proxy();
    }
    if !is_https {
        builder = builder.tls_certs_only([]);
    }
    builder.build()
}

/// Classifies a successful response as a stream or something else, by its content type or else by its first bytes.
pub(crate) async fn classify_response(
    response: Response,
    deadline: Instant,
    explainer: &FailureExplainer,
) -> Result<HttpAnswer, Failure> {
    let status = response.status();
    let header =
        |name| response.headers().get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    let encoding = header(CONTENT_ENCODING).unwrap_or("identity");
    if !encoding.eq_ignore_ascii_case("identity") {
        let reason = format!(
            "it sent a compressed body ({}), which was not asked for",
            explainer.sanitize_text(encoding)
        );
        return Err(explainer.failure(FailureKind::Garbled, &reason));
    }
    let content_type = header(CONTENT_TYPE).unwrap_or_default().to_ascii_lowercase();
    let mut body = stream_body(response, explainer);
    if content_type.starts_with("text/event-stream") {
        return Ok(HttpAnswer::Stream(body));
    }
    let mut head = Vec::new();
    let timeout_failure = || {
        let reason = "the answer did not begin within the time for the first token";
        explainer.failure(FailureKind::Timeout, reason)
    };
    while head.trim_ascii_start().len() < SNIFF_BYTES && head.len() < MAX_PLAIN_BODY_BYTES {
        match timeout_at(deadline, body.next()).await.map_err(|_| timeout_failure())? {
            Some(chunk) => head.extend_from_slice(&chunk?),
            None => break,
        }
    }
    if starts_like_a_stream(&head) {
        let first = stream::once(std::future::ready(Ok(Bytes::from(head))));
        return Ok(HttpAnswer::Stream(first.chain(body).boxed()));
    }
    // The bytes received so far explain the failure even if the rest does not arrive.
    drop(timeout_at(deadline, collect_body(body, MAX_PLAIN_BODY_BYTES, &mut head)).await);
    Ok(HttpAnswer::Plain(PlainResponse { status, content_type, body: head }))
}

/// Appends the body of `response` to `out`, up to `max_bytes`.
pub(crate) async fn read_body(
    response: Response,
    max_bytes: usize,
    explainer: &FailureExplainer,
    out: &mut Vec<u8>,
) -> Result<(), Failure> {
    collect_body(stream_body(response, explainer), max_bytes, out).await
}

fn stream_body(response: Response, explainer: &FailureExplainer) -> ResponseStream {
    let explainer = explainer.clone();
    response
        .bytes_stream()
        .map(move |chunk| chunk.map_err(|error| explainer.broken_failure(&error)))
        .boxed()
}

async fn collect_body(
    mut body: ResponseStream,
    max_bytes: usize,
    out: &mut Vec<u8>,
) -> Result<(), Failure> {
    while out.len() < max_bytes
        && let Some(chunk) = body.next().await
    {
        let chunk = chunk?;
        out.extend_from_slice(chunk.get(..max_bytes - out.len()).unwrap_or(&chunk));
    }
    Ok(())
}

fn starts_like_a_stream(head: &[u8]) -> bool {
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start();
    STREAM_PREFIXES.iter().any(|prefix| head.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_is_recognised_by_its_first_bytes() {
        for head in ["data: {", "\r\n: beat", "\u{feff}data:", "event: error", "error: {}"] {
            assert!(starts_like_a_stream(head.as_bytes()), "{head:?}");
        }
        for head in ["{\"error\":1}", "<html>", "", "dat", "hello"] {
            assert!(!starts_like_a_stream(head.as_bytes()), "{head:?}");
        }
    }
}
