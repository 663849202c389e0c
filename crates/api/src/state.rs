//! What handlers share.

use std::sync::Arc;

use engine::Engine;
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::sync::Semaphore;

/// Shared by all handlers.
#[derive(Clone)]
pub struct Shared {
    /// The engine.
    pub engine: Arc<Engine>,
    /// Ingest requests that may be worked on at once.
    pub ingesting: Arc<Semaphore>,
    /// Evidence bundles and reports that may be made at once.
    pub papers: Arc<Semaphore>,
    /// Questions who could have been where that may be worked on at once.
    pub inquiries: Arc<Semaphore>,
    /// Renders `/metrics`.
    pub metrics: Option<PrometheusHandle>,
}
