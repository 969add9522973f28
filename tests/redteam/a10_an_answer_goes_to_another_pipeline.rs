//! The record names the pipeline and the action that get the manager's answer. If it named another one, the approval of *hello* would
//! approve *payments*. An answer is sent only if the action's own message names the plan that is answered, and no other: with two plans in
//! the message, or with the plan only in its link, it would be unknown what was approved.

use super::codepipeline::{approves, asks_in, asks_through, exports, starts, waits};
use super::world::{BOTH, DEV, PROD, World};
use serde_json::json;

#[test]
fn an_answer_is_not_sent_to_an_action_with_another_request() {
    for topology in BOTH {
        let world = World::new(topology);
        asks_in(&world, "prod");
        let release = world.prepared();
        let running = world.waits(&release);
        let plan = world.plan(&release);
        running.signal("INT");
        running.end().ended(30);
        let honest = world.record(&release);
        let payments = starts(&world, "promoter", "payments");
        waits(&world, "manager", "payments");
        let mut record = honest.clone();
        record.edit("started", |fact| {
            for stage in fact["pipeline"]["stages"].as_array_mut().unwrap() {
                if stage["name"] == "prod" {
                    stage["approval"]["pipeline"] = json!("payments");
                }
            }
        });
        record.edit("approval-requested", |fact| fact["request"]["execution"] = json!(payments));
        world.plant(&record);
        // The pipeline is part of the plan, so the record no longer matches it. A rejection is compared with the action only.
        let why = ["the record does not contain plan", "does not ask for approval of plan"];
        for (answer, why) in ["approve", "reject"].into_iter().zip(why) {
            let ran = world.manager().run(&[answer, &release, "--plan", &plan, "-m", "read it"]);
            assert_ne!(ran.code, Some(0), "{topology:?}: {}", ran.out);
            ran.on_stderr(why);
        }
        assert!(world.sandbox.done("PutApprovalResult").is_empty(), "{topology:?}");
    }
}

#[test]
fn an_action_whose_message_does_not_name_exactly_one_plan_approves_nothing() {
    for topology in BOTH {
        for pipeline in ["two-plans", "link"] {
            let world = World::new(topology);
            asks_through(&world, "prod", pipeline);
            let release = world.prepared();
            // From a terminal, approval is not requested there: the message would not show only this plan.
            let ran = world.promoter().run(&["promote", &release, "--to", "prod"]).ended(40);
            assert!(format!("{}{}", ran.out, ran.err).contains("would not show the plan"), "{}{}", ran.out, ran.err);
            assert!(world.sandbox.done("StartPipelineExecution").is_empty(), "{topology:?}");
            let developer = format!("arn:aws:iam::{DEV}:user/developer");
            let execution = world.execution_of(PROD, pipeline, "StartPipelineExecution", &developer);
            let running = world.waits_in(&release, &["--execution", &execution]);
            let plan = world.plan(&release);
            exports(&world, PROD, pipeline, &execution, &plan);
            waits(&world, "manager", pipeline);
            let ran = world.manager().run(&["approve", &release, "--plan", &plan]).ended(40);
            ran.on_stderr(&format!("action Approve of pipeline {pipeline}"))
                .on_stderr("does not ask for approval of plan");
            // In the console the manager can approve it, but it does not count.
            approves(&world, "manager", pipeline);
            let ran = running.end().ended(10);
            assert!(ran.err.contains("does not name exactly one plan"), "{}", ran.err);
            world.production_is_untouched();
        }
    }
}

#[test]
fn control_the_action_with_this_plan_gets_the_answer() {
    for topology in BOTH {
        let world = World::new(topology);
        asks_in(&world, "prod");
        let release = world.prepared();
        let running = world.waits(&release);
        waits(&world, "manager", "hello");
        let request = world.manager().run(&["approvals"]).ended(0);
        request.says("in CodePipeline of account prod (222222222222): pipeline hello, action Approve, execution ");
        world.approves(&release).says("prod is approved");
        running.end().ended(0);
        assert_eq!(world.sandbox.done("PutApprovalResult").len(), 1, "{topology:?}");
    }
}
