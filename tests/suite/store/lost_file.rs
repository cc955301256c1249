//! A file that another program deletes, moves or replaces while it is open.

use super::*;

/// A store with one answer on disk.
fn answered(path: &Path) -> Store {
    let store = written(path);
    store.flush();
    assert_eq!(store.take_error(), None);
    store
}

#[test]
fn lost_file_is_reported_and_what_was_written_is_unsaved() {
    type Lose = fn(&Path);
    let cases: [(&str, Lose); 6] = [
        ("file deleted", |path| fs::remove_file(path).unwrap()),
        ("folder deleted", |path| fs::remove_dir_all(path.parent().unwrap()).unwrap()),
        ("folder moved", |path| {
            let folder = path.parent().unwrap();
            fs::rename(folder, folder.with_extension("away")).unwrap();
        }),
        ("text", |path| {
            fs::remove_file(path).unwrap();
            fs::write(path, "text ".repeat(999)).unwrap();
        }),
        ("folder in its place", |path| {
            fs::remove_file(path).unwrap();
            fs::create_dir(path).unwrap();
        }),
        ("broken link", |path| {
            fs::remove_file(path).unwrap();
            std::os::unix::fs::symlink("nowhere", path).unwrap();
        }),
    ];
    for (name, lose) in cases {
        let (_home, path) = home();
        let store = answered(&path);
        lose(&path);
        let there = fs::read(&path).ok();
        let unsaved = store.flush_within(Duration::from_mins(1)).unwrap();
        assert_eq!(
            (unsaved.sessions.as_slice(), unsaved.answers),
            ([SESSION].as_slice(), 1),
            "{name}"
        );
        assert!(unsaved.reason.contains("deleted, moved or replaced"), "{name}: {unsaved:?}");
        let reported = store.take_error();
        assert!(matches!(reported, Some(StoreError::Failing(_))), "{name}: {reported:?}");

        store.write(turn(SESSION, 8, vec![new_run(8, "edge")]));
        store.write(append(8, "later"));
        store.write(ended(8, Ending::Done));
        let unsaved = store.flush_within(Duration::from_mins(1)).unwrap();
        assert_eq!((unsaved.sessions.len(), unsaved.answers), (1, 2), "{name}");
        assert_eq!(store.take_error(), None, "{name}: reported twice");
        assert_eq!(load(&store).turns.len(), 2, "{name}");
        drop(store);
        assert!(fs::read(&path).ok() == there, "{name}: what is at the path was changed");
    }
}

#[test]
fn file_that_comes_back_is_written() {
    let (_home, path) = home();
    let store = answered(&path);
    let (folder, away) = (path.parent().unwrap(), path.parent().unwrap().with_extension("away"));
    fs::rename(folder, &away).unwrap();
    store.write(turn(SESSION, 8, vec![new_run(8, "edge")]));
    assert!(!store.flush_within(Duration::from_mins(1)).unwrap().is_empty());
    assert!(matches!(store.take_error(), Some(StoreError::Failing(_))));
    fs::rename(&away, folder).unwrap();
    assert!(store.flush_within(Duration::from_mins(1)).unwrap().is_empty());
    assert_eq!(store.take_error(), Some(StoreError::Recovered { path: path.clone() }));
    drop(store);
    assert_eq!(load(&Store::open(&path)).turns.len(), 2);
}
