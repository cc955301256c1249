//! Verdicts on recommendations: decisions, comments, owners, titles, merging, removing.
//!
//! Every change is a step of the triage history, written to the store before it is shown.

use super::{triage_history, triage_list};
use crate::app::{Effects, NoticeLevel, State};
use crate::domain::format::format_quantity;
use crate::domain::{Decision, RecommendationId, Verdict, VerdictUpdate};
use crate::text::sanitize_line;

/// Decides on the selected recommendation and selects the next undecided one. The same decision again reopens it.
pub(super) fn decide_selected(state: &mut State, decision: Decision, effects: &mut Effects) {
    let Some((id, title, now)) = selected_row(state).map(|row| (row.id, row.title, row.decision))
    else {
        state.show_notice(NoticeLevel::Info, "nothing to decide: no recommendation is listed");
        return;
    };
    let to = (now != Some(decision)).then_some(decision);
    state.triage.last = Some(decision);
    let description = match to {
        Some(decision) => format!("{} \u{201c}{title}\u{201d}", decision.as_str()),
        None => format!("open again \u{201c}{title}\u{201d}"),
    };
    update_verdicts(state, description, &[id], |verdict| verdict.decision = to, effects);
    if to.is_some() {
        triage_list::advance_to_next_open(state, id);
    } else {
        triage_list::reselect_listed(state);
    }
}

/// Data of the selected row, independent of the state.
struct SelectedRow {
    id: RecommendationId,
    members: Vec<RecommendationId>,
    title: String,
    decision: Option<Decision>,
}

fn selected_row(state: &State) -> Option<SelectedRow> {
    triage_list::selected_item(state).map(|item| SelectedRow {
        id: item.id(),
        members: item.members().map(|member| member.found.id).collect(),
        title: triage_list::short_title(&item),
        decision: item.decision(),
    })
}

/// Repeats the last decision on the selected recommendation. Never reopens one.
pub(super) fn repeat_decision(state: &mut State, effects: &mut Effects) {
    let Some(last) = state.triage.last else {
        state.show_notice(NoticeLevel::Info, "no decision to repeat yet");
        return;
    };
    if selected_row(state).is_some_and(|row| row.decision == Some(last)) {
        triage_list::select_next_open(state);
    } else {
        decide_selected(state, last, effects);
    }
}

/// Decides on all of `ids`, as one step.
pub(in crate::app) fn decide_all(
    state: &mut State,
    decision: Decision,
    ids: &[RecommendationId],
    effects: &mut Effects,
) {
    let word = decision.as_str();
    let description = format!("{word} {}", format_quantity(ids.len(), "recommendation"));
    let set = |verdict: &mut Verdict| verdict.decision = Some(decision);
    if update_verdicts(state, description, ids, set, effects) {
        let changed = state
            .session
            .as_ref()
            .and_then(|session| session.history.done.last())
            .map_or(0, |edit| edit.updates.len());
        let message = format!("{} {word}; u undoes it", format_quantity(changed, "recommendation"));
        state.show_notice(NoticeLevel::Info, message);
    }
    triage_list::reselect_listed(state);
}

/// Changes the verdicts of `ids` as one step; unchanged ones are left out. Returns whether any has changed.
pub(super) fn update_verdicts(
    state: &mut State,
    description: String,
    ids: &[RecommendationId],
    set: impl Fn(&mut Verdict),
    effects: &mut Effects,
) -> bool {
    let step = |id: &RecommendationId| {
        let before = state.recommendation(*id)?.verdict.clone();
        let mut after = before.clone();
        set(&mut after);
        (after != before).then_some(VerdictUpdate { id: *id, before, after })
    };
    let steps: Vec<VerdictUpdate> = ids.iter().filter_map(step).collect();
    triage_history::apply_step(state, description, steps, effects)
}

/// Marks the selected recommendation. When another one is marked, merges both, and the marked one leads. A group is split
/// instead.
pub(super) fn merge_selected(state: &mut State, effects: &mut Effects) {
    let Some(SelectedRow { id, members, title, .. }) = selected_row(state) else { return };
    let Some(leader) = state.triage.marked.take() else {
        if members.len() > 1 {
            let description = format!("split \u{201c}{title}\u{201d}");
            let set = |verdict: &mut Verdict| verdict.same_as = None;
            update_verdicts(state, description, &members, set, effects);
        } else {
            state.triage.marked = Some(id);
            state.show_notice(
                NoticeLevel::Info,
                "Marked. Press m on another one to merge both, Esc to unmark",
            );
        }
        return;
    };
    if members.contains(&leader) {
        state.show_notice(NoticeLevel::Info, "unmarked");
    } else {
        merge_groups(state, leader, &members, effects);
    }
}

/// Merges `members` into the group of `leader`, which inherits decision, comment and owner where it has none.
fn merge_groups(
    state: &mut State,
    leader: RecommendationId,
    members: &[RecommendationId],
    effects: &mut Effects,
) {
    let verdicts: Vec<Verdict> =
        members.iter().filter_map(|id| Some(state.recommendation(*id)?.verdict.clone())).collect();
    let Some(leading) = state.recommendation(leader) else { return };
    let description = format!("merge into \u{201c}{}\u{201d}", sanitize_line(leading.title()));
    let before = leading.verdict.clone();
    let mut after = before.clone();
    let decision = verdicts.iter().find_map(|verdict| verdict.decision);
    let conflict =
        before.decision.filter(|leading| decision.is_some_and(|other| other != *leading));
    after.decision = after.decision.or(decision);
    for verdict in &verdicts {
        for (to, from) in
            [(&mut after.comment, &verdict.comment), (&mut after.owner, &verdict.owner)]
        {
            if to.is_empty() {
                to.clone_from(from);
            }
        }
    }
    let mut steps = vec![VerdictUpdate { id: leader, before, after }];
    steps.retain(|step| step.before != step.after);
    for (id, before) in members.iter().zip(verdicts) {
        let after = Verdict { same_as: Some(leader), ..before.clone() };
        steps.push(VerdictUpdate { id: *id, before, after });
    }
    triage_history::apply_step(state, description, steps, effects);
    state.triage.chosen = Some(leader);
    triage_list::reselect_listed(state);
    match conflict {
        Some(decision) => {
            let word = decision.as_str();
            let message =
                format!("The decisions differed: {word} applies to both. Press u to undo");
            state.show_notice(NoticeLevel::Warning, message);
        }
        None => state.show_notice(NoticeLevel::Info, "Merged. Press m to split"),
    }
}

/// Removes the selected row, which is not a recommendation, from the list.
pub(super) fn remove_recommendation(state: &mut State, effects: &mut Effects) {
    let Some(SelectedRow { members, title, .. }) = selected_row(state) else { return };
    let description = format!("remove \u{201c}{title}\u{201d}");
    update_verdicts(state, description, &members, |verdict| verdict.dropped = true, effects);
    triage_list::reselect_listed(state);
    state.show_notice(NoticeLevel::Info, format!("removed \u{201c}{title}\u{201d}; u undoes it"));
}

/// Sets the comment of a recommendation.
pub(in crate::app) fn save_comment(
    state: &mut State,
    id: RecommendationId,
    text: &str,
    effects: &mut Effects,
) {
    let set = |verdict: &mut Verdict| text.trim().clone_into(&mut verdict.comment);
    update_verdicts(state, "comment".to_owned(), &[id], set, effects);
}

/// Sets the owner of a recommendation.
pub(in crate::app) fn save_owner(
    state: &mut State,
    id: RecommendationId,
    text: &str,
    effects: &mut Effects,
) {
    let set = |verdict: &mut Verdict| text.trim().clone_into(&mut verdict.owner);
    update_verdicts(state, "owner".to_owned(), &[id], set, effects);
}

/// Sets the user's own title of a recommendation; an empty one, or the extracted title, unsets it.
pub(in crate::app) fn save_title(
    state: &mut State,
    id: RecommendationId,
    text: &str,
    effects: &mut Effects,
) {
    let text = text.trim();
    let extracted = state.recommendation(id).map(|found| found.title.as_str());
    let own = (!text.is_empty() && Some(text) != extracted).then(|| text.to_owned());
    let set = |verdict: &mut Verdict| verdict.title.clone_from(&own);
    update_verdicts(state, "title".to_owned(), &[id], set, effects);
}
