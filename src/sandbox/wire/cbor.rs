//! smithy-rpc-v2-cbor, which CodePipeline supports beside JSON: the same members, with times under a tag.

use bytes::Bytes;
use ciborium::Value as Cbor;
use serde_json::{Map, Number, Value};

/// CodePipeline's members that are times, as its model has them; none of these names is anything else there.
const TIMES: [&str; 10] = [
    "approvedAt",
    "created",
    "endTime",
    "lastChangedAt",
    "lastStatusChange",
    "lastTriggered",
    "lastUpdateTime",
    "pollingDisabledAt",
    "startTime",
    "updated",
];

/// RFC 8949: seconds since 1970.
const TIME_TAG: u64 = 1;

/// The members of a body; a text where it has none.
#[allow(clippy::wildcard_enum_match_arm, reason = "the enum is another crate's, which grows by itself")]
pub fn read(body: &[u8]) -> Result<Value, String> {
    if body.is_empty() {
        return Ok(Value::Object(Map::new()));
    }
    match ciborium::from_reader(body).map_err(|e| format!("{e}"))? {
        members @ Cbor::Map(_) => members_of(members),
        _ => Err("the input is not a structure".to_owned()),
    }
}

#[allow(clippy::wildcard_enum_match_arm, reason = "the enum is another crate's, which grows by itself")]
fn members_of(value: Cbor) -> Result<Value, String> {
    Ok(match value {
        Cbor::Null => Value::Null,
        Cbor::Bool(b) => b.into(),
        Cbor::Integer(n) => i64::try_from(n).map_err(|_| "an integer beyond 64 bits")?.into(),
        Cbor::Float(f) => Number::from_f64(f).map_or(Value::Null, Value::Number),
        Cbor::Text(text) => text.into(),
        Cbor::Array(list) => list.into_iter().map(members_of).collect::<Result<_, _>>()?,
        Cbor::Map(pairs) => {
            let mut members = Map::new();
            for (key, value) in pairs {
                members.insert(key.into_text().map_err(|_| "a member's name is not text")?, members_of(value)?);
            }
            Value::Object(members)
        }
        Cbor::Tag(TIME_TAG, seconds) => members_of(*seconds)?,
        // No operation here takes bytes.
        _ => return Err("bytes or a tag where there are none".to_owned()),
    })
}

/// An answer's body.
pub fn write(output: &Value) -> Bytes {
    let mut body = Vec::new();
    ciborium::into_writer(&item("", output), &mut body).expect("memory takes it");
    body.into()
}

fn item(name: &str, value: &Value) -> Cbor {
    match value {
        Value::Null => Cbor::Null,
        Value::Bool(b) => Cbor::Bool(*b),
        Value::Number(n) if TIMES.contains(&name) => Cbor::Tag(TIME_TAG, Box::new(number(n))),
        Value::Number(n) => number(n),
        Value::String(text) => Cbor::Text(text.clone()),
        Value::Array(list) => Cbor::Array(list.iter().map(|v| item(name, v)).collect()),
        Value::Object(map) => Cbor::Map(map.iter().map(|(k, v)| (Cbor::Text(k.clone()), item(k, v))).collect()),
    }
}

fn number(n: &Number) -> Cbor {
    match n.as_i64() {
        Some(whole) => Cbor::Integer(whole.into()),
        None => Cbor::Float(n.as_f64().unwrap_or_default()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn members_come_back_as_they_went_and_times_are_tagged() {
        let members =
            json!({"name": "a", "version": -3, "on": true, "list": [{"lastStatusChange": 1.5}], "none": null});
        let body = write(&members);
        assert_eq!(read(&body).unwrap(), members);
        assert!(body.windows(2).any(|w| w == [0xc1, 0xf9] || w == [0xc1, 0xfb] || w == [0xc1, 0xfa]), "{body:x?}");
        assert!(!write(&json!({"version": 1})).contains(&0xc1));
        assert_eq!(read(b"").unwrap(), json!({}));
        assert!(read(b"\x01").is_err() && read(b"\xa1").is_err());
    }
}
