//! `[listen]`: where the server listens, and with which certificates.

use std::net::{SocketAddr, SocketAddrV4};
use std::path::PathBuf;

use estate::tomlpos::{Spanned, Table};

use super::Config;

/// Certificates for TLS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsConfig {
    /// PEM chain.
    pub certificate: PathBuf,
    /// PEM key.
    pub key: PathBuf,
    /// PEM roots that client certificates must chain to.
    pub client_ca: Option<PathBuf>,
    /// Refuse clients without one.
    pub require_client: bool,
}

/// Where the server listens. `None`: not at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listen {
    /// HTTP: ingest, API, status page.
    pub http: SocketAddr,
    /// Syslog over UDP.
    pub syslog_udp: Option<SocketAddr>,
    /// Syslog over TCP.
    pub syslog_tcp: Option<SocketAddr>,
    /// Syslog over TLS.
    pub syslog_tls: Option<SocketAddr>,
    /// Events of UHPPOTE door controllers.
    pub uhppote: Option<SocketAddr>,
    /// Where those controllers are told to send them; left as they are if absent.
    pub uhppote_announce: Option<SocketAddrV4>,
    /// Certificates of the TLS listener.
    pub tls: Option<TlsConfig>,
    /// HTTP over TLS, beside the one on loopback.
    pub https: Option<HttpsConfig>,
    /// Edges.
    pub edges: Option<EdgesConfig>,
}

/// Where edges come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EdgesConfig {
    /// Where to listen.
    pub address: SocketAddr,
    /// `HOST:PORT` by which edges reach it, as enrolment codes carry it; `address` if absent.
    pub public: Option<String>,
}

/// HTTP over TLS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpsConfig {
    /// Where.
    pub address: SocketAddr,
    /// PEM chain; taken anew when it is written anew.
    pub certificate: PathBuf,
    /// PEM key.
    pub key: PathBuf,
}

pub(super) fn read(listen: &mut Table<'_>, into: &mut Listen) {
    if let Some(http) = address(listen, "http") {
        into.http = http;
    }
    into.syslog_udp = address(listen, "syslog_udp");
    into.syslog_tcp = address(listen, "syslog_tcp");
    into.syslog_tls = address(listen, "syslog_tls");
    into.uhppote = address(listen, "uhppote");
    into.uhppote_announce = announced(listen);
    if let Some(mut tls) = listen.take_table("tls") {
        let certificate = tls.need_str("certificate");
        let key = tls.need_str("key");
        let client_ca = tls.take_str("client_ca").map(|f| PathBuf::from(f.value));
        let require_client = tls.take_bool("require_client").is_some_and(|b| b.value);
        if let (Some(certificate), Some(key)) = (certificate, key) {
            into.tls = Some(TlsConfig {
                certificate: PathBuf::from(certificate.value),
                key: PathBuf::from(key.value),
                client_ca,
                require_client,
            });
        }
        tls.finish();
    }
    if let Some(mut https) = listen.take_table("https") {
        let at = https.need_str("address").and_then(|text| parsed(&https, "https.address", &text));
        let certificate = https.need_str("certificate").map(|f| PathBuf::from(f.value));
        let key = https.need_str("key").map(|f| PathBuf::from(f.value));
        if let (Some(address), Some(certificate), Some(key)) = (at, certificate, key) {
            into.https = Some(HttpsConfig { address, certificate, key });
        }
        https.finish();
    }
    if let Some(mut edges) = listen.take_table("edges") {
        into.edges = read_edges(&mut edges);
        edges.finish();
    }
    if into.syslog_tls.is_some() && into.tls.is_none() {
        listen.error(
            listen.at(),
            "missing_key",
            "`listen.syslog_tls` needs `[listen.tls]` with `certificate` and `key`".into(),
        );
    }
}

/// `[listen.edges]`: edges on other machines need an address that says which machine this is.
fn read_edges(edges: &mut Table<'_>) -> Option<EdgesConfig> {
    let text = edges.need_str("address")?;
    let address = parsed(edges, "edges.address", &text)?;
    let public = edges.take_str("public");
    if let Some(public) = &public {
        let port = public.value.rsplit_once(':').and_then(|(_, port)| port.parse::<u16>().ok());
        if port.is_none() || public.value.contains(['/', '@', ' ']) {
            let message =
                format!("`listen.edges.public`: found `{}`, expected HOST:PORT", public.value);
            edges.error(public.at, "bad_value", message);
        }
    }
    if public.is_none() && address.ip().is_unspecified() {
        let message = format!(
            "`listen.edges.address` is {address}, which is no machine's address: \
             `listen.edges.public` must say where edges reach it, as HOST:PORT"
        );
        edges.error(text.at, "missing_key", message);
    }
    Some(EdgesConfig { address, public: public.map(|public| public.value) })
}

fn address(table: &mut Table<'_>, key: &'static str) -> Option<SocketAddr> {
    let text = table.take_str(key)?;
    parsed(table, key, &text)
}

/// These controllers know addresses of four numbers only.
fn announced(table: &mut Table<'_>) -> Option<SocketAddrV4> {
    let text = table.take_str("uhppote_announce")?;
    let found = text.value.parse().ok();
    if found.is_none() {
        let message = format!(
            "`listen.uhppote_announce`: found `{}`, expected an IPv4 ADDRESS:PORT",
            text.value
        );
        table.error(text.at, "bad_value", message);
    }
    found
}

fn parsed(table: &Table<'_>, key: &str, text: &Spanned<String>) -> Option<SocketAddr> {
    let address = text.parse().ok();
    if address.is_none() {
        let message = format!("`listen.{key}`: found `{}`, expected ADDRESS:PORT", text.value);
        table.error(text.at, "bad_value", message);
    }
    address
}

/// Controllers answer to where they are asked from, and are believed from their own address.
pub(super) fn check_controllers(root: &Table<'_>, config: &Config) {
    if config.listen.uhppote.is_none() && !config.uhppote.is_empty() {
        let message = "`[[uhppote]]` needs `listen.uhppote`, where their events come".into();
        root.error(root.at(), "missing_key", message);
    }
}

/// Off loopback tokens and cookies travel over TLS or not at all; and there people's browsers,
/// passkeys among them, need the name by which they know us.
pub(super) fn check(root: &Table<'_>, config: &Config) {
    if !config.listen.http.ip().is_loopback() {
        root.error(
            root.at(),
            "not_loopback",
            format!(
                "`listen.http` is {}: HTTP is served on loopback only; use `[listen.https]`, or a \
                 TLS proxy",
                config.listen.http
            ),
        );
    }
    let is_public = config.public_url.as_deref().is_some_and(|url| url.starts_with("https://"));
    if config.listen.https.is_some() && !is_public {
        let message = "`[listen.https]` needs `public_url`, the https:// address that people type";
        root.error(root.at(), "missing_key", message.into());
    }
}

#[cfg(test)]
mod tests {
    use crate::config::tests::problems;

    #[test]
    fn http_off_loopback_is_refused() {
        let found = problems("format = 1\n[listen]\nhttp = \"0.0.0.0:80\"\n");
        assert!(found.iter().any(|p| p.contains("loopback")), "{found:?}");
    }

    #[test]
    fn edges_are_told_where_to_come() {
        let edges = |text: &str| problems(&format!("format = 1\n[listen.edges]\n{text}\n"));
        assert_eq!(edges("address = \"127.0.0.1:8443\""), Vec::<String>::new());
        let found = edges("address = \"0.0.0.0:8443\"");
        assert!(found.iter().any(|p| p.contains("castellan.toml:3")), "{found:?}");
        assert!(found.iter().any(|p| p.contains("listen.edges.public")), "{found:?}");
        let named = "address = \"0.0.0.0:8443\"\npublic = \"castellan.example:8443\"";
        assert_eq!(edges(named), Vec::<String>::new());
        for bad in ["castellan.example", "https://castellan.example:8443", "a:b"] {
            let found = edges(&format!("address = \"0.0.0.0:8443\"\npublic = \"{bad}\""));
            assert!(found.iter().any(|p| p.contains("HOST:PORT")), "{bad}: {found:?}");
        }
        assert!(!edges("").is_empty());
    }

    #[test]
    fn https_needs_the_name_that_people_type() {
        let https = "[listen.https]\naddress = \"0.0.0.0:443\"\ncertificate = \"c\"\nkey = \"k\"\n";
        let found = problems(&format!("format = 1\n{https}"));
        assert!(found.iter().any(|p| p.contains("public_url")), "{found:?}");
        let named = format!("format = 1\npublic_url = \"https://castellan.example\"\n{https}");
        assert_eq!(problems(&named), Vec::<String>::new());
    }
}
