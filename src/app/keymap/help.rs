//! What help, footer and palette show: made from the keymap, so that none can differ from what keys do. Read by `ui`
//! and by the palette in `update`.

use super::{Action, Context, Keymap};

/// One row of the help.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HelpRow {
    /// Where it applies.
    pub context: Context,
    /// The keys, as people read them: `g g · Home`.
    pub keys: String,
    /// What it does.
    pub desc: String,
    /// The action.
    pub action: Action,
}

/// The rows of the help that `filter` leaves (every word occurs in keys, description or action), by context: what works at
/// `from` comes first.
pub fn rows(keymap: &Keymap, filter: &str, from: Option<Context>) -> Vec<HelpRow> {
    let words: Vec<String> = filter.split_whitespace().map(str::to_lowercase).collect();
    let mut rows = Vec::new();
    let near: Vec<Context> = from.iter().flat_map(|from| from.chain()).collect();
    let far = Context::ALL.iter().copied().filter(|context| !near.contains(context));
    for context in near.iter().copied().chain(far) {
        for binding in keymap.bindings().iter().filter(|b| b.context == context && !b.on.is_empty())
        {
            let keys = shown(&binding.on).join(" · ");
            let text = format!("{keys} {} {}", binding.desc, binding.run.id()).to_lowercase();
            if words.iter().all(|w| text.contains(w)) {
                let desc = if binding.desc.is_empty() { binding.run.id() } else { &binding.desc };
                rows.push(HelpRow { context, keys, desc: desc.to_owned(), action: binding.run });
            }
        }
    }
    rows
}

/// The footer of `context`: key and word, in the order of the keymap, what is of this place first.
pub fn footer(keymap: &Keymap, context: Context) -> Vec<(String, String)> {
    let mut shown_for: Vec<Action> = Vec::new();
    let mut words = Vec::new();
    for binding in keymap.in_force(context).filter(|b| b.context != Context::Global) {
        // A key that a nearer place uses for something else does not do this here.
        let means = |on: &&Vec<super::Key>| {
            let nearest = keymap.in_force(context).find(|other| other.on.contains(on));
            nearest.is_some_and(|nearest| nearest.run == binding.run)
        };
        let reachable: Vec<Vec<super::Key>> = binding.on.iter().filter(means).cloned().collect();
        let first = shown(&reachable).into_iter().next();
        let Some((key, word)) = first.zip(binding.footer.clone()) else { continue };
        if !shown_for.contains(&binding.run) {
            shown_for.push(binding.run);
            words.push((key, word));
        }
    }
    words
}

fn shown(on: &[Vec<super::Key>]) -> Vec<String> {
    let sequence =
        |keys: &Vec<super::Key>| keys.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
    on.iter().map(sequence).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn help_is_found_by_key_word_and_action() {
        let map = Keymap::default_keys().unwrap();
        assert!(rows(&map, "", None).len() > 60);
        let hits = rows(&map, "retry fail", None);
        assert_eq!(hits.len(), 1);
        assert_eq!(hits.first().unwrap().action, Action::RetryFailed);
        assert!(rows(&map, "no such thing", None).is_empty());
        let near = rows(&map, "", Some(Context::Triage));
        assert_eq!(near.first().unwrap().context, Context::Triage);
        assert_eq!(near.len(), rows(&map, "", None).len());
        assert!(footer(&map, Context::Panes).contains(&("z".into(), "zoom".into())));
    }
}
