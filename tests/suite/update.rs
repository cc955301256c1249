//! `update` as tables: messages in, state and effects out. No IO, no clock.

use std::time::Duration;

use plenary::app::{
    Effect, Focus, LayoutMode, Msg, NoticeLevel, Overlay, ScrollMove, Signal, StoredCopy,
};
use plenary::domain::{
    Change, ChatRole, Ending, ModelRef, Run, RunId, RunNotes, RunState, RunUpdate, Session,
    SessionId, Turn, TurnId, UnsavedChanges, Usage,
};

use crate::common::desk::{Desk, FOUR, id, roster, session_summary};

fn orders(effects: &[Effect]) -> Vec<&plenary::app::RunRequest> {
    effects
        .iter()
        .filter_map(|e| if let Effect::Ask(orders) = e { Some(orders) } else { None })
        .flatten()
        .collect()
}

fn asked(effects: &[Effect]) -> Vec<&str> {
    orders(effects).iter().map(|o| o.persona.as_str()).collect()
}

fn saved(effects: &[Effect]) -> Vec<&Change> {
    effects.iter().filter_map(|e| if let Effect::Save(c) = e { Some(c) } else { None }).collect()
}

fn text(text: &str) -> RunUpdate {
    RunUpdate::Text(text.into())
}

fn ended(ending: Ending) -> RunUpdate {
    RunUpdate::Ended(ending)
}

#[test]
fn a_question_is_written_down_before_anybody_is_asked() {
    let mut desk = Desk::new();
    desk.ask("Split the cluster?");
    let effects = desk.take();
    assert!(matches!(effects.first(), Some(Effect::Save(Change::Turn { .. }))));
    assert!(matches!(effects.last(), Some(Effect::Ask(orders)) if orders.len() == 4));
    assert_eq!(asked(&effects), ["infra", "edge", "devops", "ai-lead"]);
    for order in orders(&effects) {
        assert_eq!(order.provider, "gateway");
        assert_eq!(order.request.model, "large");
        assert_eq!(&*order.request.messages.last().unwrap().text, "Split the cluster?");
    }
    assert_eq!(desk.state.focus, Focus::Panes);
    assert!(desk.state.composer.is_empty());
    assert_eq!(desk.state.session_title(), "Split the cluster?");
}

#[test]
fn who_is_asked() {
    for (question, whom, notice) in [
        ("@edge what about power?", &["edge"][..], ""),
        ("@edge @infra compare", &["edge", "infra"], ""),
        ("mail a@b.c please", &["infra", "edge", "devops", "ai-lead"], ""),
        ("please Deploy This now", &["infra", "edge", "devops", "ai-lead", "gitops"], ""),
        ("@gitops server is down", &["gitops"], ""),
        ("@nobody hello", &[], "unknown persona @nobody"),
        ("@edge", &[], "asks nothing"),
    ] {
        let mut desk = Desk::new();
        desk.send(Msg::Ask(question.into()));
        assert_eq!(asked(&desk.effects), whom, "{question}");
        assert!(desk.notice().contains(notice), "{question}: {}", desk.notice());
        if whom.is_empty() {
            assert_eq!(desk.state.composer.text(), question, "what was written is not lost");
        }
    }
}

#[test]
fn an_empty_question_starts_no_run_and_shows_a_notice() {
    for keys in ["enter", "space enter", "ctrl-j ctrl-j enter"] {
        let mut desk = Desk::new();
        desk.keys(keys);
        assert!(desk.effects.is_empty(), "{keys}");
        assert!(desk.notice().contains("write a question"), "{keys}");
    }
}

#[test]
fn the_trigger_shows_its_mode_and_can_be_sent_away() {
    let mut desk = Desk::new();
    desk.type_text("Server is down!");
    assert_eq!(desk.state.triggered_personas(), [id("gitops")]);
    desk.keys("enter");
    let pane = desk.state.panes().into_iter().find(|p| p.persona.id == id("gitops")).unwrap();
    assert_eq!(pane.current().unwrap().mode.as_deref(), Some("DevOps Mode"));
    let effects = desk.take();
    let order = orders(&effects).into_iter().find(|o| o.persona == id("gitops")).unwrap().clone();
    assert!(order.request.system.contains("DevOps Mode"), "{}", order.request.system);

    let mut desk = Desk::new();
    desk.type_text("Server is down!").keys("ctrl-t");
    assert!(desk.state.triggered_personas().is_empty());
    desk.keys("enter");
    assert_eq!(asked(&desk.effects), ["infra", "edge", "devops", "ai-lead"]);
    // It was sent away for this question only.
    desk.run("infra", vec![ended(Ending::Done)]);
    assert!(desk.state.dismissed.is_empty());
}

#[test]
fn histories_are_isolated_and_follow_ups_keep_them() {
    let mut desk = Desk::new();
    desk.ask("first");
    for persona in ["infra", "edge", "devops", "ai-lead"] {
        let answer = format!("{persona} says");
        desk.run(persona, vec![text(&answer), ended(Ending::Done)]);
    }
    desk.take();
    desk.ask("@edge second");
    let effects = desk.take();
    let order = orders(&effects)[0].clone();
    let said: Vec<(ChatRole, &str)> =
        order.request.messages.iter().map(|m| (m.role, &*m.text)).collect();
    assert_eq!(
        said,
        [(ChatRole::User, "first"), (ChatRole::Assistant, "edge says"), (ChatRole::User, "second")]
    );
    assert_eq!(desk.state.focused, 1, "the pane that was asked is the focused one");
    desk.run("edge", vec![text("more"), ended(Ending::Done)]).take();
    desk.ask("third");
    let effects = desk.take();
    let lengths: Vec<usize> = orders(&effects).iter().map(|o| o.request.messages.len()).collect();
    assert_eq!(lengths, [3, 5, 3, 3]);
}

#[test]
fn a_run_goes_through_its_states() {
    let mut desk = Desk::new();
    desk.ask("q");
    assert_eq!(desk.word("edge"), "queued");
    desk.at(100).run("edge", vec![RunUpdate::Connecting { attempt: 1 }]);
    assert_eq!(desk.word("edge"), "connecting");
    let retry =
        RunUpdate::Retry { attempt: 2, of: 4, wait: Duration::from_secs(3), reason: "429".into() };
    desk.run("edge", vec![retry]);
    assert_eq!(desk.word("edge"), "retrying");
    desk.take();
    desk.at(4_000).run(
        "edge",
        vec![
            RunUpdate::Connecting { attempt: 2 },
            RunUpdate::Open { model: Some("large-2".into()) },
            RunUpdate::Reasoning("hm".into()),
            text("Hello "),
            text("world"),
        ],
    );
    assert_eq!(desk.word("edge"), "streaming");
    let effects = desk.take();
    let changes = saved(&effects);
    assert!(
        matches!(changes.as_slice(), [Change::Append { text, reasoning, .. }] if text == "Hello world" && reasoning == "hm"),
        "one write a frame: {changes:?}"
    );
    let usage = Usage { input: 10, output: 2, ..Usage::default() };
    desk.at(10_100).run("edge", vec![RunUpdate::Usage(usage), ended(Ending::Done)]);
    let effects = desk.take();
    assert!(
        matches!(saved(&effects).as_slice(), [Change::Ended { ending: Ending::Done, model: Some(m), usage: Some(u), elapsed, .. }, Change::Extracted { .. }]
        if m == "large-2" && u.output == 2 && *elapsed == Duration::from_secs(10))
    );
    assert_eq!(desk.state.progress().done, 1);
    // What comes after the end is dropped.
    desk.run("edge", vec![text("late"), ended(Ending::Cancelled)]);
    assert_eq!(desk.word("edge"), "done");
    assert!(desk.effects.is_empty());
}

#[test]
fn cancelling_one_keeps_its_text_and_the_others_going() {
    let mut desk = Desk::new();
    desk.ask("q").run("infra", vec![text("half an ans")]);
    desk.run("edge", vec![text("x")]).take();
    let run = desk.last("infra");
    desk.keys("x");
    let effects = desk.take();
    assert!(
        matches!(effects.as_slice(), [Effect::Cancel(id), Effect::Save(Change::Ended { ending: Ending::Cancelled, .. }), Effect::Save(Change::Extracted { .. })] if *id == run)
    );
    assert_eq!((desk.word("infra"), desk.word("edge")), ("cancelled", "streaming"));
    assert_eq!(desk.state.panes()[0].current().unwrap().run.text, "half an ans");
    desk.keys("X");
    let cancelled = desk.take().iter().filter(|e| matches!(e, Effect::Cancel(_))).count();
    assert_eq!(cancelled, 3);
    assert!(!desk.state.is_live());
}

#[test]
fn escape_closes_zooms_out_then_cancels() {
    let mut desk = Desk::new();
    desk.ask("q").take();
    desk.keys("z ? esc");
    assert!(desk.state.overlays.is_empty() && desk.state.zoomed);
    desk.keys("esc");
    assert!(!desk.state.zoomed && desk.word("infra") == "queued");
    desk.keys("esc");
    assert_eq!(desk.word("infra"), "cancelled");
    assert_eq!(desk.word("edge"), "queued");
}

#[test]
fn retry_replaces_what_left_no_text_and_keeps_what_did() {
    let mut desk = Desk::new();
    desk.ask("q");
    desk.run("infra", vec![ended(Ending::Failed("401".into()))]);
    desk.run("edge", vec![text("part"), ended(Ending::Cut("broke".into()))]);
    desk.run("devops", vec![text("all"), ended(Ending::Done)]);
    desk.run("ai-lead", vec![text("no"), ended(Ending::Refused("policy".into()))]).take();
    desk.keys("R");
    let effects = desk.take();
    assert_eq!(asked(&effects), ["infra", "edge"]);
    assert_eq!(saved(&effects).iter().filter(|c| matches!(c, Change::Run { .. })).count(), 2);
    let runs: Vec<usize> = desk.state.panes().iter().map(|p| p.runs.len()).collect();
    assert_eq!(runs, [1, 2, 1, 1]);
    assert_eq!(desk.state.panes()[1].runs[0].run.text, "part");
    // The cut attempt of this very question is no history for the next attempt.
    assert!(orders(&effects).iter().all(|o| o.request.messages.len() == 1));
    desk.keys("3 r");
    assert_eq!(asked(&desk.take()), ["devops"]);
}

#[test]
fn a_persona_without_a_model_fails_in_its_pane_only() {
    let mut roster = roster(&FOUR);
    roster.models.insert(id("edge"), Err("no key: export GATEWAY_KEY".into()));
    let mut desk = Desk::with(roster);
    desk.ask("q");
    assert_eq!(asked(&desk.effects), ["infra", "devops", "ai-lead"]);
    let pane = &desk.state.panes()[1];
    assert_eq!(
        pane.current().unwrap().run.state,
        RunState::Ended(Ending::Failed("no key: export GATEWAY_KEY".into()))
    );
}

#[test]
fn no_second_question_to_who_still_answers() {
    let mut desk = Desk::new();
    desk.ask("q").take();
    desk.ask("more");
    assert!(asked(&desk.effects).is_empty());
    assert!(desk.notice().contains("still streaming"));
    assert_eq!(desk.state.composer.text(), "more");
    let run = desk.last("edge");
    desk.send(Msg::Run(run, vec![text("x"), ended(Ending::Done)])).take();
    desk.state.composer.set_text("");
    desk.ask("@edge more");
    assert_eq!(asked(&desk.effects), ["edge"]);
}

#[test]
fn keys_in_the_panes_move_the_view() {
    for (keys, scroll) in [
        ("j", ScrollMove::Lines(1)),
        ("up", ScrollMove::Lines(-1)),
        ("ctrl-d", ScrollMove::HalfPages(1)),
        ("space", ScrollMove::Pages(1)),
        ("g g", ScrollMove::Top),
        ("G", ScrollMove::Bottom),
        ("]", ScrollMove::Section(true)),
        ("{", ScrollMove::Code(false)),
        ("f", ScrollMove::ToggleFollow),
        ("right", ScrollMove::Columns(8)),
    ] {
        let mut desk = Desk::new();
        desk.ask("q").keys("l").take();
        desk.keys(keys);
        assert_eq!(desk.effects, [Effect::Scroll(1, scroll)], "{keys}");
    }
}

#[test]
fn panes_zoom_and_layouts() {
    let mut desk = Desk::new();
    desk.keys("esc z");
    assert!(!desk.state.zoomed, "the first screen has nothing to zoom");
    desk.ask("q");
    desk.keys("h");
    assert_eq!(desk.state.focused, 3, "around the end");
    desk.keys("tab 2 z");
    assert!(desk.state.zoomed && desk.state.focused == 1);
    desk.keys("9");
    assert_eq!(desk.state.focused, 1, "there is no pane 9");
    desk.keys("L");
    assert_eq!(desk.state.layout, LayoutMode::Columns);
}

#[test]
fn examples_are_sent_by_one_key_from_the_first_screen_only() {
    let mut desk = Desk::new();
    desk.keys("alt-2");
    assert_eq!(asked(&desk.effects).len(), 4);
    let mut desk = Desk::new();
    desk.keys("esc 1");
    assert_eq!(asked(&desk.take()).len(), 4);
    desk.keys("X").take();
    desk.keys("1 i alt-1");
    assert!(asked(&desk.effects).is_empty());
    let mut desk = Desk::new();
    desk.type_text("3 regions").keys("alt-1");
    assert!(asked(&desk.effects).is_empty(), "what is being written is not thrown away");
}

#[test]
fn names_are_offered_and_taken() {
    let mut desk = Desk::new();
    desk.type_text("@k");
    let offered = desk.state.completion.as_ref().unwrap();
    assert_eq!(offered.items, [id("infra"), id("edge")], "Kael and Kai");
    desk.keys("down enter");
    assert_eq!(desk.state.composer.text(), "@edge ");
    assert!(desk.state.completion.is_none());
    desk.type_text("@zzz");
    assert!(desk.state.completion.is_none());
    desk.keys("enter");
    assert!(desk.notice().contains("@zzz"));
    let mut desk = Desk::new();
    desk.type_text("@in").keys("esc enter");
    assert!(desk.notice().contains("unknown persona @in"));
}

#[test]
fn a_paste_never_acts() {
    let mut desk = Desk::new();
    desk.send(Msg::Paste("line one\nline two\n".into()));
    assert!(desk.effects.is_empty());
    assert_eq!(desk.state.composer.text(), "line one\nline two\n");
    let mut desk = Desk::new();
    desk.ask("q").take();
    desk.send(Msg::Paste("x".repeat(5 << 20)));
    assert!(desk.effects.is_empty(), "x cancels, pasted it does not");
    assert_eq!(desk.state.focus, Focus::Composer);
    assert!(desk.state.composer.text().starts_with("[paste 1: 1 line, 5242 kB]"));
    desk.run("infra", vec![ended(Ending::Done)]);
    desk.send(Msg::Paste("y".repeat(9 << 20)));
    assert!(desk.notice().contains("limit is 8 MB"), "{}", desk.notice());
}

#[test]
fn help_is_a_palette() {
    let mut desk = Desk::new();
    desk.ask("q").take();
    desk.keys(":").type_text("cancel all").keys("enter");
    assert!(desk.state.overlays.is_empty());
    assert!(desk.effects.iter().any(|e| matches!(e, Effect::Cancel(_))));
    desk.keys("? / a b esc");
    assert!(
        matches!(desk.state.overlays.as_slice(), [Overlay::Help(h)] if h.picker.filter.is_empty())
    );
    desk.keys("j j k esc");
    assert!(desk.state.overlays.is_empty());
}

#[test]
fn quitting_asks_again_while_answers_come() {
    let mut desk = Desk::new();
    desk.keys("esc q");
    assert_eq!(desk.effects.last(), Some(&Effect::Quit(0)));

    let mut desk = Desk::new();
    desk.ask("q").take();
    desk.keys("q");
    assert!(desk.effects.is_empty() && desk.notice().contains("4 answers"));
    desk.at(5_000).keys("q");
    assert!(desk.effects.is_empty(), "the first q is forgotten after a while");
    desk.keys("q");
    let effects = desk.take();
    assert_eq!(effects.first(), Some(&Effect::CancelAll));
    assert_eq!(saved(&effects).len(), 4);
    assert_eq!(effects.last(), Some(&Effect::Quit(0)));

    let mut desk = Desk::new();
    desk.keys("ctrl-c");
    assert!(desk.effects.is_empty());
    desk.keys("a ctrl-c");
    assert!(desk.effects.is_empty(), "another key in between");
    desk.keys("ctrl-c");
    assert_eq!(desk.effects.last(), Some(&Effect::Quit(0)));
}

#[test]
fn signals_keep_what_is_there_as_cut() {
    for (signal, status) in [
        (Signal::Terminate, 143),
        (Signal::Hangup, 129),
        (Signal::Interrupt, 130),
        (Signal::Quit, 131),
    ] {
        let mut desk = Desk::new();
        desk.ask("q").run("infra", vec![text("a"), ended(Ending::Done)]).take();
        desk.send(Msg::Signal(signal));
        let effects = desk.take();
        let cuts = saved(&effects);
        assert_eq!(cuts.len(), 3);
        assert!(cuts.iter().all(|c| matches!(c, Change::Ended { ending: Ending::Cut(why), .. } if why.contains(signal.name()))));
        assert_eq!(effects.last(), Some(&Effect::Quit(status)));
    }
}

fn stored() -> Session {
    let run = |n: u128, persona: &str, state: RunState, text: &str| Run {
        // Beyond what the desk counts.
        id: RunId::from_number(9_000 + n),
        persona: id(persona),
        persona_name: persona.to_uppercase(),
        view: "v".into(),
        model: ModelRef::parse("gateway:large").unwrap(),
        state,
        text: text.into(),
        reasoning: String::new(),
        usage: None,
        elapsed: Duration::from_secs(1),
        notes: RunNotes::default(),
        recommendations: None,
    };
    let done = || RunState::Ended(Ending::Done);
    Session {
        id: SessionId::from_number(900),
        title: "old \u{1b}[31mtitle".into(),
        panel: "design-review".into(),
        created_at: 0,
        updated_at: 0,
        unsearched: Vec::new(),
        tags: vec![],
        side_turns: vec![],
        history: plenary::domain::TriageHistory::default(),
        turns: vec![
            Turn {
                id: TurnId::from_number(901),
                question: "first".into(),
                asked_at: 0,
                runs: vec![
                    run(1, "infra", RunState::Ended(Ending::Failed("x".into())), ""),
                    run(2, "edge", done(), "one"),
                    run(3, "gone", done(), "from a persona that is gone"),
                    run(4, "infra", done(), "again"),
                ],
            },
            Turn {
                id: TurnId::from_number(902),
                question: "@edge second".into(),
                asked_at: 1,
                runs: vec![run(5, "edge", RunState::Streaming, "tw")],
            },
        ],
    }
}

#[test]
fn a_session_is_gone_on_with() {
    let mut desk = Desk::new();
    desk.keys("ctrl-r");
    assert_eq!(desk.take(), [Effect::ListSessions]);
    desk.send(Msg::SessionLoaded(Ok(Box::new(stored()))));
    assert!(desk.state.overlays.is_empty());
    assert_eq!(desk.take().first(), Some(&Effect::ClearPaneCaches));
    let panes: Vec<(&str, usize)> =
        desk.state.panes().iter().map(|p| (p.persona.id.as_str(), p.runs.len())).collect();
    assert_eq!(panes, [("infra", 1), ("edge", 2), ("devops", 0), ("ai-lead", 0), ("gone", 1)]);
    assert_eq!(desk.word("edge"), "cut", "no process writes it");
    assert!(!desk.state.session_title().contains('\u{1b}'));
    desk.ask("@edge third");
    let effects = desk.take();
    assert!(
        matches!(saved(&effects)[0], Change::Turn { session, .. } if *session == SessionId::from_number(900))
    );
    let said: Vec<String> =
        orders(&effects)[0].request.messages.iter().map(|m| m.text.to_string()).collect();
    assert_eq!(said, ["first", "one", "second", "tw", "third"]);
    assert!(desk.notice().is_empty() || desk.notice().contains("gone"));
    desk.keys("X N");
    assert!(desk.state.is_fresh() && desk.state.pane_personas.len() == 4);
}

#[test]
fn a_session_brings_its_panel_back_and_a_new_one_has_the_first() {
    let mut session = stored();
    session.panel = "full".into();
    let mut desk = Desk::new();
    desk.send(Msg::SessionLoaded(Ok(Box::new(session.clone()))));
    assert!(desk.notice().contains("gone"), "{}", desk.notice());
    desk.take();
    desk.ask("to all");
    assert_eq!(asked(&desk.take()), ["infra", "edge", "devops", "gitops", "ai-lead"]);
    desk.keys("X N").take();
    desk.ask("again");
    assert_eq!(asked(&desk.take()), ["infra", "edge", "devops", "ai-lead"]);
    // A panel that only one command line had: the personas that answered.
    session.panel = "edge+infra".into();
    for turn in &mut session.turns {
        turn.runs.retain(|r| r.persona == id("edge"));
    }
    desk.keys("X").send(Msg::SessionLoaded(Ok(Box::new(session)))).take();
    assert_eq!(desk.state.pane_personas.len(), 1);
    desk.ask("more");
    assert_eq!(asked(&desk.take()), ["edge"]);
}

#[test]
fn a_paste_goes_into_the_search_line_of_a_list() {
    let mut desk = Desk::new();
    desk.keys("alt-h").send(Msg::Paste("retry\n".into()));
    assert!(
        matches!(desk.state.overlays.as_slice(), [Overlay::Help(h)] if h.picker.filter == "retry" && h.picker.typing)
    );
    assert!(desk.state.composer.is_empty());
}

#[test]
fn sessions_are_not_changed_under_live_answers() {
    let mut desk = Desk::new();
    desk.ask("q").take();
    desk.keys("N");
    assert!(desk.notice().contains("still streaming"));
    assert!(!desk.state.is_fresh());
    let summary = session_summary();
    desk.keys("o").send(Msg::SessionsListed(Ok(vec![summary]))).take();
    desk.keys("enter");
    assert!(desk.effects.is_empty());
    desk.keys("esc X o").take();
    desk.send(Msg::SessionsListed(Err("the store is gone".into())));
    assert!(desk.state.overlays.is_empty() && desk.notice() == "the store is gone");
}

#[test]
fn a_search_is_stopped_when_its_words_are_gone_or_the_list_is_closed() {
    let searches = |desk: &mut Desk| -> Vec<Effect> {
        let is_search = |e: &Effect| matches!(e, Effect::Search(_) | Effect::StopSearch);
        desk.take().into_iter().filter(is_search).collect()
    };
    let mut desk = Desk::new();
    desk.keys("ctrl-r").send(Msg::SessionsListed(Ok(vec![session_summary()])));
    desk.keys("/").type_text("a");
    assert_eq!(searches(&mut desk), [Effect::Search("a".into())]);
    desk.keys("backspace");
    assert_eq!(searches(&mut desk), [Effect::StopSearch]);
    desk.type_text("ab").take();
    desk.keys("esc esc");
    assert!(desk.state.overlays.is_empty());
    assert_eq!(searches(&mut desk), [Effect::StopSearch]);
    // Nothing to stop once the result is there.
    desk.keys("ctrl-r").send(Msg::SessionsListed(Ok(vec![session_summary()])));
    desk.keys("/").type_text("a").send(Msg::SearchResults("a".into(), Ok(Vec::new()))).take();
    desk.keys("esc esc");
    assert_eq!(searches(&mut desk), []);
}

#[test]
fn quitting_asks_about_what_is_not_on_disk() {
    let mut desk = Desk::new();
    desk.ask("q").keys("X q");
    assert_eq!(desk.take().last(), Some(&Effect::Quit(0)));
    let changes = UnsavedChanges {
        sessions: desk.state.session_id().into_iter().collect(),
        answers: 3,
        reason: "the disk is full".into(),
    };
    let asked = |desk: &mut Desk| desk.send(Msg::UnsavedFound(changes.clone())).take();
    assert_eq!(asked(&mut desk), []);
    desk.keys("esc");
    assert!(desk.take().is_empty() && desk.state.overlays.is_empty());
    asked(&mut desk);
    // All but the first `w` come while the file is being written, which ends the program when it is complete.
    desk.keys("w w q");
    assert_eq!(desk.take(), [Effect::WriteUnsaved(changes.clone())]);
    desk.send(Msg::StoreRecovered("saved".into()));
    assert_eq!(desk.state.overlays.len(), 1);
    desk.send(Msg::UnsavedWritten(Err("no folder can be written".into())));
    assert_eq!(desk.notice(), "no folder can be written");
    assert_eq!(desk.take(), []);
    desk.keys("w").send(Msg::UnsavedWritten(Ok("in x.md".into())));
    assert_eq!(desk.take().last(), Some(&Effect::QuitUnsaved("in x.md".into())));
    let lost = Effect::QuitUnsaved("3 answers are not on disk (the disk is full)".into());
    desk.keys("q");
    assert_eq!(desk.take().as_slice(), std::slice::from_ref(&lost));
    // Ctrl+C twice ends the program whatever is open.
    desk.keys("ctrl-c ctrl-c");
    assert_eq!(desk.take().last(), Some(&lost));
    desk.send(Msg::Signal(Signal::Terminate));
    assert_eq!(desk.take().last(), Some(&Effect::Quit(143)));
    // What was asked about is saved meanwhile: quitting looks again.
    desk.send(Msg::StoreRecovered("saved".into()));
    assert!(desk.state.overlays.is_empty());
    desk.take();
    desk.keys("q");
    assert_eq!(desk.take().last(), Some(&Effect::Quit(0)));
}

#[test]
fn what_another_instance_does_to_the_session_is_taken_over_when_nothing_streams() {
    let refreshes = |desk: &mut Desk| {
        let is_refresh = |e: &Effect| matches!(e, Effect::RefreshSession(..));
        desk.take().iter().filter(|e| is_refresh(e)).count()
    };
    let mut desk = Desk::new();
    desk.send(Msg::StoreChanged);
    assert_eq!(refreshes(&mut desk), 0, "no session is open");
    desk.ask("q").send(Msg::StoreChanged);
    assert_eq!(refreshes(&mut desk), 0, "answers stream");
    desk.keys("X");
    assert_eq!(refreshes(&mut desk), 1);
    desk.keys("o").take();
    desk.send(Msg::StoreChanged);
    assert!(desk.effects.contains(&Effect::ListSessions));
    desk.keys("esc").take();
    let mut stored = desk.state.session.clone().unwrap();
    stored.title = "renamed elsewhere".into();
    let id = stored.id;
    let revision = desk.state.session_revision;
    desk.send(Msg::SessionRefreshed(id, revision, Some(Box::new(stored))));
    assert_eq!(desk.state.session_title(), "renamed elsewhere");
    // Another session's news is none of this one's.
    desk.send(Msg::SessionRefreshed(SessionId::from_number(99), revision + 1, None));
    assert_eq!(desk.state.stored, StoredCopy::Current);
}

#[test]
fn a_session_deleted_elsewhere_is_said_and_the_next_question_starts_another() {
    let mut desk = Desk::new();
    desk.ask("q").keys("X").take();
    let id = desk.state.session_id().unwrap();
    let revision = desk.state.session_revision;
    desk.send(Msg::SessionRefreshed(id, revision, None));
    assert!(desk.notice().contains("deleted in another plenary"), "{}", desk.notice());
    // A retry is shown, but not stored.
    desk.keys("r");
    assert_eq!(saved(&desk.take()).len(), 0);
    desk.keys("X").ask("and now?");
    let effects = desk.take();
    assert!(matches!(saved(&effects)[0], Change::Turn { session, .. } if *session != id));
    assert_eq!(desk.state.turns().len(), 1);
    assert!(desk.notice().contains("starts a new one"), "{}", desk.notice());
}

#[test]
fn a_store_that_cannot_be_written_stays_on_the_screen_until_it_can() {
    let mut desk = Desk::new();
    desk.send(Msg::StoreFailing("the disk is full".into()));
    for ms in [0, 60_000, 600_000] {
        desk.at(ms);
        assert_eq!(desk.notice(), "the disk is full");
        assert_eq!(desk.state.next_redraw_at(), None, "nothing changes, so nothing is drawn");
    }
    // Another notice is shown, and goes.
    desk.send(Msg::Notice(NoticeLevel::Info, "copied".into()));
    assert_eq!(desk.notice(), "copied");
    desk.at(660_000);
    assert_eq!(desk.notice(), "the disk is full");
    desk.send(Msg::StoreRecovered("saved".into()));
    assert_eq!(desk.notice(), "saved");
    desk.at(720_000);
    assert_eq!(desk.notice(), "");
}

#[test]
fn nothing_is_due_when_nothing_happens() {
    let mut desk = Desk::new();
    assert_eq!(desk.state.next_redraw_at(), None);
    desk.ask("q");
    desk.at(1_500);
    assert_eq!(desk.state.next_redraw_at(), Some(Duration::from_secs(2)));
    desk.keys("X");
    assert_eq!(desk.state.next_redraw_at(), None);
    desk.keys("R");
    desk.at(60_000);
    assert_eq!(desk.state.next_redraw_at(), None, "a notice goes away by itself");
}
