//! The JSON Schema of what has a shape.
//!
//! In draft 7: the language server that editors use for YAML implements it, and later drafts only in part.

use serde_json::{Map, Value, json};

use super::shape::{Default, Field, Record, Rule, Shape, UNLIMITED};

/// The dialect of every schema of kanmon.
pub const DIALECT: &str = "http://json-schema.org/draft-07/schema#";

/// The largest limit: `u32`.
const LARGEST_LIMIT: u32 = u32::MAX;

/// The schema of everything that has this shape.
pub fn of(shape: &Shape) -> Value {
    of_shape(shape, true)
}

/// With `defaults`, those of its fields are named.
fn of_shape(shape: &Shape, defaults: bool) -> Value {
    let of = |inner: &Shape| of_shape(inner, defaults);
    match shape {
        Shape::Text => json!({ "type": "string", "pattern": "\\S" }),
        Shape::Written => json!({ "type": ["string", "number", "boolean"] }),
        Shape::Account => json!({ "type": "string", "pattern": "^[0-9]{12}$" }),
        Shape::Whole(from, to) if from == to => json!({ "const": from }),
        Shape::Whole(from, to) => json!({ "type": "integer", "minimum": from, "maximum": to }),
        Shape::Limit => json!({
            "anyOf": [{ "type": "integer", "minimum": 0, "maximum": LARGEST_LIMIT }, { "const": UNLIMITED }]
        }),
        Shape::Boolean => json!({ "type": "boolean" }),
        // More than nothing.
        Shape::Duration => json!({ "type": "string", "pattern": "^(?=.*[1-9])([0-9]+(ms|s|m|h|d))+$" }),
        Shape::OneOf(words) => json!({ "enum": words }),
        Shape::Record(record) => of_record(record, defaults),
        Shape::Tighter(record) => of_record(record, false),
        Shape::Names(of_each) => json!({
            "type": "object",
            "minProperties": 1,
            "propertyNames": { "pattern": "^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$" },
            "additionalProperties": of(of_each),
        }),
        Shape::Keyed(_, of_each) => {
            json!({ "type": "object", "minProperties": 1, "additionalProperties": of(of_each) })
        }
        Shape::Table(of_each) => json!({ "type": "object", "additionalProperties": of(of_each) }),
        Shape::List(of_each) => json!({ "type": "array", "minItems": 1, "items": of(of_each) }),
        Shape::OneOrMore(of_each) => json!({ "anyOf": [of(of_each), of(&Shape::List(of_each))] }),
        Shape::Either(list, map) => json!({ "anyOf": [of(list), of(map)] }),
    }
}

fn of_record(record: &Record, defaults: bool) -> Value {
    let properties: Map<String, Value> =
        record.fields.iter().map(|f| (f.name.to_owned(), of_field(f, defaults))).collect();
    let required: Vec<&str> = record.fields.iter().filter(|f| f.required).map(|f| f.name).collect();
    let mut schema = json!({
        "type": "object",
        "description": record.about,
        "properties": properties,
        "additionalProperties": false,
    });
    if !required.is_empty() {
        schema["required"] = required.into();
    }
    if !record.rules.is_empty() {
        schema["allOf"] = record.rules.iter().map(of_rule).collect();
    }
    schema
}

fn of_field(field: &Field, defaults: bool) -> Value {
    let mut schema = of_shape(&field.shape, defaults);
    schema["description"] = field.about.into();
    match field.default.filter(|_| defaults) {
        Some(Default::Value(value)) => schema["default"] = value_of(value),
        Some(Default::Words(words)) => schema["description"] = format!("{} (default: {words})", field.about).into(),
        None => {}
    }
    schema
}

/// A default as JSON.
pub fn value_of(written: &str) -> Value {
    serde_saphyr::from_str(written).expect("a test reads every default of the file's description")
}

fn of_rule(rule: &Rule) -> Value {
    let none_of =
        |keys: &[&str]| -> Map<String, Value> { keys.iter().map(|k| ((*k).to_owned(), false.into())).collect() };
    match rule {
        Rule::One(keys) => json!({ "oneOf": keys.iter().map(|k| json!({ "required": [k] })).collect::<Vec<_>>() }),
        Rule::Needs(key, needed) => json!({ "dependencies": { *key: [needed] } }),
        Rule::Excludes(key, others) => json!({ "dependencies": { *key: { "properties": none_of(others) } } }),
        Rule::With { key, values, needs, excludes } => {
            let mut then = Map::new();
            if !needs.is_empty() {
                then.insert("required".to_owned(), json!(needs));
            }
            if !excludes.is_empty() {
                then.insert("properties".to_owned(), none_of(excludes).into());
            }
            json!({ "if": { "properties": { *key: { "enum": values } }, "required": [key] }, "then": then })
        }
    }
}
