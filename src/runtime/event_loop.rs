//! The event loop: message → `update` → effects → a frame when one is due.
//!
//! Runs on the main thread. Runs are tasks on the runtime's workers; their updates are drained once a frame.

mod lending;

use std::io;
use std::path::PathBuf;

use tokio::sync::mpsc::{Receiver, channel};

use super::clock::ProgramClock;
use super::downloads::Downloads;
use super::editor::{Editing, EditorError};
use super::effect_runner::{EffectRunner, LoopCommand};
use super::frame_schedule::FrameSchedule;
use super::highlighter::HighlightWorker;
use super::input::{ENTER, InputEvent, TerminalInput};
use super::provider_pool::ProviderPool;
use super::quitting::{self, TuiEnd};
use super::reading_worker::ReadingWorker;
use super::run_starter::RunStarter;
use super::signals::{self, ProcessSignal, TuiSignals};
pub use super::start::{Start, TuiError};
use super::stream_budget::StreamBudget;
use super::terminal::{self, Screen};
use super::{appearance, roster};
use crate::app::reading::ReadingSubject;
use crate::app::{Effects, KeyContext, KeyPress, Keymap, Msg, NoticeLevel, Signal, State, update};
use crate::config::Setup;
use crate::store::{SearchStop, Store};
use crate::ui::Renderer;

/// Runs the TUI until the user quits.
pub fn run_tui(setup: Setup, start: Start, store: Store) -> Result<TuiEnd, TuiError> {
    let clock = ProgramClock::start();
    let keymap = load_keymap(&setup)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .thread_name("runs")
        .enable_all()
        .build()?;
    let end: Result<TuiEnd, TuiError> = runtime.block_on(async {
        terminal::install_panic_hook();
        // Before the terminal is touched: a signal from now on ends the program in order.
        let mut signals = TuiSignals::listen()?;
        let mut state = State::new(roster::build_roster(&setup), keymap);
        let mut screen = Screen::enter()?;
        let input = TerminalInput::start()?;
        let reply = appearance::ask_background(&mut screen, &input).await;
        let is_light = reply.or_else(appearance::background_of_environment);
        let appearance = appearance::choose_appearance(&setup, is_light)?;
        state.size = screen.size();
        tracing::debug!(size = ?state.size, "the screen is open");
        let (messages, inbound) = channel(1024);
        let notices = [setup.warnings.clone(), appearance.notices].concat();
        let effect_runner = EffectRunner {
            downloads: Downloads::new(&setup.providers, messages.clone()),
            starter: RunStarter::new(ProviderPool::new(setup.providers), store),
            search: SearchStop::default(),
            highlighter: HighlightWorker::spawn(messages.clone()),
            reader: ReadingWorker::spawn(messages.clone()),
            messages,
            state_folder: setup.paths.state.clone(),
            project_context: setup.context.map(Into::into),
            theme_folder: setup.paths.config.join("themes"),
            depth: appearance.depth,
        };
        let mut renderer = Renderer::new(appearance.theme);
        renderer.set_terminal_is_light(is_light);
        let mut tui = Tui {
            clock,
            state,
            renderer,
            screen,
            input,
            has_automatic_theme: setup.theme == "auto",
            frames: FrameSchedule::default(),
            budget: StreamBudget::default(),
            effect_runner,
            inbound,
            editing: None,
            edit_folder: setup.paths.state.join("editing"),
        };
        tui.check_model_files();
        tui.recover_question();
        tui.show_notices(&notices);
        Ok(tui.run_loop(start, &mut signals).await?)
    });
    // A hung name lookup or a blocked read must not delay the exit.
    runtime.shutdown_background();
    end
}

fn load_keymap(setup: &Setup) -> Result<Keymap, TuiError> {
    let map = match &setup.keys {
        Some((path, text)) => Keymap::with_user(text, &path.display().to_string()),
        None => Keymap::default_keys(),
    };
    map.map_err(|e| TuiError::Config(e.to_string()))
}

/// Keys that wait from which on they are a paste that is not marked as one: text is inserted at once, and not every key
/// is drawn.
const BURST: usize = 16;

struct Tui {
    clock: ProgramClock,
    state: State,
    renderer: Renderer,
    screen: Screen,
    input: TerminalInput,
    /// The theme follows the background of the terminal.
    has_automatic_theme: bool,
    frames: FrameSchedule,
    budget: StreamBudget,
    effect_runner: EffectRunner,
    inbound: Receiver<Msg>,
    editing: Option<Editing>,
    edit_folder: PathBuf,
}

/// What woke the loop.
enum WakeReason {
    Signal(ProcessSignal),
    Input,
    Message(Msg),
    RunMailbox,
    Frame,
    EditorClosed(Result<(), EditorError>),
    StoreTrouble,
}

impl Tui {
    async fn run_loop(&mut self, start: Start, signals: &mut TuiSignals) -> io::Result<TuiEnd> {
        self.draw_frame()?;
        self.effect_runner.starter.store.watch_changes();
        let mut command = self.start_session(start);
        loop {
            match command.take() {
                Some(LoopCommand::Quit(0)) => {
                    match quitting::find_unsaved(&self.effect_runner.starter.store, &self.state)
                        .await
                    {
                        Some(unsaved) => {
                            command = self.update_and_draw(Msg::UnsavedFound(unsaved));
                            continue;
                        }
                        None => return Ok(self.shut_down(signals, TuiEnd::default()).await),
                    }
                }
                Some(LoopCommand::Quit(status)) => {
                    self.release_terminal().await;
                    let store = &self.effect_runner.starter.store;
                    let farewell = quitting::save_at_exit(store, &self.state);
                    return Ok(self.shut_down(signals, TuiEnd { status, farewell }).await);
                }
                Some(LoopCommand::QuitUnsaved(text)) => {
                    return Ok(self
                        .shut_down(signals, TuiEnd { status: 0, farewell: Some(text) })
                        .await);
                }
                Some(LoopCommand::Redraw) => {
                    self.screen.clear()?;
                    self.frames.request_now(self.clock.elapsed());
                }
                Some(LoopCommand::Suspend) => {
                    command = self.suspend_program(signals).await?;
                    continue;
                }
                Some(LoopCommand::Edit(purpose, text)) => self.open_editor(purpose, &text)?,
                None => {}
            }
            if self.is_frame_due() && self.draw_frame().is_err() {
                // The terminal is gone: store what has arrived and end.
                command = self.update_and_draw(Msg::Signal(Signal::Hangup));
                continue;
            }
            command = match self.wait_for_wake(signals).await {
                WakeReason::Signal(signal) => self.on_signal(signal)?,
                WakeReason::EditorClosed(closed) => self.on_editor_closed(closed).await?,
                woke => self.on_wake(woke),
            };
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

    async fn wait_for_wake(&mut self, signals: &mut TuiSignals) -> WakeReason {
        let due = if self.editing.is_none() { self.frames.due() } else { None };
        let clock = self.clock;
        let frame = async move {
            match due {
                Some(at) => tokio::time::sleep_until(clock.instant_at(at)).await,
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
            signal = signals.next() => WakeReason::Signal(signal),
            () = self.input.arrived() => WakeReason::Input,
            Some(msg) = self.inbound.recv() => WakeReason::Message(msg),
            closed = editor => WakeReason::EditorClosed(closed),
            () = self.effect_runner.starter.store.wait_for_error() => WakeReason::StoreTrouble,
            () = frame => WakeReason::Frame,
            () = self.effect_runner.starter.mailbox.ready() => WakeReason::RunMailbox,
        }
    }

    fn on_wake(&mut self, woke: WakeReason) -> Option<LoopCommand> {
        match woke {
            WakeReason::Input => self.on_input(),
            WakeReason::Message(msg) => self.update_and_schedule(msg),
            // The loop handles these: they need the terminal.
            WakeReason::Signal(_) | WakeReason::EditorClosed(_) => None,
            WakeReason::RunMailbox => {
                self.frames.request_for_stream(self.clock.elapsed());
                // Nothing is drawn while the editor is open, but what arrives is stored.
                if self.editing.is_some() { self.drain_mailbox(usize::MAX) } else { None }
            }
            WakeReason::StoreTrouble => {
                let msg = self.effect_runner.starter.take_store_message()?;
                self.update_and_draw(msg)
            }
            WakeReason::Frame => self.take_stream_frame(),
        }
    }

    fn on_signal(&mut self, signal: ProcessSignal) -> io::Result<Option<LoopCommand>> {
        let is_editing = self.editing.is_some();
        match signal {
            // While an editor is open, Ctrl+C and the terminal are the editor's.
            ProcessSignal::End(Signal::Interrupt) | ProcessSignal::Continued if is_editing => {}
            ProcessSignal::End(signal) => {
                let command = self.drain_mailbox(usize::MAX);
                return Ok(self.update_and_draw(Msg::Signal(signal)).or(command));
            }
            ProcessSignal::Stop => return Ok(Some(LoopCommand::Suspend)),
            // It was stopped without notice: another program has had the terminal, or still has it.
            ProcessSignal::Continued if !signals::is_foreground() => {
                return Ok(Some(LoopCommand::Suspend));
            }
            ProcessSignal::Continued => {
                self.screen.retake_terminal()?;
                self.update_size();
            }
            ProcessSignal::Resized => self.update_size(),
        }
        Ok(None)
    }

    fn on_input(&mut self) -> Option<LoopCommand> {
        if self.is_composing()
            && let Some(text) = self.input.take_text(BURST)
        {
            return self.update_and_draw(Msg::Paste(text));
        }
        let msg = match self.input.take()? {
            InputEvent::Key(key)
                if key == ENTER && self.is_composing() && self.input.has_pending() =>
            {
                return self.update_and_draw(Msg::Key(KeyPress { alt: true, ..key }));
            }
            InputEvent::Key(key) => Msg::Key(key),
            InputEvent::Paste(text) => Msg::Paste(text),
            InputEvent::Closed => return self.update_and_draw(Msg::Signal(Signal::Hangup)),
            InputEvent::DeviceAttributes => return None,
            InputEvent::Background { is_light } => {
                self.on_background(is_light);
                return None;
            }
        };
        let command = self.drain_mailbox(StreamBudget::bytes_before(&msg, self.is_composing()));
        command.or_else(|| self.update_and_draw(msg))
    }

    /// The terminal has said later than usual whether its background is light.
    fn on_background(&mut self, is_light: bool) {
        if self.has_automatic_theme {
            self.effect_runner.follow_background(&mut self.renderer, is_light);
        }
        self.renderer.set_terminal_is_light(Some(is_light));
        self.frames.request_now(self.clock.elapsed());
    }

    fn update_size(&mut self) {
        let (columns, rows) = self.screen.size();
        self.update_and_draw(Msg::Resize(columns, rows));
    }

    /// True when a frame is to be drawn now. In a burst of keys (a paste that is not marked as one) only some are.
    fn is_frame_due(&self) -> bool {
        let now = self.clock.elapsed();
        let may_skip = self.input.backlog() >= BURST && !self.frames.is_overdue(now);
        self.editing.is_none() && self.frames.is_due(now) && !may_skip
    }

    /// True while Enter would send the question.
    fn is_composing(&self) -> bool {
        self.state.key_context() == KeyContext::Composer
    }

    /// Highlighting and readings of answers may wait for the next stream frame; everything else is drawn at once.
    fn update_and_schedule(&mut self, msg: Msg) -> Option<LoopCommand> {
        let may_wait = match &msg {
            Msg::Highlighted(..) => true,
            Msg::Read(result) => matches!(result.subject, ReadingSubject::Answer(_)),
            _ => false,
        };
        if !may_wait {
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

    /// Takes in as much streamed text as the last frames allow; the frame that is due draws it.
    fn take_stream_frame(&mut self) -> Option<LoopCommand> {
        let start = self.clock.elapsed();
        let command = self.drain_mailbox(self.budget.bytes());
        self.budget.add_time(self.clock.elapsed().saturating_sub(start));
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
        self.budget.on_frame(self.clock.elapsed().saturating_sub(start));
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

    /// Restores the terminal, once no reply is due.
    async fn release_terminal(&self) {
        appearance::wait_for_replies(&self.input, self.clock.elapsed()).await;
        terminal::restore_terminal();
    }

    /// Restores the terminal.
    async fn shut_down(&self, signals: &mut TuiSignals, end: TuiEnd) -> TuiEnd {
        self.release_terminal().await;
        self.effect_runner.search.stop();
        if signals.was_interrupted().await {
            terminal::repeat_restore();
        }
        end
    }
}
