//! A session as one HTML page: the panel, each question with its answers side by side, the decisions.
//!
//! The page loads nothing: no script, no font, no image, no other page; its content security policy forbids that, too.
//! Answers are rendered by `body`; everything else is escaped. The looks are in `page.css`.

mod body;
mod code;

use std::fmt::{self, Write};

use super::decisions::{describe_challenge, describe_item};
use super::exported_item::{ExportedItem, ExportedMember, ItemStatus};
use super::session_header::{self, EndingCounts};
use super::session_reading::{ReadAnswer, SessionReading};
use super::{ReadingInput, checklist};
use crate::domain::format::format_quantity;
use crate::domain::{Run, Session, Turn};
use crate::prompt::outline_question;
use crate::text::{Highlighter, ParsedMarkdown, sanitize, sanitize_line};
use body::{HtmlInsertion, render_markdown};

const CSS: &str = include_str!("page.css");

/// Nothing is loaded, run or sent; only the style sheet in the page applies.
const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/// Number of column colours; further columns start again with the first.
const COLOURS: usize = 6;

/// The level of an answer's highest heading: below the `h3` with the persona's name.
const TOP: usize = 4;

/// Writes the session.
pub(super) fn write_html(session: &Session, reading: &ReadingInput<'_>) -> String {
    let review = SessionReading::new(session, reading);
    let mut page = HtmlPage { out: String::new(), review: &review, colours: Highlighter::new() };
    // Writing into a string cannot fail.
    page.write_page().unwrap_or_default();
    page.out
}

struct HtmlPage<'a> {
    out: String,
    review: &'a SessionReading<'a>,
    colours: Highlighter,
}

impl HtmlPage<'_> {
    fn write_page(&mut self) -> fmt::Result {
        let review = self.review;
        let session = review.session;
        let title = escape_html(sanitize_line(&session.title).trim());
        writeln!(
            self.out,
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">"
        )?;
        writeln!(
            self.out,
            "<meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <meta name=\"referrer\" content=\"no-referrer\">\n\
             <meta name=\"color-scheme\" content=\"light dark\">\n\
             <title>{title}</title>\n<style>\n{CSS}</style>\n</head>\n<body>"
        )?;
        self.write_head(&title)?;
        writeln!(self.out, "<main>")?;
        for (number, turn) in (1..).zip(&session.turns) {
            self.write_turn(number, turn)?;
        }
        self.write_decisions()?;
        writeln!(self.out, "</main>\n</body>\n</html>")
    }

    /// Writes the panel: title, counts, models, tags.
    fn write_head(&mut self, title: &str) -> fmt::Result {
        let session = self.review.session;
        let counts = EndingCounts::from_turns(&session.turns);
        writeln!(self.out, "<header class=\"page\">\n<h1>{title}</h1>\n<p class=\"panel\">")?;
        if session.turns.is_empty() {
            writeln!(self.out, "<strong>{}</strong>", session_header::summarize_session(session))?;
        } else {
            let questions = session.turns.len();
            let before = if questions > 1 {
                format_quantity(questions, "question") + ", "
            } else {
                String::new()
            };
            let (answered, asked) = (counts.answered, counts.asked);
            writeln!(self.out, "<strong>{before}{answered} of {asked} answered</strong>")?;
            for (word, n) in counts.not_answered().iter().filter(|(_, n)| *n > 0) {
                writeln!(
                    self.out,
                    "<span class=\"state {}\">{n} {word}</span>",
                    word.replace(' ', "-")
                )?;
            }
        }
        let name = escape_html(&sanitize_line(&session.panel));
        let (id, date) = (session.id.short(), session_header::format_date(session.created_at));
        writeln!(self.out, "</p>\n<p class=\"meta\">panel {name} · session {id} · {date}</p>")?;
        if let Some(line) = session_header::describe_models_and_usage(session, escape_html) {
            writeln!(self.out, "<p class=\"meta\">{line}</p>")?;
        }
        let tags: Vec<String> =
            session.tags.iter().map(|tag| escape_html(&sanitize_line(tag))).collect();
        if !tags.is_empty() {
            writeln!(self.out, "<p class=\"meta\">tags: {}</p>", tags.join(", "))?;
        }
        self.write_contents()?;
        writeln!(self.out, "</header>")
    }

    /// Writes links to the questions and the decisions when there is more than one target.
    fn write_contents(&mut self) -> fmt::Result {
        let (questions, items) = (self.review.session.turns.len(), self.review.items.len());
        if questions + usize::from(items > 0) < 2 {
            return Ok(());
        }
        write!(self.out, "<nav>")?;
        for number in 1..=questions {
            let of = if questions > 1 { format!(" {number}") } else { String::new() };
            write!(self.out, "<a href=\"#question-{number}\">Question{of}</a>")?;
        }
        if items > 0 {
            write!(self.out, "<a href=\"#decisions\">Decisions</a>")?;
        }
        writeln!(self.out, "</nav>")
    }

    fn write_turn(&mut self, number: usize, turn: &Turn) -> fmt::Result {
        let of = self.review.session.turns.len();
        let title =
            if of > 1 { format!("Question {number} of {of}") } else { "Question".to_owned() };
        writeln!(self.out, "<section class=\"turn\" id=\"question-{number}\">\n<h2>{title}</h2>")?;
        let (whole, short) =
            (sanitize(&turn.question), sanitize(&outline_question(&turn.question)));
        let shown = render_markdown(&ParsedMarkdown::from_raw(&short), &[], TOP, &mut self.colours);
        writeln!(self.out, "<blockquote class=\"question\">{shown}</blockquote>")?;
        if whole != short {
            let text = escape_html(&whole);
            writeln!(
                self.out,
                "<details class=\"sent\"><summary>As it was sent</summary><pre>{text}</pre></details>"
            )?;
        }
        if let Some(words) = session_header::describe_earlier_runs(turn) {
            writeln!(self.out, "<p class=\"meta\">{}</p>", escape_html(&words))?;
        }
        let review = self.review;
        let answers: Vec<&ReadAnswer<'_>> = review
            .answers
            .iter()
            .filter(|answer| answer.turn == number && answer.is_current)
            .collect();
        writeln!(self.out, "<div class=\"columns n{}\">", answers.len().min(COLOURS))?;
        for (column, answer) in answers.into_iter().enumerate() {
            self.write_answer(column, answer)?;
        }
        writeln!(self.out, "</div>\n</section>")
    }

    fn write_answer(&mut self, column: usize, answer: &ReadAnswer<'_>) -> fmt::Result {
        let run = answer.run;
        let word = run.state.as_str();
        let (name, view) = (
            escape_html(&session_header::persona_name(run)),
            escape_html(&session_header::persona_view(run)),
        );
        writeln!(self.out, "<article class=\"answer c{}\">\n<header>", column % COLOURS + 1)?;
        writeln!(self.out, "<h3>{name} <span class=\"view\">{view}</span></h3>")?;
        writeln!(
            self.out,
            "<p class=\"meta\"><span class=\"state {word}\">{}</span> {}</p>\n</header>",
            escape_html(&session_header::describe_state(run)),
            escape_html(&session_header::model_name(run))
        )?;
        for note in run.notes.iter() {
            writeln!(
                self.out,
                "<p class=\"note\">Note: {}</p>",
                escape_html(sanitize_line(note).trim())
            )?;
        }
        if answer.text().trim().is_empty() {
            writeln!(self.out, "<p class=\"note\">(no text)</p>")?;
        } else {
            let marks = self.marks_of_run(run);
            let body = render_markdown(&answer.document, &marks, TOP, &mut self.colours);
            writeln!(self.out, "<div class=\"body\">\n{body}</div>")?;
        }
        writeln!(self.out, "</article>")
    }

    /// The marks of the recommendations in the answer of `run`, sorted by offset.
    fn marks_of_run(&self, run: &Run) -> Vec<HtmlInsertion> {
        let mut marks: Vec<HtmlInsertion> = Vec::new();
        for item in &self.review.items {
            let here = item.members().filter(|member| member.run.id == run.id);
            marks.extend(here.map(|member| HtmlInsertion {
                at: member.found.span.start,
                html: mark_html(item, member),
            }));
        }
        marks.sort_by_key(|mark| mark.at);
        marks
    }

    fn write_decisions(&mut self) -> fmt::Result {
        let review = self.review;
        if review.items.is_empty() {
            return Ok(());
        }
        writeln!(
            self.out,
            "<section class=\"decisions\" id=\"decisions\">\n<h2>Decisions</h2>\n<p class=\"panel\"><strong>{}</strong></p>",
            review.counts
        )?;
        for standing in ItemStatus::ALL {
            let items: Vec<&ExportedItem<'_>> = review.items_with_status(standing).collect();
            let (word, title) = (css_class(standing), standing.title());
            if items.is_empty() {
                if matches!(standing, ItemStatus::Accepted | ItemStatus::Rejected) {
                    writeln!(
                        self.out,
                        "<p class=\"meta\">{}</p>",
                        checklist::no_items_text(standing)
                    )?;
                }
                continue;
            }
            writeln!(
                self.out,
                "<div class=\"table\"><table class=\"{word}\">\n<caption>{title}</caption>"
            )?;
            writeln!(
                self.out,
                "<thead><tr><th>Recommendation</th><th>Proposed by</th><th>Owner</th><th>Comment</th></tr></thead>\n<tbody>"
            )?;
            for item in items {
                self.write_row(item)?;
            }
            writeln!(self.out, "</tbody></table></div>")?;
        }
        writeln!(self.out, "</section>")
    }

    fn write_row(&mut self, item: &ExportedItem<'_>) -> fmt::Result {
        let by: Vec<String> = item.members().map(|member| self.link_source(member)).collect();
        let [owner, comment] =
            [item.owner(), item.comment()].map(|said| escape_html(&said.unwrap_or_default()));
        let about = describe_item(item);
        let about =
            about.split_once(" · ").map(|(_, about)| escape_html(about)).unwrap_or_default();
        write!(
            self.out,
            "<tr id=\"d-{}\"><td class=\"title\">{}<span class=\"about\">{about}</span>",
            item.id(),
            escape_html(&item.title())
        )?;
        for side_turn in &item.challenges {
            let said = render_markdown(
                &ParsedMarkdown::from_raw(&side_turn.run.text),
                &[],
                TOP,
                &mut self.colours,
            );
            write!(
                self.out,
                "<details class=\"challenge\"><summary>{}</summary>{said}</details>",
                escape_html(&describe_challenge(side_turn))
            )?;
        }
        writeln!(
            self.out,
            "</td><td>{}</td><td>{owner}</td><td>{comment}</td></tr>",
            by.join("<br>")
        )
    }

    /// The persona that proposes the recommendation, as a link to the passage when that is on the page.
    fn link_source(&self, member: &ExportedMember<'_>) -> String {
        let name = escape_html(&session_header::name_with_id(member.run));
        let shown = self.review.find_answer(member.run.id).is_some_and(|answer| answer.is_current);
        if shown { format!("<a href=\"#m-{}\">{name}</a>", member.found.id) } else { name }
    }
}

/// The mark at the beginning of a recommendation in the answer: a link target and the decision.
fn mark_html(item: &ExportedItem<'_>, member: &ExportedMember<'_>) -> String {
    let (id, row) = (member.found.id, item.id());
    let standing = item.status();
    let word = if standing == ItemStatus::Open { "" } else { standing.word() };
    format!("<a class=\"mark {}\" id=\"m-{id}\" href=\"#d-{row}\">{word}</a>", css_class(standing))
}

fn css_class(standing: ItemStatus) -> &'static str {
    match standing {
        ItemStatus::Discuss => "discuss",
        other => other.word(),
    }
}

/// Escapes text for HTML, in content and attributes.
fn escape_html(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 8);
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}
