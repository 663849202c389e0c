//! Content onto pages: where each line, rule and sign stands, and what it is to a reader.

use super::text::{Line, Style, wrap};
use super::{Block, Cell, Document, Figure, Mark, PAGES_MAX, PdfError, Table};

/// A4, in points.
pub const PAGE_WIDTH: f32 = 595.276;
/// A4, in points.
pub const PAGE_HEIGHT: f32 = 841.89;
const LEFT: f32 = 45.0;
const RIGHT: f32 = PAGE_WIDTH - 45.0;
const BODY_WIDTH: f32 = RIGHT - LEFT;
const BODY_TOP: f32 = 84.0;
const BODY_END: f32 = 786.0;
/// Lines are this much higher than their letters.
const LEADING: f32 = 1.34;
/// From a line's top to its baseline, in parts of the letters' size.
const ASCENT: f32 = 1.0;
const CELL_PAD_X: f32 = 4.0;
const CELL_PAD_Y: f32 = 3.0;
/// Signs stand in this much room before the text.
const MARK_ROOM: f32 = 11.0;
const FIGURES_A_ROW: usize = 4;
const FIGURE_HEIGHT: f32 = 43.0;
const FIGURE_GAP: f32 = 7.0;
const SIGNATURE_HEIGHT: f32 = 64.0;
/// Room for the page's number at the foot.
const PAGE_NUMBER_WIDTH: f32 = 84.0;
/// A row as high as this, or higher, may be parted between pages.
const WHOLE_ROW_MAX: f32 = (BODY_END - BODY_TOP) * 0.6;
/// A heading stays with at least this much of what follows it.
const KEEP_WITH_NEXT: f32 = 62.0;

const TITLE: Style = Style { size: 18.0, is_bold: true };
const SUBTITLE: Style = Style { size: 10.0, is_bold: false };
const SECTION: Style = Style { size: 11.5, is_bold: true };
const BODY: Style = Style { size: 8.8, is_bold: false };
const STRONG: Style = Style { size: 8.8, is_bold: true };
const HEAD_CELL: Style = Style { size: 7.8, is_bold: true };
const SMALL: Style = Style { size: 7.6, is_bold: false };
const FIGURE: Style = Style { size: 15.0, is_bold: true };
const EDGE: Style = Style { size: 8.8, is_bold: true };

/// Black.
const INK: Tone = Tone(0.10);
/// Of less weight.
const MUTED: Tone = Tone(0.36);
const HAIR: Tone = Tone(0.80);
const SHADE: Tone = Tone(0.945);

/// A grey, 0 black to 1 white.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tone(pub f32);

/// What a piece of text is to a reader who does not see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The title.
    Title,
    /// A heading.
    Heading,
    /// A paragraph.
    Paragraph,
    /// A table.
    Table,
    /// A row.
    Row,
    /// A cell that heads a column.
    HeadCell,
    /// A cell.
    Cell,
}

/// A node of the logical structure, by its place in [`Laid::nodes`].
pub type NodeId = usize;

/// A piece of the logical structure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// What it is.
    pub role: Role,
    /// Within what; the document itself if `None`.
    pub parent: Option<NodeId>,
}

/// Something on a page. Coordinates are points from the upper left corner.
#[derive(Debug, Clone, PartialEq)]
pub enum Item {
    /// A line of text; `node`: what it is, if it is content.
    Text { x: f32, baseline: f32, style: Style, tone: Tone, line: Line, node: Option<NodeId> },
    /// A hairline across.
    Rule { x: f32, y: f32, width: f32, tone: Tone },
    /// A filled rectangle.
    Fill { x: f32, y: f32, width: f32, height: f32, tone: Tone },
    /// A sign; its middle.
    Sign { x: f32, y: f32, mark: Mark },
}

/// A line of the outline.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Its words.
    pub title: String,
    /// On which page, from 0.
    pub page: usize,
    /// How far from its top.
    pub y: f32,
}

/// All pages.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Laid {
    /// What stands on each.
    pub pages: Vec<Vec<Item>>,
    /// The outline.
    pub outline: Vec<Entry>,
    /// The logical structure, parents before children.
    pub nodes: Vec<Node>,
}

/// Lays a document out.
pub fn lay_out(document: &Document) -> Result<Laid, PdfError> {
    let mut setter = Setter { document, laid: Laid::default(), y: BODY_TOP, is_too_long: false };
    setter.begin_page();
    let node = setter.node(Role::Title, None);
    setter.paragraph(&document.title, (TITLE, INK), node);
    let node = setter.node(Role::Paragraph, None);
    setter.paragraph(&document.subtitle, (SUBTITLE, MUTED), node);
    let tail = tail_of(&document.blocks);
    for (at, block) in document.blocks.iter().enumerate() {
        if at == tail {
            setter.keep_together(document.blocks.get(at..).unwrap_or_default());
        }
        setter.block(block, document.blocks.get(at + 1));
        if setter.is_too_long {
            return Err(PdfError::TooLong);
        }
    }
    setter.edges();
    Ok(setter.laid)
}

/// Where the end of a document begins that stays together: what is signed stands on the page.
fn tail_of(blocks: &[Block]) -> usize {
    if !matches!(blocks.last(), Some(Block::Signatures(_))) {
        return blocks.len();
    }
    let is_long = |block: &Block| matches!(block, Block::Table(_) | Block::Figures(_));
    let after = blocks.iter().rposition(is_long).map_or(0, |at| at + 1);
    let short = blocks.get(after..).unwrap_or_default();
    let section = short.iter().rposition(|block| matches!(block, Block::Section(_)));
    after + section.unwrap_or(0)
}

struct Setter<'a> {
    document: &'a Document,
    laid: Laid,
    /// Where the next thing begins, from the page's top.
    y: f32,
    is_too_long: bool,
}

/// A cell in the course of being set.
struct SetCell {
    x: f32,
    lines: Vec<Line>,
    style: Style,
    mark: Option<Mark>,
    node: NodeId,
}

impl Setter<'_> {
    fn begin_page(&mut self) {
        if self.laid.pages.len() >= PAGES_MAX {
            self.is_too_long = true;
            // What follows is thrown away; it goes over the last page.
            self.y = BODY_TOP;
            return;
        }
        self.laid.pages.push(Vec::new());
        self.y = BODY_TOP;
    }

    fn put(&mut self, item: Item) {
        if let Some(page) = self.laid.pages.last_mut() {
            page.push(item);
        }
    }

    fn node(&mut self, role: Role, parent: Option<NodeId>) -> NodeId {
        self.laid.nodes.push(Node { role, parent });
        self.laid.nodes.len() - 1
    }

    fn room(&self) -> f32 {
        BODY_END - self.y
    }

    fn need(&mut self, height: f32) {
        if height > self.room() && self.y > BODY_TOP {
            self.begin_page();
        }
    }

    /// Begins a page where these short blocks would not all fit on the rest of this one.
    fn keep_together(&mut self, blocks: &[Block]) {
        let text = |text: &str, style: Style| {
            self.wrapped(text, style, BODY_WIDTH).len() as f32 * style.size * LEADING
        };
        let height = |block: &Block| match block {
            Block::Section(title) => 19.0 + text(title, SECTION),
            Block::Text(said) => 3.0 + text(said, BODY),
            Block::Note(said) => 4.0 + text(said, SMALL),
            Block::Signatures(_) => SIGNATURE_HEIGHT,
            Block::Figures(_) | Block::Table(_) => 0.0,
        };
        let all: f32 = blocks.iter().map(height).sum();
        if all < BODY_END - BODY_TOP {
            self.need(all);
        }
    }

    fn wrapped(&self, text: &str, style: Style, width: f32) -> Vec<Line> {
        wrap(text, style, width, self.document.han)
    }

    fn line(
        &mut self,
        (x, top): (f32, f32),
        line: Line,
        (style, tone): (Style, Tone),
        node: Option<NodeId>,
    ) {
        let baseline = top + style.size * ASCENT;
        self.put(Item::Text { x, baseline, style, tone, line, node });
    }

    fn paragraph(&mut self, text: &str, look: (Style, Tone), node: NodeId) {
        let (style, _) = look;
        let height = style.size * LEADING;
        for line in self.wrapped(text, style, BODY_WIDTH) {
            self.need(height);
            self.line((LEFT, self.y), line, look, Some(node));
            self.y += height;
        }
    }

    fn block(&mut self, block: &Block, next: Option<&Block>) {
        match block {
            Block::Section(title) => self.section(title, next),
            Block::Text(text) => {
                let node = self.node(Role::Paragraph, None);
                self.paragraph(text, (BODY, INK), node);
                self.y += 3.0;
            }
            Block::Note(text) => {
                self.y += 2.0;
                let node = self.node(Role::Paragraph, None);
                self.paragraph(text, (SMALL, MUTED), node);
                self.y += 2.0;
            }
            Block::Figures(figures) => self.figures(figures),
            Block::Table(table) => self.table(table),
            Block::Signatures(labels) => self.signatures(labels),
        }
    }

    fn signatures(&mut self, labels: &[String]) {
        const GAP: f32 = 24.0;
        let across = labels.len().max(1) as f32;
        let width = (BODY_WIDTH - GAP * (across - 1.0)) / across;
        self.need(SIGNATURE_HEIGHT);
        let y = self.y + SIGNATURE_HEIGHT - 14.0;
        for (at, label) in labels.iter().enumerate() {
            let x = LEFT + at as f32 * (width + GAP);
            self.put(Item::Rule { x, y, width, tone: MUTED });
            let node = self.node(Role::Paragraph, None);
            let line = self.one_line(label, SMALL, width);
            self.line((x, y + 2.0), line, (SMALL, MUTED), Some(node));
        }
        self.y += SIGNATURE_HEIGHT;
    }

    /// A text in one line; what does not fit is cut, and dots say so.
    fn one_line(&self, text: &str, style: Style, width: f32) -> Line {
        let mut lines = self.wrapped(text, style, width);
        if lines.len() > 1 {
            lines = self.wrapped(text, style, width - style.size * 1.1);
            let mut line = lines.swap_remove(0);
            line.dots();
            return line;
        }
        lines.swap_remove(0)
    }

    fn section(&mut self, title: &str, next: Option<&Block>) {
        let keep = match next {
            Some(Block::Table(table)) => self.first_row_end(table).max(KEEP_WITH_NEXT),
            Some(_) | None => KEEP_WITH_NEXT,
        };
        self.y += 15.0;
        self.need(SECTION.size * LEADING + 4.0 + keep);
        let page = self.laid.pages.len().saturating_sub(1);
        let y = self.y;
        self.laid.outline.push(Entry { title: title.to_owned(), page, y });
        let node = self.node(Role::Heading, None);
        self.paragraph(title, (SECTION, INK), node);
        self.y += 4.0;
    }

    fn figures(&mut self, figures: &[Figure]) {
        self.y += 10.0;
        let across = FIGURES_A_ROW as f32;
        let width = (BODY_WIDTH - FIGURE_GAP * (across - 1.0)) / across;
        for row in figures.chunks(FIGURES_A_ROW) {
            self.need(FIGURE_HEIGHT);
            let top = self.y;
            for (at, figure) in (0_u8..).zip(row) {
                let x = LEFT + f32::from(at) * (width + FIGURE_GAP);
                self.put(Item::Fill { x, y: top, width, height: FIGURE_HEIGHT, tone: SHADE });
                let node = self.node(Role::Paragraph, None);
                let inner = width - 16.0;
                let value = self.wrapped(&figure.value, FIGURE, inner).swap_remove(0);
                self.line((x + 8.0, top + 4.0), value, (FIGURE, INK), Some(node));
                let labels = self.wrapped(&figure.label, SMALL, inner);
                for (number, label) in (0_u8..2).zip(labels) {
                    let y = top + 23.5 + f32::from(number) * (SMALL.size + 0.6);
                    self.line((x + 8.0, y), label, (SMALL, MUTED), Some(node));
                }
            }
            self.y += FIGURE_HEIGHT + FIGURE_GAP;
        }
    }

    /// How high a table is to the end of its first row, or of as much of it as must stay together.
    fn first_row_end(&self, table: &Table) -> f32 {
        let (mut head, mut row) = (1, 1);
        for (at, (column, (_, width))) in table.columns.iter().zip(Self::columns(table)).enumerate()
        {
            let inner = width - 2.0 * CELL_PAD_X;
            head = self.wrapped(&column.title, HEAD_CELL, inner).len().max(head);
            if let Some(cell) = table.rows.first().and_then(|row| row.get(at)) {
                row = self.cell_lines(cell, inner).len().max(row);
            }
        }
        let head = 2.0 * CELL_PAD_Y + head as f32 * HEAD_CELL.size * LEADING;
        let row = 2.0 * CELL_PAD_Y + row as f32 * BODY.size * LEADING;
        head + if row < WHOLE_ROW_MAX { row } else { KEEP_WITH_NEXT }
    }

    fn cell_lines(&self, cell: &Cell, inner: f32) -> Vec<Line> {
        let style = if cell.is_strong { STRONG } else { BODY };
        let room = if cell.mark.is_some() { MARK_ROOM } else { 0.0 };
        self.wrapped(&cell.text, style, inner - room)
    }

    /// Left edges and widths of a table's columns.
    fn columns(table: &Table) -> Vec<(f32, f32)> {
        let all: f32 = table.columns.iter().map(|column| f32::from(column.share)).sum();
        let mut x = LEFT;
        let place = |column: &super::Column| {
            let width = BODY_WIDTH * f32::from(column.share) / all.max(1.0);
            let at = x;
            x += width;
            (at, width)
        };
        table.columns.iter().map(place).collect()
    }

    fn table(&mut self, table: &Table) {
        let columns = Self::columns(table);
        let node = self.node(Role::Table, None);
        self.table_head(table, &columns, Some(node));
        for row in &table.rows {
            let parent = self.node(Role::Row, Some(node));
            let cells: Vec<SetCell> = columns
                .iter()
                .enumerate()
                .map(|(at, place)| {
                    let empty = Cell::default();
                    self.cell(row.get(at).unwrap_or(&empty), *place, parent)
                })
                .collect();
            self.row(cells, (table, &columns));
            if self.is_too_long {
                return;
            }
        }
        self.y += 4.0;
    }

    /// The heads of the columns; on a table's later pages they are no content of their own.
    fn table_head(&mut self, table: &Table, columns: &[(f32, f32)], node: Option<NodeId>) {
        let parent = node.map(|node| self.node(Role::Row, Some(node)));
        let mut cells = Vec::new();
        for (column, (x, width)) in table.columns.iter().zip(columns) {
            let lines = self.wrapped(&column.title, HEAD_CELL, width - 2.0 * CELL_PAD_X);
            cells.push((*x, lines));
        }
        let most = cells.iter().map(|(_, lines)| lines.len()).max().unwrap_or(1);
        let leading = HEAD_CELL.size * LEADING;
        let height = 2.0 * CELL_PAD_Y + most as f32 * leading;
        self.need(height + 30.0);
        let top = self.y;
        self.put(Item::Fill { x: LEFT, y: top, width: BODY_WIDTH, height, tone: SHADE });
        for (x, lines) in cells {
            let node = parent.map(|parent| self.node(Role::HeadCell, Some(parent)));
            for (number, line) in lines.into_iter().enumerate() {
                let y = top + CELL_PAD_Y + number as f32 * leading;
                self.line((x + CELL_PAD_X, y), line, (HEAD_CELL, MUTED), node);
            }
        }
        self.y = top + height;
    }

    fn cell(&mut self, cell: &Cell, (x, width): (f32, f32), parent: NodeId) -> SetCell {
        let style = if cell.is_strong { STRONG } else { BODY };
        let lines = self.cell_lines(cell, width - 2.0 * CELL_PAD_X);
        let node = self.node(Role::Cell, Some(parent));
        SetCell { x: x + CELL_PAD_X, lines, style, mark: cell.mark, node }
    }

    /// One row. It stays whole where a page can hold it, and else goes on on the next.
    fn row(&mut self, mut cells: Vec<SetCell>, head: (&Table, &[(f32, f32)])) {
        let leading = BODY.size * LEADING;
        let height = |lines: usize| 2.0 * CELL_PAD_Y + lines as f32 * leading;
        let mut most = cells.iter().map(|cell| cell.lines.len()).max().unwrap_or(1);
        let fits_a_page = height(most) < WHOLE_ROW_MAX;
        if height(if fits_a_page { most } else { 1 }) > self.room() {
            self.next_page_of(head);
        }
        loop {
            let room = ((self.room() - 2.0 * CELL_PAD_Y) / leading).floor().max(1.0);
            let taken = most.min(room as usize);
            self.lines_of_row(&mut cells, taken, leading);
            most -= taken;
            if most == 0 || self.is_too_long {
                return;
            }
            self.next_page_of(head);
        }
    }

    fn next_page_of(&mut self, (table, columns): (&Table, &[(f32, f32)])) {
        self.begin_page();
        self.table_head(table, columns, None);
    }

    fn lines_of_row(&mut self, cells: &mut [SetCell], count: usize, leading: f32) {
        let top = self.y;
        for cell in cells {
            let mut x = cell.x;
            if let Some(mark) = cell.mark {
                let y = top + CELL_PAD_Y + BODY.size * 0.68;
                self.put(Item::Sign { x: x + 3.6, y, mark });
                x += MARK_ROOM;
            }
            let taken = count.min(cell.lines.len());
            for (number, line) in cell.lines.drain(..taken).enumerate() {
                let y = top + CELL_PAD_Y + number as f32 * leading;
                self.line((x, y), line, (cell.style, INK), Some(cell.node));
            }
        }
        self.y = top + 2.0 * CELL_PAD_Y + count as f32 * leading;
        self.put(Item::Rule { x: LEFT, y: self.y, width: BODY_WIDTH, tone: HAIR });
    }

    /// Head and foot of every page, now that their number is known.
    fn edges(&mut self) {
        let pages = self.laid.pages.len();
        for number in 0..pages {
            let items = self.edge_items(number + 1, pages);
            if let Some(page) = self.laid.pages.get_mut(number) {
                page.extend(items);
            }
        }
    }

    fn edge_items(&self, number: usize, pages: usize) -> Vec<Item> {
        let head = &self.document.head;
        let page_of = self.document.page_of.replace("{page}", &number.to_string());
        let page_of = page_of.replace("{pages}", &pages.to_string());
        let half = BODY_WIDTH / 2.0 - 6.0;
        let one = |text: &str, style: Style, width: f32| self.one_line(text, style, width);
        let foot = one(&self.document.foot, SMALL, BODY_WIDTH - PAGE_NUMBER_WIDTH);
        let plain = Style { is_bold: false, ..EDGE };
        let text = |x: f32, baseline: f32, style: Style, tone: Tone, line: Line| Item::Text {
            x,
            baseline,
            style,
            tone,
            line,
            node: None,
        };
        let right = |line: &Line, style: Style| RIGHT - line.points(style);
        let site = one(&head.right, plain, half);
        let page = one(&page_of, SMALL, PAGE_NUMBER_WIDTH);
        vec![
            text(LEFT, 45.0, EDGE, INK, one(&head.left, EDGE, half)),
            text(right(&site, plain), 45.0, plain, INK, site),
            text(LEFT, 57.5, SMALL, MUTED, one(&head.below, SMALL, BODY_WIDTH)),
            Item::Rule { x: LEFT, y: 65.0, width: BODY_WIDTH, tone: MUTED },
            Item::Rule { x: LEFT, y: 797.0, width: BODY_WIDTH, tone: HAIR },
            text(LEFT, 809.0, SMALL, MUTED, foot),
            text(right(&page, SMALL), 809.0, SMALL, MUTED, page),
        ]
    }
}
