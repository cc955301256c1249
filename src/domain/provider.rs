//! Settings of a provider: address, limits, and where to find its key.
//!
//! Contains no key, only where to look for it, so that a key can be neither printed with the configuration nor stored.

use std::path::PathBuf;
use std::time::Duration;

use serde::Serialize;

use super::{LocalSpec, is_loopback_host};

/// Where to find the key of a provider.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum KeySource {
    /// The provider needs no key.
    #[default]
    None,
    /// An environment variable.
    Env(String),
    /// A command that prints the key; run without a shell, for at most ten seconds.
    Cmd(Vec<String>),
    /// A file that only its owner may read.
    File(PathBuf),
}

impl KeySource {
    /// The environment variable, if the key is in one.
    pub fn variable(&self) -> Option<&str> {
        match self {
            Self::Env(name) => Some(name),
            Self::None | Self::Cmd(_) | Self::File(_) => None,
        }
    }
}

/// Time limits of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Timeouts {
    /// For establishing the connection.
    pub connect: Duration,
    /// For the first token, from the start of the request.
    pub first_token: Duration,
    /// Between two tokens; heartbeats do not count as tokens.
    pub between_tokens: Duration,
    /// Between any two bytes, including heartbeats.
    pub idle: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            first_token: Duration::from_mins(2),
            between_tokens: Duration::from_mins(3),
            idle: Duration::from_mins(1),
        }
    }
}

/// The settings of one provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ProviderSpec {
    /// Its name, before the colon in `PROVIDER:MODEL`.
    pub name: String,
    /// The wire that it speaks, such as `openai`.
    pub kind: String,
    /// Base address without a trailing slash; the wire appends its paths.
    pub base_url: String,
    /// Where to find the key.
    pub key: KeySource,
    /// Model for references that name only the provider.
    pub default_model: Option<String>,
    /// Context of its models in tokens, if known.
    pub context: Option<u32>,
    /// Token limit of an answer.
    pub max_tokens: Option<u32>,
    /// Time limits.
    pub timeouts: Timeouts,
    /// Maximum number of concurrent runs.
    pub concurrency: usize,
    /// Maximum number of attempts of a run, all before its first token.
    pub attempts: u32,
    /// Allows sending the key over plain http to another machine.
    pub allow_insecure: bool,
    /// Additional settings of the kind `local`.
    pub local: Option<LocalSpec>,
}

impl ProviderSpec {
    /// What the user should know before text is sent there unencrypted: the address is plain http to another machine.
    pub fn cleartext_notice(&self) -> Option<String> {
        let rest = self.base_url.strip_prefix("http://").filter(|_| self.local.is_none())?;
        let host = rest.split(['/', '?']).next().unwrap_or_default();
        let has_port = host.rsplit_once(':').filter(|(name, _)| !name.ends_with(':'));
        let name = match has_port {
            Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
            _ => host,
        };
        (!is_loopback_host(name)).then(|| {
            format!(
                "{}: http://{host} is not encrypted: questions and answers can be read on the way; use https if the \
                 server has it",
                self.name
            )
        })
    }

    /// Default number of concurrent runs.
    pub const CONCURRENCY: usize = 8;
    /// Default number of attempts.
    pub const ATTEMPTS: u32 = 4;

    /// Creates a provider of `kind` at `base_url` with default settings and without a key.
    pub fn new(name: &str, kind: &str, base_url: &str) -> Self {
        Self {
            name: name.to_owned(),
            kind: kind.to_owned(),
            base_url: base_url.trim_end_matches('/').to_owned(),
            key: KeySource::None,
            default_model: None,
            context: None,
            max_tokens: None,
            timeouts: Timeouts::default(),
            concurrency: Self::CONCURRENCY,
            attempts: Self::ATTEMPTS,
            allow_insecure: false,
            local: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_http_to_other_machines_is_cleartext() {
        for (url, host) in [
            ("http://10.0.0.1:8000/v1", Some("http://10.0.0.1:8000 ")),
            ("http://llm.example", Some("http://llm.example ")),
            ("http://[2001:db8::1]/v1", Some("http://[2001:db8::1] ")),
            ("http://[::1]:8080/v1", None),
            ("http://[::1]", None),
            ("http://localhost:1/v1?a=b:c", None),
            ("http://127.0.0.1", None),
            ("https://llm.example/v1", None),
        ] {
            let notice = ProviderSpec::new("gateway", "openai", url).cleartext_notice();
            match host {
                Some(host) => assert!(notice.unwrap().contains(host), "{url}"),
                None => assert_eq!(notice, None, "{url}"),
            }
        }
    }
}
