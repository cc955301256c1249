//! Finds a session by an id prefix or `last`.

use clap::{CommandFactory, Parser};
use plenary::cli::sessions::{SessionsCommand, find_session, run_sessions_command};
use plenary::domain::{Change, SessionId, TurnId};
use plenary::store::Store;

fn store_of(ids: &[u128]) -> Store {
    let store = Store::in_memory();
    for (n, id) in (1..).zip(ids) {
        store.write(Change::Turn {
            session: SessionId::from_number(*id),
            title: format!("title {n}"),
            panel: "p".into(),
            turn: TurnId::from_number(n),
            question: "q".into(),
            at: 1_700_000_000_000 + i64::try_from(n).unwrap(),
            runs: Vec::new(),
        });
    }
    store
}

#[test]
fn id_prefix_or_last_names_a_session() {
    let (a1, a2, b) = (0xa1 << 120, 0xa2 << 120, 0xb << 124);
    let store = store_of(&[a1, a2, b]);
    let whole = SessionId::from_number(a1).to_string();
    for (text, id) in [("b", b), ("A1", a1), (" a2 ", a2), (whole.as_str(), a1), ("LAST", b)] {
        assert_eq!(find_session(&store, text).unwrap(), SessionId::from_number(id), "{text:?}");
    }
}

#[test]
fn ambiguous_or_unknown_id_lists_the_choices() {
    let store = store_of(&[0xa1 << 120, 0xa2 << 120, 0xb << 124]);
    let several = find_session(&store, "a").unwrap_err();
    assert_eq!(several.code, 2);
    for part in ["several", "title 1", "title 2", &SessionId::from_number(0xa1 << 120).to_string()]
    {
        assert!(several.message.contains(part), "{part}: {several}");
    }
    assert!(!several.message.contains("title 3"), "{several}");

    for text in ["c", "", "%", "a\u{1b}[31m"] {
        let none = find_session(&store, text).unwrap_err();
        assert_eq!(none.code, 2);
        assert!(none.message.contains("no session") && none.message.contains("title 3"), "{none}");
    }
    let empty = find_session(&Store::in_memory(), "last").unwrap_err();
    assert!(empty.message.contains("no sessions yet"), "{empty}");
}

#[derive(Debug, Parser)]
struct Cli {
    #[command(subcommand)]
    sessions: SessionsCommand,
}

fn parse(args: &[&str]) -> Result<SessionsCommand, clap::Error> {
    Cli::try_parse_from([&["sessions"], args].concat()).map(|cli| cli.sessions)
}

#[test]
fn command_line_accepts_exactly_the_export_formats() {
    Cli::command().debug_assert();
    for format in plenary::export::FORMATS {
        let parsed = parse(&["show", "last", "--format", format.name]).unwrap();
        assert!(matches!(parsed, SessionsCommand::Show { format: f, .. } if f == format.name));
    }
    let error = parse(&["show", "last", "--format", "pdf"]).unwrap_err().to_string();
    assert!(error.contains("text, markdown, json"), "{error}");
    assert!(parse(&["show"]).is_err());
    assert!(parse(&["list", "--limit", "-1"]).is_err());
    assert!(matches!(parse(&["list"]).unwrap(), SessionsCommand::List { limit: 20, .. }));
}

fn run_on(args: &[&str], store: &Store) -> Result<u8, plenary::cli::CliError> {
    run_sessions_command(parse(args).unwrap(), store, &plenary::config::Flags::default())
}

#[test]
fn commands_return_their_exit_code() {
    let store = store_of(&[0xa1 << 120]);
    for args in
        [&["list"][..], &["list", "--format", "json"], &["show", "a1"], &["list", "--limit", "0"]]
    {
        assert_eq!(run_on(args, &store).unwrap(), 0, "{args:?}");
    }
    assert_eq!(run_on(&["list"], &Store::in_memory()).unwrap(), 0);
    assert_eq!(run_on(&["show", "b"], &store).unwrap_err().code, 2);

    let broken = Store::open(std::path::Path::new("/dev/null"));
    let error = run_on(&["list"], &broken).unwrap_err();
    assert_eq!(error.code, 1);
    assert!(error.message.contains("/dev/null"), "{error}");
    let broken = Store::open(std::path::Path::new("/dev/null"));
    let error = run_on(&["show", "last"], &broken).unwrap_err();
    assert!(error.message.contains("/dev/null"), "{error}");
}
