//! Makes `schema/ocsf-subset.json`: the facts of the OCSF classes that Castellan emits.
//!
//! Reads the schema's own source (a `.tar.gz` of ocsf-schema, and the folder of the *physec*
//! extension) and keeps names, types, requirements, enumerated values, constraints and profiles;
//! no captions and no descriptions. The validator in `normalise` embeds the result, and its tests
//! call [`subset`] again, so that the committed file cannot drift from the source.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::path::Path;

use serde_json::{Map, Value, json};

/// Classes that mappings may emit, by `class_uid`; *physec*'s are all included besides.
const CLASSES: &[u64] = &[
    1001, 1003, 1005, 1006, 1007, 1008, 2001, 2002, 2004, 2005, 3001, 3002, 3003, 3004, 3005, 3006,
    4001, 4002, 4003, 4004, 4005, 4006, 4007, 4008, 4009, 4013, 4014, 5001, 5002, 5019, 6001, 6002,
    6003, 6005, 6008,
];
/// The extension's number: its category 30 becomes 4230.
const PHYSEC_UID: u64 = 42;
/// The one profile of *physec*; it may stand on any class.
const PHYSEC_PROFILE: &str = "physical_site";

/// Files of the schema by path, such as `events/iam/authentication.json`.
type Files = BTreeMap<String, Value>;

/// Builds the subset from the two sources.
///
/// `archive`: `ocsf-schema-1.8.0.tar.gz`. `physec`: the folder with `extension.json`.
/// Fails with one sentence that names the file.
pub fn subset(archive: &Path, physec: &Path) -> Result<Value, String> {
    let mut source = Source::read(archive, physec)?;
    let mut classes = Map::new();
    let mut wanted = BTreeSet::new();
    let names: Vec<String> = source.events.keys().cloned().collect();
    for name in names {
        let Some((uid, class)) = source.class(&name)? else {
            continue;
        };
        collect_objects(&class, &source, &mut wanted);
        classes.insert(uid.to_string(), class);
    }
    let mut objects = Map::new();
    while let Some(name) = wanted.iter().find(|name| !objects.contains_key(*name)).cloned() {
        let object = source.object(&name)?;
        collect_objects(&object, &source, &mut wanted);
        objects.insert(name, object);
    }
    let profile = source.attributes_of_profile(PHYSEC_PROFILE)?;
    let everywhere = source.compile(&profile, Some(PHYSEC_PROFILE))?;
    Ok(json!({
        "format": 1,
        "ocsf": source.version,
        "physec": source.physec_version,
        "everywhere": everywhere,
        "classes": classes,
        "objects": objects,
    }))
}

/// The subset as the committed file has it: one class or object per line, sorted.
pub fn to_text(subset: &Value) -> String {
    // Whatever order the maps of this build keep, the file has one.
    let mut subset = subset.clone();
    subset.sort_all_objects();
    let mut out = String::from("{\n");
    let Some(top) = subset.as_object() else {
        return out;
    };
    for (index, (key, value)) in top.iter().enumerate() {
        let comma = if index + 1 == top.len() { "" } else { "," };
        match value {
            Value::Object(inner) if matches!(key.as_str(), "classes" | "objects") => {
                out.push_str(&format!("\"{key}\": {{\n"));
                for (at, (name, item)) in inner.iter().enumerate() {
                    let comma = if at + 1 == inner.len() { "" } else { "," };
                    out.push_str(&format!("\"{name}\": {item}{comma}\n"));
                }
                out.push_str(&format!("}}{comma}\n"));
            }
            other => out.push_str(&format!("\"{key}\": {other}{comma}\n")),
        }
    }
    out.push_str("}\n");
    out
}

struct Source {
    files: Files,
    /// Class name to file.
    events: BTreeMap<String, Value>,
    objects: BTreeMap<String, Value>,
    dictionary: Map<String, Value>,
    physec_attributes: BTreeSet<String>,
    categories: BTreeMap<String, u64>,
    version: String,
    physec_version: String,
}

impl Source {
    fn read(archive: &Path, physec: &Path) -> Result<Self, String> {
        let mut files = untar(archive)?;
        let mut extension = Files::new();
        read_folder(physec, "", &mut extension)?;
        let text = |files: &Files, path: &str, key: &str| {
            files.get(path).and_then(|v| v.get(key)).and_then(Value::as_str).map(str::to_owned)
        };
        let version = text(&files, "version.json", "version").ok_or("version.json is missing")?;
        let physec_version = text(&extension, "extension.json", "version")
            .ok_or("extension.json of physec is missing")?;
        let mut dictionary = attributes(files.get("dictionary.json"));
        let own_words = attributes(extension.get("dictionary.json"));
        // Its own files mean its own words: core has a `zone` too, which is text.
        for (_, item) in extension.iter_mut().filter(|(path, _)| path.contains('/')) {
            let Some(all) = item.get_mut("attributes").and_then(Value::as_object_mut) else {
                continue;
            };
            for (name, value) in all.iter_mut() {
                if let Some(mut full) = own_words.get(name).cloned() {
                    merge(&mut full, value);
                    *value = full;
                }
            }
        }
        let physec_attributes = own_words.keys().cloned().collect();
        for (name, value) in own_words {
            dictionary.entry(name).or_insert(value);
        }
        let mut categories = uids(files.get("categories.json"), 0);
        categories.extend(uids(extension.get("categories.json"), PHYSEC_UID * 100));
        let mut events = named(&files, "events/");
        let mut objects = named(&files, "objects/");
        for (name, value) in named(&extension, "events/") {
            events.insert(name, value);
        }
        for (name, value) in named(&extension, "objects/") {
            match objects.get_mut(&name) {
                Some(core) => merge(core, &value),
                None => drop(objects.insert(name, value)),
            }
        }
        patch(&mut objects, &extension);
        files.extend(extension.into_iter().filter(|(path, _)| path.starts_with("profiles/")));
        Ok(Self {
            files,
            events,
            objects,
            dictionary,
            physec_attributes,
            categories,
            version,
            physec_version,
        })
    }

    /// One class with its number, or `None` when it is not among those we use.
    fn class(&mut self, name: &str) -> Result<Option<(u64, Value)>, String> {
        let chain = self.chain(&self.events, name)?;
        let merged = self.merged(&chain)?;
        let Some(uid) = self.events.get(name).and_then(|v| v.get("uid")).and_then(Value::as_u64)
        else {
            return (name == "base_event").then(|| self.base_event(&merged)).transpose();
        };
        let Some(category) = merged.get("category").and_then(Value::as_str) else {
            return Ok(None);
        };
        let category_uid = self.categories.get(category).copied().unwrap_or(0);
        let class_uid = category_uid * 1000 + uid;
        let is_physec = category_uid / 100 == PHYSEC_UID;
        if !is_physec && !CLASSES.contains(&class_uid) {
            return Ok(None);
        }
        Ok(Some((class_uid, self.class_json(name, category_uid, &merged)?)))
    }

    fn base_event(&self, merged: &Value) -> Result<(u64, Value), String> {
        Ok((0, self.class_json("base_event", 0, merged)?))
    }

    fn class_json(&self, name: &str, category: u64, merged: &Value) -> Result<Value, String> {
        let mut class = json!({
            "name": name,
            "category_uid": category,
            "attributes": self.compile(&attributes(Some(merged)), None)?,
        });
        copy_constraints(merged, &mut class);
        Ok(class)
    }

    fn object(&self, name: &str) -> Result<Value, String> {
        let chain = self.chain(&self.objects, name)?;
        let merged = self.merged(&chain)?;
        let mut object = json!({ "attributes": self.compile(&attributes(Some(&merged)), None)? });
        copy_constraints(&merged, &mut object);
        Ok(object)
    }

    /// From the root ancestor down to `name`.
    fn chain(&self, all: &BTreeMap<String, Value>, name: &str) -> Result<Vec<Value>, String> {
        let mut chain = Vec::new();
        let mut next = Some(name.to_owned());
        while let Some(current) = next {
            let item = all.get(&current).ok_or_else(|| format!("`{current}` is not defined"))?;
            next = item.get("extends").and_then(Value::as_str).map(str::to_owned);
            if next.as_deref() == Some(&current) || chain.len() > 10 {
                return Err(format!("`{name}` extends itself"));
            }
            chain.push(item.clone());
        }
        chain.reverse();
        Ok(chain)
    }

    /// The chain folded into one, includes resolved; later links override earlier ones.
    fn merged(&self, chain: &[Value]) -> Result<Value, String> {
        let mut merged = json!({});
        for link in chain {
            let mut link = link.clone();
            if let Some(own) = link.get_mut("attributes").and_then(Value::as_object_mut) {
                let includes = own.remove("$include");
                let mut all = Map::new();
                for path in includes.iter().filter_map(Value::as_array).flatten() {
                    let path = path.as_str().unwrap_or_default();
                    let profile = self.files.get(path).ok_or_else(|| format!("no `{path}`"))?;
                    let name = profile.get("name").and_then(Value::as_str).unwrap_or_default();
                    for (key, mut value) in attributes(Some(profile)) {
                        if let Some(value) = value.as_object_mut() {
                            value.insert("profile".into(), name.into());
                        }
                        all.insert(key, value);
                    }
                }
                let mut all = Value::Object(all);
                merge(&mut all, &Value::Object(own.clone()));
                if let Some(link) = link.as_object_mut() {
                    link.insert("attributes".to_owned(), all);
                }
            }
            // An heir's constraints replace those it inherits.
            if link.get("constraints").is_some()
                && let Some(merged) = merged.as_object_mut()
            {
                merged.remove("constraints");
            }
            merge(&mut merged, &link);
        }
        Ok(merged)
    }

    fn attributes_of_profile(&self, name: &str) -> Result<Map<String, Value>, String> {
        let path = format!("profiles/{name}.json");
        let file = self.files.get(&path).ok_or_else(|| format!("`{path}` is missing"))?;
        Ok(attributes(Some(file)))
    }

    /// Attributes as the subset has them: `t` type, `r` required, `a` array, `e` enumerated
    /// values, `p` the profile that brings it.
    fn compile(&self, own: &Map<String, Value>, profile: Option<&str>) -> Result<Value, String> {
        let mut out = Map::new();
        for (name, value) in own {
            let base = self.dictionary.get(name);
            let base = base.ok_or_else(|| format!("`{name}` is not in the dictionary"))?;
            let mut full = base.clone();
            merge(&mut full, value);
            let kind = full.get("type").and_then(Value::as_str);
            let kind = kind.ok_or_else(|| format!("`{name}` has no type"))?;
            let mut attribute = Map::new();
            attribute.insert("t".into(), kind.into());
            if full.get("requirement").and_then(Value::as_str) == Some("required") {
                attribute.insert("r".into(), true.into());
            }
            if full.get("is_array").and_then(Value::as_bool) == Some(true) {
                attribute.insert("a".into(), true.into());
            }
            if kind == "integer_t" {
                let values = self.enumerated(name, &full);
                if !values.is_empty() {
                    attribute.insert("e".into(), values.into_iter().collect());
                }
            }
            let by = full.get("profile").and_then(Value::as_str).or(profile);
            if let Some(by) = by {
                attribute.insert("p".into(), by.into());
            }
            out.insert(name.clone(), Value::Object(attribute));
        }
        Ok(Value::Object(out))
    }

    /// Every enumerated number. OCSF reserves 0 (unknown) and 99 (other) in each `_id`; *physec*'s
    /// dictionary leaves them out, so they are put in.
    fn enumerated(&self, name: &str, full: &Value) -> BTreeSet<i64> {
        let keys = full.get("enum").and_then(Value::as_object);
        let mut values: BTreeSet<i64> =
            keys.into_iter().flatten().filter_map(|(key, _)| key.parse().ok()).collect();
        if !values.is_empty() && self.physec_attributes.contains(name) {
            values.extend([0, 99]);
        }
        // `class_uid` and `category_uid` carry one value that the class itself states.
        if matches!(name, "class_uid" | "category_uid") {
            values.clear();
        }
        values
    }
}

fn collect_objects(item: &Value, source: &Source, wanted: &mut BTreeSet<String>) {
    for (_, attribute) in attributes(Some(item)) {
        let Some(kind) = attribute.get("t").and_then(Value::as_str) else {
            continue;
        };
        if !kind.ends_with("_t") && kind != "object" && source.objects.contains_key(kind) {
            wanted.insert(kind.to_owned());
        }
    }
}

fn copy_constraints(from: &Value, to: &mut Value) {
    for kind in ["at_least_one", "just_one"] {
        if let Some(list) = from.get("constraints").and_then(|v| v.get(kind)) {
            to[kind] = list.clone();
        }
    }
}

/// An extension's object that extends a core object under the same name is a patch of it.
fn patch(objects: &mut BTreeMap<String, Value>, extension: &Files) {
    for (path, value) in extension {
        let base = value.get("extends").and_then(Value::as_str);
        if path.starts_with("objects/")
            && value.get("name").is_none()
            && let Some(core) = base.and_then(|base| objects.get_mut(base))
        {
            let only = json!({ "attributes": attributes(Some(value)) });
            merge(core, &only);
        }
    }
}

fn attributes(item: Option<&Value>) -> Map<String, Value> {
    item.and_then(|v| v.get("attributes")).and_then(Value::as_object).cloned().unwrap_or_default()
}

fn named(files: &Files, prefix: &str) -> BTreeMap<String, Value> {
    let mut out = BTreeMap::new();
    for (path, value) in files {
        if let (true, Some(name)) =
            (path.starts_with(prefix), value.get("name").and_then(Value::as_str))
        {
            out.insert(name.to_owned(), value.clone());
        }
    }
    out
}

fn uids(file: Option<&Value>, offset: u64) -> BTreeMap<String, u64> {
    let own = attributes(file);
    own.iter()
        .filter_map(|(name, v)| Some((name.clone(), offset + v.get("uid")?.as_u64()?)))
        .collect()
}

/// Puts `over` onto `base`, object by object; everything else is replaced.
fn merge(base: &mut Value, over: &Value) {
    match (base, over) {
        (Value::Object(base), Value::Object(over)) => {
            for (key, value) in over {
                match base.get_mut(key) {
                    Some(slot) => merge(slot, value),
                    None => drop(base.insert(key.clone(), value.clone())),
                }
            }
        }
        (base, over) => *base = over.clone(),
    }
}

fn read_folder(folder: &Path, prefix: &str, out: &mut Files) -> Result<(), String> {
    let entries = std::fs::read_dir(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    for entry in entries {
        let path = entry.map_err(|e| e.to_string())?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let inner = if prefix.is_empty() { name } else { format!("{prefix}/{name}") };
        if path.is_dir() {
            read_folder(&path, &inner, out)?;
        } else if inner.ends_with(".json") {
            let bytes = std::fs::read(&path).map_err(|e| format!("{}: {e}", path.display()))?;
            let value = serde_json::from_slice(&bytes).map_err(|e| format!("{inner}: {e}"))?;
            out.insert(inner, value);
        }
    }
    Ok(())
}

/// The JSON files of a gzipped tar archive, without a leading `./`.
///
/// SOURCE: POSIX.1-1988 ustar: 512-byte blocks; name at 0, size in octal at 124, type at 156,
/// prefix at 345.
fn untar(archive: &Path) -> Result<Files, String> {
    let file = std::fs::File::open(archive).map_err(|e| format!("{}: {e}", archive.display()))?;
    let mut bytes = Vec::new();
    flate2::read::GzDecoder::new(file)
        .read_to_end(&mut bytes)
        .map_err(|e| format!("{}: {e}", archive.display()))?;
    let mut out = Files::new();
    let mut rest = bytes.as_slice();
    while let Some((header, body)) = rest.split_at_checked(512) {
        let text = |from: usize, to: usize| {
            let field = header.get(from..to).unwrap_or_default();
            let end = field.iter().position(|b| *b == 0).unwrap_or(field.len());
            String::from_utf8_lossy(field.get(..end).unwrap_or_default()).trim().to_owned()
        };
        let (name, prefix) = (text(0, 100), text(345, 500));
        if name.is_empty() {
            break;
        }
        let size = usize::from_str_radix(&text(124, 136), 8).map_err(|e| format!("{name}: {e}"))?;
        let content = body.get(..size).ok_or_else(|| format!("{name}: cut short"))?;
        let path = if prefix.is_empty() { name } else { format!("{prefix}/{name}") };
        let path = path.trim_start_matches("./").to_owned();
        if path.ends_with(".json") && header.get(156) != Some(&b'5') {
            let value = serde_json::from_slice(content).map_err(|e| format!("{path}: {e}"))?;
            out.insert(path, value);
        }
        rest = body.get(size.div_ceil(512) * 512..).unwrap_or_default();
    }
    Ok(out)
}
