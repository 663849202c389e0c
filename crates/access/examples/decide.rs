//! What a door decision costs, what a change of policy costs, and whether a day replays.
//!
//! `cargo run --release --example decide` (crate `access`): 100,000 people, 5,000 doors, 300,000
//! credentials, 10,000 policies and links; then 1,000,000 requests recorded and replayed.
//! `decide equal CASES`: random sets of policies against plain Cedar. `decide small ROUNDS`: the
//! question of 10,000 people, 20 roles, 500 doors, 25 zones and 160 grants that the other engines
//! are asked, with its numbers, in one thread. Linux only.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a measuring tool")]

#[path = "../tests/common/policies.rs"]
mod random;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Instant;

use access::PolicyFile;
use access::door::*;
use access::revocation::{Tombstone, Tombstones};
use model::{CredentialId, DoorId, GroupId, PersonId, ScheduleId, Timestamp, ZoneId};
use random::Dice;

const PEOPLE: u64 = 100_000;
const CARDS: u64 = 3;
const DOORS: u64 = 5_000;
const ZONES: u64 = 500;
const GROUPS: u64 = 400;
const SCHEDULES: u64 = 20;
const LINKS: u64 = 9_700;
const STATIC: u64 = 300;
const REQUESTS: u64 = 1_000_000;
/// A Monday.
const START: i64 = 1_795_392_000;

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match words.first().map(String::as_str) {
        Some("equal") => equal(words.get(1).map_or(2_000, |cases| cases.parse().unwrap())),
        Some("small") => small(words.get(1).map_or(5, |rounds| rounds.parse().unwrap())),
        _ => large(),
    }
}

/// Nanoseconds that this thread has run, whatever else the machine does.
fn ran() -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    text.split(' ').next().unwrap().parse::<f64>().unwrap()
}

fn load() -> String {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap();
    text.split(' ').take(2).collect::<Vec<_>>().join(" ")
}

fn resident() -> f64 {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap();
    let pages: f64 = text.split(' ').nth(1).unwrap().parse().unwrap();
    pages * 4096.0 / 1_048_576.0
}

fn equal(cases: u64) {
    let (begun, mut tally) = (Instant::now(), random::Tally::new());
    for seed in 0..cases {
        if let Err(difference) = random::compare(1_000_000 + seed, 60, &mut tally) {
            println!("DIFFERENCE\n{difference}");
            std::process::exit(1);
        }
    }
    let questions: u64 = tally.values().sum();
    println!("{cases} sets of policies, {questions} questions, 0 differences: {tally:?}");
    println!("{:.1} s, load {}", begun.elapsed().as_secs_f64(), load());
}

fn key(number: u64) -> CredentialKey {
    HASH.card(&CardNumber { format: "h10304", facility: 7, number: number.into(), issue: 0 })
}

const HASH: HashKey = HashKey::new([7; 32]);

fn id<T, E: std::fmt::Debug>(parse: impl Fn(&str) -> Result<T, E>, kind: &str, n: u64) -> T {
    parse(&format!("{kind}{n}")).unwrap()
}
fn person(n: u64) -> PersonId {
    id(PersonId::parse, "person-", n)
}
fn group(n: u64) -> GroupId {
    id(GroupId::parse, "group-", n)
}
fn zone(n: u64) -> ZoneId {
    id(ZoneId::parse, "zone-", n)
}
fn door(n: u64) -> DoorId {
    id(DoorId::parse, "door-", n)
}

fn schedules() -> Calendar {
    let hours = (0..SCHEDULES).map(|n| Schedule {
        id: id(ScheduleId::parse, "hours-", n),
        time_zone: chrono_tz::Europe::Zurich,
        windows: vec![Window {
            days: if n % 3 == 0 { Days::WEEK } else { Days::WORKING },
            from: u16::try_from(300 + n * 15).unwrap(),
            to: u16::try_from(1_000 + n * 20).unwrap(),
        }],
        holidays: BTreeMap::new(),
    });
    Calendar::new(hours.collect::<Vec<_>>()).unwrap()
}

/// Ten sites, each with areas of zones; ten doors into each zone.
fn estate() -> (Vec<Zone>, Vec<Door>) {
    let mut zones = Vec::new();
    for n in 0..ZONES {
        let parent = match n {
            0..10 => None,
            10..60 => Some(zone(n % 10)),
            _ => Some(zone(10 + n % 50)),
        };
        let mut made = Zone::plain(zone(n), parent);
        made.class = if n % 20 == 0 { ZoneClass::Critical } else { ZoneClass::Restricted };
        if n > 60 && n % 7 == 0 {
            made.anti_passback = AntiPassback::Hard;
        }
        if n > 60 && n % 31 == 0 {
            made.occupancy_max = Some(40);
        }
        zones.push(made);
    }
    let doors = (0..DOORS).map(|n| {
        let to = n % ZONES;
        let from = if to < 60 { None } else { Some(zone(10 + to % 50)) };
        let mut made = Door::plain(door(n), from, zone(to));
        made.time_zone = chrono_tz::Europe::Zurich;
        if n % 50 == 0 {
            made.asks = Asks::CardAndPin;
        }
        made
    });
    (zones, doors.collect())
}

fn policies() -> (Vec<PolicyFile>, Vec<Link>) {
    let mut text = String::new();
    for n in 0..SCHEDULES {
        let _ = writeln!(
            text,
            "@id(\"right-{n}\") permit (principal in ?principal, action == Action::\"enter\", \
             resource in ?resource) when {{ context.schedules.contains(Schedule::\"hours-{n}\") }};"
        );
    }
    for n in 0..STATIC {
        let (g, z, m) = (n % GROUPS, (n * 7) % ZONES, n % 20);
        let body = match n % 6 {
            0 => format!(
                "forbid (principal, action, resource in Zone::\"zone-{z}\") \
                 when {{ resource.class == Class::\"critical\" && \
                 context.incidents == Incidents::\"critical\" }}"
            ),
            1 => format!(
                "forbid (principal in Group::\"group-{g}\", action, resource) \
                 when {{ context.device == Posture::\"non_compliant\" }} \
                 unless {{ context.threat == Threat::\"normal\" }}"
            ),
            2 => format!(
                "permit (principal in Group::\"group-{g}\", action, resource in Zone::\"zone-{z}\")"
            ),
            3 => format!(
                "permit (principal == Person::\"person-{n}\", action, \
                 resource == Door::\"door-{n}\") when {{ context.minute >= {} && \
                 context.minute < {} }}",
                m * 30,
                m * 30 + 600
            ),
            // Arithmetic is left to Cedar.
            4 => format!(
                "permit (principal in Group::\"group-{g}\", action, \
                 resource in Zone::\"zone-{z}\") \
                 when {{ principal.clearance * 10 + context.weekday > 20 }}"
            ),
            _ => format!(
                "forbid (principal in Group::\"group-{g}\", action, \
                 resource in Zone::\"zone-{z}\") \
                 when {{ principal.clearance - context.weekday < -5 }}"
            ),
        };
        let _ = writeln!(text, "@id(\"policy-{n}\") {body};");
    }
    let links = (0..LINKS).map(|n| Link {
        id: format!("link-{n}").into(),
        template: format!("right-{}", n % SCHEDULES).into(),
        principal: Some(format!("Group::\"group-{}\"", n % GROUPS)),
        resource: Some(format!("Zone::\"zone-{}\"", (n * 13 + n / GROUPS) % ZONES)),
    });
    (vec![PolicyFile { path: "large.cedar".into(), text }], links.collect())
}

fn world(dice: &mut Dice) -> Snapshot {
    let mut snapshot = Snapshot::empty(Timestamp::from_secs(START)).unwrap();
    let begun = Instant::now();
    let (zones, doors) = estate();
    snapshot.set_estate(zones, doors).unwrap();
    snapshot.set_calendar(schedules());
    for n in 0..PEOPLE {
        let groups = (0..2 + dice.roll(5)).map(|_| group(dice.roll(GROUPS))).collect();
        let mut made = Person::plain(person(n), groups);
        made.clearance = i64::try_from(dice.roll(4)).unwrap();
        made.pin = Some(HASH.pin(&made.id, "1234"));
        snapshot.put_person(made);
        for card in 0..CARDS {
            let number = n * CARDS + card;
            let id = id(CredentialId::parse, "card-", number);
            let mut made = Credential::card(id, key(number), person(n));
            if dice.roll(50) == 0 {
                made.valid_to = Some(Timestamp::from_secs(START - 86_400));
            }
            snapshot.put_credential(made);
        }
        if dice.roll(10) == 0 {
            let risk =
                Risk { incidents: *dice.one(Incidents::ALL), device: *dice.one(Posture::ALL) };
            snapshot.live.set_risk(person(n), risk);
        }
    }
    let mut stones = Tombstones::default();
    for _ in 0..5_000 {
        let since = Timestamp::from_secs(START);
        stones.bury(Tombstone { key: key(dice.roll(PEOPLE * CARDS)), generation: 1, since });
    }
    snapshot.bury(&stones);
    println!("people, doors, credentials: {:.2} s", begun.elapsed().as_secs_f64());
    let begun = Instant::now();
    let (files, links) = policies();
    let changes: Vec<Change> = files.into_iter().map(Change::Put).collect();
    snapshot.change_policies(&changes).unwrap();
    let links: Vec<Change> = links.into_iter().map(Change::Link).collect();
    snapshot.change_policies(&links).unwrap();
    println!(
        "policies and links: {} of which {} in part by Cedar, parsed, validated strictly and \
         indexed in {:.2} s",
        snapshot.policies().len(),
        snapshot.policies().residues(),
        begun.elapsed().as_secs_f64()
    );
    snapshot
}

/// A day's requests: four of five at doors that a group of the person has a right to, the others
/// anywhere; some cards are nobody's.
fn requests(dice: &mut Dice, snapshot: &Snapshot) -> Vec<(Request, Timestamp)> {
    let mut all = Vec::new();
    for n in 0..REQUESTS {
        let card = dice.roll(PEOPLE * CARDS + 1_000);
        let holder = snapshot.people().person(&person(card / CARDS));
        let own = holder.filter(|_| dice.roll(5) > 0).map(|holder| {
            let group = dice.one(&holder.groups).as_str();
            let group: u64 = group.strip_prefix("group-").unwrap().parse().unwrap();
            let link = group + GROUPS * dice.roll(LINKS / GROUPS);
            (link * 13 + link / GROUPS) % ZONES + ZONES * dice.roll(DOORS / ZONES)
        });
        let at = own.unwrap_or_else(|| dice.roll(DOORS));
        let mut request = Request::card(door(at), key(card));
        match dice.roll(20) {
            0 => request.pin = PinVerdict::Wrong,
            1..8 => request.pin = PinVerdict::Right,
            8 => request.direction = Direction::Exit,
            _ => {}
        }
        let now = START + i64::try_from(n * 86_400 / REQUESTS).unwrap();
        all.push((request, Timestamp::from_secs(now)));
    }
    all
}

/// Decides, and lets who was granted pass, as the door road would.
fn step(snapshot: &mut Snapshot, request: &Request, now: Timestamp) -> Decision {
    let decision = decide(snapshot, request, now);
    if let (true, Some(person)) = (decision.is_grant(), decision.person.clone()) {
        let estate = snapshot.estate();
        let door = estate.door(&request.door).cloned();
        let to = door.and_then(|door| match request.direction {
            Direction::Entry => Some(door.to),
            Direction::Exit | Direction::RequestToExit => door.from,
        });
        snapshot.passed(&person, to.as_ref(), now);
    }
    decision
}

fn digest(decision: &Decision) -> [u8; 32] {
    *blake3::hash(format!("{decision:?}").as_bytes()).as_bytes()
}

fn large() {
    println!("load {}", load());
    let mut dice = Dice::new(1);
    let before = resident();
    let mut snapshot = world(&mut dice);
    println!("memory of the snapshot: {:.0} MiB", resident() - before);
    change(&mut snapshot);
    let asked = requests(&mut dice, &snapshot);
    let begin = snapshot.clone();
    for round in 0..3 {
        latency(&mut begin.clone(), &asked, round);
    }
    let mut recorded = Vec::with_capacity(asked.len());
    let mut live = begin.clone();
    recorded.extend(asked.iter().map(|(request, now)| step(&mut live, request, *now)));
    drop(live);
    let mut again = begin.clone();
    let (begun, before) = (Instant::now(), ran());
    let replayed = asked.iter().zip(&recorded);
    let differences = replayed
        .filter(|((request, now), decision)| step(&mut again, request, *now) != **decision)
        .count();
    let took = begun.elapsed().as_secs_f64();
    let rate = asked.len() as f64 / took;
    let running = asked.len() as f64 / ((ran() - before) / 1e9);
    println!(
        "replay: {} decisions, {differences} differences, {rate:.0}/s by the clock, {running:.0}/s \
         of processor time",
        asked.len()
    );
    let mut sum = blake3::Hasher::new();
    recorded.iter().for_each(|decision| {
        sum.update(&digest(decision));
    });
    println!("sum of all decisions: {}", &sum.finalize().to_hex()[..16]);
    println!("load {}", load());
}

fn change(snapshot: &mut Snapshot) {
    let mut took = Vec::new();
    for n in 0..40_u64 {
        let text = format!(
            "@id(\"policy-{}\") permit (principal in Group::\"group-{}\", action, \
             resource in Zone::\"zone-{}\") when {{ context.minute >= {n} }};",
            n * 6 + 2,
            n % GROUPS,
            n % ZONES
        );
        let link = Link {
            id: format!("link-{}", n * 31).into(),
            template: format!("right-{}", n % SCHEDULES).into(),
            principal: Some(format!("Group::\"group-{}\"", (n * 3) % GROUPS)),
            resource: Some(format!("Zone::\"zone-{}\"", (n * 5) % ZONES)),
        };
        let file = PolicyFile { path: "changed.cedar".into(), text };
        for change in [Change::Put(file), Change::Link(link)] {
            let begun = Instant::now();
            snapshot.change_policies(&[change]).unwrap();
            took.push(begun.elapsed().as_secs_f64() * 1e3);
        }
    }
    took.sort_by(f64::total_cmp);
    let (middle, worst) = (took[took.len() / 2], took[took.len() - 1]);
    println!("one policy or link changed: median {middle:.1} ms, slowest {worst:.1} ms");
}

fn latency(snapshot: &mut Snapshot, asked: &[(Request, Timestamp)], round: usize) {
    let mut took: Vec<u32> = Vec::with_capacity(asked.len());
    let mut tally: BTreeMap<&'static str, u64> = BTreeMap::new();
    let mut decided = 0.0;
    for (request, now) in asked {
        let begun = Instant::now();
        let decision = decide(snapshot, request, *now);
        let elapsed = begun.elapsed();
        decided += elapsed.as_secs_f64();
        took.push(u32::try_from(elapsed.as_nanos()).unwrap_or(u32::MAX));
        *tally.entry(decision.because.code()).or_default() += 1;
        step(snapshot, request, *now);
    }
    took.sort_unstable();
    let at = |per: usize| f64::from(took[(took.len() - 1) * per / 10_000]) / 1e3;
    println!(
        "decide: p50 {:.2} µs, p90 {:.2}, p99 {:.2}, p99.9 {:.2}, slowest {:.0}; {:.0}/s",
        at(5_000),
        at(9_000),
        at(9_900),
        at(9_990),
        at(10_000),
        asked.len() as f64 / decided
    );
    if round == 0 {
        println!("  {tally:?}");
    }
}

/// The xorshift of the peers' own program, so that every engine is asked the same.
struct Rng(u64);

impl Rng {
    fn below(&mut self, below: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % below
    }
}

fn small(rounds: u32) {
    let mut rng = Rng(88_172_645_463_325_252);
    let mut roles = Vec::new();
    for _ in 0..10_000 {
        let mut of = vec![rng.below(20)];
        if rng.below(2) == 0 {
            of.push(rng.below(20));
        }
        roles.push(of);
    }
    let suspended: Vec<bool> = (0..10_000).map(|_| rng.below(50) == 0).collect();
    let zones: Vec<u64> = (0..500).map(|_| rng.below(25)).collect();
    let mut text = String::new();
    for a in 0..20_u64 {
        for b in 0..8_u64 {
            let from = rng.below(10) * 60;
            let days = if rng.below(3) == 0 { 8 } else { 6 };
            let _ = writeln!(
                text,
                "@id(\"g-{a}-{b}\") permit (principal in Group::\"group-{a}\", \
                 action == Action::\"enter\", resource in Zone::\"zone-{}\") when {{ \
                 context.minute >= {from} && context.minute < {} && context.weekday < {days} }};",
                (a * 3 + b * 3) % 25,
                from + 600
            );
        }
    }
    let mut snapshot = Snapshot::empty(Timestamp::from_secs(START)).unwrap();
    let made = (0..25).map(|n| Zone::plain(zone(n), None)).collect();
    let doors = zones.iter().enumerate();
    let doors = doors.map(|(n, to)| Door::plain(door(n as u64), None, zone(*to))).collect();
    snapshot.set_estate(made, doors).unwrap();
    for (n, of) in roles.iter().enumerate() {
        let n = n as u64;
        let mut made = Person::plain(person(n), of.iter().map(|g| group(*g)).collect());
        if suspended[n as usize] {
            made.standing = Standing::Suspended;
        }
        snapshot.put_person(made);
        let card = Credential::card(id(CredentialId::parse, "card-", n), key(n), person(n));
        snapshot.put_credential(card);
    }
    let file = PolicyFile { path: "small.cedar".into(), text };
    snapshot.change_policies(&[Change::Put(file)]).unwrap();
    let mut rng = Rng(1_234_567);
    let monday = START - START % 86_400;
    let asked: Vec<(Request, Timestamp)> = (0..200_000)
        .map(|_| {
            let (p, d) = (rng.below(10_000), rng.below(500));
            let (minute, weekday) = (rng.below(1_440), rng.below(7));
            let at = monday + i64::try_from(weekday * 86_400 + minute * 60).unwrap();
            (Request::card(door(d), key(p)), Timestamp::from_secs(at))
        })
        .collect();
    // The lease is no part of the question.
    for round in 0..rounds {
        let (mut allowed, mut took) = (0_u64, Vec::with_capacity(asked.len()));
        let begun = Instant::now();
        for (n, (request, now)) in asked.iter().enumerate() {
            snapshot.rights.confirmed_at = *now;
            let one = Instant::now();
            let decision = decide(&snapshot, request, *now);
            took.push(u32::try_from(one.elapsed().as_nanos()).unwrap_or(u32::MAX));
            allowed += u64::from(decision.is_grant());
            if n == 19_999 {
                print!("of the first 20,000 {allowed}; ");
            }
        }
        let elapsed = begun.elapsed().as_secs_f64();
        took.sort_unstable();
        let at = |per: usize| took[(took.len() - 1) * per / 1_000];
        println!(
            "round {round}: {} decisions, {allowed} allowed, {:.0}/s, p50 {} ns, p99 {} ns, \
             p99.9 {} ns, load {}",
            asked.len(),
            asked.len() as f64 / elapsed,
            at(500),
            at(990),
            at(999),
            load()
        );
    }
}
