//! temporary
#![allow(missing_docs, clippy::all, clippy::pedantic)]
use super::Section;
use crate::domain::*;
use crate::text::Document;
use std::ops::Range;
pub fn recommendations(_: &Document, _: &[Section], _: RunId) -> Vec<Recommendation> {
    vec![]
}
pub fn select(_: &Document, _: &[Section], _: RunId, _: Range<usize>) -> Option<Recommendation> {
    None
}
#[derive(Debug, Clone, PartialEq)]
pub struct Lead {
    pub text: String,
    pub span: Range<usize>,
}
pub fn lead(_: &Document, _: &[Section]) -> Option<Lead> {
    None
}
pub struct Voice<'a> {
    pub document: &'a Document,
    pub sections: &'a [Section],
}
pub enum Support {
    Cited,
    Estimate,
    Bare,
}
pub struct Assumption {
    pub voice: usize,
    pub text: String,
    pub span: Range<usize>,
}
pub struct Measure {
    pub voice: usize,
    pub value: String,
    pub support: Support,
    pub sentence: String,
    pub span: Range<usize>,
}
pub struct Topic {
    pub subject: String,
    pub measures: Vec<Measure>,
    pub differs: bool,
}
pub struct Ledger {
    pub assumptions: Vec<Assumption>,
    pub topics: Vec<Topic>,
}
pub fn ledger(_: &[Voice<'_>]) -> Ledger {
    Ledger { assumptions: vec![], topics: vec![] }
}
pub struct Witness<'a> {
    pub id: &'a str,
    pub name: &'a str,
    pub text: &'a str,
}
#[derive(Debug, Clone, PartialEq)]
pub struct Quote {
    pub text: String,
    pub by: Vec<usize>,
}
#[derive(Debug, Clone, PartialEq)]
pub enum BriefLine {
    Heading(String),
    Sentence { text: String, tags: Vec<usize>, quotes: Vec<Quote>, fault: Option<String> },
    Blank,
}
pub fn check_brief(_: &str, _: &[Witness<'_>], _: bool) -> Vec<BriefLine> {
    vec![]
}
pub fn find_quote(_: &str, _: &str) -> Option<usize> {
    None
}
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    Same,
    Changed,
    New,
    Gone,
}
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DiffKind {
    Same,
    Added,
    Removed,
}
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiffPiece {
    pub text: String,
    pub strong: bool,
}
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiffLine {
    pub kind: DiffKind,
    pub pieces: Vec<DiffPiece>,
}
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SectionChange {
    pub title: String,
    pub facet: Facet,
    pub fate: Fate,
    pub lines: Vec<DiffLine>,
    pub added: usize,
    pub removed: usize,
    pub old: Option<Range<usize>>,
    pub new: Option<Range<usize>>,
}
pub fn change(_: &Document, _: &[Section], _: &Document, _: &[Section]) -> Vec<SectionChange> {
    vec![]
}
