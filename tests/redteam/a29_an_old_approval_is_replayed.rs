//! An approval counts for one plan of one release: repeated for another one, by the command or in the record, it has no effect.

use super::world::{BOTH, World};

#[test]
fn an_approval_of_another_release_approves_nothing() {
    for topology in BOTH {
        let world = World::new(topology);
        let first = world.prepared();
        let running = world.waits(&first);
        let old = world.plan(&first);
        world.approves(&first);
        running.end().ended(0);
        let good = world.in_production();
        let given = world.record(&first).fact("approval-given").clone();

        world.developer().test_env.write("app/index.html", "<title>evil</title>");
        world.developer().test_env.commit();
        let second = world.prepared();
        let running = world.waits(&second);
        let output = world.manager().run(&["approve", &second, "--plan", &old]).ended(2);
        output.on_stderr("waits for approval now, not plan");
        running.signal("INT");
        running.end().ended(30);

        // In the record: the manager's approval of the first release, after the request of the second.
        let mut forged = world.record(&second);
        forged.without(&["suspended"]).add(given);
        let honest = world.record(&second);
        world.plant(&forged);
        let refused = world.promoter().run(&["promote", &second, "--to", "prod"]).ended(40);
        refused.on_stderr("is inconsistent").on_stderr("what was approved is not what was requested");
        world.plant(&honest);
        let running = world.waits(&second);
        assert_eq!(world.in_production(), good, "{topology:?}");
        assert_ne!(world.plan(&second), old);
        // The control: the current request is approved, and the release continues.
        world.approves(&second);
        running.end().ended(0);
        assert_eq!(world.in_production(), world.digest(&second), "{topology:?}");
    }
}
