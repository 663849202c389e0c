//! A silent call for help: what is known of the caller, and which teams guard what.

use std::collections::BTreeMap;

use access::{Grant, Role};
use model::enrichment::PresenceState;
use model::{AssetId, Incident, IncidentId, PersonId, PlaceId, TeamId};
use respond::{Crew, Moment, PanicCall, Routing};

use crate::desk::DeskError;
use crate::engine::Engine;

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
        };
        let crews = self.crews();
        let teams = (crews.as_slice(), &self.config.default_team);
        self.desk.panic(&knowledge, &call, teams, &Moment { now, new_id }).await
    }

    /// The teams of those who may sign in as guards, and the sites that they guard together.
    fn crews(&self) -> Vec<Crew> {
        let mut crews: BTreeMap<TeamId, Crew> = BTreeMap::new();
        let operators = self.signin.operators().into_iter().filter(|known| !known.is_disabled);
        for operator in operators {
            for grant in operator.grants.iter().filter(|grant| grant.role == Role::Guard) {
                for team in &operator.teams {
                    let sites = grant.sites.clone();
                    match crews.get_mut(team) {
                        None => {
                            drop(crews.insert(team.clone(), Crew { sites, team: team.clone() }))
                        }
                        Some(crew) => {
                            crew.sites = crew.sites.take().zip(sites).map(|(mut all, more)| {
                                all.extend(more);
                                all
                            });
                        }
                    }
                }
            }
        }
        crews.into_values().collect()
    }
}

/// The one site of somebody whose roles are all of one.
fn only_site(grants: &[Grant]) -> Option<PlaceId> {
    let mut sites = grants.iter().filter_map(|grant| grant.sites.as_ref()).flatten();
    let first = sites.next()?;
    sites.all(|site| site == first).then(|| first.clone())
}
