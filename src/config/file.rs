//! One `config.toml`: its typed schema, and errors that name file, line, column, key and what was expected.
//!
//! Reads one file at a time; how files lie on top of each other is `layers`' work, what a value means is
//! decided where it is used. No message repeats a value: somebody may have put a key in the wrong place.

use std::collections::BTreeMap;
use std::ops::{Bound, Range};
use std::path::{Path, PathBuf};

use serde::Deserialize;
use toml::de::{DeTable, DeValue};

use super::personas::Settings;
use super::weights::WeightsTable;
use super::{ConfigError, Origin, nearest, read, schema};

/// What a configuration file may say.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Schema {
    /// `PROVIDER:MODEL`
    pub model: Option<String>,
    /// Name of the panel that is asked.
    pub panel: Option<String>,
    /// `auto`, `dark`, `light` or the name of a theme.
    pub theme: Option<String>,
    /// `[providers.NAME]`
    pub providers: BTreeMap<String, ProviderTable>,
    /// `[panels.NAME]`
    pub panels: BTreeMap<String, PanelTable>,
    /// `[persona.ID]`
    pub persona: BTreeMap<String, Settings>,
    /// `[models.ID]`
    pub models: BTreeMap<String, WeightsTable>,
}

/// `[providers.NAME]`
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ProviderTable {
    /// Which wire.
    pub kind: Option<String>,
    /// Where requests go.
    pub base_url: Option<String>,
    /// The variable that holds the key.
    pub key_env: Option<String>,
    /// The command that prints the key.
    pub key_cmd: Option<Vec<String>>,
    /// The file that holds the key.
    pub key_file: Option<String>,
    /// The model that is asked when none is named.
    pub model: Option<String>,
    /// The model's context in tokens.
    pub context: Option<u32>,
    /// The most tokens an answer may have.
    pub max_tokens: Option<u32>,
    /// How many runs at once.
    pub concurrency: Option<usize>,
    /// How often a request is tried in all.
    pub attempts: Option<u32>,
    /// Permits a key over plain http to another machine.
    pub allow_insecure: Option<bool>,
    /// When headings are written for the model: `auto`, `on`, `off`; for the kind `local`.
    pub scaffold: Option<String>,
    /// Time limits in seconds.
    pub timeouts: TimeoutTable,
}

/// `timeouts = { … }`, in seconds.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TimeoutTable {
    /// For the connection.
    pub connect: Option<f64>,
    /// For the first token.
    pub first_token: Option<f64>,
    /// Between two tokens.
    pub between_tokens: Option<f64>,
    /// Between any two bytes.
    pub idle: Option<f64>,
}

/// `[panels.NAME]`
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PanelTable {
    /// Ids or paths of personas, in the order of the panes.
    pub personas: Vec<String>,
    /// `PROVIDER:MODEL`
    pub model: Option<String>,
}

/// Where a key stands in its file.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Place {
    key: Range<usize>,
    value: Range<usize>,
    line: usize,
    column: usize,
    shown: Option<String>,
}

/// One configuration file as it was read.
#[derive(Debug, Clone, PartialEq)]
pub struct ConfigFile {
    /// Which file.
    pub path: PathBuf,
    /// Set when it belongs to the project and is therefore not trusted with keys.
    pub project: bool,
    /// What it says.
    pub schema: Schema,
    places: BTreeMap<String, Place>,
}

impl ConfigFile {
    /// Reads the file at `path`.
    pub fn read(path: &Path, project: bool) -> Result<Self, ConfigError> {
        let text = read::text(path)
            .map_err(|e| ConfigError(format!("{}: {}", path.display(), read::why(&e))))?;
        Self::parse(path, project, &text)
    }

    /// Takes `text` as the content of the file at `path`.
    pub fn parse(path: &Path, project: bool, text: &str) -> Result<Self, ConfigError> {
        let lines = Lines::of(text);
        let at = |offset: usize| {
            let (line, column) = lines.position(offset);
            format!("{}:{line}:{column}", path.display())
        };
        let table = DeTable::parse(text).map_err(|e| {
            let place = at(e.span().map_or(0, |span| span.start));
            let what = e.message().lines().collect::<Vec<_>>().join(", ");
            ConfigError(format!("{place}: not valid TOML: {what}"))
        })?;
        let mut places = BTreeMap::new();
        walk(table.get_ref(), "", &lines, &mut places);
        check_persona_keys(&places, &at)?;
        let schema = Schema::deserialize(toml::Deserializer::from(table)).map_err(|e| {
            let offset = e.span().map_or(0, |span| span.start);
            let key = key_at(&places, offset);
            ConfigError(format!("{}: {}", at(offset), wording(key, e.message())))
        })?;
        Ok(Self { path: path.to_owned(), project, schema, places })
    }

    /// Where `key` (dotted) stands.
    pub fn origin(&self, key: &str) -> Origin {
        let line = self.places.get(key).map_or(1, |place| place.line);
        Origin::File { path: self.path.clone(), line, project: self.project }
    }

    /// An error about the value of `key` (dotted); of one that is missing, at the table that lacks it.
    pub fn error(&self, key: &str, what: impl std::fmt::Display) -> ConfigError {
        let mut around = std::iter::successors(Some(key), |key| Some(key.rsplit_once('.')?.0));
        let place = around.find_map(|key| self.places.get(key));
        let (line, column) = place.map_or((1, 1), |p| (p.line, p.column));
        ConfigError(format!("{}:{line}:{column}: {key}: {what}", self.path.display()))
    }

    /// Drops every setting but the top-level ones in `kept`; returns the names of the dropped ones: `model`,
    /// `providers.local`, `persona.infra` …
    pub(super) fn keep_only(&mut self, kept: &[&str]) -> Vec<String> {
        let is_kept = |key: &str| kept.contains(&key.split('.').next().unwrap_or(key));
        let mut dropped: Vec<String> = Vec::new();
        for key in self.places.keys().filter(|key| !is_kept(key)) {
            let name = key.split('.').take(2).collect::<Vec<_>>().join(".");
            // `providers` itself says nothing beside `providers.local`.
            let is_table = self.places.get(&name).is_some_and(|place| place.shown.is_none());
            let is_group = is_table && !name.contains('.');
            if !is_group && !dropped.contains(&name) {
                dropped.push(name);
            }
        }
        self.places.retain(|key, _| is_kept(key));
        self.schema = Schema { theme: self.schema.theme.take(), ..Schema::default() };
        dropped
    }

    /// The keys that are set below `prefix`, with their values as they may be shown.
    pub fn below<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        let from = self.places.range::<str, _>((Bound::Included(prefix), Bound::Unbounded));
        from.take_while(move |(key, _)| key.starts_with(prefix))
            .filter_map(|(key, place)| Some((key.as_str(), place.shown.as_deref()?)))
    }
}

/// Where the lines of a text begin. Found once: a file may have a hundred thousand keys, each with its place.
struct Lines<'a> {
    text: &'a str,
    starts: Vec<usize>,
}

impl<'a> Lines<'a> {
    fn of(text: &'a str) -> Self {
        let after = text.match_indices('\n').map(|(at, _)| at + 1);
        Self { text, starts: std::iter::once(0).chain(after).collect() }
    }

    /// Line and column of a byte, both from 1; the column counts characters.
    fn position(&self, offset: usize) -> (usize, usize) {
        let offset = offset.min(self.text.len());
        let line = self.starts.partition_point(|start| *start <= offset);
        let start = line.checked_sub(1).and_then(|at| self.starts.get(at)).copied().unwrap_or(0);
        let before = self.text.get(start..offset).unwrap_or_default();
        (line, before.chars().count() + 1)
    }
}

fn walk(
    table: &DeTable<'_>,
    prefix: &str,
    lines: &Lines<'_>,
    places: &mut BTreeMap<String, Place>,
) {
    for (key, value) in table {
        let dotted =
            if prefix.is_empty() { key.to_string() } else { format!("{prefix}.{}", key.get_ref()) };
        let (line, column) = lines.position(key.span().start);
        let inner = value.get_ref();
        let shown = match inner {
            DeValue::Table(_) => None,
            _ if dotted.ends_with(".key_cmd") => Some(program_only(inner)),
            _ => Some(shorten(&show(inner))),
        };
        let place = Place { key: key.span(), value: value.span(), line, column, shown };
        if let DeValue::Table(inner) = inner {
            walk(inner, &dotted, lines, places);
        }
        places.insert(dotted, place);
    }
}

/// The value in TOML's notation.
fn show(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(text) => format!("{text:?}"),
        DeValue::Integer(number) => number.as_str().to_owned(),
        DeValue::Float(number) => number.as_str().to_owned(),
        DeValue::Boolean(yes) => yes.to_string(),
        DeValue::Datetime(when) => when.to_string(),
        DeValue::Array(items) => {
            let items: Vec<String> = items.iter().map(|item| show(item.get_ref())).collect();
            format!("[{}]", items.join(", "))
        }
        DeValue::Table(table) => {
            let rows: Vec<String> = table
                .iter()
                .map(|(key, value)| format!("{} = {}", key.get_ref(), show(value.get_ref())))
                .collect();
            format!("{{ {} }}", rows.join(", "))
        }
    }
}

/// A command's arguments may hold a secret: only the program is shown.
fn program_only(value: &DeValue<'_>) -> String {
    match value {
        DeValue::Array(items) => match items.iter().next() {
            Some(program) if items.iter().count() > 1 => {
                format!("[{}, …]", show(program.get_ref()))
            }
            _ => show(value),
        },
        _ => "…".to_owned(),
    }
}

fn shorten(shown: &str) -> String {
    const MOST: usize = 100;
    if shown.chars().count() <= MOST {
        return shown.to_owned();
    }
    shown.chars().take(MOST - 1).chain(['…']).collect()
}

/// The innermost key whose key or value holds byte `offset`.
fn key_at(places: &BTreeMap<String, Place>, offset: usize) -> &str {
    let holds = |place: &Place| place.key.contains(&offset) || place.value.contains(&offset);
    places
        .iter()
        .filter(|(_, place)| holds(place))
        .max_by_key(|(key, _)| key.matches('.').count())
        .map_or("", |(key, _)| key.as_str())
}

/// `[persona.ID]` is read leniently by its own reader; here a key that it does not know is an error
/// like everywhere else.
fn check_persona_keys(
    places: &BTreeMap<String, Place>,
    at: &dyn Fn(usize) -> String,
) -> Result<(), ConfigError> {
    let known = schema::fields_of::<Settings>();
    for (dotted, place) in places {
        let mut words = dotted.splitn(3, '.');
        let (Some("persona"), Some(_), Some(key)) = (words.next(), words.next(), words.next())
        else {
            continue;
        };
        if !known.is_empty() && !key.contains('.') && !known.contains(&key) {
            let what = unknown(dotted, key, known);
            return Err(ConfigError(format!("{}: {what}", at(place.key.start))));
        }
    }
    Ok(())
}

/// Says in our words what serde said about `key`, without repeating any value.
fn wording(key: &str, message: &str) -> String {
    let message = message.lines().next().unwrap_or_default();
    if message.starts_with("unknown field ") {
        let words: Vec<&str> = message.split('`').skip(1).step_by(2).collect();
        if let Some((field, known)) = words.split_first() {
            return unknown(key, field, known);
        }
    }
    let Some((found, expected)) = message
        .strip_prefix("invalid type: ")
        .or_else(|| message.strip_prefix("invalid value: "))
        .and_then(|rest| rest.rsplit_once(", expected "))
    else {
        return format!("{key}: {message}");
    };
    let found = found.split([' ', '"', '`']).next().unwrap_or(found);
    let found = match found {
        "sequence" => "an array",
        "map" => "a table",
        "integer" => "an integer",
        "floating" => "a number with a fraction",
        "boolean" => "true or false",
        "string" => "a string",
        other => other,
    };
    let expected = match expected {
        "u32" | "usize" | "u64" => "a whole number of 1 or more",
        "f64" | "f32" => "a number",
        "a boolean" => "true or false",
        "a sequence" => "an array, such as [\"…\", \"…\"]",
        "a map" => "a table",
        other if other.starts_with("struct ") => "a table",
        other => other,
    };
    format!("{key}: expected {expected}, found {found}")
}

fn unknown(dotted: &str, key: &str, known: &[&str]) -> String {
    let place = match dotted.rsplit_once('.') {
        Some((table, last)) if last == key => format!(" in [{table}]"),
        _ if dotted.is_empty() || dotted == key => String::new(),
        _ => format!(" in [{dotted}]"),
    };
    let hint = if place.starts_with(" in [providers.")
        && matches!(key, "key" | "api_key" | "apikey" | "token" | "secret" | "password")
    {
        "; a key does not stand in this file: name its place with key_env, key_cmd or key_file"
            .to_owned()
    } else {
        nearest::hint(key, known.iter().copied())
    };
    format!("unknown key \"{}\"{place}{hint} (known: {})", shorten(key), known.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> String {
        ConfigFile::parse(Path::new("c.toml"), false, text).unwrap_err().0
    }

    #[test]
    fn an_empty_file_says_nothing() {
        let file = ConfigFile::parse(Path::new("c.toml"), false, "").unwrap();
        assert_eq!(file.schema, Schema::default());
    }

    #[test]
    fn an_unknown_key_is_named_with_its_place_and_the_nearest_one() {
        assert_eq!(
            error("theme = \"dark\"\n  modle = \"a:b\"\n"),
            "c.toml:2:3: unknown key \"modle\"; did you mean \"model\"? \
             (known: model, panel, theme, providers, panels, persona, models)"
        );
        assert!(
            error("[providers.x]\nbase_urll = \"y\"\n").starts_with(
                "c.toml:2:1: unknown key \"base_urll\" in [providers.x]; did you mean \"base_url\"? (known: kind, "
            )
        );
        assert!(
            error("[providers.x]\ntimeouts = { conect = 1 }\n").starts_with(
                "c.toml:2:14: unknown key \"conect\" in [providers.x.timeouts]; did you mean \"connect\"?"
            )
        );
        assert!(
            error("[persona.edge]\ntemprature = 1\n").starts_with(
                "c.toml:2:1: unknown key \"temprature\" in [persona.edge]; did you mean \"temperature\"?"
            )
        );
    }

    #[test]
    fn a_key_in_the_file_is_told_where_to_go_and_never_repeated() {
        let said = error("[providers.x]\napi_key = \"sk-secret\"\n");
        assert!(said.contains("name its place with key_env, key_cmd or key_file"), "{said}");
        let said = error("[providers.x]\nkey_cmd = \"sk-secret\"\n");
        assert_eq!(
            said,
            "c.toml:2:11: providers.x.key_cmd: expected an array, such as [\"…\", \"…\"], found a string"
        );
    }

    #[test]
    fn a_wrong_type_says_what_was_expected() {
        for (text, said) in [
            ("panel = 3", "c.toml:1:9: panel: expected a string, found an integer"),
            ("providers = 3", "c.toml:1:13: providers: expected a table, found an integer"),
            (
                "[providers.a]\nattempts = -1",
                "c.toml:2:12: providers.a.attempts: expected a whole number of 1 or more, found an integer",
            ),
            (
                "[providers.a]\nallow_insecure = 'yes'",
                "c.toml:2:18: providers.a.allow_insecure: expected true or false, found a string",
            ),
            (
                "[panels.x]\npersonas = ['a', 2]",
                "c.toml:2:18: panels.x.personas: expected a string, found an integer",
            ),
            (
                "[providers.a.timeouts]\nidle = 'x'",
                "c.toml:2:8: providers.a.timeouts.idle: expected a number, found a string",
            ),
        ] {
            assert_eq!(error(text), said);
        }
    }

    #[test]
    fn broken_toml_says_where() {
        for text in ["model = ", "[providers", "a = 1\na = 2", "x = \"\\q\"", "=\u{0}", "é", "[[[["]
        {
            let said = error(text);
            assert!(said.starts_with("c.toml:"), "{said}");
            assert!(said.contains("not valid TOML"), "{said}");
        }
        assert!(error("a = 1\na = 2").starts_with("c.toml:2:1: not valid TOML: duplicate key"));
        error(&"[".repeat(100_000));
        error(&format!("a = {}", "[".repeat(100_000)));
    }

    #[test]
    fn tens_of_thousands_of_keys_each_have_their_place() {
        let table = |n| [format!("[persona.a{n}]\n"), " name = \"é\"\n".to_owned()];
        let text: String = (0..20_000).flat_map(table).collect();
        let file = ConfigFile::parse(Path::new("c.toml"), false, &text).unwrap();
        let Origin::File { line, .. } = file.origin("persona.a19999.name") else {
            panic!("a file")
        };
        assert_eq!(line, 40_000);
        assert!(file.error("persona.a19999.name", "x").0.starts_with("c.toml:40000:2: "));
        assert_eq!(file.below("persona.a1999.").count(), 1);
    }

    #[test]
    fn commands_are_shown_without_their_arguments() {
        let text = "[providers.x]\nkey_cmd = [\"pass\", \"show\", \"hidden\"]\nmodel = \"m\"";
        let file = ConfigFile::parse(Path::new("c.toml"), false, text).unwrap();
        let shown: Vec<_> = file.below("providers.").collect();
        assert_eq!(
            shown,
            [("providers.x.key_cmd", "[\"pass\", …]"), ("providers.x.model", "\"m\"")]
        );
    }
}
