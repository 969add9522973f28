//! Stories and laws of the model, each told through its API.

mod api;
mod deployments;
mod laws;
mod one_off;
mod rig;
