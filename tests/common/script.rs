//! The screen driven by keys: a [`Script`] holds state and view as the program does, executes the effects that concern
//! the view, and takes time and reports of runs by hand. Snapshots are in `tests/snapshots/`.

use std::path::Path;
use std::time::Duration;

use plenary::app::reading::carry_out;
use plenary::app::{
    Clock, Effect, Effects, KeyPress, Keymap, Msg, Roster, State, ids::Ids, update,
};
use plenary::domain::{Ending, RunId, RunUpdate, Usage};
use plenary::text::Highlighter;
use plenary::ui::Renderer;
use plenary::ui::theme::{ColorDepth, Theme};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::{Color, Modifier};

pub use super::roster::{FOUR, roster};

/// 2025-06-01, noon.
pub const NOON: i64 = 1_748_779_200_000;

/// A session at the keyboard.
pub struct Script {
    pub state: State,
    pub renderer: Renderer,
    highlighter: Highlighter,
}

impl Script {
    pub fn new(width: u16, height: u16) -> Self {
        Self::with(roster(&FOUR), width, height)
    }

    pub fn with(roster: Roster, width: u16, height: u16) -> Self {
        let mut state = State::new(roster, Keymap::default_keys().unwrap());
        state.ids = Ids::Counting(0);
        let (theme, _) = Theme::load("dark", None, ColorDepth::True).unwrap();
        let script =
            Self { state, renderer: Renderer::new(theme), highlighter: Highlighter::new() };
        script.msg(Msg::Resize(width, height)).at(1_000)
    }

    pub fn area(&self) -> Rect {
        Rect::new(0, 0, self.state.size.0, self.state.size.1)
    }

    pub fn msg(mut self, msg: Msg) -> Self {
        let mut waiting = vec![msg];
        while let Some(msg) = waiting.pop() {
            let mut effects = Effects::new();
            update(&mut self.state, msg, &mut effects);
            for effect in effects {
                match effect {
                    Effect::Scroll(pane, scroll) => {
                        self.renderer.scroll_view(&self.state, pane, scroll);
                    }
                    Effect::Reveal(pane, run, at) => self.renderer.reveal_offset(pane, run, at),
                    Effect::RevealSection(pane) => self.renderer.reveal_section(pane),
                    Effect::ToggleWrap => self.renderer.toggle_wrap(),
                    Effect::ClearPaneCaches => self.renderer.forget_session(),
                    Effect::Read(request) => {
                        waiting.push(Msg::Read(Box::new(carry_out(&request))));
                    }
                    Effect::Highlight(run, jobs) => {
                        let doc = u128::from_str_radix(&run.to_string(), 16).unwrap();
                        let done =
                            jobs.iter().map(|j| self.highlighter.highlight_lines(doc, j)).collect();
                        waiting.push(Msg::Highlighted(run, done));
                    }
                    _ => {}
                }
            }
        }
        let area = self.area();
        self.renderer.prepare(&self.state, area);
        self
    }

    /// Keys as keymaps write them, with spaces between.
    pub fn keys(self, keys: &str) -> Self {
        keys.split(' ').fold(self, |script, key| {
            script.msg(Msg::Key(KeyPress::parse(key).unwrap_or_else(|| panic!("no key: {key}"))))
        })
    }

    pub fn typed(self, text: &str) -> Self {
        text.chars().fold(self, |script, c| script.msg(Msg::Key(KeyPress::char(c))))
    }

    pub fn ask(self, question: &str) -> Self {
        self.msg(Msg::Ask(question.to_owned()))
    }

    /// The clock shows `ms` since the start.
    pub fn at(self, ms: u64) -> Self {
        let since_start = Duration::from_millis(ms);
        let unix_ms = NOON + i64::try_from(ms).unwrap();
        self.msg(Msg::Clock(Clock { since_start, unix_ms }))
    }

    pub fn run_of(&self, pane: usize) -> RunId {
        self.state.panes()[pane].current().expect("the pane was asked").id()
    }

    pub fn updates(self, pane: usize, updates: Vec<RunUpdate>) -> Self {
        let run = self.run_of(pane);
        self.msg(Msg::Run(run, updates))
    }

    pub fn streams(self, pane: usize, text: &str) -> Self {
        self.updates(pane, vec![RunUpdate::Connecting { attempt: 1 }, RunUpdate::Text(text.into())])
    }

    pub fn ends(self, pane: usize, ending: Ending) -> Self {
        self.updates(pane, vec![RunUpdate::Ended(ending)])
    }

    pub fn answers(self, pane: usize, text: &str) -> Self {
        let usage = Usage { input: 812, output: 640, cached: 0, reasoning: 0, cost_microusd: None };
        self.streams(pane, text)
            .updates(pane, vec![RunUpdate::Usage(usage), RunUpdate::Ended(Ending::Done)])
    }

    pub fn buffer(&self) -> (Buffer, Option<Position>) {
        let mut buffer = Buffer::empty(self.area());
        let cursor = self.renderer.draw(&self.state, &mut buffer);
        (buffer, cursor)
    }

    /// The symbols of the screen; the cursor's place on the last line.
    pub fn screen(&self) -> String {
        let (buffer, cursor) = self.buffer();
        let mut text = String::new();
        for y in 0..buffer.area.height {
            text.push_str(row(&buffer, y).trim_end());
            text.push('\n');
        }
        match cursor {
            Some(at) => text + &format!("cursor at {}, {}", at.x, at.y),
            None => text + "no cursor",
        }
    }

    /// Row `y` in runs of one style: `[accent bold]text`.
    pub fn styles(&self, rows: std::ops::Range<u16>) -> String {
        let (buffer, _) = self.buffer();
        let mut text = String::new();
        for y in rows {
            let mut last = None;
            for x in 0..buffer.area.width {
                let cell = &buffer[(x, y)];
                let style = (cell.fg, cell.bg, cell.modifier);
                if last != Some(style) {
                    text.push_str(&named(style));
                    last = Some(style);
                }
                text.push_str(cell.symbol());
            }
            text = text.trim_end().to_owned() + "\n";
        }
        text
    }
}

/// The symbols of a row; the second cell of a wide character is not one.
pub fn row(buffer: &Buffer, y: u16) -> String {
    let mut text = String::new();
    let mut x = 0;
    while x < buffer.area.width {
        let symbol = buffer[(x, y)].symbol();
        text.push_str(symbol);
        x += u16::try_from(plenary::text::width::width(symbol).max(1)).unwrap();
    }
    text
}

pub fn named((fg, bg, modifier): (Color, Color, Modifier)) -> String {
    let mut words: Vec<String> = Vec::new();
    if fg != Color::Reset {
        words.push(fg.to_string());
    }
    if bg != Color::Reset {
        words.push(format!("on {bg}"));
    }
    if !modifier.is_empty() {
        words.push(format!("{modifier:?}").to_lowercase());
    }
    format!("[{}]", words.join(" "))
}

/// Compares with `tests/snapshots/NAME.snap`.
pub fn shows(name: &str, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/snapshots"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, text));
}
