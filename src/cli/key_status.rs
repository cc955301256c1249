//! Where a provider's API key is looked up, and whether it is available. Never the key itself.
//!
//! Looks at the environment and at the metadata of files; runs no command and reads no key. The rules for key files belong
//! to `provider`.

use serde::Serialize;

use crate::domain::KeySource;
use crate::provider::check_key_file;

/// What is known about a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct KeyStatus {
    /// Where the key is looked up: `OPENAI_API_KEY`, `key_file /home/…`.
    #[serde(rename = "place")]
    pub(super) location: String,
    /// False if requests would fail because the key is missing.
    #[serde(rename = "there")]
    pub(super) is_available: bool,
    /// What to do if the key is missing.
    pub(super) fix: Option<String>,
}

impl KeyStatus {
    /// Looks up the key that `source` names.
    pub(super) fn look_up(source: &KeySource) -> Self {
        match source {
            KeySource::None => Self::available("none needed"),
            KeySource::Env(name) => match std::env::var(name) {
                Ok(value) if !value.trim().is_empty() => Self::available(name),
                Ok(_) => Self::missing(name, format!("{name} is empty: export {name}=…")),
                Err(std::env::VarError::NotUnicode(_)) => {
                    Self::missing(name, format!("{name} is not text: export {name}=…"))
                }
                Err(_) => Self::missing(name, format!("export {name}=…")),
            },
            KeySource::Cmd(words) => {
                let program = words.first().map(String::as_str).unwrap_or_default();
                let location = format!("key_cmd {program}");
                if is_on_path(program) {
                    return Self::available(&location);
                }
                let fix = format!("the command \"{program}\" is not on the PATH");
                Self::missing(&location, fix)
            }
            KeySource::File(path) => {
                let shown = path.display();
                let location = format!("key_file {shown}");
                match check_key_file(path) {
                    Ok(()) => Self::available(&location),
                    Err(what) => Self::missing(&location, format!("{shown} {what}")),
                }
            }
        }
    }

    fn available(location: &str) -> Self {
        Self { location: location.to_owned(), is_available: true, fix: None }
    }

    fn missing(location: &str, fix: String) -> Self {
        Self { location: location.to_owned(), is_available: false, fix: Some(fix) }
    }
}

fn is_on_path(program: &str) -> bool {
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
    fn keys_are_described_by_location() {
        let status = KeyStatus::look_up(&KeySource::Env("PLENARY_NO_SUCH_VARIABLE".into()));
        assert_eq!(status.fix.as_deref(), Some("export PLENARY_NO_SUCH_VARIABLE=…"));
        assert!(KeyStatus::look_up(&KeySource::None).is_available);
        let cmd =
            KeyStatus::look_up(&KeySource::Cmd(vec!["sh".into(), "-c".into(), "hidden".into()]));
        assert_eq!((cmd.location.as_str(), cmd.is_available), ("key_cmd sh", true));
        assert!(
            !KeyStatus::look_up(&KeySource::Cmd(vec!["no-such-program-here".into()])).is_available
        );
    }

    #[test]
    fn key_files_readable_by_others_are_not_available() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("key");
        std::fs::write(&path, "hidden").unwrap();
        for (mode, is_available) in [(0o644, false), (0o600, true)] {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            let status = KeyStatus::look_up(&KeySource::File(path.clone()));
            assert_eq!(status.is_available, is_available);
            assert_eq!(status.fix.is_some_and(|fix| fix.contains("chmod 600")), !is_available);
        }
        assert!(!KeyStatus::look_up(&KeySource::File("/no/such/key".into())).is_available);
        assert!(!KeyStatus::look_up(&KeySource::File(dir.path().to_owned())).is_available);
    }
}
