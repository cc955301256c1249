//! Tables at any width: natural, shrunk in proportion with wrapped cells, or as records.
//!
//! A table whose columns would be too narrow to read becomes one record a row (`Column: value`). Widths are by grapheme;
//! faces, links and alignment are kept.

use std::ops::Range;

use super::block::{Align, Table};
use super::inline::{Inline, Slicer, push_piece};
use super::row_margin::{RowMargin, limit_width};
use super::wrap::{longest_word, wrap_lines};
use super::{Face, Role, Row, RowKind, RowPiece, width};

/// Columns are not made narrower than this for the sake of others …
const MIN_COLUMN: usize = 8;
/// … nor than their longest word, up to this.
const MAX_WORD: usize = 14;
/// ` │ `
const BETWEEN: usize = 3;

/// Appends the rows of `table`, whose block has the byte range `span`.
pub(super) fn push_table_rows(
    table: &Table,
    span: &Range<usize>,
    frame: &mut RowMargin,
    rows: &mut Vec<Row>,
) {
    match column_widths(table, frame.columns) {
        Some(widths) => TableGrid { table, widths }.push_rows(frame, rows),
        None => push_records(table, span, frame, rows),
    }
    if table.left_out > 0 {
        let note = format!("… {} more columns are not drawn", table.left_out);
        push_text(&note, Role::Muted, span, frame, rows);
    }
}

/// Width of every column; none when they would be too narrow.
fn column_widths(table: &Table, room: usize) -> Option<Vec<usize>> {
    let columns = table.head.len();
    if columns == 0 {
        return None;
    }
    let mut natural = vec![1; columns];
    let mut word = vec![1; columns];
    let cells = |i: usize| {
        table.head.get(i).into_iter().chain(table.rows.iter().filter_map(move |r| r.cells.get(i)))
    };
    for (i, (natural, word)) in natural.iter_mut().zip(&mut word).enumerate() {
        for cell in cells(i) {
            let lines = cell.text.split('\n').map(width::width).max().unwrap_or(0);
            *natural = (*natural).max(lines);
            *word = (*word).max(longest_word(&cell.text).min(MAX_WORD));
        }
    }
    let avail = room.checked_sub(BETWEEN * (columns - 1))?;
    if natural.iter().sum::<usize>() <= avail {
        return Some(natural);
    }
    let floor: Vec<usize> = natural
        .iter()
        .zip(&word)
        .map(
            |(natural, word)| {
                if columns == 1 { 1 } else { (*natural).min((*word).max(MIN_COLUMN)) }
            },
        )
        .collect();
    let spare = avail.checked_sub(floor.iter().sum())?;
    Some(distribute_columns(spare, floor, &natural))
}

/// Distributes `spare` columns: narrow columns get all they need first, wide ones the rest in proportion.
fn distribute_columns(mut spare: usize, mut widths: Vec<usize>, natural: &[usize]) -> Vec<usize> {
    let fair = (spare + widths.iter().sum::<usize>()) / widths.len().max(1);
    for (width, natural) in widths.iter_mut().zip(natural) {
        let wanted = natural - *width;
        if *natural <= fair && wanted <= spare {
            *width = *natural;
            spare -= wanted;
        }
    }
    let wanted: usize = natural.iter().zip(&widths).map(|(n, w)| n - w).sum();
    let shared = spare.min(wanted);
    let mut left = shared;
    for (width, natural) in widths.iter_mut().zip(natural) {
        let more = (natural - *width) * shared / wanted.max(1);
        *width += more;
        left -= more;
    }
    // What rounding left goes to the first columns that can use it.
    for (width, natural) in widths.iter_mut().zip(natural) {
        if left > 0 && *width < *natural {
            *width += 1;
            left -= 1;
        }
    }
    widths
}

/// A table as a grid.
struct TableGrid<'a> {
    table: &'a Table,
    widths: Vec<usize>,
}

impl TableGrid<'_> {
    fn push_rows(&self, frame: &mut RowMargin, rows: &mut Vec<Row>) {
        let table = self.table;
        self.push_cells(&table.head, &table.head_source, frame, rows);
        self.push_rule(&table.head_source, frame, rows);
        // When cells wrap, a line separates the rows.
        let wraps = table.rows.iter().any(|r| self.has_wrapped_cell(&r.cells));
        for (i, row) in table.rows.iter().enumerate() {
            if wraps && i > 0 {
                self.push_rule(&row.source, frame, rows);
            }
            self.push_cells(&row.cells, &row.source, frame, rows);
        }
    }

    fn has_wrapped_cell(&self, cells: &[Inline]) -> bool {
        cells
            .iter()
            .zip(&self.widths)
            .any(|(cell, columns)| cell.text.contains('\n') || width::width(&cell.text) > *columns)
    }

    fn push_rule(&self, source: &Range<usize>, frame: &mut RowMargin, rows: &mut Vec<Row>) {
        let mut pieces = frame.next();
        let line = self.widths.iter().map(|w| "─".repeat(*w)).collect::<Vec<_>>().join("─┼─");
        push_piece(&mut pieces, &line, Face::of(Role::TableBorder));
        rows.push(Row { pieces, kind: RowKind::Prose, source: source.end..source.end });
    }

    /// One row of cells, as high as its highest cell.
    fn push_cells(
        &self,
        cells: &[Inline],
        source: &Range<usize>,
        frame: &mut RowMargin,
        rows: &mut Vec<Row>,
    ) {
        let mut wrapped: Vec<(Slicer<'_>, std::vec::IntoIter<Range<usize>>)> = cells
            .iter()
            .zip(&self.widths)
            .map(|(cell, columns)| (cell.slicer(), wrap_lines(&cell.text, *columns).into_iter()))
            .collect();
        let height = wrapped.iter().map(|(_, lines)| lines.len()).max().unwrap_or(1);
        for _ in 0..height {
            let mut pieces = frame.next();
            for (i, columns) in self.widths.iter().enumerate() {
                if i > 0 {
                    push_piece(&mut pieces, " │ ", Face::of(Role::TableBorder));
                }
                let mut cell = Vec::new();
                if let Some((slicer, lines)) = wrapped.get_mut(i)
                    && let Some(line) = lines.next()
                {
                    slicer.cut_pieces(line, &mut cell);
                    limit_width(&mut cell, *columns);
                }
                let last = i + 1 == self.widths.len();
                pad_cell(&mut cell, *columns, self.column_align(i), last);
                for piece in cell {
                    push_piece(&mut pieces, &piece.text, piece.face);
                }
            }
            rows.push(Row { pieces, kind: RowKind::Prose, source: source.clone() });
        }
    }

    fn column_align(&self, column: usize) -> Align {
        self.table.aligns.get(column).copied().unwrap_or_default()
    }
}

/// Fills `cell` with spaces to `columns`; the last column needs none at its right.
fn pad_cell(cell: &mut Vec<RowPiece>, columns: usize, align: Align, last: bool) {
    let used: usize = cell.iter().map(|p| width::width(&p.text)).sum();
    let free = columns.saturating_sub(used);
    let left = match align {
        Align::Left => 0,
        Align::Centre => free / 2,
        Align::Right => free,
    };
    if left > 0 {
        cell.insert(0, RowPiece { text: " ".repeat(left).into(), face: Face::default() });
    }
    if free > left && !last {
        push_piece(cell, &" ".repeat(free - left), Face::default());
    }
}

/// One record a row: its first cell as title, the others as `Column: value`.
fn push_records(table: &Table, span: &Range<usize>, frame: &mut RowMargin, rows: &mut Vec<Row>) {
    if table.rows.is_empty() {
        for head in &table.head {
            push_line(&record_line(None, head, false), &table.head_source, frame, rows);
        }
    }
    for (n, row) in table.rows.iter().enumerate() {
        if n > 0 {
            let mut pieces = frame.next();
            let line = "─".repeat(frame.columns.min(MIN_COLUMN));
            push_piece(&mut pieces, &line, Face::of(Role::TableBorder));
            let at = row.source.start.min(span.end);
            rows.push(Row { pieces, kind: RowKind::Prose, source: at..at });
        }
        for (i, cell) in row.cells.iter().enumerate() {
            let title = i == 0;
            if title || !cell.text.is_empty() {
                let head = table.head.get(i).filter(|h| !h.text.is_empty());
                push_line(&record_line(head, cell, title), &row.source, frame, rows);
            }
        }
    }
}

/// `Column: value`; the title of a record is bold.
fn record_line(head: Option<&Inline>, value: &Inline, title: bool) -> Vec<RowPiece> {
    let mut pieces = Vec::new();
    if let Some(head) = head {
        head.slicer().cut_pieces(0..head.text.len(), &mut pieces);
        push_piece(&mut pieces, ": ", Face { bold: true, ..Face::of(Role::TableHeader) });
    }
    let from = pieces.len();
    value.slicer().cut_pieces(0..value.text.len(), &mut pieces);
    if title {
        pieces.iter_mut().skip(from).for_each(|p| p.face.bold = true);
    }
    pieces
}

/// Wraps a line of a record; its later rows are indented by two columns.
fn push_line(
    pieces: &[RowPiece],
    source: &Range<usize>,
    frame: &mut RowMargin,
    rows: &mut Vec<Row>,
) {
    let text: String = pieces.iter().map(|p| &*p.text).collect();
    let indent = if frame.columns >= MIN_COLUMN { 2 } else { 0 };
    let Some(first) = wrap_lines(&text, frame.columns).into_iter().next() else { return };
    let after = text.get(first.end..).unwrap_or_default();
    let rest = after.trim_start_matches([' ', '\n']);
    let base = text.len() - rest.len();
    push_slice(pieces, first, source, 0, frame, rows);
    if rest.is_empty() {
        return;
    }
    for line in wrap_lines(rest, frame.columns - indent) {
        push_slice(pieces, base + line.start..base + line.end, source, indent, frame, rows);
    }
}

fn push_slice(
    from: &[RowPiece],
    range: Range<usize>,
    source: &Range<usize>,
    indent: usize,
    frame: &mut RowMargin,
    rows: &mut Vec<Row>,
) {
    let mut pieces = frame.next();
    push_piece(&mut pieces, &" ".repeat(indent), Face::default());
    let mut shown = Vec::new();
    let mut at = 0;
    for piece in from {
        let (start, end) = (range.start.max(at), range.end.min(at + piece.text.len()));
        if start < end {
            push_piece(
                &mut shown,
                piece.text.get(start - at..end - at).unwrap_or_default(),
                piece.face,
            );
        }
        at += piece.text.len();
    }
    limit_width(&mut shown, frame.columns - indent);
    pieces.append(&mut shown);
    rows.push(Row { pieces, kind: RowKind::Prose, source: source.clone() });
}

fn push_text(
    text: &str,
    role: Role,
    span: &Range<usize>,
    frame: &mut RowMargin,
    rows: &mut Vec<Row>,
) {
    let piece = [RowPiece { text: text.into(), face: Face::of(role) }];
    for line in wrap_lines(text, frame.columns) {
        push_slice(&piece, line, span, 0, frame, rows);
    }
}
