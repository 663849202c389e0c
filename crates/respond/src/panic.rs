//! A silent call for help: critical, owned at once, the reason asked for afterwards.
//!
//! INVARIANT: a call is never refused. What it names and we do not know is left out and said; where
//! nobody guards the place, somebody else is told; where no guard who is there could see it, every
//! guard of every site does. (`tests/panic.rs`.)

use std::collections::BTreeSet;
use std::fmt::Write as _;

use model::audit::AuditAct;
use model::finding::Level;
use model::ids::{AssetId, Entity, PersonId, PlaceId};
use model::incident::{Call, Handling, Incident, IncidentState, Owner, TimelineAct};
use model::spine::Organisation;
use model::time::Timestamp;
use serde_json::json;

use crate::book::{Book, Changed, is_open};
use crate::fold::{Moment, entry};
use crate::limits::{
    ENTITIES_MAX, PANIC_AGAIN_WITHIN, PANIC_PHONES_MAX, PANIC_PRESSES_MAX, PANIC_SAME_PRESS,
    TIMELINE_MAX, TITLE_CHARS_MAX,
};
use crate::merge;
use crate::watch::{Routing, Watch};

/// Longest operator's name in the words of a call, in characters.
const NAME_CHARS_MAX: usize = 80;

/// What to do when somebody calls for help in silence, where the house has said nothing else.
pub const PROCEDURE: [&str; 5] = [
    "Do not ring, radio or announce anything near the caller: somebody may stand beside them.",
    "Look at the cameras where the caller is.",
    "Send two guards at once; nobody goes alone.",
    "Call the emergency services unless you can see that all is well.",
    "Stay on it until the caller is safe; record what was found.",
];

/// Who calls, and what they could say.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PanicCall {
    /// The operator's or token's id.
    pub by: String,
    /// How they are shown.
    pub name: String,
    /// Who of the organisation they are.
    pub person: Option<PersonId>,
    /// Where, as they said.
    pub place: Option<PlaceId>,
    /// At which thing, as they said.
    pub asset: Option<AssetId>,
    /// Where the badge world believes them to be.
    pub last_known: Option<PlaceId>,
    /// The site they belong to.
    pub own_site: Option<PlaceId>,
    /// Their telephone numbers.
    pub phones: Vec<String>,
    /// What is to be done.
    pub procedure: Vec<String>,
}

/// The open incident of the same caller's earlier call, if it is young enough to be the same one.
pub fn called_before<'a>(book: &'a Book, by: &str, now: Timestamp) -> Option<&'a Incident> {
    let is_same = |incident: &&Incident| {
        let call = incident.handling.call.as_ref();
        is_open(incident)
            && call.is_some_and(|call| call.by == by && now.since(call.last()) < PANIC_AGAIN_WITHIN)
    };
    book.iter().filter(is_same).max_by_key(|incident| incident.opened_at)
}

/// The same caller has pressed again: it joins the first call, with where they are now. `None`
/// when it is the same press, which came twice.
pub fn call_again(
    organisation: &Organisation,
    held: &Incident,
    call: &PanicCall,
    now: Timestamp,
) -> Option<Changed> {
    let before = held.handling.call.as_ref()?;
    if now.since(before.last()) < PANIC_SAME_PRESS {
        return None;
    }
    let found = Found::of(organisation, call);
    let mut after = held.clone();
    if let Some(own) = &mut after.handling.call {
        own.again.push(now);
        let old = own.again.len().saturating_sub(PANIC_PRESSES_MAX);
        own.again.drain(..old);
    }
    // Nothing that is known is forgotten for the sake of where they are now.
    let room = ENTITIES_MAX.saturating_sub(held.entities.len());
    let fresh = found.entities.into_iter().filter(|entity| !held.entities.contains(entity));
    after.entities.extend(fresh.take(room));
    if let Some(place) = &found.title {
        after.title = title(&call.name, place);
        after.site = found.site.or(after.site);
        if !after.because.contains(&found.words) {
            let _ = write!(after.because, "; called again {}", found.words);
        }
    }
    if after.timeline.len() < TIMELINE_MAX {
        let act = TimelineAct::CalledAgain { text: found.words };
        after.timeline.push(entry(now, &call.by, act));
    }
    after.version += 1;
    after.changed_at = after.changed_at.max(now);
    let audit = AuditAct {
        at: now,
        by: call.by.clone(),
        verb: "panic.again".to_owned(),
        object: format!("incident:{}", after.id),
        detail: json!({ "version": after.version }),
    };
    Some(Changed { incident: after, audit })
}

/// Opens the incident of a call.
pub fn open_by_panic(
    organisation: &Organisation,
    call: &PanicCall,
    watch: &Watch,
    moment: &Moment,
) -> (Changed, Routing) {
    let found = Found::of(organisation, call);
    let own_site = call.own_site.as_ref();
    let (team, routing) = watch.route(found.site.as_ref(), own_site);
    let (now, name) = (moment.now, call.name.chars().take(NAME_CHARS_MAX).collect::<String>());
    let mut because = format!("{name} calls for help in silence {}", found.words);
    let _ = write!(because, "; told: team {team}, {}", routing.words());
    let unseen = unseen(found.site.as_ref(), watch);
    if let Some(why) = unseen {
        let _ = write!(because, "; shown to whoever works incidents at any site, because {why}");
    }
    let home =
        own_site.map(|site| format!("place unknown, belongs to {}", named(organisation, site)));
    let place = found.title.clone().or(home).unwrap_or_else(|| "place unknown".to_owned());
    let opened = TimelineAct::Opened { finding: None, text: Some(because.clone()) };
    let incident = Incident {
        id: moment.new_id.clone(),
        tenant: organisation.tenant.clone(),
        site: found.site.clone().or_else(|| call.own_site.clone()),
        title: title(&call.name, &place),
        level: Level::Critical,
        state: IncidentState::New,
        owner: Owner::Team(team),
        opened_at: now,
        changed_at: now,
        first_seen: now,
        last_seen: now,
        rules: BTreeSet::new(),
        findings: Vec::new(),
        entities: found.entities,
        evidence: Vec::new(),
        because,
        sop: merge::steps(&[], &merge::asked(&call.procedure, None)),
        disposition: None,
        handling: Handling {
            call: Some(Call {
                by: call.by.clone(),
                at: now,
                person: call.person.clone(),
                phones: call.phones.iter().take(PANIC_PHONES_MAX).cloned().collect(),
                again: Vec::new(),
            }),
            everywhere: unseen.is_some(),
            ..Handling::default()
        },
        reason_owed: true,
        timeline: vec![entry(now, &call.by, opened)],
        version: 1,
    };
    let audit = AuditAct {
        at: now,
        by: call.by.clone(),
        verb: "panic.raise".to_owned(),
        object: format!("incident:{}", incident.id),
        detail: json!({
            "level": incident.level, "owner": incident.owner, "routing": routing,
            "everywhere": incident.handling.everywhere, "version": 1,
        }),
    };
    (Changed { incident, audit }, routing)
}

fn title(caller: &str, place: &str) -> String {
    let name: String = caller.chars().take(NAME_CHARS_MAX).collect();
    format!("Panic: {name}, {place}").chars().take(TITLE_CHARS_MAX).collect()
}

/// Why the guards of one site are not enough; `None`: one of them is there and sees it.
fn unseen(site: Option<&PlaceId>, watch: &Watch) -> Option<&'static str> {
    match site {
        None => Some("nobody knows where it is"),
        Some(site) if !watch.sees(site) => Some("no guard of this site is signed in"),
        Some(_) => None,
    }
}

/// Where a call is, as far as it can be said.
struct Found {
    site: Option<PlaceId>,
    entities: BTreeSet<Entity>,
    title: Option<String>,
    words: String,
}

impl Found {
    fn of(organisation: &Organisation, call: &PanicCall) -> Self {
        let place = call.place.as_ref().filter(|id| organisation.places.contains_key(*id));
        let asset = call.asset.as_ref().and_then(|id| organisation.assets.get(id));
        let stands = asset.and_then(|asset| asset.place.as_ref());
        let believed = call.last_known.as_ref();
        let believed = believed.filter(|id| organisation.places.contains_key(*id));
        let at = place.or(stands).or(believed);
        let named = |id: &PlaceId| named(organisation, id);
        let mut words = match (place, asset, believed) {
            (Some(place), _, _) => format!("at {}", named(place)),
            (None, Some(asset), _) => {
                let name = asset.name.clone().unwrap_or_else(|| asset.id.to_string());
                match asset.place.as_ref() {
                    Some(place) => format!("at {name} in {}", named(place)),
                    None => format!("at {name}"),
                }
            }
            (None, None, Some(place)) => format!("near {}, by their badge", named(place)),
            (None, None, None) => "without saying where".to_owned(),
        };
        let unknown_place = call.place.as_ref().filter(|_| place.is_none());
        let unknown_asset = call.asset.as_ref().filter(|_| asset.is_none());
        if let Some(unknown) = unknown_place {
            let _ = write!(words, " (the place {unknown} is not known)");
        }
        if let Some(unknown) = unknown_asset {
            let _ = write!(words, " (the thing {unknown} is not known)");
        }
        let person = call.person.as_ref().filter(|id| organisation.people.contains_key(*id));
        let mut entities = BTreeSet::new();
        entities.extend(at.cloned().map(Entity::Place));
        entities.extend(asset.map(|asset| Entity::Asset(asset.id.clone())));
        entities.extend(person.cloned().map(Entity::Person));
        Self {
            site: at.and_then(|at| organisation.site_of(at)).cloned(),
            title: at.map(named),
            entities,
            words,
        }
    }
}

/// A place's name and its site's; its id where it has no name.
fn named(organisation: &Organisation, id: &PlaceId) -> String {
    let name = |id: &PlaceId| {
        let known = organisation.places.get(id).and_then(|place| place.name.clone());
        known.unwrap_or_else(|| id.to_string())
    };
    match organisation.site_of(id).filter(|site| *site != id) {
        Some(site) => format!("{}, {}", name(id), name(site)),
        None => name(id),
    }
}
