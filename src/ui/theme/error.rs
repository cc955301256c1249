//! Why a theme cannot be loaded. Wrong fields of a theme are warnings, not errors.

use std::io;

/// Why a theme cannot be loaded. The text names the file, and what to do.
#[derive(Debug, thiserror::Error)]
pub enum ThemeError {
    /// No theme has this name.
    #[error("unknown theme \"{name}\"; known: {}", .known.join(", "))]
    Unknown {
        /// The name, without control characters.
        name: String,
        /// All themes.
        known: Vec<String>,
    },
    /// The file cannot be read.
    #[error("{0}: {1}")]
    Io(String, #[source] io::Error),
    /// The file is too large.
    #[error("{file} has {size} bytes; a theme has at most {max}")]
    TooLarge {
        /// The file.
        file: String,
        /// Its size in bytes.
        size: u64,
        /// The largest size in bytes.
        max: u64,
    },
    /// `inherits` leads back to a theme of the chain, or the chain is too long.
    #[error("{file}: inherits is circular or too deep: {chain}; a theme must end at \"{base}\"")]
    Inheritance {
        /// The file that is read last.
        file: String,
        /// The names of the chain.
        chain: String,
        /// The theme that every chain ends at.
        base: &'static str,
    },
    /// The file is not TOML.
    #[error("{position}: not TOML: {reason}")]
    Syntax {
        /// `FILE:LINE`.
        position: String,
        /// What the parser says.
        reason: String,
    },
}
