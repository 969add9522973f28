//! The file as a whole: form, then each subject, then every template with every stage's values.

use std::collections::BTreeMap;

use jiff::SignedDuration;

use super::diagnostics::{Diagnostic, Mistake, Span};
use super::files::Root;
use super::parts::Parts;
use super::reader::{Reader, Section};
use super::shape::{self, Shape, WHOLE_FILE};
use super::yaml::Node;
use super::{accounts, duration, images, schema, stages, template_check, workloads};
use crate::model::fault::own::{OwnProblem, Part};
use crate::model::ids::{AccountName, AppName};
use crate::model::pipeline::{Pipeline, State};
use crate::report::fault;

/// ECS's own states move by seconds, and its read quotas are shared by everybody in the account.
const POLL: SignedDuration = SignedDuration::from_secs(5);

/// The mistakes of the file itself, and of the files that it names.
type Mistakes = (Vec<Mistake>, Vec<Diagnostic>);

/// The pipeline, warnings about its file, and warnings about the files that it names.
///
/// # Errors
/// The mistakes of the file itself, and those of the files that it names.
pub fn resolve(
    document: &Node,
    root: &Root,
    mistakes: Vec<Mistake>,
) -> Result<(Pipeline, Vec<Mistake>, Vec<Diagnostic>), Mistakes> {
    let mut reader = Reader {
        document,
        root,
        mistakes,
        elsewhere: Vec::new(),
        warnings: Vec::new(),
        warnings_elsewhere: Vec::new(),
        templates: BTreeMap::new(),
        values: BTreeMap::new(),
    };
    let whole_file = Span { line: 1, column: 1, length: 1 };
    shape::conform(document, &Shape::Record(&schema::FILE), WHOLE_FILE, whole_file, &mut reader.mistakes);

    let app = document.get("app").and_then(|n| reader.id::<AppName>(n.text()?, n.span));
    let state = state(&mut reader);
    let mut parts = Parts {
        accounts: accounts::read(&mut reader),
        images: images::read(&mut reader),
        services: workloads::services(&mut reader),
        tasks: workloads::tasks(&mut reader),
        whole: false,
    };
    parts.whole = reader.mistakes.is_empty();
    let stages = stages::read(&mut reader, &parts);
    if let Some(app) = &app {
        template_check::check(&mut reader, app, &parts, &stages);
    }
    let poll = document.get("defaults").and_then(|d| d.get("poll")?.text()).and_then(duration::parse).unwrap_or(POLL);
    if !reader.mistakes.is_empty() || !reader.elsewhere.is_empty() {
        return Err((reader.mistakes, reader.elsewhere));
    }
    let Parts { accounts, images, services, tasks, whole: _ } = parts;
    let pipeline = app.map(|app| Pipeline { version: 1, app, state, accounts, images, services, tasks, stages, poll });
    let (warnings, elsewhere) = (reader.warnings, reader.warnings_elsewhere);
    pipeline.filter(|p| size(p) == written(document)).map(|p| (p, warnings, elsewhere)).ok_or_else(|| {
        let words = fault::words(&OwnProblem::Broken { part: Part::PipelineReader }.into());
        let lost = Mistake { span: Span::default(), message: words.sentence, hint: words.hints.into_iter().next() };
        (vec![lost], Vec::new())
    })
}

/// Readers leave out invalid parts. If one were not reported, a stage or a step would vanish silently, so what was resolved is
/// counted against what is written.
fn size(pipeline: &Pipeline) -> Vec<usize> {
    let stages = pipeline.stages.iter();
    [pipeline.accounts.len(), pipeline.images.len(), pipeline.services.len(), pipeline.tasks.len()]
        .into_iter()
        .chain(stages.flat_map(|s| [s.steps.len(), s.services().count(), usize::from(s.approval.is_some())]))
        .collect()
}

fn written(document: &Node) -> Vec<usize> {
    let count = |name| document.get(name).map_or(0, |n| n.entries().len());
    let stages = document.get("stages").map_or(&[][..], Node::items).iter();
    [count("accounts"), count("images"), count("services"), count("tasks")]
        .into_iter()
        .chain(stages.flat_map(|stage| {
            let steps = stage.get("steps").map_or(&[][..], Node::items);
            let rolled = steps.iter().filter_map(|s| s.get("roll")).map(|r| r.items().len()).sum();
            let approval = stage.get("enter").is_some_and(|e| e.get("approval").is_some());
            [steps.len(), rolled, usize::from(approval)]
        }))
        .collect()
}

fn state(reader: &mut Reader<'_>) -> State {
    let written = reader.document.get("state").and_then(|n| Some((n.text()?, n.span)));
    let Some((text, span)) = written else { return State::Local };
    match text.parse() {
        Ok(State::Local) => State::Local,
        Ok(State::DynamoDb { account, table }) => {
            // An undefined account is reported, and then nothing is resolved.
            reader.refer_text::<AccountName>(Section::Accounts, account.as_str(), span);
            State::DynamoDb { account, table }
        }
        Err(_) => {
            let hint = "write `local` for a file in .kanmon/, or `dynamodb://ACCOUNT/TABLE` for a table in one of the accounts";
            reader.say_hint(span, format!("`state` cannot be `{text}`"), hint);
            State::Local
        }
    }
}
