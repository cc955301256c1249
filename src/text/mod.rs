//! An answer's way from Markdown source to rows: source → blocks → rows.
//!
//! [`Document`] takes raw text as it streams in, neutralises it and keeps parsed blocks; only the last
//! block is ever parsed again, an open code fence is appended to. [`Layout`] wraps blocks for one width and
//! keeps the rows. [`Highlighter`] runs on a worker: a document hands out jobs and takes results.
//! Nothing here knows colours, terminals or time. Used by `app` (documents) and `ui` (layouts).
//!
//! source: `sanitize` · blocks: `parse` fills `block`, `inline`, `code`, `link`; `document` freezes them, `fence`
//! lets an open one grow · rows: `layout` keeps what `rows`, `table`, `code_rows` make with `frame`, `wrap` and `width`.

mod block;
mod code;
mod code_rows;
mod did_you_mean;
mod document;
mod fence;
mod frame;
mod highlight;
mod inline;
mod layout;
mod link;
mod outline;
mod parse;
mod row;
mod rows;
mod sanitize;
mod size;
mod style;
mod table;
pub mod width;
mod wrap;

pub use did_you_mean::{did_you_mean, nearest_word};
pub use document::Document;
pub use highlight::{HighlightJob, Highlighted, Highlighter};
pub use layout::{Anchor, Layout, LayoutOptions};
pub(crate) use link::note as link_note;
pub use outline::{Part, PartKind, TableLine};
pub(crate) use parse::is_line_break;
pub use row::{Piece, Row, RowKind};
pub(crate) use sanitize::is_hidden;
pub use sanitize::{Sanitizer, sanitize, sanitize_line};
pub use size::size;
pub use style::{Face, Role};
pub(crate) use wrap::wrap;
