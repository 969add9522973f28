use insta::assert_snapshot;

use super::{GOOD, Repository, printed};

#[test]
fn the_valid_file_is_valid() {
    Repository::new().load().map(|_| ()).unwrap_or_else(|d| panic!("{d}"));
}

#[test]
fn an_unknown_key_finds_the_one_that_was_meant() {
    assert_snapshot!(printed(r#"id: "222222222222", region:"#, r#"id: "222222222222", regoin:"#), @r#"
    pipelines/shop.yaml:5:31: unknown key `regoin`
        5 |   prod: { id: "222222222222", regoin: ap-northeast-1, role: kanmon-deploy }
          |                               ^^^^^^
    hint: did you mean `region`?

    1 mistake
    "#);
}

#[test]
fn a_key_of_a_later_version_is_reported_as_such() {
    assert_snapshot!(printed("      - roll: web\n", "      - roll: web\n      - soak: { for: 10m }\n"), @"
    pipelines/shop.yaml:35:9: unknown key `soak`
       35 |       - soak: { for: 10m }
          |         ^^^^
    hint: `soak` is not supported by this version yet

    1 mistake
    ");
    assert_snapshot!(printed("  at_most: { critical: 0", "  waivers: waivers.yaml\n  at_most: { critical: 0"), @"
    pipelines/shop.yaml:14:3: unknown key `waivers`
       14 |   waivers: waivers.yaml
          |   ^^^^^^^
    hint: `waivers` is not supported by this version yet

    1 mistake
    ");
    assert_snapshot!(printed("images: copy", "images: replicated"), @"
    pipelines/shop.yaml:28:13: `images` cannot be `replicated`
       28 |     images: replicated
          |             ^^^^^^^^^^
    hint: `replicated` is not supported by this version yet

    1 mistake
    ");
}

#[test]
fn a_wrong_type_says_what_was_expected_and_found() {
    assert_snapshot!(printed("app: shop", "app: 12"), @r#"
    pipelines/shop.yaml:2:6: `app` must be a string, found the number 12
        2 | app: 12
          |      ^^
    hint: quote it: "12"

    1 mistake
    "#);
    assert_snapshot!(printed("cluster: shop-dev", "cluster: [shop-dev]"), @"
    pipelines/shop.yaml:18:14: `cluster` must be a string, found a list
       18 |     cluster: [shop-dev]
          |              ^
    hint: write `cluster: TEXT`

    1 mistake
    ");
    assert_snapshot!(printed("roll: [web, admin]", "roll: { web: admin }"), @"
    pipelines/shop.yaml:22:15: `roll` must be a name or a list of names, found a mapping
       22 |       - roll: { web: admin }
          |               ^
    hint: write `roll: ONE` or `roll: [ONE, ANOTHER]`

    1 mistake
    ");
    assert_snapshot!(printed("version: 1", "version: 2"), @"
    pipelines/shop.yaml:1:10: `version` must be 1, found the number 2
        1 | version: 2
          |          ^
    hint: write `version: 1`

    1 mistake
    ");
}

#[test]
fn an_account_id_that_lost_its_leading_zero_is_suggested_with_it() {
    assert_snapshot!(printed("\"012345678901\"", "012345678901"), @r#"
    pipelines/shop.yaml:4:15: an account id without quotes is a number, and a number loses its leading zero
        4 |   dev:  { id: 012345678901, region: ap-northeast-1 }
          |               ^^^^^^^^^^^^
    hint: quote it: "012345678901"

    1 mistake
    "#);
    assert_snapshot!(printed("\"012345678901\"", "\"12345678901\""), @r#"
    pipelines/shop.yaml:4:15: an account id has 12 digits, but this one has 11: a leading zero was lost
        4 |   dev:  { id: "12345678901", region: ap-northeast-1 }
          |               ^^^^^^^^^^^^^
    hint: quote it: "012345678901"

    1 mistake
    "#);
    assert_snapshot!(printed("\"012345678901\"", "12345678901"), @r#"
    pipelines/shop.yaml:4:15: an account id has 12 digits, but this one has 11: a leading zero was lost
        4 |   dev:  { id: 12345678901, region: ap-northeast-1 }
          |               ^^^^^^^^^^^
    hint: quote it: "012345678901"

    1 mistake
    "#);
}

#[test]
fn undefined_names_find_the_nearest() {
    assert_snapshot!(printed("  - name: prod\n    account: prod", "  - name: prod\n    account: prd"), @"
    pipelines/shop.yaml:25:14: there is no account `prd`
       25 |     account: prd
          |              ^^^
    hint: did you mean `prod`?

    1 mistake
    ");
    assert_snapshot!(printed("{ admin: app }", "{ admin: ap }"), @"
    pipelines/shop.yaml:10:61: there is no image `ap`
       10 |   admin: { taskdef: deploy/admin.json, containers: { admin: ap } }
          |                                                             ^^
    hint: did you mean `app`?

    1 mistake
    ");
    assert_snapshot!(printed("roll: admin", "roll: adnim"), @"
    pipelines/shop.yaml:33:15: there is no service `adnim`
       33 |       - roll: adnim
          |               ^^^^^
    hint: did you mean `admin`?

    1 mistake
    ");
    assert_snapshot!(printed("run: migrate", "run: migration"), @"
    pipelines/shop.yaml:21:14: there is no task `migration`
       21 |       - run: migration
          |              ^^^^^^^^^
    hint: did you mean `migrate`?

    1 mistake
    ");
    assert_snapshot!(printed("network_of: web", "network_of: wob"), @"
    pipelines/shop.yaml:12:86: there is no service `wob`
       12 |   migrate: { taskdef: deploy/migrate.json, containers: { migrate: app }, network_of: wob }
          |                                                                                      ^^^
    hint: did you mean `web`?

    1 mistake
    ");
}

#[test]
fn a_second_stage_of_the_same_name_points_to_the_first() {
    assert_snapshot!(printed("name: prod", "name: dev"), @"
    pipelines/shop.yaml:24:11: two stages are named `dev`
       24 |   - name: dev
          |           ^^^
    hint: the first is in line 16

    1 mistake
    ");
}

#[test]
fn a_negative_threshold_is_reported() {
    assert_snapshot!(printed("high: 0", "high: -1"), @"
    pipelines/shop.yaml:14:33: a threshold must not be negative: -1
       14 |   at_most: { critical: 0, high: -1, medium: 20 }
          |                                 ^^
    hint: write 0 to allow none: `at_most` is the largest number that passes

    1 mistake
    ");
}

#[test]
fn a_stage_that_loosens_the_gate_names_both_lines() {
    assert_snapshot!(printed("{ medium: 0 }", "{ medium: 21, low: unlimited }"), @"
    pipelines/shop.yaml:30:34: stage `prod` loosens the gate above it: `medium: 21` in line 30, `medium: 20` in line 14
       30 |       gate: { at_most: { medium: 21, low: unlimited } }
          |                                  ^^
    hint: a stage may only tighten the gate: write at most 20 here, or raise the limit of the gate above

    1 mistake
    ");
    assert_snapshot!(printed("{ medium: 0 }", "{ untriaged: unlimited }"), @"
    pipelines/shop.yaml:30:37: stage `prod` loosens the gate above it: `untriaged: unlimited`, and the default is 0
       30 |       gate: { at_most: { untriaged: unlimited } }
          |                                     ^^^^^^^^^
    hint: a stage may only tighten the gate: write at most 0 here, or raise the limit of the gate above

    1 mistake
    ");
}

#[test]
fn an_empty_step_is_reported() {
    assert_snapshot!(printed("- roll: web", "- roll: []"), @"
    pipelines/shop.yaml:34:9: `roll` must not be empty
       34 |       - roll: []
          |         ^^^^

    1 mistake
    ");
    assert_snapshot!(printed("- roll: web", "- {}"), @"
    pipelines/shop.yaml:34:9: this step is empty
       34 |       - {}
          |         ^
    hint: write one of: run, roll, check

    1 mistake
    ");
    assert_snapshot!(printed("- roll: web", "- roll:"), @"
    pipelines/shop.yaml:34:9: `roll` must be a name or a list of names, found nothing
       34 |       - roll:
          |         ^^^^
    hint: write `roll: ONE` or `roll: [ONE, ANOTHER]`

    1 mistake
    ");
    assert_snapshot!(printed("- roll: web", "- check: {}"), @"
    pipelines/shop.yaml:34:9: this check is empty
       34 |       - check: {}
          |         ^^^^^
    hint: write one of: http, command

    1 mistake
    ");
}

#[test]
fn a_step_with_two_keys_is_reported() {
    assert_snapshot!(printed("- run: migrate\n      - roll: [web", "- run: migrate\n        roll: [web"), @"
    pipelines/shop.yaml:22:9: a step must have exactly one key
       22 |         roll: [web, admin]
          |         ^^^^
    hint: begin a new step: `- roll: …`

    1 mistake
    ");
}

#[test]
fn the_same_service_twice_in_one_stage_is_reported() {
    assert_snapshot!(printed("- roll: web", "- roll: admin"), @"
    pipelines/shop.yaml:34:15: service `admin` is deployed twice in stage `prod`
       34 |       - roll: admin
          |               ^^^^^
    hint: the first time is in line 33

    1 mistake
    ");
    assert_snapshot!(printed("[web, admin]", "[web, web]"), @"
    pipelines/shop.yaml:22:21: service `web` is deployed twice in stage `dev`
       22 |       - roll: [web, web]
          |                     ^^^
    hint: the first time is in line 22

    1 mistake
    ");
}

#[test]
fn missing_keys_say_what_they_are_for() {
    assert_snapshot!(printed("    cluster: shop-prod\n", ""), @"
    pipelines/shop.yaml:24:5: this stage has no `cluster`
       24 |   - name: prod
          |     ^
    hint: `cluster`: the ECS cluster's name

    1 mistake
    ");
    assert_snapshot!(printed("app: shop\n", ""), @"
    pipelines/shop.yaml:1:1: the file has no `app`
        1 | version: 1
          | ^
    hint: `app`: the application's name

    1 mistake
    ");
}

#[test]
fn an_invalid_duration_is_reported() {
    assert_snapshot!(printed("network_of: web }", "network_of: web, timeout: 15 }"), @"
    pipelines/shop.yaml:12:100: `timeout` must be a duration, found the number 15
       12 |   migrate: { taskdef: deploy/migrate.json, containers: { migrate: app }, network_of: web, timeout: 15 }
          |                                                                                                    ^^
    hint: add a unit: 15s, 15m or 15h

    1 mistake
    ");
    assert_snapshot!(printed("network_of: web }", "network_of: web, timeout: 15 minutes }"), @r#"
    pipelines/shop.yaml:12:100: `timeout` must be a duration, found the string "15 minutes"
       12 |   migrate: { taskdef: deploy/migrate.json, containers: { migrate: app }, network_of: web, timeout: 15 minutes }
          |                                                                                                    ^^^^^^^^^^
    hint: such as 30s, 15m or 1h30m

    1 mistake
    "#);
}

#[test]
fn containers_cannot_be_empty() {
    assert_snapshot!(printed("{ web: app }", "{}"), @"
    pipelines/shop.yaml:9:27: `containers` must not be empty
        9 |   web:   { taskdef: live, containers: {} }
          |                           ^^^^^^^^^^

    1 mistake
    ");
}

#[test]
fn a_task_of_two_containers_must_say_whose_exit_code_decides() {
    assert_snapshot!(printed("{ migrate: app }", "{ migrate: app, log: app }"), @"
    pipelines/shop.yaml:12:44: which container's exit code decides: migrate, log?
       12 |   migrate: { taskdef: deploy/migrate.json, containers: { migrate: app, log: app }, network_of: web }
          |                                            ^^^^^^^^^^
    hint: write `container: migrate`

    1 mistake
    ");
    assert_snapshot!(printed("{ migrate: app }", "{ migrate: app }, container: migrat"), @"
    pipelines/shop.yaml:12:85: `migrat` is not one of this task's containers
       12 |   migrate: { taskdef: deploy/migrate.json, containers: { migrate: app }, container: migrat, network_of: web }
          |                                                                                     ^^^^^^
    hint: did you mean `migrate`?

    1 mistake
    ");
}

#[test]
fn an_invalid_url_is_reported() {
    assert_snapshot!(printed("https://dev.shop.example/healthz", "dev.shop.example/healthz"), @"
    pipelines/shop.yaml:23:24: `dev.shop.example/healthz` is not a URL: it must begin with https:// or http://
       23 |       - check: { http: dev.shop.example/healthz }
          |                        ^^^^^^^^^^^^^^^^^^^^^^^^
    hint: write a URL such as https://dev.example.com/healthz

    1 mistake
    ");
    assert_snapshot!(printed("https://dev.shop.example/healthz", "ftp://dev.shop.example/"), @"
    pipelines/shop.yaml:23:24: `ftp://dev.shop.example/` is not a URL: it must begin with https:// or http://
       23 |       - check: { http: ftp://dev.shop.example/ }
          |                        ^^^^^^^^^^^^^^^^^^^^^^^
    hint: write a URL such as https://dev.example.com/healthz

    1 mistake
    ");
    assert_snapshot!(printed("region: ap-northeast-1 }", "region: ap-northeast-1, endpoints: { ecs: \"localhost:8000\" } }"), @r#"
    pipelines/shop.yaml:4:73: `localhost:8000` is not a URL: it must begin with https:// or http://
        4 |   dev:  { id: "012345678901", region: ap-northeast-1, endpoints: { ecs: "localhost:8000" } }
          |                                                                         ^^^^^^^^^^^^^^^^
    hint: write a URL such as https://dev.example.com/healthz

    1 mistake
    "#);
}

#[test]
fn an_image_of_another_account_needs_pull_or_copy() {
    assert_snapshot!(printed("    images: copy\n", ""), @"
    pipelines/shop.yaml:25:14: stage `prod` runs image `app`, which is in account `dev`
       25 |     account: prod
          |              ^^^^
    hint: write `images: pull` (the repository's policy must allow it) or `images: copy`

    1 mistake
    ");
    assert_snapshot!(printed("cluster: shop-dev", "cluster: shop-dev\n    images: copy"), @"
    pipelines/shop.yaml:19:13: stage `dev` has nothing to copy: its images are in its own account and region
       19 |     images: copy
          |             ^^^^
    hint: remove `images`

    1 mistake
    ");
}

#[test]
fn keys_of_another_kind_of_approval_are_reported() {
    assert_snapshot!(printed("by: kanmon", "by: kanmon, pipeline: shop"), @"
    pipelines/shop.yaml:31:31: `pipeline` cannot be used with `by: kanmon`
       31 |       approval: { by: kanmon, pipeline: shop }
          |                               ^^^^^^^^
    hint: it is for `by: codepipeline`

    1 mistake
    ");
    assert_snapshot!(printed("by: kanmon", "by: codepipeline, pipeline: shop"), @"
    pipelines/shop.yaml:31:7: an approval `by: codepipeline` needs `action`
       31 |       approval: { by: codepipeline, pipeline: shop }
          |       ^^^^^^^^
    hint: write `action`: the action's name in CodePipeline

    1 mistake
    ");
    assert_snapshot!(printed("by: kanmon", "by: canmon"), @"
    pipelines/shop.yaml:31:23: `by` cannot be `canmon`
       31 |       approval: { by: canmon }
          |                       ^^^^^^
    hint: did you mean `kanmon`?

    1 mistake
    ");
}

#[test]
fn an_approver_pattern_without_an_account_or_that_matches_nobody_is_refused_for_every_approval_method() {
    assert_snapshot!(printed("by: kanmon", "by: kanmon, approvers: [manager, \"*\"]"), @r#"
    pipelines/shop.yaml:31:43: `manager` is not a valid ARN pattern
       31 |       approval: { by: kanmon, approvers: [manager, "*"] }
          |                                           ^^^^^^^
    hint: such as arn:aws:iam::111111111111:user/manager, or for IAM Identity Center arn:aws:sts::111111111111:assumed-role/AWSReservedSSO_ReleaseManager_0123456789abcdef/*

    pipelines/shop.yaml:31:52: `*` does not name an account and one of its principals
       31 |       approval: { by: kanmon, approvers: [manager, "*"] }
          |                                                    ^^^
    hint: such as arn:aws:iam::111111111111:user/manager, or for IAM Identity Center arn:aws:sts::111111111111:assumed-role/AWSReservedSSO_ReleaseManager_0123456789abcdef/*

    2 mistakes
    "#);
    assert_snapshot!(printed("by: kanmon", "by: kanmon, approvers: [\"arn:aws:iam::111111111111:role/ops/Manager\"]"), @r#"
    pipelines/shop.yaml:31:43: `arn:aws:iam::111111111111:role/ops/Manager` matches nobody: a caller with an assumed role has the ARN of its session; write `arn:aws:sts::111111111111:assumed-role/Manager/*`
       31 |       approval: { by: kanmon, approvers: ["arn:aws:iam::111111111111:role/ops/Manager"] }
          |                                           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
    hint: such as arn:aws:iam::111111111111:user/manager, or for IAM Identity Center arn:aws:sts::111111111111:assumed-role/AWSReservedSSO_ReleaseManager_0123456789abcdef/*

    1 mistake
    "#);
    let way = "by: codepipeline, pipeline: shop, action: Approve";
    assert_snapshot!(printed("by: kanmon", &format!("{way}, approvers: [\"arn:aws:iam::*:user/manager\"]")), @r#"
    pipelines/shop.yaml:31:82: `arn:aws:iam::*:user/manager` names the account `*`: a principal of any account could match it
       31 |       approval: { by: codepipeline, pipeline: shop, action: Approve, approvers: ["arn:aws:iam::*:user/manager"] }
          |                                                                                  ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
    hint: such as arn:aws:iam::111111111111:user/manager, or for IAM Identity Center arn:aws:sts::111111111111:assumed-role/AWSReservedSSO_ReleaseManager_0123456789abcdef/*

    1 mistake
    "#);
}

#[test]
fn a_role_of_another_account_is_reported() {
    assert_snapshot!(printed("role: kanmon-deploy", "role: \"arn:aws:iam::333333333333:role/kanmon\""), @r#"
    pipelines/shop.yaml:5:61: this role is in account 333333333333, but this account's `id` is 222222222222
        5 |   prod: { id: "222222222222", region: ap-northeast-1, role: "arn:aws:iam::333333333333:role/kanmon" }
          |                                                             ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
    hint: correct the `id` or the role's ARN

    1 mistake
    "#);
}

#[test]
fn layers_and_a_dockerfile_do_not_mix() {
    assert_snapshot!(printed("context: .", "context: ., layers: { files: { app: Dockerfile } }"), @"
    pipelines/shop.yaml:7:42: `context` belongs to a Dockerfile, but this image is made of `layers`
        7 |   app: { account: dev, repository: shop, context: ., layers: { files: { app: Dockerfile } } }
          |                                          ^^^^^^^
    hint: use either `layers` or a Dockerfile

    pipelines/shop.yaml:7:73: `app` is not an absolute path in the image
        7 |   app: { account: dev, repository: shop, context: ., layers: { files: { app: Dockerfile } } }
          |                                                                         ^^^
    hint: such as /app

    2 mistakes
    ");
    assert_snapshot!(printed("context: .", "builder: layers"), @"
    pipelines/shop.yaml:7:3: `builder: layers` needs `layers`
        7 |   app: { account: dev, repository: shop, builder: layers }
          |   ^^^
    hint: name the files: `layers: { files: { /app: dist } }`

    1 mistake
    ");
    assert_snapshot!(printed("context: .", "platforms: [amd64]"), @"
    pipelines/shop.yaml:7:54: `amd64` is not a valid platform
        7 |   app: { account: dev, repository: shop, platforms: [amd64] }
          |                                                      ^^^^^
    hint: write os/arch, such as linux/amd64 or linux/arm64

    1 mistake
    ");
    assert_snapshot!(printed("repository: shop", "repository: 012345678901.dkr.ecr.ap-northeast-1.amazonaws.com/shop"), @"
    pipelines/shop.yaml:7:36: `012345678901.dkr.ecr.ap-northeast-1.amazonaws.com/shop` is not a valid ECR repository name
        7 |   app: { account: dev, repository: 012345678901.dkr.ecr.ap-northeast-1.amazonaws.com/shop, context: . }
          |                                    ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
    hint: write the name only: kanmon gets the registry's address from ECR

    1 mistake
    ");
}

#[test]
fn a_repeated_key_is_reported() {
    assert_snapshot!(printed("app: shop\n", "app: shop\napp: ship\n"), @"
    pipelines/shop.yaml:3:1: key `app` is given twice
        3 | app: ship
          | ^^^
    hint: the first is in line 2

    1 mistake
    ");
}

#[test]
fn broken_yaml_is_reported_where_it_breaks() {
    assert_snapshot!(printed("roll: [web, admin]", "roll: [web, admin"), @"
    pipelines/shop.yaml:23:14: this is not YAML: illegal placement of ':' indicator
       23 |       - check: { http: https://dev.shop.example/healthz }
          |              ^

    1 mistake
    ");
    assert_snapshot!(printed(GOOD, ""), @"
    pipelines/shop.yaml: this file is empty

    1 mistake
    ");
}

#[test]
fn all_mistakes_are_reported_in_one_run() {
    let shown = Repository::new()
        .with(&[
            ("app: shop", "aap: shop"),
            ("\"012345678901\"", "12345678901"),
            ("repository: shop, ", ""),
            ("taskdef: live", "taskdef: 5"),
            ("network_of: web", "network_of: wep"),
            ("high: 0", "high: -3"),
            ("cluster: shop-dev", "cluster: shop dev"),
            ("dev.shop.example", "dev shop"),
            ("name: prod", "name: dev"),
            ("{ medium: 0 }", "{ critical: 2 }"),
            ("- roll: web", "- roll: admin"),
        ])
        .unwrap_err();
    assert_snapshot!(shown, @r#"
    pipelines/shop.yaml:2:1: unknown key `aap`
        2 | aap: shop
          | ^^^
    hint: did you mean `app`?

    pipelines/shop.yaml:4:15: an account id has 12 digits, but this one has 11: a leading zero was lost
        4 |   dev:  { id: 12345678901, region: ap-northeast-1 }
          |               ^^^^^^^^^^^
    hint: quote it: "012345678901"

    pipelines/shop.yaml:7:3: `app` has no `repository`
        7 |   app: { account: dev, context: . }
          |   ^^^
    hint: `repository`: the ECR repository's name

    pipelines/shop.yaml:9:21: `taskdef` must be a string, found the number 5
        9 |   web:   { taskdef: 5, containers: { web: app } }
          |                     ^
    hint: quote it: "5"

    pipelines/shop.yaml:12:86: there is no service `wep`
       12 |   migrate: { taskdef: deploy/migrate.json, containers: { migrate: app }, network_of: wep }
          |                                                                                      ^^^
    hint: did you mean `web`?

    pipelines/shop.yaml:14:33: a threshold must not be negative: -3
       14 |   at_most: { critical: 0, high: -3, medium: 20 }
          |                                 ^^
    hint: write 0 to allow none: `at_most` is the largest number that passes

    pipelines/shop.yaml:18:14: `shop dev` is not a valid cluster name
       18 |     cluster: shop dev
          |              ^^^^^^^^
    hint: use letters, digits, - and _, at most 255 characters (the name, not the ARN)

    pipelines/shop.yaml:23:24: `https://dev shop/healthz` is not a URL: invalid international domain name
       23 |       - check: { http: https://dev shop/healthz }
          |                        ^^^^^^^^^^^^^^^^^^^^^^^^
    hint: write a URL such as https://dev.example.com/healthz

    pipelines/shop.yaml:24:11: two stages are named `dev`
       24 |   - name: dev
          |           ^^^
    hint: the first is in line 16

    pipelines/shop.yaml:30:36: stage `dev` loosens the gate above it: `critical: 2` in line 30, `critical: 0` in line 14
       30 |       gate: { at_most: { critical: 2 } }
          |                                    ^
    hint: a stage may only tighten the gate: write at most 0 here, or raise the limit of the gate above

    pipelines/shop.yaml:34:15: service `admin` is deployed twice in stage `dev`
       34 |       - roll: admin
          |               ^^^^^
    hint: the first time is in line 33

    11 mistakes
    "#);
}

#[test]
fn the_json_form_has_the_same_values() {
    let diagnostics = Repository::new().with(&[("app: shop", "app: shop\naap: shop")]).unwrap_err();
    assert_eq!(
        diagnostics.to_json(),
        serde_json::json!([{
            "file": "pipelines/shop.yaml",
            "line": 3,
            "column": 1,
            "length": 3,
            "message": "unknown key `aap`",
            "hint": "did you mean `app`?",
        }])
    );
}

#[test]
fn a_state_location_must_be_valid_and_name_a_defined_account() {
    assert_snapshot!(printed("app: shop", "app: shop\nstate: dynamodb://dve/kanmon"), @"
    pipelines/shop.yaml:3:8: there is no account `dve`
        3 | state: dynamodb://dve/kanmon
          |        ^^^^^^^^^^^^^^^^^^^^^
    hint: did you mean `dev`?

    1 mistake
    ");
    for wrong in ["dynamodb://dev", "dynamodb://dev/", "dynamodb://dev/a/b", "dynamodb://dev/k", "sqlite", "local:dir"]
    {
        let printed = printed("app: shop", &format!("app: shop\nstate: {wrong}"));
        assert!(printed.contains(&format!("3:8: `state` cannot be `{wrong}`")), "{printed}");
        assert!(
            printed.contains("hint: write `local` for a file in .kanmon/, or `dynamodb://ACCOUNT/TABLE` for a table"),
            "{printed}"
        );
    }
}
