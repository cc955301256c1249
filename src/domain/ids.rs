//! Ids as newtypes, so that the compiler distinguishes the id of a run from that of a turn.
//!
//! Ids of sessions, turns and runs are random UUIDs; people see and type the first eight hex digits
//! ([`SessionId::short`]), as with git. Ids of personas are words from their files.

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
            /// Creates a random id.
            pub fn random() -> Self {
                Self(Uuid::new_v4())
            }

            /// Creates the id with this number, for derived ids and for tests.
            pub const fn from_number(n: u128) -> Self {
                Self(Uuid::from_u128(n))
            }

            /// The id as a number.
            pub fn number(&self) -> u128 {
                self.0.as_u128()
            }

            /// Parses the 32 hex digits that `Display` writes; hyphens are allowed.
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
    /// Id of a session.
    SessionId
}
uuid_id! {
    /// Id of a turn or side turn.
    TurnId
}
uuid_id! {
    /// Id of a run.
    RunId
}
uuid_id! {
    /// Id of a recommendation.
    RecommendationId
}
uuid_id! {
    /// Id of a triage step.
    TriageStepId
}

impl RecommendationId {
    /// Derives the id from the run and the span in its sanitised text, so that every extraction of an answer gives the
    /// same ids. Spans of one run never collide: multiplying by an odd number is a bijection.
    pub fn from_span(run: RunId, span: &std::ops::Range<usize>) -> Self {
        const ODD: u128 = 0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835;
        let bytes = ((span.start as u128) << 64) | span.end as u128;
        Self::from_number(run.number() ^ bytes.wrapping_mul(ODD))
    }
}

/// Id of a persona: `infra`, `edge`, `my-reviewer`.
///
/// Only lower-case letters, digits and hyphens, so that it needs no quoting after an `@`, in TOML table names and in
/// file names.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PersonaId(String);

impl PersonaId {
    /// Id of the persona that writes briefs. It has a file like any other, but cannot be mentioned with an `@`.
    pub const BRIEF: &str = "brief";
    /// Length limit of an id in bytes.
    pub const MAX: usize = 64;

    /// Parses an id: 1 to 64 of `a-z`, `0-9` and `-`, not starting with `-`.
    pub fn parse(text: &str) -> Option<Self> {
        let ok = !text.is_empty()
            && text.len() <= Self::MAX
            && !text.starts_with('-')
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        ok.then(|| Self(text.to_owned()))
    }

    /// Converts any name to an id: lower-case letters and digits, everything else becomes a hyphen.
    ///
    /// A name without ASCII letters and digits gives `persona`.
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

    /// Appends `-2`, `-3` … to the id, for personas with the same name.
    #[must_use]
    pub fn with_number(&self, n: usize) -> Self {
        Self(format!("{}-{n}", self.0))
    }

    /// The id as text.
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
    fn invalid_ids_are_rejected() {
        for bad in ["", "-a", "A", "a b", "a/b", "..", "é"] {
            assert_eq!(PersonaId::parse(bad), None, "{bad:?}");
        }
    }
}
