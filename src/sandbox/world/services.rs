//! Which service's model answers a call.

use serde_json::Value;

use super::World;
use crate::sandbox::iam::Caller;
use crate::sandbox::service::{Answer, AwsError, Call};
use crate::sandbox::sts;
use crate::sandbox::wire::Service;

impl World {
    /// Moves what moves of itself to the present.
    pub(super) fn advance(&mut self) {}

    /// Gives the services' models their part of a seed.
    pub(in crate::sandbox) fn plant_services(&mut self, ecs: &Value, codepipeline: &Value) -> Result<(), String> {
        match [ecs, codepipeline].iter().all(|v| v.is_null()) {
            true => Ok(()),
            false => Err("these services are not here".to_owned()),
        }
    }

    /// Hands an authorised call to its service.
    pub(super) fn dispatch(&mut self, service: Service, call: &Call, caller: &Caller) -> Answer {
        match service {
            Service::Sts => sts::handle(call.op, call.input, caller, &mut self.directory, &mut self.fresh, call.now),
            Service::Ecr => self.ecr.handle(call, caller, &self.inspector),
            Service::Inspector2 => self.inspector.handle(call, &self.ecr),
            Service::Ecs => Err(AwsError::new("UnknownOperationException", "")),
            Service::CodePipeline => Err(AwsError::new("UnknownOperationException", "")),
        }
    }

    /// What a load balancer in front of a service reaches; `None` where nothing runs.
    pub(super) fn reached(&self, _account: &str, _region: &str, _cluster: &str, _service: &str) -> Option<Value> {
        None
    }
}
