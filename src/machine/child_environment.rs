//! The environment of child processes: no program that plenary starts inherits an API key.
//!
//! Holds names of variables, not their values. Which variables hold keys is for `config` to say.

use std::collections::BTreeSet;
use std::process::Command;
use std::sync::{Mutex, PoisonError};

/// The variables that hold keys, for the whole process: whoever starts a child need not know the configuration.
static KEY_VARIABLES: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

/// Adds to the variables that [`hide_key_variables`] removes.
pub fn register_key_variables<'a>(names: impl IntoIterator<Item = &'a str>) {
    let mut known = KEY_VARIABLES.lock().unwrap_or_else(PoisonError::into_inner);
    known.extend(names.into_iter().map(str::to_owned));
}

/// The values of all registered variables that are set.
pub fn registered_key_values() -> Vec<String> {
    let known = KEY_VARIABLES.lock().unwrap_or_else(PoisonError::into_inner);
    known.iter().filter_map(|name| std::env::var(name).ok()).collect()
}

/// Removes every registered variable from the environment that `command` inherits. A `tokio` command has it as
/// `as_std_mut`.
pub fn hide_key_variables(command: &mut Command) {
    let known = KEY_VARIABLES.lock().unwrap_or_else(PoisonError::into_inner);
    for name in known.iter() {
        command.env_remove(name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn registered_variables_are_removed_and_others_are_kept() {
        register_key_variables(["PLENARY_TEST_CHILD_KEY"]);
        let mut command = Command::new("env");
        command.env("PLENARY_TEST_CHILD_KEY", "secret").env("PLENARY_TEST_CHILD_OTHER", "kept");
        hide_key_variables(&mut command);
        let value = |wanted: &str| {
            command.get_envs().find(|(name, _)| *name == wanted).and_then(|(_, value)| value)
        };
        assert_eq!(value("PLENARY_TEST_CHILD_KEY"), None);
        assert!(value("PLENARY_TEST_CHILD_OTHER").is_some());
    }
}
