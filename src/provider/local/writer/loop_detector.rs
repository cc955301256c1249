//! Detects a model that repeats itself endlessly, as small ones do at the end of their answers.
//!
//! Repetition that belongs to an answer must not count: the same assessment of several risks, the same cells in the
//! rows of a table, the lines of a diagram. Therefore lines count only if they are repeated directly or as a group, and
//! runs of tokens only if they are very frequent.

use std::collections::{HashMap, VecDeque};

/// Shorter lines do not count.
const MIN_LINE_CHARS: usize = 20;
/// The number of tokens in a run.
const RUN_TOKENS: usize = 8;
/// The number of recent tokens in which runs count.
const WINDOW_TOKENS: usize = 1024;
/// The number of lines in a group.
const GROUP_LINES: usize = 3;

/// The number of repetitions that make a loop.
#[derive(Debug, Clone, Copy)]
pub(super) struct LoopLimits {
    /// Of the same line directly after itself, or of the same group of lines anywhere.
    lines: usize,
    /// Of the same run of tokens, without overlaps.
    runs: usize,
    /// Of the same run of tokens without a letter or digit, as in rules and frames.
    symbol_runs: usize,
}

/// For answers without a scaffold.
pub(super) const FREE_LIMITS: LoopLimits = LoopLimits { lines: 4, runs: 12, symbol_runs: 64 };
/// For one section of a scaffold, which is short.
pub(super) const SECTION_LIMITS: LoopLimits = LoopLimits { lines: 2, runs: 4, symbol_runs: 16 };

/// Detects repetition in one text.
#[derive(Debug)]
pub(super) struct LoopDetector {
    limits: LoopLimits,
    /// The current line.
    line: String,
    /// The last lines that are not empty.
    last_lines: VecDeque<String>,
    /// How often the last line was repeated directly.
    repeated_lines: usize,
    /// How often each group of lines occurred.
    groups: HashMap<Vec<String>, usize>,
    in_code: bool,
    /// The last tokens, and whether they contain a letter or a digit.
    tokens: VecDeque<(u32, bool)>,
    token_count: usize,
    /// The ends of the occurrences of each run, as token counts.
    runs: HashMap<Vec<u32>, VecDeque<usize>>,
}

impl LoopDetector {
    /// A detector at the beginning of a text.
    pub(super) fn new(limits: LoopLimits) -> Self {
        Self {
            limits,
            line: String::new(),
            last_lines: VecDeque::new(),
            repeated_lines: 0,
            groups: HashMap::new(),
            in_code: false,
            tokens: VecDeque::new(),
            token_count: 0,
            runs: HashMap::new(),
        }
    }

    /// Adds a token and the text that is complete with it. Returns true if the text repeats itself.
    pub(super) fn push(&mut self, id: u32, text: &str) -> bool {
        let mut is_loop = self.push_token(id, text.chars().any(char::is_alphanumeric));
        for part in text.split_inclusive('\n') {
            self.line.push_str(part);
            if part.ends_with('\n') {
                let line = std::mem::take(&mut self.line);
                is_loop |= self.push_line(line.trim());
            }
        }
        is_loop
    }

    fn push_line(&mut self, line: &str) -> bool {
        if line.starts_with("```") {
            self.in_code = !self.in_code;
        }
        // List markers and numbers do not make a line another one.
        let line = line.trim_start_matches(|c: char| !c.is_alphabetic());
        if self.in_code || line.is_empty() {
            return false;
        }
        let is_repeated = self.last_lines.back().is_some_and(|last| last == line);
        self.repeated_lines = if is_repeated { self.repeated_lines + 1 } else { 1 };
        self.last_lines.push_back(line.to_owned());
        if self.last_lines.len() > GROUP_LINES {
            self.last_lines.pop_front();
        }
        let mut is_loop =
            line.chars().count() >= MIN_LINE_CHARS && self.repeated_lines >= self.limits.lines;
        if self.last_lines.len() == GROUP_LINES {
            let group: Vec<String> = self.last_lines.iter().cloned().collect();
            let chars = group.iter().map(|line| line.chars().count()).sum::<usize>();
            let count = self.groups.entry(group).or_default();
            *count += 1;
            is_loop |= chars >= 2 * MIN_LINE_CHARS && *count >= self.limits.lines;
        }
        is_loop
    }

    fn push_token(&mut self, id: u32, is_alphanumeric: bool) -> bool {
        self.token_count += 1;
        self.tokens.push_back((id, is_alphanumeric));
        if self.tokens.len() > RUN_TOKENS {
            self.tokens.pop_front();
        }
        if self.tokens.len() < RUN_TOKENS {
            return false;
        }
        let has_words = self.tokens.iter().any(|(_, is_alphanumeric)| *is_alphanumeric);
        let limit = if has_words { self.limits.runs } else { self.limits.symbol_runs };
        let run: Vec<u32> = self.tokens.iter().map(|(id, _)| *id).collect();
        let ends = self.runs.entry(run).or_default();
        if ends.back().is_none_or(|last| last + RUN_TOKENS <= self.token_count) {
            ends.push_back(self.token_count);
        }
        while ends.front().is_some_and(|first| first + WINDOW_TOKENS < self.token_count) {
            ends.pop_front();
        }
        ends.len() >= limit
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The number of lines after which a loop is detected, with one token for each word.
    fn lines_until_loop(limits: LoopLimits, lines: impl Iterator<Item = String>) -> Option<usize> {
        let mut detector = LoopDetector::new(limits);
        let mut ids = HashMap::new();
        for (at, line) in lines.enumerate() {
            for word in format!("{line}\n").split_inclusive(' ') {
                let next = u32::try_from(ids.len()).unwrap();
                let id = *ids.entry(word.to_owned()).or_insert(next);
                if detector.push(id, word) {
                    return Some(at + 1);
                }
            }
        }
        None
    }

    fn repeat_lines(text: &str, times: usize) -> impl Iterator<Item = String> {
        let lines: Vec<String> = text.lines().map(str::to_owned).collect();
        std::iter::repeat_n(lines, times).flatten()
    }

    #[test]
    fn a_repeated_line_is_a_loop() {
        let line = "We need a load balancer here.";
        assert_eq!(lines_until_loop(FREE_LIMITS, repeat_lines(line, 9)), Some(4));
        assert_eq!(lines_until_loop(SECTION_LIMITS, repeat_lines(line, 9)), Some(2));
        let numbered = (1..20).map(|at| format!("{at}. {line}"));
        assert_eq!(
            lines_until_loop(FREE_LIMITS, numbered),
            Some(4),
            "numbers do not make it another one"
        );
        assert_eq!(
            lines_until_loop(FREE_LIMITS, repeat_lines("Yes.", 9)),
            None,
            "short lines say nothing"
        );
    }

    #[test]
    fn a_repeated_group_of_lines_is_a_loop() {
        let group = "- Use a load balancer.\n\n- Use a database.\n- Use a message queue.";
        assert_eq!(lines_until_loop(FREE_LIMITS, repeat_lines(group, 9)), Some(16));
    }

    #[test]
    fn repetition_within_one_line_is_a_loop() {
        let words = "and so we scale it up and then we scale it down again ".repeat(40);
        assert_eq!(lines_until_loop(FREE_LIMITS, std::iter::once(words)), Some(1));
        assert_eq!(lines_until_loop(FREE_LIMITS, std::iter::once("=- ".repeat(600))), Some(1));
    }

    #[test]
    fn repetition_in_good_answers_is_no_loop() {
        let risks = (0..8).map(|at| {
            format!("### Risk {at}{at}\n**Likelihood:** Medium\n**Impact:** High {at}\nOwner: the platform team")
        });
        assert_eq!(lines_until_loop(FREE_LIMITS, risks.flat_map(|r| split_lines(&r))), None);
        let table = (0..9).map(|at| format!("| service {at} | Low | Low | High |"));
        assert_eq!(lines_until_loop(FREE_LIMITS, table), None);
        let code = "```yaml\n- name: a\n  imagePullPolicy: Always\n  restartPolicy: Always\n```";
        assert_eq!(lines_until_loop(FREE_LIMITS, repeat_lines(code, 6)), None);
        let frame = "+ - - - - - - - - - - - - - - - - +";
        assert_eq!(lines_until_loop(FREE_LIMITS, repeat_lines(frame, 8)), None);
    }

    fn split_lines(text: &str) -> Vec<String> {
        text.lines().map(str::to_owned).collect()
    }
}
