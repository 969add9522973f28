//! A valid file that has every key.

use serde_json::Value;

use super::{FILE, Repository};
use crate::pipeline::schema;
use crate::pipeline::schema::FILE as FORM;
use crate::pipeline::shape::{Record, Shape};

const EVERY_KEY: &str = r#"
version: 1
app: shop
state: dynamodb://dev/kanmon
accounts:
  dev:
    id: "012345678901"
    region: ap-northeast-1
    profile: shop
    endpoints:
      default: http://127.0.0.1:4566
      sts: http://127.0.0.1:4566
      ecr: http://127.0.0.1:4566
      inspector2: http://127.0.0.1:4566
      ecs: http://127.0.0.1:4566
      codepipeline: http://127.0.0.1:4566
      dynamodb: http://127.0.0.1:4566
  prod: { id: "222222222222", region: ap-northeast-1, role: kanmon-deploy, external_id: shop, assume: outside }
images:
  app:
    account: dev
    repository: shop
    builder: docker
    context: .
    file: Dockerfile
    args: { VERSION: 1.5, DEBUG: true }
    target: last
    platforms: [linux/arm64]
  pages:
    account: dev
    repository: shop/pages
    builder: layers
    layers:
      base: registry.example/base
      files: [{ from: deploy, to: /srv/deploy }]
      entrypoint: [/bin/serve, 8080]
      cmd: [--verbose]
      env: { PORT: 8080 }
      user: 65532
      workdir: /srv
      ports: [8080, 9090/tcp]
      labels: { team: shop }
  plain:
    account: dev
    repository: shop/plain
    layers: { files: { /srv: deploy } }
services:
  web: { taskdef: live, containers: { web: app }, unnamed: keep, show: [LOG_LEVEL] }
  admin: { taskdef: deploy/admin.json, containers: { admin: app } }
tasks:
  migrate:
    taskdef: deploy/migrate.json
    containers: { migrate: app }
    unnamed: keep
    show: [LOG_LEVEL]
    network_of: web
    container: migrate
    command: [migrate, 1]
    timeout: 20m
gate:
  at_most: { critical: 1, high: 2, medium: 20, low: 30, informational: unlimited, untriaged: 1 }
  timeout: 50m
  settle: 10s
  max_age: 20d
  suppressed: show
defaults: { deadline: 50m, on_failure: stop, poll: 10s }
stages:
  - name: dev
    account: dev
    cluster: shop-dev
    services: { web: shop-web }
    values: deploy/dev.yaml
    deadline: 20m
    on_failure: stop
    enter:
      approval:
        by: codepipeline
        approvers: ["arn:aws:iam::012345678901:user/manager"]
        pipeline: shop
        action: Approve
        account: dev
        expires: 2d
        self_approval: true
    steps:
      - run: migrate
      - roll: [web, admin]
      - check: { http: https://dev.shop.example/healthz, status: 204, contains: ok, timeout: 2m }
  - name: prod
    account: prod
    cluster: shop-prod
    values: deploy/prod.yaml
    images: copy
    enter:
      gate:
        at_most: { critical: 0, high: 0, medium: 0, low: 0, informational: 0, untriaged: 0 }
        timeout: 5m
        settle: 1h
        max_age: 1d
        suppressed: count
      approval: { by: kanmon }
    steps:
      - roll: web
      - check: { command: [deploy/dev.yaml, 1], account: prod, timeout: 30m }
"#;

/// The file as a value.
pub fn every_key() -> Value {
    serde_saphyr::from_str(EVERY_KEY).unwrap()
}

/// The JSON pointer of a value inside the one at `at`.
pub fn pointer(at: &str, key: impl std::fmt::Display) -> String {
    format!("{at}/{}", key.to_string().replace('~', "~0").replace('/', "~1"))
}

/// Calls `visit` with each mapping of known keys, its pointer in the file, its record, and whether its defaults apply.
pub fn records(file: &Value, visit: &mut impl FnMut(&str, &'static Record, bool)) {
    walk(file, "", &Shape::Record(&FORM), true, visit);
}

fn walk(value: &Value, at: &str, shape: &Shape, defaults: bool, visit: &mut impl FnMut(&str, &'static Record, bool)) {
    let entries = || value.as_object().into_iter().flatten();
    let items = || value.as_array().into_iter().flatten().enumerate();
    match shape {
        Shape::Record(record) | Shape::Tighter(record) => {
            let defaults = defaults && matches!(shape, Shape::Record(_));
            visit(at, record, defaults);
            for field in record.fields {
                if let Some(inner) = value.get(field.name) {
                    walk(inner, &pointer(at, field.name), &field.shape, defaults, visit);
                }
            }
        }
        Shape::Names(of) | Shape::Keyed(_, of) | Shape::Table(of) => {
            entries().for_each(|(key, inner)| walk(inner, &pointer(at, key), of, defaults, visit));
        }
        Shape::List(of) | Shape::OneOrMore(of) => {
            items().for_each(|(n, inner)| walk(inner, &pointer(at, n), of, defaults, visit));
        }
        Shape::Either(list, map) => walk(value, at, if value.is_array() { list } else { map }, defaults, visit),
        Shape::Text
        | Shape::Written
        | Shape::Account
        | Shape::Whole(..)
        | Shape::Limit
        | Shape::Boolean
        | Shape::Duration
        | Shape::OneOf(_) => {}
    }
}

#[test]
fn the_file_is_valid_and_has_every_key() {
    let repository = Repository::new();
    repository.write(FILE, &every_key().to_string());
    repository.load().unwrap_or_else(|d| panic!("{d}"));
    let file = every_key();
    let mut all: Vec<(*const Record, &str, bool)> = Vec::new();
    records(&file, &mut |at, record, _| {
        let mapping = file.pointer(at).unwrap();
        for field in record.fields {
            let is_there = mapping.get(field.name).is_some();
            match all.iter_mut().find(|(of, name, _)| (*of, *name) == (std::ptr::from_ref(record), field.name)) {
                Some(known) => known.2 |= is_there,
                None => all.push((std::ptr::from_ref(record), field.name, is_there)),
            }
        }
    });
    let missing: Vec<_> = all.iter().filter(|(_, _, is_there)| !is_there).map(|(_, name, _)| name).collect();
    assert!(missing.is_empty(), "{missing:?}");
    let described = schema::schema().to_string().matches("\"description\"").count();
    assert!(
        described > all.len(),
        "every record of the schema is in the file: {described} descriptions, {}",
        all.len()
    );
}
