//! `plenary doctor`: what would answer and why, and what is missing, each problem with what to do.
//!
//! Collects checks from everywhere and prints them as text or JSON; repairs nothing. It works on what it
//! can when the configuration itself is wrong. One file a part: `providers`, `local` (the model in this program),
//! `machine` (store, terminal), `report` (how it is said). Exit code 0 when a question could be asked, 1 otherwise.

mod local;
mod machine;
mod providers;
mod report;

use std::collections::{BTreeMap, BTreeSet};

use super::{CliError, ListFormat, load_setup, write_json, write_stdout};
use crate::config::{Flags, Origin, Paths, Setup};
use crate::domain::PersonaId;
use crate::runtime::model_files;
use report::{Checks, Findings, text};

/// Runs `plenary doctor`; the number is the exit code.
pub fn run(format: ListFormat, flags: &Flags) -> Result<u8, CliError> {
    let mut checks = Checks::default();
    let can_ask = match load_setup(flags) {
        Ok(setup) => {
            configuration(&setup, &mut checks);
            let usable = providers::look(&setup, &mut checks)?;
            local::look(&setup, &mut checks);
            let can_ask = models(&setup, &usable, &mut checks);
            personas(&setup, &mut checks);
            can_ask
        }
        Err(e) => {
            let fix = "put that right; `plenary config path` says where the file is";
            checks.problem("configuration", e.message, fix);
            false
        }
    };
    machine::store(&Paths::of_process(), &mut checks);
    machine::terminal(&mut checks);
    let findings = Findings { version: env!("CARGO_PKG_VERSION"), can_ask, checks: checks.0 };
    match format {
        ListFormat::Json => write_json(&findings)?,
        ListFormat::Text => write_stdout(&text(&findings))?,
    }
    Ok(u8::from(!can_ask))
}

fn configuration(setup: &Setup, checks: &mut Checks) {
    const AREA: &str = "configuration";
    for file in &setup.report.files {
        let path = file.path.display();
        if file.read {
            checks.ok(AREA, format!("{path}: read"));
        } else {
            checks.info(AREA, format!("{path}: not there"));
        }
    }
    for (key, value) in setup.report.values.iter() {
        if let Origin::Env(_) | Origin::Flag(_) = value.origin {
            checks.info(AREA, format!("{key} = {} from {}", value.shown, value.origin));
        }
    }
    if let Some((path, _)) = &setup.keys {
        checks.ok(AREA, format!("{}: read", path.display()));
    }
}

/// Who answers for each persona of the panel; true when somebody can be asked.
fn models(setup: &Setup, usable: &BTreeSet<String>, checks: &mut Checks) -> bool {
    const AREA: &str = "models";
    let mut can_ask = false;
    // Nothing to say four times.
    let mut missing: BTreeMap<(String, String), Vec<&str>> = BTreeMap::new();
    for id in &setup.panel.personas {
        let wrong = match setup.models.get(id) {
            Some(Ok(choice)) => {
                let (model, provider) = (&choice.model, &choice.model.provider);
                let local = model_files::weights_of(setup, model).is_some();
                let what = format!("{model} ({})", choice.why);
                if model_files::missing_reason(setup, model).is_some() {
                    (what, "see local model".to_owned())
                } else if local || usable.contains(provider) {
                    can_ask = true;
                    checks.ok(AREA, format!("{id}: {what}"));
                    continue;
                } else {
                    (what, format!("see {provider} among the providers"))
                }
            }
            Some(Err(why)) => ("no model".to_owned(), why.clone()),
            None => ("no model".to_owned(), "nobody chose a model".to_owned()),
        };
        missing.entry(wrong).or_default().push(id.as_str());
    }
    for ((what, fix), ids) in missing {
        checks.problem(AREA, format!("{}: {what}", ids.join(", ")), fix);
    }
    can_ask
}

fn personas(setup: &Setup, checks: &mut Checks) {
    const AREA: &str = "personas";
    let ids = setup.panel.personas.iter().map(PersonaId::as_str).collect::<Vec<_>>().join(", ");
    let (known, panel) = (setup.personas.len(), &setup.panel.name);
    checks.ok(AREA, format!("{known} known; panel {panel}: {ids}"));
    for warning in &setup.report.warnings {
        checks.info(AREA, warning);
    }
}
