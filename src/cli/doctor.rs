//! `plenary doctor`: what would answer and why, and what is missing, each problem with what to do.
//!
//! Collects checks from everywhere and prints them as text or JSON; repairs nothing. It works on what it
//! can when the configuration itself is wrong. Exit code 0 when a question could be asked, 1 otherwise.

use std::collections::{BTreeMap, BTreeSet};
use std::io::IsTerminal;
use std::path::Path;

use serde::Serialize;

use super::keys::KeyStatus;
use super::{CliError, ListFormat, configure, model, out, out_json};
use crate::config::models::is_running;
use crate::config::{Flags, Origin, Paths, Setup};
use crate::domain::{FailKind, Failure, KeySource, PersonaId};
use crate::store::Store;
use crate::text::sanitize;

/// How something stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum State {
    /// As it should be.
    Ok,
    /// Worth knowing, nothing to do.
    Info,
    /// Something is wrong.
    Problem,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Check {
    /// `configuration`, `models`, `providers`, `personas`, `store`, `terminal`.
    area: &'static str,
    /// How it stands.
    state: State,
    /// What was found.
    found: String,
    /// What to do about it.
    fix: Option<String>,
}

#[derive(Serialize)]
struct Findings {
    version: &'static str,
    can_ask: bool,
    checks: Vec<Check>,
}

/// Everything that was looked at, in the order in which it is printed.
#[derive(Default)]
struct Checks(Vec<Check>);

impl Checks {
    fn ok(&mut self, area: &'static str, found: impl Into<String>) {
        self.add(area, State::Ok, &found.into(), None);
    }

    fn info(&mut self, area: &'static str, found: impl Into<String>) {
        self.add(area, State::Info, &found.into(), None);
    }

    fn problem(&mut self, area: &'static str, found: impl Into<String>, fix: impl Into<String>) {
        self.add(area, State::Problem, &found.into(), Some(fix.into()));
    }

    fn add(&mut self, area: &'static str, state: State, found: &str, fix: Option<String>) {
        let found = sanitize(found.trim_end());
        self.0.push(Check { area, state, found, fix: fix.map(|fix| sanitize(fix.trim_end())) });
    }
}

/// Runs `plenary doctor`; the number is the exit code.
pub fn run(format: ListFormat, flags: &Flags) -> Result<u8, CliError> {
    let mut checks = Checks::default();
    let can_ask = match configure(flags) {
        Ok(setup) => {
            configuration(&setup, &mut checks);
            let usable = providers(&setup, &mut checks)?;
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
    store(&Paths::here(), &mut checks);
    terminal(&mut checks);
    let findings = Findings { version: env!("CARGO_PKG_VERSION"), can_ask, checks: checks.0 };
    match format {
        ListFormat::Json => out_json(&findings)?,
        ListFormat::Text => out(&text(&findings))?,
    }
    Ok(u8::from(!can_ask))
}

fn text(findings: &Findings) -> String {
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
    for (key, value) in setup.report.ledger.iter() {
        if let Origin::Env(_) | Origin::Flag(_) = value.origin {
            checks.info(AREA, format!("{key} = {} from {}", value.shown, value.origin));
        }
    }
    if let Some((path, _)) = &setup.keys {
        checks.ok(AREA, format!("{}: read", path.display()));
    }
}

/// Looks at every provider; returns those that can be asked.
fn providers(setup: &Setup, checks: &mut Checks) -> Result<BTreeSet<String>, CliError> {
    const AREA: &str = "providers";
    let needed = needed(setup);
    let asked = |name: &String| needed.contains(name) || is_own(setup, name);
    let specs = setup.providers.values();
    let listed = model::list(specs.clone().filter(|spec| asked(&spec.name)))?;
    let mut usable = BTreeSet::new();
    for spec in specs {
        let (name, url) = (&spec.name, &spec.base_url);
        let key = KeyStatus::of(&spec.key);
        let place = &key.place;
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
    setup.report.ledger.iter().any(|(key, value)| {
        key.starts_with(&prefix) && matches!(value.origin, Origin::File { .. } | Origin::Env(_))
    })
}

/// The provider answered, though not with a list of models: it may still answer questions.
fn reached(failure: &Failure) -> bool {
    matches!(failure.kind, FailKind::Rejected | FailKind::Garbled | FailKind::Busy)
}

/// Who answers for each persona of the panel; true when somebody can be asked.
fn models(setup: &Setup, usable: &BTreeSet<String>, checks: &mut Checks) -> bool {
    const AREA: &str = "models";
    let mut can_ask = false;
    // Nothing to say four times.
    let mut missing: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for id in &setup.panel.personas {
        match setup.models.get(id) {
            Some(Ok(choice)) if usable.contains(&choice.model.provider) => {
                can_ask = true;
                checks.ok(AREA, format!("{id}: {} ({})", choice.model, choice.why));
            }
            Some(Ok(choice)) => {
                let fix = format!("see {} below providers", choice.model.provider);
                checks.problem(AREA, format!("{id}: {} ({})", choice.model, choice.why), fix);
            }
            Some(Err(why)) => missing.entry(why).or_default().push(id.as_str()),
            None => missing.entry("nobody chose a model").or_default().push(id.as_str()),
        }
    }
    for (why, ids) in missing {
        checks.problem(AREA, format!("{}: no model", ids.join(", ")), why);
    }
    can_ask
}

fn personas(setup: &Setup, checks: &mut Checks) {
    const AREA: &str = "personas";
    let ids = setup.panel.personas.iter().map(PersonaId::as_str).collect::<Vec<_>>().join(", ");
    let (known, panel) = (setup.personas.len(), &setup.panel.name);
    checks.ok(AREA, format!("{known} known; panel {panel}: {ids}"));
    for notice in &setup.report.notices {
        checks.info(AREA, notice);
    }
}

fn store(paths: &Paths, checks: &mut Checks) {
    const AREA: &str = "store";
    let Some(path) = paths.store() else {
        let fix = "set HOME or XDG_DATA_HOME";
        return checks.problem(
            AREA,
            "no home folder is known: sessions are kept in memory only",
            fix,
        );
    };
    let shown = path.display();
    if !path.exists() {
        if writable(&path) {
            return checks.info(AREA, format!("{shown}: made with the first question"));
        }
        return checks.problem(
            AREA,
            format!("{shown}: its folder cannot be written; sessions are kept in memory only"),
            "make the folder writable, or set XDG_DATA_HOME to another one",
        );
    }
    let store = Store::open(&path);
    let sessions = store.list(usize::MAX);
    match (store.trouble(), sessions) {
        (Some(trouble), _) => {
            checks.problem(
                AREA,
                trouble.to_string(),
                "see the reason; sessions are kept in memory",
            );
        }
        (None, Err(e)) => checks.problem(AREA, format!("{shown}: {e}"), "see the reason"),
        (None, Ok(sessions)) => {
            let n = sessions.len();
            let size = path.metadata().map_or(0, |meta| meta.len()).div_ceil(1024);
            checks.ok(AREA, format!("{shown}: {n} sessions, {size} KiB"));
        }
    }
}

/// True when the nearest folder above `path` that exists can be written.
fn writable(path: &Path) -> bool {
    use rustix::fs::{Access, access};
    let there = path.ancestors().skip(1).find(|folder| folder.exists());
    there.is_some_and(|dir| dir.is_dir() && access(dir, Access::WRITE_OK | Access::EXEC_OK).is_ok())
}

fn terminal(checks: &mut Checks) {
    const AREA: &str = "terminal";
    let var = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let stdout = std::io::stdout();
    if stdout.is_terminal() {
        let size = rustix::termios::tcgetwinsize(&stdout)
            .map_or_else(|_| "unknown size".to_owned(), |s| format!("{}×{}", s.ws_col, s.ws_row));
        checks.ok(AREA, format!("a terminal of {size}"));
    } else {
        checks.info(AREA, "standard output is not a terminal: only `plenary ask` works there");
    }
    match var("TERM").as_deref() {
        None | Some("dumb") => checks.problem(
            AREA,
            "TERM is unset or dumb: the screen cannot be drawn",
            "set TERM to what your terminal is, such as xterm-256color; `plenary ask` works without",
        ),
        Some(term) => checks.ok(AREA, format!("TERM {term}")),
    }
    let colours = var("COLORTERM").unwrap_or_else(|| "unset".to_owned());
    checks.info(AREA, format!("COLORTERM {colours}"));
    if var("NO_COLOR").is_some() {
        checks.info(AREA, "NO_COLOR is set: no colours");
    }
    if var("TMUX").is_some() {
        checks.info(AREA, "inside tmux");
    }
    if var("SSH_CONNECTION").is_some() {
        checks.info(AREA, "over ssh");
    }
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

    #[test]
    fn a_folder_that_does_not_exist_yet_is_judged_by_the_nearest_that_does() {
        let dir = tempfile::tempdir().unwrap();
        assert!(writable(&dir.path().join("a/b/plenary.db")));
        std::fs::write(dir.path().join("file"), "").unwrap();
        assert!(!writable(&dir.path().join("file/b/plenary.db")));
    }
}
