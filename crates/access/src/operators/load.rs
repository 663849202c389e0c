//! Policies from text: parsed, named, validated strictly, all problems at once.

use std::collections::BTreeMap;
use std::str::FromStr as _;

use cedar_policy::{Policy, PolicyId, PolicySet, Schema, ValidationMode, Validator};
use miette::Diagnostic;
use model::Problem;
use model::problem::position_at;

use super::decide::Rights;

/// The shape of every question; policies are validated against it.
const SCHEMA: &str = include_str!("rights.cedarschema");

/// Most policies that are loaded; more are refused by name.
const POLICIES_MAX: usize = 1_000;

/// One policy file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyFile {
    /// Path below the content folder.
    pub path: String,
    /// Its text.
    pub text: String,
}

/// A policy and where it stands.
pub(crate) struct Placed {
    pub policy: Policy,
    file: usize,
}

impl Rights {
    /// Reads policies. `Some` only when nothing in them is wrong.
    pub fn load(files: &[PolicyFile]) -> (Option<Self>, Vec<Problem>) {
        let mut problems = Vec::new();
        let schema = match Schema::from_cedarschema_str(SCHEMA) {
            Ok((schema, _)) => schema,
            Err(error) => {
                let message = format!("the built-in schema does not parse: {error}");
                return (None, vec![Problem::error("rights.cedarschema", None, "schema", message)]);
            }
        };
        let mut placed: BTreeMap<String, Placed> = BTreeMap::new();
        for (number, file) in files.iter().enumerate() {
            match PolicySet::from_str(&file.text) {
                Ok(set) => collect(&set, (number, file), &mut placed, &mut problems),
                Err(errors) => problems.extend(errors.iter().map(|e| unreadable(file, e))),
            }
        }
        if placed.len() > POLICIES_MAX {
            let message = format!("{} policies, at most {POLICIES_MAX} are read", placed.len());
            problems.push(Problem::error("policies", None, "too_many", message));
        }
        validate(&schema, files, &placed, &mut problems);
        if !problems.is_empty() {
            return (None, problems);
        }
        let policies: Vec<Policy> = placed.into_values().map(|placed| placed.policy).collect();
        match Rights::of(&policies) {
            Ok(rights) => (Some(rights), problems),
            Err(why) => (None, vec![Problem::error("policies", None, "policy", why)]),
        }
    }
}

pub(crate) fn unreadable<E: Diagnostic>(file: &PolicyFile, error: &E) -> Problem {
    let offset = error.labels().and_then(|mut labels| labels.next()).map(|label| label.offset());
    let at = offset.map(|offset| position_at(&file.text, offset));
    Problem::error(&file.path, at, "policy_syntax", error.to_string())
}

/// Gives every policy the name that its `@id` says: reasons and problems call it by that.
fn collect(
    set: &PolicySet,
    (number, file): (usize, &PolicyFile),
    placed: &mut BTreeMap<String, Placed>,
    problems: &mut Vec<Problem>,
) {
    if set.templates().next().is_some() {
        let message = "templates are not used here; write a policy".to_owned();
        problems.push(Problem::error(&file.path, None, "policy_template", message));
    }
    for policy in set.policies() {
        let Some(id) = policy.annotation("id").filter(|id| !id.is_empty()) else {
            let head = policy.to_string();
            let head = head.lines().next().unwrap_or_default().to_owned();
            let message = format!("`{head}` has no `@id(\"…\")`: refusals name policies by it");
            problems.push(Problem::error(&file.path, None, "policy_id", message));
            continue;
        };
        let named = Placed { policy: policy.new_id(PolicyId::new(id)), file: number };
        if placed.insert(id.to_owned(), named).is_some() {
            let message = format!("there are two policies `{id}`");
            problems.push(Problem::error(&file.path, place(file, id), "policy_id", message));
        }
    }
}

pub(crate) fn place(file: &PolicyFile, id: &str) -> Option<model::Position> {
    let offset = file.text.find(&format!("@id(\"{id}\")"))?;
    Some(position_at(&file.text, offset))
}

fn validate(
    schema: &Schema,
    files: &[PolicyFile],
    placed: &BTreeMap<String, Placed>,
    problems: &mut Vec<Problem>,
) {
    let policies = placed.values().map(|placed| placed.policy.clone());
    let set = match PolicySet::from_policies(policies) {
        Ok(set) => set,
        Err(error) => {
            let message = error.to_string();
            problems.push(Problem::error("policies", None, "policy", message));
            return;
        }
    };
    let result = Validator::new(schema.clone()).validate(&set, ValidationMode::Strict);
    let name = |id: &PolicyId| {
        let id: &str = id.as_ref();
        let file = placed.get(id).and_then(|placed| files.get(placed.file));
        let at = file.and_then(|file| place(file, id));
        (file.map_or("policies", |file| file.path.as_str()), at)
    };
    for error in result.validation_errors() {
        let (file, at) = name(error.policy_id());
        problems.push(Problem::error(file, at, "policy_invalid", error.to_string()));
    }
    for warning in result.validation_warnings() {
        let (file, at) = name(warning.policy_id());
        problems.push(Problem::error(file, at, "policy_warning", warning.to_string()));
    }
}
