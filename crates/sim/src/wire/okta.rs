//! An identity provider in the manner of Okta's System Log.

use model::Timestamp;
use serde_json::json;

use super::delayed;
use crate::chance::Chance;
use crate::record::WireRecord;
use crate::roster::Member;

/// The log is polled; an event comes within seconds.
const DELAY_MS: (i64, i64) = (900, 3_500);

/// Somebody signs in.
pub(crate) fn session_start(
    member: &Member,
    ip: &str,
    at: Timestamp,
    chance: &mut Chance,
) -> WireRecord {
    let said = Said {
        event: "user.session.start",
        legacy: "core.user_auth.login_success",
        message: "User login to Okta",
        severity: "INFO",
        outcome: json!({ "result": "SUCCESS", "reason": null }),
    };
    event(member, ip, &said, at, chance)
}

/// A sign-in request on somebody's phone is approved or refused.
pub(crate) fn push(
    member: &Member,
    (ip, is_approved): (&str, bool),
    at: Timestamp,
    chance: &mut Chance,
) -> WireRecord {
    let (severity, outcome) = if is_approved {
        ("INFO", json!({ "result": "SUCCESS", "reason": null }))
    } else {
        ("WARN", json!({ "result": "FAILURE", "reason": "User rejected Okta push verify" }))
    };
    let said = Said {
        event: "user.authentication.auth_via_mfa",
        legacy: "core.user.factor.attempt_success",
        message: "Authentication of user via MFA",
        severity,
        outcome,
    };
    event(member, ip, &said, at, chance)
}

/// What differs from event to event.
struct Said {
    event: &'static str,
    legacy: &'static str,
    message: &'static str,
    severity: &'static str,
    outcome: serde_json::Value,
}

fn event(member: &Member, ip: &str, said: &Said, at: Timestamp, chance: &mut Chance) -> WireRecord {
    let id = chance.hex(32);
    let session = format!("102{}", chance.hex(20));
    let published = at.to_chrono().format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string();
    let agent = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0";
    let value = json!({
        "actor": {
            "id": member.user_id,
            "type": "User",
            "alternateId": member.email,
            "displayName": member.name,
            "detailEntry": null,
        },
        "client": {
            "userAgent": { "rawUserAgent": agent, "os": "Linux", "browser": "FIREFOX" },
            "zone": "null",
            "device": "Computer",
            "id": null,
            "ipAddress": ip,
            "geographicalContext": null,
        },
        "authenticationContext": {
            "authenticationProvider": null,
            "credentialProvider": null,
            "credentialType": null,
            "issuer": null,
            "interface": null,
            "authenticationStep": 0,
            "externalSessionId": session,
        },
        "displayMessage": said.message,
        "eventType": said.event,
        "outcome": said.outcome,
        "published": published,
        "securityContext": { "isProxy": false },
        "severity": said.severity,
        "legacyEventType": said.legacy,
        "transaction": { "type": "WEB", "id": chance.hex(24), "detail": {} },
        "uuid": id,
        "version": "0",
        "request": { "ipChain": [{ "ip": ip, "version": "V4", "source": null }] },
        "target": null,
    });
    let (least, most) = DELAY_MS;
    super::json(delayed(at, chance.between(least, most)), "okta", &value)
}
