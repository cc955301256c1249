//! Turns an answer's Markdown into rows: source → blocks → rows; splits and measures plain text.
//!
//! [`ParsedMarkdown`] takes raw text as it streams in, sanitises it and keeps parsed blocks; only the last block is parsed
//! again, an open code fence is appended to. What is too large for that (`weight`) is shown as plain text. [`MarkdownRows`]
//! wraps blocks for one width and keeps the rows. [`Highlighter`] runs on a worker: a parsed Markdown hands out jobs and takes
//! results. Independent of colours, terminals and time.

mod block;
mod block_rows;
mod code;
mod code_rows;
mod did_you_mean;
mod fence;
mod hidden;
mod highlight;
mod inline;
mod link;
mod markdown_rows;
mod outline;
mod parse;
mod parsed_markdown;
mod phrase;
mod plain_rows;
mod role;
mod row;
mod row_margin;
mod sanitize;
mod sentence;
mod table;
mod weight;
pub mod width;
mod wrap;

pub use did_you_mean::{did_you_mean, nearest_word};
pub use highlight::{HighlightJob, Highlighted, Highlighter};
pub(crate) use link::{ascii_host, is_safe_link, link_note, with_ascii_host};
pub use markdown_rows::{Anchor, MarkdownRows, RowOptions};
pub use outline::{OutlineKind, OutlinePart, TableLine};
pub(crate) use parse::{is_line_break, markdown_options};
pub use parsed_markdown::ParsedMarkdown;
pub use phrase::{WordList, collapse_whitespace, find_phrase, has_letters, shorten_line};
pub use role::{Face, Role};
pub use row::{Row, RowKind, RowPiece};
pub use sanitize::{Sanitizer, sanitize, sanitize_line};
pub(crate) use sanitize::{find_hidden, has_hidden};
pub use sentence::{ends_with_abbreviation, first_sentence, split_sentences};
pub(crate) use wrap::wrap_lines;
