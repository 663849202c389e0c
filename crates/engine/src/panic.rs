//! A silent call for help: what is known of the caller, and which teams guard what.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use access::{Action, Grant, Role};
use model::enrichment::PresenceState;
use model::spine::Identifier;
use model::{
    AssetId, Entity, Incident, IncidentId, Organisation, PersonId, PlaceId, TeamId, Timestamp,
};
use respond::{Crew, Moment, PanicCall, Routing, Watch};

use crate::desk::DeskError;
use crate::engine::Engine;

/// Whose session was used within this time is there: an open console is in use all the time.
const ON_DUTY_WITHIN: Duration = Duration::from_secs(10 * 60);

/// Who calls.
#[derive(Debug, Clone, Copy)]
pub struct Caller<'a> {
    /// The operator's or token's id.
    pub id: &'a str,
    /// How they are shown.
    pub name: &'a str,
    /// Who of the organisation they are.
    pub person: Option<&'a PersonId>,
    /// What they may do, and where: a role of one site says where they belong.
    pub grants: &'a [Grant],
}

impl Engine {
    /// Calls for help in silence. Whatever is missing is left out; the call itself never fails but
    /// for a store that takes nothing. Gives the incident, and how its team was found if it is new.
    pub async fn panic(
        &self,
        caller: Caller<'_>,
        (place, asset): (Option<PlaceId>, Option<AssetId>),
        new_id: IncidentId,
    ) -> Result<(Incident, Option<Routing>), DeskError> {
        let knowledge = self.current.get();
        let now = self.now();
        let known = caller.person.and_then(|person| knowledge.org.people.get(person));
        let home = known.and_then(|person| person.site.as_ref());
        let home = home.and_then(|site| knowledge.org.site_of(site)).cloned();
        let believed = caller.person.and_then(|person| self.whereabouts.at(person, now));
        let believed = believed.filter(|presence| presence.state == PresenceState::In);
        let call = PanicCall {
            by: caller.id.to_owned(),
            name: caller.name.to_owned(),
            person: caller.person.cloned(),
            place,
            asset,
            last_known: believed.and_then(|presence| presence.zone),
            own_site: home.or_else(|| only_site(caller.grants)),
            phones: phones(&knowledge.org, caller.person, now),
            procedure: self.config.panic_procedure.clone(),
        };
        let watch = self.watch(Some(caller.id));
        self.desk.panic(&knowledge, &call, &watch, &Moment { now, new_id }).await
    }

    /// The operators who are there now.
    pub fn on_duty(&self) -> BTreeSet<String> {
        self.signin.on_duty(ON_DUTY_WITHIN, &self.live.seats.sessions())
    }

    /// Everybody who may work incidents: by team, by duty, and where. `except`: whoever calls for
    /// help, who cannot come to it.
    pub(crate) fn watch(&self, except: Option<&str>) -> Watch {
        let on_duty = self.on_duty();
        let rights = &self.current.get().rights;
        let mut crews: BTreeMap<(Option<TeamId>, bool, bool), Option<BTreeSet<PlaceId>>> =
            BTreeMap::new();
        let operators = self.signin.operators().into_iter();
        let others = operators.filter(|one| !one.is_disabled && Some(one.id.as_str()) != except);
        for operator in others {
            let is_on_duty = on_duty.contains(&operator.id);
            let own = operator.teams.iter().cloned().map(Some).chain([None]);
            let teams: Vec<Option<TeamId>> = own.collect();
            for grant in &operator.grants {
                if !rights.has(grant.role, Action::IncidentOperate) {
                    continue;
                }
                for team in &teams {
                    let key = (team.clone(), grant.role == Role::Guard, is_on_duty);
                    let sites = crews.entry(key).or_insert_with(|| Some(BTreeSet::new()));
                    *sites = sites.take().zip(grant.sites.clone()).map(|(mut all, more)| {
                        all.extend(more);
                        all
                    });
                }
            }
        }
        let crew =
            |((team, is_guard, is_on_duty), sites)| Crew { sites, team, is_guard, is_on_duty };
        Watch {
            crews: crews.into_iter().map(crew).collect(),
            default_team: self.config.default_team.clone(),
        }
    }
}

/// The telephone numbers that reach somebody now.
fn phones(org: &Organisation, person: Option<&PersonId>, now: Timestamp) -> Vec<String> {
    let Some(person) = person.cloned().map(Entity::Person) else { return Vec::new() };
    let is_theirs = |one: &&Identifier| {
        one.kind == "phone" && one.entity == person && one.validity.holds_at(now)
    };
    org.identifiers.iter().filter(is_theirs).map(|one| one.value.clone()).collect()
}

/// The one site of somebody whose roles are all of one.
fn only_site(grants: &[Grant]) -> Option<PlaceId> {
    let mut sites = grants.iter().filter_map(|grant| grant.sites.as_ref()).flatten();
    let first = sites.next()?;
    sites.all(|site| site == first).then(|| first.clone())
}
