//! Recommendations and what was decided on them into tables, and the numbers that lists show of it.
//!
//! What a step of triage changes stands in the step itself, so that undoing it needs nothing else. `overlay` does
//! the same to sessions in memory. Called by `write`.

use rusqlite::{Connection, OptionalExtension, params};

use super::{Outcome, Place, run};
use crate::domain::{
    Decision, Edit, EditId, Recommendation, RecommendationId, RunId, SessionId, Severity, Step,
    Verdict,
};

/// What a run recommends. Only the first search of a run counts: nothing that was decided since is touched.
pub(super) fn lifted(
    place: &mut Place<'_>,
    run: RunId,
    found: &[Recommendation],
) -> rusqlite::Result<Outcome> {
    let id = run.to_string();
    let fresh = place
        .conn
        .prepare_cached("UPDATE run SET lifted = 1 WHERE id = ?1 AND lifted = 0")?
        .execute([&id])?;
    if fresh == 0 {
        return Ok(Outcome::known(
            place.conn.prepare_cached("SELECT 1 FROM run WHERE id = ?1")?.exists([&id])?,
        ));
    }
    for item in found {
        insert(place.conn, run, item)?;
    }
    place.recount.extend(run::session_of(place.conn, run)?);
    Ok(Outcome::Done)
}

/// A recommendation that the user selected.
pub(super) fn selected(place: &mut Place<'_>, item: &Recommendation) -> rusqlite::Result<Outcome> {
    let Some(session) = run::session_of(place.conn, item.run)? else {
        return Ok(Outcome::Unknown);
    };
    insert(place.conn, item.run, item)?;
    run::touch(place, item.run)?;
    place.recount.insert(session);
    Ok(Outcome::Done)
}

/// Leaves one that is there as it is.
fn insert(conn: &Connection, run: RunId, item: &Recommendation) -> rusqlite::Result<()> {
    let Verdict { decision, comment, owner, title, same_as, dropped } = &item.verdict;
    let place = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
    conn.prepare_cached(
        "INSERT INTO recommendation (id, run, facet, title, span_start, span_end, origin, severity, \
         decision, comment, owner, own_title, same_as, dropped) \
         SELECT ?1, seq, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14 FROM run WHERE id = ?2 \
         ON CONFLICT (id) DO NOTHING",
    )?
    .execute(params![
        item.id.to_string(),
        run.to_string(),
        item.facet.word(),
        item.title,
        place(item.span.start),
        place(item.span.end),
        item.origin.word(),
        item.severity.map(Severity::word),
        decision.map(Decision::word),
        comment,
        owner,
        title,
        same_as.map(|id| id.to_string()),
        dropped,
    ])?;
    Ok(())
}

/// A step of triage.
pub(super) fn edited(
    place: &mut Place<'_>,
    session: SessionId,
    edit: &Edit,
) -> rusqlite::Result<Outcome> {
    let Some(session) = session_number(place.conn, session)? else {
        return Ok(Outcome::Unknown);
    };
    let id = edit.id.to_string();
    if place.conn.prepare_cached("SELECT 1 FROM edit WHERE id = ?1")?.exists([&id])? {
        return Ok(Outcome::Done);
    }
    let steps = serde_json::to_string(&edit.steps)
        .map_err(|e| rusqlite::Error::ToSqlConversionFailure(e.into()))?;
    place
        .conn
        .prepare_cached("DELETE FROM edit WHERE session = ?1 AND undone")?
        .execute([session])?;
    place
        .conn
        .prepare_cached(
            "INSERT INTO edit (id, session, what, at, steps, place) VALUES (?1, ?2, ?3, ?4, ?5, \
             (SELECT coalesce(max(place), 0) + 1 FROM edit WHERE session = ?2))",
        )?
        .execute(params![id, session, edit.what, edit.at, steps])?;
    for step in &edit.steps {
        judge(place.conn, step.id, &step.after)?;
    }
    changed(place, session)
}

/// A step is undone, or (`undo` false) done again.
pub(super) fn undone(
    place: &mut Place<'_>,
    session: SessionId,
    edit: EditId,
    undo: bool,
) -> rusqlite::Result<Outcome> {
    let Some(session) = session_number(place.conn, session)? else {
        return Ok(Outcome::Unknown);
    };
    let steps: Option<String> = place
        .conn
        .prepare_cached(
            "UPDATE edit SET undone = ?3, \
             place = (SELECT max(place) + 1 FROM edit WHERE session = ?2) \
             WHERE id = ?1 AND session = ?2 AND undone <> ?3 RETURNING steps",
        )?
        .query_row(params![edit.to_string(), session, undo], |row| row.get(0))
        .optional()?;
    let Some(steps) = steps else {
        let known = place
            .conn
            .prepare_cached("SELECT 1 FROM edit WHERE id = ?1 AND session = ?2")?
            .exists(params![edit.to_string(), session])?;
        return Ok(Outcome::known(known));
    };
    // What a later version wrote and nobody here understands is marked, and changes nothing.
    let steps: Vec<Step> = serde_json::from_str(&steps).unwrap_or_default();
    if undo {
        for step in steps.iter().rev() {
            judge(place.conn, step.id, &step.before)?;
        }
    } else {
        for step in &steps {
            judge(place.conn, step.id, &step.after)?;
        }
    }
    changed(place, session)
}

fn judge(conn: &Connection, id: RecommendationId, verdict: &Verdict) -> rusqlite::Result<()> {
    let Verdict { decision, comment, owner, title, same_as, dropped } = verdict;
    conn.prepare_cached(
        "UPDATE recommendation SET decision = ?2, comment = ?3, owner = ?4, own_title = ?5, \
         same_as = ?6, dropped = ?7 WHERE id = ?1",
    )?
    .execute(params![
        id.to_string(),
        decision.map(Decision::word),
        comment,
        owner,
        title,
        same_as.map(|id| id.to_string()),
        dropped,
    ])?;
    Ok(())
}

/// The session moves to the top of the list and is counted again.
fn changed(place: &mut Place<'_>, session: i64) -> rusqlite::Result<Outcome> {
    place
        .conn
        .prepare_cached("UPDATE session SET updated_at = max(updated_at, ?2) WHERE seq = ?1")?
        .execute([session, place.at])?;
    place.recount.insert(session);
    Ok(Outcome::Done)
}

fn session_number(conn: &Connection, session: SessionId) -> rusqlite::Result<Option<i64>> {
    conn.prepare_cached("SELECT seq FROM session WHERE id = ?1")?
        .query_row([session.to_string()], |row| row.get(0))
        .optional()
}

/// Counts the rows of triage of one session, as `Session::triage` does: of each persona's last run that was searched everything, of
/// the runs before it what the user has judged, nothing that was dropped, what is the same once. The decision is
/// that of the one that the others point at; where that was dropped, that of the first one. Runs are read from the
/// index that has all that is asked of them, as their rows may be megabytes long.
pub(super) fn count(conn: &Connection, session: i64) -> rusqlite::Result<()> {
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
