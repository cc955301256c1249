//! A session for programs. Fields may be added, never renamed; `tests/fixtures/export/session.schema.json` is the schema.
//!
//! `runs` are those that count, one for each persona; what a retry replaced is in `earlier`. Text is neutralised as in every
//! export: it ends in terminals and browsers just as well. A `span` is the bytes of the `text` of its run in this document.
//! What was marked as the same has one decision, comment and owner, written with each of them; one of them `leads`.

use jiff::Timestamp;
use serde::Serialize;

use super::item::{Item, Member};
use super::panel::{self, Counts, Spent};
use super::review::{Review, within};
use super::{Reading, review};
use crate::domain::{
    Aside, Decision, Facet, Origin, Run, Session, Severity, TriageCounts, Turn, Usage,
};
use crate::text::{sanitize, sanitize_line};

#[derive(Serialize)]
struct Document<'a> {
    version: u32,
    id: String,
    title: String,
    panel: String,
    summary: String,
    created_at: Option<String>,
    session: SessionObject,
    turns: Vec<TurnObject<'a>>,
    asides: Vec<AsideObject>,
}

#[derive(Serialize)]
struct SessionObject {
    id: String,
    title: String,
    panel: String,
    created_at: Option<String>,
    tags: Vec<String>,
    models: Vec<String>,
    counts: Counts,
    spent: Spent,
    triage: TriageCounts,
}

#[derive(Serialize)]
struct TurnObject<'a> {
    id: String,
    question: String,
    asked_at: Option<String>,
    asked: usize,
    answered: usize,
    counts: Counts,
    runs: Vec<RunObject>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    earlier: Vec<RunObject>,
    facets: Vec<FacetObject>,
    recommendations: Vec<RecommendationObject<'a>>,
}

#[derive(Serialize)]
struct RunObject {
    id: String,
    persona: String,
    persona_name: String,
    view: String,
    model: String,
    state: &'static str,
    reason: Option<String>,
    elapsed_ms: u64,
    text: String,
    reasoning: String,
    usage: Option<Usage>,
    notes: Vec<String>,
}

#[derive(Serialize)]
struct FacetObject {
    facet: Facet,
    persona: String,
    run: String,
    span: (usize, usize),
}

#[derive(Serialize)]
struct RecommendationObject<'a> {
    id: String,
    run: String,
    persona: String,
    facet: Facet,
    title: String,
    span: (usize, usize),
    origin: Origin,
    severity: Option<Severity>,
    decision: Option<Decision>,
    comment: Option<&'a str>,
    owner: Option<&'a str>,
    proposed_by: &'a [String],
    leads: bool,
    same_as: Vec<String>,
    challenges: Vec<String>,
}

#[derive(Serialize)]
struct AsideObject {
    id: String,
    kind: &'static str,
    about: String,
    question: String,
    asked_at: Option<String>,
    run: RunObject,
}

/// Writes the session.
pub(super) fn write(session: &Session, reading: &Reading<'_>) -> String {
    let review = Review::new(session, reading);
    let groups: Vec<Group> = review.items.iter().map(Group::of).collect();
    let turns = (1..).zip(&session.turns).map(|(number, t)| turn(number, t, &review, &groups));
    let document = Document {
        version: 1,
        id: session.id.to_string(),
        title: sanitize_line(&session.title),
        panel: sanitize_line(&session.panel),
        summary: panel::summary(session),
        created_at: rfc3339(session.created_at),
        session: about(session, &review),
        turns: turns.collect(),
        asides: session.asides.iter().map(aside).collect(),
    };
    let mut out = serde_json::to_string_pretty(&document)
        .unwrap_or_else(|e| serde_json::json!({ "error": e.to_string() }).to_string());
    out.push('\n');
    out
}

fn about(session: &Session, review: &Review<'_>) -> SessionObject {
    SessionObject {
        id: session.id.to_string(),
        title: sanitize_line(&session.title),
        panel: sanitize_line(&session.panel),
        created_at: rfc3339(session.created_at),
        tags: session.tags.iter().map(|tag| sanitize_line(tag)).collect(),
        models: panel::models(session),
        counts: Counts::of(&session.turns),
        spent: Spent::of(session),
        triage: review.counts,
    }
}

/// What the recommendations of one row have in common.
struct Group {
    comment: Option<String>,
    owner: Option<String>,
    proposed_by: Vec<String>,
    challenges: Vec<String>,
}

impl Group {
    fn of(item: &Item<'_>) -> Self {
        Self {
            comment: item.comment(),
            owner: item.owner(),
            proposed_by: item.proposer_ids(),
            challenges: item.challenges.iter().map(|aside| aside.id.to_string()).collect(),
        }
    }
}

fn turn<'a>(
    number: usize,
    turn: &Turn,
    review: &Review<'_>,
    groups: &'a [Group],
) -> TurnObject<'a> {
    let latest = turn.latest();
    let counts = Counts::of([turn]);
    let earlier = turn.runs.iter().filter(|run| latest.iter().all(|last| last.id != run.id));
    let answers = review.answers.iter().filter(|answer| answer.turn == number && answer.counts);
    TurnObject {
        id: turn.id.to_string(),
        question: sanitize(&turn.question),
        asked_at: rfc3339(turn.asked_at),
        asked: counts.asked,
        answered: counts.answered,
        counts,
        runs: latest.iter().map(|r| run(r)).collect(),
        earlier: earlier.map(run).collect(),
        facets: answers.flat_map(facets).collect(),
        recommendations: recommendations(number, review, groups),
    }
}

fn facets<'a>(answer: &'a review::Answer<'_>) -> impl Iterator<Item = FacetObject> + use<'a> {
    answer.sections.iter().map(|section| FacetObject {
        facet: section.facet,
        persona: panel::id(answer.run),
        run: answer.run.id.to_string(),
        span: (section.span.start, section.span.end),
    })
}

/// Those that stand in answers to question `number`, each where its answer has it.
fn recommendations<'a>(
    number: usize,
    review: &Review<'_>,
    groups: &'a [Group],
) -> Vec<RecommendationObject<'a>> {
    let mut found: Vec<_> = review
        .items
        .iter()
        .zip(groups)
        .flat_map(|(item, group)| item.members().map(move |member| (item, group, member)))
        .filter(|(.., member)| member.turn == number)
        .collect();
    let place = |member: &Member<'_>| review.answers.iter().position(|a| a.run.id == member.run.id);
    found.sort_by_key(|(.., member)| {
        (place(member), member.found.span.start, member.found.span.end)
    });
    found.iter().map(|(item, group, member)| recommendation(item, group, member, review)).collect()
}

fn recommendation<'a>(
    item: &Item<'_>,
    group: &'a Group,
    member: &Member<'_>,
    review: &Review<'_>,
) -> RecommendationObject<'a> {
    let found = member.found;
    let text = review.answer(member.run.id).map_or("", |answer| answer.text());
    let span = within(text, &found.span);
    let others = item.members().filter(|other| other.found.id != found.id);
    RecommendationObject {
        id: found.id.to_string(),
        run: member.run.id.to_string(),
        persona: panel::id(member.run),
        facet: found.facet,
        title: sanitize_line(found.title()),
        span: (span.start, span.end),
        origin: found.origin,
        severity: found.severity,
        decision: item.decision(),
        comment: group.comment.as_deref(),
        owner: group.owner.as_deref(),
        proposed_by: &group.proposed_by,
        leads: item.id() == found.id,
        same_as: others.map(|other| other.found.id.to_string()).collect(),
        challenges: group.challenges.clone(),
    }
}

fn run(run: &Run) -> RunObject {
    RunObject {
        id: run.id.to_string(),
        persona: panel::id(run),
        persona_name: panel::name(run),
        view: sanitize_line(&run.view),
        model: sanitize_line(&run.model.to_string()),
        state: run.state.word(),
        reason: panel::reason(run),
        elapsed_ms: u64::try_from(run.elapsed.as_millis()).unwrap_or(u64::MAX),
        text: sanitize(&run.text),
        reasoning: sanitize(&run.reasoning),
        usage: run.usage,
        notes: run.notes.iter().map(|note| sanitize_line(note)).collect(),
    }
}

fn aside(aside: &Aside) -> AsideObject {
    AsideObject {
        id: aside.id.to_string(),
        kind: aside.kind.word(),
        about: aside.kind.about(),
        question: sanitize(&aside.question),
        asked_at: rfc3339(aside.asked_at),
        run: run(&aside.run),
    }
}

fn rfc3339(ms: i64) -> Option<String> {
    Timestamp::from_millisecond(ms).ok().map(|at| at.to_string())
}
