//! Writes recommendations, verdicts and the triage history, and counts recommendations for lists.
//!
//! A triage step contains the verdicts before and after it, so undoing it needs nothing else.

use rusqlite::{Connection, OptionalExtension, params};

use super::{ChangeOutcome, ChangeWriter, run};
use crate::domain::{
    Decision, Recommendation, RecommendationId, RunId, SessionId, Severity, TriageStep,
    TriageStepId, Verdict, VerdictUpdate,
};

/// Writes the recommendations extracted from a run. Only the first extraction counts: later decisions stay.
pub(super) fn write_extracted(
    writer: &mut ChangeWriter<'_>,
    run: RunId,
    found: &[Recommendation],
) -> rusqlite::Result<ChangeOutcome> {
    let id = run.to_string();
    let updated = writer
        .conn
        .prepare_cached("UPDATE run SET lifted = 1 WHERE id = ?1 AND lifted = 0")?
        .execute([&id])?;
    if updated == 0 {
        return Ok(ChangeOutcome::from_target_exists(
            writer.conn.prepare_cached("SELECT 1 FROM run WHERE id = ?1")?.exists([&id])?,
        ));
    }
    for item in found {
        insert_recommendation(writer.conn, run, item)?;
    }
    writer.recount.extend(run::session_of_run(writer.conn, run)?);
    Ok(ChangeOutcome::Done)
}

/// Writes a recommendation that the user selected.
pub(super) fn write_selected(
    writer: &mut ChangeWriter<'_>,
    item: &Recommendation,
) -> rusqlite::Result<ChangeOutcome> {
    let Some(session) = run::session_of_run(writer.conn, item.run)? else {
        return Ok(ChangeOutcome::UnknownTarget);
    };
    insert_recommendation(writer.conn, item.run, item)?;
    run::touch_session(writer, item.run)?;
    writer.recount.insert(session);
    Ok(ChangeOutcome::Done)
}

/// Inserts a recommendation with its verdict unless it exists.
fn insert_recommendation(
    conn: &Connection,
    run: RunId,
    item: &Recommendation,
) -> rusqlite::Result<()> {
    let offset = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
    let inserted = conn
        .prepare_cached(
            "INSERT INTO recommendation (id, run, facet, title, span_start, span_end, origin, severity) \
             SELECT ?1, seq, ?3, ?4, ?5, ?6, ?7, ?8 FROM run WHERE id = ?2 \
             ON CONFLICT (id) DO NOTHING",
        )?
        .execute(params![
            item.id.to_string(),
            run.to_string(),
            item.facet.as_str(),
            item.title,
            offset(item.span.start),
            offset(item.span.end),
            item.origin.as_str(),
            item.severity.map(Severity::as_str),
        ])?;
    if inserted > 0 && item.verdict != Verdict::default() {
        update_verdict(conn, item.id, &item.verdict)?;
    }
    Ok(())
}

/// Writes a new triage step.
pub(super) fn write_step(
    writer: &mut ChangeWriter<'_>,
    session: SessionId,
    step: &TriageStep,
) -> rusqlite::Result<ChangeOutcome> {
    let Some(session) = session_number(writer.conn, session)? else {
        return Ok(ChangeOutcome::UnknownTarget);
    };
    let id = step.id.to_string();
    if writer.conn.prepare_cached("SELECT 1 FROM edit WHERE id = ?1")?.exists([&id])? {
        return Ok(ChangeOutcome::Done);
    }
    let updates = serde_json::to_string(&step.updates)
        .map_err(|e| rusqlite::Error::ToSqlConversionFailure(e.into()))?;
    writer
        .conn
        .prepare_cached("DELETE FROM edit WHERE session = ?1 AND undone")?
        .execute([session])?;
    writer
        .conn
        .prepare_cached(
            "INSERT INTO edit (id, session, what, at, steps, place) VALUES (?1, ?2, ?3, ?4, ?5, \
             (SELECT coalesce(max(place), 0) + 1 FROM edit WHERE session = ?2))",
        )?
        .execute(params![id, session, step.what, step.at, updates])?;
    for update in &step.updates {
        update_verdict(writer.conn, update.id, &update.after)?;
    }
    touch_and_recount(writer, session)
}

/// Undoes a triage step.
pub(super) fn write_undone(
    writer: &mut ChangeWriter<'_>,
    session: SessionId,
    step: TriageStepId,
) -> rusqlite::Result<ChangeOutcome> {
    set_undone(writer, session, step, true)
}

/// Redoes an undone triage step.
pub(super) fn write_redone(
    writer: &mut ChangeWriter<'_>,
    session: SessionId,
    step: TriageStepId,
) -> rusqlite::Result<ChangeOutcome> {
    set_undone(writer, session, step, false)
}

fn set_undone(
    writer: &mut ChangeWriter<'_>,
    session: SessionId,
    step: TriageStepId,
    undone: bool,
) -> rusqlite::Result<ChangeOutcome> {
    let Some(session) = session_number(writer.conn, session)? else {
        return Ok(ChangeOutcome::UnknownTarget);
    };
    let updates: Option<String> = writer
        .conn
        .prepare_cached(
            "UPDATE edit SET undone = ?3, \
             place = (SELECT max(place) + 1 FROM edit WHERE session = ?2) \
             WHERE id = ?1 AND session = ?2 AND undone <> ?3 RETURNING steps",
        )?
        .query_row(params![step.to_string(), session, undone], |row| row.get(0))
        .optional()?;
    let Some(updates) = updates else {
        let is_known = writer
            .conn
            .prepare_cached("SELECT 1 FROM edit WHERE id = ?1 AND session = ?2")?
            .exists(params![step.to_string(), session])?;
        return Ok(ChangeOutcome::from_target_exists(is_known));
    };
    // A step of a later version that cannot be parsed is marked and changes nothing.
    let updates: Vec<VerdictUpdate> = serde_json::from_str(&updates).unwrap_or_default();
    if undone {
        for update in updates.iter().rev() {
            update_verdict(writer.conn, update.id, &update.before)?;
        }
    } else {
        for update in &updates {
            update_verdict(writer.conn, update.id, &update.after)?;
        }
    }
    touch_and_recount(writer, session)
}

fn update_verdict(
    conn: &Connection,
    id: RecommendationId,
    verdict: &Verdict,
) -> rusqlite::Result<()> {
    let Verdict { decision, comment, owner, title, same_as, dropped } = verdict;
    conn.prepare_cached(
        "UPDATE recommendation SET decision = ?2, comment = ?3, owner = ?4, own_title = ?5, \
         same_as = ?6, dropped = ?7 WHERE id = ?1",
    )?
    .execute(params![
        id.to_string(),
        decision.map(Decision::as_str),
        comment,
        owner,
        title,
        same_as.map(|id| id.to_string()),
        dropped,
    ])?;
    Ok(())
}

/// Moves the session to the top of the list and counts its recommendations again.
fn touch_and_recount(
    writer: &mut ChangeWriter<'_>,
    session: i64,
) -> rusqlite::Result<ChangeOutcome> {
    writer
        .conn
        .prepare_cached("UPDATE session SET updated_at = max(updated_at, ?2) WHERE seq = ?1")?
        .execute([session, writer.at])?;
    writer.recount.insert(session);
    Ok(ChangeOutcome::Done)
}

fn session_number(conn: &Connection, session: SessionId) -> rusqlite::Result<Option<i64>> {
    conn.prepare_cached("SELECT seq FROM session WHERE id = ?1")?
        .query_row([session.to_string()], |row| row.get(0))
        .optional()
}

/// Counts the recommendations of a session and those with a decision, as `Session::triage` does: all of each persona's
/// latest extracted run, and of its earlier runs those with a verdict; without removed ones, and a group once. The
/// decision of a group is that of its leader or, if that is removed, of its first member. All columns of runs come from
/// an index, as their rows may be megabytes long.
pub(super) fn count_recommendations(conn: &Connection, session: i64) -> rusqlite::Result<()> {
    conn.prepare_cached(
        "WITH latest (run) AS MATERIALIZED ( \
             SELECT max(run.seq) FROM turn JOIN run INDEXED BY run_of_persona ON run.turn = turn.seq \
             WHERE turn.session = ?1 AND turn.kind = 'question' AND run.lifted \
             GROUP BY turn.seq, run.persona), \
         item AS ( \
             SELECT turn.seq AS turn, run.seq AS run, r.seq, r.span_start, r.span_end, r.decision, \
                 r.id, coalesce(r.same_as, r.id) AS leader, \
                 run.seq IN (SELECT run FROM latest) OR r.decision IS NOT NULL \
                     OR r.comment <> '' OR r.owner <> '' AS counts \
             FROM turn JOIN run INDEXED BY run_of_persona ON run.turn = turn.seq \
                 JOIN recommendation r ON r.run = run.seq \
             WHERE turn.session = ?1 AND turn.kind = 'question' AND run.lifted AND NOT r.dropped), \
         line AS ( \
             SELECT CASE WHEN max(id = leader) THEN max(iif(id = leader, decision, NULL)) \
                 ELSE (SELECT decision FROM item AS first WHERE first.leader = item.leader AND counts \
                       ORDER BY turn, run, span_start, span_end, seq LIMIT 1) END AS decision \
             FROM item GROUP BY leader HAVING sum(counts) > 0) \
         UPDATE session SET (proposed, decided) = (SELECT count(*), count(decision) FROM line) \
         WHERE seq = ?1",
    )?
    .execute([session])?;
    Ok(())
}
