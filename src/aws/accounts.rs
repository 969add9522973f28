//! `ports::accounts` over STS.

use async_trait::async_trait;

use super::session::Sessions;
use crate::model::approval::Identity;
use crate::model::fault::Fault;
use crate::model::pipeline::Account;
use crate::ports::accounts::Accounts;
use crate::ports::fence::MaySend;

#[async_trait]
impl Accounts for Sessions {
    async fn enter(&self, account: &Account) -> Result<Identity, Fault> {
        Ok(self.session(account).await?.identity().clone())
    }

    async fn caller(&self, account: &Account) -> Result<Identity, Fault> {
        self.ambient_identity(account).await
    }

    async fn environment(&self, account: &Account) -> Result<Vec<(String, String)>, Fault> {
        self.session(account).await?.environment().await
    }

    fn fence(&self, may_send: MaySend) {
        self.set_fence(may_send);
    }
}
