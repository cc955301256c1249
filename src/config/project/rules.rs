//! What a project's `config.toml` may set once it is trusted; everything that is not listed here is refused.
//!
//! Refusals are errors: a setting that names a key, a command or a route is never silently left out, because then a question
//! could go somewhere that the project's author did not mean. Limits that would be raised, and themes, are left out with a
//! message.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::config::ConfigError;
use crate::config::layer::ConfigLayer;
use crate::config::local_provider::{self, apply_kind_defaults};
use crate::config::value::{ConfigNode, ConfigValue};
use crate::domain::{LocalSpec, ModelRef, ProviderSpec, ScaffoldMode};

/// The settings that a project may make, by table. A new setting is refused until it is listed.
const TOP_LEVEL: &[&str] = &["model", "panel", "providers", "panels", "persona"];
const OWN_PROVIDER: &[&str] =
    &["kind", "base_url", "model", "context", "max_tokens", "concurrency", "attempts", "timeouts"];
/// What a project may set of a provider that it does not define: limits, and those only lower.
const KNOWN_PROVIDER: &[&str] = &["context", "max_tokens", "concurrency", "attempts", "timeouts"];
const TIMEOUTS: &[&str] = &["connect", "first_token", "between_tokens", "idle"];
const PANEL: &[&str] = &["personas", "model"];
const PERSONA: &[&str] = &[
    "name",
    "title",
    "view",
    "color",
    "context_limit",
    "model",
    "temperature",
    "top_p",
    "triggers",
    "mode",
    "tags",
    "intake",
    "contract",
    "brief",
];

/// Whether a project may set `key` in `table`, a dotted key; in the table of a provider, if the provider is the project's own.
pub(in crate::config) fn may_set(table: &str, key: &str) -> bool {
    match table.split('.').next().unwrap_or_default() {
        "" => TOP_LEVEL.contains(&key),
        "providers" => OWN_PROVIDER.contains(&key) || TIMEOUTS.contains(&key),
        // Tables inside those of a persona have other keys.
        "panels" | "persona" => true,
        _ => false,
    }
}

/// Why some settings are refused; for all others there is a general reason.
const REASONS: &[(&str, &str)] = &[
    ("key_env", "may not say where a key is found"),
    ("key_cmd", "may not run a command for a key"),
    ("key_file", "may not say where a key is found"),
    ("headers", "may not add headers to requests"),
    ("allow_insecure", "may not permit a key to travel unencrypted"),
    ("models", "may not add model files or say where they are downloaded from"),
];

const WHAT_TO_DO: &str = "set it in your own config.toml (`plenary config path`)";

/// What a project's settings are compared with.
pub(super) struct KnownSettings<'a> {
    /// The layers below the project's, merged.
    pub(super) weaker: &'a ConfigNode,
    /// Names of built-in providers, also of those that this version cannot use.
    pub(super) reserved: &'a BTreeSet<String>,
    /// The user's token limit of a persona; none when it has none.
    pub(super) persona_limit: &'a dyn Fn(&str) -> Option<u32>,
}

/// Checks a project's layer and removes what it may not raise. Returns a message for each removed setting.
///
/// # Errors
/// The first setting that a project may not make.
pub(super) fn apply_rules(
    layer: &mut ConfigLayer,
    known: &KnownSettings<'_>,
) -> Result<Vec<String>, ConfigError> {
    let mut removed = Removed::default();
    let root = &layer.root;
    check_keys(root, &[], |key| key == "theme" || TOP_LEVEL.contains(&key))?;
    if root.find(&["theme"]).is_some() {
        removed.add(root, &["theme"], "themes are chosen by you, not by a project".to_owned());
    }
    for (name, table) in root.entries(&["panels"]) {
        check_keys(root, &["panels", name], |key| PANEL.contains(&key))?;
        check_model(root, &["panels", name, "model"], table.find(&["model"]), known)?;
    }
    for (id, table) in root.entries(&["persona"]) {
        check_keys(root, &["persona", id], |key| PERSONA.contains(&key))?;
        check_model(root, &["persona", id, "model"], table.find(&["model"]), known)?;
        let limit = (known.persona_limit)(id).map(f64::from);
        if limit.is_some() {
            removed.add_if_raised(root, &["persona", id, "context_limit"], limit);
        }
    }
    check_model(root, &["model"], root.find(&["model"]), known)?;
    for (name, table) in root.entries(&["providers"]) {
        check_provider(root, name, table, known, &mut removed)?;
    }
    for path in &removed.paths {
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        layer.root.remove(&path);
    }
    Ok(removed.messages)
}

fn check_provider(
    root: &ConfigNode,
    name: &str,
    table: &ConfigNode,
    known: &KnownSettings<'_>,
    removed: &mut Removed,
) -> Result<(), ConfigError> {
    let path = ["providers", name];
    let theirs = known.weaker.find(&path);
    let is_known = theirs.is_some()
        || known.reserved.iter().any(|reserved| reserved.eq_ignore_ascii_case(name));
    check_keys(root, &[path[0], name, "timeouts"], |key| TIMEOUTS.contains(&key))?;
    // A setting that is refused for every provider is named before the provider is.
    let is_refused = |key: &str| REASONS.iter().any(|(refused, _)| *refused == key);
    check_keys(root, &path, |key| !is_refused(key))?;
    if is_known {
        for (key, _) in table.entries(&[]) {
            if !KNOWN_PROVIDER.contains(&key) {
                let message = format!(
                    "a project's file may not change a provider that plenary or your own config.toml \
                     defines; give the project's provider another name, or {WHAT_TO_DO}"
                );
                return Err(root.error_at(&["providers", name, key], message));
            }
        }
    } else {
        check_keys(root, &path, |key| OWN_PROVIDER.contains(&key))?;
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if !name.chars().all(is_plain) {
            let message = "a project's provider has a name of ASCII letters, digits, - and _, so that it \
                           cannot look like another one";
            return Err(root.error_at(&path, message));
        }
        if table.find(&["kind"]).and_then(ConfigNode::as_str) == Some(local_provider::KIND) {
            let message =
                format!("a project's file may not define a provider of local models; {WHAT_TO_DO}");
            return Err(root.error_at(&["providers", name, "kind"], message));
        }
    }
    check_limits(root, name, theirs, is_known, removed);
    Ok(())
}

/// Removes limits that would be higher than those of weaker layers and defaults.
fn check_limits(
    root: &ConfigNode,
    name: &str,
    theirs: Option<&ConfigNode>,
    is_known: bool,
    removed: &mut Removed,
) {
    let kind = theirs.and_then(|table| table.find(&["kind"])).and_then(ConfigNode::as_str);
    let defaults = default_limits(name, kind.unwrap_or_default());
    let set = |path: &[&str]| theirs.and_then(|table| table.find(path)).and_then(as_number);
    let seconds = |key: &str, default: std::time::Duration| {
        Some(set(&["timeouts", key]).unwrap_or(default.as_secs_f64()))
    };
    let attempts = Some(set(&["attempts"]).unwrap_or(f64::from(defaults.attempts)));
    #[expect(clippy::cast_precision_loss, reason = "a handful of runs")]
    let concurrency = Some(set(&["concurrency"]).unwrap_or(defaults.concurrency as f64));
    let limits = [
        (&["attempts"][..], attempts),
        (&["concurrency"], concurrency),
        (&["timeouts", "connect"], seconds("connect", defaults.timeouts.connect)),
        (&["timeouts", "first_token"], seconds("first_token", defaults.timeouts.first_token)),
        (
            &["timeouts", "between_tokens"],
            seconds("between_tokens", defaults.timeouts.between_tokens),
        ),
        (&["timeouts", "idle"], seconds("idle", defaults.timeouts.idle)),
    ];
    // A project knows the models of its own provider, and nothing about those of another one.
    let of_models =
        [(&["max_tokens"][..], set(&["max_tokens"])), (&["context"], set(&["context"]))];
    let of_models = of_models.into_iter().filter(|_| is_known);
    for (key, limit) in limits.into_iter().chain(of_models) {
        let path = [&["providers", name], key].concat();
        removed.add_if_raised(root, &path, limit);
    }
}

/// A provider of this kind with nothing configured.
fn default_limits(name: &str, kind: &str) -> ProviderSpec {
    let mut spec = ProviderSpec::new(name, kind, "");
    let local = LocalSpec {
        catalogue: Arc::default(),
        models: std::path::PathBuf::new(),
        cache: std::path::PathBuf::new(),
        scaffold: ScaffoldMode::default(),
    };
    apply_kind_defaults(&mut spec, kind, &local);
    spec
}

/// Rejects keys of the table at `path` that are not allowed.
fn check_keys(
    root: &ConfigNode,
    path: &[&str],
    is_allowed: impl Fn(&str) -> bool,
) -> Result<(), ConfigError> {
    for (key, node) in root.entries(path) {
        // An empty table sets nothing.
        let is_empty = node.as_table().is_some_and(std::collections::BTreeMap::is_empty);
        if is_allowed(key) || is_empty {
            continue;
        }
        let reason = REASONS.iter().find(|(word, _)| *word == key);
        let reason = reason.map_or("may not make this setting", |(_, reason)| *reason);
        let first = node.entries(&[]).next().filter(|_| key == "models");
        let path: Vec<&str> =
            path.iter().copied().chain([key]).chain(first.map(|(id, _)| id)).collect();
        let message = format!("a project's file {reason}; {WHAT_TO_DO}");
        return Err(root.error_at(&path, message));
    }
    Ok(())
}

/// Rejects the path of a model file: a project does not decide which files this program loads.
fn check_model(
    root: &ConfigNode,
    path: &[&str],
    node: Option<&ConfigNode>,
    known: &KnownSettings<'_>,
) -> Result<(), ConfigError> {
    let model = node.and_then(ConfigNode::as_str).and_then(|text| ModelRef::parse(text).ok());
    if model.is_some_and(|model| names_model_file(&model, known.weaker)) {
        let message =
            format!("a project's file may not name a model file by its path; {WHAT_TO_DO}");
        return Err(root.error_at(path, message));
    }
    Ok(())
}

/// True for the path of a model file at a provider of local models.
pub(in crate::config) fn names_model_file(model: &ModelRef, settings: &ConfigNode) -> bool {
    let kind = settings.find(&["providers", &model.provider, "kind"]);
    kind.and_then(ConfigNode::as_str) == Some(local_provider::KIND)
        && local_provider::is_path(&model.model)
}

#[expect(clippy::cast_precision_loss, reason = "compared with limits far below 2^53")]
fn as_number(node: &ConfigNode) -> Option<f64> {
    match node.value {
        ConfigValue::Integer(number) => Some(number as f64),
        ConfigValue::Float(number) => Some(number),
        _ => None,
    }
}

/// Settings that are left out.
#[derive(Default)]
struct Removed {
    paths: Vec<Vec<String>>,
    messages: Vec<String>,
}

impl Removed {
    fn add(&mut self, root: &ConfigNode, path: &[&str], reason: String) {
        self.messages.push(format!("{}; left out", root.error_at(path, reason)));
        self.paths.push(path.iter().map(|key| (*key).to_owned()).collect());
    }

    /// Removes the number at `path` unless it is at most `limit`; without a limit nothing is known to be lower.
    fn add_if_raised(&mut self, root: &ConfigNode, path: &[&str], limit: Option<f64>) {
        let Some(number) = root.find(path).and_then(as_number) else { return };
        match limit {
            Some(limit) if number <= limit => {}
            Some(limit) => {
                let reason = format!("a project's file may only lower a limit, here below {limit}");
                self.add(root, path, reason);
            }
            None => {
                let reason = "a project's file may only lower a limit that you set".to_owned();
                self.add(root, path, reason);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn apply(text: &str) -> Result<(ConfigLayer, Vec<String>), String> {
        let user = "[providers.mine]\nkind = \"openai\"\nattempts = 3\nmax_tokens = 1000\n\
                    [providers.local]\nkind = \"local\"\n";
        let user = ConfigLayer::parse_file(Path::new("u.toml"), false, user).unwrap();
        let reserved = ["openai", "gemini"].map(str::to_owned).into();
        let known = KnownSettings {
            weaker: &user.root,
            reserved: &reserved,
            persona_limit: &|id| (id == "devops").then_some(8_000),
        };
        let mut layer = ConfigLayer::parse_file(Path::new("p.toml"), true, text).unwrap();
        let messages = apply_rules(&mut layer, &known).map_err(|e| e.to_string())?;
        Ok((layer, messages))
    }

    #[test]
    fn every_setting_of_the_schema_is_allowed_or_refused_by_name() {
        for (text, said) in [
            ("[providers.x]\nkey_env = \"A\"", "providers.x.key_env: a project's file may not say"),
            (
                "[providers.mine]\nkey_env = \"A\"",
                "providers.mine.key_env: a project's file may not",
            ),
            (
                "[providers.x]\nkey_cmd = [\"a\"]",
                "providers.x.key_cmd: a project's file may not run",
            ),
            (
                "[providers.x]\nkey_file = \"a\"",
                "providers.x.key_file: a project's file may not say",
            ),
            ("[providers.x]\nallow_insecure = false", "providers.x.allow_insecure: "),
            (
                "[providers.x]\nscaffold = \"on\"",
                "providers.x.scaffold: a project's file may not make",
            ),
            (
                "[providers.x]\nkind = \"local\"",
                "providers.x.kind: a project's file may not define",
            ),
            ("[providers.mine]\nbase_url = \"http://e\"", "providers.mine.base_url: a project's"),
            (
                "[providers.local]\nkind = \"openai\"",
                "providers.local.kind: a project's file may not change",
            ),
            (
                "[providers.gemini]\nbase_url = \"http://e\"",
                "providers.gemini.base_url: a project's",
            ),
            (
                "[providers.OpenAI]\nbase_url = \"http://e\"",
                "providers.OpenAI.base_url: a project's",
            ),
            (
                "[providers.\"\u{43e}penai\"]\nbase_url = \"http://e\"",
                "has a name of ASCII letters",
            ),
            ("[models.m]\ntitle = \"m\"", "models.m: a project's file may not add model files"),
            ("model = \"local:/m/x.gguf\"", "model: a project's file may not name a model file"),
            (
                "[persona.x]\nmodel = \"local:x.gguf\"",
                "persona.x.model: a project's file may not name",
            ),
            ("[panels.x]\nmodel = \"local:./x\"", "panels.x.model: a project's file may not name"),
        ] {
            let error = apply(text).unwrap_err();
            assert!(error.contains(said) && error.starts_with("p.toml:"), "{text}: {error}");
        }
    }

    #[test]
    fn limits_are_only_lowered() {
        let text = "theme = \"x\"\n[providers.mine]\nattempts = 2\nconcurrency = 1000\nmax_tokens = 2000\n\
                    context = 9\ntimeouts = { idle = 1, connect = 1e4 }\n[providers.openai]\nmax_tokens = 5\n\
                    [providers.own]\nkind = \"openai\"\nattempts = 20\nmax_tokens = 5000\ncontext = 100000\n\
                    [persona.devops]\ncontext_limit = 9000\n[persona.infra]\ncontext_limit = 9000\n";
        let (layer, messages) = apply(text).unwrap();
        for gone in [
            &["theme"][..],
            &["providers", "mine", "concurrency"],
            &["providers", "mine", "max_tokens"],
            &["providers", "mine", "context"],
            &["providers", "mine", "timeouts", "connect"],
            &["providers", "openai", "max_tokens"],
            &["providers", "own", "attempts"],
            &["persona", "devops", "context_limit"],
        ] {
            assert_eq!(layer.root.find(gone), None);
            let key = gone.join(".");
            assert!(messages.iter().any(|m| m.contains(&format!("{key}: "))), "{messages:?}");
        }
        assert_eq!(messages.len(), 8, "{messages:?}");
        for kept in [
            &["providers", "mine", "attempts"][..],
            &["providers", "mine", "timeouts", "idle"],
            &["providers", "own", "max_tokens"],
            &["providers", "own", "context"],
            &["persona", "infra", "context_limit"],
        ] {
            assert!(layer.root.find(kept).is_some(), "{kept:?}");
        }
    }
}
