//! The part of a document that still changes: what is parsed again, what is appended, what is frozen.
//! Frozen blocks are not touched here.

use std::ops::Range;

use super::ParsedMarkdown;
use super::limits::TailWeight;
use crate::text::block::{BlockBody, LeafBlock};
use crate::text::fence::{FenceLine, OpenFence};
use crate::text::parse::{BlockBoundary, ItemBoundary, OpenList, ParsedBlocks, parse_blocks};
use crate::text::weight::text_weight;

impl ParsedMarkdown {
    /// Processes the text that was appended to the source; `now` parses a heavy tail even when little is new.
    pub(super) fn advance_parse(&mut self, now: bool) {
        loop {
            if self.plain.is_some() {
                return self.show_plain_rest();
            }
            if let Some(fence) = self.open.take() {
                if self.append_to_fence(fence) {
                    return;
                }
                continue;
            }
            self.skip_blank_lines();
            if self.plain.is_some() {
                continue;
            }
            if let Some(limit) = self.weigh_tail() {
                self.freeze_heavy_tail(limit);
                continue;
            }
            if !now && !self.weight.is_parse_due() {
                let parsed = self.parse_range(self.parsed.byte..self.source.len(), None);
                return self.replace_blocks(self.parsed, parsed);
            }
            if !self.freeze_whole_lines() {
                return self.parse_tail();
            }
        }
    }

    /// Parses the tail of the complete text.
    pub(super) fn finish_parse(&mut self) {
        if self.defines && self.plain.is_some() {
            // The definition may have been parsed before its line was found to be plain text.
            self.defines = self.parse_range(0..self.markdown_end(), None).defines;
        }
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
        self.open_list = None;
        self.weight = TailWeight::new(self.weight.limits);
        self.frozen = BlockBoundary::default();
        self.parsed = self.frozen;
        self.guarded = 0;
        self.epoch += 1;
    }

    fn parse_tail(&mut self) {
        let parsed = self.parse_range(self.frozen.byte..self.markdown_end(), self.open_list);
        self.replace_blocks(self.frozen, parsed);
        self.show_plain_rest();
        let (byte, block, code) = (self.source.len(), self.blocks.len(), self.codes.len());
        self.parsed = BlockBoundary { byte, block, code };
        self.weight.on_tail_parsed();
    }

    /// Freezes all top-level blocks but the last, as far as complete lines go: the beginning of a line may still become anything
    /// (`3` turns into `3.`). Opens the last block when it is a fence. False when nothing changed.
    fn freeze_whole_lines(&mut self) -> bool {
        let fresh = self.source.get(self.guarded..).and_then(|s| s.rfind('\n'));
        let Some(end) = fresh.map(|at| self.guarded + at + 1) else { return false };
        self.guarded = end;
        let parsed = self.parse_range(self.frozen.byte..end, self.open_list);
        self.freeze_parsed(parsed).is_ok()
    }

    /// Freezes as much as possible of a tail whose line at byte `limit` makes it too heavy: all top-level blocks but the last;
    /// if there is only one, all items of a list but the last; if there is only one, everything, and the rest is plain text.
    fn freeze_heavy_tail(&mut self, limit: usize) {
        let start = self.frozen;
        let parsed = self.parse_range(start.byte..limit, self.open_list);
        let Err(parsed) = self.freeze_parsed(parsed) else { return };
        let item = parsed.items.last().copied();
        let item = item.filter(|item| item.start.block > 0);
        let is_visible = !parsed.tops.is_empty();
        self.replace_blocks(start, parsed);
        if let Some(ItemBoundary { start: item, number }) = item {
            let end = self.boundary_after(start, item);
            let previous = end.block.checked_sub(1).and_then(|index| self.blocks.get(index));
            let previous_end = previous.map_or(0, |block| block.span.end);
            self.move_frozen(end, Some(OpenList { number, previous_end }));
        } else if is_visible || limit == start.byte {
            self.begin_plain_rest(limit);
        } else {
            // Blank lines and definitions.
            self.move_frozen(BlockBoundary { byte: limit, ..start }, None);
        }
    }

    /// Freezes all but the last of the top-level blocks that were parsed from the tail, and opens it when it is a fence. Returns
    /// them when there is only one, which is no fence.
    fn freeze_parsed(&mut self, mut parsed: ParsedBlocks) -> Result<(), ParsedBlocks> {
        let start = self.frozen;
        let tops: Vec<BlockBoundary> =
            parsed.tops.iter().map(|top| self.boundary_after(start, *top)).collect();
        let mut units = 0;
        let mut end = start.byte;
        let full = tops.iter().skip(1).position(|next| {
            units += text_weight(self.source.get(end..next.byte).unwrap_or_default());
            end = next.byte;
            self.weight.is_full_after(units)
        });
        // The first block that fills the answer, or the last one.
        let index = full.unwrap_or(tops.len().saturating_sub(1));
        let Some(top) = tops.get(index).copied() else { return Err(parsed) };
        let leaf = parsed.blocks.get(top.block - start.block);
        let fence = leaf.and_then(|leaf| self.open_fence_of(leaf));
        if fence.is_none() && tops.len() == 1 {
            return Err(parsed);
        }
        let end = tops.get(index + 1).filter(|_| fence.is_none()).copied().unwrap_or(top);
        if full.is_some() {
            // Without what follows: a definition there does not count.
            let until = fence.as_ref().map_or(end.byte, |fence| fence.line);
            parsed = self.parse_range(start.byte..until, self.open_list);
        }
        self.replace_blocks(start, parsed);
        self.move_frozen(end, None);
        if let (Some(fence), None) = (fence, self.plain) {
            if let Some(code) = self.codes.get_mut(end.code) {
                // From here on its lines are appended one by one.
                code.clear_lines();
            }
            let opening = self.source.get(end.byte..fence.line).unwrap_or_default();
            self.weight.add_line(opening);
            self.open = Some(fence);
        }
        Ok(())
    }

    /// The fence that `leaf` opens at the left margin.
    fn open_fence_of(&self, leaf: &LeafBlock) -> Option<OpenFence> {
        let is_fence = leaf.edges.is_empty() && matches!(leaf.body, BlockBody::Code(_));
        is_fence.then(|| OpenFence::open(&self.source, leaf.span.start)).flatten()
    }

    /// A boundary of a parse that began at `start`, counted from the first block, at the start of its line.
    fn boundary_after(&self, start: BlockBoundary, found: BlockBoundary) -> BlockBoundary {
        BlockBoundary {
            byte: line_start(&self.source, found.byte),
            block: start.block + found.block,
            code: start.code + found.code,
        }
    }

    /// Appends new lines to the open fence; false when it has been closed, or the rest is plain text.
    fn append_to_fence(&mut self, mut fence: OpenFence) -> bool {
        self.blocks.truncate(self.frozen.block + 1);
        while let Some(fed) = fence.next_line(&self.source) {
            let index = self.frozen.code;
            let Some(code) = self.codes.get_mut(index) else { return false };
            match fed {
                FenceLine::Line(line) | FenceLine::Unfinished(line)
                    if line.len() > self.weight.limits.line_bytes =>
                {
                    code.drop_unfinished();
                    self.end_fence_in_plain_rest(line.start);
                    return false;
                }
                FenceLine::Line(line) => {
                    self.work += line.len() as u64;
                    code.push_line(&self.source, line.end);
                    self.weight.add_line(self.source.get(line.clone()).unwrap_or_default());
                    if self.weight.is_answer_full() {
                        self.end_fence_in_plain_rest(line.end);
                        return false;
                    }
                }
                FenceLine::Unfinished(line) => code.show_unfinished(line.end),
                FenceLine::Closed(line) => {
                    code.drop_unfinished();
                    self.end_open_block(line.end - 1);
                    let (block, code) = (self.frozen.block + 1, self.frozen.code + 1);
                    self.guarded = line.end;
                    self.move_frozen(BlockBoundary { byte: line.end, block, code }, None);
                    return false;
                }
            }
        }
        self.end_open_block(self.source.len());
        self.open = Some(fence);
        true
    }

    fn end_fence_in_plain_rest(&mut self, at: usize) {
        self.end_open_block(at);
        if let Some(code) = self.codes.get_mut(self.frozen.code) {
            code.finish(&self.source);
        }
        self.begin_plain_rest(at);
    }

    /// The last block, which was open, ends at byte `end`.
    fn end_open_block(&mut self, end: usize) {
        let index = self.frozen.block;
        if let Some(block) = self.blocks.get_mut(index) {
            block.span.end = end;
        }
    }

    fn parse_range(&mut self, range: Range<usize>, list: Option<OpenList>) -> ParsedBlocks {
        self.work += range.len() as u64;
        let parsed = parse_blocks(&self.source, range, list);
        self.defines |= parsed.defines;
        parsed
    }

    pub(super) fn fresh_id(&mut self) -> u64 {
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
    use crate::text::weight::ParseLimits;

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
            let whole = parse_blocks(&source, 0..source.len(), None);
            prop_assert_eq!(blocks(&doc), whole.blocks);
        }
    }

    fn limited(limits: ParseLimits) -> ParsedMarkdown {
        let mut doc = ParsedMarkdown::new();
        doc.weight.limits = limits;
        doc
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

        /// Where Markdown ends and plain text begins does not depend on how the text was split.
        #[test]
        fn limits_are_reached_at_the_same_byte(
            lines in prop::collection::vec(prop::sample::select(vec![
                "text", "", "", "- a", "  - b", "3. x", "> q", "# h", "---", "```", "```", "~~~", "    code", "  ", "[a]: /u",
                "| a | b |", "|--|--|", "| 1 | 2 |", "| 1 | 2 |", "<div>", "see [a] and *b*", "a line that is longer than the others are",
                "- an item\n  with two lines\n\n  and two paragraphs", "> > > > > deep", "[^n]: note",
            ]), 1..60),
            size in 1usize..90,
            (line_bytes, block_units, answer_units) in (20usize..80, 8usize..60, 20usize..300),
        ) {
            let limits = ParseLimits { line_bytes, block_units, answer_units };
            let source = lines.join("\n");
            let mut parts = limited(limits);
            for chunk in source.as_bytes().chunks(size) {
                parts.push(std::str::from_utf8(chunk).unwrap());
            }
            let mut whole = limited(limits);
            whole.push(&source);
            let mut late = limited(limits);
            late.push_unparsed(&source);
            for doc in [&mut parts, &mut whole, &mut late] {
                doc.finish();
            }
            prop_assert_eq!(blocks(&parts), blocks(&whole));
            prop_assert_eq!(blocks(&late), blocks(&whole));
            let shown = whole.blocks.last().map_or(0, |last| last.span.end);
            prop_assert!(whole.plain.is_none() || shown == source.len());
        }
    }

    #[test]
    fn a_long_list_is_parsed_item_by_item() {
        let item = |n: u32| format!("{n}. item\n\n   more\n");
        let list = (1..400).map(item).collect::<Vec<_>>().concat();
        let whole = parse_blocks(&list, 0..list.len(), None);
        let limits = ParseLimits { block_units: 64, ..ParseLimits::default() };
        let mut doc = limited(limits);
        doc.push(&list);
        doc.finish();
        let drawn = |blocks: &[LeafBlock]| -> Vec<_> {
            blocks.iter().map(|b| (b.edges.clone(), b.gap, b.body.clone(), b.span.start)).collect()
        };
        assert_eq!(drawn(&doc.blocks), drawn(&whole.blocks));
    }

    #[test]
    fn a_giant_block_is_shown_to_its_last_word() {
        let mut doc = ParsedMarkdown::new();
        doc.push(&"many words \n".repeat(2_500));
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
        assert_eq!(doc.revision(), revision, "there is no block 999");
        let lines = vec![vec![(900, crate::text::Role::Keyword)]; 50];
        doc.apply(crate::text::Highlighted { block: jobs[0].block, first: 1, lines });
        assert!(doc.revision() > revision);
        let mut layout = crate::text::MarkdownRows::new();
        layout.update(&doc, 20, crate::text::RowOptions::default());
        assert_eq!(layout.height(), 4);
    }
}
