//! Signing in by the house's own identity provider: it says who somebody is and of which groups,
//! and our configuration says what a group means.
//!
//! A question that waits for its browser is bound to a cookie, so that nobody can be signed in as
//! somebody else by a link. Who came by a provider has no other way in: what they may do follows
//! their groups at each sign-in.

mod waiting;

use std::collections::{BTreeMap, BTreeSet};

use access::{Grant, Role};
use adapters::oidc::{OidcError, Provider, ProviderConfig, Vouched};
use adapters::{AdapterError, ClientTls, Secret};
use model::PlaceId;
use serde_json::json;
use sha2::{Digest, Sha256};
use store::StoreError;
use store::state::Operator;

use super::links::Begun;
use super::manage::{self, NewOperator, OperatorChange};
use super::sessions::Beginning;
use super::{Origin, Signin, SigninError};
use crate::accounting::Outcome;
use crate::auth;
use crate::config::{Config, GroupGrant, IdentityProvider};
use crate::limits::Limits;
use crate::listeners;

use waiting::{Question, Waiting};

/// The way, as accounts and the audit chain name it.
const WAY: &str = "oidc";
/// What stands before a provider's id in a session's method.
pub(super) const METHOD: &str = "oidc:";
/// Longest path that a browser goes on to.
const NEXT_BYTES_MAX: usize = 2_000;
/// Longest login that is taken over; room is left for a number.
const LOGIN_CHARS_MAX: usize = 56;
/// Longest name that is taken over.
const NAME_CHARS_MAX: usize = 200;
/// Longest of our own parameters that a browser brings back.
const BROUGHT_BYTES_MAX: usize = 8_192;

/// A provider as the sign-in page shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderView {
    /// Id.
    pub id: String,
    /// How its button is called.
    pub name: String,
}

/// Where a browser is sent, and what it must bring back.
pub struct OidcAsked {
    /// Where.
    pub url: String,
    /// Names the question; the provider sends it back.
    pub state: String,
    /// For a cookie: shows that the same browser comes back.
    pub secret: String,
    /// How long it may take.
    pub lasts: std::time::Duration,
}

/// What a browser brings back from a provider.
#[derive(Debug, Clone, Copy, Default)]
pub struct OidcAnswer<'a> {
    /// Which question.
    pub state: &'a str,
    /// The provider's code for us.
    pub code: Option<&'a str>,
    /// The provider's refusal, as the standard's word.
    pub error: Option<&'a str>,
    /// Who it says that it is.
    pub iss: Option<&'a str>,
    /// The cookie of the question.
    pub cookie: Option<&'a str>,
}

struct One {
    name: String,
    issuer: String,
    grants: Vec<GroupGrant>,
    provider: Provider,
}

/// Providers that the configuration names, and the questions that wait for their browsers.
pub(super) struct Providers {
    by_id: BTreeMap<String, One>,
    waiting: Waiting,
}

/// A provider that is ready to be asked. Does not connect.
pub(crate) fn prepare_provider(
    wanted: &IdentityProvider,
    client_secret: Option<Secret>,
    limits: &Limits,
) -> Result<Provider, AdapterError> {
    let authorities = wanted.ca.as_ref().map(|ca| ca.value.clone());
    Provider::prepare(&ProviderConfig {
        issuer: wanted.issuer.value.clone(),
        client_id: wanted.client_id.clone(),
        client_secret,
        scopes: wanted.scopes.clone(),
        groups_claim: wanted.groups_claim.clone(),
        tls: ClientTls { authorities, certificate: None },
        timeout: Limits::ms(limits.oidc_answer_ms_max),
        age_max: Limits::ms(limits.oidc_metadata_ms_max),
    })
}

impl Providers {
    pub fn of(config: &Config) -> Result<Self, SigninError> {
        let mut by_id = BTreeMap::new();
        for wanted in &config.identity_providers {
            let what = format!("identity provider `{}`", *wanted.id);
            let unusable = |why: String| SigninError::System(format!("{what}: {why}"));
            let secret = wanted.client_secret.as_ref();
            let secret = secret.map(|secret| listeners::secret(secret, &what)).transpose();
            let secret = secret.map_err(|error| unusable(error.to_string()))?;
            let provider = prepare_provider(wanted, secret, &config.limits);
            let provider = provider.map_err(|error| unusable(error.to_string()))?;
            let (name, issuer) = (wanted.name.clone(), wanted.issuer.value.clone());
            let one = One { name, issuer, grants: wanted.grants.clone(), provider };
            by_id.insert(wanted.id.value.clone(), one);
        }
        Ok(Self { by_id, waiting: Waiting::default() })
    }

    /// Whether a session of this method may go on: its provider is still trusted.
    pub fn trusts(&self, method: &str) -> bool {
        method.strip_prefix(METHOD).is_none_or(|provider| self.by_id.contains_key(provider))
    }
}

/// What groups mean: the roles that they grant, each for all the sites it was granted for.
fn grants_of(granted: &[GroupGrant], groups: &[String]) -> Vec<Grant> {
    let groups: BTreeSet<&str> = groups.iter().map(String::as_str).collect();
    let mut roles: BTreeMap<usize, Grant> = BTreeMap::new();
    for grant in granted.iter().filter(|grant| groups.contains(&*grant.group)) {
        let sites = grant.sites.as_ref();
        let sites: Option<BTreeSet<PlaceId>> =
            sites.map(|sites| sites.iter().map(|site| site.value.clone()).collect());
        let order = Role::ALL.iter().position(|role| *role == grant.role).unwrap_or_default();
        match roles.get_mut(&order) {
            None => drop(roles.insert(order, Grant { role: grant.role, sites })),
            Some(held) => {
                held.sites = held.sites.take().zip(sites).map(|(mut held, more)| {
                    held.extend(more);
                    held
                });
            }
        }
    }
    roles.into_values().collect()
}

/// A path of our own to go on to; anything else would lead to somebody else's page.
fn own_path(next: Option<&str>) -> String {
    let is_own = |next: &&str| {
        let second = next.as_bytes().get(1);
        next.starts_with('/')
            && second.is_none_or(|second| !matches!(second, b'/' | b'\\'))
            && !next.starts_with("/v1/")
            && next.len() <= NEXT_BYTES_MAX
            && next.bytes().all(|byte| byte.is_ascii_graphic())
    };
    next.filter(is_own).unwrap_or("/").to_owned()
}

/// The provider's word for why, if it is one of the standard's form.
fn word(error: &str) -> &str {
    let is_word = |c: char| c.is_ascii_lowercase() || c == '_';
    let is_good = error.len() <= 64 && !error.is_empty() && error.chars().all(is_word);
    if is_good { error } else { "an unreadable error" }
}

/// Why somebody who is vouched for is not let in.
struct No {
    reason: &'static str,
    detail: String,
    operator: Option<String>,
    error: SigninError,
}

impl No {
    fn refused(reason: &'static str, detail: impl Into<String>, operator: Option<&str>) -> Self {
        let operator = operator.map(str::to_owned);
        Self { reason, detail: detail.into(), operator, error: SigninError::OidcRefused }
    }
}

impl From<OidcError> for No {
    fn from(error: OidcError) -> Self {
        match error {
            OidcError::Refused { reason, detail } => Self::refused(reason, detail, None),
            OidcError::Unreachable { detail } => {
                let error = SigninError::OidcUnreachable;
                Self { reason: "unreachable", detail, operator: None, error }
            }
        }
    }
}

/// It is not the person's fault, or not a matter of this way.
enum Ended {
    No(No),
    Ours(SigninError),
}

impl From<SigninError> for Ended {
    fn from(error: SigninError) -> Self {
        Self::Ours(error)
    }
}

impl From<StoreError> for Ended {
    fn from(error: StoreError) -> Self {
        Self::Ours(error.into())
    }
}

impl Signin {
    /// The providers to choose from.
    pub fn providers(&self) -> Vec<ProviderView> {
        let view =
            |(id, one): (&String, &One)| ProviderView { id: id.clone(), name: one.name.clone() };
        self.providers.by_id.iter().map(view).collect()
    }

    /// Begins to sign in by a provider. `redirect`: our own address to come back to; `next`: the
    /// path to go on to.
    pub async fn begin_oidc(
        &self,
        provider: &str,
        (redirect, next): (&str, Option<&str>),
        origin: &Origin,
    ) -> Result<OidcAsked, SigninError> {
        let now = self.wall.now();
        if let Some(wait) = self.throttle.wait(&origin.address, None, now) {
            self.count(WAY, Outcome::Received, "");
            self.count(WAY, Outcome::Rejected, "too_many_tries");
            return Err(SigninError::TooMany(wait));
        }
        let unknown = || SigninError::NotFound(format!("there is no provider `{provider}`"));
        let one = self.providers.by_id.get(provider).ok_or_else(unknown)?;
        let asked = match one.provider.begin(redirect, now).await {
            Ok(asked) => asked,
            Err(error) => {
                self.count(WAY, Outcome::Received, "");
                return Err(self.say_no(provider, error.into(), origin).await);
            }
        };
        let secret = auth::new_secret()?.replacen(auth::TOKEN_PREFIX, "", 1);
        let lasts = Limits::ms(self.limits.oidc_state_ms_max);
        let question = Question {
            provider: provider.to_owned(),
            kept: asked.kept,
            cookie: auth::hash(&secret),
            next: own_path(next),
            address: origin.address.clone(),
            ends: now.plus(lasts),
        };
        self.providers.waiting.put(&asked.state, question, now, &self.limits);
        Ok(OidcAsked { url: asked.url, state: asked.state, secret, lasts })
    }

    /// Signs in by what the browser brought back; gives the path to go on to, too.
    pub async fn by_oidc(
        &self,
        answer: &OidcAnswer<'_>,
        origin: &Origin,
    ) -> Result<(Begun, String), SigninError> {
        self.may_try(WAY, origin, None)?;
        let is_short = answer.state.len() + answer.code.map_or(0, str::len) <= BROUGHT_BYTES_MAX;
        let waiting = &self.providers.waiting;
        let question = waiting.take(answer.state, answer.cookie, self.wall.now());
        let Some(question) = question.filter(|_| is_short) else {
            self.refuse((WAY, "unknown_state"), origin, (None, None)).await;
            return Err(SigninError::OidcExpired);
        };
        match self.judge_oidc(&question, answer, origin).await {
            Ok(begun) => Ok((begun, question.next)),
            Err(Ended::No(no)) => Err(self.say_no(&question.provider, no, origin).await),
            Err(Ended::Ours(error)) => self.settled(WAY, Err(error)),
        }
    }

    /// Counts, records and tells a refusal; what the person is told is less.
    async fn say_no(&self, provider: &str, no: No, origin: &Origin) -> SigninError {
        let (reason, detail) = (no.reason, no.detail);
        tracing::warn!(provider, reason, detail, "nobody was signed in by the provider");
        match no.error {
            SigninError::OidcUnreachable => self.count(WAY, Outcome::Rejected, reason),
            _ => {
                let more = json!({"provider": provider, "said": detail});
                let who = (None, no.operator.as_deref());
                self.refuse_with((WAY, reason), origin, who, more).await;
            }
        }
        no.error
    }

    async fn judge_oidc(
        &self,
        question: &Question,
        answer: &OidcAnswer<'_>,
        origin: &Origin,
    ) -> Result<Begun, Ended> {
        let provider = &*question.provider;
        let no = |reason, detail: String| Ended::No(No::refused(reason, detail, None));
        let gone = || no("unknown_provider", "the provider is not configured".to_owned());
        let one = self.providers.by_id.get(provider).ok_or_else(gone)?;
        if let Some(error) = answer.error {
            let said = format!("the provider answers `{}`", word(error));
            return Err(no("provider_refused", said));
        }
        let code = answer.code.ok_or_else(|| {
            no("no_code", "the answer has neither a code nor an error".to_owned())
        })?;
        let now = self.wall.now();
        let vouched = one.provider.finish(&question.kept, (code, answer.iss), now).await;
        let vouched = vouched.map_err(|error| Ended::No(error.into()))?;
        match self.admit((provider, one), &vouched, origin).await {
            // Somebody changed the operator, or the same person came twice at once.
            Err(Ended::Ours(SigninError::Store(StoreError::Conflict { .. }))) => {
                self.admit((provider, one), &vouched, origin).await
            }
            ended => ended,
        }
    }

    /// Makes or updates the operator and begins their session, in one transaction.
    async fn admit(
        &self,
        (provider, one): (&str, &One),
        vouched: &Vouched,
        origin: &Origin,
    ) -> Result<Begun, Ended> {
        self.reload().await?;
        let book = self.book();
        // SOURCE: OpenID Connect Core 1.0, section 2: a subject is somebody only with its issuer.
        let subject = (provider.to_owned(), format!("{} {}", one.issuer, vouched.subject));
        let is_theirs = |o: &Operator| o.subject.as_ref() == Some(&subject);
        let known = book.by_id.values().map(|known| &known.operator).find(|o| is_theirs(o));
        let grants = grants_of(&one.grants, &vouched.groups);
        if let Some(operator) = known.filter(|operator| operator.is_disabled) {
            let why = "the operator is disabled here";
            return Err(Ended::No(No::refused("disabled", why, Some(&operator.id))));
        }
        if grants.is_empty() {
            if let Some(operator) = known {
                self.take_rights(provider, operator).await?;
            }
            let operator = known.map(|operator| operator.id.clone());
            let detail = no_role(&one.grants, vouched.groups.len());
            let error = SigninError::OidcNoRole;
            return Err(Ended::No(No { reason: "no_role", detail, operator, error }));
        }
        let by = format!("provider:{provider}");
        let beginning = Beginning {
            way: WAY,
            provider: Some(provider),
            by: &by,
            ..Beginning::of("", &origin.address)
        };
        let Some(operator) = known else {
            let mut made = self.new_operator(provider, vouched, grants)?;
            made.subject = Some(subject.clone());
            let beginning = Beginning { operator: &made.id, made: Some(&made), ..beginning };
            return Ok(self.begin(beginning).await?);
        };
        let changed = match self.changed(operator, vouched, grants).await {
            Err(SigninError::Conflict(why)) => {
                self.take_rights(provider, operator).await?;
                return Err(Ended::No(No::refused("last_administrator", why, Some(&operator.id))));
            }
            changed => changed?,
        };
        let beginning =
            Beginning { operator: &operator.id, changed: changed.as_ref(), ..beginning };
        Ok(self.begin(beginning).await?)
    }

    fn new_operator(
        &self,
        provider: &str,
        vouched: &Vouched,
        grants: Vec<Grant>,
    ) -> Result<Operator, SigninError> {
        let login = self.free_login(provider, vouched);
        let name = name_of(vouched).unwrap_or_else(|| login.clone());
        let wanted = NewOperator { login, name, person: None, teams: Vec::new(), grants };
        manage::build(wanted, self.clock.now())
    }

    /// A login that nobody has. Never that of somebody known here: a provider vouches for its own
    /// people alone.
    fn free_login(&self, provider: &str, vouched: &Vouched) -> String {
        let is_plain = |c: &char| c.is_ascii_alphanumeric() || ".-_@+".contains(*c);
        let told = vouched.login.as_deref().unwrap_or_default().to_lowercase();
        let mut login: String = told.chars().filter(is_plain).take(LOGIN_CHARS_MAX).collect();
        if login.is_empty() {
            let digest = Sha256::digest(vouched.subject.as_bytes());
            let short: String = hex::encode(digest).chars().take(8).collect();
            login = format!("{provider}-{short}");
        }
        let book = self.book();
        let mut free = login.clone();
        let mut number = 1_u32;
        while book.by_login.contains_key(&free) {
            number += 1;
            free = format!("{login}-{number}");
        }
        free
    }

    /// The operator as the provider now has them; `None` where nothing is new.
    async fn changed(
        &self,
        before: &Operator,
        vouched: &Vouched,
        grants: Vec<Grant>,
    ) -> Result<Option<Operator>, SigninError> {
        let name = name_of(vouched).filter(|name| *name != before.name);
        let is_same = manage::grants(&before.roles) == grants;
        if is_same && name.is_none() {
            return Ok(None);
        }
        let grants = (!is_same).then_some(grants);
        let wanted = OperatorChange { name, grants, ..OperatorChange::default() };
        let after = manage::changed(&self.state, before, wanted, self.clock.now()).await?;
        Ok(Some(after))
    }

    /// Their groups grant nothing any more: the roles go, and every session ends. The last
    /// administrator keeps the role, of which no session is left to make use.
    async fn take_rights(&self, provider: &str, before: &Operator) -> Result<(), SigninError> {
        if before.roles.is_empty() {
            return Ok(());
        }
        let wanted = OperatorChange { grants: Some(Vec::new()), ..OperatorChange::default() };
        let now = self.clock.now();
        let after = match manage::changed(&self.state, before, wanted, now).await {
            Err(SigninError::Conflict(_)) => {
                Operator { version: before.version + 1, changed_at: now, ..before.clone() }
            }
            after => after?,
        };
        let object = format!("operator:{}", after.id);
        let detail = json!({"roles": after.roles, "sessions": "ended", "provider": provider});
        let by = format!("provider:{provider}");
        let act = self.act(&by, "operator.change", &object, detail);
        self.state.change_operator(&after, Some(None), &[act]).await?;
        Ok(self.reload().await?)
    }
}

fn name_of(vouched: &Vouched) -> Option<String> {
    let printable = |c: &char| !c.is_control();
    let name: String = vouched.name.as_deref()?.trim().chars().filter(printable).collect();
    let name: String = name.chars().take(NAME_CHARS_MAX).collect();
    (!name.trim().is_empty()).then(|| name.trim().to_owned())
}

/// Which groups would have been something; those the person has are not said.
fn no_role(granted: &[GroupGrant], found: usize) -> String {
    let granted: BTreeSet<&str> = granted.iter().map(|grant| &*grant.group).collect();
    let granted: Vec<String> = granted.into_iter().map(|group| format!("`{group}`")).collect();
    let granted = granted.join(", ");
    format!("the token names {found} groups; none of them grants a role here (those do: {granted})")
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests fail by panicking")]
    use estate::tomlpos::Spanned;
    use model::problem::Position;

    use super::*;

    fn granted(group: &str, role: Role, sites: &[&str]) -> GroupGrant {
        let at = Position { line: 1, column: 1 };
        let site = |site: &&str| Spanned { value: PlaceId::parse(site).unwrap(), at };
        let sites = (!sites.is_empty()).then(|| sites.iter().map(site).collect());
        GroupGrant { group: group.to_owned(), role, sites }
    }

    #[test]
    fn groups_add_up_and_the_whole_organisation_swallows_sites() {
        let all = [
            granted("gate", Role::Guard, &["hq"]),
            granted("yard", Role::Guard, &["dc"]),
            granted("chief", Role::Guard, &[]),
            granted("soc", Role::Analyst, &[]),
        ];
        let check = |groups: &[&str], wanted: &str| {
            let groups: Vec<String> = groups.iter().map(|&group| group.to_owned()).collect();
            let said: Vec<String> = grants_of(&all, &groups)
                .iter()
                .map(|grant| {
                    let sites = grant.sites.as_ref().map(|sites| {
                        sites.iter().map(PlaceId::as_str).collect::<Vec<_>>().join("+")
                    });
                    format!("{}@{}", grant.role.as_str(), sites.unwrap_or_else(|| "*".into()))
                })
                .collect();
            assert_eq!(said.join(" "), wanted, "{groups:?}");
        };
        check(&[], "");
        check(&["Gate", "gate "], "");
        check(&["gate", "other"], "guard@hq");
        check(&["yard", "gate"], "guard@dc+hq");
        check(&["gate", "chief", "yard"], "guard@*");
        check(&["soc", "gate"], "guard@hq analyst@*");
    }

    #[test]
    fn only_our_own_pages_are_gone_on_to() {
        for own in ["/", "/incidents?view=mine&x=%20", "/people/ana"] {
            assert_eq!(own_path(Some(own)), own);
        }
        let long = format!("/{}", "a".repeat(NEXT_BYTES_MAX));
        for foreign in [
            "//evil.example",
            "/\\evil.example",
            "https://evil.example",
            "x",
            "/a\r\nb",
            "",
            "/v1/x",
            &long,
        ] {
            assert_eq!(own_path(Some(foreign)), "/", "{foreign}");
        }
        assert_eq!(own_path(None), "/");
    }
}
