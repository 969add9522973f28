//! SIGKILL, on the real binary: once for each kind of effect that a release has, as soon as it is about to be done.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::Value;

use crate::binary::rig::{Desk, Ran, Running, Sandbox};
use crate::real::road::tell;

const RELEASE: [&str; 3] = ["release", "--output", "json"];

struct Ground {
    sandbox: Sandbox,
    desk: Desk,
}

impl Ground {
    fn new() -> Ground {
        let sandbox = Sandbox::with(&["--speed", "120"]);
        let desk = Desk::demo(&sandbox);
        let task = r#"{ "family": "hello-migrate", "networkMode": "bridge", "containerDefinitions": [
            { "name": "migrate", "image": "set-by-kanmon", "essential": true, "memory": 64 }] }"#;
        desk.write("deploy/migrate.json", task);
        let tasks = "tasks:\n  migrate: { taskdef: deploy/migrate.json, containers: { migrate: app }, network_of: web, timeout: 5m }\n";
        desk.edit("gate:\n  at_most: { critical", &format!("{tasks}gate:\n  at_most: {{ critical"));
        desk.edit("      - roll: web\n", "      - run: migrate\n      - roll: web\n").commit();
        Ground { sandbox, desk }
    }

    fn start(&self, args: &[&str]) -> Running {
        self.desk.start(&self.sandbox.keys("developer"), args)
    }

    /// To its end, with a manager who approves whatever is asked.
    fn end(&self, mut running: Running) -> Ran {
        let manager = self.sandbox.keys("manager");
        while running.child.try_wait().unwrap().is_none() {
            let asked = self.desk.run(&manager, &["approvals", "--output", "json"]);
            for waiting in asked.json().first().and_then(|a| a["waiting"].as_array().cloned()).unwrap_or_default() {
                let (release, plan) =
                    (waiting["release"].as_str().unwrap(), waiting["request"]["plan"].as_str().unwrap());
                self.desk.run(&manager, &["approve", release, "--plan", plan, "-m", "read"]);
            }
            std::thread::sleep(Duration::from_millis(300));
        }
        running.end()
    }

    /// How often each changing call was carried out; those that AWS itself makes one of by their tokens or images.
    fn tally(&self) -> BTreeMap<&'static str, usize> {
        let token = |call: &Value| call["input"]["clientToken"].to_string();
        let tasks: BTreeSet<String> = self.sandbox.done("RunTask").iter().map(token).collect();
        let mut tally: BTreeMap<_, _> =
            ["RegisterTaskDefinition", "UpdateService"].map(|op| (op, self.sandbox.done(op).len())).into();
        tally.insert("RunTask", tasks.len());
        tally
    }

    fn reached(&self) -> Vec<Value> {
        let places = [("111111111111", "hello-dev"), ("111111111111", "hello-staging"), ("222222222222", "hello-prod")];
        places.map(|(account, cluster)| self.sandbox.reached(account, cluster, "web")["digests"].clone()).to_vec()
    }
}

fn effects(lines: &[Value]) -> BTreeSet<String> {
    lines.iter().filter_map(|l| l["effect"]["effect"].as_str().map(str::to_owned)).collect()
}

#[test]
fn at_each_kind_of_effect_it_ends_as_if_nothing_had_been() {
    let plain = Ground::new();
    let ran = plain.end(plain.start(&RELEASE)).ended(0);
    let kinds = effects(&ran.json());
    assert!(kinds.len() >= 9, "{kinds:?}");
    let mut wrong = Vec::new();
    for kind in &kinds {
        let ground = Ground::new();
        let mut running = ground.start(&RELEASE);
        running.says(&format!(r#""effect":{{"effect":"{kind}""#));
        running.signal("KILL");
        assert_eq!(running.end().code, None);
        let ran = ground.end(ground.start(&["resume", "--output", "json"]));
        let (tally, reached) = (ground.tally(), ground.reached());
        if ran.code != Some(0) || tally != plain.tally() || reached != plain.reached() {
            wrong.push(format!("{kind}: {:?} {tally:?} {reached:?}\n{}", ran.code, ran.err));
        }
    }
    tell(&format!(
        "SIGKILL at {} of {} kinds of effect: as if nothing had been",
        kinds.len() - wrong.len(),
        kinds.len()
    ));
    assert!(wrong.is_empty(), "undisturbed: {:?}\n{}", plain.tally(), wrong.join("\n"));
}
