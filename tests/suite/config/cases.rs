//! Configuration files one by one: `tests/fixtures/config/invalid/NAME.toml` with the error in `NAME.err`, and
//! `valid/NAME.toml` with the effective values of the file and the warnings in `NAME.values`.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use plenary::config::{Flags, Origin, Setup};

use super::Lab;

/// The `.toml` files of a folder of cases, sorted.
fn list_cases(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/config").join(folder);
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut paths: Vec<PathBuf> =
        paths.filter(|path| path.extension().is_some_and(|ext| ext == "toml")).collect();
    paths.sort();
    assert!(!paths.is_empty());
    paths
}

/// Compares all results with the files beside the cases.
fn compare_cases(folder: &str, extension: &str, result: impl Fn(&Lab) -> String) {
    let mut differences = String::new();
    for path in list_cases(folder) {
        let lab = Lab::new();
        lab.user(&fs::read_to_string(&path).unwrap());
        let expected = fs::read_to_string(path.with_extension(extension)).unwrap_or_default();
        let found = lab.without_folder(&result(&lab)).replace("/X/config/", "");
        if found.trim_end() != expected.trim_end() {
            let name = path.file_stem().unwrap().display();
            writeln!(differences, "{name}\nexpected: {expected}\nfound: {found}\n").unwrap();
        }
    }
    assert!(differences.is_empty(), "{differences}");
}

#[test]
fn invalid_files_are_reported_with_their_place() {
    compare_cases("invalid", "err", |lab| {
        match plenary::config::build_setup_in(&lab.flags, &lab.environment) {
            Ok(_) => "accepted".to_owned(),
            Err(error) => error.to_string(),
        }
    });
}

#[test]
fn valid_files_have_their_values() {
    compare_cases("valid", "values", |lab| list_values(&lab.setup()));
}

/// The values that come from a file, and the warnings.
fn list_values(setup: &Setup) -> String {
    let values = setup.report.values.iter();
    let values = values.filter(|(_, value)| matches!(value.origin, Origin::File { .. }));
    let values = values.map(|(key, value)| format!("{key} = {}\n", value.shown));
    let warnings = setup.warnings.iter().map(|warning| format!("warning: {warning}\n"));
    values.chain(warnings).collect()
}

#[test]
fn errors_are_structured() {
    let lab = Lab::new();
    lab.user("[providers.x]\nattempts = 0");
    let error = plenary::config::build_setup_in(&Flags::default(), &lab.environment).unwrap_err();
    assert_eq!(error.path, Some(lab.path("config/config.toml")));
    assert_eq!((error.line, error.column), (Some(2), Some(1)));
    assert_eq!(error.key.as_deref(), Some("providers.x.attempts"));
    assert_eq!(error.message, "expected a whole number from 1 to 20, found 0");
}
