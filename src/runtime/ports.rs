//! Everything through which the runtime reaches outside.

use std::sync::Arc;

use super::contents_cache::ContentsCache;
use crate::ports::accounts::Accounts;
use crate::ports::approvals::PipelineApprovals;
use crate::ports::checkout::Checkout;
use crate::ports::checks::Checks;
use crate::ports::clock::Clock;
use crate::ports::deployer::Deployer;
use crate::ports::images::Images;
use crate::ports::journal::Journal;
use crate::ports::registry::Registry;
use crate::ports::scanner::Scanner;
use crate::ports::templates::Templates;

#[derive(Clone)]
pub struct Ports {
    pub accounts: Arc<dyn Accounts>,
    pub registry: Arc<dyn Registry>,
    pub scanner: Arc<dyn Scanner>,
    pub deployer: Arc<dyn Deployer>,
    pub images: Arc<dyn Images>,
    pub approvals: Arc<dyn PipelineApprovals>,
    pub checks: Arc<dyn Checks>,
    pub templates: Arc<dyn Templates>,
    pub checkout: Arc<dyn Checkout>,
    pub journal: Arc<dyn Journal>,
    pub clock: Arc<dyn Clock>,
    /// What this process has read of images.
    pub contents: Arc<ContentsCache>,
}
