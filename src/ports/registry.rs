//! ECR as the owner of repositories.

use async_trait::async_trait;

use super::images::Access;
use crate::model::fault::Fault;
use crate::model::pipeline::Account;

/// A repository, as `DescribeRepositories` reports it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repository {
    /// From ECR's answer, never put together here.
    pub uri: String,
    pub immutable_tags: bool,
}

#[async_trait]
pub trait Registry: Send + Sync {
    /// # Errors
    /// `NotFound` with the nearest repository's name.
    async fn repository(&self, account: &Account, name: &str) -> Result<Repository, Fault>;

    /// The repository with a fresh login (`GetAuthorizationToken`).
    async fn access(&self, account: &Account, name: &str) -> Result<Access, Fault>;
}
