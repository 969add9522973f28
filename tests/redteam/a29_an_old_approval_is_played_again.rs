//! An approval counts for one plan of one release: brought again for another, by the command or by the record, it opens nothing.

use super::rig::{BOTH, Field};

#[test]
fn an_approval_of_another_release_approves_nothing() {
    for topology in BOTH {
        let field = Field::new(topology);
        let first = field.prepared();
        let running = field.waits(&first);
        let old = field.plan(&first);
        field.approves(&first);
        running.end().ended(0);
        let good = field.in_production();
        let given = field.record(&first).fact("approval-given").clone();

        field.developer().test_env.write("app/index.html", "<title>evil</title>");
        field.developer().test_env.commit();
        let second = field.prepared();
        let running = field.waits(&second);
        let output = field.manager().run(&["approve", &second, "--plan", &old]).ended(2);
        output.on_stderr("what waits now is plan");
        running.signal("INT");
        running.end().ended(30);

        // By the record: the manager's own words about the first release, put behind the second's question.
        let mut forged = field.record(&second);
        forged.without(&["suspended"]).add(given);
        let honest = field.record(&second);
        field.plant(&forged);
        let refused = field.promoter().run(&["promote", &second, "--to", "prod"]).ended(40);
        refused.on_stderr("does not fit together").on_stderr("what was approved is not what was asked");
        field.plant(&honest);
        let running = field.waits(&second);
        assert_eq!(field.in_production(), good, "{topology:?}");
        assert_ne!(field.plan(&second), old);
        // Control: what is asked now is approved, and goes.
        field.approves(&second);
        running.end().ended(0);
        assert_eq!(field.in_production(), field.digest(&second), "{topology:?}");
    }
}
