//! Random rotations, truncations and restarts against a model of what was written.
#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::PathBuf;

use proptest::prelude::*;

use super::follower::Follower;
use super::{TailConfig, TailPosition};
use crate::limits;

#[derive(Debug, Clone)]
enum Op {
    /// Appends so many whole lines.
    Lines(usize),
    /// Appends a beginning of a line; what is appended next goes on with it.
    Partial,
    /// Moves `app.log` to `app.log.1`, that to `.2` and so on; a new file comes with the next line.
    Rename,
    /// Copies `app.log` to `app.log.1` (older ones move on), then truncates it; with so many looks
    /// in between.
    CopyTruncate(usize),
    /// Looks once.
    Look,
    /// Stops in order and starts again.
    Restart,
}

struct World {
    folder: tempfile::TempDir,
    path: PathBuf,
    follower: Follower,
    saved: Vec<TailPosition>,
    written: u32,
    partial: String,
    expected: Vec<String>,
    seen: Vec<String>,
}

impl World {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("app.log");
        let follower = Follower::begin(&TailConfig::of(&path), &[]).unwrap();
        let (saved, expected, seen) = (Vec::new(), Vec::new(), Vec::new());
        Self { folder, path, follower, saved, written: 0, partial: String::new(), expected, seen }
    }

    fn append(&mut self, text: &str) {
        let mut file = OpenOptions::new().create(true).append(true).open(&self.path).unwrap();
        file.write_all(text.as_bytes()).unwrap();
    }

    /// What a rotation cuts off mid-line becomes a line of its own.
    fn cut_partial(&mut self) {
        if !self.partial.is_empty() {
            self.expected.push(std::mem::take(&mut self.partial));
        }
    }

    fn shift(&self) {
        let at = |number: usize| self.folder.path().join(format!("app.log.{number}"));
        for number in (1..50).rev().filter(|number| at(*number).exists()) {
            fs::rename(at(number), at(number + 1)).unwrap();
        }
    }

    fn look(&mut self) -> bool {
        let look = self.follower.look().unwrap();
        assert_eq!(look.gaps, 0, "a gap");
        let lines = look.lines.iter().map(|line| String::from_utf8(line.body.clone()).unwrap());
        self.seen.extend(lines);
        if let Some(positions) = look.positions {
            self.saved = positions;
            return true;
        }
        !look.lines.is_empty()
    }

    fn run(&mut self, op: &Op) {
        match op {
            Op::Lines(count) => {
                for _ in 0..*count {
                    self.written += 1;
                    let rest = format!(
                        "line {} {}",
                        self.written,
                        "x".repeat(self.written as usize * 37 % 90)
                    );
                    self.append(&format!("{rest}\n"));
                    let whole = std::mem::take(&mut self.partial) + &rest;
                    self.expected.push(whole);
                }
            }
            Op::Partial => {
                self.written += 1;
                let text = format!("part {} ", self.written);
                self.append(&text);
                self.partial.push_str(&text);
            }
            Op::Rename => {
                if self.path.exists() {
                    self.cut_partial();
                    self.shift();
                    fs::rename(&self.path, self.folder.path().join("app.log.1")).unwrap();
                    // The program that rotates makes the new file at once.
                    self.append("");
                }
            }
            Op::CopyTruncate(looks) => {
                if fs::metadata(&self.path).is_ok_and(|it| it.len() > 0) {
                    self.cut_partial();
                    self.shift();
                    fs::copy(&self.path, self.folder.path().join("app.log.1")).unwrap();
                    for _ in 0..*looks {
                        self.look();
                    }
                    OpenOptions::new().write(true).truncate(true).open(&self.path).unwrap();
                }
            }
            Op::Look => {
                self.look();
            }
            Op::Restart => {
                let config = TailConfig::of(&self.path);
                self.follower = Follower::begin(&config, &self.saved).unwrap();
            }
        }
    }

    fn drain(&mut self) {
        let mut quiet = 0;
        while quiet <= 2 * limits::TAIL_LINGER_LOOKS {
            quiet = if self.look() { 0 } else { quiet + 1 };
        }
    }
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        4 => (1_usize..4).prop_map(Op::Lines),
        1 => Just(Op::Partial),
        2 => Just(Op::Rename),
        2 => (0_usize..3).prop_map(Op::CopyTruncate),
        4 => Just(Op::Look),
        1 => Just(Op::Restart),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, ..ProptestConfig::default() })]
    #[test]
    fn nothing_is_lost_doubled_or_made_up(ops in proptest::collection::vec(op(), 1..30)) {
        let mut world = World::new();
        // The first start must have seen the path, or there is nothing to go on from.
        world.run(&Op::Lines(1));
        world.look();
        for op in &ops {
            world.run(op);
        }
        // A line end for what is still unfinished.
        if !world.partial.is_empty() {
            world.run(&Op::Lines(1));
        }
        world.drain();
        let (mut seen, mut expected) = (world.seen.clone(), world.expected.clone());
        seen.sort();
        expected.sort();
        prop_assert_eq!(seen, expected);
    }
}

#[test]
fn a_vanished_file_is_a_gap_and_not_an_error() {
    let mut world = World::new();
    world.run(&Op::Lines(3));
    world.look();
    fs::remove_file(&world.path).unwrap();
    world.append("another\n");
    let mut follower = Follower::begin(&TailConfig::of(&world.path), &world.saved).unwrap();
    let look = follower.look().unwrap();
    // The removed file's inode may have been given to the new one; its content tells.
    assert_eq!((look.gaps, look.lines.len()), (1, 1));
}

#[test]
fn a_long_line_is_cut_whatever_the_reads() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.log");
    let config = TailConfig { record_bytes_max: 100, ..TailConfig::of(&path) };
    let mut follower = Follower::begin(&config, &[]).unwrap();
    let mut file = OpenOptions::new().create(true).append(true).open(&path).unwrap();
    let mut lines = Vec::new();
    for _ in 0..50 {
        file.write_all(&[b'y'; 70_000]).unwrap();
        lines.extend(follower.look().unwrap().lines);
    }
    assert!(lines.is_empty());
    file.write_all(b"\nnext\n").unwrap();
    lines.extend(follower.look().unwrap().lines);
    let shown: Vec<_> = lines.iter().map(|line| (line.body.len(), line.bytes_cut)).collect();
    assert_eq!(shown, [(100, 50 * 70_000 - 100), (4, 0)]);
}
