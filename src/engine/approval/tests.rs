use jiff::SignedDuration;
use rstest::rstest;

use super::*;
use crate::model::approval::{Answer, ApprovalWay, Identity};
use crate::model::approval_reason::{AnswerReason, Conflict};
use crate::model::ids::PlanHash;
use crate::model::machine::Machine;
use crate::model::release::samples::{at, id, unknown_requester};

const ALICE: &str = "arn:aws:iam::012345678901:user/alice";
const BOB: &str = "arn:aws:iam::012345678901:user/bob";
const SSO_ALICE: &str = "arn:aws:sts::012345678901:assumed-role/AWSReservedSSO_Admin_0123/alice";
const SSO_BOB: &str = "arn:aws:sts::012345678901:assumed-role/AWSReservedSSO_Admin_0123/bob";
const SSO_ALICE_MANAGES: &str = "arn:aws:sts::012345678901:assumed-role/AWSReservedSSO_Manager_4567/alice";
const ROLE_ALICE: &str = "arn:aws:sts::012345678901:assumed-role/Deploy/alice";
const ROLE_BOB: &str = "arn:aws:sts::012345678901:assumed-role/Deploy/bob";
const BUILD: &str = "arn:aws:sts::012345678901:assumed-role/Build/AWSCodeBuild-1";
const OTHER_ROLE: &str = "arn:aws:sts::012345678901:assumed-role/Release/alice";

fn who(arn: &str) -> Identity {
    Identity { arn: arn.into(), account: id("012345678901"), user_id: "U".into() }
}

fn person(arn: &str) -> Requester {
    Requester::Person { identity: who(arn) }
}

fn execution(trigger: Trigger) -> Requester {
    let (pipeline, execution) = ("shop".to_owned(), "e".to_owned());
    Requester::Pipeline { pipeline, account: id("dev"), execution, trigger, by: who(BUILD) }
}

fn started_by(arn: &str) -> Requester {
    execution(Trigger::Principal { arn: arn.to_owned() })
}

fn policy(approvers: &[&str]) -> ApprovalPolicy {
    ApprovalPolicy {
        way: ApprovalWay::Kanmon,
        approvers: approvers.iter().map(ToString::to_string).collect(),
        expires: SignedDuration::from_hours(1),
        self_approval: false,
    }
}

fn request() -> ApprovalRequest {
    ApprovalRequest {
        plan: PlanHash::of(b"plan"),
        execution: None,
        answered_at: None,
        requested_at: at(0),
        expires_at: at(60),
    }
}

fn answer(arn: &str, answer: Answer) -> ApprovalAnswer {
    ApprovalAnswer {
        stage: id("prod"),
        plan: PlanHash::of(b"plan"),
        answer,
        by: Some(who(arn)),
        comment: String::new(),
    }
}

fn refused(policy: &ApprovalPolicy, requester: &Requester, answer: &ApprovalAnswer) -> Option<AnswerReason> {
    refusal(policy, std::slice::from_ref(requester), &request(), answer)
}

#[rstest]
#[case::the_requester(ALICE, ALICE, true)]
#[case::another_user(ALICE, BOB, false)]
#[case::the_same_sso_user(SSO_ALICE, SSO_ALICE, true)]
#[case::another_sso_user_of_one_role(SSO_ALICE, SSO_BOB, false)]
#[case::the_same_session_of_a_plain_role(ROLE_ALICE, ROLE_ALICE, true)]
#[case::a_session_of_a_plain_role_may_call_itself_anything(ROLE_ALICE, ROLE_BOB, true)]
#[case::another_role_under_the_same_name(ROLE_ALICE, OTHER_ROLE, true)]
#[case::another_role(ROLE_BOB, OTHER_ROLE, false)]
#[case::a_user_and_a_role_that_she_assumes(ALICE, ROLE_ALICE, true)]
#[case::another_permission_set_of_one_user(SSO_ALICE, SSO_ALICE_MANAGES, true)]
fn a_requester_does_not_approve(#[case] requester: &str, #[case] approves: &str, #[case] is_refused: bool) {
    let approval = answer(approves, Answer::Approved);
    assert_eq!(refused(&policy(&[]), &person(requester), &approval).is_some(), is_refused);
    assert_eq!(refused(&policy(&[]), &started_by(requester), &approval).is_some(), is_refused);
    let lenient = ApprovalPolicy { self_approval: true, ..policy(&[]) };
    assert_eq!(refused(&lenient, &person(requester), &approval), None);
}

#[test]
fn with_an_unknown_requester_no_approval_counts() {
    let approval = answer(BOB, Answer::Approved);
    let event =
        execution(Trigger::of(Some("CloudWatchEvent"), Some("arn:aws:events:ap-northeast-1:012345678901:rule/push")));
    for requester in [unknown_requester(), event, execution(Trigger::of(None, None))] {
        assert!(refused(&policy(&[]), &requester, &approval).is_some());
        // Also where a known requester extended it.
        assert!(refusal(&policy(&[]), &[requester.clone(), person(ALICE)], &request(), &approval).is_some());
        assert_eq!(refused(&ApprovalPolicy { self_approval: true, ..policy(&[]) }, &requester, &approval), None);
    }
}

#[test]
fn an_approval_by_a_machine_does_not_count() {
    let why = refused(&policy(&[]), &person(ALICE), &answer(BUILD, Answer::Approved)).unwrap();
    let machine = Machine::CodeBuild { initiator: None };
    let conflict = Conflict::ApproverIsMachine { arn: BUILD.to_owned(), machine };
    assert_eq!(why, AnswerReason::Requester { conflict });
    assert_eq!(refused(&policy(&[]), &person(ALICE), &answer(BUILD, Answer::Rejected)), None);
    let lenient = ApprovalPolicy { self_approval: true, ..policy(&[]) };
    assert_eq!(refused(&lenient, &person(ALICE), &answer(BUILD, Answer::Approved)), None);
}

#[test]
fn all_requesters_are_excluded() {
    let all = [started_by(ALICE), person(OTHER_ROLE), person(SSO_ALICE)];
    for one in [ALICE, OTHER_ROLE, SSO_ALICE, BUILD] {
        assert!(refusal(&policy(&[]), &all, &request(), &answer(one, Answer::Approved)).is_some(), "{one}");
    }
    for other in [BOB, SSO_BOB] {
        assert_eq!(refusal(&policy(&[]), &all, &request(), &answer(other, Answer::Approved)), None, "{other}");
    }
}

#[test]
fn an_approval_by_an_unknown_principal_does_not_count() {
    let unknown = |given| ApprovalAnswer { by: None, ..answer(BOB, given) };
    let conflict = AnswerReason::Requester { conflict: Conflict::ApproverUnknown };
    assert_eq!(refused(&policy(&[]), &person(ALICE), &unknown(Answer::Approved)), Some(conflict));
    assert_eq!(refused(&policy(&[]), &person(ALICE), &unknown(Answer::Rejected)), None);
    let lenient = ApprovalPolicy { self_approval: true, ..policy(&[]) };
    assert_eq!(refused(&lenient, &person(ALICE), &unknown(Answer::Approved)), None);
    let approvers = ApprovalPolicy { self_approval: true, ..policy(&["arn:aws:iam::012345678901:*"]) };
    let refusal = refused(&approvers, &person(ALICE), &unknown(Answer::Approved));
    assert!(matches!(refusal, Some(AnswerReason::NotAnApprover { arn: None, .. })), "{refusal:?}");
}

#[test]
fn a_requester_may_reject() {
    assert_eq!(refused(&policy(&[]), &person(ALICE), &answer(ALICE, Answer::Rejected)), None);
}

#[test]
fn an_answer_about_another_plan_never_counts() {
    let lenient = ApprovalPolicy { self_approval: true, ..policy(&[]) };
    for given in [Answer::Approved, Answer::Rejected] {
        let other = ApprovalAnswer { plan: PlanHash::of(b"another"), ..answer(BOB, given) };
        let why = refused(&lenient, &person(ALICE), &other).unwrap();
        let (answered, requested) = (PlanHash::of(b"another"), PlanHash::of(b"plan"));
        assert_eq!(why, AnswerReason::AnotherPlan { answered, requested, differences: vec![] });
    }
}

#[rstest]
#[case::exact(BOB, true)]
#[case::any_user("arn:aws:iam::012345678901:user/*", true)]
#[case::one_character("arn:aws:iam::012345678901:user/b?b", true)]
#[case::too_few("arn:aws:iam::012345678901:user/bo", false)]
#[case::a_prefix_is_not_the_whole("arn:aws:iam::012345678901:user", false)]
#[case::another_account("arn:aws:iam::999999999999:user/*", false)]
#[case::case_counts("arn:aws:iam::012345678901:user/BOB", false)]
#[case::everybody_everywhere("*", false)]
#[case::everybody_of_the_account("arn:aws:iam::012345678901:*", true)]
#[case::nobody("", false)]
fn only_named_approvers_decide(#[case] pattern: &str, #[case] may: bool) {
    for given in [Answer::Approved, Answer::Rejected] {
        assert_eq!(refused(&policy(&[pattern]), &person(ALICE), &answer(BOB, given)).is_none(), may, "{given:?}");
    }
    let or_another = policy(&["arn:aws:iam::1:role/x", pattern]);
    assert_eq!(refused(&or_another, &person(ALICE), &answer(BOB, Answer::Approved)).is_none(), may);
}

#[test]
fn a_requester_who_is_a_named_approver_does_not_approve() {
    assert!(
        refused(&policy(&["arn:aws:iam::012345678901:*"]), &person(ALICE), &answer(ALICE, Answer::Approved)).is_some()
    );
}
