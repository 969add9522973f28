//! What a person does with releases, each in one file: begin one, resume it, promote it, answer, abort, freeze, break a lock, plan.
//!
//! A use case takes values and returns data. It parses no command line, prints nothing and knows no terminal, so that the command line and the tests use
//! the same code.

pub mod abort;
pub mod answer;
pub mod begin;
pub mod break_lock;
pub mod codepipeline_question;
pub mod context;
mod delivery;
pub mod environment;
pub mod error;
mod execution;
pub mod file_identity;
pub mod follow;
pub mod freeze;
mod freeze_warnings;
pub mod identity;
pub mod pending;
pub mod plan;
pub mod promote;
pub mod question;
pub mod records;
pub mod remote;
mod requester;
pub mod resume;
pub mod review;
mod still_runs;
mod take_up;
mod unread_rejections;
pub mod watch;
pub mod withdraw;
pub mod work;
