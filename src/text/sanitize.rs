//! STUB: the interface of the neutraliser. The text layer's author replaces it.

/// Neutralises text that arrives in pieces; the result does not depend on where it was cut.
#[derive(Debug, Default, Clone)]
pub struct Sanitizer {}

impl Sanitizer {
    /// Appends the neutralised form of `raw` to `out`; may hold back a few characters until it knows more.
    pub fn push(&mut self, raw: &str, out: &mut String) {
        out.push_str(raw);
    }

    /// Appends what was held back.
    pub fn finish(&mut self, _out: &mut String) {}
}

/// Neutralises a whole text: line ends and tabs stay, every other control or invisible character becomes visible.
pub fn sanitize(raw: &str) -> String {
    let mut out = String::with_capacity(raw.len());
    let mut s = Sanitizer::default();
    s.push(raw, &mut out);
    s.finish(&mut out);
    out
}

/// The same for a text that stands on one line (names, titles, messages): line ends and tabs become blanks.
pub fn sanitize_line(raw: &str) -> String {
    sanitize(raw).replace(['\n', '\t'], " ")
}
