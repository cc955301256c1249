//! A question on its way to the personas.

use crate::domain::PersonaId;

/// A question whose addressees are known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Submission {
    /// As it was typed, mentions and documents included: what is stored.
    pub question: String,
    /// What is sent: without mentions, with documents.
    pub sent: String,
    /// Where triggers are looked for: without documents.
    pub trigger_text: String,
    /// Who is asked instead of the panel; empty for the panel.
    pub targets: Vec<PersonaId>,
    /// Triggers add nobody to the panel: it was chosen persona by persona.
    pub panel_only: bool,
}
