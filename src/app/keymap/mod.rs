//! The keymap: bindings from `default.toml` and the user's `keys.toml`, looked up by context.
//!
//! Help, footer and palette are built from the same rows, so that they cannot differ from the behaviour. `reserved.toml`
//! lists keys that are planned for future features.

mod help;
mod parse;

pub use help::{HelpRow, footer_hints, help_rows};
pub use parse::KeymapError;

use super::{Action, KeyPress};

macro_rules! contexts {
    ($($(#[$doc:meta])* $variant:ident = $id:literal, $title:literal;)*) => {
        /// Where a binding applies.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum KeyContext { $($(#[$doc])* $variant,)* }

        impl KeyContext {
            /// Every context, in the order of the help.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// Its id in keymaps.
            pub fn id(self) -> &'static str {
                match self { $(Self::$variant => $id,)* }
            }

            /// Its heading in the help.
            pub fn title(self) -> &'static str {
                match self { $(Self::$variant => $title,)* }
            }
        }
    };
}

contexts! {
    /// In every view.
    Views = "views", "In every view";
    /// Reading the answers.
    Panes = "panes", "Reading the answers";
    /// Comparing the answers.
    Compare = "compare", "Comparing the answers";
    /// Deciding on recommendations.
    Triage = "triage", "Deciding on recommendations";
    /// Selecting lines as a recommendation.
    Select = "select", "Selecting lines as a recommendation";
    /// An answer against the previous one.
    Change = "change", "An answer against the previous one";
    /// Writing the question.
    Composer = "composer", "Writing the question";
    /// Names offered after `@`.
    Completion = "completion", "Choosing a name after @";
    /// In every list.
    List = "list", "In every list";
    /// The list of sessions.
    Sessions = "sessions", "The list of sessions";
    /// Assumptions and numbers.
    Ledger = "ledger", "Assumptions and numbers";
    /// The brief.
    Brief = "brief", "The brief";
    /// Writing the session to a file.
    Export = "export", "Writing the session to a file";
    /// Choosing who challenges a recommendation.
    Challenge = "challenge", "Choosing who challenges a recommendation";
    /// Editing one line.
    Line = "line", "Editing one line";
    /// A question before something is done.
    Confirm = "confirm", "Confirmation";
    /// Quitting while something is not on disk.
    Unsaved = "unsaved", "Quitting without saving";
    /// The list of keys.
    Help = "help", "This list";
    /// Download of the local model.
    Pull = "pull", "Download of the local model";
    /// Typing into the search line of a list.
    Filter = "filter", "Searching in a list";
    /// Everywhere.
    Global = "global", "Everywhere";
}

impl KeyContext {
    /// True for contexts of lists, text lines and confirmations, which exist only until they are closed.
    pub fn is_transient(self) -> bool {
        match self {
            Self::Views
            | Self::Panes
            | Self::Compare
            | Self::Triage
            | Self::Change
            | Self::Composer
            | Self::Global => false,
            Self::Select
            | Self::Completion
            | Self::List
            | Self::Sessions
            | Self::Ledger
            | Self::Brief
            | Self::Export
            | Self::Challenge
            | Self::Line
            | Self::Confirm
            | Self::Unsaved
            | Self::Help
            | Self::Pull
            | Self::Filter => true,
        }
    }

    /// The contexts in which a key is looked up, in this order: this one, the shared one of its kind, the global one.
    pub fn lookup_order(self) -> impl Iterator<Item = Self> {
        let kind = match self {
            Self::Panes | Self::Compare | Self::Triage | Self::Change => Some(Self::Views),
            Self::Help
            | Self::Sessions
            | Self::Pull
            | Self::Ledger
            | Self::Brief
            | Self::Export
            | Self::Challenge => Some(Self::List),
            _ => None,
        };
        let everywhere = (self != Self::Global).then_some(Self::Global);
        std::iter::once(self).chain(kind).chain(everywhere)
    }
}

/// An action, its keys in one context, and its descriptions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binding {
    /// Where it applies.
    pub context: KeyContext,
    /// Key sequences; each of them runs the action.
    pub on: Vec<Vec<KeyPress>>,
    /// The action.
    pub run: Action,
    /// Description in the help.
    pub desc: String,
    /// Word in the footer; none when the footer leaves it out.
    pub footer: Option<String>,
    /// The binding is the user's: the action's keys in wider contexts do not apply in this context.
    pub user: bool,
}

/// The start of a key sequence.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PendingKeys {
    keys: Vec<KeyPress>,
}

impl PendingKeys {
    /// The keys so far.
    pub fn keys(&self) -> &[KeyPress] {
        &self.keys
    }
}

/// The bindings of all contexts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Keymap {
    bindings: Vec<Binding>,
}

impl Keymap {
    /// The default keys.
    ///
    /// # Errors
    /// Never for the embedded file, which a test parses.
    pub fn default_keys() -> Result<Self, KeymapError> {
        parse::parse_keymap(include_str!("default.toml"), "default.toml")
            .map(|bindings| Self { bindings })
    }

    /// The default keys, overridden by the user's file `text`. Error messages call the file `name`.
    ///
    /// # Errors
    /// A line has an unknown action, context or key, or a key that another row binds already.
    pub fn with_user(text: &str, name: &str) -> Result<Self, KeymapError> {
        let mut map = Self::default_keys()?;
        for row in parse::parse_keymap(text, name)? {
            map.override_with(row);
        }
        Ok(map)
    }

    /// Replaces the keys of the row's action in its context, and removes these keys from other actions.
    fn override_with(&mut self, row: Binding) {
        for binding in self.bindings.iter_mut().filter(|b| b.context == row.context) {
            binding.on.retain(|keys| !row.on.contains(keys));
        }
        match self.bindings.iter_mut().find(|b| b.context == row.context && b.run == row.run) {
            Some(have) => {
                have.on = row.on;
                have.user = true;
                if !row.desc.is_empty() {
                    have.desc = row.desc;
                }
                if row.footer.is_some() {
                    have.footer = row.footer;
                }
            }
            None => self.bindings.push(Binding { user: true, ..row }),
        }
    }

    /// The rows that apply in `context`, nearest context first. For an action that the user has bound, rows in wider
    /// contexts are left out.
    pub fn in_force(&self, context: KeyContext) -> impl Iterator<Item = &Binding> {
        let mut overruled: Vec<Action> = Vec::new();
        context.lookup_order().flat_map(move |place| {
            let of = |b: &&Binding| b.context == place;
            let here: Vec<&Binding> =
                self.bindings.iter().filter(of).filter(|b| !overruled.contains(&b.run)).collect();
            overruled.extend(here.iter().filter(|b| b.user).map(|b| b.run));
            here
        })
    }

    /// All rows, defaults first.
    pub fn bindings(&self) -> &[Binding] {
        &self.bindings
    }

    /// The action of `key` in `context` after the keys in `pending`. Updates `pending`: an incomplete sequence stays, an
    /// unbound one is cleared.
    pub fn find_action(
        &self,
        context: KeyContext,
        pending: &mut PendingKeys,
        key: KeyPress,
    ) -> Option<Action> {
        pending.keys.push(key);
        let typed = pending.keys.as_slice();
        let found = self.in_force(context).find(|b| b.on.iter().any(|k| k == typed));
        if let Some(binding) = found {
            pending.keys.clear();
            return Some(binding.run);
        }
        let is_start = |b: &Binding| b.on.iter().any(|k| k.starts_with(typed));
        if !self.in_force(context).any(is_start) {
            let alone = pending.keys.len() == 1;
            pending.keys.clear();
            // The key alone may be bound.
            return if alone { None } else { self.find_action(context, pending, key) };
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn press(map: &Keymap, context: KeyContext, keys: &str) -> Option<Action> {
        let mut pending = PendingKeys::default();
        let mut last = None;
        for key in keys.split(' ') {
            last = map.find_action(context, &mut pending, KeyPress::parse(key).unwrap());
        }
        last
    }

    #[test]
    fn sequences_contexts_and_fallback_to_global() {
        let map = Keymap::default_keys().unwrap();
        for (context, keys, action) in [
            (KeyContext::Panes, "j", Some(Action::LineDown)),
            (KeyContext::Composer, "j", None),
            (KeyContext::Panes, "g", None),
            (KeyContext::Panes, "g g", Some(Action::Top)),
            (KeyContext::Panes, "g j", Some(Action::LineDown)),
            (KeyContext::Composer, "ctrl-c", Some(Action::Interrupt)),
            (KeyContext::Panes, "shift-tab", Some(Action::PanePrevious)),
        ] {
            assert_eq!(press(&map, context, keys), action, "{context:?} {keys}");
        }
    }

    #[test]
    fn the_users_row_takes_over() {
        let user = "[[panes]]\non = [\"J\"]\nrun = \"line-down\"\n\n[[panes]]\non = [\"j\"]\nrun = \"quit\"\n";
        let map = Keymap::with_user(user, "keys.toml").unwrap();
        assert_eq!(press(&map, KeyContext::Panes, "J"), Some(Action::LineDown));
        assert_eq!(press(&map, KeyContext::Panes, "j"), Some(Action::Quit));
        assert_eq!(press(&map, KeyContext::Panes, "q"), None);
        assert_eq!(press(&map, KeyContext::Panes, "down"), None);
    }

    #[test]
    fn keys_toml_may_use_the_old_id_of_an_action_and_keys_as_shown() {
        let user = "[[triage]]\non = [\"Ctrl+G\"]\nrun = \"same\"\n";
        let map = Keymap::with_user(user, "keys.toml").unwrap();
        assert_eq!(press(&map, KeyContext::Triage, "ctrl-g"), Some(Action::Merge));
        assert_eq!(press(&map, KeyContext::Triage, "m"), None);
    }

    #[test]
    fn every_action_has_a_key_somewhere() {
        let map = Keymap::default_keys().unwrap();
        for action in Action::ALL {
            assert!(
                map.bindings.iter().any(|b| b.run == *action && !b.on.is_empty()),
                "{} has no key",
                action.id()
            );
            assert_eq!(Action::parse(action.id()), Some(*action));
        }
    }
}
