//! Asking whether a stage works.

use async_trait::async_trait;

use crate::model::check_result::CheckResult;
use crate::model::fault::Fault;
use crate::model::step::check::Check;
use crate::model::verdict::Verdict;

/// What a check found: pass, fail, or unknown where it could not be asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    pub verdict: Verdict,
    pub result: CheckResult,
}

#[async_trait]
pub trait Checks: Send + Sync {
    /// `vars` are set for commands as environment variables (`KANMON_STAGE`, `KANMON_DIGEST_…`, and the credentials of the account
    /// that the file names).
    async fn check(&self, check: &Check, vars: &[(String, String)]) -> Checked;

    /// Whether a check could be made at all, looked at before anything is touched.
    ///
    /// # Errors
    /// `ToolMissing`: a program that cannot be run, or an address that is never asked.
    fn preflight(&self, _check: &Check) -> Result<(), Fault> {
        Ok(())
    }
}
