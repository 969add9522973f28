//! One starts a release, another takes it further, and the first approves: who asked last would have replaced who asked first.

use super::world::{BOTH, World};

const ANYBODY: (&str, &str) = ("        approvers: [\"arn:aws:iam::222222222222:user/manager\"]\n", "");

#[test]
fn whoever_asked_at_any_time_does_not_approve() {
    for topology in BOTH {
        let world = World::new(topology);
        world.edit_for_all(ANYBODY.0, ANYBODY.1);
        let release = world.prepared();
        // Whatever comes of it: he has asked.
        world.accomplice().start(&["promote", &release, "--to", "prod"]).says("continues to prod");
        let running = world.waits(&release);
        let plan = world.plan(&release);
        for who in [world.developer(), world.accomplice(), world.promoter()] {
            let ran = who.run(&["approve", &release, "--plan", &plan]).ended(40);
            ran.on_stderr("requested this release and may not approve it");
        }
        world.production_is_untouched();
        drop(running);
    }
}

#[test]
fn control_somebody_who_asked_for_nothing_approves() {
    for topology in BOTH {
        let world = World::new(topology);
        world.edit_for_all(ANYBODY.0, ANYBODY.1);
        let release = world.honest();
        assert_eq!(world.in_production(), world.digest(&release), "{topology:?}");
    }
}
