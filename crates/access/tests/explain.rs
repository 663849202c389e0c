//! What is told of a decision is what was decided.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

mod common;
#[path = "common/policies.rs"]
mod random;

use access::door::*;
use common::{at, house};
use model::{CredentialId, DoorId, PersonId};
use random::{DOORS, Dice, PEOPLE, policies, world};

const KEY: HashKey = HashKey::new([9; 32]);

fn card(n: u64) -> CredentialKey {
    let number = u128::from(n);
    KEY.card(&CardNumber { format: "f", facility: 0, number, issue: 0 })
}

/// Random houses, policies and circumstances: the first check that stopped gives the reason that
/// the decision gives, and the policies that are told conclude as the decision did.
#[test]
fn the_check_that_stopped_gives_the_reason_that_was_given() {
    let mut stopped = std::collections::BTreeMap::new();
    for seed in 0..60 {
        let mut dice = Dice::new(seed);
        let mut snapshot = world(&mut dice);
        let _ = policies(&mut dice, &mut snapshot);
        for n in 0..PEOPLE {
            let person = PersonId::parse(&format!("p{n}")).unwrap();
            let id = CredentialId::parse(&format!("c{n}")).unwrap();
            let mut one = Credential::card(id, card(n), person);
            if dice.roll(5) == 0 {
                one.standing = *dice.one(Standing::ALL);
            }
            snapshot.put_credential(one);
        }
        let now = at("2026-11-23T09:00:00Z");
        snapshot.rights = RightsAge { confirmed_at: now, is_trusted: dice.roll(4) > 0 };
        if dice.roll(3) == 0 {
            let zone = model::ZoneId::parse(&format!("z{}", dice.roll(6))).unwrap();
            snapshot.live.lock_down(zone, now, None);
        }
        for _ in 0..200 {
            let door = DoorId::parse(&format!("d{}", dice.roll(DOORS))).unwrap();
            let mut request = Request::card(door, card(dice.roll(PEOPLE + 1)));
            request.direction = *dice.one(Direction::ALL);
            let told = explain(&snapshot, &request, now);
            assert_eq!(told.decision, decide(&snapshot, &request, now), "seed {seed}");
            assert_eq!(told.checks.len(), CHECKS.len());
            let first = told.checks.iter().find(|told| told.verdict == CheckVerdict::Stopped);
            if told.decision.outcome == Outcome::Refuse {
                let first = first.unwrap_or_else(|| panic!("seed {seed}: {told:?}"));
                assert_eq!(first.because.as_ref(), Some(&told.decision.because), "seed {seed}");
                *stopped.entry(first.check).or_insert(0) += 1;
            } else {
                assert_eq!(first, None, "seed {seed}: {told:?}");
            }
            let spoke = |verdict| {
                let of = told.policies.iter().filter(move |one| one.verdict == verdict);
                of.map(|one| one.policy.clone()).take(POLICIES_NAMED_MAX).collect::<Vec<_>>()
            };
            if told.decision.because == Reason::Permitted {
                assert_eq!(spoke(PolicyVerdict::Permits), told.decision.policies);
                assert!(spoke(PolicyVerdict::Forbids).is_empty());
            }
        }
    }
    assert!(stopped.len() >= 4, "too little was tried: {stopped:?}");
}

#[test]
fn a_lockdown_is_told_at_its_place_among_the_checks() {
    let mut snapshot = house();
    let now = at("2026-11-23T09:00:00Z");
    let person = snapshot.people().persons().next().unwrap().id.clone();
    let door = snapshot.estate().doors().next().unwrap().clone();
    let of = |one: &&Credential| one.person.as_ref() == Some(&person);
    let key = snapshot.people().credentials().find(of).unwrap().key;
    snapshot.live.lock_down(door.to.clone(), now, None);
    let told = explain(&snapshot, &Request::card(door.id, key), now);
    let at = CHECKS.iter().position(|check| *check == "lockdown").unwrap();
    assert_eq!(told.checks[at].verdict, CheckVerdict::Stopped, "{:?}", told.checks);
    assert_eq!(told.checks[at + 1].verdict, CheckVerdict::NotReached);
}
