//! The model that runs in this program, as the configuration sees it: when it is chosen, by which names, with what settings.

use plenary::config::Setup;
use plenary::domain::{ProviderSpec, ScaffoldMode};

use super::config::{Lab, model_of};

fn local(setup: &Setup) -> &ProviderSpec {
    &setup.providers["local"]
}

/// The model that `--model WORD` chooses, or the error.
fn named(lab: &mut Lab, word: &str) -> Result<String, String> {
    lab.flags.model = Some(word.to_owned());
    plenary::config::build_setup_in(&lab.flags, &lab.environment)
        .map(|setup| model_of(&setup, "infra").unwrap().0)
        .map_err(|e| e.to_string())
}

#[test]
#[cfg(not(feature = "local"))]
fn without_the_engine_no_model_is_chosen() {
    let mut lab = Lab::new();
    let said = model_of(&lab.setup(), "infra").unwrap_err();
    assert!(said.contains("export OPENAI_API_KEY=…") && said.contains("plenary doctor"), "{said}");
    let said = named(&mut lab, "local").unwrap_err();
    assert_eq!(said, "--model: local: the local model is not built in (cargo feature local)");
}

#[test]
fn local_providers_have_their_settings() {
    let lab = Lab::new();
    lab.user(
        "[providers.local]\nscaffold = \"off\"\ncontext = 4000\nmax_tokens = 300\nmodel = \"tiny\"\n\
         [providers.mine]\nkind = \"local\"\nmodel = \"small\"\nscaffold = \"on\"\nconcurrency = 2\n\
         timeouts = { first_token = 60 }\n[providers.vllm]\nkind = \"local\"\n",
    );
    let setup = lab.setup();
    let spec = local(&setup);
    assert_eq!(spec.default_model.as_deref(), Some("smollm2-135m"));
    let profile = spec.model_profile("smollm2-135m");
    assert_eq!(
        (profile.context, profile.max_tokens, profile.scaffold),
        (Some(4000), Some(300), false)
    );
    let mine = &setup.providers["mine"];
    assert_eq!(mine.default_model.as_deref(), Some("qwen2.5-coder-0.5b"));
    assert_eq!(mine.local.as_ref().unwrap().scaffold, ScaffoldMode::On);
    assert_eq!((mine.concurrency, mine.timeouts.first_token.as_secs()), (2, 60));
    assert_eq!(setup.providers["vllm"].base_url, "");
}

/// With the engine.
#[cfg(feature = "local")]
mod built_in {
    use std::fs;

    use plenary::domain::KeySource;

    use super::super::config::pair;
    use super::*;

    const GB: u64 = 1_000_000_000;

    #[test]
    fn the_local_model_answers_when_nothing_is_set_up() {
        let mut lab = Lab::new();
        let why = "no key and no server is set up: the model that runs in this program";
        let setup = lab.setup();
        assert_eq!(model_of(&setup, "infra"), Ok(pair("local:qwen2.5-coder-1.5b", why)));
        let spec = local(&setup);
        assert_eq!((spec.kind.as_str(), &spec.key, spec.attempts), ("local", &KeySource::None, 1));
        assert_eq!(spec.timeouts.first_token.as_secs(), 900);
        assert_eq!(spec.timeouts.between_tokens.as_secs(), 300);
        let of = spec.local.as_ref().unwrap();
        assert_eq!((&of.models, &of.cache), (&lab.path("data/models"), &lab.path("cache")));
        assert!(
            setup.warnings.is_empty()
                && setup.report.values.origin("providers.local.kind").is_some()
        );
        assert!(setup.report.values.origin("providers.local.base_url").is_none());
        lab.env("OPENAI_API_KEY", "hidden");
        assert_eq!(model_of(&lab.setup(), "infra").unwrap().1, "OPENAI_API_KEY is set");
    }

    #[test]
    fn installed_models_that_fit_answer_by_default() {
        let mut lab = Lab::new();
        for (files, free, chosen) in [
            (&[][..], Some(4 * GB), "qwen2.5-coder-1.5b"),
            (&[], Some(GB), "qwen2.5-coder-1.5b"),
            (&[("SmolLM2-135M-Instruct.Q4_1.gguf", 98_362_432)], Some(GB), "smollm2-135m"),
            (&[("qwen2.5-1.5b-instruct-q4_k_m.gguf", 1_117_320_736)], None, "qwen2.5-1.5b"),
            // A file of another size is another file.
            (&[("qwen2.5-1.5b-instruct-q4_k_m.gguf", 7)], None, "qwen2.5-coder-1.5b"),
        ] {
            let models = lab.path("data/models");
            fs::create_dir_all(&models).unwrap();
            for (file, bytes) in files {
                fs::File::create(models.join(file)).unwrap().set_len(*bytes).unwrap();
            }
            lab.environment.free_memory = free;
            let model = named(&mut lab, "local").unwrap();
            assert_eq!(model, format!("local:{chosen}"), "{files:?} {free:?}");
            fs::remove_dir_all(&models).unwrap();
        }
    }

    #[test]
    fn local_models_are_named_by_id_alias_or_path() {
        let mut lab = Lab::new();
        lab.write("own.gguf", "GGUF").write("project/here.gguf", "GGUF");
        let own = lab.path("own.gguf").to_str().unwrap().to_owned();
        for (word, model) in [
            ("local", "local:qwen2.5-coder-1.5b"),
            ("local:", "local:qwen2.5-coder-1.5b"),
            ("local:small", "local:qwen2.5-coder-0.5b"),
            ("local:smollm2-135m", "local:smollm2-135m"),
            ("local:~/own.gguf", "local:~/own.gguf"),
            ("local:here.gguf", "local:here.gguf"),
            ("local:../own.gguf", "local:../own.gguf"),
            (&format!("local:{own}"), &format!("local:{own}")),
        ] {
            assert_eq!(named(&mut lab, word).as_deref(), Ok(model), "{word}");
        }
        let home = lab.path("");
        let home = home.to_str().unwrap();
        for (word, said) in [
            ("local:smal", "there is no local model \"smal\"; did you mean \"small\"?"),
            ("local:none", "name your own file by its path: local:./model.gguf"),
            ("local:~/none.gguf", "none.gguf: does not exist; name a .gguf file"),
            (&format!("local:{home}"), "not a file; name a .gguf file"),
        ] {
            let error = named(&mut lab, word).unwrap_err();
            assert!(error.starts_with("--model: ") && error.contains(said), "{word}: {error}");
        }
    }

    #[test]
    fn own_files_are_known_by_name_and_size() {
        let mut lab = Lab::new();
        lab.write("project/big.gguf", "");
        let file = fs::File::options().write(true).open(lab.path("project/big.gguf")).unwrap();
        file.set_len(5 * GB).unwrap();
        lab.flags.model = Some("local:big.gguf".to_owned());
        let setup = lab.setup();
        let weights = local(&setup).model_file("big.gguf").unwrap();
        assert_eq!((weights.name(), weights.bytes), ("big.gguf", 5 * GB));
        assert_eq!(weights.memory, 12 * GB + 300_000_000);
        assert_eq!(
            local(&setup).local.as_ref().unwrap().file_path(weights),
            lab.path("project/big.gguf")
        );
        assert!(weights.sha256.is_none() && weights.sources.is_empty());
        // It is large: it keeps to its contract alone, and small models are not mentioned.
        let profile = local(&setup).model_profile("big.gguf");
        assert_eq!(profile.note.as_deref(), Some("local · big.gguf"));
        assert!(!profile.small && !profile.scaffold);
        assert!(setup.catalogue.find("big.gguf").is_none(), "nothing that could be fetched");
    }
}
