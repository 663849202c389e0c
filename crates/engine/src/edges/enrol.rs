//! How an edge is taken into service: a code, a request, somebody who compares fingerprints.

use std::sync::Arc;
use std::time::Duration;

use access::link::LINK_FORMAT;
use access::link::enrol::{Code, ENROL_BYTES_MAX, FromNew, Granted, ToNew};
use access::revocation::PointLease;
use adapters::link::{LinkPeer, frame};
use model::{PlaceId, PointId, Timestamp};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use tokio::time::timeout;

use super::{EDGES_MAX, EdgeError, EdgeTold, Hub, Keys, Registered, Stage, noted, point_of};
use crate::clock::Clock;
use crate::warden;

/// How long a code is good.
pub const CODE_LIFE: Duration = Duration::from_secs(15 * 60);
/// How long a connection waits to be approved; then the edge asks again.
const APPROVAL_WAIT: Duration = Duration::from_secs(10 * 60);
/// How long a first word may take.
const FIRST_WORD_MAX: Duration = Duration::from_secs(10);

/// A code, to be shown once.
#[derive(Debug, Clone)]
pub struct Invitation {
    /// To be carried to the edge.
    pub code: Code,
    /// Until when it is good.
    pub expires_at: Timestamp,
}

impl Hub {
    /// Makes a code for an edge. Refused for one that is in service: it is taken out first, for
    /// what it holds is not known to be gone.
    pub async fn invite(
        &self,
        point: &PointId,
        (site, address): (Option<PlaceId>, &str),
        (by, now): (&str, Timestamp),
    ) -> Result<Invitation, EdgeError> {
        let known = self.get(point);
        if known.as_ref().is_some_and(|known| known.registered.stage == Stage::InService) {
            let why = format!("the edge `{point}` is in service: decommission it first");
            return Err(EdgeError::NotNow(why));
        }
        if known.is_none() && self.edges().len() >= EDGES_MAX {
            return Err(EdgeError::NotNow(format!("no more than {EDGES_MAX} edges are held")));
        }
        let mut secret = [0_u8; 16];
        getrandom::fill(&mut secret).map_err(super::KeysError::from)?;
        let expires_at = now.plus(CODE_LIFE);
        let registered = Registered {
            site: site.clone(),
            stage: Stage::Invited,
            secret: Some(hex::encode(Sha256::digest(secret))),
            secret_until: expires_at,
            key: None,
            request: None,
            certificate: None,
            before: None,
            since: now,
            software: None,
            last_heard: None,
        };
        let detail = json!({ "site": site, "expires_at": expires_at });
        let object = format!("point:{point}");
        let act = warden::audit(now, by, "edge.invite", &object, detail);
        self.save(point, registered, &[act]).await?;
        let authority = self.keys.authority_fingerprint();
        let address = address.to_owned();
        Ok(Invitation {
            code: Code { point: point.clone(), address, secret, authority },
            expires_at,
        })
    }

    /// Takes an edge into service whose key has this fingerprint: somebody has compared it.
    pub async fn approve(
        &self,
        point: &PointId,
        (fingerprint, lease): (&str, Option<PointLease>),
        (by, reason): (&str, &str),
        now: Timestamp,
    ) -> Result<EdgeTold, EdgeError> {
        let unknown = || EdgeError::Unknown(point.clone());
        let mut registered = self.get(point).ok_or_else(unknown)?.registered;
        if registered.stage != Stage::Waiting {
            let why = "nobody waits to be approved under this name".to_owned();
            return Err(EdgeError::NotNow(why));
        }
        let key = registered.key().ok_or_else(unknown)?;
        let digits = |text: &str| text.replace(char::is_whitespace, "").to_ascii_lowercase();
        if digits(fingerprint) != digits(&super::keys::fingerprint(&key)) {
            let why = "the fingerprint is not that of the key that asks".to_owned();
            return Err(EdgeError::NotNow(why));
        }
        let request = registered.request.as_deref().and_then(|text| hex::decode(text).ok());
        let asked = Keys::asked(&request.unwrap_or_default())?;
        let certified = self.keys.certify(&asked, point, now)?;
        // From here on every deed asks it; then it may have rights.
        self.warden.enrol((point.clone(), point_of(lease, now)), (by, now)).await?;
        registered.stage = Stage::InService;
        registered.certificate = Some(hex::encode(certified.certificate));
        (registered.before, registered.request, registered.since) = (None, None, now);
        self.save(point, registered, &[noted(now, (by, "edge.approve"), point, reason)]).await?;
        self.get(point).ok_or_else(unknown)
    }

    /// Serves a connection of the enrolment exchange.
    pub(super) async fn enrolment(
        self: Arc<Self>,
        mut peer: LinkPeer,
        (clock, hash_key): (Clock, [u8; 32]),
    ) {
        let first = timeout(FIRST_WORD_MAX, frame::read(&mut peer.stream, ENROL_BYTES_MAX)).await;
        let Ok(Ok(Some(first))) = first else { return };
        let answer = match rmp_serde::from_slice::<FromNew>(&first) {
            Ok(FromNew::Ask { format, .. } | FromNew::Renew { format, .. })
                if format != LINK_FORMAT =>
            {
                refused("this server speaks another version of the link")
            }
            Ok(FromNew::Ask { point, secret, request, .. }) => {
                self.asked(&mut peer, (point, &secret, &request), (&clock, hash_key)).await
            }
            Ok(FromNew::Renew { request, .. }) => self.renewed(&peer, &request, clock.now()).await,
            Err(_) => refused("this is no request to be taken into service"),
        };
        say(&mut peer, &answer).await;
    }

    async fn asked(
        &self,
        peer: &mut LinkPeer,
        (point, secret, request): (PointId, &[u8], &[u8]),
        (clock, hash_key): (&Clock, [u8; 32]),
    ) -> ToNew {
        const NO: &str = "the code is not known, was used by another key, or its time is over";
        let asked = match Keys::asked(request) {
            Ok(asked) => asked,
            Err(error) => return refused(&error.to_string()),
        };
        let Some(known) = self.get(&point) else { return refused(NO) };
        let mut registered = known.registered;
        let hash = hex::encode(Sha256::digest(secret));
        if registered.secret.as_deref() != Some(hash.as_str()) {
            return refused(NO);
        }
        let key = hex::encode(asked.raw);
        match registered.stage {
            Stage::Invited if clock.now() >= registered.secret_until => return refused(NO),
            Stage::Invited => {
                registered.stage = Stage::Waiting;
                registered.key = Some(key);
                registered.request = Some(hex::encode(request));
                registered.since = clock.now();
                let detail = json!({
                    "fingerprint": super::keys::fingerprint(&asked.raw),
                    "from": peer.address.ip().to_string(),
                });
                let object = format!("point:{point}");
                let act = warden::audit(clock.now(), "castellan", "edge.ask", &object, detail);
                if let Err(error) = self.save(&point, registered, &[act]).await {
                    tracing::error!(%error, "an edge's request was not kept");
                    return refused("the server can keep nothing now; ask again later");
                }
            }
            Stage::Waiting | Stage::InService if registered.key.as_ref() == Some(&key) => {}
            Stage::Waiting | Stage::InService | Stage::Decommissioned => return refused(NO),
        }
        let mut staged = self.staged.subscribe();
        let wait = async {
            loop {
                let now = self.get(&point).map(|told| told.registered);
                match now {
                    Some(own) if own.key != Some(hex::encode(asked.raw)) => return None,
                    Some(own) if own.stage == Stage::InService => return Some(own),
                    Some(own) if own.stage == Stage::Waiting => {}
                    Some(_) | None => return None,
                }
                if staged.changed().await.is_err() {
                    return None;
                }
            }
        };
        let fingerprint = super::keys::fingerprint(&asked.raw);
        say(peer, &ToNew::Waiting { fingerprint }).await;
        match timeout(APPROVAL_WAIT, wait).await {
            Ok(Some(own)) => self.granted(&point, &own, hash_key.to_vec()),
            Ok(None) => refused("it was not approved"),
            Err(_) => refused("nobody has approved it yet; ask again with the same code and key"),
        }
    }

    async fn renewed(&self, peer: &LinkPeer, request: &[u8], now: Timestamp) -> ToNew {
        let name = peer.name.as_deref().and_then(|name| PointId::parse(name).ok());
        let (Some(point), Some(shown)) = (name, peer.certificate.as_deref()) else {
            return refused("a certificate is renewed for whoever shows one");
        };
        let Some(mut own) = self.get(&point).map(|told| told.registered) else {
            return refused("nobody is in service under this name");
        };
        if own.stage != Stage::InService || !own.has_certificate(shown) {
            return refused("this certificate is not in service");
        }
        let certified = Keys::asked(request).and_then(|asked| match own.key() == Some(asked.raw) {
            true => self.keys.certify(&asked, &point, now),
            false => {
                let why = "another key than that in service; enrol it anew".to_owned();
                Err(super::KeysError::Request(why))
            }
        });
        let certified = match certified {
            Ok(certified) => certified,
            Err(error) => return refused(&error.to_string()),
        };
        // The one that was shown stays good until the new one was.
        own.before = Some(hex::encode(shown));
        own.certificate = Some(hex::encode(&certified.certificate));
        let act = noted(now, ("castellan", "edge.renew"), &point, "its certificate grew old");
        if let Err(error) = self.save(&point, own.clone(), &[act]).await {
            tracing::error!(%error, "a renewed certificate was not kept");
            return refused("the server can keep nothing now; ask again later");
        }
        self.granted(&point, &own, Vec::new())
    }

    fn granted(&self, point: &PointId, own: &Registered, hash_key: Vec<u8>) -> ToNew {
        let certificate = own.certificate.as_deref().and_then(|text| hex::decode(text).ok());
        ToNew::Granted(Box::new(Granted {
            point: point.clone(),
            certificate: certificate.unwrap_or_default(),
            authority: self.keys.authority().to_vec(),
            signing_key: self.keys.signing_key().to_vec(),
            hash_key,
        }))
    }

    /// An edge in service has come: its code is used up.
    pub(super) async fn code_used(&self, point: &PointId) {
        let own = self.get(point).map(|told| told.registered);
        if let Some(mut own) = own.filter(|own| own.secret.is_some()) {
            own.secret = None;
            if let Err(error) = self.save(point, own, &[]).await {
                tracing::warn!(%error, %point, "an edge's used code is still kept");
            }
        }
    }
}

fn refused(why: &str) -> ToNew {
    ToNew::Refused { why: why.to_owned() }
}

async fn say(peer: &mut LinkPeer, answer: &ToNew) {
    if let Ok(bytes) = rmp_serde::to_vec_named(answer)
        && let Err(error) = frame::write(&mut peer.stream, &bytes).await
    {
        tracing::info!(%error, "an answer to a new edge was not taken");
    }
}
