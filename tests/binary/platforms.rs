//! The platforms of an image and of its tasks are compared before anything is built.

use super::pusher::{CLEAN, LAYER, Pusher};
use super::test_env::{Sandbox, TestEnv};

/// The demo with tasks on ARM64.
fn on_arm(sandbox: &Sandbox) -> TestEnv {
    let test_env = TestEnv::demo(sandbox);
    let template = std::fs::read_to_string(test_env.root.path().join("deploy/web.json")).unwrap();
    let platform = "{\"runtimePlatform\":{\"cpuArchitecture\":\"ARM64\",\"operatingSystemFamily\":\"LINUX\"},";
    test_env.write("deploy/web.json", &template.replacen('{', platform, 1));
    test_env.commit();
    test_env
}

#[test]
fn an_image_for_another_platform_than_its_tasks_run_on_is_refused_before_it_is_built() {
    let sandbox = Sandbox::start();
    let test_env = on_arm(&sandbox);
    let developer = sandbox.keys("developer");
    let says = "the task definition of dev/web is for linux/arm64, but image app is for linux/amd64";
    let fault = |ran: super::test_env::Ran| {
        let said = format!("{}{}", ran.out, ran.err).split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(said.contains(says), "{said}");
    };
    fault(test_env.run(&developer, &["plan"]).ended(40));
    fault(test_env.run(&developer, &["release", "--until", "dev"]).ended(40));
    assert_eq!(sandbox.changes(), Vec::<String>::new());

    let pusher = Pusher::new(&sandbox);
    let (amd64, layer) = (pusher.amd64(CLEAN), pusher.layer(LAYER, "for arm64"));
    let arm64 = pusher.image("linux", "arm64", CLEAN, &layer);
    pusher.index("amd64", &[amd64.clone(), pusher.attestation()]);
    let both = pusher.index("both", &[amd64, arm64.clone()]);
    fault(test_env.run(&developer, &["plan", "--until", "dev", "--image", "app=hello:amd64"]).ended(40));
    fault(test_env.run(&developer, &["release", "--until", "dev", "--image", "app=hello:amd64"]).ended(40));

    // An index for both platforms runs with its child for ARM64.
    test_env.run(&developer, &["release", "--until", "dev", "--image", &format!("app={both}")]).ended(0);
    let reached = sandbox.reached("111111111111", "hello-dev", "web");
    assert_eq!(reached["digest"], arm64["digest"]);
    test_env.edit("repository: hello\n", "repository: hello\n    platforms: [linux/arm64]\n");
    test_env.run(&developer, &["release", "--until", "dev"]).ended(0);
}
