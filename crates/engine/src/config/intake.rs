//! `[[mqtt]]`, `[[tail]]` and `[[uhppote]]`: what the server goes and fetches.

use std::net::SocketAddr;
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

/// One UHPPOTE door controller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ControllerConfig {
    /// Its serial number, as it is printed on the board.
    pub serial: u32,
    /// Where it is; port 60000 unless somebody changed it.
    pub address: SocketAddr,
}

pub(super) fn read_uhppote(mut table: Table<'_>) -> Option<ControllerConfig> {
    let serial = table.take_int("serial", 1..=i64::from(u32::MAX));
    if serial.is_none() {
        let message = "`uhppote.serial` is needed: the number printed on the board".into();
        table.error(table.at(), "missing_key", message);
    }
    let address = table.need_str("address");
    let at = address.and_then(|text| {
        let found: Option<SocketAddr> = text.value.parse().ok();
        if found.is_none() {
            let message = format!(
                "`uhppote.address`: found `{}`, expected ADDRESS:PORT, such as 192.168.1.100:60000",
                text.value
            );
            table.error(text.at, "bad_value", message);
        }
        found
    });
    table.finish();
    let serial = u32::try_from(serial?.value).ok()?;
    Some(ControllerConfig { serial, address: at? })
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
