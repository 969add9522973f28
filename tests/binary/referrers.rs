//! What is attached to an image is copied with it into another account.

use super::pusher::{CLEAN, LAYER, Pusher};
use super::test_env::{Sandbox, TestEnv};

#[test]
fn signatures_and_referrers_are_copied_with_their_image() {
    let sandbox = Sandbox::start();
    let test_env = TestEnv::demo(&sandbox);
    let pusher = Pusher::new(&sandbox);
    let image = pusher.amd64(CLEAN);
    let digest = pusher.index("signed", &[image.clone(), pusher.attestation()]);
    pusher.sign(&digest, 0);
    pusher.sign(image["digest"].as_str().unwrap(), image["size"].as_u64().unwrap() as usize);
    let given = format!("app=hello@{digest}");
    let mut running = test_env.start(&sandbox.keys("developer"), &["release", "-v", "--image", &given]);
    running.says("waits for approval");
    running.signal("INT");
    let ran = running.end().ended(30);
    for digest in [digest.as_str(), image["digest"].as_str().unwrap()] {
        let tag = format!("attached: {}.sig copied", digest.replace(':', "-"));
        assert!(format!("{}{}", ran.out, ran.err).contains(&tag), "{tag}:\n{}{}", ran.out, ran.err);
    }
    let put = sandbox.done("PutImage").into_iter().filter(|c| c["account"] == "222222222222").count();
    // The index and its two manifests; and for each of the two signed ones a signature under a tag and a referrer.
    assert_eq!(put, 3 + 2 * 2);
}

#[test]
fn an_image_whose_label_cannot_be_read_has_no_commit() {
    let sandbox = Sandbox::start();
    let test_env = TestEnv::demo(&sandbox);
    let pusher = Pusher::new(&sandbox);
    // Larger than the limit for a configuration.
    let labels = serde_json::json!({ "org.opencontainers.image.revision": "0a1b2c3d", "x": "x".repeat(5 << 20) });
    let image = pusher.labelled("linux", "amd64", &labels, &pusher.layer(LAYER, "a program"));
    pusher.index("heavy", &[image]);
    let ran =
        test_env.run(&sandbox.keys("developer"), &["release", "-v", "--until", "dev", "--image", "app=hello:heavy"]);
    let ran = ran.ended(0);
    assert!(format!("{}{}", ran.out, ran.err).contains("its label could not be read"), "{ran:?}");
}
