//! The command line: one verb per file; errors into sentence, cause, hints and exit code.

mod appearance;
mod args;
mod command;
mod completion_values;
mod context;
mod deployed_by;
mod env_file;
mod failure;
mod follow;
mod live_services;
mod output;
mod pager;
mod records;
mod run_release;
mod sinks;
mod state_location;
mod terminal_width;
mod verb_groups;

mod abort;
mod answer;
mod approvals;
mod check;
mod codes;
mod completions;
mod demo;
mod export;
mod findings;
mod freeze;
mod help;
mod history;
mod import;
mod man;
mod plan;
mod promote;
mod release;
mod remote;
mod report;
mod resume;
mod sandbox;
mod schema;
mod status;
mod unlock;
mod watch;

use std::process;

use jiff::tz::TimeZone;

use args::{Cli, Form, Verb};
use failure::Failure;
use output::Output;

use crate::model::exit_code::ExitCode;
use crate::model::visible;
use crate::report::text::Text;
use crate::report::time;
use crate::report::verb::defect;

/// Restores the terminal, if `watch` draws on it.
pub fn restore_terminal() {
    watch::restore();
}

/// Runs kanmon with the process's own arguments; answers with the exit code.
pub fn main() -> process::ExitCode {
    let args: Vec<_> = std::env::args_os().collect();
    if let Some(answer) = completions::answer(&args) {
        completions::print(&answer);
        return process::ExitCode::SUCCESS;
    }
    let cli = command::parse(&args).unwrap_or_else(|mistake| refuse(&mistake));
    let mut output = Output::new(&cli.global);
    output.temporary = matches!(cli.verb, Verb::Demo(_));
    output.start_log(cli.global.verbose);
    // What programs read is in UTC, wherever it was made.
    if cli.global.output == Form::Human && !matches!(cli.verb, Verb::Report(_)) {
        time::print_in(TimeZone::try_system().unwrap_or(TimeZone::UTC));
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return output.fail(&Failure::defect(defect::no_runtime(error))),
    };
    let ended = runtime.block_on(run(cli, &output));
    // Other threads (a resolver, a drained pipe) are not waited for.
    runtime.shutdown_timeout(std::time::Duration::from_millis(200));
    match ended {
        Ok(code) => process::ExitCode::from(code.number()),
        Err(failure) => output.fail(&failure),
    }
}

/// Prints help, the version, or what is wrong with the arguments, which may contain somebody else's text.
fn refuse(mistake: &clap::Error) -> ! {
    let harmful = |arg: std::ffi::OsString| arg.to_string_lossy().chars().any(visible::is_harmful);
    if !std::env::args_os().any(harmful) {
        mistake.exit();
    }
    eprintln!("{}", Text::laid_out(mistake.to_string().trim_end()).shown());
    process::exit(mistake.exit_code());
}

async fn run(cli: Cli, output: &Output) -> Result<ExitCode, Failure> {
    let global = &cli.global;
    match cli.verb {
        Verb::Check(args) => check::run(global, output, args),
        Verb::Plan(args) => plan::run(global, output, args).await,
        Verb::Release(args) => release::run(global, output, args).await,
        Verb::Promote(args) => promote::run(global, output, args).await,
        Verb::Approvals => approvals::run(global, output).await,
        Verb::Approve(args) => answer::approve(global, output, args).await,
        Verb::Reject(args) => answer::reject(global, output, args).await,
        Verb::Withdraw(args) => answer::withdraw(global, output, args).await,
        Verb::Resume(args) => resume::run(global, output, args).await,
        Verb::Abort(args) => abort::run(global, output, args).await,
        Verb::Freeze(args) => freeze::freeze(global, output, args).await,
        Verb::Unfreeze(args) => freeze::unfreeze(global, output, args).await,
        Verb::Unlock(args) => unlock::run(global, output, args).await,
        Verb::Status(args) => status::run(global, output, args).await,
        Verb::Findings(args) => findings::run(global, output, args).await,
        Verb::History(args) => history::run(global, output, args).await,
        Verb::Watch(args) => watch::run(global, output, args).await,
        Verb::Report(args) => report::run(global, output, args).await,
        Verb::Export(args) => export::run(global, output, args).await,
        Verb::Import(args) => import::run(global, output, args).await,
        Verb::Sandbox(args) => sandbox::run(output, args).await,
        Verb::Demo(args) => demo::run(global, output, args).await,
        Verb::Schema(args) => schema::run(args),
        Verb::Completions(args) => completions::run(args),
        Verb::Man(args) => man::run(output, args),
        Verb::Help(args) => help::run(global, output, args),
    }
}
