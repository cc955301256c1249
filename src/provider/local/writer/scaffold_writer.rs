//! Writes an answer whose headings come from plenary and whose sections come from the model, one after the other.
//!
//! A section ends with its paragraph, list or table, when the model begins another section, or at the limit of its
//! tokens; then it is cut back to its complete part. A section that stays empty is removed and started again as a list,
//! and omitted if that is empty too. Headings are shown together with the first text below them, so that shown text is
//! never removed. The model continues from exactly the text that is shown.

use std::sync::Arc;

use super::loop_detector::{LoopDetector, SECTION_LIMITS};
use super::prose_scan::{ProseScan, complete_len, scan_prose, showable_len};
use super::table_scan::{TableScan, scan_table, table_header};
use super::utf8_assembler::Utf8Assembler;
use super::{Vocabulary, WriterStep, is_other_control};
use crate::domain::{Scaffold, ScaffoldSection, StopReason};

/// With at most this many tokens left, a section shows only complete sentences and lines.
const CAUTIOUS_TOKENS: usize = 24;
/// With fewer tokens left for the whole answer, no section is started.
const MIN_SECTION_TOKENS: usize = 12;

/// The form in which a section starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum SectionForm {
    Prose,
    /// Starts with the marker of the first item.
    List,
    /// Starts with header, rule and the first bar.
    Table,
}

impl SectionForm {
    /// The form that is tried first.
    fn for_section(section: Option<&ScaffoldSection>) -> Self {
        let columns = section.and_then(|section| section.table.as_ref());
        if columns.is_some_and(|columns| !columns.is_empty()) { Self::Table } else { Self::Prose }
    }

    /// The beginning of the model's text. Without a space, which models write together with the following word.
    fn seed_text(self) -> &'static str {
        match self {
            Self::Prose => "",
            Self::List => "-",
            Self::Table => "|",
        }
    }
}

/// Why a section ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum SectionEnd {
    /// The model ended it.
    Complete,
    /// Its tokens are used up, or the model repeats itself.
    Stopped,
}

/// The part of a section's text that is kept.
struct SectionCut {
    /// Number of bytes that are kept.
    len: usize,
    /// Text that completes the kept part, such as the end of a code block.
    suffix: &'static str,
}

impl SectionCut {
    fn new(len: usize, suffix: &'static str) -> Self {
        Self { len, suffix }
    }
}

/// The section that is being written.
struct SectionDraft {
    form: SectionForm,
    /// Number of tokens that were forced, for heading and seed.
    forced_tokens: usize,
    /// Number of tokens that may be sampled.
    max_tokens: usize,
    /// The seed and the model's text.
    text: String,
    utf8: Utf8Assembler,
    /// The length of `text` after each sampled token; none where a character is incomplete.
    token_ends: Vec<Option<usize>>,
    /// Number of bytes of `text` that are shown, or of rows in a table.
    shown: usize,
    loops: LoopDetector,
}

impl SectionDraft {
    fn is_almost_full(&self) -> bool {
        let remaining = self.max_tokens.saturating_sub(self.token_ends.len());
        remaining <= CAUTIOUS_TOKENS.min(self.max_tokens / 2)
    }

    /// Number of bytes that may be shown while the section is written.
    fn showable_len(&self, scan: &ProseScan) -> usize {
        let in_code = scan.open_code.is_some();
        let showable = showable_len(&self.text, in_code);
        if !self.is_almost_full() {
            return showable;
        }
        let complete = if in_code { self.complete_lines_len() } else { complete_len(&self.text) };
        // A sentence that is partly shown is continued.
        if complete >= self.shown { complete.min(showable) } else { showable }
    }

    /// The end of the last line with a line break.
    fn complete_lines_len(&self) -> usize {
        self.text.rfind('\n').map_or(0, |line_break| self.text_before(line_break).trim_end().len())
    }

    /// Decides which part of the text is kept.
    fn cut(&self, reason: SectionEnd) -> SectionCut {
        const CODE_END: &str = "\n```";
        let scan = scan_prose(&self.text);
        if reason == SectionEnd::Complete {
            let end = scan.end.unwrap_or(self.text.len());
            let in_code = scan.open_code.is_some();
            let kept = showable_len(self.text_before(end), in_code);
            return SectionCut::new(kept, if in_code { CODE_END } else { "" });
        }
        if let Some(code) = scan.open_code {
            let lines = self.complete_lines_len();
            let has_code = self.text.get(code..lines).is_some_and(|block| block.contains('\n'));
            let before_code = showable_len(self.text_before(code), false);
            return if has_code {
                SectionCut::new(lines, CODE_END)
            } else if self.shown <= before_code {
                SectionCut::new(before_code, "")
            } else {
                SectionCut::new(showable_len(&self.text, true), CODE_END)
            };
        }
        let complete = complete_len(&self.text);
        let showable = showable_len(&self.text, false);
        if complete > 0 && complete >= self.shown {
            SectionCut::new(complete, "")
        } else {
            SectionCut::new(showable, if showable == complete { "" } else { "…" })
        }
    }

    /// Returns the number of sampled tokens that remain after the cut, and the text that must be forced after them: the
    /// rest of the kept text, the suffix, and the empty line after the section.
    fn rewind_to_cut(&self, cut: &SectionCut) -> (usize, String) {
        let SectionCut { len, suffix } = *cut;
        let (mut kept_tokens, mut kept_end) = (0, self.form.seed_text().len());
        for (index, end) in self.token_ends.iter().enumerate() {
            let Some(end) = *end else { continue };
            let is_line_break = |text: &str| text == "\n" || text == "\n\n";
            let is_kept = end <= len
                || (suffix.is_empty() && self.text.get(len..end).is_some_and(is_line_break));
            if is_kept && end > kept_end {
                (kept_tokens, kept_end) = (index + 1, end);
            }
        }
        let missing = self.text.get(kept_end..len).unwrap_or_default();
        let line_breaks = "\n\n".get(kept_end.saturating_sub(len)..).unwrap_or_default();
        (kept_tokens, format!("{missing}{suffix}{line_breaks}"))
    }

    fn text_before(&self, end: usize) -> &str {
        self.text.get(..end).unwrap_or_default()
    }
}

/// Writes an answer with a scaffold.
pub(in crate::provider::local) struct ScaffoldWriter {
    tokens: Arc<dyn Vocabulary>,
    sections: Vec<ScaffoldSection>,
    /// Index of the section that is being written or comes next.
    section_index: usize,
    form: SectionForm,
    /// Text to be forced before the next heading.
    lead: String,
    draft: Option<SectionDraft>,
    /// True once part of the answer is shown.
    has_shown_text: bool,
    /// Number of tokens to be removed in the next step.
    rewind_tokens: usize,
    answer: Vec<u32>,
    /// Number of tokens that may still be sampled.
    remaining_tokens: usize,
    ended: Option<StopReason>,
}

impl ScaffoldWriter {
    /// A writer for an answer of at most `max_tokens` sampled tokens.
    pub(super) fn new(tokens: Arc<dyn Vocabulary>, scaffold: Scaffold, max_tokens: u32) -> Self {
        Self {
            tokens,
            form: SectionForm::for_section(scaffold.sections.first()),
            sections: scaffold.sections,
            section_index: 0,
            lead: String::new(),
            draft: None,
            has_shown_text: false,
            rewind_tokens: 0,
            answer: Vec::new(),
            remaining_tokens: usize::try_from(max_tokens).unwrap_or(usize::MAX),
            ended: None,
        }
    }

    /// See [`super::AnswerWriter::next_step`].
    pub(super) fn next_step(&mut self) -> WriterStep {
        if let Some(reason) = &self.ended {
            return WriterStep::End(reason.clone());
        }
        if self.rewind_tokens > 0 {
            return WriterStep::Rewind { tokens: std::mem::take(&mut self.rewind_tokens) };
        }
        if self.draft.is_some() {
            return WriterStep::Sample;
        }
        match self.start_section() {
            Ok(forced) => WriterStep::Force(forced),
            Err(reason) => {
                self.ended = Some(reason.clone());
                WriterStep::End(reason)
            }
        }
    }

    /// Starts the next section. Returns the tokens of its heading, or the reason why the answer ends.
    fn start_section(&mut self) -> Result<Vec<u32>, StopReason> {
        let section = self.sections.get(self.section_index).ok_or(StopReason::End)?;
        let section_tokens = usize::try_from(section.tokens).unwrap_or(usize::MAX).max(1);
        if self.remaining_tokens < section_tokens.min(MIN_SECTION_TOKENS) {
            return Err(StopReason::Length);
        }
        let seed = self.form.seed_text();
        let text = format!("{}{}{seed}", self.lead, section_heading(section, self.form));
        let forced = self.tokens.encode(&text);
        self.draft = Some(SectionDraft {
            form: self.form,
            forced_tokens: forced.len(),
            max_tokens: section_tokens.min(self.remaining_tokens),
            text: seed.to_owned(),
            utf8: Utf8Assembler::default(),
            token_ends: Vec::new(),
            shown: 0,
            loops: LoopDetector::new(SECTION_LIMITS),
        });
        Ok(forced)
    }

    /// See [`super::AnswerWriter::is_banned`]. A section must begin with text, not with a heading, a bold line or an
    /// empty one, and must continue after a colon.
    pub(super) fn is_banned(&self, id: u32) -> bool {
        if is_other_control(&*self.tokens, id) {
            return true;
        }
        let Some(draft) = &self.draft else { return false };
        let is_end = self.tokens.is_end(id);
        if draft.text.trim_end().ends_with(':') && draft.form != SectionForm::Table {
            let bytes = self.tokens.token_bytes(id);
            return is_end || bytes.trim_ascii_start().starts_with(b"#");
        }
        if is_end {
            return false;
        }
        let start = draft.text.get(draft.form.seed_text().len()..).unwrap_or_default();
        if start.trim().len() > 1 {
            return false;
        }
        let start = format!("{start}{}", String::from_utf8_lossy(&self.tokens.token_bytes(id)));
        match draft.form {
            SectionForm::Prose => {
                start.starts_with(char::is_whitespace)
                    || start.starts_with('#')
                    || start.starts_with("**")
                    || start.starts_with("__")
            }
            SectionForm::List | SectionForm::Table => start.strip_prefix(' ').is_none_or(|rest| {
                rest.starts_with(char::is_whitespace) || rest.starts_with(['#', '|', '-', '+'])
            }),
        }
    }

    /// See [`super::AnswerWriter::accept_token`].
    pub(super) fn accept_token(&mut self, id: u32) -> String {
        let Some(draft) = &mut self.draft else { return String::new() };
        self.remaining_tokens = self.remaining_tokens.saturating_sub(1);
        self.answer.push(id);
        let is_end = self.tokens.is_end(id);
        let text =
            if is_end { String::new() } else { draft.utf8.push(&self.tokens.token_bytes(id)) };
        draft.text.push_str(&text);
        draft.token_ends.push((!draft.utf8.has_partial_char()).then_some(draft.text.len()));
        let is_loop = draft.loops.push(id, &text);
        let is_full = is_loop || draft.token_ends.len() >= draft.max_tokens;
        let has_ended = is_end
            || if draft.form == SectionForm::Table {
                self.scan_rows(false).has_ended
            } else {
                scan_prose(&draft.text).end.is_some()
            };
        match (has_ended, is_full) {
            (true, _) => self.close_section(SectionEnd::Complete),
            (false, true) => self.close_section(SectionEnd::Stopped),
            (false, false) => self.show_new_text(),
        }
    }

    /// Returns the text that may be shown while the section is written.
    fn show_new_text(&mut self) -> String {
        let Some(draft) = &self.draft else { return String::new() };
        if draft.form == SectionForm::Table {
            let scan = self.scan_rows(false);
            return self.show_rows(&scan);
        }
        let end = draft.showable_len(&scan_prose(&draft.text));
        self.show_text(end)
    }

    /// Shows the text up to `end`.
    fn show_text(&mut self, end: usize) -> String {
        let Some(draft) = &mut self.draft else { return String::new() };
        let new_text = draft.text.get(draft.shown..end).filter(|text| !text.is_empty());
        let Some(text) = new_text else { return String::new() };
        let text = if draft.shown == 0 { text.trim_start() } else { text }.to_owned();
        let is_first = std::mem::replace(&mut draft.shown, end) == 0;
        if is_first { self.with_heading(&text) } else { text }
    }

    /// Shows the rows that are not shown yet.
    fn show_rows(&mut self, scan: &TableScan) -> String {
        let Some(draft) = &mut self.draft else { return String::new() };
        let rows = scan.rows.get(draft.shown..).unwrap_or_default().join("\n");
        if rows.is_empty() {
            return rows;
        }
        let is_first = std::mem::replace(&mut draft.shown, scan.rows.len()) == 0;
        if is_first { self.with_heading(&rows) } else { format!("\n{rows}") }
    }

    /// The heading of the current section, and `text` below it.
    fn with_heading(&mut self, text: &str) -> String {
        let Some(section) = self.sections.get(self.section_index) else { return text.to_owned() };
        let has_text_above = std::mem::replace(&mut self.has_shown_text, true);
        let separator = if has_text_above { "\n\n" } else { "" };
        format!("{separator}{}{text}", section_heading(section, self.form))
    }

    fn scan_rows(&self, is_final: bool) -> TableScan {
        let section = self.sections.get(self.section_index);
        let columns = section.and_then(|section| section.table.as_deref()).unwrap_or_default();
        let text = self.draft.as_ref().map_or("", |draft| &draft.text);
        scan_table(text, columns, is_final)
    }

    /// Ends the section. Returns the rest of its text, and prepares the sequence for the next section.
    fn close_section(&mut self, reason: SectionEnd) -> String {
        let Some(draft) = &self.draft else { return String::new() };
        let (cut, shown) = if draft.form == SectionForm::Table {
            let scan = self.scan_rows(true);
            (SectionCut::new(scan.end, ""), self.show_rows(&scan))
        } else {
            let SectionCut { len, suffix } = draft.cut(reason);
            let cut = SectionCut::new(len.max(draft.shown), suffix);
            let text = self.show_text(cut.len);
            (cut, format!("{text}{suffix}"))
        };
        let Some(draft) = self.draft.take() else { return shown };
        let sampled = draft.token_ends.len();
        if cut.len == 0 {
            self.rewind_tokens = draft.forced_tokens + sampled;
            self.remove_answer_tokens(sampled);
            match self.form {
                SectionForm::List => self.move_to_next_section(),
                SectionForm::Prose | SectionForm::Table => self.form = SectionForm::List,
            }
            return String::new();
        }
        let (kept_tokens, lead) = draft.rewind_to_cut(&cut);
        self.rewind_tokens = sampled - kept_tokens;
        self.remove_answer_tokens(sampled - kept_tokens);
        self.lead = lead;
        let wanted = self.sections.get(self.section_index).map_or(0, |section| section.tokens);
        let was_limited = usize::try_from(wanted).is_ok_and(|wanted| draft.max_tokens < wanted);
        self.move_to_next_section();
        if self.section_index >= self.sections.len() {
            let is_cut = reason == SectionEnd::Stopped && was_limited;
            self.ended = Some(if is_cut { StopReason::Length } else { StopReason::End });
        }
        shown
    }

    fn move_to_next_section(&mut self) {
        self.section_index += 1;
        self.form = SectionForm::for_section(self.sections.get(self.section_index));
    }

    /// Removes the last `count` tokens from the answer.
    fn remove_answer_tokens(&mut self, count: usize) {
        self.answer.truncate(self.answer.len().saturating_sub(count));
    }

    /// See [`super::AnswerWriter::finish`].
    pub(super) fn finish(&mut self) -> String {
        let text = self.close_section(SectionEnd::Stopped);
        self.ended.get_or_insert(StopReason::Length);
        text
    }

    /// See [`super::AnswerWriter::answer`].
    pub(super) fn answer(&self) -> &[u32] {
        &self.answer
    }
}

/// The heading of a section, and header and rule of a table.
fn section_heading(section: &ScaffoldSection, form: SectionForm) -> String {
    let words: Vec<&str> = section.title.split_whitespace().collect();
    let title = words.join(" ");
    // Contracts that open with a lead such as `Recommendation:` require it in bold, not as a heading.
    let title =
        if title.ends_with(':') { format!("**{title}**\n\n") } else { format!("## {title}\n\n") };
    match section.table.as_ref().filter(|_| form == SectionForm::Table) {
        Some(columns) => format!("{title}{}\n", table_header(columns)),
        None => title,
    }
}
