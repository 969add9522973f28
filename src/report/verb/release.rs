//! What the verbs that work on a release print beside its events.

use std::fmt::Display;

use crate::model::ids::ImageName;
use crate::report::words::Words;

/// The first signal to stop.
pub const STOPPING: &str = "stopping after the current call; press Ctrl-C again to quit immediately";

/// Two references for one image.
pub fn image_given_twice(name: &ImageName) -> Words {
    Words::new(format!("`--image {name}=…` is given twice"))
}

/// CodePipeline has started an execution, which kanmon follows.
pub fn remote(pipeline: &str, execution: &str) -> String {
    format!("CodePipeline {pipeline} runs as execution {execution}; Ctrl-C stops following it, not the pipeline")
}

/// The status of a followed execution.
pub fn remote_status(execution: &str, status: impl Display) -> String {
    format!("{execution}: {status}")
}
