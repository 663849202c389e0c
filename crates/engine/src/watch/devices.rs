//! Whether people's devices are as the house wants them, by the word of whoever manages them and by
//! the incidents that name them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use access::door::Posture;
use model::value::Value;
use model::{AssetId, Event, Organisation, PersonId, Timestamp, Trust};

/// A word that all is well counts for so long; one that it is not, until a newer one.
pub const POSTURE_AGE_MAX: Duration = Duration::from_secs(7 * 24 * 3_600);
/// SOURCE: OCSF 1.8.0, object `device`.
const COMPLIANT: &str = "device.is_compliant";

/// The newest word on one thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Word {
    at: Timestamp,
    is_compliant: bool,
}

/// The newest word on every thing of which there is one: as many as the organisation has, no more.
#[derive(Debug, Default)]
pub struct Devices(Mutex<BTreeMap<AssetId, Word>>);

impl Devices {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<AssetId, Word>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Forgets what the organisation has no more.
    pub fn watch(&self, org: &Organisation) {
        self.lock().retain(|id, _| org.assets.contains_key(id));
    }

    /// Takes in one judged event. What anyone could have sent says nothing; of two words the newer
    /// counts, of two at one instant the worse.
    pub fn take(&self, event: &Event) {
        let Some(Value::Bool(is_compliant)) = event.get(COMPLIANT) else { return };
        let device = event.enrichment.as_ref().and_then(|known| known.device.as_ref());
        let asset = device.and_then(|device| device.asset.as_ref());
        let Some(asset) = asset.filter(|_| event.trust != Trust::None) else { return };
        let word = Word { at: event.time, is_compliant: *is_compliant };
        let mut all = self.lock();
        let had = all.entry(asset.clone()).or_insert(word);
        if (word.at, !word.is_compliant) > (had.at, !had.is_compliant) {
            *had = word;
        }
    }

    /// How the devices of people stand. `accused`: things that grave open incidents name. Whoever
    /// is not named has no device of which anything is known.
    ///
    /// One device that is not as it should be is enough; that all is well needs a word that is
    /// young enough on one of them.
    pub fn postures(
        &self,
        org: &Organisation,
        accused: &BTreeSet<AssetId>,
        now: Timestamp,
    ) -> BTreeMap<PersonId, Posture> {
        let words = self.lock();
        let mut people: BTreeMap<PersonId, Posture> = BTreeMap::new();
        let of_somebody =
            accused.iter().chain(words.keys()).filter_map(|id| Some((id, org.assets.get(id)?)));
        for (id, asset) in of_somebody {
            let Some(owner) = &asset.owner else { continue };
            let word = words.get(id);
            let is_well = match word {
                _ if accused.contains(id) => false,
                None => continue,
                Some(word) if !word.is_compliant => false,
                Some(word) if now.since(word.at) > POSTURE_AGE_MAX => continue,
                Some(_) => true,
            };
            let posture = people.entry(owner.clone()).or_insert(Posture::Compliant);
            if !is_well {
                *posture = Posture::NonCompliant;
            }
        }
        people
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests fail by panicking")]
    use model::spine::Asset;
    use serde_json::json;

    use super::*;
    use crate::watch::sample::event;

    fn said(second: i64, asset: &str, is_compliant: bool) -> Event {
        let ocsf = json!({"device": {"is_compliant": is_compliant}});
        event(3_002, second, ocsf, json!({"device": {"asset": asset}, "time": 0}))
    }

    fn organisation() -> Organisation {
        let mut org = crate::knowledge::empty_organisation().unwrap();
        for (id, owner) in [("ws-ana", Some("ana")), ("phone-ana", Some("ana")), ("printer", None)]
        {
            let id = AssetId::parse(id).unwrap();
            let owner = owner.map(|owner| PersonId::parse(owner).unwrap());
            let asset = Asset {
                id: id.clone(),
                kind: "workstation".to_owned(),
                name: None,
                place: None,
                owner,
                team: None,
                make: None,
                model: None,
                firmware: None,
                serial: None,
                criticality: None,
            };
            org.assets.insert(id, asset);
        }
        org
    }

    #[test]
    fn one_device_that_is_not_well_is_enough_and_a_good_word_ages() {
        let (devices, org) = (Devices::default(), organisation());
        let ana = PersonId::parse("ana").unwrap();
        let none = BTreeSet::new();
        let of_ana = |accused: &BTreeSet<AssetId>, second: i64| {
            devices.postures(&org, accused, Timestamp::from_secs(second)).get(&ana).copied()
        };
        assert_eq!(of_ana(&none, 5), None);
        devices.take(&said(10, "ws-ana", true));
        devices.take(&said(10, "printer", false));
        assert_eq!(of_ana(&none, 20), Some(Posture::Compliant));
        // An older word changes nothing; a newer one of her other device does.
        devices.take(&said(5, "ws-ana", false));
        assert_eq!(of_ana(&none, 20), Some(Posture::Compliant));
        devices.take(&said(30, "phone-ana", false));
        assert_eq!(of_ana(&none, 40), Some(Posture::NonCompliant));
        devices.take(&said(50, "phone-ana", true));
        assert_eq!(of_ana(&none, 60), Some(Posture::Compliant));
        let accused = BTreeSet::from([AssetId::parse("ws-ana").unwrap()]);
        assert_eq!(of_ana(&accused, 60), Some(Posture::NonCompliant));
        let old = 51 + i64::try_from(POSTURE_AGE_MAX.as_secs()).unwrap();
        assert_eq!(of_ana(&none, old), None);
        assert_eq!(of_ana(&accused, old), Some(Posture::NonCompliant));
        // Two words at one instant: the worse.
        devices.take(&said(50, "phone-ana", false));
        assert_eq!(of_ana(&none, 60), Some(Posture::NonCompliant));
    }

    #[test]
    fn what_anyone_could_have_sent_says_nothing() {
        let (devices, org) = (Devices::default(), organisation());
        let mut stranger = said(10, "ws-ana", true);
        stranger.trust = Trust::None;
        devices.take(&stranger);
        assert!(devices.postures(&org, &BTreeSet::new(), Timestamp::from_secs(20)).is_empty());
    }
}
