//! Answers for auditors: who could open a door at an instant, why and by whose word; and who did.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use access::door::{
    Outcome, PinVerdict, PolicyVerdict, Reason, Request, RightsAge, Snapshot, decide,
    explain_policies,
};
use lake::LakeError;
use model::rights::{Right, RightsData, RightsVersion};
use model::{DoorId, PersonId, Timestamp};

use super::ask::{AskError, presented, shown_by_all};
use super::compose::RIGHT_PREFIX;
use super::past::{PastRequest, Stretch};
use crate::engine::Engine;

/// Most people of one answer; the rest is counted.
pub const COULD_MAX: usize = 10_000;
/// Most requests of one answer; the rest is counted.
pub const DID_MAX: usize = 2_000;

/// By what somebody could pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Via {
    /// The policy, or the right's link.
    pub policy: Arc<str>,
    /// The right behind it.
    pub right: Option<(String, Right)>,
    /// The version of rights that put it in force.
    pub since: Option<Arc<RightsVersion>>,
}

/// Somebody who could.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Could {
    /// Who.
    pub person: PersonId,
    /// Why: permitted, or after showing more.
    pub because: Reason,
    /// By what.
    pub via: Vec<Via>,
}

/// What is told of one door and instant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DoorAnswer {
    /// The version of rights of then.
    pub version: Option<u64>,
    /// Who could.
    pub could: Vec<Could>,
    /// How many more could.
    pub could_more: u64,
    /// Who asked within the window, newest first.
    pub did: Vec<PastRequest>,
    /// Whether older ones are left out.
    pub did_more: bool,
}

/// Why nothing could be told.
#[derive(Debug, thiserror::Error)]
pub enum AnswerError {
    /// The rights.
    #[error(transparent)]
    Ask(#[from] AskError),
    /// The history.
    #[error(transparent)]
    Lake(#[from] LakeError),
}

/// Everybody whom a door would let in at an instant, with what would: with the credential they
/// would show, the PIN typed, wherever they were.
pub fn could(
    snapshot: &Snapshot,
    door: &DoorId,
    at: Timestamp,
) -> Vec<(PersonId, Reason, Vec<Arc<str>>)> {
    let mut snapshot = snapshot.clone();
    snapshot.rights = RightsAge { confirmed_at: at, is_trusted: true };
    snapshot.live = access::door::Live::default();
    let mut found = Vec::new();
    for (person, shown) in shown_by_all(&snapshot, at) {
        let mut request = Request::card(door.clone(), shown.key);
        request.presented = presented(shown);
        request.pin = PinVerdict::Right;
        let decision = decide(&snapshot, &request, at);
        match decision.outcome {
            Outcome::Grant { .. } | Outcome::Require(_) => {}
            Outcome::Refuse => continue,
        }
        let told = explain_policies(&snapshot, (person, door), at).unwrap_or_default();
        let permits = told.into_iter().filter(|one| one.verdict == PolicyVerdict::Permits);
        found.push((person.clone(), decision.because, permits.map(|one| one.policy).collect()));
    }
    found
}

impl Engine {
    /// Who could open a door at an instant and who did, within `window` around it.
    pub async fn door_answers(
        &self,
        door: &DoorId,
        at: Timestamp,
        window: Duration,
    ) -> Result<DoorAnswer, AnswerError> {
        if !self.access.is_door(door) {
            return Err(AskError::Unknown { what: "door", id: door.to_string() }.into());
        }
        let (snapshot, version) = self.rights_then(at).await?;
        let data = match version {
            Some(version) => self.state.rights_of(version).await.map_err(AskError::from)?,
            None => RightsData::default(),
        };
        let asked = door.clone();
        let all = tokio::task::spawn_blocking(move || could(&snapshot, &asked, at));
        let mut all = all.await.map_err(|_| AskError::Panic)?;
        let could_more = all.len().saturating_sub(COULD_MAX) as u64;
        all.truncate(COULD_MAX);
        let ages = self.ages(version).await.map_err(AskError::from)?;
        let could = all
            .into_iter()
            .map(|(person, because, policies)| {
                let via = policies.into_iter().map(|policy| self.via(policy, &data, &ages));
                Could { person, because, via: via.collect() }
            })
            .collect();
        let (from, to) = (at.minus(window), at.plus(window));
        let stretch = Stretch { from, to, door: Some(door.clone()) };
        let (mut did, mut before, mut did_more) = (Vec::new(), None, false);
        loop {
            let (page, next) = self.past_requests(&stretch, before).await?;
            did.extend(page.into_iter().filter(|one| one.door == *door));
            before = next;
            if did.len() > DID_MAX {
                did.truncate(DID_MAX);
                did_more = true;
            }
            if before.is_none() || did_more {
                return Ok(DoorAnswer { version, could, could_more, did, did_more });
            }
        }
    }

    /// Which version put each right and policy file in force as it was.
    async fn ages(
        &self,
        version: Option<u64>,
    ) -> Result<BTreeMap<(&'static str, String), Arc<RightsVersion>>, store::StoreError> {
        let Some(version) = version else { return Ok(BTreeMap::new()) };
        let (mut ages, mut known) = (BTreeMap::new(), BTreeMap::new());
        for kind in ["right", "policy"] {
            for (key, since) in self.state.rights_since(kind, version).await? {
                if let std::collections::btree_map::Entry::Vacant(place) = known.entry(since) {
                    let found = self.state.rights_version(since).await?;
                    place.insert(found.map(Arc::new));
                }
                if let Some(Some(found)) = known.get(&since) {
                    ages.insert((kind, key), Arc::clone(found));
                }
            }
        }
        Ok(ages)
    }

    fn via(
        &self,
        policy: Arc<str>,
        data: &RightsData,
        ages: &BTreeMap<(&'static str, String), Arc<RightsVersion>>,
    ) -> Via {
        if let Some(id) = policy.strip_prefix(RIGHT_PREFIX) {
            let stated = model::RightId::parse(id).ok().and_then(|id| data.rights.get(&id));
            let right = stated.map(|right| (id.to_owned(), right.clone()));
            let since = ages.get(&("right", id.to_owned())).cloned();
            return Via { right, since, policy };
        }
        let names = |text: &String| access::door::policy_names(text).iter().any(|n| **n == *policy);
        let file = data.policies.iter().find(|(_, text)| names(text)).map(|(file, _)| file.clone());
        let since = file.and_then(|file| ages.get(&("policy", file)).cloned());
        Via { policy, right: None, since }
    }
}
