//! Numbers with a unit in running text: `250 ms`, `~$6,500 a month`, `1,200 events/s`, `40 shops`.
//!
//! Found by pattern. Numbers that are part of a name are left out: versions, dates, list numbers, `p99`, `k3s`.

use std::ops::Range;

use super::quantity_units::{can_be_adjective, find_unit, is_counted_noun, is_rate_unit};
use super::word_lists::{QuantityKind, word_lists};
use crate::domain::script::is_word_char;

/// A number with its unit.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Quantity {
    /// Byte range: currency sign, amount, unit, `a month`.
    pub(super) range: Range<usize>,
    /// What it measures.
    pub(super) kind: QuantityKind,
    /// Amount in the base unit of its kind, and the units it is per: equal for quantities that say the same.
    pub(super) value: (f64, String),
    /// The counted noun, for counts.
    pub(super) noun: String,
}

/// The quantities in `text`, in order.
pub(super) fn find_quantities(text: &str) -> Vec<Quantity> {
    let mut quantities = Vec::new();
    let mut offset = 0;
    while let Some(digit) = text.get(offset..).and_then(|t| t.find(|c: char| c.is_ascii_digit())) {
        let start = offset + digit;
        let quantity =
            if is_part_of_name(text, start) { None } else { parse_quantity(text, start) };
        offset = match quantity {
            Some(quantity) => {
                let end = quantity.range.end;
                quantities.push(quantity);
                end
            }
            None => end_of_token(text, start),
        };
    }
    quantities
}

fn text_from(text: &str, offset: usize) -> &str {
    text.get(offset..).unwrap_or_default()
}

/// True when the digits at `start` are part of a name: `p99`, `v1`, `#12`, `2026-04-02`.
fn is_part_of_name(text: &str, start: usize) -> bool {
    let mut before = text.get(..start).unwrap_or_default().chars().rev();
    match before.next() {
        Some(c) if c.is_alphanumeric() => !is_word_char(c),
        Some('_' | '#' | '/' | '.' | '§') => true,
        Some('-' | ':') => before.next().is_some_and(char::is_alphanumeric),
        _ => false,
    }
}

/// The end of the token that begins at `start`.
fn end_of_token(text: &str, start: usize) -> usize {
    let is_token_char = |c: char| c.is_ascii_alphanumeric() || "._-/:".contains(c);
    let rest = text_from(text, start);
    start + rest.find(|c: char| !is_token_char(c)).unwrap_or(rest.len()).max(1)
}

fn parse_quantity(text: &str, start: usize) -> Option<Quantity> {
    let (mut amount, mut end) = parse_amount(text, start)?;
    if let Some((upper, upper_end)) = parse_range_end(text, end) {
        (amount, end) = (upper, upper_end);
    }
    let before = text.get(..start)?.trim_end_matches(' ');
    let currency = before.chars().next_back().filter(|c| is_currency_sign(*c));
    let from = currency.map_or(start, |c| before.len() - c.len_utf8());
    if let Some((factor, scale_end)) = parse_scale(text, end) {
        (amount, end) = (amount * factor, scale_end);
    }
    let mut noun = String::new();
    let kind = if currency.is_some() {
        QuantityKind::Money
    } else {
        let unit = parse_unit(text, end)?;
        (amount, end, noun) = (amount * unit.factor, unit.end, unit.noun);
        unit.kind
    };
    let (per, end) = parse_rate(text, end);
    let is_rate = kind == QuantityKind::Count && !per.is_empty();
    let kind = if is_rate { QuantityKind::Rate } else { kind };
    Some(Quantity { range: from..end, kind, value: (amount, per), noun })
}

/// True for `$`, `€` and the like.
pub(super) fn is_currency_sign(c: char) -> bool {
    word_lists().quantities.currency_signs.contains(&c)
}

/// The amount at `start` and its end: digits, groups of three, decimals. None for a version: `1.2.3`.
fn parse_amount(text: &str, start: usize) -> Option<(f64, usize)> {
    let mut digits = String::new();
    let mut end = start;
    let mut decimal = false;
    loop {
        let here = text_from(text, end);
        let run: &str = here.split(|c: char| !c.is_ascii_digit()).next().unwrap_or_default();
        digits.push_str(run);
        end += run.len();
        let mut next = text_from(text, end).chars();
        let mark = next.next();
        let group: Vec<char> = next.take(4).collect();
        let is_digit = |index: usize| group.get(index).is_some_and(char::is_ascii_digit);
        let is_group_of_three = is_digit(0) && is_digit(1) && is_digit(2) && !is_digit(3);
        match mark {
            Some(',' | '\u{202f}' | '\u{a0}' | '\'' | '’') if is_group_of_three && !decimal => {
                end += mark.map_or(0, char::len_utf8);
            }
            Some('.' | ',') if is_digit(0) && !decimal => {
                decimal = true;
                digits.push('.');
                end += 1;
            }
            Some('.') if is_digit(0) => return None,
            _ => break,
        }
    }
    digits.parse().ok().map(|amount| (amount, end))
}

/// The upper end of a range: `4–6`, `4 to 6`.
fn parse_range_end(text: &str, end: usize) -> Option<(f64, usize)> {
    let rest = text_from(text, end);
    let mark = word_lists().quantities.range_marks.iter().find(|mark| {
        rest.strip_prefix(mark).is_some_and(|after| {
            after.starts_with(|c: char| c.is_ascii_digit() || is_currency_sign(c))
        })
    })?;
    let start = end + mark.len();
    let currency = text_from(text, start).chars().next().filter(|c| is_currency_sign(*c));
    parse_amount(text, start + currency.map_or(0, char::len_utf8))
}

/// `k`, `M` or `million` after an amount: the factor and its end.
fn parse_scale(text: &str, end: usize) -> Option<(f64, usize)> {
    let rest = text_from(text, end);
    let scale = word_lists().quantities.scales.iter().find(|scale| {
        rest.strip_prefix(&scale.mark)
            .is_some_and(|after| !after.starts_with(|c: char| c.is_alphanumeric()))
    })?;
    Some((scale.factor, end + scale.mark.len()))
}

/// The unit after an amount.
struct ParsedUnit {
    kind: QuantityKind,
    factor: f64,
    end: usize,
    /// The counted noun, or the word before the slash of a rate.
    noun: String,
}

fn parse_unit(text: &str, end: usize) -> Option<ParsedUnit> {
    let rest = text_from(text, end);
    let gap = rest.chars().next().filter(|c| matches!(c, ' ' | '\u{a0}' | '\u{202f}' | '-'));
    let start = end + gap.map_or(0, char::len_utf8);
    let word = unit_word(text, start);
    let known =
        |word: &str| find_unit(word).map(|(kind, factor)| (kind, factor, start + word.len()));
    // `5%)`, `3 秒以内`: a unit of one character that other characters follow.
    let first = word.chars().next().map(char::len_utf8).and_then(|n| word.get(..n));
    let first = first.filter(|c| *c == "%" || c.chars().all(is_word_char));
    if let Some((kind, factor, end)) = known(word).or_else(|| first.and_then(known)) {
        let is_adjective = gap == Some('-') && kind == QuantityKind::Factor;
        return (!is_adjective).then_some(ParsedUnit { kind, factor, end, noun: String::new() });
    }
    parse_slash_rate(word, start).or_else(|| {
        let follows_space = gap == Some(' ');
        if follows_space { parse_counted_noun(text, start, word) } else { None }
    })
}

/// `MB/s`, `events/s`
fn parse_slash_rate(word: &str, start: usize) -> Option<ParsedUnit> {
    let (top, below) = word.split_once('/')?;
    let size = find_unit(top).filter(|(kind, _)| *kind == QuantityKind::Size);
    let is_noun = top.len() >= 3 && top.chars().all(char::is_alphabetic);
    (is_rate_unit(below) && (size.is_some() || is_noun)).then(|| ParsedUnit {
        kind: QuantityKind::Rate,
        factor: size.map_or(1.0, |(_, factor)| factor),
        end: start + word.len(),
        noun: top.to_owned(),
    })
}

/// `shops`, `closed tickets`
fn parse_counted_noun(text: &str, start: usize, word: &str) -> Option<ParsedUnit> {
    let counted = |noun: &str, end: usize| ParsedUnit {
        kind: QuantityKind::Count,
        factor: 1.0,
        end,
        noun: noun.to_owned(),
    };
    let word_end = start + word.len();
    if is_counted_noun(word) {
        return Some(counted(word, word_end));
    }
    let noun_start = word_end + 1;
    let noun = unit_word(text, noun_start);
    let adjective = text_from(text, word_end).starts_with(' ') && can_be_adjective(word);
    (adjective && is_counted_noun(noun)).then(|| counted(noun, noun_start + noun.len()))
}

/// The word at `start`, with the signs that units are made of.
fn unit_word(text: &str, start: usize) -> &str {
    let rest = text_from(text, start);
    let end =
        rest.find(|c: char| !(c.is_alphanumeric() || "/%°µ×℃-".contains(c))).unwrap_or(rest.len());
    rest.get(..end).unwrap_or_default().trim_end_matches(['-', '/'])
}

/// `a month`, `per shop a month`, `/s` after a unit: the units it is per, and the end.
fn parse_rate(text: &str, end: usize) -> (String, usize) {
    let (mut per, mut end) = (Vec::new(), end);
    while per.len() < 2 {
        let rest = text_from(text, end);
        let mut marks = word_lists().quantities.rate_marks.iter();
        let Some(mark) = marks.find(|mark| rest.starts_with(mark)) else { break };
        let word = unit_word(text, end + mark.len());
        if !is_rate_unit(word) {
            break;
        }
        per.push(word.to_lowercase());
        end += mark.len() + word.len();
    }
    (per.join(" "), end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_are_found_and_names_are_not() {
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
                find_quantities(text).into_iter().filter_map(|q| text.get(q.range)).collect();
            assert_eq!(found, values, "{text}");
        }
    }

    #[test]
    fn equal_values_are_equal_in_every_unit() {
        let value = |text: &str| find_quantities(text).remove(0).value;
        assert_eq!(value("0.25 s"), value("250 ms"));
        assert_eq!(value("7 days"), value("168 hours"));
        assert_eq!(value("1 hour"), value("60 minutes"));
        assert_ne!(value("$5 a month"), value("$5 a year"));
    }
}
