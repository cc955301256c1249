//! The one roster of the tests: five personas, one model for all.

use std::sync::Arc;

use plenary::app::roster::{Answerer, Roster};
use plenary::domain::{ModelProfile, ModelRef, Panel, Persona, PersonaId, PersonaSource};

/// The default panel.
pub const FOUR: [&str; 4] = ["infra", "edge", "devops", "ai-lead"];
/// All five personas, in the order of the panel `full`.
pub const FIVE: [&str; 5] = ["infra", "edge", "devops", "gitops", "ai-lead"];

/// A persona id.
pub fn id(word: &str) -> PersonaId {
    PersonaId::parse(word).unwrap()
}

/// The five personas with `panel` as `design-review`; the panel `full` is known, too.
pub fn roster(panel: &[&str]) -> Roster {
    let personas = [
        persona("infra", "Kael Voss", "Principal Infrastructure Engineer", "infra", "blue"),
        persona("edge", "Kai Lennox", "Principal Lead Edge Computing Engineer", "edge", "teal"),
        persona("devops", "DevOps Engineer", "Senior DevOps Engineer", "devops", "amber"),
        persona("ai-lead", "Aether", "Principal AI Systems Lead", "ai-lead", "rose"),
        gitops(),
    ];
    let answerer = Answerer {
        model: ModelRef::parse("gateway:large").unwrap(),
        reason: "your configuration says so".into(),
        profile: ModelProfile::default(),
        host: None,
        weights: None,
    };
    let panel_of = |name: &str, ids: &[&str]| Panel {
        name: name.into(),
        personas: ids.iter().copied().map(id).collect(),
        model: None,
    };
    Roster {
        models: personas.iter().map(|p| (p.id.clone(), Ok(answerer.clone()))).collect(),
        personas: personas.into_iter().map(Arc::new).collect(),
        synonyms: plenary::config::facets::built_in(),
        panel: panel_of("design-review", panel),
        panels: vec![panel_of("full", &FIVE)],
    }
}

fn gitops() -> Persona {
    let mut gitops =
        persona("gitops", "DevOps Engineer", "Plumber of the Future", "devops", "violet");
    gitops.triggers = ["Deploy this", "Set up CI/CD", "Server is down"].map(str::to_owned).to_vec();
    gitops.mode = Some("DevOps Mode".into());
    gitops
}

/// A persona with a one-line prompt.
pub fn persona(word: &str, name: &str, title: &str, view: &str, color: &str) -> Persona {
    let prompt = format!("You are {name}.");
    let mut persona =
        Persona::from_prompt(id(word), name.to_owned(), &prompt, PersonaSource::BuiltIn);
    persona.title = title.into();
    persona.view = view.into();
    persona.color = Some(color.to_owned());
    persona
}
