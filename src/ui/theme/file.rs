//! Theme files: finding them, following `inherits`, reading styles leniently.
//!
//! A file that cannot be read at all is an error; a field that is wrong is a notice, and what the theme below says
//! stands instead. Reads files, so it is called when a theme is loaded, never while drawing.

use std::collections::BTreeMap;
use std::path::Path;

use include_dir::{Dir, include_dir};
use ratatui::style::{Color, Modifier};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{color, parts};
use crate::text::nearest_word;

static EMBEDDED: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/themes");

/// The theme that all others are laid over.
const BASE: &str = "dark";
/// The largest file that is read as a theme, in bytes.
const LARGEST: u64 = 256 * 1024;
/// The longest chain of `inherits`.
const DEEPEST: usize = 8;

/// One style as a file writes it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Spec {
    /// Foreground.
    pub(super) fg: Option<Color>,
    /// Background.
    pub(super) bg: Option<Color>,
    /// Bold, italic …
    pub(super) modifiers: Modifier,
    /// What stands in for colours where there are none.
    pub(super) mono: Modifier,
}

/// All that a theme and those below it say, resolved.
#[derive(Debug, Clone)]
pub(super) struct Resolved {
    /// A style for each slot.
    pub(super) specs: Vec<Spec>,
    /// What the terminal's own foreground is taken to be.
    pub(super) foreground: color::Rgb,
    /// What the terminal's own background is taken to be.
    pub(super) background: color::Rgb,
    /// Bad fields that fell back.
    pub(super) notices: Vec<String>,
}

/// The names of embedded themes, then those of `folder`.
pub(super) fn names(folder: Option<&Path>) -> Vec<String> {
    let embedded = EMBEDDED.files().filter_map(|f| f.path().file_stem()?.to_str());
    let mut names: Vec<String> = embedded.map(str::to_owned).collect();
    names.sort();
    let mut own: Vec<String> = folder
        .and_then(|f| std::fs::read_dir(f).ok())
        .into_iter()
        .flatten()
        .filter_map(|entry| {
            let path = entry.ok()?.path();
            let toml = path.extension().is_some_and(|e| e == "toml");
            toml.then(|| path.file_stem()?.to_str().map(str::to_owned))?
        })
        .filter(|name| !names.contains(name))
        .collect();
    own.sort();
    names.extend(own);
    names
}

/// A theme's text and what to call its file.
struct Source {
    file: String,
    text: String,
    embedded: bool,
}

/// The user's file goes before the embedded one of that name, except where that very file inherits it.
fn find(name: &str, folder: Option<&Path>, embedded: bool) -> Result<Source, String> {
    let plain = !name.is_empty() && !name.contains(['/', '\\']) && !name.starts_with('.');
    let own = folder.filter(|_| plain && !embedded).map(|f| f.join(format!("{name}.toml")));
    if let Some(path) = own.filter(|p| p.is_file()) {
        let file = path.display().to_string();
        let size = std::fs::metadata(&path).map_err(|e| format!("{file}: {e}"))?.len();
        if size > LARGEST {
            return Err(format!("{file} has {size} bytes; a theme has at most {LARGEST}"));
        }
        let text = std::fs::read_to_string(&path).map_err(|e| format!("{file}: {e}"))?;
        return Ok(Source { file, text, embedded: false });
    }
    let file = format!("{name}.toml");
    match EMBEDDED.get_file(&file).and_then(|f| f.contents_utf8()) {
        Some(text) => Ok(Source { file, text: text.to_owned(), embedded: true }),
        None => Err(format!(
            "there is no theme \"{}\"; there are {}",
            crate::text::sanitize_line(name),
            names(folder).join(", ")
        )),
    }
}

/// Loads `name` and everything below it.
pub(super) fn load(name: &str, folder: Option<&Path>) -> Result<Resolved, String> {
    let mut layers: Vec<Layer> = Vec::new();
    let mut seen: Vec<(String, bool)> = Vec::new();
    let mut next = Some((name.to_owned(), false));
    while let Some((name, embedded)) = next {
        let source = find(&name, folder, embedded)?;
        let key = (name.clone(), source.embedded);
        if seen.contains(&key) || seen.len() >= DEEPEST {
            let chain: Vec<&str> = seen.iter().map(|(n, _)| n.as_str()).collect();
            return Err(format!(
                "{}: inherits goes around or too deep: {} → {name}; a theme must end at \"{BASE}\"",
                source.file,
                chain.join(" → ")
            ));
        }
        let layer = Layer::read(&source)?;
        let base = source.embedded && name == BASE;
        next = layer.inherits.clone().or_else(|| (!base).then(|| BASE.to_owned())).map(|parent| {
            let itself = parent == name && !source.embedded;
            (parent, itself)
        });
        seen.push(key);
        layers.push(layer);
    }
    Ok(resolve(&layers))
}

/// What one file says, not looked at more closely than its structure demands.
#[derive(Default)]
struct Layer {
    inherits: Option<String>,
    assumed: BTreeMap<String, Written>,
    palette: BTreeMap<String, Written>,
    styles: BTreeMap<usize, RawStyle>,
    notices: Vec<String>,
}

/// A word and where it stands.
#[derive(Clone)]
struct Written {
    text: String,
    at: String,
}

/// A style with its colours still words.
#[derive(Default)]
struct RawStyle {
    fg: Option<Written>,
    bg: Option<Written>,
    modifiers: Modifier,
    mono: Modifier,
}

const MODIFIERS: &[(&str, Modifier)] = &[
    ("bold", Modifier::BOLD),
    ("italic", Modifier::ITALIC),
    ("underline", Modifier::UNDERLINED),
    ("dim", Modifier::DIM),
    ("reverse", Modifier::REVERSED),
];

fn modifier(word: &str) -> Option<Modifier> {
    MODIFIERS.iter().find(|(name, _)| *name == word).map(|(_, m)| *m)
}

/// Reads one file; knows its name and text, for messages.
struct Reader<'a> {
    source: &'a Source,
    notices: Vec<String>,
}

impl Reader<'_> {
    fn line(&self, at: usize) -> usize {
        1 + self.source.text.bytes().take(at).filter(|b| *b == b'\n').count()
    }

    fn place(&self, at: usize) -> String {
        format!("{}:{}", self.source.file, self.line(at))
    }

    fn complain(&mut self, at: usize, key: &str, what: &str) {
        let key = crate::text::sanitize_line(key);
        let notice = format!("{}: {key}: {what}; left as it was", self.place(at));
        self.notices.push(notice);
    }

    fn word(&mut self, key: &str, value: &Spanned<DeValue<'_>>) -> Option<Written> {
        let at = value.span().start;
        if let Some(text) = value.get_ref().as_str() {
            Some(Written { text: text.to_owned(), at: self.place(at) })
        } else {
            self.complain(at, key, "expected a colour in quotes");
            None
        }
    }

    fn style(&mut self, key: &str, value: &Spanned<DeValue<'_>>) -> Option<RawStyle> {
        let Some(table) = value.get_ref().as_table() else {
            return self
                .word(key, value)
                .map(|fg| RawStyle { fg: Some(fg), ..RawStyle::default() });
        };
        let mut style = RawStyle::default();
        for (name, value) in table {
            let (name, at) = (name.get_ref().as_ref(), value.span().start);
            match (name, value.get_ref()) {
                ("fg", _) => style.fg = self.word(key, value),
                ("bg", _) => style.bg = self.word(key, value),
                ("mono", DeValue::Array(words)) => {
                    for word in words {
                        match word.get_ref().as_str().and_then(modifier) {
                            Some(m) => style.mono |= m,
                            None => self.complain(at, key, EXPECTED_MONO),
                        }
                    }
                }
                ("mono", _) => self.complain(at, key, EXPECTED_MONO),
                (word, DeValue::Boolean(on)) if modifier(word).is_some() => {
                    style.modifiers.set(modifier(word).unwrap_or_default(), *on);
                }
                _ => self.complain(
                    at,
                    key,
                    "expected fg, bg, bold, italic, underline, dim, reverse (true or false) or mono",
                ),
            }
        }
        Some(style)
    }
}

const EXPECTED_MONO: &str = "expected mono = a list of bold, italic, underline, dim, reverse";

impl Layer {
    fn read(source: &Source) -> Result<Self, String> {
        let mut reader = Reader { source, notices: Vec::new() };
        let parsed = DeTable::parse(&source.text).map_err(|e| {
            let at = e.span().map_or(0, |s| s.start);
            format!("{}: not TOML: {}", reader.place(at), e.message())
        })?;
        let mut layer = Self::default();
        for (name, value) in parsed.get_ref() {
            let (section, at) = (name.get_ref().as_ref(), name.span().start);
            match (section, value.get_ref().as_table()) {
                ("inherits", _) => match value.get_ref().as_str() {
                    Some(parent) => layer.inherits = Some(parent.to_owned()),
                    None => reader.complain(at, "inherits", "expected a theme's name in quotes"),
                },
                ("palette", Some(table)) => layer.palette = words(&mut reader, table),
                ("assumed", Some(table)) => layer.assumed = words(&mut reader, table),
                ("text" | "code" | "ui" | "state" | "persona", Some(table)) => {
                    layer.read_section(&mut reader, section, table);
                }
                _ => reader.complain(
                    at,
                    section,
                    "expected inherits, or a table [palette], [assumed], [text], [code], [ui], [state] or [persona]",
                ),
            }
        }
        layer.notices = reader.notices;
        Ok(layer)
    }

    fn read_section(&mut self, reader: &mut Reader<'_>, section: &str, table: &DeTable<'_>) {
        for (name, value) in table {
            let key = format!("{section}.{}", name.get_ref());
            if let Some(slot) = parts::slot(&key) {
                if let Some(style) = reader.style(&key, value) {
                    self.styles.insert(slot, style);
                }
            } else {
                let nearest = nearest_word(&key, parts::keys());
                let hint = nearest.map(|nearest| format!("; did you mean {nearest}?"));
                let what = format!("no part has this name{}", hint.unwrap_or_default());
                reader.complain(name.span().start, &key, &what);
            }
        }
    }
}

fn words(reader: &mut Reader<'_>, table: &DeTable<'_>) -> BTreeMap<String, Written> {
    let entries = table.iter().filter_map(|(name, value)| {
        let key = name.get_ref().to_string();
        let word = reader.word(&key, value)?;
        Some((key, word))
    });
    entries.collect()
}

/// Lays the layers over one another; the first one is the topmost.
fn resolve(layers: &[Layer]) -> Resolved {
    let mut notices: Vec<String> = Vec::new();
    let mut palette: BTreeMap<String, Color> = BTreeMap::new();
    let mut assumed: BTreeMap<String, color::Rgb> = BTreeMap::new();
    let mut specs = vec![Spec::default(); parts::SLOTS];
    for layer in layers.iter().rev() {
        notices.extend(layer.notices.iter().cloned());
        for (name, written) in &layer.palette {
            match color::parse(&written.text) {
                Some(color) => _ = palette.insert(name.clone(), color),
                None => notices.push(bad_color(written)),
            }
        }
        for (name, written) in &layer.assumed {
            match color::parse(&written.text) {
                Some(Color::Rgb(r, g, b)) => _ = assumed.insert(name.clone(), (r, g, b)),
                _ => notices.push(bad_color(written)),
            }
        }
    }
    // Only now, so that a theme can put other colours behind the names that the styles below it use.
    for layer in layers.iter().rev() {
        for (slot, raw) in &layer.styles {
            let mut find = |written: &Option<Written>| {
                let written = written.as_ref()?;
                let color = palette.get(&written.text).copied();
                let color = color.or_else(|| color::parse(&written.text));
                if color.is_none() {
                    notices.push(bad_color(written));
                }
                Some(color)
            };
            let (fg, bg) = (find(&raw.fg), find(&raw.bg));
            if fg == Some(None) || bg == Some(None) {
                continue;
            }
            if let Some(spec) = specs.get_mut(*slot) {
                *spec = Spec {
                    fg: fg.flatten(),
                    bg: bg.flatten(),
                    modifiers: raw.modifiers,
                    mono: raw.mono,
                };
            }
        }
    }
    let background = assumed.get("background").copied().unwrap_or((0, 0, 0));
    let foreground = assumed.get("foreground").copied().unwrap_or((255, 255, 255));
    Resolved { specs, foreground, background, notices }
}

fn bad_color(written: &Written) -> String {
    format!(
        "{}: \"{}\" is no colour; expected a name from [palette], \"#rrggbb\", \"default\" or a terminal's colour; left as it was",
        written.at,
        crate::text::sanitize_line(&written.text.chars().take(40).collect::<String>())
    )
}
