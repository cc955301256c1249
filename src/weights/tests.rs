use super::*;
use crate::domain::DownloadSource;

fn spec_in(folder: &std::path::Path) -> LocalSpec {
    LocalSpec {
        catalogue: std::sync::Arc::default(),
        models: folder.to_owned(),
        cache: PathBuf::new(),
        scaffold: crate::domain::ScaffoldMode::Auto,
    }
}

fn sample_weights() -> ModelFile {
    ModelFile {
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
        sources: vec![DownloadSource::Packages(Vec::new())],
    }
}

#[test]
fn a_file_is_complete_with_its_size_and_partial_without_it() {
    let dir = tempfile::tempdir().unwrap();
    let (spec, weights) = (spec_in(dir.path()), sample_weights());
    assert_eq!(file_presence(&spec, &weights), FilePresence::Missing);
    std::fs::write(dir.path().join("m.gguf"), "four").unwrap();
    assert_eq!(file_presence(&spec, &weights), FilePresence::Missing);
    std::fs::write(dir.path().join("m.gguf.part"), "ab").unwrap();
    assert_eq!(file_presence(&spec, &weights), FilePresence::Partial(2));
    std::fs::write(dir.path().join("m.gguf"), "abc").unwrap();
    assert_eq!(file_presence(&spec, &weights), FilePresence::Complete);
    assert!(remove_model_file(&spec, &weights).unwrap());
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
    assert!(!remove_model_file(&spec, &weights).unwrap());
}

#[test]
fn a_file_of_the_users_own_is_never_removed() {
    let dir = tempfile::tempdir().unwrap();
    let own = dir.path().join("own.gguf");
    std::fs::write(&own, "x").unwrap();
    let weights = ModelFile { file: own.clone(), sha256: None, bytes: 0, ..sample_weights() };
    let spec = spec_in(&dir.path().join("models"));
    assert_eq!(file_presence(&spec, &weights), FilePresence::Complete);
    assert!(matches!(remove_model_file(&spec, &weights), Err(RemoveError::NotOurs)));
    assert!(own.exists());
}

#[test]
fn a_file_that_is_being_downloaded_is_not_removed() {
    let dir = tempfile::tempdir().unwrap();
    let (spec, weights) = (spec_in(dir.path()), sample_weights());
    std::fs::write(dir.path().join("m.gguf.part"), "ab").unwrap();
    let paths = ModelFilePaths::new(&spec, &weights).unwrap();
    let held = lock::try_lock(&paths.lock).unwrap();
    assert!(matches!(remove_model_file(&spec, &weights), Err(RemoveError::Busy)));
    drop(held);
    assert!(remove_model_file(&spec, &weights).unwrap());
}
