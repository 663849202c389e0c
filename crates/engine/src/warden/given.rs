//! What may be given out: the version, what each of the last versions brought, and the deeds that
//! wait for receipts.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use access::revocation::{Book, Shown, Subject, Suspensions, Tombstone};
use model::RevocationId;

/// Versions whose news is remembered; a point that is further behind gets everything.
pub const HISTORY_MAX: usize = 4_096;

/// What one version brought.
#[derive(Debug, Clone)]
struct News {
    version: u64,
    /// Rights changed: what is below is not all.
    is_rights: bool,
    stones: Vec<Tombstone>,
    words: Vec<(Subject, u64, bool)>,
}

/// What may be given out now.
#[derive(Debug, Clone, Default)]
pub struct Given {
    /// The version.
    pub version: u64,
    /// Nothing may: tombstones are out after a restore.
    pub is_waiting: bool,
    /// Deeds that some point has not confirmed.
    pub open: Arc<BTreeSet<RevocationId>>,
    /// The version of the last change of the rights themselves.
    pub rights_version: u64,
    /// News since this version, without a gap.
    since: u64,
    news: VecDeque<News>,
}

/// What leads from an older version to this one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Since {
    /// The rights themselves have changed as well.
    pub rights_changed: bool,
    /// What died.
    pub stones: Vec<Tombstone>,
    /// Who was suspended, or no longer is.
    pub words: Suspensions,
}

/// What a point needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Give {
    /// Nothing may be given.
    Nothing,
    /// It is current: renew it.
    Renewal,
    /// It is behind by these.
    Since(Since),
    /// It is too far behind, or elsewhere.
    Full,
}

impl Given {
    /// Of a book that was just opened: nothing is known of what versions brought.
    pub fn of(book: &Book) -> Self {
        let version = book.version();
        let mut given =
            Self { version, since: version, rights_version: version, ..Self::default() };
        given.look(book, &book.deeds().map(|(id, _)| id.clone()).collect());
        given
    }

    /// Takes over what the book says now. `news`: what its version brought, if it is a new one.
    pub(super) fn follow(
        &mut self,
        book: &Book,
        (stones, words): (Vec<Tombstone>, Vec<(Subject, u64, bool)>),
        unsettled: &BTreeSet<RevocationId>,
    ) {
        let version = book.version();
        if version > self.version {
            let is_rights = stones.is_empty() && words.is_empty();
            if is_rights {
                self.rights_version = version;
            }
            self.news.push_back(News { version, is_rights, stones, words });
            while self.news.len() > HISTORY_MAX {
                self.since = self.news.pop_front().map_or(version, |news| news.version);
            }
            self.version = version;
        }
        self.look(book, unsettled);
    }

    /// Nothing that was given before leads here: everybody gets everything.
    pub(super) fn begin_anew(&mut self, book: &Book) {
        // The rights themselves are the same: whoever has them ready goes on by them.
        let rights_version = self.rights_version;
        *self = Self { rights_version, ..Self::of(book) };
    }

    fn look(&mut self, book: &Book, unsettled: &BTreeSet<RevocationId>) {
        self.is_waiting = !book.waiting().is_empty();
        let is_open = |id: &RevocationId| matches!(book.show(id), Some(Shown::Unconfirmed { .. }));
        let moved: Vec<(&RevocationId, bool)> = unsettled
            .iter()
            .map(|id| (id, is_open(id)))
            .filter(|(id, is_open)| self.open.contains(*id) != *is_open)
            .collect();
        for (id, is_open) in moved {
            let open = Arc::make_mut(&mut self.open);
            if is_open {
                open.insert(id.clone())
            } else {
                open.remove(id)
            };
        }
    }

    /// What a point needs that goes by `had`.
    pub fn to(&self, had: Option<u64>) -> Give {
        let Some(had) = had.filter(|had| *had >= self.since && *had <= self.version) else {
            return if self.is_waiting { Give::Nothing } else { Give::Full };
        };
        if self.is_waiting {
            return Give::Nothing;
        }
        if had == self.version {
            return Give::Renewal;
        }
        let mut since =
            Since { rights_changed: false, stones: Vec::new(), words: Suspensions::default() };
        for news in self.news.iter().filter(|news| news.version > had) {
            since.rights_changed |= news.is_rights;
            since.stones.extend(&news.stones);
            for (subject, version, is_suspended) in &news.words {
                since.words.put(subject.clone(), *version, *is_suspended);
            }
        }
        Give::Since(since)
    }
}
