//! The pairs of a FortiGate record by name.

use std::borrow::Cow;

use model::value::{Object, Text, Value};

/// Most fields without a place of their own; a record with more is left to the program.
const OTHERS_MAX: usize = 64;

macro_rules! fields {
    ($($length:literal { $($slot:ident: $name:literal),* $(,)? })*) => {
        /// Fields that the engine reads each have a place; of two with one name the first counts.
        /// What it uses up it takes out; the rest stays unmapped.
        #[derive(Default)]
        pub(super) struct Fields<'a> {
            $($(pub $slot: Option<Cow<'a, str>>,)*)*
            others: Vec<(&'a str, Cow<'a, str>)>,
        }

        impl<'a> Fields<'a> {
            /// Asked by length first: most names differ in it.
            fn place(&mut self, key: &str) -> Option<&mut Option<Cow<'a, str>>> {
                match key.len() {
                    $($length => match key {
                        $($name => Some(&mut self.$slot),)*
                        _ => None,
                    },)*
                    _ => None,
                }
            }

            /// What was not used up.
            pub fn unmapped(self) -> Option<Value> {
                let mut out: Vec<(Text, Value)> = Vec::with_capacity(32);
                $($(if let Some(text) = self.$slot {
                    out.push(($name.into(), text.into_owned().into()));
                })*)*
                let others = self.others.into_iter();
                out.extend(others.map(|(key, text)| {
                    (key.to_owned().into(), text.into_owned().into())
                }));
                (!out.is_empty()).then(|| Object::from_unique(out).into())
            }
        }

        #[cfg(test)]
        const NAMES: &[(usize, &str)] = &[$($(($length, $name),)*)*];
    };
}

fields! {
    2 { tz: "tz" }
    3 { msg: "msg", pri: "pri", src: "src", dst: "dst", url: "url", app: "app" }
    4 { kind: "type", date: "date", time: "time", user: "user", sent: "sent", rcvd: "rcvd" }
    5 {
        devid: "devid", logid: "logid", level: "level", srcip: "srcip", dstip: "dstip",
        proto: "proto", remip: "remip", locip: "locip",
    }
    6 { action: "action", status: "status", log_id: "log_id", srcmac: "srcmac" }
    7 {
        subtype: "subtype", devname: "devname", logdesc: "logdesc", srcname: "srcname",
        srcport: "srcport", dstport: "dstport", srcintf: "srcintf", dstintf: "dstintf",
        dstname: "dstname", src_int: "src_int", dst_int: "dst_int", remport: "remport",
        locport: "locport", crlevel: "crlevel", sentpkt: "sentpkt", rcvdpkt: "rcvdpkt",
        service: "service",
    }
    8 {
        severity: "severity", policyid: "policyid", duration: "duration", hostname: "hostname",
        sentbyte: "sentbyte", rcvdbyte: "rcvdbyte", src_port: "src_port", dst_port: "dst_port",
    }
    9 {
        eventtime: "eventtime", device_id: "device_id", direction: "direction",
        sessionid: "sessionid",
    }
    10 { policyname: "policyname" }
}

impl<'a> Fields<'a> {
    /// `None` when there are more than anybody sends.
    pub(super) fn read(text: &'a str) -> Option<Self> {
        let mut out = Self::default();
        for (key, value) in codec::kv::pairs(text) {
            if let Some(place) = out.place(key) {
                if place.is_none() {
                    *place = Some(value.text());
                }
            } else if !out.others.iter().any(|(known, _)| *known == key) {
                if out.others.len() == OTHERS_MAX {
                    return None;
                }
                out.others.push((key, value.text()));
            }
        }
        Some(out)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::{Fields, NAMES, OTHERS_MAX};

    #[test]
    fn each_name_stands_under_its_length_and_has_its_own_place() {
        for (length, name) in NAMES {
            assert_eq!(name.len(), *length, "{name}");
            let line = format!("{name}=1 {name}=2 other=3 other=4");
            let mut fields = Fields::read(&line).unwrap();
            assert_eq!(fields.place(name).unwrap().take().unwrap(), "1");
            assert_eq!(fields.unmapped(), Some(serde_json::json!({"other": "3"}).into()));
        }
    }

    #[test]
    fn too_many_fields_are_left_to_the_program() {
        let line = |count: usize| (0..count).map(|n| format!("k{n}=v ")).collect::<String>();
        assert!(Fields::read(&line(OTHERS_MAX)).is_some());
        assert!(Fields::read(&line(OTHERS_MAX + 1)).is_none());
    }
}
