//! Who is meant, without saying who: what names a person becomes the person's id.
//!
//! Owns which words name whom. Never decides who may see a name: that is the caller's question,
//! asked once per person that a text names.

use std::collections::BTreeMap;

use aho_corasick::{AhoCorasick, Input, MatchKind};
use model::{Entity, Organisation, PersonId};
use serde_json::Value;

/// Identifiers that say who somebody is to anybody who reads them. A badge or an employee number
/// does not.
const NAMING_KINDS: [&str; 4] = ["account", "email", "phone", "upn"];
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
    is_plain: bool,
}

impl Veil {
    /// Gathers names and naming identifiers, past ones too.
    pub fn new(organisation: &Organisation) -> Self {
        let mut words: BTreeMap<String, Named> = BTreeMap::new();
        let mut add = |word: &str, person: &PersonId| {
            let word = word.trim().to_lowercase();
            if word.chars().count() < WORD_CHARS_MIN || word == person.as_str() {
                return;
            }
            let is_plain = word.chars().all(char::is_alphanumeric);
            let named = words.entry(word).or_default();
            named.is_plain = is_plain;
            if !named.people.contains(person) {
                named.people.push(person.clone());
            }
        };
        for person in organisation.people.values() {
            add(&person.name, &person.id);
        }
        for identifier in organisation.identifiers.iter().filter(|one| is_naming(&one.kind)) {
            if let Entity::Person(person) = &identifier.entity {
                add(&identifier.value, person);
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
    /// says so. Keys stay as they are.
    pub fn cover(&self, value: &mut Value, is_shown: &dyn Fn(&PersonId) -> bool) {
        self.cover_under("", value, is_shown);
    }

    fn cover_under(&self, key: &str, value: &mut Value, is_shown: &dyn Fn(&PersonId) -> bool) {
        match value {
            Value::String(text) => {
                if let Some(covered) = self.covered(key, text, is_shown) {
                    *text = covered;
                }
            }
            Value::Array(items) => {
                items.iter_mut().for_each(|item| self.cover_under(key, item, is_shown));
            }
            Value::Object(fields) => {
                fields.iter_mut().for_each(|(key, item)| self.cover_under(key, item, is_shown));
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    /// A text with ids in place of names; `None` when it names nobody who is to be covered.
    pub fn cover_text(&self, text: &str, is_shown: &dyn Fn(&PersonId) -> bool) -> Option<String> {
        self.covered("", text, is_shown)
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
        key: &str,
        text: &str,
        is_shown: &dyn Fn(&PersonId) -> bool,
    ) -> Option<String> {
        let words = self.words.as_ref()?;
        let may_be_plain = NAMING_KEYS.contains(&key) || text.contains(char::is_whitespace);
        let (mut done, mut from) = (0, 0);
        let mut covered = String::new();
        while let Some(found) = words.find(Input::new(text).span(from..text.len())) {
            let person = self.named.get(found.pattern().as_usize()).and_then(|named| {
                let is_meant =
                    is_whole(text, found.start(), found.end()) && (may_be_plain || !named.is_plain);
                let is_hidden = named.people.iter().any(|person| !is_shown(person));
                named.people.first().filter(|_| is_meant && is_hidden)
            });
            match person {
                Some(person) => {
                    covered.push_str(text.get(done..found.start()).unwrap_or_default());
                    covered.push_str(person.as_str());
                    (done, from) = (found.end(), found.end());
                }
                None => from = next_char(text, found.start()),
            }
        }
        (done > 0).then(|| covered + text.get(done..).unwrap_or_default())
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
    #![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

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
    fn whom_the_caller_asked_for_is_shown() {
        let veil = Veil::new(&organisation());
        let ana = PersonId::parse("p-1").unwrap();
        let covered = veil.cover_text("Ana Silva and admin person", &|person| *person == ana);
        assert_eq!(covered.unwrap(), "Ana Silva and p-3");
    }

    #[test]
    fn json_with_escapes_is_covered_too() {
        let veil = Veil::new(&organisation());
        let json = r#"{"message":"Bo \"Bob\" Li \u0061na.silva"}"#;
        assert_eq!(veil.cover_json(json, &nobody).unwrap(), r#"{"message":"p-2 p-1"}"#);
        assert_eq!(veil.cover_json(r#"{"message":"nobody"}"#, &nobody), None);
    }
}
