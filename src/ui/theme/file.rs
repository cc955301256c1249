//! Finds theme files, follows `inherits` and parses styles leniently.
//!
//! A file that cannot be read is an error. A wrong field is a warning, and the value of the inherited theme applies.
//! Does not reduce colours to what the terminal shows.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use include_dir::{Dir, include_dir};
use ratatui::style::{Color, Modifier};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{color, ui_roles};
use crate::text::{nearest_word, sanitize_line};

static EMBEDDED: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/themes");

/// The theme that all others inherit from in the end.
const BASE_THEME: &str = "dark";
/// Maximum size of a theme file, in bytes.
const MAX_FILE_BYTES: u64 = 256 * 1024;
/// Maximum length of a chain of `inherits`.
const MAX_INHERITED_THEMES: usize = 8;

/// Why a theme cannot be loaded. The text names the file, and what to do.
#[derive(Debug, thiserror::Error)]
pub enum ThemeError {
    /// No theme has this name.
    #[error("unknown theme \"{name}\"; known: {}", .known.join(", "))]
    Unknown {
        /// The name, without control characters.
        name: String,
        /// All themes.
        known: Vec<String>,
    },
    /// The file cannot be read.
    #[error("{0}: {1}")]
    Io(String, #[source] io::Error),
    /// The file is a link to what does not exist.
    #[error("{file}: is a link to {target}, which does not exist; correct or remove the link")]
    BrokenLink {
        /// The file.
        file: String,
        /// Where the link leads.
        target: String,
    },
    /// The file is a folder or a device.
    #[error("{0}: expected a regular file with a theme")]
    NotAFile(String),
    /// The file is too large.
    #[error("{file} has {size} bytes; a theme has at most {max}")]
    TooLarge {
        /// The file.
        file: String,
        /// Its size in bytes.
        size: u64,
        /// The largest size in bytes.
        max: u64,
    },
    /// `inherits` leads back to a theme of the chain, or the chain is too long.
    #[error("{file}: inherits is circular or too deep: {chain}; a theme must end at \"{base}\"")]
    Inheritance {
        /// The file that is read last.
        file: String,
        /// The names of the chain.
        chain: String,
        /// The theme that every chain ends at.
        base: &'static str,
    },
    /// The file is not TOML.
    #[error("{position}: not TOML: {reason}")]
    Syntax {
        /// `FILE:LINE`.
        position: String,
        /// What the parser says.
        reason: String,
    },
}

/// One style of a theme, before its colours are reduced.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct ThemeSpec {
    /// Foreground.
    pub(super) fg: Option<Color>,
    /// Background.
    pub(super) bg: Option<Color>,
    /// Bold, italic …
    pub(super) modifiers: Modifier,
    /// Modifiers that replace the colours on a terminal without colours.
    pub(super) mono: Modifier,
}

/// A theme merged with those it inherits from.
#[derive(Debug, Clone)]
pub(super) struct ResolvedTheme {
    /// One style per index of `ui_roles`.
    pub(super) specs: Vec<ThemeSpec>,
    /// Assumed default foreground of the terminal.
    pub(super) foreground: color::Rgb,
    /// Assumed default background of the terminal.
    pub(super) background: color::Rgb,
    /// Wrong fields, whose inherited values apply.
    pub(super) warnings: Vec<String>,
}

/// Returns the names of the embedded themes, then those of the `*.toml` files in `folder`.
pub(super) fn list_names(folder: Option<&Path>) -> Vec<String> {
    let embedded = EMBEDDED.files().filter_map(|f| f.path().file_stem()?.to_str());
    let mut names: Vec<String> = embedded.map(str::to_owned).collect();
    names.sort();
    let mut user_names: Vec<String> = folder
        .and_then(|f| std::fs::read_dir(f).ok())
        .into_iter()
        .flatten()
        .filter_map(|entry| {
            let path = entry.ok()?.path();
            let is_toml = path.extension().is_some_and(|e| e == "toml");
            is_toml.then(|| path.file_stem()?.to_str().map(str::to_owned))?
        })
        .filter(|name| !names.contains(name))
        .collect();
    user_names.sort();
    names.extend(user_names);
    names
}

/// Text of a theme, and the name of its file for messages.
struct ThemeSource {
    file: String,
    text: String,
    embedded: bool,
}

/// Finds a theme by name. A user's file overrides the embedded theme of the same name, unless that file inherits it
/// (`embedded_only`).
fn find_theme(
    name: &str,
    folder: Option<&Path>,
    embedded_only: bool,
) -> Result<ThemeSource, ThemeError> {
    let is_file_name = !name.is_empty() && !name.contains(['/', '\\']) && !name.starts_with('.');
    let user_path =
        folder.filter(|_| is_file_name && !embedded_only).map(|f| f.join(format!("{name}.toml")));
    // A link that leads nowhere is there, too: an embedded theme would hide it.
    if let Some(path) = user_path.filter(|path| path.symlink_metadata().is_ok()) {
        let file = sanitize_line(&path.display().to_string());
        let io_error = |e| ThemeError::Io(file.clone(), e);
        let metadata = match (std::fs::metadata(&path), std::fs::read_link(&path)) {
            (Err(e), Ok(target)) if e.kind() == io::ErrorKind::NotFound => {
                let target = sanitize_line(&target.display().to_string());
                return Err(ThemeError::BrokenLink { file, target });
            }
            (metadata, _) => metadata.map_err(io_error)?,
        };
        if !metadata.is_file() {
            return Err(ThemeError::NotAFile(file));
        }
        let size = metadata.len();
        if size > MAX_FILE_BYTES {
            return Err(ThemeError::TooLarge { file, size, max: MAX_FILE_BYTES });
        }
        let text = std::fs::read_to_string(&path).map_err(io_error)?;
        return Ok(ThemeSource { file, text, embedded: false });
    }
    let file = format!("{name}.toml");
    match EMBEDDED.get_file(&file).and_then(|f| f.contents_utf8()) {
        Some(text) => Ok(ThemeSource { file, text: text.to_owned(), embedded: true }),
        None => Err(ThemeError::Unknown { name: sanitize_line(name), known: list_names(folder) }),
    }
}

/// Loads theme `name` and the themes it inherits from.
pub(super) fn load_theme(name: &str, folder: Option<&Path>) -> Result<ResolvedTheme, ThemeError> {
    let mut layers: Vec<ThemeLayer> = Vec::new();
    let mut seen: Vec<(String, bool)> = Vec::new();
    let mut next = Some((name.to_owned(), false));
    while let Some((name, embedded)) = next {
        let source = find_theme(&name, folder, embedded)?;
        let key = (name.clone(), source.embedded);
        if seen.contains(&key) || seen.len() >= MAX_INHERITED_THEMES {
            let names = seen.iter().map(|(n, _)| n.as_str()).chain([name.as_str()]);
            let chain = names.collect::<Vec<_>>().join(" → ");
            return Err(ThemeError::Inheritance { file: source.file, chain, base: BASE_THEME });
        }
        let layer = ThemeLayer::parse(&source)?;
        let is_base = source.embedded && name == BASE_THEME;
        next = layer.inherits.clone().or_else(|| (!is_base).then(|| BASE_THEME.to_owned())).map(
            |parent| {
                let embedded_only = parent == name && !source.embedded;
                (parent, embedded_only)
            },
        );
        seen.push(key);
        layers.push(layer);
    }
    Ok(merge_layers(&layers))
}

/// Content of one theme file, with names and colours not resolved yet.
#[derive(Default)]
struct ThemeLayer {
    inherits: Option<String>,
    assumed: BTreeMap<String, LocatedText>,
    palette: BTreeMap<String, LocatedText>,
    styles: BTreeMap<usize, RawStyle>,
    warnings: Vec<String>,
}

/// Text from a theme file and its position, `FILE:LINE`.
#[derive(Clone)]
struct LocatedText {
    text: String,
    position: String,
}

/// A style with unresolved colours.
#[derive(Default)]
struct RawStyle {
    fg: Option<LocatedText>,
    bg: Option<LocatedText>,
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

fn find_modifier(name: &str) -> Option<Modifier> {
    MODIFIERS.iter().find(|(known, _)| *known == name).map(|(_, m)| *m)
}

/// Parses the values of one theme file and collects warnings with their positions.
struct ThemeReader<'a> {
    source: &'a ThemeSource,
    warnings: Vec<String>,
}

impl ThemeReader<'_> {
    /// 1-based line of byte `offset`.
    fn line_number(&self, offset: usize) -> usize {
        1 + self.source.text.bytes().take(offset).filter(|b| *b == b'\n').count()
    }

    fn format_position(&self, offset: usize) -> String {
        format!("{}:{}", self.source.file, self.line_number(offset))
    }

    fn add_warning(&mut self, offset: usize, key: &str, problem: &str) {
        let key = sanitize_line(key);
        let warning = format!("{}: {key}: {problem}; ignored", self.format_position(offset));
        self.warnings.push(warning);
    }

    fn parse_text(&mut self, key: &str, value: &Spanned<DeValue<'_>>) -> Option<LocatedText> {
        let offset = value.span().start;
        if let Some(text) = value.get_ref().as_str() {
            Some(LocatedText { text: text.to_owned(), position: self.format_position(offset) })
        } else {
            self.add_warning(offset, key, "expected a colour in quotes");
            None
        }
    }

    fn parse_style(&mut self, key: &str, value: &Spanned<DeValue<'_>>) -> Option<RawStyle> {
        let Some(table) = value.get_ref().as_table() else {
            return self
                .parse_text(key, value)
                .map(|fg| RawStyle { fg: Some(fg), ..RawStyle::default() });
        };
        let mut style = RawStyle::default();
        for (name, value) in table {
            let (name, offset) = (name.get_ref().as_ref(), value.span().start);
            match (name, value.get_ref()) {
                ("fg", _) => style.fg = self.parse_text(key, value),
                ("bg", _) => style.bg = self.parse_text(key, value),
                ("mono", DeValue::Array(words)) => {
                    for word in words {
                        match word.get_ref().as_str().and_then(find_modifier) {
                            Some(m) => style.mono |= m,
                            None => self.add_warning(offset, key, EXPECTED_MONO),
                        }
                    }
                }
                ("mono", _) => self.add_warning(offset, key, EXPECTED_MONO),
                (word, DeValue::Boolean(on)) if find_modifier(word).is_some() => {
                    style.modifiers.set(find_modifier(word).unwrap_or_default(), *on);
                }
                _ => self.add_warning(
                    offset,
                    key,
                    "expected fg, bg, bold, italic, underline, dim, reverse (true or false) or mono",
                ),
            }
        }
        Some(style)
    }
}

const EXPECTED_MONO: &str = "expected mono = a list of bold, italic, underline, dim, reverse";

impl ThemeLayer {
    fn parse(source: &ThemeSource) -> Result<Self, ThemeError> {
        let mut reader = ThemeReader { source, warnings: Vec::new() };
        let parsed = DeTable::parse(&source.text).map_err(|e| {
            let position = reader.format_position(e.span().map_or(0, |s| s.start));
            ThemeError::Syntax { position, reason: e.message().to_owned() }
        })?;
        let mut layer = Self::default();
        for (name, value) in parsed.get_ref() {
            let (section, offset) = (name.get_ref().as_ref(), name.span().start);
            match (section, value.get_ref().as_table()) {
                ("inherits", _) => match value.get_ref().as_str() {
                    Some(parent) => layer.inherits = Some(parent.to_owned()),
                    None => reader.add_warning(offset, "inherits", "expected a theme's name in quotes"),
                },
                ("palette", Some(table)) => layer.palette = parse_texts(&mut reader, table),
                ("assumed", Some(table)) => layer.assumed = parse_texts(&mut reader, table),
                ("text" | "code" | "ui" | "state" | "persona", Some(table)) => {
                    layer.parse_section(&mut reader, section, table);
                }
                _ => reader.add_warning(
                    offset,
                    section,
                    "expected inherits, or a table [palette], [assumed], [text], [code], [ui], [state] or [persona]",
                ),
            }
        }
        layer.warnings = reader.warnings;
        Ok(layer)
    }

    fn parse_section(&mut self, reader: &mut ThemeReader<'_>, section: &str, table: &DeTable<'_>) {
        for (name, value) in table {
            let key = format!("{section}.{}", name.get_ref());
            if let Some(index) = ui_roles::style_index(&key) {
                if let Some(style) = reader.parse_style(&key, value) {
                    self.styles.insert(index, style);
                }
            } else {
                let nearest = nearest_word(&key, ui_roles::theme_keys());
                let hint = nearest.map(|nearest| format!("; did you mean {nearest}?"));
                let problem = format!("unknown role{}", hint.unwrap_or_default());
                reader.add_warning(name.span().start, &key, &problem);
            }
        }
    }
}

fn parse_texts(reader: &mut ThemeReader<'_>, table: &DeTable<'_>) -> BTreeMap<String, LocatedText> {
    let entries = table.iter().filter_map(|(name, value)| {
        let key = name.get_ref().to_string();
        let text = reader.parse_text(&key, value)?;
        Some((key, text))
    });
    entries.collect()
}

/// Merges the layers; the first one overrides the others.
fn merge_layers(layers: &[ThemeLayer]) -> ResolvedTheme {
    let mut warnings: Vec<String> = Vec::new();
    let mut palette: BTreeMap<String, Color> = BTreeMap::new();
    let mut assumed: BTreeMap<String, color::Rgb> = BTreeMap::new();
    let mut specs = vec![ThemeSpec::default(); ui_roles::STYLE_COUNT];
    for layer in layers.iter().rev() {
        warnings.extend(layer.warnings.iter().cloned());
        for (name, value) in &layer.palette {
            match color::parse_color(&value.text) {
                Some(color) => _ = palette.insert(name.clone(), color),
                None => warnings.push(invalid_color(value)),
            }
        }
        for (name, value) in &layer.assumed {
            match color::parse_color(&value.text) {
                Some(Color::Rgb(r, g, b)) => _ = assumed.insert(name.clone(), (r, g, b)),
                _ => warnings.push(invalid_color(value)),
            }
        }
    }
    // Styles come after all palettes, so that a theme can redefine the palette names used by inherited styles.
    for layer in layers.iter().rev() {
        for (index, raw) in &layer.styles {
            let mut resolve = |value: &Option<LocatedText>| {
                let value = value.as_ref()?;
                let color = palette.get(&value.text).copied();
                let color = color.or_else(|| color::parse_color(&value.text));
                if color.is_none() {
                    warnings.push(invalid_color(value));
                }
                Some(color)
            };
            let (fg, bg) = (resolve(&raw.fg), resolve(&raw.bg));
            if fg == Some(None) || bg == Some(None) {
                continue;
            }
            if let Some(spec) = specs.get_mut(*index) {
                *spec = ThemeSpec {
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
    ResolvedTheme { specs, foreground, background, warnings }
}

fn invalid_color(value: &LocatedText) -> String {
    format!(
        "{}: \"{}\" is not a colour; expected a name from [palette], \"#rrggbb\", \"default\" or a terminal colour; ignored",
        value.position,
        sanitize_line(&value.text.chars().take(40).collect::<String>())
    )
}
