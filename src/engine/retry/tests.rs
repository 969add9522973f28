use super::*;
use crate::model::release::samples::at;

fn failed(kind: FaultKind, attempts: u32, first: i64, last: i64) -> FailedEffect {
    FailedEffect { fault: crate::model::fault::samples::of(kind), attempts, first_at: at(first), last_at: at(last) }
}

/// All kinds, by a match that does not compile when one is added.
fn is_temporary(kind: FaultKind) -> bool {
    match kind {
        FaultKind::Throttled | FaultKind::Unreachable => true,
        FaultKind::AccessDenied
        | FaultKind::CredentialsRefused
        | FaultKind::WrongAccount
        | FaultKind::NotFound
        | FaultKind::Invalid
        | FaultKind::Ambiguous
        | FaultKind::BuildFailed
        | FaultKind::ToolMissing
        | FaultKind::Changed
        | FaultKind::Defect => false,
    }
}

const KINDS: [FaultKind; 12] = [
    FaultKind::AccessDenied,
    FaultKind::CredentialsRefused,
    FaultKind::WrongAccount,
    FaultKind::NotFound,
    FaultKind::Invalid,
    FaultKind::Throttled,
    FaultKind::Unreachable,
    FaultKind::Ambiguous,
    FaultKind::BuildFailed,
    FaultKind::ToolMissing,
    FaultKind::Changed,
    FaultKind::Defect,
];

#[test]
fn only_temporary_faults_are_retried() {
    for kind in KINDS {
        let again = after(&failed(kind, 1, 0, 0), at(0)) != Retry::GiveUp;
        assert_eq!(again, is_temporary(kind), "{kind:?}");
    }
}

#[test]
fn pauses_double_up_to_half_a_minute() {
    let seconds: Vec<i64> = (1..=7).map(|n| pause(n).as_secs()).collect();
    assert_eq!(seconds, [2, 4, 8, 16, 30, 30, 30]);
    assert_eq!(pause(u32::MAX).as_secs(), 30);
    assert!(pause(0).as_secs() > 0, "never without a pause");
}

#[test]
fn it_retries_after_the_pause() {
    let failed_two_times = failed(FaultKind::Throttled, 2, 0, 10);
    assert_eq!(after(&failed_two_times, at(10)), Retry::At(at(14)));
    assert_eq!(after(&failed_two_times, at(13)), Retry::At(at(14)));
    assert_eq!(after(&failed_two_times, at(14)), Retry::Now);
    assert_eq!(after(&failed_two_times, at(99)), Retry::Now);
}

#[test]
fn it_gives_up_after_a_quarter_of_an_hour() {
    let first = 100;
    let end = first + RETRY_FOR.as_secs();
    let late = |last| failed(FaultKind::Unreachable, 40, first, last);
    assert_ne!(after(&late(end - 40), at(end - 1)), Retry::GiveUp);
    assert_eq!(after(&late(end - 40), at(end)), Retry::GiveUp);
}
