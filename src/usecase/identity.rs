//! Identities, by the credentials of this process.

use crate::model::approval::{Identity, Requester};
use crate::model::arn;
use crate::model::fault::Fault;
use crate::model::pipeline::Account;
use crate::runtime::ports::Ports;

/// The owner of the current credentials, read through this account's endpoint and profile.
pub async fn caller(ports: &Ports, account: &Account) -> Result<Identity, Fault> {
    ports.accounts.caller(account).await
}

/// The account as a person enters it: with their own credentials, never through a shared role.
pub fn own(account: &Account) -> Account {
    Account { role: None, external_id: None, ..account.clone() }
}

/// A person's name as a valid `SourceIdentity`: 2 to 64 of `[\w+=,.@-]`, from the end of the ARN.
pub fn source_identity(identity: &Identity) -> Option<String> {
    let name: String = arn::last(&identity.arn)
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || "_+=,.@-".contains(c) { c } else { '-' })
        .take(64)
        .collect();
    (name.len() >= 2).then_some(name)
}

/// The source identity of a requester's calls.
pub fn of(requester: &Requester) -> Option<String> {
    match requester {
        Requester::Person { identity } => source_identity(identity),
        // A build's credentials are the pipeline's or a machine's: they do not identify a person.
        Requester::Pipeline { .. } | Requester::Unknown { .. } => None,
    }
}
