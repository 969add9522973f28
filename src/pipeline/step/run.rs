//! `run: TASK`

use super::kind::{Kind, Shown};
use crate::model::ids::TaskName;
use crate::model::step::Step;
use crate::model::step::run::Run;
use crate::pipeline::reader::Section;
use crate::pipeline::shape::{Field, Shape, may};

pub const FIELD: Field = may("run", Shape::Text, "a task to run once");

pub static KIND: Kind = Kind {
    field: &FIELD,
    read: |reader, node, _| Some(Step::Run(Run { task: reader.refer::<TaskName>(Section::Tasks, node)? })),
};

impl Shown for Run {
    fn shown(&self) -> String {
        format!("run {}", self.task)
    }
}
