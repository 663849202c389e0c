//! `[[mqtt]]` and `[[tail]]`: what the server goes and fetches.

use std::path::PathBuf;

use estate::tomlpos::{Spanned, Table};
use model::SourceId;

use super::SecretText;

/// One broker to subscribe to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MqttConfig {
    /// Host name or address.
    pub host: String,
    /// Port.
    pub port: u16,
    /// Topic filters.
    pub topics: Vec<String>,
    /// Stable client id, so that the broker keeps what came while we were away.
    pub client_id: String,
    /// User name.
    pub user: Option<String>,
    /// Reference to the password.
    pub password: Option<SecretText>,
    /// Speak TLS; roots from this PEM file, or the system's when it is empty.
    pub tls_ca: Option<PathBuf>,
    /// Speak TLS.
    pub tls: bool,
}

/// One file to follow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TailConfig {
    /// The file.
    pub path: PathBuf,
    /// Whose records they are; by match if absent.
    pub source: Option<Spanned<SourceId>>,
}

pub(super) fn read_mqtt(mut table: Table<'_>) -> Option<MqttConfig> {
    let host = table.need_str("host");
    let tls_ca = table.take_str("tls_ca").map(|f| PathBuf::from(f.value));
    let tls = table.take_bool("tls").map_or(tls_ca.is_some(), |b| b.value);
    let port = table.take_int("port", 1..=65_535).map(|p| p.value);
    let topics = table.take_strs("topics").unwrap_or_default();
    let config = MqttConfig {
        host: host?.value,
        port: port.and_then(|p| u16::try_from(p).ok()).unwrap_or(if tls { 8883 } else { 1883 }),
        topics: topics.into_iter().map(|t| t.value).collect(),
        client_id: table.take_str("client_id").map_or_else(|| "castellan".into(), |c| c.value),
        user: table.take_str("user").map(|u| u.value),
        password: table.take_str("password"),
        tls_ca,
        tls,
    };
    table.finish();
    Some(config)
}

pub(super) fn read_tail(mut table: Table<'_>) -> Option<TailConfig> {
    let path = table.need_str("path");
    let source = table.take_id("source", SourceId::parse);
    table.finish();
    Some(TailConfig { path: PathBuf::from(path?.value), source })
}
