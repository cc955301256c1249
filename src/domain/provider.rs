//! A provider's settings: where requests go, with what limits, and where its key is found.
//!
//! Made by `config`, used by `provider`. Holds no key: only the place to look for one, so that a key
//! can neither be printed with a configuration nor stored.

use std::path::PathBuf;
use std::time::Duration;

use serde::Serialize;

use super::LocalSpec;

/// Where a provider's key is found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum KeySource {
    /// This provider takes no key.
    #[default]
    None,
    /// An environment variable.
    Env(String),
    /// A command that prints it; run without a shell, ten seconds at most.
    Cmd(Vec<String>),
    /// A file that only its owner can read.
    File(PathBuf),
}

/// How long a request may wait, and for what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Timeouts {
    /// For the connection.
    pub connect: Duration,
    /// For the first token, counted from the request.
    pub first_token: Duration,
    /// Between two tokens; heartbeats do not count.
    pub between_tokens: Duration,
    /// Between any two bytes; heartbeats count.
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
    /// The word before the colon in `PROVIDER:MODEL`.
    pub name: String,
    /// Which wire: `openai`, and the kinds that follow.
    pub kind: String,
    /// The address that the wire's paths are appended to, without a trailing slash.
    pub base_url: String,
    /// Where the key is found.
    pub key: KeySource,
    /// The model that is asked when none is named.
    pub default_model: Option<String>,
    /// The model's context in tokens, where it is known.
    pub context: Option<u32>,
    /// The most tokens an answer may have.
    pub max_tokens: Option<u32>,
    /// Time limits.
    pub timeouts: Timeouts,
    /// How many runs may be with this provider at once.
    pub concurrency: usize,
    /// How often a request is tried in all before its first token.
    pub attempts: u32,
    /// Permits a key over plain http to a host that is not this machine.
    pub allow_insecure: bool,
    /// What only the kind `local` needs.
    pub local: Option<LocalSpec>,
}

impl ProviderSpec {
    /// Runs that may be with one provider at once, unless configured.
    pub const CONCURRENCY: usize = 8;
    /// Attempts in all, unless configured.
    pub const ATTEMPTS: u32 = 4;

    /// A provider of `kind` at `base_url`, everything else as usual and without a key.
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
