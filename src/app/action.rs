//! What a key can mean. One row each: the word that keymaps use, and the variant.
//!
//! Keys and descriptions stand in `keymap/default.toml`; what an action does stands in `update`, where the compiler
//! demands an arm for every variant.

macro_rules! actions {
    ($($(#[$doc:meta])* $variant:ident = $id:literal,)*) => {
        /// What a key means.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Action { $($(#[$doc])* $variant,)* }

        impl Action {
            /// Every action.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The word that keymaps use.
            pub fn id(self) -> &'static str {
                match self { $(Self::$variant => $id,)* }
            }

            /// The action of this word.
            pub fn parse(id: &str) -> Option<Self> {
                match id { $($id => Some(Self::$variant),)* _ => None }
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
    /// The question before.
    HistoryOlder = "history-older",
    /// The question after.
    HistoryNewer = "history-newer",
    /// Open the editor.
    Edit = "edit",
    /// Send the first example.
    Example1 = "example-1",
    /// Send the second example.
    Example2 = "example-2",
    /// Send the third example.
    Example3 = "example-3",
    /// Send away the personas that a trigger brought in.
    Dismiss = "dismiss",
    /// Take the offered name.
    Accept = "accept",
    /// The next row.
    Next = "next",
    /// The row before.
    Previous = "previous",
    /// Close what lies above; leave zoom; cancel the focused answer.
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
    /// The section before.
    SectionPrevious = "section-previous",
    /// The next code block.
    CodeNext = "code-next",
    /// The code block before.
    CodePrevious = "code-previous",
    /// The next pane.
    PaneNext = "pane-next",
    /// The pane before.
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
    /// One pane fills the screen, or all are there again.
    Zoom = "zoom",
    /// Follow the stream, or stop following.
    Follow = "follow",
    /// The next layout.
    Layout = "layout",
    /// Wrap code, or scroll it sideways.
    Wrap = "wrap",
    /// The next theme.
    Theme = "theme",
    /// Ask this persona anew.
    Retry = "retry",
    /// Ask those anew that failed or were cut.
    RetryFailed = "retry-failed",
    /// Cancel this answer.
    Cancel = "cancel",
    /// Cancel all answers.
    CancelAll = "cancel-all",
    /// Copy the code block or section at the top of the view.
    CopyBlock = "copy-block",
    /// Copy the answer.
    CopyAnswer = "copy-answer",
    /// Get the local model, or see how that goes.
    GetModel = "get-model",
    /// The next view.
    View = "view",
    /// The answers side by side.
    Answers = "answers",
    /// Facet against facet.
    Compare = "compare",
    /// The list of recommendations; from there back to the answers.
    Triage = "triage",
    /// This persona's answer against its last one.
    Change = "change",
    /// Assumptions and numbers.
    Ledger = "ledger",
    /// A summary whose quotes were checked.
    Brief = "brief",
    /// Write the session to a file.
    Export = "export",
    /// Accept the recommendation.
    DecideAccept = "decide-accept",
    /// Reject it.
    DecideReject = "decide-reject",
    /// Defer it.
    DecideDefer = "decide-defer",
    /// Decide as the last time.
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
    /// Give it a better title; a session too.
    Rename = "rename",
    /// Give a session tags.
    Tag = "tag",
    /// Take it off the list: it is no recommendation; a session is deleted.
    Drop = "drop",
    /// Mark two as the same.
    Same = "same",
    /// Undo the last step of triage.
    Undo = "undo",
    /// Do again what was undone.
    Redo = "redo",
    /// The next one that is not decided.
    NextOpen = "next-open",
    /// List those of the next facet only.
    FilterFacet = "filter-facet",
    /// List those in the next state only.
    FilterWhich = "filter-state",
    /// List all.
    FilterNone = "filter-none",
    /// The source beside the list a row down.
    ScrollDown = "scroll-down",
    /// The source beside the list a row up.
    ScrollUp = "scroll-up",
    /// Select lines as a recommendation; begin the selection.
    Select = "select",
    /// Have another persona attack it.
    Challenge = "challenge",
    /// Yes.
    Yes = "yes",
    /// Only those that are open.
    OnlyOpen = "only-open",
    /// No.
    No = "no",
    /// Sessions.
    Sessions = "sessions",
    /// Open the chosen one, or run it.
    Open = "open",
    /// A new session.
    New = "new",
    /// Narrow the list by typing.
    Filter = "filter",
    /// Keys and actions.
    Help = "help",
    /// Find an action and run it.
    Palette = "palette",
    /// Draw everything anew.
    Redraw = "redraw",
    /// Stop until the shell continues the program.
    Suspend = "suspend",
    /// End the program.
    Quit = "quit",
    /// Pressed twice, end the program.
    Interrupt = "interrupt",
}

impl Action {
    /// The pane that a `pane-N` action means, counted from 0.
    pub fn pane(self) -> Option<usize> {
        self.id().strip_prefix("pane-")?.parse::<usize>().ok()?.checked_sub(1)
    }

    /// The example that an `example-N` action means, counted from 0.
    pub fn example(self) -> Option<usize> {
        self.id().strip_prefix("example-")?.parse::<usize>().ok()?.checked_sub(1)
    }
}
