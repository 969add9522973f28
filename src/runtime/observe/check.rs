//! A check, which does not change by itself.

use super::step::ObserveStep;
use crate::model::effect::StepRef;
use crate::model::event::Fact;
use crate::model::fault::Fault;
use crate::model::release::Release;
use crate::model::step::check::CheckState;
use crate::model::step::part::StepPart;
use crate::runtime::ports::Ports;

impl ObserveStep for CheckState {
    async fn observe(&self, _: &Ports, _: &Release, _: &StepRef, _: &StepPart) -> Result<Vec<Fact>, Fault> {
        Ok(Vec::new())
    }
}
