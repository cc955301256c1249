//! Sessions to export: a review that was triaged, and the parts to make others.

use std::sync::Arc;
use std::time::Duration;

use plenary::config::{facets, personas};
use plenary::domain::{
    Decision, Ending, Facet, ModelRef, Persona, PersonaId, Recommendation, RecommendationId,
    RecommendationOrigin, Run, RunId, RunNotes, RunState, Session, SessionId, Severity, SideTurn,
    SideTurnKind, TriageHistory, TriageStep, TriageStepId, Turn, TurnId, Usage, Verdict,
    VerdictUpdate,
};
use plenary::export::ReadingInput;
use plenary::review::HeadingSynonyms;
use plenary::text::sanitize;

/// 21 November 2026, 09:00 UTC.
pub const NOW: i64 = 1_795_251_600_000;

/// What answers are read with: the built-in personas and phrases.
pub struct Known {
    personas: Vec<Arc<Persona>>,
    synonyms: Arc<HeadingSynonyms>,
    pub context: Option<String>,
}

pub fn known() -> Known {
    let nowhere = std::path::Path::new("");
    Known {
        personas: personas::load(nowhere).personas,
        synonyms: facets::built_in(),
        context: None,
    }
}

impl Known {
    pub fn reading(&self) -> ReadingInput<'_> {
        ReadingInput {
            personas: &self.personas,
            synonyms: &self.synonyms,
            context: self.context.as_deref(),
        }
    }
}

pub fn run(id: u128, persona: &str, name: &str, ending: Ending, text: &str) -> Run {
    Run {
        id: RunId::from_number(id),
        persona: PersonaId::from_name(persona),
        persona_name: name.to_owned(),
        view: persona.to_owned(),
        model: ModelRef::parse("gateway:large").unwrap(),
        state: RunState::Ended(ending),
        text: text.to_owned(),
        reasoning: String::new(),
        usage: Some(Usage {
            input: 3_120,
            output: 1_480,
            cached: 0,
            reasoning: 0,
            cost_microusd: Some(10_300),
        }),
        elapsed: Duration::from_millis(9_800),
        notes: RunNotes::default(),
        recommendations: None,
    }
}

/// A recommendation of `run`: its text from `from` to the end of `to`.
pub fn item(run: &Run, facet: Facet, title: &str, from: &str, to: &str) -> Recommendation {
    let text = sanitize(&run.text);
    let start = text.find(from).unwrap_or_else(|| panic!("{from:?} is not in the answer"));
    let end = start + text[start..].find(to).unwrap_or_else(|| panic!("{to:?}")) + to.len();
    Recommendation {
        id: RecommendationId::from_span(run.id, &(start..end)),
        run: run.id,
        facet,
        title: title.to_owned(),
        span: start..end,
        origin: RecommendationOrigin::Found,
        severity: None,
        verdict: Verdict::default(),
    }
}

pub fn decide(item: &mut Recommendation, decision: Decision, owner: &str, comment: &str) {
    item.verdict.decision = Some(decision);
    owner.clone_into(&mut item.verdict.owner);
    comment.clone_into(&mut item.verdict.comment);
}

fn infra() -> Run {
    let mut run =
        run(1, "infra", "Kael Voss", Ending::Done, include_str!("../../fixtures/export/infra.md"));
    let row = "| Active/passive pair | streaming replica";
    let mut found = vec![
        item(&run, Facet::Options, "Active/passive pair", row, "**recommended** |"),
        item(&run, Facet::Recommendation, "Go active/passive", "**Go active", "below one minute."),
        item(
            &run,
            Facet::Recommendation,
            "Add a streaming replica in eu-west-1",
            "1. **Add",
            "3 s of lag.",
        ),
        item(
            &run,
            Facet::Recommendation,
            "Promote by runbook, not by software",
            "2. **Promote",
            "the DNS name.",
        ),
        item(
            &run,
            Facet::Recommendation,
            "Keep sequences out of the application",
            "3. **Keep",
            "stays possible.",
        ),
        item(
            &run,
            Facet::Cost,
            "Meter cross-region transfer from day one",
            "- Cross-region",
            "day one.",
        ),
        item(&run, Facet::Risks, "Replica lag during bulk loads", "| Replica lag", "3 s |"),
        item(&run, Facet::Risks, "Split brain after a promotion", "| Split brain", "promoting |"),
        item(&run, Facet::Implementation, "modules/replica/main.tf", "```hcl", "\n```"),
        item(
            &run,
            Facet::Validation,
            "Restore last night's backup in eu-west-1",
            "1. Restore",
            "row counts.",
        ),
        item(
            &run,
            Facet::Validation,
            "Rehearse the promotion on a copy every month",
            "2. Rehearse",
            "month.",
        ),
    ];
    found[6].severity = Some(Severity::High);
    found[7].severity = Some(Severity::Critical);
    decide(&mut found[0], Decision::Accepted, "", "two people can run it");
    decide(&mut found[1], Decision::Accepted, "Maria", "");
    decide(&mut found[2], Decision::Accepted, "Tom", "");
    found[3].verdict.comment = "who may say go?".into();
    decide(&mut found[5], Decision::Accepted, "", "");
    decide(&mut found[6], Decision::Accepted, "", "loads are rare");
    decide(&mut found[7], Decision::Rejected, "", "fencing is part of the runbook");
    decide(&mut found[9], Decision::Deferred, "", "after the second region is paid for");
    decide(&mut found[10], Decision::Accepted, "Maria", "");
    run.recommendations = Some(found);
    run
}

fn edge(uuid: RecommendationId) -> Run {
    let mut run = run(
        2,
        "edge",
        "Kai Lennox",
        Ending::Cut("length limit".into()),
        include_str!("../../fixtures/export/edge.md"),
    );
    let mut found = vec![
        item(
            &run,
            Facet::Recommendation,
            "Local queue in every shop",
            "**Local queue",
            "one stock.",
        ),
        item(
            &run,
            Facet::Implementation,
            "Add a write queue to every till",
            "- Add a write",
            "50,000 rows.",
        ),
        item(
            &run,
            Facet::Implementation,
            "Give every sale a UUIDv7 made in the till",
            "- Give every",
            "a union.",
        ),
        item(
            &run,
            Facet::Validation,
            "Pull the backhaul of one shop for 8 hours",
            "- Pull",
            "be lost.",
        ),
        item(&run, Facet::Operations, "One spare till per ten shops", "- One spare", "on site."),
    ];
    decide(&mut found[1], Decision::Rejected, "", "");
    found[2].verdict.same_as = Some(uuid);
    decide(&mut found[4], Decision::Accepted, "Ops", "");
    run.recommendations = Some(found);
    run.notes = vec!["the 2 oldest questions were left out".to_owned()].into();
    run
}

fn lead() -> Run {
    let mut run =
        run(5, "ai-lead", "Aether", Ending::Done, include_str!("../../fixtures/export/ai-lead.md"));
    let mut found = vec![
        item(
            &run,
            Facet::Options,
            "Option A: Managed multi-region database",
            "### Option A",
            "will vary).",
        ),
        item(&run, Facet::Risks, "Nobody is awake", "- **Nobody", "answer."),
    ];
    decide(&mut found[0], Decision::Deferred, "", "");
    decide(&mut found[1], Decision::Accepted, "Tom", "rota starts in January");
    run.recommendations = Some(found);
    run
}

/// One question with a file, four personas, every decision there is, a group, a challenge.
pub fn triaged() -> Session {
    let mut infra = infra();
    let uuid = infra.recommendations.as_ref().unwrap()[4].id;
    let replica = infra.recommendations.as_ref().unwrap()[2].id;
    decide(&mut infra.recommendations.as_mut().unwrap()[4], Decision::Accepted, "", "");
    let mut devops =
        run(3, "devops", "DevOps Engineer", Ending::Failed("429, tried 4 times".into()), "");
    devops.usage = None;
    let attack = "## Where it fails\n\nA slot without a bound fills the primary's disk. Then both regions are down.\n\n- Set `max_slot_wal_keep_size`.";
    let mut challenger = run(9, "edge", "Kai Lennox", Ending::Done, attack);
    challenger.elapsed = Duration::from_millis(4_200);
    let question = "How do we survive the loss of a region? It must not cost more than 3,000 € a month.\n\n\
                    <attachment name=\"design.md\">\n# Orders\n\none primary\n</attachment>";
    Session {
        id: SessionId::from_number(0x1a2b_3c4d << 96),
        title: "How do we survive the loss of a region?".into(),
        panel: "design-review".into(),
        created_at: NOW,
        updated_at: NOW,
        unsearched: Vec::new(),
        tags: vec!["orders".into(), "q4".into()],
        turns: vec![Turn {
            id: TurnId::from_number(1),
            question: question.into(),
            asked_at: NOW,
            runs: vec![infra, edge(uuid), devops, lead()],
        }],
        side_turns: vec![SideTurn {
            id: TurnId::from_number(7),
            kind: SideTurnKind::Challenge(replica),
            question: "attack this".into(),
            asked_at: NOW + 60_000,
            run: challenger,
        }],
        history: TriageHistory {
            done: vec![TriageStep {
                id: TriageStepId::from_number(1),
                what: "accept".into(),
                at: NOW + 86_400_000,
                updates: vec![VerdictUpdate {
                    id: uuid,
                    before: Verdict::default(),
                    after: Verdict::default(),
                }],
            }],
            undone: Vec::new(),
        },
    }
}

/// The same with a second question to two of them, and an answer that was retried after something in it was decided.
pub fn two_turns() -> Session {
    let mut session = triaged();
    let mut first = run(
        21,
        "infra",
        "Kael Voss",
        Ending::Cancelled,
        "## Recommendation\n\n- Pay for support.\n- Wait.\n",
    );
    let mut found = vec![
        item(&first, Facet::Recommendation, "Pay for support", "- Pay", "support."),
        item(&first, Facet::Recommendation, "Wait", "- Wait", "."),
    ];
    decide(&mut found[0], Decision::Accepted, "", "cheap");
    first.recommendations = Some(found);
    let mut again = run(
        22,
        "infra",
        "Kael Voss",
        Ending::Done,
        "## Recommendation\n\nWe reconsider in spring.\n",
    );
    again.recommendations = Some(Vec::new());
    let mut edge = run(23, "edge", "Kai Lennox", Ending::Refused("out of scope".into()), "");
    edge.usage.as_mut().unwrap().cost_microusd = None;
    session.turns.push(Turn {
        id: TurnId::from_number(2),
        question: "And what does support cost?".into(),
        asked_at: NOW + 3_600_000,
        runs: vec![first, edge, again],
    });
    session
}
