//! Tests of the fan-out: independent runs, retries, cancelling, and exactly one ending for each run.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::{FutureExt as _, StreamExt as _, stream};
use plenary::domain::{
    ChatMessage, ChatRequest, Ending, Failure, FailureKind, ProviderSpec, RunId, RunUpdate,
    StopReason, StreamEvent,
};
use plenary::provider::{self, EventStream, Provider};
use plenary::runtime::fanout::{Fanout, RunTask};
use plenary::runtime::run_mailbox::RunMailbox;

use crate::common::server::{ANSWER, Reply, Server, delta, ending};

fn request(model: &str) -> ChatRequest {
    ChatRequest {
        model: model.into(),
        system: "".into(),
        messages: vec![ChatMessage::user("Which?")],
        temperature: None,
        top_p: None,
        max_tokens: None,
        scaffold: None,
    }
}

/// A fan-out under test, and the updates of its runs.
struct Bench {
    fanout: Fanout,
    inbox: RunMailbox,
    seen: HashMap<RunId, Vec<RunUpdate>>,
    next: u128,
}

impl Bench {
    fn new() -> Self {
        let inbox = RunMailbox::new();
        Self { fanout: Fanout::new(inbox.clone()), inbox, seen: HashMap::new(), next: 0 }
    }

    fn start(&mut self, provider: &Arc<dyn Provider>, model: &str) -> RunId {
        self.next += 1;
        let run = RunId::from_number(self.next);
        self.fanout.start_run(RunTask {
            run,
            provider: Arc::clone(provider),
            request: request(model),
        });
        run
    }

    fn take(&mut self) {
        for (run, updates) in self.inbox.drain() {
            let seen = self.seen.entry(run).or_default();
            for update in updates {
                assert!(
                    !matches!(seen.last(), Some(RunUpdate::Ended(_))),
                    "{update:?} after the ending"
                );
                seen.push(update);
            }
        }
    }

    async fn until(&mut self, holds: impl Fn(&Self) -> bool) {
        loop {
            self.take();
            if holds(self) {
                return;
            }
            self.inbox.ready().await;
        }
    }

    async fn until_ended(&mut self, runs: &[RunId]) {
        self.until(|bench| runs.iter().all(|run| bench.ending(*run).is_some())).await;
    }

    fn of(&self, run: RunId) -> &[RunUpdate] {
        self.seen.get(&run).map_or(&[], Vec::as_slice)
    }

    fn ending(&self, run: RunId) -> Option<&Ending> {
        match self.of(run).last() {
            Some(RunUpdate::Ended(ending)) => Some(ending),
            _ => None,
        }
    }

    fn text(&self, run: RunId) -> String {
        let texts = self.of(run).iter().filter_map(|update| match update {
            RunUpdate::Text(text) => Some(text.as_str()),
            _ => None,
        });
        texts.collect()
    }

    fn count(&self, run: RunId, of: impl Fn(&RunUpdate) -> bool) -> usize {
        self.of(run).iter().filter(|update| of(update)).count()
    }
}

fn gateway(server: &Server) -> Arc<dyn Provider> {
    provider::open_provider(ProviderSpec::new("gateway", "openai", &server.base_url())).unwrap()
}

/// A provider whose answer to the n-th request (0-based) comes from a function.
struct Scripted<F> {
    spec: ProviderSpec,
    asked: AtomicUsize,
    answer: F,
}

impl<F: Fn(usize) -> EventStream + Send + Sync> Provider for Scripted<F> {
    fn spec(&self) -> &ProviderSpec {
        &self.spec
    }

    fn stream(&self, _: ChatRequest) -> EventStream {
        (self.answer)(self.asked.fetch_add(1, Ordering::SeqCst))
    }

    fn models(&self) -> BoxFuture<'static, Result<Vec<String>, Failure>> {
        async { Ok(Vec::new()) }.boxed()
    }
}

fn scripted(answer: impl Fn(usize) -> EventStream + Send + Sync + 'static) -> Arc<dyn Provider> {
    let spec = ProviderSpec::new("scripted", "test", "http://localhost");
    Arc::new(Scripted { spec, asked: AtomicUsize::new(0), answer })
}

fn events(events: Vec<Result<StreamEvent, Failure>>) -> EventStream {
    stream::iter(events).boxed()
}

#[allow(clippy::unnecessary_wraps)] // the items of a stream are results
fn text(text: &str) -> Result<StreamEvent, Failure> {
    Ok(StreamEvent::Text(text.into()))
}

#[allow(clippy::unnecessary_wraps)] // the items of a stream are results
fn stop(reason: StopReason) -> Result<StreamEvent, Failure> {
    Ok(StreamEvent::Stop(reason))
}

fn busy(retry_after: Option<u64>) -> Result<StreamEvent, Failure> {
    let mut failure = Failure::new(FailureKind::Busy, "429 from scripted");
    failure.retry_after = retry_after.map(Duration::from_secs);
    Err(failure)
}

#[tokio::test]
async fn five_runs_answer_independently() {
    let server = Server::start();
    server.script("slow", [Reply::text(ANSWER).rate(500.0)]);
    server.script("bad", [Reply::status(401)]);
    server.script("cut", [Reply::text(ANSWER).rate(500.0).cut(900)]);
    server.script("empty", [Reply::events(ending("stop"))]);
    let (provider, mut bench) = (gateway(&server), Bench::new());
    let runs = ["fast", "slow", "bad", "cut", "empty"].map(|model| bench.start(&provider, model));
    assert_eq!(bench.fanout.count_live(), 5);
    bench.until_ended(&runs).await;
    let words = runs.map(|run| bench.ending(run).unwrap().as_str());
    assert_eq!(words, ["done", "done", "failed", "cut", "failed"]);
    assert_eq!((bench.text(runs[0]).as_str(), bench.text(runs[1]).as_str()), (ANSWER, ANSWER));
    let cut = bench.text(runs[3]);
    assert!(!cut.is_empty() && cut.len() < ANSWER.len() && ANSWER.starts_with(&cut));
    assert!(bench.ending(runs[2]).unwrap().reason().unwrap().starts_with("401 from gateway"));
    assert!(bench.ending(runs[4]).unwrap().reason().unwrap().contains("an empty answer"));
    for model in ["fast", "slow", "bad", "cut", "empty"] {
        assert_eq!(server.requests_of(model).len(), 1, "{model} is not tried again");
    }
    assert_eq!(bench.fanout.count_live(), 0);
}

#[tokio::test]
async fn updates_are_in_order() {
    let server = Server::start();
    let (provider, mut bench) = (gateway(&server), Bench::new());
    let run = bench.start(&provider, "m");
    bench.until_ended(&[run]).await;
    let kinds: Vec<&str> = bench
        .of(run)
        .iter()
        .map(|update| match update {
            RunUpdate::Connecting { attempt: 1 } => "connecting",
            RunUpdate::Open { .. } => "open",
            RunUpdate::Text(_) => "text",
            RunUpdate::Usage(_) => "usage",
            RunUpdate::Ended(Ending::Done) => "done",
            other => panic!("{other:?}"),
        })
        .collect();
    let mut once = kinds.clone();
    once.dedup();
    assert_eq!(once, ["connecting", "open", "text", "usage", "done"]);
}

#[tokio::test]
async fn runs_beyond_the_limit_wait() {
    let server = Server::start();
    server.script("m", [Reply::text(ANSWER).stall(600)]);
    let mut spec = ProviderSpec::new("gateway", "openai", &server.base_url());
    spec.concurrency = 2;
    let (provider, mut bench) = (provider::open_provider(spec).unwrap(), Bench::new());
    let runs = [(); 5].map(|()| bench.start(&provider, "m"));
    bench.until(|bench| runs.iter().filter(|run| !bench.text(**run).is_empty()).count() == 2).await;
    bench
        .until(|bench| {
            runs.iter().filter(|run| bench.of(**run) == [RunUpdate::Queued]).count() == 3
        })
        .await;
    assert_eq!(server.requests().len(), 2);
    // A released slot is taken by the next run in the queue, however the previous one ended.
    for (ended, run) in runs.iter().enumerate().take(3) {
        bench.fanout.cancel_run(*run);
        server.wait_until(|requests| requests.len() == 3 + ended).await;
    }
    bench.fanout.cancel_all();
    bench.until_ended(&runs).await;
    assert!(runs.iter().all(|run| bench.ending(*run) == Some(&Ending::Cancelled)));
    assert_eq!(server.requests().len(), 5);
}

#[tokio::test]
async fn a_busy_server_is_retried_until_it_answers() {
    let server = Server::start();
    let again = |status| Reply::status(status).header("retry-after-ms", "5");
    server.script("m", [again(429), again(503), Reply::text(ANSWER)]);
    let (provider, mut bench) = (gateway(&server), Bench::new());
    let run = bench.start(&provider, "m");
    bench.until_ended(&[run]).await;
    assert_eq!(bench.ending(run), Some(&Ending::Done));
    assert_eq!((server.requests().len(), bench.text(run).as_str()), (3, ANSWER));
    let retries = bench.of(run).iter().filter_map(|update| match update {
        RunUpdate::Retry { attempt, of, wait, reason } => {
            Some((*attempt, *of, *wait, reason.get(..3).unwrap()))
        }
        _ => None,
    });
    let wait = Duration::from_millis(5);
    assert!(server.requests().windows(2).all(|pair| pair[1].at >= pair[0].at + wait));
    let retries: Vec<_> = retries.collect();
    // Jitter is added, so that runs do not retry at the same time.
    let spread = wait..=wait + Duration::from_millis(250);
    assert!(retries.iter().all(|(_, _, wait, _)| spread.contains(wait)), "{retries:?}");
    let reported: Vec<_> =
        retries.iter().map(|(attempt, of, _, why)| (*attempt, *of, *why)).collect();
    assert_eq!(reported, [(2, 4, "429"), (3, 4, "503")]);
    assert_eq!(bench.count(run, |update| matches!(update, RunUpdate::Connecting { .. })), 3);
}

#[tokio::test(start_paused = true)]
async fn attempts_are_limited_and_delays_are_jittered() {
    let (provider, mut bench) = (scripted(|_| events(vec![busy(None)])), Bench::new());
    let run = bench.start(&provider, "m");
    bench.until_ended(&[run]).await;
    assert_eq!(
        bench.ending(run),
        Some(&Ending::Failed("429 from scripted (tried 4 times)".into()))
    );
    let waits: Vec<Duration> = bench
        .of(run)
        .iter()
        .filter_map(
            |update| if let RunUpdate::Retry { wait, .. } = update { Some(*wait) } else { None },
        )
        .collect();
    assert_eq!(waits.len(), 3);
    for (wait, bound) in waits.iter().zip([500, 1000, 2000]) {
        assert!(*wait <= Duration::from_millis(bound));
    }
}

#[tokio::test(start_paused = true)]
async fn requested_delays_are_obeyed() {
    let answer = |n| {
        events(if n == 0 {
            vec![busy(Some(42))]
        } else {
            vec![text("late"), stop(StopReason::End)]
        })
    };
    let (provider, mut bench) = (scripted(answer), Bench::new());
    let start = tokio::time::Instant::now();
    let run = bench.start(&provider, "m");
    bench.until_ended(&[run]).await;
    assert_eq!((bench.ending(run), start.elapsed().as_secs()), (Some(&Ending::Done), 42));
    let (provider, start) =
        (scripted(|_| events(vec![busy(Some(3600))])), tokio::time::Instant::now());
    let run = bench.start(&provider, "m");
    bench.until_ended(&[run]).await;
    let reason = bench.ending(run).unwrap().reason().unwrap();
    assert!(reason.starts_with("429 from scripted; it asks to wait until "), "{reason}");
    assert_eq!(start.elapsed().as_secs(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_waiting_run_releases_its_slot() {
    let answer = |n: usize| {
        events(if n == 0 { vec![busy(Some(30))] } else { vec![text("x"), stop(StopReason::End)] })
    };
    let mut spec = ProviderSpec::new("scripted", "test", "http://localhost");
    spec.concurrency = 1;
    let provider: Arc<dyn Provider> =
        Arc::new(Scripted { spec, asked: AtomicUsize::new(0), answer });
    let mut bench = Bench::new();
    let start = tokio::time::Instant::now();
    let first = bench.start(&provider, "m");
    let second = bench.start(&provider, "m");
    bench.until_ended(&[second]).await;
    assert_eq!(start.elapsed().as_secs(), 0);
    bench.until_ended(&[first]).await;
    assert_eq!(start.elapsed().as_secs(), 30);
    assert_eq!(bench.ending(first), Some(&Ending::Done));
}

#[tokio::test]
async fn every_ending_is_reported() {
    let reasoning = || Ok(StreamEvent::Reasoning("hm".into()));
    let broken = || Err(Failure::new(FailureKind::Broken, "it broke"));
    let cut = |why: &str| Ending::Cut(why.into());
    let failed = |why: &str| Ending::Failed(why.into());
    for (script, ending) in [
        (vec![text("x"), stop(StopReason::End)], Ending::Done),
        (vec![text("x")], cut("the stream ended without its end mark")),
        (vec![text("x"), broken()], cut("it broke")),
        (vec![text("x"), busy(None)], cut("429 from scripted")),
        (
            vec![text("x"), stop(StopReason::Length)],
            cut("length limit reached: the model's, or max_tokens"),
        ),
        (
            vec![text("x"), stop(StopReason::Other("tool_calls".into()))],
            cut("the model stopped with \"tool_calls\""),
        ),
        (vec![text("x"), stop(StopReason::Refused("no".into()))], Ending::Refused("no".into())),
        (vec![stop(StopReason::Refused("no".into()))], Ending::Refused("no".into())),
        (
            vec![stop(StopReason::End)],
            failed("scripted sent an empty answer; ask again, or another model"),
        ),
        (
            vec![reasoning(), stop(StopReason::End)],
            failed("scripted sent reasoning but no answer; ask again, or another model"),
        ),
        (vec![reasoning(), broken()], failed("it broke; only reasoning was received, no answer")),
        (
            vec![reasoning()],
            failed("the stream ended without its end mark; only reasoning was received, no answer"),
        ),
        (
            vec![reasoning(), stop(StopReason::Length)],
            failed(
                "scripted reached the length limit before any answer; raise max_tokens or send less context",
            ),
        ),
        (
            vec![stop(StopReason::Other("tool_calls".into()))],
            failed("scripted sent no answer: the model stopped with \"tool_calls\""),
        ),
        (vec![broken()], failed("it broke")),
    ] {
        let (provider, mut bench) = (scripted(move |_| events(script.clone())), Bench::new());
        let run = bench.start(&provider, "m");
        bench.until_ended(&[run]).await;
        assert_eq!(bench.ending(run), Some(&ending));
        assert_eq!(
            bench.count(run, |update| matches!(update, RunUpdate::Retry { .. })),
            0,
            "{ending}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn an_empty_stream_is_retried() {
    let answer = |n| {
        events(if n == 0 {
            vec![Ok(StreamEvent::Open(None))]
        } else {
            vec![text("x"), stop(StopReason::End)]
        })
    };
    let (provider, mut bench) = (scripted(answer), Bench::new());
    let run = bench.start(&provider, "m");
    bench.until_ended(&[run]).await;
    assert_eq!((bench.ending(run), bench.text(run).as_str()), (Some(&Ending::Done), "x"));
}

#[tokio::test]
async fn an_endless_answer_is_cut_at_its_limit() {
    let flood = |_| stream::repeat_with(|| text(&"é".repeat(50_000))).boxed();
    let (provider, mut bench) = (scripted(flood), Bench::new());
    let run = bench.start(&provider, "m");
    bench.until_ended(&[run]).await;
    assert_eq!(bench.ending(run), Some(&Ending::Cut("the answer passed 8 MiB".into())));
    assert_eq!(bench.text(run).len(), 8 * 1024 * 1024);
}

#[tokio::test]
async fn a_panic_fails_only_its_run() {
    std::panic::set_hook(Box::new(|_| {}));
    let server = Server::start();
    server.script("m", [Reply::text(ANSWER).rate(500.0)]);
    let (good, mut bench) = (gateway(&server), Bench::new());
    let at_once: Arc<dyn Provider> = scripted(|_| panic!("at once"));
    let later: Arc<dyn Provider> = scripted(|_| {
        stream::iter([0, 1])
            .map(|n| if n == 0 { text("some") } else { panic!("mid {n}\u{7}") })
            .boxed()
    });
    let runs = [
        bench.start(&good, "m"),
        bench.start(&at_once, "m"),
        bench.start(&later, "m"),
        bench.start(&good, "m"),
    ];
    bench.until_ended(&runs).await;
    drop(std::panic::take_hook());
    assert_eq!(bench.ending(runs[1]), Some(&Ending::Failed("internal error: at once".into())));
    let reason = bench.ending(runs[2]).unwrap().reason().unwrap();
    assert!(reason.starts_with("internal error: mid 1"), "{reason}");
    assert_eq!(bench.text(runs[2]), "some");
    for run in [runs[0], runs[3]] {
        assert_eq!((bench.ending(run), bench.text(run).as_str()), (Some(&Ending::Done), ANSWER));
    }
}

#[tokio::test]
async fn a_panic_releases_its_slot() {
    std::panic::set_hook(Box::new(|_| {}));
    let answer = |n: usize| {
        if n == 0 { panic!("first") } else { events(vec![text("x"), stop(StopReason::End)]) }
    };
    let mut spec = ProviderSpec::new("scripted", "test", "http://localhost");
    spec.concurrency = 1;
    let provider: Arc<dyn Provider> =
        Arc::new(Scripted { spec, asked: AtomicUsize::new(0), answer });
    let mut bench = Bench::new();
    let runs = [bench.start(&provider, "m"), bench.start(&provider, "m")];
    bench.until_ended(&runs).await;
    drop(std::panic::take_hook());
    assert_eq!(bench.ending(runs[1]), Some(&Ending::Done));
}

#[tokio::test]
async fn cancelling_closes_the_connection_and_keeps_the_text() {
    let server = Server::start();
    server.script(
        "slow",
        [Reply::events([delta(&serde_json::json!({"content": "some"}))]).stall(10_000)],
    );
    server.script("hang", [Reply::hang()]);
    server.script("m", [Reply::text(ANSWER).rate(300.0)]);
    let (provider, mut bench) = (gateway(&server), Bench::new());
    let [slow, hang, other] = ["slow", "hang", "m"].map(|model| bench.start(&provider, model));
    bench.until(|bench| bench.text(slow) == "some").await;
    server.wait_until(|requests| requests.len() == 3).await;
    bench.fanout.cancel_run(slow);
    bench.fanout.cancel_run(slow);
    bench.fanout.cancel_run(hang);
    bench.fanout.cancel_run(RunId::from_number(99));
    bench.take();
    assert_eq!(bench.ending(slow), Some(&Ending::Cancelled), "said at once");
    server
        .wait_until(|requests| {
            requests.iter().filter(|request| request.closed.is_some()).count() == 2
        })
        .await;
    bench.until_ended(&[slow, hang, other]).await;
    assert_eq!((bench.ending(other), bench.text(other).as_str()), (Some(&Ending::Done), ANSWER));
    assert_eq!(bench.text(slow), "some");
    bench.fanout.cancel_all();
    bench.fanout.cancel_run(other);
    tokio::task::yield_now().await;
    assert!(bench.inbox.drain().is_empty(), "what has ended is not cancelled");
}

#[tokio::test]
async fn restarting_a_run_cancels_it_and_dropping_ends_all() {
    let server = Server::start();
    server.script("m", [Reply::hang()]);
    let (provider, inbox) = (gateway(&server), RunMailbox::new());
    let mut fanout = Fanout::new(inbox.clone());
    let run = RunId::from_number(1);
    for asked in 1..=2 {
        fanout.start_run(RunTask { run, provider: Arc::clone(&provider), request: request("m") });
        server.wait_until(|requests| requests.len() == asked).await;
    }
    server.wait_until(|requests| requests[0].closed.is_some()).await;
    let ended = RunUpdate::Ended(Ending::Cancelled);
    let connecting = RunUpdate::Connecting { attempt: 1 };
    assert_eq!(inbox.drain(), vec![(run, vec![connecting.clone(), ended, connecting])]);
    assert_eq!(fanout.count_live(), 1);
    drop(fanout);
    server.wait_until(|requests| requests.iter().all(|request| request.closed.is_some())).await;
}
