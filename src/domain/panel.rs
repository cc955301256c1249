//! A panel: a named, ordered list of personas that are asked together.

use serde::{Deserialize, Serialize};

use super::{ModelRef, PersonaId};

/// A named, ordered list of personas.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Panel {
    /// `design-review`, `full`, or a name from the user's configuration.
    pub name: String,
    /// The personas, in the order of the panes.
    pub personas: Vec<PersonaId>,
    /// The panel's model; a persona's own model takes precedence.
    pub model: Option<ModelRef>,
}
