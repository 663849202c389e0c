//! Plain Cedar on the whole set and all entities: what the index is held against in tests.

use std::collections::HashMap;
use std::str::FromStr as _;
use std::sync::Arc;

use cedar_policy::{
    AuthorizationError, Authorizer, Decision as Verdict, Effect, Entities, EntityUid, PolicyId,
    PolicySet, SlotId,
};

use crate::PolicyFile;
use crate::door::names::Names;
use crate::door::reason::Reason;
use crate::door::snapshot::Snapshot;

use super::facts::Facts;
use super::residue::{Maker, Question, Types};
use super::{Judged, Link, conclude};

/// The whole set and everything that it can speak of.
#[derive(Debug)]
pub struct Plain {
    set: PolicySet,
    entities: Entities,
    types: Types,
}

impl Plain {
    /// Of these policies and links, over the people and doors of a snapshot.
    pub fn new(snapshot: &Snapshot, files: &[PolicyFile], links: &[Link]) -> Result<Self, String> {
        let types = Types::new()?;
        let mut set = PolicySet::new();
        for file in files {
            let read = PolicySet::from_str(&file.text).map_err(|error| error.to_string())?;
            for policy in read.policies() {
                let id = PolicyId::new(policy.annotation("id").unwrap_or_default());
                set.add(policy.new_id(id)).map_err(|error| error.to_string())?;
            }
            for template in read.templates() {
                let id = PolicyId::new(template.annotation("id").unwrap_or_default());
                set.add_template(template.new_id(id)).map_err(|error| error.to_string())?;
            }
        }
        for link in links {
            let mut values = HashMap::new();
            for (slot, value) in
                [(SlotId::principal(), &link.principal), (SlotId::resource(), &link.resource)]
            {
                if let Some(text) = value {
                    let uid = EntityUid::from_str(text).map_err(|error| error.to_string())?;
                    values.insert(slot, uid);
                }
            }
            set.link(PolicyId::new(&link.template), PolicyId::new(&link.id), values)
                .map_err(|error| error.to_string())?;
        }
        let maker = Maker { types: &types, names: &snapshot.names };
        let mut all = Vec::new();
        for holder in snapshot.people.holders() {
            all.push(maker.person(holder)?);
        }
        for group in snapshot.people.groups() {
            all.push(maker.group(&snapshot.people, group)?);
        }
        for zone in snapshot.estate.zones() {
            all.push(maker.zone(&snapshot.estate, &zone.id)?);
        }
        for placed in snapshot.estate.all_placed() {
            all.push(maker.door(placed, snapshot.estate.class_of(placed))?);
        }
        let entities = Entities::from_entities(all, None).map_err(|error| error.to_string())?;
        Ok(Self { set, entities, types })
    }

    /// What Cedar says, and our rule: an error in a `forbid` refuses.
    pub(crate) fn judge(&self, names: &Names, facts: &Facts<'_>) -> Result<Judged, String> {
        let (request, _) = Question::new(&self.types, names, facts).make()?;
        let response = Authorizer::new().is_authorized(&request, &self.set, &self.entities);
        let diagnostics = response.diagnostics();
        let mut ids: Vec<Arc<str>> =
            diagnostics.reason().map(|id| Arc::from(AsRef::<str>::as_ref(id))).collect();
        ids.sort_unstable();
        let allowed = response.decision() == Verdict::Allow;
        if !allowed && !ids.is_empty() {
            return Ok(conclude(Vec::new(), ids.iter().collect(), None));
        }
        let mut broken: Vec<(Arc<str>, Arc<str>)> = Vec::new();
        for error in diagnostics.errors() {
            let AuthorizationError::PolicyEvaluationError(evaluation) = error;
            let id = evaluation.policy_id();
            if self.set.policy(id).map(cedar_policy::Policy::effect) == Some(Effect::Forbid) {
                broken.push((Arc::from(AsRef::<str>::as_ref(id)), error.to_string().into()));
            }
        }
        broken.sort_unstable();
        if let Some((policy, error)) = broken.into_iter().next() {
            let policies = vec![policy.clone()];
            return Ok(Judged { because: Reason::PolicyError { policy, error }, policies });
        }
        let permits = if allowed { ids } else { Vec::new() };
        Ok(conclude(permits.iter().collect(), Vec::new(), None))
    }
}
