//! `plenary persona list | show | check`: who there is, what one of them says, what is wrong with a file.
//!
//! Renders text and JSON from what `config` loads; reads no file by itself but those that `check` scans for invisible
//! characters. [`render`] does the work without a terminal, [`run`] prints it.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Value, json};

use super::{CliError, ListFormat, json_text, say};
use crate::config::{self, Flags, personas};
use crate::domain::format::format_quantity;
use crate::domain::{Panel, Persona as Who, PersonaId};
use crate::prompt::estimate_tokens;
use crate::text::sanitize_line;
use crate::text::width::width;

/// Invisible characters that are listed for one file; more are counted.
const LISTED: usize = 20;

/// `plenary persona …`
#[derive(Debug, clap::Subcommand)]
pub enum Persona {
    /// List the personas: built in, yours, the project's
    List {
        /// How to print
        #[arg(long, value_enum, default_value_t)]
        format: ListFormat,
    },
    /// Show one persona: its settings, what its answers promise, its size
    Show {
        /// An id from `persona list`, or the path of a persona file
        #[arg(value_name = "ID|PATH")]
        persona: String,
        /// Print the system prompt and nothing else, byte for byte
        #[arg(long, conflicts_with = "format")]
        prompt: bool,
        /// How to print
        #[arg(long, value_enum, default_value_t)]
        format: ListFormat,
    },
    /// Check persona files: errors, warnings, invisible characters, size in tokens
    Check {
        /// Files, or folders of them
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
    },
}

/// What a command prints, and its exit code.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Printed {
    /// For standard output, complete with line ends.
    pub out: String,
    /// For standard error, one notice each.
    pub notices: Vec<String>,
    /// The exit code.
    pub code: u8,
}

/// Runs `plenary persona …`; the number is the exit code.
pub fn run(command: Persona, flags: &Flags) -> Result<u8, CliError> {
    let printed = render(command, flags)?;
    printed.notices.iter().for_each(|notice| say(notice));
    super::out(&printed.out)?;
    Ok(printed.code)
}

/// Does the work of `plenary persona …` and returns what is to be printed.
pub fn render(command: Persona, flags: &Flags) -> Result<Printed, CliError> {
    match command {
        Persona::List { format } => {
            let known = Known::find(flags);
            let out = match format {
                ListFormat::Text => list_text(&known),
                ListFormat::Json => json_text(&known.list_json())?,
            };
            Ok(Printed { out, notices: known.notices, code: 0 })
        }
        Persona::Show { persona, prompt, format } => {
            let (who, notices) = find(&persona, flags)?;
            if prompt {
                let out = who.prompt.to_string();
                return Ok(Printed { out, ..Printed::default() });
            }
            let out = match format {
                ListFormat::Text => show_text(&who),
                ListFormat::Json => json_text(&show_json(&who)?)?,
            };
            Ok(Printed { out, notices, code: 0 })
        }
        Persona::Check { files } => Ok(check(&files)),
    }
}

/// All known personas and panels.
struct Known {
    personas: Vec<Arc<Who>>,
    panels: Vec<Panel>,
    notices: Vec<String>,
}

impl Known {
    /// From the whole configuration; where that is broken, the personas alone with a notice that says so.
    fn find(flags: &Flags) -> Self {
        match config::setup(flags) {
            Ok(setup) => {
                Self { personas: setup.personas, panels: setup.panels, notices: setup.notices }
            }
            Err(e) => {
                let paths = config::Paths::here();
                let project = paths.project_personas();
                let trusted = flags.trust_project.then_some(project.as_path());
                let loaded = personas::load(&paths.user_personas(), trusted);
                let mut notices = vec![format!("the configuration was not used: {e}")];
                notices.extend(loaded.brief);
                Self { personas: loaded.personas, panels: Vec::new(), notices }
            }
        }
    }

    fn panels_of(&self, id: &PersonaId) -> Vec<&str> {
        let of = self.panels.iter().filter(|panel| panel.personas.contains(id));
        of.map(|panel| panel.name.as_str()).collect()
    }

    fn list_json(&self) -> Vec<Value> {
        let row = |who: &Arc<Who>| {
            json!({
                "id": who.id, "name": who.name, "title": who.title, "view": who.view,
                "color": who.color, "panels": self.panels_of(&who.id), "triggers": who.triggers,
                "tokens": estimate_tokens(&who.prompt), "source": who.source.to_string(),
            })
        };
        self.personas.iter().map(row).collect()
    }
}

/// The persona of this id, else the one in this file.
fn find(word: &str, flags: &Flags) -> Result<(Arc<Who>, Vec<String>), CliError> {
    let known = Known::find(flags);
    if let Some(who) = known.personas.iter().find(|p| p.id.as_str() == word) {
        return Ok((Arc::clone(who), known.notices));
    }
    let path = Path::new(word);
    let looks_like_path = word.contains(['/', '.', '~', '\\']);
    if !looks_like_path && !path.exists() {
        let ids = || known.personas.iter().map(|p| p.id.as_str());
        let meant = config::nearest::nearest(word, ids());
        let hint = meant.map_or_else(
            || format!("known are {}", ids().collect::<Vec<_>>().join(", ")),
            |id| format!("did you mean `{id}`?"),
        );
        return Err(CliError::usage(format!("there is no persona `{word}`; {hint}")));
    }
    let mut found = personas::load_path(path).map_err(|e| CliError::usage(e.to_string()))?;
    let many = found.personas.len();
    match (found.personas.pop(), many) {
        (Some((who, notices)), 1) => Ok((Arc::new(who), [found.skipped, notices].concat())),
        _ => Err(CliError::usage(format!("{word} holds {many} personas; name one file of it"))),
    }
}

fn list_text(known: &Known) -> String {
    let header = ["ID", "NAME", "VIEW", "TITLE", "PANELS", "SOURCE"].map(str::to_owned);
    let rows = known.personas.iter().map(|who| {
        let cells = [
            who.id.as_str(),
            &who.name,
            &who.view,
            &who.title,
            &known.panels_of(&who.id).join(", "),
            &who.source.to_string(),
        ];
        cells.map(sanitize_line)
    });
    columns(&std::iter::once(header).chain(rows).collect::<Vec<_>>())
}

/// Left-aligned columns with two blanks between them; a column in which no row has anything is left out.
fn columns<const N: usize>(rows: &[[String; N]]) -> String {
    let body = || rows.iter().skip(1);
    let widths: Vec<usize> = (0..N)
        .map(|i| {
            let wide = |row: &[String; N]| row.get(i).map_or(0, |cell| width(cell));
            if body().all(|row| wide(row) == 0) {
                0
            } else {
                rows.iter().map(wide).max().unwrap_or(0)
            }
        })
        .collect();
    let mut out = String::new();
    for row in rows {
        let mut line = String::new();
        for (cell, columns) in row.iter().zip(&widths).filter(|(_, columns)| **columns > 0) {
            line.push_str(cell);
            line.push_str(&" ".repeat(columns.saturating_sub(width(cell)) + 2));
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

fn show_json(who: &Who) -> Result<Value, CliError> {
    let failed = |e| CliError::failed(format!("JSON: {e}"));
    let mut value = serde_json::to_value(who).map_err(failed)?;
    if let Value::Object(map) = &mut value {
        map.insert("source".to_owned(), json!(who.source.to_string()));
        map.insert("tokens".to_owned(), json!(estimate_tokens(&who.prompt)));
        map.insert("prompt".to_owned(), json!(&*who.prompt));
    }
    Ok(value)
}

/// What people want to know of a persona, without its prompt.
fn show_text(who: &Who) -> String {
    let mut page = Page::default();
    page.line(&format!("{} ({})", who.name, who.id));
    if !who.title.is_empty() {
        page.line(&who.title);
    }
    page.line("");
    page.field("view", &who.view);
    page.field("colour", who.color.as_deref().unwrap_or_default());
    page.field("model", &who.model.as_ref().map_or_else(String::new, ToString::to_string));
    let number = |n: Option<f32>| n.map_or_else(String::new, |n| n.to_string());
    page.field("temperature", &number(who.temperature));
    page.field("top_p", &number(who.top_p));
    page.field("limit", &who.context_limit.map_or_else(String::new, |n| format!("{n} tokens")));
    page.field("size", &size(who));
    page.field("tags", &who.tags.join(", "));
    page.field("triggers", &who.triggers.join(", "));
    page.field("mode", who.mode.as_deref().unwrap_or_default());
    page.field("source", &who.source.to_string());
    page.contract(who);
    page.list(
        "Asks first",
        who.intake.iter().map(|field| {
            let insists = if field.confirm { " (insists)" } else { "" };
            format!("{}: {}{insists}", field.id, field.ask)
        }),
    );
    page.0
}

/// `prompt about 2112 tokens, brief about 402`
fn size(who: &Who) -> String {
    let mut size = format!("prompt about {} tokens", estimate_tokens(&who.prompt));
    if let Some(brief) = &who.brief {
        let _ = write!(size, ", brief about {}", estimate_tokens(brief));
    }
    size
}

/// A page of text; everything that comes from a file is neutralised on the way in.
#[derive(Default)]
struct Page(String);

impl Page {
    fn line(&mut self, text: &str) {
        self.0.push_str(&sanitize_line(text));
        self.0.push('\n');
    }

    fn field(&mut self, name: &str, value: &str) {
        if !value.is_empty() {
            self.line(&format!("{name:<12}{value}"));
        }
    }

    fn list(&mut self, heading: &str, items: impl Iterator<Item = String>) {
        let mut items = items.peekable();
        if items.peek().is_some() {
            self.line("");
            self.line(heading);
        }
        for item in items {
            self.line(&format!("  {item}"));
        }
    }

    fn contract(&mut self, who: &Who) {
        let contract = &who.contract;
        if contract.is_empty() {
            return;
        }
        let word = |value: Option<Value>| match value {
            Some(Value::String(word)) => word,
            _ => String::new(),
        };
        let applies = word(serde_json::to_value(contract.applies).ok());
        let widest = contract.sections.iter().map(|s| width(&s.title)).max().unwrap_or(0);
        self.list(
            &format!("Sections (applies: {applies})"),
            contract.sections.iter().enumerate().map(|(i, section)| {
                let facet = word(serde_json::to_value(section.facet).ok());
                let optional = if section.optional { ", optional" } else { "" };
                let pad = " ".repeat(widest.saturating_sub(width(&section.title)));
                format!("{:>2}  {}{pad}  {facet}{optional}", i + 1, section.title)
            }),
        );
        self.list(
            "Tables",
            contract.tables.iter().map(|t| format!("{}: {}", t.when, t.columns.join(" | "))),
        );
        self.list("Opens with", contract.opens_with.iter().cloned());
        self.list("Closes with", contract.closes_with.iter().cloned());
        self.list("Must occur", contract.require.iter().cloned());
        self.list("Must not occur", contract.forbid.iter().cloned());
    }
}

/// Checks files: a line for each persona and each problem, and the sum at the end.
fn check(files: &[PathBuf]) -> Printed {
    let (found, problems) = personas::inspect(files);
    let mut page = Page::default();
    let mut warnings = problems.iter().filter(|p| !p.is_error()).count();
    for problem in &problems {
        let kind = if problem.is_error() { "" } else { " (warning)" };
        page.line(&format!("{problem}{kind}"));
    }
    for who in &found {
        let file = who.source.to_string();
        for warning in hidden(&file) {
            page.line(&format!("{warning} (warning)"));
            warnings += 1;
        }
        if let Some(limit) = who.context_limit
            && estimate_tokens(&who.prompt) > limit / 2
        {
            page.line(&format!(
                "{file}: context_limit: the prompt takes more than half of {limit} tokens (warning)"
            ));
            warnings += 1;
        }
        page.line(&format!("{file}: {}, {}: {}", who.id, who.name, size(who)));
    }
    let errors = problems.iter().filter(|p| p.is_error()).count();
    page.line(&format!(
        "{}, {}, {}",
        format_quantity(found.len(), "persona"),
        format_quantity(errors, "error"),
        format_quantity(warnings, "warning")
    ));
    Printed { out: page.0, notices: Vec::new(), code: u8::from(errors > 0) }
}

/// One line for each character of a file that a reader does not see.
fn hidden(file: &str) -> Vec<String> {
    let text = personas::read_file(Path::new(file)).unwrap_or_default();
    let found = personas::invisible::find(&text);
    let line = |hidden: &personas::invisible::Invisible| {
        let code = u32::from(hidden.character);
        format!("{file}:{}: invisible character U+{code:04X}, {}", hidden.line, hidden.name)
    };
    let mut lines: Vec<String> = found.iter().take(LISTED).map(line).collect();
    if found.len() > LISTED {
        lines.push(format!("{file}: {} more invisible characters", found.len() - LISTED));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::PersonaSource;

    fn known() -> Known {
        let id = PersonaId::from_name("edge");
        let built_in = personas::built_in(&id).unwrap();
        let source = PersonaSource::User("p/日本.md".into());
        let plain = Who::plain(PersonaId::from_name("x"), "日本 X".to_owned(), "Text", source);
        let panel = Panel { name: "mine".to_owned(), personas: vec![id], model: None };
        Known {
            personas: vec![built_in, Arc::new(plain)],
            panels: vec![panel],
            notices: Vec::new(),
        }
    }

    #[test]
    fn the_list_is_aligned_by_width_and_names_the_panels() {
        let text = list_text(&known());
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 3);
        let column = |line: &str, word: &str| width(line.split(word).next().unwrap());
        assert_eq!(column(lines[0], "SOURCE"), column(lines[1], "built in"));
        assert_eq!(column(lines[0], "SOURCE"), column(lines[2], "p/日本.md"));
        assert!(lines[1].contains("mine"), "{text}");
    }

    #[test]
    fn the_list_as_json_has_the_same() {
        let rows = known().list_json();
        assert_eq!(rows[0]["id"], "edge");
        assert_eq!(rows[0]["panels"], json!(["mine"]));
        assert_eq!(rows[0]["source"], "built in");
        assert_eq!(rows[1]["panels"], json!([]));
    }

    #[test]
    fn a_column_without_any_word_is_left_out() {
        let row = |a: &str, b: &str| [a.to_owned(), b.to_owned()];
        assert_eq!(columns(&[row("A", "B"), row("x", "")]), "A\nx\n");
    }
}
