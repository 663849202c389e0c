//! Who could it have been, over the lake's history: which events are read, and the kernel's answer.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use detect::limits::TRACE_WITHIN;
use detect::whereabouts::{Answer, LOG_ON, Moment, Whereabouts};
use lake::{Found, LakeError, Track, Tracks};
use model::{PersonId, PlaceId, Timestamp};

use crate::engine::Engine;
use crate::limits::Limits;
use crate::stored::Readings;

/// Classes of the *physec* extension.
const PHYSICAL: (u32, u32) = (4_230_000, 4_240_000);
/// Physical access: of its activities these move somebody or take it back.
const PHYSICAL_ACCESS: u32 = 4_230_001;
const MOVING: [i32; 3] = [1, 3, 4];
/// How many sightings before a moment are read of each person; more where these settle nothing.
const DEPTHS: [usize; 3] = [12, 200, usize::MAX];
/// How many after it.
const AFTER: usize = 3;

/// What was found out.
pub struct Inquired {
    /// One per person of the organisation.
    pub answers: Vec<Answer>,
    /// Which of a record's events showed somebody, by record.
    pub parts: BTreeMap<u64, u16>,
    /// How far back history was looked through.
    pub from: Timestamp,
    /// And how far on.
    pub to: Timestamp,
    /// Events that were read whole.
    pub read: usize,
}

impl Engine {
    /// The moment and the place of an event in history, and the site whose people may see it.
    pub async fn moment_of(
        &self,
        (record, part): (u64, u16),
    ) -> Result<Option<(Moment, Option<PlaceId>)>, LakeError> {
        let knowledge = self.current.get();
        let found = self.lake.event(record, part).await?;
        Ok(found.and_then(|found| {
            let event = Readings::of(&knowledge).event(&found)?;
            Some((Moment::of_event(&knowledge.spine, &event), found.site))
        }))
    }

    /// Who could have been at these moments' places.
    pub async fn inquire(&self, moments: &[Moment]) -> Result<Inquired, LakeError> {
        let knowledge = self.current.get();
        let limits = &self.config.limits;
        let first = moments.iter().map(|moment| moment.time).min().unwrap_or_default();
        let last = moments.iter().map(|moment| moment.time).max().unwrap_or_default();
        let physical = Tracks {
            classes: PHYSICAL,
            from: first.minus(Limits::ms(limits.inquiry_back_ms_max)),
            to: last.plus(Limits::ms(limits.inquiry_ahead_ms_max)),
            rows_max: Limits::count(limits.inquiry_events_max),
        };
        let time_max = Limits::ms(limits.inquiry_ms_max);
        let mut all = Whereabouts::new(Arc::clone(&knowledge.spine));
        self.whereabouts.lend_silences(&mut all);
        let mut inquired = Inquired {
            answers: Vec::new(),
            parts: BTreeMap::new(),
            from: physical.from,
            to: physical.to,
            read: 0,
        };
        let mut asked: Option<BTreeSet<PersonId>> = None;
        let mut known = BTreeSet::new();
        let readings = Readings::of(&knowledge);
        for depth in DEPTHS {
            let mut more = BTreeSet::new();
            let pick = |tracks: &[Track], people: &[PersonId]| {
                let near = Near { moments, depth, only: asked.as_ref() };
                let (picked, deeper) = near.pick(tracks, people);
                more = deeper;
                picked
            };
            let found = self.lake.tracks(&physical, time_max, pick).await?;
            see(&mut all, &found, (&readings, &mut known), &mut inquired);
            let is_open = |person: &PersonId| {
                all.of(person, moments).moments.iter().any(|seen| seen.last.is_none())
            };
            more.retain(is_open);
            if more.is_empty() {
                break;
            }
            asked = Some(more);
        }
        for (from, to) in windows(moments) {
            let ask = Tracks { classes: (LOG_ON, LOG_ON + 1), from, to, ..physical };
            let found = self.lake.tracks(&ask, time_max, |tracks, _| {
                let logons = tracks.iter().enumerate();
                let logons = logons.filter(|(_, track)| track.activity_id == Some(1));
                logons.map(|(at, _)| at).collect()
            });
            see(&mut all, &found.await?, (&readings, &mut known), &mut inquired);
        }
        inquired.answers = all.ask(moments).collect();
        Ok(inquired)
    }
}

/// Sightings of one person that a band of their past is drawn from, the latest.
const BAND_SIGHTINGS_MAX: usize = 10_000;

impl Engine {
    /// What history has of one person's whereabouts up to the end of a stretch of time.
    pub(crate) async fn past_of(
        &self,
        person: &PersonId,
        (from, to): (Timestamp, Timestamp),
    ) -> Result<Whereabouts, LakeError> {
        let knowledge = self.current.get();
        let limits = &self.config.limits;
        let ask = Tracks {
            classes: PHYSICAL,
            from: from.minus(Limits::ms(limits.inquiry_back_ms_max)),
            to,
            rows_max: Limits::count(limits.inquiry_events_max),
        };
        let pick = |tracks: &[Track], people: &[PersonId]| {
            let own = tracks.iter().enumerate();
            let own = own.filter(|(_, track)| people.get(track.person) == Some(person));
            let mut own: Vec<(Timestamp, usize)> = own.map(|(at, t)| (t.key.time, at)).collect();
            own.sort_unstable();
            own.drain(..own.len().saturating_sub(BAND_SIGHTINGS_MAX));
            own.into_iter().map(|(_, at)| at).collect()
        };
        let found = self.lake.tracks(&ask, Limits::ms(limits.inquiry_ms_max), pick).await?;
        let mut all = Whereabouts::new(Arc::clone(&knowledge.spine));
        self.whereabouts.lend_silences(&mut all);
        let readings = Readings::of(&knowledge);
        for event in found.iter().filter_map(|one| readings.event(one)) {
            all.see(&event);
        }
        Ok(all)
    }
}

/// Learns events that were not known yet.
fn see(
    all: &mut Whereabouts,
    found: &[Found],
    (readings, known): (&Readings, &mut BTreeSet<(u64, u16)>),
    inquired: &mut Inquired,
) {
    for one in found {
        let is_new = known.insert((one.key.seq, one.key.part));
        let Some(event) = readings.event(one).filter(|_| is_new) else { continue };
        inquired.read += 1;
        if all.see(&event) {
            inquired.parts.insert(one.key.seq, one.key.part);
        }
    }
}

/// What lies near the moments, person by person.
struct Near<'a> {
    moments: &'a [Moment],
    depth: usize,
    /// Only of these people.
    only: Option<&'a BTreeSet<PersonId>>,
}

impl Near<'_> {
    /// Places of what is to be read, and the people of whom there is more before a moment.
    fn pick(&self, tracks: &[Track], people: &[PersonId]) -> (Vec<usize>, BTreeSet<PersonId>) {
        let mut of: HashMap<usize, Vec<(Timestamp, usize)>> = HashMap::new();
        for (at, track) in tracks.iter().enumerate() {
            let moves = track.class_uid != PHYSICAL_ACCESS
                || track.activity_id.is_some_and(|activity| MOVING.contains(&activity));
            if moves {
                of.entry(track.person).or_default().push((track.key.time, at));
            }
        }
        let (mut picked, mut deeper) = (BTreeSet::new(), BTreeSet::new());
        for (person, mut line) in of {
            let Some(id) = people.get(person) else { continue };
            if self.only.is_some_and(|only| !only.contains(id)) {
                continue;
            }
            line.sort_unstable();
            for moment in self.moments {
                // What a clock's bound leaves open counts to neither side.
                let reach = detect::limits::NOT_TAKEN_WITHIN + moment.bound;
                let end = line.partition_point(|(time, _)| *time <= moment.time.plus(reach));
                let before = line.partition_point(|(time, _)| *time < moment.time.minus(reach));
                let from = before.saturating_sub(self.depth);
                if from > 0 {
                    deeper.insert(id.clone());
                }
                let chosen = line.iter().take(end.saturating_add(AFTER)).skip(from);
                picked.extend(chosen.map(|(_, at)| *at));
            }
        }
        (picked.into_iter().collect(), deeper)
    }
}

/// Stretches of time in which log-ons say something about a moment; those that meet are one.
fn windows(moments: &[Moment]) -> Vec<(Timestamp, Timestamp)> {
    let around = |moment: &Moment| {
        let reach = TRACE_WITHIN + moment.bound + Duration::from_secs(1);
        (moment.time.minus(reach), moment.time.plus(reach))
    };
    let mut each: Vec<_> = moments.iter().map(around).collect();
    each.sort_unstable();
    let mut joined: Vec<(Timestamp, Timestamp)> = Vec::new();
    for (from, to) in each {
        match joined.last_mut() {
            Some(last) if from <= last.1 => last.1 = last.1.max(to),
            Some(_) | None => joined.push((from, to)),
        }
    }
    joined
}
