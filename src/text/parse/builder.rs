//! Collects leaf blocks from the events of the Markdown parser.
//! Independent of streaming: it sees one source range at a time.

use std::ops::Range;

use pulldown_cmark::{Alignment, BlockQuoteKind, CodeBlockKind, Event, Tag, TagEnd};

use super::face_stack::FaceStack;
use super::{
    BlockBoundary, ItemBoundary, MAX_COLUMNS, MAX_NESTING, OpenList, ParsedBlocks, is_line_break,
};
use crate::text::block::{Align, BlockBody, Edge, LeafBlock, Table, TableRow};
use crate::text::code::CodeBlock;
use crate::text::inline::{Inline, InlineBuilder};
use crate::text::{Role, link, width};

const BULLETS: [&str; 3] = ["• ", "◦ ", "▪ "];

/// An open list item, quote or note.
struct Container {
    edge: Edge,
    /// Its start, until its first leaf exists.
    fresh: Option<usize>,
}

/// The leaves so far, and what is open.
pub(super) struct BlockBuilder<'s> {
    source: &'s str,
    out: ParsedBlocks,
    /// Open tags.
    depth: usize,
    containers: Vec<Container>,
    /// Number of containers that have been open since the last leaf.
    common: usize,
    /// Next number of each open list; none for bullets.
    lists: Vec<Option<u64>>,
    style: FaceStack,
    text: InlineBuilder,
    /// Byte range of the open leaf's text.
    span: Option<Range<usize>>,
    code: Option<CodeBlock>,
    table: Option<Table>,
    cells: usize,
    row: TableRow,
    /// The list that the range continues, until its first item begins.
    open_list: Option<OpenList>,
    /// End of the leaf before the first one, if both are in the same list.
    previous_end: Option<usize>,
}

impl<'s> BlockBuilder<'s> {
    pub(super) fn new(source: &'s str, open_list: Option<OpenList>) -> Self {
        Self {
            source,
            out: ParsedBlocks::default(),
            depth: 0,
            containers: Vec::new(),
            common: 0,
            lists: Vec::new(),
            style: FaceStack::default(),
            text: InlineBuilder::default(),
            span: None,
            code: None,
            table: None,
            cells: 0,
            row: TableRow::default(),
            open_list,
            previous_end: None,
        }
    }

    pub(super) fn finish(mut self, defines: bool) -> ParsedBlocks {
        self.out.defines |= defines;
        self.out
    }

    pub(super) fn open_tag(&mut self, tag: Tag<'_>, at: Range<usize>) {
        self.begin_top_block(&at);
        self.depth += 1;
        match tag {
            Tag::Emphasis => self.style.italic += 1,
            Tag::Strong => self.style.bold += 1,
            Tag::Strikethrough => self.style.struck += 1,
            Tag::Link { dest_url, .. } => self.open_link(&dest_url, &at, ""),
            Tag::Image { dest_url, .. } => self.open_link(&dest_url, &at, "image: "),
            block => self.start_block(block, at),
        }
    }

    fn start_block(&mut self, tag: Tag<'_>, at: Range<usize>) {
        self.flush_implicit();
        match tag {
            Tag::Paragraph | Tag::HtmlBlock => self.span = Some(at),
            Tag::Heading { level, .. } => {
                self.style.heading = Some(level as u8);
                self.span = Some(at);
            }
            Tag::BlockQuote(kind) => self.open_quote(kind, at),
            Tag::CodeBlock(kind) => self.open_code(&kind, &at),
            Tag::List(first) => self.open_list(first),
            Tag::Item => self.open_item(at.start),
            Tag::FootnoteDefinition(label) => {
                self.out.defines = true;
                self.open_marked(&format!("[^{label}] "), at.start);
            }
            Tag::Table(aligns) => self.open_table(&aligns, &at),
            Tag::TableHead => {
                self.style.table_head = true;
                self.row = TableRow { cells: Vec::new(), source: at };
                self.cells = 0;
            }
            Tag::TableRow => {
                self.row = TableRow { cells: Vec::new(), source: at };
                self.cells = 0;
            }
            _ => {}
        }
    }

    pub(super) fn close_tag(&mut self, tag: TagEnd, at: Range<usize>) {
        self.depth = self.depth.saturating_sub(1);
        match tag {
            TagEnd::Emphasis => self.style.italic = self.style.italic.saturating_sub(1),
            TagEnd::Strong => self.style.bold = self.style.bold.saturating_sub(1),
            TagEnd::Strikethrough => self.style.struck = self.style.struck.saturating_sub(1),
            TagEnd::Link | TagEnd::Image => self.close_link(&at),
            TagEnd::Paragraph | TagEnd::HtmlBlock => self.emit_paragraph(),
            TagEnd::Heading(level) => {
                self.style.heading = None;
                let (text, span) = (self.text.take(), self.span.take().unwrap_or(at.clone()));
                self.emit_leaf(span, BlockBody::Heading(level as u8, text));
            }
            TagEnd::CodeBlock => self.close_code(at.clone()),
            TagEnd::List(_) => {
                self.lists.pop();
            }
            TagEnd::Item | TagEnd::BlockQuote(_) | TagEnd::FootnoteDefinition => {
                self.close_container(tag, &at);
            }
            TagEnd::TableCell => self.close_cell(),
            TagEnd::TableHead | TagEnd::TableRow => self.close_row(),
            TagEnd::Table => {
                if let Some(table) = self.table.take() {
                    self.emit_leaf(at.clone(), BlockBody::Table(Box::new(table)));
                }
            }
            _ => {}
        }
        let silent = self.out.tops.last().is_some_and(|t| t.block == self.out.blocks.len());
        if self.depth == 0 && silent {
            self.emit_leaf(at, BlockBody::Paragraph(Inline::default()));
        }
    }

    pub(super) fn push_inline(&mut self, event: Event<'_>, at: Range<usize>) {
        if let Some(code) = &mut self.code {
            if let Event::Text(text) = event {
                code.push(self.source, &text, at);
            }
            return;
        }
        if matches!(event, Event::Rule) {
            self.begin_top_block(&at);
            self.flush_implicit();
            return self.emit_leaf(at, BlockBody::Rule);
        }
        if self.table.is_some() && self.cells >= MAX_COLUMNS {
            return;
        }
        self.extend_text_range(&at);
        let muted = self.style.with_role(Role::Muted);
        match event {
            Event::Text(text) => self.text.push(&text, self.style.face(), at),
            Event::Code(text) => self.text.push(&text, self.style.with_role(Role::InlineCode), at),
            Event::SoftBreak => self.text.push(" ", self.style.face(), at),
            Event::HardBreak => self.text.push_break(at),
            Event::InlineHtml(tag) if is_line_break(&tag) => self.text.push_break(at),
            Event::Html(tag) | Event::InlineHtml(tag) => self.text.push(&tag, muted, at),
            Event::FootnoteReference(label) => {
                self.text.push(&format!("[^{label}]"), muted, at);
            }
            Event::InlineMath(_) | Event::DisplayMath(_) => {
                let literal = self.source.get(at.clone()).unwrap_or_default().replace('\n', " ");
                self.text.push(&literal, self.style.face(), at);
            }
            Event::TaskListMarker(done) => self.mark_task(done),
            _ => {}
        }
    }

    /// Begins a top-level block.
    fn begin_top_block(&mut self, at: &Range<usize>) {
        if self.depth == 0 {
            let (block, code) = (self.out.blocks.len(), self.out.codes.len());
            self.out.tops.push(BlockBoundary { byte: at.start, block, code });
            self.out.items.clear();
            self.common = 0;
        }
    }

    /// Ends the text of a tight list item, which has no paragraph.
    fn flush_implicit(&mut self) {
        if self.table.is_none() && !self.text.is_empty() {
            self.emit_paragraph();
        }
    }

    fn extend_text_range(&mut self, at: &Range<usize>) {
        if self.table.is_none() {
            let span = self.span.get_or_insert(at.clone());
            span.end = span.end.max(at.end);
        }
    }

    fn open_link(&mut self, target: &str, at: &Range<usize>, label: &str) {
        self.extend_text_range(at);
        let start = at.start..at.start;
        self.text.push(label, self.style.with_role(Role::Muted), start);
        self.style.links.push((target.to_owned(), self.text.text().len()));
    }

    fn close_link(&mut self, at: &Range<usize>) {
        let Some((target, from)) = self.style.links.pop() else { return };
        let note = link::link_note(self.text.text().get(from..).unwrap_or_default(), &target);
        if let Some(note) = note {
            let end = at.end.saturating_sub(1)..at.end;
            self.text.push(&format!(" ({note})"), self.style.with_role(Role::Muted), end);
        }
    }

    fn open_quote(&mut self, kind: Option<BlockQuoteKind>, at: Range<usize>) {
        self.style.quotes += 1;
        self.containers.push(Container { edge: Edge::Quote, fresh: Some(at.start) });
        let Some(kind) = kind else { return };
        let name = match kind {
            BlockQuoteKind::Note => "Note",
            BlockQuoteKind::Tip => "Tip",
            BlockQuoteKind::Important => "Important",
            BlockQuoteKind::Warning => "Warning",
            BlockQuoteKind::Caution => "Caution",
        };
        let rest = self.source.get(at.clone()).unwrap_or_default();
        let line = at.start..at.start + rest.find('\n').unwrap_or(rest.len());
        self.style.bold += 1;
        self.text.push(name, self.style.face(), line.clone());
        self.style.bold -= 1;
        self.span = Some(line);
        self.emit_paragraph();
    }

    fn open_list(&mut self, first: Option<u64>) {
        let continued = self.open_list.take().filter(|_| self.out.blocks.is_empty());
        self.previous_end = continued.map(|list| list.previous_end);
        self.lists.push(continued.map_or(first, |list| list.number));
    }

    fn open_item(&mut self, at: usize) {
        // Open tags: the list, the item.
        if self.depth == 2 {
            let (block, code) = (self.out.blocks.len(), self.out.codes.len());
            let number = self.lists.last().copied().flatten();
            let start = BlockBoundary { byte: at, block, code };
            self.out.items.push(ItemBoundary { start, number });
        }
        let bullets = self.lists.iter().filter(|l| l.is_none()).count();
        let marker = match self.lists.last_mut() {
            Some(Some(number)) => {
                let marker = format!("{number}. ");
                *number = number.saturating_add(1);
                marker
            }
            _ => BULLETS.get(bullets.saturating_sub(1) % 3).copied().unwrap_or("• ").to_owned(),
        };
        self.open_marked(&marker, at);
    }

    fn open_marked(&mut self, marker: &str, at: usize) {
        self.containers.push(Container { edge: item_edge(marker), fresh: Some(at) });
    }

    fn mark_task(&mut self, done: bool) {
        let sign = if done { "[x] " } else { "[ ] " };
        if let Some(Container { edge, .. }) = self.containers.last_mut()
            && let Edge::Item { marker: Some(marker), .. } = edge
        {
            let number = if BULLETS.contains(&&**marker) { "" } else { &**marker };
            *edge = item_edge(&format!("{number}{sign}"));
        }
    }

    fn close_container(&mut self, tag: TagEnd, at: &Range<usize>) {
        self.flush_implicit();
        if self.containers.last().is_some_and(|c| c.fresh.is_some()) {
            // An empty item or quote is still drawn.
            self.emit_leaf(at.clone(), BlockBody::Paragraph(Inline::default()));
        }
        if matches!(tag, TagEnd::BlockQuote(_)) {
            self.style.quotes = self.style.quotes.saturating_sub(1);
        }
        self.containers.pop();
        self.common = self.common.min(self.containers.len());
    }

    fn open_code(&mut self, kind: &CodeBlockKind<'_>, at: &Range<usize>) {
        let block = self.source.get(at.clone()).unwrap_or_default();
        let line = at.start + block.find('\n').unwrap_or(block.len());
        self.code = Some(match kind {
            CodeBlockKind::Fenced(info) => {
                CodeBlock::new(info, at.start..line, at.end.min(line + 1))
            }
            CodeBlockKind::Indented => CodeBlock::new("", at.start..at.start, at.start),
        });
    }

    fn close_code(&mut self, at: Range<usize>) {
        if let Some(mut code) = self.code.take() {
            code.find_lines(self.source);
            let index = self.out.codes.len();
            self.out.codes.push(code);
            self.emit_leaf(at, BlockBody::Code(index));
        }
    }

    fn open_table(&mut self, aligns: &[Alignment], at: &Range<usize>) {
        let aligns: Vec<Align> = aligns
            .iter()
            .map(|a| match a {
                Alignment::Center => Align::Centre,
                Alignment::Right => Align::Right,
                Alignment::None | Alignment::Left => Align::Left,
            })
            .collect();
        let left_out = aligns.len().saturating_sub(MAX_COLUMNS);
        self.span = Some(at.clone());
        self.table = Some(Table {
            aligns: aligns.into_iter().take(MAX_COLUMNS).collect(),
            left_out,
            ..Table::default()
        });
    }

    fn close_cell(&mut self) {
        let cell = self.text.take();
        if self.cells < MAX_COLUMNS {
            self.row.cells.push(cell);
        }
        self.cells += 1;
    }

    fn close_row(&mut self) {
        let row = std::mem::take(&mut self.row);
        if let Some(table) = &mut self.table {
            if self.style.table_head {
                table.head = row.cells;
                table.head_source = row.source;
            } else {
                table.rows.push(row);
            }
        }
        self.style.table_head = false;
    }

    fn emit_paragraph(&mut self) {
        let mut text = self.text.take();
        if text.text.ends_with('\n') {
            text.text = text.text.trim_end_matches('\n').into();
        }
        let span = self.span.take().unwrap_or_default();
        self.emit_leaf(span, BlockBody::Paragraph(text));
    }

    /// Adds a leaf with the current edges.
    fn emit_leaf(&mut self, mut span: Range<usize>, body: BlockBody) {
        self.span = None;
        let gap = self.gap_before(span.start);
        let drawn = self.containers.len().min(MAX_NESTING);
        let mut edges = Vec::with_capacity(drawn);
        for container in &mut self.containers {
            if let Some(start) = container.fresh.take() {
                span.start = span.start.min(start);
            }
            if edges.len() < drawn {
                edges.push(container.edge.clone());
            }
            if let Edge::Item { marker, .. } = &mut container.edge {
                *marker = None;
            }
        }
        // The parser lets an item after a tab begin with the line end before it, which may be that of a code block.
        span.start = span.start.max(self.out.blocks.last().map_or(0, |last| last.span.end));
        // White space and line ends after a leaf are in no span.
        let text = self.source.get(span.clone()).unwrap_or_default();
        if !matches!(body, BlockBody::Code(_)) {
            span.end = span.start + text.trim_end().len().max(1).min(text.len());
        }
        self.out.blocks.push(LeafBlock { id: 0, span, edges: edges.into(), gap, body });
        self.common = self.containers.len();
    }

    /// A blank row between top-level blocks; inside a container only where the source has a blank line.
    fn gap_before(&self, start: usize) -> Option<u8> {
        let shared = u8::try_from(self.common.min(MAX_NESTING)).unwrap_or(0);
        let first = self.out.tops.last().is_none_or(|t| t.block == self.out.blocks.len());
        let last_end = match self.out.blocks.last() {
            Some(last) if !first => Some(last.span.end),
            _ => self.previous_end.filter(|_| self.out.blocks.is_empty()),
        };
        let Some(last_end) = last_end else { return Some(0) };
        // A code block's span ends with its line end.
        let between = self.source.get(last_end..start).unwrap_or_default();
        let line_over = self.source.get(..last_end).is_some_and(|s| s.ends_with('\n'));
        let mut lines = between.split('\n');
        if !line_over {
            lines.next();
        }
        lines.next_back();
        lines.any(|l| l.bytes().all(|b| matches!(b, b' ' | b'\t' | b'>'))).then_some(shared)
    }
}

fn item_edge(marker: &str) -> Edge {
    let columns = u8::try_from(width::width(marker)).unwrap_or(u8::MAX);
    Edge::Item { width: columns, marker: Some(marker.into()) }
}
