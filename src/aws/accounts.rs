//! `ports::accounts` over STS.

use std::sync::Arc;

use async_trait::async_trait;

use super::session::Sessions;
use crate::model::approval::Identity;
use crate::model::fault::Fault;
use crate::model::pipeline::Account;
use crate::ports::accounts::Accounts;

pub struct AwsAccounts {
    sessions: Arc<Sessions>,
}

impl AwsAccounts {
    pub fn new(sessions: Arc<Sessions>) -> AwsAccounts {
        AwsAccounts { sessions }
    }
}

#[async_trait]
impl Accounts for AwsAccounts {
    async fn enter(&self, account: &Account) -> Result<Identity, Fault> {
        Ok(self.sessions.enter(account).await?.identity().clone())
    }

    async fn caller(&self, account: &Account) -> Result<Identity, Fault> {
        self.sessions.caller(account).await
    }
}
