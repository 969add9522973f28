//! The record says which action of which pipeline the manager's answer goes to. Pointed at somebody else's, his approval of *hello* approved
//! *payments*. An answer is put only where the action's own text names the plan that is answered, and no other:
//! a text of two plans, or one whose plan stands in its link alone, lets nobody know what was approved.

use super::codepipeline::{approves, asks_in, asks_through, exports, starts, waits};
use super::rig::{BOTH, DEV, Field, PROD};
use serde_json::json;

#[test]
fn an_answer_is_not_put_into_an_action_that_asks_about_something_else() {
    for topology in BOTH {
        let field = Field::new(topology);
        asks_in(&field, "prod");
        let release = field.prepared();
        let running = field.waits(&release);
        let plan = field.plan(&release);
        running.signal("INT");
        running.end().ended(30);
        let honest = field.record(&release);
        let payments = starts(&field, "promoter", "payments");
        waits(&field, "manager", "payments");
        let mut record = honest.clone();
        record.edit("started", |fact| {
            for stage in fact["pipeline"]["stages"].as_array_mut().unwrap() {
                if stage["name"] == "prod" {
                    stage["approval"]["pipeline"] = json!("payments");
                }
            }
        });
        record.edit("approval-requested", |fact| fact["request"]["execution"] = json!(payments));
        field.plant(&record);
        // The pipeline is part of what is approved, so the record does not show that any more. A no is held against the action alone.
        let why = ["does not show what plan", "action Approve of pipeline payments does not ask about plan"];
        for (answer, why) in ["approve", "reject"].into_iter().zip(why) {
            let ran = field.manager().run(&[answer, &release, "--plan", &plan]);
            assert_ne!(ran.code, Some(0), "{topology:?}: {}", ran.out);
            ran.on_stderr(why);
        }
        assert!(field.sandbox.done("PutApprovalResult").is_empty(), "{topology:?}");
    }
}

#[test]
fn an_action_whose_text_does_not_name_exactly_one_plan_approves_nothing() {
    for topology in BOTH {
        for pipeline in ["two-plans", "link"] {
            let field = Field::new(topology);
            asks_through(&field, "prod", pipeline);
            let release = field.prepared();
            // From a terminal no question is put there: its message would show no plan of ours alone.
            let ran = field.promoter().run(&["promote", &release, "--to", "prod"]).ended(40);
            assert!(format!("{}{}", ran.out, ran.err).contains("would not show the plan"), "{}{}", ran.out, ran.err);
            assert!(field.sandbox.done("StartPipelineExecution").is_empty(), "{topology:?}");
            let developer = format!("arn:aws:iam::{DEV}:user/developer");
            let execution = field.execution_of(PROD, pipeline, "StartPipelineExecution", &developer);
            let running = field.waits_in(&release, &["--execution", &execution]);
            let plan = field.plan(&release);
            exports(&field, PROD, pipeline, &execution, &plan);
            waits(&field, "manager", pipeline);
            let ran = field.manager().run(&["approve", &release, "--plan", &plan]).ended(40);
            ran.on_stderr(&format!("action Approve of pipeline {pipeline} does not ask about plan"));
            // In the console nobody keeps the manager from it, and it counts for nothing.
            approves(&field, "manager", pipeline);
            let ran = running.end().ended(10);
            assert!(ran.err.contains("does not name exactly one plan"), "{}", ran.err);
            field.production_is_untouched();
        }
    }
}

#[test]
fn control_the_action_that_asks_about_this_plan_gets_the_answer() {
    for topology in BOTH {
        let field = Field::new(topology);
        asks_in(&field, "prod");
        let release = field.prepared();
        let running = field.waits(&release);
        waits(&field, "manager", "hello");
        let sheet = field.manager().run(&["approvals"]).ended(0);
        sheet.says("in CodePipeline of account prod (222222222222): pipeline hello, action Approve, execution ");
        field.approves(&release).says("prod is approved");
        running.end().ended(0);
        assert_eq!(field.sandbox.done("PutApprovalResult").len(), 1, "{topology:?}");
    }
}
