//! The bytes of a list as text: what its encoding makes of them, and where it does not fit.

use model::problem::{Position, Problem, position_at};

use super::map::Encoding;

/// The text of a list. A byte order mark says more than the map does.
///
/// Fails with the place of the first byte that is not of the encoding.
pub fn decode(file: &str, bytes: &[u8], encoding: Encoding) -> Result<String, Problem> {
    match bytes {
        [0xff, 0xfe, rest @ ..] => utf16(file, rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => utf16(file, rest, u16::from_be_bytes),
        [0xef, 0xbb, 0xbf, rest @ ..] => utf8(file, rest),
        _ => match encoding {
            Encoding::Utf8 => utf8(file, bytes),
            Encoding::Utf16 => utf16(file, bytes, u16::from_le_bytes),
            Encoding::Latin1 => latin1(file, bytes),
        },
    }
}

fn refused(file: &str, at: Position, message: String) -> Problem {
    Problem::error(file, Some(at), "encoding", message)
}

/// The place after a text.
fn after(text: &str) -> Position {
    position_at(text, text.len())
}

fn utf8(file: &str, bytes: &[u8]) -> Result<String, Problem> {
    let error = match std::str::from_utf8(bytes) {
        Ok(text) => return Ok(text.to_owned()),
        Err(error) => error,
    };
    let (before, wrong) = bytes.split_at_checked(error.valid_up_to()).unwrap_or((bytes, &[]));
    let byte = wrong.first().copied().unwrap_or_default();
    let at = after(&String::from_utf8_lossy(before));
    let message = format!(
        "the byte {byte:#04x} is no UTF-8: write the list as UTF-8, or say `encoding = \"latin-1\"` \
         under `csv` in the map"
    );
    Err(refused(file, at, message))
}

fn utf16(file: &str, bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<String, Problem> {
    let pairs = bytes.chunks_exact(2);
    let is_cut = !pairs.remainder().is_empty();
    let units = pairs.filter_map(|pair| Some(unit(<[u8; 2]>::try_from(pair).ok()?)));
    let mut text = String::with_capacity(bytes.len() / 2);
    for one in char::decode_utf16(units) {
        match one {
            Ok(c) => text.push(c),
            Err(error) => {
                let half = error.unpaired_surrogate();
                let message = format!("{half:#06x} is half a character of UTF-16");
                return Err(refused(file, after(&text), message));
            }
        }
    }
    match is_cut {
        true => Err(refused(file, after(&text), "the list ends in half a character".to_owned())),
        false => Ok(text),
    }
}

fn latin1(file: &str, bytes: &[u8]) -> Result<String, Problem> {
    let mut text = String::with_capacity(bytes.len());
    for byte in bytes {
        // What Windows writes there (curly quotes, the euro) is not Latin-1.
        if (0x80..0xa0).contains(byte) {
            let message = format!("the byte {byte:#04x} is no letter of Latin-1");
            return Err(refused(file, after(&text), message));
        }
        text.push(char::from(*byte));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(bytes: &[u8], encoding: Encoding, expected: &str) {
        let told = match decode("f.csv", bytes, encoding) {
            Ok(text) => text,
            Err(problem) => problem.to_string(),
        };
        assert_eq!(told, expected, "{bytes:?}");
    }

    #[test]
    fn a_list_is_text_by_its_mark_or_its_map_and_else_has_a_place() {
        let wide = |text: &str, unit: fn(u16) -> [u8; 2]| -> Vec<u8> {
            text.encode_utf16().flat_map(unit).collect()
        };
        check(b"\xef\xbb\xbfid\n\xc3\xa9", Encoding::Latin1, "id\né");
        check(
            &[b"\xff\xfe", &*wide("id\né漢", u16::to_le_bytes)].concat(),
            Encoding::Utf8,
            "id\né漢",
        );
        check(&[b"\xfe\xff", &*wide("id", u16::to_be_bytes)].concat(), Encoding::Utf8, "id");
        check(&wide("id", u16::to_le_bytes), Encoding::Utf16, "id");
        check(b"Ren\xe9", Encoding::Latin1, "René");
        check(
            b"id\nRen\xe9,1\n",
            Encoding::Utf8,
            "f.csv:2:4: error: the byte 0xe9 is no UTF-8: write the list as UTF-8, or say \
             `encoding = \"latin-1\"` under `csv` in the map [encoding]",
        );
        check(
            b"id\n\x93A\x94\n",
            Encoding::Latin1,
            "f.csv:2:1: error: the byte 0x93 is no letter of Latin-1 [encoding]",
        );
        check(
            &[b"\xff\xfe", &*wide("a\nb", u16::to_le_bytes), &[0x00, 0xd8, 0x41, 0x00]].concat(),
            Encoding::Utf8,
            "f.csv:2:2: error: 0xd800 is half a character of UTF-16 [encoding]",
        );
        check(
            b"\xff\xfea\0b",
            Encoding::Utf8,
            "f.csv:1:2: error: the list ends in half a character [encoding]",
        );
    }
}
