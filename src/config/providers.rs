//! Providers: from the merged `[providers.NAME]` to the settings that requests are made with.
//!
//! Checks values; reads no key and contacts nothing. Whether a kind exists is known to the registry in `provider`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use super::local_provider::{self, apply_kind_defaults};
use super::schema::{ProviderTable, TimeoutTable};
use super::stack::KEY_SOURCES;
use super::value::{ConfigNode, LayerSource};
use super::{ConfigError, Environment};
use crate::domain::key_shapes::looks_like_key;
use crate::domain::{KeySource, LocalSpec, ProviderSpec, normalize_base_url};
use crate::text::did_you_mean;

/// Highest number of tokens that a setting accepts.
const MAX_TOKENS: u32 = 100_000_000;

/// Accepted time limits, in seconds.
const TIMEOUT_SECONDS: std::ops::RangeInclusive<f64> = 0.001..=86_400.0;

/// The providers by name, and warnings about corrected addresses.
#[derive(Debug)]
pub(super) struct Providers {
    /// The providers.
    pub(super) specs: BTreeMap<String, ProviderSpec>,
    /// What was corrected.
    pub(super) warnings: Vec<String>,
}

/// What the settings of a provider are made from.
pub(super) struct ProviderBuilder<'a> {
    /// The merged configuration.
    pub(super) root: &'a ConfigNode,
    /// The kinds of the built-in providers.
    pub(super) kinds: BTreeSet<String>,
    /// The settings of a provider of kind `local`, unless configured.
    pub(super) local: LocalSpec,
    /// Variables and folders.
    pub(super) environment: &'a Environment,
}

/// Removes the address and the key that built-in providers have, and environment variables set, from providers that the user
/// made local ones.
pub(super) fn remove_unused_addresses(root: &mut ConfigNode) {
    let is_set_by_user = |node: &ConfigNode| matches!(*node.source, LayerSource::File { .. });
    let providers = root.as_table_mut().and_then(|table| table.get_mut("providers"));
    for provider in providers.and_then(ConfigNode::as_table_mut).into_iter().flatten() {
        let Some(table) = provider.1.as_table_mut() else { continue };
        if table.get("kind").and_then(ConfigNode::as_str) == Some(local_provider::KIND) {
            table.retain(|key, node| {
                !matches!(key.as_str(), "base_url" | "key_env") || is_set_by_user(node)
            });
        }
    }
}

impl ProviderBuilder<'_> {
    /// Builds all providers.
    ///
    /// # Errors
    /// A setting is invalid or missing.
    pub(super) fn build(
        &self,
        tables: &BTreeMap<String, ProviderTable>,
    ) -> Result<Providers, ConfigError> {
        let (mut specs, mut warnings) = (BTreeMap::new(), Vec::new());
        for (name, table) in tables {
            let spec = self.build_spec(name, table, &mut warnings)?;
            specs.insert(name.clone(), spec);
        }
        Ok(Providers { specs, warnings })
    }

    fn build_spec(
        &self,
        name: &str,
        table: &ProviderTable,
        warnings: &mut Vec<String>,
    ) -> Result<ProviderSpec, ConfigError> {
        if name.is_empty() || name.contains([':', '"']) || name.chars().any(char::is_whitespace) {
            let message = "a provider's name is one word without a colon";
            return Err(self.root.error_at(&["providers", name], message));
        }
        let mut spec = ProviderSpec::new(name, "", "");
        apply_kind_defaults(&mut spec, table.kind.as_deref().unwrap_or_default(), &self.local);
        self.apply_base_url(&mut spec, table, warnings)?;
        self.apply_key(&mut spec, table)?;
        if let Some(model) = &table.model {
            let model = model.trim();
            if model.is_empty() {
                return Err(self.error(&spec, "model", "is empty"));
            }
            spec.default_model = Some(model.to_owned());
        }
        self.apply_limits(&mut spec, table)?;
        self.apply_timeouts(&mut spec, &table.timeouts)?;
        local_provider::apply_scaffold(&mut spec, table)
            .map_err(|message| self.error(&spec, "scaffold", message))?;
        local_provider::complete(&mut spec, table, self.root, self.environment)?;
        self.check_complete(&spec)?;
        Ok(spec)
    }

    fn error(&self, spec: &ProviderSpec, key: &str, message: impl Into<String>) -> ConfigError {
        self.root.error_at(&["providers", &spec.name, key], message)
    }

    fn apply_base_url(
        &self,
        spec: &mut ProviderSpec,
        table: &ProviderTable,
        warnings: &mut Vec<String>,
    ) -> Result<(), ConfigError> {
        let Some(url) = &table.base_url else { return Ok(()) };
        let base =
            normalize_base_url(url).map_err(|reason| match self.unknown_kind(&spec.kind) {
                Some(kind) => self.error(spec, "kind", format!("{kind}; base_url {reason}")),
                None => self.error(spec, "base_url", reason.to_string()),
            })?;
        if base.is_corrected {
            let warning = self.error(spec, "base_url", format!("taken as {}", base.url));
            warnings.push(warning.to_string());
        }
        spec.base_url = base.url;
        Ok(())
    }

    /// Sets where the key is found.
    fn apply_key(&self, spec: &mut ProviderSpec, table: &ProviderTable) -> Result<(), ConfigError> {
        let is_set = [table.key_env.is_some(), table.key_cmd.is_some(), table.key_file.is_some()];
        let mut set = KEY_SOURCES.into_iter().zip(is_set).filter_map(|(key, is)| is.then_some(key));
        if let (Some(first), Some(second)) = (set.next(), set.next()) {
            let message = format!("contradicts {first} in the same table; keep one of them");
            return Err(self.error(spec, second, message));
        }
        if let Some(variable) = &table.key_env {
            check_key_variable(variable).map_err(|message| self.error(spec, "key_env", message))?;
            spec.key = KeySource::Env(variable.clone());
        } else if let Some(words) = &table.key_cmd {
            if words.first().is_none_or(|program| program.trim().is_empty()) {
                let message = "expected a command and its arguments, such as [\"pass\", \"show\", \"gateway\"]";
                return Err(self.error(spec, "key_cmd", message));
            }
            spec.key = KeySource::Cmd(words.clone());
        } else if let Some(path) = &table.key_file {
            if path.trim().is_empty() {
                return Err(self.error(spec, "key_file", "is empty; expected the path of a file"));
            }
            let node = self.root.find(&["providers", &spec.name, "key_file"]);
            let folder = node.and_then(ConfigNode::file).and_then(Path::parent);
            let folder = folder.unwrap_or_else(|| Path::new("."));
            spec.key = KeySource::File(self.environment.expand_path(path, folder));
        }
        Ok(())
    }

    fn apply_limits(
        &self,
        spec: &mut ProviderSpec,
        table: &ProviderTable,
    ) -> Result<(), ConfigError> {
        let check = |key: &str, value: Option<u32>, max: u32| match value {
            Some(n) if n == 0 || n > max => {
                let message = format!("expected a whole number from 1 to {max}, found {n}");
                Err(self.error(spec, key, message))
            }
            other => Ok(other),
        };
        let context = check("context", table.context, MAX_TOKENS)?;
        let max_tokens = check("max_tokens", table.max_tokens, MAX_TOKENS)?;
        let attempts = check("attempts", table.attempts, 20)?;
        let concurrency = table.concurrency.map(|n| u32::try_from(n).unwrap_or(u32::MAX));
        let concurrency = check("concurrency", concurrency, 1000)?;
        (spec.context, spec.max_tokens) = (context, max_tokens);
        spec.attempts = attempts.unwrap_or(spec.attempts);
        spec.concurrency = concurrency.map_or(spec.concurrency, |n| n as usize);
        spec.allow_insecure = table.allow_insecure.unwrap_or(spec.allow_insecure);
        Ok(())
    }

    fn apply_timeouts(
        &self,
        spec: &mut ProviderSpec,
        table: &TimeoutTable,
    ) -> Result<(), ConfigError> {
        let mut limits = spec.timeouts;
        for (key, value, limit) in [
            ("connect", table.connect, &mut limits.connect),
            ("first_token", table.first_token, &mut limits.first_token),
            ("between_tokens", table.between_tokens, &mut limits.between_tokens),
            ("idle", table.idle, &mut limits.idle),
        ] {
            let Some(seconds) = value else { continue };
            if !TIMEOUT_SECONDS.contains(&seconds) {
                let path = ["providers", &spec.name, "timeouts", key];
                let message = "expected seconds, more than 0 and at most 86400";
                return Err(self.root.error_at(&path, message));
            }
            *limit = Duration::from_secs_f64(seconds);
        }
        spec.timeouts = limits;
        Ok(())
    }

    /// Checks that kind and address are set.
    fn check_complete(&self, spec: &ProviderSpec) -> Result<(), ConfigError> {
        let missing = if spec.kind.is_empty() {
            "kind is missing; for anything that speaks the OpenAI wire write kind = \"openai\""
        } else if spec.base_url.is_empty() && spec.local.is_none() {
            "base_url is missing; write the address that ends before /chat/completions, such as \
             base_url = \"https://llm.example.com/v1\""
        } else {
            return Ok(());
        };
        Err(match self.unknown_kind(&spec.kind) {
            Some(kind) => self.error(spec, "kind", format!("{kind}; {missing}")),
            None => self.root.error_at(&["providers", &spec.name], missing),
        })
    }

    /// Describes a kind that no built-in provider has. Not an error alone, because `provider` may have the kind; mentioned
    /// first where something else is wrong too, because the rest depends on the kind.
    fn unknown_kind(&self, kind: &str) -> Option<String> {
        if kind.is_empty() || self.kinds.contains(kind) {
            return None;
        }
        let hint = did_you_mean(kind, self.kinds.iter().map(String::as_str));
        let known = self.kinds.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
        Some(format!("unknown kind \"{}\"{hint} (known: {known})", kind.escape_debug()))
    }
}

/// Checks the name of an environment variable. The name is not repeated, because it may be a key.
fn check_key_variable(name: &str) -> Result<(), &'static str> {
    if looks_like_key(name) {
        return Err(
            "names the environment variable that holds the key, but this looks like the key itself; \
                    put it into a variable and name that one here",
        );
    }
    if !is_variable_name(name) {
        return Err("expected the name of an environment variable, such as GATEWAY_KEY");
    }
    Ok(())
}

fn is_variable_name(name: &str) -> bool {
    let mut bytes = name.bytes();
    bytes.next().is_some_and(|b| b.is_ascii_alphabetic() || b == b'_')
        && bytes.all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_variables_are_recognised() {
        assert!(is_variable_name("GATEWAY_KEY") && is_variable_name("_k1"));
        for bad in ["", "1A", "A-B", "A B", "A=B", "é"] {
            assert!(!is_variable_name(bad), "{bad}");
        }
    }
}
