//! N releases, each behind its own proxy: all N end like the one without faults.

use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use kanmon::sandbox::latency::Latency;
use kanmon::sandbox::{Seed, World, exports, serve};
use serde_json::Value;

use super::fault::To;
use super::proxy::Proxy;
use crate::binary::test_env::{Ran, TestEnv};
use crate::real::end_to_end::print_line;

/// How many of a thousand requests meet a fault. A release makes some hundred requests.
const ODDS: u64 = 80;
/// How many releases run at once: the machine has few cores, but a release mostly waits.
const AT_ONCE: usize = 4;
/// A release that is suspended more often than this makes no progress.
const TIMES: usize = 12;

/// The interval between two readings of a running release: an approval request is answered within one or two of them.
const LOOK: Duration = Duration::from_millis(200);

/// The exit codes after a passing fault, with which a release can be resumed: suspended, still running, unknown.
const CAN_GO_ON: [i32; 3] = [30, 31, 32];

/// An AWS in this process behind a proxy. Both use the proxy's address, which ECR returns as its registry.
struct ProxiedAws {
    proxy: Proxy,
    world: Arc<Mutex<World>>,
    host: String,
    _runtime: tokio::runtime::Runtime,
}

impl ProxiedAws {
    fn new(odds: u64, seed: u64) -> ProxiedAws {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let host = listener.local_addr().unwrap().to_string();
        let world = World::new(&Seed::demo(), Latency::new(120.0), jiff::Timestamp::now()).unwrap();
        let world = Arc::new(Mutex::new(world));
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let inner = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let target = inner.local_addr().unwrap().to_string();
        let (served, reached_at) = (world.clone(), host.clone());
        runtime.spawn(async move { serve::serve_as(inner, served, &reached_at).await });
        let proxy = Proxy::start(listener, target, odds, seed);
        ProxiedAws { proxy, world, host, _runtime: runtime }
    }

    fn keys(&self, user: &str) -> Vec<(String, String)> {
        let lines = exports::exports(&Seed::demo(), user, &self.host).unwrap();
        let pairs = lines.lines().filter_map(|l| l.strip_prefix("export ")?.split_once('='));
        pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    }

    /// The result that counts: the digest and the definition's content that run in each stage, and whether ECS has no deployment in
    /// progress.
    fn left(&self, test_env: &TestEnv) -> Value {
        let env = self.keys("developer");
        let id =
            test_env.run(&env, &["history", "--output", "json"]).ended(0).json()[0]["releases"][0]["release"].clone();
        let record = test_env.run(&env, &["export", id.as_str().unwrap()]).ended(0).out;
        let kinds = ["stage-left", "stage-failed", "images-failed", "stage-frozen", "restored", "finished"];
        let facts: Vec<&str> =
            kinds.into_iter().filter(|kind| record.contains(&format!("\"kind\":\"{kind}\""))).collect();
        let digests: std::collections::BTreeSet<String> = {
            let world = self.world.lock().unwrap();
            let registered =
                world.log().iter().filter(|e| e.operation == "RegisterTaskDefinition" && e.fault.is_none());
            registered.filter_map(|e| e.input["containerDefinitions"][0]["image"].as_str()).map(at_digest).collect()
        };
        serde_json::json!({ "facts": facts, "digests": digests })
    }
}

/// The digest of an image reference; the host differs in each run.
fn at_digest(image: &str) -> String {
    image.rsplit('@').next().unwrap_or_default().to_owned()
}

/// One release to production; returns its result, or what was wrong.
fn release(odds: u64, seed: u64) -> (Result<Value, String>, ProxiedAws) {
    let behind = ProxiedAws::new(odds, seed);
    let test_env = TestEnv::demo_at(&format!("http://{}", behind.host));
    let (env, manager) = (behind.keys("developer"), behind.keys("manager"));
    let mut args = vec!["release"];
    let mut approved = false;
    for _ in 0..TIMES {
        let mut running = test_env.start(&env, &args);
        while !running.is_over() {
            // A request that an earlier process made is not printed again.
            if !approved && (running.has_said("waits for approval") || args[0] == "resume") {
                approved = approves(&test_env, &manager);
            }
            std::thread::sleep(LOOK);
        }
        let ran = running.end();
        match ran.code {
            Some(0) => return (Ok(behind.left(&test_env)), behind),
            Some(code) if CAN_GO_ON.contains(&code) => {}
            _ => return (Err(why(&ran)), behind),
        }
        // If not even the requester could be read, no release has begun.
        if format!("{}{}", ran.out, ran.err).contains("kanmon resume r") {
            args = vec!["resume"];
        }
    }
    (Err(format!("it does not come forward in {TIMES} attempts")), behind)
}

/// Whether the manager, behind the same proxy, could approve the release.
fn approves(test_env: &TestEnv, manager: &[(String, String)]) -> bool {
    let asked = test_env.run(manager, &["approvals", "--output", "json"]);
    let Some(waiting) = asked.out.lines().next().and_then(|line| serde_json::from_str::<Value>(line).ok()) else {
        return false;
    };
    let question = &waiting["waiting"][0];
    let (Some(id), Some(plan)) = (question["release"].as_str(), question["request"]["plan"].as_str()) else {
        return false;
    };
    test_env.run(manager, &["approve", id, "--plan", plan]).code == Some(0)
}

fn why(ran: &Ran) -> String {
    format!("it ended with {:?}\n{}{}", ran.code, ran.out, ran.err)
}

fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().and_then(|n| n.parse().ok()).unwrap_or(otherwise)
}

#[test]
fn every_release_ends_as_without_the_faults() {
    let seed = number("KANMON_PROXY_SEED", u64::from(std::process::id()));
    let releases = number("KANMON_PROXY_RELEASES", 8);
    let (undisturbed, _) = release(0, seed);
    let undisturbed = undisturbed.unwrap();
    let next = Mutex::new(0..releases);
    let (wrong, met) = (Mutex::new(Vec::new()), Mutex::new(std::collections::BTreeMap::new()));
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let Some(n) = next.lock().unwrap().next() else { return };
                    let (left, behind) = release(ODDS, seed.wrapping_add(n));
                    for (key, count) in behind.proxy.met() {
                        *met.lock().unwrap().entry(key).or_insert(0) += count;
                    }
                    let why = match left {
                        Ok(left) if left == undisturbed => continue,
                        Ok(left) => format!("it left {left}\ninstead of {undisturbed}"),
                        Err(why) => why,
                    };
                    wrong.lock().unwrap().push(format!("seed {}: {why}", seed.wrapping_add(n)));
                }
            });
        }
    });
    let (wrong, met) = (wrong.into_inner().unwrap(), met.into_inner().unwrap());
    let of = |to: To| met.iter().filter(|((at, _), _)| *at == to).map(|(_, n)| n).sum::<u32>();
    print_line(&format!(
        "behind a proxy that misbehaves: {} of {releases} releases end as without it (KANMON_PROXY_SEED={seed}; faults at the API {}, \
         the registry {}, checks {})",
        releases - wrong.len() as u64,
        of(To::Api),
        of(To::Registry),
        of(To::Check),
    ));
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    assert!(of(To::Api) > 0 && of(To::Registry) > 0, "{met:?}");
}
