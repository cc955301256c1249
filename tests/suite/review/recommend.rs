//! Recommendations against what a person found in the same answers, and in unexpected answers.

use plenary::config::facets;
use plenary::domain::{Contract, Facet, Recommendation, RecommendationOrigin, RunId, Severity};
use plenary::review::{extract_recommendations, select_recommendation, split_sections};
use plenary::text::ParsedMarkdown;
use proptest::prelude::*;

use super::fixtures::{Answer, answers, file, listed, place, share, text};

fn found(answer: &Answer) -> Vec<Recommendation> {
    extract_recommendations(&answer.document, &answer.sections, RunId::from_number(1))
}

fn extracted(source: &str) -> Vec<Recommendation> {
    let document = ParsedMarkdown::from_raw(source);
    let sections = split_sections(&document, &Contract::default(), &facets::built_in());
    extract_recommendations(&document, &sections, RunId::from_number(1))
}

fn titles(source: &str) -> Vec<String> {
    extracted(source).iter().map(|r| format!("{}: {}", r.facet.as_str(), r.title)).collect()
}

/// The first words of a title, which distinguish it from others.
fn gist(title: &str) -> String {
    let words = title.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.take(3).collect::<Vec<_>>().join(" ").to_lowercase()
}

#[test]
fn the_fixtures_recommendations_are_found() {
    let expected: toml::Table = file("expected.toml").parse().unwrap();
    let (mut hits, mut wanted_all, mut found_all, mut titled, mut placed) = (0, 0, 0, 0, 0);
    for answer in answers() {
        let found = found(&answer);
        let wanted = listed(&expected, answer.id);
        let mut used = vec![false; found.len()];
        for item in &wanted {
            let at = place(&answer, text(item, "quote"));
            // The innermost one that holds the quote, which must begin it.
            let hit = found.iter().enumerate().filter(|(_, r)| r.span.contains(&at));
            let hit = hit.min_by_key(|(_, r)| r.span.len());
            let close = hit.filter(|(n, r)| at - r.span.start < 40 && !used[*n]);
            let Some((n, hit)) = close else {
                println!("{}: missed: {}", answer.id, text(item, "title"));
                continue;
            };
            used[n] = true;
            hits += 1;
            placed += usize::from(hit.facet.as_str() == text(item, "facet"));
            let same = gist(&hit.title) == gist(text(item, "title"));
            titled += usize::from(same);
            if !same {
                println!("{}: {:?} for {:?}", answer.id, hit.title, text(item, "title"));
            }
            if hit.facet.as_str() != text(item, "facet") {
                println!(
                    "{}: {} for {}: {}",
                    answer.id,
                    hit.facet.as_str(),
                    text(item, "facet"),
                    hit.title
                );
            }
        }
        for (r, _) in found.iter().zip(&used).filter(|(_, used)| !**used) {
            println!("{}: not asked for: {}: {}", answer.id, r.facet.as_str(), r.title);
        }
        let recall = share(used.iter().filter(|used| **used).count(), wanted.len());
        let precision = share(used.iter().filter(|used| **used).count(), found.len());
        println!("{}: precision {precision:.0} %, recall {recall:.0} %", answer.id);
        (wanted_all, found_all) = (wanted_all + wanted.len(), found_all + found.len());
    }
    let (precision, recall) = (share(hits, found_all), share(hits, wanted_all));
    println!(
        "all: precision {precision:.1} %, recall {recall:.1} % of {wanted_all}; facets {:.1} %, titles {:.1} %",
        share(placed, hits),
        share(titled, hits)
    );
    assert!(precision >= 90.0 && recall >= 90.0, "precision {precision}, recall {recall}");
    assert!(share(placed, hits) >= 90.0 && share(titled, hits) >= 85.0);
}

#[test]
fn the_fixtures_headings_have_the_facets_that_a_person_gives_them() {
    let expected: toml::Table = file("facets.toml").parse().unwrap();
    let (mut right, mut all) = (0, 0);
    for answer in answers() {
        for item in listed(&expected, answer.id) {
            let wanted = text(item, "heading");
            let plain = |text: &str| text.replace(['*', '`'], "").trim_end_matches(':').to_owned();
            let section = answer.sections.iter().find(|section| {
                let part = section.heading.and_then(|at| answer.document.part(at));
                part.map_or(wanted.is_empty(), |part| plain(part.text()) == plain(wanted))
            });
            let facet = section.map_or("none", |section| section.facet.as_str());
            all += 1;
            right += usize::from(facet == text(item, "facet"));
            if facet != text(item, "facet") {
                println!("{}: {wanted:?} is {facet}, not {}", answer.id, text(item, "facet"));
            }
        }
    }
    println!("facets: {:.1} % of {all} headings", share(right, all));
    assert!(share(right, all) >= 90.0);
}

#[test]
fn every_form_of_a_proposal_is_extracted_and_nested_ones_belong_to_their_parent() {
    let source = "## Risks\n\nLead-in:\n\n1. First of all\n   - nested\n\n   more of it\n2. **Second.** Because.\n\n> - quoted\n\n\
        **Label:** a paragraph. **Not a label** here.\n\n**Kafka** is the log.\n\n**Why:** because.\n\n\
        | # | Risk | Severity | Mitigation |\n|---|---|---|---|\n| 1 | Lag | High | Alert |\n\n\
        | Month | Cost |\n|---|---|\n| May | 3 |\n\n```sh\nls\n```\n\n`a/b.yaml`:\n\n```yaml\na: 1\n```\n\n\
        ## Assumptions\n\n- none of this\n";
    assert_eq!(
        titles(source),
        [
            "risks: First of all",
            "risks: Second: Because",
            "risks: Label: a paragraph",
            "risks: Lag: Alert",
            "risks: a/b.yaml",
        ]
    );
    let found = extracted(source);
    let of = |at: usize| &source[found[at].span.clone()];
    assert_eq!(of(0), "1. First of all\n   - nested\n\n   more of it");
    assert_eq!(of(1), "2. **Second.** Because.");
    assert_eq!(of(3), "| 1 | Lag | High | Alert |");
    assert_eq!(of(4), "`a/b.yaml`:\n\n```yaml\na: 1\n```");
    assert_eq!(found[3].severity, Some(Severity::High));
}

#[test]
fn unexpected_answers_are_read() {
    for (source, expected) in [
        ("- no heading\n- at all\n", vec!["other: no heading", "other: at all"]),
        ("## Risks\n\n## Cost\n\n## Risks\n", vec![]),
        ("## Plan\n\nOnly prose. Of two sentences.\n", vec![]),
        (
            "## Recommendation\n\nDo it. Now.\n\nMore.\n\n### Details\n\nText.\n",
            vec!["recommendation: Do it"],
        ),
        (
            "## 建议\n\n1. 在每个商店保留一个队列。\n2. 区域网络断开时继续销售。\n",
            vec![
                "recommendation: 在每个商店保留一个队列",
                "recommendation: 区域网络断开时继续销售",
            ],
        ),
        ("## Заметки\n\n- Оставить очередь.\n", vec!["other: Оставить очередь"]),
        (
            "| Option | Verdict |\n|---|---|\n| A | yes |\n| B | no |\n",
            vec!["other: A: yes", "other: B: no"],
        ),
        ("```\n# Risks\n- not an item\n```\n", vec![]),
        ("## Risks\n- \n- **\n- ---\n", vec![]),
        ("## Risks\n- a\n## Risks\n- b\n", vec!["risks: a", "risks: b"]),
        ("", vec![]),
    ] {
        assert_eq!(titles(source), expected, "{source}");
    }
    let long = format!("## Recommendation\n\n{}", "word ".repeat(6_000));
    let found = extracted(&long);
    assert_eq!(found.len(), 1);
    assert!(found[0].title.chars().count() <= 80 && found[0].title.ends_with('…'));
    let items = format!("## Recommendation\n\n{}", "- take one\n".repeat(20_000));
    assert_eq!(extracted(&items).len(), 2_000, "there is an end");
}

#[test]
fn any_lines_can_be_selected() {
    let source = "## Risks\n\nSome **prose** of risks. And more.\n\n- item one\n  second line\n\n| Tool | Verdict |\n|---|---|\n| A | yes |\n\n```sh\nls -la\ncd /\n```\n\n---\n";
    let document = ParsedMarkdown::from_raw(source);
    let sections = split_sections(&document, &Contract::default(), &facets::built_in());
    let selected = |quote: &str| {
        let at = source.find(quote).unwrap();
        select_recommendation(&document, &sections, RunId::from_number(1), at..at + quote.len())
    };
    for (quote, title) in [
        ("Some **prose** of risks. And more.\n\n- item one\n", "Some prose of risks"),
        ("  second line\n", "second line"),
        ("- item one\n  second line\n", "item one second line"),
        ("| A | yes |", "A: yes"),
        ("ls -la\n", "ls -la"),
        ("\n\n- item one\n", "item one"),
        ("## Risks\n\n", "Risks"),
    ] {
        let found = selected(quote).unwrap();
        assert_eq!(found.title, title, "{quote}");
        assert_eq!(&source[found.span], quote.trim());
        assert_eq!((found.facet, found.origin), (Facet::Risks, RecommendationOrigin::Selected));
    }
    assert_eq!(selected("\n\n"), None);
    assert_eq!(selected("---\n"), None);
    assert_eq!(
        select_recommendation(&document, &sections, RunId::from_number(1), 5_000..6_000),
        None
    );
}

proptest! {
    #[test]
    fn extracted_text_is_in_the_answer(text in "(## Risks|# [a-z]{1,4}|- |1\\. |  - |\\* \\*\\*|\\*\\*|\\| |\\|---|```|> |:|\\.|[a-zé漢🙂]{1,5}| |\n|\n\n){0,60}") {
        let document = ParsedMarkdown::from_raw(&text);
        let sections = split_sections(&document, &Contract::default(), &facets::built_in());
        let found = extract_recommendations(&document, &sections, RunId::from_number(1));
        prop_assert_eq!(&found, &extract_recommendations(&document, &sections, RunId::from_number(1)));
        for recommendation in &found {
            let words = document.source().get(recommendation.span.clone());
            prop_assert!(words.is_some_and(|words| !words.trim().is_empty()));
            prop_assert!(recommendation.title.chars().count() <= 80);
            prop_assert!(!recommendation.title.contains('\n') && !recommendation.title.trim().is_empty());
        }
        for pair in found.windows(2) {
            prop_assert!(pair[0].span.start < pair[1].span.start);
        }
        for at in 0..=text.len() {
            let _ = select_recommendation(&document, &sections, RunId::from_number(1), at..text.len());
        }
    }
}

#[test]
fn text_without_words_is_no_recommendation() {
    for text in ["## Risks\n```:: ", "**:.漢**\n## Risks## Risks"] {
        let document = ParsedMarkdown::from_raw(text);
        let sections = split_sections(&document, &Contract::default(), &facets::built_in());
        let found = extract_recommendations(&document, &sections, RunId::from_number(1));
        assert!(found.iter().all(|item| !item.title.trim().is_empty()), "{text:?}: {found:?}");
    }
}

#[test]
fn two_answers_of_one_persona_are_compared_by_section() {
    use plenary::review::{SectionFate, diff_sections};
    let (old, new) = (
        super::fixtures::answer("infra", "infra.md"),
        super::fixtures::answer("infra", "infra-2.md"),
    );
    let changes = diff_sections(&old.document, &old.sections, &new.document, &new.sections);
    let fates: Vec<(String, SectionFate)> = changes
        .iter()
        .map(|c| {
            (
                c.title
                    .trim_start_matches(|c: char| c.is_ascii_digit() || ". ".contains(c))
                    .to_owned(),
                c.fate,
            )
        })
        .collect();
    let of = |title: &str| fates.iter().find(|(t, _)| t == title).map(|(_, fate)| *fate);
    // The table in the fixtures' README.
    for (title, fate) in [
        ("What changed since the first answer", SectionFate::Added),
        ("Missing context", SectionFate::Removed),
        ("Understanding and assumptions", SectionFate::Changed),
        ("Options", SectionFate::Same),
        ("Recommendation", SectionFate::Changed),
        ("What I would not build", SectionFate::Same),
        ("Assumptions behind this choice", SectionFate::Changed),
        ("Cost", SectionFate::Changed),
        ("Blast radius and rollout", SectionFate::Same),
        ("Rollback triggers", SectionFate::Same),
        ("Implementation", SectionFate::Same),
        ("Runbooks and on-call", SectionFate::Changed),
        ("Success measures", SectionFate::Changed),
        ("Validation & Rollback", SectionFate::Changed),
    ] {
        assert_eq!(of(title), Some(fate), "{title}: {fates:?}");
    }
    assert_eq!(fates.len(), 14);
    for change in changes.iter().filter(|change| change.fate == SectionFate::Changed) {
        assert!(change.added + change.removed > 0, "{}", change.title);
    }
}
