//! What people see of compare, triage and what belongs to them, at the sizes that people have.

use plenary::app::Msg;
use plenary::domain::{Ending, RunUpdate};

use crate::common::script::{Script, shows};
use crate::suite::review::fixtures::file;

const SIZES: [(u16, u16); 4] = [(60, 20), (100, 30), (160, 45), (220, 50)];

/// Four answers of the fixtures; the last persona's ended early.
fn review(width: u16, height: u16) -> Script {
    Script::new(width, height)
        .ask("Review the attached design: would you approve it?")
        .answers(0, &file("infra.md"))
        .answers(1, &file("edge.md"))
        .answers(2, &file("devops.md"))
        .streams(3, "**Recommendation: Approve the streaming design.** The pipeline solves a measured problem.\n")
        .ends(3, Ending::Cut("length limit".into()))
        .keys("esc")
}

#[test]
fn compare() {
    for (width, height) in SIZES {
        shows(&format!("compare_{width}x{height}"), &review(width, height).keys("f2").screen());
    }
    let again = review(160, 30).ask("@edge and without LTE?").answers(1, "## Risks\n\nNone new.\n");
    shows("compare_two_questions", &again.keys("f2").screen());
    shows("compare_short", &review(110, 12).keys("f2 ] ] ] ] ] ] ] ]").screen());
    shows("compare_zoomed", &review(100, 30).keys("f2 ] ] enter").screen());
    let live = Script::new(160, 30)
        .ask("q")
        .streams(0, "## Risks\n\nOne that")
        .streams(1, "Well, ")
        .keys("f2");
    shows("compare_live", &live.screen());
}

#[test]
fn triage() {
    for (width, height) in SIZES {
        let screen = review(width, height)
            .keys("t a x d . j c")
            .typed("who pays?")
            .keys("enter o")
            .typed("Maria")
            .keys("enter k");
        shows(&format!("triage_{width}x{height}"), &screen.screen());
    }
    shows("triage_tiny", &review(20, 5).keys("t").screen());
    let none = Script::new(100, 20).ask("q").ends(0, Ending::Failed("401".into())).keys("esc t");
    shows("triage_empty", &none.screen());
    let filtered = review(160, 30).keys("t /").typed("rollback").keys("enter");
    shows("triage_filtered", &filtered.screen());
    let grouped = review(160, 30).keys("t g g j j j j j j m").keys("0 2").keys("m");
    shows("triage_group", &grouped.screen());
    shows("triage_bulk", &review(100, 30).keys("t 2 X").screen());
    shows(
        "triage_editing",
        &review(100, 30).keys("t c").typed("not before the second region").screen(),
    );
    shows("triage_selecting", &review(160, 30).keys("t v j j space j j").screen());
}

#[test]
fn challenge() {
    let script = review(160, 30).keys("t g g j j j j !");
    shows("challenge_who", &script.screen());
    let script = script.keys("enter");
    let run = script.state.session.as_ref().unwrap().side_turns[0].run.id;
    let said = "## Where it breaks\n\nThe outbox grows while the broker is away.\n\n- Bound it.\n";
    let updates = vec![RunUpdate::Text(said.into()), RunUpdate::Ended(Ending::Done)];
    shows("challenge_said", &script.msg(Msg::Run(run, updates)).screen());
}

#[test]
fn change_ledger_and_export() {
    for (width, height) in [(60, 20), (160, 45)] {
        let script = Script::new(width, height)
            .ask("Would you approve it?")
            .answers(0, &file("infra.md"))
            .ask("@infra The budget is cut to $12,000 a month. What changes?")
            .answers(0, &file("infra-2.md"))
            .keys("esc c");
        shows(&format!("change_{width}x{height}"), &script.screen());
        shows(&format!("ledger_{width}x{height}"), &review(width, height).keys("#").screen());
        shows(&format!("export_{width}x{height}"), &review(width, height).keys("S").screen());
    }
    shows("ledger_differs", &review(160, 30).keys("# /").typed("p99").screen());
}

/// An answer whose end is shown as plain text: the rows that are visible have their text wherever it is drawn.
#[test]
fn plain_text_has_rows_in_every_view() {
    use std::fmt::Write as _;

    let mut answer = "## Recommendation\n\n- Keep one primary.\n\n".to_owned();
    for n in 0..12_000 {
        let _ = writeln!(answer, "plain line {n}");
    }
    for (width, height) in [(100, 30), (160, 45)] {
        let shown = || Script::new(width, height).ask("q").answers(0, &answer).keys("esc");
        let selecting = shown().keys("t v G k").screen();
        let lines = (11_990..12_000).filter(|n| selecting.contains(&format!("plain line {n}")));
        assert_eq!(lines.count(), 10, "{selecting}");
        let selected = shown().keys("t v G enter").screen();
        assert!(selected.contains("▌ plain line 11999"), "{selected}");
        let pages = ["pagedown"; 8].join(" ");
        let middle = shown().keys("f2 ] enter").keys(&pages).screen();
        let lines = middle.lines().filter(|line| line.contains("plain line")).count();
        assert!(lines > usize::from(height) / 2, "{middle}");
    }
}
