//! How a user trusts a folder: the question before the screen, and `plenary trust`.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::Lab;
use crate::common::term::Term;

const SIZE: (u16, u16) = (160, 40);

const QUESTION: &str = "[t]rust and remember";

#[test]
fn the_screen_opens_after_the_user_has_decided() {
    let lab = Lab::new();
    lab.team();
    let mut term = Term::start(&lab.home, SIZE, &["--model", "team:m", "question"]);
    let shown = term.wait_for(QUESTION);
    for part in
        ["provider team: 127.0.0.1:", "model: team:m at 127.0.0.1:", "panel review: infra, own"]
    {
        assert!(shown.contains(part), "{part}:\n{shown}");
    }
    assert!(shown.contains("looks like the built-in Kael Voss (infra)"), "{shown}");
    term.send("x\rs\r");
    term.wait_for("You review.");
    assert_eq!(lab.asked(), (0, 0));
    term.send("t\r");
    term.wait_for("From the project's server.");
    assert_eq!(lab.asked(), (0, 2));
    term.quit();
    term.assert_restored();
    let file = lab.home.path("data/plenary/trust.toml");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);

    // Remembered, for `ask` too.
    let mut term = Term::start(&lab.home, SIZE, &["question"]);
    term.wait_for("From the project's server.");
    assert!(!String::from_utf8_lossy(&term.bytes()).contains(QUESTION));
    term.quit();
    lab.run(&["ask", "question"]).expect(0, &["From the project's server."]);

    // Changed content is asked about, with the difference.
    lab.write("personas/own.md", "---\nid: own\nname: Kael Voss\n---\nYou obey.\n");
    lab.write("personas/new.md", "---\nid: new\nname: Nell\n---\nYou are new.\n");
    lab.run(&["ask", "question"]).expect(2, &["not trusted"]);
    let mut term = Term::start(&lab.home, SIZE, &["question"]);
    let shown = term.wait_for(QUESTION);
    assert!(shown.contains("has changed since you trusted it on "), "{shown}");
    assert!(shown.contains("+ persona new: \"Nell\""), "{shown}");
    assert!(shown.contains("~ persona own: ") && shown.contains("its text has changed"), "{shown}");
    assert!(shown.contains("    provider team: "), "what is the same has no sign:\n{shown}");
    term.send("n\r");
    term.wait_for("From the user's server.");
    term.quit();
    assert_eq!(lab.asked().0, 1);
}

#[test]
fn leaving_at_the_question_changes_nothing() {
    for (keys, code) in [("q\r", 0), ("\u{4}", 0), ("\u{3}", 130)] {
        let lab = Lab::new();
        lab.team();
        let mut term = Term::start(&lab.home, SIZE, &["question"]);
        term.wait_for(QUESTION);
        term.send(keys);
        assert_eq!(term.end().exit_code(), code, "{keys:?}");
        term.assert_cooked();
        assert!(!String::from_utf8_lossy(&term.bytes()).contains("\u{1b}[?1049h"));
        assert!(!lab.home.path("data/plenary/trust.toml").exists());
        assert_eq!(lab.asked(), (0, 0));
    }
}

#[test]
fn without_a_terminal_to_ask_on_the_screen_opens_without_the_project() {
    let lab = Lab::new();
    lab.team();
    let line = "echo attached | \"$PLENARY\" question";
    let mut term = Term::shell(&lab.home, SIZE, line);
    term.wait_for("From the user's server.");
    assert_eq!(lab.asked(), (1, 0));
    term.quit();
    let screen = term.screen();
    assert!(screen.contains("not trusted"), "{screen}");
}

#[test]
fn a_context_is_confirmed_once_and_used_only_then() {
    let lab = Lab::new();
    lab.write("context.md", "We have two regions.");
    lab.run(&["ask", "question"]).expect(0, &["context.md", "not trusted"]);
    let adr = &["sessions", "export", "last", "--format", "adr"];
    let ran = lab.run(adr).expect(0, &["context.md is not used"]);
    assert!(!ran.out.contains("two regions"), "{}", ran.out);
    let mut term = Term::start(&lab.home, SIZE, &["question"]);
    let shown = term.wait_for(QUESTION);
    assert!(shown.contains(".plenary/context.md: text about the project, 1 line,"), "{shown}");
    term.send("t\r");
    term.wait_for("From the user's server.");
    term.quit();
    lab.run(adr).expect(0, &["We have two regions."]);
}

#[test]
fn folders_are_trusted_and_revoked_on_the_command_line() {
    let lab = Lab::new();
    lab.team();
    lab.run(&["trust", "list"]).expect(0, &["no project folder is trusted"]);
    lab.run(&["trust", "add"]).expect(2, &["provider team: ", "was not trusted", "--yes"]);
    assert!(!lab.home.path("data/plenary/trust.toml").exists());
    let added = lab.run(&["trust", "add", "--show", "--yes"]);
    added.expect(0, &["persona own", "You review.", "is trusted as it is now"]);
    lab.run(&["trust", "add"]).expect(0, &["is trusted as it is now"]);
    lab.run(&["doctor"]).expect(0, &["settings trusted"]);
    lab.run(&["trust", "list"]).expect(0, &["/work\n", "    provider team: 127.0.0.1:"]);
    let list = lab.run(&["trust", "list", "--format", "json"]);
    let list: serde_json::Value = serde_json::from_str(&list.out).unwrap();
    assert_eq!(list["folders"][0]["contents"][0]["what"], "settings");
    assert!(list["folders"][0]["path"].as_str().unwrap().ends_with("/work"));

    // Two branches, both trusted.
    let first = fs::read_to_string(lab.path("config.toml")).unwrap();
    lab.write("config.toml", &format!("{first}\n# another branch\n"));
    lab.run(&["ask", "question"]).expect(2, &["not trusted"]);
    lab.run(&["trust", "add", "--yes"]).expect(0, &["has changed since you trusted it"]);
    for text in [&first, &format!("{first}\n# another branch\n")] {
        lab.write("config.toml", text);
        lab.run(&["ask", "question"]).expect(0, &["From the project's server."]);
    }
    let work = lab.home.path("work").display().to_string();
    lab.run(&["trust", "revoke", &work]).expect(0, &["is not trusted any more"]);
    lab.run(&["trust", "revoke"]).expect(2, &["is not among the trusted folders"]);
    lab.run(&["ask", "question"]).expect(2, &["not trusted"]);
}

#[test]
fn trust_once_is_not_remembered() {
    let lab = Lab::new();
    lab.team();
    lab.run(&["ask", "--trust-project", "question"]).expect(0, &["From the project's server."]);
    lab.run(&["ask", "question"]).expect(2, &["not trusted"]);
    assert!(!lab.home.path("data/plenary/trust.toml").exists());
    lab.run(&["ask", "--trust-project", "--ignore-project", "x"])
        .expect(2, &["cannot be used with"]);
}

#[test]
fn a_broken_trust_file_is_named_and_left_alone() {
    let lab = Lab::new();
    lab.team();
    lab.run(&["trust", "add", "--yes"]).expect(0, &[]);
    let file = lab.home.path("data/plenary/trust.toml");
    fs::write(&file, "version = 1\nfolders = [").unwrap();
    for args in [
        &["ask", "question"][..],
        &["trust", "list"],
        &["trust", "add", "--yes"],
        &["trust", "revoke"],
    ] {
        lab.run(args).expect(2, &["trust.toml:2", "no project is trusted"]);
    }
    lab.run(&["persona", "list"]).expect(0, &["trust.toml:2"]);
    let mut term = Term::start(&lab.home, SIZE, &[]);
    assert_eq!(term.end().exit_code(), 2);
    assert_eq!(fs::read_to_string(&file).unwrap(), "version = 1\nfolders = [");
    assert_eq!(lab.asked(), (0, 0));
}

/// Runs `plenary trust VERB` for each folder, all at the same time.
fn run_trust_at_once(lab: &Lab, commands: &[(&str, &Path)]) {
    std::thread::scope(|scope| {
        for (verb, folder) in commands {
            scope.spawn(move || {
                let folder = folder.to_str().unwrap();
                let mut args = vec!["trust", verb, folder];
                args.extend((*verb == "add").then_some("--yes"));
                lab.run(&args).expect(0, &[]);
            });
        }
    });
}

#[test]
fn decisions_of_several_processes_are_all_kept() {
    let lab = Lab::new();
    let folders: Vec<_> = (0..16).map(|n| lab.home.path(&format!("clone{n:02}"))).collect();
    for folder in &folders {
        fs::create_dir_all(folder.join(".plenary")).unwrap();
        fs::write(folder.join(".plenary/context.md"), "Text.\n").unwrap();
    }
    let is_listed = |lab: &Lab| {
        let list = lab.run(&["trust", "list"]).out;
        let line = |folder: &PathBuf| format!("/{}\n", folder.file_name().unwrap().display());
        folders.iter().map(|folder| list.contains(&line(folder))).collect::<Vec<_>>()
    };
    let (first, second) = folders.split_at(8);
    let added: Vec<_> = first.iter().map(|folder| ("add", folder.as_path())).collect();
    run_trust_at_once(&lab, &added);
    assert_eq!(is_listed(&lab), [[true; 8], [false; 8]].concat());
    let exchanged = first.iter().map(|folder| ("revoke", folder.as_path()));
    let exchanged = exchanged.zip(second.iter().map(|folder| ("add", folder.as_path())));
    let exchanged: Vec<_> = exchanged.flat_map(|(one, other)| [one, other]).collect();
    run_trust_at_once(&lab, &exchanged);
    assert_eq!(is_listed(&lab), [[false; 8], [true; 8]].concat());
}

#[test]
fn every_change_of_a_setting_is_marked() {
    let lab = Lab::new();
    let settings = |rest: &str| {
        format!(
            "panel = \"review\"\n[providers.team]\nkind = \"openai\"\n{rest}\n\
             [panels.review]\npersonas = [\"infra\"]\n"
        )
    };
    lab.write("config.toml", &settings("base_url = \"EVIL/a\"\nmax_tokens = 500"));
    lab.run(&["trust", "add", "--yes"]).expect(0, &["max_tokens = 500"]);
    for (rest, said) in [
        ("base_url = \"EVIL/b\"\nmax_tokens = 500", "/b (openai), max_tokens = 500 (before: "),
        (
            "base_url = \"EVIL/a\"\nmax_tokens = 90000000",
            "/a (openai), max_tokens = 90000000 (before: ",
        ),
        ("base_url = \"EVIL/a?x=1\"\nmax_tokens = 500", "(openai), max_tokens = 500 (before: "),
    ] {
        lab.write("config.toml", &settings(rest));
        let ran = lab.run(&["trust", "add"]).expect(2, &["~ provider team: 127.0.0.1:", said]);
        assert!(!ran.err.contains("only comments") && !ran.out.contains("only comments"));
    }
    let rest = "base_url = \"EVIL/a\"\nmax_tokens = 500\n# A comment.";
    lab.write("config.toml", &settings(rest));
    let ran = lab.run(&["trust", "add"]);
    ran.expect(2, &["~ only comments or text without effect changed", "    provider team: "]);
}
