//! STUB: sessions as text. One file and one row in [`FORMATS`] each.

use crate::domain::Session;

/// One way to write a session.
pub struct Format {
    /// `markdown`
    pub name: &'static str,
    /// Writes it. Model text is neutralised.
    pub write: fn(&Session) -> String,
}

/// Every format there is: `text`, `markdown`, `json`.
pub const FORMATS: &[Format] = &[];
