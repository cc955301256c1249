//! Chooses theme and colour depth from the configuration, the environment and the terminal, once, before the first frame.

use std::io::IsTerminal;
use std::time::Duration;

use crate::config::Setup;
use crate::ui::theme::{ColorDepth, Theme, ThemeError};

/// The appearance of this program run.
pub struct Appearance {
    /// The theme.
    pub theme: Theme,
    /// Colours of the terminal.
    pub depth: ColorDepth,
    /// Whether the background is light, when the terminal reports it.
    pub is_light: Option<bool>,
    /// Fields of the theme that fell back to a default.
    pub notices: Vec<String>,
}

/// How long the terminal may take to report its background colour.
const QUERY_TIMEOUT: Duration = Duration::from_millis(60);

/// Loads the configured theme; `auto` asks the terminal whether its background is dark or light.
///
/// # Errors
/// Says which file, line and key of a theme is wrong, or which themes there are.
pub fn choose_appearance(setup: &Setup) -> Result<Appearance, ThemeError> {
    let depth = detect_depth(|name| std::env::var(name).ok());
    let is_light = terminal_is_light();
    let name = match (setup.theme.as_str(), is_light) {
        ("auto", Some(true)) => "light",
        ("auto", _) => "dark",
        (name, _) => name,
    };
    tracing::debug!(?is_light, ?depth, theme = name, "appearance");
    let folder = setup.paths.config.join("themes");
    let (theme, notices) = Theme::load(name, Some(&folder), depth)?;
    Ok(Appearance { theme, depth, is_light, notices })
}

/// Whether the terminal reports a light background; none when it does not report any.
fn terminal_is_light() -> Option<bool> {
    use terminal_colorsaurus::{QueryOptions, ThemeMode, theme_mode};
    if !std::io::stdout().is_terminal() {
        return None;
    }
    let mut options = QueryOptions::default();
    options.timeout = QUERY_TIMEOUT;
    if let Ok(mode) = theme_mode(options) {
        return Some(mode == ThemeMode::Light);
    }
    // COLORFGBG ends with the number of the background: 7 and 9 to 15 are light.
    let said = std::env::var("COLORFGBG").ok()?;
    let number: u8 = said.rsplit(';').next()?.parse().ok()?;
    Some(matches!(number, 7 | 9..=15))
}

/// The colour depth that the environment announces.
fn detect_depth(var: impl Fn(&str) -> Option<String>) -> ColorDepth {
    if var("NO_COLOR").is_some_and(|v| !v.is_empty()) {
        return ColorDepth::Mono;
    }
    let term = var("TERM").unwrap_or_default();
    if matches!(var("COLORTERM").as_deref(), Some("truecolor" | "24bit")) || term.contains("direct")
    {
        ColorDepth::True
    } else if term.contains("256color") || term.contains("kitty") || term.contains("alacritty") {
        ColorDepth::Ansi256
    } else if term.is_empty() || term == "dumb" || term.starts_with("vt") {
        ColorDepth::Mono
    } else {
        ColorDepth::Ansi16
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_by_environment() {
        let of = |pairs: &'static [(&str, &str)]| {
            detect_depth(move |name| {
                pairs.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned())
            })
        };
        assert_eq!(of(&[("TERM", "xterm-256color"), ("COLORTERM", "truecolor")]), ColorDepth::True);
        assert_eq!(of(&[("TERM", "screen-256color")]), ColorDepth::Ansi256);
        assert_eq!(of(&[("TERM", "linux")]), ColorDepth::Ansi16);
        assert_eq!(of(&[("TERM", "xterm-256color"), ("NO_COLOR", "1")]), ColorDepth::Mono);
        assert_eq!(of(&[("TERM", "xterm"), ("NO_COLOR", "")]), ColorDepth::Ansi16);
        assert_eq!(of(&[]), ColorDepth::Mono);
    }
}
