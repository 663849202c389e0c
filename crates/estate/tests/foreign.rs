//! Lists of other products in: what is wrong has a place, and what is meant is found by its name.
#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::collections::BTreeMap;

use estate::foreign::{Listed, Map, read};
use estate::load_whole;
use model::rights::{Holder, Opens};

const MAP: &str = "format = 1\nname = \"theirs\"\nevidence = \"constructed\"\n\
    [columns]\nperson = [\"Who\"]\nnumber = [\"Card\"]\nfacility = [\"Site\"]\n\
    standing = [\"State\"]\nvalid_from = [\"From\"]\nvalid_to = [\"To\"]\ngroups = [\"Levels\"]\n\
    door = [\"Door\"]\nzone = [\"Area\"]\nschedule = [\"Hours\"]\n\
    [values]\nstanding = { \"1\" = \"active\", \"2\" = \"ended\" }\n\
    schedule = { \"24x7\" = \"always\", \"Day\" = \"office\" }\n\
    [times]\nformats = [\"%Y-%m-%d\"]\n";

fn whole() -> estate::Whole {
    let mut files = BTreeMap::new();
    let mut file = |name: &str, text: &str| drop(files.insert(name.to_owned(), text.into()));
    file("organisation.toml", "format = 1\nname = \"Acme\"\ntime_zone = \"Europe/Berlin\"\n");
    file(
        "places.toml",
        "[[place]]\nid = \"hq\"\nkind = \"site\"\nname = \"Head Office\"\n\
         [[place]]\nid = \"out\"\nkind = \"zone\"\nparent = \"hq\"\n\
         [[place]]\nid = \"lab\"\nkind = \"zone\"\nparent = \"hq\"\nname = \"Lab\"\n\
         [[place]]\nid = \"d-lab\"\nkind = \"door\"\nparent = \"hq\"\nname = \"Lab Door\"\n\
         [[place]]\nid = \"d-a\"\nkind = \"door\"\nparent = \"hq\"\nname = \"Gate\"\n\
         [[place]]\nid = \"d-b\"\nkind = \"door\"\nparent = \"hq\"\nname = \"Gate\"\n",
    );
    file(
        "people.csv",
        "person,name,kind,status,site\nana,Ana,employee,active,hq\nben,Ben,employee,active,hq\n",
    );
    file("identifiers.csv", "kind,value,entity\nemployee_number,4711,person:ana\n");
    file("doors.csv", "door,from_zone,to_zone\nd-lab,out,lab\nd-a,out,lab\nd-b,out,lab\n");
    file("groups.csv", "group,name\nstaff,All Staff\n");
    file(
        "schedules.toml",
        "format = 1\n[[schedule]]\nid = \"office\"\nname = \"Office hours\"\n\
         window = [{ days = [\"weekdays\"], from = \"07:00\", to = \"19:00\" }]\n",
    );
    file("access.toml", "format = 1\n[cards]\nformat = \"H10301\"\n");
    let whole = load_whole(&files);
    assert!(whole.organisation.is_some() && whole.rights.is_some(), "{:?}", whole.problems);
    whole
}

fn listed(map: &str, text: &str) -> Listed {
    let whole = whole();
    let (map, problems) = Map::read("map.toml", map);
    assert_eq!(problems, []);
    let files = [("f.csv".to_owned(), text.to_owned())];
    read(&map.unwrap(), &files, (&whole.organisation.unwrap(), &whole.rights.unwrap()))
}

fn check(text: &str, expected: &str) {
    let listed = listed(MAP, text);
    let told: String = listed.problems.iter().map(|problem| format!("{problem}\n")).collect();
    assert_eq!(told, expected, "{text:?}");
}

#[test]
fn what_is_wrong_with_a_list_is_told_with_its_place() {
    check("", "f.csv:1:1: error: the list is empty: expected a header [missing_header]\n");
    check(
        "Name,Card\nana,1\n",
        "f.csv:1:1: error: no column says whose a row is: expected one of Who [missing_column]\n",
    );
    check(
        "Who,Colour\nana,red\n",
        "f.csv:1:1: error: no column says what is given: expected one of Card, Levels, Door, Area \
         [missing_column]\n",
    );
    check(
        "Who;Card\nana;1\n",
        "f.csv:1:1: error: the header is one cell and holds `;`: say `separator = \";\"` under `csv` \
         in the map [separator]\n",
    );
    check(
        "Who,Card,who\nana,1,ben\n",
        "f.csv:1:10: error: column `who` stands at column 1 already: which of them counts? \
         [duplicate_column]\n",
    );
    check(
        "Who,Card,From,To,State\nana,1\nzoe,x,2026-13-01,,1\nana,2,2026-02-01,2026-01-01,1\n\
         ana,3,,,9\n,4,,,1\nana,5\0,,,1\n",
        "f.csv:2:1: error: the row has 2 cells, the header 5 [wrong_cell_count]\n\
         f.csv:3:1: error: nobody of the organisation is `zoe`: add them first \
         [dangling_reference]\n\
         f.csv:3:7: error: `valid_from`: found `2026-13-01`, expected a time as %Y-%m-%d \
         [bad_time]\n\
         f.csv:3:5: error: `number`: found `x`, expected a number [bad_value]\n\
         f.csv:4:18: error: it ends before it begins [bad_validity]\n\
         f.csv:5:9: error: `9` is no standing of this map: 1, 2 [unknown_value]\n\
         f.csv:6:1: error: the row says not whose it is [missing_value]\n\
         f.csv:7:5: error: the cell holds a control character [control_character]\n\
         f.csv:7:5: error: `number`: found `5\0`, expected a number [bad_value]\n",
    );
}

#[test]
fn one_card_is_one_persons_and_one_name_is_one_group() {
    check(
        "Who,Card,Levels\nana,7,Vault\nana,7,Yard\nben,7,Vault\n",
        "f.csv:4:1: error: the same card stands at line 2 already, as somebody else's or with \
         other dates or another standing [duplicate_card]\n",
    );
    check(
        "Who,Levels\nana,A/B\nben,A B\nben,漢\n",
        "f.csv:3:5: error: `A B` and `A/B` of line 2 would both be the group `a-b`: make one of \
         them a group with that name first [ambiguous_name]\n\
         f.csv:4:5: error: `漢` makes no group's id [bad_id]\n",
    );
}

#[test]
fn rights_are_of_groups_or_of_people_at_doors_and_zones_that_there_are() {
    check(
        "Levels,Door,Hours\nVault,Gate,\nVault,Lab Dor,\nVault,D-LAB,Nights\n,d-lab,\nVault,,\n",
        "f.csv:2:7: error: `Gate` may be door `d-a` or `d-b`: name its id [dangling_reference]\n\
         f.csv:3:7: error: there is no door `Lab Dor`: did you mean `Lab Door`? \
         [dangling_reference]\n\
         f.csv:4:13: error: there are no hours `Nights`: known: office; or say under \
         `values.schedule` of the map what it means [dangling_reference]\n\
         f.csv:5:1: error: the row says not whose right it is [missing_value]\n\
         f.csv:6:1: error: the row says not what it opens [missing_value]\n",
    );
    let whole = listed(
        MAP,
        "Who,Levels,Door,Area,Hours,From,To\n4711,all staff,Lab Door,,Office Hours,2026-01-01,\n\
         ana,All Staff,,,,2025-01-01,2025-12-31\nben,,d-a|d-b,Lab,24x7,,\n",
    );
    assert_eq!(whole.problems, []);
    let of = |holder: &Holder| match holder {
        Holder::Group(id) => format!("group {id}"),
        Holder::Person(id) => format!("person {id}"),
    };
    let at = |opens: &Opens| match opens {
        Opens::Zone(id) => format!("zone {id}"),
        Opens::Door(id) => format!("door {id}"),
    };
    let mut rights: Vec<String> = whole
        .rights
        .keys()
        .map(|(holder, opens, hours)| {
            let hours = hours.as_ref().map_or("-", |id| id.as_str());
            format!("{} {} {hours}", of(holder), at(opens))
        })
        .collect();
    rights.sort();
    assert_eq!(
        rights,
        [
            "group staff door d-lab office",
            "person ben door d-a -",
            "person ben door d-b -",
            "person ben zone lab -",
        ]
    );
    // Two rows of one membership are one, from the first beginning to the last end.
    let members: Vec<_> = whole.members.iter().collect();
    let [((group, person), (validity, origin))] = members.as_slice() else { unreachable!() };
    assert_eq!((group.as_str(), person.as_str(), origin.line), ("staff", "ana", 2));
    assert_eq!(validity.from.unwrap().to_string(), "2024-12-31T23:00:00Z");
    assert_eq!(validity.to, None);
}

#[test]
fn a_map_says_how_its_lists_are_written() {
    let text = format!("complete = true\n{MAP}[csv]\nseparator = \";\"\nencoding = \"latin-1\"\n");
    let (map, problems) = Map::read("map.toml", &text);
    assert!(map.unwrap().complete && problems.is_empty());
    let whole = listed(&text, "Who;Levels\nana;\"Vault|Yard\"\n");
    assert_eq!((whole.problems.len(), whole.members.len()), (0, 2));
    let wrong = "format = 1\nname = \"x\"\nevidence = \"real\"\n[columns]\nnumber = [\"N\"]\n\
                 [values]\nschedule = { \"Day\" = \"Not An Id\" }\n[csv]\nseparator = \"::\"\n";
    let (map, problems) = Map::read("map.toml", wrong);
    assert!(map.is_none());
    let codes: Vec<&str> = problems.iter().map(|one| &*one.code).collect();
    assert_eq!(codes, ["missing_key", "bad_id", "unknown_value"]);
}
