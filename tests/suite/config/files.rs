//! Which files are read: missing, unreadable and named ones, `keys.toml`, and files of random text.

use std::fs;

use plenary::config::{Paths, build_setup_in};
use plenary::domain::PersonaId;

use super::Lab;

#[test]
fn without_files_the_default_panel_is_asked() {
    let lab = Lab::new();
    let setup = lab.setup();
    let ids: Vec<&str> = setup.panel.personas.iter().map(PersonaId::as_str).collect();
    assert_eq!(
        (setup.panel.name.as_str(), ids),
        ("design-review", vec!["infra", "edge", "devops", "ai-lead"])
    );
    assert_eq!(setup.theme, "auto");
    assert_eq!(setup.warnings, Vec::<String>::new());
    let full = setup.panels.iter().find(|panel| panel.name == "full").unwrap();
    let ids: Vec<&str> = full.personas.iter().map(PersonaId::as_str).collect();
    assert_eq!(ids, ["infra", "edge", "devops", "gitops", "ai-lead"]);
}

#[test]
fn unreadable_files_are_rejected_with_a_reason() {
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
fn folders_that_are_files_are_warnings() {
    let mut lab = Lab::new();
    lab.write("plain", "");
    lab.environment.paths.config = lab.path("plain/plenary");
    let notices = lab.setup().warnings;
    assert!(
        notices.iter().any(|n| n.contains("a part of this path is not a folder")),
        "{notices:?}"
    );
}

#[test]
fn a_missing_home_folder_is_a_warning() {
    let mut lab = Lab::new();
    lab.environment.vars.remove("HOME");
    lab.environment.paths = Paths { project: lab.path("project/.plenary"), ..Paths::default() };
    let setup = lab.setup();
    assert_eq!(setup.panel.personas.len(), 4);
    assert!(setup.warnings.iter().any(|n| n.contains("no home folder is known")));
}

#[test]
fn a_named_file_replaces_the_usual_ones() {
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
    assert!(setup.warnings.iter().any(|n| n.ends_with("the usual keys are in force")));
}

#[test]
fn random_files_do_not_panic() {
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
        if let Err(e) = build_setup_in(&lab.flags, &lab.environment) {
            assert!(!e.to_string().is_empty());
        }
    }
}
