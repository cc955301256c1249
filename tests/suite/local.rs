//! Tests of local models with the real binary and tiny models of random weights: events, notes, exit codes, cache files,
//! signals.
//!
//! The engine itself is tested in `src/provider/local/tests.rs`.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use candle_core::quantized::GgmlDType;
use candle_core::quantized::gguf_file::Value as Meta;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::common::tiny::Tiny;

/// The tokens of these models are bytes, so that a prompt has thousands.
const LONG: u32 = 100_000;

/// A home folder with two short personas, and `tiny.gguf` in the working folder.
struct Lab {
    dir: TempDir,
}

impl Lab {
    fn new(config: &str) -> Self {
        let lab = Self { dir: tempfile::tempdir().unwrap() };
        for folder in ["config/plenary/personas", "work"] {
            fs::create_dir_all(lab.path(folder)).unwrap();
        }
        for (id, temperature) in [("cold", "0"), ("calm", "0.8")] {
            let text = format!(
                "---\nid: {id}\nname: {id}\ntemperature: {temperature}\n---\n\nYou are {id}.\n"
            );
            fs::write(lab.path(&format!("config/plenary/personas/{id}.md")), text).unwrap();
        }
        fs::write(lab.path("config/plenary/config.toml"), config).unwrap();
        Tiny { context: LONG, layers: 1, ..Tiny::default() }.write(&lab.path("work/tiny.gguf"));
        lab
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// `plenary ask … --format jsonl` with the home of this test.
    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_plenary"));
        command
            .arg("ask")
            .args(args)
            .args(["--format", "jsonl"])
            .env_clear()
            .env("HOME", self.dir.path())
            .env("XDG_CONFIG_HOME", self.path("config"))
            .env("XDG_DATA_HOME", self.path("data"))
            .env("XDG_STATE_HOME", self.path("state"))
            .env("XDG_CACHE_HOME", self.path("cache"))
            .current_dir(self.path("work"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    fn run(&self, args: &[&str]) -> Ran {
        Ran::of(&self.command(args).output().unwrap())
    }

    /// The prefix snapshots in the cache.
    fn snapshots(&self) -> Vec<PathBuf> {
        let files = fs::read_dir(self.path("cache/plenary/prefixes"));
        files.into_iter().flatten().map(|file| file.unwrap().path()).collect()
    }
}

struct Ran {
    code: Option<i32>,
    events: Vec<Value>,
    err: String,
}

impl Ran {
    fn of(output: &Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        let (out, err) = (text(&output.stdout), text(&output.stderr));
        assert!(!err.contains("panicked"), "{err}");
        let events = out.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
        Self { code: output.status.code(), events, err }
    }

    /// How the answer of a persona ended.
    fn end(&self, persona: &str) -> &Value {
        let of = |event: &&Value| event["type"] == "end" && event["persona"] == persona;
        self.events.iter().find(of).unwrap_or_else(|| panic!("{persona}: {self:?}"))
    }
}

impl std::fmt::Debug for Ran {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "exit code {:?}\n{}", self.code, self.err)?;
        self.events.iter().try_for_each(|event| write!(f, "\n{event}"))
    }
}

const SHORT: &str = "[providers.local]\nmax_tokens = 24\n";

/// Long enough for a scaffold, with which even random weights end their answers.
const QUESTION: &str = "Should we run our queue in three regions or in one?";

#[test]
fn a_file_answers_for_the_whole_default_panel() {
    let lab = Lab::new("");
    let path = lab.path("work/tiny.gguf");
    let ran = lab.run(&[QUESTION, "--model", &format!("local:{}", path.display())]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    for persona in ["infra", "edge", "devops", "ai-lead"] {
        let end = ran.end(persona);
        assert!(end["text"].as_str().unwrap().contains("## "), "{ran:?}");
        assert!(end["notes"][0].as_str().unwrap().starts_with("local · tiny.gguf"), "{ran:?}");
    }
    assert_eq!(ran.events.iter().filter(|event| event["type"] == "end").count(), 4);
}

#[test]
fn temperature_0_is_reproducible_and_the_prompt_is_cached() {
    let lab = Lab::new(SHORT);
    let ask = || lab.run(&["Why?", "--persona", "cold", "--model", "local:tiny.gguf"]);
    let (first, again) = (ask(), ask());
    assert_eq!(first.end("cold")["usage"]["cached"], 0, "{first:?}");
    assert!(again.end("cold")["usage"]["cached"].as_u64() > Some(0), "{again:?}");
    assert_ne!(first.end("cold")["text"], "", "{first:?}");
    assert_eq!(first.end("cold")["text"], again.end("cold")["text"]);
    let snapshots = lab.snapshots();
    assert_eq!(snapshots.len(), 1);
    assert_eq!(fs::metadata(&snapshots[0]).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn answers_do_not_need_a_cache_folder() {
    let lab = Lab::new(SHORT);
    // A file in place of the folder stops root too.
    fs::write(lab.path("cache"), "not a folder").unwrap();
    Tiny { context: LONG, dtype: GgmlDType::Q4_1, ..Tiny::default() }
        .write(&lab.path("work/tiny.gguf"));
    let ran = lab.run(&["Why?", "--persona", "cold", "--model", "local:./tiny.gguf"]);
    assert_ne!(ran.end("cold")["text"], "", "{ran:?}");
    assert_ne!(ran.end("cold")["state"], "failed", "{ran:?}");
    assert_eq!(fs::read(lab.path("cache")).unwrap(), b"not a folder");
}

#[test]
fn headings_follow_the_contract() {
    let lab = Lab::new("[providers.local]\nscaffold = \"on\"\n");
    let sections = ["Restated limits", "Pattern", "Costs & risks", "Last words"];
    let rows = sections.map(|title| format!("    - {{ title: \"{title}\", facet: risks }}\n"));
    let rows = rows.concat();
    let text = format!(
        "---\nid: order\nname: Order\ntemperature: 0\ncontract:\n  applies: always\n  sections:\n{rows}---\n\nYou keep order.\n"
    );
    fs::write(lab.path("config/plenary/personas/order.md"), text).unwrap();
    let ran = lab.run(&[QUESTION, "--persona", "order", "--model", "local:tiny.gguf"]);
    let text = ran.end("order")["text"].as_str().unwrap();
    let headings: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("## ")).collect();
    // Random weights may leave a section empty, which is then omitted.
    let written: Vec<&str> = sections.into_iter().filter(|s| headings.contains(s)).collect();
    assert_eq!(headings, written, "{ran:?}");
    assert!(headings.len() > 1 && text.starts_with("## "), "{ran:?}");
}

#[test]
fn unusable_files_are_explained() {
    let lab = Lab::new("");
    let good = fs::read(lab.path("work/tiny.gguf")).unwrap();
    let mut version = good.clone();
    version[4] = 9;
    fs::write(lab.path("work/version.gguf"), version).unwrap();
    fs::write(lab.path("work/page.gguf"), "<html>Not found</html>").unwrap();
    fs::write(lab.path("work/cut.gguf"), &good[..good.len() / 2]).unwrap();
    let mamba = vec![("general.architecture", Meta::String("mamba".into()))];
    Tiny { with: mamba, ..Tiny::default() }.write(&lab.path("work/mamba.gguf"));
    let without = vec!["tokenizer.ggml.tokens"];
    Tiny { without, ..Tiny::default() }.write(&lab.path("work/mute.gguf"));
    for (file, words) in [
        ("version.gguf", "version 9; versions 2 and 3"),
        ("page.gguf", "does not begin with \"GGUF\""),
        ("cut.gguf", "cut off: tensor "),
        ("mamba.gguf", "architecture \"mamba\" cannot be run"),
        ("mute.gguf", "there is no tokenizer in the file"),
    ] {
        let ran = lab.run(&[
            "Why?",
            "--persona",
            "cold",
            "--persona",
            "calm",
            "--model",
            &format!("local:{file}"),
        ]);
        assert_eq!(ran.code, Some(3), "{ran:?}");
        for persona in ["cold", "calm"] {
            let end = ran.end(persona);
            assert_eq!((&end["state"], &end["text"]), (&json!("failed"), &json!("")), "{ran:?}");
            let reason = end["reason"].as_str().unwrap();
            assert!(reason.contains(file) && reason.contains(words), "{reason}");
        }
    }
    let ran = lab.run(&["Why?", "--model", "local:./nothing.gguf"]);
    assert_eq!((ran.code, ran.events.len()), (Some(2), 0), "{ran:?}");
    assert!(ran.err.contains("nothing.gguf: does not exist; name a .gguf file"), "{ran:?}");
}

#[test]
fn too_little_memory_is_explained() {
    let lab = Lab::new("");
    fs::create_dir_all(lab.path("data/plenary/models")).unwrap();
    fs::rename(lab.path("work/tiny.gguf"), lab.path("data/plenary/models/huge.gguf")).unwrap();
    let bytes = fs::metadata(lab.path("data/plenary/models/huge.gguf")).unwrap().len();
    let table = format!(
        "[models.huge]\nfile = \"huge.gguf\"\nbytes = {bytes}\nsha256 = \"{}\"\nmemory = 9_000_000_000_000_000\n\
         hub = {{ repo = \"o/n\", revision = \"1\" }}\n",
        "a".repeat(64)
    );
    fs::write(lab.path("config/plenary/config.toml"), table).unwrap();
    let ran = lab.run(&["Why?", "--persona", "cold", "--model", "local:huge"]);
    assert_eq!(ran.code, Some(3), "{ran:?}");
    let reason = ran.end("cold")["reason"].as_str().unwrap();
    assert!(reason.contains("huge needs 9000 TB of memory"), "{reason}");
    assert!(reason.contains("close other programs, or ask local:"), "{reason}");
}

#[test]
fn an_unusable_file_fails_only_its_persona() {
    let lab =
        Lab::new("model = \"local:tiny.gguf\"\n[persona.edge]\nmodel = \"local:./bad.gguf\"\n");
    fs::write(lab.path("work/bad.gguf"), "nothing of the kind").unwrap();
    let ran = lab.run(&[QUESTION]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    for persona in ["infra", "devops", "ai-lead"] {
        assert_eq!(ran.end(persona)["state"], "done", "{ran:?}");
        assert_ne!(ran.end(persona)["text"], "", "{ran:?}");
    }
    assert_eq!(ran.end("edge")["state"], "failed", "{ran:?}");
    let summary = ran.events.last().unwrap();
    assert_eq!((&summary["asked"], &summary["answered"]), (&json!(4), &json!(3)));
}

#[test]
fn an_interrupt_ends_an_endless_answer() {
    let lab = Lab::new(&format!(
        "[providers.local]\ncontext = {LONG}\nmax_tokens = {LONG}\nscaffold = \"off\"\n"
    ));
    Tiny { context: LONG, endless: true, ..Tiny::default() }.write(&lab.path("work/tiny.gguf"));
    let args = ["Why?", "--persona", "calm", "--model", "local:tiny.gguf"];
    let mut child = lab.command(&args).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let delta = |line: &String| line.contains("\"type\":\"delta\"");
    assert!(lines.by_ref().map(Result::unwrap).any(|line| delta(&line)));
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    let rest: Vec<String> = lines.map(Result::unwrap).collect();
    assert_eq!(child.wait().unwrap().code(), Some(130), "{rest:?}");
    let end = rest.iter().find(|line| line.contains("\"type\":\"end\"")).unwrap();
    assert!(end.contains("\"state\":\"cancelled\""), "{end}");
}
