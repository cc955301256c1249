//! Events of a model's answer while it streams.
//!
//! [`StreamEvent`] is one event of one request. [`RunUpdate`] is one event of a run, including its attempts and its
//! ending. Types only: the wires are decoded in `provider`.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Ending;

/// Token counts of one run, as reported by the provider.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// Input tokens: system prompt, history, question.
    pub input: u64,
    /// Output tokens, including reasoning if the provider includes it.
    pub output: u64,
    /// Input tokens read from the provider's cache.
    pub cached: u64,
    /// Output tokens of reasoning.
    pub reasoning: u64,
    /// Cost in millionths of a US dollar, if the provider reports it (OpenRouter's `usage.cost`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost_microusd: Option<u64>,
}

/// Why a model stopped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", tag = "kind", content = "text")]
pub enum StopReason {
    /// The answer is complete.
    End,
    /// A token limit was reached.
    Length,
    /// The model or the provider's filter refused, with an explanation if there is one.
    Refused(String),
    /// Any other reason of the provider (`tool_calls`, an unknown word), kept to be shown.
    Other(String),
}

/// One event of a request.
#[derive(Debug, Clone, PartialEq)]
pub enum StreamEvent {
    /// The provider responds, with the model that answers if it reports it.
    Open(Option<String>),
    /// What the provider does before the first text. Replaces the previous status.
    Waiting(String),
    /// A note of the provider for the user, shown with the answer.
    Note(String),
    /// Text of the answer.
    Text(String),
    /// Reasoning text, never part of the answer.
    Reasoning(String),
    /// Token counts so far; later ones replace earlier ones.
    Usage(Usage),
    /// The end of the answer. A stream that ends without it was cut.
    Stop(StopReason),
}

/// Classification of a failure. Decides whether another attempt is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FailureKind {
    /// No connection: refused, unknown host, TLS error.
    Connect,
    /// A time limit was exceeded.
    Timeout,
    /// A temporary HTTP status (408, 409, 425, 429, 5xx, 529).
    Busy,
    /// A permanent HTTP status, or an error in the stream.
    Rejected,
    /// No key, a wrong key, or no permission for the model.
    Auth,
    /// The response violates the wire's format (HTML, invalid JSON, an endless line).
    Garbled,
    /// The stream broke off after its start.
    Broken,
    /// A bug of this program: a panic inside the run.
    Internal,
}

/// Why an attempt failed, with a message for the user.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[error("{message}")]
pub struct Failure {
    /// Its classification.
    pub kind: FailureKind,
    /// What failed and what to do, in one or two sentences without secrets and control characters.
    pub message: String,
    /// HTTP status, if any.
    pub status: Option<u16>,
    /// Delay that the provider asks for.
    #[serde(skip)]
    pub retry_after: Option<Duration>,
    /// False if another attempt is useless, whatever the kind (`x-should-retry: false`, no credit).
    #[serde(skip)]
    pub retryable: bool,
}

impl Failure {
    /// Creates a failure. Connection errors, timeouts and temporary statuses allow another attempt.
    pub fn new(kind: FailureKind, message: impl Into<String>) -> Self {
        let retryable =
            matches!(kind, FailureKind::Connect | FailureKind::Timeout | FailureKind::Busy);
        Self { kind, message: message.into(), status: None, retry_after: None, retryable }
    }

    /// Sets the HTTP status.
    #[must_use]
    pub fn with_status(mut self, status: u16) -> Self {
        self.status = Some(status);
        self
    }
}

/// One event of a run.
#[derive(Debug, Clone, PartialEq)]
pub enum RunUpdate {
    /// Waiting for a free slot of its provider.
    Queued,
    /// An attempt starts.
    Connecting {
        /// Number of the attempt, from 1.
        attempt: u32,
    },
    /// The provider responds.
    Open {
        /// The model that answers, if the provider reports it.
        model: Option<String>,
    },
    /// What the provider does before the first text.
    Waiting(String),
    /// A note of the provider for the user.
    Note(String),
    /// Text of the answer.
    Text(String),
    /// Reasoning text.
    Reasoning(String),
    /// Token counts so far.
    Usage(Usage),
    /// An attempt failed; another one follows.
    Retry {
        /// Number of the next attempt.
        attempt: u32,
        /// Maximum number of attempts.
        of: u32,
        /// Time until the next attempt.
        wait: Duration,
        /// Why the attempt failed.
        reason: String,
    },
    /// The run ended.
    Ended(Ending),
}
