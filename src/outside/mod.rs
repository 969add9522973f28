//! What a pipeline file names outside of kanmon and AWS: programs, and addresses. Whether they may be used, and how programs are run.

pub mod address;
pub mod authorities;
pub mod program;
pub mod run;
