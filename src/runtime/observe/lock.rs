//! A stage's lease, once it can be had.

use crate::model::event::Fact;
use crate::model::fault::{Fault, FaultKind};
use crate::model::ids::StageName;
use crate::model::release::Release;
use crate::ports::journal::{JournalError, Lease};
use crate::runtime::ports::Ports;

pub async fn observe(ports: &Ports, release: &Release, lease: &Lease, stage: &StageName) -> Result<Vec<Fact>, Fault> {
    let app = &release.started.pipeline.app;
    match ports.journal.lock_stage(app, stage, lease, ports.clock.now()).await {
        Ok(fence) => Ok(vec![Fact::StageLocked { stage: stage.clone(), fence }]),
        Err(JournalError::Held { .. }) => Ok(vec![]),
        Err(error) => Err(Fault::new(FaultKind::Unreachable, format!("{stage} could not be locked: {error}"))),
    }
}
