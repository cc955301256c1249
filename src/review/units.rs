//! Units, and what is measured in them. One row a unit.
//!
//! Used by `numbers`. Factors turn an amount into the base of its kind (seconds, bytes, …), so that values can be compared.

/// What a number measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Kind {
    /// A time; base: second.
    Time,
    /// Money; base: the currency.
    Money,
    /// A share; base: percent.
    Share,
    /// So many a second, or other time.
    Rate,
    /// Data; base: byte.
    Size,
    /// Power; base: watt.
    Power,
    /// A temperature; base: degree.
    Temperature,
    /// A distance; base: metre.
    Length,
    /// A factor: `14x`.
    Factor,
    /// So many of something.
    Count,
}

/// Units as they are written, in lower case unless case matters; kind; factor.
const UNITS: &[(&[&str], Kind, f64)] = &[
    (&["ns", "nanosecond", "nanoseconds"], Kind::Time, 1e-9),
    (&["µs", "us", "microsecond", "microseconds"], Kind::Time, 1e-6),
    (&["ms", "millisecond", "milliseconds", "millisekunden"], Kind::Time, 1e-3),
    (&["s", "sec", "secs", "second", "seconds", "sekunde", "sekunden", "秒"], Kind::Time, 1.0),
    (&["min", "mins", "minute", "minutes", "minuten", "分钟", "分"], Kind::Time, 60.0),
    (
        &["h", "hr", "hrs", "hour", "hours", "stunde", "stunden", "小时", "時間"],
        Kind::Time,
        3_600.0,
    ),
    (&["d", "day", "days", "tag", "tage", "tagen", "天", "日"], Kind::Time, 86_400.0),
    (&["week", "weeks", "woche", "wochen"], Kind::Time, 604_800.0),
    (&["month", "months", "monat", "monate", "monaten"], Kind::Time, 2_629_800.0),
    (&["year", "years", "yr", "yrs", "jahr", "jahre", "jahren"], Kind::Time, 31_557_600.0),
    (&["%", "percent", "per cent", "prozent"], Kind::Share, 1.0),
    (&["byte", "bytes"], Kind::Size, 1.0),
    (&["kb", "kib"], Kind::Size, 1e3),
    (&["mb", "mib"], Kind::Size, 1e6),
    (&["gb", "gib", "gi"], Kind::Size, 1e9),
    (&["tb", "tib"], Kind::Size, 1e12),
    (&["pb", "pib"], Kind::Size, 1e15),
    (&["kbit/s", "kbps"], Kind::Rate, 1e3),
    (&["mbit/s", "mbps"], Kind::Rate, 1e6),
    (&["gbit/s", "gbps"], Kind::Rate, 1e9),
    (&["rps", "qps", "tps", "iops", "hz"], Kind::Rate, 1.0),
    (&["w", "watt", "watts"], Kind::Power, 1.0),
    (&["kw"], Kind::Power, 1e3),
    (&["kwh"], Kind::Power, 1e3),
    (&["°c", "°", "℃"], Kind::Temperature, 1.0),
    (&["km"], Kind::Length, 1e3),
    (&["usd", "eur", "gbp", "chf", "dollars", "euros", "euro", "cents"], Kind::Money, 1.0),
    (&["x", "×"], Kind::Factor, 1.0),
    (
        &["fte", "ftes", "people", "staff", "personen", "gpus", "cpus", "vcpu", "vcpus"],
        Kind::Count,
        1.0,
    ),
];

/// Signs of money that stand before the number.
pub(super) const MONEY: [char; 4] = ['$', '€', '£', '¥'];

/// What stands behind `per`, `a` or a slash.
const PER: &[&str] = &[
    "second", "sec", "s", "minute", "min", "hour", "h", "day", "d", "week", "month", "mo", "year",
    "yr", "quarter", "night", "shop", "store", "site", "node", "device", "gateway", "user", "seat",
    "engineer", "team", "request", "event", "order", "ticket", "token", "tokens", "million", "gb",
    "tb", "region", "zone", "customer", "tenant", "monat", "jahr", "tag", "stunde",
];

/// Words that are no noun that is counted, though they end like a plural.
const NO_NOUN: &[&str] = &[
    "is",
    "was",
    "has",
    "does",
    "this",
    "its",
    "plus",
    "across",
    "times",
    "as",
    "less",
    "versus",
    "minus",
    "yes",
    "us",
    "thus",
    "always",
    "perhaps",
    "whereas",
    "percentiles",
];

/// Words that no counted noun stands behind.
const NO_ADJECTIVE: &[&str] = &[
    "of", "to", "and", "or", "in", "on", "at", "for", "from", "with", "per", "by", "is", "are",
    "was", "that", "which", "if", "when", "than", "then", "but", "a", "an", "the", "it", "we", "i",
    "has", "have", "as", "because", "since", "until", "while", "after", "before",
];

/// The kind and the factor of a unit.
pub(super) fn unit(word: &str) -> Option<(Kind, f64)> {
    let lower = word.to_lowercase();
    let found = UNITS.iter().find(|(words, ..)| words.contains(&lower.as_str()));
    // `5 M` or `3 S` are something else.
    let one = word.chars().count() == 1 && word != lower && lower != "w" && lower != "h";
    found.filter(|_| !one).map(|(_, kind, factor)| (*kind, *factor))
}

/// True when so many of something are counted per `word`.
pub(super) fn is_per(word: &str) -> bool {
    PER.contains(&word.to_lowercase().as_str())
}

/// True when `word` can be what is counted: a plural.
pub(super) fn is_counted(word: &str) -> bool {
    word.len() >= 4
        && word.ends_with('s')
        && !word.ends_with("ss")
        && word.chars().all(|c| c.is_lowercase() || c == '-')
        && !NO_NOUN.contains(&word)
}

/// True when `word` can stand between the number and what is counted.
pub(super) fn is_between(word: &str) -> bool {
    word.len() >= 3
        && word.chars().all(|c| c.is_lowercase() || c == '-')
        && !NO_ADJECTIVE.contains(&word)
}
