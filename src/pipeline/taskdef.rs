//! Checks what a template renders against the input of RegisterTaskDefinition.

use std::collections::BTreeMap;

use serde_json::Value;

use super::diagnostics::{Mistake, Span};
use super::ecs_name::is_ecs_name;
use super::json::{self, Key};
use super::lookalike;
use crate::model::nearest;
use crate::shapes::{self, Leaves, Problem, Unknown, What};

/// How many members are reported beside the first; after they are corrected, the rest is shown.
const MOST_REPORTED: usize = 5;

/// A member that differs from every known one by more letters is probably newer than kanmon, not misspelt.
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

/// Reads what was rendered as the input of RegisterTaskDefinition. Neither its text nor its values are shown: they may be secret.
///
/// # Errors
/// Why it is not valid: not JSON, no `family`, a repeated key, a misspelt member, one of a wrong type, a missing required one.
pub(super) fn read(text: &str, template: &str) -> Result<Rendered, Vec<Mistake>> {
    let whole = Span::default();
    let positions = Positions { text, template };
    let value: Value = serde_json::from_str(text).map_err(|e| vec![positions.not_json(&e)])?;
    let one = |message: &str| vec![Mistake::new(whole, message)];
    let Some(members) = value.as_object() else { return Err(one("the rendered template is not a JSON object")) };
    if !members.contains_key("family") && members.get("taskDefinition").is_some_and(Value::is_object) {
        let at = json::keys(text).into_iter().find(|k| k.path == "taskDefinition");
        let span = at.map_or(whole, |key| positions.of(&key));
        return Err(vec![
            Mistake::new(
                span,
                "the definition is below `taskDefinition`: this is the whole answer of describe-task-definition",
            )
            .hint("keep only the definition: aws ecs describe-task-definition --query taskDefinition …"),
        ]);
    }
    let keys = json::keys(text);
    let mut mistakes = repeated_keys(&keys, &positions);
    let (misspelt, warnings) = unknown(&value, &keys, &positions);
    mistakes.extend(misspelt.mistakes);
    mistakes.extend(same_name(&value, &keys, &positions));
    match value.get("family") {
        Some(Value::String(family)) if is_ecs_name(family) => mistakes.extend(invalid_members(&value)),
        Some(_) => mistakes.extend(one("`family` must have letters, digits, - and _, at most 255 characters")),
        // It is misspelt, which is reported above.
        None if misspelt.meant.contains(&"family") => {}
        None => mistakes.push(
            Mistake::new(whole, "the task definition has no `family`").hint("RegisterTaskDefinition requires it"),
        ),
    }
    if mistakes.is_empty() { Ok(Rendered { definition: value, warnings }) } else { Err(mistakes) }
}

/// Finds positions of the rendered text in the template.
struct Positions<'t> {
    text: &'t str,
    template: &'t str,
}

impl Positions<'_> {
    /// Where rendering added and removed no lines, a rendered line is the template's line.
    fn line(&self, line: usize) -> Option<&str> {
        let same = self.text.lines().count() == self.template.lines().count();
        self.template.lines().nth(line.checked_sub(1)?).filter(|_| same)
    }

    fn not_json(&self, e: &serde_json::Error) -> Mistake {
        if let Some((line, c, name)) = lookalike::in_json(self.text) {
            let column = self.line(line).and_then(|text| text.chars().position(|other| other == c));
            let span = column.map_or(Span::default(), |before| Span { line, column: before + 1, length: 1 });
            return Mistake::new(span, format!("{name} is outside of quotes here"))
                .hint(format!("JSON allows only ASCII there (rendered: {e})"));
        }
        let span = self.line(e.line()).map_or(Span::default(), |line| Span {
            line: e.line(),
            column: line.chars().take_while(|c| c.is_whitespace()).count() + 1,
            length: line.trim().chars().count(),
        });
        Mistake::new(span, format!("the rendered template is not JSON: {e}"))
    }

    /// A key's position, where the template has it in the same line or only once.
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

/// Keys that an object has more than once: only the last would count.
fn repeated_keys(keys: &[Key], positions: &Positions<'_>) -> Vec<Mistake> {
    let repeated = keys.iter().filter_map(|key| Some((key, key.before?)));
    repeated
        .map(|(key, first)| {
            let first = positions.line(first).map_or(String::new(), |_| format!(" in line {first}"));
            Mistake::new(positions.of(key), format!("key `{}` is given twice", indexed(&key.path))).hint(format!(
                "the first is{}; JSON keeps only the last",
                if first.is_empty() { " above" } else { &first }
            ))
        })
        .collect()
}

/// Misspelt members, and the names that were meant.
#[derive(Default)]
struct Misspelt {
    mistakes: Vec<Mistake>,
    meant: Vec<&'static str>,
}

/// Members that ECS would ignore: misspelt ones are mistakes, others may be newer than kanmon and are warnings.
fn unknown(definition: &Value, keys: &[Key], positions: &Positions<'_>) -> (Misspelt, Vec<Mistake>) {
    let (mut misspelt, mut warnings) = (Misspelt::default(), Vec::new());
    let (model, shape) = input();
    let mut described = Vec::new();
    for Unknown { path, name, known } in shapes::unknown(model, shape, definition) {
        if path == name && OF_DESCRIPTIONS.contains(&name.as_str()) {
            described.push(format!("`{name}`"));
            continue;
        }
        let span = keys.iter().find(|k| k.path == path).map_or(Span::default(), |key| positions.of(key));
        let near = nearest::nearest(&name, known.iter().copied());
        let letters = near.map(|near| nearest::distance(&near.to_lowercase(), &name.to_lowercase()));
        match (near, letters) {
            (Some(near), Some(letters)) if letters <= MISSPELT.min(name.chars().count() / 4).max(1) => {
                misspelt.meant.push(near);
                misspelt.mistakes.push(
                    Mistake::new(span, format!("ECS has no `{}`, and would ignore it", indexed(&path)))
                        .hint(format!("did you mean `{near}`?")),
                );
            }
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
        warnings.push(Mistake::new(Span::default(), message).hint("remove them"));
    }
    (misspelt, warnings)
}

fn same_name(definition: &Value, keys: &[Key], positions: &Positions<'_>) -> Vec<Mistake> {
    let mut first: BTreeMap<&str, usize> = BTreeMap::new();
    let mut mistakes = Vec::new();
    for (n, container) in definition["containerDefinitions"].as_array().into_iter().flatten().enumerate() {
        let Some(name) = container["name"].as_str() else { continue };
        if let Some(before) = first.get(name) {
            let path = format!("containerDefinitions.{}.name", n + 1);
            let span = keys.iter().find(|k| k.path == path).map_or(Span::default(), |key| positions.of(key));
            let message =
                format!("`containerDefinitions[{n}]` and `containerDefinitions[{before}]` have the same name");
            mistakes.push(Mistake::new(span, message).hint("give each container another name"));
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

/// Wrong types and missing members, which no newer model allows. A value of an enum or a size that AWS's model does not have may be
/// newer than kanmon, so AWS judges those.
fn invalid_members(definition: &Value) -> Option<Mistake> {
    let (model, shape) = input();
    let problems = shapes::check(model, shape, definition, Leaves::Typed);
    let mut messages = problems.iter().filter_map(message);
    let first = messages.next()?;
    let (also, more): (Vec<String>, usize) = (messages.by_ref().take(MOST_REPORTED).collect(), messages.count());
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
