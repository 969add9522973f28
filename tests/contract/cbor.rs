//! smithy-rpc-v2-cbor: CBOR as JSON. What JSON does not have is an object with a special member.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ciborium::Value as Cbor;
use serde_json::{Value, json};

/// The member of a time, which is a tag in CBOR.
pub const TIME: &str = "$time";
/// The member of bytes.
pub const BYTES: &str = "$bytes";

pub fn read(bytes: &[u8]) -> Result<Value, String> {
    let value: Cbor = ciborium::from_reader(bytes).map_err(|e| format!("no CBOR: {e}"))?;
    json_of(value)
}

fn json_of(value: Cbor) -> Result<Value, String> {
    Ok(match value {
        Cbor::Null => Value::Null,
        Cbor::Bool(b) => b.into(),
        Cbor::Integer(n) => i64::try_from(n).map_err(|_| "an integer beyond 64 bits")?.into(),
        Cbor::Float(f) => json!(f),
        Cbor::Text(text) => text.into(),
        Cbor::Bytes(bytes) => json!({BYTES: STANDARD.encode(bytes)}),
        Cbor::Array(list) => list.into_iter().map(json_of).collect::<Result<_, _>>()?,
        Cbor::Map(pairs) => {
            let pair =
                |(k, v): (Cbor, Cbor)| Ok::<_, String>((k.into_text().map_err(|_| "a key is not text")?, json_of(v)?));
            Value::Object(pairs.into_iter().map(pair).collect::<Result<_, _>>()?)
        }
        Cbor::Tag(1, seconds) => json!({TIME: json_of(*seconds)?}),
        other => return Err(format!("{other:?} has no place in the protocol")),
    })
}

/// The reverse, for values without times and bytes.
pub fn write(value: &Value) -> Vec<u8> {
    let mut bytes = Vec::new();
    ciborium::into_writer(value, &mut bytes).expect("writing to memory cannot fail");
    bytes
}
