//! Somebody releases in the name of a pipeline execution, so that it is not he who asked, and approves his own release.

use super::rig::{BOTH, DEV, Field, Topology};
use crate::binary::rig::release_in;

/// The approvers are the developers of the team, who approve each other's work.
const THE_TEAM: (&str, &str) = ("arn:aws:iam::222222222222:user/manager", "arn:aws:iam::111111111111:user/*");

#[test]
fn an_execution_that_does_not_exist_asks_for_nothing() {
    for topology in BOTH {
        let field = Field::new(topology);
        field.edit_for_all(THE_TEAM.0, THE_TEAM.1);
        let developer = field.developer();
        let until = ["release", "--until", "staging", "--execution"];
        developer.run(&[&until[..], &["made-up"]].concat()).ended(2).told("not a valid id");
        let unknown = "hello/0a1b2c3d-0a1b-2c3d-4e5f-0a1b2c3d4e5f";
        developer.run(&[&until[..], &[unknown]].concat()).ended(40).told("there is no execution");
        developer.run(&["history"]).ended(0).says("nothing was released yet");
    }
}

#[test]
fn an_execution_that_somebody_else_started_does_not_hide_who_uses_it() {
    for topology in BOTH {
        let field = Field::new(topology);
        field.edit_for_all(THE_TEAM.0, THE_TEAM.1);
        let execution = field.execution("StartPipelineExecution", &format!("arn:aws:iam::{DEV}:user/colleague"));
        let named = format!("hello/{execution}");
        let ran = field.developer().run(&["release", "--until", "staging", "--execution", &named]).ended(0);
        let release = release_in(&ran.out);
        let running = field.waits(&release);
        let plan = field.plan(&release);
        let own = field.developer().run(&["approve", &release, "--plan", &plan]).ended(40);
        own.told("user/developer asked for this release and may not approve it");
        field.production_is_untouched();
        drop(running);
    }
}

#[test]
fn control_what_a_real_execution_asked_for_is_approved_by_another() {
    let field = Field::new(Topology::Strong);
    field.edit_for_all(THE_TEAM.0, THE_TEAM.1);
    let execution = field.execution("StartPipelineExecution", &format!("arn:aws:iam::{DEV}:user/developer"));
    let named = format!("hello/{execution}");
    let ran = field.developer().run(&["release", "--until", "staging", "--execution", &named]).ended(0);
    let release = release_in(&ran.out);
    let running = field.waits(&release);
    let plan = field.plan(&release);
    field.accomplice().run(&["approve", &release, "--plan", &plan]).ended(0);
    running.end().ended(0);
    assert_eq!(field.in_production(), field.digest(&release));
}
