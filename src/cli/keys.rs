//! Where a provider's key is, and whether it is there: in words, never the key.
//!
//! Looks at the environment and at files' metadata; runs no command and reads no key. What a key file must be is
//! `provider`'s rule. Used by `doctor` and
//! `model list`.

use serde::Serialize;

use crate::domain::KeySource;
use crate::provider::check_key_file;

/// What is known about a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct KeyStatus {
    /// Where it is looked for: `OPENAI_API_KEY`, `key_file /home/…`.
    pub(super) place: String,
    /// False when a request would fail for want of it.
    pub(super) there: bool,
    /// What to do when it is not.
    pub(super) fix: Option<String>,
}

impl KeyStatus {
    /// Looks where `source` points.
    pub(super) fn of(source: &KeySource) -> Self {
        match source {
            KeySource::None => Self::there("none needed"),
            KeySource::Env(name) => match std::env::var(name) {
                Ok(value) if !value.trim().is_empty() => Self::there(name),
                Ok(_) => Self::missing(name, format!("{name} is empty: export {name}=…")),
                Err(std::env::VarError::NotUnicode(_)) => {
                    Self::missing(name, format!("{name} is not text: export {name}=…"))
                }
                Err(_) => Self::missing(name, format!("export {name}=…")),
            },
            KeySource::Cmd(words) => {
                let program = words.first().map(String::as_str).unwrap_or_default();
                let place = format!("key_cmd {program}");
                if on_path(program) {
                    return Self::there(&place);
                }
                let fix = format!("the command \"{program}\" is not on the PATH");
                Self::missing(&place, fix)
            }
            KeySource::File(path) => {
                let shown = path.display();
                let place = format!("key_file {shown}");
                match check_key_file(path) {
                    Ok(()) => Self::there(&place),
                    Err(error) => Self::missing(&place, format!("{shown} {error}")),
                }
            }
        }
    }

    fn there(place: &str) -> Self {
        Self { place: place.to_owned(), there: true, fix: None }
    }

    fn missing(place: &str, fix: String) -> Self {
        Self { place: place.to_owned(), there: false, fix: Some(fix) }
    }
}

fn on_path(program: &str) -> bool {
    if program.contains('/') {
        return std::path::Path::new(program).is_file();
    }
    std::env::var_os("PATH")
        .is_some_and(|path| std::env::split_paths(&path).any(|dir| dir.join(program).is_file()))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_key_is_told_by_its_place() {
        let status = KeyStatus::of(&KeySource::Env("PLENARY_NO_SUCH_VARIABLE".into()));
        assert_eq!(status.fix.as_deref(), Some("export PLENARY_NO_SUCH_VARIABLE=…"));
        assert!(KeyStatus::of(&KeySource::None).there);
        let cmd = KeyStatus::of(&KeySource::Cmd(vec!["sh".into(), "-c".into(), "hidden".into()]));
        assert_eq!((cmd.place.as_str(), cmd.there), ("key_cmd sh", true));
        assert!(!KeyStatus::of(&KeySource::Cmd(vec!["no-such-program-here".into()])).there);
    }

    #[test]
    fn a_key_file_that_others_can_read_is_no_key() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("key");
        std::fs::write(&path, "hidden").unwrap();
        for (mode, there) in [(0o644, false), (0o600, true)] {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            let status = KeyStatus::of(&KeySource::File(path.clone()));
            assert_eq!(status.there, there);
            assert_eq!(status.fix.is_some_and(|fix| fix.contains("chmod 600")), !there);
        }
        assert!(!KeyStatus::of(&KeySource::File("/no/such/key".into())).there);
        assert!(!KeyStatus::of(&KeySource::File(dir.path().to_owned())).there);
    }
}
