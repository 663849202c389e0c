//! Papers as PDF: a title, sections, tables, page numbers.
//!
//! A [`Document`] says what stands on the paper; this module says where. The layout is ours and
//! small: A4, one column, tables whose cells wrap and whose heads return on every page. The same
//! document gives the same bytes. SOURCE: ISO 32000-2 (PDF 2.0, written as 1.7).

mod file;
mod font;
mod layout;
mod text;

pub use font::Collection;
pub use text::TEXT_CHARS_MAX;

use crate::civil::LocalTime;

/// Most pages; a longer paper is refused.
pub const PAGES_MAX: usize = 400;

/// What stands on the paper.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    /// Its title, also in a viewer's title bar.
    pub title: String,
    /// Below the title.
    pub subtitle: String,
    /// The language of its fixed texts, as BCP 47 has it.
    pub language: String,
    /// Where Han characters are sought first.
    pub han: Collection,
    /// When it was made, in UTC.
    pub made: LocalTime,
    /// What made it.
    pub producer: String,
    /// What makes it this paper and no other: the hash of what it tells.
    pub identity: [u8; 32],
    /// At the head of every page.
    pub head: Edge,
    /// At the foot of every page, before the page's number.
    pub foot: String,
    /// The page's number in words: `{page}` and `{pages}` are put in.
    pub page_of: String,
    /// Its content.
    pub blocks: Vec<Block>,
}

/// The head of every page.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Edge {
    /// Upper left, bold.
    pub left: String,
    /// Upper right.
    pub right: String,
    /// Below, over the whole width.
    pub below: String,
}

/// A piece of content.
#[derive(Debug, Clone, PartialEq)]
pub enum Block {
    /// A heading; it stands in the outline too.
    Section(String),
    /// A paragraph.
    Text(String),
    /// A paragraph in small print.
    Note(String),
    /// Figures, side by side.
    Figures(Vec<Figure>),
    /// A table.
    Table(Table),
}

/// A number and what it counts.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    /// The number.
    pub value: String,
    /// What it counts.
    pub label: String,
}

/// Rows and columns.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Table {
    /// From left to right.
    pub columns: Vec<Column>,
    /// From top to bottom; a row too short is filled with empty cells.
    pub rows: Vec<Vec<Cell>>,
}

/// A column.
#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    /// Its head.
    pub title: String,
    /// How wide, in parts of all columns' shares.
    pub share: u16,
}

/// A cell.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Cell {
    /// What it says.
    pub text: String,
    /// A sign before it.
    pub mark: Option<Mark>,
    /// In bold.
    pub is_strong: bool,
}

impl Cell {
    /// A plain one.
    pub fn plain(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }

    /// A bold one.
    pub fn strong(text: impl Into<String>) -> Self {
        Self { text: text.into(), mark: None, is_strong: true }
    }

    /// One with a sign.
    pub fn marked(mark: Mark, text: impl Into<String>) -> Self {
        Self { text: text.into(), mark: Some(mark), is_strong: false }
    }
}

/// How grave, as shape and colour; the word stands beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// Gravest.
    Octagon,
    /// Grave.
    Triangle,
    /// Middling.
    Diamond,
    /// Light.
    Ring,
    /// For the record.
    Dot,
}

/// Why a paper cannot be written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PdfError {
    /// It is too long.
    #[error("the paper has more than {PAGES_MAX} pages")]
    TooLong,
}

/// Writes a document.
pub fn write(document: &Document) -> Result<Vec<u8>, PdfError> {
    let laid = layout::lay_out(document)?;
    Ok(file::write(document, &laid))
}
