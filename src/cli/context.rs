//! What most verbs use: the pipeline file, the state, and the connections to AWS, as the command line names them.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use aws_credential_types::provider::SharedCredentialsProvider;
use serde_json::json;

use super::args::Global;
use super::failure::Failure;
use super::output::Output;
use super::state_location::{self, Missing};
use crate::aws;
use crate::image::OciImages;
use crate::journal;
use crate::local::checks::LocalChecks;
use crate::local::clock::SystemClock;
use crate::local::git;
use crate::model::commits::{Commits, CommitsUnknown};
use crate::model::exit_code::ExitCode;
use crate::model::fault::Fault;
use crate::model::notice::Notice;
use crate::model::pipeline::{FileRef, Pipeline, Stage};
use crate::pipeline::{self, Loaded};
use crate::ports::checkout::{self, Checkout};
use crate::ports::clock::Clock;
use crate::ports::journal::Journal;
use crate::ports::templates::Templates;
use crate::report::verb::{check, path};
use crate::report::{self, text::Text};
use crate::runtime::ports::Ports;
use crate::usecase::context::{Connect, Context, Notices};
use crate::usecase::environment::Environment;

/// Reads the pipeline file and opens existing state. Prints every mistake in the file.
pub fn open(global: &Global, output: &Output) -> Result<Context, Failure> {
    open_with(global, output, Missing::Leave, None)
}

/// The same for a verb that records something new: makes the state if there is none.
pub fn open_or_make(global: &Global, output: &Output) -> Result<Context, Failure> {
    let loaded = load(global.pipeline.as_deref(), output)?;
    let context = of_file(&loaded, global, output, Missing::Make, None)?;
    print_warnings(&loaded, output);
    Ok(context)
}

/// With given credentials instead of the environment's.
pub fn open_with(
    global: &Global,
    output: &Output,
    missing: Missing,
    credentials: Option<SharedCredentialsProvider>,
) -> Result<Context, Failure> {
    of_file(&load(global.pipeline.as_deref(), output)?, global, output, missing, credentials)
}

fn of_file(
    loaded: &Loaded,
    global: &Global,
    output: &Output,
    missing: Missing,
    credentials: Option<SharedCredentialsProvider>,
) -> Result<Context, Failure> {
    let state_sessions = || sessions(credentials.clone(), STATE, None);
    let journal = state_location::open(loaded, global.state.as_deref(), missing, output, state_sessions)?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    // The demo's users have no environment of their own.
    let environment = match &credentials {
        Some(_) => Environment::Ordinary,
        None => Environment::read(|name| std::env::var(name).ok()),
    };
    let root = loaded.root.clone();
    let accounts = Connection { root, journal: journal.clone(), clock: clock.clone(), credentials };
    Ok(Context {
        pipeline: loaded.pipeline.clone(),
        journal,
        clock,
        environment,
        holder: journal::this_process(),
        accounts: Arc::new(accounts),
        notices: Arc::new(output.clone()),
    })
}

/// The connections to AWS, the builders and the checkout of this machine.
struct Connection {
    root: PathBuf,
    journal: Arc<dyn Journal>,
    clock: Arc<dyn Clock>,
    /// Instead of the environment's credentials: those of the demo's users.
    credentials: Option<SharedCredentialsProvider>,
}

impl Connect for Connection {
    fn ports(&self, session_name: &str, source_identity: Option<String>) -> Ports {
        let sessions = sessions(self.credentials.clone(), session_name, source_identity);
        Ports {
            accounts: sessions.clone(),
            registry: Arc::new(aws::Ecr::new(sessions.clone())),
            scanner: Arc::new(aws::Scans::new(sessions.clone())),
            deployer: Arc::new(aws::Ecs::new(sessions.clone())),
            approvals: Arc::new(aws::CodePipeline::new(sessions)),
            images: Arc::new(OciImages::new(self.root.clone(), self.clock.clone())),
            checks: Arc::new(LocalChecks::new(self.root.clone())),
            templates: Arc::new(self.repository()),
            checkout: Arc::new(self.repository()),
            journal: self.journal.clone(),
            clock: self.clock.clone(),
            contents: Arc::default(),
        }
    }
}

impl Notices for Output {
    fn notice(&self, notice: &Notice) {
        let words = report::notice::words(notice);
        match notice.is_warning() {
            true => self.warn(&words),
            false => self.note(words),
        }
    }
}

/// The session name for reading and writing the state.
const STATE: &str = "kanmon-state";

fn sessions(
    credentials: Option<SharedCredentialsProvider>,
    session_name: &str,
    source_identity: Option<String>,
) -> Arc<aws::Sessions> {
    Arc::new(aws::Sessions::new(aws::Setup {
        http_client: None,
        time_source: None,
        sleep: None,
        credentials,
        session_name: session_name.to_owned(),
        source_identity,
    }))
}

/// Reads the pipeline file; prints all its mistakes.
pub fn load(given: Option<&Path>, output: &Output) -> Result<Loaded, Failure> {
    let here = std::env::current_dir().map_err(|e| Failure::access(path::no_current_folder(e)))?;
    let file = pipeline::find(&here, given).map_err(|f| Failure { code: ExitCode::Usage, ..f.into() })?;
    pipeline::load(&file).map_err(|diagnostics| {
        output.print_mistakes(&diagnostics);
        Failure::wrong(check::mistakes(&shown(&file, &here), diagnostics.items().len()))
    })
}

/// Prints the warnings about the files.
pub fn print_warnings(loaded: &Loaded, output: &Output) {
    loaded.warnings.iter().for_each(|warning| output.note(Text::laid_out(&format!("warning: {warning}\n"))));
}

/// A path, relative to the current folder if it is below it.
fn shown(file: &Path, here: &Path) -> String {
    file.strip_prefix(here).unwrap_or(file).display().to_string()
}

impl Output {
    fn print_mistakes(&self, diagnostics: &pipeline::Diagnostics) {
        match self.form {
            super::args::Form::Human => {
                diagnostics.items().iter().for_each(|item| self.note(Text::laid_out(&format!("{item}\n"))));
            }
            super::args::Form::Json => {
                for item in diagnostics.items() {
                    let mut line = json!({ "v": 1, "kind": "mistake" });
                    if let (Some(line), Ok(serde_json::Value::Object(item))) =
                        (line.as_object_mut(), serde_json::to_value(item))
                    {
                        line.extend(item);
                    }
                    self.value(&line);
                }
            }
        }
    }
}

impl Connection {
    fn repository(&self) -> Repository {
        Repository { root: self.root.clone(), environment: self.credentials.is_none() }
    }
}

/// The repository, by its root.
struct Repository {
    root: PathBuf,
    /// Whether the environment variables describe it. Not those of the demo, whose repository is its own.
    environment: bool,
}

impl Checkout for Repository {
    fn read(&self) -> checkout::Read {
        git::source(&self.root, |name| self.environment.then(|| std::env::var(name).ok()).flatten())
    }

    fn between(&self, from: &str, to: &str) -> Result<Commits, CommitsUnknown> {
        git::between(&self.root, from, to)
    }
}

impl Templates for Repository {
    fn render(&self, template: &FileRef, pipeline: &Pipeline, stage: &Stage) -> Result<serde_json::Value, Fault> {
        pipeline::templates::render(&self.root, template, pipeline, stage)
    }
}
