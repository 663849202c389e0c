//! Words that mark something unfinished, or name a machine instead of the product.

use super::Breach;
use super::source::Text;

/// Marks of unfinished work. Each is put together so that this file does not trip over itself.
const UNFINISHED: [&str; 7] = [
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
    concat!("to", "do!"),
    concat!("unimple", "mented!"),
    concat!("place", "holder"),
    concat!("for", " now"),
    concat!("not yet imple", "mented"),
];
/// Folders of somebody's machine.
const MACHINE_PATHS: [&str; 3] =
    [concat!("/wo", "rk/"), concat!("/tmp/", "castellan/"), concat!("/ro", "ot/")];
const ENDINGS: [&str; 9] =
    [".rs", ".md", ".toml", ".sh", ".yml", ".yaml", ".vrl", "Makefile", ".ci/run"];

/// Names such words in one file that somebody wrote; recorded samples say what they say.
pub fn check(file: &Text, breaches: &mut Vec<Breach>) {
    let written = ENDINGS.iter().any(|ending| file.path.ends_with(ending))
        || file.path.starts_with("scripts/");
    let recorded = ["/samples/", "/expected/", "/testdata/", "/snapshots/"];
    if !written || recorded.iter().any(|folder| file.path.contains(folder)) {
        return;
    }
    for (index, line) in file.text.lines().enumerate() {
        let mut say = |rule, message| {
            breaches.push(Breach::new(&file.path, index + 1, rule, message));
        };
        for word in UNFINISHED.iter().filter(|word| has_word(line, word)) {
            say("word", format!("`{word}` marks something unfinished"));
        }
        for path in MACHINE_PATHS.iter().filter(|path| has_path(line, path)) {
            say("machine", format!("`{path}` is a folder of one machine"));
        }
    }
}

fn has_word(line: &str, word: &str) -> bool {
    let stands_alone = |at: usize| {
        let before = line.get(..at).and_then(|head| head.chars().next_back());
        let rest = line.get(at + word.len()..).unwrap_or_default();
        let joined = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
        // A loop over instants is none.
        let looped = word.starts_with("for") && rest.starts_with(" in ");
        !joined(before) && (word.ends_with('!') || !joined(rest.chars().next())) && !looped
    };
    line.match_indices(word).any(|(at, _)| stands_alone(at))
}

/// `/home/ana/…` inside a longer path, such as `net/…`, is no machine's root folder.
fn has_path(line: &str, path: &str) -> bool {
    line.match_indices(path).any(|(at, _)| {
        let before = line.get(..at).and_then(|head| head.chars().next_back());
        !before.is_some_and(|c| c.is_alphanumeric() || ".-_*}".contains(c))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(path: &str, text: &str) -> Vec<&'static str> {
        let file = Text { path: path.to_owned(), text: text.to_owned() };
        let mut breaches = Vec::new();
        check(&file, &mut breaches);
        breaches.into_iter().map(|breach| breach.rule).collect()
    }

    #[test]
    fn unfinished_work_is_named() {
        for word in UNFINISHED {
            assert_eq!(
                rules("crates/x/src/lib.rs", &format!("a\n// {word} b")),
                ["word"],
                "{word}"
            );
        }
        let good = [
            "known",
            "TODOS",
            concat!("place", "holders"),
            "for nowhere",
            "unfortodo",
            concat!("for", " now in"),
        ];
        for word in good {
            assert_eq!(rules("crates/x/src/lib.rs", &format!("// {word} b")), [""; 0], "{word}");
        }
    }

    #[test]
    fn machines_are_named_but_not_in_records() {
        let line = format!("cd {}main", MACHINE_PATHS.first().copied().unwrap_or_default());
        assert_eq!(rules("README.md", &line), ["machine"]);
        assert_eq!(rules("content/mappings/a/samples/a.log", &line), [""; 0]);
        assert_eq!(rules("README.md", concat!("net", "/wo", "rk/a")), [""; 0]);
    }
}
