//! The address of a provider: checked once when it is opened, then only appended to.
//!
//! Refuses what would leak a key (user and password in the address, a key in the query, plain http to another
//! machine) and what can never work, each with the line to write instead. Not for the connection itself (`http`).
//! Called by every kind that speaks HTTP.

use std::net::IpAddr;

use reqwest::Url;

use crate::domain::{FailKind, Failure, KeySource, ProviderSpec};

/// Names of query parameters that hold a key.
const KEY_PARAMETERS: &[&str] =
    &["key", "api_key", "apikey", "api-key", "access_token", "token", "auth"];

/// A checked base address.
#[derive(Debug, Clone)]
pub(crate) struct Endpoint {
    base: Url,
    host: String,
    who: String,
    loopback: bool,
}

impl Endpoint {
    /// Checks the address of `spec`. `tail` is what this kind appends (`chat/completions`), so that an address
    /// that already ends in it is explained rather than asked in vain.
    pub(crate) fn of(spec: &ProviderSpec, tail: &str) -> Result<Self, Failure> {
        let refuse = |what: String| {
            Failure::new(FailKind::Rejected, format!("provider {}: {what}", spec.name))
        };
        let raw = spec.base_url.trim();
        let mut base = parse(raw).map_err(refuse)?;
        check_secrets(&base).map_err(refuse)?;
        base.set_fragment(None);
        let path = base.path().trim_end_matches('/').to_owned();
        if let Some(stem) = path.strip_suffix(tail) {
            let stem = stem.trim_end_matches('/');
            return Err(refuse(format!(
                "base_url must stand without /{tail}, which is appended: write {}{stem}",
                origin(&base)
            )));
        }
        if let Some(stem) = path.strip_suffix("/v1/v1") {
            return Err(refuse(format!(
                "base_url ends in /v1 twice: write {}{stem}/v1",
                origin(&base)
            )));
        }
        base.set_path(&path);
        let loopback = is_loopback(&base);
        let keyed = spec.key != KeySource::None;
        if base.scheme() == "http" && !loopback && keyed && !spec.allow_insecure {
            return Err(refuse(format!(
                "{} would send the key over the network in the clear; use https, or set allow_insecure = true \
                 for this provider",
                origin(&base)
            )));
        }
        let name = base.host_str().unwrap_or_default();
        let host = base.port().map_or_else(|| name.to_owned(), |port| format!("{name}:{port}"));
        let who = format!("{} ({host})", spec.name);
        Ok(Self { base, host, who, loopback })
    }

    /// The address with `path` behind it; a query (Azure's `api-version`) stays.
    pub(crate) fn join(&self, path: &str) -> Url {
        let mut url = self.base.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path.split('/'));
        }
        url
    }

    /// Host and, where it is not the usual one, port.
    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    /// The provider as messages name it: `gateway (llm.example.com)`.
    pub(crate) fn who(&self) -> &str {
        &self.who
    }

    /// True when requests stay on this machine.
    pub(crate) fn is_loopback(&self) -> bool {
        self.loopback
    }

    /// True for https.
    pub(crate) fn is_https(&self) -> bool {
        self.base.scheme() == "https"
    }
}

fn parse(raw: &str) -> Result<Url, String> {
    if raw.is_empty() {
        return Err(
            "base_url is empty; write the address of its API, such as https://llm.example.com/v1"
                .into(),
        );
    }
    if !raw.contains("://") {
        // Printed only when nothing in it can be a secret.
        let shown = if raw.contains(['@', '?']) { "https://HOST/v1" } else { raw };
        let shown = crate::text::sanitize_line(shown);
        return Err(format!(
            "base_url has no scheme; write https://{}",
            shown.trim_start_matches("https://")
        ));
    }
    let url = Url::parse(raw).map_err(|error| format!("base_url is not an address: {error}"))?;
    if !matches!(url.scheme(), "http" | "https") {
        let scheme = url.scheme();
        return Err(format!("base_url begins with {scheme}://; only https:// and http:// work"));
    }
    if url.host_str().is_none_or(str::is_empty) {
        return Err("base_url names no host".into());
    }
    Ok(url)
}

fn check_secrets(url: &Url) -> Result<(), String> {
    if !url.username().is_empty() || url.password().is_some() {
        return Err(format!(
            "base_url holds a user name or password, which ends up in logs; write {} and name the key with key_env, \
             key_cmd or key_file",
            origin(url)
        ));
    }
    let bad = url
        .query_pairs()
        .find_map(|(name, _)| KEY_PARAMETERS.iter().find(|known| name.eq_ignore_ascii_case(known)));
    match bad {
        Some(name) => Err(format!(
            "base_url holds a key (?{name}=), which ends up in logs; take it out and name the key with key_env, \
             key_cmd or key_file"
        )),
        None => Ok(()),
    }
}

/// Scheme, host and port: what of an address can be shown without showing a secret.
fn origin(url: &Url) -> String {
    url.origin().ascii_serialization()
}

/// Only addresses that are loopback by themselves: a name that resolves to loopback today may not tomorrow.
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

    fn spec(base_url: &str, keyed: bool) -> ProviderSpec {
        let mut spec = ProviderSpec::new("gateway", "openai", base_url);
        if keyed {
            spec.key = KeySource::Env("GATEWAY_KEY".into());
        }
        spec
    }

    fn refused(base_url: &str) -> String {
        Endpoint::of(&spec(base_url, true), "chat/completions").unwrap_err().message
    }

    #[test]
    fn addresses_are_joined_whatever_their_tail() {
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
            let endpoint = Endpoint::of(&spec(base, false), "chat/completions").unwrap();
            assert_eq!(endpoint.join("chat/completions").as_str(), url);
        }
    }

    #[test]
    fn bad_addresses_are_refused_with_what_to_write() {
        for (base, words) in [
            ("", "is empty"),
            ("llm.example.com:8080/v1", "write https://llm.example.com:8080/v1"),
            ("file:///etc/passwd", "only https:// and http://"),
            ("https://:80/v1", "not an address"),
            ("https://llm.example.com/v1/v1", "write https://llm.example.com/v1"),
            ("https://llm.example.com/v1/chat/completions", "write https://llm.example.com/v1"),
            ("https://llm.example.com:99999/v1", "not an address"),
        ] {
            let message = refused(base);
            assert!(message.starts_with("provider gateway: "), "{message}");
            assert!(message.contains(words), "{base}: {message}");
        }
    }

    #[test]
    fn secrets_in_an_address_are_refused_and_not_printed() {
        for base in [
            "https://me:hunter2secret@llm.example.com/v1",
            "https://hunter2secret@llm.example.com/v1",
            "https://llm.example.com/v1?key=hunter2secret",
            "https://llm.example.com/v1?API_KEY=hunter2secret",
            "me:hunter2secret@llm.example.com/v1",
        ] {
            assert!(!refused(base).contains("hunter2"), "{}", refused(base));
        }
    }

    #[test]
    fn a_key_goes_over_plain_http_only_to_this_machine() {
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
            let endpoint = Endpoint::of(&spec(base, true), "chat/completions");
            assert_eq!(endpoint.is_ok(), allowed, "{base}");
            assert!(
                Endpoint::of(&spec(base, false), "chat/completions").is_ok(),
                "{base} without a key"
            );
        }
        let mut permitted = spec("http://10.0.0.1/v1", true);
        permitted.allow_insecure = true;
        assert!(Endpoint::of(&permitted, "chat/completions").is_ok());
        assert!(refused("http://10.0.0.1/v1").contains("allow_insecure"));
    }

    #[test]
    fn messages_name_provider_and_host() {
        let endpoint = Endpoint::of(&spec("http://127.0.0.1:8080/v1", true), "x").unwrap();
        assert_eq!(endpoint.who(), "gateway (127.0.0.1:8080)");
        assert!(endpoint.is_loopback() && !endpoint.is_https());
        let endpoint = Endpoint::of(&spec("https://llm.example.com/v1", true), "x").unwrap();
        assert_eq!(endpoint.who(), "gateway (llm.example.com)");
        assert!(!endpoint.is_loopback() && endpoint.is_https());
    }
}
