//! A release that was rejected is promoted again, and the next approver is not told. Asking again about the same plan needs a reason, and the
//! sheet says that it was rejected, by whom, when and why.

use super::rig::{BOTH, Field};

#[test]
fn a_rejected_plan_is_not_asked_again_without_a_reason_and_the_sheet_says_so() {
    for topology in BOTH {
        let field = Field::new(topology);
        let release = field.prepared();
        let running = field.waits(&release);
        field.manager().run(&["reject", &release, "--yes", "-m", "not this build"]).ended(0).says("prod is rejected");
        running.end().ended(11);
        let again = field.promoter().run(&["promote", &release, "--to", "prod"]).ended(11);
        again.says("rejected exactly this plan for prod at").says("not this build").says("--reason WHY");
        field.manager().run(&["approvals"]).ended(0).says("nothing waits for approval");
        let why = "the build was the right one";
        let mut running = field.promoter().start(&["promote", &release, "--to", "prod", "--reason", why]);
        running.says("waits for approval");
        let sheet = field.manager().run(&["approvals"]).ended(0);
        sheet
            .says("  rejected  this plan, by manager of 222222222222 at ")
            .says(": “not this build”")
            .says(&format!("“{why}”"));
        field.production_is_untouched();
        // The control: who has read all that may approve.
        field.approves(&release);
        running.end().ended(0);
    }
}
