//! Scaffolds: headings that the program writes into an answer, for models too small to follow a contract.
//!
//! Part of a [`super::ChatRequest`]. Only the provider `local` supports them; others ignore them.

/// The sections of an answer, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scaffold {
    /// The sections.
    pub sections: Vec<ScaffoldSection>,
}

/// One section: what the program writes, and the limit for the model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScaffoldSection {
    /// The heading as in the contract, without Markdown markup.
    pub title: String,
    /// Columns of a table: the program writes its header, the model its rows.
    pub table: Option<Vec<String>>,
    /// Token limit of the section.
    pub tokens: u32,
}
