//! Identifiers by kind and folded value.

use std::borrow::Cow;
use std::collections::HashMap;

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

pub(crate) struct Identifiers {
    kinds: HashMap<Box<str>, HashMap<Box<str>, Vec<Holder>>>,
}

impl Identifiers {
    pub(crate) fn new(org: &Organisation) -> Self {
        let mut kinds: HashMap<Box<str>, HashMap<Box<str>, Vec<Holder>>> = HashMap::new();
        for identifier in &org.identifiers {
            let values = kinds.entry(identifier.kind.as_str().into()).or_default();
            let value = fold(&identifier.kind, &identifier.value);
            values.entry(value.into()).or_default().push(Holder {
                entity: identifier.entity.clone(),
                realm: identifier.realm.as_deref().map(Into::into),
                validity: identifier.validity,
                replaced: Vec::new(),
            });
        }
        for identifier in &org.identifiers {
            let Some(old) = &identifier.replaces else {
                continue;
            };
            let old = fold(&identifier.kind, old);
            let holders = kinds.get_mut(identifier.kind.as_str()).and_then(|v| v.get_mut(&*old));
            for holder in holders.into_iter().flatten() {
                if holder.realm.as_deref() == identifier.realm.as_deref() {
                    holder.replaced.push(identifier.validity);
                }
            }
        }
        Self { kinds }
    }

    /// Every meaning of a value that the source's realm, else no realm, gives it.
    fn meanings(&self, kind: &str, realm: Option<&str>, value: &str) -> Vec<&Holder> {
        let Some(values) = self.kinds.get(kind) else {
            return Vec::new();
        };
        let Some(holders) = values.get(&*fold(kind, value)) else {
            return Vec::new();
        };
        if realm.is_some() {
            let own = holders.iter().filter(|holder| holder.realm.as_deref() == realm);
            let own: Vec<_> = own.collect();
            if !own.is_empty() {
                return own;
            }
        }
        holders.iter().filter(|holder| holder.realm.is_none()).collect()
    }

    /// What a value means at an instant.
    pub(crate) fn at(&self, kind: &str, who: &Asked<'_>) -> Option<&Entity> {
        let values = self.kinds.get(kind)?;
        let holders = values.get(&*fold(kind, who.value))?;
        let valid = |realm: Option<&str>| {
            let mut holders = holders.iter();
            holders
                .find(|h| h.realm.as_deref() == realm && h.validity.holds_at(who.at))
                .map(|holder| &holder.entity)
        };
        who.realm.and_then(|realm| valid(Some(realm))).or_else(|| valid(None))
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

fn fold<'a>(kind: &str, value: &'a str) -> Cow<'a, str> {
    if CASELESS.contains(&kind) && value.chars().any(char::is_uppercase) {
        Cow::Owned(value.to_lowercase())
    } else {
        Cow::Borrowed(value)
    }
}
