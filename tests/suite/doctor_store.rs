//! `plenary doctor` on stores that are not as they should be: each is a problem with what to do, and nothing is changed.

use std::os::unix::fs::symlink;
use std::path::Path;

use plenary::domain::{Change, SessionId, TurnId};
use plenary::store::Store;

use crate::common::term::Home;

fn doctor(home: &Home) -> String {
    String::from_utf8(home.run(&["doctor"]).stdout).unwrap()
}

/// What the report says about the store first, and the advice below it.
fn store_item(report: &str) -> String {
    let lines: Vec<&str> = report.lines().skip_while(|line| *line != "store").collect();
    lines.iter().skip(1).take(3).copied().collect::<Vec<_>>().join("\n")
}

fn fill(path: &Path) {
    let store = Store::open(path);
    for number in 1..60 {
        store.write(Change::Turn {
            session: SessionId::from_number(number << 100),
            title: "t".into(),
            panel: "p".into(),
            turn: TurnId::from_number(number),
            question: format!("question {number} {}", "and more of it ".repeat(200)),
            at: 1_700_000_000_000,
            runs: Vec::new(),
        });
    }
}

#[test]
fn sound_store_is_ok() {
    let home = Home::new("");
    fill(&home.path("data/plenary/plenary.db"));
    let report = doctor(&home);
    assert!(store_item(&report).starts_with("  ok "), "{report}");
    assert!(report.contains("59 sessions"), "{report}");
}

#[test]
fn destroyed_pages_are_a_problem_and_the_file_stays_as_it_is() {
    let home = Home::new("");
    let path = home.path("data/plenary/plenary.db");
    fill(&path);
    let mut bytes = std::fs::read(&path).unwrap();
    // The first pages, which opening reads, are as they were.
    let middle = bytes.len() / 2;
    for byte in &mut bytes[middle..middle + 40_000] {
        *byte = 0xA5;
    }
    std::fs::write(&path, &bytes).unwrap();
    let report = doctor(&home);
    let item = store_item(&report);
    assert!(item.starts_with("  PROBLEM") && item.contains("the file is damaged"), "{report}");
    assert!(item.contains("do: ") && item.contains(".recover"), "{report}");
    assert!(std::fs::read(&path).unwrap() == bytes, "the file was changed");
}

#[test]
fn whatever_is_not_a_store_is_a_problem() {
    type Make = fn(&Path);
    let kinds: [(&str, Make); 4] = [
        ("broken link", |path| symlink("nowhere/at all.db", path).unwrap()),
        ("not a file", |path| std::fs::create_dir(path).unwrap()),
        ("not a file", |path| {
            let mode = rustix::fs::Mode::from_raw_mode(0o600);
            rustix::fs::mknodat(rustix::fs::CWD, path, rustix::fs::FileType::Fifo, mode, 0)
                .unwrap();
        }),
        ("damaged", |path| std::fs::write(path, "no database".repeat(100)).unwrap()),
    ];
    for (reason, make) in kinds {
        let home = Home::new("");
        let path = home.path("data/plenary/plenary.db");
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        make(&path);
        let report = doctor(&home);
        let item = store_item(&report);
        assert!(item.starts_with("  PROBLEM") && item.contains(reason), "{reason}: {report}");
        assert!(path.symlink_metadata().is_ok(), "{reason}: it was removed");
    }
}
