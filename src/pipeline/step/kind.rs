//! What every kind of step defines about its form in the file.

use std::collections::BTreeMap;

use super::super::reader::Reader;
use super::super::shape::Field;
use super::super::yaml::Node;
use crate::model::ids::ServiceName;
use crate::model::step::Step;

/// A kind of step in the file: `- KEY: …`.
pub struct Kind {
    pub field: &'static Field,
    /// Reads the step from the value of its key; mistakes are reported.
    pub read: fn(&mut Reader<'_>, &Node, &mut InStage<'_>) -> Option<Step>,
}

/// The stage that a step is in.
pub struct InStage<'a> {
    pub stage: &'a str,
    /// The key of the step that is read.
    pub owner: super::super::diagnostics::Span,
    /// The line where each service of the stage is rolled.
    pub rolled: BTreeMap<ServiceName, usize>,
}

/// A step in the summary of a file.
pub trait Shown {
    fn shown(&self) -> String;
}
