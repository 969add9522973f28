//! A stage's steps, watched: one file for each kind.

use crate::model::effect::StepRef;
use crate::model::event::Fact;
use crate::model::fault::Fault;
use crate::model::release::Release;
use crate::model::step::part::StepPart;
use crate::runtime::ports::Ports;

/// A kind of step that may change by itself.
pub(super) trait ObserveStep {
    /// One reading of a part: what is new in it.
    async fn observe(
        &self,
        ports: &Ports,
        release: &Release,
        at: &StepRef,
        part: &StepPart,
    ) -> Result<Vec<Fact>, Fault>;
}
