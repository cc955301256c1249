//! Terminal events → messages. The only place that knows how the terminal library names keys.

use std::time::Duration;

use crossterm::event::{
    Event, EventStream, KeyCode as TermCode, KeyEvent, KeyEventKind, KeyModifiers,
};

use crate::app::{KeyCode, KeyPress, Msg};

/// Starts listening. An event stream listens only once it is polled: a resize before that, right after the first frame,
/// would be missed.
pub fn start_listening() -> EventStream {
    let _ = crossterm::event::poll(Duration::ZERO);
    EventStream::new()
}

/// Stops listening. A dropped stream leaves a wake-up behind with which the next stream would swallow the first key, so
/// the wake-up is consumed here.
pub fn stop_listening(events: &mut Option<EventStream>) {
    drop(events.take());
    let _ = crossterm::event::poll(Duration::ZERO);
}

/// True when more keys have arrived: an Enter before them is part of a paste that the terminal did not mark as one.
pub fn has_pending() -> bool {
    crossterm::event::poll(Duration::ZERO).unwrap_or(false)
}

/// The message of a terminal event; none for what the program does not use.
pub fn to_message(event: Event) -> Option<Msg> {
    match event {
        Event::Key(key) if key.kind != KeyEventKind::Release => key_of(key).map(Msg::Key),
        Event::Paste(text) => Some(Msg::Paste(text)),
        Event::Resize(columns, rows) => Some(Msg::Resize(columns, rows)),
        Event::Key(_) | Event::Mouse(_) | Event::FocusGained | Event::FocusLost => None,
    }
}

fn key_of(event: KeyEvent) -> Option<KeyPress> {
    let held = |modifier| event.modifiers.contains(modifier);
    let mut key = KeyPress {
        code: KeyCode::Esc,
        ctrl: held(KeyModifiers::CONTROL),
        alt: held(KeyModifiers::ALT),
        shift: held(KeyModifiers::SHIFT),
    };
    key.code = match event.code {
        TermCode::Char(c) => {
            key.shift = false;
            // Control and a letter is the same key with and without shift or caps lock.
            KeyCode::Char(if key.ctrl { c.to_ascii_lowercase() } else { c })
        }
        TermCode::BackTab => {
            key.shift = true;
            KeyCode::Tab
        }
        TermCode::Enter => KeyCode::Enter,
        TermCode::Esc => KeyCode::Esc,
        TermCode::Tab => KeyCode::Tab,
        TermCode::Backspace => KeyCode::Backspace,
        TermCode::Delete => KeyCode::Delete,
        TermCode::Insert => KeyCode::Insert,
        TermCode::Up => KeyCode::Up,
        TermCode::Down => KeyCode::Down,
        TermCode::Left => KeyCode::Left,
        TermCode::Right => KeyCode::Right,
        TermCode::Home => KeyCode::Home,
        TermCode::End => KeyCode::End,
        TermCode::PageUp => KeyCode::PageUp,
        TermCode::PageDown => KeyCode::PageDown,
        TermCode::F(n) => KeyCode::F(n),
        _ => return None,
    };
    Some(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_named_as_keymaps_name_them() {
        let press = |code, modifiers| match to_message(Event::Key(KeyEvent::new(code, modifiers))) {
            Some(Msg::Key(key)) => key.to_string(),
            _ => String::new(),
        };
        assert_eq!(press(TermCode::Char('G'), KeyModifiers::SHIFT), "G");
        assert_eq!(press(TermCode::Char('D'), KeyModifiers::CONTROL), "Ctrl+D");
        assert_eq!(press(TermCode::BackTab, KeyModifiers::SHIFT), "Shift+Tab");
        assert_eq!(press(TermCode::Enter, KeyModifiers::ALT), "Alt+Enter");
        assert_eq!(press(TermCode::CapsLock, KeyModifiers::NONE), "");
    }
}
