//! The same facts, for each reader: people at a terminal, programs, other tools, and the summary at the end.

pub mod blast;
mod case_key;
pub mod cases;
pub mod exit_codes;
pub mod exports;
pub mod fault;
mod held;
pub mod json;
pub mod junit;
mod line;
pub mod names;
pub mod notice;
pub mod paint;
pub mod plan;
pub mod refusal;
mod step;
pub mod story;
pub mod summary;
pub mod table;
pub mod text;
pub mod words;
mod wrap;
