//! Identities: newtypes, so that a run can never be passed where a turn is meant.
//!
//! Sessions, turns and runs carry random UUIDs; people see and type the first eight hex digits
//! ([`SessionId::short`]), as they do with git. Persona ids are the words of the persona files.

use std::fmt;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// A new random identity.
            pub fn random() -> Self {
                Self(Uuid::new_v4())
            }

            /// An identity that is the same in every run of a test.
            pub const fn from_number(n: u128) -> Self {
                Self(Uuid::from_u128(n))
            }

            /// The identity as a number.
            pub fn number(&self) -> u128 {
                self.0.as_u128()
            }

            /// Reads the 32 hex digits that `Display` writes (hyphens allowed).
            pub fn parse(text: &str) -> Option<Self> {
                Uuid::parse_str(text).ok().map(Self)
            }

            /// The first eight hex digits: what people see and type.
            pub fn short(&self) -> String {
                self.to_string().chars().take(8).collect()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}", self.0.simple())
            }
        }
    };
}

uuid_id! {
    /// One conversation.
    SessionId
}
uuid_id! {
    /// One question in a session.
    TurnId
}
uuid_id! {
    /// One persona's answer to one question.
    RunId
}
uuid_id! {
    /// One proposal lifted from an answer.
    RecommendationId
}
uuid_id! {
    /// One step of triage.
    TriageStepId
}

impl RecommendationId {
    /// The identity of what stands at these bytes of a run: the same in every program that looks, so that nothing need be
    /// stored for it to be known again. Two places of one run never share one, as an odd factor loses no bits.
    pub fn from_span(run: RunId, span: &std::ops::Range<usize>) -> Self {
        const ODD: u128 = 0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835;
        let place = ((span.start as u128) << 64) | span.end as u128;
        Self::from_number(run.number() ^ place.wrapping_mul(ODD))
    }
}

/// The word that names a persona: `infra`, `edge`, `my-reviewer`.
///
/// Lower-case letters, digits and hyphens only, so that it can stand behind an `@`, in a TOML table
/// name and in a file name without quoting; [`PersonaId::from_name`] makes one of any name.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PersonaId(String);

impl PersonaId {
    /// The persona that writes briefs: a file like any other, asked by its own key and not with an `@`.
    pub const BRIEF: &str = "brief";
    /// Longest id that is accepted, in bytes.
    pub const MAX: usize = 64;

    /// Takes `text` as an id when it is one already: 1 to 64 of `a-z`, `0-9`, `-`, not starting with `-`.
    pub fn parse(text: &str) -> Option<Self> {
        let ok = !text.is_empty()
            && text.len() <= Self::MAX
            && !text.starts_with('-')
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        ok.then(|| Self(text.to_owned()))
    }

    /// Makes an id of any name: letters lower-cased, everything else becomes one hyphen.
    ///
    /// A name without a single ASCII letter or digit gives `persona`.
    pub fn from_name(name: &str) -> Self {
        let mut id = String::new();
        for c in name.chars().flat_map(char::to_lowercase) {
            if c.is_ascii_alphanumeric() {
                id.push(c);
            } else if !id.is_empty() && !id.ends_with('-') {
                id.push('-');
            }
            if id.len() >= Self::MAX {
                break;
            }
        }
        let id = id.trim_end_matches('-');
        Self(if id.is_empty() { "persona".to_owned() } else { id.to_owned() })
    }

    /// The id with `-2`, `-3` … behind it: for the second persona of one name.
    #[must_use]
    pub fn with_number(&self, n: usize) -> Self {
        Self(format!("{}-{n}", self.0))
    }

    /// The word itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PersonaId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_becomes_an_id_that_parses() {
        for (name, id) in [
            ("Kael Voss", "kael-voss"),
            ("DevOps Engineer", "devops-engineer"),
            ("  ../../etc ", "etc"),
            ("日本", "persona"),
            ("Aether: Principal AI Systems Lead", "aether-principal-ai-systems-lead"),
        ] {
            assert_eq!(PersonaId::from_name(name).as_str(), id);
            assert!(PersonaId::parse(id).is_some());
        }
        assert!(PersonaId::from_name(&"x".repeat(500)).as_str().len() <= PersonaId::MAX);
    }

    #[test]
    fn what_is_not_an_id_is_refused() {
        for bad in ["", "-a", "A", "a b", "a/b", "..", "é"] {
            assert_eq!(PersonaId::parse(bad), None, "{bad:?}");
        }
    }
}
