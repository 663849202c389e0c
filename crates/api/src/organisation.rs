//! What the organisation has, in one answer: places, doors, things, teams. People are asked for
//! one by one.

use std::collections::BTreeSet;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use engine::access::{Action, Reach};
use engine::signin::OperatorView;
use model::spine::{PlaceKind, ZoneClass};
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
}

/// The organisation: places, doors, things, teams, operators. `ETag`: ask again with
/// `If-None-Match`, and get 304 while nothing has changed.
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
    let body = serde_json::to_vec(&item(&shared)).unwrap_or_default();
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

fn item(shared: &Shared) -> OrganisationItem {
    let knowledge = shared.engine.current.get();
    let org = &*knowledge.org;
    let places = org.places.values().map(|place| PlaceItem {
        id: place.id.clone(),
        kind: place.kind,
        name: place.name.clone(),
        parent: place.parent.clone(),
        site: org.site_of(&place.id).cloned(),
        time_zone: place.time_zone.clone(),
        zone_class: place.zone_class,
        capacity: place.capacity,
    });
    let assets = org.assets.values().map(|asset| AssetItem {
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
    let operators = shared.engine.signin.operators();
    let mut teams: BTreeSet<TeamId> =
        knowledge.rules.iter().filter_map(|(_, meta)| meta.team.clone()).collect();
    teams.insert(shared.engine.config.default_team.clone());
    teams.extend(operators.iter().flat_map(|operator| operator.teams.iter().cloned()));
    let name = |operator: OperatorView| {
        let (works_everywhere, works_at) = match shared.engine.works_at(&operator) {
            Reach::Everywhere => (true, BTreeSet::new()),
            Reach::Sites(sites) => (false, sites),
        };
        let person = operator.owner();
        OperatorName { id: operator.id, name: operator.name, person, works_everywhere, works_at }
    };
    let names = operators.into_iter().filter(|o| !o.is_disabled).map(name);
    OrganisationItem {
        tenant: org.tenant.clone(),
        name: org.name.clone(),
        time_zone: org.time_zone.clone(),
        sites: sites(org),
        places: places.collect(),
        doors: doors(org),
        assets: assets.collect(),
        teams: teams.into_iter().collect(),
        operators: names.collect(),
        camera_link: shared.engine.config.camera_link.clone(),
        version: knowledge.version,
    }
}

fn sites(org: &Organisation) -> Vec<PlaceId> {
    let all = org.places.values().filter(|place| place.kind == PlaceKind::Site);
    all.map(|place| place.id.clone()).collect()
}

fn doors(org: &Organisation) -> Vec<DoorItem> {
    let camera = |door: &PlaceId| {
        let at_door =
            |a: &&model::spine::Asset| a.kind == "camera" && a.place.as_ref() == Some(door);
        org.assets.values().find(at_door).map(|asset| asset.id.clone())
    };
    let item = |door: &model::spine::Door| DoorItem {
        door: door.door.clone(),
        from_zone: door.from_zone.clone(),
        to_zone: door.to_zone.clone(),
        controller: door.controller.clone(),
        reader_in: door.reader_in.clone(),
        reader_out: door.reader_out.clone(),
        camera: camera(&door.door),
    };
    org.doors.values().map(item).collect()
}
