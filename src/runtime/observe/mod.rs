//! Watching what moves by itself. A reading that says nothing new says nothing.

pub mod approval;
mod lock;
mod rollout;
mod scan;
mod task;

use crate::engine::decision::Watch;
use crate::model::event::Fact;
use crate::model::fault::Fault;
use crate::model::release::Release;
use crate::ports::journal::Lease;
use crate::runtime::hold::Observer;
use crate::runtime::ports::Ports;

/// One reading: what is new in it, against the release as it stands.
pub async fn observe(
    ports: &Ports,
    release: &Release,
    lease: &Lease,
    watch: &Watch,
    observer: &mut Observer,
) -> Result<Vec<Fact>, Fault> {
    match watch {
        Watch::Scan { image, account } => scan::observe(ports, release, image, account).await,
        Watch::Approval { stage } => approval::observe(ports, release, stage).await,
        Watch::Lock { stage } => lock::observe(ports, release, lease, stage, observer).await,
        Watch::Task { at, task } => task::observe(ports, release, at, task).await,
        Watch::Rollout { at, service } => rollout::observe(ports, release, at, service).await,
        Watch::Restore { at, service } => rollout::observe_restore(ports, release, at, service).await,
    }
}
