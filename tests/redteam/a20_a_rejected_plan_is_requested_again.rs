//! A release that was rejected is promoted again, and the next approver does not know it. Requesting approval of the same plan again needs
//! a reason, and the request shows that it was rejected, by whom, when and why; also for another release of the same images.

use super::codepipeline::{approves, asks_in, rejects, retries};
use super::world::{BOTH, World};

#[test]
fn approval_of_a_rejected_plan_is_requested_again_only_with_a_reason_and_the_request_shows_it() {
    for topology in BOTH {
        let world = World::new(topology);
        let release = world.prepared();
        let running = world.waits(&release);
        world.manager().run(&["reject", &release, "--yes", "-m", "not this build"]).ended(0).says("prod is rejected");
        running.end().ended(11);
        let again = world.promoter().run(&["promote", &release, "--to", "prod"]).ended(11);
        again.says("rejected exactly this plan for prod at").says("not this build").says("--again --comment WHY");
        world.manager().run(&["approvals"]).ended(0).says("no release waits for approval");
        let why = "the build was the right one";
        let mut running = world.promoter().start(&["promote", &release, "--to", "prod", "--again", "--comment", why]);
        running.says("waits for approval");
        let request = world.manager().run(&["approvals"]).ended(0);
        request
            .says("  rejected  this plan, by manager of 222222222222 at ")
            .says(": “not this build”")
            .says(&format!("“{why}”"));
        world.production_is_untouched();
        // The control: an approver who has read all of it may approve.
        world.approves(&release);
        running.end().ended(0);
    }
}

#[test]
fn approval_of_rejected_images_is_requested_again_only_with_a_reason_and_the_request_shows_it() {
    for topology in BOTH {
        let world = World::new(topology);
        let first = world.prepared();
        let running = world.waits(&first);
        world.manager().run(&["reject", &first, "--yes", "-m", "not this build"]).ended(0);
        running.end().ended(11);
        let second = world.prepared();
        assert_eq!(world.digest(&first), world.digest(&second), "the same commit makes the same image");
        let refused = |ran: crate::binary::test_env::Ran| {
            let ran = ran.says("rejected the same images for prod at").says(&format!("in release {first}"));
            ran.says("not this build").says("--again --comment WHY");
        };
        refused(world.promoter().run(&["promote", &second, "--to", "prod"]).ended(11));
        // The reason of `--force` is not a reason for requesting approval again.
        let forced = ["promote", &second, "--to", "prod", "--force", "--comment", "it will not fail again"];
        refused(world.promoter().run(&forced).ended(11));
        world.manager().run(&["approvals"]).ended(0).says("no release waits for approval");
        world.production_is_untouched();
        let why = "the build was the right one";
        let mut running = world.promoter().start(&["promote", &second, "--to", "prod", "--again", "--comment", why]);
        running.says("waits for approval");
        let request = world.manager().run(&["approvals"]).ended(0);
        request
            .says(&format!("  rejected  the same images in {first}, by manager of 222222222222 at "))
            .says(": “not this build”")
            .says(&format!("“{why}”"));
        let json = world.manager().run(&["approvals", "--output", "json"]).ended(0).json();
        assert_eq!(json[0]["waiting"][0]["rejected"][0]["release"], first, "{json:?}");
        // The control: an approver who has read all of it may approve; then a later release of the images has no rejection.
        world.approves(&second);
        running.end().ended(0);
        assert_eq!(world.in_production(), world.digest(&second));
        let third = world.prepared();
        let running = world.waits(&third);
        world.approves(&third);
        running.end().ended(0);
    }
}

#[test]
fn control_approval_of_other_images_is_requested_without_a_reason() {
    for topology in BOTH {
        let world = World::new(topology);
        let first = world.prepared();
        let running = world.waits(&first);
        world.manager().run(&["reject", &first, "--yes", "-m", "not this build"]).ended(0);
        running.end().ended(11);
        world.developer().test_env.write("app/index.html", "<title>fixed</title>");
        let second = world.honest();
        assert_eq!(world.in_production(), world.digest(&second), "{topology:?}");
    }
}

/// In CodePipeline a stage that was rejected is retried in the same execution, and the next approver gets the same plan.
#[test]
fn a_rejection_in_codepipeline_is_not_forgotten_when_its_stage_is_retried() {
    for topology in BOTH {
        let world = World::new(topology);
        asks_in(&world, "prod");
        let manager = "arn:aws:iam::222222222222:user/manager\"";
        world.edit_for_all(manager, &format!("{manager}, \"arn:aws:iam::222222222222:user/deputy\""));
        let release = world.prepared();
        let running = world.waits(&release);
        running.signal("INT");
        running.end().ended(30);
        rejects(&world, "deputy", "hello", "not this build");
        let record = world.record(&release);
        let execution = record.fact("approval-requested")["request"]["execution"].as_str().unwrap();
        retries(&world, "promoter", "hello", execution);
        world.manager().run(&["approvals"]).ended(0).says("no release waits for approval");
        let plan = record.fact("approval-requested")["request"]["plan"].as_str().unwrap();
        world.manager().run(&["approve", &release, "--plan", plan]).ended(2).on_stderr("user/deputy has rejected it");
        // The console does not show the rejection.
        approves(&world, "manager", "hello");
        let ran = world.promoter().run(&["resume", &release]).ended(11);
        ran.says("user/deputy rejected the release for prod").says("not this build");
        let again = world.promoter().run(&["promote", &release, "--to", "prod"]).ended(11);
        again.says("rejected exactly this plan for prod").says("--again --comment WHY");
        world.production_is_untouched();
        // The control: an approver who has read all of it may approve.
        let mut running = world.promoter().start(&[
            "promote",
            &release,
            "--to",
            "prod",
            "--again",
            "--comment",
            "the build was the right one",
        ]);
        running.says("waits for approval");
        world.manager().run(&["approvals"]).ended(0).says("  rejected  this plan, by deputy of 222222222222 at ");
        approves(&world, "manager", "hello");
        running.end().ended(0);
    }
}

/// In a pipeline of two builds, no process runs while the request waits: the rejection ends the execution, and is in no record.
#[test]
fn a_rejection_that_no_process_read_counts_for_the_next_release_of_the_same_images() {
    for topology in BOTH {
        let world = World::new(topology);
        asks_in(&world, "prod");
        let first = world.prepared();
        let running = world.waits(&first);
        running.signal("INT");
        running.end().ended(30);
        rejects(&world, "manager", "hello", "not this build");
        let second = world.prepared();
        let ran = world.promoter().run(&["promote", &second, "--to", "prod"]).ended(11);
        ran.on_stderr(&format!("{first} was rejected in CodePipeline"))
            .says("rejected the same images for prod at")
            .says(&format!("in release {first}"))
            .says("not this build")
            .says("--again --comment WHY");
        world.production_is_untouched();
        let refused = world.promoter().run(&["history", &first]).ended(0);
        refused.says("rejected by manager");
        // The control: approval is requested for other images.
        world.developer().test_env.write("app/index.html", "<title>fixed</title>");
        let third = world.prepared();
        let mut running = world.promoter().start(&["promote", &third, "--to", "prod"]);
        running.says("waits for approval");
        approves(&world, "manager", "hello");
        running.end().ended(0);
    }
}
