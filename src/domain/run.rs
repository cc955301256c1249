//! A run: one persona's answer to one question, and the states it goes through. The words of the states are the same in
//! panes, exports, JSON and the store.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{ModelRef, PersonaId, Recommendation, RunId, RunNotes, Usage};

/// How a run ended. The word stands in the pane's title, in exports and in the store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", tag = "state", content = "reason")]
pub enum Ending {
    /// The model said all it wanted to say.
    Done,
    /// The text is not whole: a length limit, or the stream broke; says why.
    Cut(String),
    /// The model or a filter would not answer; says why.
    Refused(String),
    /// It could not be asked; says why.
    Failed(String),
    /// The user stopped it.
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

    /// Why, where there is something to say.
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Cut(why) | Self::Refused(why) | Self::Failed(why) => Some(why),
            Self::Done | Self::Cancelled => None,
        }
    }

    /// Puts word and reason together again, as the store does. An unknown word is a cut run.
    pub fn from_parts(word: &str, reason: Option<&str>) -> Self {
        let why = reason.unwrap_or_default().to_owned();
        match word {
            "done" => Self::Done,
            "refused" => Self::Refused(why),
            "failed" => Self::Failed(why),
            "cancelled" => Self::Cancelled,
            _ => Self::Cut(why),
        }
    }

    /// True when the persona answered in full.
    pub fn is_done(&self) -> bool {
        matches!(self, Self::Done)
    }
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.reason() {
            Some(why) if !why.is_empty() => write!(f, "{}: {why}", self.as_str()),
            _ => f.write_str(self.as_str()),
        }
    }
}

/// Where a run stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RunState {
    /// It waits for a free place at its provider.
    Queued,
    /// Its request is out, nothing came yet.
    Connecting,
    /// It failed and will try again.
    Retrying {
        /// Which attempt comes next.
        attempt: u32,
        /// Attempts in all.
        of: u32,
        /// When, on the program's clock (time since its start).
        at: Duration,
        /// Why it failed.
        reason: String,
    },
    /// Text or reasoning is coming.
    Streaming,
    /// It is over.
    Ended(Ending),
}

impl RunState {
    /// The state in one word; retries and endings say more elsewhere.
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

/// One persona's answer to one question, as it is stored and resumed.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    /// Its identity.
    pub id: RunId,
    /// Who answers.
    pub persona: PersonaId,
    /// The persona's name at that time, so that an old session reads right after the file is gone.
    pub persona_name: String,
    /// The persona's view at that time.
    pub view: String,
    /// Which model was asked.
    pub model: ModelRef,
    /// Where it stands.
    pub state: RunState,
    /// The answer, raw: every byte the model sent. Cleaned wherever it is shown or written out.
    pub text: String,
    /// Reasoning text, raw.
    pub reasoning: String,
    /// Token counts, once the provider told them.
    pub usage: Option<Usage>,
    /// How long it took, or has taken so far.
    pub elapsed: Duration,
    /// What the persona's prompt had to leave out to fit, and other words for its pane.
    pub notes: RunNotes,
    /// What it recommends, in the order of the text; none until it was looked for, which is done once, at its end.
    pub recommendations: Option<Vec<Recommendation>>,
}

impl Run {
    /// True when the answer has any text that can be read.
    pub fn has_text(&self) -> bool {
        !self.text.trim().is_empty()
    }
}
