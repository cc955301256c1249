use proptest::prelude::*;

use super::*;

/// What terminals send that is no key: replies, reports, strings of every kind, both terminators.
const REPLIES: &[&[u8]] = &[
    b"\x1b]10;rgb:ffff/ffff/ffff\x1b\\",
    b"\x1b]11;rgb:1e1e/1e1e/2e2e\x07",
    b"\x1b]11;rgb:ffff/ffff/ffff\x1b\\",
    b"\x1b]4;255;rgb:eeee/eeee/eeee\x07",
    b"\x1b]52;c;aGVsbG8gd29ybGQK\x1b\\",
    b"\x1b]52;c;\x07",
    b"\x1b]99;i=1:p=?;ok\x1b\\",
    b"\x1b]lT\xc3\xadtle: qxX\x1b\\",
    b"\x1b]21;foreground=rgb:ff/ff/ff\x1b\\",
    b"\x1b]1337;Capabilities=T2Sy\x07",
    b"\x1b[?62;4;22c",
    b"\x1b[>41;354;0c",
    b"\x1b[>1;10;0c",
    b"\x1bP!|7E565445\x1b\\",
    b"\x1bP>|XTerm(354)\x1b\\",
    b"\x1bP>|kitty(0.35.2)\x07",
    b"\x1bP1$r0m\x1b\\",
    b"\x1bP1+r544e=787465726d\x1b\\",
    b"\x1b[?2026;2$y",
    b"\x1b[4;2$y",
    b"\x1b[?5;5R",
    b"\x1b[24;80R",
    b"\x1b[1;2R",
    b"\x1b[0n",
    b"\x1b[?997;1n",
    b"\x1b[?997;2n",
    b"\x1b[?1u",
    b"\x1b[?0u",
    b"\x1b[48;50;200;1000;2000t",
    b"\x1b[8;24;80t",
    b"\x1b[4;600;800t",
    b"\x1b[6;16;8t",
    b"\x1b[I",
    b"\x1b[O",
    b"\x1b[<35;10;20M",
    b"\x1b[<0;10;20m",
    b"\x1b[M !!",
    b"\x1b[M\x40\x7f\x21",
    b"\x1b[M#qx",
    b"\x1b[M \xe1\xe1",
    b"\x1b[35;10;20M",
    b"\x1b[97;1:3u",
    b"\x1b[99;5:3u",
    b"\x1b[57441;2u",
    b"\x1b[1;1:3A",
    b"\x1b[3;1:3~",
    b"\x1b_Gi=31;OK\x1b\\",
    b"\x1b^private\x1b\\",
    b"\x1bXstart of string\x1b\\",
    b"\x9d11;rgb:00/00/00\x9c",
    b"\x9b?62c",
    b"\x90>|x\x9c",
    b"\x1b[201~",
    b"\x1b[?1;2;3;4;5;6;7;8;9;10;11;12;13;14;15;16;17;18;19;20;21;22;23;24;25;26;27;28;29;30;31;32;33;34;35;36;37;38;39;40;41;42;43;44;45;46;47;48;49;50c",
];

/// Keys as terminals send them.
const KEYS: &[(&[u8], &str)] = &[
    (b"a", "a"),
    (b"G", "G"),
    (b"[", "["),
    (b"]", "]"),
    (b"\r", "Enter"),
    (b"\t", "Tab"),
    (b"\x7f", "Backspace"),
    (b"\x03", "Ctrl+C"),
    (b"\x07", "Ctrl+G"),
    (b"\x1f", "Ctrl+7"),
    ("é".as_bytes(), "é"),
    ("語".as_bytes(), "語"),
    ("🦀".as_bytes(), "🦀"),
    (b"\x1bs", "Alt+S"),
    (b"\x1b\r", "Alt+Enter"),
    (b"\x1b\x7f", "Alt+Backspace"),
    ("\x1bé".as_bytes(), "Alt+é"),
    (b"\x1b[A", "↑"),
    (b"\x1b[1;5C", "Ctrl+→"),
    (b"\x1bOP", "F1"),
    (b"\x1bOB", "↓"),
    (b"\x1b[[C", "F3"),
    (b"\x1b[5~", "PgUp"),
    (b"\x1b[15~", "F5"),
    (b"\x1b[Z", "Shift+Tab"),
    (b"\x1b[27u", "Esc"),
    (b"\x1b[99;5u", "Ctrl+C"),
    (b"\x1b[99;5:2u", "Ctrl+C"),
    (b"\x1b[1089::99;5u", "Ctrl+C"),
    (b"\x1b[0;;229u", "å"),
    (
        b"\x1b[200~a\x1b[31m\x03\x07\r\xff\x1b[201\x1b[201~",
        "paste \"a\\u{1b}[31m\\u{3}\\u{7}\\r\u{fffd}\\u{1b}[201\"",
    ),
];

fn named(events: &[InputEvent]) -> Vec<String> {
    let name = |event: &InputEvent| match event {
        InputEvent::Key(key) => Some(key.to_string()),
        InputEvent::Paste(text) if text.len() < 1 << 20 => Some(format!("paste {text:?}")),
        InputEvent::Paste(text) => Some(format!("paste of {}", text.len())),
        InputEvent::Background { .. } | InputEvent::DeviceAttributes => None,
        InputEvent::Closed => Some("closed".into()),
    };
    events.iter().filter_map(name).collect()
}

/// What is read from `chunks`, with a pause after each when `pauses`.
fn read(chunks: &[&[u8]], pauses: bool) -> Vec<String> {
    let (mut parser, mut events) = (InputParser::new(), Vec::new());
    for (index, chunk) in chunks.iter().enumerate() {
        parser.feed(chunk, &mut events);
        if pauses && index + 1 < chunks.len() && parser.patience() == Some(PAUSE) {
            parser.time_out(&mut events);
        }
    }
    named(&events)
}

fn finish(parser: &mut InputParser, events: &mut Vec<InputEvent>) {
    for _ in 0..4 {
        if parser.patience().is_some() {
            parser.time_out(events);
        }
    }
    assert_eq!(parser.patience(), None, "{parser:?}");
}

#[test]
fn replies_are_dropped_wherever_they_are_split() {
    for reply in REPLIES {
        assert_eq!(read(&[reply], false), Vec::<String>::new(), "{}", reply.escape_ascii());
        let bytes: Vec<&[u8]> = reply.chunks(1).collect();
        assert_eq!(read(&bytes, false), Vec::<String>::new(), "{}", reply.escape_ascii());
        for at in 1..reply.len() {
            for pauses in [false, true] {
                let (first, rest) = reply.split_at(at);
                let mut got = read(&[first, rest, b"j"], pauses);
                // Nothing but a pause tells a lone ESC: then it is a key, but the rest still is none.
                if pauses && first == b"\x1b" && got.first().is_some_and(|key| key == "Esc") {
                    got.remove(0);
                }
                let is_odd =
                    matches!(reply.get(1), Some(b'^' | b'X')) || reply.starts_with(b"\x1b]l");
                if pauses && is_odd && at < 3 {
                    continue;
                }
                assert_eq!(got, ["j"], "{} split at {at}, {pauses}", reply.escape_ascii());
            }
        }
    }
}

#[test]
fn every_key_is_read_wherever_it_is_split() {
    for (bytes, wanted) in KEYS {
        for at in 0..bytes.len() {
            let (first, rest) = bytes.split_at(at);
            assert_eq!(read(&[first, rest], false), [*wanted], "{wanted} split at {at}");
            if first != b"\x1b" {
                assert_eq!(read(&[first, rest], true), [*wanted], "{wanted} paused at {at}");
            }
        }
    }
}

#[test]
fn a_slow_line_gives_replies_byte_by_byte() {
    for reply in REPLIES.iter().filter(|reply| reply.len() < 60) {
        let (first, rest) = reply.split_at(reply.len().min(3));
        if matches!(reply.get(1), Some(b'X' | b'^')) {
            continue;
        }
        let mut chunks = vec![first];
        chunks.extend(rest.chunks(1));
        assert_eq!(read(&chunks, true), Vec::<String>::new(), "{}", reply.escape_ascii());
    }
}

#[test]
fn a_pause_after_the_introducer_starts_no_command() {
    let none = Vec::<String>::new();
    for rest in [b"\x07".as_slice(), b"\x1b\\", b"lfoo bar q\x1b\\", b"Lfoo bar q\x07"] {
        assert_eq!(read(&[b"\x1b]", rest], true), none, "{}", rest.escape_ascii());
        let whole = [b"]", rest].concat();
        let after_esc = read(&[b"\x1b", &whole], true);
        if !rest.starts_with(b"\x1b") {
            assert!(after_esc.iter().all(|key| key == "Esc"), "{after_esc:?}");
        }
    }
    for introducer in [b"\x1bP", b"\x1b_", b"\x1bX", b"\x1b^"] {
        assert_eq!(read(&[introducer, b"\x1b\\"], true), none);
    }
    assert_eq!(read(&[b"\x1b]", b"\x1bs"], true), ["Alt+]", "Alt+S"]);
}

#[test]
fn ctrl_c_acts_in_the_middle_of_everything() {
    let paste: &[u8] = b"\x1b[200~pasted";
    for sequence in REPLIES.iter().chain(&[paste]) {
        for at in 1..sequence.len() {
            for interrupt in [b"\x03".as_slice(), b"\x1b[99;5u", b"\x1b[1089::99;5u"] {
                let (mut parser, mut events) = (InputParser::new(), Vec::new());
                let begun = &sequence[..at];
                parser.feed(begun, &mut events);
                if parser.patience() == Some(PAUSE) {
                    parser.time_out(&mut events);
                }
                parser.feed(interrupt, &mut events);
                let last = named(&events).pop();
                assert_eq!(last.as_deref(), Some("Ctrl+C"), "{}", begun.escape_ascii());
            }
        }
    }
}

#[test]
fn what_never_ends_does_not_swallow_keys_for_ever() {
    for sequence in REPLIES {
        for at in 1..sequence.len() {
            let (mut parser, mut events) = (InputParser::new(), Vec::new());
            parser.feed(&sequence[..at], &mut events);
            finish(&mut parser, &mut events);
            events.clear();
            parser.feed(b"j", &mut events);
            assert_eq!(named(&events), ["j"], "{}", sequence[..at].escape_ascii());
        }
    }
    // Someone types without a pause of seconds.
    let (mut parser, mut events) = (InputParser::new(), Vec::new());
    parser.feed(b"\x1b]11;rgb", &mut events);
    parser.feed(b"jjj", &mut events);
    assert!(parser.is_in_string());
    parser.abandon_string(&mut events);
    parser.feed(b"k", &mut events);
    assert_eq!(named(&events), ["k"]);
}

#[test]
fn the_late_end_of_a_string_is_no_key() {
    for end in [b"ffff/ffff\x07".as_slice(), b"ffff\x1b\\", b"\x07"] {
        let (mut parser, mut events) = (InputParser::new(), Vec::new());
        parser.feed(b"\x1b]11;rgb:ffff/", &mut events);
        finish(&mut parser, &mut events);
        parser.feed(end, &mut events);
        parser.feed(b"j", &mut events);
        assert_eq!(named(&events), ["j"]);
    }
}

#[test]
fn a_lone_esc_is_a_key_and_alt_works() {
    let (mut parser, mut events) = (InputParser::new(), Vec::new());
    parser.feed(b"\x1b", &mut events);
    assert_eq!(named(&events), Vec::<String>::new());
    assert_eq!(parser.patience(), Some(PAUSE));
    parser.time_out(&mut events);
    parser.feed(b"j", &mut events);
    parser.feed(b"[", &mut events);
    assert_eq!(named(&events), ["Esc", "j", "["]);
    assert_eq!(read(&[b"\x1b", b"\x1b", b"j"], true), ["Esc", "Esc", "j"]);
    assert_eq!(read(&[b"\x1b\x1b", b"j"], true), ["Esc", "Esc", "j"]);
    assert_eq!(read(&[b"\x1b\x1bj"], false), ["Esc", "Alt+J"]);
    assert_eq!(read(&[b"\x1b\x1b[A"], false), ["Alt+↑"]);
    assert_eq!(read(&[b"\x1b\x1b[?997;1nj"], false), ["Esc", "j"]);
    assert_eq!(read(&[b"\x1b\x1b]11;rgb:0/0/0\x07j"], false), ["Esc", "j"]);
    assert_eq!(read(&[b"\x1b", b"[A"], true), ["Esc", "↑"]);
    assert_eq!(read(&[b"\x1b", b"[[", b"]]"], true), ["Esc", "[", "[", "]", "]"]);
    // Alt and the characters that begin sequences.
    assert_eq!(read(&[b"\x1b]", b"j"], true), ["Alt+]", "j"]);
    assert_eq!(read(&[b"\x1bO", b"o"], true), ["Alt+Shift+O", "o"]);
    assert_eq!(read(&[b"\x1bP", b"j"], true), ["Alt+Shift+P", "j"]);
    let (mut parser, mut events) = (InputParser::new(), Vec::new());
    parser.feed(b"\x1b[", &mut events);
    finish(&mut parser, &mut events);
    assert_eq!(named(&events), ["Alt+["]);
    // rxvt's shift, which nothing ends.
    let (mut parser, mut events) = (InputParser::new(), Vec::new());
    parser.feed(b"\x1b[3$", &mut events);
    finish(&mut parser, &mut events);
    assert_eq!(named(&events), ["Shift+Delete"]);
}

#[test]
fn a_paste_is_one_event_and_its_rest_is_no_command() {
    let big = [b"\x1b[200~".as_slice(), &vec![b'x'; 3 << 20], b"\x1b[201~q"].concat();
    let (mut parser, mut events) = (InputParser::new(), Vec::new());
    big.chunks(4096).for_each(|chunk| parser.feed(chunk, &mut events));
    assert!(
        matches!(&events[..], [InputEvent::Paste(text), InputEvent::Key(_)] if text.len() == 3 << 20)
    );
    let (mut parser, mut events) = (InputParser::new(), Vec::new());
    parser.feed(b"\x1b[200~", &mut events);
    (0..=MAX_PASTE >> 13).for_each(|_| parser.feed(&[b'x'; 1 << 13], &mut events));
    parser.feed(b"\x1b[201~q", &mut events);
    assert_eq!(named(&events), [format!("paste of {MAX_PASTE}"), "q".to_owned()]);
    // Nothing comes for seconds: what came is shown, and what follows still is a paste.
    let (mut parser, mut events) = (InputParser::new(), Vec::new());
    parser.feed(b"\x1b[200~one ", &mut events);
    finish(&mut parser, &mut events);
    parser.feed(b"two xq", &mut events);
    finish(&mut parser, &mut events);
    parser.feed(b" three\x1b[201~", &mut events);
    parser.feed(b"j", &mut events);
    assert_eq!(named(&events), ["paste \"one \"", "paste \"two xq\"", "paste \" three\"", "j"]);
    // A person types where the end is missing.
    let (mut parser, mut events) = (InputParser::new(), Vec::new());
    parser.feed(b"\x1b[200~one", &mut events);
    finish(&mut parser, &mut events);
    parser.feed(b"j", &mut events);
    parser.feed(b"\x1b[A", &mut events);
    assert_eq!(named(&events), ["paste \"one\"", "j", "↑"]);
}

#[test]
fn bounds_hold() {
    let (mut parser, mut events) = (InputParser::new(), Vec::new());
    for introducer in [b"\x1b]11;".as_slice(), b"\x1bP", b"\x1b[?"] {
        parser.feed(introducer, &mut events);
        for _ in 0..100 {
            parser.feed(&[b'1'; 1 << 12], &mut events);
        }
        assert!(parser.held.capacity() <= MAX_HELD);
        parser.feed(b"\x1b\\\x1b[Aj", &mut events);
    }
    assert_eq!(named(&events).iter().filter(|key| *key == "j").count(), 3);
}

#[test]
fn the_background_and_the_fence_are_reported_whenever_they_come() {
    let (mut parser, mut events) = (InputParser::new(), Vec::new());
    parser.feed(b"a\x1b]11;rgb:ff", &mut events);
    parser.time_out(&mut events);
    parser.feed(b"ff/ffff/ffff\x1b\\\x1b[?62", &mut events);
    parser.time_out(&mut events);
    parser.feed(b"c", &mut events);
    assert_eq!(
        events[1..],
        [InputEvent::Background { is_light: true }, InputEvent::DeviceAttributes]
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    /// Keys between any replies come out exactly, however the bytes are split.
    #[test]
    fn keys_between_replies_come_out_exactly(
        parts in prop::collection::vec((any::<bool>(), any::<prop::sample::Index>()), 0..24),
        cuts in prop::collection::vec((any::<prop::sample::Index>(), any::<bool>()), 0..24),
    ) {
        let (mut bytes, mut wanted) = (Vec::new(), Vec::new());
        for (is_key, index) in parts {
            if is_key {
                let (key, name) = index.get(KEYS);
                bytes.extend_from_slice(key);
                wanted.push((*name).to_owned());
            } else {
                bytes.extend_from_slice(REPLIES[index.index(REPLIES.len())]);
            }
        }
        let mut ends: Vec<(usize, bool)> =
            cuts.iter().map(|(cut, pauses)| (cut.index(bytes.len() + 1), *pauses)).collect();
        ends.push((bytes.len(), false));
        ends.sort_unstable();
        let (mut parser, mut events, mut from) = (InputParser::new(), Vec::new(), 0);
        for (to, pauses) in ends {
            parser.feed(&bytes[from..to], &mut events);
            from = to;
            // A pause after ESC or an introducer alone is another matter.
            let is_clear = !matches!(parser.state, State::Esc { .. } | State::Paste { .. })
                && parser.bare_introducer().is_none();
            if pauses && is_clear && parser.patience() == Some(PAUSE) {
                parser.time_out(&mut events);
            }
        }
        prop_assert_eq!(named(&events), wanted);
    }

    /// Any bytes at all: no panic, and the parser is ready for keys afterwards.
    #[test]
    fn any_bytes_leave_the_parser_ready(
        chunks in prop::collection::vec((prop::collection::vec(any::<u8>(), 0..40), any::<bool>()), 0..20),
    ) {
        let (mut parser, mut events) = (InputParser::new(), Vec::new());
        for (chunk, pauses) in chunks {
            parser.feed(&chunk, &mut events);
            if pauses && parser.patience().is_some() {
                parser.time_out(&mut events);
            }
        }
        finish(&mut parser, &mut events);
        events.clear();
        parser.feed(b"\x03", &mut events);
        prop_assert_eq!(named(&events), ["Ctrl+C"]);
    }
}
