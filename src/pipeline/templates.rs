//! Task-definition templates, rendered with a stage's values.
//!
//! A template is JSON with `{{ expressions }}` (minijinja). A text that is put between quotes is escaped for JSON, so
//! that a value never becomes structure; lists and mappings are written as JSON. A variable that does not exist is an
//! error, and a template sees nothing but the stage's values and `app`, `stage`, `account.id`, `account.region`,
//! `cluster`: no other file, no environment.

use std::collections::BTreeMap;
use std::path::Path;

use minijinja::value::ValueKind;
use minijinja::{AutoEscape, Environment, Error, ErrorKind, UndefinedBehavior, filters};
use serde_json::{Map, Value, json};

use super::diagnostics::{Mistake, Span};
use super::files::Root;
use super::lookalike;
use super::taskdef::{self, Rendered};
use super::text;
use super::yaml::{self, Kind, Node, Type};
use crate::model::fault::Fault;
use crate::model::fault::file::FileProblem;
use crate::model::fault::own::{OwnProblem, Part};
use crate::model::fault::task_definition::TaskDefinitionProblem;
use crate::model::ids::{AppName, StageName};
use crate::model::pipeline::{Account, FileRef, Pipeline, Stage};

/// In bytes: enough for the deepest template that minijinja accepts, also in a debug build.
const STACK: usize = 64 << 20;

/// How deep macros may call each other and themselves.
const RECURSION: usize = 100;

/// A stage's values, by name.
pub type Values = Map<String, Value>;

/// What a template may use: one for each instruction or 64 bytes. The largest task definition that ECS accepts has 64 kB and takes
/// some thousand instructions; a template that needs a hundred times as much is in a loop.
const FUEL: u64 = 1_000_000;

/// The names that kanmon itself defines for a template.
const OWN: [&str; 4] = ["app", "stage", "account", "cluster"];

/// A template as this stage's task definition: a JSON object with a `family`.
///
/// # Errors
/// `Changed` where the template or the values are not those that the pipeline was resolved with; `Invalid` where they
/// do not make a task definition.
pub fn render(root: &Path, template: &FileRef, pipeline: &Pipeline, stage: &Stage) -> Result<Value, Fault> {
    let root = Root::new(root)
        .map_err(|e| Fault::from(FileProblem::NoRoot { path: root.display().to_string() }).said(e.to_string()))?;
    let text = unchanged(&root, template)?;
    let values = match &stage.values {
        None => Values::default(),
        Some(file) => values(&unchanged(&root, file)?).map_err(|mistakes| {
            let said = mistakes.into_iter().next().map(|m| m.message);
            Fault { said, ..FileProblem::Unreadable { path: file.path.clone() }.into() }
        })?,
    };
    let account = pipeline.account(&stage.account);
    let variables =
        Variables { app: &pipeline.app, stage: &stage.name, account, cluster: &stage.cluster, values: &values };
    render_text(&text, &variables).map(|rendered| rendered.definition).map_err(|mistakes| {
        let first = mistakes.into_iter().next();
        let Mistake { span, message, hint } =
            first.unwrap_or_else(|| Mistake::new(Span::default(), "this template is not valid"));
        let (path, stage, line) =
            (template.path.clone(), stage.name.clone(), Some(span.line as u64).filter(|n| *n > 0));
        let said = std::iter::once(message).chain(hint).collect::<Vec<_>>().join("; ");
        Fault::from(TaskDefinitionProblem::Template { path, stage, line }).said(said)
    })
}

/// Fills a template of kanmon's own with these values: strict, like all templates.
///
/// # Errors
/// When a value is missing.
pub fn fill(template: &str, values: &[(&'static str, &str)]) -> Result<String, Fault> {
    let values: std::collections::BTreeMap<&str, String> = values.iter().map(|(k, v)| (*k, (*v).to_owned())).collect();
    let env = environment();
    let filled = env.render_str(template, values);
    filled.map_err(|e| Fault::from(OwnProblem::Broken { part: Part::Template }).said(e.to_string()))
}

/// A file's text, if it is still what the release was started with.
fn unchanged(root: &Root, file: &FileRef) -> Result<String, Fault> {
    let path = &file.path;
    let (now, bytes) =
        root.file(path).map_err(|p| Fault::from(FileProblem::Gone { path: path.clone() }).said(p.message))?;
    if now.sha256 != file.sha256 {
        let (path, was, is) = (path.clone(), file.sha256.to_string(), now.sha256.to_string());
        return Err(FileProblem::Changed { path, was, is }.into());
    }
    text::decode(&bytes).map_err(|m| Fault::from(FileProblem::Unreadable { path: path.clone() }).said(m.message))
}

/// The variables that a template is rendered with.
pub(super) struct Variables<'a> {
    pub app: &'a AppName,
    pub stage: &'a StageName,
    pub account: &'a Account,
    pub cluster: &'a str,
    pub values: &'a Values,
}

/// # Errors
/// The template's mistakes, at their places in the template where those are known.
pub(super) fn render_text(template: &str, variables: &Variables<'_>) -> Result<Rendered, Vec<Mistake>> {
    // Nesting and recursion are limited, but the limits need a larger stack than a thread of the runtime has.
    std::thread::scope(|scope| {
        let rendering =
            std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, || rendered(template, variables));
        let no_thread = |e| {
            vec![Mistake::new(Span::default(), format!("kanmon cannot start a thread to render this template: {e}"))]
        };
        let rendering = rendering.map_err(no_thread)?;
        rendering.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

fn rendered(template: &str, variables: &Variables<'_>) -> Result<Rendered, Vec<Mistake>> {
    let env = environment();
    let mut context = variables.values.clone();
    context.insert("app".into(), json!(variables.app));
    context.insert("stage".into(), json!(variables.stage));
    context.insert("account".into(), json!({ "id": variables.account.id, "region": variables.account.region }));
    context.insert("cluster".into(), json!(variables.cluster));
    let text = env
        .template_from_str(template)
        .and_then(|t| t.render(to_minijinja(&Value::Object(context))))
        .map_err(|e| vec![template_mistake(&e, template)])?;
    taskdef::read(&text, template)
}

/// No loader, so that a template names no other file; minijinja itself knows no environment.
#[allow(clippy::wildcard_enum_match_arm, reason = "the enum is another crate's, which grows by itself")]
fn environment() -> Environment<'static> {
    let mut env = Environment::new();
    env.set_debug(true);
    // It prints every value there is.
    env.remove_global("debug");
    env.set_fuel(Some(FUEL));
    env.set_recursion_limit(RECURSION);
    env.set_undefined_behavior(UndefinedBehavior::Strict);
    env.set_auto_escape_callback(|_| AutoEscape::None);
    env.set_formatter(|out, state, value| {
        let json = || filters::tojson(value, None, std::iter::empty::<(&str, minijinja::Value)>().collect());
        match value.kind() {
            ValueKind::String if !value.is_safe() => {
                let quoted = json()?.to_string();
                let inner = quoted.strip_prefix('"').and_then(|q| q.strip_suffix('"')).unwrap_or(&quoted);
                out.write_str(inner).map_err(Error::from)
            }
            ValueKind::Map | ValueKind::Seq | ValueKind::Iterable | ValueKind::None => {
                out.write_str(&json()?.to_string()).map_err(Error::from)
            }
            _ => minijinja::escape_formatter(out, state, value),
        }
    });
    env
}

fn to_minijinja(value: &Value) -> minijinja::Value {
    match value {
        Value::Null => minijinja::Value::from(()),
        Value::Bool(b) => minijinja::Value::from(*b),
        Value::Number(n) => match (n.as_i64(), n.as_u64()) {
            (Some(n), _) => minijinja::Value::from(n),
            (None, Some(n)) => minijinja::Value::from(n),
            (None, None) => minijinja::Value::from(n.as_f64().unwrap_or(f64::NAN)),
        },
        Value::String(s) => minijinja::Value::from(s.as_str()),
        Value::Array(items) => items.iter().map(to_minijinja).collect(),
        Value::Object(map) => {
            let map: BTreeMap<String, minijinja::Value> =
                map.iter().map(|(k, v)| (k.clone(), to_minijinja(v))).collect();
            minijinja::Value::from(map)
        }
    }
}

/// Where in the template, and what.
#[allow(clippy::wildcard_enum_match_arm, reason = "the enum is another crate's, which grows by itself")]
fn template_mistake(error: &Error, template: &str) -> Mistake {
    let line = error.line().unwrap_or(0);
    let (span, marked) = match error.range().and_then(|r| Some((r.start, template.get(r)?))) {
        Some((start, marked)) => {
            let before = template[..start].rsplit('\n').next().unwrap_or_default();
            let length = marked.lines().next().unwrap_or_default().chars().count();
            let line = template[..start].matches('\n').count() + 1;
            (Span { line, column: before.chars().count() + 1, length }, Some(marked))
        }
        None => (Span { line, column: 1, length: 1 }, None),
    };
    match error.kind() {
        ErrorKind::UndefinedError => {
            let message = match marked {
                Some(name) => format!("`{}` is not defined", name.trim()),
                None => error.to_string(),
            };
            Mistake::new(span, message)
                .hint(format!("define it in the stage's values; kanmon defines {}", OWN.join(", ")))
        }
        ErrorKind::SyntaxError
        | ErrorKind::UnknownFilter
        | ErrorKind::UnknownFunction
        | ErrorKind::UnknownTest
        | ErrorKind::TemplateNotFound => {
            let what = error.detail().map_or_else(|| error.kind().to_string(), str::to_owned);
            let line = template.lines().nth(span.line.saturating_sub(1)).unwrap_or_default();
            let blank = line.chars().enumerate().find(|(_, c)| lookalike::is_blank(*c));
            match blank.and_then(|(at, c)| Some((at, lookalike::name(c)?))) {
                Some((at, name)) => Mistake::new(
                    Span { line: span.line, column: at + 1, length: 1 },
                    format!("{name} is not allowed here"),
                )
                .hint(format!("an expression allows only ASCII ({what})")),
                None => Mistake::new(span, what),
            }
        }
        ErrorKind::OutOfFuel => Mistake::new(span, "this template takes too many steps to render")
            .hint("remove the loop over too many items"),
        // Other errors may quote a value.
        kind => Mistake::new(span, format!("this cannot be rendered: {kind}")),
    }
}

/// A values file: one mapping of names to anything.
///
/// # Errors
/// Every mistake in it.
#[allow(clippy::wildcard_enum_match_arm, reason = "the enum is another crate's, which grows by itself")]
pub(super) fn values(text: &str) -> Result<Values, Vec<Mistake>> {
    let mut mistakes = Vec::new();
    let only_comments = text.lines().all(|l| l.trim().is_empty() || l.trim_start().starts_with('#'));
    if only_comments {
        return Ok(Values::default());
    }
    let Some(node) = yaml::parse(text, &mut mistakes) else { return Err(mistakes) };
    if !matches!(node.kind, Kind::Map(_)) {
        mistakes.push(Mistake::new(node.span, "a values file must be a mapping of names to values"));
    }
    for (key, _) in node.entries().iter().filter(|(k, _)| OWN.contains(&k.name.as_str())) {
        mistakes.push(
            Mistake::new(key.span, format!("`{}` is set by kanmon itself", key.name)).hint("choose another name"),
        );
    }
    match to_json(&node) {
        Value::Object(values) if mistakes.is_empty() => Ok(values),
        _ => Err(mistakes),
    }
}

/// A plain scalar is a number only where the number is written the same way again: `1.10` and `0123` stay as they are.
fn to_json(node: &Node) -> Value {
    match (&node.kind, node.scalar()) {
        (Kind::List(items), _) => items.iter().map(to_json).collect(),
        (Kind::Map(entries), _) => Value::Object(entries.iter().map(|(k, v)| (k.name.clone(), to_json(v))).collect()),
        (Kind::Scalar { .. }, Some((_, Type::Null)) | None) => Value::Null,
        (Kind::Scalar { .. }, Some((_, Type::Bool))) => Value::Bool(node.boolean().unwrap_or(false)),
        (Kind::Scalar { .. }, Some((text, Type::Integer | Type::Float))) => match serde_json::from_str::<Value>(text) {
            Ok(Value::Number(number)) if number.to_string() == text => Value::Number(number),
            Ok(_) | Err(_) => Value::String(text.to_owned()),
        },
        (Kind::Scalar { .. }, Some((text, Type::Text))) => Value::String(text.to_owned()),
    }
}
