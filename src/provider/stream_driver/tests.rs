use bytes::Bytes;
use futures_util::TryStreamExt as _;

use super::*;
use crate::domain::ProviderSpec;
use crate::provider::url::Endpoint;

/// A wire format in which the data of an event is the text, `.` is the finish and `!` the end mark.
struct PlainWire {
    is_finished: bool,
    has_ended: bool,
}

impl WireDecoder for PlainWire {
    fn decode_event(&mut self, event: &SseEvent, batch: &mut EventBatch) -> Result<bool, Failure> {
        match event.data.as_str() {
            "." => self.is_finished = true,
            "!" => self.has_ended = true,
            "bad" => return Err(Failure::new(FailureKind::Garbled, "bad")),
            text => {
                batch.push_text(text);
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn progress(&self) -> StreamProgress {
        match (self.has_ended, self.is_finished) {
            (true, _) => StreamProgress::Ended,
            (_, true) => StreamProgress::Finished,
            _ => StreamProgress::Streaming,
        }
    }

    fn finish(&mut self, batch: &mut EventBatch) {
        if self.progress() != StreamProgress::Streaming {
            batch.push_stop(StopReason::End);
        }
    }
}

/// One step of a scripted body.
#[derive(Clone, Copy)]
enum ScriptStep {
    Send(&'static str),
    Wait(u64),
    Break,
    Hang,
}

fn script_body(steps: &'static [ScriptStep]) -> ResponseStream {
    stream::iter(steps)
        .filter_map(|step| async move {
            match step {
                ScriptStep::Send(text) => Some(Ok(Bytes::from_static(text.as_bytes()))),
                ScriptStep::Break => Some(Err(Failure::new(FailureKind::Broken, "broke"))),
                ScriptStep::Hang => std::future::pending().await,
                ScriptStep::Wait(seconds) => {
                    tokio::time::sleep(Duration::from_secs(*seconds)).await;
                    None
                }
            }
        })
        .boxed()
}

/// The text, whether it is complete, and the error; with how long it all took.
async fn run_script(steps: &'static [ScriptStep]) -> (String, bool, Option<Failure>, u64) {
    let endpoint =
        Endpoint::new(&ProviderSpec::new("gateway", "openai", "https://llm.example.com")).unwrap();
    let explainer = FailureExplainer::new(&endpoint, &crate::domain::KeySource::None, None);
    let timeouts = Timeouts {
        connect: Duration::from_secs(1),
        first_token: Duration::from_secs(100),
        between_tokens: Duration::from_secs(30),
        idle: Duration::from_secs(20),
    };
    let start = Instant::now();
    let decoder = PlainWire { is_finished: false, has_ended: false };
    let mut events = Box::pin(drive_stream(
        script_body(steps),
        decoder,
        explainer,
        timeouts,
        start + timeouts.first_token,
    ));
    let (mut text, mut complete) = (String::new(), false);
    let failure = loop {
        match events.try_next().await {
            Ok(Some(StreamEvent::Text(more))) => text.push_str(&more),
            Ok(Some(StreamEvent::Stop(_))) => complete = true,
            Ok(Some(other)) => panic!("{other:?}"),
            Ok(None) => break None,
            Err(failure) => {
                assert!(events.try_next().await.unwrap().is_none(), "nothing follows an error");
                break Some(failure);
            }
        }
    };
    (text, complete, failure, start.elapsed().as_secs())
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_complete_stays_complete() {
    for steps in [
        &[ScriptStep::Send("data: a\n\ndata: .\n\n")][..],
        &[ScriptStep::Send("data: a\n\ndata: .\n\n"), ScriptStep::Break],
        &[ScriptStep::Send("data: a\n\ndata: .\n\n"), ScriptStep::Hang],
        &[ScriptStep::Send("data: a\n\ndata: !\n\n"), ScriptStep::Hang],
        &[ScriptStep::Send("data: a\n\ndata: !\n\ndata: bad\n\n")],
        &[ScriptStep::Send("data: a\n\ndata: !")],
    ] {
        let (text, complete, failure, seconds) = run_script(steps).await;
        assert_eq!((text.as_str(), complete, failure), ("a", true, None));
        assert!(seconds <= TRAILER_TIMEOUT.as_secs());
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_breaks_keeps_its_text() {
    let (text, complete, failure, _) =
        run_script(&[ScriptStep::Send("data: a\n\n"), ScriptStep::Break]).await;
    let failure = failure.unwrap();
    assert_eq!(
        (text.as_str(), complete, failure.kind, failure.retryable),
        ("a", false, FailureKind::Broken, false)
    );
    let (_, _, failure, _) = run_script(&[ScriptStep::Break]).await;
    assert!(failure.unwrap().retryable, "nothing was shown yet");
    let (text, complete, failure, _) = run_script(&[ScriptStep::Send("data: a\n\ndata: ba")]).await;
    assert_eq!((text.as_str(), complete, failure), ("aba", false, None));
    let (text, complete, failure, _) =
        run_script(&[ScriptStep::Send("data: a\n\ndata: bad")]).await;
    assert_eq!(
        (text.as_str(), complete, failure),
        ("a", false, None),
        "cut in the middle of an event"
    );
    let (text, _, failure, _) =
        run_script(&[ScriptStep::Send("data: a\n\ndata: .\n\ndata: bad\n\ndata: b\n\n")]).await;
    assert_eq!((text.as_str(), failure.unwrap().kind), ("a", FailureKind::Garbled));
}

#[tokio::test(start_paused = true)]
async fn every_clock_ends_the_wait_at_its_limit() {
    let (_, _, failure, seconds) = run_script(&[ScriptStep::Hang]).await;
    let failure = failure.unwrap();
    assert_eq!((failure.kind, failure.retryable, seconds), (FailureKind::Timeout, true, 100));
    let (_, _, failure, seconds) =
        run_script(&[ScriptStep::Wait(99), ScriptStep::Send(": beat\n\n"), ScriptStep::Hang]).await;
    assert_eq!(
        (failure.unwrap().kind, seconds),
        (FailureKind::Timeout, 100),
        "heartbeats are no token"
    );
    let (text, _, failure, seconds) =
        run_script(&[ScriptStep::Wait(99), ScriptStep::Send("data: a\n\n"), ScriptStep::Hang])
            .await;
    let failure = failure.unwrap();
    assert_eq!(
        (text.as_str(), failure.kind, failure.retryable, seconds),
        ("a", FailureKind::Broken, false, 119)
    );
    assert!(failure.message.ends_with("nothing came for 20 s"), "{}", failure.message);
    let beats = &[
        ScriptStep::Send("data: a\n\n"),
        ScriptStep::Wait(15),
        ScriptStep::Send(": beat\n\n"),
        ScriptStep::Wait(14),
        ScriptStep::Send(": beat\n\n"),
        ScriptStep::Hang,
    ];
    let (_, _, failure, seconds) = run_script(beats).await;
    assert_eq!(seconds, 30, "heartbeats keep the line, not the answer");
    assert!(failure.unwrap().message.contains("no token for 30 s"));
}

#[tokio::test(start_paused = true)]
async fn a_flood_ends_and_what_came_before_it_stays() {
    let steps: &'static [ScriptStep] = Box::leak(Box::new([
        ScriptStep::Send("data: a\n\n"),
        ScriptStep::Send(Box::leak(": ".repeat(600 * 1024).into_boxed_str())),
        ScriptStep::Hang,
    ]));
    let (text, _, failure, seconds) = run_script(steps).await;
    let failure = failure.unwrap();
    assert_eq!((text.as_str(), failure.kind, seconds), ("a", FailureKind::Garbled, 0));
    assert!(failure.message.contains("1 MiB of comments"), "{}", failure.message);
}

#[test]
fn events_of_one_chunk_are_one_text() {
    let mut batch = EventBatch::default();
    for word in ["a", "", "b", "c"] {
        batch.push_text(word);
    }
    batch.push_reasoning("r");
    batch.push_usage(Usage::default());
    batch.push_usage(Usage { input: 1, ..Usage::default() });
    assert_eq!(
        batch.into_events().collect::<Vec<_>>(),
        [
            StreamEvent::Text("abc".into()),
            StreamEvent::Reasoning("r".into()),
            StreamEvent::Usage(Usage { input: 1, ..Usage::default() })
        ]
    );
}
