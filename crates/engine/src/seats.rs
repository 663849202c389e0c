//! Who listens to the live stream: nobody takes the place of all.
//!
//! INVARIANT: however many streams some hold, whoever holds none finds a seat while less than all
//! are taken, and the last quarter is kept for them. (tests below)

use std::collections::{BTreeSet, HashMap};
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

use crate::limits::Limits;

/// Of all seats, this part is kept for those who hold none.
const KEPT_PART: u64 = 4;

/// Why there is no seat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoSeat {
    /// All are taken, or those that are left are kept for whoever holds none.
    Full,
    /// One session holds its share.
    Session(u64),
    /// One operator or token holds its share.
    Operator(u64),
}

impl NoSeat {
    /// Its word in metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Session(_) => "session",
            Self::Operator(_) => "operator",
        }
    }
}

#[derive(Debug, Default)]
struct Taken {
    all: u64,
    by_operator: HashMap<String, u64>,
    by_session: HashMap<[u8; 32], u64>,
}

/// The seats, shared by all who listen.
#[derive(Debug, Clone, Default)]
pub struct Seats(Arc<Mutex<Taken>>);

/// One seat, free again when it is dropped.
#[derive(Debug)]
pub struct Seat {
    seats: Seats,
    operator: String,
    session: Option<[u8; 32]>,
}

impl Seats {
    /// Takes a seat for an operator or token, and the session by which they came.
    pub fn take(
        &self,
        operator: &str,
        session: Option<[u8; 32]>,
        limits: &Limits,
    ) -> Result<Seat, NoSeat> {
        let mut taken = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let max = limits.live_subscribers_max;
        let own = taken.by_operator.get(operator).copied().unwrap_or(0);
        let here = session.and_then(|key| taken.by_session.get(&key).copied()).unwrap_or(0);
        let open_to_them = if own == 0 { max } else { max - max / KEPT_PART };
        if session.is_some() && here >= limits.live_per_session_max {
            return Err(NoSeat::Session(limits.live_per_session_max));
        }
        if own >= limits.live_per_operator_max {
            return Err(NoSeat::Operator(limits.live_per_operator_max));
        }
        if taken.all >= open_to_them {
            return Err(NoSeat::Full);
        }
        taken.all += 1;
        *taken.by_operator.entry(operator.to_owned()).or_default() += 1;
        if let Some(key) = session {
            *taken.by_session.entry(key).or_default() += 1;
        }
        Ok(Seat { seats: self.clone(), operator: operator.to_owned(), session })
    }

    /// The operators whose sessions hold one.
    pub fn sessions(&self) -> BTreeSet<[u8; 32]> {
        let taken = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        taken.by_session.keys().copied().collect()
    }

    /// How many are taken.
    pub fn taken(&self) -> u64 {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).all
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut taken = self.seats.0.lock().unwrap_or_else(PoisonError::into_inner);
        taken.all = taken.all.saturating_sub(1);
        leave(&mut taken.by_operator, &self.operator);
        if let Some(session) = &self.session {
            leave(&mut taken.by_session, session);
        }
    }
}

fn leave<K: Hash + Eq>(held: &mut HashMap<K, u64>, who: &K) {
    if let Some(count) = held.get_mut(who) {
        *count = count.saturating_sub(1);
        if *count == 0 {
            held.remove(who);
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests fail by panicking")]
    use super::*;

    fn limits() -> Limits {
        Limits {
            live_subscribers_max: 8,
            live_per_operator_max: 5,
            live_per_session_max: 3,
            ..Limits::default()
        }
    }

    #[test]
    fn nobody_takes_more_than_their_share_and_who_holds_none_finds_room() {
        let (seats, limits) = (Seats::default(), limits());
        let take = |who: &str, session: u8| seats.take(who, Some([session; 32]), &limits);
        let mut held: Vec<Seat> = (0..3).map(|_| take("ana", 1).unwrap()).collect();
        assert_eq!(take("ana", 1).unwrap_err(), NoSeat::Session(3));
        held.extend((0..2).map(|_| take("ana", 2).unwrap()));
        assert_eq!(take("ana", 3).unwrap_err(), NoSeat::Operator(5));
        // Six are taken: the last two are for those who hold none.
        held.push(take("ben", 4).unwrap());
        assert_eq!(take("ben", 4).unwrap_err(), NoSeat::Full);
        held.push(take("cem", 5).unwrap());
        held.push(seats.take("token", None, &limits).unwrap());
        assert_eq!(take("dag", 6).unwrap_err(), NoSeat::Full);
        assert_eq!(seats.taken(), 8);
        held.clear();
        assert_eq!(seats.taken(), 0);
        assert!(take("ben", 4).is_ok());
    }

    #[test]
    fn one_operator_cannot_take_all_by_many_sessions() {
        let (seats, limits) = (Seats::default(), Limits::default());
        let mut held = Vec::new();
        for session in 0..200 {
            while let Ok(seat) = seats.take("one", Some([session; 32]), &limits) {
                held.push(seat);
            }
        }
        assert_eq!(held.len() as u64, limits.live_per_operator_max);
        assert!(seats.take("other", Some([255; 32]), &limits).is_ok());
    }
}
