//! The same facts, for each reader: people at a terminal, programs, other tools, and the summary at the end.

pub mod blast;
pub mod cases;
pub mod exit_codes;
pub mod exports;
pub mod fault;
pub mod json;
pub mod junit;
mod matter;
pub mod names;
pub mod paint;
pub mod plan;
pub mod story;
pub mod summary;
pub mod table;
pub mod text;
pub mod words;
mod wrap;
