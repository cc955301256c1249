//! What the screen says of a model that runs in this program: whose answers they are, whether it is there, how it is got.

use plenary::app::Msg;
use plenary::app::roster::Answerer;
use plenary::domain::{ModelProfile, ModelRef};

use crate::common::script::{FOUR, Script, roster, shows};

const NOTE: &str = "local · qwen2.5-coder-1.5b · small model: check its claims";

const QUESTION: &str =
    "Split one Kubernetes cluster of twelve services per team, per environment, or not at all?";

fn local(width: u16, height: u16) -> Script {
    let mut roster = roster(&FOUR);
    for model in roster.models.values_mut() {
        *model = Ok(Answerer {
            model: ModelRef::parse("local:qwen2.5-coder-1.5b").unwrap(),
            why: "no key and no server is set up: the model that runs in this program".into(),
            profile: ModelProfile { small: true, note: Some(NOTE.into()), ..Default::default() },
        });
    }
    Script::with(roster, width, height)
}

/// The words of a screen without borders and blanks, so that what was wrapped reads on.
fn words(screen: &str) -> String {
    let bare: String =
        screen.chars().map(|c| if "│╭╮╰╯─┃".contains(c) { ' ' } else { c }).collect();
    bare.split_whitespace().collect::<Vec<_>>().join(" ")
}

const ANSWER: &str = "## Recommendation\n\nOne cluster, one namespace per team.\n\n## Risks\n\n- a noisy neighbour\n";

#[test]
fn who_answered_is_said_at_every_width() {
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
fn other_notes_and_the_place_in_the_text_give_way() {
    let long = "Words of an answer.\n\n".repeat(60);
    for (width, height) in [(60, 24), (100, 30), (160, 40), (220, 50)] {
        let mut script = local(width, height).ask(QUESTION).at(2_000);
        for pane in &mut script.state.panes {
            let run = pane.runs.last_mut().unwrap();
            run.run.notes.push("left out 3 older questions to fit 8,192 tokens".into());
        }
        let script = script.answers(0, &long).keys("1 k k k");
        assert!(script.screen().contains("check its claims"), "{}", script.screen());
    }
    // Where there is room for both, both are said.
    let wide = local(120, 30).ask(QUESTION).keys("z").screen();
    assert!(wide.contains(NOTE) && wide.contains(" follow "), "{wide}");
}

#[test]
fn where_the_border_is_too_short_the_words_stand_above_the_answer() {
    let tabs = local(60, 24).ask(QUESTION).answers(0, ANSWER).screen();
    assert!(words(&tabs).contains(NOTE), "{tabs}");
    let narrow = local(40, 20).ask(QUESTION).answers(0, ANSWER).keys("g g").screen();
    assert!(narrow.contains("local · qwen2.5-coder-1.5b"), "{narrow}");
    // An earlier answer keeps its words when a later one stands below it.
    let again = local(100, 40).ask(QUESTION).answers(0, ANSWER).keys("z r");
    let screen = again.msg(Msg::Resize(100, 40)).screen();
    assert_eq!(screen.matches(NOTE).count(), 2, "{screen}");
}
