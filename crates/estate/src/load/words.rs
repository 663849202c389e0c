//! The words that the folder uses for our enums, when it is written.

use model::raw::Trust;
use model::spine::{Passage, PersonKind, PersonStatus, PlaceKind, WitnessOf, ZoneClass};

fn of<T: PartialEq>(words: &[(&'static str, T)], value: &T) -> &'static str {
    words.iter().find(|(_, known)| known == value).map_or("", |(word, _)| word)
}

pub(crate) fn place_kind(kind: PlaceKind) -> &'static str {
    of(&super::places::KINDS, &kind)
}

pub(crate) fn zone_class(class: ZoneClass) -> &'static str {
    of(&super::places::CLASSES, &class)
}

pub(crate) fn person_kind(kind: PersonKind) -> &'static str {
    of(&super::people::KINDS, &kind)
}

pub(crate) fn person_status(status: PersonStatus) -> &'static str {
    of(&super::people::STATUSES, &status)
}

pub(crate) fn trust(trust: Trust) -> &'static str {
    of(&super::sources::TRUSTS, &trust)
}

pub(crate) fn passage(passage: Passage) -> &'static str {
    of(&super::doors::PASSAGES, &passage)
}

pub(crate) fn witness(witness: WitnessOf) -> &'static str {
    of(&super::sources::WITNESSES, &witness)
}
