//! Tests of prompts: what is in them, and in which order.
use super::*;

fn list_notes(notes: &RunNotes) -> Vec<&str> {
    notes.iter().collect()
}

#[test]
fn what_is_twice_too_large_says_why_it_is_not_sent() {
    let mut persona = persona("short");
    persona.context_limit = Some(1_000);
    let history = [];
    let question = "x".repeat(5_000);
    let built = build_prompt(PromptInput { question: &question, ..ask(&persona, &history) });
    assert!(built.too_large.is_none() && list_notes(&built.notes).len() == 1, "{built:?}");
    let question = "x".repeat(9_000);
    let built = build_prompt(PromptInput { question: &question, ..ask(&persona, &history) });
    let why = built.too_large.unwrap();
    assert!(
        why.contains("about 2,2") && why.contains("X takes 1,000") && why.contains("[persona.x]"),
        "{why}"
    );
    assert!(list_notes(&built.notes).is_empty());
}

use crate::domain::{ChatRole, Facet, ModelProfile, PersonaId, PersonaSource, SectionRule};

fn persona(prompt: &str) -> Persona {
    let id = PersonaId::from_name("x");
    Persona::from_prompt(id, "X".to_owned(), prompt, PersonaSource::BuiltIn)
}

fn exchanges(n: usize, tokens: usize) -> Vec<Exchange> {
    let text = |i: usize| Arc::from(format!("{i}{}", "x".repeat(tokens * 4 - 1)));
    (0..n).map(|i| Exchange { question: text(i), answer: text(i) }).collect()
}

fn ask<'a>(persona: &'a Persona, history: &'a [Exchange]) -> PromptInput<'a> {
    PromptInput {
        persona,
        history,
        question: "Why?",
        triggered: false,
        model: "m",
        profile: &NOTHING_KNOWN,
    }
}

const NOTHING_KNOWN: ModelProfile =
    ModelProfile { context: None, max_tokens: None, small: false, scaffold: false, note: None };

fn limits(context: Option<u32>, max_tokens: Option<u32>) -> ModelProfile {
    ModelProfile { context, max_tokens, ..NOTHING_KNOWN }
}

#[test]
fn the_system_prompt_is_the_persona_byte_for_byte() {
    let persona = persona("\u{feff}# A\r\n${{ x }} {a} #{b}\r\n\r\n ");
    let history = exchanges(2, 10);
    let built = build_prompt(ask(&persona, &history));
    assert!(Arc::ptr_eq(&built.request.system, &persona.prompt));
    let said: Vec<_> =
        built.request.messages.iter().map(|m| (m.role, m.text.chars().next())).collect();
    assert_eq!(
        said,
        [
            (ChatRole::User, Some('0')),
            (ChatRole::Assistant, Some('0')),
            (ChatRole::User, Some('1')),
            (ChatRole::Assistant, Some('1')),
            (ChatRole::User, Some('W')),
        ]
    );
    assert_eq!(list_notes(&built.notes), [""; 0]);
}

#[test]
fn settings_of_the_persona_reach_the_request() {
    let mut persona = persona("P");
    persona.temperature = Some(0.5);
    persona.top_p = Some(0.9);
    let request =
        build_prompt(PromptInput { profile: &limits(None, Some(700)), ..ask(&persona, &[]) })
            .request;
    assert_eq!((request.temperature, request.top_p), (Some(0.5), Some(0.9)));
    assert_eq!((request.model.as_str(), request.max_tokens), ("m", Some(700)));
}

/// Persona of 100 + 4 tokens, brief of 20 + 4, question 1 + 4, each exchange 2 × (50 + 4) = 108.
#[test]
fn the_oldest_exchanges_go_first_and_then_the_brief_is_taken() {
    let mut persona = persona(&"p".repeat(400));
    persona.short_prompt = Some("b".repeat(80));
    let history = exchanges(3, 50);
    for (context, kept, short, notes) in [
        (None, 3, false, vec![]),
        // 109 + 3 × 108 = 433 tokens fit exactly into three quarters of 578 (434).
        (Some(578), 3, false, vec![]),
        (Some(576), 2, false, vec!["left out 1 older question to fit 576 tokens"]),
        (Some(300), 1, false, vec!["left out 2 older questions to fit 300 tokens"]),
        (Some(150), 0, false, vec!["left out 3 older questions to fit 150 tokens"]),
        (
            Some(140),
            0,
            true,
            vec![
                "left out 3 older questions to fit 140 tokens",
                "short form of the persona, to fit 140 tokens",
            ],
        ),
    ] {
        let built = build_prompt(PromptInput {
            profile: &limits(context, None),
            ..ask(&persona, &history)
        });
        assert_eq!(built.request.messages.len(), kept * 2 + 1, "{context:?}");
        assert_eq!(built.request.system.starts_with('b'), short, "{context:?}");
        assert_eq!(list_notes(&built.notes), notes, "{context:?}");
        assert!(built.tokens <= context.map_or(u32::MAX, |c| c - c / 4), "{context:?}");
    }
}

#[test]
fn room_that_the_brief_makes_is_given_to_the_latest_exchange() {
    let mut persona = persona(&"p".repeat(4_000));
    persona.short_prompt = Some("b".repeat(80));
    let history = exchanges(3, 50);
    let built =
        build_prompt(PromptInput { profile: &limits(Some(400), None), ..ask(&persona, &history) });
    assert_eq!(built.request.messages.len(), 5);
    assert!(built.request.messages.first().is_some_and(|m| m.text.starts_with('1')));
    assert_eq!(
        list_notes(&built.notes),
        [
            "left out 1 older question to fit 400 tokens",
            "short form of the persona, to fit 400 tokens"
        ]
    );
}

#[test]
fn the_persona_s_own_limit_counts_when_it_is_smaller() {
    let mut persona = persona("P");
    persona.context_limit = Some(8_000);
    let history = exchanges(10, 1_000);
    let built = build_prompt(PromptInput {
        profile: &limits(Some(128_000), None),
        ..ask(&persona, &history)
    });
    assert_eq!(list_notes(&built.notes), ["left out 7 older questions to fit 8,000 tokens"]);
    assert!(built.tokens <= 6_976);
}

#[test]
fn a_question_that_cannot_fit_is_kept_whole_and_said() {
    let mut persona = persona(&"p".repeat(400));
    persona.short_prompt = Some("b".repeat(80));
    let question = "q".repeat(4_000);
    let history = exchanges(1, 5);
    let built = build_prompt(PromptInput {
        profile: &limits(Some(600), None),
        question: &question,
        ..ask(&persona, &history)
    });
    assert_eq!(built.request.messages.len(), 1);
    assert!(built.request.messages.first().is_some_and(|m| *m.text == question));
    assert!(built.request.system.starts_with('b'));
    assert_eq!(
        list_notes(&built.notes).last().copied(),
        Some(
            "about 1,028 tokens, more than the 450 that 600 tokens leave for a question: the question was sent in full, ask for less or choose a larger model"
        )
    );
}

#[test]
fn a_persona_without_a_shorter_brief_keeps_its_text() {
    let mut persona = persona(&"p".repeat(4_000));
    for brief in [None, Some("b".repeat(5_000))] {
        persona.short_prompt = brief;
        let built =
            build_prompt(PromptInput { profile: &limits(Some(512), None), ..ask(&persona, &[]) });
        assert_eq!(built.request.system, persona.prompt);
        assert_eq!(list_notes(&built.notes).len(), 1);
    }
}

#[test]
fn prompt_and_answer_together_stay_within_the_limit() {
    let persona = persona(&"p".repeat(400));
    for (context, most, expected) in
        [(None, 5_000, 5_000), (Some(1_000), 5_000, 891), (Some(1_000), 100, 100), (Some(0), 9, 1)]
    {
        let built = build_prompt(PromptInput {
            profile: &limits(context, Some(most)),
            ..ask(&persona, &[])
        });
        assert_eq!(built.request.max_tokens, Some(expected), "{context:?} {most}");
    }
}

#[test]
fn a_trigger_is_said_after_the_persona_s_own_text() {
    let mut persona = persona("The prompt.\n");
    persona.mode = Some("DevOps Mode".to_owned());
    let built = build_prompt(PromptInput { triggered: true, ..ask(&persona, &[]) });
    assert!(built.request.system.starts_with(&*persona.prompt));
    assert!(built.request.system.contains("DevOps Mode is active"));
    persona.mode = None;
    let built = build_prompt(PromptInput { triggered: true, ..ask(&persona, &[]) });
    assert!(built.request.system.contains("Your trigger mode is active"));
}

#[test]
fn a_question_that_was_never_answered_is_joined_to_the_next() {
    let persona = persona("P");
    let exchange = |question: &str, answer: &str| Exchange {
        question: Arc::from(question),
        answer: Arc::from(answer),
    };
    let history =
        [exchange("one", ""), exchange("two", "2"), exchange("three", " \n"), exchange("Why?", "")];
    let built = build_prompt(ask(&persona, &history));
    let said: Vec<_> = built.request.messages.iter().map(|m| (m.role, &*m.text)).collect();
    assert_eq!(
        said,
        [
            (ChatRole::User, "one\n\ntwo"),
            (ChatRole::Assistant, "2"),
            (ChatRole::User, "three\n\nWhy?"),
        ]
    );
}

#[test]
fn trimming_one_persona_leaves_another_alone() {
    let (mut small, large) = (persona("S"), persona("L"));
    small.context_limit = Some(256);
    let history = exchanges(5, 100);
    let context = Some(100_000);
    assert_eq!(
        build_prompt(PromptInput { profile: &limits(context, None), ..ask(&small, &history) })
            .request
            .messages
            .len(),
        1
    );
    let built =
        build_prompt(PromptInput { profile: &limits(context, None), ..ask(&large, &history) });
    assert_eq!((built.request.messages.len(), list_notes(&built.notes).len()), (11, 0));
}

#[test]
fn a_small_model_gets_the_brief_and_the_headings() {
    let mut persona = persona(&"p".repeat(400));
    persona.short_prompt = Some("b".repeat(80));
    persona.contract.sections =
        vec![SectionRule { title: "Advice".into(), facet: Facet::Recommendation, optional: false }];
    let note = "local · tiny · small model: check its claims".to_owned();
    let small = ModelProfile {
        context: Some(8_192),
        max_tokens: Some(700),
        small: true,
        scaffold: true,
        note: Some(note.clone()),
    };
    let question = "Which of the two is it?";
    let asked = |profile| build_prompt(PromptInput { question, profile, ..ask(&persona, &[]) });
    let built = asked(&small);
    assert!(
        built.request.system.starts_with('b')
            && built.request.system.contains(HEADINGS_INSTRUCTION)
    );
    let quick =
        build_prompt(PromptInput { question: "Why?", profile: &small, ..ask(&persona, &[]) });
    assert!(quick.request.scaffold.is_none());
    assert_eq!(quick.request.system, built.request.system, "nothing is read again");
    let why = "short form of the persona: a small model reads it better";
    assert_eq!(list_notes(&built.notes), [note.as_str(), why]);
    assert_eq!(built.request.scaffold.map(|s| s.sections.len()), Some(1));
    // A large one with headings keeps the persona's text; a provider elsewhere gets neither.
    let large = ModelProfile { small: false, note: None, ..small };
    let built = asked(&large);
    assert!(built.request.system.starts_with('p') && built.request.scaffold.is_some());
    let built = asked(&NOTHING_KNOWN);
    assert!(built.request.scaffold.is_none() && list_notes(&built.notes).is_empty());
}

#[test]
fn a_small_model_with_little_room_gets_a_note_of_what_was_left_out() {
    let mut persona = persona(&"p".repeat(4_000));
    persona.short_prompt = Some("b".repeat(80));
    let small = ModelProfile { small: true, ..limits(Some(400), None) };
    let history = exchanges(3, 50);
    let built = build_prompt(PromptInput { profile: &small, ..ask(&persona, &history) });
    assert_eq!(
        list_notes(&built.notes),
        [
            "short form of the persona: a small model reads it better",
            "left out 1 older question to fit 400 tokens"
        ]
    );
    persona.short_prompt = None;
    let built = build_prompt(PromptInput { profile: &small, ..ask(&persona, &[]) });
    assert_eq!((built.request.system.len(), list_notes(&built.notes).len()), (4_000, 0));
    assert!(built.too_large.is_some());
}
