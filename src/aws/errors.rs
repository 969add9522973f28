//! The SDK's errors as typed faults: what they mean for what may be done next.

use std::error::Error;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_sts::operation::assume_role::AssumeRoleError;
use aws_sdk_sts::operation::assume_role_with_web_identity::AssumeRoleWithWebIdentityError;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::{ConnectorError, SdkError};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use super::answer::Foreign;
use super::denial::Denial;
use super::operations::Op;
use crate::model::fault::call::{Call, CallProblem, ForeignAnswer, NotFromAws};
use crate::model::fault::credentials::CredentialsProblem;
use crate::model::fault::{Fault, FaultKind};
use crate::model::ids::AccountName;

/// How a call failed, without the SDK's types.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Failure {
    /// AWS answered with an error.
    Answer { status: u16, code: String, message: String, request_id: Option<String> },
    /// Something answered that is not AWS, or whose answer cannot be read.
    Unreadable { answer: ForeignAnswer, body: String },
    /// Nothing left this machine.
    NotSent { why: String },
    /// Something may have arrived; no answer did.
    NoAnswer { why: String },
    /// There were no credentials to sign with.
    NoCredentials { why: String },
    /// Our own credentials provider failed, with its own fault.
    Role(Fault),
}

/// A failed call: its fault, and AWS's code where a caller wants to treat some codes of its operation differently.
#[derive(Debug, Clone, PartialEq)]
pub struct Refusal {
    pub code: Option<String>,
    pub fault: Fault,
}

impl Refusal {
    pub fn is(&self, code: &str) -> bool {
        self.code.as_deref() == Some(code)
    }
}

impl From<Refusal> for Fault {
    fn from(refusal: Refusal) -> Fault {
        refusal.fault
    }
}

/// Who calls, to report it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Caller<'a> {
    /// Its ARN, where it is known.
    pub principal: Option<&'a str>,
    /// As the pipeline file calls it.
    pub account: &'a AccountName,
}

pub(super) fn refusal<E>(op: &Op, caller: Caller<'_>, error: SdkError<E, HttpResponse>) -> Refusal
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
{
    let failure = failure(error);
    let code = match &failure {
        Failure::Answer { code, .. } => Some(code.clone()),
        Failure::Unreadable { .. }
        | Failure::NotSent { .. }
        | Failure::NoAnswer { .. }
        | Failure::NoCredentials { .. }
        | Failure::Role(_) => None,
    };
    Refusal { code, fault: fault(op, caller, failure) }
}

pub(super) fn failure<E>(error: SdkError<E, HttpResponse>) -> Failure
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
{
    match &error {
        SdkError::ServiceError(e) => {
            let meta = e.err().meta();
            let status = e.raw().status().as_u16();
            match meta.code() {
                Some(code) => Failure::Answer {
                    status,
                    code: code.rsplit('#').next().unwrap_or(code).to_owned(),
                    message: meta.message().unwrap_or_default().to_owned(),
                    request_id: meta.extra("aws_request_id").map(str::to_owned),
                },
                None => {
                    let answer = ForeignAnswer { status, why: NotFromAws::ErrorWithoutCode };
                    Failure::Unreadable { answer, body: body(e.raw()) }
                }
            }
        }
        SdkError::ResponseError(e) => {
            let why = find::<Foreign>(&error).map_or(NotFromAws::Unreadable, |Foreign(why)| why.clone());
            let answer = ForeignAnswer { status: e.raw().status().as_u16(), why };
            Failure::Unreadable { answer, body: body(e.raw()) }
        }
        SdkError::TimeoutError(_) => Failure::NoAnswer { why: chain(&error) },
        SdkError::ConstructionFailure(_) => Failure::NotSent { why: chain(&error) },
        SdkError::DispatchFailure(dispatch) => {
            if let Some(fault) = find::<Fault>(&error) {
                return Failure::Role(fault.clone());
            }
            match find::<CredentialsError>(&error) {
                Some(CredentialsError::ProviderTimedOut(_)) => return Failure::NotSent { why: chain(&error) },
                Some(credentials) if was_not_answered(credentials) => return Failure::NotSent { why: chain(&error) },
                Some(_) => return Failure::NoCredentials { why: chain(&error) },
                None => {}
            }
            let why = chain(&error);
            // Neither hyper's kind of error nor the SDK's connect timeout is public; their words are. Where they change, a
            // connect failure reads as "perhaps sent", which is the safe side.
            let before_sending = why.contains("client error (Connect)") || why.contains("HTTP connect timeout");
            if before_sending || dispatch.is_user() { Failure::NotSent { why } } else { Failure::NoAnswer { why } }
        }
        _ => Failure::NoAnswer { why: chain(&error) },
    }
}

/// The fault of our own credentials provider, where it is one.
pub(super) fn role_fault(error: &CredentialsError) -> Option<Fault> {
    find::<Fault>(error).cloned()
}

/// The first of its type in an error's chain of sources.
fn find<'a, T: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a T> {
    let mut next = Some(error);
    while let Some(e) = next {
        if let Some(found) = e.downcast_ref::<T>() {
            return Some(found);
        }
        next = e.source();
    }
    None
}

/// Whether the SDK's own provider got no answer of AWS's where it asked for credentials: they may be there at the next attempt.
pub(super) fn was_not_answered(error: &CredentialsError) -> bool {
    let mut next = error.source();
    while let Some(e) = next {
        let lost = e.downcast_ref::<ConnectorError>().is_some_and(|e| e.is_io() || e.is_timeout());
        let unread = e.downcast_ref::<SdkError<AssumeRoleError, HttpResponse>>().is_some_and(is_not_answered)
            || e.downcast_ref::<SdkError<AssumeRoleWithWebIdentityError, HttpResponse>>().is_some_and(is_not_answered);
        if lost || unread {
            return true;
        }
        next = e.source();
    }
    false
}

/// Whether this is not an answer of STS: nothing came, or a page, or a server's own failure.
#[allow(clippy::wildcard_enum_match_arm, reason = "the enum is another crate's, which grows by itself")]
fn is_not_answered<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> bool {
    match error {
        SdkError::TimeoutError(_) | SdkError::ResponseError(_) => true,
        SdkError::ServiceError(e) => {
            let throttled = e.err().code().is_some_and(|code| THROTTLED.contains(&code));
            e.err().code().is_none() || throttled || e.raw().status().is_server_error()
        }
        _ => false,
    }
}

/// An error and its causes in one line, repetitions left out.
pub(super) fn chain(error: &(dyn Error + 'static)) -> String {
    let mut words: Vec<String> = Vec::new();
    let mut next = Some(error);
    while let Some(e) = next {
        let word = e.to_string();
        if !words.iter().any(|w| w.contains(&word)) {
            words.push(word);
        }
        next = e.source();
    }
    words.join(": ")
}

/// Enough of a body to recognise a proxy's page or an XML error.
fn body(response: &HttpResponse) -> String {
    let text = String::from_utf8_lossy(response.body().bytes().unwrap_or_default());
    text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(300).collect()
}

/// AWS's codes for "later", over all services.
const THROTTLED: &[&str] = &[
    "Throttling",
    "ThrottlingException",
    "ThrottledException",
    "RequestThrottledException",
    "RequestThrottled",
    "TooManyRequestsException",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "BandwidthLimitExceeded",
    "SlowDown",
    "PriorRequestNotComplete",
    "EC2ThrottledException",
];

const CREDENTIALS: &[&str] = &[
    "ExpiredToken",
    "ExpiredTokenException",
    "UnrecognizedClientException",
    "InvalidClientTokenId",
    "InvalidAccessKeyId",
    "InvalidSignatureException",
    "SignatureDoesNotMatch",
    "IncompleteSignature",
    "IncompleteSignatureException",
    "MissingAuthenticationToken",
    "MissingAuthenticationTokenException",
    "RequestExpired",
    "RequestTimeTooSkewed",
];

const DENIED: &[&str] = &[
    "AccessDenied",
    "AccessDeniedException",
    "UnauthorizedOperation",
    "UnauthorizedException",
    "AuthorizationError",
    "NotAuthorized",
    "NotAuthorizedException",
    "OptInRequired",
    "SubscriptionRequiredException",
];

/// What an error answer means. `writes`: whether it is ambiguous after a server's own failure if something changed.
fn kind(status: u16, code: &str, message: &str, writes: bool) -> FaultKind {
    let no_answer = if writes { FaultKind::Ambiguous } else { FaultKind::Unreachable };
    if DENIED.contains(&code) || message.contains("is not authorized to perform") {
        return FaultKind::AccessDenied;
    }
    // RegisterTaskDefinition's words for two callers at once are a ClientException.
    if THROTTLED.contains(&code) || message.contains("Too many concurrent attempts") {
        return FaultKind::Throttled;
    }
    if CREDENTIALS.contains(&code) {
        return FaultKind::CredentialsRefused;
    }
    if status >= 500 || matches!(code, "RequestTimeout" | "RequestTimeoutException" | "ServerException") {
        return no_answer;
    }
    if code.ends_with("NotFoundException") || code.ends_with("NotFound") {
        return FaultKind::NotFound;
    }
    match status {
        401 => FaultKind::CredentialsRefused,
        403 => FaultKind::AccessDenied,
        _ => FaultKind::Invalid,
    }
}

pub(super) fn fault(op: &Op, caller: Caller<'_>, failure: Failure) -> Fault {
    let unanswered = if op.writes() { FaultKind::Ambiguous } else { FaultKind::Unreachable };
    match failure {
        Failure::Answer { status, code, message, request_id } => {
            let problem = problem(kind(status, &code, &message, op.writes()), op, caller, &message, None);
            let id = request_id.map(|id| format!(" (request {id})")).unwrap_or_default();
            let said = if message.is_empty() { format!("{code}{id}") } else { format!("{code}: {message}{id}") };
            Fault::from(problem).said(said)
        }
        Failure::Unreadable { answer, body } => {
            let said = (!body.is_empty()).then_some(body);
            Fault { said, ..problem(unanswered, op, caller, "", Some(answer)).into() }
        }
        Failure::NotSent { why } => Fault::from(problem(FaultKind::Unreachable, op, caller, "", None)).said(why),
        Failure::NoAnswer { why } => Fault::from(problem(unanswered, op, caller, "", None)).said(why),
        Failure::NoCredentials { why } => {
            Fault::from(CredentialsProblem::NoCredentials { account: caller.account.clone() }).said(why)
        }
        Failure::Role(fault) => fault,
    }
}

/// An answer that lacks what is needed of it; a write happened all the same.
pub(super) fn incomplete(op: Op, account: &AccountName, lacks: &str) -> Fault {
    let (writes, lacks) = (op.writes(), lacks.to_owned());
    let call = Call { action: op.action().to_owned(), on: op.on, account: account.clone() };
    match writes {
        true => CallProblem::WriteIncomplete { call, lacks }.into(),
        false => CallProblem::Incomplete { call, lacks }.into(),
    }
}

/// `foreign`: what answered, if it was not AWS.
fn problem(kind: FaultKind, op: &Op, caller: Caller<'_>, message: &str, foreign: Option<ForeignAnswer>) -> CallProblem {
    let call = Call { action: op.action().to_owned(), on: op.on.clone(), account: caller.account.clone() };
    match kind {
        FaultKind::AccessDenied => {
            let Denial { principal, action, resource, explicit } = Denial::parse(message);
            let principal = principal.or_else(|| caller.principal.map(str::to_owned));
            let denied = action.unwrap_or_else(|| op.action().to_owned());
            CallProblem::NotAllowed { call, principal, denied, resource, explicit }
        }
        FaultKind::CredentialsRefused => CallProblem::CredentialsRejected { account: call.account },
        FaultKind::NotFound => CallProblem::TargetMissing { call },
        FaultKind::Throttled => CallProblem::Throttled { call },
        FaultKind::Unreachable => CallProblem::NoAnswer { call, foreign },
        FaultKind::Ambiguous => CallProblem::NoClearAnswer { call, foreign },
        FaultKind::Invalid
        | FaultKind::WrongAccount
        | FaultKind::BuildFailed
        | FaultKind::ToolMissing
        | FaultKind::Changed
        | FaultKind::Defect => CallProblem::Refused { call },
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::aws::operations::Operation;
    use crate::model::fault::call::Target;

    const PRINCIPAL: &str = "arn:aws:iam::222222222222:role/kanmon";

    fn web() -> Target {
        Target::Service { cluster: "asset-prod".into(), service: "web".into() }
    }

    fn fault_of(op: &Op, failure: Failure) -> Fault {
        fault(op, Caller { principal: Some(PRINCIPAL), account: &"prod".parse().unwrap() }, failure)
    }

    fn answer(status: u16, code: &str, message: &str, writes: bool) -> Fault {
        let operation = if writes { Operation::UpdateService } else { Operation::DescribeServices };
        let op = operation.on(web());
        let failure =
            Failure::Answer { status, code: code.into(), message: message.into(), request_id: Some("req-1".into()) };
        fault_of(&op, failure)
    }

    #[rstest]
    #[case::denied(400, "AccessDeniedException", "", FaultKind::AccessDenied)]
    #[case::denied_by_words(
        400,
        "ClientException",
        "User: a is not authorized to perform: iam:PassRole",
        FaultKind::AccessDenied
    )]
    #[case::denied_by_status(403, "SomethingNew", "", FaultKind::AccessDenied)]
    #[case::throttled(400, "ThrottlingException", "Rate exceeded", FaultKind::Throttled)]
    #[case::throttled_with_503(503, "SlowDown", "", FaultKind::Throttled)]
    #[case::two_at_once(
        400,
        "ClientException",
        "Too many concurrent attempts to create a new revision",
        FaultKind::Throttled
    )]
    #[case::expired(400, "ExpiredTokenException", "", FaultKind::CredentialsRefused)]
    #[case::unknown_key(403, "UnrecognizedClientException", "", FaultKind::CredentialsRefused)]
    #[case::bad_signature(403, "InvalidSignatureException", "", FaultKind::CredentialsRefused)]
    #[case::missing(400, "ClusterNotFoundException", "", FaultKind::NotFound)]
    #[case::bad_input(400, "InvalidParameterException", "", FaultKind::Invalid)]
    #[case::wrong_state(400, "ServiceNotActiveException", "", FaultKind::Invalid)]
    #[case::a_real_limit(400, "LimitExceededException", "", FaultKind::Invalid)]
    #[case::brand_new(400, "BrandNewException", "", FaultKind::Invalid)]
    fn codes_become_kinds(#[case] status: u16, #[case] code: &str, #[case] message: &str, #[case] expected: FaultKind) {
        for writes in [false, true] {
            assert_eq!(answer(status, code, message, writes).kind(), expected);
        }
    }

    #[rstest]
    #[case(500, "ServerException")]
    #[case(503, "ServiceUnavailable")]
    #[case(400, "RequestTimeout")]
    fn a_server_failure_makes_a_write_ambiguous_and_a_read_unanswered(#[case] status: u16, #[case] code: &str) {
        assert_eq!(answer(status, code, "", true).kind(), FaultKind::Ambiguous);
        assert_eq!(answer(status, code, "", false).kind(), FaultKind::Unreachable);
    }

    #[rstest]
    fn an_unreadable_answer_counts_as_none_whatever_its_status(
        #[values(200, 302, 401, 403, 404, 407, 502)] status: u16,
    ) {
        for (writes, expected) in [(true, FaultKind::Ambiguous), (false, FaultKind::Unreachable)] {
            let op = if writes { Operation::UpdateService } else { Operation::DescribeServices }.on(web());
            let answer = ForeignAnswer { status, why: NotFromAws::NoRequestId };
            let failure = Failure::Unreadable { answer, body: "not authorized to perform".into() };
            assert_eq!(fault_of(&op, failure).kind(), expected);
        }
    }

    #[test]
    fn a_request_that_was_never_sent_is_certain_even_for_a_write() {
        let op = Operation::UpdateService.on(web());
        assert_eq!(fault_of(&op, Failure::NotSent { why: "refused".into() }).kind(), FaultKind::Unreachable);
        assert_eq!(fault_of(&op, Failure::NoAnswer { why: "reset".into() }).kind(), FaultKind::Ambiguous);
    }

    #[test]
    fn an_unknown_code_is_kept_as_it_is() {
        let f = answer(400, "BrandNewException", "the moon is wrong", true);
        assert_eq!(f.said.as_deref(), Some("BrandNewException: the moon is wrong (request req-1)"));
        assert_eq!(f.code(), "call-refused");
    }

    #[test]
    fn a_denial_names_the_principal_and_the_action() {
        let f = answer(400, "AccessDeniedException", "", true);
        let call = Call { action: "ecs:UpdateService".into(), on: web(), account: "prod".parse().unwrap() };
        let (principal, denied) = (Some(PRINCIPAL.to_owned()), call.action.clone());
        let problem = CallProblem::NotAllowed { call, principal, denied, resource: None, explicit: false };
        assert_eq!(f.problem, problem.into());
    }
}

#[cfg(test)]
#[path = "errors_wire_tests.rs"]
mod wire_tests;
