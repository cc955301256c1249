//! Inline text: one string with faces and a map to the source, independent of the width.
//!
//! The parser fills an [`InlineBuilder`]; layout cuts an [`Inline`] into pieces with a [`Slicer`]. A `\n` in the text is a
//! hard break. Not for code blocks, whose lines stay in the source.

use std::ops::Range;

use super::{Face, Role, RowPiece};

/// A segment of text in one face.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FaceSegment {
    /// Length in bytes.
    len: u32,
    /// Offset in the source.
    from: u32,
    /// Length in the source: the same as `len` when the text is verbatim.
    source_len: u32,
    face: Face,
}

/// Text with faces.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Inline {
    pub(crate) text: Box<str>,
    runs: Box<[FaceSegment]>,
}

impl Inline {
    /// A cursor for cutting pieces from left to right.
    pub(crate) fn slicer(&self) -> Slicer<'_> {
        Slicer { inline: self, run: 0, run_start: 0 }
    }

    /// The bold beginning.
    pub(crate) fn bold_lead(&self) -> &str {
        let bold = self.runs.iter().take_while(|run| run.face.bold);
        let end: usize = bold.map(|run| run.len as usize).sum();
        self.text.get(..end).unwrap_or_default()
    }
}

/// Cuts pieces from an [`Inline`], front to back.
pub(crate) struct Slicer<'a> {
    inline: &'a Inline,
    run: usize,
    run_start: usize,
}

impl Slicer<'_> {
    /// Appends the pieces of `range`, which must not begin before the previous one; returns the byte range of the source that
    /// it shows.
    pub(crate) fn cut_pieces(
        &mut self,
        range: Range<usize>,
        pieces: &mut Vec<RowPiece>,
    ) -> Option<Range<usize>> {
        let mut source: Option<Range<usize>> = None;
        // Neighbours with the same face are copied at once.
        let mut open: Option<(Range<usize>, Face)> = None;
        while let Some(run) = self.inline.runs.get(self.run) {
            let run_end = self.run_start + run.len as usize;
            let (start, end) = (range.start.max(self.run_start), range.end.min(run_end));
            if start < end {
                match &mut open {
                    Some((stretch, face)) if *face == run.face => stretch.end = end,
                    _ => self.push_stretch(open.replace((start..end, run.face)), pieces),
                }
                let shown = self.source_of(run, start, end);
                source = Some(
                    source
                        .map_or(shown.clone(), |s| s.start.min(shown.start)..s.end.max(shown.end)),
                );
            }
            if run_end > range.end || run_end == range.end && start < end {
                break;
            }
            self.run += 1;
            self.run_start = run_end;
        }
        self.push_stretch(open, pieces);
        source
    }

    fn push_stretch(&self, stretch: Option<(Range<usize>, Face)>, pieces: &mut Vec<RowPiece>) {
        if let Some((range, face)) = stretch {
            push_piece(pieces, self.inline.text.get(range).unwrap_or_default(), face);
        }
    }

    fn source_of(&self, run: &FaceSegment, start: usize, end: usize) -> Range<usize> {
        let from = run.from as usize;
        if run.len == run.source_len {
            from + start - self.run_start..from + end - self.run_start
        } else {
            from..from + run.source_len as usize
        }
    }
}

/// Appends `text` in `face`, joined with the last piece when that has the same face.
pub(crate) fn push_piece(pieces: &mut Vec<RowPiece>, text: &str, face: Face) {
    match pieces.last_mut() {
        Some(last) if last.face == face => {
            let mut joined = String::with_capacity(last.text.len() + text.len());
            joined.push_str(&last.text);
            joined.push_str(text);
            last.text = joined.into_boxed_str();
        }
        _ if text.is_empty() => {}
        _ => pieces.push(RowPiece { text: text.into(), face }),
    }
}

/// Collects an [`Inline`].
#[derive(Debug, Default)]
pub(crate) struct InlineBuilder {
    text: String,
    runs: Vec<FaceSegment>,
}

impl InlineBuilder {
    /// Appends text that shows the source range `at`. Tabs become spaces, and characters that were made visible by sanitising get
    /// their own role.
    pub(crate) fn push(&mut self, text: &str, face: Face, at: Range<usize>) {
        let exact = text.len() == at.len();
        let mut done = 0;
        // Every visible form of a control character begins with this byte.
        if text.as_bytes().contains(&0xE2) {
            for mark in find_visible_forms(text) {
                let place = |r: &Range<usize>| {
                    if exact { at.start + r.start..at.start + r.end } else { at.clone() }
                };
                let before = done..mark.start;
                self.push_segment(
                    text.get(before.clone()).unwrap_or_default(),
                    face,
                    place(&before),
                );
                let shown = Face { role: Role::Neutralised, ..face };
                self.push_segment(text.get(mark.clone()).unwrap_or_default(), shown, place(&mark));
                done = mark.end;
            }
        }
        let rest = if exact { at.start + done..at.end } else { at };
        self.push_segment(text.get(done..).unwrap_or_default(), face, rest);
    }

    /// Appends a hard break that shows the source range `at`.
    pub(crate) fn push_break(&mut self, at: Range<usize>) {
        self.push_segment("\n", Face::default(), at);
    }

    /// True when nothing was pushed.
    pub(crate) fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// Text so far.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Returns the collected text and resets the builder.
    pub(crate) fn take(&mut self) -> Inline {
        let text = std::mem::take(&mut self.text);
        Inline {
            text: text.into_boxed_str(),
            runs: std::mem::take(&mut self.runs).into_boxed_slice(),
        }
    }

    fn push_segment(&mut self, text: &str, face: Face, at: Range<usize>) {
        if text.is_empty() {
            return;
        }
        if text.contains('\t') {
            self.text.push_str(&text.replace('\t', " "));
        } else {
            self.text.push_str(text);
        }
        let (len, from, source_len) =
            (to_offset(text.len()), to_offset(at.start), to_offset(at.len()));
        if let Some(last) = self.runs.last_mut()
            && last.face == face
            && last.len == last.source_len
            && len == source_len
            && last.from + last.source_len == from
        {
            last.len += len;
            last.source_len += len;
            return;
        }
        self.runs.push(FaceSegment { len, from, source_len, face });
    }
}

/// Offsets are stored in four bytes: no answer is near 4 GB.
pub(crate) fn to_offset(offset: usize) -> u32 {
    u32::try_from(offset).unwrap_or(u32::MAX)
}

/// The ranges of `text` that sanitising wrote: control pictures and `‹U+202E›`.
fn find_visible_forms(text: &str) -> impl Iterator<Item = Range<usize>> + '_ {
    text.char_indices().filter_map(move |(at, c)| match c {
        '\u{2400}'..='\u{2421}' => Some(at..at + c.len_utf8()),
        '‹' => {
            let rest = text.get(at..)?;
            let code = rest.strip_prefix("‹U+")?;
            let digits = code.bytes().take_while(u8::is_ascii_hexdigit).count();
            let closed = code.get(digits..)?.starts_with('›');
            ((4..=6).contains(&digits) && closed).then(|| at..at + "‹U+".len() + digits + "›".len())
        }
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_follow_faces_and_map_back() {
        let bold = Face { bold: true, ..Face::default() };
        let mut b = InlineBuilder::default();
        b.push("plain ", Face::default(), 0..6);
        b.push("strong", bold, 8..14);
        b.push(" \u{241b}[1m ‹U+202E›", Face::default(), 16..36);
        let inline = b.take();
        let mut slicer = inline.slicer();
        let mut pieces = Vec::new();
        assert_eq!(slicer.cut_pieces(0..9, &mut pieces), Some(0..11));
        assert_eq!(pieces.len(), 2);
        assert_eq!(&*pieces[1].text, "str");
        pieces.clear();
        assert_eq!(slicer.cut_pieces(9..inline.text.len(), &mut pieces), Some(11..36));
        let roles: Vec<Role> = pieces.iter().map(|p| p.face.role).collect();
        assert_eq!(
            roles,
            [Role::Text, Role::Text, Role::Neutralised, Role::Text, Role::Neutralised]
        );
    }
}
