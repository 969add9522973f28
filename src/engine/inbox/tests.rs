use jiff::SignedDuration;

use super::*;
use crate::model::approval::{ApprovalRequest, Identity, Requester};
use crate::model::event::Event;
use crate::model::ids::PlanHash;
use crate::model::outcome::Outcome;
use crate::model::release::samples::{at, ending, events, id, started};

const ALICE: &str = "arn:aws:iam::012345678901:user/alice";
const BOB: &str = "arn:aws:iam::012345678901:user/bob";
const CAROL: &str = "arn:aws:iam::012345678901:user/carol";

fn who(arn: &str) -> Identity {
    Identity { arn: arn.into(), account: id("012345678901"), user_id: "U".into() }
}

fn answer(by: &str, answer: Answer) -> ApprovalAnswer {
    ApprovalAnswer { stage: id("prod"), plan: PlanHash::of(b"plan"), answer, by: Some(who(by)), comment: String::new() }
}

fn message(seconds: i64, body: MessageBody) -> Message {
    Message { id: 1, at: at(seconds), release: id("r1"), body }
}

fn sent(body: MessageBody) -> Message {
    message(100, body)
}

/// Requested by Alice for production, with a request that is open until second 3600; then these facts.
fn asked_and(way: ApprovalWay, facts: Vec<Fact>) -> Release {
    let Fact::Started(mut first) = started() else { unreachable!("it starts") };
    first.requested_by = Requester::Person { identity: who(ALICE) };
    let policy = first.pipeline.stages[1].approval.as_mut().unwrap();
    (policy.way, policy.expires) = (way, SignedDuration::from_hours(1));
    let request = ApprovalRequest {
        plan: PlanHash::of(b"plan"),
        execution: None,
        answered_at: None,
        requested_at: at(0),
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
fn an_answer_to_the_request_counts() {
    let yes = absorb(&asked(), &sent(MessageBody::Answer(answer(BOB, Answer::Approved))));
    assert!(matches!(yes, Some(Fact::ApprovalGiven { .. })), "{yes:?}");
    let no = absorb(&asked(), &sent(MessageBody::Answer(answer(BOB, Answer::Rejected))));
    assert!(matches!(no, Some(Fact::ApprovalRejected { .. })), "{no:?}");
}

#[test]
fn a_second_approval_and_the_requesters_are_refused() {
    let given = Fact::ApprovalGiven { answer: answer(BOB, Answer::Approved) };
    let release = asked_and(ApprovalWay::Kanmon, vec![given]);
    let second = absorb(&release, &sent(MessageBody::Answer(answer(BOB, Answer::Approved))));
    assert!(
        matches!(
            &second,
            Some(Fact::ApprovalRefused { reason: AnswerReason::Settled { settled: Settled::Approved { .. } }, .. })
        ),
        "{second:?}"
    );
    let own = absorb(&asked(), &sent(MessageBody::Answer(answer(ALICE, Answer::Approved))));
    assert!(matches!(own, Some(Fact::ApprovalRefused { closes: false, .. })), "{own:?}");
}

#[test]
fn the_last_answer_before_an_approval_is_used_counts() {
    let given = Fact::ApprovalGiven { answer: answer(BOB, Answer::Approved) };
    let release = asked_and(ApprovalWay::Kanmon, vec![given.clone()]);
    let no = |by| sent(MessageBody::Answer(answer(by, Answer::Rejected)));
    assert!(matches!(absorb(&release, &no(CAROL)), Some(Fact::ApprovalRejected { .. })));
    let mut used = asked_and(ApprovalWay::Kanmon, vec![given]);
    used.stages.get_mut(&id("prod")).unwrap().entered = Some(at(50));
    for late in [no(CAROL), sent(MessageBody::Answer(answer(CAROL, Answer::Approved)))] {
        let late = absorb(&used, &late);
        assert!(
            matches!(
                &late,
                Some(Fact::ApprovalRefused { reason: AnswerReason::Settled { settled: Settled::Used { .. } }, .. })
            ),
            "{late:?}"
        );
    }
    let rejected = asked_and(
        ApprovalWay::Kanmon,
        vec![Fact::ApprovalRejected { answer: answer(BOB, Answer::Rejected), images: Default::default() }],
    );
    let late = absorb(&rejected, &sent(MessageBody::Answer(answer(CAROL, Answer::Approved))));
    assert!(
        matches!(
            &late,
            Some(Fact::ApprovalRefused { reason: AnswerReason::Settled { settled: Settled::Rejected { .. } }, .. })
        ),
        "{late:?}"
    );
}

#[test]
fn each_waiting_message_is_previewed_as_it_will_be_recorded() {
    let release = asked();
    let answered = |id, body| Message { id, ..message(100, body) };
    let messages = [
        answered(1, MessageBody::Answer(answer(BOB, Answer::Approved))),
        answered(2, MessageBody::Answer(answer(CAROL, Answer::Rejected))),
        answered(3, MessageBody::Answer(answer(BOB, Answer::Approved))),
    ];
    let (next, facts) = preview(&release, &messages);
    assert!(matches!(facts[&1], Some(Fact::ApprovalGiven { .. })));
    assert!(matches!(facts[&2], Some(Fact::ApprovalRejected { .. })));
    assert!(matches!(facts[&3], Some(Fact::ApprovalRefused { .. })));
    assert!(matches!(&next.stage(&id("prod")).approval, Approval::Rejected(no) if no.arn() == Some(CAROL)));
    assert_eq!(next.stage(&id("prod")).earlier.len(), 1);
}

#[test]
fn an_answer_counts_by_when_it_was_given_not_by_when_it_is_read() {
    let at_second = |seconds| absorb(&asked(), &message(seconds, MessageBody::Answer(answer(BOB, Answer::Approved))));
    assert!(matches!(at_second(3599), Some(Fact::ApprovalGiven { .. })));
    assert!(matches!(at_second(3600), Some(Fact::ApprovalRefused { closes: false, .. })));
}

fn codepipeline() -> ApprovalWay {
    ApprovalWay::CodePipeline { pipeline: "shop".into(), action: "Approve".into(), account: id("main") }
}

#[test]
fn with_approval_in_codepipeline_the_inbox_takes_rejections_but_no_approvals() {
    let release = asked_and(codepipeline(), vec![]);
    let absorbed = |given| absorb(&release, &sent(MessageBody::Answer(answer(BOB, given))));
    assert!(matches!(absorbed(Answer::Approved), Some(Fact::ApprovalRefused { closes: false, .. })));
    assert!(matches!(absorbed(Answer::Rejected), Some(Fact::ApprovalRejected { .. })));
}

#[test]
fn an_approver_withdraws_only_before_the_approval_is_used() {
    let given = Fact::ApprovalGiven { answer: answer(BOB, Answer::Approved) };
    let mut release = asked_and(ApprovalWay::Kanmon, vec![given]);
    let withdraw = |by| sent(MessageBody::Withdraw { stage: id("prod"), by: who(by), comment: String::new() });
    assert!(matches!(absorb(&release, &withdraw(BOB)), Some(Fact::ApprovalWithdrawn { .. })));
    assert!(matches!(absorb(&release, &withdraw(CAROL)), Some(Fact::ApprovalWithdrawn { .. })));
    let policy = release.started.pipeline.stages[1].approval.as_mut().unwrap();
    policy.approvers = vec!["arn:aws:iam::012345678901:user/dave".into()];
    assert!(matches!(absorb(&release, &withdraw(BOB)), Some(Fact::ApprovalWithdrawn { .. })), "one's own approval");
    assert!(matches!(absorb(&release, &withdraw(CAROL)), Some(Fact::Warned { .. })));
    assert!(matches!(absorb(&asked(), &withdraw(BOB)), Some(Fact::Warned { .. })), "nothing is approved");
    release.stages.get_mut(&id("prod")).unwrap().entered = Some(at(50));
    let late = absorb(&release, &withdraw(BOB));
    assert!(
        matches!(
            &late,
            Some(Fact::Warned {
                warning: Warning::WithdrawalRefused {
                    refusal: WithdrawalRefusal::Settled { settled: Settled::Used { .. } },
                    ..
                }
            })
        ),
        "{late:?}"
    );
}

#[test]
fn an_unread_approval_in_codepipeline_can_be_withdrawn() {
    let mut release = asked_and(codepipeline(), vec![]);
    let state = release.stages.get_mut(&id("prod")).unwrap();
    let Approval::Requested(request) = &mut state.approval else { unreachable!("it was asked") };
    request.execution = Some("e".into());
    let withdraw = sent(MessageBody::Withdraw { stage: id("prod"), by: who(BOB), comment: String::new() });
    let (next, _) = preview(&release, &[withdraw]);
    assert!(matches!(next.stage(&id("prod")).approval, Approval::Closed { .. }));
}

#[test]
fn a_second_abort_is_ignored() {
    let abort = sent(MessageBody::Abort { by: who(BOB), reason: "no".into(), roll_back: true });
    let fact = absorb(&asked(), &abort).unwrap();
    assert!(matches!(fact, Fact::AbortRequested { roll_back: true, .. }));
    let aborting = asked_and(ApprovalWay::Kanmon, vec![fact]);
    assert_eq!(absorb(&aborting, &abort), None);
}

#[test]
fn a_finished_release_takes_a_rejection_but_no_approval() {
    let ended = |outcome: Outcome| {
        let mut release = asked();
        release.ending = Some(ending(outcome));
        release
    };
    let result = |release: &Release, given: Answer| {
        let (next, mut facts) = preview(release, &[message(100, MessageBody::Answer(answer(BOB, given)))]);
        (next.stage(&id("prod")).approval.clone(), facts.remove(&1).unwrap().unwrap())
    };
    for outcome in [Outcome::Aborted, Outcome::Blocked, Outcome::Superseded] {
        let (approval, fact) = result(&ended(outcome), Answer::Approved);
        assert!(matches!(approval, Approval::Requested(_)));
        let Fact::ApprovalRefused { reason, .. } = fact else { panic!("{fact:?}") };
        assert_eq!(reason, AnswerReason::ReleaseEnded { outcome });
        assert!(matches!(result(&ended(outcome), Answer::Rejected).1, Fact::ApprovalRejected { .. }));
    }
    // The control: a resumable release takes it.
    for outcome in [Outcome::Suspended, Outcome::Locked] {
        assert!(matches!(result(&ended(outcome), Answer::Approved).1, Fact::ApprovalGiven { .. }));
    }
}
