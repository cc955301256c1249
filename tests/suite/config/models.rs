//! Which model answers, and why.

use super::{FAKE, Lab, model_of, pair};

#[test]
fn flag_and_variable_override_persona_panel_and_file() {
    let mut lab = Lab::new();
    lab.user(&format!(
        "model = \"fake:top\"\n{FAKE}[persona.infra]\nmodel = \"fake:own\"\n\
         [panels.full]\nmodel = \"fake:panel\"\n"
    ));
    let setup = lab.setup();
    assert_eq!(model_of(&setup, "infra"), Ok(pair("fake:own", "config.toml line 6")));
    assert_eq!(model_of(&setup, "edge"), Ok(pair("fake:top", "config.toml line 1")));
    lab.flags.panel = Some("full".into());
    let setup = lab.setup();
    assert_eq!(model_of(&setup, "infra"), Ok(pair("fake:own", "config.toml line 6")));
    assert_eq!(model_of(&setup, "edge"), Ok(pair("fake:panel", "config.toml line 8")));
    lab.env("PLENARY_MODEL", "fake:env");
    let setup = lab.setup();
    for id in ["infra", "edge"] {
        let by_env = pair("fake:env", "environment variable PLENARY_MODEL");
        assert_eq!(model_of(&setup, id), Ok(by_env), "{id}");
    }
    for (key, overridden_by) in [
        ("model", None),
        ("persona.infra.model", Some("environment variable PLENARY_MODEL")),
        ("panels.full.model", Some("environment variable PLENARY_MODEL")),
        ("providers.openai.model", None),
    ] {
        let value = setup.report.values.get(key).unwrap();
        let origin = value.overridden_by.as_ref().map(ToString::to_string);
        assert_eq!(origin.as_deref(), overridden_by, "{key}");
    }
    lab.flags.panel = None;
    lab.flags.model = Some("fake:flag".into());
    let setup = lab.setup();
    assert_eq!(model_of(&setup, "infra"), Ok(pair("fake:flag", "--model")));
    assert_eq!(model_of(&setup, "edge"), Ok(pair("fake:flag", "--model")));
    lab.flags.model = Some("fake".into());
    assert!(lab.error().starts_with("--model: fake has no default model"));
    lab.flags.model = Some("openrouter".into());
    let model = model_of(&lab.setup(), "edge").unwrap().0;
    assert!(model.starts_with("openrouter:") && model.len() > "openrouter:".len(), "{model}");
}

#[test]
fn an_invalid_model_of_one_persona_affects_no_other() {
    let lab = Lab::new();
    lab.user(&format!("model = \"fake:m\"\n{FAKE}[persona.edge]\nmodel = \"nobody:x\"\n"));
    let setup = lab.setup();
    assert_eq!(model_of(&setup, "infra"), Ok(pair("fake:m", "config.toml line 1")));
    let said = model_of(&setup, "edge").unwrap_err();
    assert!(
        said.starts_with("edge: model \"nobody:x\" of config.toml line 6: there is no provider")
    );
}

#[test]
fn the_first_available_provider_answers() {
    let mut lab = Lab::new();
    lab.env("OPENROUTER_API_KEY", "hidden");
    let (model, why) = model_of(&lab.setup(), "infra").unwrap();
    assert!(model.starts_with("openrouter:"), "{model}");
    assert_eq!(why, "OPENROUTER_API_KEY is set");
    lab.env("OPENAI_API_KEY", "hidden").env("ANTHROPIC_API_KEY", "hidden");
    let setup = lab.setup();
    assert_eq!(model_of(&setup, "infra").unwrap().1, "OPENAI_API_KEY is set");
    assert_eq!(
        setup.report.skipped,
        [
            "ANTHROPIC_API_KEY is set, but this version cannot speak to anthropic yet; its models answer \
          through openrouter (OPENROUTER_API_KEY)"
        ]
    );
    lab.env("OPENAI_API_KEY", "");
    assert_eq!(model_of(&lab.setup(), "infra").unwrap().1, "OPENROUTER_API_KEY is set");
}

#[test]
fn a_running_ollama_answers_when_its_model_is_named() {
    let server = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = server.local_addr().unwrap();
    let mut lab = Lab::new();
    lab.env("OLLAMA_HOST", &address.to_string());
    let there = format!("ollama answers at http://{address}/v1");
    let unnamed = "but nothing says which of its models to ask";
    if cfg!(feature = "local") {
        let (model, why) = model_of(&lab.setup(), "infra").unwrap();
        assert_eq!(model, "local:qwen2.5-coder-1.5b");
        assert_eq!(why, format!("{there}, {unnamed}: the model that runs in this program"));
    } else {
        let said = model_of(&lab.setup(), "infra").unwrap_err();
        assert!(said.starts_with(&format!("{there}, {unnamed}")), "{said}");
        assert!(said.contains("write model = \"ollama:NAME\" in "), "{said}");
    }
    lab.user("[providers.ollama]\nmodel = \"qwen\"");
    let why = format!("ollama answers at http://{address}/v1");
    assert_eq!(model_of(&lab.setup(), "infra"), Ok(pair("ollama:qwen", &why)));
}

#[test]
fn the_variable_overrides_the_model_of_a_persona_file() {
    let mut lab = Lab::new();
    lab.user(&format!("model = \"fake:top\"\n{FAKE}"));
    lab.write("config/personas/own.md", "---\nid: own\nmodel: fake:own\n---\nYou are **Own**.");
    let choice = model_of(&lab.setup(), "own").unwrap();
    assert_eq!(choice.0, "fake:own");
    assert!(choice.1.starts_with("its own file ("), "{}", choice.1);
    lab.env("PLENARY_MODEL", "fake:env");
    let by_env = pair("fake:env", "environment variable PLENARY_MODEL");
    assert_eq!(model_of(&lab.setup(), "own"), Ok(by_env));
    lab.env("PLENARY_MODEL", "nobody:x");
    assert!(lab.error().starts_with("environment variable PLENARY_MODEL: there is no provider"));
}
