use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::*;
use crate::model::event::tests::{KINDS, samples};
use crate::model::event::{Event, Fact};

/// What of a value a schema does not allow: only what `shape` writes is read.
fn mismatch(schema: &Value, value: &Value, at: &str) -> Option<String> {
    if let Some(any) = schema["anyOf"].as_array() {
        let all: Option<Vec<String>> = any.iter().map(|one| mismatch(one, value, at)).collect();
        return all.map(|all| all.join("; "));
    }
    if let Some(words) = schema["enum"].as_array() {
        return (!words.contains(value)).then(|| format!("{at}: {value}"));
    }
    if !schema["const"].is_null() {
        return (schema["const"] != *value).then(|| format!("{at}: {value}"));
    }
    let fits = match schema["type"].as_str().expect("a type") {
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("{other}"),
    };
    if !fits {
        return Some(format!("{at} is no {}: {value}", schema["type"]));
    }
    let items = value.as_array().into_iter().flatten().enumerate();
    let wrong = items
        .filter(|_| !schema["items"].is_null())
        .find_map(|(n, item)| mismatch(&schema["items"], item, &format!("{at}[{n}]")));
    wrong.or_else(|| value.as_object().and_then(|members| of_object(schema, members, at)))
}

fn of_object(schema: &Value, members: &Map<String, Value>, at: &str) -> Option<String> {
    let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let missing = required.filter(|name| !members.contains_key(*name)).map(|name| format!("{at} has no {name}")).next();
    missing.or_else(|| {
        members.iter().find_map(|(name, value)| {
            let at = format!("{at}.{name}");
            match (&schema["properties"][name], &schema["additionalProperties"]) {
                (Value::Null, Value::Bool(false)) => Some(format!("{at} is not listed")),
                (Value::Null, Value::Null) => None,
                (Value::Null, others) => mismatch(others, value, &at),
                (known, _) => mismatch(known, value, &at),
            }
        })
    })
}

fn event(fact: Fact) -> Value {
    let release = "r20260131-094500-000001".parse().expect("an id");
    serde_json::to_value(Event { v: EVENT_VERSION, seq: 1, at: jiff::Timestamp::UNIX_EPOCH, release, fact })
        .expect("JSON")
}

#[test]
fn every_kind_of_event_is_listed_once_and_no_other() {
    let listed: Vec<&str> = events::EVENTS.iter().map(|(name, ..)| *name).collect();
    let all: BTreeSet<&str> = listed.iter().copied().collect();
    assert_eq!(all, KINDS.iter().copied().collect());
    assert_eq!(listed.len(), KINDS.len());
}

#[test]
fn every_event_has_the_members_that_are_listed() {
    let schema = schema();
    let wrong: Vec<String> = samples()
        .into_iter()
        .map(event)
        .filter_map(|event| {
            let of_kind = |one: &&Value| one["title"] == event["kind"] && one["properties"]["seq"].is_object();
            let one = schema["anyOf"].as_array().expect("a list").iter().find(of_kind).expect("its kind");
            mismatch(one, &event, event["kind"].as_str().expect("a kind"))
        })
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_value_with_another_member_or_without_one_does_not_fit() {
    let schema = schema();
    let good = json!({ "v": 1, "kind": "withdrawn", "release": "r", "stage": "prod", "read_by": "yes" });
    assert_eq!(mismatch(&schema, &good, ""), None);
    for (name, value) in [("v", json!(2)), ("kind", json!("moon")), ("more", json!(1)), ("read_by", json!("never"))] {
        let mut bad = good.clone();
        bad[name] = value;
        assert!(mismatch(&schema, &bad, "").is_some(), "{bad}");
    }
    let mut bad = good.clone();
    bad.as_object_mut().expect("an object").remove("stage");
    assert!(mismatch(&schema, &bad, "").is_some(), "{bad}");
}

#[test]
fn every_meaning_is_a_clause() {
    let clause = |text: &str| !text.is_empty() && !text.ends_with('.') && !text.contains('\n');
    for kind in kinds() {
        assert!(clause(kind.about), "{}", kind.name);
        for member in kind.members {
            assert!(clause(member.about), "{}.{}", kind.name, member.name);
        }
    }
}

/// The kinds that the source of the verbs writes, as literals.
fn written_by_the_verbs() -> BTreeSet<String> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/cli");
    let files = std::fs::read_dir(folder).expect("the verbs").map(|entry| entry.expect("an entry").path());
    let text: String = files.filter_map(|file| std::fs::read_to_string(file).ok()).collect();
    let kinds = text.split("\"kind\": \"").skip(1).filter_map(|rest| rest.split('"').next());
    kinds.map(str::to_owned).collect()
}

#[test]
fn every_kind_that_a_verb_writes_is_listed_and_every_listed_one_is_written() {
    let listed: BTreeSet<String> =
        results::RESULTS.iter().chain([&results::FAILURE]).map(|(name, ..)| (*name).to_owned()).collect();
    assert_eq!(written_by_the_verbs(), listed);
}
