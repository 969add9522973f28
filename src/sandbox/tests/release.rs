//! A release as a client sees it: pushed, scanned, rolled and approved, across two accounts.

use aws_sdk_codepipeline::types::{ApprovalResult, ApprovalStatus, PipelineVariable};
use serde_json::Value;

use super::*;
use crate::sandbox::registry::tests::{Pusher, image};

const DEV: &str = "111111111111.ap-northeast-1/asset-manager";

fn reached(test_env: &TestEnv, place: &str) -> (u16, Value) {
    let response = test_env.send(Request::get(format!("/_sandbox/service/{place}")).body(Bytes::new()).unwrap());
    (response.status().as_u16(), serde_json::from_slice(response.body()).unwrap())
}

async fn assume(test_env: &TestEnv, config: &SdkConfig, role: &str) -> SdkConfig {
    let sts = aws_sdk_sts::Client::new(config);
    let call = sts.assume_role().role_arn(format!("arn:aws:iam::222222222222:role/{role}")).role_session_name("r1");
    let answer = call.external_id("asset").send().await.unwrap();
    test_env.config(session(answer.credentials().unwrap()))
}

#[tokio::test]
async fn a_pushed_image_is_rolled_out_and_reached_by_its_digest() {
    let test_env = TestEnv::demo();
    let app = image("one", &[]);
    Pusher::of(&test_env, DEV).await.push(&app, "v1");
    let ecs = aws_sdk_ecs::Client::new(&test_env.developer());
    let live = ecs.describe_task_definition().task_definition("asset-web").send().await.unwrap();
    let container = live.task_definition().unwrap().container_definitions()[0].clone();
    let mut new = container;
    new.image = Some(format!("{HOST}/{DEV}@{}", app.digest));
    let register =
        ecs.register_task_definition().family("asset-web").container_definitions(new).cpu("256").memory("512");
    let register = register.network_mode(aws_sdk_ecs::types::NetworkMode::Awsvpc);
    let register = register.set_execution_role_arn(live.task_definition().unwrap().execution_role_arn.clone());
    let registered =
        register.requires_compatibilities(aws_sdk_ecs::types::Compatibility::Fargate).send().await.unwrap();
    let arn = registered.task_definition().unwrap().task_definition_arn().unwrap().to_owned();
    ecs.update_service().cluster("asset-dev").service("web").task_definition(&arn).send().await.unwrap();
    for _ in 0..600 {
        test_env.clock.pass(1);
        let (status, body) = reached(&test_env, "111111111111/ap-northeast-1/asset-dev/web/healthz");
        assert_eq!(status, 200, "the service is never out: {body}");
    }
    let (_, body) = reached(&test_env, "111111111111/ap-northeast-1/asset-dev/web");
    assert_eq!(body["digest"], app.digest);
    assert_eq!(body["taskDefinition"], arn);
    let (_, staging) = reached(&test_env, "111111111111/ap-northeast-1/asset-staging/web");
    assert_ne!(staging["digest"], app.digest);
}

#[tokio::test]
async fn a_role_that_may_not_be_passed_is_not_registered() {
    let mut seed = Seed::demo();
    let ecs_only = serde_json::json!({"Statement": {"Effect": "Allow", "Action": "ecs:*", "Resource": "*"}});
    seed.accounts[0].users[0].policies = vec![ecs_only];
    let test_env = TestEnv::of(&seed);
    let ecs = aws_sdk_ecs::Client::new(&test_env.developer());
    let container = aws_sdk_ecs::types::ContainerDefinition::builder().name("web").image("x").build();
    let role = "arn:aws:iam::111111111111:role/task";
    let call =
        ecs.register_task_definition().family("asset-web").container_definitions(container).execution_role_arn(role);
    let (code, message) = said(call.send().await);
    assert_eq!(code, "AccessDeniedException");
    assert!(message.contains("iam:PassRole on resource: arn:aws:iam::111111111111:role/task"), "{message}");
}

#[tokio::test]
async fn who_deploys_cannot_approve_and_who_approves_cannot_deploy() {
    let test_env = TestEnv::demo();
    let deploy = assume(&test_env, &test_env.developer(), "kanmon-deploy").await;
    let approve = assume(&test_env, &test_env.manager(), "kanmon-approve").await;
    let (deployer, approver) =
        (aws_sdk_codepipeline::Client::new(&deploy), aws_sdk_codepipeline::Client::new(&approve));
    let release = PipelineVariable::builder().name("KANMON_RELEASE").value("r1").build().unwrap();
    deployer.start_pipeline_execution().name("asset-manager").variables(release).send().await.unwrap();
    test_env.clock.pass(120);
    let state = approver.get_pipeline_state().name("asset-manager").send().await.unwrap();
    let waiting =
        state.stage_states().iter().flat_map(|s| s.action_states()).find(|a| a.action_name() == Some("Approve"));
    let token = waiting.unwrap().latest_execution().unwrap().token().unwrap();
    let result = ApprovalResult::builder().status(ApprovalStatus::Approved).summary("seen").build().unwrap();
    let put = |client: &aws_sdk_codepipeline::Client| {
        let call =
            client.put_approval_result().pipeline_name("asset-manager").stage_name("Production").action_name("Approve");
        call.token(token).result(result.clone()).send()
    };
    let (code, message) = said(put(&deployer).await);
    assert_eq!(code, "AccessDeniedException");
    assert!(
        message.contains("arn:aws:codepipeline:ap-northeast-1:222222222222:asset-manager/Production/Approve"),
        "{message}"
    );
    assert!(put(&approver).await.unwrap().approved_at().is_some());
    let ecs = aws_sdk_ecs::Client::new(&approve);
    assert_eq!(said(ecs.update_service().cluster("asset-prod").service("web").send().await).0, "AccessDeniedException");
}
