//! Getting into an account.

use async_trait::async_trait;

use crate::model::approval::Identity;
use crate::model::fault::Fault;
use crate::model::pipeline::Account;
use crate::ports::fence::MaySend;

#[async_trait]
pub trait Accounts: Send + Sync {
    /// Who the calls into this account are made as, its role assumed where it has one; proves that the account is the file's.
    ///
    /// # Errors
    /// `CredentialsRefused` naming the principal and the missing statement, `WrongAccount`, `Unreachable`.
    async fn enter(&self, account: &Account) -> Result<Identity, Fault>;

    /// Who the ambient credentials belong to, before any role is assumed.
    ///
    /// # Errors
    /// `CredentialsRefused` where there are none.
    async fn caller(&self, account: &Account) -> Result<Identity, Fault>;

    /// The environment variables by which another program gets into this account as kanmon does: its session's credentials, which
    /// expire within hours, its region and its endpoints.
    ///
    /// # Errors
    /// As `enter`.
    async fn environment(&self, account: &Account) -> Result<Vec<(String, String)>, Fault>;

    /// From now on this is asked at each attempt of a call that changes what runs.
    fn fence(&self, may_send: MaySend);
}
