//! Themes: the style of each theme role.
//!
//! Themes are data: embedded `themes/*.toml` and the user's files. Colours are reduced to those of the terminal when a theme
//! is loaded, so drawing only looks styles up. Does not detect what the terminal shows.

mod color;
mod file;
mod ui_roles;

use std::path::Path;

use ratatui::style::{Color, Modifier, Style};

use crate::text::{Face, Role};
pub use file::ThemeError;
pub use ui_roles::UiRole;

/// How many colours the terminal can show.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ColorDepth {
    /// None: `NO_COLOR`.
    Mono,
    /// The 16 of the terminal.
    Ansi16,
    /// The 256 of xterm.
    Ansi256,
    /// 24 bits.
    #[default]
    True,
}

/// A theme whose colours are reduced to those of the terminal.
#[derive(Debug, Clone)]
pub struct Theme {
    /// Name, for example `dark`.
    pub name: String,
    styles: Vec<Style>,
    default_colors: Style,
    is_light: bool,
}

impl Theme {
    /// Returns the names of the embedded themes, then those of the `*.toml` files in `folder`.
    pub fn list_names(folder: Option<&Path>) -> Vec<String> {
        file::list_names(folder)
    }

    /// Loads a theme by name. The second value has a warning for each wrong field, whose inherited value applies.
    ///
    /// # Errors
    /// When the file cannot be read or parsed (with its line), or no theme has this name (with the known names).
    pub fn load(
        name: &str,
        folder: Option<&Path>,
        depth: ColorDepth,
    ) -> Result<(Self, Vec<String>), ThemeError> {
        let mut resolved = file::load_theme(name, folder)?;
        let background = resolved.background;
        let styles =
            resolved.specs.iter().map(|spec| build_style(spec, depth, background)).collect();
        resolved.warnings.extend(find_low_contrast(name, &resolved));
        let (r, g, b) = background;
        let is_light = u16::from(r) + u16::from(g) + u16::from(b) > 3 * 128;
        let reduce = |(r, g, b): color::Rgb| color::reduce_color(Color::Rgb(r, g, b), depth);
        let default_colors = Style {
            fg: reduce(resolved.foreground),
            bg: reduce(resolved.background),
            ..Style::new()
        };
        Ok((Self { name: name.to_owned(), styles, default_colors, is_light }, resolved.warnings))
    }

    /// Returns true if the theme is made for a light terminal.
    pub fn is_light(&self) -> bool {
        self.is_light
    }

    /// Returns the colours that the theme assumes to be the terminal's default colours.
    pub fn default_colors(&self) -> Style {
        self.default_colors
    }

    /// Returns the style of a part of the screen.
    pub fn ui_style(&self, role: UiRole) -> Style {
        self.styles.get(ui_roles::ui_role_index(role)).copied().unwrap_or_default()
    }

    /// Returns the style of a piece of an answer.
    pub fn face_style(&self, face: Face) -> Style {
        let mut style = self.role_style(face.role);
        if face.bold {
            style = style.add_modifier(Modifier::BOLD);
        }
        if face.italic {
            style = style.add_modifier(Modifier::ITALIC);
        }
        if face.struck {
            style = style.add_modifier(Modifier::CROSSED_OUT);
        }
        style
    }

    /// Returns the style of a kind of text, without emphasis.
    pub fn role_style(&self, role: Role) -> Style {
        self.styles.get(ui_roles::text_role_index(role)).copied().unwrap_or_default()
    }

    /// Returns the style of a persona: the colour that its file names, or the colour of its position in the panel.
    pub fn persona_style(&self, color: Option<&str>, position: usize) -> Style {
        let [first, ..] = ui_roles::PERSONA_ROLES;
        let named = color.and_then(|name| {
            let key = format!("persona.{}", name.trim().to_ascii_lowercase());
            ui_roles::UI_ROLES.iter().find(|(id, _)| *id == key).map(|(_, role)| *role)
        });
        let by_position =
            ui_roles::PERSONA_ROLES.get(position % ui_roles::PERSONA_ROLES.len()).copied();
        self.ui_style(named.or(by_position).unwrap_or(first))
    }
}

/// Returns the minimum contrast of a role to its background. Decoration may be fainter than text.
fn min_contrast(key: &str) -> f64 {
    match key {
        "ui.border" | "text.rule" | "text.table-border" => 2.0,
        "ui.note" | "ui.placeholder" | "ui.prompt-idle" | "ui.scrollbar" | "text.quote-bar"
        | "code.comment" | "state.queued" | "state.cancelled" => 3.0,
        _ => 4.5,
    }
}

/// Returns a warning for each role with too little contrast, as far as its colours are known.
fn find_low_contrast(name: &str, resolved: &file::ResolvedTheme) -> Vec<String> {
    let to_rgb = |color, default| match color {
        Some(Color::Rgb(r, g, b)) => Some((r, g, b)),
        None | Some(Color::Reset) => Some(default),
        Some(_) => None,
    };
    let code_background =
        ui_roles::style_index("ui.code-row").and_then(|index| resolved.specs.get(index)?.bg);
    let mut warnings = Vec::new();
    for (key, spec) in ui_roles::theme_keys().zip(&resolved.specs) {
        let is_code = key.starts_with("code.") || key.starts_with("text.code");
        let background = if is_code { spec.bg.or(code_background) } else { spec.bg };
        let pair =
            to_rgb(spec.fg, resolved.foreground).zip(to_rgb(background, resolved.background));
        let Some(contrast) = pair.map(|(fg, bg)| color::contrast_ratio(fg, bg)) else { continue };
        if contrast < min_contrast(key) {
            warnings.push(format!(
                "theme {name}: {key} has a contrast of {contrast:.1} to its background; below {:.1} it is hard to read",
                min_contrast(key)
            ));
        }
    }
    warnings
}

/// Minimum contrast of a background to the terminal's default at which 16 colours can show it.
const MIN_BACKGROUND_CONTRAST: f64 = 1.6;

fn build_style(spec: &file::ThemeSpec, depth: ColorDepth, background: color::Rgb) -> Style {
    let mut style = Style::new().add_modifier(spec.modifiers);
    // None of the 16 colours is a slightly raised background: such styles use the modifiers of `mono` instead.
    let is_faint = |c| match c {
        Color::Rgb(r, g, b) => {
            color::contrast_ratio((r, g, b), background) < MIN_BACKGROUND_CONTRAST
        }
        _ => false,
    };
    let use_mono =
        depth == ColorDepth::Mono || (depth == ColorDepth::Ansi16 && spec.bg.is_some_and(is_faint));
    if use_mono {
        style = style.add_modifier(spec.mono);
    }
    style.fg = spec.fg.and_then(|c| color::reduce_color(c, depth));
    style.bg = spec.bg.filter(|_| !use_mono).and_then(|c| color::reduce_color(c, depth));
    if use_mono && spec.bg.is_some() {
        style.fg = None;
    }
    style
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    const DEPTHS: [ColorDepth; 4] =
        [ColorDepth::Mono, ColorDepth::Ansi16, ColorDepth::Ansi256, ColorDepth::True];

    #[test]
    fn embedded_themes_load_without_warnings_and_style_every_role() {
        assert_eq!(Theme::list_names(None), ["dark", "light"]);
        for name in Theme::list_names(None) {
            let resolved = file::load_theme(&name, None).unwrap();
            assert_eq!(resolved.warnings, Vec::<String>::new(), "{name}");
            for (key, spec) in ui_roles::theme_keys().zip(&resolved.specs) {
                assert!(spec.fg.is_some() || spec.bg.is_some(), "{name}: {key} has no style");
            }
            for depth in DEPTHS {
                let (theme, _) = Theme::load(&name, None, depth).unwrap();
                assert_eq!(theme.styles.len(), ui_roles::STYLE_COUNT);
            }
        }
    }

    #[test]
    fn low_contrast_is_reported() {
        for name in Theme::list_names(None) {
            let (_, warnings) = Theme::load(&name, None, ColorDepth::True).unwrap();
            assert_eq!(warnings, Vec::<String>::new());
        }
        let folder = folder(&[("fog.toml", "[state]\ndone = \"#222222\"\n")]);
        let (_, warnings) = Theme::load("fog", Some(folder.path()), ColorDepth::True).unwrap();
        assert_eq!(
            warnings,
            [
                "theme fog: state.done has a contrast of 1.1 to its background; below 4.5 it is hard to read"
            ]
        );
    }

    #[test]
    fn monochrome_theme_marks_selection_without_colours() {
        for name in Theme::list_names(None) {
            let (theme, _) = Theme::load(&name, None, ColorDepth::Mono).unwrap();
            for style in &theme.styles {
                assert_eq!((style.fg, style.bg), (None, None), "{name}");
            }
            for role in [UiRole::Selection, UiRole::TabActive, UiRole::Badge] {
                assert!(theme.ui_style(role).add_modifier.contains(Modifier::REVERSED), "{role:?}");
            }
            let (theme, _) = Theme::load(&name, None, ColorDepth::Ansi16).unwrap();
            let selection = theme.ui_style(UiRole::Selection);
            assert!(selection.bg.is_some() || selection.add_modifier.contains(Modifier::REVERSED));
            assert_eq!(theme.ui_style(UiRole::CodeRow).bg, None);
        }
    }

    fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            fs::write(folder.path().join(name), text).unwrap();
        }
        folder
    }

    #[test]
    fn user_theme_overrides_the_inherited_theme() {
        let text =
            "inherits = \"light\"\n[palette]\naccent = \"#112233\"\n[state]\ndone = \"#445566\"\n";
        let folder = folder(&[("sea.toml", text), ("notes.txt", "")]);
        assert_eq!(Theme::list_names(Some(folder.path())), ["dark", "light", "sea"]);
        let (sea, warnings) = Theme::load("sea", Some(folder.path()), ColorDepth::True).unwrap();
        assert_eq!(warnings, Vec::<String>::new());
        let (light, _) = Theme::load("light", None, ColorDepth::True).unwrap();
        assert_eq!(sea.ui_style(UiRole::Done).fg, Some(Color::Rgb(0x44, 0x55, 0x66)));
        assert_eq!(sea.ui_style(UiRole::Prompt).fg, Some(Color::Rgb(0x11, 0x22, 0x33)));
        assert_eq!(sea.ui_style(UiRole::Failed), light.ui_style(UiRole::Failed));
    }

    #[test]
    fn user_theme_named_dark_overrides_and_inherits_the_embedded_one() {
        let folder = folder(&[("dark.toml", "inherits = \"dark\"\n[state]\ndone = \"#445566\"\n")]);
        let (dark, _) = Theme::load("dark", Some(folder.path()), ColorDepth::True).unwrap();
        assert_eq!(dark.ui_style(UiRole::Done).fg, Some(Color::Rgb(0x44, 0x55, 0x66)));
    }

    #[test]
    fn wrong_fields_are_ignored_with_their_position() {
        let bad = "[palette]\naccent = \"#ggg\"\n[ui]\nbordr = \"red\"\nborder = { fg = \"mauve\" }\nnote = 3\nkey = { fg = \"red\", blink = true }\n[colour]\nx = 1\n";
        let folder = folder(&[("bad.toml", bad)]);
        let (theme, warnings) = Theme::load("bad", Some(folder.path()), ColorDepth::True).unwrap();
        let (dark, _) = Theme::load("dark", None, ColorDepth::True).unwrap();
        for role in [UiRole::Border, UiRole::Note, UiRole::Prompt] {
            assert_eq!(theme.ui_style(role), dark.ui_style(role));
        }
        let all = warnings.join("\n");
        for wanted in [
            "bad.toml:2: \"#ggg\" is not a colour",
            "bad.toml:4: ui.bordr: unknown role; did you mean ui.border?",
            "bad.toml:5: \"mauve\" is not a colour",
            "bad.toml:6: ui.note: expected a colour in quotes",
            "bad.toml:7: ui.key: expected fg, bg, bold",
            "bad.toml:8: colour: expected inherits, or a table [palette]",
        ] {
            assert!(all.contains(wanted), "{wanted}\n{all}");
        }
    }

    #[test]
    fn unreadable_themes_are_errors() {
        let huge = format!("# {}\n", "x".repeat(300_000));
        let folder = folder(&[
            ("a.toml", "inherits = \"b\"\n"),
            ("b.toml", "inherits = \"a\"\n"),
            ("self.toml", "inherits = \"self\"\n"),
            ("broken.toml", "\n[ui\n"),
            ("huge.toml", &huge),
        ]);
        std::os::unix::fs::symlink("/no/such/theme", folder.path().join("gone.toml")).unwrap();
        std::os::unix::fs::symlink("loop.toml", folder.path().join("loop.toml")).unwrap();
        std::fs::create_dir(folder.path().join("light.toml")).unwrap();
        let fail = |name: &str| {
            Theme::load(name, Some(folder.path()), ColorDepth::True).unwrap_err().to_string()
        };
        assert!(fail("a").contains("inherits is circular or too deep: a → b → a"), "{}", fail("a"));
        assert!(fail("self").contains("unknown theme \"self\""), "{}", fail("self"));
        assert!(fail("broken").contains("broken.toml:2: not TOML"), "{}", fail("broken"));
        assert!(fail("huge").contains("a theme has at most"), "{}", fail("huge"));
        let gone = "gone.toml: is a link to /no/such/theme, which does not exist";
        assert!(fail("gone").contains(gone), "{}", fail("gone"));
        assert!(fail("loop").contains("loop.toml: "), "{}", fail("loop"));
        assert!(fail("light").contains("light.toml: expected a regular file"), "{}", fail("light"));
        let missing = fail("../../etc/passwd");
        assert!(missing.contains("known: dark, light, a, b, broken"), "{missing}");
    }

    #[test]
    fn personas_get_the_colour_they_name_or_one_by_position() {
        let (theme, _) = Theme::load("dark", None, ColorDepth::True).unwrap();
        assert_eq!(theme.persona_style(Some("Teal"), 0), theme.ui_style(UiRole::Teal));
        assert_eq!(theme.persona_style(Some("beige"), 1), theme.persona_style(None, 1));
        assert_ne!(theme.persona_style(None, 0), theme.persona_style(None, 1));
    }
}
