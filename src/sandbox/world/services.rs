//! Which service's model answers a call.

use jiff::Timestamp;
use serde_json::Value;

use super::World;
use crate::model::ids::{AccountId, Region};
use crate::sandbox::ecs::alarms::AlarmState;
use crate::sandbox::iam::Caller;
use crate::sandbox::service::{Answer, Call};
use crate::sandbox::wire::Service;
use crate::sandbox::{ecr, inspector, sts};

impl World {
    /// Advances everything to the present.
    pub(super) fn advance(&mut self) {
        // In the order of their dates: what a task pulls depends on what has been replicated by then.
        while let Some(at) = self.ecr.next_at().filter(|at| *at <= self.now) {
            self.ecs.advance(at, &self.ecr);
            self.ecr.fire(at);
        }
        self.ecs.advance(self.now, &self.ecr);
        self.codepipeline.advance(self.now);
    }

    /// When something next happens by itself, so that a virtual clock may jump there. Scans follow the clock and have no
    /// date.
    pub fn next_at(&self) -> Option<Timestamp> {
        [self.ecs.next_at(), self.ecr.next_at(), self.codepipeline.next_at()].into_iter().flatten().min()
    }

    /// Puts a CloudWatch alarm that deployments may watch into a state, at a time from now on.
    pub fn set_alarm(&mut self, account: &AccountId, region: &Region, name: &str, state: AlarmState, at: Timestamp) {
        self.ecs.set_alarm(account, region, name, state, at.max(self.now));
    }

    /// Gives the services' models their part of a seed.
    pub(in crate::sandbox) fn seed_services(&mut self, ecs: &Value, codepipeline: &Value) -> Result<(), String> {
        self.ecs.seed(ecs, self.now)?;
        self.codepipeline.seed(codepipeline, self.now)
    }

    /// Hands an authorised call to its service.
    pub(super) fn dispatch(&mut self, service: Service, call: &Call, caller: &Caller) -> Answer {
        match service {
            Service::Sts => sts::handle(call.op, call.input, caller, &mut self.directory, &mut self.ids, call.now),
            Service::Ecr => ecr::api::handle(&mut self.ecr, call, caller, &self.inspector),
            Service::Inspector2 => inspector::api::handle(&mut self.inspector, call, &self.ecr),
            Service::Ecs => self.ecs.handle(call, &self.ecr),
            Service::CodePipeline => self.codepipeline.handle(call),
        }
    }

    /// The account, region, cluster and name of every ECS service.
    pub fn services(&self) -> impl Iterator<Item = (&AccountId, &Region, &str, &str)> {
        self.ecs.services()
    }

    /// What a load balancer in front of a service reaches; `None` where nothing runs.
    pub(super) fn reached(&self, account: &str, region: &str, cluster: &str, service: &str) -> Option<Value> {
        self.ecs.running(&account.parse().ok()?, &region.parse().ok()?, cluster, service)
    }
}
