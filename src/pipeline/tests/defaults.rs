//! The defaults that the schema and README name.

use serde_json::Value;

use super::every_key::{every_key, pointer, records};
use super::{FILE, Repository};
use crate::pipeline::json_schema::value_of;
use crate::pipeline::shape::Default;

#[test]
fn a_key_that_is_left_out_has_the_default_that_is_documented() {
    let repository = Repository::new();
    let load = |file: &Value| {
        repository.write(FILE, &file.to_string());
        repository.load().map(|loaded| loaded.pipeline)
    };
    let whole = every_key();
    let mut compared = 0;
    records(&whole, &mut |at, record, applies| {
        // Every key is there somewhere; elsewhere it may not go together with others.
        let is_there = |name: &str| whole.pointer(&pointer(at, name)).is_some();
        for field in record.fields.iter().filter(|field| applies && is_there(field.name)) {
            let Some(Default::Value(default)) = field.default else { continue };
            let with = |value: Option<Value>| {
                let mut file = whole.clone();
                let mapping = file.pointer_mut(at).and_then(Value::as_object_mut).unwrap();
                match value {
                    Some(value) => mapping.insert(field.name.to_owned(), value),
                    None => mapping.shift_remove(field.name),
                };
                load(&file).unwrap_or_else(|d| panic!("{}: {d}", pointer(at, field.name)))
            };
            assert!(with(None) == with(Some(value_of(default))), "{}: not {default}", pointer(at, field.name));
            compared += 1;
        }
    });
    assert!(compared > 20, "{compared}");
}

#[test]
fn another_value_than_the_default_makes_another_pipeline() {
    let repository = Repository::new();
    let mut file = every_key();
    repository.write(FILE, &file.to_string());
    let before = repository.load().unwrap().pipeline;
    file["defaults"].as_object_mut().unwrap().shift_remove("poll");
    repository.write(FILE, &file.to_string());
    assert_ne!(repository.load().unwrap().pipeline, before);
}
