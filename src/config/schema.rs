//! What a `config.toml` may contain.
//!
//! The structs name keys and types; `deserialize` rejects any other key. What values mean, and which are valid, is decided
//! by the modules that use them.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::personas::PersonaSettings;

/// The settings of all layers, or of one file.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(super) struct ConfigSchema {
    /// `PROVIDER:MODEL`
    pub(super) model: Option<String>,
    /// Name of the panel that is asked.
    pub(super) panel: Option<String>,
    /// `auto`, `dark`, `light` or the name of a theme.
    pub(super) theme: Option<String>,
    /// `[providers.NAME]`
    pub(super) providers: BTreeMap<String, ProviderTable>,
    /// `[panels.NAME]`
    pub(super) panels: BTreeMap<String, PanelTable>,
    /// `[persona.ID]`
    pub(super) persona: BTreeMap<String, PersonaSettings>,
    /// `[models.ID]`
    pub(super) models: BTreeMap<String, ModelFileTable>,
}

/// `[providers.NAME]`
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(super) struct ProviderTable {
    /// API format.
    pub(super) kind: Option<String>,
    /// Address of the API.
    pub(super) base_url: Option<String>,
    /// Environment variable that holds the key.
    pub(super) key_env: Option<String>,
    /// Command that prints the key.
    pub(super) key_cmd: Option<Vec<String>>,
    /// File that holds the key.
    pub(super) key_file: Option<String>,
    /// Model that is asked when none is named.
    pub(super) model: Option<String>,
    /// Context of the model in tokens.
    pub(super) context: Option<u32>,
    /// Most tokens of an answer.
    pub(super) max_tokens: Option<u32>,
    /// Most runs at once.
    pub(super) concurrency: Option<usize>,
    /// Most attempts of a run.
    pub(super) attempts: Option<u32>,
    /// Permits a key over plain http to another machine.
    pub(super) allow_insecure: Option<bool>,
    /// When the program writes the headings: `auto`, `on`, `off`; for the kind `local`.
    pub(super) scaffold: Option<String>,
    /// Time limits.
    pub(super) timeouts: TimeoutTable,
}

/// `timeouts = { … }`, in seconds.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(super) struct TimeoutTable {
    /// For the connection.
    pub(super) connect: Option<f64>,
    /// For the first token.
    pub(super) first_token: Option<f64>,
    /// Between two tokens.
    pub(super) between_tokens: Option<f64>,
    /// Between any two bytes.
    pub(super) idle: Option<f64>,
}

/// `[panels.NAME]`
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(super) struct PanelTable {
    /// Ids or paths of personas, in the order of the panes.
    pub(super) personas: Vec<String>,
    /// `PROVIDER:MODEL`
    pub(super) model: Option<String>,
}

/// `[models.ID]`
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(super) struct ModelFileTable {
    /// Title for the user.
    pub(super) title: Option<String>,
    /// Second, shorter id.
    pub(super) alias: Option<String>,
    /// File name in the folder of models.
    pub(super) file: Option<String>,
    /// Size of the file in bytes.
    pub(super) bytes: Option<u64>,
    /// SHA-256 of the file in hexadecimal.
    pub(super) sha256: Option<String>,
    /// Licence as an SPDX expression.
    pub(super) licence: Option<String>,
    /// Context in tokens.
    pub(super) context: Option<u32>,
    /// Least free memory in bytes.
    pub(super) memory: Option<u64>,
    /// What the user should know before using the model.
    pub(super) caution: Option<String>,
    /// File on the hub; tried first.
    pub(super) hub: Option<HubTable>,
    /// Python packages with parts of the file.
    pub(super) packages: Option<PackagesTable>,
}

/// `[models.ID.hub]`
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(super) struct HubTable {
    /// `owner/name`
    pub(super) repo: Option<String>,
    /// Commit or tag.
    pub(super) revision: Option<String>,
    /// Path in the repository, unless it is the file name.
    pub(super) file: Option<String>,
}

/// `[models.ID.packages]`
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(super) struct PackagesTable {
    /// Name with `{n}` or `{nn}` for the part's number.
    pub(super) name: Option<String>,
    /// Exact version.
    pub(super) version: Option<String>,
    /// Member of the wheel, with `{n}` or `{nn}`.
    pub(super) member: Option<String>,
    /// Number of packages, 1 unless configured.
    pub(super) parts: Option<u32>,
}
