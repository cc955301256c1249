//! Local models that are not there, as `update` tables: who is asked, what waits, what is given back.

use std::sync::Arc;

use plenary::app::local_models::{DownloadReport, ModelFileStatus};
use plenary::app::{Effect, Focus, Msg, Overlay};
use plenary::domain::{Change, Ending, RunUpdate, Session, SessionId, TriageHistory};

use crate::common::desk::{Desk, FOUR, roster, session_summary, weights};

const BIG: &str = "qwen2.5-coder-1.5b";
const SMALL: &str = "qwen2.5-coder-0.5b";

/// A desk whose personas are answered by these weights, the last ones by the last, none of which is there.
fn desk(ids: &[&str]) -> Desk {
    let mut roster = roster(&FOUR);
    for (i, persona) in roster.personas.clone().iter().enumerate() {
        let weights = weights(ids[i.min(ids.len() - 1)]);
        let answerer = roster.models.get_mut(&persona.id).unwrap().as_mut().unwrap();
        answerer.model.provider = "local".into();
        answerer.model.model.clone_from(&weights.id);
        answerer.weights = Some(Arc::new(weights));
    }
    let mut desk = Desk::with(roster);
    for id in ids {
        desk.send(Msg::Download((*id).into(), DownloadReport::Missing(0)));
    }
    desk.take();
    desk
}

impl Desk {
    fn news(&mut self, id: &str, news: DownloadReport) -> &mut Self {
        self.send(Msg::Download(id.into(), news))
    }

    fn is_open(&self) -> bool {
        matches!(self.state.overlays.as_slice(), [Overlay::Download(_)])
    }

    fn waiting(&self) -> Option<&str> {
        self.state.local_models.waiting.as_deref()
    }

    fn status(&self, id: &str) -> &ModelFileStatus {
        &self.state.local_models.get(id).unwrap().status
    }
}

fn pulls(effects: &[Effect]) -> Vec<&str> {
    effects
        .iter()
        .filter_map(|e| if let Effect::Download(id) = e { Some(id.as_str()) } else { None })
        .collect()
}

fn asked(effects: &[Effect]) -> usize {
    effects.iter().map(|e| if let Effect::Ask(orders) = e { orders.len() } else { 0 }).sum()
}

#[test]
fn a_model_that_is_present_is_asked_at_once() {
    let mut desk = desk(&[BIG]);
    desk.news(BIG, DownloadReport::Present).ask("Why?");
    assert_eq!((asked(&desk.effects), desk.is_open()), (4, false));
}

#[test]
fn a_question_asks_first_and_stays_in_the_composer() {
    let mut desk = desk(&[BIG]);
    desk.ask("Why?");
    assert!(desk.effects.is_empty() && desk.is_open());
    assert_eq!(desk.state.composer.text(), "Why?");
    desk.keys("esc");
    assert!(desk.effects.is_empty() && !desk.is_open());
    assert_eq!((desk.state.composer.text().as_str(), desk.waiting()), ("Why?", None));
    assert_eq!(desk.state.focus, Focus::Composer);
    assert!(desk.state.is_fresh(), "nothing was written down");
}

#[test]
fn a_question_waits_for_the_download_and_is_sent_when_it_completes() {
    let mut desk = desk(&[BIG]);
    desk.ask("@edge Why?").keys("enter");
    assert_eq!(desk.take(), [Effect::Download(BIG.into())]);
    assert_eq!((desk.waiting(), desk.state.composer.is_empty()), (Some("@edge Why?"), true));
    desk.news(BIG, DownloadReport::Trying("huggingface.co".into()));
    desk.news(BIG, DownloadReport::Bytes(430, 1_000)).keys("esc");
    assert!(!desk.is_open(), "hidden, and going on");
    assert_eq!(
        desk.state.local_models.download_status().unwrap(),
        format!("downloading {BIG} 43 %")
    );
    // A draft that is written meanwhile is not disturbed.
    desk.type_text("and then?")
        .news(BIG, DownloadReport::Verifying)
        .news(BIG, DownloadReport::Present);
    let effects = desk.take();
    assert!(
        matches!(effects.first(), Some(Effect::Save(Change::Turn { question, .. })) if question == "@edge Why?")
    );
    assert_eq!(asked(&effects), 1);
    assert_eq!((desk.state.composer.text().as_str(), desk.waiting()), ("and then?", None));
    assert_eq!(desk.state.local_models.download_status(), None);
    desk.run("edge", vec![RunUpdate::Ended(Ending::Done)]);
    assert_eq!(desk.word("edge"), "done");
}

#[test]
fn one_question_waits_at_a_time_and_none_is_lost() {
    let mut desk = desk(&[BIG]);
    desk.ask("One?").keys("enter esc").take();
    desk.ask("Two?");
    assert!(desk.effects.is_empty());
    assert!(desk.notice().contains("another question is already waiting"), "{}", desk.notice());
    assert_eq!((desk.waiting(), desk.state.composer.text().as_str()), (Some("One?"), "Two?"));
    // Cancelled: the first goes into the history, because a draft is in the composer.
    desk.keys("alt-p x");
    assert_eq!(desk.take(), [Effect::CancelDownload(BIG.into())]);
    assert_eq!((desk.waiting(), desk.state.composer.text().as_str()), (None, "Two?"));
    desk.keys("up");
    assert_eq!(desk.state.composer.text(), "One?");
}

#[test]
fn a_cancelled_download_keeps_its_bytes_and_late_reports_change_nothing() {
    let mut desk = desk(&[BIG]);
    desk.ask("Why?").keys("enter").news(BIG, DownloadReport::Bytes(400, 1_000)).keys("x");
    assert_eq!(desk.take().last(), Some(&Effect::CancelDownload(BIG.into())));
    assert_eq!(desk.status(BIG), &ModelFileStatus::Missing(0), "what was counted may be a guess");
    assert_eq!((desk.state.composer.text().as_str(), desk.is_open()), ("Why?", false));
    desk.news(BIG, DownloadReport::Bytes(500, 1_000))
        .news(BIG, DownloadReport::Failed("late".into()));
    assert_eq!(desk.status(BIG), &ModelFileStatus::Missing(0));
    desk.news(BIG, DownloadReport::Cancelled(400));
    assert_eq!(desk.status(BIG), &ModelFileStatus::Missing(400));
    assert!(desk.notice().ends_with("kept; the next download resumes from there"));
    // Again: it resumes.
    desk.keys("enter enter");
    assert_eq!(pulls(&desk.take()), [BIG]);
    assert_eq!(desk.state.local_models.current_download().unwrap().1.done, 400);
    // A fetch that ended while it was being cancelled is still complete.
    desk.keys("x").take();
    desk.news(BIG, DownloadReport::Present);
    assert!(desk.take().is_empty());
    assert_eq!(desk.status(BIG), &ModelFileStatus::Present);
}

#[test]
fn a_cancelled_download_without_bytes_starts_over() {
    let mut desk = desk(&[BIG]);
    desk.keys("alt-p enter").news(BIG, DownloadReport::Bytes(400, 1_000)).keys("x");
    assert_eq!(desk.notice(), "download cancelled", "no more is known yet");
    desk.news(BIG, DownloadReport::Cancelled(0));
    assert!(desk.notice().contains("nothing of"), "{}", desk.notice());
    assert!(desk.notice().ends_with("the next download starts again"), "{}", desk.notice());
    // Started again before the end of the first was reported: that changes nothing.
    desk.keys("alt-p enter x alt-p enter").take();
    desk.news(BIG, DownloadReport::Bytes(10, 1_000)).news(BIG, DownloadReport::Cancelled(7));
    assert_eq!(desk.state.local_models.current_download().unwrap().1.done, 10);
}

#[test]
fn a_failed_download_shows_the_reason_and_can_be_retried() {
    let mut desk = desk(&[BIG]);
    desk.ask("Why?").keys("enter esc").take();
    desk.news(BIG, DownloadReport::Failed("huggingface.co: closed\npip: not found".into()));
    assert!(desk.is_open(), "it comes up again");
    assert_eq!(desk.waiting(), Some("Why?"), "it still waits: the person may try again");
    desk.keys("r");
    assert_eq!((pulls(&desk.take()), desk.waiting()), (vec![BIG], Some("Why?")));
    desk.news(BIG, DownloadReport::Failed("again".into())).keys("esc");
    assert_eq!((desk.waiting(), desk.state.composer.text().as_str()), (None, "Why?"));
    desk.keys("enter enter");
    assert_eq!(pulls(&desk.take()), [BIG]);
    desk.news(BIG, DownloadReport::Present);
    assert_eq!(asked(&desk.take()), 4);
}

#[test]
fn two_models_are_downloaded_one_after_the_other() {
    let mut desk = desk(&[BIG, SMALL]);
    desk.ask("Why?").keys("enter");
    assert_eq!(pulls(&desk.take()), [BIG]);
    assert_eq!(desk.status(SMALL), &ModelFileStatus::Queued(0));
    desk.news(BIG, DownloadReport::Present);
    let effects = desk.take();
    assert_eq!((pulls(&effects), asked(&effects)), (vec![SMALL], 0));
    desk.news(SMALL, DownloadReport::Present);
    assert_eq!((asked(&desk.take()), desk.is_open()), (4, false));

    // The first fails: the second is not begun.
    let mut desk = self::desk(&[BIG, SMALL]);
    desk.ask("Why?").keys("enter").news(BIG, DownloadReport::Failed("no".into()));
    assert_eq!(desk.status(SMALL), &ModelFileStatus::Missing(0));
    // Who needs only one waits only for that one.
    let mut desk = self::desk(&[BIG, SMALL]);
    desk.news(SMALL, DownloadReport::Present).ask("@edge Why?");
    assert_eq!((asked(&desk.take()), desk.is_open()), (1, false));
}

#[test]
fn the_key_asks_without_a_question_and_says_when_there_is_nothing_to_get() {
    let mut desk = desk(&[BIG]);
    desk.keys("alt-p enter");
    assert_eq!((pulls(&desk.take()), desk.waiting()), (vec![BIG], None));
    desk.news(BIG, DownloadReport::Present);
    assert!(desk.notice().ends_with("is installed") && desk.take().is_empty());
    desk.keys("alt-p");
    assert!(!desk.is_open() && desk.notice() == "the model is installed");
    let mut remote = Desk::new();
    remote.keys("tab p");
    assert!(remote.notice().contains("nothing to download") && remote.take().is_empty());
}

#[test]
fn unasked_means_unasked() {
    let mut desk = desk(&[BIG]);
    desk.send(Msg::DownloadModels);
    assert_eq!((pulls(&desk.take()), desk.is_open()), (vec![BIG], true));
    desk.send(Msg::Ask("Why?".into()));
    assert!(desk.take().is_empty() && desk.waiting() == Some("Why?"));
    desk.news(BIG, DownloadReport::Present);
    assert_eq!(asked(&desk.take()), 4);

    let mut there = self::desk(&[BIG]);
    there
        .news(BIG, DownloadReport::Present)
        .send(Msg::DownloadModels)
        .send(Msg::Ask("Why?".into()));
    assert_eq!((asked(&there.take()), there.is_open()), (4, false));
}

#[test]
fn what_cannot_be_asked_at_all_opens_nothing() {
    for question in ["@nobody why?", "@edge"] {
        let mut desk = desk(&[BIG]);
        desk.send(Msg::Ask(question.into()));
        assert!(!desk.is_open() && desk.take().is_empty(), "{question}");
        assert_eq!(desk.state.composer.text(), question);
    }
}

#[test]
fn an_answer_of_a_missing_model_is_not_retried() {
    let mut desk = desk(&[BIG]);
    desk.news(BIG, DownloadReport::Present).ask("@edge Why?");
    desk.run("edge", vec![RunUpdate::Ended(Ending::Failed("the file is gone".into()))]).take();
    desk.news(BIG, DownloadReport::Missing(0)).keys("r");
    assert!(desk.is_open() && desk.take().is_empty());
    desk.keys("esc R");
    assert!(desk.is_open() && desk.take().is_empty());
    assert_eq!(desk.word("edge"), "failed");
}

#[test]
fn what_is_pasted_meanwhile_belongs_to_the_question() {
    let mut desk = desk(&[BIG]);
    desk.keys("alt-p").send(Msg::Paste("a draft\n".into()));
    assert!(desk.is_open());
    assert!(desk.state.composer.text().starts_with("a draft"));
    assert_eq!(desk.state.key_context().id(), "pull");
}

#[test]
fn a_question_that_waits_is_not_asked_in_another_session() {
    let summary = session_summary();
    let session = Session {
        id: SessionId::from_number(7),
        title: "t".into(),
        panel: "design-review".into(),
        created_at: 0,
        updated_at: 0,
        unsearched: Vec::new(),
        tags: vec![],
        turns: vec![],
        side_turns: vec![],
        history: TriageHistory::default(),
    };
    let begun = |desk: &mut Desk| {
        desk.keys("esc tab N");
    };
    let chosen = |desk: &mut Desk| {
        desk.keys("esc ctrl-r").send(Msg::SessionsListed(Ok(vec![summary.clone()]))).keys("enter");
        assert_eq!(desk.effects.last(), Some(&Effect::Open(summary.id)));
    };
    let opened = |desk: &mut Desk| {
        desk.send(Msg::SessionLoaded(Ok(Box::new(session.clone()))));
    };
    let ways: [&dyn Fn(&mut Desk); 3] = [&begun, &chosen, &opened];
    for (at, way) in ways.into_iter().enumerate() {
        let mut desk = desk(&[BIG]);
        desk.ask("Why?").keys("enter").take();
        assert_eq!(desk.waiting(), Some("Why?"));
        way(&mut desk);
        assert_eq!((desk.waiting(), desk.state.composer.text().as_str()), (None, "Why?"), "{at}");
        // The fetch goes on; when the model comes nothing is asked.
        desk.take();
        desk.news(BIG, DownloadReport::Present);
        assert_eq!((asked(&desk.take()), desk.status(BIG)), (0, &ModelFileStatus::Present), "{at}");
    }
}
