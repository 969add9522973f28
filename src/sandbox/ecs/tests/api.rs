//! What is not a rollout: registering, describing, listing, refusing.

use serde_json::{Value, json};

use super::rig::{Rig, definition};

#[test]
fn a_registered_definition_keeps_members_it_does_not_know_and_gets_aws_defaults() {
    let mut rig = Rig::new();
    let mut input = definition("repo/web:2");
    input["tags"] = json!([{ "key": "hash", "value": "abc" }]);
    input["newMember"] = json!({ "a": 1 });
    input["containerDefinitions"][0]["alsoNew"] = json!(true);
    let registered = rig.ok("RegisterTaskDefinition", input);
    assert_eq!(registered["taskDefinition"]["revision"], 2);
    let found = rig.ok("DescribeTaskDefinition", json!({ "taskDefinition": "web", "include": ["TAGS"] }));
    let body = &found["taskDefinition"];
    assert_eq!((&body["newMember"]["a"], &body["containerDefinitions"][0]["alsoNew"]), (&json!(1), &json!(true)));
    assert_eq!(body["containerDefinitions"][0]["essential"], true);
    assert_eq!(body["volumes"], json!([]));
    assert_eq!(found["tags"][0]["value"], "abc");
    assert_eq!(rig.ok("DescribeTaskDefinition", json!({ "taskDefinition": "web" })).get("tags"), None);
}

#[test]
fn an_inactive_definition_still_answers_but_cannot_be_deployed() {
    let mut rig = Rig::new();
    rig.ok("RegisterTaskDefinition", definition("repo/web:2"));
    rig.ok("DeregisterTaskDefinition", json!({ "taskDefinition": "web:2" }));
    let found = rig.ok("DescribeTaskDefinition", json!({ "taskDefinition": "web:2" }));
    assert_eq!(found["taskDefinition"]["status"], "INACTIVE");
    let latest = rig.ok("DescribeTaskDefinition", json!({ "taskDefinition": "web" }));
    assert_eq!(latest["taskDefinition"]["revision"], 1);
    let update = json!({ "cluster": "c", "service": "web", "taskDefinition": "web:2" });
    assert_eq!(rig.call("UpdateService", update).unwrap_err().message, "TaskDefinition is inactive");
    let inactive = rig.ok("ListTaskDefinitions", json!({ "familyPrefix": "web", "status": "INACTIVE" }));
    assert_eq!(inactive["taskDefinitionArns"].as_array().unwrap().len(), 1);
}

#[test]
fn listings_come_in_pages_and_in_the_order_asked_for() {
    let mut rig = Rig::new();
    for n in 2..=5 {
        rig.ok("RegisterTaskDefinition", definition(&format!("repo/web:{n}")));
    }
    let mut seen = Vec::new();
    let mut query = json!({ "familyPrefix": "web", "sort": "DESC", "maxResults": 2 });
    loop {
        let page = rig.ok("ListTaskDefinitions", query.clone());
        seen.extend(page["taskDefinitionArns"].as_array().unwrap().clone());
        match page.get("nextToken") {
            Some(token) => query["nextToken"] = token.clone(),
            None => break,
        }
    }
    let revisions: Vec<&str> = seen.iter().map(|a| a.as_str().unwrap().rsplit(':').next().unwrap()).collect();
    assert_eq!(revisions, ["5", "4", "3", "2", "1"]);
    query["nextToken"] = json!("nonsense");
    assert_eq!(rig.code("ListTaskDefinitions", query), "InvalidParameterException");
}

#[test]
fn service_deployments_are_listed_by_time_and_status() {
    let mut rig = Rig::new();
    let seeded = rig.newest();
    let now = rig.now.as_millisecond() as f64 / 1000.0;
    rig.images.put("repo/web:2", &[]);
    let ours = rig.deploy("repo/web:2");
    let query = json!({ "service": "web", "cluster": "c", "createdAt": { "after": now - 60.0 } });
    let listed = rig.ok("ListServiceDeployments", query);
    assert_eq!(listed["serviceDeployments"][0]["serviceDeploymentArn"], json!(ours));
    assert_eq!(listed["serviceDeployments"].as_array().unwrap().len(), 1);
    let done = rig.ok("ListServiceDeployments", json!({ "service": "web", "cluster": "c", "status": ["SUCCESSFUL"] }));
    assert_eq!(done["serviceDeployments"][0]["serviceDeploymentArn"], json!(seeded));
}

#[test]
fn what_is_missing_is_named_or_refused() {
    let mut rig = Rig::new();
    let services = rig.ok("DescribeServices", json!({ "cluster": "c", "services": ["web", "none"] }));
    assert_eq!(services["failures"][0]["reason"], "MISSING");
    assert_eq!(services["services"].as_array().unwrap().len(), 1);
    assert_eq!(
        rig.code("DescribeServices", json!({ "cluster": "none", "services": ["web"] })),
        "ClusterNotFoundException"
    );
    assert_eq!(rig.code("UpdateService", json!({ "cluster": "c", "service": "none" })), "ServiceNotFoundException");
    let update = json!({ "cluster": "c", "service": "web", "taskDefinition": "web:9" });
    assert_eq!(rig.call("UpdateService", update).unwrap_err().message, "TaskDefinition not found.");
    assert_eq!(rig.code("MakeCoffee", json!({})), "UnknownOperationException");
    let many: Vec<String> = (0..21).map(|n| format!("arn:{n}")).collect();
    let refused = rig.code("DescribeServiceDeployments", json!({ "serviceDeploymentArns": many }));
    assert_eq!(refused, "InvalidParameterException");
}

#[test]
fn an_update_that_changes_nothing_deploys_nothing() {
    let mut rig = Rig::new();
    let before = rig.service()["deployments"].clone();
    rig.ok("UpdateService", json!({ "cluster": "c", "service": "web", "taskDefinition": "web:1" }));
    rig.pass(super::rig::seconds(30));
    assert_eq!(rig.service()["deployments"], before);
    rig.ok("UpdateService", json!({ "cluster": "c", "service": "web", "forceNewDeployment": true }));
    assert_eq!(rig.service()["deployments"].as_array().unwrap().len(), 2);
}

#[test]
fn arns_are_accepted_wherever_names_are_and_other_accounts_see_nothing() {
    let mut rig = Rig::new();
    let service = rig.service();
    let by_arn = json!({ "cluster": service["clusterArn"], "services": [service["serviceArn"]] });
    assert_eq!(rig.ok("DescribeServices", by_arn.clone())["services"][0]["serviceName"], "web");
    rig.account = "222222222222".parse().unwrap();
    assert_eq!(rig.code("DescribeServices", by_arn), "ClusterNotFoundException");
}

#[test]
fn tags_are_added_and_listed() {
    let mut rig = Rig::new();
    let arn = rig.service()["serviceArn"].clone();
    rig.ok("TagResource", json!({ "resourceArn": arn, "tags": [{ "key": "a", "value": "1" }] }));
    rig.ok("TagResource", json!({ "resourceArn": arn, "tags": [{ "key": "a", "value": "2" }] }));
    let tags = rig.ok("ListTagsForResource", json!({ "resourceArn": arn }));
    assert_eq!(tags, json!({ "tags": [{ "key": "a", "value": "2" }] }));
}

#[test]
fn a_seed_with_an_unknown_key_is_refused() {
    let mut ecs = crate::sandbox::ecs::Ecs::new(crate::sandbox::latency::Latency::REAL);
    let seed = json!({ "account": "111111111111", "region": "ap-northeast-1", "clusterz": [] });
    assert!(ecs.seed(&seed, super::rig::start()).unwrap_err().contains("clusterz"));
}

#[test]
fn clusters_are_created_once_described_and_listed() {
    let mut rig = Rig::new();
    let created = rig.ok("CreateCluster", json!({ "clusterName": "d", "tags": [{ "key": "a", "value": "1" }] }));
    assert_eq!(created["cluster"]["clusterArn"], "arn:aws:ecs:ap-northeast-1:111111111111:cluster/d");
    rig.ok("CreateCluster", json!({ "clusterName": "d" }));
    let listed = rig.ok("ListClusters", json!({}));
    assert_eq!(listed["clusterArns"].as_array().unwrap().len(), 2);
    let found = rig.ok("DescribeClusters", json!({ "clusters": ["c", "none"], "include": ["TAGS"] }));
    assert_eq!(
        (&found["clusters"][0]["runningTasksCount"], &found["failures"][0]["reason"]),
        (&json!(2), &json!("MISSING"))
    );
    rig.ok("UntagResource", json!({ "resourceArn": created["cluster"]["clusterArn"], "tagKeys": ["a"] }));
    let tags = rig.ok("ListTagsForResource", json!({ "resourceArn": created["cluster"]["clusterArn"] }));
    assert_eq!(tags, json!({ "tags": [] }));
}

#[test]
fn what_is_not_modelled_is_refused_and_not_ignored() {
    let mut rig = Rig::new();
    let daemon = json!({ "cluster": "c", "serviceName": "d", "taskDefinition": "web", "schedulingStrategy": "DAEMON" });
    assert_eq!(rig.code("CreateService", daemon), "UnsupportedFeatureException");
}

#[test]
fn a_task_definition_of_another_controllers_service_is_not_updated_here() {
    let mut rig = Rig::with(json!({ "deploymentController": { "type": "CODE_DEPLOY" } }), json!({}));
    rig.ok("RegisterTaskDefinition", definition("repo/web:2"));
    let refused = rig.call("UpdateService", json!({ "cluster": "c", "service": "web", "taskDefinition": "web:2" }));
    assert!(refused.unwrap_err().message.contains("CODE_DEPLOY deployment controller"));
}

/// How many of a list come without `maxResults`, and how many on the page after that.
fn first_two(rig: &mut Rig, op: &str, member: &str, mut query: Value) -> (usize, usize) {
    let first = rig.ok(op, query.clone());
    query["nextToken"] = first["nextToken"].clone();
    let second = rig.ok(op, query);
    assert_eq!(second.get("nextToken"), None);
    let length = |page: &Value| page[member].as_array().unwrap().len();
    (length(&first), length(&second))
}

#[test]
fn pages_have_their_own_lengths_where_none_is_asked_for() {
    let mut rig = Rig::new();
    for n in 0..11 {
        let name = format!("s{n}");
        rig.ok(
            "CreateService",
            json!({ "cluster": "c", "serviceName": name, "taskDefinition": "web", "desiredCount": 0 }),
        );
    }
    let of_cluster = json!({ "cluster": "c" });
    assert_eq!(first_two(&mut rig, "ListServices", "serviceArns", of_cluster.clone()), (10, 2));
    let all = rig.ok("ListServices", json!({ "cluster": "c", "maxResults": 100 }));
    assert_eq!(all["serviceArns"].as_array().unwrap().len(), 12);

    let web = json!({ "cluster": "c", "service": "web" });
    for _ in 0..21 {
        rig.ok("UpdateService", json!({ "cluster": "c", "service": "web", "forceNewDeployment": true }));
    }
    assert_eq!(first_two(&mut rig, "ListServiceDeployments", "serviceDeployments", web), (20, 2));

    for _ in 0..100 {
        rig.ok("RegisterTaskDefinition", definition("repo/web:1"));
        rig.ok("RunTask", json!({ "cluster": "c", "taskDefinition": "web" }));
    }
    let definitions = first_two(&mut rig, "ListTaskDefinitions", "taskDefinitionArns", json!({}));
    assert_eq!(definitions, (100, 1));
    assert_eq!(first_two(&mut rig, "ListTasks", "taskArns", of_cluster), (100, 2));
    for n in 0..100 {
        rig.ok("CreateCluster", json!({ "clusterName": format!("c{n}") }));
    }
    assert_eq!(first_two(&mut rig, "ListClusters", "clusterArns", json!({})), (100, 1));
}
