//! Where a fetched file came from: a few lines beside it, for `plenary model list`.
//!
//! Written before the file is put in its place. What it says holds only for the SHA-256 that it names.

use std::fs;
use std::io;

use serde::{Deserialize, Serialize};

use super::places::{self, Places};
use crate::domain::{LocalSpec, Weights};

#[derive(Serialize, Deserialize)]
struct Origin {
    sha256: String,
    from: String,
}

/// In words where the file of `weights` came from; none when it is not known to have these bytes.
pub fn origin(spec: &LocalSpec, weights: &Weights) -> Option<String> {
    let text = fs::read_to_string(Places::of(spec, weights)?.origin).ok()?;
    let origin: Origin = toml::from_str(&text).ok()?;
    (Some(&origin.sha256) == weights.sha256.as_ref()).then_some(origin.from)
}

/// Notes that bytes with this hash came `from` there.
pub(super) fn note(places: &Places, sha256: &str, from: &str) -> io::Result<()> {
    let origin = Origin { sha256: sha256.to_owned(), from: from.to_owned() };
    let text = toml::to_string(&origin).map_err(io::Error::other)?;
    places::write_whole(&places.origin, &text)
}
