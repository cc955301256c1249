//! The promises of SECURITY.md name tests that exist.

use std::path::{Path, PathBuf};

/// The names in square brackets.
fn named_tests(document: &str) -> Vec<String> {
    let bracketed = document.split('[').skip(1).filter_map(|rest| rest.split(']').next());
    let named = bracketed.filter(|text| text.starts_with('`'));
    let words = named.flat_map(|text| text.split(['`', ',', '\n', ' ']));
    words.filter(|word| !word.is_empty() && *word != "key").map(str::to_owned).collect()
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn every_promise_names_tests_that_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    sources(&root.join("src"), &mut files);
    sources(&root.join("tests"), &mut files);
    let names = named_tests(&std::fs::read_to_string(root.join("SECURITY.md")).unwrap());
    assert!(names.len() > 15, "{names:?}");
    for name in names {
        let module = root.join(if name.starts_with("suite::") { "tests" } else { "src" });
        let module = module.join(name.replace("::", "/")).with_extension("rs");
        let has_tests = |path: &Path| {
            std::fs::read_to_string(path).is_ok_and(|text| {
                ["#[test]", "#[tokio::test", "proptest!", "mod "]
                    .iter()
                    .any(|word| text.contains(word))
            })
        };
        let function = format!("fn {name}(");
        let is_function =
            || files.iter().any(|path| std::fs::read_to_string(path).unwrap().contains(&function));
        assert!(has_tests(&module) || is_function(), "SECURITY.md names {name}");
    }
}
