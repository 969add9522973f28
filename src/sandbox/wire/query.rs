//! The query protocol: a form in, XML out.

use serde_json::{Map, Value};

/// The form's fields in their order, percent-decoded.
pub fn form(body: &str) -> Vec<(String, String)> {
    let pairs = body.split('&').filter(|p| !p.is_empty());
    pairs.map(|p| p.split_once('=').unwrap_or((p, ""))).map(|(k, v)| (unescape(k), unescape(v))).collect()
}

fn unescape(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let bytes = text.as_bytes();
    let mut i = 0;
    while i < bytes.len() {
        match bytes[i] {
            b'+' => out.push(b' '),
            b'%' if i + 3 <= bytes.len() => match hex::decode(&bytes[i + 1..i + 3]) {
                Ok(byte) => {
                    out.extend(byte);
                    i += 2;
                }
                Err(_) => out.push(b'%'),
            },
            byte => out.push(byte),
        }
        i += 1;
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// The input as JSON: dots make structures, `.member.N` lists. All leaves are strings.
#[allow(clippy::wildcard_enum_match_arm, reason = "the enum is another crate's, which grows by itself")]
pub fn input(fields: &[(String, String)]) -> Value {
    let mut root = Map::new();
    for (name, value) in fields {
        let mut parts = name.split('.').peekable();
        let mut here = &mut root;
        while let Some(part) = parts.next() {
            if parts.peek().is_none() {
                here.insert(part.to_owned(), Value::String(value.clone()));
                break;
            }
            let next = here.entry(part).or_insert_with(|| Value::Object(Map::new()));
            match next {
                Value::Object(map) => here = map,
                // If a name is a string and a structure, the first counts.
                _ => break,
            }
        }
    }
    lists(Value::Object(root))
}

#[allow(clippy::wildcard_enum_match_arm, reason = "the enum is another crate's, which grows by itself")]
fn lists(value: Value) -> Value {
    match value {
        Value::Object(mut map) if map.len() == 1 && map.get("member").is_some_and(Value::is_object) => {
            let Some(Value::Object(members)) = map.remove("member") else { return Value::Null };
            let mut numbered: Vec<(u32, Value)> =
                members.into_iter().filter_map(|(n, v)| Some((n.parse().ok()?, lists(v)))).collect();
            numbered.sort_by_key(|(n, _)| *n);
            Value::Array(numbered.into_iter().map(|(_, v)| v).collect())
        }
        Value::Object(map) => Value::Object(map.into_iter().map(|(k, v)| (k, lists(v))).collect()),
        other => other,
    }
}

/// Writes a value as the XML that the query protocol sends: lists as `member`.
pub fn xml(out: &mut String, value: &Value) {
    match value {
        Value::Object(map) => {
            for (name, value) in map {
                out.push_str(&format!("<{name}>"));
                xml(out, value);
                out.push_str(&format!("</{name}>"));
            }
        }
        Value::Array(list) => {
            for value in list {
                out.push_str("<member>");
                xml(out, value);
                out.push_str("</member>");
            }
        }
        Value::String(text) => out.push_str(&escape(text)),
        Value::Number(n) => out.push_str(&n.to_string()),
        Value::Bool(b) => out.push_str(&b.to_string()),
        Value::Null => {}
    }
}

/// XML does not allow most control characters.
pub fn escape(text: &str) -> String {
    let no_xml = |c: char| c.is_ascii_control() && !"\t\n\r".contains(c);
    let text = text.replace(no_xml, "\u{fffd}");
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_become_lists_and_escapes_their_characters() {
        let fields =
            form("Tags.member.2.Key=b&Tags.member.1.Key=a%2Fc&Tags.member.1.Value=x+y&RoleArn=arn%3Aaws&Bad=%zz");
        assert_eq!(
            input(&fields),
            serde_json::json!({
                "Tags": [{"Key": "a/c", "Value": "x y"}, {"Key": "b"}], "RoleArn": "arn:aws", "Bad": "%zz",
            })
        );
    }

    #[test]
    fn xml_escapes_text() {
        let mut out = String::new();
        xml(&mut out, &serde_json::json!({"A": {"B": "<&\u{1}>"}, "L": [1, 2]}));
        assert_eq!(out, "<A><B>&lt;&amp;\u{fffd}&gt;</B></A><L><member>1</member><member>2</member></L>");
    }
}
