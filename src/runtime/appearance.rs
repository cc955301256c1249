//! Chooses theme and colour depth from the configuration, the environment and the terminal.

use std::time::Duration;

use super::input::{InputEvent, TerminalInput};
use super::terminal::Screen;
use crate::config::Setup;
use crate::ui::theme::{ColorDepth, Theme, ThemeError};

/// The appearance of this program run.
pub struct Appearance {
    /// The theme.
    pub theme: Theme,
    /// Colours of the terminal.
    pub depth: ColorDepth,
    /// Fields of the theme that fell back to a default.
    pub notices: Vec<String>,
}

/// How long the first frame may wait for the terminal's background colour. A later reply changes the theme.
const QUERY_TIMEOUT: Duration = Duration::from_millis(60);

/// The slowest connection is this slow: no reply comes later after the start.
const LATEST_REPLY: Duration = Duration::from_secs(2);

/// How long the end of the program may wait for replies that are due.
const REPLY_TIMEOUT: Duration = Duration::from_millis(150);

/// Loads the configured theme; `auto` chooses by the background.
///
/// # Errors
/// Says which file, line and key of a theme is wrong, or which themes there are.
pub fn choose_appearance(setup: &Setup, is_light: Option<bool>) -> Result<Appearance, ThemeError> {
    let depth = detect_depth(|name| std::env::var(name).ok());
    let name = match (setup.theme.as_str(), is_light) {
        ("auto", Some(true)) => "light",
        ("auto", _) => "dark",
        (name, _) => name,
    };
    tracing::debug!(?is_light, ?depth, theme = name, "appearance");
    let folder = setup.paths.config.join("themes");
    let (theme, notices) = Theme::load(name, Some(&folder), depth)?;
    Ok(Appearance { theme, depth, notices })
}

/// A theme that was read for `doctor`.
#[derive(Debug)]
pub struct CheckedTheme {
    /// Its name.
    pub name: String,
    /// The fields that fell back to a default, or why it cannot be loaded.
    pub result: Result<Vec<String>, String>,
}

/// Loads the configured theme and all themes of the user, as the screen does.
pub fn check_themes(setup: &Setup) -> Vec<CheckedTheme> {
    let folder = setup.paths.config.join("themes");
    let built_in = Theme::list_names(None);
    let mut names = Theme::list_names(Some(&folder));
    // A file with the name of a built-in theme replaces it.
    names.retain(|name| !built_in.contains(name) || folder.join(format!("{name}.toml")).exists());
    if setup.theme != "auto" && !names.contains(&setup.theme) && !built_in.contains(&setup.theme) {
        names.push(setup.theme.clone());
    }
    let check = |name: String| {
        let loaded = Theme::load(&name, Some(&folder), ColorDepth::True);
        let file = folder.join(format!("{name}.toml"));
        let describe = |error: ThemeError| match error {
            // What it inherits from; the message names no file.
            ThemeError::Unknown { .. } if file.exists() => format!("{}: {error}", file.display()),
            _ => error.to_string(),
        };
        let result = loaded.map(|(_, notices)| notices).map_err(describe);
        CheckedTheme { name, result }
    };
    names.into_iter().map(check).collect()
}

/// Asks the terminal whether its background is light; none when it does not say so in time. Keys that come meanwhile
/// stay in `input`.
pub async fn ask_background(screen: &mut Screen, input: &TerminalInput) -> Option<bool> {
    let term = std::env::var("TERM").unwrap_or_default();
    if !answers_queries(&term) {
        return None;
    }
    input.expect_reply();
    if screen.query_background().is_err() {
        return None;
    }
    let mut typed = Vec::new();
    let reply = async {
        loop {
            input.arrived().await;
            match input.take() {
                Some(InputEvent::Background { is_light }) => return Some(is_light),
                Some(InputEvent::DeviceAttributes | InputEvent::Closed) => return None,
                Some(event) => typed.push(event),
                None => {}
            }
        }
    };
    let is_light = tokio::time::timeout(QUERY_TIMEOUT, reply).await.ok().flatten();
    input.put_back(typed);
    is_light
}

/// Waits a moment for the reply that is still due, so that the shell does not get it. A terminal that has not replied by
/// `since_start` never will.
pub async fn wait_for_replies(input: &TerminalInput, since_start: Duration) {
    if !input.owes_reply() || since_start > LATEST_REPLY {
        return;
    }
    let replies = async {
        while input.owes_reply() {
            input.arrived().await;
            if input.take() == Some(InputEvent::Closed) {
                return;
            }
        }
    };
    let waited = tokio::time::timeout(REPLY_TIMEOUT, replies).await;
    tracing::debug!(in_time = waited.is_ok(), "replies of the terminal");
}

/// GNU screen relays the reply out of order, and Eterm has none.
fn answers_queries(term: &str) -> bool {
    !matches!(term, "" | "dumb" | "screen" | "Eterm") && !term.starts_with("screen.")
}

/// Whether COLORFGBG says that the background is light. It ends with the number of the background: 7 and 9 to 15 are
/// light.
pub fn background_of_environment() -> Option<bool> {
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
