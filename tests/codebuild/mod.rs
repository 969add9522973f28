//! `buildspec.yml`, run as CodeBuild would. Each build in a container-like environment and a checkout of its own, driven by the
//! sandbox's CodePipeline; left out, aloud, where moto is missing, and with `KANMON_PEERS=required` a failure.

mod a_changed_plan;
mod a_gate_that_blocks;
mod a_rejected_build;
mod a_suspended_build;
mod container;
mod how_it_runs;
mod how_kanmon_comes;
mod rig;
mod two_builds;
