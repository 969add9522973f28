//! Not one of the attacks: a record that names what its own pipeline does not have, or whose facts contradict each other. It is refused
//! with a message, does not crash kanmon, and does not hide other releases from the approver.

use serde_json::{Value, json};

use super::record::Record;
use super::world::{Topology, World};

/// The digest of an image that was never built.
fn other() -> String {
    format!("sha256:{}", "ab".repeat(32))
}

/// An honest record, each time with one change, and the expected message.
fn forgeries(honest: &Record) -> Vec<(Record, &'static str)> {
    type Change = (&'static str, fn(&mut Value), &'static str);
    let changes: [Change; 13] = [
        ("started", |s| s["pipeline"]["stages"][1]["account"] = json!("moon"), "no account moon"),
        ("started", |s| s["pipeline"]["images"] = json!({}), "no image app"),
        ("started", |s| s["pipeline"]["services"] = json!({}), "no service web"),
        ("started", |s| s["until"] = json!("moon"), "no stage moon"),
        ("gate-judged", |f| f["stage"] = json!("moon"), "no stage moon"),
        ("image-built", |f| f["image"] = json!("moon"), "no image moon"),
        (
            "stage-planned",
            |f| f["plan"]["services"]["moon"] = f["plan"]["services"]["web"].clone(),
            "does not deploy service moon",
        ),
        ("baseline-taken", |f| f["place"]["step"] = json!(9), "has no step 10"),
        // Two facts that cannot differ in an honest record.
        (
            "stage-planned",
            |f| f["plan"]["services"]["web"]["images"]["web"] = json!(format!("elsewhere/hello@{}", other())),
            "is planned with elsewhere/hello@sha256:abab",
        ),
        ("task-definition-registered", |f| f["content"] = json!("ab".repeat(32)), "is not the one that was planned"),
        (
            "rollout-started",
            |f| f["task_definition"] = json!("hello-staging-web:1"),
            "hello-staging-web:1 was deployed",
        ),
        ("stage-left", |f| f["images"] = json!({ "app": other() }), ", not abab"),
        ("stage-left", |f| f["stage"] = json!("prod"), "prod was not entered"),
    ];
    let forged = changes.into_iter().map(|(kind, change, why)| {
        let mut record = honest.clone();
        record.edit(kind, change);
        (record, why)
    });
    forged.collect()
}

#[test]
fn a_contradictory_record_is_refused_with_a_reason() {
    let world = World::new(Topology::Strong);
    let release = world.prepared();
    for (record, why) in forgeries(&world.record(&release)) {
        world.plant(&record);
        let verbs: [&[&str]; 5] = [
            &["history", &release],
            &["promote", &release, "--to", "prod"],
            &["resume", &release],
            &["abort", &release],
            &["history"],
        ];
        for verb in verbs {
            world.promoter().run(verb).ended(40).on_stderr("is inconsistent").on_stderr(why);
        }
    }
    world.production_is_untouched();
}

#[test]
fn one_such_record_hides_no_other_release() {
    let world = World::new(Topology::Strong);
    let first = world.record(&world.prepared());
    let waiting = world.prepared();
    let running = world.waits(&waiting);
    let mut forged = forgeries(&first);
    // Two images with one name: the one that ran in staging, and the one that would be promoted.
    let mut twice = first.clone();
    let mut built = twice.fact("image-built").clone();
    built["digest"] = json!(other());
    forged.push((twice.add(built).clone(), "the release has ended"));
    let ended = twice.facts.iter().position(|(_, fact)| fact["kind"] == "finished").unwrap();
    twice.facts.remove(ended);
    forged.push((twice, ", not abab"));
    for (n, (mut record, why)) in forged.into_iter().enumerate() {
        record.release = format!("r20200101-0000{n:02}-ffffff");
        record.add_to(world.state());
        let bad = &record.release;
        for verb in ["history", "approvals", "status"] {
            let ran = world.manager().run(&[verb]).ended(0);
            ran.says(&waiting).on_stderr(&format!("{bad} cannot be read, and the release is left out")).on_stderr(why);
            let json = world.manager().run(&[verb, "--output", "json"]).ended(0).json();
            let unreadable = json[0]["unreadable"].as_array().unwrap();
            assert!(unreadable.iter().any(|one| one["release"] == **bad), "{verb}: {unreadable:?}");
        }
        let listed = world.manager().run(&["history"]).ended(0).out;
        assert!(listed.lines().any(|l| l.contains(bad.as_str()) && l.contains("unreadable")), "{listed}");
    }
    // The control: the honest one is approved and continues.
    world.approves(&waiting);
    running.end().ended(0);
    assert_eq!(world.in_production(), world.digest(&waiting));
}

#[test]
fn a_request_that_cannot_be_read_hides_no_other() {
    let world = World::new(Topology::Strong);
    let release = world.prepared();
    let running = world.waits(&release);
    let honest = world.record(&release);
    // The same request with another name, which its plan's hash does not cover, and again with a message that nobody sent.
    let mut renamed = honest.clone();
    renamed.release = "r20200101-000001-ffffff".to_owned();
    renamed.add_to(world.state());
    let mut lacking = honest;
    lacking.release = "r20200101-000002-ffffff".to_owned();
    lacking.add_to(world.state());
    let message = format!("INSERT INTO inbox VALUES ('{}', 1, 'approved', 'by me')", lacking.release);
    rusqlite::Connection::open(world.state().join("journal.db")).unwrap().execute_batch(&message).unwrap();
    let ran = world.manager().run(&["approvals"]).ended(0);
    let ran = ran.on_stderr(&format!("{} cannot be read, and the release is left out", lacking.release));
    let requests: Vec<&str> = ran.out.split("\n\n").collect();
    let of =
        |id: &str| *requests.iter().find(|s| s.contains(&format!("{id} → prod"))).unwrap_or_else(|| panic!("{ran:?}"));
    assert!(of(&renamed.release).contains("does not contain this plan"), "{ran:?}");
    assert!(!of(&release).contains("does not contain"), "{ran:?}");
    for verb in ["history", "status"] {
        world.manager().run(&[verb]).ended(0).says(&release);
    }
    world.approves(&release);
    running.end().ended(0);
}
