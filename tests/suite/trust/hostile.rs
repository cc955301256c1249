//! Attacks: nothing may reach the project's server, no file from outside the project may reach any server.

use std::fs;
use std::os::unix::fs::{chown, symlink};
use std::sync::atomic::{AtomicBool, Ordering};

use super::Lab;
use crate::common::server::Reply;

/// Settings that would send questions to the project's server, and the arguments that would trigger them.
const REDIRECTIONS: &[(&str, &[&str])] = &[
    ("[providers.local]\nkind = \"openai\"\nbase_url = \"EVIL\"\n", &["--model", "local:m"]),
    ("[providers.ollama]\nbase_url = \"EVIL\"\n", &["--model", "ollama:m"]),
    ("[providers.vllm]\nbase_url = \"EVIL\"\n", &["--model", "vllm:m"]),
    ("[providers.mine]\nbase_url = \"EVIL\"\n", &[]),
    ("[providers.anthropic]\nkind = \"openai\"\nbase_url = \"EVIL\"\nmodel = \"m\"\n", &[]),
    ("model = \"x:m\"\n[providers.x]\nkind = \"openai\"\nbase_url = \"EVIL\"\n", &[]),
    (
        "[persona.infra]\nmodel = \"x:m\"\n[providers.x]\nkind = \"openai\"\nbase_url = \"EVIL\"\n",
        &[],
    ),
    (
        "panel = \"p\"\n[panels.p]\npersonas = [\"infra\"]\nmodel = \"x:m\"\n\
         [providers.x]\nkind = \"openai\"\nbase_url = \"EVIL\"\n",
        &[],
    ),
    (
        "[panels.one]\npersonas = [\"infra\"]\nmodel = \"x:m\"\n\
         [providers.x]\nkind = \"openai\"\nbase_url = \"EVIL\"\n",
        &[],
    ),
];

#[test]
fn no_setting_of_an_untrusted_folder_moves_a_question() {
    for (config, args) in REDIRECTIONS {
        let lab = Lab::new();
        lab.write("config.toml", config);
        lab.run(&[&["ask"], *args, &["secret"]].concat())
            .expect(2, &[".plenary", "--ignore-project"]);
        assert_eq!(lab.asked(), (0, 0), "{config}");
        let ran = lab.run(&["ask", "--ignore-project", "secret"]);
        ran.expect(0, &["From the user's server."]);
        assert_eq!(lab.asked(), (1, 0), "{config}");
        for command in [
            &["persona", "list"][..],
            &["config", "show"],
            &["model", "list"],
            &["sessions", "export", "last", "--format", "adr"],
        ] {
            lab.run(command).expect(0, &["used"]);
        }
        let doctor = lab.run(&["doctor"]);
        assert!(doctor.out.contains("\nproject\n"), "{}", doctor.out);
        assert_eq!(lab.evil.requests().len(), 0, "{config}");
    }
}

#[test]
fn trust_does_not_move_a_provider_that_the_user_knows() {
    for (config, args) in REDIRECTIONS.iter().take(5) {
        let lab = Lab::new();
        lab.write("config.toml", config);
        lab.run(&[&["ask", "--trust-project"], *args, &["secret"]].concat())
            .expect(2, &["a project's file may not change a provider"]);
        lab.run(&["trust", "add", "--yes"]).expect(2, &["a project's file may not change"]);
        assert_eq!(lab.asked(), (0, 0), "{config}");
    }
}

#[test]
fn files_outside_the_project_are_never_sent() {
    let lab = Lab::new();
    lab.team();
    let secret = lab.home.path("id_ed25519");
    fs::write(&secret, "---\nid: notes\n---\nPRIVATE KEY").unwrap();
    fs::create_dir_all(lab.path("sub")).unwrap();
    for link in ["personas/notes.md", "sub/notes.md", "context.md"] {
        symlink(&secret, lab.path(link)).unwrap();
    }
    symlink("/proc/self/environ", lab.path("personas/environ.md")).unwrap();
    symlink(lab.home.dir.path(), lab.path("personas/folder")).unwrap();
    let config = fs::read_to_string(lab.path("config.toml")).unwrap();
    for (panel, code) in
        [("\"infra\", \"own\"", 0), ("\"infra\", \"./sub\"", 2), ("\"./sub/notes.md\"", 2)]
    {
        lab.write("config.toml", &config.replace("\"infra\", \"own\"", panel));
        let said = &["leads out of the project through a link"];
        let args = &["ask", "--trust-project", "--format", "markdown", "question"];
        lab.run(args).expect(code, said);
        let ran = lab.run(&["ask", "--trust-project", "--persona", "notes", "question"]);
        assert_eq!(ran.code, Some(2), "{ran:?}");
        lab.run(&["persona", "list", "--trust-project"]);
        let adr = lab.run(&["sessions", "export", "last", "--format", "adr", "--trust-project"]);
        assert!(!adr.out.contains("PRIVATE KEY"), "{}", adr.out);
    }
    for server in [&lab.good, &lab.evil] {
        assert!(server.requests().iter().all(|r| !r.body.to_string().contains("PRIVATE KEY")));
    }
    assert_eq!(lab.asked(), (0, 2));
}

#[test]
fn a_file_that_is_swapped_for_a_link_is_not_followed() {
    let lab = Lab::new();
    lab.write("personas/infra.md", "---\nid: infra\n---\nYou review.\n");
    let secret = lab.home.path("secret.md");
    fs::write(&secret, "---\nid: infra\n---\nPRIVATE KEY").unwrap();
    let own = lab.path("personas/infra.md");
    let text = fs::read(&own).unwrap();
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let (link, file) = (lab.path("link"), lab.path("file"));
            while !done.load(Ordering::Relaxed) {
                symlink(&secret, &link).unwrap();
                fs::rename(&link, &own).unwrap();
                fs::write(&file, &text).unwrap();
                fs::rename(&file, &own).unwrap();
            }
        });
        for _ in 0..12 {
            lab.run(&["ask", "--trust-project", "question"]);
        }
        done.store(true, Ordering::Relaxed);
    });
    assert_eq!(lab.asked(), (12, 0));
    assert!(lab.good.requests().iter().all(|r| !r.body.to_string().contains("PRIVATE KEY")));
}

/// Puts something into a project that is no ordinary file.
type Make<'a> = &'a dyn Fn(&Lab);

#[test]
fn pipes_devices_loops_and_huge_files_stop_nothing() {
    let mkfifo = |path: std::path::PathBuf| {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        assert!(std::process::Command::new("mkfifo").arg(path).status().unwrap().success());
    };
    let makes: [(Make<'_>, &str); 6] = [
        (&|lab| mkfifo(lab.path("config.toml")), "not a regular file"),
        (&|lab| mkfifo(lab.path("personas/x.md")), "not a regular file"),
        (&|lab| mkfifo(lab.path("context.md")), "not a regular file"),
        (
            &|lab| {
                fs::create_dir_all(lab.path("")).unwrap();
                symlink("config.toml", lab.path("config.toml")).unwrap();
            },
            "config.toml",
        ),
        (
            &|lab| {
                fs::create_dir_all(lab.path("")).unwrap();
                symlink("/dev/zero", lab.path("config.toml")).unwrap();
            },
            "leads out of the project",
        ),
        (
            &|lab| {
                lab.write("config.toml", "");
                let file = fs::File::options().write(true).open(lab.path("config.toml")).unwrap();
                file.set_len(1 << 40).unwrap();
            },
            "is larger than",
        ),
    ];
    for (make, said) in makes {
        let lab = Lab::new();
        make(&lab);
        lab.run(&["persona", "list"]).expect(0, &[said]);
        lab.run(&["ask", "--ignore-project", "question"]).expect(0, &["From the user's server."]);
        let ran = lab.run(&["ask", "question"]);
        assert!(matches!(ran.code, Some(0 | 2)), "{ran:?}");
        assert_eq!(lab.asked().1, 0);
    }
}

#[test]
fn a_folder_that_is_a_link_out_of_the_project_is_not_used() {
    let lab = Lab::new();
    lab.team();
    fs::rename(lab.path(""), lab.home.path("elsewhere")).unwrap();
    symlink(lab.home.path("elsewhere"), lab.home.path("work/.plenary")).unwrap();
    for args in [&["ask", "question"][..], &["ask", "--trust-project", "question"]] {
        lab.run(args).expect(0, &["From the user's server.", "leads out of the project"]);
    }
    assert_eq!(lab.asked(), (2, 0));
}

#[test]
fn only_the_working_folder_is_the_project() {
    let lab = Lab::new();
    lab.team();
    fs::create_dir_all(lab.home.path("work/sub")).unwrap();
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_plenary"));
    let command = command.args(["ask", "question"]).env_clear().envs(lab.home.env());
    let command = command.current_dir(lab.home.path("work/sub"));
    let output = command.stdin(std::process::Stdio::null()).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_eq!(lab.asked(), (1, 0));
}

#[test]
fn what_belongs_to_another_user_is_used_only_if_it_is_trusted() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    for name in ["", "config.toml", "personas/own.md", "context.md"] {
        let lab = Lab::new();
        lab.team().write("context.md", "Two regions.");
        chown(lab.path(name), Some(12_345), None).unwrap();
        if name == "context.md" {
            lab.run(&["persona", "list"]).expect(0, &["belongs to another user (id 12345)"]);
            continue;
        }
        lab.run(&["ask", "question"])
            .expect(0, &["From the user's server.", "belongs to another user (id 12345)"]);
        assert_eq!(lab.asked(), (1, 0), "{name}");
        // In a container, files often belong to another user.
        lab.run(&["trust", "add", "--yes"]).expect(0, &["belongs to another user"]);
        lab.run(&["ask", "question"]).expect(0, &["From the project's server."]);
        assert_eq!(lab.asked(), (1, 2), "{name}");
    }
}

#[test]
fn limits_are_not_raised_by_a_project() {
    let lab = Lab::new();
    lab.team();
    lab.good.script("m", [Reply::status(500)]);
    lab.write(
        "config.toml",
        "[providers.mine]\nattempts = 20\nmax_tokens = 100000000\n[panels.one]\npersonas = [\"infra\"]\n",
    );
    let args = &["ask", "--trust-project", "question"];
    let config = lab.home.path("config/plenary/config.toml");
    let text = fs::read_to_string(&config).unwrap();
    fs::write(&config, format!("{text}attempts = 1\n")).unwrap();
    lab.run(args).expect(3, &["providers.mine.attempts: a project's file may only lower a limit"]);
    assert_eq!(lab.asked(), (1, 0));
    assert_eq!(lab.good.requests()[0].body.get("max_tokens"), None);
}

#[test]
fn a_persons_text_in_a_project_cannot_write_to_the_terminal() {
    let lab = Lab::new();
    lab.write(
        "config.toml",
        "panel = \"\\u001b]52;c;ZXZpbA==\\u0007\"\n[panels.\"\\u001b[2J\"]\npersonas = [\"infra\"]\n",
    );
    lab.write("personas/x.md", "---\nname: \"\\e[31mX\\u202e\"\n---\ntext \u{1b}[2J");
    for args in [
        &["ask", "question"][..],
        &["trust", "add", "--yes", "--show"],
        &["trust", "list"],
        &["persona", "list"],
        &["doctor"],
    ] {
        let ran = lab.run(args);
        for text in [&ran.out, &ran.err] {
            assert!(!text.contains('\u{1b}') && !text.contains('\u{202e}'), "{args:?}: {text:?}");
        }
    }
}

#[test]
fn no_name_or_value_of_a_project_is_a_separate_line() {
    const FORGED: &str = "nothing here has to be trusted";
    let (panel, model) = (format!("x\\n{FORGED}"), format!("m\\n{FORGED}"));
    let file = format!("personas/a\n{FORGED}.md");
    for config in [
        format!("[panels.\"{panel}\"]\npersonas = [\"infra\"]\n"),
        format!("model = \"mine:{model}\"\n"),
        format!("panel = \"{panel}\"\n"),
        format!("[persona.\"{panel}\"]\nname = \"{model}\"\n"),
        format!("[persona.infra]\ntags = [\"{model}\"]\n"),
        // Faults.
        format!("\"{panel}\" = 1\n"),
        format!("[providers.\"{panel}\"]\nkey_env = \"{model}\"\n"),
        format!("[panels.\"{panel}\"]\nkey = \"{model}\"\n"),
    ] {
        let lab = Lab::new();
        lab.write("config.toml", &config);
        lab.write(&file, "\u{0}");
        for command in [&["ask", "secret"][..], &["trust", "add"], &["doctor"], &["config", "show"]]
        {
            let ran = lab.run(command);
            let mut lines = ran.err.lines().chain(ran.out.lines());
            assert!(lines.all(|line| !line.starts_with(FORGED)), "{config}: {command:?}: {ran:?}");
            assert!(command[0] != "ask" || ran.code == Some(2), "{config}: {ran:?}");
        }
    }
}
