//! Which source an observed record belongs to, and how far its sender is believed.

use std::net::IpAddr;

use adapters::Observed;
use model::spine::Source;
use model::{Organisation, Raw, SourceId, Trust, Wire};

/// What of a syslog header assignment looks at.
#[derive(Debug, Default, Clone, Copy)]
struct Header<'a> {
    hostname: Option<&'a str>,
    app_name: Option<&'a str>,
}

/// One source's matching, prepared.
#[derive(Debug)]
struct Matcher {
    source: SourceId,
    declared: Trust,
    listener: Option<String>,
    peer: Option<Network>,
    hostname: Option<String>,
    app_name: Option<String>,
    topic: Option<String>,
}

/// An address or a prefix.
#[derive(Debug, Clone, Copy)]
struct Network {
    base: IpAddr,
    bits: u8,
}

impl Network {
    fn parse(text: &str) -> Option<Self> {
        let (base, bits) = match text.split_once('/') {
            Some((base, bits)) => (base.parse().ok()?, Some(bits.parse().ok()?)),
            None => (text.parse().ok()?, None),
        };
        let whole = match base {
            IpAddr::V4(_) => 32,
            IpAddr::V6(_) => 128,
        };
        Some(Self { base, bits: bits.unwrap_or(whole).min(whole) })
    }

    fn contains(&self, address: IpAddr) -> bool {
        let (base, address, whole) = match (self.base, address.to_canonical()) {
            (IpAddr::V4(base), IpAddr::V4(address)) => {
                (u128::from(base.to_bits()), u128::from(address.to_bits()), 32)
            }
            (IpAddr::V6(base), IpAddr::V6(address)) => (base.to_bits(), address.to_bits(), 128),
            (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => return false,
        };
        let shift = whole - u32::from(self.bits);
        base.checked_shr(shift).unwrap_or(0) == address.checked_shr(shift).unwrap_or(0)
    }
}

/// Assigns records to the sources of one organisation.
#[derive(Debug)]
pub struct Assigner {
    matchers: Vec<Matcher>,
    looks_at_syslog: bool,
    unassigned: SourceId,
}

impl Assigner {
    /// Prepares the sources' `match` tables. The most particular match is tried first.
    pub fn new(org: &Organisation, unassigned: SourceId) -> Self {
        let mut matchers: Vec<Matcher> = org.sources.values().filter_map(Matcher::of).collect();
        matchers.sort_by_key(|m| (std::cmp::Reverse(m.particular()), m.source.clone()));
        let looks_at_syslog = matchers.iter().any(|m| m.hostname.is_some() || m.app_name.is_some());
        Self { matchers, looks_at_syslog, unassigned }
    }

    /// The record with its source and the trust its sender has earned.
    pub fn assign(&self, observed: Observed) -> Raw {
        let header = match observed.wire {
            Wire::Syslog if self.looks_at_syslog => peek(&observed.body),
            Wire::Syslog | Wire::Json | Wire::Csv | Wire::Cef | Wire::Leef => Header::default(),
            Wire::Kv | Wire::Xml | Wire::Mqtt | Wire::Udp => Header::default(),
        };
        let peer: Option<IpAddr> = observed.peer.as_deref().and_then(|p| p.parse().ok());
        let found = self.matchers.iter().find(|m| m.takes(&observed, peer, header));
        let (source, trust) = match found {
            Some(m) => (m.source.clone(), m.trust(observed.trust)),
            None => (self.unassigned.clone(), observed.trust),
        };
        raw_of(observed, source, trust)
    }
}

/// A record whose source is known beforehand, as that of a followed file is: whoever configured
/// the file vouches for it.
pub fn assigned(observed: Observed, source: &SourceId) -> Raw {
    raw_of(observed, source.clone(), Trust::Token)
}

fn raw_of(observed: Observed, source: SourceId, trust: Trust) -> Raw {
    Raw {
        source,
        received_at: observed.received_at,
        wire: observed.wire,
        listener: observed.listener,
        peer: observed.peer,
        topic: observed.topic,
        trust,
        bytes_cut: observed.bytes_cut,
        rerun_of: None,
        body: observed.body,
    }
}

impl Matcher {
    fn of(source: &Source) -> Option<Self> {
        let wanted = &source.matching;
        let matcher = Self {
            source: source.id.clone(),
            declared: source.trust,
            listener: wanted.listener.clone(),
            peer: wanted.peer.as_deref().and_then(Network::parse),
            hostname: wanted.hostname.clone(),
            app_name: wanted.app_name.clone(),
            topic: wanted.topic.clone(),
        };
        (matcher.particular() > 0).then_some(matcher)
    }

    /// How many things it asks for.
    fn particular(&self) -> usize {
        [
            self.listener.is_some(),
            self.peer.is_some(),
            self.hostname.is_some(),
            self.app_name.is_some(),
            self.topic.is_some(),
        ]
        .into_iter()
        .filter(|asked| *asked)
        .count()
    }

    fn takes(&self, observed: &Observed, peer: Option<IpAddr>, header: Header<'_>) -> bool {
        let same = |wanted: &Option<String>, found: Option<&str>| {
            wanted.as_deref().is_none_or(|w| found.is_some_and(|f| f.eq_ignore_ascii_case(w)))
        };
        self.listener.as_deref().is_none_or(|l| l == &*observed.listener)
            && self.peer.is_none_or(|net| peer.is_some_and(|p| net.contains(p)))
            && same(&self.hostname, header.hostname)
            && same(&self.app_name, header.app_name)
            && self.topic.as_deref().is_none_or(|filter| {
                observed.topic.as_deref().is_some_and(|topic| topic_matches(filter, topic))
            })
    }

    /// What the transport proved; an address that was asked for and matched counts as `address`
    /// where the source's declaration allows it.
    fn trust(&self, proved: Trust) -> Trust {
        if proved == Trust::None && self.peer.is_some() && self.declared >= Trust::Address {
            Trust::Address
        } else {
            proved
        }
    }
}

fn peek(body: &[u8]) -> Header<'_> {
    let parsed = codec::syslog::parse(body);
    Header { hostname: parsed.message.hostname, app_name: parsed.message.app_name }
}

/// MQTT topic filters: `+` is one level, `#` the rest.
/// SOURCE: MQTT 3.1.1, section 4.7.1.
pub fn topic_matches(filter: &str, topic: &str) -> bool {
    let mut wanted = filter.split('/');
    let mut found = topic.split('/');
    loop {
        match (wanted.next(), found.next()) {
            (Some("#"), _) | (None, None) => return true,
            (Some("+"), Some(_)) => {}
            (Some(w), Some(f)) if w == f => {}
            (Some(_), Some(_) | None) | (None, Some(_)) => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests fail by panicking")]
    use super::*;

    #[test]
    fn topics_match_by_level() {
        for (filter, topic, is) in [
            ("frigate/events", "frigate/events", true),
            ("frigate/+", "frigate/events", true),
            ("frigate/#", "frigate/a/b", true),
            ("frigate/#", "frigate", true),
            ("frigate/+", "frigate/a/b", false),
            ("#", "a", true),
        ] {
            assert_eq!(topic_matches(filter, topic), is, "{filter} {topic}");
        }
    }

    #[test]
    fn prefixes_hold_their_addresses_and_no_others() {
        let net = Network::parse("10.2.0.0/16").unwrap();
        assert!(net.contains("10.2.255.1".parse().unwrap()));
        assert!(net.contains("::ffff:10.2.0.9".parse().unwrap()));
        assert!(!net.contains("10.3.0.1".parse().unwrap()));
        let all = Network::parse("0.0.0.0/0").unwrap();
        assert!(all.contains("203.0.113.9".parse().unwrap()));
        assert!(Network::parse("::1").unwrap().contains("::1".parse().unwrap()));
    }
}
