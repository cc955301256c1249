//! Carries out the effects that `update` asks for.
//!
//! Nothing here blocks the loop: the store queues, reads and copying run on the blocking pool. What only the loop can do
//! (lend the terminal, end) is returned as a [`LoopCommand`].

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc::Sender;

use super::clipboard;
use super::downloads::Downloads;
use super::export_session::export_session;
use super::highlighter::HighlightWorker;
use super::reading_worker::ReadingWorker;
use super::run_starter::RunStarter;
use super::unsaved_files::write_unsaved;
use crate::app::{EditorPurpose, Effect, Msg, NoticeLevel, RunRequest, State};
use crate::config::personas::expand_home;
use crate::domain::{SessionId, UnsavedChanges};
use crate::export::ReadingInput;
use crate::store::{SearchStop, Store, StoreError};
use crate::ui::Renderer;
use crate::ui::theme::{ColorDepth, Theme};

/// Limit on the sessions in the list.
const MAX_LISTED_SESSIONS: usize = 500;

/// How long typing must pause before sessions are searched: a search may read the whole store.
const SEARCH_DEBOUNCE: Duration = Duration::from_millis(120);

/// Limit on the sessions that a search finds.
const MAX_SEARCH_HITS: usize = 100;

/// What only the loop can do.
#[derive(Debug, PartialEq, Eq)]
pub enum LoopCommand {
    /// End with this status, with status 0 only if everything is on disk.
    Quit(u8),
    /// End, and print this afterwards.
    QuitUnsaved(String),
    /// Redraw the whole screen.
    Redraw,
    /// Stop the process until the shell continues it.
    Suspend,
    /// Open the editor on this text.
    Edit(EditorPurpose, String),
}

/// Carries out effects.
pub struct EffectRunner {
    /// Starts and cancels runs, stores changes.
    pub starter: RunStarter,
    /// Downloads of local models.
    pub downloads: Downloads,
    /// Highlights code.
    pub highlighter: HighlightWorker,
    /// Reads answers.
    pub reader: ReadingWorker,
    /// Stops the latest search.
    pub search: SearchStop,
    /// Where work that finishes later sends its result.
    pub messages: Sender<Msg>,
    /// Private files: `$XDG_STATE_HOME/plenary`.
    pub state_folder: PathBuf,
    /// The project's context for exports, if it is trusted.
    pub project_context: Option<Arc<str>>,
    /// The user's themes.
    pub theme_folder: PathBuf,
    /// Colours of the terminal.
    pub depth: ColorDepth,
}

impl EffectRunner {
    /// Carries out one effect.
    pub fn run_effect(
        &mut self,
        state: &State,
        renderer: &mut Renderer,
        effect: Effect,
    ) -> Option<LoopCommand> {
        match effect {
            Effect::Ask(requests) => self.start_runs(requests),
            Effect::Cancel(run) => self.starter.cancel_run(run),
            Effect::CancelAll => self.starter.cancel_all(),
            Effect::Save(change) => self.starter.save(change),
            Effect::Read(request) => self.reader.request(*request),
            Effect::Highlight(run, jobs) => self.highlighter.highlight_lines(run, jobs),
            Effect::Scroll(pane, scroll) => renderer.scroll_view(state, pane, scroll),
            Effect::Copy { text, what } => self.copy_text(text, what),
            Effect::CopyBlock(pane) => match renderer.find_copy_source(state, pane) {
                Some((text, what)) => self.copy_text(text, what),
                None => self.show_notice(NoticeLevel::Info, "nothing to copy here".to_owned()),
            },
            Effect::ListSessions => {
                self.spawn_store_read(|store| {
                    Msg::SessionsListed(
                        store.list_sessions(MAX_LISTED_SESSIONS).map_err(|e| e.to_string()),
                    )
                });
            }
            Effect::Reveal(pane, run, at) => renderer.reveal_offset(pane, run, at),
            Effect::RevealSection(pane) => renderer.reveal_section(pane),
            Effect::Search(words) => self.search_sessions(words),
            Effect::StopSearch => self.search.stop(),
            Effect::Rename(id, title) => {
                self.change_session("the session was renamed", move |s| {
                    s.rename_session(id, title)
                });
            }
            Effect::Tag(id, tags) => {
                self.change_session("the tags were kept", move |s| s.tag_session(id, tags));
            }
            Effect::Delete(id) => {
                self.change_session("the session was deleted", move |s| s.delete_session(id));
            }
            Effect::Export { session, format, path } => {
                let personas = state.roster.personas.clone();
                let synonyms = Arc::clone(&state.roster.synonyms);
                let context = self.project_context.clone();
                self.spawn_store_read(move |store| {
                    let place = path.map(|path| expand_home(Path::new(&path)));
                    let context = context.as_deref();
                    let known = ReadingInput { personas: &personas, synonyms: &synonyms, context };
                    match export_session(&store, session, format, place.as_deref(), &known) {
                        Ok(path) => {
                            Msg::Notice(NoticeLevel::Info, format!("wrote {}", path.display()))
                        }
                        Err(why) => Msg::Notice(NoticeLevel::Error, why),
                    }
                });
            }
            Effect::RefreshSession(id, revision) => self.refresh_session(id, revision),
            Effect::Open(id) => self.spawn_store_read(move |store| {
                Msg::SessionLoaded(match store.load_session(id) {
                    Ok(Some(session)) => Ok(Box::new(session)),
                    Ok(None) => Err(format!("there is no session {}", id.short())),
                    Err(e) => Err(e.to_string()),
                })
            }),
            Effect::Download(id) => self.downloads.start_download(&id),
            Effect::CancelDownload(id) => self.downloads.cancel_download(&id),
            Effect::ClearPaneCaches => {
                renderer.forget_session();
                self.highlighter.clear_answers();
            }
            Effect::ToggleWrap => renderer.toggle_wrap(),
            Effect::NextTheme => self.next_theme(renderer),
            Effect::Edit(purpose, text) => return Some(LoopCommand::Edit(purpose, text)),
            Effect::Redraw => return Some(LoopCommand::Redraw),
            Effect::Suspend => return Some(LoopCommand::Suspend),
            Effect::WriteUnsaved(changes) => self.write_unsaved(state, changes),
            Effect::Quit(status) => return Some(LoopCommand::Quit(status)),
            Effect::QuitUnsaved(farewell) => return Some(LoopCommand::QuitUnsaved(farewell)),
        }
        None
    }

    fn start_runs(&mut self, requests: Vec<RunRequest>) {
        for notice in self.starter.start_runs(requests) {
            self.show_notice(NoticeLevel::Warning, notice);
        }
        self.highlighter.warm_up();
    }

    fn copy_text(&self, text: String, what: String) {
        let (messages, folder) = (self.messages.clone(), self.state_folder.clone());
        tokio::task::spawn_blocking(move || {
            let notice = match clipboard::copy_text(&text, &what, &folder) {
                Ok(done) => Msg::Notice(NoticeLevel::Info, done),
                Err(why) => Msg::Notice(NoticeLevel::Error, why),
            };
            let _ = messages.blocking_send(notice);
        });
    }

    fn spawn_store_read(&self, work: impl FnOnce(Store) -> Msg + Send + 'static) {
        let (messages, store) = (self.messages.clone(), self.starter.store.clone());
        tokio::task::spawn_blocking(move || {
            let _ = messages.blocking_send(work(store));
        });
    }

    /// Loads a session again. If it cannot be read, it stays as it is. Whether it differs cannot be seen from the sums of
    /// its row in the list: another instance may change a decision, and this one something else at the same time.
    fn refresh_session(&self, id: SessionId, revision: u64) {
        let (messages, store) = (self.messages.clone(), self.starter.store.clone());
        tokio::task::spawn_blocking(move || match store.load_session(id) {
            Ok(session) => {
                let session = session.map(Box::new);
                let _ = messages.blocking_send(Msg::SessionRefreshed(id, revision, session));
            }
            Err(error) => tracing::warn!(%error, "the open session could not be read again"),
        });
    }

    fn change_session(
        &self,
        done: &'static str,
        change: impl FnOnce(Store) -> Result<(), StoreError> + Send + 'static,
    ) {
        self.spawn_store_read(move |store| {
            let changed = change(store).map(|()| done.to_owned());
            Msg::SessionChanged(changed.map_err(|e| e.to_string()))
        });
    }

    fn write_unsaved(&self, state: &State, changes: UnsavedChanges) {
        let personas = state.roster.personas.clone();
        let synonyms = Arc::clone(&state.roster.synonyms);
        let open = state.session.clone();
        self.spawn_store_read(move |store| {
            let known = (personas.as_slice(), &*synonyms);
            Msg::UnsavedWritten(write_unsaved(&store, &changes, open.as_ref(), known))
        });
    }

    /// Searches once typing has paused. Stops the previous search, whose words have changed.
    fn search_sessions(&mut self, words: String) {
        let (messages, store) = (self.messages.clone(), self.starter.store.clone());
        let stop = SearchStop::default();
        std::mem::replace(&mut self.search, stop.clone()).stop();
        tokio::spawn(async move {
            tokio::time::sleep(SEARCH_DEBOUNCE).await;
            if stop.is_stopped() {
                return;
            }
            let found = tokio::task::spawn_blocking(move || {
                match store.search_until(&words, MAX_SEARCH_HITS, &stop) {
                    Err(StoreError::Stopped) => None,
                    found => Some(Msg::SearchResults(words, found.map_err(|e| e.to_string()))),
                }
            });
            if let Ok(Some(found)) = found.await {
                let _ = messages.send(found).await;
            }
        });
    }

    fn show_notice(&self, level: NoticeLevel, text: String) {
        // If the channel is full, a line of status may be dropped.
        let _ = self.messages.try_send(Msg::Notice(level, text));
    }

    /// Changes between the themes of a dark and of a light background, unless the user has chosen another since.
    pub fn follow_background(&self, renderer: &mut Renderer, is_light: bool) {
        let (before, after) = if is_light { ("dark", "light") } else { ("light", "dark") };
        if renderer.theme().name != before {
            return;
        }
        match Theme::load(after, Some(&self.theme_folder), self.depth) {
            Ok((theme, _)) => renderer.set_theme(theme),
            Err(e) => self.show_notice(NoticeLevel::Error, e.to_string()),
        }
    }

    fn next_theme(&self, renderer: &mut Renderer) {
        let names = Theme::list_names(Some(&self.theme_folder));
        let at = names.iter().position(|n| *n == renderer.theme().name).map_or(0, |at| at + 1);
        let Some(name) = names.get(at % names.len().max(1)) else { return };
        match Theme::load(name, Some(&self.theme_folder), self.depth) {
            Ok((theme, _)) => {
                renderer.set_theme(theme);
                self.show_notice(NoticeLevel::Info, format!("theme: {name}"));
            }
            Err(e) => self.show_notice(NoticeLevel::Error, e.to_string()),
        }
    }
}
