//! A session as JSON. Fields may be added, never renamed; the schema is `tests/fixtures/export/session.schema.json`.
//!
//! `runs` has the latest run of each persona; runs that a retry replaced are in `earlier`. Text is sanitised as in every
//! export, because it ends up in terminals and browsers. A `span` is a byte range of the `text` of its run in this document.
//! Merged recommendations share one decision, comment and owner, which is written for each of them; one of them `leads`.

use jiff::Timestamp;
use serde::Serialize;

use super::ReadingInput;
use super::exported_item::{ExportedItem, ExportedMember};
use super::session_header::{self, EndingCounts, UsageTotals};
use super::session_reading::{ReadAnswer, SessionReading, clamp_span};
use crate::domain::{
    Decision, Facet, RecommendationOrigin, Run, Session, Severity, SideTurn, TriageCounts, Turn,
    Usage,
};
use crate::text::{sanitize, sanitize_line};

#[derive(Serialize)]
struct SessionExport<'a> {
    version: u32,
    id: String,
    title: String,
    panel: String,
    summary: String,
    created_at: Option<String>,
    session: SessionObject,
    turns: Vec<TurnObject<'a>>,
    asides: Vec<SideTurnObject>,
}

#[derive(Serialize)]
struct SessionObject {
    id: String,
    title: String,
    panel: String,
    created_at: Option<String>,
    tags: Vec<String>,
    models: Vec<String>,
    counts: EndingCounts,
    spent: UsageTotals,
    triage: TriageCounts,
}

#[derive(Serialize)]
struct TurnObject<'a> {
    id: String,
    question: String,
    asked_at: Option<String>,
    asked: usize,
    answered: usize,
    counts: EndingCounts,
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
    /// True when the persona came from a project's folder.
    project: bool,
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
    origin: RecommendationOrigin,
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
struct SideTurnObject {
    id: String,
    kind: &'static str,
    about: String,
    question: String,
    asked_at: Option<String>,
    run: RunObject,
}

/// Writes the session.
pub(super) fn write_json(session: &Session, reading: &ReadingInput<'_>) -> String {
    let review = SessionReading::new(session, reading);
    let groups: Vec<GroupFields> = review.items.iter().map(GroupFields::from_item).collect();
    let turns =
        (1..).zip(&session.turns).map(|(number, t)| turn_object(number, t, &review, &groups));
    let document = SessionExport {
        version: 1,
        id: session.id.to_string(),
        title: sanitize_line(&session.title),
        panel: sanitize_line(&session.panel),
        summary: session_header::summarize_session(session),
        created_at: format_rfc3339(session.created_at),
        session: session_object(session, &review),
        turns: turns.collect(),
        asides: session.side_turns.iter().map(side_turn_object).collect(),
    };
    let mut out = serde_json::to_string_pretty(&document)
        .unwrap_or_else(|e| serde_json::json!({ "error": e.to_string() }).to_string());
    out.push('\n');
    out
}

fn session_object(session: &Session, review: &SessionReading<'_>) -> SessionObject {
    SessionObject {
        id: session.id.to_string(),
        title: sanitize_line(&session.title),
        panel: sanitize_line(&session.panel),
        created_at: format_rfc3339(session.created_at),
        tags: session.tags.iter().map(|tag| sanitize_line(tag)).collect(),
        models: session_header::list_models(session),
        counts: EndingCounts::from_turns(&session.turns),
        spent: UsageTotals::from_session(session),
        triage: review.counts,
    }
}

/// The fields that all recommendations of an item share.
struct GroupFields {
    comment: Option<String>,
    owner: Option<String>,
    proposed_by: Vec<String>,
    challenges: Vec<String>,
}

impl GroupFields {
    fn from_item(item: &ExportedItem<'_>) -> Self {
        Self {
            comment: item.comment(),
            owner: item.owner(),
            proposed_by: item.proposer_ids(),
            challenges: item.challenges.iter().map(|side_turn| side_turn.id.to_string()).collect(),
        }
    }
}

fn turn_object<'a>(
    number: usize,
    turn: &Turn,
    review: &SessionReading<'_>,
    groups: &'a [GroupFields],
) -> TurnObject<'a> {
    let latest = turn.latest_runs();
    let counts = EndingCounts::from_turns([turn]);
    let earlier = turn.runs.iter().filter(|run| latest.iter().all(|last| last.id != run.id));
    let answers = review.answers.iter().filter(|answer| answer.turn == number && answer.is_current);
    TurnObject {
        id: turn.id.to_string(),
        question: sanitize(&turn.question),
        asked_at: format_rfc3339(turn.asked_at),
        asked: counts.asked,
        answered: counts.answered,
        counts,
        runs: latest.iter().map(|run| run_object(run)).collect(),
        earlier: earlier.map(run_object).collect(),
        facets: answers.flat_map(facet_objects).collect(),
        recommendations: recommendation_objects(number, review, groups),
    }
}

fn facet_objects<'a>(answer: &'a ReadAnswer<'_>) -> impl Iterator<Item = FacetObject> + use<'a> {
    answer.sections.iter().map(|section| FacetObject {
        facet: section.facet,
        persona: session_header::persona_id(answer.run),
        run: answer.run.id.to_string(),
        span: (section.span.start, section.span.end),
    })
}

/// The recommendations in answers to question `number`, in the order of the answers and their text.
fn recommendation_objects<'a>(
    number: usize,
    review: &SessionReading<'_>,
    groups: &'a [GroupFields],
) -> Vec<RecommendationObject<'a>> {
    let mut found: Vec<_> = review
        .items
        .iter()
        .zip(groups)
        .flat_map(|(item, group)| item.members().map(move |member| (item, group, member)))
        .filter(|(.., member)| member.turn == number)
        .collect();
    let place =
        |member: &ExportedMember<'_>| review.answers.iter().position(|a| a.run.id == member.run.id);
    found.sort_by_key(|(.., member)| {
        (place(member), member.found.span.start, member.found.span.end)
    });
    found
        .iter()
        .map(|(item, group, member)| recommendation_object(item, group, member, review))
        .collect()
}

fn recommendation_object<'a>(
    item: &ExportedItem<'_>,
    group: &'a GroupFields,
    member: &ExportedMember<'_>,
    review: &SessionReading<'_>,
) -> RecommendationObject<'a> {
    let found = member.found;
    let text = review.find_answer(member.run.id).map_or("", |answer| answer.text());
    let span = clamp_span(text, &found.span);
    let others = item.members().filter(|other| other.found.id != found.id);
    RecommendationObject {
        id: found.id.to_string(),
        run: member.run.id.to_string(),
        persona: session_header::persona_id(member.run),
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

fn run_object(run: &Run) -> RunObject {
    RunObject {
        id: run.id.to_string(),
        persona: session_header::persona_id(run),
        persona_name: session_header::plain_persona_name(run),
        project: run.notes.is_project(),
        view: sanitize_line(&run.view),
        model: sanitize_line(&run.model.to_string()),
        state: run.state.as_str(),
        reason: session_header::ending_reason(run),
        elapsed_ms: u64::try_from(run.elapsed.as_millis()).unwrap_or(u64::MAX),
        text: sanitize(&run.text),
        reasoning: sanitize(&run.reasoning),
        usage: run.usage,
        notes: run.notes.iter().map(sanitize_line).collect(),
    }
}

fn side_turn_object(side_turn: &SideTurn) -> SideTurnObject {
    SideTurnObject {
        id: side_turn.id.to_string(),
        kind: side_turn.kind.as_str(),
        about: side_turn.kind.target_id(),
        question: sanitize(&side_turn.question),
        asked_at: format_rfc3339(side_turn.asked_at),
        run: run_object(&side_turn.run),
    }
}

fn format_rfc3339(ms: i64) -> Option<String> {
    Timestamp::from_millisecond(ms).ok().map(|at| at.to_string())
}
