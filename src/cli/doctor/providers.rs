//! `plenary doctor`: each provider, whether it has a key and whether it answers.
//!
//! Contacts only the providers that the panel needs or the user set up. Local models are examined in `local`.

use std::collections::BTreeSet;

use super::report::DoctorItems;
use crate::cli::key_status::KeyStatus;
use crate::cli::{CliError, model};
use crate::config::model_choice::is_running;
use crate::config::{Origin, Setup};
use crate::domain::{Failure, FailureKind, KeySource, ProviderSpec};

/// Examines every provider; returns those that can be asked.
pub(super) fn examine_providers(
    setup: &Setup,
    items: &mut DoctorItems,
) -> Result<BTreeSet<String>, CliError> {
    const AREA: &str = "providers";
    let needed = list_needed(setup);
    let asked = |name: &String| needed.contains(name) || is_own(setup, name);
    let specs = setup.providers.values().filter(|spec| spec.local.is_none());
    let listed = model::list_provider_models(specs.clone().filter(|spec| asked(&spec.name)))?;
    let mut usable = BTreeSet::new();
    for spec in specs {
        let (name, url) = (&spec.name, &spec.base_url);
        let key = KeyStatus::look_up(&spec.key);
        let place = &key.location;
        match (&key.fix, listed.get(name)) {
            (Some(fix), _) if asked(name) => {
                items.add_problem(AREA, format!("{name} at {url}: no key ({place})"), fix);
            }
            (Some(_), _) => {
                items.add_info(AREA, format!("{name}: not set up ({place} not found)"));
            }
            (None, Some(Ok(models))) => {
                usable.insert(name.clone());
                let (n, key) = (models.len(), describe_key(&spec.key, place));
                items.add_ok(AREA, format!("{name} at {url}: answers, {n} models; {key}"));
            }
            (None, Some(Err(failure))) if was_reached(failure) => {
                usable.insert(name.clone());
                let what = format!("{name} at {url}: answers, but lists no models ({failure})");
                items.add_info(AREA, what);
            }
            (None, Some(Err(failure))) => {
                let fix = match failure.kind {
                    FailureKind::Auth => format!("check the key in {place}"),
                    _ if !failure.retryable => "correct what the message names".to_owned(),
                    _ => format!("start the server, or put base_url of [providers.{name}] right"),
                };
                items.add_problem(AREA, format!("{name} at {url}: {failure}"), fix);
            }
            (None, None) if spec.key != KeySource::None => {
                items.add_info(AREA, format!("{name}: key in {place}; not used by this panel"));
            }
            (None, None) if is_running(url) => {
                items.add_info(
                    AREA,
                    format!("{name}: something answers at {url}; not used by this panel"),
                );
            }
            (None, None) => items.add_info(AREA, format!("{name}: not running at {url}")),
        }
    }
    let specs = setup.providers.values().filter(|spec| asked(&spec.name));
    for notice in specs.filter_map(ProviderSpec::cleartext_notice) {
        items.add_info(AREA, notice);
    }
    for skipped in &setup.report.skipped {
        items.add_info(AREA, skipped);
    }
    Ok(usable)
}

fn describe_key(key: &KeySource, place: &str) -> String {
    if *key == KeySource::None { "no key needed".to_owned() } else { format!("key in {place}") }
}

/// The providers that the personas of the panel need.
fn list_needed(setup: &Setup) -> BTreeSet<String> {
    let choice = |id| setup.models.get(id).and_then(|choice| choice.as_ref().ok());
    let panel = &setup.panel.personas;
    panel.iter().filter_map(choice).map(|choice| choice.model.provider.clone()).collect()
}

/// True for a provider that the user set up.
fn is_own(setup: &Setup, name: &str) -> bool {
    let prefix = format!("providers.{name}.");
    setup.report.values.iter().any(|(key, value)| {
        key.starts_with(&prefix) && matches!(value.origin, Origin::File { .. } | Origin::Env(_))
    })
}

/// True when the provider answered, although not with a list of models: it may still answer questions.
fn was_reached(failure: &Failure) -> bool {
    matches!(failure.kind, FailureKind::Rejected | FailureKind::Garbled | FailureKind::Busy)
}
