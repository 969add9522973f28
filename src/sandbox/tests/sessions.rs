use aws_sdk_sts::Client;
use aws_sdk_sts::types::Tag;

use super::*;

const ROLE: &str = "arn:aws:iam::222222222222:role/kanmon-deploy";

fn assume(client: &Client) -> aws_sdk_sts::operation::assume_role::builders::AssumeRoleFluentBuilder {
    client.assume_role().role_arn(ROLE).role_session_name("r20260131-1").external_id("asset")
}

#[tokio::test]
async fn a_session_belongs_to_the_role_and_carries_its_names() {
    let test_env = TestEnv::demo();
    let answer = assume(&Client::new(&test_env.developer())).source_identity("taro").send().await.unwrap();
    assert_eq!(answer.source_identity(), Some("taro"));
    let config = test_env.config(session(answer.credentials().unwrap()));
    let who = Client::new(&config).get_caller_identity().send().await.unwrap();
    assert_eq!(who.account(), Some("222222222222"));
    assert_eq!(who.arn(), Some("arn:aws:sts::222222222222:assumed-role/kanmon-deploy/r20260131-1"));
    assert!(who.user_id().unwrap().ends_with(":r20260131-1"));
}

#[tokio::test]
async fn a_wrong_external_id_is_refused_without_a_reason() {
    let test_env = TestEnv::demo();
    for id in [Some("other"), None] {
        let refused = assume(&Client::new(&test_env.developer())).set_external_id(id.map(str::to_owned)).send().await;
        let (code, message) = said(refused);
        assert_eq!(code, "AccessDenied");
        assert_eq!(
            message,
            "User: arn:aws:iam::111111111111:user/developer is not authorized to perform: sts:AssumeRole on resource: \
             arn:aws:iam::222222222222:role/kanmon-deploy"
        );
    }
}

#[tokio::test]
async fn a_role_that_does_not_trust_the_caller_and_one_that_does_not_exist_look_the_same() {
    let test_env = TestEnv::demo();
    let manager = Client::new(&test_env.manager());
    let (_, untrusted) = said(assume(&manager).send().await);
    let (_, absent) = said(assume(&manager).role_arn("arn:aws:iam::222222222222:role/none").send().await);
    assert_eq!(untrusted, absent.replace("role/none", "role/kanmon-deploy"));
}

#[tokio::test]
async fn the_callers_own_policy_has_to_allow_it_too() {
    let mut seed = Seed::demo();
    seed.accounts[0].users[0].policies.clear();
    let test_env = TestEnv::of(&seed);
    let (_, message) = said(assume(&Client::new(&test_env.developer())).send().await);
    assert!(message.ends_with("because no identity-based policy allows the sts:AssumeRole action"), "{message}");
}

#[tokio::test]
async fn a_source_identity_needs_its_permission_and_never_changes() {
    let mut seed = Seed::demo();
    // The role may assume itself.
    let own = serde_json::json!({"Statement": [
        {"Effect": "Allow", "Principal": {"AWS": [ROLE, "111111111111"]}, "Action": ["sts:AssumeRole", "sts:SetSourceIdentity"]},
    ]});
    let grant = serde_json::json!({"Statement": {"Effect": "Allow", "Action": "sts:*", "Resource": "*"}});
    seed.accounts[1].roles[0].trust = own;
    seed.accounts[1].roles[0].policies.push(grant);
    let test_env = TestEnv::of(&seed);
    let developer = Client::new(&test_env.developer());
    let first = assume(&developer).source_identity("taro").send().await.unwrap();
    let chained = Client::new(&test_env.config(session(first.credentials().unwrap())));
    let kept = assume(&chained).send().await.unwrap();
    assert_eq!(kept.source_identity(), Some("taro"));
    let (code, message) = said(assume(&chained).source_identity("hanako").send().await);
    assert_eq!(code, "AccessDenied");
    assert!(message.contains("sts:SetSourceIdentity"), "{message}");
    let (_, message) = said(assume(&chained).duration_seconds(3601).send().await);
    assert!(message.contains("1 hour session limit for roles assumed by role chaining"), "{message}");
    // Tags are not in this trust policy.
    let tag = Tag::builder().key("release").value("r1").build().unwrap();
    let (_, message) = said(assume(&developer).tags(tag).send().await);
    assert!(message.contains("sts:TagSession"), "{message}");
}

#[tokio::test]
async fn bad_names_and_durations_break_the_models_constraints() {
    let test_env = TestEnv::demo();
    let client = Client::new(&test_env.developer());
    let cases = [
        (assume(&client).role_session_name("a b"), "roleSessionName"),
        (assume(&client).role_session_name("x"), "length greater than or equal to 2"),
        (assume(&client).source_identity("x y"), "sourceIdentity"),
        (assume(&client).duration_seconds(60), "greater than or equal to 900"),
        (assume(&client).duration_seconds(7200), "exceeds the MaxSessionDuration set for this role"),
    ];
    for (call, expected) in cases {
        let (code, message) = said(call.send().await);
        assert_eq!(code, "ValidationError");
        assert!(message.contains(expected), "{message}");
    }
}

#[tokio::test]
async fn a_session_ends_at_its_time() {
    let test_env = TestEnv::demo();
    let answer = assume(&Client::new(&test_env.developer())).duration_seconds(900).send().await.unwrap();
    let credentials = session(answer.credentials().unwrap());
    let sts = Client::new(&test_env.config(credentials.clone()));
    let ecr = aws_sdk_ecr::Client::new(&test_env.config(credentials));
    test_env.clock.pass(899);
    sts.get_caller_identity().send().await.unwrap();
    test_env.clock.pass(1);
    assert_eq!(said(sts.get_caller_identity().send().await).0, "ExpiredToken");
    assert_eq!(said(ecr.describe_repositories().send().await).0, "ExpiredTokenException");
}

#[tokio::test]
async fn keys_secrets_tokens_and_clocks_are_checked() {
    let test_env = TestEnv::demo();
    let whoami = |c| async { said(Client::new(&test_env.config(c)).get_caller_identity().send().await).0 };
    assert_eq!(whoami(key("AKIAUNKNOWNUNKNOWN00", "x")).await, "InvalidClientTokenId");
    assert_eq!(whoami(key("AKIASANDBOXDEVELOPER", "wrong")).await, "SignatureDoesNotMatch");
    let answer = assume(&Client::new(&test_env.developer())).send().await.unwrap();
    let c = answer.credentials().unwrap();
    let other = Credentials::new(c.access_key_id(), c.secret_access_key(), Some("other".to_owned()), None, "test");
    assert_eq!(whoami(other).await, "InvalidClientTokenId");

    let skewed = Clock::at("2026-01-31T09:29:59Z");
    let config = test_env.developer().into_builder().time_source(skewed).build();
    let (code, message) = said(Client::new(&config).get_caller_identity().send().await);
    assert_eq!(code, "SignatureDoesNotMatch");
    assert!(
        message.starts_with("Signature expired: 20260131T092959Z is now earlier than 20260131T093000Z"),
        "{message}"
    );
}

#[test]
fn a_body_that_was_changed_after_signing_is_refused() {
    let test_env = TestEnv::demo();
    let request = Request::post("/")
        .header("host", HOST)
        .header("content-type", "application/x-www-form-urlencoded")
        .header("x-amz-date", "20260131T094500Z")
        .header("x-amz-content-sha256", "UNSIGNED-PAYLOAD")
        .header(
            "authorization",
            "AWS4-HMAC-SHA256 Credential=AKIASANDBOXDEVELOPER/20260131/ap-northeast-1/sts/aws4_request, \
             SignedHeaders=host;x-amz-content-sha256;x-amz-date, Signature=00",
        );
    let response = test_env.send(request.body(Bytes::from("Action=GetCallerIdentity&Version=2011-06-15")).unwrap());
    assert_eq!(response.status(), 403);
    assert!(String::from_utf8_lossy(response.body()).contains("<Code>SignatureDoesNotMatch</Code>"));
}

#[test]
fn unsigned_requests_and_unknown_operations_are_distinguished() {
    let test_env = TestEnv::demo();
    let send = |target: &str| {
        let request =
            Request::post("/").header("x-amz-target", target).header("content-type", "application/x-amz-json-1.1");
        let response = test_env.send(request.body(Bytes::from("{}")).unwrap());
        let body: serde_json::Value = serde_json::from_slice(response.body()).unwrap();
        (response.status().as_u16(), body["__type"].as_str().unwrap().to_owned())
    };
    let unsigned = send("AmazonEC2ContainerRegistry_V20150921.DescribeRepositories");
    assert_eq!(unsigned, (400, "MissingAuthenticationTokenException".to_owned()));
    assert_eq!(send("Nobody.Knows"), (400, "UnknownOperationException".to_owned()));
}

#[tokio::test]
async fn a_trust_policy_can_pin_the_session_name_to_the_user() {
    let mut seed = Seed::demo();
    seed.accounts[1].roles[0].trust = serde_json::json!({"Statement": {
        "Effect": "Allow", "Principal": {"AWS": "111111111111"}, "Action": "sts:AssumeRole",
        "Condition": {"StringEquals": {"sts:RoleSessionName": "${aws:username}"}},
    }});
    let test_env = TestEnv::of(&seed);
    let client = Client::new(&test_env.developer());
    assume(&client).role_session_name("developer").send().await.unwrap();
    assert_eq!(said(assume(&client).role_session_name("somebody").send().await).0, "AccessDenied");
}

#[tokio::test]
async fn the_same_calls_at_the_same_times_get_the_same_answers() {
    let mut shown = Vec::new();
    for _ in 0..2 {
        let test_env = TestEnv::demo();
        let answer = assume(&Client::new(&test_env.developer())).send().await.unwrap();
        let token = aws_sdk_ecr::Client::new(&test_env.developer()).get_authorization_token().send().await.unwrap();
        shown.push((answer.credentials().cloned(), token.authorization_data().to_vec()));
    }
    assert_eq!(shown[0], shown[1]);
}

#[tokio::test]
async fn an_inherited_tag_cannot_be_set_again_nor_a_key_in_two_spellings() {
    let mut seed = Seed::demo();
    let all =
        serde_json::json!({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}});
    let trust = serde_json::json!({"Statement": {
        "Effect": "Allow", "Principal": {"AWS": "*"}, "Action": ["sts:AssumeRole", "sts:TagSession"],
    }});
    for name in ["one", "two"] {
        let role = serde_json::json!({"name": name, "trust": trust, "policies": [all]});
        seed.accounts[0].roles.push(serde_json::from_value(role).unwrap());
    }
    seed.accounts[0].users[0].policies = vec![all];
    let test_env = TestEnv::of(&seed);
    let tag = |key: &str, value: &str| Tag::builder().key(key).value(value).build().unwrap();
    let into = |config: &SdkConfig, name: &str| {
        let role = format!("arn:aws:iam::111111111111:role/{name}");
        Client::new(config).assume_role().role_arn(role).role_session_name("chain")
    };
    let twice = into(&test_env.developer(), "one").tags(tag("Team", "dev")).tags(tag("team", "dev"));
    assert_eq!(said(twice.send().await).0, "InvalidParameterValue");
    let first = into(&test_env.developer(), "one").tags(tag("Team", "dev")).tags(tag("Mood", "good"));
    let first = first.transitive_tag_keys("Team").send().await.unwrap();
    let first = test_env.config(session(first.credentials().unwrap()));
    for again in ["Team", "team"] {
        assert_eq!(said(into(&first, "two").tags(tag(again, "admin")).send().await).0, "InvalidParameterValue");
    }
    // What is not inherited may be anything.
    into(&first, "two").tags(tag("Mood", "bad")).send().await.unwrap();
}
