//! Chance from a seed alone: the same words give the same numbers on every machine.

/// A small generator (SplitMix64): good enough for plausible days, and for nothing secret.
/// SOURCE: Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014, figure 16.
#[derive(Debug, Clone)]
pub(crate) struct Chance(u64);

impl Chance {
    /// For one purpose: what is asked here does not disturb any other purpose's numbers.
    pub(crate) fn of(seed: u64, purpose: &[&str]) -> Self {
        let mut state = seed ^ 0xcbf2_9ce4_8422_2325;
        for word in purpose {
            for byte in word.bytes().chain([0]) {
                state = (state ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
            }
        }
        let mut chance = Self(state);
        chance.next();
        chance
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number from `from` to `to`, both included; `from` when the range is empty.
    pub(crate) fn between(&mut self, from: i64, to: i64) -> i64 {
        let width = u64::try_from(to.saturating_sub(from)).unwrap_or(0).saturating_add(1);
        let step = i64::try_from(self.next() % width).unwrap_or(0);
        from.saturating_add(step)
    }

    /// True in so many of a hundred cases.
    pub(crate) fn percent(&mut self, of_hundred: u32) -> bool {
        self.next() % 100 < u64::from(of_hundred)
    }

    pub(crate) fn pick<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
        let count = u64::try_from(from.len()).ok().filter(|count| *count > 0)?;
        from.get(usize::try_from(self.next() % count).ok()?)
    }

    /// So many hexadecimal digits.
    pub(crate) fn hex(&mut self, digits: usize) -> String {
        let mut text = String::new();
        while text.len() < digits {
            text.push_str(&format!("{:016x}", self.next()));
        }
        text.truncate(digits);
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn purposes_do_not_share_their_numbers() {
        let draw = |purpose: &[&str]| Chance::of(7, purpose).next();
        assert_eq!(draw(&["a", "b"]), draw(&["a", "b"]));
        assert_ne!(draw(&["a", "b"]), draw(&["ab"]));
        assert_ne!(draw(&["a", "b"]), draw(&["b", "a"]));
    }

    #[test]
    fn ranges_hold_both_their_ends() {
        let mut chance = Chance::of(1, &["range"]);
        let drawn: std::collections::BTreeSet<i64> =
            (0..200).map(|_| chance.between(-1, 1)).collect();
        assert_eq!(drawn.into_iter().collect::<Vec<_>>(), [-1, 0, 1]);
        assert_eq!(chance.between(5, 4), 5);
    }
}
