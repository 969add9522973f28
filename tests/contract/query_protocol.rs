//! The query protocol: forms as requests and XML as answers, read with the shapes of the model.

use roxmltree::{Document, Node};
use serde_json::{Map, Value};

use super::models::Service;

/// The fields of a form.
pub fn fields(body: &str) -> Vec<(String, String)> {
    let pairs = body.split('&').filter(|p| !p.is_empty()).map(|p| p.split_once('=').unwrap_or((p, "")));
    pairs.map(|(k, v)| (decoded(k), decoded(v))).collect()
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let code = (*first == b'%').then(|| after.get(..2).and_then(|hex| hex::decode(hex).ok())).flatten();
        match (code, first) {
            (Some(code), _) => {
                bytes.extend(code);
                rest = &after[2..];
            }
            (None, first) => {
                bytes.push(if *first == b'+' { b' ' } else { *first });
                rest = after;
            }
        }
    }
    String::from_utf8(bytes).expect("forms are UTF-8")
}

/// A form with these members.
pub fn form(action: &str, version: &str, members: &Value) -> String {
    let mut form = format!("Action={action}&Version={version}");
    said(&mut form, "", members);
    form
}

fn said(form: &mut String, name: &str, value: &Value) {
    let inner = |part: &str| if name.is_empty() { part.to_owned() } else { format!("{name}.{part}") };
    match value {
        Value::Object(members) => members.iter().for_each(|(member, value)| said(form, &inner(member), value)),
        Value::Array(items) if items.is_empty() => form.push_str(&format!("&{name}=")),
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(n, item)| said(form, &inner(&format!("member.{}", n + 1)), item));
        }
        Value::String(text) => form.push_str(&format!("&{name}={}", encoded(text))),
        other => form.push_str(&format!("&{name}={other}")),
    }
}

fn encoded(text: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~".contains(&b);
    text.bytes().map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}

/// The members of a form. `Action` and `Version` belong to the protocol.
pub fn input(service: &Service, shape: Option<&str>, fields: &[(String, String)]) -> Value {
    let mut tree = Map::new();
    for (name, value) in fields.iter().filter(|(k, _)| k != "Action" && k != "Version") {
        let parts: Vec<&str> = name.split('.').collect();
        let (last, way) = parts.split_last().expect("a name");
        let mut here = &mut tree;
        for part in way {
            let next = here.entry(*part).or_insert_with(|| Value::Object(Map::new()));
            here = next.as_object_mut().unwrap_or_else(|| panic!("{name} is a text and a structure"));
        }
        here.insert((*last).to_owned(), value.clone().into());
    }
    listed(service, shape, Value::Object(tree))
}

/// Numbered members as lists, if the shape is a list.
fn listed(service: &Service, shape: Option<&str>, value: Value) -> Value {
    let Some(shape) = shape.map(|s| service.shape(s)) else { return value };
    match (shape["type"].as_str(), value) {
        (Some("structure"), Value::Object(members)) => {
            let of = |name: &str| shape["members"][name]["shape"].as_str();
            members
                .into_iter()
                .map(|(name, v)| {
                    let v = listed(service, of(&name), v);
                    (name, v)
                })
                .collect()
        }
        (Some("list"), Value::Object(mut members)) if members.len() == 1 && members.contains_key("member") => {
            let Some(Value::Object(numbered)) = members.remove("member") else { return Value::Null };
            let mut items: Vec<(usize, Value)> =
                numbered.into_iter().map(|(n, v)| (n.parse().expect("a number"), v)).collect();
            items.sort_by_key(|(n, _)| *n);
            items.into_iter().map(|(_, v)| listed(service, shape["member"]["shape"].as_str(), v)).collect()
        }
        (Some("map"), Value::Object(mut members)) if members.len() == 1 && members.contains_key("entry") => {
            let part = |name: &str| shape[name]["locationName"].as_str().unwrap_or(name).to_owned();
            let Some(Value::Object(numbered)) = members.remove("entry") else { return Value::Null };
            let pair = |entry: Value| -> Option<(String, Value)> {
                let Value::Object(mut entry) = entry else { return None };
                let key = entry.remove(&part("key"))?.as_str()?.to_owned();
                Some((key, listed(service, shape["value"]["shape"].as_str(), entry.remove(&part("value"))?)))
            };
            numbered.into_iter().filter_map(|(_, entry)| pair(entry)).collect()
        }
        // An empty list is a name without a value.
        (Some("list"), Value::String(empty)) if empty.is_empty() => Value::Array(Vec::new()),
        (_, value) => value,
    }
}

/// The XML namespace of errors that belong to no service, such as the one for an unknown operation.
const FAULT_NAMESPACE: &str = "http://webservices.amazon.com/AWSFault/2005-15-09";

/// The members of an answer: of its `…Result`, or of its `Error`.
pub fn output(service: &Service, operation: &Value, name: &str, text: &str) -> Result<Value, String> {
    let document = Document::parse(text).map_err(|e| format!("no XML: {e}"))?;
    let root = document.root_element();
    let namespace = root.tag_name().namespace().unwrap_or_default();
    let fronts = namespace == FAULT_NAMESPACE && root.tag_name().name() == "ErrorResponse";
    if namespace != service.metadata("xmlNamespace") && !fronts {
        return Err(format!("the namespace is '{namespace}'"));
    }
    let child = |of: Node<'_, '_>, name: &str| -> Option<String> {
        let found = of.children().find(|c| c.has_tag_name((namespace, name)))?;
        Some(found.text().unwrap_or_default().to_owned())
    };
    if root.has_tag_name((namespace, "ErrorResponse")) {
        let error = root.children().find(|c| c.has_tag_name((namespace, "Error"))).ok_or("no Error in it")?;
        child(root, "RequestId").ok_or("no RequestId in it")?;
        let part = |name: &str| child(error, name).ok_or(format!("no {name} in its Error"));
        let blamed = part("Type")?;
        if !["Sender", "Receiver"].contains(&blamed.as_str()) {
            return Err(format!("nobody is a {blamed}"));
        }
        return Ok(serde_json::json!({"Type": blamed, "Code": part("Code")?, "message": part("Message")?}));
    }
    if !root.has_tag_name((namespace, format!("{name}Response").as_str())) {
        return Err(format!("its root is {}", root.tag_name().name()));
    }
    let metadata = root.children().find(|c| c.has_tag_name((namespace, "ResponseMetadata")));
    metadata.and_then(|m| child(m, "RequestId")).ok_or("no RequestId in its ResponseMetadata")?;
    let result = root.children().find(|c| c.has_tag_name((namespace, format!("{name}Result").as_str())));
    Ok(result.map_or(Value::Object(Map::new()), |r| element(service, service.side(operation, "output"), r)))
}

fn element(service: &Service, shape: Option<&str>, node: Node<'_, '_>) -> Value {
    let shape = shape.map(|s| service.shape(s)).unwrap_or(&Value::Null);
    let children = node.children().filter(Node::is_element);
    match shape["type"].as_str() {
        Some("structure") => {
            let of = |name: &str| shape["members"][name]["shape"].as_str();
            children.map(|c| (c.tag_name().name().to_owned(), element(service, of(c.tag_name().name()), c))).collect()
        }
        Some("list") => {
            let named = shape["member"]["locationName"].as_str().unwrap_or("member");
            match children.clone().find(|c| c.tag_name().name() != named) {
                // It is not a list, and stays as it is.
                Some(other) => format!("<{}> in a list", other.tag_name().name()).into(),
                None => children.map(|c| element(service, shape["member"]["shape"].as_str(), c)).collect(),
            }
        }
        Some("map") => {
            let part = |entry: Node<'_, '_>, name: &str| {
                let wire = shape[name]["locationName"].as_str().unwrap_or(name).to_owned();
                let found = entry.children().find(|c| c.is_element() && c.tag_name().name() == wire)?;
                Some(element(service, shape[name]["shape"].as_str(), found))
            };
            let pair = |e| Some((part(e, "key")?.as_str()?.to_owned(), part(e, "value")?));
            children.filter_map(pair).collect()
        }
        _ => node.text().unwrap_or_default().into(),
    }
}

#[test]
fn maps_are_read_out_of_forms_and_answers() {
    let Some(models) = super::models("maps of the query protocol") else { return };
    let sns = models.iter().find(|m| m.name == "sns").expect("SNS's model");
    let operation = |name: &str| sns.operation(name).expect("an operation of SNS");
    let form = "Action=Publish&Version=2010-03-31&Message=m&MessageAttributes.entry.1.Name=kind\
                &MessageAttributes.entry.1.Value.DataType=String&MessageAttributes.entry.1.Value.StringValue=a+b";
    let said = input(sns, sns.side(operation("Publish"), "input"), &fields(form));
    let kind = serde_json::json!({"DataType": "String", "StringValue": "a b"});
    assert_eq!(said, serde_json::json!({"Message": "m", "MessageAttributes": {"kind": kind}}));
    let name = "GetTopicAttributes";
    let answer = "<GetTopicAttributesResponse xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\"><GetTopicAttributesResult>\
                  <Attributes><entry><key>Owner</key><value>1</value></entry><entry><key>Policy</key><value/></entry></Attributes>\
                  </GetTopicAttributesResult><ResponseMetadata><RequestId>r</RequestId></ResponseMetadata>\
                  </GetTopicAttributesResponse>";
    let printed = output(sns, operation(name), name, answer).expect("an answer");
    assert_eq!(printed, serde_json::json!({"Attributes": {"Owner": "1", "Policy": ""}}));
    let front = |namespace: &str| {
        let error =
            "<Error><Type>Sender</Type><Code>InvalidAction</Code><Message>m</Message></Error><RequestId>r</RequestId>";
        output(sns, operation(name), name, &format!("<ErrorResponse xmlns=\"{namespace}\">{error}</ErrorResponse>"))
    };
    assert_eq!(front(FAULT_NAMESPACE).expect("AWS's front")["Code"], "InvalidAction");
    assert!(front("https://sts.amazonaws.com/doc/2011-06-15/").is_err(), "another service's");
}

#[test]
fn a_list_has_its_own_tags_and_an_error_has_a_type() {
    let Some(models) = super::models("lists of the query protocol") else { return };
    let sns = models.iter().find(|m| m.name == "sns").expect("SNS's model");
    let operation = sns.operation("ListTopics").expect("an operation of SNS");
    let within = |inner: &str| {
        let xml = format!(
            "<ListTopicsResponse xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\">{inner}</ListTopicsResponse>"
        );
        output(sns, operation, "ListTopics", &xml)
    };
    let listed = |tag: &str| {
        let topics = format!("<Topics><{tag}><TopicArn>a</TopicArn></{tag}></Topics>");
        within(&format!(
            "<ListTopicsResult>{topics}</ListTopicsResult><ResponseMetadata><RequestId>1</RequestId></ResponseMetadata>"
        ))
    };
    assert_eq!(listed("member").unwrap(), serde_json::json!({"Topics": [{"TopicArn": "a"}]}));
    assert_eq!(listed("item").unwrap(), serde_json::json!({"Topics": "<item> in a list"}));
    let failed = |kind: &str| {
        let error =
            format!("<Error><Type>{kind}</Type><Code>c</Code><Message>m</Message></Error><RequestId>1</RequestId>");
        let xml = format!("<ErrorResponse xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\">{error}</ErrorResponse>");
        output(sns, operation, "ListTopics", &xml)
    };
    assert_eq!(failed("Sender").unwrap()["Code"], "c");
    assert_eq!(failed("Moon").unwrap_err(), "nobody is a Moon");
}
