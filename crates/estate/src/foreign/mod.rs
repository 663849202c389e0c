//! Lists of cardholders, credentials and rights as other products write them, read by a map that is
//! data: which column means what, what their words mean, how they write times.
//!
//! Nothing is guessed: a row that cannot be read is a problem with its place, and the rest is
//! taken. What a list says is told apart from what there is: whoever takes it in compares.

mod map;
mod names;
mod row;
mod text;

use std::collections::BTreeMap;

use model::problem::Problem;
use model::rights::{Credential, Holder, Opens, RightsData};
use model::spine::{Organisation, Validity};
use model::{GroupId, PersonId, ScheduleId};

use crate::PROBLEMS_MAX;
use crate::csvpos::Table;

pub use map::{Encoding, MEANINGS, Map};
pub use text::decode;

use row::Reader;

/// Where a list says something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Origin {
    /// Which of the files, from 0.
    pub file: usize,
    /// Its line, from 1.
    pub line: u64,
}

/// What a right is, beside its dates.
pub type RightKey = (Holder, Opens, Option<ScheduleId>);

/// What lists say.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Listed {
    /// Credentials with their numbers, each number once.
    pub credentials: Vec<(Origin, Credential)>,
    /// Groups that are named, with their names.
    pub groups: BTreeMap<GroupId, (String, Origin)>,
    /// Who is in them. Several rows of one membership are one, from the first beginning to the last
    /// end.
    pub members: BTreeMap<(GroupId, PersonId), (Validity, Origin)>,
    /// Who may pass where. The same.
    pub rights: BTreeMap<RightKey, (Validity, Origin)>,
    /// Whether any column speaks of credentials, of memberships, of rights.
    pub speaks_of: Speaks,
    /// Everything that is wrong; rows with errors are left out.
    pub problems: Vec<Problem>,
    /// Rows that were read.
    pub rows: u64,
    /// Rows that were left out.
    pub left_out: u64,
    /// Problems that found no room among `problems`.
    untold: u64,
}

/// What lists speak of: of anything else they say nothing by being silent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Speaks {
    /// Of credentials.
    pub credentials: bool,
    /// Of memberships.
    pub members: bool,
    /// Of rights.
    pub rights: bool,
}

impl Listed {
    /// Whether every row of every list was understood.
    pub fn is_whole(&self) -> bool {
        let is_error = |one: &Problem| one.gravity == model::problem::Gravity::Error;
        self.left_out == 0 && !self.problems.iter().any(is_error)
    }

    fn tell(&mut self, problem: Problem) {
        match self.problems.len() < PROBLEMS_MAX {
            true => self.problems.push(problem),
            false => self.untold += 1,
        }
    }
}

/// Reads lists, each by its name and text. `before`: the rights that there are, for the names of
/// groups and schedules and the house's card format.
pub fn read(
    map: &Map,
    files: &[(String, String)],
    (org, before): (&Organisation, &RightsData),
) -> Listed {
    let mut listed = Listed::default();
    let mut reader = Reader::new(map, (org, before), &mut listed);
    for (number, (file, text)) in files.iter().enumerate() {
        let table = Table::read(file, text, map.separator);
        reader.file((number, file), &table);
    }
    if listed.untold > 0 {
        let message = format!("{} more problems are not listed", listed.untold);
        let file = files.last().map_or("", |(file, _)| file);
        listed.problems.push(Problem::error(file, None, "more_problems", message));
    }
    listed
}
