//! A commit starts the pipeline by an event or a webhook: what CodePipeline names then is a rule, so the one who committed would be
//! "known and somebody else", and could approve.

use super::rig::{BOTH, DEV, Field};
use crate::binary::rig::release_in;

#[test]
fn where_no_person_started_the_pipeline_nobody_can_be_shown_to_be_somebody_else() {
    for topology in BOTH {
        let field = Field::new(topology);
        let rule = format!("arn:aws:events:ap-northeast-1:{DEV}:rule/on-push");
        for (trigger, detail) in
            [("CloudWatchEvent", rule.as_str()), ("WebhookV2", "arn:x"), ("PollForSourceChanges", "")]
        {
            let named = format!("hello/{}", field.execution(trigger, detail));
            let whole = field.developer().run(&["release", "--execution", &named]).ended(40);
            whole.told("nobody may approve prod of this release").told(trigger).told("which does not name a person");
        }
        field.developer().run(&["history"]).ended(0).says("nothing was released yet");
        // Up to where nobody has to approve, it goes; and no further, whoever takes it.
        let named = format!("hello/{}", field.execution("CloudWatchEvent", &rule));
        let ran = field.developer().run(&["release", "--until", "staging", "--execution", &named]).ended(0);
        let release = release_in(&ran.out);
        let further = field.promoter().run(&["promote", &release, "--to", "prod"]).ended(40);
        further.told("nobody may approve prod of this release");
        field.production_is_untouched();
    }
}

#[test]
fn control_a_person_starts_it_and_the_manager_approves() {
    for topology in BOTH {
        let field = Field::new(topology);
        let execution = field.execution("StartPipelineExecution", &format!("arn:aws:iam::{DEV}:user/developer"));
        let named = format!("hello/{execution}");
        let ran = field.developer().run(&["release", "--until", "staging", "--execution", &named]).ended(0);
        let release = release_in(&ran.out);
        let running = field.waits(&release);
        field.approves(&release);
        running.end().ended(0);
        assert_eq!(field.in_production(), field.digest(&release), "{topology:?}");
    }
}
