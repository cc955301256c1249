//! The front matter as it is written: serde types, and their way into settings.
//!
//! Unlike the domain's types they pass over unknown keys (`front_matter` warns of those at any depth, so that a slip never
//! drops a file) and take a null for "nothing". Types only: values are checked by `validate`.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, SeqAccess, Visitor};

use super::Settings;
use crate::domain::{Applies, Contract, Facet, IntakeField, Section, TableRule};

/// A list of words; a single word stands for a list of one.
#[derive(Debug, Default)]
pub(super) struct Words(pub Vec<String>);

impl<'de> Deserialize<'de> for Words {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OneOrMany;
        impl<'de> Visitor<'de> for OneOrMany {
            type Value = Words;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of texts")
            }
            fn visit_str<E>(self, v: &str) -> Result<Words, E> {
                Ok(Words(vec![v.to_owned()]))
            }
            fn visit_unit<E>(self) -> Result<Words, E> {
                Ok(Words::default())
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Words, A::Error> {
                let mut words = Vec::new();
                while let Some(word) = items.next_element()? {
                    words.push(word);
                }
                Ok(Words(words))
            }
        }
        deserializer.deserialize_any(OneOrMany)
    }
}

/// All keys of a front matter.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Wire {
    pub id: Option<String>,
    name: Option<String>,
    title: Option<String>,
    view: Option<String>,
    color: Option<String>,
    context_limit: Option<u32>,
    model: Option<String>,
    temperature: Option<f32>,
    top_p: Option<f32>,
    triggers: Option<Words>,
    mode: Option<String>,
    tags: Option<Words>,
    intake: Option<Vec<WireIntake>>,
    contract: Option<WireContract>,
    brief: Option<String>,
}

#[derive(Deserialize)]
struct WireIntake {
    id: String,
    ask: String,
    #[serde(default)]
    confirm: Option<bool>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct WireContract {
    applies: Option<Applies>,
    sections: Option<Vec<WireSection>>,
    tables: Option<Vec<WireTable>>,
    opens_with: Option<String>,
    closes_with: Option<String>,
    require: Option<Words>,
    forbid: Option<Words>,
}

#[derive(Deserialize)]
struct WireSection {
    title: String,
    facet: Facet,
    #[serde(default)]
    optional: Option<bool>,
}

#[derive(Deserialize)]
struct WireTable {
    when: String,
    columns: Vec<String>,
}

impl From<Wire> for Settings {
    fn from(wire: Wire) -> Self {
        let intake = |field: WireIntake| IntakeField {
            id: field.id,
            ask: field.ask,
            confirm: field.confirm.unwrap_or_default(),
        };
        Self {
            name: wire.name,
            title: wire.title,
            view: wire.view,
            color: wire.color,
            context_limit: wire.context_limit,
            model: wire.model,
            temperature: wire.temperature,
            top_p: wire.top_p,
            triggers: wire.triggers.map(|words| words.0),
            mode: wire.mode,
            tags: wire.tags.map(|words| words.0),
            intake: wire.intake.map(|fields| fields.into_iter().map(intake).collect()),
            contract: wire.contract.map(Contract::from),
            brief: wire.brief,
        }
    }
}

impl From<WireContract> for Contract {
    fn from(wire: WireContract) -> Self {
        let section = |s: WireSection| Section {
            title: s.title,
            facet: s.facet,
            optional: s.optional.unwrap_or_default(),
        };
        let table = |t: WireTable| TableRule { when: t.when, columns: t.columns };
        Self {
            applies: wire.applies.unwrap_or_default(),
            sections: wire.sections.unwrap_or_default().into_iter().map(section).collect(),
            tables: wire.tables.unwrap_or_default().into_iter().map(table).collect(),
            opens_with: wire.opens_with,
            closes_with: wire.closes_with,
            require: wire.require.unwrap_or_default().0,
            forbid: wire.forbid.unwrap_or_default().0,
        }
    }
}
