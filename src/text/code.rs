//! A code block: its lines and their colours.
//!
//! The text stays in the source where it is contiguous there; a block inside a list or quote keeps a copy without its
//! indentation. Colours arrive line by line and are requested once. Independent of the width and of syntect.

use std::ops::Range;

use super::inline::to_offset;
use super::{HighlightJob, Highlighted, Role, fence};

/// Lines in one job: enough that a resumed session needs few jobs, few enough that none takes long.
const JOB_LINES: usize = 200;
/// Bytes of a block that are coloured at most.
const MAX_COLOURED: usize = 200 * 1024;

/// Colours of one line: length in bytes and role of each segment; empty when plain.
type RoleSpans = Box<[(u32, Role)]>;

/// A code block.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct CodeBlock {
    /// Identifies the block in jobs; grows with the index.
    pub(crate) id: u64,
    /// Language token of the info string; may be empty.
    pub(crate) language: Box<str>,
    /// File name or title.
    pub(crate) title: Option<Box<str>>,
    /// Byte range of the opening line without its line end; empty for indented code.
    pub(crate) opening: Range<usize>,
    text: CodeText,
    /// Start of each line in the text; the last line may be unfinished.
    starts: Vec<u32>,
    /// Number of lines that have their line end.
    complete: usize,
    /// Number of lines that were handed out in jobs.
    asked: usize,
    colours: Vec<RoleSpans>,
    /// The lines of each result, in the order of arrival.
    events: Vec<Range<u32>>,
    coloured: usize,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum CodeText {
    /// Byte range of the source.
    Source(Range<usize>),
    /// A copy without indentation, and the source offset of each of its lines.
    Own { text: String, origins: Vec<u32> },
}

impl Default for CodeText {
    fn default() -> Self {
        Self::Source(0..0)
    }
}

impl CodeBlock {
    /// A block with this info string whose text begins at byte `at` of the source.
    pub(crate) fn new(info: &str, opening: Range<usize>, at: usize) -> Self {
        let info = fence::FenceInfo::parse(info);
        Self {
            language: info.language,
            title: info.title,
            opening,
            text: CodeText::Source(at..at),
            ..Self::default()
        }
    }

    /// Appends text while parsing; `at` is its byte range of the source.
    pub(crate) fn push(&mut self, source: &str, text: &str, at: Range<usize>) {
        if let CodeText::Source(range) = &mut self.text {
            if range.start == range.end && at.len() == text.len() {
                *range = at;
                return;
            }
            if range.end == at.start && at.len() == text.len() {
                range.end = at.end;
                return;
            }
            let copy = source.get(range.clone()).unwrap_or_default().to_owned();
            let origins = line_starts(&copy).map(|s| s + to_offset(range.start)).collect();
            self.text = CodeText::Own { text: copy, origins };
        }
        if let CodeText::Own { text: own, origins } = &mut self.text {
            if own.is_empty() || own.ends_with('\n') {
                origins.push(to_offset(at.start));
            }
            let inner = text.match_indices('\n').map(|(n, _)| n + 1).filter(|n| *n < text.len());
            let exact = at.len() == text.len();
            origins.extend(inner.map(|n| to_offset(if exact { at.start + n } else { at.start })));
            own.push_str(text);
        }
    }

    /// Finds the lines once the text is complete.
    pub(crate) fn find_lines(&mut self, source: &str) {
        let text = self.text(source);
        let starts: Vec<u32> = line_starts(text).collect();
        let unfinished = !text.is_empty() && !text.ends_with('\n');
        self.complete = starts.len() - usize::from(unfinished);
        self.starts = starts;
        self.find_title(source);
    }

    /// Drops the lines, which are appended again one by one; colours stay.
    pub(crate) fn clear_lines(&mut self) {
        self.starts.clear();
        self.complete = 0;
        if let CodeText::Source(range) = &mut self.text {
            range.end = range.start;
        }
    }

    /// Appends a complete line of the source that ends before byte `end`.
    pub(crate) fn push_line(&mut self, source: &str, end: usize) {
        self.drop_unfinished();
        if let CodeText::Source(range) = &mut self.text {
            self.starts.push(to_offset(range.len()));
            range.end = end;
            self.complete += 1;
            if self.complete == 1 {
                self.find_title(source);
            }
        }
    }

    /// Shows the source up to byte `end` as an unfinished line.
    pub(crate) fn show_unfinished(&mut self, end: usize) {
        self.drop_unfinished();
        if let CodeText::Source(range) = &mut self.text
            && range.end < end
        {
            self.starts.push(to_offset(range.len()));
            range.end = end;
        }
    }

    /// Drops the unfinished line.
    pub(crate) fn drop_unfinished(&mut self) {
        if self.starts.len() > self.complete
            && let (Some(start), CodeText::Source(range)) = (self.starts.pop(), &mut self.text)
        {
            range.end = range.start + start as usize;
        }
    }

    /// Ends the block: an unfinished last line is complete.
    pub(crate) fn finish(&mut self, source: &str) {
        self.complete = self.starts.len();
        self.find_title(source);
    }

    /// Takes over id and colours of `old` if this is the same block with more text.
    pub(crate) fn adopt_colours(&mut self, mut old: Self, source: &str) -> bool {
        if old.opening != self.opening || old.complete > self.starts.len() {
            return false;
        }
        let same = if let (CodeText::Source(was), CodeText::Source(is)) = (&old.text, &self.text) {
            was.start == is.start
        } else {
            let known = old.starts.get(old.asked).map_or(old.len(), |s| *s as usize);
            let (was, is) = (old.text(source), self.text(source));
            was.get(..known.min(was.len())) == is.get(..known.min(was.len()))
        };
        if same {
            self.id = old.id;
            self.asked = old.asked;
            self.coloured = old.coloured;
            self.colours = std::mem::take(&mut old.colours);
            self.events = std::mem::take(&mut old.events);
        }
        same
    }

    /// The code verbatim, without fences and without the indentation of its container.
    pub(crate) fn text<'a>(&'a self, source: &'a str) -> &'a str {
        match &self.text {
            CodeText::Source(range) => source.get(range.clone()).unwrap_or_default(),
            CodeText::Own { text, .. } => text,
        }
    }

    fn len(&self) -> usize {
        match &self.text {
            CodeText::Source(range) => range.len(),
            CodeText::Own { text, .. } => text.len(),
        }
    }

    /// Number of lines, with the unfinished one.
    pub(crate) fn line_count(&self) -> usize {
        self.starts.len()
    }

    /// Number of lines that cannot change, except for their colours.
    pub(crate) fn complete_lines(&self) -> usize {
        self.complete
    }

    /// Line `index` without its line end.
    pub(crate) fn line<'a>(&'a self, source: &'a str, index: usize) -> &'a str {
        let text = self.text(source).get(self.line_range(index)).unwrap_or_default();
        text.strip_suffix('\n').unwrap_or(text)
    }

    /// Byte range of line `index` in the source, with its line end.
    pub(crate) fn line_source(&self, source: &str, index: usize) -> Range<usize> {
        match &self.text {
            CodeText::Source(all) => {
                let range = self.line_range(index);
                all.start + range.start..all.start + range.end
            }
            CodeText::Own { origins, .. } => {
                let start = origins.get(index).map_or(0, |o| *o as usize);
                let rest = source.get(start..).unwrap_or_default();
                start..start + rest.find('\n').map_or(rest.len(), |n| n + 1)
            }
        }
    }

    /// Colours of line `index`; empty when it has none.
    pub(crate) fn line_roles(&self, index: usize) -> &[(u32, Role)] {
        self.colours.get(index).map_or(&[], |s| s)
    }

    /// The lines of each result so far.
    pub(crate) fn colour_events(&self) -> &[Range<u32>] {
        &self.events
    }

    /// True when the colours of every line are final.
    pub(crate) fn is_coloured(&self) -> bool {
        self.asked >= self.complete && self.coloured >= self.colours.len()
    }

    /// Moves complete lines that need colours into jobs.
    pub(crate) fn take_jobs(&mut self, source: &str, jobs: &mut Vec<HighlightJob>) {
        if !super::highlight::is_known(&self.language) {
            self.asked = self.complete;
            return;
        }
        while self.asked < self.complete {
            let (first, end) = (self.asked, self.complete.min(self.asked + JOB_LINES));
            let bytes = self.line_range(first).start..self.line_range(end - 1).end;
            self.asked = end;
            if bytes.end > MAX_COLOURED {
                self.asked = self.complete;
                return;
            }
            let mut text = self.text(source).get(bytes).unwrap_or_default().to_owned();
            if !text.ends_with('\n') {
                text.push('\n');
            }
            self.colours.resize(end, RoleSpans::default());
            let (block, language) = (self.id, self.language.to_string());
            jobs.push(HighlightJob { block, language, first, text });
        }
    }

    /// Applies the result of a job; false when it changes nothing.
    pub(crate) fn apply_colours(&mut self, done: Highlighted) -> bool {
        let end = self.colours.len().min(done.first + done.lines.len());
        if done.first >= end {
            return false;
        }
        for (slot, spans) in self.colours.iter_mut().skip(done.first).zip(done.lines) {
            *slot = spans.into_boxed_slice();
        }
        self.coloured += end - done.first;
        self.events.push(to_offset(done.first)..to_offset(end));
        true
    }

    fn line_range(&self, index: usize) -> Range<usize> {
        let at = |i: usize| self.starts.get(i).map_or(self.len(), |s| *s as usize);
        at(index)..at(index + 1)
    }

    fn find_title(&mut self, source: &str) {
        if self.title.is_none() && self.complete > 0 {
            self.title = fence::find_path_comment(self.line(source, 0)).map(Into::into);
        }
    }
}

fn line_starts(text: &str) -> impl Iterator<Item = u32> + '_ {
    let first = (!text.is_empty()).then_some(0);
    let after = text.match_indices('\n').map(|(at, _)| at + 1).filter(|at| *at < text.len());
    first.into_iter().chain(after.map(to_offset))
}
