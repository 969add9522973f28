//! Whether a digest has been scanned, and what was found.

use async_trait::async_trait;
use jiff::Timestamp;

use crate::model::fault::Fault;
use crate::model::finding::{ScanReading, ScanType};
use crate::model::ids::Digest;
use crate::model::pipeline::Account;

#[async_trait]
pub trait Scanner: Send + Sync {
    /// Which scanner the repository has, and whether it scans at all.
    ///
    /// # Errors
    /// `Invalid` where nothing would ever be scanned (Inspector off, scan frequency MANUAL under enhanced scanning).
    async fn preflight(&self, account: &Account, repository: &str) -> Result<ScanType, Fault>;

    /// One reading of the scans of these digests, together; a basic scan is started where nothing has. A scan of before
    /// `pushed_at` counts only where the registry itself says that the digest was there by then.
    async fn read(
        &self,
        account: &Account,
        repository: &str,
        digests: &[Digest],
        pushed_at: Timestamp,
    ) -> Result<ScanReading, Fault>;
}
