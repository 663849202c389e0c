#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::time::Duration;

use proptest::prelude::*;

use super::{
    Bits, Card, FormatErrorKind, Formats, Key, Part, PinEntry, PinRules, PinStep, WiegandErrorKind,
    burst, osdp_keys,
};

fn formats() -> Formats {
    Formats::shipped().unwrap()
}

fn read(format: &str, bits: &str) -> Result<Card, String> {
    let formats = formats();
    let bits = Bits::parse(bits).unwrap();
    formats.get(format).unwrap().decode(&bits).map_err(|error| error.to_string())
}

fn card(format: &str, facility: Option<u64>, number: u64) -> Card {
    Card { format: format.to_owned(), facility, number, issue: None, extra: None }
}

/// Bits that others published for known cards.
#[test]
fn published_examples() {
    assert_eq!(
        read("H10301", "1 00101010 0000000001000101 0"),
        Ok(card("H10301", Some(42), 69)),
        "AccessGrid's example"
    );
    assert_eq!(
        read("I10001", "10000001010100000010001010"),
        Ok(card("I10001", Some(42), 69)),
        "AccessGrid's example"
    );
    // The low 26 bits of 2006EC0C86, Proxmark's H10301 example: facility 118, card 1603.
    assert_eq!(
        read("H10301", "10 1110 1100 0000 1100 1000 0110"),
        Ok(card("H10301", Some(118), 1603))
    );
}

/// TIG SCEPACS 2.2, figure 7: agency 0032, system 0001, credential 092446, series 0, issue 1,
/// person 1112223333112232.
#[test]
fn the_federal_example() {
    let bytes = [
        0xd0, 0x43, 0x94, 0x58, 0x21, 0x0c, 0x2c, 0x19, 0xa0, 0x84, 0x6d, 0x83, 0x68, 0x5a, 0x10,
        0x82, 0x10, 0x8c, 0xe7, 0x39, 0x84, 0x10, 0x8c, 0xa3, 0xfc,
    ];
    let bits = Bits::packed(&bytes, 200).unwrap();
    let formats = formats();
    let format = formats.get("FASCN200").unwrap();
    let card = format.decode(&bits).unwrap();
    assert_eq!(card.key(), ("FASCN200", Some(320_001), 92_446, Some(1)));
    assert_eq!(card.extra, Some(1_112_223_333_112_232));
    assert_eq!(format.encode(&card).unwrap().expose(), bytes);
}

#[test]
fn the_length_alone_is_no_key() {
    let formats = formats();
    let format = formats.get("H10304").unwrap();
    let bits = format.encode(&card("H10304", Some(7), 1_000)).unwrap();
    let keys: Vec<_> = formats
        .readings(&bits)
        .map(|(_, card)| card.unwrap())
        .map(|card| (card.format, card.facility, card.number))
        .collect();
    assert_eq!(
        keys,
        [("H10302".to_owned(), None, 7 << 19 | 1_000), ("H10304".to_owned(), Some(7), 1_000),]
    );
}

#[test]
fn refusals_say_where() {
    assert_eq!(
        read("H10301", "10010101000000000010001011").unwrap_err(),
        "card format H10301: the parity at bit 25 is wrong"
    );
    assert_eq!(
        read("H10301", "1001010100000000001000101").unwrap_err(),
        "card format H10301: expected 26 bits, found 25"
    );
    assert_eq!(
        read("Kastle32", &"0".repeat(32)).unwrap_err(),
        "card format Kastle32: bit 1 is not what it always is"
    );
    assert_eq!(
        read("FASCN200", &"0".repeat(200)).unwrap_err(),
        "card format FASCN200: the parity at bit 4 is wrong"
    );
    let formats = formats();
    let format = formats.get("H10301").unwrap();
    let refused = |card: Card| format.encode(&card).unwrap_err().kind;
    let (part, max) = (Part::Facility, 255);
    assert_eq!(refused(card("", Some(256), 1)), WiegandErrorKind::TooLarge { part, max });
    assert_eq!(refused(card("", None, 1)), WiegandErrorKind::Missing(Part::Facility));
    let issued = Card { issue: Some(1), ..card("", Some(1), 1) };
    assert_eq!(refused(issued), WiegandErrorKind::NoRoom(Part::Issue));
}

#[test]
fn a_site_adds_its_own_format_as_text() {
    let own = "# ours\nformat OURS our cards\nlayout P FF NNNN D P\nnumber decimal\n\
               parity E XX XX.. . .\nparity . .. ..XX X O\n";
    let formats = Formats::with(own).unwrap();
    let format = formats.get("OURS").unwrap();
    assert_eq!((format.bits(), format.about()), (9, "our cards"));
    assert_eq!(format.max(Part::Number), Some(9));
    let card = Card { extra: Some(1), ..card("OURS", Some(2), 7) };
    assert_eq!(format.encode(&card).unwrap().expose_text(), "010011110".replace(' ', ""));
    assert_eq!(format.decode(&format.encode(&card).unwrap()), Ok(card));
    let digit = Bits::parse("0 10 1111 1 1").map(|bits| format.decode(&bits).unwrap_err());
    assert!(digit.is_some());
}

#[test]
fn tables_are_refused_with_their_line() {
    let refused = |text: &str| {
        let error = Formats::parse(text).unwrap_err();
        (error.line, error.kind)
    };
    assert_eq!(refused("layout NN"), (1, FormatErrorKind::NoFormat));
    assert_eq!(refused("format A\nlyout NN"), (2, FormatErrorKind::Word));
    assert_eq!(refused("format A\n\nlayout FF"), (1, FormatErrorKind::Incomplete));
    assert_eq!(refused("format A\nlayout PN"), (1, FormatErrorKind::Incomplete));
    assert_eq!(
        refused("format A\nlayout PN\nparity EXX"),
        (3, FormatErrorKind::Length { expected: 2, found: 3 })
    );
    assert_eq!(refused("format A\nlayout PN\nparity XE"), (3, FormatErrorKind::ParityPlace));
    assert_eq!(refused("format A\nlayout PNP\nparity EXX"), (3, FormatErrorKind::ParityOrder(2)));
    assert_eq!(
        refused("format A\nlayout NZ"),
        (2, FormatErrorKind::Character { found: 'Z', column: 2 })
    );
    assert_eq!(
        refused("format A\nlayout NN\nformat A\nlayout N"),
        (3, FormatErrorKind::Twice("A".to_owned()))
    );
    assert_eq!(refused("format A\nlayout NNN\nnumber decimal"), (1, FormatErrorKind::Digits));
    let twice = Formats::with("\nformat H10301 again\nlayout N").unwrap_err();
    assert_eq!(twice.line, 2);
}

#[test]
fn nothing_that_is_printed_shows_a_card_or_a_code() {
    let bits = Bits::parse("10010101000000000010001010").unwrap();
    let card = read("H10301", "10010101000000000010001010").unwrap();
    let mut entry = PinEntry::new(RULES);
    let mut said = format!("{bits:?} {card:?} {:?}", Key::Digit(4));
    for digit in [4, 7, 1, 1] {
        said += &format!("{:?}", entry.press(Key::Digit(digit), Duration::ZERO));
    }
    said += &format!("{:?}", entry.press(Key::Hash, Duration::ZERO));
    assert_eq!(said, "Bits(26) Card(H10301, …) Key(…)WaitingWaitingWaitingWaitingComplete(Pin(…))");
}

#[test]
fn bursts_of_four_and_eight_bits() {
    let key = |bits: &str| burst(&Bits::parse(bits).unwrap());
    assert_eq!(key("0111"), Some(Key::Digit(7)));
    assert_eq!(key("1010"), Some(Key::Star));
    assert_eq!(key("1011"), Some(Key::Hash));
    assert_eq!(key("1100"), None);
    assert_eq!(key("1000 0111"), Some(Key::Digit(7)));
    assert_eq!(key("0100 1011"), Some(Key::Hash));
    assert_eq!(key("1111 0000"), Some(Key::Digit(0)));
    assert_eq!(key("0000 0111"), None, "the complement is missing");
    assert_eq!(key("10000"), None);
    assert_eq!(
        osdp_keys(b"12\x7f\x0d\x15"),
        (vec![Key::Digit(1), Key::Digit(2), Key::Star, Key::Hash], 1)
    );
}

const RULES: PinRules = PinRules {
    digits_min: 4,
    digits_max: 6,
    is_ended_by_length: false,
    key_wait_max: Duration::from_secs(5),
};

/// Keys at seconds, and what each made of the entry.
fn entry(rules: PinRules, keys: &[(char, u64)]) -> Vec<String> {
    let mut entry = PinEntry::new(rules);
    keys.iter()
        .map(|(key, at)| {
            let now = Duration::from_secs(*at);
            let step = match key {
                '#' => entry.press(Key::Hash, now),
                '*' => entry.press(Key::Star, now),
                '?' => entry.poll(now),
                digit => entry.press(Key::Digit(u8::try_from(*digit).unwrap() - b'0'), now),
            };
            match step {
                PinStep::Complete(pin) => String::from_utf8(pin.expose().to_vec()).unwrap(),
                PinStep::Waiting => String::new(),
                step => format!("{step:?}"),
            }
        })
        .collect()
}

#[test]
fn codes_are_put_together_from_keys() {
    let waiting = |last: &str| ["", "", "", "", last].map(str::to_owned);
    assert_eq!(entry(RULES, &[('1', 0), ('2', 1), ('3', 5), ('4', 9), ('#', 13)]), waiting("1234"));
    assert_eq!(
        entry(RULES, &[('1', 0), ('2', 1), ('3', 5), ('4', 10), ('#', 11)]),
        waiting("TooShort"),
        "the fourth key came after five seconds: it begins a new code"
    );
    assert_eq!(
        entry(RULES, &[('1', 0), ('*', 1), ('*', 2), ('#', 3), ('?', 99)]),
        ["", "Cleared", "Idle", "TooShort", "Idle"]
    );
    assert_eq!(
        entry(RULES, &[('1', 0), ('?', 4), ('?', 5), ('?', 6)]),
        ["", "", "Abandoned", "Idle"]
    );
    let long: Vec<(char, u64)> = "1234567#".chars().map(|key| (key, 0)).collect();
    assert_eq!(entry(RULES, &long).last().map(String::as_str), Some("TooLong"));
    let rules = PinRules { is_ended_by_length: true, digits_max: 4, ..RULES };
    assert_eq!(entry(rules, &[('9', 0), ('8', 0), ('7', 0), ('6', 0)]), ["", "", "", "9876"]);
}

fn any_card() -> impl Strategy<Value = (String, Card)> {
    let names: Vec<String> = formats().iter().map(|format| format.name().to_owned()).collect();
    (proptest::sample::select(names), any::<[u64; 4]>()).prop_map(|(name, [f, n, i, e])| {
        let formats = formats();
        let format = formats.get(&name).unwrap();
        let fit = |part, value: u64| {
            format.max(part).map(|max| max.checked_add(1).map_or(value, |limit| value % limit))
        };
        let card = Card {
            format: name.clone(),
            facility: fit(Part::Facility, f),
            number: fit(Part::Number, n).unwrap(),
            issue: fit(Part::Issue, i),
            extra: fit(Part::Extra, e),
        };
        (name, card)
    })
}

proptest! {
    #[test]
    fn what_is_written_is_read_again((name, card) in any_card()) {
        let formats = formats();
        let format = formats.get(&name).unwrap();
        let bits = format.encode(&card).unwrap();
        prop_assert_eq!(format.decode(&bits), Ok(card));
    }

    #[test]
    fn one_wrong_bit_is_noticed_where_a_parity_covers_it((name, card) in any_card()) {
        let formats = formats();
        let format = formats.get(&name).unwrap();
        let bits = format.encode(&card).unwrap();
        for position in 0..bits.len() {
            let read = format.decode(&bits.flipped(position));
            prop_assert_eq!(read.is_err(), format.is_covered(position), "bit {}", position);
        }
    }

    #[test]
    fn any_bits_are_read_or_refused(bytes in any::<[u8; 32]>(), length in 0_usize..=256) {
        let bits = Bits::packed(&bytes, length).unwrap();
        let formats = formats();
        for (format, card) in formats.readings(&bits) {
            if let Ok(card) = card {
                prop_assert_eq!(format.encode(&card).unwrap(), bits, "{}", format.name());
            }
        }
        prop_assert_eq!(Bits::parse(&bits.expose_text()), Some(bits));
    }

    #[test]
    fn any_table_is_read_or_refused(text in "[a-zPFNIDEXO01. \n#-]{0,200}") {
        if let Err(error) = Formats::with(&text) {
            prop_assert!(error.line >= 1);
        }
    }
}

/// What the shipped formats notice by themselves; a serial number of a chip checks nothing.
#[test]
fn which_formats_notice_every_wrong_bit() {
    let blind: Vec<String> = formats()
        .iter()
        .filter(|format| !format.is_every_bit_covered())
        .map(|format| format.name().to_owned())
        .collect();
    assert_eq!(blind, ["CSN32", "CSN56", "CSN64"]);
}
