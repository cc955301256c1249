//! The personas that ship with the program: their settings, contracts and prompts.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use plenary::config::personas;
use plenary::domain::{Facet, ModelProfile};
use plenary::prompt::{self, PromptInput};

use super::{SHIPPED, built_in, fixture};

#[test]
fn the_five_load_without_warnings() {
    let nowhere = Path::new("/nowhere");
    let loaded = personas::load(nowhere);
    let ids: Vec<&str> = loaded.personas.iter().map(|p| p.id.as_str()).collect();
    // One more persona writes briefs of turns. It is on no panel.
    let shipped: Vec<&str> = ids.iter().copied().filter(|id| *id != "brief").collect();
    assert_eq!(shipped, SHIPPED);
    assert_eq!(ids.len(), SHIPPED.len() + 1);
    assert_eq!(loaded.warnings, [""; 0]);
    let colors: std::collections::HashSet<_> =
        loaded.personas.iter().map(|p| p.color.clone().unwrap()).collect();
    assert_eq!(colors.len(), SHIPPED.len() + 1);
}

#[test]
fn the_five_have_name_title_and_view() {
    for (id, name, title, view, limit) in [
        ("infra", "Kael Voss", "Principal Infrastructure Engineer", "infra", None),
        ("edge", "Kai Lennox", "Principal Lead Edge Computing Engineer", "edge", None),
        ("devops", "DevOps Engineer", "", "devops", Some(8_000)),
        ("gitops", "DevOps Engineer", "Plumber of the Future", "devops", None),
        ("ai-lead", "Aether", "Principal AI Systems Lead", "ai-lead", None),
    ] {
        let persona = built_in(id);
        assert_eq!(persona.name, name);
        assert!(persona.title.contains(title), "{id}: {}", persona.title);
        assert_eq!((persona.view.as_str(), persona.context_limit), (view, limit));
        assert!(!persona.tags.is_empty() && !persona.contract.sections.is_empty(), "{id}");
        assert_eq!(persona.model, None);
    }
}

#[test]
fn short_prompts_are_complete_and_name_the_sections() {
    for id in SHIPPED {
        let persona = built_in(id);
        let brief = persona.short_prompt.as_deref().unwrap();
        let words = brief.split_whitespace().count();
        assert!((120..=250).contains(&words), "{id}: {words} words");
        assert!(brief.starts_with("You are "), "{id}");
        let brief = brief.split_whitespace().collect::<Vec<_>>().join(" ");
        for section in persona.contract.sections.iter().filter(|s| !s.optional) {
            assert!(brief.contains(&section.title), "{id}: {} is not in the brief", section.title);
        }
        for table in persona.contract.tables.iter().filter(|t| t.when == "options compared") {
            assert!(brief.contains(&table.columns.join(" | ")), "{id}: columns not in the brief");
        }
    }
}

#[test]
fn contracts_promise_sections_in_order_with_facets() {
    use Facet::{
        Assumptions, Implementation, Operations, Options, Questions, Recommendation, Risks,
        Validation,
    };
    let required = |id: &str| -> Vec<(String, Facet)> {
        let persona = built_in(id);
        let sections = persona.contract.sections.iter().filter(|s| !s.optional);
        sections.map(|s| (s.title.clone(), s.facet)).collect()
    };
    let pairs = |list: &[(&str, Facet)]| -> Vec<(String, Facet)> {
        list.iter().map(|(title, facet)| ((*title).to_owned(), *facet)).collect()
    };
    assert_eq!(
        required("edge"),
        pairs(&[
            ("Restated constraints and assumptions", Assumptions),
            ("Recommended pattern", Recommendation),
            ("Quantified trade-off table", Options),
            ("Implementation outline with critical gotchas", Implementation),
            ("Validation & chaos test plan", Validation),
            ("Operational considerations for the first 90 days", Operations),
        ])
    );
    assert_eq!(
        required("ai-lead"),
        pairs(&[
            ("Executive Summary / Key Recommendation", Recommendation),
            ("Context and Assumptions", Assumptions),
            ("Analysis / Options", Options),
            ("Detailed Recommendation", Recommendation),
            ("Implementation Considerations", Implementation),
            ("Risks, Mitigations & Monitoring", Risks),
            ("Questions for Clarification / Next Steps", Questions),
        ])
    );
    let infra = required("infra");
    assert_eq!(infra.last(), Some(&("Validation & Rollback".to_owned(), Validation)));
    assert_eq!(built_in("infra").contract.closes_with.as_deref(), Some("Validation & Rollback"));
    assert_eq!(built_in("ai-lead").contract.opens_with.as_deref(), Some("Recommendation:"));
}

#[test]
fn tables_have_the_exact_columns() {
    for (id, columns) in [
        (
            "infra",
            "Option | Description | Reliability Impact | Cost Impact | Complexity | Reversibility | Recommendation",
        ),
        ("edge", "Option | Latency | Power | Cost | Resilience | Burden"),
        (
            "ai-lead",
            "Option | Latency (p50/p99) | Cost/1M tokens | Scalability | Operational Complexity | Recommendation",
        ),
    ] {
        let persona = built_in(id);
        let table = persona.contract.tables.iter().find(|t| t.when == "options compared").unwrap();
        assert_eq!(table.columns.join(" | "), columns);
        assert!(persona.prompt.contains(columns), "{id}: the prompt has other columns");
    }
}

#[test]
fn shared_intake_fields_ask_the_same() {
    const MERGED: [&str; 15] = [
        "architecture",
        "iac",
        "slo",
        "p99",
        "incidents",
        "environments",
        "nodes",
        "backhaul",
        "power",
        "data",
        "compliance",
        "team",
        "budget",
        "risk",
        "outcome",
    ];
    let mut asks = std::collections::BTreeMap::new();
    for id in SHIPPED {
        for field in &built_in(id).intake {
            assert!(MERGED.contains(&field.id.as_str()), "{id}: {}", field.id);
            let first = asks.entry(field.id.clone()).or_insert_with(|| field.ask.clone());
            assert_eq!(*first, field.ask, "{id}: {}", field.id);
        }
    }
    assert_eq!(asks.len(), MERGED.len());
    let insists = |id: &str| built_in(id).intake.iter().filter(|f| f.confirm).count();
    assert_eq!((insists("edge"), built_in("edge").intake.len()), (7, 7));
    assert_eq!(insists("infra"), built_in("infra").intake.len());
    assert_eq!((insists("devops"), insists("ai-lead")), (0, 0));
}

#[test]
fn prompts_keep_what_their_sources_demand() {
    let checklist = fs::read_to_string(fixture("checklist.toml")).unwrap();
    let checklist: BTreeMap<String, Vec<String>> = toml::from_str(&checklist).unwrap();
    assert!(checklist.keys().map(String::as_str).eq(SHIPPED));
    for (id, phrases) in checklist {
        let persona = built_in(&id);
        let contract = serde_json::to_string(&persona.contract).unwrap();
        let text = format!("{} {} {contract}", persona.prompt, persona.tags.join(" "));
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
        let missing: Vec<&String> =
            phrases.iter().filter(|p| !text.contains(&p.to_lowercase())).collect();
        assert!(missing.is_empty(), "{id}: {missing:?}");
    }
}

#[test]
fn only_gitops_has_triggers_and_they_activate_its_mode() {
    let gitops = built_in("gitops");
    assert_eq!(gitops.triggers, ["Deploy this", "Set up CI/CD", "Server is down"]);
    assert_eq!(gitops.mode.as_deref(), Some("DevOps Mode"));
    assert!(prompt::is_triggered(&gitops, "the SERVER is  down!"));
    for id in SHIPPED.into_iter().filter(|id| *id != "gitops") {
        assert!(built_in(id).triggers.is_empty(), "{id}");
    }
    let built = prompt::build_prompt(PromptInput {
        persona: &gitops,
        history: &[],
        question: "Deploy this",
        triggered: true,
        model: "m",
        profile: &ModelProfile::default(),
    });
    assert!(built.request.system.starts_with(&*gitops.prompt));
    assert!(built.request.system.len() > gitops.prompt.len());
    assert!(built.request.system.contains("${{ github.sha }}"));
}

#[test]
fn files_have_no_invisible_characters() {
    for id in SHIPPED {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("personas").join(format!("{id}.md"));
        let text = fs::read_to_string(path).unwrap();
        assert_eq!(personas::invisible::find_invisible(&text), [], "{id}");
        assert!(text.ends_with(&*built_in(id).prompt), "{id}: the prompt is the rest of the file");
    }
}
