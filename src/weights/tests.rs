use super::*;
use crate::domain::Source;

fn spec(folder: &std::path::Path) -> LocalSpec {
    LocalSpec {
        catalogue: std::sync::Arc::default(),
        models: folder.to_owned(),
        cache: PathBuf::new(),
        scaffold: crate::domain::Scaffolding::Auto,
    }
}

fn weights() -> Weights {
    Weights {
        id: "m".into(),
        title: "M".into(),
        alias: None,
        file: "m.gguf".into(),
        bytes: 3,
        sha256: Some("00".repeat(32)),
        licence: "MIT".into(),
        context: 100,
        memory: 100,
        caution: None,
        sources: vec![Source::Packages(Vec::new())],
    }
}

#[test]
fn a_file_is_there_with_its_size_and_partly_there_without() {
    let dir = tempfile::tempdir().unwrap();
    let (spec, weights) = (spec(dir.path()), weights());
    assert_eq!(stored(&spec, &weights), Stored::Absent);
    std::fs::write(dir.path().join("m.gguf"), "four").unwrap();
    assert_eq!(stored(&spec, &weights), Stored::Absent);
    std::fs::write(dir.path().join("m.gguf.part"), "ab").unwrap();
    assert_eq!(stored(&spec, &weights), Stored::Partial(2));
    std::fs::write(dir.path().join("m.gguf"), "abc").unwrap();
    assert_eq!(stored(&spec, &weights), Stored::There);
    assert!(remove(&spec, &weights).unwrap());
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
    assert!(!remove(&spec, &weights).unwrap());
}

#[test]
fn a_file_of_the_users_own_is_there_and_never_removed() {
    let dir = tempfile::tempdir().unwrap();
    let own = dir.path().join("own.gguf");
    std::fs::write(&own, "x").unwrap();
    let weights = Weights { file: own.clone(), sha256: None, bytes: 0, ..weights() };
    let spec = spec(&dir.path().join("models"));
    assert_eq!(stored(&spec, &weights), Stored::There);
    assert!(matches!(remove(&spec, &weights), Err(RemoveError::NotOurs)));
    assert!(own.exists());
}

#[test]
fn what_is_being_fetched_is_not_removed() {
    let dir = tempfile::tempdir().unwrap();
    let (spec, weights) = (spec(dir.path()), weights());
    std::fs::write(dir.path().join("m.gguf.part"), "ab").unwrap();
    let places = Places::of(&spec, &weights).unwrap();
    let held = lock::take(&places.lock).unwrap();
    assert!(matches!(remove(&spec, &weights), Err(RemoveError::Busy)));
    drop(held);
    assert!(remove(&spec, &weights).unwrap());
}
