//! Tests of the kind `openai` over a real connection: the outcome of every fault on the wire.
//!
//! Providers are opened through the registry, as the program does. Rules that need no network are tested beside the decoder.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use plenary::domain::{
    ChatMessage, ChatRequest, Failure, FailureKind, KeySource, ProviderSpec, StopReason,
    StreamEvent, Usage,
};
use plenary::provider::{self, Provider};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::common::server::{ANSWER, Framing, Reply, Server, delta, ending, tokens};

fn spec(server: &Server) -> ProviderSpec {
    ProviderSpec::new("gateway", "openai", &server.base_url())
}

fn open(spec: ProviderSpec) -> Arc<dyn Provider> {
    provider::open_provider(spec).unwrap()
}

fn request(model: &str) -> ChatRequest {
    ChatRequest {
        model: model.into(),
        system: "Be exact.".into(),
        messages: vec![ChatMessage::user("Which?")],
        temperature: None,
        top_p: None,
        max_tokens: None,
        scaffold: None,
    }
}

/// The outcome of one answer.
#[derive(Debug, Default, PartialEq)]
struct Seen {
    opens: Vec<Option<String>>,
    text: String,
    reasoning: String,
    usage: Option<Usage>,
    stop: Option<StopReason>,
    error: Option<Failure>,
}

async fn ask(provider: &Arc<dyn Provider>, model: &str) -> Seen {
    let mut seen = Seen::default();
    let mut events = provider.stream(request(model));
    while let Some(event) = events.next().await {
        assert_eq!((&seen.stop, &seen.error), (&None, &None), "nothing follows the end");
        match event {
            Ok(StreamEvent::Open(model)) => seen.opens.push(model),
            Ok(StreamEvent::Text(text)) => seen.text.push_str(&text),
            Ok(StreamEvent::Reasoning(text)) => seen.reasoning.push_str(&text),
            Ok(StreamEvent::Usage(usage)) => seen.usage = Some(usage),
            Ok(StreamEvent::Stop(reason)) => seen.stop = Some(reason),
            Ok(StreamEvent::Waiting(words) | StreamEvent::Note(words)) => {
                panic!("this wire has no words of its own: {words}")
            }
            Err(failure) => seen.error = Some(failure),
        }
    }
    seen
}

async fn answer(reply: Reply) -> Seen {
    let server = Server::start();
    server.script("m", [reply]);
    ask(&open(spec(&server)), "m").await
}

async fn failure(reply: Reply) -> Failure {
    let seen = answer(reply).await;
    seen.error.clone().unwrap_or_else(|| panic!("no failure: {seen:?}"))
}

fn whole() -> Seen {
    Seen {
        opens: vec![Some("test-model".into())],
        text: ANSWER.into(),
        usage: Some(Usage { input: 31, output: 5, cached: 0, reasoning: 0, cost_microusd: None }),
        stop: Some(StopReason::End),
        ..Seen::default()
    }
}

#[tokio::test]
async fn the_answer_does_not_depend_on_chunks_and_framing() {
    let server = Server::start();
    let provider = open(spec(&server));
    for size in (1..=64).step_by(3).chain([1000, 1 << 20]) {
        server.script("m", [Reply::text(ANSWER).chunk(size)]);
        assert_eq!(ask(&provider, "m").await, whole(), "by {size}");
    }
    for framing in [Framing::Chunked, Framing::Length, Framing::Close] {
        server.script("m", [Reply::text(ANSWER).framing(framing).chunk(7)]);
        assert_eq!(ask(&provider, "m").await, whole(), "{framing:?}");
    }
    for _ in 0..20 {
        let mut body: Vec<u8> = tokens(ANSWER)
            .iter()
            .flat_map(|token| {
                format!("data: {}\r\n\r\n", delta(&json!({"content": token}))).into_bytes()
            })
            .collect();
        body.extend(
            ending("stop")
                .iter()
                .flat_map(|event| format!(": beat\r\n\r\ndata: {event}\r\n\r\n").into_bytes()),
        );
        let mut pieces = Vec::new();
        while !body.is_empty() {
            let rest = body.split_off(fastrand::usize(1..=body.len()));
            pieces.push(std::mem::replace(&mut body, rest));
        }
        server.script("m", [Reply::body("text/event-stream", pieces)]);
        assert_eq!(ask(&provider, "m").await, whole());
    }
}

#[tokio::test]
async fn the_request_follows_the_api() {
    let server = Server::start();
    let mut spec = spec(&server);
    spec.key = KeySource::Cmd(vec!["printf".into(), "hunter2-0123456789".into()]);
    assert_eq!(ask(&open(spec), "large").await, whole());
    let request = &server.requests()[0];
    assert_eq!(request.line, "POST /v1/chat/completions");
    assert_eq!(request.headers["authorization"], "Bearer hunter2-0123456789");
    assert_eq!(request.headers["accept-encoding"], "identity");
    assert_eq!(
        request.body,
        json!({
            "model": "large",
            "messages": [{"role": "system", "content": "Be exact."}, {"role": "user", "content": "Which?"}],
            "stream": true,
            "stream_options": {"include_usage": true},
        })
    );
}

#[tokio::test]
async fn one_end_mark_completes_an_answer() {
    let text = || {
        tokens(ANSWER)
            .into_iter()
            .map(|token| delta(&json!({"content": token})))
            .collect::<Vec<_>>()
    };
    let [finish, usage, done] = ending("stop");
    let with = |events: Vec<String>| Reply::events(text().into_iter().chain(events));
    let stop = |seen: &Seen| (seen.stop.clone(), seen.text == ANSWER, seen.error.clone());
    let complete = (Some(StopReason::End), true, None);
    assert_eq!(stop(&answer(with(vec![finish.clone()])).await), complete);
    assert_eq!(stop(&answer(with(vec![done.clone()])).await), complete);
    assert_eq!(stop(&answer(with(vec![finish.clone(), usage])).await), complete);
    assert_eq!(stop(&answer(with(vec![])).await), (None, true, None), "ends without a mark");
    let [length, ..] = ending("length");
    assert_eq!(stop(&answer(with(vec![length])).await), (Some(StopReason::Length), true, None));
}

#[tokio::test]
async fn a_truncated_stream_is_never_complete_and_keeps_its_events() {
    let [finish, ..] = ending("stop");
    let reply = Reply::events([
        delta(&json!({"content": "one "})),
        delta(&json!({"content": "zwö"})),
        finish,
    ]);
    let server = Server::start();
    let provider = open(spec(&server));
    let marked = delta(&json!({"content": "one "})).len() + delta(&json!({"content": "zwö"})).len();
    for framing in [Framing::Chunked, Framing::Length, Framing::Close] {
        for bytes in (0..marked).step_by(11) {
            server.script("m", [reply.clone().framing(framing).cut(bytes)]);
            let seen = ask(&provider, "m").await;
            assert_eq!(seen.stop, None, "{framing:?} {bytes}");
            assert!(["", "one ", "one zwö"].contains(&seen.text.as_str()), "{}", seen.text);
            assert_eq!(
                seen.error.is_some(),
                framing != Framing::Close,
                "{framing:?} {bytes}: {seen:?}"
            );
        }
    }
}

#[tokio::test]
async fn a_reset_after_text_is_a_broken_connection() {
    // Slow enough that the reset does not overtake the text on its way to the client.
    let seen = answer(Reply::text(ANSWER).rate(200.0).reset(900)).await;
    let failure = seen.error.unwrap();
    assert!(ANSWER.starts_with(&seen.text) && !seen.text.is_empty());
    assert_eq!((failure.kind, failure.retryable), (FailureKind::Broken, false));
    assert!(failure.message.starts_with("gateway (127.0.0.1:"), "{}", failure.message);
    assert!(failure.message.contains("the connection broke"), "{}", failure.message);
}

#[tokio::test]
async fn statuses_have_kinds_and_messages() {
    for (status, kind, words) in [
        (400, FailureKind::Rejected, "it refused the request"),
        (401, FailureKind::Auth, "it requires a key"),
        (402, FailureKind::Rejected, "out of credit"),
        (403, FailureKind::Auth, "it refuses"),
        (404, FailureKind::Rejected, "the model or the address"),
        (413, FailureKind::Rejected, "too large"),
        (429, FailureKind::Busy, "too many requests"),
        (500, FailureKind::Busy, "internal server error"),
        (503, FailureKind::Busy, "overloaded or still loading"),
        (529, FailureKind::Busy, "overloaded"),
    ] {
        let failure = failure(Reply::status(status).header("retry-after", "7")).await;
        assert_eq!((failure.kind, failure.status), (kind, Some(status)));
        assert!(
            failure.message.starts_with(&format!("{status} from gateway (127.0.0.1:")),
            "{}",
            failure.message
        );
        assert!(failure.message.contains(words), "{}", failure.message);
        assert!(
            failure.message.ends_with(&format!(": the server says {status}")),
            "{}",
            failure.message
        );
        assert_eq!(failure.retry_after, Some(Duration::from_secs(7)));
        assert_eq!(failure.retryable, kind == FailureKind::Busy);
    }
}

#[tokio::test]
async fn a_rejected_key_is_looked_up_again_and_never_shown() {
    let server = Server::start();
    server.script(
        "m",
        [Reply::body("application/json", [br#"{"error":"bad key hunter2-0123456789"}"#.to_vec()])],
    );
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("key");
    let write = |key: &str| {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::write(&file, key).unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
    };
    write("hunter2-0123456789\n");
    let mut spec = spec(&server);
    spec.key = KeySource::File(file.clone());
    let provider = open(spec);
    let failure = ask(&provider, "m").await.error.unwrap();
    assert!(failure.message.contains("bad key [key]"), "{}", failure.message);
    server.script("m", [Reply::status(401), Reply::text(ANSWER)]);
    let failure = ask(&provider, "m").await.error.unwrap();
    assert!(failure.message.contains("/key was not accepted"), "{}", failure.message);
    write("another-0123456789\n");
    assert_eq!(ask(&provider, "m").await, whole());
    assert_eq!(server.requests()[2].headers["authorization"], "Bearer another-0123456789");
}

#[tokio::test]
async fn successful_responses_that_are_no_stream_are_explained() {
    let page = "<!doctype html><html><head><title>Hotel WLAN</title></head></html>";
    for (kind, body, words) in [
        ("text/html", page, "a web page \"Hotel WLAN\" instead of a stream"),
        (
            "application/json",
            r#"{"error":"Unexpected endpoint or method."}"#,
            "Unexpected endpoint or method.",
        ),
        (
            "application/json",
            "{\"ok\":true}",
            "application/json instead of a stream: {\"ok\":true}",
        ),
        ("text/plain", "hello\nthere", "text/plain instead of a stream: hello"),
        (
            "text/event-stream",
            r#"{"error":{"message":"no"}}"#,
            "the provider reported an error: no",
        ),
        ("", "", "an empty body"),
    ] {
        let failure = failure(Reply::body(kind, [body.as_bytes().to_vec()])).await;
        assert!(failure.message.contains(words), "{}", failure.message);
        assert!(!failure.retryable);
    }
    let compressed = Reply::text(ANSWER).header("content-encoding", "gzip");
    assert!(failure(compressed).await.message.contains("a compressed body (gzip)"));
    let redirect = Reply::status(302).header("location", "https://elsewhere.example/v1");
    assert!(
        failure(redirect)
            .await
            .message
            .contains("redirects to https://elsewhere.example/v1, which is never followed")
    );
}

#[tokio::test]
async fn streams_without_content_type_and_plain_answers_are_read() {
    let body = |text: &str| text.as_bytes().to_vec();
    let events = format!("data: {}\n\ndata: [DONE]\n\n", delta(&json!({"content": "Hi"})));
    for kind in ["text/plain; charset=utf-8", "application/octet-stream", ""] {
        let seen = answer(Reply::body(kind, [body(&events)]).chunk(1)).await;
        assert_eq!(
            (seen.text.as_str(), seen.stop, seen.error),
            ("Hi", Some(StopReason::End), None),
            "{kind}"
        );
    }
    let completion = json!({"model": "m", "choices": [{"message": {"role": "assistant", "content": "Hi"}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 1, "completion_tokens": 2}});
    let seen = answer(Reply::body("application/json", [body(&completion.to_string())])).await;
    assert_eq!((seen.text.as_str(), seen.stop, seen.error), ("Hi", Some(StopReason::End), None));
    assert_eq!(seen.usage.unwrap().output, 2);
}

#[tokio::test]
async fn errors_inside_a_stream_end_it() {
    for error in [
        "data: {\"error\":{\"message\":\"boom\",\"code\":502}}",
        "event: error\ndata: {\"error\":\"boom\"}",
        "error: boom",
    ] {
        let body =
            format!("data: {}\n\n{error}\n\ndata: [DONE]\n\n", delta(&json!({"content": "Hi"})));
        let seen = answer(Reply::body("text/event-stream", [body.into_bytes()])).await;
        let failure = seen.error.unwrap();
        assert_eq!((seen.text.as_str(), seen.stop), ("Hi", None), "{error}");
        assert!(failure.message.ends_with("boom"), "{}", failure.message);
    }
    let seen = answer(Reply::events([delta(&json!({"content": "Hi"})), "{garbage".into()])).await;
    assert_eq!((seen.text.as_str(), seen.error.unwrap().kind), ("Hi", FailureKind::Garbled));
}

#[tokio::test]
async fn floods_end_at_their_limits() {
    for unit in ["data: x", ": beat\n\n"] {
        let flood = unit.repeat(100_000 / unit.len()).into_bytes();
        let pieces = std::iter::repeat_n(flood, 100);
        let failure = failure(Reply::body("text/event-stream", pieces)).await;
        assert_eq!(failure.kind, FailureKind::Garbled, "{unit:?}");
        assert!(failure.message.contains("MiB"), "{}", failure.message);
    }
    let endless = b"HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n".repeat(20);
    let server = raw_server(endless, Duration::from_millis(20));
    let mut spec = ProviderSpec::new("gateway", "openai", &server);
    spec.timeouts.first_token = Duration::from_millis(300);
    let failure = ask(&open(spec), "m").await.error.unwrap();
    assert_eq!(failure.kind, FailureKind::Timeout, "1xx for ever: {}", failure.message);
    let mut many = Reply::text(ANSWER);
    for n in 0..5000 {
        many = many.header(&format!("x-{n}"), "x");
    }
    let failure = self::failure(many).await;
    assert!(failure.message.starts_with("gateway (127.0.0.1:"), "{}", failure.message);
    let zip = Reply::status(400).header("content-encoding", "gzip");
    let message = self::failure(zip).await.message;
    assert!(message.ends_with("it refused the request"), "{message}");
}

/// A server that answers with `bytes` again and again, whatever it is asked.
fn raw_server(bytes: Vec<u8>, pause: Duration) -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/v1", listener.local_addr().unwrap());
    listener.set_nonblocking(true).unwrap();
    tokio::spawn(async move {
        let listener = tokio::net::TcpListener::from_std(listener).unwrap();
        while let Ok((mut stream, _)) = listener.accept().await {
            let bytes = bytes.clone();
            tokio::spawn(async move {
                // What comes before the request is no answer to it.
                let mut request = Vec::new();
                while !request.ends_with(b"}") {
                    stream.read_buf(&mut request).await.unwrap();
                }
                while stream.write_all(&bytes).await.is_ok() {
                    tokio::time::sleep(pause).await;
                }
            });
        }
    });
    url
}

#[tokio::test]
async fn redirects_are_never_followed() {
    let target = Server::start();
    for status in [300, 301, 302, 303, 304, 305, 307, 308, 399] {
        let server = Server::start();
        server.script("m", [Reply::status(status).header("location", &target.base_url())]);
        let mut spec = spec(&server);
        spec.key = KeySource::Cmd(vec!["printf".into(), "hunter2-0123456789".into()]);
        let failure = ask(&open(spec), "m").await.error.unwrap();
        assert!(failure.message.contains("is never followed"), "{}", failure.message);
        assert!(!failure.retryable);
        assert_eq!(server.requests().len(), 1, "{status}");
    }
    assert_eq!(target.requests().len(), 0);
}

#[tokio::test]
async fn timeouts_end_a_silent_server() {
    let server = Server::start();
    let mut spec = spec(&server);
    spec.timeouts.first_token = Duration::from_millis(200);
    spec.timeouts.idle = Duration::from_millis(200);
    let provider = open(spec);
    server.script("hang", [Reply::hang()]);
    server.script("late", [Reply::text(ANSWER).first(Duration::from_mins(1))]);
    server.script("stall", [Reply::text(ANSWER).stall(600)]);
    for model in ["hang", "late"] {
        let failure = ask(&provider, model).await.error.unwrap();
        assert_eq!((failure.kind, failure.retryable), (FailureKind::Timeout, true), "{model}");
    }
    let seen = ask(&provider, "stall").await;
    let failure = seen.error.unwrap();
    assert_eq!((failure.kind, failure.retryable), (FailureKind::Broken, false));
    assert!(
        !seen.text.is_empty() && failure.message.ends_with("nothing came for 0.2 s"),
        "{}",
        failure.message
    );
}

#[tokio::test]
async fn an_unreachable_server_is_named() {
    let base_url = Server::start().base_url();
    let failure =
        ask(&open(ProviderSpec::new("gateway", "openai", &base_url)), "m").await.error.unwrap();
    assert_eq!((failure.kind, failure.retryable), (FailureKind::Connect, true));
    assert!(failure.message.contains("nothing listens on 127.0.0.1:"), "{}", failure.message);
    let https = base_url.replace("http://", "https://");
    let server = Server::start();
    let failure =
        ask(&open(ProviderSpec::new("gateway", "openai", &https)), "m").await.error.unwrap();
    assert_eq!(failure.kind, FailureKind::Connect, "{}", failure.message);
    let tls = server.base_url().replace("http://", "https://");
    let failure =
        ask(&open(ProviderSpec::new("gateway", "openai", &tls)), "m").await.error.unwrap();
    assert_eq!(
        (failure.kind, failure.retryable),
        (FailureKind::Connect, false),
        "{}",
        failure.message
    );
    assert!(failure.message.contains("does not speak TLS; is it http://"), "{}", failure.message);
    let nowhere = ProviderSpec::new("gateway", "openai", "http://no-such-host.invalid/v1");
    let failure = ask(&open(nowhere), "m").await.error.unwrap();
    assert!(failure.message.starts_with("gateway (no-such-host.invalid): "), "{}", failure.message);
}

#[tokio::test]
async fn dropping_the_stream_closes_the_connection() {
    let server = Server::start();
    server.script("m", [Reply::text(ANSWER).stall(600)]);
    let provider = open(spec(&server));
    let mut events = provider.stream(request("m"));
    assert!(server.requests().is_empty(), "nothing happens until it is polled");
    assert!(matches!(events.next().await, Some(Ok(StreamEvent::Open(_)))));
    assert_eq!(server.requests()[0].closed, None);
    drop(events);
    server.wait_until(|requests| requests[0].closed.is_some()).await;
}

#[tokio::test]
async fn models_are_listed_sorted() {
    let server = Server::start();
    server.script("b", [Reply::text("")]);
    server.script("a", [Reply::text("")]);
    assert_eq!(open(spec(&server)).models().await.unwrap(), ["a", "b", "test-model"]);
    assert_eq!(server.requests()[0].line, "GET /v1/models");
    drop(server);
}
