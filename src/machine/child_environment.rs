//! The environment of child processes: no program that plenary starts inherits an API key.
//!
//! A program that runs one task gets only the variables that the task needs. The editor belongs to the user and gets all,
//! except those that contain secrets. Holds names of variables, not their values; which of them belong to providers is for
//! `config` to say.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::process::Command;
use std::sync::{Mutex, PoisonError};

/// The variables that hold keys, for the whole process: whoever starts a child need not know the configuration.
static KEY_VARIABLES: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

/// What every program needs to run: where things are, whose they are, and in which language.
const COMMON: Inherited = Inherited {
    names: &["PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LANGUAGE", "TZ", "PREFIX"],
    // `LD_PRELOAD` and its like make programs start at all on some systems.
    prefixes: &["LC_", "LD_", "DYLD_", "XDG_", "NIX_"],
};

/// The environment variables of one program, by name and by the beginning of the name.
#[derive(Debug, Clone, Copy)]
pub struct Inherited {
    /// Whole names.
    pub names: &'static [&'static str],
    /// Beginnings of names.
    pub prefixes: &'static [&'static str],
}

impl Inherited {
    /// What tmux needs to find its server.
    pub const TMUX: Self = Self { names: &["TERM", "TMPDIR"], prefixes: &["TMUX"] };
    /// What pip and its Python need to run, and to reach an index through a proxy.
    pub const PIP: Self = Self {
        names: &[
            "HTTP_PROXY",
            "http_proxy",
            "HTTPS_PROXY",
            "https_proxy",
            "ALL_PROXY",
            "all_proxy",
            "NO_PROXY",
            "no_proxy",
            "SSL_CERT_FILE",
            "SSL_CERT_DIR",
            "REQUESTS_CA_BUNDLE",
            "CURL_CA_BUNDLE",
            "NETRC",
            "VIRTUAL_ENV",
        ],
        prefixes: &["PIP_", "PYTHON", "PYENV_", "CONDA_"],
    };

    fn includes(self, name: &str) -> bool {
        self.names.contains(&name) || self.prefixes.iter().any(|prefix| name.starts_with(prefix))
    }
}

/// Adds the names of variables that hold the keys of providers.
pub fn register_key_variables<'a>(names: impl IntoIterator<Item = &'a str>) {
    let mut known = KEY_VARIABLES.lock().unwrap_or_else(PoisonError::into_inner);
    known.extend(names.into_iter().map(str::to_owned));
}

/// The values of all registered variables that are set.
pub fn registered_key_values() -> Vec<String> {
    let known = KEY_VARIABLES.lock().unwrap_or_else(PoisonError::into_inner);
    let is_known = |name: &OsString| name.to_str().is_some_and(|name| known.contains(name));
    let values = std::env::vars_os().filter(|(name, _)| is_known(name));
    values.filter_map(|(_, value)| value.into_string().ok()).collect()
}

/// Lets `command` inherit the variables that all programs need and those that `also` names, but never a registered one. A
/// `tokio` command has it as `as_std_mut`.
pub fn keep_only(command: &mut Command, also: Inherited) {
    let is_kept = |name: &str| COMMON.includes(name) || also.includes(name);
    remove_variables(command, |name| !name.to_str().is_some_and(is_kept));
}

/// Removes every variable that contains a secret, according to its name or to `config`, from what `command` inherits.
pub fn hide_secrets(command: &mut Command) {
    remove_variables(command, |name| is_secret_name(&name.to_string_lossy()));
}

fn remove_variables(command: &mut Command, is_removed: impl Fn(&OsStr) -> bool) {
    for (name, _) in std::env::vars_os().filter(|(name, _)| is_removed(name)) {
        command.env_remove(name);
    }
    let known = KEY_VARIABLES.lock().unwrap_or_else(PoisonError::into_inner);
    for name in known.iter() {
        command.env_remove(name);
    }
}

/// True if a variable of this name contains a secret: `GITHUB_TOKEN`, `AWS_SECRET_ACCESS_KEY`, `PGPASSWORD`. A public key
/// is none.
fn is_secret_name(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    let ends = ["_KEY", "_TOKEN", "_PAT", "PASSWORD", "PASSWD", "_CREDENTIALS", "_APIKEY"];
    let is_public = name.contains("PUBLIC_KEY");
    !is_public && (ends.iter().any(|end| name.ends_with(end)) || name.contains("SECRET"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn registered_variables_are_removed_and_others_are_kept() {
        register_key_variables(["PLENARY_TEST_CHILD_PLAIN"]);
        for remove in [hide_secrets, |command: &mut Command| keep_only(command, Inherited::TMUX)] {
            let mut command = Command::new("env");
            command.env("PLENARY_TEST_CHILD_PLAIN", "secret").env("PLENARY_TEST_OTHER", "kept");
            remove(&mut command);
            let value = |wanted: &str| {
                command.get_envs().find(|(name, _)| *name == wanted).and_then(|(_, value)| value)
            };
            assert_eq!(value("PLENARY_TEST_CHILD_PLAIN"), None);
            assert!(value("PLENARY_TEST_OTHER").is_some());
        }
    }

    #[test]
    fn names_of_secrets_are_recognised() {
        for name in [
            "GITHUB_TOKEN",
            "AWS_SECRET_ACCESS_KEY",
            "AWS_SESSION_TOKEN",
            "CLIENT_SECRET_ID",
            "db_password",
            "PGPASSWORD",
            "SSH_KEY",
        ] {
            assert!(is_secret_name(name), "{name}");
        }
        for name in ["PATH", "EDITOR", "SSH_AUTH_SOCK", "KITTY_PUBLIC_KEY", "KEYBOARD", "TMUX"] {
            assert!(!is_secret_name(name), "{name}");
        }
    }
}
