//! Least privilege: a principal with just a statement, and what it then may.

use serde_json::{Value, json};

use super::*;

/// The developer with these statements alone.
fn with(statements: Value) -> TestEnv {
    let mut seed = Seed::demo();
    seed.accounts[0].users[0].policies = vec![json!({"Version": "2012-10-17", "Statement": statements})];
    TestEnv::of(&seed)
}

fn ecs(test_env: &TestEnv) -> aws_sdk_ecs::Client {
    aws_sdk_ecs::Client::new(&test_env.developer())
}

fn allow(action: &str, condition: Value) -> Value {
    json!([{"Effect": "Allow", "Action": action, "Resource": "*", "Condition": condition}])
}

async fn may<R, E>(call: impl Future<Output = Result<R, aws_sdk_sts::error::SdkError<E>>>) -> bool
where
    R: std::fmt::Debug,
    E: ProvideErrorMetadata,
{
    let result = call.await;
    result.is_ok() || said(result).0 != "AccessDeniedException"
}

#[tokio::test]
async fn a_cluster_can_be_the_limit() {
    let cluster = "arn:aws:ecs:ap-northeast-1:111111111111:cluster/asset-dev";
    let test_env = with(allow("ecs:UpdateService", json!({"ArnEquals": {"ecs:cluster": cluster}})));
    let update =
        |cluster: &str| ecs(&test_env).update_service().cluster(cluster).service("web").desired_count(1).send();
    assert!(may(update("asset-dev")).await);
    assert!(may(update(cluster)).await);
    assert!(!may(update("asset-staging")).await);
}

#[tokio::test]
async fn a_task_definition_can_be_the_limit() {
    let own = "arn:aws:ecs:*:*:task-definition/asset-web:*";
    let test_env = with(allow("ecs:UpdateService", json!({"ArnLike": {"ecs:task-definition": own}})));
    let update =
        |named: &str| ecs(&test_env).update_service().cluster("asset-dev").service("web").task_definition(named).send();
    assert!(may(update("asset-web:1")).await);
    assert!(!may(update("hello-dev-web:1")).await);
}

#[tokio::test]
async fn tags_at_creation_need_the_right_to_tag() {
    let register = |test_env: &TestEnv, tagged: bool| {
        let container =
            aws_sdk_ecs::types::ContainerDefinition::builder().name("web").image("web:1").memory(128).build();
        let tag = aws_sdk_ecs::types::Tag::builder().key("kanmon").value("x").build();
        let call = ecs(test_env).register_task_definition().family("many").container_definitions(container);
        if tagged { call.tags(tag).send() } else { call.send() }
    };
    let test_env = with(json!([{"Effect": "Allow", "Action": "ecs:RegisterTaskDefinition", "Resource": "*"}]));
    assert!(may(register(&test_env, false)).await);
    let (code, message) = said(register(&test_env, true).await);
    assert!(code == "AccessDeniedException" && message.contains("perform: ecs:TagResource"), "{message}");
    let test_env = with(json!([
        {"Effect": "Allow", "Action": "ecs:RegisterTaskDefinition", "Resource": "*",
         "Condition": {"ForAllValues:StringEquals": {"aws:TagKeys": ["kanmon"]}}},
        {"Effect": "Allow", "Action": "ecs:TagResource", "Resource": "*",
         "Condition": {"StringEquals": {"ecs:CreateAction": "RegisterTaskDefinition"}}},
    ]));
    assert!(may(register(&test_env, true)).await);
    let arn = "arn:aws:ecs:ap-northeast-1:111111111111:task-definition/many:1";
    let tag = aws_sdk_ecs::types::Tag::builder().key("other").value("x").build();
    assert!(!may(ecs(&test_env).tag_resource().resource_arn(arn).tags(tag).send()).await);
}

#[tokio::test]
async fn a_role_is_passed_to_ecs_and_only_where_it_may_be() {
    let pass = |service: &str| {
        json!([
            {"Effect": "Allow", "Action": "ecs:*", "Resource": "*"},
            {"Effect": "Allow", "Action": "iam:PassRole", "Resource": "arn:aws:iam::111111111111:role/ecs*",
             "Condition": {"StringEquals": {"iam:PassedToService": service}}},
        ])
    };
    let register = |test_env: &TestEnv, role: &str| {
        let container =
            aws_sdk_ecs::types::ContainerDefinition::builder().name("web").image("web:1").memory(128).build();
        let call = ecs(test_env).register_task_definition().family("many").container_definitions(container);
        call.execution_role_arn(format!("arn:aws:iam::111111111111:role/{role}")).send()
    };
    let test_env = with(pass("ecs-tasks.amazonaws.com"));
    assert!(may(register(&test_env, "ecsTaskExecutionRole")).await);
    assert!(!may(register(&test_env, "admin")).await);
    assert!(!may(register(&with(pass("lambda.amazonaws.com")), "ecsTaskExecutionRole")).await);
}

#[tokio::test]
async fn a_session_policy_of_assume_role_narrows_the_session() {
    let test_env = TestEnv::demo();
    let policy = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "ecs:Describe*", "Resource": "*"}]});
    let call = aws_sdk_sts::Client::new(&test_env.developer()).assume_role();
    let call =
        call.role_arn("arn:aws:iam::222222222222:role/kanmon-deploy").role_session_name("narrow").external_id("asset");
    let answer = call.policy(policy.to_string()).send().await.unwrap();
    let ecs = aws_sdk_ecs::Client::new(&test_env.config(session(answer.credentials().unwrap())));
    assert!(may(ecs.describe_services().cluster("asset-prod").services("web").send()).await);
    let (code, message) = said(ecs.update_service().cluster("asset-prod").service("web").send().await);
    assert_eq!(code, "AccessDeniedException");
    assert!(message.ends_with("because no session policy allows the ecs:UpdateService action"), "{message}");
}

#[tokio::test]
async fn a_permission_can_end_at_a_time() {
    let until = json!({"DateLessThan": {"aws:CurrentTime": "2026-01-31T10:00:00Z"}});
    let test_env = with(allow("ecs:ListClusters", until));
    assert!(may(ecs(&test_env).list_clusters().send()).await);
    test_env.clock.pass(3600);
    assert!(!may(ecs(&test_env).list_clusters().send()).await);
}

#[tokio::test]
async fn an_unknown_operation_is_unknown_also_to_a_caller_without_permissions() {
    let test_env = with(allow("ecs:ListClusters", json!({})));
    let code = said(ecs(&test_env).delete_cluster().cluster("asset-dev").send().await).0;
    assert_eq!(code, "UnknownOperationException");
    assert!(!may(ecs(&test_env).describe_clusters().send()).await);
}
