use crate::aws::nearest::within;
use crate::aws::testing::instead;
use crate::model::fault::Problem;
use serde_json::json;

use super::*;
use crate::aws::testing::{Asked, Peer, Reply, account};
use crate::model::aws::ecs::{HealthStatus, TaskStopCode};
use crate::model::fault::FaultKind;
use crate::model::fault::aws::{AwsProblem, Instead, Kind, Within};
use crate::model::fault::call::CallProblem;
use crate::model::rollout_reason::Monitor;
use crate::model::step::run::TaskEnd;

const ARN: &str = "arn:aws:ecs:ap-northeast-1:222222222222";

fn ecs(handler: impl Fn(&Asked, usize) -> Reply + Send + Sync + 'static) -> (Peer, Ecs) {
    let peer = Peer::new(move |asked, before| match asked.op.as_str() {
        "GetCallerIdentity" => Reply::Json(Value::Null),
        _ => handler(asked, before),
    });
    let ecs = Ecs::new(peer.sessions());
    (peer, ecs)
}

fn at(account: &Account) -> Cluster<'_> {
    Cluster { account, name: "asset-prod" }
}

fn updated() -> Reply {
    Reply::Json(json!({"service": {"deployments": [
        {"id": "ecs-svc/1", "status": "ACTIVE"}, {"id": "ecs-svc/2", "status": "PRIMARY"}]}}))
}

#[tokio::test]
async fn an_update_sends_the_task_definition_and_nothing_else() {
    let (peer, ecs) = ecs(|_, _| updated());
    let a = account("prod");
    assert_eq!(ecs.update(at(&a), "web", "web:7").await.unwrap(), "ecs-svc/2");
    assert_eq!(
        peer.asked("UpdateService")[0].json(),
        json!({"cluster": "asset-prod", "service": "web", "taskDefinition": "web:7"})
    );
}

#[tokio::test]
async fn an_update_without_a_clear_answer_is_sent_once_and_stays_ambiguous() {
    for broken in 0..3 {
        let (peer, ecs) = ecs(move |_, _| match broken {
            0 => Reply::Error(500, "ServerException", "oops"),
            1 => Reply::Raw(502, "<html>bad gateway</html>".into()),
            _ => Reply::Reset,
        });
        let a = account("prod");
        let fault = ecs.update(at(&a), "web", "web:7").await.unwrap_err();
        assert_eq!(fault.kind(), FaultKind::Ambiguous, "{fault}");
        assert_eq!(peer.asked("UpdateService").len(), 1);
    }
}

#[tokio::test]
async fn a_throttled_update_is_repeated() {
    let (peer, ecs) = ecs(|_, before| match before {
        0 | 1 => Reply::Error(400, "ThrottlingException", "Rate exceeded"),
        _ => updated(),
    });
    let a = account("prod");
    assert_eq!(ecs.update(at(&a), "web", "web:7").await.unwrap(), "ecs-svc/2");
    assert_eq!(peer.asked("UpdateService").len(), 3);
}

#[tokio::test]
async fn an_update_that_is_throttled_and_then_lost_stays_ambiguous() {
    let (peer, ecs) = ecs(|_, before| match before {
        0 => Reply::Error(400, "ThrottlingException", "Rate exceeded"),
        _ => Reply::Reset,
    });
    let a = account("prod");
    assert_eq!(ecs.update(at(&a), "web", "web:7").await.unwrap_err().kind(), FaultKind::Ambiguous);
    assert_eq!(peer.asked("UpdateService").len(), 2);
}

#[tokio::test]
async fn a_denied_update_names_the_missing_statement() {
    let message = "User: arn:aws:sts::222222222222:assumed-role/kanmon/r is not authorized to perform: ecs:UpdateService \
                   on resource: arn:aws:ecs:ap-northeast-1:222222222222:service/asset-prod/web because no identity-based policy";
    let (_, ecs) = ecs(move |_, _| Reply::Error(400, "AccessDeniedException", message));
    let a = account("prod");
    let fault = ecs.update(at(&a), "web", "web:7").await.unwrap_err();
    assert_eq!(fault.kind(), FaultKind::AccessDenied);
    let Problem::Call(CallProblem::NotAllowed { resource, .. }) = fault.problem else { panic!("{fault:?}") };
    assert_eq!(resource.as_deref(), Some("arn:aws:ecs:ap-northeast-1:222222222222:service/asset-prod/web"));
}

#[tokio::test]
async fn a_task_definition_travels_with_members_the_sdk_does_not_know() {
    let stored = json!({
        "family": "web", "taskDefinitionArn": format!("{ARN}:task-definition/web:7"), "status": "ACTIVE", "revision": 7,
        "ofNextYear": {"nested": [1, 2.5, null]},
        "containerDefinitions": [{"name": "web", "image": "x", "alsoNew": true}],
    });
    let answer =
        json!({"taskDefinition": stored, "tags": [{"key": "team", "value": "a"}, {"key": "aws:x", "value": "y"}]});
    let (peer, ecs) = ecs(move |asked, _| match asked.op.as_str() {
        "DescribeTaskDefinition" => Reply::Json(answer.clone()),
        _ => Reply::Json(json!({"taskDefinition": {"taskDefinitionArn": format!("{ARN}:task-definition/web:8")}})),
    });
    let a = account("prod");
    let found = ecs.task_definition(&a, "web").await.unwrap();
    assert_eq!(peer.asked("DescribeTaskDefinition")[0].json(), json!({"taskDefinition": "web", "include": ["TAGS"]}));
    assert_eq!(found.raw["ofNextYear"], json!({"nested": [1, 2.5, null]}));
    assert_eq!((found.status.as_str(), found.tags["team"].as_str()), ("ACTIVE", "a"));

    let mut input = found.raw.clone();
    for member in ["taskDefinitionArn", "status", "revision"] {
        input.as_object_mut().unwrap().shift_remove(member);
    }
    input["tags"] =
        json!([{"key": "team", "value": "a"}, {"key": "aws:x", "value": "y"}, {"key": "kanmon", "value": "old"}]);
    let tags = BTreeMap::from([("kanmon".to_owned(), "new".to_owned())]);
    let arn = ecs.register(&a, &input, &tags).await.unwrap();
    assert_eq!(arn, format!("{ARN}:task-definition/web:8"));
    assert_eq!(
        peer.asked("RegisterTaskDefinition")[0].json(),
        json!({
            "family": "web", "ofNextYear": {"nested": [1, 2.5, null]},
            "containerDefinitions": [{"name": "web", "image": "x", "alsoNew": true}],
            "tags": [{"key": "kanmon", "value": "new"}, {"key": "team", "value": "a"}],
        })
    );
}

#[tokio::test]
async fn a_raw_body_survives_a_retry() {
    let (peer, ecs) = ecs(|_, before| match before {
        0 => Reply::Error(400, "ThrottlingException", ""),
        _ => Reply::Json(json!({"taskDefinition": {"taskDefinitionArn": "arn"}})),
    });
    ecs.register(&account("prod"), &json!({"family": "web", "new": 1}), &BTreeMap::new()).await.unwrap();
    let asked = peer.asked("RegisterTaskDefinition");
    assert_eq!(asked.len(), 2);
    assert_eq!(asked[1].json(), json!({"family": "web", "new": 1}));
}

#[tokio::test]
async fn a_registration_without_an_answer_stays_ambiguous() {
    let (peer, ecs) = ecs(|_, _| Reply::Reset);
    let fault = ecs.register(&account("prod"), &json!({"family": "web"}), &BTreeMap::new()).await.unwrap_err();
    assert_eq!((fault.kind(), peer.asked("RegisterTaskDefinition").len()), (FaultKind::Ambiguous, 1));
}

#[tokio::test]
async fn the_newest_revision_that_is_wanted_is_found() {
    let (peer, ecs) = ecs(|asked, _| match asked.op.as_str() {
        "ListTaskDefinitions" => {
            let arns: Vec<_> = ["web-admin:3", "web:9", "web:8", "web:7"]
                .iter()
                .map(|n| format!("{ARN}:task-definition/{n}"))
                .collect();
            Reply::Json(json!({"taskDefinitionArns": arns}))
        }
        _ => {
            let arn = asked.json()["taskDefinition"].as_str().unwrap().to_owned();
            let value = if arn.ends_with(":9") { "other" } else { "this" };
            Reply::Json(json!({"taskDefinition": {"taskDefinitionArn": arn, "status": "ACTIVE"},
                               "tags": [{"key": "kanmon", "value": value}]}))
        }
    });
    let a = account("prod");
    let found = ecs.newest(&a, "web", &|d| d.tags["kanmon"] == "this").await.unwrap();
    assert_eq!(found.unwrap().arn, format!("{ARN}:task-definition/web:8"));
    assert_eq!(peer.asked("DescribeTaskDefinition").len(), 2, "another family is not described, older ones neither");
    assert_eq!(ecs.newest(&a, "web", &|_| false).await.unwrap(), None);
    let asked = peer.asked("ListTaskDefinitions")[0].json();
    assert_eq!((asked["status"].as_str(), asked["sort"].as_str()), (Some("ACTIVE"), Some("DESC")));
}

#[tokio::test]
async fn a_task_definition_that_is_not_there_is_not_found() {
    let (_, ecs) = ecs(|_, _| Reply::Error(400, "ClientException", "Unable to describe task definition."));
    assert_eq!(ecs.task_definition(&account("prod"), "web:99").await.unwrap_err().kind(), FaultKind::NotFound);
}

fn service() -> Value {
    json!({
        "serviceName": "web", "status": "ACTIVE", "desiredCount": 2, "runningCount": 2, "pendingCount": 1,
        "taskDefinition": "web:7",
        "deploymentConfiguration": {"minimumHealthyPercent": 50, "maximumPercent": 150,
            "earlySuccessCriteria": {"enable": true, "healthyPercent": 75, "sourceServiceRevisionCleanup": "DEFERRED"}},
        "events": [{"id": "e", "createdAt": 5, "message": "(service web) has started 1 tasks"}],
        "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["s-1"], "ofNextYear": 1}},
        "launchType": "FARGATE", "capacityProviderStrategy": [], "platformVersion": "LATEST",
        "deployments": [
            {"id": "ecs-svc/1", "status": "ACTIVE", "taskDefinition": "web:6", "rolloutState": "COMPLETED"},
            {"id": "ecs-svc/2", "status": "PRIMARY", "taskDefinition": "web:7", "rolloutState": "IN_PROGRESS", "failedTasks": 3}],
    })
}

fn brief(name: &str, status: &str, at: i64) -> Value {
    json!({"serviceDeploymentArn": name, "status": status, "createdAt": at, "targetServiceRevisionArn": format!("rev-{name}")})
}

/// A service with three deployments over two pages; `c` is described fresher than it is listed.
fn rolling(asked: &Asked) -> Reply {
    let input = asked.json();
    match asked.op.as_str() {
        "DescribeServices" => Reply::Json(json!({"services": [service()]})),
        "ListServiceDeployments" if input.get("nextToken").is_none() => Reply::Json(
            json!({"serviceDeployments": [brief("c", "PENDING", 30), brief("b", "SUCCESSFUL", 20)], "nextToken": "2"}),
        ),
        "ListServiceDeployments" => Reply::Json(json!({"serviceDeployments": [brief("a", "SUCCESSFUL", 10)]})),
        "DescribeServiceDeployments" => Reply::Json(json!({"serviceDeployments": [
            {"serviceDeploymentArn": "c", "status": "ROLLBACK_IN_PROGRESS", "statusReason": "circuit breaker",
             "deploymentCircuitBreaker": {"status": "MONITORING", "failureCount": 3, "threshold": 13},
             "alarms": {"status": "TRIGGERED", "alarmNames": ["a", "b"], "triggeredAlarmNames": ["b"]},
             "lifecycleHookDetails": [{"hookId": "h1", "status": "SUCCEEDED"}, {"hookId": "h2", "status": "AWAITING_ACTION"}],
             "sourceServiceRevisions": [{"arn": "rev-b"}], "targetServiceRevision": {"arn": "rev-c"}}]})),
        "DescribeServiceRevisions" => {
            let list: Vec<_> = input["serviceRevisionArns"]
                .as_array()
                .unwrap()
                .iter()
                .map(|r| json!({"serviceRevisionArn": r, "taskDefinition": format!("td-of-{}", r.as_str().unwrap())}))
                .collect();
            Reply::Json(json!({"serviceRevisions": list}))
        }
        "ListTasks" if input["desiredStatus"] == "STOPPED" => Reply::Json(json!({"taskArns": ["dead"]})),
        "ListTasks" if input.get("nextToken").is_none() => {
            let arns: Vec<_> = (0..100).map(|i| format!("t{i}")).collect();
            Reply::Json(json!({"taskArns": arns, "nextToken": "2"}))
        }
        "ListTasks" => Reply::Json(json!({"taskArns": ["t100"]})),
        "DescribeTasks" => {
            let arns = input["tasks"].as_array().unwrap();
            assert!(arns.len() <= 100);
            let tasks: Vec<_> = arns.iter().map(|arn| json!({
                "taskArn": arn, "startedBy": "ecs-svc/2", "taskDefinitionArn": "web:7", "lastStatus": "RUNNING",
                "stopCode": "EssentialContainerExited", "stoppedReason": "Essential container in task exited",
                "containers": [{"name": "web", "imageDigest": "sha256:1", "exitCode": 137, "reason": "OutOfMemoryError"},
                               {"name": "sidecar"}]})).collect();
            Reply::Json(json!({"tasks": tasks}))
        }
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn a_rollout_is_read_whole() {
    let begun: jiff::Timestamp = "2020-01-31T00:00:00Z".parse().unwrap();
    let (peer, ecs) = ecs(|asked, _| rolling(asked));
    let a = account("prod");
    let reading = ecs.rollout(at(&a), "web", &["a".to_owned(), "b".to_owned()], begun).await.unwrap();

    let s = &reading.service;
    assert_eq!((s.status.as_str(), s.controller.as_str()), ("ACTIVE", "ECS"));
    assert_eq!((s.desired, s.running, s.pending, s.minimum_percent, s.maximum_percent), (2, 2, 1, 50, 150));
    assert_eq!(s.early_success.map(|e| (e.healthy_percent, e.deferred)), Some((75, true)));
    assert_eq!(s.events[0].text, "(service web) has started 1 tasks");
    assert_eq!(s.deployments[0].id, "ecs-svc/2", "PRIMARY first");
    assert_eq!(s.deployments[0].failed, 3);
    assert_eq!(s.network, Some(json!({"awsvpcConfiguration": {"subnets": ["s-1"], "ofNextYear": 1}})));
    assert_eq!(s.launch, Some(json!({"launchType": "FARGATE", "platformVersion": "LATEST"})));

    let deployments = s.service_deployments.as_ref().unwrap();
    assert_eq!(deployments.iter().map(|d| d.arn.as_str()).collect::<Vec<_>>(), ["a", "b", "c"]);
    assert_eq!(deployments[2].status, "ROLLBACK_IN_PROGRESS".into(), "the description is fresher than the list");
    assert_eq!(deployments[2].status_reason.as_deref(), Some("circuit breaker"));
    let monitors = &deployments[2].monitors;
    assert_eq!(monitors.triggered, Some(Monitor::Alarms { names: vec!["b".into()] }));
    assert_eq!(monitors.breaker.map(|b| (b.failures, b.threshold)), Some((3, 13)));
    assert_eq!(monitors.hooks.iter().map(|h| h.id.as_str()).collect::<Vec<_>>(), ["h2"], "by its status alone");
    let lists: Vec<Value> = peer.asked("ListServiceDeployments").iter().map(Asked::json).collect();
    let after = lists[0]["createdAt"]["after"].as_f64().unwrap();
    assert_eq!(after, 1_579_132_800.0, "15 days before it was begun, however long ago that is");
    assert!(lists.iter().all(|l| l.get("status").is_none()), "deployments before ours do not matter");
    ecs.service(at(&a), "web").await.unwrap();
    let lists = peer.asked("ListServiceDeployments").iter().map(Asked::json).collect::<Vec<Value>>();
    let under_way = lists.iter().find(|l| l.get("status").is_some()).unwrap();
    assert_eq!((under_way["status"].as_array().unwrap().len(), under_way.get("createdAt")), (5, None));
    assert_eq!(deployments[2].target_task_definition.as_deref(), Some("td-of-rev-c"));
    assert_eq!(deployments[2].source_task_definitions, ["td-of-rev-b"]);
    assert_eq!(deployments[0].target_task_definition, None, "it is known");
    assert_eq!(peer.asked("DescribeServiceDeployments")[0].json()["serviceDeploymentArns"], json!(["c"]));

    assert_eq!(reading.running.len(), 101);
    assert_eq!(reading.running[0].digests["web"].as_deref(), Some("sha256:1"));
    assert_eq!(reading.running[0].digests["sidecar"], None);
    assert_eq!(reading.running[0].health, HealthStatus::NotKnown);
    assert_eq!(reading.stopped[0].stop_code, Some(TaskStopCode::EssentialContainerExited));
    assert_eq!(reading.stopped[0].containers[0].exit_code, Some(137));
    assert_eq!(peer.asked("DescribeTasks").len(), 3);
}

#[tokio::test]
async fn service_deployments_that_may_not_be_read_are_none() {
    for denied in ["ListServiceDeployments", "DescribeServiceRevisions"] {
        let (_, ecs) = ecs(move |asked, _| match asked.op == denied {
            true => Reply::Error(400, "AccessDeniedException", "no"),
            false => rolling(asked),
        });
        let a = account("prod");
        assert_eq!(ecs.service(at(&a), "web").await.unwrap().service_deployments, None, "{denied}");
    }
}

#[tokio::test]
async fn service_deployments_that_cannot_be_read_now_are_a_fault() {
    let (_, ecs) = ecs(|asked, _| match asked.op.as_str() {
        "ListServiceDeployments" => Reply::Reset,
        _ => rolling(asked),
    });
    let a = account("prod");
    assert_eq!(ecs.service(at(&a), "web").await.unwrap_err().kind(), FaultKind::Unreachable);
}

#[tokio::test]
async fn missing_services_and_clusters_are_reported_with_the_nearest_names() {
    let (_, ecs) = ecs(|asked, _| match asked.op.as_str() {
        "DescribeServices" if asked.json()["cluster"] == "asset-prd" => {
            Reply::Error(400, "ClusterNotFoundException", "Cluster not found.")
        }
        "DescribeServices" => Reply::Json(json!({"services": [], "failures": [{"reason": "MISSING"}]})),
        "ListServices" => Reply::Json(
            json!({"serviceArns": [format!("{ARN}:service/asset-prod/web"), format!("{ARN}:service/asset-prod/admin")]}),
        ),
        "DescribeClusters" => Reply::Json(json!({"clusters": [], "failures": [{"reason": "MISSING"}]})),
        "ListClusters" => Reply::Json(json!({"clusterArns": [format!("{ARN}:cluster/asset-prod")]})),
        other => panic!("{other}"),
    });
    let a = account("prod");
    let prd = Cluster { account: &a, name: "asset-prd" };
    let service = ecs.service(at(&a), "wbe").await.unwrap_err();
    let within = Within { cluster: Some("asset-prod".into()), ..within(&a) };
    let near = Instead::Nearest("web".into());
    assert_eq!(service, AwsProblem::Missing { kind: Kind::Service, name: "wbe".into(), within, instead: near }.into());
    for cluster in [ecs.cluster(prd).await.unwrap_err(), ecs.service(prd, "web").await.unwrap_err()] {
        assert_eq!(cluster.kind(), FaultKind::NotFound);
        assert_eq!(instead(&cluster), &Instead::Nearest("asset-prod".into()));
    }
}

#[tokio::test]
async fn stopping_what_is_being_stopped_succeeds_and_stopping_what_has_succeeded_fails() {
    for (status, is_stopping) in [("ROLLBACK_IN_PROGRESS", true), ("STOP_REQUESTED", true), ("SUCCESSFUL", false)] {
        let (peer, ecs) = ecs(move |asked, _| match asked.op.as_str() {
            "StopServiceDeployment" => Reply::Error(400, "ConflictException", "not in progress"),
            _ => Reply::Json(json!({"serviceDeployments": [{"serviceDeploymentArn": "d", "status": status}]})),
        });
        let a = account("prod");
        assert_eq!(ecs.stop(at(&a), "d").await.is_ok(), is_stopping, "{status}");
        assert_eq!(
            peer.asked("StopServiceDeployment")[0].json(),
            json!({"serviceDeploymentArn": "d", "stopType": "ROLLBACK"})
        );
    }
}

#[tokio::test]
async fn a_one_off_task_runs_in_the_services_network() {
    let (peer, ecs) = ecs(|_, before| match before {
        0 => Reply::Error(500, "ServerException", "the token makes a repetition safe"),
        _ => Reply::Json(json!({"tasks": [{"taskArn": "t1"}]})),
    });
    let a = account("prod");
    let start = TaskStart {
        task_definition: "migrate:3".into(),
        network: Some(json!({"awsvpcConfiguration": {"subnets": ["s-1"], "ofNextYear": 1}})),
        launch: Some(json!({"launchType": "FARGATE", "platformVersion": "LATEST"})),
        container: "migrate".into(),
        command: vec!["migrate".into(), "up".into()],
        client_token: "token".into(),
        started_by: "r1".into(),
    };
    assert_eq!(ecs.run_task(at(&a), &start).await.unwrap(), "t1");
    let asked = peer.asked("RunTask");
    assert_eq!(asked.len(), 2);
    assert_eq!(
        asked[1].json(),
        json!({
            "cluster": "asset-prod", "taskDefinition": "migrate:3", "count": 1, "clientToken": "token", "startedBy": "r1",
            "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["s-1"], "ofNextYear": 1}},
            "launchType": "FARGATE", "platformVersion": "LATEST",
            "overrides": {"containerOverrides": [{"name": "migrate", "command": ["migrate", "up"]}]},
        })
    );
}

#[tokio::test]
async fn a_task_that_ecs_could_not_place_is_reported_with_its_reason() {
    let (_, ecs) = ecs(|_, _| Reply::Json(json!({"tasks": [], "failures": [{"reason": "RESOURCE:MEMORY"}]})));
    let a = account("prod");
    let start = TaskStart {
        task_definition: "migrate:3".into(),
        network: None,
        launch: None,
        container: "migrate".into(),
        command: vec![],
        client_token: "token".into(),
        started_by: "r1".into(),
    };
    assert_eq!(ecs.run_task(at(&a), &start).await.unwrap_err().said.as_deref(), Some("RESOURCE:MEMORY"));
}

#[tokio::test]
async fn the_named_containers_exit_code_decides() {
    let task = |status: &str, exit: Value| {
        json!({"tasks": [{"taskArn": "t", "lastStatus": status, "stoppedReason": "Essential container in task exited",
            "containers": [{"name": "sidecar", "exitCode": 1}, {"name": "migrate", "exitCode": exit}]}]})
    };
    let cases = [
        (task("DEPROVISIONING", json!(0)), OneOff::Moving { last_status: "DEPROVISIONING".into() }),
        (task("STOPPED", json!(0)), OneOff::Ended(TaskEnd { exit_code: Some(0), said: None })),
        (
            task("STOPPED", json!(3)),
            OneOff::Ended(TaskEnd { exit_code: Some(3), said: Some("Essential container in task exited".into()) }),
        ),
        (
            task("STOPPED", Value::Null),
            OneOff::Ended(TaskEnd { exit_code: None, said: Some("Essential container in task exited".into()) }),
        ),
        (json!({"tasks": [], "failures": [{"reason": "MISSING"}]}), OneOff::Gone),
    ];
    for (answer, expected) in cases {
        let (_, ecs) = ecs(move |_, _| Reply::Json(answer.clone()));
        let a = account("prod");
        assert_eq!(ecs.one_off(at(&a), "t", "migrate").await.unwrap(), expected);
    }
}
