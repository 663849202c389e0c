//! To whom an incident may be given: to those who may work it, and to teams.

use std::collections::BTreeSet;

use access::{Action, Reach};
use model::incident::Owner;
use model::{IncidentId, PersonId, PlaceId};
use respond::{Act, ActRefused};

use crate::desk::DeskError;
use crate::engine::Engine;
use crate::signin::OperatorView;

impl Engine {
    /// How far an operator may work incidents.
    pub fn works_at(&self, operator: &OperatorView) -> Reach {
        if operator.is_disabled {
            return Reach::Sites(BTreeSet::new());
        }
        self.current.get().rights.reach(&operator.grants, Action::IncidentOperate)
    }

    /// Whether a person may work incidents of a site: as an operator, or by a token of theirs.
    fn may_work(&self, person: &PersonId, site: Option<&PlaceId>) -> bool {
        let works = |operator: &OperatorView| {
            operator.owner().as_ref() == Some(person) && self.works_at(operator).covers(site)
        };
        self.signin.operators().iter().any(works) || self.tokens.may_work(person, self.now())
    }

    /// Refuses to give an incident to somebody who could do nothing with it.
    pub(crate) async fn check_receiver(&self, id: &IncidentId, act: &Act) -> Result<(), DeskError> {
        let (Act::Assign { to: Owner::Person(person) }
        | Act::Offer { to: Owner::Person(person), .. }) = act
        else {
            return Ok(());
        };
        let Some(incident) = self.state.incident(id).await? else { return Ok(()) };
        if self.may_work(person, incident.site.as_ref()) {
            return Ok(());
        }
        let message = format!("{person} may not work this incident: choose somebody who may");
        Err(DeskError::Refused(ActRefused { code: "cannot_work", message }))
    }
}
