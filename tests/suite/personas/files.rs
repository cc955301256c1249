//! Persona files from anywhere: plain documents, files of other programs, unusable files, folders.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use plenary::config::personas;
use plenary::domain::PersonaId;
use plenary::prompt;
use tempfile::TempDir;

use super::command::show_persona;
use super::{PLAIN, built_in, fixture, list_warnings, load_folder, load_one, write_folder};

#[test]
fn plain_documents_load_byte_for_byte() {
    for (file, id, name, title) in [
        ("no-heading.md", "mara-quist", "Mara Quist", "Principal Storage Engineer"),
        ("crlf.txt", "release-engineer", "Release Engineer", ""),
        ("second-of-the-name.md", "release-engineer", "Release Engineer", ""),
        ("with-bom.md", "ida", "Ida", "Principal Network Lead"),
    ] {
        let path = fixture("plain").join(file);
        let (persona, warnings) = load_one(&path);
        assert_eq!(persona.prompt.as_bytes(), fs::read(&path).unwrap(), "{file}");
        assert_eq!(
            (persona.id.as_str(), persona.name.as_str(), persona.title.as_str()),
            (id, name, title)
        );
        assert_eq!(warnings, [""; 0]);
        let arg = path.display().to_string();
        let printed = show_persona(&arg, true).unwrap();
        assert_eq!(printed.out.as_bytes(), fs::read(&path).unwrap(), "{file}");
        assert_eq!(printed.notices, [""; 0]);
    }
}

#[test]
fn personas_of_one_name_get_distinct_ids() {
    let found = personas::load_path(&fixture("plain"), |_| None).unwrap().personas;
    let ids: Vec<&str> = found.iter().map(|(p, _)| p.id.as_str()).collect();
    assert_eq!(ids, ["release-engineer", "mara-quist", "release-engineer-2", "ida"]);
    let paths = ["crlf.txt", "second-of-the-name.md", "crlf.txt"].map(|f| fixture("plain").join(f));
    let found = personas::load_paths(&paths, |_| None).unwrap().personas;
    let ids: Vec<&str> = found.iter().map(|(p, _)| p.id.as_str()).collect();
    assert_eq!(ids, ["release-engineer", "release-engineer-2"]);
}

#[test]
fn files_of_other_programs_load_unchanged() {
    let found = personas::load_path(&fixture("foreign"), |_| None).unwrap().personas;
    let get = |id: &str| {
        found.iter().find(|(p, _)| p.id.as_str() == id).unwrap_or_else(|| panic!("{id}"))
    };
    assert_eq!(found.len(), 6);

    let (reviewer, notices) = get("code-reviewer");
    assert_eq!(reviewer.color.as_deref(), Some("purple"));
    assert!(reviewer.prompt.starts_with("\nYou are a senior reviewer. Read `{{diff}}`"));
    assert_eq!((reviewer.model.clone(), notices.len()), (None, 1));
    assert!(notices[0].ends_with("code-reviewer.md:5: model: `sonnet` is not used: it is not PROVIDER:MODEL; the configured model answers"));

    let (planner, notices) = get("planner");
    assert_eq!(&*planner.prompt, "You plan before anybody builds.\n");
    assert!(
        notices.iter().any(|n| n.contains("planner.md:3: description: not valid YAML")),
        "{notices:?}"
    );

    let (audit, _) = get("audit");
    assert_eq!((audit.temperature, audit.mode.clone()), (Some(0.1), None));
    assert_eq!(audit.title, "Audits without changing anything");

    let (shell, notices) = get("shell");
    assert_eq!(shell.model.as_ref().unwrap().to_string(), "openai:gpt-4o");
    assert_eq!((shell.temperature, shell.top_p, notices.len()), (Some(0.0), Some(0.5), 0));

    let (haiku, notices) = get("haiku");
    assert!(haiku.prompt.starts_with("---\nmodel: openai:gpt-4o\n"));
    assert_eq!(notices.len(), 1);

    let (ideas, _) = get("extract-ideas");
    assert_eq!(ideas.name, "extract_ideas");
    let (direct, _) = load_one(&fixture("foreign/extract_ideas"));
    assert_eq!((&direct.name, &direct.prompt), (&ideas.name, &ideas.prompt));
}

#[test]
fn unusable_files_are_skipped_with_one_line_each() {
    let mut bomb = "---\na: &a [x,x,x,x,x,x,x,x,x]\n".to_owned();
    for (from, to) in "abcdefgh".chars().zip("bcdefghi".chars()) {
        writeln!(bomb, "{to}: &{to} [{}]", vec![format!("*{from}"); 9].join(",")).unwrap();
    }
    bomb.push_str("---\nbody\n");
    let large = vec![b'x'; 300 * 1024];
    let folder = write_folder(&[
        ("a-good.md", PLAIN),
        ("binary.md", b"\x7fELF\x02\x01\x01\0\0\0"),
        ("bomb.md", bomb.as_bytes()),
        ("dir.md/x", b""),
        ("empty.md", b""),
        ("large.md", &large),
        ("latin1.md", b"# Caf\xe9\n"),
        ("only-front.md", b"---\nid: x\n---\n"),
        ("twice-1.md", b"---\nid: twice\n---\nFirst\n"),
        ("twice-2.md", b"---\nname: T\nid: twice\n---\nSecond\n"),
        ("utf16.md", b"\xff\xfe#\0 \0A\0"),
        ("value.md", b"---\nid: v\ntemperature: hot\n---\nbody\n"),
        ("yaml.md", b"---\nid: [x\n---\nbody\n"),
        ("z-unknown.md", b"---\nid: unknown\ncolour: teal\n---\nbody\n"),
    ]);
    let loaded = load_folder(&folder);
    let ids: Vec<&str> = loaded.personas.iter().skip(6).map(|p| p.id.as_str()).collect();
    assert_eq!(ids, ["good-one", "twice", "unknown"]);
    assert_eq!(
        list_warnings(&loaded, &folder),
        [
            "binary.md: is binary (a NUL at byte 7); a persona is a text file in UTF-8 (skipped)",
            "bomb.md:6: e: the front matter is too deep, too large or repeats itself too often; it was refused (skipped)",
            "dir.md: is a folder, not a file (skipped)",
            "empty.md: the file is empty; a persona is a Markdown document that says who answers (skipped)",
            "large.md: has 300 kB; a persona file has at most 256 kB (skipped)",
            "latin1.md: is not UTF-8 (byte 0xE9 in line 1); if it is Latin-1, save it as UTF-8 (iconv -f LATIN1 -t UTF-8) (skipped)",
            "only-front.md:3: there is only front matter; the system prompt is missing below it (skipped)",
            "utf16.md: is UTF-16; save it as UTF-8 (iconv -f UTF-16 -t UTF-8) (skipped)",
            "value.md:3: temperature: `hot` is not a number from 0 to 2, or null (skipped)",
            "yaml.md:2: id: not valid YAML: unclosed bracket '[' (skipped)",
            "twice-2.md:3: id: `twice` is also the id of twice-1.md; that one is used: give this one another id (skipped)",
            "z-unknown.md:3: colour: unknown key, not used; did you mean `color`?",
        ]
    );
}

#[test]
fn named_files_must_be_valid() {
    let folder = write_folder(&[
        ("bad.md", b"---\nid: A B\n---\nx\n"),
        ("worse.md", b""),
        ("good.md", PLAIN),
    ]);
    let error = |path: &Path| {
        let error = personas::load_path(path, |_| None).unwrap_err();
        error.to_string().replace(&format!("{}/", folder.path().display()), "")
    };
    assert_eq!(
        error(&folder.path().join("bad.md")),
        "bad.md:2: id: `A B` is not 1 to 64 of a-z, 0-9 and hyphens, such as `my-reviewer`; write `a-b`"
    );
    assert!(
        error(&folder.path().join("none.md")).starts_with("none.md: cannot be read: No such file")
    );
    fs::remove_file(folder.path().join("good.md")).unwrap();
    assert_eq!(error(folder.path()).lines().count(), 2);
    let empty = TempDir::new().unwrap();
    assert!(
        error(empty.path())
            .ends_with("the folder holds no persona (*.md, *.txt or NAME/system.md)")
    );
}

#[test]
fn named_folders_skip_unusable_files() {
    let twice = b"---\nid: twice\n---\nText\n";
    let folder = write_folder(&[
        ("bad.md", b"---\nid: A B\n---\nx\n"),
        ("dir.md/x", b""),
        ("good.md", PLAIN),
        ("twice-1.md", twice),
        ("twice-2.md", twice),
    ]);
    let found = personas::load_path(folder.path(), |_| None).unwrap();
    let ids: Vec<&str> = found.personas.iter().map(|(p, _)| p.id.as_str()).collect();
    assert_eq!(ids, ["good-one", "twice"]);
    let starts: Vec<_> = found
        .skipped
        .iter()
        .map(|line| {
            assert!(line.ends_with(" (skipped)"), "{line}");
            line.split(": ").next().unwrap().rsplit('/').next().unwrap()
        })
        .collect();
    assert_eq!(starts, ["bad.md:2", "dir.md", "twice-2.md:2"]);

    let files = ["twice-1.md", "twice-2.md"].map(|name| folder.path().join(name));
    let text = personas::load_paths(&files, |_| None).unwrap_err().to_string();
    assert!(text.contains("twice-2.md:2") && text.contains("twice-1.md"), "{text}");
    let both = [folder.path().to_owned(), folder.path().join("bad.md")];
    let text = personas::load_paths(&both, |_| None).unwrap_err().to_string();
    assert!(text.contains("bad.md:2") && text.lines().count() == 1, "{text}");
}

#[test]
fn many_skipped_files_are_summarised() {
    let folder = write_folder(&[("a.md", b""), ("b.md", b""), ("good.md", PLAIN)]);
    assert_eq!(load_folder(&folder).brief, load_folder(&folder).warnings, "two files are listed");
    let bad = "---\ntemperature: 9\ntop_p: 9\ncontext_limit: 1\n---\nx\n";
    fs::write(folder.path().join("c.md"), bad).unwrap();
    let loaded = load_folder(&folder);
    assert_eq!(loaded.warnings.len(), 5, "{:?}", loaded.warnings);
    let place = folder.path().display();
    assert_eq!(
        loaded.brief,
        [format!("3 files in {place} were skipped; `plenary doctor` lists them")]
    );
    fs::remove_file(folder.path().join("a.md")).unwrap();
    fs::remove_file(folder.path().join("b.md")).unwrap();
    assert_eq!(
        load_folder(&folder).brief,
        [format!("1 file in {place} was skipped; `plenary doctor` says why")]
    );
}

#[cfg(unix)]
#[test]
fn devices_pipes_and_loops_are_skipped_without_waiting() {
    use std::os::unix::fs::symlink;
    let folder = write_folder(&[("good.md", PLAIN)]);
    let at = |name: &str| folder.path().join(name);
    symlink(at("loop-b.md"), at("loop-a.md")).unwrap();
    symlink(at("loop-a.md"), at("loop-b.md")).unwrap();
    symlink("/dev/zero", at("zero.md")).unwrap();
    symlink(folder.path(), at("itself")).unwrap();
    symlink(at("good.md"), at("link.md")).unwrap();
    make_fifo(&at("pipe.md"));
    let loaded = load_folder(&folder);
    let ids: Vec<&str> = loaded.personas.iter().skip(6).map(|p| p.id.as_str()).collect();
    assert_eq!(ids, ["good-one", "good-one-2"]);
    let notices = list_warnings(&loaded, &folder);
    assert_eq!(notices.len(), 4, "{notices:?}");
    assert!(notices[0].starts_with("loop-a.md: cannot be read:"), "{notices:?}");
    let special =
        "is not a regular file (a pipe, socket or device); a persona is a text file (skipped)";
    assert_eq!(notices[2..], [format!("pipe.md: {special}"), format!("zero.md: {special}")]);
}

#[cfg(unix)]
fn make_fifo(path: &Path) {
    let mode = rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR;
    rustix::fs::mknodat(rustix::fs::CWD, path, rustix::fs::FileType::Fifo, mode, 0).unwrap();
}

#[test]
fn large_folders_are_read_up_to_a_limit() {
    let folder = TempDir::new().unwrap();
    for i in 0..1_100 {
        fs::write(folder.path().join(format!("{i:04}.md")), "Text").unwrap();
    }
    let loaded = load_folder(&folder);
    assert_eq!(loaded.personas.len(), 6 + 1_000);
    assert_eq!(loaded.warnings.len(), 1);
    assert!(loaded.warnings[0].ends_with("holds 1100 files; only the first 1000 are read"));
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(300))]

    #[test]
    fn no_text_panics_and_plain_text_is_unchanged(
        front in "(---\n)?([a-z_]{0,12}: ?[\\PC\n\\[\\]{}&*!|>'\"-]{0,20}\n){0,4}(---\n)?",
        body in "[\\PC\n\r#*` -]{0,200}",
    ) {
        let text = front + &body;
        let folder = write_folder(&[("p.md", text.as_bytes())]);
        let path = folder.path().join("p.md");
        if let Ok(found) = personas::load_path(&path, |_| None) {
            let (persona, _) = &found.personas[0];
            assert!(text.ends_with(&*persona.prompt));
            assert!(PersonaId::parse(persona.id.as_str()).is_some(), "{}", persona.id);
            if !text.starts_with("---") {
                assert_eq!(*persona.prompt, *text);
            }
        } else {
            let (_, problems) = personas::check_files(&[path], |_| None);
            assert!(problems.iter().any(personas::PersonaProblem::is_error));
        }
    }

    #[test]
    fn no_question_panics(text in "[@a-z \\PC\n,:;]{0,80}", phrase in "\\PC{0,12}") {
        let known = [PersonaId::from_name("edge")];
        let found = prompt::split_mentions(&text, &known);
        assert!(text.ends_with(&found.text));
        let mut persona = (*built_in("gitops")).clone();
        persona.triggers = vec![phrase.clone()];
        let says = prompt::is_triggered(&persona, &text);
        assert!(!says || phrase.chars().any(|c| !c.is_whitespace()));
    }
}
