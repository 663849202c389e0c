//! Who asks, whether they may, and whether it was really their page that asked.

use std::sync::Arc;

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode, header};
use engine::access::{Action, At, Reach, Rights};
use engine::auth::{AuthError, Principal, Scope};
use engine::signin::{Origin, Session, SigninError};
use model::{Incident, PersonId, PlaceId};

use crate::problem::{Answer, Problem};
use crate::secure::Peer;
use crate::state::Shared;

/// The cookie that holds a session's secret.
pub const COOKIE: &str = "castellan_session";
/// The header that a page sends with every change.
pub const CSRF: &str = "x-csrf-token";

/// The one who asks: a token, or an operator who is signed in.
pub struct Caller {
    /// As the audit chain and the kernels know them.
    pub principal: Principal,
    /// The session, if it is an operator.
    pub session: Option<Session>,
    rights: Arc<Rights>,
}

impl Caller {
    /// Passes only with the right as such.
    pub fn must(&self, action: Action) -> Answer<()> {
        self.may(action, At::Nowhere).map_err(forbidden)
    }

    /// Passes only with the right to something of a site; `None`: of a site that nobody knows.
    pub fn must_at(&self, action: Action, site: Option<&PlaceId>) -> Answer<()> {
        self.may(action, site.map_or(At::Unknown, At::Site)).map_err(forbidden)
    }

    /// Passes only with the right to an incident: at its site, or anywhere if it is for everybody
    /// who works incidents.
    pub fn must_of(&self, action: Action, incident: &Incident) -> Answer<()> {
        self.may_of(action, incident).map_err(forbidden)
    }

    /// Whether they may do something to an incident, and if not the reason.
    pub fn may_of(&self, action: Action, incident: &Incident) -> Result<(), String> {
        let at = incident.site.as_ref().map_or(At::Unknown, At::Site);
        self.may(action, at).or_else(|why| match self.helps(incident) {
            true => self.may(action, At::Nowhere),
            false => Err(why),
        })
    }

    /// Whether they are among those whom an incident of every site is for.
    pub fn helps(&self, incident: &Incident) -> bool {
        incident.handling.everywhere && self.works_incidents()
    }

    /// Whether they may call for help.
    pub fn may_call(&self) -> bool {
        self.may(Action::PanicRaise, At::Nowhere).is_ok()
    }

    /// Whether they work incidents, at whatever site.
    pub fn works_incidents(&self) -> bool {
        self.may(Action::IncidentOperate, At::Nowhere).is_ok()
    }

    /// Whether they may, and if not the reason.
    pub fn may(&self, action: Action, at: At<'_>) -> Result<(), String> {
        if let Some(session) = &self.session {
            let decision = self.rights.decide(&session.grants, action, at);
            return decision.map_err(|refusal| refusal.to_string());
        }
        if self.principal.scopes.iter().any(|scope| scope.actions().contains(&action)) {
            return Ok(());
        }
        let scope = Scope::of(action).map_or("?", Scope::as_str);
        Err(format!("this token lacks the scope `{scope}`"))
    }

    /// How far a right reaches; a problem where it reaches nothing.
    pub fn reach(&self, action: Action) -> Answer<Reach> {
        self.must(action)?;
        let Some(session) = &self.session else { return Ok(Reach::Everywhere) };
        Ok(self.rights.reach(&session.grants, action))
    }

    /// As the audit chain names them, and the person behind.
    pub fn by(&self) -> (&str, Option<&PersonId>) {
        (&self.principal.id, self.principal.person.as_ref())
    }
}

fn forbidden(reason: String) -> Problem {
    Problem::new(StatusCode::FORBIDDEN, "forbidden", reason)
}

impl FromRequestParts<Shared> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, shared: &Shared) -> Answer<Self> {
        let rights = Arc::clone(&shared.engine.current.get().rights);
        if parts.headers.contains_key(header::AUTHORIZATION) || cookie(&parts.headers).is_none() {
            let principal = by_token(&parts.headers, shared)?;
            return Ok(Self { principal, session: None, rights });
        }
        let session = by_cookie(parts, shared)?;
        if session.is_enrolment {
            let detail = "set up how you sign in first: a passkey, or a password and a code";
            return Err(Problem::new(StatusCode::FORBIDDEN, "enrol_first", detail));
        }
        let principal = Principal {
            id: session.operator.id.clone(),
            person: session.person(),
            scopes: Vec::new(),
            sources: Vec::new(),
            scoped: Default::default(),
        };
        Ok(Self { principal, session: Some(session), rights })
    }
}

fn by_token(headers: &HeaderMap, shared: &Shared) -> Answer<Principal> {
    let value = headers.get(header::AUTHORIZATION).and_then(|v| v.to_str().ok());
    let secret = value.and_then(|v| v.strip_prefix("Bearer ")).map(str::trim);
    let found = match secret {
        Some(secret) => shared.engine.authenticate(secret),
        None => Err(AuthError::Missing),
    };
    found.map_err(|error| {
        let code = match error {
            AuthError::Missing => "token_missing",
            AuthError::Unknown => "token_unknown",
            AuthError::Expired(_) => "token_expired",
            AuthError::Revoked(_) => "token_revoked",
        };
        Problem::new(StatusCode::UNAUTHORIZED, code, error.to_string())
    })
}

/// Whoever is signed in, even if they may only set up how to sign in: for their own matters.
pub struct Own(pub Session);

impl FromRequestParts<Shared> for Own {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, shared: &Shared) -> Answer<Self> {
        by_cookie(parts, shared).map(Self)
    }
}

/// The session of a request; one that changes something must come from our own page.
fn by_cookie(parts: &Parts, shared: &Shared) -> Answer<Session> {
    let secret = cookie(&parts.headers).ok_or(SigninError::Missing)?;
    let session = shared.engine.signin.session(secret)?;
    if is_safe(&parts.method) {
        return Ok(session);
    }
    same_page(&parts.headers, shared.engine.config.public_url.as_deref())?;
    let sent = parts.headers.get(CSRF).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !is_equal(sent, &session.csrf) {
        let detail =
            "the header X-CSRF-Token is missing or not this session's; load the page again";
        return Err(Problem::new(StatusCode::FORBIDDEN, "csrf", detail));
    }
    Ok(session)
}

fn is_safe(method: &Method) -> bool {
    *method == Method::GET || *method == Method::HEAD || *method == Method::OPTIONS
}

/// Compares without saying by its duration where the first difference is.
fn is_equal(a: &str, b: &str) -> bool {
    let differing = a.bytes().zip(b.bytes()).fold(0_u8, |all, (x, y)| all | (x ^ y));
    a.len() == b.len() && differing == 0
}

/// The session's secret in the cookies of a request.
fn cookie(headers: &HeaderMap) -> Option<&str> {
    cookie_named(headers, COOKIE)
}

/// A cookie of a request.
pub fn cookie_named<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let all = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = all.flat_map(|text| text.split(';')).filter_map(|pair| pair.split_once('='));
    pairs.find(|(found, _)| found.trim() == name).map(|(_, value)| value.trim())
}

/// Refuses what another site's page sends. A client that is no browser says nothing of it.
pub fn same_page(headers: &HeaderMap, public_url: Option<&str>) -> Answer<()> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let foreign = || {
        let detail = "this came from another site's page";
        Problem::new(StatusCode::FORBIDDEN, "csrf", detail)
    };
    if text("sec-fetch-site").is_some_and(|site| site != "same-origin" && site != "none") {
        return Err(foreign());
    }
    let Some(origin) = text("origin") else { return Ok(()) };
    let own = |origin: &str| {
        let (_, host) = origin.split_once("://")?;
        Some(text("host").is_some_and(|own| own.eq_ignore_ascii_case(host)))
    };
    let is_public = public_url.is_some_and(|url| {
        let url = url.trim_end_matches('/');
        url.eq_ignore_ascii_case(origin)
            || url.strip_prefix(origin).is_some_and(|rest| rest.starts_with('/'))
    });
    if is_public || own(origin).unwrap_or(false) { Ok(()) } else { Err(foreign()) }
}

/// Where a request comes from. Over loopback it may be a proxy of ours that speaks for somebody
/// afar, and adds the address it saw at the end of `X-Forwarded-For`; what anybody else writes
/// there is not believed.
pub struct From(pub Origin);

impl FromRequestParts<Shared> for From {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, shared: &Shared) -> Answer<Self> {
        let found = ConnectInfo::<Peer>::from_request_parts(parts, shared).await;
        let ConnectInfo(Peer(peer)) =
            found.map_err(|_| Problem::unavailable("the peer's address is not known"))?;
        let headers = &parts.headers;
        let text = |name: &str| headers.get_all(name).iter().next_back()?.to_str().ok();
        let is_loopback = peer.ip().to_canonical().is_loopback();
        let forwarded = text("x-forwarded-for")
            .filter(|_| is_loopback)
            .and_then(|list| list.rsplit(',').next());
        let address = forwarded.map(|address| address.trim().chars().take(64).collect());
        let is_proxied = forwarded.is_some()
            || headers.contains_key("forwarded")
            || headers.contains_key("x-forwarded-host");
        let is_local = is_loopback && !is_proxied && text("host").is_some_and(is_this_machine);
        let address = address.unwrap_or_else(|| peer.ip().to_canonical().to_string());
        Ok(Self(Origin { address, is_local }))
    }
}

/// Whether a host, as a browser names it, is the machine that the browser runs on.
pub fn is_this_machine(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    let is_loopback = |ip: std::net::IpAddr| ip.is_loopback();
    name.eq_ignore_ascii_case("localhost") || name.parse().is_ok_and(is_loopback)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests fail by panicking")]
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| (header::HeaderName::from_static(name), value.parse().unwrap()))
            .collect()
    }

    #[test]
    fn only_our_own_page_may_change_things() {
        let check =
            |pairs: &[(&'static str, &str)], public| same_page(&headers(pairs), public).is_ok();
        let host = ("host", "localhost:8420");
        assert!(check(&[host], None));
        assert!(check(&[host, ("origin", "http://localhost:8420")], None));
        assert!(!check(&[host, ("origin", "http://localhost:9000")], None));
        assert!(!check(&[host, ("origin", "null")], None));
        assert!(!check(&[host, ("sec-fetch-site", "cross-site")], None));
        assert!(!check(&[host, ("sec-fetch-site", "same-site")], None));
        assert!(check(&[host, ("sec-fetch-site", "same-origin")], None));
        let public = Some("https://castellan.example/");
        assert!(check(&[host, ("origin", "https://castellan.example")], public));
        assert!(!check(&[host, ("origin", "https://castellan.example.evil")], public));
        assert!(!check(&[host, ("origin", "https://castellan.exam")], public));
    }

    #[test]
    fn the_session_is_found_among_other_cookies() {
        let found = headers(&[("cookie", "a=b; castellan_session=abc ;x=castellan_session")]);
        assert_eq!(cookie(&found), Some("abc"));
        assert_eq!(cookie(&headers(&[("cookie", "castellan_sessions=abc")])), None);
    }

    #[test]
    fn this_machine_is_known_by_its_names() {
        for host in ["localhost", "LOCALHOST:8420", "127.0.0.1:1", "[::1]:80"] {
            assert!(is_this_machine(host), "{host}");
        }
        for host in ["castellan.example", "localhost.evil", "10.0.0.1:80", "[2001:db8::1]", ""] {
            assert!(!is_this_machine(host), "{host}");
        }
    }
}
