//! What readers are told, and what happens at their doors.

use std::time::Duration;

use codec::osdp::{Buzzer, Led};
use serde_json::{Value, json};

/// One thing, at one reader.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// Since the clock's beginning.
    pub after: Duration,
    /// Its address.
    pub reader: u8,
    /// What.
    pub what: What,
}

/// What it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// A secure channel came up, or is gone.
    Secure(bool),
    /// A light.
    Led(Led),
    /// The buzzer.
    Buzzer(Buzzer),
    /// Text on the display.
    Text(String),
    /// An output is on, or off.
    Output {
        /// Which, from 0.
        number: u8,
        /// Whether it is on.
        is_on: bool,
    },
    /// The strike lets the leaf go, or holds it.
    Strike {
        /// Whether it lets go.
        is_released: bool,
    },
    /// The leaf opened, or shut.
    Leaf {
        /// Whether it is open.
        is_open: bool,
    },
    /// The reader has another key. Which is not told.
    KeyChanged,
    /// The reader was told another address or speed, and keeps its own.
    Communication,
    /// A frame in the secure channel was not believed.
    Disbelieved(String),
}

impl Told {
    /// As a JSON object, without the time.
    #[must_use]
    pub fn to_value(&self) -> Value {
        let reader = self.reader;
        match &self.what {
            What::Secure(is_up) => json!({"reader": reader, "secure": is_up}),
            What::Led(led) => json!({"reader": reader, "led": light(led)}),
            What::Buzzer(buzzer) => json!({"reader": reader, "buzzer": {
                "sounds": buzzer.tone > 1,
                "on_ms": u32::from(buzzer.on_tenths) * 100,
                "off_ms": u32::from(buzzer.off_tenths) * 100,
                "times": buzzer.count,
            }}),
            What::Text(text) => json!({"reader": reader, "text": text}),
            What::Output { number, is_on } => {
                json!({"reader": reader, "output": {"number": number, "on": is_on}})
            }
            What::Strike { is_released } => {
                let strike = if *is_released { "released" } else { "secured" };
                json!({"reader": reader, "strike": strike})
            }
            What::Leaf { is_open } => {
                json!({"reader": reader, "leaf": if *is_open { "open" } else { "shut" }})
            }
            What::KeyChanged => json!({"reader": reader, "key": "changed"}),
            What::Communication => json!({"reader": reader, "communication": "kept"}),
            What::Disbelieved(why) => json!({"reader": reader, "disbelieved": why}),
        }
    }
}

/// What a light does: the passing state while there is one, then the lasting.
fn light(led: &Led) -> Value {
    // SOURCE: SIA OSDP 2.2, `osdp_LED`: temporary control 2 sets, permanent control 1 sets.
    let passing = (led.temporary.control == 2).then(|| {
        json!({
            "colour": colour(led.temporary.on_colour),
            "for_ms": u32::from(led.temporary_tenths) * 100,
            "blinks": led.temporary.off_tenths > 0,
        })
    });
    let lasting = (led.permanent.control == 1).then(|| {
        json!({
            "colour": colour(led.permanent.on_colour),
            "blinks": led.permanent.off_tenths > 0,
        })
    });
    json!({"number": led.number, "passing": passing, "lasting": lasting})
}

const fn colour(code: u8) -> &'static str {
    match code {
        0 => "off",
        1 => "red",
        2 => "green",
        3 => "amber",
        4 => "blue",
        5 => "magenta",
        6 => "cyan",
        7 => "white",
        _ => "other",
    }
}
