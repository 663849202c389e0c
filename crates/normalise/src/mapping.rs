//! Mappings as compiled: what runs for a record, shared by all threads.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use model::problem::Problem;
use model::{LogSource, MappingName};

use crate::manifest::{self, Engine, Manifest};
use crate::native::Native;
use crate::ocsf::Validator;
use crate::program::Program;
use crate::recognise::Recogniser;

/// One folder of `content/mappings`, as read by whoever may read files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MappingFolder {
    /// The folder's name.
    pub name: String,
    /// Its files by path inside it: `mapping.toml`, `map.vrl`, `samples/accepted.log`.
    pub files: BTreeMap<String, Vec<u8>>,
}

/// One mapping, ready to run.
#[derive(Debug)]
pub struct Mapping {
    /// What its `mapping.toml` says.
    pub manifest: Manifest,
    pub(crate) program: Option<Arc<Program>>,
    pub(crate) native: Option<Native>,
    /// Whose columns a CSV header must have, whichever engine reads them.
    pub(crate) columns_of: Option<Native>,
    product: Arc<str>,
    service: Option<Arc<str>>,
    category: Option<Arc<str>>,
}

/// Every mapping that loaded, immutable.
#[derive(Debug, Default)]
pub struct Mappings {
    all: Vec<Mapping>,
    by_name: BTreeMap<MappingName, usize>,
    categories: BTreeMap<u32, Arc<str>>,
    pub(crate) recogniser: Recogniser,
}

/// When programs are compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum When {
    Now,
    FirstRecord,
}

impl Mappings {
    /// Compiles folders; of two with one name the later counts.
    ///
    /// Gives all that could be compiled and everything that is wrong with the rest, each problem
    /// with its file (`name/map.vrl`), line and column.
    pub fn load(folders: Vec<MappingFolder>) -> (Self, Vec<Problem>) {
        Self::load_when(folders, |_| When::Now)
    }

    /// As [`Mappings::load`], but each program is compiled at its first record, which that record
    /// waits for. For content that `castellan check` has seen: a program that does not compile is
    /// told only by its records' dead letters.
    pub fn load_lazily(folders: Vec<MappingFolder>) -> (Self, Vec<Problem>) {
        Self::load_when(folders, |_| When::FirstRecord)
    }

    /// As [`Mappings::load_lazily`], but mappings of these names are compiled now: for content
    /// that nobody has checked beside content that ships checked.
    pub fn load_compiling(
        folders: Vec<MappingFolder>,
        now: &BTreeSet<String>,
    ) -> (Self, Vec<Problem>) {
        Self::load_when(
            folders,
            |name| {
                if now.contains(name) { When::Now } else { When::FirstRecord }
            },
        )
    }

    fn load_when(folders: Vec<MappingFolder>, when: impl Fn(&str) -> When) -> (Self, Vec<Problem>) {
        let mut problems = Vec::new();
        let mut latest: BTreeMap<String, MappingFolder> = BTreeMap::new();
        for folder in folders {
            latest.insert(folder.name.clone(), folder);
        }
        let mut mappings = Self::default();
        let mut manifests = BTreeMap::new();
        for folder in in_order_of_extension(latest) {
            if let Some(mapping) =
                mappings.compile(&folder, &manifests, when(&folder.name), &mut problems)
            {
                let name = mapping.manifest.name.clone();
                manifests.insert(name.clone(), mapping.manifest.clone());
                mappings.by_name.insert(name, mappings.all.len());
                mappings.all.push(mapping);
            }
        }
        let schema = Validator::shipped();
        for name in schema.class_names() {
            if let Some(uid) = schema.class_uid(name) {
                mappings.categories.insert(uid, Arc::from(category_of(name)));
            }
        }
        let rules = mappings.all.iter().map(|mapping| &mapping.manifest);
        mappings.recogniser = Recogniser::new(rules, &mut problems);
        (mappings, problems)
    }

    /// The names of all mappings, in order.
    pub fn names(&self) -> impl Iterator<Item = &MappingName> {
        self.by_name.keys()
    }

    /// One mapping.
    pub fn get(&self, name: &MappingName) -> Option<&Mapping> {
        self.at(self.position(name)?)
    }

    pub(crate) fn position(&self, name: &MappingName) -> Option<usize> {
        self.by_name.get(name).copied()
    }

    pub(crate) fn at(&self, index: usize) -> Option<&Mapping> {
        self.all.get(index)
    }

    /// What each mapping's events may say of their log source: product, and every word that may
    /// stand as category or service. More words than it gives, never fewer.
    pub fn logsources(&self) -> impl Iterator<Item = (&str, BTreeSet<String>)> {
        self.all.iter().map(|mapping| {
            let own = mapping.service.iter().chain(&mapping.category).map(|word| &**word);
            let classes = self.categories.values().map(|word| &**word);
            let program = mapping.program.iter().flat_map(|program| program.words());
            let all = own.chain(classes).chain(program).map(str::to_owned).collect();
            (&*mapping.product, all)
        })
    }

    /// The log source that a mapping gives events of a class, where its program says nothing else;
    /// `None` when there is no such mapping.
    pub fn logsource_of(&self, name: &MappingName, class_uid: u32) -> Option<LogSource> {
        self.get(name).map(|mapping| self.logsource(mapping, class_uid))
    }

    /// The logsource of an event of a class, before the program's own word.
    pub(crate) fn logsource(&self, mapping: &Mapping, class_uid: u32) -> LogSource {
        let own = mapping.category.clone().filter(|_| class_uid == mapping.manifest.class_uid);
        LogSource {
            category: own.or_else(|| self.categories.get(&class_uid).cloned()),
            product: Some(mapping.product.clone()),
            service: mapping.service.clone(),
        }
    }

    fn compile(
        &self,
        folder: &MappingFolder,
        bases: &BTreeMap<MappingName, Manifest>,
        when: When,
        problems: &mut Vec<Problem>,
    ) -> Option<Mapping> {
        let file = format!("{}/mapping.toml", folder.name);
        let text = file_text(folder, "mapping.toml", &file, problems)?;
        let manifest = manifest::read(&file, &text, bases, problems)?;
        if manifest.name.as_str() != folder.name {
            let message =
                format!("`name` is `{}`, but the folder is `{}`", manifest.name, folder.name);
            problems.push(Problem::error(&file, None, "name", message));
            return None;
        }
        let base = manifest.extends.as_ref().and_then(|name| self.get(name));
        let program = if folder.files.contains_key("map.vrl") {
            let path = format!("{}/map.vrl", folder.name);
            let source = file_text(folder, "map.vrl", &path, problems)?;
            let program = Program::new(path, source);
            if when == When::Now && !program.compile_now(problems) {
                return None;
            }
            Some(Arc::new(program))
        } else {
            base.and_then(|base| base.program.clone())
        };
        // An heir's own program is what it wants run, not the engine of its base.
        let has_own_program =
            folder.files.contains_key("map.vrl") && Native::of(&manifest.name).is_none();
        let native = Native::of(&manifest.name).or_else(|| base.and_then(|base| base.columns_of));
        match manifest.engine {
            Engine::Native if native.is_none() => {
                let message = "`engine` is `native`, but there is no native engine for this \
                               mapping; use `vrl`";
                problems.push(Problem::error(&file, None, "engine", message.to_owned()));
                return None;
            }
            Engine::Vrl if program.is_none() => {
                let message = "`map.vrl` is missing";
                problems.push(Problem::error(&file, None, "missing_file", message.to_owned()));
                return None;
            }
            Engine::Native | Engine::Vrl => {}
        }
        Some(Mapping {
            columns_of: native,
            native: native.filter(|_| manifest.engine == Engine::Native && !has_own_program),
            program,
            product: Arc::from(manifest.name.as_str()),
            service: manifest.service.as_deref().map(Arc::from),
            category: manifest.category.as_deref().map(Arc::from),
            manifest,
        })
    }
}

impl Mapping {
    /// Whether native code reads its records; a program beside it gets those that this leaves.
    pub fn is_native(&self) -> bool {
        self.native.is_some()
    }

    /// The same mapping run by its program instead of its native engine; `None` without one.
    pub fn oracle(&self) -> Option<Self> {
        Some(Self {
            manifest: Manifest { engine: Engine::Vrl, ..self.manifest.clone() },
            program: Some(self.program.clone()?),
            native: None,
            columns_of: self.columns_of,
            product: self.product.clone(),
            service: self.service.clone(),
            category: self.category.clone(),
        })
    }
}

impl Mappings {
    /// All mappings with every native engine replaced by its program.
    #[must_use]
    pub fn with_oracles(mut self) -> Self {
        for mapping in &mut self.all {
            if let Some(oracle) = mapping.oracle() {
                *mapping = oracle;
            }
        }
        self
    }
}

/// Sigma has names for some classes; the others go by OCSF's.
fn category_of(class: &str) -> &str {
    match class {
        "physical_access_activity" => "physical_access",
        "alarm_signal_activity" => "sensor",
        "network_activity" => "network_flow",
        "process_activity" => "process_creation",
        "file_activity" => "file_event",
        "dns_activity" => "dns",
        "http_activity" => "webserver",
        other => other,
    }
}

fn file_text(
    folder: &MappingFolder,
    name: &str,
    path: &str,
    problems: &mut Vec<Problem>,
) -> Option<String> {
    let Some(bytes) = folder.files.get(name) else {
        problems.push(Problem::error(path, None, "missing_file", format!("`{name}` is missing")));
        return None;
    };
    match std::str::from_utf8(bytes) {
        Ok(text) => Some(text.to_owned()),
        Err(error) => {
            let message = format!("not UTF-8 at byte {}", error.valid_up_to());
            problems.push(Problem::error(path, None, "utf8", message));
            None
        }
    }
}

/// Bases before their heirs; a circle or a missing base comes last and is reported when read.
fn in_order_of_extension(folders: BTreeMap<String, MappingFolder>) -> Vec<MappingFolder> {
    let mut waiting: Vec<(Option<String>, MappingFolder)> =
        folders.into_values().map(|folder| (extends(&folder), folder)).collect();
    let mut done: Vec<MappingFolder> = Vec::new();
    loop {
        let before = waiting.len();
        let mut still = Vec::new();
        for (base, folder) in waiting {
            if base.as_ref().is_none_or(|base| done.iter().any(|one| one.name == *base)) {
                done.push(folder);
            } else {
                still.push((base, folder));
            }
        }
        if still.is_empty() || still.len() == before {
            done.extend(still.into_iter().map(|(_, folder)| folder));
            return done;
        }
        waiting = still;
    }
}

/// Which mapping a folder's own extends, if it says so.
pub fn extends(folder: &MappingFolder) -> Option<String> {
    let text = std::str::from_utf8(folder.files.get("mapping.toml")?).ok()?;
    let document = toml_edit::Document::parse(text).ok()?;
    document.get("extends")?.as_str().map(str::to_owned)
}
