//! Renders an answer's Markdown as inert HTML: pulldown-cmark's renderer with a filter for its events.
//!
//! Raw HTML becomes text. Only web and mail addresses become links, followed by their host; images become their description
//! and address. Only the inserted marks have ids, so that no answer can imitate the mark of another. Expects sanitised text.

use std::ops::Range;

use pulldown_cmark::{
    BlockQuoteKind, CowStr, Event, HeadingLevel, LinkType, Parser, Tag, TagEnd, html,
};

use super::code;
use super::escape_html;
use crate::text::{
    Highlighter, ParsedMarkdown, is_line_break, is_safe_link, link_note, markdown_options,
    with_ascii_host,
};

/// HTML that is inserted at a byte of the source.
pub(super) struct HtmlInsertion {
    /// Byte offset in the source.
    pub(super) at: usize,
    /// The HTML.
    pub(super) html: String,
}

/// Renders `document`; its highest heading gets the level `top`. `marks` are sorted by offset.
pub(super) fn render_markdown(
    document: &ParsedMarkdown,
    marks: &[HtmlInsertion],
    top: usize,
    colours: &mut Highlighter,
) -> String {
    let events: Vec<(Event<'_>, Range<usize>)> =
        Parser::new_ext(document.source(), markdown_options()).into_offset_iter().collect();
    let highest = events.iter().filter_map(|(event, _)| heading_level(event)).min().unwrap_or(top);
    let mut filter = HtmlEventFilter {
        document,
        colours,
        shift: top.saturating_sub(highest),
        marks: marks.iter(),
        next: None,
        out: Vec::with_capacity(events.len()),
        link: Vec::new(),
        images: Vec::new(),
        code: None,
        codes: 0,
        raw: None,
    };
    filter.next = filter.marks.next();
    let after = events.iter().skip(1).map(Some).chain([None]);
    for ((event, range), next) in events.iter().zip(after) {
        filter.push_event(event.clone(), range, next);
    }
    filter.finish()
}

fn heading_level(event: &Event<'_>) -> Option<usize> {
    match event {
        Event::Start(Tag::Heading { level, .. }) => Some(*level as usize),
        _ => None,
    }
}

/// A link that has not ended.
struct OpenLink {
    /// Its address.
    target: String,
    /// The browser can follow it.
    live: bool,
    /// Its text so far.
    text: String,
}

struct HtmlEventFilter<'a, 'c> {
    document: &'a ParsedMarkdown,
    colours: &'c mut Highlighter,
    shift: usize,
    marks: std::slice::Iter<'a, HtmlInsertion>,
    next: Option<&'a HtmlInsertion>,
    out: Vec<Event<'a>>,
    link: Vec<OpenLink>,
    images: Vec<String>,
    /// Text of the open code block.
    code: Option<String>,
    /// Number of code blocks so far.
    codes: u32,
    /// Raw HTML of the open HTML block.
    raw: Option<String>,
}

impl<'a> HtmlEventFilter<'a, '_> {
    fn push_html(&mut self, text: impl Into<String>) {
        self.out.push(Event::InlineHtml(CowStr::from(text.into())));
    }

    fn push_text(&mut self, text: impl Into<String>) {
        self.out.push(Event::Text(CowStr::from(text.into())));
    }

    fn push_event(
        &mut self,
        event: Event<'a>,
        range: &Range<usize>,
        next: Option<&(Event<'a>, Range<usize>)>,
    ) {
        match event {
            Event::Start(tag) => self.open_tag(tag, range, next),
            Event::End(tag) => self.close_tag(tag),
            Event::Text(text) => self.push_words(text),
            Event::Code(text) => {
                self.note_link_text(&text);
                self.out.push(Event::Code(text));
            }
            Event::InlineMath(text) => self.push_text(format!("${text}$")),
            Event::DisplayMath(text) => self.push_text(format!("$${text}$$")),
            Event::Html(text) => match &mut self.raw {
                Some(raw) => raw.push_str(&text),
                None => self.out.push(Event::Text(text)),
            },
            Event::InlineHtml(tag) if is_line_break(&tag) => self.out.push(Event::HardBreak),
            Event::InlineHtml(tag) => self.push_words(tag),
            Event::FootnoteReference(label) => {
                self.push_html(format!("<sup>[{}]</sup>", escape_html(&label)));
            }
            Event::TaskListMarker(done) => self.push_text(if done { "☑ " } else { "☐ " }),
            Event::SoftBreak | Event::HardBreak | Event::Rule => self.out.push(event),
        }
    }

    /// Text of a paragraph or of a code block.
    fn push_words(&mut self, text: CowStr<'a>) {
        if let Some(code) = &mut self.code {
            code.push_str(&text);
            return;
        }
        self.note_link_text(&text);
        self.out.push(Event::Text(text));
    }

    /// Records text of an open link.
    fn note_link_text(&mut self, text: &str) {
        if let Some(link) = self.link.last_mut() {
            link.text.push_str(text);
        }
    }

    fn open_tag(
        &mut self,
        tag: Tag<'a>,
        range: &Range<usize>,
        next: Option<&(Event<'a>, Range<usize>)>,
    ) {
        match tag {
            Tag::CodeBlock(_) => {
                self.insert_marks_before(range.end);
                self.code = Some(String::new());
            }
            Tag::HtmlBlock => {
                self.insert_marks_before(range.end);
                self.raw = Some(String::new());
            }
            Tag::Heading { level, .. } => {
                let level = lower_level(level, self.shift);
                let tag = Tag::Heading { level, id: None, classes: Vec::new(), attrs: Vec::new() };
                self.out.push(Event::Start(tag));
                self.insert_marks(range.end);
            }
            Tag::Paragraph | Tag::TableCell => {
                self.out.push(Event::Start(tag));
                self.insert_marks(range.end);
            }
            Tag::Item => {
                self.out.push(Event::Start(tag));
                // A block in the item inserts the marks itself.
                if let Some((event, next)) = next
                    && !matches!(event, Event::Start(tag) if is_block(tag))
                {
                    self.insert_marks(next.start + 1);
                }
            }
            Tag::Table(_) => {
                self.push_html("<div class=\"table\">");
                self.out.push(Event::Start(tag));
            }
            Tag::BlockQuote(Some(kind)) => {
                self.out.push(Event::Start(Tag::BlockQuote(None)));
                self.push_html(format!("<p class=\"kind\">{}</p>", kind_label(kind)));
            }
            Tag::FootnoteDefinition(label) => {
                self.push_html(format!(
                    "<div class=\"footnote\"><sup>[{}]</sup>",
                    escape_html(&label)
                ));
            }
            Tag::Link { link_type, dest_url, .. } => self.open_link(link_type, &dest_url),
            Tag::Image { dest_url, .. } => {
                self.images.push(dest_url.to_string());
                self.push_html("<span class=\"image\">image: ");
            }
            tag => self.out.push(Event::Start(tag)),
        }
    }

    fn close_tag(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::CodeBlock => {
                self.codes += 1;
                let text = self.code.take().unwrap_or_default();
                let html = code::render_code(self.document, self.codes, &text, self.colours);
                self.push_html(html);
            }
            TagEnd::HtmlBlock => {
                let raw = self.raw.take().unwrap_or_default();
                self.push_html(format!("<p class=\"raw\">{}</p>\n", escape_html(raw.trim_end())));
            }
            TagEnd::Heading(level) => {
                self.out.push(Event::End(TagEnd::Heading(lower_level(level, self.shift))));
            }
            TagEnd::Table => {
                self.out.push(Event::End(tag));
                self.push_html("</div>\n");
            }
            TagEnd::BlockQuote(_) => self.out.push(Event::End(TagEnd::BlockQuote(None))),
            TagEnd::FootnoteDefinition => self.push_html("</div>\n"),
            TagEnd::Link => self.close_link(),
            TagEnd::Image => {
                let target = self.images.pop().unwrap_or_default();
                self.push_html(format!(" ({})</span>", escape_html(&shorten_address(&target))));
            }
            tag => self.out.push(Event::End(tag)),
        }
    }

    fn open_link(&mut self, kind: LinkType, target: &str) {
        let target =
            if kind == LinkType::Email { format!("mailto:{target}") } else { target.to_owned() };
        let live = self.link.is_empty() && is_safe_link(&target);
        if live {
            let href = escape_html(&with_ascii_host(&target)).replace(' ', "%20");
            self.push_html(format!("<a href=\"{href}\" rel=\"noopener noreferrer\">"));
        }
        self.link.push(OpenLink { target, live, text: String::new() });
    }

    /// Ends a link and writes its host after it, unless the text of the link shows it.
    fn close_link(&mut self) {
        let Some(link) = self.link.pop() else { return };
        if link.live {
            self.push_html("</a>");
        }
        if let Some(above) = self.link.last_mut() {
            above.text.push_str(&link.text);
        }
        if let Some(note) = link_note(&link.text, &link.target) {
            self.push_html(format!(" <span class=\"to\">({})</span>", escape_html(&note)));
        }
    }

    /// Inserts the marks before byte `end`.
    fn insert_marks(&mut self, end: usize) {
        while let Some(mark) = self.next.filter(|mark| mark.at < end) {
            self.push_html(mark.html.clone());
            self.next = self.marks.next();
        }
    }

    /// Inserts the marks before byte `end` as a paragraph, before a block that cannot contain any.
    fn insert_marks_before(&mut self, end: usize) {
        if self.next.is_some_and(|mark| mark.at < end) {
            self.push_html("<p class=\"marks\">");
            self.insert_marks(end);
            self.push_html("</p>\n");
        }
    }

    fn finish(mut self) -> String {
        self.insert_marks_before(usize::MAX);
        let mut out = String::with_capacity(self.document.source().len() * 5 / 4);
        html::push_html(&mut out, self.out.into_iter());
        out
    }
}

fn is_block(tag: &Tag<'_>) -> bool {
    matches!(
        tag,
        Tag::Paragraph
            | Tag::Heading { .. }
            | Tag::BlockQuote(_)
            | Tag::CodeBlock(_)
            | Tag::HtmlBlock
            | Tag::List(_)
            | Tag::Table(_)
    )
}

fn lower_level(level: HeadingLevel, shift: usize) -> HeadingLevel {
    HeadingLevel::try_from((level as usize + shift).min(6)).unwrap_or(HeadingLevel::H6)
}

fn kind_label(kind: BlockQuoteKind) -> &'static str {
    match kind {
        BlockQuoteKind::Note => "Note",
        BlockQuoteKind::Tip => "Tip",
        BlockQuoteKind::Important => "Important",
        BlockQuoteKind::Warning => "Warning",
        BlockQuoteKind::Caution => "Caution",
    }
}

/// The address, shortened for display.
fn shorten_address(target: &str) -> String {
    const MOST: usize = 120;
    if target.chars().count() <= MOST {
        return target.to_owned();
    }
    target.chars().take(MOST).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn html(source: &str) -> String {
        render_markdown(&ParsedMarkdown::from_raw(source), &[], 4, &mut Highlighter::new())
    }

    #[test]
    fn what_could_do_something_is_shown() {
        for (source, wanted) in [
            ("a <script>alert(1)</script>", "<p>a &lt;script&gt;alert(1)&lt;/script&gt;</p>\n"),
            (
                "<img src=x onerror=alert(1)>\n",
                "<p class=\"raw\">&lt;img src=x onerror=alert(1)&gt;</p>\n",
            ),
            (
                "[x](javascript:alert(1))",
                "<p>x <span class=\"to\">(javascript:alert(1))</span></p>\n",
            ),
            (
                "[x](JaVaScRiPt&#58;alert(1))",
                "<p>x <span class=\"to\">(JaVaScRiPt:alert(1))</span></p>\n",
            ),
            (
                "![pix](https://evil.example/?q=1)",
                "<p><span class=\"image\">image: pix (https://evil.example/?q=1)</span></p>\n",
            ),
            (
                "[docs](https://a.example/\"onclick=x)",
                "<p><a href=\"https://a.example/&quot;onclick=x\" rel=\"noopener noreferrer\">docs</a> <span class=\"to\">(a.example)</span></p>\n",
            ),
            (
                "<me@a.example>",
                "<p><a href=\"mailto:me@a.example\" rel=\"noopener noreferrer\">me@a.example</a></p>\n",
            ),
            ("# A\n## B", "<h4>A</h4>\n<h5>B</h5>\n"),
            ("a<br>b", "<p>a<br />\nb</p>\n"),
            ("- [x] done", "<ul>\n<li>☑ done</li>\n</ul>\n"),
            ("it is $5 and $6", "<p>it is $5 and $6</p>\n"),
        ] {
            assert_eq!(html(source), wanted, "{source}");
        }
    }

    #[test]
    fn marks_are_where_their_bytes_are() {
        let source =
            "p one\n\n- a\n- b\n  - c\n\n1. d\n\n   e\n\n| h |\n|---|\n| f |\n\n```\ng\n```\n";
        let marks: Vec<HtmlInsertion> = ["p", "- b", "- c", "1.", "| f", "```\ng"]
            .iter()
            .map(|at| HtmlInsertion {
                at: source.find(at).unwrap(),
                html: format!("[{}]", at.get(..1).unwrap()),
            })
            .collect();
        let shown =
            render_markdown(&ParsedMarkdown::from_raw(source), &marks, 4, &mut Highlighter::new());
        for wanted in [
            "<p>[p]p one</p>",
            "<li>a</li>\n<li>[-]b",
            "<li>[-]c</li>",
            "<p>[1]d</p>",
            "<td>[|]f</td>",
            "<p class=\"marks\">[`]</p>",
        ] {
            assert!(shown.contains(wanted), "{wanted}: {shown}");
        }
    }
}
