//! What lies above the panes: one stack, Esc closes the top. Holds what is chosen and typed; rows are made by the
//! keymap and the store, drawn by `ui`.

use super::{Context, Line};
use crate::domain::{
    Decision, PersonaId, RecommendationId, RunId, SearchHit, SessionId, SessionSummary,
};
use crate::export::{ExportTarget, TARGETS};

/// The list of keys and actions; also the command palette.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HelpOverlay {
    /// Where it was opened: what works there comes first.
    pub from: Option<Context>,
    /// What was typed to narrow the list.
    pub filter: String,
    /// Set while typing goes into the filter.
    pub typing: bool,
    /// Which row is chosen, among those that the filter leaves.
    pub selected: usize,
}

/// The list of sessions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SessionsOverlay {
    /// The sessions, newest first; none until the store answered.
    pub sessions: Option<Vec<SessionSummary>>,
    /// What was typed to narrow the list.
    pub filter: String,
    /// Set while typing goes into the filter.
    pub typing: bool,
    /// Which row is chosen, among those that the filter leaves.
    pub selected: usize,
    /// What full-text search found, and for which words; none until the store answered.
    pub found: Option<(String, Vec<SearchHit>)>,
}

/// One row of the list of sessions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionRow<'a> {
    /// The session.
    pub session: &'a SessionSummary,
    /// Where its text has the words that were typed, when its title does not.
    pub hit: Option<&'a SearchHit>,
}

impl SessionsOverlay {
    /// The sessions that the filter leaves: every typed word occurs in title, tags or panel, in any case; behind them those
    /// whose questions and answers have the words.
    pub fn matching(&self) -> Vec<SessionRow<'_>> {
        let words: Vec<String> = self.filter.split_whitespace().map(str::to_lowercase).collect();
        let fits = |s: &&SessionSummary| {
            let text = format!("{} {} {} {}", s.title, s.tags.join(" "), s.panel, s.id);
            let text = text.to_lowercase();
            words.iter().all(|w| text.contains(w))
        };
        let named = self.sessions.iter().flatten().filter(fits);
        let mut rows: Vec<SessionRow<'_>> =
            named.map(|session| SessionRow { session, hit: None }).collect();
        let found = self.found.as_ref().filter(|(words, _)| *words == self.filter);
        for hit in found.iter().flat_map(|(_, hits)| hits) {
            if rows.iter().all(|row| row.session.id != hit.session.id) {
                rows.push(SessionRow { session: &hit.session, hit: Some(hit) });
            }
        }
        rows
    }
}

/// Getting local models that are not there: asks, shows how it goes, says why it failed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PullOverlay {
    /// The models it is about, by id.
    pub wants: Vec<String>,
    /// A question opened it, and waits in the composer for the answer.
    pub asks: bool,
}

/// What a line is edited for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LineFor {
    /// The comment on a recommendation.
    Comment(RecommendationId),
    /// Who does it.
    Owner(RecommendationId),
    /// A better title for it.
    Title(RecommendationId),
    /// The title of a session.
    SessionTitle(SessionId),
    /// The tags of a session, parted by blanks.
    SessionTags(SessionId),
    /// Where an export is written.
    ExportPath,
}

/// One line to be edited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineOverlay {
    /// What for.
    pub purpose: LineFor,
    /// What it is about, in words, clean: the title of the recommendation or the session.
    pub about: String,
    /// The line.
    pub line: Line,
}

/// What is asked before it is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pending {
    /// A decision on everything that is listed.
    Decide {
        /// Which one.
        decision: Decision,
        /// All that is listed.
        all: Vec<RecommendationId>,
        /// Those of them that are still open.
        open: Vec<RecommendationId>,
    },
    /// A session is deleted, for good.
    Delete {
        /// Which one.
        session: SessionId,
        /// Its title, clean.
        title: String,
    },
}

/// The personas of whom one is to attack a recommendation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChallengeOverlay {
    /// The recommendation.
    pub about: RecommendationId,
    /// Who can be asked: everybody but its authors.
    pub personas: Vec<PersonaId>,
    /// Which one is chosen.
    pub selected: usize,
}

/// Where a row of the ledger comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerPlace {
    /// The pane.
    pub pane: usize,
    /// The answer.
    pub run: RunId,
    /// The byte of its text.
    pub at: usize,
}

/// One row of the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LedgerRow {
    /// `Assumptions`, or what is measured: whether the values differ.
    Title {
        /// The words.
        text: String,
        /// The values below it differ.
        differs: bool,
    },
    /// An assumption.
    Assumption {
        /// The words, clean.
        text: String,
        /// Where it stands.
        place: LedgerPlace,
    },
    /// A number with its unit, in its sentence.
    Number {
        /// `40 ms`
        value: String,
        /// `cited`, `estimate` or `no source`
        support: &'static str,
        /// The sentence, clean.
        sentence: String,
        /// Where it stands.
        place: LedgerPlace,
    },
}

impl LedgerRow {
    /// Where it leads to; none for a title.
    pub fn place(&self) -> Option<&LedgerPlace> {
        match self {
            Self::Title { .. } => None,
            Self::Assumption { place, .. } | Self::Number { place, .. } => Some(place),
        }
    }
}

/// Assumptions and numbers of all personas, as one list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LedgerOverlay {
    /// All rows.
    pub rows: Vec<LedgerRow>,
    /// What was typed to narrow the list.
    pub filter: String,
    /// Set while typing goes into the filter.
    pub typing: bool,
    /// Which row is chosen, among those that the filter leaves.
    pub selected: usize,
}

impl LedgerOverlay {
    /// The rows that the filter leaves: titles stay when something below them does.
    pub fn matching(&self) -> Vec<&LedgerRow> {
        let words: Vec<String> = self.filter.split_whitespace().map(str::to_lowercase).collect();
        if words.is_empty() {
            return self.rows.iter().collect();
        }
        let mut left = Vec::new();
        let mut title: Option<(&LedgerRow, bool)> = None;
        for row in &self.rows {
            let text = match row {
                LedgerRow::Title { text, .. } => {
                    let text = text.to_lowercase();
                    title = Some((row, words.iter().all(|word| text.contains(word))));
                    continue;
                }
                LedgerRow::Assumption { text, .. } => text.to_lowercase(),
                LedgerRow::Number { value, support, sentence, .. } => {
                    format!("{value} {support} {sentence}").to_lowercase()
                }
            };
            let by_title = matches!(title, Some((_, true)));
            if by_title || words.iter().all(|word| text.contains(word)) {
                if let Some((title, _)) = title.filter(|(title, _)| !left.contains(title)) {
                    left.push(title);
                }
                left.push(row);
            }
        }
        left
    }
}

/// The brief of a turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BriefOverlay {
    /// The run that writes it.
    pub run: RunId,
    /// Which line is chosen, among those that have a quote.
    pub selected: usize,
}

/// Writing the session to a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportOverlay {
    /// Which format is chosen: its place among [`crate::export::TARGETS`].
    pub selected: usize,
    /// Where it is written, once the user has said; else a name is made from the format.
    pub path: Option<String>,
}

impl ExportOverlay {
    /// The chosen format.
    pub fn target(&self) -> &'static ExportTarget {
        TARGETS.get(self.selected).unwrap_or(&TARGETS[0])
    }

    /// Where it would be written.
    pub fn path(&self, session: Option<SessionId>) -> String {
        self.path.clone().unwrap_or_else(|| {
            let id = session.map(|id| id.short()).unwrap_or_default();
            self.target().file_name(&id)
        })
    }
}

/// One overlay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Overlay {
    /// Keys and actions.
    Help(HelpOverlay),
    /// Sessions.
    Sessions(SessionsOverlay),
    /// Getting local models.
    Pull(PullOverlay),
    /// One line to be edited.
    Line(LineOverlay),
    /// Something is asked first.
    Confirm(Pending),
    /// Who is to attack a recommendation.
    Challenge(ChallengeOverlay),
    /// Assumptions and numbers.
    Ledger(LedgerOverlay),
    /// A summary whose quotes were checked.
    Brief(BriefOverlay),
    /// Writing the session to a file.
    Export(ExportOverlay),
}
