//! `plenary model list`: local models and whether they are installed; providers, where their keys are, what they offer.
//!
//! All providers with a key are queried at once. A provider that does not answer becomes a line, not an error.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use futures_util::future::join_all;
use serde::Serialize;

use super::super::key_status::KeyStatus;
use super::super::{CliError, ListFormat, build_runtime, download, write_json, write_stdout};
use crate::config::Setup;
use crate::domain::format::format_bytes;
use crate::domain::{Failure, FailureKind, LocalSpec, ModelFile, ProviderSpec};
use crate::provider;
use crate::text::sanitize_line;
use crate::weights::{self, FilePresence, file_presence};

/// How long one provider may take to list its models.
const LIST_TIMEOUT: Duration = Duration::from_secs(5);

/// JSON of `model list`.
#[derive(Serialize)]
struct ModelListOutput {
    weights: Vec<ModelFileRow>,
    providers: Vec<ProviderRow>,
}

/// A model file that plenary can run itself.
#[derive(Serialize)]
struct ModelFileRow {
    id: String,
    alias: Option<String>,
    title: String,
    /// `there`, `partial`, `absent`
    state: &'static str,
    /// Number of bytes on disk.
    have: u64,
    bytes: u64,
    path: PathBuf,
    /// Source of the installed file; none if unknown.
    from: Option<String>,
    licence: String,
    context: u32,
    memory: u64,
    small: bool,
    caution: Option<String>,
    sources: Vec<String>,
}

/// A provider and the models it offers.
#[derive(Serialize)]
struct ProviderRow {
    provider: String,
    kind: String,
    base_url: String,
    default: Option<String>,
    key: KeyStatus,
    models: Vec<String>,
    error: Option<String>,
}

/// Runs `plenary model list` and returns the exit code.
pub(super) fn print_models(setup: Setup, format: ListFormat) -> Result<u8, CliError> {
    let spec = download::model_files_spec(&setup);
    let weights = setup.catalogue.files.iter().map(|weights| model_file_row(&spec, weights));
    let weights = weights.collect();
    let mut listed = list_provider_models(setup.providers.values())?;
    let providers = setup
        .providers
        .into_values()
        .map(|spec| {
            let (models, error) = match listed.remove(&spec.name) {
                Some(Ok(models)) => (models, None),
                Some(Err(failure)) => (Vec::new(), Some(failure.message)),
                None => (Vec::new(), None),
            };
            ProviderRow {
                key: KeyStatus::look_up(&spec.key),
                provider: spec.name,
                kind: spec.kind,
                base_url: spec.base_url,
                default: spec.default_model,
                models,
                error,
            }
        })
        .collect();
    let output = ModelListOutput { weights, providers };
    match format {
        ListFormat::Json => write_json(&output)?,
        ListFormat::Text => write_stdout(&format_list(&output))?,
    }
    Ok(0)
}

fn model_file_row(spec: &LocalSpec, weights: &ModelFile) -> ModelFileRow {
    let (state, have) = match file_presence(spec, weights) {
        FilePresence::Complete => ("there", weights.bytes),
        FilePresence::Partial(bytes) => ("partial", bytes),
        FilePresence::Missing => ("absent", 0),
    };
    ModelFileRow {
        id: weights.id.clone(),
        alias: weights.alias.clone(),
        title: weights.title.clone(),
        state,
        have,
        bytes: weights.bytes,
        path: spec.file_path(weights),
        from: weights::recorded_source(spec, weights).filter(|_| state == "there"),
        licence: weights.licence.clone(),
        context: weights.context,
        memory: weights.memory,
        small: spec.catalogue.is_small(weights),
        caution: weights.caution.clone(),
        sources: weights::source_names(weights),
    }
}

fn format_list(output: &ModelListOutput) -> String {
    let weights = output.weights.iter().flat_map(format_model_file);
    let providers = output.providers.iter().flat_map(format_provider);
    let lines = weights.chain([String::new()]).chain(providers);
    lines.map(|line| sanitize_line(&line) + "\n").collect()
}

fn format_model_file(row: &ModelFileRow) -> Vec<String> {
    let state = match (row.state, &row.from) {
        ("there", Some(from)) => format!("installed, from {from}"),
        ("there", None) => {
            format!("installed, sha256 not checked (`plenary model pull {}` does)", row.id)
        }
        ("partial", _) => {
            format!(
                "{} downloaded, `plenary model pull {}` resumes",
                format_bytes(row.have),
                row.id
            )
        }
        _ => format!("not installed, `plenary model pull {}`", row.id),
    };
    let id = format!("local:{}", row.id);
    let details = [
        Some(row.title.clone()),
        row.alias.as_ref().map(|alias| format!("also local:{alias}")),
        Some(row.licence.clone()),
        Some(format!("{} of memory", format_bytes(row.memory))),
        row.caution.clone(),
    ];
    vec![
        format!("{id:<26}{:>7}  {state}", format_bytes(row.bytes)),
        format!("    {}", details.into_iter().flatten().collect::<Vec<_>>().join(", ")),
    ]
}

fn format_provider(row: &ProviderRow) -> Vec<String> {
    let key = match &row.key.fix {
        Some(fix) => format!("no key ({fix})"),
        None if row.key.location == "none needed" => "no key needed".to_owned(),
        None => format!("key in {}", row.key.location),
    };
    let default = row.default.as_ref().map(|m| format!(", default {m}")).unwrap_or_default();
    let mut lines = vec![format!("{:<12}{}  {key}{default}", row.provider, row.base_url)];
    lines.extend(row.error.iter().map(|error| format!("    {error}")));
    lines.extend(row.models.iter().map(|model| format!("    {}:{model}", row.provider)));
    lines
}

/// Asks each provider with a key for its models, all at once. The result is keyed by the name of the provider.
pub fn list_provider_models<'a>(
    specs: impl IntoIterator<Item = &'a ProviderSpec>,
) -> Result<BTreeMap<String, Result<Vec<String>, Failure>>, CliError> {
    let query = |spec: &ProviderSpec| {
        let (spec, name) = (spec.clone(), spec.name.clone());
        async move {
            let answer = match provider::open_provider(spec) {
                Ok(provider) => tokio::time::timeout(LIST_TIMEOUT, provider.models()).await,
                Err(failure) => Ok(Err(failure)),
            };
            let timed_out = || {
                let seconds = LIST_TIMEOUT.as_secs();
                let message = format!("{name}: its list of models timed out after {seconds} s");
                Err(Failure::new(FailureKind::Timeout, message))
            };
            let models = answer.unwrap_or_else(|_| timed_out());
            (name, models)
        }
    };
    let has_key = |spec: &&ProviderSpec| KeyStatus::look_up(&spec.key).is_available;
    let queries: Vec<_> = specs.into_iter().filter(has_key).map(query).collect();
    let runtime = build_runtime()?;
    let answers = runtime.block_on(join_all(queries));
    runtime.shutdown_background();
    Ok(answers.into_iter().collect())
}
