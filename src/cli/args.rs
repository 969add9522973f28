//! What can be typed.

use std::path::PathBuf;

use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};

use crate::model::ids::{ImageName, ReleaseId, StageName};
use crate::report::exit_codes;
use crate::usecase::begin::Reasons;

const FIRST: &str = "\
To begin with:
  kanmon demo       a whole release on an AWS of its own, in seconds
  kanmon check      is the pipeline file valid?
  kanmon plan       what would a release change?
  kanmon release    build, scan, and go from stage to stage";

/// Carries a release from commit to production on Amazon ECS: built, scanned, gated, approved, proven.
#[derive(Debug, Parser)]
#[command(name = "kanmon", version, max_term_width = 100, subcommand_required = true, arg_required_else_help = true, after_help = FIRST)]
pub struct Cli {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub verb: Verb,
}

#[derive(Debug, Clone, Args)]
pub struct Global {
    /// The pipeline file (default: the only file in `pipelines/`)
    #[arg(long, global = true, value_name = "FILE", env = "KANMON_PIPELINE", hide_env_values = true)]
    pub pipeline: Option<PathBuf>,
    /// Output for people, or one JSON event a line on stdout
    #[arg(long, global = true, value_enum, default_value_t = Form::Human, value_name = "FORM")]
    pub output: Form,
    /// Where state is kept: `local`, `local:DIR` or `dynamodb://ACCOUNT/TABLE` (default: what the pipeline file says)
    #[arg(long, global = true, value_name = "URL", env = "KANMON_STATE", hide_env_values = true)]
    pub state: Option<String>,
    /// Write KANMON_RELEASE, KANMON_DIGEST, KANMON_PLAN and KANMON_OUTCOME into this file
    #[arg(long, global = true, value_name = "FILE")]
    pub env_file: Option<PathBuf>,
    /// Answer yes where a question would be asked
    #[arg(long, short = 'y', global = true)]
    pub yes: bool,
    /// Say more on stderr (-v, -vv, -vvv)
    #[arg(long, short, global = true, action = ArgAction::Count)]
    pub verbose: u8,
    /// No colour (NO_COLOR does the same)
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
    /// Show what a release would do, stage by stage, and touch nothing
    ///
    /// Shows what each stage would change in its task definitions, the gate as it stands, and who is asked. Without a release or an
    /// --image, the image counts as still to be built.
    Plan(PlanArgs),
    /// Build, push, scan, and take every stage in turn
    ///
    /// Waits on the way for scans, approvals and rollouts. Ctrl-C suspends it (press it again to quit immediately), and `kanmon resume`
    /// goes on; ECS finishes by itself what has begun. What was done is recorded before the next thing is.
    #[command(after_help = exit_codes::help())]
    Release(ReleaseArgs),
    /// Take a release that exists through every stage it has not passed
    ///
    /// The same digests go on; gates are judged again, and where a stage wants an approval it is asked for.
    #[command(after_help = exit_codes::help())]
    Promote(PromoteArgs),
    /// Show what waits for a person
    ///
    /// Who asks, which images, what would change, how the gate stands, who may decide and until when, and the command for it.
    Approvals,
    /// Approve exactly the plan that a release waits with
    ///
    /// On a terminal it shows the plan and asks. Elsewhere the plan that was looked at has to be named with --plan. Counts for that
    /// plan alone: if anything changes, it is asked for again.
    Approve(AnswerArgs),
    /// Reject what a release waits with, which ends the release
    Reject(AnswerArgs),
    /// Take an approval back before it is used
    Withdraw(AnswerArgs),
    /// Go on after a crash, a stop or a suspension
    ///
    /// Reads how things stand before it does anything: what was under way is found, not repeated.
    #[command(after_help = exit_codes::help())]
    Resume(ResumeArgs),
    /// End a release, rolling back what is under way if asked
    ///
    /// Where a process works on it, that process is asked to; where none does, it is ended here.
    Abort(AbortArgs),
    /// Stop the line: nothing new enters a stage, and what is in it goes no further
    ///
    /// For every release of the application, until `unfreeze`. What ECS has begun it finishes; rollback is always allowed.
    Freeze(FreezeArgs),
    /// Let releases into a stage again
    Unfreeze(FreezeArgs),
    /// Break the lock of a process that is gone, without waiting for it to run out
    ///
    /// A release's lock is its writer's, a stage's is the release's that changes it. Whoever lost one stops before it changes
    /// anything more. Be sure that nobody works there: what was sent to AWS already cannot be called back.
    Unlock(UnlockArgs),
    /// What runs where, and by which release
    Status(StatusArgs),
    /// What was released, or one release's whole story
    History(HistoryArgs),
    /// Write what came of a release to stdout, in a form that other tools read
    Report(ReportArgs),
    /// Write a release's record to stdout, as JSON lines that `import` reads
    Export(ExportArgs),
    /// Import a record that `export` wrote, as read-only history
    Import(ImportArgs),
    /// Keep the embedded AWS running, for any AWS client
    ///
    /// STS, ECR with a registry, Inspector, ECS and CodePipeline of two accounts, on loopback and in memory only. Prints what a
    /// shell has to export. Ctrl-C ends it, and forgets everything.
    Sandbox(SandboxArgs),
    /// See a whole release on the embedded AWS, without any account
    Demo(DemoArgs),
}

#[derive(Debug, Args)]
pub struct CheckArgs {
    /// The pipeline file (default: the only file in `pipelines/`)
    pub file: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct PlanArgs {
    /// Plan with this release's images
    #[arg(conflicts_with = "image")]
    pub release: Option<ReleaseId>,
    /// Plan with an image that exists: NAME=REFERENCE (repeatable)
    #[arg(long, value_name = "NAME=REF", value_parser = image_reference)]
    pub image: Vec<(ImageName, String)>,
    /// The last stage to plan (default: the last one)
    #[arg(long, value_name = "STAGE")]
    pub until: Option<StageName>,
}

#[derive(Debug, Args)]
pub struct ReleaseArgs {
    /// The last stage to reach (default: the last one)
    #[arg(long, value_name = "STAGE")]
    pub until: Option<StageName>,
    /// Bring an image that exists instead of building it: NAME=REFERENCE (repeatable)
    #[arg(long, value_name = "NAME=REF", value_parser = image_reference)]
    pub image: Vec<(ImageName, String)>,
    /// The CodePipeline execution this runs in (`#{codepipeline.PipelineExecutionId}`), or PIPELINE/ID; it has to be in progress
    #[arg(long, value_name = "ID", env = "KANMON_EXECUTION", hide_env_values = true)]
    pub execution: Option<String>,
    /// Start the CodePipeline that the file names instead, and follow it: no laptop needs production's role
    #[arg(long, conflicts_with_all = ["until", "image", "execution", "force", "again", "reason"])]
    pub remote: bool,
    #[command(flatten)]
    pub forced: Forced,
}

/// Going on with what failed or was rejected before: each has to be said, and one does not stand for the other.
#[derive(Debug, Clone, Default, Args)]
pub struct Forced {
    /// Enter a stage even if the same images failed and were rolled back there; needs --reason, which is recorded
    #[arg(long, requires = "reason")]
    pub force: bool,
    /// Ask again about what was rejected, also with --force; needs --reason, which is recorded and shown to approvers
    #[arg(long, requires = "reason")]
    pub again: bool,
    /// The reason for --force, or else for asking again about what was rejected; recorded, and shown to approvers
    #[arg(long, value_name = "TEXT", value_parser = not_empty)]
    pub reason: Option<String>,
}

impl Forced {
    /// Why it may enter where the same images failed.
    pub fn force(&self) -> Option<String> {
        self.reason.clone().filter(|_| self.force)
    }

    /// Why what was rejected is asked about again.
    pub fn again(&self) -> Option<String> {
        self.reason.clone().filter(|_| self.again || !self.force)
    }

    pub fn reasons(&self) -> Reasons {
        Reasons { force: self.force(), again: self.again() }
    }
}

#[derive(Debug, Args)]
pub struct FreezeArgs {
    #[arg(value_name = "STAGE")]
    pub stage: StageName,
    /// The reason, which is recorded and shown to everybody whose release waits
    #[arg(long, short = 'm', value_name = "TEXT", value_parser = not_empty)]
    pub reason: String,
}

#[derive(Debug, Args)]
pub struct UnlockArgs {
    /// Whose lock: a release's id, or a stage's name
    #[arg(value_name = "RELEASE|STAGE")]
    pub what: String,
    /// The reason, which is recorded
    #[arg(long, short = 'm', value_name = "TEXT", value_parser = not_empty)]
    pub reason: String,
}

#[derive(Debug, Args)]
pub struct PromoteArgs {
    pub release: ReleaseId,
    /// The stage to reach
    #[arg(long, value_name = "STAGE")]
    pub to: StageName,
    /// The CodePipeline execution this runs in (`#{codepipeline.PipelineExecutionId}`), or PIPELINE/ID; it has to be in progress
    #[arg(long, value_name = "ID", env = "KANMON_EXECUTION", hide_env_values = true)]
    pub execution: Option<String>,
    #[command(flatten)]
    pub forced: Forced,
}

#[derive(Debug, Args)]
pub struct AnswerArgs {
    pub release: ReleaseId,
    /// Which stage, where more than one waits
    #[arg(long, value_name = "STAGE")]
    pub stage: Option<StageName>,
    /// The hash of the plan that you reviewed, at least its first 16 digits; refused if the plan has changed since
    #[arg(long, value_name = "HASH")]
    pub plan: Option<String>,
    /// The reason, which is recorded
    #[arg(long, short = 'm', default_value = "", value_name = "TEXT")]
    pub comment: String,
}

#[derive(Debug, Args)]
pub struct ResumeArgs {
    /// Which release (default: the only one that can be resumed)
    pub release: Option<ReleaseId>,
    /// The CodePipeline execution this runs in, or PIPELINE/ID; it has to be in progress
    #[arg(long, value_name = "ID", env = "KANMON_EXECUTION", hide_env_values = true)]
    pub execution: Option<String>,
}

#[derive(Debug, Args)]
pub struct AbortArgs {
    pub release: ReleaseId,
    /// Put back what the stage under way has changed
    #[arg(long)]
    pub roll_back: bool,
    /// The reason, which is recorded
    #[arg(long, short = 'm', default_value = "", value_name = "TEXT")]
    pub reason: String,
}

#[derive(Debug, Args)]
pub struct StatusArgs {
    /// Use the record alone, without asking AWS
    #[arg(long)]
    pub offline: bool,
}

#[derive(Debug, Args)]
pub struct HistoryArgs {
    /// One release's whole story
    pub release: Option<ReleaseId>,
    /// How many releases to list
    #[arg(long, short = 'n', default_value_t = 20, value_name = "N")]
    pub limit: usize,
}

#[derive(Debug, Args)]
pub struct ReportArgs {
    pub release: ReleaseId,
    /// The form
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub format: ReportFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ReportFormat {
    /// JUnit's XML: a suite a stage, a case for each thing that had to hold
    Junit,
}

#[derive(Debug, Args)]
pub struct ExportArgs {
    pub release: ReleaseId,
}

#[derive(Debug, Args)]
pub struct ImportArgs {
    pub file: PathBuf,
}

#[derive(Debug, Args)]
pub struct SandboxArgs {
    /// The loopback port to listen on (0: any free one)
    #[arg(long, default_value_t = 4566, value_name = "PORT")]
    pub port: u16,
    /// How many times faster than AWS things move; dates stay real
    #[arg(long, default_value_t = 1.0, value_name = "N")]
    pub speed: f64,
    /// What is in it (default: the demo's two accounts)
    #[arg(long, value_name = "FILE")]
    pub seed: Option<PathBuf>,
    #[command(flatten)]
    pub traffic: TrafficArgs,
}

#[derive(Debug, Args)]
pub struct TrafficArgs {
    /// Write every request to its AWS and every answer into this file, a line of JSON each, without credentials
    #[arg(long, value_name = "FILE")]
    pub traffic: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct DemoArgs {
    /// How many times faster than AWS things move
    #[arg(long, default_value_t = 60.0, value_name = "N")]
    pub speed: f64,
    #[command(flatten)]
    pub traffic: TrafficArgs,
}

/// A reason is one.
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
    Ok((name.parse().map_err(|e: crate::model::ids::IdError| e.to_string())?, reference.to_owned()))
}
