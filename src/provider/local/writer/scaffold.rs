//! An answer whose headings the program writes and whose sections the model fills in, one after the other.
//!
//! A section ends with its paragraph, list or table, when the model begins something else, or when its tokens are used
//! up; then it is cut back to what is complete. One that comes out empty is taken back and begun again as a list, and
//! left out if that is empty too. Headings are shown with the first text below them, so nothing that is shown is ever
//! taken back. What stays is also what the model goes on from.

use std::sync::Arc;

use super::decode::Decoder;
use super::loops::{self, Loops};
use super::{Step, Vocabulary, is_mute, prose, rows};
use crate::domain::{Scaffold, ScaffoldSection, StopReason};

/// So near to its limit, a section shows only what is complete.
const ZONE: usize = 24;
/// With fewer tokens left for the whole answer, no section is begun.
const LEAST: usize = 12;

/// How a section is begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Prose,
    /// With the mark of its first item.
    List,
    /// With header, rule and the first bar.
    Table,
}

impl Form {
    fn first(section: Option<&ScaffoldSection>) -> Self {
        let columns = section.and_then(|section| section.table.as_ref());
        if columns.is_some_and(|columns| !columns.is_empty()) { Self::Table } else { Self::Prose }
    }

    /// What the model's text begins with. No blank behind it: models write it with the word that follows.
    fn seed(self) -> &'static str {
        match self {
            Self::Prose => "",
            Self::List => "-",
            Self::Table => "|",
        }
    }
}

/// Why a section is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Why {
    /// The model came to its end.
    Done,
    /// Its tokens are used up, or go round in circles.
    Full,
}

/// The section that is being written.
struct Section {
    form: Form,
    /// How many tokens were forced for it, heading and seed.
    forced: usize,
    /// How many may be sampled.
    budget: usize,
    /// The seed, and what the model wrote.
    text: String,
    decoder: Decoder,
    /// The length of `text` after each sampled token; none where a character is incomplete.
    ends: Vec<Option<usize>>,
    /// How much of `text` is shown; of a table, how many rows.
    shown: usize,
    loops: Loops,
}

impl Section {
    fn is_near_its_end(&self) -> bool {
        self.budget.saturating_sub(self.ends.len()) <= ZONE.min(self.budget / 2)
    }

    /// How much of the text may be shown while it grows.
    fn limit(&self, scan: &prose::Scan) -> usize {
        let settled = prose::settled(&self.text, scan.code.is_some());
        if !self.is_near_its_end() {
            return settled;
        }
        let complete = if scan.code.is_some() {
            self.text.rfind('\n').map_or(0, |at| self.head(at).trim_end().len())
        } else {
            prose::complete(&self.text)
        };
        // A sentence of which some is shown goes on.
        if complete >= self.shown { complete.min(settled) } else { settled }
    }

    /// What stays of the text, and what is added to it to make it whole.
    fn cut(&self, why: Why) -> (usize, &'static str) {
        let scan = prose::scan(&self.text);
        if why == Why::Done {
            let end = scan.end.unwrap_or(self.text.len());
            let keep = prose::settled(self.head(end), scan.code.is_some());
            return (keep, if scan.code.is_some() { "\n```" } else { "" });
        }
        if let Some(code) = scan.code {
            let lines = self.text.rfind('\n').map_or(0, |at| self.head(at).trim_end().len());
            let opened = self.text.get(code..lines).is_some_and(|block| block.contains('\n'));
            let before = prose::settled(self.head(code), false);
            return if opened {
                (lines, "\n```")
            } else if self.shown <= before {
                (before, "")
            } else {
                (prose::settled(&self.text, true), "\n```")
            };
        }
        let complete = prose::complete(&self.text);
        let settled = prose::settled(&self.text, false);
        if complete > 0 && complete >= self.shown {
            (complete, "")
        } else if settled == complete {
            (settled, "")
        } else {
            (settled, "…")
        }
    }

    /// How many of the sampled tokens stay when the text is cut to `keep` bytes, and what of it and of the blank line
    /// behind it is to be written anew.
    fn resume(&self, keep: usize, suffix: &str) -> (usize, String) {
        let mut best = (0, self.form.seed().len());
        for (count, end) in
            self.ends.iter().enumerate().filter_map(|(at, end)| Some((at + 1, (*end)?)))
        {
            let fits = end <= keep
                || (suffix.is_empty()
                    && self.text.get(keep..end).is_some_and(|tail| tail == "\n" || tail == "\n\n"));
            if fits && end > best.1 {
                best = (count, end);
            }
        }
        let (count, end) = best;
        let missing = self.text.get(end..keep).unwrap_or_default();
        let breaks = "\n\n".get(end.saturating_sub(keep)..).unwrap_or_default();
        (count, format!("{missing}{suffix}{breaks}"))
    }

    fn head(&self, end: usize) -> &str {
        self.text.get(..end).unwrap_or_default()
    }
}

pub(in crate::provider::local) struct Scaffolded {
    tokens: Arc<dyn Vocabulary>,
    sections: Vec<ScaffoldSection>,
    /// The section that is being written, or comes next.
    at: usize,
    form: Form,
    /// What is to be written before the next heading.
    lead: String,
    writing: Option<Section>,
    /// True once something of the answer is shown.
    begun: bool,
    /// Tokens that are to be taken back.
    rewind: usize,
    answer: Vec<u32>,
    /// Tokens that may still be sampled.
    left: usize,
    ended: Option<StopReason>,
}

impl Scaffolded {
    pub(super) fn new(tokens: Arc<dyn Vocabulary>, plan: Scaffold, max_tokens: u32) -> Self {
        Self {
            tokens,
            form: Form::first(plan.sections.first()),
            sections: plan.sections,
            at: 0,
            lead: String::new(),
            writing: None,
            begun: false,
            rewind: 0,
            answer: Vec::new(),
            left: usize::try_from(max_tokens).unwrap_or(usize::MAX),
            ended: None,
        }
    }

    pub(super) fn step(&mut self) -> Step {
        if let Some(reason) = &self.ended {
            return Step::End(reason.clone());
        }
        if self.rewind > 0 {
            return Step::Rewind { tokens: std::mem::take(&mut self.rewind) };
        }
        if self.writing.is_some() {
            return Step::Sample;
        }
        match self.open() {
            Ok(forced) => Step::Force(forced),
            Err(reason) => {
                self.ended = Some(reason.clone());
                Step::End(reason)
            }
        }
    }

    /// Begins the next section; the tokens of its heading, or why there is none.
    fn open(&mut self) -> Result<Vec<u32>, StopReason> {
        let section = self.sections.get(self.at).ok_or(StopReason::End)?;
        let wanted = usize::try_from(section.tokens).unwrap_or(usize::MAX).max(1);
        if self.left < wanted.min(LEAST) {
            return Err(StopReason::Length);
        }
        let seed = self.form.seed();
        let text = format!("{}{}{seed}", self.lead, heading(section, self.form));
        let forced = self.tokens.encode(&text);
        self.writing = Some(Section {
            form: self.form,
            forced: forced.len(),
            budget: wanted.min(self.left),
            text: seed.to_owned(),
            decoder: Decoder::default(),
            ends: Vec::new(),
            shown: 0,
            loops: Loops::new(loops::SECTION),
        });
        Ok(forced)
    }

    /// A section begins with text, not with a heading, a bold line or a blank one. What was announced (`:`) must come.
    pub(super) fn banned(&self, id: u32) -> bool {
        if is_mute(&*self.tokens, id) {
            return true;
        }
        let Some(writing) = &self.writing else { return false };
        let is_end = self.tokens.is_end(id);
        if writing.text.trim_end().ends_with(':') && writing.form != Form::Table {
            let piece = self.tokens.piece(id);
            return is_end || piece.trim_ascii_start().starts_with(b"#");
        }
        if is_end {
            return false;
        }
        let begun = writing.text.get(writing.form.seed().len()..).unwrap_or_default();
        if begun.trim().len() > 1 {
            return false;
        }
        let begun = format!("{begun}{}", String::from_utf8_lossy(&self.tokens.piece(id)));
        match writing.form {
            Form::Prose => {
                begun.starts_with(char::is_whitespace)
                    || begun.starts_with('#')
                    || begun.starts_with("**")
                    || begun.starts_with("__")
            }
            Form::List | Form::Table => begun.strip_prefix(' ').is_none_or(|rest| {
                rest.starts_with(char::is_whitespace) || rest.starts_with(['#', '|', '-', '+'])
            }),
        }
    }

    pub(super) fn accept(&mut self, id: u32) -> String {
        let Some(writing) = &mut self.writing else { return String::new() };
        self.left = self.left.saturating_sub(1);
        self.answer.push(id);
        let is_end = self.tokens.is_end(id);
        let more =
            if is_end { String::new() } else { writing.decoder.push(&self.tokens.piece(id)) };
        writing.text.push_str(&more);
        writing.ends.push((!writing.decoder.is_waiting()).then_some(writing.text.len()));
        let circles = writing.loops.push(id, &more);
        let full = circles || writing.ends.len() >= writing.budget;
        let over = if writing.form == Form::Table {
            self.rows(false).over
        } else {
            prose::scan(&writing.text).end.is_some()
        };
        match (is_end || over, full) {
            (true, _) => self.close(Why::Done),
            (false, true) => self.close(Why::Full),
            (false, false) => self.show(),
        }
    }

    /// What may be shown of the section while it grows.
    fn show(&mut self) -> String {
        let Some(writing) = &self.writing else { return String::new() };
        if writing.form == Form::Table {
            let rows = self.rows(false);
            return self.show_rows(&rows);
        }
        let limit = writing.limit(&prose::scan(&writing.text));
        self.show_text(limit)
    }

    /// Shows the text up to `limit`, under its heading.
    fn show_text(&mut self, limit: usize) -> String {
        let Some(writing) = &mut self.writing else { return String::new() };
        let Some(more) = writing.text.get(writing.shown..limit).filter(|more| !more.is_empty())
        else {
            return String::new();
        };
        let more = if writing.shown == 0 { more.trim_start() } else { more }.to_owned();
        let first = std::mem::replace(&mut writing.shown, limit) == 0;
        self.under_heading(first, &more)
    }

    /// Shows the rows that are not shown yet.
    fn show_rows(&mut self, rows: &rows::Rows) -> String {
        let Some(writing) = &mut self.writing else { return String::new() };
        let more = rows.shown.get(writing.shown..).unwrap_or_default().join("\n");
        if more.is_empty() {
            return more;
        }
        let first = std::mem::replace(&mut writing.shown, rows.shown.len()) == 0;
        if first { self.under_heading(true, &more) } else { format!("\n{more}") }
    }

    fn under_heading(&mut self, first: bool, more: &str) -> String {
        let Some(section) = self.sections.get(self.at).filter(|_| first) else {
            return more.to_owned();
        };
        let apart = if std::mem::replace(&mut self.begun, true) { "\n\n" } else { "" };
        format!("{apart}{}{more}", heading(section, self.form))
    }

    fn rows(&self, last: bool) -> rows::Rows {
        let columns = self.sections.get(self.at).and_then(|section| section.table.as_deref());
        let text = self.writing.as_ref().map_or("", |writing| &writing.text);
        rows::read(text, columns.unwrap_or_default(), last)
    }

    /// Ends the section: the last of its text, and what the model goes on from.
    fn close(&mut self, why: Why) -> String {
        let Some(writing) = &self.writing else { return String::new() };
        let (keep, suffix, shown) = if writing.form == Form::Table {
            let rows = self.rows(true);
            let more = self.show_rows(&rows);
            (rows.end, "", more)
        } else {
            let (keep, suffix) = writing.cut(why);
            let keep = keep.max(writing.shown);
            let more = self.show_text(keep);
            (keep, suffix, format!("{more}{suffix}"))
        };
        let Some(writing) = self.writing.take() else { return shown };
        let sampled = writing.ends.len();
        if keep == 0 {
            self.rewind = writing.forced + sampled;
            self.forget(sampled);
            match self.form {
                Form::List => self.next(),
                Form::Prose | Form::Table => self.form = Form::List,
            }
            return String::new();
        }
        let (kept, lead) = writing.resume(keep, suffix);
        self.rewind = sampled - kept;
        self.forget(sampled - kept);
        self.lead = lead;
        let wanted = self.sections.get(self.at).map_or(0, |section| section.tokens);
        let short = usize::try_from(wanted).is_ok_and(|wanted| writing.budget < wanted);
        self.next();
        if self.at >= self.sections.len() {
            let length = why == Why::Full && short;
            self.ended = Some(if length { StopReason::Length } else { StopReason::End });
        }
        shown
    }

    fn next(&mut self) {
        self.at += 1;
        self.form = Form::first(self.sections.get(self.at));
    }

    /// Takes the last tokens out of the answer.
    fn forget(&mut self, tokens: usize) {
        self.answer.truncate(self.answer.len().saturating_sub(tokens));
    }

    pub(super) fn finish(&mut self) -> String {
        let text = self.close(Why::Full);
        self.ended.get_or_insert(StopReason::Length);
        text
    }

    pub(super) fn answer(&self) -> &[u32] {
        &self.answer
    }
}

/// What stands above the text of a section.
fn heading(section: &ScaffoldSection, form: Form) -> String {
    let words: Vec<&str> = section.title.split_whitespace().collect();
    let title = words.join(" ");
    // A contract that opens with a lead such as `Recommendation:` wants it in bold, not as a heading.
    let title =
        if title.ends_with(':') { format!("**{title}**\n\n") } else { format!("## {title}\n\n") };
    match section.table.as_ref().filter(|_| form == Form::Table) {
        Some(columns) => format!("{title}{}\n", rows::header(columns)),
        None => title,
    }
}
