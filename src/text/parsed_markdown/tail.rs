//! The part of a document that still changes: what is parsed again, what is appended, what is frozen.
//! Frozen blocks are not touched here.

use std::ops::Range;

use super::ParsedMarkdown;
use crate::text::block::{BlockBody, LeafBlock};
use crate::text::fence::{FenceLine, OpenFence};
use crate::text::parse::{BlockBoundary, ParsedBlocks, parse_blocks};

/// A tail up to this size is parsed again with every push.
const SMALL_TAIL_BYTES: usize = 16 * 1024;
/// A larger tail is parsed again only when this much (and a sixteenth of it) is new; until then the new text is parsed
/// separately.
const REPARSE_STEP_BYTES: usize = 2 * 1024;

impl ParsedMarkdown {
    /// Processes the text that was appended to the source.
    pub(super) fn advance_parse(&mut self) {
        loop {
            if let Some(fence) = self.open.take()
                && self.append_to_fence(fence)
            {
                return;
            }
            let end = self.source.len();
            let known = self.parsed.byte.saturating_sub(self.frozen.byte);
            if end - self.frozen.byte > SMALL_TAIL_BYTES
                && end - self.parsed.byte < REPARSE_STEP_BYTES + known / 16
            {
                let parsed = self.parse_range(self.parsed.byte..end);
                return self.replace_blocks(self.parsed, parsed);
            }
            self.freeze_whole_lines();
            if self.open.is_none() {
                return self.parse_tail();
            }
        }
    }

    /// Parses the tail of the complete text.
    pub(super) fn finish_parse(&mut self) {
        if self.defines {
            self.unfreeze_blocks();
        }
        self.open = None;
        self.parse_tail();
        if self.defines && self.frozen != BlockBoundary::default() {
            // The tail has the first definition: earlier text may refer to it.
            self.unfreeze_blocks();
            self.parse_tail();
        }
        for code in self.codes.iter_mut().skip(self.frozen.code) {
            code.finish(&self.source);
        }
        let (byte, block, code) = (self.source.len(), self.blocks.len(), self.codes.len());
        self.frozen = BlockBoundary { byte, block, code };
        self.parsed = self.frozen;
        self.guarded = byte;
    }

    /// Unfreezes all blocks: the next parse starts from the beginning.
    pub(super) fn unfreeze_blocks(&mut self) {
        self.open = None;
        self.frozen = BlockBoundary::default();
        self.parsed = self.frozen;
        self.guarded = 0;
        self.epoch += 1;
    }

    fn parse_tail(&mut self) {
        let parsed = self.parse_range(self.frozen.byte..self.source.len());
        self.replace_blocks(self.frozen, parsed);
        let (byte, block, code) = (self.source.len(), self.blocks.len(), self.codes.len());
        self.parsed = BlockBoundary { byte, block, code };
    }

    /// Freezes all top-level blocks but the last, as far as complete lines go: the beginning of a line may still become anything
    /// (`3` turns into `3.`). Opens the last block when it is a fence.
    fn freeze_whole_lines(&mut self) {
        let fresh = self.source.get(self.guarded..).and_then(|s| s.rfind('\n'));
        let Some(end) = fresh.map(|at| self.guarded + at + 1) else { return };
        self.guarded = end;
        let parsed = self.parse_range(self.frozen.byte..end);
        let Some(last) = parsed.tops.last().copied() else { return };
        let alone = parsed.tops.len() == 1;
        let fence = match parsed.blocks.get(last.block) {
            Some(block) if block.edges.is_empty() && matches!(block.body, BlockBody::Code(_)) => {
                OpenFence::open(&self.source, block.span.start)
            }
            _ => None,
        };
        if alone && fence.is_none() {
            return;
        }
        self.replace_blocks(self.frozen, parsed);
        self.frozen = BlockBoundary {
            byte: line_start(&self.source, last.byte),
            block: self.frozen.block + last.block,
            code: self.frozen.code + last.code,
        };
        self.parsed = self.frozen;
        if fence.is_some()
            && let Some(code) = self.codes.get_mut(self.frozen.code)
        {
            // From here on its lines are appended one by one.
            code.clear_lines();
        }
        self.open = fence;
    }

    /// Appends new lines to the open fence; false when it has been closed.
    fn append_to_fence(&mut self, mut fence: OpenFence) -> bool {
        let code = self.frozen.code;
        let Some(code) = self.codes.get_mut(code) else { return false };
        self.blocks.truncate(self.frozen.block + 1);
        while let Some(fed) = fence.next_line(&self.source) {
            match fed {
                FenceLine::Line(line) => {
                    self.work += line.len() as u64;
                    code.push_line(&self.source, line.end);
                }
                FenceLine::Unfinished(line) => code.show_unfinished(line.end),
                FenceLine::Closed(line) => {
                    code.drop_unfinished();
                    let block = self.frozen.block;
                    if let Some(block) = self.blocks.get_mut(block) {
                        block.span.end = line.end - 1;
                    }
                    self.frozen.byte = line.end;
                    self.frozen.block += 1;
                    self.frozen.code += 1;
                    self.parsed = self.frozen;
                    self.guarded = line.end;
                    return false;
                }
            }
        }
        if let Some(block) = self.blocks.get_mut(self.frozen.block) {
            block.span.end = self.source.len();
        }
        self.open = Some(fence);
        true
    }

    fn parse_range(&mut self, range: Range<usize>) -> ParsedBlocks {
        self.work += range.len() as u64;
        let parsed = parse_blocks(&self.source, range);
        self.defines |= parsed.defines;
        parsed
    }

    fn fresh_id(&mut self) -> u64 {
        self.next_id += 1;
        self.next_id
    }

    /// Replaces everything from `from` on by `parsed`. Unchanged blocks keep their id, so that caches stay valid.
    fn replace_blocks(&mut self, from: BlockBoundary, parsed: ParsedBlocks) {
        let mut old_codes = self.codes.split_off(from.code.min(self.codes.len())).into_iter();
        let mut adopted = Vec::with_capacity(parsed.codes.len());
        for mut code in parsed.codes {
            // Ids grow with the index: results find their block by binary search.
            let floor = self.codes.last().map_or(0, |c| c.id + 1);
            let old = old_codes.next().filter(|old| old.id >= floor);
            let same = old.is_some_and(|old| code.adopt_colours(old, &self.source));
            if !same {
                code.id = self.fresh_id();
            }
            adopted.push(same);
            self.codes.push(code);
        }
        self.asked = self.asked.min(from.code);
        let mut old_blocks = self.blocks.split_off(from.block.min(self.blocks.len())).into_iter();
        for mut block in parsed.blocks {
            let mut same = true;
            if let BlockBody::Code(index) = &mut block.body {
                same = adopted.get(*index).is_some_and(|a| *a);
                *index += from.code;
            }
            let old = old_blocks.next().filter(|old| same && looks_the_same(old, &block));
            block.id = old.map_or_else(|| self.fresh_id(), |old| old.id);
            self.blocks.push(block);
        }
    }
}

fn looks_the_same(old: &LeafBlock, new: &LeafBlock) -> bool {
    let growing = matches!(new.body, BlockBody::Code(_)) && old.span.start == new.span.start;
    (growing || old.span == new.span)
        && old.edges == new.edges
        && old.gap == new.gap
        && old.body == new.body
}

fn line_start(source: &str, at: usize) -> usize {
    source.get(..at).and_then(|s| s.rfind('\n')).map_or(0, |n| n + 1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn blocks(doc: &ParsedMarkdown) -> Vec<LeafBlock> {
        doc.blocks.iter().cloned().map(|b| LeafBlock { id: 0, ..b }).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

        /// What is frozen along the way is what one parse of everything finds.
        #[test]
        fn freezing_agrees_with_the_parser(
            lines in prop::collection::vec(prop::sample::select(vec![
                "text", "", "- a", "  - b", "3", "3.", "1. x", "> q", "# h", "===", "---", "```", "```sh", "~~~",
                "  ```", "    code", "| a | b |", "|--|--|", "<div>", "</div>", "<!--", "-->", "* ", "+ y", "\tt",
            ]), 1..30),
            size in 1usize..12,
        ) {
            let source = lines.join("\n");
            let mut doc = ParsedMarkdown::new();
            for chunk in source.as_bytes().chunks(size) {
                doc.push(std::str::from_utf8(chunk).unwrap());
            }
            doc.finish();
            let whole = parse_blocks(&source, 0..source.len());
            prop_assert_eq!(blocks(&doc), whole.blocks);
        }
    }

    #[test]
    fn a_giant_block_is_shown_to_its_last_word() {
        let mut doc = ParsedMarkdown::new();
        doc.push(&"many words ".repeat(4_000));
        let before = doc.work();
        doc.push("and **more**");
        assert!(doc.work() - before < 100, "only the new text was parsed");
        let Some(BlockBody::Paragraph(last)) = doc.blocks.last().map(|b| &b.body) else {
            panic!("a paragraph")
        };
        assert_eq!(&*last.text, "and more");
        doc.finish();
        assert_eq!(doc.blocks.len(), 1);
    }

    #[test]
    fn a_finished_document_takes_more() {
        let mut doc = ParsedMarkdown::from_raw("one\n\n```sh\nls");
        doc.push(" -l\n```\n\n[two]\n\n[two]: /u");
        doc.finish();
        assert_eq!(blocks(&doc), blocks(&ParsedMarkdown::from_raw(doc.source())));
        assert_eq!(doc.code(1), Some("ls -l\n"));
    }

    #[test]
    fn late_colours_and_lost_blocks_do_no_harm() {
        let mut doc = ParsedMarkdown::new();
        doc.push("```sh\nls\n");
        let jobs = doc.take_jobs();
        assert_eq!((jobs.len(), jobs[0].first, &*jobs[0].text), (1, 0, "ls\n"));
        assert!(doc.take_jobs().is_empty());
        doc.push("cd /\npwd");
        let more = doc.take_jobs();
        assert_eq!((more[0].first, &*more[0].text), (1, "cd /\n"));
        let revision = doc.revision();
        doc.apply(crate::text::Highlighted { block: 999, first: 0, lines: vec![Vec::new()] });
        assert_eq!(doc.revision(), revision, "nobody has block 999");
        let lines = vec![vec![(900, crate::text::Role::Keyword)]; 50];
        doc.apply(crate::text::Highlighted { block: jobs[0].block, first: 1, lines });
        assert!(doc.revision() > revision);
        let mut layout = crate::text::MarkdownRows::new();
        layout.update(&doc, 20, crate::text::RowOptions::default());
        assert_eq!(layout.height(), 4);
    }
}
