use super::*;
use crate::domain::{ProviderSpec, StreamEvent, Usage};
use crate::provider::sse::SseReader;
use crate::provider::url::Endpoint;

fn new_decoder() -> ChatCompletionsDecoder {
    let spec = ProviderSpec::new("gateway", "openai", "https://llm.example.com/v1");
    let endpoint = Endpoint::new(&spec).unwrap();
    ChatCompletionsDecoder::new(FailureExplainer::new(&endpoint, &spec.key, None))
}

/// An answer after all of its events.
#[derive(Debug, Default, PartialEq)]
struct DecodedAnswer {
    model: Option<String>,
    text: String,
    reasoning: String,
    usage: Option<Usage>,
    stop: Option<StopReason>,
    error: Option<(FailureKind, String)>,
}

fn decode_body(body: &[u8], size: usize) -> DecodedAnswer {
    let (mut reader, mut decoder, mut batch) =
        (SseReader::new(), new_decoder(), EventBatch::default());
    let mut error = None;
    let mut take = |reader: &mut SseReader, decoder: &mut ChatCompletionsDecoder| {
        while error.is_none()
            && decoder.progress() != StreamProgress::Ended
            && let Some(event) = reader.next_event()
        {
            error = decoder.decode_event(&event, &mut batch).err();
        }
    };
    for chunk in body.chunks(size) {
        reader.push_chunk(chunk).unwrap();
        take(&mut reader, &mut decoder);
    }
    reader.finish();
    take(&mut reader, &mut decoder);
    decoder.finish(&mut batch);
    let mut seen = DecodedAnswer {
        error: error.map(|error| (error.kind, error.message)),
        ..DecodedAnswer::default()
    };
    for event in batch.into_events() {
        match event {
            StreamEvent::Open(model) => seen.model = model,
            StreamEvent::Text(more) => seen.text.push_str(&more),
            StreamEvent::Reasoning(more) => seen.reasoning.push_str(&more),
            StreamEvent::Usage(usage) => seen.usage = Some(usage),
            StreamEvent::Stop(reason) => seen.stop = Some(reason),
            StreamEvent::Waiting(words) | StreamEvent::Note(words) => {
                panic!("this provider sends no such event: {words}")
            }
        }
    }
    if seen.error.is_some() {
        seen.stop = None;
    }
    seen
}

fn decode_events(events: &[&str]) -> DecodedAnswer {
    let body: String = events.iter().flat_map(|event| ["data: ", event, "\n\n"]).collect();
    let whole = decode_body(body.as_bytes(), body.len().max(1));
    for size in [1, 2, 3, 7, 16, 64] {
        assert_eq!(decode_body(body.as_bytes(), size), whole, "by {size}");
    }
    whole
}

const HI: &str =
    r#"{"model":"large-1","choices":[{"index":0,"delta":{"role":"assistant","content":"Hi"}}]}"#;
const STOP: &str = r#"{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#;
const DONE: &str = "[DONE]";

#[test]
fn a_plain_answer() {
    let usage = r#"{"choices":[],"usage":{"prompt_tokens":31,"completion_tokens":5,"prompt_tokens_details":{"cached_tokens":40},"completion_tokens_details":{"reasoning_tokens":2}}}"#;
    assert_eq!(
        decode_events(&[
            HI,
            r#"{"choices":[{"index":0,"delta":{"content":" \u00e9\n日"}}],"usage":null}"#,
            STOP,
            usage,
            DONE
        ]),
        DecodedAnswer {
            model: Some("large-1".into()),
            text: "Hi é\n日".into(),
            usage: Some(Usage {
                input: 31,
                output: 5,
                cached: 31,
                reasoning: 2,
                cost_microusd: None
            }),
            stop: Some(StopReason::End),
            ..DecodedAnswer::default()
        }
    );
}

#[test]
fn only_valid_costs_are_read() {
    for (sent, cost) in [
        ("0.0012345", Some(1_235)),
        ("2", Some(2_000_000)),
        ("0", Some(0)),
        ("-1", None),
        ("-0.5", None),
        ("1e300", None),
        ("\"free\"", None),
        ("{}", None),
        ("null", None),
    ] {
        let usage = format!(
            r#"{{"choices":[],"usage":{{"prompt_tokens":3,"completion_tokens":4,"cost":{sent}}}}}"#
        );
        let seen = decode_events(&[HI, STOP, &usage, DONE]);
        assert_eq!(seen.usage.map(|u| (u.output, u.cost_microusd)), Some((4, cost)), "{sent}");
    }
}

#[test]
fn an_answer_is_complete_only_with_an_end_mark() {
    assert_eq!(decode_events(&[HI]).stop, None);
    assert_eq!(decode_events(&[HI, STOP]).stop, Some(StopReason::End));
    assert_eq!(decode_events(&[HI, DONE]).stop, Some(StopReason::End));
    assert_eq!(decode_events(&[HI, "[DONE] "]).stop, Some(StopReason::End));
    assert_eq!(decode_events(&[]).stop, None);
    let other = r#"{"choices":[{"index":1,"delta":{"content":"no"},"finish_reason":"stop"}]}"#;
    assert_eq!(
        (decode_events(&[HI, other]).text.as_str(), decode_events(&[HI, other]).stop),
        ("Hi", None)
    );
}

#[test]
fn finish_reasons() {
    for (word, stop) in [
        ("stop", StopReason::End),
        ("length", StopReason::Length),
        ("tool_calls", StopReason::Other("tool_calls".into())),
        ("function_call", StopReason::Other("function_call".into())),
        ("a_new_word", StopReason::Other("a_new_word".into())),
        (
            "content_filter",
            StopReason::Refused("the provider's filter stopped it (content_filter)".into()),
        ),
    ] {
        let end = format!(r#"{{"choices":[{{"delta":{{}},"finish_reason":"{word}"}}]}}"#);
        assert_eq!(decode_events(&[HI, &end, DONE]).stop, Some(stop));
    }
    let tool = r#"{"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"name":"f"}}]}}]}"#;
    assert_eq!(decode_events(&[tool, DONE]).stop, Some(StopReason::Other("tool_calls".into())));
}

#[test]
fn refusal_text_makes_a_refusal() {
    let part = |text: &str| {
        format!(r#"{{"choices":[{{"delta":{{"content":null,"refusal":"{text}"}}}}]}}"#)
    };
    assert_eq!(
        decode_events(&[&part("I will "), &part("not."), STOP, DONE]).stop,
        Some(StopReason::Refused("I will not.".into()))
    );
    assert_eq!(decode_events(&[&part(""), HI, STOP]).stop, Some(StopReason::End));
}

#[test]
fn text_is_read_from_every_shape() {
    for delta in [
        r#"{"content":"Hi"}"#,
        r#"{"content":[{"type":"text","text":"H"},{"type":"text","text":"i"}]}"#,
        r#"{"content":"Hi","refusal":null,"tool_calls":[],"reasoning":null,"obfuscation":"xx"}"#,
    ] {
        let event = format!(r#"{{"choices":[{{"delta":{delta}}}]}}"#);
        assert_eq!(decode_events(&[&event, STOP]).text, "Hi", "{delta}");
    }
    for nothing in [
        r#"{"choices":[{"delta":{"content":null}}]}"#,
        r#"{"choices":[{"delta":{"content":""}}]}"#,
        r#"{"choices":[{"delta":{"content":7}}]}"#,
        r#"{"choices":[{"delta":{"content":{"a":[1]}}}]}"#,
        r#"{"choices":[{"delta":null}]}"#,
        r#"{"choices":[{}]}"#,
        r#"{"choices":[]}"#,
        r#"{"choices":null}"#,
        r#"{"choices":{}}"#,
        r#"{"choices":[{"delta":"x"}]}"#,
        r#"{"usage":"none"}"#,
        r#"{"prompt_progress":{"total":1}}"#,
        r#"{"error":null}"#,
        r#"{"error":{}}"#,
        r#"{"object":7,"model":{}}"#,
        "{}",
        "[]",
        "7",
        "",
        "null",
    ] {
        let seen = decode_events(&[HI, nothing, STOP, DONE]);
        assert_eq!(
            (seen.text.as_str(), seen.stop, seen.error),
            ("Hi", Some(StopReason::End), None),
            "{nothing}"
        );
    }
}

#[test]
fn text_is_read_from_unknown_shapes() {
    let odd = r#"{"choices":[{"delta":{"content":"Hi"},"usage":"x","finish_reason":null}]}"#;
    let end = r#"{"usage":7,"choices":[{"delta":{"content":"!"},"finish_reason":"length"}]}"#;
    let seen = decode_events(&[odd, end]);
    assert_eq!((seen.text.as_str(), seen.stop), ("Hi!", Some(StopReason::Length)));
}

#[test]
fn reasoning_is_separated_and_not_repeated() {
    for delta in [
        r#"{"reasoning_content":"hm"}"#,
        r#"{"reasoning":"hm"}"#,
        r#"{"reasoning":"hm","reasoning_content":"hm"}"#,
        r#"{"reasoning":"hm","reasoning_details":[{"type":"reasoning.text","text":"hm"}]}"#,
        r#"{"reasoning_details":[{"type":"reasoning.text","text":"hm"}]}"#,
        r#"{"reasoning_details":[{"type":"reasoning.summary","summary":"hm"}]}"#,
        r#"{"content":[{"type":"thinking","thinking":[{"type":"text","text":"hm"}]}]}"#,
        r#"{"content":[{"type":"thinking","thinking":"hm"}]}"#,
        r#"{"content":"<think>hm</think>\n"}"#,
    ] {
        let event = format!(r#"{{"choices":[{{"delta":{delta}}}]}}"#);
        let seen = decode_events(&[&event, HI, STOP]);
        assert_eq!((seen.reasoning.as_str(), seen.text.as_str()), ("hm", "Hi"), "{delta}");
    }
}

#[test]
fn usage_is_read_anywhere_and_the_last_one_counts() {
    let want = Usage { input: 3, output: 4, cached: 0, reasoning: 0, cost_microusd: None };
    let counts = r#"{"prompt_tokens":3,"completion_tokens":4}"#;
    for event in [
        format!(r#"{{"choices":[{{"delta":{{}},"finish_reason":"stop"}}],"usage":{counts}}}"#),
        format!(r#"{{"choices":[{{"delta":{{}},"finish_reason":"stop","usage":{counts}}}]}}"#),
        format!(r#"{{"choices":[],"x_groq":{{"usage":{counts}}}}}"#),
        format!(r#"{{"choices":null,"usage":{counts}}}"#),
    ] {
        let early = r#"{"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":1}}"#;
        let later = r#"{"choices":[],"usage":{}}"#;
        assert_eq!(decode_events(&[early, HI, &event, later, DONE]).usage, Some(want), "{event}");
    }
    let clamped = r#"{"usage":{"prompt_tokens":-3,"completion_tokens":4.0,"prompt_tokens_details":null,"prompt_cache_hit_tokens":9}}"#;
    assert_eq!(
        decode_events(&[HI, clamped, DONE]).usage,
        Some(Usage { input: 0, output: 4, cached: 0, reasoning: 0, cost_microusd: None })
    );
}

#[test]
fn an_error_anywhere_overrides_the_finish() {
    for error in [
        r#"{"error":{"message":"boom","code":400}}"#,
        r#"{"error":"boom"}"#,
        r#"{"choices":[{"delta":{},"finish_reason":"stop"}],"error":{"message":"boom"}}"#,
        r#"{"object":"error","message":"boom"}"#,
        r#"{"choices":[{"error":{"message":"boom"},"finish_reason":"error"}]}"#,
        r#"{"usage":7,"error":{"message":"boom"}}"#,
    ] {
        let seen = decode_events(&[HI, STOP, error, DONE]);
        let (kind, message) = seen.error.unwrap();
        assert_eq!(
            (kind, seen.text.as_str(), seen.stop),
            (FailureKind::Rejected, "Hi", None),
            "{error}"
        );
        assert!(
            message.starts_with("gateway (llm.example.com): ") && message.ends_with("boom"),
            "{message}"
        );
    }
    let word = r#"{"choices":[{"delta":{},"finish_reason":"error"}]}"#;
    assert!(decode_events(&[HI, word]).error.is_some());
}

#[test]
fn errors_outside_of_events_are_read() {
    for tail in [
        "event: error\ndata: {\"error\":{\"message\":\"boom\"}}\n\n",
        "event: error\ndata: boom\n\n",
        "data: {\"error\":{\"message\":\"boom\"}}\nevent: error\n\n",
        "error: {\"message\":\"boom\"}\n\n",
        "{\n  \"error\": {\n    \"message\": \"boom\"\n  }\n}\n",
        "data: {\"error\":\"boom\"}",
    ] {
        let body = format!("data: {HI}\n\ndata: {STOP}\n\n{tail}");
        for size in [1, 5, 1000] {
            let seen = decode_body(body.as_bytes(), size);
            let (_, message) =
                seen.error.unwrap_or_else(|| panic!("no error in {tail:?} by {size}"));
            assert!(message.ends_with("boom") && seen.text == "Hi", "{message}");
        }
    }
}

#[test]
fn temporary_errors_in_the_stream_may_be_retried() {
    for (error, kind) in [
        (r#"{"error":{"message":"m","code":502}}"#, FailureKind::Busy),
        (r#"{"error":{"message":"m","code":"rate_limit_exceeded"}}"#, FailureKind::Busy),
        (
            r#"{"error":{"message":"m","type":"insufficient_quota","code":429}}"#,
            FailureKind::Rejected,
        ),
        (r#"{"error":{"message":"m","code":401}}"#, FailureKind::Auth),
    ] {
        assert_eq!(decode_events(&[error]).error.unwrap().0, kind, "{error}");
    }
}

#[test]
fn data_that_is_not_json_is_quoted_in_the_failure() {
    let (kind, message) = decode_events(&[HI, "{\"choices\":[{"]).error.unwrap();
    assert_eq!(kind, FailureKind::Garbled);
    assert!(message.ends_with("an event that is not JSON: {\"choices\":[{"), "{message}");
}

#[test]
fn line_ends_byte_order_marks_and_comments_make_no_difference() {
    let plain = format!(
        ": beat\n\ndata: {HI}\n\n: beat\n: beat\n\nevent: x\nid: 1\ndata: {STOP}\n\ndata: [DONE]\n\n"
    );
    let whole = decode_body(plain.as_bytes(), plain.len());
    assert_eq!((whole.text.as_str(), whole.stop.as_ref()), ("Hi", Some(&StopReason::End)));
    for end in ["\n", "\r", "\r\n"] {
        for mark in ["", "\u{feff}"] {
            let body = format!("{mark}{}", plain.replace('\n', end));
            for size in 1..=64 {
                assert_eq!(decode_body(body.as_bytes(), size), whole, "{end:?} {mark:?} {size}");
            }
        }
    }
}

proptest::proptest! {
    #[test]
    fn any_bytes_and_any_cut_neither_panic_nor_differ(
        bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..200),
        size in 1_usize..40,
        lead in 0_usize..3,
    ) {
        let mut body = format!("data: {HI}\n\n").into_bytes();
        body.extend_from_slice([&b""[..], b"data: ", b"data: {\"choices\":[{\"delta\":"][lead]);
        body.extend_from_slice(&bytes);
        proptest::prop_assert_eq!(decode_body(&body, size), decode_body(&body, body.len()));
    }
}
