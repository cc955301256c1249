//! All actions. One row each: the variant, its id in keymaps, and its former ids.
//!
//! Keys and descriptions are in `keymap/default.toml`, behaviour is in `update::input`. The compiler requires an arm for
//! every variant in `update::input::global`; a test requires a handler in every context that binds the action.

macro_rules! actions {
    ($($(#[$doc:meta])* $variant:ident = $id:literal $(| $old:literal)*,)*) => {
        /// What a key press means.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Action { $($(#[$doc])* $variant,)* }

        impl Action {
            /// Every action.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// Its id in keymaps.
            pub fn id(self) -> &'static str {
                match self { $(Self::$variant => $id,)* }
            }

            /// The action with this id or former id.
            pub fn parse(id: &str) -> Option<Self> {
                match id { $($id $(| $old)* => Some(Self::$variant),)* _ => None }
            }
        }
    };
}

actions! {
    /// Send the question.
    Send = "send",
    /// Insert a line break into the question.
    Newline = "newline",
    /// Leave the composer.
    Leave = "leave",
    /// Go to the composer.
    Compose = "compose",
    /// Show the previous question of the question history.
    HistoryOlder = "history-older",
    /// Show the next question of the question history.
    HistoryNewer = "history-newer",
    /// Open the editor.
    Edit = "edit",
    /// Send the first example.
    Example1 = "example-1",
    /// Send the second example.
    Example2 = "example-2",
    /// Send the third example.
    Example3 = "example-3",
    /// Drop the personas that a trigger added.
    Dismiss = "dismiss",
    /// Take the offered name.
    Accept = "accept",
    /// The next row.
    Next = "next",
    /// The previous row.
    Previous = "previous",
    /// Close the overlay; leave zoom; cancel the focused answer.
    Back = "back",
    /// One row down.
    LineDown = "line-down",
    /// One row up.
    LineUp = "line-up",
    /// Half a page down.
    HalfPageDown = "half-page-down",
    /// Half a page up.
    HalfPageUp = "half-page-up",
    /// A page down.
    PageDown = "page-down",
    /// A page up.
    PageUp = "page-up",
    /// To the top.
    Top = "top",
    /// To the bottom.
    Bottom = "bottom",
    /// Scroll code to the right.
    ScrollRight = "scroll-right",
    /// Scroll code to the left.
    ScrollLeft = "scroll-left",
    /// The next section.
    SectionNext = "section-next",
    /// The previous section.
    SectionPrevious = "section-previous",
    /// The next code block.
    CodeNext = "code-next",
    /// The previous code block.
    CodePrevious = "code-previous",
    /// The next pane.
    PaneNext = "pane-next",
    /// The previous pane.
    PanePrevious = "pane-previous",
    /// Pane 1.
    Pane1 = "pane-1",
    /// Pane 2.
    Pane2 = "pane-2",
    /// Pane 3.
    Pane3 = "pane-3",
    /// Pane 4.
    Pane4 = "pane-4",
    /// Pane 5.
    Pane5 = "pane-5",
    /// Pane 6.
    Pane6 = "pane-6",
    /// Pane 7.
    Pane7 = "pane-7",
    /// Pane 8.
    Pane8 = "pane-8",
    /// Pane 9.
    Pane9 = "pane-9",
    /// One pane fills the screen, or all are shown again.
    Zoom = "zoom",
    /// Follow the stream, or stop following.
    Follow = "follow",
    /// The next layout.
    Layout = "layout",
    /// Wrap code, or scroll it sideways.
    Wrap = "wrap",
    /// The next theme.
    Theme = "theme",
    /// Retry this persona's answer.
    Retry = "retry",
    /// Retry all answers that failed or were cut.
    RetryFailed = "retry-failed",
    /// Cancel this answer.
    Cancel = "cancel",
    /// Cancel all answers.
    CancelAll = "cancel-all",
    /// Copy the code block or section at the top of the view.
    CopyBlock = "copy-block",
    /// Copy the answer.
    CopyAnswer = "copy-answer",
    /// Download the local model, or show the progress.
    GetModel = "get-model",
    /// The next view.
    View = "view",
    /// The answers side by side.
    Answers = "answers",
    /// Facet against facet.
    Compare = "compare",
    /// The list of recommendations; from that list, back to the answers.
    Triage = "triage",
    /// This persona's answer against its previous one.
    Change = "change",
    /// Assumptions and numbers.
    Ledger = "ledger",
    /// A summary with verified quotes.
    Brief = "brief",
    /// Write the session to a file.
    Export = "export",
    /// Accept the recommendation.
    DecideAccept = "decide-accept",
    /// Reject it.
    DecideReject = "decide-reject",
    /// Defer it.
    DecideDefer = "decide-defer",
    /// Repeat the last decision.
    DecideAgain = "decide-again",
    /// Accept all listed recommendations.
    AcceptListed = "accept-listed",
    /// Reject all listed recommendations.
    RejectListed = "reject-listed",
    /// Defer all listed recommendations.
    DeferListed = "defer-listed",
    /// Comment on it.
    Comment = "comment",
    /// Set its owner.
    Owner = "owner",
    /// Change the title of a recommendation or a session.
    Rename = "rename",
    /// Give a session tags.
    Tag = "tag",
    /// Remove what is not a recommendation; delete a session.
    Drop = "drop",
    /// Merge two recommendations, or split a merged one.
    Merge = "merge" | "same",
    /// Undo the last step of triage.
    Undo = "undo",
    /// Redo the step that was undone last.
    Redo = "redo",
    /// The next undecided recommendation.
    NextOpen = "next-open",
    /// List only the recommendations of the next facet.
    FilterFacet = "filter-facet",
    /// List only the recommendations with the next status.
    FilterStatus = "filter-state",
    /// List all.
    FilterNone = "filter-none",
    /// Scroll the source beside the list down by a row.
    ScrollDown = "scroll-down",
    /// Scroll the source beside the list up by a row.
    ScrollUp = "scroll-up",
    /// Select lines as a recommendation; begin the selection.
    Select = "select",
    /// Have another persona challenge it.
    Challenge = "challenge",
    /// Yes.
    Yes = "yes",
    /// Only the undecided ones.
    OnlyOpen = "only-open",
    /// No.
    No = "no",
    /// Write what could not be saved to a file.
    WriteUnsaved = "write-unsaved",
    /// Sessions.
    Sessions = "sessions",
    /// Open or run the selected row, or save the line.
    Open = "open",
    /// A new session.
    New = "new",
    /// Narrow the list by typing.
    Filter = "filter",
    /// Keys and actions.
    Help = "help",
    /// Find an action and run it.
    Palette = "palette",
    /// Redraw the screen.
    Redraw = "redraw",
    /// Stop until the shell continues the program.
    Suspend = "suspend",
    /// End the program.
    Quit = "quit",
    /// Pressed twice, end the program.
    Interrupt = "interrupt",
}

impl Action {
    /// Index of the pane that a `pane-N` action focuses.
    pub fn pane(self) -> Option<usize> {
        self.id().strip_prefix("pane-")?.parse::<usize>().ok()?.checked_sub(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_unique_and_old_ones_still_work() {
        for action in Action::ALL {
            assert_eq!(Action::parse(action.id()), Some(*action));
        }
        assert_eq!(Action::parse("same"), Some(Action::Merge));
        assert_eq!(Action::parse("no-such-action"), None);
    }
}
