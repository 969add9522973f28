//! A sandbox as AWS, moto for DynamoDB, and machines that share only these.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use super::moto::Moto;
use crate::real::sandbox_process::SandboxProcess;

const KANMON: &str = env!("CARGO_BIN_EXE_kanmon");
pub const TABLE: &str = "kanmon-state";
/// A whole release takes some ten seconds at the sandbox's speed; a busy machine may need several times that.
const TIMEOUT: Duration = Duration::from_secs(240);

pub struct World {
    pub moto: Moto,
    sandbox: SandboxProcess,
}

/// One person's machine: a checkout of the demo's repository, and a home.
pub struct Machine {
    dir: TempDir,
    keys: Vec<(String, String)>,
}

/// A process on a machine, killed with the test.
pub struct Running {
    pub child: Child,
    out: std::thread::JoinHandle<String>,
    err: std::thread::JoinHandle<String>,
}

pub struct Ended {
    pub status: ExitStatus,
    pub out: String,
    pub err: String,
}

impl World {
    /// `None` if moto is missing. `table` says whether the table exists.
    pub fn start(test: &str, table: bool) -> Option<World> {
        let moto = Moto::start(test)?;
        if table {
            moto.create_table(TABLE, "pk", "sk");
        }
        Some(World { moto, sandbox: SandboxProcess::start("shared_state", &[], 2) })
    }

    /// A machine of the developer or the manager.
    pub fn machine(&self, user: &str) -> Machine {
        let dir = tempfile::tempdir().unwrap();
        let demo = Path::new(env!("CARGO_MANIFEST_DIR")).join("pipelines/demo");
        copy(&demo.join("app"), &dir.path().join("repo/app"));
        copy(&demo.join("deploy"), &dir.path().join("repo/deploy"));
        let text = std::fs::read_to_string(demo.join("pipeline.yaml.j2")).unwrap();
        let endpoints = "endpoints: { default: \"{{ endpoint }}\"";
        assert_eq!(text.matches(endpoints).count(), 2);
        let text = text
            .replace(endpoints, &format!("{endpoints}, dynamodb: \"{}\"", self.moto.url()))
            .replace("app: hello\n", &format!("app: hello\nstate: dynamodb://dev/{TABLE}\n"))
            .replace("{{ endpoint }}", &self.sandbox.endpoint());
        std::fs::create_dir_all(dir.path().join("repo/pipelines")).unwrap();
        std::fs::create_dir_all(dir.path().join("home")).unwrap();
        std::fs::write(dir.path().join("repo/pipelines/hello.yaml"), text).unwrap();
        let keys = self.sandbox.exports[user].iter().filter(|(name, _)| name != "AWS_ENDPOINT_URL").cloned().collect();
        Machine { dir, keys }
    }
}

impl Machine {
    pub fn repo(&self) -> PathBuf {
        self.dir.path().join("repo")
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(KANMON);
        command
            .args(args)
            .current_dir(self.repo())
            .env_clear()
            .env("HOME", self.dir.path().join("home"))
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .envs(self.keys.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null());
        command
    }

    pub fn start(&self, args: &[&str]) -> Running {
        let mut child = self.command(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (out, err) = (drain(child.stdout.take().unwrap()), drain(child.stderr.take().unwrap()));
        Running { child, out, err }
    }

    pub fn run(&self, args: &[&str]) -> Output {
        self.command(args).output().unwrap()
    }

    /// The only JSON value that a verb prints.
    pub fn json(&self, args: &[&str]) -> Value {
        let lines = self.lines(args);
        assert_eq!(lines.len(), 1, "{lines:?}");
        lines.into_iter().next().unwrap()
    }

    /// The JSON lines that a verb prints.
    pub fn lines(&self, args: &[&str]) -> Vec<Value> {
        let output = self.run(&[args, &["--output", "json"]].concat());
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success(), "{args:?}: {text} {}", String::from_utf8_lossy(&output.stderr));
        values(&text)
    }

    /// Waits until exactly one release waits for approval; returns its id and the plan's hash.
    pub fn waits_for_approval(&self) -> (String, String) {
        let until = Instant::now() + TIMEOUT;
        loop {
            let approvals = self.json(&["approvals"]);
            if let [one] = approvals["waiting"].as_array().unwrap().as_slice() {
                let text = |value: &Value| value.as_str().unwrap().to_owned();
                return (text(&one["release"]), text(&one["request"]["plan"]));
            }
            assert!(Instant::now() < until, "no release waits for approval: {approvals}");
            std::thread::sleep(Duration::from_millis(200));
        }
    }
}

impl Running {
    pub fn has_ended(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    /// Waits for its end.
    pub fn end(mut self) -> Ended {
        let until = Instant::now() + TIMEOUT;
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            if Instant::now() > until {
                let _ = self.child.kill();
                panic!("it hangs: {}", self.err.join().unwrap());
            }
            std::thread::sleep(Duration::from_millis(50));
        };
        Ended { status, out: self.out.join().unwrap(), err: self.err.join().unwrap() }
    }

    /// Kills it.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

/// The time until which something may take.
pub fn deadline() -> Instant {
    Instant::now() + TIMEOUT
}

pub fn values(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

pub fn kinds<'a>(events: &'a [Value], kind: &str) -> Vec<&'a Value> {
    events.iter().filter(|e| e["kind"] == kind).collect()
}

fn drain(mut from: impl Read + Send + 'static) -> std::thread::JoinHandle<String> {
    std::thread::spawn(move || {
        let mut text = String::new();
        let _ = from.read_to_string(&mut text);
        text
    })
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}
