//! The configuration: every error with its exact text, which layer wins, what a project may not say.
//!
//! Everything goes through `setup_on` with an environment and folders of the test's own.

use std::fs;
use std::path::PathBuf;

use plenary::config::{Flags, Machine, Paths, Setup, setup_on};
use plenary::domain::{KeySource, PersonaId};
use tempfile::TempDir;

/// A machine of its own: empty folders, no variables but HOME.
pub struct Lab {
    dir: TempDir,
    pub machine: Machine,
    pub flags: Flags,
}

impl Lab {
    pub fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        let paths = Paths {
            config: at("config"),
            data: at("data"),
            cache: at("cache"),
            state: at("state"),
            project: at("project/.plenary"),
        };
        fs::create_dir_all(&paths.config).unwrap();
        fs::create_dir_all(&paths.project).unwrap();
        let home = dir.path().to_str().unwrap().to_owned();
        // Nobody listens on this port: the probe of a local server finds none, whatever runs here.
        let vars =
            [("HOME".to_owned(), home), ("OLLAMA_HOST".to_owned(), "127.0.0.1:9".to_owned())];
        Self {
            dir,
            machine: Machine { vars: vars.into(), paths, free_memory: None },
            flags: Flags::default(),
        }
    }

    /// The same for a project that is trusted.
    pub fn trusting() -> Self {
        let mut lab = Self::new();
        lab.flags.trust_project = true;
        lab
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub fn write(&self, name: &str, text: &str) -> &Self {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        self
    }

    pub fn user(&self, text: &str) -> &Self {
        self.write("config/config.toml", text)
    }

    pub fn project(&self, text: &str) -> &Self {
        self.write("project/.plenary/config.toml", text)
    }

    pub fn env(&mut self, name: &str, value: &str) -> &mut Self {
        self.machine.vars.insert(name.into(), value.into());
        self
    }

    pub fn setup(&self) -> Setup {
        setup_on(&self.flags, &self.machine).unwrap()
    }

    /// The error with the scratch folder taken out.
    pub fn error(&self) -> String {
        let said = setup_on(&self.flags, &self.machine).unwrap_err().to_string();
        said.replace(self.dir.path().to_str().unwrap(), "/X")
    }
}

pub fn model_of(setup: &Setup, id: &str) -> Result<(String, String), String> {
    let choice = setup.models.get(&PersonaId::parse(id).unwrap()).expect("a known persona");
    choice.clone().map(|choice| (choice.model.to_string(), choice.why))
}

pub fn pair(a: &str, b: &str) -> (String, String) {
    (a.to_owned(), b.to_owned())
}

const FAKE: &str = "[providers.fake]\nkind = \"openai\"\nbase_url = \"http://127.0.0.1:9/v1\"\n";

#[test]
fn without_any_file_the_default_panel_stands() {
    let lab = Lab::new();
    let setup = lab.setup();
    let ids: Vec<&str> = setup.panel.personas.iter().map(PersonaId::as_str).collect();
    assert_eq!(
        (setup.panel.name.as_str(), ids),
        ("design-review", vec!["infra", "edge", "devops", "ai-lead"])
    );
    assert_eq!(setup.theme, "auto");
    assert_eq!(setup.notices, Vec::<String>::new());
    let full = setup.panels.iter().find(|panel| panel.name == "full").unwrap();
    let ids: Vec<&str> = full.personas.iter().map(PersonaId::as_str).collect();
    assert_eq!(ids, ["infra", "edge", "devops", "gitops", "ai-lead"]);
}

#[test]
fn an_empty_file_is_fine() {
    let lab = Lab::new();
    lab.user("").project("\n# nothing\n");
    assert_eq!(lab.setup().notices, Vec::<String>::new());
}

/// What a file says, and what is said about it.
const FAULTS: &[(&str, &str)] = &[
    (
        "theme = \"dark\"\npanle = \"full\"\n",
        "/X/config/config.toml:2:1: unknown key \"panle\"; did you mean \"panel\"? \
             (known: model, panel, theme, providers, panels, persona, models)",
    ),
    ("panel = 3", "/X/config/config.toml:1:9: panel: expected a string, found an integer"),
    (
        "panel = \"ful\"",
        "/X/config/config.toml line 1: there is no panel \"ful\"; did you mean \"full\"? (known: \
             design-review, full; a new one is [panels.NAME] personas = [\"…\"] in config.toml)",
    ),
    (
        "model = \"gpt-5\"",
        "/X/config/config.toml line 1: \"gpt-5\" is not PROVIDER:MODEL (for example openai:gpt-5); \
             providers: deepseek, groq, llamacpp, lmstudio, local, mistral, ollama, openai, openrouter, vllm",
    ),
    (
        "\nmodel = \"opnai:gpt-5\"",
        "/X/config/config.toml line 2: there is no provider \"opnai\"; did you mean \"openai\"? \
             (known: deepseek, groq, llamacpp, lmstudio, local, mistral, ollama, openai, openrouter, vllm)",
    ),
    (
        "model = \"anthropic:claude-sonnet-4-5\"",
        "/X/config/config.toml line 1: this version cannot speak to anthropic yet; its models answer \
             through openrouter, or through any provider of your own with kind = \"openai\"",
    ),
    (
        "model = \"ollama\"",
        "/X/config/config.toml line 1: ollama has no default model; write ollama:MODEL, or model = \
             \"MODEL\" in [providers.ollama] (`plenary model list` shows what it offers)",
    ),
    (
        "[providers.x]\nbase_url = \"https://x.example/v1\"",
        "/X/config/config.toml:1:12: providers.x: kind is missing; for anything that speaks the OpenAI \
             wire write kind = \"openai\"",
    ),
    (
        "[providers.x]\nkind = \"openai\"",
        "/X/config/config.toml:1:12: providers.x: base_url is missing; write the address that ends \
             before /chat/completions, such as base_url = \"https://llm.example.com/v1\"",
    ),
    (
        "[providers.x]\nkind = \"opnai\"",
        "/X/config/config.toml:2:1: providers.x.kind: unknown kind \"opnai\"; did you mean \"openai\"? \
             (known: local, openai); base_url is missing; write the address that ends before \
             /chat/completions, such as base_url = \"https://llm.example.com/v1\"",
    ),
    (
        "[providers.x]\nkind = \"foo\"\nbase_url = \"x.example\"",
        "/X/config/config.toml:2:1: providers.x.kind: unknown kind \"foo\" (known: local, openai); base_url \
             expected an address that begins with https:// or http://",
    ),
    (
        "[providers.x]\nkey_env = \"A\"\nkey_file = \"b\"",
        "/X/config/config.toml:3:1: providers.x.key_file: contradicts key_env in the same table; keep \
             one of them",
    ),
    (
        "[providers.x]\nkey_env = \"sk-proj-hidden\"",
        "/X/config/config.toml:2:1: providers.x.key_env: names the environment variable that holds the \
             key, but this looks like the key itself; put it into a variable and name that one here",
    ),
    (
        "[providers.x]\nkey_cmd = []",
        "/X/config/config.toml:2:1: providers.x.key_cmd: expected a command and its arguments, such as \
             [\"pass\", \"show\", \"gateway\"]",
    ),
    (
        "[providers.x]\nbase_url = \"https://me:hidden@x.example\"",
        "/X/config/config.toml:2:1: providers.x.base_url: holds a user name or password; use key_env, \
             key_cmd or key_file",
    ),
    (
        "[providers.\"a:b\"]\nkind = \"openai\"",
        "/X/config/config.toml:1:12: providers.a:b: a provider's name is one word without a colon",
    ),
    (
        "[providers.x]\nattempts = 0",
        "/X/config/config.toml:2:1: providers.x.attempts: expected a whole number from 1 to 20, found 0",
    ),
    (
        "[providers.x]\ntimeouts = { idle = -1 }",
        "/X/config/config.toml:2:14: providers.x.timeouts.idle: expected seconds, more than 0 and at \
             most 86400",
    ),
    (
        "panel = \"mine\"\n[panels.mine]\npersonas = [\"edgy\"]",
        "/X/config/config.toml:3:1: panels.mine.personas: there is no persona \"edgy\"; did you mean \
             \"edge\"? (known: ai-lead, brief, devops, edge, gitops, infra)",
    ),
    (
        "panel = \"mine\"\n[panels.mine]\nmodel = \"x\"",
        "panels.mine: names nobody; write personas = [\"infra\", \"edge\"]",
    ),
];

#[test]
fn each_fault_of_a_file_is_named_with_its_place() {
    for (text, said) in FAULTS {
        let lab = Lab::new();
        lab.user(text);
        assert_eq!(&lab.error(), said, "{text}");
    }
}

#[test]
fn what_is_no_configuration_file_is_refused_in_words() {
    let lab = Lab::new();
    fs::create_dir(lab.path("config/config.toml")).unwrap();
    assert_eq!(lab.error(), "/X/config/config.toml: is a directory, not a file");

    let lab = Lab::new();
    lab.user(&"# x\n".repeat(400_000));
    assert!(lab.error().starts_with("/X/config/config.toml: is larger than 1 MiB"));

    let lab = Lab::new();
    fs::write(lab.path("config/config.toml"), b"\xff\xfe").unwrap();
    assert!(lab.error().starts_with("/X/config/config.toml: is not UTF-8 text (byte 0)"));

    let mut lab = Lab::new();
    lab.flags.config = Some(lab.path("none.toml"));
    assert_eq!(lab.error(), "--config: /X/none.toml: does not exist");

    let lab = Lab::new();
    lab.user("model = ");
    assert!(lab.error().starts_with("/X/config/config.toml:1:9: not valid TOML: "));
}

#[test]
fn a_folder_that_is_a_file_is_a_notice() {
    let mut lab = Lab::new();
    lab.write("plain", "");
    lab.machine.paths.config = lab.path("plain/plenary");
    let notices = lab.setup().notices;
    assert!(notices.iter().any(|n| n.contains("a part of this path is no folder")), "{notices:?}");
}

#[test]
fn a_machine_without_a_home_still_sets_up() {
    let mut lab = Lab::new();
    lab.machine.vars.remove("HOME");
    lab.machine.paths = Paths { project: lab.path("project/.plenary"), ..Paths::default() };
    let setup = lab.setup();
    assert_eq!(setup.panel.personas.len(), 4);
    assert!(setup.notices.iter().any(|n| n.contains("no home folder is known")));
}

#[test]
fn later_layers_win_and_say_so() {
    let mut lab = Lab::new();
    let from = |lab: &Lab, key: &str| {
        let setup = lab.setup();
        let value = setup.report.ledger.iter().find(|(k, _)| *k == key).map(|(_, v)| v.clone());
        let value = value.expect("a value");
        let origin = value.origin.to_string();
        (value.shown, origin.replace(lab.dir.path().to_str().unwrap(), "/X"))
    };
    assert_eq!(from(&lab, "theme"), pair("\"auto\"", "default"));
    lab.user("\ntheme = \"dark\"\n");
    assert_eq!(from(&lab, "theme"), pair("\"dark\"", "/X/config/config.toml line 2"));
    lab.project("theme = \"light\"");
    assert_eq!(from(&lab, "theme"), pair("\"light\"", "/X/project/.plenary/config.toml line 1"));
    lab.env("PLENARY_THEME", "paper");
    assert_eq!(from(&lab, "theme"), pair("\"paper\"", "environment variable PLENARY_THEME"));
    lab.env("PLENARY_THEME", "  ");
    assert_eq!(lab.setup().theme, "light", "an empty variable says nothing");
    lab.flags.theme = Some("night".into());
    assert_eq!(from(&lab, "theme"), pair("\"night\"", "--theme"));
    assert_eq!(lab.setup().theme, "night");

    lab.env("PLENARY_PANEL", "full");
    assert_eq!(lab.setup().panel.name, "full");
    lab.flags.panel = Some("design-review".into());
    assert_eq!(lab.setup().panel.name, "design-review");
}

#[test]
fn a_named_file_stands_instead_of_the_usual_ones() {
    let mut lab = Lab::new();
    lab.user("theme = \"dark\"").project("panel = \"full\"").write("other/a.toml", "theme = \"x\"");
    lab.flags.config = Some(lab.path("other/a.toml"));
    let setup = lab.setup();
    assert_eq!((setup.theme.as_str(), setup.panel.name.as_str()), ("x", "design-review"));
    lab.flags.config = None;
    let by_env = lab.path("other/a.toml").to_str().unwrap().to_owned();
    lab.env("PLENARY_CONFIG", &by_env);
    assert_eq!(lab.setup().theme, "x");
}

#[test]
fn who_answers_is_flag_then_persona_then_panel_then_configuration() {
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
    assert_eq!(model_of(&lab.setup(), "edge"), Ok(pair("fake:panel", "config.toml line 8")));
    lab.flags.panel = None;
    assert_eq!(
        model_of(&lab.setup(), "edge"),
        Ok(pair("fake:env", "environment variable PLENARY_MODEL"))
    );
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
fn a_wrong_model_of_one_persona_is_its_own_fault_alone() {
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
fn the_first_that_is_there_answers() {
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
fn the_variables_that_people_have_move_the_presets() {
    let mut lab = Lab::new();
    lab.env("OPENAI_BASE_URL", "http://127.0.0.1:7/v1/");
    let setup = lab.setup();
    assert_eq!(setup.providers["openai"].base_url, "http://127.0.0.1:7/v1");
    let origin = setup.report.ledger.origin("providers.openai.base_url").unwrap();
    assert_eq!(origin.to_string(), "environment variable OPENAI_BASE_URL");
    lab.env("OPENAI_BASE_URL", "file:///etc/passwd");
    assert_eq!(
        lab.error(),
        "environment variable OPENAI_BASE_URL: expected https:// or http://; other schemes are not spoken"
    );
}

#[test]
fn a_provider_keeps_what_its_table_says() {
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
    assert!(setup.notices.iter().any(|n| n.ends_with("taken as https://llm.example.com/v1")));
    let openai = &setup.providers["openai"];
    assert_eq!(openai.key, KeySource::Cmd(vec!["pass".into(), "hidden".into()]));
    let shown: Vec<String> = setup
        .report
        .ledger
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
fn a_project_may_never_say_where_a_key_is_found() {
    for (line, what) in [
        ("key_env = \"AWS_SECRET\"", "key_env: a project's file may not say where a key is found"),
        ("key_cmd = [\"cat\", \"x\"]", "key_cmd: a project's file may not run a command for a key"),
        ("key_file = \"~/.ssh/id\"", "key_file: a project's file may not say where a key is found"),
        (
            "allow_insecure = true",
            "allow_insecure: a project's file may not permit a key to travel unencrypted",
        ),
    ] {
        let lab = Lab::new();
        lab.project(&format!("{FAKE}{line}\n"));
        assert_eq!(
            lab.error(),
            format!(
                "/X/project/.plenary/config.toml:4:1: providers.fake.{what}, because whoever clones a \
                 repository must not send a key anywhere by it; set it in your own config.toml (`plenary \
                 config path`)"
            )
        );
    }
    let lab = Lab::new();
    lab.project("providers = { fake = { key_env = \"X\" } }");
    assert!(lab.error().contains("may not say where a key is found"));
}

#[test]
fn a_project_that_is_not_trusted_changes_neither_who_is_asked_nor_where_text_goes() {
    let mut lab = Lab::new();
    lab.env("OPENAI_API_KEY", "x");
    let before = lab.setup();
    lab.project(
        "model = \"evil:m\"\ntheme = \"light\"\npanel = \"p\"\n\
         [providers.evil]\nkind = \"openai\"\nbase_url = \"http://127.0.0.1:1/v1\"\n\
         [providers.local]\nkind = \"openai\"\nbase_url = \"http://127.0.0.1:1/v1\"\n\
         [providers.ollama]\nbase_url = \"http://127.0.0.1:1/v1\"\n\
         [persona.infra]\nmodel = \"evil:m\"\n[panels.p]\npersonas = [\"./agents/x.md\"]\n",
    );
    lab.write("project/.plenary/personas/infra.md", "---\nid: infra\n---\nYou are **Mallory**.");
    let setup = lab.setup();
    assert_eq!(setup.providers, before.providers);
    assert_eq!(setup.models, before.models);
    assert_eq!(setup.personas, before.personas);
    assert_eq!((&setup.panels, &setup.panel), (&before.panels, &before.panel));
    assert_eq!(setup.theme, "light", "a theme changes neither");
    let said = setup.notices.join("\n");
    for part in [
        ".plenary/config.toml: ignored model, panel, panels.p, persona.infra, providers.evil, \
         providers.local, providers.ollama, because this folder is not trusted",
        ".plenary/personas: these personas are ignored, because this folder is not trusted",
        "add --trust-project",
    ] {
        assert!(said.contains(part), "{part}\n{said}");
    }
    // A named file of the project is the project's all the same.
    lab.flags.config = Some(lab.path("project/.plenary/config.toml"));
    assert_eq!(lab.setup().models, before.models);

    lab.flags = Flags { trust_project: true, ..Flags::default() };
    lab.write("project/.plenary/agents/x.md", "You are **Ours**.");
    let trusted = lab.setup();
    assert_eq!(trusted.panel.name, "p");
    assert_eq!(trusted.personas.iter().find(|p| p.id.as_str() == "infra").unwrap().name, "Mallory");
    assert_eq!(model_of(&trusted, "infra").unwrap().0, "evil:m");
}

#[test]
fn a_project_may_not_move_a_provider_whose_key_comes_from_outside() {
    let lab = Lab::trusting();
    lab.project("[providers.openai]\nbase_url = \"https://evil.example/v1\"\n");
    let said = lab.error();
    assert!(
        said.starts_with(
            "/X/project/.plenary/config.toml:2:1: providers.openai.base_url: a project's file may not set \
             the address of a provider whose key comes from outside the project, because whoever clones"
        ),
        "{said}"
    );

    // The same in two halves: the user's key, the project's address.
    let lab = Lab::trusting();
    lab.user("[providers.gw]\nkey_env = \"GW\"").project(&FAKE.replace("fake", "gw"));
    assert!(
        lab.error().contains("providers.gw.base_url: a project's file may not set the address")
    );

    // A named file is no way around it while it lies in the project's folder.
    let mut lab = Lab::trusting();
    lab.project("[providers.openai]\nbase_url = \"https://evil.example/v1\"\n");
    lab.flags.config = Some(lab.path("project/.plenary/config.toml"));
    assert!(
        lab.error().contains("providers.openai.base_url: a project's file may not set the address")
    );

    // Without a key it may: a team's own server.
    let lab = Lab::trusting();
    lab.project(&format!("model = \"fake:m\"\n{FAKE}"));
    let why = ".plenary/config.toml line 1";
    assert_eq!(model_of(&lab.setup(), "infra"), Ok(pair("fake:m", why)));
}

#[test]
fn a_project_may_only_name_personas_inside_it() {
    let lab = Lab::trusting();
    lab.write("secret.md", "You are **Secret**.")
        .write("project/agents/ours.md", "You are **Ours**.");
    lab.project("panel = \"p\"\n[panels.p]\npersonas = [\"../../secret.md\"]");
    let said = lab.error();
    assert!(said.starts_with("/X/project/.plenary/config.toml:3:1: panels.p.personas: "), "{said}");
    assert!(said.contains("lies outside the project"), "{said}");
    lab.project("panel = \"p\"\n[panels.p]\npersonas = [\"~/secret.md\"]");
    assert!(lab.error().contains("lies outside the project"));
    lab.project("panel = \"p\"\n[panels.p]\npersonas = [\"../agents/ours.md\", \"infra\"]");
    assert_eq!(lab.setup().panel.personas.len(), 2);
}

#[test]
fn a_panel_takes_ids_and_paths() {
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
fn a_fault_in_another_panel_is_a_notice() {
    let lab = Lab::new();
    lab.user("[panels.broken]\npersonas = [\"~/no/such.md\"]");
    let setup = lab.setup();
    assert!(setup.panels.iter().all(|panel| panel.name != "broken"));
    let said = setup.notices.join("\n");
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
fn keys_are_read_from_beside_the_configuration() {
    let mut lab = Lab::new();
    assert_eq!(lab.setup().keys, None);
    lab.write("config/keys.toml", "x = 1\n");
    assert_eq!(lab.setup().keys, Some((lab.path("config/keys.toml"), "x = 1\n".to_owned())));
    lab.write("other/a.toml", "").write("other/keys.toml", "y = 2\n");
    lab.flags.config = Some(lab.path("other/a.toml"));
    assert_eq!(lab.setup().keys.unwrap().1, "y = 2\n");
    fs::remove_file(lab.path("other/keys.toml")).unwrap();
    fs::create_dir(lab.path("other/keys.toml")).unwrap();
    let setup = lab.setup();
    assert_eq!(setup.keys, None);
    assert!(setup.notices.iter().any(|n| n.ends_with("the usual keys are in force")));
}

#[test]
fn settings_of_a_persona_are_laid_over_it() {
    let lab = Lab::trusting();
    lab.user("[persona.edge]\nname = \"Kay\"\ntemperature = 0.5\n[persona.egde]\nname = \"x\"\n");
    lab.project("[persona.edge]\nname = \"Kim\"\n");
    let setup = lab.setup();
    let edge = setup.persona(&PersonaId::parse("edge").unwrap()).unwrap();
    assert_eq!((edge.name.as_str(), edge.temperature), ("Kim", Some(0.5)));
    let said = setup.notices.join("\n");
    assert!(
        said.contains("persona.egde: there is no such persona; did you mean \"edge\"?"),
        "{said}"
    );
}

/// Whatever stands in the file, it ends in a setup or in words.
#[test]
fn no_file_makes_it_panic() {
    let mut random = fastrand::Rng::with_seed(7);
    let words = [
        "[",
        "]",
        "[[",
        "providers",
        ".",
        "x",
        "=",
        "\"",
        "'",
        "\n",
        "{",
        "}",
        "model",
        "1",
        "-",
        "\u{0}",
        "persona",
        "edge",
        "é",
        "#",
        ",",
        "true",
        "key_cmd",
        "timeouts",
        "1e999",
        "\\u{1}",
        "\r",
    ];
    for _ in 0..300 {
        let lab = Lab::new();
        let n = random.usize(0..40);
        let text: String = (0..n).map(|_| words[random.usize(0..words.len())]).collect();
        lab.user(&text);
        if let Err(e) = setup_on(&lab.flags, &lab.machine) {
            assert!(!e.to_string().is_empty());
        }
    }
}
