use insta::assert_snapshot;

use super::{ADMIN, Repository, printed};

#[test]
fn a_missing_file_is_reported_with_the_nearest_name() {
    assert_snapshot!(printed("taskdef: deploy/admin.json", "taskdef: deploy/admim.json"), @"
    pipelines/shop.yaml:10:21: there is no `deploy/admim.json` in the repository
       10 |   admin: { taskdef: deploy/admim.json, containers: { admin: app } }
          |                     ^^^^^^^^^^^^^^^^^
    hint: did you mean `deploy/admin.json`?

    1 mistake
    ");
    assert_snapshot!(printed("values: deploy/prod.yaml", "values: deploi/prod.yaml"), @"
    pipelines/shop.yaml:27:13: there is no `deploi/prod.yaml` in the repository
       27 |     values: deploi/prod.yaml
          |             ^^^^^^^^^^^^^^^^
    hint: did you mean `deploy/prod.yaml`?

    1 mistake
    ");
    assert_snapshot!(printed("context: .", "context: docker"), @"
    pipelines/shop.yaml:7:51: there is no `docker` in the repository
        7 |   app: { account: dev, repository: shop, context: docker }
          |                                                   ^^^^^^
    hint: paths are relative to the repository's root

    1 mistake
    ");
    assert_snapshot!(printed("context: .", "context: deploy"), @"
    pipelines/shop.yaml:7:51: there is no `deploy/Dockerfile` in the repository
        7 |   app: { account: dev, repository: shop, context: deploy }
          |                                                   ^^^^^^
    hint: paths are relative to the repository's root

    1 mistake
    ");
    assert_snapshot!(printed("context: .", "layers: { files: [{ from: dist, to: /srv }] }"), @"
    pipelines/shop.yaml:7:68: there is no `dist` in the repository
        7 |   app: { account: dev, repository: shop, layers: { files: [{ from: dist, to: /srv }] } }
          |                                                                    ^^^^
    hint: paths are relative to the repository's root

    1 mistake
    ");
}

#[test]
fn a_file_outside_the_repository_is_refused() {
    assert_snapshot!(printed("taskdef: deploy/admin.json", "taskdef: ../admin.json"), @"
    pipelines/shop.yaml:10:21: `../admin.json` is outside the repository
       10 |   admin: { taskdef: ../admin.json, containers: { admin: app } }
          |                     ^^^^^^^^^^^^^
    hint: paths are relative to the repository's root, the folder that contains `pipelines/`

    1 mistake
    ");
    assert_snapshot!(printed("values: deploy/prod.yaml", "values: /etc/passwd"), @"
    pipelines/shop.yaml:27:13: `/etc/passwd` is outside the repository
       27 |     values: /etc/passwd
          |             ^^^^^^^^^^^
    hint: paths are relative to the repository's root, the folder that contains `pipelines/`

    1 mistake
    ");
}

#[test]
fn a_link_out_of_the_repository_is_refused() {
    let outside = tempfile::tempdir().unwrap();
    std::fs::write(outside.path().join("admin.json"), ADMIN).unwrap();
    let repository = Repository::new();
    std::os::unix::fs::symlink(outside.path(), repository.path().join("far")).unwrap();
    let diagnostics = repository.with(&[("taskdef: deploy/admin.json", "taskdef: far/admin.json")]).unwrap_err();
    assert_snapshot!(diagnostics, @"
    pipelines/shop.yaml:10:21: `far/admin.json` is outside the repository: a symbolic link leads there
       10 |   admin: { taskdef: far/admin.json, containers: { admin: app } }
          |                     ^^^^^^^^^^^^^^
    hint: a release must not depend on files outside the repository

    1 mistake
    ");
}

#[test]
fn a_link_within_the_repository_is_followed() {
    let repository = Repository::new();
    std::os::unix::fs::symlink("deploy", repository.path().join("near")).unwrap();
    assert!(repository.with(&[("taskdef: deploy/admin.json", "taskdef: near/../near/admin.json")]).is_ok());
}

#[test]
fn mistakes_of_values_and_templates_are_reported_in_their_own_files() {
    let repository = Repository::new();
    repository.write("deploy/dev.yaml", "cpu: 256\ncluster: mine\ncpu: 512\n");
    repository.write("deploy/prod.yaml", "memory: 256\n");
    assert_snapshot!(repository.load().unwrap_err(), @r#"
    deploy/admin.json:3:14: `cpu` is not defined (stage `prod`)
        3 |   "cpu": "{{ cpu }}",
          |              ^^^
    hint: define it in the stage's values; kanmon defines app, stage, account, cluster

    deploy/dev.yaml:2:1: `cluster` is set by kanmon itself
    hint: choose another name

    deploy/dev.yaml:3:1: key `cpu` is given twice
    hint: the first is in line 1

    3 mistakes
    "#);
}

#[test]
fn a_variable_that_does_not_exist_is_named() {
    let printed = |expression: &str| {
        let repository = Repository::new();
        repository.write("deploy/dev.yaml", "cpu: 256\nadmin: { memory: 512 }\npassword: hush\n");
        repository.write("deploy/prod.yaml", "cpu: 256\nadmin: { memory: 512 }\npassword: hush\n");
        repository.write("deploy/admin.json", &ADMIN.replace("{{ cpu }}", expression));
        repository.load().unwrap_err().to_string()
    };
    assert_snapshot!(printed("{{ admin.cpu }}"), @r#"
    deploy/admin.json:3:14: `admin.cpu` is not defined (stage `dev`, `prod`)
        3 |   "cpu": "{{ admin.cpu }}",
          |              ^^^^^^^^^
    hint: define it in the stage's values; kanmon defines app, stage, account, cluster

    1 mistake
    "#);
    assert_snapshot!(printed("{% if debug %}1{% endif %}"), @r#"
    deploy/admin.json:3:17: `debug` is not defined (stage `dev`, `prod`)
        3 |   "cpu": "{% if debug %}1{% endif %}",
          |                 ^^^^^
    hint: define it in the stage's values; kanmon defines app, stage, account, cluster

    1 mistake
    "#);
    assert_snapshot!(printed("{{ cpu | upcase }}"), @r#"
    deploy/admin.json:3:20: filter upcase is unknown (stage `dev`, `prod`)
        3 |   "cpu": "{{ cpu | upcase }}",
          |                    ^^^^^^

    1 mistake
    "#);
    assert!(!printed("{{ password | int }}").contains("hush"));
}

#[test]
fn a_template_that_does_not_parse_is_reported_at_its_line() {
    let repository = Repository::new();
    repository.write("deploy/admin.json", &ADMIN.replace("{{ cpu }}", "{{ cpu "));
    assert_snapshot!(repository.load().unwrap_err(), @r#"
    deploy/admin.json:3:18: unexpected string, expected end of variable block (stage `dev`, `prod`)
        3 |   "cpu": "{{ cpu ",
          |                  ^^

    1 mistake
    "#);
}

#[test]
fn a_template_that_makes_no_task_definition_is_reported() {
    let repository = Repository::new();
    repository.write("deploy/admin.json", &ADMIN.replace("\"{{ cpu }}\",", "\"{{ cpu }}\""));
    repository.write("deploy/migrate.json", "[]");
    assert_snapshot!(repository.load().unwrap_err(), @r#"
    deploy/admin.json:4:3: the rendered template is not JSON: expected `,` or `}` at line 4 column 3 (stage `dev`, `prod`)
        4 |   "containerDefinitions": [
          |   ^^^^^^^^^^^^^^^^^^^^^^^^^

    deploy/migrate.json: the rendered template is not a JSON object (stage `dev`)

    2 mistakes
    "#);
    repository.write("deploy/admin.json", &ADMIN.replace("family", "familly"));
    assert_snapshot!(repository.load().unwrap_err(), @r#"
    deploy/admin.json:2:3: ECS has no `familly`, and would ignore it (stage `dev`, `prod`)
        2 |   "familly": "{{ app }}-{{ stage }}-admin",
          |   ^^^^^^^^^
    hint: did you mean `family`?

    deploy/migrate.json: the rendered template is not a JSON object (stage `dev`)

    2 mistakes
    "#);
}

#[test]
fn a_member_of_a_wrong_type_is_reported_when_the_file_is_read() {
    let repository = Repository::new();
    let container = r#""name": "admin", "environment": [{ "name": "PORT", "value": 8080 }], "portMappings": [{ "containerPort": "8080" }],
        "secrets": [{ "name": "KEY" }], "mood": "newer than kanmon""#;
    repository.write(
        "deploy/admin.json",
        &ADMIN.replace(r#""name": "admin""#, container).replace("\"{{ cpu }}\"", "{{ cpu }}"),
    );
    assert_snapshot!(repository.load().unwrap_err(), @"
    deploy/admin.json: `cpu` must be a string, but is a number (stage `dev`, `prod`)
    hint: ECS would refuse it; also: `containerDefinitions[0].environment[0].value` must be a string, but is a number; `containerDefinitions[0].portMappings[0].containerPort` must be an integer, but is a string; `containerDefinitions[0].secrets[0].valueFrom` is missing

    1 mistake
    ");
}

#[test]
fn a_container_that_the_template_lacks_is_reported_with_the_nearest_name() {
    assert_snapshot!(printed("{ admin: app }", "{ amdin: app }"), @"
    pipelines/shop.yaml:10:54: `deploy/admin.json` has no container `amdin`
       10 |   admin: { taskdef: deploy/admin.json, containers: { amdin: app } }
          |                                                      ^^^^^
    hint: did you mean `admin`?

    1 mistake
    ");
}

#[test]
fn a_file_that_cannot_be_read_is_one_mistake() {
    let repository = Repository::new();
    std::fs::remove_file(repository.path().join(super::FILE)).unwrap();
    assert_snapshot!(repository.load().unwrap_err(), @"
    pipelines/shop.yaml: this file cannot be read: No such file or directory (os error 2)

    1 mistake
    ");
    std::fs::write(repository.path().join(super::FILE), [0xff, 0xfe]).unwrap();
    assert_snapshot!(repository.load().unwrap_err(), @"
    pipelines/shop.yaml: this file is UTF-16LE, not UTF-8
    hint: save it as UTF-8, or convert it: iconv -f UTF-16LE -t UTF-8

    1 mistake
    ");
}

#[test]
fn a_misspelt_member_and_a_repeated_key_are_mistakes_with_their_positions() {
    let repository = Repository::new();
    let container = r#""name": "admin", "healthcheck": { "command": ["true"] },
    "portMapping": [], "environment": [], "environment": []"#;
    let template = ADMIN.replace(r#""name": "admin""#, container).replace("family", "familly");
    repository.write("deploy/admin.json", &template);
    assert_snapshot!(repository.load().unwrap_err(), @r#"
    deploy/admin.json:2:3: ECS has no `familly`, and would ignore it (stage `dev`, `prod`)
        2 |   "familly": "{{ app }}-{{ stage }}-admin",
          |   ^^^^^^^^^
    hint: did you mean `family`?

    deploy/admin.json:5:24: ECS has no `containerDefinitions[0].healthcheck`, and would ignore it (stage `dev`, `prod`)
        5 |     { "name": "admin", "healthcheck": { "command": ["true"] },
          |                        ^^^^^^^^^^^^^
    hint: did you mean `healthCheck`?

    deploy/admin.json:6:5: ECS has no `containerDefinitions[0].portMapping`, and would ignore it (stage `dev`, `prod`)
        6 |     "portMapping": [], "environment": [], "environment": [], "image": "-" }
          |     ^^^^^^^^^^^^^
    hint: did you mean `portMappings`?

    deploy/admin.json:6:43: key `containerDefinitions[0].environment` is given twice (stage `dev`, `prod`)
        6 |     "portMapping": [], "environment": [], "environment": [], "image": "-" }
          |                                           ^^^^^^^^^^^^^
    hint: the first is in line 6; JSON keeps only the last

    4 mistakes
    "#);
}

#[test]
fn a_member_that_is_far_from_all_known_ones_is_a_warning() {
    let repository = Repository::new();
    assert_eq!(repository.load().unwrap().warnings, []);
    let more = r#""revision": 3, "status": "ACTIVE", "moonPhase": "full", "containerDefinitions""#;
    repository.write("deploy/admin.json", &ADMIN.replace(r#""containerDefinitions""#, more));
    let warnings: Vec<String> = repository.load().unwrap().warnings.iter().map(ToString::to_string).collect();
    assert_snapshot!(warnings.join("\n\n"), @r#"
    deploy/admin.json: `revision`, `status` come from describe-task-definition: ECS ignores them here (stage `dev`, `prod`)
    hint: remove them

    deploy/admin.json:4:38: `moonPhase` is not known: ECS ignores it unless it is newer than kanmon (stage `dev`, `prod`)
        4 |   "revision": 3, "status": "ACTIVE", "moonPhase": "full", "containerDefinitions": [
          |                                      ^^^^^^^^^^^
    "#);
}

#[test]
fn two_containers_of_one_name_are_a_mistake() {
    let repository = Repository::new();
    let second = r#""containerDefinitions": [
    { "name": "admin", "image": "x" },"#;
    repository.write("deploy/admin.json", &ADMIN.replace(r#""containerDefinitions": ["#, second));
    assert_snapshot!(repository.load().unwrap_err(), @r#"
    deploy/admin.json:6:7: `containerDefinitions[1]` and `containerDefinitions[0]` have the same name (stage `dev`, `prod`)
        6 |     { "name": "admin", "image": "-" }
          |       ^^^^^^
    hint: give each container another name

    1 mistake
    "#);
}

#[test]
fn the_whole_answer_of_describe_task_definition_is_recognized() {
    let repository = Repository::new();
    repository.write("deploy/admin.json", &format!("{{ \"taskDefinition\": {ADMIN}, \"tags\": [] }}"));
    assert_snapshot!(repository.load().unwrap_err(), @r#"
    deploy/admin.json:1:3: the definition is below `taskDefinition`: this is the whole answer of describe-task-definition (stage `dev`, `prod`)
        1 | { "taskDefinition": {
          |   ^^^^^^^^^^^^^^^^
    hint: keep only the definition: aws ecs describe-task-definition --query taskDefinition …

    1 mistake
    "#);
}

#[test]
fn a_template_and_values_may_begin_with_a_byte_order_mark() {
    let repository = Repository::new();
    let marked = |path: &str| {
        let text = std::fs::read_to_string(repository.path().join(path)).unwrap();
        repository.write(path, &format!("\u{feff}{text}"));
    };
    ["deploy/admin.json", "deploy/dev.yaml", super::FILE].into_iter().for_each(marked);
    repository.load().unwrap();
}

#[test]
fn a_template_of_another_encoding_is_named() {
    let repository = Repository::new();
    let utf16: Vec<u8> = ADMIN.encode_utf16().flat_map(u16::to_le_bytes).collect();
    std::fs::write(repository.path().join("deploy/admin.json"), utf16).unwrap();
    assert_snapshot!(repository.load().unwrap_err(), @"
    deploy/admin.json: this file is UTF-16LE, not UTF-8
    hint: save it as UTF-8, or convert it: iconv -f UTF-16LE -t UTF-8

    1 mistake
    ");
}

#[test]
fn characters_that_look_like_ascii_are_named_with_their_positions() {
    assert_snapshot!(printed("    account: prod", "\u{3000}\u{3000}account: prod"), @"
    pipelines/shop.yaml:25:1: an ideographic space (U+3000) is outside of quotes here
       25 | 　　account: prod
          | ^^
    hint: YAML allows only ASCII there (line 26: mapping values are not allowed in this context)

    1 mistake
    ");
    assert_snapshot!(printed("cluster: shop-prod", "cluster：shop-prod"), @"
    pipelines/shop.yaml:26:12: a full-width `:` (U+FF1A) is outside of quotes here
       26 |     cluster：shop-prod
          |            ^^
    hint: YAML allows only ASCII there (line 26: simple key expected ':')

    1 mistake
    ");
    assert_snapshot!(printed("cluster: shop-prod", "cluster:\u{a0}shop-prod"), @"
    pipelines/shop.yaml:26:13: a no-break space (U+00A0) is outside of quotes here
       26 |     cluster: shop-prod
          |             ^
    hint: YAML allows only ASCII there (line 26: simple key expected ':')

    1 mistake
    ");
    assert_snapshot!(printed("cluster: shop-prod", "cluster: shop-prod\u{3000}"), @"
    pipelines/shop.yaml:26:14: `shop-prod　` is not a valid cluster name
       26 |     cluster: shop-prod　
          |              ^^^^^^^^^^^
    hint: use letters, digits, - and _, at most 255 characters (the name, not the ARN)

    pipelines/shop.yaml:26:23: an ideographic space (U+3000) is at the edge of `shop-prod`
       26 |     cluster: shop-prod　
          |                       ^^
    hint: remove it, or quote the string if it is intended

    2 mistakes
    ");
    let repository = Repository::new();
    repository
        .write("deploy/admin.json", &ADMIN.replace("\"containerDefinitions\": [", "\"containerDefinitions\"： ["));
    assert_snapshot!(repository.load().unwrap_err(), @r#"
    deploy/admin.json:4:25: a full-width `:` (U+FF1A) is outside of quotes here (stage `dev`, `prod`)
        4 |   "containerDefinitions"： [
          |                         ^^
    hint: JSON allows only ASCII there (rendered: expected `:` at line 4 column 25)

    1 mistake
    "#);
    repository.write("deploy/admin.json", &ADMIN.replace("{{ cpu }}", "{{\u{3000}cpu }}"));
    assert_snapshot!(repository.load().unwrap_err(), @r#"
    deploy/admin.json:3:13: an ideographic space (U+3000) is not allowed here (stage `dev`, `prod`)
        3 |   "cpu": "{{　cpu }}",
          |             ^^
    hint: an expression allows only ASCII (unexpected character)

    1 mistake
    "#);
}

#[test]
fn a_misspelt_region_and_a_role_of_another_partition_are_mistakes_and_a_newer_region_is_not() {
    let region = r#"prod: { id: "222222222222", region: ap-northeast-1"#;
    assert_snapshot!(printed(region, &region.replace("northeast", "notheast")), @r#"
    pipelines/shop.yaml:5:39: `ap-notheast-1` is not a region of AWS
        5 |   prod: { id: "222222222222", region: ap-notheast-1, role: kanmon-deploy }
          |                                       ^^^^^^^^^^^^^
    hint: did you mean `ap-northeast-1`?

    1 mistake
    "#);
    let role = r#"role: "arn:aws-cn:iam::222222222222:role/deploy""#;
    let repository = Repository::new();
    let text = std::fs::read_to_string(repository.path().join(super::FILE)).unwrap();
    let line = text.lines().find(|l| l.contains("prod: {")).unwrap().to_owned();
    let plain = "  prod: { id: \"222222222222\", region: ap-northeast-1";
    assert_snapshot!(repository.with(&[(&line, &format!("{plain}, {role} }}"))]).unwrap_err(), @r#"
    pipelines/shop.yaml:5:61: this role is in partition `aws-cn`, but ap-northeast-1 is in `aws`
        5 |   prod: { id: "222222222222", region: ap-northeast-1, role: "arn:aws-cn:iam::222222222222:role/deploy" }
          |                                                             ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
    hint: write arn:aws:iam::222222222222:role/deploy

    1 mistake
    "#);
    let newer = repository.with(&[(&line, &format!("{} }}", plain.replace("northeast-1", "northeast-9")))]).unwrap();
    let warnings: Vec<String> = newer.warnings.iter().map(ToString::to_string).collect();
    assert_snapshot!(warnings.join("\n"), @r#"
    pipelines/shop.yaml:5:39: `ap-northeast-9` is not a region of AWS that kanmon knows
        5 |   prod: { id: "222222222222", region: ap-northeast-9 }
          |                                       ^^^^^^^^^^^^^^
    hint: correct it, unless the region is newer than this kanmon
    "#);
}
