//! AWS CodePipeline.
