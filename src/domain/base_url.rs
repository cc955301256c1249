//! Validates and normalises the `base_url` of a provider.
//!
//! Works on the text alone: no lookup, no connection. Whether a key may be sent to the address is decided by
//! `provider::url`, which also converts host names to punycode.

use core::net::IpAddr;

use thiserror::Error;

use super::key_shapes::is_key_name;

/// The path that every request to an OpenAI-compatible server appends.
const CHAT_PATH: &str = "/chat/completions";

/// Why a `base_url` cannot be used. No message repeats the address: it may contain a password.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum BaseUrlError {
    /// There is no `://`.
    #[error("expected an address that begins with https:// or http://")]
    NoScheme,
    /// Another scheme, such as `file`.
    #[error("expected https:// or http://; other schemes are not supported")]
    OtherScheme,
    /// A `#fragment`.
    #[error("holds a fragment; only a query may follow the path")]
    HasFragment,
    /// Whitespace or control characters.
    #[error("holds a blank or a control character")]
    HasBlank,
    /// `user:password@host`.
    #[error("holds a user name or password; use key_env, key_cmd or key_file")]
    HasCredentials,
    /// A query parameter that holds a key; with its name.
    #[error("holds a key (?{0}=), which ends up in logs; use key_env, key_cmd or key_file")]
    HasKey(String),
    /// Nothing between the scheme and the path.
    #[error("names no host")]
    NoHost,
}

/// A `base_url` as it is used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseUrl {
    /// The address without a trailing slash; a query is kept.
    pub url: String,
    /// True when the path was corrected: a doubled `/v1` or `/chat/completions` was removed.
    pub is_corrected: bool,
}

/// Checks and normalises the `base_url` of a provider.
///
/// # Errors
/// The address cannot work, or contains a user name, password or key.
pub fn normalize_base_url(text: &str) -> Result<BaseUrl, BaseUrlError> {
    let (scheme, rest) = text.trim().split_once("://").ok_or(BaseUrlError::NoScheme)?;
    let scheme = scheme.to_ascii_lowercase();
    if scheme != "http" && scheme != "https" {
        return Err(BaseUrlError::OtherScheme);
    }
    if rest.contains('#') {
        return Err(BaseUrlError::HasFragment);
    }
    if rest.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err(BaseUrlError::HasBlank);
    }
    let (rest, query) = rest.split_once('?').map_or((rest, None), |(rest, q)| (rest, Some(q)));
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    if host.contains('@') {
        return Err(BaseUrlError::HasCredentials);
    }
    if host.is_empty() || host.starts_with(':') {
        return Err(BaseUrlError::NoHost);
    }
    let names = query.into_iter().flat_map(|query| query.split(['&', ';'])).map(parameter_name);
    if let Some(name) = names.into_iter().find(|name| is_key_name(name)) {
        return Err(BaseUrlError::HasKey(name.to_owned()));
    }
    let given = path.trim_end_matches('/');
    let path = correct_path(given);
    let slash = if path.is_empty() { "" } else { "/" };
    let query = query.filter(|query| !query.is_empty()).map(|query| format!("?{query}"));
    let url = format!("{scheme}://{host}{slash}{path}{}", query.unwrap_or_default());
    Ok(BaseUrl { url, is_corrected: path != given })
}

/// The host of an address, with its port if it names one; empty when there is none.
pub fn host_of(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    // A backslash ends the host, too: that is how requests read it.
    rest.split(['/', '\\', '?', '#']).next().unwrap_or_default()
}

/// True if the host of an address is this machine: a loopback address, also in brackets, or `localhost`. Other names that
/// resolve to loopback today may not do so tomorrow.
pub fn is_loopback_host(host: &str) -> bool {
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    match host.parse::<IpAddr>() {
        Ok(ip) => ip.to_canonical().is_loopback(),
        Err(_) => host == "localhost" || host.ends_with(".localhost"),
    }
}

fn parameter_name(parameter: &str) -> &str {
    parameter.split_once('=').map_or(parameter, |(name, _)| name)
}

/// Removes `/chat/completions`, which requests append, and all but one `/v1` from the end of a path.
fn correct_path(given: &str) -> &str {
    let mut path = given.strip_suffix(CHAT_PATH).unwrap_or(given);
    if path == CHAT_PATH.trim_start_matches('/') {
        path = "";
    }
    while let Some(stem) = path.strip_suffix("v1/v1").filter(|s| s.is_empty() || s.ends_with('/')) {
        path = path.get(..stem.len() + "v1".len()).unwrap_or(path);
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_normalised() {
        for (given, url, is_corrected) in [
            ("https://x.example/v1/", "https://x.example/v1", false),
            (" HTTPS://x.example/v1/// ", "https://x.example/v1", false),
            ("http://[::1]:8080/v1", "http://[::1]:8080/v1", false),
            ("http://127.0.0.1:1", "http://127.0.0.1:1", false),
            ("https://x.example/v1/v1", "https://x.example/v1", true),
            ("https://x.example/a/v1/v1/v1/", "https://x.example/a/v1", true),
            ("https://x.example/rv1/v1", "https://x.example/rv1/v1", false),
            ("https://x.example/v1/chat/completions", "https://x.example/v1", true),
            ("https://x.example/chat/completions", "https://x.example", true),
            ("https://bücher.example/v1", "https://bücher.example/v1", false),
            ("https://x.example/v1?", "https://x.example/v1", false),
            ("https://x.example/?api-version=1", "https://x.example?api-version=1", false),
            ("https://x.example?api-version=1&y", "https://x.example?api-version=1&y", false),
            (
                "https://x.example/d/chat/completions?api-version=2025-01-01",
                "https://x.example/d?api-version=2025-01-01",
                true,
            ),
        ] {
            let base = normalize_base_url(given).unwrap();
            assert_eq!((base.url.as_str(), base.is_corrected), (url, is_corrected), "{given}");
        }
    }

    #[test]
    fn hosts_of_this_machine_are_recognised() {
        for host in ["localhost", "a.localhost", "127.0.0.1", "127.9.9.9", "[::1]", "::1"] {
            assert!(is_loopback_host(host), "{host}");
        }
        assert!(is_loopback_host("[::ffff:127.0.0.1]"));
        for host in ["0.0.0.0", "[::]", "10.0.0.1", "localhost.example", "127.0.0.1.example", ""] {
            assert!(!is_loopback_host(host), "{host}");
        }
    }

    #[test]
    fn unusable_addresses_are_rejected_without_repeating_them() {
        for (given, words) in [
            ("x.example/v1", "begins with https://"),
            ("", "begins with https://"),
            ("me:hunter2@x.example/v1", "begins with https://"),
            ("file:///etc/passwd", "other schemes"),
            ("https://u:hunter2@x.example/v1", "user name or password"),
            ("https://hunter2@x.example/v1", "user name or password"),
            ("https://x.example/v1?key=hunter2", "holds a key (?key=)"),
            ("https://x.example/v1?a=b&API-Key=hunter2", "holds a key (?API-Key=)"),
            ("https://x.example/v1?a=b;token=hunter2", "holds a key (?token=)"),
            ("https://x.example/v1#hunter2", "fragment"),
            ("https:///v1", "names no host"),
            ("https://:80/v1", "names no host"),
            ("https://?a=b", "names no host"),
            ("https://a b/v1", "blank"),
        ] {
            let message = normalize_base_url(given).unwrap_err().to_string();
            assert!(message.contains(words), "{given}: {message}");
            assert!(!message.contains("hunter2"), "{message}");
        }
    }
}
