//! The user's own Docker credentials: `config.json` with its `auths`, `credHelpers` and `credsStore`.

use std::io::{Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use super::env::Env;
use super::reference::{HUB, Reference};
use crate::model::fault::Fault;
use crate::ports::images::{Access, Login};

/// How Docker's configuration names Docker Hub.
pub const HUB_KEY: &str = "https://index.docker.io/v1/";

/// A helper may have to unlock a keychain; one that takes longer waits for somebody who is not there.
const HELPER_TIMEOUT: Duration = Duration::from_secs(30);

/// The name that helpers give with an identity token instead of a password (docker/cli, `credentials`).
const TOKEN_USER: &str = "<token>";

/// Where a reference leads, with what the user's Docker configuration knows for its registry, and its tag or digest.
///
/// # Errors
/// `Invalid` for what is no reference.
pub fn locate(reference: &str, env: &Env) -> Result<(Access, String), Fault> {
    let parsed = Reference::parse(reference)?;
    let access = Access {
        repository: format!("{}/{}", parsed.host, parsed.path),
        login: login(&parsed.host, &parsed.path, &docker_config(env), env),
        insecure: parsed.is_loopback(),
    };
    Ok((access, parsed.tag_or_digest))
}

/// The user's `config.json`; empty where there is none or it cannot be read, as Docker's client takes it.
pub fn docker_config(env: &Env) -> Map<String, Value> {
    env.docker_config_dir().map(|dir| read_config(&dir.join("config.json"))).unwrap_or_default()
}

/// A file of logins; empty where there is none.
pub fn read_config(path: &Path) -> Map<String, Value> {
    let text = match std::fs::read(path) {
        Ok(text) => text,
        Err(e) => {
            if e.kind() != std::io::ErrorKind::NotFound {
                tracing::warn!(path = %path.display(), error = %e, "credentials cannot be read");
            }
            return Map::new();
        }
    };
    match serde_json::from_slice(&text) {
        Ok(Value::Object(config)) => config,
        Ok(_) | Err(_) => {
            tracing::warn!(path = %path.display(), "credentials cannot be read: no JSON object");
            Map::new()
        }
    }
}

/// The registry that a key of `auths` is for: keys come as hosts, as URLs and with paths.
pub fn host_of(key: &str) -> &str {
    let bare = key.strip_prefix("https://").or_else(|| key.strip_prefix("http://")).unwrap_or(key);
    match bare.split('/').next().unwrap_or_default() {
        "index.docker.io" | "registry-1.docker.io" => HUB,
        host => host,
    }
}

fn login(host: &str, path: &str, config: &Map<String, Value>, env: &Env) -> Option<Login> {
    let key = if host == HUB { HUB_KEY } else { host };
    let helpers = config.get("credHelpers").and_then(Value::as_object);
    let named = helpers.and_then(|h| h.iter().find(|(k, _)| host_of(k) == host)).and_then(|(_, v)| v.as_str());
    let store = named.or_else(|| config.get("credsStore").and_then(Value::as_str)).filter(|s| !s.is_empty());
    if let Some(store) = store
        && let Some(login) = ask_helper(store, key, env)
    {
        return Some(login);
    }
    let auths = config.get("auths").and_then(Value::as_object)?;
    let whole = format!("{host}/{path}");
    // The longest key that is a prefix: containers-auth.json(5) lets a namespace have a login of its own.
    let fits = |key: &str| {
        let bare = key.strip_prefix("https://").or_else(|| key.strip_prefix("http://")).unwrap_or(key);
        let own = bare.trim_end_matches('/');
        whole == own || whole.starts_with(&format!("{own}/"))
    };
    let best = auths.iter().filter(|(k, _)| fits(k)).max_by_key(|(k, _)| k.len());
    let entry = best.or_else(|| auths.iter().find(|(k, _)| host_of(k) == host));
    entry.and_then(|(_, auth)| decode(auth))
}

/// A login as `auths` holds it: `auth` is the base64 of `user:password`, or both are there by name.
pub fn decode(entry: &Value) -> Option<Login> {
    let text = |key: &str| entry.get(key).and_then(Value::as_str).filter(|t| !t.is_empty());
    if let (Some(username), Some(password)) = (text("username"), text("password")) {
        return Some(Login { username: username.into(), password: password.into() });
    }
    let plain = String::from_utf8(STANDARD.decode(text("auth")?.trim()).ok()?).ok()?;
    let (username, password) = plain.split_once(':')?;
    // Docker pads with NUL where it encrypts nothing (docker/cli, `decodeAuth`).
    let password = password.trim_end_matches('\0');
    (!password.is_empty()).then(|| Login { username: username.into(), password: password.into() })
}

fn ask_helper(store: &str, key: &str, env: &Env) -> Option<Login> {
    let answer: Value = match run_helper(store, "get", key, env) {
        Ok(text) => serde_json::from_str(&text).ok()?,
        Err(why) => {
            tracing::warn!(helper = store, registry = key, why, "no credentials");
            return None;
        }
    };
    let text = |k: &str| answer.get(k).and_then(Value::as_str).filter(|t| !t.is_empty()).map(str::to_owned);
    let login = Login { username: text("Username")?, password: text("Secret")? };
    // An identity token is for the token server's OAuth exchange, not a password.
    (login.username != TOKEN_USER).then_some(login)
}

/// The registries that a store has logins for.
pub fn stored(store: &str, env: &Env) -> Vec<String> {
    match run_helper(store, "list", "", env) {
        Ok(text) => serde_json::from_str::<Map<String, Value>>(&text)
            .map(|all| all.keys().cloned().collect())
            .unwrap_or_default(),
        Err(why) => {
            tracing::debug!(helper = store, why, "the store does not list its logins");
            Vec::new()
        }
    }
}

/// Runs `docker-credential-STORE VERB` (docker/docker-credential-helpers): input on stdin, JSON on stdout.
fn run_helper(store: &str, verb: &str, input: &str, env: &Env) -> Result<String, String> {
    let name = format!("docker-credential-{store}");
    if store.contains('/') {
        return Err(format!("{name} is no helper's name"));
    }
    let program = env.find_program(&name).ok_or_else(|| format!("{name} is not in PATH"))?;
    let mut child = Command::new(program)
        .arg(verb)
        .envs(env.overrides())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|e| e.to_string())?;
    if let Some(mut stdin) = child.stdin.take() {
        // A helper that does not read its input ends by itself.
        let _ = stdin.write_all(input.as_bytes());
    }
    let mut stdout = child.stdout.take().ok_or("no output")?;
    let reader = std::thread::spawn(move || {
        let mut text = String::new();
        stdout.read_to_string(&mut text).map(|_| text)
    });
    let until = Instant::now() + HELPER_TIMEOUT;
    let status = loop {
        match child.try_wait().map_err(|e| e.to_string())? {
            Some(status) => break status,
            None if Instant::now() > until => {
                let _ = child.kill();
                let _ = child.wait();
                return Err(format!("{name} did not answer in {} s", HELPER_TIMEOUT.as_secs()));
            }
            None => std::thread::sleep(Duration::from_millis(10)),
        }
    };
    let text = reader.join().map_err(|_| "its output broke off")?.map_err(|e| e.to_string())?;
    if status.success() { Ok(text) } else { Err(text.trim().to_owned()) }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use serde_json::json;

    use super::*;

    fn env_with(config: &Value, helper: Option<&str>) -> (tempfile::TempDir, Env) {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("config.json"), config.to_string()).unwrap();
        if let Some(script) = helper {
            let path = dir.path().join("docker-credential-fake");
            std::fs::write(&path, script).unwrap();
            std::fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).unwrap();
        }
        let mut env = Env::empty();
        env.set("DOCKER_CONFIG", dir.path());
        env.set("PATH", dir.path());
        (dir, env)
    }

    fn found(reference: &str, env: &Env) -> Option<(String, String)> {
        locate(reference, env).unwrap().0.login.map(|l| (l.username, l.password))
    }

    fn pair(user: &str, password: &str) -> Option<(String, String)> {
        Some((user.into(), password.into()))
    }

    #[test]
    fn logins_are_found_under_every_form_of_key() {
        let auth = |text: &str| json!({ "auth": STANDARD.encode(text) });
        let config = json!({"auths": {
            "https://index.docker.io/v1/": auth("hub:h:b"),
            "r.example": auth("plain:1"),
            "https://url.example/v2/": auth("url:2"),
            "r.example/team": auth("team:3"),
            "empty.example": {},
        }});
        let (_dir, env) = env_with(&config, None);
        assert_eq!(found("alpine", &env), pair("hub", "h:b"));
        assert_eq!(found("r.example/app", &env), pair("plain", "1"));
        assert_eq!(found("r.example/team/app", &env), pair("team", "3"));
        assert_eq!(found("r.example/teammate", &env), pair("plain", "1"));
        assert_eq!(found("url.example/app", &env), pair("url", "2"));
        assert_eq!(found("empty.example/app", &env), None);
        assert_eq!(found("other.example/app", &env), None);
    }

    const HELPER: &str = r#"#!/bin/sh
read -r server || true
case "$1/$server" in
  get/r.example) echo '{"Username":"kept","Secret":"safe"}' ;;
  get/token.example) echo '{"Username":"<token>","Secret":"refresh"}' ;;
  list/*) echo '{"r.example":"kept","https://index.docker.io/v1/":"me"}' ;;
  *) echo 'credentials not found in native keychain'; exit 1 ;;
esac
"#;

    #[test]
    fn a_helper_is_asked_for_its_registry_and_a_store_for_all() {
        let (_dir, env) = env_with(&json!({"credHelpers": {"r.example": "fake"}}), Some(HELPER));
        assert_eq!(found("r.example/app", &env), pair("kept", "safe"));
        let (_dir, env) = env_with(&json!({"credsStore": "fake"}), Some(HELPER));
        assert_eq!(found("r.example/app", &env), pair("kept", "safe"));
        assert_eq!(found("other.example/app", &env), None);
        assert_eq!(found("token.example/app", &env), None);
        let mut listed = stored("fake", &env);
        listed.sort();
        assert_eq!(listed, ["https://index.docker.io/v1/", "r.example"]);
    }

    #[test]
    fn a_missing_helper_or_a_broken_file_means_anonymous() {
        let (_dir, env) = env_with(&json!({"credsStore": "desktop"}), None);
        assert_eq!(found("r.example/app", &env), None);
        let (dir, env) = env_with(&json!({}), None);
        std::fs::write(dir.path().join("config.json"), "{").unwrap();
        assert_eq!(found("r.example/app", &env), None);
    }

    #[test]
    fn a_reference_leads_to_its_repository_in_the_clear_on_loopback_only() {
        let env = Env::empty();
        let (access, tag) = locate("localhost:5000/app:v1", &env).unwrap();
        assert_eq!((access.repository.as_str(), access.insecure, tag.as_str()), ("localhost:5000/app", true, "v1"));
        let (access, tag) = locate("alpine", &env).unwrap();
        assert_eq!((access.repository.as_str(), access.insecure), ("docker.io/library/alpine", false));
        assert_eq!(tag, "latest");
    }
}
