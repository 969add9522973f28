//! Severity gates and scans in words.

use std::collections::BTreeSet;

use crate::model::finding::{Finding, ScanReading, ScanState};
use crate::model::format::lasting;
use crate::model::gate::GateJudgement;
use crate::model::gate_reason::{GateReason, LastScan, ScanBlock, ScanRequest, ScanWait, Unclear};
use crate::model::ids::AccountName;
use crate::model::severity::Severity;
use crate::report::time::moment;

/// A judgement in one line.
pub fn judgement(judgement: &GateJudgement) -> String {
    let counts: Vec<String> =
        Severity::ALL.iter().filter_map(|s| judgement.counts.get(s).map(|n| format!("{n} {}", s.word()))).collect();
    let mut counts = if counts.is_empty() { "no findings".to_owned() } else { counts.join(", ") };
    let suppressed: Vec<String> = Severity::ALL
        .iter()
        .filter_map(|s| judgement.suppressed.get(s).map(|n| format!("{n} {} suppressed", s.word())))
        .collect();
    if !suppressed.is_empty() {
        counts = format!("{counts}; {}", suppressed.join(", "));
    }
    match judgement.verdict.passes() {
        true => format!("passed ({counts})"),
        false => format!("blocked: {}", reasons(&judgement.reasons)),
    }
}

/// Why a gate does not pass, in one line.
pub fn reasons(reasons: &[GateReason]) -> String {
    reasons.iter().map(reason).collect::<Vec<_>>().join("; ")
}

fn reason(reason: &GateReason) -> String {
    match reason {
        GateReason::NothingToJudge => "there is no image to judge".to_owned(),
        GateReason::OverLimit { severity, count, limit } => format!("{count} {} (at most {limit})", severity.word()),
        GateReason::ScanTooOld { image, account, scanned_at, max_age, again_from } => {
            let again =
                again_from.map(|at| format!("; ECR will not scan it again before {}", moment(at))).unwrap_or_default();
            format!(
                "the scan of {image} in {account} was made at {} and may be at most {} old{again}",
                moment(*scanned_at),
                lasting(*max_age)
            )
        }
        GateReason::ScanInFuture { image, account, scanned_at } => format!(
            "the scan of {image} in {account} was made at {}, which is in the future: one of the clocks is wrong",
            moment(*scanned_at)
        ),
        GateReason::ScanTimedOut { image, account, timeout, waits } => {
            format!("the scan of {image} in {account} did not end within {}: {}", lasting(*timeout), wait(waits))
        }
        GateReason::NotScannable { image, account, block } => {
            format!("{image} cannot be scanned in {account}: {}", self::block(block))
        }
        GateReason::NoRepository { image, account } => {
            format!("{image} is not in a repository of {}, so it cannot be scanned", keeper(account.as_ref()))
        }
        GateReason::Container { workload, container, reason } => {
            format!("container {container} of {workload}: {}", self::reason(reason))
        }
    }
}

/// The accounts in whose repositories an image has to be.
pub fn keeper(account: Option<&AccountName>) -> String {
    match account {
        None => "the file's accounts".to_owned(),
        Some(account) => format!("account {account}, into which the stage copies its images"),
    }
}

/// A reading of a scan, in one line.
pub fn scan(reading: &ScanReading) -> String {
    match &reading.state {
        ScanState::Waiting { waits } => wait(waits),
        ScanState::Unscannable { block } => format!("unknown: {}", self::block(block)),
        ScanState::Scanned { .. } => format!("done, {}", count(reading)),
    }
}

/// How many findings a reading has.
pub fn count(reading: &ScanReading) -> String {
    let suppressed = match reading.suppressed.len() {
        0 => String::new(),
        n => format!(", {n} suppressed"),
    };
    match reading.findings.len() {
        0 => format!("no findings{suppressed}"),
        1 => format!("1 finding{suppressed}"),
        n => format!("{n} findings{suppressed}"),
    }
}

/// Why a scan has no result yet.
pub fn wait(waits: &ScanWait) -> String {
    match waits {
        ScanWait::NotListed => "Inspector does not list it yet".to_owned(),
        ScanWait::NoStatus => "the scanner gives no status yet".to_owned(),
        ScanWait::Status { status } => state(status),
        ScanWait::BeforePush { status } => format!("{}, but the scan is older than the push", state(status)),
        ScanWait::NeverScanned { status } => format!("{}, but not scanned yet", state(status)),
        ScanWait::NoneThatCounts { last, requested } => {
            let last = match last {
                LastScan::None => "there is no scan of it yet".to_owned(),
                LastScan::Untimed => "ECR does not say when it was scanned".to_owned(),
                LastScan::TooOld { scanned_at } => {
                    format!("the last scan was made at {}, which is too old", moment(*scanned_at))
                }
            };
            let request = match requested {
                ScanRequest::No => "",
                ScanRequest::Started => "; another has been started",
                ScanRequest::StartedBefore => "; another was started already",
            };
            format!("{last}{request}")
        }
        ScanWait::NotTaken { said } => said.clone(),
        ScanWait::Manifest { digest, waits } => format!("{} ({})", wait(waits), digest.short()),
    }
}

/// The state of a scan in words, with the scanner's own word; only that where kanmon does not know it.
fn state(status: &str) -> String {
    let words = match status {
        "PENDING" => "queued",
        "PENDING_INITIAL_SCAN" => "queued for its first scan",
        "PENDING_REVIVAL_SCAN" => "queued for another scan",
        "IN_PROGRESS" | "SCAN_IN_PROGRESS" => "being scanned",
        "SUCCESSFUL" | "SCAN_FREQUENCY_SCAN_ON_PUSH" => "scanned",
        "INTERNAL_ERROR" => "the scanner failed and tries again",
        "FAILED" => "the scan failed",
        "UNSUPPORTED_OS" => "its operating system is not supported",
        "UNSUPPORTED_RUNTIME" => "its runtime is not supported",
        "UNSUPPORTED_MEDIA_TYPE" => "its media type is not supported",
        "UNSUPPORTED_IMAGE" => "the image is not supported",
        "IMAGE_SIZE_EXCEEDED" => "the image is too large",
        "IMAGE_ARCHIVED" => "the image is archived",
        "SCAN_ELIGIBILITY_EXPIRED" => "it is no longer scanned",
        "FINDINGS_UNAVAILABLE" => "its findings are no longer available",
        "LIMIT_EXCEEDED" => "too many scans were requested",
        "SCAN_FREQUENCY_MANUAL" => "it is scanned only on request",
        "EXCLUDED_BY_TAG" => "a tag excludes it",
        "PENDING_DISABLE" => "scanning is being switched off",
        "ACCESS_DENIED" => "the scanner may not read it",
        "ACCESS_DENIED_TO_ENCRYPTION_KEY" => "the scanner may not use the repository's key",
        _ => return status.to_owned(),
    };
    format!("{words} ({status})")
}

/// Why there will be no scan.
pub fn block(block: &ScanBlock) -> String {
    match block {
        ScanBlock::Status { status, said: None } => state(status),
        ScanBlock::Status { status, said: Some(said) } => format!("{}: {said}", state(status)),
        ScanBlock::NoManifest => "the image has no manifest that could be scanned".to_owned(),
        ScanBlock::Unclear { unclear } => self::unclear(unclear),
        ScanBlock::Manifest { digest, block } => format!("{} ({})", self::block(block), digest.short()),
    }
}

fn unclear(unclear: &Unclear) -> String {
    match unclear {
        Unclear::NothingRunnable { index } => format!("index {} names no image that can run", index.short()),
        Unclear::TooDeep { deepest } => format!("its indexes are nested more than {deepest} levels deep"),
        Unclear::TooMany { most } => format!("it names more than {most} manifests"),
        Unclear::ManifestElsewhere { manifest } => {
            format!("manifest {} is fetched from another address", manifest.short())
        }
        Unclear::UnknownManifest { manifest, media_type } => {
            format!("{} has media type {media_type}, which kanmon does not know", manifest.short())
        }
        Unclear::NotAsNamed { manifest } => {
            format!("manifest {} does not have the size and type that its index gives", manifest.short())
        }
        Unclear::NoPlatform { manifest } => {
            format!("manifest {} has no platform and is not an attestation", manifest.short())
        }
        Unclear::PlatformUnnamed { manifest } => {
            format!("manifest {} does not say which platform it is for", manifest.short())
        }
        Unclear::PartElsewhere { manifest, part } => format!(
            "layer {} of {} is not in the registry: it is fetched from another address and never scanned",
            part.short(),
            manifest.short()
        ),
        Unclear::UnknownPart { manifest, media_type } => {
            format!("{} has a part of media type {media_type}, which kanmon does not know", manifest.short())
        }
    }
}

/// The first findings that block, and how many more do; `None` where none does.
pub fn findings(shown: &[Finding], more: usize) -> Option<String> {
    let names: Vec<String> = shown
        .iter()
        .map(|f| format!("{} in {}", f.id, if f.package.is_empty() { "the image" } else { &f.package }))
        .collect();
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    (!names.is_empty()).then(|| format!("{}{more}", names.join(", ")))
}

/// The hints where the contents of an image are unknown: one for each kind of reason, none for findings. `again`: how the gate is judged
/// again.
pub fn remedies(reasons: &[GateReason], again: &str) -> Vec<String> {
    let found: BTreeSet<String> = reasons.iter().filter_map(|reason| remedy(reason, again)).collect();
    found.into_iter().collect()
}

fn remedy(reason: &GateReason, again: &str) -> Option<String> {
    Some(match reason {
        GateReason::NothingToJudge | GateReason::OverLimit { .. } => return None,
        GateReason::ScanTimedOut { .. } => format!("when the scan has ended, {again}"),
        GateReason::ScanTooOld { again_from: Some(from), .. } => {
            format!("after {}, when ECR may scan the image again, {again}", moment(*from))
        }
        GateReason::ScanTooOld { image, account, again_from: None, .. } => format!(
            "the scan of {image} in {account} is not repeated automatically: let Inspector scan the repository with CONTINUOUS_SCAN, or \
             build the image again with a new release"
        ),
        GateReason::ScanInFuture { .. } => format!("correct the clock of this machine; then {again}"),
        GateReason::NotScannable { block, .. } => of_block(block, again),
        GateReason::NoRepository { .. } => {
            "copy the image into a repository of the stage's account, where it is scanned, and use that reference in the task \
             definition; then make a new release"
                .to_owned()
        }
        GateReason::Container { reason, .. } => return remedy(reason, again),
    })
}

/// The hint where there will be no scan, by the status of Inspector (coverage reasons) or ECR (basic scan). Waiting never helps.
fn of_block(block: &ScanBlock, again: &str) -> String {
    let status = match block {
        ScanBlock::Manifest { block, .. } => return of_block(block, again),
        ScanBlock::Status { status, .. } => status.as_str(),
        ScanBlock::NoManifest | ScanBlock::Unclear { .. } => "",
    };
    let is = |words: &[&str]| words.iter().any(|word| status.starts_with(word));
    if is(&["UNSUPPORTED_OS", "UNSUPPORTED_IMAGE", "UNSUPPORTED_RUNTIME"]) {
        return "a later scan will not help: build the image on a base that the scanner supports, and make a new release"
            .to_owned();
    }
    if is(&["SCAN_ELIGIBILITY_EXPIRED", "IMAGE_ARCHIVED"]) {
        return "the scanner no longer scans this image: let it scan the repository's images for longer, or build the image again with a \
                new release"
            .to_owned();
    }
    if is(&["ACCESS_DENIED", "SCAN_FREQUENCY_MANUAL", "EXCLUDED_BY_TAG", "PENDING_DISABLE"]) {
        return format!("correct the scanner's configuration in the account; then {again}");
    }
    "waiting does not help: remove what the reason names from the image, and make a new release".to_owned()
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;
    use rstest::rstest;

    use super::*;
    use crate::model::release::samples::{at, id};

    fn not_scannable(block: ScanBlock) -> GateReason {
        GateReason::NotScannable { image: id("web"), account: id("main"), block }
    }

    fn status(status: &str) -> GateReason {
        not_scannable(ScanBlock::Status { status: status.into(), said: None })
    }

    fn too_old(again_from: Option<jiff::Timestamp>) -> GateReason {
        let max_age = SignedDuration::from_hours(1);
        GateReason::ScanTooOld { image: id("web"), account: id("main"), scanned_at: at(-7200), max_age, again_from }
    }

    fn timed_out() -> GateReason {
        let timeout = SignedDuration::from_hours(1);
        GateReason::ScanTimedOut { image: id("web"), account: id("main"), timeout, waits: ScanWait::NotListed }
    }

    #[rstest]
    #[case::waits(timed_out(), "when the scan has ended, X")]
    #[case::unclear(not_scannable(ScanBlock::NoManifest), "waiting does not help")]
    #[case::base(status("UNSUPPORTED_OS"), "a later scan will not help: build the image on a base")]
    #[case::expired(status("SCAN_ELIGIBILITY_EXPIRED"), "the scanner no longer scans this image")]
    #[case::set_up(
        status("ACCESS_DENIED_TO_ENCRYPTION_KEY"),
        "correct the scanner's configuration in the account; then X"
    )]
    #[case::old(too_old(None), "the scan of web in main is not repeated automatically")]
    #[case::old_and_limited(too_old(Some(at(60))), "after 2027-01-15 08:01 UTC, when ECR may scan the image again, X")]
    #[case::of_the_future(
        GateReason::ScanInFuture { image: id("web"), account: id("main"), scanned_at: at(90_000) },
        "correct the clock of this machine; then X"
    )]
    #[case::of_a_container(
        GateReason::Container { workload: "web".into(), container: "log".into(), reason: Box::new(timed_out()) },
        "when the scan has ended, X"
    )]
    fn each_reason_has_its_remedy(#[case] reason: GateReason, #[case] expected: &str) {
        let [remedy] = &remedies(std::slice::from_ref(&reason), "X")[..] else { panic!("one remedy for {reason:?}") };
        assert!(remedy.starts_with(expected), "{remedy}");
    }

    #[test]
    fn findings_have_no_remedy_of_a_scan() {
        let reason = GateReason::OverLimit { severity: Severity::High, count: 1, limit: 0 };
        assert!(remedies(&[reason], "X").is_empty());
    }
}
