//! Routes, the OpenAPI document that follows from them, and the server.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderName, HeaderValue};
use engine::Engine;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tower_http::set_header::SetResponseHeaderLayer;
use utoipa::OpenApi;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::Shared;
use crate::{events, incidents, ingest, live, page, people, problem, system, tokens};

/// Largest JSON body of requests that are not ingest.
const JSON_BODY_BYTES_MAX: usize = 1 << 20;
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
    }
}

fn routes() -> OpenApiRouter<Shared> {
    let ingest =
        OpenApiRouter::new().routes(routes!(ingest::ingest)).layer(DefaultBodyLimit::disable());
    OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(events::search))
        .routes(routes!(events::one))
        .routes(routes!(events::query))
        .routes(routes!(incidents::list, incidents::open))
        .routes(routes!(incidents::one))
        .routes(routes!(incidents::act))
        .routes(routes!(incidents::findings))
        .routes(routes!(incidents::finding))
        .routes(routes!(live::live))
        .routes(routes!(people::list))
        .routes(routes!(people::one))
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
        .layer(DefaultBodyLimit::max(JSON_BODY_BYTES_MAX))
        .merge(ingest)
}

/// The OpenAPI document, as pretty JSON.
pub fn openapi_json() -> Result<String, serde_json::Error> {
    let (_, document) = routes().split_for_parts();
    document.to_pretty_json()
}

fn application(shared: Shared) -> axum::Router {
    let (router, document) = routes().split_for_parts();
    let document = document.to_json().unwrap_or_default();
    let json = [("content-type", "application/json")];
    let header = |name: &'static str, value: &'static str| {
        SetResponseHeaderLayer::if_not_present(
            HeaderName::from_static(name),
            HeaderValue::from_static(value),
        )
    };
    router
        .route("/openapi.json", axum::routing::get(move || async move { (json, document) }))
        .route("/", axum::routing::get(page::page))
        .route("/page.css", axum::routing::get(page::style))
        .route("/page.js", axum::routing::get(page::script))
        .layer(axum::middleware::map_response(problem::in_our_form))
        .layer(header("x-content-type-options", "nosniff"))
        .layer(header("referrer-policy", "no-referrer"))
        .layer(header("cache-control", "no-store"))
        .layer(header(
            "content-security-policy",
            "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
             img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        ))
        .with_state(shared)
}

/// Records metrics of this process; `None` when somebody else already does.
fn metrics() -> Option<PrometheusHandle> {
    PrometheusBuilder::new().install_recorder().ok()
}

/// A running HTTP server.
pub struct Server {
    stop: CancellationToken,
    task: tokio::task::JoinHandle<()>,
}

impl Server {
    /// Serves on a bound listener.
    pub fn start(listener: TcpListener, engine: Arc<Engine>) -> Self {
        let max = usize::try_from(engine.config.limits.ingest_requests_max).unwrap_or(64);
        let ingesting = Arc::new(Semaphore::new(max.min(Semaphore::MAX_PERMITS)));
        let shared = Shared { engine, ingesting, metrics: metrics() };
        let stop = CancellationToken::new();
        let asked = stop.clone();
        let service = application(shared).into_make_service_with_connect_info::<SocketAddr>();
        let task = tokio::spawn(async move {
            let served = axum::serve(listener, service)
                .with_graceful_shutdown(async move { asked.cancelled().await })
                .await;
            if let Err(error) = served {
                tracing::error!(reason = %error, "the http listener ended");
            }
        });
        Self { stop, task }
    }

    /// Stops taking requests; open ones have a few seconds.
    pub async fn stop(self) {
        self.stop.cancel();
        let mut task = self.task;
        if tokio::time::timeout(STOP_WAIT_MAX, &mut task).await.is_err() {
            // Live streams have no end of their own.
            task.abort();
        }
    }
}
