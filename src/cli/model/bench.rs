//! `plenary model bench`: how fast a local model reads prompts and writes answers on this machine.
//!
//! One run alone, then four at once, as a panel asks them. Figures are of this moment: what else the machine does is in
//! them. Measuring itself is `runtime::bench`'s work.

use serde::Serialize;

use super::{Stored, find_or_default, stored};
use crate::cli::{CliError, ListFormat, out, out_json, runtime, say};
use crate::config::Setup;
use crate::domain::format::format_bytes;
use crate::machine::{memory_resident, simd};
use crate::provider;
use crate::runtime::bench::{BenchLoad, BenchMeasurement, measure_load, warm_up};
use crate::text::sanitize_line;

/// A question with a brief, and an answer of some paragraphs.
const PROMPT: usize = 300;
const ANSWER: u32 = 64;

#[derive(Serialize)]
struct Report {
    model: String,
    title: String,
    simd: &'static str,
    loading_ms: u128,
    runs: Vec<Row>,
    resident: Option<u64>,
}

/// Tokens a second, together and of a core.
#[derive(Serialize)]
struct Row {
    runs: usize,
    read: f64,
    read_per_core: f64,
    write: f64,
    write_per_core: f64,
}

impl Row {
    fn of(runs: usize, m: &BenchMeasurement) -> Self {
        let tenth = |rate: f64| (rate * 10.0).round() / 10.0;
        Self {
            runs,
            read: tenth(m.reading.rate(m.read)),
            read_per_core: tenth(m.reading.rate_of_a_core(m.read)),
            write: tenth(m.writing.rate(m.written)),
            write_per_core: tenth(m.writing.rate_of_a_core(m.written)),
        }
    }
}

/// Runs it; the number is the exit code.
pub(super) fn run(setup: &Setup, id: Option<&str>, format: ListFormat) -> Result<u8, CliError> {
    let weights = find_or_default(setup, id)?;
    let spec = setup.providers.values().find(|spec| spec.local.is_some());
    let (Some(spec), Some(local)) = (spec, spec.and_then(|spec| spec.local.as_ref())) else {
        return Err(CliError::failed("the local model is not built in (cargo feature local)"));
    };
    if stored(local, weights) != Stored::There {
        let id = &weights.id;
        return Err(CliError::failed(format!("{id} is not there: plenary model pull {id}")));
    }
    let provider =
        provider::open(spec.clone()).map_err(|failure| CliError::failed(failure.message))?;
    say(&format!("measuring {}: this takes a minute", sanitize_line(&weights.title)));
    let runtime = runtime()?;
    let measured = runtime.block_on(async {
        let loading = warm_up(&provider, &weights.id).await?;
        let mut rows = Vec::new();
        for runs in [1, 4] {
            let load = BenchLoad { prompt: PROMPT, answer: ANSWER, runs };
            rows.push(Row::of(runs, &measure_load(&provider, &weights.id, load).await?));
        }
        Ok::<_, crate::domain::Failure>((loading, rows))
    });
    let (loading, runs) = measured.map_err(|failure| CliError::failed(failure.message))?;
    let report = Report {
        model: weights.id.clone(),
        title: weights.title.clone(),
        simd: simd(),
        loading_ms: loading.as_millis(),
        runs,
        resident: memory_resident(),
    };
    match format {
        ListFormat::Json => out_json(&report)?,
        ListFormat::Text => out(&text(&report))?,
    }
    Ok(0)
}

fn text(report: &Report) -> String {
    let title = sanitize_line(&report.title);
    let mut lines = vec![
        format!("{title} ({}), SIMD: {}", sanitize_line(&report.model), report.simd),
        format!("  loaded in {}.{} s", report.loading_ms / 1000, report.loading_ms / 100 % 10),
        "                   tokens/s  per core".to_owned(),
    ];
    for row in &report.runs {
        let who = if row.runs == 1 { "alone".to_owned() } else { format!("{} at once", row.runs) };
        lines.push(format!("  reads, {who:<10}{:>10.1}{:>10.1}", row.read, row.read_per_core));
        lines.push(format!("  writes, {who:<9}{:>10.1}{:>10.1}", row.write, row.write_per_core));
    }
    lines.extend(report.resident.map(|bytes| format!("  {} of memory", format_bytes(bytes))));
    lines.join("\n") + "\n"
}
