//! `ports::scanner`: ECR's own scanner or Inspector, whichever the registry has. An image is scanned, waits for a scan, or cannot be scanned.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use aws_sdk_ecr::types::{ImageIdentifier, ScanFrequency, ScanType as RegistryScanType};
use jiff::Timestamp;

use super::errors;
use super::operations::Operation;
use super::scan_findings::Found;
use super::session::{Session, Sessions};
use super::time::timestamp;
use super::{basic_scan, ecr, inspector};
use crate::model::fault::aws::AwsProblem;
use crate::model::fault::call::Target;
use crate::model::fault::{Fault, FaultKind};
use crate::model::finding::{ScanReading, ScanState, ScanType};
use crate::model::gate_reason::{ScanBlock, ScanWait};
use crate::model::ids::Digest;
use crate::model::pipeline::Account;
use crate::ports::scanner::{Scanner, Wanted};

pub struct Scans {
    sessions: Arc<Sessions>,
}

impl Scans {
    pub fn new(sessions: Arc<Sessions>) -> Scans {
        Scans { sessions }
    }
}

#[async_trait]
impl Scanner for Scans {
    async fn preflight(&self, account: &Account, repository: &str) -> Result<ScanType, Fault> {
        let session = self.sessions.session(account).await?;
        let frequency = frequency(&session, repository).await?;
        let scan_type = scan_type(&session).await?;
        match scan_type {
            // Whatever the frequency, a scan can be asked for.
            ScanType::Basic => {}
            ScanType::Enhanced => {
                if matches!(frequency, None | Some(ScanFrequency::Manual)) {
                    let (account, repository) = (account.name.clone(), repository.to_owned());
                    return Err(AwsProblem::ScanFrequencyManual { account, repository }.into());
                }
                inspector::preflight(&session).await?;
            }
        }
        Ok(scan_type)
    }

    async fn read(
        &self,
        account: &Account,
        repository: &str,
        digests: &[Digest],
        wanted: &Wanted,
    ) -> Result<ScanReading, Fault> {
        let session = self.sessions.session(account).await?;
        let (states, found) = match scan_type(&session).await? {
            ScanType::Basic => basic_scan::read(&session, repository, digests, wanted).await?,
            ScanType::Enhanced => {
                let pushed = push_times(&session, repository, digests, wanted.pushed_at).await?;
                let states = inspector::coverage(&session, repository, &pushed).await?;
                let found = match combined(&states) {
                    ScanState::Scanned { .. } => inspector::findings(&session, repository, digests).await?,
                    ScanState::Waiting { .. } | ScanState::Unscannable { .. } => Default::default(),
                };
                (states, found)
            }
        };
        let state = combined(&states);
        if !matches!(state, ScanState::Scanned { .. }) {
            return Ok(ScanReading::without_findings(state));
        }
        let Found { active: mut findings, mut suppressed, titles } = found;
        for list in [&mut findings, &mut suppressed] {
            list.sort();
            list.dedup();
        }
        Ok(ScanReading { state, findings, suppressed, titles })
    }
}

fn of_repository(repository: &str) -> Target {
    Target::Repository { repository: repository.to_owned() }
}

/// One state for all children, the worst of theirs: unscannable, then waiting, then scanned.
fn combined(states: &[(Digest, ScanState)]) -> ScanState {
    let several = states.len() > 1;
    let (mut oldest, mut latest_again): (Option<Timestamp>, Option<Timestamp>) = (None, None);
    let mut waiting = None;
    for (digest, state) in states {
        match state {
            ScanState::Unscannable { block } => {
                let (digest, block) = (digest.clone(), block.clone());
                return ScanState::Unscannable {
                    block: if several { ScanBlock::Manifest { digest, block: Box::new(block) } } else { block },
                };
            }
            ScanState::Waiting { waits } => {
                let (digest, waits) = (digest.clone(), waits.clone());
                let named = if several { ScanWait::Manifest { digest, waits: Box::new(waits) } } else { waits };
                waiting.get_or_insert(named);
            }
            ScanState::Scanned { at, again_from } => {
                oldest = Some(oldest.map_or(*at, |o| o.min(*at)));
                latest_again = latest_again.max(*again_from);
            }
        }
    }
    match (waiting, oldest) {
        (Some(waits), _) => ScanState::Waiting { waits },
        (None, Some(at)) => ScanState::Scanned { at, again_from: latest_again },
        (None, None) => ScanState::Unscannable { block: ScanBlock::NoManifest },
    }
}

async fn scan_type(session: &Session) -> Result<ScanType, Fault> {
    let answer = session.get_registry_scanning_configuration(Target::Registry).send(|r| r.send()).await?;
    match answer.scanning_configuration().and_then(|c| c.scan_type()) {
        Some(RegistryScanType::Enhanced) => Ok(ScanType::Enhanced),
        // A registry that never was configured scans in the basic way.
        Some(RegistryScanType::Basic) | None => Ok(ScanType::Basic),
        Some(other) => {
            let (account, scan_type) = (session.account.name.clone(), other.as_str().to_owned());
            Err(AwsProblem::ScanTypeUnknown { account, scan_type }.into())
        }
    }
}

async fn frequency(session: &Session, repository: &str) -> Result<Option<ScanFrequency>, Fault> {
    let call = session.batch_get_repository_scanning_configuration(of_repository(repository));
    let answer = match call.send(|r| r.repository_names(repository).send()).await {
        Ok(answer) => answer,
        Err(refusal) => return Err(ecr::explain(session, repository, refusal).await),
    };
    match answer.scanning_configurations().first() {
        Some(found) => Ok(found.scan_frequency().cloned()),
        None => Err(ecr::missing(session, repository).await),
    }
}

/// When each digest was pushed. ECR's own time for each, since an index is pushed after its children have been, and may have been
/// scanned by then; the release's where ECR does not say or may not be asked.
async fn push_times(
    session: &Session,
    repository: &str,
    digests: &[Digest],
    otherwise: Option<Timestamp>,
) -> Result<Vec<(Digest, Timestamp)>, Fault> {
    let mut times = BTreeMap::new();
    for batch in digests.chunks(100) {
        let ids = batch.iter().map(|d| ImageIdentifier::builder().image_digest(d.as_str()).build()).collect();
        let call = session.describe_images(of_repository(repository));
        match call.send(|r| r.repository_name(repository).set_image_ids(Some(ids)).send()).await {
            Ok(answer) => times.extend(
                answer
                    .image_details()
                    .iter()
                    .filter_map(|i| Some((i.image_digest()?.to_owned(), i.image_pushed_at().and_then(timestamp)?))),
            ),
            Err(r) if r.fault.kind() == FaultKind::AccessDenied && otherwise.is_some() => {}
            Err(r) if r.is("ImageNotFoundException") => {
                let (account, repository) = (session.account.name.clone(), repository.to_owned());
                return Err(Fault { said: r.fault.said, ..AwsProblem::ImageGone { account, repository }.into() });
            }
            Err(r) => return Err(ecr::explain(session, repository, r).await),
        }
    }
    let each = |digest: &Digest| match times.get(digest.as_str()).copied().or(otherwise) {
        Some(at) => Ok((digest.clone(), at)),
        None => {
            let op = Operation::DescribeImages
                .on(Target::Image { repository: repository.to_owned(), digest: digest.clone() });
            Err(errors::incomplete(op, &session.account.name, "imagePushedAt"))
        }
    };
    digests.iter().map(each).collect()
}

#[cfg(test)]
#[path = "scan_tests.rs"]
mod tests;
