//! The record says that the copy for production is in the attacker's registry, with the same name and digest. The image that is deployed is
//! in the repository that ECR itself names, and a record with another one is refused.

use super::world::{BOTH, World};

#[test]
fn a_registry_that_only_the_record_names_is_refused() {
    for topology in BOTH {
        let world = World::new(topology);
        let release = world.prepared();
        let running = world.waits(&release);
        // The process that waited has ended; now the attacker changes the record.
        drop(running);
        let mut record = world.record(&release);
        record.edit("image-copied", |fact| fact["repository"] = "registry.evil.example/hello".into());
        world.plant(&record);
        let ran = world.promoter().run(&["resume", &release]).ended(40);
        let why =
            "the record says that image app is in registry.evil.example/hello, which does not belong to account prod";
        assert!(ran.out.contains(why) || ran.err.contains(why), "{topology:?}: {}{}", ran.out, ran.err);
        world.production_is_untouched();
        let known = world.manager().run(&["history", &release]).ended(0);
        assert!(known.out.contains("registry.evil.example/hello@sha256:"), "{}", known.out);
    }
}

#[test]
fn control_an_unchanged_record_continues() {
    let world = World::new(BOTH[1]);
    let release = world.prepared();
    let running = world.waits(&release);
    drop(running);
    let record = world.record(&release);
    world.plant(&record);
    let resumed = world.promoter().start(&["resume", &release]);
    world.approves(&release);
    resumed.end().ended(0);
    assert_eq!(world.in_production(), world.digest(&release));
}
