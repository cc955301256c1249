//! The `base_url` of a provider: validated once, then only extended.
//!
//! Rejects what `domain::base_url` rejects, plain http to another machine where there is a key, and a proxy variable that
//! cannot be used. Connecting is the work of `http`.

use reqwest::Url;
use thiserror::Error;

use crate::domain::{
    BaseUrlError, Failure, FailureKind, KeySource, ProviderSpec, is_loopback_host,
    normalize_base_url,
};
use crate::machine::{Proxy, ProxyError, find_proxy};

/// Why a provider cannot be asked at its `base_url`. No message contains a user name, password or key.
#[derive(Debug, Error)]
enum EndpointError {
    #[error("base_url {0}")]
    BaseUrl(#[from] BaseUrlError),
    /// The reason of the parser.
    #[error("base_url is not an address: {0}")]
    Invalid(String),
    /// Scheme and host.
    #[error(
        "{0} would send the key over the network in the clear; use https, or set allow_insecure = true \
         for this provider"
    )]
    KeyInTheClear(String),
    /// The host would be reached through a proxy whose address is unusable.
    #[error(transparent)]
    Proxy(#[from] ProxyError),
}

/// A validated `base_url`.
#[derive(Debug, Clone)]
pub(crate) struct Endpoint {
    base: Url,
    host: String,
    label: String,
    is_loopback: bool,
    proxy: Option<Proxy>,
}

impl Endpoint {
    /// Validates the address of `spec`.
    ///
    /// # Errors
    /// The address would leak a key or cannot work.
    pub(crate) fn new(spec: &ProviderSpec) -> Result<Self, Failure> {
        Self::validate(spec).map_err(|error| {
            let mut failure =
                Failure::new(FailureKind::Connect, format!("provider {}: {error}", spec.name));
            failure.retryable = false;
            failure
        })
    }

    fn validate(spec: &ProviderSpec) -> Result<Self, EndpointError> {
        let base = Url::parse(&normalize_base_url(&spec.base_url)?.url)
            .map_err(|error| EndpointError::Invalid(error.to_string()))?;
        let name = base.host_str().unwrap_or_default();
        let is_loopback = is_loopback_host(name);
        let has_key = spec.key != KeySource::None;
        if base.scheme() == "http" && !is_loopback && has_key && !spec.allow_insecure {
            return Err(EndpointError::KeyInTheClear(origin_text(&base)));
        }
        let proxy = if is_loopback { None } else { find_proxy(base.scheme(), name)? };
        let host = base.port().map_or_else(|| name.to_owned(), |port| format!("{name}:{port}"));
        let label = format!("{} ({host})", spec.name);
        Ok(Self { base, host, label, is_loopback, proxy })
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

    /// The proxy between this machine and the host.
    pub(crate) fn proxy(&self) -> Option<&Proxy> {
        self.proxy.as_ref()
    }

    /// True for https.
    pub(crate) fn is_https(&self) -> bool {
        self.base.scheme() == "https"
    }
}

/// Scheme, host and port: the parts of an address that contain no secret.
fn origin_text(url: &Url) -> String {
    url.origin().ascii_serialization()
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
        Endpoint::new(&spec(base_url, true)).unwrap_err().message
    }

    #[test]
    fn paths_are_appended_to_every_kind_of_base_url() {
        for (base, url) in [
            ("https://llm.example.com/v1", "https://llm.example.com/v1/chat/completions"),
            ("https://llm.example.com/v1/", "https://llm.example.com/v1/chat/completions"),
            ("https://llm.example.com//", "https://llm.example.com/chat/completions"),
            ("https://llm.example.com", "https://llm.example.com/chat/completions"),
            ("https://llm.example.com/v1/v1", "https://llm.example.com/v1/chat/completions"),
            (
                "https://x.example.com/openai/deployments/d?api-version=2025-01-01",
                "https://x.example.com/openai/deployments/d/chat/completions?api-version=2025-01-01",
            ),
            ("http://[::1]:8080/v1", "http://[::1]:8080/v1/chat/completions"),
            ("https://bücher.example/v1", "https://xn--bcher-kva.example/v1/chat/completions"),
        ] {
            let endpoint = Endpoint::new(&spec(base, false)).unwrap();
            assert_eq!(endpoint.join_path("chat/completions").as_str(), url);
        }
    }

    #[test]
    fn unusable_addresses_are_rejected() {
        for (base, words) in [
            ("", "begins with https:// or http://"),
            ("llm.example.com:8080/v1", "begins with https:// or http://"),
            ("file:///etc/passwd", "expected https:// or http://"),
            ("https://:80/v1", "names no host"),
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
            let endpoint = Endpoint::new(&spec(base, true));
            assert_eq!(endpoint.is_ok(), allowed, "{base}");
            assert!(Endpoint::new(&spec(base, false)).is_ok(), "{base} without a key");
        }
        let mut permitted = spec("http://10.0.0.1/v1", true);
        permitted.allow_insecure = true;
        assert!(Endpoint::new(&permitted).is_ok());
        assert!(rejection("http://10.0.0.1/v1").contains("allow_insecure"));
    }

    #[test]
    fn messages_name_provider_and_host() {
        let endpoint = Endpoint::new(&spec("http://127.0.0.1:8080/v1", true)).unwrap();
        assert_eq!(endpoint.label(), "gateway (127.0.0.1:8080)");
        assert!(endpoint.is_loopback() && !endpoint.is_https());
        let endpoint = Endpoint::new(&spec("https://llm.example.com/v1", true)).unwrap();
        assert_eq!(endpoint.label(), "gateway (llm.example.com)");
        assert!(!endpoint.is_loopback() && endpoint.is_https());
    }
}
