//! Access to the accounts of the file.

use async_trait::async_trait;

use crate::model::approval::Identity;
use crate::model::fault::Fault;
use crate::model::pipeline::Account;
use crate::ports::fence::MaySend;

#[async_trait]
pub trait Accounts: Send + Sync {
    /// Signs in to the account, assuming its role where it has one; answers who its calls are made as, and proves that the account is the
    /// file's.
    ///
    /// # Errors
    /// `CredentialsRefused` naming the principal and the missing statement, `WrongAccount`, `Unreachable`.
    async fn enter(&self, account: &Account) -> Result<Identity, Fault>;

    /// Who the ambient credentials belong to, before any role is assumed.
    ///
    /// # Errors
    /// `CredentialsRefused` where there are none.
    async fn caller(&self, account: &Account) -> Result<Identity, Fault>;

    /// The environment variables with which another program calls this account as kanmon does: the session's credentials, which expire
    /// within hours, the region and the endpoints.
    ///
    /// # Errors
    /// As `enter`.
    async fn environment(&self, account: &Account) -> Result<Vec<(String, String)>, Fault>;

    /// From now on this is called before each attempt of a call that changes something.
    fn fence(&self, may_send: MaySend);
}
