//! A small file beside a downloaded model that records its SHA-256 and its source.
//!
//! It is written before the model file gets its final name. The source holds only for the SHA-256 in the record.

use std::fs;
use std::io;

use serde::{Deserialize, Serialize};

use super::model_file_paths::ModelFilePaths;
use crate::domain::{LocalSpec, ModelFile};
use crate::machine::write_atomically;

#[derive(Serialize, Deserialize)]
struct DownloadRecord {
    sha256: String,
    from: String,
}

/// Where the file of `weights` was downloaded from. None when there is no record of these bytes.
pub fn recorded_source(spec: &LocalSpec, weights: &ModelFile) -> Option<String> {
    let text = fs::read_to_string(ModelFilePaths::new(spec, weights)?.record).ok()?;
    let record: DownloadRecord = toml::from_str(&text).ok()?;
    (Some(&record.sha256) == weights.sha256.as_ref()).then_some(record.from)
}

/// Records that bytes with this hash came from `source`.
pub(super) fn write_record(paths: &ModelFilePaths, sha256: &str, source: &str) -> io::Result<()> {
    let record = DownloadRecord { sha256: sha256.to_owned(), from: source.to_owned() };
    let text = toml::to_string(&record).map_err(io::Error::other)?;
    write_atomically(&paths.record, text.as_bytes(), 0o644)
}
