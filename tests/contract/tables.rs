//! kanmon's own data of AWS's shapes, compared with the models it is made from; rewritten if `KANMON_WRITE_SHAPES` is set. A new operation
//! is first named in the data.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use kanmon::shapes;
use serde_json::{Map, Value, json};

use super::models::{Service, models};
use crate::real::peers::leave_out;

fn file(service: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("src/shapes/data/{service}.json"))
}

/// The part of the model that the data has: no documentation, no members of answers, and only operations of the sandbox.
fn table(service: &Service, operations: &BTreeSet<&str>) -> String {
    let (mut rows, mut shapes) = (Vec::new(), BTreeMap::new());
    for name in operations {
        let operation = service.operation(name).unwrap_or_else(|| panic!("{} has no operation {name}", service.name));
        let errors = operation["errors"].as_array().map(Vec::as_slice).unwrap_or_default();
        let code = |e: &Value| {
            let shape = e["shape"].as_str().expect("an error's shape");
            service.shape(shape)["error"]["code"].as_str().unwrap_or(shape).to_owned()
        };
        let mut row = Map::new();
        if let Some(input) = service.side(operation, "input") {
            row.insert("input".to_owned(), input.into());
            collect(service, input, &mut shapes);
        }
        row.insert("errors".to_owned(), errors.iter().map(code).collect());
        rows.push(((*name).to_owned(), Value::Object(row)));
    }
    let mut text = "{\"operations\":{\n".to_owned();
    lines(&mut text, rows);
    text.push_str("},\"shapes\":{\n");
    lines(&mut text, shapes);
    text.push_str("}}\n");
    text
}

/// One per line, so that a difference shows what changed.
fn lines(text: &mut String, rows: impl IntoIterator<Item = (String, Value)>) {
    let rows: Vec<String> = rows.into_iter().map(|(name, row)| format!("{}:{row}", Value::from(name))).collect();
    writeln!(text, "{}", rows.join(",\n")).expect("writing to a string cannot fail");
}

fn collect(service: &Service, name: &str, shapes: &mut BTreeMap<String, Value>) {
    if shapes.contains_key(name) {
        return;
    }
    let shape = service.shape(name);
    let of = |part: &str| shape[part]["shape"].as_str().map(str::to_owned);
    let mut entry = Map::from_iter([("type".to_owned(), shape["type"].clone())]);
    let parts: Vec<String> = if shape["type"] == "structure" {
        let all = shape["members"].as_object().expect("a structure's members");
        // Members in a path, a query or a header are not in the body.
        let inside = all.iter().filter(|(_, m)| m.get("location").is_none());
        let wire = |name: &str| all[name]["locationName"].as_str().unwrap_or(name).to_owned();
        let members: BTreeMap<String, Value> = inside.map(|(n, m)| (wire(n), m["shape"].clone())).collect();
        let required = shape["required"].as_array().map(Vec::as_slice).unwrap_or_default();
        let required: Vec<String> = required.iter().filter_map(Value::as_str).map(wire).collect();
        entry.insert("members".to_owned(), json!(members));
        if !required.is_empty() {
            entry.insert("required".to_owned(), json!(required));
        }
        if shape["union"] == true {
            entry.insert("union".to_owned(), true.into());
        }
        members.values().filter_map(Value::as_str).map(str::to_owned).collect()
    } else {
        for part in ["member", "key", "value"] {
            entry.extend(of(part).map(|shape| (part.to_owned(), shape.into())));
        }
        for limit in ["enum", "min", "max", "pattern"] {
            entry.extend(shape.get(limit).map(|v| (limit.to_owned(), v.clone())));
        }
        ["member", "key", "value"].into_iter().filter_map(of).collect()
    };
    shapes.insert(name.to_owned(), Value::Object(entry));
    parts.iter().for_each(|part| collect(service, part, shapes));
}

#[test]
fn the_shapes_that_kanmon_has_are_those_of_awss_models() {
    let Some(models) = models() else { return leave_out("AWS's shapes", "no botocore in TARGET/models") };
    let writes = std::env::var_os("KANMON_WRITE_SHAPES").is_some();
    let mut stale = Vec::new();
    for service in models.iter().filter(|s| shapes::of(s.name).is_some()) {
        let name = service.name;
        let there = std::fs::read_to_string(file(name)).expect("the data");
        let data: Value = serde_json::from_str(&there).expect("the data is JSON");
        let operations: BTreeSet<&str> =
            data["operations"].as_object().expect("operations").keys().map(String::as_str).collect();
        let right = table(service, &operations);
        if writes {
            std::fs::write(file(name), right).expect("the data's file");
        } else if right != there {
            stale.push(name);
        }
    }
    assert!(stale.is_empty(), "not as in AWS's models: {stale:?}; KANMON_WRITE_SHAPES=1 rewrites them");
}
