//! A question with its addressees, ready to be sent.

use crate::domain::PersonaId;

/// A question whose addressees are known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Submission {
    /// The question as typed, with mentions and documents; this text is stored.
    pub question: String,
    /// The text to send: without mentions, with documents.
    pub sent: String,
    /// The text that is searched for triggers: without documents.
    pub trigger_text: String,
    /// The personas to ask instead of the panel; empty for the panel.
    pub targets: Vec<PersonaId>,
    /// Triggers add no persona, because the user listed the personas of the panel.
    pub panel_only: bool,
}
