//! Logins for a builder: the user's own, with the target's on top, in a file that only this run sees.

use std::collections::BTreeMap;
use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use crate::image::credentials::{HUB_KEY, decode, docker_config, host_of, read_config, stored};
use crate::image::env::Env;
use crate::image::reference::HUB;
use crate::image::scratch::{Scratch, io_fault};
use crate::model::fault::Fault;
use crate::model::fault::file::Use;
use crate::model::secrets::Secrets;
use crate::ports::images::{Access, Login};

/// Folders and files beside `config.json` that Docker's client needs from its own folder.
const KEPT: [&str; 7] = ["cli-plugins", "contexts", "buildx", "trust", "ca.pem", "cert.pem", "key.pem"];

/// A folder to be given as `DOCKER_CONFIG`: the user's with the target's login added.
///
/// # Errors
/// `BuildFailed` where it cannot be written.
pub fn docker_folder(scratch: &Scratch, to: &Access, env: &Env) -> Result<PathBuf, Fault> {
    let folder = scratch.path().join("docker");
    std::fs::create_dir(&folder).map_err(|e| io_fault(Use::Make, &folder, &e))?;
    if let Some(own) = env.docker_config_dir() {
        for name in KEPT {
            let there = own.join(name);
            if let Ok(real) = there.canonicalize() {
                std::os::unix::fs::symlink(&real, folder.join(name)).map_err(|e| io_fault(Use::Link, &there, &e))?;
            }
        }
    }
    let config = for_docker(docker_config(env), to);
    scratch.write("docker/config.json", Value::Object(config).to_string().as_bytes())?;
    Ok(folder)
}

/// A file to be given as `--authfile`: what the user has for Docker and for buildah and podman, with the target's login added.
///
/// # Errors
/// `BuildFailed` where it cannot be written.
pub async fn auth_file(scratch: &Scratch, to: &Access, env: &Env) -> Result<PathBuf, Fault> {
    let mut files: Vec<Map<String, Value>> = env.containers_auth_files().iter().map(|f| read_config(f)).collect();
    files.push(docker_config(env));
    let mut listed = BTreeMap::new();
    for store in files.iter().filter_map(store) {
        if !listed.contains_key(store) {
            listed.insert(store.to_owned(), stored(store, env).await);
        }
    }
    let config = for_containers(&files, to, &listed);
    scratch.write("auth.json", Value::Object(config).to_string().as_bytes())
}

fn for_docker(mut config: Map<String, Value>, to: &Access) -> Map<String, Value> {
    if let Some((host, entry)) = login_entry(to) {
        let key = if host == HUB { HUB_KEY.to_owned() } else { host.clone() };
        let auths = section(&mut config, "auths");
        auths.retain(|k, _| host_of(k) != host);
        auths.insert(key, entry);
        // A store, or a helper for this host, would be asked instead; an empty name means the file (docker/cli, `credHelpers`).
        let asks_store = config.get("credsStore").is_some();
        let helpers = section(&mut config, "credHelpers");
        let asks_helper = helpers.keys().any(|k| host_of(k) == host);
        helpers.retain(|k, _| host_of(k) != host);
        if asks_store || asks_helper {
            helpers.insert(host, json!(""));
        }
    }
    config
}

/// The store that a file names for whatever it has no helper for.
fn store(file: &Map<String, Value>) -> Option<&str> {
    file.get("credsStore").and_then(Value::as_str).filter(|s| !s.is_empty())
}

/// The strongest first; `listed` is what each store has logins for. buildah and podman know no `credsStore`: what it lists becomes a helper for each registry.
fn for_containers(
    files: &[Map<String, Value>],
    to: &Access,
    listed: &BTreeMap<String, Vec<String>>,
) -> Map<String, Value> {
    let mut config = Map::new();
    for file in files {
        if let Some(store) = store(file) {
            for key in listed.get(store).into_iter().flatten() {
                section(&mut config, "credHelpers").entry(host_of(key)).or_insert(json!(store));
            }
        }
        for name in ["auths", "credHelpers"] {
            for (key, value) in file.get(name).and_then(Value::as_object).into_iter().flatten() {
                // Docker leaves an empty entry where the store has the login.
                let empty = value.as_object().is_some_and(Map::is_empty) || value.as_str() == Some("");
                if !empty {
                    section(&mut config, name).entry(key).or_insert(value.clone());
                }
            }
        }
    }
    if let Some((host, entry)) = login_entry(to) {
        section(&mut config, "credHelpers").retain(|k, _| host_of(k) != host);
        let auths = section(&mut config, "auths");
        auths.retain(|k, _| host_of(k) != host);
        auths.insert(host, entry);
    }
    config
}

fn login_entry(to: &Access) -> Option<(String, Value)> {
    let login = to.login.as_ref()?;
    let host = to.repository.split('/').next()?.to_owned();
    Some((host, json!({ "auth": encoded(login) })))
}

/// What a builder gets and must not print: the environment's secrets, and every login in the file that it
/// is given.
pub fn secrets(to: &Access, env: &Env) -> Secrets {
    let mut secrets = env.secrets();
    let files = env.containers_auth_files().into_iter().chain(env.docker_config_dir().map(|d| d.join("config.json")));
    for config in files.map(|file| read_config(&file)) {
        for entry in config.get("auths").and_then(Value::as_object).into_iter().flat_map(Map::values) {
            for member in ["auth", "password", "identitytoken", "registrytoken"] {
                entry.get(member).and_then(Value::as_str).into_iter().for_each(|value| secrets.add(value));
            }
            if let Some(login) = decode(entry) {
                secrets.add(&login.password);
            }
        }
    }
    if let Some(login) = &to.login {
        secrets.add(&login.password);
        secrets.add(&encoded(login));
    }
    secrets
}

/// A login as `auths` and Basic authentication have it.
fn encoded(login: &Login) -> String {
    STANDARD.encode(format!("{}:{}", login.username, login.password))
}

fn section<'a>(config: &'a mut Map<String, Value>, name: &str) -> &'a mut Map<String, Value> {
    let value = config.entry(name).or_insert_with(|| json!({}));
    if !value.is_object() {
        *value = json!({});
    }
    value.as_object_mut().expect("made an object just above")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::testing::FixedClock;

    fn target() -> Access {
        Access {
            repository: "r.example/app".into(),
            login: Some(Login { username: "AWS".into(), password: "secret".into() }),
            login_from: None,
            insecure: false,
        }
    }

    fn map(value: Value) -> Map<String, Value> {
        value.as_object().unwrap().clone()
    }

    fn ours() -> Value {
        json!({ "auth": STANDARD.encode("AWS:secret") })
    }

    #[test]
    fn the_users_logins_stay_and_the_targets_comes_on_top() {
        let own = map(json!({"auths": {"other.example": {"auth": "x"}, "https://r.example": {"auth": "old"}},
            "credHelpers": {"gcr.io": "gcloud"}, "currentContext": "colima"}));
        let merged = for_docker(own, &target());
        assert_eq!(
            Value::Object(merged),
            json!({"auths": {"other.example": {"auth": "x"}, "r.example": ours()},
                "credHelpers": {"gcr.io": "gcloud"}, "currentContext": "colima"})
        );
    }

    #[test]
    fn every_login_that_a_builder_gets_is_removed_from_its_output() {
        let own = tempfile::tempdir().unwrap();
        let basic = STANDARD.encode("me:my-own-password");
        let config =
            json!({"auths": {"other.example": {"auth": basic}, "third.example": {"identitytoken": "a-token-of-mine"}}});
        std::fs::write(own.path().join("config.json"), config.to_string()).unwrap();
        let mut env = Env::empty();
        env.set("DOCKER_CONFIG", own.path());
        env.set("NPM_TOKEN", "a-token-for-npm");
        let mut target = target();
        target.login = Some(Login { username: "AWS".into(), password: "a-password-from-ecr".into() });
        let said = format!(
            "{basic} my-own-password a-token-of-mine a-token-for-npm a-password-from-ecr {}",
            STANDARD.encode("AWS:a-password-from-ecr")
        );
        assert_eq!(secrets(&target, &env).masked(&said), "*** *** *** *** *** ***");
    }

    #[test]
    fn a_store_is_not_asked_for_the_target() {
        let merged = for_docker(map(json!({"credsStore": "desktop"})), &target());
        assert_eq!(merged["credHelpers"], json!({"r.example": ""}));
        assert_eq!(merged["credsStore"], json!("desktop"));
        let merged = for_docker(map(json!({"credHelpers": {"r.example": "ecr-login"}})), &target());
        assert_eq!(merged["credHelpers"], json!({"r.example": ""}));
    }

    #[test]
    fn buildah_gets_the_stores_logins_as_helpers() {
        let containers = map(json!({"auths": {"quay.io": {"auth": "q"}, "both.example": {"auth": "strong"}}}));
        let docker = map(json!({"auths": {"both.example": {"auth": "weak"}, "kept.example": {}}, "credsStore": "pass",
            "credHelpers": {"r.example": "ecr-login"}}));
        let listed = [("pass".to_owned(), vec!["https://kept.example/v2/".to_owned()])].into();
        let merged = for_containers(&[containers, docker], &target(), &listed);
        assert_eq!(merged["auths"]["quay.io"], json!({"auth": "q"}));
        assert_eq!(merged["auths"]["both.example"], json!({"auth": "strong"}));
        assert_eq!(merged["auths"]["r.example"], ours());
        assert_eq!(merged["credHelpers"], json!({"kept.example": "pass"}));
        assert!(merged["auths"].get("kept.example").is_none());
    }

    #[test]
    fn the_folder_for_docker_keeps_plugins_and_leaves_the_users_file_alone() {
        let own = tempfile::tempdir().unwrap();
        let before = r#"{"auths":{"other.example":{"auth":"x"}}}"#;
        std::fs::write(own.path().join("config.json"), before).unwrap();
        std::fs::create_dir(own.path().join("cli-plugins")).unwrap();
        let mut env = Env::empty();
        env.set("DOCKER_CONFIG", own.path());
        let scratch = Scratch::new(&FixedClock).unwrap();
        let folder = docker_folder(&scratch, &target(), &env).unwrap();
        assert!(folder.join("cli-plugins").is_dir());
        let written = read_config(&folder.join("config.json"));
        assert_eq!(written["auths"]["r.example"], ours());
        assert_eq!(std::fs::read_to_string(own.path().join("config.json")).unwrap(), before);
    }
}
