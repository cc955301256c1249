//! The providers of this program run: opened when first asked, then kept. Kinds and wires are `provider`'s; used by the
//! effects of the screen.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::domain::{FailKind, Failure, ProviderSpec};
use crate::provider::{self, Provider};

/// The providers by name.
pub struct Providers {
    specs: BTreeMap<String, ProviderSpec>,
    open: BTreeMap<String, Result<Arc<dyn Provider>, Failure>>,
}

impl Providers {
    /// Knows `specs`, opens nothing.
    pub fn new(specs: BTreeMap<String, ProviderSpec>) -> Self {
        Self { specs, open: BTreeMap::new() }
    }

    /// The settings of all.
    pub fn specs(&self) -> impl Iterator<Item = &ProviderSpec> {
        self.specs.values()
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
                FailKind::Rejected,
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
