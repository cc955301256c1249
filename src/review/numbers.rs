//! Numbers with a unit in running text: `250 ms`, `~$6,500 a month`, `1,200 events/s`, `40 shops`.
//!
//! Not those that name something: versions, dates, list numbers, `p99`, `k3s`. Found by pattern. Used by `ledger`.

use std::ops::Range;

use super::units::{Kind, MONEY, is_between, is_counted, is_per, unit};
use crate::domain::script::is_word_char;

/// A number with its unit.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Number {
    /// Its bytes: sign of money, amount, unit, `a month`.
    pub(super) range: Range<usize>,
    /// What it measures.
    pub(super) kind: Kind,
    /// The amount in the base of its kind, and per what: equal when two say the same.
    pub(super) value: (f64, String),
    /// What is counted, for counts.
    pub(super) noun: String,
}

/// The numbers with a unit in `text`, in order.
pub(super) fn numbers(text: &str) -> Vec<Number> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(start) = text.get(at..).and_then(|t| t.find(|c: char| c.is_ascii_digit())) {
        let start = at + start;
        let number = if names(text, start) { None } else { number(text, start) };
        at = match number {
            Some(number) => {
                let end = number.range.end;
                found.push(number);
                end
            }
            None => token_end(text, start),
        };
    }
    found
}

fn rest(text: &str, at: usize) -> &str {
    text.get(at..).unwrap_or_default()
}

/// True when the digits at `start` are part of a name: `p99`, `v1`, `#12`, `2026-04-02`.
fn names(text: &str, start: usize) -> bool {
    let mut before = text.get(..start).unwrap_or_default().chars().rev();
    match before.next() {
        Some(c) if c.is_alphanumeric() => !is_word_char(c),
        Some('_' | '#' | '/' | '.' | '§') => true,
        Some('-' | ':') => before.next().is_some_and(char::is_alphanumeric),
        _ => false,
    }
}

/// The end of the word that stands at `start`.
fn token_end(text: &str, start: usize) -> usize {
    let word = |c: char| c.is_ascii_alphanumeric() || "._-/:".contains(c);
    start + rest(text, start).find(|c: char| !word(c)).unwrap_or(rest(text, start).len()).max(1)
}

fn number(text: &str, start: usize) -> Option<Number> {
    let (mut amount, mut end) = amount(text, start)?;
    if let Some((to, at)) = upper(text, end) {
        (amount, end) = (to, at);
    }
    let sign = text.get(..start)?.trim_end_matches(' ');
    let money = sign.chars().next_back().filter(|c| MONEY.contains(c));
    let from = money.map_or(start, |c| sign.len() - c.len_utf8());
    if let Some((scale, at)) = scale(text, end) {
        (amount, end) = (amount * scale, at);
    }
    let mut noun = String::new();
    let kind = if money.is_some() {
        Kind::Money
    } else {
        let measured = measured(text, end)?;
        (amount, end, noun) = (amount * measured.factor, measured.end, measured.noun);
        measured.kind
    };
    let (per, end) = per(text, end);
    let kind = if kind == Kind::Count && !per.is_empty() { Kind::Rate } else { kind };
    Some(Number { range: from..end, kind, value: (amount, per), noun })
}

/// The amount at `start` and where it ends: digits, groups of three, decimals. None for a version: `1.2.3`.
fn amount(text: &str, start: usize) -> Option<(f64, usize)> {
    let mut digits = String::new();
    let mut end = start;
    let mut decimal = false;
    loop {
        let here = rest(text, end);
        let run: &str = here.split(|c: char| !c.is_ascii_digit()).next().unwrap_or_default();
        digits.push_str(run);
        end += run.len();
        let mut next = rest(text, end).chars();
        let mark = next.next();
        let group: Vec<char> = next.take(4).collect();
        let digit = |at: usize| group.get(at).is_some_and(char::is_ascii_digit);
        let three = digit(0) && digit(1) && digit(2) && !digit(3);
        match mark {
            Some(',' | '\u{202f}' | '\u{a0}' | '\'' | '’') if three && !decimal => {
                end += mark.map_or(0, char::len_utf8);
            }
            Some('.' | ',') if digit(0) && !decimal => {
                decimal = true;
                digits.push('.');
                end += 1;
            }
            Some('.') if digit(0) => return None,
            _ => break,
        }
    }
    digits.parse().ok().map(|amount| (amount, end))
}

/// The upper end of a range: `4–6`, `4 to 6`.
fn upper(text: &str, end: usize) -> Option<(f64, usize)> {
    let behind = rest(text, end);
    let dash = ["–", "-", "—", " – ", " - ", " to ", " bis "].into_iter().find(|dash| {
        behind.strip_prefix(dash).is_some_and(|rest| {
            rest.starts_with(|c: char| c.is_ascii_digit() || MONEY.contains(&c))
        })
    })?;
    let at = end + dash.len();
    let sign =
        rest(text, at).chars().next().filter(|c| MONEY.contains(c)).map_or(0, char::len_utf8);
    amount(text, at + sign)
}

/// `k`, `M` or `million` behind an amount.
fn scale(text: &str, end: usize) -> Option<(f64, usize)> {
    let behind = rest(text, end);
    [("k", 1e3), ("K", 1e3), ("M", 1e6), (" million", 1e6), (" billion", 1e9), (" thousand", 1e3)]
        .into_iter()
        .find(|(mark, _)| {
            behind
                .strip_prefix(mark)
                .is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric()))
        })
        .map(|(mark, scale)| (scale, end + mark.len()))
}

/// What stands behind an amount.
struct Measured {
    kind: Kind,
    factor: f64,
    end: usize,
    noun: String,
}

fn measured(text: &str, end: usize) -> Option<Measured> {
    let behind = rest(text, end);
    let gap = behind.chars().next().filter(|c| matches!(c, ' ' | '\u{a0}' | '\u{202f}' | '-'));
    let at = end + gap.map_or(0, char::len_utf8);
    let word = word(text, at);
    let unit_of = |word: &str| unit(word).map(|(kind, factor)| (kind, factor, at + word.len()));
    let whole = unit_of(word);
    // `5%)`, `3 秒以内`: a unit that other letters follow.
    let first = word.chars().next().map(char::len_utf8).and_then(|n| word.get(..n));
    let first = first.filter(|c| *c == "%" || c.chars().all(is_word_char)).and_then(unit_of);
    if let Some((kind, factor, end)) = whole.or(first) {
        let joined = gap == Some('-') && kind == Kind::Factor;
        return (!joined).then_some(Measured { kind, factor, end, noun: String::new() });
    }
    if let Some((top, below)) = word.split_once('/') {
        let size = unit(top).filter(|(kind, _)| *kind == Kind::Size);
        let counted = top.len() >= 3 && top.chars().all(char::is_alphabetic);
        if is_per(below) && (size.is_some() || counted) {
            let factor = size.map_or(1.0, |(_, factor)| factor);
            return Some(Measured {
                kind: Kind::Rate,
                factor,
                end: at + word.len(),
                noun: top.to_owned(),
            });
        }
    }
    if gap != Some(' ') {
        return None;
    }
    let counted = |word: &str, end: usize| Measured {
        kind: Kind::Count,
        factor: 1.0,
        end,
        noun: word.to_owned(),
    };
    if is_counted(word) {
        return Some(counted(word, at + word.len()));
    }
    let next = at + word.len() + 1;
    let noun = self::word(text, next);
    let close =
        rest(text, at + word.len()).starts_with(' ') && is_between(word) && is_counted(noun);
    close.then(|| counted(noun, next + noun.len()))
}

/// The word at `at`, with the signs that units are made of.
fn word(text: &str, at: usize) -> &str {
    let behind = rest(text, at);
    let end = behind
        .find(|c: char| !(c.is_alphanumeric() || "/%°µ×℃-".contains(c)))
        .unwrap_or(behind.len());
    behind.get(..end).unwrap_or_default().trim_end_matches(['-', '/'])
}

/// `a month`, `per shop a month`, `/s` behind a unit: what per, and where it ends.
fn per(text: &str, end: usize) -> (String, usize) {
    let (mut said, mut end) = (Vec::new(), end);
    while said.len() < 2 {
        let behind = rest(text, end);
        let mark = [" per ", " a ", " an ", " each ", " pro ", "/", " / "]
            .into_iter()
            .find(|mark| behind.starts_with(mark));
        let Some(mark) = mark else { break };
        let word = word(text, end + mark.len());
        let known = is_per(word);
        if !known {
            break;
        }
        said.push(word.to_lowercase());
        end += mark.len() + word.len();
    }
    (said.join(" "), end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_with_a_unit_are_found_and_names_are_not() {
        for (text, values) in [
            ("p99 below 250 ms, RTO 1.5 hours.", vec!["250 ms", "1.5 hours"]),
            (
                "approx. $6,500 a month, ~$11 per shop a month",
                vec!["$6,500 a month", "$11 per shop a month"],
            ),
            (
                "peak 1,200 events/s; 180MB/s; 5k requests per second",
                vec!["1,200 events/s", "180MB/s", "5k requests per second"],
            ),
            (
                "for 220 shops, 6 engineers, 0.5 FTE and 300 closed tickets",
                vec!["220 shops", "6 engineers", "0.5 FTE", "300 closed tickets"],
            ),
            (
                "at 80 % or 99.95%, 4–6 weeks, 10 to 15 minutes",
                vec!["80 %", "99.95%", "4–6 weeks", "10 to 15 minutes"],
            ),
            (
                "a 15 W box at 40 °C, 400 km away, 14x burn, 5-minute window",
                vec!["15 W", "40 °C", "400 km", "14x", "5-minute"],
            ),
            ("Postgres 16, v1.2, 1.2.3, 2026-04-02, 18 March, section 6, k3s, #12, step 3", vec![]),
            ("1. shops, 3 of them, 2 is less, 5 ss", vec![]),
            ("在3秒内完成", vec!["3秒"]),
            ("€ 5 Mio", vec!["€ 5"]),
            ("", vec![]),
        ] {
            let found: Vec<&str> =
                numbers(text).into_iter().filter_map(|n| text.get(n.range)).collect();
            assert_eq!(found, values, "{text}");
        }
    }

    #[test]
    fn the_same_value_is_the_same_in_every_unit() {
        let value = |text: &str| numbers(text).remove(0).value;
        assert_eq!(value("0.25 s"), value("250 ms"));
        assert_eq!(value("7 days"), value("168 hours"));
        assert_eq!(value("1 hour"), value("60 minutes"));
        assert_ne!(value("$5 a month"), value("$5 a year"));
    }
}
