//! What every kind of step does in a stage's walk. No method has a default.

use crate::engine::agenda::{Agenda, Flow};
use crate::model::effect::StepRef;
use crate::model::pipeline::Stage;

pub trait Walk {
    /// What is to be done next; `Ok`: the step is done.
    fn walk(&self, a: &mut Agenda<'_>, stage: &Stage, at: &StepRef) -> Flow;
    /// Whether something was run that is not a service.
    fn ran(&self) -> bool;
    /// Whether it ended without knowing whether what runs works.
    fn is_unknown(&self) -> bool;
}
