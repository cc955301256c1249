//! The settings that a project may make, by table: a new setting is refused until it is listed here.
//!
//! Names keys only; which values are permitted is decided in `project`.

/// Keys of the top level.
pub(super) const TOP_LEVEL: &[&str] = &["model", "panel", "providers", "panels", "persona"];
/// Keys of a provider that the project defines.
pub(super) const OWN_PROVIDER: &[&str] =
    &["kind", "base_url", "model", "context", "max_tokens", "concurrency", "attempts", "timeouts"];
/// What a project may set of a provider that it does not define: limits, and those only lower.
pub(super) const KNOWN_PROVIDER: &[&str] =
    &["context", "max_tokens", "concurrency", "attempts", "timeouts"];
/// Keys of a provider's time limits.
pub(super) const TIMEOUTS: &[&str] = &["connect", "first_token", "between_tokens", "idle"];
/// Keys of a panel.
pub(super) const PANEL: &[&str] = &["personas", "model"];
/// Keys of a persona.
pub(super) const PERSONA: &[&str] = &[
    "name",
    "title",
    "view",
    "color",
    "context_limit",
    "model",
    "temperature",
    "top_p",
    "triggers",
    "mode",
    "tags",
    "intake",
    "contract",
    "brief",
];

/// Whether a project may set `key` in `table`, a dotted key; in the table of a provider, if the provider is the project's own.
pub(super) fn may_set(table: &str, key: &str) -> bool {
    match table.split('.').next().unwrap_or_default() {
        "" => TOP_LEVEL.contains(&key),
        "providers" => OWN_PROVIDER.contains(&key) || TIMEOUTS.contains(&key),
        // Tables inside those of a persona have other keys.
        "panels" | "persona" => true,
        _ => false,
    }
}
