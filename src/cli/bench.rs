//! What most verbs work with: the pipeline file, the journal, the clock, and the way into AWS.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use aws_credential_types::provider::SharedCredentialsProvider;
use serde_json::json;

use super::args::Global;
use super::failure::Failure;
use super::output::Output;
use super::state::{self, Missing};
use super::surroundings::Surroundings;
use crate::aws;
use crate::image::OciImages;
use crate::local::checks::LocalChecks;
use crate::local::clock::SystemClock;
use crate::local::git;
use crate::model::event::{EVENT_VERSION, Source};
use crate::model::exit_code::ExitCode;
use crate::model::fault::Fault;
use crate::model::pipeline::{FileRef, Pipeline, Stage};
use crate::pipeline::{self, Loaded};
use crate::ports::checkout::Checkout;
use crate::ports::clock::Clock;
use crate::ports::journal::Journal;
use crate::ports::templates::Templates;
use crate::report::text::Text;
use crate::runtime::ports::Ports;

pub struct Bench {
    pub loaded: Loaded,
    pub journal: Arc<dyn Journal>,
    pub clock: Arc<dyn Clock>,
    /// Instead of the environment's credentials: the demo's persons.
    credentials: Option<SharedCredentialsProvider>,
}

impl Bench {
    /// Reads the pipeline file and opens the state as it stands. Tells every mistake of the file.
    pub fn new(global: &Global, output: &Output) -> Result<Bench, Failure> {
        Bench::of(global, output, Missing::LeaveSo, None)
    }

    /// The same for a verb that records something new: state is made where there is none.
    pub fn making(global: &Global, output: &Output) -> Result<Bench, Failure> {
        let bench = Bench::of(global, output, Missing::Make, None)?;
        doubts(&bench.loaded, output);
        Ok(bench)
    }

    /// For a person with credentials of his own.
    pub fn of(
        global: &Global,
        output: &Output,
        missing: Missing,
        credentials: Option<SharedCredentialsProvider>,
    ) -> Result<Bench, Failure> {
        let loaded = load(global.pipeline.as_deref(), output)?;
        let sessions = || sessions(credentials.clone(), STATE, None);
        let journal = state::open(&loaded, global.state.as_deref(), missing, output, sessions)?;
        Ok(Bench { loaded, journal, clock: Arc::new(SystemClock), credentials })
    }

    pub fn pipeline(&self) -> &Pipeline {
        &self.loaded.pipeline
    }

    /// What this process runs in, as far as it says who asks; the demo's persons are nowhere.
    pub fn surroundings(&self) -> Surroundings {
        match self.credentials {
            Some(_) => Surroundings::None,
            None => Surroundings::read(|name| std::env::var(name).ok()),
        }
    }

    /// The ports, entering accounts under this session name and, where it is given, as this person.
    pub fn ports(&self, session_name: &str, source_identity: Option<String>) -> Result<Ports, Failure> {
        let sessions = sessions(self.credentials.clone(), session_name, source_identity);
        Ok(Ports {
            accounts: sessions.clone(),
            registry: Arc::new(aws::Ecr::new(sessions.clone())),
            scanner: Arc::new(aws::Scans::new(sessions.clone())),
            deployer: Arc::new(aws::Ecs::new(sessions.clone())),
            approvals: Arc::new(aws::CodePipeline::new(sessions)),
            images: Arc::new(OciImages::new(self.loaded.root.clone(), self.clock.clone())),
            checks: Arc::new(LocalChecks::new(self.loaded.root.clone())),
            templates: Arc::new(Repository(self.loaded.root.clone())),
            checkout: Arc::new(Repository(self.loaded.root.clone())),
            journal: self.journal.clone(),
            clock: self.clock.clone(),
            contents: Arc::default(),
        })
    }
}

/// The session name of what reads and writes the state.
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

/// Reads the pipeline file; on mistakes, tells them all.
pub fn load(given: Option<&Path>, output: &Output) -> Result<Loaded, Failure> {
    let here = std::env::current_dir().map_err(|e| Failure::access(format!("there is no current folder: {e}")))?;
    let file = pipeline::find(&here, given).map_err(|f| Failure { code: ExitCode::Usage, ..f.into() })?;
    pipeline::load(&file).map_err(|diagnostics| {
        output.tell_mistakes(&diagnostics);
        let n = diagnostics.items().len();
        let mistakes = if n == 1 { "1 mistake".to_owned() } else { format!("{n} mistakes") };
        Failure::wrong(format!("{} has {mistakes}; nothing was touched", shown(&file, &here)))
    })
}

/// Says what is doubtful in the files and stops nothing.
pub fn doubts(loaded: &Loaded, output: &Output) {
    loaded.warnings.iter().for_each(|doubt| output.note(Text::laid_out(&format!("warning: {doubt}\n"))));
}

/// A path as its reader would type it.
fn shown(file: &Path, here: &Path) -> String {
    file.strip_prefix(here).unwrap_or(file).display().to_string()
}

impl Output {
    fn tell_mistakes(&self, diagnostics: &pipeline::Diagnostics) {
        match self.form {
            super::args::Form::Human => {
                diagnostics.items().iter().for_each(|item| self.note(Text::laid_out(&format!("{item}\n"))));
            }
            super::args::Form::Json => {
                for item in diagnostics.items() {
                    let mut line = json!({ "v": EVENT_VERSION, "kind": "mistake" });
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

/// The repository, by its root.
struct Repository(PathBuf);

impl Checkout for Repository {
    fn source(&self) -> Source {
        git::source(&self.0).source
    }
}

impl Templates for Repository {
    fn render(&self, template: &FileRef, pipeline: &Pipeline, stage: &Stage) -> Result<serde_json::Value, Fault> {
        pipeline::templates::render(&self.0, template, pipeline, stage)
    }
}
