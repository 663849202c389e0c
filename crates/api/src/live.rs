//! The live stream, as server-sent events.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::sse::{Event, KeepAlive, Sse};
use engine::access::{Action, Reach};
use engine::accounting::{Boundary, Outcome};
use engine::live::LiveMessage;
use engine::seats::{NoSeat, Seat};
use futures::Stream;
use serde::Deserialize;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::{Interval, MissedTickBehavior};

use crate::auth::Caller;
use crate::problem::{Answer, Problem};
use crate::state::Shared;
use crate::veil::Eyes;
use crate::{commands, edges, refused, revocations, system};

/// How long a stream of a session that was ended goes on at most, when nothing happens.
const SESSION_LOOK: Duration = Duration::from_secs(1);
/// How often a stream gives a sign of life.
const TICK: Duration = Duration::from_secs(2);

/// What to hear.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct LiveQuery {
    /// `incidents` (incidents, findings, doors, refusals and the occurrence log, the default) or
    /// `events`.
    kind: Option<String>,
}

/// Incidents, findings, doors, refusals or events as they happen. Server-sent events named
/// `incident`, `finding`, `door`, `thing`, `refused`, `occurrence` (`{id, site}`: read the log
/// again), `revocation`, `command`, `edge` (each as its list has it), `event`; `tick` every two
/// seconds with what `/v1/status` says; `skipped` tells a slow reader how many it lost.
#[utoipa::path(
    get, path = "/v1/live", tag = "live", params(LiveQuery),
    responses((status = 200, content_type = "text/event-stream", body = String),
        (status = 429, body = Problem)),
    security(("token" = []))
)]
pub async fn live(
    State(shared): State<Shared>,
    caller: Caller,
    Query(query): Query<LiveQuery>,
) -> Answer<Sse<impl Stream<Item = Result<Event, Infallible>>>> {
    let live = &shared.engine.live;
    let (receiver, action) = match query.kind.as_deref() {
        None | Some("incidents") => (live.incidents(), Action::IncidentRead),
        Some("events") => (live.events(), Action::EventSearch),
        Some(other) => {
            let detail = format!("`{other}` is no stream; expected incidents or events");
            return Err(Problem::bad_request(detail));
        }
    };
    let reach = caller.reach(action)?;
    let session = caller.session.as_ref().map(engine::signin::Session::key);
    let seat = live.seats.take(caller.by().0, session, &shared.engine.config.limits);
    let seat = seat.map_err(no_seat)?;
    let mut ticks = tokio::time::interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let watched = Watched {
        reach,
        _seat: seat,
        caller: caller.may_call().then(|| caller.by().0.to_owned()),
        works_incidents: caller.works_incidents(),
        eyes: Eyes::of(&shared, &caller),
        log_reach: caller.reach(Action::OccurrenceRead).ok(),
        refusals: caller.reach(Action::RefusalRead).ok(),
        revocations: caller.reach(Action::RevocationRead).ok(),
        places: caller.reach(Action::PlaceRead).ok(),
        systems: caller.reach(Action::SystemRead).ok(),
        ticks: caller.must(Action::SystemRead).is_ok().then_some(ticks),
        session,
        shared,
        receiver,
    };
    Ok(Sse::new(stream(watched)).keep_alive(KeepAlive::default()))
}

/// The stream is full, or the caller has their share of it.
fn no_seat(why: NoSeat) -> Problem {
    metrics::counter!("castellan_live_refused_total", "reason" => why.as_str()).increment(1);
    let detail = match why {
        NoSeat::Full => "as many listen to the live stream as can; come again".to_owned(),
        NoSeat::Session(max) => format!(
            "this session has {max} live streams open (limit live_per_session_max): close a window"
        ),
        NoSeat::Operator(max) => format!(
            "you have {max} live streams open (limit live_per_operator_max): close one elsewhere"
        ),
    };
    Problem::new(StatusCode::TOO_MANY_REQUESTS, "too_many_subscribers", detail)
        .after(Duration::from_secs(5))
}

/// A subscription, and who listens.
struct Watched {
    shared: Shared,
    receiver: Receiver<LiveMessage>,
    /// Free again when the stream ends.
    _seat: Seat,
    reach: Reach,
    /// Who they are, if they may call for help: they follow what becomes of their own call.
    caller: Option<String>,
    /// Whether they work incidents, and so see those that are for everybody who does.
    works_incidents: bool,
    eyes: Eyes,
    /// How far they may read the occurrence log.
    log_reach: Option<Reach>,
    /// Of whose refusals they hear; `None`: of nobody's.
    refusals: Option<Reach>,
    /// The same of revocations.
    revocations: Option<Reach>,
    /// The same of commands to doors.
    places: Option<Reach>,
    /// The same of edges.
    systems: Option<Reach>,
    /// The sign of life, for those who may see it.
    ticks: Option<Interval>,
    session: Option<[u8; 32]>,
}

/// What comes next.
enum Heard {
    Message(LiveMessage),
    Lost(u64),
    Tick,
}

impl Watched {
    /// What comes next; `None` when the stream, or the listener's session, has ended.
    async fn next(&mut self) -> Option<Heard> {
        loop {
            let Self { ticks, receiver, .. } = self;
            let tick = async {
                match ticks {
                    Some(ticks) => drop(ticks.tick().await),
                    None => std::future::pending().await,
                }
            };
            let heard = tokio::select! {
                biased;
                () = tick => Some(Heard::Tick),
                found = receiver.recv() => match found {
                    Ok(message) => Some(Heard::Message(message)),
                    Err(RecvError::Lagged(n)) => Some(Heard::Lost(n)),
                    Err(RecvError::Closed) => return None,
                },
                () = tokio::time::sleep(SESSION_LOOK) => None,
            };
            if !self.may_listen() {
                return None;
            }
            if heard.is_some() {
                return heard;
            }
        }
    }

    fn may_listen(&self) -> bool {
        self.session.is_none_or(|session| self.shared.engine.signin.still(&session))
    }

    /// Whether the listener's roles reach so far. A finding is where its incident is, which
    /// follows at once.
    fn is_near(&self, message: &LiveMessage) -> bool {
        match message {
            LiveMessage::Event(event) => self.reach.covers(event.site.as_ref()),
            LiveMessage::Incident(incident) => {
                let call = incident.handling.call.as_ref();
                self.reach.covers(incident.site.as_ref())
                    || call.is_some_and(|call| self.caller.as_ref() == Some(&call.by))
                    || (self.works_incidents && incident.handling.everywhere)
            }
            LiveMessage::Door(door) => self.reach.covers(door.site.as_ref()),
            LiveMessage::Thing(thing) => self.reach.covers(thing.site.as_ref()),
            LiveMessage::Refused(refusal) => {
                let reach = self.refusals.as_ref();
                reach.is_some_and(|reach| reach.covers(refusal.site.as_ref()))
            }
            LiveMessage::Revocation(told) => {
                let site = revocations::site_of(&self.shared, &told.deed.subject);
                self.revocations.as_ref().is_some_and(|reach| reach.covers(site.as_ref()))
            }
            LiveMessage::Command(ordered) => {
                let site = commands::site_of(&self.shared, ordered.door.as_str());
                self.places.as_ref().is_some_and(|reach| reach.covers(site.as_ref()))
            }
            LiveMessage::Edge(edge) => {
                let site = edge.registered.site.as_ref();
                self.systems.as_ref().is_some_and(|reach| reach.covers(site))
            }
            LiveMessage::Finding(_) => self.reach == Reach::Everywhere,
            LiveMessage::Occurrence(_, site) => {
                self.log_reach.as_ref().is_some_and(|reach| reach.covers(site.as_ref()))
            }
        }
    }

    async fn event(&self, message: &LiveMessage) -> Event {
        let covered = |text: String| self.eyes.json(&text).into_owned();
        let (name, data) = match message {
            LiveMessage::Revocation(told) => {
                ("revocation", covered(json(&revocations::item(&self.shared, told))))
            }
            LiveMessage::Command(ordered) => ("command", covered(json(&commands::item(ordered)))),
            LiveMessage::Edge(edge) => {
                let newest = self.shared.engine.warden.given().await.version;
                ("edge", json(&edges::item(&self.shared, edge, newest)))
            }
            LiveMessage::Event(event) => ("event", self.eyes.live(event)),
            LiveMessage::Finding(finding) => ("finding", covered(json(&**finding))),
            LiveMessage::Incident(incident) => ("incident", covered(json(&**incident))),
            LiveMessage::Door(door) => ("door", json(&**door)),
            LiveMessage::Thing(thing) => ("thing", json(&**thing)),
            LiveMessage::Occurrence(id, site) => {
                ("occurrence", json(&serde_json::json!({"id": id, "site": site})))
            }
            LiveMessage::Refused(refusal) => {
                ("refused", refused::live_json(&self.shared, refusal).await)
            }
        };
        Event::default().event(name).data(data)
    }
}

fn stream(watched: Watched) -> impl Stream<Item = Result<Event, Infallible>> {
    futures::stream::unfold(watched, |mut watched| async move {
        let event = loop {
            match watched.next().await? {
                Heard::Message(message) if watched.is_near(&message) => {
                    break watched.event(&message).await;
                }
                Heard::Message(_) => {}
                Heard::Lost(n) => {
                    let lost = (Outcome::Dropped, "slow_reader");
                    watched.shared.engine.accounts.add_reason(Boundary::Stream, "-", lost, n);
                    break Event::default().event("skipped").data(n.to_string());
                }
                Heard::Tick => {
                    let status = system::status_now(&watched.shared).await;
                    break Event::default().event("tick").data(json(&status));
                }
            }
        };
        Some((Ok(event), watched))
    })
}

fn json<T: serde::Serialize>(value: &T) -> String {
    serde_json::to_string(value).unwrap_or_default()
}
