//! The whole AWS as one value: a request and the time in, a response out.

mod admin;
mod api;
mod registry;
mod services;

use std::collections::BTreeMap;

use bytes::Bytes;
use http::{HeaderValue, Request, Response};
use jiff::Timestamp;

use super::codepipeline::CodePipeline;
use super::ecr::Ecr;
use super::ecs::Ecs;
use super::faults::{Fault, Faults};
use super::iam::actions::Need;
use super::iam::evaluate::Kind;
use super::iam::{Caller, Denial, Directory, ResourcePolicy, authorize};
use super::id_generator::IdGenerator;
use super::inspector::Inspector;
use super::inspector::behaviour::LaterFindings;
use super::latency::Latency;
use super::log::{Entry, Log};
use super::quotas::Quotas;
use super::seed::{Address, Seed, SeedError};
use super::sigv4;
use super::traffic::Traffic;
use crate::model::ids::{AccountId, Region};

/// Several accounts of AWS. Pure: it moves only when it is handed a time and a request.
pub struct World {
    now: Timestamp,
    ids: IdGenerator,
    directory: Directory,
    ecr: Ecr,
    inspector: Inspector,
    ecs: Ecs,
    codepipeline: CodePipeline,
    addresses: BTreeMap<String, Address>,
    faults: Faults,
    quotas: Quotas,
    log: Log,
    traffic: Option<Traffic>,
}

/// Until it is set, the world does not know its address.
const NO_HOST: &str = "registry.invalid";

impl World {
    /// A world as the seed describes it.
    pub fn new(seed: &Seed, latency: Latency, now: Timestamp) -> Result<World, SeedError> {
        let mut world = World {
            now,
            ids: IdGenerator::new(1),
            directory: Directory::default(),
            ecr: Ecr::new(NO_HOST, IdGenerator::new(2), latency),
            inspector: Inspector::new(latency),
            ecs: Ecs::new(latency),
            codepipeline: CodePipeline::new(latency),
            addresses: BTreeMap::new(),
            faults: Faults::default(),
            quotas: Quotas::new(seed.quotas),
            log: Log::default(),
            traffic: None,
        };
        seed.apply(&mut world)?;
        Ok(world)
    }

    /// A copy of the world that records no traffic; the two are independent from now on.
    pub fn copy(&self) -> World {
        World {
            now: self.now,
            ids: self.ids.clone(),
            directory: self.directory.clone(),
            ecr: self.ecr.clone(),
            inspector: self.inspector.clone(),
            ecs: self.ecs.clone(),
            codepipeline: self.codepipeline.clone(),
            addresses: self.addresses.clone(),
            faults: self.faults.clone(),
            quotas: self.quotas.clone(),
            log: self.log.clone(),
            traffic: None,
        }
    }

    /// Tells ECR the `HOST:PORT` at which its registry protocol is reached, which its answers name.
    pub fn set_registry_host(&mut self, host: &str) {
        self.ecr.set_host(host);
    }

    pub fn now(&self) -> Timestamp {
        self.now
    }

    pub fn directory_mut(&mut self) -> &mut Directory {
        &mut self.directory
    }

    pub fn ecr(&self) -> &Ecr {
        &self.ecr
    }

    pub fn ecr_mut(&mut self) -> &mut Ecr {
        &mut self.ecr
    }

    pub fn inspector_mut(&mut self) -> &mut Inspector {
        &mut self.inspector
    }

    /// Has a service answer at the address of this host.
    pub(in crate::sandbox) fn add_address(&mut self, host: &str, address: Address) {
        self.addresses.insert(host.to_owned(), address);
    }

    pub fn ids(&mut self) -> &mut IdGenerator {
        &mut self.ids
    }

    /// Orders a fault for calls to come.
    pub fn order_fault(&mut self, fault: Fault) {
        self.faults.order(fault);
    }

    /// Findings that appear at their time, in images that exist or are pushed later.
    pub fn add_findings(&mut self, later: LaterFindings) {
        self.inspector.add_later(later);
    }

    /// The calls seen so far, the newest of them.
    pub fn log(&self) -> &[Entry] {
        self.log.entries()
    }

    /// Records the traffic from now on.
    pub fn record(&mut self, traffic: Traffic) {
        self.traffic = Some(traffic);
    }

    /// Answers one HTTP request at this time. The response may carry a `faults::Disturbance` for the transport.
    pub fn handle(&mut self, now: Timestamp, request: Request<Bytes>) -> Response<Bytes> {
        // A clock that steps back does not undo what has happened.
        self.now = self.now.max(now);
        self.advance();
        let path = request.uri().path();
        let mut response = if path.starts_with("/_sandbox/") {
            self.admin(&request)
        } else if (path == "/v2" || path.starts_with("/v2/")) && !sigv4::is_signed(&request) {
            self.registry(&request)
        } else {
            let response = self.api(&request);
            if let Some(Err(error)) = self.traffic.as_mut().map(|t| t.write(self.now, &request, &response)) {
                tracing::warn!(%error, "the traffic cannot be written down any more");
                self.traffic = None;
            }
            response
        };
        // Clients correct their clock by this header.
        let date = self.now.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
        if let Ok(date) = HeaderValue::from_str(&date) {
            response.headers_mut().insert("date", date);
        }
        response
    }

    /// Whether the caller has every permission that the call needs.
    fn permit(&self, caller: &Caller, needs: &[Need]) -> Result<(), Denial> {
        for need in needs {
            let owner = owner(&need.resource);
            let policy = repository_of(&need.resource)
                .and_then(|(account, region, name)| self.ecr.repository(&account, &region, name))
                .and_then(|r| r.policy.as_ref().map(|(_, p)| p));
            let on = owner.as_ref().map(|owner| ResourcePolicy { policy, owner, kind: Kind::Repository });
            let mut context = need.context.clone();
            context.add("aws:CurrentTime", self.now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string());
            context.add("aws:EpochTime", self.now.as_second().to_string());
            authorize(&self.directory, caller, &need.action, &need.resource, &context, on.as_ref())?;
        }
        Ok(())
    }

    fn note(&mut self, entry: Entry) {
        self.log.note(entry);
    }
}

/// The account in an ARN.
fn owner(arn: &str) -> Option<AccountId> {
    arn.split(':').nth(4)?.parse().ok()
}

/// The repository that an ARN names.
fn repository_of(arn: &str) -> Option<(AccountId, Region, &str)> {
    let (region, rest) = arn.strip_prefix("arn:aws:ecr:")?.split_once(':')?;
    let (account, rest) = rest.split_once(':')?;
    Some((account.parse().ok()?, region.parse().ok()?, rest.strip_prefix("repository/")?))
}
