//! `plenary doctor`: each provider, whether it has a key and whether it answers.
//!
//! Asks over the network only those that the panel needs or the user set up. The model in this program is `local`'s.

use std::collections::BTreeSet;

use super::report::Checks;
use crate::cli::key_status::KeyStatus;
use crate::cli::{CliError, model};
use crate::config::model_choice::is_running;
use crate::config::{Origin, Setup};
use crate::domain::{FailKind, Failure, KeySource};

/// Looks at every provider; returns those that can be asked.
pub(super) fn look(setup: &Setup, checks: &mut Checks) -> Result<BTreeSet<String>, CliError> {
    const AREA: &str = "providers";
    let needed = needed(setup);
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
                checks.problem(AREA, format!("{name} at {url}: no key ({place})"), fix);
            }
            (Some(_), _) => {
                checks.info(AREA, format!("{name}: not set up ({place} is not there)"));
            }
            (None, Some(Ok(models))) => {
                usable.insert(name.clone());
                let (n, key) = (models.len(), key_words(&spec.key, place));
                checks.ok(AREA, format!("{name} at {url}: answers, {n} models; {key}"));
            }
            (None, Some(Err(failure))) if reached(failure) => {
                usable.insert(name.clone());
                let what = format!("{name} at {url}: answers, but lists no models ({failure})");
                checks.info(AREA, what);
            }
            (None, Some(Err(failure))) => {
                let fix = match failure.kind {
                    FailKind::Auth => format!("check the key in {place}"),
                    _ => format!("start the server, or put base_url of [providers.{name}] right"),
                };
                checks.problem(AREA, format!("{name} at {url}: {failure}"), fix);
            }
            (None, None) if spec.key != KeySource::None => {
                checks.info(AREA, format!("{name}: key in {place}; not used by this panel"));
            }
            (None, None) if is_running(url) => {
                checks.info(
                    AREA,
                    format!("{name}: something answers at {url}; not used by this panel"),
                );
            }
            (None, None) => checks.info(AREA, format!("{name}: not running at {url}")),
        }
    }
    for skipped in &setup.report.skipped {
        checks.info(AREA, skipped);
    }
    Ok(usable)
}

fn key_words(key: &KeySource, place: &str) -> String {
    if *key == KeySource::None { "no key needed".to_owned() } else { format!("key in {place}") }
}

/// The providers that answer for somebody on the panel.
fn needed(setup: &Setup) -> BTreeSet<String> {
    let choice = |id| setup.models.get(id).and_then(|choice| choice.as_ref().ok());
    let panel = &setup.panel.personas;
    panel.iter().filter_map(choice).map(|choice| choice.model.provider.clone()).collect()
}

/// A provider that the user set up.
fn is_own(setup: &Setup, name: &str) -> bool {
    let prefix = format!("providers.{name}.");
    setup.report.values.iter().any(|(key, value)| {
        key.starts_with(&prefix) && matches!(value.origin, Origin::File { .. } | Origin::Env(_))
    })
}

/// The provider answered, though not with a list of models: it may still answer questions.
fn reached(failure: &Failure) -> bool {
    matches!(failure.kind, FailKind::Rejected | FailKind::Garbled | FailKind::Busy)
}
