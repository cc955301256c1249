use bytes::Bytes;
use futures_util::TryStreamExt as _;

use super::*;
use crate::domain::ProviderSpec;
use crate::provider::url::Endpoint;

/// A wire in which an event's data is the text, `.` is the finish and `!` the end mark.
struct Plain {
    finished: bool,
    over: bool,
}

impl Decode for Plain {
    fn event(&mut self, event: &SseEvent, batch: &mut Batch) -> Result<bool, Failure> {
        match event.data.as_str() {
            "." => self.finished = true,
            "!" => self.over = true,
            "bad" => return Err(Failure::new(FailKind::Garbled, "bad")),
            text => {
                batch.text(text);
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn progress(&self) -> Progress {
        match (self.over, self.finished) {
            (true, _) => Progress::Over,
            (_, true) => Progress::Finished,
            _ => Progress::Going,
        }
    }

    fn close(&mut self, batch: &mut Batch) {
        if self.progress() != Progress::Going {
            batch.stop(StopReason::End);
        }
    }
}

/// One step of a scripted body.
#[derive(Clone, Copy)]
enum Step {
    Send(&'static str),
    Wait(u64),
    Break,
    Hang,
}

fn body(steps: &'static [Step]) -> Body {
    stream::iter(steps)
        .filter_map(|step| async move {
            match step {
                Step::Send(text) => Some(Ok(Bytes::from_static(text.as_bytes()))),
                Step::Break => Some(Err(Failure::new(FailKind::Broken, "broke"))),
                Step::Hang => std::future::pending().await,
                Step::Wait(seconds) => {
                    tokio::time::sleep(Duration::from_secs(*seconds)).await;
                    None
                }
            }
        })
        .boxed()
}

/// The text, whether it is complete, and the error; with how long it all took.
async fn run(steps: &'static [Step]) -> (String, bool, Option<Failure>, u64) {
    let endpoint =
        Endpoint::of(&ProviderSpec::new("gateway", "openai", "https://llm.example.com"), "x")
            .unwrap();
    let explain = Explain::new(&endpoint, &crate::domain::KeySource::None, None);
    let timeouts = Timeouts {
        connect: Duration::from_secs(1),
        first_token: Duration::from_secs(100),
        between_tokens: Duration::from_secs(30),
        idle: Duration::from_secs(20),
    };
    let start = Instant::now();
    let driver = Plain { finished: false, over: false };
    let mut events =
        Box::pin(drive(body(steps), driver, explain, timeouts, start + timeouts.first_token));
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
        &[Step::Send("data: a\n\ndata: .\n\n")][..],
        &[Step::Send("data: a\n\ndata: .\n\n"), Step::Break],
        &[Step::Send("data: a\n\ndata: .\n\n"), Step::Hang],
        &[Step::Send("data: a\n\ndata: !\n\n"), Step::Hang],
        &[Step::Send("data: a\n\ndata: !\n\ndata: bad\n\n")],
        &[Step::Send("data: a\n\ndata: !")],
    ] {
        let (text, complete, failure, seconds) = run(steps).await;
        assert_eq!((text.as_str(), complete, failure), ("a", true, None));
        assert!(seconds <= EXTRAS.as_secs());
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_breaks_keeps_its_text() {
    let (text, complete, failure, _) = run(&[Step::Send("data: a\n\n"), Step::Break]).await;
    let failure = failure.unwrap();
    assert_eq!(
        (text.as_str(), complete, failure.kind, failure.retryable),
        ("a", false, FailKind::Broken, false)
    );
    let (_, _, failure, _) = run(&[Step::Break]).await;
    assert!(failure.unwrap().retryable, "nothing was shown yet");
    let (text, complete, failure, _) = run(&[Step::Send("data: a\n\ndata: ba")]).await;
    assert_eq!((text.as_str(), complete, failure), ("aba", false, None));
    let (text, complete, failure, _) = run(&[Step::Send("data: a\n\ndata: bad")]).await;
    assert_eq!(
        (text.as_str(), complete, failure),
        ("a", false, None),
        "cut in the middle of an event"
    );
    let (text, _, failure, _) =
        run(&[Step::Send("data: a\n\ndata: .\n\ndata: bad\n\ndata: b\n\n")]).await;
    assert_eq!((text.as_str(), failure.unwrap().kind), ("a", FailKind::Garbled));
}

#[tokio::test(start_paused = true)]
async fn every_clock_ends_the_wait_at_its_limit() {
    let (_, _, failure, seconds) = run(&[Step::Hang]).await;
    let failure = failure.unwrap();
    assert_eq!((failure.kind, failure.retryable, seconds), (FailKind::Timeout, true, 100));
    let (_, _, failure, seconds) =
        run(&[Step::Wait(99), Step::Send(": beat\n\n"), Step::Hang]).await;
    assert_eq!(
        (failure.unwrap().kind, seconds),
        (FailKind::Timeout, 100),
        "heartbeats are no token"
    );
    let (text, _, failure, seconds) =
        run(&[Step::Wait(99), Step::Send("data: a\n\n"), Step::Hang]).await;
    let failure = failure.unwrap();
    assert_eq!(
        (text.as_str(), failure.kind, failure.retryable, seconds),
        ("a", FailKind::Broken, false, 119)
    );
    assert!(failure.message.ends_with("nothing came for 20 s"), "{}", failure.message);
    let beats = &[
        Step::Send("data: a\n\n"),
        Step::Wait(15),
        Step::Send(": beat\n\n"),
        Step::Wait(14),
        Step::Send(": beat\n\n"),
        Step::Hang,
    ];
    let (_, _, failure, seconds) = run(beats).await;
    assert_eq!(seconds, 30, "heartbeats keep the line, not the answer");
    assert!(failure.unwrap().message.contains("no token for 30 s"));
}

#[tokio::test(start_paused = true)]
async fn a_flood_ends_and_what_came_before_it_stays() {
    let steps: &'static [Step] = Box::leak(Box::new([
        Step::Send("data: a\n\n"),
        Step::Send(Box::leak(": ".repeat(600 * 1024).into_boxed_str())),
        Step::Hang,
    ]));
    let (text, _, failure, seconds) = run(steps).await;
    let failure = failure.unwrap();
    assert_eq!((text.as_str(), failure.kind, seconds), ("a", FailKind::Garbled, 0));
    assert!(failure.message.contains("1 MiB of comments"), "{}", failure.message);
}

#[test]
fn events_of_one_chunk_are_one_text() {
    let mut batch = Batch::default();
    for word in ["a", "", "b", "c"] {
        batch.text(word);
    }
    batch.reasoning("r");
    batch.usage(Usage::default());
    batch.usage(Usage { input: 1, ..Usage::default() });
    assert_eq!(
        batch.into_events().collect::<Vec<_>>(),
        [
            StreamEvent::Text("abc".into()),
            StreamEvent::Reasoning("r".into()),
            StreamEvent::Usage(Usage { input: 1, ..Usage::default() })
        ]
    );
}
