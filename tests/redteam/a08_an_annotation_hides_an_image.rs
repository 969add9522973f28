//! An index marks its real linux/amd64 image as an attestation with an annotation. containerd chooses by platform only and runs it; a gate
//! that trusts the annotation would judge only the harmless image beside it. Also tested: other ways in which an index does not determine
//! what will run.

use serde_json::json;

use super::world::{BOTH, Topology, World};
use crate::binary::pusher::{CLEAN, CRITICAL, IN_TOTO, INDEX, LAYER, Pusher, marked};

fn hidden(topology: Topology) {
    let world = World::new(topology);
    let pusher = Pusher::new(&world.sandbox);
    let (bad, clean) = (pusher.amd64(CRITICAL), pusher.amd64(CLEAN));
    let layer = pusher.layer(LAYER, "another program");
    let elsewhere = {
        let mut layer = layer.clone();
        layer["urls"] = json!(["https://evil.example/layer"]);
        pusher.image("linux", "amd64", CLEAN, &layer)
    };
    let mut silent = bad.clone();
    silent["platform"] = json!(null);
    let inner = pusher.index("inner", &[marked(bad.clone())]);
    let size = json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": [marked(bad.clone())] });
    let inner = json!({ "mediaType": INDEX, "digest": inner, "size": size.to_string().len() });
    let odd = pusher.image("linux", "amd64", CLEAN, &pusher.layer("application/vnd.example.layer", "?"));
    let [oci, docker] = [
        "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
        "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
    ]
    .map(|media_type| pusher.image("linux", "amd64", CLEAN, &pusher.layer(media_type, "a base of another")));
    let sbom = pusher.layer(IN_TOTO, "{}");
    let half = pusher.image("unknown", "unknown", CRITICAL, &layer);
    let lazy = pusher.soci(&layer);
    let attacks = [
        ("marked", vec![marked(bad.clone()), clean.clone()], "7 critical"),
        ("nested", vec![clean.clone(), marked(inner)], "7 critical"),
        ("silent", vec![clean.clone(), marked(silent)], "does not say which platform it is for"),
        ("half", vec![clean.clone(), marked(half)], "has no platform and is not an attestation"),
        (
            "in-toto",
            vec![pusher.image("linux", "amd64", CLEAN, &sbom), clean.clone()],
            "media type application/vnd.in-toto+json, which kanmon does not know",
        ),
        (
            "lazy",
            vec![clean.clone(), lazy],
            "media type application/vnd.amazon.soci.index.v2+json, which kanmon does not know",
        ),
        ("odd", vec![odd], "media type application/vnd.example.layer, which kanmon does not know"),
        ("elsewhere", vec![elsewhere], "is fetched from another address and never scanned"),
        ("nondistributable", vec![oci], "is fetched from another address and never scanned"),
        ("foreign", vec![docker], "is fetched from another address and never scanned"),
    ];
    for (tag, children, says) in attacks {
        pusher.index(tag, &children);
        let given = format!("app={}:{tag}", pusher.repository);
        let ran = world.developer().run(&["release", "--until", "staging", "--image", &given]).ended(10);
        let said = format!("{}{}", ran.out, ran.err).split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(said.contains(says), "{tag}: {said}");
        assert!(!said.contains("when the scan has ended"), "waiting does not help here: {said}");
    }
    world.production_is_untouched();
    assert_eq!(world.sandbox.done("UpdateService").len(), 0, "nothing was deployed to staging either");

    // The control: the honest image passes with its attestation and with its SOCI index.
    let ztoc = pusher.layer("application/octet-stream", "where each file of the layer begins");
    let digest = pusher.index("honest", &[clean, pusher.attestation(), pusher.soci(&ztoc)]);
    let given = format!("app=hello@{digest}");
    world.developer().run(&["release", "--until", "staging", "--image", &given]).ended(0).says("succeeded");
}

#[test]
fn an_annotation_hides_no_image_from_the_gate() {
    BOTH.into_iter().for_each(hidden);
}
