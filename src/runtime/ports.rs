//! Everything through which the runtime reaches outside.

use std::sync::Arc;

use super::contents_cache::ContentsCache;
use crate::ports::accounts::Accounts;
use crate::ports::approvals::PipelineApprovals;
use crate::ports::checkout::Checkout;
use crate::ports::checks::Checks;
use crate::ports::clock::Clock;
use crate::ports::deployer::Deployer;
use crate::ports::fence::MaySend;
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

impl Ports {
    /// Whatever changes something in AWS or in a registry asks this first, from now on. It names every port: a new one does not
    /// compile until it is decided here whether it writes.
    pub fn set_fence(&self, may_send: MaySend) {
        let Ports {
            // Everything that is sent to AWS goes through the sessions of these, and `aws::operations` says what of it is fenced.
            accounts,
            registry: _,
            scanner: _,
            deployer: _,
            approvals: _,
            images,
            // Commands of the file, which kanmon cannot stop between their own calls.
            checks: _,
            // Reading, in this process or on this machine.
            templates: _,
            checkout: _,
            clock: _,
            contents: _,
            // Each of its writes has the lease as a condition in the same transaction.
            journal: _,
        } = self;
        accounts.fence(may_send.clone());
        images.fence(may_send);
    }
}
