//! Checks a recorded pipeline against this checkout's file. A record may be forged, so its accounts, roles, endpoints, commands and conditions count
//! only where the file has the same.

use serde_json::Value;

use super::context::Context;
use super::error::Error;
use crate::model::approval::ApprovalWay;
use crate::model::ids::AccountName;
use crate::model::pipeline::Pipeline;
use crate::model::refusal::Refusal;
use crate::model::release::Release;

/// Checks that a release was started with this checkout's file. The location of the state and the polling interval may differ; the contents of
/// templates and values are compared where they are used.
///
/// # Errors
/// The first member that differs, and the commit that has the release's own file.
pub fn agrees(context: &Context, release: &Release) -> Result<(), Error> {
    match difference(&context.pipeline, &release.started.pipeline) {
        Some(member) => Err(other_file(release, member).into()),
        None => Ok(()),
    }
}

/// Checks that the accounts in which a release's approvals are given are those of this checkout's file.
///
/// # Errors
/// The first that is not.
pub fn answers(context: &Context, release: &Release) -> Result<(), Error> {
    let recorded = &release.started.pipeline;
    let accounts = recorded.stages.iter().filter_map(|stage| {
        Some(match &stage.approval.as_ref()?.way {
            ApprovalWay::CodePipeline { account, .. } => account,
            ApprovalWay::Kanmon => &stage.account,
        })
    });
    let other = |name: &&AccountName| {
        let own = context.pipeline.accounts.get(*name);
        own.is_none() || own != recorded.accounts.get(*name)
    };
    match accounts.into_iter().find(other) {
        Some(name) => Err(other_file(release, format!("accounts.{name}")).into()),
        None => Ok(()),
    }
}

fn other_file(release: &Release, member: String) -> Refusal {
    let is_commit = |c: &&String| c.bytes().all(|b| b.is_ascii_hexdigit());
    let commit = release.started.source.commit.as_ref().filter(is_commit).map(|c| c[..c.len().min(12)].to_owned());
    Refusal::OtherFile { release: release.id.clone(), member, commit }
}

fn difference(own: &Pipeline, recorded: &Pipeline) -> Option<String> {
    let value = |p: &Pipeline| {
        let mut value = serde_json::to_value(p).expect("a pipeline that was read can be written");
        if let Some(members) = value.as_object_mut() {
            members.retain(|name, _| !["state", "poll"].contains(&name.as_str()));
        }
        without_contents(&mut value);
        value
    };
    first_difference(&value(own), &value(recorded), "")
}

/// Removes the hashes of files; their paths stay.
fn without_contents(value: &mut Value) {
    match value {
        Value::Object(members) => {
            if members.contains_key("path") {
                members.remove("sha256");
            }
            members.values_mut().for_each(without_contents);
        }
        Value::Array(items) => items.iter_mut().for_each(without_contents),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// The path of the first member that differs.
fn first_difference(own: &Value, recorded: &Value, path: &str) -> Option<String> {
    let below = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    match (own, recorded) {
        (Value::Object(a), Value::Object(b)) => {
            let names = a.keys().chain(b.keys().filter(|name| !a.contains_key(*name)));
            names.into_iter().find_map(|name| match (a.get(name), b.get(name)) {
                (Some(a), Some(b)) => first_difference(a, b, &below(name)),
                (Some(_), None) | (None, Some(_)) | (None, None) => Some(below(name)),
            })
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            a.iter().zip(b).enumerate().find_map(|(n, (a, b))| {
                let name = a.get("name").and_then(Value::as_str).map_or_else(|| n.to_string(), str::to_owned);
                first_difference(a, b, &format!("{path}[{name}]"))
            })
        }
        (own, recorded) => (own != recorded).then(|| path.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::pipeline::{Account, State};
    use crate::model::release::samples::{id, pipeline};
    use crate::model::step::Step;
    use crate::model::step::check::Check;

    fn found(change: impl Fn(&mut Pipeline)) -> Option<String> {
        let mut recorded = pipeline();
        change(&mut recorded);
        difference(&pipeline(), &recorded)
    }

    #[test]
    fn every_difference_of_a_record_is_found_by_its_path() {
        let main = id("main");
        let account = |change: fn(&mut Account)| found(|p| p.accounts.values_mut().for_each(change));
        assert_eq!(account(|a| a.profile = Some("evil".into())).as_deref(), Some("accounts.main.profile"));
        assert_eq!(account(|a| a.role = Some("admin".into())).as_deref(), Some("accounts.main.role"));
        let endpoint = account(|a| drop(a.endpoints.insert("sts".into(), "http://evil".into())));
        assert_eq!(endpoint.as_deref(), Some("accounts.main.endpoints.sts"));
        let argv = vec!["/evil".into()];
        let check = Step::Check(Check::Command { argv, timeout: pipeline().poll, account: None });
        assert_eq!(found(|p| p.stages[1].steps.push(check.clone())).as_deref(), Some("stages[prod].steps"));
        assert_eq!(found(|p| p.stages[1].approval = None).as_deref(), Some("stages[prod].approval"));
        let gate = found(|p| p.stages[1].gate.at_most.clear()).unwrap();
        assert!(gate.starts_with("stages[prod].gate.at_most."), "{gate}");
        assert_eq!(found(|p| drop(p.stages.remove(0))).as_deref(), Some("stages"));
        assert!(found(|p| drop(p.accounts.insert(id("other"), pipeline().accounts[&main].clone()))).is_some());
    }

    #[test]
    fn the_state_location_and_the_contents_of_templates_are_not_compared() {
        assert_eq!(found(|_| {}), None);
        assert_eq!(found(|p| p.state = State::DynamoDb { account: id("main"), table: "kanmon".into() }), None);
        let other = "1".repeat(64);
        assert_eq!(found(|p| p.tasks.values_mut().for_each(|t| t.taskdef.sha256.clone_from(&other))), None);
        let path = found(|p| p.tasks.values_mut().for_each(|t| t.taskdef.path = "other.json".into()));
        assert_eq!(path.as_deref(), Some("tasks.migrate.taskdef.path"));
    }
}
