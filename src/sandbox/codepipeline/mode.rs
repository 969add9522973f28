//! How executions of a pipeline affect each other.

/// `executionMode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// A newer execution replaces a waiting one.
    Superseded,
    /// Executions wait in line before each stage.
    Queued,
    /// Executions are independent of each other.
    Parallel,
}

impl Mode {
    pub fn name(self) -> &'static str {
        match self {
            Mode::Superseded => "SUPERSEDED",
            Mode::Queued => "QUEUED",
            Mode::Parallel => "PARALLEL",
        }
    }
}
