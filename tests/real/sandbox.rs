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

/// A release's whole way at this speed takes some ten seconds; a busy machine may need several times that.
const TIMEOUT: Duration = Duration::from_secs(180);

/// `kanmon sandbox` in a process of its own, with the demo's two accounts.
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

    /// Its traffic is written down as this suite's.
    pub fn of(suite: &str, seed: Option<&Path>) -> Sandbox {
        let seed: Vec<&OsStr> = seed.into_iter().flat_map(|file| [OsStr::new("--seed"), file.as_os_str()]).collect();
        Sandbox { process: SandboxProcess::start(suite, &seed, 2) }
    }

    pub fn endpoint(&self) -> String {
        self.process.endpoint()
    }

    /// What this user's shell exports.
    pub fn exported(&self, user: &str) -> Vec<(String, String)> {
        self.process.exports[user].clone()
    }

    /// A repository with a login, as the developer gets it from ECR.
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

    /// `kanmon` as this user has it in a terminal of theirs.
    pub fn kanmon(&self, user: &str, here: &Path, more: &[(&str, PathBuf)]) -> Command {
        let mut command = Command::new(KANMON);
        command.env_clear().current_dir(here).stdin(Stdio::null());
        command.env("PATH", std::env::var_os("PATH").unwrap()).env("HOME", here);
        command.envs(self.process.exports[user].iter().cloned()).envs(more.iter().cloned());
        command
    }
}

/// A verb that is to succeed, with `--output json`: its one line.
pub fn answer(mut verb: Command) -> serde_json::Value {
    let printed = verb.args(["--output", "json"]).output().unwrap();
    assert!(printed.status.success(), "{verb:?}: {}", both(&printed));
    serde_json::from_slice(&printed.stdout).unwrap()
}

pub fn both(printed: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&printed.stdout), String::from_utf8_lossy(&printed.stderr))
}

/// A verb that runs in one terminal while others are at work in theirs.
pub struct Running {
    process: Child,
    log: tempfile::NamedTempFile,
}

impl Running {
    pub fn start(mut verb: Command) -> Running {
        let log = tempfile::NamedTempFile::new().unwrap();
        // One place to write at for both, so that neither writes over the other.
        let out = log.reopen().unwrap();
        verb.stdout(out.try_clone().unwrap()).stderr(out);
        Running { process: verb.spawn().unwrap(), log }
    }

    fn said(&self) -> String {
        std::fs::read_to_string(self.log.path()).unwrap()
    }

    /// Asks again until there is an answer; a process that ends first has failed.
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

    /// What it said, once it has ended well.
    pub fn succeeded(self) -> String {
        let (code, said) = self.ended();
        assert_eq!(code, Some(0), "{said}");
        said
    }

    /// The code that it ended with, if no signal ended it, and what it said.
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
