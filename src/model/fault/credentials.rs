//! Credentials and profiles that are not usable, or belong to another account than the file names.

use serde::{Deserialize, Serialize};

use crate::model::ids::{AccountId, AccountName};

/// One of the three parts of a set of credentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeyPart {
    AccessKeyId,
    SecretAccessKey,
    SessionToken,
}

/// What the header of a request cannot contain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unsendable {
    LineEnd,
    ControlCharacter,
}

/// Where the CA bundle is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BundleNamedBy {
    /// `AWS_CA_BUNDLE`.
    Environment,
    /// `ca_bundle` of a profile.
    Profile,
}

problems! {
    /// What is wrong with the credentials of an account.
    Credentials => CredentialsProblem {
        NoCredentials { account: AccountName } = "no-credentials", CredentialsRefused;
        /// `denied`: `sts:AssumeRole`, or an action that it needs. `principal`: who was denied, where known.
        RoleNotAllowed {
            account: AccountName,
            #[serde(default, skip_serializing_if = "Option::is_none")]
            principal: Option<String>,
            role: String,
            denied: String,
            #[serde(default, skip_serializing_if = "Option::is_none")]
            resource: Option<String>,
            #[serde(default, skip_serializing_if = "std::ops::Not::not")]
            explicit: bool,
            #[serde(default, skip_serializing_if = "Option::is_none")]
            external_id: Option<String>,
            /// Whether the session gets a source identity, which needs a separate permission.
            source_identity: bool,
        } = "role-not-allowed", CredentialsRefused;
        /// The credentials belong to another account.
        OfAnotherAccount {
            account: AccountName,
            expected: AccountId,
            found: AccountId,
            arn: String,
            #[serde(default, skip_serializing_if = "Option::is_none")]
            profile: Option<String>,
        } = "wrong-account", WrongAccount;
        /// The role that the file names is in another account than the file says.
        RoleElsewhere {
            account: AccountName,
            expected: AccountId,
            #[serde(default, skip_serializing_if = "Option::is_none")]
            found: Option<String>,
            role: String,
        } = "role-in-another-account", WrongAccount;
        NotPassedOn { account: AccountName } = "credentials-not-available", CredentialsRefused;
        ConfigurationUnreadable = "aws-configuration-unreadable", CredentialsRefused;
        NoProfile { account: AccountName, profile: String, there: Vec<String> } = "no-such-profile", CredentialsRefused;
        MfaNeeded { profile: String } = "profile-needs-mfa", CredentialsRefused;
        NotSignedIn { profile: String } = "profile-not-signed-in", CredentialsRefused;
        /// The credentials cannot be sent in a request. They are of the environment, of a profile, or from elsewhere.
        Unsendable {
            part: KeyPart,
            holds: Unsendable,
            of_environment: bool,
            #[serde(default, skip_serializing_if = "Option::is_none")]
            profile: Option<String>,
        } = "credentials-malformed", CredentialsRefused;
        BundleUnreadable { named_by: BundleNamedBy, file: String } = "ca-bundle-unreadable", ToolMissing;
        BundleEmpty { named_by: BundleNamedBy, file: String } = "ca-bundle-without-certificate", ToolMissing;
        BundleUnusable = "ca-bundle-unusable", ToolMissing;
    }
}
