//! The board of revocations: what was suspended and revoked, and where that has arrived.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use engine::access::Action;
use engine::access::revocation::{Act, Known, NotDone, PointKind, Shown, Signing, Subject};
use engine::warden::{self, Told, Wanted, WardenError};
use model::{CredentialId, IncidentId, PersonId, PlaceId, PointId, RevocationId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::auth::Caller;
use crate::problem::{Answer, Problem};
use crate::state::Shared;
use crate::veil::Eyes;
use crate::version::SnapshotVersion;

/// Whom or what it is done to.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SubjectItem {
    /// `person`, `credential` or `pass`.
    kind: String,
    /// Id.
    id: String,
    /// A person's name, for those who may see it.
    #[serde(default)]
    name: Option<String>,
}

/// A suspension, its end, or a revocation.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct RevocationItem {
    /// Id.
    id: RevocationId,
    /// `suspend`, `lift` or `revoke`.
    act: &'static str,
    /// To whom or what.
    subject: SubjectItem,
    /// Why.
    reason: String,
    /// By whose right.
    by: String,
    /// When.
    at: Timestamp,
    /// `done`, `unconfirmed` or `superseded`. Never `done` while some point could still admit.
    state: &'static str,
    /// The later act that stands in its place.
    superseded_by: Option<RevocationId>,
    /// When the last point had confirmed.
    done_at: Option<Timestamp>,
    /// How many points are asked.
    points: usize,
    /// Those that have not confirmed.
    silent: Vec<PointId>,
    /// The incident that their silence opened.
    incident: Option<IncidentId>,
}

/// Where it stands at one point.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct SigningItem {
    /// Which.
    point: PointId,
    /// `edge`, `controller` or `system`; none: out of service.
    kind: Option<&'static str>,
    /// `silent`, `confirmed`, `expired` or `decommissioned`.
    state: &'static str,
    /// `device_signed`, `read_back` or `api_acknowledged`.
    known: Option<&'static str>,
    /// The version of the snapshot that the point goes by.
    snapshot: Option<SnapshotVersion>,
    /// When it confirmed, by its own clock; else when its end was known.
    at: Option<Timestamp>,
    /// Until when it may go by older rights; none: nobody knows.
    stale_until: Option<Timestamp>,
}

/// One of them, with its receipts.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct RevocationView {
    /// The same as in the list.
    #[serde(flatten)]
    item: RevocationItem,
    /// Every point that is asked.
    signings: Vec<SigningItem>,
    /// What is to be done until all have confirmed.
    compensating: Option<String>,
}

/// What is to be done.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RevocationRequest {
    /// The same id again is the same act; made here if left out.
    #[serde(default)]
    id: Option<RevocationId>,
    /// `suspend`, `lift` or `revoke`.
    act: String,
    /// To whom or what.
    #[serde(default)]
    subject: Option<SubjectItem>,
    /// In place of `subject`: the act whose subject it is, by its id. For whoever sees that
    /// subject under another name.
    #[serde(default)]
    of: Option<RevocationId>,
    /// Why; kept in the audit log.
    reason: String,
}

impl From<WardenError> for Problem {
    fn from(error: WardenError) -> Self {
        let text = error.to_string();
        match error {
            WardenError::NotDone(NotDone::UnknownDeed { .. }) => Self::not_found(text),
            WardenError::NotDone(NotDone::Full { .. }) => Self::unavailable(text),
            WardenError::NotDone(
                NotDone::OtherDeed { .. }
                | NotDone::NotSuspended
                | NotDone::NothingToRevoke
                | NotDone::NotAsked { .. }
                | NotDone::OlderSnapshot { .. }
                | NotDone::NotSo { .. }
                | NotDone::Waiting { .. },
            ) => Self::new(StatusCode::CONFLICT, "not_done", text),
            WardenError::Store(error) => error.into(),
            WardenError::Damaged(_) | WardenError::Copy(_) => Self::unavailable(text),
            WardenError::NoReason => Self::bad_request(text),
        }
    }
}

fn subject_item(shared: &Shared, subject: &Subject) -> SubjectItem {
    let org = &shared.engine.current.get().org;
    let (kind, id, name) = match subject {
        Subject::Person(id) => {
            let name = org.people.get(id).map(|person| person.name.clone());
            ("person", id.to_string(), name)
        }
        Subject::Credential(id) => ("credential", id.to_string(), None),
        Subject::Pass(id) => ("pass", id.to_string(), None),
    };
    SubjectItem { kind: kind.to_owned(), id, name }
}

/// The item of a deed, names uncovered.
pub fn item(shared: &Shared, told: &Told) -> RevocationItem {
    let (state, superseded_by, silent) = match &told.shown {
        Shown::Done => ("done", None, Vec::new()),
        Shown::Unconfirmed { silent } => ("unconfirmed", None, silent.iter().cloned().collect()),
        Shown::Superseded { by } => ("superseded", Some(by.clone()), Vec::new()),
    };
    RevocationItem {
        id: told.id.clone(),
        act: match told.deed.act {
            Act::Suspend => "suspend",
            Act::Lift => "lift",
            Act::Revoke => "revoke",
        },
        subject: subject_item(shared, &told.deed.subject),
        reason: told.note.reason.clone(),
        by: told.note.by.clone(),
        at: told.deed.at,
        state,
        superseded_by,
        done_at: told.note.done_at,
        points: told.deed.points.len(),
        silent,
        incident: told.note.incident.clone(),
    }
}

async fn view(shared: &Shared, told: &Told) -> RevocationView {
    let points = shared.engine.warden.points().await;
    let signing = |(point, signing): (&PointId, &Signing)| {
        let (state, known, snapshot, at) = match signing {
            Signing::Silent => ("silent", None, None, None),
            Signing::Confirmed(receipt) => {
                let known = match receipt.known {
                    Known::DeviceSigned => "device_signed",
                    Known::ReadBack => "read_back",
                    Known::ApiAcknowledged => "api_acknowledged",
                };
                ("confirmed", Some(known), Some(receipt.snapshot), Some(receipt.at))
            }
            Signing::Expired { at } => ("expired", None, None, Some(*at)),
            Signing::Decommissioned { at } => ("decommissioned", None, None, Some(*at)),
        };
        SigningItem {
            point: point.clone(),
            kind: points.get(point).map(|point| match point.kind {
                PointKind::Edge => "edge",
                PointKind::Controller => "controller",
                PointKind::System => "system",
            }),
            state,
            known,
            snapshot: snapshot.map(SnapshotVersion),
            at,
            stale_until: told.deed.stale_until(point),
        }
    };
    RevocationView {
        signings: told.deed.points.iter().map(signing).collect(),
        compensating: warden::compensating(told),
        item: item(shared, told),
    }
}

/// Where somebody or something belongs.
pub fn site_of(shared: &Shared, subject: &Subject) -> Option<PlaceId> {
    let person = match subject {
        Subject::Person(id) => id.clone(),
        Subject::Credential(id) | Subject::Pass(id) => {
            shared.engine.access.snapshot().people().credential(id)?.person.clone()?
        }
    };
    let org = &shared.engine.current.get().org;
    let site = org.people.get(&person)?.site.as_ref()?;
    org.site_of(site).cloned()
}

fn is_known(shared: &Shared, subject: &Subject) -> bool {
    match subject {
        Subject::Person(id) => shared.engine.current.get().org.people.contains_key(id),
        Subject::Credential(id) | Subject::Pass(id) => {
            shared.engine.access.snapshot().people().credential(id).is_some()
        }
    }
}

fn subject_of(item: &SubjectItem) -> Answer<Subject> {
    let bad = |error: model::ids::IdError| Problem::bad_request(error.to_string());
    match item.kind.as_str() {
        "person" => Ok(Subject::Person(PersonId::parse(&item.id).map_err(bad)?)),
        "credential" => Ok(Subject::Credential(CredentialId::parse(&item.id).map_err(bad)?)),
        "pass" => Ok(Subject::Pass(CredentialId::parse(&item.id).map_err(bad)?)),
        other => {
            let detail = format!("`{other}` is no kind of subject: person, credential or pass");
            Err(Problem::bad_request(detail))
        }
    }
}

/// Suspensions and revocations, newest first. A revocation is `done` only when every point that
/// enforces rights has confirmed it, or its rights have surely run out.
#[utoipa::path(
    get, path = "/v1/revocations", tag = "access",
    responses((status = 200, body = Vec<RevocationItem>), (status = 403, body = Problem)),
    security(("token" = []))
)]
pub async fn list(State(shared): State<Shared>, caller: Caller) -> Answer<Response> {
    let reach = caller.reach(Action::RevocationRead)?;
    let all = shared.engine.warden.list().await;
    let near = |told: &&Told| reach.covers(site_of(&shared, &told.deed.subject).as_ref());
    let items: Vec<RevocationItem> =
        all.iter().filter(near).map(|told| item(&shared, told)).collect();
    covered(&shared, &caller, &items)
}

/// One of them, with the receipt of every point and how it is known.
#[utoipa::path(
    get, path = "/v1/revocations/{id}", tag = "access",
    params(("id" = String, Path, description = "Revocation id")),
    responses((status = 200, body = RevocationView), (status = 404, body = Problem)),
    security(("token" = []))
)]
pub async fn one(
    State(shared): State<Shared>,
    caller: Caller,
    Path(id): Path<String>,
) -> Answer<Response> {
    caller.must(Action::RevocationRead)?;
    let missing = || Problem::not_found(format!("no revocation `{id}`"));
    let wanted = RevocationId::parse(&id).map_err(|_| missing())?;
    let told = shared.engine.warden.show(&wanted).await.ok_or_else(missing)?;
    let site = site_of(&shared, &told.deed.subject);
    caller.must_at(Action::RevocationRead, site.as_ref())?;
    covered(&shared, &caller, &view(&shared, &told).await)
}

/// Suspends, lifts a suspension, or revokes: everywhere, at once. Revoking ends the present
/// generation of every credential of the subject for ever. It answers as soon as that is on disk
/// and on its way (201); the same id again answers with the same act (200).
#[utoipa::path(
    post, path = "/v1/revocations", tag = "access", request_body = RevocationRequest,
    responses((status = 201, body = RevocationView), (status = 200, body = RevocationView),
        (status = 400, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 409, body = Problem)),
    security(("token" = []))
)]
pub async fn act(
    State(shared): State<Shared>,
    caller: Caller,
    Json(request): Json<RevocationRequest>,
) -> Answer<(StatusCode, Response)> {
    let subject = match (&request.subject, &request.of) {
        (Some(subject), None) => subject_of(subject)?,
        (None, Some(id)) => {
            let known = shared.engine.warden.show(id).await;
            let unknown = || Problem::not_found(format!("there is no act `{id}`"));
            known.ok_or_else(unknown)?.deed.subject
        }
        (Some(_), Some(_)) | (None, None) => {
            let detail = "either `subject` or `of` says whom it is about".to_owned();
            return Err(Problem::bad_request(detail));
        }
    };
    caller.must_at(Action::RevocationAct, site_of(&shared, &subject).as_ref())?;
    crate::reason::fit("reason", &request.reason, model::text::Words::Text)?;
    let act = match request.act.as_str() {
        "suspend" => Act::Suspend,
        "lift" => Act::Lift,
        "revoke" => Act::Revoke,
        other => {
            let detail = format!("`{other}` is no act: suspend, lift or revoke");
            return Err(Problem::bad_request(detail));
        }
    };
    if act == Act::Suspend && !is_known(&shared, &subject) {
        // A misspelt name would be shown as done while whoever was meant goes on getting in.
        let SubjectItem { kind, id, .. } = subject_item(&shared, &subject);
        return Err(Problem::not_found(format!("there is no {kind} `{id}`")));
    }
    let id = match request.id {
        Some(id) => id,
        None => {
            let id =
                engine::auth::new_id("rev").map_err(|e| Problem::unavailable(e.to_string()))?;
            RevocationId::parse(&id).map_err(|e| Problem::unavailable(e.to_string()))?
        }
    };
    let by = caller.by().0.to_owned();
    let wanted = Wanted { id, act, subject, reason: request.reason.trim().to_owned(), by };
    let acted = shared.engine.revoke(&wanted).await?;
    let status = if acted.is_new { StatusCode::CREATED } else { StatusCode::OK };
    let view = view(&shared, &acted.told).await;
    Ok((status, covered(&shared, &caller, &view)?))
}

fn covered<T: Serialize>(shared: &Shared, caller: &Caller, what: &T) -> Answer<Response> {
    use axum::response::IntoResponse as _;
    Ok(Eyes::of(shared, caller).answer(what)?.into_response())
}
