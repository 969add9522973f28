//! A role's credentials, through `sts:AssumeRole` called by ourselves: the SDK's own provider cannot set a source identity.

use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{self, ProvideCredentials, future};
use aws_sdk_sts::Client;

use super::arn;
use super::denial::Denial;
use super::errors::{self, Caller, Failure};
use super::operations::Operation;
use crate::model::fault::call::Target;
use crate::model::fault::credentials::CredentialsProblem;
use crate::model::fault::{Fault, FaultKind};
use crate::model::pipeline::Account;

/// Role chaining caps a session at an hour; asking for more would be refused where the caller is itself a role.
const SESSION_SECONDS: i32 = 3600;

/// Assumes the account's role with the caller's own credentials. What it hands out is cached and asked again before it expires by
/// the SDK's identity cache.
#[derive(Debug)]
pub(super) struct AssumedRole {
    /// Signs with the ambient credentials.
    pub sts: Client,
    pub account: Account,
    pub role_arn: String,
    pub session_name: String,
    pub source_identity: Option<String>,
}

impl AssumedRole {
    async fn assume(&self) -> provider::Result {
        let answer = self
            .sts
            .assume_role()
            .role_arn(&self.role_arn)
            .role_session_name(&self.session_name)
            .set_source_identity(self.source_identity.clone())
            .set_external_id(self.account.external_id.clone())
            .duration_seconds(SESSION_SECONDS)
            .send()
            .await;
        let answer = match answer {
            Ok(answer) => answer,
            Err(error) => return Err(CredentialsError::provider_error(self.refused(errors::failure(error)).await)),
        };
        let unread = |lacks: &str| {
            let op = Operation::AssumeRole.on(self.target());
            CredentialsError::provider_error(errors::incomplete(op, &self.account.name, lacks))
        };
        let credentials = answer.credentials().ok_or_else(|| unread("Credentials"))?;
        let expiry = credentials.expiration().to_owned().try_into().map_err(|_| unread("Expiration"))?;
        // The SDK assumes that they can be sent in a header.
        let visible = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_graphic());
        if ![credentials.access_key_id(), credentials.secret_access_key(), credentials.session_token()]
            .into_iter()
            .all(visible)
        {
            return Err(unread("Credentials"));
        }
        let builder = Credentials::builder()
            .access_key_id(credentials.access_key_id())
            .secret_access_key(credentials.secret_access_key())
            .session_token(credentials.session_token())
            .expiry(expiry)
            .provider_name("kanmon-assume-role");
        Ok(builder.build())
    }

    /// Who is not allowed to assume which role, as a fault.
    async fn refused(&self, failure: Failure) -> Fault {
        let op = Operation::AssumeRole.on(self.target());
        let Failure::Answer { code, message, .. } = &failure else {
            return errors::fault(&op, Caller { principal: None, account: &self.account.name }, failure);
        };
        let denial = Denial::parse(message);
        let principal = match &denial.principal {
            Some(principal) => Some(principal.clone()),
            None => self.principal().await,
        };
        let caller = Caller { principal: principal.as_deref(), account: &self.account.name };
        let base = errors::fault(&op, caller, failure.clone());
        if base.kind() != FaultKind::AccessDenied {
            return base;
        }
        let said = format!("{code}: {message}");
        Fault::from(CredentialsProblem::RoleNotAllowed {
            account: self.account.name.clone(),
            principal,
            role: self.role_arn.clone(),
            denied: denial.action.unwrap_or_else(|| op.action().to_owned()),
            resource: denial.resource,
            explicit: denial.explicit,
            external_id: self.account.external_id.clone(),
            source_identity: self.source_identity.is_some(),
        })
        .said(said)
    }

    /// The caller's ARN, read only to report a refusal.
    async fn principal(&self) -> Option<String> {
        self.sts.get_caller_identity().send().await.ok()?.arn().map(str::to_owned)
    }

    fn target(&self) -> Target {
        Target::Role { arn: self.role_arn.clone() }
    }
}

impl ProvideCredentials for AssumedRole {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(self.assume())
    }
}

/// A text as STS takes it for session names and source identities: 2–64 of `[\w+=,.@-]`.
pub(super) fn sts_name(text: &str) -> String {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c);
    let mut name: String = text.chars().map(|c| if allowed(c) { c } else { '-' }).take(64).collect();
    while name.len() < 2 {
        name.push('-');
    }
    name
}

/// A role's ARN that belongs to another account than the file's is refused before any call.
pub(super) fn role_arn(account: &Account, role: &str) -> Result<String, Fault> {
    let arn = arn::role(account, role);
    match arn::account_of(&arn) {
        Some(id) if id == account.id.as_str() => Ok(arn),
        other => Err(CredentialsProblem::RoleElsewhere {
            account: account.name.clone(),
            expected: account.id.clone(),
            found: other.map(str::to_owned),
            role: arn.clone(),
        }
        .into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_made_fit_for_sts() {
        assert_eq!(sts_name("r20260131-094500-1a2b3c"), "r20260131-094500-1a2b3c");
        assert_eq!(sts_name("Ann Ōta <ann@x.example>"), "Ann--ta--ann@x.example-");
        assert_eq!(sts_name("x"), "x-");
        assert_eq!(sts_name(&"é".repeat(99)), "-".repeat(64));
    }
}
