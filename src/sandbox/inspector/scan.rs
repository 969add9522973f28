//! The progress of a scan, and its findings.

use jiff::{SignedDuration, Timestamp};

use super::Inspector;
use super::behaviour::{Behaviour, Findings};
use super::finding::Finding;
use super::location::Location;
use crate::sandbox::ecr::Image;

/// After a push, the image has no row yet, then waits, then is scanned: AWS's nominal times since the push.
const LISTED: SignedDuration = SignedDuration::from_secs(3);
const STARTED: SignedDuration = SignedDuration::from_secs(8);
const TAKES_SECONDS: u32 = 20;

/// An image label that gives findings: `CRITICAL:1,HIGH:2`.
const FINDINGS_LABEL: &str = "dev.kanmon.sandbox.findings";
/// An image label that gives the status at which its scan stays.
const REASON_LABEL: &str = "dev.kanmon.sandbox.scan";

/// An image label that gives how long its scan takes, in AWS's seconds.
const TAKES_LABEL: &str = "dev.kanmon.sandbox.scan-takes";

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Phase {
    /// It is not listed yet.
    Unlisted,
    Pending,
    InProgress,
    Finished {
        at: Timestamp,
    },
    /// It reached this reason and stays there.
    Stays {
        reason: String,
    },
}

impl Inspector {
    fn behaviours<'a>(&'a self, location: &Location<'a>, image: &'a Image) -> impl Iterator<Item = &'a Behaviour> {
        let location = *location;
        self.behaviours.iter().filter(move |b| b.images.covers(&location, &image.digest))
    }

    /// How far the scan that began at `begun` is.
    pub fn phase(&self, location: &Location, image: &Image, begun: Timestamp, now: Timestamp) -> Phase {
        let seconds = |n: u32| self.latency.of(SignedDuration::from_secs(i64::from(n)));
        let ordered = self.behaviours(location, image).find(|b| b.reason.is_some());
        let reason = image.config.labels.get(REASON_LABEL).or(ordered.and_then(|b| b.reason.as_ref()));
        let over = ordered.and_then(|b| b.reason_lasts).map(|n| begun + seconds(n)).filter(|at| *at <= now);
        let (begun, reason) = over.map_or((begun, reason), |at| (at, None));
        let of = |d: SignedDuration| begun + self.latency.of(d);
        let labelled = image.config.labels.get(TAKES_LABEL).and_then(|text| text.trim().parse().ok());
        let takes =
            labelled.or_else(|| self.behaviours(location, image).find_map(|b| b.takes)).unwrap_or(TAKES_SECONDS);
        let ends = of(SignedDuration::from_secs(i64::from(takes)));
        if now < of(LISTED).min(ends) && over.is_none() {
            Phase::Unlisted
        } else if let Some(reason) = reason {
            Phase::Stays { reason: reason.clone() }
        } else if !image.parsed.has_file_system() {
            Phase::Stays { reason: "UNSUPPORTED_MEDIA_TYPE".to_owned() }
        } else if now < of(STARTED).min(ends) {
            Phase::Pending
        } else if now < ends {
            Phase::InProgress
        } else {
            Phase::Finished { at: ends }
        }
    }

    /// When an image is not scanned again any more, if that has come: its findings close, and nothing new is found.
    pub fn expired(&self, location: &Location, image: &Image, now: Timestamp) -> Option<Timestamp> {
        let days = self.rescans(location.account, location.region).push.days()?;
        // A date, not a latency: never shortened.
        let until = image.pushed_at + SignedDuration::from_hours(24 * i64::from(days));
        (until <= now).then_some(until)
    }

    /// What a finished scan has found by now, worst first, and when the image was last scanned.
    pub fn findings(
        &self,
        location: &Location,
        image: &Image,
        finished: Timestamp,
        now: Timestamp,
    ) -> (Vec<Finding>, Timestamp) {
        let mut found: Vec<Finding> = Vec::new();
        let mut add = |findings: &Findings, observed: Timestamp| {
            // A label that cannot be read finds nothing: a seed's are checked when it is read.
            let specs = findings.specs().unwrap_or_default();
            for spec in specs.into_iter().filter(|_| observed <= now) {
                if !found.iter().any(|f| f.spec.id == spec.id && f.spec.package() == spec.package()) {
                    found.push(Finding { spec, observed, updated: observed });
                }
            }
        };
        let lag = self.behaviours(location, image).find_map(|b| b.findings_after).unwrap_or(0);
        let appear = finished + self.latency.of(SignedDuration::from_secs(i64::from(lag)));
        if let Some(text) = image.config.labels.get(FINDINGS_LABEL) {
            add(&Findings::Counted(text.clone()), appear);
        }
        for behaviour in self.behaviours(location, image) {
            add(&behaviour.findings, appear);
        }
        let mut scanned = finished;
        for later in self.later.iter().filter(|l| l.images.covers(location, &image.digest) && l.at <= now) {
            add(&later.findings, later.at.max(appear));
            scanned = scanned.max(later.at);
        }
        for change in self.status_changes.iter().filter(|t| t.images.covers(location, &image.digest) && t.at <= now) {
            for finding in found.iter_mut().filter(|f| change.ids.contains(&f.spec.id)) {
                finding.spec.status = change.status;
                finding.updated = change.at.max(finding.observed);
            }
        }
        found.sort_by(|a, b| b.spec.severity.cmp(&a.spec.severity).then_with(|| a.spec.id.cmp(&b.spec.id)));
        (found, scanned)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::sandbox::ecr::manifest::{OCI_MANIFEST, Parsed};
    use crate::sandbox::inspector::behaviour::{LaterFindings, StatusChange};
    use crate::sandbox::inspector::finding::Status;
    use crate::sandbox::latency::Latency;

    fn image(now: Timestamp) -> Image {
        let manifest = format!(
            r#"{{"schemaVersion": 2, "mediaType": "{OCI_MANIFEST}", "layers": [], "config": {{"mediaType": "c", "digest": "d", "size": 1}}}}"#
        );
        Image {
            digest: format!("sha256:{:064}", 1),
            parsed: Parsed::read(manifest.as_bytes(), None).unwrap(),
            manifest: manifest.into(),
            config: Default::default(),
            pushed_at: now,
            basic_scan: None,
            scan_asked: None,
        }
    }

    fn rank(phase: &Phase) -> u8 {
        match phase {
            Phase::Unlisted => 0,
            Phase::Stays { .. } => 1,
            Phase::Pending => 2,
            Phase::InProgress => 3,
            Phase::Finished { .. } => 4,
        }
    }

    proptest! {
        #[test]
        fn a_scan_only_goes_on_and_sees_nothing_before_its_time(
            takes in proptest::option::of(0u32..100),
            held in proptest::option::of(1u32..200),
            after in proptest::option::of(0u32..60),
            later in 0i64..1000,
            turned in 0i64..1000,
            speed in 1u32..50,
        ) {
            let begun = Timestamp::UNIX_EPOCH;
            let (account, region) = ("111111111111".parse().unwrap(), "ap-northeast-1".parse().unwrap());
            let location = Location { account: &account, region: &region, repository: "app" };
            let mut inspector = Inspector::new(Latency::new(f64::from(speed)));
            inspector.add(Behaviour {
                reason: held.map(|_| "INTERNAL_ERROR".to_owned()),
                reason_lasts: held,
                takes,
                findings_after: after,
                findings: Findings::Counted("HIGH:2".to_owned()),
                ..Behaviour::default()
            });
            let at = |n: i64| begun + SignedDuration::from_secs(n);
            let new = Findings::Counted("CRITICAL:1".to_owned());
            inspector.add_later(LaterFindings { images: Default::default(), at: at(later), findings: new });
            let ids = vec!["CVE-2026-20001".to_owned()];
            inspector.add_status_change(StatusChange { images: Default::default(), at: at(turned), ids, status: Status::Closed });
            let image = image(begun);
            let (mut before, mut seen) = (0, 0);
            for now in (0..1200).step_by(3).map(at) {
                let phase = inspector.phase(&location, &image, begun, now);
                prop_assert!(rank(&phase) >= before, "{phase:?} at {now}");
                before = rank(&phase);
                if let Phase::Finished { at: finished } = phase {
                    let (found, scanned) = inspector.findings(&location, &image, finished, now);
                    prop_assert!(scanned <= now && found.len() >= seen, "{} findings after {}", found.len(), seen);
                    prop_assert!(found.iter().all(|f| f.observed <= f.updated && f.updated <= now));
                    let closed = found.iter().filter(|f| f.spec.status == Status::Closed).count();
                    prop_assert!(closed <= usize::from(now >= at(turned)));
                    seen = found.len();
                }
            }
            prop_assert_eq!((before, seen), (4, 3));
        }
    }
}
