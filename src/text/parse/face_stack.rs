//! The face of inline text: emphasis, links and the kind of leaf.
//! A stack of what is open, nothing else.

use crate::text::{Face, Role};

/// Open emphasis and the role of the leaf.
#[derive(Debug, Default)]
pub(super) struct FaceStack {
    pub(super) bold: usize,
    pub(super) italic: usize,
    pub(super) struck: usize,
    /// Heading level of the open leaf.
    pub(super) heading: Option<u8>,
    /// The open cell is a column heading.
    pub(super) table_head: bool,
    /// Depth of quotes.
    pub(super) quotes: usize,
    /// Targets of the open links and images, and where their text began.
    pub(super) links: Vec<(String, usize)>,
}

impl FaceStack {
    /// The face of plain text.
    pub(super) fn face(&self) -> Face {
        let role = if self.links.is_empty() { self.leaf_role() } else { Role::Link };
        self.with_role(role)
    }

    /// The current emphasis with another role.
    pub(super) fn with_role(&self, role: Role) -> Face {
        Face {
            role,
            bold: self.bold > 0 || self.heading.is_some() || self.table_head,
            italic: self.italic > 0,
            struck: self.struck > 0,
        }
    }

    fn leaf_role(&self) -> Role {
        match self.heading {
            Some(1) => Role::Heading1,
            Some(2) => Role::Heading2,
            Some(_) => Role::Heading3,
            None if self.table_head => Role::TableHeader,
            None if self.quotes > 0 => Role::Quote,
            None => Role::Text,
        }
    }
}
