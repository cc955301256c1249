//! Recognises API keys by their prefixes, and the names of settings and variables that contain keys.
//!
//! Contains no key and hides none: `provider::redact` removes keys from messages.

/// Prefixes of the keys of well-known services.
pub const KEY_PREFIXES: &[&str] =
    &["sk-", "sk_", "AIza", "gsk_", "xai-", "hf_", "ghp_", "Bearer ", "bearer "];

/// The parts of keys that say only whose they are, the longer ones first.
const PUBLIC_PREFIXES: &[&str] = &[
    "sk-proj-",
    "sk-svcacct-",
    "sk-admin-",
    "sk-ant-api03-",
    "sk-ant-admin01-",
    "sk-ant-",
    "sk-or-v1-",
    "sk-",
    "sk_",
    "AIzaSy",
    "gsk_",
    "xai-",
    "hf_",
    "github_pat_",
    "ghp_",
];

/// What people write where a server wants a key and takes any.
const PLACEHOLDERS: &[&str] = &[
    "anything",
    "changeme",
    "dummy-key",
    "fake-key",
    "lm-studio",
    "local-key",
    "no-key-required",
    "not-needed",
    "not-required",
    "placeholder",
    "sk-dummy",
    "sk-no-key-required",
    "your-api-key",
];

/// Names of settings and query parameters that contain a key, in lower case and with `_`.
const KEY_NAMES: &[&str] = &[
    "key",
    "api_key",
    "apikey",
    "subscription_key",
    "token",
    "access_token",
    "auth",
    "secret",
    "password",
];

/// Length of the longest plausible name of an environment variable, in bytes.
const MAX_VARIABLE_BYTES: usize = 64;

/// True if `text` is a key rather than the name of an environment variable that contains one.
pub fn looks_like_key(text: &str) -> bool {
    text.len() > MAX_VARIABLE_BYTES || KEY_PREFIXES.iter().any(|prefix| text.starts_with(prefix))
}

/// The length of the part of `key` that says only whose it is, in bytes.
pub fn public_prefix_bytes(key: &str) -> usize {
    PUBLIC_PREFIXES.iter().find(|prefix| key.starts_with(**prefix)).map_or(0, |prefix| prefix.len())
}

/// True if `key` is no secret: it stands where a server wants a key and takes any.
pub fn is_placeholder_key(key: &str) -> bool {
    PLACEHOLDERS.contains(&key.to_ascii_lowercase().as_str())
}

/// True if a setting or query parameter of this name contains a key.
pub fn is_key_name(name: &str) -> bool {
    KEY_NAMES.contains(&name.to_ascii_lowercase().replace('-', "_").as_str())
}

/// True if the environment variable `name` contains the key of a model provider.
pub fn is_key_variable(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    (name.ends_with("_KEY") && !name.starts_with("AWS_"))
        || matches!(name.as_str(), "ANTHROPIC_AUTH_TOKEN" | "HF_TOKEN")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_differ_from_names_of_variables() {
        assert!(looks_like_key("sk-proj-abc") && looks_like_key("gsk_abc"));
        assert!(looks_like_key(&"X".repeat(65)));
        assert!(!looks_like_key("OPENAI_API_KEY"));
    }

    #[test]
    fn public_parts_of_keys_are_recognised() {
        assert_eq!(public_prefix_bytes("sk-proj-abc"), 8);
        assert_eq!(public_prefix_bytes("sk-abc"), 3);
        assert_eq!(public_prefix_bytes("abc"), 0);
        assert!(is_placeholder_key("LM-Studio") && !is_placeholder_key("lm-studio-7f3a"));
    }

    #[test]
    fn names_of_keys_are_recognised_in_every_spelling() {
        for name in ["key", "API_KEY", "api-key", "Ocp-token", "subscription-key"] {
            assert_eq!(is_key_name(name), name != "Ocp-token", "{name}");
        }
        assert!(!is_key_name("api-version") && !is_key_name("key_env"));
    }

    #[test]
    fn variables_with_keys_of_models_differ_from_other_secrets() {
        for name in ["OPENAI_API_KEY", "GATEWAY_KEY", "openrouter_api_key", "HF_TOKEN"] {
            assert!(is_key_variable(name), "{name}");
        }
        for name in ["PATH", "HOME", "VAULT_TOKEN", "AWS_SECRET_ACCESS_KEY", "KEYBOARD"] {
            assert!(!is_key_variable(name), "{name}");
        }
    }
}
