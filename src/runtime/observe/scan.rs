//! A digest's scan.

use jiff::{SignedDuration, Timestamp};

use crate::engine::enter::SCAN_READINGS;
use crate::model::event::Fact;
use crate::model::fault::Fault;
use crate::model::fault::own::Lack;
use crate::model::finding::{ScanReading, ScanState};
use crate::model::gate::SCAN_MAX_AGE;
use crate::model::ids::AccountName;
use crate::model::release::{Release, Scan};
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
    let key = (image.clone(), account.clone());
    let readings = readings(release, &key, &reading, ports.clock.now());
    let observed = |readings| Fact::ScanObserved { image: image.clone(), account: account.clone(), reading, readings };
    Ok(readings.map(observed).into_iter().collect())
}

/// How many consecutive readings had this result, this one included; `None`: it says nothing new. Findings can appear after "complete": a
/// repetition counts from the settling interval on, however often it is read.
fn readings(release: &Release, key: &(ScanSubject, AccountName), reading: &ScanReading, now: Timestamp) -> Option<u32> {
    let repeats = |last: &&Scan| last.reading.is_same_result(reading);
    let settled = |last: &Scan| now.duration_since(last.at) >= settle(release);
    let is_result = match reading.state {
        ScanState::Scanned { .. } => true,
        ScanState::Waiting { .. } | ScanState::Unscannable { .. } => false,
    };
    match release.scans.get(key).filter(repeats) {
        Some(last) => (is_result && last.readings < SCAN_READINGS && settled(last)).then_some(last.readings + 1),
        // This process read it for the gate before.
        None => match release.earlier_scans.get(key).filter(repeats).filter(|_| !release.scans.contains_key(key)) {
            Some(earlier) if is_result && earlier.readings > 0 && settled(earlier) => Some(SCAN_READINGS),
            Some(_) | None => Some(1),
        },
    }
}

/// One scan serves every stage, so the longest interval of any counts.
fn settle(release: &Release) -> SignedDuration {
    release.started.pipeline.stages.iter().map(|s| s.gate.settle).max().unwrap_or_default()
}

/// Likewise, the shortest age that any stage on the way allows.
fn max_age(release: &Release) -> SignedDuration {
    release.stages_requested().iter().map(|s| s.gate.max_age).min().unwrap_or(SCAN_MAX_AGE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::gate::SCAN_SETTLE;
    use crate::model::release::samples::{at, events, id, started};

    const SETTLE: i64 = SCAN_SETTLE.as_secs();

    fn reading(suppressed: bool) -> ScanReading {
        let finding = crate::model::finding::Finding {
            id: "CVE-1".into(),
            severity: crate::model::severity::Severity::Low,
            package: "ssl".into(),
            installed: None,
            fixed_in: None,
        };
        let state = ScanState::Scanned { at: at(0), again_from: None };
        let suppressed = if suppressed { vec![finding] } else { vec![] };
        ScanReading { suppressed, ..ScanReading::without_findings(state) }
    }

    fn key() -> (ScanSubject, AccountName) {
        (id("web"), id("main"))
    }

    /// A release whose last reading was made at the start. `counts`: the gate has not asked for another since.
    fn release(last: ScanReading, counts: bool) -> Release {
        let mut release = Release::fold(&events("r1", [started()])).unwrap();
        let scan = Scan { reading: last, readings: SCAN_READINGS, first_at: at(0), at: at(0) };
        let scans = if counts { &mut release.scans } else { &mut release.earlier_scans };
        scans.insert(key(), scan);
        release
    }

    #[test]
    fn a_reading_that_repeats_that_of_the_stage_before_needs_no_other() {
        let release = release(reading(false), false);
        let count = |reading: &ScanReading, seconds| readings(&release, &key(), reading, at(seconds));
        assert_eq!(count(&reading(false), SETTLE), Some(SCAN_READINGS));
        assert_eq!(count(&reading(false), SETTLE - 1), Some(1), "findings may still appear");
        assert_eq!(count(&reading(true), SETTLE), Some(1), "the findings are others");
        let other = (id("web"), id("other"));
        assert_eq!(readings(&release, &other, &reading(false), at(SETTLE)), Some(1), "another account's scanner");
    }

    #[test]
    fn a_reading_of_another_process_is_not_one_of_the_two() {
        let mut release = release(reading(false), false);
        release.earlier_scans.get_mut(&key()).unwrap().readings = 0;
        assert_eq!(readings(&release, &key(), &reading(false), at(SETTLE)), Some(1));
    }

    #[test]
    fn a_result_counts_when_it_is_repeated_after_the_settling_time() {
        let mut release = release(reading(false), true);
        assert_eq!(readings(&release, &key(), &reading(false), at(SETTLE)), None, "it is settled");
        release.scans.get_mut(&key()).unwrap().readings = 1;
        assert_eq!(readings(&release, &key(), &reading(false), at(SETTLE - 1)), None);
        assert_eq!(readings(&release, &key(), &reading(false), at(SETTLE)), Some(2));
        assert_eq!(readings(&release, &key(), &reading(true), at(SETTLE)), Some(1));
    }

    #[test]
    fn after_a_new_result_the_one_of_the_stage_before_does_not_count() {
        let mut release = release(reading(false), false);
        let scan = Scan { reading: reading(true), readings: 1, first_at: at(0), at: at(0) };
        release.scans.insert(key(), scan);
        assert_eq!(readings(&release, &key(), &reading(false), at(SETTLE)), Some(1));
    }
}
