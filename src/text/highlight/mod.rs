//! Assigns roles to code lines with syntect.
//!
//! Made for a worker: takes [`HighlightJob`]s of complete lines and returns the [`Role`] of each segment. Themes give roles
//! their colours, so a theme change highlights nothing again. The state of an open block is kept, so that each line is parsed
//! once. Very long lines and unknown languages stay plain; nothing panics.

mod languages;
mod roles;
mod samples;

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::LazyLock;

use syntect::highlighting::{self, HighlightState, RangedHighlightIterator, Theme};
use syntect::parsing::{ParseState, ScopeStack, SyntaxSet};
use syntect::util::LinesWithEndings;

use super::Role;
use super::inline::to_offset;
pub(crate) use languages::is_known;

/// A longer line stays plain: grammars are quadratic on some.
const MAX_LINE_BYTES: usize = 2_000;
/// Open blocks whose state is kept; an answer writes one at a time.
const MAX_STATES: usize = 16;

static THEME: LazyLock<Theme> = LazyLock::new(roles::build_theme);
/// Loaded with the first job and never changed; all highlighters share the compiled regexes.
static ASSETS: LazyLock<Assets> = LazyLock::new(Assets::load);

/// Complete code lines that need colours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HighlightJob {
    /// Id of the code block in the document.
    pub block: u64,
    /// Language token of the fence.
    pub language: String,
    /// Number of the first line in the block, 0-based.
    pub first: usize,
    /// Complete lines, each with its line end.
    pub text: String,
}

/// The result of a [`HighlightJob`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Highlighted {
    /// Id of the code block in the document.
    pub block: u64,
    /// Number of the first line.
    pub first: usize,
    /// For each line, length in bytes and role of its segments, in order; empty when it is plain.
    pub lines: Vec<Vec<(u32, Role)>>,
}

/// Assigns roles to code lines with syntect; keeps the parser state of every open block. Belongs to one worker thread: the
/// state (onig's) cannot move to another thread, jobs and results can.
#[derive(Default)]
pub struct Highlighter {
    states: HashMap<u128, BTreeMap<u64, BlockState>>,
}

/// Grammars and the table of roles.
struct Assets {
    syntaxes: SyntaxSet,
    highlighter: highlighting::Highlighter<'static>,
}

/// State of the parser in a block.
struct BlockState {
    parse: ParseState,
    highlight: HighlightState,
    next: usize,
}

impl fmt::Debug for Highlighter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Highlighter").field("documents", &self.states.len()).finish()
    }
}

impl Highlighter {
    /// Loads nothing yet: the first job does.
    pub fn new() -> Self {
        Self::default()
    }

    /// Colours the lines of one job of document `doc` (any number that identifies it). A job that does not continue where the
    /// block's last one ended restarts the block's parser.
    pub fn highlight_lines(&mut self, doc: u128, job: &HighlightJob) -> Highlighted {
        let assets = &*ASSETS;
        let states = self.states.entry(doc).or_default();
        let state = states.remove(&job.block).filter(|s| s.next == job.first);
        let mut state = state.or_else(|| assets.start_block(&job.language, job.first));
        let lines = LinesWithEndings::from(&job.text)
            .map(|line| assets.highlight_line(line, &mut state))
            .collect();
        if let Some(state) = state {
            states.insert(job.block, state);
            if states.len() > MAX_STATES {
                states.pop_first();
            }
        }
        Highlighted { block: job.block, first: job.first, lines }
    }

    /// Drops the states of document `doc`.
    pub fn forget_document(&mut self, doc: u128) {
        self.states.remove(&doc);
    }

    /// Compiles the regexes of the most common languages, so that no first block waits for them.
    pub fn warm_up(&mut self) {
        let assets = &*ASSETS;
        for (language, sample) in samples::SAMPLES {
            let mut state = assets.start_block(language, 0);
            for line in LinesWithEndings::from(sample) {
                assets.highlight_line(line, &mut state);
            }
        }
    }
}

impl Assets {
    fn load() -> Self {
        Self {
            syntaxes: two_face::syntax::extra_newlines(),
            highlighter: highlighting::Highlighter::new(&THEME),
        }
    }

    /// The state before line `next` of a block; none when the language is unknown.
    fn start_block(&self, language: &str, next: usize) -> Option<BlockState> {
        let token = languages::find_token(language)?;
        let syntax = self.syntaxes.find_syntax_by_token(&token)?;
        let highlight = HighlightState::new(&self.highlighter, ScopeStack::new());
        Some(BlockState { parse: ParseState::new(syntax), highlight, next })
    }

    /// The roles of one line; a parser that fails is dropped, and the rest of the block stays plain.
    fn highlight_line(&self, line: &str, state: &mut Option<BlockState>) -> Vec<(u32, Role)> {
        let Some(open) = state else { return Vec::new() };
        open.next += 1;
        if line.len() > MAX_LINE_BYTES {
            return Vec::new();
        }
        let Ok(scopes) = open.parse.parse_line(line, &self.syntaxes) else {
            *state = None;
            return Vec::new();
        };
        let mut spans: Vec<(u32, Role)> = Vec::new();
        let styled =
            RangedHighlightIterator::new(&mut open.highlight, &scopes, line, &self.highlighter);
        for (style, text, _) in styled {
            let role = roles::role_of_colour(style.foreground);
            match spans.last_mut() {
                // White space looks the same in every role: joined to its neighbour it costs nothing.
                Some((len, last)) if *last == role || text.trim().is_empty() => {
                    *len += to_offset(text.len());
                }
                _ => spans.push((to_offset(text.len()), role)),
            }
        }
        let plain = spans.iter().all(|(_, role)| *role == Role::Code);
        if plain { Vec::new() } else { spans }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(language: &str, first: usize, text: &str) -> HighlightJob {
        HighlightJob { block: 7, language: language.into(), first, text: text.into() }
    }

    /// The role of the first stretch that holds `word`.
    fn role_of(language: &str, text: &str, word: &str) -> Role {
        let done = Highlighter::new().highlight_lines(1, &job(language, 0, text));
        for (line, spans) in text.lines().zip(&done.lines) {
            let mut at = 0;
            for (len, role) in spans {
                let end = (at + *len as usize).min(line.len());
                if line.get(at..end).unwrap().contains(word) {
                    return *role;
                }
                at = end;
            }
        }
        Role::Code
    }

    #[test]
    fn scopes_become_roles() {
        for (language, text, word, role) in [
            ("python", "def go(x):\n    return 'a'  # why\n", "def", Role::Keyword),
            ("python", "def go(x):\n    return 'a'  # why\n", "go", Role::Function),
            ("python", "def go(x):\n    return 'a'  # why\n", "why", Role::Comment),
            ("python", "def go(x):\n    return 'a'\n", "a'", Role::String),
            ("yaml", "key: value\n", "key", Role::Key),
            ("json", "{\"name\": 3}\n", "name", Role::Key),
            ("json", "{\"name\": 3}\n", "3", Role::Constant),
            ("jsonc", "{\"a\": true}\n", "true", Role::Constant),
            ("rust", "fn main() { let x: Vec<u8> = 1; }\n", "main", Role::Function),
            ("hcl", "resource \"a\" \"b\" {\n  count = 2\n}\n", "2", Role::Constant),
            ("hcl", "resource \"a\" \"b\" {\n  count = 2\n}\n", "count", Role::Key),
            ("diff", "+new\n-old\n", "new", Role::Inserted),
            ("diff", "+new\n-old\n", "old", Role::Removed),
            ("console", "echo \"hi\" # x\n", "x", Role::Comment),
            ("sql", "SELECT 1 FROM t;\n", "SELECT", Role::Keyword),
        ] {
            assert_eq!(role_of(language, text, word), role, "{language}: {word}");
        }
    }

    #[test]
    fn lines_cover_their_text_and_state_runs_on() {
        let text = "x = '''one\ntwo\nthree''' + f(1)\n";
        let whole = Highlighter::new().highlight_lines(1, &job("python", 0, text));
        let mut parts = Highlighter::new();
        let mut lines = Vec::new();
        for (n, line) in text.lines().enumerate() {
            lines.extend(parts.highlight_lines(1, &job("python", n, &format!("{line}\n"))).lines);
        }
        assert_eq!(whole.lines, lines);
        for (line, spans) in LinesWithEndings::from(text).zip(&lines) {
            assert_eq!(spans.iter().map(|(len, _)| *len as usize).sum::<usize>(), line.len());
        }
    }

    #[test]
    fn odd_jobs_stay_plain_or_start_over() {
        let mut h = Highlighter::new();
        assert_eq!(h.highlight_lines(1, &job("no-such", 0, "a b\n")).lines, [Vec::new()]);
        assert_eq!(
            h.highlight_lines(1, &job("python", 0, &format!("x = {}\n", "1".repeat(3_000)))).lines,
            [Vec::new()]
        );
        let skipped = h.highlight_lines(1, &job("python", 90, "def go(): pass\n"));
        assert_eq!((skipped.first, skipped.lines.len()), (90, 1));
        assert_eq!(skipped.lines[0].first().map(|s| s.1), Some(Role::Keyword));
        h.forget_document(1);
        h.warm_up();
    }

    #[test]
    fn samples_and_aliases_name_syntaxes_that_exist() {
        let assets = Assets::load();
        for (language, sample) in samples::SAMPLES {
            let mut state = assets.start_block(language, 0);
            assert!(state.is_some(), "{language}");
            let coloured = LinesWithEndings::from(sample)
                .any(|l| !assets.highlight_line(l, &mut state).is_empty());
            assert!(coloured, "{language}");
        }
        for (alias, _) in languages::ALIASES {
            assert!(assets.start_block(alias, 0).is_some(), "{alias}");
        }
    }
}
