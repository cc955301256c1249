//! `plenary model bench`: how fast a local model reads prompts and writes answers.
//!
//! Measures one run alone, then four at once, as a panel would. Other load on the computer changes the figures.

use serde::Serialize;

use super::{FilePresence, file_presence, find_model_or_default};
use crate::cli::{CliError, ListFormat, build_runtime, print_message, write_json, write_stdout};
use crate::config::Setup;
use crate::machine::{resident_memory, simd_name};
use crate::provider;
use crate::runtime::bench::{BenchLoad, BenchMeasurement, measure_load, warm_up};
use crate::text::{sanitize_line, size};

/// Length of the prompt: about a short prompt and a question.
const PROMPT_TOKENS: usize = 300;
/// Length of the answer: some paragraphs.
const ANSWER_TOKENS: u32 = 64;

/// JSON of the measurement.
#[derive(Serialize)]
struct BenchReport {
    model: String,
    title: String,
    simd: &'static str,
    loading_ms: u128,
    runs: Vec<BenchRow>,
    resident: Option<u64>,
}

/// Tokens per second of a number of simultaneous runs: in total, and per core that was busy.
#[derive(Serialize)]
struct BenchRow {
    runs: usize,
    read: f64,
    read_per_core: f64,
    write: f64,
    write_per_core: f64,
}

impl BenchRow {
    fn from_measured(runs: usize, measured: &BenchMeasurement) -> Self {
        let round_to_tenth = |rate: f64| (rate * 10.0).round() / 10.0;
        Self {
            runs,
            read: round_to_tenth(measured.reading.rate(measured.read)),
            read_per_core: round_to_tenth(measured.reading.rate_of_a_core(measured.read)),
            write: round_to_tenth(measured.writing.rate(measured.written)),
            write_per_core: round_to_tenth(measured.writing.rate_of_a_core(measured.written)),
        }
    }
}

/// Measures the model, prints the report and returns the exit code.
pub(super) fn run_bench(
    setup: &Setup,
    id: Option<&str>,
    format: ListFormat,
) -> Result<u8, CliError> {
    let weights = find_model_or_default(setup, id)?;
    let spec = setup.providers.values().find(|spec| spec.local.is_some());
    let (Some(spec), Some(local)) = (spec, spec.and_then(|spec| spec.local.as_ref())) else {
        return Err(CliError::failed("the local model is not built in (cargo feature local)"));
    };
    if file_presence(local, weights) != FilePresence::Complete {
        let id = &weights.id;
        return Err(CliError::failed(format!("{id} is not installed: plenary model pull {id}")));
    }
    let provider = provider::open_provider(spec.clone())
        .map_err(|failure| CliError::failed(failure.message))?;
    print_message(&format!("measuring {}: this takes a minute", sanitize_line(&weights.title)));
    let runtime = build_runtime()?;
    let measured = runtime.block_on(async {
        let loading = warm_up(&provider, &weights.id).await?;
        let mut rows = Vec::new();
        for runs in [1, 4] {
            let load = BenchLoad { prompt: PROMPT_TOKENS, answer: ANSWER_TOKENS, runs };
            rows.push(BenchRow::from_measured(
                runs,
                &measure_load(&provider, &weights.id, load).await?,
            ));
        }
        Ok::<_, crate::domain::Failure>((loading, rows))
    });
    let (loading, runs) = measured.map_err(|failure| CliError::failed(failure.message))?;
    let report = BenchReport {
        model: weights.id.clone(),
        title: weights.title.clone(),
        simd: simd_name(),
        loading_ms: loading.as_millis(),
        runs,
        resident: resident_memory(),
    };
    match format {
        ListFormat::Json => write_json(&report)?,
        ListFormat::Text => write_stdout(&format_report(&report))?,
    }
    Ok(0)
}

fn format_report(report: &BenchReport) -> String {
    let title = sanitize_line(&report.title);
    let mut lines = vec![
        format!("{title} ({}), SIMD: {}", sanitize_line(&report.model), report.simd),
        format!("  loaded in {}.{} s", report.loading_ms / 1000, report.loading_ms / 100 % 10),
        "                   tokens/s  per core".to_owned(),
    ];
    for row in &report.runs {
        let load = if row.runs == 1 { "alone".to_owned() } else { format!("{} at once", row.runs) };
        lines.push(format!("  reads, {load:<10}{:>10.1}{:>10.1}", row.read, row.read_per_core));
        lines.push(format!("  writes, {load:<9}{:>10.1}{:>10.1}", row.write, row.write_per_core));
    }
    lines.extend(report.resident.map(|bytes| format!("  {} of memory", size(bytes))));
    lines.join("\n") + "\n"
}
