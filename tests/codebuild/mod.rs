//! `buildspec.yml`, run as CodeBuild would run it. Each build has a container-like environment and its own checkout, and is driven by the
//! sandbox's CodePipeline. Left out with a message if moto is missing; a failure with `KANMON_PEERS=required`.

mod a_changed_plan;
mod a_gate_that_blocks;
mod a_rejected_build;
mod a_suspended_build;
mod container;
mod container_tests;
mod the_binary;
mod two_builds;
mod world;
