//! A request of the registry protocol, from its credentials to its reply.

use bytes::Bytes;
use http::{Request, Response};
use serde_json::json;

use super::World;
use super::api::disturb;
use crate::sandbox::faults::Kind;
use crate::sandbox::iam::actions::{Need, repository_arn};
use crate::sandbox::iam::{Caller, Context};
use crate::sandbox::log::Entry;
use crate::sandbox::registry::{self, RegistryError, RegistryRequest, Reply, Route, route};
use crate::sandbox::wire::Service;

impl World {
    pub(super) fn registry(&mut self, request: &Request<Bytes>) -> Response<Bytes> {
        let path = request.uri().path();
        let caller = match registry::caller(&self.ecr, request, self.now) {
            Ok(caller) => caller,
            Err(e) => return e.response(self.ecr.host()),
        };
        if path == "/v2" || path == "/v2/" {
            let ok = Response::builder().header("docker-distribution-api-version", "registry/2.0");
            return ok.header("content-type", "application/json").body(Bytes::from("{}")).expect("constant headers");
        }
        let Some(route) = route(path) else {
            let message = "paths are /v2/ACCOUNT.REGION/REPOSITORY/…, as DescribeRepositories shows them";
            return RegistryError::new(404, "NAME_UNKNOWN", message).response(self.ecr.host());
        };
        let operation = route.operation(request.method());
        // Manifests and blobs have no lag, and no enums.
        let fault = self.faults.take(operation, &caller.account);
        let fault = fault.filter(|kind| !matches!(kind, Kind::StaleRead | Kind::NewEnum(_)));
        let outcome = self.registry_reply(request, &route, &caller, fault.as_ref());
        let (status, code) = match &outcome {
            Ok(response) => (response.status().as_u16(), "OK"),
            Err(e) => (e.response("").status().as_u16(), e.code()),
        };
        self.note(Entry {
            seq: 0,
            at: self.now,
            service: "registry".to_owned(),
            operation: operation.to_owned(),
            account: Some(caller.account.to_string()),
            principal: Some(caller.arn),
            status,
            code: code.to_owned(),
            input: json!({"method": request.method().as_str(), "path": path}),
            fault: fault.clone(),
        });
        let mut response = outcome.unwrap_or_else(|e| e.response(self.ecr.host()));
        disturb(&mut response, fault.as_ref());
        response
    }

    fn registry_reply(
        &mut self,
        request: &Request<Bytes>,
        route: &Route,
        caller: &Caller,
        fault: Option<&Kind>,
    ) -> Reply {
        match fault {
            Some(Kind::Throttle) => return Err(RegistryError::new(429, "TOOMANYREQUESTS", "Rate exceeded")),
            Some(Kind::ServerError) => return Err(RegistryError::new(500, "UNKNOWN", "Internal failure")),
            Some(Kind::ExpiredToken) => {
                return Err(RegistryError::denied(
                    "Your authorization token has expired. Reauthenticate and try again.",
                ));
            }
            Some(Kind::AccessDenied) => {
                return Err(RegistryError::denied(format!("User: {} is not authorized", caller.arn)));
            }
            Some(Kind::ResetBefore) => return Ok(Response::new(Bytes::new())),
            Some(Kind::ResetAfter | Kind::Slow(_) | Kind::StaleRead | Kind::NewEnum(_)) | None => {}
        }
        let operation = route.operation(request.method());
        if !self.quotas.take(Service::Ecr, operation, &caller.account, &route.region, self.now) {
            return Err(RegistryError::new(429, "TOOMANYREQUESTS", "Rate exceeded"));
        }
        let resource = repository_arn(&route.account, &route.region, &route.repository);
        let context = Context::new().with("aws:RequestedRegion", route.region.as_str());
        let action = format!("ecr:{operation}");
        let need = Need { action, resource, context };
        self.permit(caller, &[need]).map_err(|denial| RegistryError::denied(denial.0))?;
        registry::handle(&mut self.ecr, &RegistryRequest { request, route, now: self.now })
    }
}
