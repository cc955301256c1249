//! The HTTP client of the hub: file addresses, allowed redirects, error messages.
//!
//! No key is ever sent. Plain http is allowed only to this machine, for tests and local caches.

use std::error::Error as _;
use std::time::Duration;

use reqwest::redirect::{Attempt, Policy};
use reqwest::{Client, Url};

use crate::domain::is_loopback_host;
use crate::machine::{ProxyError, describe_tls_error, find_proxy, install_tls};
use crate::text::sanitize_line;

/// The environment variable that names a mirror of the hub.
const ENDPOINT_VARIABLE: &str = "HF_ENDPOINT";
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const MAX_REDIRECTS: usize = 10;

/// A mirror that cannot be used. The messages do not repeat its address, which may contain a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum EndpointError {
    /// The value is no address.
    #[error(
        "environment variable {ENDPOINT_VARIABLE}: expected an address such as https://huggingface.co"
    )]
    NotAnAddress,
    /// The address has parts that belong to no hub.
    #[error(
        "environment variable {ENDPOINT_VARIABLE}: expected an address without a user name, password or query"
    )]
    ExtraParts,
    /// Plain http to another machine, or another scheme.
    #[error(
        "environment variable {ENDPOINT_VARIABLE}: expected https; plain http is allowed only to this machine"
    )]
    NotHttps,
}

/// The address of a file of the hub, or of its mirror in `HF_ENDPOINT`.
pub(super) fn file_url(repo: &str, revision: &str, file: &str) -> Result<Url, EndpointError> {
    let mirror = std::env::var(ENDPOINT_VARIABLE).ok().filter(|value| !value.trim().is_empty());
    file_url_at(mirror.as_deref(), repo, revision, file)
}

fn file_url_at(
    mirror: Option<&str>,
    repo: &str,
    revision: &str,
    file: &str,
) -> Result<Url, EndpointError> {
    let base = mirror.map_or("https://huggingface.co", |value| value.trim().trim_end_matches('/'));
    let url = Url::parse(&format!("{base}/{repo}/resolve/{revision}/{file}"))
        .map_err(|_| EndpointError::NotAnAddress)?;
    if !url.username().is_empty() || url.password().is_some() || url.query().is_some() {
        return Err(EndpointError::ExtraParts);
    }
    match url.scheme() {
        "https" => Ok(url),
        "http" if is_loopback(&url) => Ok(url),
        _ => Err(EndpointError::NotHttps),
    }
}

/// The host, with its port unless that is the default one.
pub(super) fn host_label(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

fn is_loopback(url: &Url) -> bool {
    is_loopback_host(url.host_str().unwrap_or_default())
}

/// Checks that the proxy for `url`, if there is one, can be used.
///
/// # Errors
/// The environment variable that names it contains no usable address.
pub(super) fn check_proxy(url: &Url) -> Result<(), ProxyError> {
    if is_loopback(url) {
        return Ok(());
    }
    find_proxy(url.scheme(), url.host_str().unwrap_or_default()).map(drop)
}

/// Builds the client for `url`. Blocks while it reads the system's certificates.
pub(super) fn build_client(url: &Url) -> Result<Client, reqwest::Error> {
    install_tls();
    let mut builder = Client::builder()
        .user_agent(concat!("plenary/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(CONNECT_TIMEOUT)
        .redirect(Policy::custom(decide_redirect))
        // `hub` retries, and counts.
        .retry(reqwest::retry::never())
        .referer(false);
    if is_loopback(url) {
        builder = builder.no_proxy();
    }
    builder.build()
}

/// Follows redirects, which the hub uses to point to its storage: from https only to https, and to plain http only on
/// this machine if every earlier address was plain http too.
fn decide_redirect(attempt: Attempt<'_>) -> reqwest::redirect::Action {
    let https_so_far = attempt.previous().iter().any(|url| url.scheme() == "https");
    let to = attempt.url();
    if let Err(error) = check_proxy(to) {
        return attempt.error(error);
    }
    if attempt.previous().len() > MAX_REDIRECTS {
        attempt.error(format!("it redirected more than {MAX_REDIRECTS} times"))
    } else if to.scheme() == "https" || (!https_so_far && to.scheme() == "http" && is_loopback(to))
    {
        attempt.follow()
    } else {
        let message =
            format!("it redirected to {}://{}, which is not https", to.scheme(), host_label(to));
        attempt.error(message)
    }
}

/// A message with the innermost reason of `error` in a request to `url`, without addresses.
pub(super) fn describe_error(error: &reqwest::Error, url: &Url) -> String {
    let host = error.url().unwrap_or(url).host_str().unwrap_or_default();
    if let Some(reason) = describe_tls_error(error, host) {
        return sanitize_line(&reason);
    }
    let mut inner = error.source();
    while let Some(deeper) = inner.and_then(std::error::Error::source) {
        inner = Some(deeper);
    }
    let reason = inner.map(|inner| sanitize_line(&inner.to_string())).unwrap_or_default();
    let seconds = CONNECT_TIMEOUT.as_secs();
    match () {
        () if error.is_redirect() => reason,
        () if error.is_timeout() && error.is_connect() => {
            format!("it cannot be reached: no connection within {seconds} s")
        }
        () if error.is_connect() => format!("it cannot be reached: {reason}"),
        () if reason.is_empty() => sanitize_line(&error.to_string()),
        () => format!("the connection broke: {reason}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_of_the_hub_or_of_its_mirror() {
        let url_at = |mirror| file_url_at(mirror, "o/n", "v1", "f.gguf").map(String::from);
        assert_eq!(url_at(None).unwrap(), "https://huggingface.co/o/n/resolve/v1/f.gguf");
        for (mirror, url) in [
            ("https://mirror.example/", "https://mirror.example/o/n/resolve/v1/f.gguf"),
            ("https://m.example/hf", "https://m.example/hf/o/n/resolve/v1/f.gguf"),
            ("http://127.0.0.1:8000", "http://127.0.0.1:8000/o/n/resolve/v1/f.gguf"),
            ("http://[::1]:8000", "http://[::1]:8000/o/n/resolve/v1/f.gguf"),
        ] {
            assert_eq!(url_at(Some(mirror)).unwrap(), url);
        }
        for (mirror, expected) in [
            ("http://mirror.example", "plain http is allowed only to this machine"),
            ("http://127.0.0.1.example", "plain http is allowed only to this machine"),
            ("ftp://mirror.example", "expected https"),
            ("mirror", "expected an address such as"),
            ("https://u:geheim@mirror.example", "without a user name"),
            ("https://mirror.example/?x=geheim&y=", "without a user name, password or query"),
        ] {
            let message = url_at(Some(mirror)).unwrap_err().to_string();
            assert!(
                message.contains(expected) && message.contains("HF_ENDPOINT"),
                "{mirror}: {message}"
            );
            assert!(!message.contains("geheim"), "{message}");
        }
    }
}
