//! What every kind of step does in a stage's walk. No method has a default.

use crate::engine::agenda::{Agenda, Flow};
use crate::model::effect::StepRef;
use crate::model::pipeline::Stage;

pub trait Walk {
    /// Does what is next; `Ok`: the step is done.
    fn walk(&self, a: &mut Agenda<'_>, stage: &Stage, at: &StepRef) -> Flow;
    /// Whether it ran something other than a service.
    fn ran(&self) -> bool;
    /// Whether it ended without a result about what runs.
    fn is_unknown(&self) -> bool;
}
