use jiff::SignedDuration;

use super::*;
use crate::model::approval::{ApprovalRequest, Identity, Requester};
use crate::model::event::Event;
use crate::model::ids::PlanHash;
use crate::model::release::samples::{at, events, id, started};

const ALICE: &str = "arn:aws:iam::012345678901:user/alice";
const BOB: &str = "arn:aws:iam::012345678901:user/bob";

fn who(arn: &str) -> Identity {
    Identity { arn: arn.into(), account: id("012345678901"), user_id: "U".into() }
}

fn answer(by: &str, answer: Answer) -> ApprovalAnswer {
    ApprovalAnswer { stage: id("prod"), plan: PlanHash::of(b"plan"), answer, by: who(by), comment: String::new() }
}

fn message(seconds: i64, body: MessageBody) -> Message {
    Message { id: 1, at: at(seconds), release: id("r1"), body }
}

fn said(body: MessageBody) -> Message {
    message(100, body)
}

/// Asked by Alice for production, the question standing until second 3600; then these facts.
fn asked_and(way: ApprovalWay, facts: Vec<Fact>) -> Release {
    let Fact::Started(mut first) = started() else { unreachable!("it starts") };
    first.requested_by = Requester::Person { identity: who(ALICE) };
    let policy = first.pipeline.stages[1].approval.as_mut().unwrap();
    (policy.way, policy.expires) = (way, SignedDuration::from_hours(1));
    let request = ApprovalRequest {
        plan: PlanHash::of(b"plan"),
        summary: "one image".into(),
        execution: None,
        asked_at: at(0),
        expires_at: at(3600),
    };
    let asked = Fact::ApprovalRequested { stage: id("prod"), request };
    let journal: Vec<Event> = events("r1", [Fact::Started(first), asked].into_iter().chain(facts));
    Release::fold(&journal).unwrap()
}

fn asked() -> Release {
    asked_and(ApprovalWay::Kanmon, vec![])
}

#[test]
fn an_answer_to_what_was_asked_counts() {
    let yes = absorb(&asked(), &said(MessageBody::Answer(answer(BOB, Answer::Approved))));
    assert!(matches!(yes, Some(Fact::ApprovalGiven { .. })), "{yes:?}");
    let no = absorb(&asked(), &said(MessageBody::Answer(answer(BOB, Answer::Rejected))));
    assert!(matches!(no, Some(Fact::ApprovalRejected { .. })), "{no:?}");
}

#[test]
fn the_second_answer_is_passed_over_and_the_requesters_refused() {
    let given = Fact::ApprovalGiven { answer: answer(BOB, Answer::Approved) };
    let release = asked_and(ApprovalWay::Kanmon, vec![given]);
    assert_eq!(absorb(&release, &said(MessageBody::Answer(answer(BOB, Answer::Approved)))), None);
    let own = absorb(&asked(), &said(MessageBody::Answer(answer(ALICE, Answer::Approved))));
    assert!(matches!(own, Some(Fact::ApprovalRefused { closes: false, .. })), "{own:?}");
}

#[test]
fn an_answer_counts_by_when_it_was_given_not_by_when_it_is_read() {
    let at_second = |seconds| absorb(&asked(), &message(seconds, MessageBody::Answer(answer(BOB, Answer::Approved))));
    assert!(matches!(at_second(3599), Some(Fact::ApprovalGiven { .. })));
    assert!(matches!(at_second(3600), Some(Fact::ApprovalRefused { closes: false, .. })));
}

#[test]
fn what_codepipeline_decides_is_not_decided_in_the_inbox() {
    let way = ApprovalWay::CodePipeline { pipeline: "shop".into(), action: "Approve".into(), account: id("main") };
    let release = asked_and(way, vec![]);
    for given in [Answer::Approved, Answer::Rejected] {
        let refused = absorb(&release, &said(MessageBody::Answer(answer(BOB, given))));
        assert!(matches!(refused, Some(Fact::ApprovalRefused { closes: false, .. })), "{refused:?}");
    }
}

#[test]
fn only_the_approver_withdraws_and_only_before_it_is_used() {
    let given = Fact::ApprovalGiven { answer: answer(BOB, Answer::Approved) };
    let release = asked_and(ApprovalWay::Kanmon, vec![given]);
    let withdraw = |by| said(MessageBody::Withdraw { stage: id("prod"), by: who(by), comment: String::new() });
    assert!(matches!(absorb(&release, &withdraw(BOB)), Some(Fact::ApprovalWithdrawn { .. })));
    assert!(matches!(absorb(&release, &withdraw(ALICE)), Some(Fact::Warned { .. })));
    assert_eq!(absorb(&asked(), &withdraw(BOB)), None);
}

#[test]
fn an_abort_is_taken_once() {
    let abort = said(MessageBody::Abort { by: who(BOB), reason: "no".into(), roll_back: true });
    let fact = absorb(&asked(), &abort).unwrap();
    assert!(matches!(fact, Fact::AbortRequested { roll_back: true, .. }));
    let aborting = asked_and(ApprovalWay::Kanmon, vec![fact]);
    assert_eq!(absorb(&aborting, &abort), None);
}
