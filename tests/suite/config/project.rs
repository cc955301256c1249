//! What a project's own files may set, and when. `suite/trust.rs` has the attacks on the real binary.

use std::fs;
use std::os::unix::fs::symlink;

use plenary::config::project::{TrustFile, TrustedContent, folder_name};
use plenary::config::{Flags, Setup};
use plenary::domain::{PersonaId, PersonaSource, ProviderSpec};

use super::{FAKE, Lab, model_of, pair};

const TEAM: &str = "model = \"team:m\"\npanel = \"p\"\n\
    [providers.team]\nkind = \"openai\"\nbase_url = \"https://llm.team.example/v1\"\n\
    [persona.infra]\nmodel = \"team:m\"\n[panels.p]\npersonas = [\"infra\", \"./agents/x.md\"]\n";

/// A project with settings, personas and a context.
fn team_lab() -> Lab {
    let mut lab = Lab::new();
    lab.env("OPENAI_API_KEY", "x");
    lab.project(TEAM);
    lab.write("project/.plenary/personas/infra.md", "---\nid: infra\n---\nYou are **Mallory**.");
    lab.write("project/.plenary/personas/twin.md", "---\nname: Kai Lennox\n---\nYou.");
    lab.write("project/.plenary/agents/x.md", "You are **Ours**.");
    lab.write("project/.plenary/context.md", "Two regions.\n");
    lab
}

/// Remembers that everything untrusted is trusted.
fn remember(lab: &Lab, setup: &Setup) {
    let path = lab.environment.paths.trust_file().unwrap();
    let name = folder_name(setup.project.folder.as_ref().unwrap()).unwrap();
    let contents = setup.project.untrusted.iter().map(|part| TrustedContent {
        what: part.what.clone(),
        sha256: part.sha256.clone(),
        since: "2026-11-28".into(),
        items: part.items.clone(),
    });
    TrustFile::update(&path, |file| contents.for_each(|content| file.add(&name, content))).unwrap();
}

fn assert_unused(lab: &Lab, before: &Setup) {
    let setup = lab.setup();
    let addresses = |setup: &Setup| -> Vec<(String, String)> {
        let address =
            |(name, spec): (&String, &ProviderSpec)| (name.clone(), spec.base_url.clone());
        setup.providers.iter().map(address).collect()
    };
    assert_eq!(addresses(&setup), addresses(before));
    assert_eq!(setup.models, before.models);
    assert_eq!(setup.personas, before.personas);
    assert_eq!((&setup.panels, &setup.panel), (&before.panels, &before.panel));
    assert_eq!((&setup.theme, &setup.context), (&before.theme, &before.context));
}

#[test]
fn nothing_of_an_untrusted_project_is_used_and_everything_is_named() {
    let mut lab = Lab::new();
    lab.env("OPENAI_API_KEY", "x");
    let before = lab.setup();
    let mut lab = team_lab();
    assert_unused(&lab, &before);
    let setup = lab.setup();
    let said = setup.warnings.join("\n");
    for part in [
        "project/.plenary: not used, because it is not trusted: provider team: llm.team.example/v1 (openai); \
         model: team:m at llm.team.example; panel that is asked: p; panel p: infra, ./agents/x.md; settings of \
         persona infra: model = \"team:m\"; its model is team:m at llm.team.example; persona infra: \"Mallory\", ",
        "replaces the built-in infra (Kael Voss)",
        "looks like the built-in Kai Lennox (edge)",
        "`plenary trust add` shows",
        "project/.plenary/context.md: not used, because it is not trusted",
    ] {
        assert!(said.contains(part), "{part}\n{said}");
    }
    let refusal = setup.project.refusal().unwrap();
    assert!(refusal.contains("provider team: llm.team.example/v1 (openai)"), "{refusal}");
    assert!(refusal.contains("--trust-project") && refusal.contains("--ignore-project"));
    // A named file of the project is the project's all the same.
    for named in [".plenary/config.toml", ".plenary/agents/../config.toml"] {
        lab.flags.config = Some(lab.path("project").join(named));
        assert_unused(&lab, &before);
    }
    lab.flags = Flags { ignore_project: true, ..Flags::default() };
    assert_unused(&lab, &before);
    assert_eq!(lab.setup().warnings, Vec::<String>::new());
    assert_eq!(lab.setup().project.refusal(), None);
}

#[test]
fn a_trusted_project_is_used_until_its_content_changes() {
    let lab = team_lab();
    remember(&lab, &lab.setup());
    let trusted = lab.setup();
    assert_eq!(trusted.panel.name, "p");
    assert_eq!(model_of(&trusted, "infra").unwrap().0, "team:m");
    assert_eq!(trusted.context.as_deref(), Some("Two regions.\n"));
    assert_eq!(trusted.project.refusal(), None);
    let infra = trusted.persona(&PersonaId::parse("infra").unwrap()).unwrap();
    assert_eq!(infra.display_name(), "project: Mallory");
    let x = trusted.personas.iter().find(|p| p.name == "Ours").unwrap();
    assert!(x.is_project && matches!(x.source, PersonaSource::Project(_)));

    // Another branch: each file counts, also those that only a panel names.
    for (name, text) in [
        ("project/.plenary/agents/x.md", "You are **Theirs**."),
        ("project/.plenary/personas/new.md", "You are **New**."),
        ("project/.plenary/config.toml", &TEAM.replace("team.example", "evil.example")),
    ] {
        let lab = team_lab();
        remember(&lab, &lab.setup());
        let first = fs::read_to_string(lab.path(name)).ok();
        lab.write(name, text);
        let changed = lab.setup();
        assert!(changed.project.refusal().is_some(), "{name}");
        assert!(changed.personas.iter().all(|persona| !persona.is_project));
        assert_eq!(changed.context.as_deref(), Some("Two regions.\n"), "trusted on its own");
        let part = &changed.project.untrusted[0];
        let sames = part.compare().iter().filter(|c| c.is_same()).count();
        assert!(sames > 0 && sames < part.compare().len(), "{:?}", part.compare());
        // Both branches are trusted then.
        remember(&lab, &changed);
        assert_eq!(lab.setup().project.refusal(), None);
        if let Some(first) = first {
            lab.write(name, &first);
        } else {
            fs::remove_file(lab.path(name)).unwrap();
        }
        assert_eq!(lab.setup().project.refusal(), None);
    }
}

#[test]
fn the_context_is_trusted_on_its_own() {
    let lab = Lab::new();
    lab.write("project/.plenary/context.md", "One region.");
    let setup = lab.setup();
    assert_eq!((setup.context.as_deref(), setup.project.refusal()), (None, None));
    remember(&lab, &setup);
    assert_eq!(lab.setup().context.as_deref(), Some("One region."));
    lab.write("project/.plenary/context.md", "Two regions.");
    assert_eq!(lab.setup().context, None);
    let outside = lab.path("secret");
    fs::write(&outside, "SECRET").unwrap();
    fs::remove_file(lab.path("project/.plenary/context.md")).unwrap();
    symlink(&outside, lab.path("project/.plenary/context.md")).unwrap();
    let lab = Lab { flags: Flags { trust_project: true, ..Flags::default() }, ..lab };
    let setup = lab.setup();
    assert_eq!(setup.context, None);
    assert!(setup.warnings.join("\n").contains("context.md: leads out of the project"));
}

#[test]
fn projects_never_set_keys_routes_or_providers_that_are_known() {
    for (text, what) in [
        (
            "[providers.fake]\nkey_env = \"A\"",
            "providers.fake.key_env: a project's file may not say",
        ),
        (
            "[providers.fake]\nkey_cmd = [\"a\"]",
            "providers.fake.key_cmd: a project's file may not run",
        ),
        (
            "[providers.openai]\nkey_file = \"a\"",
            "providers.openai.key_file: a project's file may not",
        ),
        (
            "[providers.local]\nkind = \"openai\"",
            "providers.local.kind: a project's file may not change",
        ),
        (
            "[providers.ollama]\nbase_url = \"http://e\"",
            "providers.ollama.base_url: a project's file",
        ),
        (
            "[providers.vllm]\nmodel = \"x\"",
            "providers.vllm.model: a project's file may not change",
        ),
        (
            "[providers.anthropic]\nkind = \"openai\"",
            "providers.anthropic.kind: a project's file may",
        ),
        (
            "[providers.mine]\nbase_url = \"http://e\"",
            "providers.mine.base_url: a project's file may",
        ),
        ("[models.x]\ntitle = \"x\"", "models.x: a project's file may not add model files"),
        ("[providers.fake]\nheaders = { a = \"b\" }", "providers.fake.headers: unknown key"),
        ("convert = \"x\"", "convert: unknown key"),
    ] {
        let user = FAKE.replace("fake", "mine");
        let mut lab = Lab::trusting();
        lab.user(&user).project(text);
        let said = lab.error();
        assert!(said.starts_with("/X/project/.plenary/config.toml:"), "{said}");
        assert!(said.contains(what) || what.contains("unknown key"), "{text}: {said}");
        // Naming the file does not change that.
        lab.flags.config = Some(lab.path("project/.plenary/config.toml"));
        if !text.contains("mine") {
            assert_eq!(lab.error(), said);
        }
        // Without trust, it does not prevent anything else, except a question on the user's behalf.
        let lab = Lab::new();
        lab.user(&user).project(text);
        let setup = lab.setup();
        assert!(setup.warnings.join("\n").contains("nothing of "), "{:?}", setup.warnings);
        assert!(setup.project.refusal().is_some());
    }
}

#[test]
fn keys_that_a_project_may_not_set_are_not_among_those_it_is_shown() {
    for (text, known) in [
        ("convert = \"x\"", "(known: model, panel, providers, panels, persona)"),
        (
            "[providers.x]\ncolour = 1",
            "(known: kind, base_url, model, context, max_tokens, concurrency, attempts, timeouts)",
        ),
        ("[models.x]\ncolour = 1", "(a project's file may set nothing here)"),
    ] {
        let lab = Lab::trusting();
        lab.project(text);
        let said = lab.error();
        assert!(said.contains("unknown key") && said.contains(known), "{said}");
        let lab = Lab::new();
        lab.user(text);
        let said = lab.error();
        assert!(said.contains("unknown key") && !said.contains(known), "{said}");
    }
}

#[test]
fn a_projects_own_provider_takes_no_key_and_its_limits_only_go_down() {
    let lab = Lab::trusting();
    lab.user(&format!("{}attempts = 3\n", FAKE.replace("fake", "mine")));
    lab.project(&format!(
        "model = \"fake:m\"\ntheme = \"light\"\n{FAKE}attempts = 20\n\
         [providers.mine]\nattempts = 20\nconcurrency = 1000\nmax_tokens = 100000000\n\
         [providers.openai]\nattempts = 2\n"
    ));
    let setup = lab.setup();
    let why = ".plenary/config.toml line 1";
    assert_eq!(model_of(&setup, "infra"), Ok(pair("fake:m", why)));
    let mine = &setup.providers["mine"];
    assert_eq!((mine.attempts, mine.concurrency, mine.max_tokens), (3, 8, None));
    assert_eq!((setup.providers["fake"].attempts, setup.providers["openai"].attempts), (4, 2));
    assert_eq!(setup.theme, "auto");
    let said = setup.warnings.join("\n");
    for key in ["theme", "fake.attempts", "mine.attempts", "mine.concurrency", "mine.max_tokens"] {
        assert!(said.contains(&format!("{key}: ")), "{key}: {said}");
    }
}

#[test]
fn the_users_model_beats_every_model_of_a_project() {
    let mut lab = team_lab();
    lab.flags.trust_project = true;
    lab.env("PLENARY_MODEL", "openai:gpt-5");
    assert_eq!(model_of(&lab.setup(), "infra").unwrap().0, "openai:gpt-5");
    lab.environment.vars.remove("PLENARY_MODEL");
    lab.flags.model = Some("openai:gpt-5".into());
    assert_eq!(model_of(&lab.setup(), "infra").unwrap().0, "openai:gpt-5");
}

#[test]
fn projects_only_name_personas_inside_them() {
    let lab = Lab::trusting();
    lab.write("secret.md", "You are **Secret**.")
        .write("project/agents/ours.md", "You are **Ours**.");
    let named = |word: &str| {
        lab.project(&format!("panel = \"p\"\n[panels.p]\npersonas = [\"{word}\"]"));
    };
    fs::create_dir_all(lab.path("project/.plenary/sub")).unwrap();
    symlink(lab.path("secret.md"), lab.path("project/.plenary/sub/in.md")).unwrap();
    symlink("..", lab.path("project/up")).unwrap();
    for (word, what) in [
        ("../../secret.md", "is outside the project"),
        ("~/secret.md", "is outside the project"),
        ("/etc/passwd/", "is outside the project"),
        ("./sub", "leads out of the project through a link"),
        ("./sub/in.md", "leads out of the project through a link"),
        ("../up/secret.md", "leads out of the project through a link"),
        ("./none.md", "does not exist"),
    ] {
        named(word);
        let said = lab.error();
        assert!(
            said.starts_with("/X/project/.plenary/config.toml:3:1: panels.p.personas: "),
            "{said}"
        );
        assert!(said.contains(what), "{word}: {said}");
    }
    for word in ["../agents/ours.md", "../agents"] {
        named(word);
        assert_eq!(lab.setup().personas.last().unwrap().name, "Ours");
    }
}

#[test]
fn a_persona_that_the_user_names_is_read_by_the_same_rules() {
    let mut lab = Lab::new();
    lab.write("secret.md", "You are **Secret**.");
    lab.write("project/.plenary/personas/good.md", "You are **Good**.");
    symlink(lab.path("secret.md"), lab.path("project/.plenary/personas/bad.md")).unwrap();
    let at = |name: &str| lab.path("project/.plenary/personas").join(name).display().to_string();
    let (good, bad) = (at("good.md"), at("bad.md"));
    for ignore_project in [false, true] {
        lab.flags = Flags { personas: vec![good.clone()], ignore_project, ..Flags::default() };
        let setup = lab.setup();
        assert_eq!(setup.personas.last().unwrap().display_name(), "project: Good");
        lab.flags.personas = vec![bad.clone()];
        assert!(lab.error().contains("leads out of the project"), "{}", lab.error());
    }
}

#[test]
fn keys_themes_and_synonyms_of_a_project_are_never_read() {
    let lab = Lab::trusting();
    lab.write("project/.plenary/keys.toml", "not toml")
        .write("project/.plenary/facets.toml", "not toml")
        .write("project/.plenary/themes/dark.toml", "not toml");
    let setup = lab.setup();
    assert_eq!(setup.keys, None);
    for name in ["keys.toml", "facets.toml", "themes"] {
        let said = format!("project/.plenary/{name}: not read: ");
        assert!(setup.warnings.iter().any(|w| w.contains(&said)), "{:?}", setup.warnings);
    }
}

#[test]
fn a_broken_trust_file_trusts_nothing_and_is_not_replaced() {
    let lab = team_lab();
    let before = lab.setup();
    remember(&lab, &before);
    lab.write("data/trust.toml", "folders = [");
    let setup = lab.setup();
    assert_unused(&lab, &before);
    let fault = setup.project.trust_fault.as_ref().unwrap();
    assert!(fault.contains("data/trust.toml:1: is not a list of trusted folders"), "{fault}");
    assert!(setup.project.refusal().unwrap().contains("trust.toml"));
    assert_eq!(fs::read_to_string(lab.path("data/trust.toml")).unwrap(), "folders = [");
}
