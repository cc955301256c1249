//! `plenary model list`: the providers, where their keys are, and the models they offer.
//!
//! Asks every provider that can be asked, all at once; one that does not answer is a line, not an error.

use std::collections::BTreeMap;
use std::time::Duration;

use clap::Subcommand;
use futures_util::future::join_all;
use serde::Serialize;

use super::keys::KeyStatus;
use super::{CliError, ListFormat, configure, out, out_json, runtime, say};
use crate::config::Flags;
use crate::domain::{FailKind, Failure, ProviderSpec};
use crate::provider;
use crate::text::sanitize_line;

/// How long one provider may take to list its models.
const PATIENCE: Duration = Duration::from_secs(5);

/// `plenary model …`
#[derive(Debug, Clone, Subcommand)]
pub enum Model {
    /// List the providers and the models they offer
    List {
        /// How to print it
        #[arg(long, value_enum, default_value_t)]
        format: ListFormat,
    },
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

/// Runs `plenary model …`; the number is the exit code.
pub fn run(command: &Model, flags: &Flags) -> Result<u8, CliError> {
    let Model::List { format } = command;
    let setup = configure(flags)?;
    for notice in &setup.notices {
        say(notice);
    }
    let mut listed = list(setup.providers.values())?;
    let rows: Vec<Row> = setup
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
    match format {
        ListFormat::Json => out_json(&rows)?,
        ListFormat::Text => out(&text(&rows))?,
    }
    Ok(0)
}

fn text(rows: &[Row]) -> String {
    let mut lines = Vec::new();
    for row in rows {
        let key = match &row.key.fix {
            Some(fix) => format!("no key ({fix})"),
            None if row.key.place == "none needed" => "no key needed".to_owned(),
            None => format!("key in {}", row.key.place),
        };
        let default = row.default.as_ref().map(|m| format!(", default {m}")).unwrap_or_default();
        lines.push(format!("{:<12}{}  {key}{default}", row.provider, row.base_url));
        lines.extend(row.error.iter().map(|error| format!("    {error}")));
        lines.extend(row.models.iter().map(|model| format!("    {}:{model}", row.provider)));
    }
    lines.iter().map(|line| sanitize_line(line) + "\n").collect()
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
