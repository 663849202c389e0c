//! By which names we are spoken to. A page of somebody else's whose name suddenly points at this
//! machine (DNS rebinding) speaks by that name, and is turned away before anything hears it.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use engine::config::Config;

use crate::problem::Problem;

/// What tells nothing, and is asked by probes that know no name.
const OPEN: [&str; 2] = ["/healthz", "/readyz"];

/// The names that are ours, beside this machine's own and every address.
#[derive(Clone)]
pub struct Hosts(Arc<BTreeSet<String>>);

impl Hosts {
    /// Those that the configuration names.
    pub fn of(config: &Config) -> Self {
        let public = config.public_url.as_deref().and_then(|url| url.split_once("://"));
        let public = public.map(|(_, rest)| rest.split('/').next().unwrap_or_default());
        let names = config.host_names.iter().map(String::as_str).chain(public);
        Self(Arc::new(names.map(|name| plain(name).to_lowercase()).collect()))
    }

    /// Whether a browser that speaks to this host means us. An address is always meant: a name is
    /// what others can make point here.
    fn knows(&self, host: &str) -> bool {
        let name = plain(host).to_lowercase();
        let is_here = name == "localhost" || name.ends_with(".localhost");
        is_here || name.parse::<IpAddr>().is_ok() || self.0.contains(&name)
    }
}

/// A host without its port, brackets and final dot.
fn plain(host: &str) -> &str {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    name.strip_suffix('.').unwrap_or(name)
}

/// Turns away what is meant for another host.
/// SOURCE: RFC 9110, section 15.5.20 (421 Misdirected Request).
pub async fn known(State(hosts): State<Hosts>, request: Request, next: Next) -> Response {
    let named = request.headers().get_all(header::HOST).iter();
    let named = named.map(|host| host.to_str().unwrap_or("?"));
    let asked = request.uri().authority().map(axum::http::uri::Authority::as_str);
    let stranger = named.chain(asked).find(|host| !hosts.knows(host));
    match stranger.filter(|_| !OPEN.contains(&request.uri().path())) {
        None => next.run(request).await,
        Some(host) => {
            let host: String = host.chars().take(100).collect();
            let detail = format!(
                "`{host}` is no name of this server; its names are in `public_url` and \
                 `host_names` of castellan.toml"
            );
            Problem::new(StatusCode::MISDIRECTED_REQUEST, "unknown_host", detail).into_response()
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests fail by panicking")]
    use super::*;

    #[test]
    fn our_names_this_machine_and_addresses_are_known_and_no_other_name_is() {
        let mut config = Config::embedded("x".into(), ([127, 0, 0, 1], 0).into()).unwrap();
        config.public_url = Some("https://Castellan.example:8443/console".into());
        config.host_names = vec!["gate.lan".into()];
        let hosts = Hosts::of(&config);
        for host in [
            "localhost",
            "LOCALHOST:8420",
            "demo.localhost:1",
            "127.0.0.1:80",
            "[::1]:80",
            "[2001:db8::1]",
            "10.0.0.5:8443",
            "castellan.example",
            "CASTELLAN.example.:8443",
            "gate.lan:80",
        ] {
            assert!(hosts.knows(host), "{host}");
        }
        for host in ["evil.example", "castellan.example.evil", "localhost.evil", "", "?", "lan"] {
            assert!(!hosts.knows(host), "{host}");
        }
    }
}
