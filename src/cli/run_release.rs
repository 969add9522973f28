//! Working on a release until it ends or this process leaves it: shared by `release`, `promote`, `resume` and `abort`.

use std::io::Write as _;

use indicatif::MultiProgress;

use super::args::Global;
use super::failure::Failure;
use super::output::Output;
use super::{env_file, sinks};
use crate::model::exit_code::ExitCode;
use crate::model::ids::ReleaseId;
use crate::report::summary;
use crate::report::verb::release::STOPPING;
use crate::runtime::runner::RunError;
use crate::runtime::stop::{self, Stopper};
use crate::usecase::work::{UnderWay, Worked};

/// Works on a release that this process has locked; prints what happens.
pub async fn run_release(taken: UnderWay, global: &Global, output: &Output) -> Result<ExitCode, Failure> {
    let id = taken.release().id.clone();
    if let Some(file) = &global.env_file {
        // The file names the release even if this process is killed.
        env_file::write(file, taken.release(), None)?;
    }
    let worked = {
        let mut sink = sinks::sink(output, global.verbose);
        let (stopper, stop) = stop::channel();
        let signals = tokio::spawn(listen(stopper, output.bars.clone()));
        let worked = taken.work(sink.as_mut(), stop).await;
        signals.abort();
        worked.map_err(|error| stopped(&id, error))?
    };
    let Worked { ending, release } = worked;
    if output.form == super::args::Form::Human {
        // The hints are about state that will be deleted.
        let hints = !output.temporary;
        output.print(summary::of(&release, &ending, hints, output.out, output.out_width()));
    }
    if let Some(file) = &global.env_file {
        env_file::write(file, &release, Some(ending.outcome()))?;
    }
    Ok(ending.outcome().exit_code())
}

/// A release whose record could not be written: the hint names the command that resumes it.
fn stopped(id: &ReleaseId, error: RunError) -> Failure {
    match error {
        RunError::Journal(error) => Failure::of_state(&error, Some(id)),
        error @ RunError::Illegal(_) => error.into(),
    }
}

/// The first signal asks to stop, the second quits immediately. After both, the release can be resumed from its journal.
async fn listen(stopper: Stopper, bars: MultiProgress) {
    let Ok(mut terminate) = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) else { return };
    let mut asked = false;
    loop {
        tokio::select! {
            signal = tokio::signal::ctrl_c() => if signal.is_err() { return },
            signal = terminate.recv() => if signal.is_none() { return },
        }
        if asked {
            crate::outside::run::end_all();
            crate::image::clear_scratch();
            std::process::exit(i32::from(ExitCode::Suspended.number()));
        }
        asked = true;
        let _ = bars.suspend(|| writeln!(std::io::stderr(), "{STOPPING}"));
        stopper.stop();
    }
}
