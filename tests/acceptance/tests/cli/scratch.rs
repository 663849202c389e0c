//! A scratch folder, and the binary run in it.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

/// The binary beside this test's executable.
pub fn binary() -> PathBuf {
    if let Some(path) = std::env::var_os("CASTELLAN_BIN") {
        return path.into();
    }
    let own = std::env::current_exe().unwrap();
    let profile = own.parent().and_then(Path::parent).unwrap();
    let binary = profile.join("castellan");
    assert!(binary.exists(), "{} is missing: build the workspace first", binary.display());
    binary
}

/// The repository's root.
pub fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// One folder of the shared data, or nothing and a word about it.
pub fn shared(folder: &str) -> Option<PathBuf> {
    let root = std::env::var_os("CASTELLAN_SHARED")
        .map_or_else(|| repository().join("../shared"), PathBuf::from);
    let path = root.join("data").join(folder);
    if path.is_dir() {
        return Some(path);
    }
    println!("skipped: no shared data ({})", path.display());
    None
}

/// How a run of the binary ended.
pub struct Ran {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Ran {
    /// The same, if it ended with this code.
    pub fn ends(self, code: i32) -> Self {
        assert_eq!(self.code, code, "stdout:\n{}\nstderr:\n{}", cut(&self.stdout), self.stderr);
        self
    }

    /// Standard output as JSON lines.
    pub fn lines(&self) -> Vec<Value> {
        json_lines(&self.stdout)
    }

    /// Fails unless standard error says this.
    pub fn says(self, words: &str) -> Self {
        let said = &self.stderr;
        assert!(said.contains(words), "`{words}` is missing in:\n{said}");
        self
    }
}

fn cut(text: &str) -> String {
    text.chars().take(4_000).collect()
}

/// JSON lines.
pub fn json_lines(text: &str) -> Vec<Value> {
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}")))
        .collect()
}

/// A folder that goes when the test ends.
pub struct Scratch(TempDir);

impl Scratch {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Writes a file, and the folders above it.
    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> &Self {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
        self
    }

    pub fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(binary());
        command.args(args).current_dir(self.0.path()).env("RUST_LOG", "warn");
        command
    }

    /// Runs the binary in this folder to its end.
    pub fn run(&self, args: &[&str]) -> Ran {
        let out = self.command(args).stdin(Stdio::null()).output().unwrap();
        ran(&out)
    }

    /// Runs it with this on standard input.
    pub fn run_with(&self, args: &[&str], input: &[u8]) -> Ran {
        let mut command = self.command(args);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(input).unwrap();
        ran(&child.wait_with_output().unwrap())
    }

    /// Runs it with this variable set.
    pub fn run_env(&self, args: &[&str], (name, value): (&str, &str)) -> Ran {
        ran(&self.command(args).env(name, value).stdin(Stdio::null()).output().unwrap())
    }

    /// Starts it; standard output and error go to the files `NAME.out` and `NAME.err`.
    pub fn start(&self, name: &str, args: &[&str]) -> Running {
        let file = |end: &str| std::fs::File::create(self.path(&format!("{name}.{end}"))).unwrap();
        let mut command = self.command(args);
        command.stdin(Stdio::null()).stdout(file("out")).stderr(file("err"));
        let err = self.path(&format!("{name}.err"));
        Running { child: command.spawn().unwrap(), err }
    }
}

fn ran(out: &std::process::Output) -> Ran {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ran {
        code: out.status.code().unwrap_or(-1),
        stdout: text(&out.stdout),
        stderr: text(&out.stderr),
    }
}

/// A run that has not ended. Killed when dropped.
pub struct Running {
    child: Child,
    err: PathBuf,
}

impl Running {
    /// Waits until standard error has a line with this, and gives the line.
    pub fn until_says(&mut self, words: &str) -> String {
        let began = Instant::now();
        loop {
            let said = std::fs::read_to_string(&self.err).unwrap();
            if let Some(line) = said.lines().find(|line| line.contains(words)) {
                return line.to_owned();
            }
            let ended = self.child.try_wait().unwrap();
            assert!(ended.is_none(), "ended before it said `{words}`:\n{said}");
            assert!(began.elapsed() < Duration::from_secs(120), "never said `{words}`:\n{said}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Asks it to stop as an operator does, and gives its exit code.
    pub fn stop(mut self) -> i32 {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        self.child.wait().unwrap().code().unwrap_or(-1)
    }

    /// Waits for its own end.
    pub fn wait(mut self) -> i32 {
        self.child.wait().unwrap().code().unwrap_or(-1)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}
