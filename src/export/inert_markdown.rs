//! Makes Markdown inert and keeps it readable: what would fetch, run or redefine something becomes text.
//!
//! Only web and mail addresses stay links. Images, raw HTML, other links, link and footnote definitions are escaped, so that
//! a reader sees their source; links by reference become inline links first. Expects sanitised text. Whether the result is
//! contained in a document is decided in `embed_markdown`.

use std::ops::Range;

use pulldown_cmark::{Event, LinkType, Options, Parser, Tag, TagEnd};

use crate::text::{is_line_break, is_safe_link, with_ascii_host};

/// Passes over the text: what is escaped can turn more of it into links or raw HTML.
const PASSES: usize = 12;

/// A byte range of the source and its replacement.
pub(super) type Replacement = (Range<usize>, String);

/// The extensions that exports are read with.
pub(super) fn options() -> Options {
    Options::ENABLE_TABLES
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS
}

/// The same with `[[wiki links]]`, which some readers follow.
fn wiki_options() -> Options {
    options() | Options::ENABLE_WIKILINKS
}

/// The text with everything escaped that could do something. After too many passes something may be left; see [`is_inert`].
pub(super) fn make_inert(text: &str) -> String {
    let mut text = text.to_owned();
    for _ in 0..PASSES {
        let mut edits = list_edits(&text, options());
        if edits.is_empty() {
            edits = list_edits(&text, wiki_options());
        }
        if edits.is_empty() {
            break;
        }
        text = apply_replacements(&text, edits);
    }
    text
}

/// True when the text has no image, no link but to the web and mail, no raw HTML, and defines nothing.
pub(super) fn is_inert(text: &str) -> bool {
    [options(), wiki_options()].into_iter().all(|options| {
        let parser = Parser::new_ext(text, options);
        let defines = parser.reference_definitions().iter().next().is_some();
        let mut events = parser.into_iter();
        !defines && events.all(|event| is_inert_event(&event))
    })
}

fn is_inert_event(event: &Event<'_>) -> bool {
    match event {
        Event::Html(_) | Event::Start(Tag::Image { .. } | Tag::FootnoteDefinition(_)) => false,
        Event::InlineHtml(tag) => is_line_break(tag),
        Event::Start(Tag::Link { link_type, dest_url, .. }) => stays_link(*link_type, dest_url),
        _ => true,
    }
}

/// Escapes a word or line, so that Markdown shows it verbatim anywhere in a document.
pub(super) fn escape_markdown(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '#' | '|' | '~' | '&' | '$')
        {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// Applies replacements. One that overlaps an earlier one is left for the next pass.
pub(super) fn apply_replacements(text: &str, mut edits: Vec<Replacement>) -> String {
    edits.sort_by_key(|(range, _)| (range.start, range.end));
    let mut out = String::with_capacity(text.len() + 4 * edits.len());
    let mut at = 0;
    for (range, new) in edits {
        if range.start < at {
            continue;
        }
        out.push_str(text.get(at..range.start).unwrap_or_default());
        out.push_str(&new);
        at = range.end;
    }
    out.push_str(text.get(at..).unwrap_or_default());
    out
}

/// A link or image that has not ended.
struct OpenLink {
    kind: LinkType,
    target: String,
    is_image: bool,
    /// Where it begins.
    start: usize,
    /// Where its text ends, as far as it was read.
    text_end: usize,
}

fn list_edits(text: &str, options: Options) -> Vec<Replacement> {
    let mut edits: Vec<Replacement> = Vec::new();
    let mut open: Vec<OpenLink> = Vec::new();
    let mut in_code = false;
    let parser = Parser::new_ext(text, options);
    for (_, definition) in parser.reference_definitions().iter() {
        if let Some(raw) = text.get(definition.span.clone()) {
            edits.push((definition.span.clone(), escape_markdown(raw)));
        }
    }
    for (event, range) in parser.into_offset_iter() {
        match event {
            Event::Start(Tag::Link { link_type: kind, dest_url, .. }) => {
                let (start, text_end) = (range.start, range.start + 1);
                let target = dest_url.into_string();
                open.push(OpenLink { kind, target, is_image: false, start, text_end });
            }
            Event::Start(Tag::Image { link_type: kind, dest_url, .. }) => {
                let (start, text_end) = (range.start, range.start + 2);
                let target = dest_url.into_string();
                open.push(OpenLink { kind, target, is_image: true, start, text_end });
            }
            Event::End(TagEnd::Link | TagEnd::Image) => {
                let Some(link) = open.pop() else { continue };
                // The range of `[text][]` is without its last brackets.
                let rest = text.get(range.end..).unwrap_or_default();
                let collapsed = link.kind == LinkType::Collapsed && rest.starts_with("[]");
                let end = range.end + if collapsed { 2 } else { 0 };
                edits.extend(replace_link(text, &link, end));
                extend_text(&mut open, end);
            }
            Event::Start(Tag::CodeBlock(_)) => in_code = true,
            Event::End(TagEnd::CodeBlock) => in_code = false,
            Event::Start(Tag::FootnoteDefinition(_)) => {
                edits.push((range.start..range.start, "\\".to_owned()));
            }
            // Line breaks stay: tables need them, and they enclose nothing.
            Event::InlineHtml(tag) if is_line_break(&tag) => extend_text(&mut open, range.end),
            Event::Html(_) | Event::InlineHtml(_) => {
                extend_text(&mut open, range.end);
                let raw = text.get(range.clone()).filter(|raw| raw.contains('<'));
                edits.extend(raw.map(|raw| (range, raw.replace('<', "&lt;"))));
            }
            Event::Text(_) if !in_code => {
                extend_text(&mut open, range.end);
                edits.extend(escape_tag_like(text, range));
            }
            _ => extend_text(&mut open, range.end),
        }
    }
    edits
}

/// The innermost open link or image contains everything up to `end`; those around it learn it when it ends.
fn extend_text(open: &mut [OpenLink], end: usize) {
    if let Some(link) = open.last_mut() {
        link.text_end = link.text_end.max(end);
    }
}

/// What looks like the beginning of a tag to a reader that is less strict: `<` before a letter, `/`, `!` or `?`.
fn escape_tag_like(text: &str, range: Range<usize>) -> Vec<Replacement> {
    let (start, raw) = (range.start, text.get(range).unwrap_or_default());
    let after = text.get(start..).unwrap_or_default();
    let begins_tag = |at: &usize| {
        let next = after.get(at + 1..).and_then(|rest| rest.chars().next());
        next.is_some_and(|c| c.is_ascii_alphabetic() || matches!(c, '/' | '!' | '?'))
    };
    let escaped = |at: usize| text.get(..start + at).is_some_and(|before| before.ends_with('\\'));
    let places = raw.match_indices('<').map(|(at, _)| at).filter(begins_tag);
    let places = places.filter(|at| !escaped(*at));
    places.map(|at| (start + at..start + at + 1, "&lt;".to_owned())).collect()
}

/// True for a link that a reader may follow.
fn stays_link(kind: LinkType, target: &str) -> bool {
    match kind {
        LinkType::Email => true,
        LinkType::WikiLink { .. } => false,
        _ => is_safe_link(target),
    }
}

/// The edits for a link that ends at byte `end`: none when it is inline, safe, and its host is in ASCII.
fn replace_link(text: &str, link: &OpenLink, end: usize) -> Vec<Replacement> {
    let live = !link.is_image && stays_link(link.kind, &link.target);
    let target = with_ascii_host(&link.target);
    let whole = link.start..end;
    let escape = |range: Range<usize>| {
        let raw = text.get(range.clone()).unwrap_or_default();
        (range, escape_markdown(raw))
    };
    match link.kind {
        LinkType::Email => return Vec::new(),
        LinkType::Autolink | LinkType::Inline if live && target == link.target => {
            return Vec::new();
        }
        LinkType::Autolink if live => return vec![(whole, format!("<{target}>"))],
        LinkType::Autolink | LinkType::WikiLink { .. } => return vec![escape(whole)],
        _ => {}
    }
    // Between the text and its `]` is at most white space.
    let rest = text.get(link.text_end..end).unwrap_or_default();
    let bracket =
        rest.find(']').filter(|at| rest.get(..*at).is_some_and(|gap| gap.trim().is_empty()));
    let Some(bracket) = bracket.map(|at| link.text_end + at) else { return vec![escape(whole)] };
    if live {
        return vec![(bracket..end, format!("](<{}>)", quote_target(&target)))];
    }
    let head = link.start..link.start + if link.is_image { 2 } else { 1 };
    vec![escape(head), escape(bracket..end)]
}

/// A target between `<` and `>`.
fn quote_target(target: &str) -> String {
    let mut out = String::with_capacity(target.len());
    for c in target.chars() {
        match c {
            '<' => out.push_str("%3C"),
            '>' => out.push_str("%3E"),
            '\\' => out.push_str("%5C"),
            '&' => out.push_str("&amp;"),
            '|' => out.push_str("%7C"),
            c if c.is_whitespace() => out.push_str("%20"),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_do_something_is_text() {
        for (source, inert) in [
            ("[x](javascript:alert(1))", r"\[x\](javascript:alert(1))"),
            ("[x](JaVaScRiPt&#58;alert(1))", r"\[x\](JaVaScRiPt\&\#58;alert(1))"),
            ("[x](<java\tscript:a>)", "\\[x\\](\\<java\tscript:a\\>)"),
            ("[x](java%73cript:a)", r"\[x\](java%73cript:a)"),
            ("[x](data:text/html,a)", r"\[x\](data:text/html,a)"),
            ("[x](//evil.example/a)", r"\[x\](//evil.example/a)"),
            ("[x](file:///etc/passwd 't')", r"\[x\](file:///etc/passwd 't')"),
            ("[x](https:evil.example)", r"\[x\](https:evil.example)"),
            (
                "[x](mailto:a@b.example?attach=/etc/passwd)",
                r"\[x\](mailto:a@b.example?attach=/etc/passwd)",
            ),
            ("<javascript:alert(1)>", r"\<javascript:alert(1)\>"),
            ("![pix](https://evil.example/?q=1)", r"!\[pix\](https://evil.example/?q=1)"),
            ("![](data:image/png;base64,AA)", r"!\[\](data:image/png;base64,AA)"),
            (
                "[![b](https://i.example/a)](https://ci.example)",
                r"[!\[b\](https://i.example/a)](https://ci.example)",
            ),
            ("[**x** `y`](vbscript:a)", r"\[**x** `y`\](vbscript:a)"),
            ("[[secret]] ![[secret.md]]", r"\[\[secret\]\] !\[\[secret.md\]\]"),
            ("a <svg/onload=x> b <- c < d", "a &lt;svg/onload=x> b <- c < d"),
            ("`<b>` <b>", "`<b>` &lt;b>"),
            ("[a\nb](javascript:x)", "\\[a\nb\\](javascript:x)"),
        ] {
            assert_eq!(make_inert(source), inert, "{source}");
            assert!(is_inert(inert), "{inert}");
        }
    }

    #[test]
    fn references_become_inline_and_nothing_is_defined() {
        for (source, inert) in [
            (
                "[a][r] [r][] [r]\n\n[r]: https://a.example/?x=1&y 'T'",
                "[a](<https://a.example/?x=1&amp;y>) [r](<https://a.example/?x=1&amp;y>) [r](<https://a.example/?x=1&amp;y>)\n\n\\[r\\]: https://a.example/?x=1\\&y 'T'",
            ),
            ("[a][r]\n\n[r]: javascript:x", "\\[a\\]\\[r\\]\n\n\\[r\\]: javascript:x"),
            (
                "![a][r]\n\n[r]: https://a.example/p.png",
                "!\\[a\\]\\[r\\]\n\n\\[r\\]: https://a.example/p.png",
            ),
            ("a[^1]\n\n[^1]: note", "a[^1]\n\n\\[^1]: note"),
            ("[1]: https://evil.example", "\\[1\\]: https://evil.example"),
        ] {
            assert_eq!(make_inert(source), inert, "{source}");
            assert!(is_inert(inert), "{inert}");
        }
    }

    #[test]
    fn deep_nesting_is_escaped_in_one_pass() {
        let deep = format!("{}{}", "![".repeat(2_000), "](x)".repeat(2_000));
        let inert = make_inert(&deep);
        assert!(is_inert(&inert) && inert.starts_with(r"!\[!\["), "{}", inert.len());
    }

    #[test]
    fn links_to_the_web_stay() {
        for text in [
            "[docs](https://a.example/x \"t\") <https://a.example> <me@a.example> [m](mailto:me@a.example)",
            "see https://a.example, `[x](javascript:y)`",
            "```\n[x](javascript:y) <b>\n```",
            "- [ ] todo [1] and a[i]\n\n| a<br>b |\n|---|\n| c |",
        ] {
            assert_eq!(make_inert(text), text);
        }
        assert_eq!(
            make_inert("[apple](https://аpple.example/a) <https://аpple.example/>"),
            "[apple](<https://xn--pple-43d.example/a>) <https://xn--pple-43d.example/>"
        );
    }
}
