//! The check of an input against the shape of its operation's model, and the service's error if it does not fit.

use serde_json::{Value, json};

use super::{Protocol, Service, Wire};
use crate::sandbox::service::AwsError;
use crate::shapes::{Leaves, Measure, Model, Operation, Problem, What, check, of};

/// The errors with which services refuse a violated constraint; the first that the operation has is used.
const REFUSALS: [&str; 2] = ["InvalidParameterException", "ValidationException"];

/// Refuses an operation that this AWS does not have, and an input that its model does not allow.
///
/// # Errors
/// The unknown operation's; `SerializationException` for a value of a wrong type; the service's own for a violated constraint.
pub fn validate(said: &Wire) -> Result<(), AwsError> {
    let (model, operation) = known(said)?;
    let Some(shape) = &operation.input else { return Ok(()) };
    let leaves = if said.protocol == Protocol::Query { Leaves::Texts } else { Leaves::Typed };
    let problems = check(model, shape, &said.input, leaves);
    // Wrong types are found while the request is parsed, before its constraints are checked.
    let mistyped = problems.iter().find_map(|p| mistyped(p, said.service));
    match (mistyped, problems.is_empty()) {
        (Some(error), _) => Err(error),
        (None, false) => Err(refusal(&problems, operation, said.service)),
        (None, true) => Ok(()),
    }
}

/// The operation, and the model that has it.
///
/// # Errors
/// The unknown operation's, for one that this AWS does not have.
pub fn known(said: &Wire) -> Result<(&'static Model, &'static Operation), AwsError> {
    let model = of(said.service.signing_name()).expect("every service here has its shapes");
    Ok((model, model.operation(&said.op).ok_or_else(|| unknown(said))?))
}

fn unknown(said: &Wire) -> AwsError {
    match said.protocol {
        Protocol::Query => {
            AwsError::new("InvalidAction", format!("Could not find operation {} for version 2011-06-15", said.op))
        }
        Protocol::Json10 | Protocol::Json11 | Protocol::Cbor | Protocol::RestJson => {
            AwsError::new("UnknownOperationException", "")
        }
    }
}

fn mistyped(problem: &Problem, service: Service) -> Option<AwsError> {
    let What::Type { wanted, found } = &problem.what else { return None };
    let what = match found {
        Value::Object(_) => "START_OBJECT",
        Value::Array(_) => "START_ARRAY",
        Value::String(_) => "STRING_VALUE",
        Value::Number(_) => "NUMBER_VALUE",
        Value::Bool(true) => "TRUE_VALUE",
        Value::Bool(false) => "FALSE_VALUE",
        Value::Null => "NULL_VALUE",
    };
    let message = format!("{what} at '{}' can not be converted to {wanted}", problem.path);
    let code = if service == Service::Sts { "ValidationError" } else { "SerializationException" };
    Some(AwsError::new(code, message))
}

fn refusal(problems: &[Problem], operation: &Operation, service: Service) -> AwsError {
    let own = REFUSALS.into_iter().find(|code| operation.errors.iter().any(|e| e == code));
    let (code, message) = match service {
        Service::Sts => ("ValidationError", messages(problems)),
        // It reports one problem, in its own words.
        Service::Ecr => {
            let Problem { path, what } = &problems[0];
            let message = format!("Invalid parameter at '{path}' failed to satisfy constraint: '{}'", rule(what));
            (own.unwrap_or("ValidationException"), message)
        }
        Service::Ecs | Service::Inspector2 | Service::CodePipeline => {
            (own.unwrap_or("ValidationException"), messages(problems))
        }
    };
    let mut error = AwsError::new(code, message);
    if service == Service::Inspector2 {
        let field = |p: &Problem| json!({"name": p.path, "message": rule(&p.what)});
        error.extra.insert("reason".to_owned(), "FIELD_VALIDATION_FAILED".into());
        error.extra.insert("fields".to_owned(), problems.iter().map(field).collect());
    }
    error
}

/// All of them, as most services do.
fn messages(problems: &[Problem]) -> String {
    let count = problems.len();
    let each: Vec<String> = problems
        .iter()
        .map(|Problem { path, what }| {
            let value = found(what);
            // Java's name of a member: the query protocol's starts with a capital.
            let path = path.split_at_checked(1).map_or(String::new(), |(first, rest)| first.to_lowercase() + rest);
            format!("Value{value} at '{path}' failed to satisfy constraint: {}", rule(what))
        })
        .collect();
    let noun = if count == 1 { "error" } else { "errors" };
    format!("{count} validation {noun} detected: {}", each.join("; "))
}

fn found(what: &What) -> String {
    match what {
        What::Missing => " null".to_owned(),
        What::Enum { found, .. } | What::Pattern { found, .. } => format!(" '{found}'"),
        What::Type { .. } | What::Less { .. } | What::More { .. } | What::Union { .. } => String::new(),
    }
}

fn rule(what: &What) -> String {
    match what {
        What::Missing => "Member must not be null".to_owned(),
        What::Enum { values, .. } => format!("Member must satisfy enum value set: [{}]", values.join(", ")),
        What::Less { than, of } => format!("Member must have {} greater than or equal to {than}", measured(*of)),
        What::More { than, of } => format!("Member must have {} less than or equal to {than}", measured(*of)),
        What::Pattern { pattern, .. } => format!("Member must satisfy regular expression pattern: {pattern}"),
        What::Union { .. } => "Member must have exactly one value set".to_owned(),
        What::Type { wanted, .. } => format!("Member must be {wanted}"),
    }
}

fn measured(of: Measure) -> &'static str {
    match of {
        Measure::Length => "length",
        Measure::Value => "value",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(service: Service, op: &str, input: Value) -> AwsError {
        let said = Wire { service, protocol: service.protocol(), op: op.to_owned(), input };
        validate(&said).expect_err("it does not fit")
    }

    fn words(service: Service, op: &str, input: Value) -> (String, String) {
        let error = said(service, op, input);
        assert_eq!(error.status, 400);
        (error.code, error.message)
    }

    #[test]
    fn each_service_refuses_in_its_own_words() {
        let port = json!({"family": "a", "containerDefinitions": [{"portMappings": [{"containerPort": "80"}]}]});
        let (code, message) = words(Service::Ecs, "RegisterTaskDefinition", port);
        assert_eq!(code, "SerializationException");
        let at =
            "STRING_VALUE at 'containerDefinitions.1.portMappings.1.containerPort' can not be converted to an integer";
        assert_eq!(message, at);

        let (code, message) = words(Service::Ecs, "UpdateService", json!({"propagateTags": "MOON"}));
        assert_eq!(code, "InvalidParameterException");
        insta::assert_snapshot!(message, @"2 validation errors detected: Value null at 'service' failed to satisfy constraint: Member must not be null; Value 'MOON' at 'propagateTags' failed to satisfy constraint: Member must satisfy enum value set: [TASK_DEFINITION, SERVICE, NONE]");

        let (code, message) = words(Service::Ecr, "ListImages", json!({"repositoryName": "a", "maxResults": 1001}));
        assert_eq!(code, "InvalidParameterException");
        insta::assert_snapshot!(message, @"Invalid parameter at 'repositoryName' failed to satisfy constraint: 'Member must have length greater than or equal to 2'");

        let (code, message) =
            words(Service::Sts, "AssumeRole", json!({"RoleArn": "arn:aws:iam::1:role/abc", "RoleSessionName": "a b"}));
        assert_eq!(code, "ValidationError");
        insta::assert_snapshot!(message, @r"1 validation error detected: Value 'a b' at 'roleSessionName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\w+=,.@-]*");

        let error = said(Service::Inspector2, "ListFindings", json!({"sortCriteria": {"field": "SEVERITY"}}));
        assert_eq!(
            (error.code.as_str(), &error.extra["reason"]),
            ("ValidationException", &json!("FIELD_VALIDATION_FAILED"))
        );
        assert_eq!(
            error.extra["fields"],
            json!([{"name": "sortCriteria.sortOrder", "message": "Member must not be null"}])
        );
    }

    #[test]
    fn what_is_not_there_is_unknown_in_its_protocol() {
        assert_eq!(words(Service::Ecs, "CreateCapacityProvider", json!({})).0, "UnknownOperationException");
        assert_eq!(words(Service::Sts, "GetSessionToken", json!({})).0, "InvalidAction");
    }
}
