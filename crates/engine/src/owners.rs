//! Who can answer for an incident: a team that exists, or somebody who can sign in and work it.

use std::collections::BTreeSet;

use access::{Action, At, Grant, Reach};
use model::incident::Owner;
use model::{Incident, PersonId, PlaceId, TeamId};
use respond::{Act, ActRefused};

use crate::auth::Scope;
use crate::engine::Engine;
use crate::signin::OperatorView;

/// Where the incident is that somebody is to answer for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Whence<'a> {
    site: Option<&'a PlaceId>,
    /// It is for everybody who works incidents.
    everywhere: bool,
}

impl<'a> Whence<'a> {
    /// Of an incident that stands.
    pub fn of(incident: &'a Incident) -> Self {
        let everywhere = incident.handling.everywhere;
        Self { site: incident.site.as_ref(), everywhere }
    }

    /// Of one that is about to be opened.
    pub fn at(site: Option<&'a PlaceId>) -> Self {
        Self { site, everywhere: false }
    }
}

impl Engine {
    /// How far an operator may work incidents.
    pub fn works_at(&self, operator: &OperatorView) -> Reach {
        if operator.is_disabled {
            return Reach::Sites(BTreeSet::new());
        }
        self.current.get().rights.reach(&operator.grants, Action::IncidentOperate)
    }

    /// An operator as whoever they own incidents as, so that one person has one name on paper.
    pub(crate) fn one_name(&self, by: &str) -> String {
        let operators = self.signin.operators();
        let owner = operators.iter().find(|one| one.id == by).and_then(OperatorView::owner);
        owner.map_or_else(|| by.to_owned(), |person| person.as_str().to_owned())
    }

    /// Every team: those that rules name, the one that owns what no rule assigns, and those that
    /// operators belong to.
    pub fn teams(&self) -> BTreeSet<TeamId> {
        let mut teams = self.rule_teams();
        teams.extend(self.signin.operators().into_iter().flat_map(|one| one.teams));
        teams
    }

    /// The teams that rules name, and the one that owns what no rule assigns.
    pub fn rule_teams(&self) -> BTreeSet<TeamId> {
        let knowledge = self.current.get();
        let of_rules = knowledge.rules.iter().filter_map(|(_, meta)| meta.team.clone());
        of_rules.chain([self.config.default_team.clone()]).collect()
    }

    /// Refuses an act that would give an incident to somebody who does not exist, or who may not
    /// work it.
    pub(crate) fn check_act(&self, act: &Act, incident: &Incident) -> Result<(), ActRefused> {
        match act {
            Act::Assign { to } => self.check_owner(to, Whence::of(incident)),
            Act::Offer { to, .. } => {
                self.check_owner(to, Whence::of(incident))?;
                self.check_receivers(to)
            }
            Act::Acknowledge
            | Act::Start
            | Act::Comment { .. }
            | Act::Resolve { .. }
            | Act::Close
            | Act::Reopen { .. }
            | Act::TickStep { .. }
            | Act::Accept
            | Act::Decline { .. }
            | Act::Snooze { .. }
            | Act::Wake
            | Act::Mark { .. }
            | Act::Merge { .. } => Ok(()),
        }
    }

    /// Refuses an owner who does not exist, or who may not work what belongs to this site.
    pub(crate) fn check_owner(&self, owner: &Owner, at: Whence<'_>) -> Result<(), ActRefused> {
        let operators: Vec<OperatorView> =
            self.signin.operators().into_iter().filter(|one| !one.is_disabled).collect();
        match owner {
            Owner::Team(team) => self.check_team(team, &operators, at),
            Owner::Person(person) => self.check_person(person, &operators, at),
        }
    }

    /// A hand-over waits for somebody to accept it: a team without members would let it lapse.
    fn check_receivers(&self, owner: &Owner) -> Result<(), ActRefused> {
        let Owner::Team(team) = owner else { return Ok(()) };
        let operators = self.signin.operators();
        if operators.iter().any(|one| !one.is_disabled && one.teams.contains(team)) {
            return Ok(());
        }
        let message = format!("nobody is of the team `{team}`: there is none who could accept it");
        Err(ActRefused { code: "nobody_there", message })
    }

    fn check_team(
        &self,
        team: &TeamId,
        operators: &[OperatorView],
        at: Whence<'_>,
    ) -> Result<(), ActRefused> {
        let known = self.teams();
        if !known.contains(team) {
            return Err(unknown("team", team.as_str(), known.iter().map(TeamId::as_str)));
        }
        // A team that only rules name has nobody to ask: what it may see is not known here.
        let mut members = operators.iter().filter(|one| one.teams.contains(team)).peekable();
        if members.peek().is_none() || members.any(|one| self.may_work(&one.grants, at)) {
            return Ok(());
        }
        Err(out_of_reach(&format!("nobody of the team `{team}`"), at))
    }

    fn check_person(
        &self,
        person: &PersonId,
        operators: &[OperatorView],
        at: Whence<'_>,
    ) -> Result<(), ActRefused> {
        let own = operators.iter().filter(|one| owns_as(one) == person.as_str());
        let grants: Vec<Grant> = own.clone().flat_map(|one| one.grants.clone()).collect();
        let tokens = self.tokens.people(Scope::Operate, self.now());
        if tokens.contains(person) || self.may_work(&grants, at) {
            return Ok(());
        }
        if own.clone().next().is_some() {
            return Err(out_of_reach(&format!("`{person}`"), at));
        }
        let known = operators.iter().map(owns_as).chain(tokens.iter().map(PersonId::as_str));
        Err(unknown("person who can sign in", person.as_str(), known))
    }

    fn may_work(&self, grants: &[Grant], at: Whence<'_>) -> bool {
        let rights = &self.current.get().rights;
        let site = at.site.map_or(At::Unknown, At::Site);
        let may = |at: At<'_>| rights.decide(grants, Action::IncidentOperate, at).is_ok();
        may(site) || (at.everywhere && may(At::Nowhere))
    }
}

/// As whom an operator owns incidents.
fn owns_as(operator: &OperatorView) -> &str {
    operator.person.as_ref().map_or(operator.id.as_str(), PersonId::as_str)
}

fn unknown<'k>(what: &str, found: &str, known: impl Iterator<Item = &'k str>) -> ActRefused {
    let known: Vec<&str> = known.collect();
    let hint = match estate::nearest(found, known.iter().copied()) {
        Some(near) => format!("; did you mean `{near}`?"),
        None => String::new(),
    };
    let message = format!("there is no {what} `{found}`{hint}");
    ActRefused { code: "unknown_owner", message }
}

fn out_of_reach(who: &str, at: Whence<'_>) -> ActRefused {
    let site = match at.site {
        Some(site) => format!("of the site `{site}`"),
        None => "of no known site".to_owned(),
    };
    let message = format!("{who} may not work incidents {site}: choose somebody who may");
    ActRefused { code: "cannot_work", message }
}
