//! Providers put together: presets, then each file's `[providers.NAME]`, then the variables people already
//! have (`OPENAI_BASE_URL`, `OLLAMA_HOST`).
//!
//! Settings only: no key is read here, nothing is contacted. Whether a kind can be spoken is the registry's
//! knowledge in `provider`, which the command line asks.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use super::file::{ProviderTable, TimeoutTable};
use super::layers::Machine;
use super::presets::{Preset, address_of_host};
use super::{ConfigError, ConfigFile, Ledger, Origin, local, nearest, project};
use crate::domain::{KeySource, LocalSpec, ProviderSpec};

/// Providers by name, and words about what was put right.
#[derive(Debug)]
pub(super) struct Merged {
    /// The providers.
    pub(super) specs: BTreeMap<String, ProviderSpec>,
    /// Words about what was put right.
    pub(super) notices: Vec<String>,
    /// The kinds that the presets are of.
    kinds: BTreeSet<String>,
    /// What a provider of kind `local` begins with.
    local: LocalSpec,
}

/// Puts the providers together; every value is noted in `ledger`. `local` is what those of that kind begin with.
pub(super) fn merge(
    presets: &[Preset],
    files: &[ConfigFile],
    machine: &Machine,
    local: LocalSpec,
    ledger: &mut Ledger,
) -> Result<Merged, ConfigError> {
    let (specs, notices, kinds) = Default::default();
    let mut merged = Merged { specs, notices, kinds, local };
    for preset in presets {
        merged.preset(preset, ledger);
    }
    for file in files {
        for (name, table) in &file.schema.providers {
            merged.table(file, name, table, machine, ledger)?;
        }
    }
    for preset in presets {
        merged.environment(preset, machine, ledger)?;
    }
    for spec in merged.specs.values_mut() {
        local::complete(spec, files, machine)?;
        project::check_address(spec, ledger, files)?;
        complete(spec, &merged.kinds, files)?;
    }
    Ok(merged)
}

impl Merged {
    fn preset(&mut self, preset: &Preset, ledger: &mut Ledger) {
        self.kinds.insert(preset.kind.clone());
        let mut spec = ProviderSpec::new(&preset.name, "", &preset.base_url);
        local::become_kind(&mut spec, &preset.kind, &self.local);
        let mut note = |key: &str, shown: &str| {
            let key = format!("providers.{}.{key}", preset.name);
            ledger.set(key, format!("{shown:?}"), Origin::Preset);
        };
        note("kind", &preset.kind);
        if !preset.base_url.is_empty() {
            note("base_url", &preset.base_url);
        }
        if let Some(var) = &preset.key_env {
            note("key_env", var);
            spec.key = KeySource::Env(var.clone());
        }
        if let Some(model) = &preset.model {
            note("model", model);
            spec.default_model = Some(model.clone());
        }
        self.specs.insert(preset.name.clone(), spec);
    }

    fn table(
        &mut self,
        file: &ConfigFile,
        name: &str,
        table: &ProviderTable,
        machine: &Machine,
        ledger: &mut Ledger,
    ) -> Result<(), ConfigError> {
        let prefix = format!("providers.{name}");
        if name.is_empty() || name.contains([':', '"']) || name.chars().any(char::is_whitespace) {
            return Err(file.error(&prefix, "a provider's name is one word without a colon"));
        }
        let spec =
            self.specs.entry(name.to_owned()).or_insert_with(|| ProviderSpec::new(name, "", ""));
        if let Some(kind) = table.kind.as_ref().filter(|kind| **kind != spec.kind) {
            local::become_kind(spec, kind, &self.local);
            if kind == local::KIND {
                ledger.remove(&format!("{prefix}.base_url"));
                ledger.remove(&format!("{prefix}.key_env"));
            }
        }
        if let Some(url) = &table.base_url {
            let key = format!("{prefix}.base_url");
            let (url, note) = address(url).map_err(|what| {
                let (key, what) = match strange_kind(&self.kinds, &spec.kind) {
                    Some(kind) => (format!("{prefix}.kind"), format!("{kind}; base_url {what}")),
                    None => (key.clone(), what),
                };
                file.error(&key, what)
            })?;
            spec.base_url = url;
            self.notices.extend(note.map(|note| file.error(&key, note).0));
        }
        if let Some(key) = key(file, &prefix, table, machine)? {
            for word in ["key_env", "key_cmd", "key_file"] {
                ledger.remove(&format!("{prefix}.{word}"));
            }
            spec.key = key;
        }
        if let Some(model) = &table.model {
            let model = model.trim();
            if model.is_empty() {
                return Err(file.error(&format!("{prefix}.model"), "is empty"));
            }
            spec.default_model = Some(model.to_owned());
        }
        let whole = |key: &str, value: Option<u32>, most: u32| match value {
            Some(n) if n == 0 || n > most => Err(file.error(
                &format!("{prefix}.{key}"),
                format!("expected a whole number from 1 to {most}, found {n}"),
            )),
            other => Ok(other),
        };
        spec.context = whole("context", table.context, 100_000_000)?.or(spec.context);
        spec.max_tokens = whole("max_tokens", table.max_tokens, 100_000_000)?.or(spec.max_tokens);
        spec.attempts = whole("attempts", table.attempts, 20)?.unwrap_or(spec.attempts);
        let concurrency = table.concurrency.map(|n| u32::try_from(n).unwrap_or(u32::MAX));
        if let Some(n) = whole("concurrency", concurrency, 1000)? {
            spec.concurrency = n as usize;
        }
        spec.allow_insecure = table.allow_insecure.unwrap_or(spec.allow_insecure);
        timeouts(file, &prefix, &table.timeouts, spec)?;
        local::scaffold(spec, file, table)?;
        for (key, shown) in file.below(&format!("{prefix}.")) {
            ledger.set(key, shown, file.origin(key));
        }
        Ok(())
    }

    fn environment(
        &mut self,
        preset: &Preset,
        machine: &Machine,
        ledger: &mut Ledger,
    ) -> Result<(), ConfigError> {
        let Some(spec) = self.specs.get_mut(&preset.name) else { return Ok(()) };
        let by_url = preset.base_url_env.as_deref().map(|var| (var, false));
        let by_host = preset.host_env.as_deref().map(|var| (var, true));
        for (var, is_host) in by_url.into_iter().chain(by_host) {
            let Some(value) = machine.var(var) else { continue };
            let url = if is_host { address_of_host(value) } else { value.to_owned() };
            let wrong = |what| ConfigError(format!("environment variable {var}: {what}"));
            let (url, note) = address(&url).map_err(wrong)?;
            self.notices.extend(note.map(|note| wrong(note).0));
            let key = format!("providers.{}.base_url", preset.name);
            ledger.set(key, format!("{url:?}"), Origin::Env(var.to_owned()));
            spec.base_url = url;
        }
        Ok(())
    }
}

/// The one place of the key that a table names.
fn key(
    file: &ConfigFile,
    prefix: &str,
    table: &ProviderTable,
    machine: &Machine,
) -> Result<Option<KeySource>, ConfigError> {
    let at = |word: &str| format!("{prefix}.{word}");
    let named = [
        ("key_env", table.key_env.is_some()),
        ("key_cmd", table.key_cmd.is_some()),
        ("key_file", table.key_file.is_some()),
    ];
    let named: Vec<&str> = named.iter().filter(|(_, is)| *is).map(|(word, _)| *word).collect();
    if let [first, second, ..] = named.as_slice() {
        let what = format!("contradicts {first} in the same table; keep one of them");
        return Err(file.error(&at(second), what));
    }
    if let Some(var) = &table.key_env {
        // The value is not repeated: it may be the key itself.
        let what = if looks_like_a_key(var) {
            "names the environment variable that holds the key, but this looks like the key itself; \
             put it into a variable and name that one here"
        } else if !is_variable(var) {
            "expected the name of an environment variable, such as GATEWAY_KEY"
        } else {
            return Ok(Some(KeySource::Env(var.clone())));
        };
        return Err(file.error(&at("key_env"), what));
    }
    if let Some(words) = &table.key_cmd {
        if words.first().is_none_or(|program| program.trim().is_empty()) {
            let what =
                "expected a command and its arguments, such as [\"pass\", \"show\", \"gateway\"]";
            return Err(file.error(&at("key_cmd"), what));
        }
        return Ok(Some(KeySource::Cmd(words.clone())));
    }
    let Some(path) = &table.key_file else { return Ok(None) };
    if path.trim().is_empty() {
        return Err(file.error(&at("key_file"), "is empty; expected the path of a file"));
    }
    let folder = file.path.parent().unwrap_or_else(|| Path::new("."));
    Ok(Some(KeySource::File(machine.path(path, folder))))
}

fn is_variable(name: &str) -> bool {
    let mut bytes = name.bytes();
    bytes.next().is_some_and(|b| b.is_ascii_alphabetic() || b == b'_')
        && bytes.all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// The beginnings that the well-known services give their keys, or simply too long for a name.
fn looks_like_a_key(text: &str) -> bool {
    const BEGINNINGS: &[&str] = &["sk-", "sk_", "gsk_", "AIza", "xai-", "ghp_", "hf_", "Bearer "];
    text.len() > 64 || BEGINNINGS.iter().any(|beginning| text.starts_with(beginning))
}

fn timeouts(
    file: &ConfigFile,
    prefix: &str,
    table: &TimeoutTable,
    spec: &mut ProviderSpec,
) -> Result<(), ConfigError> {
    let limits = &mut spec.timeouts;
    for (word, value, limit) in [
        ("connect", table.connect, &mut limits.connect),
        ("first_token", table.first_token, &mut limits.first_token),
        ("between_tokens", table.between_tokens, &mut limits.between_tokens),
        ("idle", table.idle, &mut limits.idle),
    ] {
        let Some(seconds) = value else { continue };
        if !(0.001..=86_400.0).contains(&seconds) {
            let key = format!("{prefix}.timeouts.{word}");
            return Err(file.error(&key, "expected seconds, more than 0 and at most 86400"));
        }
        *limit = Duration::from_secs_f64(seconds);
    }
    Ok(())
}

/// A provider that nobody finished describing.
fn complete(
    spec: &ProviderSpec,
    kinds: &BTreeSet<String>,
    files: &[ConfigFile],
) -> Result<(), ConfigError> {
    let mut key = format!("providers.{}", spec.name);
    let missing = if spec.kind.is_empty() {
        "kind is missing; for anything that speaks the OpenAI wire write kind = \"openai\""
    } else if spec.base_url.is_empty() && spec.local.is_none() {
        "base_url is missing; write the address that ends before /chat/completions, such as \
         base_url = \"https://llm.example.com/v1\""
    } else {
        return Ok(());
    };
    let mut missing = missing.to_owned();
    if let Some(kind) = strange_kind(kinds, &spec.kind) {
        key.push_str(".kind");
        missing = format!("{kind}; {missing}");
    }
    let said = files.iter().rev().find(|file| file.schema.providers.contains_key(&spec.name));
    let error = |file: &ConfigFile| file.error(&key, &missing);
    Err(said.map_or_else(|| ConfigError(format!("{key}: {missing}")), error))
}

/// Words about a kind that no preset is of. Not an error by itself: `provider` may speak it all the same; said
/// first where something else is wrong too, because the rest depends on it.
fn strange_kind(known: &BTreeSet<String>, kind: &str) -> Option<String> {
    if kind.is_empty() || known.contains(kind) {
        return None;
    }
    let hint = nearest::hint(kind, known.iter().map(String::as_str));
    let known = known.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
    Some(format!("unknown kind \"{}\"{hint} (known: {known})", kind.escape_debug()))
}

/// Checks and normalises a base address; the second part says what was put right. The address is not
/// repeated in errors: it may carry a password.
fn address(url: &str) -> Result<(String, Option<String>), String> {
    let url = url.trim();
    let Some((scheme, rest)) = url.split_once("://") else {
        return Err("expected an address that begins with https:// or http://".to_owned());
    };
    let scheme = scheme.to_ascii_lowercase();
    if scheme != "http" && scheme != "https" {
        return Err("expected https:// or http://; other schemes are not spoken".to_owned());
    }
    if rest.contains(['?', '#']) {
        return Err("holds a query or a fragment; keys go into key_env, key_cmd or key_file, and \
                    nothing else belongs behind the path"
            .to_owned());
    }
    if rest.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err("holds a blank or a control character".to_owned());
    }
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    if host.contains('@') {
        return Err("holds a user name or password; use key_env, key_cmd or key_file".to_owned());
    }
    if host.is_empty() || host.starts_with(':') {
        return Err("names no host".to_owned());
    }
    let given = path.trim_end_matches('/');
    let mut path = given.strip_suffix("/chat/completions").unwrap_or(given);
    if path == "chat/completions" {
        path = "";
    }
    while let Some(shorter) =
        path.strip_suffix("v1/v1").filter(|s| s.is_empty() || s.ends_with('/'))
    {
        path = path.get(..shorter.len() + 2).unwrap_or(path);
    }
    let slash = if path.is_empty() { "" } else { "/" };
    let clean = format!("{scheme}://{host}{slash}{path}");
    let note = (path != given).then(|| format!("taken as {clean}"));
    Ok((clean, note))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_normalised_or_refused() {
        for (given, clean, noted) in [
            ("https://x.example/v1/", "https://x.example/v1", false),
            ("HTTPS://x.example/v1///", "https://x.example/v1", false),
            ("http://[::1]:8080/v1", "http://[::1]:8080/v1", false),
            ("http://127.0.0.1:1", "http://127.0.0.1:1", false),
            ("https://x.example/v1/v1", "https://x.example/v1", true),
            ("https://x.example/a/v1/v1/v1/", "https://x.example/a/v1", true),
            ("https://x.example/rv1/v1", "https://x.example/rv1/v1", false),
            ("https://x.example/v1/chat/completions", "https://x.example/v1", true),
            ("https://x.example/chat/completions", "https://x.example", true),
            ("https://bücher.example/v1", "https://bücher.example/v1", false),
        ] {
            let (got, note) = address(given).unwrap();
            assert_eq!((got.as_str(), note.is_some()), (clean, noted), "{given}");
        }
        for (given, what) in [
            ("x.example/v1", "begins with https://"),
            ("file:///etc/passwd", "other schemes"),
            ("https://u:geheim@x.example/v1", "user name or password"),
            ("https://x.example/v1?key=geheim", "query"),
            ("https://x.example/v1#a", "fragment"),
            ("https:///v1", "names no host"),
            ("https://:80/v1", "names no host"),
            ("https://a b/v1", "blank"),
            ("", "begins with https://"),
        ] {
            let said = address(given).unwrap_err();
            assert!(said.contains(what), "{given}: {said}");
            assert!(!said.contains("geheim"), "{said}");
        }
    }

    #[test]
    fn a_variable_is_told_from_a_key() {
        assert!(is_variable("GATEWAY_KEY") && is_variable("_k1"));
        for bad in ["", "1A", "A-B", "A B", "A=B", "é"] {
            assert!(!is_variable(bad), "{bad}");
        }
        assert!(looks_like_a_key("sk-proj-abc") && looks_like_a_key("gsk_abc"));
        assert!(!looks_like_a_key("OPENAI_API_KEY"));
    }
}
