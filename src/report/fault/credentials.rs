//! Credentials, profiles, and the accounts that they belong to.

use super::{joined, statement};
use crate::model::fault::credentials::{BundleNamedBy, CredentialsProblem, KeyPart, Unsendable};
use crate::report::words::Words;

pub fn words(problem: &CredentialsProblem) -> Words {
    match problem {
        CredentialsProblem::NoCredentials { account } => {
            Words::new(format!("there are no credentials for account {account}"))
                .hint("sign in with `aws sso login`, and name the profile with AWS_PROFILE or the account's `profile`")
                .hint("without a profile, export AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")
        }
        CredentialsProblem::RoleNotAllowed {
            account,
            principal,
            role,
            denied,
            resource,
            explicit,
            external_id,
            source_identity,
        } => {
            let principal = principal.as_deref();
            let who = statement::who(principal);
            Words::new(format!("{who} is not allowed to call {denied} on {role} (account {account})")).hint(
                match explicit {
                    true => statement::allow(principal, denied, resource.as_deref(), true),
                    false => statement::trust(principal, role, external_id.as_deref(), *source_identity),
                },
            )
        }
        CredentialsProblem::OfAnotherAccount { account, expected, found, arn, profile } => {
            Words::new(format!("the credentials for account {account} belong to {found}, but the file says {expected}"))
                .cause(format!("AWS identifies them as {arn}"))
                .hint(match profile {
                    Some(profile) => {
                        format!("name another profile than `{profile}` in the file, or the account's `role`")
                    }
                    None => {
                        "choose another AWS_PROFILE, or give the account its `profile` or `role` in the file".to_owned()
                    }
                })
        }
        CredentialsProblem::RoleElsewhere { account, expected, found, role } => Words::new(format!(
            "the role of account {account} is in account {}, but the file says {expected}",
            found.as_deref().unwrap_or("none")
        ))
        .hint(format!("give the role's name alone, or correct its ARN: {role}")),
        CredentialsProblem::NotPassedOn { account } => {
            Words::new(format!("the credentials for account {account} cannot be passed to another program"))
        }
        CredentialsProblem::ConfigurationUnreadable => Words::new("AWS's configuration files cannot be read"),
        CredentialsProblem::NoProfile { account, profile, there } => {
            let words = Words::new(format!("there is no profile `{profile}` for account {account}"));
            match there.is_empty() {
                true => words.hint(
                    "create a profile; AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE name the files that kanmon reads",
                ),
                false => words.hint(format!("use one of the profiles that exist: {}", joined(there))),
            }
        }
        CredentialsProblem::MfaNeeded { profile } => {
            Words::new(format!("profile `{profile}` needs MFA, and kanmon cannot ask for the code"))
                .hint("use a profile with `credential_process`, or a tool that asks for the code, such as aws-vault")
        }
        CredentialsProblem::NotSignedIn { profile } => Words::new(format!("profile `{profile}` is not signed in"))
            .hint(format!("sign in: `aws login --profile {profile}`")),
        CredentialsProblem::Unsendable { part, holds, of_environment, profile } => {
            let (variable, word) = match part {
                KeyPart::AccessKeyId => ("AWS_ACCESS_KEY_ID", "access key id"),
                KeyPart::SecretAccessKey => ("AWS_SECRET_ACCESS_KEY", "secret access key"),
                KeyPart::SessionToken => ("AWS_SESSION_TOKEN", "session token"),
            };
            let holder = match profile {
                _ if *of_environment => variable.to_owned(),
                Some(profile) => format!("the {word} of profile `{profile}`"),
                None => format!("the {word} that was found"),
            };
            let what = match holds {
                Unsendable::LineEnd => "a line end",
                Unsendable::ControlCharacter => "a control character",
            };
            Words::new(format!("{holder} contains {what}")).hint("set it again without the extra characters")
        }
        CredentialsProblem::BundleUnreadable { named_by, file } => {
            Words::new(format!("{} names {file}, which cannot be read", by(*named_by)))
        }
        CredentialsProblem::BundleEmpty { named_by, file } => {
            Words::new(format!("{} names {file}, which contains no PEM certificate", by(*named_by)))
        }
        CredentialsProblem::BundleUnusable => Words::new("the configured certificate authorities cannot be used"),
    }
}

fn by(named_by: BundleNamedBy) -> &'static str {
    match named_by {
        BundleNamedBy::Environment => "AWS_CA_BUNDLE",
        BundleNamedBy::Profile => "the profile's `ca_bundle`",
    }
}
