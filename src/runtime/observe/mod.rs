//! Watching what changes by itself. A reading without anything new yields no fact.

pub mod approval;
mod check;
mod lock;
mod roll;
mod run;
mod scan;
mod step;

use self::step::ObserveStep;
use crate::engine::decision::Watch;
use crate::model::event::Fact;
use crate::model::fault::Fault;
use crate::model::fault::own::Lack;
use crate::model::release::Release;
use crate::model::step::{StepState, each};
use crate::ports::journal::Lease;
use crate::runtime::lease_takeover::HeartbeatObserver;
use crate::runtime::ports::Ports;
use crate::runtime::recorded::defect;

/// One reading: what is new in it, against the release as it stands.
pub async fn observe(
    ports: &Ports,
    release: &Release,
    lease: &Lease,
    watch: &Watch,
    observer: &mut HeartbeatObserver,
) -> Result<Vec<Fact>, Fault> {
    match watch {
        Watch::Scan { image, account } => scan::observe(ports, release, image, account).await,
        Watch::Approval { stage } => approval::observe(ports, release, stage).await,
        Watch::Lock { stage } => lock::observe(ports, release, lease, stage, observer).await,
        Watch::Step { at, part } => {
            let state = release.step(at).ok_or_else(|| defect(Lack::Stage))?;
            each!(state, StepState, state => state.observe(ports, release, at, part).await)
        }
    }
}
