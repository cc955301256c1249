//! Code fences: the info string, the path in a leading comment, and the open fence that lines are appended to.
//!
//! [`OpenFence`] lets a long block grow at the cost of the new text alone: it only looks for the closing line, by the same
//! rule as pulldown-cmark.

use std::ops::Range;

/// The content of an info string.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct FenceInfo {
    /// Language token; empty when there is none.
    pub(crate) language: Box<str>,
    /// File name or title.
    pub(crate) title: Option<Box<str>>,
}

impl FenceInfo {
    /// Parses `yaml`, `rust,ignore`, `python:src/main.py`, `hcl title="main.tf"`, `{.bash}` and similar forms.
    pub(crate) fn parse(info: &str) -> Self {
        let info = info.trim();
        let end = info.find(|c: char| c.is_whitespace() || c == ',').unwrap_or(info.len());
        let (token, rest) = info.split_at_checked(end).unwrap_or((info, ""));
        let token = token.trim_matches(['{', '}', '.']);
        let (language, path) = match token.split_once(':') {
            Some((language, path)) if !path.is_empty() => (language, Some(path)),
            _ => (token.trim_end_matches(':'), None),
        };
        if token.contains('=') {
            // A token that is an attribute is no language.
            return Self { language: Box::default(), title: find_title(info).map(Into::into) };
        }
        Self { language: language.into(), title: find_title(rest).or(path).map(Into::into) }
    }
}

/// The file or title named by the attributes in `text`.
fn find_title(text: &str) -> Option<&str> {
    ["title=", "file=", "filename="].iter().find_map(|key| find_attribute(text, key))
}

/// The value of `key` in `text`, with or without quotes.
fn find_attribute<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    let mut from = 0;
    let at = loop {
        let at = from + text.get(from..)?.find(key)?;
        let before = text.get(..at)?.chars().next_back();
        if before.is_none_or(|c| c.is_whitespace() || matches!(c, ',' | '{')) {
            break at;
        }
        from = at + key.len();
    };
    let value = text.get(at + key.len()..)?;
    let value = match value.chars().next()? {
        quote @ ('"' | '\'') => value.get(1..)?.split(quote).next()?,
        _ => value.split([' ', '\t', ',', '}']).next()?,
    };
    (!value.is_empty()).then_some(value)
}

/// The path in a first line that is a comment with nothing but a path: `# .github/workflows/deploy.yml`.
pub(crate) fn find_path_comment(line: &str) -> Option<&str> {
    const MARKS: [(&str, &str); 7] =
        [("#", ""), ("//", ""), ("--", ""), (";", ""), ("%", ""), ("<!--", "-->"), ("/*", "*/")];
    let line = line.trim();
    let inner = MARKS
        .iter()
        .find_map(|(open, close)| line.strip_prefix(open)?.strip_suffix(close).map(str::trim))?;
    let inner = ["file:", "filename:", "File:", "path:"]
        .iter()
        .find_map(|label| inner.strip_prefix(label))
        .map_or(inner, str::trim);
    let name = inner.rsplit('/').next()?;
    let extension = name.rsplit_once('.').is_some_and(|(_, ext)| {
        (1..=10).contains(&ext.len()) && ext.bytes().all(|b| b.is_ascii_alphanumeric())
    });
    let known =
        matches!(name, "Dockerfile" | "Makefile" | "Containerfile" | "Jenkinsfile" | "Justfile");
    let path_like = inner.chars().all(|c| c.is_alphanumeric() || "._-/@+~[]()".contains(c))
        && !inner.starts_with("//")
        && (extension || known)
        && name.chars().any(char::is_alphabetic);
    path_like.then_some(inner)
}

/// A fence at the left margin that is not closed.
#[derive(Debug, Clone)]
pub(crate) struct OpenFence {
    mark: u8,
    count: usize,
    /// Start of the unfinished line.
    pub(crate) line: usize,
    /// Bytes before this one contain no further line end.
    searched: usize,
}

/// A line in an open fence.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum FenceLine {
    /// A line of code, with its line end.
    Line(Range<usize>),
    /// The closing line; the bytes after it are not code.
    Closed(Range<usize>),
    /// A line without its end that may be code.
    Unfinished(Range<usize>),
}

impl OpenFence {
    /// The fence that opens `block`, an unclosed code block at byte `start` of the source; none when the code is indented or
    /// closed.
    pub(crate) fn open(source: &str, start: usize) -> Option<Self> {
        let (before, block) = source.split_at_checked(start)?;
        if !(before.is_empty() || before.ends_with('\n')) {
            return None;
        }
        let mark = *block.as_bytes().first().filter(|b| matches!(b, b'`' | b'~'))?;
        let count = block.bytes().take_while(|b| *b == mark).count();
        let line = start + block.find('\n')? + 1;
        (count >= 3).then_some(Self { mark, count, line, searched: line })
    }

    /// The next line of `source`; none at the end.
    pub(crate) fn next_line(&mut self, source: &str) -> Option<FenceLine> {
        let searched = self.searched.max(self.line);
        if let Some(at) = source.get(searched..)?.find('\n') {
            let line = self.line..searched + at + 1;
            self.line = line.end;
            self.searched = line.end;
            let closed = self.is_closing_line(source.get(line.clone())?.trim_end_matches('\n'));
            return Some(if closed { FenceLine::Closed(line) } else { FenceLine::Line(line) });
        }
        if self.searched == source.len() {
            return None;
        }
        self.searched = source.len();
        let rest = source.get(self.line..)?;
        // What may become the closing line is not shown as code.
        let maybe_closing = rest.len() <= self.count + 3
            && rest.trim_start_matches(' ').bytes().all(|b| b == self.mark);
        (!maybe_closing).then_some(FenceLine::Unfinished(self.line..source.len()))
    }

    fn is_closing_line(&self, line: &str) -> bool {
        let inner = line.trim_start_matches(' ');
        let count = inner.bytes().take_while(|b| *b == self.mark).count();
        line.len() - inner.len() < 4
            && count >= self.count
            && inner.get(count..).is_some_and(|rest| rest.bytes().all(|b| b == b' '))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn info_strings() {
        for (info, language, title) in [
            ("", "", None),
            ("yaml", "yaml", None),
            ("rust,ignore", "rust", None),
            ("hcl title=\"live/prod/main.tf\"", "hcl", Some("live/prod/main.tf")),
            ("python:src/main.py", "python", Some("src/main.py")),
            ("bash file=deploy.sh", "bash", Some("deploy.sh")),
            ("js {1,3} filename='a b.js'", "js", Some("a b.js")),
            ("{.bash}", "bash", None),
            ("title=\"x y.sql\"", "", Some("x y.sql")),
            ("go subtitle=no", "go", None),
        ] {
            let want = FenceInfo { language: language.into(), title: title.map(Into::into) };
            assert_eq!(FenceInfo::parse(info), want, "{info:?}");
        }
    }

    #[test]
    fn path_comments() {
        for (line, path) in [
            ("# .github/workflows/deploy.yml", Some(".github/workflows/deploy.yml")),
            ("// src/main.rs", Some("src/main.rs")),
            ("-- x.sql", Some("x.sql")),
            ("<!-- x.html -->", Some("x.html")),
            ("/* app/site.css */", Some("app/site.css")),
            ("# file: a/b.py", Some("a/b.py")),
            ("# docker/Dockerfile", Some("docker/Dockerfile")),
            ("# install the tools first", None),
            ("#!/usr/bin/env bash", None),
            ("#!/bin/run.sh", None),
            ("# 1.5", None),
            ("# and/or", None),
            ("x = 1", None),
        ] {
            assert_eq!(find_path_comment(line), path, "{line:?}");
        }
    }

    #[test]
    fn a_fence_closes_as_commonmark_says() {
        for (text, closed) in [
            ("```\na\n```\n", true),
            ("```\na\n   ````  \n", true),
            ("```\na\n    ```\n", false),
            ("```\na\n``\n", false),
            ("```\na\n``` x\n", false),
            ("~~~~\na\n~~~\n", false),
            ("~~~\n```\n~~~\n", true),
        ] {
            let mut fence = OpenFence::open(text, 0).unwrap();
            let mut fed = std::iter::from_fn(|| fence.next_line(text));
            assert_eq!(fed.any(|f| matches!(f, FenceLine::Closed(_))), closed, "{text:?}");
        }
    }
}
