//! Amazon ECS: clusters, task definitions, services with their deployments (rolling, blue/green, linear,
//! canary), service deployments, tasks.
//!
//! A pure model: everything that takes time is an event with a date, and [`Ecs::advance`] lets them happen in the order of
//! their dates, so that one long step has the same result as many short ones. Names of structures and members are those of
//! AWS's API model (`ecs/2014-11-13`).

#![allow(clippy::result_large_err, reason = "the seam's error carries members of its own, and errors are rare here")]

mod alarm_monitor;
pub mod alarms;
mod api;
pub mod arn;
mod breaker;
mod breaker_monitor;
mod compatibility;
mod completion;
mod configuration;
mod defaults;
mod deploy;
mod error;
mod failure;
mod families;
mod history;
mod hook;
mod hooks;
mod launch;
mod lifecycle;
mod lifecycle_stage;
mod load_balancer;
mod refusals;
mod regional;
mod requests;
mod scheduler;
mod scheduler_context;
pub mod seed;
mod service;
mod service_deployment;
mod service_deployment_status;
mod stop_tasks;
mod task;
mod task_definition;
mod tasks;
mod traffic_shift;
mod view;
mod wire;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::Value;

use crate::model::ids::{AccountId, Region};
use crate::sandbox::latency::Latency;
use crate::sandbox::service::{Answer, Call, ImageSource};
use alarms::AlarmState;
use arn::Home;
use regional::{Due, RegionalEcs};

/// ECS of all accounts and regions.
#[derive(Debug, Clone)]
pub struct Ecs {
    latency: Latency,
    regions: BTreeMap<Home, RegionalEcs>,
}

impl Ecs {
    pub fn new(latency: Latency) -> Ecs {
        Ecs { latency, regions: BTreeMap::new() }
    }

    /// Answers a call, after everything that is due by then has happened.
    ///
    /// # Errors
    /// AWS's own, by code; `UnknownOperationException` for an operation that is not served.
    pub fn handle(&mut self, call: &Call, images: &dyn ImageSource) -> Answer {
        self.advance(call.now, images);
        let latency = self.latency;
        api::answer(self.regional(call.account, call.region), call, latency)
    }

    /// Lets everything due until `now` happen, in the order of its dates.
    pub fn advance(&mut self, now: Timestamp, images: &dyn ImageSource) {
        for regional in self.regions.values_mut() {
            regional.resolve_seeded(images);
        }
        while let Some((at, home, due)) = self.next_due().filter(|(at, ..)| *at <= now) {
            if let Some(regional) = self.regions.get_mut(&home) {
                regional.fire(&due, at, self.latency, images);
            }
        }
    }

    /// Sets up clusters, task definitions and services that have been running before `now`: see [`mod@seed`] for the form.
    ///
    /// # Errors
    /// A sentence about what is wrong in the seed.
    pub fn seed(&mut self, seed: &Value, now: Timestamp) -> Result<(), String> {
        seed::apply(self, seed, now)
    }

    /// Puts an alarm into a state at a time, which must not lie in the past.
    pub fn set_alarm(&mut self, account: &AccountId, region: &Region, name: &str, state: AlarmState, at: Timestamp) {
        let changes = &mut self.regional(account, region).alarm_changes;
        changes.entry(at).or_default().push((name.to_owned(), state));
    }

    /// What a load balancer in front of the service would reach: `service`, `taskDefinition`, `deployment`, `digest` (of the
    /// first essential container), `digests` and `labels` by container. None when no healthy task runs.
    pub fn running(&self, account: &AccountId, region: &Region, cluster: &str, service: &str) -> Option<Value> {
        let home = Home { account: account.clone(), region: region.clone() };
        load_balancer::target(self.regions.get(&home)?, cluster, service)
    }

    /// The account, region, cluster and name of every service.
    pub fn services(&self) -> impl Iterator<Item = (&AccountId, &Region, &str, &str)> {
        self.regions.iter().flat_map(|(home, regional)| {
            regional.clusters.values().flat_map(move |cluster| {
                let of_cluster = move |name| (&home.account, &home.region, cluster.name.as_str(), name);
                cluster.services.keys().map(String::as_str).map(of_cluster)
            })
        })
    }

    /// When something next happens by itself, so that a clock may jump there.
    pub fn next_at(&self) -> Option<Timestamp> {
        self.next_due().map(|(at, ..)| at)
    }

    fn next_due(&self) -> Option<(Timestamp, Home, Due)> {
        let mut next: Option<(Timestamp, Home, Due)> = None;
        for (home, regional) in &self.regions {
            if let Some((at, due)) = regional.next_due()
                && next.as_ref().is_none_or(|(t, ..)| at < *t)
            {
                next = Some((at, home.clone(), due));
            }
        }
        next
    }

    fn regional(&mut self, account: &AccountId, region: &Region) -> &mut RegionalEcs {
        let home = Home { account: account.clone(), region: region.clone() };
        self.regions.entry(home.clone()).or_insert_with(|| RegionalEcs::new(home))
    }
}
