//! What the values of a persona's settings must be.
//!
//! The same rules hold for front matter and for `[persona.ID]` of `config.toml`; both callers add where
//! the value stands. Not for syntax and types (`front_matter`), nor for whether an answer keeps a contract.

use std::collections::HashSet;

use super::front_matter::short;
use super::problem::Severity;
use super::{Settings, schema};
use crate::domain::{Contract, IntakeField, ModelRef, PersonaId};

/// One value that breaks a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    /// How bad it is.
    pub severity: Severity,
    /// `contract.sections[2].title`
    pub key: String,
    /// What is wrong, and what was expected.
    pub message: String,
}

/// Fewest tokens of context that leave room for a question and an answer.
const MIN_CONTEXT: u32 = 256;

/// The most faults that are told of one file.
const MOST: usize = 20;

/// Words of a brief.
const BRIEF: std::ops::RangeInclusive<usize> = 120..=250;

/// Checks every value.
pub(super) fn check(settings: &Settings) -> Vec<Fault> {
    let mut faults = Faults(Vec::new());
    let line = |text: &Option<String>, most| {
        text.as_ref().is_none_or(|t| !t.trim().is_empty() && is_line(t, most))
    };
    faults.expect("name", line(&settings.name, 80), settings.name.as_deref());
    // An empty title or view says "none", as in an override that takes one away.
    let blank_or = |text: &Option<String>, most| text.as_ref().is_none_or(|t| is_line(t, most));
    faults.expect("title", blank_or(&settings.title, 120), settings.title.as_deref());
    faults.expect("view", blank_or(&settings.view, 40), settings.view.as_deref());
    faults.expect("mode", line(&settings.mode, 40), settings.mode.as_deref());
    let color = settings.color.as_deref();
    faults.expect("color", color.is_none_or(is_color), color);
    let model = settings.model.as_deref();
    faults.expect("model", model.is_none_or(|m| ModelRef::parse(m).is_ok()), model);
    let limit = settings.context_limit;
    let shown = limit.map(|n| n.to_string());
    faults.expect("context_limit", limit.is_none_or(|n| n >= MIN_CONTEXT), shown.as_deref());
    for (key, value, most) in
        [("temperature", settings.temperature, 2.0), ("top_p", settings.top_p, 1.0)]
    {
        let shown = value.map(|v| v.to_string());
        faults.expect(key, value.is_none_or(|v| (0.0..=most).contains(&v)), shown.as_deref());
    }
    for (i, trigger) in settings.triggers.iter().flatten().enumerate() {
        if !is_line(trigger, 100) || !trigger.chars().any(char::is_alphanumeric) {
            faults.error(format!("triggers[{i}]"), format!("`{}` is not a phrase", short(trigger)));
        }
    }
    faults.intake(settings.intake.as_deref().unwrap_or_default());
    if let Some(contract) = &settings.contract {
        faults.contract(contract);
    }
    if let Some(brief) = &settings.brief {
        let words = brief.split_whitespace().count();
        if !BRIEF.contains(&words) {
            faults.warning("brief", format!("has {words} words; 120 to 250 are meant"));
        }
    }
    if settings.mode.is_some() && settings.triggers.as_ref().is_none_or(Vec::is_empty) {
        faults.warning("mode", "is never shown: there are no triggers".to_owned());
    }
    // A file of thousands of wrong items is wrong after the first few.
    faults.0.sort_by_key(|fault| std::cmp::Reverse(fault.severity));
    faults.0.truncate(MOST);
    faults.0
}

struct Faults(Vec<Fault>);

impl Faults {
    fn error(&mut self, key: impl Into<String>, message: String) {
        self.0.push(Fault { severity: Severity::Error, key: key.into(), message });
    }

    fn warning(&mut self, key: impl Into<String>, message: String) {
        self.0.push(Fault { severity: Severity::Warning, key: key.into(), message });
    }

    fn expect(&mut self, key: &str, ok: bool, value: Option<&str>) {
        if !ok {
            let value = short(value.unwrap_or_default());
            self.error(key, format!("`{value}` is not {}", schema::expected(key)));
        }
    }

    fn intake(&mut self, fields: &[IntakeField]) {
        let mut seen = HashSet::new();
        for (i, field) in fields.iter().enumerate() {
            if PersonaId::parse(&field.id).is_none() {
                let expected = schema::expected("intake.id");
                self.error(
                    format!("intake[{i}].id"),
                    format!("`{}` is not {expected}", short(&field.id)),
                );
            } else if !seen.insert(&field.id) {
                self.error(format!("intake[{i}].id"), format!("`{}` stands there twice", field.id));
            }
            if field.ask.trim().is_empty() {
                self.error(format!("intake[{i}].ask"), "is empty; expected a question".to_owned());
            }
        }
    }

    fn contract(&mut self, contract: &Contract) {
        let mut seen = HashSet::new();
        for (i, section) in contract.sections.iter().enumerate() {
            let title = section.title.trim();
            let key = format!("contract.sections[{i}].title");
            if title.is_empty() || !is_line(title, 120) {
                self.error(key, format!("`{}` is not a heading of one line", short(title)));
            } else if !seen.insert(title.to_lowercase()) {
                self.error(key, format!("`{}` stands there twice", short(title)));
            }
        }
        for (i, table) in contract.tables.iter().enumerate() {
            if table.columns.len() < 2 || table.columns.iter().any(|c| c.trim().is_empty()) {
                let expected = schema::expected("contract.tables.columns");
                self.error(format!("contract.tables[{i}].columns"), format!("expected {expected}"));
            }
        }
        for (key, phrases) in [("require", &contract.require), ("forbid", &contract.forbid)] {
            for (i, phrase) in phrases.iter().enumerate().filter(|(_, p)| p.trim().is_empty()) {
                self.error(format!("contract.{key}[{i}]"), format!("`{phrase}` is not a phrase"));
            }
        }
        let last = contract.sections.iter().rfind(|s| !s.optional).map(|s| s.title.as_str());
        if let (Some(closes), Some(last)) = (contract.closes_with.as_deref(), last)
            && !closes.eq_ignore_ascii_case(last)
        {
            let message = format!("`{}` is not the last section, `{}`", short(closes), short(last));
            self.warning("contract.closes_with", message);
        }
    }
}

/// True for text on one line without control characters, of at most `most` characters.
fn is_line(text: &str, most: usize) -> bool {
    text.chars().count() <= most && !text.trim_end().chars().any(char::is_control)
}

/// True for a colour name (a word) or `#rrggbb`. Whether a theme has the name is the theme's business.
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
    use crate::domain::{Facet, Section, TableRule};

    fn errors(settings: &Settings) -> Vec<String> {
        check(settings).into_iter().map(|f| format!("{}: {}", f.key, f.message)).collect()
    }

    #[test]
    fn nothing_set_is_nothing_wrong() {
        assert_eq!(errors(&Settings::default()), [""; 0]);
    }

    #[test]
    fn each_wrong_value_says_what_was_expected() {
        let some = |text: &str| Some(text.to_owned());
        let base = Settings::default;
        for (settings, fault) in [
            (
                Settings { name: some(" "), ..base() },
                "name: ` ` is not a name of one line, at most 80 characters",
            ),
            (
                Settings { name: some("a\u{7}b"), ..base() },
                "name: `a b` is not a name of one line, at most 80 characters",
            ),
            (
                Settings { color: some("no colour"), ..base() },
                "color: `no colour` is not a colour name such as `teal`, or `#rrggbb`",
            ),
            (
                Settings { color: some("#12345"), ..base() },
                "color: `#12345` is not a colour name such as `teal`, or `#rrggbb`",
            ),
            (
                Settings { model: some("sonnet"), ..base() },
                "model: `sonnet` is not PROVIDER:MODEL such as `openai:gpt-5`, or null",
            ),
            (
                Settings { context_limit: Some(0), ..base() },
                "context_limit: `0` is not a whole number of tokens, at least 256, or null",
            ),
            (
                Settings { temperature: Some(2.5), ..base() },
                "temperature: `2.5` is not a number from 0 to 2, or null",
            ),
            (
                Settings { temperature: Some(f32::NAN), ..base() },
                "temperature: `NaN` is not a number from 0 to 2, or null",
            ),
            (
                Settings { top_p: Some(-0.1), ..base() },
                "top_p: `-0.1` is not a number from 0 to 1, or null",
            ),
            (
                Settings { triggers: Some(vec!["ok".into(), "!".into()]), ..base() },
                "triggers[1]: `!` is not a phrase",
            ),
            (
                Settings { mode: some("X Mode"), ..base() },
                "mode: is never shown: there are no triggers",
            ),
            (
                Settings { brief: some("too short"), ..base() },
                "brief: has 2 words; 120 to 250 are meant",
            ),
        ] {
            assert_eq!(errors(&settings), [fault]);
        }
    }

    #[test]
    fn a_contract_and_an_intake_are_checked_item_by_item() {
        let section =
            |title: &str| Section { title: title.to_owned(), facet: Facet::Cost, optional: false };
        let field = |id: &str, ask: &str| IntakeField {
            id: id.to_owned(),
            ask: ask.to_owned(),
            confirm: false,
        };
        let settings = Settings {
            intake: Some(vec![field("a", "A?"), field("A b", "B?"), field("a", " ")]),
            contract: Some(Contract {
                sections: vec![section("Cost"), section("cost"), section("Last")],
                tables: vec![TableRule { when: "x".into(), columns: vec!["One".into()] }],
                closes_with: Some("Cost".into()),
                forbid: vec![String::new()],
                ..Contract::default()
            }),
            ..Settings::default()
        };
        assert_eq!(
            errors(&settings),
            [
                "intake[1].id: `A b` is not 1 to 64 of a-z, 0-9 and hyphens",
                "intake[2].id: `a` stands there twice",
                "intake[2].ask: is empty; expected a question",
                "contract.sections[1].title: `cost` stands there twice",
                "contract.tables[0].columns: expected a list of at least two column headings",
                "contract.forbid[0]: `` is not a phrase",
                "contract.closes_with: `Cost` is not the last section, `Last`",
            ]
        );
    }
}
