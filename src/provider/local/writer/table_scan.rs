//! Scans the rows of a table whose header plenary wrote and whose rows the model writes.
//!
//! Rows with too few or too many cells are corrected.

use super::stop_marks::find_stop_mark;

/// Header and rule of a table with these columns, without a line break at the end.
pub(super) fn table_header(columns: &[String]) -> String {
    let names: Vec<String> = columns.iter().map(|name| escape_column(name)).collect();
    format!("| {} |\n|{}", names.join(" | "), "---|".repeat(columns.len()))
}

/// The name of a column in one line, with escaped bars.
fn escape_column(name: &str) -> String {
    name.split_whitespace().collect::<Vec<_>>().join(" ").replace("\\|", "|").replace('|', "\\|")
}

/// The complete rows of a table.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct TableScan {
    /// The rows, with the right number of cells.
    pub(super) rows: Vec<String>,
    /// Byte offset of the end of the last row in the text.
    pub(super) end: usize,
    /// True if the table has ended.
    pub(super) has_ended: bool,
}

/// Scans the rows in `text`, which begins with the first `|`. If the text is final, a last row without a line break may
/// be complete too.
pub(super) fn scan_table(text: &str, columns: &[String], is_final: bool) -> TableScan {
    let mark = find_stop_mark(text);
    let text = mark.and_then(|mark| text.get(..mark)).unwrap_or(text);
    let is_final = is_final || mark.is_some();
    let mut scan = TableScan { has_ended: mark.is_some(), ..TableScan::default() };
    let mut part_start = 0;
    for part in text.split_inclusive('\n') {
        let line = part.trim();
        if !line.starts_with('|') {
            // White space at the end may be followed by another row.
            scan.has_ended |= part.ends_with('\n') || !line.is_empty();
            return scan;
        }
        let cells = split_cells(line);
        let is_complete = part.ends_with('\n')
            || (is_final && ends_with_bar(line) && cells.len() >= columns.len());
        if !is_complete {
            return scan;
        }
        // A repeated header, a rule and an empty row are skipped.
        let row = fit_row(&cells, columns.len());
        if let Some(row) = row.filter(|row| !is_header(&cells, columns) && !is_rule(row)) {
            if scan.rows.contains(&row) {
                scan.has_ended = true;
                return scan;
            }
            scan.rows.push(row);
            scan.end = part_start + part.trim_end().len();
        }
        part_start += part.len();
    }
    scan
}

fn ends_with_bar(line: &str) -> bool {
    line.len() > 1 && line.ends_with('|') && !line.ends_with("\\|")
}

/// The cells of a line that begins with a bar.
fn split_cells(line: &str) -> Vec<String> {
    let line = line.strip_prefix('|').unwrap_or(line);
    let line = if ends_with_bar(line) || line == "|" {
        line.strip_suffix('|').unwrap_or(line)
    } else {
        line
    };
    let mut cells = vec![String::new()];
    let mut is_escaped = false;
    for c in line.chars() {
        if c == '|' && !is_escaped {
            cells.push(String::new());
        } else if let Some(cell) = cells.last_mut() {
            cell.push(c);
        }
        is_escaped = c == '\\' && !is_escaped;
    }
    cells.iter().map(|cell| cell.trim().to_owned()).collect()
}

/// A row of these cells with exactly `columns` cells. None if all are empty.
fn fit_row(cells: &[String], columns: usize) -> Option<String> {
    let kept: Vec<&str> = cells.iter().map(String::as_str).take(columns).collect();
    if kept.iter().all(|cell| cell.is_empty()) {
        return None;
    }
    let missing = "  |".repeat(columns - kept.len());
    Some(format!("| {} |{missing}", kept.join(" | ")))
}

fn is_rule(row: &str) -> bool {
    row.chars().all(|c| matches!(c, '|' | '-' | ':' | ' '))
}

fn is_header(cells: &[String], columns: &[String]) -> bool {
    cells
        .iter()
        .map(|cell| cell.to_lowercase())
        .eq(columns.iter().map(|c| escape_column(c).to_lowercase()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn columns() -> Vec<String> {
        ["Option", "Cost"].map(str::to_owned).to_vec()
    }

    fn scanned_rows(text: &str, is_final: bool) -> (Vec<String>, bool) {
        let scan = scan_table(text, &columns(), is_final);
        (scan.rows, scan.has_ended)
    }

    #[test]
    fn the_header_is_one_line_of_columns() {
        assert_eq!(table_header(&columns()), "| Option | Cost |\n|---|---|");
        let odd = ["a\n b".to_owned(), "c|d".to_owned(), "e\\|f".to_owned()];
        assert_eq!(table_header(&odd), "| a b | c\\|d | e\\|f |\n|---|---|---|");
    }

    #[test]
    fn complete_rows_are_found() {
        assert_eq!(scanned_rows("| a | 1", false), (vec![], false));
        assert_eq!(scanned_rows("| a | 1 |", false), (vec![], false));
        assert_eq!(scanned_rows("| a | 1 |\n", false), (vec!["| a | 1 |".into()], false));
        assert_eq!(scanned_rows("| a | 1 |\n| b", false), (vec!["| a | 1 |".into()], false));
        assert_eq!(scanned_rows("| a | 1 |\n| b | 2 |", true).0, ["| a | 1 |", "| b | 2 |"]);
        assert_eq!(scanned_rows("| a | 1 |\n| b | 2", true).0, ["| a | 1 |"]);
        assert_eq!(scanned_rows("| a |", true).0, Vec::<String>::new());
    }

    #[test]
    fn rows_get_the_right_number_of_cells() {
        assert_eq!(scanned_rows("|a|1\n", false).0, ["| a | 1 |"]);
        assert_eq!(scanned_rows("| a |\n", false).0, ["| a |  |"]);
        assert_eq!(scanned_rows("| a | 1 | x | y |\n", false).0, ["| a | 1 |"]);
        assert_eq!(scanned_rows("| a \\| b | 1 |\n", false).0, ["| a \\| b | 1 |"]);
        assert_eq!(scanned_rows("|  | 1 |\n", false).0, ["|  | 1 |"]);
    }

    #[test]
    fn other_lines_are_skipped_or_end_the_table() {
        assert_eq!(
            scanned_rows("| option | COST |\n|---|:-:|\n| a | 1 |\n", false).0,
            ["| a | 1 |"]
        );
        assert_eq!(scanned_rows("|  |\n|\n||\n| a | 1 |\n", false).0, ["| a | 1 |"]);
        for end in ["\n", "So", " \n", "- x", "# y"] {
            let text = format!("| a | 1 |\n{end}");
            assert_eq!(scanned_rows(&text, false), (vec!["| a | 1 |".into()], true), "{text:?}");
        }
        assert_eq!(scanned_rows("| a | 1 |\n ", false), (vec!["| a | 1 |".into()], false));
        assert_eq!(
            scanned_rows("| a | 1 |<|im_end|>\n| b", false),
            (vec!["| a | 1 |".into()], true)
        );
        let again = "| a | 1 |\n| b | 2 |\n| a | 1 |\n| c | 3 |\n";
        assert_eq!(
            scanned_rows(again, false),
            (vec!["| a | 1 |".into(), "| b | 2 |".into()], true)
        );
    }

    proptest! {
        #[test]
        fn every_row_has_all_cells(text in "\\|([ab|\\\\ \n:-]){0,40}", is_final: bool, count in 1usize..5) {
            let columns: Vec<String> = (0..count).map(|at| format!("c{at}")).collect();
            let scan = scan_table(&text, &columns, is_final);
            prop_assert!(text.is_char_boundary(scan.end));
            for row in scan.rows {
                prop_assert_eq!(split_cells(&row).len(), count, "{}", row);
            }
        }
    }
}
