//! STUB: themes.

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
}

impl Theme {
    /// The names of the themes that are there: embedded ones, then `*.toml` of `folder`.
    pub fn names(_folder: Option<&std::path::Path>) -> Vec<String> {
        vec!["dark".into(), "light".into()]
    }

    /// Loads a theme by name; notices are bad fields that fell back to the default.
    ///
    /// # Errors
    /// Says which file, line and key is wrong, or which names there are.
    pub fn load(
        name: &str,
        _folder: Option<&std::path::Path>,
        _depth: Depth,
    ) -> Result<(Self, Vec<String>), String> {
        Ok((Self { name: name.to_owned() }, Vec::new()))
    }
}
