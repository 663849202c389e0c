//! `[[identity_provider]]`: who vouches for operators from outside, and what their groups mean.

use std::collections::BTreeSet;
use std::path::PathBuf;

use access::Role;
use estate::tomlpos::{Spanned, Table};
use model::PlaceId;

use super::SecretText;

/// Longest id of a provider: it stands in addresses and in the audit chain.
const ID_CHARS_MAX: usize = 32;
/// Not an id: the address to which browsers come back.
const CALLBACK: &str = "callback";

/// An identity provider that speaks OpenID Connect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdentityProvider {
    /// Its id here.
    pub id: Spanned<String>,
    /// How its button is called.
    pub name: String,
    /// Its address, as its own documents and tokens write it.
    pub issuer: Spanned<String>,
    /// What it calls us.
    pub client_id: String,
    /// Reference to our secret there; a public client has none.
    pub client_secret: Option<SecretText>,
    /// Asked for beside `openid`.
    pub scopes: Vec<String>,
    /// The claim with the groups.
    pub groups_claim: String,
    /// PEM file of the authorities trusted for it; those of the system if absent.
    pub ca: Option<Spanned<PathBuf>>,
    /// What groups mean.
    pub grants: Vec<GroupGrant>,
}

/// What being in a group means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupGrant {
    /// The group, as the provider writes it.
    pub group: String,
    /// As what.
    pub role: Role,
    /// Where; in the whole organisation if absent.
    pub sites: Option<Vec<Spanned<PlaceId>>>,
}

pub(super) fn read_all(root: &mut Table<'_>) -> Vec<IdentityProvider> {
    let tables = root.take_tables("identity_provider");
    let mut ids = BTreeSet::new();
    let mut all = Vec::new();
    for provider in tables.into_iter().filter_map(read) {
        if !ids.insert(provider.id.value.clone()) {
            let message = format!("two identity providers have the id `{}`", *provider.id);
            root.error(provider.id.at, "duplicate_id", message);
        }
        all.push(provider);
    }
    all
}

fn read(mut table: Table<'_>) -> Option<IdentityProvider> {
    let id = table.need_str("id").filter(|id| is_id(&table, id));
    let name = table.need_str("name");
    let issuer = table.need_str("issuer").filter(|issuer| is_issuer(&table, issuer));
    let client_id = table.need_str("client_id");
    let client_secret = table.take_str("client_secret");
    let scopes = table.take_strs("scopes");
    let groups_claim = table.take_str("groups_claim");
    let ca = table.take_str("ca");
    let tables = table.take_tables("grant");
    if tables.is_empty() {
        let message = "`[[identity_provider.grant]]` is missing: without one, nobody who comes \
                       this way may do anything";
        table.error(table.at(), "missing_key", message.into());
    }
    let grants = tables.into_iter().filter_map(grant).collect();
    table.finish();
    let scopes = scopes.map(|scopes| scopes.into_iter().map(|scope| scope.value).collect());
    let path = |ca: Spanned<String>| Spanned { value: PathBuf::from(ca.value), at: ca.at };
    Some(IdentityProvider {
        id: id?,
        name: name?.value,
        issuer: issuer?,
        client_id: client_id?.value,
        client_secret,
        scopes: scopes.unwrap_or_else(|| vec!["profile".to_owned()]),
        groups_claim: groups_claim.map_or_else(|| "groups".to_owned(), |claim| claim.value),
        ca: ca.map(path),
        grants,
    })
}

fn is_id(table: &Table<'_>, id: &Spanned<String>) -> bool {
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let is_good = id.chars().all(is_plain) && id.len() <= ID_CHARS_MAX && **id != CALLBACK;
    if !is_good {
        let message = format!(
            "`identity_provider.id`: found `{}`, expected 1 to {ID_CHARS_MAX} of a-z, 0-9 and \
             dash, and not `{CALLBACK}`",
            **id
        );
        table.error(id.at, "bad_value", message);
    }
    is_good
}

fn is_issuer(table: &Table<'_>, issuer: &Spanned<String>) -> bool {
    let is_good = adapters::oidc::is_private_way(issuer);
    if !is_good {
        let message = format!(
            "`identity_provider.issuer`: found `{}`, expected `https://…`; only a provider on \
             this machine (localhost) may be `http://…`",
            **issuer
        );
        table.error(issuer.at, "bad_value", message);
    }
    is_good
}

fn grant(mut table: Table<'_>) -> Option<GroupGrant> {
    let group = table.need_str("group");
    let role = table.need_word("role", &Role::ALL.map(|role| (role.as_str(), role)));
    let sites = table.take_strs("sites");
    if sites.as_ref().is_some_and(Vec::is_empty) {
        let message = "`identity_provider.grant.sites` is empty; leave it out for the whole \
                       organisation";
        table.error(table.at(), "missing_value", message.into());
    }
    let place = |text: Spanned<String>| match PlaceId::parse(&text) {
        Ok(value) => Some(Spanned { value, at: text.at }),
        Err(error) => {
            table.error(text.at, "bad_id", error.to_string());
            None
        }
    };
    let sites = sites.map(|sites| sites.into_iter().filter_map(place).collect());
    table.finish();
    Some(GroupGrant { group: group?.value, role: role?.value, sites })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests fail by panicking")]
    use super::*;

    const GOOD: &str = r#"format = 1
[[identity_provider]]
id = "house"
name = "Example Works"
issuer = "https://id.example.org/realms/works"
client_id = "castellan"
client_secret = "env:OIDC_SECRET"
[[identity_provider.grant]]
group = "guards"
role = "guard"
sites = ["hq"]
"#;

    fn problems(text: &str) -> Vec<String> {
        let (_, problems) = super::super::read("castellan.toml", text);
        problems.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_provider_is_read_with_its_defaults() {
        let (config, found) = super::super::read("castellan.toml", GOOD);
        assert!(found.is_empty(), "{found:?}");
        let config = config.unwrap();
        let provider = config.identity_providers.first().unwrap();
        assert_eq!(
            (&*provider.groups_claim, &*provider.scopes),
            ("groups", &["profile".into()][..])
        );
        let grant = provider.grants.first().unwrap();
        assert_eq!((&*grant.group, grant.role), ("guards", Role::Guard));
        assert_eq!(grant.sites.as_ref().unwrap().first().unwrap().as_str(), "hq");
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place_and_what_was_expected() {
        let check = |from: &str, to: &str, place: &str, said: &str| {
            let found = problems(&GOOD.replace(from, to));
            let fits = |p: &String| p.contains(place) && p.contains(said);
            assert!(found.iter().any(fits), "{to}: {found:?}");
        };
        check("issuer = \"https://", "issuer = \"http://", ":5:", "expected `https://…`");
        check("client_id", "client_di", ":6:", "did you mean `client_id`");
        check("role = \"guard\"", "role = \"gaurd\"", ":10:", "did you mean `guard`");
        check("\"house\"", "\"callback\"", ":3:", "not `callback`");
        check("sites = [\"hq\"]", "sites = []", "castellan.toml:", "leave it out");
        let (head, _) = GOOD.split_once("[[identity_provider.grant]]").unwrap();
        assert!(problems(head).iter().any(|p| p.contains("is missing: without one")));
        let twice = format!("{GOOD}{}", GOOD.strip_prefix("format = 1\n").unwrap());
        assert!(problems(&twice).iter().any(|p| p.contains("two identity providers")));
    }

    #[test]
    fn the_guides_examples_are_read_without_a_word() {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let guide = std::fs::read_to_string(root.join("docs/guides/sign-in.md")).unwrap();
        let blocks: Vec<&str> = guide.split("```toml\n").skip(1).collect();
        let blocks = blocks.iter().filter_map(|block| block.split_once("```"));
        let mut read = 0;
        for (block, _) in blocks.filter(|(block, _)| block.contains("[[identity_provider]]")) {
            let found = problems(&format!("format = 1\n{block}"));
            assert!(found.is_empty(), "{found:?}\n{block}");
            read += 1;
        }
        assert_eq!(read, 2);
    }

    #[test]
    fn only_a_provider_on_this_machine_may_be_spoken_to_in_the_clear() {
        let local = GOOD.replace("https://id.example.org", "http://localhost:8080");
        assert!(problems(&local).is_empty());
    }
}
