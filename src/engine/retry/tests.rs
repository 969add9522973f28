use super::*;
use crate::model::release::samples::at;

fn failed(kind: FaultKind, attempts: u32, first: i64, last: i64) -> Failed {
    Failed { fault: crate::model::fault::samples::of(kind), attempts, first_at: at(first), last_at: at(last) }
}

/// All kinds, by a match that does not compile when one is added.
fn passes_by_itself(kind: FaultKind) -> bool {
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
fn only_what_passes_by_itself_and_changed_nothing_is_tried_again() {
    for kind in KINDS {
        let again = after(&failed(kind, 1, 0, 0), at(0)) != Retry::GiveUp;
        assert_eq!(again, passes_by_itself(kind), "{kind:?}");
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
fn it_waits_out_the_pause_then_tries_at_once() {
    let twice = failed(FaultKind::Throttled, 2, 0, 10);
    assert_eq!(after(&twice, at(10)), Retry::At(at(14)));
    assert_eq!(after(&twice, at(13)), Retry::At(at(14)));
    assert_eq!(after(&twice, at(14)), Retry::Now);
    assert_eq!(after(&twice, at(99)), Retry::Now);
}

#[test]
fn after_a_quarter_of_an_hour_it_gives_up() {
    let first = 100;
    let end = first + RETRY_FOR.as_secs();
    let late = |last| failed(FaultKind::Unreachable, 40, first, last);
    assert_ne!(after(&late(end - 40), at(end - 1)), Retry::GiveUp);
    assert_eq!(after(&late(end - 40), at(end)), Retry::GiveUp);
}
