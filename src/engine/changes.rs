//! The differences between two task definitions, member by member.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::taskdef::normal;
use crate::model::plan::{Change, ChangeKind};

/// A container's environment variables: a value is shown only where the file allows it by name.
const ENVIRONMENT: &str = "environment";

/// Maps with members and values of the user, which may be secrets.
const USER_MAPS: [&str; 4] = ["dockerLabels", "options", "driverOpts", "labels"];

/// Members of such maps that are shown: what is mounted, and which configuration a log router runs.
const SHOWN_OPTIONS: [(&str, &[&str]); 2] = [
    (".driverOpts", &["type", "device"]),
    (".firelensConfiguration.options", &["config-file-type", "config-file-value"]),
];

/// The differences, with list items by name where they have one. Something added or removed is also listed member by member, because a new
/// container has an image, a command and a user. Values of the environment are shown only for the names in `show`.
pub fn changes(from: &Value, to: &Value, show: &BTreeSet<String>) -> Vec<Change> {
    let mut found = Vec::new();
    let walk = Walk { show, path: String::new(), visibility: Visibility::Shown };
    walk.differ(Some(&normal(from)), Some(&normal(to)), &mut found);
    found
}

/// Whether values may be shown.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Visibility {
    Shown,
    /// In a list of environment variables: decided by name.
    Environment,
    Hidden,
}

struct Walk<'a> {
    show: &'a BTreeSet<String>,
    path: String,
    visibility: Visibility,
}

impl Walk<'_> {
    fn differ(&self, from: Option<&Value>, to: Option<&Value>, found: &mut Vec<Change>) {
        if from == to {
            return;
        }
        let before = found.len();
        match (object(from), object(to)) {
            (Some(a), Some(b)) => self.members(&a, &b, found),
            _ => match (list(from), list(to)) {
                (Some(a), Some(b)) => self.items(a, b, found),
                _ => found.push(self.change(from, to)),
            },
        }
        // An item that has only a name is still added or removed.
        if found.len() == before {
            found.push(self.change(from, to));
        }
    }

    fn members(&self, from: &Map<String, Value>, to: &Map<String, Value>, found: &mut Vec<Change>) {
        let members: BTreeSet<&String> = from.keys().chain(to.keys()).collect();
        for member in members {
            let path = if self.path.is_empty() { member.clone() } else { format!("{}.{member}", self.path) };
            let visibility = match self.visibility {
                Visibility::Shown if USER_MAPS.contains(&member.as_str()) => Visibility::Hidden,
                Visibility::Shown if member == ENVIRONMENT => Visibility::Environment,
                Visibility::Environment => Visibility::Hidden,
                Visibility::Hidden
                    if SHOWN_OPTIONS
                        .iter()
                        .any(|(map, all)| self.path.ends_with(map) && all.contains(&member.as_str())) =>
                {
                    Visibility::Shown
                }
                visibility @ (Visibility::Shown | Visibility::Hidden) => visibility,
            };
            Walk { path, visibility, ..*self }.differ(from.get(member), to.get(member), found);
        }
    }

    fn items(&self, from: &[Value], to: &[Value], found: &mut Vec<Change>) {
        // A position is not a name: both lists must name their items.
        let named = names(from) && names(to);
        let (from, to) = (keyed(from, named), keyed(to, named));
        let keys: BTreeSet<&String> = from.keys().chain(to.keys()).collect();
        for key in keys {
            let visibility = match self.visibility {
                Visibility::Environment if named && self.show.contains(key) => Visibility::Shown,
                Visibility::Environment | Visibility::Hidden => Visibility::Hidden,
                Visibility::Shown => Visibility::Shown,
            };
            let below = Walk { path: format!("{}[{key}]", self.path), visibility, ..*self };
            let (from, to) = (from.get(key).copied(), to.get(key).copied());
            match named.then(|| pair(from, to)).flatten() {
                Some(member) => {
                    let value = |item: Option<&'_ Value>| item.and_then(|i| i.get(member)).cloned();
                    below.differ(value(from).as_ref(), value(to).as_ref(), found);
                }
                None if named => below.differ(unnamed(from).as_ref(), unnamed(to).as_ref(), found),
                None => below.differ(from, to, found),
            }
        }
    }

    fn change(&self, from: Option<&Value>, to: Option<&Value>) -> Change {
        let text = |value: Option<&Value>| value.filter(|_| self.visibility == Visibility::Shown).and_then(plain);
        let kind = match (from, to) {
            (None, _) => ChangeKind::Added,
            (_, None) => ChangeKind::Removed,
            (Some(_), Some(_)) => ChangeKind::Changed,
        };
        Change { path: self.path.clone(), from: text(from), to: text(to), kind }
    }
}

/// An object; a missing one counts as empty.
fn object(value: Option<&Value>) -> Option<std::borrow::Cow<'_, Map<String, Value>>> {
    match value {
        None => Some(std::borrow::Cow::Owned(Map::new())),
        Some(Value::Object(map)) => Some(std::borrow::Cow::Borrowed(map)),
        Some(Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_)) => None,
    }
}

/// A list of objects or lists; a list of strings (a command) is one value.
fn list(value: Option<&Value>) -> Option<&[Value]> {
    match value {
        None => Some(&[]),
        Some(Value::Array(items)) if items.iter().any(|i| i.is_object() || i.is_array()) => Some(items),
        Some(
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) | Value::Object(_),
        ) => None,
    }
}

fn name(item: &Value) -> Option<&str> {
    item.get("name").and_then(Value::as_str)
}

/// Whether every item has a unique name, so that none hides another.
fn names(items: &[Value]) -> bool {
    let names: BTreeSet<&str> = items.iter().filter_map(name).collect();
    names.len() == items.len()
}

fn keyed(items: &[Value], named: bool) -> BTreeMap<String, &Value> {
    let key = |(at, item): (usize, _)| match named {
        true => name(item).unwrap_or_default().to_owned(),
        false => at.to_string(),
    };
    items.iter().enumerate().map(|(at, item)| (key((at, item)), item)).collect()
}

/// `value` or `valueFrom`, where both items have only that besides the name.
fn pair<'v>(from: Option<&'v Value>, to: Option<&'v Value>) -> Option<&'v str> {
    let members = |item: Option<&'v Value>| item.and_then(Value::as_object).into_iter().flat_map(Map::keys);
    let others: BTreeSet<&str> =
        members(from).chain(members(to)).map(String::as_str).filter(|m| *m != "name").collect();
    let both = |item: Option<&Value>| item.is_none_or(|i| i.as_object().is_some_and(|o| o.len() == 2));
    match others.into_iter().collect::<Vec<_>>().as_slice() {
        [only @ ("value" | "valueFrom")] if both(from) && both(to) => Some(only),
        _ => None,
    }
}

/// An item without its name, which is in the path.
fn unnamed(item: Option<&Value>) -> Option<Value> {
    let mut item = item.cloned();
    if let Some(map) = item.as_mut().and_then(Value::as_object_mut) {
        map.remove("name");
    }
    item
}

/// A value in one line: plain ones as they are, lists of plain ones as JSON.
fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        Value::Array(items) if !items.iter().any(|i| i.is_object() || i.is_array()) => Some(value.to_string()),
        Value::Null | Value::Object(_) | Value::Array(_) => None,
    }
}

#[cfg(test)]
mod tests;
