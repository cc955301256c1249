//! Deciding: accept, reject, defer, comment, owner, title, the same, dropped; one by one and all that is listed.
//!
//! Every step is an edit (`history`), on disk before it is shown. Which rows there are says `app::triage`. Called by `keys`.

use super::history;
use crate::app::overlay::{LineFor, LineOverlay, Pending};
use crate::app::triage::{Item, items, listed};
use crate::app::{Effect, Effects, Level, Line, Overlay, State, ViewKind, Which};
use crate::domain::format::format_quantity;
use crate::domain::{Decision, Facet, RecommendationId, Step, Verdict};
use crate::text::sanitize_line;

/// The rows that are listed: row number of the leader's pane, and its identity.
pub(super) fn rows(state: &State) -> Vec<(usize, RecommendationId)> {
    let rows = listed(state, items(state), &state.triage.filter);
    rows.iter().map(|item| (item.leader.pane, item.id())).collect()
}

/// The chosen row, as it is now.
pub(super) fn chosen(state: &State) -> Option<Item<'_>> {
    let mut rows = listed(state, items(state), &state.triage.filter);
    let at = state.triage.at(&rows);
    (at < rows.len()).then(|| rows.swap_remove(at))
}

/// Chooses a row that is listed: what was chosen may have left the list.
pub(super) fn settle(state: &mut State) {
    let rows = rows(state);
    let at = {
        let items = listed(state, items(state), &state.triage.filter);
        state.triage.at(&items)
    };
    state.triage.choose(&rows, at);
}

/// Moves the choice by `by` rows.
pub(super) fn step(state: &mut State, by: isize) {
    settle(state);
    let rows = rows(state);
    let row = state.triage.row.saturating_add_signed(by);
    state.triage.choose(&rows, row);
}

/// Chooses the first row or the last.
pub(super) fn edge(state: &mut State, last: bool) {
    let rows = rows(state);
    state.triage.choose(&rows, if last { usize::MAX } else { 0 });
}

/// Chooses the next row that is not decided, around the end; stays where none is left.
pub(super) fn next_open(state: &mut State) {
    let (rows, next) = {
        let items = listed(state, items(state), &state.triage.filter);
        let at = state.triage.at(&items);
        let open = |row: &usize| items.get(*row).is_some_and(|item| item.decision().is_none());
        let next = (at + 1..items.len()).chain(0..=at).find(open);
        (rows(state), next)
    };
    match next {
        Some(row) => state.triage.choose(&rows, row),
        None if rows.is_empty() => {}
        None => state.tell(Level::Info, "everything that is listed is decided"),
    }
}

/// Nothing can be decided elsewhere: the palette may ask for it.
fn in_triage(state: &mut State) -> bool {
    if state.view != ViewKind::Triage {
        state.tell(Level::Info, "decisions are made in triage: open it first");
    }
    state.view == ViewKind::Triage
}

/// Decides on the chosen one, and goes on to the next that is open. The same decision once more takes it back.
pub(super) fn decide(state: &mut State, decision: Decision, effects: &mut Effects) {
    if !in_triage(state) {
        return;
    }
    let Some((id, title, now)) = chosen(state).map(|i| (i.id(), title(&i), i.decision())) else {
        state.tell(Level::Info, "nothing is listed that could be decided on");
        return;
    };
    let to = (now != Some(decision)).then_some(decision);
    state.triage.last = Some(decision);
    let what = match to {
        Some(decision) => format!("{} \u{201c}{title}\u{201d}", decision.word()),
        None => format!("open again \u{201c}{title}\u{201d}"),
    };
    change(state, what, &[id], |verdict| verdict.decision = to, effects);
    if to.is_some() {
        advance(state, id);
    } else {
        settle(state);
    }
}

/// Decides as the last time.
pub(super) fn again(state: &mut State, effects: &mut Effects) {
    let Some(last) = state.triage.last else {
        state.tell(Level::Info, "nothing was decided yet that could be repeated");
        return;
    };
    // It repeats; it never takes back.
    if chosen(state).is_some_and(|item| item.decision() == Some(last)) {
        return next_open(state);
    }
    decide(state, last, effects);
}

/// To the next open row below `id`; where none is, to the row below, so that a second pass moves on, too.
fn advance(state: &mut State, id: RecommendationId) {
    let (rows, to) = {
        let items = listed(state, items(state), &state.triage.filter);
        // It left the list: the row that moved up is the next one.
        let from = items.iter().position(|item| item.has(id)).map_or(state.triage.row, |at| at + 1);
        let open = |row: &usize| items.get(*row).is_some_and(|item| item.decision().is_none());
        let next = (from..items.len()).find(open);
        let first_open = (0..from.min(items.len())).find(open);
        (rows(state), next.or(first_open).unwrap_or(from))
    };
    state.triage.choose(&rows, to);
}

/// Asks whether to decide on all that is listed.
pub(super) fn ask_listed(state: &mut State, decision: Decision) {
    if !in_triage(state) {
        return;
    }
    let (all, open) = {
        let rows = listed(state, items(state), &state.triage.filter);
        let open = rows.iter().filter(|item| item.decision().is_none());
        (rows.iter().map(Item::id).collect::<Vec<_>>(), open.map(Item::id).collect::<Vec<_>>())
    };
    if all.is_empty() {
        state.tell(Level::Info, "nothing is listed that could be decided on");
        return;
    }
    state.overlays.push(Overlay::Confirm(Pending::Decide { decision, all, open }));
}

/// Decides on all of `ids`, as one step.
pub(super) fn decide_all(
    state: &mut State,
    decision: Decision,
    ids: &[RecommendationId],
    effects: &mut Effects,
) {
    let what = format!("{} {}", decision.word(), format_quantity(ids.len(), "recommendation"));
    let changed = change(state, what, ids, |verdict| verdict.decision = Some(decision), effects);
    let count = state
        .session
        .as_ref()
        .and_then(|s| s.history.done.last())
        .map_or(0, |edit| edit.steps.len());
    if changed {
        state.tell(
            Level::Info,
            format!(
                "{} {}; u undoes it",
                format_quantity(count, "recommendation"),
                decision.word()
            ),
        );
    }
    settle(state);
}

/// Changes the verdicts of `ids` as one step; those that stay as they are do not take part.
///
/// True when anything has changed.
pub(super) fn change(
    state: &mut State,
    what: String,
    ids: &[RecommendationId],
    with: impl Fn(&mut Verdict),
    effects: &mut Effects,
) -> bool {
    let step = |id: &RecommendationId| {
        let before = state.recommendation(*id)?.verdict.clone();
        let mut after = before.clone();
        with(&mut after);
        (after != before).then_some(Step { id: *id, before, after })
    };
    let steps: Vec<Step> = ids.iter().filter_map(step).collect();
    history::edit(state, what, steps, effects)
}

/// Marks the chosen one; when another one is marked already, both are the same: the marked one stands for both. On one
/// that is part of a group, parts them again.
pub(super) fn same(state: &mut State, effects: &mut Effects) {
    if !in_triage(state) {
        return;
    }
    let Some((id, here, members)) = chosen(state).map(|item| {
        (item.id(), title(&item), item.members().map(|m| m.found.id).collect::<Vec<_>>())
    }) else {
        return;
    };
    let Some(leader) = state.triage.marked.take() else {
        if members.len() > 1 {
            let what = format!("part \u{201c}{here}\u{201d}");
            change(state, what, &members, |verdict| verdict.same_as = None, effects);
            return;
        }
        state.triage.marked = Some(id);
        state.tell(
            Level::Info,
            "marked; go to the one that is the same and press m again (Esc: forget it)",
        );
        return;
    };
    if members.contains(&leader) {
        state.tell(Level::Info, "the mark is taken back");
        return;
    }
    join(state, leader, &members, effects);
}

/// Makes `members` say the same as `leader`, which takes over what they have and it lacks.
fn join(
    state: &mut State,
    leader: RecommendationId,
    members: &[RecommendationId],
    effects: &mut Effects,
) {
    let verdicts: Vec<Verdict> =
        members.iter().filter_map(|id| Some(state.recommendation(*id)?.verdict.clone())).collect();
    let Some(stands) = state.recommendation(leader).cloned() else { return };
    let what = format!("same as \u{201c}{}\u{201d}", sanitize_line(stands.title()));
    let mut after = stands.verdict.clone();
    let theirs = verdicts.iter().find_map(|v| v.decision);
    let conflict = after.decision.is_some() && theirs.is_some() && after.decision != theirs;
    after.decision = after.decision.or(theirs);
    for verdict in &verdicts {
        for (mine, theirs) in
            [(&mut after.comment, &verdict.comment), (&mut after.owner, &verdict.owner)]
        {
            if mine.is_empty() {
                mine.clone_from(theirs);
            }
        }
    }
    let mut steps = vec![Step { id: leader, before: stands.verdict.clone(), after }];
    steps.retain(|step| step.before != step.after);
    for (id, before) in members.iter().zip(verdicts) {
        let after = Verdict { same_as: Some(leader), ..before.clone() };
        steps.push(Step { id: *id, before, after });
    }
    history::edit(state, what, steps, effects);
    state.triage.chosen = Some(leader);
    settle(state);
    if conflict {
        let word = stands.verdict.decision.map_or("", Decision::word);
        state.tell(
            Level::Warning,
            format!("they were decided differently: {word} holds for both; u undoes it"),
        );
    } else {
        state.tell(Level::Info, "both are one now; m on it parts them again");
    }
}

/// Takes the chosen one off the list: it is no recommendation.
pub(super) fn drop_it(state: &mut State, effects: &mut Effects) {
    if !in_triage(state) {
        return;
    }
    let Some((title, ids)) = chosen(state)
        .map(|item| (title(&item), item.members().map(|m| m.found.id).collect::<Vec<_>>()))
    else {
        return;
    };
    let what = format!("take off \u{201c}{title}\u{201d}");
    change(state, what, &ids, |verdict| verdict.dropped = true, effects);
    settle(state);
    state.tell(Level::Info, format!("off the list: \u{201c}{title}\u{201d}; u undoes it"));
}

/// Opens the line for a comment, an owner or a title of the chosen one.
pub(super) fn write(state: &mut State, purpose: fn(RecommendationId) -> LineFor) {
    if !in_triage(state) {
        return;
    }
    let Some((id, about, verdict, named)) = chosen(state).map(|item| {
        let named = item.leader.found.title().to_owned();
        (item.id(), title(&item), item.verdict().clone(), named)
    }) else {
        return;
    };
    let purpose = purpose(id);
    let text = match &purpose {
        LineFor::Comment(_) => verdict.comment,
        LineFor::Owner(_) => verdict.owner,
        _ => named,
    };
    let line = Line::new(&text);
    state.overlays.push(Overlay::Line(LineOverlay { purpose, about, line }));
}

/// The line was kept.
pub(super) fn written(state: &mut State, purpose: &LineFor, text: &str, effects: &mut Effects) {
    let text = text.trim().to_owned();
    match purpose {
        LineFor::Comment(id) => {
            let what = "comment".to_owned();
            change(state, what, &[*id], |verdict| verdict.comment.clone_from(&text), effects);
        }
        LineFor::Owner(id) => {
            let what = "owner".to_owned();
            change(state, what, &[*id], |verdict| verdict.owner.clone_from(&text), effects);
        }
        LineFor::Title(id) => {
            let found = state.recommendation(*id).map(|found| found.title.clone());
            // An empty one, or the one that was found, is none of the user's.
            let own = (!text.is_empty() && Some(&text) != found.as_ref()).then_some(text);
            let what = "title".to_owned();
            change(state, what, &[*id], |verdict| verdict.title.clone_from(&own), effects);
        }
        LineFor::SessionTitle(_) | LineFor::SessionTags(_) | LineFor::ExportPath => {}
    }
}

/// Lists the next persona's only, or everybody's behind the last.
pub(super) fn filter_persona(state: &mut State, forward: bool) {
    let now = state.triage.filter.persona.as_ref();
    let at = now.and_then(|id| state.pane_personas.iter().position(|persona| persona.id == *id));
    let n = state.pane_personas.len();
    let to = match (at, forward) {
        (None, true) => Some(0),
        (None, false) => n.checked_sub(1),
        (Some(at), true) => Some(at + 1).filter(|at| *at < n),
        (Some(at), false) => at.checked_sub(1),
    };
    only(state, to);
}

/// Lists the recommendations of pane `n` only; of everybody when it is those already.
pub(super) fn filter_pane(state: &mut State, n: usize) {
    let id = state.pane_personas.get(n).map(|persona| &persona.id);
    let already = id.is_some() && state.triage.filter.persona.as_ref() == id;
    if id.is_none() {
        return;
    }
    only(state, (!already).then_some(n));
}

fn only(state: &mut State, pane: Option<usize>) {
    let persona = pane.and_then(|at| state.pane_personas.get(at)).map(|persona| persona.id.clone());
    state.triage.filter.persona = persona;
    if let Some(at) = pane {
        state.focused = at;
    }
    settle(state);
}

/// Lists those of the next facet that has any, or of all behind the last.
pub(super) fn filter_facet(state: &mut State) {
    let there: Vec<Facet> = {
        let items = items(state);
        let has = |facet: &Facet| {
            items.iter().any(|item| item.members().any(|m| m.found.facet == *facet))
        };
        Facet::ALL.into_iter().filter(has).collect()
    };
    let now = state.triage.filter.facet;
    let at = now.and_then(|now| there.iter().position(|facet| *facet == now));
    state.triage.filter.facet = there.get(at.map_or(0, |at| at + 1)).copied();
    settle(state);
}

/// Lists those in the next state, or in any behind the last.
pub(super) fn filter_which(state: &mut State) {
    let now = state.triage.filter.which;
    let at = now.and_then(|now| Which::ALL.iter().position(|which| *which == now));
    state.triage.filter.which = Which::ALL.get(at.map_or(0, |at| at + 1)).copied();
    settle(state);
}

/// Lists all.
pub(super) fn filter_none(state: &mut State) {
    state.triage.filter = crate::app::Filter::default();
    state.triage.typing = false;
    settle(state);
}

/// Opens the chosen one in the answers, at its place.
pub(super) fn open(state: &mut State, effects: &mut Effects) {
    let Some((pane, run, at)) = chosen(state).map(|item| {
        let member = &item.leader;
        (member.pane, member.run.id(), member.found.span.start)
    }) else {
        return;
    };
    state.focused = pane;
    super::views::show(state, ViewKind::Answers, effects);
    effects.push(Effect::Reveal(pane, run, at));
}

/// A title for messages: clean and short.
pub(super) fn title(item: &Item<'_>) -> String {
    let text: String = sanitize_line(item.leader.found.title()).chars().take(60).collect();
    text
}
