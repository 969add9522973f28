//! STS: assuming roles, and the caller's identity.

mod assume_role;
mod error;
mod session;
mod web_identity;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::iam::{Caller, Directory};
use super::id_generator::IdGenerator;
use super::operations::StsOperation;
use super::service::{Answer, AwsError};
use super::wire::Service;

/// Answers an STS call of an authenticated caller.
pub fn handle(
    op: &str,
    input: &Value,
    caller: &Caller,
    directory: &mut Directory,
    ids: &mut IdGenerator,
    now: Timestamp,
) -> Answer {
    match StsOperation::named(op) {
        Some(StsOperation::GetCallerIdentity) => {
            Ok(json!({"Arn": caller.arn, "UserId": caller.user_id, "Account": caller.account.as_str()}))
        }
        Some(StsOperation::AssumeRole) => assume_role::assume_role(input, caller, directory, ids, now),
        // Nobody signs it: see `handle_unsigned`.
        Some(StsOperation::AssumeRoleWithWebIdentity) | None => {
            Err(AwsError::new("InvalidAction", format!("Could not find operation {op} for version 2011-06-15")))
        }
    }
}

/// Whether an operation is called without a signature: its token identifies the caller.
pub fn is_unsigned(service: Service, op: &str) -> bool {
    service == Service::Sts && StsOperation::named(op) == Some(StsOperation::AssumeRoleWithWebIdentity)
}

/// Answers an operation that nobody signs.
pub fn handle_unsigned(input: &Value, directory: &mut Directory, ids: &mut IdGenerator, now: Timestamp) -> Answer {
    web_identity::assume_role(input, directory, ids, now)
}
