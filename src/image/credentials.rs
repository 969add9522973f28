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
use crate::model::registry_login::{EntryFlaw, FileFlaw, HelperProblem, NoLogin, RegistryLogin};
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

/// A login for a registry, and where it is from, or why there is none.
struct Lookup {
    login: Option<Login>,
    from: RegistryLogin,
}

impl Lookup {
    fn none(why: NoLogin) -> Lookup {
        Lookup { login: None, from: RegistryLogin::None { why } }
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
        login_from: Some(lookup.from),
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
            tracing::warn!(path = %path.display(), ?why, "credentials cannot be read");
            None
        })
        .unwrap_or_default()
}

/// # Errors
/// Why the file cannot be read.
fn parse_config(path: &Path) -> Result<Option<Map<String, Value>>, FileFlaw> {
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(FileFlaw::System { said: e.to_string() }),
    };
    // Editors on Windows put a byte order mark first.
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
    match serde_json::from_slice::<Strict>(text) {
        Ok(Strict(Value::Object(config))) => Ok(Some(config)),
        Ok(Strict(_)) => Err(FileFlaw::NotAnObject),
        Err(e) => Err(FileFlaw::NotJson { said: e.to_string() }),
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
        return Lookup::none(NoLogin::NoFolder);
    };
    let shown = || file.display().to_string();
    let config = match parse_config(&file) {
        Ok(Some(config)) => config,
        Ok(None) => return Lookup::none(NoLogin::NoFile { file: shown() }),
        Err(why) => return Lookup::none(NoLogin::FileUnreadable { file: shown(), why }),
    };
    let key = if host == HUB { HUB_KEY } else { host };
    let helpers = config.get("credHelpers").and_then(Value::as_object);
    let named = helpers.and_then(|h| h.iter().find(|(k, _)| host_of(k) == host)).and_then(|(_, v)| v.as_str());
    let store = named.or_else(|| config.get("credsStore").and_then(Value::as_str)).filter(|s| !s.is_empty());
    let mut of_helper = None;
    if let Some(store) = store {
        let helper = helper_name(store);
        match ask_helper(store, key, env).await {
            Ok(login) => {
                let from = RegistryLogin::Helper { username: login.username.clone(), helper };
                return Lookup { login: Some(login), from };
            }
            Err(why) => of_helper = Some(NoLogin::Helper { helper, why }),
        }
    }
    match in_file(host, path, &config) {
        Some(Ok(login)) => {
            let from = RegistryLogin::File { username: login.username.clone(), file: shown() };
            Lookup { login: Some(login), from }
        }
        // The store should have it; an entry of the file beside it is usually empty.
        Some(Err((key, why))) => {
            Lookup::none(of_helper.unwrap_or_else(|| NoLogin::EntryUnusable { file: shown(), key, why }))
        }
        None => Lookup::none(of_helper.unwrap_or_else(|| NoLogin::NotInFile { file: shown(), host: host.to_owned() })),
    }
}

/// What `auths` has for a repository: the longest key that is a prefix, since containers-auth.json(5) lets a namespace have a login
/// of its own.
fn in_file(host: &str, path: &str, config: &Map<String, Value>) -> Option<Result<Login, (String, EntryFlaw)>> {
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
        let flaw = if has("identitytoken") {
            EntryFlaw::IdentityToken
        } else if has("auth") {
            EntryFlaw::NotEncoded
        } else {
            EntryFlaw::NoUserAndPassword
        };
        (key.clone(), flaw)
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
async fn ask_helper(store: &str, key: &str, env: &Env) -> Result<Login, HelperProblem> {
    let text = run_helper(store, "get", key, env).await?;
    let answer: Value = serde_json::from_str(&text).map_err(|_| HelperProblem::NotJson)?;
    let text = |k: &str| answer.get(k).and_then(Value::as_str).filter(|t| !t.is_empty()).map(str::to_owned);
    let login = text("Username").zip(text("Secret")).map(|(username, password)| Login { username, password });
    match login {
        // It is for the token server's OAuth exchange, not a password.
        Some(login) if login.username == TOKEN_USER => Err(HelperProblem::IdentityToken),
        Some(login) => Ok(login),
        None => Err(HelperProblem::NoUserAndSecret),
    }
}

/// The registries that a store has logins for.
pub async fn stored(store: &str, env: &Env) -> Vec<String> {
    match run_helper(store, "list", "", env).await {
        Ok(text) => serde_json::from_str::<Map<String, Value>>(&text)
            .map(|all| all.keys().cloned().collect())
            .unwrap_or_default(),
        Err(why) => {
            tracing::debug!(helper = store, ?why, "the store does not list its logins");
            Vec::new()
        }
    }
}

/// Runs `docker-credential-STORE VERB` (docker/docker-credential-helpers): input on stdin, JSON on stdout.
async fn run_helper(store: &str, verb: &str, input: &str, env: &Env) -> Result<String, HelperProblem> {
    let name = helper_name(store);
    if store.contains('/') {
        return Err(HelperProblem::InvalidName);
    }
    let program = env.find_program(&name).ok_or(HelperProblem::NotInPath)?;
    let mut command = Command::new(program);
    command.arg(verb).envs(env.overrides());
    let answer = run::output(command, Some(input.as_bytes()), HELPER)
        .await
        .map_err(|e| HelperProblem::NotStarted { said: e.to_string() })?;
    let status = match answer.end {
        End::Exited(status) => status,
        End::TimedOut => return Err(HelperProblem::TimedOut { seconds: HELPER.time.as_secs() }),
    };
    if status.success() {
        return String::from_utf8(answer.out).map_err(|_| HelperProblem::NotJson);
    }
    // Helpers say why on stdout.
    let said: String = String::from_utf8_lossy(&answer.out).trim().chars().take(MOST_SAID).collect();
    Err(match said.is_empty() {
        _ if said.starts_with(NOT_FOUND) => HelperProblem::HasNone { key: input.to_owned() },
        true => HelperProblem::Failed { status: status.to_string() },
        false => HelperProblem::Refused { said },
    })
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

    /// Where the login for a registry comes from, with this configuration; files by their names.
    fn from(config: &str, helper: Option<&str>) -> RegistryLogin {
        let (dir, env) = env_with(&json!({}), helper);
        std::fs::write(dir.path().join("config.json"), config).unwrap();
        let from = wait(locate("r.example/app", &env)).unwrap().0.login_from.unwrap();
        let text = serde_json::to_string(&from).unwrap().replace(&format!("{}/", dir.path().display()), "");
        serde_json::from_str(&text).unwrap()
    }

    #[test]
    fn a_login_is_known_by_where_it_comes_from_and_a_missing_one_by_why() {
        let fake = |why| RegistryLogin::None { why: NoLogin::Helper { helper: "docker-credential-fake".into(), why } };
        let file = || "config.json".to_owned();
        let unreadable = |why| RegistryLogin::None { why: NoLogin::FileUnreadable { file: file(), why } };
        let entry =
            |why| RegistryLogin::None { why: NoLogin::EntryUnusable { file: file(), key: "r.example".into(), why } };
        let store = r#"{"credsStore": "fake"}"#;
        for (config, helper, expected) in [
            (store, None, fake(HelperProblem::NotInPath)),
            (
                store,
                Some("#!/bin/sh\necho 'the keychain is locked'; exit 1\n"),
                fake(HelperProblem::Refused { said: "the keychain is locked".into() }),
            ),
            (
                r#"{"credHelpers": {"r.example": "fake"}}"#,
                Some("#!/bin/sh\nexit 3\n"),
                fake(HelperProblem::Failed { status: "exit status: 3".into() }),
            ),
            (
                store,
                Some("#!/bin/sh\necho 'credentials not found in native keychain'; exit 1\n"),
                fake(HelperProblem::HasNone { key: "r.example".into() }),
            ),
            (
                r#"{"credsStore": "../x"}"#,
                None,
                RegistryLogin::None {
                    why: NoLogin::Helper { helper: "docker-credential-../x".into(), why: HelperProblem::InvalidName },
                },
            ),
            (
                r#"{"auths": {},}"#,
                None,
                unreadable(FileFlaw::NotJson { said: "trailing comma at line 1 column 14".into() }),
            ),
            (
                r#"{"auths": {}, "auths": {}}"#,
                None,
                unreadable(FileFlaw::NotJson { said: "key `auths` is here twice at line 1 column 21".into() }),
            ),
            ("[]", None, unreadable(FileFlaw::NotAnObject)),
            (
                r#"{"auths": {"r.example": {"auth": "MDAwOg==", "identitytoken": "eyJ"}}}"#,
                None,
                entry(EntryFlaw::IdentityToken),
            ),
            (r#"{"auths": {"r.example": {"auth": "?"}}}"#, None, entry(EntryFlaw::NotEncoded)),
            ("{}", None, RegistryLogin::None { why: NoLogin::NotInFile { file: file(), host: "r.example".into() } }),
            (
                "\u{feff}{\"auths\": {\"r.example\": {\"auth\": \"bWU6d3Jvbmc=\"}}}",
                None,
                RegistryLogin::File { username: "me".into(), file: file() },
            ),
        ] {
            assert_eq!(from(config, helper), expected, "{config}");
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
