//! Images as people give them: what kind, how large, and nothing in it that acts.
//!
//! SOURCE: W3C PNG, third edition, sections 5.2 and 11.2.1; ITU-T T.81 (JPEG), sections B.1.1 and
//! B.2.2; W3C SVG 2, sections 8.2 and 8.6. An SVG
//! is taken only when it holds no script, no event handler and no reference to elsewhere: whoever
//! opens it alone is then as safe as in the console, where it is only ever an image.

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

/// Widest and highest image, in its own units.
pub const SIDE_MAX: u32 = 20_000;
/// Deepest nesting of an SVG.
const DEPTH_MAX: usize = 100;

/// What an image is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PictureKind {
    /// `image/svg+xml`.
    Svg,
    /// `image/png`.
    Png,
    /// `image/jpeg`.
    Jpeg,
}

impl PictureKind {
    /// Its media type.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Svg => "image/svg+xml",
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
        }
    }
}

/// An image that may be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Picture {
    /// Its kind.
    pub kind: PictureKind,
    /// In its own units, 1 to [`SIDE_MAX`].
    pub width: u32,
    /// In its own units, 1 to [`SIDE_MAX`].
    pub height: u32,
}

/// Why an image is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PictureError {
    /// None of the three.
    #[error("neither SVG, PNG nor JPEG")]
    Unknown,
    /// It ends too early, or is not XML.
    #[error("not readable: {0}")]
    Torn(String),
    /// No size, or one beyond bounds.
    #[error("its size is {0}, expected 1 to {SIDE_MAX} on each side")]
    Size(String),
    /// Something in it would act or load.
    #[error("it holds {0}, which an image may not")]
    Active(String),
}

const PNG_HEAD: [u8; 8] = [0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a];

/// Start of image.
const JPEG_HEAD: [u8; 2] = [0xff, 0xd8];

/// Looks at an image's bytes.
pub fn read(bytes: &[u8]) -> Result<Picture, PictureError> {
    if bytes.starts_with(&PNG_HEAD) {
        return png(bytes);
    }
    if let Some(segments) = bytes.strip_prefix(&JPEG_HEAD) {
        return jpeg(segments);
    }
    match std::str::from_utf8(bytes) {
        Ok(text) if text.contains("<svg") => svg(text),
        Ok(_) | Err(_) => Err(PictureError::Unknown),
    }
}

fn png(bytes: &[u8]) -> Result<Picture, PictureError> {
    let torn = || PictureError::Torn("no IHDR".to_owned());
    if bytes.get(12..16) != Some(b"IHDR") {
        return Err(torn());
    }
    let side = |at: usize| {
        let four = bytes.get(at..at + 4)?;
        Some(u32::from_be_bytes(four.try_into().ok()?))
    };
    let (width, height) = (side(16).ok_or_else(torn)?, side(20).ok_or_else(torn)?);
    bounded(PictureKind::Png, f64::from(width), f64::from(height))
}

/// Walks the segments up to the frame header, which has the size.
fn jpeg(mut rest: &[u8]) -> Result<Picture, PictureError> {
    let torn = || PictureError::Torn("no frame header".to_owned());
    let number = |at: &[u8]| at.first_chunk::<2>().map(|two| u16::from_be_bytes(*two));
    loop {
        let Some([0xff, marker]) = rest.first_chunk::<2>() else { return Err(torn()) };
        let after = rest.get(2..).unwrap_or_default();
        match *marker {
            // Fill bytes, and markers without a length.
            0xff => rest = rest.get(1..).unwrap_or_default(),
            0x01 | 0xd0..=0xd7 => rest = after,
            // Frame headers; c4, c8 and cc are tables and an extension.
            0xc0..=0xc3 | 0xc5..=0xc7 | 0xc9..=0xcb | 0xcd..=0xcf => {
                let height = after.get(3..).and_then(number).ok_or_else(torn)?;
                let width = after.get(5..).and_then(number).ok_or_else(torn)?;
                return bounded(PictureKind::Jpeg, f64::from(width), f64::from(height));
            }
            // The scan, or the end, before any frame.
            0xd8..=0xda => return Err(torn()),
            _ => {
                let length = number(after).filter(|length| *length >= 2).ok_or_else(torn)?;
                rest = after.get(usize::from(length)..).ok_or_else(torn)?;
            }
        }
    }
}

fn bounded(kind: PictureKind, width: f64, height: f64) -> Result<Picture, PictureError> {
    let fits = |side: f64| side.is_finite() && (1.0..=f64::from(SIDE_MAX)).contains(&side);
    if !fits(width) || !fits(height) {
        return Err(PictureError::Size(format!("{width} × {height}")));
    }
    // INVARIANT: both lie between 1 and `SIDE_MAX`.
    Ok(Picture { kind, width: width.round() as u32, height: height.round() as u32 })
}

fn svg(text: &str) -> Result<Picture, PictureError> {
    let torn = |e: &dyn std::fmt::Display| PictureError::Torn(e.to_string());
    let mut reader = Reader::from_str(text);
    let (mut depth, mut size) = (0_usize, None);
    loop {
        match reader.read_event().map_err(|e| torn(&e))? {
            Event::Start(tag) => {
                depth += 1;
                look(&tag, &mut size)?;
            }
            Event::Empty(tag) => look(&tag, &mut size)?,
            Event::End(_) => depth = depth.saturating_sub(1),
            Event::DocType(_) => return Err(PictureError::Active("a DOCTYPE".to_owned())),
            Event::PI(_) => return Err(PictureError::Active("an instruction".to_owned())),
            Event::Text(words) => style(&words)?,
            Event::CData(words) => style(&words)?,
            Event::Comment(_) | Event::Decl(_) | Event::GeneralRef(_) => {}
            Event::Eof => break,
        }
        if depth > DEPTH_MAX {
            return Err(PictureError::Torn(format!("nested deeper than {DEPTH_MAX}")));
        }
    }
    if depth != 0 {
        return Err(PictureError::Torn("it ends inside an element".to_owned()));
    }
    let (width, height) = size.ok_or(PictureError::Size("not given".to_owned()))?;
    bounded(PictureKind::Svg, width, height)
}

/// Style sheets stand as text: they may load nothing either.
fn style(text: &str) -> Result<(), PictureError> {
    let text = text.to_lowercase();
    let loads = text.contains("@import") || text.split("url(").skip(1).any(|t| !t.starts_with('#'));
    if loads { Err(PictureError::Active("a style that loads".to_owned())) } else { Ok(()) }
}

/// Refuses what acts; takes the size from the outermost `svg`.
fn look(tag: &BytesStart<'_>, size: &mut Option<(f64, f64)>) -> Result<(), PictureError> {
    let name = tag.local_name().as_ref().to_lowercase();
    const ACTIVE: [&str; 9] =
        ["script", "foreignobject", "iframe", "object", "embed", "animate", "set", "handler", "a"];
    if ACTIVE.contains(&name.as_str()) {
        return Err(PictureError::Active(format!("<{name}>")));
    }
    let (mut box_of, mut sides) = (None, (None, None));
    for attribute in tag.attributes() {
        let attribute = attribute.map_err(|e| PictureError::Torn(e.to_string()))?;
        let key = attribute.key.local_name().as_ref().to_lowercase();
        let value = attribute.value.trim().to_lowercase();
        if key.starts_with("on") {
            return Err(PictureError::Active(format!("`{key}`")));
        }
        let is_elsewhere = match key.as_str() {
            // Inside the image itself, or bytes that it carries.
            "href" | "src" => !(value.starts_with('#') || value.starts_with("data:image/png")),
            _ => value.contains("url(") && !value.contains("url(#"),
        };
        if is_elsewhere || value.contains("javascript:") {
            return Err(PictureError::Active(format!("a reference to elsewhere in `{key}`")));
        }
        match key.as_str() {
            "viewbox" => box_of = view_box(&value),
            "width" => sides.0 = pixels(&value),
            "height" => sides.1 = pixels(&value),
            _ => {}
        }
    }
    if name == "svg" && size.is_none() {
        *size = box_of.or_else(|| sides.0.zip(sides.1));
    }
    Ok(())
}

fn view_box(value: &str) -> Option<(f64, f64)> {
    let mut numbers = value.split([' ', ',']).filter(|part| !part.is_empty());
    let (_, _) = (numbers.next()?, numbers.next()?);
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

fn pixels(value: &str) -> Option<f64> {
    value.strip_suffix("px").unwrap_or(value).trim().parse().ok()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests fail by panicking")]
    use super::*;

    #[test]
    fn sizes_come_from_the_image() {
        let mut png = PNG_HEAD.to_vec();
        png.extend(b"\0\0\0\x0dIHDR\0\0\x02\x80\0\0\x01\xe0");
        let found = read(&png).unwrap();
        assert_eq!((found.kind, found.width, found.height), (PictureKind::Png, 640, 480));
        let jpeg = b"\xff\xd8\xff\xe0\0\x04xx\xff\xff\xc2\0\x11\x08\x01\xe0\x02\x80\x03";
        let found = read(jpeg).unwrap();
        assert_eq!((found.kind, found.width, found.height), (PictureKind::Jpeg, 640, 480));
        for (text, size) in [
            ("<svg viewBox=\"0 0 1200 800\"><path d=\"M0 0\"/></svg>", (1_200, 800)),
            ("<svg width='64px' height='32'><g><use href='#a'/></g></svg>", (64, 32)),
            ("<?xml version='1.0'?><svg viewBox='0,0,10,20' width='5'/>", (10, 20)),
        ] {
            let found = read(text.as_bytes()).unwrap();
            assert_eq!((found.width, found.height), size, "{text}");
        }
    }

    #[test]
    fn what_acts_or_loads_is_refused() {
        for (inside, word) in [
            ("<script>alert(1)</script>", "<script>"),
            ("<g onload='x()'/>", "`onload`"),
            ("<image href='https://elsewhere.test/a.png'/>", "elsewhere"),
            ("<use xlink:href='other.svg#a'/>", "elsewhere"),
            ("<rect fill='url(https://elsewhere.test/#a)'/>", "elsewhere"),
            ("<style>@import 'x.css';</style>", "a style that loads"),
            ("<style><![CDATA[g{fill:url(//x.test)}]]></style>", "a style that loads"),
            ("<foreignObject/>", "<foreignobject>"),
            ("<a href='#x'/>", "<a>"),
        ] {
            let text = format!("<svg viewBox='0 0 9 9'>{inside}</svg>");
            let error = read(text.as_bytes()).unwrap_err();
            assert!(matches!(error, PictureError::Active(_)), "{inside}: {error}");
            assert!(error.to_string().contains(word), "{inside}: {error}");
        }
        let entity = "<!DOCTYPE svg [<!ENTITY a 'b'>]><svg viewBox='0 0 9 9'/>";
        assert!(matches!(read(entity.as_bytes()), Err(PictureError::Active(_))));
    }

    #[test]
    fn what_is_no_image_is_refused_with_why() {
        for (bytes, words) in [
            (&b"GIF89a"[..], "neither SVG, PNG nor JPEG"),
            (b"\xff\xd8\xff\xe0\0\x04xx\xff\xda", "no frame header"),
            (b"\xff\xd8\xff\xe0\0\0", "no frame header"),
            (b"\xff\xd8\xff\xc0\0\x11\x08\x01", "no frame header"),
            (b"\xff\xd8\xff\xc0\0\x11\x08\0\0\0\x09\x03", "its size is 9 × 0"),
            (b"<svg viewBox='0 0 0 9'/>", "its size is 0 × 9"),
            (b"<svg/>", "its size is not given"),
            (b"<svg viewBox='0 0 9 9'><g>", "it ends inside"),
            (&PNG_HEAD, "no IHDR"),
        ] {
            assert!(read(bytes).unwrap_err().to_string().contains(words), "{words}");
        }
        let deep = format!("<svg viewBox='0 0 9 9'>{}", "<g>".repeat(5_000));
        assert!(read(deep.as_bytes()).is_err());
    }
}
