//! What a template renders, held against what RegisterTaskDefinition takes.

use serde_json::Value;

use super::diagnostics::{Mistake, Span};
use super::reader::is_ecs_name;
use crate::shapes::{self, Leaves, Problem, What};

/// How many members are told beside the first; who mends them sees the rest.
const TOLD: usize = 5;

/// What was rendered, as RegisterTaskDefinition takes it. Neither its text nor its values are shown: they may be nobody's to see.
///
/// # Errors
/// What makes it none: no JSON, no `family`, a member of a wrong type, a required one that is not there.
pub(super) fn read(text: &str, template: &str) -> Result<Value, Mistake> {
    let whole = Span::default();
    let value: Value = serde_json::from_str(text).map_err(|e| {
        // Where rendering moved no lines, the place in what was rendered is the place in the template.
        let same = text.lines().count() == template.lines().count();
        let line = template.lines().nth(e.line().saturating_sub(1)).filter(|_| same && e.line() > 0);
        let span = line.map_or(whole, |line| Span {
            line: e.line(),
            column: line.chars().take_while(|c| c.is_whitespace()).count() + 1,
            length: line.trim().chars().count(),
        });
        let full = e.to_string();
        let what = full.split(" at line ").next().unwrap_or_default();
        Mistake::new(span, format!("what is rendered is not JSON: {what}, in its line {}", e.line()))
    })?;
    match value.get("family") {
        _ if !value.is_object() => Err(Mistake::new(whole, "what is rendered is not a JSON object")),
        Some(Value::String(family)) if is_ecs_name(family) => fitting(value),
        Some(_) => Err(Mistake::new(whole, "`family` must be letters, digits, - and _; at most 255")),
        None => {
            Err(Mistake::new(whole, "the task definition has no `family`")
                .hint("as RegisterTaskDefinition asks for it"))
        }
    }
}

/// Types do not change and what is required stays so. An enum's value or a size that AWS's model does not have may be newer than ours, and AWS judges it.
fn fitting(definition: Value) -> Result<Value, Mistake> {
    let model = shapes::of("ecs").expect("kanmon has ECS's shapes");
    let shape = model.operation("RegisterTaskDefinition").and_then(|o| o.input.as_deref()).expect("it takes an input");
    let problems = shapes::check(model, shape, &definition, Leaves::Typed);
    let mut said = problems.iter().filter_map(told);
    let Some(first) = said.next() else { return Ok(definition) };
    let (also, more): (Vec<String>, usize) = (said.by_ref().take(TOLD).collect(), said.count());
    let mut hint = "ECS would refuse it".to_owned();
    if !also.is_empty() {
        hint += &format!("; also: {}", also.join("; "));
    }
    if more > 0 {
        hint += &format!("; and {more} more");
    }
    Err(Mistake::new(Span::default(), first).hint(hint))
}

fn told(problem: &Problem) -> Option<String> {
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
            Some(format!("`{path}` has to be {wanted}, and is {is}"))
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
