#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

use codec::osdp::{
    Circuit, Command, DownReason, NakCode, Outcome, Output, OutputAction, Panel, PanelEvent,
    ReaderConfig, Reply, Scbk, Security, Timing,
};

use super::*;

const KEY: Scbk = Scbk::new([3; 16]);

/// A panel before the readers, in steps of a millisecond.
struct Line {
    panel: Panel,
    readers: Readers,
    now: Duration,
    random: u64,
    events: Vec<(usize, PanelEvent)>,
}

impl Line {
    fn new(plans: &[ReaderPlan]) -> Self {
        let configs: Vec<ReaderConfig> = plans
            .iter()
            .map(|plan| ReaderConfig {
                address: plan.address,
                security: plan.key.map_or(Security::Clear, Security::Key),
            })
            .collect();
        let mut panel = Panel::new(&configs, Timing::default());
        panel.set_line(true, Duration::ZERO);
        let readers = Readers::new(plans, 1).unwrap();
        let mut line = Self { panel, readers, now: Duration::ZERO, random: 0, events: Vec::new() };
        line.run(500);
        let online = |(_, event): &(usize, PanelEvent)| matches!(event, PanelEvent::Online(_));
        assert_eq!(line.events.iter().filter(|event| online(event)).count(), plans.len());
        line.events.clear();
        while line.readers.next_told().is_some() {}
        line
    }

    fn run(&mut self, ms: u64) {
        for _ in 0..ms {
            self.now += Duration::from_millis(1);
            self.readers.tick(self.now);
            self.panel.tick(self.now);
            self.random += 1;
            let random = self.random.to_be_bytes();
            if let Some(asked) = self.panel.transmit(self.now, &mut || random) {
                let answer = self.readers.receive(&asked, self.now);
                self.panel.receive(&answer, self.now);
            }
            while let Some(event) = self.panel.next_event() {
                self.events.push(event);
            }
        }
    }

    fn act(&mut self, cue: &str) -> Result<(), CueError> {
        self.readers.act(&Cue::parse(cue)?, self.now)
    }

    fn command(&mut self, reader: usize, action: OutputAction) {
        let command = Command::Output(vec![Output { number: 0, action }]);
        let expires = self.now + Duration::from_secs(1);
        self.panel.command(reader, 7, command, expires).unwrap();
    }

    /// What was told, as text.
    fn told(&mut self) -> Vec<String> {
        std::iter::from_fn(|| self.readers.next_told())
            .map(|told| told.to_value().to_string())
            .collect()
    }

    /// What the inputs said, in order.
    fn inputs(&mut self) -> Vec<Vec<bool>> {
        std::mem::take(&mut self.events)
            .into_iter()
            .filter_map(|(_, event)| match event {
                PanelEvent::Said(Reply::Inputs(states)) => {
                    Some(states.into_iter().map(|one| one == Circuit::Active).collect())
                }
                _ => None,
            })
            .collect()
    }
}

fn secured(address: u8) -> ReaderPlan {
    ReaderPlan::plain(address, Some(KEY))
}

const RELEASED: [&str; 2] =
    [r#"{"output":{"number":0,"on":true},"reader":1}"#, r#"{"reader":1,"strike":"released"}"#];
const SECURED: [&str; 2] =
    [r#"{"output":{"number":0,"on":false},"reader":1}"#, r#"{"reader":1,"strike":"secured"}"#];

/// As objects: the order of a JSON object's keys is no part of what is told.
fn same(told: Vec<String>, expected: &[&str]) {
    let value = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
    let told: Vec<_> = told.iter().map(|text| value(text)).collect();
    let expected: Vec<_> = expected.iter().map(|text| value(text)).collect();
    assert_eq!(told, expected);
}

#[test]
fn somebody_presents_a_card_is_let_through_and_goes() {
    let mut line = Line::new(&[secured(1), secured(2)]);
    line.act(r#"{"reader": 1, "card": {"format": "H10301", "facility": 42, "number": 69}}"#)
        .unwrap();
    line.run(100);
    let card = line.events.iter().find_map(|(place, event)| match event {
        PanelEvent::Said(Reply::Card(card)) => Some((*place, card.bits.expose_text())),
        _ => None,
    });
    assert_eq!(card, Some((0, "10010101000000000010001010".to_owned())));
    line.events.clear();

    line.command(0, OutputAction::OnFor(30));
    line.run(5_000);
    let leaf = [r#"{"reader":1,"leaf":"open"}"#, r#"{"reader":1,"leaf":"shut"}"#];
    same(line.told(), &[&RELEASED[..], &leaf[..], &SECURED[..]].concat());
    assert_eq!(line.inputs(), [vec![true, false, false], vec![false, false, false]]);
}

#[test]
fn who_stays_is_not_taken_and_who_lingers_holds_the_leaf() {
    let mut line = Line::new(&[ReaderPlan { people: People::Stay, ..secured(1) }]);
    line.command(0, OutputAction::OnFor(10));
    line.run(3_000);
    same(line.told(), &[RELEASED, SECURED].concat());
    assert!(line.inputs().is_empty());

    line.act(r#"{"reader": 1, "people": "linger"}"#).unwrap();
    line.command(0, OutputAction::OnFor(10));
    line.run(60_000);
    assert_eq!(line.inputs(), [vec![true, false, false]]);
    line.act(r#"{"reader": 1, "leaf": "close"}"#).unwrap();
    line.run(200);
    assert_eq!(line.inputs(), [vec![false, false, false]]);
}

#[test]
fn a_strike_holds_and_force_does_not_ask() {
    let mut line = Line::new(&[secured(1)]);
    assert_eq!(line.act(r#"{"reader": 1, "leaf": "open"}"#), Err(CueError::Held));
    line.act(r#"{"reader": 1, "leaf": "force"}"#).unwrap();
    line.run(200);
    same(line.told(), &[r#"{"reader":1,"leaf":"open"}"#]);
    assert_eq!(line.inputs(), [vec![true, false, false]]);
}

#[test]
fn a_contact_may_lie() {
    let mut line = Line::new(&[secured(1)]);
    line.act(r#"{"reader": 1, "contact": "stuck_shut"}"#).unwrap();
    line.act(r#"{"reader": 1, "leaf": "force"}"#).unwrap();
    line.run(500);
    assert!(line.inputs().is_empty());
    line.act(r#"{"reader": 1, "contact": "rattles"}"#).unwrap();
    line.run(2_000);
    let mut heard = line.inputs();
    assert!((14..=18).contains(&heard.len()), "{heard:?}");
    line.act(r#"{"reader": 1, "contact": "sound"}"#).unwrap();
    line.run(500);
    heard.extend(line.inputs());
    assert_eq!(heard.last(), Some(&vec![true, false, false]));
}

#[test]
fn the_button_and_the_fire_relay_are_inputs() {
    let mut line = Line::new(&[secured(1)]);
    line.act(r#"{"reader": 1, "exit": true}"#).unwrap();
    line.run(3_000);
    assert_eq!(line.inputs(), [vec![false, true, false], vec![false, false, false]]);
    line.act(r#"{"reader": 1, "fire": true}"#).unwrap();
    line.run(200);
    assert_eq!(line.inputs(), [vec![false, false, true]]);
    line.act(r#"{"reader": 1, "tamper": true}"#).unwrap();
    line.act(r#"{"reader": 1, "power_failing": true}"#).unwrap();
    line.run(200);
    let local: Vec<(bool, bool)> = std::mem::take(&mut line.events)
        .into_iter()
        .filter_map(|(_, event)| match event {
            PanelEvent::Said(Reply::Local { is_tampered, is_power_failing }) => {
                Some((is_tampered, is_power_failing))
            }
            _ => None,
        })
        .collect();
    assert_eq!(local, [(true, false), (true, true)]);
}

#[test]
fn a_magnet_lets_go_when_its_power_does() {
    let mut plan = secured(1);
    plan.door.is_released_by_off = true;
    let mut line = Line::new(&[plan]);
    line.command(0, OutputAction::On);
    line.run(200);
    same(line.told(), &[RELEASED[0], SECURED[1]]);
    line.act(r#"{"reader": 1, "switched": false}"#).unwrap();
    line.run(3_000);
    same(line.told(), &[RELEASED[1], r#"{"reader":1,"secure":false}"#]);
    let down = PanelEvent::Down(DownReason::NoAnswer);
    assert!(line.events.iter().any(|(_, event)| *event == down));
    assert_eq!(line.act(r#"{"reader": 1, "keys": "1#"}"#), Err(CueError::Off));
    line.events.clear();
    line.act(r#"{"reader": 1, "switched": true}"#).unwrap();
    line.run(5_000);
    assert!(line.events.iter().any(|(_, event)| matches!(event, PanelEvent::Online(_))));
}

#[test]
fn another_device_in_its_place_is_noticed() {
    let mut line = Line::new(&[secured(1)]);
    line.act(r#"{"reader": 1, "serial": 77}"#).unwrap();
    line.run(5_000);
    let swapped = line.events.iter().find_map(|(_, event)| match event {
        PanelEvent::Swapped { before, now } => Some((before.serial, now.serial)),
        _ => None,
    });
    assert_eq!(swapped, Some((1_001, 77)));
}

#[test]
fn an_output_that_is_not_there_is_refused() {
    let mut line = Line::new(&[secured(1)]);
    let command = Command::Output(vec![Output { number: 3, action: OutputAction::On }]);
    line.panel.command(0, 9, command, line.now + Duration::from_secs(1)).unwrap();
    line.run(200);
    let refused = PanelEvent::Finished { id: 9, outcome: Outcome::Refused(NakCode::UNABLE) };
    assert!(line.events.iter().any(|(_, event)| *event == refused));
    assert!(line.told().is_empty());
}

#[test]
fn cards_wait_within_a_bound_and_are_said_in_order() {
    let mut line = Line::new(&[secured(1)]);
    let card = |number: usize| format!(r#"{{"reader": 1, "card": "{number:026b}"}}"#);
    let mut taken = 0;
    while line.act(&card(taken + 1)).is_ok() {
        taken += 1;
    }
    assert_eq!(taken, codec::osdp::REPLIES_WAITING_MAX);
    assert_eq!(line.act(&card(1)), Err(CueError::Full));
    line.run(5_000);
    let said: Vec<String> = std::mem::take(&mut line.events)
        .into_iter()
        .filter_map(|(_, event)| match event {
            PanelEvent::Said(Reply::Card(card)) => Some(card.bits.expose_text()),
            _ => None,
        })
        .collect();
    let expected: Vec<String> = (1..=taken).map(|number| format!("{number:026b}")).collect();
    assert_eq!(said, expected);
}

#[test]
fn cues_are_read_or_refused_and_show_no_card() {
    for (line, said) in [
        ("", "expected an object"),
        ("[]", "expected an object"),
        (r#"{"card": "0101"}"#, "`reader` is no address"),
        (r#"{"reader": 300, "tamper": true}"#, "`reader` is no address"),
        (r#"{"reader": 1}"#, "no such gesture at reader 1"),
        (r#"{"reader": 1, "tamper": true, "fire": true}"#, "no such gesture"),
        (r#"{"reader": 1, "dance": true}"#, "no such gesture"),
        (r#"{"reader": 1, "card": 4711}"#, "no such gesture"),
    ] {
        let why = Cue::parse(line).unwrap_err().to_string();
        assert!(why.contains(said), "{line}: {why}");
        assert!(!why.contains("4711"));
    }
    assert_eq!(Cue::parse(&" ".repeat(5_000)), Err(CueError::TooLong));
    let plans = [secured(1)];
    for (line, said) in [
        (r#"{"reader": 2, "tamper": true}"#, "there is no reader at address 2"),
        (r#"{"reader": 1, "card": "012"}"#, "the bits are not"),
        (r#"{"reader": 1, "card": {"format": "H1", "number": 4711}}"#, "no card format `H1`"),
        (
            r#"{"reader": 1, "card": {"format": "H10301", "facility": 1, "number": 99999}}"#,
            "the number is more than 65535",
        ),
        (r#"{"reader": 1, "keys": "12a"}"#, "the keys are 1 to 32"),
    ] {
        let cue = Cue::parse(line).unwrap();
        assert!(!format!("{cue:?}").contains("4711"));
        let mut readers = Readers::new(&plans, 1).unwrap();
        let why = readers.act(&cue, Duration::ZERO).unwrap_err().to_string();
        assert!(why.contains(said) && !why.contains("4711"), "{line}: {why}");
    }
}

#[test]
fn lines_that_cannot_be_are_refused() {
    assert_eq!(Readers::new(&[], 1).err(), Some(PlanError::Count(0)));
    assert_eq!(Readers::new(&[secured(127)], 1).err(), Some(PlanError::Address(127)));
    let mut plan = secured(1);
    plan.door.exit_input = 0;
    assert_eq!(Readers::new(&[plan], 1).err(), Some(PlanError::Inputs(1)));
}

#[test]
fn two_readers_at_one_address_are_never_believed() {
    // Both answer at once, as two devices with the same switches set do.
    let plans = [secured(1), ReaderPlan { serial: 5, ..secured(1) }];
    let mut panel =
        Panel::new(&[ReaderConfig { address: 1, security: Security::Key(KEY) }], Timing::default());
    panel.set_line(true, Duration::ZERO);
    let mut readers = Readers::new(&plans, 1).unwrap();
    readers.act(&Cue::parse(r#"{"reader": 1, "card": "1010"}"#).unwrap(), Duration::ZERO).unwrap();
    let mut now = Duration::ZERO;
    for step in 0..20_000_u64 {
        now += Duration::from_millis(1);
        panel.tick(now);
        if let Some(asked) = panel.transmit(now, &mut || step.to_be_bytes()) {
            let answer = readers.receive(&asked, now);
            panel.receive(&answer, now);
        }
    }
    let (mut cards, mut told) = (0, 0);
    while let Some((_, event)) = panel.next_event() {
        cards += usize::from(matches!(event, PanelEvent::Said(Reply::Card(_))));
        told += usize::from(event == PanelEvent::AnsweredTwice);
    }
    assert!(told >= 1, "nobody is told of two devices");
    // One of the two cards, or none: what comes second answers no question.
    assert!(cards <= 1, "{cards}");
    assert!(panel.counters().unexpected > 0, "{:?}", panel.counters());
}
