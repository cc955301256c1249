//! The terminal is lent: to the shell while the process is stopped, and to the editor.

use std::io;

use super::Tui;
use crate::app::{EditorPurpose, Msg, NoticeLevel};
use crate::runtime::editor::{self, EditorError};
use crate::runtime::effect_runner::LoopCommand;
use crate::runtime::signals::TuiSignals;

impl Tui {
    /// Puts a question that was in the editor when a program died into the composer.
    pub(super) fn recover_question(&mut self) {
        let Some(text) = editor::recover_question(&self.edit_folder) else { return };
        self.update_and_draw(Msg::EditorClosed(EditorPurpose::Question, Ok(text)));
        let notice = "what was in the editor when plenary ended is in the composer again";
        self.update_and_draw(Msg::Notice(NoticeLevel::Info, notice.to_owned()));
    }

    pub(super) async fn suspend_program(
        &mut self,
        signals: &mut TuiSignals,
    ) -> io::Result<Option<LoopCommand>> {
        self.drain_mailbox(usize::MAX);
        self.effect_runner.starter.store.flush();
        if self.editing.is_some() {
            // The editor has the terminal.
            let ended = signals.stop_process().await;
            return Ok(ended.and_then(|signal| self.update_and_draw(Msg::Signal(signal))));
        }
        self.input.stop_listening();
        self.screen.lend_terminal();
        if let Some(signal) = signals.stop_process().await {
            return Ok(self.update_and_draw(Msg::Signal(signal)));
        }
        self.screen.retake_terminal()?;
        self.input.listen();
        self.update_size();
        Ok(None)
    }

    /// Hands the terminal to the editor.
    pub(super) fn open_editor(&mut self, purpose: EditorPurpose, text: &str) -> io::Result<()> {
        self.input.stop_listening();
        self.screen.lend_terminal_to_child();
        match editor::open_editor(purpose, text, &self.edit_folder) {
            Ok(editing) => self.editing = Some(editing),
            Err(e) => {
                self.screen.retake_terminal()?;
                self.input.listen();
                self.update_and_draw(Msg::EditorClosed(purpose, Err(e.to_string())));
            }
        }
        Ok(())
    }

    pub(super) async fn on_editor_closed(
        &mut self,
        closed: Result<(), EditorError>,
    ) -> io::Result<Option<LoopCommand>> {
        self.screen.retake_terminal()?;
        self.input.listen();
        let Some(editing) = self.editing.take() else { return Ok(None) };
        let purpose = editing.purpose;
        let text = match closed {
            Ok(()) => editing.read_text().await,
            Err(e) => {
                editing.discard();
                Err(e)
            }
        };
        self.update_size();
        Ok(self.update_and_draw(Msg::EditorClosed(purpose, text.map_err(|e| e.to_string()))))
    }
}
