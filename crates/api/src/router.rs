//! Routes, the OpenAPI document that follows from them, and the server.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderName, HeaderValue};
use engine::Engine;
use engine::listeners::Https;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tower_http::set_header::SetResponseHeaderLayer;
use utoipa::OpenApi;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::auth::COOKIE;
use crate::hosts::Hosts;
use crate::secure::{Peer, Secure};
use crate::state::Shared;
use crate::{
    access, access_answers, access_ask, access_edit, access_house, access_import, access_versions,
    access_what_if, alarms, audit, authzen, authzen_search, commands, console, control,
    controllers, edges, events, history, hosts, incidents, ingest, inquiry, live, mappings, muster,
    occurrences, oidc, operators, organisation, panic, papers, passage, people, plans, presence,
    problem, raw, refused, replays, revocations, rules, session, signin, system, tokens, views,
    why,
};

/// Largest image that is read at all; `plan_bytes_max` says what is taken.
const IMAGE_BODY_BYTES_MAX: usize = 32 << 20;
/// Largest JSON body of requests that are not ingest.
const JSON_BODY_BYTES_MAX: usize = 1 << 20;
/// Largest JSON body about signing in.
const SIGNIN_BODY_BYTES_MAX: usize = 64 << 10;
/// How long open requests may go on after a stop was asked for.
const STOP_WAIT_MAX: Duration = Duration::from_secs(5);

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Castellan",
        description = "Events of doors and networks in; one owned incident out. Errors are \
                       RFC 9457 problem documents.",
        license(name = "Apache-2.0")
    ),
    modifiers(&Bearer)
)]
struct Document;

struct Bearer;

impl utoipa::Modify for Bearer {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build();
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("token", SecurityScheme::Http(scheme));
        let cookie = SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::new(COOKIE)));
        components.add_security_scheme("session", cookie);
    }
}

fn routes() -> OpenApiRouter<Shared> {
    let images = OpenApiRouter::new()
        .routes(routes!(plans::image, plans::upload))
        .layer(DefaultBodyLimit::max(IMAGE_BODY_BYTES_MAX));
    let ingest =
        OpenApiRouter::new().routes(routes!(ingest::ingest)).layer(DefaultBodyLimit::disable());
    let imports = OpenApiRouter::new()
        .routes(routes!(access_import::import_maps, access_import::import))
        .layer(DefaultBodyLimit::max(access_import::IMPORT_BODY_BYTES_MAX));
    OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(events::search))
        .routes(routes!(events::one))
        .routes(routes!(raw::one))
        .routes(routes!(events::query))
        .routes(routes!(history::histogram))
        .routes(routes!(history::export))
        .routes(routes!(organisation::organisation))
        .routes(routes!(plans::list))
        .routes(routes!(plans::mark))
        .routes(routes!(plans::remove))
        .routes(routes!(plans::doors))
        .routes(routes!(plans::things))
        .routes(routes!(views::list))
        .routes(routes!(views::save, views::remove))
        .routes(routes!(audit::list))
        .routes(routes!(audit::verify))
        .routes(routes!(incidents::list, incidents::open))
        .routes(routes!(incidents::one))
        .routes(routes!(incidents::act))
        .routes(routes!(incidents::findings))
        .routes(routes!(incidents::finding))
        .routes(routes!(why::why))
        .routes(routes!(why::explain))
        .routes(routes!(occurrences::list, occurrences::write))
        .routes(routes!(papers::bundle))
        .routes(routes!(papers::shift))
        .routes(routes!(live::live))
        .routes(routes!(people::list))
        .routes(routes!(people::one))
        .routes(routes!(people::reveal))
        .routes(routes!(people::unresolved))
        .routes(routes!(system::sources))
        .routes(routes!(system::accounts))
        .routes(routes!(system::limits))
        .routes(routes!(system::dead_letters))
        .routes(routes!(system::rerun))
        .routes(routes!(system::mappings))
        .routes(routes!(system::rules))
        .routes(routes!(system::status_of))
        .routes(routes!(system::healthz))
        .routes(routes!(system::readyz))
        .routes(routes!(system::metrics))
        .routes(routes!(tokens::create, tokens::list))
        .routes(routes!(tokens::revoke))
        .merge(desk())
        .merge(people_who_sign_in())
        .merge(rights())
        .merge(enforcement())
        .layer(DefaultBodyLimit::max(JSON_BODY_BYTES_MAX))
        .merge(images)
        .merge(imports)
        .merge(ingest)
}

/// What guards need at once, and the editing of mappings.
fn desk() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(panic::panic))
        .routes(routes!(presence::presence))
        .routes(routes!(passage::last))
        .routes(routes!(people::names))
        .routes(routes!(inquiry::ask))
        .routes(routes!(refused::list))
        .routes(routes!(refused::photo))
        .routes(routes!(mappings::one, mappings::save, mappings::restore))
        .routes(routes!(mappings::try_out))
        .routes(routes!(rules::check))
        .routes(routes!(rules::one, rules::save, rules::remove))
        .routes(routes!(rules::switch))
        .routes(routes!(rules::exceptions, rules::except))
        .routes(routes!(rules::end_exception))
        .routes(routes!(alarms::alarm_rates))
        .routes(routes!(replays::list, replays::start))
        .routes(routes!(replays::one, replays::end))
        .routes(routes!(replays::findings))
        .routes(routes!(replays::settle))
        .routes(routes!(replays::late))
        .merge(doors())
}

/// Doors: what was revoked, who enforces, what is to be done.
fn doors() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(revocations::list, revocations::act))
        .routes(routes!(revocations::one))
        .routes(routes!(edges::list, edges::invite))
        .routes(routes!(edges::sign))
        .routes(routes!(edges::approve))
        .routes(routes!(edges::decommission))
        .routes(routes!(control::list))
        .routes(routes!(controllers::list))
        .routes(routes!(commands::give))
        .routes(routes!(commands::list))
        .routes(routes!(commands::one))
        .routes(routes!(commands::lockdowns, commands::lock_down))
        .routes(routes!(commands::lockdown_reason))
        .routes(routes!(commands::end_lockdown))
        .routes(routes!(commands::threat, commands::set_threat))
        .routes(routes!(muster::list))
        .routes(routes!(muster::paper))
}

/// Who may pass where.
fn rights() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(access::summary))
        .routes(routes!(access::groups))
        .routes(routes!(access::members))
        .routes(routes!(access::rights))
        .routes(routes!(access_edit::put_right, access_edit::remove_right))
        .routes(routes!(access_house::schedules))
        .routes(routes!(access_edit::put_schedule, access_edit::remove_schedule))
        .routes(routes!(access_house::zones))
        .routes(routes!(access_house::doors))
        .routes(routes!(access::credentials))
        .routes(routes!(access_house::policies))
        .routes(routes!(access_edit::put_policy, access_edit::remove_policy))
        .routes(routes!(access_edit::put_pin, access_edit::remove_pin))
        .routes(routes!(access_versions::versions))
        .routes(routes!(access_versions::version))
        .routes(routes!(access_versions::undo))
        .routes(routes!(access_ask::explain))
        .routes(routes!(access_what_if::what_if))
        .routes(routes!(access_what_if::what_if_one, access_what_if::what_if_end))
        .routes(routes!(access_answers::answers))
}

/// What enforcement points ask.
fn enforcement() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(authzen::metadata))
        .routes(routes!(authzen::evaluation))
        .routes(routes!(authzen::evaluations))
        .routes(routes!(authzen_search::subjects))
        .routes(routes!(authzen_search::resources))
        .routes(routes!(authzen_search::actions))
        .layer(axum::middleware::from_fn(authzen::identified))
}

fn people_who_sign_in() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(signin::door))
        .routes(routes!(signin::link))
        .routes(routes!(signin::password))
        .routes(routes!(signin::begin_passkey))
        .routes(routes!(signin::finish_passkey))
        .routes(routes!(oidc::begin))
        .routes(routes!(oidc::callback))
        .routes(routes!(session::session, session::sign_out))
        .routes(routes!(session::password))
        .routes(routes!(session::begin_totp, session::finish_totp))
        .routes(routes!(session::begin_passkey))
        .routes(routes!(session::finish_passkey))
        .routes(routes!(session::remove_passkey))
        .routes(routes!(operators::list, operators::add))
        .routes(routes!(operators::change))
        .routes(routes!(operators::link))
        .routes(routes!(operators::roles))
        .layer(DefaultBodyLimit::max(SIGNIN_BODY_BYTES_MAX))
}

/// The OpenAPI document, as pretty JSON.
pub fn openapi_json() -> Result<String, serde_json::Error> {
    let (_, document) = routes().split_for_parts();
    document.to_pretty_json()
}

fn application(shared: Shared) -> axum::Router {
    let (router, document) = routes().split_for_parts();
    let document = document.to_json().unwrap_or_default();
    let public_url = shared.engine.config.public_url.clone();
    let hosts = Hosts::of(&shared.engine.config);
    let json = [("content-type", "application/json")];
    let header = |name: &'static str, value: &'static str| {
        SetResponseHeaderLayer::if_not_present(
            HeaderName::from_static(name),
            HeaderValue::from_static(value),
        )
    };
    let router = router
        .route("/openapi.json", axum::routing::get(move || async move { (json, document) }))
        .fallback(axum::routing::get(console::fallback))
        .layer(axum::middleware::map_response(problem::in_our_form))
        .layer(axum::middleware::from_fn_with_state(hosts, hosts::known))
        .layer(header("x-content-type-options", "nosniff"))
        .layer(header("referrer-policy", "no-referrer"))
        .layer(header("cache-control", "no-store"))
        .layer(header("content-security-policy", console::POLICY))
        .with_state(shared);
    match public_url.is_some_and(|url| url.starts_with("https://")) {
        // SOURCE: RFC 6797 section 6.1; a browser heeds it over TLS alone (section 8.1).
        true => router.layer(header("strict-transport-security", "max-age=31536000")),
        false => router,
    }
}

/// Records metrics of this process; `None` when somebody else already does.
fn metrics() -> Option<PrometheusHandle> {
    PrometheusBuilder::new().install_recorder().ok()
}

/// A running HTTP server.
pub struct Server {
    stop: CancellationToken,
    tasks: JoinSet<()>,
}

impl Server {
    /// Serves on bound listeners.
    pub fn start(listener: TcpListener, https: Option<Https>, engine: Arc<Engine>) -> Self {
        let max = usize::try_from(engine.config.limits.ingest_requests_max).unwrap_or(64);
        let ingesting = Arc::new(Semaphore::new(max.min(Semaphore::MAX_PERMITS)));
        let max = usize::try_from(engine.config.limits.papers_at_once_max).unwrap_or(1);
        let papers = Arc::new(Semaphore::new(max.min(Semaphore::MAX_PERMITS)));
        let max = usize::try_from(engine.config.limits.inquiries_at_once_max).unwrap_or(1);
        let inquiries = Arc::new(Semaphore::new(max.min(Semaphore::MAX_PERMITS)));
        let shared = Shared { engine, ingesting, papers, inquiries, metrics: metrics() };
        let stop = CancellationToken::new();
        let application = application(shared);
        let mut tasks = JoinSet::new();
        if let Some(https) = https {
            let service = application.clone().into_make_service_with_connect_info::<Peer>();
            let asked = stop.clone().cancelled_owned();
            let served = axum::serve(Secure(https), service).with_graceful_shutdown(asked);
            tasks.spawn(ended("https", served.into_future()));
        }
        let service = application.into_make_service_with_connect_info::<Peer>();
        let asked = stop.clone().cancelled_owned();
        let served = axum::serve(listener, service).with_graceful_shutdown(asked);
        tasks.spawn(ended("http", served.into_future()));
        Self { stop, tasks }
    }

    /// Stops taking requests; open ones have a few seconds.
    pub async fn stop(self) {
        self.stop.cancel();
        let mut tasks = self.tasks;
        let all = async { while tasks.join_next().await.is_some() {} };
        // Live streams have no end of their own: dropping the set ends them.
        let _ = tokio::time::timeout(STOP_WAIT_MAX, all).await;
    }
}

async fn ended(listener: &'static str, served: impl Future<Output = std::io::Result<()>>) {
    if let Err(error) = served.await {
        tracing::error!(listener, reason = %error, "the listener ended");
    }
}
