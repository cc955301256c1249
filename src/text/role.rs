//! The meaning of a piece of text. Its colours are the theme's.

/// The meaning of a piece of text; a theme gives each role a style.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Role {
    /// Plain prose.
    #[default]
    Text,
    /// Prose that matters less: link targets, notes.
    Muted,
    /// A heading of level 1.
    Heading1,
    /// A heading of level 2.
    Heading2,
    /// A heading of level 3 and deeper.
    Heading3,
    /// Inline code.
    InlineCode,
    /// Code of a fenced block without a finer meaning, or not highlighted yet.
    Code,
    /// The header line of a code block: number, language, title.
    CodeHeader,
    /// Text of a link.
    Link,
    /// The bar of a quote.
    QuoteBar,
    /// Text inside a quote.
    Quote,
    /// A bullet or number of a list.
    Marker,
    /// A horizontal rule.
    Rule,
    /// The lines of a table.
    TableBorder,
    /// A column heading of a table.
    TableHeader,
    /// A control or invisible character that was made visible.
    Neutralised,
    /// Code: keyword.
    Keyword,
    /// Code: string.
    String,
    /// Code: comment.
    Comment,
    /// Code: number, boolean, constant.
    Constant,
    /// Code: name of a function.
    Function,
    /// Code: type, class, tag.
    Type,
    /// Code: key of a mapping, attribute, property.
    Key,
    /// Code: variable, parameter, interpolation.
    Variable,
    /// Code: operator, punctuation.
    Punctuation,
    /// Code: an inserted line of a diff.
    Inserted,
    /// Code: a removed line of a diff.
    Removed,
}

/// A role with its emphasis.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Face {
    /// The role.
    pub role: Role,
    /// `**strong**`
    pub bold: bool,
    /// `*emphasis*`
    pub italic: bool,
    /// `~~struck~~`
    pub struck: bool,
}

impl Face {
    /// A role without emphasis.
    pub const fn of(role: Role) -> Self {
        Self { role, bold: false, italic: false, struck: false }
    }
}
