//! `kanmon demo`: one command on a fresh machine.

use super::test_env::{TestEnv, masked};

#[test]
fn the_demo_carries_a_release_through_every_stage_and_ends_with_the_next_commands() {
    let test_env = TestEnv::empty();
    let before = test_env.files();
    let ran = test_env.run(&[], &["demo"]).ended(0);
    for words in [
        "a developer releases a small application",
        "what the manager sees with `kanmon approve`",
        "approved by manager of 111111111111",
        "entered: cluster hello-prod, account prod (222222222222)",
    ] {
        assert!(ran.err.contains(words), "not printed: `{words}`\n{}", ran.err);
    }
    insta::assert_snapshot!(masked(&ran.out), @"
    ✓ succeeded: hello now runs in every stage up to prod
      release #######################
      app sha256:################################################################
      changed: dev/web, staging/web, prod/web

    what to try next
      kanmon sandbox           keep such an AWS running, for any AWS client
      kanmon check FILE        read a pipeline file; pipelines/examples/ has two
      kanmon release --help    the first real release: README.md, step by step
    ");
    assert_eq!(test_env.files(), before, "the demo leaves nothing behind");
}

#[test]
fn the_demo_as_json_ends_with_succeeded_and_one_digest_in_all_stages() {
    let test_env = TestEnv::empty();
    let ran = test_env.run(&[], &["demo", "--speed", "600", "--output", "json"]).ended(0);
    assert_eq!(ran.err, "");
    let events = ran.json();
    let last = events.last().unwrap();
    assert_eq!((&last["kind"], &last["outcome"]), (&"finished".into(), &"succeeded".into()), "{last}");
    assert!(events.iter().zip(1..).all(|(e, seq)| e["seq"] == seq), "one event per line, and nothing else");
    let mut digests: Vec<String> = Vec::new();
    for event in events.iter().filter(|e| e["kind"] == "stage-planned") {
        let image = event["plan"]["services"]["web"]["images"]["web"].as_str().unwrap();
        digests.push(image.split_once('@').unwrap().1.to_owned());
    }
    assert!(digests.len() >= 3, "{digests:?}");
    digests.dedup();
    assert_eq!(digests.len(), 1, "{digests:?}");
}

#[test]
fn the_demo_can_be_stopped() {
    let test_env = TestEnv::empty();
    let mut running = test_env.start(&[], &["demo", "--speed", "2"]);
    running.says("everything that the file names exists");
    running.signal("INT");
    let ran = running.end().ended(30);
    assert!(!ran.out.contains("kanmon resume"), "its AWS is gone, so it cannot be resumed: {}", ran.out);
}
