//! Making a world from a seed.

use jiff::SignedDuration;
use serde_json::Value;

use super::{Account, Address, Registry, Seed, SeedError, User as Person};
use crate::model::ids::Region;
use crate::sandbox::ecr::scanning::{Frequency, Rule, Scanning};
use crate::sandbox::ecr::{Mutability, Repository};
use crate::sandbox::iam::{Policy, Role, User};
use crate::sandbox::world::World;

/// MaxSessionDuration's range in IAM, in seconds.
const SESSIONS: std::ops::RangeInclusive<u32> = 3_600..=43_200;

/// A position in a seed, and what is wrong there.
fn wrong(at: impl Into<String>, why: impl Into<String>) -> SeedError {
    SeedError::Content { at: at.into(), why: why.into() }
}

fn policies(documents: &[Value], at: &str) -> Result<Vec<Policy>, SeedError> {
    documents.iter().map(|d| Policy::read(d).map_err(|why| wrong(at, why))).collect()
}

impl Seed {
    /// Puts everything into the world.
    pub(in crate::sandbox) fn apply(&self, world: &mut World) -> Result<(), SeedError> {
        if self.version != 1 {
            return Err(wrong("version", format!("{} is not known here; 1 is", self.version)));
        }
        for (n, account) in self.accounts.iter().enumerate() {
            if self.accounts[..n].iter().any(|a| a.id == account.id) {
                return Err(wrong("accounts", format!("{} is there twice", account.id)));
            }
            principals(account, world)?;
            registry(account, &self.region, world)?;
            if !account.inspector {
                world.inspector_mut().disable(&account.id);
            }
        }
        for (n, behaviour) in self.inspector.iter().enumerate() {
            behaviour.findings.specs().map_err(|why| wrong(format!("inspector[{n}]"), why))?;
            world.inspector_mut().add(behaviour.clone());
        }
        for (host, address) in &self.addresses {
            if !(200..=599).contains(&address.status) {
                return Err(wrong(format!("addresses: {host}"), "status is 200 to 599"));
            }
            let region = address.region.clone().unwrap_or_else(|| self.region.clone());
            world.add_address(host, Address { region: Some(region), ..address.clone() });
        }
        world.seed_services(&self.ecs, &self.codepipeline).map_err(|why| wrong("ecs and codepipeline", why))
    }
}

fn principals(account: &Account, world: &mut World) -> Result<(), SeedError> {
    let id = &account.id;
    for user in &account.users {
        let at = format!("{}: user {}", account.name, user.name);
        if user.key.id.len() < 16 || !user.key.id.bytes().all(|b| b.is_ascii_alphanumeric()) {
            return Err(wrong(at, "an access key id has 16 to 128 letters and digits"));
        }
        if world.directory_mut().key(&user.key.id).is_some() {
            return Err(wrong(at, format!("the access key {} is there twice", user.key.id)));
        }
        if user.session_of.is_some() != user.key.token.is_some() {
            return Err(wrong(at, "session_of and the key's token go together"));
        }
        if user.session_of.is_some() {
            continue;
        }
        let made = User { id: format!("AIDA{}", world.ids().base32(17)), policies: policies(&user.policies, &at)? };
        let directory = world.directory_mut();
        directory.add_user(id, &user.name, made);
        directory.add_user_key(id, &user.name, &user.key.id, &user.key.secret);
    }
    for role in &account.roles {
        let at = format!("{}: role {}", account.name, role.name);
        if !SESSIONS.contains(&role.max_session) {
            return Err(wrong(at, "max_session is 3600 to 43200 seconds"));
        }
        let made = Role {
            id: format!("AROA{}", world.ids().base32(17)),
            trust: Policy::read(&role.trust).map_err(|why| wrong(&at, why))?,
            policies: policies(&role.policies, &at)?,
            max_session: SignedDuration::from_secs(i64::from(role.max_session)),
        };
        world.directory_mut().add_role(id, &role.name, made);
    }
    account.users.iter().try_for_each(|user| session(account, user, world))
}

/// The key of somebody who has a session of a role.
fn session(account: &Account, user: &Person, world: &mut World) -> Result<(), SeedError> {
    let (Some(role), Some(token)) = (&user.session_of, &user.key.token) else { return Ok(()) };
    let at = format!("{}: user {}", account.name, user.name);
    if !user.policies.is_empty() {
        return Err(wrong(at, "a session has the policies of its role"));
    }
    let made =
        world.directory_mut().add_session_key(&account.id, role, &user.name, &user.key.id, &user.key.secret, token);
    made.ok_or_else(|| wrong(at, format!("the account has no role {role}")))
}

fn registry(account: &Account, region: &Region, world: &mut World) -> Result<(), SeedError> {
    let now = world.now();
    let scanning = scanning(&account.registry, now).map_err(|why| wrong(format!("{}: registry", account.name), why))?;
    let mut regions: Vec<&Region> = account.repositories.iter().filter_map(|r| r.region.as_ref()).collect();
    regions.push(region);
    let policy = match &account.registry.policy {
        Some(document) => {
            let policy = Policy::read(document).map_err(|why| wrong(format!("{}: registry", account.name), why))?;
            Some((document.to_string(), policy))
        }
        None => None,
    };
    for region in regions {
        let registry = world.ecr_mut().registry_mut(&account.id, region);
        (registry.scanning, registry.policy) = (scanning.clone(), policy.clone());
    }
    for seeded in &account.repositories {
        let mut repository = Repository::new(&seeded.name, now);
        repository.mutability = Mutability { immutable: seeded.immutable, except: Vec::new() };
        repository.scan_on_push = seeded.scan_on_push;
        if let Some(document) = &seeded.policy {
            let at = format!("{}: repository {}", account.name, seeded.name);
            let policy = Policy::read(document).map_err(|why| wrong(at, why))?;
            repository.policy = Some((document.to_string(), policy));
        }
        let region = seeded.region.as_ref().unwrap_or(region);
        world.ecr_mut().add_repository(&account.id, region, repository);
    }
    Ok(())
}

fn scanning(registry: &Registry, now: jiff::Timestamp) -> Result<Scanning, String> {
    let enhanced = match registry.scan.as_str() {
        "ENHANCED" => Some(now),
        "BASIC" => None,
        other => return Err(format!("scan is ENHANCED or BASIC, not {other}")),
    };
    let frequency = Frequency::named(&registry.frequency)
        .ok_or_else(|| format!("frequency is CONTINUOUS_SCAN, SCAN_ON_PUSH or MANUAL, not {}", registry.frequency))?;
    if frequency == Frequency::ContinuousScan && enhanced.is_none() {
        return Err("only enhanced scanning is continuous".to_owned());
    }
    Ok(Scanning { enhanced, rules: vec![Rule { frequency, filters: registry.filters.clone() }] })
}
