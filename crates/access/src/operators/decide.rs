//! The decision: one question to Cedar for each role, over the policies that can match it.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::str::FromStr as _;

use cedar_policy::{
    ActionConstraint, Authorizer, Context, Decision as Verdict, Entities, Entity, EntityId,
    EntityTypeName, EntityUid, Policy, PolicySet, PrincipalConstraint, Request,
    RestrictedExpression,
};
use model::PlaceId;

use super::reason::{Code, Refusal};
use super::words::{Action, Role};

/// A role, and how far it reaches.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Grant {
    /// The role.
    pub role: Role,
    /// At these sites; `None`: in the whole organisation.
    pub sites: Option<BTreeSet<PlaceId>>,
}

/// Where the thing is that something is done to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum At<'a> {
    /// It belongs to no site: a token, a rule; or the right as such is meant.
    Nowhere,
    /// It belongs to this site.
    Site(&'a PlaceId),
    /// It belongs to a site that nobody knows.
    Unknown,
}

/// What came out.
pub type Decision = Result<(), Refusal>;

/// How far an action reaches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reach {
    /// Everything.
    Everywhere,
    /// What belongs to these sites; nothing if empty.
    Sites(BTreeSet<PlaceId>),
}

impl Reach {
    /// Whether something of this site is within reach.
    pub fn covers(&self, site: Option<&PlaceId>) -> bool {
        match self {
            Self::Everywhere => true,
            Self::Sites(sites) => site.is_some_and(|site| sites.contains(site)),
        }
    }
}

/// Policies, sliced so that a question meets only those that can match it.
#[derive(Debug)]
pub struct Rights {
    all: PolicySet,
    slices: HashMap<(Role, Action), PolicySet>,
    /// What each `forbid` says of itself in `@reason`.
    reasons: BTreeMap<String, String>,
    uids: Uids,
}

/// The names that questions are made of, built once.
#[derive(Debug)]
struct Uids {
    roles: HashMap<Role, EntityUid>,
    actions: HashMap<Action, EntityUid>,
    thing: EntityUid,
}

impl Uids {
    fn new() -> Result<Self, String> {
        let uid = |kind: &str, id: &str| {
            let kind = EntityTypeName::from_str(kind).map_err(|e| e.to_string())?;
            Ok::<_, String>(EntityUid::from_type_name_and_id(kind, EntityId::new(id)))
        };
        let role = |role: Role| Ok::<_, String>((role, uid("Role", role.as_str())?));
        let action = |action: Action| Ok::<_, String>((action, uid("Action", action.as_str())?));
        Ok(Self {
            roles: Role::ALL.into_iter().map(role).collect::<Result<_, _>>()?,
            actions: Action::ALL.iter().copied().map(action).collect::<Result<_, _>>()?,
            thing: uid("Thing", "it")?,
        })
    }
}

impl Rights {
    pub(crate) fn of(policies: &[Policy]) -> Result<Self, String> {
        let uids = Uids::new()?;
        let mut slices = HashMap::new();
        for role in Role::ALL {
            for action in Action::ALL.iter().copied() {
                let (Some(who), Some(what)) = (uids.roles.get(&role), uids.actions.get(&action))
                else {
                    continue;
                };
                let fits = policies.iter().filter(|policy| can_match(policy, who, what));
                let set = PolicySet::from_policies(fits.cloned()).map_err(|e| e.to_string())?;
                slices.insert((role, action), set);
            }
        }
        let reason = |policy: &Policy| {
            Some((policy.id().to_string(), policy.annotation("reason")?.to_owned()))
        };
        let all = PolicySet::from_policies(policies.iter().cloned()).map_err(|e| e.to_string())?;
        Ok(Self { all, slices, reasons: policies.iter().filter_map(reason).collect(), uids })
    }

    /// Whether somebody with these roles may.
    pub fn decide(&self, grants: &[Grant], action: Action, at: At<'_>) -> Decision {
        let mut nearest: Option<(Code, Option<String>)> = None;
        for grant in grants {
            match self.ask(grant, action, at, false) {
                Ok(()) => return Ok(()),
                Err(found) => {
                    // The refusal that is nearest to a grant says most.
                    if nearest.as_ref().is_none_or(|(code, _)| *code < found.0) {
                        nearest = Some(found);
                    }
                }
            }
        }
        let (code, policy) = nearest.unwrap_or((Code::NoRole, None));
        let mut roles: Vec<Role> = grants.iter().map(|grant| grant.role).collect();
        roles.sort();
        roles.dedup();
        Err(Refusal {
            code,
            action,
            roles,
            would_do: self.roles_with(action),
            site: match at {
                At::Site(site) => Some(site.clone()),
                At::Nowhere | At::Unknown => None,
            },
            policy,
        })
    }

    /// How far an action reaches for somebody with these roles.
    pub fn reach(&self, grants: &[Grant], action: Action) -> Reach {
        if self.decide(grants, action, At::Unknown).is_ok() {
            return Reach::Everywhere;
        }
        let named = grants.iter().filter_map(|grant| grant.sites.as_ref()).flatten();
        let may = |site: &&PlaceId| self.decide(grants, action, At::Site(site)).is_ok();
        Reach::Sites(named.filter(may).cloned().collect())
    }

    /// Whether a role of the whole organisation has a right.
    pub fn has(&self, role: Role, action: Action) -> bool {
        self.ask(&Grant { role, sites: None }, action, At::Nowhere, false).is_ok()
    }

    fn roles_with(&self, action: Action) -> Vec<Role> {
        Role::ALL.into_iter().filter(|role| self.has(*role, action)).collect()
    }

    /// The same question to all policies, for the proof that slicing changes nothing.
    #[doc(hidden)]
    pub fn decide_unsliced(&self, grant: &Grant, action: Action, at: At<'_>) -> bool {
        self.ask(grant, action, at, true).is_ok()
    }

    fn ask(
        &self,
        grant: &Grant,
        action: Action,
        at: At<'_>,
        whole: bool,
    ) -> Result<(), (Code, Option<String>)> {
        let policies = match self.slices.get(&(grant.role, action)) {
            Some(_) if whole => &self.all,
            Some(slice) => slice,
            None => return Err((Code::Role, None)),
        };
        let broken = |what: String| (Code::Broken, Some(what));
        let (request, entities) = self.question(grant, action, at).map_err(broken)?;
        let response = Authorizer::new().is_authorized(&request, policies, &entities);
        let diagnostics = response.diagnostics();
        // Plain Cedar skips a policy that fails; a `forbid` that fails must not open anything.
        if diagnostics.errors().next().is_some() {
            let failed = diagnostics.errors().next().map(ToString::to_string).unwrap_or_default();
            return Err((Code::Broken, Some(failed)));
        }
        match response.decision() {
            Verdict::Allow => Ok(()),
            Verdict::Deny => Err(self.why(diagnostics.reason().map(ToString::to_string).min())),
        }
    }

    fn why(&self, forbidding: Option<String>) -> (Code, Option<String>) {
        let Some(policy) = forbidding else { return (Code::Role, None) };
        let code = match self.reasons.get(&policy).map(String::as_str) {
            Some("site") => Code::Site,
            Some("everywhere") => Code::Everywhere,
            Some(_) | None => Code::Policy,
        };
        (code, Some(policy))
    }

    fn question(
        &self,
        grant: &Grant,
        action: Action,
        at: At<'_>,
    ) -> Result<(Request, Entities), String> {
        let text = |site: &PlaceId| RestrictedExpression::new_string(site.to_string());
        let sites = grant.sites.iter().flatten().map(text);
        let context = Context::from_pairs([
            ("everywhere".to_owned(), RestrictedExpression::new_bool(grant.sites.is_none())),
            ("sites".to_owned(), RestrictedExpression::new_set(sites)),
        ]);
        let context = context.map_err(|e| e.to_string())?;
        let (sited, site) = match at {
            At::Nowhere => (false, ""),
            At::Site(site) => (true, site.as_str()),
            At::Unknown => (true, ""),
        };
        let attributes = HashMap::from([
            ("sited".to_owned(), RestrictedExpression::new_bool(sited)),
            ("site".to_owned(), RestrictedExpression::new_string(site.to_owned())),
        ]);
        let thing = Entity::new(self.uids.thing.clone(), attributes, HashSet::new());
        let thing = thing.map_err(|e| e.to_string())?;
        let entities = Entities::from_entities([thing], None).map_err(|e| e.to_string())?;
        let unnamed = || "a word without a name".to_owned();
        let who = self.uids.roles.get(&grant.role).ok_or_else(unnamed)?;
        let what = self.uids.actions.get(&action).ok_or_else(unnamed)?;
        let thing = self.uids.thing.clone();
        let request = Request::new(who.clone(), what.clone(), thing, context, None);
        Ok((request.map_err(|e| e.to_string())?, entities))
    }
}

/// Whether a policy's head can match. Roles and actions have no parents, so `in` means `==`.
fn can_match(policy: &Policy, who: &EntityUid, what: &EntityUid) -> bool {
    let principal = match policy.principal_constraint() {
        PrincipalConstraint::Any => true,
        PrincipalConstraint::In(uid) | PrincipalConstraint::Eq(uid) => uid == *who,
        PrincipalConstraint::Is(kind) => kind == *who.type_name(),
        PrincipalConstraint::IsIn(kind, uid) => kind == *who.type_name() && uid == *who,
    };
    let action = match policy.action_constraint() {
        ActionConstraint::Any => true,
        ActionConstraint::In(uids) => uids.contains(what),
        ActionConstraint::Eq(uid) => uid == *what,
    };
    principal && action
}
