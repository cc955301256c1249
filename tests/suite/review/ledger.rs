//! The ledger against the numbers and assumptions that a person found in the same answers.

use std::collections::BTreeMap;

use plenary::config::facets;
use plenary::domain::Contract;
use plenary::review::{
    Ledger, LedgerSource, MAX_LEDGER_ENTRIES, NumberSupport, build_ledger, split_sections,
};
use plenary::text::ParsedMarkdown;
use proptest::prelude::*;

use super::fixtures::{Answer, answers, file, listed, place, share, text};

fn read(answers: &[Answer]) -> Ledger {
    let voices: Vec<LedgerSource<'_>> = answers
        .iter()
        .map(|a| LedgerSource { document: &a.document, sections: &a.sections })
        .collect();
    build_ledger(&voices)
}

/// All of it, for the person who reads the test's output.
fn print(found: &Ledger, answers: &[Answer]) {
    for topic in &found.topics {
        println!("{}{}", topic.subject, if topic.differs { " (differs)" } else { "" });
        for m in &topic.numbers {
            println!(
                "   {:8} {:14} {:9} {}",
                answers[m.source].id,
                m.value,
                m.support.label(),
                m.sentence
            );
        }
    }
}

/// The ledger of one answer.
fn of(text: &str) -> Ledger {
    let document = ParsedMarkdown::from_raw(text);
    let sections = split_sections(&document, &Contract::default(), &facets::built_in());
    build_ledger(&[LedgerSource { document: &document, sections: &sections }])
}

#[test]
fn the_numbers_of_the_fixtures_are_found_with_their_support() {
    let expected: toml::Table = file("numbers.toml").parse().unwrap();
    let answers = answers();
    let found = read(&answers);
    let (mut wanted, mut hits, mut right) = (0, 0, 0);
    let mut used = 0;
    let mut topics: BTreeMap<&str, Vec<(usize, Option<usize>)>> = BTreeMap::new();
    for (voice, answer) in answers.iter().enumerate() {
        for item in listed(&expected, answer.id) {
            let from = place(answer, text(item, "quote"));
            let at = from + text(item, "quote").find(text(item, "value")).unwrap();
            wanted += 1;
            let hit = found.topics.iter().enumerate().find_map(|(topic, t)| {
                let measure =
                    t.numbers.iter().find(|m| m.source == voice && m.span.contains(&at))?;
                Some((topic, measure))
            });
            let shared = hit.map(|(topic, _)| topic);
            topics.entry(text(item, "topic")).or_default().push((voice, shared));
            let Some((_, measure)) = hit else {
                println!(
                    "{}: missed {} in {:?}",
                    answer.id,
                    text(item, "value"),
                    text(item, "quote")
                );
                continue;
            };
            hits += 1;
            used += 1;
            right += usize::from(measure.support.label() == text(item, "support"));
            if measure.support.label() != text(item, "support") {
                println!(
                    "{}: {:?} for {}: {}",
                    answer.id,
                    measure.support,
                    text(item, "support"),
                    measure.sentence
                );
            }
            if measure.value != text(item, "value") {
                println!("{}: {:?} for {:?}", answer.id, measure.value, text(item, "value"));
            }
        }
    }
    let all: usize = found.topics.iter().map(|t| t.numbers.len()).sum();
    let (mut together, mut pairs) = (0, 0);
    for (topic, places) in &topics {
        for (n, (voice, at)) in places.iter().enumerate() {
            for (other, to) in places.iter().skip(n + 1).filter(|(other, _)| other != voice) {
                pairs += 1;
                together += usize::from(at.is_some() && at == to);
                if at.is_none() || at != to {
                    println!(
                        "{topic}: {} and {} are apart",
                        answers[*voice].id, answers[*other].id
                    );
                }
            }
        }
    }
    print(&found, &answers);
    println!(
        "numbers: precision {:.1} %, recall {:.1} % of {wanted}, support {:.1} %; same thing together {:.1} % of {pairs} pairs",
        share(used, all),
        share(hits, wanted),
        share(right, hits),
        share(together, pairs)
    );
    assert!(share(hits, wanted) >= 90.0 && share(used, all) >= 85.0);
    assert!(share(right, hits) >= 85.0 && share(together, pairs) >= 80.0);
    let differing: Vec<&str> =
        found.topics.iter().filter(|t| t.differs).map(|t| t.subject.as_str()).collect();
    for subject in ["p99 latency", "RTO", "retention", "peak rate"] {
        assert!(differing.contains(&subject), "{differing:?}");
    }
    assert!(!differing.contains(&"budget"), "all of them say the same");
}

#[test]
fn the_fixtures_assumptions_are_found() {
    let expected: toml::Table = file("numbers.toml").parse().unwrap();
    let answers = answers();
    let found = read(&answers);
    let wanted = listed(&expected, "assumptions");
    let mut hits = 0;
    for item in &wanted {
        let voice = answers.iter().position(|a| a.id == text(item, "persona")).unwrap();
        let at = place(&answers[voice], text(item, "quote"));
        let hit = found.assumptions.iter().any(|a| a.source == voice && a.span.contains(&at));
        hits += usize::from(hit);
        if !hit {
            println!("missed: {}", text(item, "quote"));
        }
    }
    for assumption in &found.assumptions {
        println!("   {:8} {}", answers[assumption.source].id, assumption.text);
    }
    println!(
        "assumptions: precision {:.1} %, recall {:.1} % of {}",
        share(hits, found.assumptions.len()),
        share(hits, wanted.len()),
        wanted.len()
    );
    assert!(share(hits, wanted.len()) >= 90.0 && share(hits, found.assumptions.len()) >= 85.0);
}

#[test]
fn what_differs_is_marked_and_what_says_the_same_in_other_units_is_not() {
    let voices = [
        "The RTO is 1 hour.",
        "RTO of 60 minutes; p99 is 0.25 s",
        "p99 below 250 ms",
        "p99: ~300 ms",
    ];
    let documents: Vec<ParsedMarkdown> =
        voices.iter().map(|text| ParsedMarkdown::from_raw(text)).collect();
    let read: Vec<_> = documents
        .iter()
        .map(|d| split_sections(d, &Contract::default(), &facets::built_in()))
        .collect();
    let voices: Vec<LedgerSource<'_>> = documents
        .iter()
        .zip(&read)
        .map(|(document, sections)| LedgerSource { document, sections })
        .collect();
    let found = build_ledger(&voices);
    let topics: Vec<(&str, bool, usize)> =
        found.topics.iter().map(|t| (t.subject.as_str(), t.differs, t.numbers.len())).collect();
    assert_eq!(topics, [("p99 latency", true, 3), ("RTO", false, 2)]);
    assert_eq!(found.topics[0].numbers[2].support, NumberSupport::Estimate);
    assert_eq!(found.topics[0].numbers[0].sentence, "RTO of 60 minutes; p99 is 0.25 s");
}

#[test]
fn unexpected_answers_are_read() {
    for (text, measures) in [
        ("", 0),
        ("## Cost\n", 0),
        ("```\nlatency: 5 ms\n```\n", 0),
        ("> 5 ms\n", 0),
        ("`5 ms` and [5 ms](http://x/7ms)\n", 1),
        ("| p99 |\n|---|\n| 5 ms |\n", 1),
        ("延迟为3秒。\n", 1),
        ("Die Latenz beträgt 5 ms, geschätzt.\n", 1),
    ] {
        let found = of(text);
        assert_eq!(found.topics.iter().map(|t| t.numbers.len()).sum::<usize>(), measures, "{text}");
    }
    // One clause of 30 KB: there is an end, and what is shown of it is short.
    let found = of(&"latency of 5 ms and ".repeat(1_500));
    assert_eq!(found.topics.iter().map(|t| t.numbers.len()).sum::<usize>(), 1_500);
    let found = of(&"A latency of 5 ms.\n\n".repeat(10_000));
    assert_eq!(found.topics.iter().map(|t| t.numbers.len()).sum::<usize>(), MAX_LEDGER_ENTRIES);
    assert!(found.topics[0].numbers.iter().all(|m| m.sentence.len() < 1_000));
    let found = of(&"I assume that 5 shops ".repeat(1_000));
    assert_eq!(found.assumptions.len(), 1);
}

proptest! {
    #[test]
    fn listed_values_are_in_the_answer(text in "(## Assumptions|- |\\| |\\|---\\||`|\\[|\\]|;|I assume |p99 |\\$|€|~|[0-9]{1,4}|[.,–/%]| ms| s|k| GB| shops| a month| |\n|\n\n|é|漢|🙂){0,60}") {
        let found = of(&text);
        let document = ParsedMarkdown::from_raw(&text);
        for measure in found.topics.iter().flat_map(|t| &t.numbers) {
            let written = document.source().get(measure.span.clone());
            prop_assert_eq!(written.map(|w| w.replace('\n', " ")), Some(measure.value.clone()));
        }
        for assumption in &found.assumptions {
            prop_assert!(document.source().get(assumption.span.clone()).is_some_and(|w| !w.is_empty()));
        }
        prop_assert_eq!(&found, &of(&text));
    }
}
