//! Which layer wins, and what the merged settings mean.

use plenary::domain::{KeySource, PersonaId};

use super::{Lab, model_of, pair};

#[test]
fn later_layers_win_and_are_named() {
    let mut lab = Lab::new();
    let from = |lab: &Lab, key: &str| {
        let setup = lab.setup();
        let value = setup.report.values.iter().find(|(k, _)| *k == key).map(|(_, v)| v.clone());
        let value = value.expect("a value");
        let origin = value.origin.to_string();
        (value.shown, lab.without_folder(&origin))
    };
    assert_eq!(from(&lab, "theme"), pair("\"auto\"", "default"));
    lab.user("\ntheme = \"dark\"\n");
    assert_eq!(from(&lab, "theme"), pair("\"dark\"", "/X/config/config.toml line 2"));
    lab.project("theme = \"light\"");
    let by_user = pair("\"dark\"", "/X/config/config.toml line 2");
    assert_eq!(from(&lab, "theme"), by_user, "a project never chooses a theme");
    lab.env("PLENARY_THEME", "paper");
    assert_eq!(from(&lab, "theme"), pair("\"paper\"", "environment variable PLENARY_THEME"));
    lab.env("PLENARY_THEME", "  ");
    assert_eq!(lab.setup().theme, "dark", "an empty variable is unset");
    lab.flags.theme = Some("night".into());
    assert_eq!(from(&lab, "theme"), pair("\"night\"", "--theme"));
    assert_eq!(lab.setup().theme, "night");

    lab.env("PLENARY_PANEL", "full");
    assert_eq!(lab.setup().panel.name, "full");
    lab.flags.panel = Some("design-review".into());
    assert_eq!(lab.setup().panel.name, "design-review");
}

#[test]
fn common_variables_change_the_address_of_presets() {
    let mut lab = Lab::new();
    lab.env("OPENAI_BASE_URL", "http://127.0.0.1:7/v1/");
    let setup = lab.setup();
    assert_eq!(setup.providers["openai"].base_url, "http://127.0.0.1:7/v1");
    let origin = setup.report.values.origin("providers.openai.base_url").unwrap();
    assert_eq!(origin.to_string(), "environment variable OPENAI_BASE_URL");
    lab.env("OPENAI_BASE_URL", "file:///etc/passwd");
    assert_eq!(
        lab.error(),
        "environment variable OPENAI_BASE_URL: expected https:// or http://; other schemes are not supported"
    );
}

#[test]
fn providers_have_the_settings_of_their_table() {
    let lab = Lab::new();
    lab.user(
        "[providers.gw]\nkind = \"openai\"\nbase_url = \"https://llm.example.com/v1/chat/completions\"\n\
         key_file = \"keys/gw\"\nmodel = \"large\"\ncontext = 8000\nmax_tokens = 100\nconcurrency = 2\n\
         attempts = 1\ntimeouts = { connect = 1, first_token = 2.5 }\n\
         [providers.openai]\nkey_cmd = [\"pass\", \"hidden\"]\n",
    );
    let setup = lab.setup();
    let gw = &setup.providers["gw"];
    assert_eq!(gw.base_url, "https://llm.example.com/v1");
    assert_eq!(gw.key, KeySource::File(lab.path("config/keys/gw")));
    assert_eq!(
        (gw.context, gw.max_tokens, gw.concurrency, gw.attempts),
        (Some(8000), Some(100), 2, 1)
    );
    assert_eq!(gw.timeouts.first_token.as_millis(), 2500);
    assert_eq!(gw.timeouts.connect.as_secs(), 1);
    assert!(setup.warnings.iter().any(|n| n.ends_with("taken as https://llm.example.com/v1")));
    let openai = &setup.providers["openai"];
    assert_eq!(openai.key, KeySource::Cmd(vec!["pass".into(), "hidden".into()]));
    let shown: Vec<String> = setup
        .report
        .values
        .iter()
        .filter(|(key, _)| key.starts_with("providers.openai.key"))
        .map(|(key, value)| format!("{key} = {}", value.shown))
        .collect();
    assert_eq!(shown, ["providers.openai.key_cmd = [\"pass\", …]"]);
}

#[test]
fn the_configuration_of_the_measuring_script_works() {
    let mut lab = Lab::new();
    lab.user(
        "model = \"fake:infra-fast\"\npanel = \"full\"\n[providers.fake]\nkind = \"openai\"\n\
         base_url = \"http://127.0.0.1:4242/v1\"\nkey_env = \"FAKE_KEY\"\n\
         [persona.infra]\nmodel = \"fake:infra-t50\"\n[persona.ai-lead]\nmodel = \"fake:ai-t50\"\n",
    );
    lab.env("FAKE_KEY", "x");
    let setup = lab.setup();
    assert_eq!(setup.panel.personas.len(), 5);
    assert_eq!(model_of(&setup, "ai-lead"), Ok(pair("fake:ai-t50", "config.toml line 10")));
    assert_eq!(model_of(&setup, "devops"), Ok(pair("fake:infra-fast", "config.toml line 1")));
    assert_eq!(setup.providers["fake"].key, KeySource::Env("FAKE_KEY".into()));
}

#[test]
fn panels_accept_ids_and_paths() {
    let lab = Lab::new();
    lab.write("agents/appsec.md", "# Ann Appsec\n\nYou review for security.\n");
    lab.user(
        "panel = \"sec\"\n[panels.sec]\npersonas = [\"infra\", \"~/agents/appsec.md\", \"infra\"]",
    );
    let setup = lab.setup();
    assert_eq!(setup.panel.personas.len(), 2);
    let ann = setup.persona(&setup.panel.personas[1]).unwrap();
    assert_eq!(ann.name, "Ann Appsec");
    assert_eq!(&*ann.prompt, "# Ann Appsec\n\nYou review for security.\n");
    assert!(setup.models.contains_key(&ann.id));
}

#[test]
fn errors_in_other_panels_are_warnings() {
    let lab = Lab::new();
    lab.user("[panels.broken]\npersonas = [\"~/no/such.md\"]");
    let setup = lab.setup();
    assert!(setup.panels.iter().all(|panel| panel.name != "broken"));
    let said = setup.warnings.join("\n");
    assert!(
        said.contains("panels.broken.personas") && said.contains("this panel is left out"),
        "{said}"
    );
}

#[test]
fn personas_named_by_flag_replace_the_panel() {
    let mut lab = Lab::new();
    lab.write("a/one.md", "# Dev\n\none\n").write("b/two.md", "# Dev\n\ntwo\n");
    lab.flags.personas =
        ["edge", "a/one.md", "b/two.md", "b", "edge"]
            .into_iter()
            .map(|word| {
                if word == "edge" { word.to_owned() } else { lab.path(word).display().to_string() }
            })
            .collect();
    let setup = lab.setup();
    let prompts: Vec<&str> =
        setup.panel.personas.iter().map(|id| &*setup.persona(id).unwrap().prompt).collect();
    assert_eq!(prompts.len(), 4, "{:?}", setup.panel);
    assert_eq!(prompts[1..3], ["# Dev\n\none\n", "# Dev\n\ntwo\n"]);
    assert_ne!(setup.panel.personas[1], setup.panel.personas[2], "one name, two ids");

    lab.flags.personas = vec!["edgee".into()];
    assert_eq!(
        lab.error(),
        "--persona: there is no persona \"edgee\"; did you mean \"edge\"? (known: ai-lead, brief, devops, edge, \
         gitops, infra), and no file of that name"
    );
    lab.flags.personas = vec!["./no/such.md".into()];
    assert_eq!(lab.error(), "--persona ./no/such.md: does not exist");
}

#[test]
fn files_override_settings_of_personas() {
    let lab = Lab::trusting();
    lab.user("[persona.edge]\nname = \"Kay\"\ntemperature = 0.5\n[persona.egde]\nname = \"x\"\n");
    lab.project("[persona.edge]\nname = \"Kim\"\n");
    let setup = lab.setup();
    let edge = setup.persona(&PersonaId::parse("edge").unwrap()).unwrap();
    assert_eq!((edge.name.as_str(), edge.temperature), ("Kim", Some(0.5)));
    let said = setup.warnings.join("\n");
    assert!(
        said.contains("persona.egde: there is no such persona; did you mean \"edge\"?"),
        "{said}"
    );
}
