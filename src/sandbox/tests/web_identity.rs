use aws_sdk_sts::Client;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::{TestEnv, key, said, session};
use crate::sandbox::Seed;

const ROLE: &str = "arn:aws:iam::111111111111:role/ci";
const ISSUER: &str = "https://gitlab.example.com";
const BRANCH: &str = "project_path:bank/shop:ref_type:branch:ref:main";

/// The demo, with a role that trusts one branch's tokens.
fn test_env() -> TestEnv {
    let mut seed = Seed::demo();
    let role = json!({
        "name": "ci",
        "trust": { "Statement": {
            "Effect": "Allow",
            "Principal": { "Federated": "arn:aws:iam::111111111111:oidc-provider/gitlab.example.com" },
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Condition": {
                "StringEquals": { "gitlab.example.com:aud": ISSUER },
                "StringLike": { "gitlab.example.com:sub": "project_path:bank/*:ref_type:branch:ref:main" },
            },
        } },
    });
    seed.accounts[0].roles.push(serde_json::from_value(role).unwrap());
    TestEnv::of(&seed)
}

fn token(test_env: &TestEnv, claims: &[(&str, Value)]) -> String {
    let mut all = json!({ "iss": ISSUER, "aud": ISSUER, "sub": BRANCH });
    all["exp"] = (test_env.clock.timestamp().as_second() + 3600).into();
    for (name, value) in claims {
        all[*name] = value.clone();
    }
    let part = |text: String| URL_SAFE_NO_PAD.encode(text);
    format!("{}.{}.{}", part(json!({ "alg": "RS256" }).to_string()), part(all.to_string()), part("unread".to_owned()))
}

fn assume(
    test_env: &TestEnv,
    token: String,
) -> aws_sdk_sts::operation::assume_role_with_web_identity::builders::AssumeRoleWithWebIdentityFluentBuilder {
    // Nothing is signed, whatever the keys.
    let client = Client::new(&test_env.config(key("AKIANOBODY", "nothing")));
    client.assume_role_with_web_identity().role_arn(ROLE).role_session_name("job-1").web_identity_token(token)
}

#[tokio::test]
async fn a_trusted_branchs_token_gives_a_session() {
    let test_env = test_env();
    let answer = assume(&test_env, token(&test_env, &[])).send().await.unwrap();
    assert_eq!(answer.provider(), Some(ISSUER));
    assert_eq!(answer.subject_from_web_identity_token(), Some(BRANCH));
    let who = Client::new(&test_env.config(session(answer.credentials().unwrap()))).get_caller_identity().send().await;
    assert_eq!(who.unwrap().arn(), Some("arn:aws:sts::111111111111:assumed-role/ci/job-1"));
    let world = test_env.world.lock().unwrap();
    let logged = world.log().iter().find(|e| e.operation == "AssumeRoleWithWebIdentity").unwrap();
    assert_eq!(logged.input["WebIdentityToken"], "…", "the log keeps no token");
}

#[tokio::test]
async fn another_branch_audience_issuer_or_role_is_refused() {
    let test_env = test_env();
    let others = [
        ("sub", json!("project_path:bank/shop:ref_type:branch:ref:other")),
        ("aud", json!("sts.amazonaws.com")),
        ("iss", json!("https://gitlab.com")),
    ];
    for (name, value) in others {
        let (code, _) = said(assume(&test_env, token(&test_env, &[(name, value)])).send().await);
        assert_eq!(code, "AccessDenied", "{name}");
    }
    let of_another = assume(&test_env, token(&test_env, &[])).role_arn("arn:aws:iam::222222222222:role/kanmon-deploy");
    assert_eq!(said(of_another.send().await).0, "AccessDenied");
}

#[tokio::test]
async fn a_token_that_is_old_or_missing_is_refused() {
    let test_env = test_env();
    let old = token(&test_env, &[("exp", json!(test_env.clock.timestamp().as_second()))]);
    assert_eq!(said(assume(&test_env, old).send().await).0, "ExpiredTokenException");
    let early = token(&test_env, &[("nbf", json!(test_env.clock.timestamp().as_second() + 1))]);
    assert_eq!(said(assume(&test_env, early).send().await).0, "InvalidIdentityToken");
    assert_eq!(said(assume(&test_env, "no-token".to_owned()).send().await).0, "InvalidIdentityToken");
    let nobody_s = token(&test_env, &[("sub", Value::Null)]);
    assert_eq!(said(assume(&test_env, nobody_s).send().await).0, "InvalidIdentityToken");
}

#[tokio::test]
async fn a_token_of_another_kind_is_of_an_operation_that_is_not_here() {
    let test_env = test_env();
    let asked = Client::new(&test_env.config(key("AKIANOBODY", "nothing"))).assume_role_with_saml().role_arn(ROLE);
    let provider = "arn:aws:iam::111111111111:saml-provider/company";
    assert_eq!(said(asked.principal_arn(provider).saml_assertion("none").send().await).0, "InvalidAction");
}

#[tokio::test]
async fn the_sessions_condition_keys_name_its_provider() {
    let test_env = test_env();
    let answer = assume(&test_env, token(&test_env, &[])).send().await.unwrap();
    let mut world = test_env.world.lock().unwrap();
    let caller = world.directory_mut().key(answer.credentials().unwrap().access_key_id()).unwrap().caller.clone();
    let provider = "arn:aws:iam::111111111111:oidc-provider/gitlab.example.com".to_owned();
    assert_eq!(caller.context().get("aws:FederatedProvider"), Some(&[provider][..]));
}

#[tokio::test]
async fn faults_can_be_ordered_for_it_by_the_roles_account() {
    use crate::sandbox::faults::{Fault, Kind};
    let test_env = test_env();
    let of = |account: &str| Fault {
        account: Some(account.parse().unwrap()),
        ..Fault::next("AssumeRoleWithWebIdentity", 1, Kind::Throttle)
    };
    test_env.world.lock().unwrap().order_fault(of("222222222222"));
    assume(&test_env, token(&test_env, &[])).send().await.unwrap();
    test_env.world.lock().unwrap().order_fault(of("111111111111"));
    assert_eq!(said(assume(&test_env, token(&test_env, &[])).send().await).0, "Throttling");
}

#[tokio::test]
async fn a_managed_policy_that_would_narrow_the_session_is_not_ignored() {
    let test_env = test_env();
    let read_only = aws_sdk_sts::types::PolicyDescriptorType::builder().arn("arn:aws:iam::aws:policy/ReadOnlyAccess");
    let refused = assume(&test_env, token(&test_env, &[])).policy_arns(read_only.build()).send().await;
    assert_eq!(said(refused).0, "ValidationError");
}
