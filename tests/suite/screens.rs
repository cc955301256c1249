//! The screen, driven by keys: what people see after pressing them, at the sizes that people have.
//!
//! A [`Script`] is the session at the keyboard. Snapshots are in `tests/snapshots/`.

use std::sync::Arc;
use std::time::Duration;

use plenary::app::{EditorPurpose, Focus, KeyPress, Msg, NoticeLevel};
use plenary::domain::{Ending, RunUpdate, SessionId, SessionSummary, UnsavedChanges};
use plenary::ui::theme::{ColorDepth, Theme, UiRole};
use ratatui::layout::Position;

use crate::common::roster::persona;
use crate::common::script::{FOUR, NOON, Script, roster, shows};

const REVIEW: &str = "Review this: one PostgreSQL primary with two read replicas for 40 shops, nightly dumps. What breaks first?";

const KAEL: &str = "## Recommendation

Put **Patroni** in front of the three nodes and move to continuous WAL archiving; the nightly dump is the first thing that fails you.

| Option | RPO | RTO | Cost | Burden |
|---|---|---|---|---|
| Nightly dump | 24 h | 4 h | low | low |
| WAL archive + PITR | 5 min | 1 h | medium | medium |
| Patroni + WAL archive | 5 min | 60 s | medium | high |

## Risks

1. A replica that lags serves stale prices.
2. `pg_dump` on the primary at 02:00 locks catalog rows.

```yaml title=\"patroni.yml\"
scope: shops
postgresql:
  parameters:
    archive_command: \"wal-g wal-push %p\"   # runs for every 16 MB segment that the primary has finished
```

## Validation

Kill the primary on a Tuesday morning and time the failover.
";

const KAI: &str = "## Constraints and assumptions

- 40 shops, each with a link that drops
- prices must be readable offline

## Recommended pattern

Keep a small read model in each shop and let it catch up.
";

const AETHER: &str = "**Recommendation: keep PostgreSQL, add connection pooling.** The query planner is not your bottleneck.

- 多言語の製品名 need ICU collation 🙂
- embeddings stay out of the primary
";

/// Every state at once: done, streaming, retrying, connecting.
fn busy(width: u16, height: u16) -> Script {
    Script::new(width, height)
        .ask(REVIEW)
        .at(2_000)
        .answers(0, KAEL)
        .streams(1, KAI)
        .updates(
            2,
            vec![
                RunUpdate::Connecting { attempt: 1 },
                RunUpdate::Retry {
                    attempt: 2,
                    of: 4,
                    wait: Duration::from_secs(14),
                    reason: "429 from gateway: too many requests; it asks to wait 14 s".into(),
                },
            ],
        )
        .updates(3, vec![RunUpdate::Connecting { attempt: 1 }])
        .at(13_400)
}

/// Everyone has answered.
fn answered(width: u16, height: u16) -> Script {
    Script::new(width, height)
        .ask(REVIEW)
        .at(2_000)
        .updates(0, vec![RunUpdate::Connecting { attempt: 1 }])
        .at(11_800)
        .answers(0, KAEL)
        .answers(1, KAI)
        .answers(2, "## Overview\n\nAutomate the restore test first.\n")
        .answers(3, AETHER)
}

#[test]
fn first_screen() {
    for (width, height) in [(80, 24), (120, 40), (200, 60), (60, 20), (20, 5)] {
        let screen = Script::new(width, height).screen();
        shows(&format!("first_{width}x{height}"), &screen);
    }
}

#[test]
fn the_first_screen_says_ask_at_every_size() {
    for (width, height) in [(20, 5), (40, 10), (60, 20), (80, 24), (250, 70)] {
        let screen = Script::new(width, height).screen();
        assert!(screen.contains("ask"), "{width}x{height}\n{screen}");
    }
}

#[test]
fn without_a_model_the_first_screen_says_what_to_do() {
    let mut roster = roster(&FOUR);
    for model in roster.models.values_mut() {
        *model = Err("no key was found for gateway: set GATEWAY_KEY, or name another model with --model; `plenary doctor` tells more".into());
    }
    shows("first_no_model", &Script::with(roster.clone(), 80, 24).screen());
    shows("failed_no_model", &Script::with(roster, 80, 24).ask("Anything?").screen());
}

#[test]
fn streaming_in_all_states() {
    for (width, height) in [(59, 20), (80, 24), (120, 40), (160, 30), (160, 48), (200, 60)] {
        shows(&format!("busy_{width}x{height}"), &busy(width, height).screen());
    }
    shows("busy_20x5", &busy(20, 5).screen());
}

#[test]
fn answered_by_all() {
    for (width, height) in [(80, 24), (120, 40), (200, 60)] {
        shows(&format!("answered_{width}x{height}"), &answered(width, height).screen());
    }
    let five = Script::with(roster(&["infra", "edge", "devops", "ai-lead", "gitops"]), 250, 50);
    let five = (0..5).fold(five.ask(REVIEW), |script, pane| script.answers(pane, KAI));
    shows("answered_250x50", &five.screen());
}

#[test]
fn endings_say_what_happened_and_what_to_do() {
    let script = Script::new(200, 30)
        .ask(REVIEW)
        .streams(0, KAI)
        .ends(0, Ending::Cut("the stream broke: connection reset by peer".into()))
        .ends(1, Ending::Failed("401 from gateway: the key in GATEWAY_KEY is not accepted; check it with `plenary doctor`".into()))
        .ends(2, Ending::Refused("the provider's filter stopped the answer".into()))
        .streams(3, AETHER)
        .keys("4 x");
    shows("endings_200x30", &script.screen());
    shows("endings_tabs_80x24", &script.keys("2").msg(Msg::Resize(80, 24)).screen());
}

#[test]
fn zoom_stack_tabs_grid() {
    shows("zoom_120x40", &answered(120, 40).keys("z").screen());
    shows("stack_100x30", &answered(100, 30).keys("2 L L L").screen());
    shows("tabs_120x30", &answered(120, 30).keys("L L L L").screen());
    shows("grid_130x40", &answered(130, 40).keys("L L").screen());
}

#[test]
fn a_follow_up_to_one_shows_both_questions_in_its_pane() {
    let script = answered(120, 40).keys("i").typed("@edge and offline payments?").keys("enter");
    let pane = script.state.focused;
    let script = script.streams(pane, "Payments queue locally.\n").at(14_000);
    shows("follow_up_120x40", &script.screen());
}

#[test]
fn overlays() {
    shows("help_80x24", &answered(80, 24).keys("?").screen());
    shows("help_120x40", &answered(120, 40).keys("? j j j j j j j j j j j j j j").screen());
    shows("palette_100x30", &answered(100, 30).keys(":").typed("retry").screen());
    shows("palette_nothing_100x30", &answered(100, 30).keys(":").typed("zzz").screen());
}

#[test]
fn quitting_with_unsaved_answers() {
    let unsaved = |answers: usize| {
        Msg::UnsavedFound(UnsavedChanges {
            sessions: vec![SessionId::from_number(1)],
            answers,
            reason: "/home/mara/.local/share/plenary/plenary.db: the disk is full; free some space"
                .into(),
        })
    };
    shows("unsaved_80x24", &answered(80, 24).msg(unsaved(3)).screen());
    shows("unsaved_20x5", &answered(20, 5).msg(unsaved(1)).screen());
}

fn summary(n: u128, title: &str, minutes_ago: i64, answered: u32) -> SessionSummary {
    SessionSummary {
        id: SessionId::from_number(n),
        title: title.into(),
        panel: "design-review".into(),
        created_at: NOON - minutes_ago * 60_000,
        updated_at: NOON - minutes_ago * 60_000,
        turns: 2,
        runs: 4,
        answered,
        tags: Vec::new(),
        proposed: 0,
        decided: 0,
    }
}

/// Text that follows `before` on the first row that has it.
fn after<'a>(screen: &'a str, before: &str) -> &'a str {
    screen.lines().find_map(|l| l.split_once(before)).map_or("", |(_, rest)| rest)
}

#[test]
fn a_trigger_shows_its_mode_in_the_title_and_notes_are_on_the_border() {
    let thinks = |text: &str| RunUpdate::Reasoning(text.into());
    let mut script = Script::new(200, 30)
        .ask("Server is down, what first?")
        .updates(0, vec![RunUpdate::Connecting { attempt: 1 }, thinks(&"hm ".repeat(200))])
        .updates(1, vec![RunUpdate::Connecting { attempt: 1 }, thinks("short")])
        .streams(1, "Look at the **link** first.\n");
    let session = script.state.session.as_mut().unwrap();
    for run in &mut session.turns[0].runs {
        run.notes = vec!["2 older questions were left out".to_owned()].into();
    }
    shows("mode_200x30", &script.at(9_000).keys("3").screen());
    let joined = Script::new(250, 30).ask("Server is down, what first?").at(3_000);
    shows("mode_250x30", &joined.screen());
}

#[test]
fn jumps_mark_what_is_copied_even_where_it_cannot_come_to_the_top() {
    let script = answered(120, 50).keys("1 g g");
    let (text, what) = script.renderer.find_copy_source(&script.state, 0).unwrap();
    assert!(text.starts_with("## Recommendation"), "{text}");
    assert_eq!(what, "\u{201c}Recommendation\u{201d} of Kael Voss");
    let script = script.keys("] ]");
    let (text, _) = script.renderer.find_copy_source(&script.state, 0).unwrap();
    assert!(text.starts_with("## Risks"), "{text}");
    assert!(script.screen().contains("▸"), "{}", script.screen());
    let script = script.keys("}");
    let (text, what) = script.renderer.find_copy_source(&script.state, 0).unwrap();
    assert!(text.starts_with("scope: shops\n") && !text.contains("```"), "{text}");
    assert_eq!(what, "code block 1 of Kael Voss");
    let script = script.keys("[ [");
    let (text, _) = script.renderer.find_copy_source(&script.state, 0).unwrap();
    assert!(text.starts_with("## Recommendation"), "{text}");
    assert!(!script.keys("j").screen().contains("▸"));
}

#[test]
fn wide_code_scrolls_sideways_and_wraps_on_demand() {
    let script = answered(120, 40).keys("1");
    assert!(script.screen().contains("# runs for e›"), "{}", script.screen());
    let moved = script.keys("right right");
    shows("code_right_120x40", &moved.screen());
    let end = moved.keys("right right right right right right right right");
    assert!(end.screen().contains("that the primary has finished "), "{}", end.screen());
    let back = end.keys("left left left left left left left left left left");
    assert!(back.screen().contains("# runs for e›"), "{}", back.screen());
    shows("code_wrapped_120x40", &back.keys("w").screen());
}

#[test]
fn a_new_question_is_followed_again() {
    let long = "Line.\n\n".repeat(60);
    let script = Script::new(80, 24).ask("One?").answers(0, &long).keys("g g");
    assert!(after(&script.screen(), "❯ ").starts_with("One?"), "{}", script.screen());
    let script = (1..4).fold(script, |script, pane| script.answers(pane, "ok"));
    let script = script.ask("Two?").streams(0, "Fresh words.\n");
    assert!(script.screen().contains("Fresh words."), "{}", script.screen());
    assert!(script.screen().contains("turn 2/2"), "{}", script.screen());
}

#[test]
fn live_numbers_move_four_times_a_second_at_most() {
    let title = |script: &Script| script.screen().lines().nth(1).unwrap().to_owned();
    let mut script = Script::new(120, 40).ask("Count.").streams(0, "x").at(2_000);
    let mut titles = vec![title(&script)];
    for ms in (2_000..3_000).step_by(20) {
        script = script.at(ms).streams(0, &"word ".repeat(20));
        titles.push(title(&script));
    }
    titles.dedup();
    assert!((2..=5).contains(&titles.len()), "{titles:#?}");
}

#[test]
fn list_of_sessions() {
    let list = || {
        vec![
            summary(1, "Split 12 services per team or per environment?", 2, 4),
            summary(
                2,
                "Review this: one PostgreSQL primary with two read replicas for 40 shops",
                130,
                3,
            ),
            summary(3, "品質検査モデル on the factory floor", 60 * 24 * 3, 4),
            summary(4, "A title that \u{1b}[31mwould be red", 60 * 24 * 400, 0),
        ]
    };
    shows("sessions_loading_80x24", &answered(80, 24).keys("o").screen());
    let open =
        |width, height| answered(width, height).keys("o").msg(Msg::SessionsListed(Ok(list())));
    shows("sessions_80x24", &open(80, 24).keys("j").screen());
    shows("sessions_200x60", &open(200, 60).screen());
    shows("sessions_filter_80x24", &open(80, 24).keys("/").typed("review").screen());
    let empty = answered(80, 24).keys("o").msg(Msg::SessionsListed(Ok(Vec::new())));
    shows("sessions_empty_80x24", &empty.screen());
}

#[test]
fn writing_a_question() {
    shows("completion_80x24", &Script::new(80, 24).typed("@d").keys("down").screen());
    let trigger = Script::new(80, 24).typed("Server is down, what first?");
    shows("trigger_80x24", &trigger.screen());
    let long =
        "We run 12 services on one Kubernetes cluster and every team deploys to it. ".repeat(8);
    shows("composer_long_80x24", &Script::new(80, 24).typed(&long).screen());
    let shorter = Script::new(80, 24).typed(&long);
    let shorter =
        shorter.msg(Msg::EditorClosed(EditorPurpose::Question, Ok("short, three\n\nrows".into())));
    shows("composer_shorter_80x24", &shorter.msg(Msg::Paste("\ttab".into())).screen());
    shows(
        "composer_lines_80x24",
        &Script::new(80, 24).typed("one").keys("ctrl-j").typed("two").screen(),
    );
    shows(
        "composer_paste_80x24",
        &Script::new(80, 24).typed("Review ").msg(Msg::Paste("line\n".repeat(300))).screen(),
    );
    let wide = Script::new(80, 24).typed("日本語の質問 🙂 ok");
    assert_eq!(wide.buffer().1, Some(Position::new(3 + 12 + 1 + 2 + 3, 22)));
}

#[test]
fn notices_and_pending_keys() {
    let base = || answered(80, 24);
    for (name, level) in [
        ("info", NoticeLevel::Info),
        ("warning", NoticeLevel::Warning),
        ("error", NoticeLevel::Error),
    ] {
        let script =
            base().msg(Msg::Notice(level, "the store cannot be written: disk full".into()));
        shows(&format!("notice_{name}"), script.styles(23..24).as_str());
    }
    shows("pending_80x24", base().keys("g").screen().lines().nth(23).unwrap());
}

#[test]
fn reading_moves_and_growth_does_not() {
    let long = (1..=60).fold(String::new(), |text, n| text + &format!("Line {n}.\n\n"));
    let script = Script::new(80, 24).ask("Count.").streams(0, &long);
    assert!(script.screen().contains("Line 60."), "{}", script.screen());
    let script = script.keys("g g");
    assert!(script.screen().contains("Line 1."));
    let before = script.screen();
    let body = |screen: &str| {
        screen
            .lines()
            .skip(3)
            .take(17)
            .map(|l| l.chars().take(70).collect::<String>())
            .collect::<Vec<_>>()
    };
    let script = script.streams(0, &"More.\n\n".repeat(30));
    assert_eq!(body(&script.screen()), body(&before), "growth moved the reader");
    let script = script.keys("ctrl-d ctrl-d");
    let first = |script: &Script| {
        let screen = script.screen();
        let line = screen.lines().find(|l| l.contains("Line ")).unwrap().to_owned();
        line.split("Line ").nth(1).unwrap().split('.').next().unwrap().to_owned()
    };
    let at = first(&script);
    let script = script.msg(Msg::Resize(70, 24)).msg(Msg::Resize(120, 40));
    assert_eq!(first(&script), at, "a resize moved the reader");
    let script = script.keys("G").streams(0, "The very last line.\n");
    assert!(script.screen().contains("The very last line."), "{}", script.screen());
}

#[test]
fn nothing_that_a_name_or_a_message_holds_reaches_the_terminal_as_control() {
    let mut roster = roster(&["infra"]);
    let mut evil = persona("infra", "Ev\u{1b}[2Jil\u{202e}", "t\u{7}itle", "v\u{9b}iew", "blue");
    evil.mode = Some("m\u{1b}ode".into());
    roster.personas[0] = Arc::new(evil);
    let script = Script::with(roster, 120, 30)
        .ask("q\u{1b}]0;x\u{7}")
        .streams(0, "text \u{1b}[31m red")
        .ends(0, Ending::Failed("why\u{1b}[0m\u{202e}".into()));
    let screen = script.screen();
    let bad = |c: &char| (c.is_control() && *c != '\n') || ('\u{202a}'..='\u{202e}').contains(c);
    assert_eq!(screen.chars().find(bad), None, "{screen}");
}

#[test]
fn an_answer_that_is_too_large_for_markdown_says_so_and_can_be_read_to_its_end() {
    let answer = "word ".repeat(40_000) + "the end";
    let streaming = Script::new(100, 30).ask("How?").streams(0, &answer);
    assert!(streaming.screen().contains("the end"), "{}", streaming.screen());
    let top = streaming.keys("Esc g g").screen();
    assert!(top.contains("shown as plain"), "{top}");
    assert!(!top.contains("the end"), "{top}");
    let end = Script::new(100, 30).ask("How?").answers(0, &answer).keys("Esc g g G").screen();
    assert!(end.contains("the end"), "{end}");
}

#[test]
fn every_size_can_be_drawn() {
    for make in [busy as fn(u16, u16) -> Script, answered] {
        let mut script = make(80, 24);
        for keys in ["1", "z", "?", "esc", ":", "esc", "o", "esc", "i"] {
            script = script.keys(keys);
            for (width, height) in
                [(1, 1), (2, 2), (5, 3), (20, 5), (3, 40), (300, 2), (29, 6), (100, 7)]
            {
                script = script.msg(Msg::Resize(width, height));
                let (_, cursor) = script.buffer();
                assert!(cursor.is_none_or(|c| script.area().contains(c)), "{width}x{height}");
            }
        }
    }
}

#[test]
fn colours_of_the_screen() {
    shows("styles_busy_120x40", &busy(120, 40).styles(0..8));
    shows("styles_first_80x24", &Script::new(80, 24).styles(0..24));
    let mut script = busy(80, 24);
    for depth in [ColorDepth::Mono, ColorDepth::Ansi16, ColorDepth::Ansi256] {
        let (theme, _) = Theme::load("light", None, depth).unwrap();
        script.renderer.set_theme(theme);
        let name = format!("styles_{depth:?}").to_lowercase();
        shows(&name, &script.styles(0..8));
    }
}

#[test]
fn the_focused_pane_is_marked_and_the_cursor_belongs_to_the_composer() {
    let script = answered(200, 60).keys("2");
    let (buffer, cursor) = script.buffer();
    let theme = script.renderer.theme();
    assert_eq!(cursor, None);
    assert_eq!(script.state.focus, Focus::Panes);
    assert_eq!(Some(buffer[(50, 1)].fg), theme.ui_style(UiRole::BorderFocused).fg);
    assert_eq!(Some(buffer[(0, 1)].fg), theme.ui_style(UiRole::Border).fg);
    let (_, cursor) = script.keys("i").buffer();
    assert_eq!(cursor, Some(Position::new(3, 58)));
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig {
        cases: 24,
        failure_persistence: None,
        ..proptest::prelude::ProptestConfig::default()
    })]

    /// Whatever keys are pressed at whatever sizes: nothing panics, and the cursor stays on the screen.
    #[test]
    fn any_keys_at_any_size(
        steps in proptest::collection::vec((0_usize..400, 1_u16..260, 1_u16..70), 1..10),
    ) {
        let mut script = busy(80, 24);
        let keys: Vec<KeyPress> = script.state.keymap.bindings().iter()
            .flat_map(|b| b.on.iter().flatten().copied())
            .chain("Ask @edge 日本🙂".chars().map(KeyPress::char))
            .collect();
        for (key, width, height) in steps {
            script = script.msg(Msg::Key(keys[key % keys.len()])).msg(Msg::Resize(width, height));
            let (_, cursor) = script.buffer();
            proptest::prop_assert!(cursor.is_none_or(|c| script.area().contains(c)));
        }
    }
}
