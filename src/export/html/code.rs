//! A code block as HTML: title, language, and lines with the highlighter's roles as CSS classes.
//!
//! The colours of the classes are in `page.css`. Very long blocks are not highlighted.

use std::fmt::Write;

use super::escape_html;
use crate::text::{HighlightJob, Highlighter, ParsedMarkdown, Role};

/// Longest block that is highlighted, in bytes.
const MAX_COLOURED: usize = 64 * 1024;

/// Renders code block `number` (1-based) of `document`, whose text is `text`.
pub(super) fn render_code(
    document: &ParsedMarkdown,
    number: u32,
    text: &str,
    colours: &mut Highlighter,
) -> String {
    // The renderer counts blocks as the document does. If the counts ever differ, only title and language are lost.
    let known = document.code(number) == Some(text);
    let language = document.code_language(number).filter(|_| known).unwrap_or_default();
    let title = document.code_title(number).filter(|_| known);
    let mut out = String::from("<figure class=\"code\">");
    let head = [title.unwrap_or_default(), language];
    let head: Vec<String> = head.iter().filter(|s| !s.is_empty()).map(|s| escape_html(s)).collect();
    if !head.is_empty() {
        // Writing into a string cannot fail.
        let _ = write!(out, "<figcaption>{}</figcaption>", head.join(" · "));
    }
    out.push_str("<pre><code>");
    if language.is_empty() || text.len() > MAX_COLOURED {
        out.push_str(&escape_html(text));
    } else {
        push_coloured(number, language, text, colours, &mut out);
    }
    out.push_str("</code></pre></figure>\n");
    out
}

fn push_coloured(
    number: u32,
    language: &str,
    text: &str,
    colours: &mut Highlighter,
    out: &mut String,
) {
    let job = HighlightJob {
        block: u64::from(number),
        language: language.to_owned(),
        first: 0,
        text: text.to_owned(),
    };
    let done = colours.highlight_lines(0, &job);
    for (line, spans) in text.split_inclusive('\n').zip(&done.lines) {
        let mut rest = line;
        for (length, role) in spans {
            let Some((piece, after)) = rest.split_at_checked(*length as usize) else { break };
            match css_class(*role).filter(|_| !piece.trim().is_empty()) {
                Some(class) => {
                    let _ = write!(out, "<span class=\"{class}\">{}</span>", escape_html(piece));
                }
                None => out.push_str(&escape_html(piece)),
            }
            rest = after;
        }
        out.push_str(&escape_html(rest));
    }
}

/// The CSS class of a role; none for plain code.
fn css_class(role: Role) -> Option<&'static str> {
    Some(match role {
        Role::Keyword => "hk",
        Role::String => "hs",
        Role::Comment => "hc",
        Role::Constant => "hn",
        Role::Function => "hf",
        Role::Type => "ht",
        Role::Key => "hy",
        Role::Variable => "hv",
        Role::Punctuation => "hp",
        Role::Inserted => "hi",
        Role::Removed => "hr",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_keeps_its_text_and_says_its_title() {
        let document =
            ParsedMarkdown::from_raw("```rust title=\"a<b>.rs\"\nfn main() { \"<&>\" }\n```\n");
        let html = render_code(&document, 1, "fn main() { \"<&>\" }\n", &mut Highlighter::new());
        assert!(html.contains("<figcaption>a&lt;b&gt;.rs · rust</figcaption>"), "{html}");
        assert!(html.contains("<span class=\"hk\">fn"), "{html}");
        assert!(html.contains("&lt;&amp;&gt;"), "{html}");
        let other = render_code(&document, 1, "not that block", &mut Highlighter::new());
        assert!(other.contains("<pre><code>not that block</code></pre>"), "{other}");
    }
}
