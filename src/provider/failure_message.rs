//! Turns errors between a request and its answer into a [`Failure`]: provider, host, what happened, what to do.
//!
//! All kinds of providers use the same messages and the same rules for what may be retried. No message contains a key
//! or a control character.

use std::error::Error;
use std::io;
use std::time::Duration;

use reqwest::StatusCode;
use reqwest::header::{CONTENT_ENCODING, HeaderMap, HeaderValue, LOCATION};
use secrecy::SecretString;

use super::keyring::describe_key_source;
use super::redact::Redactor;
use super::retry_after::parse_retry_after;
use super::url::Endpoint;
use crate::domain::{Failure, FailureKind, KeySource};
use crate::machine::{Proxy, describe_tls_error};
use crate::text::sanitize_line;

mod api_error;

pub(crate) use api_error::{ApiError, is_error};

/// The most characters of a provider's text in a message.
const MAX_TEXT_CHARS: usize = 300;
/// The most bytes of a provider's text that are sanitised.
const MAX_TEXT_BYTES: usize = 4096;

/// Creates the failures of one request.
#[derive(Clone)]
pub(crate) struct FailureExplainer {
    label: String,
    host: String,
    is_loopback: bool,
    proxy: Option<Proxy>,
    key_source: KeySource,
    redactor: Redactor,
}

impl FailureExplainer {
    /// For requests to `endpoint` with `key` from `source`.
    pub(crate) fn new(endpoint: &Endpoint, source: &KeySource, key: Option<SecretString>) -> Self {
        Self {
            label: endpoint.label().to_owned(),
            host: endpoint.host().to_owned(),
            is_loopback: endpoint.is_loopback(),
            proxy: endpoint.proxy().cloned(),
            key_source: source.clone(),
            redactor: Redactor::new(key),
        }
    }

    /// Makes text from outside fit for a message: one short line without keys and control characters.
    pub(crate) fn sanitize_text(&self, text: &str) -> String {
        let head = text.get(..text.floor_char_boundary(MAX_TEXT_BYTES)).unwrap_or_default();
        shorten_text(sanitize_line(&self.redactor.redact_keys(head)).trim(), MAX_TEXT_CHARS)
    }

    /// A failure with the message `gateway (llm.example.com): REASON`.
    pub(crate) fn failure(&self, kind: FailureKind, reason: &str) -> Failure {
        Failure::new(kind, format!("{}: {reason}", self.label))
    }

    /// There is no response: no connection, or it broke before the headers.
    pub(crate) fn transport_failure(
        &self,
        error: &reqwest::Error,
        connect_timeout: Duration,
    ) -> Failure {
        if error.is_builder() {
            let reason = format!("no connection can be set up: {}", self.innermost_cause(error));
            return self.final_failure(FailureKind::Connect, &reason);
        }
        if error.is_timeout() && error.is_connect() {
            let reason = format!(
                "no connection within {} s; check {} and the network",
                connect_timeout.as_secs_f64(),
                self.address_setting()
            );
            return self.failure(FailureKind::Connect, &(reason + &self.proxy_remark()));
        }
        if let Some(reason) = describe_tls_error(error, &self.host) {
            return self.final_failure(FailureKind::Connect, &self.sanitize_text(&reason));
        }
        let cause = self.innermost_cause(error);
        let is_not_http = !error.is_connect()
            && io_error_kind(error).is_none()
            && !["connection", "stream error", "GOAWAY"].iter().any(|word| cause.contains(word));
        if is_not_http {
            let reason = format!("unexpected response, not HTTP: {cause}");
            return self.failure(FailureKind::Garbled, &reason);
        }
        let reason = self.describe_connect_error(error, &cause);
        self.failure(FailureKind::Connect, &reason)
    }

    fn describe_connect_error(&self, error: &reqwest::Error, cause: &str) -> String {
        let cause_contains =
            |text: &str| error_causes(error).any(|cause| cause.to_string().contains(text));
        let setting = self.address_setting();
        let reason = match io_error_kind(error) {
            Some(io::ErrorKind::ConnectionRefused) if self.is_loopback => {
                format!(
                    "connection refused: nothing listens on {}; start the server or change base_url",
                    self.host
                )
            }
            Some(io::ErrorKind::ConnectionRefused) => {
                format!("connection refused; check the port in {setting}")
            }
            Some(io::ErrorKind::NetworkUnreachable | io::ErrorKind::HostUnreachable) => {
                "the network does not reach it; are you online?".into()
            }
            _ if cause_contains("dns error") => {
                format!("no such host; check {setting}, or the network if it is right")
            }
            _ if cause_contains("proxy auth") => {
                return self.describe_proxy_login();
            }
            _ if error.is_connect() => format!("no connection: {cause}"),
            _ => format!("the connection broke before the answer began: {cause}"),
        };
        reason + &self.proxy_remark()
    }

    /// The setting that decides where the connection goes.
    fn address_setting(&self) -> &'static str {
        self.proxy.as_ref().map_or("base_url", |proxy| proxy.variable)
    }

    /// Says that the connection goes through a proxy, if it does.
    fn proxy_remark(&self) -> String {
        let remark =
            |proxy: &Proxy| format!(" (through the proxy {} of {})", proxy.address, proxy.variable);
        self.proxy.as_ref().map(remark).unwrap_or_default()
    }

    fn describe_proxy_login(&self) -> String {
        match &self.proxy {
            Some(Proxy { variable, address }) => format!(
                "the proxy {address} requires another user name and password (407); put them into {variable}"
            ),
            None => "a proxy requires a user name and password (407)".into(),
        }
    }

    /// A failure that no other attempt can avoid.
    fn final_failure(&self, kind: FailureKind, reason: &str) -> Failure {
        let mut failure = self.failure(kind, reason);
        failure.retryable = false;
        failure
    }

    /// The connection broke in the middle of the body.
    pub(crate) fn broken_failure(&self, error: &reqwest::Error) -> Failure {
        let reason = format!("the connection broke: {}", self.innermost_cause(error));
        self.failure(FailureKind::Broken, &reason)
    }

    /// The status is not a success. The message includes the error in the body.
    pub(crate) fn status_failure(
        &self,
        status: StatusCode,
        headers: &HeaderMap,
        body: &[u8],
    ) -> Failure {
        let code = status.as_u16();
        // A compressed body, which was not asked for, has nothing to read.
        let encoding = headers.get(CONTENT_ENCODING).map(HeaderValue::as_bytes);
        let body = if encoding.is_none_or(|name| name == b"identity") { body } else { &[] };
        let api_error = ApiError::from_body(body);
        let (kind, mut retryable) = classify_status(code);
        if api_error.as_ref().is_some_and(ApiError::is_final) {
            retryable = false;
        }
        match headers.get("x-should-retry").map(HeaderValue::as_bytes) {
            Some(b"true") => retryable = true,
            Some(b"false") => retryable = false,
            _ => {}
        }
        let detail = self.response_text(api_error.as_ref(), body);
        let reason = self.describe_status(code, api_error.as_ref(), headers);
        let detail = if detail.is_empty() { detail } else { format!(": {detail}") };
        Failure {
            kind,
            message: format!("{code} from {}: {reason}{detail}", self.label),
            status: Some(code),
            retry_after: parse_retry_after(headers),
            retryable,
        }
    }

    /// The provider reports an error although the status is a success.
    pub(crate) fn api_failure(&self, error: &ApiError) -> Failure {
        let (kind, retryable) = error.classify();
        let sanitize =
            |text: &String| Some(self.sanitize_text(text)).filter(|text| !text.is_empty());
        let message = error.message.as_ref().and_then(sanitize);
        let message = message.unwrap_or_else(|| "no message".into());
        let code = error.code.as_ref().or(error.kind.as_ref()).and_then(sanitize);
        let code = code.map(|code| format!(" ({code})")).unwrap_or_default();
        let mut failure =
            self.failure(kind, &format!("the provider reported an error{code}: {message}"));
        failure.status = error.status;
        failure.retryable = retryable;
        failure
    }

    /// The status is a success, but the body is not a stream.
    pub(crate) fn not_a_stream_failure(
        &self,
        status: StatusCode,
        content_type: &str,
        body: &[u8],
    ) -> Failure {
        let code = status.as_u16();
        if let Some(error) = ApiError::from_body(body) {
            let mut failure = self.api_failure(&error);
            failure.message = format!("{} (with status {code}; check base_url)", failure.message);
            return failure;
        }
        let text = String::from_utf8_lossy(body);
        let text = text.trim();
        let reason = if text.is_empty() {
            format!("answered {code} with an empty body; check base_url")
        } else if is_html(text) {
            let title = html_title(text)
                .map(|title| format!(" \"{}\"", self.sanitize_text(title)))
                .unwrap_or_default();
            format!(
                "answered {code} with a web page{title} instead of a stream; base_url does not lead to the API (does \
                 it lack /v1, or is there a login page in front of it?)"
            )
        } else {
            let first_line = self.sanitize_text(text.lines().next().unwrap_or_default());
            let kind = if content_type.is_empty() { "no content type" } else { content_type };
            let kind = self.sanitize_text(kind);
            format!("answered {code} with {kind} instead of a stream: {first_line}")
        };
        self.failure(FailureKind::Garbled, &reason)
    }

    fn describe_status(
        &self,
        code: u16,
        api_error: Option<&ApiError>,
        headers: &HeaderMap,
    ) -> String {
        let key = describe_key_source(&self.key_source);
        match code {
            300..=399 => {
                let target = headers.get(LOCATION).and_then(|value| value.to_str().ok());
                // Queries of login pages contain tokens.
                let target = target.unwrap_or("nowhere").split(['?', '#']).next().unwrap_or_default();
                format!(
                    "it redirects to {}, which is never followed; put the right address in base_url",
                    self.sanitize_text(target)
                )
            }
            401 if self.key_source == KeySource::None => "it requires a key; name one with key_env, key_cmd or key_file".into(),
            401 => format!("the key from {key} was not accepted"),
            402 => "out of credit".into(),
            403 if self.key_source == KeySource::None => "it refuses; it may require a key (key_env, key_cmd or key_file)".into(),
            403 => format!("the key from {key} is not permitted to do this"),
            404 => "it does not know the model or the address; check both the model's name and base_url".into(),
            407 => self.describe_proxy_login(),
            408 => "it timed out".into(),
            413 => "the request is too large; send less context".into(),
            429 if api_error.is_some_and(ApiError::is_final) => "the quota is used up; check plan and billing".into(),
            429 => "too many requests".into(),
            503 | 529 => "it is overloaded or still loading".into(),
            500..=599 => "internal server error".into(),
            _ => "it refused the request".into(),
        }
    }

    /// The provider's explanation in the body: the message of its error, the title of a web page, or the first line.
    fn response_text(&self, api_error: Option<&ApiError>, body: &[u8]) -> String {
        if let Some(message) = api_error.and_then(|error| error.message.as_deref()) {
            return self.sanitize_text(message);
        }
        let text = String::from_utf8_lossy(body);
        let text = text.trim();
        if is_html(text) {
            return html_title(text).map(|title| self.sanitize_text(title)).unwrap_or_default();
        }
        self.sanitize_text(text.lines().next().unwrap_or_default())
    }

    /// The innermost cause of an error, which is the specific one.
    fn innermost_cause(&self, error: &reqwest::Error) -> String {
        let cause = error_causes(error).last().map(ToString::to_string).unwrap_or_default();
        self.sanitize_text(&cause)
    }
}

/// The kind of failure of a status, and whether it may be retried.
pub(crate) fn classify_status(status: u16) -> (FailureKind, bool) {
    let retryable = matches!(status, 408 | 409 | 425 | 429 | 500 | 502..=504 | 520..=524 | 529);
    let kind = match status {
        401 | 403 => FailureKind::Auth,
        408 | 409 | 425 | 429 | 500..=599 => FailureKind::Busy,
        _ => FailureKind::Rejected,
    };
    (kind, retryable)
}

/// Cuts `text` to `max_chars` characters and marks the cut with `…`.
pub(crate) fn shorten_text(text: &str, max_chars: usize) -> String {
    match text.char_indices().nth(max_chars) {
        Some((cut, _)) => format!("{}…", text.get(..cut).unwrap_or_default().trim_end()),
        None => text.to_owned(),
    }
}

fn error_causes<'a>(error: &'a reqwest::Error) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(error.source(), |&cause| cause.source())
}

fn io_error_kind(error: &reqwest::Error) -> Option<io::ErrorKind> {
    error_causes(error)
        .filter_map(|cause| cause.downcast_ref::<io::Error>())
        .map(io::Error::kind)
        .last()
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
