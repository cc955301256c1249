//! The theme roles: parts of the screen and kinds of text, each with its key in theme files (`ui.border`).
//!
//! Has no styles; those are data of the themes.

use crate::text::Role;

macro_rules! ui_roles {
    ($($(#[$doc:meta])* $variant:ident = $id:literal,)*) => {
        /// A part of the screen with its own style.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum UiRole { $($(#[$doc])* $variant,)* }

        /// Every role of the screen with its key.
        pub(super) const UI_ROLES: &[(&str, UiRole)] = &[$(($id, UiRole::$variant),)*];
    };
}

ui_roles! {
    /// The program's name.
    Header = "ui.header",
    /// The rest of the header.
    HeaderNote = "ui.header-note",
    /// A pane's border.
    Border = "ui.border",
    /// The focused pane's border.
    BorderFocused = "ui.border-focused",
    /// A pane's number and the persona's view.
    TitleNote = "ui.title-note",
    /// The mode of a persona added by a trigger, for example `DevOps Mode`.
    Badge = "ui.badge",
    /// The question above an answer.
    Question = "ui.question",
    /// Secondary lines: reasoning, waiting, notes on borders.
    Note = "ui.note",
    /// What to do about an ending.
    Advice = "ui.advice",
    /// The scrollbar on a pane's right border, and the number of rows below.
    Scrollbar = "ui.scrollbar",
    /// Marks the section or code block that was jumped to.
    Mark = "ui.mark",
    /// Marks a code line that continues beyond the pane.
    Overflow = "ui.overflow",
    /// The background of code lines.
    CodeRow = "ui.code-row",
    /// The composer's prompt while keys go there.
    Prompt = "ui.prompt",
    /// The composer's prompt otherwise.
    PromptIdle = "ui.prompt-idle",
    /// The question being written.
    Input = "ui.input",
    /// The placeholder in an empty composer.
    Placeholder = "ui.placeholder",
    /// The personas that will be asked.
    Target = "ui.target",
    /// A key in the footer, in help, on the first screen.
    Key = "ui.key",
    /// What the key does.
    Word = "ui.word",
    /// A notice that something was done.
    Info = "ui.info",
    /// A notice that something needs attention.
    Warning = "ui.warning",
    /// A notice that something failed.
    Error = "ui.error",
    /// The selected row of a list.
    Selection = "ui.selection",
    /// The border of an overlay.
    PopupBorder = "ui.popup-border",
    /// The title of an overlay.
    PopupTitle = "ui.popup-title",
    /// A group's title in a list.
    Group = "ui.group",
    /// A tab.
    Tab = "ui.tab",
    /// The tab of the focused pane.
    TabActive = "ui.tab-active",
    /// A facet that an answer lacks.
    Hole = "ui.hole",
    /// The facet of a row, at the left of Compare.
    Label = "ui.label",
    /// The facet of the open row.
    LabelActive = "ui.label-active",
    /// The bar beside the rows of a recommendation or a selection.
    SourceBar = "ui.source-bar",
    /// The background of selected lines.
    SourceRow = "ui.source-row",
    /// A quote that could not be verified.
    Unverified = "ui.unverified",
    /// An open recommendation.
    Open = "state.open",
    /// A recommendation to discuss.
    Discuss = "state.discuss",
    /// An accepted recommendation.
    Accepted = "state.accepted",
    /// A rejected recommendation.
    Rejected = "state.rejected",
    /// A deferred recommendation.
    Deferred = "state.deferred",
    /// A run that waits for a slot of its provider.
    Queued = "state.queued",
    /// A run whose request was sent.
    Connecting = "state.connecting",
    /// A run whose text arrives.
    Streaming = "state.streaming",
    /// A run that waits for its next attempt.
    Retrying = "state.retrying",
    /// A run that ended as done.
    Done = "state.done",
    /// A run that ended as cut.
    Cut = "state.cut",
    /// A run that ended as refused.
    Refused = "state.refused",
    /// A run that ended as failed.
    Failed = "state.failed",
    /// A run that ended as cancelled.
    Cancelled = "state.cancelled",
    /// A persona's colour.
    Blue = "persona.blue",
    /// A persona's colour.
    Teal = "persona.teal",
    /// A persona's colour.
    Amber = "persona.amber",
    /// A persona's colour.
    Green = "persona.green",
    /// A persona's colour.
    Violet = "persona.violet",
    /// A persona's colour.
    Rose = "persona.rose",
    /// A persona's colour.
    Cyan = "persona.cyan",
    /// A persona's colour.
    Orange = "persona.orange",
}

/// Every kind of text with its key.
pub(super) const TEXT_ROLES: &[(&str, Role)] = &[
    ("text.text", Role::Text),
    ("text.muted", Role::Muted),
    ("text.heading1", Role::Heading1),
    ("text.heading2", Role::Heading2),
    ("text.heading3", Role::Heading3),
    ("text.inline-code", Role::InlineCode),
    ("text.code", Role::Code),
    ("text.code-header", Role::CodeHeader),
    ("text.link", Role::Link),
    ("text.quote-bar", Role::QuoteBar),
    ("text.quote", Role::Quote),
    ("text.marker", Role::Marker),
    ("text.rule", Role::Rule),
    ("text.table-border", Role::TableBorder),
    ("text.table-header", Role::TableHeader),
    ("text.neutralised", Role::Neutralised),
    ("code.keyword", Role::Keyword),
    ("code.string", Role::String),
    ("code.comment", Role::Comment),
    ("code.constant", Role::Constant),
    ("code.function", Role::Function),
    ("code.type", Role::Type),
    ("code.key", Role::Key),
    ("code.variable", Role::Variable),
    ("code.punctuation", Role::Punctuation),
    ("code.inserted", Role::Inserted),
    ("code.removed", Role::Removed),
];

/// The roles of persona colours, in the order of the panel for personas that name none.
pub(super) const PERSONA_ROLES: [UiRole; 8] = [
    UiRole::Blue,
    UiRole::Teal,
    UiRole::Amber,
    UiRole::Violet,
    UiRole::Green,
    UiRole::Rose,
    UiRole::Cyan,
    UiRole::Orange,
];

/// Returns the index of a kind of text in a theme's list of styles.
pub(super) const fn text_role_index(role: Role) -> usize {
    role as usize
}

/// Returns the index of a part of the screen in a theme's list of styles.
pub(super) const fn ui_role_index(role: UiRole) -> usize {
    TEXT_ROLES.len() + role as usize
}

/// Number of styles in a theme.
pub(super) const STYLE_COUNT: usize = TEXT_ROLES.len() + UI_ROLES.len();

/// Returns the index of a theme key in a theme's list of styles.
pub(super) fn style_index(key: &str) -> Option<usize> {
    theme_keys().position(|known| known == key)
}

/// Returns every theme key, in the order of a theme's list of styles.
pub(super) fn theme_keys() -> impl Iterator<Item = &'static str> {
    TEXT_ROLES.iter().map(|(id, _)| *id).chain(UI_ROLES.iter().map(|(id, _)| *id))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_role_has_one_key_at_its_index() {
        let keys: BTreeSet<&str> = theme_keys().collect();
        assert_eq!(keys.len(), STYLE_COUNT);
        for (key, role) in TEXT_ROLES {
            assert_eq!(style_index(key), Some(text_role_index(*role)), "{key}");
        }
        for (key, role) in UI_ROLES {
            assert_eq!(style_index(key), Some(ui_role_index(*role)), "{key}");
        }
        // `Role` cannot be enumerated: the index of its last variant shows whether a row is missing.
        assert_eq!(text_role_index(Role::Removed), TEXT_ROLES.len() - 1);
    }
}
