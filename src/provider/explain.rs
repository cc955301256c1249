//! Failures in words: which provider, which host, what happened, what to do. Never a key, never a control character.
//!
//! Everything that goes wrong between a request and its answer becomes a [`Failure`] here, so that all kinds say
//! the same thing in the same words and sort it alike into what is worth another try. Called by `http`, `drive`
//! and the decoders of the kinds.

use std::error::Error;
use std::io;
use std::time::Duration;

use reqwest::StatusCode;
use reqwest::header::{HeaderMap, LOCATION};
use secrecy::SecretString;

use super::key::describe;
use super::redact::Redactor;
use super::retry_after::retry_after;
use super::url::Endpoint;
use crate::domain::{FailKind, Failure, KeySource};
use crate::text::sanitize_line;

mod api_error;
mod tls;

pub(crate) use api_error::{ApiError, is_error};

/// The most characters of a provider's own words in a message.
const MOST_WORDS: usize = 300;
/// The most bytes of a provider's own words that are looked at.
const MOST_BYTES: usize = 4096;

/// Explains the failures of one request.
#[derive(Clone)]
pub(crate) struct Explain {
    who: String,
    host: String,
    loopback: bool,
    key: KeySource,
    redact: Redactor,
}

impl Explain {
    /// For requests to `endpoint` with `key` from `source`.
    pub(crate) fn new(endpoint: &Endpoint, source: &KeySource, key: Option<SecretString>) -> Self {
        Self {
            who: endpoint.who().to_owned(),
            host: endpoint.host().to_owned(),
            loopback: endpoint.is_loopback(),
            key: source.clone(),
            redact: Redactor::new(key),
        }
    }

    /// Words from outside, fit for a message: without keys and control characters, on one line, not long.
    pub(crate) fn clean(&self, text: &str) -> String {
        let head = text.get(..text.floor_char_boundary(MOST_BYTES)).unwrap_or_default();
        shorten(sanitize_line(&self.redact.clean(head)).trim(), MOST_WORDS)
    }

    /// `gateway (llm.example.com): WHAT`.
    pub(crate) fn fail(&self, kind: FailKind, what: &str) -> Failure {
        Failure::new(kind, format!("{}: {what}", self.who))
    }

    /// No answer to the request: no connection, or it broke before the headers.
    pub(crate) fn transport(&self, error: &reqwest::Error, connect: Duration) -> Failure {
        if error.is_builder() {
            let mut failure = self.fail(
                FailKind::Connect,
                &format!("no connection can be set up: {}", self.deepest(error)),
            );
            failure.retryable = false;
            return failure;
        }
        if error.is_timeout() && error.is_connect() {
            let what = format!(
                "no connection within {} s; check base_url and the network",
                connect.as_secs_f64()
            );
            return self.fail(FailKind::Connect, &what);
        }
        if let Some(what) = tls::words(chain(error), &self.host) {
            let mut failure = self.fail(FailKind::Connect, &what);
            failure.retryable = false;
            return failure;
        }
        let what = match io_kind(error) {
            Some(io::ErrorKind::ConnectionRefused) if self.loopback => {
                format!(
                    "connection refused: nothing listens on {}; start the server or change base_url",
                    self.host
                )
            }
            Some(io::ErrorKind::ConnectionRefused) => {
                "connection refused; check the port in base_url".into()
            }
            Some(io::ErrorKind::NetworkUnreachable | io::ErrorKind::HostUnreachable) => {
                "the network does not reach it; are you online?".into()
            }
            _ if chain(error).any(|cause| cause.to_string().contains("dns error")) => {
                "no such host; check base_url, or the network if it is right".into()
            }
            _ if chain(error).any(|cause| cause.to_string().contains("proxy auth")) => {
                "the proxy wants a user name and password (407); check HTTPS_PROXY".into()
            }
            _ if error.is_connect() => format!("no connection: {}", self.deepest(error)),
            _ if chain(error).find_map(|cause| cause.downcast_ref::<io::Error>()).is_none()
                && !self.deepest(error).contains("connection") =>
            {
                let what = format!(
                    "what answers there does not speak HTTP as expected: {}",
                    self.deepest(error)
                );
                return self.fail(FailKind::Garbled, &what);
            }
            _ => format!("the connection broke before the answer began: {}", self.deepest(error)),
        };
        self.fail(FailKind::Connect, &what)
    }

    /// The body broke off.
    pub(crate) fn broken(&self, error: &reqwest::Error) -> Failure {
        self.fail(FailKind::Broken, &format!("the connection broke: {}", self.deepest(error)))
    }

    /// A status that is no success, with what the body says.
    pub(crate) fn status(&self, status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Failure {
        let code = status.as_u16();
        let api = ApiError::of_body(body);
        let (kind, mut retryable) = sort(code);
        if let Some(api) = &api
            && api.is_final()
        {
            retryable = false;
        }
        match headers.get("x-should-retry").map(reqwest::header::HeaderValue::as_bytes) {
            Some(b"true") => retryable = true,
            Some(b"false") => retryable = false,
            _ => {}
        }
        let own = self.own_words(api.as_ref(), body);
        let what = self.status_words(code, api.as_ref(), headers);
        let own = if own.is_empty() { own } else { format!(": {own}") };
        Failure {
            kind,
            message: format!("{code} from {}: {what}{own}", self.who),
            status: Some(code),
            retry_after: retry_after(headers),
            retryable,
        }
    }

    /// An error that came inside a stream whose status was a success.
    pub(crate) fn in_stream(&self, error: &ApiError) -> Failure {
        let (kind, retryable) = error.sort();
        let words = error.message.as_deref().map(|words| self.clean(words)).unwrap_or_default();
        let words = if words.is_empty() { "no words with it".into() } else { words };
        let code = error.code.as_deref().or(error.kind.as_deref()).map(|code| self.clean(code));
        let code = code
            .filter(|code| !code.is_empty())
            .map(|code| format!(" ({code})"))
            .unwrap_or_default();
        let mut failure =
            self.fail(kind, &format!("the provider reported an error{code}: {words}"));
        failure.status = error.status;
        failure.retryable = retryable;
        failure
    }

    /// A success whose body is not a stream.
    pub(crate) fn not_a_stream(
        &self,
        status: StatusCode,
        content_type: &str,
        body: &[u8],
    ) -> Failure {
        let code = status.as_u16();
        if let Some(api) = ApiError::of_body(body) {
            let mut failure = self.in_stream(&api);
            failure.message = format!("{} (with status {code}; check base_url)", failure.message);
            return failure;
        }
        let text = String::from_utf8_lossy(body);
        let text = text.trim();
        let what = if text.is_empty() {
            format!("answered {code} with an empty body; check base_url")
        } else if is_html(text) {
            let title = html_title(text)
                .map(|title| format!(" \"{}\"", self.clean(title)))
                .unwrap_or_default();
            format!(
                "answered {code} with a web page{title} instead of a stream; base_url does not lead to the API (does \
                 it lack /v1, or does a login page stand before it?)"
            )
        } else {
            let first = self.clean(text.lines().next().unwrap_or_default());
            let kind = if content_type.is_empty() { "no content type" } else { content_type };
            format!("answered {code} with {} instead of a stream: {first}", self.clean(kind))
        };
        self.fail(FailKind::Garbled, &what)
    }

    fn status_words(&self, code: u16, api: Option<&ApiError>, headers: &HeaderMap) -> String {
        let key = describe(&self.key);
        match code {
            300..=399 => {
                let to = headers.get(LOCATION).and_then(|to| to.to_str().ok()).unwrap_or("nowhere");
                let to = to.split(['?', '#']).next().unwrap_or_default();
                format!("it redirects to {}, which is never followed; put the right address in base_url", self.clean(to))
            }
            401 if self.key == KeySource::None => "it wants a key; name one with key_env, key_cmd or key_file".into(),
            401 => format!("the key from {key} was not accepted"),
            402 => "there is no credit left".into(),
            403 if self.key == KeySource::None => "it refuses; it may want a key (key_env, key_cmd or key_file)".into(),
            403 => format!("the key from {key} has no right to this"),
            404 => "it does not know the model or the address; check both the model's name and base_url".into(),
            407 => "the proxy wants a user name and password; check HTTP_PROXY and HTTPS_PROXY".into(),
            408 => "it timed out".into(),
            413 => "the request is too large; send less context".into(),
            429 if api.is_some_and(ApiError::is_final) => "the quota is used up; check plan and billing".into(),
            429 => "too many requests".into(),
            503 | 529 => "it is overloaded or still loading".into(),
            500..=599 => "it has a fault of its own".into(),
            _ => "it refused the request".into(),
        }
    }

    /// What the provider itself says, from wherever it says it.
    fn own_words(&self, api: Option<&ApiError>, body: &[u8]) -> String {
        if let Some(words) = api.and_then(|api| api.message.as_deref()) {
            return self.clean(words);
        }
        let text = String::from_utf8_lossy(body);
        let text = text.trim();
        if is_html(text) {
            return html_title(text).map(|title| self.clean(title)).unwrap_or_default();
        }
        self.clean(text.lines().next().unwrap_or_default())
    }

    /// The last cause of an error: the one that says something.
    fn deepest(&self, error: &reqwest::Error) -> String {
        let words = chain(error).last().map(ToString::to_string).unwrap_or_default();
        self.clean(&words)
    }
}

/// Which kind a status is, and whether it is worth another try.
pub(crate) fn sort(status: u16) -> (FailKind, bool) {
    let retryable = matches!(status, 408 | 409 | 425 | 429 | 500 | 502..=504 | 520..=524 | 529);
    let kind = match status {
        401 | 403 => FailKind::Auth,
        408 | 409 | 425 | 429 | 500..=599 => FailKind::Busy,
        _ => FailKind::Rejected,
    };
    (kind, retryable)
}

/// At most `most` characters, with `…` where something is missing.
pub(crate) fn shorten(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((cut, _)) => format!("{}…", text.get(..cut).unwrap_or_default().trim_end()),
        None => text.to_owned(),
    }
}

fn chain<'a>(error: &'a reqwest::Error) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(error.source(), |&cause| cause.source())
}

fn io_kind(error: &reqwest::Error) -> Option<io::ErrorKind> {
    chain(error).filter_map(|cause| cause.downcast_ref::<io::Error>()).map(io::Error::kind).last()
}

fn is_html(text: &str) -> bool {
    let head: String = text.chars().take(200).collect::<String>().to_ascii_lowercase();
    head.starts_with('<')
        && ["<!doctype html", "<html", "<head", "<body"].iter().any(|tag| head.contains(tag))
}

fn html_title(text: &str) -> Option<&str> {
    let lower = text.to_ascii_lowercase();
    let start = lower.find("<title")?;
    let start = start + lower.get(start..)?.find('>')? + 1;
    let end = start + lower.get(start..)?.find("</title")?;
    Some(text.get(start..end)?.trim()).filter(|title| !title.is_empty())
}

#[cfg(test)]
mod tests;
