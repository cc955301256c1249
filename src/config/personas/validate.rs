//! The rules for the values of a persona's settings, the same in front matter and in `[persona.ID]` of `config.toml`.
//!
//! Syntax and types are checked while reading; whether an answer keeps a contract is checked elsewhere.

use std::collections::HashSet;

use super::problem::{ProblemLevel, shorten_value};
use super::schema;
use super::settings::PersonaSettings;
use crate::domain::{Contract, IntakeField, ModelRef, PersonaId};

/// A value that breaks a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidSetting {
    /// How serious the problem is.
    pub level: ProblemLevel,
    /// `contract.sections[2].title`
    pub key: String,
    /// What is wrong, and what was expected.
    pub message: String,
}

/// Fewest tokens of context that leave room for a question and an answer.
const MIN_CONTEXT_TOKENS: u32 = 256;

/// Most problems that are reported for one file.
const MAX_REPORTED: usize = 20;

/// Length of a short prompt, in words.
const SHORT_PROMPT_WORDS: std::ops::RangeInclusive<usize> = 120..=250;

/// Checks every value.
pub(super) fn check_settings(settings: &PersonaSettings) -> Vec<InvalidSetting> {
    let mut faults = InvalidSettings(Vec::new());
    let line = |text: &Option<String>, max| {
        text.as_ref().is_none_or(|t| !t.trim().is_empty() && is_line(t, max))
    };
    faults.expect("name", line(&settings.name, 80), settings.name.as_deref());
    // An empty title or view removes the one of the persona's file.
    let empty_or_line = |text: &Option<String>, max| text.as_ref().is_none_or(|t| is_line(t, max));
    faults.expect("title", empty_or_line(&settings.title, 120), settings.title.as_deref());
    faults.expect("view", empty_or_line(&settings.view, 40), settings.view.as_deref());
    faults.expect("mode", line(&settings.mode, 40), settings.mode.as_deref());
    let color = settings.color.as_deref();
    faults.expect("color", color.is_none_or(is_color), color);
    let model = settings.model.as_deref();
    faults.expect("model", model.is_none_or(|m| ModelRef::parse(m).is_ok()), model);
    let limit = settings.context_limit;
    let shown = limit.map(|n| n.to_string());
    faults.expect("context_limit", limit.is_none_or(|n| n >= MIN_CONTEXT_TOKENS), shown.as_deref());
    for (key, value, max) in
        [("temperature", settings.temperature, 2.0), ("top_p", settings.top_p, 1.0)]
    {
        let shown = value.map(|v| v.to_string());
        faults.expect(key, value.is_none_or(|v| (0.0..=max).contains(&v)), shown.as_deref());
    }
    for (i, trigger) in settings.triggers.iter().flatten().enumerate() {
        if !is_line(trigger, 100) || !trigger.chars().any(char::is_alphanumeric) {
            faults.add_error(
                format!("triggers[{i}]"),
                format!("`{}` is not a phrase", shorten_value(trigger)),
            );
        }
    }
    faults.check_intake(settings.intake.as_deref().unwrap_or_default());
    if let Some(contract) = &settings.contract {
        faults.check_contract(contract);
    }
    if let Some(brief) = &settings.brief {
        let words = brief.split_whitespace().count();
        if !SHORT_PROMPT_WORDS.contains(&words) {
            faults.add_warning("brief", format!("has {words} words; 120 to 250 are meant"));
        }
    }
    if settings.mode.is_some() && settings.triggers.as_ref().is_none_or(Vec::is_empty) {
        faults.add_warning("mode", "is never shown: there are no triggers".to_owned());
    }
    // The first few of thousands are enough.
    faults.0.sort_by_key(|fault| std::cmp::Reverse(fault.level));
    faults.0.truncate(MAX_REPORTED);
    faults.0
}

struct InvalidSettings(Vec<InvalidSetting>);

impl InvalidSettings {
    fn add_error(&mut self, key: impl Into<String>, message: String) {
        self.0.push(InvalidSetting { level: ProblemLevel::Error, key: key.into(), message });
    }

    fn add_warning(&mut self, key: impl Into<String>, message: String) {
        self.0.push(InvalidSetting { level: ProblemLevel::Warning, key: key.into(), message });
    }

    fn expect(&mut self, key: &str, ok: bool, value: Option<&str>) {
        if !ok {
            let value = shorten_value(value.unwrap_or_default());
            self.add_error(key, format!("`{value}` is not {}", schema::expected_value(key)));
        }
    }

    fn check_intake(&mut self, fields: &[IntakeField]) {
        let mut seen = HashSet::new();
        for (i, field) in fields.iter().enumerate() {
            if PersonaId::parse(&field.id).is_none() {
                let expected = schema::expected_value("intake.id");
                self.add_error(
                    format!("intake[{i}].id"),
                    format!("`{}` is not {expected}", shorten_value(&field.id)),
                );
            } else if !seen.insert(&field.id) {
                self.add_error(format!("intake[{i}].id"), format!("`{}` is there twice", field.id));
            }
            if field.ask.trim().is_empty() {
                self.add_error(
                    format!("intake[{i}].ask"),
                    "is empty; expected a question".to_owned(),
                );
            }
        }
    }

    fn check_contract(&mut self, contract: &Contract) {
        let mut seen = HashSet::new();
        for (i, section) in contract.sections.iter().enumerate() {
            let title = section.title.trim();
            let key = format!("contract.sections[{i}].title");
            if title.is_empty() || !is_line(title, 120) {
                self.add_error(
                    key,
                    format!("`{}` is not a heading of one line", shorten_value(title)),
                );
            } else if !seen.insert(title.to_lowercase()) {
                self.add_error(key, format!("`{}` is there twice", shorten_value(title)));
            }
        }
        for (i, table) in contract.tables.iter().enumerate() {
            if table.columns.len() < 2 || table.columns.iter().any(|c| c.trim().is_empty()) {
                let expected = schema::expected_value("contract.tables.columns");
                self.add_error(
                    format!("contract.tables[{i}].columns"),
                    format!("expected {expected}"),
                );
            }
        }
        for (key, phrases) in [("require", &contract.require), ("forbid", &contract.forbid)] {
            for (i, phrase) in phrases.iter().enumerate().filter(|(_, p)| p.trim().is_empty()) {
                self.add_error(
                    format!("contract.{key}[{i}]"),
                    format!("`{phrase}` is not a phrase"),
                );
            }
        }
        let last = contract.sections.iter().rfind(|s| !s.optional).map(|s| s.title.as_str());
        if let (Some(closes), Some(last)) = (contract.closes_with.as_deref(), last)
            && !closes.eq_ignore_ascii_case(last)
        {
            let message = format!(
                "`{}` is not the last section, `{}`",
                shorten_value(closes),
                shorten_value(last)
            );
            self.add_warning("contract.closes_with", message);
        }
    }
}

/// True for text on one line without control characters, of at most `max_chars` characters.
fn is_line(text: &str, max_chars: usize) -> bool {
    text.chars().count() <= max_chars && !text.trim_end().chars().any(char::is_control)
}

/// True for one word, which may be a colour of the theme, and for `#rrggbb`.
pub(super) fn is_color(text: &str) -> bool {
    if let Some(hex) = text.strip_prefix('#') {
        return hex.len() == 6 && hex.bytes().all(|b| b.is_ascii_hexdigit());
    }
    text.len() <= 40
        && text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Facet, SectionRule, TableRule};

    fn list_errors(settings: &PersonaSettings) -> Vec<String> {
        check_settings(settings).into_iter().map(|f| format!("{}: {}", f.key, f.message)).collect()
    }

    #[test]
    fn empty_settings_are_valid() {
        assert_eq!(list_errors(&PersonaSettings::default()), [""; 0]);
    }

    #[test]
    fn invalid_values_say_what_was_expected() {
        let some = |text: &str| Some(text.to_owned());
        let base = PersonaSettings::default;
        for (settings, fault) in [
            (
                PersonaSettings { name: some(" "), ..base() },
                "name: ` ` is not a name of one line, at most 80 characters",
            ),
            (
                PersonaSettings { name: some("a\u{7}b"), ..base() },
                "name: `a b` is not a name of one line, at most 80 characters",
            ),
            (
                PersonaSettings { color: some("no colour"), ..base() },
                "color: `no colour` is not a colour name such as `teal`, or `#rrggbb`",
            ),
            (
                PersonaSettings { color: some("#12345"), ..base() },
                "color: `#12345` is not a colour name such as `teal`, or `#rrggbb`",
            ),
            (
                PersonaSettings { model: some("sonnet"), ..base() },
                "model: `sonnet` is not PROVIDER:MODEL such as `openai:gpt-5`, or null",
            ),
            (
                PersonaSettings { context_limit: Some(0), ..base() },
                "context_limit: `0` is not a whole number of tokens, at least 256, or null",
            ),
            (
                PersonaSettings { temperature: Some(2.5), ..base() },
                "temperature: `2.5` is not a number from 0 to 2, or null",
            ),
            (
                PersonaSettings { temperature: Some(f32::NAN), ..base() },
                "temperature: `NaN` is not a number from 0 to 2, or null",
            ),
            (
                PersonaSettings { top_p: Some(-0.1), ..base() },
                "top_p: `-0.1` is not a number from 0 to 1, or null",
            ),
            (
                PersonaSettings { triggers: Some(vec!["ok".into(), "!".into()]), ..base() },
                "triggers[1]: `!` is not a phrase",
            ),
            (
                PersonaSettings { mode: some("X Mode"), ..base() },
                "mode: is never shown: there are no triggers",
            ),
            (
                PersonaSettings { brief: some("too short"), ..base() },
                "brief: has 2 words; 120 to 250 are meant",
            ),
        ] {
            assert_eq!(list_errors(&settings), [fault]);
        }
    }

    #[test]
    fn contract_and_intake_are_checked_item_by_item() {
        let section = |title: &str| SectionRule {
            title: title.to_owned(),
            facet: Facet::Cost,
            optional: false,
        };
        let field = |id: &str, ask: &str| IntakeField {
            id: id.to_owned(),
            ask: ask.to_owned(),
            confirm: false,
        };
        let settings = PersonaSettings {
            intake: Some(vec![field("a", "A?"), field("A b", "B?"), field("a", " ")]),
            contract: Some(Contract {
                sections: vec![section("Cost"), section("cost"), section("Last")],
                tables: vec![TableRule { when: "x".into(), columns: vec!["One".into()] }],
                closes_with: Some("Cost".into()),
                forbid: vec![String::new()],
                ..Contract::default()
            }),
            ..PersonaSettings::default()
        };
        assert_eq!(
            list_errors(&settings),
            [
                "intake[1].id: `A b` is not 1 to 64 of a-z, 0-9 and hyphens",
                "intake[2].id: `a` is there twice",
                "intake[2].ask: is empty; expected a question",
                "contract.sections[1].title: `cost` is there twice",
                "contract.tables[0].columns: expected a list of at least two column headings",
                "contract.forbid[0]: `` is not a phrase",
                "contract.closes_with: `Cost` is not the last section, `Last`",
            ]
        );
    }
}
