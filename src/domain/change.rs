//! What must be written down: the only way from the program's state into the store. Made by `app` and the headless
//! `ask`, taken by `store`.

use std::time::Duration;

use super::{
    Ending, ModelRef, PersonaId, Recommendation, Run, RunId, RunNotes, RunState, SessionId,
    SideTurnKind, TriageStep, TriageStepId, TurnId, Usage,
};

/// A run as it begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRun {
    /// Its identity.
    pub id: RunId,
    /// Who answers.
    pub persona: PersonaId,
    /// The persona's name now.
    pub persona_name: String,
    /// The persona's view now.
    pub view: String,
    /// Which model is asked.
    pub model: ModelRef,
    /// Words for its pane: what was left out of the prompt.
    pub notes: RunNotes,
}

impl NewRun {
    /// The run in `state`, without text yet.
    pub fn to_run(&self, state: RunState) -> Run {
        Run {
            id: self.id,
            persona: self.persona.clone(),
            persona_name: self.persona_name.clone(),
            view: self.view.clone(),
            model: self.model.clone(),
            state,
            text: String::new(),
            reasoning: String::new(),
            usage: None,
            elapsed: Duration::ZERO,
            notes: self.notes.clone(),
            recommendations: None,
        }
    }
}

/// A model call beside the conversation, as it begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewSideTurn {
    /// Its identity.
    pub id: TurnId,
    /// What it is for.
    pub kind: SideTurnKind,
    /// What is asked, as it is sent.
    pub question: String,
    /// Milliseconds since 1970 UTC.
    pub at: i64,
    /// The run that answers it.
    pub run: NewRun,
}

/// One thing to write down.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// A question is about to be asked. Written and synced before the first request leaves.
    /// Creates the session when it is its first.
    Turn {
        /// The session.
        session: SessionId,
        /// The session's title, used when it is created.
        title: String,
        /// The panel's name, used when it is created.
        panel: String,
        /// The question's identity.
        turn: TurnId,
        /// The question as typed.
        question: String,
        /// Milliseconds since 1970 UTC.
        at: i64,
        /// The runs that will answer it.
        runs: Vec<NewRun>,
    },
    /// One more run of a turn: a retry, or a persona asked later.
    Run {
        /// The turn it belongs to.
        turn: TurnId,
        /// The run.
        run: NewRun,
    },
    /// Text arrived.
    Append {
        /// The run.
        run: RunId,
        /// Answer text, raw.
        text: String,
        /// Reasoning text, raw.
        reasoning: String,
    },
    /// A run has one more note.
    Note {
        /// The run.
        run: RunId,
        /// The note.
        note: String,
    },
    /// A run ended.
    Ended {
        /// The run.
        run: RunId,
        /// How.
        ending: Ending,
        /// Which model really answered, when the provider said.
        model: Option<String>,
        /// Token counts.
        usage: Option<Usage>,
        /// How long it took.
        elapsed: Duration,
    },
    /// A run was searched for recommendations; this is what was found, perhaps nothing.
    Extracted {
        /// The run.
        run: RunId,
        /// In the order of the text.
        found: Vec<Recommendation>,
    },
    /// The user selected a recommendation that the search had not found.
    RecommendationSelected(Recommendation),
    /// A step of triage. What was undone before it can no longer be done again.
    TriageStepDone {
        /// The session.
        session: SessionId,
        /// The step.
        step: TriageStep,
    },
    /// The last step of triage that is in force was undone.
    TriageStepUndone {
        /// The session.
        session: SessionId,
        /// That step.
        step: TriageStepId,
    },
    /// The last step that was undone was done again.
    TriageStepRedone {
        /// The session.
        session: SessionId,
        /// That step.
        step: TriageStepId,
    },
    /// A challenge or a brief is about to be asked.
    SideTurn {
        /// The session.
        session: SessionId,
        /// What is asked.
        side_turn: NewSideTurn,
    },
    /// The session has another title.
    Renamed {
        /// The session.
        session: SessionId,
        /// The title.
        title: String,
    },
    /// The session has these tags now.
    Tagged {
        /// The session.
        session: SessionId,
        /// All of them.
        tags: Vec<String>,
    },
    /// The session and all that belongs to it goes, for good.
    Deleted {
        /// The session.
        session: SessionId,
    },
}

impl Change {
    /// The session that it names; none when it names a turn or a run only.
    pub fn session(&self) -> Option<SessionId> {
        match self {
            Self::Turn { session, .. }
            | Self::TriageStepDone { session, .. }
            | Self::TriageStepUndone { session, .. }
            | Self::TriageStepRedone { session, .. }
            | Self::SideTurn { session, .. }
            | Self::Renamed { session, .. }
            | Self::Tagged { session, .. }
            | Self::Deleted { session } => Some(*session),
            Self::Run { .. }
            | Self::Append { .. }
            | Self::Note { .. }
            | Self::Ended { .. }
            | Self::Extracted { .. }
            | Self::RecommendationSelected(_) => None,
        }
    }

    /// True for what is on disk before it is shown: a step of triage that a key made.
    pub fn is_triage_change(&self) -> bool {
        matches!(
            self,
            Self::RecommendationSelected(_)
                | Self::TriageStepDone { .. }
                | Self::TriageStepUndone { .. }
                | Self::TriageStepRedone { .. }
        )
    }
}
