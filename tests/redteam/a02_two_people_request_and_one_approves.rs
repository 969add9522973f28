//! One person starts a release, another promotes it, and the first approves: the second requester must not replace the first.

use super::world::{BOTH, World};

const ANYBODY: (&str, &str) = ("        approvers: [\"arn:aws:iam::222222222222:user/manager\"]\n", "");

#[test]
fn nobody_who_was_ever_a_requester_can_approve() {
    for topology in BOTH {
        let world = World::new(topology);
        world.edit_for_all(ANYBODY.0, ANYBODY.1);
        let release = world.prepared();
        // Whatever the result is, the developer has requested it.
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
fn control_somebody_who_requested_nothing_approves() {
    for topology in BOTH {
        let world = World::new(topology);
        world.edit_for_all(ANYBODY.0, ANYBODY.1);
        let release = world.honest();
        assert_eq!(world.in_production(), world.digest(&release), "{topology:?}");
    }
}
