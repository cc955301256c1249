//! The state of the program. Scroll positions and rows are not part of it: they depend on the screen.

use std::sync::Arc;
use std::time::Duration;

use super::ids::Ids;
use super::keymap::PendingKeys;
use super::reading::{ChangeState, PendingReadings};
use super::{
    Clock, CompareState, Completion, Composer, Keymap, LocalModels, Notice, NoticeLevel, Overlay,
    Pane, Roster, RunDisplays, RunRef, TriageState, ViewKind,
};
use crate::domain::{
    Facet, Panel, Persona, PersonaId, Recommendation, RecommendationId, RunId, Session, SessionId,
    Turn, TurnId,
};
use crate::text::sanitize_line;

/// What has the focus.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Focus {
    /// The composer.
    #[default]
    Composer,
    /// The panes, or the view in their place.
    Panes,
}

/// What the store has of the open session.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum StoredCopy {
    /// The same as the screen, as far as this instance knows.
    #[default]
    Current,
    /// Perhaps more than the screen: another instance has changed the store.
    MayDiffer,
    /// Nothing: another instance has deleted the session, which is on this screen only.
    Deleted,
}

/// Layout of the panes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum LayoutMode {
    /// Depends on the terminal's width.
    #[default]
    Auto,
    /// Side by side, as many as fit.
    Columns,
    /// Rows and columns.
    Grid,
    /// One above the other: the focused pane open, the others folded to strips.
    Stack,
    /// One at a time with a tab bar.
    Tabs,
}

impl LayoutMode {
    /// The next layout, for the key that cycles.
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

    /// Name in the status line.
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

/// All state of the program.
#[derive(Debug)]
pub struct State {
    /// Personas, panels and models.
    pub roster: Roster,
    /// The panel of new sessions: the one that the program was started with.
    pub home_panel: Panel,
    /// The open session; none until the first question. Changed by [`State::apply_change`] only, except for transient
    /// states of live runs.
    pub session: Option<Session>,
    /// Display data of its runs.
    pub displays: RunDisplays,
    /// Whether answers are parsed while they stream. Without a screen each is parsed once, when it has ended.
    pub parses_streams: bool,
    /// Personas with a pane: those of the panel, then others that were asked.
    pub pane_personas: Vec<Arc<Persona>>,
    /// Index of the focused pane.
    pub focused: usize,
    /// What has the focus.
    pub focus: Focus,
    /// The shown view.
    pub view: ViewKind,
    /// Selected row and zoom of the Compare view.
    pub compare: CompareState,
    /// Selection, filter and marks of the Triage view.
    pub triage: TriageState,
    /// What the Change view shows.
    pub change: ChangeState,
    /// The readings that have not returned.
    pub readings: PendingReadings,
    /// One pane fills the screen.
    pub zoomed: bool,
    /// Layout of the panes.
    pub layout: LayoutMode,
    /// The open overlays, topmost last.
    pub overlays: Vec<Overlay>,
    /// The local models of the roster, and their status.
    pub local_models: LocalModels,
    /// The question being written.
    pub composer: Composer,
    /// Persona names offered for the `@` at the cursor.
    pub completion: Option<Completion>,
    /// Personas added by a trigger that the user dismissed for this question.
    pub dismissed: Vec<PersonaId>,
    /// The notice in the status line.
    pub notice: Option<Notice>,
    /// What the store has of the open session.
    pub stored: StoredCopy,
    /// Raised by every change of the open session, and when another one is shown.
    pub session_revision: u64,
    /// Why changes cannot be written to the disk at the moment: shown whenever there is no other notice.
    pub store_problem: Option<String>,
    /// The keymap.
    pub keymap: Keymap,
    /// The start of a key sequence (`g` of `g g`).
    pub pending: PendingKeys,
    /// The current time.
    pub clock: Clock,
    /// Columns and rows of the terminal.
    pub size: (u16, u16),
    /// Set by the first of two quit keys: until when the second one quits.
    pub quitting: Option<Duration>,
    /// Source of new ids.
    pub ids: Ids,
}

/// Example questions, each sent with one key on the first screen.
pub const EXAMPLES: [&str; 3] = [
    "Review this: one PostgreSQL primary with two read replicas for 40 shops, nightly dumps. What breaks first?",
    "We run 12 services on one Kubernetes cluster. Split it per team, per environment, or not at all?",
    "Should a 7B model for quality inspection run on the factory floor or in the cloud?",
];

impl State {
    /// The initial state, with an empty composer and the panel of `roster`.
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
            change: ChangeState::default(),
            readings: PendingReadings::default(),
            zoomed: false,
            layout: LayoutMode::Auto,
            overlays: Vec::new(),
            composer: Composer::new(),
            completion: None,
            dismissed: Vec::new(),
            notice: None,
            stored: StoredCopy::Current,
            session_revision: 0,
            store_problem: None,
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

    /// The initial state of a program without a screen: no keymap, and answers are parsed once.
    pub fn without_screen(roster: Roster) -> Self {
        Self { parses_streams: false, ..Self::new(roster, Keymap::default()) }
    }

    /// Closes the session: empty panes for the panel's personas, all views reset.
    pub fn clear_panes(&mut self) {
        self.session = None;
        self.stored = StoredCopy::Current;
        self.displays = RunDisplays::default();
        self.pane_personas = self.roster.panel_personas().cloned().collect();
        self.focused = 0;
        self.zoomed = false;
        self.view = ViewKind::default();
        self.compare = CompareState::default();
        self.triage = TriageState::default();
        self.change = ChangeState::default();
        self.readings.forget_all();
    }

    /// True before the first question of the session, while the first screen is shown.
    pub fn is_fresh(&self) -> bool {
        self.session.as_ref().is_none_or(|session| session.turns.is_empty())
    }

    /// The id of the open session.
    pub fn session_id(&self) -> Option<SessionId> {
        self.session.as_ref().map(|session| session.id)
    }

    /// The title of the open session, sanitised; empty until the first question.
    pub fn session_title(&self) -> String {
        self.session.as_ref().map(|session| sanitize_line(&session.title)).unwrap_or_default()
    }

    /// The turns of the open session, oldest first.
    pub fn turns(&self) -> &[Turn] {
        self.session.as_ref().map_or(&[], |session| session.turns.as_slice())
    }

    /// The 1-based number of a turn; 0 when it is not in this session.
    pub fn turn_number(&self, turn: TurnId) -> usize {
        self.turns().iter().position(|known| known.id == turn).map_or(0, |index| index + 1)
    }

    /// The run of this id, of a turn or a side turn.
    pub fn run(&self, id: RunId) -> Option<RunRef<'_>> {
        let session = self.session.as_ref()?;
        let turns =
            session.turns.iter().flat_map(|turn| turn.runs.iter().map(|run| (turn.id, run)));
        let sides = session.side_turns.iter().map(|side| (side.id, &side.run));
        let (turn, run) = turns.chain(sides).find(|(_, run)| run.id == id)?;
        Some(RunRef { run, turn, display: self.displays.get(id)? })
    }

    /// True when an answer covers `facet`, or the contract of a persona that was asked promises it.
    pub fn has_facet(&self, facet: Facet) -> bool {
        self.panes().iter().any(|pane| {
            let covered =
                pane.answer().is_some_and(|run| run.display.sections_about(facet).next().is_some());
            let asked = pane.current().is_some();
            covered || (asked && pane.persona.contract.has_required_section(facet))
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

    /// Progress of the last turn.
    pub fn progress(&self) -> TurnProgress {
        let panes = self.panes();
        let last = panes.iter().filter_map(Pane::current);
        let Some(turn) =
            last.clone().max_by_key(|run| (run.is_live(), run.started)).map(|run| run.turn)
        else {
            return TurnProgress::default();
        };
        let mut progress = TurnProgress::default();
        for run in last.filter(|run| run.turn == turn) {
            progress.asked += 1;
            let (tokens, estimated) = run.tokens();
            progress.tokens += tokens;
            progress.estimated |= estimated;
            progress.elapsed = progress.elapsed.max(run.elapsed(self.clock.since_start));
            match &run.run.state {
                crate::domain::RunState::Ended(e) if e.is_done() => progress.done += 1,
                crate::domain::RunState::Ended(_) => progress.failed += 1,
                _ => progress.live += 1,
            }
        }
        progress
    }

    /// The complete question in the composer, its documents fenced. None when the text is blank.
    pub(in crate::app) fn whole_question(&mut self) -> Option<String> {
        let number = if self.composer.has_documents() { self.ids.next_fence_number() } else { 0 };
        self.composer.whole_question(number)
    }

    /// Personas that a trigger in the composer's text adds (or switches into their mode), except dismissed ones.
    pub fn triggered_personas(&self) -> Vec<PersonaId> {
        let text = self.composer.text();
        let triggered = |p: &&Arc<Persona>| {
            crate::prompt::is_triggered(p, &text) && !self.dismissed.contains(&p.id)
        };
        self.roster.personas.iter().filter(triggered).map(|p| p.id.clone()).collect()
    }

    /// Shows a notice in the status line.
    pub fn show_notice(&mut self, level: NoticeLevel, text: impl Into<String>) {
        let stays = if level == NoticeLevel::Error {
            Notice::ERROR_DISPLAY_TIME
        } else {
            Notice::DISPLAY_TIME
        };
        let until = self.clock.since_start + stays;
        self.notice = Some(Notice { level, text: text.into(), until });
    }

    /// When the screen changes next without a message: the clock of a live run ticks, or a notice expires.
    pub fn next_redraw_at(&self) -> Option<Duration> {
        let now = self.clock.since_start;
        let second = self.is_live().then(|| Duration::from_secs(now.as_secs() + 1));
        let notice = self.notice.as_ref().map(|n| n.until).filter(|until| *until != Notice::STAYS);
        second.into_iter().chain(notice).min()
    }
}

/// Progress of a turn.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TurnProgress {
    /// Number of personas asked.
    pub asked: usize,
    /// Number of complete answers.
    pub done: usize,
    /// Number of runs that ended otherwise: cut, refused, failed, cancelled.
    pub failed: usize,
    /// Number of live runs.
    pub live: usize,
    /// Number of tokens answered so far.
    pub tokens: u64,
    /// The tokens are (partly) estimated.
    pub estimated: bool,
    /// Time of the longest run.
    pub elapsed: Duration,
}
