//! Conditions of policies as tests that cannot fail, and what of them is left to Cedar.
//!
//! INVARIANT: a test never differs from Cedar's own evaluation (`tests/policies.rs`, random
//! policies against the whole set). Only what cannot raise an error is compiled; a condition is
//! compiled from its left, up to the first part that can, because Cedar stops at the first part
//! that is false and the rest, with its errors, does not happen.

use cedar_policy::pst::{BinaryOp, Clause, EntityUID, Expr, Literal, UnaryOp, Var};
use model::{DoorId, GroupId, PersonId, ScheduleId, ZoneId};

use crate::door::names::Names;
use crate::door::words::{
    Factor, Freshness, Incidents, Lease, PersonKind, Posture, Presence, Threat, ZoneClass,
};

use super::facts::Facts;

/// An attribute whose value is one word of a closed list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Slot {
    Kind,
    Class,
    Threat,
    Incidents,
    Device,
    Source,
    Presence,
    Lease,
}

/// An attribute whose value is a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Number {
    Minute,
    Weekday,
    Clearance,
}

/// How a number is held against another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Compare {
    Same,
    Less,
    AtMost,
}

/// A condition that cannot fail.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Test {
    Is(bool),
    Not(Box<Test>),
    All(Vec<Test>),
    Any(Vec<Test>),
    /// The word in the slot is one of these bits.
    Word(Slot, u16),
    /// `slot ? value`.
    Number(Number, Compare, i64),
    /// At least one of these factors was shown.
    Factor(u16),
    /// The schedule is open.
    Open(ScheduleId),
    /// The person is in the group.
    Group(u32),
    /// The door leads into the zone.
    Zone(u32),
    Person(PersonId),
    Door(DoorId),
}

impl Test {
    /// Whether it holds.
    pub(crate) fn holds(&self, facts: &Facts<'_>) -> bool {
        match self {
            Self::Is(value) => *value,
            Self::Not(test) => !test.holds(facts),
            Self::All(tests) => tests.iter().all(|test| test.holds(facts)),
            Self::Any(tests) => tests.iter().any(|test| test.holds(facts)),
            Self::Word(slot, mask) => facts.word(*slot) & mask != 0,
            Self::Number(slot, compare, value) => match compare {
                Compare::Same => facts.number(*slot) == *value,
                Compare::Less => facts.number(*slot) < *value,
                Compare::AtMost => facts.number(*slot) <= *value,
            },
            Self::Factor(mask) => facts.factors & mask != 0,
            Self::Open(schedule) => facts.is_open(schedule),
            Self::Group(group) => facts.holder.groups.binary_search(group).is_ok(),
            Self::Zone(zone) => facts.door.into.contains(zone),
            Self::Person(person) => facts.holder.person.id == *person,
            Self::Door(door) => facts.door.door.id == *door,
        }
    }

    fn not(self) -> Self {
        match self {
            Self::Is(value) => Self::Is(!value),
            Self::Not(inner) => *inner,
            Self::All(_)
            | Self::Any(_)
            | Self::Word(..)
            | Self::Number(..)
            | Self::Factor(_)
            | Self::Open(_)
            | Self::Group(_)
            | Self::Zone(_)
            | Self::Person(_)
            | Self::Door(_) => Self::Not(Box::new(self)),
        }
    }
}

/// Clauses, compiled: the test of their beginning, and whether anything is left.
#[derive(Debug, Clone)]
pub(crate) struct Compiled {
    pub test: Test,
    pub has_residue: bool,
}

/// Compiles the clauses of a policy.
pub(crate) fn compile(names: &mut Names, clauses: &[Clause]) -> Compiled {
    let mut parts: Vec<(&Expr, bool)> = Vec::new();
    for clause in clauses {
        match clause {
            Clause::When(expr) => conjuncts(expr, &mut parts),
            Clause::Unless(expr) => parts.push((expr, true)),
        }
    }
    let mut tests = Vec::new();
    let mut has_residue = false;
    for (expr, negated) in parts {
        match boolean(names, expr) {
            Some(test) => tests.push(if negated { test.not() } else { test }),
            None => {
                has_residue = true;
                break;
            }
        }
    }
    tests.retain(|test| *test != Test::Is(true));
    let test = match tests.len() {
        0 => Test::Is(true),
        1 => tests.pop().unwrap_or(Test::Is(true)),
        _ => Test::All(tests),
    };
    Compiled { test, has_residue }
}

fn conjuncts<'a>(expr: &'a Expr, parts: &mut Vec<(&'a Expr, bool)>) {
    match expr {
        Expr::BinaryOp { op: BinaryOp::And, left, right } => {
            conjuncts(left, parts);
            conjuncts(right, parts);
        }
        _ => parts.push((expr, false)), // tidy: wildcard: Cedar's own, not closed
    }
}

fn boolean(names: &mut Names, expr: &Expr) -> Option<Test> {
    Some(match expr {
        Expr::Literal(Literal::Bool(value)) => Test::Is(*value),
        Expr::UnaryOp { op: UnaryOp::Not, expr } => boolean(names, expr)?.not(),
        Expr::IfThenElse { cond, then_expr, else_expr } => {
            let cond = boolean(names, cond)?;
            let (yes, no) = (boolean(names, then_expr)?, boolean(names, else_expr)?);
            Test::Any(vec![Test::All(vec![cond.clone(), yes]), Test::All(vec![cond.not(), no])])
        }
        Expr::BinaryOp { op, left, right } => binary(names, *op, (left, right))?,
        Expr::Is { expr, entity_type, in_expr } => {
            let kind = match var(expr)? {
                Var::Principal => "Person",
                Var::Resource => "Door",
                Var::Action | Var::Context => return None,
            };
            let is = Test::Is(entity_type.to_string() == kind);
            match in_expr {
                Some(within) => Test::All(vec![is, is_in(names, expr, within)?]),
                None => is,
            }
        }
        // tidy: wildcard: what Cedar may add is left to Cedar
        _ => return None,
    })
}

fn binary(names: &mut Names, op: BinaryOp, (left, right): (&Expr, &Expr)) -> Option<Test> {
    let number = |compare, (left, right)| compare_numbers(compare, left, right);
    Some(match op {
        BinaryOp::And => Test::All(vec![boolean(names, left)?, boolean(names, right)?]),
        BinaryOp::Or => Test::Any(vec![boolean(names, left)?, boolean(names, right)?]),
        BinaryOp::Eq => same(left, right)?,
        BinaryOp::NotEq => same(left, right)?.not(),
        BinaryOp::Less => number(Compare::Less, (left, right))?,
        BinaryOp::LessEq => number(Compare::AtMost, (left, right))?,
        BinaryOp::Greater => number(Compare::Less, (right, left))?,
        BinaryOp::GreaterEq => number(Compare::AtMost, (right, left))?,
        BinaryOp::In => is_in(names, left, right)?,
        BinaryOp::Contains => contains(left, right)?,
        BinaryOp::ContainsAny => Test::Any(members(left, right)?),
        BinaryOp::ContainsAll => Test::All(members(left, right)?),
        // tidy: wildcard: what can fail, and what Cedar may add, is left to Cedar
        _ => return None,
    })
}

fn var(expr: &Expr) -> Option<&Var> {
    match expr {
        Expr::Var(var) => Some(var),
        _ => None, // tidy: wildcard: Cedar's own, not closed
    }
}

fn attribute(expr: &Expr) -> Option<(&Var, &str)> {
    match expr {
        Expr::GetAttr { expr, attr } => Some((var(expr)?, attr.as_str())),
        _ => None, // tidy: wildcard: Cedar's own, not closed
    }
}

fn slot(expr: &Expr) -> Option<Slot> {
    Some(match attribute(expr)? {
        (Var::Principal, "kind") => Slot::Kind,
        (Var::Resource, "class") => Slot::Class,
        (Var::Context, "threat") => Slot::Threat,
        (Var::Context, "incidents") => Slot::Incidents,
        (Var::Context, "device") => Slot::Device,
        (Var::Context, "source") => Slot::Source,
        (Var::Context, "presence") => Slot::Presence,
        (Var::Context, "lease") => Slot::Lease,
        _ => return None, // tidy: wildcard: names of attributes are text
    })
}

fn number_slot(expr: &Expr) -> Option<Number> {
    Some(match attribute(expr)? {
        (Var::Context, "minute") => Number::Minute,
        (Var::Context, "weekday") => Number::Weekday,
        (Var::Principal, "clearance") => Number::Clearance,
        _ => return None, // tidy: wildcard: names of attributes are text
    })
}

fn entity(expr: &Expr) -> Option<(String, &str)> {
    match expr {
        Expr::Literal(Literal::EntityUID(EntityUID { ty, eid })) => {
            Some((ty.to_string(), eid.as_str()))
        }
        _ => None, // tidy: wildcard: Cedar's own, not closed
    }
}

fn long(expr: &Expr) -> Option<i64> {
    match expr {
        Expr::Literal(Literal::Long(value)) => Some(*value),
        _ => None, // tidy: wildcard: Cedar's own, not closed
    }
}

/// The bit of a word in a slot. A literal of another type never equals it; strict validation
/// refuses such policies, so it is left to Cedar.
fn word_bit(slot: Slot, (kind, word): (String, &str)) -> Option<u16> {
    match (slot, kind.as_str()) {
        (Slot::Kind, "Kind") => PersonKind::parse(word).map(PersonKind::bit),
        (Slot::Class, "Class") => ZoneClass::parse(word).map(ZoneClass::bit),
        (Slot::Threat, "Threat") => Threat::parse(word).map(Threat::bit),
        (Slot::Incidents, "Incidents") => Incidents::parse(word).map(Incidents::bit),
        (Slot::Device, "Posture") => Posture::parse(word).map(Posture::bit),
        (Slot::Source, "Freshness") => Freshness::parse(word).map(Freshness::bit),
        (Slot::Presence, "Presence") => Presence::parse(word).map(Presence::bit),
        (Slot::Lease, "Lease") => Lease::parse(word).map(Lease::bit),
        // tidy: wildcard: kinds are text
        _ => None,
    }
}

fn same(left: &Expr, right: &Expr) -> Option<Test> {
    one_way(left, right).or_else(|| one_way(right, left))
}

fn one_way(left: &Expr, right: &Expr) -> Option<Test> {
    if let Some(slot) = slot(left) {
        return Some(Test::Word(slot, word_bit(slot, entity(right)?)?));
    }
    if let Some(number) = number_slot(left) {
        return Some(Test::Number(number, Compare::Same, long(right)?));
    }
    match (var(left)?, entity(right)?) {
        (Var::Principal, (kind, id)) if kind == "Person" => Some(person(id)),
        (Var::Resource, (kind, id)) if kind == "Door" => Some(door(id)),
        // tidy: wildcard: kinds are text
        _ => None,
    }
}

/// An id that is none of ours is nobody's: nothing that we build has it.
fn person(id: &str) -> Test {
    PersonId::parse(id).map_or(Test::Is(false), Test::Person)
}

fn door(id: &str) -> Test {
    DoorId::parse(id).map_or(Test::Is(false), Test::Door)
}

fn compare_numbers(compare: Compare, left: &Expr, right: &Expr) -> Option<Test> {
    match (number_slot(left), number_slot(right)) {
        (Some(slot), None) => Some(Test::Number(slot, compare, long(right)?)),
        (None, Some(slot)) => {
            // `value < slot` is `!(slot <= value)`.
            let turned = match compare {
                Compare::Less => Compare::AtMost,
                Compare::AtMost => Compare::Less,
                Compare::Same => return None,
            };
            Some(Test::Number(slot, turned, long(left)?).not())
        }
        (Some(_), Some(_)) => None,
        (None, None) => {
            let (left, right) = (long(left)?, long(right)?);
            Some(Test::Is(match compare {
                Compare::Same => left == right,
                Compare::Less => left < right,
                Compare::AtMost => left <= right,
            }))
        }
    }
}

fn is_in(names: &mut Names, left: &Expr, right: &Expr) -> Option<Test> {
    if let Expr::Set(members) = right {
        let each = members.iter().map(|member| is_in(names, left, member));
        return each.collect::<Option<Vec<_>>>().map(Test::Any);
    }
    let (kind, id) = entity(right)?;
    Some(match (var(left)?, kind.as_str()) {
        (Var::Principal, "Person") => person(id),
        (Var::Principal, "Group") => {
            GroupId::parse(id).map_or(Test::Is(false), |id| Test::Group(names.group(&id)))
        }
        (Var::Resource, "Door") => door(id),
        (Var::Resource, "Zone") => {
            ZoneId::parse(id).map_or(Test::Is(false), |id| Test::Zone(names.zone(&id)))
        }
        // tidy: wildcard: kinds are text
        _ => return None,
    })
}

fn contains(set: &Expr, element: &Expr) -> Option<Test> {
    if let Expr::Set(members) = set {
        if let Some(slot) = slot(element) {
            let bits = members.iter().map(|member| word_bit(slot, entity(member)?));
            let mask = bits.collect::<Option<Vec<u16>>>()?.into_iter().fold(0, |a, b| a | b);
            return Some(Test::Word(slot, mask));
        }
        let each = members.iter().map(|member| same(member, element));
        return each.collect::<Option<Vec<_>>>().map(Test::Any);
    }
    member(set, element)
}

/// Whether one of the context's sets has a certain member.
fn member(set: &Expr, element: &Expr) -> Option<Test> {
    let (kind, id) = entity(element)?;
    match (attribute(set)?, kind.as_str()) {
        ((Var::Context, "schedules"), "Schedule") => {
            Some(ScheduleId::parse(id).map_or(Test::Is(false), Test::Open))
        }
        ((Var::Context, "factors"), "Factor") => Some(Test::Factor(Factor::parse(id)?.bit())),
        // tidy: wildcard: kinds and names of attributes are text
        _ => None,
    }
}

fn members(set: &Expr, of: &Expr) -> Option<Vec<Test>> {
    match of {
        Expr::Set(elements) => elements.iter().map(|element| member(set, element)).collect(),
        _ => None, // tidy: wildcard: Cedar's own, not closed
    }
}
