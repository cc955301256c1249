//! `plenary doctor`: what of the project's folder is trusted, and what is not used.

use super::report::DoctorItems;
use crate::config::Setup;

/// Examines the project. Nothing is reported where there is no `.plenary`.
pub(super) fn examine_project(setup: &Setup, items: &mut DoctorItems) {
    const AREA: &str = "project";
    let status = &setup.project;
    let Some(folder) = &status.folder else { return };
    let folder = folder.display();
    if status.is_ignored {
        items.add_info(AREA, format!("{folder}: nothing of it is used (--ignore-project)"));
    }
    for part in &status.trusted {
        items.add_ok(AREA, format!("{folder}: {} trusted", part.what));
    }
    for part in &status.untrusted {
        let fix = "`plenary trust add` shows what it changes and remembers that you trust it";
        let what = &part.what;
        match (&status.fault, part.foreign_owner) {
            (_, Some(owner)) => {
                let found =
                    format!("{folder}: {what} not used, belongs to another user (id {owner})");
                items.add_info(AREA, found);
            }
            (Some(fault), None) => {
                items.add_info(AREA, format!("{folder}: {what} not used: {fault}"));
            }
            (None, None) => {
                items.add_problem(AREA, format!("{folder}: {what} not trusted, not used"), fix);
            }
        }
    }
    if let Some(fault) = &status.trust_fault {
        items.add_problem(
            AREA,
            fault,
            "correct the file, or move it away and trust your projects again",
        );
    }
    if status.trusted.is_empty() && status.untrusted.is_empty() && !status.is_ignored {
        items.add_info(AREA, format!("{folder}: its .plenary changes nothing"));
    }
}
