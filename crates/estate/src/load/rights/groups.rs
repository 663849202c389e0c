//! `groups.csv`: people who share rights; `members.csv`: who is in them, and when.

use std::collections::BTreeSet;

use model::ids::{GroupId, PersonId};
use model::rights::{Group, Member, Trait};

use super::super::context::{Context, Place};
use super::{ids, known_group, known_person};
use crate::csvpos::{Row, Sheet, short};
use crate::nearest::hint;

const GROUPS: &str = "groups.csv";
const MEMBERS: &str = "members.csv";

pub(super) fn read(context: &mut Context, text: Option<&str>) {
    let Some(text) = text else { return };
    let sheet = Sheet::read(GROUPS, text, &["group"], &["name", "within", "clearance", "traits"]);
    context.problems.extend(sheet.problems);
    for row in &sheet.rows {
        group(context, row);
    }
    for row in &sheet.rows {
        for within in ids(context, (GROUPS, row, "within"), GroupId::parse) {
            let at = (GROUPS, row.position_of("within"));
            known_group(context, at, "within", &within);
        }
    }
    rings(context);
}

fn group(context: &mut Context, row: &Row<'_>) {
    let id = context.id(GROUPS, row, "group", GroupId::parse);
    // What is wrong with them is told when all groups are known.
    let told = context.problems.len();
    let within = ids(context, (GROUPS, row, "within"), GroupId::parse);
    context.problems.truncate(told);
    let clearance = row.get("clearance").and_then(|cell| match cell.text.parse::<i64>() {
        Ok(number) => Some(number),
        Err(_) => {
            let found = short(&cell.text);
            let message = format!("`clearance`: found `{found}`, expected a whole number");
            context.error(GROUPS, Some(cell.at), "bad_value", message);
            None
        }
    });
    let traits = traits(context, row);
    let Some(id) = id else { return };
    if let Some(first) = context.groups.get(&id) {
        let first = first.at;
        context.duplicate(GROUPS, row.position_of("group"), id.as_str(), first);
        return;
    }
    context.groups.insert(id.clone(), Place::of_row(row, &["within"]));
    let group = Group { name: row.text("name"), within, clearance, traits };
    context.rights.groups.insert(id, group);
}

fn traits(context: &mut Context, row: &Row<'_>) -> Vec<Trait> {
    let Some(cell) = row.get("traits") else { return Vec::new() };
    let mut traits = Vec::new();
    for word in cell.text.split([';', ' ']).filter(|word| !word.is_empty()) {
        match Trait::WORDS.iter().find(|(known, _)| *known == word) {
            Some((_, one)) => traits.push(*one),
            None => {
                let known: Vec<&str> = Trait::WORDS.iter().map(|(word, _)| *word).collect();
                let hint = hint(word, &known);
                let message = format!("`traits`: unknown value `{}`: {hint}", short(word));
                context.error(GROUPS, Some(cell.at), "unknown_value", message);
            }
        }
    }
    traits
}

/// Groups that are in one another: told once for each ring, at its first group.
fn rings(context: &mut Context) {
    let mut told = BTreeSet::new();
    let ids: Vec<GroupId> = context.rights.groups.keys().cloned().collect();
    for id in ids {
        let (mut seen, mut next) = (BTreeSet::new(), vec![id.clone()]);
        let mut is_ring = false;
        while let Some(group) = next.pop() {
            let Some(one) = context.rights.groups.get(&group) else { continue };
            is_ring |= one.within.contains(&id);
            next.extend(one.within.iter().filter(|above| seen.insert((*above).clone())).cloned());
        }
        if is_ring && told.is_disjoint(&seen) {
            let at = context.groups.get(&id).map(|place| place.of("within"));
            let message = format!("the group `{id}` lies in itself");
            context.error(GROUPS, at, "group_cycle", message);
            told.insert(id);
        }
    }
}

pub(super) fn read_members(context: &mut Context, text: Option<&str>) {
    let Some(text) = text else { return };
    let sheet = Sheet::read(MEMBERS, text, &["group", "person"], &["valid_from", "valid_to"]);
    context.problems.extend(sheet.problems);
    for row in &sheet.rows {
        let group = context.id(MEMBERS, row, "group", GroupId::parse);
        let person = context.id(MEMBERS, row, "person", PersonId::parse);
        let zone = context.organisation.time_zone.clone();
        let validity = context.validity(MEMBERS, row, &zone);
        let (Some(group), Some(person)) = (group, person) else { continue };
        let sound = known_group(context, (MEMBERS, row.position_of("group")), "group", &group);
        let at = (MEMBERS, row.position_of("person"));
        if !known_person(context, at, "person", &person) || !sound {
            continue;
        }
        let member = Member { group, person, validity };
        let twice = format!("`{}` is in `{}` twice from then on", member.person, member.group);
        if context.rights.members.insert(member.key(), member).is_some() {
            context.error(MEMBERS, Some(row.at), "duplicate_id", twice);
        }
    }
}
