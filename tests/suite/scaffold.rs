//! The headings that a small model is given, for the personas that ship: what a person would see planned.

use std::fmt::Write as _;
use std::path::Path;

use plenary::config::personas;
use plenary::domain::PersonaId;
use plenary::prompt::{format_documents, plan_scaffold};

/// What a local model may write unless configured.
const LIMIT: u32 = 700;

const USUAL: &str = "Review this: one PostgreSQL primary with two read replicas for 40 shops, nightly dumps. What breaks first?";
const SHORT: &str = "How many read replicas do we need?";

fn plan(question: &str, limit: u32, small: bool) -> String {
    let mut text = String::new();
    for id in ["infra", "edge", "devops", "gitops", "ai-lead"] {
        let persona = personas::built_in(&PersonaId::parse(id).unwrap()).unwrap();
        let Some(plan) = plan_scaffold(&persona.contract, question, limit, small) else {
            writeln!(text, "{id}: none").unwrap();
            continue;
        };
        let sum: u32 = plan.sections.iter().map(|s| s.tokens).sum();
        assert!(sum <= limit, "{id}: {sum} > {limit}");
        writeln!(text, "{id}: {sum}").unwrap();
        for section in plan.sections {
            writeln!(text, "  {:>4}  {}", section.tokens, section.title).unwrap();
            if let Some(columns) = section.table {
                writeln!(text, "          | {} |", columns.join(" | ")).unwrap();
            }
        }
    }
    text
}

fn shows(name: &str, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/snapshots"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, text));
}

#[test]
fn the_plans_of_the_personas_that_ship() {
    shows("scaffold_usual", &plan(USUAL, LIMIT, true));
    shows("scaffold_short", &plan(SHORT, LIMIT, true));
    let attached =
        format!("{USUAL}\n\n{}", format_documents(&[("main.tf", "resource \"x\" \"y\" {}\n")], 7));
    shows("scaffold_attached", &plan(&attached, LIMIT, true));
    shows("scaffold_tight", &plan(USUAL, 250, true));
    shows("scaffold_large_model", &plan(USUAL, 4_000, false));
}

#[test]
fn a_quick_question_has_no_headings() {
    assert_eq!(
        plan("hi", LIMIT, true),
        "infra: none\nedge: none\ndevops: none\ngitops: none\nai-lead: none\n"
    );
}
