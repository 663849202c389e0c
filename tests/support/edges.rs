//! Edges on lines that lose things, and what the world knows whatever any book has forgotten: for
//! random histories of revocations in any crate (`#[path = "…/support/edges.rs"]`).

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use access::door::CredentialKey;
use access::revocation::{
    Act, EdgeRights, Point, PointKind, PointLease, Rights, Subject, Tombstone,
};
use model::{CredentialId, PointId, RevocationId, Timestamp};

pub const EDGES: usize = 3;
pub const CARDS: u8 = 3;
/// Minutes.
pub const LEASE: u64 = 10;

pub fn point(n: usize) -> PointId {
    PointId::parse(&format!("edge-{n}")).unwrap()
}
pub fn key(n: u8) -> CredentialKey {
    CredentialKey::from_bytes([n; 16])
}
pub fn subject(n: u8) -> Subject {
    Subject::Credential(CredentialId::parse(&format!("card-{n}")).unwrap())
}
pub fn deed(n: u64) -> RevocationId {
    RevocationId::parse(&format!("deed-{n:04}")).unwrap()
}
pub fn minutes(n: u64) -> Duration {
    Duration::from_secs(n * 60)
}

/// What is, beside what the machines believe. `M`: what goes over the lines.
pub struct Edges<M> {
    pub now: Timestamp,
    pub edges: Vec<EdgeRights>,
    pub archives: Vec<Option<EdgeRights>>,
    pub wires: Vec<M>,
    /// Which generation of each card is in people's hands.
    pub generation: BTreeMap<u8, u32>,
    /// Generations whose tombstone has ever arrived at an edge.
    pub arrived: Vec<BTreeSet<(u8, u32)>>,
    pub deeds: u64,
    /// What each deed killed, as the world knows it.
    pub killed: BTreeMap<RevocationId, (u8, u32)>,
    pub admits_at_expiry: bool,
    /// By how many seconds each edge's clock is slow, within its bound.
    pub slow: [u64; EDGES],
}

impl<M> Edges<M> {
    pub fn new(admits_at_expiry: bool) -> Self {
        Self {
            now: Timestamp::from_secs(1_000_000),
            edges: (0..EDGES).map(|n| EdgeRights::new(point(n))).collect(),
            archives: vec![None; EDGES],
            wires: Vec::new(),
            generation: (0..CARDS).map(|n| (n, 1)).collect(),
            arrived: vec![BTreeSet::new(); EDGES],
            deeds: 0,
            killed: BTreeMap::new(),
            admits_at_expiry,
            slow: [0; EDGES],
        }
    }

    /// Each edge, as whoever gives out rights knows it.
    pub fn points(&self) -> impl Iterator<Item = (PointId, Point)> + use<M> {
        let admits_at_expiry = self.admits_at_expiry;
        let lease =
            PointLease { age_max: minutes(LEASE), clock_bound: minutes(1), admits_at_expiry };
        let of = Point { kind: PointKind::Edge, lease: Some(lease), renewed_at: self.now };
        (0..EDGES).map(move |n| (point(n), of.clone()))
    }

    /// The time by an edge's own clock.
    pub fn clock(&self, edge: usize) -> Timestamp {
        self.now.minus(Duration::from_secs(self.slow[edge]))
    }

    /// Whether the card opens at the edge: as a zone does that refuses at expiry, or one that
    /// admits and flags.
    pub fn admits(&self, edge: usize, card: u8, generation: u32) -> bool {
        let rights = &self.edges[edge];
        let holds = rights.holds(minutes(LEASE), self.clock(edge))
            || (self.admits_at_expiry && rights.version().is_some());
        holds && !rights.is_dead(key(card), generation)
    }

    /// The next act's id, what it ends, and the generation that is in people's hands.
    pub fn next(&mut self, act: Act, card: u8) -> (RevocationId, Vec<Tombstone>, u32) {
        self.deeds += 1;
        let generation = self.generation[&card];
        let stone = Tombstone { key: key(card), generation, since: self.now };
        let stones = if act == Act::Revoke { vec![stone] } else { Vec::new() };
        (deed(self.deeds), stones, generation)
    }

    pub fn note_arrivals(&mut self) {
        for (edge, arrived) in self.edges.iter().zip(&mut self.arrived) {
            for card in 0..CARDS {
                for generation in 1..=self.generation[&card] {
                    if edge.is_dead(key(card), generation) {
                        arrived.insert((card, generation));
                    }
                }
            }
        }
    }

    /// What some edge would admit though its tombstone has arrived there; none: nothing.
    pub fn revived(&self) -> Option<(usize, u8, u32)> {
        let all = self.arrived.iter().enumerate();
        let mut all = all.flat_map(|(edge, of)| of.iter().map(move |(c, g)| (edge, *c, *g)));
        all.find(|(edge, card, generation)| self.admits(*edge, *card, *generation))
    }

    /// Takes one message off the lines.
    pub fn take(&mut self, at: usize) -> Option<M> {
        (!self.wires.is_empty()).then(|| self.wires.remove(at % self.wires.len()))
    }

    /// An edge gets rights; its receipts go on the lines.
    pub fn apply(
        &mut self,
        edge: usize,
        rights: &Rights,
        receipt: fn(access::revocation::Receipt) -> M,
    ) {
        let clock = self.clock(edge);
        if let Ok(receipts) = self.edges[edge].apply(rights, clock) {
            self.wires.extend(receipts.into_iter().map(receipt));
        }
    }

    /// An edge is put back from its archive, if it has one.
    pub fn restore(&mut self, edge: usize) {
        if let Some(archive) = self.archives[edge].clone() {
            self.edges[edge].restored(&archive);
        }
    }
}
