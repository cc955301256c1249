//! What is between the program and a provider, through the real binary: certificates, HTTP/2, proxies.
//!
//! The wire formats are tested in `suite::provider`.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use crate::common::ran::Ran;
use crate::common::server::{Reply, Server, ending};
use crate::common::term::{Home, Term};
use crate::common::tls::{Behaviour, Certificate, TlsServer};

/// A home that asks one persona at `base_url`.
fn home(base_url: &str, more: &str) -> Home {
    let mut home = Home::asking(base_url, "m", &[]);
    home.add(&format!("attempts = 3\n{more}\n"));
    home.set("model = \"test:m\"", "model = \"test:m\"\npanel = \"one\"");
    home.add("[panels.one]\npersonas = [\"infra\"]\n");
    home
}

/// Asks in `home` with more environment.
fn ask(home: &Home, env: &[(&str, &str)]) -> Ran {
    Ran::in_home(home, &["ask", "Which?"], env)
}

/// Asks `server`, whose authority is trusted.
fn ask_tls(server: &TlsServer) -> Ran {
    let home = home(&server.base_url(), "");
    std::fs::write(home.path("authority.pem"), &server.authority).unwrap();
    ask(&home, &[("SSL_CERT_FILE", home.path("authority.pem").to_str().unwrap())])
}

#[test]
fn rejected_certificates_are_explained() {
    for (certificate, words) in [
        (Certificate::Expired, "has expired"),
        (Certificate::NotYetValid, "is not valid yet"),
        (Certificate::WrongName, "is for another name: other.example, more.example"),
        (Certificate::WrongPurpose, "is not for a server"),
        (Certificate::UnknownIssuer, "is signed by an untrusted authority"),
        (Certificate::SelfSignedAuthority, "is self-signed"),
        (Certificate::SelfSigned, "is signed by an untrusted authority (self-signed"),
    ] {
        let server = TlsServer::start(certificate, Behaviour::Http1);
        let output = ask_tls(&server);
        let error = &output.err;
        assert_eq!(output.code, Some(3), "{certificate:?}: {error}");
        assert!(error.contains("the certificate of localhost:"), "{error}");
        assert!(error.contains(words), "{certificate:?}: {error}");
        assert!(!error.contains("Other") && !error.contains("tried"), "{error}");
        assert_eq!(server.requests(), 0);
    }
}

#[test]
fn good_certificates_and_both_versions_of_http_answer() {
    for behaviour in [Behaviour::Http1, Behaviour::Http2] {
        let server = TlsServer::start(Certificate::Good, behaviour);
        let output = ask_tls(&server);
        assert!(output.out.contains("safe"), "{}", output.err);
        assert_eq!((output.code, server.requests()), (Some(0), 1));
    }
}

#[test]
fn an_attempt_is_one_request() {
    for behaviour in [Behaviour::GoAway, Behaviour::RefusedStream] {
        let server = TlsServer::start(Certificate::Good, behaviour);
        let output = ask_tls(&server);
        let error = &output.err;
        assert_eq!(server.requests(), 3, "{behaviour:?}: {error}");
        assert_eq!(output.code, Some(3), "{error}");
        assert!(error.contains("(tried 3 times)"), "{error}");
        assert!(error.contains("the connection broke before the answer began"), "{error}");
    }
}

/// A proxy that answers every request with 407, until the test ends, and the requests that it has received.
fn start_proxy() -> (String, Arc<Mutex<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let seen = Arc::<Mutex<String>>::default();
    let all = Arc::clone(&seen);
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut head = [0; 4096];
            let read = stream.read(&mut head).unwrap_or(0);
            all.lock().unwrap().push_str(&String::from_utf8_lossy(&head[..read]));
            let answer = "HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n";
            stream.write_all(answer.as_bytes()).unwrap_or_default();
        }
    });
    (address, seen)
}

#[test]
fn a_proxy_that_requires_a_login_is_named_without_the_password() {
    for (base_url, variable) in [
        ("http://llm.example/v1", "HTTP_PROXY"),
        ("https://llm.example/v1", "https_proxy"),
        ("https://llm.example/v1", "ALL_PROXY"),
    ] {
        let (proxy, seen) = start_proxy();
        let value = format!("http://me:hunter2@{proxy}");
        let output = ask(&home(base_url, ""), &[(variable, &value)]);
        let error = &output.err;
        assert_eq!(output.code, Some(3), "{error}");
        assert!(
            error.contains(&format!("the proxy {proxy} requires another user name")),
            "{error}"
        );
        assert!(error.contains("(407)") && error.contains(variable), "{error}");
        assert!(!error.contains("hunter2"), "{error}");
        let seen = seen.lock().unwrap();
        assert!(seen.contains("llm.example"), "{seen}");
    }
}

#[test]
fn a_proxy_variable_that_cannot_be_used_is_an_error() {
    for (variable, base_url) in [
        ("HTTPS_PROXY", "https://llm.example/v1"),
        ("https_proxy", "https://llm.example/v1"),
        ("HTTP_PROXY", "http://llm.example/v1"),
        ("all_proxy", "https://llm.example/v1"),
    ] {
        for value in ["http://me:hunter2@:3128", "me:hunter2@proxy example", "ftp://hunter2"] {
            let output = ask(&home(base_url, ""), &[(variable, value)]);
            let error = &output.err;
            assert_eq!(output.code, Some(2), "{error}");
            assert!(error.contains(&format!("environment variable {variable}: ")), "{error}");
            assert!(!error.contains("hunter2"), "{error}");
        }
    }
}

#[test]
fn this_machine_is_never_reached_through_a_proxy() {
    let server = Server::start();
    let home = home(&server.base_url(), "");
    for value in ["http://127.0.0.1:9", "nonsense nonsense"] {
        let output = ask(&home, &[("HTTP_PROXY", value), ("ALL_PROXY", value)]);
        assert_eq!(output.code, Some(0), "{}", output.err);
    }
}

#[test]
fn a_proxy_that_is_down_is_named() {
    let env = [("HTTP_PROXY", "http://me:hunter2@127.0.0.1:9")];
    let output = ask(&home("http://llm.example/v1", ""), &env);
    let error = &output.err;
    assert!(error.contains("connection refused; check the port in HTTP_PROXY"), "{error}");
    assert!(error.contains("(through the proxy 127.0.0.1:9 of HTTP_PROXY)"), "{error}");
    assert!(!error.contains("hunter2"), "{error}");
}

/// A home whose provider is another machine, reached over plain http, and the environment that leads it to `server`.
fn remote_home(server: &Server) -> (Home, String) {
    let proxy = server.base_url().replace("/v1", "");
    (home("http://llm.example:8000/v1", ""), proxy)
}

const NOT_ENCRYPTED: &str = "http://llm.example:8000 is not encrypted";

#[test]
fn questions_in_the_clear_are_mentioned_once() {
    let server = Server::start();
    let (mut home, proxy) = remote_home(&server);
    home.set("personas = [\"infra\"]", "personas = [\"infra\", \"edge\"]");
    let output = ask(&home, &[("HTTP_PROXY", &proxy)]);
    let error = &output.err;
    assert_eq!((output.code, server.requests().len()), (Some(0), 2), "{error}");
    assert_eq!(error.matches(NOT_ENCRYPTED).count(), 1, "{error}");
    assert!(error.starts_with("plenary: test: "), "{error}");
    assert!(!output.out.contains("not encrypted"));
    let here = self::home(&server.base_url(), "");
    assert!(!ask(&here, &[]).err.contains("not encrypted"), "this machine");
}

#[test]
fn the_screen_and_doctor_mention_questions_in_the_clear() {
    let server = Server::start();
    let (home, proxy) = remote_home(&server);
    let mut term = Term::start_with(&home, (140, 30), &["Which?"], &[("HTTP_PROXY", &proxy)]);
    term.wait_for(NOT_ENCRYPTED);
    term.wait_for("Measure first");
    term.quit();
    let output = Ran::in_home(&home, &["doctor"], &[("HTTP_PROXY", &proxy)]);
    assert_eq!(output.out.matches(NOT_ENCRYPTED).count(), 1, "{}", output.out);
}

#[test]
fn a_key_is_never_sent_in_the_clear() {
    let server = Server::start();
    let (mut home, proxy) = remote_home(&server);
    home.set("attempts = 3", "attempts = 3\nkey_env = \"GATEWAY_KEY\"");
    let output = ask(&home, &[("HTTP_PROXY", &proxy), ("GATEWAY_KEY", "gw-0123456789")]);
    assert_eq!((output.code, server.requests().len()), (Some(2), 0));
    assert!(output.err.contains("would send the key over the network in the clear"));
}

#[test]
fn half_surrogates_and_blanks_end_truly() {
    let server = Server::start();
    let event = |text: &str| {
        format!("{{\"choices\":[{{\"delta\":{{\"content\":\"{text}\"}},\"finish_reason\":null}}]}}")
    };
    let events =
        |texts: &[&str]| Reply::events(texts.iter().map(|text| event(text)).chain(ending("stop")));
    for (texts, answer) in [
        (&["Yes \\ud83d", "\\ude00."][..], "Yes 😀."),
        (&["Yes \\ud83d", "."], "Yes \u{fffd}."),
        (&["Yes.\\ud83d"], "Yes.\u{fffd}"),
        (&["\u{19}", " \\n", "Yes."], "␙ \nYes."),
    ] {
        server.script("m", [events(texts)]);
        let output = ask(&home(&server.base_url(), ""), &[]);
        assert!(output.out.contains(answer), "{texts:?}: {}", output.out);
        assert_eq!(output.code, Some(0), "{texts:?}: {}", output.err);
    }
    for blanks in [
        &[" ", "\\n\\n"][..],
        &["\\u200b\\ufeff"],
        &["\\u3164", "\\u2800", "\\t"],
        &["\\ud834\\udd59", "\\ufffc\\ufdd0"],
        &["\\ud82f\\udca0\\ud82f\\udca1"],
    ] {
        server.script("m", [events(blanks)]);
        let home = home(&server.base_url(), "");
        let output = ask(&home, &[]);
        let error = &output.err;
        assert_eq!(output.code, Some(3), "{blanks:?}: {error}");
        assert!(error.contains("infra failed: test sent an empty answer: only blanks"), "{error}");
        let export = Ran::in_home(&home, &["sessions", "export", "last"], &[]);
        assert!(export.out.contains("0 of 1 answered"), "{}", export.out);
    }
}
