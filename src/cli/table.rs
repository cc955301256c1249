//! Tables as text: left-aligned columns, measured in terminal columns.
//!
//! Cells are printed verbatim; callers sanitise them.

use crate::text::width::width;

/// Number of spaces between two columns.
const GAP: usize = 2;

/// Returns the lines of a table in the order of `rows`, padded so that text appended to them is aligned too. A column that
/// is empty in all rows is left out; `has_header` excludes the first row from that test.
pub(super) fn align_columns<R: AsRef<[String]>>(rows: &[R], has_header: bool) -> Vec<String> {
    let body = || rows.iter().skip(usize::from(has_header));
    let cell_width = |row: &R, index: usize| row.as_ref().get(index).map_or(0, |cell| width(cell));
    let count = rows.iter().map(|row| row.as_ref().len()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..count)
        .map(|index| {
            if body().all(|row| cell_width(row, index) == 0) {
                return 0;
            }
            rows.iter().map(|row| cell_width(row, index)).max().unwrap_or(0)
        })
        .collect();
    let format_row = |row: &R| {
        let mut line = String::new();
        for (cell, columns) in row.as_ref().iter().zip(&widths).filter(|(_, width)| **width > 0) {
            line.push_str(cell);
            line.push_str(&" ".repeat(columns.saturating_sub(width(cell)) + GAP));
        }
        line
    };
    rows.iter().map(format_row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_without_content_are_left_out() {
        let row = |a: &str, b: &str| [a.to_owned(), b.to_owned()];
        assert_eq!(align_columns(&[row("A", "B"), row("日本", "")], true), ["A     ", "日本  "]);
        assert_eq!(align_columns(&[row("", "B"), row("", "")], false), ["B  ", "   "]);
        assert!(align_columns::<[String; 2]>(&[], true).is_empty());
    }
}
