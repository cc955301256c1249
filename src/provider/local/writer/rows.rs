//! The rows of a table that the program began and the model fills in.
//!
//! Only rows with the right number of cells are shown, so a row is made to have it. Used by `scaffold`.

use super::stops;

/// Header and rule of a table of these columns, without a line break at the end.
pub(super) fn header(columns: &[String]) -> String {
    let names: Vec<String> = columns.iter().map(|name| clean(name)).collect();
    format!("| {} |\n|{}", names.join(" | "), "---|".repeat(columns.len()))
}

/// A column's name in one line, its bars escaped.
fn clean(name: &str) -> String {
    name.split_whitespace().collect::<Vec<_>>().join(" ").replace("\\|", "|").replace('|', "\\|")
}

/// What is known of the rows of a table.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Rows {
    /// The rows that are shown, made to fit.
    pub(super) shown: Vec<String>,
    /// Where the last of them ends in the text.
    pub(super) end: usize,
    /// True when no more rows can come.
    pub(super) over: bool,
}

/// Reads the rows in `text`, which begins with the first `|`; `last` when nothing more comes, so that a last row without
/// a line break may be whole.
pub(super) fn read(text: &str, columns: &[String], last: bool) -> Rows {
    let mark = stops::find(text);
    let text = mark.and_then(|at| text.get(..at)).unwrap_or(text);
    let last = last || mark.is_some();
    let mut rows = Rows { over: mark.is_some(), ..Rows::default() };
    let mut at = 0;
    for part in text.split_inclusive('\n') {
        let line = part.trim();
        at += part.len();
        if !line.starts_with('|') {
            // A blank that is not followed by anything yet may still become a row.
            rows.over |= part.ends_with('\n') || !line.is_empty();
            return rows;
        }
        let cells = cells(line);
        let whole =
            part.ends_with('\n') || (last && ends_with_bar(line) && cells.len() >= columns.len());
        if !whole {
            return rows;
        }
        let row = fit(&cells, columns.len());
        let Some(row) = row.filter(|row| !is_header(&cells, columns) && !is_rule(row)) else {
            continue; // it wrote the header once more, or nothing
        };
        if rows.shown.contains(&row) {
            rows.over = true;
            return rows;
        }
        rows.shown.push(row);
        rows.end = at - part.len() + part.trim_end().len();
    }
    rows
}

fn ends_with_bar(line: &str) -> bool {
    line.len() > 1 && line.ends_with('|') && !line.ends_with("\\|")
}

/// The cells of a line that begins with a bar.
fn cells(line: &str) -> Vec<String> {
    let line = line.strip_prefix('|').unwrap_or(line);
    let line = if ends_with_bar(line) || line == "|" {
        line.strip_suffix('|').unwrap_or(line)
    } else {
        line
    };
    let mut cells = vec![String::new()];
    let mut escaped = false;
    for c in line.chars() {
        if c == '|' && !escaped {
            cells.push(String::new());
        } else if let Some(cell) = cells.last_mut() {
            cell.push(c);
        }
        escaped = c == '\\' && !escaped;
    }
    cells.iter().map(|cell| cell.trim().to_owned()).collect()
}

/// The row with exactly so many cells; nothing if they are all empty.
fn fit(cells: &[String], columns: usize) -> Option<String> {
    let kept: Vec<&str> = cells.iter().map(String::as_str).take(columns).collect();
    if kept.iter().all(|cell| cell.is_empty()) {
        return None;
    }
    let missing = columns - kept.len();
    let rest = "  |".repeat(missing);
    Some(format!("| {} |{rest}", kept.join(" | ")))
}

fn is_rule(row: &str) -> bool {
    row.chars().all(|c| matches!(c, '|' | '-' | ':' | ' '))
}

fn is_header(cells: &[String], columns: &[String]) -> bool {
    cells.iter().map(|cell| cell.to_lowercase()).eq(columns.iter().map(|c| clean(c).to_lowercase()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn columns() -> Vec<String> {
        ["Option", "Cost"].map(str::to_owned).to_vec()
    }

    fn shown(text: &str, last: bool) -> (Vec<String>, bool) {
        let rows = read(text, &columns(), last);
        (rows.shown, rows.over)
    }

    #[test]
    fn the_header_is_one_line_of_columns() {
        assert_eq!(header(&columns()), "| Option | Cost |\n|---|---|");
        let odd = ["a\n b".to_owned(), "c|d".to_owned(), "e\\|f".to_owned()];
        assert_eq!(header(&odd), "| a b | c\\|d | e\\|f |\n|---|---|---|");
    }

    #[test]
    fn rows_are_shown_when_they_are_whole() {
        assert_eq!(shown("| a | 1", false), (vec![], false));
        assert_eq!(shown("| a | 1 |", false), (vec![], false));
        assert_eq!(shown("| a | 1 |\n", false), (vec!["| a | 1 |".into()], false));
        assert_eq!(shown("| a | 1 |\n| b", false), (vec!["| a | 1 |".into()], false));
        assert_eq!(shown("| a | 1 |\n| b | 2 |", true).0, ["| a | 1 |", "| b | 2 |"]);
        assert_eq!(shown("| a | 1 |\n| b | 2", true).0, ["| a | 1 |"]);
        assert_eq!(shown("| a |", true).0, Vec::<String>::new());
    }

    #[test]
    fn rows_are_made_to_fit() {
        assert_eq!(shown("|a|1\n", false).0, ["| a | 1 |"]);
        assert_eq!(shown("| a |\n", false).0, ["| a |  |"]);
        assert_eq!(shown("| a | 1 | x | y |\n", false).0, ["| a | 1 |"]);
        assert_eq!(shown("| a \\| b | 1 |\n", false).0, ["| a \\| b | 1 |"]);
        assert_eq!(shown("|  | 1 |\n", false).0, ["|  | 1 |"]);
    }

    #[test]
    fn what_is_no_row_is_left_out_or_ends_the_table() {
        assert_eq!(shown("| option | COST |\n|---|:-:|\n| a | 1 |\n", false).0, ["| a | 1 |"]);
        assert_eq!(shown("|  |\n|\n||\n| a | 1 |\n", false).0, ["| a | 1 |"]);
        for end in ["\n", "So", " \n", "- x", "# y"] {
            let text = format!("| a | 1 |\n{end}");
            assert_eq!(shown(&text, false), (vec!["| a | 1 |".into()], true), "{text:?}");
        }
        assert_eq!(shown("| a | 1 |\n ", false), (vec!["| a | 1 |".into()], false));
        assert_eq!(shown("| a | 1 |<|im_end|>\n| b", false), (vec!["| a | 1 |".into()], true));
        let again = "| a | 1 |\n| b | 2 |\n| a | 1 |\n| c | 3 |\n";
        assert_eq!(shown(again, false), (vec!["| a | 1 |".into(), "| b | 2 |".into()], true));
    }

    proptest! {
        #[test]
        fn every_row_has_its_cells(text in "\\|([ab|\\\\ \n:-]){0,40}", last: bool, count in 1usize..5) {
            let columns: Vec<String> = (0..count).map(|at| format!("c{at}")).collect();
            let rows = read(&text, &columns, last);
            prop_assert!(text.is_char_boundary(rows.end));
            for row in rows.shown {
                prop_assert_eq!(cells(&row).len(), count, "{}", row);
            }
        }
    }
}
