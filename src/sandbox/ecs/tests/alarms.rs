//! Alarms that deployments watch.

use serde_json::json;

use super::rig::{Rig, seconds};
use crate::sandbox::ecs::alarms::AlarmState;

fn watching(rollback: bool, firing: bool) -> Rig {
    let alarms = json!({ "alarmNames": ["5xx", "latency"], "enable": true, "rollback": rollback });
    let state = if firing { "ALARM" } else { "OK" };
    let extra = json!({ "deploymentConfiguration": { "alarms": alarms, "bakeTimeInMinutes": 5 } });
    let rig = Rig::with(extra, json!({ "alarms": { "5xx": state } }));
    rig.images.put("repo/web:2", &[]);
    rig
}

fn set(rig: &mut Rig, name: &str, state: AlarmState, after: i64) {
    let at = rig.now + seconds(after);
    let (account, region) = (rig.account.clone(), rig.region.clone());
    rig.ecs.set_alarm(&account, &region, name, state, at);
}

#[test]
fn an_alarm_that_fires_while_baking_rolls_the_deployment_back() {
    let mut rig = watching(true, false);
    set(&mut rig, "latency", AlarmState::Alarm, 240);
    let arn = rig.deploy("repo/web:2");
    rig.pass(seconds(239));
    let watching = rig.service_deployment(&arn)["alarms"].clone();
    assert_eq!((&watching["status"], &watching["triggeredAlarmNames"]), (&json!("MONITORING"), &json!([])));
    rig.pass(seconds(10));
    assert_eq!(rig.status(&arn), "ROLLBACK_IN_PROGRESS");
    rig.until(&arn, "ROLLBACK_SUCCESSFUL");
    let ended = rig.service_deployment(&arn);
    assert_eq!(ended["alarms"]["triggeredAlarmNames"], json!(["latency"]));
    assert_eq!(ended["alarms"]["status"], "TRIGGERED");
    assert_eq!(ended["deploymentCircuitBreaker"]["status"], "DISABLED");
    assert!(rig.events().iter().any(|e| e.ends_with("deployment failed: alarm detected.")));
}

#[test]
fn an_alarm_that_fires_already_is_ignored_for_the_whole_deployment() {
    let mut rig = watching(true, true);
    set(&mut rig, "5xx", AlarmState::Ok, 30);
    set(&mut rig, "5xx", AlarmState::Alarm, 60);
    let arn = rig.deploy("repo/web:2");
    rig.until(&arn, "SUCCESSFUL");
    // The next one sees it again, once it has been well at its beginning.
    set(&mut rig, "5xx", AlarmState::Ok, 1);
    rig.pass(seconds(2));
    let next = rig.deploy("repo/web:2");
    set(&mut rig, "5xx", AlarmState::Alarm, 20);
    rig.until(&next, "ROLLBACK_SUCCESSFUL");
}

#[test]
fn an_alarm_ends_a_deployment_once_a_task_of_it_runs_and_not_before() {
    let mut rig = watching(true, false);
    let arn = rig.deploy("repo/web:2");
    set(&mut rig, "5xx", AlarmState::Alarm, 1);
    while rig.service()["deployments"][0]["runningCount"] == 0 {
        assert!(["PENDING", "IN_PROGRESS"].contains(&rig.status(&arn).as_str()), "{}", rig.status(&arn));
        rig.pass(seconds(1));
    }
    rig.until(&arn, "ROLLBACK_SUCCESSFUL");
}

#[test]
fn without_rollback_the_deployment_that_an_alarm_ends_stops() {
    let mut rig = watching(false, false);
    let arn = rig.deploy("repo/web:2");
    rig.pass(seconds(20));
    set(&mut rig, "5xx", AlarmState::Alarm, 0);
    rig.until(&arn, "STOPPED");
    assert_eq!(rig.service()["deployments"][0]["rolloutState"], "FAILED");
}

#[test]
fn insufficient_data_and_alarms_of_others_end_nothing() {
    let mut rig = watching(true, false);
    set(&mut rig, "5xx", AlarmState::InsufficientData, 20);
    set(&mut rig, "somebody-elses", AlarmState::Alarm, 20);
    let arn = rig.deploy("repo/web:2");
    rig.until(&arn, "SUCCESSFUL");
}
