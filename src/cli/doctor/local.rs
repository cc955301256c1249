//! `plenary doctor`: local models: whether their files are installed, and whether there is enough memory.
//!
//! Examines the model files that the panel needs; if it needs none, those that would answer. Downloads nothing. Installed
//! files that fit into memory are loaded for a short measured run.

use super::report::DoctorItems;
use crate::cli::build_runtime;
use crate::config::Setup;
use crate::domain::format::format_bytes;
use crate::domain::{Failure, FailureKind, LocalSpec, ModelCatalogue, ModelFile, ModelRef};
use crate::machine::{available_memory, simd_name};
use crate::provider;
use crate::runtime::bench::{BenchLoad, measure_load, warm_up};
use crate::runtime::model_files;
use crate::weights::{self, FilePresence};

const AREA: &str = "local model";

/// Examines the files of local models.
pub(super) fn examine_local_models(setup: &Setup, items: &mut DoctorItems) {
    if !cfg!(feature = "local") {
        return items.add_info(AREA, "the local model is not built in (cargo feature local)");
    }
    let panel = setup.panel.personas.iter().filter_map(|id| setup.models.get(id)?.as_ref().ok());
    let mut needed: Vec<(&LocalSpec, &ModelFile)> = Vec::new();
    for (spec, weights) in panel.filter_map(|choice| model_files::weights_of(setup, &choice.model))
    {
        if needed.iter().all(|(_, known)| known.id != weights.id) {
            needed.push((spec, weights));
        }
    }
    if needed.is_empty() {
        return list_unused(setup, items);
    }
    for (spec, weights) in needed {
        examine_file(spec, weights, items);
        let free = available_memory();
        examine_memory(&setup.catalogue, weights, free, items);
        let is_installed = weights::file_presence(spec, weights) == FilePresence::Complete;
        if is_installed && free.is_none_or(|free| weights.memory <= free) {
            measure_speed(setup, weights, items);
        }
    }
}

/// Measures the model in a short run.
fn measure_speed(setup: &Setup, weights: &ModelFile, items: &mut DoctorItems) {
    let title = &weights.title;
    let Some(spec) = setup.providers.values().find(|spec| spec.model_file(&weights.id).is_some())
    else {
        return;
    };
    let measured = provider::open_provider(spec.clone()).and_then(|provider| {
        let runtime =
            build_runtime().map_err(|error| Failure::new(FailureKind::Internal, error.message))?;
        let load = BenchLoad { prompt: 60, answer: 16, runs: 1 };
        runtime.block_on(async {
            warm_up(&provider, &weights.id).await?;
            measure_load(&provider, &weights.id, load).await
        })
    });
    match measured {
        Ok(m) => items.add_ok(
            AREA,
            format!(
                "{title}: reads {:.0} and writes {:.1} tokens a second in a short run, SIMD: {} \
                 (plenary model bench measures more)",
                m.reading.rate(m.read),
                m.writing.rate(m.written),
                simd_name()
            ),
        ),
        Err(failure) => items.add_problem(
            AREA,
            format!("{title}: {failure}"),
            format!("`plenary model pull {}` checks its bytes", weights.id),
        ),
    }
}

/// Lists the models that would answer if no other did.
fn list_unused(setup: &Setup, items: &mut DoctorItems) {
    for spec in setup.providers.values() {
        let Some(model) = spec.default_model.clone() else { continue };
        let model = ModelRef { provider: spec.name.clone(), model };
        let Some((local, weights)) = model_files::weights_of(setup, &model) else { continue };
        let presence = match weights::file_presence(local, weights) {
            FilePresence::Complete => "present",
            FilePresence::Partial(_) | FilePresence::Missing => "not found",
        };
        let found =
            format!("{}: {}, {presence}; not used by this panel", model.provider, weights.title);
        items.add_info(AREA, found);
    }
}

fn examine_file(spec: &LocalSpec, weights: &ModelFile, items: &mut DoctorItems) {
    let (title, bytes) = (&weights.title, format_bytes(weights.bytes));
    let pull = format!("plenary model pull {}", weights.id);
    match weights::file_presence(spec, weights) {
        FilePresence::Complete => {
            let path = spec.file_path(weights);
            items.add_ok(AREA, format!("{title}: there, {bytes}, {}", path.display()));
        }
        FilePresence::Partial(done) => {
            let found = format!("{title}: {} of {bytes} are there", format_bytes(done));
            items.add_problem(AREA, found, format!("{pull}   (resumes where it stopped)"));
        }
        FilePresence::Missing => {
            items.add_problem(AREA, format!("{title}: not on this machine yet, {bytes}"), pull);
        }
    }
}

/// Compares the memory that `weights` needs with the free memory; if it is not enough, names a model that fits.
fn examine_memory(
    catalogue: &ModelCatalogue,
    weights: &ModelFile,
    free: Option<u64>,
    items: &mut DoctorItems,
) {
    let (title, needs) = (&weights.title, format_bytes(weights.memory));
    let Some(free) = free else {
        return items.add_info(
            AREA,
            format!("{title}: needs {needs} of memory; how much is free is unknown"),
        );
    };
    let found = format!("{title}: needs {needs} of memory, {} are free", format_bytes(free));
    if weights.memory <= free {
        return items.add_ok(AREA, found);
    }
    let fix = match catalogue.find_smaller(weights, free) {
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
    items.add_problem(AREA, found, fix);
}

#[cfg(test)]
mod tests {
    use super::super::report::{DoctorReport, format_report};
    use super::*;

    fn weights(id: &str, memory: u64, caution: Option<&str>) -> ModelFile {
        ModelFile {
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
    fn a_smaller_model_is_suggested_when_memory_is_short() {
        const GB: u64 = 1_000_000_000;
        let weights = vec![
            weights("toy", GB, Some("for demonstrations")),
            weights("big", 9 * GB, None),
            weights("good", 3 * GB, None),
        ];
        let all = ModelCatalogue { files: weights, small_below: 0 };
        for (free, message) in [
            (None, "-        BIG: needs 9.0 GB of memory; how much is free is unknown"),
            (Some(9 * GB), "ok       BIG: needs 9.0 GB of memory, 9.0 GB are free"),
            (Some(4 * GB), "do: end other programs, or --model local:good, which needs 3.0 GB\n"),
            (Some(2 * GB), "or --model local:toy, which needs 1.0 GB (for demonstrations)\n"),
            (Some(0), "do: end other programs\n"),
        ] {
            let mut items = DoctorItems::default();
            examine_memory(&all, &all.files[1], free, &mut items);
            let report = DoctorReport { version: "1", can_ask: true, checks: items.0 };
            let text = format_report(&report);
            assert!(text.contains(message), "{free:?}: {text}");
        }
    }
}
