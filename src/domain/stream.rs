//! What comes back from a model while it answers.
//!
//! [`StreamEvent`] is what a provider's decoder yields; [`RunUpdate`] is what one run of the fan-out
//! reports, retries and endings included. Sources of the rules: `provider` and its wire modules.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Ending;

/// Tokens of one run as the provider counted them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// Tokens sent: prompt, history, question.
    pub input: u64,
    /// Tokens answered, reasoning included where the provider includes it.
    pub output: u64,
    /// Of the input, how many came from the provider's cache.
    pub cached: u64,
    /// Of the output, how many were reasoning.
    pub reasoning: u64,
    /// What it cost in millionths of a US dollar, where the provider says so (OpenRouter's `usage.cost`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost_microusd: Option<u64>,
}

/// Why a model stopped on its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", tag = "kind", content = "text")]
pub enum StopReason {
    /// It had said all.
    End,
    /// It reached a limit of tokens.
    Length,
    /// It, or the provider's filter, would not answer; the words are its explanation, if any.
    Refused(String),
    /// Anything else the provider says (`tool_calls`, a word we do not know): kept and shown.
    Other(String),
}

/// One event of a provider's stream.
#[derive(Debug, Clone, PartialEq)]
pub enum StreamEvent {
    /// The connection stands and answers; the model that really answers, when the provider says.
    Open(Option<String>),
    /// What the provider does before its first text, in words; each takes the place of the one before.
    Waiting(String),
    /// Words of the provider for the person, shown beside the answer.
    Note(String),
    /// Text of the answer.
    Text(String),
    /// Reasoning text: never part of the answer.
    Reasoning(String),
    /// Token counts; the last one wins.
    Usage(Usage),
    /// The end mark. A stream that ends without one was cut.
    Stop(StopReason),
}

/// What kind of failure: decides whether it is tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FailureKind {
    /// No connection: refused, no such host, TLS.
    Connect,
    /// Nothing came within the limit.
    Timeout,
    /// An HTTP status that says "later" (408, 409, 425, 429, 5xx, 529).
    Busy,
    /// An HTTP status or an error in the stream that says "no".
    Rejected,
    /// No key, a wrong key, no right to the model.
    Auth,
    /// What came is not what this wire sends (HTML, broken JSON, a line without end).
    Garbled,
    /// The stream broke off after it had begun.
    Broken,
    /// Our own fault: a panic inside the run.
    Internal,
}

/// Why a run failed, in words for the person.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[error("{message}")]
pub struct Failure {
    /// What kind.
    pub kind: FailureKind,
    /// What failed, where, and what to do; one or two sentences, no secrets, no control characters.
    pub message: String,
    /// HTTP status, if there was one.
    pub status: Option<u16>,
    /// How long the provider asks to wait.
    #[serde(skip)]
    pub retry_after: Option<Duration>,
    /// False when trying again cannot help, whatever the kind says (`x-should-retry: false`, no credit).
    #[serde(skip)]
    pub retryable: bool,
}

impl Failure {
    /// A failure of `kind`; connect errors, time-outs and "busy" are worth another try.
    pub fn new(kind: FailureKind, message: impl Into<String>) -> Self {
        let retryable =
            matches!(kind, FailureKind::Connect | FailureKind::Timeout | FailureKind::Busy);
        Self { kind, message: message.into(), status: None, retry_after: None, retryable }
    }

    /// The same with its HTTP status.
    #[must_use]
    pub fn with_status(mut self, status: u16) -> Self {
        self.status = Some(status);
        self
    }
}

/// What one run reports to the loop; every one travels with its `RunId`.
#[derive(Debug, Clone, PartialEq)]
pub enum RunUpdate {
    /// It waits for a free place at its provider.
    Queued,
    /// An attempt begins (1 is the first).
    Connecting {
        /// Which attempt.
        attempt: u32,
    },
    /// The provider answers.
    Open {
        /// The model that answers, when the provider says.
        model: Option<String>,
    },
    /// What the provider does before its first text.
    Waiting(String),
    /// Words of the provider for the person.
    Note(String),
    /// Text of the answer.
    Text(String),
    /// Reasoning text.
    Reasoning(String),
    /// Token counts so far.
    Usage(Usage),
    /// It failed in a way that is worth another try.
    Retry {
        /// Which attempt comes next.
        attempt: u32,
        /// Attempts in all.
        of: u32,
        /// How long until then.
        wait: Duration,
        /// Why.
        reason: String,
    },
    /// It is over.
    Ended(Ending),
}
