//! The filter that every answer about events and incidents passes: people are called by their ids
//! until the caller has given a reason for seeing their names.

use std::borrow::Cow;
use std::sync::Arc;

use axum::Json;
use engine::Engine;
use engine::access::Action;
use engine::knowledge::Knowledge;
use engine::lake::View;
use engine::live::LiveEvent;
use model::PersonId;
use serde::Serialize;
use serde_json::Value;

use crate::auth::Caller;
use crate::problem::{Answer, Problem};
use crate::state::Shared;

/// Whose names one caller sees.
#[derive(Clone)]
pub struct Eyes {
    engine: Arc<Engine>,
    sight: Sight,
}

#[derive(Clone, Copy)]
enum Sight {
    /// A token that may see names.
    All,
    /// A token that may not.
    None,
    /// An operator: those whose names this session has asked for.
    Session([u8; 32]),
}

impl Eyes {
    /// What this caller sees.
    pub fn of(shared: &Shared, caller: &Caller) -> Self {
        let sight = match &caller.session {
            Some(session) => Sight::Session(session.key()),
            None if caller.must(Action::PersonReveal).is_ok() => Sight::All,
            None => Sight::None,
        };
        Self { engine: Arc::clone(&shared.engine), sight }
    }

    /// Whether anybody's name may be covered for this caller.
    pub fn are_covered(&self) -> bool {
        !matches!(self.sight, Sight::All)
    }

    /// Whether this caller sees a person's name.
    pub fn sees(&self, person: &PersonId) -> bool {
        match &self.sight {
            Sight::All => true,
            Sight::None => false,
            Sight::Session(session) => self.engine.is_revealed(session, person),
        }
    }

    /// Events as this caller sees them, for whoever searches; `None` where they see everything.
    pub fn view(&self) -> Option<View> {
        self.are_covered().then(|| {
            let eyes = self.clone();
            let view = move |json: &str| match eyes.json(json) {
                Cow::Owned(covered) => Some(covered),
                Cow::Borrowed(_) => None,
            };
            Arc::new(view) as View
        })
    }

    /// An answer as this caller sees it.
    pub fn answer<T: Serialize>(&self, body: &T) -> Answer<Json<Value>> {
        let value = serde_json::to_value(body);
        let mut value = value.map_err(|error| Problem::unavailable(error.to_string()))?;
        self.cover(&mut value);
        Ok(Json(value))
    }

    /// Puts ids in place of names.
    pub fn cover(&self, value: &mut Value) {
        if let Some(knowledge) = self.knowledge() {
            knowledge.veil.cover(value, &|person| self.sees(person));
        }
    }

    /// The same in one line of a table.
    pub fn cover_line(&self, line: &mut Value) {
        if let Some(knowledge) = self.knowledge() {
            knowledge.veil.cover_line(line, &|person| self.sees(person));
        }
    }

    /// A plain text as this caller sees it.
    pub fn text(&self, text: String) -> String {
        let covered = self
            .knowledge()
            .and_then(|knowledge| knowledge.veil.cover_text(&text, &|person| self.sees(person)));
        covered.unwrap_or(text)
    }

    /// A record's text as this caller sees it.
    pub fn record(&self, text: String) -> String {
        let covered = self.knowledge().and_then(|knowledge| {
            knowledge.veil.cover_anywhere(&text, &|person| self.sees(person))
        });
        covered.unwrap_or(text)
    }

    /// A JSON text as this caller sees it.
    pub fn json<'t>(&self, json: &'t str) -> Cow<'t, str> {
        let covered = self
            .knowledge()
            .and_then(|knowledge| knowledge.veil.cover_json(json, &|person| self.sees(person)));
        covered.map_or(Cow::Borrowed(json), Cow::Owned)
    }

    /// An event of the live stream; covered once for all who have asked for no name.
    pub fn live(&self, event: &LiveEvent) -> String {
        match &self.sight {
            Sight::All => event.json.clone(),
            Sight::Session(session) if self.engine.has_revealed(session) => {
                self.json(&event.json).into_owned()
            }
            Sight::Session(_) | Sight::None => {
                let veil = &self.engine.current.get().veil;
                event.covered(veil).to_owned()
            }
        }
    }

    /// Needed only where something may have to be covered.
    fn knowledge(&self) -> Option<Arc<Knowledge>> {
        match self.sight {
            Sight::All => None,
            Sight::None | Sight::Session(_) => Some(self.engine.current.get()),
        }
    }
}
