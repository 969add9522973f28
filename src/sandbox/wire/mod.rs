//! How AWS's clients encode a call (service, operation, input), and how answers are encoded.

pub mod answer;
mod cbor;
pub mod fault;
mod query;
pub mod request;
pub mod shape;

pub use fault::{CommonFault, error_of};
pub use request::{Wire, WireError, read};

use serde_json::{Number, Value};

/// The services of this AWS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Service {
    Sts,
    Ecr,
    Ecs,
    Inspector2,
    CodePipeline,
}

/// The protocols that the services' models name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// Of no service here; a request in it is answered in it.
    Json10,
    Json11,
    Cbor,
    Query,
    RestJson,
}

impl Service {
    /// The name in a signature's scope.
    pub fn signing_name(self) -> &'static str {
        match self {
            Service::Sts => "sts",
            Service::Ecr => "ecr",
            Service::Ecs => "ecs",
            Service::Inspector2 => "inspector2",
            Service::CodePipeline => "codepipeline",
        }
    }

    /// Its protocol, if a client does not prefer another.
    pub fn protocol(self) -> Protocol {
        match self {
            Service::Sts => Protocol::Query,
            Service::Inspector2 => Protocol::RestJson,
            Service::Ecr | Service::Ecs | Service::CodePipeline => Protocol::Json11,
        }
    }
}

/// A time as JSON protocols carry it: seconds since 1970, with milliseconds.
pub fn epoch(at: jiff::Timestamp) -> Value {
    let seconds = at.as_millisecond() as f64 / 1000.0;
    Number::from_f64(seconds).map_or(Value::Null, Value::Number)
}
