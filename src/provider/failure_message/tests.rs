use super::*;
use crate::domain::ProviderSpec;

fn explainer() -> FailureExplainer {
    let mut spec = ProviderSpec::new("gateway", "openai", "https://llm.example.com/v1");
    spec.key = KeySource::Env("GATEWAY_KEY".into());
    let endpoint = Endpoint::new(&spec).unwrap();
    FailureExplainer::new(&endpoint, &spec.key, Some("hunter2-0123456789".into()))
}

fn failure_of(code: u16, headers: &[(&'static str, &'static str)], body: &str) -> Failure {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        map.insert(*name, value.parse().unwrap());
    }
    explainer().status_failure(StatusCode::from_u16(code).unwrap(), &map, body.as_bytes())
}

#[test]
fn a_wrong_key_is_named_by_its_source_and_never_shown() {
    let body = r#"{"error":{"message":"Incorrect API key provided: hunter2-0123456789. sk-proj-AbCdEfGhIj","code":"invalid_api_key"}}"#;
    let failure = failure_of(401, &[], body);
    assert_eq!(
        failure.message,
        "401 from gateway (llm.example.com): the key from GATEWAY_KEY was not accepted: Incorrect API key provided: \
         [key]. [key]"
    );
    assert_eq!(
        (failure.kind, failure.status, failure.retryable),
        (FailureKind::Auth, Some(401), false)
    );
}

#[test]
fn which_statuses_are_worth_another_try() {
    for code in [408, 409, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524, 529] {
        let failure = failure_of(code, &[], "");
        assert!(failure.retryable && failure.kind == FailureKind::Busy, "{code}");
    }
    for code in [301, 400, 401, 402, 403, 404, 405, 407, 413, 422, 501, 505] {
        assert!(!failure_of(code, &[], "").retryable, "{code}");
    }
    assert!(!failure_of(429, &[("x-should-retry", "false")], "").retryable);
    assert!(failure_of(400, &[("x-should-retry", "true")], "").retryable);
    for code in [
        "insufficient_quota",
        "credit_balance_exhausted",
        "billing_hard_limit_reached",
        "enforced_spend_limit_reached",
    ] {
        let body = format!(r#"{{"error":{{"message":"m","code":"{code}"}}}}"#);
        assert!(!failure_of(429, &[], &body).retryable, "{code}");
    }
    assert_eq!(
        failure_of(429, &[("retry-after", "7")], "").retry_after,
        Some(Duration::from_secs(7))
    );
}

#[test]
fn every_shape_of_error_body_gives_its_words() {
    for (body, words) in [
        (r#"{"error":{"message":"no such model"}}"#, "no such model"),
        (r#"{"error":"Unexpected endpoint"}"#, "Unexpected endpoint"),
        (r#"{"object":"error","message":"served name differs","code":404}"#, "served name differs"),
        (r#"{"detail":"Not Found"}"#, "Not Found"),
        (r#"{"detail":[{"msg":"field required"}]}"#, "field required"),
        ("<html><head><title> 502 Bad Gateway </title></head></html>", "502 Bad Gateway"),
        ("upstream connect error\nsecond line", "upstream connect error"),
    ] {
        let message = failure_of(404, &[], body).message;
        assert!(message.ends_with(&format!(": {words}")), "{message}");
    }
    assert!(failure_of(404, &[], "").message.ends_with("base_url"));
}

#[test]
fn long_words_are_cut_after_keys_were_taken_out() {
    let body = format!("{}hunter2-0123456789", "é".repeat(MAX_TEXT_CHARS - 5));
    let message = failure_of(500, &[], &body).message;
    assert!(!message.contains("hunter2"), "{message}");
    let message = failure_of(500, &[], &"é".repeat(100_000)).message;
    assert!(message.chars().count() < 400 && message.ends_with('…'), "{message}");
}

#[test]
fn a_success_that_is_no_stream_is_explained() {
    let of = |kind: &str, body: &str| {
        explainer().not_a_stream_failure(StatusCode::OK, kind, body.as_bytes()).message
    };
    assert!(
        of("text/html", "<!DOCTYPE html><html><title>Sign in</title>")
            .contains("a web page \"Sign in\"")
    );
    assert!(
        of("application/json", r#"{"error":"Unexpected endpoint or method"}"#)
            .contains("Unexpected endpoint or method")
    );
    assert!(of("", "").contains("an empty body"));
    assert!(of("text/plain", "hello\nworld").contains("text/plain instead of a stream: hello"));
}

#[test]
fn a_redirect_is_named_without_its_query() {
    let message =
        failure_of(302, &[("location", "https://login.example.com/a?token=hunter3")], "").message;
    assert!(message.contains("redirects to https://login.example.com/a,"), "{message}");
    assert!(!message.contains("hunter3"));
}
