//! Laid out pages into the bytes of a PDF file.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;

use flate2::Compression;
use flate2::write::ZlibEncoder;
use pdf_writer::types::{
    CidFontType, FontFlags, StructRole, SystemInfo, TextRenderingMode, UnicodeCmap,
};
use pdf_writer::{Content, Date, Filter, Finish, Name, Pdf, Rect, Ref, Settings, Str, TextStr};

use super::font::{Collection, EAST, EAST_FIRST, Face};
use super::layout::{Item, Laid, Node, NodeId, PAGE_HEIGHT, PAGE_WIDTH, Role, Tone};
use super::text::{Run, Style};
use super::{Document, Mark};

/// A font of the file: the face, and whether it is bold. East Asian faces are bolded by a stroke.
type FontKey = (Face, bool);

/// Numbers given to the objects of the file, in order.
struct Numbers(i32);

impl Numbers {
    fn next(&mut self) -> Ref {
        self.0 += 1;
        Ref::new(self.0)
    }
}

struct Fonts(BTreeMap<FontKey, (Ref, Vec<u8>)>);

/// Writes the file.
pub fn write(document: &Document, laid: &Laid) -> Vec<u8> {
    let mut numbers = Numbers(0);
    let mut pdf = Pdf::with_settings(Settings { pretty: false });
    pdf.set_version(1, 7);
    let (id, _) = document.identity.split_at(16);
    pdf.set_file_id((id.to_vec(), id.to_vec()));
    let (catalog, info, tree) = (numbers.next(), numbers.next(), numbers.next());
    let pages: Vec<Ref> = laid.pages.iter().map(|_| numbers.next()).collect();
    let fonts = write_fonts(&mut pdf, &mut numbers, laid);
    let mut tags = Tags::new(laid, &mut numbers);
    for (number, (items, id)) in laid.pages.iter().zip(&pages).enumerate() {
        let content = tags.draw(number, items, &fonts);
        let at = numbers.next();
        write_page(&mut pdf, (*id, tree, at), number, &fonts);
        let packed = deflated(&content);
        pdf.stream(at, &packed).filter(Filter::FlateDecode);
    }
    let structure = tags.write(&mut pdf, &mut numbers, &pages);
    let outline = write_outline(&mut pdf, &mut numbers, (laid, &pages));
    let count = i32::try_from(pages.len()).unwrap_or(i32::MAX);
    pdf.pages(tree).kids(pages.iter().copied()).count(count);
    write_info(&mut pdf, info, document);
    let mut root = pdf.catalog(catalog);
    root.pages(tree).lang(TextStr(&document.language));
    root.viewer_preferences().display_doc_title(true);
    root.mark_info().marked(true);
    root.pair(Name(b"StructTreeRoot"), structure);
    if let Some(outline) = outline {
        root.outlines(outline);
        root.page_mode(pdf_writer::types::PageMode::UseOutlines);
    }
    root.finish();
    pdf.finish()
}

fn deflated(content: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    // Writing into memory does not fail.
    let _ = encoder.write_all(content);
    encoder.finish().unwrap_or_default()
}

fn write_info(pdf: &mut Pdf, id: Ref, document: &Document) {
    let made = &document.made;
    let year = u16::try_from(made.year).unwrap_or(0);
    let date = Date::new(year)
        .month(made.month)
        .day(made.day)
        .hour(made.hour)
        .minute(made.minute)
        .second(made.second)
        .utc_offset_hour(0)
        .utc_offset_minute(0);
    let mut info = pdf.document_info(id);
    info.title(TextStr(&document.title)).subject(TextStr(&document.subtitle));
    info.creator(TextStr(&document.producer)).producer(TextStr(&document.producer));
    info.creation_date(date);
}

fn write_page(pdf: &mut Pdf, (id, tree, content): (Ref, Ref, Ref), number: usize, fonts: &Fonts) {
    let mut page = pdf.page(id);
    page.parent(tree).media_box(Rect::new(0.0, 0.0, PAGE_WIDTH, PAGE_HEIGHT)).contents(content);
    page.struct_parents(i32::try_from(number).unwrap_or(i32::MAX));
    let mut resources = page.resources();
    let mut listed = resources.fonts();
    for (id, name) in fonts.0.values() {
        listed.pair(Name(name), *id);
    }
}

/// Which fonts the pages use, in a fixed order, and with which characters.
fn used(laid: &Laid) -> BTreeMap<FontKey, BTreeSet<u32>> {
    let mut used: BTreeMap<FontKey, BTreeSet<u32>> = BTreeMap::new();
    for item in laid.pages.iter().flatten() {
        let Item::Text { style, line, .. } = item else { continue };
        for run in &line.runs {
            used.entry(key(run, *style)).or_default().extend(&run.codes);
        }
    }
    used
}

fn key(run: &Run, style: Style) -> FontKey {
    match run.face {
        Face::Latin | Face::East => (run.face, style.is_bold),
        Face::Wide(_) => (run.face, false),
    }
}

fn write_fonts(pdf: &mut Pdf, numbers: &mut Numbers, laid: &Laid) -> Fonts {
    let mut fonts = BTreeMap::new();
    for (number, (key, codes)) in used(laid).into_iter().enumerate() {
        let id = numbers.next();
        let (face, is_bold) = key;
        match face {
            Face::Latin => {
                let mut font = pdf.type1_font(id);
                font.base_font(helvetica(is_bold));
                font.encoding_predefined(Name(b"WinAnsiEncoding"));
            }
            Face::East => write_east(pdf, numbers, (id, is_bold)),
            Face::Wide(collection) => write_wide(pdf, numbers, (id, collection), &codes),
        }
        fonts.insert(key, (id, format!("F{number}").into_bytes()));
    }
    Fonts(fonts)
}

fn helvetica(is_bold: bool) -> Name<'static> {
    Name(if is_bold { b"Helvetica-Bold" } else { b"Helvetica" })
}

fn write_east(pdf: &mut Pdf, numbers: &mut Numbers, (id, is_bold): (Ref, bool)) {
    let unicode = numbers.next();
    let mut font = pdf.type1_font(id);
    font.base_font(helvetica(is_bold)).to_unicode(unicode);
    let mut encoding = font.encoding_custom();
    encoding.base_encoding(Name(b"WinAnsiEncoding"));
    let names = EAST.iter().map(|(_, name, _, _)| Name(name.as_bytes()));
    encoding.differences().consecutive(EAST_FIRST, names);
    encoding.finish();
    font.finish();
    let mut cmap = UnicodeCmap::<u8>::new(Name(b"Castellan-East"), system("Adobe", "UCS", 0));
    for (code, (character, ..)) in (EAST_FIRST..).zip(EAST) {
        cmap.pair(code, character);
    }
    let bytes = cmap.finish();
    pdf.stream(unicode, &deflated(&bytes)).filter(Filter::FlateDecode);
}

fn system(registry: &'static str, ordering: &'static str, supplement: i32) -> SystemInfo<'static> {
    SystemInfo {
        registry: Str(registry.as_bytes()),
        ordering: Str(ordering.as_bytes()),
        supplement,
    }
}

/// A font of a collection: the viewer finds one of its own. Metrics of the descriptor are those
/// of the square in which such characters stand.
fn write_wide(
    pdf: &mut Pdf,
    numbers: &mut Numbers,
    (id, collection): (Ref, Collection),
    codes: &BTreeSet<u32>,
) {
    let (descendant, descriptor, unicode) = (numbers.next(), numbers.next(), numbers.next());
    let name = Name(collection.font().as_bytes());
    let mut font = pdf.type0_font(id);
    let full = format!("{}-{}", collection.font(), collection.cmap());
    font.base_font(Name(full.as_bytes()));
    font.encoding_predefined(Name(collection.cmap().as_bytes()));
    font.descendant_font(descendant).to_unicode(unicode);
    font.finish();
    let mut cid = pdf.cid_font(descendant);
    cid.subtype(CidFontType::Type0).base_font(name);
    cid.system_info(system("Adobe", collection.ordering(), collection.supplement()));
    cid.font_descriptor(descriptor).default_width(1_000.0);
    cid.finish();
    let mut described = pdf.font_descriptor(descriptor);
    described.name(name).flags(FontFlags::SYMBOLIC).bbox(Rect::new(0.0, -120.0, 1_000.0, 880.0));
    described.italic_angle(0.0).ascent(880.0).descent(-120.0).cap_height(880.0).stem_v(93.0);
    described.finish();
    let mut cmap = UnicodeCmap::<u16>::new(Name(b"Castellan-Wide"), system("Adobe", "UCS", 0));
    for code in codes {
        if let (Ok(unit), Some(character)) = (u16::try_from(*code), char::from_u32(*code)) {
            cmap.pair(unit, character);
        }
    }
    let bytes = cmap.finish();
    pdf.stream(unicode, &deflated(&bytes)).filter(Filter::FlateDecode);
}

fn write_outline(
    pdf: &mut Pdf,
    numbers: &mut Numbers,
    (laid, pages): (&Laid, &[Ref]),
) -> Option<Ref> {
    let root = numbers.next();
    let items: Vec<Ref> = laid.outline.iter().map(|_| numbers.next()).collect();
    let (first, last) = (*items.first()?, *items.last()?);
    let count = i32::try_from(items.len()).unwrap_or(i32::MAX);
    pdf.outline(root).first(first).last(last).count(count);
    for (number, (entry, id)) in laid.outline.iter().zip(&items).enumerate() {
        let mut item = pdf.outline_item(*id);
        item.title(TextStr(&entry.title)).parent(root);
        if let Some(before) = number.checked_sub(1).and_then(|before| items.get(before)) {
            item.prev(*before);
        }
        if let Some(next) = items.get(number + 1) {
            item.next(*next);
        }
        if let Some(page) = pages.get(entry.page) {
            item.dest().page(*page).xyz(0.0, PAGE_HEIGHT - entry.y + 8.0, None);
        }
    }
    Some(root)
}

/// The logical structure: what is what, for readers who listen.
struct Tags<'a> {
    nodes: &'a [Node],
    ids: Vec<Ref>,
    /// The marked pieces of each node: page and number.
    pieces: Vec<Vec<(usize, i32)>>,
    /// The nodes of each page's marked pieces, in order.
    owners: Vec<Vec<NodeId>>,
}

impl<'a> Tags<'a> {
    fn new(laid: &'a Laid, numbers: &mut Numbers) -> Self {
        let ids = laid.nodes.iter().map(|_| numbers.next()).collect();
        let pieces = vec![Vec::new(); laid.nodes.len()];
        Self { nodes: &laid.nodes, ids, pieces, owners: vec![Vec::new(); laid.pages.len()] }
    }

    fn role(&self, node: NodeId) -> StructRole {
        match self.nodes.get(node).map(|node| node.role) {
            Some(Role::Title) => StructRole::H1,
            Some(Role::Heading) => StructRole::H2,
            Some(Role::Paragraph) | None => StructRole::P,
            Some(Role::Table) => StructRole::Table,
            Some(Role::Row) => StructRole::TR,
            Some(Role::HeadCell) => StructRole::TH,
            Some(Role::Cell) => StructRole::TD,
        }
    }

    /// Draws a page's items, and notes which piece belongs to which node.
    fn draw(&mut self, page: usize, items: &[Item], fonts: &Fonts) -> Vec<u8> {
        let mut content = Content::new();
        for item in items {
            let node = match item {
                Item::Text { node, .. } => *node,
                Item::Rule { .. } | Item::Fill { .. } | Item::Sign { .. } => None,
            };
            match node {
                Some(node) => {
                    let number = self.note(page, node);
                    let role = self.role(node).to_name();
                    let mut marked = content.begin_marked_content_with_properties(role);
                    marked.properties().identify(number);
                }
                None => {
                    content.begin_marked_content(Name(b"Artifact"));
                }
            }
            draw(&mut content, item, fonts);
            content.end_marked_content();
        }
        content.finish().to_vec()
    }

    fn note(&mut self, page: usize, node: NodeId) -> i32 {
        let Some(owners) = self.owners.get_mut(page) else { return 0 };
        let number = i32::try_from(owners.len()).unwrap_or(i32::MAX);
        owners.push(node);
        if let Some(pieces) = self.pieces.get_mut(node) {
            pieces.push((page, number));
        }
        number
    }

    fn write(self, pdf: &mut Pdf, numbers: &mut Numbers, pages: &[Ref]) -> Ref {
        let (root, document) = (numbers.next(), numbers.next());
        let id = |node: NodeId| self.ids.get(node).copied().unwrap_or(document);
        let lists: Vec<Ref> = self.owners.iter().map(|_| numbers.next()).collect();
        for (owners, list) in self.owners.iter().zip(&lists) {
            pdf.indirect(*list).array().items(owners.iter().map(|node| id(*node)));
        }
        let mut children: BTreeMap<Option<NodeId>, Vec<Ref>> = BTreeMap::new();
        for (at, node) in self.nodes.iter().enumerate() {
            children.entry(node.parent).or_default().push(id(at));
        }
        for (at, node) in self.nodes.iter().enumerate() {
            let mut element = pdf.struct_element(id(at));
            element.kind(self.role(at)).parent(node.parent.map_or(document, id));
            let mut kids = element.children();
            for child in children.get(&Some(at)).into_iter().flatten() {
                kids.struct_element(*child);
            }
            for (page, number) in self.pieces.get(at).into_iter().flatten() {
                if let Some(page) = pages.get(*page) {
                    kids.marked_content_ref().page(*page).marked_content_id(*number);
                }
            }
        }
        let mut whole = pdf.struct_element(document);
        whole.kind(StructRole::Document).parent(root);
        let mut kids = whole.children();
        for child in children.get(&None).into_iter().flatten() {
            kids.struct_element(*child);
        }
        kids.finish();
        whole.finish();
        let mut tree = pdf.indirect(root).start::<pdf_writer::writers::StructTreeRoot>();
        tree.child(document);
        tree.parent_tree_next_key(i32::try_from(lists.len()).unwrap_or(i32::MAX));
        let mut parents = tree.parent_tree();
        let mut numbers = parents.nums();
        for (key, list) in (0..).zip(lists) {
            numbers.insert(key, list);
        }
        numbers.finish();
        parents.finish();
        tree.finish();
        root
    }
}

fn draw(content: &mut Content, item: &Item, fonts: &Fonts) {
    match item {
        Item::Text { x, baseline, style, tone, line, .. } => {
            let mut at = *x;
            for run in &line.runs {
                show(content, (at, PAGE_HEIGHT - baseline), (*style, *tone), run, fonts);
                at += run.width as f32 * style.size / 1_000.0;
            }
        }
        Item::Rule { x, y, width, tone } => {
            content.set_line_width(0.5).set_stroke_gray(tone.0);
            content.move_to(*x, PAGE_HEIGHT - y).line_to(x + width, PAGE_HEIGHT - y).stroke();
        }
        Item::Fill { x, y, width, height, tone } => {
            content.set_fill_gray(tone.0);
            content.rect(*x, PAGE_HEIGHT - y - height, *width, *height).fill_nonzero();
        }
        Item::Sign { x, y, mark } => sign(content, (*x, PAGE_HEIGHT - y), *mark),
    }
}

fn show(
    content: &mut Content,
    (x, y): (f32, f32),
    (style, tone): (Style, Tone),
    run: &Run,
    fonts: &Fonts,
) {
    let Some((_, name)) = fonts.0.get(&key(run, style)) else { return };
    let bytes: Vec<u8> = match run.face {
        Face::Latin | Face::East => {
            run.codes.iter().filter_map(|code| u8::try_from(*code).ok()).collect()
        }
        Face::Wide(_) => {
            let text: String = run.codes.iter().filter_map(|code| char::from_u32(*code)).collect();
            text.encode_utf16().flat_map(u16::to_be_bytes).collect()
        }
    };
    let is_stroked = style.is_bold && matches!(run.face, Face::Wide(_));
    content.begin_text().set_font(Name(name), style.size).set_fill_gray(tone.0);
    if is_stroked {
        content.set_text_rendering_mode(TextRenderingMode::FillStroke);
        content.set_stroke_gray(tone.0).set_line_width(style.size * 0.03);
    }
    content.set_text_matrix([1.0, 0.0, 0.0, 1.0, x, y]).show(Str(&bytes));
    if is_stroked {
        content.set_text_rendering_mode(TextRenderingMode::Fill);
    }
    content.end_text();
}

/// A sign around a middle. Colours as in the console, dark enough for paper.
fn sign(content: &mut Content, (x, y): (f32, f32), mark: Mark) {
    let points: &[(f32, f32)] = match mark {
        Mark::Octagon => &[
            (-1.4, 3.4),
            (1.4, 3.4),
            (3.4, 1.4),
            (3.4, -1.4),
            (1.4, -3.4),
            (-1.4, -3.4),
            (-3.4, -1.4),
            (-3.4, 1.4),
        ],
        Mark::Triangle => &[(0.0, 3.5), (3.7, -2.8), (-3.7, -2.8)],
        Mark::Diamond => &[(0.0, 3.6), (3.6, 0.0), (0.0, -3.6), (-3.6, 0.0)],
        Mark::Ring => {
            content.set_stroke_rgb(0.10, 0.44, 0.76).set_line_width(1.1);
            circle(content, (x, y), 2.6);
            content.stroke();
            return;
        }
        Mark::Dot => {
            content.set_fill_rgb(0.53, 0.56, 0.59);
            circle(content, (x, y), 1.7);
            content.fill_nonzero();
            return;
        }
    };
    match mark {
        Mark::Octagon => content.set_fill_rgb(0.79, 0.13, 0.13),
        Mark::Triangle => content.set_fill_rgb(0.88, 0.35, 0.03),
        Mark::Diamond | Mark::Ring | Mark::Dot => content.set_fill_rgb(0.91, 0.56, 0.0),
    };
    let mut all = points.iter();
    if let Some((dx, dy)) = all.next() {
        content.move_to(x + dx, y + dy);
    }
    for (dx, dy) in all {
        content.line_to(x + dx, y + dy);
    }
    content.close_path().fill_nonzero();
}

/// A circle of four Bézier arcs. SOURCE: 4/3 × (√2 − 1).
fn circle(content: &mut Content, (x, y): (f32, f32), radius: f32) {
    let bend = radius * 0.552_285;
    content.move_to(x + radius, y);
    content.cubic_to(x + radius, y + bend, x + bend, y + radius, x, y + radius);
    content.cubic_to(x - bend, y + radius, x - radius, y + bend, x - radius, y);
    content.cubic_to(x - radius, y - bend, x - bend, y - radius, x, y - radius);
    content.cubic_to(x + bend, y - radius, x + radius, y - bend, x + radius, y);
    content.close_path();
}
