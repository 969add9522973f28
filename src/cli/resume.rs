//! `resume`: continues where a process stopped.

use super::args::{Global, ResumeArgs};
use super::env_file;
use super::failure::Failure;
use super::output::Output;
use super::run_release::run_release;
use super::{context, records};
use crate::model::exit_code::ExitCode;
use crate::usecase::resume::{only_one, resume};

pub async fn run(global: &Global, output: &Output, args: ResumeArgs) -> Result<ExitCode, Failure> {
    env_file::prepare(global)?;
    let context = context::open(global, output)?;
    let id = match args.release {
        Some(id) => id,
        None => {
            let all = records::all(&context, usize::MAX).await?;
            records::warn(&all, output);
            only_one(all.recorded)?
        }
    };
    run_release(resume(&context, &id, args.execution.as_deref()).await?, global, output).await
}
