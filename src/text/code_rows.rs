//! The rows of one code block: its header, then its lines, which only grow.
//!
//! New lines are appended and lines with new colours are replaced; other rows stay, however long the block is. Colours
//! never change the number of rows.

use unicode_segmentation::UnicodeSegmentation;

use super::block::LeafBlock;
use super::code::CodeBlock;
use super::inline::push_piece;
use super::row_margin::RowMargin;
use super::width::{fit, grapheme_width, shorten_front, width};
use super::{Face, Role, Row, RowKind, RowPiece};

/// Width of a tab stop.
const TAB_COLUMNS: usize = 4;

/// What the rows of a code block show so far.
#[derive(Debug, Default)]
pub(super) struct CodeRows {
    /// Rows before the first line: blank row and header.
    head: usize,
    /// Index of each line's first row, counted after `head`; only for complete lines.
    starts: Vec<u32>,
    /// Number of colour results that have been drawn.
    events: usize,
    /// Rows of complete lines; the rows after them show the unfinished line.
    finished: usize,
    titled: bool,
}

/// A code block to be laid out.
pub(super) struct CodeRowsInput<'a> {
    pub(super) source: &'a str,
    pub(super) block: &'a LeafBlock,
    pub(super) code: &'a CodeBlock,
    /// Number of the block in its answer, 1-based.
    pub(super) number: u32,
    pub(super) columns: usize,
    pub(super) wrap: bool,
}

impl CodeRowsInput<'_> {
    /// Lays out the whole block; `rows` contains the rows above it.
    pub(super) fn lay_out(&self, rows: &mut Vec<Row>) -> CodeRows {
        let header = self.build_header(&mut RowMargin::new(self.block, self.columns));
        rows.push(header);
        let titled = self.code.title.is_some();
        let mut state = CodeRows { head: rows.len(), titled, ..CodeRows::default() };
        self.append_lines(&mut state, rows);
        state.events = self.code.colour_events().len();
        state
    }

    /// Updates rows for a block that has grown or got colours.
    pub(super) fn extend(&self, state: &mut CodeRows, rows: &mut Vec<Row>) {
        if state.titled != self.code.title.is_some() {
            state.titled = self.code.title.is_some();
            let header = self.build_header(&mut RowMargin::new(self.block, self.columns));
            if let Some(row) = rows.get_mut(state.head.saturating_sub(1)) {
                *row = header;
            }
        }
        let known = state.starts.len();
        self.append_lines(state, rows);
        let lines = self.code.colour_events().get(state.events..).unwrap_or_default();
        for line in lines.iter().flat_map(|e| e.start as usize..e.end as usize) {
            if line < known {
                let at = state.head + state.starts.get(line).map_or(0, |s| *s as usize);
                let mut fresh = Vec::new();
                self.push_line_rows(line, &mut fresh);
                for (slot, row) in rows.iter_mut().skip(at).zip(fresh) {
                    *slot = row;
                }
            }
        }
        state.events = self.code.colour_events().len();
    }

    /// Lays out the lines after the last complete one that has rows.
    fn append_lines(&self, state: &mut CodeRows, rows: &mut Vec<Row>) {
        let known = state.starts.len();
        rows.truncate(state.head + state.finished);
        for line in known..self.code.complete_lines() {
            state.starts.push(super::inline::to_offset(rows.len() - state.head));
            self.push_line_rows(line, rows);
        }
        state.finished = rows.len() - state.head;
        for line in self.code.complete_lines()..self.code.line_count() {
            self.push_line_rows(line, rows);
        }
    }

    /// `─ 2 · yaml · .github/workflows/deploy.yml ────`
    fn build_header(&self, frame: &mut RowMargin) -> Row {
        let mut pieces = frame.next();
        let mut text = format!("─ {}", self.number);
        if !self.code.language.is_empty() {
            text.push_str(" · ");
            text.push_str(&self.code.language);
        }
        if let Some(title) = &self.code.title {
            text.push_str(" · ");
            // The end of a path says more than its beginning.
            let room = frame.columns.saturating_sub(width(&text) + 1);
            text.push_str(&shorten_front(title, room));
        }
        text.push(' ');
        let free = frame.columns.saturating_sub(width(&text));
        text.push_str(&"─".repeat(free));
        let text = fit(&text, frame.columns);
        push_piece(&mut pieces, text, Face::of(Role::CodeHeader));
        let kind = RowKind::CodeHeader(self.number);
        Row { pieces, kind, source: self.code.opening.clone() }
    }

    fn push_line_rows(&self, index: usize, rows: &mut Vec<Row>) {
        let mut frame = RowMargin::new(self.block, self.columns);
        // The marker of a list item is on the header.
        frame.next();
        let pieces = self.coloured_line(index);
        let source = self.code.line_source(self.source, index);
        let kind = RowKind::Code(self.number);
        if !self.wrap {
            let mut all = frame.next();
            for piece in &pieces {
                push_piece(&mut all, &piece.text, piece.face);
            }
            return rows.push(Row { pieces: all, kind, source });
        }
        let (mut row, mut used) = (frame.next(), 0);
        for piece in &pieces {
            for grapheme in piece.text.graphemes(true) {
                let columns = grapheme_width(grapheme);
                if used > 0 && used + columns > frame.columns {
                    let full = std::mem::replace(&mut row, frame.next());
                    rows.push(Row { pieces: full, kind, source: source.clone() });
                    used = 0;
                }
                push_piece(&mut row, grapheme, piece.face);
                used += columns;
            }
        }
        rows.push(Row { pieces: row, kind, source });
    }

    /// The line with its colours, tabs expanded.
    fn coloured_line(&self, index: usize) -> Vec<RowPiece> {
        let text = self.code.line(self.source, index);
        let mut pieces = Vec::new();
        let (mut at, mut column) = (0, 0);
        for (len, role) in self.code.line_roles(index) {
            let end = at + *len as usize;
            let Some(part) = text.get(at..end.min(text.len())) else { break };
            expand_tabs(part, *role, &mut column, &mut pieces);
            at = end.min(text.len());
        }
        expand_tabs(text.get(at..).unwrap_or_default(), Role::Code, &mut column, &mut pieces);
        pieces
    }
}

fn expand_tabs(text: &str, role: Role, column: &mut usize, pieces: &mut Vec<RowPiece>) {
    if !text.contains('\t') {
        *column += width(text);
        return push_piece(pieces, text, Face::of(role));
    }
    let mut expanded = String::with_capacity(text.len() * 2);
    for (i, part) in text.split('\t').enumerate() {
        if i > 0 {
            let blanks = TAB_COLUMNS - *column % TAB_COLUMNS;
            expanded.push_str("    ".get(..blanks).unwrap_or_default());
            *column += blanks;
        }
        expanded.push_str(part);
        *column += width(part);
    }
    push_piece(pieces, &expanded, Face::of(role));
}
