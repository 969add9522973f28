//! Copies what is pushed into one registry to another, like ECR's replication. The sandbox's Inspector reads the sandbox's registries, in
//! which account, repository and digest are the same.

use std::collections::BTreeSet;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use kanmon::ports::images::Access;

pub struct Replication {
    ended: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Replication {
    /// Copies every tag from a repository (`HOST/PATH`) that needs no login.
    pub fn start(from: String, to: Access) -> Replication {
        let ended = Arc::new(AtomicBool::new(false));
        let end = ended.clone();
        let thread = std::thread::spawn(move || {
            let mut done = BTreeSet::new();
            while !end.load(Ordering::Relaxed) {
                for tag in tags(&from) {
                    if !done.contains(&tag) && carry(&from, &to, &tag) {
                        done.insert(tag);
                    }
                }
                std::thread::sleep(Duration::from_millis(200));
            }
        });
        Replication { ended, thread: Some(thread) }
    }
}

impl Drop for Replication {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Relaxed);
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

fn tags(repository: &str) -> Vec<String> {
    let listed = Command::new("skopeo")
        .args(["list-tags", "--no-creds", "--tls-verify=false", &format!("docker://{repository}")])
        .output()
        .unwrap();
    let listed: serde_json::Value = serde_json::from_slice(&listed.stdout).unwrap_or_default();
    listed["Tags"].as_array().into_iter().flatten().filter_map(|t| t.as_str().map(str::to_owned)).collect()
}

/// One that fails is tried again: the tag may be gone, or not complete yet.
fn carry(from: &str, to: &Access, tag: &str) -> bool {
    let login = to.login.as_ref().unwrap();
    let copied = Command::new("skopeo")
        .args(["copy", "--all", "--preserve-digests", "--src-no-creds", "--src-tls-verify=false"])
        .args(["--dest-tls-verify=false", "--dest-creds", &format!("{}:{}", login.username, login.password)])
        .args([format!("docker://{from}:{tag}"), format!("docker://{}:{tag}", to.repository)])
        .output()
        .unwrap();
    copied.status.success()
}
