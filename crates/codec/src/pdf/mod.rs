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
    /// Lines to sign on, side by side, each over what it is for.
    Signatures(Vec<String>),
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

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests fail by panicking")]
    use super::layout::{Item, Laid, PAGE_HEIGHT, PAGE_WIDTH, Role};
    use super::*;

    fn column(title: &str, share: u16) -> Column {
        Column { title: title.into(), share }
    }

    fn document(blocks: Vec<Block>) -> Document {
        Document {
            title: "Shift report".into(),
            subtitle: "2026-11-22".into(),
            language: "en".into(),
            han: Collection::Cns1,
            made: LocalTime::utc(1_795_341_600_000_000_000),
            producer: "Castellan".into(),
            identity: [7; 32],
            head: Edge { left: "Example".into(), right: "HQ".into(), below: "below".into() },
            foot: "foot".into(),
            page_of: "Page {page} of {pages}".into(),
            blocks,
        }
    }

    fn table(rows: usize) -> Block {
        let row = |n: usize| {
            vec![
                Cell::plain(format!("row {n}")),
                Cell::marked(Mark::Triangle, "high"),
                Cell::plain("巡邏完成，一切正常。Wałbrzych ".repeat(1 + n % 7)),
            ]
        };
        let columns = vec![column("No.", 2), column("Severity", 3), column("What", 8)];
        Block::Table(Table { columns, rows: (0..rows).map(row).collect() })
    }

    /// The codes of all lines of text of a page, one text for each line, Latin runs alone.
    fn latin(page: &[Item]) -> Vec<String> {
        let line = |item: &Item| match item {
            Item::Text { line, .. } => {
                let codes = line.runs.iter().filter(|run| run.face == font::Face::Latin);
                let codes = codes.flat_map(|run| &run.codes);
                Some(codes.map(|code| char::from_u32(*code).unwrap()).collect())
            }
            _ => None,
        };
        page.iter().filter_map(line).collect()
    }

    fn stays_on_paper(laid: &Laid) {
        for item in laid.pages.iter().flatten() {
            let (left, right, top, bottom) = match item {
                Item::Text { x, baseline, style, line, .. } => {
                    (*x, x + line.points(*style), baseline - style.size, *baseline)
                }
                Item::Rule { x, y, width, .. } => (*x, x + width, *y, *y),
                Item::Fill { x, y, width, height, .. } => (*x, x + width, *y, y + height),
                Item::Sign { x, y, .. } => (x - 4.0, x + 4.0, y - 4.0, y + 4.0),
            };
            assert!(left >= 40.0 && right <= PAGE_WIDTH - 40.0, "{item:?}");
            assert!(top >= 30.0 && bottom <= PAGE_HEIGHT - 25.0, "{item:?}");
        }
    }

    #[test]
    fn a_long_table_goes_on_under_its_heads_and_every_page_is_numbered() {
        let document = document(vec![Block::Section("Open".into()), table(120)]);
        let laid = layout::lay_out(&document).unwrap();
        stays_on_paper(&laid);
        let pages = laid.pages.len();
        assert!(pages > 3, "{pages}");
        for (number, page) in laid.pages.iter().enumerate() {
            let lines = latin(page);
            assert!(lines.contains(&"Severity".to_owned()), "{lines:?}");
            assert!(lines.contains(&format!("Page {} of {pages}", number + 1)), "{lines:?}");
            assert!(lines.contains(&"Example".to_owned()));
        }
        let all: Vec<String> = laid.pages.iter().flat_map(|page| latin(page)).collect();
        for row in 0..120 {
            assert_eq!(all.iter().filter(|line| **line == format!("row {row}")).count(), 1);
        }
        assert_eq!((&*laid.outline[0].title, laid.outline[0].page), ("Open", 0));
        let cells = laid.nodes.iter().filter(|node| node.role == Role::Cell).count();
        assert_eq!(cells, 120 * 3);
    }

    #[test]
    fn a_row_higher_than_a_page_goes_on_and_a_heading_stays_with_its_table() {
        let text = "one two three four five ".repeat(800);
        let rows = vec![vec![Cell::plain(text), Cell::plain("beside")]];
        let long = Table { columns: vec![column("A", 1), column("B", 1)], rows };
        let mut blocks = vec![Block::Text("line\n".repeat(52)), Block::Section("Next".into())];
        blocks.extend([table(1), Block::Section("Long".into()), Block::Table(long)]);
        let laid = layout::lay_out(&document(blocks)).unwrap();
        stays_on_paper(&laid);
        assert_eq!(laid.outline[0].page, 1, "the heading went to the next page with its table");
        let all: String = laid.pages.iter().flat_map(|page| latin(page)).collect();
        assert_eq!(all.matches("three").count(), 800);
    }

    #[test]
    fn no_heading_stands_apart_from_the_first_row_of_its_table() {
        let rows = || vec![vec![Cell::plain("a first row of a few lines ".repeat(20))]];
        for lines in 30..60 {
            let table = Table { columns: vec![column("Head", 1)], rows: rows() };
            let blocks = vec![
                Block::Text("line\n".repeat(lines)),
                Block::Section("Next".into()),
                Block::Table(table),
            ];
            let laid = layout::lay_out(&document(blocks)).unwrap();
            let page = laid.outline[0].page;
            let on_it = latin(&laid.pages[page]);
            assert!(on_it.iter().any(|line| line.starts_with("a first row")), "{lines}: {on_it:?}");
        }
    }

    #[test]
    fn an_edge_too_long_for_its_line_is_cut_and_says_so() {
        let mut document = document(Vec::new());
        document.head.left = "Freight ".repeat(30);
        document.foot = "data SHA-256 ".to_owned() + &"d9f24acd".repeat(8);
        let laid = layout::lay_out(&document).unwrap();
        stays_on_paper(&laid);
        let lines = latin(&laid.pages[0]);
        assert!(lines.iter().any(|line| line.starts_with("Freight") && line.ends_with('\u{85}')));
        assert!(lines.contains(&document.foot), "a hash stands there whole: {lines:?}");
    }

    #[test]
    fn nobody_signs_a_page_that_says_nothing() {
        let end = || {
            let signed = Block::Signatures(vec!["Handed over".into(), "Taken over".into()]);
            let text = Block::Text("No record was lost.".into());
            vec![Block::Section("Lost".into()), text, Block::Note("Made now.".into()), signed]
        };
        for rows in 1..60 {
            let mut blocks = vec![table(rows)];
            blocks.extend(end());
            let laid = layout::lay_out(&document(blocks)).unwrap();
            let last = latin(laid.pages.last().unwrap());
            assert!(last.contains(&"Handed over".to_owned()), "{rows}: {last:?}");
            assert!(last.contains(&"Lost".to_owned()), "{rows}: {last:?}");
        }
    }

    #[test]
    fn a_paper_without_end_is_refused() {
        assert_eq!(write(&document(vec![table(30_000)])), Err(PdfError::TooLong));
    }

    #[test]
    fn the_same_document_is_the_same_file_and_its_table_of_objects_is_right() {
        let blocks = || {
            let figure = Figure { value: "3".into(), label: "incidents open at the end".into() };
            let note = Block::Note("مر and 駅の and 们".into());
            let signed = Block::Signatures(vec!["Handed over".into(), "Taken over".into()]);
            let section = Block::Section("開".into());
            vec![Block::Figures(vec![figure; 5]), section, table(9), note, signed]
        };
        let bytes = write(&document(blocks())).unwrap();
        assert_eq!(bytes, write(&document(blocks())).unwrap());
        // Each byte as one character, so that offsets in the text are offsets in the file.
        let text = String::from_utf8_lossy(&bytes.iter().map(|b| b & 0x7F).collect::<Vec<_>>())
            .into_owned();
        assert!(text.starts_with("%PDF-1.7"));
        let start = text.rsplit("startxref").next().unwrap().split_whitespace().next().unwrap();
        let mut lines = text[start.parse().unwrap()..].lines();
        assert_eq!(lines.next(), Some("xref"));
        let count: usize = lines.next().unwrap().strip_prefix("0 ").unwrap().parse().unwrap();
        for (number, line) in lines.take(count).enumerate().skip(1) {
            let at: usize = line[..10].parse().unwrap();
            assert!(text[at..].starts_with(&format!("{number} 0 obj")), "object {number}");
        }
        for wanted in [
            "/Lang(en)",
            "/DisplayDocTitle true",
            "/Outlines",
            "/StructTreeRoot",
            "/Marked true",
            "/UniCNS-UTF16-H",
            "/UniJIS-UTF16-H",
            "/UniGB-UTF16-H",
            "/lslash",
            "(Shift report)",
        ] {
            assert!(text.contains(wanted), "{wanted}");
        }
    }
}
