//! Runs: one persona's answer to one question, and its states.
//!
//! The words of the states are the same on screen, in exports and in the store.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::visible_text::has_visible_text;
use super::{ModelRef, PersonaId, Recommendation, RunId, RunNotes, Usage};

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", tag = "state", content = "reason")]
pub enum Ending {
    /// The answer is complete.
    Done,
    /// The answer is incomplete, with the reason: a token limit, or the stream broke.
    Cut(String),
    /// The model or a filter refused to answer, with the reason.
    Refused(String),
    /// The request failed, with the reason.
    Failed(String),
    /// The user cancelled it.
    Cancelled,
}

impl Ending {
    /// `done`, `cut`, `refused`, `failed` or `cancelled`.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Cut(_) => "cut",
            Self::Refused(_) => "refused",
            Self::Failed(_) => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// The reason; none for endings that need none.
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Cut(reason) | Self::Refused(reason) | Self::Failed(reason) => Some(reason),
            Self::Done | Self::Cancelled => None,
        }
    }

    /// Parses word and reason from the store. Unknown words give `Cut`.
    pub fn from_parts(word: &str, reason: Option<&str>) -> Self {
        let reason = reason.unwrap_or_default().to_owned();
        match word {
            "done" => Self::Done,
            "refused" => Self::Refused(reason),
            "failed" => Self::Failed(reason),
            "cancelled" => Self::Cancelled,
            _ => Self::Cut(reason),
        }
    }

    /// True if the answer is complete.
    pub fn is_done(&self) -> bool {
        matches!(self, Self::Done)
    }
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.reason() {
            Some(reason) if !reason.is_empty() => write!(f, "{}: {reason}", self.as_str()),
            _ => f.write_str(self.as_str()),
        }
    }
}

/// The current state of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RunState {
    /// Waiting for a free slot of its provider.
    Queued,
    /// Requested; nothing arrived yet.
    Connecting,
    /// An attempt failed; waiting for the next one.
    Retrying {
        /// Number of the next attempt.
        attempt: u32,
        /// Maximum number of attempts.
        of: u32,
        /// When the next attempt starts, as time since the start of the program.
        at: Duration,
        /// Why the attempt failed.
        reason: String,
    },
    /// Text or reasoning arrives.
    Streaming,
    /// The run ended.
    Ended(Ending),
}

impl RunState {
    /// The state in one word.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Connecting => "connecting",
            Self::Retrying { .. } => "retrying",
            Self::Streaming => "streaming",
            Self::Ended(ending) => ending.as_str(),
        }
    }

    /// True until it has ended.
    pub fn is_live(&self) -> bool {
        !matches!(self, Self::Ended(_))
    }
}

/// One persona's answer to one question.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    /// Its id.
    pub id: RunId,
    /// The persona that answers.
    pub persona: PersonaId,
    /// The persona's name when it was asked, so that old sessions stay readable without the persona's file.
    pub persona_name: String,
    /// The persona's view when it was asked.
    pub view: String,
    /// The model that was asked.
    pub model: ModelRef,
    /// Its current state.
    pub state: RunState,
    /// The answer, raw: every byte that the model sent. Sanitised wherever it is shown or exported.
    pub text: String,
    /// Reasoning text, raw.
    pub reasoning: String,
    /// Token counts, once the provider reported them.
    pub usage: Option<Usage>,
    /// Time until its end; zero before.
    pub elapsed: Duration,
    /// Remarks, such as what was left out of the prompt.
    pub notes: RunNotes,
    /// The extracted recommendations, in the order of the text; none before the extraction, which happens once, at the
    /// end of the run.
    pub recommendations: Option<Vec<Recommendation>>,
}

impl Run {
    /// True if the answer contains anything that can be seen.
    pub fn has_text(&self) -> bool {
        has_visible_text(&self.text)
    }
}
