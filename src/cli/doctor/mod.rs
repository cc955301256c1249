//! `plenary doctor`: what would answer and why, and what is missing, each problem with what to do.
//!
//! Collects the items of the report and prints them as text or JSON; repairs nothing. If the configuration is invalid, it
//! reports the rest. Exit code 0 when a question could be asked, 1 otherwise.

mod files;
mod local;
mod machine;
mod project;
mod providers;
mod report;

use std::collections::{BTreeMap, BTreeSet};

use super::{CliError, ListFormat, load_setup, write_json, write_stdout};
use crate::config::{FileStatus, Flags, Origin, Paths, Setup};
use crate::domain::PersonaId;
use crate::runtime::model_files;
use report::{DoctorItems, DoctorReport, format_report};

/// Runs `plenary doctor` and returns the exit code.
pub fn run_doctor(format: ListFormat, flags: &Flags) -> Result<u8, CliError> {
    let mut items = DoctorItems::default();
    let can_ask = match load_setup(flags) {
        Ok(setup) => {
            examine_configuration(&setup, &mut items);
            files::examine_files(&setup, &mut items);
            project::examine_project(&setup, &mut items);
            let usable = providers::examine_providers(&setup, &mut items)?;
            local::examine_local_models(&setup, &mut items);
            let can_ask = examine_models(&setup, &usable, &mut items);
            examine_personas(&setup, &mut items);
            can_ask
        }
        Err(e) => {
            let fix = "correct it; `plenary config path` prints where the file is";
            items.add_problem("configuration", e.message, fix);
            false
        }
    };
    files::examine_links(&Paths::of_process(), &mut items);
    machine::examine_store(&Paths::of_process(), &mut items);
    machine::examine_terminal(&mut items);
    let report = DoctorReport { version: env!("CARGO_PKG_VERSION"), can_ask, checks: items.0 };
    match format {
        ListFormat::Json => write_json(&report)?,
        ListFormat::Text => write_stdout(&format_report(&report))?,
    }
    Ok(u8::from(!can_ask))
}

fn examine_configuration(setup: &Setup, items: &mut DoctorItems) {
    const AREA: &str = "configuration";
    for file in &setup.report.files {
        let path = file.path.display();
        match file.status {
            FileStatus::Read => items.add_ok(AREA, format!("{path}: read")),
            FileStatus::NotFound => items.add_info(AREA, format!("{path}: not found")),
            FileStatus::NotUsed => items.add_info(AREA, format!("{path}: not used (see project)")),
        }
    }
    for (key, value) in setup.report.values.iter() {
        if let Origin::Env(_) | Origin::Flag(_) = value.origin {
            items.add_info(AREA, format!("{key} = {} from {}", value.shown, value.origin));
        }
    }
}

/// Examines the model of each persona of the panel. Returns true when at least one persona can be asked.
fn examine_models(setup: &Setup, usable: &BTreeSet<String>, items: &mut DoctorItems) -> bool {
    const AREA: &str = "models";
    let mut can_ask = false;
    // One item for all personas with the same problem.
    let mut missing: BTreeMap<(String, String), Vec<&str>> = BTreeMap::new();
    for id in &setup.panel.personas {
        let problem = match setup.models.get(id) {
            Some(Ok(choice)) => {
                let (model, provider) = (&choice.model, &choice.model.provider);
                let local = model_files::weights_of(setup, model).is_some();
                let found = format!("{model} ({})", choice.why);
                if model_files::missing_reason(setup, model).is_some() {
                    (found, "see local model".to_owned())
                } else if local || usable.contains(provider) {
                    can_ask = true;
                    items.add_ok(AREA, format!("{id}: {found}"));
                    continue;
                } else {
                    (found, format!("see {provider} among the providers"))
                }
            }
            Some(Err(why)) => ("no model".to_owned(), why.to_string()),
            None => ("no model".to_owned(), "no model was chosen".to_owned()),
        };
        missing.entry(problem).or_default().push(id.as_str());
    }
    for ((found, fix), ids) in missing {
        items.add_problem(AREA, format!("{}: {found}", ids.join(", ")), fix);
    }
    can_ask
}

fn examine_personas(setup: &Setup, items: &mut DoctorItems) {
    const AREA: &str = "personas";
    let ids = setup.panel.personas.iter().map(PersonaId::as_str).collect::<Vec<_>>().join(", ");
    let (known, panel) = (setup.personas.len(), &setup.panel.name);
    items.add_ok(AREA, format!("{known} known; panel {panel}: {ids}"));
    // What cannot be used at all is among the problems of the files.
    let is_problem =
        |warning: &str| items.0.iter().any(|item| item.area == AREA && item.found == warning);
    let warnings: Vec<&String> =
        setup.report.warnings.iter().filter(|warning| !is_problem(warning)).collect();
    for warning in warnings {
        items.add_info(AREA, warning);
    }
}
