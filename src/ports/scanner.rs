//! Whether a digest has been scanned, and what was found.

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};

use crate::model::fault::Fault;
use crate::model::finding::{ScanReading, ScanType};
use crate::model::ids::Digest;
use crate::model::pipeline::Account;

/// Which scans count, and what to do where none does.
#[derive(Debug, Clone, Copy)]
pub struct Wanted {
    /// When the image was pushed, as far as the release knows; `None`: only the registry knows.
    pub pushed_at: Option<Timestamp>,
    pub now: Timestamp,
    /// How old a scan may be.
    pub max_age: SignedDuration,
    pub where_none: WhereNone,
}

/// What to do where no scan counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhereNone {
    /// A basic scan is started.
    Start,
    /// Nothing is started.
    Look,
}

impl Wanted {
    /// Whether a scan of this time is too old.
    pub fn is_too_old(&self, at: Timestamp) -> bool {
        self.now.duration_since(at) > self.max_age
    }
}

#[async_trait]
pub trait Scanner: Send + Sync {
    /// Which scanner the repository has, and whether it scans at all.
    ///
    /// # Errors
    /// `Invalid` where nothing would ever be scanned (Inspector off, scan frequency MANUAL under enhanced scanning).
    async fn preflight(&self, account: &Account, repository: &str) -> Result<ScanType, Fault>;

    /// One reading of the scans of these digests, together. A scan from before `pushed_at` counts only where the registry itself says that
    /// it had the digest by then.
    ///
    /// # Errors
    /// `AccessDenied` also where nobody knows when a digest was pushed.
    async fn read(
        &self,
        account: &Account,
        repository: &str,
        digests: &[Digest],
        wanted: &Wanted,
    ) -> Result<ScanReading, Fault>;
}
