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

/// Shorter values may be words, dates or names: with a known prefix, and without.
const MIN_LIKELY_KEY_BYTES: (usize, usize) = (12, 20);

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

/// True if `key` is no secret, but a placeholder for a server that wants a key and accepts any.
pub fn is_placeholder_key(key: &str) -> bool {
    PLACEHOLDERS.contains(&key.to_ascii_lowercase().as_str())
}

/// True if `value` is a key by its looks: a long run of letters and digits, or a shorter one with a known prefix. Paths,
/// commands, sentences, names and words are none.
pub fn is_likely_key(value: &str) -> bool {
    let has = |kind: fn(char) -> bool| value.contains(kind);
    let is_of_key_characters = value
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '+' | '='));
    let (with_prefix, without) = MIN_LIKELY_KEY_BYTES;
    let min_bytes = if public_prefix_bytes(value) > 0 { with_prefix } else { without };
    value.len() >= min_bytes
        && is_of_key_characters
        && has(|c| c.is_ascii_digit())
        && has(|c| c.is_ascii_alphabetic())
}

/// True if a password is also a word as it occurs in any text: small letters, the first one perhaps a capital.
pub fn is_word(password: &str) -> bool {
    let mut chars = password.chars();
    chars.next().is_some_and(char::is_alphabetic) && chars.all(char::is_lowercase)
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
    fn keys_differ_from_paths_words_and_dates() {
        for key in
            ["sk-proj-abc1", "hf_a1b2c3d4e", "Zq7xT9vB2nM4kL8pW3rY", "tok_0123456789abcdefgh.ij="]
        {
            assert!(is_likely_key(key), "{key}");
        }
        for value in [
            "",
            "test1234",
            "sk_user_id1",
            "~/.ssh/id_ed25519",
            "/home/me/keys/production1.pem",
            "my-production-server-key",
            "12345678901234567890",
            "the key of host number 1",
            "op://vault/item1/credential",
        ] {
            assert!(!is_likely_key(value), "{value}");
        }
        assert!(is_word("password") && is_word("Secret") && !is_word("hunter2") && !is_word(""));
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
