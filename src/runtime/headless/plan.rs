//! From a `Setup` and a question to runs that can be started: who is asked, which model, which request.
//!
//! Opens providers, one of a name, and builds requests; sends nothing. A persona that cannot be asked is
//! planned all the same, with the reason, so that it stands in the result as failed.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::config::Setup;
use crate::domain::{Contract, ModelRef, NewRun, Persona, PersonaId, RunId, SessionId, TurnId};
use crate::prompt::{self, PromptInput};
use crate::provider::{self, Provider};
use crate::review::HeadingSynonyms;
use crate::runtime::fanout::Job;
use crate::runtime::stock;

/// What is asked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Question {
    /// As it was typed, mentions and attachments included: what is stored.
    pub whole: String,
    /// What is sent: mentions removed, attachments included.
    pub sent: String,
    /// The words in which triggers are looked for: no attachments.
    pub words: String,
    /// Who is asked instead of the panel.
    pub targets: Vec<PersonaId>,
    /// Set when nobody but the panel may be asked, whatever the words are.
    pub fixed: bool,
}

/// One run that may be started.
pub struct Planned {
    /// What is stored of it.
    pub run: NewRun,
    /// What the fan-out starts; none when it cannot be asked, or has been started.
    pub job: Option<Job>,
    /// Why it cannot be asked; empty when it can.
    pub why_not: String,
    /// What the persona promises: how its answer is read.
    pub contract: Contract,
}

/// A question with all its runs.
pub struct Plan {
    /// The session that it begins.
    pub session: SessionId,
    /// Its only turn.
    pub turn: TurnId,
    /// The question as it is stored.
    pub question: String,
    /// The session's title: the question's first line.
    pub title: String,
    /// The panel's name.
    pub panel: String,
    /// When it is asked, in milliseconds since 1970 UTC.
    pub asked_at: i64,
    /// The runs in the order of the panel.
    pub runs: Vec<Planned>,
    /// What headings are called.
    pub synonyms: Arc<HeadingSynonyms>,
}

impl Plan {
    /// Plans `question` for the panel of `setup`, for the personas that it addresses, or for the panel
    /// and those whom its words bring in.
    pub fn new(setup: &Setup, question: &Question) -> Self {
        let mut providers = BTreeMap::new();
        let runs = members(setup, question)
            .into_iter()
            .map(|persona| planned(setup, persona, question, &mut providers))
            .collect();
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self {
            session: SessionId::random(),
            turn: TurnId::random(),
            question: question.whole.clone(),
            title: prompt::title_from_question(&question.whole),
            panel: setup.panel.name.clone(),
            asked_at: i64::try_from(now.as_millis()).unwrap_or(i64::MAX),
            runs,
            synonyms: Arc::clone(&setup.synonyms),
        }
    }

    /// Why nobody can be asked, each reason once; none when somebody can.
    pub fn impossible(&self) -> Option<String> {
        let mut reasons: Vec<&str> = Vec::new();
        for planned in &self.runs {
            if planned.job.is_some() {
                return None;
            }
            if !reasons.contains(&planned.why_not.as_str()) {
                reasons.push(&planned.why_not);
            }
        }
        Some(reasons.join("\n"))
    }
}

/// Who is asked: those that the question addresses, or the panel and those whom its words bring in.
pub fn members<'a>(setup: &'a Setup, question: &Question) -> Vec<&'a Arc<Persona>> {
    let ids = if question.targets.is_empty() { &setup.panel.personas } else { &question.targets };
    let mut members: Vec<_> = ids.iter().filter_map(|id| setup.persona(id)).collect();
    if question.targets.is_empty() && !question.fixed {
        for persona in &setup.personas {
            let asked = members.iter().any(|member| member.id == persona.id);
            if !asked && prompt::is_triggered(persona, &question.words) {
                members.push(persona);
            }
        }
    }
    members
}

type Opened = BTreeMap<String, Result<Arc<dyn Provider>, String>>;

fn planned(
    setup: &Setup,
    persona: &Persona,
    question: &Question,
    providers: &mut Opened,
) -> Planned {
    let contract = persona.contract.clone();
    let nobody = || ModelRef { provider: "none".to_owned(), model: "none".to_owned() };
    let choice = setup.models.get(&persona.id);
    let model = choice.and_then(|c| c.as_ref().ok()).map_or_else(nobody, |c| c.model.clone());
    let mut run = NewRun {
        id: RunId::random(),
        persona: persona.id.clone(),
        persona_name: persona.name.clone(),
        view: persona.view.clone(),
        model: model.clone(),
        notes: Vec::new(),
    };
    let opened = match choice {
        Some(Ok(_)) => match stock::missing(setup, &model) {
            None => open(setup, &model.provider, providers),
            Some(why) => Err(why),
        },
        Some(Err(why)) => Err(why.clone()),
        None => Err(format!("{}: no model was chosen", persona.id)),
    };
    let provider = match opened {
        Ok(provider) => provider,
        Err(why_not) => return Planned { run, job: None, why_not, contract },
    };
    let built = prompt::build_prompt(PromptInput {
        persona,
        history: &[],
        question: &question.sent,
        triggered: prompt::is_triggered(persona, &question.words),
        model: &model.model,
        profile: &setup.profile(&model),
    });
    run.notes = built.notes;
    if let Some(why_not) = built.too_large {
        return Planned { run, job: None, why_not, contract };
    }
    let job = Job { run: run.id, provider, request: built.request };
    Planned { run, job: Some(job), why_not: String::new(), contract }
}

/// One provider of a name is shared by all its runs: its connections, and its limit of runs at once.
fn open(setup: &Setup, name: &str, opened: &mut Opened) -> Result<Arc<dyn Provider>, String> {
    let make = || match setup.providers.get(name) {
        Some(spec) => provider::open(spec.clone()).map_err(|failure| failure.message),
        None => Err(format!("there is no provider \"{name}\"")),
    };
    opened.entry(name.to_owned()).or_insert_with(make).clone()
}
