//! Stories and laws of the model, each told through its API.

mod alarms;
mod api;
mod creation;
mod deployments;
mod early_success;
mod endings;
mod fit;
mod healthy;
mod history;
mod laws;
mod one_off;
mod refusals;
mod rig;
mod scale;
mod strategies;
