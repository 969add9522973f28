//! A record in which production was already entered, so that there would be no gate and no approval: the record alone is not trusted.

use kanmon::engine::plan;
use kanmon::model::release::Release;
use serde_json::{Value, json};

use super::record::Record;
use super::world::{BOTH, Topology, World, checkout};
use crate::binary::test_env::release_in;

/// An image with critical findings in both accounts, and the record of how the attacker put it there: with their own file, which has no
/// approval and no gate. Production's role does not allow more.
fn planted(world: &World) -> (Record, tempfile::TempDir) {
    let own = tempfile::tempdir().unwrap();
    let test_env = checkout(Topology::Strong, &world.sandbox);
    test_env.label("findings", "CRITICAL:9");
    test_env.edit("critical: 0, high: 0", "critical: unlimited, high: unlimited");
    test_env.edit(
        "by: kanmon\n        approvers: [\"arn:aws:iam::222222222222:user/manager\"]\n        expires: 1h",
        "OUT",
    );
    test_env.edit("    enter:\n      approval:\n        OUT\n", "");
    let attacker = world.developer().at(&test_env).apart(own.path());
    let ran = attacker.run(&["release"]);
    assert!(ran.out.contains("RegisterTaskDefinition") || ran.err.contains("RegisterTaskDefinition"), "{ran:?}");
    let exported = attacker.run(&["export", &release_in(&ran.out)]).ended(0);
    let record = Record::read(&exported.out);
    assert!(record.facts.iter().any(|(_, f)| f["kind"] == "stage-entered" && f["stage"] == "prod"));
    (record, own)
}

/// The team's own pipeline from an earlier release: the stages before production run the attacker's image since then.
fn honest(world: &World) -> Value {
    world.record(&world.prepared()).fact("started")["pipeline"].clone()
}

/// The facts up to the point at which the attacker was stopped, with the team's own pipeline.
fn forged(honest: &Value, mut record: Record) -> Record {
    let is_entered = |fact: &Value| fact["kind"] == "stage-entered" && fact["stage"] == "prod";
    let end = record.facts.iter().position(|(_, fact)| is_entered(fact)).unwrap();
    record.facts.truncate(end + 1);
    record.edit("started", |started| started["pipeline"] = honest.clone());
    record
}

/// Inserts an approval request with the correct hash and the manager's approval before the gate and the entry of production.
fn with_approval(mut record: Record) -> Record {
    let prod = |fact: &Value| fact["stage"] == "prod";
    let first = record.facts.iter().position(|(_, f)| f["kind"] == "stage-planned" && prod(f)).unwrap();
    let last = record.facts.iter().rposition(|(_, f)| f["kind"] == "gate-judged" && prod(f)).unwrap();
    let at = record.facts[first.min(last)].0.clone();
    let (entered, before) = record.facts.split_last().unwrap();
    let release = Release::fold(&Record { facts: before.to_vec(), ..record.clone() }.events()).unwrap();
    let stage = release.started.pipeline.stage(&"prod".parse().unwrap()).unwrap();
    let state = release.stage(&stage.name);
    let hash = plan::hash(&release, stage, state.plan.as_ref().unwrap(), state.gate.as_ref().unwrap());
    let request = json!({
        "plan": hash, "summary": "hello", "requested_at": at, "expires_at": "2099-01-01T00:00:00Z",
    });
    let manager = json!({ "arn": "arn:aws:iam::222222222222:user/manager", "account": "222222222222", "user_id": "M" });
    let answer = json!({ "stage": "prod", "plan": hash, "answer": "approved", "by": manager, "comment": "" });
    let said = [
        json!({ "kind": "approval-requested", "stage": "prod", "request": request }),
        json!({ "kind": "approval-given", "answer": answer }),
    ];
    let judged = record.facts[last].clone();
    let planned = record.facts.iter().rfind(|(_, f)| f["kind"] == "stage-planned" && prod(f)).unwrap().clone();
    let mut facts = before.to_vec();
    facts.extend(said.map(|fact| (at.clone(), fact)));
    facts.extend([judged, planned, entered.clone()]);
    record.facts = facts;
    record
}

#[test]
fn production_is_not_entered_because_of_a_record() {
    for topology in BOTH {
        let world = World::new(topology);
        let honest = honest(&world);
        let (record, _own) = planted(&world);
        let before = world.in_production();
        let record = forged(&honest, record);
        let id = record.release.clone();
        let mut cases = vec![(record.clone(), "needs an approval")];
        let mut unjudged = record.clone();
        unjudged.facts.retain(|(_, f)| f["kind"] != "gate-judged" || f["stage"] != "prod");
        cases.push((unjudged, "the stage has no plan, or its gate has not been evaluated"));
        let mut blocked = with_approval(record.clone());
        blocked.edit("gate-judged", |f| f["judgement"]["verdict"] = json!("fail"));
        cases.push((blocked, "did not pass"));
        for (record, why) in cases {
            world.plant(&record);
            let ran = world.promoter().run(&["promote", &id, "--to", "prod"]).ended(40);
            ran.on_stderr("is inconsistent").on_stderr(why);
            world.production_is_untouched();
        }
        // This record is complete, with a forged approval. The process that acts judges the gate itself.
        world.plant(&with_approval(record));
        let ran = world.promoter().run(&["promote", &id, "--to", "prod"]).ended(24);
        assert!(ran.out.contains("the severity gate of prod no longer passes: 9 critical"), "{ran:?}");
        world.production_is_untouched();
        assert_eq!(world.in_production(), before, "{topology:?}");
    }
}

#[test]
fn a_stage_entered_with_another_plan_than_was_approved_stops_the_release() {
    let world = World::new(Topology::Strong);
    let honest = honest(&world);
    let (record, _own) = planted(&world);
    let mut record = with_approval(forged(&honest, record));
    let other = "ab".repeat(32);
    record.edit("approval-requested", |f| f["request"]["plan"] = json!(other));
    record.edit("approval-given", |f| f["answer"]["plan"] = json!(other));
    let id = record.release.clone();
    world.plant(&record);
    let ran = world.promoter().run(&["promote", &id, "--to", "prod"]).ended(24);
    assert!(
        ran.out.contains("the record says that prod was entered with a plan or images that were not approved"),
        "{ran:?}"
    );
    world.production_is_untouched();
}

#[test]
fn a_revision_that_a_record_calls_registered_is_read_before_it_is_used() {
    for topology in BOTH {
        let world = World::new(topology);
        let release = world.prepared();
        let running = world.waits(&release);
        let refused = r#"{"operation": "UpdateService", "count": 100, "kind": "access_denied"}"#;
        world.sandbox.ask("POST", "faults", refused);
        world.approves(&release);
        running.end().ended(40);
        world.sandbox.ask("DELETE", "faults", "");
        let (before, mut record) = (world.in_production(), world.record(&release));
        // The inbox of a forged state does not contain the messages that were read.
        record.without(&["absorbed"]);
        record.edit("task-definition-registered", |fact| {
            if fact["place"]["stage"] == "prod" {
                // The revision exists, and nobody approved it.
                let (family, _) = fact["arn"].as_str().unwrap().rsplit_once(':').unwrap();
                fact["arn"] = json!(format!("{family}:1"));
            }
        });
        world.plant(&record);
        let ran = world.promoter().run(&["resume", &release]);
        assert_ne!(ran.code, Some(0), "{topology:?}: {}", ran.out);
        ran.says("is not the task definition that was planned for prod/web");
        assert_eq!(world.in_production(), before, "{topology:?}");
    }
}

/// The facts of a successful release up to the end of its rollout in production, and then a forged failure, after which kanmon would roll
/// back.
fn failed_after_all(world: &World, release: &str) -> Record {
    let mut record = world.record(release);
    // The inbox of a forged state does not contain the messages that were read.
    record.without(&["absorbed"]);
    let ended = |fact: &Value| fact["kind"] == "rollout-ended" && fact["place"]["stage"] == "prod";
    let end = record.facts.iter().rposition(|(_, fact)| ended(fact)).unwrap();
    record.facts.truncate(end + 1);
    let answer = json!({ "code": "other-status", "expected": 200, "status": 503 });
    let result = json!({ "kind": "http", "url": "https://hello.example/", "answer": answer });
    let reason = json!({ "code": "check-failed", "stage": "prod", "verdict": "fail", "result": result });
    let failure = json!({ "reason": reason, "roll_back": true });
    record.add(json!({ "kind": "stage-failed", "stage": "prod", "failure": failure }));
    record
}

#[test]
fn a_rollback_restores_what_ran_before_and_not_what_a_record_names() {
    for topology in BOTH {
        let world = World::new(topology);
        let first = world.honest();
        let before = world.in_production();
        world.developer().test_env.write("app/index.html", "<title>next</title>");
        let release = world.honest();
        let after = world.in_production();
        assert_ne!(before, after);
        let honest = failed_after_all(&world, &release);
        let in_prod = |fact: &Value| fact["place"]["stage"] == "prod";
        let ran = honest.facts.iter().find(|(_, f)| f["kind"] == "baseline-taken" && in_prod(f)).unwrap();
        let ran = ran.1["baseline"]["task_definition"].as_str().unwrap().to_owned();
        // The revision exists and ran long ago, and nobody approved a rollback to it.
        let old = format!("{}:1", ran.rsplit_once(':').unwrap().0);
        assert_ne!(old, ran);
        let baseline = |record: &mut Record| {
            record.edit("baseline-taken", |fact| {
                if in_prod(fact) {
                    fact["baseline"]["task_definition"] = json!(old);
                }
            });
        };
        let mut alone = honest.clone();
        baseline(&mut alone);
        let mut with_its_plan = alone.clone();
        with_its_plan.edit("stage-planned", |fact| {
            if fact["stage"] == "prod" {
                fact["plan"]["services"]["web"]["live"] = json!(old);
            }
        });
        let mut prepared = honest.clone();
        prepared.add(json!({
            "kind": "rollback-prepared", "place": { "stage": "prod", "step": 0 }, "service": "web", "again": true,
            "target": { "task_definition": old, "service_deployments": [], "deployments": [] },
        }));
        let cases = [
            (alone, format!("the stage's plan says that {ran} ran there")),
            (with_its_plan, format!("ECS says that {ran} ran there before")),
            (prepared, format!("{ran} ran there, and {old} runs something else")),
        ];
        for (record, why) in cases {
            world.plant(&record);
            let ran = world.promoter().run(&["resume", &release]).ended(22);
            let ran = ran.says(&format!("prod/web is not rolled back to {old}")).says(&why);
            let ran = ran.says("find out who wrote the record");
            assert!(!ran.out.contains("update-service"), "no command for a rollback by hand is printed: {}", ran.out);
            assert_eq!(world.in_production(), after, "{topology:?}: {why}");
        }
        // The control: the same failure with the unchanged record.
        world.plant(&honest);
        world.promoter().run(&["resume", &release]).ended(20);
        assert_eq!(world.in_production(), before, "{topology:?}: {first}");
    }
}

#[test]
fn control_a_release_that_was_stopped_after_it_entered_continues() {
    for topology in BOTH {
        let world = World::new(topology);
        let release = world.prepared();
        let mut running = world.waits(&release);
        world.approves(&release);
        running.says("hello-prod-web:");
        running.signal("INT");
        if running.end().code != Some(0) {
            world.promoter().run(&["resume", &release]).ended(0);
        }
        assert_eq!(world.in_production(), world.digest(&release), "{topology:?}");
    }
}
