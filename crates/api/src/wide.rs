//! Texts of two bytes a character, as Windows writes them, within records that are no text.

/// A text within bytes is looked into from this many characters on.
const CHARS_MIN: usize = 3;

/// The bytes with each UTF-16 text in them as `cover` gives it; `None` where it changes none.
/// Either order of bytes, beginning at any byte. SOURCE: RFC 2781, section 2.
pub fn covered(bytes: &[u8], cover: &dyn Fn(&str) -> Option<String>) -> Option<Vec<u8>> {
    let mut out: Option<Vec<u8>> = None;
    for order in [Order::Little, Order::Big] {
        for start in [0, 1] {
            let now = out.as_deref().unwrap_or(bytes);
            out = pass(now, (order, start), cover).or(out);
        }
    }
    out
}

#[derive(Clone, Copy)]
enum Order {
    Little,
    Big,
}

impl Order {
    fn unit(self, pair: &[u8]) -> u16 {
        let pair = [pair.first().copied().unwrap_or(0), pair.get(1).copied().unwrap_or(0)];
        match self {
            Self::Little => u16::from_le_bytes(pair),
            Self::Big => u16::from_be_bytes(pair),
        }
    }

    fn write(self, text: &str, out: &mut Vec<u8>) {
        for unit in text.encode_utf16() {
            out.extend_from_slice(&match self {
                Self::Little => unit.to_le_bytes(),
                Self::Big => unit.to_be_bytes(),
            });
        }
    }
}

fn pass(
    bytes: &[u8],
    (order, start): (Order, usize),
    cover: &dyn Fn(&str) -> Option<String>,
) -> Option<Vec<u8>> {
    let units = bytes.get(start..)?.chunks_exact(2).map(|pair| order.unit(pair));
    // Where the text in work began, and what has been written out.
    let (mut text, mut begun, mut at, mut done) = (String::new(), start, start, 0);
    let mut out = Vec::new();
    let mut close = |text: &mut String, begun: usize, end: usize| {
        if text.chars().nth(CHARS_MIN - 1).is_some()
            && let Some(covered) = cover(text)
        {
            out.extend_from_slice(bytes.get(done..begun).unwrap_or_default());
            order.write(&covered, &mut out);
            done = end;
        }
        text.clear();
    };
    for read in char::decode_utf16(units) {
        let length = read.as_ref().map_or(1, |c| c.len_utf16()) * 2;
        match read.ok().filter(|c| !c.is_control() || "\t\r\n".contains(*c)) {
            Some(c) => text.push(c),
            None => {
                close(&mut text, begun, at);
                begun = at + length;
            }
        }
        at += length;
    }
    close(&mut text, begun, at);
    (done > 0).then(|| {
        out.extend_from_slice(bytes.get(done..).unwrap_or_default());
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(bytes: &[u8], expected: Option<&[u8]>) {
        let cover =
            |text: &str| text.contains("Zo\u{eb} O").then(|| text.replace("Zo\u{eb} O", "p-77"));
        assert_eq!(covered(bytes, &cover).as_deref(), expected, "{bytes:?}");
    }

    #[test]
    fn a_name_of_two_bytes_a_character_is_found_wherever_it_begins() {
        for order in [Order::Little, Order::Big] {
            for lead in [&[][..], &[7], &[7, 0, 1, 2]] {
                let record = |name: &str| {
                    let mut bytes = lead.to_vec();
                    order.write(&format!("user {name} in"), &mut bytes);
                    bytes.extend_from_slice(&[0, 0, 0xD8, 9]);
                    bytes
                };
                check(&record("Zo\u{eb} O"), Some(&record("p-77")));
                check(&record("Ana"), None);
            }
        }
        check(&[], None);
        check(&[0xFF], None);
    }
}
