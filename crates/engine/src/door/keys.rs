//! New keys for readers: made here, on disk before a reader is told, in force once that is proved.
//!
//! While a change is under way the new key lies beside the file of the old one, as `FILE.next`.
//! After a power cut the reader may have either: it is tried with the one in its file, and where it
//! says that it has another, with the one beside it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use access::road::{Device, ReaderEvent};
use adapters::SecretRef;
use adapters::osdp::{BusConfig, Outcome, ReaderSecurity};
use codec::osdp::{INSTALL_KEY, RotationProof, Scbk};

use crate::folder;

/// Ends the name of the file in which a key lies that a reader is to get.
const NEXT: &str = ".next";
/// The same of one that it had, while the new one is tried after a power cut.
const BEFORE: &str = ".before";

/// A key that a reader is to get.
#[derive(Debug)]
pub(super) struct NewKey {
    /// Which reader.
    pub device: Device,
    /// The key.
    pub key: Scbk,
    file: PathBuf,
}

fn beside(file: &Path, word: &str) -> PathBuf {
    let mut name = file.file_name().unwrap_or_default().to_owned();
    name.push(word);
    file.with_file_name(name)
}

/// The file of each reader's key, where it is one.
fn files(configs: &[BusConfig]) -> BTreeMap<Device, Result<PathBuf, &'static str>> {
    let readers = configs.iter().flat_map(|bus| bus.readers.iter().map(|one| (&bus.id, one)));
    let file = |security: &ReaderSecurity| match security {
        ReaderSecurity::Key(SecretRef::File(file))
        | ReaderSecurity::Install(SecretRef::File(file)) => Ok(file.clone()),
        ReaderSecurity::Key(SecretRef::Env(_)) | ReaderSecurity::Install(SecretRef::Env(_)) => {
            Err("its key is given by an environment variable, where no new one can be kept")
        }
        ReaderSecurity::Clear => Err("it is spoken to in clear text and has no key"),
    };
    readers
        .map(|(bus, reader)| {
            let device = Device { bus: bus.clone(), address: reader.address };
            (device, file(&reader.security))
        })
        .collect()
}

/// Makes a key for each reader and puts it on disk beside the one in force. Blocks.
///
/// # Errors
/// In words: a reader whose key is in no file of its own, or a disk that takes nothing. No reader
/// was told anything then.
pub(super) fn prepare(readers: &[Device], configs: &[BusConfig]) -> Result<Vec<NewKey>, String> {
    let files = files(configs);
    let mut made = Vec::new();
    for device in readers {
        let file = match files.get(device) {
            Some(Ok(file)) => file,
            Some(Err(why)) => return Err(format!("{device}: {why}")),
            None => return Err(format!("{device}: there is no such reader")),
        };
        let shares = |(other, of): &(&Device, &Result<PathBuf, &str>)| {
            *other != device && of.as_ref() == Ok(file)
        };
        if let Some((other, _)) = files.iter().find(shares) {
            return Err(format!(
                "{device}: its key lies in one file with that of {other}; give each its own"
            ));
        }
        let key = new_key().map_err(|error| format!("{device}: {error}"))?;
        made.push(NewKey { device: device.clone(), key, file: file.clone() });
    }
    for new in &made {
        let text = hex::encode(new.key.expose());
        folder::replace(&beside(&new.file, NEXT), text.as_bytes())
            .map_err(|error| format!("{}: the new key cannot be kept: {error}", new.device))?;
    }
    Ok(made)
}

fn new_key() -> Result<Scbk, getrandom::Error> {
    loop {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes)?;
        let key = Scbk::new(bytes);
        if key != INSTALL_KEY {
            return Ok(key);
        }
    }
}

impl NewKey {
    /// The change has ended so: the key is in force, or it is forgotten. What is to be kept of it.
    /// Blocks.
    pub(super) fn end(self, taken: Result<Outcome, String>) -> (ReaderEvent, String) {
        let proof = match taken {
            Ok(Outcome::Rotated(proof)) => Ok(proof),
            Ok(Outcome::Refused(code)) => Err(format!("the reader refused it: {code}")),
            Ok(Outcome::NotOnline | Outcome::Expired) => Err("the reader is not there".to_owned()),
            Ok(Outcome::NoAnswer | Outcome::Done(_)) => Err("the reader did not answer".to_owned()),
            Err(why) => Err(why),
        };
        let (event, words) = match proof {
            Ok(proof) if proof.is_whole() => (ReaderEvent::KeyChanged, proved(proof)),
            Ok(proof) if proof.is_new_accepted => (ReaderEvent::KeyDoubted, proved(proof)),
            Ok(proof) => (ReaderEvent::KeyKept, proved(proof)),
            Err(why) => (ReaderEvent::KeyKept, why),
        };
        let next = beside(&self.file, NEXT);
        let done = match event {
            ReaderEvent::KeyKept => std::fs::remove_file(next),
            _ => std::fs::rename(next, &self.file), // tidy: wildcard: it has the new key
        };
        match done.and_then(|()| folder::sync_folder(&self.file)) {
            Ok(()) => (event, words),
            // The reader has it, the disk does not: at the next start both are tried.
            Err(error) => (ReaderEvent::KeyDoubted, format!("{words}; on disk: {error}")),
        }
    }
}

/// What a change has proved, in words.
fn proved(proof: RotationProof) -> String {
    let said = |is_refused: Option<bool>| match is_refused {
        Some(true) => "is refused",
        Some(false) => "still works",
        None => "could not be tried",
    };
    let new = if proof.is_new_accepted { "works" } else { "is not taken" };
    let (old, install) = (said(proof.is_old_refused), said(proof.is_install_refused));
    format!("the new key {new}, the one before it {old}, the key of installation {install}")
}

/// The other key of a reader whose change was cut off.
#[derive(Debug)]
pub(super) struct Other {
    file: PathBuf,
    /// What its file's name ends in.
    word: &'static str,
}

impl Other {
    /// The key in force is not the reader's: this one is, from now on, and the one that was lies
    /// beside it. What is left to be tried. Blocks.
    pub(super) fn put_in_force(self) -> std::io::Result<Option<Self>> {
        let left = if self.word == NEXT {
            folder::replace(&beside(&self.file, BEFORE), &std::fs::read(&self.file)?)?;
            Some(Self { file: self.file.clone(), word: BEFORE })
        } else {
            None
        };
        std::fs::rename(beside(&self.file, self.word), &self.file)?;
        folder::sync_folder(&self.file)?;
        Ok(left)
    }

    /// The reader answers by the key in force: this one is not needed. Blocks.
    pub(super) fn forget(self) -> std::io::Result<()> {
        std::fs::remove_file(beside(&self.file, self.word))?;
        folder::sync_folder(&self.file)
    }
}

/// Readers whose change of keys was cut off.
#[derive(Debug, Default)]
pub(super) struct CutOff {
    left: BTreeMap<Device, Other>,
}

impl CutOff {
    /// Looks which there are. Blocks.
    pub(super) fn look(configs: &[BusConfig]) -> Self {
        let mut left = BTreeMap::new();
        for (device, file) in files(configs) {
            let Ok(file) = file else { continue };
            let lies = |word: &&str| beside(&file, word).exists();
            if let Some(word) = [NEXT, BEFORE].into_iter().find(lies) {
                left.insert(device, Other { file, word });
            }
        }
        Self { left }
    }

    /// The other key of a reader; none: nothing of it was cut off.
    pub(super) fn take(&mut self, device: &Device) -> Option<Other> {
        self.left.remove(device)
    }

    /// It may still come to this one.
    pub(super) fn put(&mut self, device: Device, left: Other) {
        self.left.insert(device, left);
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests fail by panicking")]
    use super::*;
    use adapters::osdp::{BusReader, Line, Timing};

    fn device(address: u8) -> Device {
        Device { bus: "gate".into(), address }
    }

    fn line(keys: &[ReaderSecurity]) -> Vec<BusConfig> {
        let readers = keys.iter().zip(1..).map(|(security, address)| {
            let security = security.clone();
            BusReader { address, security }
        });
        let line = Line::Unix("/nowhere".into());
        let readers = readers.collect();
        vec![BusConfig { id: "gate".into(), line, readers, timing: Timing::default() }]
    }

    fn key_in(file: &Path) -> ReaderSecurity {
        ReaderSecurity::Key(SecretRef::File(file.to_owned()))
    }

    #[test]
    fn a_new_key_is_on_disk_before_it_is_told_and_in_force_after() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("one.key");
        std::fs::write(&file, "old").unwrap();
        let configs = line(&[key_in(&file)]);
        let made = prepare(&[device(1)], &configs).unwrap();
        let key = made[0].key;
        let read = |name: &str| std::fs::read_to_string(folder.path().join(name));
        assert_eq!(Scbk::parse(&read("one.key.next").unwrap()), Some(key));
        assert_eq!(read("one.key").unwrap(), "old");
        let mut proof = RotationProof {
            is_new_accepted: true,
            is_old_refused: Some(true),
            is_install_refused: Some(true),
        };
        let ended = made.into_iter().map(|new| new.end(Ok(Outcome::Rotated(proof)))).next();
        let words = "the new key works, the one before it is refused, the key of installation is \
                     refused";
        assert_eq!(ended, Some((ReaderEvent::KeyChanged, words.to_owned())));
        assert_eq!(Scbk::parse(&read("one.key").unwrap()), Some(key));
        assert!(read("one.key.next").is_err());

        proof.is_old_refused = Some(false);
        let mut made = prepare(&[device(1)], &configs).unwrap();
        let (event, words) = made.remove(0).end(Ok(Outcome::Rotated(proof)));
        assert_eq!(event, ReaderEvent::KeyDoubted);
        assert!(words.contains("the one before it still works"), "{words}");

        let before = read("one.key").unwrap();
        let mut made = prepare(&[device(1)], &configs).unwrap();
        let (event, _) = made.remove(0).end(Ok(Outcome::NotOnline));
        assert_eq!(event, ReaderEvent::KeyKept);
        assert_eq!(read("one.key").unwrap(), before);
        assert!(read("one.key.next").is_err());
    }

    #[test]
    fn a_key_that_cannot_be_kept_for_one_reader_alone_is_not_changed() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("both.key");
        std::fs::write(&file, "old").unwrap();
        let env = ReaderSecurity::Key(SecretRef::Env("KEY".to_owned()));
        let configs = line(&[key_in(&file), key_in(&file), env, ReaderSecurity::Clear]);
        let told: Vec<String> =
            (1..=5).map(|address| prepare(&[device(address)], &configs).unwrap_err()).collect();
        assert_eq!(
            told,
            [
                "gate:1: its key lies in one file with that of gate:2; give each its own",
                "gate:2: its key lies in one file with that of gate:1; give each its own",
                "gate:3: its key is given by an environment variable, where no new one can be kept",
                "gate:4: it is spoken to in clear text and has no key",
                "gate:5: there is no such reader",
            ]
        );
        assert!(!folder.path().join("both.key.next").exists());
    }

    #[test]
    fn after_a_cut_the_other_key_is_tried_and_then_the_first_again() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("one.key");
        std::fs::write(&file, "old").unwrap();
        std::fs::write(folder.path().join("one.key.next"), "new").unwrap();
        let configs = line(&[key_in(&file)]);
        let other = CutOff::look(&configs).take(&device(1)).unwrap();
        assert_eq!(other.put_in_force().unwrap().unwrap().word, BEFORE);
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "new");
        // Another cut: the one before is still to be tried.
        let other = CutOff::look(&configs).take(&device(1)).unwrap();
        assert!(other.put_in_force().unwrap().is_none());
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "old");
        assert!(CutOff::look(&configs).take(&device(1)).is_none());
    }
}
