//! What was found, in the order in which it is printed, and the text that says it.
//!
//! Knows nothing of what is looked at; every message is neutralised here. Filled by the other files of this folder.

use serde::Serialize;

use crate::text::sanitize;

/// How something stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum State {
    /// As it should be.
    Ok,
    /// Worth knowing, nothing to do.
    Info,
    /// Something is wrong.
    Problem,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Check {
    /// `configuration`, `models`, `providers`, `personas`, `store`, `terminal`.
    pub(super) area: &'static str,
    /// How it stands.
    pub(super) state: State,
    /// What was found.
    pub(super) found: String,
    /// What to do about it.
    pub(super) fix: Option<String>,
}

#[derive(Serialize)]
pub(super) struct Findings {
    pub(super) version: &'static str,
    pub(super) can_ask: bool,
    pub(super) checks: Vec<Check>,
}

/// Everything that was looked at, in the order in which it is printed.
#[derive(Default)]
pub(super) struct Checks(pub(super) Vec<Check>);

impl Checks {
    pub(super) fn ok(&mut self, area: &'static str, found: impl Into<String>) {
        self.add(area, State::Ok, &found.into(), None);
    }

    pub(super) fn info(&mut self, area: &'static str, found: impl Into<String>) {
        self.add(area, State::Info, &found.into(), None);
    }

    pub(super) fn problem(
        &mut self,
        area: &'static str,
        found: impl Into<String>,
        fix: impl Into<String>,
    ) {
        self.add(area, State::Problem, &found.into(), Some(fix.into()));
    }

    pub(super) fn add(
        &mut self,
        area: &'static str,
        state: State,
        found: &str,
        fix: Option<String>,
    ) {
        let found = sanitize(found.trim_end());
        self.0.push(Check { area, state, found, fix: fix.map(|fix| sanitize(fix.trim_end())) });
    }
}

/// The findings for people.
pub(super) fn text(findings: &Findings) -> String {
    let mut lines = vec![format!("plenary {}", findings.version)];
    let mut area = "";
    for check in &findings.checks {
        if check.area != area {
            area = check.area;
            lines.extend([String::new(), area.to_owned()]);
        }
        let mark = match check.state {
            State::Ok => "ok",
            State::Info => "-",
            State::Problem => "PROBLEM",
        };
        let found = check.found.replace('\n', "\n           ");
        lines.push(format!("  {mark:<7}  {found}"));
        if let Some(fix) = &check.fix {
            lines.push(format!("           do: {}", fix.replace('\n', "\n               ")));
        }
    }
    let verdict = if findings.can_ask {
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
    fn the_text_says_what_to_do_below_what_is_wrong() {
        let mut checks = Checks::default();
        checks.ok("models", "infra: a:b (--model)");
        checks.problem("models", "edge: no model", "export KEY=…");
        checks.info("store", "x\u{1b}y");
        let findings = Findings { version: "1", can_ask: false, checks: checks.0 };
        let text = text(&findings);
        assert!(text.starts_with(
            "plenary 1\n\nmodels\n  ok       infra: a:b (--model)\n  PROBLEM  edge: no model\n           do: export KEY=…\n\nstore\n"
        ), "{text}");
        assert!(text.ends_with("see the problems above.\n"));
    }
}
