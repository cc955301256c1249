//! Enough of Rust's syntax to check the house rules: where text is code, which paths it names, where
//! functions and modules begin and end.
//!
//! Not a parser: it reads what rustfmt writes and never fails on anything else. Called by
//! `architecture` alone.

/// The source with comments and the text of literals blanked; every byte stays in its place.
pub fn mask(source: &str) -> String {
    let bytes = source.as_bytes();
    let mut out = bytes.to_vec();
    let mut at = 0;
    while at < bytes.len() {
        match opaque_end(source, at) {
            Some(end) => {
                for byte in out.get_mut(at..end).into_iter().flatten() {
                    if *byte != b'\n' {
                        *byte = b' ';
                    }
                }
                at = end;
            }
            None => at += 1,
        }
    }
    String::from_utf8(out).expect("blanks replace whole characters")
}

/// Where the comment, string or character that begins at `at` ends; nothing if none begins there.
fn opaque_end(source: &str, at: usize) -> Option<usize> {
    let bytes = source.as_bytes();
    let rest = &bytes[at..];
    match rest[0] {
        b'/' if rest.starts_with(b"//") => Some(find(bytes, at, b"\n").unwrap_or(bytes.len())),
        b'/' if rest.starts_with(b"/*") => Some(block_comment_end(bytes, at)),
        b'"' => Some(string_end(bytes, at + 1)),
        b'r' if starts_prefix(bytes, at) => raw_string_end(bytes, at + 1),
        b'\'' => char_end(source, at),
        _ => None,
    }
}

fn find(bytes: &[u8], from: usize, what: &[u8]) -> Option<usize> {
    let rest = bytes.get(from..)?;
    rest.windows(what.len()).position(|window| window == what).map(|found| from + found)
}

fn block_comment_end(bytes: &[u8], at: usize) -> usize {
    let (mut depth, mut i) = (0_usize, at);
    while i < bytes.len() {
        if bytes[i..].starts_with(b"/*") {
            depth += 1;
            i += 2;
        } else if bytes[i..].starts_with(b"*/") {
            depth -= 1;
            i += 2;
            if depth == 0 {
                return i;
            }
        } else {
            i += 1;
        }
    }
    bytes.len()
}

fn string_end(bytes: &[u8], from: usize) -> usize {
    let mut i = from;
    while i < bytes.len() {
        match bytes[i] {
            b'\\' => i += 2,
            b'"' => return i + 1,
            _ => i += 1,
        }
    }
    bytes.len()
}

/// True when the `r` at `at` may begin a raw string: no identifier runs into it but `b` or `c`.
fn starts_prefix(bytes: &[u8], at: usize) -> bool {
    let word = |i: usize| bytes.get(i).is_some_and(|b| is_word(*b));
    match at.checked_sub(1) {
        None => true,
        Some(before) if matches!(bytes[before], b'b' | b'c') => {
            before.checked_sub(1).is_none_or(|i| !word(i))
        }
        Some(before) => !word(before),
    }
}

fn raw_string_end(bytes: &[u8], from: usize) -> Option<usize> {
    let hashes = bytes.get(from..)?.iter().take_while(|b| **b == b'#').count();
    if bytes.get(from + hashes) != Some(&b'"') {
        return None;
    }
    let close: Vec<u8> = std::iter::once(b'"').chain(std::iter::repeat_n(b'#', hashes)).collect();
    let inside = from + hashes + 1;
    Some(find(bytes, inside, &close).map_or(bytes.len(), |found| found + close.len()))
}

/// The end of a character literal; nothing for a lifetime.
fn char_end(source: &str, at: usize) -> Option<usize> {
    let mut inside = source.get(at + 1..)?.chars();
    match inside.next()? {
        '\\' => find(source.as_bytes(), at + 3, b"'").map(|close| close + 1),
        first if inside.next() == Some('\'') => Some(at + 1 + first.len_utf8() + 1),
        _ => None,
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

/// The line of a place in the text, from 1.
pub fn line_of(text: &str, at: usize) -> usize {
    text.as_bytes().iter().take(at).filter(|b| **b == b'\n').count() + 1
}

/// A stretch of the source: a function or an inline module.
#[derive(Debug, PartialEq, Eq)]
pub struct Span {
    /// Its name.
    pub name: String,
    /// Where it begins: at its keyword, or at its first attribute for a test module.
    pub start: usize,
    /// Behind its closing brace.
    pub end: usize,
}

/// The words of the text with the place of each.
fn words(masked: &str) -> impl Iterator<Item = (usize, &str)> {
    let bytes = masked.as_bytes();
    let mut at = 0;
    std::iter::from_fn(move || {
        while at < bytes.len() && !is_word(bytes[at]) {
            at += 1;
        }
        let start = at;
        while at < bytes.len() && is_word(bytes[at]) {
            at += 1;
        }
        (start < at).then(|| (start, &masked[start..at]))
    })
}

/// Behind the brace that closes the first one opened after `from`; nothing when a `;` comes first.
fn body_end(masked: &str, from: usize) -> Option<usize> {
    let (mut round, mut curly) = (0_usize, 0_usize);
    for (i, byte) in masked.bytes().enumerate().skip(from) {
        match byte {
            b'(' | b'[' => round += 1,
            b')' | b']' => round = round.saturating_sub(1),
            b';' if round == 0 && curly == 0 => return None,
            b'{' if round == 0 || curly > 0 => curly += 1,
            b'}' if curly > 0 => {
                curly -= 1;
                if curly == 0 {
                    return Some(i + 1);
                }
            }
            _ => {}
        }
    }
    None
}

fn items(masked: &str, keyword: &str) -> Vec<Span> {
    let all: Vec<_> = words(masked).collect();
    all.windows(2)
        .filter(|pair| pair[0].1 == keyword)
        .filter(|pair| masked[pair[0].0 + keyword.len()..pair[1].0].trim().is_empty())
        .filter_map(|pair| {
            let ((start, _), (at, name)) = (pair[0], pair[1]);
            let end = body_end(masked, at + name.len())?;
            Some(Span { name: name.to_owned(), start, end })
        })
        .collect()
}

/// Every function that has a body.
pub fn functions(masked: &str) -> Vec<Span> {
    items(masked, "fn")
}

/// Every module written inside this file.
pub fn modules(masked: &str) -> Vec<Span> {
    items(masked, "mod")
}

/// Every module that stands under `#[cfg(test)]`, attribute included.
pub fn test_modules(masked: &str) -> Vec<Span> {
    const MARK: &str = "#[cfg(test)]";
    modules(masked)
        .into_iter()
        .filter_map(|module| {
            let start = masked[..module.start].rfind(MARK)?;
            let between = &masked[start + MARK.len()..module.start];
            let only_attributes = between
                .lines()
                .map(str::trim)
                .all(|line| line.is_empty() || line.starts_with("#[") || line.starts_with("pub"));
            only_attributes.then_some(Span { start, ..module })
        })
        .collect()
}

/// A path in the code: `a::b::c`, groups of a `use` spread out.
#[derive(Debug, PartialEq, Eq)]
pub struct Path {
    /// Where its first segment stands.
    pub at: usize,
    /// Its segments.
    pub segments: Vec<String>,
}

/// Every path of two segments or more, and every single name that a `use` brings in.
pub fn paths(masked: &str) -> Vec<Path> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < masked.len() {
        let bytes = masked.as_bytes();
        if !is_word(bytes[at]) {
            at += 1;
            continue;
        }
        let in_use = follows_use(masked, at);
        let before = found.len();
        at = path(masked, at, &[], &mut found).max(at + 1);
        if !in_use {
            let mut index = 0;
            found.retain(|p: &Path| {
                index += 1;
                index <= before || p.segments.len() > 1
            });
        }
    }
    found
}

fn follows_use(masked: &str, at: usize) -> bool {
    masked[..at].trim_end().trim_end_matches("::").trim_end().ends_with("use")
}

/// Reads one path or one branch of a group, returns where it ends.
fn path(masked: &str, from: usize, prefix: &[String], found: &mut Vec<Path>) -> usize {
    let bytes = masked.as_bytes();
    let mut segments = prefix.to_vec();
    let mut at = from;
    loop {
        let start = at;
        while at < bytes.len() && is_word(bytes[at]) {
            at += 1;
        }
        if start == at {
            break;
        }
        let name = &masked[start..at];
        if name != "self" || segments.is_empty() {
            segments.push(name.to_owned());
        }
        let next = skip_blank(bytes, at);
        if !bytes[next..].starts_with(b"::") {
            break;
        }
        let after = skip_blank(bytes, next + 2);
        if bytes.get(after) == Some(&b'{') {
            return group(masked, after + 1, &segments, found);
        }
        if bytes.get(after).is_none_or(|b| !is_word(*b)) {
            at = after;
            break;
        }
        at = after;
    }
    if segments.len() > prefix.len() || !prefix.is_empty() {
        found.push(Path { at: from, segments });
    }
    at
}

/// Reads the branches of `{a, b::c}` behind its opening brace, returns where it ends.
fn group(masked: &str, from: usize, prefix: &[String], found: &mut Vec<Path>) -> usize {
    let bytes = masked.as_bytes();
    let mut at = from;
    while at < bytes.len() && bytes[at] != b'}' {
        if is_word(bytes[at]) {
            at = path(masked, at, prefix, found);
            // `name as other`: the other name is no path of its own.
            while at < bytes.len() && !matches!(bytes[at], b',' | b'}') {
                at += 1;
            }
        } else {
            at += 1;
        }
    }
    at + 1
}

fn skip_blank(bytes: &[u8], from: usize) -> usize {
    from + bytes[from..].iter().take_while(|b| b.is_ascii_whitespace()).count()
}

mod tests {
    use super::*;

    fn named(masked: &str, spans: &[Span]) -> Vec<(String, usize)> {
        let lines = |s: &Span| masked[s.start..s.end].lines().count();
        spans.iter().map(|s| (s.name.clone(), lines(s))).collect()
    }

    fn joined(source: &str) -> Vec<String> {
        paths(&mask(source)).into_iter().map(|p| p.segments.join("::")).collect()
    }

    #[test]
    fn literals_and_comments_are_blank_and_nothing_moves() {
        let cases = [
            ("a // b\nc", "a     \nc"),
            ("a /* b /* c */ d */ e", "a                   e"),
            (r#"f("x\"{", y)"#, "f(      , y)"),
            (r##"r#"a"b"# + z"##, "         + z"),
            (r##"br#"{"# , c"}""##, "b       , c   "),
            ("'{' + b'\\'' + '\\u{7b}'", "    + b     +         "),
            ("fn f<'a>(x: &'a str)", "fn f<'a>(x: &'a str)"),
            ("'é' \"é\" é", "          é"),
            ("r#type + var\"x\"", "r#type + var   "),
            ("\"open", "     "),
        ];
        for (source, expected) in cases {
            assert_eq!(mask(source), expected, "{source}");
            assert_eq!(mask(source).len(), source.len(), "{source}");
        }
    }

    #[test]
    fn functions_end_at_their_own_brace() {
        let source = "fn a() {\n  let x = \"}\"; // }\n  if x { '}' }\n}\ntrait T { fn b(&self); }\n\
             fn c(f: fn(u8) -> u8) -> [u8; { 1 + 1 }]\nwhere\n  u8: Copy,\n{\n  fn d() {}\n}\n";
        let masked = mask(source);
        assert_eq!(
            named(&masked, &functions(&masked)),
            [("a".to_owned(), 4), ("c".to_owned(), 6), ("d".to_owned(), 1)]
        );
    }

    #[test]
    fn only_modules_under_cfg_test_are_test_modules() {
        let masked = mask(
            "mod a {\n}\n#[cfg(test)]\nuse x::y;\nmod b {\n}\n#[cfg(test)]\n#[allow(x)]\nmod tests {\n  fn t() {}\n}\n",
        );
        assert_eq!(named(&masked, &test_modules(&masked)), [("tests".to_owned(), 5)]);
        assert_eq!(modules(&masked).len(), 3);
    }

    #[test]
    fn groups_are_spread_out() {
        assert_eq!(
            joined("use a::{b::{self, c}, d as e, f::*};\nfn g() { ::h::i::<j::K>(l.m, n) }"),
            ["a::b", "a::b::c", "a::d", "a::f", "h::i", "j::K"]
        );
        assert_eq!(joined("use ratatui;"), ["ratatui"]);
        assert_eq!(joined("// use a::b;\nlet s = \"c::d\";"), Vec::<String>::new());
    }

    #[test]
    fn garbage_does_not_hang_or_panic() {
        for source in [
            "'", "\"", "r#", "r#\"", "/*", "fn", "fn x", "fn x(", "use a::{", "a::", "mod m {",
            "'\\", "é'é", "b'",
        ] {
            let masked = mask(source);
            assert_eq!(masked.len(), source.len());
            drop((functions(&masked), test_modules(&masked), paths(&masked)));
        }
    }
}
