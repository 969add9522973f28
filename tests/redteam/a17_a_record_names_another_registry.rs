//! The record says that the copy in production is in a registry of the attacker's, under the same name and digest. What is deployed is
//! in the repository that ECR itself names, and a record that says otherwise is refused.

use super::rig::{BOTH, Field};

#[test]
fn a_registry_that_only_the_record_names_is_refused() {
    for topology in BOTH {
        let field = Field::new(topology);
        let release = field.prepared();
        let running = field.waits(&release);
        // Whoever waited there is gone; the record is the attacker's now.
        drop(running);
        let mut record = field.record(&release);
        record.edit("image-copied", |fact| fact["repository"] = "registry.evil.example/hello".into());
        field.plant(&record);
        let ran = field.promoter().run(&["resume", &release]).ended(40);
        let why = "the record has image app in registry.evil.example/hello, which is not account prod's";
        assert!(ran.out.contains(why) || ran.err.contains(why), "{topology:?}: {}{}", ran.out, ran.err);
        field.production_is_untouched();
        let known = field.manager().run(&["history", &release]).ended(0);
        assert!(known.out.contains("registry.evil.example/hello@sha256:"), "{}", known.out);
    }
}

#[test]
fn control_a_record_that_tells_the_truth_goes_on() {
    let field = Field::new(BOTH[1]);
    let release = field.prepared();
    let running = field.waits(&release);
    drop(running);
    let record = field.record(&release);
    field.plant(&record);
    let resumed = field.promoter().start(&["resume", &release]);
    field.approves(&release);
    resumed.end().ended(0);
    assert_eq!(field.in_production(), field.digest(&release));
}
