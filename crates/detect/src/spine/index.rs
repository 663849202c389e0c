//! Identifiers by kind and folded value.

use std::borrow::Cow;
use std::collections::HashMap;
use std::net::IpAddr;

use model::spine::Validity;
use model::{Entity, Organisation, Timestamp};

/// One identifier's meaning for a while.
#[derive(Debug, Clone)]
pub(crate) struct Holder {
    pub entity: Entity,
    pub realm: Option<Box<str>>,
    pub validity: Validity,
    /// When another value replaces this one.
    pub replaced: Vec<Validity>,
}

/// Identifier values that are looked up without regard to case.
const CASELESS: [&str; 5] = ["email", "account", "hostname", "mac", "source_user"];

/// What one value stands for, as each kind of identifier that it is.
type Meanings = Vec<(Box<str>, Vec<Holder>)>;

/// By value first: most values of most events are nobody's, and that is known with one look.
pub(crate) struct Identifiers {
    values: HashMap<Box<str>, Meanings>,
    /// Ranges of addresses, the narrowest first.
    ranges: Vec<Range>,
}

/// Addresses that begin with the same bits.
struct Range {
    net: IpAddr,
    bits: u8,
    holder: Holder,
}

impl Range {
    /// Reads `10.2.0.0/16`; `None` where it is one address, or none.
    fn read(text: &str, holder: &Holder) -> Option<Self> {
        let (net, bits) = text.split_once('/')?;
        let (net, bits): (IpAddr, u8) = (net.trim().parse().ok()?, bits.trim().parse().ok()?);
        let longest = if net.is_ipv4() { 32 } else { 128 };
        (bits <= longest).then(|| Self { net, bits, holder: holder.clone() })
    }

    fn holds(&self, address: IpAddr) -> bool {
        let first =
            |bits: u128, width: u32| bits.checked_shr(width - u32::from(self.bits)).unwrap_or(0);
        match (self.net, address) {
            (IpAddr::V4(net), IpAddr::V4(own)) => {
                first(u32::from(net).into(), 32) == first(u32::from(own).into(), 32)
            }
            (IpAddr::V6(net), IpAddr::V6(own)) => first(net.into(), 128) == first(own.into(), 128),
            (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => false,
        }
    }
}

impl Identifiers {
    pub(crate) fn new(org: &Organisation) -> Self {
        let mut values: HashMap<Box<str>, Meanings> = HashMap::new();
        let mut ranges = Vec::new();
        for identifier in &org.identifiers {
            let value = fold(&identifier.kind, &identifier.value);
            let holder = Holder {
                entity: identifier.entity.clone(),
                realm: identifier.realm.as_deref().map(Into::into),
                validity: identifier.validity,
                replaced: Vec::new(),
            };
            if identifier.kind == "ip" {
                ranges.extend(Range::read(&value, &holder));
            }
            let meanings = values.entry(value.into()).or_default();
            of_kind(meanings, &identifier.kind).push(holder);
        }
        ranges.sort_by_key(|range| std::cmp::Reverse(range.bits));
        for identifier in &org.identifiers {
            let Some(old) = &identifier.replaces else {
                continue;
            };
            let old = fold(&identifier.kind, old);
            let Some(meanings) = values.get_mut(&*old) else {
                continue;
            };
            for holder in of_kind(meanings, &identifier.kind) {
                if holder.realm.as_deref() == identifier.realm.as_deref() {
                    holder.replaced.push(identifier.validity);
                }
            }
        }
        Self { values, ranges }
    }

    /// What the narrowest range that an address lies in stands for at an instant.
    pub(crate) fn range_of(&self, who: &Asked<'_>) -> Option<&Entity> {
        if self.ranges.is_empty() {
            return None;
        }
        let address: IpAddr = who.value.parse().ok()?;
        let valid = |realm: Option<&str>| {
            let mut ranges = self.ranges.iter();
            let own = ranges.find(|range| {
                let holder = &range.holder;
                holder.realm.as_deref() == realm
                    && holder.validity.holds_at(who.at)
                    && range.holds(address)
            });
            own.map(|range| &range.holder.entity)
        };
        who.realm.and_then(|realm| valid(Some(realm))).or_else(|| valid(None))
    }

    fn holders(&self, kind: &str, value: &str) -> &[Holder] {
        let meanings = self.values.get(&*fold(kind, value));
        let own = meanings.and_then(|all| all.iter().find(|(known, _)| &**known == kind));
        own.map_or(&[], |(_, holders)| holders)
    }

    /// Every meaning of a value that the source's realm, else no realm, gives it.
    fn meanings(&self, kind: &str, realm: Option<&str>, value: &str) -> Vec<&Holder> {
        let holders = self.holders(kind, value);
        if realm.is_some() {
            let own = holders.iter().filter(|holder| holder.realm.as_deref() == realm);
            let own: Vec<_> = own.collect();
            if !own.is_empty() {
                return own;
            }
        }
        holders.iter().filter(|holder| holder.realm.is_none()).collect()
    }

    /// What a value means at an instant, as the first of the kinds that it is.
    pub(crate) fn at(&self, kinds: &[&str], who: &Asked<'_>) -> Option<&Entity> {
        let is_plain = !who.value.chars().any(char::is_uppercase);
        if is_plain && !self.values.contains_key(who.value) {
            return None;
        }
        kinds.iter().find_map(|kind| self.at_as(kind, who))
    }

    fn at_as(&self, kind: &str, who: &Asked<'_>) -> Option<&Entity> {
        let holders = self.holders(kind, who.value);
        let valid = |realm: Option<&str>| {
            let mut holders = holders.iter();
            holders
                .find(|h| h.realm.as_deref() == realm && h.validity.holds_at(who.at))
                .map(|holder| &holder.entity)
        };
        who.realm.and_then(|realm| valid(Some(realm))).or_else(|| valid(None))
    }

    /// As `at`, with the kind that it is and since when.
    pub(crate) fn holder_at<'k>(
        &self,
        kinds: &[&'k str],
        who: &Asked<'_>,
    ) -> Option<(&'k str, &Holder)> {
        kinds.iter().find_map(|kind| {
            let holders = self.holders(kind, who.value);
            let valid = |realm: Option<&str>| {
                let mut own = holders.iter();
                own.find(|h| h.realm.as_deref() == realm && h.validity.holds_at(who.at))
            };
            let found = who.realm.and_then(|realm| valid(Some(realm))).or_else(|| valid(None));
            found.map(|holder| (*kind, holder))
        })
    }

    /// The meaning in force at an instant, else the last that was, else the first to come.
    pub(crate) fn nearest(&self, kind: &str, who: &Asked<'_>) -> Option<&Holder> {
        let all = self.meanings(kind, who.realm, who.value);
        let in_force = all.iter().find(|holder| holder.validity.holds_at(who.at));
        let ended = || {
            let past = all.iter().filter(|h| h.validity.to.is_some_and(|to| to <= who.at));
            past.max_by_key(|holder| holder.validity.to)
        };
        let to_come = || all.iter().min_by_key(|holder| holder.validity.from);
        in_force.or_else(ended).or_else(to_come).copied()
    }
}

/// A value, asked for by a source at an instant.
pub(crate) struct Asked<'a> {
    pub realm: Option<&'a str>,
    pub value: &'a str,
    pub at: Timestamp,
}

fn of_kind<'a>(meanings: &'a mut Meanings, kind: &str) -> &'a mut Vec<Holder> {
    let known = meanings.iter().position(|(known, _)| &**known == kind);
    let at = known.unwrap_or_else(|| {
        meanings.push((kind.into(), Vec::new()));
        meanings.len() - 1
    });
    // INVARIANT: `at` was found or pushed above.
    #[expect(clippy::indexing_slicing, reason = "found or pushed above")]
    &mut meanings[at].1
}

fn fold<'a>(kind: &str, value: &'a str) -> Cow<'a, str> {
    if CASELESS.contains(&kind) && value.chars().any(char::is_uppercase) {
        Cow::Owned(value.to_lowercase())
    } else {
        Cow::Borrowed(value)
    }
}
