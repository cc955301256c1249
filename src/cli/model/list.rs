//! `plenary model list`: local models and whether they are there; the providers, where their keys are, what they offer.
//!
//! Asks every provider that can be asked, all at once; one that does not answer is a line, not an error.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use futures_util::future::join_all;
use serde::Serialize;

use super::super::keys::KeyStatus;
use super::super::{CliError, ListFormat, fetch, out, out_json, runtime};
use crate::config::Setup;
use crate::domain::format::format_bytes;
use crate::domain::{FailKind, Failure, LocalSpec, ProviderSpec, Weights};
use crate::provider;
use crate::text::sanitize_line;
use crate::weights::{self, Stored, stored};

/// How long one provider may take to list its models.
const PATIENCE: Duration = Duration::from_secs(5);

#[derive(Serialize)]
struct Listed {
    weights: Vec<WeightsRow>,
    providers: Vec<Row>,
}

/// Weights that can be run in this process.
#[derive(Serialize)]
struct WeightsRow {
    id: String,
    alias: Option<String>,
    title: String,
    /// `there`, `partial`, `absent`
    state: &'static str,
    /// How many bytes of it are there.
    have: u64,
    bytes: u64,
    path: PathBuf,
    /// Where the file that is there came from; none when that is not known.
    from: Option<String>,
    licence: String,
    context: u32,
    memory: u64,
    small: bool,
    caution: Option<String>,
    sources: Vec<String>,
}

#[derive(Serialize)]
struct Row {
    provider: String,
    kind: String,
    base_url: String,
    default: Option<String>,
    key: KeyStatus,
    models: Vec<String>,
    error: Option<String>,
}

/// Runs `plenary model list`; the number is the exit code.
pub(super) fn run(setup: Setup, format: ListFormat) -> Result<u8, CliError> {
    let spec = fetch::spec(&setup);
    let weights = setup.catalogue.weights.iter().map(|weights| weights_row(&spec, weights));
    let weights = weights.collect();
    let mut listed = list(setup.providers.values())?;
    let providers = setup
        .providers
        .into_values()
        .map(|spec| {
            let (models, error) = match listed.remove(&spec.name) {
                Some(Ok(models)) => (models, None),
                Some(Err(failure)) => (Vec::new(), Some(failure.message)),
                None => (Vec::new(), None),
            };
            Row {
                key: KeyStatus::of(&spec.key),
                provider: spec.name,
                kind: spec.kind,
                base_url: spec.base_url,
                default: spec.default_model,
                models,
                error,
            }
        })
        .collect();
    let listed = Listed { weights, providers };
    match format {
        ListFormat::Json => out_json(&listed)?,
        ListFormat::Text => out(&text(&listed))?,
    }
    Ok(0)
}

fn weights_row(spec: &LocalSpec, weights: &Weights) -> WeightsRow {
    let (state, have) = match stored(spec, weights) {
        Stored::There => ("there", weights.bytes),
        Stored::Partial(bytes) => ("partial", bytes),
        Stored::Absent => ("absent", 0),
    };
    WeightsRow {
        id: weights.id.clone(),
        alias: weights.alias.clone(),
        title: weights.title.clone(),
        state,
        have,
        bytes: weights.bytes,
        path: spec.path(weights),
        from: weights::origin(spec, weights).filter(|_| state == "there"),
        licence: weights.licence.clone(),
        context: weights.context,
        memory: weights.memory,
        small: spec.catalogue.is_small(weights),
        caution: weights.caution.clone(),
        sources: weights::sources(weights),
    }
}

fn text(listed: &Listed) -> String {
    let weights = listed.weights.iter().flat_map(weights_text);
    let providers = listed.providers.iter().flat_map(provider_text);
    let lines = weights.chain([String::new()]).chain(providers);
    lines.map(|line| sanitize_line(&line) + "\n").collect()
}

fn weights_text(row: &WeightsRow) -> Vec<String> {
    let state = match (row.state, &row.from) {
        ("there", Some(from)) => format!("there, from {from}"),
        ("there", None) => {
            format!("there, its bytes not checked (`plenary model pull {}` does)", row.id)
        }
        ("partial", _) => {
            format!("{} there, `plenary model pull {}` goes on", format_bytes(row.have), row.id)
        }
        _ => format!("not there, `plenary model pull {}`", row.id),
    };
    let id = format!("local:{}", row.id);
    let about = [
        Some(row.title.clone()),
        row.alias.as_ref().map(|alias| format!("also local:{alias}")),
        Some(row.licence.clone()),
        Some(format!("{} of memory", format_bytes(row.memory))),
        row.caution.clone(),
    ];
    vec![
        format!("{id:<26}{:>7}  {state}", format_bytes(row.bytes)),
        format!("    {}", about.into_iter().flatten().collect::<Vec<_>>().join(", ")),
    ]
}

fn provider_text(row: &Row) -> Vec<String> {
    let key = match &row.key.fix {
        Some(fix) => format!("no key ({fix})"),
        None if row.key.place == "none needed" => "no key needed".to_owned(),
        None => format!("key in {}", row.key.place),
    };
    let default = row.default.as_ref().map(|m| format!(", default {m}")).unwrap_or_default();
    let mut lines = vec![format!("{:<12}{}  {key}{default}", row.provider, row.base_url)];
    lines.extend(row.error.iter().map(|error| format!("    {error}")));
    lines.extend(row.models.iter().map(|model| format!("    {}:{model}", row.provider)));
    lines
}

/// What each provider with a key offers, all asked at once.
pub fn list<'a>(
    specs: impl IntoIterator<Item = &'a ProviderSpec>,
) -> Result<BTreeMap<String, Result<Vec<String>, Failure>>, CliError> {
    let ask = |spec: &ProviderSpec| {
        let (spec, name) = (spec.clone(), spec.name.clone());
        async move {
            let asked = match provider::open(spec) {
                Ok(provider) => tokio::time::timeout(PATIENCE, provider.models()).await,
                Err(failure) => Ok(Err(failure)),
            };
            let late = || {
                let seconds = PATIENCE.as_secs();
                let what = format!("{name}: its list of models did not come within {seconds} s");
                Err(Failure::new(FailKind::Timeout, what))
            };
            let models = asked.unwrap_or_else(|_| late());
            (name, models)
        }
    };
    let with_key: Vec<_> =
        specs.into_iter().filter(|spec| KeyStatus::of(&spec.key).there).map(ask).collect();
    let runtime = runtime()?;
    let answers = runtime.block_on(join_all(with_key));
    runtime.shutdown_background();
    Ok(answers.into_iter().collect())
}
