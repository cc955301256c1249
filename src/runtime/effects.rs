//! Effects → work: what `update` asked for is done here, and nowhere else.
//!
//! Nothing here blocks the loop: the store queues, reads run on the blocking pool, copying on a thread. What only the loop can do
//! (lend the terminal, end) comes back as a [`Turn`].

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::mpsc::Sender;

use super::clipboard;
use super::highlighter::Worker;
use super::pulls::Pulls;
use super::run_starter::RunStarter;
use super::stored::stored;
use crate::app::{EditFor, Effect, Level, Msg, State};
use crate::config::personas::expand_home;
use crate::store::Store;
use crate::ui::Renderer;
use crate::ui::theme::{ColorDepth, Theme};

/// Sessions that the list shows at most.
const LISTED: usize = 500;

/// How long typing must pause before sessions are searched: a search reads the whole store.
const PAUSE: Duration = Duration::from_millis(120);

/// Sessions that a search finds at most.
const FOUND: usize = 100;

/// What the loop itself must do.
#[derive(Debug, PartialEq, Eq)]
pub enum Turn {
    /// End with this status.
    Quit(u8),
    /// Draw everything anew.
    Redraw,
    /// Stop until continued.
    Suspend,
    /// Open the editor on this text.
    Edit(EditFor, String),
}

/// Everything effects are done with.
pub struct Hands {
    /// Starts and cancels runs, stores changes.
    pub starter: RunStarter,
    /// Fetches of local models.
    pub pulls: Pulls,
    /// Colours code.
    pub worker: Worker,
    /// How many searches were asked for.
    pub searches: Arc<AtomicU64>,
    /// Messages of work that ends later.
    pub messages: Sender<Msg>,
    /// Private files: `$XDG_STATE_HOME/plenary`.
    pub state_folder: PathBuf,
    /// The user's themes.
    pub theme_folder: PathBuf,
    /// Colours of the terminal.
    pub depth: ColorDepth,
}

impl Hands {
    /// Does one effect.
    pub fn run(&mut self, state: &State, renderer: &mut Renderer, effect: Effect) -> Option<Turn> {
        match effect {
            Effect::Ask(orders) => {
                self.starter.start_runs(orders);
                self.worker.warm_up();
            }
            Effect::Cancel(run) => self.starter.cancel_run(run),
            Effect::CancelAll => self.starter.cancel_all(),
            Effect::Save(change) => self.starter.save(change),
            Effect::Highlight(run, jobs) => self.worker.colour(run, jobs),
            Effect::Scroll(pane, scroll) => renderer.scroll_view(state, pane, scroll),
            Effect::Copy { text, what } => self.copy(text, what),
            Effect::CopyBlock(pane) => match renderer.find_copy_source(state, pane) {
                Some((text, what)) => self.copy(text, what),
                None => self.tell(Level::Info, "nothing to copy here".to_owned()),
            },
            Effect::ListSessions => {
                self.read(|store| Msg::Sessions(store.list(LISTED).map_err(|e| e.to_string())));
            }
            Effect::Reveal(pane, run, at) => renderer.reveal_offset(pane, run, at),
            Effect::RevealSection(pane) => renderer.reveal_section(pane),
            Effect::Search(words) => self.search(words),
            Effect::Rename(id, title) => self.read(move |store| {
                Msg::Kept(match store.rename(id, title) {
                    Ok(()) => Ok("the session was renamed".to_owned()),
                    Err(e) => Err(e.to_string()),
                })
            }),
            Effect::Tag(id, tags) => self.read(move |store| {
                Msg::Kept(match store.tag(id, tags) {
                    Ok(()) => Ok("the tags were kept".to_owned()),
                    Err(e) => Err(e.to_string()),
                })
            }),
            Effect::Delete(id) => self.read(move |store| {
                Msg::Kept(match store.delete(id) {
                    Ok(()) => Ok("the session was deleted".to_owned()),
                    Err(e) => Err(e.to_string()),
                })
            }),
            Effect::Export { session, format, path } => {
                let personas = state.roster.personas.clone();
                let synonyms = Arc::clone(&state.roster.synonyms);
                self.read(move |store| {
                    let place = path.map(|path| expand_home(Path::new(&path)));
                    let known = (personas.as_slice(), &*synonyms);
                    match stored(&store, session, format, place.as_deref(), known) {
                        Ok(path) => Msg::Tell(Level::Info, format!("wrote {}", path.display())),
                        Err(why) => Msg::Tell(Level::Error, why),
                    }
                });
            }
            Effect::Open(id) => self.read(move |store| {
                Msg::Opened(match store.load(id) {
                    Ok(Some(session)) => Ok(Box::new(session)),
                    Ok(None) => Err(format!("there is no session {}", id.short())),
                    Err(e) => Err(e.to_string()),
                })
            }),
            Effect::Pull(id) => self.pulls.start(&id),
            Effect::CancelPull(id) => self.pulls.cancel(&id),
            Effect::ForgetPanes => {
                renderer.forget_session();
                self.worker.forget();
            }
            Effect::ToggleWrap => renderer.toggle_wrap(),
            Effect::NextTheme => self.next_theme(renderer),
            Effect::Edit(purpose, text) => return Some(Turn::Edit(purpose, text)),
            Effect::Redraw => return Some(Turn::Redraw),
            Effect::Suspend => return Some(Turn::Suspend),
            Effect::Quit(status) => return Some(Turn::Quit(status)),
        }
        None
    }

    fn copy(&self, text: String, what: String) {
        let (messages, folder) = (self.messages.clone(), self.state_folder.clone());
        tokio::task::spawn_blocking(move || {
            let told = match clipboard::copy(&text, &what, &folder) {
                Ok(done) => Msg::Tell(Level::Info, done),
                Err(why) => Msg::Tell(Level::Error, why),
            };
            let _ = messages.blocking_send(told);
        });
    }

    fn read(&self, work: impl FnOnce(Store) -> Msg + Send + 'static) {
        let (messages, store) = (self.messages.clone(), self.starter.store.clone());
        tokio::task::spawn_blocking(move || {
            let _ = messages.blocking_send(work(store));
        });
    }

    /// Searches when typing has paused; of several searches that were asked for meanwhile only the last is made.
    fn search(&self, words: String) {
        let (messages, store) = (self.messages.clone(), self.starter.store.clone());
        let asked = self.searches.fetch_add(1, Ordering::Relaxed) + 1;
        let searches = Arc::clone(&self.searches);
        tokio::spawn(async move {
            tokio::time::sleep(PAUSE).await;
            if searches.load(Ordering::Relaxed) != asked {
                return;
            }
            let found = tokio::task::spawn_blocking(move || {
                let found = store.search(&words, FOUND).map_err(|e| e.to_string());
                Msg::Found(words, found)
            });
            if let Ok(found) = found.await {
                let _ = messages.send(found).await;
            }
        });
    }

    fn tell(&self, level: Level, text: String) {
        // The loop drains this channel every round; if it is full, a line of status is what can be spared.
        let _ = self.messages.try_send(Msg::Tell(level, text));
    }

    fn next_theme(&self, renderer: &mut Renderer) {
        let names = Theme::list_names(Some(&self.theme_folder));
        let at = names.iter().position(|n| *n == renderer.theme().name).map_or(0, |at| at + 1);
        let Some(name) = names.get(at % names.len().max(1)) else { return };
        match Theme::load(name, Some(&self.theme_folder), self.depth) {
            Ok((theme, _)) => {
                renderer.set_theme(theme);
                self.tell(Level::Info, format!("theme: {name}"));
            }
            Err(why) => self.tell(Level::Error, why),
        }
    }
}
