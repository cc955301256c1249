//! Providers by name, opened on first use and kept: all runs of a provider share its connections and its slots.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::domain::{Failure, FailureKind, ProviderSpec};
use crate::provider::{self, Provider};

/// The providers by name.
pub struct ProviderPool {
    specs: BTreeMap<String, ProviderSpec>,
    open: BTreeMap<String, Result<Arc<dyn Provider>, Failure>>,
    /// The providers whose notice was taken.
    noticed: BTreeSet<String>,
}

impl ProviderPool {
    /// A pool of `specs`, none of them open.
    pub fn new(specs: BTreeMap<String, ProviderSpec>) -> Self {
        Self { specs, open: BTreeMap::new(), noticed: BTreeSet::new() }
    }

    /// What the user should know before text is sent to the providers of these names: each notice is returned once.
    pub fn take_notices<'a>(&mut self, names: impl IntoIterator<Item = &'a str>) -> Vec<String> {
        let mut notices = Vec::new();
        for name in names {
            let notice = self.specs.get(name).and_then(ProviderSpec::cleartext_notice);
            if let Some(notice) = notice.filter(|_| self.noticed.insert(name.to_owned())) {
                notices.push(notice);
            }
        }
        notices
    }

    /// The provider of this name.
    ///
    /// # Errors
    /// Says which providers there are, or why this one cannot be opened.
    pub fn get(&mut self, name: &str) -> Result<Arc<dyn Provider>, Failure> {
        if let Some(known) = self.open.get(name) {
            return known.clone();
        }
        let opened = match self.specs.get(name) {
            Some(spec) => provider::open_provider(spec.clone()),
            None => Err(Failure::new(
                FailureKind::Rejected,
                format!(
                    "no provider is called \"{name}\"; there are {}; add [providers.{name}] to config.toml",
                    self.specs.keys().cloned().collect::<Vec<_>>().join(", ")
                ),
            )),
        };
        self.open.insert(name.to_owned(), opened.clone());
        opened
    }
}
