//! The items of the report in the order in which they are printed, and their text.
//!
//! Every message is sanitised here. What is examined is decided in the other files of this folder.

use serde::Serialize;

use crate::text::sanitize;

/// The status of an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum DoctorStatus {
    /// As it should be.
    Ok,
    /// Worth knowing, nothing to do.
    Info,
    /// Something is wrong.
    Problem,
}

/// One thing that was examined.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct DoctorItem {
    /// `configuration`, `project`, `models`, `providers`, `personas`, `store`, `terminal`.
    pub(super) area: &'static str,
    /// The status.
    pub(super) state: DoctorStatus,
    /// What was found.
    pub(super) found: String,
    /// What to do about it.
    pub(super) fix: Option<String>,
}

/// Everything that was found.
#[derive(Serialize)]
pub(super) struct DoctorReport {
    pub(super) version: &'static str,
    pub(super) can_ask: bool,
    pub(super) checks: Vec<DoctorItem>,
}

/// The items, in the order in which they are printed.
#[derive(Default)]
pub(super) struct DoctorItems(pub(super) Vec<DoctorItem>);

impl DoctorItems {
    pub(super) fn add_ok(&mut self, area: &'static str, found: impl Into<String>) {
        self.add_item(area, DoctorStatus::Ok, &found.into(), None);
    }

    pub(super) fn add_info(&mut self, area: &'static str, found: impl Into<String>) {
        self.add_item(area, DoctorStatus::Info, &found.into(), None);
    }

    pub(super) fn add_problem(
        &mut self,
        area: &'static str,
        found: impl Into<String>,
        fix: impl Into<String>,
    ) {
        self.add_item(area, DoctorStatus::Problem, &found.into(), Some(fix.into()));
    }

    fn add_item(
        &mut self,
        area: &'static str,
        state: DoctorStatus,
        found: &str,
        fix: Option<String>,
    ) {
        let found = sanitize(found.trim_end());
        self.0.push(DoctorItem {
            area,
            state,
            found,
            fix: fix.map(|fix| sanitize(fix.trim_end())),
        });
    }
}

/// Formats the report as text.
pub(super) fn format_report(report: &DoctorReport) -> String {
    let mut lines = vec![format!("plenary {}", report.version)];
    let mut area = "";
    for check in &report.checks {
        if check.area != area {
            area = check.area;
            lines.extend([String::new(), area.to_owned()]);
        }
        let mark = match check.state {
            DoctorStatus::Ok => "ok",
            DoctorStatus::Info => "-",
            DoctorStatus::Problem => "PROBLEM",
        };
        let found = check.found.replace('\n', "\n           ");
        lines.push(format!("  {mark:<7}  {found}"));
        if let Some(fix) = &check.fix {
            lines.push(format!("           do: {}", fix.replace('\n', "\n               ")));
        }
    }
    let verdict = if report.can_ask {
        "A question can be asked.\n"
    } else {
        "No question can be asked yet; see the problems above.\n"
    };
    lines.extend([String::new(), verdict.to_owned()]);
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fixes_are_printed_below_their_problems() {
        let mut checks = DoctorItems::default();
        checks.add_ok("models", "infra: a:b (--model)");
        checks.add_problem("models", "edge: no model", "export KEY=…");
        checks.add_info("store", "x\u{1b}y");
        let report = DoctorReport { version: "1", can_ask: false, checks: checks.0 };
        let text = format_report(&report);
        assert!(text.starts_with(
            "plenary 1\n\nmodels\n  ok       infra: a:b (--model)\n  PROBLEM  edge: no model\n           do: export KEY=…\n\nstore\n"
        ), "{text}");
        assert!(text.ends_with("see the problems above.\n"));
    }
}
