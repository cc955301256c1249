//! The types that all layers share: personas, sessions, runs, recommendations, settings of providers.
//!
//! Plain data and rules on it, with serde where it is stored or printed. No IO, no clock, no terminal, no async, and no
//! imports from other layers.

mod apply;
pub mod base_url;
pub mod change;
pub mod chat_request;
pub mod contract;
pub mod format;
pub mod ids;
pub mod key_shapes;
pub(crate) mod lenient;
pub mod model;
pub mod model_file;
pub mod model_profile;
pub mod panel;
pub mod persona;
pub mod provider;
pub mod recommendation;
pub mod recommendation_group;
pub mod run;
mod run_notes;
pub mod scaffold;
pub mod script;
pub mod session;
pub mod side_turn;
pub mod stream;
pub mod triage_history;
mod unsaved;
mod visible_text;

pub use apply::fill_in_default_model;
pub use base_url::{BaseUrl, BaseUrlError, host_of, is_loopback_host, normalize_base_url};
pub use change::{Change, NewRun, NewSideTurn};
pub use chat_request::{ChatMessage, ChatRequest, ChatRole};
pub use contract::{Applies, Contract, Facet, IntakeField, SectionRule, TableRule};
pub use ids::{PersonaId, RecommendationId, RunId, SessionId, TriageStepId, TurnId};
pub use model::{ModelRef, ModelRefError};
pub use model_file::{
    DownloadSource, LocalSpec, ModelCatalogue, ModelFile, ScaffoldMode, WheelPackage,
};
pub use model_profile::ModelProfile;
pub use panel::Panel;
pub use persona::{PROJECT_MARK, Persona, PersonaSource, mark_project, project_tag};
pub use provider::{KeySource, ProviderSpec, Timeouts};
pub use recommendation::{Decision, Recommendation, RecommendationOrigin, Severity, Verdict};
pub use recommendation_group::{
    GroupIndices, RecommendationGroup, TriageCounts, group_recommendations,
};
pub use run::{Ending, Run, RunState};
pub use run_notes::{PROJECT_NOTE, RunNotes};
pub use scaffold::{Scaffold, ScaffoldSection};
pub use session::{SearchHit, Session, SessionSummary, Turn, parse_tag};
pub use side_turn::{SideTurn, SideTurnKind};
pub use stream::{Failure, FailureKind, RunUpdate, StopReason, StreamEvent, Usage};
pub use triage_history::{TriageHistory, TriageStep, VerdictUpdate};
pub use unsaved::UnsavedChanges;
pub use visible_text::{has_visible_text, is_hidden};
