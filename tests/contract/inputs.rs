//! The sandbox refuses every input that the models do not allow, as AWS does, before anything happens: every member of every operation is
//! made invalid in every way, in each protocol of its service.

use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use bytes::Bytes;
use http::Request;
use jiff::{SignedDuration, Timestamp};
use kanmon::sandbox::latency::Latency;
use kanmon::sandbox::traffic::Traffic;
use kanmon::sandbox::{Seed, World};
use kanmon::shapes;
use serde_json::Value;

use super::exchange::{Exchange, Protocol};
use super::judge::judge;
use super::models::Service;
use super::recording::Buffer;
use super::samples::Samples;
use super::{cbor, models, print_line, query_protocol};

/// The error codes for an input that its model does not allow.
const REFUSALS: [&str; 4] =
    ["SerializationException", "InvalidParameterException", "ValidationException", "ValidationError"];

/// After this time every bucket of AWS's quotas is full again.
const APART: SignedDuration = SignedDuration::from_secs(60);

struct Rig {
    world: World,
    page: Buffer,
    now: Timestamp,
}

impl Rig {
    fn new() -> Rig {
        let (page, now) = (Buffer::default(), "2026-01-31T09:45:00Z".parse().unwrap());
        let mut world = World::new(&Seed::demo(), Latency::REAL, now).unwrap();
        world.record(Traffic::new(page.clone()));
        Rig { world, page, now }
    }

    /// Sends a request as kanmon does, for which no exceptions are made, and returns the exchange.
    fn exchange(&mut self, service: &Service, protocol: Protocol, operation: &str, input: &Value) -> Exchange {
        self.now += APART;
        let request = request(service, protocol, operation, input);
        let request = signed(request, service.name, self.now);
        self.world.handle(self.now, request);
        serde_json::from_slice(&self.page.take()).expect("one line")
    }
}

fn request(service: &Service, protocol: Protocol, operation: &str, input: &Value) -> Request<Bytes> {
    let target = format!("{}.{operation}", service.metadata("targetPrefix"));
    let (path, kind, body) = match protocol {
        Protocol::Json => ("/".to_owned(), "application/x-amz-json-1.1", input.to_string().into()),
        Protocol::RestJson => {
            let path = service.operation(operation).expect("an operation")["http"]["requestUri"].as_str();
            (path.expect("a path").to_owned(), "application/json", input.to_string().into())
        }
        Protocol::Query => {
            let fields = query_protocol::form(operation, service.metadata("apiVersion"), input);
            ("/".to_owned(), "application/x-www-form-urlencoded", fields.into())
        }
        Protocol::Cbor => {
            let path = format!("/service/{}/operation/{operation}", service.metadata("targetPrefix"));
            (path, "application/cbor", Bytes::from(cbor::write(input)))
        }
    };
    let mut request = Request::post(format!("http://127.0.0.1{path}")).header("host", "127.0.0.1");
    request = request.header("content-type", kind).header("user-agent", "aws-sdk-rust/1");
    request = match protocol {
        Protocol::Json => request.header("x-amz-target", target),
        Protocol::Cbor => request.header("smithy-protocol", "rpc-v2-cbor"),
        Protocol::RestJson | Protocol::Query => request,
    };
    request.body(body).unwrap()
}

fn signed(mut request: Request<Bytes>, service: &str, now: Timestamp) -> Request<Bytes> {
    let keys =
        Credentials::new("AKIASANDBOXDEVELOPER", "sandbox/developer/example/secret/key/000", None, None, "the demo");
    let identity = keys.into();
    let parameters = v4::SigningParams::builder().identity(&identity).region("ap-northeast-1").name(service);
    let parameters =
        parameters.time(SystemTime::try_from(now).unwrap()).settings(SigningSettings::default()).build().unwrap();
    let headers = request.headers().iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap()));
    let (method, uri) = (request.method().to_string(), request.uri().to_string());
    let signable = SignableRequest::new(&method, &uri, headers, SignableBody::Bytes(request.body())).unwrap();
    let (instructions, _) = sign(signable, &parameters.into()).unwrap().into_parts();
    instructions.apply_to_request_http1x(&mut request);
    request
}

/// The protocols of a service's model that the judge supports.
fn protocols(service: &Service) -> Vec<Protocol> {
    let known = [
        ("json", Protocol::Json),
        ("rest-json", Protocol::RestJson),
        ("query", Protocol::Query),
        ("smithy-rpc-v2-cbor", Protocol::Cbor),
    ];
    known.into_iter().filter(|(name, _)| service.speaks(name)).map(|(_, protocol)| protocol).collect()
}

/// The message of an error, in any protocol.
fn said(exchange: &Exchange) -> String {
    let answer = exchange.response.as_ref().expect("an answer");
    if answer.base64.is_some() {
        return cbor::read(&answer.bytes()).expect("CBOR")["message"].as_str().unwrap_or_default().to_owned();
    }
    answer.text().to_owned()
}

#[test]
fn the_sandbox_refuses_every_input_that_a_model_does_not_allow() {
    let Some(models) = models("inputs") else { return };
    let mut rig = Rig::new();
    let (mut operations, mut asked, mut wrong) = (0, 0, Vec::new());
    for service in models {
        let Some(ours) = shapes::of(service.name) else { continue };
        for protocol in protocols(service) {
            let samples = Samples { service, texts: protocol == Protocol::Query };
            for name in ours.operations.keys() {
                let operation = service.operation(name).expect("an operation of the model");
                let Some(input) = service.side(operation, "input") else { continue };
                operations += 1;
                let described = |what: &str| format!("{} {name} ({protocol:?}): {what}", service.name);
                let whole = judge(models, &rig.exchange(service, protocol, name, &samples.whole(input)));
                if !whole.request.is_empty() || whole.code == "SerializationException" {
                    wrong.push(described(&format!("the whole: {:?} {}", whole.request, whole.code)));
                }
                for spoilt in samples.spoilt(input) {
                    let exchange = rig.exchange(service, protocol, name, &spoilt.input);
                    let (verdict, answer) = (judge(models, &exchange), said(&exchange));
                    // Some values that look invalid are allowed.
                    if verdict.request.is_empty() {
                        continue;
                    }
                    asked += 1;
                    // It must be refused for this, and not for another reason.
                    let says = answer.to_lowercase().contains(&format!("'{}'", spoilt.path.to_lowercase()));
                    if !REFUSALS.contains(&verdict.code.as_str()) || !verdict.answer.is_empty() || !says {
                        let line = format!("{}: {} {:?} {answer}", spoilt.what, verdict.code, verdict.answer);
                        wrong.push(described(&line));
                    }
                }
            }
        }
    }
    print_line(&format!(
        "\n{asked} inputs that {operations} operations do not take, by their protocols, were refused\n"
    ));
    assert!(asked > 3_000, "{asked}");
    assert!(wrong.is_empty(), "{} of {asked}:\n{}", wrong.len(), wrong.join("\n"));
}
