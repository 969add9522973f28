//! Somebody who can write the state writes the manager's approval into it. With approval in CodePipeline, the process that acts reads the
//! action itself before the stage is entered: it must show the approval of exactly this plan by the person in the record.

use serde_json::{Value, json};

use super::codepipeline::{approves, asks_in, waits};
use super::record::Record;
use super::world::{BOTH, Topology, World};

/// A release that waits for the manager in CodePipeline while nobody works on it.
fn waiting(world: &World) -> (String, Record) {
    let release = world.prepared();
    let running = world.waits(&release);
    running.signal("INT");
    running.end().ended(30);
    let mut record = world.record(&release);
    record.without(&["suspended"]);
    (release, record)
}

/// The record with an approval, as a process would have recorded it.
fn approved(mut record: Record) -> Record {
    let plan = record.fact("approval-requested")["request"]["plan"].clone();
    let arn = "arn:aws:iam::222222222222:user/manager";
    let by = json!({ "arn": arn, "account": "222222222222", "user_id": arn });
    record.add(json!({ "kind": "approval-given", "answer":
        { "stage": "prod", "plan": plan, "answer": "approved", "by": by, "comment": "fine" } }));
    record
}

/// The same, with the stage entered.
fn entered(record: Record) -> Record {
    let mut record = approved(record);
    for kind in ["gate-judged", "stage-planned"] {
        let of_prod = |fact: &&Value| fact["kind"] == kind && fact["stage"] == "prod";
        let last = record.facts.iter().map(|(_, fact)| fact).rfind(of_prod).unwrap().clone();
        record.add(last);
    }
    record.add(json!({ "kind": "stage-entered", "stage": "prod" }));
    record
}

#[test]
fn an_approval_that_codepipeline_does_not_have_does_not_count() {
    for topology in BOTH {
        let world = World::new(topology);
        asks_in(&world, "prod");
        let (release, record) = waiting(&world);
        for (forged, code, why) in [
            (
                approved(record.clone()),
                40,
                "the record says that prod was approved in CodePipeline, but CodePipeline does not show it",
            ),
            (entered(record), 24, "the record says that prod was entered with a plan or images that were not approved"),
        ] {
            world.plant(&forged);
            let ran = world.promoter().run(&["resume", &release]).ended(code);
            ran.says(why).says("shows no approval of plan");
            world.production_is_untouched();
        }
    }
}

/// In the topology in which the attacker administers the account of the approval.
#[test]
fn an_approval_of_somebody_else_does_not_count_as_the_managers() {
    let world = World::new(Topology::Direct);
    asks_in(&world, "dev");
    let (release, record) = waiting(&world);
    approves(&world, "accomplice", "hello");
    world.plant(&approved(record));
    let ran = world.promoter().run(&["resume", &release]).ended(40);
    ran.says(
        "was approved by arn:aws:iam::111111111111:user/accomplice, not by arn:aws:iam::222222222222:user/manager",
    );
    world.production_is_untouched();
}

#[test]
fn control_a_release_that_the_manager_approved_continues_from_its_record() {
    for topology in BOTH {
        for record_of in [approved as fn(Record) -> Record, entered] {
            let world = World::new(topology);
            asks_in(&world, "prod");
            let (release, record) = waiting(&world);
            waits(&world, "manager", "hello");
            approves(&world, "manager", "hello");
            world.plant(&record_of(record));
            world.promoter().run(&["resume", &release]).ended(0);
            assert_eq!(world.in_production(), world.digest(&release), "{topology:?}");
        }
    }
}
