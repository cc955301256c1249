//! Terminals disagree on the width of multi-scalar graphemes (flags, families, keycaps), which can leave stray cells
//! behind. A changed row that contains one is redrawn completely.

use std::hash::{DefaultHasher, Hash, Hasher};

use ratatui::buffer::{Buffer, Cell, CellDiffOption};

/// The rows of the last frame that contained such a grapheme.
#[derive(Debug, Default)]
pub struct MultiScalarRows {
    /// For each row with such a grapheme, a hash of its symbols.
    rows: Vec<Option<u64>>,
}

impl MultiScalarRows {
    /// Marks the cells of `buffer` that must be sent although they seem unchanged.
    pub fn mark_changed_rows(&mut self, buffer: &mut Buffer) {
        let width = usize::from(buffer.area.width).max(1);
        self.rows.resize(usize::from(buffer.area.height), None);
        for (cells, before) in buffer.content.chunks_mut(width).zip(&mut self.rows) {
            let now = cells.iter().any(is_multi_scalar).then(|| hash_symbols(cells));
            if now != *before {
                for cell in cells.iter_mut() {
                    cell.diff_option = CellDiffOption::AlwaysUpdate;
                }
                *before = now;
            }
        }
    }
}

fn is_multi_scalar(cell: &Cell) -> bool {
    let symbol = cell.symbol();
    symbol.len() > 1 && symbol.chars().nth(1).is_some()
}

fn hash_symbols(cells: &[Cell]) -> u64 {
    let mut hasher = DefaultHasher::new();
    for cell in cells {
        cell.symbol().hash(&mut hasher);
    }
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::layout::Rect;
    use ratatui::style::Style;

    fn frame(rows: [&str; 2]) -> Buffer {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 8, 2));
        for (y, row) in [0, 1].into_iter().zip(rows) {
            buffer.set_string(0, y, row, Style::new());
        }
        buffer
    }

    #[test]
    fn a_row_with_a_flag_is_sent_whole_when_it_changes_and_when_the_flag_goes() {
        let mut multi_scalar = MultiScalarRows::default();
        let mut last = frame(["", ""]);
        for (rows, sent) in [
            (["plain", "ab"], vec![0, 1]),
            (["plain", "a 🇩🇪 b"], vec![1]),
            (["plain", "a 🇩🇪 b"], vec![]),
            (["plain", "a"], vec![1]),
            (["plain", "a"], vec![]),
        ] {
            let mut next = frame(rows);
            multi_scalar.mark_changed_rows(&mut next);
            let changes = last.diff(&next);
            for y in [0_u16, 1] {
                let cells = changes.iter().filter(|(_, row, _)| *row == y).count();
                assert_eq!(cells > 0, sent.contains(&y), "{rows:?} row {y}");
                if rows[1] != "ab" && sent.contains(&y) {
                    assert!(cells >= 7, "{rows:?}: only {cells} cells of the row were sent");
                }
            }
            // The mark itself counts as a difference in the frame after it: once more, and then no more.
            for cell in &mut next.content {
                cell.diff_option = CellDiffOption::None;
            }
            last = next;
        }
    }
}
