//! The record compared with what runs: an older release that is promoted again, a deployment by another tool, and images given with
//! `--image`.

use super::test_env::{Sandbox, TestEnv, release_in};

const APPROVAL: &str = "      approval:\n        by: kanmon\n        approvers: [\"arn:aws:iam::111111111111:user/manager\"]\n        expires: 1h\n";
const DEV: &str = "111111111111";

/// Commits another page, and releases it up to a stage.
fn release(sandbox: &Sandbox, test_env: &TestEnv, page: &str, until: &str) -> String {
    test_env.write("app/index.html", page);
    test_env.commit();
    let ran = test_env.run(&sandbox.keys("developer"), &["release", "--until", until]).ended(0);
    release_in(&ran.out)
}

fn digest(sandbox: &Sandbox, cluster: &str) -> String {
    sandbox.reached(DEV, cluster, "web")["digest"].as_str().unwrap_or_default().to_owned()
}

/// The demo with a production stage that needs no approval, and the developer's keys.
fn without_approval() -> (Sandbox, TestEnv, Vec<(String, String)>) {
    let sandbox = Sandbox::start();
    let test_env = TestEnv::demo(&sandbox);
    test_env.edit(APPROVAL, "");
    let developer = sandbox.keys("developer");
    (sandbox, test_env, developer)
}

#[test]
fn an_older_release_is_not_said_to_run_where_a_newer_one_does() {
    let (sandbox, test_env, developer) = without_approval();
    let first = release(&sandbox, &test_env, "one", "staging");
    let one = digest(&sandbox, "hello-staging");
    let second = release(&sandbox, &test_env, "two", "staging");
    let two = digest(&sandbox, "hello-staging");
    assert_ne!(one, two);
    let before = test_env.run(&developer, &["history", &first, "--output", "json"]).ended(0).out;
    for stage in ["dev", "staging"] {
        let ran = test_env.run(&developer, &["promote", &first, "--to", stage]).ended(2);
        ran.on_stderr(&format!("{stage}/web does not run the images of {first}, but hello@{}", &two[..19]))
            .on_stderr(&format!("{second} has entered {stage} since"))
            .on_stderr(&format!("`kanmon release --until {stage} --image app="))
            .on_stderr(&one);
    }
    // A refusal does not end the release: its record stays as it was.
    let ran = test_env.run(&developer, &["promote", &second, "--to", "staging"]).ended(0);
    ran.says("✓ unchanged: ").says(&format!("{second} already runs in staging; nothing was changed"));
    let after = test_env.run(&developer, &["history", &first, "--output", "json"]).ended(0).out;
    assert_eq!(before, after, "a refusal is not an event of the release");
    assert_eq!((digest(&sandbox, "hello-dev"), digest(&sandbox, "hello-staging")), (two.clone(), two));
    // The command that was printed.
    let given = format!("app={}/{DEV}.ap-northeast-1/hello@{one}", sandbox.host);
    test_env.run(&developer, &["release", "--until", "dev", "--image", &given]).ended(0);
    assert_eq!(digest(&sandbox, "hello-dev"), one);
    // A stage on the way was passed, although a newer release has entered it since.
    let ran = test_env.run(&developer, &["promote", &second, "--to", "prod"]).ended(0);
    ran.on_stderr("dev was passed before and now runs r2");
    let story = test_env.run(&developer, &["history", &second]).ended(0).out;
    assert!(story.contains("dev was passed before and now runs r2"), "{story}");
    assert_eq!(sandbox.done("UpdateService").iter().filter(|c| c["input"]["cluster"] == "hello-prod").count(), 1);
}

#[test]
fn a_release_is_not_said_to_run_where_its_images_run_with_another_configuration() {
    let (sandbox, test_env, developer) = without_approval();
    let first = release(&sandbox, &test_env, "one", "staging");
    let one = digest(&sandbox, "hello-staging");
    let made_from = test_env.run(&developer, &["history", "--output", "json"]).ended(0).json();
    let made_from = made_from[0]["releases"][0]["source"]["commit"].as_str().unwrap()[..12].to_owned();
    let template = std::fs::read_to_string(test_env.root.path().join("deploy/web.json")).unwrap();
    let with_debug = r#""environment": [{ "name": "DEBUG", "value": "1" }, "#;
    test_env.write("deploy/web.json", &template.replace(r#""environment": ["#, with_debug));
    test_env.commit();
    let given = format!("app={}/{DEV}.ap-northeast-1/hello@{one}", sandbox.host);
    let ran = test_env.run(&developer, &["release", "--until", "staging", "--image", &given]).ended(0);
    let second = release_in(&ran.out);
    assert_eq!(digest(&sandbox, "hello-staging"), one);
    for stage in ["dev", "staging"] {
        let ran = test_env.run(&developer, &["promote", &first, "--to", stage]).ended(2);
        ran.on_stderr(&format!(
            "{stage}/web runs the images of {first} with another configuration: hello-{stage}-web:3"
        ))
        .on_stderr(&format!("{second} has entered {stage} since"))
        .on_stderr(&format!("check out commit {made_from}"))
        .on_stderr(&format!("`kanmon release --until {stage} --image app="));
    }
    test_env.run(&developer, &["promote", &second, "--to", "staging"]).ended(0).says("✓ unchanged: ");
    // The command that was printed: what the first release deployed runs again.
    test_env.write("deploy/web.json", &template);
    test_env.commit();
    test_env.run(&developer, &["release", "--until", "staging", "--image", &given]).ended(0);
    test_env.run(&developer, &["promote", &first, "--to", "staging"]).ended(0).says("✓ unchanged: ");
    // In stages on the way only the images count, because they are promoted.
    test_env.run(&developer, &["promote", &first, "--to", "prod"]).ended(0);
    assert_eq!(sandbox.reached("222222222222", "hello-prod", "web")["digest"], *one);
}

#[test]
fn a_release_of_given_images_names_the_command_for_a_later_stage_with_another_image() {
    let (sandbox, test_env, developer) = without_approval();
    let admin = "  admin: { account: dev, repository: hello, builder: layers, layers: { files: { /srv/admin: app } } }\nservices:";
    test_env.edit("services:", admin);
    let task = "tasks:\n  migrate: { taskdef: deploy/migrate.json, containers: { web: admin }, network_of: web }\ngate:\n  at_most";
    test_env.edit("gate:\n  at_most", task);
    let check = "      - check: { http: \"http://";
    test_env.edit("    steps:\n      - roll: web\n", "    steps:\n      - roll: web\n      - run: migrate\n");
    for stage in ["dev", "staging"] {
        let values = format!("values: deploy/{stage}.yaml\n    steps:\n      - roll: web\n");
        test_env.edit(&format!("{values}      - run: migrate\n{check}"), &format!("{values}{check}"));
    }
    let template = std::fs::read_to_string(test_env.root.path().join("deploy/web.json")).unwrap();
    test_env.write("deploy/migrate.json", &template.replace("{{ stage }}-web", "{{ stage }}-migrate"));
    test_env.commit();
    let built = release(&sandbox, &test_env, "one", "dev");
    let given = format!("app={}/{DEV}.ap-northeast-1/hello@{}", sandbox.host, digest(&sandbox, "hello-dev"));
    let ran = test_env.run(&developer, &["release", "--until", "dev", "--image", &given]).ended(0);
    let id = release_in(&ran.out);
    assert_ne!(id, built);
    let ran = test_env.run(&developer, &["promote", &id, "--to", "prod"]).ended(40);
    ran.says(&format!("image admin cannot be built for {id}: it was started without a source"))
        .says("every image that it needed up to dev was given")
        .says(&format!("`kanmon release --until prod --image {given}` builds admin from the working tree"));
    // The command that was printed.
    test_env.run(&developer, &["release", "--until", "prod", "--image", &given]).ended(0);
}

#[test]
fn a_stage_that_somebody_else_changed_was_not_passed() {
    let (sandbox, test_env, developer) = without_approval();
    let id = release(&sandbox, &test_env, "one", "staging");
    copies_tags(&sandbox, "hello-staging");
    let ran = test_env.run(&developer, &["promote", &id, "--to", "prod"]).ended(2);
    ran.on_stderr(&format!("staging/web does not run the images of {id}, but public.ecr.aws/nginx/nginx:1.28"))
        .on_stderr("somebody has changed it since without kanmon");
    assert!(sandbox.done("UpdateService").iter().all(|c| c["input"]["cluster"] != "hello-prod"));
}

#[test]
fn an_unreadable_stage_on_the_way_is_a_note_and_an_unreadable_target_is_an_error() {
    let (sandbox, test_env, developer) = without_approval();
    let id = release(&sandbox, &test_env, "one", "staging");
    // As many faults as a call has attempts: the first stage cannot be read, whoever reads it.
    let away = r#"{"operation": "DescribeServices", "account": "111111111111", "count": 5, "kind": "server_error"}"#;
    sandbox.ask("POST", "faults", away);
    let ran = test_env.run(&developer, &["promote", &id, "--to", "prod"]).ended(0);
    ran.on_stderr("stage dev could not be read, so it is unknown whether it still runs what this release deployed: ");
    // If the target itself cannot be read, its state is unknown.
    sandbox.ask("POST", "faults", away);
    let ran = test_env.run(&developer, &["promote", &id, "--to", "dev"]).ended(32);
    assert!(!ran.err.contains("could not be read, so it is unknown whether"), "{}", ran.err);
}

#[test]
fn status_credits_the_release_that_rolled_a_revision_and_never_a_tag() {
    let sandbox = Sandbox::start();
    let test_env = TestEnv::demo(&sandbox);
    let developer = sandbox.keys("developer");
    let first = release(&sandbox, &test_env, "one", "dev");
    let one = digest(&sandbox, "hello-dev");
    let row = |name: &str| {
        let out = test_env.run(&developer, &["status"]).ended(0).out;
        out.lines().find(|l| l.starts_with(name)).unwrap_or_else(|| panic!("{out}")).to_owned()
    };
    assert!(row("dev/web").ends_with(&first), "{}", row("dev/web"));
    let second = release(&sandbox, &test_env, "two", "dev");
    assert!(row("dev/web").ends_with(&second), "{}", row("dev/web"));
    // A third release deploys the first one's revision again.
    let given = format!("app={}/{DEV}.ap-northeast-1/hello@{one}", sandbox.host);
    let third = release_in(&test_env.run(&developer, &["release", "--until", "dev", "--image", &given]).ended(0).out);
    assert!(row("dev/web").contains("hello-dev-web:2") && row("dev/web").ends_with(&third), "{}", row("dev/web"));
    // As ecs-deploy deploys.
    copies_tags(&sandbox, "hello-dev");
    let output = row("dev/web");
    assert!(
        output.contains("nginx:1.28") && output.ends_with(&format!("not by kanmon (last good: {third})")),
        "{output}"
    );
    let json = test_env.run(&developer, &["status", "--output", "json"]).ended(0).json();
    assert_eq!(json[0]["services"][0]["live"]["release"], serde_json::Value::Null);
}

#[test]
fn an_image_that_is_given_has_the_commit_that_it_was_built_from() {
    let sandbox = Sandbox::start();
    let test_env = TestEnv::demo(&sandbox);
    let developer = sandbox.keys("developer");
    let commit = |test_env: &TestEnv| {
        let json = test_env.run(&developer, &["history", "--output", "json"]).ended(0).json();
        json[0]["releases"][0].clone()
    };
    let first = release(&sandbox, &test_env, "one", "dev");
    let built_from = commit(&test_env)["source"]["commit"].as_str().unwrap().to_owned();
    let one = digest(&sandbox, "hello-dev");
    test_env.write("app/index.html", "two");
    test_env.commit();
    let given = format!("app={}/{DEV}.ap-northeast-1/hello@{one}", sandbox.host);
    let ran = test_env.run(&developer, &["release", "--until", "dev", "--image", &given]).ended(0);
    let id = release_in(&ran.out);
    let output = commit(&test_env);
    assert_eq!(output["source"]["commit"], serde_json::Value::Null, "the checkout of today is not its commit");
    assert_eq!(output["image_commits"]["app"]["commit"], *built_from);
    let story = test_env.run(&developer, &["history", &id]).ended(0).out;
    assert!(story.contains(&format!("commit {}, built by {first}", &built_from[..12])), "{story}");
    let list = test_env.run(&developer, &["history"]).ended(0).out;
    assert_eq!(list.matches(&built_from[..10]).count(), 2, "{list}");
    // In another state no release built it, and the image has no label.
    let elsewhere = tempfile::tempdir().unwrap();
    let state = format!("local:{}", elsewhere.path().display());
    test_env.run(&developer, &["release", "--until", "dev", "--image", &given, "--state", &state]).ended(0);
    let json = test_env.run(&developer, &["history", "--output", "json", "--state", &state]).ended(0).json();
    assert_eq!(json[0]["releases"][0]["source"]["commit"], serde_json::Value::Null);
    assert_eq!(json[0]["releases"][0]["image_commits"], serde_json::json!({}));
}

#[test]
fn an_image_s_own_label_names_its_commit() {
    let sandbox = Sandbox::start();
    let test_env = TestEnv::demo(&sandbox);
    let developer = sandbox.keys("developer");
    let title = "org.opencontainers.image.title: hello";
    let revision = "0123456789abcdef0123456789abcdef01234567";
    test_env.edit(title, &format!("{title}, org.opencontainers.image.revision: \"{revision}\""));
    // The image contains uncommitted changes, so no commit is recorded for it.
    test_env.run(&developer, &["release", "--until", "dev"]).ended(0);
    let given = format!("app={}/{DEV}.ap-northeast-1/hello@{}", sandbox.host, digest(&sandbox, "hello-dev"));
    let ran = test_env.run(&developer, &["release", "--until", "dev", "--image", &given]).ended(0);
    let story = test_env.run(&developer, &["history", &release_in(&ran.out)]).ended(0).out;
    assert!(story.contains("commit 0123456789ab by its label"), "{story}");
}

/// Another tool deploys the live revision with another image and all of its tags.
fn copies_tags(sandbox: &Sandbox, cluster: &str) {
    use aws_sdk_ecs::types::TaskDefinitionField;
    let keys: std::collections::BTreeMap<String, String> = sandbox.keys("developer").into_iter().collect();
    let (id, secret) = (&keys["AWS_ACCESS_KEY_ID"], &keys["AWS_SECRET_ACCESS_KEY"]);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let config = aws_config::defaults(aws_config::BehaviorVersion::latest())
            .region(aws_types::region::Region::new("ap-northeast-1"))
            .credentials_provider(aws_credential_types::Credentials::new(id, secret, None, None, "test"))
            .endpoint_url(sandbox.endpoint());
        let ecs = aws_sdk_ecs::Client::new(&config.load().await);
        let services = ecs.describe_services().cluster(cluster).services("web").send().await.unwrap();
        let live = services.services()[0].task_definition().unwrap().to_owned();
        let described = ecs.describe_task_definition().task_definition(live).include(TaskDefinitionField::Tags);
        let described = described.send().await.unwrap();
        let (live, tags) = (described.task_definition().unwrap(), described.tags().to_vec());
        assert!(tags.iter().any(|t| t.key() == Some("kanmon")), "{tags:?}");
        let mut containers = live.container_definitions().to_vec();
        containers[0].image = Some("public.ecr.aws/nginx/nginx:1.28".to_owned());
        let registered = ecs
            .register_task_definition()
            .family(live.family().unwrap())
            .cpu(live.cpu().unwrap())
            .memory(live.memory().unwrap())
            .set_network_mode(live.network_mode().cloned())
            .set_requires_compatibilities(live.requires_compatibilities.clone())
            .set_execution_role_arn(live.execution_role_arn().map(str::to_owned))
            .set_container_definitions(Some(containers))
            .set_tags(Some(tags))
            .send()
            .await
            .unwrap();
        let arn = registered.task_definition().and_then(|d| d.task_definition_arn()).unwrap().to_owned();
        ecs.update_service().cluster(cluster).service("web").task_definition(arn).send().await.unwrap();
    });
}
