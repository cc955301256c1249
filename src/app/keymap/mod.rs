//! Keys and what they do: data from `default.toml` and the user's `keys.toml`, looked up by context.
//!
//! Help, footer and palette are made from the same rows (`help`), so they cannot differ from what keys really do.

mod help;
mod parse;

pub use help::{HelpRow, footer, rows};
pub use parse::KeymapError;

use super::{Action, Key};

macro_rules! contexts {
    ($($(#[$doc:meta])* $variant:ident = $id:literal, $title:literal;)*) => {
        /// Which part of the keymap applies.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Context { $($(#[$doc])* $variant,)* }

        impl Context {
            /// Every context, in the order of the help.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The word that keymaps use.
            pub fn id(self) -> &'static str {
                match self { $(Self::$variant => $id,)* }
            }

            /// What the help calls it.
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
    /// An answer against the last one.
    Change = "change", "An answer against the last one";
    /// Writing the question.
    Composer = "composer", "Writing the question";
    /// Names offered behind an `@`.
    Completion = "completion", "Choosing a name behind @";
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
    /// Choosing who attacks a recommendation.
    Challenge = "challenge", "Choosing who attacks a recommendation";
    /// Editing one line.
    Line = "line", "Editing one line";
    /// Something is asked first.
    Confirm = "confirm", "Something is asked first";
    /// The list of keys.
    Help = "help", "This list";
    /// Getting the local model.
    Pull = "pull", "Getting the local model";
    /// Typing into a list's search line.
    Filter = "filter", "Searching in a list";
    /// Everywhere.
    Global = "global", "Everywhere";
}

impl Context {
    /// Where a key is looked for, in this order: here, in all places of this kind, everywhere.
    pub fn chain(self) -> impl Iterator<Item = Self> {
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

/// Some keys, an action, and what to say about them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binding {
    /// Where it applies.
    pub context: Context,
    /// Key sequences, any of which runs the action.
    pub on: Vec<Vec<Key>>,
    /// What it does.
    pub run: Action,
    /// What the help says.
    pub desc: String,
    /// Its word in the footer, if it stands there.
    pub footer: Option<String>,
    /// It is the user's: what the action's other keys are in wider places does not hold here.
    pub user: bool,
}

/// The beginning of a key sequence, and the context it began in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pending {
    keys: Vec<Key>,
}

impl Pending {
    /// The keys so far, for the status line.
    pub fn keys(&self) -> &[Key] {
        &self.keys
    }
}

/// Keys and what they do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Keymap {
    bindings: Vec<Binding>,
}

impl Keymap {
    /// The keys that plenary comes with.
    ///
    /// # Errors
    /// Never for the embedded file; a test reads it.
    pub fn default_keys() -> Result<Self, KeymapError> {
        parse::parse(include_str!("default.toml"), "default.toml").map(|bindings| Self { bindings })
    }

    /// The default keys with the user's laid over them; `name` stands in messages.
    ///
    /// # Errors
    /// Says which line has an unknown action, context or key, or a key that two rows want.
    pub fn with_user(text: &str, name: &str) -> Result<Self, KeymapError> {
        let mut map = Self::default_keys()?;
        for row in parse::parse(text, name)? {
            map.lay_over(row);
        }
        Ok(map)
    }

    /// A user's row replaces the keys of its action in its context, and takes its keys from whatever had them.
    fn lay_over(&mut self, row: Binding) {
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

    /// The rows that hold in `context`, those of the place itself first. Where the user gave an action keys of its own, those
    /// that it has in wider places do not hold.
    pub fn in_force(&self, context: Context) -> impl Iterator<Item = &Binding> {
        let mut overruled: Vec<Action> = Vec::new();
        context.chain().flat_map(move |place| {
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

    /// What `key` means in `context` after the keys in `pending`, which is updated: a sequence that goes on is kept,
    /// one that cannot go on is dropped.
    pub fn lookup(&self, context: Context, pending: &mut Pending, key: Key) -> Option<Action> {
        pending.keys.push(key);
        let typed = pending.keys.as_slice();
        let found = self.in_force(context).find(|b| b.on.iter().any(|k| k == typed));
        if let Some(binding) = found {
            pending.keys.clear();
            return Some(binding.run);
        }
        let goes_on = |b: &Binding| b.on.iter().any(|k| k.starts_with(typed));
        if !self.in_force(context).any(goes_on) {
            let alone = pending.keys.len() == 1;
            pending.keys.clear();
            // A key that ends a sequence wrongly still means what it means alone.
            return if alone { None } else { self.lookup(context, pending, key) };
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn press(map: &Keymap, context: Context, keys: &str) -> Option<Action> {
        let mut pending = Pending::default();
        let mut last = None;
        for key in keys.split(' ') {
            last = map.lookup(context, &mut pending, Key::parse(key).unwrap());
        }
        last
    }

    #[test]
    fn sequences_contexts_and_fallback_to_global() {
        let map = Keymap::default_keys().unwrap();
        for (context, keys, action) in [
            (Context::Panes, "j", Some(Action::LineDown)),
            (Context::Composer, "j", None),
            (Context::Panes, "g", None),
            (Context::Panes, "g g", Some(Action::Top)),
            (Context::Panes, "g j", Some(Action::LineDown)),
            (Context::Composer, "ctrl-c", Some(Action::Interrupt)),
            (Context::Panes, "shift-tab", Some(Action::PanePrevious)),
        ] {
            assert_eq!(press(&map, context, keys), action, "{context:?} {keys}");
        }
    }

    #[test]
    fn the_users_row_takes_over() {
        let user = "[[panes]]\non = [\"J\"]\nrun = \"line-down\"\n\n[[panes]]\non = [\"j\"]\nrun = \"quit\"\n";
        let map = Keymap::with_user(user, "keys.toml").unwrap();
        assert_eq!(press(&map, Context::Panes, "J"), Some(Action::LineDown));
        assert_eq!(press(&map, Context::Panes, "j"), Some(Action::Quit));
        assert_eq!(press(&map, Context::Panes, "q"), None);
        assert_eq!(press(&map, Context::Panes, "down"), None);
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
