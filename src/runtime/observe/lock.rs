//! A stage's lease, taken once it is free.

use crate::model::event::Fact;
use crate::model::fault::Fault;
use crate::model::fault::own::OwnProblem;
use crate::model::ids::StageName;
use crate::model::release::Release;
use crate::ports::journal::{JournalError, Lease};
use crate::runtime::lease_takeover::HeartbeatObserver;
use crate::runtime::ports::Ports;

/// From a holder that has ended it is taken once its heartbeat has not changed for as long as a lease lasts, by this process's clock.
pub async fn observe(
    ports: &Ports,
    release: &Release,
    lease: &Lease,
    stage: &StageName,
    observer: &mut HeartbeatObserver,
) -> Result<Vec<Fact>, Fault> {
    let app = &release.started.pipeline.app;
    let stale = observer.stale(ports.clock.uptime());
    match ports.journal.lock_stage(app, stage, lease, stale, ports.clock.now()).await {
        Ok(fence) => Ok(vec![Fact::StageLocked { stage: stage.clone(), fence }]),
        Err(JournalError::Held { heartbeat, .. }) => {
            observer.saw(heartbeat, ports.clock.uptime());
            Ok(vec![])
        }
        Err(error) => Err(OwnProblem::NotLocked { stage: stage.clone(), because: Box::new(error) }.into()),
    }
}
