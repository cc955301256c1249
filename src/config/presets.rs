//! The built-in providers and the order of the automatic choice: `presets.toml`, embedded.
//!
//! A new preset is one table in that file. Merging with the user's files is `stack`'s work, choosing a model
//! `model_choice`'s.

use std::collections::BTreeSet;

use serde::Deserialize;

use super::layer::ConfigLayer;
use super::value::LayerSource;
use super::{ConfigError, Environment};
use crate::domain::host_of;

/// A provider that needs no table in a configuration file.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Preset {
    /// Name before the colon in `PROVIDER:MODEL`.
    pub(super) name: String,
    /// API format.
    pub(super) kind: String,
    /// Usual address; none for a model inside this program.
    base_url: Option<String>,
    /// Environment variable that users set to another address of the same service.
    base_url_env: Option<String>,
    /// Environment variable with `HOST:PORT`, as Ollama's own tools read it.
    host_env: Option<String>,
    /// Environment variable that holds the key; none for a server on this machine.
    key_env: Option<String>,
    /// Model that is asked when none is named.
    model: Option<String>,
}

/// One step of the automatic choice.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AutomaticStep {
    /// Chosen when this environment variable is set.
    pub(super) env: Option<String>,
    /// Chosen when its server accepts connections.
    #[serde(default)]
    pub(super) running: bool,
    /// Chosen when its engine is built into this program.
    #[serde(default)]
    pub(super) built_in: bool,
    /// The provider that is chosen.
    pub(super) provider: String,
}

/// The content of `presets.toml`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Presets {
    /// The providers.
    pub(super) provider: Vec<Preset>,
    /// The automatic choice, first to last.
    pub(super) automatic: Vec<AutomaticStep>,
}

impl Presets {
    /// Reads the embedded file.
    ///
    /// # Errors
    /// The file is invalid, which a test rules out.
    pub(super) fn load() -> Result<Self, ConfigError> {
        toml::from_str(include_str!("presets.toml"))
            .map_err(|e| ConfigError::new(e.message()).with_context("built-in presets"))
    }

    /// Names that a project may not give to a provider: those of presets, and of steps of the automatic choice.
    pub(super) fn reserved_names(&self) -> BTreeSet<String> {
        let steps = self.automatic.iter().map(|step| step.provider.clone());
        self.provider.iter().map(|preset| preset.name.clone()).chain(steps).collect()
    }

    /// The usual host of a built-in provider.
    pub(super) fn usual_host(&self, name: &str) -> Option<&str> {
        let preset = self.provider.iter().find(|preset| preset.name == name)?;
        Some(preset.base_url.as_deref().map(host_of).unwrap_or_default())
    }

    /// The layer of the built-in providers.
    pub(super) fn to_layer(&self) -> ConfigLayer {
        let mut layer = ConfigLayer::from_values(LayerSource::Preset, []);
        for preset in &self.provider {
            for (key, value) in [
                ("kind", Some(&preset.kind)),
                ("base_url", preset.base_url.as_ref()),
                ("key_env", preset.key_env.as_ref()),
                ("model", preset.model.as_ref()),
            ] {
                if let Some(value) = value {
                    layer.root.set(&["providers", &preset.name, key], value.as_str().into());
                }
            }
        }
        layer
    }

    /// The environment variables that hold the keys of built-in providers.
    pub(super) fn key_variables(&self) -> impl Iterator<Item = &str> {
        self.provider.iter().filter_map(|preset| preset.key_env.as_deref())
    }

    /// The layers of the environment variables that set the address of a built-in provider.
    pub(super) fn environment_layers<'a>(
        &'a self,
        environment: &'a Environment,
    ) -> impl Iterator<Item = ConfigLayer> + 'a {
        self.provider.iter().flat_map(move |preset| {
            let path = ["providers", &preset.name, "base_url"];
            let by_url = preset.base_url_env.iter();
            let by_url = by_url.filter_map(move |v| environment.layer(v, &path, str::to_owned));
            let by_host = preset.host_env.iter();
            by_url.chain(by_host.filter_map(move |v| environment.layer(v, &path, host_to_url)))
        })
    }
}

/// Converts the value of `OLLAMA_HOST` (`HOST`, `HOST:PORT`, `:PORT` or a URL) to a `base_url`. A server that listens on all
/// addresses is asked at the loopback address.
fn host_to_url(host: &str) -> String {
    let host = host.trim().trim_end_matches('/');
    let (scheme, rest, default_port) = match host.split_once("://") {
        Some(("https", rest)) => ("https", rest, "443"),
        Some((_, rest)) => ("http", rest, "80"),
        None => ("http", host, "11434"),
    };
    let (authority, path) = rest.split_once('/').map_or((rest, ""), |(a, p)| (a, p));
    let (name, port) = match authority.rsplit_once(':') {
        Some((name, port)) if !port.ends_with(']') => (name, port),
        _ => (authority, default_port),
    };
    let name = match name {
        "" | "0.0.0.0" => "127.0.0.1",
        "[::]" => "[::1]",
        name => name,
    };
    let path = if path.is_empty() { String::new() } else { format!("/{path}") };
    format!("{scheme}://{name}:{port}{path}/v1")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_file_is_valid() {
        let presets = Presets::load().unwrap();
        let names: Vec<&str> = presets.provider.iter().map(|p| p.name.as_str()).collect();
        assert_eq!(
            names,
            [
                "openai",
                "openrouter",
                "groq",
                "mistral",
                "deepseek",
                "ollama",
                "llamacpp",
                "lmstudio",
                "vllm",
                "local"
            ]
        );
        let remote = |p: &&Preset| p.kind != crate::config::local_provider::KIND;
        for preset in presets.provider.iter().filter(remote) {
            let base_url = preset.base_url.as_deref().unwrap();
            let is_local = base_url.starts_with("http://127.0.0.1:");
            assert_eq!(is_local, preset.key_env.is_none(), "{}", preset.name);
            assert!(is_local || base_url.starts_with("https://"), "{}", preset.name);
        }
        for step in &presets.automatic {
            let conditions = [step.env.is_some(), step.running, step.built_in];
            assert_eq!(conditions.iter().filter(|c| **c).count(), 1, "{}", step.provider);
        }
    }

    #[test]
    fn ollama_host_is_read_as_ollama_reads_it() {
        for (host, url) in [
            ("127.0.0.1", "http://127.0.0.1:11434/v1"),
            ("0.0.0.0:11500", "http://127.0.0.1:11500/v1"),
            (":7000", "http://127.0.0.1:7000/v1"),
            ("http://gpu.lan:11434/", "http://gpu.lan:11434/v1"),
            ("https://gpu.example.com", "https://gpu.example.com:443/v1"),
            ("http://gpu.lan/ollama", "http://gpu.lan:80/ollama/v1"),
            ("[::1]:11434", "http://[::1]:11434/v1"),
            ("[::]", "http://[::1]:11434/v1"),
        ] {
            assert_eq!(host_to_url(host), url, "{host}");
        }
    }
}
