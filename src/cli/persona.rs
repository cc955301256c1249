//! `plenary persona list | show | check`: known personas, the settings of one, problems in persona files.
//!
//! Formats what `config` loads, as text and JSON; reads no files itself, except to look for invisible characters.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Value, json};

use super::table::align_columns;
use super::{CliError, ListFormat, print_messages, to_json_text, write_stdout};
use crate::config::project::read_named_by_user;
use crate::config::{self, Flags, personas};
use crate::domain::format::format_quantity;
use crate::domain::{Panel, Persona, PersonaId};
use crate::prompt::estimate_tokens;
use crate::text::width::width;
use crate::text::{nearest_word, sanitize_line};

/// How many invisible characters of a file are listed; more are only counted.
const MAX_LISTED_CHARS: usize = 20;

/// `plenary persona …`
#[derive(Debug, clap::Subcommand)]
pub enum PersonaCommand {
    /// List the personas: built-in, your own, the project's
    List {
        /// Output format
        #[arg(long, value_enum, default_value_t)]
        format: ListFormat,
    },
    /// Show a persona: its settings, the contract of its answers, its size
    Show {
        /// Id as `persona list` shows it, or the path of a persona file
        #[arg(value_name = "ID|PATH")]
        persona: String,
        /// Print only the system prompt, byte for byte
        #[arg(long, conflicts_with = "format")]
        prompt: bool,
        /// Output format
        #[arg(long, value_enum, default_value_t)]
        format: ListFormat,
    },
    /// Check persona files for errors and invisible characters, and print their size in tokens
    Check {
        /// Persona files, or folders that contain them
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
    },
}

/// Output of a command, and its exit code.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CommandOutput {
    /// Text for standard output, complete with its final newline.
    pub out: String,
    /// Messages for standard error.
    pub notices: Vec<String>,
    /// Exit code.
    pub code: u8,
}

/// Runs `plenary persona …` and returns the exit code.
pub fn run_persona_command(command: PersonaCommand, flags: &Flags) -> Result<u8, CliError> {
    let output = render_persona_command(command, flags)?;
    print_messages(&output.notices);
    write_stdout(&output.out)?;
    Ok(output.code)
}

/// Runs `plenary persona …` and returns its output instead of printing it.
pub fn render_persona_command(
    command: PersonaCommand,
    flags: &Flags,
) -> Result<CommandOutput, CliError> {
    match command {
        PersonaCommand::List { format } => {
            let known = KnownPersonas::load(flags);
            let out = match format {
                ListFormat::Text => format_list(&known),
                ListFormat::Json => to_json_text(&known.to_json_rows())?,
            };
            Ok(CommandOutput { out, notices: known.notices, code: 0 })
        }
        PersonaCommand::Show { persona, prompt, format } => {
            let (persona, notices) = find_persona(&persona, flags)?;
            if prompt {
                let out = persona.prompt.to_string();
                return Ok(CommandOutput { out, ..CommandOutput::default() });
            }
            let out = match format {
                ListFormat::Text => format_persona(&persona),
                ListFormat::Json => to_json_text(&to_persona_json(&persona)?)?,
            };
            Ok(CommandOutput { out, notices, code: 0 })
        }
        PersonaCommand::Check { files } => Ok(check_files(&files)),
    }
}

/// All known personas and panels.
struct KnownPersonas {
    personas: Vec<Arc<Persona>>,
    panels: Vec<Panel>,
    notices: Vec<String>,
}

impl KnownPersonas {
    /// Loads them from the configuration; if that is invalid, loads only the personas, with a notice.
    fn load(flags: &Flags) -> Self {
        match config::build_setup(flags) {
            Ok(setup) => {
                Self { personas: setup.personas, panels: setup.panels, notices: setup.warnings }
            }
            Err(e) => {
                let paths = config::Paths::of_process();
                let loaded = personas::load(&paths.user_personas());
                let mut notices = vec![format!("the configuration was not used: {e}")];
                notices.extend(loaded.brief);
                Self { personas: loaded.personas, panels: Vec::new(), notices }
            }
        }
    }

    /// Returns the names of the panels with this persona.
    fn panels_with(&self, id: &PersonaId) -> Vec<&str> {
        let panels = self.panels.iter().filter(|panel| panel.personas.contains(id));
        panels.map(|panel| panel.name.as_str()).collect()
    }

    fn to_json_rows(&self) -> Vec<Value> {
        let to_row = |persona: &Arc<Persona>| {
            json!({
                "id": persona.id, "name": persona.name, "title": persona.title, "view": persona.view,
                "color": persona.color, "panels": self.panels_with(&persona.id),
                "triggers": persona.triggers, "tokens": estimate_tokens(&persona.prompt),
                "source": persona.source.to_string(), "project": persona.is_project,
            })
        };
        self.personas.iter().map(to_row).collect()
    }
}

/// Finds the persona with this id, or else reads the persona in this file. The strings are notices.
fn find_persona(word: &str, flags: &Flags) -> Result<(Arc<Persona>, Vec<String>), CliError> {
    let known = KnownPersonas::load(flags);
    if let Some(persona) = known.personas.iter().find(|p| p.id.as_str() == word) {
        return Ok((Arc::clone(persona), known.notices));
    }
    let path = Path::new(word);
    let looks_like_path = word.contains(['/', '.', '~', '\\']);
    if !looks_like_path && !path.exists() {
        let ids = || known.personas.iter().map(|p| p.id.as_str());
        let near = nearest_word(word, ids());
        let hint = near.map_or_else(
            || format!("known are {}", ids().collect::<Vec<_>>().join(", ")),
            |id| format!("did you mean `{id}`?"),
        );
        return Err(CliError::usage(format!("there is no persona `{word}`; {hint}")));
    }
    let mut loaded = personas::load_path(path, read_named_by_user)
        .map_err(|e| CliError::usage(e.to_string()))?;
    let count = loaded.personas.len();
    match (loaded.personas.pop(), count) {
        (Some((persona, notices)), 1) => {
            Ok((Arc::new(persona), [loaded.skipped, notices].concat()))
        }
        _ => Err(CliError::usage(format!("{word} holds {count} personas; name one of its files"))),
    }
}

fn format_list(known: &KnownPersonas) -> String {
    let header = ["ID", "NAME", "VIEW", "TITLE", "PANELS", "SOURCE"].map(str::to_owned);
    let rows = known.personas.iter().map(|persona| {
        let cells = [
            persona.id.as_str(),
            &persona.display_name(),
            &persona.view,
            &persona.title,
            &known.panels_with(&persona.id).join(", "),
            &persona.source.to_string(),
        ];
        cells.map(sanitize_line)
    });
    let table: Vec<[String; 6]> = std::iter::once(header).chain(rows).collect();
    let lines = align_columns(&table, true);
    lines.iter().flat_map(|line| [line.trim_end(), "\n"]).collect()
}

/// Returns the JSON of `persona show`: the settings, and the prompt with its size.
fn to_persona_json(persona: &Persona) -> Result<Value, CliError> {
    let to_error = |e| CliError::failed(format!("JSON: {e}"));
    let mut value = serde_json::to_value(persona).map_err(to_error)?;
    if let Value::Object(map) = &mut value {
        map.insert("source".to_owned(), json!(persona.source.to_string()));
        map.insert("tokens".to_owned(), json!(estimate_tokens(&persona.prompt)));
        map.insert("prompt".to_owned(), json!(&*persona.prompt));
    }
    Ok(value)
}

/// Formats the settings and the contract of a persona, without its prompt.
fn format_persona(persona: &Persona) -> String {
    let mut page = TextPage::default();
    page.push_line(&format!("{} ({})", persona.display_name(), persona.id));
    if !persona.title.is_empty() {
        page.push_line(&persona.title);
    }
    page.push_line("");
    page.push_field("view", &persona.view);
    page.push_field("colour", persona.color.as_deref().unwrap_or_default());
    page.push_field("model", &persona.model.as_ref().map_or_else(String::new, ToString::to_string));
    let to_text = |n: Option<f32>| n.map_or_else(String::new, |n| n.to_string());
    page.push_field("temperature", &to_text(persona.temperature));
    page.push_field("top_p", &to_text(persona.top_p));
    page.push_field(
        "limit",
        &persona.context_limit.map_or_else(String::new, |n| format!("{n} tokens")),
    );
    page.push_field("size", &format_prompt_size(persona));
    page.push_field("tags", &persona.tags.join(", "));
    page.push_field("triggers", &persona.triggers.join(", "));
    page.push_field("mode", persona.mode.as_deref().unwrap_or_default());
    page.push_field("source", &persona.source.to_string());
    page.push_contract(persona);
    page.push_list(
        "Asks first",
        persona.intake.iter().map(|field| {
            let suffix = if field.confirm { " (insists)" } else { "" };
            format!("{}: {}{suffix}", field.id, field.ask)
        }),
    );
    page.0
}

/// Formats the size of the prompts: `prompt about 2112 tokens, brief about 402`.
fn format_prompt_size(persona: &Persona) -> String {
    let mut size = format!("prompt about {} tokens", estimate_tokens(&persona.prompt));
    if let Some(brief) = &persona.short_prompt {
        let _ = write!(size, ", brief about {}", estimate_tokens(brief));
    }
    size
}

/// Text output under construction. Everything added to it is sanitised.
#[derive(Default)]
struct TextPage(String);

impl TextPage {
    fn push_line(&mut self, text: &str) {
        self.0.push_str(&sanitize_line(text));
        self.0.push('\n');
    }

    fn push_field(&mut self, name: &str, value: &str) {
        if !value.is_empty() {
            self.push_line(&format!("{name:<12}{value}"));
        }
    }

    fn push_list(&mut self, heading: &str, items: impl Iterator<Item = String>) {
        let mut items = items.peekable();
        if items.peek().is_some() {
            self.push_line("");
            self.push_line(heading);
        }
        for item in items {
            self.push_line(&format!("  {item}"));
        }
    }

    fn push_contract(&mut self, persona: &Persona) {
        let contract = &persona.contract;
        if contract.is_empty() {
            return;
        }
        let to_word = |value: Option<Value>| match value {
            Some(Value::String(word)) => word,
            _ => String::new(),
        };
        let applies = to_word(serde_json::to_value(contract.applies).ok());
        let widest = contract.sections.iter().map(|s| width(&s.title)).max().unwrap_or(0);
        self.push_list(
            &format!("Sections (applies: {applies})"),
            contract.sections.iter().enumerate().map(|(i, section)| {
                let facet = to_word(serde_json::to_value(section.facet).ok());
                let optional = if section.optional { ", optional" } else { "" };
                let pad = " ".repeat(widest.saturating_sub(width(&section.title)));
                format!("{:>2}  {}{pad}  {facet}{optional}", i + 1, section.title)
            }),
        );
        self.push_list(
            "Tables",
            contract.tables.iter().map(|t| format!("{}: {}", t.when, t.columns.join(" | "))),
        );
        self.push_list("Opens with", contract.opens_with.iter().cloned());
        self.push_list("Closes with", contract.closes_with.iter().cloned());
        self.push_list("Must occur", contract.require.iter().cloned());
        self.push_list("Must not occur", contract.forbid.iter().cloned());
    }
}

/// Checks files: a line for each problem and each persona, and the totals at the end.
fn check_files(files: &[PathBuf]) -> CommandOutput {
    let (valid, problems) = personas::check_files(files, read_named_by_user);
    let mut page = TextPage::default();
    let mut warnings = problems.iter().filter(|p| !p.is_error()).count();
    for problem in &problems {
        let kind = if problem.is_error() { "" } else { " (warning)" };
        page.push_line(&format!("{problem}{kind}"));
    }
    for persona in &valid {
        let file = persona.source.to_string();
        for warning in list_invisible_chars(&file) {
            page.push_line(&format!("{warning} (warning)"));
            warnings += 1;
        }
        if let Some(limit) = persona.context_limit
            && estimate_tokens(&persona.prompt) > limit / 2
        {
            page.push_line(&format!(
                "{file}: context_limit: the prompt takes more than half of {limit} tokens (warning)"
            ));
            warnings += 1;
        }
        page.push_line(&format!(
            "{file}: {}, {}: {}",
            persona.id,
            persona.name,
            format_prompt_size(persona)
        ));
    }
    let errors = problems.iter().filter(|p| p.is_error()).count();
    page.push_line(&format!(
        "{}, {}, {}",
        format_quantity(valid.len(), "persona"),
        format_quantity(errors, "error"),
        format_quantity(warnings, "warning")
    ));
    CommandOutput { out: page.0, notices: Vec::new(), code: u8::from(errors > 0) }
}

/// Returns one line for each invisible character in a file.
fn list_invisible_chars(file: &str) -> Vec<String> {
    let text = personas::read_persona_file(Path::new(file)).unwrap_or_default();
    let found = personas::invisible::find_invisible(&text);
    let describe = |hidden: &personas::invisible::InvisibleChar| {
        let code = u32::from(hidden.character);
        format!("{file}:{}: invisible character U+{code:04X}, {}", hidden.line, hidden.name)
    };
    let mut lines: Vec<String> = found.iter().take(MAX_LISTED_CHARS).map(describe).collect();
    if found.len() > MAX_LISTED_CHARS {
        lines.push(format!("{file}: {} more invisible characters", found.len() - MAX_LISTED_CHARS));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::PersonaSource;

    fn sample_personas() -> KnownPersonas {
        let id = PersonaId::from_name("edge");
        let built_in = personas::built_in(&id).unwrap();
        let source = PersonaSource::User("p/日本.md".into());
        let plain =
            Persona::from_prompt(PersonaId::from_name("x"), "日本 X".to_owned(), "Text", source);
        let panel = Panel { name: "mine".to_owned(), personas: vec![id], model: None };
        KnownPersonas {
            personas: vec![built_in, Arc::new(plain)],
            panels: vec![panel],
            notices: Vec::new(),
        }
    }

    #[test]
    fn list_is_aligned_by_width_and_names_the_panels() {
        let text = format_list(&sample_personas());
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 3);
        let column = |line: &str, word: &str| width(line.split(word).next().unwrap());
        assert_eq!(column(lines[0], "SOURCE"), column(lines[1], "built in"));
        assert_eq!(column(lines[0], "SOURCE"), column(lines[2], "p/日本.md"));
        assert!(lines[1].contains("mine"), "{text}");
    }

    #[test]
    fn json_rows_have_the_columns_of_the_list() {
        let rows = sample_personas().to_json_rows();
        assert_eq!(rows[0]["id"], "edge");
        assert_eq!(rows[0]["panels"], json!(["mine"]));
        assert_eq!(rows[0]["source"], "built in");
        assert_eq!(rows[1]["panels"], json!([]));
    }
}
