//! `plenary doctor`: the model that runs in this program: whether its file is there, whether memory is enough for it.
//!
//! Looks at the weights that the panel needs; where it needs none, at those that would answer. Fetches nothing; weights that
//! are there and fit are loaded for a short measured run.

use super::report::Checks;
use crate::cli::build_runtime;
use crate::config::Setup;
use crate::domain::format::format_bytes;
use crate::domain::{Catalogue, FailKind, Failure, LocalSpec, ModelRef, Weights};
use crate::machine::{available_memory, simd_name};
use crate::provider;
use crate::runtime::bench::{BenchLoad, measure_load, warm_up};
use crate::runtime::model_files;
use crate::weights::{self, FilePresence};

const AREA: &str = "local model";

/// Looks at the weights of local models.
pub(super) fn look(setup: &Setup, checks: &mut Checks) {
    if !cfg!(feature = "local") {
        return checks.info(AREA, "the local model is not built in (cargo feature local)");
    }
    let panel = setup.panel.personas.iter().filter_map(|id| setup.models.get(id)?.as_ref().ok());
    let mut needed: Vec<(&LocalSpec, &Weights)> = Vec::new();
    for (spec, weights) in panel.filter_map(|choice| model_files::weights_of(setup, &choice.model))
    {
        if needed.iter().all(|(_, known)| known.id != weights.id) {
            needed.push((spec, weights));
        }
    }
    if needed.is_empty() {
        return unused(setup, checks);
    }
    for (spec, weights) in needed {
        file(spec, weights, checks);
        let free = available_memory();
        enough(&setup.catalogue, weights, free, checks);
        let there = weights::file_presence(spec, weights) == FilePresence::Complete;
        if there && free.is_none_or(|free| weights.memory <= free) {
            speed(setup, weights, checks);
        }
    }
}

/// A short run of the model: some words read, some written.
fn speed(setup: &Setup, weights: &Weights, checks: &mut Checks) {
    let title = &weights.title;
    let Some(spec) = setup.providers.values().find(|spec| spec.weights(&weights.id).is_some())
    else {
        return;
    };
    let measured = provider::open_provider(spec.clone()).and_then(|provider| {
        let runtime =
            build_runtime().map_err(|error| Failure::new(FailKind::Internal, error.message))?;
        let load = BenchLoad { prompt: 60, answer: 16, runs: 1 };
        runtime.block_on(async {
            warm_up(&provider, &weights.id).await?;
            measure_load(&provider, &weights.id, load).await
        })
    });
    match measured {
        Ok(m) => checks.ok(
            AREA,
            format!(
                "{title}: reads {:.0} and writes {:.1} tokens a second in a short run, SIMD: {} \
                 (plenary model bench measures more)",
                m.reading.rate(m.read),
                m.writing.rate(m.written),
                simd_name()
            ),
        ),
        Err(failure) => checks.problem(
            AREA,
            format!("{title}: {failure}"),
            format!("`plenary model pull {}` checks its bytes", weights.id),
        ),
    }
}

/// What would answer if nothing else did.
fn unused(setup: &Setup, checks: &mut Checks) {
    for spec in setup.providers.values() {
        let Some(model) = spec.default_model.clone() else { continue };
        let of = ModelRef { provider: spec.name.clone(), model };
        let Some((local, weights)) = model_files::weights_of(setup, &of) else { continue };
        let there = match weights::file_presence(local, weights) {
            FilePresence::Complete => "there",
            FilePresence::Partial(_) | FilePresence::Missing => "not there",
        };
        let what = format!("{}: {}, {there}; not used by this panel", of.provider, weights.title);
        checks.info(AREA, what);
    }
}

fn file(spec: &LocalSpec, weights: &Weights, checks: &mut Checks) {
    let (title, bytes) = (&weights.title, format_bytes(weights.bytes));
    let pull = format!("plenary model pull {}", weights.id);
    match weights::file_presence(spec, weights) {
        FilePresence::Complete => {
            let path = spec.path(weights);
            checks.ok(AREA, format!("{title}: there, {bytes}, {}", path.display()));
        }
        FilePresence::Partial(done) => {
            let what = format!("{title}: {} of {bytes} are there", format_bytes(done));
            checks.problem(AREA, what, format!("{pull}   (goes on where it stopped)"));
        }
        FilePresence::Missing => {
            checks.problem(AREA, format!("{title}: not on this machine yet, {bytes}"), pull);
        }
    }
}

/// Whether there is memory for `weights`; where there is not, which other would do with what there is.
fn enough(catalogue: &Catalogue, weights: &Weights, free: Option<u64>, checks: &mut Checks) {
    let (title, needs) = (&weights.title, format_bytes(weights.memory));
    let Some(free) = free else {
        return checks
            .info(AREA, format!("{title}: needs {needs} of memory; how much is free is unknown"));
    };
    let what = format!("{title}: needs {needs} of memory, {} are free", format_bytes(free));
    if weights.memory <= free {
        return checks.ok(AREA, what);
    }
    let fix = match catalogue.smaller(weights, free) {
        Some(w) => {
            let caution = w.caution.as_ref().map(|c| format!(" ({c})")).unwrap_or_default();
            format!(
                "end other programs, or --model local:{}, which needs {}{caution}",
                w.id,
                format_bytes(w.memory)
            )
        }
        None => "end other programs".to_owned(),
    };
    checks.problem(AREA, what, fix);
}

#[cfg(test)]
mod tests {
    use super::super::report::{Findings, text};
    use super::*;

    fn weights(id: &str, memory: u64, caution: Option<&str>) -> Weights {
        Weights {
            id: id.to_owned(),
            title: id.to_uppercase(),
            alias: None,
            file: format!("{id}.gguf").into(),
            bytes: memory / 2,
            sha256: None,
            licence: "MIT".to_owned(),
            context: 4_096,
            memory,
            caution: caution.map(str::to_owned),
            sources: Vec::new(),
        }
    }

    #[test]
    fn a_smaller_model_is_named_where_memory_is_short() {
        const GB: u64 = 1_000_000_000;
        let weights = vec![
            weights("toy", GB, Some("for demonstrations")),
            weights("big", 9 * GB, None),
            weights("good", 3 * GB, None),
        ];
        let all = Catalogue { weights, small_below: 0 };
        for (free, said) in [
            (None, "-        BIG: needs 9.0 GB of memory; how much is free is unknown"),
            (Some(9 * GB), "ok       BIG: needs 9.0 GB of memory, 9.0 GB are free"),
            (Some(4 * GB), "do: end other programs, or --model local:good, which needs 3.0 GB\n"),
            (Some(2 * GB), "or --model local:toy, which needs 1.0 GB (for demonstrations)\n"),
            (Some(0), "do: end other programs\n"),
        ] {
            let mut checks = Checks::default();
            enough(&all, &all.weights[1], free, &mut checks);
            let text = text(&Findings { version: "1", can_ask: true, checks: checks.0 });
            assert!(text.contains(said), "{free:?}: {text}");
        }
    }
}
