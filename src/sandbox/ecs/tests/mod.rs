//! Stories and properties of the model, through its API.

mod alarms;
mod api;
mod compatibility;
mod creation;
mod deployments;
mod early_success;
mod endings;
mod healthy;
mod history;
mod properties;
mod refusals;
mod rig;
mod run_task;
mod scale;
mod strategies;
