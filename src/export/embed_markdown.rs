//! Embeds an answer's Markdown in a larger document: nothing in the answer affects what comes after it.
//!
//! Headings go below those of the document, an open fence is closed, and what could do something is made inert by
//! `inert_markdown`. The result is parsed again; an answer that still affects its surroundings is put into a fence as a
//! whole. Expects sanitised text.

use std::ops::Range;

use pulldown_cmark::{CodeBlockKind, Event, HeadingLevel, Parser, Tag};

use super::inert_markdown::{Replacement, apply_replacements, is_inert, make_inert, options};

/// The highest level of a heading in a quote.
const LOWEST: usize = 5;

/// The answer without anything that reaches beyond its end, and without a final line end; its highest heading gets the level
/// `top`.
pub(super) fn embed_answer(answer: &str, top: usize) -> String {
    let mut text = make_inert(answer.trim_end());
    let edits = replace_headings(&text, top);
    text = apply_replacements(&text, edits);
    if let Some(fence) = closing_fence(&text) {
        text.push('\n');
        text.push_str(&fence);
    }
    if is_contained(&text, top) { text } else { fence_answer(answer.trim_end()) }
}

/// The text as a block quote: embedded, with `>` before each line, indented by `indent`. Headings in it get the lowest
/// levels, so that they are not taken for those of the document.
pub(super) fn quote_markdown(text: &str, indent: &str) -> String {
    let mut out = String::with_capacity(text.len() + 64);
    for line in embed_answer(text, LOWEST).lines() {
        if !out.is_empty() {
            out.push('\n');
        }
        out.push_str(indent);
        out.push_str(if line.is_empty() { ">" } else { "> " });
        out.push_str(line);
    }
    out
}

/// Replacements that lower all headings by the same number of levels, so that the highest gets the level `top`.
fn replace_headings(text: &str, top: usize) -> Vec<Replacement> {
    let found: Vec<(Range<usize>, usize)> = Parser::new_ext(text, options())
        .into_offset_iter()
        .filter_map(|(event, range)| match event {
            Event::Start(Tag::Heading { level, .. }) => Some((range, level as usize)),
            _ => None,
        })
        .collect();
    let highest = found.iter().map(|(_, level)| *level).min().unwrap_or(top);
    let shift = top.saturating_sub(highest);
    if shift == 0 {
        return Vec::new();
    }
    found
        .into_iter()
        .filter_map(|(range, level)| {
            let marks = "#".repeat((level + shift).min(6));
            let raw = text.get(range.clone())?;
            if raw.starts_with('#') {
                return Some((range.start..range.start + level, marks));
            }
            let title = setext_title(raw);
            let end = range.start + raw.trim_end_matches(['\n', '\r']).len();
            Some((range.start..end, format!("{marks} {title}")))
        })
        .collect()
}

/// The text of an underlined heading on one line.
fn setext_title(raw: &str) -> String {
    let lines: Vec<&str> = raw.lines().collect();
    let above = lines.split_last().map_or(&[][..], |(_, above)| above);
    let mut title = above
        .iter()
        // Inside a quote, the lines after the first one still have its mark.
        .map(|line| line.trim_start_matches(['>', ' ', '\t']).trim_end())
        .collect::<Vec<_>>()
        .join(" ");
    if title.ends_with('#') {
        title.pop();
        title.push_str("\\#");
    }
    title
}

/// The line that closes the fence that is open at the end of the text; none when there is none.
pub(super) fn closing_fence(text: &str) -> Option<String> {
    let (range, depth) = Parser::new_ext(text, options())
        .into_offset_iter()
        .scan(0usize, |depth, (event, range)| {
            let found = match &event {
                Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(_))) => Some((range, *depth)),
                _ => None,
            };
            match event {
                Event::Start(_) => *depth += 1,
                Event::End(_) => *depth = depth.saturating_sub(1),
                _ => {}
            }
            Some(found)
        })
        .flatten()
        .last()?;
    // Inside a list or a quote the fence ends with its container.
    if depth > 0 || range.end < text.trim_end().len() {
        return None;
    }
    let block = text.get(range)?;
    let mark = block.chars().next()?;
    let length = block.chars().take_while(|c| *c == mark).count();
    let last = block.lines().skip(1).last().unwrap_or_default();
    let closes = last.trim().chars().all(|c| c == mark)
        && last.trim().chars().count() >= length
        && last.len() - last.trim_start_matches(' ').len() < 4;
    (!closes).then(|| mark.to_string().repeat(length))
}

/// True when a heading after the text is a heading of the document, and the text is inert and has no heading above the level
/// `top`.
fn is_contained(text: &str, top: usize) -> bool {
    if !is_inert(text) {
        return false;
    }
    let probe = text.len() + 2;
    let document = format!("{text}\n\n## x\n");
    let mut depth = 0usize;
    let mut found = false;
    for (event, range) in Parser::new_ext(&document, options()).into_offset_iter() {
        match &event {
            Event::Start(Tag::Heading { level, .. }) if range.start >= probe => {
                found = depth == 0 && *level == HeadingLevel::H2;
            }
            Event::Start(Tag::Heading { level, .. }) if (*level as usize) < top => return false,
            _ => {}
        }
        match event {
            Event::Start(_) => depth += 1,
            Event::End(_) => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    found
}

/// The answer verbatim, in a fence that it cannot close.
fn fence_answer(answer: &str) -> String {
    let longest = answer.split(|c| c != '`').map(str::len).max().unwrap_or_default();
    let fence = "`".repeat(longest.max(2) + 1);
    format!("{fence}text\n{answer}\n{fence}")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn headings_go_below_the_documents_own_and_keep_their_distance() {
        for (answer, contained) in [
            ("# A\n## B\ntext", "### A\n#### B\ntext"),
            ("### A\n##### B", "### A\n##### B"),
            ("## A\n###### B", "### A\n###### B"),
            ("A\n===\n\nB\nb\n---\ntext", "### A\n\n#### B b\ntext"),
            ("> # A\n> B\n> ---\n> c", "> ### A\n> #### B\n> c"),
            ("- # A\n- b", "- ### A\n- b"),
            ("```\n# not a heading\n```", "```\n# not a heading\n```"),
            ("a\n\n---\n\nb", "a\n\n---\n\nb"),
            ("#hash", "#hash"),
        ] {
            assert_eq!(embed_answer(answer, 3), contained);
        }
    }

    #[test]
    fn an_open_fence_is_closed_with_its_own_mark() {
        for (answer, contained) in [
            ("```rust\nfn main", "```rust\nfn main\n```"),
            ("~~~~\n```\nx", "~~~~\n```\nx\n~~~~"),
            ("```", "```\n```"),
            ("```\na\n``", "```\na\n``\n```"),
            ("```\na\n```", "```\na\n```"),
            ("a\n\n    ```\n    b", "a\n\n    ```\n    b"),
            ("- ```\n  a", "- ```\n  a"),
        ] {
            assert_eq!(embed_answer(answer, 3), contained);
        }
    }

    #[test]
    fn raw_html_is_shown_and_line_breaks_stay() {
        for (answer, contained) in [
            ("a <!-- b", "a &lt;!-- b"),
            ("<!-- open\n\nb", "&lt;!-- open\n\nb"),
            ("<pre>\n# x\n", "&lt;pre>\n### x"),
            ("Vec<String> and `Vec<u8>`", "Vec&lt;String> and `Vec<u8>`"),
            ("| a<br>b |\n|---|\n| c<BR />d |", "| a<br>b |\n|---|\n| c<BR />d |"),
            ("<https://example.com>", "<https://example.com>"),
        ] {
            assert_eq!(embed_answer(answer, 3), contained);
        }
    }

    #[test]
    fn a_whole_answer_in_a_fence_cannot_end_it() {
        assert_eq!(fence_answer("a\n````\nb"), "`````text\na\n````\nb\n`````");
    }

    proptest! {
        /// Whatever the answer is made of, the heading after it is a heading of the document.
        #[test]
        fn nothing_reaches_beyond_its_place(
            parts in prop::collection::vec(
                prop::sample::select(vec![
                    "# h\n", "## h\n", "===\n", "---\n", "```\n", "````md\n", "~~~\n", "- ", "> ", "  ",
                    "    ", "1. ", "<!--", "-->", "<pre>", "</pre>", "<script>\n", "<div>\n", "<br>", "<?",
                    "<![CDATA[", "]]>", "| a | b |\n|---|---|\n", "[^1]: ", "[x]: <", "[x]: javascript:y\n", "[x]", "[x](", "javascript:y)", "![", "](", "<javascript:y>", "text", "\n", "\n\n", "`",
                    "\\", "\t", "&lt;", "é日本",
                ]),
                0..24,
            )
        ) {
            let answer = parts.concat();
            let contained = embed_answer(&answer, 3);
            prop_assert!(is_contained(&contained, 3), "{answer:?} became {contained:?}");
        }
    }
}
