//! SIGKILL on the real binary: once at each kind of effect, just before the effect is carried out.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use kanmon::journal::{MemoryJournal, from_file};
use kanmon::model::effect::Effect;
use kanmon::model::event::{CommitSource, Fact};
use kanmon::model::release::Release;
use kanmon::model::step::part::Direction;
use kanmon::ports::journal::{Imported, Journal as _};
use kanmon::sandbox::faults::is_read;
use serde_json::Value;

use super::final_state::{Record, difference, is_same_again};
use crate::binary::test_env::{Ran, Running, Sandbox, TestEnv, release_in};
use crate::real::end_to_end::print_line;
use crate::scenarios::simulation::LEAVING_NOTHING;

/// Names every kind of effect in one match without a wildcard: a new kind does not compile until a case is named that meets it.
macro_rules! kinds {
    ($($variant:ident $(($direction:ident))? on $case:ident),* $(,)?) => {
        const KINDS: &[(&str, SignalledRelease)] = &[$((stringify!($variant $(($direction))?), SignalledRelease::$case)),*];

        fn kind(effect: &Effect) -> &'static str {
            match effect {
                $(Effect::$variant { $(direction: Direction::$direction,)? .. } => stringify!($variant $(($direction))?),)*
            }
        }
    };
}

kinds! {
    Survey on Whole,
    Build on Whole,
    Adopt on Given,
    Copy on Whole,
    Plan on Whole,
    RequestApproval on Whole,
    Baseline on Whole,
    Register on Whole,
    RunTask on Whole,
    Update(Forward) on Whole,
    StopRollout on Stopped,
    PrepareRollback on Rollback,
    Update(Back) on Rollback,
    Check on Whole,
    Confirm on Whole,
}

/// The releases that meet the effects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum SignalledRelease {
    /// Three stages: a build, migrations, an approval, a copy.
    Whole,
    /// An image that exists already.
    Given,
    /// The check of a stage fails.
    Rollback,
    /// Only kanmon notices that the tasks stop: the circuit breaker is off.
    Stopped,
}

struct Setup {
    sandbox: Sandbox,
    test_env: TestEnv,
    args: Vec<String>,
    /// The exit code of the release.
    code: i32,
}

impl SignalledRelease {
    fn set_up(self) -> Setup {
        let seed = include_str!("../../src/sandbox/seed/demo.yaml");
        let breaker = "deploymentCircuitBreaker: { enable: true,";
        assert!(seed.contains(breaker));
        let blind = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(blind.path(), seed.replace(breaker, "deploymentCircuitBreaker: { enable: false,")).unwrap();
        let sandbox = match self {
            SignalledRelease::Whole | SignalledRelease::Given | SignalledRelease::Rollback => Sandbox::start(),
            SignalledRelease::Stopped => Sandbox::with(&["--speed", "120", "--seed", blind.path().to_str().unwrap()]),
        };
        let test_env = TestEnv::demo(&sandbox);
        let mut args = vec!["release", "--output", "json"];
        let mut code = 0;
        let image;
        match self {
            SignalledRelease::Whole => migrates(&test_env),
            SignalledRelease::Given => {
                let first =
                    test_env.run(&sandbox.keys("developer"), &["release", "--until", "dev", "--output", "json"]);
                let built = first.ended(0).json().into_iter().find(|l| l["kind"] == "image-built").expect("it built");
                image = format!("app={}@{}", built["repository"].as_str().unwrap(), built["digest"].as_str().unwrap());
                args.extend(["--until", "staging", "--image", &image]);
            }
            SignalledRelease::Rollback => {
                let url = "_sandbox/service/111111111111/ap-northeast-1/hello-dev/web\", timeout: 30s }";
                let check = format!("- check: {{ http: \"{}/{url}", sandbox.endpoint());
                test_env.edit(&check, "- check: { command: [sh, -c, \"exit 1\"] }").commit();
                args.extend(["--until", "dev"]);
                code = 20;
            }
            SignalledRelease::Stopped => {
                test_env.label("exit-code", "42").commit();
                args.extend(["--until", "dev"]);
                code = 20;
            }
        }
        let args = args.into_iter().map(str::to_owned).collect();
        Setup { sandbox, test_env, args, code }
    }
}

fn migrates(test_env: &TestEnv) {
    let task = r#"{ "family": "hello-migrate", "networkMode": "awsvpc", "containerDefinitions": [
        { "name": "migrate", "image": "set-by-kanmon", "essential": true, "memory": 64 }] }"#;
    test_env.write("deploy/migrate.json", task);
    let tasks = "tasks:\n  migrate: { taskdef: deploy/migrate.json, containers: { migrate: app }, network_of: web, timeout: 5m }\n";
    test_env.edit("gate:\n  at_most: { critical", &format!("{tasks}gate:\n  at_most: {{ critical"));
    test_env.edit("      - roll: web\n", "      - run: migrate\n      - roll: web\n").commit();
}

/// The result of a release.
#[derive(Debug, PartialEq)]
struct FinalState {
    code: Option<i32>,
    calls: BTreeMap<(String, String), usize>,
    reached: Vec<Value>,
    record: Record,
}

impl Setup {
    fn start(&self, args: &[&str]) -> Running {
        self.test_env.start(&self.sandbox.keys("developer"), args)
    }

    fn release(&self) -> Running {
        self.start(&self.args.iter().map(String::as_str).collect::<Vec<_>>())
    }

    /// Waits for its end, with a manager who approves every request.
    fn end(&self, mut running: Running) -> Ran {
        let manager = self.sandbox.keys("manager");
        while running.child.try_wait().unwrap().is_none() {
            let asked = self.test_env.run(&manager, &["approvals", "--output", "json"]);
            for waiting in asked.json().first().and_then(|a| a["waiting"].as_array().cloned()).unwrap_or_default() {
                let (release, plan) =
                    (waiting["release"].as_str().unwrap(), waiting["request"]["plan"].as_str().unwrap());
                self.test_env.run(&manager, &["approve", release, "--plan", plan, "-m", "read"]);
            }
            std::thread::sleep(Duration::from_millis(300));
        }
        running.end()
    }

    /// How often each changing call was carried out. Repeated calls with the same input count once if they have the same result.
    fn calls(&self) -> BTreeMap<(String, String), usize> {
        let (mut counts, mut seen) = (BTreeMap::new(), BTreeSet::new());
        for call in self.sandbox.calls() {
            let operation = call["operation"].as_str().unwrap_or_default().to_owned();
            let changes = call["code"] == "OK" && !is_read(&operation) && !LEAVING_NOTHING.contains(&&*operation);
            let again = is_same_again(&operation) && !seen.insert((operation.clone(), call["input"].to_string()));
            if changes && !again {
                *counts.entry((operation, call["account"].as_str().unwrap_or_default().to_owned())).or_default() += 1;
            }
        }
        counts
    }

    fn reached(&self) -> Vec<Value> {
        let places = [("111111111111", "hello-dev"), ("111111111111", "hello-staging"), ("222222222222", "hello-prod")];
        places.map(|(account, cluster)| self.sandbox.reached(account, cluster, "web")["digests"].clone()).to_vec()
    }

    /// The result, and the kinds of effects that were intended.
    fn final_state(&self, ran: &Ran) -> (FinalState, BTreeSet<&'static str>) {
        let id = release_in(&ran.out);
        let file = self.test_env.run(&self.sandbox.keys("developer"), &["export", &id]).ended(0).out;
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let events = runtime.block_on(async {
            let journal = MemoryJournal::new();
            let mark = Imported { at: jiff::Timestamp::UNIX_EPOCH, by: "this test".to_owned() };
            journal.import(&from_file(file.as_bytes()).unwrap(), &mark).await.unwrap();
            journal.read(&id.parse().unwrap()).await.unwrap()
        });
        let intended = events.iter().filter_map(|e| match &e.fact {
            Fact::Intended { effect, .. } => Some(kind(effect)),
            _ => None,
        });
        let release = Release::fold(&events).unwrap();
        // Approval requests show the first digits of a commit; an image given with `--image` may have none.
        let commit = release.started.source.commit.as_ref().map(|commit| &commit[..12]);
        let built_by = release.image_commits.values().filter_map(|made_of| match &made_of.source {
            CommitSource::Release(id) => Some(id.as_str()),
            CommitSource::Label => None,
        });
        let differing: Vec<&str> = [&*self.sandbox.host, &id].into_iter().chain(commit).chain(built_by).collect();
        let record = Record::of(&release, &events).but_for(&differing);
        (FinalState { code: ran.code, calls: self.calls(), reached: self.reached(), record }, intended.collect())
    }
}

/// A text that the record has as soon as an effect of this kind is intended: the name, `run-task` for `RunTask`; and for `Update (Back)`,
/// whose name is ambiguous, the direction.
fn intended(kind: &str) -> String {
    if let Some((_, direction)) = kind.split_once('(') {
        return format!(r#""direction":"{}"}},"attempt":"#, direction.trim_end_matches(')').to_lowercase());
    }
    let mut name = String::new();
    for c in kind.chars() {
        if c.is_ascii_uppercase() && !name.is_empty() {
            name.push('-');
        }
        name.push(c.to_ascii_lowercase());
    }
    format!(r#""effect":{{"effect":"{name}""#)
}

fn killed_at_each_kind_of(case: SignalledRelease) {
    let plain = case.set_up();
    let ran = plain.end(plain.release()).ended(plain.code);
    let (undisturbed, met) = plain.final_state(&ran);
    let kinds: Vec<&str> = KINDS.iter().filter(|(_, on)| *on == case).map(|(kind, _)| *kind).collect();
    let unmet: Vec<_> = kinds.iter().filter(|kind| !met.contains(**kind)).collect();
    assert!(unmet.is_empty(), "{case:?} never reaches {unmet:?}, only {met:?}");
    let mut wrong = Vec::new();
    for kind in &kinds {
        let set_up = case.set_up();
        let mut running = set_up.release();
        running.says(&intended(kind));
        running.signal("KILL");
        assert_eq!(running.end().code, None);
        let ran = set_up.end(set_up.start(&["resume", "--output", "json"]));
        let (left, _) = set_up.final_state(&ran);
        wrong.extend(difference(&undisturbed, &left).map(|d| format!("{kind}:\n{d}\n{}", ran.err)));
    }
    let (all, well) = (kinds.len(), kinds.len() - wrong.len());
    let of = KINDS.len();
    print_line(&format!("SIGKILL at {well} of {all} of the {of} kinds of effect ({case:?}): the same final state"));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn at_each_kind_of_effect_it_ends_the_same() {
    killed_at_each_kind_of(SignalledRelease::Whole);
}

#[test]
fn at_each_kind_of_effect_of_other_releases_it_ends_the_same() {
    for case in [SignalledRelease::Given, SignalledRelease::Rollback, SignalledRelease::Stopped] {
        killed_at_each_kind_of(case);
    }
}
