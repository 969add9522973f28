//! A digest's scan.

use jiff::SignedDuration;

use crate::engine::enter::SCAN_READINGS;
use crate::model::event::Fact;
use crate::model::fault::Fault;
use crate::model::fault::own::Lack;
use crate::model::finding::ScanState;
use crate::model::gate::SCAN_MAX_AGE;
use crate::model::ids::AccountName;
use crate::model::release::Release;
use crate::model::scan_subject::ScanSubject;
use crate::ports::scanner::{Wanted, WhereNone};
use crate::runtime::image_contents;
use crate::runtime::ports::Ports;
use crate::runtime::recorded::defect;

pub async fn observe(
    ports: &Ports,
    release: &Release,
    image: &ScanSubject,
    account: &AccountName,
) -> Result<Vec<Fact>, Fault> {
    let pipeline = &release.started.pipeline;
    let (repository, digest, pushed_at) = match image {
        ScanSubject::Image(name) => {
            let spec = pipeline.image(name);
            let pushed = if *account == spec.account {
                release.images.get(name)
            } else {
                release.copies.get(&(name.clone(), account.clone()))
            };
            let pushed = pushed.ok_or_else(|| defect(Lack::ImageInAccount))?;
            (&spec.repository, &pushed.digest, Some(pushed.pushed_at))
        }
        ScanSubject::Unnamed { repository, digest } => (repository, digest, None),
    };
    let now = ports.clock.now();
    let wanted = Wanted { pushed_at, now, max_age: max_age(release), where_none: WhereNone::Start };
    let reading = image_contents::scan(ports, pipeline.account(account), repository, digest, &wanted).await?;
    let last = release.scans.get(&(image.clone(), account.clone()));
    let readings = match last {
        Some(last) if last.reading.is_same_result(&reading) => last.readings + 1,
        _ => 1,
    };
    let again = last.filter(|last| last.reading.is_same_result(&reading));
    let news = match (again, &reading.state) {
        (None, _) => true,
        // It still waits: nothing new.
        (Some(_), ScanState::Waiting { .. } | ScanState::Unscannable { .. }) => false,
        // Findings can appear after "complete": a repetition counts from the settling interval on, however often it is read.
        (Some(last), ScanState::Scanned { .. }) => {
            last.readings < SCAN_READINGS && ports.clock.now() >= last.at + settle(release)
        }
    };
    Ok(match news {
        true => vec![Fact::ScanObserved { image: image.clone(), account: account.clone(), reading, readings }],
        false => vec![],
    })
}

/// One scan serves every stage, so the longest interval of any counts.
fn settle(release: &Release) -> SignedDuration {
    release.started.pipeline.stages.iter().map(|s| s.gate.settle).max().unwrap_or_default()
}

/// Likewise, the shortest age that any stage on the way allows.
fn max_age(release: &Release) -> SignedDuration {
    release.stages_requested().iter().map(|s| s.gate.max_age).min().unwrap_or(SCAN_MAX_AGE)
}
