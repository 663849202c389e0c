//! Who the operators are: made, changed, disabled, let in again. Works on state, so the command
//! line does the same with or without a server.

use access::{Grant, Role};
use model::text::Words;
use model::{AuditAct, PersonId, PlaceId, TeamId, Timestamp};
use serde_json::json;
use store::State;
use store::state::{LinkPurpose, Operator, StoredLink, StoredRole};

use super::book::is_administrator;
use super::{Signin, SigninError, act_at, links};
use crate::auth;
use crate::limits::Limits;

/// Longest login.
const LOGIN_CHARS_MAX: usize = 64;
/// Longest name.
const NAME_CHARS_MAX: usize = 200;
/// Most roles of one operator.
const ROLES_MAX: usize = 32;
/// Most sites of one role, and teams of one operator.
const LISTED_MAX: usize = 1_000;

/// What is wanted of a new operator.
#[derive(Debug, Clone)]
pub struct NewOperator {
    /// What they type to sign in.
    pub login: String,
    /// How the console shows them.
    pub name: String,
    /// Who of the organisation they are.
    pub person: Option<PersonId>,
    /// Whose incidents are theirs.
    pub teams: Vec<TeamId>,
    /// What they may do, and where.
    pub grants: Vec<Grant>,
}

impl NewOperator {
    /// An administrator of the whole organisation.
    pub fn administrator(login: &str, name: &str) -> Self {
        let grants = vec![Grant { role: Role::Administrator, sites: None }];
        let (login, name) = (login.to_owned(), name.to_owned());
        Self { login, name, person: None, teams: Vec::new(), grants }
    }
}

/// What is to be changed of an operator; what is absent stays.
#[derive(Debug, Clone, Default)]
pub struct OperatorChange {
    /// The version that was looked at; any if absent.
    pub version: Option<u64>,
    /// How the console shows them.
    pub name: Option<String>,
    /// Who of the organisation they are.
    pub person: Option<Option<PersonId>>,
    /// Whose incidents are theirs.
    pub teams: Option<Vec<TeamId>>,
    /// What they may do, and where.
    pub grants: Option<Vec<Grant>>,
    /// Whether they may not sign in.
    pub is_disabled: Option<bool>,
}

/// Roles as they are kept, as rights. A word that this release does not know gives no right.
pub fn grants(roles: &[StoredRole]) -> Vec<Grant> {
    let grant = |stored: &StoredRole| {
        let role = Role::parse(&stored.role)?;
        let sites = stored.sites.as_ref().map(|sites| sites.iter().cloned().collect());
        Some(Grant { role, sites })
    };
    roles.iter().filter_map(grant).collect()
}

fn stored(grants: &[Grant]) -> Vec<StoredRole> {
    let role = |grant: &Grant| StoredRole {
        role: grant.role.as_str().to_owned(),
        sites: grant.sites.as_ref().map(|sites| sites.iter().cloned().collect()),
    };
    grants.iter().map(role).collect()
}

fn invalid(message: impl Into<String>) -> SigninError {
    SigninError::Invalid(message.into())
}

/// An operator as they will be kept, if everything about them can be.
pub(super) fn build(wanted: NewOperator, now: Timestamp) -> Result<Operator, SigninError> {
    let login = wanted.login.trim().to_lowercase();
    let is_plain = |c: char| c.is_ascii_alphanumeric() || ".-_@+".contains(c);
    let length = login.chars().count();
    if !(1..=LOGIN_CHARS_MAX).contains(&length) || !login.chars().all(is_plain) {
        return Err(invalid(format!(
            "a login has 1 to {LOGIN_CHARS_MAX} characters of a-z, 0-9, dot, dash, underscore, @, +"
        )));
    }
    check_name(&wanted.name)?;
    check_grants(&wanted.grants)?;
    check_teams(&wanted.teams)?;
    Ok(Operator {
        id: auth::new_id("op")?,
        login,
        name: wanted.name.trim().to_owned(),
        person: wanted.person,
        teams: wanted.teams,
        roles: stored(&wanted.grants),
        password_hash: None,
        totp_secret: None,
        totp_pending: None,
        subject: None,
        is_disabled: false,
        created_at: now,
        changed_at: now,
        version: 1,
    })
}

fn check_name(name: &str) -> Result<(), SigninError> {
    let length = name.trim().chars().count();
    if !(1..=NAME_CHARS_MAX).contains(&length) {
        return Err(invalid(format!("a name has 1 to {NAME_CHARS_MAX} printable characters")));
    }
    model::text::check(name, Words::Line).map_err(|unfit| invalid(format!("the name: {unfit}")))
}

fn check_grants(grants: &[Grant]) -> Result<(), SigninError> {
    if grants.len() > ROLES_MAX {
        return Err(invalid(format!("{} roles, at most {ROLES_MAX}", grants.len())));
    }
    for sites in grants.iter().filter_map(|grant| grant.sites.as_ref()) {
        if sites.is_empty() || sites.len() > LISTED_MAX {
            return Err(invalid(format!(
                "a role is for 1 to {LISTED_MAX} sites, or for the whole organisation"
            )));
        }
    }
    Ok(())
}

fn check_teams(teams: &[TeamId]) -> Result<(), SigninError> {
    if teams.len() > LISTED_MAX {
        return Err(invalid(format!("{} teams, at most {LISTED_MAX}", teams.len())));
    }
    Ok(())
}

/// Refuses sites that the stored organisation does not have: such a role would reach nothing.
async fn check_sites(state: &State, grants: &[Grant]) -> Result<(), SigninError> {
    let named: Vec<&PlaceId> = grants.iter().filter_map(|g| g.sites.as_ref()).flatten().collect();
    if named.is_empty() {
        return Ok(());
    }
    let Some(org) = state.load_organisation().await? else { return Ok(()) };
    let is_site = |place: &&&PlaceId| {
        let found = org.places.get(**place);
        found.is_some_and(|place| place.kind == model::spine::PlaceKind::Site)
    };
    match named.iter().find(|place| !is_site(place)) {
        Some(unknown) => Err(invalid(format!("`{unknown}` is no site of the organisation"))),
        None => Ok(()),
    }
}

/// The audited act of making an operator: ids and roles, no name.
pub(super) fn made_act(operator: &Operator, by: &str, now: Timestamp) -> AuditAct {
    let object = format!("operator:{}", operator.id);
    act_at(now, by, "operator.make", &object, json!({"roles": operator.roles}))
}

/// Makes an operator.
pub async fn add(
    state: &State,
    wanted: NewOperator,
    by: &str,
    now: Timestamp,
) -> Result<Operator, SigninError> {
    check_sites(state, &wanted.grants).await?;
    let operator = build(wanted, now)?;
    match state.add_operator(&operator, &made_act(&operator, by, now)).await {
        Ok(()) => Ok(operator),
        Err(store::StoreError::Conflict { .. }) => {
            Err(SigninError::Conflict(format!("the login `{}` is taken", operator.login)))
        }
        Err(error) => Err(error.into()),
    }
}

async fn find(state: &State, id_or_login: &str) -> Result<Operator, SigninError> {
    let fits = |o: &Operator| o.id == id_or_login || o.login == id_or_login;
    let found = state.operators().await?.into_iter().find(fits);
    found.ok_or_else(|| SigninError::NotFound(format!("there is no operator `{id_or_login}`")))
}

/// Changes an operator. Somebody must stay who can say who is who.
pub async fn change(
    state: &State,
    id_or_login: &str,
    change: OperatorChange,
    by: &str,
    now: Timestamp,
) -> Result<Operator, SigninError> {
    let before = find(state, id_or_login).await?;
    if let Some(wanted) = &change.grants {
        check_sites(state, wanted).await?;
    }
    let after = changed(state, &before, change, now).await?;
    let object = format!("operator:{}", after.id);
    let verb = match (before.is_disabled, after.is_disabled) {
        (false, true) => "operator.disable",
        (true, false) => "operator.enable",
        (true, true) | (false, false) => "operator.change",
    };
    let detail = json!({"roles": after.roles, "teams": after.teams, "person": after.person});
    let act = act_at(now, by, verb, &object, detail);
    let ends = after.is_disabled.then_some(None);
    state.change_operator(&after, ends, &[act]).await?;
    Ok(after)
}

/// An operator as a change leaves them, if it may be made; nothing is written.
pub(super) async fn changed(
    state: &State,
    before: &Operator,
    change: OperatorChange,
    now: Timestamp,
) -> Result<Operator, SigninError> {
    let found = before.version;
    if let Some(expected) = change.version.filter(|version| *version != found) {
        return Err(SigninError::Conflict(format!(
            "somebody changed the operator meanwhile: version {found}, not {expected}; look again"
        )));
    }
    let mut after = before.clone();
    if let Some(name) = change.name {
        check_name(&name)?;
        after.name = name.trim().to_owned();
    }
    if let Some(person) = change.person {
        after.person = person;
    }
    if let Some(teams) = change.teams {
        check_teams(&teams)?;
        after.teams = teams;
    }
    if let Some(wanted) = change.grants {
        check_grants(&wanted)?;
        after.roles = stored(&wanted);
    }
    after.is_disabled = change.is_disabled.unwrap_or(before.is_disabled);
    keeps_an_administrator(state, before, &after).await?;
    after.version += 1;
    after.changed_at = now;
    Ok(after)
}

/// The audited act of changing an operator: ids and roles, no name.
pub(super) fn changed_act(operator: &Operator, by: &str, now: Timestamp) -> AuditAct {
    let object = format!("operator:{}", operator.id);
    act_at(now, by, "operator.change", &object, json!({"roles": operator.roles}))
}

async fn keeps_an_administrator(
    state: &State,
    before: &Operator,
    after: &Operator,
) -> Result<(), SigninError> {
    let administers = |o: &Operator| !o.is_disabled && is_administrator(&grants(&o.roles));
    if !administers(before) || administers(after) {
        return Ok(());
    }
    let others = state.operators().await?;
    if others.iter().any(|other| other.id != after.id && administers(other)) {
        return Ok(());
    }
    let why = "this is the last administrator: make another one first";
    Err(SigninError::Conflict(why.into()))
}

/// Makes a one-time link for an operator; gives its code. Earlier ones are void.
pub async fn link(
    state: &State,
    (id_or_login, purpose): (&str, LinkPurpose),
    lasts_ms: u64,
    by: &str,
    (now, wall): (Timestamp, Timestamp),
) -> Result<String, SigninError> {
    let operator = find(state, id_or_login).await?;
    if operator.is_disabled {
        let why = format!("the operator `{}` is disabled", operator.login);
        return Err(SigninError::Conflict(why));
    }
    if let Some((provider, _)) = &operator.subject {
        let login = &operator.login;
        let why = format!("`{login}` signs in by the identity provider `{provider}`, not by links");
        return Err(SigninError::Conflict(why));
    }
    let code = links::new_code()?;
    let link = StoredLink {
        hash: auth::hash(&code),
        operator: Some(operator.id.clone()),
        purpose,
        created_at: wall,
        expires_at: wall.plus(Limits::ms(lasts_ms)),
        used_at: None,
    };
    let object = format!("operator:{}", operator.id);
    let act = act_at(now, by, "link.make", &object, json!({"purpose": purpose.as_str()}));
    state.add_link(&link, &act).await?;
    Ok(code)
}

/// Takes everything away that an operator signs in with, and ends their sessions.
pub async fn remove_everything(
    state: &State,
    id_or_login: &str,
    by: &str,
    now: Timestamp,
) -> Result<Operator, SigninError> {
    let operator = find(state, id_or_login).await?;
    let object = format!("operator:{}", operator.id);
    let act = act_at(now, by, "operator.reset", &object, json!({}));
    state.reset_operator(&operator.id, now, &act).await?;
    Ok(operator)
}

impl Signin {
    /// Makes an operator; gives their id.
    pub async fn add(&self, wanted: NewOperator, by: &str) -> Result<String, SigninError> {
        let made = add(&self.state, wanted, by, self.clock.now()).await?;
        self.reload().await?;
        Ok(made.id)
    }

    /// Changes an operator.
    pub async fn change(
        &self,
        id: &str,
        wanted: OperatorChange,
        by: &str,
    ) -> Result<(), SigninError> {
        change(&self.state, id, wanted, by, self.clock.now()).await?;
        Ok(self.reload().await?)
    }

    /// Makes a one-time link for an operator; gives its code.
    pub async fn link(
        &self,
        id: &str,
        purpose: LinkPurpose,
        by: &str,
    ) -> Result<String, SigninError> {
        let lasts_ms = match purpose {
            LinkPurpose::Direct => self.limits.session_ms_max,
            LinkPurpose::Enrol | LinkPurpose::FirstAdministrator => self.limits.signin_link_ms_max,
        };
        let times = (self.clock.now(), self.wall.now());
        link(&self.state, (id, purpose), lasts_ms, by, times).await
    }
}
