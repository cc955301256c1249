//! A state without a terminal: a small panel, a fixed clock, counted identities, keys written as in keymaps.

use std::time::Duration;

use plenary::app::ids::Ids;
use plenary::app::reading::{ReadingRequest, carry_out};
use plenary::app::{Clock, Effect, Effects, KeyPress, Keymap, Msg, Roster, State, update};
use plenary::domain::{DownloadSource, ModelFile, RunId, RunUpdate, SessionId, SessionSummary};

pub use super::roster::{FOUR, id, roster};

/// A model file that could be downloaded, about as large as its name says.
pub fn weights(id: &str) -> ModelFile {
    let small = id.contains("0.5b");
    ModelFile {
        id: id.into(),
        title: if small { "Qwen2.5 Coder 0.5B" } else { "Qwen2.5 Coder 1.5B" }.into(),
        alias: None,
        file: format!("{id}.gguf").into(),
        bytes: if small { 491_400_064 } else { 1_117_320_768 },
        sha256: Some("0".repeat(64)),
        licence: "Apache-2.0".into(),
        context: 32_768,
        memory: if small { 1_600_000_000 } else { 3_000_000_000 },
        caution: small.then(|| "often wrong; for machines with little memory".into()),
        sources: vec![
            DownloadSource::Hub { repo: "o/n".into(), revision: "1".into(), file: "f".into() },
            DownloadSource::Packages(Vec::new()),
        ],
    }
}

/// A state with hands on its keys: every effect is kept, in order.
pub struct Desk {
    pub state: State,
    pub effects: Vec<Effect>,
    /// Readings that were requested and not carried out.
    pub readings: Vec<ReadingRequest>,
    /// Readings wait for [`Desk::read`], as they wait for their thread in the program.
    pub holds_readings: bool,
}

impl Desk {
    /// The state at the start, with the test panel.
    pub fn new() -> Self {
        Self::with(roster(&FOUR))
    }

    /// The state at the start, with this roster.
    pub fn with(roster: Roster) -> Self {
        let mut state = State::new(roster, Keymap::default_keys().unwrap());
        state.ids = Ids::Counting(0);
        let mut desk =
            Self { state, effects: Vec::new(), readings: Vec::new(), holds_readings: false };
        desk.at(0);
        desk
    }

    /// One message. What is to be read is read at once, unless readings are held.
    pub fn send(&mut self, msg: Msg) -> &mut Self {
        let mut effects = Effects::new();
        update(&mut self.state, msg, &mut effects);
        for effect in effects {
            match effect {
                Effect::Read(request) => self.readings.push(*request),
                other => self.effects.push(other),
            }
        }
        if self.holds_readings { self } else { self.read() }
    }

    /// Carries out the readings that were requested, and the ones that follow.
    pub fn read(&mut self) -> &mut Self {
        while !self.readings.is_empty() {
            let request = self.readings.remove(0);
            self.send(Msg::Read(Box::new(carry_out(&request))));
        }
        self
    }

    /// It is `ms` milliseconds after the start.
    pub fn at(&mut self, ms: u64) -> &mut Self {
        let unix_ms = 1_790_000_000_000 + i64::try_from(ms).unwrap();
        self.send(Msg::Clock(Clock { since_start: Duration::from_millis(ms), unix_ms }))
    }

    /// Keys as keymaps write them, separated by spaces.
    pub fn keys(&mut self, keys: &str) -> &mut Self {
        for key in keys.split_whitespace() {
            let key = KeyPress::parse(key).unwrap_or_else(|| panic!("{key} is no key"));
            self.send(Msg::Key(key));
        }
        self
    }

    /// Text, typed key by key.
    pub fn type_text(&mut self, text: &str) -> &mut Self {
        for c in text.chars() {
            self.send(Msg::Key(KeyPress::char(c)));
        }
        self
    }

    /// Types a question and sends it.
    pub fn ask(&mut self, question: &str) -> &mut Self {
        self.keys(if self.state.focus == plenary::app::Focus::Panes { "i" } else { "" });
        self.type_text(question).keys("enter")
    }

    /// What the last run of a persona reports.
    pub fn run(&mut self, persona: &str, updates: Vec<RunUpdate>) -> &mut Self {
        let run = self.last(persona);
        self.send(Msg::Run(run, updates))
    }

    /// The last run of a persona.
    pub fn last(&self, persona: &str) -> RunId {
        let pane =
            self.state.panes().into_iter().find(|p| p.persona.id.as_str() == persona).unwrap();
        pane.current().unwrap().id()
    }

    /// The state word of a persona's last run.
    pub fn word(&self, persona: &str) -> &'static str {
        let pane =
            self.state.panes().into_iter().find(|p| p.persona.id.as_str() == persona).unwrap();
        pane.current().map_or("none", |v| v.run.state.as_str())
    }

    /// Takes the effects so far.
    pub fn take(&mut self) -> Vec<Effect> {
        std::mem::take(&mut self.effects)
    }

    /// The status line's notice, or nothing.
    pub fn notice(&self) -> &str {
        self.state.notice.as_ref().map_or("", |n| n.text.as_str())
    }
}

/// The list entry of session 7: one turn with one answer, nothing to decide.
pub fn session_summary() -> SessionSummary {
    SessionSummary {
        id: SessionId::from_number(7),
        title: "t".into(),
        panel: "p".into(),
        created_at: 0,
        updated_at: 0,
        turns: 1,
        runs: 1,
        answered: 1,
        tags: Vec::new(),
        proposed: 0,
        decided: 0,
    }
}
