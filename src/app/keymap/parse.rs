//! Parses keymap files. Errors name the line and the nearest valid word.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use super::{Binding, KeyContext};
use crate::app::{Action, KeyPress};
use crate::text::did_you_mean;

/// An error in a keymap file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: {what}")]
pub struct KeymapError {
    /// Name of the file.
    pub file: String,
    /// 1-based line.
    pub line: usize,
    /// The problem, and how to correct it.
    pub what: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRow {
    on: Spanned<Vec<Spanned<String>>>,
    run: Spanned<String>,
    #[serde(default)]
    desc: String,
    footer: Option<String>,
}

/// Parses the rows of `text`. Error messages call the file `file`.
pub(super) fn parse_keymap(text: &str, file: &str) -> Result<Vec<Binding>, KeymapError> {
    let fail = |at: usize, what: String| KeymapError {
        file: file.to_owned(),
        line: 1 + text.bytes().take(at).filter(|b| *b == b'\n').count(),
        what,
    };
    let raw: BTreeMap<Spanned<String>, Vec<RawRow>> = toml::from_str(text)
        .map_err(|e| fail(e.span().map_or(0, |s| s.start), e.message().to_owned()))?;
    let mut bindings: Vec<(usize, Binding)> = Vec::new();
    for (name, rows) in raw {
        let context =
            KeyContext::ALL.iter().find(|c| c.id() == name.get_ref()).ok_or_else(|| {
                fail(
                    name.span().start,
                    describe_unknown(
                        "context",
                        name.get_ref(),
                        KeyContext::ALL.iter().map(|c| c.id()),
                    ),
                )
            })?;
        for row in rows {
            let at = row.run.span().start;
            let run = Action::parse(row.run.get_ref()).ok_or_else(|| {
                fail(
                    at,
                    describe_unknown(
                        "action",
                        row.run.get_ref(),
                        Action::ALL.iter().map(|a| a.id()),
                    ),
                )
            })?;
            let mut on = Vec::new();
            for keys in row.on.get_ref() {
                let sequence: Option<Vec<KeyPress>> =
                    keys.get_ref().split_whitespace().map(KeyPress::parse).collect();
                let sequence = sequence.filter(|s| !s.is_empty()).ok_or_else(|| {
                    fail(keys.span().start, format!(
                        "\"{}\" is not a key; write keys as \"j\", \"G\", \"ctrl-d\", \"alt-enter\", \"f1\", \"pagedown\", \"g g\"",
                        keys.get_ref()
                    ))
                })?;
                if let Some((_, other)) =
                    bindings.iter().find(|(_, b)| b.context == *context && b.on.contains(&sequence))
                {
                    return Err(fail(
                        keys.span().start,
                        format!(
                            "[{}] \"{}\" already runs {}; give one of the two rows another key",
                            context.id(),
                            keys.get_ref(),
                            other.run.id()
                        ),
                    ));
                }
                on.push(sequence);
            }
            let binding = Binding {
                context: *context,
                on,
                run,
                desc: row.desc,
                footer: row.footer,
                user: false,
            };
            bindings.push((at, binding));
        }
    }
    // The order of the file is the order of help and footer; the map above sorted by context.
    bindings.sort_by_key(|(at, _)| *at);
    Ok(bindings.into_iter().map(|(_, binding)| binding).collect())
}

/// `action "zom" is unknown; did you mean "zoom"?`
fn describe_unknown<'a>(what: &str, word: &str, all: impl Iterator<Item = &'a str>) -> String {
    format!("{what} \"{word}\" is unknown{}", did_you_mean(word, all))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_name_the_line_and_the_nearest_word() {
        for (text, message) in [
            (
                "[[panes]]\non = [\"j\"]\nrun = \"zom\"\n",
                "keys.toml:3: action \"zom\" is unknown; did you mean \"zoom\"?",
            ),
            (
                "\n[[panse]]\non = [\"j\"]\nrun = \"zoom\"\n",
                "keys.toml:2: context \"panse\" is unknown; did you mean \"panes\"?",
            ),
            (
                "[[panes]]\non = [\"j\"]\nrun = \"zoom\"\n[[panes]]\non = [\"j\"]\nrun = \"quit\"\n",
                "keys.toml:5: [panes] \"j\" already runs zoom; give one of the two rows another key",
            ),
        ] {
            assert_eq!(parse_keymap(text, "keys.toml").unwrap_err().to_string(), message);
        }
        let error =
            parse_keymap("[[panes]]\non = [\"meta-j\"]\nrun = \"zoom\"\n", "k").unwrap_err();
        assert!(error.to_string().starts_with("k:2: \"meta-j\" is not a key"), "{error}");
        let error = parse_keymap("[[panes]]\non = \"j\"\nrun = \"zoom\"\n", "k").unwrap_err();
        assert!(error.to_string().starts_with("k:2: invalid type: string"), "{error}");
        let error = parse_keymap("[[panes]]\nonn = []\n", "k").unwrap_err();
        assert!(error.to_string().contains("unknown field `onn`"), "{error}");
    }
}
