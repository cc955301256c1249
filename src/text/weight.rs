//! How much work a line of Markdown makes, counted from its bytes: the unit of the limits on what is parsed and kept.
//!
//! Counted, not measured, so that an answer is cut at the same byte on every machine, however it arrived.

/// Weight of a line, whatever is in it: a block, a row.
const LINE_UNITS: usize = 3;
/// This many bytes of text weigh one unit.
const BYTES_PER_UNIT: usize = 16;
/// Containers that one line may open; more than [`super::parse::MAX_NESTING`] are not drawn, and the parser looks at each
/// of them on every later line.
const MAX_OPENED_CONTAINERS: usize = 128;

/// Weight of a tail that is parsed again with every push.
pub(crate) const SMALL_TAIL_UNITS: usize = 1024;
/// Weight of the new text after which a heavier tail is parsed again, besides an eighth of its weight.
pub(crate) const REPARSE_STEP_UNITS: usize = 128;

/// What is parsed at most; what exceeds it is plain text.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ParseLimits {
    /// Bytes of a line, which is parsed and laid out again whenever it grows.
    pub(crate) line_bytes: usize,
    /// Weight of a block that is parsed as a whole. An open code fence has no such limit, and a longer list is parsed item by
    /// item.
    pub(crate) block_units: usize,
    /// Weight of an answer.
    pub(crate) answer_units: usize,
}

impl Default for ParseLimits {
    /// Lines of 32 KiB; blocks of, for example, 800 table rows; answers of about 400 KiB of ordinary text, tables and code.
    fn default() -> Self {
        Self { line_bytes: 32 * 1024, block_units: 8 * 1024, answer_units: 96 * 1024 }
    }
}

/// Weight of a line, with or without its line end: it grows with its length and its Markdown signs.
pub(crate) fn line_weight(line: &str) -> usize {
    let signs = line.bytes().filter(|byte| is_sign(*byte)).count();
    LINE_UNITS + line.len() / BYTES_PER_UNIT + signs
}

/// Weight of complete lines.
pub(crate) fn text_weight(text: &str) -> usize {
    text.split_inclusive('\n').map(line_weight).sum()
}

fn is_sign(byte: u8) -> bool {
    matches!(
        byte,
        b'|' | b'*'
            | b'_'
            | b'`'
            | b'['
            | b']'
            | b'<'
            | b'>'
            | b'~'
            | b'$'
            | b'&'
            | b'\\'
            | b'!'
            | b'-'
            | b'+'
    )
}

/// True when the line begins with too many quote signs or list markers to be parsed.
pub(crate) fn opens_too_many_containers(line: &str) -> bool {
    let marks = line.bytes().take_while(|b| {
        matches!(b, b' ' | b'\t' | b'>' | b'-' | b'+' | b'*' | b'.' | b')' | b'0'..=b'9')
    });
    let (mut quotes, mut items, mut bytes) = (0, 0, 0);
    let mut before = b' ';
    for byte in marks {
        bytes += 1;
        quotes += usize::from(byte == b'>');
        let ends_marker = matches!(before, b'-' | b'+' | b'*' | b'.' | b')');
        items += usize::from(ends_marker && matches!(byte, b' ' | b'\t'));
        before = byte;
    }
    // A line of marks alone is a rule.
    let is_rule = quotes == 0 && bytes == line.trim_end_matches('\n').len();
    quotes > MAX_OPENED_CONTAINERS || items > MAX_OPENED_CONTAINERS && !is_rule
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weight_grows_with_length_and_signs() {
        assert_eq!(line_weight("\n"), 3);
        assert_eq!(line_weight("sixteen bytes ..\n"), 4);
        assert_eq!(line_weight("| a | **b** |\n"), 10);
        assert_eq!(text_weight("a\n\nb"), 9);
    }

    #[test]
    fn lines_that_open_too_many_containers_are_not_parsed() {
        for (line, refused) in [
            ("> ".repeat(20) + "x", false),
            ("> ".repeat(200) + "x", true),
            (">".repeat(200), true),
            ("- ".repeat(200) + "x", true),
            ("1. ".repeat(200) + "x", true),
            ("- ".repeat(200), false),
            ("-".repeat(2_000), false),
            ("1.".repeat(200) + " x", false),
        ] {
            assert_eq!(opens_too_many_containers(&line), refused, "{line:.40}");
        }
    }
}
