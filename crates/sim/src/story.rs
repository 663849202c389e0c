//! Stories: what goes wrong, in the same products' words.

use model::Timestamp;

use crate::chance::Chance;
use crate::plan::later;
use crate::record::WireRecord;
use crate::roster::Roster;
use crate::script::{Act, ScriptError, Step, Story};
use crate::wire::{defender, fortigate, frigate, okta, openssh, pacs, unifi};

/// Between one door and the next.
const WALK_S: i64 = 20;

/// A source that says nothing for a while, whatever happens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Silence {
    source: String,
    from: Timestamp,
    to: Timestamp,
}

impl Silence {
    pub(crate) fn hides(&self, record: &WireRecord) -> bool {
        self.from <= record.at && record.at < self.to && record.source() == self.source
    }
}

/// The silences of a story that begins at `begins`.
pub(crate) fn silences(story: &Story, begins: Timestamp) -> Vec<Silence> {
    let silence = |step: &Step| {
        let Act::Silence { source, length } = &step.act else { return None };
        let from = step.at.from(begins);
        Some(Silence { source: source.clone(), from, to: from.plus(*length) })
    };
    story.steps.iter().filter_map(silence).collect()
}

/// Everything that a story sends when it begins at `begins` in a demo that starts at `start`.
///
/// Fails with the step that names what the organisation does not have.
pub(crate) fn records(
    story: &Story,
    roster: &Roster,
    (start, begins): (Timestamp, Timestamp),
) -> Result<Vec<WireRecord>, ScriptError> {
    let mut out = Vec::new();
    for (number, step) in story.steps.iter().enumerate() {
        let stage = Stage { story, roster, number };
        let mut told = stage.play(step, step.at.from(begins))?;
        // What happened before the start is told in its first seconds, in order.
        let first = start.nanos() + 500_000_000;
        for (index, record) in told.iter_mut().enumerate() {
            let order = i64::try_from(number * 20 + index).unwrap_or(0);
            record.at = record.at.max(Timestamp::from_nanos(first + order * 20_000_000));
        }
        out.extend(told);
    }
    Ok(out)
}

struct Stage<'a> {
    story: &'a Story,
    roster: &'a Roster,
    number: usize,
}

impl Stage<'_> {
    fn play(&self, step: &Step, at: Timestamp) -> Result<Vec<WireRecord>, ScriptError> {
        let mut chance = Chance::of(0, &[&self.story.id, &self.number.to_string()]);
        let one = |record: WireRecord| Ok(vec![record]);
        match &step.act {
            Act::Pass { person, from, to } => self.pass(person, (from, to), at),
            Act::Badge { person, door, result } => self.badge(person.as_deref(), door, result, at),
            Act::LogOn { account_of, asset } => {
                let member = self.need(self.roster.member(account_of), "person", account_of)?;
                let machine = self.need(self.roster.machine(asset), "machine", asset)?;
                one(openssh::log_on(&machine, &member.account, at, &mut chance))
            }
            Act::Flow { from, to, port, bytes_out } => {
                let machine = self.need(self.roster.machine(from), "machine", from)?;
                let serial = self.roster.firewall_serial(&machine.site);
                let zone = self.roster.zone_of_site(&machine.site);
                let firewall = fortigate::Firewall { site: &machine.site, serial, zone };
                let mut flow = fortigate::Flow::ordinary(&machine, at, &mut chance);
                to.clone_into(&mut flow.to);
                (flow.port, flow.bytes_out) = (*port, *bytes_out);
                one(firewall.flow(&flow))
            }
            Act::CameraLost { camera } | Act::CameraBack { camera } => {
                let device = self.need(self.roster.device("camera", camera), "camera", camera)?;
                let lost = matches!(step.act, Act::CameraLost { .. });
                one(unifi::camera_link(&device, lost, at, &mut chance))
            }
            Act::SensorOpened { sensor } => {
                let device = self.need(self.roster.device("sensor", sensor), "sensor", sensor)?;
                one(unifi::sensor_opened(&device, at, &mut chance))
            }
            Act::CameraSees { camera } => {
                let device = self.need(self.roster.device("camera", camera), "camera", camera)?;
                if device.source.starts_with("frigate") {
                    return Ok(frigate::person_seen(&device, at, &mut chance).into());
                }
                one(unifi::person_seen(&device, at, &mut chance))
            }
            Act::SwitchLost { switch, recorder } => {
                let address = self.need(self.roster.mac(switch), "switch", switch)?;
                one(unifi::switch_lost(&address, recorder, at, &mut chance))
            }
            Act::Push { person, from, approved } => {
                let member = self.need(self.roster.member(person), "person", person)?;
                one(okta::push(member, (from, *approved), at, &mut chance))
            }
            Act::EndpointAlert { asset, person, title, severity } => {
                let machine = self.need(self.roster.machine(asset), "machine", asset)?;
                let member = self.need(self.roster.member(person), "person", person)?;
                one(defender::alert(&machine, member, (title, severity), at, &mut chance))
            }
            Act::Silence { source, .. } => {
                self.need(self.roster.has_source(source).then_some(()), "source", source)?;
                Ok(Vec::new())
            }
        }
    }

    fn pass(
        &self,
        person: &str,
        (from, to): (&str, &str),
        at: Timestamp,
    ) -> Result<Vec<WireRecord>, ScriptError> {
        let member = self.need(self.roster.member(person), "person", person)?;
        let from = self.need(self.roster.place(from), "place", from)?;
        let to_zone = self.need(self.roster.place(to), "place", to)?;
        let way = self.roster.way(&from, &to_zone);
        if way.is_empty() {
            return Err(self.wrong(format!("no doors lead from `{from}` to `{to}`")));
        }
        let badge = Some(member.badge.as_str());
        let mut out = Vec::new();
        let mut at = at;
        for step in way {
            for (result, after) in [("granted", 0), ("taken", 3)] {
                let row = pacs::Row { at: later(at, after), badge, result, reason: "" };
                out.extend(pacs::record(self.roster, &step.door, step.inwards, &row));
            }
            at = later(at, WALK_S);
        }
        Ok(out)
    }

    fn badge(
        &self,
        person: Option<&str>,
        door: &str,
        result: &str,
        at: Timestamp,
    ) -> Result<Vec<WireRecord>, ScriptError> {
        let member =
            person.map(|id| self.need(self.roster.member(id), "person", id)).transpose()?;
        let place = self.need(self.roster.place(door), "door", door)?;
        let badge = member.map(|member| member.badge.as_str());
        let row = pacs::Row { at, badge, result, reason: "" };
        let record = pacs::record(self.roster, &place, true, &row);
        Ok(vec![self.need(record, "door", door)?])
    }

    fn need<T>(&self, found: Option<T>, noun: &str, name: &str) -> Result<T, ScriptError> {
        found.ok_or_else(|| self.wrong(format!("there is no {noun} `{name}`")))
    }

    fn wrong(&self, what: String) -> ScriptError {
        let file = format!("stories/{}.toml", self.story.id);
        ScriptError::new(&file, format!("step {}: {what}", self.number + 1))
    }
}
