//! Formats by name, read from text in the manner of vendors' documents.
//!
//! ```text
//! format H10301 the open 26-bit format
//! layout PFFFFFFFFNNNNNNNNNNNNNNNNP
//! parity EXXXXXXXXXXXX.............
//! parity .............XXXXXXXXXXXXO
//! ```
//!
//! In `layout` one character stands for one bit: `F` facility, `N` number, `I` issue, `D` what is
//! carried beside them, `P` parity, `0` and `1` bits that are always so. Each `parity` row says by
//! `E` or `O` where one parity bit stands and whether the ones are even or odd in number, and by
//! `X` what it covers; rows are made in their order. `number decimal` says that the number is
//! written in digits of four bits; `layout fasc-n` is the one layout that is not made of rows.
//! Blanks within rows, empty lines and lines that begin with `#` are skipped.

use thiserror::Error;

use super::bits::{BITS_MAX, Bits};
use super::card::{Card, Part, WiegandError};
use super::fascn;
use super::format::{Format, Layout, Linear, Parity};

/// Formats of one table; one more is refused.
pub const FORMATS_MAX: usize = 256;

/// The formats that come with the program.
const SHIPPED: &str = include_str!("formats.txt");

/// Why a table cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Error)]
pub enum FormatErrorKind {
    /// The line begins with no known word.
    #[error("expected `format`, `layout`, `number` or `parity`")]
    Word,
    /// A row stands before any `format`.
    #[error("there is no `format` above this line")]
    NoFormat,
    /// Two formats have one name.
    #[error("`{0}` is defined twice")]
    Twice(String),
    /// A format has no name, or a second layout.
    #[error("expected one name and one layout for each format")]
    OneEach,
    /// A character means nothing in its row.
    #[error("`{found}` in column {column} means nothing here")]
    Character {
        /// What stands there.
        found: char,
        /// Where, counted from 1 without blanks.
        column: usize,
    },
    /// The row is not as long as the layout.
    #[error("the row has {found} bits, the layout {expected}")]
    Length {
        /// Bits of the layout.
        expected: usize,
        /// Bits of the row.
        found: usize,
    },
    /// A parity row has no `E` or `O`, several, or one where the layout has no `P`.
    #[error("a parity row has one `E` or `O`, where the layout has `P`")]
    ParityPlace,
    /// A parity row covers a parity bit that is made later or by nobody.
    #[error("the row covers the parity at bit {0}, which is made after it or not at all")]
    ParityOrder(usize),
    /// A `P` has no row, or there is no number.
    #[error("every `P` needs its row, and the number needs 1 to 64 bits, others at most 64")]
    Incomplete,
    /// The number's bits make no whole digits.
    #[error("a decimal number needs whole digits of four bits")]
    Digits,
    /// Too many bits or formats.
    #[error("at most {BITS_MAX} bits and {FORMATS_MAX} formats")]
    TooMany,
}

/// A refused table.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Error)]
#[error("card formats, line {line}: {kind}")]
pub struct FormatError {
    /// Why.
    pub kind: FormatErrorKind,
    /// Line, from 1.
    pub line: usize,
}

/// Formats by name, in the order of their text.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Formats {
    formats: Vec<Format>,
}

impl Formats {
    /// Reads a table.
    ///
    /// # Errors
    /// [`FormatError`]: the first line that cannot be used.
    pub fn parse(text: &str) -> Result<Self, FormatError> {
        let mut formats = Vec::new();
        let mut draft: Option<Draft> = None;
        for (index, line) in text.lines().enumerate() {
            let number = index + 1;
            let refuse = |kind| FormatError { kind, line: number };
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
            if word == "format" {
                finish(draft.take(), &mut formats)?;
                let (name, about) = rest.trim().split_once(' ').unwrap_or((rest.trim(), ""));
                if name.is_empty() {
                    return Err(refuse(FormatErrorKind::OneEach));
                }
                draft = Some(Draft::new(number, name, about.trim()));
                continue;
            }
            let open = draft.as_mut().ok_or_else(|| refuse(FormatErrorKind::NoFormat))?;
            open.row(word, rest.trim()).map_err(refuse)?;
        }
        finish(draft, &mut formats)?;
        Ok(Self { formats })
    }

    /// The formats that come with the program.
    ///
    /// # Errors
    /// None in a program that passed its tests.
    pub fn shipped() -> Result<Self, FormatError> {
        Self::parse(SHIPPED)
    }

    /// The shipped formats and those of a site's own text, whose names must be new.
    ///
    /// # Errors
    /// [`FormatError`]: with the line of the site's text.
    pub fn with(text: &str) -> Result<Self, FormatError> {
        let mut all = Self::shipped()?;
        for format in Self::parse(text)?.formats {
            if all.get(&format.name).is_some() {
                let line = line_of(text, &format.name);
                return Err(FormatError { kind: FormatErrorKind::Twice(format.name), line });
            }
            all.formats.push(format);
        }
        Ok(all)
    }

    /// A format by its name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Format> {
        self.formats.iter().find(|format| format.name == name)
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Format> {
        self.formats.iter()
    }

    /// Every format of this length with what it makes of the bits, readings and refusals.
    /// More than one reading is normal for 32, 34, 36 and 37 bits: the reader's configured format
    /// decides.
    pub fn readings<'a>(
        &'a self,
        bits: &'a Bits,
    ) -> impl Iterator<Item = (&'a Format, Result<Card, WiegandError>)> {
        let fitting = self.formats.iter().filter(|format| format.bits == bits.len());
        fitting.map(|format| (format, format.decode(bits)))
    }
}

fn line_of(text: &str, name: &str) -> usize {
    let named = |line: &str| {
        let mut words = line.split_whitespace();
        words.next() == Some("format") && words.next() == Some(name)
    };
    text.lines().position(named).map_or(1, |index| index + 1)
}

/// A format whose rows are still being read.
struct Draft {
    line: usize,
    name: String,
    about: String,
    layout: Option<Layout>,
    bits: usize,
    /// Positions of `P` that no row has made yet.
    open: Vec<usize>,
}

impl Draft {
    fn new(line: usize, name: &str, about: &str) -> Self {
        let (name, about) = (name.to_owned(), about.to_owned());
        Self { line, name, about, layout: None, bits: 0, open: Vec::new() }
    }

    fn row(&mut self, word: &str, rest: &str) -> Result<(), FormatErrorKind> {
        match word {
            "layout" if self.layout.is_some() => Err(FormatErrorKind::OneEach),
            "layout" if rest == "fasc-n" => {
                self.bits = fascn::BITS;
                self.layout = Some(Layout::FascN);
                Ok(())
            }
            "layout" => self.layout(rest),
            "number" if rest == "decimal" => {
                let linear = self.linear()?;
                linear.is_decimal = true;
                Ok(())
            }
            "parity" => self.parity(rest),
            _ => Err(FormatErrorKind::Word),
        }
    }

    fn linear(&mut self) -> Result<&mut Linear, FormatErrorKind> {
        match &mut self.layout {
            Some(Layout::Linear(linear)) => Ok(linear),
            Some(Layout::FascN) | None => Err(FormatErrorKind::OneEach),
        }
    }

    fn layout(&mut self, rest: &str) -> Result<(), FormatErrorKind> {
        let [mut facility, mut issue, mut extra] = [const { Vec::new() }; 3];
        let (mut number, mut fixed) = (Vec::new(), Vec::new());
        for (at, found) in cells(rest).enumerate() {
            match found {
                'F' => facility.push(at),
                'N' => number.push(at),
                'I' => issue.push(at),
                'D' => extra.push(at),
                'P' => self.open.push(at),
                '0' | '1' => fixed.push((at, found == '1')),
                found => return Err(FormatErrorKind::Character { found, column: at + 1 }),
            }
            self.bits = at + 1;
        }
        if self.bits > BITS_MAX {
            return Err(FormatErrorKind::TooMany);
        }
        let parts = [facility, number, issue, extra];
        let parity = Vec::new();
        self.layout = Some(Layout::Linear(Linear { parts, is_decimal: false, fixed, parity }));
        Ok(())
    }

    fn parity(&mut self, rest: &str) -> Result<(), FormatErrorKind> {
        let expected = self.bits;
        let (mut covers, mut places) = (Vec::new(), Vec::new());
        for (at, found) in cells(rest).enumerate() {
            match found {
                'X' => covers.push(at),
                'E' | 'O' => places.push((at, found == 'O')),
                '.' => {}
                found => return Err(FormatErrorKind::Character { found, column: at + 1 }),
            }
        }
        let found = cells(rest).count();
        if found != expected {
            return Err(FormatErrorKind::Length { expected, found });
        }
        let [(at, is_odd)] = places.as_slice() else {
            return Err(FormatErrorKind::ParityPlace);
        };
        let index = self.open.iter().position(|open| open == at);
        let index = index.ok_or(FormatErrorKind::ParityPlace)?;
        self.open.remove(index);
        if let Some(early) = covers.iter().find(|at| self.open.contains(at)) {
            return Err(FormatErrorKind::ParityOrder(*early));
        }
        let (at, is_odd) = (*at, *is_odd);
        self.linear()?.parity.push(Parity { at, is_odd, covers });
        Ok(())
    }
}

fn cells(row: &str) -> impl Iterator<Item = char> {
    row.chars().filter(|cell| !cell.is_whitespace())
}

fn finish(draft: Option<Draft>, formats: &mut Vec<Format>) -> Result<(), FormatError> {
    let Some(draft) = draft else { return Ok(()) };
    let refuse = |kind| FormatError { kind, line: draft.line };
    if formats.iter().any(|format| format.name == draft.name) {
        return Err(refuse(FormatErrorKind::Twice(draft.name.clone())));
    }
    if formats.len() == FORMATS_MAX {
        return Err(refuse(FormatErrorKind::TooMany));
    }
    match &draft.layout {
        None => return Err(refuse(FormatErrorKind::OneEach)),
        Some(Layout::FascN) => {}
        Some(Layout::Linear(linear)) => {
            let number = linear.parts.iter().zip(Part::ALL).find(|(_, part)| *part == Part::Number);
            let is_numbered = number.is_some_and(|(positions, _)| !positions.is_empty());
            if !draft.open.is_empty() || !is_numbered || linear.parts.iter().any(|p| p.len() > 64) {
                return Err(refuse(FormatErrorKind::Incomplete));
            }
            if linear.is_decimal && number.is_some_and(|(positions, _)| positions.len() % 4 != 0) {
                return Err(refuse(FormatErrorKind::Digits));
            }
        }
    }
    let Draft { name, about, layout, bits, .. } = draft;
    if let Some(layout) = layout {
        formats.push(Format { name, about, bits, layout });
    }
    Ok(())
}
