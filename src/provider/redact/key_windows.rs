//! Windows of keys: short runs of characters from which a key, a part of it, or its encoding is recognised.
//!
//! A window that looks like an ordinary word does not begin a match, so that an answer about what keys look like keeps its
//! text. Contains pieces of keys in memory, and is therefore neither printed nor serialised.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

use crate::domain::key_shapes::{is_placeholder_key, public_prefix_bytes};

/// The number of characters that are looked up before a window is compared.
pub(super) const HEAD: usize = 4;
/// The longest window.
pub(super) const MAX_WINDOW: usize = 16;
/// A part of a key of this length is recognised.
const PART: usize = 8;
/// The base64 text of `PART` bytes, without the characters that also depend on the bytes beside them.
const BASE64_PART: usize = 10;
/// Shorter keys are too ordinary to be searched for.
const MIN_KEY: usize = 8;
/// At least so many characters of a window are not in the public prefix of the key (`sk-proj-`).
const MIN_SECRET: usize = 4;
/// The number of bits in the table of heads; few of them are set.
const HEAD_BITS: u32 = 18;

/// A window, filled with zeros.
pub(super) type Window = [u8; MAX_WINDOW];

/// The windows of one length.
struct WindowClass {
    length: usize,
    /// Where a match may begin; sorted.
    first: Vec<Window>,
    /// Where a match may continue; sorted.
    all: Vec<Window>,
}

/// The windows of all known keys.
pub(super) struct KeyWindows {
    classes: Vec<WindowClass>,
    /// One bit for every hash of the first characters of a window.
    heads: Vec<u64>,
}

/// The result of a search at one position.
pub(super) enum WindowMatch {
    /// No key begins here.
    None,
    /// A key may begin here: the text is too short.
    Partial,
    /// A window of the class with this index.
    Whole(usize),
}

impl KeyWindows {
    /// The windows of `keys` and of their encodings.
    pub(super) fn new<'a>(keys: impl IntoIterator<Item = &'a str>) -> Self {
        let mut windows = Self { classes: Vec::new(), heads: Vec::new() };
        for key in keys {
            windows.add_key(key.as_bytes(), is_placeholder_key(key), public_prefix_bytes(key));
        }
        for class in &mut windows.classes {
            for list in [&mut class.first, &mut class.all] {
                list.sort_unstable();
                list.dedup();
            }
        }
        if !windows.classes.is_empty() {
            windows.heads = vec![0; 1 << (HEAD_BITS - 6)];
        }
        for window in windows.classes.iter().flat_map(|class| &class.first) {
            let (word, bit) = head_position(head_of(window));
            if let Some(bits) = windows.heads.get_mut(word) {
                *bits |= bit;
            }
        }
        windows
    }

    /// True without any key.
    pub(super) fn is_empty(&self) -> bool {
        self.classes.is_empty()
    }

    fn add_key(&mut self, key: &[u8], is_placeholder: bool, public_prefix: usize) {
        if key.len() < MIN_KEY || is_placeholder {
            return;
        }
        let is_secret = |start: usize, length: usize| {
            start + length >= public_prefix + MIN_SECRET.min(key.len() - public_prefix)
        };
        self.add_windows(key, PART, |start, window| is_secret(start, PART) && is_random(window));
        let whole = key.len().min(MAX_WINDOW);
        self.add_windows(key, whole, |start, _| is_secret(start, whole));
        for text in base64_texts(key) {
            self.add_windows(&text, BASE64_PART, |_, _| true);
        }
        for upper in [false, true] {
            let hex: Vec<u8> = key.iter().flat_map(|byte| hex_digits(*byte, upper)).collect();
            self.add_windows(&hex, MAX_WINDOW, |_, _| true);
        }
    }

    fn add_windows(
        &mut self,
        text: &[u8],
        length: usize,
        may_begin: impl Fn(usize, &[u8]) -> bool,
    ) {
        let class = if let Some(at) = self.classes.iter().position(|class| class.length == length) {
            self.classes.get_mut(at)
        } else {
            self.classes.push(WindowClass { length, first: Vec::new(), all: Vec::new() });
            self.classes.last_mut()
        };
        let Some(class) = class else { return };
        for (start, window) in text.windows(length).enumerate() {
            let padded = pad(window);
            class.all.push(padded);
            if may_begin(start, window) {
                class.first.push(padded);
            }
        }
    }

    /// False if no window begins with the characters in `head`, the first one in the highest byte.
    pub(super) fn may_begin(&self, head: u32) -> bool {
        let (word, bit) = head_position(head);
        self.heads.get(word).is_some_and(|bits| bits & bit != 0)
    }

    /// Searches for a window at the beginning of `text`, which holds [`MAX_WINDOW`] characters unless the text is shorter.
    pub(super) fn find(&self, text: &[u8]) -> WindowMatch {
        let mut result = WindowMatch::None;
        for (index, class) in self.classes.iter().enumerate() {
            match text.get(..class.length) {
                Some(window) if class.first.binary_search(&pad(window)).is_ok() => {
                    return WindowMatch::Whole(index);
                }
                Some(_) => {}
                None => {
                    let at = class.first.partition_point(|window| *window < pad(text));
                    if class.first.get(at).is_some_and(|window| window.starts_with(text)) {
                        result = WindowMatch::Partial;
                    }
                }
            }
        }
        result
    }

    /// The length of the windows of a class.
    pub(super) fn length(&self, class: usize) -> usize {
        self.classes.get(class).map_or(0, |class| class.length)
    }

    /// True if a match of `class` continues with the characters of `window`, which has the length of the class.
    pub(super) fn continues(&self, class: usize, window: &Window) -> bool {
        self.classes.get(class).is_some_and(|class| class.all.binary_search(window).is_ok())
    }
}

/// The first characters of a window.
fn head_of(window: &Window) -> u32 {
    window.iter().take(HEAD).fold(0, |head, byte| head << 8 | u32::from(*byte))
}

/// Word and bit of a head in the table.
fn head_position(head: u32) -> (usize, u64) {
    // Fibonacci hashing: the highest bits of the product depend on all characters.
    let hash = head.wrapping_mul(0x9E37_79B1) >> (32 - HEAD_BITS);
    ((hash >> 6) as usize, 1 << (hash & 63))
}

fn pad(text: &[u8]) -> Window {
    let mut window = Window::default();
    for (to, from) in window.iter_mut().zip(text) {
        *to = *from;
    }
    window
}

/// True for characters of at least two of three kinds: digits, capitals, small letters. Words have only one.
fn is_random(window: &[u8]) -> bool {
    let has = |kind: fn(&u8) -> bool| usize::from(window.iter().any(kind));
    has(u8::is_ascii_digit) + has(u8::is_ascii_uppercase) + has(u8::is_ascii_lowercase) >= 2
}

/// The base64 text of `key` at each position in a longer text, in both alphabets, without the characters that also
/// depend on the text around it.
fn base64_texts(key: &[u8]) -> Vec<Vec<u8>> {
    let mut texts = Vec::new();
    for before in 0..3_usize {
        let bytes = [vec![0; before], key.to_owned()].concat();
        let (from, to) = ((before * 8).div_ceil(6), bytes.len() * 8 / 6);
        for engine in [STANDARD_NO_PAD, URL_SAFE_NO_PAD] {
            let text = engine.encode(&bytes).into_bytes();
            texts.extend(text.get(from..to).map(<[u8]>::to_vec));
        }
    }
    texts
}

fn hex_digits(byte: u8, upper: bool) -> [u8; 2] {
    let digit = |value: u8| match (value, upper) {
        (0..=9, _) => b'0' + value,
        (_, false) => b'a' + value - 10,
        (_, true) => b'A' + value - 10,
    };
    [digit(byte >> 4), digit(byte & 15)]
}
