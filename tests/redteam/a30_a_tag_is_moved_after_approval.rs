//! What was approved goes by digest: a tag that names another image afterwards, in either account, changes nothing of what runs.

use super::rig::{BOTH, DEV, Field, PROD};

#[test]
fn a_tag_that_was_moved_after_the_approval_changes_nothing_of_what_runs() {
    for topology in BOTH {
        let field = Field::new(topology);
        let other = field.digest(&field.honest());
        field.developer().test_env.write("app/index.html", "<title>next</title>");
        let good = field.prepared();
        let digest = field.digest(&good);
        assert_ne!(other, digest);
        let running = field.waits(&good);
        let tag = format!("kanmon-{good}");
        for account in [DEV, PROD] {
            field.moves_tag(account, &tag, &other);
        }
        field.approves(&good);
        running.end().ended(0).on_stderr("names");
        assert_eq!(field.in_production(), digest, "{topology:?}");
    }
}

#[test]
fn control_a_tag_that_stays_is_not_spoken_of() {
    let field = Field::new(BOTH[1]);
    let release = field.prepared();
    let running = field.waits(&release);
    field.approves(&release);
    let ran = running.end().ended(0);
    assert!(!ran.err.contains(&format!("kanmon-{release}")), "{}", ran.err);
}
