//! Ordinary days: what every product would have said about them.

use chrono::{NaiveDate, TimeZone, Utc};
use model::{PlaceId, Timestamp};

use crate::chance::Chance;
use crate::plan::{self, Day, Move, later, seconds};
use crate::record::{WireRecord, sort};
use crate::roster::{Job, Roster};
use crate::script::Pace;
use crate::wire::{fortigate, frigate, okta, openssh, pacs, unifi};

/// Between one door and the next.
const WALK_S: i64 = 25;
/// A machine's own work starts at the earliest so long after its owner came.
const SETTLE_S: i64 = 60;
/// How often what would otherwise be quiet says that it is there.
const ALIVE_S: i64 = 120;
/// The part of a day that paces are told for.
const WORKING_HOURS: i64 = 8;
/// How long before the start the first arrivals happened; within every source's lateness.
const ARRIVED_BEFORE_S: (i64, i64) = (180, 540);
/// Within how many milliseconds of the start they are told.
const ARRIVALS_TOLD_MS: i64 = 3_000;

/// Plans days for everybody.
pub(crate) struct Diary<'a> {
    pub roster: &'a Roster,
    pub pace: &'a Pace,
    pub seed: u64,
    pub start: Timestamp,
    /// People live so many seconds ahead of the clock.
    pub ahead_s: i64,
}

/// Somebody at their workplace, undisturbed.
struct Stretch {
    from: Timestamp,
    to: Timestamp,
    /// The first of its day.
    is_first: bool,
    number: usize,
}

impl Diary<'_> {
    /// Everything that one planned day sends, in order of sending.
    pub(crate) fn day(&self, date: NaiveDate) -> Vec<WireRecord> {
        let mut out = Vec::new();
        for job in &self.roster.jobs {
            match self.plan(job, date) {
                Day::Off => {}
                Day::Home { from, to } => self.at_home(job, date, (from, to), &mut out),
                Day::There(moves) => self.there(job, date, &moves, &mut out),
            }
        }
        self.firewalls(date, &mut out);
        self.signs_of_life(date, &mut out);
        sort(&mut out);
        out
    }

    /// Who is at work when everything starts, told in the first seconds.
    pub(crate) fn arrivals(&self) -> Vec<WireRecord> {
        let mut out = Vec::new();
        for job in &self.roster.jobs {
            let Some(zone) = self.where_at_start(job) else {
                continue;
            };
            let mut chance = Chance::of(self.seed, &["arrival", &job.member.id]);
            let Some(step) = self.roster.way(&job.outside, &zone).pop() else {
                continue;
            };
            let (least, most) = ARRIVED_BEFORE_S;
            let at = later(self.start, -chance.between(least, most));
            let told = self.start.nanos() + chance.between(200, ARRIVALS_TOLD_MS) * 1_000_000;
            let badge = Some(job.member.badge.as_str());
            for (result, after) in [("granted", 0), ("taken", 3)] {
                let row = pacs::Row { at: later(at, after), badge, result, reason: "" };
                let record = pacs::record(self.roster, &step.door, step.inwards, &row);
                out.extend(record.map(|mut record| {
                    record.at = Timestamp::from_nanos(told + after * 100_000_000);
                    record
                }));
            }
        }
        out
    }

    fn plan(&self, job: &Job, date: NaiveDate) -> Day {
        let zone = self.roster.zone_of_site(&job.member.site);
        plan::day(job, self.pace, date, zone, self.seed).moved(-self.ahead_s)
    }

    fn where_at_start(&self, job: &Job) -> Option<PlaceId> {
        let today = later(self.start, self.ahead_s).to_chrono().date_naive();
        let dates = [today.pred_opt()?, today, today.succ_opt()?];
        let moves = dates.into_iter().flat_map(|date| match self.plan(job, date) {
            Day::There(moves) => moves,
            Day::Off | Day::Home { .. } => Vec::new(),
        });
        let last = moves.filter(|one| one.at < self.start).max_by_key(|one| one.at)?;
        (last.to != job.outside).then_some(last.to)
    }

    fn there(&self, job: &Job, date: NaiveDate, moves: &[Move], out: &mut Vec<WireRecord>) {
        for (number, one) in moves.iter().enumerate() {
            if one.at >= self.start {
                self.walk(job, one, &format!("{date} {number}"), out);
            }
        }
        for stretch in self.stretches(job, moves) {
            self.work(job, date, &stretch, out);
        }
    }

    /// Through each door on the way: the badge, the passage, and who sees it.
    fn walk(&self, job: &Job, one: &Move, label: &str, out: &mut Vec<WireRecord>) {
        let mut chance = Chance::of(self.seed, &["walk", &job.member.id, label]);
        let badge = Some(job.member.badge.as_str());
        let mut at = one.at;
        for (number, step) in self.roster.way(&one.from, &one.to).iter().enumerate() {
            let mut say = |row: &pacs::Row<'_>| {
                out.extend(pacs::record(self.roster, &step.door, step.inwards, row));
            };
            if number == 0 && chance.percent(self.pace.misreads_percent) {
                say(&pacs::Row { at, badge, result: "denied", reason: "read error" });
                at = later(at, chance.between(4, 8));
            }
            say(&pacs::Row { at, badge, result: "granted", reason: "" });
            let passed = later(at, chance.between(2, 4));
            say(&pacs::Row { at: passed, badge, result: "taken", reason: "" });
            if let Some(camera) = self.roster.camera_at(&step.door) {
                let seen = later(passed, -1);
                if camera.source.starts_with("frigate") {
                    out.extend(frigate::person_seen(&camera, seen, &mut chance));
                } else {
                    out.push(unifi::person_seen(&camera, seen, &mut chance));
                }
            }
            at = later(at, WALK_S + chance.between(0, 8));
        }
    }

    fn stretches(&self, job: &Job, moves: &[Move]) -> Vec<Stretch> {
        let ends = moves.iter().skip(1);
        let first = moves.first().map(|first| first.at);
        let stretch = |(number, (here, next)): (usize, (&Move, &Move))| {
            let doors = self.roster.way(&here.from, &here.to).len();
            let walk = (WALK_S + 8) * i64::try_from(doors).unwrap_or(1);
            let from = later(here.at, walk + SETTLE_S).max(later(self.start, 10));
            let to = later(next.at, -SETTLE_S);
            let is_first = Some(here.at) == first;
            (here.to == job.zone && seconds(from, to) > SETTLE_S).then_some(Stretch {
                from,
                to,
                is_first,
                number,
            })
        };
        moves.iter().zip(ends).enumerate().filter_map(stretch).collect()
    }

    /// At the desk: one log-on at its screen, traffic, sign-ins, and sessions on servers.
    fn work(&self, job: &Job, date: NaiveDate, stretch: &Stretch, out: &mut Vec<WireRecord>) {
        let Some(desk) = &job.member.desk else { return };
        let label = format!("{date} {}", stretch.number);
        let chance = |what: &str| Chance::of(self.seed, &[what, &job.member.id, &label]);
        let mut first = chance("log-on");
        let logged_on = later(stretch.from, first.between(2, 75));
        out.push(openssh::log_on(desk, &job.member.account, logged_on, &mut first));
        let stretch = Stretch { from: later(logged_on, 5), ..*stretch };
        let mut traffic = chance("flow");
        for at in self.times(&stretch, 3_600 / self.pace.flows_per_hour.max(1), &mut traffic) {
            let serial = self.roster.firewall_serial(&desk.site);
            let zone = self.roster.zone_of_site(&desk.site);
            let firewall = fortigate::Firewall { site: &desk.site, serial, zone };
            out.push(firewall.flow(&fortigate::Flow::ordinary(desk, at, &mut traffic)));
        }
        let mut sign_in = chance("sign-in");
        let gap = WORKING_HOURS * 3_600 / self.pace.sign_ins_per_day.max(1);
        let egress = self.roster.egress_ip(&desk.site);
        let opening = stretch.is_first.then(|| later(stretch.from, sign_in.between(30, 120)));
        let others = self.times(&stretch, gap, &mut sign_in);
        for at in opening.into_iter().chain(others).filter(|at| *at < stretch.to) {
            out.push(okta::session_start(&job.member, egress, at, &mut sign_in));
        }
        let mut session = chance("session");
        let gap = WORKING_HOURS * 3_600 / self.pace.server_sessions_per_day.max(1);
        for at in self.times(&stretch, gap, &mut session) {
            if let Some(server) = session.pick(&job.servers) {
                out.push(openssh::session(server, desk, &job.member.account, at, &mut session));
            }
        }
    }

    /// Instants of a stretch, on average `gap` seconds apart.
    fn times(&self, stretch: &Stretch, gap: i64, chance: &mut Chance) -> Vec<Timestamp> {
        let mut times = Vec::new();
        let mut at = later(stretch.from, chance.between(0, gap));
        while at < stretch.to {
            times.push(at);
            at = later(at, chance.between(gap / 2 + 1, gap + gap / 2 + 1));
        }
        times
    }

    fn at_home(
        &self,
        job: &Job,
        date: NaiveDate,
        (from, to): (Timestamp, Timestamp),
        out: &mut Vec<WireRecord>,
    ) {
        let mut chance = Chance::of(self.seed, &["home", &job.member.id, &date.to_string()]);
        let from = from.max(later(self.start, chance.between(10, 120)));
        if seconds(from, to) < SETTLE_S {
            return;
        }
        let site = &job.member.site;
        let serial = self.roster.firewall_serial(site);
        let zone = self.roster.zone_of_site(site);
        let firewall = fortigate::Firewall { site, serial, zone };
        let tunnel = chance.between(100_000, 999_999);
        out.push(firewall.tunnel(&job.member, true, tunnel, from));
        let signed_in = later(from, chance.between(20, 90));
        out.push(okta::session_start(&job.member, &job.member.home_ip, signed_in, &mut chance));
        out.push(firewall.tunnel(&job.member, false, tunnel, to));
    }

    /// Each site's access system and its recorder say that they are there: without that nobody
    /// could tell a quiet hour from a cut line.
    fn signs_of_life(&self, date: NaiveDate, out: &mut Vec<WireRecord>) {
        let midnight = Utc.from_utc_datetime(&date.and_time(chrono::NaiveTime::MIN));
        let midnight = later(Timestamp::from_secs(midnight.timestamp()), -self.ahead_s);
        for (number, site) in self.roster.sites().enumerate() {
            let mut chance = Chance::of(self.seed, &["alive", site, &date.to_string()]);
            let own = |door: &&PlaceId| self.roster.site_of(door) == Some(site);
            let door = self.roster.doors().find(own);
            let mut cameras =
                self.roster.doors().filter(own).filter_map(|door| self.roster.camera_at(door));
            let camera = cameras.find(|one| one.source.starts_with("unifi"));
            let offset = i64::try_from(number).unwrap_or(0) * 5 + 3;
            for round in 0..86_400 / ALIVE_S {
                let at = later(midnight, round * ALIVE_S + offset);
                if at >= self.start {
                    out.extend(door.and_then(|door| pacs::alive(self.roster, door, at)));
                    out.extend(camera.iter().map(|one| unifi::alive(one, at, &mut chance)));
                }
            }
        }
    }

    /// Each firewall says how it fares, all day long; that is its heartbeat.
    fn firewalls(&self, date: NaiveDate, out: &mut Vec<WireRecord>) {
        let midnight = Utc.from_utc_datetime(&date.and_time(chrono::NaiveTime::MIN));
        let midnight = later(Timestamp::from_secs(midnight.timestamp()), -self.ahead_s);
        let every = self.pace.firewall_status_minutes.max(1) * 60;
        for (number, site) in self.roster.sites().enumerate() {
            let mut chance = Chance::of(self.seed, &["status", site, &date.to_string()]);
            let serial = self.roster.firewall_serial(site);
            let zone = self.roster.zone_of_site(site);
            let firewall = fortigate::Firewall { site, serial, zone };
            let offset = i64::try_from(number).unwrap_or(0) * 7 + 2;
            for round in 0..86_400 / every {
                let at = later(midnight, round * every + offset);
                if at >= self.start {
                    out.push(firewall.status(at, &mut chance));
                }
            }
        }
    }
}
