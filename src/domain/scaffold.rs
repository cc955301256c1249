//! A scaffold: the headings that the program writes into an answer, for a model too small to keep to a contract.
//!
//! Planned by `prompt` from the persona's contract, carried by a [`super::ChatRequest`], followed by `provider::local`;
//! other providers ignore it.

/// The sections of an answer, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scaffold {
    /// The sections.
    pub sections: Vec<ScaffoldSection>,
}

/// One section: what the program writes, and how much the model may add.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScaffoldSection {
    /// The heading as the persona writes it, without marks of Markdown.
    pub title: String,
    /// Columns of a table: header and rule are written too, the model fills in rows.
    pub table: Option<Vec<String>>,
    /// The most tokens that the model may write here.
    pub tokens: u32,
}
