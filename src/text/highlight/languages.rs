//! Language tokens that people write in fences, and their names in the syntax set.
//! Data only: another alias is a row.

/// The token in a fence, and the token of the syntax set.
pub(super) const ALIASES: [(&str, &str); 35] = [
    ("batch", "bat"),
    ("console", "bash"),
    ("containerfile", "dockerfile"),
    ("csharp", "cs"),
    ("cu", "cpp"),
    ("cuda", "cpp"),
    ("docker", "dockerfile"),
    ("env", "dotenv"),
    ("go-template", "yaml"),
    ("golang", "go"),
    ("gotmpl", "yaml"),
    ("hcl", "tf"),
    ("hcl2", "tf"),
    ("helm", "yaml"),
    ("javascript", "js"),
    ("json5", "json"),
    ("jsonc", "json"),
    ("jsonl", "json"),
    ("k8s", "yaml"),
    ("kubernetes", "yaml"),
    ("make", "makefile"),
    ("opentofu", "tf"),
    ("postgres", "sql"),
    ("postgresql", "sql"),
    ("protobuf", "proto"),
    ("py3", "python"),
    ("python3", "python"),
    ("shell", "bash"),
    ("shell-session", "bash"),
    ("sh-session", "bash"),
    ("starlark", "python"),
    ("terraform", "tf"),
    ("tofu", "tf"),
    ("typescript", "ts"),
    ("yml", "yaml"),
];

/// Languages that are deliberately plain.
const PLAIN: [&str; 10] =
    ["", "mermaid", "promql", "plain", "plaintext", "text", "txt", "output", "none", "ascii"];

/// True when the language can be coloured.
pub(crate) fn is_known(language: &str) -> bool {
    !PLAIN.iter().any(|p| p.eq_ignore_ascii_case(language))
}

/// The token to look up; none for plain languages.
pub(super) fn find_token(language: &str) -> Option<String> {
    let token = language.to_ascii_lowercase();
    if !is_known(&token) {
        return None;
    }
    let alias = ALIASES.iter().find(|(name, _)| *name == token);
    Some(alias.map_or(token, |(_, known)| (*known).to_owned()))
}
