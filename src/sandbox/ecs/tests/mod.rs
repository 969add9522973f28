//! Stories and laws of the model, each told through its API.

mod alarms;
mod api;
mod compatibility;
mod creation;
mod deployments;
mod early_success;
mod endings;
mod healthy;
mod history;
mod laws;
mod refusals;
mod rig;
mod run_task;
mod scale;
mod strategies;
