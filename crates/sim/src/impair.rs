//! A bad network: what becomes of each piece on its way, from a seed, so that a failure can be had
//! again. Owns no socket; whoever does asks a [`Path`] about every piece.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::chance::Chance;

/// Longest line of control taken.
pub const WORD_BYTES_MAX: usize = 4_096;
/// Longest delay, jitter and pause, in milliseconds.
pub const DELAY_MS_MAX: u64 = 60_000;

/// How bad a way is. All of it 0 is a good one. Each fault happens to so many pieces of a million;
/// a piece is a datagram, or what was read of a connection at once.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Weather {
    /// Every piece takes so long.
    pub delay_ms: u64,
    /// And up to so much longer.
    pub jitter_ms: u64,
    /// Bytes a second; 0 for as many as come.
    pub bytes_per_s: u64,
    /// It vanishes. Of a connection that is a hole in the stream, as behind a serial converter.
    pub lose_ppm: u32,
    /// It comes twice.
    pub double_ppm: u32,
    /// Its end is missing.
    pub truncate_ppm: u32,
    /// One of its bits is turned over.
    pub flip_ppm: u32,
    /// The connection is reset there. Connections only.
    pub reset_ppm: u32,
}

/// Whether anything passes at all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Link {
    /// Everything that the weather lets through.
    #[default]
    Up,
    /// A pulled cable: nothing passes and nothing is closed; what a connection holds comes when the
    /// cable is back, datagrams are gone.
    Cut,
    /// The far end went away without a word: its connections are closed, whoever is near believes
    /// them open and hears nothing, for ever.
    HalfOpen,
    /// Nobody listens: connections are reset, new ones at once.
    Refused,
}

/// Which way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// From whoever connected to the far end.
    There,
    /// From the far end.
    Back,
}

/// How the network is now.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Network {
    /// Whether anything passes.
    pub link: Link,
    /// The way there.
    pub there: Weather,
    /// The way back.
    pub back: Weather,
    /// How often connections were reset by order.
    pub resets: u64,
}

/// One line of control.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Word {
    Link(Link),
    Weather(Weather),
    There(Weather),
    Back(Weather),
    Reset(bool),
}

/// Why a line of control is not done.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ImpairError {
    /// Too long.
    #[error("longer than {WORD_BYTES_MAX} bytes")]
    TooLong,
    /// None of the words.
    #[error("expected `link`, `weather`, `there`, `back` or `reset`: {0}")]
    Shape(String),
    /// A value that no network has.
    #[error("{0} is more than {1}")]
    TooMuch(&'static str, u64),
}

impl Weather {
    fn check(&self) -> Result<(), ImpairError> {
        let most = [
            ("`delay_ms`", self.delay_ms, DELAY_MS_MAX),
            ("`jitter_ms`", self.jitter_ms, DELAY_MS_MAX),
            ("`lose_ppm`", self.lose_ppm.into(), 1_000_000),
            ("`double_ppm`", self.double_ppm.into(), 1_000_000),
            ("`truncate_ppm`", self.truncate_ppm.into(), 1_000_000),
            ("`flip_ppm`", self.flip_ppm.into(), 1_000_000),
            ("`reset_ppm`", self.reset_ppm.into(), 1_000_000),
        ];
        match most.into_iter().find(|(_, value, max)| value > max) {
            Some((name, _, max)) => Err(ImpairError::TooMuch(name, max)),
            None => Ok(()),
        }
    }
}

impl Network {
    /// The weather of one way.
    #[must_use]
    pub const fn weather(&self, way: Way) -> &Weather {
        match way {
            Way::There => &self.there,
            Way::Back => &self.back,
        }
    }

    /// Changes it as one JSON object says: `{"link": "cut"}`, `{"weather": {"delay_ms": 40}}`,
    /// `{"back": {…}}`, `{"reset": true}`. A weather replaces the one before whole.
    ///
    /// # Errors
    /// [`ImpairError`]: what is no such word; nothing is changed.
    pub fn apply(&mut self, line: &str) -> Result<(), ImpairError> {
        if line.len() > WORD_BYTES_MAX {
            return Err(ImpairError::TooLong);
        }
        let word = serde_json::from_str::<Word>(line);
        match word.map_err(|why| ImpairError::Shape(why.to_string()))? {
            Word::Link(link) => self.link = link,
            Word::Weather(weather) => {
                weather.check()?;
                (self.there, self.back) = (weather, weather);
            }
            Word::There(weather) => {
                weather.check()?;
                self.there = weather;
            }
            Word::Back(weather) => {
                weather.check()?;
                self.back = weather;
            }
            Word::Reset(is_now) => self.resets += u64::from(is_now),
        }
        Ok(())
    }
}

/// What becomes of one piece.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// It arrives so, at that time; as no piece at all when it is lost.
    Arrives {
        /// What arrives.
        pieces: Vec<Vec<u8>>,
        /// When, by the clock that was handed in.
        at: Duration,
    },
    /// The connection is reset.
    Reset,
}

/// One way of one connection, or of all datagrams.
#[derive(Debug)]
pub struct Path {
    chance: Chance,
    /// When the line has carried what it was given, at its speed.
    free_at: Duration,
}

impl Path {
    /// The `number`th connection's way; the same seed and number give the same fates.
    #[must_use]
    pub fn new(seed: u64, number: u64, way: Way) -> Self {
        let way = match way {
            Way::There => "there",
            Way::Back => "back",
        };
        let chance = Chance::of(seed, &["impair", &number.to_string(), way]);
        Self { chance, free_at: Duration::ZERO }
    }

    /// What becomes of `piece`, given at `now`.
    pub fn fate(&mut self, weather: &Weather, mut piece: Vec<u8>, now: Duration) -> Fate {
        // Every question is asked of every piece, so that one kind of fault does not move another.
        let [is_reset, is_lost, is_cut, is_flipped, is_doubled] = [
            weather.reset_ppm,
            weather.lose_ppm,
            weather.truncate_ppm,
            weather.flip_ppm,
            weather.double_ppm,
        ]
        .map(|ppm| self.chance.next() % 1_000_000 < u64::from(ppm));
        let [place, bit, jitter] = [(); 3].map(|()| self.chance.next());
        if is_reset {
            return Fate::Reset;
        }
        let length = piece.len() as u64;
        let takes = (length * 1_000_000_000).checked_div(weather.bytes_per_s).unwrap_or_default();
        self.free_at = self.free_at.max(now) + Duration::from_nanos(takes);
        let jitter = jitter % (weather.jitter_ms + 1);
        let at = self.free_at + Duration::from_millis(weather.delay_ms + jitter);
        let place = usize::try_from(place % length.max(1)).unwrap_or_default();
        if is_cut {
            piece.truncate(place);
        } else if is_flipped && let Some(byte) = piece.get_mut(place) {
            *byte ^= 1 << (bit % 8);
        }
        let pieces = match (is_lost, is_doubled) {
            (true, _) => Vec::new(),
            (false, true) => vec![piece; 2],
            (false, false) => vec![piece],
        };
        Fate::Arrives { pieces, at }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

    use super::*;

    fn fates(weather: &Weather, seed: u64, count: u64) -> Vec<Fate> {
        let mut path = Path::new(seed, 0, Way::There);
        let ms = Duration::from_millis;
        (0..count).map(|n| path.fate(weather, vec![0; 10], ms(n * 100))).collect()
    }

    fn bad() -> Weather {
        Weather {
            delay_ms: 5,
            jitter_ms: 20,
            lose_ppm: 100_000,
            double_ppm: 50_000,
            truncate_ppm: 50_000,
            flip_ppm: 50_000,
            reset_ppm: 1_000,
            bytes_per_s: 0,
        }
    }

    #[test]
    fn a_good_network_changes_nothing() {
        for (n, fate) in fates(&Weather::default(), 1, 100).into_iter().enumerate() {
            let at = Duration::from_millis(n as u64 * 100);
            assert_eq!(fate, Fate::Arrives { pieces: vec![vec![0; 10]], at });
        }
    }

    #[test]
    fn a_seed_is_a_weather_that_can_be_had_again() {
        assert_eq!(fates(&bad(), 7, 2_000), fates(&bad(), 7, 2_000));
        assert_ne!(fates(&bad(), 7, 2_000), fates(&bad(), 8, 2_000));
        let told = fates(&bad(), 7, 2_000);
        let (mut lost, mut doubled, mut cut, mut flipped, mut reset) = (0, 0, 0, 0, 0);
        for fate in &told {
            match fate {
                Fate::Reset => reset += 1,
                Fate::Arrives { pieces, .. } => match pieces.as_slice() {
                    [] => lost += 1,
                    [piece] if piece.len() < 10 => cut += 1,
                    [piece] if *piece != [0; 10] => flipped += 1,
                    [_] => {}
                    _ => doubled += 1,
                },
            }
        }
        assert!((150..250).contains(&lost), "{lost}");
        for few in [doubled, cut, flipped] {
            assert!((50..150).contains(&few), "{few}");
        }
        assert!((1..10).contains(&reset), "{reset}");
    }

    #[test]
    fn one_fault_does_not_move_another() {
        let lost = |weather: &Weather| -> Vec<bool> {
            let none =
                |fate: &Fate| matches!(fate, Fate::Arrives { pieces, .. } if pieces.is_empty());
            fates(weather, 3, 500).iter().map(none).collect()
        };
        let only = Weather { lose_ppm: 100_000, ..Weather::default() };
        assert_eq!(lost(&only), lost(&Weather { flip_ppm: 500_000, jitter_ms: 9, ..only }));
    }

    #[test]
    fn a_slow_line_carries_so_many_bytes_and_no_more() {
        let slow = Weather { bytes_per_s: 1_000, ..Weather::default() };
        let mut path = Path::new(1, 0, Way::There);
        let at: Vec<u64> = (0..5)
            .map(|_| match path.fate(&slow, vec![0; 100], Duration::ZERO) {
                Fate::Arrives { at, .. } => u64::try_from(at.as_millis()).unwrap(),
                Fate::Reset => 0,
            })
            .collect();
        assert_eq!(at, [100, 200, 300, 400, 500]);
    }

    #[test]
    fn words_change_it_or_are_refused_and_change_nothing() {
        let mut network = Network::default();
        network.apply(r#"{"link": "cut"}"#).unwrap();
        network.apply(r#"{"weather": {"delay_ms": 40}}"#).unwrap();
        network.apply(r#"{"back": {"lose_ppm": 1000000}}"#).unwrap();
        network.apply(r#"{"reset": true}"#).unwrap();
        let there = Weather { delay_ms: 40, ..Weather::default() };
        let back = Weather { lose_ppm: 1_000_000, ..Weather::default() };
        let expected = Network { link: Link::Cut, there, back, resets: 1 };
        assert_eq!(network, expected);
        for (line, said) in [
            ("", "expected `link`"),
            (r#"{"link": "gone"}"#, "gone"),
            (r#"{"weather": {"rain": 1}}"#, "rain"),
            (r#"{"weather": {"lose_ppm": 1000001}}"#, "`lose_ppm` is more than 1000000"),
            (r#"{"there": {"delay_ms": 60001}}"#, "`delay_ms` is more than 60000"),
            (r#"{"link": "up", "reset": true}"#, "expected"),
        ] {
            let why = network.apply(line).unwrap_err().to_string();
            assert!(why.contains(said), "{line}: {why}");
        }
        assert_eq!(network.apply(&" ".repeat(5_000)), Err(ImpairError::TooLong));
        assert_eq!(network, expected);
    }
}
