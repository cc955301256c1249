//! Parses Markdown into leaf blocks: pulldown-cmark's events, flattened.
//!
//! Parses a range of the source and reports where its top-level blocks begin, so that the caller can keep all but the last.
//! Independent of streaming, widths and colours.

mod builder;
mod face_stack;

use std::ops::Range;

use pulldown_cmark::{Event, Options, Parser};

use super::block::LeafBlock;
use super::code::CodeBlock;
use builder::BlockBuilder;

/// Containers that are drawn to the left of a leaf; deeper ones are parsed but not drawn.
pub(crate) const MAX_NESTING: usize = 32;
/// Columns of a table that are drawn.
pub(crate) const MAX_COLUMNS: usize = 64;

/// The blocks of a range of the source.
#[derive(Debug, Default)]
pub(crate) struct ParsedBlocks {
    /// The leaves; code indices count from the first code block of this range.
    pub(crate) blocks: Vec<LeafBlock>,
    /// The code blocks.
    pub(crate) codes: Vec<CodeBlock>,
    /// The start of each top-level block.
    pub(crate) tops: Vec<BlockBoundary>,
    /// The start of each item of the last top-level block, if it is a list.
    pub(crate) items: Vec<ItemBoundary>,
    /// A link or footnote is defined here: the meaning of earlier text may change.
    pub(crate) defines: bool,
}

/// The start of a top-level block.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct BlockBoundary {
    /// Byte offset in the source.
    pub(crate) byte: usize,
    /// Index of its first leaf.
    pub(crate) block: usize,
    /// Index of its first code block.
    pub(crate) code: usize,
}

/// The start of an item of a top-level list.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ItemBoundary {
    /// Where it starts.
    pub(crate) start: BlockBoundary,
    /// Its number; none in a list with bullets.
    pub(crate) number: Option<u64>,
}

/// The list that the range to be parsed continues.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OpenList {
    /// Number of the first item in the range; none in a list with bullets.
    pub(crate) number: Option<u64>,
    /// End of the last leaf before the range.
    pub(crate) previous_end: usize,
}

/// Parses `range` of `source` separately. With `list` it begins with an item of that list.
pub(crate) fn parse_blocks(
    source: &str,
    range: Range<usize>,
    list: Option<OpenList>,
) -> ParsedBlocks {
    let text = source.get(range.clone()).unwrap_or_default();
    let mut events = Parser::new_ext(text, markdown_options()).into_offset_iter();
    let mut builder = BlockBuilder::new(source, list);
    for (event, at) in events.by_ref() {
        let at = at.start + range.start..at.end + range.start;
        match event {
            Event::Start(tag) => builder.open_tag(tag, at),
            Event::End(tag) => builder.close_tag(tag, at),
            other => builder.push_inline(other, at),
        }
    }
    let defines = events.reference_definitions().iter().next().is_some();
    builder.finish(defines)
}

/// The dialect of Markdown for answers, on the screen and in HTML.
pub(crate) fn markdown_options() -> Options {
    Options::ENABLE_TABLES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_MATH
        | Options::ENABLE_GFM
}

/// True for `<br>` in any of its forms: the one tag that is interpreted, as tables have no other way to break a line.
pub(crate) fn is_line_break(tag: &str) -> bool {
    let name = tag.trim_start_matches('<').trim_end_matches('>').trim_end_matches('/').trim();
    name.eq_ignore_ascii_case("br")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::block::{BlockBody, Edge};

    /// One line a leaf: edges, kind and text.
    fn outline(source: &str) -> Vec<String> {
        let parsed = parse_blocks(source, 0..source.len(), None);
        let describe = |b: &LeafBlock| {
            let edges: String = b
                .edges
                .iter()
                .map(|e| match e {
                    Edge::Quote => ">".to_owned(),
                    Edge::Item { marker: Some(m), .. } => m.to_string(),
                    Edge::Item { width, .. } => " ".repeat(usize::from(*width)),
                })
                .collect();
            let body = match &b.body {
                BlockBody::Paragraph(t) => t.text.to_string(),
                BlockBody::Heading(level, t) => format!("h{level} {}", t.text),
                BlockBody::Rule => "---".to_owned(),
                BlockBody::Code(i) => format!(
                    "code {} {:?}",
                    parsed.codes[*i].language,
                    parsed.codes[*i].text(source)
                ),
                BlockBody::Table(t) => format!("table {}x{}", t.head.len(), t.rows.len()),
                BlockBody::Plain => "plain".to_owned(),
            };
            format!("{}{edges}{body}", if b.gap.is_some() { "^" } else { "" })
        };
        parsed.blocks.iter().map(describe).collect()
    }

    #[test]
    fn leaves_carry_their_containers() {
        let source = "# T\n\ntext *a*\nb\n\n1. one\n   ```yaml\n   k: v\n   ```\n2. two\n   - [x] in\n   - [ ] out\n\n> q\n>\n> r\n\n---\n";
        assert_eq!(
            outline(source),
            [
                "^h1 T",
                "^text a b",
                "^1. one",
                "   code yaml \"k: v\\n\"",
                "2. two",
                "   [x] in",
                "   [ ] out",
                "^>q",
                "^>r",
                "^---",
            ]
        );
    }

    #[test]
    fn nothing_is_swallowed() {
        for (source, want) in [
            ("-\n", "^• "),
            (">\n", "^>"),
            ("#\n", "^h1 "),
            ("<b>x</b> a<br>b", "^<b>x</b> a\nb"),
            ("<details>\n<p>x\n", "^<details>\n<p>x"),
            ("![alt](https://a.example/x.png)", "^image: alt (a.example)"),
            ("see [docs](https://a.example/x)", "^see docs (a.example)"),
            ("<https://a.example/x>", "^https://a.example/x"),
            ("cost $x_1$ and $$y_2$$", "^cost $x_1$ and $$y_2$$"),
            ("a[^1]\n\n[^1]: note\n", "^a[^1]"),
            ("| a | b |\n|---|---|\n| 1 |\n", "^table 2x1"),
            ("    indented\n", "^code  \"indented\\n\""),
        ] {
            assert_eq!(outline(source)[0], want, "{source:?}");
        }
        assert_eq!(outline("a[^1]\n\n[^1]: note\n")[1], "^[^1] note");
    }

    #[test]
    fn spans_do_not_overlap() {
        let source = "+     two words\n\t* c\n";
        let parsed = parse_blocks(source, 0..source.len(), None);
        let spans: Vec<_> = parsed.blocks.iter().map(|block| block.span.clone()).collect();
        assert_eq!(spans, [0..16, 16..20]);
    }

    #[test]
    fn depth_and_columns_are_capped() {
        let deep = format!("{}x\n", "> ".repeat(10_000));
        let parsed = parse_blocks(&deep, 0..deep.len(), None);
        assert_eq!(parsed.blocks.last().unwrap().edges.len(), MAX_NESTING);
        let wide =
            format!("{}|\n{}|\n{}|\n", "|h".repeat(2_000), "|-".repeat(2_000), "|c".repeat(2_000));
        let parsed = parse_blocks(&wide, 0..wide.len(), None);
        let BlockBody::Table(table) = &parsed.blocks[0].body else { panic!("a table") };
        assert_eq!((table.head.len(), table.left_out), (MAX_COLUMNS, 2_000 - MAX_COLUMNS));
        assert_eq!(table.rows[0].cells.len(), MAX_COLUMNS);
    }
}
