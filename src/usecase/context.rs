//! What every use case needs: the pipeline file, the journal, the clock, this process's identity, and access to AWS.

use std::sync::Arc;

use super::environment::Environment;
use crate::model::notice::Notice;
use crate::model::pipeline::Pipeline;
use crate::ports::clock::Clock;
use crate::ports::journal::{Holder, Journal};
use crate::runtime::ports::Ports;

/// The context of one process, of a person or a build, in a checkout.
#[derive(Clone)]
pub struct Context {
    /// The pipeline file of this checkout.
    pub pipeline: Pipeline,
    pub journal: Arc<dyn Journal>,
    pub clock: Arc<dyn Clock>,
    /// What this process runs in.
    pub environment: Environment,
    /// This process as a holder of leases.
    pub holder: Holder,
    pub accounts: Arc<dyn Connect>,
    pub notices: Arc<dyn Notices>,
}

impl Context {
    /// The ports, entering accounts under this session name and, where it is given, as this person.
    pub fn ports(&self, session_name: &str, source_identity: Option<String>) -> Ports {
        self.accounts.ports(session_name, source_identity)
    }

    pub fn notice(&self, notice: Notice) {
        self.notices.notice(&notice);
    }
}

/// Access to everything outside, with this process's credentials.
pub trait Connect: Send + Sync {
    /// Ports whose sessions have this name and source identity. Their journal and clock are the context's.
    fn ports(&self, session_name: &str, source_identity: Option<String>) -> Ports;
}

/// Receives what a use case reports while it continues.
pub trait Notices: Send + Sync {
    fn notice(&self, notice: &Notice);
}
