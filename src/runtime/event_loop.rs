//! The event loop: message → `update` → effects → a frame when one is due.
//!
//! Runs on the main thread. Runs are tasks on the runtime's workers; their updates are drained once a frame.

use std::io;
use std::time::Duration;

use crossterm::event::EventStream;
use futures_util::StreamExt;
use tokio::sync::mpsc::{Receiver, channel};

use super::clock::ProgramClock;
use super::downloads::Downloads;
use super::editor::{self, Editing, EditorError};
use super::effect_runner::{EffectRunner, LoopCommand};
use super::frame_schedule::FrameSchedule;
use super::highlighter::HighlightWorker;
use super::provider_pool::ProviderPool;
use super::run_starter::RunStarter;
use super::signals::{self, TuiSignals};
use super::stream_budget::StreamBudget;
use super::terminal::{self, Screen};
use super::{appearance, input, roster};
use crate::app::{
    EditorPurpose, Effects, KeyCode, KeyContext, KeyPress, Keymap, Msg, NoticeLevel, Signal, State,
    update,
};
use crate::config::Setup;
use crate::domain::SessionId;
use crate::store::{SearchStop, Store, StoreError};
use crate::ui::Renderer;
use crate::ui::theme::ThemeError;

/// How the program starts.
#[derive(Debug, Clone, Default)]
pub struct Start {
    /// A question to ask at once.
    pub question: Option<String>,
    /// A session to resume.
    pub session: Option<SessionId>,
    /// Missing local models are downloaded without asking.
    pub pull: bool,
}

/// Why the screen could not be shown.
#[derive(Debug, thiserror::Error)]
pub enum TuiError {
    /// The configuration has an error: file, line, what to do.
    #[error("{0}")]
    Config(String),
    /// The theme cannot be loaded.
    #[error("{0}")]
    Theme(#[from] ThemeError),
    /// The terminal could not be set up or written to.
    #[error("the terminal: {0}")]
    Terminal(#[from] io::Error),
}

/// Runs the TUI until the user quits. Returns the exit status.
pub fn run_tui(setup: Setup, start: Start, store: Store) -> Result<u8, TuiError> {
    let clock = ProgramClock::start();
    let keymap = load_keymap(&setup)?;
    let appearance = appearance::choose_appearance(&setup)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .thread_name("runs")
        .enable_all()
        .build()?;
    let status = runtime.block_on(async {
        terminal::install_panic_hook();
        let mut signals = TuiSignals::listen()?;
        let mut state = State::new(roster::build_roster(&setup), keymap);
        let screen = Screen::enter()?;
        state.size = screen.size();
        let (messages, inbound) = channel(1024);
        signals::watch_terminal(messages.clone());
        let notices = [setup.warnings.clone(), appearance.notices].concat();
        let effect_runner = EffectRunner {
            downloads: Downloads::new(&setup.providers, messages.clone()),
            starter: RunStarter::new(ProviderPool::new(setup.providers), store),
            search: SearchStop::default(),
            highlighter: HighlightWorker::spawn(messages.clone()),
            messages,
            state_folder: setup.paths.state.clone(),
            theme_folder: setup.paths.config.join("themes"),
            depth: appearance.depth,
        };
        let mut renderer = Renderer::new(appearance.theme);
        renderer.set_terminal_is_light(appearance.is_light);
        let mut tui = Tui {
            clock,
            state,
            renderer,
            screen,
            frames: FrameSchedule::default(),
            budget: StreamBudget::default(),
            taking: Duration::ZERO,
            effect_runner,
            inbound,
            editing: None,
        };
        tui.check_model_files();
        tui.show_notices(&notices);
        tui.run_loop(start, &mut signals).await
    });
    // A hung name lookup or a blocked read must not delay the exit.
    runtime.shutdown_background();
    Ok(status?)
}

fn load_keymap(setup: &Setup) -> Result<Keymap, TuiError> {
    let map = match &setup.keys {
        Some((path, text)) => Keymap::with_user(text, &path.display().to_string()),
        None => Keymap::default_keys(),
    };
    map.map_err(|e| TuiError::Config(e.to_string()))
}

/// The key that sends; followed by more keys of the same burst it begins a new line.
const ENTER: KeyPress = KeyPress::plain(KeyCode::Enter);

struct Tui {
    clock: ProgramClock,
    state: State,
    renderer: Renderer,
    screen: Screen,
    frames: FrameSchedule,
    budget: StreamBudget,
    /// How long the text of the frame that is due took to take in.
    taking: Duration,
    effect_runner: EffectRunner,
    inbound: Receiver<Msg>,
    editing: Option<Editing>,
}

/// What woke the loop.
enum WakeReason {
    Signal(Signal),
    Terminal(Option<io::Result<crossterm::event::Event>>),
    Message(Msg),
    RunMailbox,
    Frame,
    EditorClosed(Result<(), EditorError>),
    StoreTrouble,
}

impl Tui {
    async fn run_loop(&mut self, start: Start, signals: &mut TuiSignals) -> io::Result<u8> {
        let mut events = Some(input::start_listening());
        self.draw_frame()?;
        let mut command = self.start_session(start);
        loop {
            match command.take() {
                Some(LoopCommand::Quit(status)) => return Ok(self.shut_down(status)),
                Some(LoopCommand::Redraw) => {
                    self.screen.clear()?;
                    self.frames.request_now(self.clock.elapsed());
                }
                Some(LoopCommand::Suspend) => {
                    input::stop_listening(&mut events);
                    self.suspend_program(signals).await?;
                    events = Some(EventStream::new());
                }
                Some(LoopCommand::Edit(purpose, text)) => {
                    input::stop_listening(&mut events);
                    if !self.open_editor(purpose, &text)? {
                        events = Some(EventStream::new());
                    }
                }
                None => {}
            }
            let due = self.editing.is_none() && self.frames.is_due(self.clock.elapsed());
            if due && self.draw_frame().is_err() {
                // The terminal is gone: store what has arrived and end.
                command = self.update_and_draw(Msg::Signal(Signal::Hangup));
                continue;
            }
            let woke = self.wait_for_wake(signals, events.as_mut()).await;
            if matches!(woke, WakeReason::EditorClosed(_)) {
                self.screen.retake_terminal()?;
                events = Some(EventStream::new());
            }
            command = self.on_wake(woke);
        }
    }

    fn start_session(&mut self, start: Start) -> Option<LoopCommand> {
        let opened = start.session.map(crate::app::Effect::Open);
        let command =
            opened.and_then(|e| self.effect_runner.run_effect(&self.state, &mut self.renderer, e));
        if start.pull {
            self.update_and_draw(Msg::DownloadModels);
        }
        match start.question {
            Some(question) => self.update_and_draw(Msg::Ask(question)),
            None => command,
        }
    }

    /// Reports to the state which model files are present.
    fn check_model_files(&mut self) {
        let ids = self.state.local_models.models.iter().map(|model| model.weights.id.clone());
        for id in ids.collect::<Vec<_>>() {
            for report in self.effect_runner.downloads.report_status(&id) {
                self.update_and_draw(Msg::Download(id.clone(), report));
            }
        }
    }

    async fn wait_for_wake(
        &mut self,
        signals: &mut TuiSignals,
        events: Option<&mut EventStream>,
    ) -> WakeReason {
        let due = if self.editing.is_none() { self.frames.due() } else { None };
        let clock = self.clock;
        let frame = async move {
            match due {
                Some(at) => tokio::time::sleep_until(clock.instant_at(at)).await,
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
                Some(editing) => editing.wait_closed().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            signal = signals.next_ending() => WakeReason::Signal(signal),
            event = event => WakeReason::Terminal(event),
            Some(msg) = self.inbound.recv() => WakeReason::Message(msg),
            closed = editor => WakeReason::EditorClosed(closed),
            () = self.effect_runner.starter.store.wait_for_error() => WakeReason::StoreTrouble,
            () = frame => WakeReason::Frame,
            () = self.effect_runner.starter.mailbox.ready() => WakeReason::RunMailbox,
        }
    }

    fn on_wake(&mut self, woke: WakeReason) -> Option<LoopCommand> {
        match woke {
            // While an editor is open, Ctrl+C is the editor's.
            WakeReason::Signal(Signal::Interrupt) if self.editing.is_some() => None,
            WakeReason::Signal(signal) => {
                let command = self.drain_mailbox(usize::MAX);
                command.or_else(|| self.update_and_draw(Msg::Signal(signal)))
            }
            WakeReason::Terminal(Some(Ok(event))) => match input::to_message(event) {
                Some(Msg::Key(key))
                    if key == ENTER && self.is_composing() && input::has_pending() =>
                {
                    self.update_and_draw(Msg::Key(KeyPress { alt: true, ..key }))
                }
                Some(msg) => {
                    let command = self.drain_mailbox(self.bytes_before(&msg));
                    command.or_else(|| self.update_and_draw(msg))
                }
                None => None,
            },
            WakeReason::Terminal(Some(Err(_)) | None) => {
                self.update_and_draw(Msg::Signal(Signal::Hangup))
            }
            WakeReason::Message(msg) => self.update_and_schedule(msg),
            WakeReason::EditorClosed(closed) => self.on_editor_closed(closed),
            WakeReason::RunMailbox => {
                self.frames.request_for_stream(self.clock.elapsed());
                // Nothing is drawn while the editor is open, but what arrives is stored.
                if self.editing.is_some() { self.drain_mailbox(usize::MAX) } else { None }
            }
            WakeReason::StoreTrouble => {
                let trouble = self.effect_runner.starter.store.take_error()?;
                self.update_and_draw(Msg::Notice(trouble_level(&trouble), trouble.to_string()))
            }
            WakeReason::Frame => self.take_stream_frame(),
        }
    }

    /// True while Enter would send the question.
    fn is_composing(&self) -> bool {
        self.state.key_context() == KeyContext::Composer
    }

    /// Highlighting may wait for the next stream frame; everything else is drawn at once.
    fn update_and_schedule(&mut self, msg: Msg) -> Option<LoopCommand> {
        if !matches!(msg, Msg::Highlighted(..)) {
            return self.update_and_draw(msg);
        }
        let command = self.update_state(msg);
        self.frames.request_for_stream(self.clock.elapsed());
        command
    }

    /// Applies one message and requests a frame at once.
    fn update_and_draw(&mut self, msg: Msg) -> Option<LoopCommand> {
        self.update_clock();
        let command = self.update_state(msg);
        self.frames.request_now(self.clock.elapsed());
        command
    }

    /// Applies one message and carries out its effects.
    fn update_state(&mut self, msg: Msg) -> Option<LoopCommand> {
        let (mut command, mut effects) = (None, Effects::new());
        update(&mut self.state, msg, &mut effects);
        for effect in effects {
            command =
                self.effect_runner.run_effect(&self.state, &mut self.renderer, effect).or(command);
        }
        command
    }

    fn update_clock(&mut self) {
        // The clock has no effects.
        update(&mut self.state, Msg::Clock(self.clock.now()), &mut Effects::new());
    }

    /// How much of what has arrived `msg` must wait for. A key acts on everything: a cancelled answer keeps it. A typed
    /// character acts on none.
    fn bytes_before(&self, msg: &Msg) -> usize {
        match msg {
            Msg::Key(KeyPress { code: KeyCode::Char(_), ctrl: false, alt: false, .. })
                if self.is_composing() =>
            {
                StreamBudget::MIN_BYTES
            }
            _ => usize::MAX,
        }
    }

    /// Takes in as much streamed text as the last frames allow; the frame that is due draws it.
    fn take_stream_frame(&mut self) -> Option<LoopCommand> {
        let start = self.clock.elapsed();
        let command = self.drain_mailbox(self.budget.bytes());
        self.taking = self.clock.elapsed().saturating_sub(start);
        command
    }

    /// Applies what runs have reported since the last drain, up to about `bytes` of text.
    fn drain_mailbox(&mut self, bytes: usize) -> Option<LoopCommand> {
        self.update_clock();
        let mut command = None;
        for (run, updates) in self.effect_runner.starter.mailbox.drain_at_most(bytes) {
            command = self.update_state(Msg::Run(run, updates)).or(command);
        }
        command
    }

    fn draw_frame(&mut self) -> io::Result<()> {
        self.update_clock();
        let start = self.clock.elapsed();
        let drawn = self.screen.draw_frame(&self.state, &mut self.renderer);
        let drawing = self.clock.elapsed().saturating_sub(start);
        self.budget.on_frame(std::mem::take(&mut self.taking) + drawing);
        self.frames.on_drawn(self.clock.elapsed());
        if let Some(at) = self.state.next_redraw_at() {
            self.frames.request_at(at);
        }
        drawn
    }

    fn show_notices(&mut self, notices: &[String]) {
        let text = match notices {
            [] => return,
            [only] => only.clone(),
            [first, rest @ ..] => {
                format!("{first} (and {} more: `plenary doctor` lists them)", rest.len())
            }
        };
        self.update_and_draw(Msg::Notice(NoticeLevel::Warning, text));
    }

    async fn suspend_program(&mut self, signals: &mut TuiSignals) -> io::Result<()> {
        self.drain_mailbox(usize::MAX);
        self.effect_runner.starter.store.flush();
        self.screen.lend_terminal();
        signals::suspend_process(signals).await;
        self.screen.retake_terminal()?;
        let (columns, rows) = self.screen.size();
        self.update_and_draw(Msg::Resize(columns, rows));
        Ok(())
    }

    /// Hands the terminal to the editor; false when the editor could not be started.
    fn open_editor(&mut self, purpose: EditorPurpose, text: &str) -> io::Result<bool> {
        self.screen.lend_terminal();
        match editor::open_editor(purpose, text, &self.effect_runner.state_folder) {
            Ok(editing) => {
                self.editing = Some(editing);
                Ok(true)
            }
            Err(e) => {
                self.screen.retake_terminal()?;
                self.update_and_draw(Msg::EditorClosed(purpose, Err(e.to_string())));
                Ok(false)
            }
        }
    }

    fn on_editor_closed(&mut self, closed: Result<(), EditorError>) -> Option<LoopCommand> {
        let editing = self.editing.take()?;
        let purpose = editing.purpose;
        let text = match closed {
            Ok(()) => editing.read_text(),
            Err(e) => {
                editing.discard();
                Err(e)
            }
        };
        let (columns, rows) = self.screen.size();
        self.update_and_draw(Msg::Resize(columns, rows));
        self.update_and_draw(Msg::EditorClosed(purpose, text.map_err(|e| e.to_string())))
    }

    /// Restores the terminal and flushes the store.
    fn shut_down(&mut self, status: u8) -> u8 {
        terminal::restore_terminal();
        self.effect_runner.starter.store.flush();
        status
    }
}

/// Recovery is information, everything else an error.
fn trouble_level(trouble: &StoreError) -> NoticeLevel {
    match trouble {
        StoreError::Recovered { .. } => NoticeLevel::Info,
        _ => NoticeLevel::Error,
    }
}
