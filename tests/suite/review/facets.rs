//! Every byte of an answer has a facet: by the contract, by what it is nested in, by its words.

use plenary::config::facets;
use plenary::domain::{Contract, Facet, SectionRule};
use plenary::review::{Section, split_sections};
use plenary::text::ParsedMarkdown;
use proptest::prelude::*;

fn contract(promises: &[(&str, Facet)]) -> Contract {
    let promise = |(title, facet): &(&str, Facet)| SectionRule {
        title: (*title).to_owned(),
        facet: *facet,
        optional: false,
    };
    Contract { sections: promises.iter().map(promise).collect(), ..Contract::default() }
}

fn read(text: &str, contract: &Contract) -> Vec<(Facet, String)> {
    let document = ParsedMarkdown::from_raw(text);
    let of = |s: &Section| (s.facet, document.source()[s.span.clone()].to_owned());
    split_sections(&document, contract, &facets::built_in()).iter().map(of).collect()
}

/// `facet: first line` of every section.
fn outline(text: &str, contract: &Contract) -> Vec<String> {
    let first = |text: &str| text.lines().next().unwrap_or_default().to_owned();
    read(text, contract)
        .iter()
        .map(|(facet, text)| format!("{}: {}", facet.as_str(), first(text)))
        .collect()
}

#[test]
fn the_contract_goes_before_the_words() {
    let kael = contract(&[
        ("Blast radius and rollout", Facet::Risks),
        ("Validation & Rollback", Facet::Validation),
    ]);
    let text = "## 4. Blast radius and rollout\n\na\n\n## Rollout\n\nb\n\n## Recommendation\n\nc\n\n### Validation & Rollback\n\nd\n\n### Details\n\ne\n";
    assert_eq!(
        outline(text, &kael),
        [
            "risks: ## 4. Blast radius and rollout",
            "implementation: ## Rollout",
            "recommendation: ## Recommendation",
            "validation: ### Validation & Rollback",
            "recommendation: ### Details",
        ]
    );
}

#[test]
fn nested_sections_inherit_and_a_title_does_not_rule() {
    let none = Contract::default();
    for (text, wanted) in [
        (
            "## Risks\n### Cost overruns\n#### Plan\n## Cost\n",
            vec![
                "risks: ## Risks",
                "risks: ### Cost overruns",
                "risks: #### Plan",
                "cost: ## Cost",
            ],
        ),
        (
            "# A recommendation\n## Risks\n## Something\n",
            vec![
                "recommendation: # A recommendation",
                "risks: ## Risks",
                "recommendation: ## Something",
            ],
        ),
        (
            "# Notes\n## Something\n### Risks\n",
            vec!["other: # Notes", "other: ## Something", "risks: ### Risks"],
        ),
        ("# One\n# Risks\n## Cost\n", vec!["other: # One", "risks: # Risks", "risks: ## Cost"]),
        (
            "**Risks**\n\na\n\n**Costs:**\n\nb\n\n**Bold sentence, no heading.**\n\nc\n",
            vec!["risks: **Risks**", "cost: **Costs:**"],
        ),
        ("> # Risks\n\ntext\n\n- # Cost\n", vec!["other: > # Risks"]),
        ("```\n# Risks\n```\n", vec!["other: ```"]),
        ("## Risks\n\n| Cost |\n|---|\n| 1 |\n\n```sh\n# Plan\n```\n", vec!["risks: ## Risks"]),
    ] {
        assert_eq!(outline(text, &none), wanted, "{text}");
    }
}

#[test]
fn text_before_the_first_heading_is_a_recommendation_only_when_it_leads_with_one() {
    let none = Contract::default();
    for (text, wanted) in [
        (
            "**Recommendation: keep it.** Because.\n\nMore.\n\n## Risks\n\na\n",
            vec!["recommendation: **Recommendation: keep it.** Because.", "risks: ## Risks"],
        ),
        ("**Recommendation**: keep it.\n", vec!["recommendation: **Recommendation**: keep it."]),
        (
            "Hello.\n\n**Short answer:** keep it.\n\nWhy.\n\n## Risks\n",
            vec![
                "other: Hello.",
                "recommendation: **Short answer:** keep it.",
                "other: Why.",
                "risks: ## Risks",
            ],
        ),
        ("Recommendation: keep it.\n", vec!["other: Recommendation: keep it."]),
        ("**Note:** keep it.\n", vec!["other: **Note:** keep it."]),
        (
            "## What fails first\n\n1. Clocks.\n\n**Recommendation:** A/B images.\nand more\n\nConfidence: low\n",
            vec![
                "risks: ## What fails first",
                "recommendation: **Recommendation:** A/B images.",
                "risks: Confidence: low",
            ],
        ),
    ] {
        assert_eq!(outline(text, &none), wanted, "{text}");
    }
}

#[test]
fn any_answer_is_read() {
    let none = Contract::default();
    assert!(read("", &none).is_empty());
    let long = "word ".repeat(40_000);
    for (text, facet) in [
        ("no heading at all", Facet::Other),
        (long.as_str(), Facet::Other),
        ("| a |\n|---|\n| b |\n", Facet::Other),
        ("## Risiken\n\nDer Ausfall.\n", Facet::Risks),
        ("## 风险\n\n断电。\n", Facet::Risks),
        ("## ⚠️ Risks ⚠️\n", Facet::Risks),
        ("Risks\n=====\n\na\n", Facet::Risks),
    ] {
        let found = read(text, &none);
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(found[0].0, facet, "{text:.40}");
    }
    let twice = outline("## Risks\na\n## Risks\nb\n", &none);
    assert_eq!(twice, ["risks: ## Risks", "risks: ## Risks"]);
}

proptest! {
    /// Nothing is ever hidden: the sections joined are the answer, whatever it is made of.
    #[test]
    fn the_sections_joined_are_the_answer(
        parts in prop::collection::vec(
            prop::sample::select(vec![
                "# Risks\n", "## Cost\n", "### Plan\n", "Risks\n===\n", "a\n---\n", "text", "\n", "\n\n", "**Recommendation: x**",
                "**Risks**\n\n", "**Short answer:** y\n\n", "- item\n", "  - nested\n", "1. one\n", "> q\n", "```\n", "~~~sh\n", "    code\n",
                "| a | b |\n|---|---|\n", "<!--", "-->", "\t", "é日本🙂", "\r\n", "\u{1b}[31m", "[x]: /u\n", "[^1]: n\n", "---\n", "* ", "\\",
            ]),
            0..30,
        )
    ) {
        let raw = parts.concat();
        let document = ParsedMarkdown::from_raw(&raw);
        let promised = contract(&[("Plan", Facet::Operations)]);
        let found = split_sections(&document, &promised, &facets::built_in());
        let mut at = 0;
        let mut block = 0;
        for section in &found {
            prop_assert_eq!(section.span.start, at);
            prop_assert_eq!(section.blocks.start, block);
            prop_assert!(section.span.end > at && section.blocks.end >= block);
            (at, block) = (section.span.end, section.blocks.end);
        }
        prop_assert_eq!(at, document.source().len());
        prop_assert!(found.is_empty() || block == document.block_count());
        let joined: String = found.iter().map(|s| &document.source()[s.span.clone()]).collect();
        prop_assert_eq!(joined, document.source());
    }
}
