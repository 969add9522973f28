//! Containers that the file does not name: their images pinned to the digest that is there now, and judged as the others are.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::Value;

use crate::engine::gate::{self, Scanned};
use crate::engine::taskdef::container_images;
use crate::model::fault::{Fault, FaultKind};
use crate::model::finding::{ScanReading, ScanState};
use crate::model::gate::GateJudgement;
use crate::model::ids::ImageName;
use crate::model::pipeline::{Account, Pipeline, Stage, Transfer, UnnamedContainers};
use crate::model::plan::Unnamed;
use crate::model::registry::{own_repository, split};
use crate::model::verdict::Verdict;
use crate::runtime::contents;
use crate::runtime::ports::Ports;

/// What the containers of a task definition beside the named ones would run in a stage.
///
/// # Errors
/// `NotFound` where the registry has no such image; `Unreachable` while its scan has not ended, so that it is asked again.
pub async fn resolve(
    ports: &Ports,
    pipeline: &Pipeline,
    stage: &Stage,
    definition: &Value,
    named: &BTreeMap<String, ImageName>,
    policy: UnnamedContainers,
) -> Result<BTreeMap<String, Unnamed>, Fault> {
    let mut found = BTreeMap::new();
    for (container, image) in container_images(definition)? {
        if named.contains_key(&container) {
            continue;
        }
        let unnamed = match policy {
            UnnamedContainers::Keep => Unnamed { image, gate: None },
            UnnamedContainers::Digest => pinned(ports, pipeline, stage, &container, image).await?,
        };
        found.insert(container, unnamed);
    }
    Ok(found)
}

async fn pinned(
    ports: &Ports,
    pipeline: &Pipeline,
    stage: &Stage,
    container: &str,
    image: String,
) -> Result<Unnamed, Fault> {
    let (name, reference) = split(&image);
    let Some((account, repository)) = owner(pipeline, stage, name) else {
        let whose = match stage.images {
            Transfer::Pull => "the file's accounts".to_owned(),
            Transfer::Copy => format!("account {}, into which the stage copies its images", stage.account),
        };
        let reason = format!("{image} is in no repository of {whose}, so it cannot be scanned");
        return Ok(Unnamed { gate: Some(unknown(reason)), image });
    };
    let access = ports.registry.access(account, repository).await?;
    if access.repository != name {
        let reason = format!("{image} is not where ECR says that repository {repository} is: {}", access.repository);
        return Ok(Unnamed { gate: Some(unknown(reason)), image });
    }
    let there = ports.images.look(&access, reference).await?.ok_or_else(|| {
        Fault::new(FaultKind::NotFound, format!("there is no image {image}, which container {container} would run"))
            .hint("push it, or correct the task definition")
    })?;
    let reading = contents::scan(ports, account, repository, &there).await?;
    let gate = judged(stage, container, account, &reading, ports.clock.now()).map_err(|reason| {
        Fault::new(FaultKind::Unreachable, format!("the scan of {image} in {} has not ended: {reason}", account.name))
    })?;
    Ok(Unnamed { image: format!("{}@{}", access.repository, there.digest), gate: Some(gate) })
}

/// The account of the file whose registry an image is in; the stage's own first. A stage that copies its images takes no other
/// account's word for what is in them.
fn owner<'p, 'n>(pipeline: &'p Pipeline, stage: &Stage, name: &'n str) -> Option<(&'p Account, &'n str)> {
    let own = pipeline.account(&stage.account);
    let others = pipeline.accounts.values().filter(|_| match stage.images {
        Transfer::Pull => true,
        Transfer::Copy => false,
    });
    let all = [own].into_iter().chain(others);
    all.into_iter().find_map(|account| own_repository(name, account).map(|repository| (account, repository)))
}

/// The stage's gate on one image; an error says what is still waited for.
fn judged(
    stage: &Stage,
    container: &str,
    account: &Account,
    reading: &ScanReading,
    now: Timestamp,
) -> Result<GateJudgement, String> {
    match &reading.state {
        ScanState::Waiting { reason } => Err(reason.clone()),
        ScanState::Scanned { .. } | ScanState::Closed { .. } => {
            // A container's name may be longer than an image's; the judgement needs one to tell images apart, and there is one.
            let image: ImageName = container.parse().or_else(|_| "container".parse()).expect("`container` is a name");
            Ok(gate::judge(&stage.gate, &[Scanned { image: &image, account: &account.name, reading }], now))
        }
    }
}

fn unknown(reason: String) -> GateJudgement {
    GateJudgement {
        verdict: Verdict::Unknown,
        counts: BTreeMap::new(),
        suppressed: BTreeMap::new(),
        blocking: vec![],
        reasons: vec![reason],
    }
}
