//! kanmon (関門): carries a release from commit to production on Amazon ECS.
//!
//! A release is a list of facts in a journal; `model` folds them, `engine` decides what to do next, `runtime` does it
//! through `ports`, and everything else stands at the edge.

// A variant that is added has to be met by every match on its enum. Tests may look for one of many.
#![cfg_attr(not(test), deny(clippy::wildcard_enum_match_arm, clippy::match_wildcard_for_single_variants))]

pub mod aws;
pub mod cli;
pub mod engine;
pub mod image;
pub mod journal;
pub mod local;
pub mod model;
pub mod outside;
pub mod pipeline;
pub mod ports;
pub mod report;
pub mod runtime;
pub mod sandbox;
pub mod shapes;
pub mod usecase;
