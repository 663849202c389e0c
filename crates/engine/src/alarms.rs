//! How often people are alarmed, measured against what one person can answer.
//!
//! SOURCE: EEMUA 191 (3rd edition) and ANSI/ISA-18.2-2016, clause 16: in the long run no more than
//! about one alarm in ten minutes for each operator, two at most; ten in ten minutes is a flood.
//! An alarm here is an incident that was opened: what folds into one that is open rings nobody.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use model::{RuleId, Timestamp};
use serde::Serialize;
use store::StoreError;
use store::state::{ALARMS_MAX, Alarm};

use crate::engine::Engine;

/// The span that alarms are counted by.
const SPAN: Duration = Duration::from_secs(600);
/// From so many alarms in one span on it is a flood.
const FLOOD: u64 = 10;
/// Rules named for one window.
const RULES_MAX: usize = 10;
/// Who was heard within this time is on duty.
const ON_DUTY: Duration = Duration::from_secs(900);

/// How much is asked of people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Load {
    /// No more than one alarm in ten minutes for each operator.
    Calm,
    /// No more than two.
    Busy,
    /// More than that: some are not looked at.
    Over,
    /// Ten or more in some ten minutes.
    Flood,
}

impl Load {
    /// Its word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Calm => "calm",
            Self::Busy => "busy",
            Self::Over => "over",
            Self::Flood => "flood",
        }
    }

    fn of(per_operator: f64, peak_per_operator: f64) -> Self {
        if peak_per_operator >= FLOOD as f64 {
            Self::Flood
        } else if per_operator > 2.0 {
            Self::Over
        } else if per_operator > 1.0 {
            Self::Busy
        } else {
            Self::Calm
        }
    }
}

/// What one rule rang.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RuleAlarms {
    /// Which; `None`: people opened these.
    pub rule: Option<RuleId>,
    /// Its title, where it is in force.
    pub title: Option<String>,
    /// Incidents that it opened.
    pub alarms: u64,
    /// Its findings by their own time, those that folded included.
    pub findings: u64,
    /// Most alarms in ten minutes.
    pub peak: u64,
    /// Alarms in ten minutes, on average.
    pub per_span: f64,
}

/// What came to one owner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OwnerAlarms {
    /// `team:guard` or `person:…`, as the queue's filter takes it.
    pub owner: String,
    /// Incidents of the window that are theirs now.
    pub alarms: u64,
    /// Most of them in ten minutes.
    pub peak: u64,
}

/// Alarms of one window up to now.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AlarmWindow {
    /// `ten_minutes`, `shift` (eight hours) or `week`.
    pub name: &'static str,
    /// Its first instant; the server's own beginning where that is later, so that a quiet hour
    /// before it ran calms nothing.
    pub from: Timestamp,
    /// Incidents opened.
    pub alarms: u64,
    /// In ten minutes, on average, for each operator on duty.
    pub per_operator: f64,
    /// Most in ten minutes, for all.
    pub peak: u64,
    /// Spans of ten minutes with more alarms than operators.
    pub spans_over: u64,
    /// Spans of the window.
    pub spans: u64,
    /// How much that is.
    pub load: Load,
    /// The noisiest rules.
    pub rules: Vec<RuleAlarms>,
    /// Whose they are.
    pub owners: Vec<OwnerAlarms>,
}

/// All windows at one instant.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AlarmRates {
    /// The instant.
    pub now: Timestamp,
    /// Operators heard in the last quarter of an hour; each rate is divided by them, by one where
    /// there is none.
    pub operators: u64,
    /// Whether there were more alarms than are counted.
    pub is_cut: bool,
    /// Incidents opened in each of the last twelve spans of ten minutes, oldest first; the last one
    /// ends now.
    pub bars: Vec<u64>,
    /// Ten minutes, a shift, a week.
    pub windows: Vec<AlarmWindow>,
}

/// Spans of ten minutes that are told one by one.
const BARS: u32 = 12;

const WINDOWS: [(&str, Duration); 3] = [
    ("ten_minutes", SPAN),
    ("shift", Duration::from_secs(8 * 3_600)),
    ("week", Duration::from_secs(7 * 86_400)),
];

impl Engine {
    /// How often people are alarmed; `is_near` says which alarms the asker may count. `only`: of
    /// this window alone, which is less to read.
    pub async fn alarm_rates(
        &self,
        only: Option<&str>,
        is_near: impl Fn(&Alarm) -> bool,
    ) -> Result<AlarmRates, StoreError> {
        let is_asked = |window: &&(&str, Duration)| only.is_none_or(|only| only == window.0);
        let now = self.now();
        let streams = self.live.seats.sessions();
        let operators = self.signin.on_duty(ON_DUTY, &streams).len() as u64;
        let longest = WINDOWS.iter().filter(is_asked).map(|(_, length)| *length).max();
        let longest = longest.unwrap_or(SPAN).max(SPAN * BARS);
        let all = self.state.alarms(now.minus(longest)).await?;
        let is_cut = all.len() >= ALARMS_MAX as usize;
        let begun = self.state.begun_at().await?.unwrap_or(now);
        let alarms: Vec<Alarm> = all.into_iter().filter(is_near).collect();
        let mut windows = Vec::new();
        for (name, length) in WINDOWS.iter().filter(is_asked).copied() {
            let nominal = now.minus(length);
            let from = nominal.max(begun.min(now));
            let findings = self.state.finding_counts((nominal, now)).await?.into_iter().collect();
            let inside: Vec<&Alarm> = alarms.iter().filter(|alarm| alarm.at >= from).collect();
            let mut window = window((name, from, now), &inside, (operators, &findings));
            let rules = &self.current.get().rules;
            for rule in &mut window.rules {
                let meta = rule.rule.as_ref().and_then(|id| rules.get(id));
                rule.title = meta.map(|meta| meta.title.clone());
            }
            windows.push(window);
        }
        let bars = bars(alarms.iter().map(|alarm| alarm.at), now);
        Ok(AlarmRates { now, operators, is_cut, bars, windows })
    }
}

/// How many lie in each of the last spans, the one that ends now last.
fn bars(times: impl Iterator<Item = Timestamp>, now: Timestamp) -> Vec<u64> {
    let mut bars = vec![0; BARS as usize];
    for at in times {
        // The instant at which a window begins is in it.
        let back = now.since(at).as_nanos().saturating_sub(1) / SPAN.as_nanos();
        let place = usize::try_from(back).ok().and_then(|back| bars.iter_mut().rev().nth(back));
        if let Some(bar) = place {
            *bar += 1;
        }
    }
    bars
}

fn window(
    (name, from, now): (&'static str, Timestamp, Timestamp),
    alarms: &[&Alarm],
    (operators, findings): (u64, &HashMap<RuleId, u64>),
) -> AlarmWindow {
    let spans = (now.since(from).as_secs_f64() / SPAN.as_secs_f64()).max(1.0);
    let heads = operators.max(1);
    let all = Spans::of(from, alarms.iter().map(|alarm| alarm.at));
    let mut by_rule: BTreeMap<Option<RuleId>, Vec<Timestamp>> = BTreeMap::new();
    let mut by_owner: BTreeMap<&str, Vec<Timestamp>> = BTreeMap::new();
    for alarm in alarms {
        by_rule.entry(alarm.rule.clone()).or_default().push(alarm.at);
        by_owner.entry(&alarm.owner).or_default().push(alarm.at);
    }
    let mut rules: Vec<RuleAlarms> = by_rule
        .into_iter()
        .map(|(rule, times)| RuleAlarms {
            title: None,
            alarms: times.len() as u64,
            findings: rule.as_ref().and_then(|rule| findings.get(rule)).copied().unwrap_or(0),
            per_span: times.len() as f64 / spans,
            peak: Spans::of(from, times.into_iter()).peak(),
            rule,
        })
        .collect();
    rules.sort_by(|a, b| (b.alarms, &a.rule).cmp(&(a.alarms, &b.rule)));
    rules.truncate(RULES_MAX);
    let mut owners: Vec<OwnerAlarms> = by_owner
        .into_iter()
        .map(|(owner, times)| OwnerAlarms {
            owner: owner.to_owned(),
            alarms: times.len() as u64,
            peak: Spans::of(from, times.into_iter()).peak(),
        })
        .collect();
    owners.sort_by(|a, b| (b.alarms, &a.owner).cmp(&(a.alarms, &b.owner)));
    let per_operator = alarms.len() as f64 / spans / heads as f64;
    AlarmWindow {
        name,
        from,
        alarms: alarms.len() as u64,
        per_operator,
        peak: all.peak(),
        spans_over: all.over(heads),
        spans: spans.ceil() as u64,
        load: Load::of(per_operator, all.peak() as f64 / heads as f64),
        rules,
        owners,
    }
}

/// Alarms by span of ten minutes, counted from the window's beginning.
struct Spans(HashMap<u128, u64>);

impl Spans {
    fn of(from: Timestamp, times: impl Iterator<Item = Timestamp>) -> Self {
        let mut spans = HashMap::new();
        for at in times {
            *spans.entry(at.since(from).as_nanos() / SPAN.as_nanos()).or_insert(0) += 1;
        }
        Self(spans)
    }

    fn peak(&self) -> u64 {
        self.0.values().max().copied().unwrap_or(0)
    }

    fn over(&self, bound: u64) -> u64 {
        self.0.values().filter(|count| **count > bound).count() as u64
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests fail by panicking")]
    use super::*;

    fn alarm(at_s: i64, rule: &str, owner: &str) -> Alarm {
        Alarm {
            at: Timestamp::from_secs(at_s),
            owner: owner.into(),
            site: None,
            rule: (!rule.is_empty()).then(|| RuleId::parse(rule).unwrap()),
        }
    }

    fn shift(alarms: &[Alarm], operators: u64) -> AlarmWindow {
        let all: Vec<&Alarm> = alarms.iter().collect();
        let span = (Timestamp::from_secs(0), Timestamp::from_secs(8 * 3_600));
        window(("shift", span.0, span.1), &all, (operators, &HashMap::new()))
    }

    #[test]
    fn one_in_ten_minutes_is_calm_and_more_people_can_bear_more() {
        let every = |seconds: usize| -> Vec<Alarm> {
            (0..8 * 3_600).step_by(seconds).map(|at| alarm(at, "noisy", "team:guard")).collect()
        };
        assert_eq!(shift(&every(600), 1).load, Load::Calm);
        assert_eq!(shift(&every(400), 1).load, Load::Busy);
        assert_eq!(shift(&every(200), 1).load, Load::Over);
        assert_eq!(shift(&every(200), 3).load, Load::Calm);
        let nobody = shift(&every(200), 0);
        assert_eq!((nobody.load, nobody.spans_over), (Load::Over, 48), "nobody counts as one");
        assert!((nobody.per_operator - 3.0).abs() < 0.01, "{}", nobody.per_operator);
    }

    #[test]
    fn hours_before_the_server_ran_calm_nothing() {
        let three: Vec<Alarm> = (0..3).map(|at| alarm(at, "noisy", "team:guard")).collect();
        let all: Vec<&Alarm> = three.iter().collect();
        let half_an_hour = (Timestamp::from_secs(0), Timestamp::from_secs(900));
        let told = window(("shift", half_an_hour.0, half_an_hour.1), &all, (1, &HashMap::new()));
        assert_eq!((told.load, told.spans), (Load::Busy, 2));
    }

    #[test]
    fn the_last_bar_is_what_the_window_of_ten_minutes_counts() {
        let now = Timestamp::from_secs(100_000);
        let back = [0, 1, 599, 600, 601, 1_200, 7_199, 7_200, 7_201].map(|back| 100_000 - back);
        let all: Vec<Alarm> = back.iter().map(|at| alarm(*at, "noisy", "team:guard")).collect();
        let bars = bars(all.iter().map(|alarm| alarm.at), now);
        assert_eq!(bars, [2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 4]);
        let from = now.minus(SPAN);
        let inside: Vec<&Alarm> = all.iter().filter(|alarm| alarm.at >= from).collect();
        let told = window(("ten_minutes", from, now), &inside, (1, &HashMap::new()));
        assert_eq!(Some(&told.alarms), bars.last());
    }

    #[test]
    fn a_flood_is_one_however_quiet_the_rest_was() {
        let burst: Vec<Alarm> = (0..10).map(|at| alarm(at, "noisy", "team:guard")).collect();
        let window = shift(&burst, 1);
        assert_eq!((window.load, window.peak), (Load::Flood, 10));
        assert!(window.per_operator < 1.0);
        assert_eq!(shift(&[], 1).load, Load::Calm);
    }

    #[test]
    fn the_noisiest_rule_comes_first() {
        let mut all: Vec<Alarm> = (0..3).map(|n| alarm(n * 700, "a", "team:guard")).collect();
        all.extend((0..5).map(|n| alarm(n, "b", "person:ana")));
        all.push(alarm(9, "", "person:ana"));
        let window = shift(&all, 1);
        let rules: Vec<_> = window.rules.iter().map(|r| (r.alarms, r.peak)).collect();
        assert_eq!(rules, [(5, 5), (3, 1), (1, 1)]);
        assert_eq!(window.rules[0].rule, Some(RuleId::parse("b").unwrap()));
        let owners: Vec<_> = window.owners.iter().map(|o| (o.owner.as_str(), o.alarms)).collect();
        assert_eq!(owners, [("person:ana", 6), ("team:guard", 3)]);
    }
}
