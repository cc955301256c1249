//! The loop: what happens → `update` → effects → a frame when one is due.
//!
//! Runs on the main thread. Runs of the fan-out live on the runtime's workers and reach it through the inbox, once a frame.

use std::io;
use std::sync::Arc;

use crossterm::event::EventStream;
use futures_util::StreamExt;
use tokio::sync::mpsc::{Receiver, channel};

use super::clock::Timer;
use super::editor::{self, Editing};
use super::effects::{Hands, Turn};
use super::frame::Frames;
use super::highlighter::Worker;
use super::providers::Providers;
use super::pulls::Pulls;
use super::run_starter::RunStarter;
use super::signals::{self, Signals};
use super::terminal::{self, Screen};
use super::{input, look, roster};
use crate::app::{
    Context, EditFor, Effects, Key, KeyCode, Keymap, Level, Msg, Signal, State, update,
};
use crate::config::Setup;
use crate::domain::SessionId;
use crate::store::{Store, StoreError};
use crate::ui::Renderer;

/// How the program starts.
#[derive(Debug, Clone, Default)]
pub struct Start {
    /// A question to ask at once.
    pub question: Option<String>,
    /// A session to go on with.
    pub session: Option<SessionId>,
    /// Local models that are not there are fetched without asking.
    pub pull: bool,
}

/// Why the screen could not be shown.
#[derive(Debug, thiserror::Error)]
pub enum TuiError {
    /// The configuration has an error: file, line, what to do.
    #[error("{0}")]
    Config(String),
    /// The terminal could not be taken or written.
    #[error("the terminal: {0}")]
    Terminal(#[from] io::Error),
}

/// Shows the panel until the user quits; the number is the exit status.
pub fn run_tui(setup: Setup, start: Start, store: Store) -> Result<u8, TuiError> {
    let timer = Timer::start();
    let keymap = keymap(&setup)?;
    let looks = look::choose(&setup).map_err(TuiError::Config)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .thread_name("runs")
        .enable_all()
        .build()?;
    let status = runtime.block_on(async {
        terminal::install_panic_hook();
        let mut signals = Signals::listen()?;
        let mut state = State::new(roster::of(&setup), keymap);
        let screen = Screen::take()?;
        state.size = screen.size();
        let (messages, inbound) = channel(1024);
        signals::watch_terminal(messages.clone());
        let notices = [setup.notices.clone(), looks.notices].concat();
        let hands = Hands {
            pulls: Pulls::new(&setup.providers, messages.clone()),
            starter: RunStarter::new(Providers::new(setup.providers), store),
            searches: Arc::default(),
            worker: Worker::start(messages.clone()),
            messages,
            state_folder: setup.paths.state.clone(),
            theme_folder: setup.paths.config.join("themes"),
            depth: looks.depth,
        };
        let mut renderer = Renderer::new(looks.theme);
        renderer.set_terminal_is_light(looks.is_light);
        let mut tui = Tui {
            timer,
            state,
            renderer,
            screen,
            frames: Frames::default(),
            hands,
            inbound,
            editing: None,
        };
        tui.take_stock();
        tui.tell_notices(&notices);
        tui.run(start, &mut signals).await
    });
    // Whatever still waits (a hung name lookup, a blocked read) must not hold up the end.
    runtime.shutdown_background();
    Ok(status?)
}

fn keymap(setup: &Setup) -> Result<Keymap, TuiError> {
    let map = match &setup.keys {
        Some((path, text)) => Keymap::with_user(text, &path.display().to_string()),
        None => Keymap::default_keys(),
    };
    map.map_err(|e| TuiError::Config(e.to_string()))
}

/// The key that sends; before more keys of the same burst it begins a new line.
const ENTER: Key = Key::plain(KeyCode::Enter);

struct Tui {
    timer: Timer,
    state: State,
    renderer: Renderer,
    screen: Screen,
    frames: Frames,
    hands: Hands,
    inbound: Receiver<Msg>,
    editing: Option<Editing>,
}

/// What woke the loop.
enum Woke {
    Signal(Signal),
    Terminal(Option<io::Result<crossterm::event::Event>>),
    Message(Msg),
    Inbox,
    Frame,
    EditorClosed(Result<(), String>),
    StoreTrouble,
}

impl Tui {
    async fn run(&mut self, start: Start, signals: &mut Signals) -> io::Result<u8> {
        let mut events = Some(input::start());
        self.draw()?;
        let mut turn = self.begin(start);
        loop {
            match turn.take() {
                Some(Turn::Quit(status)) => return Ok(self.end(status)),
                Some(Turn::Redraw) => {
                    self.screen.clear()?;
                    self.frames.now(self.timer.elapsed());
                }
                Some(Turn::Suspend) => {
                    input::stop(&mut events);
                    self.suspend(signals).await?;
                    events = Some(EventStream::new());
                }
                Some(Turn::Edit(purpose, text)) => {
                    input::stop(&mut events);
                    if !self.edit(purpose, &text)? {
                        events = Some(EventStream::new());
                    }
                }
                None => {}
            }
            let due = self.editing.is_none() && self.frames.is_due(self.timer.elapsed());
            if due && self.draw().is_err() {
                // Nobody can see it any more: what is there is kept, and that is all.
                turn = self.take(Msg::Signal(Signal::Hangup));
                continue;
            }
            let woke = self.wait(signals, events.as_mut()).await;
            if matches!(woke, Woke::EditorClosed(_)) {
                self.screen.retake()?;
                events = Some(EventStream::new());
            }
            turn = self.handle(woke);
        }
    }

    fn begin(&mut self, start: Start) -> Option<Turn> {
        let opened = start.session.map(crate::app::Effect::Open);
        let turn = opened.and_then(|e| self.hands.run(&self.state, &mut self.renderer, e));
        if start.pull {
            self.take(Msg::GetModels);
        }
        match start.question {
            Some(question) => self.take(Msg::Ask(question)),
            None => turn,
        }
    }

    /// Tells the state which local models are there.
    fn take_stock(&mut self) {
        let ids = self.state.locals.models.iter().map(|model| model.weights.id.clone());
        for id in ids.collect::<Vec<_>>() {
            for news in self.hands.pulls.stock(&id) {
                self.take(Msg::Pull(id.clone(), news));
            }
        }
    }

    async fn wait(&mut self, signals: &mut Signals, events: Option<&mut EventStream>) -> Woke {
        let due = if self.editing.is_none() { self.frames.due() } else { None };
        let timer = self.timer;
        let frame = async move {
            match due {
                Some(at) => tokio::time::sleep_until(timer.at(at)).await,
                None => std::future::pending().await,
            }
        };
        let event = async move {
            match events {
                Some(events) => events.next().await,
                None => std::future::pending().await,
            }
        };
        let editing = self.editing.as_mut();
        let editor = async move {
            match editing {
                Some(editing) => editing.closed().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            signal = signals.ending() => Woke::Signal(signal),
            event = event => Woke::Terminal(event),
            Some(msg) = self.inbound.recv() => Woke::Message(msg),
            closed = editor => Woke::EditorClosed(closed),
            () = self.hands.starter.store.troubled() => Woke::StoreTrouble,
            () = frame => Woke::Frame,
            () = self.hands.starter.inbox.ready() => Woke::Inbox,
        }
    }

    fn handle(&mut self, woke: Woke) -> Option<Turn> {
        match woke {
            // In an editor Ctrl-c belongs to the editor.
            Woke::Signal(Signal::Interrupt) if self.editing.is_some() => None,
            Woke::Signal(signal) => self.take(Msg::Signal(signal)),
            Woke::Terminal(Some(Ok(event))) => match input::message(event) {
                Some(Msg::Key(key)) if key == ENTER && self.writing() && input::more() => {
                    self.take(Msg::Key(Key { alt: true, ..key }))
                }
                Some(msg) => {
                    // What has arrived is part of what a key acts on: a cancelled answer keeps it.
                    let turn = self.drain();
                    turn.or_else(|| self.take(msg))
                }
                None => None,
            },
            Woke::Terminal(Some(Err(_)) | None) => self.take(Msg::Signal(Signal::Hangup)),
            Woke::Message(msg) => self.take_in_turn(msg),
            Woke::EditorClosed(closed) => self.edited(closed),
            Woke::Inbox => {
                self.frames.stream(self.timer.elapsed());
                // Nobody draws while the editor is open, but what arrives is stored all the same.
                if self.editing.is_some() { self.drain() } else { None }
            }
            Woke::StoreTrouble => {
                let trouble = self.hands.starter.store.trouble()?;
                self.take(Msg::Tell(trouble_level(&trouble), trouble.to_string()))
            }
            Woke::Frame => self.drain(),
        }
    }

    /// True while Enter would send the question.
    fn writing(&self) -> bool {
        self.state.context() == Context::Composer
    }

    /// Colours may wait for the next frame of the streams; everything else shows at once.
    fn take_in_turn(&mut self, msg: Msg) -> Option<Turn> {
        if !matches!(msg, Msg::Highlighted(..)) {
            return self.take(msg);
        }
        let turn = self.apply(msg);
        self.frames.stream(self.timer.elapsed());
        turn
    }

    /// One message, and the screen is due at once.
    fn take(&mut self, msg: Msg) -> Option<Turn> {
        self.clock();
        let turn = self.apply(msg);
        self.frames.now(self.timer.elapsed());
        turn
    }

    /// One message into the state; its effects are done.
    fn apply(&mut self, msg: Msg) -> Option<Turn> {
        let (mut turn, mut effects) = (None, Effects::new());
        update(&mut self.state, msg, &mut effects);
        for effect in effects {
            turn = self.hands.run(&self.state, &mut self.renderer, effect).or(turn);
        }
        turn
    }

    fn clock(&mut self) {
        // Time passing asks for nothing.
        update(&mut self.state, Msg::Clock(self.timer.now()), &mut Effects::new());
    }

    /// Everything the runs reported since the last time.
    fn drain(&mut self) -> Option<Turn> {
        self.clock();
        let mut turn = None;
        for (run, updates) in self.hands.starter.inbox.drain() {
            turn = self.apply(Msg::Run(run, updates)).or(turn);
        }
        turn
    }

    fn draw(&mut self) -> io::Result<()> {
        self.clock();
        let drawn = self.screen.draw(&self.state, &mut self.renderer);
        self.frames.drawn(self.timer.elapsed());
        if let Some(at) = self.state.next_change() {
            self.frames.later(at);
        }
        drawn
    }

    fn tell_notices(&mut self, notices: &[String]) {
        let text = match notices {
            [] => return,
            [only] => only.clone(),
            [first, rest @ ..] => {
                format!("{first} (and {} more: `plenary doctor` lists them)", rest.len())
            }
        };
        self.take(Msg::Tell(Level::Warning, text));
    }

    async fn suspend(&mut self, signals: &mut Signals) -> io::Result<()> {
        self.drain();
        self.hands.starter.store.flush();
        self.screen.lend();
        signals::suspend(signals).await;
        self.screen.retake()?;
        let (columns, rows) = self.screen.size();
        self.take(Msg::Resize(columns, rows));
        Ok(())
    }

    /// Lends the terminal to the editor; false when it could not be opened.
    fn edit(&mut self, purpose: EditFor, text: &str) -> io::Result<bool> {
        self.screen.lend();
        let hidden = editor::key_variables(self.hands.starter.providers.specs());
        match editor::open(purpose, text, &self.hands.state_folder, &hidden) {
            Ok(editing) => {
                self.editing = Some(editing);
                Ok(true)
            }
            Err(why) => {
                self.screen.retake()?;
                self.take(Msg::Edited(purpose, Err(why)));
                Ok(false)
            }
        }
    }

    fn edited(&mut self, closed: Result<(), String>) -> Option<Turn> {
        let editing = self.editing.take()?;
        let purpose = editing.purpose;
        let text = match closed {
            Ok(()) => editing.text(),
            Err(why) => {
                editing.discard();
                Err(why)
            }
        };
        let (columns, rows) = self.screen.size();
        self.take(Msg::Resize(columns, rows));
        self.take(Msg::Edited(purpose, text))
    }

    /// The last things: what arrived is kept, the terminal is given back, the store is written out.
    fn end(&mut self, status: u8) -> u8 {
        terminal::leave();
        self.hands.starter.store.flush();
        status
    }
}

/// That everything is written again is good news.
fn trouble_level(trouble: &StoreError) -> Level {
    match trouble {
        StoreError::Recovered { .. } => Level::Info,
        _ => Level::Error,
    }
}
