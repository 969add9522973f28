//! The pipeline file: from YAML to the resolved `model::pipeline::Pipeline`, with every mistake reported at once.

mod accounts;
mod approvals;
pub mod diagnostics;
mod duration;
mod ecs_name;
mod files;
mod find;
mod gates;
mod images;
mod json;
mod json_schema;
mod load;
mod lookalike;
mod parts;
mod reader;
mod resolve;
mod schema;
mod shape;
mod stages;
mod step;
mod summary;
mod taskdef;
mod template_check;
pub mod templates;
mod text;
mod workloads;
mod yaml;

#[cfg(test)]
mod tests;

pub use diagnostics::{Diagnostic, Diagnostics};
pub use find::find;
pub use load::{Loaded, load};
pub use schema::schema;
