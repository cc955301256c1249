//! What must not get out, through the real binary: keys in whatever a server sends back, and questions in the log.
//!
//! Each server repeats the key that it was sent, or that of another provider, as gateways and their error pages do.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::json;

use crate::common::ran::Ran;
use crate::common::server::{Reply, Server, delta, ending};
use crate::common::term::{Home, Term};

const KEY: &str = "gw-Zq7xT9vB2nM4kL8pW3rY6sD1fG5hJ0aC";
const OTHER_KEY: &str = "tok_Other1Provider2Key3Value4Xyz5";
/// A key of no provider here.
const STRAY_KEY: &str = "Qm4vR8sT2xZ6bN1cK9wL";
const ANSWER: &str = "The word for today is zeugma.";

/// A home with two providers that have keys; the panel asks one model of each, or only one.
fn home(server: &Server, models: &[&str]) -> Home {
    let url = server.base_url();
    let ids = ["infra", "edge", "devops", "gitops"];
    let asked = &ids[..models.len()];
    let mut config = format!(
        "model = \"a:m\"\npanel = \"test\"\n[panels.test]\npersonas = {asked:?}\n\
         [providers.a]\nkind = \"openai\"\nbase_url = \"{url}\"\nkey_env = \"GATEWAY_KEY\"\nattempts = 2\n\
         [providers.b]\nkind = \"openai\"\nbase_url = \"{url}\"\nkey_env = \"OTHER_TOKEN\"\nattempts = 2\n"
    );
    for (id, model) in asked.iter().zip(models) {
        config.push_str(&format!("[persona.{id}]\nmodel = \"{model}\"\n"));
    }
    Home::new(&config)
}

fn run(home: &Home, args: &[&str], env: &[(&str, &str)]) -> Ran {
    let keys = [("GATEWAY_KEY", KEY), ("OTHER_TOKEN", OTHER_KEY)];
    Ran::in_home(home, args, &[&keys, env].concat())
}

/// Every file below `folder`, as text.
fn files(folder: &Path) -> String {
    let mut text = String::new();
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        if entry.file_type().unwrap().is_dir() {
            text.push_str(&files(&entry.path()));
        } else {
            text.push_str(&String::from_utf8_lossy(&std::fs::read(entry.path()).unwrap()));
        }
    }
    text
}

/// The encodings in which a key must not appear.
fn encodings(key: &str) -> Vec<String> {
    let hex = key.bytes().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"));
    let percent = key.bytes().fold(String::new(), |text, byte| text + &format!("%{byte:02X}"));
    let mut encodings =
        vec![key.to_owned(), key[5..].to_owned(), key[..18].to_owned(), hex, percent];
    for login in [key.to_owned(), format!(":{key}"), format!("u:{key}")] {
        encodings.extend([STANDARD.encode(&login), URL_SAFE_NO_PAD.encode(&login)]);
    }
    encodings
}

/// Asserts that no part of a key is in `text`, in whatever encoding.
#[track_caller]
fn assert_no_key(text: &str) {
    for encoded in [KEY, OTHER_KEY].into_iter().flat_map(encodings) {
        for part in encoded.as_bytes().windows(encoded.len().min(14)) {
            // The beginning of base64 text may be of what precedes the key.
            let part = std::str::from_utf8(part).unwrap();
            let is_inside = encoded.find(part).is_some_and(|at| at >= 4);
            assert!(!is_inside || !text.contains(part), "{part} of {encoded} is in {text}");
        }
    }
}

/// An answer of these texts, one event each.
fn texts(field: &str, texts: &[String]) -> Vec<String> {
    texts.iter().map(|text| delta(&json!({field: text}))).collect()
}

#[test]
fn keys_in_answers_are_neither_printed_nor_stored_nor_exported() {
    let server = Server::start();
    let said: Vec<String> = [KEY, OTHER_KEY].into_iter().flat_map(encodings).collect();
    let said = format!("It is <{}> I think.", said.join("> or <"));
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let letters = |size: usize| -> Vec<String> { said.as_bytes().chunks(size).map(text).collect() };
    let answer = |events: Vec<String>| Reply::events(events.into_iter().chain(ending("stop")));
    server.script("letters", [answer(texts("content", &letters(1)))]);
    let reasoning = texts("reasoning_content", &letters(7));
    server.script("pieces", [answer([reasoning, texts("content", &letters(11))].concat())]);
    server.script("refuse", [answer(texts("refusal", &letters(5)))]);
    server.script("cut", [Reply::events(texts("content", &letters(1000)))]);
    let home = home(&server, &["a:letters", "a:pieces", "b:refuse", "a:cut"]);
    let output = run(&home, &["ask", "--format", "jsonl", "Which?"], &[]);
    assert_eq!(output.code, Some(1), "{}", output.printed());
    let jsonl = output.printed();
    assert_no_key(&jsonl);
    assert!(jsonl.matches("[key]").count() >= 80 && jsonl.contains("I think."), "{jsonl}");
    for format in ["markdown", "json"] {
        let export = run(&home, &["sessions", "export", "last", "--format", format], &[]);
        assert!(export.printed().contains("[key]"), "{}", export.printed());
        assert_no_key(&export.printed());
    }
    assert_no_key(&files(&home.path("data")));
}

#[test]
fn keys_in_errors_and_lists_are_not_shown() {
    for encoded in encodings(KEY).into_iter().step_by(3) {
        let server = Server::start();
        let error = json!({"error": {"message": format!("bad key {encoded}!"), "code": encoded}});
        let body = |kind: &str, text: String| Reply::body(kind, [text.into_bytes()]);
        server.script("json", [body("application/json", error.to_string())]);
        server.script("html", [body("text/html", format!("<html><title>{encoded}</title>"))]);
        server.script("event", [Reply::events([error.to_string()])]);
        server.script("type", [body(&format!("x/{}", encoded.replace('=', "")), "x".into())]);
        let home = home(&server, &["a:json", "b:html", "a:event", "b:type"]);
        let output = run(&home, &["ask", "Which?"], &[("PLENARY_LOG", "trace")]);
        assert_eq!(output.code, Some(3), "{}", output.printed());
        assert_no_key(&output.printed());
        assert_no_key(&files(&home.path("data")));
        assert_no_key(&files(&home.path("state")));
        // The server lists its scripts as models.
        server.script(&encoded, [Reply::text("")]);
        for command in [&["model", "list"][..], &["doctor"]] {
            let output = run(&home, command, &[]);
            assert!(output.printed().contains("GATEWAY_KEY"), "{}", output.printed());
            assert_no_key(&output.printed());
        }
    }
}

#[test]
fn answers_about_keys_keep_their_text() {
    let server = Server::start();
    let said =
        "Keys look like `sk-proj-…`, `AIzaSyA1234567890abcdef` or `Bearer abcdefgh12345678`.";
    server.script("m", [Reply::text(said)]);
    let output = run(&home(&server, &["a:m"]), &["ask", "Which?"], &[]);
    assert!(output.printed().contains(said), "{}", output.printed());
}

#[test]
fn variables_that_are_no_keys_leave_answers_alone() {
    let env = [
        ("SSH_KEY", "~/.ssh/id_ed25519"),
        ("TLS_KEY", "/etc/ssl/private/site2.pem"),
        ("DEMO_KEY", "test1234"),
        ("SORT_KEY", "created_at_and_user_identifier"),
        ("MASTER_KEY", "the 2 words of the day are here"),
    ];
    let said = env.map(|(_, value)| value).join(", ") + ", password";
    let server = Server::start();
    server.script("m", [Reply::text(&format!("{said}. But {STRAY_KEY}!"))]);
    let home = home(&server, &["a:m"]);
    let env: Vec<(&str, &str)> = env
        .into_iter()
        .chain([("STRAY_KEY", STRAY_KEY), ("HTTPS_PROXY", "http://me:password@127.0.0.1:9")])
        .collect();
    let output = run(&home, &["ask", "Which?"], &env);
    let expected = format!("{said}. But [key]!");
    assert!(output.printed().contains(&expected), "{}", output.printed());
    let export = run(&home, &["sessions", "export", "last", "--format", "json"], &env);
    assert!(export.printed().contains(&expected), "{}", export.printed());
}

#[test]
fn the_log_says_why_there_was_no_answer_and_not_what_was_asked() {
    let server = Server::start();
    server
        .script("busy", [Reply::status(503).header("x-request-id", "req-77"), Reply::text(ANSWER)]);
    server.script("cut", [Reply::text(ANSWER).cut(400)]);
    let home = home(&server, &["a:busy", "b:cut", "a:fine"]);
    server.script("fine", [Reply::text(ANSWER)]);
    let log = home.path("state/plenary/plenary.log");
    let output =
        run(&home, &["ask", "What is the word for antanaclasis?"], &[("PLENARY_LOG", "trace")]);
    assert_eq!(output.code, Some(1), "{}", output.printed());
    let logged = std::fs::read_to_string(&log).unwrap();
    for words in [
        "started version=",
        "run{id=",
        "model=\"busy\"",
        "found=true",
        "status=503",
        "request_id=\"req-77\"",
        "the attempt failed attempt=1 kind=Busy status=503 retryable=true",
        "waiting for the next attempt",
        "first text",
        "the run ended ending=\"done\"",
        "the run ended ending=\"cut\"",
        "plenary::runtime::attempt",
        "plenary::provider::",
    ] {
        assert!(logged.contains(words), "no {words} in\n{logged}");
    }
    for words in ["antanaclasis", "zeugma", "the server says"] {
        assert!(!logged.contains(words), "{words} in\n{logged}");
    }
    assert_no_key(&logged);
}

#[test]
fn the_log_names_what_is_unreachable() {
    let server = Server::start();
    let home = home(&server, &["a:m"]);
    drop(server);
    run(&home, &["ask", "Which?"], &[("PLENARY_LOG", "1")]);
    let logged = std::fs::read_to_string(home.path("state/plenary/plenary.log")).unwrap();
    assert!(
        logged.contains("no response") && logged.contains("nothing listens on 127.0.0.1"),
        "{logged}"
    );
}

#[test]
fn the_log_of_the_screen_has_its_size_and_appearance() {
    let server = Server::start();
    server.script("m", [Reply::text(ANSWER)]);
    let home = home(&server, &["a:m"]);
    let env = [("PLENARY_LOG", "debug"), ("GATEWAY_KEY", KEY), ("OTHER_TOKEN", OTHER_KEY)];
    let mut term = Term::start_with(&home, (100, 30), &["Which antanaclasis?"], &env);
    term.wait_for("zeugma");
    term.quit();
    let logged = std::fs::read_to_string(home.path("state/plenary/plenary.log")).unwrap();
    for words in ["the screen is open size=", "appearance is_light=", "ending=\"done\""] {
        assert!(logged.contains(words), "no {words} in\n{logged}");
    }
    assert!(!logged.contains("antanaclasis") && !logged.contains("zeugma"), "{logged}");
}
