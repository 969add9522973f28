//! AssumeRole: needs the caller's permission and the role's trust.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde_json::Value;

use super::error::invalid;
use super::session::{duration, expiry, open, policy, role_of};
use crate::sandbox::iam::evaluate::Kind;
use crate::sandbox::iam::{Caller, Context, Directory, Policy, ResourcePolicy, Session, authorize};
use crate::sandbox::id_generator::IdGenerator;
use crate::sandbox::service::{Answer, AwsError};
use crate::sandbox::wire::{CommonFault, Service, error_of};

/// What an AssumeRole asks for.
struct AssumeRoleRequest {
    role_arn: String,
    session_name: String,
    duration: Option<i64>,
    external_id: Option<String>,
    source_identity: Option<String>,
    tags: BTreeMap<String, String>,
    transitive: BTreeSet<String>,
    policy: Option<Policy>,
}

pub fn assume_role(
    input: &Value,
    caller: &Caller,
    directory: &mut Directory,
    ids: &mut IdGenerator,
    now: Timestamp,
) -> Answer {
    let asked = AssumeRoleRequest::read(input)?;
    let denied = |message: String| error_of(&CommonFault::Denied(message), Service::Sts);
    let unauthorized = |action: &str| {
        denied(format!("User: {} is not authorized to perform: {action} on resource: {}", caller.arn, asked.role_arn))
    };
    // AWS does not distinguish a role that does not exist from one that may not be assumed.
    let (account, name) = role_of(&asked.role_arn).ok_or_else(|| invalid(format!("{} is invalid", asked.role_arn)))?;
    let role = directory.role(&account, &name).ok_or_else(|| unauthorized("sts:AssumeRole"))?;
    let own = caller.session();
    let inherited = own.and_then(|s| s.source_identity.clone());
    if let (Some(has), Some(wants)) = (&inherited, &asked.source_identity)
        && has != wants
    {
        return Err(unauthorized("sts:SetSourceIdentity"));
    }
    let source_identity = asked.source_identity.clone().or(inherited);
    let mut tags: BTreeMap<String, String> =
        own.map(|s| s.tags.clone().into_iter().filter(|(k, _)| s.transitive.contains(k)).collect()).unwrap_or_default();
    if let Some(key) = asked.tags.keys().find(|key| tags.keys().any(|has| same_key(has, key))) {
        let message = format!("{key} cannot be set: it conflicts with a transitive tag of the calling session");
        return Err(AwsError::new("InvalidParameterValue", message));
    }
    let mut transitive = own.map(|s| s.transitive.clone()).unwrap_or_default();
    let tagged = !asked.tags.is_empty() || !tags.is_empty();
    tags.extend(asked.tags.clone());
    transitive.extend(asked.transitive.clone());

    let context = asked.context(source_identity.as_deref());
    let trust = ResourcePolicy { policy: Some(&role.trust), owner: &account, kind: Kind::Trust };
    let mut actions = vec!["sts:AssumeRole"];
    actions.extend(tagged.then_some("sts:TagSession"));
    actions.extend(source_identity.is_some().then_some("sts:SetSourceIdentity"));
    for action in actions {
        authorize(directory, caller, action, &asked.role_arn, &context, Some(&trust)).map_err(|d| denied(d.0))?;
    }
    let expires = expiry(now, duration(asked.duration, role, own.is_some())?);
    let role_id = role.id.clone();
    let packed = asked.policy.is_some() || tagged;
    let session = Session {
        role: name,
        name: asked.session_name,
        source_identity: source_identity.clone(),
        tags,
        transitive,
        policy: asked.policy,
        federated: None,
    };
    let mut output = open(directory, ids, account, &role_id, session, expires);
    if let Some(source) = source_identity {
        output["SourceIdentity"] = source.into();
    }
    if packed {
        output["PackedPolicySize"] = 1.into();
    }
    Ok(output)
}

impl AssumeRoleRequest {
    fn read(input: &Value) -> Result<AssumeRoleRequest, AwsError> {
        let text = |member: &str| input.get(member).and_then(Value::as_str).map(str::to_owned);
        Ok(AssumeRoleRequest {
            role_arn: text("RoleArn").unwrap_or_default(),
            session_name: text("RoleSessionName").unwrap_or_default(),
            duration: text("DurationSeconds").and_then(|d| d.parse().ok()),
            external_id: text("ExternalId"),
            source_identity: text("SourceIdentity"),
            tags: tags(input)?,
            transitive: list(input, "TransitiveTagKeys").filter_map(|k| k.as_str().map(str::to_owned)).collect(),
            policy: policy(input)?,
        })
    }

    fn context(&self, source_identity: Option<&str>) -> Context {
        let mut context = Context::new().with("sts:RoleSessionName", &self.session_name);
        if let Some(id) = &self.external_id {
            context.add("sts:ExternalId", id);
        }
        if let Some(source) = source_identity {
            context.add("sts:SourceIdentity", source);
        }
        for (key, value) in &self.tags {
            context.add(&format!("aws:RequestTag/{key}"), value);
            context.add("aws:TagKeys", key);
        }
        for key in &self.transitive {
            context.add("sts:TransitiveTagKeys", key);
        }
        context
    }
}

fn list<'a>(input: &'a Value, member: &str) -> impl Iterator<Item = &'a Value> {
    input.get(member).and_then(Value::as_array).into_iter().flatten()
}

fn tags(input: &Value) -> Result<BTreeMap<String, String>, AwsError> {
    let mut tags: BTreeMap<String, String> = BTreeMap::new();
    for tag in list(input, "Tags") {
        let part = |name: &str| tag.get(name).and_then(Value::as_str).map(str::to_owned);
        let key = part("Key").unwrap_or_default();
        let twice = tags.keys().any(|has| same_key(has, &key));
        tags.insert(key, part("Value").unwrap_or_default());
        if twice {
            let message = "Duplicate tag keys found. Please note that Tag keys are case insensitive.";
            return Err(AwsError::new("InvalidParameterValue", message));
        }
    }
    Ok(tags)
}

/// Tag keys differ by more than the case of their letters.
fn same_key(one: &str, other: &str) -> bool {
    one.eq_ignore_ascii_case(other)
}
