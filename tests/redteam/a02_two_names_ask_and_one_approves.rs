//! One starts a release, another takes it further, and the first approves: who asked last would have replaced who asked first.

use super::rig::{BOTH, Field};

const ANYBODY: (&str, &str) = ("        approvers: [\"arn:aws:iam::222222222222:user/manager\"]\n", "");

#[test]
fn whoever_asked_at_any_time_does_not_approve() {
    for topology in BOTH {
        let field = Field::new(topology);
        field.edit_for_all(ANYBODY.0, ANYBODY.1);
        let release = field.prepared();
        // Whatever comes of it: he has asked.
        field.accomplice().start(&["promote", &release, "--to", "prod"]).says("goes on to prod");
        let running = field.waits(&release);
        let plan = field.plan(&release);
        for who in [field.developer(), field.accomplice(), field.promoter()] {
            let ran = who.run(&["approve", &release, "--plan", &plan]).ended(40);
            ran.on_stderr("asked for this release and may not approve it");
        }
        field.production_is_untouched();
        drop(running);
    }
}

#[test]
fn control_somebody_who_asked_for_nothing_approves() {
    for topology in BOTH {
        let field = Field::new(topology);
        field.edit_for_all(ANYBODY.0, ANYBODY.1);
        let release = field.honest();
        assert_eq!(field.in_production(), field.digest(&release), "{topology:?}");
    }
}
