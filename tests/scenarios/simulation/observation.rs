//! What AWS and its journal of calls show afterwards.

use bytes::Bytes;
use http::Request;
use kanmon::sandbox::faults::{Kind, is_read};
use kanmon::sandbox::log::Entry;
use serde_json::Value;

use super::Simulation;

/// These are not reads, but leave nothing behind: sessions, logins, and layers, which count only once a manifest is put.
pub const LEAVING_NOTHING: [&str; 5] =
    ["AssumeRole", "GetAuthorizationToken", "InitiateLayerUpload", "UploadLayerPart", "CompleteLayerUpload"];

fn took_effect(call: &Entry) -> bool {
    call.status < 300 && call.fault != Some(Kind::ResetBefore)
}

impl Simulation {
    /// All calls of an operation.
    pub fn tried(&self, operation: &str) -> Vec<Entry> {
        let world = self.world.lock().unwrap();
        world.log().iter().filter(|e| e.operation == operation).cloned().collect()
    }

    /// The calls of an operation that took effect, by any principal.
    pub fn calls(&self, operation: &str) -> Vec<Entry> {
        self.tried(operation).into_iter().filter(took_effect).collect()
    }

    /// The updates of one service that took effect, oldest first: the task definition of each.
    pub fn updates(&self, account: &str, cluster: &str, service: &str) -> Vec<String> {
        let of = |e: &Entry| {
            e.account.as_deref() == Some(account) && e.input["cluster"] == cluster && e.input["service"] == service
        };
        let calls = self.calls("UpdateService").into_iter().filter(of);
        calls.map(|e| e.input["taskDefinition"].as_str().unwrap_or_default().to_owned()).collect()
    }

    /// All calls that left something behind, by operation.
    pub fn changes(&self) -> Vec<(String, String)> {
        let changes =
            |e: &&Entry| took_effect(e) && !is_read(&e.operation) && !LEAVING_NOTHING.contains(&e.operation.as_str());
        let world = self.world.lock().unwrap();
        let calls = world.log().iter().filter(changes);
        calls.map(|e| (e.operation.clone(), e.account.clone().unwrap_or_default())).collect()
    }

    /// How often each operation left something behind.
    pub fn tally(&self) -> std::collections::BTreeMap<(String, String), usize> {
        let mut tally = std::collections::BTreeMap::new();
        for change in self.changes() {
            *tally.entry(change).or_default() += 1;
        }
        tally
    }

    /// What a service's users get; `None` if nothing runs.
    pub fn reached(&self, account: &str, cluster: &str, service: &str) -> Option<Value> {
        let uri = format!("/_sandbox/service/{account}/ap-northeast-1/{cluster}/{service}");
        let request = Request::get(uri).body(Bytes::new()).expect("a request");
        let answer = self.world.lock().unwrap().handle(self.time.timestamp(), request);
        (answer.status() == 200).then(|| serde_json::from_slice(answer.body()).expect("JSON"))
    }

    /// The digest that a service's container of the same name runs.
    pub fn digest(&self, account: &str, cluster: &str, service: &str) -> Option<String> {
        let reached = self.reached(account, cluster, service)?;
        reached["digests"][service].as_str().map(str::to_owned)
    }

    /// The task definition of the tasks that a service's users reach.
    pub fn definition(&self, account: &str, cluster: &str, service: &str) -> Option<String> {
        self.reached(account, cluster, service)?["taskDefinition"].as_str().map(str::to_owned)
    }
}
