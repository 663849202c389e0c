//! `schedules.toml`: hours of the week, with their holidays.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use chrono::NaiveDate;
use model::ids::ScheduleId;
use model::rights::{DAYS, Schedule, Window};

use super::super::context::Context;
use crate::csvpos::short;
use crate::nearest::hint;
use crate::tomlpos::{Doc, Spanned, Table};

const FILE: &str = "schedules.toml";
/// Newest `format` that is read.
const FORMAT_NEWEST: i64 = 1;
/// Several days by one word.
const SPANS: [(&str, u16); 3] =
    [("weekdays", 0b1_1111), ("weekend", 0b110_0000), ("every-day", 0b111_1111)];

pub(super) fn read(context: &mut Context, text: Option<&str>) {
    let Some(text) = text else { return };
    let doc = Doc::parse(FILE, text);
    if doc.is_readable() {
        let mut root = doc.root();
        root.need_format(FORMAT_NEWEST);
        let shared = holidays(&mut root);
        for table in root.take_tables("schedule") {
            schedule(context, table, &shared);
        }
        root.finish();
    }
    context.problems.extend(doc.into_problems());
}

fn schedule(context: &mut Context, mut table: Table<'_>, shared: &BTreeMap<String, u8>) {
    let id = table.need_id("id", ScheduleId::parse);
    let name = table.take_str("name").map(|name| name.value);
    let time_zone = table.take_time_zone("time_zone").map(|zone| zone.value);
    let mut windows = Vec::new();
    for window in table.take_tables("window") {
        windows.extend(self::window(window));
    }
    let mut all = shared.clone();
    all.extend(holidays(&mut table));
    let at = table.at();
    if windows.is_empty() {
        table.warning(at, "never_open", "it has no window: it is never open".to_owned());
    }
    let Some(id) = id else { return table.finish() };
    let schedule = Schedule { name, time_zone, windows, holidays: all };
    match context.rights.schedules.entry(id.value) {
        Entry::Occupied(had) => {
            table.error(id.at, "duplicate_id", format!("`{}` stands twice", had.key()));
        }
        Entry::Vacant(place) => drop(place.insert(schedule)),
    }
    table.finish();
}

fn window(mut table: Table<'_>) -> Option<Window> {
    let at = table.at();
    let words = table.take_strs("days").unwrap_or_default();
    let mut days = 0;
    for word in &words {
        days |= day(&table, word).unwrap_or(0);
    }
    if days == 0 && words.is_empty() {
        table.error(at, "missing_key", "`days` is missing: on which days it begins".to_owned());
    }
    let from = minute(&mut table, "from", 1_439);
    let to = minute(&mut table, "to", 1_440);
    table.finish();
    Some(Window { days, from: from?, to: to? }).filter(|window| window.days != 0)
}

fn day(table: &Table<'_>, word: &Spanned<String>) -> Option<u16> {
    if let Some((_, days)) = SPANS.iter().find(|(span, _)| *span == word.value) {
        return Some(*days);
    }
    let found = DAYS.iter().position(|day| *day == word.value);
    if found.is_none() {
        let spans = SPANS.iter().map(|(span, _)| *span);
        let known: Vec<&str> = DAYS.iter().copied().chain(spans).collect();
        let hint = hint(word, &known);
        let message = format!("`days`: unknown value `{}`: {hint}", short(word));
        table.error(word.at, "unknown_value", message);
    }
    found.map(|place| 1 << place)
}

fn minute(table: &mut Table<'_>, key: &'static str, max: u16) -> Option<u16> {
    let text = table.need_str(key)?;
    let read = || {
        let (hour, minute) = text.split_once(':')?;
        let two = |part: &str| part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit());
        let (hour, minute) = (two(hour).then_some(hour)?, two(minute).then_some(minute)?);
        let (hour, minute): (u16, u16) = (hour.parse().ok()?, minute.parse().ok()?);
        Some(hour * 60 + minute).filter(|at| minute < 60 && *at <= max)
    };
    let found = read();
    if found.is_none() {
        let message = format!("`{key}`: found `{}`, expected a time such as 07:30", short(&text));
        table.error(text.at, "bad_value", message);
    }
    found
}

fn holidays(table: &mut Table<'_>) -> BTreeMap<String, u8> {
    let mut all = BTreeMap::new();
    for mut holiday in table.take_tables("holiday") {
        let date = holiday.need_str("date");
        let kind = holiday.take_int("kind", 1..=8).map_or(1, |kind| kind.value);
        let _ = holiday.take_str("name");
        if let Some(date) = date {
            match NaiveDate::parse_from_str(&date, "%Y-%m-%d") {
                Ok(day) => {
                    all.insert(day.to_string(), u8::try_from(kind).unwrap_or(1));
                }
                Err(_) => {
                    let found = short(&date);
                    let message = format!("`date`: found `{found}`, expected such as 2026-12-25");
                    holiday.error(date.at, "bad_value", message);
                }
            }
        }
        holiday.finish();
    }
    all
}
