//! What a runtime could choose of an image, read from the registry itself and never from a record.

use std::sync::Arc;

use super::ports::Ports;
use crate::model::contents::Contents;
use crate::model::fault::Fault;
use crate::model::fault::registry::RegistryProblem;
use crate::model::finding::ScanReading;
use crate::model::gate_reason::ScanBlock;
use crate::model::ids::Digest;
use crate::model::pipeline::Account;
use crate::ports::scanner::Wanted;

/// What is under a digest of an account's repository; `None` where it is not there.
///
/// # Errors
/// What ECR and the registry answer.
pub async fn contents(
    ports: &Ports,
    account: &Account,
    repository: &str,
    digest: &Digest,
) -> Result<Option<Arc<Contents>>, Fault> {
    let key = (account.id.clone(), account.region.clone(), repository.to_owned(), digest.clone());
    if let Some(known) = ports.contents.get(&key) {
        return Ok(Some(known));
    }
    let at = ports.registry.access(account, repository).await?;
    let Some(found) = ports.images.contents(&at, digest).await? else { return Ok(None) };
    let found = Arc::new(found);
    ports.contents.insert(key, found.clone());
    Ok(Some(found))
}

/// One reading of an image's scan, over all that a runtime could choose of it.
///
/// # Errors
/// `NotFound` where the image is gone; what the registry and the scanner answer.
pub async fn scan(
    ports: &Ports,
    account: &Account,
    repository: &str,
    digest: &Digest,
    wanted: &Wanted,
) -> Result<ScanReading, Fault> {
    let found = contents(ports, account, repository, digest).await?.ok_or_else(|| {
        let account = Some(account.name.clone());
        Fault::from(RegistryProblem::ImageMissing {
            repository: repository.to_owned(),
            digest: digest.clone(),
            account,
        })
    })?;
    match &found.unclear {
        Some(unclear) => Ok(ScanReading::unscannable(ScanBlock::Unclear { unclear: unclear.clone() })),
        None => ports.scanner.read(account, repository, &found.digests(), wanted).await,
    }
}
