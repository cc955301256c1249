//! Which persona is used for an id, and how the configuration overrides its settings.

use std::path::Path;

use plenary::config::personas::{self, PersonaSettings, PersonaText};
use plenary::domain::Contract;

use super::{PLAIN, built_in, write_folder};

#[test]
fn projects_override_users_and_users_override_built_in_personas() {
    let user =
        write_folder(&[("edge.md", b"---\nid: edge\nname: Mine\n---\nMine\n"), ("own.md", PLAIN)]);
    let mut loaded = personas::load(user.path());
    let text = Ok("---\nid: good-one\n---\nTheirs\n".to_owned());
    let theirs = PersonaText { path: "/project/good.md".into(), text };
    loaded.add_project(Path::new("/project"), &[theirs]);
    let ids: Vec<&str> = loaded.personas.iter().map(|p| p.id.as_str()).collect();
    assert_eq!(ids, ["ai-lead", "brief", "devops", "edge", "gitops", "infra", "good-one"]);
    let prompt = |id: &str| {
        let persona = loaded.personas.iter().find(|p| p.id.as_str() == id).unwrap();
        persona.prompt.to_string()
    };
    assert_eq!((prompt("edge").as_str(), prompt("good-one").as_str()), ("Mine\n", "Theirs\n"));
    assert_eq!(loaded.warnings.len(), 1, "{:?}", loaded.warnings);
    assert!(loaded.warnings[0].contains("good.md: replaces the persona `good-one` ("));
}

#[test]
fn the_configuration_overrides_all_settings_or_none() {
    let mut persona = (*built_in("edge")).clone();
    let before = persona.clone();
    let wrong = PersonaSettings {
        name: Some("New".to_owned()),
        temperature: Some(3.0),
        model: Some("sonnet".to_owned()),
        ..PersonaSettings::default()
    };
    let invalid = personas::apply_settings(&mut persona, &wrong).unwrap_err();
    let invalid: Vec<String> = invalid
        .into_iter()
        .map(|setting| format!("{}: {}", setting.key, setting.message))
        .collect();
    assert_eq!(
        invalid,
        [
            "model: `sonnet` is not PROVIDER:MODEL such as `openai:gpt-5`, or null",
            "temperature: `3` is not a number from 0 to 2, or null"
        ]
    );
    assert_eq!(persona, before);
    let right = PersonaSettings {
        name: Some("New".to_owned()),
        title: Some("T".to_owned()),
        view: Some("v".to_owned()),
        color: Some("red".to_owned()),
        context_limit: Some(4_000),
        model: Some("anthropic:claude".to_owned()),
        temperature: Some(1.0),
        top_p: Some(0.5),
        triggers: Some(vec!["Go".to_owned()]),
        mode: Some("Go Mode".to_owned()),
        tags: Some(vec![]),
        intake: Some(vec![]),
        contract: Some(Contract::default()),
        brief: Some("Short.\n".to_owned()),
    };
    personas::apply_settings(&mut persona, &right).unwrap();
    assert_eq!(
        (persona.name.as_str(), persona.title.as_str(), persona.view.as_str()),
        ("New", "T", "v")
    );
    assert_eq!((persona.color.as_deref(), persona.context_limit), (Some("red"), Some(4_000)));
    assert_eq!(persona.model.as_ref().unwrap().to_string(), "anthropic:claude");
    assert_eq!((persona.temperature, persona.top_p), (Some(1.0), Some(0.5)));
    assert_eq!((persona.triggers.len(), persona.mode.as_deref()), (1, Some("Go Mode")));
    assert!(persona.tags.is_empty() && persona.intake.is_empty() && persona.contract.is_empty());
    assert_eq!(persona.short_prompt.as_deref(), Some("Short."));
    assert_eq!((&persona.prompt, &persona.id), (&before.prompt, &before.id));
}
