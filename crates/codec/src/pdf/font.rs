//! What each character is in which font, and how wide.
//!
//! Nothing is embedded. Latin letters come from Helvetica, one of the fonts that every viewer has;
//! those beyond Windows-1252 by their glyphs' names. East Asian ones come from whichever font the
//! viewer has for one of Adobe's character collections. What none of them has is no glyph at all.
//! SOURCE: ISO 32000-2, 9.6.2.2 (standard fonts), 9.7.5.2 (predefined maps), annex D (encodings);
//! Adobe Core 14 AFM files (widths, in thousandths of the size).

/// One of Adobe's character collections.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Collection {
    /// Traditional Chinese, Hong Kong's own characters included.
    Cns1,
    /// Simplified Chinese.
    Gb1,
    /// Japanese.
    Japan1,
    /// Korean.
    Korea1,
}

impl Collection {
    /// All, in the order of the coverage table.
    pub const ALL: [Self; 4] = [Self::Cns1, Self::Gb1, Self::Japan1, Self::Korea1];

    /// Whether it has a character, as wide as it is high.
    pub fn has(self, character: char) -> bool {
        let code = u32::from(character);
        let plane = match code >> 16 {
            0 => 0,
            2 => PLANE_BYTES,
            _ => return false,
        };
        let part = self as usize * PLANE_BYTES * 2;
        let at = usize::try_from((code & 0xFFFF) >> 3).unwrap_or(usize::MAX);
        COVERAGE.get(part + plane + at).is_some_and(|byte| byte >> (code & 7) & 1 == 1)
    }

    /// Its name in `CIDSystemInfo`.
    pub fn ordering(self) -> &'static str {
        match self {
            Self::Cns1 => "CNS1",
            Self::Gb1 => "GB1",
            Self::Japan1 => "Japan1",
            Self::Korea1 => "Korea1",
        }
    }

    /// The supplement that the coverage table was made from.
    pub fn supplement(self) -> i32 {
        match self {
            Self::Cns1 => 7,
            Self::Gb1 => 5,
            Self::Japan1 => 6,
            Self::Korea1 => 2,
        }
    }

    /// The predefined map from UTF-16.
    pub fn cmap(self) -> &'static str {
        match self {
            Self::Cns1 => "UniCNS-UTF16-H",
            Self::Gb1 => "UniGB-UTF16-H",
            Self::Japan1 => "UniJIS-UTF16-H",
            Self::Korea1 => "UniKS-UTF16-H",
        }
    }

    /// The font that a viewer knows to have a stand-in for.
    pub fn font(self) -> &'static str {
        match self {
            Self::Cns1 => "MHei-Medium",
            Self::Gb1 => "STSong-Light",
            Self::Japan1 => "HeiseiKakuGo-W5",
            Self::Korea1 => "HYGoThic-Medium",
        }
    }
}

/// Made by scripts/cjk-coverage.py; see there.
static COVERAGE: &[u8] = include_bytes!("coverage.bin");
const PLANE_BYTES: usize = 65_536 / 8;

/// The font of a character.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Face {
    /// Helvetica as Windows-1252.
    Latin,
    /// Helvetica's letters beyond that, numbered as in [`EAST`].
    East,
    /// A font of a collection, in UTF-16.
    Wide(Collection),
}

/// A character as a font knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Glyph {
    /// In which font.
    pub face: Face,
    /// Its code there; one byte in Latin faces.
    pub code: u32,
    /// In thousandths of the font's size.
    pub width: u16,
    /// What it stands for.
    pub character: char,
}

/// The first code of [`EAST`].
pub const EAST_FIRST: u8 = 32;

/// The glyph of a character; `None` where no font has it. `wide`: collections, by preference.
pub fn glyph(character: char, is_bold: bool, wide: &[Collection]) -> Option<Glyph> {
    let character = match character {
        // Hyphens and spaces that differ only in where lines break, which is settled before.
        '\u{2010}' | '\u{2011}' => '-',
        '\u{202F}' | '\u{2009}' => '\u{A0}',
        other => other,
    };
    if let Some(code) = windows_1252(character) {
        let widths = if is_bold { &BOLD } else { &REGULAR };
        let width = widths.get(usize::from(code.wrapping_sub(32))).copied()?;
        return Some(Glyph { face: Face::Latin, code: u32::from(code), width, character });
    }
    if let Ok(at) = EAST.binary_search_by_key(&character, |entry| entry.0) {
        let (_, _, regular, bold) = EAST.get(at)?;
        let code = u32::from(EAST_FIRST) + u32::try_from(at).ok()?;
        let width = if is_bold { *bold } else { *regular };
        return Some(Glyph { face: Face::East, code, width, character });
    }
    let collection = wide.iter().find(|collection| collection.has(character))?;
    let face = Face::Wide(*collection);
    Some(Glyph { face, code: u32::from(character), width: 1_000, character })
}

/// The byte of a character in Windows-1252, if it has one that is printed.
fn windows_1252(character: char) -> Option<u8> {
    match u32::from(character) {
        code @ (0x20..=0x7E | 0xA0..=0xFF) => u8::try_from(code).ok(),
        _ => {
            let at = HIGH.iter().position(|known| *known == Some(character))?;
            u8::try_from(at).ok().map(|at| at + 0x80)
        }
    }
}

/// Windows-1252 from 0x80 to 0x9F.
#[rustfmt::skip]
const HIGH: [Option<char>; 32] = [
    Some('€'), None, Some('‚'), Some('ƒ'), Some('„'), Some('…'),
    Some('†'), Some('‡'), Some('ˆ'), Some('‰'), Some('Š'), Some('‹'),
    Some('Œ'), None, Some('Ž'), None, None, Some('‘'),
    Some('’'), Some('“'), Some('”'), Some('•'), Some('–'), Some('—'),
    Some('˜'), Some('™'), Some('š'), Some('›'), Some('œ'), None,
    Some('ž'), Some('Ÿ'),
];

/// Helvetica from 32 to 255, in Windows-1252.
#[rustfmt::skip]
const REGULAR: [u16; 224] = [
    278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278,
    556, 556, 556, 556, 556, 556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556,
    1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833, 722, 778,
    667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556,
    333, 556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556,
    556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584, 0,
    556, 0, 222, 556, 333, 1000, 556, 556, 333, 1000, 667, 333, 1000, 0, 611, 0,
    0, 222, 222, 333, 333, 350, 556, 1000, 333, 1000, 500, 333, 944, 0, 500, 667,
    278, 333, 556, 556, 556, 556, 260, 556, 333, 737, 370, 556, 584, 333, 737, 333,
    400, 584, 333, 333, 333, 556, 537, 278, 333, 333, 365, 556, 834, 834, 834, 611,
    667, 667, 667, 667, 667, 667, 1000, 722, 667, 667, 667, 667, 278, 278, 278, 278,
    722, 722, 778, 778, 778, 778, 778, 584, 778, 722, 722, 722, 722, 667, 667, 611,
    556, 556, 556, 556, 556, 556, 889, 500, 556, 556, 556, 556, 278, 278, 278, 278,
    556, 556, 556, 556, 556, 556, 556, 584, 611, 556, 556, 556, 556, 500, 556, 500,
];

/// Helvetica Bold from 32 to 255, in Windows-1252.
#[rustfmt::skip]
const BOLD: [u16; 224] = [
    278, 333, 474, 556, 556, 889, 722, 238, 333, 333, 389, 584, 278, 333, 278, 278,
    556, 556, 556, 556, 556, 556, 556, 556, 556, 556, 333, 333, 584, 584, 584, 611,
    975, 722, 722, 722, 722, 667, 611, 778, 722, 278, 556, 722, 611, 833, 722, 778,
    667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 333, 278, 333, 584, 556,
    333, 556, 611, 556, 611, 556, 333, 611, 611, 278, 278, 556, 278, 889, 611, 611,
    611, 611, 389, 556, 333, 611, 556, 778, 556, 556, 500, 389, 280, 389, 584, 0,
    556, 0, 278, 556, 500, 1000, 556, 556, 333, 1000, 667, 333, 1000, 0, 611, 0,
    0, 278, 278, 500, 500, 350, 556, 1000, 333, 1000, 556, 333, 944, 0, 500, 667,
    278, 333, 556, 556, 556, 556, 280, 556, 333, 737, 370, 556, 584, 333, 737, 333,
    400, 584, 333, 333, 333, 611, 556, 278, 333, 333, 365, 556, 834, 834, 834, 611,
    722, 722, 722, 722, 722, 722, 1000, 722, 667, 667, 667, 667, 278, 278, 278, 278,
    722, 722, 778, 778, 778, 778, 778, 584, 778, 722, 722, 722, 722, 667, 667, 611,
    556, 556, 556, 556, 556, 556, 889, 556, 556, 556, 556, 556, 278, 278, 278, 278,
    611, 611, 611, 611, 611, 611, 611, 584, 611, 611, 611, 611, 611, 556, 611, 556,
];

/// Letters that Helvetica has beyond Windows-1252, by code point: their glyphs' names, and their
/// widths in Helvetica and Helvetica Bold.
#[rustfmt::skip]
pub const EAST: [(char, &str, u16, u16); 84] = [
    ('Ā', "Amacron", 667, 722), ('ā', "amacron", 556, 556), ('Ă', "Abreve", 667, 722),
    ('ă', "abreve", 556, 556), ('Ą', "Aogonek", 667, 722), ('ą', "aogonek", 556, 556),
    ('Ć', "Cacute", 722, 722), ('ć', "cacute", 500, 556), ('Č', "Ccaron", 722, 722),
    ('č', "ccaron", 500, 556), ('Ď', "Dcaron", 722, 722), ('ď', "dcaron", 643, 743),
    ('Đ', "Dcroat", 722, 722), ('đ', "dcroat", 556, 611), ('Ē', "Emacron", 667, 667),
    ('ē', "emacron", 556, 556), ('Ė', "Edotaccent", 667, 667), ('ė', "edotaccent", 556, 556),
    ('Ę', "Eogonek", 667, 667), ('ę', "eogonek", 556, 556), ('Ě', "Ecaron", 667, 667),
    ('ě', "ecaron", 556, 556), ('Ğ', "Gbreve", 778, 778), ('ğ', "gbreve", 556, 611),
    ('Ģ', "Gcommaaccent", 778, 778), ('ģ', "gcommaaccent", 556, 611), ('Ī', "Imacron", 278, 278),
    ('ī', "imacron", 278, 278), ('Į', "Iogonek", 278, 278), ('į', "iogonek", 222, 278),
    ('İ', "Idotaccent", 278, 278), ('ı', "dotlessi", 278, 278), ('Ķ', "Kcommaaccent", 667, 722),
    ('ķ', "kcommaaccent", 500, 556), ('Ĺ', "Lacute", 556, 611), ('ĺ', "lacute", 222, 278),
    ('Ļ', "Lcommaaccent", 556, 611), ('ļ', "lcommaaccent", 222, 278), ('Ľ', "Lcaron", 556, 611),
    ('ľ', "lcaron", 299, 400), ('Ł', "Lslash", 556, 611), ('ł', "lslash", 222, 278),
    ('Ń', "Nacute", 722, 722), ('ń', "nacute", 556, 611), ('Ņ', "Ncommaaccent", 722, 722),
    ('ņ', "ncommaaccent", 556, 611), ('Ň', "Ncaron", 722, 722), ('ň', "ncaron", 556, 611),
    ('Ō', "Omacron", 778, 778), ('ō', "omacron", 556, 611), ('Ő', "Ohungarumlaut", 778, 778),
    ('ő', "ohungarumlaut", 556, 611), ('Ŕ', "Racute", 722, 722), ('ŕ', "racute", 333, 389),
    ('Ŗ', "Rcommaaccent", 722, 722), ('ŗ', "rcommaaccent", 333, 389), ('Ř', "Rcaron", 722, 722),
    ('ř', "rcaron", 333, 389), ('Ś', "Sacute", 667, 667), ('ś', "sacute", 500, 556),
    ('Ş', "Scedilla", 667, 667), ('ş', "scedilla", 500, 556), ('Ţ', "Tcommaaccent", 611, 611),
    ('ţ', "tcommaaccent", 278, 333), ('Ť', "Tcaron", 611, 611), ('ť', "tcaron", 317, 389),
    ('Ū', "Umacron", 722, 722), ('ū', "umacron", 556, 611), ('Ů', "Uring", 722, 722),
    ('ů', "uring", 556, 611), ('Ű', "Uhungarumlaut", 722, 722), ('ű', "uhungarumlaut", 556, 611),
    ('Ų', "Uogonek", 722, 722), ('ų', "uogonek", 556, 611), ('Ź', "Zacute", 611, 611),
    ('ź', "zacute", 500, 500), ('Ż', "Zdotaccent", 611, 611), ('ż', "zdotaccent", 500, 500),
    ('Ș', "Scommaaccent", 667, 667), ('ș', "scommaaccent", 500, 556), ('−', "minus", 584, 584),
    ('≠', "notequal", 549, 549), ('≤', "lessequal", 549, 549), ('≥', "greaterequal", 549, 549),
];

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests fail by panicking")]
    use super::*;

    const CHINESE: [Collection; 2] = [Collection::Cns1, Collection::Gb1];

    #[test]
    fn every_character_has_the_font_that_knows_it() {
        let face = |c| glyph(c, false, &CHINESE).map(|found| (found.face, found.code));
        assert_eq!(face('A'), Some((Face::Latin, 65)));
        assert_eq!(face('€'), Some((Face::Latin, 0x80)));
        assert_eq!(face('ë'), Some((Face::Latin, 0xEB)));
        assert_eq!(face('–'), Some((Face::Latin, 0x96)));
        let (known, code) = face('ł').unwrap();
        assert_eq!(known, Face::East);
        assert_eq!(EAST[usize::try_from(code - 32).unwrap()].1, "lslash");
        assert_eq!(face('門'), Some((Face::Wide(Collection::Cns1), 0x9580)));
        assert_eq!(face('们'), Some((Face::Wide(Collection::Gb1), 0x4EEC)));
        assert_eq!(face('𨋢'), Some((Face::Wide(Collection::Cns1), 0x282E2)));
        for unknown in ['م', 'ש', '\u{0}', '\u{7F}', '\u{200B}', '😀', '\u{FFFD}'] {
            assert_eq!(face(unknown), None, "{unknown:?}");
        }
    }

    #[test]
    fn the_letters_beyond_are_in_order_so_that_they_are_found() {
        assert!(EAST.is_sorted_by_key(|entry| entry.0));
        assert!(EAST.len() + usize::from(EAST_FIRST) <= 256);
    }

    #[test]
    fn widths_are_those_of_the_standard_font() {
        let width = |c, bold| glyph(c, bold, &[]).unwrap().width;
        assert_eq!((width('i', false), width('i', true)), (222, 278));
        assert_eq!((width('W', false), width('@', false)), (944, 1_015));
        assert_eq!((width('0', false), width('0', true)), (556, 556));
    }
}
