//! An event's fields as many rules ask for them: looked up once, folded to lower case once.

use std::borrow::Cow;
use std::cell::OnceCell;

use rsigma_eval::EventValue;
use rsigma_eval::matcher::ascii_lowercase_cow;

use super::field::{Field, View};

/// One event before a group of rules.
pub(super) struct Row<'a> {
    pub view: &'a View<'a>,
    names: &'a [Box<str>],
    cells: Vec<OnceCell<Option<Cell<'a>>>>,
}

/// What one field holds.
pub(super) struct Cell<'a> {
    pub value: EventValue<'a>,
    folded: OnceCell<Folded<'a>>,
}

enum Folded<'a> {
    One(Cow<'a, str>),
    Many(Vec<Cow<'a, str>>),
}

impl<'a> Row<'a> {
    pub(super) fn new(view: &'a View<'a>, names: &'a [Box<str>]) -> Self {
        let mut cells = Vec::new();
        cells.resize_with(names.len(), OnceCell::new);
        Self { view, names, cells }
    }

    /// What a field holds; `None` where the event lacks it.
    pub(super) fn cell(&self, slot: usize) -> Option<&Cell<'a>> {
        let look = || match self.view.field(self.names.get(slot)?) {
            Field::Known(value) => Some(Cell { value, folded: OnceCell::new() }),
            Field::Absent | Field::Unknown(_) => None,
        };
        self.cells.get(slot)?.get_or_init(look).as_ref()
    }
}

impl<'a> Cell<'a> {
    /// Its texts in lower case, as rules compare them: numbers as they are written, of an array
    /// each member.
    pub(super) fn folded(&self) -> &[Cow<'a, str>] {
        match self.folded.get_or_init(|| fold(&self.value)) {
            Folded::One(one) => std::slice::from_ref(one),
            Folded::Many(many) => many,
        }
    }

    pub(super) fn any(&self, fits: impl Fn(&str) -> bool) -> bool {
        self.folded().iter().any(|text| fits(text))
    }

    /// Its numbers, as rules compare them.
    pub(super) fn each_number(&self, mut each: impl FnMut(f64)) {
        numbers(&self.value, &mut each);
    }
}

fn fold<'a>(value: &EventValue<'a>) -> Folded<'a> {
    match fold_member(value) {
        Member::Text(text) => Folded::One(text),
        Member::List(members) => {
            let mut all = Vec::new();
            for member in members {
                gather(member, &mut all);
            }
            Folded::Many(all)
        }
        Member::Nothing => Folded::Many(Vec::new()),
    }
}

fn fold_text<'a>(text: &Cow<'a, str>) -> Cow<'a, str> {
    match text {
        Cow::Borrowed(text) => ascii_lowercase_cow(text),
        Cow::Owned(text) => Cow::Owned(ascii_lowercase_cow(text).into_owned()),
    }
}

fn gather<'a>(value: &EventValue<'a>, all: &mut Vec<Cow<'a, str>>) {
    match fold_member(value) {
        Member::Text(text) => all.push(text),
        Member::List(members) => {
            for member in members {
                gather(member, all);
            }
        }
        Member::Nothing => {}
    }
}

enum Member<'v, 'a> {
    Text(Cow<'a, str>),
    List(&'v [EventValue<'a>]),
    Nothing,
}

fn fold_member<'v, 'a>(value: &'v EventValue<'a>) -> Member<'v, 'a> {
    match value {
        EventValue::Str(text) => Member::Text(fold_text(text)),
        EventValue::Int(_) | EventValue::Float(_) | EventValue::Bool(_) => {
            let text = value.as_str().map(Cow::into_owned).unwrap_or_default();
            Member::Text(Cow::Owned(ascii_lowercase_cow(&text).into_owned()))
        }
        EventValue::Array(members) => Member::List(members),
        EventValue::Null | EventValue::Map(_) => Member::Nothing,
    }
}

fn numbers(value: &EventValue<'_>, each: &mut dyn FnMut(f64)) {
    match value {
        EventValue::Int(whole) => each(*whole as f64),
        EventValue::Float(number) => each(*number),
        EventValue::Str(text) => {
            if let Ok(number) = text.parse() {
                each(number);
            }
        }
        EventValue::Array(members) => {
            for member in members {
                numbers(member, each);
            }
        }
        EventValue::Bool(_) | EventValue::Null | EventValue::Map(_) => {}
    }
}
