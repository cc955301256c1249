//! The terminal: set up, and restored on every way out.
//!
//! [`Screen`] draws frames. [`restore_terminal`] is idempotent and ignores errors, since the terminal may be gone. The panic
//! hook restores it for the UI thread only: a panic inside a run is caught there and must leave the screen alone.

use std::io::{self, BufWriter, Stdout, Write};
use std::mem::ManuallyDrop;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread::ThreadId;

use crossterm::event::{
    DisableBracketedPaste, EnableBracketedPaste, KeyboardEnhancementFlags,
    PopKeyboardEnhancementFlags, PushKeyboardEnhancementFlags,
};
use crossterm::terminal::{
    BeginSynchronizedUpdate, DisableLineWrap, EnableLineWrap, EndSynchronizedUpdate,
    EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use crossterm::{cursor, execute, queue};
use ratatui::Terminal;
use ratatui::layout::Rect;
use rustix::termios::{OptionalActions, QueueSelector, Termios, tcflush, tcgetattr, tcsetattr};

use super::cell_writer::CellWriter;
use super::multi_scalar_rows::MultiScalarRows;
use super::{input, signals};
use crate::app::State;
use crate::ui::Renderer;

/// Set while the terminal is ours: raw mode, alternate screen.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// The modes in which a child got the terminal. It may die without restoring them.
static LENT_MODES: Mutex<Option<Termios>> = Mutex::new(None);

type Backend = CellWriter<BufWriter<Stdout>>;

/// The terminal while it is ours.
pub struct Screen {
    /// Never dropped: the crate's own `Drop` prints, and would panic where the terminal is gone.
    terminal: ManuallyDrop<Terminal<Backend>>,
    multi_scalar_rows: MultiScalarRows,
}

impl Screen {
    /// Takes the terminal: alternate screen, raw mode, bracketed paste.
    pub fn enter() -> io::Result<Self> {
        take_terminal()?;
        let out = BufWriter::with_capacity(256 << 10, io::stdout());
        let terminal = Terminal::new(CellWriter::new(out)).inspect_err(|_| restore_terminal())?;
        Ok(Self {
            terminal: ManuallyDrop::new(terminal),
            multi_scalar_rows: MultiScalarRows::default(),
        })
    }

    /// Columns and rows.
    pub fn size(&self) -> (u16, u16) {
        self.terminal.size().map_or((80, 24), |s| (s.width, s.height))
    }

    /// Draws one frame: one synchronized update, one write.
    pub fn draw_frame(&mut self, state: &State, renderer: &mut Renderer) -> io::Result<()> {
        queue!(self.terminal.backend_mut(), BeginSynchronizedUpdate)?;
        let multi_scalar_rows = &mut self.multi_scalar_rows;
        self.terminal.draw(|frame| {
            renderer.prepare(state, frame.area());
            if let Some(at) = renderer.draw(state, frame.buffer_mut()) {
                frame.set_cursor_position(at);
            }
            multi_scalar_rows.mark_changed_rows(frame.buffer_mut());
        })?;
        execute!(self.terminal.backend_mut(), EndSynchronizedUpdate)
    }

    /// The next frame is drawn completely. (The crate's `clear` would ask the terminal for its cursor and wait for the answer.)
    pub fn clear(&mut self) -> io::Result<()> {
        let (columns, rows) = self.size();
        self.terminal.resize(Rect::new(0, 0, columns, rows))
    }

    /// Hands the terminal to the shell. The modes in which it comes back are the user's.
    pub fn lend_terminal(&mut self) {
        restore_terminal();
    }

    /// Hands the terminal to a program that this one waits for. Whatever modes it leaves, those of now are restored.
    pub fn lend_terminal_to_child(&mut self) {
        restore_terminal();
        let modes = input::open_terminal().ok().and_then(|tty| tcgetattr(tty).ok());
        *LENT_MODES.lock().unwrap_or_else(PoisonError::into_inner) = modes;
    }

    /// Takes the terminal back, also where another program has changed its modes.
    pub fn retake_terminal(&mut self) -> io::Result<()> {
        // What crossterm believes to be raw may no longer be.
        let _ = disable_raw_mode();
        restore_lent_modes();
        take_terminal()?;
        self.clear()
    }

    /// Asks for the background colour, and then for what every terminal reports, so that a terminal without the first
    /// reply need not be waited for.
    pub fn query_background(&mut self) -> io::Result<()> {
        let out = self.terminal.backend_mut();
        out.write_all(b"\x1b]11;?\x1b\\\x1b[c")?;
        Write::flush(out)
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        restore_terminal();
    }
}

/// Without them, a key of a layout without Latin letters would have no Ctrl+C.
const KEYBOARD_FLAGS: KeyboardEnhancementFlags =
    KeyboardEnhancementFlags::DISAMBIGUATE_ESCAPE_CODES
        .union(KeyboardEnhancementFlags::REPORT_ALTERNATE_KEYS);

/// Alternate screen before the keyboard flags: terminals keep one stack of flags per screen. Flags that were left on it
/// are popped first.
fn take_terminal() -> io::Result<()> {
    TAKEN.store(true, Ordering::SeqCst);
    enable_raw_mode()?;
    execute!(
        io::stdout(),
        EnterAlternateScreen,
        PopKeyboardEnhancementFlags,
        PushKeyboardEnhancementFlags(KEYBOARD_FLAGS),
        EnableBracketedPaste,
        DisableLineWrap,
        cursor::Hide,
    )
}

/// Gives the terminal back as it was found. Does nothing when it is not ours; never fails.
pub fn restore_terminal() {
    if !TAKEN.swap(false, Ordering::SeqCst) {
        return restore_lent_modes();
    }
    // In the background the modes are the shell's, and changing them would stop the program instead of ending it.
    let is_foreground = signals::is_foreground();
    if is_foreground {
        drain_input();
    }
    leave_modes();
    if is_foreground {
        let _ = disable_raw_mode();
    }
}

/// Undoes what a child has done to the modes of the terminal.
fn restore_lent_modes() {
    let lent = LENT_MODES.lock().unwrap_or_else(PoisonError::into_inner).take();
    let Some(modes) = lent.filter(|_| signals::is_foreground()) else { return };
    if let Ok(tty) = input::open_terminal() {
        let _ = tcsetattr(tty, OptionalActions::Now, &modes);
    }
}

/// Repeats what [`restore_terminal`] has written. Ctrl+C in a terminal that is no longer raw makes the kernel drop what the
/// terminal has not read yet.
pub fn repeat_restore() {
    if !TAKEN.load(Ordering::SeqCst) {
        leave_modes();
    }
}

fn leave_modes() {
    let mut out = io::stdout();
    let _ = execute!(
        out,
        EndSynchronizedUpdate,
        EnableLineWrap,
        DisableBracketedPaste,
        PopKeyboardEnhancementFlags,
        LeaveAlternateScreen,
        cursor::Show,
    );
    let _ = out.flush();
}

/// Answers to queries and half-typed keys must not reach the shell.
fn drain_input() {
    if let Ok(tty) = input::open_terminal() {
        let _ = tcflush(tty, QueueSelector::IFlush);
    }
}

/// Installs the panic hook: on the calling thread (the UI's) it gives the terminal back and says what happened; on others it
/// only logs, since a panicking run is its pane's failure.
pub fn install_panic_hook() {
    let ui: ThreadId = std::thread::current().id();
    std::panic::set_hook(Box::new(move |info| {
        let place = info.location().map(ToString::to_string).unwrap_or_default();
        let what = info
            .payload()
            .downcast_ref::<&str>()
            .map(|s| (*s).to_owned())
            .or_else(|| info.payload().downcast_ref::<String>().cloned())
            .unwrap_or_default();
        // A message about a text quotes it in backticks.
        let cause = what.split('`').next().unwrap_or_default();
        tracing::error!(place, cause, "panic");
        if std::thread::current().id() == ui {
            restore_terminal();
            let _ = writeln!(
                io::stderr(),
                "plenary: internal error at {place}: {what}\n\
                 What was on the screen is in the store: `plenary resume` reopens it.\n\
                 Please report this line."
            );
        }
    }));
}
