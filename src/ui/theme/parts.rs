//! The names that themes give styles to: the roles of answers, and the parts of the screen.
//!
//! One row each: a theme's key (`ui.border`) and the variant. Loading, completeness tests and messages all read these rows.

use crate::text::Role;

macro_rules! parts {
    ($($(#[$doc:meta])* $variant:ident = $id:literal,)*) => {
        /// A part of the screen that has a style of its own.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Part { $($(#[$doc])* $variant,)* }

        /// Every part with its key.
        pub(super) const PARTS: &[(&str, Part)] = &[$(($id, Part::$variant),)*];
    };
}

parts! {
    /// The program's name.
    Header = "ui.header",
    /// The rest of the header.
    HeaderNote = "ui.header-note",
    /// A pane's border.
    Border = "ui.border",
    /// The focused pane's border.
    BorderFocused = "ui.border-focused",
    /// A pane's number and view.
    TitleNote = "ui.title-note",
    /// `DevOps Mode`.
    Badge = "ui.badge",
    /// The question above an answer.
    Question = "ui.question",
    /// Lines that only accompany: reasoning, waiting, notes on borders.
    Note = "ui.note",
    /// What to do about an ending.
    Advice = "ui.advice",
    /// The thumb on a pane's right border.
    Scrollbar = "ui.scrollbar",
    /// Marks the section or code block that was jumped to.
    Mark = "ui.mark",
    /// A code line goes on beyond the pane.
    Overflow = "ui.overflow",
    /// The ground of code lines.
    CodeRow = "ui.code-row",
    /// The composer's prompt while keys go there.
    Prompt = "ui.prompt",
    /// The composer's prompt otherwise.
    PromptIdle = "ui.prompt-idle",
    /// The question being written.
    Input = "ui.input",
    /// What stands in an empty composer.
    Placeholder = "ui.placeholder",
    /// Who will be asked.
    Target = "ui.target",
    /// A key in the footer, in help, on the first screen.
    Key = "ui.key",
    /// What the key does.
    Word = "ui.word",
    /// A notice: something was done.
    Info = "ui.info",
    /// A notice: something needs attention.
    Warning = "ui.warning",
    /// A notice: something failed.
    Error = "ui.error",
    /// The chosen row of a list.
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
    /// What a row is about, at the left of Compare.
    Label = "ui.label",
    /// The same of the row that is open.
    LabelActive = "ui.label-active",
    /// Beside the rows that a recommendation or a selection is made of.
    SourceBar = "ui.source-bar",
    /// The ground of selected lines.
    SourceRow = "ui.source-row",
    /// Words that could not be verified.
    Unverified = "ui.unverified",
    /// A recommendation is not decided.
    Open = "state.open",
    /// It is to be discussed.
    Discuss = "state.discuss",
    /// It is accepted.
    Accepted = "state.accepted",
    /// It is rejected.
    Rejected = "state.rejected",
    /// It is deferred.
    Deferred = "state.deferred",
    /// A run waits for a place.
    Queued = "state.queued",
    /// A run's request is out.
    Connecting = "state.connecting",
    /// Text is coming.
    Streaming = "state.streaming",
    /// A run will be tried again.
    Retrying = "state.retrying",
    /// Answered in full.
    Done = "state.done",
    /// The text is not whole.
    Cut = "state.cut",
    /// It would not answer.
    Refused = "state.refused",
    /// It could not be asked.
    Failed = "state.failed",
    /// The user stopped it.
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

/// Every role with its key.
pub(super) const ROLES: &[(&str, Role)] = &[
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

/// The personas' colours in the order in which they are given to those that name none.
pub(super) const PERSONAS: [Part; 8] = [
    Part::Blue,
    Part::Teal,
    Part::Amber,
    Part::Violet,
    Part::Green,
    Part::Rose,
    Part::Cyan,
    Part::Orange,
];

/// Where a role's style stands in a theme's list.
pub(super) const fn role_slot(role: Role) -> usize {
    role as usize
}

/// Where a part's style stands in a theme's list.
pub(super) const fn part_slot(part: Part) -> usize {
    ROLES.len() + part as usize
}

/// How many styles a theme has.
pub(super) const SLOTS: usize = ROLES.len() + PARTS.len();

/// The slot of a theme's key.
pub(super) fn slot(key: &str) -> Option<usize> {
    let role = ROLES.iter().find(|(id, _)| *id == key).map(|(_, role)| role_slot(*role));
    role.or_else(|| PARTS.iter().find(|(id, _)| *id == key).map(|(_, part)| part_slot(*part)))
}

/// Every key.
pub(super) fn keys() -> impl Iterator<Item = &'static str> {
    ROLES.iter().map(|(id, _)| *id).chain(PARTS.iter().map(|(id, _)| *id))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_key_has_a_slot_of_its_own() {
        let slots: BTreeSet<usize> = keys().map(|key| slot(key).unwrap()).collect();
        assert_eq!(slots.len(), SLOTS);
        assert_eq!(slots.last(), Some(&(SLOTS - 1)));
        // `Role` has no list of its own; the last variant tells when a row is missing here.
        assert_eq!(role_slot(Role::Removed), ROLES.len() - 1);
    }
}
