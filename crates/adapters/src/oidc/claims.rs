//! The groups in a token's claims, however a provider writes them.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{OidcError, refused};

type Claims = BTreeMap<String, Value>;

/// The claim of a name; where there is none, the way along the dots in it.
fn find<'a>(claims: &'a Claims, name: &str) -> Option<&'a Value> {
    if let Some(found) = claims.get(name) {
        return Some(found);
    }
    let mut parts = name.split('.');
    let first = claims.get(parts.next()?)?;
    parts.try_fold(first, |inside, part| inside.get(part))
}

/// Whether the groups are there, or their absence has been explained.
pub fn has(claims: &Claims, name: &str) -> bool {
    find(claims, name).is_some() || is_left_out(claims, name)
}

/// SOURCE: OpenID Connect Core 1.0, section 5.6.2: claims kept elsewhere are named so; Entra ID
/// does it with more than 200 groups.
fn is_left_out(claims: &Claims, name: &str) -> bool {
    claims.get("_claim_names").is_some_and(|names| names.get(name).is_some())
}

/// Groups as a list of texts, or one text.
pub fn groups(claims: &Claims, name: &str) -> Result<Vec<String>, OidcError> {
    let wrong = |found: &str| {
        let what = format!("the token's groups claim `{name}` is {found}");
        refused("no_groups", format!("{what}; expected a list of texts"))
    };
    match find(claims, name) {
        Some(Value::String(one)) => Ok(vec![one.clone()]),
        Some(Value::Array(all)) => {
            let text = |value: &Value| value.as_str().map(str::to_owned);
            let texts: Option<Vec<String>> = all.iter().map(text).collect();
            texts.ok_or_else(|| wrong("a list of other things than texts"))
        }
        Some(Value::Null) => Err(wrong("null")),
        Some(Value::Bool(_)) => Err(wrong("a truth value")),
        Some(Value::Number(_)) => Err(wrong("a number")),
        Some(Value::Object(_)) => Err(wrong("an object")),
        None if is_left_out(claims, name) => Err(refused(
            "too_many_groups",
            format!(
                "the provider left the groups claim `{name}` out, because the person has too many \
                 groups; let it send only the groups of this application, or application roles"
            ),
        )),
        None => Err(refused("no_groups", format!("the token's groups claim `{name}` is absent"))),
    }
}

/// A text of somebody else's as one bounded, printable line.
pub fn plain(text: &str, chars_max: usize) -> String {
    let printable = |c: char| if c.is_control() { ' ' } else { c };
    text.chars().take(chars_max).map(printable).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(claims: Value, name: &str) -> Result<Vec<String>, String> {
        let claims: Claims = serde_json::from_value(claims).unwrap_or_default();
        groups(&claims, name).map_err(|error| error.to_string())
    }

    #[test]
    fn groups_are_read_however_they_are_written() {
        let json = serde_json::json!({
            "groups": ["a", "b"], "one": "a", "none": [],
            "realm_access": {"roles": ["c"]}, "https://house.example/groups": ["d"],
        });
        let found = |name: &str| read(json.clone(), name).unwrap_or_default();
        assert_eq!(found("groups"), ["a", "b"]);
        assert_eq!(found("one"), ["a"]);
        assert!(found("none").is_empty());
        assert_eq!(found("realm_access.roles"), ["c"]);
        assert_eq!(found("https://house.example/groups"), ["d"]);
    }

    #[test]
    fn what_cannot_be_read_says_what_was_expected_and_found() {
        let json = serde_json::json!({
            "number": 7, "mixed": ["a", 1], "_claim_names": {"many": "src1"},
        });
        let said = |name: &str| read(json.clone(), name).err().unwrap_or_default();
        assert_eq!(said("roles"), "the token's groups claim `roles` is absent");
        assert_eq!(
            said("number"),
            "the token's groups claim `number` is a number; expected a list of texts"
        );
        assert!(said("mixed").contains("other things than texts"));
        assert!(said("many").contains("too many"));
    }
}
