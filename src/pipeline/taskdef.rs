//! What a template renders, held against what RegisterTaskDefinition takes.

use std::collections::BTreeMap;

use serde_json::Value;

use super::diagnostics::{Mistake, Span};
use super::ecs_name::is_ecs_name;
use super::json::{self, Key};
use super::lookalike;
use crate::model::nearest;
use crate::shapes::{self, Leaves, Problem, Unknown, What};

/// How many members are reported beside the first; after they are corrected, the rest is shown.
const TOLD: usize = 5;

/// A member that differs by more letters from every known one is newer than kanmon rather than misspelt.
const MISSPELT: usize = 2;

/// What `describe-task-definition` adds to a definition (ECS's `TaskDefinition`), and RegisterTaskDefinition does not take.
const OF_DESCRIPTIONS: [&str; 9] = [
    "taskDefinitionArn",
    "revision",
    "status",
    "requiresAttributes",
    "compatibilities",
    "registeredAt",
    "deregisteredAt",
    "deleteRequestedAt",
    "registeredBy",
];

/// A task definition, and warnings about it.
#[derive(Debug)]
pub(super) struct Rendered {
    pub definition: Value,
    pub warnings: Vec<Mistake>,
}

/// What was rendered, as RegisterTaskDefinition takes it. Neither its text nor its values are shown: they may be nobody's to see.
///
/// # Errors
/// What makes it none: no JSON, no `family`, a key twice, a misspelt member, one of a wrong type, a required one that is not there.
pub(super) fn read(text: &str, template: &str) -> Result<Rendered, Vec<Mistake>> {
    let whole = Span::default();
    let places = Places { text, template };
    let value: Value = serde_json::from_str(text).map_err(|e| vec![places.no_json(&e)])?;
    let one = |message: &str| vec![Mistake::new(whole, message)];
    let Some(members) = value.as_object() else { return Err(one("the rendered template is not a JSON object")) };
    if !members.contains_key("family") && members.get("taskDefinition").is_some_and(Value::is_object) {
        let at = json::keys(text).into_iter().find(|k| k.path == "taskDefinition");
        let span = at.map_or(whole, |key| places.of(&key));
        return Err(vec![
            Mistake::new(
                span,
                "the definition is below `taskDefinition`: this is the whole answer of describe-task-definition",
            )
            .hint("leave the rest out: aws ecs describe-task-definition --query taskDefinition …"),
        ]);
    }
    let keys = json::keys(text);
    let mut mistakes = twice(&keys, &places);
    let (misspelt, warnings) = unknown(&value, &keys, &places);
    mistakes.extend(misspelt);
    mistakes.extend(same_name(&value, &keys, &places));
    match value.get("family") {
        Some(Value::String(family)) if is_ecs_name(family) => mistakes.extend(unfit(&value)),
        Some(_) => mistakes.extend(one("`family` must be letters, digits, - and _; at most 255")),
        // A misspelt one was found above.
        None if mistakes.iter().any(|m| m.hint.as_deref().is_some_and(|h| h.contains("`family`"))) => {}
        None => mistakes.push(
            Mistake::new(whole, "the task definition has no `family`").hint("RegisterTaskDefinition requires it"),
        ),
    }
    if mistakes.is_empty() { Ok(Rendered { definition: value, warnings }) } else { Err(mistakes) }
}

/// Places in what was rendered as places in the template.
struct Places<'t> {
    text: &'t str,
    template: &'t str,
}

impl Places<'_> {
    /// Where rendering moved no lines, a line of what was rendered is that of the template.
    fn line(&self, line: usize) -> Option<&str> {
        let same = self.text.lines().count() == self.template.lines().count();
        self.template.lines().nth(line.checked_sub(1)?).filter(|_| same)
    }

    fn no_json(&self, e: &serde_json::Error) -> Mistake {
        let full = e.to_string();
        let what = full.split(" at line ").next().unwrap_or_default();
        if let Some((line, c, name)) = lookalike::in_json(self.text) {
            let column = self.line(line).and_then(|text| text.chars().position(|other| other == c));
            let span = column.map_or(Span::default(), |before| Span { line, column: before + 1, length: 1 });
            return Mistake::new(span, format!("{name} is outside of quotes here"))
                .hint(format!("JSON allows only ASCII there ({what}, in line {} of the rendered template)", e.line()));
        }
        let span = self.line(e.line()).map_or(Span::default(), |line| Span {
            line: e.line(),
            column: line.chars().take_while(|c| c.is_whitespace()).count() + 1,
            length: line.trim().chars().count(),
        });
        Mistake::new(span, format!("the rendered template is not JSON: {what}, in its line {}", e.line()))
    }

    /// A key's place, where the template has it in the same line or only once.
    fn of(&self, key: &Key) -> Span {
        let quoted = format!("\"{}\"", key.name);
        let length = quoted.chars().count();
        let at = |line: usize, text: &str, byte: usize| Span { line, column: text[..byte].chars().count() + 1, length };
        let rendered: String =
            self.text.lines().nth(key.span.line - 1).unwrap_or_default().chars().take(key.span.column - 1).collect();
        let nth = rendered.matches(&quoted).count();
        if let Some(line) = self.line(key.span.line)
            && let Some((byte, _)) = line.match_indices(&quoted).nth(nth)
        {
            return at(key.span.line, line, byte);
        }
        let mut all = self
            .template
            .lines()
            .enumerate()
            .flat_map(|(n, line)| line.match_indices(&quoted).map(move |(byte, _)| (n + 1, line, byte)));
        match (all.next(), all.next()) {
            (Some((line, text, byte)), None) => at(line, text, byte),
            _ => Span::default(),
        }
    }
}

/// The last one would count, and the others be lost.
fn twice(keys: &[Key], places: &Places<'_>) -> Vec<Mistake> {
    let repeated = keys.iter().filter_map(|key| Some((key, key.before?)));
    repeated
        .map(|(key, first)| {
            let first = places.line(first).map_or(String::new(), |_| format!(" in line {first}"));
            Mistake::new(places.of(key), format!("key `{}` is given twice", indexed(&key.path))).hint(format!(
                "the first is{}; JSON keeps only the last",
                if first.is_empty() { " above" } else { &first }
            ))
        })
        .collect()
}

/// Members that ECS would ignore: misspelt ones are mistakes, others may be newer than kanmon.
fn unknown(definition: &Value, keys: &[Key], places: &Places<'_>) -> (Vec<Mistake>, Vec<Mistake>) {
    let (mut mistakes, mut warnings) = (Vec::new(), Vec::new());
    let (model, shape) = input();
    let mut described = Vec::new();
    for Unknown { path, name, known } in shapes::unknown(model, shape, definition) {
        if path == name && OF_DESCRIPTIONS.contains(&name.as_str()) {
            described.push(format!("`{name}`"));
            continue;
        }
        let span = keys.iter().find(|k| k.path == path).map_or(Span::default(), |key| places.of(key));
        let near = nearest::nearest(&name, known.iter().copied());
        let letters = near.map(|near| nearest::distance(&near.to_lowercase(), &name.to_lowercase()));
        match (near, letters) {
            (Some(near), Some(letters)) if letters <= MISSPELT.min(name.chars().count() / 4).max(1) => mistakes.push(
                Mistake::new(span, format!("ECS has no `{}`, and would ignore it", indexed(&path)))
                    .hint(format!("did you mean `{near}`?")),
            ),
            (near, _) => {
                let hint = near.map(|near| format!("the nearest known name is `{near}`"));
                let message =
                    format!("`{}` is not known: ECS ignores it unless it is newer than kanmon", indexed(&path));
                warnings.push(Mistake { hint, ..Mistake::new(span, message) });
            }
        }
    }
    if !described.is_empty() {
        let message = format!("{} come from describe-task-definition: ECS ignores them here", described.join(", "));
        warnings.push(Mistake::new(Span::default(), message).hint("they can be left out"));
    }
    (mistakes, warnings)
}

fn same_name(definition: &Value, keys: &[Key], places: &Places<'_>) -> Vec<Mistake> {
    let mut first: BTreeMap<&str, usize> = BTreeMap::new();
    let mut mistakes = Vec::new();
    for (n, container) in definition["containerDefinitions"].as_array().into_iter().flatten().enumerate() {
        let Some(name) = container["name"].as_str() else { continue };
        if let Some(before) = first.get(name) {
            let path = format!("containerDefinitions.{}.name", n + 1);
            let span = keys.iter().find(|k| k.path == path).map_or(Span::default(), |key| places.of(key));
            let message = format!("`containerDefinitions[{n}]` has the name of `containerDefinitions[{before}]`");
            mistakes.push(Mistake::new(span, message).hint("ECS takes each container's name only once"));
        } else {
            first.insert(name, n);
        }
    }
    mistakes
}

fn input() -> (&'static shapes::Model, &'static str) {
    let model = shapes::of("ecs").expect("kanmon has ECS's shapes");
    (model, model.operation("RegisterTaskDefinition").and_then(|o| o.input.as_deref()).expect("it takes an input"))
}

/// Types do not change and what is required stays so. An enum's value or a size that AWS's model does not have may be newer than ours, and AWS judges it.
fn unfit(definition: &Value) -> Option<Mistake> {
    let (model, shape) = input();
    let problems = shapes::check(model, shape, definition, Leaves::Typed);
    let mut said = problems.iter().filter_map(message);
    let first = said.next()?;
    let (also, more): (Vec<String>, usize) = (said.by_ref().take(TOLD).collect(), said.count());
    let mut hint = "ECS would refuse it".to_owned();
    if !also.is_empty() {
        hint += &format!("; also: {}", also.join("; "));
    }
    if more > 0 {
        hint += &format!("; and {more} more");
    }
    Some(Mistake::new(Span::default(), first).hint(hint))
}

fn message(problem: &Problem) -> Option<String> {
    let path = indexed(&problem.path);
    match &problem.what {
        What::Type { wanted, found } => {
            let is = match found {
                Value::Null => "null",
                Value::Bool(_) => "a boolean",
                Value::Number(_) => "a number",
                Value::String(_) => "a string",
                Value::Array(_) => "a list",
                Value::Object(_) => "a structure",
            };
            Some(format!("`{path}` must be {wanted}, but is {is}"))
        }
        What::Missing => Some(format!("`{path}` is missing")),
        What::Enum { .. } | What::Less { .. } | What::More { .. } | What::Pattern { .. } | What::Union { .. } => None,
    }
}

/// `containerDefinitions.1.image` as `containerDefinitions[0].image`.
fn indexed(path: &str) -> String {
    let mut out = String::new();
    for part in path.split('.') {
        match part.parse::<usize>() {
            Ok(n) if n > 0 => out += &format!("[{}]", n - 1),
            Ok(_) | Err(_) if out.is_empty() => out += part,
            Ok(_) | Err(_) => out += &format!(".{part}"),
        }
    }
    out
}
