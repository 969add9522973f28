//! Somebody who can write the state changes a release's record: it names an image with findings, and clean children for it. Production's
//! own gate must judge what the registry has under that digest, not what the record names. And the copy in production must be the same
//! image that was built, judged and run before.

use serde_json::json;

use super::world::{BOTH, Topology, World, checkout};
use crate::binary::pusher::{CLEAN, CRITICAL, Pusher};

fn played(topology: Topology, findings: &str) -> (World, String) {
    let world = World::new(topology);
    let pusher = Pusher::new(&world.sandbox);
    let (other, clean) = (pusher.amd64(findings), pusher.amd64(CLEAN));
    let swapped = pusher.index("swapped", &[other, pusher.attestation()]);
    let release = world.prepared();
    let mut record = world.record(&release);
    // In both topologies, a record that contradicts itself is refused immediately.
    let built = world.digest(&release);
    for (_, fact) in &mut record.facts {
        *fact = serde_json::from_str(&fact.to_string().replace(&built, &swapped)).unwrap();
    }
    for kind in ["image-built", "image-copied"] {
        if record.facts.iter().any(|(_, fact)| fact["kind"] == kind) {
            let (digest, child) = (swapped.clone(), clean["digest"].clone());
            record.edit(kind, move |fact| {
                fact["digest"] = json!(digest);
                fact["children"] = json!([child]);
            });
        }
    }
    // Somebody who administers development can run the image in its stages, whatever their gates say.
    let (own, test_env) = (tempfile::tempdir().unwrap(), checkout(Topology::Strong, &world.sandbox));
    test_env.edit("critical: 0, high: 0", "critical: unlimited, high: unlimited");
    let attacker = world.developer().at(&test_env).apart(own.path());
    attacker.run(&["release", "--until", "staging", "--image", &format!("app={swapped}")]).ended(0);
    world.plant(&record);
    (world, release)
}

#[test]
fn production_scans_what_its_registry_holds_and_not_what_a_record_names() {
    for topology in BOTH {
        let (world, release) = played(topology, CRITICAL);
        world.promoter().run(&["promote", &release, "--to", "prod"]).ended(10).on_stderr("7 critical");
        world.production_is_untouched();
        // The control: the same, with an image that is clean itself.
        let (world, release) = played(topology, CLEAN);
        let running = world.waits(&release);
        world.approves(&release);
        running.end().ended(0);
    }
}

/// An image that is in both accounts and never ran: the attacker's own file copies it and requests approval.
fn copied(world: &World, image: &str) -> tempfile::TempDir {
    let (own, test_env) = (tempfile::tempdir().unwrap(), checkout(Topology::Strong, &world.sandbox));
    test_env.edit(
        "  - name: staging\n    account: dev\n    cluster: hello-staging\n    values: deploy/staging.yaml\n    steps: [{ roll: web }]\n",
        "",
    );
    let attacker = world.developer().at(&test_env).apart(own.path());
    let mut running = attacker.start(&["release", "--image", &format!("app={image}")]);
    running.says("waits for approval");
    running.signal("INT");
    running.end().ended(30);
    own
}

#[test]
fn a_copy_that_is_another_image_than_the_one_that_was_built_is_refused() {
    for topology in BOTH {
        let world = World::new(topology);
        let pusher = Pusher::new(&world.sandbox);
        let other = pusher.index("other", &[pusher.amd64(CLEAN), pusher.attestation()]);
        let release = world.prepared();
        let running = world.waits(&release);
        running.signal("INT");
        running.end().ended(30);
        let _own = copied(&world, &other);
        let honest = world.record(&release);
        let mut record = honest.clone();
        record.edit("image-copied", |fact| fact["digest"] = json!(other));
        world.plant(&record);
        for verb in [&["promote", &release, "--to", "prod"][..], &["resume", &release], &["history", &release]] {
            world.promoter().run(verb).ended(40).on_stderr("is inconsistent").on_stderr("image app of the release is");
        }
        world.production_is_untouched();
        // The control: the record as it was.
        world.plant(&honest);
        let running = world.waits(&release);
        world.approves(&release);
        running.end().ended(0);
        assert_eq!(world.in_production(), world.digest(&release), "{topology:?}");
    }
}
