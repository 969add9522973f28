//! A digest's scan.

use jiff::SignedDuration;

use crate::engine::enter::SCAN_READINGS;
use crate::model::event::Fact;
use crate::model::fault::Fault;
use crate::model::finding::ScanState;
use crate::model::ids::{AccountName, ImageName};
use crate::model::release::Release;
use crate::runtime::contents;
use crate::runtime::execute::defect;
use crate::runtime::ports::Ports;

pub async fn observe(
    ports: &Ports,
    release: &Release,
    image: &ImageName,
    account: &AccountName,
) -> Result<Vec<Fact>, Fault> {
    let pipeline = &release.started.pipeline;
    let spec = pipeline.image(image);
    let pushed = if *account == spec.account {
        release.images.get(image)
    } else {
        release.copies.get(&(image.clone(), account.clone()))
    };
    let pushed = pushed.ok_or_else(|| defect("the image is not in that account"))?;
    let reading = contents::scan(ports, pipeline.account(account), &spec.repository, pushed).await?;
    let last = release.scans.get(&(image.clone(), account.clone()));
    let readings = match last {
        Some(last) if last.reading.says_the_same(&reading) => last.readings + 1,
        _ => 1,
    };
    let again = last.filter(|last| last.reading.says_the_same(&reading));
    let news = match (again, &reading.state) {
        (None, _) => true,
        // Waiting on is no news.
        (Some(_), ScanState::Waiting { .. } | ScanState::Closed { .. }) => false,
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
