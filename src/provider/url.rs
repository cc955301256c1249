//! The `base_url` of a provider: validated once, then only extended.
//!
//! Rejects addresses that would leak a key (user name and password, a key in the query, plain http to another machine)
//! and addresses that cannot work, each with what to write instead. Connecting is the work of `http`.

use std::net::IpAddr;

use reqwest::Url;
use thiserror::Error;

use crate::domain::{FailKind, Failure, KeySource, ProviderSpec};
use crate::text::sanitize_line;

/// Names of query parameters that hold a key.
const KEY_PARAMETERS: &[&str] =
    &["key", "api_key", "apikey", "api-key", "access_token", "token", "auth"];

/// Why a `base_url` cannot be used, and what to write instead. No message contains a user name, password or key.
#[derive(Debug, Error)]
enum BaseUrlError {
    #[error("base_url is empty; write the address of its API, such as https://llm.example.com/v1")]
    Empty,
    /// The address to write, sanitised.
    #[error("base_url has no scheme; write https://{0}")]
    NoScheme(String),
    /// The reason of the parser.
    #[error("base_url is not an address: {0}")]
    Invalid(String),
    #[error("base_url begins with {0}://; only https:// and http:// work")]
    WrongScheme(String),
    #[error("base_url names no host")]
    NoHost,
    /// The address to write.
    #[error(
        "base_url holds a user name or password, which ends up in logs; write {0} and name the key with key_env, \
         key_cmd or key_file"
    )]
    HasCredentials(String),
    /// The name of the query parameter.
    #[error(
        "base_url holds a key (?{0}=), which ends up in logs; take it out and name the key with key_env, \
         key_cmd or key_file"
    )]
    HasKeyParameter(&'static str),
    #[error("base_url must not end in /{path}, which is appended: write {fix}")]
    HasEndpointPath { path: String, fix: String },
    /// The address to write.
    #[error("base_url ends in /v1 twice: write {0}")]
    DoubleVersion(String),
    /// Scheme and host.
    #[error(
        "{0} would send the key over the network in the clear; use https, or set allow_insecure = true \
         for this provider"
    )]
    KeyInTheClear(String),
}

/// A validated `base_url`.
#[derive(Debug, Clone)]
pub(crate) struct Endpoint {
    base: Url,
    host: String,
    label: String,
    is_loopback: bool,
}

impl Endpoint {
    /// Validates the address of `spec`. `path` is the path that this kind appends (`chat/completions`): a `base_url`
    /// that already ends in it is rejected, because every request would fail.
    ///
    /// # Errors
    /// The address would leak a key or cannot work.
    pub(crate) fn new(spec: &ProviderSpec, path: &str) -> Result<Self, Failure> {
        Self::validate(spec, path).map_err(|error| {
            Failure::new(FailKind::Rejected, format!("provider {}: {error}", spec.name))
        })
    }

    fn validate(spec: &ProviderSpec, endpoint_path: &str) -> Result<Self, BaseUrlError> {
        let mut base = parse_base_url(spec.base_url.trim())?;
        reject_secrets(&base)?;
        base.set_fragment(None);
        let path = base.path().trim_end_matches('/').to_owned();
        if let Some(stem) = path.strip_suffix(endpoint_path) {
            let fix = format!("{}{}", origin_text(&base), stem.trim_end_matches('/'));
            return Err(BaseUrlError::HasEndpointPath { path: endpoint_path.to_owned(), fix });
        }
        if let Some(stem) = path.strip_suffix("/v1/v1") {
            let fix = format!("{}{stem}/v1", origin_text(&base));
            return Err(BaseUrlError::DoubleVersion(fix));
        }
        base.set_path(&path);
        let is_loopback = is_loopback(&base);
        let has_key = spec.key != KeySource::None;
        if base.scheme() == "http" && !is_loopback && has_key && !spec.allow_insecure {
            return Err(BaseUrlError::KeyInTheClear(origin_text(&base)));
        }
        let name = base.host_str().unwrap_or_default();
        let host = base.port().map_or_else(|| name.to_owned(), |port| format!("{name}:{port}"));
        let label = format!("{} ({host})", spec.name);
        Ok(Self { base, host, label, is_loopback })
    }

    /// The address with `path` appended. A query (Azure's `api-version`) is kept.
    pub(crate) fn join_path(&self, path: &str) -> Url {
        let mut url = self.base.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path.split('/'));
        }
        url
    }

    /// The host, with its port unless that is the default one.
    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    /// The provider as messages name it: `gateway (llm.example.com)`.
    pub(crate) fn label(&self) -> &str {
        &self.label
    }

    /// True when requests stay on this machine.
    pub(crate) fn is_loopback(&self) -> bool {
        self.is_loopback
    }

    /// True for https.
    pub(crate) fn is_https(&self) -> bool {
        self.base.scheme() == "https"
    }
}

fn parse_base_url(raw: &str) -> Result<Url, BaseUrlError> {
    if raw.is_empty() {
        return Err(BaseUrlError::Empty);
    }
    if !raw.contains("://") {
        // Not repeated if it may contain a secret.
        let shown = if raw.contains(['@', '?']) { "HOST/v1".into() } else { sanitize_line(raw) };
        return Err(BaseUrlError::NoScheme(shown));
    }
    let url = Url::parse(raw).map_err(|error| BaseUrlError::Invalid(error.to_string()))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(BaseUrlError::WrongScheme(url.scheme().to_owned()));
    }
    if url.host_str().is_none_or(str::is_empty) {
        return Err(BaseUrlError::NoHost);
    }
    Ok(url)
}

fn reject_secrets(url: &Url) -> Result<(), BaseUrlError> {
    if !url.username().is_empty() || url.password().is_some() {
        return Err(BaseUrlError::HasCredentials(origin_text(url)));
    }
    let key_parameter = url.query_pairs().find_map(|(name, _)| {
        KEY_PARAMETERS.iter().copied().find(|known| name.eq_ignore_ascii_case(known))
    });
    key_parameter.map_or(Ok(()), |name| Err(BaseUrlError::HasKeyParameter(name)))
}

/// Scheme, host and port: the parts of an address that contain no secret.
fn origin_text(url: &Url) -> String {
    url.origin().ascii_serialization()
}

/// True for loopback addresses and `localhost`. Other names that resolve to loopback today may not do so tomorrow.
fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    match host.parse::<IpAddr>() {
        Ok(ip) => ip.to_canonical().is_loopback(),
        Err(_) => host == "localhost" || host.ends_with(".localhost"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(base_url: &str, has_key: bool) -> ProviderSpec {
        let mut spec = ProviderSpec::new("gateway", "openai", base_url);
        if has_key {
            spec.key = KeySource::Env("GATEWAY_KEY".into());
        }
        spec
    }

    fn rejection(base_url: &str) -> String {
        Endpoint::new(&spec(base_url, true), "chat/completions").unwrap_err().message
    }

    #[test]
    fn paths_are_appended_to_every_kind_of_base_url() {
        for (base, url) in [
            ("https://llm.example.com/v1", "https://llm.example.com/v1/chat/completions"),
            ("https://llm.example.com/v1/", "https://llm.example.com/v1/chat/completions"),
            ("https://llm.example.com//", "https://llm.example.com/chat/completions"),
            ("https://llm.example.com", "https://llm.example.com/chat/completions"),
            (
                "https://x.example.com/openai/deployments/d?api-version=2025-01-01",
                "https://x.example.com/openai/deployments/d/chat/completions?api-version=2025-01-01",
            ),
            ("http://[::1]:8080/v1", "http://[::1]:8080/v1/chat/completions"),
            ("https://bücher.example/v1", "https://xn--bcher-kva.example/v1/chat/completions"),
        ] {
            let endpoint = Endpoint::new(&spec(base, false), "chat/completions").unwrap();
            assert_eq!(endpoint.join_path("chat/completions").as_str(), url);
        }
    }

    #[test]
    fn unusable_addresses_are_rejected_with_what_to_write() {
        for (base, words) in [
            ("", "is empty"),
            ("llm.example.com:8080/v1", "write https://llm.example.com:8080/v1"),
            ("file:///etc/passwd", "only https:// and http://"),
            ("https://:80/v1", "not an address"),
            ("https://llm.example.com/v1/v1", "write https://llm.example.com/v1"),
            ("https://llm.example.com/v1/chat/completions", "write https://llm.example.com/v1"),
            ("https://llm.example.com:99999/v1", "not an address"),
        ] {
            let message = rejection(base);
            assert!(message.starts_with("provider gateway: "), "{message}");
            assert!(message.contains(words), "{base}: {message}");
        }
    }

    #[test]
    fn secrets_in_an_address_are_rejected_and_not_printed() {
        for base in [
            "https://me:hunter2secret@llm.example.com/v1",
            "https://hunter2secret@llm.example.com/v1",
            "https://llm.example.com/v1?key=hunter2secret",
            "https://llm.example.com/v1?API_KEY=hunter2secret",
            "me:hunter2secret@llm.example.com/v1",
        ] {
            assert!(!rejection(base).contains("hunter2"), "{}", rejection(base));
        }
    }

    #[test]
    fn keys_are_sent_over_plain_http_only_to_this_machine() {
        for (base, allowed) in [
            ("http://localhost:8080/v1", true),
            ("http://127.0.0.1/v1", true),
            ("http://127.9.9.9/v1", true),
            ("http://[::1]:11434", true),
            ("http://[::ffff:127.0.0.1]", true),
            ("http://10.0.0.1/v1", false),
            ("http://0.0.0.0:8080", false),
            ("http://localhost.example.com", false),
            ("http://llm.example.com", false),
            ("https://llm.example.com", true),
        ] {
            let endpoint = Endpoint::new(&spec(base, true), "chat/completions");
            assert_eq!(endpoint.is_ok(), allowed, "{base}");
            assert!(
                Endpoint::new(&spec(base, false), "chat/completions").is_ok(),
                "{base} without a key"
            );
        }
        let mut permitted = spec("http://10.0.0.1/v1", true);
        permitted.allow_insecure = true;
        assert!(Endpoint::new(&permitted, "chat/completions").is_ok());
        assert!(rejection("http://10.0.0.1/v1").contains("allow_insecure"));
    }

    #[test]
    fn messages_name_provider_and_host() {
        let endpoint = Endpoint::new(&spec("http://127.0.0.1:8080/v1", true), "x").unwrap();
        assert_eq!(endpoint.label(), "gateway (127.0.0.1:8080)");
        assert!(endpoint.is_loopback() && !endpoint.is_https());
        let endpoint = Endpoint::new(&spec("https://llm.example.com/v1", true), "x").unwrap();
        assert_eq!(endpoint.label(), "gateway (llm.example.com)");
        assert!(!endpoint.is_loopback() && endpoint.is_https());
    }
}
