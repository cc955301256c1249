//! Documents in a question: the block that carries one, and the question as it is displayed.
//!
//! The format of the block is known only here. Nothing is read from disk.

use crate::domain::format::format_quantity;

const OPEN: &str = "<attachment name=\"";
const CLOSE: &str = "</attachment>";

/// `text` as a block named `name`, to be appended to a question after an empty line.
pub fn format_document(name: &str, text: &str) -> String {
    let name: String = name
        .chars()
        .map(|c| if c == '"' || c == '<' || c == '>' || c.is_control() { '_' } else { c })
        .collect();
    let end = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
    format!("{OPEN}{name}\">\n{text}{end}{CLOSE}")
}

/// The question as it is displayed: each document as a line with its name and size.
pub fn outline_question(question: &str) -> String {
    let mut shown = String::new();
    let mut rest = question;
    while let Some((before, block)) = rest.split_once(OPEN) {
        // A document may contain the closing tag; the last one before the next opening tag ends it.
        let until = block.find(OPEN).unwrap_or(block.len());
        let (here, after) = block.split_at_checked(until).unwrap_or((block, ""));
        let Some((name, text)) = here.split_once("\">\n") else { break };
        let Some(end) = text.rfind(CLOSE) else { break };
        let body = text.get(..end).unwrap_or_default();
        shown.push_str(before.trim_end());
        if !shown.is_empty() {
            shown.push('\n');
        }
        let size = format_quantity(body.lines().count(), "line");
        shown.extend(["+ ", name, ", ", &size]);
        rest = after;
    }
    shown.push_str(rest);
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_attachment_is_shown_by_name_and_size() {
        let question = format!(
            "Review this\n\n{}\n\n{}",
            format_document("a \"b\".md", "one\ntwo"),
            format_document("c", "x </attachment> y\n")
        );
        assert_eq!(outline_question(&question), "Review this\n+ a _b_.md, 2 lines\n+ c, 1 line");
        for plain in ["", "no attachment", "talks of <attachment name=\"x\"> only"] {
            assert_eq!(outline_question(plain), plain);
        }
    }
}
