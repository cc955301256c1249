//! The rules of the house, checked by reading `src/**/*.rs`: which layer may name which, which crate
//! belongs where, how long a file and a function may be, that every module says what it is for.
//!
//! The tables below are the rules; `ARCHITECTURE.md` says why. The scanner is in `scan`, and the
//! last tests feed the checker bad samples, so that it cannot pass by seeing nothing.

mod scan;

use std::fs;
use std::path::Path;

use scan::{functions, line_of, mask, modules, paths, test_modules};

/// A layer and the layers that it may name. A module of `src/` that has no row here is an error.
const LAYERS: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("machine", &[]),
    ("text", &["domain"]),
    ("review", &["text", "domain"]),
    ("prompt", &["text", "domain"]),
    ("export", &["prompt", "review", "text", "domain"]),
    ("provider", &["text", "prompt", "review", "export", "machine", "domain"]),
    ("weights", &["text", "domain"]),
    ("store", &["text", "prompt", "review", "export", "machine", "domain"]),
    ("config", &["text", "prompt", "review", "export", "machine", "domain"]),
    (
        "app",
        &["provider", "store", "config", "text", "prompt", "review", "export", "machine", "domain"],
    ),
    (
        "ui",
        &[
            "app", "provider", "store", "config", "text", "prompt", "review", "export", "machine",
            "domain",
        ],
    ),
    (
        "runtime",
        &[
            "ui", "app", "provider", "weights", "store", "config", "text", "prompt", "review",
            "export", "machine", "domain",
        ],
    ),
    (
        "cli",
        &[
            "runtime", "ui", "app", "provider", "weights", "store", "config", "text", "prompt",
            "review", "export", "machine", "domain",
        ],
    ),
];

/// What only some places may name: a path, where (a layer, or a file below `src/`), and why.
/// Unit tests are exempt from these rows, never from `LAYERS`. The store has a clock because its
/// worker writes by time; everything else is told the time by the runtime.
const HOMES: &[(&str, &[&str], &str)] = &[
    ("ratatui", &["ui", "runtime"], "the state knows no cells"),
    ("crossterm", &["runtime"], "the terminal has one owner"),
    ("ratatui::crossterm", &["runtime"], "the terminal has one owner"),
    ("tui_textarea", &["ui", "app/composer.rs"], "one editor, in one place"),
    (
        "reqwest",
        &["provider", "weights"],
        "only providers and the fetching of weights speak to the network",
    ),
    ("rusqlite", &["store"], "only the store knows SQL"),
    ("syntect", &["text"], "highlighting happens off the drawing path"),
    ("two_face", &["text"], "highlighting happens off the drawing path"),
    ("pulldown_cmark", &["text", "export", "config"], "nobody parses Markdown while drawing"),
    ("std::time::Instant", &["runtime", "store"], "time is passed in, so that tests can set it"),
    ("std::time::SystemTime", &["runtime", "store"], "time is passed in, so that tests can set it"),
    (
        "tokio",
        &["runtime", "provider", "weights", "store", "config", "cli"],
        "no IO and no tasks here",
    ),
    ("candle_core", &["provider"], "the engine is provider::local's"),
    ("candle_nn", &["provider"], "the engine is provider::local's"),
    (
        "std::fs",
        &[
            "runtime",
            "provider",
            "weights",
            "store",
            "config",
            "machine",
            "cli",
            "ui/theme/file.rs",
        ],
        "no IO here, but for the themes of the user",
    ),
    ("std::net", &["runtime", "provider", "weights", "store", "config", "cli"], "no IO here"),
    ("std::process", &["runtime", "provider", "weights", "store", "config", "cli"], "no IO here"),
];

const FILE_LINES: usize = 500;
const FUNCTION_LINES: usize = 80;
/// Files shorter than this may open with one line.
const SMALL_FILE: usize = 40;

/// What is wrong with one file; `file` is its path below `src/`, with `/`.
fn check(file: &str, source: &str) -> Vec<String> {
    let masked = mask(source);
    let tests: Vec<_> = test_modules(&masked).iter().map(|m| m.start..m.end).collect();
    let in_tests = |at: usize| file.ends_with("/tests.rs") || tests.iter().any(|t| t.contains(&at));
    let mut wrong = Vec::new();
    let mut fault = |at: usize, what: String| {
        wrong.push(format!("src/{file}:{}: {what}", line_of(source, at)));
    };

    check_paths(file, &masked, &in_tests, &mut fault);

    let test_lines: usize = tests.iter().map(|t| masked[t.clone()].lines().count()).sum();
    let lines = source.lines().count() - test_lines;
    if lines > FILE_LINES && !file.ends_with("/tests.rs") {
        fault(
            0,
            format!("file: {lines} lines, {FILE_LINES} is the most: split it by what it does"),
        );
    }
    for function in functions(&masked).iter().filter(|f| !in_tests(f.start)) {
        let lines = source[function.start..function.end].lines().count();
        if lines > FUNCTION_LINES {
            let name = &function.name;
            let most = FUNCTION_LINES;
            fault(
                function.start,
                format!("function: `{name}` has {lines} lines, {most} is the most"),
            );
        }
    }

    let head = source.lines().take_while(|line| line.starts_with("//!")).count();
    let least = if source.lines().count() < SMALL_FILE { 1 } else { 2 };
    if head < least && !file.ends_with("/tests.rs") {
        fault(
            0,
            format!(
                "head: opens with {head} lines of `//!`, {least} is the least: what it is for, what it is not for, who calls it"
            ),
        );
    }
    wrong.dedup(); // one line of a `use` may name a crate several times
    wrong
}

/// The rules about paths: `LAYERS` and `HOMES`.
fn check_paths(
    file: &str,
    masked: &str,
    in_tests: &dyn Fn(usize) -> bool,
    fault: &mut dyn FnMut(usize, String),
) {
    let Some(layer) = layer_of(file) else {
        return; // lib.rs lists the layers, main.rs starts them
    };
    let Some((_, may_name)) = LAYERS.iter().find(|(name, _)| *name == layer) else {
        return fault(
            0,
            format!("layer: `{layer}` has no row in LAYERS of tests/suite/architecture.rs"),
        );
    };
    let inline = modules(masked);
    for path in paths(masked) {
        let depth = inline.iter().filter(|m| m.start < path.at && path.at < m.end).count();
        let target = crate_module(&path.segments, module_depth(file) + depth);
        if let Some(target) = target.filter(|t| *t != layer && !may_name.contains(t)) {
            let written = path.segments.join("::");
            let list = if may_name.is_empty() { "none".into() } else { may_name.join(", ") };
            fault(
                path.at,
                format!("layer: {layer} may not name {target} (`{written}`); below it are: {list}"),
            );
        }
        if in_tests(path.at) {
            continue;
        }
        for (what, homes, why) in HOMES {
            let named = starts_with(&path.segments, what);
            let at_home = homes.iter().any(|home| *home == layer || *home == file);
            if named && !at_home {
                let homes = homes.join(", ");
                fault(path.at, format!("home: {what} belongs to {homes}, not to {layer}: {why}"));
            }
        }
    }
}

/// The first folder (or file) below `src/`; nothing for the crate's roots.
fn layer_of(file: &str) -> Option<&str> {
    match file.split_once('/') {
        Some((layer, _)) => Some(layer),
        None => file.strip_suffix(".rs").filter(|name| !matches!(*name, "lib" | "main")),
    }
}

/// How many modules stand around the items of a file.
fn module_depth(file: &str) -> usize {
    file.trim_end_matches(".rs").trim_end_matches("/mod").split('/').count()
}

/// The crate's own module that a path leads to, if it leads out of where it stands.
fn crate_module(segments: &[String], depth: usize) -> Option<&str> {
    let supers = segments.iter().take_while(|s| *s == "super").count();
    let at_root = segments.first()? == "crate" || (supers > 0 && supers >= depth);
    let target = segments.get(supers.max(1)).filter(|_| at_root)?;
    LAYERS.iter().map(|(name, _)| *name).find(|name| name == target)
}

/// True when the path names `what` or anything in it. `std::time` on its own counts for
/// `std::time::Instant`: `use std::time;` would let it in by the back door.
fn starts_with(segments: &[String], what: &str) -> bool {
    let what: Vec<&str> = what.split("::").collect();
    let same = segments.iter().zip(&what).all(|(a, b)| a == b);
    same && (segments.len() >= what.len() || (what[0] == "std" && segments.len() + 1 == what.len()))
}

/// Every Rust file below `dir`, as (path below `src/`, text).
fn sources(dir: &Path, below: &str, found: &mut Vec<(String, String)>) {
    let mut entries: Vec<_> = fs::read_dir(dir).unwrap().map(|e| e.unwrap()).collect();
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let name = format!("{below}{}", entry.file_name().to_string_lossy());
        if entry.file_type().unwrap().is_dir() {
            sources(&entry.path(), &format!("{name}/"), found);
        } else if entry.path().extension().is_some_and(|e| e == "rs") {
            found.push((name, fs::read_to_string(entry.path()).unwrap()));
        }
    }
}

#[test]
fn the_sources_keep_the_rules_of_the_house() {
    let mut files = Vec::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), "", &mut files);
    for (layer, _) in LAYERS {
        assert!(files.iter().any(|(f, _)| layer_of(f) == Some(layer)), "no such layer: {layer}");
    }
    let wrong: Vec<String> = files.iter().flat_map(|(file, text)| check(file, text)).collect();
    assert!(wrong.is_empty(), "{} places:\n{}\n", wrong.len(), wrong.join("\n"));
}

#[test]
fn no_layer_may_name_one_that_may_name_it() {
    let row = |name: &str| LAYERS.iter().find(|(n, _)| *n == name).unwrap().1;
    for (layer, may_name) in LAYERS {
        for below in *may_name {
            assert!(!row(below).contains(layer), "{layer} and {below} name each other");
            assert!(row(below).iter().all(|b| may_name.contains(b)), "{layer} skips below {below}");
        }
    }
}

/// What the checker says about a file that is fine but for `body`.
fn faults(file: &str, body: &str) -> Vec<String> {
    check(file, &format!("//! What it is for.\n//! Who calls it.\n{body}"))
}

#[test]
fn a_forbidden_path_is_flagged_however_it_is_written() {
    let cases = [
        ("app/a.rs", "use crate::runtime::fanout;", "layer: app may not name runtime"),
        ("app/a.rs", "use crate::{domain::Run, ui};", "layer: app may not name ui"),
        ("app/mod.rs", "fn f() { super::cli::out(\"\") }", "layer: app may not name cli"),
        ("app/a.rs", "mod m { use super::super::super::ui::X; }", "layer: app may not name ui"),
        (
            "store/a.rs",
            "fn f(p: &dyn crate::provider::Provider) {}",
            "layer: store may not name provider",
        ),
        ("config/a.rs", "use crate::store::Store;", "layer: config may not name store"),
        ("prompt/a.rs", "use crate::export::markdown;", "layer: prompt may not name export"),
        ("domain/a.rs", "pub use crate::text::Row;", "below it are: none"),
        (
            "domain/a.rs",
            "#[cfg(test)]\nmod tests {\n  use crate::app::State;\n}",
            "may not name app",
        ),
        ("misc/a.rs", "", "layer: `misc` has no row in LAYERS"),
        ("misc.rs", "", "layer: `misc` has no row in LAYERS"),
        ("app/a.rs", "use ratatui::style::Style;", "home: ratatui belongs to ui, runtime"),
        (
            "ui/a.rs",
            "use ratatui::crossterm::event;",
            "home: ratatui::crossterm belongs to runtime",
        ),
        ("ui/a.rs", "use crossterm::event::KeyEvent;", "home: crossterm belongs to runtime"),
        (
            "app/a.rs",
            "use tui_textarea::TextArea;",
            "home: tui_textarea belongs to ui, app/composer.rs",
        ),
        ("config/a.rs", "reqwest::get(x)", "home: reqwest belongs to provider"),
        ("runtime/a.rs", "use rusqlite as sql;", "home: rusqlite belongs to store"),
        ("ui/a.rs", "use syntect;", "home: syntect belongs to text"),
        ("ui/a.rs", "two_face::syntax::extra()", "home: two_face belongs to text"),
        (
            "ui/a.rs",
            "use pulldown_cmark::{Event, Parser};",
            "home: pulldown_cmark belongs to text, export, config",
        ),
        (
            "ui/a.rs",
            "use std::time::{Duration, Instant};",
            "home: std::time::Instant belongs to runtime",
        ),
        ("ui/a.rs", "use std::time;", "home: std::time::Instant belongs to runtime"),
        (
            "cli/a.rs",
            "std::time::SystemTime::now()",
            "home: std::time::SystemTime belongs to runtime",
        ),
        ("app/a.rs", "tokio::spawn(x)", "home: tokio belongs to"),
        ("app/a.rs", "use std::{fs, path::Path};", "home: std::fs belongs to"),
    ];
    for (file, body, expected) in cases {
        let said = faults(file, body);
        assert!(said.iter().any(|s| s.contains(expected)), "{file}: {body}\nsaid: {said:?}");
    }
}

#[test]
fn what_is_allowed_is_not_flagged() {
    let cases = [
        ("app/a.rs", "use crate::{domain::Run, text::{Row, Span}};\nuse super::state::State;"),
        ("app/composer.rs", "use tui_textarea::TextArea;"),
        ("app/a.rs", "// crate::ui::draw\n/// [`crate::ui`]\nfn f() { g(\"crate::ui::x\") }"),
        (
            "app/a.rs",
            "#[cfg(test)]\nmod tests {\n  use super::super::state::State;\n  use std::time::Instant;\n}",
        ),
        (
            "provider/a.rs",
            "use std::time::Duration;\nuse tokio::time::timeout;\nuse crate::prompt::X;",
        ),
        ("domain/a.rs", "use super::Ending;\nuse crate::domain::Run;\nfn ui() {}"),
        ("lib.rs", "pub mod ui;\npub mod domain;"),
        ("main.rs", "fn main() { plenary::cli::main() }"),
    ];
    for (file, body) in cases {
        assert_eq!(faults(file, body), Vec::<String>::new(), "{file}: {body}");
    }
}

#[test]
fn long_files_and_functions_are_flagged_with_their_line() {
    let lines = |n: usize| "const X: u8 = 1; // }\n".repeat(n);
    assert_eq!(faults("app/a.rs", &lines(498)), Vec::<String>::new());
    assert!(faults("app/a.rs", &lines(499))[0].starts_with("src/app/a.rs:1: file: 501 lines"));
    let tests = format!("{}#[cfg(test)]\nmod tests {{\n{}}}\n", lines(498), lines(100));
    assert_eq!(faults("app/a.rs", &tests), Vec::<String>::new());

    let function = |n: usize| format!("\nfn long() {{\n{}}}\n", "    f(\"{\");\n".repeat(n));
    assert_eq!(faults("app/a.rs", &function(78)), Vec::<String>::new());
    assert_eq!(
        faults("app/a.rs", &function(79)),
        ["src/app/a.rs:4: function: `long` has 81 lines, 80 is the most"]
    );
}

#[test]
fn a_module_says_what_it_is_for() {
    let body = "const X: u8 = 1;\n".repeat(40);
    assert!(
        check("app/a.rs", &body)[0].contains("head: opens with 0 lines of `//!`, 2 is the least")
    );
    assert!(check("app/a.rs", &format!("//! One.\n{body}"))[0].contains("opens with 1 lines"));
    assert_eq!(check("app/a.rs", "//! One is enough for a small file.\n"), Vec::<String>::new());
    assert!(check("app/a.rs", "const X: u8 = 1;\n")[0].contains("1 is the least"));
}
