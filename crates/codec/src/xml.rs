//! Small XML documents to a tree: events of cameras and access systems, never more.
//!
//! Refuses document types (and with them entities of one's own), and stops at each limit.
//! Prefixes are taken off names; text keeps them, because topics are written with prefixes.
//!
//! SOURCE: XML 1.0 (fifth edition); Namespaces in XML 1.0 for the shape of names.

use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};
use serde_json::{Map, Value};
use thiserror::Error;

use crate::bytes::BOM;

/// What a document may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// How deep elements may be nested.
    pub depth_max: usize,
    /// How many bytes the document may have.
    pub bytes_max: usize,
    /// How many elements and attributes it may have together.
    pub nodes_max: usize,
}

impl Default for Limits {
    /// 32 levels, 1 MiB, 20,000 elements and attributes.
    fn default() -> Self {
        Self { depth_max: 32, bytes_max: 1024 * 1024, nodes_max: 20_000 }
    }
}

/// Why a document is refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum XmlErrorKind {
    /// More bytes than allowed.
    #[error("longer than {0} bytes")]
    TooLong(usize),
    /// Nested deeper than allowed.
    #[error("nested deeper than {0} levels")]
    TooDeep(usize),
    /// More elements and attributes than allowed.
    #[error("more than {0} elements and attributes")]
    TooMany(usize),
    /// A document type, which could define entities.
    #[error("document types are not accepted")]
    DocumentType,
    /// An entity other than the five of XML itself.
    #[error("unknown entity `{0}`")]
    Entity(String),
    /// Not UTF-8.
    #[error("not UTF-8")]
    NotUtf8,
    /// Text or a second element outside the one that is the document.
    #[error("expected one element and nothing beside it")]
    NotOneElement,
    /// The document ends inside an element.
    #[error("ends inside element `{0}`")]
    End(String),
    /// Not well formed; the words are the reader's.
    #[error("not well formed: {0}")]
    Malformed(String),
}

/// A refused document, and the place.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("XML: {kind} (byte {offset})")]
pub struct XmlError {
    /// Why.
    pub kind: XmlErrorKind,
    /// Offset from 0.
    pub offset: usize,
}

/// One element.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Element {
    /// Name without prefix.
    pub name: String,
    /// Attributes without prefix and without namespace declarations, in document order.
    pub attributes: Vec<(String, String)>,
    /// Elements inside, in document order.
    pub children: Vec<Element>,
    /// Text directly inside, its pieces joined, without blanks around it.
    pub text: String,
}

impl Element {
    /// The first child of that name.
    #[must_use]
    pub fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }

    /// All children of that name.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Self> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// The attribute of that name.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The element's inside as JSON: `null` when empty, a string when only text, else an object
    /// with `@attribute`, `#text`, and children by name; children of one name become an array.
    #[must_use]
    pub fn to_value(&self) -> Value {
        if self.attributes.is_empty() && self.children.is_empty() {
            return match self.text.is_empty() {
                true => Value::Null,
                false => Value::String(self.text.clone()),
            };
        }
        let mut object = Map::new();
        for (name, value) in &self.attributes {
            object.insert(format!("@{name}"), Value::String(value.clone()));
        }
        if !self.text.is_empty() {
            object.insert("#text".to_owned(), Value::String(self.text.clone()));
        }
        let mut repeated: Map<String, Value> = Map::new();
        for child in &self.children {
            let slot = repeated.entry(child.name.as_str()).or_insert_with(|| Value::Array(vec![]));
            if let Value::Array(list) = slot {
                list.push(child.to_value());
            }
        }
        for (name, list) in repeated {
            let value = match list {
                Value::Array(mut one) if one.len() == 1 => one.pop().unwrap_or_default(),
                many => many,
            };
            object.insert(name, value);
        }
        Value::Object(object)
    }
}

/// Reads one document.
///
/// # Errors
/// [`XmlError`]: why it is refused, and where.
pub fn parse(input: &[u8], limits: Limits) -> Result<Element, XmlError> {
    let start = if input.starts_with(BOM) { BOM.len() } else { 0 };
    let refuse = |kind, offset| XmlError { kind, offset };
    if input.len() > limits.bytes_max {
        return Err(refuse(XmlErrorKind::TooLong(limits.bytes_max), limits.bytes_max));
    }
    let text = std::str::from_utf8(input.get(start..).unwrap_or_default())
        .map_err(|error| refuse(XmlErrorKind::NotUtf8, start + error.valid_up_to()))?;
    let mut reader = Reader::from_str(text);
    let mut builder = Builder { limits, open: vec![], root: None, nodes: 0 };
    loop {
        let before = start + offset(reader.buffer_position());
        let event = reader.read_event().map_err(|error| {
            let at = start + offset(reader.error_position());
            refuse(XmlErrorKind::Malformed(error.to_string()), at)
        })?;
        match builder.take(event) {
            Ok(true) => {}
            Ok(false) => break,
            Err(kind) => return Err(refuse(kind, before)),
        }
    }
    builder.root.ok_or(refuse(XmlErrorKind::NotOneElement, input.len()))
}

/// The document as JSON: one key, the root element's name.
///
/// # Errors
/// As [`parse`].
pub fn to_value(input: &[u8], limits: Limits) -> Result<Value, XmlError> {
    let root = parse(input, limits)?;
    let mut object = Map::new();
    object.insert(root.name.clone(), root.to_value());
    Ok(Value::Object(object))
}

fn offset(position: u64) -> usize {
    usize::try_from(position).unwrap_or(usize::MAX)
}

struct Builder {
    limits: Limits,
    open: Vec<Element>,
    root: Option<Element>,
    nodes: usize,
}

impl Builder {
    /// Takes one event; false at the end of the document.
    fn take(&mut self, event: Event<'_>) -> Result<bool, XmlErrorKind> {
        match event {
            Event::Start(tag) => {
                let element = self.begin(&tag)?;
                self.open.push(element);
            }
            Event::Empty(tag) => {
                let element = self.begin(&tag)?;
                self.end(element);
            }
            Event::End(_) => {
                if let Some(element) = self.open.pop() {
                    self.end(element);
                }
            }
            Event::Text(text) => self.text(&text.xml10_content())?,
            Event::CData(text) => self.text(&text.xml10_content())?,
            Event::GeneralRef(reference) => {
                let name = reference.xml10_content();
                let character = match reference.resolve_char_ref() {
                    Ok(Some(character)) => Some(character.to_string()),
                    _ => quick_xml::escape::resolve_predefined_entity(&name).map(str::to_owned),
                };
                let text = character.ok_or_else(|| XmlErrorKind::Entity(name.to_string()))?;
                self.text(&text)?;
            }
            Event::DocType(_) => return Err(XmlErrorKind::DocumentType),
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
            Event::Eof => {
                return match self.open.pop() {
                    Some(element) => Err(XmlErrorKind::End(element.name)),
                    None => Ok(false),
                };
            }
        }
        Ok(true)
    }

    fn begin(&mut self, tag: &BytesStart<'_>) -> Result<Element, XmlErrorKind> {
        if self.open.is_empty() && self.root.is_some() {
            return Err(XmlErrorKind::NotOneElement);
        }
        if self.open.len() >= self.limits.depth_max {
            return Err(XmlErrorKind::TooDeep(self.limits.depth_max));
        }
        let mut element = Element { name: local(tag.name().0).to_owned(), ..Element::default() };
        self.count()?;
        for attribute in tag.attributes() {
            let attribute = attribute.map_err(|e| XmlErrorKind::Malformed(e.to_string()))?;
            let key = attribute.key.0;
            if key == "xmlns" || key.starts_with("xmlns:") {
                continue;
            }
            self.count()?;
            let value = attribute
                .normalized_value(XmlVersion::Implicit1_0)
                .map_err(|error| XmlErrorKind::Malformed(error.to_string()))?;
            element.attributes.push((local(key).to_owned(), value.into_owned()));
        }
        Ok(element)
    }

    const fn count(&mut self) -> Result<(), XmlErrorKind> {
        self.nodes += 1;
        if self.nodes > self.limits.nodes_max {
            return Err(XmlErrorKind::TooMany(self.limits.nodes_max));
        }
        Ok(())
    }

    fn end(&mut self, mut element: Element) {
        let trimmed = element.text.trim();
        if trimmed.len() != element.text.len() {
            element.text = trimmed.to_owned();
        }
        match self.open.last_mut() {
            Some(parent) => parent.children.push(element),
            None => self.root = Some(element),
        }
    }

    fn text(&mut self, text: &str) -> Result<(), XmlErrorKind> {
        match self.open.last_mut() {
            Some(element) => element.text.push_str(text),
            None if text.trim().is_empty() => {}
            None => return Err(XmlErrorKind::NotOneElement),
        }
        Ok(())
    }
}

/// The name without its prefix.
fn local(name: &str) -> &str {
    name.rsplit_once(':').map_or(name, |(_, local)| local)
}

#[cfg(test)]
mod tests {
    use super::{Limits, to_value};
    use proptest::prelude::*;
    use serde_json::{Value, json};

    fn check(text: &str, expected: &Value) {
        match to_value(text.as_bytes(), Limits::default()) {
            Ok(value) => assert_eq!(&value, expected, "{text}"),
            Err(error) => assert_eq!(&json!(error.to_string()), expected, "{text}"),
        }
    }

    #[test]
    fn a_document_becomes_an_object() {
        check(
            "\u{feff}<?xml version=\"1.0\"?>\n<!-- x --><p:EVENT xmlns:p='u' p:id=\"a&amp;b\">\n \
             <Door>1</Door><Door at='2'>&lt;x&#33; <![CDATA[&]]></Door><Empty/>tail</p:EVENT>\n",
            &json!({ "EVENT": {
                "@id": "a&b",
                "#text": "tail",
                "Door": ["1", { "@at": "2", "#text": "<x! &" }],
                "Empty": null,
            }}),
        );
    }

    #[test]
    fn refusals_have_a_place() {
        check(
            "<a><b></a>",
            &json!(
                "XML: not well formed: ill-formed document: expected `</b>`, but `</a>` was found \
                 (byte 6)"
            ),
        );
        check("<a><b>", &json!("XML: ends inside element `b` (byte 6)"));
        check("<a/><b/>", &json!("XML: expected one element and nothing beside it (byte 4)"));
        check("text", &json!("XML: expected one element and nothing beside it (byte 0)"));
        check("", &json!("XML: expected one element and nothing beside it (byte 0)"));
        check("<a>&bomb;</a>", &json!("XML: unknown entity `bomb` (byte 3)"));
        check(
            "<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>",
            &json!("XML: document types are not accepted (byte 0)"),
        );
    }

    #[test]
    fn limits_hold() {
        let deep = "<a>".repeat(10_000);
        check(&deep, &json!("XML: nested deeper than 32 levels (byte 96)"));
        let many = format!("<a>{}</a>", "<b/>".repeat(20_000));
        check(&many, &json!("XML: more than 20000 elements and attributes (byte 79999)"));
        let long = format!("<a>{}</a>", "x".repeat(1024 * 1024));
        check(&long, &json!("XML: longer than 1048576 bytes (byte 1048576)"));
    }

    const DOCUMENT: &str =
        "(<[a-c:]{1,3}( [ab:]='x&?(lt;)?')?/?>|</[a-c]>|&|[x é]|<!\\[CDATA\\[|\\]\\]>){0,12}";

    proptest! {
        #[test]
        fn any_text(text in DOCUMENT) {
            if let Err(error) = to_value(text.as_bytes(), Limits::default()) {
                prop_assert!(error.offset <= text.len());
            }
        }
    }
}
