//! The layers of the configuration on top of each other: defaults, presets, files, environment, flags.
//!
//! Merges tables key by key; every value keeps its origin. Layers are read by `files` and made by `setup`; the meaning of
//! the merged values is decided where they are used.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::layer::ConfigLayer;
use super::value::{ConfigNode, ConfigTable, ConfigValue, LayerSource};

/// Keys of a provider that say where its API key is found. One of them replaces the others of weaker layers.
pub(super) const KEY_SOURCES: [&str; 3] = ["key_env", "key_cmd", "key_file"];

/// The layers, weakest first.
#[derive(Debug, Clone, Default)]
pub(super) struct StackedConfig {
    layers: Vec<ConfigLayer>,
}

impl StackedConfig {
    /// Adds a layer that is stronger than all others.
    pub(super) fn push(&mut self, layer: ConfigLayer) {
        self.layers.push(layer);
    }

    /// Merges all layers into one table.
    pub(super) fn merge(&self) -> ConfigNode {
        let mut merged = ConfigNode::empty_table(&Arc::new(LayerSource::Default));
        for layer in &self.layers {
            merge_nodes(&mut merged, &layer.root, &mut Vec::new());
        }
        merged
    }

    /// The keys of the top-level table `name`, in the order in which the layers add them.
    pub(super) fn keys_of(&self, name: &str) -> Vec<String> {
        let mut seen = BTreeSet::new();
        let keys = self.layers.iter().flat_map(|layer| layer.root.entries(&[name]));
        keys.filter(|(key, _)| seen.insert(*key)).map(|(key, _)| key.to_owned()).collect()
    }
}

/// Lays `upper` over `lower`; `path` is the path of both.
fn merge_nodes<'a>(lower: &mut ConfigNode, upper: &'a ConfigNode, path: &mut Vec<&'a str>) {
    let is_replaced = is_replaced_as_a_whole(path);
    let (ConfigValue::Table(table), ConfigValue::Table(entries), false) =
        (&mut lower.value, &upper.value, is_replaced)
    else {
        if !sets_nothing(path, &upper.value) {
            *lower = upper.clone();
        }
        return;
    };
    if matches!(path.as_slice(), ["providers", _]) {
        remove_other_key_sources(table, entries);
    }
    for (key, node) in entries {
        path.push(key);
        match table.get_mut(key) {
            Some(existing) => merge_nodes(existing, node, path),
            None => {
                table.insert(key.clone(), node.clone());
            }
        }
        path.pop();
    }
    // Errors about a missing key name the last file that has the table.
    if upper.file().is_some() {
        lower.source = Arc::clone(&upper.source);
        (lower.key_position, lower.value_position) = (upper.key_position, upper.value_position);
    }
}

/// Tables that describe one thing: their parts make no sense with those of another layer.
fn is_replaced_as_a_whole(path: &[&str]) -> bool {
    matches!(path, ["models", _, "hub" | "packages"] | ["persona", _, "contract"])
}

/// A panel without members keeps those of weaker layers.
fn sets_nothing(path: &[&str], value: &ConfigValue) -> bool {
    matches!((path, value), (["panels", _, "personas"], ConfigValue::Array(items)) if items.is_empty())
}

fn remove_other_key_sources(provider: &mut ConfigTable, upper: &ConfigTable) {
    if KEY_SOURCES.iter().any(|key| upper.contains_key(*key)) {
        for key in KEY_SOURCES {
            provider.remove(key);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn stack(files: &[&str]) -> StackedConfig {
        let mut stack = StackedConfig::default();
        for (n, text) in files.iter().enumerate() {
            let path = format!("{n}.toml");
            stack.push(ConfigLayer::parse_file(Path::new(&path), false, text).unwrap());
        }
        stack
    }

    fn listed(files: &[&str]) -> Vec<String> {
        let values = stack(files).merge().list_values();
        let line = |(key, value): (&str, &super::super::EffectiveValue)| {
            format!("{key} = {} ({})", value.shown, value.origin)
        };
        values.iter().map(line).collect()
    }

    #[test]
    fn each_value_comes_from_the_strongest_layer_that_sets_it() {
        assert_eq!(
            listed(&[
                "theme = \"dark\"\nmodel = \"a:b\"\n[providers.x]\ntimeouts = { connect = 1, idle = 2 }",
                "\ntheme = \"light\"\n[providers.x.timeouts]\nidle = 3\n",
            ]),
            [
                "model = \"a:b\" (0.toml line 2)",
                "providers.x.timeouts.connect = 1 (0.toml line 4)",
                "providers.x.timeouts.idle = 3 (1.toml line 4)",
                "theme = \"light\" (1.toml line 2)",
            ]
        );
    }

    #[test]
    fn one_source_of_a_key_replaces_the_others() {
        assert_eq!(
            listed(&[
                "[providers.x]\nkey_env = \"A\"",
                "[providers.x]\nkey_cmd = [\"pass\", \"x\"]"
            ]),
            ["providers.x.key_cmd = [\"pass\", …] (1.toml line 2)"]
        );
    }

    #[test]
    fn what_describes_one_thing_is_replaced_as_a_whole() {
        assert_eq!(
            listed(&[
                "[models.m.hub]\nrepo = \"a/b\"\nfile = \"f\"\n[panels.p]\npersonas = [\"edge\"]",
                "[models.m]\nhub = { repo = \"c/d\" }\n[panels.p]\npersonas = []",
            ]),
            [
                "models.m.hub.repo = \"c/d\" (1.toml line 2)",
                "panels.p.personas = [\"edge\"] (0.toml line 5)",
            ]
        );
    }

    #[test]
    fn keys_are_listed_in_the_order_of_the_layers() {
        let stack = stack(&["[panels.z]\n[panels.b]", "[panels.a]\n[panels.z]"]);
        assert_eq!(stack.keys_of("panels"), ["b", "z", "a"]);
        assert_eq!(stack.keys_of("theme"), [""; 0]);
    }

    #[test]
    fn a_missing_key_is_reported_at_the_last_table_that_lacks_it() {
        let merged = stack(&["[providers.x]\nkind = \"openai\"", "\n[providers.x]"]).merge();
        let error = |path: &[&str]| merged.error_at(path, "is wrong").to_string();
        assert_eq!(
            error(&["providers", "x", "base_url"]),
            "1.toml:2:12: providers.x.base_url: is wrong"
        );
        assert_eq!(error(&["providers", "x", "kind"]), "0.toml:2:1: providers.x.kind: is wrong");
    }
}
