//! Whether a digest has been scanned, and what was found.

use async_trait::async_trait;

use crate::model::event::PushedImage;
use crate::model::fault::Fault;
use crate::model::finding::{ScanReading, ScanType};
use crate::model::pipeline::Account;

#[async_trait]
pub trait Scanner: Send + Sync {
    /// Which scanner the repository has, and whether it scans at all.
    ///
    /// # Errors
    /// `Invalid` where nothing would ever be scanned (Inspector off, scan frequency MANUAL under enhanced scanning).
    async fn preflight(&self, account: &Account, repository: &str) -> Result<ScanType, Fault>;

    /// One reading of a digest's scan, all platform children together; a basic scan is started where nothing has.
    async fn read(&self, account: &Account, repository: &str, image: &PushedImage) -> Result<ScanReading, Fault>;
}
