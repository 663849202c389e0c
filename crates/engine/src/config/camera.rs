//! `[console] camera_link`: where a camera's pictures are shown.

use estate::tomlpos::Table;

/// What a camera's link may name.
const CAMERA_WORDS: [&str; 4] = ["camera", "door", "at", "at_ms"];
/// Longest camera link, in characters.
const CAMERA_LINK_CHARS_MAX: usize = 2_000;

/// A web address with known words in braces, one of which says which camera or door.
pub(super) fn read_link(console: &mut Table<'_>) -> Option<String> {
    let link = console.take_str("camera_link")?;
    match camera_link_problem(&link) {
        None => Some(link.value),
        Some(why) => {
            let message = format!("`console.camera_link`: {why}");
            console.error(link.at, "bad_value", message);
            None
        }
    }
}

fn camera_link_problem(link: &str) -> Option<String> {
    if link.chars().count() > CAMERA_LINK_CHARS_MAX {
        return Some(format!("longer than {CAMERA_LINK_CHARS_MAX} characters"));
    }
    let mut plain = String::new();
    let (mut rest, mut names_one) = (link, false);
    while let Some((before, after)) = rest.split_once('{') {
        let Some((word, behind)) = after.split_once('}') else {
            return Some("a brace is not closed".to_owned());
        };
        if !CAMERA_WORDS.contains(&word) {
            let known = CAMERA_WORDS.map(|word| format!("{{{word}}}")).join(", ");
            return Some(format!("found `{{{word}}}`, expected one of {known}"));
        }
        names_one |= word == "camera" || word == "door";
        plain.push_str(before);
        plain.push('x');
        rest = behind;
    }
    plain.push_str(rest);
    let url = url::Url::parse(&plain).ok();
    let is_web = url.is_some_and(|url| matches!(url.scheme(), "http" | "https"));
    let has_fixed_host = link.split('{').next().is_some_and(|head| {
        head.split_once("://").is_some_and(|(_, rest)| rest.contains(['/', '?']))
    });
    match (is_web && has_fixed_host, names_one) {
        (false, _) => Some("expected an http or https address with a fixed host".to_owned()),
        (true, false) => Some("it names neither {camera} nor {door}".to_owned()),
        (true, true) => None,
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests fail by panicking")]
    use crate::config::tests::problems;

    #[test]
    fn a_camera_link_is_a_web_address_with_known_words() {
        let with =
            |link: &str| problems(&format!("format = 1\n[console]\ncamera_link = {link:?}\n"));
        for good in [
            "https://vms.example/play?camera={camera}&at={at}",
            "http://vms.example:8080/{door}/{at_ms}",
        ] {
            assert!(with(good).is_empty(), "{good}: {:?}", with(good));
        }
        for (bad, words) in [
            ("https://vms.example/{camra}", "found `{camra}`"),
            ("https://vms.example/{camera", "not closed"),
            ("javascript:alert({camera})", "http or https"),
            ("https://{camera}/play", "fixed host"),
            ("https://vms.example/play", "neither {camera} nor {door}"),
        ] {
            let found = with(bad);
            let first = found.first().unwrap();
            assert!(first.contains("camera_link") && first.contains(words), "{bad}: {found:?}");
        }
    }
}
