//! A container that the file does not name, as `plan` shows it.

use super::pusher::{CLEAN, Pusher};
use super::test_env::{Sandbox, TestEnv};

#[test]
fn a_plan_starts_no_scan_and_names_what_is_not_judged_yet() {
    let folder = tempfile::tempdir().unwrap();
    let seed = folder.path().join("world.yaml");
    let basic = "    registry: { scan: BASIC, frequency: MANUAL }\n    repositories:\n";
    let demo = include_str!("../../src/sandbox/seed/demo.yaml").replace("    repositories:\n", basic);
    std::fs::write(&seed, demo).unwrap();
    let sandbox = Sandbox::with(&["--speed", "120", "--seed", seed.to_str().unwrap()]);
    let (test_env, pusher, developer) = (TestEnv::demo(&sandbox), Pusher::new(&sandbox), sandbox.keys("developer"));
    pusher.index("beside", &[pusher.amd64(CLEAN)]);
    let beside = format!(
        "\"containerDefinitions\": [{{ \"name\": \"metrics\", \"image\": \"{}:beside\", \"essential\": false }},",
        pusher.repository
    );
    let template = include_str!("../../pipelines/demo/deploy/web.json");
    test_env.write("deploy/web.json", &template.replacen("\"containerDefinitions\": [", &beside, 1));
    test_env.commit();
    let before = sandbox.changes();
    let given = ["plan", "--until", "dev", "--image", "app=hello:beside"];
    for args in [&given[..3], &given[..]] {
        let ran = test_env.run(&developer, args).ended(0);
        let said = ran.out.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(said.contains("judged by the gate once it is scanned"), "{said}");
        assert!(said.contains("gate judged once the image is built and scanned"), "{said}");
    }
    assert_eq!(sandbox.changes(), before, "nothing was changed");
    assert_eq!(sandbox.done("StartImageScan").len(), 0);
    // The control: a release starts the scan and judges it, and `plan` then reads the result.
    test_env.run(&developer, &["release", "--until", "dev"]).ended(0);
    assert!(!sandbox.done("StartImageScan").is_empty());
    test_env.run(&developer, &["plan", "--until", "dev"]).ended(0).says("(not named in the file)").says("gate passed");
}
