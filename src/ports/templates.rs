//! Task-definition templates of the repository, rendered with a stage's values.

use serde_json::Value;

use crate::model::fault::Fault;
use crate::model::pipeline::{FileRef, Pipeline, Stage};

pub trait Templates: Send + Sync {
    /// # Errors
    /// `Changed` where a file is not the one the release started with, `Invalid` where it cannot be rendered.
    fn render(&self, template: &FileRef, pipeline: &Pipeline, stage: &Stage) -> Result<Value, Fault>;
}
