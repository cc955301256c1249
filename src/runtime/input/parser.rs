//! Bytes of a terminal → keys, pastes and the few replies that are used. Everything else that a terminal sends is
//! dropped: reports, replies to queries of other programs, strings of any kind, in one piece or split anywhere.
//!
//! Pure: the caller reads the bytes and says when none came for a while. Nothing grows without bound: of a sequence at
//! most [`MAX_HELD`] bytes are kept, of a paste [`MAX_PASTE`].
//!
//! Only a pause tells a lone Esc from the first byte of a sequence, and a person who types from a terminal that never
//! ends what it began. So after each pause the next bytes are looked at together: terminals write their sequences at
//! once, keys come one by one.

use std::mem;
use std::time::Duration;

use super::InputEvent;
use super::background;
use super::keys::{ascii_key, console_key, csi_keys, ss3_key};
use super::sequence::{State, StringKind, begins_sequence, may_follow};
use crate::app::KeyPress;

/// Bytes kept of a sequence. No key and no reply that is used is longer.
const MAX_HELD: usize = 128;

/// Bytes kept of a paste, more than is ever accepted; what follows is dropped up to its end.
const MAX_PASTE: usize = 32 << 20;

/// How long the terminal may pause inside a sequence before the next bytes may be a person's. A lone Esc is known then.
const PAUSE: Duration = Duration::from_millis(50);

/// How long an unfinished sequence is waited for.
const SEQUENCE_TIMEOUT: Duration = Duration::from_secs(2);

/// How long the rest of a paste is waited for.
const PASTE_TIMEOUT: Duration = Duration::from_secs(10);

const ESC: u8 = 0x1b;
const BEL: u8 = 0x07;
const CTRL_C: u8 = 0x03;
const CANCEL: u8 = 0x18;
const SUBSTITUTE: u8 = 0x1a;
/// The 8-bit string terminator.
const ST: u8 = 0x9c;
const PASTE_END: &[u8] = b"\x1b[201~";

/// The parser. It begins between two keys.
#[derive(Debug)]
pub(super) struct InputParser {
    state: State,
    /// Bytes since the introducer, at most [`MAX_HELD`].
    held: Vec<u8>,
    is_too_long: bool,
    paste: Vec<u8>,
    /// The sequence follows an ESC that may be a key or mean Alt.
    has_prefix: bool,
    is_paused: bool,
}

impl InputParser {
    /// A parser that has seen nothing.
    pub(super) fn new() -> Self {
        Self {
            state: State::Ground,
            held: Vec::with_capacity(MAX_HELD),
            is_too_long: false,
            paste: Vec::new(),
            has_prefix: false,
            is_paused: false,
        }
    }

    /// How long to wait for more bytes before [`time_out`](Self::time_out) is due; none means for ever.
    pub(super) fn patience(&self) -> Option<Duration> {
        match self.state {
            State::Ground | State::AfterString | State::AfterPaste => None,
            State::AfterEsc => Some(SEQUENCE_TIMEOUT),
            _ if !self.is_paused => Some(PAUSE),
            State::Paste { .. } => Some(PASTE_TIMEOUT),
            _ => Some(SEQUENCE_TIMEOUT),
        }
    }

    /// No byte came for [`patience`](Self::patience).
    pub(super) fn time_out(&mut self, events: &mut Vec<InputEvent>) {
        match self.state {
            State::Ground | State::AfterString | State::AfterPaste => return,
            State::Esc { doubled } => {
                for _ in 0..=u8::from(doubled) {
                    push_key(events, ascii_key(ESC));
                }
                self.reset(State::AfterEsc);
                return;
            }
            State::AfterEsc => return self.reset(State::Ground),
            State::Csi if self.held.ends_with(b"$") => {
                // rxvt's keys with shift: nothing follows.
                let body = self.held.len() - 1;
                let keys = csi_keys(self.held.get(..body).unwrap_or_default(), b'$');
                if !keys.is_empty() {
                    self.reset(State::Ground);
                    return keys.into_iter().for_each(|key| push_key(events, key));
                }
            }
            _ => {}
        }
        if self.is_paused {
            return self.give_up(events);
        }
        self.is_paused = true;
    }

    /// True inside a string. Nothing but its end tells it from what someone types, so it is for the caller to know how long
    /// it may last.
    pub(super) fn is_in_string(&self) -> bool {
        matches!(self.state, State::String { .. })
    }

    /// The string has lasted too long: someone types into it.
    pub(super) fn abandon_string(&mut self, events: &mut Vec<InputEvent>) {
        if self.is_in_string() {
            self.give_up(events);
        }
    }

    /// Reads what arrived at once.
    pub(super) fn feed(&mut self, chunk: &[u8], events: &mut Vec<InputEvent>) {
        if chunk.is_empty() {
            return;
        }
        let was_paused = mem::take(&mut self.is_paused);
        let mut rest = match self.state {
            State::AfterEsc => self.continue_after_esc(chunk),
            State::AfterString => self.skip_end_of_string(chunk),
            State::AfterPaste => self.continue_paste(chunk),
            _ if was_paused => self.continue_after_pause(chunk, events),
            _ => chunk,
        };
        while let Some((byte, after)) = rest.split_first() {
            self.step(*byte, events);
            rest = after;
        }
    }

    /// Forgets what was begun.
    fn reset(&mut self, state: State) {
        self.state = state;
        self.held.clear();
        self.is_too_long = false;
        self.has_prefix = false;
    }

    /// Begins a sequence, with the ESC before it still open.
    fn begin(&mut self, state: State) {
        let has_prefix = self.has_prefix;
        self.reset(state);
        self.has_prefix = has_prefix;
    }

    fn hold(&mut self, byte: u8) {
        if self.held.len() < MAX_HELD {
            self.held.push(byte);
        } else {
            self.is_too_long = true;
        }
    }

    /// What was begun never ends.
    fn give_up(&mut self, events: &mut Vec<InputEvent>) {
        self.is_paused = false;
        match self.state {
            State::Paste { .. } => {
                self.finish_paste(events);
                self.state = State::AfterPaste;
            }
            State::StringEsc { .. } => {
                push_key(events, ascii_key(ESC));
                self.reset(State::AfterEsc);
            }
            _ => {
                let introducer = self.bare_introducer();
                self.flush_prefix(events);
                let is_string = matches!(self.state, State::String { .. });
                self.reset(if is_string { State::AfterString } else { State::Ground });
                if let Some(byte) = introducer {
                    // Nothing followed: it was Alt and this character.
                    self.state = State::Ground;
                    push_key(events, KeyPress { alt: true, ..ascii_key(byte) });
                }
            }
        }
    }

    /// The introducer of a sequence of which nothing else has come: it may be Alt and a character.
    fn bare_introducer(&self) -> Option<u8> {
        if !self.held.is_empty() || self.is_too_long {
            return None;
        }
        match self.state {
            State::Ss3 => Some(b'O'),
            State::Csi => Some(b'['),
            State::String { is_8bit: false, kind } => match kind {
                StringKind::Osc => Some(b']'),
                StringKind::Dcs => Some(b'P'),
                StringKind::Apc => Some(b'_'),
                StringKind::Other => Some(b'X'),
            },
            _ => None,
        }
    }

    /// After a pause inside a sequence: the rest of it, or keys?
    fn continue_after_pause<'a>(
        &mut self,
        chunk: &'a [u8],
        events: &mut Vec<InputEvent>,
    ) -> &'a [u8] {
        let first = chunk.first().copied().unwrap_or_default();
        match self.state {
            State::Paste { .. } if is_interrupt(chunk) => {
                self.finish_paste(events);
                self.reset(State::Ground);
            }
            State::StringEsc { .. } if first != b'\\' => {
                push_key(events, ascii_key(ESC));
                self.reset(State::Ground);
            }
            _ => {
                // `ESC \` ends an empty string.
                let is_end = self.is_in_string() && chunk.starts_with(b"\x1b\\");
                let alone = self.bare_introducer().filter(|_| !is_end);
                if let Some(byte) = alone.filter(|byte| !may_follow(*byte, first)) {
                    self.flush_prefix(events);
                    self.reset(State::Ground);
                    push_key(events, KeyPress { alt: true, ..ascii_key(byte) });
                }
            }
        }
        chunk
    }

    /// ESC was a key, it seemed. If the bytes that follow are plainly the rest of a sequence, they are none.
    fn continue_after_esc<'a>(&mut self, chunk: &'a [u8]) -> &'a [u8] {
        self.reset(State::Ground);
        let [introducer, second, ..] = chunk else { return chunk };
        let is_rest = match introducer {
            // `[[` is a key pressed twice on a slow line.
            b'[' => *second != b'[' && may_follow(b'[', *second),
            b'O' => chunk.len() == 2 && may_follow(b'O', *second),
            b']' | b'P' => may_follow(*introducer, *second),
            b'_' => *second == b'G',
            _ => false,
        };
        if is_rest {
            self.state = State::Esc { doubled: false };
        }
        chunk
    }

    /// The end of a string that was given up, if this is it.
    fn skip_end_of_string<'a>(&mut self, chunk: &'a [u8]) -> &'a [u8] {
        self.reset(State::Ground);
        let end = chunk.iter().position(|byte| matches!(*byte, BEL | ESC | CTRL_C));
        let Some((text, tail)) = end.and_then(|at| chunk.split_at_checked(at)) else {
            return chunk;
        };
        match tail {
            [BEL, rest @ ..] | [ESC, b'\\', rest @ ..] if text.is_ascii() => rest,
            _ => chunk,
        }
    }

    /// The rest of a paste that was given up: several bytes at once that are no sequence.
    fn continue_paste<'a>(&mut self, chunk: &'a [u8]) -> &'a [u8] {
        let has_end = chunk.windows(PASTE_END.len()).any(|bytes| bytes == PASTE_END);
        let is_key = chunk.len() == 1 || chunk.first() == Some(&ESC);
        self.reset(if has_end || !is_key { State::Paste { matched: 0 } } else { State::Ground });
        chunk
    }

    fn step(&mut self, byte: u8, events: &mut Vec<InputEvent>) {
        match self.state {
            State::Ground => self.step_ground(byte, events),
            State::Utf8 => self.step_utf8(byte, events),
            State::Esc { doubled } => self.step_esc(byte, doubled, events),
            State::Csi => self.step_csi(byte, events),
            State::Paste { matched } => self.step_paste(byte, matched, events),
            State::String { kind, is_8bit } => self.step_string(byte, kind, is_8bit, events),
            State::StringEsc { kind } => {
                self.finish_string(kind, events);
                if byte != b'\\' {
                    self.state = State::Esc { doubled: false };
                    self.step(byte, events);
                }
            }
            State::Ss3 | State::ConsoleKey | State::Mouse { .. } => self.step_short(byte, events),
            // `feed` leaves these before the first byte.
            State::AfterEsc | State::AfterString | State::AfterPaste => {
                self.reset(State::Ground);
                self.step_ground(byte, events);
            }
        }
    }

    fn step_ground(&mut self, byte: u8, events: &mut Vec<InputEvent>) {
        match byte {
            ESC => self.state = State::Esc { doubled: false },
            0..=0x7f => push_key(events, ascii_key(byte)),
            0xc2..=0xf4 => {
                self.begin(State::Utf8);
                self.held.push(byte);
            }
            // A lone byte of this range is no UTF-8: it is a control character of 8 bits.
            _ => {
                if let Some(state) = begins_sequence(byte.wrapping_sub(0x40), true) {
                    self.begin(state);
                }
            }
        }
    }

    fn step_utf8(&mut self, byte: u8, events: &mut Vec<InputEvent>) {
        if byte & 0xc0 != 0x80 {
            self.reset(State::Ground);
            return self.step_ground(byte, events);
        }
        self.held.push(byte);
        let length = match self.held.first() {
            Some(0xf0..) => 4,
            Some(0xe0..) => 3,
            _ => 2,
        };
        if self.held.len() < length {
            return;
        }
        let typed = std::str::from_utf8(&self.held).ok().and_then(|text| text.chars().next());
        if let Some(c) = typed.filter(|c| !c.is_control()) {
            push_key(events, KeyPress { alt: self.has_prefix, ..KeyPress::char(c) });
        }
        self.reset(State::Ground);
    }

    fn step_esc(&mut self, byte: u8, doubled: bool, events: &mut Vec<InputEvent>) {
        match byte {
            ESC if doubled => push_key(events, ascii_key(ESC)),
            ESC => self.state = State::Esc { doubled: true },
            CTRL_C => {
                self.reset(State::Ground);
                push_key(events, ascii_key(CTRL_C));
            }
            _ => {
                self.has_prefix = doubled;
                if let Some(state) = begins_sequence(byte, false) {
                    return self.begin(state);
                }
                self.flush_prefix(events);
                self.reset(State::Ground);
                if byte.is_ascii() {
                    push_key(events, KeyPress { alt: true, ..ascii_key(byte) });
                } else {
                    self.has_prefix = true;
                    self.step_ground(byte, events);
                    self.has_prefix &= self.state == State::Utf8;
                }
            }
        }
    }

    /// The ESC before a sequence that is no key was a key.
    fn flush_prefix(&mut self, events: &mut Vec<InputEvent>) {
        if mem::take(&mut self.has_prefix) && self.state != State::Utf8 {
            push_key(events, ascii_key(ESC));
        }
    }

    fn step_csi(&mut self, byte: u8, events: &mut Vec<InputEvent>) {
        match byte {
            0x20..=0x3f => self.hold(byte),
            b'[' if self.held.is_empty() => self.state = State::ConsoleKey,
            b'M' if self.held.is_empty() => self.state = State::Mouse { left: 3 },
            b'~' if self.held == b"200" => {
                self.flush_prefix(events);
                self.reset(State::Paste { matched: 0 });
            }
            0x40..=0x7e => self.finish_csi(byte, events),
            _ => self.abort(byte, events),
        }
    }

    fn finish_csi(&mut self, last: u8, events: &mut Vec<InputEvent>) {
        let keys = if self.is_too_long { Vec::new() } else { csi_keys(&self.held, last) };
        let is_old_form = !self.held.contains(&b';') && last != b'u';
        let is_alt = is_old_form && !keys.is_empty() && mem::take(&mut self.has_prefix);
        self.flush_prefix(events);
        if last == b'c' && self.held.first() == Some(&b'?') {
            events.push(InputEvent::DeviceAttributes);
        }
        self.reset(State::Ground);
        for key in keys {
            push_key(events, KeyPress { alt: key.alt || is_alt, ..key });
        }
    }

    /// Sequences of one to three bytes after the introducer.
    fn step_short(&mut self, byte: u8, events: &mut Vec<InputEvent>) {
        let key = match self.state {
            _ if byte < 0x20 => return self.abort(byte, events),
            State::Mouse { left: left @ 2.. } => {
                self.state = State::Mouse { left: left - 1 };
                return;
            }
            State::Ss3 if byte.is_ascii_digit() => return self.hold(byte),
            State::Ss3 => ss3_key(&self.held, byte),
            State::ConsoleKey => console_key(byte),
            _ => None,
        };
        let is_alt = key.is_some() && mem::take(&mut self.has_prefix);
        self.flush_prefix(events);
        self.reset(State::Ground);
        if let Some(key) = key {
            push_key(events, KeyPress { alt: key.alt || is_alt, ..key });
        }
    }

    /// A control character cannot be part of the sequence: it begins another, or is a key. BEL is the end of a string of
    /// which the beginning was lost.
    fn abort(&mut self, byte: u8, events: &mut Vec<InputEvent>) {
        self.flush_prefix(events);
        self.reset(State::Ground);
        if !matches!(byte, BEL | CANCEL) {
            self.step_ground(byte, events);
        }
    }

    fn step_string(
        &mut self,
        byte: u8,
        kind: StringKind,
        is_8bit: bool,
        events: &mut Vec<InputEvent>,
    ) {
        match byte {
            BEL => self.finish_string(kind, events),
            ST if is_8bit => self.finish_string(kind, events),
            ESC => self.state = State::StringEsc { kind },
            CTRL_C => self.abort(byte, events),
            CANCEL | SUBSTITUTE => self.abort(CANCEL, events),
            _ => self.hold(byte),
        }
    }

    fn finish_string(&mut self, kind: StringKind, events: &mut Vec<InputEvent>) {
        self.flush_prefix(events);
        let reply = self.held.strip_prefix(b"11;").filter(|_| kind == StringKind::Osc);
        if let Some(is_light) = reply.and_then(background::is_light) {
            events.push(InputEvent::Background { is_light });
        }
        self.reset(State::Ground);
    }

    fn step_paste(&mut self, byte: u8, matched: usize, events: &mut Vec<InputEvent>) {
        if self.paste.len() < MAX_PASTE {
            self.paste.push(byte);
        }
        let matched = if PASTE_END.get(matched) == Some(&byte) {
            matched + 1
        } else {
            usize::from(byte == ESC)
        };
        self.state = State::Paste { matched };
        if matched == PASTE_END.len() {
            if self.paste.ends_with(PASTE_END) {
                self.paste.truncate(self.paste.len() - PASTE_END.len());
            }
            self.finish_paste(events);
            self.reset(State::Ground);
        }
    }

    fn finish_paste(&mut self, events: &mut Vec<InputEvent>) {
        let bytes = mem::take(&mut self.paste);
        if !bytes.is_empty() {
            let text = String::from_utf8(bytes);
            let lossy =
                |e: std::string::FromUtf8Error| String::from_utf8_lossy(e.as_bytes()).into_owned();
            events.push(InputEvent::Paste(text.unwrap_or_else(lossy)));
        }
    }
}

fn push_key(events: &mut Vec<InputEvent>, key: KeyPress) {
    events.push(InputEvent::Key(key));
}

/// Whether these bytes are Ctrl+C and nothing else.
fn is_interrupt(chunk: &[u8]) -> bool {
    let body = chunk.strip_prefix(b"\x1b[").and_then(|rest| rest.strip_suffix(b"u"));
    chunk == [CTRL_C] || body.is_some_and(|body| csi_keys(body, b'u') == [ascii_key(CTRL_C)])
}

#[cfg(test)]
mod tests;
