//! Messages of real door controllers, with the values that their users expect.

use codec::uhppote::{Body, Event, Message, Request, Status, decode};

use crate::data;

/// The value of a field of the data's naming, as the data writes numbers; `None` where the data
/// names a variable of its own or we keep no such field.
fn field(message: &Message, name: &str) -> Option<u64> {
    match name {
        "MsgType" => return Some(message.function.into()),
        "SerialNumber" => return Some(message.serial_number.into()),
        _ => {}
    }
    match &message.body {
        Body::Status(status) => status_field(status, name),
        Body::Event(event) => event_field(event, name),
        Body::Card(card) => {
            let doors = card.map_or([0; 4], |card| card.doors);
            match name {
                "CardNumber" => Some(card.map_or(0, |card| card.card_number.into())),
                "Door1" | "Door2" | "Door3" | "Door4" => {
                    let index: usize = name.strip_prefix("Door").unwrap().parse().unwrap();
                    Some(doors[index - 1].into())
                }
                "PIN" => Some(card.map_or(0, |card| card.pin.into())),
                "FirstCard" => Some(card.map_or(0, |card| card.first_card.into())),
                _ => None,
            }
        }
        Body::CardCount(count) if name == "Records" => Some((*count).into()),
        Body::EventIndex(index) if name == "Index" => Some((*index).into()),
        Body::Device(device) if name == "Version" => Some(device.version.into()),
        Body::Listener(listener) if name == "Interval" => Some(listener.interval_s.into()),
        Body::DoorControl(control) => match name {
            "Door" => Some(control.door.into()),
            "ControlState" => Some(control.control_state.into()),
            "Delay" => Some(control.delay_s.into()),
            _ => None,
        },
        _ => None,
    }
}

fn event_field(event: &Event, name: &str) -> Option<u64> {
    match name {
        "Index" | "EventIndex" => Some(event.index.into()),
        "Type" | "EventType" => Some(event.event_type.code().into()),
        "Granted" => Some(event.is_granted.into()),
        "Door" => Some(event.door.into()),
        "Direction" => Some(event.direction.code().into()),
        "CardNumber" => Some(event.card_number.into()),
        "Reason" => Some(event.reason.into()),
        _ => None,
    }
}

fn status_field(status: &Status, name: &str) -> Option<u64> {
    match name {
        "SystemError" => Some(status.system_error.into()),
        "SequenceId" => Some(status.sequence_id.into()),
        "SpecialInfo" => Some(status.special_info.into()),
        "RelayState" => Some(status.relay_state.into()),
        "InputState" => Some(status.input_state.into()),
        _ => event_field(&status.event, name),
    }
}

fn number(text: &str) -> Option<u64> {
    match text {
        "true" => Some(1),
        "false" => Some(0),
        _ => match text.strip_prefix("0x") {
            Some(digits) => u64::from_str_radix(digits, 16).ok(),
            None => text.parse().ok(),
        },
    }
}

fn packet(case: &serde_json::Value) -> Vec<u8> {
    let digits = case["hex"].as_str().unwrap();
    (0..digits.len() / 2)
        .map(|at| u8::from_str_radix(&digits[at * 2..at * 2 + 2], 16).unwrap())
        .collect()
}

#[test]
fn every_expected_number_is_decoded() {
    let Some(cases) = data::lines("uhppote-controller/messages.jsonl") else {
        return;
    };
    let (mut messages, mut fields) = (0, 0);
    for case in &cases {
        let expected = case["expected"].as_array().unwrap();
        if expected.is_empty() {
            continue;
        }
        messages += 1;
        let message = decode(&packet(case)).unwrap();
        for pair in expected {
            let (name, value) = (pair[0].as_str().unwrap(), pair[1].as_str().unwrap());
            let Some(expected) = number(value) else {
                continue;
            };
            assert_eq!(field(&message, name), Some(expected), "{name} of {}", case["test"]);
            fields += 1;
        }
    }
    assert_eq!((messages, fields), (54, 228));
}

#[test]
fn times_addresses_and_door_contacts() {
    let Some(cases) = data::lines("uhppote-controller/messages.jsonl") else {
        return;
    };
    let value = |test: &str| {
        let case = cases.iter().find(|case| case["test"] == test).unwrap();
        decode(&packet(case)).unwrap().to_value()
    };
    let status = value("TestUnmarshalGetStatusResponse");
    assert_eq!(status["timestamp"], "2019-04-19T17:00:09");
    assert_eq!(status["system_time"], "2019-04-20T14:37:02");
    assert_eq!(status["doors_open"], serde_json::json!([true, false, true, true]));
    assert_eq!(status["buttons_pressed"], serde_json::json!([false, false, true, true]));
    assert_eq!(status["relays"], serde_json::json!([false, false, true, false]));
    assert_eq!(status["reason"], "no access rights");
    let event = value("TestUnmarshalGetEventResponse");
    assert_eq!(event["timestamp"], "2019-02-10T07:12:01");
    let broken_clock = value("TestUnmarshalGetEventResponseWithInvalidTimestamp");
    assert!(broken_clock["timestamp"].is_null());
    assert_eq!(value("TestUnmarshalSetTimeResponse")["time"], "2019-12-29T12:34:56");
    let card = value("TestUnmarshalGetCardByIdResponse");
    assert_eq!(
        (card["from"].as_str(), card["to"].as_str()),
        (Some("2019-02-03"), Some("2019-12-29"))
    );
    assert_eq!(value("TestUnmarshalGetCardByIdNotFoundResponse")["found"], false);
    let device = value("TestUnmarshalGetDeviceResponse");
    assert_eq!(
        (device["version"].as_str(), device["date"].as_str()),
        (Some("8.92"), Some("2018-08-16"))
    );
    assert_eq!(
        (device["address"].as_str(), device["mac"].as_str()),
        (Some("192.168.0.0"), Some("00:66:19:39:55:2d"))
    );
    let listener = value("TestUnmarshalGetListenerResponse");
    assert_eq!(
        (listener["address"].as_str(), listener["port"].as_u64()),
        (Some("192.168.0.225"), Some(9874))
    );
}

#[test]
fn every_message_of_the_data_is_read_or_refused_with_a_place() {
    let Some(cases) = data::lines("uhppote-controller/messages.jsonl") else {
        return;
    };
    for case in &cases {
        if let Err(error) = decode(&packet(case)) {
            assert!(error.offset < 64, "{error} in {}", case["test"]);
        }
    }
}

/// What the device's users' own library sends is what we would send, byte for byte.
#[test]
fn requests_are_written_as_others_write_them() {
    let Some(cases) = data::lines("uhppote-controller/messages.jsonl") else {
        return;
    };
    let mut functions = std::collections::BTreeSet::new();
    let mut requests = 0;
    for case in cases.iter().filter(|case| case["test"].as_str().unwrap().contains("Request")) {
        let packet = packet(case);
        match Request::decode(&packet) {
            Ok((serial, request)) => {
                assert_eq!(request.encode(serial).as_slice(), packet, "{}", case["test"]);
                functions.insert(request.function());
                requests += 1;
            }
            // Tasks, time profiles, keypads, first cards, passcodes, addresses.
            Err(error) => assert_eq!(error.offset, 1, "{error} in {}", case["test"]),
        }
    }
    assert_eq!((requests, functions.len()), (44, 24));
}

/// And what controllers send, a simulated one would send too.
#[test]
fn answers_are_written_as_controllers_write_them() {
    let Some(cases) = data::lines("uhppote-controller/messages.jsonl") else {
        return;
    };
    let answers = cases.iter().filter(|case| !case["expected"].as_array().unwrap().is_empty());
    let (mut same, mut all) = (0, 0);
    for case in answers {
        let message = decode(&packet(case)).unwrap();
        let written = message.encode();
        assert_eq!(decode(&written), Ok(message), "{}", case["test"]);
        all += 1;
        same += usize::from(written.as_slice() == packet(case));
    }
    // The rest carries bytes whose meaning is not known, or dates that do not exist.
    assert_eq!((same, all), (48, 54));
}
