//! The user's own Docker credentials: `config.json` with its `auths`, `credHelpers` and `credsStore`.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use super::env::Env;
use super::reference::{HUB, Reference};
use super::strict_json::Strict;
use crate::model::fault::Fault;
use crate::outside::run::{self, End, Limits};
use crate::ports::images::{Access, Login};

/// How Docker's configuration names Docker Hub.
pub const HUB_KEY: &str = "https://index.docker.io/v1/";

/// A helper may have to unlock a keychain; one that takes longer waits for somebody who is not there. A list of some thousand registries
/// is below this size.
const HELPER: Limits = Limits { time: Duration::from_secs(30), bytes: 1 << 20 };

/// Of what a failing helper says, in characters.
const MOST_SAID: usize = 300;

/// The name that helpers give with an identity token instead of a password (docker/cli, `credentials`).
const TOKEN_USER: &str = "<token>";

/// What a helper says of a registry that it has no login for (docker/docker-credential-helpers, `errCredentialsNotFound`).
const NOT_FOUND: &str = "credentials not found";

/// A login for a registry, and in words where it is from, or why there is none.
struct Lookup {
    login: Option<Login>,
    note: String,
}

impl Lookup {
    fn none(note: impl Into<String>) -> Lookup {
        Lookup { login: None, note: note.into() }
    }
}

/// Where a reference leads, with what the user's Docker configuration has for its registry, and its tag or digest.
///
/// # Errors
/// `Invalid` for what is not a valid reference.
pub async fn locate(reference: &str, env: &Env) -> Result<(Access, String), Fault> {
    let parsed = Reference::parse(reference)?;
    let lookup = look_up(&parsed.host, &parsed.path, env).await;
    let access = Access {
        repository: format!("{}/{}", parsed.host, parsed.path),
        login: lookup.login,
        login_note: Some(lookup.note),
        insecure: parsed.is_loopback(),
    };
    Ok((access, parsed.tag_or_digest))
}

/// The user's `config.json`; empty where there is none or it cannot be read, as Docker's client takes it.
pub fn docker_config(env: &Env) -> Map<String, Value> {
    config_file(env).map(|file| read_config(&file)).unwrap_or_default()
}

fn config_file(env: &Env) -> Option<PathBuf> {
    env.docker_config_dir().map(|dir| dir.join("config.json"))
}

/// A file of logins; empty where there is none.
pub fn read_config(path: &Path) -> Map<String, Value> {
    parse_config(path)
        .unwrap_or_else(|why| {
            tracing::warn!(path = %path.display(), why, "credentials cannot be read");
            None
        })
        .unwrap_or_default()
}

/// # Errors
/// Why the file cannot be read.
fn parse_config(path: &Path) -> Result<Option<Map<String, Value>>, String> {
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(e.to_string()),
    };
    // Editors on Windows put a byte order mark first.
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
    match serde_json::from_slice::<Strict>(text) {
        Ok(Strict(Value::Object(config))) => Ok(Some(config)),
        Ok(Strict(_)) => Err("it is not a JSON object".to_owned()),
        Err(e) => Err(format!("it is not valid JSON: {e}")),
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

async fn look_up(host: &str, path: &str, env: &Env) -> Lookup {
    let Some(file) = config_file(env) else {
        return Lookup::none("no login was used: neither DOCKER_CONFIG nor HOME is set");
    };
    let shown = file.display();
    let config = match parse_config(&file) {
        Ok(Some(config)) => config,
        Ok(None) => return Lookup::none(format!("no login was used: there is no {shown}")),
        Err(why) => return Lookup::none(format!("no login was used: {shown} cannot be read: {why}")),
    };
    let key = if host == HUB { HUB_KEY } else { host };
    let helpers = config.get("credHelpers").and_then(Value::as_object);
    let named = helpers.and_then(|h| h.iter().find(|(k, _)| host_of(k) == host)).and_then(|(_, v)| v.as_str());
    let store = named.or_else(|| config.get("credsStore").and_then(Value::as_str)).filter(|s| !s.is_empty());
    let asked = match store {
        Some(store) => Some(ask_helper(store, key, env).await),
        None => None,
    };
    let why = match asked {
        Some(Ok(login)) => {
            let name = helper_name(store.unwrap_or_default());
            return Lookup {
                note: format!("the login was that of `{}` from {name}", login.username),
                login: Some(login),
            };
        }
        Some(Err(why)) => Some(why),
        None => None,
    };
    match in_file(host, path, &config) {
        Some(Ok(login)) => {
            Lookup { note: format!("the login was that of `{}` in {shown}", login.username), login: Some(login) }
        }
        // The store was to have it, and an entry of the file beside it is usually empty.
        Some(Err(reason)) => {
            Lookup::none(format!("no login was used: {}", why.unwrap_or(format!("in {shown}, {reason}"))))
        }
        None => Lookup::none(format!("no login was used: {}", why.unwrap_or(format!("{shown} has none for {host}")))),
    }
}

/// What `auths` has for a repository: the longest key that is a prefix, since containers-auth.json(5) lets a namespace have a login
/// of its own.
fn in_file(host: &str, path: &str, config: &Map<String, Value>) -> Option<Result<Login, String>> {
    let auths = config.get("auths").and_then(Value::as_object)?;
    let whole = format!("{host}/{path}");
    let fits = |key: &str| {
        let bare = key.strip_prefix("https://").or_else(|| key.strip_prefix("http://")).unwrap_or(key);
        let own = bare.trim_end_matches('/');
        whole == own || whole.starts_with(&format!("{own}/"))
    };
    let best = auths.iter().filter(|(k, _)| fits(k)).max_by_key(|(k, _)| k.len());
    let (key, entry) = best.or_else(|| auths.iter().find(|(k, _)| host_of(k) == host))?;
    Some(decode(entry).ok_or_else(|| {
        let has = |name: &str| entry.get(name).and_then(Value::as_str).is_some_and(|t| !t.is_empty());
        if has("identitytoken") {
            format!(
                "`{key}` has an identity token, which is not a password: log in with a user and a password or token"
            )
        } else if has("auth") {
            format!("`auth` of `{key}` is not USER:PASSWORD in base64")
        } else {
            format!("`{key}` has no user and password")
        }
    }))
}

/// A login as `auths` holds it: `auth` is the base64 of `user:password`, or both are there by name. With an identity token beside
/// it, the password is a placeholder.
pub fn decode(entry: &Value) -> Option<Login> {
    let text = |key: &str| entry.get(key).and_then(Value::as_str).filter(|t| !t.is_empty());
    if text("identitytoken").is_some() {
        return None;
    }
    if let (Some(username), Some(password)) = (text("username"), text("password")) {
        return Some(Login { username: username.into(), password: password.into() });
    }
    let plain = String::from_utf8(STANDARD.decode(text("auth")?.trim()).ok()?).ok()?;
    let (username, password) = plain.split_once(':')?;
    // Docker pads with NUL where it encrypts nothing (docker/cli, `decodeAuth`).
    let password = password.trim_end_matches('\0');
    (!password.is_empty()).then(|| Login { username: username.into(), password: password.into() })
}

fn helper_name(store: &str) -> String {
    format!("docker-credential-{store}")
}

/// # Errors
/// Why the helper gives no login.
async fn ask_helper(store: &str, key: &str, env: &Env) -> Result<Login, String> {
    let name = helper_name(store);
    let text = run_helper(store, "get", key, env)
        .await
        .map_err(|why| if why.starts_with(NOT_FOUND) { format!("{name} has none for {key}") } else { why })?;
    let answer: Value = serde_json::from_str(&text).map_err(|_| format!("{name} answered no JSON"))?;
    let text = |k: &str| answer.get(k).and_then(Value::as_str).filter(|t| !t.is_empty()).map(str::to_owned);
    let login = text("Username").zip(text("Secret")).map(|(username, password)| Login { username, password });
    match login {
        // It is for the token server's OAuth exchange, not a password.
        Some(login) if login.username == TOKEN_USER => Err(format!(
            "{name} has an identity token, which is not a password: log in with a user and a password or token"
        )),
        Some(login) => Ok(login),
        None => Err(format!("{name} answered without a user and a secret")),
    }
}

/// The registries that a store has logins for.
pub async fn stored(store: &str, env: &Env) -> Vec<String> {
    match run_helper(store, "list", "", env).await {
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
async fn run_helper(store: &str, verb: &str, input: &str, env: &Env) -> Result<String, String> {
    let name = helper_name(store);
    if store.contains('/') {
        return Err(format!("`{name}` is not a valid name of a credential helper"));
    }
    let program = env.find_program(&name).ok_or_else(|| format!("{name} is not in PATH"))?;
    let mut command = Command::new(program);
    command.arg(verb).envs(env.overrides());
    let answer =
        run::output(command, Some(input.as_bytes()), HELPER).await.map_err(|e| format!("{name} cannot be run: {e}"))?;
    let status = match answer.end {
        End::Exited(status) => status,
        End::TimedOut => return Err(format!("{name} did not answer in {} s", HELPER.time.as_secs())),
    };
    if status.success() {
        return String::from_utf8(answer.out).map_err(|e| e.to_string());
    }
    // Helpers say why on stdout.
    let said: String = String::from_utf8_lossy(&answer.out).trim().chars().take(MOST_SAID).collect();
    match said.is_empty() {
        _ if said.starts_with(NOT_FOUND) => Err(said),
        true => Err(format!("{name} failed ({status})")),
        false => Err(format!("{name} failed: {said}")),
    }
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

    fn wait<T>(future: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
    }

    fn found(reference: &str, env: &Env) -> Option<(String, String)> {
        wait(locate(reference, env)).unwrap().0.login.map(|l| (l.username, l.password))
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
        let mut listed = wait(stored("fake", &env));
        listed.sort();
        assert_eq!(listed, ["https://index.docker.io/v1/", "r.example"]);
    }

    #[tokio::test]
    async fn a_helper_that_waits_holds_up_nothing_else() {
        let (dir, env) = env_with(&json!({"credHelpers": {"r.example": "fake"}}), None);
        let (begun, unlocked) = (dir.path().join("begun"), dir.path().join("unlocked"));
        let script = format!(
            "#!/bin/sh\n: > {}\nwhile [ ! -e {} ]; do /bin/sleep 0.01; done\necho '{{\"Username\":\"u\",\"Secret\":\"p\"}}'\n",
            begun.display(),
            unlocked.display()
        );
        let path = dir.path().join("docker-credential-fake");
        std::fs::write(&path, script).unwrap();
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).unwrap();
        let unlock = async {
            while !begun.exists() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            std::fs::write(&unlocked, "").unwrap();
        };
        let (located, ()) = tokio::join!(locate("r.example/app", &env), unlock);
        assert_eq!(located.unwrap().0.login.map(|l| l.username).as_deref(), Some("u"));
    }

    fn why(config: &str, helper: Option<&str>) -> String {
        let (dir, env) = env_with(&json!({}), helper);
        std::fs::write(dir.path().join("config.json"), config).unwrap();
        let note = wait(locate("r.example/app", &env)).unwrap().0.login_note.unwrap();
        note.replace(&dir.path().display().to_string(), "DIR")
    }

    #[test]
    fn a_refusal_says_which_login_was_used_or_why_none_was() {
        let locked = "#!/bin/sh\necho 'the keychain is locked'; exit 1\n";
        let token = r#"{"auths": {"r.example": {"auth": "MDAwOg==", "identitytoken": "eyJ"}}}"#;
        for (config, helper, says) in [
            (
                r#"{"credsStore": "desktop.exe"}"#,
                None,
                "no login was used: docker-credential-desktop.exe is not in PATH",
            ),
            (
                r#"{"credsStore": "fake"}"#,
                Some(locked),
                "no login was used: docker-credential-fake failed: the keychain is locked",
            ),
            (
                r#"{"credHelpers": {"r.example": "fake"}}"#,
                Some("#!/bin/sh\nexit 3\n"),
                "no login was used: docker-credential-fake failed (exit status: 3)",
            ),
            (
                r#"{"credsStore": "fake"}"#,
                Some("#!/bin/sh\necho 'credentials not found in native keychain'; exit 1\n"),
                "no login was used: docker-credential-fake has none for r.example",
            ),
            (
                r#"{"credsStore": "../x"}"#,
                None,
                "no login was used: `docker-credential-../x` is not a valid name of a credential helper",
            ),
            (
                r#"{"auths": {},}"#,
                None,
                "no login was used: DIR/config.json cannot be read: it is not valid JSON: trailing comma at line 1 column 14",
            ),
            (
                r#"{"auths": {}, "auths": {}}"#,
                None,
                "no login was used: DIR/config.json cannot be read: it is not valid JSON: key `auths` is here twice at line 1 column 21",
            ),
            ("[]", None, "no login was used: DIR/config.json cannot be read: it is not a JSON object"),
            (
                token,
                None,
                "no login was used: in DIR/config.json, `r.example` has an identity token, which is not a password: log in with a user and a password or token",
            ),
            (
                r#"{"auths": {"r.example": {"auth": "?"}}}"#,
                None,
                "no login was used: in DIR/config.json, `auth` of `r.example` is not USER:PASSWORD in base64",
            ),
            ("{}", None, "no login was used: DIR/config.json has none for r.example"),
            (
                "\u{feff}{\"auths\": {\"r.example\": {\"auth\": \"bWU6d3Jvbmc=\"}}}",
                None,
                "the login was that of `me` in DIR/config.json",
            ),
        ] {
            assert_eq!(why(config, helper), says, "{config}");
        }
    }

    #[test]
    fn plain_http_is_used_for_repositories_on_loopback_only() {
        let env = Env::empty();
        let (access, tag) = wait(locate("localhost:5000/app:v1", &env)).unwrap();
        assert_eq!((access.repository.as_str(), access.insecure, tag.as_str()), ("localhost:5000/app", true, "v1"));
        let (access, tag) = wait(locate("alpine", &env)).unwrap();
        assert_eq!((access.repository.as_str(), access.insecure), ("docker.io/library/alpine", false));
        assert_eq!(tag, "latest");
    }
}
