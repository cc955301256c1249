//! What a key can mean. One row each: the variant, its id in keymaps, and the ids that it had before.
//!
//! Keys and descriptions are in `keymap/default.toml`, behaviour is in `update::input`. The compiler demands an arm for
//! every variant in `update::input::global`; a test demands a handler in every context that binds the action.

macro_rules! actions {
    ($($(#[$doc:meta])* $variant:ident = $id:literal $(| $old:literal)*,)*) => {
        /// What a key means.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Action { $($(#[$doc])* $variant,)* }

        impl Action {
            /// Every action.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// Its id in keymaps.
            pub fn id(self) -> &'static str {
                match self { $(Self::$variant => $id,)* }
            }

            /// The action with this id, or that had it before.
            pub fn parse(id: &str) -> Option<Self> {
                match id { $($id $(| $old)* => Some(Self::$variant),)* _ => None }
            }
        }
    };
}

actions! {
    /// Send the question.
    Send = "send",
    /// Begin a new line in the question.
    Newline = "newline",
    /// Leave the composer.
    Leave = "leave",
    /// Go to the composer.
    Compose = "compose",
    /// The previous question of the history.
    HistoryOlder = "history-older",
    /// The next question of the history.
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
    /// Code to the right.
    ScrollRight = "scroll-right",
    /// Code to the left.
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
    /// Ask this persona again.
    Retry = "retry",
    /// Ask those again whose answers failed or were cut.
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
    /// The list of recommendations; from there back to the answers.
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
    /// Accept all that are listed.
    AcceptListed = "accept-listed",
    /// Reject all that are listed.
    RejectListed = "reject-listed",
    /// Defer all that are listed.
    DeferListed = "defer-listed",
    /// Comment on it.
    Comment = "comment",
    /// Say who does it.
    Owner = "owner",
    /// Give a recommendation or a session a better title.
    Rename = "rename",
    /// Give a session tags.
    Tag = "tag",
    /// Remove a recommendation that is none; delete a session.
    Drop = "drop",
    /// Merge two recommendations, or split a merged one.
    Merge = "merge" | "same",
    /// Undo the last step of triage.
    Undo = "undo",
    /// Redo the step that was undone last.
    Redo = "redo",
    /// The next undecided recommendation.
    NextOpen = "next-open",
    /// List those of the next facet only.
    FilterFacet = "filter-facet",
    /// List those in the next state only.
    FilterStatus = "filter-state",
    /// List all.
    FilterNone = "filter-none",
    /// The source beside the list a row down.
    ScrollDown = "scroll-down",
    /// The source beside the list a row up.
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
    /// Index of the pane that a `pane-N` action means.
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
