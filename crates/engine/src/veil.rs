//! Who is meant, without saying who: what names a person becomes the person's id.
//!
//! Owns which words name whom. Never decides who may see a name: that is the caller's question,
//! asked once per person that a text names.

use std::collections::BTreeMap;

use aho_corasick::{AhoCorasick, Input, MatchKind};
use model::{Entity, Organisation, PersonId};
use serde_json::Value;

/// Identifiers that say who somebody is to anybody who reads them. An employee number does not.
const NAMING_KINDS: [&str; 4] = ["account", "email", "phone", "upn"];
/// Identifiers that open doors: whoever reads one knows whose it is, and may copy it.
const CREDENTIAL_KINDS: [&str; 4] = ["badge", "card", "mobile_credential", "pin"];
/// Attributes whose name holds one of these hold a credential, and words after them in a text.
const CREDENTIAL_WORDS: [&str; 4] = ["badge", "card", "credential", "cardholder"];
/// A credential of so many characters, letters among them, is nothing else.
const CREDENTIAL_CHARS_SURE: usize = 6;
/// How far before a number the word may stand that makes it a credential's, in bytes.
const BEFORE_BYTES_MAX: usize = 32;
/// What stands for a name in words that people wrote themselves: which person it is, is not said,
/// or whoever writes a name could read from the answer who stands behind a pseudonym.
pub const COVERED_MARK: &str = "[…]";
/// Shorter words name nobody for certain.
const WORD_CHARS_MIN: usize = 3;
/// Attributes that hold a user's name or account, however plain a word it is: OCSF's user and
/// actor objects, and what sources call the same.
const NAMING_KEYS: [&str; 10] = [
    "account",
    "email",
    "email_addr",
    "full_name",
    "login",
    "name",
    "principal",
    "uid",
    "user",
    "username",
];

/// Whether an identifier of this kind is a credential.
pub fn is_credential(kind: &str) -> bool {
    CREDENTIAL_KINDS.contains(&kind)
}

/// Whether an identifier of this kind names a person.
pub fn is_naming(kind: &str) -> bool {
    NAMING_KINDS.contains(&kind)
}

/// The words that name the people of an organisation.
pub struct Veil {
    words: Option<AhoCorasick>,
    /// By word: whose it is or was, and whether it is a plain word that may mean anything else.
    named: Vec<Named>,
}

#[derive(Debug, Default)]
struct Named {
    people: Vec<PersonId>,
    kind: Kind,
}

/// How surely a word means the person.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    /// A number or short word of a credential: only where credentials stand.
    #[default]
    Credential,
    /// A plain word, which may mean anything else: where users are named, and in sentences.
    Plain,
    /// Nothing else.
    Sure,
}

/// Where a text stands.
#[derive(Debug, Clone, Copy, Default)]
struct Spot {
    /// Where users are named.
    is_naming: bool,
    /// Where credentials stand.
    is_credential: bool,
    /// People wrote it.
    is_typed: bool,
}

impl Spot {
    fn of(parent: &str, key: &str) -> Self {
        let of_credential = |word: &str| {
            let word = word.to_lowercase();
            CREDENTIAL_WORDS.iter().any(|known| word.contains(known))
        };
        Self {
            is_naming: NAMING_KEYS.contains(&key),
            is_credential: of_credential(key) || of_credential(parent),
            is_typed: false,
        }
    }

    /// Any column of a table, whatever whoever asks calls it.
    const ANYWHERE: Self = Self { is_naming: true, is_credential: true, is_typed: false };
    /// In words that people wrote.
    const TYPED: Self = Self { is_naming: false, is_credential: false, is_typed: true };
}

impl Veil {
    /// Gathers names and naming identifiers, past ones too.
    pub fn new(organisation: &Organisation) -> Self {
        let mut words: BTreeMap<String, Named> = BTreeMap::new();
        let mut add = |word: &str, person: &PersonId, is_credential: bool| {
            let word = word.trim().to_lowercase();
            if word.chars().count() < WORD_CHARS_MIN || word == person.as_str() {
                return;
            }
            let kind = kind_of(&word, is_credential);
            let named = words.entry(word).or_default();
            named.kind = named.kind.max(kind);
            if !named.people.contains(person) {
                named.people.push(person.clone());
            }
        };
        for person in organisation.people.values() {
            add(&person.name, &person.id, false);
        }
        for identifier in &organisation.identifiers {
            let is_credential = is_credential(&identifier.kind);
            if let Entity::Person(person) = &identifier.entity
                && (is_credential || is_naming(&identifier.kind))
            {
                add(&identifier.value, person, is_credential);
            }
        }
        let (words, named): (Vec<String>, Vec<Named>) = words.into_iter().unzip();
        let words = AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .match_kind(MatchKind::LeftmostLongest)
            .build(words);
        // More words than the automaton has states for: tens of millions.
        Self { words: words.ok(), named }
    }

    /// Puts ids in place of names in every text of `value`, except for people of whom `is_shown`
    /// says so; in words that people wrote, [`COVERED_MARK`]. Keys stay as they are.
    pub fn cover(&self, value: &mut Value, is_shown: &dyn Fn(&PersonId) -> bool) {
        self.cover_at(Spot::default(), ("", ""), value, is_shown);
    }

    /// The same for one line of a table, whose columns whoever asks has named: JSON within it is
    /// covered as JSON.
    pub fn cover_line(&self, line: &mut Value, is_shown: &dyn Fn(&PersonId) -> bool) {
        match line {
            Value::String(text) if text.starts_with(['{', '[']) => {
                let covered = self.cover_json(text, is_shown);
                let covered = covered.or_else(|| self.covered(Spot::ANYWHERE, text, is_shown));
                if let Some(covered) = covered {
                    *text = covered;
                }
            }
            Value::String(text) => {
                if let Some(covered) = self.covered(Spot::ANYWHERE, text, is_shown) {
                    *text = covered;
                }
            }
            Value::Array(items) => {
                items.iter_mut().for_each(|item| self.cover_line(item, is_shown));
            }
            Value::Object(fields) => {
                fields.values_mut().for_each(|item| self.cover_line(item, is_shown));
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    fn cover_at(
        &self,
        spot: Spot,
        (parent, key): (&str, &str),
        value: &mut Value,
        is_shown: &dyn Fn(&PersonId) -> bool,
    ) {
        let whole = |number: &serde_json::Number| {
            spot.is_credential.then(|| self.covered(spot, &number.to_string(), is_shown)).flatten()
        };
        match value {
            Value::String(text) => {
                if let Some(covered) = self.covered(spot, text, is_shown) {
                    *text = covered;
                }
            }
            Value::Number(number) => {
                if let Some(covered) = whole(number) {
                    *value = Value::String(covered);
                }
            }
            Value::Array(items) => {
                let at = (parent, key);
                items.iter_mut().for_each(|item| self.cover_at(spot, at, item, is_shown));
            }
            Value::Object(fields) => {
                // Whoever comes to help must know whom they look for.
                let caller = caller_of(fields);
                let is_shown =
                    &|person: &PersonId| caller.as_ref() == Some(person) || is_shown(person);
                let typed = typed(key, fields);
                for (name, item) in fields.iter_mut() {
                    let spot = match typed.contains(&name.as_str()) {
                        true => Spot::TYPED,
                        false => Spot::of(key, name),
                    };
                    self.cover_at(spot, (key, name), item, is_shown);
                }
            }
            Value::Null | Value::Bool(_) => {}
        }
    }

    /// A text with ids in place of names; `None` when it names nobody who is to be covered.
    pub fn cover_text(&self, text: &str, is_shown: &dyn Fn(&PersonId) -> bool) -> Option<String> {
        self.covered(Spot::default(), text, is_shown)
    }

    /// The same of a text in which anything may stand: a record as its source said it.
    pub fn cover_anywhere(
        &self,
        text: &str,
        is_shown: &dyn Fn(&PersonId) -> bool,
    ) -> Option<String> {
        self.covered(Spot::ANYWHERE, text, is_shown)
    }

    /// The same of words that people wrote.
    pub fn cover_typed(&self, text: &str, is_shown: &dyn Fn(&PersonId) -> bool) -> Option<String> {
        self.covered(Spot::TYPED, text, is_shown)
    }

    /// JSON text covered; as it is when it names nobody.
    pub fn cover_json(&self, json: &str, is_shown: &dyn Fn(&PersonId) -> bool) -> Option<String> {
        let words = self.words.as_ref()?;
        // A name with a quote in it is written otherwise in JSON: a backslash is looked into too.
        if !words.is_match(json) && !json.contains('\\') {
            return None;
        }
        let mut value = serde_json::from_str(json).ok()?;
        self.cover(&mut value, is_shown);
        Some(value.to_string())
    }

    fn covered(
        &self,
        spot: Spot,
        text: &str,
        is_shown: &dyn Fn(&PersonId) -> bool,
    ) -> Option<String> {
        let words = self.words.as_ref()?;
        let is_sentence = spot.is_typed || text.contains(char::is_whitespace);
        let is_meant = |kind: Kind, start: usize| match kind {
            Kind::Sure => true,
            Kind::Plain => is_sentence || spot.is_naming || spot.is_credential,
            Kind::Credential => spot.is_credential || follows_its_word(text, start),
        };
        let (mut done, mut from) = (0, 0);
        let mut covered = String::new();
        while let Some(found) = words.find(Input::new(text).span(from..text.len())) {
            let person = self.named.get(found.pattern().as_usize()).and_then(|named| {
                let is_meant = is_whole(text, found.start(), found.end())
                    && is_meant(named.kind, found.start());
                let is_hidden = named.people.iter().any(|person| !is_shown(person));
                named.people.first().filter(|_| is_meant && is_hidden)
            });
            match person {
                Some(person) => {
                    covered.push_str(text.get(done..found.start()).unwrap_or_default());
                    covered.push_str(if spot.is_typed { COVERED_MARK } else { person.as_str() });
                    (done, from) = (found.end(), found.end());
                }
                None => from = next_char(text, found.start()),
            }
        }
        (done > 0).then(|| covered + text.get(done..).unwrap_or_default())
    }
}

fn kind_of(word: &str, is_credential: bool) -> Kind {
    let is_plain = word.chars().all(char::is_alphanumeric);
    let is_long = word.chars().count() >= CREDENTIAL_CHARS_SURE;
    match is_credential {
        true if is_long && word.chars().any(char::is_alphabetic) => Kind::Sure,
        true => Kind::Credential,
        false if is_plain => Kind::Plain,
        false => Kind::Sure,
    }
}

/// Whether a word before a number says that it is a credential's.
fn follows_its_word(text: &str, start: usize) -> bool {
    let mut from = start.saturating_sub(BEFORE_BYTES_MAX);
    while !text.is_char_boundary(from) {
        from += 1;
    }
    let before = text.get(from..start).unwrap_or_default().to_lowercase();
    let words = before.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    let holds = |word: &str| CREDENTIAL_WORDS.iter().any(|known| word.contains(known));
    // `badge number 1234`, `card_id=1234`, `"badge": "1234"`.
    words.rev().take(2).any(holds)
}

/// Who called for help in silence, where an object is the incident of such a call.
fn caller_of(fields: &serde_json::Map<String, Value>) -> Option<PersonId> {
    fields.contains_key("timeline").then_some(())?;
    let person = fields.get("handling")?.get("call")?.get("person")?.as_str()?;
    PersonId::parse(person).ok()
}

/// Which fields of an object people wrote: the words of an incident that was opened by hand, of
/// what was done to it, of a hand-over, and of the occurrence log.
fn typed(key: &str, fields: &serde_json::Map<String, Value>) -> &'static [&'static str] {
    let has = |name: &str| fields.contains_key(name);
    let is_by_hand = fields.get("rules").and_then(Value::as_array).is_some_and(Vec::is_empty);
    // The words of a silent call are ours.
    let is_call = fields.get("handling").is_some_and(|handling| handling.get("call").is_some());
    if has("timeline") && is_by_hand && !is_call {
        return &["title", "because"];
    }
    if has("act") || matches!(key, "offer" | "snooze") {
        return &["text", "note", "reason"];
    }
    match has("recorded_at") && has("number") {
        true => &["text"],
        false => &[],
    }
}

/// Whether the text from `start` to `end` is no part of a longer word.
fn is_whole(text: &str, start: usize, end: usize) -> bool {
    let before = text.get(..start).and_then(|head| head.chars().next_back());
    let after = text.get(end..).and_then(|tail| tail.chars().next());
    !before.is_some_and(char::is_alphanumeric) && !after.is_some_and(char::is_alphanumeric)
}

fn next_char(text: &str, at: usize) -> usize {
    let rest = text.get(at..).and_then(|tail| tail.chars().next());
    at + rest.map_or(1, char::len_utf8)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests fail by panicking")]

    use super::*;
    use model::spine::{Identifier, Person, PersonKind, PersonStatus, Validity};

    fn organisation() -> Organisation {
        let mut organisation = crate::knowledge::empty_organisation().unwrap();
        for (id, name, account) in [
            ("p-1", "Ana Silva", "ana.silva"),
            ("p-2", "Bo \"Bob\" Li", "bo.li@house.example"),
            ("p-3", "Admin Person", "admin"),
        ] {
            let id = PersonId::parse(id).unwrap();
            let person = Person {
                id: id.clone(),
                name: name.into(),
                kind: PersonKind::Employee,
                status: PersonStatus::Active,
                team: None,
                manager: None,
                site: None,
                validity: Validity::default(),
            };
            organisation.people.insert(id.clone(), person);
            organisation.identifiers.push(Identifier {
                kind: if account.contains('@') { "email" } else { "account" }.into(),
                value: account.into(),
                entity: Entity::Person(id),
                realm: None,
                validity: Validity::default(),
                replaces: None,
            });
        }
        organisation
    }

    fn nobody(_: &PersonId) -> bool {
        false
    }

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let veil = Veil::new(&organisation());
        let covered = veil.cover_text(text, &nobody);
        assert_eq!(covered.as_deref().unwrap_or(text), expected);
    }

    #[test]
    fn names_accounts_and_addresses_become_ids() {
        check("session opened for ANA.Silva by (uid=0)", "session opened for p-1 by (uid=0)");
        check("HOUSE\\ana.silva", "HOUSE\\p-1");
        check("Ana Silva, bo.li@house.example", "p-1, p-2");
        check("Bo \"Bob\" Li", "p-2");
        check("é ana.silva é", "é p-1 é");
    }

    #[test]
    fn a_part_of_another_word_names_nobody() {
        check("joana.silva diana.silvado administrator", "joana.silva diana.silvado administrator");
        check("ana.ana.silva", "ana.p-1");
    }

    #[test]
    fn a_plain_word_names_somebody_only_where_people_are_named() {
        let veil = Veil::new(&organisation());
        let mut value = serde_json::json!({
            "owner": {"kind": "team", "id": "admin"}, "admin": 1, "tags": ["admin"],
            "actor": {"user": {"name": "admin"}}, "message": "log-on of admin",
        });
        veil.cover(&mut value, &nobody);
        let expected = serde_json::json!({
            "owner": {"kind": "team", "id": "admin"}, "admin": 1, "tags": ["admin"],
            "actor": {"user": {"name": "p-3"}}, "message": "log-on of p-3",
        });
        assert_eq!(value, expected);
    }

    #[test]
    fn whoever_calls_for_help_is_named_and_nobody_beside_them() {
        let veil = Veil::new(&organisation());
        let called = |person: Option<&str>| {
            let mut value = serde_json::json!({
                "title": "Panic: Ana Silva, lobby", "rules": [], "timeline": [
                    {"by": "op-1", "act": {"act": "opened", "text": "Ana Silva calls"}},
                    {"by": "op-2", "act": {"act": "comment", "text": "Bo \"Bob\" Li is with her"}},
                ],
                "handling": {"call": {"by": "op-1", "person": person}},
            });
            veil.cover(&mut value, &nobody);
            value
        };
        let named = called(Some("p-1"));
        assert_eq!(named["title"], "Panic: Ana Silva, lobby");
        assert_eq!(named["timeline"][0]["act"]["text"], "Ana Silva calls");
        assert_eq!(named["timeline"][1]["act"]["text"], "[…] is with her");
        assert_eq!(called(None)["title"], "Panic: p-1, lobby");
    }

    #[test]
    fn whom_the_caller_asked_for_is_shown() {
        let veil = Veil::new(&organisation());
        let ana = PersonId::parse("p-1").unwrap();
        let covered = veil.cover_text("Ana Silva and admin person", &|person| *person == ana);
        assert_eq!(covered.unwrap(), "Ana Silva and p-3");
    }

    #[test]
    fn a_badge_number_is_covered_where_badges_stand_and_no_other_number_is() {
        let mut organisation = organisation();
        for (kind, value) in [("badge", "100231"), ("card", "04A3F2"), ("badge", "5432")] {
            organisation.identifiers.push(Identifier {
                kind: kind.into(),
                value: value.into(),
                entity: Entity::Person(PersonId::parse("p-1").unwrap()),
                realm: None,
                validity: Validity::default(),
                replaces: None,
            });
        }
        let veil = Veil::new(&organisation);
        let mut value = serde_json::json!({
            "credential": {"uid": "100231", "credential_type_id": 1},
            "castellan": {"credential": {"id": "100231", "state": "current"}, "record": 5432},
            "user": {"credential_uid": "100231"},
            "unmapped": {"cardHolderNo": 5432, "port": 5432, "pid": "5432", "tag": "04a3f2"},
            "message": "badge no. 5432 at port 5432, card=100231, 04A3F2",
            "credential_uid": "999",
        });
        veil.cover(&mut value, &nobody);
        let expected = serde_json::json!({
            "credential": {"uid": "p-1", "credential_type_id": 1},
            "castellan": {"credential": {"id": "p-1", "state": "current"}, "record": 5432},
            "user": {"credential_uid": "p-1"},
            "unmapped": {"cardHolderNo": "p-1", "port": 5432, "pid": "5432", "tag": "p-1"},
            "message": "badge no. p-1 at port 5432, card=p-1, p-1",
            "credential_uid": "999",
        });
        assert_eq!(value, expected);
        // In a table, whatever its columns are called.
        let mut line = serde_json::json!({
            "x": "100231", "y": "admin", "seq": 100231,
            "z": "{\"actor\":{\"user\":{\"name\":\"admin\"}},\"port\":\"5432\"}",
        });
        veil.cover_line(&mut line, &nobody);
        let expected = serde_json::json!({
            "x": "p-1", "y": "p-3", "seq": 100231,
            "z": "{\"actor\":{\"user\":{\"name\":\"p-3\"}},\"port\":\"5432\"}",
        });
        assert_eq!(line, expected);
    }

    #[test]
    fn words_that_people_wrote_do_not_say_who_stands_behind_a_name() {
        let veil = Veil::new(&organisation());
        let incident = |rules: serde_json::Value, handling: serde_json::Value| {
            let mut value = serde_json::json!({
                "title": "About Ana Silva", "because": "ana.silva logged on", "rules": rules,
                "handling": handling,
                "timeline": [{"by": "tok", "act": {"act": "comment", "text": "ask Ana Silva"}}],
            });
            veil.cover(&mut value, &nobody);
            (value["title"].clone(), value["because"].clone(), value["timeline"].to_string())
        };
        let (none, some) = (serde_json::json!([]), serde_json::json!(["r"]));
        let plain = serde_json::json!({"offer": {"note": "to Ana Silva", "until": 1}});
        let (title, because, timeline) = incident(none.clone(), plain.clone());
        assert_eq!((title, because), ("About […]".into(), "[…] logged on".into()));
        assert!(timeline.contains("ask […]") && !timeline.contains("p-1"), "{timeline}");
        let (title, because, timeline) = incident(some, plain);
        assert_eq!((title, because), ("About p-1".into(), "p-1 logged on".into()));
        assert!(!timeline.contains("p-1"), "{timeline}");
        let (title, ..) = incident(none, serde_json::json!({"call": {"by": "op-1"}}));
        assert_eq!(title, "About p-1");
        let mut entry =
            serde_json::json!({"number": 1, "recorded_at": 1, "text": "Ana Silva came"});
        veil.cover(&mut entry, &nobody);
        assert_eq!(entry["text"], "[…] came");
    }

    #[test]
    fn json_with_escapes_is_covered_too() {
        let veil = Veil::new(&organisation());
        let json = r#"{"message":"Bo \"Bob\" Li \u0061na.silva"}"#;
        assert_eq!(veil.cover_json(json, &nobody).unwrap(), r#"{"message":"p-2 p-1"}"#);
        assert_eq!(veil.cover_json(r#"{"message":"nobody"}"#, &nobody), None);
    }
}
