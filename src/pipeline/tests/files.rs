use insta::assert_snapshot;

use super::{ADMIN, Repository, told};

#[test]
fn a_file_that_is_not_there_finds_the_one_that_is() {
    assert_snapshot!(told("taskdef: deploy/admin.json", "taskdef: deploy/admim.json"), @"
    pipelines/shop.yaml:10:21: there is no `deploy/admim.json` in the repository
       10 |   admin: { taskdef: deploy/admim.json, containers: { admin: app } }
          |                     ^^^^^^^^^^^^^^^^^
    hint: did you mean `deploy/admin.json`?

    1 mistake
    ");
    assert_snapshot!(told("values: deploy/prod.yaml", "values: deploi/prod.yaml"), @"
    pipelines/shop.yaml:27:13: there is no `deploi/prod.yaml` in the repository
       27 |     values: deploi/prod.yaml
          |             ^^^^^^^^^^^^^^^^
    hint: did you mean `deploy/prod.yaml`?

    1 mistake
    ");
    assert_snapshot!(told("context: .", "context: docker"), @"
    pipelines/shop.yaml:7:51: there is no `docker` in the repository
        7 |   app: { account: dev, repository: shop, context: docker }
          |                                                   ^^^^^^
    hint: paths are read from the repository's root

    1 mistake
    ");
    assert_snapshot!(told("context: .", "context: deploy"), @"
    pipelines/shop.yaml:7:51: there is no `deploy/Dockerfile` in the repository
        7 |   app: { account: dev, repository: shop, context: deploy }
          |                                                   ^^^^^^
    hint: paths are read from the repository's root

    1 mistake
    ");
    assert_snapshot!(told("context: .", "layers: { files: [{ from: dist, to: /srv }] }"), @"
    pipelines/shop.yaml:7:68: there is no `dist` in the repository
        7 |   app: { account: dev, repository: shop, layers: { files: [{ from: dist, to: /srv }] } }
          |                                                                    ^^^^
    hint: paths are read from the repository's root

    1 mistake
    ");
}

#[test]
fn a_file_outside_of_the_repository_is_refused() {
    assert_snapshot!(told("taskdef: deploy/admin.json", "taskdef: ../admin.json"), @"
    pipelines/shop.yaml:10:21: `../admin.json` leaves the repository
       10 |   admin: { taskdef: ../admin.json, containers: { admin: app } }
          |                     ^^^^^^^^^^^^^
    hint: paths begin at the repository's root, the folder that holds `pipelines/`

    1 mistake
    ");
    assert_snapshot!(told("values: deploy/prod.yaml", "values: /etc/passwd"), @"
    pipelines/shop.yaml:27:13: `/etc/passwd` leaves the repository
       27 |     values: /etc/passwd
          |             ^^^^^^^^^^^
    hint: paths begin at the repository's root, the folder that holds `pipelines/`

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
    pipelines/shop.yaml:10:21: `far/admin.json` leaves the repository through a symbolic link
       10 |   admin: { taskdef: far/admin.json, containers: { admin: app } }
          |                     ^^^^^^^^^^^^^^
    hint: a release must not depend on what is not in the repository

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
fn mistakes_of_values_and_templates_are_told_in_their_own_files() {
    let repository = Repository::new();
    repository.write("deploy/dev.yaml", "cpu: 256\ncluster: mine\ncpu: 512\n");
    repository.write("deploy/prod.yaml", "memory: 256\n");
    assert_snapshot!(repository.load().unwrap_err(), @r#"
    deploy/admin.json:3:14: `cpu` is not defined (stage `prod`)
        3 |   "cpu": "{{ cpu }}",
          |              ^^^
    hint: define it in the stage's values; kanmon defines app, stage, account, cluster

    deploy/dev.yaml:2:1: `cluster` is told by kanmon itself
    hint: choose another name

    deploy/dev.yaml:3:1: key `cpu` is here twice
    hint: the first is in line 1

    3 mistakes
    "#);
}

#[test]
fn a_variable_that_does_not_exist_is_named() {
    let told = |expression: &str| {
        let repository = Repository::new();
        repository.write("deploy/dev.yaml", "cpu: 256\nadmin: { memory: 512 }\npassword: hush\n");
        repository.write("deploy/prod.yaml", "cpu: 256\nadmin: { memory: 512 }\npassword: hush\n");
        repository.write("deploy/admin.json", &ADMIN.replace("{{ cpu }}", expression));
        repository.load().unwrap_err().to_string()
    };
    assert_snapshot!(told("{{ admin.cpu }}"), @r#"
    deploy/admin.json:3:14: `admin.cpu` is not defined (stage `dev`, `prod`)
        3 |   "cpu": "{{ admin.cpu }}",
          |              ^^^^^^^^^
    hint: define it in the stage's values; kanmon defines app, stage, account, cluster

    1 mistake
    "#);
    assert_snapshot!(told("{% if debug %}1{% endif %}"), @r#"
    deploy/admin.json:3:17: `debug` is not defined (stage `dev`, `prod`)
        3 |   "cpu": "{% if debug %}1{% endif %}",
          |                 ^^^^^
    hint: define it in the stage's values; kanmon defines app, stage, account, cluster

    1 mistake
    "#);
    assert_snapshot!(told("{{ cpu | upcase }}"), @r#"
    deploy/admin.json:3:20: filter upcase is unknown (stage `dev`, `prod`)
        3 |   "cpu": "{{ cpu | upcase }}",
          |                    ^^^^^^

    1 mistake
    "#);
    assert!(!told("{{ password | int }}").contains("hush"));
}

#[test]
fn a_template_that_does_not_parse_is_told_at_its_line() {
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
fn a_template_that_makes_no_task_definition_is_told() {
    let repository = Repository::new();
    repository.write("deploy/admin.json", &ADMIN.replace("\"{{ cpu }}\",", "\"{{ cpu }}\""));
    repository.write("deploy/migrate.json", "[]");
    assert_snapshot!(repository.load().unwrap_err(), @r#"
    deploy/admin.json:4:3: what is rendered is not JSON: expected `,` or `}`, in its line 4 (stage `dev`, `prod`)
        4 |   "containerDefinitions": [
          |   ^^^^^^^^^^^^^^^^^^^^^^^^^

    deploy/migrate.json: what is rendered is not a JSON object (stage `dev`)

    2 mistakes
    "#);
    repository.write("deploy/admin.json", &ADMIN.replace("family", "familly"));
    assert_snapshot!(repository.load().unwrap_err(), @"
    deploy/admin.json: the task definition has no `family` (stage `dev`, `prod`)
    hint: as RegisterTaskDefinition asks for it

    deploy/migrate.json: what is rendered is not a JSON object (stage `dev`)

    2 mistakes
    ");
}

#[test]
fn a_member_of_a_wrong_type_is_told_before_a_release_finds_out() {
    let repository = Repository::new();
    let container = r#""name": "admin", "environment": [{ "name": "PORT", "value": 8080 }], "portMappings": [{ "containerPort": "8080" }],
        "secrets": [{ "name": "KEY" }], "mood": "newer than kanmon""#;
    repository.write(
        "deploy/admin.json",
        &ADMIN.replace(r#""name": "admin""#, container).replace("\"{{ cpu }}\"", "{{ cpu }}"),
    );
    assert_snapshot!(repository.load().unwrap_err(), @"
    deploy/admin.json: `cpu` has to be a string, and is a number (stage `dev`, `prod`)
    hint: ECS would refuse it; also: `containerDefinitions[0].environment[0].value` has to be a string, and is a number; `containerDefinitions[0].portMappings[0].containerPort` has to be an integer, and is a string; `containerDefinitions[0].secrets[0].valueFrom` is missing

    1 mistake
    ");
}

#[test]
fn a_container_that_the_template_lacks_finds_the_nearest() {
    assert_snapshot!(told("{ admin: app }", "{ amdin: app }"), @"
    pipelines/shop.yaml:10:54: `deploy/admin.json` has no container `amdin`
       10 |   admin: { taskdef: deploy/admin.json, containers: { amdin: app } }
          |                                                      ^^^^^
    hint: did you mean `admin`?

    1 mistake
    ");
}

#[test]
fn a_file_that_cannot_be_read_is_one_sentence() {
    let repository = Repository::new();
    std::fs::remove_file(repository.path().join(super::FILE)).unwrap();
    assert_snapshot!(repository.load().unwrap_err(), @"
    pipelines/shop.yaml: this file cannot be read: No such file or directory (os error 2)

    1 mistake
    ");
    std::fs::write(repository.path().join(super::FILE), [0xff, 0xfe]).unwrap();
    assert_snapshot!(repository.load().unwrap_err(), @"
    pipelines/shop.yaml: this is not UTF-8 text: invalid utf-8 sequence of 1 bytes from index 0

    1 mistake
    ");
}
