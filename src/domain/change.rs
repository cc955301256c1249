//! Changes: everything that is stored about a session, one modification at a time.
//!
//! Types only. `Session::apply` applies a change in memory, the store writes it to the database.

use std::time::Duration;

use super::{
    Ending, ModelRef, PersonaId, Recommendation, Run, RunId, RunNotes, RunState, SessionId,
    SideTurnKind, TriageStep, TriageStepId, TurnId, Usage,
};

/// A run before its first event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRun {
    /// Its id.
    pub id: RunId,
    /// The persona that answers.
    pub persona: PersonaId,
    /// The persona's name at this time.
    pub persona_name: String,
    /// The persona's view at this time.
    pub view: String,
    /// The model that is asked.
    pub model: ModelRef,
    /// Remarks, such as what was left out of the prompt.
    pub notes: RunNotes,
}

impl NewRun {
    /// The run in `state`, without text.
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

/// A side turn before its run starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewSideTurn {
    /// Its id.
    pub id: TurnId,
    /// Challenge or brief.
    pub kind: SideTurnKind,
    /// The question as sent.
    pub question: String,
    /// When it is asked, in milliseconds since the Unix epoch.
    pub at: i64,
    /// The run that answers it.
    pub run: NewRun,
}

/// One stored modification of a session.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// A question is about to be asked. Synced to disk before the first request is sent. The first turn creates the
    /// session.
    Turn {
        /// The session.
        session: SessionId,
        /// The session's title, used only when this creates the session.
        title: String,
        /// The panel's name, used only when this creates the session.
        panel: String,
        /// Id of the turn.
        turn: TurnId,
        /// The question as typed.
        question: String,
        /// When it is asked, in milliseconds since the Unix epoch.
        at: i64,
        /// The runs that answer it.
        runs: Vec<NewRun>,
    },
    /// A run was added to a turn: a retry, or a persona asked later.
    Run {
        /// The turn it belongs to.
        turn: TurnId,
        /// The run.
        run: NewRun,
    },
    /// Text arrived. The only change that is not idempotent.
    Append {
        /// The run.
        run: RunId,
        /// Answer text, raw.
        text: String,
        /// Reasoning text, raw.
        reasoning: String,
    },
    /// A note was added to a run.
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
        /// How it ended.
        ending: Ending,
        /// The model that answered, if the provider reported it.
        model: Option<String>,
        /// Token counts, if the provider reported them.
        usage: Option<Usage>,
        /// Time from the start of the run to its end.
        elapsed: Duration,
    },
    /// The recommendations of a run were extracted. Recorded even if there are none, so that it is done once.
    Extracted {
        /// The run.
        run: RunId,
        /// The recommendations, in the order of the text.
        found: Vec<Recommendation>,
    },
    /// The user marked a passage as a recommendation that the extraction had not found.
    RecommendationSelected(Recommendation),
    /// A triage step was done. Clears the undone steps.
    TriageStepDone {
        /// The session.
        session: SessionId,
        /// The step.
        step: TriageStep,
    },
    /// The last done triage step was undone.
    TriageStepUndone {
        /// The session.
        session: SessionId,
        /// Id of the step.
        step: TriageStepId,
    },
    /// The last undone triage step was redone.
    TriageStepRedone {
        /// The session.
        session: SessionId,
        /// Id of the step.
        step: TriageStepId,
    },
    /// A challenge or a brief is about to be asked. Synced to disk before the request is sent.
    SideTurn {
        /// The session.
        session: SessionId,
        /// The question and its run.
        side_turn: Box<NewSideTurn>,
    },
    /// The title of the session changed.
    Renamed {
        /// The session.
        session: SessionId,
        /// The new title.
        title: String,
    },
    /// The tags of the session changed.
    Tagged {
        /// The session.
        session: SessionId,
        /// All tags, also unchanged ones.
        tags: Vec<String>,
    },
    /// The session was deleted, with everything that belongs to it.
    Deleted {
        /// The session.
        session: SessionId,
    },
}

impl Change {
    /// The session of the change; none if the change names only a turn or a run.
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

    /// True for changes of triage. They are committed before the screen shows them.
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
