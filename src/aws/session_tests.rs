use crate::model::fault::FaultKind;
use crate::model::fault::Problem;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use serde_json::Value;

use super::*;
use crate::aws::setup::{ATTEMPT, ATTEMPTS};
use crate::aws::testing::{Asked, Peer, Reply, account, caller_identity};
use crate::model::fault::credentials::CredentialsProblem;

fn with_role() -> Account {
    let mut account = account("prod");
    account.role = Some("kanmon-deploy".into());
    account.external_id = Some("asset".into());
    account
}

/// Credentials for an hour from the peer's present on.
fn assumed(peer_elapsed: Duration, key: &str) -> Reply {
    let expires: Timestamp = "2026-01-31T10:45:00Z".parse().unwrap();
    let expires = expires + jiff::SignedDuration::try_from(peer_elapsed).unwrap();
    Reply::Raw(
        200,
        format!(
            "<AssumeRoleResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><AssumeRoleResult><Credentials>\
             <AccessKeyId>{key}</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>\
             <Expiration>{expires}</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>"
        ),
    )
}

fn sts_error(status: u16, code: &str, message: &str) -> Reply {
    Reply::Raw(
        status,
        format!(
            "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error><Type>Sender</Type>\
             <Code>{code}</Code><Message>{message}</Message></Error><RequestId>r</RequestId></ErrorResponse>"
        ),
    )
}

/// STS that assumes the role, with a new key each time; other calls answer with nothing.
fn assuming() -> Peer {
    let clock = Arc::new(OnceLock::<crate::aws::testing::VirtualTime>::new());
    let in_handler = clock.clone();
    let peer = Peer::new(move |asked: &Asked, before| match asked.op.as_str() {
        "AssumeRole" => assumed(in_handler.get().unwrap().elapsed(), &format!("ASSUMED{before}")),
        "GetCallerIdentity" => Reply::Json(Value::Null),
        _ => Reply::Json(serde_json::json!({"taskDefinitionArns": []})),
    });
    clock.set(peer.clock.clone()).unwrap();
    peer
}

fn form(body: &str, name: &str) -> Option<String> {
    let prefix = format!("{name}=");
    body.split('&').find_map(|p| p.strip_prefix(&prefix)).map(str::to_owned)
}

async fn any_call(session: &Session) -> Result<(), Refusal> {
    session.list_task_definitions(Target::Registry).send(|r| r.send()).await.map(|_| ())
}

#[tokio::test]
async fn a_role_is_assumed_once_with_release_person_and_external_id() {
    let peer = assuming();
    let sessions = Sessions::new(Setup { source_identity: Some("Ann <ann@x>".into()), ..peer.setup() });
    let first = sessions.session(&with_role()).await.unwrap();
    let second = sessions.session(&with_role()).await.unwrap();
    any_call(&second).await.unwrap();
    assert!(Arc::ptr_eq(&first, &second));
    assert_eq!(first.identity().account, with_role().id);
    let asked = peer.asked("AssumeRole");
    assert_eq!(asked.len(), 1);
    let field = |name| form(&asked[0].body, name);
    assert_eq!(field("RoleArn").unwrap(), "arn%3Aaws%3Aiam%3A%3A222222222222%3Arole%2Fkanmon-deploy");
    assert_eq!(field("RoleSessionName").unwrap(), "r20260131-094500-1a2b3c");
    assert_eq!(field("SourceIdentity").unwrap(), "Ann--ann%40x-");
    assert_eq!(field("ExternalId").unwrap(), "asset");
    assert_eq!(field("DurationSeconds").unwrap(), "3600");
    assert_eq!(asked[0].key, "AMBIENT");
    assert_eq!(peer.asked("GetCallerIdentity")[0].key, "ASSUMED0");
    assert_eq!(peer.asked("ListTaskDefinitions")[0].key, "ASSUMED0");
}

#[tokio::test]
async fn keys_that_no_header_can_hold_are_refused() {
    let peer = Peer::new(|asked, _| match asked.op.as_str() {
        "AssumeRole" => assumed(Duration::from_secs(3600), "ASSUM\u{c9}"),
        _ => Reply::Json(Value::Null),
    });
    let fault = peer.sessions().session(&with_role()).await.err().expect("no session");
    assert!(peer.asked("GetCallerIdentity").is_empty(), "{fault:?}");
}

#[tokio::test]
async fn no_source_identity_is_sent_where_none_is_given() {
    let peer = assuming();
    peer.sessions().session(&with_role()).await.unwrap();
    assert_eq!(form(&peer.asked("AssumeRole")[0].body, "SourceIdentity"), None);
}

#[tokio::test]
async fn credentials_are_renewed_before_they_expire() {
    let peer = assuming();
    let session = peer.sessions().session(&with_role()).await.unwrap();
    peer.clock.advance(Duration::from_secs(3600 - 121));
    any_call(&session).await.unwrap();
    assert_eq!(peer.asked("AssumeRole").len(), 1);
    peer.clock.advance(Duration::from_secs(121 - ATTEMPT.as_secs() - 1));
    any_call(&session).await.unwrap();
    assert_eq!(peer.asked("AssumeRole").len(), 2);
    assert_eq!(peer.asked("ListTaskDefinitions")[1].key, "ASSUMED1");
}

#[tokio::test]
async fn a_refused_renewal_is_reported_by_the_call_that_needed_it() {
    let peer = Peer::new(|asked, before| match (asked.op.as_str(), before) {
        ("AssumeRole", 0) => assumed(Duration::ZERO, "ASSUMED"),
        ("AssumeRole", _) => sts_error(
            403,
            "AccessDenied",
            "User: arn:aws:iam::111111111111:user/ann is not authorized to perform: sts:AssumeRole on resource: arn:r",
        ),
        _ => Reply::Json(Value::Null),
    });
    let session = peer.sessions().session(&with_role()).await.unwrap();
    peer.clock.advance(Duration::from_secs(3600));
    let refusal = any_call(&session).await.unwrap_err();
    assert_eq!(refusal.fault.kind(), FaultKind::CredentialsRefused);
    assert!(peer.asked("ListTaskDefinitions").is_empty());
}

#[tokio::test]
async fn a_refused_assume_role_names_the_caller_and_the_missing_statement() {
    let message = "User: arn:aws:sts::111111111111:assumed-role/ci/build-7 is not authorized to perform: sts:AssumeRole \
                   on resource: arn:aws:iam::222222222222:role/kanmon-deploy";
    let peer = Peer::new(move |_, _| sts_error(403, "AccessDenied", message));
    let fault = peer.sessions().session(&with_role()).await.err().unwrap();
    assert_eq!(fault.kind(), FaultKind::CredentialsRefused);
    let problem = CredentialsProblem::RoleNotAllowed {
        account: "prod".parse().unwrap(),
        principal: Some("arn:aws:sts::111111111111:assumed-role/ci/build-7".into()),
        role: "arn:aws:iam::222222222222:role/kanmon-deploy".into(),
        denied: "sts:AssumeRole".into(),
        resource: Some("arn:aws:iam::222222222222:role/kanmon-deploy".into()),
        explicit: false,
        external_id: Some("asset".into()),
        source_identity: false,
    };
    assert_eq!(fault.problem, problem.into());
}

#[tokio::test]
async fn a_source_identity_that_is_refused_is_not_dropped() {
    let peer = Peer::new(|_, _| {
        sts_error(
            403,
            "AccessDenied",
            "User: arn:aws:iam::111111111111:user/ann is not authorized to perform: sts:SetSourceIdentity on resource: arn:r",
        )
    });
    let sessions = Sessions::new(Setup { source_identity: Some("ann".into()), ..peer.setup() });
    let fault = sessions.session(&with_role()).await.err().unwrap();
    let Problem::Credentials(CredentialsProblem::RoleNotAllowed { denied, source_identity, .. }) = fault.problem else {
        panic!("{fault:?}")
    };
    assert_eq!((denied.as_str(), source_identity), ("sts:SetSourceIdentity", true));
    assert_eq!(peer.asked("AssumeRole").len(), 1);
}

#[tokio::test]
async fn credentials_of_another_account_are_refused_before_any_other_call() {
    let peer = Peer::new(|_, _| Reply::Raw(200, caller_identity("999999999999")));
    let sessions = peer.sessions();
    let fault = sessions.session(&account("prod")).await.err().unwrap();
    assert_eq!(fault.kind(), FaultKind::WrongAccount);
    let Problem::Credentials(CredentialsProblem::OfAnotherAccount { expected, found, .. }) = fault.problem else {
        panic!("{fault:?}")
    };
    assert_eq!((expected.as_str(), found.as_str()), ("222222222222", "999999999999"));
    assert_eq!(sessions.ambient_identity(&account("prod")).await.unwrap().account.as_str(), "999999999999");
}

#[tokio::test]
async fn a_role_of_another_account_is_refused_before_any_call() {
    let peer = assuming();
    let mut account = with_role();
    account.role = Some("arn:aws:iam::333333333333:role/x".into());
    assert_eq!(peer.sessions().session(&account).await.err().unwrap().kind(), FaultKind::WrongAccount);
    assert!(peer.asked("AssumeRole").is_empty() && peer.asked("GetCallerIdentity").is_empty());
}

#[tokio::test]
async fn a_failure_to_enter_is_not_remembered() {
    let peer = Peer::new(|_, before| match before {
        0 => sts_error(403, "InvalidClientTokenId", "unknown key"),
        _ => Reply::Json(Value::Null),
    });
    let sessions = peer.sessions();
    assert_eq!(sessions.session(&account("prod")).await.err().unwrap().kind(), FaultKind::CredentialsRefused);
    assert!(sessions.session(&account("prod")).await.is_ok());
}

#[tokio::test]
async fn reads_are_repeated_and_then_reported_as_unanswered() {
    let peer = Peer::new(|asked, _| match asked.op.as_str() {
        "GetCallerIdentity" => Reply::Json(Value::Null),
        _ => Reply::Reset,
    });
    let session = peer.sessions().session(&account("prod")).await.unwrap();
    assert_eq!(any_call(&session).await.unwrap_err().fault.kind(), FaultKind::Unreachable);
    assert_eq!(peer.asked("ListTaskDefinitions").len(), ATTEMPTS as usize);
}

#[test]
fn an_accounts_endpoint_for_a_service_goes_before_its_default() {
    let mut a = account("prod");
    assert_eq!(endpoint(&a, "ecs"), None);
    a.endpoints.insert("default".into(), "http://127.0.0.1:1".into());
    a.endpoints.insert("ecs".into(), "http://127.0.0.1:2".into());
    assert_eq!(endpoint(&a, "ecs"), Some("http://127.0.0.1:2"));
    assert_eq!(endpoint(&a, "ecr"), Some("http://127.0.0.1:1"));
}

#[tokio::test]
async fn a_role_for_outsiders_is_assumed_from_another_account_and_not_from_its_own() {
    let outside = Account { assume: Assume::Outside, ..with_role() };
    // The peer's credentials are of production's own account.
    let inside = assuming();
    inside.sessions().session(&outside).await.unwrap();
    assert_eq!(inside.asked("AssumeRole").len(), 0);
    let dev = Peer::new(|asked: &Asked, before| match (asked.op.as_str(), before) {
        ("GetCallerIdentity", 0) => Reply::Raw(200, caller_identity("111111111111")),
        ("AssumeRole", _) => assumed(Duration::ZERO, "ASSUMED"),
        _ => Reply::Json(Value::Null),
    });
    dev.sessions().session(&outside).await.unwrap();
    assert_eq!(dev.asked("AssumeRole").len(), 1);
}
