//! `kanmon sandbox` in a separate process, ended with the test.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use super::peers::Owned;
use super::sandbox::KANMON;
use crate::contract::recording;

pub struct SandboxProcess {
    _process: Owned,
    /// The variables that it prints for each user's shell.
    pub exports: BTreeMap<String, Vec<(String, String)>>,
}

impl SandboxProcess {
    /// With these arguments; `users` is the number of users of the seed. Its traffic is recorded for this suite.
    pub fn start(suite: &str, args: &[&OsStr], users: usize) -> SandboxProcess {
        let mut process = Command::new(KANMON)
            .args(["sandbox", "--port", "0", "--speed", "60"])
            .args(args)
            .args(recording::arguments(suite))
            .env_clear()
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let printed = BufReader::new(process.stdout.take().unwrap());
        let process = Owned(process);
        let mut exports: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
        let mut user = String::new();
        for line in printed.lines() {
            let line = line.unwrap();
            if let Some(who) = line.strip_prefix("# ") {
                user = who.split_whitespace().next().unwrap().to_owned();
            } else if let Some((name, value)) = line.strip_prefix("export ").and_then(|l| l.split_once('=')) {
                exports.entry(user.clone()).or_default().push((name.to_owned(), value.to_owned()));
            } else if line.starts_with("unset ") && exports.len() == users {
                return SandboxProcess { _process: process, exports };
            }
        }
        panic!("the sandbox ended: {exports:?}");
    }

    pub fn endpoint(&self) -> String {
        self.setting("developer", "AWS_ENDPOINT_URL")
    }

    /// The value of a user's variable.
    pub fn setting(&self, user: &str, name: &str) -> String {
        self.exports[user].iter().find(|(n, _)| n == name).unwrap().1.clone()
    }
}
