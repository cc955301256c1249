//! Measures how fast a model answers on this machine, with one run and with several at once.
//!
//! Goes through the provider like any question, so that the figures are those of the panes.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::StreamExt as _;
use futures_util::future::join_all;

use crate::domain::{ChatMessage, ChatRequest, Failure, StreamEvent, Usage};
use crate::provider::Provider;

/// The load of one measurement.
#[derive(Debug, Clone, Copy)]
pub struct BenchLoad {
    /// About how many tokens the prompt has.
    pub prompt: usize,
    /// The most tokens of each answer.
    pub answer: u32,
    /// How many are asked at once.
    pub runs: usize,
}

/// What was measured.
#[derive(Debug, Clone, Copy)]
pub struct BenchMeasurement {
    /// Tokens of all prompts that were read, without cached ones.
    pub read: u64,
    /// From the question until every run had its first text.
    pub reading: WallAndCpu,
    /// Tokens of all answers.
    pub written: u64,
    /// From the first text of the last run until the last end.
    pub writing: WallAndCpu,
}

/// Wall-clock and CPU time of one stretch.
#[derive(Debug, Clone, Copy, Default)]
pub struct WallAndCpu {
    /// Wall-clock time.
    pub wall: Duration,
    /// CPU time of all cores.
    pub cpu: Duration,
}

impl WallAndCpu {
    /// Tokens per second of wall-clock time.
    pub fn rate(self, tokens: u64) -> f64 {
        per_second(tokens, self.wall)
    }

    /// Tokens per second of CPU time.
    pub fn rate_of_a_core(self, tokens: u64) -> f64 {
        per_second(tokens, self.cpu)
    }
}

#[allow(clippy::cast_precision_loss, reason = "a rate needs no fifty bits")]
fn per_second(tokens: u64, time: Duration) -> f64 {
    if time.is_zero() { 0.0 } else { tokens as f64 / time.as_secs_f64() }
}

/// Loads the model and generates one token. Returns how long that took.
pub async fn warm_up(provider: &Arc<dyn Provider>, model: &str) -> Result<Duration, Failure> {
    let began = Instant::now();
    time_run(provider, bench_request(model, 0, BenchLoad { prompt: 1, answer: 1, runs: 1 }))
        .await?;
    Ok(began.elapsed())
}

/// Measures `load`.
///
/// # Errors
/// The first failure of a run.
pub async fn measure_load(
    provider: &Arc<dyn Provider>,
    model: &str,
    load: BenchLoad,
) -> Result<BenchMeasurement, Failure> {
    let (began, cpu) = (Instant::now(), cpu_time());
    let runs = (0..load.runs).map(|run| time_run(provider, bench_request(model, run, load)));
    let answers = join_all(runs).await.into_iter().collect::<Result<Vec<_>, _>>()?;
    let (wall, all) = (began.elapsed(), cpu_time().saturating_sub(cpu));
    let first = answers.iter().map(|a| a.first).max().unwrap_or((began, cpu));
    let reading =
        WallAndCpu { wall: first.0.duration_since(began), cpu: first.1.saturating_sub(cpu) };
    let sum = |of: fn(&Usage) -> u64| answers.iter().map(|a| of(&a.usage)).sum();
    // Tokens written before the last run had its first text belong to the reading phase.
    let before: u64 = answers.iter().map(|a| a.texts_before(first.0)).sum();
    let written: u64 = sum(|usage| usage.output);
    Ok(BenchMeasurement {
        read: sum(|usage| usage.input.saturating_sub(usage.cached)),
        reading,
        written: written.saturating_sub(before),
        writing: WallAndCpu {
            wall: wall.saturating_sub(reading.wall),
            cpu: all.saturating_sub(reading.cpu),
        },
    })
}

struct BenchRun {
    /// When the first text arrived, and the CPU time then.
    first: (Instant, Duration),
    /// When each text arrived.
    text_at: Vec<Instant>,
    usage: Usage,
}

impl BenchRun {
    fn texts_before(&self, when: Instant) -> u64 {
        self.text_at.iter().filter(|at| **at <= when).count() as u64
    }
}

async fn time_run(provider: &Arc<dyn Provider>, request: ChatRequest) -> Result<BenchRun, Failure> {
    let mut events = provider.stream(request);
    let (mut first, mut text_at, mut usage) = (None, Vec::new(), Usage::default());
    while let Some(event) = events.next().await {
        match event? {
            StreamEvent::Text(_) => {
                let now = Instant::now();
                first.get_or_insert_with(|| (now, cpu_time()));
                text_at.push(now);
            }
            StreamEvent::Usage(counted) => usage = counted,
            _ => {}
        }
    }
    Ok(BenchRun { first: first.unwrap_or_else(|| (Instant::now(), cpu_time())), text_at, usage })
}

/// A prompt that no cache holds: it begins with a random number.
fn bench_request(model: &str, run: usize, load: BenchLoad) -> ChatRequest {
    const WORDS: [&str; 8] = ["queue", "region", "replica", "disk", "the", "of", "primary", "shop"];
    let stamp = fastrand::u32(100_000..999_999);
    let filler: Vec<&str> = WORDS.iter().copied().cycle().take(load.prompt).collect();
    // In the question, not in the system prompt, of which a useless snapshot would be kept.
    let question =
        format!("{run} {stamp} {}. Explain how you would run a database.", filler.join(" "));
    ChatRequest {
        model: model.to_owned(),
        system: Arc::from(""),
        messages: vec![ChatMessage::user(question)],
        temperature: None,
        top_p: None,
        max_tokens: Some(load.answer),
        scaffold: None,
    }
}

/// CPU time of this process on all cores.
fn cpu_time() -> Duration {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    let seconds = u64::try_from(now.tv_sec).unwrap_or_default();
    Duration::new(seconds, u32::try_from(now.tv_nsec).unwrap_or_default())
}
