//! Tests of downloading models with the real binary, a hub on 127.0.0.1 and a script as pip.

mod hub;
mod packages;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::common::ran::Ran;

use hub::{Answer, Hub};
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;

/// Creates the hub's answer for a file.
type AnswerFn = fn(&[u8]) -> Answer;

/// An address without a server.
const NO_SERVER: &str = "http://127.0.0.1:9";

/// Random bytes, so that no two slices are equal.
fn random_bytes(len: usize) -> Vec<u8> {
    let mut random = fastrand::Rng::with_seed(7);
    (0..len).map(|_| random.u8(..)).collect()
}

fn sha256(bytes: &[u8]) -> String {
    format!("{:x}", Sha256::digest(bytes))
}

/// The table `[models.x]` without its sources.
fn model_table(bytes: &[u8]) -> String {
    format!(
        "[models.x]\ntitle = \"Test X\"\nalias = \"ex\"\nfile = \"x.gguf\"\nlicence = \"MIT\"\nbytes = {}\nsha256 = \"{}\"\n",
        bytes.len(),
        sha256(bytes)
    )
}

fn model_table_on_hub(bytes: &[u8]) -> String {
    model_table(bytes) + "hub = { repo = \"o/n\", revision = \"v1\" }\n"
}

/// A home folder with one model to download; without pip unless a test adds one.
struct Home(TempDir);

impl Home {
    fn new(config: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        for folder in ["work", "bin", "config/plenary"] {
            fs::create_dir_all(dir.path().join(folder)).unwrap();
        }
        fs::write(dir.path().join("config/plenary/config.toml"), config).unwrap();
        Self(dir)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// A file in the folder of models.
    fn model(&self, name: &str) -> PathBuf {
        self.path("data/plenary/models").join(name)
    }

    /// The names in the folder of models.
    fn left(&self) -> Vec<String> {
        let Ok(entries) = fs::read_dir(self.path("data/plenary/models")) else { return Vec::new() };
        let mut names: Vec<_> =
            entries.map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    fn command(&self, endpoint: &str, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_plenary"));
        command
            .args(args)
            .env_clear()
            .env("HOME", self.0.path())
            .env("PATH", self.path("bin"))
            .env("XDG_CONFIG_HOME", self.path("config"))
            .env("XDG_DATA_HOME", self.path("data"))
            .env("XDG_CACHE_HOME", self.path("cache"))
            .env("XDG_STATE_HOME", self.path("state"))
            .env("OLLAMA_HOST", "127.0.0.1:9")
            .env("HF_ENDPOINT", endpoint)
            .current_dir(self.path("work"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    fn run(&self, endpoint: &str, args: &[&str]) -> Ran {
        Ran::of(&self.command(endpoint, args).output().unwrap())
    }

    fn pull(&self, endpoint: &str) -> Ran {
        self.run(endpoint, &["model", "pull", "x"])
    }

    /// Downloads a file successfully.
    fn pulled(&self, endpoint: &str, body: &[u8]) -> Ran {
        let ran = self.pull(endpoint);
        assert_eq!(ran.code, Some(0), "{}", ran.err);
        assert_eq!(ran.out, format!("{}\n", self.model("x.gguf").display()));
        assert!(fs::read(self.model("x.gguf")).unwrap() == body, "other bytes");
        assert_eq!(self.left(), ["x.gguf", "x.gguf.source.toml"]);
        ran
    }

    /// Fails to download a file; nothing that could be taken for the file is left.
    fn refused(&self, endpoint: &str) -> String {
        let ran = self.pull(endpoint);
        assert_eq!(ran.code, Some(1), "{}", ran.err);
        assert_eq!(ran.out, "");
        assert!(!self.model("x.gguf").exists());
        assert!(ran.err.contains("Test X could not be downloaded:"), "{}", ran.err);
        ran.err
    }
}

/// Waits until `holds` returns true, at most ten seconds.
fn until(what: &str, holds: impl Fn() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < Duration::from_secs(10), "never: {what}");
        std::thread::park_timeout(Duration::from_millis(10));
    }
}

fn interrupt(child: &Child) {
    let pid = rustix::process::Pid::from_child(child);
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
}

fn len(path: &Path) -> u64 {
    fs::metadata(path).map_or(0, |meta| meta.len())
}

#[test]
fn a_model_is_downloaded_listed_found_and_removed() {
    let body = random_bytes(300_000);
    let home = Home::new(&model_table_on_hub(&body));
    let hub = Hub::start({
        let body = body.clone();
        move |_, asked| Answer::file(asked, &body)
    });
    let ran = home.run(&hub.url(), &["model", "path", "x"]);
    assert_eq!((ran.code, ran.out.as_str()), (Some(1), ""));
    assert!(ran.err.contains("x is not installed; `plenary model pull x` downloads it (300 kB)"));

    let ran = home.pulled(&hub.url(), &body);
    assert!(ran.err.contains("Test X: downloading from 127.0.0.1:"), "{}", ran.err);
    assert!(ran.err.contains("Test X: 300 kB of 300 kB (100 %)"), "{}", ran.err);
    assert_eq!(hub.asked().len(), 1);
    assert_eq!(hub.asked()[0].path, "/o/n/resolve/v1/x.gguf");
    assert_eq!(hub.asked()[0].header("range"), None);

    // The file exists: it is verified, not downloaded.
    home.pulled(&hub.url(), &body);
    assert_eq!(hub.asked().len(), 1);
    let path = home.model("x.gguf");
    for name in ["x", "ex", "local:x"] {
        assert_eq!(
            home.run(NO_SERVER, &["model", "path", name]).out,
            format!("{}\n", path.display())
        );
    }

    let json = home.run(NO_SERVER, &["model", "list", "--format", "json"]);
    let json: serde_json::Value = serde_json::from_str(&json.out).unwrap();
    let rows = json["weights"].as_array().unwrap();
    let row = |id: &str| rows.iter().find(|row| row["id"] == id).unwrap();
    assert_eq!(row("x")["state"], "there");
    assert_eq!(row("x")["licence"], "MIT");
    assert!(row("x")["from"].as_str().unwrap().ends_with(" o/n at v1"), "{}", row("x"));
    assert_eq!(row("smollm2-135m")["state"], "absent");
    assert_eq!(row("smollm2-135m")["alias"], "tiny");
    assert!(json["providers"].as_array().unwrap().iter().any(|row| row["provider"] == "openai"));
    let text = home.run(NO_SERVER, &["model", "list"]).out;
    assert!(text.contains("installed, from 127.0.0.1:"), "{text}");
    assert!(text.contains("fluent, no use as advice"), "{text}");

    let ran = home.run(NO_SERVER, &["model", "remove", "ex"]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), "plenary: x was removed\n"));
    assert_eq!(home.left(), [""; 0]);
    let ran = home.run(NO_SERVER, &["model", "remove", "x"]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), "plenary: x is not installed\n"));
}

#[test]
fn an_interrupted_download_resumes_by_itself() {
    let body = random_bytes(300_000);
    let home = Home::new(&model_table_on_hub(&body));
    let hub = Hub::start({
        let body = body.clone();
        // More interruptions than retries without progress.
        move |n, asked| match n {
            0..5 => Answer::file(asked, &body).cut(40_000),
            _ => Answer::file(asked, &body),
        }
    });
    home.pulled(&hub.url(), &body);
    let asked = hub.asked();
    assert_eq!(asked.len(), 6);
    let starts: Vec<_> = asked.iter().map(|asked| asked.from().unwrap_or(0)).collect();
    assert_eq!(starts, [0, 40_000, 80_000, 120_000, 160_000, 200_000]);
    assert!(asked[1..].iter().all(|asked| asked.header("if-range") == Some("\"v1\"")));
}

#[test]
fn retries_without_progress_end_and_bytes_are_kept() {
    let body = random_bytes(300_000);
    let home = Home::new(&model_table_on_hub(&body));
    let hub = Hub::start({
        let body = body.clone();
        move |n, asked| Answer::file(asked, &body).cut(if n == 0 { 100_000 } else { 0 })
    });
    let said = home.refused(&hub.url());
    assert!(said.contains("(tried 4 times)"), "{said}");
    assert!(said.contains("/o/n/resolve/v1/x.gguf by other means and put it at "), "{said}");
    assert!(said.contains(&sha256(&body)), "{said}");
    assert_eq!(home.left(), ["x.gguf.part", "x.gguf.part.toml"]);
    assert_eq!(len(&home.model("x.gguf.part")), 100_000);
    let text = home.run(NO_SERVER, &["model", "list"]).out;
    assert!(text.contains("100 kB downloaded, `plenary model pull x` resumes"), "{text}");
    let ran = home.run(NO_SERVER, &["model", "remove", "x"]);
    assert_eq!((ran.code, home.left().len()), (Some(0), 0));
}

#[test]
fn another_version_on_the_server_starts_over() {
    let body = random_bytes(50_000);
    let home = Home::new(&model_table_on_hub(&body));
    fs::create_dir_all(home.model("")).unwrap();
    // Left by a download of another version: the bytes are not a beginning of the file.
    fs::write(home.model("x.gguf.part"), vec![7; 20_000]).unwrap();
    let hub = Hub::start({
        let body = body.clone();
        move |n, asked| match n {
            // The hub sends the whole file instead of the rest.
            0 => Answer::whole(&body).cut(10_000).header("ETag", "\"v2\""),
            _ => Answer::file(asked, &body),
        }
    });
    home.pulled(&hub.url(), &body);
    let starts: Vec<_> = hub.asked().iter().map(hub::Asked::from).collect();
    assert_eq!(starts, [Some(20_000), Some(10_000)]);
    assert_eq!(hub.asked()[1].header("if-range"), Some("\"v2\""));
}

#[test]
fn wrong_partial_bytes_are_downloaded_again() {
    let body = random_bytes(50_000);
    let home = Home::new(&model_table_on_hub(&body));
    fs::create_dir_all(home.model("")).unwrap();
    fs::write(home.model("x.gguf.part"), vec![7; 20_000]).unwrap();
    let hub = Hub::start({
        let body = body.clone();
        move |_, asked| Answer::file(asked, &body)
    });
    let ran = home.pulled(&hub.url(), &body);
    assert!(ran.err.contains("checking its sha256"), "{}", ran.err);
    let starts: Vec<_> = hub.asked().iter().map(hub::Asked::from).collect();
    assert_eq!(starts, [Some(20_000), None]);
}

#[test]
fn wrong_responses_are_rejected() {
    let body = random_bytes(50_000);
    let other = random_bytes(50_001)[1..].to_vec();
    let cases: Vec<(&str, AnswerFn, usize)> = vec![
        ("its file has 10 bytes, expected 50000", |b| Answer::whole(&b[..10]), 1),
        ("its file has 60000 bytes, expected 50000", |b| Answer::whole(b).says(Some(60_000)), 1),
        ("it sends more than the 50000 bytes", |b| Answer::whole(b).endless(), 1),
        (
            "it sent a web page instead of the file",
            |_| Answer::whole(b"<html>").header("Content-Type", "text/html; charset=utf-8"),
            1,
        ),
        ("it sent a compressed body", |b| Answer::whole(b).header("Content-Encoding", "gzip"), 1),
        ("it answers 404 Not Found to /o/n/resolve/v1/x.gguf", |_| Answer::status(404), 1),
        ("it answers 401 Unauthorized", |_| Answer::status(401), 1),
        ("it answers 206 Partial Content", |b| Answer { status: 206, ..Answer::whole(b) }, 1),
        (
            "it answers 503 Service Unavailable to /o/n/resolve/v1/x.gguf (tried 4 times)",
            |_| Answer::status(503),
            4,
        ),
    ];
    for (expected, answer, requests) in cases {
        let home = Home::new(&model_table_on_hub(&body));
        let for_hub = body.clone();
        let hub = Hub::start(move |_, _| answer(&for_hub));
        let said = home.refused(&hub.url());
        assert!(said.contains(expected), "{expected}: {said}");
        assert_eq!(hub.asked().len(), requests, "{expected}");
    }
    let home = Home::new(&model_table_on_hub(&body));
    let found = sha256(&other);
    let hub = Hub::start(move |_, asked| Answer::file(asked, &other));
    let said = home.refused(&hub.url());
    let expected = format!("their sha256 is {found}, expected {}", sha256(&body));
    assert!(said.contains(&expected), "{said}");
    assert_eq!(home.left(), [""; 0]);
}

#[test]
fn a_wrong_range_is_rejected() {
    let body = random_bytes(50_000);
    for range in ["bytes 0-49999/50000", "bytes 20000-49999/99999", "bytes x"] {
        let home = Home::new(&model_table_on_hub(&body));
        fs::create_dir_all(home.model("")).unwrap();
        fs::write(home.model("x.gguf.part"), &body[..20_000]).unwrap();
        let rest = body[20_000..].to_vec();
        let hub = Hub::start(move |_, _| {
            Answer { status: 206, ..Answer::whole(&rest) }.header("Content-Range", range)
        });
        let said = home.refused(&hub.url());
        assert!(said.contains("asked for what comes after 20000 of 50000 bytes"), "{said}");
        assert_eq!(len(&home.model("x.gguf.part")), 20_000);
    }
}

#[test]
fn a_busy_server_is_retried() {
    let body = random_bytes(50_000);
    let home = Home::new(&model_table_on_hub(&body));
    let hub = Hub::start({
        let body = body.clone();
        move |n, asked| if n == 0 { Answer::status(500) } else { Answer::file(asked, &body) }
    });
    home.pulled(&hub.url(), &body);
    assert_eq!(hub.asked().len(), 2);
}

#[test]
fn only_safe_redirects_are_followed() {
    let body = random_bytes(50_000);
    let home = Home::new(&model_table_on_hub(&body));
    let store = Hub::start({
        let body = body.clone();
        move |_, asked| Answer::file(asked, &body)
    });
    let to = format!("{}/store", store.url());
    let hub = Hub::start(move |n, _| match n {
        0 => Answer::redirect("/relative"),
        _ => Answer::redirect(&to),
    });
    home.pulled(&hub.url(), &body);
    let paths: Vec<_> = hub.asked().into_iter().map(|asked| asked.path).collect();
    assert_eq!(paths, ["/o/n/resolve/v1/x.gguf", "/relative"]);
    assert_eq!(store.asked()[0].path, "/store");

    for (to, expected) in [
        ("http://192.0.2.1/x", "it redirected to http://192.0.2.1, which is not https"),
        ("ftp://192.0.2.1/x", "it redirected to ftp://192.0.2.1, which is not https"),
        ("/o/n/resolve/v1/x.gguf", "it redirected more than 10 times"),
    ] {
        let home = Home::new(&model_table_on_hub(&body));
        let hub = Hub::start(move |_, _| Answer::redirect(to));
        let said = home.refused(&hub.url());
        assert!(said.contains(expected), "{to}: {said}");
        assert!(hub.asked().len() <= 11);
    }
}

#[test]
fn ctrl_c_leaves_a_resumable_download() {
    let body = random_bytes(300_000);
    let home = Home::new(&model_table_on_hub(&body));
    let hub = Hub::start({
        let body = body.clone();
        move |n, asked| {
            let answer = Answer::file(asked, &body);
            if n == 0 { answer.slow(1000, Duration::from_millis(50)) } else { answer }
        }
    });
    let child = home.command(&hub.url(), &["model", "pull", "x"]).spawn().unwrap();
    let part = home.model("x.gguf.part");
    until("the first bytes", || len(&part) >= 3000);
    interrupt(&child);
    let ran = Ran::of(&child.wait_with_output().unwrap());
    assert_eq!((ran.code, ran.out.as_str()), (Some(130), ""), "{}", ran.err);
    assert!(ran.err.contains(" kept; `plenary model pull x` resumes from there"), "{}", ran.err);
    let kept = usize::try_from(len(&part)).unwrap();
    assert!((3000..300_000).contains(&kept), "{kept}");
    assert_eq!(home.left(), ["x.gguf.part", "x.gguf.part.toml"]);

    home.pulled(&hub.url(), &body);
    assert_eq!(hub.asked()[1].from(), Some(kept));
}

#[test]
fn kill_9_leaves_a_resumable_download() {
    let body = random_bytes(300_000);
    let home = Home::new(&model_table_on_hub(&body));
    let hub = Hub::start({
        let body = body.clone();
        move |n, asked| {
            let answer = Answer::file(asked, &body);
            if n == 0 { answer.slow(1000, Duration::from_millis(50)) } else { answer }
        }
    });
    let mut child = home.command(&hub.url(), &["model", "pull", "x"]).spawn().unwrap();
    let part = home.model("x.gguf.part");
    until("the first bytes", || len(&part) >= 3000);
    child.kill().unwrap();
    child.wait().unwrap();
    let kept = usize::try_from(len(&part)).unwrap();
    home.pulled(&hub.url(), &body);
    assert_eq!(hub.asked()[1].from(), Some(kept));
}

#[test]
fn two_instances_download_once() {
    let body = random_bytes(100_000);
    let home = Home::new(&model_table_on_hub(&body));
    let hub = Hub::start(move |_, asked| {
        Answer::file(asked, &body).slow(2000, Duration::from_millis(20))
    });
    let start = || home.command(&hub.url(), &["model", "pull", "x"]).spawn().unwrap();
    let first = start();
    until("the first bytes", || len(&home.model("x.gguf.part")) > 0);
    let second = start();
    let [first, second] = [first, second].map(|c| Ran::of(&c.wait_with_output().unwrap()));
    assert_eq!((first.code, second.code), (Some(0), Some(0)), "{}{}", first.err, second.err);
    assert_eq!(first.out, second.out);
    assert!(
        second.err.contains("waiting for another instance of plenary that downloads it"),
        "{}",
        second.err
    );
    assert_eq!(hub.asked().len(), 1);
    assert_eq!(home.left(), ["x.gguf", "x.gguf.source.toml"]);
}

#[test]
fn wrong_files_are_replaced_and_manually_placed_files_are_accepted() {
    let body = random_bytes(50_000);
    for wrong in [&body[1..], &vec![0; 50_000], b""] {
        let home = Home::new(&model_table_on_hub(&body));
        fs::create_dir_all(home.model("")).unwrap();
        fs::write(home.model("x.gguf"), wrong).unwrap();
        let hub = Hub::start({
            let body = body.clone();
            move |_, asked| Answer::file(asked, &body)
        });
        home.pulled(&hub.url(), &body);
    }
    let home = Home::new(&model_table_on_hub(&body));
    fs::create_dir_all(home.model("")).unwrap();
    fs::write(home.model("x.gguf"), &body).unwrap();
    let text = home.run(NO_SERVER, &["model", "list"]).out;
    assert!(text.contains("installed, sha256 not checked"), "{text}");
    home.pulled(NO_SERVER, &body);
    let text = home.run(NO_SERVER, &["model", "list"]).out;
    assert!(text.contains("installed, from put there by hand"), "{text}");
}

#[test]
fn an_unreachable_hub_is_reported() {
    let home = Home::new(&model_table_on_hub(&random_bytes(10)));
    let said = home.refused(NO_SERVER);
    assert!(said.contains("\n  127.0.0.1:9: it cannot be reached: "), "{said}");
    assert!(said.contains("refused"), "{said}");
    assert_eq!(home.left(), [""; 0]);
    let said = home.refused("http://hub.example");
    assert!(said.contains("HF_ENDPOINT: expected https"), "{said}");
}

#[test]
fn a_full_disk_is_reported_before_downloading() {
    let body = random_bytes(10);
    let config = model_table_on_hub(&body).replace("bytes = 10", "bytes = 1000000000000000000");
    let home = Home::new(&config);
    let hub = Hub::start(|_, _| Answer::status(404));
    let said = home.refused(&hub.url());
    assert!(said.contains("1000000 TB are needed and "), "{said}");
    assert!(said.contains(" are free: make room, or name another folder with XDG_DATA_HOME"));
    assert_eq!(hub.asked().len(), 0);
    assert_eq!(home.left(), [""; 0]);
}

#[test]
fn a_read_only_folder_is_named() {
    let body = random_bytes(10);
    let home = Home::new(&model_table_on_hub(&body));
    let file = home.path("a-file");
    fs::write(&file, "").unwrap();
    // Not even root can create folders in the second.
    for (data, said) in [
        (file.to_str().unwrap(), "a-file/plenary/models: "),
        ("/sys", "; make the folder writable"),
    ] {
        let mut command = home.command(NO_SERVER, &["model", "pull", "x"]);
        let ran = Ran::of(&command.env("XDG_DATA_HOME", data).output().unwrap());
        assert_eq!(ran.code, Some(1), "{}", ran.err);
        assert!(ran.err.contains(said), "{}", ran.err);
    }
    let mut command = home.command(NO_SERVER, &["model", "pull", "x"]);
    command.env("HOME", "").env("XDG_DATA_HOME", "");
    let ran = Ran::of(&command.output().unwrap());
    let unknown = ran.err.contains("set HOME or XDG_DATA_HOME");
    // Without HOME, the home may still be known from the list of users.
    assert!(
        ran.code == Some(1) && (unknown || ran.err.contains("could not be downloaded")),
        "{}",
        ran.err
    );
}

#[test]
fn unknown_models_get_a_suggestion() {
    let home = Home::new(&model_table_on_hub(&random_bytes(10)));
    for args in
        [["model", "pull", "tinny"], ["model", "path", "tinny"], ["model", "remove", "tinny"]]
    {
        let ran = home.run(NO_SERVER, &args);
        assert_eq!(ran.code, Some(2));
        assert!(
            ran.err.contains("there is no local model \"tinny\"; did you mean \"tiny\"? (known: qwen2.5-coder-1.5b, "),
            "{}",
            ran.err
        );
    }
}

#[test]
fn project_files_cannot_define_downloads() {
    let body = random_bytes(10);
    let home = Home::new(&model_table_on_hub(&body));
    fs::create_dir_all(home.path("work/.plenary")).unwrap();
    for text in
        [model_table_on_hub(&body), "[models.smollm2-135m.hub]\nrepo = \"evil/one\"\n".to_owned()]
    {
        fs::write(home.path("work/.plenary/config.toml"), &text).unwrap();
        for (args, code) in
            [(&["model", "list"][..], Some(0)), (&["--trust-project", "model", "list"], Some(2))]
        {
            let ran = home.run(NO_SERVER, args);
            assert_eq!(ran.code, code, "{}", ran.err);
            assert!(ran.err.contains("/work/.plenary/config.toml:1:9: models."), "{}", ran.err);
            assert!(ran.err.contains("may not add model files"), "{}", ran.err);
        }
    }
}

#[test]
fn invalid_tables_are_reported_with_their_line() {
    let home =
        Home::new(&model_table_on_hub(&random_bytes(10)).replace("sha256 = \"", "sha256 = \"x"));
    let ran = home.run(NO_SERVER, &["model", "list"]);
    assert_eq!(ran.code, Some(2));
    assert!(
        ran.err.contains("config.toml:7:1: models.x.sha256: expected the file's SHA-256"),
        "{}",
        ran.err
    );
}

#[cfg(feature = "local")]
#[test]
fn ask_explains_how_to_download_and_pull_downloads() {
    let body = random_bytes(50_000);
    let home = Home::new(&model_table_on_hub(&body));
    let hub = Hub::start({
        let body = body.clone();
        move |_, asked| Answer::file(asked, &body)
    });
    let ask = ["ask", "How many?", "--persona", "edge", "--model", "local:x"];
    let ran = home.run(&hub.url(), &ask);
    assert_eq!((ran.code, ran.out.as_str()), (Some(2), ""));
    for said in ["`plenary model pull x` downloads it (50 kB, once)", "--pull downloads it"] {
        assert!(ran.err.contains(said), "{}", ran.err);
    }
    assert_eq!(hub.asked().len(), 0);
    let ran = home.run(&hub.url(), &[&ask[..], &["--pull"]].concat());
    assert_eq!(hub.asked().len(), 1);
    assert!(ran.err.contains("Test X is at "), "{}", ran.err);
    assert!(fs::read(home.model("x.gguf")).unwrap() == body, "other bytes");
    assert_eq!(ran.code, Some(3), "random bytes are no model: only the run fails: {}", ran.err);

    // A question without a terminal runs `ask`.
    home.run(&hub.url(), &["model", "remove", "x"]);
    home.run(&hub.url(), &["How many?", "--persona", "edge", "--model", "local:x", "--pull"]);
    assert_eq!(hub.asked().len(), 2);
}
