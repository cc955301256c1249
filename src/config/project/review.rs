//! What a project would change, for the user to decide: each provider with its host, each model, panel and persona.
//!
//! Describes; decides nothing. The texts of files are not sanitised here.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::content::{ProjectContent, ProjectData, hash_text};
use super::trust_file::{ProjectItem, TrustedContent};
use crate::config::local_provider;
use crate::config::personas;
use crate::config::personas::invisible::find_invisible;
use crate::config::value::{ConfigNode, ConfigValue};
use crate::domain::format::format_quantity;
use crate::domain::{
    ModelRef, Persona, PersonaSource, host_of, is_loopback_host, normalize_base_url,
};
use crate::text::{ascii_host, shorten_line};

/// The name under which settings and personas are trusted together.
pub const SETTINGS: &str = "settings";

/// Characters of a hash that tell whether a text has changed.
const SHORT_HASH: usize = 16;

/// Most characters of a value that are shown; a file of the project has the rest.
const MAX_VALUE: usize = 200;

/// A part of a project that is trusted on its own: the settings with the personas, or one data file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReviewPart {
    /// [`SETTINGS`], or the path of a data file below the project's folder.
    pub what: String,
    /// SHA-256 of its content, in hexadecimal.
    pub sha256: String,
    /// What it changes.
    pub items: Vec<ProjectItem>,
    /// User id of the owner, if that is neither this user nor root.
    pub foreign_owner: Option<u32>,
    /// What was trusted of this folder last, if anything.
    pub previous: Option<TrustedContent>,
    /// Every file with its text.
    pub texts: Vec<(PathBuf, String)>,
}

/// How an item differs from what was trusted last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ItemChange<'a> {
    /// As it was trusted.
    Same(&'a ProjectItem),
    /// Not in the trusted content.
    Added(&'a ProjectItem),
    /// Other than in the trusted content: the trusted item, and the new one.
    Changed(&'a ProjectItem, &'a ProjectItem),
    /// Only in the trusted content.
    Removed(&'a ProjectItem),
}

impl ItemChange<'_> {
    /// True when nothing has changed.
    pub fn is_same(&self) -> bool {
        matches!(self, Self::Same(_))
    }
}

impl ReviewPart {
    /// The part of a data file.
    pub(super) fn of_data(data: &ProjectData, folder: &Path) -> Self {
        let size = format_quantity(data.text.lines().count(), "line");
        let text = format!("text about the project, {size}, {} bytes", data.text.len());
        let item = ProjectItem::new(data.path, &text, short_hash(&data.text));
        Self {
            what: data.path.to_owned(),
            sha256: data.sha256.clone(),
            items: vec![item],
            foreign_owner: data.foreign_owner,
            previous: None,
            texts: vec![(folder.join(data.path), data.text.clone())],
        }
    }

    /// The items, compared with what was trusted last; without that, all are new.
    pub fn compare(&self) -> Vec<ItemChange<'_>> {
        let old = self.previous.as_ref().map(|previous| previous.items.as_slice());
        let Some(old) = old else { return self.items.iter().map(ItemChange::Added).collect() };
        let mut changes = Vec::new();
        for item in &self.items {
            changes.push(match old.iter().find(|old| old.key == item.key) {
                None => ItemChange::Added(item),
                Some(old) if old == item => ItemChange::Same(item),
                Some(old) => ItemChange::Changed(old, item),
            });
        }
        let is_gone = |old: &&ProjectItem| self.items.iter().all(|item| item.key != old.key);
        changes.extend(old.iter().filter(is_gone).map(ItemChange::Removed));
        changes
    }
}

/// What items are compared with.
pub(super) struct ReviewInput<'a> {
    /// The layers below the project's, merged.
    pub(super) weaker: &'a ConfigNode,
    /// The personas without those of the project.
    pub(super) personas: &'a [Arc<Persona>],
}

/// The part of settings and personas; `layer` is the project's layer after the rules were applied.
pub(super) fn review_settings(
    content: &ProjectContent,
    layer: Option<&ConfigNode>,
    input: &ReviewInput<'_>,
) -> ReviewPart {
    let mut items = Vec::new();
    if let Some(root) = layer {
        items.extend(list_settings(root, input));
    }
    let model = |model: &ModelRef| describe_model(&model.to_string(), layer, input);
    let folder = content.persona_folder();
    let found = personas::parse_project(&folder, &content.personas);
    items.extend(found.iter().map(|p| describe_persona(p, true, content, input, &model)));
    for (path, texts) in content.named.values().flatten() {
        let found = personas::parse_project(path, texts);
        items.extend(found.iter().map(|p| describe_persona(p, false, content, input, &model)));
    }
    let mut texts = Vec::new();
    if let (Some((path, _)), Some(text)) = (&content.config, &content.config_text) {
        texts.push((path.clone(), text.clone()));
    }
    let named = content.named.values().flatten().flat_map(|(_, texts)| texts);
    for file in content.personas.iter().chain(named) {
        if let Ok(text) = &file.text
            && texts.iter().all(|(path, _)| *path != file.path)
        {
            texts.push((file.path.clone(), text.clone()));
        }
    }
    let (what, sha256) = (SETTINGS.to_owned(), content.sha256.clone());
    let foreign_owner = content.foreign_owner.as_ref().map(|(_, owner)| *owner);
    ReviewPart { what, sha256, items, foreign_owner, previous: None, texts }
}

fn list_settings(root: &ConfigNode, input: &ReviewInput<'_>) -> Vec<ProjectItem> {
    let item =
        |key: &str, text: &str, source: &str| ProjectItem::new(key, text, short_hash(source));
    let model_of = |node: &ConfigNode| {
        let model = node.find(&["model"])?.as_str()?;
        Some(describe_model(model, Some(root), input))
    };
    let mut items = Vec::new();
    for (name, table) in root.entries(&["providers"]) {
        let text = match table.find(&["base_url"]).and_then(ConfigNode::as_str) {
            Some(url) => describe_provider(url, table),
            None => describe_values(table, &[]),
        };
        items.push(item(&format!("provider {name}"), &text, &table.to_toml()));
    }
    let word = |key: &str| root.find(&[key]).and_then(ConfigNode::as_str).unwrap_or_default();
    items.extend(model_of(root).map(|model| item("model", &model, word("model"))));
    items.push(item("panel that is asked", word("panel"), word("panel")));
    for (name, table) in root.entries(&["panels"]) {
        let members = list_members(table);
        let mut text = shorten(&members.join(", "));
        if text.ends_with('…') {
            text = format!("{text} ({})", format_quantity(members.len(), "member"));
        }
        if let Some(model) = model_of(table) {
            text = format!("{text}; model {model}");
        }
        if input.weaker.find(&["panels", name]).is_some() {
            text.push_str("; replaces the known panel of this name");
        }
        items.push(item(&format!("panel {name}"), &text, &table.to_toml()));
    }
    for (id, table) in root.entries(&["persona"]) {
        let mut text = describe_values(table, &[]);
        if let Some(model) = model_of(table) {
            text = format!("{text}; its model is {model}");
        }
        items.push(item(&format!("settings of persona {id}"), &text, &table.to_toml()));
    }
    items.retain(|item| !item.text.is_empty());
    items
}

/// `llm.team.example/v1 (openai), model large, max_tokens = 500`
fn describe_provider(url: &str, table: &ConfigNode) -> String {
    let word = |key: &str| table.find(&[key]).and_then(ConfigNode::as_str).unwrap_or_default();
    // Behind one host there can be several gateways, which differ in their paths.
    let valid = normalize_base_url(url).map(|base| base.url).unwrap_or_default();
    let host = host_of(&valid);
    let rest = valid.split_once("://").map_or("", |(_, rest)| rest);
    let path = rest.strip_prefix(host).unwrap_or_default().trim_end_matches('/');
    let mut text = format!("{}{} ({})", shown_host(url), shorten(path), shorten(word("kind")));
    let is_encrypted = url.trim_start().to_ascii_lowercase().starts_with("https:");
    let name = host.rsplit_once(':').filter(|(_, port)| !port.ends_with(']'));
    if !is_encrypted && !is_loopback_host(name.map_or(host, |(name, _)| name)) {
        text.push_str(", not encrypted");
    }
    if !word("model").is_empty() {
        text = format!("{text}, model {}", shorten(word("model")));
    }
    let others = describe_values(table, &["base_url", "kind", "model"]);
    if others.is_empty() { text } else { format!("{text}, {others}") }
}

/// The host of an address as it is looked up. An address that is refused is not repeated: it may hold a password.
fn shown_host(url: &str) -> String {
    match normalize_base_url(url) {
        Ok(base) => ascii_host(host_of(&base.url)),
        Err(_) => "invalid address".to_owned(),
    }
}

/// A value of the project, short enough that it hides nothing that follows.
fn shorten(value: &str) -> String {
    shorten_line(value, MAX_VALUE)
}

/// `attempts = 2, timeouts.idle = 5`, without the keys in `left_out`.
fn describe_values(table: &ConfigNode, left_out: &[&str]) -> String {
    let values = table.list_values();
    let values = values.iter().filter(|(key, _)| !left_out.contains(key));
    let values = values.map(|(key, value)| format!("{} = {}", shorten(key), shorten(&value.shown)));
    values.collect::<Vec<_>>().join(", ")
}

fn list_members(panel: &ConfigNode) -> Vec<&str> {
    match panel.find(&["personas"]).map(|list| &list.value) {
        Some(ConfigValue::Array(items)) => items.iter().filter_map(ConfigNode::as_str).collect(),
        _ => Vec::new(),
    }
}

/// `team:large at llm.team.example`
fn describe_model(model: &str, layer: Option<&ConfigNode>, input: &ReviewInput<'_>) -> String {
    let provider = model.split(':').next().unwrap_or(model).trim();
    let find = |key: &str| {
        let path = ["providers", provider, key];
        let node = layer.and_then(|root| root.find(&path)).or_else(|| input.weaker.find(&path));
        node.and_then(ConfigNode::as_str)
    };
    let place = (find("kind"), find("base_url"));
    let model = shorten(model);
    match place {
        (Some(local_provider::KIND), _) => format!("{model}, in this program"),
        (_, Some(url)) => format!("{model} at {}", shown_host(url)),
        _ => model,
    }
}

fn describe_persona(
    persona: &Persona,
    may_replace: bool,
    content: &ProjectContent,
    input: &ReviewInput<'_>,
    model: &dyn Fn(&ModelRef) -> String,
) -> ProjectItem {
    let mut text = format!("\"{}\", {}", shorten(&persona.name), persona.source);
    let path = Path::new(&persona.source.to_string()).to_owned();
    if let Some(target) = content.links.get(&path) {
        text = format!("{text} (a link to {})", target.display());
    }
    let owner = |known: &Persona| match known.source {
        PersonaSource::BuiltIn => "the built-in",
        _ => "your",
    };
    let twin = input.personas.iter().find(|known| known.id == persona.id);
    let double = input.personas.iter().find(|known| looks_like(persona, known));
    match (twin.filter(|_| may_replace), double) {
        (Some(known), _) => {
            text = format!("{text}; replaces {} {} ({})", owner(known), known.id, known.name);
        }
        (None, Some(known)) => {
            text = format!("{text}; looks like {} {} ({})", owner(known), known.name, known.id);
        }
        (None, None) => {}
    }
    if !persona.triggers.is_empty() {
        text = format!(
            "{text}; is asked when a question says {}",
            shorten(&persona.triggers.join(" or "))
        );
    }
    if let Some(own) = &persona.model {
        text = format!("{text}; its model is {}", model(own));
    }
    let source = persona_text(content, &path);
    if source.is_some_and(|source| !find_invisible(source).is_empty()) {
        text.push_str("; contains invisible characters");
    }
    let sha256 = source.map(short_hash).unwrap_or_default();
    ProjectItem::new(&format!("persona {}", persona.id), &text, sha256)
}

/// True for personas that a reader would take for the same one.
fn looks_like(one: &Persona, other: &Persona) -> bool {
    // Blanks, punctuation and invisible characters make no difference to a reader.
    let fold = |text: &str| {
        text.chars().filter(|c| c.is_alphanumeric()).collect::<String>().to_lowercase()
    };
    let same = |one: &str, other: &str| !fold(one).is_empty() && fold(one) == fold(other);
    same(&one.name, &other.name) || (same(&one.title, &other.title) && same(&one.view, &other.view))
}

/// The text of the persona file at a path.
fn persona_text<'a>(content: &'a ProjectContent, path: &Path) -> Option<&'a str> {
    let named = content.named.values().flatten().flat_map(|(_, texts)| texts);
    let file = content.personas.iter().chain(named).find(|file| file.path == path);
    file.and_then(|file| file.text.as_deref().ok())
}

fn short_hash(text: &str) -> String {
    hash_text(text).chars().take(SHORT_HASH).collect()
}
