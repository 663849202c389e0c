//! Abstract portraits for people who do not exist: drawn by ourselves, the same for the same id.

use std::fmt::Write as _;

/// SOURCE: Fowler, Noll and Vo, FNV-1a, 64 bits (offset basis and prime).
fn hash(text: &str) -> u64 {
    let basis = 0xcbf2_9ce4_8422_2325_u64;
    text.bytes().fold(basis, |all, byte| (all ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3))
}

/// Draws one choice after another from a number.
struct Choices(u64);

impl Choices {
    /// One of `count`, from 0.
    fn of(&mut self, count: u64) -> u64 {
        // SOURCE: Steele, Lea and Flood, "Fast splittable pseudorandom number generators" (2014).
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % count.max(1)
    }
}

/// A portrait as SVG of some hundred bytes: shapes and colours, nobody's likeness.
pub fn svg(person: &str) -> String {
    let mut choices = Choices(hash(person));
    let ground = choices.of(12) * 30;
    let coat = (ground + 90 + choices.of(7) * 30) % 360;
    let head = (ground + 150 + choices.of(4) * 20) % 360;
    let hair = choices.of(360);
    let (tilt, width) = (choices.of(17) as i64 - 8, 17 + choices.of(5));
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 96 96\">\
         <rect width=\"96\" height=\"96\" fill=\"hsl({ground},38%,72%)\"/>\
         <path d=\"M12 96c0-24 16-34 36-34s36 10 36 34z\" fill=\"hsl({coat},42%,38%)\"/>\
         <g transform=\"rotate({tilt} 48 60)\">\
         <rect x=\"41\" y=\"50\" width=\"14\" height=\"18\" rx=\"7\" fill=\"hsl({head},36%,62%)\"/>\
         <ellipse cx=\"48\" cy=\"40\" rx=\"{width}\" ry=\"22\" fill=\"hsl({head},40%,70%)\"/>"
    );
    let crown = [
        "M27 38c0-16 8-24 21-24s21 8 21 24c-6-10-12-12-21-12s-15 2-21 12z",
        "M25 58c-4-30 6-46 23-46s27 16 23 46c-4-2-3-22-8-30-9 4-21 4-30 0-5 8-4 28-8 30z",
        "M29 30c4-14 34-20 38 2-8-4-10-6-16-6s-14 6-22 4z",
        "M28 28a8 8 0 0 1 10-12 12 12 0 0 1 20 0 8 8 0 0 1 10 12c-12-6-28-6-40 0z",
        "M30 24h36l-4-8H34z",
    ];
    let shape = crown.get(choices.of(crown.len() as u64) as usize).copied().unwrap_or_default();
    let _ = write!(svg, "<path d=\"{shape}\" fill=\"hsl({hair},34%,26%)\"/>");
    if choices.of(3) == 0 {
        let line = "fill=\"none\" stroke=\"#222\" stroke-width=\"2\"";
        let _ = write!(
            svg,
            "<g {line}><circle cx=\"40\" cy=\"41\" r=\"6\"/><circle cx=\"56\" cy=\"41\" r=\"6\"/>\
             <path d=\"M46 41h4\"/></g>"
        );
    }
    if choices.of(2) == 0 {
        let _ = write!(svg, "<path d=\"M38 64l10 14 10-14\" fill=\"hsl({hair},50%,80%)\"/>");
    }
    svg.push_str("</g></svg>");
    svg
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests fail by panicking")]
    use super::*;

    #[test]
    fn everybody_has_a_small_portrait_of_their_own() {
        let people: Vec<String> = (0..200).map(|number| format!("person-{number}")).collect();
        let drawn: std::collections::BTreeSet<String> = people.iter().map(|id| svg(id)).collect();
        assert_eq!(drawn.len(), people.len(), "two people look the same");
        assert!(drawn.iter().all(|text| (300..2_000).contains(&text.len())));
        assert_eq!(svg("person-1"), svg("person-1"));
        for text in &drawn {
            let found = codec::picture::read(text.as_bytes()).unwrap();
            assert_eq!((found.width, found.height), (96, 96));
        }
    }
}
