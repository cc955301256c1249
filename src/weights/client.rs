//! The HTTP side of the hub: its address, the client, where a redirect may lead, errors in words.
//!
//! No key is ever sent. Plain http is spoken only to this machine, which is what tests and caches of one's own do.
//! Called by `hub` and, for the address that a person may open by hand, by `pull`.

use std::error::Error as _;
use std::sync::Once;
use std::time::Duration;

use reqwest::redirect::{Attempt, Policy};
use reqwest::{Client, Url};

use crate::text::sanitize_line;

/// The variable by which people name a mirror of the hub.
const ENDPOINT: &str = "HF_ENDPOINT";
/// How long a connection may take.
pub(super) const CONNECT: Duration = Duration::from_secs(10);
/// How many redirects are followed.
const REDIRECTS: usize = 10;

/// The address of a file of the hub.
pub(super) fn address(repo: &str, revision: &str, file: &str) -> Result<Url, String> {
    let named = std::env::var(ENDPOINT).ok().filter(|named| !named.trim().is_empty());
    address_at(named.as_deref(), repo, revision, file)
}

fn address_at(named: Option<&str>, repo: &str, revision: &str, file: &str) -> Result<Url, String> {
    let base = named.map_or("https://huggingface.co", |named| named.trim().trim_end_matches('/'));
    // The value is not repeated: it may hold a password.
    let wrong = |what: &str| format!("environment variable {ENDPOINT}: {what}");
    let url = Url::parse(&format!("{base}/{repo}/resolve/{revision}/{file}"))
        .map_err(|_| wrong("expected an address such as https://huggingface.co"))?;
    if !url.username().is_empty() || url.password().is_some() || url.query().is_some() {
        return Err(wrong("expected an address without a user name, password or query"));
    }
    match url.scheme() {
        "https" => Ok(url),
        "http" if is_loopback(&url) => Ok(url),
        _ => Err(wrong("expected https; plain http is spoken only to this machine")),
    }
}

/// The host as people write it, with its port where that is not the usual one.
pub(super) fn host(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let ip = host.trim_start_matches('[').trim_end_matches(']').parse::<std::net::IpAddr>();
    host == "localhost" || ip.is_ok_and(|ip| ip.is_loopback())
}

/// Builds the client for `url`. Reads the system's certificates, which takes its time.
pub(super) fn client(url: &Url) -> Result<Client, String> {
    static CRYPTO: Once = Once::new();
    CRYPTO.call_once(|| {
        // An error says that one is installed already, which is as good.
        drop(rustls::crypto::ring::default_provider().install_default());
    });
    let mut builder = Client::builder()
        .user_agent(concat!("plenary/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(CONNECT)
        .redirect(Policy::custom(redirect))
        .referer(false);
    if is_loopback(url) {
        builder = builder.no_proxy();
    }
    builder.build().map_err(|e| words(&e))
}

/// The hub sends on to its stores. From https only to https; to plain http only on this machine, and from there.
fn redirect(attempt: Attempt<'_>) -> reqwest::redirect::Action {
    let https_so_far = attempt.previous().iter().any(|url| url.scheme() == "https");
    let to = attempt.url();
    if attempt.previous().len() > REDIRECTS {
        attempt.error(format!("it sent us on more than {REDIRECTS} times"))
    } else if to.scheme() == "https" || (!https_so_far && to.scheme() == "http" && is_loopback(to))
    {
        attempt.follow()
    } else {
        let what = format!("it sent us on to {}://{}, which is not https", to.scheme(), host(to));
        attempt.error(what)
    }
}

/// The innermost reason of a failure, without addresses.
pub(super) fn words(error: &reqwest::Error) -> String {
    let mut inner = error.source();
    while let Some(deeper) = inner.and_then(std::error::Error::source) {
        inner = Some(deeper);
    }
    let reason = inner.map(|inner| sanitize_line(&inner.to_string())).unwrap_or_default();
    let connect = CONNECT.as_secs();
    match () {
        () if error.is_redirect() => reason,
        () if error.is_timeout() && error.is_connect() => {
            format!("it cannot be reached: no connection within {connect} s")
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
    fn the_address_is_the_hubs_or_the_mirrors() {
        let of = |named| address_at(named, "o/n", "v1", "f.gguf").map(String::from);
        assert_eq!(of(None).unwrap(), "https://huggingface.co/o/n/resolve/v1/f.gguf");
        for (named, url) in [
            ("https://mirror.example/", "https://mirror.example/o/n/resolve/v1/f.gguf"),
            ("https://m.example/hf", "https://m.example/hf/o/n/resolve/v1/f.gguf"),
            ("http://127.0.0.1:8000", "http://127.0.0.1:8000/o/n/resolve/v1/f.gguf"),
            ("http://[::1]:8000", "http://[::1]:8000/o/n/resolve/v1/f.gguf"),
        ] {
            assert_eq!(of(Some(named)).unwrap(), url);
        }
        for (named, said) in [
            ("http://mirror.example", "plain http is spoken only to this machine"),
            ("http://127.0.0.1.example", "plain http is spoken only to this machine"),
            ("ftp://mirror.example", "expected https"),
            ("mirror", "expected an address such as"),
            ("https://u:geheim@mirror.example", "without a user name"),
            ("https://mirror.example/?x=geheim&y=", "without a user name, password or query"),
        ] {
            let error = of(Some(named)).unwrap_err();
            assert!(error.contains(said) && error.contains("HF_ENDPOINT"), "{named}: {error}");
            assert!(!error.contains("geheim"), "{error}");
        }
    }
}
