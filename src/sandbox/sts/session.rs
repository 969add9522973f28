//! A session: its policy, its duration and its keys.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::error::invalid;
use crate::model::ids::AccountId;
use crate::sandbox::iam::{Caller, Directory, Identity, Key, Policy, Role, Session, session_arn};
use crate::sandbox::id_generator::IdGenerator;
use crate::sandbox::service::AwsError;

/// AWS's default, and the most for a role assumed by a role's session.
const HOUR: i64 = 3_600;

/// The account and name of a role's ARN.
pub fn role_of(arn: &str) -> Option<(AccountId, String)> {
    let (account, rest) = arn.strip_prefix("arn:aws:iam::")?.split_once(':')?;
    let name = rest.strip_prefix("role/")?;
    Some((account.parse().ok()?, name.to_owned()))
}

/// The policy that narrows the session that is asked for.
///
/// # Errors
/// `MalformedPolicyDocument`; `ValidationError` for managed policies, which are not here and would narrow it too.
pub fn policy(input: &Value) -> Result<Option<Policy>, AwsError> {
    if input.get("PolicyArns").is_some() {
        return Err(invalid("PolicyArns: there are no managed policies here"));
    }
    let given = input.get("Policy").and_then(Value::as_str);
    given
        .map(Policy::read_text)
        .transpose()
        .map_err(|m| AwsError::new("MalformedPolicyDocument", format!("The policy is not in a valid format: {m}")))
}

/// How long it lasts, in seconds.
pub fn duration(asked: Option<i64>, role: &Role, chained: bool) -> Result<i64, AwsError> {
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

/// Makes its keys; returns what every operation that assumes a role answers about them.
pub fn open(
    directory: &mut Directory,
    ids: &mut IdGenerator,
    account: AccountId,
    role_id: &str,
    session: Session,
    expires: Timestamp,
) -> Value {
    let (key_id, secret) = (format!("ASIA{}", ids.base32(16)), ids.secret());
    let token = format!("SBX{}{}", ids.secret(), ids.secret());
    let arn = session_arn(&account, &session.role, &session.name);
    let user_id = format!("{role_id}:{}", session.name);
    let identity = Identity::Session(Box::new(session));
    let assumed = Caller { account, arn: arn.clone(), user_id: user_id.clone(), identity };
    let key = Key { secret: secret.clone(), token: Some(token.clone()), expires: Some(expires), caller: assumed };
    directory.add_key(key_id.clone(), key);
    json!({
        "Credentials": {
            "AccessKeyId": key_id,
            "SecretAccessKey": secret,
            "SessionToken": token,
            "Expiration": expires.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        },
        "AssumedRoleUser": {"AssumedRoleId": user_id, "Arn": arn},
    })
}

/// When a session of so many seconds that begins now ends.
pub fn expiry(now: Timestamp, seconds: i64) -> Timestamp {
    now + SignedDuration::from_secs(seconds)
}
