//! The live stream, as server-sent events.

use std::convert::Infallible;

use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::sse::{Event, KeepAlive, Sse};
use engine::accounting::{Boundary, Outcome};
use engine::auth::Scope;
use engine::live::LiveMessage;
use futures::Stream;
use serde::Deserialize;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

use crate::auth::Caller;
use crate::problem::{Answer, Problem};
use crate::state::Shared;

/// What to hear.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct LiveQuery {
    /// `incidents` (incidents, findings and doors, the default) or `events`.
    kind: Option<String>,
}

/// Incidents, findings, doors or events as they happen. Server-sent events named `incident`,
/// `finding`, `door`, `event`; `skipped` tells a slow reader how many it lost.
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
    caller.must(Scope::Read)?;
    let live = &shared.engine.live;
    let max = shared.engine.config.limits.live_subscribers_max;
    if live.subscribers() as u64 >= max {
        let detail = format!("{max} subscribers listen already");
        return Err(Problem::new(StatusCode::TOO_MANY_REQUESTS, "too_many_subscribers", detail)
            .after(std::time::Duration::from_secs(5)));
    }
    let receiver = match query.kind.as_deref() {
        None | Some("incidents") => live.incidents(),
        Some("events") => live.events(),
        Some(other) => {
            let detail = format!("`{other}` is no stream; expected incidents or events");
            return Err(Problem::bad_request(detail));
        }
    };
    Ok(Sse::new(stream(shared, receiver)).keep_alive(KeepAlive::default()))
}

fn stream(
    shared: Shared,
    receiver: Receiver<LiveMessage>,
) -> impl Stream<Item = Result<Event, Infallible>> {
    futures::stream::unfold((shared, receiver), |(shared, mut receiver)| async move {
        let event = match receiver.recv().await {
            Ok(message) => event(&message),
            Err(RecvError::Lagged(n)) => {
                let lost = (Outcome::Dropped, "slow_reader");
                shared.engine.accounts.add_reason(Boundary::Stream, "-", lost, n);
                Event::default().event("skipped").data(n.to_string())
            }
            Err(RecvError::Closed) => return None,
        };
        Some((Ok(event), (shared, receiver)))
    })
}

fn event(message: &LiveMessage) -> Event {
    let (name, data) = match message {
        LiveMessage::Event(json) => ("event", json.to_string()),
        LiveMessage::Finding(finding) => ("finding", json(&**finding)),
        LiveMessage::Incident(incident) => ("incident", json(&**incident)),
        LiveMessage::Door(door) => ("door", json(&**door)),
    };
    Event::default().event(name).data(data)
}

fn json<T: serde::Serialize>(value: &T) -> String {
    serde_json::to_string(value).unwrap_or_default()
}
