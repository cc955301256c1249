//! Themes: which style each role of an answer and each part of the screen has.
//!
//! Themes are data (`themes/*.toml`, embedded, and the user's own); loading brings their colours down to what the
//! terminal shows, so drawing only looks styles up. Loaded by `runtime`; read by every file of `ui` that draws.

mod color;
mod file;
mod parts;

use std::path::Path;

use ratatui::style::{Color, Modifier, Style};

use crate::text::{Face, Role};
pub use parts::Part;

/// How many colours the terminal shows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Depth {
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

/// A theme, with its colours brought down to what the terminal shows.
#[derive(Debug, Clone)]
pub struct Theme {
    /// `dark`
    pub name: String,
    styles: Vec<Style>,
    ground: Style,
    is_light: bool,
}

impl Theme {
    /// The names of the themes that are there: embedded ones, then `*.toml` of `folder`.
    pub fn names(folder: Option<&Path>) -> Vec<String> {
        file::names(folder)
    }

    /// Loads a theme by name; notices are bad fields that fell back to the default.
    ///
    /// # Errors
    /// Says which file, line and key is wrong, or which names there are.
    pub fn load(
        name: &str,
        folder: Option<&Path>,
        depth: Depth,
    ) -> Result<(Self, Vec<String>), String> {
        let mut resolved = file::load(name, folder)?;
        let ground = resolved.background;
        let styles = resolved.specs.iter().map(|spec| style(spec, depth, ground)).collect();
        resolved.notices.extend(hard_to_read(name, &resolved));
        let (r, g, b) = ground;
        let is_light = u16::from(r) + u16::from(g) + u16::from(b) > 3 * 128;
        let bring = |(r, g, b): color::Rgb| color::reduce(Color::Rgb(r, g, b), depth);
        let ground = Style {
            fg: bring(resolved.foreground),
            bg: bring(resolved.background),
            ..Style::new()
        };
        Ok((Self { name: name.to_owned(), styles, ground, is_light }, resolved.notices))
    }

    /// True when it is made for a light terminal.
    pub fn is_light(&self) -> bool {
        self.is_light
    }

    /// The colours that it takes the terminal's own to be.
    pub fn ground(&self) -> Style {
        self.ground
    }

    /// The style of a part of the screen.
    pub fn part(&self, part: Part) -> Style {
        self.styles.get(parts::part_slot(part)).copied().unwrap_or_default()
    }

    /// The style of a piece of an answer.
    pub fn face(&self, face: Face) -> Style {
        let mut style = self.role(face.role);
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

    /// The style of a role without emphasis.
    pub fn role(&self, role: Role) -> Style {
        self.styles.get(parts::role_slot(role)).copied().unwrap_or_default()
    }

    /// The colour of a persona: the one it names, or the one of its place in the panel.
    pub fn persona(&self, color: Option<&str>, place: usize) -> Style {
        let [first, ..] = parts::PERSONAS;
        let named = color.and_then(|name| {
            let key = format!("persona.{}", name.trim().to_ascii_lowercase());
            parts::PARTS.iter().find(|(id, _)| *id == key).map(|(_, part)| *part)
        });
        let by_place = parts::PERSONAS.get(place % parts::PERSONAS.len()).copied();
        self.part(named.or(by_place).unwrap_or(first))
    }
}

/// The contrast that a part needs at least; decoration may be fainter than what is read.
fn least(key: &str) -> f64 {
    match key {
        "ui.border" | "text.rule" | "text.table-border" => 2.0,
        "ui.note" | "ui.placeholder" | "ui.prompt-idle" | "ui.scrollbar" | "text.quote-bar"
        | "code.comment" | "state.queued" | "state.cancelled" => 3.0,
        _ => 4.5,
    }
}

/// What a theme makes hard to read, as far as colours are known.
fn hard_to_read(name: &str, resolved: &file::Resolved) -> Vec<String> {
    let rgb = |color, own| match color {
        Some(Color::Rgb(r, g, b)) => Some((r, g, b)),
        None | Some(Color::Reset) => Some(own),
        Some(_) => None,
    };
    let raised = parts::slot("ui.code-row").and_then(|slot| resolved.specs.get(slot)?.bg);
    let mut words = Vec::new();
    for (key, spec) in parts::keys().zip(&resolved.specs) {
        let code = key.starts_with("code.") || key.starts_with("text.code");
        let ground = if code { spec.bg.or(raised) } else { spec.bg };
        let pair = rgb(spec.fg, resolved.foreground).zip(rgb(ground, resolved.background));
        let Some(contrast) = pair.map(|(fg, bg)| color::contrast(fg, bg)) else { continue };
        if contrast < least(key) {
            words.push(format!(
                "theme {name}: {key} has a contrast of {contrast:.1} to its ground; below {:.1} it is hard to read",
                least(key)
            ));
        }
    }
    words
}

/// Least contrast of a ground to the terminal's own at which 16 colours can show it as a colour.
const GROUND: f64 = 1.6;

fn style(spec: &file::Spec, depth: Depth, ground: color::Rgb) -> Style {
    let mut style = Style::new().add_modifier(spec.modifiers);
    // Of 16 colours none is a slightly raised ground: what is meant to stand out does so without colours instead.
    let faint = |c| match c {
        Color::Rgb(r, g, b) => color::contrast((r, g, b), ground) < GROUND,
        _ => false,
    };
    let plain = depth == Depth::Mono || (depth == Depth::Ansi16 && spec.bg.is_some_and(faint));
    if plain {
        style = style.add_modifier(spec.mono);
    }
    style.fg = spec.fg.and_then(|c| color::reduce(c, depth));
    style.bg = spec.bg.filter(|_| !plain).and_then(|c| color::reduce(c, depth));
    if plain && spec.bg.is_some() {
        style.fg = None;
    }
    style
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    const DEPTHS: [Depth; 4] = [Depth::Mono, Depth::Ansi16, Depth::Ansi256, Depth::True];

    #[test]
    fn every_embedded_theme_loads_without_a_notice_and_gives_every_slot_a_style() {
        assert_eq!(Theme::names(None), ["dark", "light"]);
        for name in Theme::names(None) {
            let resolved = file::load(&name, None).unwrap();
            assert_eq!(resolved.notices, Vec::<String>::new(), "{name}");
            for (key, spec) in parts::keys().zip(&resolved.specs) {
                assert!(spec.fg.is_some() || spec.bg.is_some(), "{name}: {key} has no style");
            }
            for depth in DEPTHS {
                let (theme, _) = Theme::load(&name, None, depth).unwrap();
                assert_eq!(theme.styles.len(), parts::SLOTS);
            }
        }
    }

    #[test]
    fn everything_that_is_read_stands_out_from_its_ground() {
        for name in Theme::names(None) {
            let (_, notices) = Theme::load(&name, None, Depth::True).unwrap();
            assert_eq!(notices, Vec::<String>::new());
        }
        let folder = folder(&[("fog.toml", "[state]\ndone = \"#222222\"\n")]);
        let (_, notices) = Theme::load("fog", Some(folder.path()), Depth::True).unwrap();
        assert_eq!(
            notices,
            [
                "theme fog: state.done has a contrast of 1.1 to its ground; below 4.5 it is hard to read"
            ]
        );
    }

    #[test]
    fn a_theme_without_colours_has_none_and_still_marks_what_is_chosen() {
        for name in Theme::names(None) {
            let (theme, _) = Theme::load(&name, None, Depth::Mono).unwrap();
            for style in &theme.styles {
                assert_eq!((style.fg, style.bg), (None, None), "{name}");
            }
            for part in [Part::Selection, Part::TabActive, Part::Badge] {
                assert!(theme.part(part).add_modifier.contains(Modifier::REVERSED), "{part:?}");
            }
            let (theme, _) = Theme::load(&name, None, Depth::Ansi16).unwrap();
            let chosen = theme.part(Part::Selection);
            assert!(chosen.bg.is_some() || chosen.add_modifier.contains(Modifier::REVERSED));
            assert_eq!(theme.part(Part::CodeRow).bg, None);
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
    fn a_users_theme_is_laid_over_the_one_it_inherits() {
        let own =
            "inherits = \"light\"\n[palette]\naccent = \"#112233\"\n[state]\ndone = \"#445566\"\n";
        let folder = folder(&[("sea.toml", own), ("notes.txt", "")]);
        assert_eq!(Theme::names(Some(folder.path())), ["dark", "light", "sea"]);
        let (sea, notices) = Theme::load("sea", Some(folder.path()), Depth::True).unwrap();
        assert_eq!(notices, Vec::<String>::new());
        let (light, _) = Theme::load("light", None, Depth::True).unwrap();
        assert_eq!(sea.part(Part::Done).fg, Some(Color::Rgb(0x44, 0x55, 0x66)));
        assert_eq!(sea.part(Part::Prompt).fg, Some(Color::Rgb(0x11, 0x22, 0x33)));
        assert_eq!(sea.part(Part::Failed), light.part(Part::Failed));
    }

    #[test]
    fn a_users_dark_goes_before_the_embedded_one_and_may_inherit_it() {
        let folder = folder(&[("dark.toml", "inherits = \"dark\"\n[state]\ndone = \"#445566\"\n")]);
        let (dark, _) = Theme::load("dark", Some(folder.path()), Depth::True).unwrap();
        assert_eq!(dark.part(Part::Done).fg, Some(Color::Rgb(0x44, 0x55, 0x66)));
    }

    #[test]
    fn bad_fields_fall_back_and_say_where() {
        let bad = "[palette]\naccent = \"#ggg\"\n[ui]\nbordr = \"red\"\nborder = { fg = \"mauve\" }\nnote = 3\nkey = { fg = \"red\", blink = true }\n[colour]\nx = 1\n";
        let folder = folder(&[("bad.toml", bad)]);
        let (theme, notices) = Theme::load("bad", Some(folder.path()), Depth::True).unwrap();
        let (dark, _) = Theme::load("dark", None, Depth::True).unwrap();
        for part in [Part::Border, Part::Note, Part::Prompt] {
            assert_eq!(theme.part(part), dark.part(part));
        }
        let all = notices.join("\n");
        for wanted in [
            "bad.toml:2: \"#ggg\" is no colour",
            "bad.toml:4: ui.bordr: no part has this name; did you mean ui.border?",
            "bad.toml:5: \"mauve\" is no colour",
            "bad.toml:6: ui.note: expected a colour in quotes",
            "bad.toml:7: ui.key: expected fg, bg, bold",
            "bad.toml:8: colour: expected inherits, or a table [palette]",
        ] {
            assert!(all.contains(wanted), "{wanted}\n{all}");
        }
    }

    #[test]
    fn what_cannot_be_read_at_all_is_an_error() {
        let huge = format!("# {}\n", "x".repeat(300_000));
        let folder = folder(&[
            ("a.toml", "inherits = \"b\"\n"),
            ("b.toml", "inherits = \"a\"\n"),
            ("self.toml", "inherits = \"self\"\n"),
            ("broken.toml", "\n[ui\n"),
            ("huge.toml", &huge),
        ]);
        let fail = |name: &str| Theme::load(name, Some(folder.path()), Depth::True).unwrap_err();
        assert!(fail("a").contains("inherits goes around or too deep: a → b → a"), "{}", fail("a"));
        assert!(fail("self").contains("no theme \"self\""), "{}", fail("self"));
        assert!(fail("broken").contains("broken.toml:2: not TOML"), "{}", fail("broken"));
        assert!(fail("huge").contains("a theme has at most"), "{}", fail("huge"));
        let missing = fail("../../etc/passwd");
        assert!(missing.contains("there are dark, light, a, b, broken"), "{missing}");
    }

    #[test]
    fn personas_get_the_colour_they_name_or_one_by_place() {
        let (theme, _) = Theme::load("dark", None, Depth::True).unwrap();
        assert_eq!(theme.persona(Some("Teal"), 0), theme.part(Part::Teal));
        assert_eq!(theme.persona(Some("beige"), 1), theme.persona(None, 1));
        assert_ne!(theme.persona(None, 0), theme.persona(None, 1));
    }
}
