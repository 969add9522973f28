//! A running `kanmon sandbox`, and the binary as its users run it.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use kanmon::aws::{Ecr, Sessions, Setup};
use kanmon::model::pipeline::Account;
use kanmon::ports::images::Access;
use kanmon::ports::registry::Registry;

use super::sandbox_process::SandboxProcess;

pub const KANMON: &str = env!("CARGO_BIN_EXE_kanmon");

/// A whole release takes some ten seconds at this speed; a busy machine may need several times that.
const TIMEOUT: Duration = Duration::from_secs(180);

/// `kanmon sandbox` in a separate process, with the demo's two accounts.
pub struct Sandbox {
    process: SandboxProcess,
}

impl Sandbox {
    pub fn start() -> Sandbox {
        Sandbox::with_seed(None)
    }

    pub fn with_seed(seed: Option<&Path>) -> Sandbox {
        Sandbox::of("real", seed)
    }

    /// The same; its traffic is recorded for this suite.
    pub fn of(suite: &str, seed: Option<&Path>) -> Sandbox {
        let seed: Vec<&OsStr> = seed.into_iter().flat_map(|file| [OsStr::new("--seed"), file.as_os_str()]).collect();
        Sandbox { process: SandboxProcess::start(suite, &seed, 2) }
    }

    pub fn endpoint(&self) -> String {
        self.process.endpoint()
    }

    /// The variables that this user's shell exports.
    pub fn exported(&self, user: &str) -> Vec<(String, String)> {
        self.process.exports[user].clone()
    }

    /// A repository with the login that the developer gets from ECR.
    pub async fn access(&self, account: &Account, repository: &str) -> Access {
        let key = |name| self.process.setting("developer", name);
        let keys = Credentials::new(key("AWS_ACCESS_KEY_ID"), key("AWS_SECRET_ACCESS_KEY"), None, None, "test");
        let sessions = Sessions::new(Setup {
            http_client: None,
            time_source: None,
            sleep: None,
            credentials: Some(SharedCredentialsProvider::new(keys)),
            session_name: "a-reader".to_owned(),
            source_identity: None,
        });
        Ecr::new(sessions.into()).access(account, repository).await.unwrap()
    }

    /// `kanmon` as this user runs it in a terminal.
    pub fn kanmon(&self, user: &str, here: &Path, more: &[(&str, PathBuf)]) -> Command {
        let mut command = Command::new(KANMON);
        command.env_clear().current_dir(here).stdin(Stdio::null());
        command.env("PATH", std::env::var_os("PATH").unwrap()).env("HOME", here);
        command.envs(self.process.exports[user].iter().cloned()).envs(more.iter().cloned());
        command
    }
}

/// Runs a verb that must succeed with `--output json`; returns its only line.
pub fn answer(mut verb: Command) -> serde_json::Value {
    let printed = verb.args(["--output", "json"]).output().unwrap();
    assert!(printed.status.success(), "{verb:?}: {}", both(&printed));
    serde_json::from_slice(&printed.stdout).unwrap()
}

pub fn both(printed: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&printed.stdout), String::from_utf8_lossy(&printed.stderr))
}

/// A verb that runs in one terminal while others run in other terminals.
pub struct Running {
    process: Child,
    log: tempfile::NamedTempFile,
}

impl Running {
    pub fn start(mut verb: Command) -> Running {
        let log = tempfile::NamedTempFile::new().unwrap();
        // Both streams share one file position, so that neither overwrites the other.
        let out = log.reopen().unwrap();
        verb.stdout(out.try_clone().unwrap()).stderr(out);
        Running { process: verb.spawn().unwrap(), log }
    }

    fn said(&self) -> String {
        std::fs::read_to_string(self.log.path()).unwrap()
    }

    /// Calls this until there is an answer; fails if the process ends first.
    pub fn until<T>(&mut self, what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
        let late = Instant::now() + TIMEOUT;
        loop {
            if let Some(answer) = ask() {
                return answer;
            }
            let ended = self.process.try_wait().unwrap();
            assert!(ended.is_none() && Instant::now() < late, "no {what} ({ended:?}):\n{}", self.said());
            std::thread::sleep(Duration::from_millis(200));
        }
    }

    /// Waits until it succeeds; returns its output.
    pub fn succeeded(self) -> String {
        let (code, said) = self.ended();
        assert_eq!(code, Some(0), "{said}");
        said
    }

    /// Waits for its end; returns the exit code, unless a signal ended it, and its output.
    pub fn ended(mut self) -> (Option<i32>, String) {
        let late = Instant::now() + TIMEOUT;
        let ended = loop {
            match self.process.try_wait().unwrap() {
                Some(ended) => break ended,
                None => assert!(Instant::now() < late, "it does not end:\n{}", self.said()),
            }
            std::thread::sleep(Duration::from_millis(100));
        };
        (ended.code(), self.said())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
