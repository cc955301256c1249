//! The built-in providers and the order of the automatic choice: `presets.toml`, embedded.
//!
//! A new preset is one table in that file. What the user's files change about a preset is `providers`'
//! work; which model answers is `models`'.

use serde::Deserialize;

use super::ConfigError;

/// A provider that needs no table of the user's own.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Preset {
    /// The word before the colon.
    pub(super) name: String,
    /// Which wire.
    pub(super) kind: String,
    /// Its usual address; empty for a model in this program.
    #[serde(default)]
    pub(super) base_url: String,
    /// The variable that people set to another address of the same service.
    pub(super) base_url_env: Option<String>,
    /// The variable that holds `HOST:PORT` of it, as Ollama's own tools read it.
    pub(super) host_env: Option<String>,
    /// The variable that holds its key; none for a server on this machine.
    pub(super) key_env: Option<String>,
    /// The model that is asked when none is named.
    pub(super) model: Option<String>,
}

/// One step of the automatic choice.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Automatic {
    /// Chosen when this variable is set.
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

/// All that is built in.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Presets {
    /// The providers.
    pub(super) provider: Vec<Preset>,
    /// The automatic choice, first to last.
    pub(super) automatic: Vec<Automatic>,
}

/// Reads the embedded presets.
pub(super) fn presets() -> Result<Presets, ConfigError> {
    toml::from_str(include_str!("presets.toml"))
        .map_err(|e| ConfigError(format!("built-in presets: {}", e.message())))
}

/// The address that `OLLAMA_HOST` means: `HOST`, `HOST:PORT`, `:PORT` or a whole URL. A server that
/// listens on every address is asked at the loopback one.
pub(super) fn address_of_host(host: &str) -> String {
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
    fn the_embedded_data_is_right() {
        let presets = presets().unwrap();
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
        let remote = |p: &&Preset| p.kind != crate::config::local::KIND;
        for preset in presets.provider.iter().filter(remote) {
            let local = preset.base_url.starts_with("http://127.0.0.1:");
            assert_eq!(local, preset.key_env.is_none(), "{}", preset.name);
            assert!(local || preset.base_url.starts_with("https://"), "{}", preset.name);
        }
        for step in &presets.automatic {
            let ways = [step.env.is_some(), step.running, step.built_in];
            assert_eq!(ways.iter().filter(|way| **way).count(), 1, "{}", step.provider);
        }
    }

    #[test]
    fn ollama_host_is_read_as_its_own_tools_read_it() {
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
            assert_eq!(address_of_host(host), url, "{host}");
        }
    }
}
