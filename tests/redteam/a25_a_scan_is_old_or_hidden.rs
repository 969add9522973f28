//! A scan that is too old, and findings that somebody suppressed in the account that scans: the scan counts as none; the findings are
//! shown, and count if the file says so.

use std::time::Duration;

use super::world::{BOTH, World};

const GATE: &str = "gate:\n";

/// The sandbox's name for the one critical finding of an image that has one.
const CRITICAL: &str = "CVE-2026-10001";

#[test]
fn a_scan_that_is_older_than_the_file_allows_counts_as_none() {
    for topology in BOTH {
        let world = World::new(topology);
        world.edit_for_all(GATE, "gate:\n  max_age: 3s\n");
        let release = world.prepared();
        std::thread::sleep(Duration::from_secs(4));
        let ran = world.promoter().run(&["promote", &release, "--to", "prod"]).ended(10);
        assert!(ran.out.contains("may be at most 3s old"), "{ran:?}");
        world.production_is_untouched();
    }
}

#[test]
fn control_a_scan_that_is_young_enough_counts() {
    let world = World::new(BOTH[1]);
    world.edit_for_all(GATE, "gate:\n  max_age: 1h\n");
    let release = world.honest();
    assert_eq!(world.in_production(), world.digest(&release));
}

#[test]
fn suppressed_findings_are_shown_and_count_if_the_file_says_so() {
    for topology in BOTH {
        let world = World::new(topology);
        world.checkouts().iter().for_each(|test_env| test_env.label("findings", "CRITICAL:1").commit());
        world.sandbox.ask("POST", "findings", &format!("{{\"suppress\": [\"{CRITICAL}\"]}}"));
        // It is not counted, but shown to the approver.
        let release = world.prepared();
        let running = world.waits(&release);
        world.manager().run(&["approvals"]).ended(0).says("1 critical suppressed");
        running.signal("INT");
        running.end().ended(30);

        world.edit_for_all(GATE, "gate:\n  suppressed: count\n");
        let ran = world.developer().run(&["release", "--until", "staging"]).ended(10);
        assert!(ran.out.contains("1 critical (at most 0)") && ran.out.contains(CRITICAL), "{ran:?}");
        world.production_is_untouched();
    }
}
