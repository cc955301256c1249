//! Does a model repeat itself? Small ones do, without end, when they have nothing more to say.
//!
//! What people would miss must not count: a list of risks may well say the same of each, a table has the same cells in
//! many rows, a diagram is full of lines. So lines count when they come in a row or as a group, runs of tokens when they
//! come very often.

use std::collections::{HashMap, VecDeque};

/// Lines shorter than this say nothing.
const LINE: usize = 20;
/// How many tokens are a run.
const RUN: usize = 8;
/// Only runs among so many of the last tokens count.
const WINDOW: usize = 1024;

/// How often is too often.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    /// The same line in a row, or the same three lines anywhere.
    lines: usize,
    /// The same run of tokens; they may not overlap.
    runs: usize,
    /// The same run of tokens without a letter or digit: rules and frames.
    frames: usize,
}

/// For answers that a model writes alone.
pub(super) const FREE: Bounds = Bounds { lines: 4, runs: 12, frames: 64 };
/// For one section of a scaffold, which is short.
pub(super) const SECTION: Bounds = Bounds { lines: 2, runs: 4, frames: 16 };

/// Watches one text.
#[derive(Debug)]
pub(super) struct Loops {
    bounds: Bounds,
    line: String,
    /// The last three lines that were not blank.
    last: VecDeque<String>,
    in_a_row: usize,
    groups: HashMap<Vec<String>, usize>,
    in_code: bool,
    /// The last tokens, and whether they hold a letter or a digit.
    tokens: VecDeque<(u32, bool)>,
    count: usize,
    /// Where each run ended.
    runs: HashMap<Vec<u32>, VecDeque<usize>>,
}

impl Loops {
    /// Watches a text that has just begun.
    pub(super) fn new(bounds: Bounds) -> Self {
        Self {
            bounds,
            line: String::new(),
            last: VecDeque::new(),
            in_a_row: 0,
            groups: HashMap::new(),
            in_code: false,
            tokens: VecDeque::new(),
            count: 0,
            runs: HashMap::new(),
        }
    }

    /// Takes a token and the text that is complete with it; true when the text goes round in circles.
    pub(super) fn push(&mut self, id: u32, text: &str) -> bool {
        let mut found = self.push_token(id, text.chars().any(char::is_alphanumeric));
        for part in text.split_inclusive('\n') {
            self.line.push_str(part);
            if part.ends_with('\n') {
                let line = std::mem::take(&mut self.line);
                found |= self.push_line(line.trim());
            }
        }
        found
    }

    fn push_line(&mut self, line: &str) -> bool {
        if line.starts_with("```") {
            self.in_code = !self.in_code;
        }
        let words = line.trim_start_matches(|c: char| !c.is_alphabetic()); // marks and numbers of lists
        if self.in_code || words.is_empty() {
            return false;
        }
        let same = self.last.back().is_some_and(|last| last == words);
        self.in_a_row = if same { self.in_a_row + 1 } else { 1 };
        self.last.push_back(words.to_owned());
        if self.last.len() > 3 {
            self.last.pop_front();
        }
        let mut found = words.chars().count() >= LINE && self.in_a_row >= self.bounds.lines;
        if self.last.len() == 3 {
            let group: Vec<String> = self.last.iter().cloned().collect();
            let long = group.iter().map(|line| line.chars().count()).sum::<usize>() >= 2 * LINE;
            let times = self.groups.entry(group).or_default();
            *times += 1;
            found |= long && *times >= self.bounds.lines;
        }
        found
    }

    fn push_token(&mut self, id: u32, words: bool) -> bool {
        self.count += 1;
        self.tokens.push_back((id, words));
        if self.tokens.len() > RUN {
            self.tokens.pop_front();
        }
        if self.tokens.len() < RUN {
            return false;
        }
        let most = if self.tokens.iter().any(|(_, words)| *words) {
            self.bounds.runs
        } else {
            self.bounds.frames
        };
        let run: Vec<u32> = self.tokens.iter().map(|(id, _)| *id).collect();
        let ends = self.runs.entry(run).or_default();
        if ends.back().is_none_or(|last| last + RUN <= self.count) {
            ends.push_back(self.count);
        }
        while ends.front().is_some_and(|first| first + WINDOW < self.count) {
            ends.pop_front();
        }
        ends.len() >= most
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// After how many lines it is found, with one token a word.
    fn lines_until(bounds: Bounds, lines: impl Iterator<Item = String>) -> Option<usize> {
        let mut loops = Loops::new(bounds);
        let mut ids = HashMap::new();
        for (at, line) in lines.enumerate() {
            for word in format!("{line}\n").split_inclusive(' ') {
                let next = u32::try_from(ids.len()).unwrap();
                let id = *ids.entry(word.to_owned()).or_insert(next);
                if loops.push(id, word) {
                    return Some(at + 1);
                }
            }
        }
        None
    }

    fn repeat(text: &str, times: usize) -> impl Iterator<Item = String> {
        let lines: Vec<String> = text.lines().map(str::to_owned).collect();
        std::iter::repeat_n(lines, times).flatten()
    }

    #[test]
    fn the_same_line_again_and_again_is_a_loop() {
        let line = "We need a load balancer here.";
        assert_eq!(lines_until(FREE, repeat(line, 9)), Some(4));
        assert_eq!(lines_until(SECTION, repeat(line, 9)), Some(2));
        let numbered = (1..20).map(|at| format!("{at}. {line}"));
        assert_eq!(lines_until(FREE, numbered), Some(4), "numbers do not make it another one");
        assert_eq!(lines_until(FREE, repeat("Yes.", 9)), None, "short lines say nothing");
    }

    #[test]
    fn a_group_of_lines_again_and_again_is_a_loop() {
        let group = "- Use a load balancer.\n\n- Use a database.\n- Use a message queue.";
        assert_eq!(lines_until(FREE, repeat(group, 9)), Some(16));
    }

    #[test]
    fn one_long_line_that_goes_round_is_a_loop() {
        let words = "and so we scale it up and then we scale it down again ".repeat(40);
        assert_eq!(lines_until(FREE, std::iter::once(words)), Some(1));
        assert_eq!(lines_until(FREE, std::iter::once("=- ".repeat(600))), Some(1));
    }

    #[test]
    fn what_good_answers_repeat_is_no_loop() {
        let risks = (0..8).map(|at| {
            format!("### Risk {at}{at}\n**Likelihood:** Medium\n**Impact:** High {at}\nOwner: the platform team")
        });
        assert_eq!(lines_until(FREE, risks.flat_map(|r| repeat_once(&r))), None);
        let table = (0..9).map(|at| format!("| service {at} | Low | Low | High |"));
        assert_eq!(lines_until(FREE, table), None);
        let code = "```yaml\n- name: a\n  imagePullPolicy: Always\n  restartPolicy: Always\n```";
        assert_eq!(lines_until(FREE, repeat(code, 6)), None);
        let frame = "+ - - - - - - - - - - - - - - - - +";
        assert_eq!(lines_until(FREE, repeat(frame, 8)), None);
    }

    fn repeat_once(text: &str) -> Vec<String> {
        text.lines().map(str::to_owned).collect()
    }
}
