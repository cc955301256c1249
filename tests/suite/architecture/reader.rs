//! Reads which paths a Rust file names, from its tokens: macros are read too, comments and strings never are.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};

/// A path in the code; the groups of a `use` are spread out.
pub struct NamedPath {
    pub line: usize,
    /// From the crate's root (`crate::app::State`), or in another crate (`std::fs`).
    pub name: String,
    pub in_tests: bool,
}

/// What the rules need to know of a file.
#[derive(Default)]
pub struct SourceFile {
    /// Its path below `src/`.
    pub file: String,
    /// `app::update`; empty for the crate's roots.
    pub module: String,
    /// The text of its `//!` lines.
    pub head: String,
    pub paths: Vec<NamedPath>,
    /// Functions, types, constants and modules that it declares.
    pub items: Vec<String>,
    /// Its lines without those under `#[cfg(test)]`; 0 for a file of tests.
    pub lines: usize,
}

impl SourceFile {
    pub fn read(file: &str, source: &str) -> Self {
        let names = file.trim_end_matches(".rs").split('/').map(str::to_owned);
        let module: Vec<_> = names.filter(|n| !matches!(&**n, "mod" | "lib" | "main")).collect();
        let head: Vec<_> = source.lines().map_while(|line| line.strip_prefix("//!")).collect();
        let is_test = file.ends_with("/tests.rs") || file.contains("/tests/");
        let mut read = Self {
            file: file.to_owned(),
            module: module.join("::"),
            head: head.join("\n"),
            lines: source.lines().count(),
            ..Self::default()
        };
        let tokens = source.parse().unwrap_or_else(|e| panic!("src/{file}: {e}"));
        read.read_tokens(tokens, &module, is_test);
        read.lines = if is_test { 0 } else { read.lines };
        read
    }

    /// Reads what is in one pair of brackets; `module` is where it is, inline modules included.
    fn read_tokens(&mut self, tokens: TokenStream, module: &[String], all_tests: bool) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let mut inner = module.to_vec();
        let mut test_line = None; // that of `#[cfg(test)]`, until its item ends
        let mut at = 0;
        while let Some(token) = tokens.get(at) {
            let in_tests = all_tests || test_line.is_some();
            match (token, tokens.get(at + 1)) {
                (TokenTree::Ident(word), _) if word == "use" => {
                    at += if is_colons(&tokens, at + 1) { 3 } else { 1 };
                    at = self.read_path(&tokens, at, true, &[], (module, in_tests));
                    continue;
                }
                (TokenTree::Ident(word), Some(TokenTree::Ident(name))) if declares(word) => {
                    self.items.push(name.to_string());
                    if word == "mod" {
                        inner.push(name.to_string());
                    }
                }
                (TokenTree::Ident(_), _) => {
                    at = self.read_path(&tokens, at, false, &[], (module, in_tests));
                    continue;
                }
                (TokenTree::Punct(mark), Some(TokenTree::Group(attribute)))
                    if mark.as_char() == '#' && is_cfg_test(attribute) =>
                {
                    test_line = test_line.or((!all_tests).then(|| mark.span().start().line));
                }
                (TokenTree::Group(group), _) => {
                    self.read_tokens(group.stream(), &inner, in_tests);
                    if group.delimiter() == Delimiter::Brace {
                        let end = group.span_close().end().line;
                        self.lines -= test_line.take().map_or(0, |start| end - start + 1);
                        inner.truncate(module.len());
                    }
                }
                (TokenTree::Punct(mark), _) if mark.as_char() == ';' => {
                    test_line = None;
                    inner.truncate(module.len());
                }
                _ => {}
            }
            at += 1;
        }
    }

    /// Reads a path, or a branch of a group of paths behind `before`; returns where it ends.
    fn read_path(
        &mut self,
        tokens: &[TokenTree],
        mut at: usize,
        in_use: bool,
        before: &[String],
        place: (&[String], bool),
    ) -> usize {
        let Some(line) = tokens.get(at).map(|token| token.span().start().line) else { return at };
        let mut names = before.to_vec();
        while let Some(TokenTree::Ident(name)) = tokens.get(at) {
            names.push(name.to_string());
            at += 1;
            if !is_colons(tokens, at) {
                break;
            }
            at += 2;
        }
        match tokens.get(at) {
            Some(TokenTree::Group(group)) if in_use => {
                let group: Vec<TokenTree> = group.stream().into_iter().collect();
                for branch in group.split(|token| is_mark(Some(token), ',')) {
                    self.read_path(branch, 0, true, &names, place);
                }
            }
            _ if names.len() > 1 || in_use => {
                let name = from_root(&names, place.0);
                self.paths.push(NamedPath { line, name, in_tests: place.1 });
            }
            _ => {}
        }
        at
    }
}

fn declares(word: &proc_macro2::Ident) -> bool {
    ["fn", "struct", "enum", "trait", "type", "const", "static", "mod"].iter().any(|w| word == w)
}

fn is_mark(token: Option<&TokenTree>, mark: char) -> bool {
    matches!(token, Some(TokenTree::Punct(found)) if found.as_char() == mark)
}

fn is_colons(tokens: &[TokenTree], at: usize) -> bool {
    is_mark(tokens.get(at), ':') && is_mark(tokens.get(at + 1), ':')
}

fn is_cfg_test(attribute: &Group) -> bool {
    let text = attribute.stream().to_string().replace(' ', "");
    text == "cfg(test)" || text.starts_with("cfg(all(test,")
}

/// The path, `self` and `super` made into where they lead from `module`.
fn from_root(names: &[String], module: &[String]) -> String {
    let supers = names.iter().take_while(|name| *name == "super").count();
    let is_local = supers > 0 || names.first().is_some_and(|name| name == "self");
    let above = module.iter().take(if is_local { module.len().saturating_sub(supers) } else { 0 });
    let root = is_local.then(|| "crate".to_owned());
    let rest = names.iter().filter(|name| !matches!(&***name, "self" | "super"));
    root.iter().chain(above).chain(rest).cloned().collect::<Vec<_>>().join("::")
}
