//! The HTTP side that kinds share: the client, one request, and the beginning of its answer.
//!
//! A client is built once per provider and only when it is first used. For `http://` no root certificates are
//! loaded, because that costs more than everything else here. Redirects are never followed (a key must not travel to
//! another host), loopback is never proxied, and streams are asked for uncompressed. Called by the kinds.

use std::sync::Once;
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

use super::explain::Explain;
use super::url::Endpoint;
use crate::domain::{FailKind, Failure};

/// The most bytes of an error body that are read.
const MAX_ERROR_BODY: usize = 64 * 1024;
/// The most bytes of a body that is no stream.
const MAX_PLAIN_BODY: usize = 256 * 1024;
/// The most bytes of headers over HTTP/2; over HTTP/1 hyper's own limits hold (100 of them).
const MAX_HEADERS: u32 = 64 * 1024;
/// Enough of a body to tell a stream from a page.
const SNIFF: usize = 6;
/// What a line of a stream begins with.
const STREAM_STARTS: &[&[u8]] = &[b"data:", b"event:", b"id:", b"retry:", b"error:", b":"];

/// A body as it arrives.
pub(crate) type Body = BoxStream<'static, Result<Bytes, Failure>>;

/// The HTTP client of one provider.
pub(crate) struct Http {
    https: bool,
    loopback: bool,
    connect: Duration,
    client: OnceCell<Client>,
}

/// What a successful request was answered with.
pub(crate) enum Answer {
    /// A stream of events.
    Stream(Body),
    /// Something else, read whole.
    Plain(Plain),
}

/// A whole body that is not a stream.
pub(crate) struct Plain {
    /// Its status.
    pub(crate) status: StatusCode,
    /// Its content type, or nothing.
    pub(crate) content_type: String,
    /// Its bytes, at most 256 kB of them.
    pub(crate) body: Vec<u8>,
}

impl Http {
    /// For `endpoint`; connects within `connect`. Nothing is built yet.
    pub(crate) fn new(endpoint: &Endpoint, connect: Duration) -> Self {
        Self {
            https: endpoint.is_https(),
            loopback: endpoint.is_loopback(),
            connect,
            client: OnceCell::new(),
        }
    }

    /// A request with the headers that all have; the kind adds its key and body.
    pub(crate) async fn request(
        &self,
        method: Method,
        url: Url,
        explain: &Explain,
    ) -> Result<RequestBuilder, Failure> {
        let client = self.client.get_or_try_init(|| self.build(explain)).await?;
        Ok(client
            .request(method, url)
            .header(ACCEPT_ENCODING, HeaderValue::from_static("identity")))
    }

    /// Sends `request` and waits for its headers until `deadline`; a status that is no success is a failure.
    pub(crate) async fn send(
        &self,
        request: RequestBuilder,
        deadline: Instant,
        explain: &Explain,
    ) -> Result<Response, Failure> {
        let start = Instant::now();
        let response = match timeout_at(deadline, request.send()).await {
            Err(_) => {
                let limit = deadline.duration_since(start).as_secs_f64();
                let what = format!("no answer within {limit:.1} s; is it loading, or overloaded?");
                return Err(explain.fail(FailKind::Timeout, &what));
            }
            Ok(Err(error)) => return Err(explain.transport(&error, self.connect)),
            Ok(Ok(response)) => response,
        };
        if response.status().is_success() {
            return Ok(response);
        }
        let (status, headers) = (response.status(), response.headers().clone());
        // A broken error body is no reason to say less than the status says.
        let mut body = Vec::new();
        drop(timeout_at(deadline, read(response, MAX_ERROR_BODY, explain, &mut body)).await);
        Err(explain.status(status, &headers, &body))
    }

    async fn build(&self, explain: &Explain) -> Result<Client, Failure> {
        let (https, loopback, connect) = (self.https, self.loopback, self.connect);
        let built = if https {
            // Reading the system's certificates takes tens of milliseconds: not on a thread that streams.
            match tokio::task::spawn_blocking(move || client(https, loopback, connect)).await {
                Ok(built) => built,
                Err(_) => {
                    return Err(
                        explain.fail(FailKind::Internal, "the HTTP client could not be built")
                    );
                }
            }
        } else {
            client(https, loopback, connect)
        };
        built.map_err(|error| explain.transport(&error, connect))
    }
}

fn client(https: bool, loopback: bool, connect: Duration) -> Result<Client, reqwest::Error> {
    static CRYPTO: Once = Once::new();
    CRYPTO.call_once(|| {
        // An error says that one is installed already, which is as good.
        drop(rustls::crypto::ring::default_provider().install_default());
    });
    let mut headers = HeaderMap::new();
    headers.insert(ACCEPT, HeaderValue::from_static("text/event-stream, application/json"));
    let mut builder = Client::builder()
        .user_agent(concat!("plenary/", env!("CARGO_PKG_VERSION")))
        .default_headers(headers)
        .connect_timeout(connect)
        .redirect(reqwest::redirect::Policy::none())
        .referer(false)
        .http2_max_header_list_size(MAX_HEADERS);
    if loopback {
        builder = builder.no_proxy();
    }
    if !https {
        builder = builder.tls_certs_only([]);
    }
    builder.build()
}

/// Sorts a successful response into a stream or something else: by what it says it is, and by how it begins where
/// it does not say.
pub(crate) async fn open(
    response: Response,
    deadline: Instant,
    explain: &Explain,
) -> Result<Answer, Failure> {
    let status = response.status();
    let header =
        |name| response.headers().get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    let encoding = header(CONTENT_ENCODING).unwrap_or("identity");
    if !encoding.eq_ignore_ascii_case("identity") {
        let what = format!(
            "it sent a compressed body ({}), which was not asked for",
            explain.clean(encoding)
        );
        return Err(explain.fail(FailKind::Garbled, &what));
    }
    let content_type = header(CONTENT_TYPE).unwrap_or_default().to_ascii_lowercase();
    let words = explain.clone();
    let mut body: Body = response
        .bytes_stream()
        .map(move |chunk| chunk.map_err(|error| words.broken(&error)))
        .boxed();
    if content_type.starts_with("text/event-stream") {
        return Ok(Answer::Stream(body));
    }
    let mut head = Vec::new();
    let late = || {
        explain
            .fail(FailKind::Timeout, "the answer did not begin within the time for the first token")
    };
    while head.trim_ascii_start().len() < SNIFF && head.len() < MAX_PLAIN_BODY {
        match timeout_at(deadline, body.next()).await.map_err(|_| late())? {
            Some(chunk) => head.extend_from_slice(&chunk?),
            None => break,
        }
    }
    if begins_as_stream(&head) {
        let first = stream::once(std::future::ready(Ok(Bytes::from(head))));
        return Ok(Answer::Stream(first.chain(body).boxed()));
    }
    // What came is explained even when the rest of it does not.
    drop(timeout_at(deadline, gather(body, MAX_PLAIN_BODY, &mut head)).await);
    Ok(Answer::Plain(Plain { status, content_type, body: head }))
}

/// Reads a body to its end, or to `most` bytes.
pub(crate) async fn read(
    response: Response,
    most: usize,
    explain: &Explain,
    into: &mut Vec<u8>,
) -> Result<(), Failure> {
    let words = explain.clone();
    let body =
        response.bytes_stream().map(move |chunk| chunk.map_err(|error| words.broken(&error)));
    gather(body.boxed(), most, into).await
}

async fn gather(mut body: Body, most: usize, into: &mut Vec<u8>) -> Result<(), Failure> {
    while into.len() < most
        && let Some(chunk) = body.next().await
    {
        let chunk = chunk?;
        into.extend_from_slice(chunk.get(..most - into.len()).unwrap_or(&chunk));
    }
    Ok(())
}

fn begins_as_stream(head: &[u8]) -> bool {
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start();
    STREAM_STARTS.iter().any(|start| head.starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_is_known_by_its_beginning() {
        for head in ["data: {", "\r\n: beat", "\u{feff}data:", "event: error", "error: {}"] {
            assert!(begins_as_stream(head.as_bytes()), "{head:?}");
        }
        for head in ["{\"error\":1}", "<html>", "", "dat", "hello"] {
            assert!(!begins_as_stream(head.as_bytes()), "{head:?}");
        }
    }
}
