//! The arguments.

mod sandbox_args;

use std::path::PathBuf;
use std::str::FromStr;

use clap::builder::PossibleValuesParser;
use clap::{ArgAction, ArgGroup, Args, Parser, Subcommand, ValueEnum};

pub use self::sandbox_args::{DemoArgs, SandboxArgs, TrafficArgs};
use super::{terminal_width, verb_groups};
use crate::model::ids::{IdError, ImageName, ReleaseId, StageName};
use crate::report::verb::{completions, man, sandbox};
use crate::report::{exit_codes, ids};
use crate::usecase::begin::Reasons;

/// The version with the commit that the build script found.
const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), " (", env!("KANMON_BUILD"), ")");

/// Carries a release from commit to production on Amazon ECS: built, scanned, gated, approved, proven.
#[derive(Debug, Parser)]
#[command(name = "kanmon", version = VERSION, max_term_width = HELP_WIDTH, disable_help_subcommand = true)]
#[command(subcommand_required = true, arg_required_else_help = true)]
pub struct Cli {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub verb: Verb,
}

#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Global options")]
pub struct Global {
    /// The pipeline file (default: the only file in `pipelines/`)
    #[arg(long, global = true, value_name = "FILE", env = "KANMON_PIPELINE", hide_env_values = true)]
    pub pipeline: Option<PathBuf>,
    /// Print text for people, or JSON on stdout, one event per line
    #[arg(long, global = true, value_enum, default_value_t = Form::Human, value_name = "FORM")]
    pub output: Form,
    /// Where the state is: `local`, `local:DIR` or `dynamodb://ACCOUNT/TABLE` (default: what the pipeline file says)
    #[arg(long, global = true, value_name = "URL", env = "KANMON_STATE", hide_env_values = true)]
    pub state: Option<String>,
    /// Write KANMON_RELEASE, KANMON_DIGEST, KANMON_PLAN and KANMON_OUTCOME into this file
    #[arg(long, global = true, value_name = "FILE")]
    pub env_file: Option<PathBuf>,
    /// Answer yes to every question
    #[arg(long, short = 'y', global = true)]
    pub yes: bool,
    /// Print more on stderr (-v, -vv, -vvv)
    #[arg(long, short, global = true, action = ArgAction::Count)]
    pub verbose: u8,
    /// Print no colours (like NO_COLOR)
    #[arg(long, global = true)]
    pub no_color: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Form {
    Human,
    Json,
}

#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Read the pipeline file offline and report every mistake at once
    Check(CheckArgs),
    /// Show what a release would do, stage by stage, without changing anything
    ///
    /// Shows what each stage would change in its task definitions, the current result of the gate, and who may approve. Without
    /// a release or an --image, the image counts as not built yet.
    Plan(PlanArgs),
    /// Build, push and scan images, and deploy them stage by stage
    ///
    /// Waits for scans, approvals and rollouts. Ctrl-C suspends the release (press it again to quit immediately), and `kanmon resume`
    /// continues it; ECS finishes the rollouts that have begun. Every change is recorded before it is made.
    #[command(after_help = exit_codes_help())]
    Release(ReleaseArgs),
    /// Take an existing release through the stages that it has not passed yet
    ///
    /// Deploys the same digests. Gates are checked again, and approval is requested for stages that require it.
    #[command(after_help = exit_codes_help())]
    Promote(PromoteArgs),
    /// Show the releases that wait for approval
    ///
    /// Shows the requester, the images, what would change, the result of the gate, who may approve and until when, and the command for it.
    Approvals,
    /// Approve exactly the plan that a release waits with
    ///
    /// On a terminal it shows what the plan would change and asks: y approves, n leaves the release waiting, d shows all details, c adds a
    /// comment. Without a terminal, name the plan that you reviewed with --plan. The approval is valid for that plan only: if anything changes,
    /// approval is requested again.
    #[command(after_help = exit_codes_help())]
    Approve(ApproveArgs),
    /// Reject the plan that a release waits with, which ends the release
    ///
    /// Needs a reason: on a terminal it is asked for, elsewhere give it with -m.
    Reject(RejectArgs),
    /// Withdraw an approval before it is used
    Withdraw(WithdrawArgs),
    /// Continue a release after a crash, a stop or a suspension
    ///
    /// Reads the current state of AWS before it changes anything: what was in progress is found, not repeated.
    #[command(after_help = exit_codes_help())]
    Resume(ResumeArgs),
    /// End a release, and roll back the current stage if asked
    ///
    /// If a process is working on the release, that process is asked to end it; otherwise this command ends it.
    Abort(AbortArgs),
    /// Freeze a stage: no release enters it, and a release in it deploys nothing more
    ///
    /// For every release of the application, until `unfreeze`. ECS finishes the rollouts that have begun; rollback is always allowed.
    Freeze(FreezeArgs),
    /// Unfreeze a stage: releases may enter it again
    Unfreeze(FreezeArgs),
    /// Break the lock of a process that is gone, without waiting for it to expire
    ///
    /// A release is locked by the process that works on it, a stage by the release that changes it. A process that loses its lock stops
    /// before it changes anything more. Make sure that nobody is working there: calls that were already sent to AWS cannot be stopped.
    Unlock(UnlockArgs),
    /// Show what runs where, and which release deployed it
    Status(StatusArgs),
    /// Show what scans have found in the images of a release, the worst first
    ///
    /// As last read and recorded, without calls to AWS; a gate reads again before a stage is entered.
    Findings(FindingsArgs),
    /// Show past releases, or all events of one release
    History(HistoryArgs),
    /// Follow all releases and stages on a full screen, and decide what waits for approval
    ///
    /// Reads the record every 2 seconds, and ECS as often as it changes, whoever works on the releases and wherever. Shows each stage's tasks
    /// and each release's progress, differences, findings and history. Answers a request for approval with the checks of `approve`, for exactly the
    /// plan on the screen.
    Watch(WatchArgs),
    /// Write a report about a release to stdout, in a format that other tools read
    Report(ReportArgs),
    /// Write a release's record to stdout, as JSON lines that `import` reads
    Export(ExportArgs),
    /// Import a record that `export` wrote, as read-only history
    Import(ImportArgs),
    /// Run the embedded AWS, for any AWS client
    ///
    /// STS, ECR with a registry, Inspector, ECS and CodePipeline of two accounts, on loopback and in memory only. Prints the variables
    /// that a shell has to export; with `--output json`, one line with the addresses, accounts and variables. Ctrl-C ends it; nothing is
    /// stored.
    #[command(after_long_help = sandbox::FAILURES)]
    Sandbox(SandboxArgs),
    /// Run a whole release on the embedded AWS, without an AWS account
    Demo(DemoArgs),
    /// Print a JSON Schema: of the pipeline file, for editors, or of what kanmon prints
    ///
    /// `kanmon schema > pipelines/kanmon.schema.json` writes it beside the pipeline file, whose first line can then name it:
    /// `# yaml-language-server: $schema=kanmon.schema.json`.
    Schema(SchemaArgs),
    /// Print the script with which a shell completes commands, stages and releases
    #[command(after_help = completions::how_to_use())]
    Completions(CompletionsArgs),
    /// Print the manual page of kanmon, or of a command
    #[command(after_help = man::how_to_use())]
    Man(ManArgs),
    /// Explain a command or a topic
    Help(HelpArgs),
}

#[derive(Debug, Args)]
pub struct CheckArgs {
    /// The pipeline file (default: the only file in `pipelines/`)
    pub file: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct PlanArgs {
    /// Plan this release, with its images
    #[arg(conflicts_with = "image", value_parser = id::<ReleaseId>)]
    pub release: Option<ReleaseId>,
    /// Plan with an existing image: NAME=REFERENCE (repeatable)
    #[arg(long, value_name = "NAME=REF", value_parser = image_reference)]
    pub image: Vec<(ImageName, String)>,
    /// The last stage to plan (default: the last one)
    #[arg(long, value_name = "STAGE", value_parser = id::<StageName>)]
    pub until: Option<StageName>,
}

#[derive(Debug, Args)]
pub struct ReleaseArgs {
    /// The last stage to reach (default: the last one)
    #[arg(long, value_name = "STAGE", value_parser = id::<StageName>)]
    pub until: Option<StageName>,
    /// Use an existing image instead of building it: NAME=REFERENCE (repeatable)
    #[arg(long, value_name = "NAME=REF", value_parser = image_reference)]
    pub image: Vec<(ImageName, String)>,
    /// The CodePipeline execution this runs in (`#{codepipeline.PipelineExecutionId}`), or PIPELINE/ID; it must be in progress
    #[arg(long, value_name = "ID", env = "KANMON_EXECUTION", hide_env_values = true)]
    pub execution: Option<String>,
    /// Start the CodePipeline of the pipeline file instead, and follow it: no laptop needs production's role
    #[arg(long, conflicts_with_all = ["until", "image", "execution", "force", "again", "comment"])]
    pub remote: bool,
    #[command(flatten)]
    pub forced: Forced,
}

/// Reasons to continue after an earlier failure or rejection. One does not replace the other.
#[derive(Debug, Clone, Default, Args)]
#[command(group = ArgGroup::new("purpose").args(["force", "again"]).multiple(true))]
pub struct Forced {
    /// Enter a stage although the same images failed and were rolled back there; needs --comment
    #[arg(long, requires = "comment")]
    pub force: bool,
    /// Request approval again after a rejection; needs --comment
    #[arg(long, requires = "comment")]
    pub again: bool,
    /// The reason for --force or --again, which is recorded and shown to approvers
    #[arg(long, short = 'm', value_name = "TEXT", value_parser = not_empty, requires = "purpose")]
    pub comment: Option<String>,
}

impl Forced {
    pub fn reasons(&self) -> Reasons {
        let why = |wanted: bool| self.comment.clone().filter(|_| wanted);
        Reasons { force: why(self.force), again: why(self.again) }
    }
}

#[derive(Debug, Args)]
pub struct FreezeArgs {
    /// The name of the stage
    #[arg(value_name = "STAGE", value_parser = id::<StageName>)]
    pub stage: StageName,
    /// The reason, which is recorded and shown to everybody whose release waits
    #[arg(long, short = 'm', value_name = "TEXT", value_parser = not_empty)]
    pub comment: String,
}

#[derive(Debug, Args)]
pub struct UnlockArgs {
    /// The id of the locked release, or the name of the locked stage
    #[arg(value_name = "RELEASE|STAGE")]
    pub what: String,
    /// The reason, which is recorded
    #[arg(long, short = 'm', value_name = "TEXT", value_parser = not_empty)]
    pub comment: String,
}

#[derive(Debug, Args)]
pub struct PromoteArgs {
    /// The id of the release
    #[arg(value_parser = id::<ReleaseId>)]
    pub release: ReleaseId,
    /// The stage to reach
    #[arg(long, value_name = "STAGE", value_parser = id::<StageName>)]
    pub to: StageName,
    /// The CodePipeline execution this runs in (`#{codepipeline.PipelineExecutionId}`), or PIPELINE/ID; it must be in progress
    #[arg(long, value_name = "ID", env = "KANMON_EXECUTION", hide_env_values = true)]
    pub execution: Option<String>,
    #[command(flatten)]
    pub forced: Forced,
}

#[derive(Debug, Args)]
pub struct ApproveArgs {
    /// The id of the release (default: the only one that waits)
    #[arg(value_parser = id::<ReleaseId>)]
    pub release: Option<ReleaseId>,
    /// The stage, if more than one waits
    #[arg(long, value_name = "STAGE", value_parser = id::<StageName>)]
    pub stage: Option<StageName>,
    /// The hash of the plan that you reviewed, at least its first 16 digits; refused if the plan has changed since
    #[arg(long, value_name = "HASH")]
    pub plan: Option<String>,
    /// A comment, which is recorded
    #[arg(long, short = 'm', value_name = "TEXT")]
    pub comment: Option<String>,
    /// Show all details before the question
    #[arg(long, conflicts_with = "plan")]
    pub details: bool,
    /// After the approval, follow the release to its end, and end with its exit code
    #[arg(long)]
    pub wait: bool,
}

#[derive(Debug, Args)]
pub struct RejectArgs {
    /// The id of the release (default: the only one that waits)
    #[arg(value_parser = id::<ReleaseId>)]
    pub release: Option<ReleaseId>,
    /// The stage, if more than one waits
    #[arg(long, value_name = "STAGE", value_parser = id::<StageName>)]
    pub stage: Option<StageName>,
    /// The hash of the plan that you reviewed, at least its first 16 digits; refused if the plan has changed since
    #[arg(long, value_name = "HASH")]
    pub plan: Option<String>,
    /// The reason, which is recorded
    #[arg(long, short = 'm', value_name = "TEXT", value_parser = not_empty)]
    pub comment: Option<String>,
    /// Show all details before the question
    #[arg(long, conflicts_with = "plan")]
    pub details: bool,
}

#[derive(Debug, Args)]
pub struct WithdrawArgs {
    /// The id of the release
    #[arg(value_parser = id::<ReleaseId>)]
    pub release: ReleaseId,
    /// The stage, if more than one is approved
    #[arg(long, value_name = "STAGE", value_parser = id::<StageName>)]
    pub stage: Option<StageName>,
    /// The reason, which is recorded
    #[arg(long, short = 'm', default_value = "", hide_default_value = true, value_name = "TEXT")]
    pub comment: String,
}

#[derive(Debug, Args)]
pub struct ResumeArgs {
    /// The id of the release (default: the only one that can be resumed)
    #[arg(value_parser = id::<ReleaseId>)]
    pub release: Option<ReleaseId>,
    /// The CodePipeline execution this runs in, or PIPELINE/ID; it must be in progress
    #[arg(long, value_name = "ID", env = "KANMON_EXECUTION", hide_env_values = true)]
    pub execution: Option<String>,
}

#[derive(Debug, Args)]
pub struct AbortArgs {
    /// The id of the release
    #[arg(value_parser = id::<ReleaseId>)]
    pub release: ReleaseId,
    /// Roll back what the release has changed in its current stage
    #[arg(long)]
    pub roll_back: bool,
    /// The reason, which is recorded
    #[arg(long, short = 'm', default_value = "", hide_default_value = true, value_name = "TEXT")]
    pub comment: String,
}

#[derive(Debug, Args)]
pub struct StatusArgs {
    /// Use the recorded state only, without calls to AWS
    #[arg(long)]
    pub offline: bool,
}

#[derive(Debug, Args)]
pub struct FindingsArgs {
    /// The id of the release
    #[arg(value_parser = id::<ReleaseId>)]
    pub release: ReleaseId,
    /// Only the images that this stage's gate judges
    #[arg(long, value_name = "STAGE", value_parser = id::<StageName>)]
    pub stage: Option<StageName>,
}

#[derive(Debug, Args)]
pub struct HistoryArgs {
    /// Show all events of this release
    #[arg(value_parser = id::<ReleaseId>)]
    pub release: Option<ReleaseId>,
    /// How many releases to list
    #[arg(long, short = 'n', default_value_t = 20, value_name = "N")]
    pub limit: usize,
}

#[derive(Debug, Args)]
pub struct WatchArgs {
    /// Open the page of this release first
    #[arg(value_parser = id::<ReleaseId>)]
    pub release: Option<ReleaseId>,
}

#[derive(Debug, Args)]
pub struct ReportArgs {
    /// The id of the release
    #[arg(value_parser = id::<ReleaseId>)]
    pub release: ReleaseId,
    /// The format
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub format: ReportFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ReportFormat {
    /// JUnit XML: one suite per stage, one case for each check
    Junit,
}

#[derive(Debug, Args)]
pub struct ExportArgs {
    /// The id of the release
    #[arg(value_parser = id::<ReleaseId>)]
    pub release: ReleaseId,
}

#[derive(Debug, Args)]
pub struct ImportArgs {
    /// The file that `export` wrote
    pub file: PathBuf,
}

#[derive(Debug, Args)]
pub struct SchemaArgs {
    /// What the schema describes
    #[arg(value_enum, default_value_t = SchemaOf::Pipeline, value_name = "WHAT")]
    pub of: SchemaOf,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SchemaOf {
    /// The pipeline file
    Pipeline,
    /// A line of `--output json`
    Output,
}

#[derive(Debug, Args)]
pub struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    pub shell: Shell,
}

/// A shell that kanmon has completions for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Shell {
    Bash,
    Fish,
    Zsh,
}

#[derive(Debug, Args)]
pub struct ManArgs {
    /// The command (default: kanmon itself)
    #[arg(value_name = "VERB", value_parser = PossibleValuesParser::new(verb_groups::verbs()))]
    pub verb: Option<String>,
}

#[derive(Debug, Args)]
pub struct HelpArgs {
    /// A command, or a topic (default: kanmon itself)
    #[arg(value_name = "VERB|TOPIC", value_parser = PossibleValuesParser::new(verb_groups::verbs_and_topics()))]
    #[arg(hide_possible_values = true)]
    pub subject: Option<String>,
}

/// The widest help text.
const HELP_WIDTH: usize = 100;

/// The exit codes below a help text, with their meanings in a column.
fn exit_codes_help() -> String {
    exit_codes::listed(Some(help_width())).shown()
}

/// The width of a help text, in cells.
pub fn help_width() -> usize {
    terminal_width::of_stdout().unwrap_or(HELP_WIDTH).min(HELP_WIDTH)
}

/// An id of the model.
fn id<T: FromStr<Err = IdError>>(text: &str) -> Result<T, String> {
    text.parse().map_err(|error| ids::sentence(&error))
}

/// A string that is not empty.
fn not_empty(text: &str) -> Result<String, String> {
    let text = text.trim();
    if text.is_empty() { Err("it must not be empty".to_owned()) } else { Ok(text.to_owned()) }
}

/// `NAME=REFERENCE`.
fn image_reference(text: &str) -> Result<(ImageName, String), String> {
    let (name, reference) = text.split_once('=').ok_or("it has the form NAME=REFERENCE")?;
    if reference.is_empty() {
        return Err("the reference is empty".to_owned());
    }
    Ok((id(name)?, reference.to_owned()))
}
