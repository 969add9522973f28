//! Roles assumed with an OpenID Connect token.

use aws_sdk_sts::Client;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::*;

const GITHUB: &str = "https://token.actions.githubusercontent.com";
const ROLE: &str = "arn:aws:iam::222222222222:role/kanmon-ci";

fn ci() -> Stage {
    let mut seed = Seed::demo();
    let role = json!({
        "name": "kanmon-ci",
        "trust": {"Version": "2012-10-17", "Statement": [{
            "Effect": "Allow",
            "Principal": {"Federated": "arn:aws:iam::222222222222:oidc-provider/token.actions.githubusercontent.com"},
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Condition": {
                "StringEquals": {"token.actions.githubusercontent.com:aud": "sts.amazonaws.com"},
                "StringLike": {"token.actions.githubusercontent.com:sub": "repo:acme/asset-manager:ref:refs/heads/*"},
            },
        }]},
        "policies": [{"Statement": [{"Effect": "Allow", "Action": "ecr:Describe*", "Resource": "*"}]}],
    });
    seed.accounts[1].roles.push(serde_json::from_value(role).unwrap());
    let provider = json!({"url": GITHUB, "audiences": ["sts.amazonaws.com"]});
    seed.accounts[1].oidc.push(serde_json::from_value(provider).unwrap());
    Stage::of(&seed)
}

fn claims(stage: &Stage) -> Value {
    let now = stage.clock.timestamp().as_second();
    json!({"iss": GITHUB, "aud": "sts.amazonaws.com", "sub": "repo:acme/asset-manager:ref:refs/heads/main",
        "iat": now, "nbf": now - 60, "exp": now + 300})
}

fn token(claims: &Value) -> String {
    let part = |v: &Value| URL_SAFE_NO_PAD.encode(v.to_string());
    format!("{}.{}.{}", part(&json!({"alg": "RS256", "typ": "JWT"})), part(claims), URL_SAFE_NO_PAD.encode("unchecked"))
}

async fn assume(
    stage: &Stage,
    token: String,
) -> Result<aws_sdk_sts::operation::assume_role_with_web_identity::AssumeRoleWithWebIdentityOutput, (String, String)> {
    // Nobody's credentials: such a call is not signed.
    let mut config = stage.developer().into_builder();
    config.set_credentials_provider(None);
    let call = Client::new(&config.build()).assume_role_with_web_identity().role_arn(ROLE).role_session_name("run-7");
    let result = call.web_identity_token(token).send().await;
    if result.is_err() { Err(said(result)) } else { Ok(result.unwrap()) }
}

#[tokio::test]
async fn a_workflows_token_becomes_a_session_of_the_role_that_trusts_it() {
    let stage = ci();
    let answer = assume(&stage, token(&claims(&stage))).await.unwrap();
    assert_eq!(answer.subject_from_web_identity_token(), Some("repo:acme/asset-manager:ref:refs/heads/main"));
    assert_eq!(answer.audience(), Some("sts.amazonaws.com"));
    assert!(answer.provider().unwrap().ends_with("oidc-provider/token.actions.githubusercontent.com"));
    let config = stage.config(session(answer.credentials().unwrap()));
    let who = Client::new(&config).get_caller_identity().send().await.unwrap();
    assert_eq!(who.arn(), Some("arn:aws:sts::222222222222:assumed-role/kanmon-ci/run-7"));
    let ecr = aws_sdk_ecr::Client::new(&config);
    ecr.describe_repositories().send().await.unwrap();
    assert_eq!(said(ecr.create_repository().repository_name("no").send().await).0, "AccessDeniedException");
    let log = stage.world.lock().unwrap().log()[0].input.to_string();
    assert!(!log.contains(&token(&claims(&stage))), "{log}");
}

#[tokio::test]
async fn tokens_that_the_trust_policy_or_the_provider_does_not_take_are_refused() {
    let stage = ci();
    let now = stage.clock.timestamp().as_second();
    let cases = [
        ("sub", json!("repo:evil/asset-manager:ref:refs/heads/main"), "AccessDenied"),
        ("sub", json!("repo:acme/asset-manager:pull_request"), "AccessDenied"),
        ("aud", json!("https://github.com/acme"), "InvalidIdentityToken"),
        ("iss", json!("https://gitlab.example.com"), "InvalidIdentityToken"),
        ("exp", json!(now), "ExpiredTokenException"),
        ("exp", Value::Null, "InvalidIdentityToken"),
        ("nbf", json!(now + 60), "InvalidIdentityToken"),
    ];
    for (claim, value, expected) in cases {
        let mut claims = claims(&stage);
        claims[claim] = value.clone();
        let (code, message) = assume(&stage, token(&claims)).await.unwrap_err();
        assert_eq!(code, expected, "{claim} {value}: {message}");
    }
    assert_eq!(assume(&stage, "an.access-token".to_owned()).await.unwrap_err().0, "InvalidIdentityToken");
    // No key and no role's session gets in this way.
    let (code, _) =
        said(Client::new(&stage.developer()).assume_role().role_arn(ROLE).role_session_name("x1").send().await);
    assert_eq!(code, "AccessDenied");
}

#[tokio::test]
async fn a_source_identity_in_the_token_needs_the_trust_policys_word() {
    let stage = ci();
    let mut claims = claims(&stage);
    claims["https://aws.amazon.com/source_identity"] = json!("taro");
    let (code, message) = assume(&stage, token(&claims)).await.unwrap_err();
    assert_eq!((code.as_str(), message.as_str()), ("AccessDenied", "Not authorized to perform sts:SetSourceIdentity"));
}
