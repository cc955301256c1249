//! Reads the error in a provider's JSON, in any of the shapes in use.
//!
//! `{"error":{…}}`, `{"error":"text"}`, `{"object":"error","message":…}`, `{"detail":…}`.

use serde_json::Value;

use super::classify_status;
use crate::domain::FailureKind;
use crate::provider::lenient_json::parse_lenient;

/// Codes that stay until the user pays or the next month begins.
const FINAL_CODES: &[&str] =
    &["insufficient_quota", "credit_balance_exhausted", "enforced_spend_limit_reached"];
/// Parts of codes and types that mean "retry later".
const BUSY_CODE_PARTS: &[&str] = &[
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

/// The parts of an error, each of which may be missing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct ApiError {
    /// The message for users.
    pub(crate) message: Option<String>,
    /// The code, where it is a word (`insufficient_quota`).
    pub(crate) code: Option<String>,
    /// The type (`rate_limit_error`).
    pub(crate) kind: Option<String>,
    /// The code, where it is an HTTP status.
    pub(crate) status: Option<u16>,
}

impl ApiError {
    /// The error in a response body, if there is one.
    pub(crate) fn from_body(body: &[u8]) -> Option<Self> {
        let value: Value = parse_lenient(&String::from_utf8_lossy(body))?;
        // Some gateways wrap the error in a list of one.
        let value = value.as_array().and_then(|list| list.first()).unwrap_or(&value);
        if let Some(error) = value.get("error").filter(|error| is_error(error)) {
            return Some(Self::from_value(error));
        }
        if value.get("object").and_then(Value::as_str) == Some("error") {
            return Some(Self::from_value(value));
        }
        let detail = value
            .get("detail")
            .or_else(|| value.get("message"))
            .filter(|detail| is_error(detail))?;
        Some(Self { message: find_message(detail), ..Self::default() })
    }

    /// The error in an `error` field or an `error` event.
    pub(crate) fn from_value(value: &Value) -> Self {
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
        Self { message: find_message(inner), code: text("code"), kind: text("type"), status }
    }

    /// True if no retry can succeed before the user pays or the next month begins.
    pub(crate) fn is_final(&self) -> bool {
        [&self.code, &self.kind]
            .into_iter()
            .flatten()
            .any(|word| FINAL_CODES.contains(&word.as_str()) || word.starts_with("billing_"))
    }

    /// The kind of failure, and whether it may be retried.
    pub(crate) fn classify(&self) -> (FailureKind, bool) {
        if self.is_final() {
            return (FailureKind::Rejected, false);
        }
        if let Some(status) = self.status {
            return classify_status(status);
        }
        let busy = [&self.code, &self.kind].into_iter().flatten().any(|word| {
            BUSY_CODE_PARTS.iter().any(|part| word.to_ascii_lowercase().contains(part))
        });
        if busy { (FailureKind::Busy, true) } else { (FailureKind::Rejected, false) }
    }
}

/// Whether an `error` field reports an error. `null`, `false` and empty values do not.
pub(crate) fn is_error(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => false,
        Value::String(text) => !text.is_empty(),
        Value::Object(map) => !map.is_empty(),
        Value::Array(list) => !list.is_empty(),
        Value::Bool(true) | Value::Number(_) => true,
    }
}

fn find_message(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Array(list) => list.first().and_then(find_message),
        Value::Object(map) => ["message", "msg", "detail", "error", "reason"]
            .iter()
            .find_map(|name| map.get(*name).and_then(find_message)),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Bool(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error_in(json: &str) -> ApiError {
        ApiError::from_value(&serde_json::from_str(json).unwrap())
    }

    #[test]
    fn every_shape_is_read() {
        assert_eq!(error_in(r#""boom""#).message.as_deref(), Some("boom"));
        let error = error_in(r#"{"message":"m","type":"t","code":"429"}"#);
        assert_eq!(
            (error.message.as_deref(), error.kind.as_deref(), error.status),
            (Some("m"), Some("t"), Some(429))
        );
        assert_eq!(error_in(r#"{"error":{"message":"m","code":503}}"#).status, Some(503));
        assert_eq!(error_in(r#"{"code":70000}"#).status, None);
        assert_eq!(error_in(r#"{"code":-1}"#), ApiError::default());
        for none in ["null", "false", "\"\"", "{}", "[]"] {
            assert!(!is_error(&serde_json::from_str(none).unwrap()), "{none}");
        }
    }

    #[test]
    fn temporary_errors_may_be_retried() {
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
            assert_eq!(error_in(json).classify().1, retryable, "{json}");
        }
    }
}
