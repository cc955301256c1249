//! One event of the wire as it is read: borrowed from the event's text, and forgiving.
//!
//! What a server leaves out, sets to null or sends in another type is nothing, not an error; fields nobody knows are
//! skipped. Texts are borrowed where the JSON has no escapes, so that a token costs no allocation here. Called by
//! `decode`.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use crate::domain::Usage;

/// One event.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Chunk<'a> {
    #[serde(borrow)]
    pub(super) model: Word<'a>,
    #[serde(borrow)]
    pub(super) object: Word<'a>,
    #[serde(borrow)]
    pub(super) choices: Option<Vec<Choice<'a>>>,
    pub(super) usage: Option<Counts>,
    pub(super) x_groq: Option<Groq>,
    pub(super) error: Option<Value>,
}

/// Where Groq puts its usage.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Groq {
    pub(super) usage: Option<Counts>,
}

/// One choice; only number 0 is asked for.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Choice<'a> {
    pub(super) index: Number,
    #[serde(borrow, alias = "message")]
    pub(super) delta: Option<Delta<'a>>,
    #[serde(borrow)]
    pub(super) finish_reason: Word<'a>,
    pub(super) usage: Option<Counts>,
    pub(super) error: Option<Value>,
}

/// What a choice adds.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Delta<'a> {
    #[serde(borrow)]
    pub(super) content: Content<'a>,
    #[serde(borrow)]
    pub(super) reasoning_content: Word<'a>,
    #[serde(borrow)]
    pub(super) reasoning: Word<'a>,
    #[serde(borrow)]
    pub(super) reasoning_details: Content<'a>,
    #[serde(borrow)]
    pub(super) refusal: Word<'a>,
    pub(super) tool_calls: Presence,
}

/// Token counts as they are sent.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Counts {
    prompt_tokens: Number,
    completion_tokens: Number,
    prompt_cache_hit_tokens: Number,
    prompt_tokens_details: Option<PromptDetails>,
    completion_tokens_details: Option<CompletionDetails>,
    cost: Dollars,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct PromptDetails {
    cached_tokens: Number,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct CompletionDetails {
    reasoning_tokens: Number,
}

impl Counts {
    /// In the program's words; none when nothing was counted. Parts never exceed their whole.
    pub(super) fn usage(&self) -> Option<Usage> {
        let (input, output) = (self.prompt_tokens.0, self.completion_tokens.0);
        if input.is_none() && output.is_none() {
            return None;
        }
        let (input, output) = (input.unwrap_or(0), output.unwrap_or(0));
        let details =
            self.prompt_tokens_details.as_ref().and_then(|details| details.cached_tokens.0);
        let cached = details.or(self.prompt_cache_hit_tokens.0).unwrap_or(0).min(input);
        let details = self.completion_tokens_details.as_ref();
        let reasoning =
            details.and_then(|details| details.reasoning_tokens.0).unwrap_or(0).min(output);
        Some(Usage { input, output, cached, reasoning, cost_microusd: self.cost.0 })
    }
}

/// A count: missing, null, negative, fractional or written as text is brought to a number or to none.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Number(pub(super) Option<u64>);

/// An amount of US dollars, as millionths; anything that is not one is none.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Dollars(pub(super) Option<u64>);

/// A text; anything else is an empty one.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Word<'a>(pub(super) Cow<'a, str>);

/// Whether a field holds anything.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Presence(pub(super) bool);

/// A text, or a list of parts, of which some are reasoning.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Content<'a> {
    pub(super) text: Cow<'a, str>,
    pub(super) reasoning: String,
}

/// One part of a list; a `thinking` part holds a text or again a list.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Part<'a> {
    #[serde(borrow)]
    text: Word<'a>,
    #[serde(borrow)]
    summary: Word<'a>,
    #[serde(borrow)]
    thinking: Option<Box<Content<'a>>>,
}

/// Skips what is left of a value that nobody wants.
macro_rules! skip {
    ($value:expr) => {
        fn visit_unit<E>(self) -> Result<Self::Value, E> {
            Ok($value)
        }
        fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
            Ok($value)
        }
        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
            Ok($value)
        }
    };
}

macro_rules! skip_numbers {
    ($value:expr) => {
        fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
            Ok($value)
        }
        fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
            Ok($value)
        }
        fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
            Ok($value)
        }
    };
}

macro_rules! skip_list {
    ($value:expr) => {
        fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
            while list.next_element::<IgnoredAny>()?.is_some() {}
            Ok($value)
        }
    };
}

macro_rules! expecting {
    ($words:literal) => {
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str($words)
        }
    };
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Of;
        impl<'de> Visitor<'de> for Of {
            type Value = Number;
            expecting!("a number");
            skip!(Number(None));
            skip_list!(Number(None));
            fn visit_u64<E>(self, n: u64) -> Result<Number, E> {
                Ok(Number(Some(n)))
            }
            fn visit_i64<E>(self, n: i64) -> Result<Number, E> {
                Ok(Number(Some(u64::try_from(n).unwrap_or(0))))
            }
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // `as` clamps, NaN is 0
            fn visit_f64<E>(self, n: f64) -> Result<Number, E> {
                Ok(Number(Some(n as u64)))
            }
            fn visit_str<E>(self, n: &str) -> Result<Number, E> {
                Ok(Number(n.parse().ok()))
            }
        }
        deserializer.deserialize_any(Of)
    }
}

impl<'de> Deserialize<'de> for Dollars {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Of;
        impl<'de> Visitor<'de> for Of {
            type Value = Dollars;
            expecting!("an amount");
            skip!(Dollars(None));
            skip_list!(Dollars(None));
            fn visit_u64<E>(self, n: u64) -> Result<Dollars, E> {
                Ok(Dollars(n.checked_mul(1_000_000)))
            }
            fn visit_i64<E>(self, _: i64) -> Result<Dollars, E> {
                Ok(Dollars(None))
            }
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // it is in range
            fn visit_f64<E>(self, n: f64) -> Result<Dollars, E> {
                let micros = (n * 1e6).round();
                Ok(Dollars((0.0..1e15).contains(&micros).then_some(micros as u64)))
            }
            fn visit_str<E>(self, _: &str) -> Result<Dollars, E> {
                Ok(Dollars(None))
            }
        }
        deserializer.deserialize_any(Of)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Word<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Of;
        impl<'de> Visitor<'de> for Of {
            type Value = Word<'de>;
            expecting!("a text");
            skip!(Word::default());
            skip_numbers!(Word::default());
            skip_list!(Word::default());
            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Word<'de>, E> {
                Ok(Word(Cow::Borrowed(text)))
            }
            fn visit_str<E>(self, text: &str) -> Result<Word<'de>, E> {
                Ok(Word(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_any(Of)
    }
}

impl<'de> Deserialize<'de> for Presence {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Of;
        impl<'de> Visitor<'de> for Of {
            type Value = Presence;
            expecting!("a list");
            skip!(Presence(false));
            skip_numbers!(Presence(false));
            fn visit_str<E>(self, _: &str) -> Result<Presence, E> {
                Ok(Presence(false))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Presence, A::Error> {
                let mut any = false;
                while list.next_element::<IgnoredAny>()?.is_some() {
                    any = true;
                }
                Ok(Presence(any))
            }
        }
        deserializer.deserialize_any(Of)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Content<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Of;
        impl<'de> Visitor<'de> for Of {
            type Value = Content<'de>;
            expecting!("a text or a list of parts");
            skip!(Content::default());
            skip_numbers!(Content::default());
            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Content<'de>, E> {
                Ok(Content { text: Cow::Borrowed(text), reasoning: String::new() })
            }
            fn visit_str<E>(self, text: &str) -> Result<Content<'de>, E> {
                Ok(Content { text: Cow::Owned(text.to_owned()), reasoning: String::new() })
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Content<'de>, A::Error> {
                let (mut text, mut reasoning) = (String::new(), String::new());
                while let Some(part) = list.next_element::<Part<'_>>()? {
                    text.push_str(&part.text.0);
                    reasoning.push_str(&part.summary.0);
                    if let Some(thinking) = part.thinking {
                        reasoning.push_str(&thinking.text);
                        reasoning.push_str(&thinking.reasoning);
                    }
                }
                Ok(Content { text: Cow::Owned(text), reasoning })
            }
        }
        deserializer.deserialize_any(Of)
    }
}
