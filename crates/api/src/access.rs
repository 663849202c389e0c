//! Who may pass where, as it is: groups, rights and credentials.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{Path, Query, State};
use engine::access::{Action, At, Reach};
use engine::rights::RIGHT_PREFIX;
use model::rights::{Holder, Opens, Right};
use model::{CredentialId, DoorId, GroupId, PersonId, PlaceId, RightId, Timestamp, ZoneId};
use serde::{Deserialize, Serialize};

use crate::auth::Caller;
use crate::problem::{Answer, Problem};
use crate::state::Shared;
use crate::veil::Eyes;
use crate::version::SnapshotVersion;

/// Which part of a list.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// Items of a page, at most 500.
    limit: Option<usize>,
    /// Where the page before ended.
    after: Option<String>,
}

impl PageQuery {
    /// One page of items that are in order of their keys, and where the next begins.
    fn page<K: AsRef<str>, T>(
        &self,
        items: impl Iterator<Item = (K, T)>,
    ) -> (Vec<(K, T)>, Option<String>) {
        let limit = self.limit.unwrap_or(100).clamp(1, 500);
        let after = |key: &K| self.after.as_ref().is_none_or(|after| key.as_ref() > after.as_str());
        let mut found = items.filter(|(key, _)| after(key));
        let page: Vec<(K, T)> = found.by_ref().take(limit).collect();
        let last = page.last().map(|(key, _)| key.as_ref().to_owned());
        let next = found.next().and(last);
        (page, next)
    }
}

/// A right to do something, or why not.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Allowed {
    /// Whether the caller may.
    allowed: bool,
    /// Why not.
    refusal: Option<String>,
}

/// What the caller may do with rights.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct AccessMay {
    /// Change them.
    edit: Allowed,
}

/// Rights in numbers.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct AccessSummary {
    /// The newest version of rights in state; none: there were never any.
    version: Option<u64>,
    /// The version of the snapshot that decides.
    snapshot: SnapshotVersion,
    /// When rights were last changed.
    changed_at: Option<Timestamp>,
    /// How many groups.
    groups: usize,
    /// How many memberships.
    members: usize,
    /// How many credentials.
    credentials: usize,
    /// How many rights.
    rights: usize,
    /// How many schedules.
    schedules: usize,
    /// How many zones have rules of their own.
    zones: usize,
    /// How many doors there are.
    doors: usize,
    /// How many points enforce doors.
    points: usize,
    /// How many policy files.
    policies: usize,
    /// What the caller may do.
    may: AccessMay,
    /// What policies and rights name and nobody answers to.
    unknown_names: Vec<String>,
}

/// Rights in numbers, and what the caller may do with them.
#[utoipa::path(
    get, path = "/v1/access", tag = "access",
    responses((status = 200, body = AccessSummary), (status = 403, body = Problem)),
    security(("token" = []))
)]
pub async fn summary(State(shared): State<Shared>, caller: Caller) -> Answer<Json<AccessSummary>> {
    caller.must(Action::AccessRead)?;
    let data = shared.engine.access.data();
    let snapshot = shared.engine.access.snapshot();
    let newest = shared.engine.state.rights_versions(None, 1).await?.into_iter().next();
    let edit = caller.may(Action::AccessEdit, At::Nowhere);
    let unknown = snapshot.unknown_names().into_iter().map(|problem| problem.message);
    Ok(Json(AccessSummary {
        version: newest.as_ref().map(|newest| newest.version),
        changed_at: newest.as_ref().map(|newest| newest.at),
        snapshot: SnapshotVersion(snapshot.version),
        groups: data.groups.len(),
        members: data.members.len(),
        credentials: data.credentials.len(),
        rights: data.rights.len(),
        schedules: data.schedules.len(),
        zones: data.zones.len(),
        doors: snapshot.estate().doors().count(),
        points: data.points.len(),
        policies: data.policies.len(),
        may: AccessMay { edit: Allowed { allowed: edit.is_ok(), refusal: edit.err() } },
        unknown_names: unknown.take(100).collect(),
    }))
}

/// People who share rights.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct GroupItem {
    /// Its id.
    group: GroupId,
    /// Display name.
    name: Option<String>,
    /// The groups that it is in.
    within: Vec<GroupId>,
    /// How far its people are trusted.
    clearance: Option<i64>,
    /// `responder`, `needs_escort`, `may_escort`, `more_time`.
    traits: Vec<&'static str>,
    /// How many are in it now.
    members: usize,
}

/// Groups of a page.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct GroupPage {
    /// By id.
    items: Vec<GroupItem>,
    /// Give this as `after` to go on.
    next: Option<String>,
}

/// Groups, by id.
#[utoipa::path(
    get, path = "/v1/access/groups", tag = "access", params(PageQuery),
    responses((status = 200, body = GroupPage), (status = 403, body = Problem)),
    security(("token" = []))
)]
pub async fn groups(
    State(shared): State<Shared>,
    caller: Caller,
    Query(query): Query<PageQuery>,
) -> Answer<Json<GroupPage>> {
    caller.must(Action::AccessRead)?;
    let (data, now) = (shared.engine.access.data(), shared.engine.now());
    let mut counts: BTreeMap<&GroupId, usize> = BTreeMap::new();
    for member in data.members.values().filter(|member| member.validity.holds_at(now)) {
        *counts.entry(&member.group).or_default() += 1;
    }
    let (page, next) = query.page(data.groups.iter());
    let item = |(id, group): (&GroupId, &model::rights::Group)| GroupItem {
        group: id.clone(),
        name: group.name.clone(),
        within: group.within.clone(),
        clearance: group.clearance,
        traits: group.traits.iter().map(|one| one.as_str()).collect(),
        members: counts.get(id).copied().unwrap_or(0),
    };
    Ok(Json(GroupPage { items: page.into_iter().map(item).collect(), next }))
}

/// Somebody in a group.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct MemberItem {
    /// Who.
    person: PersonId,
    /// Their name, where the caller has given a reason for seeing it.
    name: Option<String>,
    /// From when on.
    valid_from: Option<Timestamp>,
    /// Until when.
    valid_to: Option<Timestamp>,
    /// Whether now.
    holds: bool,
}

/// Members of a page.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct MemberPage {
    /// By person.
    items: Vec<MemberItem>,
    /// Give this as `after` to go on.
    next: Option<String>,
}

/// Who is in a group itself, at the sites within the caller's reach.
#[utoipa::path(
    get, path = "/v1/access/groups/{group}/members", tag = "access",
    params(("group" = String, Path, description = "Group id"), PageQuery),
    responses((status = 200, body = MemberPage), (status = 404, body = Problem)),
    security(("token" = []))
)]
pub async fn members(
    State(shared): State<Shared>,
    caller: Caller,
    Path(group): Path<String>,
    Query(query): Query<PageQuery>,
) -> Answer<Json<MemberPage>> {
    let scope = Scope::of(&shared, &caller)?;
    let data = shared.engine.access.data();
    let missing = || Problem::not_found(format!("no group `{group}`"));
    let id = GroupId::parse(&group).map_err(|_| missing())?;
    data.groups.get(&id).ok_or_else(missing)?;
    let now = shared.engine.now();
    let own = data.members.iter().filter(|(_, member)| member.group == id);
    let own = own.filter(|(_, member)| scope.covers_person(&member.person));
    let (page, next) = query.page(own);
    let item = |(_, member): (&String, &model::rights::Member)| MemberItem {
        name: scope.name(&member.person),
        person: member.person.clone(),
        valid_from: member.validity.from,
        valid_to: member.validity.to,
        holds: member.validity.holds_at(now),
    };
    Ok(Json(MemberPage { items: page.into_iter().map(item).collect(), next }))
}

/// What the caller may see: doors, zones and people of some sites, and names that were asked for.
pub(crate) struct Scope {
    pub reach: Reach,
    eyes: Eyes,
    org: std::sync::Arc<model::Organisation>,
}

impl Scope {
    pub(crate) fn of(shared: &Shared, caller: &Caller) -> Answer<Self> {
        let reach = caller.reach(Action::AccessRead)?;
        let eyes = Eyes::of(shared, caller);
        Ok(Self { reach, eyes, org: shared.engine.access.organisation() })
    }

    pub(crate) fn site(&self, place: &str) -> Option<PlaceId> {
        let place = PlaceId::parse(place).ok()?;
        self.org.site_of(&place).cloned()
    }

    pub(crate) fn covers(&self, place: &str) -> bool {
        self.reach.covers(self.site(place).as_ref())
    }

    pub(crate) fn covers_person(&self, person: &PersonId) -> bool {
        let site = self.org.people.get(person).and_then(|person| person.site.as_ref());
        self.reach.covers(site)
    }

    pub(crate) fn name(&self, person: &PersonId) -> Option<String> {
        let person = self.org.people.get(person).filter(|one| self.eyes.sees(&one.id))?;
        Some(person.name.clone())
    }

    pub(crate) fn place_name(&self, place: &str) -> Option<String> {
        self.org.places.get(&PlaceId::parse(place).ok()?)?.name.clone()
    }
}

/// A thing by its kind and id.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Named {
    /// `group` or `person`; `zone` or `door`.
    pub kind: String,
    /// Its id.
    pub id: String,
}

impl Named {
    pub(crate) fn holder(holder: &Holder) -> Self {
        let (kind, id) = match holder {
            Holder::Group(id) => ("group", id.to_string()),
            Holder::Person(id) => ("person", id.to_string()),
        };
        Self { kind: kind.to_owned(), id }
    }

    pub(crate) fn opens(opens: &Opens) -> Self {
        let (kind, id) = match opens {
            Opens::Zone(id) => ("zone", id.to_string()),
            Opens::Door(id) => ("door", id.to_string()),
        };
        Self { kind: kind.to_owned(), id }
    }
}

/// Who may pass where, when, and by whose word.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct RightItem {
    /// Its id.
    right: RightId,
    /// Who.
    holder: Named,
    /// Where.
    opens: Named,
    /// In which hours; at any where none is said.
    schedule: Option<String>,
    /// Who approved it.
    approved_by: Option<String>,
    /// Why.
    reason: Option<String>,
    /// From when on.
    valid_from: Option<Timestamp>,
    /// Until when.
    valid_to: Option<Timestamp>,
    /// Whether now.
    holds: bool,
    /// What decisions call it.
    policy: String,
}

/// Rights of a page.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct RightPage {
    /// By id.
    items: Vec<RightItem>,
    /// Give this as `after` to go on.
    next: Option<String>,
}

/// Which rights.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct RightsQuery {
    /// Items of a page, at most 500.
    limit: Option<usize>,
    /// Where the page before ended.
    after: Option<String>,
    /// Of this group.
    group: Option<GroupId>,
    /// Of this person themselves.
    person: Option<PersonId>,
    /// To this zone.
    zone: Option<ZoneId>,
    /// To this door itself.
    door: Option<DoorId>,
}

/// Rights, by id, to what is within the caller's reach.
#[utoipa::path(
    get, path = "/v1/access/rights", tag = "access", params(RightsQuery),
    responses((status = 200, body = RightPage), (status = 403, body = Problem)),
    security(("token" = []))
)]
pub async fn rights(
    State(shared): State<Shared>,
    caller: Caller,
    Query(query): Query<RightsQuery>,
) -> Answer<Json<RightPage>> {
    let scope = Scope::of(&shared, &caller)?;
    let (data, now) = (shared.engine.access.data(), shared.engine.now());
    let holder = |right: &Right| match &right.holder {
        Holder::Group(id) => {
            query.person.is_none() && query.group.as_ref().is_none_or(|of| of == id)
        }
        Holder::Person(id) => {
            query.group.is_none() && query.person.as_ref().is_none_or(|of| of == id)
        }
    };
    let opens = |right: &Right| match &right.opens {
        Opens::Zone(id) => query.door.is_none() && query.zone.as_ref().is_none_or(|of| of == id),
        Opens::Door(id) => query.zone.is_none() && query.door.as_ref().is_none_or(|of| of == id),
    };
    let near = |right: &Right| scope.covers(&Named::opens(&right.opens).id);
    let fit = |right: &Right| holder(right) && opens(right) && near(right);
    let paging = PageQuery { limit: query.limit, after: query.after.clone() };
    let (page, next) = paging.page(data.rights.iter().filter(|(_, right)| fit(right)));
    let item = |(id, right): (&RightId, &Right)| RightItem {
        right: id.clone(),
        holder: Named::holder(&right.holder),
        opens: Named::opens(&right.opens),
        schedule: right.schedule.as_ref().map(ToString::to_string),
        approved_by: right.approved_by.clone(),
        reason: right.reason.clone(),
        valid_from: right.validity.from,
        valid_to: right.validity.to,
        holds: right.validity.holds_at(now),
        policy: format!("{RIGHT_PREFIX}{id}"),
    };
    Ok(Json(RightPage { items: page.into_iter().map(item).collect(), next }))
}

/// Something that opens; never its number.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct CredentialItem {
    /// Its id.
    credential: CredentialId,
    /// `card`, `pin`, `mobile` or `break_glass`.
    kind: &'static str,
    /// Whose it is.
    person: Option<PersonId>,
    /// Their name, where the caller has given a reason for seeing it.
    name: Option<String>,
    /// Its card format.
    format: Option<String>,
    /// Counts up each time the number is given out.
    generation: u32,
    /// `active`, `suspended` or `ended`.
    standing: &'static str,
    /// From when on.
    valid_from: Option<Timestamp>,
    /// Until when.
    valid_to: Option<Timestamp>,
    /// Whether this generation is revoked, for ever.
    revoked: bool,
}

/// Credentials of a page.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct CredentialPage {
    /// By id.
    items: Vec<CredentialItem>,
    /// Give this as `after` to go on.
    next: Option<String>,
}

/// Which credentials.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct CredentialsQuery {
    /// Items of a page, at most 500.
    limit: Option<usize>,
    /// Where the page before ended.
    after: Option<String>,
    /// Of this person.
    person: Option<PersonId>,
}

/// Credentials of people at the sites within the caller's reach, by id.
#[utoipa::path(
    get, path = "/v1/access/credentials", tag = "access", params(CredentialsQuery),
    responses((status = 200, body = CredentialPage), (status = 403, body = Problem)),
    security(("token" = []))
)]
pub async fn credentials(
    State(shared): State<Shared>,
    caller: Caller,
    Query(query): Query<CredentialsQuery>,
) -> Answer<Json<CredentialPage>> {
    let scope = Scope::of(&shared, &caller)?;
    let data = shared.engine.access.data();
    let snapshot = shared.engine.access.snapshot();
    let kept = |id: &CredentialId| snapshot.people().credential(id);
    let near = |id: &CredentialId| match kept(id).and_then(|one| one.person.as_ref()) {
        Some(person) => {
            query.person.as_ref().is_none_or(|of| of == person) && scope.covers_person(person)
        }
        None => query.person.is_none() && scope.reach == Reach::Everywhere,
    };
    let paging = PageQuery { limit: query.limit, after: query.after.clone() };
    let (page, next) = paging.page(data.credentials.iter().filter(|(id, _)| near(id)));
    let item = |(id, stated): (&CredentialId, &model::rights::Credential)| {
        let kept = kept(id);
        let person = kept.and_then(|one| one.person.clone());
        let dead = |one: &engine::access::door::Credential| {
            snapshot.tombstones.covers(one.key, one.generation)
        };
        CredentialItem {
            credential: id.clone(),
            kind: stated.kind.as_str(),
            name: person.as_ref().and_then(|person| scope.name(person)),
            person,
            format: stated.format.clone().or_else(|| data.cards.format.clone()),
            generation: stated.generation,
            standing: stated.standing.as_str(),
            valid_from: kept.and_then(|one| one.valid_from),
            valid_to: kept.and_then(|one| one.valid_to),
            revoked: kept.is_some_and(dead),
        }
    };
    Ok(Json(CredentialPage { items: page.into_iter().map(item).collect(), next }))
}
