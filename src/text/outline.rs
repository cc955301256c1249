//! A document's parts for reading instead of drawing: kind, plain text, byte range, position in lists.
//!
//! Parts are the blocks that are drawn, so that what is read is what is displayed. Facets and recommendations are not known
//! here.

use std::ops::Range;

use super::ParsedMarkdown;
use super::block::{BlockBody, Edge, LeafBlock, Table};
use super::inline::{Inline, to_offset};

/// The kind of a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutlineKind {
    /// Running text.
    Paragraph,
    /// A heading of this level.
    Heading(u8),
    /// A horizontal rule.
    Rule,
    /// Code block of this number, 1-based.
    Code(u32),
    /// A table.
    Table,
    /// The rest of an answer that is too large to be read as Markdown.
    Plain,
}

/// A leaf block of a document: a paragraph, a heading, a rule, a code block or a table.
#[derive(Debug, Clone, Copy)]
pub struct OutlinePart<'a> {
    index: usize,
    block: &'a LeafBlock,
}

/// A table row as plain text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableLine<'a> {
    /// Its cells.
    pub cells: Vec<&'a str>,
    /// Its byte range of the source.
    pub span: Range<usize>,
}

impl<'a> OutlinePart<'a> {
    /// Index in the document's blocks.
    pub fn index(&self) -> usize {
        self.index
    }

    /// Its kind.
    pub fn kind(&self) -> OutlineKind {
        match &self.block.body {
            BlockBody::Paragraph(_) => OutlineKind::Paragraph,
            BlockBody::Heading(level, _) => OutlineKind::Heading(*level),
            BlockBody::Rule => OutlineKind::Rule,
            BlockBody::Code(at) => OutlineKind::Code(to_offset(at + 1)),
            BlockBody::Table(_) => OutlineKind::Table,
            BlockBody::Plain => OutlineKind::Plain,
        }
    }

    /// Its byte range of the source, with the list marker or quote sign that opens it.
    pub fn span(&self) -> Range<usize> {
        self.block.span.clone()
    }

    /// Its text without Markdown, as it is drawn; empty for code, tables, rules and plain text.
    pub fn text(&self) -> &'a str {
        self.inline_text().map_or("", |inline| &inline.text)
    }

    /// The bold beginning of its text; empty when it does not begin in bold.
    pub fn bold_lead(&self) -> &'a str {
        self.inline_text().map_or("", Inline::bold_lead)
    }

    /// True when it is inside a quote.
    pub fn is_quoted(&self) -> bool {
        self.block.edges.iter().any(|edge| matches!(edge, Edge::Quote))
    }

    /// True when it is in no list and no quote.
    pub fn is_top(&self) -> bool {
        self.block.edges.is_empty()
    }

    /// Number of lists around it.
    pub fn depth(&self) -> usize {
        self.block.edges.iter().filter(|edge| matches!(edge, Edge::Item { .. })).count()
    }

    /// The marker of the `n`-th list around it (0 is the outermost) if it is the first part of an item there: `1. `, `• `.
    pub fn marker(&self, n: usize) -> Option<&'a str> {
        let mut items = self.block.edges.iter().filter(|edge| matches!(edge, Edge::Item { .. }));
        match items.nth(n)? {
            Edge::Item { marker, .. } => marker.as_deref(),
            Edge::Quote => None,
        }
    }

    /// The column headings of a table; empty for other parts.
    pub fn columns(&self) -> Vec<&'a str> {
        self.table_body().map(|table| cell_texts(&table.head)).unwrap_or_default()
    }

    /// The rows of a table below its headings; empty for other parts.
    pub fn rows(&self) -> Vec<TableLine<'a>> {
        let line = |cells: &'a [Inline], span: &Range<usize>| TableLine {
            cells: cell_texts(cells),
            span: span.clone(),
        };
        let rows = self.table_body().map(|table| table.rows.as_slice()).unwrap_or_default();
        rows.iter().map(|row| line(&row.cells, &row.source)).collect()
    }

    fn inline_text(&self) -> Option<&'a Inline> {
        match &self.block.body {
            BlockBody::Paragraph(inline) | BlockBody::Heading(_, inline) => Some(inline),
            _ => None,
        }
    }

    fn table_body(&self) -> Option<&'a Table> {
        match &self.block.body {
            BlockBody::Table(table) => Some(table),
            _ => None,
        }
    }
}

fn cell_texts(cells: &[Inline]) -> Vec<&str> {
    cells.iter().map(|cell| &*cell.text).collect()
}

impl ParsedMarkdown {
    /// The parts in reading order.
    pub fn parts(&self) -> impl DoubleEndedIterator<Item = OutlinePart<'_>> + ExactSizeIterator {
        self.blocks().iter().enumerate().map(|(index, block)| OutlinePart { index, block })
    }

    /// The part at `index`.
    pub fn part(&self, index: usize) -> Option<OutlinePart<'_>> {
        self.blocks().get(index).map(|block| OutlinePart { index, block })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: &str = "## Risks & *gaps*\n\n**Lag:** a replica lags.\n\n1. one\n   - in `it`\n\n   more\n2. **two** x\n\n> quoted\n\n\
        | Option | Verdict |\n|---|---|\n| A | **yes** |\n| B | no |\n\n```sh\nls\n```\n\n---\n";

    #[test]
    fn parts_are_what_is_drawn() {
        let doc = ParsedMarkdown::from_raw(SOURCE);
        let shown: Vec<String> = doc
            .parts()
            .map(|part| {
                let marks: Vec<&str> =
                    (0..part.depth()).map(|n| part.marker(n).unwrap_or("_")).collect();
                format!("{:?} {:?} {:?}", part.kind(), marks.join(" "), part.text())
            })
            .collect();
        assert_eq!(
            shown,
            [
                "Heading(2) \"\" \"Risks & gaps\"",
                "Paragraph \"\" \"Lag: a replica lags.\"",
                "Paragraph \"1. \" \"one\"",
                "Paragraph \"_ • \" \"in it\"",
                "Paragraph \"_\" \"more\"",
                "Paragraph \"2. \" \"two x\"",
                "Paragraph \"\" \"quoted\"",
                "Table \"\" \"\"",
                "Code(1) \"\" \"\"",
                "Rule \"\" \"\"",
            ]
        );
        let leads: Vec<&str> =
            doc.parts().map(|p| p.bold_lead()).filter(|lead| !lead.is_empty()).collect();
        // A heading is bold from end to end.
        assert_eq!(leads, ["Risks & gaps", "Lag:", "two"]);
        assert!(doc.parts().any(|p| p.is_quoted() && p.depth() == 0));
        let table = doc.parts().find(|p| p.kind() == OutlineKind::Table).unwrap();
        assert_eq!(table.columns(), ["Option", "Verdict"]);
        let rows = table.rows();
        assert_eq!(rows.len(), 2);
        assert_eq!(rows[0].cells, ["A", "yes"]);
        assert_eq!(SOURCE.get(rows[1].span.clone()).unwrap().trim(), "| B | no |");
    }

    #[test]
    fn the_source_of_a_document_is_the_sanitised_text() {
        for raw in ["plain", "a\r\nb\r", "\u{1b}[31mred", "x\u{202e}y\u{200d}", "end\u{200d}"] {
            assert_eq!(
                ParsedMarkdown::from_raw(raw).source(),
                crate::text::sanitize(raw),
                "{raw:?}"
            );
        }
    }
}
