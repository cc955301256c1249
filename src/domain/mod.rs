//! The nouns: what every other layer talks about.
//!
//! Plain data with serde where it is stored or printed. No IO, no clock, no terminal, no async.
//! Everybody above uses it; it uses nobody.

mod apply;
pub mod aside;
pub mod base_url;
pub mod change;
pub mod chat;
pub mod contract;
pub mod edit;
pub mod ids;
pub mod key_shapes;
pub(crate) mod lenient;
pub mod model;
pub mod panel;
pub mod persona;
pub mod profile;
pub mod provider;
pub mod recommendation;
pub mod run;
mod run_notes;
pub mod scaffold;
pub mod session;
pub mod stream;
pub mod triage;
pub mod weights;

pub use apply::fill_in_default_model;
pub use aside::{Aside, AsideKind};
pub use base_url::{BaseUrl, BaseUrlError, normalize_base_url};
pub use change::{Change, NewAside, NewRun};
pub use chat::{ChatMessage, ChatRequest, ChatRole};
pub use contract::{Applies, Contract, Facet, IntakeField, Section, TableRule};
pub use edit::{Edit, History, Step};
pub use ids::{EditId, PersonaId, RecommendationId, RunId, SessionId, TurnId};
pub use model::ModelRef;
pub use panel::Panel;
pub use persona::{Persona, PersonaSource};
pub use profile::ModelProfile;
pub use provider::{KeySource, ProviderSpec, Timeouts};
pub use recommendation::{Decision, Origin, Recommendation, Severity, Verdict};
pub use run::{Ending, Run, RunState};
pub use run_notes::RunNotes;
pub use scaffold::{Scaffold, ScaffoldSection};
pub use session::{SearchHit, Session, SessionSummary, Turn, as_tag};
pub use stream::{FailKind, Failure, RunUpdate, StopReason, StreamEvent, Usage};
pub use triage::{Group, Places, TriageCounts, group};
pub use weights::{Catalogue, LocalSpec, Package, Scaffolding, Source, Weights};
