//! An endpoint protection in the manner of Microsoft Defender: alerts as its Graph interface gives
//! them, fetched every few seconds.

use model::Timestamp;
use serde_json::json;

use super::delayed;
use crate::chance::Chance;
use crate::record::WireRecord;
use crate::roster::{Machine, Member};

/// The source's id in the organisation folder.
const SOURCE: &str = "edr";
/// From the sensor's conclusion to us.
const DELAY_MS: (i64, i64) = (1_500, 4_000);

/// An alert about a machine and the account in use on it.
pub(crate) fn alert(
    machine: &Machine,
    member: &Member,
    (title, severity): (&str, &str),
    at: Timestamp,
    chance: &mut Chance,
) -> WireRecord {
    let time = at.to_chrono().format("%Y-%m-%dT%H:%M:%SZ").to_string();
    let domain = member.email.split('@').nth(1).unwrap_or_default();
    let value = json!({
        "id": format!("da{}", chance.hex(20)),
        "tenantId": "00000000-0000-4000-8000-00000000cafe",
        "title": title,
        "description": title,
        "category": "Exfiltration",
        "createdDateTime": time,
        "firstActivityDateTime": time,
        "lastActivityDateTime": time,
        "lastUpdateDateTime": time,
        "severity": severity,
        "status": "new",
        "serviceSource": "microsoftDefenderForEndpoint",
        "detectionSource": "microsoftDefenderForEndpoint",
        "incidentId": chance.between(100, 9_999).to_string(),
        "evidence": [
            {
                "@odata.type": "#microsoft.graph.security.deviceEvidence",
                "deviceDnsName": machine.hostname,
                "mdeDeviceId": chance.hex(40),
                "lastIpAddress": machine.ip,
                "verdict": "unknown",
            },
            {
                "@odata.type": "#microsoft.graph.security.userEvidence",
                "userAccount": {
                    "accountName": member.account,
                    "domainName": domain,
                    "userPrincipalName": member.email,
                    "displayName": member.name,
                },
            },
        ],
    });
    let (least, most) = DELAY_MS;
    super::json(delayed(at, chance.between(least, most)), SOURCE, &value)
}
