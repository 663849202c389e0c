//! Who could answer: the teams of those who work incidents, where they do, and who is there now.

use std::collections::BTreeSet;

use model::ids::{PlaceId, TeamId};
use serde::Serialize;

/// Some who may work incidents, and where.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Crew {
    /// At which sites; `None`: at all.
    pub sites: Option<BTreeSet<PlaceId>>,
    /// Their team; `None`: they are in none, and only see.
    pub team: Option<TeamId>,
    /// They stand guard; otherwise they work incidents for another reason.
    pub is_guard: bool,
    /// They are signed in and there.
    pub is_on_duty: bool,
}

impl Crew {
    fn covers(&self, site: &PlaceId) -> bool {
        self.sites.as_ref().is_none_or(|sites| sites.contains(site))
    }
}

/// Everybody who could answer, without whoever asks for help.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Watch {
    /// By team, duty and kind.
    pub crews: Vec<Crew>,
    /// The team that owns what no rule assigns.
    pub default_team: TeamId,
}

/// How the team that answers was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Routing {
    /// It guards the site.
    SiteGuards,
    /// Nobody guards that site, or it is not known: it guards the caller's own.
    OwnSiteGuards,
    /// Nobody guards either: it guards some other site.
    OtherGuards,
    /// No guard could answer: it works incidents.
    OtherOperators,
    /// There is nobody: the team that owns what no rule assigns.
    DefaultTeam,
}

impl Routing {
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::SiteGuards => "which guards the site",
            Self::OwnSiteGuards => "which guards the caller's own site",
            Self::OtherGuards => "because no guard of this site or the caller's could answer",
            Self::OtherOperators => "because no guard could answer",
            Self::DefaultTeam => "because there is no team that could answer",
        }
    }
}

impl Watch {
    /// Whether a guard who is there now sees what belongs to a site.
    pub(crate) fn sees(&self, site: &PlaceId) -> bool {
        self.crews.iter().any(|crew| crew.is_guard && crew.is_on_duty && crew.covers(site))
    }

    /// Whether somebody of a team is there now.
    pub(crate) fn is_there(&self, team: &TeamId) -> bool {
        self.crews.iter().any(|crew| crew.is_on_duty && crew.team.as_ref() == Some(team))
    }

    /// The team that answers for what happens at `site`: those who are there before those who are
    /// not, guards before others, the nearest before those farther away.
    pub(crate) fn route(
        &self,
        site: Option<&PlaceId>,
        own_site: Option<&PlaceId>,
    ) -> (TeamId, Routing) {
        for is_on_duty in [true, false] {
            let guards = self.pool(true, is_on_duty);
            for (site, routing) in [(site, Routing::SiteGuards), (own_site, Routing::OwnSiteGuards)]
            {
                if let Some(team) = site.and_then(|site| nearest(&guards, site)) {
                    return (team.clone(), routing);
                }
            }
            if let Some(team) = first(&guards) {
                return (team.clone(), Routing::OtherGuards);
            }
            let others = self.pool(false, is_on_duty);
            let near = site.and_then(|site| nearest(&others, site));
            if let Some(team) = near.or_else(|| first(&others)) {
                return (team.clone(), Routing::OtherOperators);
            }
        }
        (self.default_team.clone(), Routing::DefaultTeam)
    }

    fn pool(&self, is_guard: bool, is_on_duty: bool) -> Vec<&Crew> {
        let is_of = |crew: &&Crew| {
            crew.is_guard == is_guard && crew.is_on_duty == is_on_duty && crew.team.is_some()
        };
        self.crews.iter().filter(is_of).collect()
    }
}

/// The team of those at this site; else of those at every site.
fn nearest<'c>(crews: &[&'c Crew], site: &PlaceId) -> Option<&'c TeamId> {
    let own = crews.iter().copied().filter(|crew| crew.sites.is_some() && crew.covers(site));
    let all = crews.iter().copied().filter(|crew| crew.sites.is_none());
    own.min().or_else(|| all.min()).and_then(|crew| crew.team.as_ref())
}

fn first<'c>(crews: &[&'c Crew]) -> Option<&'c TeamId> {
    crews.iter().copied().min().and_then(|crew| crew.team.as_ref())
}
