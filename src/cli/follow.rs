//! `approve --wait`: follows the release that another process works on, to its end.

use jiff::SignedDuration;

use super::args::{Form, Global};
use super::failure::Failure;
use super::output::Output;
use super::sinks;
use crate::model::exit_code::ExitCode;
use crate::model::ids::ReleaseId;
use crate::model::read_by::ReadBy;
use crate::report::summary;
use crate::report::verb::answer as words;
use crate::usecase::answer::Answered;
use crate::usecase::context::Context;
use crate::usecase::follow::{Followed, follow};

/// How long a build of the same execution may take to begin: CodeBuild queues builds, and provisions a machine for minutes.
const NEXT_BUILD: SignedDuration = SignedDuration::from_mins(60);

/// Prints the events after this number; returns the exit code of the release.
pub async fn run(
    context: &Context,
    global: &Global,
    output: &Output,
    id: &ReleaseId,
    after: u64,
    answered: &Answered,
) -> Result<ExitCode, Failure> {
    let unattended_for = match answered.read_by {
        ReadBy::Execution => NEXT_BUILD,
        ReadBy::Process | ReadBy::ProcessSoon | ReadBy::Resume | ReadBy::Promote | ReadBy::Nobody => {
            SignedDuration::ZERO
        }
    };
    let followed = {
        let mut sink = sinks::sink(output, global.verbose);
        follow(context, id, after, unattended_for, sink.as_mut()).await?
    };
    match followed {
        Followed::Ended { ending, release } => {
            if output.form == Form::Human {
                output.print(summary::of(&release, &ending, true, output.out, output.out_width()));
            }
            Ok(ending.outcome().exit_code())
        }
        Followed::Unattended => {
            output.warn(&words::unattended(id));
            Ok(ExitCode::Suspended)
        }
    }
}
