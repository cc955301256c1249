//! The rules of the source tree that neither the compiler nor a lint checks: which layer names which, which crate
//! belongs where, no cycles inside a layer, sizes, module heads. The tables are the rules; ARCHITECTURE.md shows the
//! first of them, and `clippy.toml` has what clippy can check.

mod reader;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use reader::SourceFile;

/// A layer and the layers that it names: no others, and each of these. A row names only rows above it.
const LAYERS: &[(&str, &str)] = &[
    ("domain", ""),
    ("machine", ""),
    ("text", "domain"),
    ("review", "text domain"),
    ("prompt", "text domain"),
    ("export", "prompt review text domain"),
    ("provider", "text machine domain"),
    ("weights", "text machine domain"),
    ("store", "domain"),
    ("config", "review text machine domain"),
    ("app", "export prompt review text domain"),
    ("ui", "app export prompt review text domain"),
    ("runtime", "ui app config store weights provider export review text machine domain"),
    ("cli", "runtime app config store weights provider export prompt review text machine domain"),
];

/// Layers that do not see each other, and that `app` and `ui` do not see.
const ADAPTERS: &[&str] = &["provider", "weights", "store", "config"];

/// What only some layers (or files) may name outside unit tests, and why.
const HOMES: &[(&str, &str, &str)] = &[
    (
        "std::fs std::io std::net std::process std::thread std::env tokio",
        "machine provider weights store config runtime cli ui/theme/file.rs",
        "no IO in algorithms, state and drawing; a theme is read before anything is drawn",
    ),
    (
        "std::time::Instant",
        "store runtime",
        "time is passed in, so that tests can set it; the store's worker writes by time",
    ),
    (
        "std::time::SystemTime",
        "store",
        "time is passed in; a change is stamped when it is handed over",
    ),
    ("ratatui", "ui runtime", "the state knows no cells"),
    ("crossterm ratatui::crossterm", "runtime", "the terminal has one owner"),
    ("tui_textarea", "app/composer.rs", "there is one editor"),
    ("reqwest", "provider weights", "answers and weights are all that is fetched"),
    ("cap_std", "config/project/project_dir.rs", "files of a project are opened in one place"),
    ("rusqlite", "store", "only the store knows SQL"),
    ("candle_core candle_nn", "provider", "the engine is a provider's"),
    ("syntect two_face", "text", "code is highlighted by a worker, not while drawing"),
    ("icu_properties", "domain text", "what is invisible is decided once"),
    ("pulldown_cmark", "text export config", "Markdown is not parsed while drawing"),
    ("clap indicatif", "cli", "only the command line has options and progress bars"),
];

/// Import cycles between files of one layer that are still there. This list only shrinks: a cycle that is gone or has
/// fewer files fails the test until its row is deleted or shortened.
const KNOWN_CYCLES: &[&str] = &[];

/// How a clause begins that lists who calls a module: a list that no tool keeps true.
const CALLERS: &str = "called by|called through|used by|read by|made by|drawn by|taken by|\
                       started by|loaded by|asked by|changed by|moved by|given by";

/// The most lines of a file without its unit tests. Those of a function are in `clippy.toml`.
const FILE_LINES: usize = 500;

/// Where each layer names another: `(layer, other)` and the places.
fn layer_edges(files: &[SourceFile]) -> BTreeMap<(&str, &str), Vec<String>> {
    let mut edges: BTreeMap<_, Vec<String>> = BTreeMap::new();
    let layers: BTreeSet<&str> = files.iter().map(|file| first(&file.module)).collect();
    for (file, path) in
        files.iter().flat_map(|file| file.paths.iter().map(move |path| (file, path)))
    {
        let other = path.name.strip_prefix("crate::").and_then(|name| layers.get(first(name)));
        if let (Some(other), layer) = (other, first(&file.module))
            && *other != layer
            && !layer.is_empty()
        {
            let place = format!("src/{}:{}: {}", file.file, path.line, path.name);
            edges.entry((layer, *other)).or_default().push(place);
        }
    }
    edges
}

/// What is wrong with the layers and the crates in `files`.
fn layer_faults(files: &[SourceFile]) -> Vec<String> {
    let row = |layer: &str| LAYERS.iter().find(|(name, _)| *name == layer).map(|(_, row)| *row);
    let mut wrong = Vec::new();
    for ((layer, other), places) in layer_edges(files) {
        let row = row(layer).unwrap_or_default();
        if !has_word(row, other) {
            wrong.extend(places.iter().map(|place| format!("{place}: {layer} may name: {row}")));
        }
    }
    for file in files.iter().filter(|file| !file.module.is_empty()) {
        let (layer, name) = (first(&file.module), &file.file);
        if row(layer).is_none() {
            wrong.push(format!("src/{name}: the layer {layer} has no row in LAYERS"));
        }
        for path in file.paths.iter().filter(|path| !path.in_tests) {
            for (what, homes, why) in HOMES {
                let is_named = what.split(' ').any(|what| is_in(&path.name, what));
                if is_named && !has_word(homes, layer) && !has_word(homes, name) {
                    let (line, what) = (path.line, &path.name);
                    wrong.push(format!("src/{name}:{line}: {what} belongs to {homes}: {why}"));
                }
            }
        }
    }
    wrong
}

/// Groups of files of one layer that import each other, outside unit tests. A folder's own file and those in the folder
/// count as one: between them there is no edge.
fn cycles(files: &[SourceFile]) -> BTreeSet<String> {
    let modules: BTreeSet<&str> = files.iter().map(|file| &*file.module).collect();
    let mut edges: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for file in files {
        for path in file.paths.iter().filter(|path| !path.in_tests) {
            let name = path.name.strip_prefix("crate::").unwrap_or_default();
            let modules = modules.iter().filter(|module| is_in(name, module));
            let target = modules.max_by_key(|module| module.len()).copied().unwrap_or_default();
            let here = &*file.module;
            if first(here) == first(target) && !is_in(here, target) && !is_in(target, here) {
                edges.entry(here).or_default().insert(target);
            }
        }
    }
    let reachable = |from| {
        let (mut seen, mut todo) = (BTreeSet::new(), vec![from]);
        while let Some(module) = todo.pop() {
            todo.extend(edges.get(module).into_iter().flatten().filter(|next| seen.insert(**next)));
        }
        seen
    };
    let reached: BTreeMap<&str, BTreeSet<&str>> =
        edges.keys().map(|from| (*from, reachable(*from))).collect();
    let leads =
        |from: &str, to: &str| reached.get(from).is_some_and(|reached| reached.contains(to));
    let group = |of: &str| {
        reached[of].iter().copied().filter(|other| leads(other, of)).collect::<Vec<_>>().join(" ")
    };
    reached.keys().filter(|module| leads(module, module)).map(|module| group(module)).collect()
}

/// What is wrong with sizes and heads.
fn file_faults(files: &[SourceFile]) -> Vec<String> {
    let mut wrong = Vec::new();
    for file in files.iter().filter(|file| file.lines > 0) {
        if file.lines > FILE_LINES {
            wrong
                .push(format!("src/{}: {} lines, {FILE_LINES} is the most", file.file, file.lines));
        }
        if file.head.is_empty() {
            wrong.push(format!("src/{}: no `//!`: what it does, what it does not do", file.file));
        }
        let quoted = file.head.split('`').skip(1).step_by(2).filter(|name| name.contains("::"));
        let dead = quoted.filter(|name| !resolves(name, files));
        wrong.extend(dead.map(|name| {
            format!("src/{}: the head names `{name}`, which does not exist", file.file)
        }));
    }
    wrong
}

/// False for the path of a module or an item that does not exist, where its first name is that of a module.
fn resolves(path: &str, files: &[SourceFile]) -> bool {
    let names: Vec<&str> = path.trim_start_matches("crate::").split("::").collect();
    let mut is_ours = false;
    let found = files.iter().any(|file| {
        let mut module = file.module.split("::").skip_while(|module| *module != names[0]);
        let along = names.iter().take_while(|name| module.next() == Some(*name)).count();
        is_ours |= along > 0;
        along > 0 && names.get(along).is_none_or(|name| file.items.iter().any(|item| item == name))
    });
    found || !is_ours
}

/// True when a clause of the head says who calls the module.
fn lists_callers(head: &str) -> bool {
    let head = head.replace('\n', "").to_lowercase();
    let mut clauses = head.split(['.', ';', ':', ',']).map(str::trim);
    clauses.any(|clause| CALLERS.split('|').any(|begin| clause.starts_with(begin)))
}

fn first(path: &str) -> &str {
    path.split("::").next().unwrap_or_default()
}

/// True when `path` is `what` or something in it.
fn is_in(path: &str, what: &str) -> bool {
    path.strip_prefix(what).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

fn has_word(words: &str, word: &str) -> bool {
    words.split(' ').any(|found| found == word)
}

/// Reads all files below `dir`.
fn read_sources(dir: &Path, below: &str, files: &mut Vec<SourceFile>) {
    for entry in fs::read_dir(dir).unwrap().map(Result::unwrap) {
        let name = format!("{below}{}", entry.file_name().to_str().unwrap());
        if entry.file_type().unwrap().is_dir() {
            read_sources(&entry.path(), &format!("{name}/"), files);
        } else if entry.path().extension().is_some_and(|extension| extension == "rs") {
            files.push(SourceFile::read(&name, &fs::read_to_string(entry.path()).unwrap()));
        }
    }
}

#[test]
fn the_sources_keep_the_rules() {
    let mut files = Vec::new();
    read_sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), "", &mut files);
    let mut wrong = [layer_faults(&files), file_faults(&files)].concat();
    let edges = layer_edges(&files);
    for (layer, other) in LAYERS
        .iter()
        .flat_map(|(layer, row)| row.split_terminator(' ').map(move |other| (*layer, other)))
    {
        if !edges.contains_key(&(layer, other)) {
            wrong.push(format!("LAYERS: {layer} no longer names {other}: delete it"));
        }
    }
    let (found, known) = (cycles(&files), KNOWN_CYCLES.iter().map(|c| (*c).to_owned()).collect());
    wrong.extend(found.difference(&known).map(|new| format!("a cycle: {new}")));
    wrong.extend(
        known.difference(&found).map(|old| format!("KNOWN_CYCLES: no longer a cycle: {old}")),
    );
    let listing = files.iter().filter(|file| lists_callers(&file.head));
    wrong.extend(listing.map(|file| format!("src/{}: the head lists callers", file.file)));
    assert!(wrong.is_empty(), "{} faults:\n{}\n", wrong.len(), wrong.join("\n"));
}

#[test]
fn the_matrix_is_the_one_of_the_design_and_of_the_document() {
    let document =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("ARCHITECTURE.md"));
    let document = document.unwrap();
    for (at, (layer, row)) in LAYERS.iter().enumerate() {
        let (begin, named) = (format!("| `{layer}` |"), row.replace(' ', "` `"));
        let end = if row.is_empty() { "| nothing |".into() } else { format!("| `{named}` |") };
        let is_documented =
            document.lines().any(|line| line.starts_with(&begin) && line.ends_with(&end));
        assert!(is_documented, "ARCHITECTURE.md: the row of {layer} must end with {end}");
        for other in row.split_terminator(' ') {
            assert!(
                LAYERS[..at].iter().any(|below| below.0 == other),
                "{layer}: {other} is not below"
            );
            let sees_none = ADAPTERS.contains(layer) || ["app", "ui"].contains(layer);
            assert!(!sees_none || !ADAPTERS.contains(&other), "{layer} names the adapter {other}");
        }
    }
}

fn read(sources: &[(&str, &str)]) -> Vec<SourceFile> {
    sources.iter().map(|(file, source)| SourceFile::read(file, source)).collect()
}

#[test]
fn a_path_to_another_layer_is_found_however_it_is_written() {
    let said = |file, code| {
        layer_faults(&read(&[(file, code), ("store/mod.rs", ""), ("domain/mod.rs", "")]))
    };
    for code in [
        "use crate::store::Store;",
        "use crate::{domain::Run, store};",
        "use crate::{domain::Run, store::{x::{self as s}}};",
        "use super::super::store::*;",
        "mod m { use super::super::super::store::X; }",
        "fn f(p: &dyn crate::store::X) {}",
        "fn f() { g!(\"{}\", h(crate::store::x::<u8>(), [1])) }",
        "macro_rules! m { () => { $crate::store::X } }",
        "#[cfg(test)]\nmod tests { use crate::store::X; }",
        "struct A<T: crate::store::X>(T);",
        "#[derive(X)] struct A { #[x(crate::store::y)] a: u8 }",
    ] {
        let said = said("app/a.rs", code);
        assert!(said.len() == 1 && said[0].contains(": crate::store"), "{code}\n{said:?}");
    }
    let fine = "// crate::store\n/// [`crate::store`]\nuse crate::domain::store;\nuse super::store::X;\n\
         fn f() { g(\"crate::store::x\", self::store::y, r#\"\" crate::store::z\"#) }";
    assert_eq!(said("app/a.rs", fine), Vec::<String>::new());
    assert_eq!(said("misc.rs", ""), ["src/misc.rs: the layer misc has no row in LAYERS"]);
}

#[test]
fn a_crate_away_from_home_is_found_but_not_in_unit_tests() {
    let said = |file, code: &str| layer_faults(&read(&[(file, code)])).len();
    for code in [
        "use std::{fs, path::Path};",
        "use ratatui::style::Style;",
        "use reqwest;",
        "use ::rusqlite as sql;",
        "fn f() { std::env::var(x); }",
        "fn f() { x!(y, tokio::spawn(z)) }",
        "use std::time::{Duration, Instant};",
        "#[cfg(test)]\nmod tests {}\nfn f() { std::io::stdin() }",
    ] {
        let tested = format!("#[cfg(test)]\nmod tests {{ {code} }}");
        let said = [said("app/a.rs", code), said("app/a.rs", &tested), said("app/tests.rs", code)];
        assert_eq!(said, [1, 0, 0], "{code}");
    }
    assert_eq!(said("ui/a.rs", "use ratatui::crossterm::event;"), 1);
    assert_eq!(
        said("ui/a.rs", "use ratatui::text::Text; use std::time::Duration; fn reqwest() {}"),
        0
    );
    assert_eq!(said("app/composer.rs", "use tui_textarea::TextArea;"), 0);
}

#[test]
fn cycles_are_found_through_any_number_of_files() {
    let found = |sources: &[(&str, &str)]| cycles(&read(sources)).into_iter().collect::<Vec<_>>();
    let (a, c) = (("app/a.rs", "use super::b::X;"), ("app/c.rs", "fn f() { super::a::x() }"));
    let ring =
        [a, ("app/b/mod.rs", "use crate::app::{c::Y, d};"), c, ("app/d.rs", "use super::c;")];
    assert_eq!(found(&ring), ["app::a app::b app::c app::d"]);
    let in_tests = ("app/b.rs", "#[cfg(test)]\nmod tests { use crate::app::c; }");
    assert_eq!(found(&[a, in_tests, c]), Vec::<String>::new());
    let folder =
        [("app/mod.rs", "use self::a::Y;"), ("app/a.rs", "use super::Z; use crate::ui::X;")];
    assert_eq!(
        found(&[folder[0], folder[1], ("ui/x.rs", "use crate::app::a;")]),
        Vec::<String>::new()
    );
}

#[test]
fn sizes_and_heads_are_checked() {
    let said = |code: &str| {
        file_faults(&read(&[("app/a.rs", code), ("app/update/mod.rs", "//! x\nfn act() {}")]))
    };
    let lines = "const X: u8 = 1; // }\n".repeat(499);
    let code = format!("//! x\n{lines}#[cfg(test)]\nmod tests {{\n{lines}}}\n");
    assert_eq!(said(&code), Vec::<String>::new());
    assert_eq!(said(&format!("{code}\n")), ["src/app/a.rs: 501 lines, 500 is the most"]);
    assert_eq!(said("fn f() {}"), ["src/app/a.rs: no `//!`: what it does, what it does not do"]);
    assert_eq!(
        said("//! `app::update`, `update::act`, `crate::app`, `std::fs`, `Run::x`"),
        Vec::<String>::new()
    );
    for name in ["`update::triage`", "`app::b`", "`crate::app::update::gone`"] {
        assert_eq!(
            said(&format!("//! See\n//! {name}.")),
            [format!("src/app/a.rs: the head names {name}, which does not exist")]
        );
    }
    assert!(
        lists_callers(" Reads keys. Called by\n `update`.")
            && lists_callers(" Rows; drawn by `ui`")
    );
    assert!(!lists_callers(
        " Says who is called by name. One provider, configured and made by kind."
    ));
}
