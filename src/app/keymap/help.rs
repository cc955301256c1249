//! Rows of help and palette, and hints of the footer, built from the keymap.

use super::{Action, KeyContext, Keymap};

/// One row of the help.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HelpRow {
    /// The context in which the keys work.
    pub context: KeyContext,
    /// The keys as shown: `g g · Home`.
    pub keys: String,
    /// What the action does.
    pub desc: String,
    /// The action.
    pub action: Action,
}

/// The rows of the help that match `filter` (every word occurs in keys, description or action), grouped by context. The
/// contexts that apply in `from` are listed first.
pub fn help_rows(keymap: &Keymap, filter: &str, from: Option<KeyContext>) -> Vec<HelpRow> {
    let words: Vec<String> = filter.split_whitespace().map(str::to_lowercase).collect();
    let mut rows = Vec::new();
    let near: Vec<KeyContext> = from.iter().flat_map(|from| from.lookup_order()).collect();
    let far = KeyContext::ALL.iter().copied().filter(|context| !near.contains(context));
    for context in near.iter().copied().chain(far) {
        for binding in keymap.bindings().iter().filter(|b| b.context == context && !b.on.is_empty())
        {
            let keys = format_keys(&binding.on).join(" · ");
            let text = format!("{keys} {} {}", binding.desc, binding.run.id()).to_lowercase();
            if words.iter().all(|w| text.contains(w)) {
                let desc = if binding.desc.is_empty() { binding.run.id() } else { &binding.desc };
                rows.push(HelpRow { context, keys, desc: desc.to_owned(), action: binding.run });
            }
        }
    }
    rows
}

/// The footer of `context`: keys with a word each, in the order of the keymap, nearest context first.
pub fn footer_hints(keymap: &Keymap, context: KeyContext) -> Vec<(String, String)> {
    let mut shown_for: Vec<Action> = Vec::new();
    let mut words = Vec::new();
    for binding in keymap.in_force(context).filter(|b| b.context != KeyContext::Global) {
        // A nearer context may bind the same key to another action.
        let means = |on: &&Vec<super::KeyPress>| {
            let nearest = keymap.in_force(context).find(|other| other.on.contains(on));
            nearest.is_some_and(|nearest| nearest.run == binding.run)
        };
        let reachable: Vec<Vec<super::KeyPress>> =
            binding.on.iter().filter(means).cloned().collect();
        let first = format_keys(&reachable).into_iter().next();
        let Some((key, word)) = first.zip(binding.footer.clone()) else { continue };
        if !shown_for.contains(&binding.run) {
            shown_for.push(binding.run);
            words.push((key, word));
        }
    }
    words
}

fn format_keys(on: &[Vec<super::KeyPress>]) -> Vec<String> {
    let sequence = |keys: &Vec<super::KeyPress>| {
        keys.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
    };
    on.iter().map(sequence).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn help_is_found_by_key_word_and_action() {
        let map = Keymap::default_keys().unwrap();
        assert!(help_rows(&map, "", None).len() > 60);
        let hits = help_rows(&map, "retry fail", None);
        assert_eq!(hits.len(), 1);
        assert_eq!(hits.first().unwrap().action, Action::RetryFailed);
        assert!(help_rows(&map, "no such thing", None).is_empty());
        let near = help_rows(&map, "", Some(KeyContext::Triage));
        assert_eq!(near.first().unwrap().context, KeyContext::Triage);
        assert_eq!(near.len(), help_rows(&map, "", None).len());
        assert!(footer_hints(&map, KeyContext::Panes).contains(&("z".into(), "zoom".into())));
    }
}
