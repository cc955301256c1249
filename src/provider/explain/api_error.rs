//! An error as a provider words it, in any of the shapes that are in use.
//!
//! `{"error":{…}}`, `{"error":"text"}`, `{"object":"error","message":…}`, `{"detail":…}`. Errors are rare, so this reads
//! a whole JSON value, which the decoders of good events do not. Called by `explain` and the decoders.

use serde_json::Value;

use super::sort;
use crate::domain::FailKind;

/// Codes with which trying again cannot help before somebody pays or waits for the next month.
const FINAL: &[&str] =
    &["insufficient_quota", "credit_balance_exhausted", "enforced_spend_limit_reached"];
/// Parts of codes and types that mean "later".
const BUSY: &[&str] = &[
    "rate_limit",
    "overloaded",
    "server_error",
    "internal_error",
    "api_error",
    "timeout",
    "unavailable",
    "slow_down",
    "too_many",
];

/// What an error says of itself; every part may be missing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct ApiError {
    /// Words for people.
    pub(crate) message: Option<String>,
    /// A code in letters (`insufficient_quota`).
    pub(crate) code: Option<String>,
    /// A type in letters (`rate_limit_error`).
    pub(crate) kind: Option<String>,
    /// A code that is an HTTP status.
    pub(crate) status: Option<u16>,
}

impl ApiError {
    /// The error that a whole body holds, if it holds one.
    pub(crate) fn of_body(body: &[u8]) -> Option<Self> {
        let value: Value = serde_json::from_slice(body).ok()?;
        // Some gateways wrap it in a list of one.
        let value = value.as_array().and_then(|list| list.first()).unwrap_or(&value);
        if let Some(error) = value.get("error").filter(|error| is_error(error)) {
            return Some(Self::of(error));
        }
        if value.get("object").and_then(Value::as_str) == Some("error") {
            return Some(Self::of(value));
        }
        let detail =
            value.get("detail").or_else(|| value.get("message")).filter(|words| is_error(words))?;
        Some(Self { message: words(detail), ..Self::default() })
    }

    /// The error that stands in an `error` field or an `error` event.
    pub(crate) fn of(value: &Value) -> Self {
        let inner = value.get("error").filter(|inner| is_error(inner)).unwrap_or(value);
        let text = |name: &str| inner.get(name).and_then(Value::as_str).map(str::to_owned);
        let number = |name: &str| {
            let value = inner.get(name)?;
            value
                .as_u64()
                .or_else(|| value.as_str()?.parse().ok())
                .and_then(|n| u16::try_from(n).ok())
        };
        let status = number("code").or_else(|| number("status")).filter(|n| (100..600).contains(n));
        Self { message: words(inner), code: text("code"), kind: text("type"), status }
    }

    /// True when only somebody's money or the calendar can help.
    pub(crate) fn is_final(&self) -> bool {
        [&self.code, &self.kind]
            .into_iter()
            .flatten()
            .any(|word| FINAL.contains(&word.as_str()) || word.starts_with("billing_"))
    }

    /// Which kind of failure it is, and whether it is worth another try.
    pub(crate) fn sort(&self) -> (FailKind, bool) {
        if self.is_final() {
            return (FailKind::Rejected, false);
        }
        if let Some(status) = self.status {
            return sort(status);
        }
        let busy = [&self.code, &self.kind]
            .into_iter()
            .flatten()
            .any(|word| BUSY.iter().any(|part| word.to_ascii_lowercase().contains(part)));
        if busy { (FailKind::Busy, true) } else { (FailKind::Rejected, false) }
    }
}

/// `null`, `false`, an empty text or object is the absence of an error.
pub(crate) fn is_error(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => false,
        Value::String(text) => !text.is_empty(),
        Value::Object(map) => !map.is_empty(),
        Value::Array(list) => !list.is_empty(),
        Value::Bool(true) | Value::Number(_) => true,
    }
}

fn words(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Array(list) => list.first().and_then(words),
        Value::Object(map) => ["message", "msg", "detail", "error", "reason"]
            .iter()
            .find_map(|name| map.get(*name).and_then(words)),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Bool(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(json: &str) -> ApiError {
        ApiError::of(&serde_json::from_str(json).unwrap())
    }

    #[test]
    fn shapes() {
        assert_eq!(of(r#""boom""#).message.as_deref(), Some("boom"));
        let error = of(r#"{"message":"m","type":"t","code":"429"}"#);
        assert_eq!(
            (error.message.as_deref(), error.kind.as_deref(), error.status),
            (Some("m"), Some("t"), Some(429))
        );
        assert_eq!(of(r#"{"error":{"message":"m","code":503}}"#).status, Some(503));
        assert_eq!(of(r#"{"code":70000}"#).status, None);
        assert_eq!(of(r#"{"code":-1}"#), ApiError::default());
        for none in ["null", "false", "\"\"", "{}", "[]"] {
            assert!(!is_error(&serde_json::from_str(none).unwrap()), "{none}");
        }
    }

    #[test]
    fn what_is_worth_another_try() {
        for (json, retryable) in [
            (r#"{"code":502}"#, true),
            (r#"{"code":"429"}"#, true),
            (r#"{"code":400}"#, false),
            (r#"{"type":"overloaded_error"}"#, true),
            (r#"{"type":"server_error"}"#, true),
            (r#"{"code":429,"type":"insufficient_quota"}"#, false),
            (r#"{"code":"billing_hard_limit_reached"}"#, false),
            (r#"{"message":"Compute error."}"#, false),
        ] {
            assert_eq!(of(json).sort().1, retryable, "{json}");
        }
    }
}
