//! temporary
#![allow(missing_docs, clippy::all, clippy::pedantic)]
use super::Section;
use crate::domain::*;
use crate::text::Document;
use std::ops::Range;
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
