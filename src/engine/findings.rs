//! What was found in a release's images, as last read.

use crate::engine::scan_keys::{self, Key};
use crate::model::finding::{ImageFindings, ScanReading};
use crate::model::ids::Digest;
use crate::model::pipeline::Stage;
use crate::model::release::Release;
use crate::model::scan_subject::ScanSubject;

/// The images whose scans were read, of this stage or of all, each with what was found in it. Accounts with the same result are together.
pub fn of<'r>(release: &'r Release, stage: Option<&Stage>) -> Vec<ImageFindings<'r>> {
    let wanted: Option<Vec<Key>> = stage.map(|stage| scan_keys::all(release, stage));
    let mut read: Vec<(&Key, &ScanReading)> = release
        .scans
        .keys()
        .chain(release.earlier_scans.keys())
        .filter(|key| wanted.as_ref().is_none_or(|wanted| wanted.contains(*key)))
        .filter_map(|key| Some((key, &release.last_scan(key)?.reading)))
        .collect();
    read.sort_by_key(|(key, _)| *key);
    read.dedup_by_key(|(key, _)| *key);
    let mut images: Vec<ImageFindings<'r>> = Vec::new();
    for ((image, account), reading) in read {
        match images.iter_mut().find(|known| known.image == image && known.reading.is_same_result(reading)) {
            Some(known) => known.accounts.push(account),
            None => {
                images.push(ImageFindings { image, accounts: vec![account], digest: digest(release, image), reading });
            }
        }
    }
    images
}

fn digest<'r>(release: &'r Release, image: &'r ScanSubject) -> Option<&'r Digest> {
    match image {
        ScanSubject::Image(name) => release.images.get(name).map(|pushed| &pushed.digest),
        ScanSubject::Unnamed { digest, .. } => Some(digest),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::event::Fact;
    use crate::model::finding::{Finding, ScanState};
    use crate::model::ids::AccountName;
    use crate::model::release::samples::{at, events, id, started, unknown_requester};
    use crate::model::severity::Severity;

    fn finding(id: &str, severity: Severity) -> Finding {
        Finding { id: id.into(), severity, package: "ssl".into(), installed: None, fixed_in: None }
    }

    fn release(facts: impl IntoIterator<Item = Fact>) -> Release {
        let mut begun = started();
        if let Fact::Started(started) = &mut begun {
            let main = started.pipeline.account(&id("main")).clone();
            started.pipeline.accounts.insert(id("other"), main);
        }
        let facts = [begun].into_iter().chain(facts);
        Release::fold(&events("r1", facts)).unwrap()
    }

    fn observed(account: &str, findings: Vec<Finding>) -> Fact {
        let state = ScanState::Scanned { at: at(1), again_from: None };
        let reading = ScanReading { findings, ..ScanReading::without_findings(state) };
        Fact::ScanObserved { image: id("web"), account: id(account), reading, readings: 2 }
    }

    #[test]
    fn accounts_with_the_same_result_are_together_and_others_apart() {
        let low = vec![finding("CVE-1", Severity::Low)];
        let same = release([observed("main", low.clone()), observed("other", low.clone())]);
        let found = of(&same, None);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].accounts, [&id::<AccountName>("main"), &id("other")]);
        let different = release([observed("main", low), observed("other", vec![])]);
        assert_eq!(of(&different, None).len(), 2);
    }

    #[test]
    fn a_reading_is_shown_after_another_process_took_the_release_up() {
        let release = release([
            observed("main", vec![finding("CVE-1", Severity::Low)]),
            Fact::Resumed { by: unknown_requester(), kanmon: String::new() },
        ]);
        assert!(release.scans.is_empty(), "the gate reads it again");
        assert_eq!(release.earlier_scans.values().next().unwrap().readings, 0, "and believes no other process");
        assert_eq!(of(&release, None)[0].reading.findings.len(), 1);
    }

    #[test]
    fn a_stage_has_the_scans_that_its_gate_looks_at() {
        let release = release([observed("main", vec![]), observed("other", vec![])]);
        let dev = release.started.pipeline.stage(&id("dev")).unwrap();
        let accounts: Vec<_> = of(&release, Some(dev)).into_iter().flat_map(|image| image.accounts).collect();
        assert_eq!(accounts, [&id::<AccountName>("main")]);
    }
}
