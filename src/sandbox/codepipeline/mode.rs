//! How executions of a pipeline get on with each other.

/// `executionMode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// A waiting execution makes way for a newer one.
    Superseded,
    /// Executions wait in line before each stage.
    Queued,
    /// Executions know nothing of each other.
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
