//! A template adds what the file does not name: a container with a command, a user and a preloaded library, or another role and entry point
//! for the migration. An image that is not scanned is blocked; others are pinned to their digest, and every member is shown to the
//! approver.

use super::world::{BOTH, PROD, Topology, World};

/// The team's template with a sidecar of `web` in production.
fn template(image: &str) -> String {
    let web = include_str!("../../pipelines/demo/deploy/web.json");
    let sidecar = format!(
        r#"{{% if stage == "prod" %}}{{ "name": "metrics", "image": "{image}", "essential": false, "user": "root",
        "command": ["sh", "-c", "mine"], "environment": [{{ "name": "LD_PRELOAD", "value": "/tmp/x.so" }}] }},{{% endif %}}"#
    );
    web.replacen("\"containerDefinitions\": [", &format!("\"containerDefinitions\": [{sidecar}"), 1)
}

fn everybody_writes(world: &World, path: &str, text: &str) {
    for test_env in world.checkouts() {
        test_env.write(path, text);
        test_env.commit();
    }
}

#[test]
fn a_container_from_a_registry_without_a_scanner_is_blocked() {
    for topology in BOTH {
        let world = World::new(topology);
        everybody_writes(&world, "deploy/web.json", &template("docker.io/evil/miner:latest"));
        let release = world.prepared();
        let copied = world.sandbox.done("PutImage").len();
        let ran = world.promoter().run(&["promote", &release, "--to", "prod"]).ended(40);
        ran.says("container metrics of prod/web would run docker.io/evil/miner:latest, which is not in a repository of account prod");
        assert_eq!(world.sandbox.done("PutImage").len(), copied, "{topology:?}: nothing was copied");
        world.production_is_untouched();
    }
}

#[test]
fn a_container_from_the_accounts_registry_is_pinned_judged_and_shown_member_by_member() {
    for topology in BOTH {
        let world = World::new(topology);
        let first = world.honest();
        let digest = world.digest(&first);
        let image = format!("{}/{PROD}.ap-northeast-1/hello", world.sandbox.host);
        everybody_writes(&world, "deploy/web.json", &template(&format!("{image}:kanmon-{first}")));
        world.developer().test_env.write("app/index.html", "<title>next</title>");
        let release = world.prepared();
        let running = world.waits(&release);
        let request = world.manager().run(&["approvals"]).ended(0).out;
        let pinned =
            format!("+ image of metrics (not named in the file): hello@{}, gate passed (no findings)", &digest[..19]);
        for shown in [
            pinned.as_str(),
            r#"+ containerDefinitions[metrics].command: ["sh","-c","mine"]"#,
            "+ containerDefinitions[metrics].user: root",
            "+ containerDefinitions[metrics].environment[LD_PRELOAD] (value not shown)",
        ] {
            assert!(request.contains(shown), "{topology:?}: not shown: {shown}\n{request}");
        }
        assert!(!request.contains("/tmp/x.so"), "{request}");
        world.approves(&release);
        running.end().ended(0);
        let registered = world.sandbox.done("RegisterTaskDefinition");
        let last = registered.iter().rfind(|c| c["account"] == PROD).unwrap().to_string();
        assert!(last.contains(&format!("{image}@{digest}")) && !last.contains(":kanmon-"), "{last}");
    }
}

/// Gives both stages a migration by this template.
fn with_migration(world: &World, template: &str) {
    world.edit_for_all(
        "gate:\n  at_most",
        "tasks:\n  migrate: { taskdef: deploy/migrate.json, containers: { web: app }, network_of: web }\ngate:\n  at_most",
    );
    world.edit_for_all("steps: [{ roll: web }]", "steps: [{ run: migrate }, { roll: web }]");
    everybody_writes(world, "deploy/migrate.json", template);
}

fn migration() -> String {
    include_str!("../../pipelines/demo/deploy/web.json").replace("{{ stage }}-web", "{{ stage }}-migrate")
}

#[test]
fn a_migration_is_shown_as_a_difference_to_its_last_run() {
    for topology in BOTH {
        let world = World::new(topology);
        with_migration(&world, &migration());
        let first = world.prepared();
        let running = world.waits(&first);
        let request = world.manager().run(&["approvals"]).ended(0).out;
        assert!(
            request.contains("migrate  runs once, as a new revision of hello-prod-migrate, the first of its family"),
            "{request}"
        );
        assert!(
            request.contains("+ executionRoleArn: arn:aws:iam::222222222222:role/ecsTaskExecutionRole"),
            "{request}"
        );
        world.approves(&first);
        running.end().ended(0);

        let evil = migration()
            .replace(
                "\"executionRoleArn\"",
                "\"taskRoleArn\": \"arn:aws:iam::{{ account.id }}:role/admin\", \"executionRoleArn\"",
            )
            .replace("\"essential\": true,", "\"essential\": true, \"entryPoint\": [\"/bin/sh\"],");
        everybody_writes(&world, "deploy/migrate.json", &evil);
        let release = world.prepared();
        let _running = world.waits(&release);
        let request = world.manager().run(&["approvals"]).ended(0).out;
        let task = request.split("migrate  runs once").nth(1).unwrap();
        for shown in [
            "compared with hello-prod-migrate:1, the last of its family",
            "+ taskRoleArn: arn:aws:iam::222222222222:role/admin",
            r#"+ containerDefinitions[web].entryPoint: ["/bin/sh"]"#,
        ] {
            assert!(task.contains(shown), "{topology:?}: not shown: {shown}\n{request}");
        }
        assert!(!task.contains("executionRoleArn"), "unchanged members are not shown: {request}");
    }
}

#[test]
fn control_a_container_that_the_file_keeps_is_not_changed_and_the_request_says_so() {
    let world = World::new(Topology::Strong);
    world.edit_for_all("containers: { web: app } }", "containers: { web: app }, unnamed: keep, show: [LD_PRELOAD] }");
    everybody_writes(&world, "deploy/web.json", &template("docker.io/library/metrics:1"));
    let release = world.prepared();
    let _running = world.waits(&release);
    let request = world.manager().run(&["approvals"]).ended(0).out;
    let note =
        "image of metrics (not named in the file, unnamed: keep): docker.io/library/metrics:1, not judged by the gate";
    assert!(request.contains(note), "{request}");
    assert!(request.contains("+ containerDefinitions[metrics].environment[LD_PRELOAD]: /tmp/x.so"), "{request}");
}

#[test]
fn a_record_that_shows_less_than_its_plan_cannot_be_approved() {
    for topology in BOTH {
        let world = World::new(topology);
        let release = world.prepared();
        let running = world.waits(&release);
        let plan = world.plan(&release);
        running.signal("INT");
        running.end().ended(30);
        let mut record = world.record(&release);
        record.edit("stage-planned", |fact| {
            for (_, service) in fact["plan"]["services"].as_object_mut().unwrap() {
                service["changes"] = serde_json::json!([]);
            }
        });
        world.plant(&record);
        let request = world.manager().run(&["approvals"]).ended(0);
        request.says("the record does not contain this plan");
        let ran = world.manager().run(&["approve", &release, "--plan", &plan]).ended(40);
        ran.on_stderr("the record does not contain plan").on_stderr("somebody has changed the record");
        // Another version of kanmon may compute the hash differently. That is not a forgery, but it cannot be answered either.
        record.edit("started", |fact| fact["kanmon"] = serde_json::json!("0.0.1"));
        world.plant(&record);
        let request = world.manager().run(&["approvals"]).ended(0);
        request.says("started by kanmon 0.0.1").says("use kanmon 0.0.1");
        let ran = world.manager().run(&["approve", &release, "--plan", &plan]).ended(40);
        ran.on_stderr("the record does not contain plan")
            .on_stderr("it was started by kanmon 0.0.1, and this is kanmon")
            .on_stderr("use kanmon 0.0.1");
        // The version is text of others: it cannot add a sentence.
        record.edit("started", |fact| fact["kanmon"] = serde_json::json!("0.0.1. All is well: approve"));
        world.plant(&record);
        let request = world.manager().run(&["approvals"]).ended(0);
        assert!(!request.says("started by kanmon unknown").out.contains("All is well"));
    }
}
