//! A session as one page for a browser: the panel, each question with its answers side by side, the decisions.
//!
//! One file that asks for nothing: no script, no font, no image, no address that is opened by itself; its policy forbids the
//! browser to obey any. Answers are Markdown rendered by `body`, raw HTML shown instead of obeyed; everything else is escaped.
//! What a page looks like is `page.css`.

mod body;
mod code;

use std::fmt::{self, Write};

use super::decisions::{about, challenge};
use super::item::{Item, Member, Standing};
use super::panel::{self, Counts};
use super::review::{Answer, Review};
use super::{Reading, checklist};
use crate::domain::format::format_quantity;
use crate::domain::{Run, Session, Turn};
use crate::prompt::outline;
use crate::text::{Document, Highlighter, sanitize, sanitize_line};
use body::{Mark, render};

const CSS: &str = include_str!("page.css");

/// Nothing is loaded, run or sent; the styles are those of the page itself.
const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/// Colours of columns; more columns begin anew.
const COLOURS: usize = 6;

/// The level of an answer's highest heading: below the `h3` that names it.
const TOP: usize = 4;

/// Writes the session.
pub(super) fn write(session: &Session, reading: &Reading<'_>) -> String {
    let review = Review::new(session, reading);
    let mut page = Page { out: String::new(), review: &review, colours: Highlighter::new() };
    // Writing into a string cannot fail.
    page.write().unwrap_or_default();
    page.out
}

struct Page<'a> {
    out: String,
    review: &'a Review<'a>,
    colours: Highlighter,
}

impl Page<'_> {
    fn write(&mut self) -> fmt::Result {
        let review = self.review;
        let session = review.session;
        let title = escape(sanitize_line(&session.title).trim());
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
        self.head(&title)?;
        writeln!(self.out, "<main>")?;
        for (number, turn) in (1..).zip(&session.turns) {
            self.turn(number, turn)?;
        }
        self.decisions()?;
        writeln!(self.out, "</main>\n</body>\n</html>")
    }

    /// The panel in words.
    fn head(&mut self, title: &str) -> fmt::Result {
        let session = self.review.session;
        let counts = Counts::of(&session.turns);
        writeln!(self.out, "<header class=\"page\">\n<h1>{title}</h1>\n<p class=\"panel\">")?;
        if session.turns.is_empty() {
            writeln!(self.out, "<strong>{}</strong>", panel::summary(session))?;
        } else {
            let questions = session.turns.len();
            let before = if questions > 1 {
                format_quantity(questions, "question") + ", "
            } else {
                String::new()
            };
            let (answered, asked) = (counts.answered, counts.asked);
            writeln!(self.out, "<strong>{before}{answered} of {asked} answered</strong>")?;
            for (word, n) in counts.rest().iter().filter(|(_, n)| *n > 0) {
                writeln!(
                    self.out,
                    "<span class=\"state {}\">{n} {word}</span>",
                    word.replace(' ', "-")
                )?;
            }
        }
        let name = escape(&sanitize_line(&session.panel));
        let (id, date) = (session.id.short(), panel::date(session.created_at));
        writeln!(self.out, "</p>\n<p class=\"meta\">panel {name} · session {id} · {date}</p>")?;
        if let Some(means) = panel::means(session, escape) {
            writeln!(self.out, "<p class=\"meta\">{means}</p>")?;
        }
        let tags: Vec<String> =
            session.tags.iter().map(|tag| escape(&sanitize_line(tag))).collect();
        if !tags.is_empty() {
            writeln!(self.out, "<p class=\"meta\">tags: {}</p>", tags.join(", "))?;
        }
        self.contents()?;
        writeln!(self.out, "</header>")
    }

    /// Links to the questions and the decisions, when there is more than one place to go.
    fn contents(&mut self) -> fmt::Result {
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

    fn turn(&mut self, number: usize, turn: &Turn) -> fmt::Result {
        let of = self.review.session.turns.len();
        let title =
            if of > 1 { format!("Question {number} of {of}") } else { "Question".to_owned() };
        writeln!(self.out, "<section class=\"turn\" id=\"question-{number}\">\n<h2>{title}</h2>")?;
        let (whole, short) = (sanitize(&turn.question), sanitize(&outline(&turn.question)));
        let shown = render(&Document::of(&short), &[], TOP, &mut self.colours);
        writeln!(self.out, "<blockquote class=\"question\">{shown}</blockquote>")?;
        if whole != short {
            let text = escape(&whole);
            writeln!(
                self.out,
                "<details class=\"sent\"><summary>As it was sent</summary><pre>{text}</pre></details>"
            )?;
        }
        if let Some(words) = panel::tries(turn) {
            writeln!(self.out, "<p class=\"meta\">{}</p>", escape(&words))?;
        }
        let review = self.review;
        let answers: Vec<&Answer<'_>> =
            review.answers.iter().filter(|answer| answer.turn == number && answer.counts).collect();
        writeln!(self.out, "<div class=\"columns n{}\">", answers.len().min(COLOURS))?;
        for (column, answer) in answers.into_iter().enumerate() {
            self.answer(column, answer)?;
        }
        writeln!(self.out, "</div>\n</section>")
    }

    fn answer(&mut self, column: usize, answer: &Answer<'_>) -> fmt::Result {
        let run = answer.run;
        let word = run.state.word();
        let (name, view) = (escape(&panel::name(run)), escape(&panel::view(run)));
        writeln!(self.out, "<article class=\"answer c{}\">\n<header>", column % COLOURS + 1)?;
        writeln!(self.out, "<h3>{name} <span class=\"view\">{view}</span></h3>")?;
        writeln!(
            self.out,
            "<p class=\"meta\"><span class=\"state {word}\">{}</span> {}</p>\n</header>",
            escape(&panel::state(run)),
            escape(&panel::model(run))
        )?;
        for note in &run.notes {
            writeln!(
                self.out,
                "<p class=\"note\">Note: {}</p>",
                escape(sanitize_line(note).trim())
            )?;
        }
        if answer.text().trim().is_empty() {
            writeln!(self.out, "<p class=\"note\">(no text)</p>")?;
        } else {
            let marks = self.marks(run);
            let body = render(&answer.document, &marks, TOP, &mut self.colours);
            writeln!(self.out, "<div class=\"body\">\n{body}</div>")?;
        }
        writeln!(self.out, "</article>")
    }

    /// Where the recommendations of an answer stand, in the order of the text.
    fn marks(&self, run: &Run) -> Vec<Mark> {
        let mut marks: Vec<Mark> = Vec::new();
        for item in &self.review.items {
            let here = item.members().filter(|member| member.run.id == run.id);
            marks.extend(
                here.map(|member| Mark { at: member.found.span.start, html: mark(item, member) }),
            );
        }
        marks.sort_by_key(|mark| mark.at);
        marks
    }

    fn decisions(&mut self) -> fmt::Result {
        let review = self.review;
        if review.items.is_empty() {
            return Ok(());
        }
        writeln!(
            self.out,
            "<section class=\"decisions\" id=\"decisions\">\n<h2>Decisions</h2>\n<p class=\"panel\"><strong>{}</strong></p>",
            review.counts
        )?;
        for standing in Standing::ALL {
            let items: Vec<&Item<'_>> = review.standing(standing).collect();
            let (word, title) = (class(standing), standing.title());
            if items.is_empty() {
                if matches!(standing, Standing::Accepted | Standing::Rejected) {
                    writeln!(self.out, "<p class=\"meta\">{}</p>", checklist::nothing(standing))?;
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
                self.row(item)?;
            }
            writeln!(self.out, "</tbody></table></div>")?;
        }
        writeln!(self.out, "</section>")
    }

    fn row(&mut self, item: &Item<'_>) -> fmt::Result {
        let by: Vec<String> = item.members().map(|member| self.source(member)).collect();
        let [owner, comment] =
            [item.owner(), item.comment()].map(|said| escape(&said.unwrap_or_default()));
        let about = about(item);
        let about = about.split_once(" · ").map(|(_, about)| escape(about)).unwrap_or_default();
        write!(
            self.out,
            "<tr id=\"d-{}\"><td class=\"title\">{}<span class=\"about\">{about}</span>",
            item.id(),
            escape(&item.title())
        )?;
        for aside in &item.challenges {
            let said = render(&Document::of(&aside.run.text), &[], TOP, &mut self.colours);
            write!(
                self.out,
                "<details class=\"challenge\"><summary>{}</summary>{said}</details>",
                escape(&challenge(aside))
            )?;
        }
        writeln!(
            self.out,
            "</td><td>{}</td><td>{owner}</td><td>{comment}</td></tr>",
            by.join("<br>")
        )
    }

    /// The persona that proposes it, linked to where it does, when that is on the page.
    fn source(&self, member: &Member<'_>) -> String {
        let name = escape(&panel::who(member.run));
        let shown = self.review.answer(member.run.id).is_some_and(|answer| answer.counts);
        if shown { format!("<a href=\"#m-{}\">{name}</a>", member.found.id) } else { name }
    }
}

/// What stands in the answer where a recommendation begins: a place to jump to, and what was decided.
fn mark(item: &Item<'_>, member: &Member<'_>) -> String {
    let (id, row) = (member.found.id, item.id());
    let standing = item.standing();
    let word = if standing == Standing::Open { "" } else { standing.word() };
    format!("<a class=\"mark {}\" id=\"m-{id}\" href=\"#d-{row}\">{word}</a>", class(standing))
}

fn class(standing: Standing) -> &'static str {
    match standing {
        Standing::Discuss => "discuss",
        other => other.word(),
    }
}

/// Text as HTML, wherever it stands.
fn escape(text: &str) -> String {
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
