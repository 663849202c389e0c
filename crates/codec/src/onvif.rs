//! ONVIF event notifications: from a camera's metadata stream, a pull point, or a push.
//!
//! SOURCE: ONVIF Core Specification, section 9 (event handling): `wsnt:NotificationMessage` with a
//! topic and a `tt:Message` of Source, Key and Data; OASIS WS-BaseNotification 1.3.

use serde_json::{Map, Value, json};

use crate::civil::rfc3339_ns;
use crate::xml::{self, Element, Limits, XmlError};

/// One notification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notification {
    /// Topic path with its prefixes, such as `tns1:Device/tnsaxis:Sensor/PIR`.
    pub topic: String,
    /// Time of the event as written.
    pub utc_time: Option<String>,
    /// The same in nanoseconds since 1970, where it is a time.
    pub unix_ns: Option<i64>,
    /// `Initialized` (the state when the subscription began), `Changed` or `Deleted`; `None` for
    /// an event that is no property.
    pub operation: Option<String>,
    /// Which part of the device: name and value.
    pub source: Vec<(String, String)>,
    /// Which of several things there: name and value.
    pub key: Vec<(String, String)>,
    /// What is so now: name and value.
    pub data: Vec<(String, String)>,
}

impl Notification {
    /// The topic without prefixes: `Device/Sensor/PIR`.
    #[must_use]
    pub fn topic_plain(&self) -> String {
        let plain = |part: &str| part.rsplit_once(':').map_or(part, |(_, name)| name).to_owned();
        self.topic.split('/').map(plain).collect::<Vec<_>>().join("/")
    }

    /// As a JSON object: `topic`, `utc_time`, `operation`, and `source`, `key`, `data` as objects.
    #[must_use]
    pub fn to_value(&self) -> Value {
        let items = |items: &[(String, String)]| {
            let mut object = Map::new();
            for (name, value) in items {
                object.insert(name.clone(), Value::String(value.clone()));
            }
            Value::Object(object)
        };
        json!({
            "topic": self.topic,
            "topic_plain": self.topic_plain(),
            "utc_time": self.utc_time,
            "operation": self.operation,
            "source": items(&self.source),
            "key": items(&self.key),
            "data": items(&self.data),
        })
    }
}

/// The notifications of a document, whatever envelope is around them, in document order.
///
/// A document without any gives an empty list.
///
/// # Errors
/// [`XmlError`] when the document cannot be read.
pub fn notifications(input: &[u8]) -> Result<Vec<Notification>, XmlError> {
    let root = xml::parse(input, Limits::default())?;
    let mut found = Vec::new();
    collect(&root, &mut found);
    Ok(found)
}

/// Recursion is bounded by the depth limit of the document.
fn collect(element: &Element, found: &mut Vec<Notification>) {
    if element.name == "NotificationMessage" {
        found.push(notification(element));
        return;
    }
    for child in &element.children {
        collect(child, found);
    }
}

fn notification(element: &Element) -> Notification {
    let topic = element.child("Topic").map(|topic| topic.text.clone()).unwrap_or_default();
    let empty = Element::default();
    let message =
        element.child("Message").and_then(|outer| outer.child("Message")).unwrap_or(&empty);
    let utc_time = message.attribute("UtcTime").map(str::to_owned);
    Notification {
        topic,
        unix_ns: utc_time.as_deref().and_then(rfc3339_ns),
        utc_time,
        operation: message.attribute("PropertyOperation").map(str::to_owned),
        source: items(message.child("Source")),
        key: items(message.child("Key")),
        data: items(message.child("Data")),
    }
}

/// Simple items as name and value; of element items the inside as JSON text.
fn items(list: Option<&Element>) -> Vec<(String, String)> {
    let Some(list) = list else { return Vec::new() };
    let name = |item: &Element| item.attribute("Name").unwrap_or_default().to_owned();
    let simple = list
        .all("SimpleItem")
        .map(|item| (name(item), item.attribute("Value").unwrap_or_default().to_owned()));
    let complex = list.all("ElementItem").map(|item| {
        let inside = Element { attributes: Vec::new(), ..item.clone() };
        (name(item), inside.to_value().to_string())
    });
    simple.chain(complex).collect()
}

#[cfg(test)]
mod tests {
    use super::notifications;
    use proptest::prelude::*;

    #[test]
    fn a_pull_point_answer_with_two_messages() {
        let message = |topic: &str, operation: &str| {
            format!(
                "<wsnt:NotificationMessage><wsnt:Topic Dialect='d'> {topic} </wsnt:Topic>\
                 <wsnt:Message><tt:Message UtcTime='2026-11-22T10:00:00.5Z'{operation}>\
                 <tt:Source><tt:SimpleItem Name='Door' Value='d1'/></tt:Source>\
                 <tt:Data><tt:SimpleItem Name='State' Value='Forced'/>\
                 <tt:ElementItem Name='Box'><tt:Rect left='1'/></tt:ElementItem></tt:Data>\
                 </tt:Message></wsnt:Message></wsnt:NotificationMessage>"
            )
        };
        let text = format!(
            "<s:Envelope><s:Body><tev:PullMessagesResponse>{}{}</tev:PullMessagesResponse>\
             </s:Body></s:Envelope>",
            message("tns1:Door/State/DoorAlarm", " PropertyOperation='Changed'"),
            message("tns1:AccessControl/AccessGranted/Credential", ""),
        );
        let found = notifications(text.as_bytes()).unwrap_or_default();
        let rendered: Vec<String> = found.iter().map(|n| n.to_value().to_string()).collect();
        assert_eq!(rendered.len(), 2);
        assert_eq!(
            rendered.first().map(String::as_str),
            Some(concat!(
                r#"{"topic":"tns1:Door/State/DoorAlarm","#,
                r#""topic_plain":"Door/State/DoorAlarm","#,
                r#""utc_time":"2026-11-22T10:00:00.5Z","operation":"Changed","#,
                r#""source":{"Door":"d1"},"key":{},"#,
                r#""data":{"State":"Forced","Box":"{\"Rect\":{\"@left\":\"1\"}}"}}"#,
            ))
        );
        let second = found.get(1).map(|n| (n.operation.clone(), n.unix_ns));
        assert_eq!(second, Some((None, Some(1_795_341_600_500_000_000))));
    }

    #[test]
    fn other_documents_hold_none() {
        assert_eq!(notifications(b"<a><b/></a>"), Ok(Vec::new()));
        assert!(notifications(b"<a>").is_err());
    }

    proptest! {
        #[test]
        fn any_bytes(input in proptest::collection::vec(any::<u8>(), 0..60)) {
            if let Ok(found) = notifications(&input) {
                prop_assert!(found.is_empty());
            }
        }
    }
}
