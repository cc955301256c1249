//! All that the program knows while it runs. Changed by `update` only, read by `ui`; scroll positions and rows are the
//! view's, not part of it.

use std::sync::Arc;
use std::time::Duration;

use super::ids::Ids;
use super::keymap::PendingKeys;
use super::{
    Clock, CompareState, Completion, Composer, Keymap, LocalModels, Notice, NoticeLevel, Overlay,
    Pane, Roster, RunDisplays, RunRef, TriageState, ViewKind,
};
use crate::domain::{
    Facet, Panel, Persona, PersonaId, Recommendation, RecommendationId, RunId, Session, SessionId,
    Turn, TurnId,
};
use crate::text::sanitize_line;

/// Where keys go.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Focus {
    /// Into the question.
    #[default]
    Composer,
    /// To the panes.
    Panes,
}

/// How panes are laid out; `Auto` goes by the width.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum LayoutMode {
    /// By the terminal's width.
    #[default]
    Auto,
    /// Side by side, as many as fit.
    Columns,
    /// Rows and columns.
    Grid,
    /// One above the other: the focused one open, the others folded to their first lines.
    Stack,
    /// One at a time with a tab bar.
    Tabs,
}

impl LayoutMode {
    /// The next one, for the key that cycles.
    #[must_use]
    pub fn next(self) -> Self {
        match self {
            Self::Auto => Self::Columns,
            Self::Columns => Self::Grid,
            Self::Grid => Self::Stack,
            Self::Stack => Self::Tabs,
            Self::Tabs => Self::Auto,
        }
    }

    /// What the status line calls it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "by width",
            Self::Columns => "columns",
            Self::Grid => "grid",
            Self::Stack => "stack",
            Self::Tabs => "tabs",
        }
    }
}

/// All that the program knows.
#[derive(Debug)]
pub struct State {
    /// Who can be asked, and with which model.
    pub roster: Roster,
    /// The panel that a new session has: the one the program was started with.
    pub home_panel: Panel,
    /// The open session; none until the first question. Changed by [`State::apply_change`] only, but for what is known
    /// of live runs and not stored.
    pub session: Option<Session>,
    /// View data of its runs.
    pub displays: RunDisplays,
    /// Whether answers are parsed while they stream. Without a screen they are parsed once, when they have ended.
    pub parses_streams: bool,
    /// Who has a pane: the panel's personas, then others that were asked.
    pub pane_personas: Vec<Arc<Persona>>,
    /// Which pane is the focused one.
    pub focused: usize,
    /// Where keys go.
    pub focus: Focus,
    /// How the session is looked at.
    pub view: ViewKind,
    /// Where Compare stands.
    pub compare: CompareState,
    /// Where Triage stands.
    pub triage: TriageState,
    /// One pane fills the screen.
    pub zoomed: bool,
    /// How panes are laid out.
    pub layout: LayoutMode,
    /// What lies above, topmost last.
    pub overlays: Vec<Overlay>,
    /// The local models that answer for somebody, and whether they are there.
    pub local_models: LocalModels,
    /// The question being written.
    pub composer: Composer,
    /// Persona names offered for the `@` at the cursor.
    pub completion: Option<Completion>,
    /// Personas that a trigger brings in and the user sent away, for this question.
    pub dismissed: Vec<PersonaId>,
    /// What the status line says.
    pub notice: Option<Notice>,
    /// Keys and what they do.
    pub keymap: Keymap,
    /// The beginning of a key sequence (`g` of `g g`).
    pub pending: PendingKeys,
    /// The time.
    pub clock: Clock,
    /// Columns and rows of the terminal.
    pub size: (u16, u16),
    /// Set by the first of two keys that quit.
    pub quitting: Option<Duration>,
    /// Where new identities come from.
    pub ids: Ids,
}

/// Questions that a newcomer can send with one key.
pub const EXAMPLES: [&str; 3] = [
    "Review this: one PostgreSQL primary with two read replicas for 40 shops, nightly dumps. What breaks first?",
    "We run 12 services on one Kubernetes cluster. Split it per team, per environment, or not at all?",
    "Should a 7B model for quality inspection run on the factory floor or in the cloud?",
];

impl State {
    /// The state at the start: an empty question to the panel of `roster`.
    pub fn new(roster: Roster, keymap: Keymap) -> Self {
        let mut state = Self {
            home_panel: roster.panel.clone(),
            local_models: LocalModels::from_roster(&roster),
            roster,
            session: None,
            displays: RunDisplays::default(),
            parses_streams: true,
            pane_personas: Vec::new(),
            focused: 0,
            focus: Focus::Composer,
            view: ViewKind::default(),
            compare: CompareState::default(),
            triage: TriageState::default(),
            zoomed: false,
            layout: LayoutMode::Auto,
            overlays: Vec::new(),
            composer: Composer::new(),
            completion: None,
            dismissed: Vec::new(),
            notice: None,
            keymap,
            pending: PendingKeys::default(),
            clock: Clock::default(),
            size: (80, 24),
            quitting: None,
            ids: Ids::Random,
        };
        state.clear_panes();
        state
    }

    /// The state of a program without a screen: no keys, and answers are parsed once.
    pub fn without_screen(roster: Roster) -> Self {
        Self { parses_streams: false, ..Self::new(roster, Keymap::default()) }
    }

    /// Empty panes for the panel's personas, nothing compared or decided.
    pub fn clear_panes(&mut self) {
        self.session = None;
        self.displays = RunDisplays::default();
        self.pane_personas = self.roster.panel_personas().cloned().collect();
        self.focused = 0;
        self.zoomed = false;
        self.view = ViewKind::default();
        self.compare = CompareState::default();
        self.triage = TriageState::default();
    }

    /// True until the first question of the session: the first screen is shown.
    pub fn is_fresh(&self) -> bool {
        self.session.as_ref().is_none_or(|session| session.turns.is_empty())
    }

    /// The identity of the open session.
    pub fn session_id(&self) -> Option<SessionId> {
        self.session.as_ref().map(|session| session.id)
    }

    /// The title of the open session, sanitised; empty until the first question.
    pub fn session_title(&self) -> String {
        self.session.as_ref().map(|session| sanitize_line(&session.title)).unwrap_or_default()
    }

    /// The questions of the open session, oldest first.
    pub fn turns(&self) -> &[Turn] {
        self.session.as_ref().map_or(&[], |session| session.turns.as_slice())
    }

    /// The number of a question, counted from 1; 0 when it is not of this session.
    pub fn turn_number(&self, turn: TurnId) -> usize {
        self.turns().iter().position(|known| known.id == turn).map_or(0, |index| index + 1)
    }

    /// The run of this id, of a turn or a side turn.
    pub fn run(&self, id: RunId) -> Option<RunRef<'_>> {
        let session = self.session.as_ref()?;
        let turns =
            session.turns.iter().flat_map(|turn| turn.runs.iter().map(|run| (turn.id, run)));
        let sides = session.asides.iter().map(|side| (side.id, &side.run));
        let (turn, run) = turns.chain(sides).find(|(_, run)| run.id == id)?;
        Some(RunRef { run, turn, display: self.displays.get(id)? })
    }

    /// True when an answer covers `facet`, or its persona's contract promises to.
    pub fn has_facet(&self, facet: Facet) -> bool {
        self.panes().iter().any(|pane| {
            let covered =
                pane.answer().is_some_and(|run| run.display.sections_about(facet).next().is_some());
            let asked = pane.current().is_some();
            covered || (asked && pane.persona.contract.promises(facet))
        })
    }

    /// The recommendation of this id.
    pub fn recommendation(&self, id: RecommendationId) -> Option<&Recommendation> {
        self.session.as_ref()?.recommendations().find(|known| known.id == id)
    }

    /// True while any answer, challenge or brief is streaming.
    pub fn is_live(&self) -> bool {
        self.session.as_ref().is_some_and(Session::is_live)
    }

    /// Of the runs that answer the last question: how many were asked, and how many answered in full.
    pub fn progress(&self) -> TurnProgress {
        let panes = self.panes();
        let last = panes.iter().filter_map(Pane::current);
        let Some(turn) =
            last.clone().max_by_key(|run| (run.is_live(), run.started)).map(|run| run.turn)
        else {
            return TurnProgress::default();
        };
        let mut progress = TurnProgress::default();
        for view in last.filter(|run| run.turn == turn) {
            progress.asked += 1;
            let (tokens, estimated) = view.tokens();
            progress.tokens += tokens;
            progress.estimated |= estimated;
            progress.elapsed = progress.elapsed.max(view.elapsed(self.clock.since_start));
            match &view.run.state {
                crate::domain::RunState::Ended(e) if e.answered() => progress.done += 1,
                crate::domain::RunState::Ended(_) => progress.failed += 1,
                _ => progress.live += 1,
            }
        }
        progress
    }

    /// Personas that a trigger in the question being written brings in (or switches into their mode), without those
    /// the user sent away.
    pub fn triggered_personas(&self) -> Vec<PersonaId> {
        let text = self.composer.text();
        let triggered = |p: &&Arc<Persona>| {
            crate::prompt::is_triggered(p, &text) && !self.dismissed.contains(&p.id)
        };
        self.roster.personas.iter().filter(triggered).map(|p| p.id.clone()).collect()
    }

    /// Says something in the status line.
    pub fn show_notice(&mut self, level: NoticeLevel, text: impl Into<String>) {
        let stays = if level == NoticeLevel::Error {
            Notice::ERROR_DISPLAY_TIME
        } else {
            Notice::DISPLAY_TIME
        };
        let until = self.clock.since_start + stays;
        self.notice = Some(Notice { level, text: text.into(), until });
    }

    /// When the screen changes next without anything happening: a clock of a live run, a notice that goes away.
    pub fn next_redraw_at(&self) -> Option<Duration> {
        let now = self.clock.since_start;
        let second = self.is_live().then(|| Duration::from_secs(now.as_secs() + 1));
        let notice = self.notice.as_ref().map(|n| n.until);
        second.into_iter().chain(notice).min()
    }
}

/// How the last question stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TurnProgress {
    /// Personas asked.
    pub asked: usize,
    /// Answered in full.
    pub done: usize,
    /// Ended otherwise: cut, refused, failed, cancelled.
    pub failed: usize,
    /// Still coming.
    pub live: usize,
    /// Tokens answered so far.
    pub tokens: u64,
    /// The tokens are (partly) estimated.
    pub estimated: bool,
    /// The longest run.
    pub elapsed: Duration,
}
