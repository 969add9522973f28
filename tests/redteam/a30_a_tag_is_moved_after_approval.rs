//! Approval and deployment are by digest: a tag that names another image afterwards, in either account, does not change what runs.

use super::world::{BOTH, DEV, PROD, World};

#[test]
fn a_tag_that_was_moved_after_the_approval_does_not_change_what_runs() {
    for topology in BOTH {
        let world = World::new(topology);
        let other = world.digest(&world.honest());
        world.developer().test_env.write("app/index.html", "<title>next</title>");
        let good = world.prepared();
        let digest = world.digest(&good);
        assert_ne!(other, digest);
        let running = world.waits(&good);
        let tag = format!("kanmon-{good}");
        for account in [DEV, PROD] {
            world.moves_tag(account, &tag, &other);
        }
        world.approves(&good);
        running.end().ended(0).on_stderr("names");
        assert_eq!(world.in_production(), digest, "{topology:?}");
    }
}

#[test]
fn control_a_tag_that_was_not_moved_is_not_reported() {
    let world = World::new(BOTH[1]);
    let release = world.prepared();
    let running = world.waits(&release);
    world.approves(&release);
    let ran = running.end().ended(0);
    assert!(!ran.err.contains(&format!("kanmon-{release}")), "{}", ran.err);
}
