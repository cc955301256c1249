//! Programs that plenary starts: the editor and tmux. What they inherit, and what they leave.

use std::os::unix::fs::PermissionsExt;

use super::*;

/// Key variables of a preset, of a preset that the configuration replaces, of a provider of the user, and of others.
const KEYS: &[(&str, &str)] = &[
    ("OPENAI_API_KEY", "sk-preset-0123456789"),
    ("OPENROUTER_API_KEY", "sk-or-0123456789"),
    ("MY_GATEWAY_TOKEN", "own-0123456789"),
    ("GITHUB_TOKEN", "github-0123456789"),
    ("AWS_SECRET_ACCESS_KEY", "aws-0123456789"),
    ("PGPASSWORD", "postgres-0123456789"),
];

const OWN_PROVIDER: &str = "[providers.mine]\nkind = \"openai\"\nbase_url = \"https://127.0.0.1:9\"\nkey_env = \"MY_GATEWAY_TOKEN\"\n";

fn assert_without_keys(environment: &std::path::Path, term: &Term) -> String {
    term.wait("the environment of the child", |_| environment.exists());
    let text = std::fs::read_to_string(environment).unwrap();
    assert!(text.contains("HOME="), "{text}");
    for (name, value) in KEYS {
        assert!(!text.contains(name) && !text.contains(value), "{name} is inherited");
    }
    text
}

#[test]
fn the_editor_and_tmux_inherit_no_keys() {
    let (_server, mut home) = start_panel(5_000.0);
    home.add(OWN_PROVIDER);
    let (of_editor, of_tmux) = (home.path("of-editor"), home.path("of-tmux"));
    let write_environment = |to: &std::path::Path| {
        format!("#!/bin/sh\nenv > {0}.part\nmv {0}.part {0}\ncat > /dev/null\n", to.display())
    };
    std::fs::create_dir(home.path("bin")).unwrap();
    std::fs::write(home.path("bin/tmux"), write_environment(&of_tmux)).unwrap();
    std::fs::set_permissions(home.path("bin/tmux"), PermissionsExt::from_mode(0o755)).unwrap();
    std::fs::write(home.path("edit.sh"), write_environment(&of_editor).replace("cat >", ": >"))
        .unwrap();
    let path = format!("{}:{}", home.path("bin").display(), std::env::var("PATH").unwrap());
    let editor = format!("sh {}", home.path("edit.sh").display());
    let mut env = vec![("EDITOR", editor.as_str()), ("TMUX", "/tmp/none,1,0"), ("PATH", &path)];
    env.extend(KEYS);
    env.extend([("MY_SETTING", "of-the-user"), ("LC_TIME", "C")]);
    let mut term = Term::start_with(&home, WIDE, &["go"], &env);
    term.wait("four answers", all_done);
    term.send("Y");
    term.wait_for("copied");
    let environment = assert_without_keys(&of_tmux, &term);
    assert!(environment.contains("TMUX=/tmp/none") && environment.contains("LC_TIME=C"));
    assert!(!environment.contains("MY_SETTING"), "tmux needs no such variable: {environment}");
    term.send("i\x0f");
    let environment = assert_without_keys(&of_editor, &term);
    assert!(environment.contains("MY_SETTING=of-the-user"), "{environment}");
    term.wait("the panes again", all_done);
    term.quit_from_composer();
}

#[test]
fn a_question_is_recovered_after_the_program_died_in_the_editor() {
    let (_server, home) = start_panel(5_000.0);
    let script = home.path("edit.sh");
    std::fs::write(&script, "printf 'Written before the crash' > \"$1\"\nkill -9 $PPID\n").unwrap();
    let editor = format!("sh {}", script.display());
    let mut term = Term::start_with(&home, WIDE, &[], &[("EDITOR", &editor)]);
    term.wait_for("Kael Voss");
    term.send("\x0f");
    term.end();
    let folder = home.path("state/plenary/editing");
    assert_eq!(std::fs::metadata(&folder).unwrap().permissions().mode() & 0o777, 0o700);
    let mut again = Term::start(&home, WIDE, &[]);
    let screen = again.wait_for("Written before the crash");
    assert!(screen.contains("in the composer again"), "{screen}");
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 0);
    again.quit_from_composer();
    let mut third = Term::start(&home, WIDE, &[]);
    let screen = third.wait_for("Kael Voss");
    assert!(!screen.contains("before the crash"), "{screen}");
    third.quit_from_composer();
}

#[test]
fn replies_to_the_editor_that_come_after_it_are_dropped() {
    let (server, home) = start_panel(5_000.0);
    let script = home.path("edit.sh");
    std::fs::write(&script, "printf 'Edited' > \"$1\"\n").unwrap();
    let editor = format!("sh {}", script.display());
    let mut term = Term::start_with(&home, WIDE, &[], &[("EDITOR", &editor)]);
    term.wait_for("Kael Voss");
    term.send("\x0f");
    term.wait_for("Edited");
    term.send("\x1b]11;rgb:0000/0000/0000\x07\x1b[?997;1n\x1b[>0;276;0c\x1bP>|x\x1b\\ on");
    term.wait_for("Edited on");
    term.send("\r");
    term.wait("four answers", all_done);
    let sent = server.requests().remove(0).body.to_string();
    assert!(sent.contains("Edited on\""), "{sent}");
    term.quit();
}

#[test]
fn an_editor_that_dies_in_raw_mode_leaves_the_terminal_as_it_was() {
    let (_server, home) = start_panel(5_000.0);
    for end in ["kill -9 $$", "printf 'Edited' > \"$1\""] {
        let script = home.path("edit.sh");
        let opened = home.path("opened");
        let _ = std::fs::remove_file(&opened);
        let text = format!("stty raw -echo < /dev/tty\n: > {}\n{end}\n", opened.display());
        std::fs::write(&script, text).unwrap();
        let editor = format!("sh {}", script.display());
        let mut term = Term::start_with(&home, WIDE, &[], &[("EDITOR", &editor)]);
        term.wait_for("Kael Voss");
        term.send("\x0f");
        term.wait("the editor", |_| opened.exists());
        term.wait("the end of the editor", |s| s.contains("Edited") || s.contains("editor ended"));
        // Leaves the composer, then quits: what is typed is a draft.
        term.quit_from_composer();
        term.assert_restored();
    }
}

#[test]
fn a_pipe_in_place_of_the_edited_file_is_not_waited_for() {
    let (_server, home) = start_panel(5_000.0);
    let script = home.path("edit.sh");
    std::fs::write(&script, "rm \"$1\"\nmkfifo \"$1\"\n").unwrap();
    let editor = format!("sh {}", script.display());
    let mut term = Term::start_with(&home, WIDE, &[], &[("EDITOR", &editor)]);
    term.wait_for("Kael Voss");
    term.send("\x0f");
    term.wait_for("no file with text");
    term.quit_from_composer();
    term.assert_restored();
}
