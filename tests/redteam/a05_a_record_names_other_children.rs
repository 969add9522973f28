//! A5: whoever writes the state lets a release's record name an image that is not clean, and beside it children that are. Production's
//! own gate has to scan what is in the registry under that digest, not what the record names.

use serde_json::json;

use super::rig::{BOTH, Field, Topology, checkout};
use crate::binary::pusher::{CLEAN, CRITICAL, Pusher};

fn played(topology: Topology, findings: &str) -> (Field, String) {
    let field = Field::new(topology);
    let pusher = Pusher::new(&field.sandbox);
    let (other, clean) = (pusher.amd64(findings), pusher.amd64(CLEAN));
    let swapped = pusher.index("swapped", &[other, pusher.attestation()]);
    let release = field.prepared();
    let mut record = field.record(&release);
    for kind in ["image-built", "image-copied"] {
        if record.facts.iter().any(|(_, fact)| fact["kind"] == kind) {
            let (digest, child) = (swapped.clone(), clean["digest"].clone());
            record.edit(kind, move |fact| {
                fact["digest"] = json!(digest);
                fact["children"] = json!([child]);
            });
        }
    }
    // Whoever administers development lets its stages run the image, whatever their gates say.
    let (own, desk) = (tempfile::tempdir().unwrap(), checkout(Topology::Strong, &field.sandbox));
    desk.edit("critical: 0, high: 0", "critical: unlimited, high: unlimited");
    let attacker = field.developer().at(&desk).apart(own.path());
    attacker.run(&["release", "--until", "staging", "--image", &format!("app={swapped}")]).ended(0);
    field.plant(&record);
    (field, release)
}

#[test]
fn production_scans_what_its_registry_holds_and_not_what_a_record_names() {
    for topology in BOTH {
        let (field, release) = played(topology, CRITICAL);
        field.promoter().run(&["promote", &release, "--to", "prod"]).ended(10).told("7 critical");
        field.production_is_untouched();
        // The control: the same, with an image that is clean itself.
        let (field, release) = played(topology, CLEAN);
        let running = field.waits(&release);
        field.approves(&release);
        running.end().ended(0);
    }
}
