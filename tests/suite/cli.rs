//! The command line as users see it: the real binary in a separate home folder.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::common::ran::Ran;

use tempfile::TempDir;

/// A temporary home folder: no configuration, no keys, no server at the default ports.
struct Home(TempDir);

impl Home {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("work")).unwrap();
        Self(dir)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn config(&self, text: &str) -> &Self {
        fs::create_dir_all(self.path("config/plenary")).unwrap();
        fs::write(self.path("config/plenary/config.toml"), text).unwrap();
        self
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_plenary"));
        command
            .args(args)
            .env_clear()
            .env("HOME", self.0.path())
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("XDG_CONFIG_HOME", self.path("config"))
            .env("XDG_DATA_HOME", self.path("data"))
            .env("XDG_STATE_HOME", self.path("state"))
            .env("OLLAMA_HOST", "127.0.0.1:9")
            .current_dir(self.path("work"))
            .stdin(Stdio::null());
        command
    }

    fn run(&self, args: &[&str]) -> Ran {
        Ran::of(&self.command(args).output().unwrap())
    }
}

#[test]
fn help_and_version_go_to_standard_output() {
    let home = Home::new();
    let version = home.run(&["--version"]);
    assert_eq!(
        (version.code, version.out.as_str()),
        (Some(0), concat!("plenary ", env!("CARGO_PKG_VERSION"), "\n"))
    );
    let help = home.run(&["--help"]);
    assert_eq!(help.code, Some(0));
    for command in
        ["ask", "resume", "sessions", "persona", "model", "doctor", "config", "completions", "man"]
    {
        assert!(help.out.contains(&format!("\n  {command} ")), "{command}: {}", help.out);
        let own = home.run(&[command, "--help"]);
        assert_eq!(own.code, Some(0), "{command}");
        assert!(own.out.contains("--model <PROVIDER:MODEL>"), "{command}: {}", own.out);
    }
    let ask = home.run(&["ask", "--help"]).out;
    for flag in ["--file", "--format", "--panel", "--persona", "--config", "--theme"] {
        assert!(ask.contains(flag), "{flag}");
    }
}

#[test]
fn unknown_words_are_usage_errors_with_a_suggestion() {
    let home = Home::new();
    for (args, said) in [
        (&["--modle", "a:b"][..], "--model"),
        (&["ask", "q", "--format", "xml"], "markdown"),
        (&["sesions"], "did you mean \"sessions\"?"),
        (&["what", "is", "it"], "put the question into quotes: plenary \"what is it\""),
        (&["a question", "ask", "x"], "put the question into quotes"),
        (&["man", "aks"], "did you mean \"ask\"?"),
        (&["ask", "q", "--persona", "edgy"], "did you mean \"edge\"?"),
        (
            &["ask", "q", "--panel", "ful"],
            "--panel: there is no panel \"ful\"; did you mean \"full\"?",
        ),
        (&["ask", "q", "--model", "x"], "--model: \"x\" is not PROVIDER:MODEL"),
        (&["completions", "basch"], "bash"),
        (&["ask", ""], "the question is empty"),
        (&["ask", "q", "--file", "none.txt"], "--file none.txt: does not exist"),
    ] {
        let ran = home.run(args);
        assert_eq!(ran.code, Some(2), "{args:?}: {}", ran.err);
        assert!(ran.err.contains(said), "{args:?}: {}", ran.err);
        assert_eq!(ran.out, "", "{args:?}");
    }
}

#[test]
fn screen_without_a_terminal_is_a_usage_error() {
    let home = Home::new();
    let ran = home.run(&[]);
    assert_eq!(ran.code, Some(2));
    assert!(ran.err.contains("standard output is not a terminal"), "{}", ran.err);
    assert!(ran.err.contains("plenary ask \"your question\""), "{}", ran.err);
    let ran = home.run(&["resume"]);
    assert_eq!(ran.code, Some(2));
    assert!(ran.err.contains("plenary sessions show ID"), "{}", ran.err);
    // With a question it does what `ask` does: it fails because no model is configured.
    let ran = home.run(&["How many?"]);
    assert_eq!(ran.code, Some(2));
    assert_eq!(ran.err.contains("plenary model pull "), cfg!(feature = "local"), "{}", ran.err);
    assert!(ran.err.contains("export OPENAI_API_KEY=…"), "{}", ran.err);
}

#[test]
fn write_errors_of_standard_output_are_reported() {
    let home = Home::new();
    for args in [&["--help"][..], &["config", "show"], &["man"]] {
        let full = fs::File::options().write(true).open("/dev/full").unwrap();
        let ran = Ran::of(&home.command(args).stdout(full).output().unwrap());
        assert_eq!(ran.code, Some(2), "{args:?}: {}", ran.err);
        assert!(
            ran.err.contains("standard output: No space left on device"),
            "{args:?}: {}",
            ran.err
        );
    }
}

#[test]
fn a_reader_that_closes_standard_output_ends_commands_quietly() {
    let home = Home::new();
    for args in [
        &["--help"][..],
        &["man"],
        &["completions", "bash"],
        &["sessions", "list", "--format", "json"],
        &["config", "show"],
        &["persona", "list"],
        &["model", "list"],
        &["doctor"],
    ] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let ran = Ran::of(&home.command(args).stdout(writer).output().unwrap());
        assert_eq!((ran.code, ran.err.as_str()), (Some(141), ""), "{args:?}");
    }
}

#[test]
fn completions_and_manual_pages_are_printed() {
    let home = Home::new();
    for (shell, word) in [
        ("bash", "complete -F"),
        ("zsh", "#compdef plenary"),
        ("fish", "complete -c plenary"),
        ("elvish", "edit:completion"),
        ("powershell", "Register-ArgumentCompleter"),
    ] {
        let ran = home.run(&["completions", shell]);
        assert_eq!(ran.code, Some(0), "{shell}");
        assert!(ran.out.contains(word) && ran.out.contains("doctor"), "{shell}");
    }
    let man = home.run(&["man"]);
    assert!(man.out.contains(".TH plenary 1") && man.out.contains("doctor"), "{}", man.out);
    let man = home.run(&["man", "ask"]);
    assert!(man.out.contains(".TH plenary-ask 1"), "{}", man.out);
    assert!(man.out.contains("jsonl"), "{}", man.out);
}

/// The text of a manual page without the escapes of roff.
fn read_man_page(home: &Home, args: &[&str]) -> String {
    let page = home.run(&[&["man"], args].concat());
    assert_eq!(page.code, Some(0), "{}", page.err);
    let escapes = [("\\-", "-"), ("\\*(Aq", "'"), ("\\&", ""), ("\\fB", ""), ("\\fR", "")];
    escapes.iter().fold(page.out, |text, (escape, plain)| text.replace(escape, plain))
}

#[test]
fn manual_page_lists_files_environment_and_exit_statuses() {
    let home = Home::new();
    let page = read_man_page(&home, &[]);
    let headings: Vec<&str> = page.lines().filter_map(|line| line.strip_prefix(".SH ")).collect();
    let known = ["NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "SUBCOMMANDS"];
    let own = ["FILES", "ENVIRONMENT", "\"EXIT STATUS\"", "VERSION"];
    assert_eq!(headings, [&known[..], &own].concat(), "{page}");
    for file in [
        "$XDG_CONFIG_HOME/plenary/config.toml",
        "keys.toml",
        "facets.toml",
        "personas/",
        "themes/",
        "./.plenary/config.toml",
        "plenary.db",
        "models/",
        "plenary.log",
    ] {
        assert!(page.contains(file), "{file}: {page}");
    }
    let ask = read_man_page(&home, &["ask"]);
    for meaning in ["3\nNo persona answered.", "130\nInterrupted with Ctrl+C"] {
        assert!(ask.contains(meaning), "{meaning}: {ask}");
    }
    assert!(!ask.contains(".SH EXTRA"), "{ask}");
    assert!(home.run(&["ask", "--help"]).out.contains("3  No persona answered."));
    assert!(home.run(&["--help"]).out.contains("PLENARY_CONFIG  Configuration file"));
}

/// Adds the Rust files below `folder`, without files and modules of tests.
fn read_sources(folder: &Path, sources: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if path.is_dir() && name != "tests" {
            read_sources(&path, sources);
        } else if path.extension().is_some_and(|end| end == "rs") && name != "tests.rs" {
            let source = fs::read_to_string(&path).unwrap();
            sources.push(source.split("#[cfg(test)]\nmod ").next().unwrap().to_owned());
        }
    }
}

/// Finds the string literals that look like names of environment variables. Those of cargo are read at build time.
fn find_variable_names(text: &str) -> BTreeSet<String> {
    let is_name = |word: &&str| {
        word.len() > 2
            && word.starts_with(|c: char| c.is_ascii_uppercase())
            && word.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
            && !word.ends_with('_')
            && !word.starts_with("CARGO_")
    };
    text.split('"').filter(is_name).map(str::to_owned).collect()
}

#[test]
fn manual_page_lists_every_environment_variable_that_is_read() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut sources = Vec::new();
    read_sources(&root.join("src"), &mut sources);
    // `env::vars_os` looks at all: the names beside it are passed on or hidden, not read.
    let calls = ["env::var(", "env::var_os(", ".var("];
    let reads = |source: &&String| calls.iter().any(|call| source.contains(call));
    let mut names: BTreeSet<String> =
        sources.iter().filter(reads).flat_map(|source| find_variable_names(source)).collect();
    let presets = fs::read_to_string(root.join("src/config/presets.toml")).unwrap();
    let of_presets = presets.lines().filter(|line| line.contains("env = "));
    names.extend(of_presets.flat_map(find_variable_names));
    for expected in ["PLENARY_CONFIG", "OPENAI_BASE_URL", "GROQ_API_KEY", "EDITOR", "NO_COLOR"] {
        assert!(names.contains(expected), "{expected} was not found in the sources: {names:?}");
    }
    let page = read_man_page(&Home::new(), &[]);
    let section = page.split(".SH ENVIRONMENT").nth(1).unwrap();
    let listed: BTreeSet<&str> =
        section.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').collect();
    let missing: Vec<_> = names.iter().filter(|name| !listed.contains(name.as_str())).collect();
    assert!(missing.is_empty(), "add to src/cli/reference.rs: {missing:?}");
    for setting in ["MODEL", "PANEL", "THEME"] {
        assert!(listed.contains(format!("PLENARY_{setting}").as_str()), "{setting}");
    }
}

#[test]
fn config_show_prints_origins_and_no_secrets() {
    let home = Home::new();
    let path = home.path("config/plenary/config.toml");
    assert_eq!(home.run(&["config", "path"]).out, format!("{}\n", path.display()));
    assert_eq!(home.run(&["config", "path", "--config", "x.toml"]).out, "x.toml\n");
    home.config(
        "theme = \"dark\"\n[providers.gw]\nkind = \"openai\"\nbase_url = \"https://llm.example.com/v1\"\n\
         key_cmd = [\"echo\", \"hidden-secret\"]\n",
    );
    let show = |args: &[&str]| {
        let mut command = home.command(args);
        command.env("OPENAI_API_KEY", "hidden-secret").env("PLENARY_PANEL", "full");
        Ran::of(&command.output().unwrap())
    };
    let text = show(&["config", "show"]);
    assert_eq!(text.code, Some(0), "{}", text.err);
    let line = |key: &str| {
        let found = text.out.lines().find(|line| line.starts_with(&format!("{key} ")));
        found.unwrap_or_else(|| panic!("{key}: {}", text.out)).to_owned()
    };
    assert!(line("theme").contains("\"dark\""));
    assert!(line("theme").ends_with(&format!("# {} line 1", path.display())));
    assert!(line("panel").ends_with("# environment variable PLENARY_PANEL"));
    assert!(line("providers.openai.key_env").contains("\"OPENAI_API_KEY\""));
    assert!(line("providers.gw.key_cmd").contains("[\"echo\", …]"));
    let json = show(&["config", "show", "--format", "json"]);
    let values = json.json()["values"].as_array().unwrap().clone();
    let panel = values.iter().find(|value| value["key"] == "panel").unwrap();
    assert_eq!(panel["value"], "\"full\"");
    assert_eq!(panel["from"], "environment variable PLENARY_PANEL");
    for ran in [&text, &json, &show(&["doctor"]), &show(&["model", "list"])] {
        assert!(
            !ran.out.contains("hidden-secret") && !ran.err.contains("hidden-secret"),
            "{}",
            ran.out
        );
    }
}

#[test]
fn config_show_names_the_setting_that_overrides_a_model() {
    let home = Home::new();
    home.config("[persona.edge]\nmodel = \"openai:b\"\n");
    let mut command = home.command(&["config", "show"]);
    let ran = Ran::of(&command.env("PLENARY_MODEL", "openai:c").output().unwrap());
    let own = ran.out.lines().find(|line| line.starts_with("persona.edge.model ")).unwrap();
    assert!(own.ends_with(" line 2, overridden by environment variable PLENARY_MODEL"), "{own}");
    let ran = home.run(&["config", "show", "--model", "openai:c", "--format", "json"]);
    let values = ran.json()["values"].as_array().unwrap().clone();
    let own = values.iter().find(|value| value["key"] == "persona.edge.model").unwrap();
    assert_eq!(own["overridden_by"], "--model");
}

#[test]
fn config_init_writes_a_file_once_and_changes_no_setting() {
    let home = Home::new();
    let before = home.run(&["config", "show"]).out;
    let path = home.path("config/plenary/config.toml");
    let ran = home.run(&["config", "init"]);
    assert_eq!((ran.code, ran.out), (Some(0), format!("{}\n", path.display())));
    assert_eq!(home.run(&["config", "show"]).out, before);
    fs::write(&path, "theme = \"mine\"\n").unwrap();
    let ran = home.run(&["config", "init"]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.err.contains("exists already; nothing was written"), "{}", ran.err);
    assert_eq!(fs::read_to_string(&path).unwrap(), "theme = \"mine\"\n");
    let ran = home.run(&["config", "init", "--config", "/proc/none/config.toml"]);
    assert_eq!(ran.code, Some(1), "{}", ran.err);
}

#[test]
fn doctor_reports_what_is_missing_and_what_to_do() {
    let home = Home::new();
    let ran = home.run(&["doctor"]);
    assert_eq!(ran.code, Some(1), "{}", ran.err);
    let answers = if cfg!(feature = "local") {
        [
            "infra, edge, devops, ai-lead: local:qwen2.5-coder-1.5b (no key and no server is set up: the model that runs",
            "do: see local model",
            "Qwen2.5 Coder 1.5B: not on this machine yet, 1.1 GB",
            "do: plenary model pull qwen2.5-coder-1.5b",
        ]
    } else {
        [
            "infra, edge, devops, ai-lead: no model",
            "do: nothing says which model answers: export OPENAI_API_KEY=…",
            "local model",
            "the local model is not built in (cargo feature local)",
        ]
    };
    for said in answers {
        assert!(ran.out.contains(said), "{said}: {}", ran.out);
    }
    for said in [
        "openai: not set up (OPENAI_API_KEY not found)",
        "personas",
        "made with the first question",
        "TERM is unset or dumb",
        "No question can be asked yet",
    ] {
        assert!(ran.out.contains(said), "{said}: {}", ran.out);
    }
    assert!(!home.path("data/plenary").exists(), "doctor creates no files");

    let mut command = home.command(&["doctor", "--format", "json"]);
    let json = Ran::of(&command.env("ANTHROPIC_API_KEY", "hidden").output().unwrap());
    assert_eq!(json.code, Some(1));
    let json = json.json();
    assert_eq!(json["can_ask"], false);
    let checks = json["checks"].as_array().unwrap();
    let found = |words: &str| checks.iter().find(|c| c["found"].as_str().unwrap().contains(words));
    assert_eq!(
        found("ANTHROPIC_API_KEY is set, but this version cannot").unwrap()["state"],
        "info"
    );
    let missing =
        if cfg!(feature = "local") { "infra, edge, devops, ai-lead: local:" } else { "no model" };
    assert_eq!(found(missing).unwrap()["state"], "problem");
}

#[test]
fn doctor_works_with_an_invalid_configuration() {
    let home = Home::new();
    home.config("panle = \"full\"\n");
    let ran = home.run(&["doctor"]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.out.contains("unknown key \"panle\"; did you mean \"panel\"?"), "{}", ran.out);
    assert!(ran.out.contains("\nstore\n") && ran.out.contains("\nterminal\n"), "{}", ran.out);
}

#[test]
fn doctor_reads_every_file_as_the_start_does() {
    let home = Home::new();
    let own = |name: &str| home.path(&format!("config/plenary/{name}"));
    home.config("theme = \"mine\"\n");
    fs::create_dir_all(own("themes")).unwrap();
    fs::create_dir_all(own("personas")).unwrap();
    fs::write(own("keys.toml"), "[global]\nquit = \"q\"\nfly = \"f\"\n").unwrap();
    fs::write(own("themes/mine.toml"), "inherits = \"dark\"\n[ui\n").unwrap();
    fs::write(own("themes/other.toml"), "inherits = \"no-such\"\n").unwrap();
    fs::write(own("personas/bad.md"), "").unwrap();
    std::os::unix::fs::symlink("gone.md", own("personas/gone.md")).unwrap();
    std::os::unix::fs::symlink("/no/such/facets", own("facets.toml")).unwrap();
    let ran = home.run(&["doctor"]);
    let problems: Vec<&str> = ran.out.lines().filter(|line| line.contains("PROBLEM")).collect();
    for said in [
        "keys.toml:1: ",
        "mine.toml:2: ",
        "other.toml: unknown theme",
        "bad.md: ",
        "gone.md: ",
        "facets.toml: is a link to /no/such/facets",
    ] {
        assert!(problems.iter().any(|line| line.contains(said)), "{said}: {}", ran.out);
    }
    assert!(
        !ran.out.contains("ok       theme") && !ran.out.contains("keys.toml: read"),
        "{}",
        ran.out
    );
    // The same files with nothing wrong in them.
    fs::remove_file(own("facets.toml")).unwrap();
    for name in ["personas/bad.md", "personas/gone.md", "themes/other.toml"] {
        fs::remove_file(own(name)).unwrap();
    }
    fs::write(own("keys.toml"), "").unwrap();
    fs::write(own("themes/mine.toml"), "inherits = \"dark\"\n").unwrap();
    let ran = home.run(&["doctor"]);
    for said in ["ok       theme mine: read", "keys.toml: read"] {
        assert!(ran.out.contains(said), "{said}: {}", ran.out);
    }
    // A configuration that leads nowhere is not silently replaced by the defaults.
    fs::remove_file(own("config.toml")).unwrap();
    std::os::unix::fs::symlink("/no/such/config", own("config.toml")).unwrap();
    let ran = home.run(&["doctor"]);
    assert!(
        ran.out.contains("PROBLEM  ")
            && ran.out.contains("config.toml: is a link to /no/such/config"),
        "{}",
        ran.out
    );
    let ran = home.run(&["persona", "list"]);
    assert!(
        ran.err
            .contains("config.toml: is a link to /no/such/config, which does not exist; not read"),
        "{}",
        ran.err
    );
}

#[test]
fn unknown_provider_kinds_are_refused_with_their_line() {
    let home = Home::new();
    home.config("[providers.x]\nkind = \"opnai\"\nbase_url = \"http://127.0.0.1:9/v1\"\n");
    let ran = home.run(&["ask", "q"]);
    assert_eq!(ran.code, Some(2));
    assert!(
        ran.err.contains(
            "config.toml line 2: providers.x.kind: this version does not speak \"opnai\"; did you mean \
             \"openai\"? (known: openai"
        ),
        "{}",
        ran.err
    );
}

#[test]
fn model_list_shows_where_keys_are_and_survives_unreachable_servers() {
    let home = Home::new();
    home.config("[providers.down]\nkind = \"openai\"\nbase_url = \"http://127.0.0.1:9/v1\"\n");
    let ran = home.run(&["model", "list"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert!(ran.out.contains("no key (export OPENAI_API_KEY=…), default "), "{}", ran.out);
    let ran = home.run(&["model", "list", "--format", "json"]);
    let rows = ran.json();
    let row = |name: &str| {
        let rows = rows["providers"].as_array().unwrap();
        rows.iter().find(|row| row["provider"] == name).cloned().unwrap()
    };
    assert_eq!(row("openai")["key"]["there"], false);
    assert_eq!(row("openai")["key"]["place"], "OPENAI_API_KEY");
    assert!(row("down")["error"].as_str().unwrap().contains("127.0.0.1:9"), "{}", row("down"));
    assert_eq!(row("down")["models"], serde_json::json!([]));
}

#[test]
fn log_is_written_only_on_request_and_readable_only_by_its_owner() {
    let home = Home::new();
    home.run(&["config", "path"]);
    assert!(!home.path("state/plenary").exists());
    let ran =
        Ran::of(&home.command(&["config", "path"]).env("PLENARY_LOG", "debug").output().unwrap());
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let mode = fs::metadata(home.path("state/plenary/plenary.log")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let ran =
        Ran::of(&home.command(&["config", "path"]).env("PLENARY_LOG", "a=b=c").output().unwrap());
    assert_eq!(ran.code, Some(0));
    assert!(ran.err.contains("no log is written"), "{}", ran.err);
}

#[test]
fn missing_home_folder_is_reported() {
    let home = Home::new();
    for home_is in [None, Some("")] {
        let mut command = home.command(&["config", "path"]);
        command.env_remove("HOME").env("XDG_CONFIG_HOME", "relative");
        if let Some(value) = home_is {
            command.env("HOME", value);
        }
        let ran = Ran::of(&command.output().unwrap());
        let absolute = ran.code == Some(0) && ran.out.starts_with('/');
        let said = ran.code == Some(1) && ran.err.contains("no home folder is known");
        assert!(absolute || said, "{}{}", ran.out, ran.err);
    }
}

#[test]
fn skipped_persona_files_are_one_line_and_doctor_lists_them() {
    let home = Home::new();
    fs::create_dir_all(home.path("config/plenary/personas")).unwrap();
    for n in 0..3 {
        fs::write(home.path(&format!("config/plenary/personas/bad-{n}.md")), "").unwrap();
    }
    let ran = home.run(&["persona", "list"]);
    assert_eq!((ran.code, ran.err.lines().count()), (Some(0), 1), "{}", ran.err);
    assert!(ran.err.contains("3 files in ") && ran.err.contains("`plenary doctor` lists"));
    let ran = home.run(&["doctor"]);
    assert!((0..3).all(|n| ran.out.contains(&format!("bad-{n}.md: the file is empty"))));
    assert!(!ran.out.contains("were skipped"), "{}", ran.out);
}

#[test]
fn valid_personas_of_a_folder_are_listed() {
    let home = Home::new();
    fs::create_dir_all(home.path("team/folder.md")).unwrap();
    fs::write(home.path("team/good.md"), "# Good One\n\nText\n").unwrap();
    fs::write(home.path("team/bad.md"), "").unwrap();
    let team = home.path("team");
    let ran = home.run(&["persona", "list", "--persona", team.to_str().unwrap()]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert!(ran.out.contains("good-one"), "{}", ran.out);
    assert_eq!(ran.err.lines().count(), 2, "{}", ran.err);
    assert!(ran.err.contains("bad.md: ") && ran.err.contains("folder.md: "), "{}", ran.err);
    fs::remove_file(team.join("good.md")).unwrap();
    let ran = home.run(&["ask", "q", "--persona", team.to_str().unwrap()]);
    assert_eq!((ran.code, ran.err.lines().count()), (Some(2), 2), "{}", ran.err);
}
