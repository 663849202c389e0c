//! A FortiGate firewall: key=value pairs behind an RFC 5424 header, octet-counted over TCP.

use chrono::{DateTime, Offset};
use chrono_tz::Tz;
use model::Timestamp;

use super::delayed;
use crate::chance::Chance;
use crate::record::{Channel, Framing, WireRecord};
use crate::roster::{Machine, Member};

/// Facility local7; the severity goes with the level.
const NOTICE: u8 = 189;
const INFORMATION: u8 = 190;
/// Where staff's traffic goes, and to which port.
const DESTINATIONS: [(&str, u16, &str); 6] = [
    ("203.0.113.10", 443, "HTTPS"),
    ("203.0.113.25", 443, "HTTPS"),
    ("203.0.113.40", 443, "HTTPS"),
    ("203.0.113.53", 53, "DNS"),
    ("203.0.113.80", 80, "HTTP"),
    ("203.0.113.123", 123, "NTP"),
];

/// One firewall.
pub(crate) struct Firewall<'a> {
    pub site: &'a str,
    pub serial: &'a str,
    pub zone: Tz,
}

/// One connection that has ended.
pub(crate) struct Flow {
    pub at: Timestamp,
    pub from: String,
    pub from_port: i64,
    pub to: String,
    pub port: u16,
    pub service: &'static str,
    pub bytes_out: u64,
    pub bytes_in: u64,
    pub seconds: i64,
    pub session: i64,
}

impl Flow {
    /// What a desk does a few hundred times a day.
    pub(crate) fn ordinary(desk: &Machine, at: Timestamp, chance: &mut Chance) -> Self {
        let (to, port, service) =
            chance.pick(&DESTINATIONS).copied().unwrap_or(("203.0.113.10", 443, "HTTPS"));
        let bytes =
            |chance: &mut Chance, most| u64::try_from(chance.between(120, most)).unwrap_or(0);
        Self {
            at,
            from: desk.ip.clone(),
            from_port: chance.between(49_152, 65_535),
            to: to.to_owned(),
            port,
            service,
            bytes_out: bytes(chance, 40_000),
            bytes_in: bytes(chance, 900_000),
            seconds: chance.between(1, 90),
            session: chance.between(100_000, 99_999_999),
        }
    }
}

impl Firewall<'_> {
    pub(crate) fn flow(&self, flow: &Flow) -> WireRecord {
        let Flow { from, from_port, to, port, service, .. } = flow;
        let protocol = if matches!(port, 53 | 123) { 17 } else { 6 };
        let body = format!(
            "logid=\"0000000013\" type=\"traffic\" subtype=\"forward\" level=\"notice\" \
             vd=\"root\" {} srcip={from} srcport={from_port} srcintf=\"lan\" \
             srcintfrole=\"lan\" dstip={to} dstport={port} dstintf=\"wan1\" dstintfrole=\"wan\" \
             sessionid={} proto={protocol} action=\"close\" policyid=12 policytype=\"policy\" \
             service=\"{service}\" trandisp=\"snat\" duration={} sentbyte={} rcvdbyte={} \
             sentpkt={} rcvdpkt={}",
            self.event_time(flow.at),
            flow.session,
            flow.seconds,
            flow.bytes_out,
            flow.bytes_in,
            flow.bytes_out / 900 + 1,
            flow.bytes_in / 1_200 + 1,
        );
        self.record(NOTICE, &body, flow.at)
    }

    /// A member's tunnel from home comes up, or goes down.
    pub(crate) fn tunnel(
        &self,
        member: &Member,
        up: bool,
        tunnel: i64,
        at: Timestamp,
    ) -> WireRecord {
        let (logid, word, action, said) = if up {
            ("0101039947", "SSL VPN tunnel up", "tunnel-up", "SSL tunnel established")
        } else {
            ("0101039948", "SSL VPN tunnel down", "tunnel-down", "SSL tunnel shutdown")
        };
        let body = format!(
            "logid=\"{logid}\" type=\"event\" subtype=\"vpn\" level=\"information\" vd=\"root\" \
             {} logdesc=\"{word}\" action=\"{action}\" tunneltype=\"ssl-tunnel\" \
             tunnelid={tunnel} remip={} tunnelip={} user=\"{}\" group=\"staff\" dst_host=\"N/A\" \
             reason=\"N/A\" msg=\"{said}\"",
            self.event_time(at),
            member.home_ip,
            member.tunnel_ip,
            member.account,
        );
        self.record(INFORMATION, &body, at)
    }

    /// How it fares.
    pub(crate) fn status(&self, at: Timestamp, chance: &mut Chance) -> WireRecord {
        let (cpu, memory) = (chance.between(2, 19), chance.between(33, 41));
        let sessions = chance.between(150, 900);
        let rate = chance.between(2, 30);
        let body = format!(
            "logid=\"0100040704\" type=\"event\" subtype=\"system\" level=\"notice\" vd=\"root\" \
             {} logdesc=\"System performance statistics\" action=\"perf-stats\" cpu={cpu} \
             mem={memory} totalsession={sessions} disk=2 setuprate={rate} \
             msg=\"Performance statistics: average CPU: {cpu}, memory: {memory}, concurrent \
             sessions: {sessions}, setup-rate: {rate}\"",
            self.event_time(at),
        );
        self.record(NOTICE, &body, at)
    }

    fn local(&self, at: Timestamp) -> DateTime<Tz> {
        at.to_chrono().with_timezone(&self.zone)
    }

    fn event_time(&self, at: Timestamp) -> String {
        let minutes = self.local(at).offset().fix().local_minus_utc() / 60;
        let sign = if minutes < 0 { '-' } else { '+' };
        let zone = format!("{sign}{:02}{:02}", minutes.abs() / 60, minutes.abs() % 60);
        format!("eventtime={} tz=\"{zone}\"", at.nanos())
    }

    fn record(&self, priority: u8, body: &str, at: Timestamp) -> WireRecord {
        let local = self.local(at);
        let header = local.format("%Y-%m-%dT%H:%M:%S%:z");
        let (date, time) = (local.format("%Y-%m-%d"), local.format("%H:%M:%S"));
        let name = format!("fw-{}", self.site);
        let text = format!(
            "<{priority}>1 {header} {name} - - - - date={date} time={time} devname=\"{name}\" \
             devid=\"{}\" {body}",
            self.serial
        );
        let channel = Channel::Syslog { framing: Framing::Octets };
        WireRecord { at: delayed(at, 30), channel, bytes: text.into_bytes() }
    }
}
