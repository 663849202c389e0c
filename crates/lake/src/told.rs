//! What a stored event says, in the few words that people read: what happened, who, where, with
//! which thing. The console says the same of an event that it shows (`console/src/event`).

use serde_json::Value;

use crate::search::Found;

/// SOURCE: OCSF physec 0.1.0, `physical_access_activity`.
const PHYSICAL_ACCESS: i64 = 4_230_001;
/// SOURCE: OCSF 1.8.0, Authentication.
const AUTHENTICATION: i64 = 3_002;
/// SOURCE: OCSF 1.8.0, Network Activity.
const NETWORK: i64 = 4_001;
/// Things that are carried about: where they belong is not where they are.
const CARRIED: [&str; 3] = ["laptop", "phone", "tablet"];

/// What people read of an event.
pub struct Told(Value);

impl Told {
    /// Reads it of an event; of one that is no JSON, nothing.
    pub fn of(found: &Found) -> Self {
        Self(serde_json::from_str(&found.ocsf).unwrap_or_default())
    }

    /// The first of these paths that says something.
    pub fn text(&self, paths: &[&str]) -> Option<&str> {
        let at = |path: &&str| {
            let mut value = &self.0;
            for name in path.split('.') {
                value = value.get(name)?;
            }
            value.as_str().filter(|text| !text.is_empty())
        };
        paths.iter().find_map(at)
    }

    /// A whole number.
    pub fn number(&self, path: &str) -> Option<i64> {
        let mut value = &self.0;
        for name in path.split('.') {
            value = value.get(name)?;
        }
        value.as_i64()
    }

    fn class_uid(&self) -> i64 {
        self.number("class_uid").unwrap_or_default()
    }

    /// Who did it, or whose thing did.
    pub fn person(&self) -> Option<&str> {
        self.text(&["castellan.person", "castellan.src.owner.id"])
    }

    /// The account that was used.
    pub fn account(&self) -> Option<&str> {
        self.text(&["user.name", "user.email_addr", "actor.user.name", "user.uid"])
    }

    /// Where it happened. Of traffic that is where its thing stands: the firewall that saw it is
    /// elsewhere, and a thing that is carried about is where nobody says.
    pub fn place(&self) -> Option<&str> {
        if !self.is_traffic() {
            let paths = ["castellan.place.id", "castellan.place.zone", "castellan.device.place"];
            return self.text(&paths);
        }
        let is_carried = self.text(&["castellan.src.kind"]).is_some_and(|k| CARRIED.contains(&k));
        self.text(&["castellan.src.place"]).filter(|_| !is_carried)
    }

    fn is_traffic(&self) -> bool {
        (4_000..5_000).contains(&self.class_uid())
    }

    /// Which thing did it.
    pub fn thing(&self) -> Option<&str> {
        self.text(&["castellan.src.asset", "castellan.device.asset", "castellan.dst.asset"])
    }

    /// The host it was done on, as its source calls it.
    pub fn host(&self) -> Option<&str> {
        let reporter = if self.is_traffic() { "" } else { "device.hostname" };
        self.text(&["src_endpoint.hostname", reporter, "device.name"])
    }

    /// The host it led to.
    pub fn dst_host(&self) -> Option<&str> {
        self.text(&["dst_endpoint.hostname", "dst_endpoint.name", "castellan.dst.asset"])
    }

    /// Which device said so.
    pub fn reporter(&self) -> Option<&str> {
        self.text(&["castellan.device.asset", "device.hostname", "device.name", "device.uid"])
    }

    /// What happened, as a sentence without its time.
    pub fn what(&self) -> String {
        match self.class_uid() {
            PHYSICAL_ACCESS => self.passage(),
            AUTHENTICATION => self.logon(),
            NETWORK => self.traffic(),
            0 if self.text(&["message"]).is_none() => "A record that is not understood yet".into(),
            uid => {
                let paths = ["message", "finding_info.title", "api.operation"];
                let named = ["activity_name", "type_name", "class_name"];
                let told = self.text(&paths).or_else(|| self.text(&named));
                told.map_or_else(|| format!("Event of class {uid}"), str::to_owned)
            }
        }
    }

    fn passage(&self) -> String {
        let what = match self.number("activity_id") {
            Some(1) => "Badge granted",
            Some(2) => "Badge refused",
            Some(3) => "Door passed",
            Some(4) => "Granted, door not used",
            Some(5) => "Door forced",
            Some(6) => "Door held open",
            Some(7) => "Request to exit",
            Some(8) => "Duress",
            Some(12) => "Tampering",
            Some(_) | None => {
                self.text(&["activity_name", "message"]).unwrap_or("Something at a door")
            }
        };
        what.to_owned()
    }

    fn logon(&self) -> String {
        let is_refused = self.number("status_id") == Some(2);
        let is_badge = self.text(&["logon_type"]) == Some("badge");
        let what = match (is_badge, self.number("activity_id"), is_refused) {
            (true, _, false) => "Badge read, as a sign-in",
            (true, _, true) => "Refused badge, as a sign-in",
            (false, Some(2), _) => "Signed out",
            (false, _, true) => "Sign-in refused",
            (false, Some(1), false) => "Signed in",
            (false, Some(_) | None, false) => {
                self.text(&["activity_name", "message"]).unwrap_or("Sign-in activity")
            }
        };
        let service = ["service.name", "dst_endpoint.hostname", "device.hostname"];
        match self.text(&service).filter(|_| !is_badge) {
            Some(service) => format!("{what}, {service}"),
            None => what.to_owned(),
        }
    }

    fn traffic(&self) -> String {
        let end = |paths: &[&str]| self.text(paths).unwrap_or("?").to_owned();
        let from = end(&["castellan.src.asset", "src_endpoint.hostname", "src_endpoint.ip"]);
        let to = end(&["castellan.dst.asset", "dst_endpoint.hostname", "dst_endpoint.ip"]);
        let port = self.number("dst_endpoint.port").map(|p| format!(":{p}")).unwrap_or_default();
        let is_denied =
            self.number("disposition_id") == Some(2) || self.number("action_id") == Some(2);
        let what = if is_denied { "Traffic stopped" } else { "Traffic" };
        format!("{what} from {from} to {to}{port}")
    }

    /// How it ended.
    pub fn outcome(&self) -> Option<&str> {
        if self.class_uid() == PHYSICAL_ACCESS {
            match self.number("activity_id") {
                Some(1 | 3) => return Some("granted"),
                Some(2) => return Some("refused"),
                Some(_) | None => {}
            }
        }
        match (self.number("disposition_id"), self.number("action_id")) {
            (Some(2), _) | (_, Some(2)) => return Some("stopped"),
            (Some(1), _) | (_, Some(1)) => return Some("allowed"),
            (Some(_) | None, Some(_) | None) => {}
        }
        match self.number("status_id") {
            Some(1) => Some("success"),
            Some(2) => Some("failure"),
            Some(_) | None => self.text(&["status"]),
        }
    }

    /// Its class, in the word that the filter of events knows it by.
    pub fn class(&self) -> Option<&str> {
        let word = match self.class_uid() {
            PHYSICAL_ACCESS => "door",
            4_230_002 => "alarm",
            4_230_003 => "alarm-handling",
            4_230_004 => "patrol",
            4_230_005 => "staffing",
            4_230_006 => "response",
            4_230_007 => "report",
            AUTHENTICATION => "logon",
            3_001 => "account",
            NETWORK => "network",
            4_002 => "http",
            4_003 => "dns",
            4_004 => "dhcp",
            4_005 => "rdp",
            4_007 => "ssh",
            4_009 => "email",
            4_014 => "vpn",
            1_001 => "file",
            1_007 => "process",
            2_004 => "finding",
            6_003 => "api",
            0 => "other",
            _ => return self.text(&["class_name"]),
        };
        Some(word)
    }

    /// SOURCE: OCSF 1.8.0, `severity_id`.
    pub fn severity(&self) -> Option<&str> {
        Some(match self.number("severity_id")? {
            1 => "informational",
            2 => "low",
            3 => "medium",
            4 => "high",
            5 => "critical",
            6 => "fatal",
            _ => return self.text(&["severity"]),
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(event: Value, expected: [Option<&str>; 4]) {
        let told = Told(event);
        let what = told.what();
        let found = [Some(what.as_str()), told.outcome(), told.place(), told.thing()];
        assert_eq!(found, expected);
    }

    #[test]
    fn an_event_says_what_happened_where_and_to_which_thing() {
        let door = json!({"class_uid": 4_230_001, "activity_id": 2, "status_id": 2,
            "castellan": {"place": {"id": "d-main"}}});
        check(door, [Some("Badge refused"), Some("refused"), Some("d-main"), None]);
        let logon = json!({"class_uid": 3002, "activity_id": 1, "status_id": 2,
            "castellan": {"place": {"id": "room"}, "device": {"asset": "ws-1"}}});
        check(logon, [Some("Sign-in refused"), Some("failure"), Some("room"), Some("ws-1")]);
        let twin = json!({"class_uid": 3002, "status_id": 1, "logon_type": "badge"});
        check(twin, [Some("Badge read, as a sign-in"), Some("success"), None, None]);
        check(json!(null), [Some("A record that is not understood yet"), None, None, None]);
        check(json!({"class_uid": 9}), [Some("Event of class 9"), None, None, None]);
    }

    #[test]
    fn traffic_is_where_its_thing_stands_and_not_where_it_was_seen() {
        let from = |kind: &str| {
            json!({"class_uid": 4001, "action_id": 2, "dst_endpoint": {"ip": "203.0.113.4",
                "port": 443}, "castellan": {"place": {"id": "datacentre"},
                "src": {"asset": "pc", "kind": kind, "place": "west"}}})
        };
        let what = Some("Traffic stopped from pc to 203.0.113.4:443");
        let pc = Some("pc");
        check(from("workstation"), [what, Some("stopped"), Some("west"), pc]);
        check(from("laptop"), [what, Some("stopped"), None, pc]);
    }
}
