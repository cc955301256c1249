//! What the user reads before trusting: nothing pushes the providers off the screen, and nothing hides in a value.

use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::symlink;

use super::Lab;

/// The longest line that is shown of a project.
const LONGEST: usize = 2_000;

#[test]
fn a_long_list_ends_with_the_providers() {
    let lab = Lab::new();
    let mut config =
        "model = \"team:m\"\n[providers.team]\nkind = \"openai\"\nbase_url = \"EVIL\"\n".to_owned();
    for n in 0..1_200 {
        let _ = write!(config, "[panels.p{n}]\npersonas = [\"infra\"]\n");
    }
    lab.write("config.toml", &config);
    let ran = lab.run(&["trust", "add"]);
    let end: Vec<&str> = ran.out.lines().rev().take(5).collect();
    for part in ["provider team: 127.0.0.1:", "model: team:m at 127.0.0.1:", "1202 items in all"] {
        assert!(end.iter().any(|line| line.contains(part)), "{part}: {end:?}");
    }
    assert!(ran.out.lines().count() < 600, "{}", ran.out.lines().count());
    let ran = lab.run(&["ask", "question"]).expect(2, &["provider team: 127.0.0.1:", " more"]);
    assert!(ran.err.lines().count() < 60, "{}", ran.err);
}

#[test]
fn no_value_is_long_or_looks_like_another_line() {
    let blanks = " ".repeat(200);
    let long = "x".repeat(20_000);
    let members = vec!["\"infra\""; 30_000].join(", ");
    for config in [
        format!("[panels.\"{long}\"]\npersonas = [\"infra\"]\n"),
        format!("[panels.p]\npersonas = [{members}]\n"),
        format!("[panels.\"p{blanks}provider team: safe\"]\npersonas = [\"infra\"]\n"),
        format!("[persona.infra]\nname = \"{long}\"\ntags = [\"{long}\"]\n"),
        format!(
            "model = \"team:{long}\"\n[providers.team]\nkind = \"openai\"\nbase_url = \"EVIL\"\n"
        ),
    ] {
        let lab = Lab::new();
        lab.write("config.toml", &config);
        let ran = lab.run(&["trust", "add", "--yes"]);
        assert!(ran.out.contains("changes who is asked"), "{:.300}", ran.err);
        for line in ran.out.lines() {
            assert!(line.chars().count() < LONGEST && !line.trim().contains("   "), "{line:.300}");
        }
    }
}

#[test]
fn an_address_that_is_refused_is_not_repeated() {
    let lab = Lab::new();
    lab.write(
        "config.toml",
        "[providers.team]\nkind = \"openai\"\nbase_url = \"http://api.openai.com:hunter2@127.0.0.1:9/v1\"\n",
    );
    for args in [&["ask", "question"][..], &["trust", "add", "--yes"], &["persona", "list"]] {
        let ran = lab.run(args);
        let said = format!("{}{}", ran.out, ran.err);
        assert!(!said.contains("api.openai.com") && !said.contains("hunter2"), "{args:?}: {said}");
    }
}

#[test]
fn invisible_characters_of_a_persona_are_mentioned() {
    let lab = Lab::new();
    lab.write("personas/own.md", "---\nid: own\n---\nYou review.\u{e0041}\n");
    lab.run(&["ask", "question"]).expect(2, &["; contains invisible characters"]);
    lab.write("personas/own.md", "---\nid: own\n---\nYou review.\n");
    let ran = lab.run(&["ask", "question"]).expect(2, &["persona own"]);
    assert!(!ran.err.contains("invisible"), "{}", ran.err);
}

#[test]
fn a_folder_that_is_gone_is_revoked_by_any_of_its_names() {
    let lab = Lab::new();
    symlink("real", lab.home.path("link")).unwrap();
    for name in ["../link/p", "../real/p", "../real/q/../p", "../real/p/.plenary"] {
        let folder = lab.home.path("real/p/.plenary");
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("config.toml"), "model = \"mine:z\"\n").unwrap();
        lab.run(&["trust", "add", "--yes", "../link/p"]).expect(0, &["is trusted as it is now"]);
        fs::remove_dir_all(lab.home.path("real/p")).unwrap();
        lab.run(&["trust", "revoke", name]).expect(0, &["is not trusted any more"]);
    }
    lab.team();
    lab.run(&["trust", "add", "--yes", ".plenary"]).expect(0, &["is trusted as it is now"]);
    lab.run(&["trust", "revoke", ".plenary"]).expect(0, &["is not trusted any more"]);
}

#[test]
fn a_list_of_trusted_folders_that_is_a_link_stays_one() {
    let lab = Lab::new();
    lab.team();
    lab.run(&["trust", "add", "--yes"]).expect(0, &[]);
    let (file, kept) = (lab.home.path("data/plenary/trust.toml"), lab.home.path("dotfiles.toml"));
    fs::rename(&file, &kept).unwrap();
    symlink(&kept, &file).unwrap();
    lab.write("context.md", "Two regions.");
    lab.run(&["trust", "add", "--yes"]).expect(0, &["is trusted as it is now"]);
    assert!(fs::symlink_metadata(&file).unwrap().is_symlink());
    assert!(fs::read_to_string(&kept).unwrap().contains("context.md"));
}
