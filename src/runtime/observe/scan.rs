//! A digest's scan.

use crate::engine::enter::SCAN_READINGS;
use crate::model::event::Fact;
use crate::model::fault::Fault;
use crate::model::ids::{AccountName, ImageName};
use crate::model::release::Release;
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
    let reading = ports.scanner.read(pipeline.account(account), &spec.repository, pushed).await?;
    let last = release.scans.get(&(image.clone(), account.clone()));
    let readings = match last {
        Some(last) if last.reading == reading => last.readings + 1,
        _ => 1,
    };
    let news = last.is_none_or(|last| last.reading != reading || last.readings < SCAN_READINGS);
    // Waiting is no news when the last reading said the same.
    let same_wait = last.is_some_and(|l| l.reading == reading)
        && matches!(reading.state, crate::model::finding::ScanState::Waiting { .. });
    Ok(match news && !same_wait {
        true => vec![Fact::ScanObserved { image: image.clone(), account: account.clone(), reading, readings }],
        false => vec![],
    })
}
