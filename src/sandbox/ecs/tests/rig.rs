//! An ECS with images of given behaviour, and a clock that a test moves.

use std::cell::RefCell;
use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::model::ids::{AccountId, Digest, Region};
use crate::sandbox::ecs::Ecs;
use crate::sandbox::latency::Latency;
use crate::sandbox::service::{Answer, Call, ImageSource, PulledImage, RunsOn};
use crate::sandbox::wire::{self, Protocol, Service, Wire};

/// Images by reference: what is not registered cannot be pulled.
#[derive(Default)]
pub struct Images(RefCell<BTreeMap<String, PulledImage>>);

impl Images {
    pub fn put(&self, reference: &str, labels: &[(&str, &str)]) -> String {
        let digest = String::from(Digest::of(format!("{reference}{labels:?}").as_bytes()));
        let labels = labels.iter().map(|(k, v)| (format!("dev.kanmon.sandbox.{k}"), (*v).to_owned())).collect();
        let image = PulledImage { digest: digest.clone(), labels };
        let name = crate::sandbox::ecs::lifecycle::repository(reference);
        self.0.borrow_mut().insert(format!("{name}@{digest}"), image.clone());
        self.0.borrow_mut().insert(reference.to_owned(), image);
        digest
    }

    /// Forgets a reference: it cannot be pulled any more.
    pub fn remove(&self, reference: &str) {
        self.0.borrow_mut().remove(reference);
    }
}

impl ImageSource for Images {
    fn pull(&self, _: &AccountId, _: &Region, reference: &str, _: &RunsOn) -> Result<PulledImage, String> {
        self.0.borrow().get(reference).cloned().ok_or_else(|| format!("{reference}: not found"))
    }
}

pub struct Rig {
    pub ecs: Ecs,
    pub images: Images,
    pub now: Timestamp,
    pub account: AccountId,
    pub region: Region,
}

pub fn seconds(n: i64) -> SignedDuration {
    SignedDuration::from_secs(n)
}

/// A day's beginning.
pub fn start() -> Timestamp {
    "2026-01-31T00:00:00Z".parse().unwrap()
}

impl Rig {
    /// Cluster `c` with service `web` at revision `web:1` (image `repo/web:1`, healthy), two tasks running; the seed's
    /// service entry takes `extra`.
    pub fn with(extra: Value, entry: Value) -> Rig {
        let mut service = json!({ "serviceName": "web", "taskDefinition": "web", "desiredCount": 2 });
        merge(&mut service, extra);
        let mut seed = json!({
            "account": "111111111111", "region": "ap-northeast-1",
            "taskDefinitions": [definition("repo/web:1")],
            "clusters": [{ "clusterName": "c", "services": [service] }],
        });
        merge(&mut seed, entry);
        let mut ecs = Ecs::new(Latency::REAL);
        ecs.seed(&seed, start()).unwrap();
        let images = Images::default();
        images.put("repo/web:1", &[]);
        let (account, region) = ("111111111111".parse().unwrap(), "ap-northeast-1".parse().unwrap());
        Rig { ecs, images, now: start(), account, region }
    }

    pub fn new() -> Rig {
        Rig::with(json!({}), json!({}))
    }

    /// With the breaker on, rolling back or not.
    pub fn with_circuit_breaker(rollback: bool) -> Rig {
        let breaker = json!({ "deploymentCircuitBreaker": { "enable": true, "rollback": rollback } });
        Rig::with(json!({ "deploymentConfiguration": breaker }), json!({}))
    }

    pub fn call(&mut self, op: &str, input: Value) -> Answer {
        self.call_as("arn:aws:iam::111111111111:user/developer", op, input)
    }

    pub fn call_as(&mut self, principal: &str, op: &str, input: Value) -> Answer {
        wire::shape::validate(&Wire {
            service: Service::Ecs,
            protocol: Protocol::Json11,
            op: op.to_owned(),
            input: input.clone(),
        })?;
        let call = Call { op, input: &input, account: &self.account, region: &self.region, principal, now: self.now };
        self.ecs.handle(&call, &self.images)
    }

    pub fn ok(&mut self, op: &str, input: Value) -> Value {
        self.call(op, input).unwrap_or_else(|e| panic!("{op}: {e:?}"))
    }

    pub fn code(&mut self, op: &str, input: Value) -> String {
        self.call(op, input).expect_err(op).code
    }

    pub fn pass(&mut self, by: SignedDuration) {
        self.now += by;
        self.ecs.advance(self.now, &self.images);
    }

    /// Registers the next `web` revision with this image and updates the service to it; its service deployment's ARN.
    pub fn deploy(&mut self, image: &str) -> String {
        let registered = self.ok("RegisterTaskDefinition", definition(image));
        let arn = registered["taskDefinition"]["taskDefinitionArn"].clone();
        self.ok("UpdateService", json!({ "cluster": "c", "service": "web", "taskDefinition": arn }));
        self.newest()
    }

    /// The newest service deployment's ARN.
    pub fn newest(&mut self) -> String {
        let listed = self.ok("ListServiceDeployments", json!({ "cluster": "c", "service": "web" }));
        listed["serviceDeployments"][0]["serviceDeploymentArn"].as_str().unwrap().to_owned()
    }

    pub fn service(&mut self) -> Value {
        self.ok("DescribeServices", json!({ "cluster": "c", "services": ["web"] }))["services"][0].take()
    }

    pub fn service_deployment(&mut self, arn: &str) -> Value {
        let all = self.ok("DescribeServiceDeployments", json!({ "serviceDeploymentArns": [arn] }));
        all["serviceDeployments"][0].clone()
    }

    pub fn status(&mut self, arn: &str) -> String {
        self.service_deployment(arn)["status"].as_str().unwrap().to_owned()
    }

    /// Passes time until the service deployment has this status; at most ten minutes.
    pub fn until(&mut self, arn: &str, status: &str) {
        for _ in 0..600 {
            if self.status(arn) == status {
                return;
            }
            self.pass(seconds(1));
        }
        panic!("{arn} is {} and not {status}", self.status(arn));
    }

    pub fn tasks(&mut self, desired_status: &str) -> Vec<Value> {
        let query = json!({ "cluster": "c", "serviceName": "web", "desiredStatus": desired_status });
        let arns = self.ok("ListTasks", query)["taskArns"].take();
        if arns.as_array().unwrap().is_empty() {
            return Vec::new();
        }
        let described = self.ok("DescribeTasks", json!({ "cluster": "c", "tasks": arns }));
        described["tasks"].as_array().unwrap().clone()
    }

    pub fn events(&mut self) -> Vec<String> {
        let service = self.service();
        service["events"].as_array().unwrap().iter().map(|e| e["message"].as_str().unwrap().to_owned()).collect()
    }
}

/// Merges members into an object.
pub fn merge(base: &mut Value, extra: Value) {
    if let (Some(base), Value::Object(extra)) = (base.as_object_mut(), extra) {
        base.extend(extra);
    }
}

/// A task definition input with one container `web`.
pub fn definition(image: &str) -> Value {
    json!({
        "family": "web", "cpu": "256", "memory": "512",
        "containerDefinitions": [{ "name": "web", "image": image, "portMappings": [{ "containerPort": 80 }] }],
    })
}
