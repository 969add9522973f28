//! STS: roles assumed, and who one is.

mod web_identity;

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

pub use web_identity::assume as assume_with_web_identity;

use super::fresh::Fresh;
use super::iam::evaluate::Kind;
use super::iam::{Caller, Context, Directory, Identity, Key, Policy, ResourcePolicy, Role, Session, authorize};
use super::service::{Answer, AwsError};
use super::wire::{CommonFault, Service, error_of};
use crate::model::ids::AccountId;

const SHORTEST: i64 = 900;
const LONGEST: i64 = 43_200;
/// What AWS gives where nothing is asked for, and the most for a role assumed by a role's session.
const HOUR: i64 = 3_600;

/// Answers an STS call of an authenticated caller.
pub fn handle(
    op: &str,
    input: &Value,
    caller: &Caller,
    directory: &mut Directory,
    fresh: &mut Fresh,
    now: Timestamp,
) -> Answer {
    match op {
        "GetCallerIdentity" => {
            Ok(json!({"Arn": caller.arn, "UserId": caller.user_id, "Account": caller.account.as_str()}))
        }
        "AssumeRole" => assume_role(input, caller, directory, fresh, now),
        _ => Err(AwsError::new("InvalidAction", format!("Could not find operation {op} for version 2011-06-15"))),
    }
}

/// What an AssumeRole asks for, checked against the model's constraints.
struct Asked {
    role_arn: String,
    session_name: String,
    duration: Option<i64>,
    external_id: Option<String>,
    source_identity: Option<String>,
    tags: BTreeMap<String, String>,
    transitive: BTreeSet<String>,
    policy: Option<Policy>,
}

fn assume_role(input: &Value, caller: &Caller, directory: &mut Directory, fresh: &mut Fresh, now: Timestamp) -> Answer {
    let asked = Asked::read(input)?;
    let unauthorized = |action: &str| {
        denied(format!("User: {} is not authorized to perform: {action} on resource: {}", caller.arn, asked.role_arn))
    };
    // AWS does not tell a role that is not there from one that may not be assumed.
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
    let duration = duration(asked.duration, role, own.is_some())?;
    let issue_of = Issue {
        account,
        role: name,
        role_id: role.id.clone(),
        session_name: asked.session_name,
        source_identity,
        tags,
        transitive,
        policy: asked.policy,
        federated: None,
        duration,
    };
    Ok(issue(issue_of, directory, fresh, now))
}

/// A session that is granted.
struct Issue {
    account: AccountId,
    role: String,
    role_id: String,
    session_name: String,
    source_identity: Option<String>,
    tags: BTreeMap<String, String>,
    transitive: BTreeSet<String>,
    policy: Option<Policy>,
    federated: Option<String>,
    /// In seconds.
    duration: i64,
}

/// Gives a session its credentials; what the operations that assume roles answer in common.
fn issue(issue: Issue, directory: &mut Directory, fresh: &mut Fresh, now: Timestamp) -> Value {
    let key_id = format!("ASIA{}", fresh.base32(16));
    let (secret, token) = (fresh.secret(), format!("SBX{}{}", fresh.secret(), fresh.secret()));
    let expires = now + SignedDuration::from_secs(issue.duration);
    let arn = format!("arn:aws:sts::{}:assumed-role/{}/{}", issue.account, issue.role, issue.session_name);
    let user_id = format!("{}:{}", issue.role_id, issue.session_name);
    let packed = issue.policy.is_some() || !issue.tags.is_empty();
    let source_identity = issue.source_identity.clone();
    let session = Session {
        role: issue.role,
        name: issue.session_name,
        source_identity: issue.source_identity,
        tags: issue.tags,
        transitive: issue.transitive,
        policy: issue.policy,
        federated: issue.federated,
    };
    let identity = Identity::Session(Box::new(session));
    let assumed = Caller { account: issue.account, arn: arn.clone(), user_id: user_id.clone(), identity };
    let key = Key { secret: secret.clone(), token: Some(token.clone()), expires: Some(expires), caller: assumed };
    directory.add_key(key_id.clone(), key);

    let mut output = json!({
        "Credentials": {
            "AccessKeyId": key_id,
            "SecretAccessKey": secret,
            "SessionToken": token,
            "Expiration": expires.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        },
        "AssumedRoleUser": {"AssumedRoleId": user_id, "Arn": arn},
    });
    if let Some(source) = source_identity {
        output["SourceIdentity"] = source.into();
    }
    if packed {
        output["PackedPolicySize"] = 1.into();
    }
    output
}

fn denied(message: String) -> AwsError {
    error_of(&CommonFault::Denied(message), Service::Sts)
}

fn duration(asked: Option<i64>, role: &Role, chained: bool) -> Result<i64, AwsError> {
    match asked {
        Some(d) if chained && d > HOUR => Err(invalid(
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining",
        )),
        Some(d) if d > role.max_session.as_secs() => {
            Err(invalid("The requested DurationSeconds exceeds the MaxSessionDuration set for this role."))
        }
        Some(d) => Ok(d),
        None => Ok(HOUR.min(role.max_session.as_secs())),
    }
}

impl Asked {
    fn read(input: &Value) -> Result<Asked, AwsError> {
        let text = |member: &str| input.get(member).and_then(Value::as_str).map(str::to_owned);
        let required =
            |member: &str, name: &str| text(member).ok_or_else(|| constraint(name, "null", "Member must not be null"));
        let role_arn = required("RoleArn", "roleArn")?;
        let session_name = required("RoleSessionName", "roleSessionName")?;
        name_like(&session_name, "roleSessionName", 2..=64, "+=,.@-_")?;
        let source_identity = text("SourceIdentity");
        if let Some(source) = &source_identity {
            name_like(source, "sourceIdentity", 2..=64, "+=,.@-_")?;
        }
        let external_id = text("ExternalId");
        if let Some(id) = &external_id {
            name_like(id, "externalId", 2..=1224, "+=,.@:/-_")?;
        }
        let duration = text("DurationSeconds").map(|d| seconds(&d)).transpose()?;
        if input.get("PolicyArns").is_some() {
            return Err(invalid("PolicyArns: there are no managed policies here"));
        }
        let policy = text("Policy").map(|p| Policy::read_text(&p)).transpose().map_err(|m| {
            AwsError::new("MalformedPolicyDocument", format!("The policy is not in a valid format: {m}"))
        })?;
        Ok(Asked {
            role_arn,
            session_name,
            duration,
            external_id,
            source_identity,
            tags: tags(input)?,
            transitive: list(input, "TransitiveTagKeys").filter_map(|k| k.as_str().map(str::to_owned)).collect(),
            policy,
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
    let mut tags = BTreeMap::new();
    for tag in list(input, "Tags") {
        let part = |name: &str| tag.get(name).and_then(Value::as_str).map(str::to_owned);
        let key = part("Key").ok_or_else(|| constraint("tags", "null", "Member must not be null"))?;
        if tags.insert(key, part("Value").unwrap_or_default()).is_some() {
            let message = "Duplicate tag keys found. Please note that Tag keys are case insensitive.";
            return Err(AwsError::new("InvalidParameterValue", message));
        }
    }
    Ok(tags)
}

fn seconds(text: &str) -> Result<i64, AwsError> {
    let n: i64 = text.parse().map_err(|_| AwsError::new("MalformedInput", "DurationSeconds is no number"))?;
    if n < SHORTEST {
        return Err(constraint("durationSeconds", text, "Member must have value greater than or equal to 900"));
    }
    if n > LONGEST {
        return Err(constraint("durationSeconds", text, "Member must have value less than or equal to 43200"));
    }
    Ok(n)
}

fn name_like(text: &str, member: &str, len: std::ops::RangeInclusive<usize>, also: &str) -> Result<(), AwsError> {
    if text.len() < *len.start() {
        let rule = format!("Member must have length greater than or equal to {}", len.start());
        return Err(constraint(member, text, &rule));
    }
    if text.len() > *len.end() {
        let rule = format!("Member must have length less than or equal to {}", len.end());
        return Err(constraint(member, text, &rule));
    }
    if !text.chars().all(|c| c.is_ascii_alphanumeric() || also.contains(c)) {
        let set = if also.contains(':') { r"[\w+=,.@:\/-]*" } else { r"[\w+=,.@-]*" };
        return Err(constraint(member, text, &format!("Member must satisfy regular expression pattern: {set}")));
    }
    Ok(())
}

fn constraint(member: &str, value: &str, rule: &str) -> AwsError {
    invalid(format!("1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: {rule}"))
}

fn invalid(message: impl Into<String>) -> AwsError {
    AwsError::new("ValidationError", message)
}

/// The account and name of a role's ARN.
fn role_of(arn: &str) -> Option<(AccountId, String)> {
    let (account, rest) = arn.strip_prefix("arn:aws:iam::")?.split_once(':')?;
    let name = rest.strip_prefix("role/")?;
    Some((account.parse().ok()?, name.to_owned()))
}
