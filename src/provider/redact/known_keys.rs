//! The keys that this process knows, whichever provider they are for.
//!
//! One list for the whole process, because a server may repeat the key of another one: gateways do. Keys are added and never
//! removed; a key that was replaced may still be repeated. Nothing here looks keys up or runs a command for them.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use secrecy::{ExposeSecret as _, SecretString};

use super::key_windows::KeyWindows;
use crate::domain::key_shapes::{is_key_variable, is_likely_key, is_word};
use crate::machine::{proxy_passwords, registered_key_values};

static KNOWN: Mutex<Option<KeyList>> = Mutex::new(None);
/// Grows with every change of the list.
static VERSION: AtomicU64 = AtomicU64::new(0);

struct KeyList {
    keys: Vec<SecretString>,
    windows: Arc<KeyWindows>,
}

/// The windows of all keys, at one point in time.
pub(super) struct KnownKeys {
    version: u64,
    windows: Arc<KeyWindows>,
}

impl KnownKeys {
    /// The windows.
    pub(super) fn windows(&self) -> &Arc<KeyWindows> {
        &self.windows
    }

    /// Takes the keys that were added since. Returns true if there are any.
    pub(super) fn refresh(&mut self) -> bool {
        let is_old = VERSION.load(Ordering::Acquire) != self.version;
        if is_old {
            *self = known_keys();
        }
        is_old
    }
}

/// The keys that are known now.
pub(super) fn known_keys() -> KnownKeys {
    with_list(|list| KnownKeys {
        version: VERSION.load(Ordering::Acquire),
        windows: Arc::clone(&list.windows),
    })
}

/// Adds a key.
pub(crate) fn remember_key(key: &SecretString) {
    with_list(|list| {
        if !list.keys.iter().any(|known| known.expose_secret() == key.expose_secret()) {
            list.keys.push(key.clone());
            list.rebuild();
        }
    });
}

fn with_list<T>(work: impl FnOnce(&mut KeyList) -> T) -> T {
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    work(known.get_or_insert_with(KeyList::of_environment))
}

impl KeyList {
    /// The keys of providers in the environment, what is a key by name and by shape, and the passwords of proxies.
    ///
    /// A name alone is not enough: what `SSH_KEY` contains may be a path, and a text that contains it would be destroyed.
    fn of_environment() -> Self {
        let others = std::env::vars_os()
            .filter(|(name, _)| name.to_str().is_some_and(is_key_variable))
            .filter_map(|(_, value)| value.into_string().ok())
            .filter(|value| is_likely_key(value.trim()));
        let passwords = proxy_passwords().into_iter().filter(|password| !is_word(password));
        let values = registered_key_values().into_iter().chain(others).chain(passwords);
        let keys = values.map(|value| value.trim().to_owned().into()).collect();
        let mut list = Self { keys, windows: Arc::new(KeyWindows::new([])) };
        list.rebuild();
        list
    }

    fn rebuild(&mut self) {
        let keys = self.keys.iter().map(SecretString::expose_secret);
        self.windows = Arc::new(KeyWindows::new(keys));
        VERSION.fetch_add(1, Ordering::AcqRel);
    }
}
