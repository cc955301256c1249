//! Files that are private, damaged, newer, foreign or cannot be opened: what is refused, and what is kept in memory.

use super::*;

#[test]
fn new_files_are_private() {
    let (_home, path) = home();
    let store = Store::open(&path);
    store.write(turn(SESSION, 1, vec![new_run(1, "infra")]));
    store.flush();
    assert_eq!(mode(path.parent().unwrap()), 0o700);
    for suffix in ["", "-wal", "-shm"] {
        assert_eq!(mode(&beside(&path, suffix)), 0o600, "{suffix}");
    }
    assert_eq!(mode(&beside(&path, "-instances")), 0o700);
}

#[test]
fn readable_store_is_made_private() {
    let (_home, path) = home();
    drop(written(&path));
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    let store = Store::open(&path);
    store.flush();
    assert_eq!(mode(&path), 0o600);
    assert_eq!(load(&store).turns.len(), 1);
    assert_eq!(store.take_error(), None);
}

/// Opens `path`, which cannot be used: the error is reported, sessions are kept in memory, and the file is unchanged.
/// Returns the message.
fn open_refused(path: &Path) -> String {
    let before = fs::read(path).ok();
    let store = Store::open(path);
    let other = SessionId::from_number(9);
    store.write(turn(other, 9, vec![new_run(9, "edge")]));
    store.write(append(9, "kept in memory"));
    store.write(ended(9, Ending::Done));
    store.write(extracted(9, &[(0, 4)]));
    assert!(!store.write_now(selected(9, 5..7), Duration::from_mins(1)));
    store.flush();
    let reported = store.take_error().expect("a problem is reported");
    assert!(matches!(reported, StoreError::Open { .. }), "{reported:?}");
    assert_eq!(store.take_error(), None, "reported twice");
    let session = store.load_session(other).unwrap().expect("kept in memory");
    assert_eq!(session.turns[0].runs[0].text, "kept in memory");
    assert_eq!(session.triage_counts().items, 2);
    assert!(store.list_sessions(9).unwrap().iter().any(|s| s.id == other && s.proposed == 2));
    for error in [
        store.rename_session(other, "x".into()).unwrap_err(),
        store.tag_session(other, Vec::new()).unwrap_err(),
        store.delete_session(other).unwrap_err(),
    ] {
        let error = error.to_string();
        assert!(error.contains("nothing was changed") && error.contains("plenary.db"), "{error}");
    }
    drop(store);
    assert!(fs::read(path).ok() == before, "the file was changed");
    reported.to_string()
}

#[test]
fn damaged_file_is_reported_and_not_changed() {
    let (_home, path) = home();
    drop(written(&path));
    let sound = fs::read(&path).unwrap();
    let cases: [(&str, Vec<u8>); 5] = [
        ("not SQLite", b"this is not a database at all, but longer than a header ".repeat(40)),
        ("too short", b"SQLite format 3\0".to_vec()),
        ("truncated", sound[..sound.len() / 2].to_vec()),
        ("truncated within a page", sound[..4096 + 100].to_vec()),
        ("first page gone", [vec![0u8; 4096], sound[4096..].to_vec()].concat()),
    ];
    for (name, bytes) in cases {
        fs::write(&path, bytes).unwrap();
        let words = open_refused(&path);
        assert!(words.contains("damaged"), "{name}: {words}");
        assert!(words.contains(&path.display().to_string()), "{name}: {words}");
        assert!(words.contains("mv "), "{name}: {words}");
    }
    // An empty file is a new store.
    fs::write(&path, "").unwrap();
    for suffix in ["-wal", "-shm"] {
        fs::remove_file(beside(&path, suffix)).unwrap_or_default();
    }
    drop(written(&path));
    assert_eq!(Store::open(&path).list_sessions(9).unwrap().len(), 1);
}

#[test]
fn overwritten_page_is_reported_as_damage() {
    let (_home, path) = home();
    drop(written(&path));
    let conn = Connection::open(&path).unwrap();
    let roots: Vec<u32> = conn
        .prepare(
            "SELECT rootpage FROM sqlite_schema WHERE name IN \
             ('session', 'session_newest', 'turn', 'run', 'words_data', 'recommendation', 'edit')",
        )
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    drop(conn);
    let mut bytes = fs::read(&path).unwrap();
    for root in roots.into_iter().map(|root| root as usize) {
        bytes[(root - 1) * 4096..root * 4096].fill(0xA5);
    }
    fs::write(&path, &bytes).unwrap();
    let store = Store::open(&path);
    let errors = [
        store.load_session(SESSION).unwrap_err(),
        store.list_sessions(9).unwrap_err(),
        store.search_sessions("text", 9).unwrap_err(),
    ];
    for error in errors {
        let error = error.to_string();
        assert!(error.contains("damaged") && error.contains("plenary.db"), "{error}");
    }
    for nothing in [
        store.rename_session(SESSION, "another".into()).unwrap_err(),
        store.delete_session(SESSION).unwrap_err(),
    ] {
        assert!(nothing.to_string().contains("damaged"), "{nothing}");
    }
    assert!(!store.write_now(selected(1, 0..1), Duration::from_mins(1)));
    store.write(turn(SessionId::from_number(9), 9, vec![new_run(9, "edge")]));
    store.flush();
    assert!(store.take_error().is_some());
    drop(store);
    assert!(fs::read(&path).unwrap() == bytes, "the file was changed");
}

#[test]
fn newer_store_is_read_and_never_written() {
    let (_home, path) = home();
    drop(written(&path));
    let conn = Connection::open(&path).unwrap();
    conn.execute_batch("ALTER TABLE run ADD COLUMN later TEXT; PRAGMA user_version = 99").unwrap();
    drop(conn);
    let words = open_refused(&path);
    assert!(words.contains("newer plenary") && words.contains("99"), "{words}");
    let store = Store::open(&path);
    assert_eq!(load(&store).turns[0].runs[0].text, "text", "it can still be read");
    assert_eq!(store.search_sessions("question text", 9).unwrap().len(), 1, "and searched");
    // A decision is kept in memory until the end of the program, and the caller hears that it is not written.
    store.write(extracted(1, &[(0, 4)]));
    let decision = edited(1, 1, 0..4, Verdict::default(), decided(Decision::Accepted));
    assert!(!store.write_now(decision, Duration::from_mins(1)));
    assert_eq!(load(&store).triage_counts().accepted, 1);
    assert_eq!(store.search_sessions("question text", 9).unwrap()[0].session.decided, 1);
    drop(store);

    // A store whose tables this version cannot read stays as it is.
    let conn = Connection::open(&path).unwrap();
    conn.execute_batch("ALTER TABLE session RENAME TO conversation").unwrap();
    drop(conn);
    let words = open_refused(&path);
    assert!(words.contains("left alone"), "{words}");
}

#[test]
fn foreign_database_is_not_changed() {
    let (_home, path) = home();
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let conn = Connection::open(&path).unwrap();
    conn.execute_batch("CREATE TABLE session (id TEXT); PRAGMA user_version = 1").unwrap();
    drop(conn);
    let words = open_refused(&path);
    assert!(words.contains("another program"), "{words}");
}

#[test]
fn journal_without_its_store_is_not_deleted() {
    let (_home, path) = home();
    let store = written(&path);
    let wal = fs::read(beside(&path, "-wal")).unwrap();
    drop(store);
    fs::remove_file(&path).unwrap();
    fs::write(beside(&path, "-wal"), &wal).unwrap();
    let store = Store::open(&path);
    store.flush();
    let reported = store.take_error().expect("reported").to_string();
    assert!(reported.contains("plenary.db-wal"), "{reported}");
    drop(store);
    assert!(fs::read(beside(&path, "-wal")).unwrap() == wal);
}

#[test]
fn unusable_path_is_reported_and_sessions_are_kept_in_memory() {
    let (home, _) = home();
    let file = home.path().join("file");
    fs::write(&file, "x").unwrap();
    let cases = [
        file.join("data").join("plenary.db"),
        home.path().to_owned(),
        PathBuf::from("/dev/null"),
        PathBuf::from("/dev/full"),
        PathBuf::from("/proc/plenary/plenary.db"),
    ];
    for path in cases {
        let store = Store::open(&path);
        store.write(turn(SESSION, 1, vec![new_run(1, "infra")]));
        store.write(append(1, "text"));
        store.write(ended(1, Ending::Done));
        store.flush();
        let reported = store.take_error().expect("reported").to_string();
        assert!(reported.contains(&path.display().to_string()), "{reported}");
        assert!(reported.contains("memory"), "{reported}");
        assert_eq!(store.take_error(), None, "reported twice: {reported}");
        assert_eq!(load(&store).turns[0].runs[0].text, "text");
        assert_eq!(store.find_sessions("abc").unwrap(), [SESSION]);
    }
}

#[test]
fn link_is_followed_in_a_private_folder_and_refused_in_a_world_writable_one() {
    let (home, path) = home();
    drop(written(&path));
    let own = home.path().join("own");
    let open = home.path().join("open");
    for folder in [&own, &open] {
        fs::create_dir(folder).unwrap();
        std::os::unix::fs::symlink(&path, folder.join("plenary.db")).unwrap();
    }
    fs::set_permissions(&open, fs::Permissions::from_mode(0o1777)).unwrap();
    let through = Store::open(&own.join("plenary.db"));
    assert_eq!(load(&through).turns.len(), 1);
    assert_eq!(through.take_error(), None);
    drop(through);
    let words = open_refused(&open.join("plenary.db"));
    assert!(words.contains("link"), "{words}");
}

#[test]
fn store_of_another_user_is_refused() {
    let (_home, path) = home();
    drop(written(&path));
    if std::os::unix::fs::chown(&path, Some(12_345), None).is_err() {
        eprintln!("not root: cannot create a file of another user");
        return;
    }
    let words = open_refused(&path);
    assert!(words.contains("another user") && words.contains("12345"), "{words}");
}

/// A temporary problem: the folder cannot be created at first.
#[test]
fn changes_queued_while_the_store_cannot_be_opened_are_written_later() {
    let (home, path) = home();
    let folder = home.path().join("data");
    fs::write(&folder, "in the way").unwrap();
    let store = Store::open(&path);
    store.write(turn(SESSION, 1, vec![new_run(1, "infra")]));
    store.write(append(1, "text"));
    store.flush();
    assert!(matches!(store.take_error(), Some(StoreError::Open { .. })));
    fs::remove_file(&folder).unwrap();
    store.flush();
    assert!(matches!(store.take_error(), Some(StoreError::Recovered { .. })));
    assert_eq!(text_on_disk(&path), ["text"]);
}
