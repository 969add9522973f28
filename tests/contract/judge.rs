//! One exchange judged: the request against the operation's input, the answer against its output or its errors.

use serde_json::Value;

use super::errors;
use super::exchange::{Exchange, Message, Protocol, Said};
use super::models::Service;
use super::shapes::{Problem, Shapes};

/// The result for one exchange.
#[derive(Debug)]
pub struct Verdict {
    /// `service Operation`.
    pub operation: String,
    pub peer: String,
    pub client: &'static str,
    /// The error code; `OK` without an error, `-` if the answer was lost.
    pub code: String,
    pub request: Vec<Problem>,
    pub answer: Vec<Problem>,
}

impl Verdict {
    pub fn problems(&self) -> impl Iterator<Item = (&'static str, &Problem)> {
        self.request.iter().map(|p| ("request", p)).chain(self.answer.iter().map(|p| ("answer", p)))
    }
}

/// Members that are empty or zero in answers although their shapes have a minimum, because requests share the shapes. The documentation
/// says: "If there are no unprocessed keys remaining, the response contains an empty UnprocessedKeys map" (BatchGetItem), and 0 in
/// CreateTable's and DescribeTable's examples. The documentation of ListImages does not mention a repository without images; moto and
/// ministack too answer an empty list.
const EMPTY: [(&str, &str); 4] = [
    ("BatchGetItem", "UnprocessedKeys"),
    ("CreateTable", "TableDescription.ProvisionedThroughput.NumberOfDecreasesToday"),
    ("DescribeTable", "Table.ProvisionedThroughput.NumberOfDecreasesToday"),
    ("ListImages", "imageIds"),
];

pub fn judge(models: &[Service], exchange: &Exchange) -> Verdict {
    let said = exchange.said(models);
    let (peer, client) = (exchange.peer.clone(), exchange.client());
    let Some((service, operation)) = said.known else {
        let (code, answer) = unknown(&said, exchange.response.as_ref());
        let request = if client == "kanmon" {
            vec![Problem { path: String::new(), what: "no operation of this service".to_owned() }]
        } else {
            Vec::new()
        };
        return Verdict { operation: format!("? {}", said.operation), peer, client, code, request, answer };
    };
    let mut request = sent(&said, service, operation, &exchange.request);
    let (code, answer) = match &exchange.response {
        None => ("-".to_owned(), Vec::new()),
        Some(message) if (200..300).contains(&message.status) => {
            ("OK".to_owned(), succeeded(&said, service, operation, message))
        }
        Some(message) => failed(&said, service, operation, message),
    };
    // A test may send an invalid request if the peer refuses it; kanmon never sends one.
    if client != "kanmon" && code != "OK" {
        request.clear();
    }
    Verdict { operation: format!("{} {}", service.name, said.operation), peer, client, code, request, answer }
}

fn sent(said: &Said, service: &Service, operation: &Value, message: &Message) -> Vec<Problem> {
    let mut shapes = Shapes { service, protocol: said.protocol, problems: Vec::new() };
    form(&mut shapes, message);
    match (said.input(message), service.side(operation, "input")) {
        (Err(why), _) => shapes.problem("", why),
        (Ok(input), Some(shape)) => shapes.check(shape, &input, "", &Value::Null),
        (Ok(_), None) => {}
    }
    shapes.problems
}

fn succeeded(said: &Said, service: &Service, operation: &Value, message: &Message) -> Vec<Problem> {
    let mut shapes = Shapes { service, protocol: said.protocol, problems: Vec::new() };
    let wanted = operation["http"]["responseCode"].as_u64().unwrap_or(200);
    if u64::from(message.status) != wanted {
        shapes.problem("", format!("status {} instead of {wanted}", message.status));
    }
    form(&mut shapes, message);
    if message.header("x-amzn-requestid").is_empty() {
        shapes.problem("", "no x-amzn-requestid");
    }
    match (said.output(message), service.side(operation, "output")) {
        (Err(why), _) => shapes.problem("", why),
        (Ok(output), Some(shape)) => shapes.check(shape, &output, "", &Value::Null),
        (Ok(output), None) if output.as_object().is_some_and(|o| o.is_empty()) => {}
        (Ok(_), None) => shapes.problem("", "an output, where there is none"),
    }
    let may_be_empty =
        |p: &Problem| EMPTY.contains(&(said.operation.as_str(), p.path.as_str())) && p.what.starts_with("0 ");
    shapes.problems.retain(|p| !may_be_empty(p));
    shapes.problems
}

fn failed(said: &Said, service: &Service, operation: &Value, message: &Message) -> (String, Vec<Problem>) {
    let mut shapes = Shapes { service, protocol: said.protocol, problems: Vec::new() };
    form(&mut shapes, message);
    // By this, kanmon distinguishes an error of AWS from one of a proxy.
    if message.header("x-amzn-requestid").is_empty() {
        shapes.problem("error", "no x-amzn-requestid");
    }
    let mut body = match said.output(message) {
        Ok(body) => body,
        Err(why) => {
            shapes.problem("error", why);
            return (message.status.to_string(), shapes.problems);
        }
    };
    let code = code_of(said.protocol, message, &body);
    if let Some(members) = body.as_object_mut() {
        ["__type", "Code", "Type"].iter().for_each(|around| drop(members.remove(*around)));
    }
    if code.is_empty() {
        shapes.problem("error", format!("status {} without a code", message.status));
        return (message.status.to_string(), shapes.problems);
    }
    let status = u64::from(message.status);
    if let Some((name, shape)) = service.error(operation, &code) {
        let blamed = if shape["fault"] == true { 500..600 } else { 400..500 };
        let right = match shape["error"]["httpStatusCode"].as_u64() {
            Some(wanted) => status == wanted,
            None => blamed.contains(&status),
        };
        if !right {
            shapes.problem("error", format!("{code} with status {status}"));
        }
        // Every error has a message, even if its shape has none, in one of two spellings.
        let spelled = |m: &str| shape["members"].as_object().is_some_and(|all| all.contains_key(m));
        if let Some(members) = body.as_object_mut() {
            members.retain(|m, v| spelled(m) || !(m.eq_ignore_ascii_case("message") && v.is_string()));
        }
        shapes.check(name, &body, &code, &Value::Null);
    } else if let Some(statuses) = errors::common(said.protocol, &code) {
        if !statuses.iter().any(|s| u64::from(*s) == status) {
            shapes.problem("error", format!("{code} with status {status}"));
        }
        if body.as_object().is_none_or(|b| b.keys().any(|k| !k.eq_ignore_ascii_case("message"))) {
            shapes.problem("error", format!("{code} has members that its model does not have: {body}"));
        }
    } else {
        shapes.problem("error", format!("{code} is not an error of this operation"));
    }
    (code, shapes.problems)
}

/// The code of an error, from where its protocol has it.
fn code_of(protocol: Protocol, message: &Message, body: &Value) -> String {
    let code = match protocol {
        Protocol::Json | Protocol::Cbor => body["__type"].as_str().unwrap_or_default(),
        Protocol::RestJson => message.header("x-amzn-errortype"),
        Protocol::Query => body["Code"].as_str().unwrap_or_default(),
    };
    let code = code.split(':').next().unwrap_or_default();
    code.rsplit('#').next().unwrap_or_default().to_owned()
}

/// Checks what the protocol requires of the message itself.
fn form(shapes: &mut Shapes, message: &Message) {
    let is_answer = message.status != 0;
    let wanted = match shapes.protocol {
        Protocol::Json => format!("application/x-amz-json-{}", shapes.service.metadata("jsonVersion")),
        Protocol::RestJson => "application/json".to_owned(),
        Protocol::Cbor => "application/cbor".to_owned(),
        Protocol::Query if is_answer => "text/xml".to_owned(),
        Protocol::Query => "application/x-www-form-urlencoded".to_owned(),
    };
    let empty = message.bytes().is_empty();
    if message.media_type() != wanted && !(empty && message.media_type().is_empty()) {
        shapes.problem("", format!("content-type {} instead of {wanted}", message.media_type()));
    }
    if shapes.protocol == Protocol::Cbor && message.header("smithy-protocol") != "rpc-v2-cbor" {
        shapes.problem("", "no smithy-protocol");
    }
}

/// Checks the answer to an unknown operation, in the protocol of the request.
fn unknown(said: &Said, response: Option<&Message>) -> (String, Vec<Problem>) {
    let Some(message) = response else { return ("-".to_owned(), Vec::new()) };
    let wanted = errors::unknown_operation(said.protocol);
    let mut problems = Vec::new();
    let mut problem = |what: String| problems.push(Problem { path: "error".to_owned(), what });
    let code = match said.protocol {
        Protocol::Query => {
            let document = roxmltree::Document::parse(message.text());
            let node = document.as_ref().ok().and_then(|d| d.descendants().find(|n| n.tag_name().name() == "Code"));
            node.and_then(|n| n.text()).unwrap_or_default().to_owned()
        }
        Protocol::Json | Protocol::RestJson => {
            let body = serde_json::from_str(message.text()).unwrap_or(Value::Null);
            code_of(said.protocol, message, &body)
        }
        Protocol::Cbor => code_of(said.protocol, message, &super::cbor::read(&message.bytes()).unwrap_or(Value::Null)),
    };
    if code != wanted {
        problem(format!("'{code}' instead of {wanted}: {} {}", message.media_type(), message.text()));
    }
    if !errors::common(said.protocol, wanted).is_some_and(|s| s.contains(&message.status)) {
        problem(format!("{code} with status {}", message.status));
    }
    (code, problems)
}
