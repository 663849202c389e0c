//! What a query may compute, looked at in the plan that its text became.
//!
//! Two fences. No function may make a text of any length from a short one: memory would be gone
//! before anybody counts it. And for whoever sees people by pseudonym, what may name somebody may
//! be listed, grouped and counted, but not computed with nor compared: a comparison answers who
//! stands behind a pseudonym as surely as the name itself.

use std::collections::HashSet;

use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::common::{Column, DataFusionError};
use datafusion::logical_expr::{BinaryExpr, Distinct, Expr, LogicalPlan, Operator};

use crate::config::QueryLimits;
use crate::error::LakeError;

/// Functions whose result is no longer than what goes in, give or take a constant.
const FUNCTIONS: [&str; 74] = [
    "abs",
    "acos",
    "arrow_typeof",
    "ascii",
    "asin",
    "atan",
    "atan2",
    "bit_length",
    "btrim",
    "cbrt",
    "ceil",
    "character_length",
    "coalesce",
    "contains",
    "cos",
    "current_date",
    "current_time",
    "date_bin",
    "date_part",
    "date_trunc",
    "degrees",
    "ends_with",
    "exp",
    "find_in_set",
    "floor",
    "from_unixtime",
    "gcd",
    "greatest",
    "initcap",
    "isnan",
    "iszero",
    "json_text",
    "lcm",
    "least",
    "left",
    "levenshtein",
    "ln",
    "log",
    "log10",
    "log2",
    "lower",
    "ltrim",
    "make_date",
    "nanvl",
    "now",
    "nullif",
    "nvl",
    "nvl2",
    "octet_length",
    "pi",
    "power",
    "radians",
    "random",
    "regexp_count",
    "regexp_instr",
    "regexp_like",
    "reverse",
    "right",
    "round",
    "rtrim",
    "signum",
    "sin",
    "split_part",
    "sqrt",
    "starts_with",
    "strpos",
    "substr",
    "substr_index",
    "tan",
    "to_date",
    "to_unixtime",
    "translate",
    "trunc",
    "upper",
];
/// Conversions to a moment: many names, one beginning.
const MOMENTS: &str = "to_timestamp";
/// Aggregates that gather all they are given into one value.
const GATHERING: [&str; 2] = ["array_agg", "string_agg"];
/// How often a query may join two texts: each may double what it is given.
const JOININGS_MAX: usize = 3;
/// Columns in which somebody may be named.
const NAMING: [&str; 5] = ["ocsf", "user_name", "credential", "message", "body"];
/// Aggregates that say of what they are given only how much of it there is.
const COUNTING: [&str; 2] = ["count", "approx_distinct"];

type Walk = Result<TreeNodeRecursion, DataFusionError>;

/// Refuses a plan that could take more memory than anybody counts, or tell more than may be seen.
pub(crate) fn check(plan: &LogicalPlan, limits: &QueryLimits) -> Result<(), LakeError> {
    bounded(plan)?;
    match limits.may_compare_names {
        true => Ok(()),
        false => Names::of(plan)?.check(plan),
    }
}

fn refused(what: String) -> LakeError {
    LakeError::Refused { what }
}

/// Runs `look` on every expression of a plan, however deep, until it says why not.
fn every(
    plan: &LogicalPlan,
    mut look: impl FnMut(&Expr) -> Result<(), LakeError>,
) -> Result<(), LakeError> {
    let mut found = Ok(());
    let walked = plan.apply_with_subqueries(|node| {
        node.apply_expressions(|top| {
            top.apply(|expr| {
                found = look(expr);
                Ok(if found.is_err() {
                    TreeNodeRecursion::Stop
                } else {
                    TreeNodeRecursion::Continue
                })
            })
        })
    });
    found?;
    walked.map(drop).map_err(|error| refused(error.strip_backtrace()))
}

fn bounded(plan: &LogicalPlan) -> Result<(), LakeError> {
    let mut joinings = 0;
    every(plan, |expr| match expr {
        Expr::ScalarFunction(called) => {
            let name = called.name();
            let is_known = FUNCTIONS.contains(&name) || name.starts_with(MOMENTS);
            is_known.then_some(()).ok_or_else(|| unknown(name))
        }
        Expr::AggregateFunction(called) if GATHERING.contains(&called.func.name()) => {
            Err(unknown(called.func.name()))
        }
        Expr::BinaryExpr(BinaryExpr { op: Operator::StringConcat, .. }) => {
            joinings += 1;
            let what = || refused(format!("`||` more than {JOININGS_MAX} times in one query"));
            (joinings <= JOININGS_MAX).then_some(()).ok_or_else(what)
        }
        _ => Ok(()),
    })
}

fn unknown(name: &str) -> LakeError {
    refused(format!(
        "the function `{name}`; a query may use only functions whose result is no longer than what \
         they are given"
    ))
}

/// The names under which what may name somebody goes about in one plan.
struct Names(HashSet<String>);

impl Names {
    /// Follows them through aliases until no more are found.
    fn of(plan: &LogicalPlan) -> Result<Self, LakeError> {
        let mut names = Self(NAMING.map(str::to_owned).into());
        loop {
            let before = names.0.len();
            let mut more: Vec<String> = Vec::new();
            every(plan, |expr| {
                if let Expr::Alias(alias) = expr
                    && names.is_in(&alias.expr)
                {
                    more.push(alias.name.clone());
                }
                Ok(())
            })?;
            names.0.extend(more);
            if names.0.len() == before {
                return Ok(names);
            }
        }
    }

    fn names(&self, column: &Column) -> bool {
        self.0.contains(&column.name)
    }

    /// Whether an expression reads what may name somebody; a question within it counts by what it
    /// gives.
    fn is_in(&self, expr: &Expr) -> bool {
        let mut found = false;
        let walked = expr.apply(|part| {
            found |= match part {
                Expr::Column(column) | Expr::OuterReferenceColumn(_, column) => self.names(column),
                Expr::InSubquery(asked) => self.gives(&asked.subquery.subquery),
                Expr::SetComparison(asked) => self.gives(&asked.subquery.subquery),
                Expr::ScalarSubquery(asked) => self.gives(&asked.subquery),
                _ => false,
            };
            Ok(if found { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
        });
        found || walked.is_err()
    }

    fn gives(&self, plan: &LogicalPlan) -> bool {
        plan.schema().fields().iter().any(|field| self.0.contains(field.name()))
    }

    /// Whether an expression only hands it on, or counts it.
    fn is_harmless(&self, expr: &Expr) -> bool {
        match expr {
            Expr::Column(_) => true,
            Expr::Alias(alias) => self.is_harmless(&alias.expr),
            Expr::IsNull(inner) | Expr::IsNotNull(inner) => {
                matches!(**inner, Expr::Column(_)) || !self.is_in(inner)
            }
            Expr::Not(inner) => self.is_harmless(inner),
            Expr::BinaryExpr(BinaryExpr { left, op: Operator::And | Operator::Or, right }) => {
                self.is_harmless(left) && self.is_harmless(right)
            }
            Expr::AggregateFunction(called) if COUNTING.contains(&called.func.name()) => {
                let params = &called.params;
                let is_given = |arg: &Expr| matches!(arg, Expr::Column(_)) || !self.is_in(arg);
                params.args.iter().all(is_given)
                    && params.order_by.is_empty()
                    && params.filter.as_ref().is_none_or(|filter| !self.is_in(filter))
            }
            other => !self.is_in(other),
        }
    }

    fn check(&self, plan: &LogicalPlan) -> Result<(), LakeError> {
        let mut found = Ok(());
        let walked = plan.apply_with_subqueries(|node| self.look(node, &mut found));
        found?;
        walked.map(drop).map_err(|error| refused(error.strip_backtrace()))
    }

    fn look(&self, node: &LogicalPlan, found: &mut Result<(), LakeError>) -> Walk {
        // Putting in order and joining compare, though no word of the query says so.
        let compares = matches!(
            node,
            LogicalPlan::Sort(_)
                | LogicalPlan::Join(_)
                | LogicalPlan::Window(_)
                | LogicalPlan::Distinct(Distinct::On(_))
        );
        let merges = match node {
            LogicalPlan::Union(union) => union.inputs.iter().any(|input| self.gives(input)),
            LogicalPlan::RecursiveQuery(query) => {
                self.gives(&query.static_term) || self.gives(&query.recursive_term)
            }
            _ => false,
        };
        let mut is_fine = !merges;
        let walked = node.apply_expressions(|expr| {
            is_fine &= match compares {
                true => !self.is_in(expr),
                false => self.is_harmless(expr),
            };
            Ok(TreeNodeRecursion::Continue)
        });
        if !is_fine {
            let columns = NAMING.join("`, `");
            *found = Err(LakeError::Covered { columns });
            return Ok(TreeNodeRecursion::Stop);
        }
        walked
    }
}
