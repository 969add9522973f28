//! Valid and invalid pipeline files.

mod defaults;
mod every_key;
mod examples;
mod files;
mod gates;
mod json_schema;
mod mistakes;
mod mutations;
mod reference;
mod rendering;
mod resolving;

use std::path::{Path, PathBuf};

use super::{Diagnostics, Loaded, load};

/// A temporary repository with a valid pipeline file.
pub struct Repository {
    dir: tempfile::TempDir,
}

pub const FILE: &str = "pipelines/shop.yaml";

pub const GOOD: &str = r#"version: 1
app: shop
accounts:
  dev:  { id: "012345678901", region: ap-northeast-1 }
  prod: { id: "222222222222", region: ap-northeast-1, role: kanmon-deploy }
images:
  app: { account: dev, repository: shop, context: . }
services:
  web:   { taskdef: live, containers: { web: app } }
  admin: { taskdef: deploy/admin.json, containers: { admin: app } }
tasks:
  migrate: { taskdef: deploy/migrate.json, containers: { migrate: app }, network_of: web }
gate:
  at_most: { critical: 0, high: 0, medium: 20 }
stages:
  - name: dev
    account: dev
    cluster: shop-dev
    values: deploy/dev.yaml
    steps:
      - run: migrate
      - roll: [web, admin]
      - check: { http: https://dev.shop.example/healthz }
  - name: prod
    account: prod
    cluster: shop-prod
    values: deploy/prod.yaml
    images: copy
    enter:
      gate: { at_most: { medium: 0 } }
      approval: { by: kanmon }
    steps:
      - roll: admin
      - roll: web
"#;

pub const ADMIN: &str = r#"{
  "family": "{{ app }}-{{ stage }}-admin",
  "cpu": "{{ cpu }}",
  "containerDefinitions": [
    { "name": "admin", "image": "-" }
  ]
}
"#;

impl Repository {
    pub fn new() -> Repository {
        let repository = Repository { dir: tempfile::tempdir().unwrap() };
        repository.write(FILE, GOOD);
        repository.write("Dockerfile", "FROM scratch\n");
        repository.write("deploy/admin.json", ADMIN);
        repository.write(
            "deploy/migrate.json",
            r#"{ "family": "{{ app }}-migrate", "containerDefinitions": [{ "name": "migrate" }] }"#,
        );
        repository.write("deploy/dev.yaml", "cpu: 256\n");
        repository.write("deploy/prod.yaml", "cpu: 512\n");
        repository
    }

    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    pub fn write(&self, path: &str, text: &str) -> PathBuf {
        let path = self.dir.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path
    }

    pub fn load(&self) -> Result<Loaded, Diagnostics> {
        load(&self.dir.path().join(FILE))
    }

    /// The mistakes of the good file with these texts replaced.
    pub fn with(&self, changes: &[(&str, &str)]) -> Result<Loaded, Diagnostics> {
        let mut text = GOOD.to_owned();
        for (from, to) in changes {
            assert!(text.contains(from), "`{from}` is not in the file");
            text = text.replacen(from, to, 1);
        }
        self.write(FILE, &text);
        self.load()
    }
}

/// What is shown for the good file with one text replaced.
pub fn printed(from: &str, to: &str) -> String {
    Repository::new().with(&[(from, to)]).expect_err("this must be a mistake").to_string()
}
