//! Policies from text and links: parsed, named, validated strictly; what is wrong is said with its
//! place, and the set that runs goes on running.

use std::collections::{BTreeMap, HashMap};
use std::str::FromStr as _;
use std::sync::Arc;

use cedar_policy::pst;
use cedar_policy::{
    ActionConstraint, EntityUid, Policy, PolicyId, PolicySet, PrincipalConstraint,
    ResourceConstraint, Schema, SlotId, ValidationMode, Validator,
};
use model::problem::position_at;
use model::{DoorId, GroupId, PersonId, Position, Problem, ZoneId};
use serde::{Deserialize, Serialize};

use crate::PolicyFile;
use crate::door::names::Names;
use crate::operators::load::{place, unreadable};

use super::Policies;
use super::condition::{Compiled, Test, compile};
use super::index::{Index, Rule, Where, Who};
use super::residue::{Residue, Types};

/// The shape of every question; policies are validated against it.
pub const SCHEMA: &str = include_str!("doors.cedarschema");
/// Most policies and links of one set.
pub const POLICIES_MAX: usize = 100_000;

/// One right: a template, and whom and where it is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// Its own name; refusals and records call it by this.
    pub id: Arc<str>,
    /// The template's name.
    pub template: Arc<str>,
    /// What stands for `?principal`: `Group::"night"`.
    pub principal: Option<String>,
    /// What stands for `?resource`: `Zone::"hall"`.
    pub resource: Option<String>,
}

/// One change of a set that runs.
#[derive(Debug, Clone)]
pub enum Change {
    /// Policies and templates of a text; those of the same names are replaced.
    Put(PolicyFile),
    /// A policy, template or link by its name. A template that has links stays.
    Remove(Arc<str>),
    /// Adds or replaces a link.
    Link(Link),
}

#[derive(Debug)]
pub(super) struct Template {
    pub(super) cedar: cedar_policy::Template,
    compiled: Compiled,
}

/// Where a name was written: for problems.
type Places = HashMap<Arc<str>, (String, Option<Position>)>;

impl Policies {
    /// A set without policies: nobody is permitted anything.
    /// Fails when the built-in schema does not parse.
    pub fn empty() -> Result<Self, Problem> {
        let wrong = |error: String| {
            let message = format!("the built-in schema does not parse: {error}");
            Problem::error("doors.cedarschema", None, "schema", message)
        };
        let parsed = Schema::from_cedarschema_str(SCHEMA).map_err(|e| wrong(e.to_string()))?;
        Ok(Self {
            schema: Arc::new(parsed.0),
            types: Arc::new(Types::new().map_err(wrong)?),
            rules: HashMap::new(),
            templates: BTreeMap::new(),
            links: BTreeMap::new(),
            index: Index::default(),
        })
    }

    /// The set of these files and links; else everything that is wrong with them.
    pub fn load(
        names: &mut Names,
        files: &[PolicyFile],
        links: &[Link],
    ) -> Result<Self, Vec<Problem>> {
        let changes = files.iter().cloned().map(Change::Put);
        let changes: Vec<Change> = changes.chain(links.iter().cloned().map(Change::Link)).collect();
        let mut seen = HashMap::new();
        let mut problems = Vec::new();
        for file in files {
            let Ok(set) = PolicySet::from_str(&file.text) else { continue };
            for id in names_of(&set) {
                if let Some(other) = seen.insert(id.clone(), &file.path) {
                    let message = format!("there are two policies `{id}`, one in {other}");
                    let at = place(file, &id);
                    problems.push(Problem::error(&file.path, at, "policy_id", message));
                }
            }
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        Self::empty().map_err(|problem| vec![problem])?.changed(names, &changes)
    }

    /// This set with these changes, validated; else everything that is wrong with them, and
    /// nothing has changed. Costs what the changed policies cost.
    pub fn changed(&self, names: &mut Names, changes: &[Change]) -> Result<Self, Vec<Problem>> {
        let mut next = self.clone();
        let mut problems = Vec::new();
        let mut batch = Batch::default();
        for change in changes {
            match change {
                Change::Put(file) => batch.read(file, &mut problems),
                Change::Link(link) => batch.links.push(link.clone()),
                Change::Remove(name) => {
                    if let Err(why) = next.remove(name) {
                        problems.push(Problem::error("policies", None, "policy_id", why));
                    }
                }
            }
        }
        next.put(names, batch, &mut problems);
        if next.rules.len() > POLICIES_MAX {
            let message = format!("{} policies, at most {POLICIES_MAX} are held", next.rules.len());
            problems.push(Problem::error("policies", None, "too_many", message));
        }
        if problems.is_empty() { Ok(next) } else { Err(problems) }
    }

    fn put(&mut self, names: &mut Names, batch: Batch, problems: &mut Vec<Problem>) {
        let mut links = batch.links;
        let mut new_templates = Vec::new();
        for template in batch.templates {
            let name: Arc<str> = Arc::from(AsRef::<str>::as_ref(template.id()));
            let again = self.links.values().filter(|link| link.template == name);
            let again: Vec<Link> =
                again.filter(|link| links.iter().all(|new| new.id != link.id)).cloned().collect();
            links.extend(again);
            match template.to_pst() {
                Ok(body) => {
                    let compiled = compile(names, body.clauses());
                    let template = Template { cedar: template, compiled };
                    new_templates.push(name.clone());
                    self.templates.insert(name, Arc::new(template));
                }
                Err(error) => problems.push(batch_problem(&batch.places, &name, error.to_string())),
            }
        }
        let mut fresh = PolicySet::new();
        for name in &new_templates {
            let Some(template) = self.templates.get(name) else { continue };
            if let Err(error) = fresh.add_template(template.cedar.clone()) {
                problems.push(batch_problem(&batch.places, name, error.to_string()));
            }
        }
        for policy in batch.policies {
            if let Err(error) = fresh.add(policy) {
                problems.push(Problem::error("policies", None, "policy", error.to_string()));
            }
        }
        self.link_all(&links, &mut fresh, problems);
        self.validate(&fresh, &batch.places, problems);
        if !problems.is_empty() {
            return;
        }
        let policies: Vec<Policy> = fresh.policies().cloned().collect();
        for policy in policies {
            match self.rule(names, &policy) {
                Ok(rule) => self.replace(Arc::new(rule)),
                Err(why) => problems.push(Problem::error("policies", None, "policy", why)),
            }
        }
        self.links.extend(links.into_iter().map(|link| (link.id.clone(), link)));
    }

    /// Adds the templates that are needed and the links themselves.
    fn link_all(&self, links: &[Link], fresh: &mut PolicySet, problems: &mut Vec<Problem>) {
        for link in links {
            let mut wrong = |message: String| {
                let message = format!("the link `{}`: {message}", link.id);
                problems.push(Problem::error("links", None, "policy_link", message));
            };
            let Some(template) = self.templates.get(&link.template) else {
                wrong(format!("there is no template `{}`", link.template));
                continue;
            };
            let id = template.cedar.id();
            if fresh.template(id).is_none()
                && let Err(error) = fresh.add_template(template.cedar.clone())
            {
                wrong(error.to_string());
                continue;
            }
            let mut values = HashMap::new();
            let slots =
                [(SlotId::principal(), &link.principal), (SlotId::resource(), &link.resource)];
            for (slot, value) in slots {
                match value.as_ref().map(|text| EntityUid::from_str(text).map_err(Box::new)) {
                    Some(Ok(uid)) => {
                        values.insert(slot, uid);
                    }
                    Some(Err(error)) => wrong(error.to_string()),
                    None => {}
                }
            }
            if let Err(error) = fresh.link(id.clone(), PolicyId::new(&link.id), values) {
                wrong(error.to_string());
            }
        }
    }

    fn validate(&self, fresh: &PolicySet, places: &Places, problems: &mut Vec<Problem>) {
        let validator = Validator::new(Schema::clone(&self.schema));
        let result = validator.validate(fresh, ValidationMode::Strict);
        let mut say = |id: &PolicyId, code: &str, message: String| {
            let unplaced = ("policies".to_owned(), None);
            let (file, at) = places.get(AsRef::<str>::as_ref(id)).cloned().unwrap_or(unplaced);
            problems.push(Problem::error(&file, at, code, message));
        };
        for error in result.validation_errors() {
            say(error.policy_id(), "policy_invalid", error.to_string());
        }
        for warning in result.validation_warnings() {
            say(warning.policy_id(), "policy_warning", warning.to_string());
        }
    }

    fn rule(&self, names: &mut Names, policy: &Policy) -> Result<Rule, String> {
        let template = policy.template_id().and_then(|id| {
            self.templates.get(AsRef::<str>::as_ref(id)).map(|template| template.as_ref())
        });
        let compiled = match template {
            Some(template) => template.compiled.clone(),
            None => match policy.to_pst().map_err(|error| error.to_string())? {
                pst::Policy::Static(body) => compile(names, body.body().clauses()),
                pst::Policy::Linked(_) => return Err("a link without its template".to_owned()),
            },
        };
        let residue = match compiled.has_residue {
            true => Some(Residue { set: alone(policy, template)?, literals: named(policy) }),
            false => None,
        };
        let mut place = resource(names, &policy.resource_constraint());
        if !enters(&policy.action_constraint()) || compiled.test == Test::Is(false) {
            place = Where::Nowhere;
        }
        Ok(Rule {
            id: Arc::from(AsRef::<str>::as_ref(policy.id())),
            effect: policy.effect(),
            who: principal(names, &policy.principal_constraint()),
            place,
            test: compiled.test,
            residue,
            text: policy.to_cedar().map(Arc::from),
        })
    }

    fn replace(&mut self, rule: Arc<Rule>) {
        if let Some(old) = self.rules.get(&rule.id) {
            self.index.remove(old);
        }
        self.index.add(&rule);
        self.rules.insert(rule.id.clone(), rule);
    }

    fn remove(&mut self, name: &str) -> Result<(), String> {
        if self.templates.contains_key(name) {
            let linked = self.links.values().filter(|link| *link.template == *name).count();
            if linked > 0 {
                return Err(format!("the template `{name}` has {linked} links"));
            }
            self.templates.remove(name);
            return Ok(());
        }
        let rule = self.rules.remove(name);
        let rule = rule.ok_or_else(|| format!("there is no policy `{name}`"))?;
        self.index.remove(&rule);
        self.links.remove(name);
        Ok(())
    }
}

/// What a text brought.
#[derive(Default)]
struct Batch {
    policies: Vec<Policy>,
    templates: Vec<cedar_policy::Template>,
    links: Vec<Link>,
    places: Places,
}

impl Batch {
    fn read(&mut self, file: &PolicyFile, problems: &mut Vec<Problem>) {
        let set = match PolicySet::from_str(&file.text) {
            Ok(set) => set,
            Err(errors) => {
                problems.extend(errors.iter().map(|error| unreadable(file, error)));
                return;
            }
        };
        let nameless = |head: String| {
            let head = head.lines().next().unwrap_or_default().to_owned();
            let offset = file.text.find(&head).filter(|_| !head.is_empty());
            let at = offset.map(|offset| position_at(&file.text, offset));
            let message = format!("`{head}` has no `@id(\"…\")`: records name policies by it");
            Problem::error(&file.path, at, "policy_id", message)
        };
        let mut put = |id: &str| {
            self.places.insert(Arc::from(id), (file.path.clone(), place(file, id)));
        };
        for policy in set.policies() {
            match policy.annotation("id").filter(|id| !id.is_empty()) {
                Some(id) => {
                    put(id);
                    self.policies.push(policy.new_id(PolicyId::new(id)));
                }
                None => problems.push(nameless(policy.to_string())),
            }
        }
        for template in set.templates() {
            match template.annotation("id").filter(|id| !id.is_empty()) {
                Some(id) => {
                    put(id);
                    self.templates.push(template.new_id(PolicyId::new(id)));
                }
                None => problems.push(nameless(template.to_string())),
            }
        }
    }
}

/// The names of a text's policies and templates; none where it cannot be read.
pub fn policy_names(text: &str) -> Vec<String> {
    PolicySet::from_str(text).map(|set| names_of(&set)).unwrap_or_default()
}

fn names_of(set: &PolicySet) -> Vec<String> {
    let policies = set.policies().filter_map(|policy| policy.annotation("id"));
    let templates = set.templates().filter_map(|template| template.annotation("id"));
    policies.chain(templates).map(str::to_owned).collect()
}

fn batch_problem(places: &Places, name: &str, message: String) -> Problem {
    let (file, at) = places.get(name).cloned().unwrap_or(("policies".to_owned(), None));
    Problem::error(&file, at, "policy", message)
}

/// The policy alone in a set.
fn alone(policy: &Policy, template: Option<&Template>) -> Result<PolicySet, String> {
    let mut set = PolicySet::new();
    let Some(template) = template else {
        set.add(policy.clone()).map_err(|error| error.to_string())?;
        return Ok(set);
    };
    set.add_template(template.cedar.clone()).map_err(|error| error.to_string())?;
    let values = policy.template_links().unwrap_or_default();
    set.link(template.cedar.id().clone(), policy.id().clone(), values)
        .map_err(|error| error.to_string())?;
    Ok(set)
}

/// People, doors, groups and zones that a policy names; enums and schedules need no entity.
fn named(policy: &Policy) -> Vec<EntityUid> {
    let mut literals = policy.entity_literals();
    literals.retain(|uid| {
        ["Person", "Door", "Group", "Zone"].contains(&uid.type_name().to_string().as_str())
    });
    literals.sort_by_key(ToString::to_string);
    literals.dedup();
    literals
}

fn enters(action: &ActionConstraint) -> bool {
    let is = |uid: &EntityUid| AsRef::<str>::as_ref(uid.id()) == "enter";
    match action {
        ActionConstraint::Any => true,
        ActionConstraint::Eq(uid) => is(uid),
        ActionConstraint::In(uids) => uids.iter().any(is),
    }
}

fn parts(uid: &EntityUid) -> (String, &str) {
    (uid.type_name().to_string(), uid.id().as_ref())
}

fn principal(names: &mut Names, constraint: &PrincipalConstraint) -> Who {
    let person = |id: &str| PersonId::parse(id).map_or(Who::Nobody, Who::Person);
    let mut within = |uid: &EntityUid| match parts(uid) {
        (kind, id) if kind == "Person" => person(id),
        (kind, id) if kind == "Group" => {
            GroupId::parse(id).map_or(Who::Nobody, |id| Who::Group(names.group(&id)))
        }
        _ => Who::Nobody, // tidy: wildcard: kinds are text
    };
    match constraint {
        PrincipalConstraint::Any => Who::Anybody,
        PrincipalConstraint::In(uid) => within(uid),
        PrincipalConstraint::Eq(uid) => match parts(uid) {
            (kind, id) if kind == "Person" => person(id),
            _ => Who::Nobody, // tidy: wildcard: kinds are text
        },
        PrincipalConstraint::Is(kind) if kind.to_string() == "Person" => Who::Anybody,
        PrincipalConstraint::Is(_) => Who::Nobody,
        PrincipalConstraint::IsIn(kind, uid) if kind.to_string() == "Person" => within(uid),
        PrincipalConstraint::IsIn(..) => Who::Nobody,
    }
}

fn resource(names: &mut Names, constraint: &ResourceConstraint) -> Where {
    let door = |id: &str| DoorId::parse(id).map_or(Where::Nowhere, Where::Door);
    let mut within = |uid: &EntityUid| match parts(uid) {
        (kind, id) if kind == "Door" => door(id),
        (kind, id) if kind == "Zone" => {
            ZoneId::parse(id).map_or(Where::Nowhere, |id| Where::Zone(names.zone(&id)))
        }
        _ => Where::Nowhere, // tidy: wildcard: kinds are text
    };
    match constraint {
        ResourceConstraint::Any => Where::Anywhere,
        ResourceConstraint::In(uid) => within(uid),
        ResourceConstraint::Eq(uid) => match parts(uid) {
            (kind, id) if kind == "Door" => door(id),
            _ => Where::Nowhere, // tidy: wildcard: kinds are text
        },
        ResourceConstraint::Is(kind) if kind.to_string() == "Door" => Where::Anywhere,
        ResourceConstraint::Is(_) => Where::Nowhere,
        ResourceConstraint::IsIn(kind, uid) if kind.to_string() == "Door" => within(uid),
        ResourceConstraint::IsIn(..) => Where::Nowhere,
    }
}
