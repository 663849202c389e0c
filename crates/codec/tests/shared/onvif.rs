//! Metadata streams of real Axis cameras.

use codec::{onvif, xml};

use crate::data;

fn document(name: &str) -> Option<Vec<u8>> {
    Some(std::fs::read(data::path(&format!("onvif-events/axis/{name}.xml"))?).unwrap())
}

fn check(name: &str, expected: &[&str]) {
    let Some(document) = document(name) else {
        return;
    };
    let items = |items: &[(String, String)]| {
        items.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(",")
    };
    let found: Vec<String> = onvif::notifications(&document)
        .unwrap()
        .iter()
        .map(|n| {
            assert!(n.unix_ns.is_some());
            format!(
                "{} {} {} [{}] [{}] [{}]",
                n.utc_time.as_deref().unwrap(),
                n.operation.as_deref().unwrap(),
                n.topic,
                items(&n.source),
                items(&n.key),
                items(&n.data)
            )
        })
        .collect();
    assert_eq!(found, expected, "{name}");
}

#[test]
fn notifications_as_the_cameras_sent_them() {
    check(
        "pir_init",
        &["2019-03-12T23:48:26.371215Z Initialized tns1:Device/tnsaxis:Sensor/PIR [sensor=0] [] \
         [state=0]"],
    );
    check(
        "rule_engine_region_detector_init",
        &["2021-01-06T17:46:45.115382Z Initialized tns1:RuleEngine/MotionRegionDetector/Motion \
         [VideoSource=0,RuleName=Profile 1V] [] [State=0]"],
    );
    check(
        "ptz_preset_at_2_false",
        &["2020-11-03T20:22:19.566678Z Changed tns1:PTZController/tnsaxis:PTZPresets/Channel_1 \
         [PresetToken=2] [] [on_preset=0]"],
    );
    check(
        "vmd4_any_init",
        &["2019-03-12T23:32:17.591254Z Initialized \
         tnsaxis:CameraApplicationPlatform/VMD/Camera1ProfileANY [] [] [active=0]"],
    );
    check("event_instance_vmd4_profile1", &[]);
}

#[test]
fn every_document_of_cameras_is_read() {
    for folder in ["onvif-events/axis", "onvif-events/hikvision"] {
        let Some(path) = data::path(folder) else {
            return;
        };
        for entry in std::fs::read_dir(path).unwrap() {
            let bytes = std::fs::read(entry.unwrap().path()).unwrap();
            let value = xml::to_value(&bytes, xml::Limits::default()).unwrap();
            assert_eq!(value.as_object().unwrap().len(), 1);
            onvif::notifications(&bytes).unwrap();
        }
    }
}

#[test]
fn a_device_description_becomes_an_object() {
    let Some(path) = data::path("onvif-events/hikvision/test_isapi_2.xml") else {
        return;
    };
    let value = xml::to_value(&std::fs::read(path).unwrap(), xml::Limits::default()).unwrap();
    assert_eq!(value["DeviceInfo"]["@version"], "2.0");
    assert_eq!(value["DeviceInfo"]["deviceType"], "IPCamera");
}
