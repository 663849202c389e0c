//! Where people went, over all points: heard from the records of doors of our own and from what the
//! flow believes, and told to every point that counts people and knows them.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use access::door::travel::Circle;
use access::link::{FromServer, PASSAGES_EVERY, PASSAGES_TOLD_MAX, Passages as Told};
use access::passages::{Passage, Passages};
use adapters::link::FrameError;
use model::{DoorId, PersonId, Timestamp};

use super::rights::Pinned;
use super::session::{Between, Shared, Write, say};
use crate::clock::Stopwatch;
use crate::door::Numbered;
use crate::engine::Engine;

/// How often it is looked whether somebody has passed: well under a second from door to door.
pub(crate) const LOOK_EVERY: Duration = Duration::from_millis(250);
/// People of the book that are looked at for one word.
const LOOKED_AT_MAX: usize = 50_000;
/// What a record that somebody went has in it; the rest is not read.
const MARK: &str = "\"went\":";

/// How often the book is put on disk, where it has changed. What was said since is lost with the
/// power; edges still know what they said themselves.
pub(super) const KEEP_EVERY: Duration = Duration::from_secs(30);
/// Its file in the data folder.
const FILE: &str = "passages";

/// The book of all points.
#[derive(Debug, Default)]
pub struct PassageBook {
    book: Mutex<Passages>,
    /// Where it is kept, and up to which change it is.
    kept: Mutex<Option<(PathBuf, u64)>>,
}

impl PassageBook {
    fn lock(&self) -> MutexGuard<'_, Passages> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Goes on from what a data folder has, and keeps it there. A file that cannot be read counts
    /// as not there.
    pub fn open(&self, folder: &Path) {
        let path = folder.join(FILE);
        let found = match std::fs::read(&path) {
            Ok(bytes) => rmp_serde::from_slice::<Vec<Passage>>(&bytes).map_err(|e| e.to_string()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
            Err(error) => Err(error.to_string()),
        };
        match found {
            Ok(found) => self.take(found),
            Err(why) => tracing::error!(why, "where people went before is not known any more"),
        }
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        *kept = Some((path, self.last()));
    }

    /// Puts it on disk, if anything has changed since. Blocks.
    pub fn keep(&self) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let Some((path, up_to)) = kept.as_mut() else { return };
        let (all, last) = {
            let book = self.lock();
            if book.last() == *up_to {
                return;
            }
            let all: Vec<Passage> = book.after(0).map(|(_, passage)| passage.clone()).collect();
            (all, book.last())
        };
        let bytes = rmp_serde::to_vec_named(&all).map_err(std::io::Error::other);
        match bytes.and_then(|bytes| crate::folder::replace(path, &bytes)) {
            Ok(()) => *up_to = last,
            Err(error) => tracing::error!(%error, "where people went is not kept on disk"),
        }
    }

    /// Takes in what was told, in any order.
    pub fn take(&self, told: impl IntoIterator<Item = Passage>) {
        let mut book = self.lock();
        let before = book.forgotten();
        for passage in told {
            book.take(passage);
        }
        let forgotten = book.forgotten() - before;
        if forgotten > 0 {
            metrics::counter!("castellan_passages_forgotten_total").increment(forgotten);
        }
    }

    /// Takes in records of a point, as far as they are of its own doors. A clock that is ahead of
    /// ours says nothing later than now.
    pub fn take_records(
        &self,
        lines: &[String],
        is_theirs: impl Fn(&DoorId) -> bool,
        now: Timestamp,
    ) {
        let mut told = Vec::new();
        for line in lines.iter().filter(|line| line.contains(MARK)) {
            // What is no record of ours goes to the dead letters by its own way.
            let Ok(numbered) = serde_json::from_str::<Numbered>(line) else { continue };
            let found = numbered.record.went().filter(|(door, _)| is_theirs(door));
            let Some((_, went)) = found else { continue };
            let at = went.at.min(now);
            let each = went.people.iter().cloned();
            told.extend(each.map(|person| Passage::new(person, went.to.clone(), at)));
        }
        self.take(told);
    }

    /// The number of its last change.
    pub fn last(&self) -> u64 {
        self.lock().last()
    }

    /// What has changed after this number among those whom `keeps` keeps, up to which number that
    /// is, and whether there is more.
    pub fn news(&self, after: u64, keeps: impl Fn(&PersonId) -> bool) -> (Vec<Passage>, u64, bool) {
        let book = self.lock();
        let (mut found, mut up_to) = (Vec::new(), after);
        for (number, passage) in book.after(after).take(LOOKED_AT_MAX) {
            if keeps(&passage.person) {
                if found.len() == PASSAGES_TOLD_MAX {
                    return (found, up_to, true);
                }
                found.push(passage.clone());
            }
            up_to = number;
        }
        let more = up_to < book.last();
        (found, up_to, more)
    }
}

/// What one session has told of passages.
pub(super) struct Sent {
    /// Whether the edge understands it at all.
    is_understood: bool,
    /// Up to which change of the book.
    up_to: u64,
    /// Up to there a bigger circle has to be told once more of those who are new in it.
    again: Option<(u64, u64)>,
    /// Whom the edge knows by the rights that it was given, and whom it knew before.
    circle: Option<(Arc<Pinned>, Circle)>,
    before: Option<(Arc<Pinned>, Circle)>,
    told: Option<Stopwatch>,
}

impl Sent {
    pub(super) fn new(is_understood: bool) -> Self {
        Self { is_understood, up_to: 0, again: None, circle: None, before: None, told: None }
    }

    /// It did not take its rights, or not all of them: it is told all anew once it has.
    pub(super) fn begin_anew(&mut self) {
        *self = Self { told: self.told, ..Self::new(self.is_understood) };
    }

    /// The edge goes by this version of rights. Whether those are others than before.
    pub(super) fn goes_by(&mut self, shared: &Shared, between: &Between, version: u64) -> bool {
        let Some(newest) = shared.hub.newest().filter(|newest| newest.version <= version) else {
            return false;
        };
        if self.circle.as_ref().is_some_and(|(had, _)| had.version == newest.version) {
            return false;
        }
        let doors = newest.data.points.get(&between.point).into_iter().flatten().cloned();
        let circle = Circle::of(&newest.snapshot, &doors.collect());
        if let Some(before) = self.circle.replace((newest, circle)) {
            let begun = self.again.take().map_or(0, |(from, _)| from);
            self.again = Some((begun, self.up_to));
            self.before.get_or_insert(before);
        }
        true
    }

    /// Tells what is new, or that nothing is.
    pub(super) async fn tell(&mut self, shared: &Shared, to: &mut Write) -> Result<(), FrameError> {
        let Some((pinned, circle)) = self.circle.as_ref().filter(|_| self.is_understood) else {
            return Ok(());
        };
        let book = shared.hub.passages();
        let is_due = self.told.is_none_or(|told| told.elapsed() >= PASSAGES_EVERY);
        if !is_due && self.again.is_none() && self.up_to == book.last() {
            return Ok(());
        }
        let holds = |person: &PersonId| circle.counts() && circle.holds(&pinned.snapshot, person);
        let told = match self.again {
            Some((from, to)) => {
                let knew = |person: &PersonId| {
                    let before = self.before.as_ref();
                    before.is_some_and(|(old, circle)| {
                        circle.counts() && circle.holds(&old.snapshot, person)
                    })
                };
                let (passed, up_to, more) = book.news(from, |who| holds(who) && !knew(who));
                self.again = (more && up_to < to).then_some((up_to, to));
                passed
            }
            None => {
                let (passed, up_to, _) = book.news(self.up_to, holds);
                self.up_to = up_to;
                passed
            }
        };
        if self.again.is_none() {
            self.before = None;
        }
        let more = self.again.is_some() || self.up_to < book.last();
        self.told = Some(Stopwatch::start());
        say(to, &FromServer::Passages(Told { passed: told, more })).await
    }
}

impl Engine {
    /// Our own rights go by what is in the book; up to which change of it.
    pub(super) fn follow_passages(&self, after: u64) -> u64 {
        let (passed, up_to, _) = self.edges.passages().news(after, |_| true);
        self.access.told(&passed);
        up_to
    }

    /// What is new in the book for doors of this machine, up to which change of it, and whether
    /// there is more.
    pub(crate) fn passages_for_home(&self, after: u64) -> (Told, u64) {
        let (passed, up_to, more) = self.edges.passages().news(after, |_| true);
        (Told { passed, more }, up_to)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests fail by panicking")]
    use model::ZoneId;

    use super::*;

    fn who(n: usize) -> PersonId {
        PersonId::parse(&format!("p{n}")).unwrap()
    }

    #[test]
    fn what_the_book_holds_outlives_the_server() {
        let folder = tempfile::tempdir().unwrap();
        let book = PassageBook::default();
        book.open(folder.path());
        let at = Timestamp::from_secs(5);
        book.take([Passage::new(who(1), ZoneId::parse("lab").ok(), at)]);
        book.take([Passage::new(who(1), None, at.plus(Duration::from_secs(1)))]);
        book.keep();
        let again = PassageBook::default();
        again.open(folder.path());
        assert_eq!(again.news(0, |_| true).0, book.news(0, |_| true).0);
        // What cannot be read is told, and forgotten.
        std::fs::write(folder.path().join(FILE), b"\xc1").unwrap();
        let broken = PassageBook::default();
        broken.open(folder.path());
        assert_eq!(broken.last(), 0);
    }

    #[test]
    fn a_reader_comes_to_all_of_it_in_words_of_bounded_length() {
        let book = PassageBook::default();
        let people = PASSAGES_TOLD_MAX * 2 + 7;
        let zone = ZoneId::parse("lab").ok();
        let at = Timestamp::from_secs(5);
        book.take((0..people).map(|n| Passage::new(who(n), zone.clone(), at)));
        let (mut read, mut words, mut told) = (0, 0, 0);
        loop {
            let (news, up_to, more) = book.news(read, |person| person.as_str() != "p3");
            assert!(news.len() <= PASSAGES_TOLD_MAX);
            (read, words, told) = (up_to, words + 1, told + news.len());
            if !more {
                break;
            }
        }
        assert_eq!((read, words, told), (book.last(), 3, people - 1));
        assert!(book.news(read, |_| true).0.is_empty());
    }

    #[test]
    fn what_is_no_record_or_of_nobody_is_passed_over_and_no_clock_is_ahead() {
        let book = PassageBook::default();
        let line = |person: &str, at: i64| {
            let door = if person == "p3" { "of-others" } else { "d" };
            format!(
                "{{\"castellan_door\":1,\"point\":\"e\",\"n\":1,\"time\":\"2026-11-23T09:00:00Z\",\
                 \"kind\":\"door\",\"door\":\"{door}\",\"event\":\"taken\",\"went\":{{\"people\":\
                 [\"{person}\"],\"direction\":\"entry\",\"to\":\"lab\",\"at\":{}}}}}",
                serde_json::to_string(&Timestamp::from_secs(at)).unwrap()
            )
        };
        let strange = "{\"went\":7}".to_owned();
        let lines = [line("p1", 900), strange, line("p2", 50), "no".to_owned(), line("p3", 60)];
        book.take_records(&lines, |door| door.as_str() == "d", Timestamp::from_secs(100));
        let found: Vec<(String, i64)> = book
            .news(0, |_| true)
            .0
            .into_iter()
            .map(|one| (one.person.to_string(), one.at.nanos() / 1_000_000_000))
            .collect();
        assert_eq!(found, [("p1".to_owned(), 100), ("p2".to_owned(), 50)]);
    }
}
