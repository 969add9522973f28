//! `demo`: a whole release on the embedded AWS.

use std::path::Path;
use std::sync::{Arc, Mutex};

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use tokio::net::TcpListener;

use super::args::{DemoArgs, Forced, Form, Global, ReleaseArgs};
use super::context;
use super::failure::Failure;
use super::output::Output;
use super::state_location::Missing;
use super::{records, release};
use crate::local::clock::SystemClock;
use crate::model::approval::Answer;
use crate::model::exit_code::ExitCode;
use crate::pipeline;
use crate::ports::clock::Clock;
use crate::report::review::{Layout, sheet};
use crate::report::text::Text;
use crate::report::verb::answer::summary;
use crate::report::verb::path::{not_created, unwritable};
use crate::report::verb::{demo as words, sandbox as sandbox_words};
use crate::sandbox::latency::Latency;
use crate::sandbox::{Seed, World, exports, serve};
use crate::usecase::answer::{self, Decision};
use crate::usecase::context::Context;
use crate::usecase::question;
use crate::usecase::review::gather;

/// The demo's application and pipeline, from the repository.
const FILES: [(&str, &str); 5] = [
    ("app/index.html", include_str!("../../pipelines/demo/app/index.html")),
    ("deploy/web.json", include_str!("../../pipelines/demo/deploy/web.json")),
    ("deploy/dev.yaml", include_str!("../../pipelines/demo/deploy/dev.yaml")),
    ("deploy/staging.yaml", include_str!("../../pipelines/demo/deploy/staging.yaml")),
    ("deploy/prod.yaml", include_str!("../../pipelines/demo/deploy/prod.yaml")),
];
const PIPELINE: &str = include_str!("../../pipelines/demo/pipeline.yaml.j2");

pub async fn run(global: &Global, output: &Output, args: DemoArgs) -> Result<ExitCode, Failure> {
    let seed = Seed::demo();
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.map_err(|e| Failure::access(words::no_free_port(e)))?;
    let host = listener.local_addr().map_err(|e| Failure::access(sandbox_words::no_address(&e)))?.to_string();
    let mut world = World::new(&seed, Latency::new(args.speed), jiff::Timestamp::now())
        .map_err(|e| Failure::defect(words::seed_not_valid(e)))?;
    world.set_registry_host(&host);
    super::sandbox::record(&mut world, &args.traffic)?;
    let served = tokio::spawn(serve::serve(listener, Arc::new(Mutex::new(world))));
    let folder = Folder::new()?;
    let file = folder.write_files(&format!("http://{host}"))?;
    if output.form == Form::Human {
        let about = words::about(&host, args.speed);
        output.note(Text::from(about).wrapped(output.err_width(), 0).and(Text::from("")));
    }
    let ended = story(global, output, &seed, &file).await;
    served.abort();
    let code = ended?;
    if output.form == Form::Human && code == ExitCode::Done {
        output.print(words::next());
    }
    Ok(code)
}

/// The developer makes a release; when it waits for approval, the manager reads the plan and approves it.
async fn story(global: &Global, output: &Output, seed: &Seed, file: &Path) -> Result<ExitCode, Failure> {
    let developer = person(seed, file, global, output, "developer")?;
    let manager = person(seed, file, global, output, "manager")?;
    let args =
        ReleaseArgs { until: None, image: Vec::new(), execution: None, remote: false, forced: Forced::default() };
    let released = release::with(&developer, global, output, args);
    let decided = decide(&manager, output);
    let (released, decided) = tokio::join!(released, async {
        tokio::select! {
            decided = decided => decided,
            // A release can end without an approval request.
            () = ended(&manager) => Ok(()),
        }
    });
    let code = released?;
    decided?;
    Ok(code)
}

/// The lines of what the manager sees: those of a small terminal, without the question.
const SCREEN: usize = 22;

async fn decide(manager: &Context, output: &Output) -> Result<(), Failure> {
    loop {
        let (recorded, now) = (records::all(manager, 1).await?.recorded, manager.clock.now());
        if let Some((asked, stage, request)) = recorded.iter().flat_map(|r| question::open_requests(r, now)).next() {
            if output.form == Form::Human {
                let width = output.err_width().map(|w| w - 4);
                let layout = Layout { paint: output.err, width, height: Some(SCREEN) };
                let gathered = gather(manager, asked, stage, request).await?;
                let shown = sheet(&gathered.review(), now, layout);
                output.note(words::managers_view().and(shown.after("  │ ")).and(Text::from("")));
            }
            let decision = Decision {
                answer: Answer::Approved,
                stage: Some(stage.name.clone()),
                plan: Some(request.plan.to_string()),
                comment: words::COMMENT.to_owned(),
            };
            answer::answer(manager, &asked.release.id, &decision, summary).await?;
            return Ok(());
        }
        manager.clock.sleep(jiff::SignedDuration::from_millis(200)).await;
    }
}

async fn ended(context: &Context) {
    loop {
        let all = records::all(context, 1).await;
        if all.iter().flat_map(|all| &all.recorded).any(|r| r.release.ending.is_some()) {
            return;
        }
        context.clock.sleep(jiff::SignedDuration::from_millis(500)).await;
    }
}

/// A context with one user's keys.
fn person(seed: &Seed, file: &Path, global: &Global, output: &Output, name: &str) -> Result<Context, Failure> {
    let user = exports::users(seed).find(|(_, u)| u.name == name).map(|(_, u)| u);
    let user = user.ok_or_else(|| Failure::defect(words::no_user(name)))?;
    let keys = Credentials::new(user.key.id.clone(), user.key.secret.clone(), None, None, "demo");
    let global = Global { pipeline: Some(file.to_owned()), state: None, ..global.clone() };
    context::open_with(&global, output, Missing::Make, Some(SharedCredentialsProvider::new(keys)))
}

/// The demo's own folder, removed when it ends.
struct Folder(std::path::PathBuf);

impl Folder {
    fn new() -> Result<Folder, Failure> {
        let path = std::env::temp_dir().join(format!("kanmon-demo-{}", SystemClock.token(12)));
        let made = std::fs::create_dir(&path);
        made.map_err(|e| Failure::access(not_created(&path, e)))?;
        Ok(Folder(path))
    }

    /// Writes the application and its pipeline file, for this endpoint.
    fn write_files(&self, endpoint: &str) -> Result<std::path::PathBuf, Failure> {
        for (name, text) in FILES {
            self.write(name, text)?;
        }
        let text = pipeline::templates::fill(PIPELINE, &[("endpoint", endpoint)])?;
        self.write("pipelines/hello.yaml", &text)
    }

    fn write(&self, name: &str, text: &str) -> Result<std::path::PathBuf, Failure> {
        let path = self.0.join(name);
        let folder = path.parent().unwrap_or(&self.0);
        let written = std::fs::create_dir_all(folder).and_then(|()| std::fs::write(&path, text));
        written.map_err(|e| Failure::access(unwritable(&path, e)))?;
        Ok(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // Best effort: it is in the system's folder for temporary files.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
