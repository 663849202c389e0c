//! Text into lines no wider than they may be, each made of runs of one font.

use super::font::{Collection, Face, Glyph, glyph};

/// Most characters of one text; the rest is cut and an ellipsis says so.
pub const TEXT_CHARS_MAX: usize = 20_000;

/// How text is set.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Style {
    /// In points.
    pub size: f32,
    /// Bold.
    pub is_bold: bool,
}

/// Characters of one font, one after the other.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    /// Which font.
    pub face: Face,
    /// As the font knows them.
    pub codes: Vec<u32>,
    /// In thousandths of the size.
    pub width: u32,
}

/// One line.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Line {
    /// From left to right.
    pub runs: Vec<Run>,
    /// In thousandths of the size.
    pub width: u32,
}

impl Line {
    fn push(&mut self, glyph: Glyph) {
        let width = u32::from(glyph.width);
        self.width += width;
        if let Some(run) = self.runs.last_mut().filter(|run| run.face == glyph.face) {
            run.codes.push(glyph.code);
            run.width += width;
            return;
        }
        self.runs.push(Run { face: glyph.face, codes: vec![glyph.code], width });
    }

    /// Adds the dots that say that there is more.
    pub fn dots(&mut self) {
        if let Some(dots) = glyph('…', false, &[]) {
            self.push(dots);
        }
    }

    /// In points.
    pub fn points(&self, style: Style) -> f32 {
        self.width as f32 * style.size / 1_000.0
    }
}

/// Closing marks, which do not begin a line.
const CLOSING: &str =
    "、。，．：；！？」』）】》〉〕｝”’…‥・ーぁぃぅぇぉっゃゅょァィゥェォッャュョ";
/// Opening marks, which do not end one.
const OPENING: &str = "「『（【《〈〔｛“‘";

/// Which collections East Asian characters of this text are sought in: the first that has all of
/// them, and then the others for what it lacks. Kana and hangul say which language it is.
fn preferences(text: &str, first: Collection) -> [Collection; 4] {
    let is_kana = |c: char| ('\u{3040}'..='\u{30FF}').contains(&c);
    let is_hangul = |c: char| ('\u{AC00}'..='\u{D7AF}').contains(&c);
    let is_wide = |c: &char| u32::from(*c) >= 0x2E80;
    let mut order = Collection::ALL;
    let to_front = |order: &mut [Collection; 4], wanted: Collection| {
        order.sort_by_key(|collection| *collection != wanted);
    };
    to_front(&mut order, first);
    if text.chars().any(is_hangul) {
        to_front(&mut order, Collection::Korea1);
    } else if text.chars().any(is_kana) {
        to_front(&mut order, Collection::Japan1);
    } else {
        let any = |c: &char| Collection::ALL.iter().any(|collection| collection.has(*c));
        let has_all = |collection: &Collection| {
            text.chars().filter(is_wide).filter(any).all(|c| collection.has(c))
        };
        if let Some(whole) = order.iter().copied().find(has_all) {
            to_front(&mut order, whole);
        }
    }
    order
}

/// A text as glyphs. What no font has is written as `[U+0645 U+0631]`: never left out.
pub fn glyphs(text: &str, is_bold: bool, first: Collection) -> Vec<Glyph> {
    let wide = preferences(text, first);
    let mut out = Vec::with_capacity(text.len());
    let mut is_unknown = false;
    let write = |out: &mut Vec<Glyph>, ascii: &str| {
        out.extend(ascii.chars().filter_map(|c| glyph(c, is_bold, &wide)));
    };
    for character in text.chars() {
        let found = glyph(character, is_bold, &wide);
        if let Some(found) = found {
            if std::mem::take(&mut is_unknown) {
                write(&mut out, "]");
            }
            out.push(found);
            continue;
        }
        let before = if std::mem::replace(&mut is_unknown, true) { " " } else { "[" };
        write(&mut out, &format!("{before}U+{:04X}", u32::from(character)));
    }
    if is_unknown {
        write(&mut out, "]");
    }
    out
}

/// How good a place for a line's end is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Break {
    /// Only where nothing else is.
    Never,
    /// Inside an id or a path.
    Poor,
    /// Between words.
    Good,
}

fn break_between(before: &Glyph, after: &Glyph) -> Break {
    let is_wide = |glyph: &Glyph| matches!(glyph.face, Face::Wide(_));
    if before.character == ' ' {
        return Break::Good;
    }
    if is_wide(before) || is_wide(after) {
        let is_held = OPENING.contains(before.character) || CLOSING.contains(after.character);
        return if is_held || after.character == ' ' { Break::Never } else { Break::Good };
    }
    match before.character {
        '-' | '_' | '.' | '/' | ':' | ',' | ';' | '@' if after.character != ' ' => Break::Poor,
        _ => Break::Never,
    }
}

/// A text in lines no wider than `width` points; its own line ends are kept. At least one line.
pub fn wrap(text: &str, style: Style, width: f32, first: Collection) -> Vec<Line> {
    let max = (width / style.size * 1_000.0).max(1.0);
    let mut lines = Vec::new();
    let mut kept: String = text.chars().take(TEXT_CHARS_MAX).collect();
    if kept.len() < text.len() {
        kept.push('…');
    }
    for paragraph in kept.lines() {
        let paragraph = paragraph.replace('\t', " ");
        let glyphs = glyphs(paragraph.trim_end(), style.is_bold, first);
        wrap_one(&glyphs, max, &mut lines);
    }
    if lines.is_empty() {
        lines.push(Line::default());
    }
    lines
}

fn wrap_one(glyphs: &[Glyph], max: f32, lines: &mut Vec<Line>) {
    let mut rest = glyphs;
    loop {
        let (taken, after) = rest.split_at_checked(line_end(rest, max)).unwrap_or((rest, &[]));
        let mut line = Line::default();
        let trailing = taken.iter().rev().take_while(|glyph| glyph.character == ' ').count();
        let is_last = after.is_empty();
        let shown = if is_last { taken.len() } else { taken.len() - trailing };
        taken.iter().take(shown).for_each(|glyph| line.push(*glyph));
        lines.push(line);
        rest = after;
        if rest.is_empty() {
            return;
        }
    }
}

/// How many glyphs the first line takes; at least one if there are any.
fn line_end(glyphs: &[Glyph], max: f32) -> usize {
    let mut width = 0.0;
    // The last place of each kind of break.
    let (mut good, mut poor) = (None, None);
    for (at, glyph) in glyphs.iter().enumerate() {
        if let Some(before) = at.checked_sub(1).and_then(|before| glyphs.get(before)) {
            match break_between(before, glyph) {
                Break::Good => (good, poor) = (Some(at), None),
                Break::Poor => poor = Some(at),
                Break::Never => {}
            }
        }
        width += f32::from(glyph.width);
        // A space at the end of a line may stand out of it.
        if width > max && glyph.character != ' ' {
            return good.or(poor).unwrap_or(at).max(1);
        }
    }
    glyphs.len()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests fail by panicking")]
    use proptest::prelude::*;

    use super::*;

    const STYLE: Style = Style { size: 10.0, is_bold: false };

    fn shown(line: &Line) -> String {
        let of = |run: &Run| -> String {
            let wide = match run.face {
                Face::Latin => {
                    return run.codes.iter().map(|c| char::from_u32(*c).unwrap()).collect();
                }
                Face::East => return "?".repeat(run.codes.len()),
                Face::Wide(collection) => collection,
            };
            run.codes.iter().map(|c| char::from_u32(*c).filter(|c| wide.has(*c)).unwrap()).collect()
        };
        line.runs.iter().map(of).collect()
    }

    fn wrapped(text: &str, width: f32) -> Vec<String> {
        wrap(text, STYLE, width, Collection::Cns1).iter().map(shown).collect()
    }

    #[test]
    fn lines_end_between_words_and_keep_the_writers_own_ends() {
        assert_eq!(wrapped("one two three", 40.0), ["one two", "three"]);
        assert_eq!(wrapped("one\n\ntwo", 100.0), ["one", "", "two"]);
        assert_eq!(wrapped("", 100.0), [""]);
        // All ten are 54.48 points wide.
        assert_eq!(wrapped("abcdeabcde", 54.0), ["abcdeabcd", "e"]);
        assert_eq!(wrapped("abcdeabcde", 54.5), ["abcdeabcde"]);
        assert_eq!(wrapped("i-12345-67890", 45.0), ["i-12345-", "67890"]);
    }

    #[test]
    fn chinese_ends_lines_anywhere_but_before_a_full_stop() {
        assert_eq!(wrapped("巡邏完成。無異常", 45.0), ["巡邏完", "成。無異", "常"]);
        assert_eq!(wrapped("門A「開」", 30.0), ["門A", "「開」"]);
    }

    #[test]
    fn what_no_font_has_is_written_by_its_number() {
        assert_eq!(wrapped("a مر b", 200.0), ["a [U+0645 U+0631] b"]);
        assert_eq!(wrapped("\u{202E}x", 200.0), ["[U+202E]x"]);
        assert_eq!(wrapped("x😀", 200.0), ["x[U+1F600]"]);
    }

    #[test]
    fn one_collection_serves_a_whole_text_where_it_can() {
        let face = |text: &str| {
            let lines = wrap(text, STYLE, 500.0, Collection::Cns1);
            lines[0].runs.iter().map(|run| run.face).collect::<Vec<_>>()
        };
        assert_eq!(face("巡邏完成"), [Face::Wide(Collection::Cns1)]);
        assert_eq!(face("巡逻完成们"), [Face::Wide(Collection::Gb1)]);
        assert_eq!(face("駅の門"), [Face::Wide(Collection::Japan1)]);
        assert_eq!(face("문이"), [Face::Wide(Collection::Korea1)]);
    }

    proptest! {
        #[test]
        fn no_line_is_wider_than_it_may_be_and_nothing_is_lost(
            text in "([a-z]{1,12}|[門禁們]{1,6}|i-[0-9a-f]{8}|[ąłż]{1,3}| |\\PC){0,60}",
            width in 30.0_f32..300.0,
        ) {
            let lines = wrap(&text, STYLE, width, Collection::Cns1);
            for line in &lines {
                prop_assert!(line.points(STYLE) <= width + 0.1, "{}", line.points(STYLE));
                let sum: u32 = line.runs.iter().map(|run| run.width).sum();
                prop_assert_eq!(sum, line.width);
            }
            let all: String = lines.iter().map(shown).collect::<String>().replace(' ', "");
            let one = wrap(&text, STYLE, 1_000_000.0, Collection::Cns1);
            let whole: String = one.iter().map(shown).collect::<String>().replace(' ', "");
            prop_assert_eq!(all, whole);
        }
    }
}
