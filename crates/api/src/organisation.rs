//! What the organisation has, in one answer: places, doors, things, teams. People are asked for
//! one by one.

use std::collections::BTreeSet;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use engine::access::{Action, Reach, Role};
use engine::signin::OperatorView;
use model::spine::{Asset, Door, PlaceKind, ZoneClass};
use model::{AssetId, Organisation, PlaceId, TeamId, TenantId};
use serde::Serialize;

use crate::auth::Caller;
use crate::problem::Answer;
use crate::state::Shared;

/// The organisation without its people.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct OrganisationItem {
    /// Whose installation.
    tenant: TenantId,
    /// Its name.
    name: String,
    /// Its time zone.
    time_zone: String,
    /// Its sites.
    sites: Vec<PlaceId>,
    /// Every place.
    places: Vec<PlaceItem>,
    /// Every door.
    doors: Vec<DoorItem>,
    /// Every thing.
    assets: Vec<AssetItem>,
    /// Every team that owns what rules find, or that operators belong to.
    teams: Vec<TeamId>,
    /// Operators, and where they may work incidents.
    operators: Vec<OperatorName>,
    /// Where a camera's pictures are shown: put in `{camera}` (an asset), `{door}`, `{at}` (RFC
    /// 3339) and `{at_ms}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    camera_link: Option<String>,
    /// Counts changes of the organisation since the start.
    version: u64,
}

/// One place.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct PlaceItem {
    id: PlaceId,
    #[schema(value_type = String)]
    kind: PlaceKind,
    name: Option<String>,
    parent: Option<PlaceId>,
    site: Option<PlaceId>,
    time_zone: Option<String>,
    #[schema(value_type = Option<String>)]
    zone_class: Option<ZoneClass>,
    capacity: Option<u32>,
}

/// One door.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct DoorItem {
    door: PlaceId,
    from_zone: PlaceId,
    to_zone: PlaceId,
    controller: Option<AssetId>,
    reader_in: Option<AssetId>,
    reader_out: Option<AssetId>,
    /// A camera that stands at the door.
    camera: Option<AssetId>,
}

/// One thing.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct AssetItem {
    id: AssetId,
    kind: String,
    name: Option<String>,
    place: Option<PlaceId>,
    owner: Option<model::PersonId>,
    team: Option<String>,
    make: Option<String>,
    model: Option<String>,
    criticality: Option<u8>,
}

/// Who works with Castellan, and whose incidents they may be given.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct OperatorName {
    id: String,
    name: String,
    /// As whom they answer for incidents.
    person: Option<model::PersonId>,
    /// May work every incident.
    works_everywhere: bool,
    /// Else the sites whose incidents they may work; nobody is given another's.
    works_at: BTreeSet<PlaceId>,
    /// What they are.
    #[schema(value_type = Vec<String>)]
    roles: BTreeSet<Role>,
    /// Whose incidents are theirs.
    teams: Vec<TeamId>,
    /// Their console was in use within the last minutes.
    is_on_duty: bool,
}

/// The organisation: places, doors, things, teams, operators. A role of some sites gets these
/// sites, the places above them, what stands in them, and whoever may work there; what has no site
/// is the whole organisation's. `ETag`: ask again with `If-None-Match`, and get 304 while nothing
/// has changed.
#[utoipa::path(
    get, path = "/v1/organisation", tag = "organisation",
    responses((status = 200, body = OrganisationItem), (status = 304, description = "Unchanged")),
    security(("token" = []))
)]
pub async fn organisation(
    State(shared): State<Shared>,
    caller: Caller,
    headers: HeaderMap,
) -> Answer<Response> {
    caller.must(Action::PlaceRead)?;
    let reach = caller.reach(Action::PlaceRead)?;
    let body = serde_json::to_vec(&item(&shared, &reach)).unwrap_or_default();
    let digest = engine::auth::hash(&String::from_utf8_lossy(&body));
    let tag: String = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    let tag = format!("\"{tag}\"");
    let seen = headers.get(header::IF_NONE_MATCH).map(axum::http::HeaderValue::as_bytes);
    if seen == Some(tag.as_bytes()) {
        return Ok((StatusCode::NOT_MODIFIED, [(header::ETAG, tag)]).into_response());
    }
    let kind = "application/json".to_owned();
    Ok(([(header::ETAG, tag), (header::CONTENT_TYPE, kind)], body).into_response())
}

fn item(shared: &Shared, reach: &Reach) -> OrganisationItem {
    let knowledge = shared.engine.current.get();
    let org = &*knowledge.org;
    let is_near = |place: &PlaceId| reach.covers(org.site_of(place));
    let above = above(org, reach);
    let places =
        org.places.values().filter(|place| is_near(&place.id) || above.contains(&place.id));
    let places = places.map(|place| PlaceItem {
        id: place.id.clone(),
        kind: place.kind,
        name: place.name.clone(),
        parent: place.parent.clone(),
        site: org.site_of(&place.id).cloned(),
        time_zone: place.time_zone.clone(),
        zone_class: place.zone_class,
        capacity: place.capacity,
    });
    let stands_near =
        |asset: &&Asset| reach.covers(asset.place.as_ref().and_then(|place| org.site_of(place)));
    let assets = org.assets.values().filter(stands_near).map(|asset| AssetItem {
        id: asset.id.clone(),
        kind: asset.kind.clone(),
        name: asset.name.clone(),
        place: asset.place.clone(),
        owner: asset.owner.clone(),
        team: asset.team.clone(),
        make: asset.make.clone(),
        model: asset.model.clone(),
        criticality: asset.criticality,
    });
    let operators = shared.engine.signin.operators().into_iter();
    let on_duty = shared.engine.on_duty();
    let name = |operator: OperatorView| {
        let (works_everywhere, works_at) = match shared.engine.works_at(&operator) {
            Reach::Everywhere => (true, BTreeSet::new()),
            Reach::Sites(mut sites) => {
                sites.retain(|site| reach.covers(Some(site)));
                (false, sites)
            }
        };
        let person = operator.owner();
        OperatorName {
            is_on_duty: on_duty.contains(&operator.id),
            roles: operator.grants.iter().map(|grant| grant.role).collect(),
            teams: operator.teams,
            id: operator.id,
            name: operator.name,
            person,
            works_everywhere,
            works_at,
        }
    };
    let names = operators.filter(|o| !o.is_disabled && is_colleague(o, reach)).map(name);
    let own_sites = |site: &PlaceId| reach.covers(Some(site));
    OrganisationItem {
        tenant: org.tenant.clone(),
        name: org.name.clone(),
        time_zone: org.time_zone.clone(),
        sites: sites(org).into_iter().filter(own_sites).collect(),
        places: places.collect(),
        doors: doors(org, &is_near),
        assets: assets.collect(),
        teams: teams(shared, reach),
        operators: names.collect(),
        camera_link: shared.engine.config.camera_link.clone(),
        version: knowledge.version,
    }
}

/// The places above the sites within reach: without them the tree would have no trunk.
fn above(org: &Organisation, reach: &Reach) -> BTreeSet<PlaceId> {
    let Reach::Sites(sites) = reach else { return BTreeSet::new() };
    let mut above = BTreeSet::new();
    for site in sites {
        let mut at = org.places.get(site).and_then(|place| place.parent.as_ref());
        while let Some(place) = at.filter(|place| above.insert((*place).clone())) {
            at = org.places.get(place).and_then(|place| place.parent.as_ref());
        }
    }
    above
}

/// Whether an operator has a role that meets this reach.
fn is_colleague(operator: &OperatorView, reach: &Reach) -> bool {
    operator.grants.iter().any(|grant| match (&grant.sites, reach) {
        (None, _) | (_, Reach::Everywhere) => true,
        (Some(theirs), Reach::Sites(own)) => !theirs.is_disjoint(own),
    })
}

/// The teams that rules name, and those of colleagues.
fn teams(shared: &Shared, reach: &Reach) -> Vec<TeamId> {
    let mut teams = shared.engine.rule_teams();
    let operators = shared.engine.signin.operators().into_iter();
    teams.extend(operators.filter(|o| is_colleague(o, reach)).flat_map(|o| o.teams));
    teams.into_iter().collect()
}

fn sites(org: &Organisation) -> Vec<PlaceId> {
    let all = org.places.values().filter(|place| place.kind == PlaceKind::Site);
    all.map(|place| place.id.clone()).collect()
}

fn doors(org: &Organisation, is_near: &dyn Fn(&PlaceId) -> bool) -> Vec<DoorItem> {
    let camera = |door: &PlaceId| {
        let at_door = |a: &&Asset| a.kind == "camera" && a.place.as_ref() == Some(door);
        org.assets.values().find(at_door).map(|asset| asset.id.clone())
    };
    let item = |door: &Door| DoorItem {
        door: door.door.clone(),
        from_zone: door.from_zone.clone(),
        to_zone: door.to_zone.clone(),
        controller: door.controller.clone(),
        reader_in: door.reader_in.clone(),
        reader_out: door.reader_out.clone(),
        camera: camera(&door.door),
    };
    org.doors.values().filter(|door| is_near(&door.door)).map(item).collect()
}
